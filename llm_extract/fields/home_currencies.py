"""Whose "$", "Rs" or "Sh" it is: currencies whose words several countries share, and what they are in each."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from llm_extract.fields.currencies import DOLLARS, WORDS, Currency
from llm_extract.word_lists import one_of

_HOME_WORDS = {
    "$": "AU AUD; CA CAD; NZ NZD; SG SGD; HK HKD; TW TWD; TT TTD; JM JMD; BB BBD; FJ FJD; GY GYD; NA NAD; BZ BZD; "
    "BN BND; BS BSD; BM BMD; KY KYD; SB SBD; LR LRD; SR SRD; AG XCD; DM XCD; GD XCD; KN XCD; LC XCD; VC XCD",
    "B$": "BN BND; BS BSD",
    "BD$": "BB BBD; BM BMD",
    "C$": "NI NIO",
    "L$": "LR LRD",
    "dollar dollars": "AU AUD; CA CAD; NZ NZD; SG SGD; HK HKD; TT TTD; JM JMD; BB BBD; FJ FJD; GY GYD; NA NAD; BZ BZD; "
    "BN BND; BS BSD; BM BMD; KY KYD; SB SBD; LR LRD; SR SRD; AG XCD; DM XCD; GD XCD; KN XCD; LC XCD; VC XCD",
    "pound pounds": "EG EGP; LB LBP; SD SDG; SY SYP",
    "Rs RS rupee rupees": "PK PKR; NP NPR; LK LKR; MU MUR; SC SCR",
    "kr Kr krone kroner crown crowns": "DK DKK; NO NOK; IS ISK; SE SEK; CZ CZK; SK SKK; EE EEK",
    "krona kronas": "IS ISK",
    "koruna korunas": "SK SKK",
    "Sh Shs shilling shillings": "KE KES; UG UGX; TZ TZS; SO SOS",
    "dinar dinars": "KW KWD; BH BHD; JO JOD; RS RSD; TN TND; DZ DZD; IQ IQD; LY LYD",
    "dirham dirhams": "MA MAD",
    "riyal riyals rial rials": "QA QAR; OM OMR; YE YER; IR IRR",
    "SR SAR": "SA SAR",
    "peso pesos": "PH PHP; MX MXN; CL CLP; CO COP; AR ARS; UY UYU; DO DOP; CU CUP",
    "P": "BW BWP",
    "kwacha": "ZM ZMW; MW MWK",
    "Br": "ET ETB",
    "Nu": "BT BTN",
    "KM": "BA BAM",
    "Ft": "HU HUF",
    "CFA FCFA CFAF": "SN XOF; CI XOF; BJ XOF; BF XOF; ML XOF; NE XOF; TG XOF; GW XOF; CM XAF; GA XAF; TD XAF; CG XAF; "
    "CF XAF; GQ XAF",
    "franc francs": "RW RWF; SN XOF; CI XOF; BJ XOF; BF XOF; ML XOF; NE XOF; TG XOF; GW XOF; CM XAF; GA XAF; TD XAF; "
    "CG XAF; CF XAF; GQ XAF; CD CDF; BI BIF; DJ DJF; GN GNF; BE BEF; LU LUF; FR FRF",
    "mark marks": "DE DEM; FI FIM; BA BAM",
    "rouble roubles ruble rubles": "BY BYN",
    "leu lei": "MD MDL",
    "manat manats": "TM TMT",
}
_HOME_LETTERS = {
    "K": "ZM ZMW; MW MWK; PG PGK; MM MMK",
    "E": "SZ SZL",
    "B": "TH THB",
    "M": "LS LSL",
    "D": "GM GMD",
    "Q": "GT GTQ",
    "L": "HN HNL",
}
"""Single letters that stand tight before a number: "K5m"."""

_USUAL_HOMES = {
    "Rs RS rupee rupees": "IN",
    "kr Kr": "SE",
    "koruna korunas": "CZ",
    "krona kronas": "SE",
    "dirham dirhams": "AE",
    "riyal riyals": "SA",
    "P": "PH",
    "CFA FCFA": "SN",
    "franc francs": "CH",
    "rouble roubles ruble rubles": "RU",
    "leu lei": "RO",
    "manat manats": "AZ",
}
"""Where a word is at home whose currency needs no country: what it means without one."""

_WORLD_WIDE = {"$ dollar dollars": "US", "C$": "CA", "pound pounds": "GB"}
"""Words that an article of any country may use, for the United States' dollar, Canada's or Britain's pound."""


