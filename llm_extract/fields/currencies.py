"""How newspapers write currencies: signs, codes, abbreviations, and nouns with their nations.

A bare "$" is the US dollar, a bare "kr" the Swedish krona, a bare "Rs" the Indian rupee, a bare "P"
the Philippine peso, where no country is known; `AT_HOME` says what they are where one is. A bare
"kroner", "shilling" or "dinar" leaves the country open and is no currency without it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

Use = Literal["no", "large", "yes"]

Gap = Literal["any", "none", "slash"]
"""What stands between a word and the number after it: white space; nothing ("N5m"); a stroke ("S/ 5m")."""


class Currency(NamedTuple):
    """An ISO 4217 code, and on which side of a number the word for it stands.

    "large" asks for a number that has a scale word, cents, or at least five digits, because the
    word has other uses: "won", "CAD 2016", "TRY 3".
    """

    code: str
    before: Use = "yes"
    after: Use = "yes"
    factor: int = 1
    gap: Gap = "any"


def _words(text: str) -> list[str]:
    return text.split()


def _codes(lines: str) -> dict[str, str]:
    """Word → code, from lines (or parts between semicolons) of a code and its words."""
    parts = [line.split() for line in lines.replace(";", "\n").splitlines()]
    return {word: code for code, *words in filter(None, parts) for word in words}


def _currencies(
    lines: str, before: Use = "yes", after: Use = "yes", factor: int = 1, gap: Gap = "any"
) -> dict[str, Currency]:
    return {word: Currency(code, before, after, factor, gap) for word, code in _codes(lines).items()}


SIGNS = _codes(
    "GBP £; EUR €; USD $; JPY ¥; INR ₹; KRW ₩; RUB ₽; TRY ₺; ILS ₪; NGN ₦; PHP ₱; THB ฿; VND ₫; UAH ₴; GHS ₵ ¢; KZT ₸"
)

DOLLARS = _codes(
    "USD USD US; AUD AUD AU A; CAD CAD CAN CA Can C CDN Cdn; NZD NZD NZ; HKD HKD HK; SGD SGD SG S; TWD TWD NT; "
    "BRL BRL R; MXN MXN MX Mex; JMD JMD J; TTD TTD TT; BBD BBD BDS Bds; BZD BZD BZ; XCD XCD EC; "
    "FJD FJD FJ; GYD GYD GY; NAD NAD N; MOP MOP"
)
"""What stands before "$", and whose dollar (or real, or peso) it is then."""

PREFIXED = {
    "$": DOLLARS,
    "¥": _codes("CNY CN RMB; JPY JP"),
    "£": _codes("GBP GB UK STG stg; EGP E LE EGP; LBP LBP"),
    "₵": _codes("GHS GH Gh GHS"),
    "¢": _codes("GHS GH Gh GHS"),
    "₱": _codes("PHP PHP Php"),
    "₨": _codes("INR INR; PKR PKR"),
}
"""What stands before a sign, tightly or (in "$") after a space, and which currency it is then."""

NEED_A_PREFIX = frozenset("¢")
"""Signs that are another currency's small coin when they stand alone."""

NOUNS = {
    **_currencies(
        """
        GBP pound pounds quid
        USD dollar dollars
        JPY yen
        CNY yuan renminbi
        INR rupee rupees
        ZAR rand rands
        SEK krona kronor
        CZK koruna korunas korun
        PLN zloty zlotys zlotych złoty złotych
        CHF franc francs
        TRY lira liras
        RUB rouble roubles ruble rubles
        AED dirham dirhams
        SAR riyal riyals
        ILS shekel shekels
        HUF forint forints
        UAH hryvnia hryvnias
        BRL reais
        THB baht
        MYR ringgit
        IDR rupiah
        NGN naira
        BDT taka
        KZT tenge
        """,
        before="no",
    ),
    **_currencies("EUR euro euros", before="large"),
    **_currencies("DEM deutschmark deutschmarks\nNLG guilder guilders\nPEN soles\nRWF rwf", before="no"),
    **_currencies("KRW won\nVND dong\nRON leu lei\nBGN lev leva", before="no", after="large"),
}
"""In lower case; they are written in any."""

