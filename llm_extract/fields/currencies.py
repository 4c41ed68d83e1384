"""How newspapers write currencies: signs, codes, abbreviations, and nouns with their nations.

A bare "$" is the US dollar, a bare "kr" the Swedish krona, a bare "Rs" the Indian rupee; a bare
"kroner", "peso" or "dinar" leaves the country open and is no currency.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Use = Literal["no", "large", "yes"]


class Currency(NamedTuple):
    """An ISO 4217 code, and on which side of a number the word for it stands.

    "large" asks for a number that has a scale word, cents, or at least five digits, because the
    word has other uses: "won", "CAD 2016", "TRY 3".
    """

    code: str
    before: Use = "yes"
    after: Use = "yes"
    factor: int = 1


def _words(text: str) -> list[str]:
    return text.split()


def _codes(lines: str) -> dict[str, str]:
    """Word → code, from lines (or parts between semicolons) of a code and its words."""
    parts = [line.split() for line in lines.replace(";", "\n").splitlines()]
    return {word: code for code, *words in filter(None, parts) for word in words}


def _currencies(lines: str, before: Use = "yes", after: Use = "yes", factor: int = 1) -> dict[str, Currency]:
    return {word: Currency(code, before, after, factor) for word, code in _codes(lines).items()}


SIGNS = _codes(
    "GBP £; EUR €; USD $; JPY ¥; INR ₹; KRW ₩; RUB ₽; TRY ₺; ILS ₪; NGN ₦; PHP ₱; THB ฿; VND ₫; UAH ₴; GHS ₵; KZT ₸"
)

DOLLARS = _codes(
    "USD USD US; AUD AUD AU A; CAD CAD CAN CA Can C; NZD NZD NZ; HKD HKD HK; SGD SGD SG S; TWD NT; BRL R; "
    "MXN MX Mex; JMD J; TTD TT"
)
"""What stands before "$", and whose dollar (or real, or peso) it is then."""

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
        """
    ),
    **_currencies("ZAR R\nMYR RM", before="large", after="no"),
    **_currencies("SEK mkr Mkr MSEK\nDKK MDKK\nNOK MNOK\nUSD MUSD\nEUR MEUR", before="no", factor=10**6),
    **_currencies("SEK TSEK\nEUR TEUR KEUR", before="no", factor=10**3),
    **_currencies("SEK mdkr Mdkr", before="no", factor=10**9),
    **{
        code: Currency(code)
        for code in _words(
            "GBP EUR USD AUD NZD CHF SEK NOK DKK ISK JPY CNY INR HKD SGD TWD KRW ZAR PLN CZK HUF BGN "
            "UAH RUB ILS SAR "
            "QAR KWD BHD OMR JOD EGP NGN KES GHS BRL MXN ARS CLP MYR IDR THB VND PKR BDT LKR NPR KZT "
            "JMD TTD UGX TZS"
        )
    },
    # A program, "try", a conference, a language, a name, a defibrillator, "mad", a library.
    **{code: Currency(code, "large", "large") for code in _words("CAD TRY COP PHP RON AED MAD LBP")},
}
"""Written exactly like this."""

NATIONAL = {
    "dollar": _codes(
        "AUD australian; CAD canadian; NZD zealand; HKD kong; SGD singapore singaporean; USD us s "
        "american; "
        "TWD taiwan taiwanese; JMD jamaican"
    ),
    "pound": _codes("GBP british; EGP egyptian; LBP lebanese"),
    "rupee": _codes("INR indian; PKR pakistani pakistan; LKR lankan; NPR nepalese"),
    "rand": _codes("ZAR african"),
    "won": _codes("KRW korean"),
    "krona": _codes("SEK swedish; ISK icelandic"),
    "kronor": _codes("SEK swedish"),
    "krone": _codes("DKK danish; NOK norwegian"),
    "kroner": _codes("DKK danish; NOK norwegian"),
    "crown": _codes("CZK czech; SEK swedish; DKK danish; NOK norwegian"),
    "koruna": _codes("CZK czech"),
    "franc": _codes("CHF swiss"),
    "dirham": _codes("AED emirati uae; MAD moroccan"),
    "riyal": _codes("SAR saudi; QAR qatari; OMR omani"),
    "rial": _codes("QAR qatari; OMR omani"),
    "dinar": _codes("KWD kuwaiti; BHD bahraini; JOD jordanian"),
    "peso": _codes("MXN mexican; PHP philippine; ARS argentine; CLP chilean; COP colombian"),
    "real": _codes("BRL brazilian"),
    "shilling": _codes("KES kenyan; UGX ugandan; TZS tanzanian"),
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