_OTHERWISE_USED = frozenset(("mark", "marks", "Br", "Nu", "KM", "Ft", "CFA"))


def _at_home() -> dict[str, dict[str, Currency]]:
    result: dict[str, dict[str, Currency]] = {}
    for words, homes in _HOME_WORDS.items():
        for home in homes.split(";"):
            country, code = home.split()
            for word in words.split():
                usual = WORDS.get(word) or Currency(code, "no" if word.islower() else "yes")
                if word in _OTHERWISE_USED:
                    usual = usual._replace(before="no" if word.islower() else "large", after="large")
                result.setdefault(country, {})[word] = usual._replace(code=code)
    for letter, homes in _HOME_LETTERS.items():
        for home in homes.split(";"):
            country, code = home.split()
            result.setdefault(country, {})[letter] = Currency(code, "large", "no", gap="none")
    return result


AT_HOME = _at_home()
"""ISO 3166-1 code of a country → what stands beside a number there → the currency.

Only where it differs from what the word means without a country, or means nothing then.
"""


class Homes(NamedTuple):
    """The countries (ISO 3166-1) that can say whose "$", "Rs" or "Sh" the sums of an article are in."""

    all: frozenset[str]
    local: frozenset[str]
    """Those of words such as "Sh", which few countries write; a "$" is written everywhere."""


def homes_of_sums(text: str) -> Homes | None:
    """Whose the currencies of a text's sums may be; None if no sum of it depends on a country."""
    words = {match["before"] or match["after"] for match in _beside_number().finditer(text)}
    if not words:
        return None
    world_wide = {word for listed in _WORLD_WIDE for word in listed.split()}
    homes = _homes_of_words()
    countries = frozenset(country for word in words for country in homes[word])
    return Homes(countries, frozenset(country for word in words - world_wide for country in homes[word]))


_OFTEN = 3  # "NZ$" at the first mention only, or in the headline too, marks the bare "$" that follow


def marks_its_dollars(text: str, country: str) -> bool:
    """Whether an article says "NZ$" of its own `country`'s dollars often, and a bare "$" of none of these sums."""
    home = AT_HOME.get(country, {}).get("$")
    if home is None:
        return False
    marked, bare = [], set()
    for match in re.finditer(r"(?<![^\W_])(?P<letters>[A-Za-z]{0,3})\$(?P<number>[0-9][0-9.,]*)", text):
        number = match["number"].rstrip(".,")
        if DOLLARS.get(match["letters"]) == home.code:
            marked.append(number)
        elif not match["letters"]:
            bare.add(number)
    return len(marked) >= _OFTEN and bare.isdisjoint(marked)


@cache
def _homes_of_words() -> dict[str, frozenset[str]]:
    result: dict[str, set[str]] = {}
    for country, words in AT_HOME.items():
        for word in words:
            result.setdefault(word, set()).add(country)
    for listed, country in (_USUAL_HOMES | _WORLD_WIDE).items():
        for word in listed.split():
            result.setdefault(word, set()).add(country)
    return {word: frozenset(countries) for word, countries in result.items()}


@cache
def _beside_number() -> re.Pattern[str]:
    words = {word for homes in AT_HOME.values() for word in homes} - set(_HOME_LETTERS)
    letters = "".join(_HOME_LETTERS)
    firsts = re.escape("".join(sorted({word[0] for word in words})))
    # Few places of a text pass the first look ahead: the whole takes half the time.
    return re.compile(
        rf"(?=[{firsts}{letters}\dtmbh])"
        rf"(?:(?<![^\W\d_])(?P<before>(?:{one_of(words)})(?=\.?\s?\d)"
        rf"|[{letters}](?=\d{{1,3}}(?:[.,]\d{{1,3}}){{0,3}}\s?(?:[mb]illion|mi?ll?n|bn|m)(?!\w)))"
        rf"|(?:\d(?:\s?(?:k|m|bn|[mb]illion|crore|lakh))?|thousand|million|billion|hundred)[\s-]?"
        rf"(?P<after>{one_of(words)})(?![^\W\d_]))"
    )
