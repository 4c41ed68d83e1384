"""How newspapers write currencies: signs, codes, abbreviations, and nouns with their nations.

A bare "$" is the US dollar, a bare "kr" the Swedish krona, a bare "Rs" the Indian rupee, a bare "P"
the Philippine peso, where no country is known; `home_currencies` says what they are where one is. A bare
"kroner", "shilling" or "dinar" leaves the country open and is no currency without it.
"""

from __future__ import annotations

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
    "GBP £; EUR €; USD $; JPY ¥; INR ₹; KRW ₩; RUB ₽; TRY ₺; ILS ₪; NGN ₦; PHP ₱; THB ฿; VND ₫; UAH ₴; GHS ₵ ¢; KZT ₸; "
    "BDT ৳; CRC ₡; PYG ₲; LAK ₭; MNT ₮; AZN ₼; GEL ₾; AMD ֏; AFN ؋; KHR ៛"
)

DOLLARS = _codes(
    "USD USD US; AUD AUD AU A; CAD CAD CAN CA Can C CDN Cdn; NZD NZD NZ; HKD HKD HK; SGD SGD SG S; TWD TWD NT; "
    "BRL BRL R; MXN MXN MX Mex; JMD JMD J; TTD TTD TT; BBD BBD BDS Bds; BZD BZD BZ; XCD XCD EC; "
    "FJD FJD FJ F; GYD GYD GY G; NAD NAD N; MOP MOP; BSD BSD; SBD SBD; BND BND; SRD SRD; LRD LRD; KYD KYD; TOP T"
)
"""What stands before "$", and whose dollar (or real, or peso) it is then."""

_TIGHT_DOLLARS = _codes("DOP RD; WST SAT WS; SBD SI; ARS AR; CLP CL CLP; COP COL COP; UYU UYU; KYD CI")
"""Those that are other words where a space parts them from the sign: "Little Rock, AR $5m"."""

PREFIXED = {
    "$": DOLLARS | _TIGHT_DOLLARS,
    "¥": _codes("CNY CN RMB; JPY JP"),
    "£": _codes("GBP GB UK STG stg; EGP E LE EGP; LBP LBP; IEP IR Ir IEP; CYP C CYP"),
    "₵": _codes("GHS GH Gh GHS"),
    "¢": _codes("GHS GH Gh GHS"),
    "₱": _codes("PHP PHP Php"),
    "₨": _codes("INR INR; PKR PKR"),
}
"""What stands before a sign, tightly or (in "$") after a space, and which currency it is then."""