WORDS = {
    **NOUNS,
    **_currencies(
        """
        INR Rs RS
        SEK kr Kr SKr
        DKK DKr
        NOK NKr
        CHF SFr
        BDT Tk
        IDR Rp
        CNY RMB
        ILS NIS
        KES KSh
        AED Dh Dhs
        PLN zł
        CZK Kč
        KES KShs Ksh Kshs KSH
        UGX USh UShs Ush Ushs USH
        TZS TSh TShs Tsh Tshs TSH
        RWF Rwf FRw Frw RwF
        GHS GHc GHC
        PHP Php
        XOF FCFA
        """
    ),
    **_currencies("ZAR R\nMYR RM\nQAR QR\nKWD KD\nBHD BD\nJOD JD\nOMR RO\nEGP LE\nDEM DM", before="large", after="no"),
    **_currencies("NGN N\nPHP P", before="large", after="no", gap="none"),
    **_currencies("PEN S", before="large", after="no", gap="slash"),
    **_currencies("SEK mkr Mkr MSEK\nDKK MDKK\nNOK MNOK\nUSD MUSD\nEUR MEUR", before="no", factor=10**6),
    **_currencies("SEK TSEK\nEUR TEUR KEUR", before="no", factor=10**3),
    **_currencies("SEK mdkr Mdkr", before="no", factor=10**9),
    **{
        code: Currency(code)
        for code in _words(
            "GBP EUR USD AUD NZD CHF SEK NOK DKK ISK JPY CNY INR HKD SGD TWD KRW ZAR PLN CZK HUF BGN "
            "UAH RUB ILS SAR "
            "QAR KWD BHD OMR JOD EGP NGN KES GHS BRL MXN ARS CLP MYR IDR THB VND PKR BDT LKR NPR KZT "
            "JMD TTD UGX TZS BBD RWF ETB ZMW MWK BWP XOF XAF XCD DZD TND LYD IQD UYU GTQ HNL BZD FJD GYD PGK BND "
            "MVR BTN MMK KHR MNT UZS AZN RSD MKD MDL BYN NLG"
        )
    },
    # A program, "try", a conference, a language, a name, a defibrillator, "mad", a library.
    **{
        code: Currency(code, "large", "large")
        for code in _words("CAD TRY COP PHP RON AED MAD LBP MUR NAD PEN GEL LAK CRC DOP DEM")
    },
}
"""Written exactly like this."""

NATIONAL = {
    "dollar": _codes(
        "AUD australian; CAD canadian; NZD zealand; HKD kong; SGD singapore singaporean; USD us s "
        "american; BBD barbados barbadian bajan; TTD trinidad; FJD fijian; NAD namibian; GYD guyanese; "
        "TWD taiwan taiwanese; JMD jamaican"
    ),
    "pound": _codes("GBP british; EGP egyptian; LBP lebanese"),
    "rupee": _codes("INR indian; PKR pakistani pakistan; LKR lankan; NPR nepalese nepali; MUR mauritian"),
    "rand": _codes("ZAR african"),
    "won": _codes("KRW korean"),
    "krona": _codes("SEK swedish; ISK icelandic"),
    "kronor": _codes("SEK swedish"),
    "krone": _codes("DKK danish; NOK norwegian"),
    "kroner": _codes("DKK danish; NOK norwegian"),
    "crown": _codes("CZK czech; SEK swedish; DKK danish; NOK norwegian"),
    "koruna": _codes("CZK czech"),
    "franc": _codes("CHF swiss; RWF rwandan; XOF cfa"),
    "dirham": _codes("AED emirati uae; MAD moroccan"),
    "riyal": _codes("SAR saudi; QAR qatari; OMR omani"),
    "rial": _codes("QAR qatari; OMR omani"),
    "dinar": _codes("KWD kuwaiti; BHD bahraini; JOD jordanian"),
    "peso": _codes("MXN mexican; PHP philippine; ARS argentine; CLP chilean; COP colombian"),
    "real": _codes("BRL brazilian"),
    "shilling": _codes("KES kenya kenyan; UGX uganda ugandan; TZS tanzania tanzanian"),
    "cedi": _codes("GHS ghana ghanaian"),
    "kwacha": _codes("ZMW zambian; MWK malawian"),
    "pula": _codes("BWP botswana"),
    "birr": _codes("ETB ethiopian"),
    "sol": _codes("PEN peruvian"),
    "mark": _codes("DEM german d"),
    "yen": _codes("JPY japanese"),
    "yuan": _codes("CNY chinese"),
    "lira": _codes("TRY turkish"),
}
"""Singular noun (Scandinavian plurals too) → the word before it → code."""

