"""Sums of money: what is read, what is refused, and the laws of a field type."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from llm_extract.fields.base import NO_CONTEXT, Context
from llm_extract.fields.currencies import FIRST_OF_TWO, NATIONAL, NEED_A_PREFIX, NOUNS, SIGNS, WORDS, Currency
from llm_extract.fields.money import Money, MoneyField, format_money
from tests.linear import check_linear

FIELD = MoneyField()

# Words, amount, currency and, where they are not "exact" and False, qualifier and per_year.
ONE_SUM: list[tuple[Any, ...]] = [
    # old and lesser currencies
    ("7.5 million kuna", 7_500_000, "HRK"),
    ("HRK 7.5m", 7_500_000, "HRK"),
    ("11 million convertible marks", 11_000_000, "BAM"),
    ("BEF 640m", 640_000_000, "BEF"),
    ("300 million Belgian francs", 300_000_000, "BEF"),
    ("FF 12m", 12_000_000, "FRF"),
    ("two billion schillings", 2_000_000_000, "ATS"),
    ("Ptas 500m", 500_000_000, "ESP"),
    ("IR£2m", 2_000_000, "IEP"),
    ("5 million Slovak crowns", 5_000_000, "SKK"),
    ("8 million pula", 8_000_000, "BWP"),
    ("4m cedis", 4_000_000, "GHS"),
    ("485 million tenge", 485_000_000, "KZT"),
    ("40 million Brazilian reais", 40_000_000, "BRL"),
    ("PhP 29,400,000.00", 29_400_000, "PHP"),
    ("Ksh. 45 million", 45_000_000, "KES"),
    ("Rupees Five Crore", 50_000_000, "INR"),
    ("Pounds 5m", 5_000_000, "GBP"),
    ("Cdn. $5m", 5_000_000, "CAD"),
    ("$5 million (Canadian)", 5_000_000, "CAD"),
    # numbers
    ("four point eight million pounds", 4_800_000, "GBP"),
    ("485,000 (four hundred and eighty-five thousand) tenge", 485_000, "KZT"),
    ("31.5 million zlotys gross (25.6 million net)", 25_600_000, "PLN"),
    ("PLN 31 000 000 gross (25 000 000 net)", 25_000_000, "PLN"),
    # estimates
    ("expected to cost £2m", 2_000_000, "GBP", "about"),
    ("a budget of £2m", 2_000_000, "GBP", "about"),
    ("budget for the two lots is £2m", 2_000_000, "GBP", "about"),
    ("estimated cost $3.4m", 3_400_000, "USD", "about"),
    ("same estimate, €600,000", 600_000, "EUR", "about"),
    ("14 million kuna, estimated", 14_000_000, "HRK", "about"),
    ("Rs 5 crore had been estimated", 50_000_000, "INR", "about"),
    ("not quite £58,000", 58_000, "GBP", "about"),
    ("a hair under £58,000", 58_000, "GBP", "about"),
    ('"in the order of" £6m', 6_000_000, "GBP", "about"),
    ("likely cost at €5m", 5_000_000, "EUR", "about"),
    ("Reference value: €5m", 5_000_000, "EUR", "about"),
    ("£9m approximately", 9_000_000, "GBP", "about"),
    ("on the order of £9m", 9_000_000, "GBP", "about"),
    ("£9m, more or less", 9_000_000, "GBP", "about"),
    ("pegged at Rs 9 crore", 90_000_000, "INR", "about"),
    ("Estimate $3.4m", 3_400_000, "USD", "about"),
    ("Est. $75,000", 75_000, "USD", "about"),
    ("Estimated total value 450,000 GBP", 450_000, "GBP", "about"),
    ("guide price of £5m", 5_000_000, "GBP", "about"),
    ("Rough price tag: £5m", 5_000_000, "GBP", "about"),
    ("the estimated price, Rs 5 crore", 50_000_000, "INR", "about"),
    ("budget remains £5m", 5_000_000, "GBP", "about"),
    ("£5m is the approved budget", 5_000_000, "GBP", "about"),
    ("estimate for the bridge as £5m", 5_000_000, "GBP", "about"),
    ("median price has been set at £5m", 5_000_000, "GBP", "about"),
    ("budgeted £5m", 5_000_000, "GBP", "about"),
    ("figures on $350,000", 350_000, "USD", "about"),
    ("a matter of €310,000", 310_000, "EUR", "about"),
    ("£5m, thereabouts", 5_000_000, "GBP", "about"),
    ("£5m pencilled in", 5_000_000, "GBP", "about"),
    ("puts at £5m", 5_000_000, "GBP", "about"),
    ("intends to spend £5m", 5_000_000, "GBP", "about"),
    ("intends to devote to the work: £5m", 5_000_000, "GBP", "about"),
    # ceilings
    ('maximum amount" of £5m', 5_000_000, "GBP", "up_to"),
    ("maximum volume of £5m", 5_000_000, "GBP", "up_to"),
    ("not to come back with anything over £5m", 5_000_000, "GBP", "up_to"),
    ("limit is £750,000", 750_000, "GBP", "up_to"),
    ("ceiling across all agencies is €85m", 85_000_000, "EUR", "up_to"),
    ("ceiling, options and all, is €46m", 46_000_000, "EUR", "up_to"),
    ("a ceiling, €46m", 46_000_000, "EUR", "up_to"),
    ("no bid may exceed £5m", 5_000_000, "GBP", "up_to"),
    ("won't spend over £5m", 5_000_000, "GBP", "up_to"),
    ("can reach £5m", 5_000_000, "GBP", "up_to"),
    ("£5m, all options exercised", 5_000_000, "GBP", "up_to"),
    ("£5m tops", 5_000_000, "GBP", "up_to"),
    # floors
    ("£9m and change", 9_000_000, "GBP", "at_least"),
    ("£9m and a bit", 9_000_000, "GBP", "at_least"),
    ("minimum charges during the term of £9m", 9_000_000, "GBP", "at_least"),
    # per year
    ("Rs 45,00,000/- per annum", 4_500_000, "INR", "exact", True),
    ("£9m plus VAT a year", 9_000_000, "GBP", "exact", True),
    ("£9m (excluding VAT) per year", 9_000_000, "GBP", "exact", True),
    ("£9m, payable annually", 9_000_000, "GBP", "exact", True),
    ("annual licence fee is £9m", 9_000_000, "GBP", "exact", True),
    ("annual charge to £9m", 9_000_000, "GBP", "exact", True),
    ("yearly bill of £9m", 9_000_000, "GBP", "exact", True),
    ("yearly bill is £9m", 9_000_000, "GBP", "exact", True),
    ("annual cost not exceeding £9m", 9_000_000, "GBP", "up_to", True),
    ("annual value has been about £9m", 9_000_000, "GBP", "about", True),
    ("(AUD): 2,314,400.00", 2_314_400, "AUD"),
    ("estimated value (EUR): 5m", 5_000_000, "EUR", "about"),
    ("NRs 1,14,50,000", 11_450_000, "NPR"),
    ("twelve million krónur", 12_000_000, "ISK"),
    # dollars with letters of their own
    ("F$5m", 5_000_000, "FJD"),
    ("T$5m", 5_000_000, "TOP"),
    ("SAT$5m", 5_000_000, "WST"),
    ("RD$5m", 5_000_000, "DOP"),
    ("৳5 crore", 50_000_000, "BDT"),
    # signs
    ("£150.6m", 150_600_000, "GBP"),
    ("£1.2bn", 1_200_000_000, "GBP"),
    ("£1·2bn", 1_200_000_000, "GBP"),
    ("£850k", 850_000, "GBP"),
    ("£40-million", 40_000_000, "GBP"),
    ("£1.25 million", 1_250_000, "GBP"),
    ("£12,345", 12_345, "GBP"),
    ("£1,250.50", Decimal("1250.5"), "GBP"),
    ("£34 000", 34_000, "GBP"),
    ("£34\u00a0000", 34_000, "GBP"),
    ("£2½m", 2_500_000, "GBP"),
    ("€1.8 billion", 1_800_000_000, "EUR"),
    ("€1,8 Mrd", 1_800_000_000, "EUR"),
    ("1,5 Mrd. €", 1_500_000_000, "EUR"),
    ("$1.2B", 1_200_000_000, "USD"),
    ("A$735m", 735_000_000, "AUD"),
    ("US$5m", 5_000_000, "USD"),
    ("US $5m", 5_000_000, "USD"),
    ("C$5m", 5_000_000, "CAD"),
    ("NZ$5 million", 5_000_000, "NZD"),
    ("HK$5bn", 5_000_000_000, "HKD"),
    ("S$5m", 5_000_000, "SGD"),
    ("R$5m", 5_000_000, "BRL"),
    ("AUD $735m", 735_000_000, "AUD"),
    ("$735m AUD", 735_000_000, "AUD"),
    ("$735 million Australian dollars", 735_000_000, "AUD"),
    ("¥500m", 500_000_000, "JPY"),
    ("₹3.5 lakh", 350_000, "INR"),
    ("Rupees Two Crores and Sixty Five Lakhs", 26_500_000, "INR"),
    ("rupees five crore", 50_000_000, "INR"),
    ("two thousand five hundred crore rupees", 25_000_000_000, "INR"),
    ("one thousand two hundred million euros", 1_200_000_000, "EUR"),
    ("Rs 2 crore 50 lakh", 25_000_000, "INR"),
    ("Rs 2 cr and 50 lakhs", 25_000_000, "INR"),
    ("2 crore 50 lakh rupees", 25_000_000, "INR"),
    ("one million, two hundred thousand pounds", 1_200_000, "GBP"),
    ("two million and three hundred thousand pounds", 2_300_000, "GBP"),
    ("one billion, two hundred million, five thousand and six yen", 1_200_005_006, "JPY"),
    ("up to twelve thousand, three hundred and twenty reais", 12_320, "BRL", "up_to"),
    ("£2 and a half million", 2_500_000, "GBP"),
    ("£2 million and a half", 2_500_000, "GBP"),
    ("€3 million 500 thousand", 3_500_000, "EUR"),
    # whose dollar it is, said behind the sum or behind its sign
    ("$25 million US", 25_000_000, "USD"),
    ("$33 million Cdn", 33_000_000, "CAD"),
    ("$33 million Cdn.", 33_000_000, "CAD"),
    ("$33m CDN", 33_000_000, "CAD"),
    ("$33 million Canadian", 33_000_000, "CAD"),
    ("$33-million Australian a year", 33_000_000, "AUD", "exact", True),
    ("$US25m", 25_000_000, "USD"),
    ("$A38m", 38_000_000, "AUD"),
    ("$US 25 million", 25_000_000, "USD"),
    ("$NZ3 million", 3_000_000, "NZD"),
    ("up to $HK300m a year", 300_000_000, "HKD", "up_to", True),
    # codes and abbreviations
    ("Rs 103 crore", 1_030_000_000, "INR"),
    ("Rs. 1,20,000", 120_000, "INR"),
    ("Rs 1.2 lakh crore", 1_200_000_000_000, "INR"),
    ("Rs one crore", 10_000_000, "INR"),
    ("AUD 735 million", 735_000_000, "AUD"),
    ("EUR 5 mio", 5_000_000, "EUR"),
    ("5m EUR", 5_000_000, "EUR"),
    ("SEK 450m", 450_000_000, "SEK"),
    ("SEK450m", 450_000_000, "SEK"),
    ("450 MSEK", 450_000_000, "SEK"),
    ("kr 450m", 450_000_000, "SEK"),
    ("CHF 20m", 20_000_000, "CHF"),
    ("CHF 1'200'000", 1_200_000, "CHF"),
    ("RMB 30m", 30_000_000, "CNY"),
    ("R120m", 120_000_000, "ZAR"),
    ("R34 000", 34_000, "ZAR"),
    ("AED 30m", 30_000_000, "AED"),
    ("CAD 20 million", 20_000_000, "CAD"),
    ("Euro 5 million", 5_000_000, "EUR"),
    ("R1 234 500,50", Decimal("1234500.5"), "ZAR"),
    ("GH¢9.5 million", 9_500_000, "GHS"),
    ("BDS$11 million", 11_000_000, "BBD"),
    ("EC$5m", 5_000_000, "XCD"),
    ("N1.9bn", 1_900_000_000, "NGN"),
    ("P688,450,000", 688_450_000, "PHP"),
    ("KD 1,874,600", 1_874_600, "KWD"),
    ("S/. 23 450 000.00", 23_450_000, "PEN"),
    ("Rwf 780 million", 780_000_000, "RWF"),
    ("USh 14 billion", 14_000_000_000, "UGX"),
    ("48 oku yen", 4_800_000_000, "JPY"),
    ("500-eok won", 50_000_000_000, "KRW"),
    ("DM 25 million", 25_000_000, "DEM"),
    # nouns
    ("sixty million pounds", 60_000_000, "GBP"),
    ("Sixty-five million pounds", 65_000_000, "GBP"),
    ("half a million quid", 500_000, "GBP"),
    ("two-and-a-half million pounds", 2_500_000, "GBP"),
    ("a million-pound", 1_000_000, "GBP"),
    ("735 million Australian dollars", 735_000_000, "AUD"),
    ("5 million New Zealand dollars", 5_000_000, "NZD"),
    ("5 million U.S. dollars", 5_000_000, "USD"),
    ("450 million kronor", 450_000_000, "SEK"),
    ("5 million Danish kroner", 5_000_000, "DKK"),
    ("5 million zloty", 5_000_000, "PLN"),
    ("5 billion yen", 5_000_000_000, "JPY"),
    ("30 million yuan", 30_000_000, "CNY"),
    ("5 billion won", 5_000_000_000, "KRW"),
    ("5 billion South Korean won", 5_000_000_000, "KRW"),
    ("120 million rand", 120_000_000, "ZAR"),
    ("30 million dirhams", 30_000_000, "AED"),
    ("20 million riyals", 20_000_000, "SAR"),
    ("34 000 euros", 34_000, "EUR"),
    ("one crore rupees", 10_000_000, "INR"),
    # broken at a line's end
    ("£7 bil-\nlion", 7_000_000_000, "GBP"),
    ("Rs 340 cro-\nre", 3_400_000_000, "INR"),
    ("7.5 mil-\nlion euros", 7_500_000, "EUR"),
    ("sixty mil-\nlion pounds a year", 60_000_000, "GBP", "exact", True),
    # ranges
    ("between £12m and £32m", 32_000_000, "GBP", "up_to"),
    ("between £12m and 32m", 32_000_000, "GBP", "up_to"),
    ("£12m-£32m", 32_000_000, "GBP", "up_to"),
    ("£12m – £32m", 32_000_000, "GBP", "up_to"),
    ("£12-32m", 32_000_000, "GBP", "up_to"),
    ("£12 to £15 million", 15_000_000, "GBP", "up_to"),
    ("12 to 15 million pounds", 15_000_000, "GBP", "up_to"),
    ("between 34 000 and 40 000 rand", 40_000, "ZAR", "up_to"),
    ("R34 000-40 000", 40_000, "ZAR", "up_to"),
    ("34 000 000 to 40 000 000 zlotys", 40_000_000, "PLN", "up_to"),
    ("between 12 and 15 million euros", 15_000_000, "EUR", "up_to"),
    ("$5 million to $7.5 million per year", 7_500_000, "USD", "up_to", True),
    # qualifiers
    ("up to £350m", 350_000_000, "GBP", "up_to"),
    ("not to exceed nine million pounds (£9,000,000)", 9_000_000, "GBP", "up_to"),
    ("about £9m (nine million pounds)", 9_000_000, "GBP", "about"),
    ("up to an estimated £9m", 9_000_000, "GBP", "up_to"),
    ("as much as £9m", 9_000_000, "GBP", "up_to"),
    ("a maximum of £9m", 9_000_000, "GBP", "up_to"),
    ("maximum value of £9m", 9_000_000, "GBP", "up_to"),
    ("£350m ceiling", 350_000_000, "GBP", "up_to"),
    ("no more than £9m", 9_000_000, "GBP", "up_to"),
    ("in excess of £350m", 350_000_000, "GBP", "at_least"),
    ("a little over £9m", 9_000_000, "GBP", "at_least"),
    ("more than £9m", 9_000_000, "GBP", "at_least"),
    ("at least £9m", 9_000_000, "GBP", "at_least"),
    ("over £9m", 9_000_000, "GBP", "at_least"),
    ("£9m-plus", 9_000_000, "GBP", "at_least"),
    ("£9m+", 9_000_000, "GBP", "at_least"),
    ("£9m or more", 9_000_000, "GBP", "at_least"),
    ("nearly sixty million pounds", 60_000_000, "GBP", "about"),
    ("some £9m", 9_000_000, "GBP", "about"),
    ("around £1.2 billion", 1_200_000_000, "GBP", "about"),
    ("c£9m", 9_000_000, "GBP", "about"),
    ("c. £9m", 9_000_000, "GBP", "about"),
    ("circa £9m", 9_000_000, "GBP", "about"),
    ("~£9m", 9_000_000, "GBP", "about"),
    ("an estimated total value of £9m", 9_000_000, "GBP", "about"),
    ("just under £9m", 9_000_000, "GBP", "about"),
    ("£9m or so", 9_000_000, "GBP", "about"),
    ("£48m if all options are exercised", 48_000_000, "GBP", "up_to"),
    ("£48m, including all options", 48_000_000, "GBP", "up_to"),
    ("a not-to-exceed value of £48m", 48_000_000, "GBP", "up_to"),
    ("a potential $3.1 billion", 3_100_000_000, "USD", "up_to"),
    ("at most, £9m", 9_000_000, "GBP", "up_to"),
    ("(up to) £9m", 9_000_000, "GBP", "up_to"),
    ("sub-£5m", 5_000_000, "GBP", "up_to"),
    (">£5m", 5_000_000, "GBP", "at_least"),
    # per year
    ("£9m in each year", 9_000_000, "GBP", "exact", True),
    ("£9m for each of the next five years", 9_000_000, "GBP", "exact", True),
    ("£9m-a-year", 9_000_000, "GBP", "exact", True),
    ("£9m a year", 9_000_000, "GBP", "exact", True),
    ("£9m per annum", 9_000_000, "GBP", "exact", True),
    ("£9m p.a.", 9_000_000, "GBP", "exact", True),
    ("£9m/year", 9_000_000, "GBP", "exact", True),
    ("£9 million annually", 9_000_000, "GBP", "exact", True),
    ("an annual £9m", 9_000_000, "GBP", "exact", True),
    ("an annual contract value of up to £9m", 9_000_000, "GBP", "up_to", True),
    ("£300m-plus a year", 300_000_000, "GBP", "at_least", True),
    ("about sixty million pounds a year", 60_000_000, "GBP", "about", True),
    ("a shade under £9m", 9_000_000, "GBP", "about"),
    ("a touch over £9m", 9_000_000, "GBP", "at_least"),
    ("getting on for £9m", 9_000_000, "GBP", "about"),
    ("an indicative £9m", 9_000_000, "GBP", "about"),
    ("an estimate of £9m", 9_000_000, "GBP", "about"),
    ("estimated to be worth £9m", 9_000_000, "GBP", "about"),
    ("estimate for the first lot was £9m", 9_000_000, "GBP", "about"),
    ("reckons the whole job at €9m", 9_000_000, "EUR", "about"),
    ("puts the work at Rs 90 crore", 900_000_000, "INR", "about"),
    ("£9m is the buyer's own estimate", 9_000_000, "GBP", "about"),
    ("£9m (estimated)", 9_000_000, "GBP", "about"),
    ("£9m or thereabouts", 9_000_000, "GBP", "about"),
    ("£9m, give or take", 9_000_000, "GBP", "about"),
    ("not exceed £9m", 9_000_000, "GBP", "up_to"),
    ("a ceiling of £9m", 9_000_000, "GBP", "up_to"),
    ("£9m (maximum)", 9_000_000, "GBP", "up_to"),
    ("£9m including all extensions", 9_000_000, "GBP", "up_to"),
    ("If all options are exercised, it will be worth £9m", 9_000_000, "GBP", "up_to"),
    ("with both options, the total could reach £9m", 9_000_000, "GBP", "up_to"),
    ("no fewer than £9m", 9_000_000, "GBP", "at_least"),
    ("not below £4m", 4_000_000, "GBP", "at_least"),
    ("won't fall under £4m", 4_000_000, "GBP", "at_least"),
    ("nothing less than £4m", 4_000_000, "GBP", "at_least"),
    ("nothing over £5m", 5_000_000, "GBP", "up_to"),
    # labels
    ("Estimated value: £9m", 9_000_000, "GBP", "about"),
    ("Estimated value (excluding VAT): £9m", 9_000_000, "GBP", "about"),
    ("Annual cost: $148,500", 148_500, "USD", "exact", True),
    ("Contract value (estimated)\n£9m", 9_000_000, "GBP", "about"),
    ("Maximum annual value: £9m", 9_000_000, "GBP", "up_to", True),
    ("Ceiling | £9m", 9_000_000, "GBP", "up_to"),
    # one of two
    ("€1.8 billion ($2bn)", 1_800_000_000, "EUR"),
    ("€1.8 billion (about $2bn) a year", 1_800_000_000, "EUR", "exact", True),
    ("£9m (US$12m, €11m)", 9_000_000, "GBP"),
    ("£12m (£10m excluding VAT)", 10_000_000, "GBP"),
    ("£10m (£12m including VAT)", 10_000_000, "GBP"),
    ("£10m excluding VAT, or £12m with VAT", 10_000_000, "GBP"),
    ("PLN 12 300 000,00 gross (PLN 10 000 000,00 net)", 10_000_000, "PLN"),
]


def money(amount: int | Decimal, currency: str, qualifier: Any = "exact", per_year: bool = False) -> Money:
    return Money(amount=amount, currency=currency, qualifier=qualifier, per_year=per_year)


@pytest.mark.parametrize(("words", "value"), [(row[0], money(*row[1:])) for row in ONE_SUM])
def test_reads_a_sum_alone_and_in_a_sentence(words: str, value: Money) -> None:
    assert FIELD.parse(words) == value
    before = "The board signed; the price, "
    sentence = f"{before}{words}, was published."
    (mention,) = FIELD.find(sentence)
    assert (mention.start, mention.words, mention.value) == (len(before), words, value)


@pytest.mark.parametrize(
    "text",
    [
        "a multi-million pound deal",
        "a multimillion-dollar deal",
        "several million pounds",
        "a few hundred thousand pounds",
        "tens of millions of pounds",
        "nearly quarter of a million pounds",
        "two-thirds of a million pounds",
        "a fifth of one crore rupees",
        "of the one million, two hundred thousand pounds",
        "five of its million, two hundred thousand pounds",
        "several million and two hundred thousand pounds",
        "1 billion, 200 million yen",
        "5m and 200,000 euros",
        "$A1 and $A12",
        "40 pounds of cheese",
        "£9m a month",
        "two lots of £9m each",
        "£9m apiece",
        "£500 a day",
        "£20 per user per month",
        "€20 ($25) per user",
        "$45 a share",
        "They won 5 contracts, and 5 won awards",
        "CAD 2016",
        "Euro 2016",
        "TOP 10",
        "PHP 7.1",
        "R1 and R2",
        "Z$5m",
        "5 million kroner",
        "5 million shillings",
        "80¢",
        "P688450 and N12345",
        "LE1 4AB",
        "5m pesos",
        "103 crore",
        "34,000 users in 2016",
        "£",
        "£٣m",
        "pounds",
        "£5mega",
        "ALL 12 million users",
        "TOP 10,000 firms",
        "K5m and E5m",
        "B$5m",
        "CFAF 388 million",
        "k€5m",
        "",
    ],
)
def test_what_is_no_sum_gives_nothing(text: str) -> None:
    assert FIELD.find(text) == []
    assert FIELD.parse(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It paid £9m and then £6m.", ["£9m", "£6m"]),
        ("£2 and half a million pounds", ["£2", "half a million pounds"]),
        ("£1 at the mill, 200,000 pounds for K, 500 pounds", ["£1", "200,000 pounds", "500 pounds"]),
        ("Rs 2 crore, 50 lakh users and £1", ["Rs 2 crore", "£1"]),
        ("sums of 5 million, 3 million and 2 million euros; £1", ["2 million euros", "£1"]),
        ("£5m in the first quarter of 2016 and 3 million pounds later", ["£5m", "3 million pounds"]),
        ("revenue for the quarter of 5 million pounds, or $6m", ["5 million pounds", "$6m"]),
        ("Spending rose from £5m to £9m.", ["£5m", "£9m"]),
        ("It fell from £12m to £8m.", ["£12m", "£8m"]),
        ("A | Vans | $9,870,000\nB | Radios | $870,000\nM. Radios", ["$9,870,000", "$870,000"]),
        ("Vans $9,870,000  B Radios $9,870.00 K Aerials", ["$9,870,000", "$9,870.00"]),
        ("£7.5\nm and £8\nmillion", ["£7.5\nm", "£8\nmillion"]),
        ("Budget. £5m in all. A budget cut. Indicative budget, £6m", ["Budget. £5m", "Indicative budget, £6m"]),
        ("£9m a year, or £45m in all", ["£9m a year", "£45m"]),
        ("£70m of deals, some £15m of it to one firm, and £2m", ["£70m", "some £15m", "£2m"]),
        ("up to £9m for A; more than €4m for B", ["up to £9m", "more than €4m"]),
        ("£10m – £2m more than planned", ["£10m", "£2m"]),
        ("£40m (£8m a year)", ["£40m", "£8m a year"]),
        ("in 2012 12 million pounds, in 2013 €3m", ["12 million pounds", "€3m"]),
        ("£12m to $15m", ["£12m", "$15m"]),
        ("An estimate is due; the first lot is £5m, the second £9m.", ["£5m", "£9m"]),
        ("It puts the price at £5m and sold 12 guesses for £9m.", ["£5m", "£9m"]),
        ("It topped up the deal by £5m to £30m.", ["£5m", "£30m"]),
        ("It was cut by about £5m to £12m.", ["about £5m", "£12m"]),
        ("Spending is up £5m to £12m.", ["£5m", "£12m"]),
        ("a rise of £5m to £12m", ["£5m", "£12m"]),
        ("adding £5m to £12m already spent", ["£5m", "£12m"]),
        ("The bill ballooned from £25m to £30m.", ["£25m", "£30m"]),
        ("which takes the price, with options, from £25m to £30m", ["£25m", "£30m"]),
        ("This pushed its value from around £25m to £30m.", ["around £25m", "£30m"]),
        ("a £1m deal, worth at first little, went from £25m to £30m", ["£1m", "£25m", "£30m"]),
        ("It cost £3m - £9m less than the last.", ["£3m", "£9m"]),
        ("12 million zlotys gross, 3 million net of fees; £5m", ["12 million zlotys", "£5m"]),
    ],
)
def test_several_sums_in_one_text(text: str, found: list[str]) -> None:
    assert [mention.words for mention in FIELD.find(text)] == found
    assert FIELD.parse(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A row over £9m of unpaid bills", "£9m"),
        ("She handed over £9m", "£9m"),
        ("questions about £9m of spending", "£9m"),
        ("cut over a £9m contract", "£9m"),
        ("£9m a year ago", "£9m"),
        ("£9m a year over five years", "£9m a year"),
        ("£9m over five years", "£9m"),
        ("£10m plus VAT", "£10m"),
        ("£10m+ VAT", "£10m"),
        ("a £10m+ deal", "£10m+"),
        ("£10m plus options", "£10m"),
        ("£12m to 15 suppliers", "£12m"),
        ("a £5m 5-year deal", "£5m"),
        ("It paid £5 to 12 million users", "£5"),
        ("lots ranging in value from £5m to £12m", "£5m to £12m"),
        ("lots worth anything from £5m to £12m", "£5m to £12m"),
        ("It will cost from £5m to £12m", "£5m to £12m"),
        ("It grew by £5m-£12m", "£5m-£12m"),
        ("It cost £9m.\nA year of work follows", "£9m"),
        ("The price is up to\n£9m", "up to\n£9m"),
        ("sixty million pounds of public money", "sixty million pounds"),
        ('"up to £9m"', "up to £9m"),
        ("> £9m was the answer", "£9m"),
        ("in 2019, £9m", "£9m"),
        ("worth, at most, £9m", "at most, £9m"),
        ("work worth (up to £9m)", "up to £9m"),
        ("The budget committee approved a contract of £9m", "£9m"),
        ("It is no small job, over £9m", "over £9m"),
        ("It was not disclosed, but more than £9m", "more than £9m"),
        ("if both years are taken, about £9m", "about £9m"),
        ("SSP £9m", "£9m"),
        ("paid in EUR. 9 million people, and £9m", "£9m"),
        ("It paid £9m.\nA year later", "£9m"),
        ("It paid £9m plus VAT. A year later", "£9m"),
        ("£9m, estimated to be a tenth of the whole", "£9m"),
        ("£9m, more or less what it paid before", "£9m"),
        ("The contract, put at £9m", "£9m"),
        ("The contract is valued at £9m", "£9m"),
        ("A contract that puts six clerks in the hospital at £9m", "£9m"),
        ("The town cost £9m, whatever its value", "£9m"),
        ("Little Rock, AR $9m", "$9m"),
        ("annual turnover rose to £9m", "£9m"),
        ("Not-to-exceed amount: £9m", "exceed amount: £9m"),
        ("something from 4 to 5 million euros", "4 to 5 million euros"),
    ],
)
def test_the_mention_takes_in_what_belongs_to_the_sum_and_no_more(text: str, words: str) -> None:
    assert [mention.words for mention in FIELD.find(text)] == [words]


@pytest.mark.parametrize(
    ("country", "text", "currency"),
    [
        (None, "a $5m deal", "USD"),
        ("US", "a $5m deal", "USD"),
        ("KE", "a $5m deal", "USD"),
        ("AU", "a $5m deal", "AUD"),
        ("NZ", "up to $5 million a year", "NZD"),
        ("CA", "five million dollars", "CAD"),
        ("CA", "a US$5m deal", "USD"),
        ("CA", "5 million US dollars", "USD"),
        ("CA", "$5m USD", "USD"),
        ("NP", "Rs 5 crore", "NPR"),
        ("NO", "kr. 5 million", "NOK"),
        ("DK", "5 million kroner", "DKK"),
        ("KE", "5 million shillings", "KES"),
        ("UG", "Shs 5 million", "UGX"),
        ("BW", "P5 million", "BWP"),
        ("ZM", "K5 million", "ZMW"),
        ("MW", "K5 million", "MWK"),
        ("SZ", "E5 million a year", "SZL"),
        ("DE", "5 million marks", "DEM"),
        ("FI", "5 million marks", "FIM"),
        ("BE", "5 million francs", "BEF"),
        (None, "5 million francs", "CHF"),
        ("CM", "5 billion CFA francs", "XAF"),
        ("CM", "CFAF 388 million", "XAF"),
        ("TG", "CFAF 388 million", "XOF"),
        ("BN", "B$265,000", "BND"),
        ("BS", "B$265,000", "BSD"),
        ("BM", "BD$5m", "BMD"),
        ("NI", "C$5m", "NIO"),
        ("US", "C$5m", "CAD"),
        ("GD", "$5m", "XCD"),
        ("LS", "M5 million", "LSL"),
        ("GM", "D5 million", "GMD"),
        ("SN", "5 billion CFA francs", "XOF"),
        ("UY", "5m pesos", "UYU"),
        ("SK", "5 million crowns", "SKK"),
        ("LK", "Rs. 5 million", "LKR"),
        ("CA", "U.S. $5 million", "USD"),
        ("CA", "$5m (US)", "USD"),
        ("CA", "$25 million US", "USD"),
        ("CA", "$25 million US for the work", "USD"),
        ("CA", "a $25 million US contract", "CAD"),
        ("CA", "worth $25 million\nUS, not ours", "CAD"),
        ("AU", "$25 million Canadian", "CAD"),
        ("AU", "$25 million Canadian-owned", "AUD"),
        ("EG", "5 million pounds", "EGP"),
        ("EG", "£5 million", "GBP"),
    ],
)
def test_a_sign_that_many_countries_have_is_the_articles_own(country: str | None, text: str, currency: str) -> None:
    (mention,) = FIELD.find(text, Context(country=country))
    assert mention.value.currency == currency


def test_support_asks_that_the_quote_states_the_sum() -> None:
    assert FIELD.support("worth £9m, after £6m before", money(6_000_000, "GBP"))
    assert not FIELD.support("worth £9m", money(6_000_000, "GBP"))
    assert not FIELD.support("worth £9m", money(9_000_000, "GBP", "about"))
    assert not FIELD.support("worth nothing", money(9_000_000, "GBP"))


def test_read_takes_the_qualifier_from_around_the_quote() -> None:
    text = "A deal worth up to £350m a year was let."
    start = text.index("£350m")
    (mention,) = FIELD.read(text, start, start + len("£350m"))
    assert mention.value == money(350_000_000, "GBP", "up_to", True)


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        (money(9, "GBP"), money(9, "GBP"), 1.0),
        (money(9, "GBP"), money(9, "GBP", "about"), 0.5),
        (money(9, "GBP"), money(9, "GBP", "exact", True), 0.5),
        (money(1000, "GBP"), money(1005, "GBP"), 0.5),
        (money(1000, "GBP"), money(1006, "GBP"), 0.0),
        (money(9, "GBP"), money(9, "EUR"), 0.0),
        (money(0, "GBP"), money(0, "GBP", "about"), 0.5),
    ],
)
def test_same_is_whole_half_or_nothing_and_symmetric(a: Money, b: Money, score: float) -> None:
    assert FIELD.same(a, b) == FIELD.same(b, a) == score


@pytest.mark.parametrize(
    ("amount", "written"),
    [(150_600_000, "150600000"), (Decimal("150600000.0"), "150600000"), (Decimal("1250.50"), "1250.5")],
)
def test_an_amount_is_a_plain_json_number(amount: int | Decimal, written: str) -> None:
    value = money(amount, "GBP")
    assert f'"amount":{written},' in value.model_dump_json()
    assert Money.model_validate_json(value.model_dump_json()) == value
    assert Money.model_validate(json.loads(value.model_dump_json())) == value
    assert Money.model_validate(value.model_dump()) == value


def test_whole_amounts_are_ints_whatever_they_came_as() -> None:
    for amount in (5, 5.0, Decimal("5.00")):
        assert type(Money.model_validate({"amount": amount, "currency": "GBP"}).amount) is int


@pytest.mark.parametrize(
    "amount",
    [
        *(-1, True, "5", None, float("nan"), float("inf"), Decimal("NaN"), 10**18, Decimal("1E-7")),
        Decimal("123456789012.123456"),
    ],
)
def test_amounts_that_json_cannot_carry_are_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "GBP"})


@pytest.mark.parametrize("change", [{"currency": "gbp"}, {"currency": "£"}, {"qualifier": "exactly"}, {"note": ""}])
def test_other_values_and_keys_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 5, "currency": "GBP", **change})


def test_the_schema_says_number() -> None:
    for schema in (Money.model_json_schema(mode="validation"), Money.model_json_schema(mode="serialization")):
        assert schema["properties"]["amount"]["type"] == "number"
        assert schema["additionalProperties"] is False


def test_the_shape_asks_for_the_articles_words() -> None:
    schema = TypeAdapter(FIELD.shape()).json_schema()
    assert schema == {"type": "string", "maxLength": 300, "x-verbatim": True}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (money(150_600_000, "GBP"), "£150.6m"),
        (money(1_200_000_000, "EUR", "up_to", True), "up to €1.2bn a year"),
        (money(850_000, "USD", "about"), "about $850,000"),
        (money(735_000_000, "SEK", "at_least"), "at least SEK 735m"),
        (money(Decimal("1250.5"), "GBP"), "£1,250.50"),
    ],
)
def test_formats_as_a_newspaper_would(value: Money, words: str) -> None:
    assert format_money(value) == words


AMOUNTS = st.one_of(
    st.integers(0, 10**18 - 1),
    st.integers(1, 999).map(lambda number: number * 10**6),
    st.decimals(0, 10**9, places=2),
    st.decimals(0, 10**6, places=6),
)
MONEY = st.builds(
    money,
    AMOUNTS,
    # "ALL", "AMD" and "CUP" are words of headlines, too: no codes in front of a number.
    st.sampled_from(sorted({currency.code for currency in WORDS.values()} - {"ALL", "AMD", "CUP"})),
    st.sampled_from(["exact", "about", "up_to", "at_least"]),
    st.booleans(),
)


@given(MONEY)
def test_what_is_formatted_is_read_back(value: Money) -> None:
    assert FIELD.parse(format_money(value)) == value
    assert Money.model_validate_json(value.model_dump_json()) == value


FRAGMENTS = [
    *("£", "€", "$", "A$", "US", "SEK", "CAD", "Rs", "kr", "won", "pounds", "dollars", "New Zealand", "Australian"),
    *("5", "12", "1.2", "34,000", "2016", "1,8", "one hundred", "and", "sixty", "half a", "million", "bn", "m", "k"),
    *("euros", "crore", "between", "from", "to", "-", "–", "up to", "over", "row", "about", "worth", "a little"),
    *("bil-\nlion", "-\n", "by", "adding", "at most", ">", "sub-", "each", "in each year", "not-to-exceed"),
    *("annual", "value of", "c.", "a year", "per user", "ago", "p.a.", "plus", "+", "or more", "(", ")", "VAT"),
    *(
        "including",
        "excluding",
        "estimate",
        "estimated",
        "Annual",
        "Maximum",
        "reckons",
        "puts",
        "puts the lot at",
        "valued at",
        "tenders are invited",
        "bids are due",
        "when it advertised",
        "won",
        "award notice puts",
        "budget,",
        "pencilled in",
        "B$",
        "is",
        "if all options are exercised",
        "(estimated)",
        "Total value (estimated)",
        "value (maximum",
        "gross",
        "net",
        "shillings",
        "P",
        "S/",
        ":",
        "|",
        "(",
        ")",
        ",",
        ".",
        "/",
        " ",
        " ",
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\n\n",
        "\u00a0",
        "²",
        "٣",
        "½",
        "ſ",
    ),
]


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(FRAGMENTS), max_size=16).map("".join),
        st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join),
        st.lists(st.sampled_from([row[0] for row in ONE_SUM]), max_size=4).map(" ".join),
    )
)
def test_the_laws_hold_on_any_text(text: str) -> None:
    for context in (NO_CONTEXT, Context(country="CA"), Context(country="KE")):
        check_the_laws(text, context)


def check_the_laws(text: str, context: Context) -> None:
    end = 0
    for mention in FIELD.find(text, context):
        assert text[mention.start : mention.end] == mention.words
        assert end <= mention.start < mention.end
        end = mention.end
        assert FIELD.parse(mention.words, context) == mention.value
        assert FIELD.support(mention.words, mention.value, context)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "£" * 100_000,
        "£1,000" * 16_000,
        "pounds " * 14_000,
        "one hundred and " * 6_250 + "pounds",
        "up to " * 16_000 + "£5m",
        "£5m to " * 14_000,
        "£5m (" * 20_000,
        "between £5m and " * 6_250,
        "kr " * 33_000,
        "£5m" + " " * 100_000,
        "rose up cut " * 8_000 + "from £5m to £9m",
        "1 pounds " * 11_000,
        "estimate " * 11_000 + "is £5m",
        "estimate a b c is £5m " * 4_000,
        "Annual a (b): £5m " * 5_000,
        "annual cost " * 8_000 + ": £5m",
        "if all options are exercised " * 3_000 + "is £5m",
    ],
)
def test_time_grows_with_a_hostile_text_and_no_faster(text: str) -> None:
    check_linear(FIELD.find, text)
    assert len(FIELD.find(text)) <= 20_000


NATIONS = [
    (f"{FIRST_OF_TWO.get(nation, '')} {nation} {noun}".strip(), code)
    for noun, nations in NATIONAL.items()
    for nation, code in nations.items()
    if nation != "s"
]


@pytest.mark.parametrize(("words", "code"), NATIONS)
def test_every_currency_with_its_nation_is_read(words: str, code: str) -> None:
    for written in (words, words.title(), f"{words}s"):
        value = FIELD.parse(f"It costs 25 million {written} in all.")
        assert value is not None
        assert value.currency == code


@pytest.mark.parametrize("word", sorted({*WORDS, *NOUNS, *SIGNS} - NEED_A_PREFIX))
def test_every_word_for_a_currency_is_read(word: str) -> None:
    currency = WORDS.get(word) or Currency(SIGNS[word])
    text = f"It costs 25 million {word}" if currency.after != "no" else f"It costs {word} 25 million"
    if currency.gap != "any":
        text = text.replace(f"{word} ", word if currency.gap == "none" else f"{word}/. ")
    value = FIELD.parse(text)
    assert value is not None or word == "$"
    assert value is None or value.currency == currency.code