SIGNED = {
    "$": frozenset((*DOLLARS.values(), *_words("CLP COP ARS UYU DOP CUP NIO BOB LRD SRD KYD BMD ZWL"))),
    "£": frozenset(("GBP", "EGP", "LBP", "SYP", "IEP", "CYP", "GIP", "FKP", "SHP")),
    "€": frozenset(("EUR",)),
}
"""A sign that may stand between a code and its number: "CAD $5m" → the codes that it goes with."""

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
        ISK króna krónur
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
        HRK kuna kunas
        MKD denar denars denari
        AZN manat manats
        MNT tugrik tugriks tögrög
        MMK kyat kyats
        KHR riel riels
        BTN ngultrum
        MVR rufiyaa
        BWP pula
        GHS cedi cedis
        ETB birr
        LSL maloti
        SZL lilangeni emalangeni
        MZN metical meticais
        AOA kwanza kwanzas
        GMD dalasi dalasis
        MRU ouguiya
        MGA ariary
        AFN afghani afghanis
        GTQ quetzales
        HNL lempira lempiras
        CRC colones
        PYG guaranies guaraníes
        BOB bolivianos
        HTG gourdes
        GEL lari
        TJS somoni
        ATS schilling schillings
        ESP peseta pesetas
        PTE escudo escudos
        GRD drachma drachmas drachmae
        ITL lire
        FIM markka markkaa
        SIT tolar tolars
        LTL litas litai
        LVL lats
        EEK kroon kroons krooni
        """,
        before="no",
    ),
    **_currencies("EUR euro euros", before="large"),
    **_currencies("DEM deutschmark deutschmarks\nNLG guilder guilders\nPEN soles\nRWF rwf", before="no"),
    **_currencies(
        "KRW won\nVND dong\nRON leu lei\nBGN lev leva\nALL lek leks\nAMD dram drams\nKGS som\nUZS soum\nLAK kip\n"
        "PGK kina\nIEP punt punts",
        before="no",
        after="large",
    ),
}
"""In lower case; they are written in any."""

WORDS = {
    **NOUNS,
    **_currencies(
        """
        INR Rs RS
        NPR NRs
        LKR SLRs
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
        PLN zł zl
        CZK Kč Kc
        KES KShs Ksh Kshs KSH
        UGX USh UShs Ush Ushs USH
        TZS TSh TShs Tsh Tshs TSH
        RWF Rwf FRw Frw RwF
        GHS GHc GHC
        PHP Php PhP
        XOF FCFA
        """
    ),
    **_currencies("ZAR R\nMYR RM\nQAR QR\nKWD KD\nBHD BD\nJOD JD\nOMR RO\nEGP LE\nDEM DM", before="large", after="no"),
    **_currencies(
        "FRF FF\nBEF BFr\nITL Lit\nESP Pta Ptas\nPTE Esc\nATS ÖS öS\nFIM FMk\nNLG Dfl\nSKK Sk",
        before="large",
        after="no",
    ),
    **_currencies("TRY TL", before="large", after="large"),
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
            "MVR BTN MMK KHR MNT UZS AZN RSD MKD MDL BYN NLG "
            "HRK TMT TJS AFN IRR YER SYP LSL SZL MZN AOA GMD MGA BIF DJF GNF CDF KMF SCR LRD PYG HTG AWG KYD "
            "VUV WST XPF BEF LUF FRF ITL GRD SKK EEK LVL"
        )
    },
    # A program, "try", a conference, a language, a name, a defibrillator, "mad", a library, and the like.
    **{
        code: Currency(code, "large", "large")
        for code in _words(
            "CAD TRY COP PHP RON AED MAD LBP MUR NAD PEN GEL LAK CRC DOP DEM BAM BOB CVE BSD SOS SDG SSP NIO PAB SBD "
            "ANG MRU SLE BMD GIP SRD MOP STN ATS ESP PTE FIM IEP SIT LTL CYP MTL"
        )
    },
    # A maker of chips, "cup", kilograms: the code of a sum only behind it.
    **{code: Currency(code, "no", "large") for code in _words("AMD CUP")},
    **{code: Currency(code, "large", "no") for code in _words("KGS")},
}
"""Written exactly like this."""

NATIONAL = {
    "dollar": _codes(
        "AUD australian; CAD canadian; NZD zealand; HKD kong; SGD singapore singaporean; USD us s "
        "american; BBD barbados barbadian bajan; TTD trinidad; FJD fijian; NAD namibian; GYD guyanese; "
        "TWD taiwan taiwanese; JMD jamaican; BSD bahamian; BZD belizean belize; XCD caribbean; BND brunei bruneian; "
        "LRD liberian; SRD surinamese; ZWL zimbabwean zimbabwe; BMD bermudian"
    ),
    "pound": _codes(
        "GBP british; EGP egyptian; LBP lebanese; SYP syrian; SDG sudanese; IEP irish; CYP cyprus cypriot; "
        "GIP gibraltar"
    ),
    "rupee": _codes(
        "INR indian; PKR pakistani pakistan; LKR lankan; NPR nepalese nepali nepal; MUR mauritian; SCR seychelles"
    ),
    "rand": _codes("ZAR african"),
    "won": _codes("KRW korean"),
    "krona": _codes("SEK swedish; ISK icelandic"),
    "kronor": _codes("SEK swedish"),
    "krone": _codes("DKK danish; NOK norwegian"),
    "kroner": _codes("DKK danish; NOK norwegian"),
    "crown": _codes("CZK czech; SEK swedish; DKK danish; NOK norwegian; SKK slovak; EEK estonian; ISK icelandic"),
    "koruna": _codes("CZK czech; SKK slovak"),
    "franc": _codes(
        "CHF swiss; RWF rwandan; XOF cfa; BEF belgian; FRF french; LUF luxembourg; CDF congolese; BIF burundian; "
        "GNF guinean; DJF djiboutian; XPF pacific"
    ),
    "dirham": _codes("AED emirati uae; MAD moroccan"),
    "riyal": _codes("SAR saudi; QAR qatari; OMR omani; YER yemeni"),
    "rial": _codes("QAR qatari; OMR omani; IRR iranian; YER yemeni"),
    "dinar": _codes(
        "KWD kuwaiti; BHD bahraini; JOD jordanian; IQD iraqi; TND tunisian; DZD algerian; LYD libyan; RSD serbian; "
        "MKD macedonian"
    ),
    "peso": _codes(
        "MXN mexican; PHP philippine; ARS argentine argentinian; CLP chilean; COP colombian; UYU uruguayan; "
        "DOP dominican; CUP cuban"
    ),
    "real": _codes("BRL brazilian"),
    "reais": _codes("BRL brazilian"),
    "shilling": _codes("KES kenya kenyan; UGX uganda ugandan; TZS tanzania tanzanian; SOS somali; ATS austrian"),
    "schilling": _codes("ATS austrian"),
    "cedi": _codes("GHS ghana ghanaian"),
    "kwacha": _codes("ZMW zambian; MWK malawian"),
    "pula": _codes("BWP botswana"),
    "birr": _codes("ETB ethiopian"),
    "sol": _codes("PEN peruvian"),
    "mark": _codes("DEM german d; FIM finnish; BAM convertible bosnian"),
    "marka": _codes("BAM convertible"),
    "manat": _codes("AZN azerbaijani; TMT turkmen"),
    "som": _codes("KGS kyrgyz; UZS uzbek"),
    "kina": _codes("PGK guinea"),
    "peseta": _codes("ESP spanish"),
    "escudo": _codes("PTE portuguese; CVE verdean"),
    "guilder": _codes("NLG dutch"),
    "rouble": _codes("RUB russian; BYN belarusian"),
    "ruble": _codes("RUB russian; BYN belarusian"),
    "leu": _codes("RON romanian; MDL moldovan"),
    "yen": _codes("JPY japanese"),
    "yuan": _codes("CNY chinese"),
    "lira": _codes("TRY turkish; ITL italian; MTL maltese"),
}
"""Singular noun (Scandinavian plurals too) → the word before it → code."""

FIRST_OF_TWO = {
    "zealand": "new",
    "kong": "hong",
    "s": "u",
    "african": "south",
    "korean": "south",
    "lankan": "sri",
    "guinea": "new",
    "taiwan": "new",
    "verdean": "cape",
}
"""Nations of two words: the second → the first."""