FIRST_OF_TWO = {
    "zealand": "new",
    "kong": "hong",
    "s": "u",
    "african": "south",
    "korean": "south",
    "lankan": "sri",
}
"""Nations of two words: the second → the first."""

_HOME_WORDS = {
    "$": "AU AUD; CA CAD; NZ NZD; SG SGD; HK HKD; TW TWD; TT TTD; JM JMD; BB BBD; FJ FJD; GY GYD; NA NAD",
    "dollar dollars": "AU AUD; CA CAD; NZ NZD; SG SGD; HK HKD; TT TTD; JM JMD; BB BBD; FJ FJD; GY GYD",
    "pound pounds": "EG EGP; LB LBP",
    "Rs RS rupee rupees": "PK PKR; NP NPR; LK LKR; MU MUR",
    "kr Kr krone kroner crown crowns": "DK DKK; NO NOK; IS ISK; SE SEK; CZ CZK",
    "krona kronas": "IS ISK",
    "Sh Shs shilling shillings": "KE KES; UG UGX; TZ TZS",
    "dinar dinars": "KW KWD; BH BHD; JO JOD; RS RSD; TN TND; DZ DZD; IQ IQD; LY LYD",
    "dirham dirhams": "MA MAD",
    "riyal riyals rial rials": "QA QAR; OM OMR",
    "SR SAR": "SA SAR",
    "peso pesos": "PH PHP; MX MXN; CL CLP; CO COP; AR ARS",
    "P": "BW BWP",
    "cedi cedis": "GH GHS",
    "kwacha": "ZM ZMW; MW MWK",
    "birr": "ET ETB",
    "franc francs": "RW RWF; SN XOF; CI XOF",
}


def _at_home() -> dict[str, dict[str, Currency]]:
    result: dict[str, dict[str, Currency]] = {}
    for words, homes in _HOME_WORDS.items():
        for home in homes.split(";"):
            country, code = home.split()
            for word in words.split():
                usual = WORDS.get(word) or Currency(code, "no" if word.islower() else "yes")
                result.setdefault(country, {})[word] = usual._replace(code=code)
    return result


AT_HOME = _at_home()
"""ISO 3166-1 code of a country → what stands beside a number there → the currency.

Only where it differs from what the word means without a country, or means nothing then.
"""


def depends_on_country(text: str) -> bool:
    """Whether a sum of `text` may be in another currency where the article is at home elsewhere."""
    return _beside_number().search(text) is not None


@cache
def _beside_number() -> re.Pattern[str]:
    words = sorted({word for homes in AT_HOME.values() for word in homes}, key=len, reverse=True)
    listed = "|".join(map(re.escape, words))
    return re.compile(rf"(?<![^\W\d_])(?:{listed})\s?\d|\d(?:\s?(?:k|m|bn|[mb]illion))?\s?(?:{listed})(?![^\W\d_])")
