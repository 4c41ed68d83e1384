"""Numbers as newspapers write them: digits, words, and scale words such as "bn" or "lakh".

The constants are sources of regular expressions without capturing groups, to be put into larger
ones. They want `re.IGNORECASE` (or ``(?i:…)``) and nothing else, and each takes time linear in the
text: every repetition in them is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from types import MappingProxyType

_UNITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_SMALL: Mapping[str, int] = {
    **{word: number for number, word in enumerate(_UNITS, start=1)},
    **{word: number for number, word in enumerate(_TEENS, start=10)},
    **dict(zip(_TENS, range(20, 100, 10), strict=True)),
    "fourty": 40,
}
_SCALE_WORDS: Mapping[str, int] = {
    "thousand": 10**3,
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 10**5),
    **dict.fromkeys(("million", "millions"), 10**6),
    **dict.fromkeys(("crore", "crores"), 10**7),
    **dict.fromkeys(("billion", "billions", "milliard", "milliards"), 10**9),
    **dict.fromkeys(("trillion", "trillions"), 10**12),
}
SCALES: Mapping[str, int] = MappingProxyType(
    {
        **_SCALE_WORDS,
        "hundred": 100,
        "k": 10**3,
        **dict.fromkeys(("m", "mn", "mln", "mio", "mil", "mill"), 10**6),
        "cr": 10**7,
        **dict.fromkeys(("oku", "eok"), 10**8),  # Japan's and Korea's hundred million
        **dict.fromkeys(("b", "bn", "bln", "mrd", "mld", "mia"), 10**9),
        **dict.fromkeys(("tn", "trn", "tln"), 10**12),
    }
)
"""What a number is multiplied by, by the word or letter after it, in lower case.

A billion is a thousand million, as every English-language newspaper has it now.
"""

NUMBER_ENDINGS = frozenset((*_SMALL, *SCALES, "half", "quarter", "quarters", "dozen"))
"""Every word, in lower case, that can be the last of a number."""

_FRACTION_SIGNS = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}


def _one_of(words: Mapping[str, int] | tuple[str, ...]) -> str:
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


_BREAK = r"(?:[-‐]\n)"


def _one_of_broken(words: Mapping[str, int]) -> str:
    """As `_one_of`, but a hyphen and a line end may break the longer words, as in a PDF: "bil-⏎lion"."""
    ordered = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(f"{_BREAK}?".join(word) if len(word) > 4 else word for word in ordered) + ")"


# Between the words of one number; a line may end there, a paragraph may not.
_GAP = r"(?:\s?[-‐‑]\s?|[^\S\n]{1,3}|[^\S\n]?\n)"
SCALE_GAP = r"(?:[^\S\n]{0,2}|[-‐‑]|\n)"
"""What may stand between a number in digits and its scale."""

_GROUP_SPACE = "\u00a0\u2007\u2009\u202f'’"  # an ordinary space separates two numbers, not two groups
_POINT = "[.·]"

DIGITS = (
    "(?:"
    rf"[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,5}}(?:{_POINT}[0-9]{{1,6}})?"  # 1,250,000.50
    rf"|[0-9]{{1,2}}(?:,[0-9]{{2}}){{1,6}},[0-9]{{3}}(?:{_POINT}[0-9]{{1,6}})?"  # 1,20,000
    rf"|[0-9]{{1,3}}(?:[{_GROUP_SPACE}][0-9]{{3}}){{1,5}}(?:[.,·][0-9]{{1,6}})?"  # 34 000; 1'200'000
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,5}(?:,[0-9]{1,6})?"  # 1.250.000,50
    r"|[0-9]{1,3}\.[0-9]{3},[0-9]{1,2}"  # 1.250,50
    r"|[0-9]{1,3}\s?[½¼¾]"
    rf"|[0-9]{{1,15}}(?:{_POINT}[0-9]{{1,6}}|,[0-9]{{1,2}})?"  # 34000; 1.2; 1,8 with a decimal comma
    r"|[½¼¾]"
    r")(?![0-9])(?![.,·][0-9])"
)
"""A number in digits, without bounds on its left side or against letters on its right ("£40m")."""

# What numbers begin with: looked for first, since most places of a text begin none.
_DIGITS_START = r"(?=[0-9½¼¾])(?<![\w.·])(?<![0-9],)"
AFTER_ARTICLE = r"[\s‐‑-]{1,3}(?:hun|hal|qua|doz|t[hr‐-]|l[a‐-]|m[i‐-]|c[r‐-]|b[i‐-])"
"""How the second word of a number begins whose first is "a" or "an": "a hundred", "a quarter", "a mil-⏎lion"."""
_WORDS_START = rf"(?<!\w)(?=one|t(?:w|h|e)|f(?:o|i)|s(?:i|e)|e(?:i|l)|ni|ha|an?{AFTER_ARTICLE})"
NUMBER_START = rf"(?:(?=[0-9½¼¾])|{_WORDS_START})"
"""A place where a number may begin, in digits or in words: put first, it saves most of a long search."""

AND_FRACTION = rf"{_GAP}and{_GAP}(?:(?:an?{_GAP})?half|an?{_GAP}quarter|three{_GAP}quarters)"
"""What adds a fraction to the number before it: "two and a half"."""

_BELOW_HUNDRED = rf"(?:{_one_of((*_TENS, 'fourty'))}(?:{_GAP}{_one_of(_UNITS)})?|{_one_of(_TEENS)}|{_one_of(_UNITS)})"
# "between one hundred and two hundred" holds two numbers, hence the look ahead.
_BELOW_THOUSAND = (
    rf"(?:(?:{_BELOW_HUNDRED}|an?){_GAP}hundred"
    rf"(?:{_GAP}(?:and{_GAP})?{_BELOW_HUNDRED}(?!\w)(?!{_GAP}hundred))?"
    rf"|{_BELOW_HUNDRED})(?!\w)"
)
_SCALE_WORD = _one_of_broken(_SCALE_WORDS) + r"(?!\w)"
_DECIMALS = ("zero", "nought", "oh", *_UNITS)
_AND_DECIMALS = rf"{_GAP}point(?:{_GAP}{_one_of(_DECIMALS)}){{1,3}}(?!\w)"  # before a scale only: "one point. Two …"
_MULTIPLIER = (
    rf"(?:{_BELOW_THOUSAND}(?:{AND_FRACTION}|{_AND_DECIMALS})?"
    rf"|half(?:{_GAP}an?)?|an?{_GAP}half"
    rf"|(?:an?{_GAP}quarter|three{_GAP}quarters){_GAP}of{_GAP}an?"
    rf"|an?)"
)
# "Two crores and ten lakhs" and "one thousand and fifty crore" are one number, "one million and two million" are two.
_CRORES_AND = (
    rf"(?:(?:(?<=crore)|(?<=crores)){_GAP}and(?={_GAP}{_BELOW_THOUSAND}{_GAP}(?:lakh|lac))"
    rf"|(?<=thousand){_GAP}and(?={_GAP}{_BELOW_HUNDRED}{_GAP}crore))"
)
NUMBER_WORDS = (
    rf"{_WORDS_START}(?:"
    rf"{_MULTIPLIER}(?:{_GAP}{_SCALE_WORD}){{1,2}}"
    rf"(?:{_CRORES_AND}?{_GAP}{_BELOW_THOUSAND}{_GAP}{_SCALE_WORD}){{0,3}}"
    rf"(?:{AND_FRACTION}|(?:{_GAP}and)?{_GAP}{_BELOW_THOUSAND}(?!{_GAP}{_SCALE_WORD}))?"
    rf"|(?:half{_GAP}an?|an?){_GAP}dozen"
    rf"|{_BELOW_THOUSAND}(?:{AND_FRACTION}|{_GAP}dozen)?"
    rf"|three{_GAP}quarters"
    r"|half"
    r")(?!\w)"
)
"""A number in words: "sixty", "two-and-a-half", "one hundred and fifty", "four point eight million", "a dozen"."""

NUMBER = rf"(?:{_DIGITS_START}{DIGITS}(?:{AND_FRACTION})?(?!\w)|{NUMBER_WORDS})"
"""A number in digits without a scale ("34,000", "2½", "2 and a half"), or in words. Word-bounded."""

SCALE = rf"(?:{_one_of_broken(SCALES)}(?!\w))"
"""One scale word or letter."""

_BLANK = r"[^\S\n]{1,2}"  # at a line's end the next row of a table may begin
_AND_PART = (
    r"(?:(?<=lakh)|(?<=lakhs)|(?<=[mb]illion)|(?<=crore)|(?<=crores))"
    rf"{_BLANK}and{_BLANK}a{_BLANK}(?:half|quarter)(?![\w‐‑-])"
    rf"(?!\s(?:of|dozen|hour|day|month|year|share|stake|{_SCALE_WORD})(?!\w))"
)
_SMALLER = (
    rf"(?:(?:(?<=crore)|(?<=crores)|(?<=cr)){_BLANK}(?:and{_BLANK})?{DIGITS}{SCALE_GAP}(?:lakhs?|lacs?)"
    rf"|(?:(?<=billion)|(?<=bn)){_BLANK}{DIGITS}{SCALE_GAP}million"
    rf"|(?:(?<=million)|(?<=lakh)|(?<=lakhs)){_BLANK}{DIGITS}{SCALE_GAP}thousand)(?!\w)"
)
SMALLER_PART = rf"(?:(?=[^\S\n]{{1,2}}(?:[0-9½¼¾]|and\s))(?:{_AND_PART}|{_SMALLER}(?:{_SMALLER})?))"
"""What adds a smaller part to a number in digits with a scale before it: "2 crore 50 lakh", "2 million and a half"."""

_SCALED = rf"{DIGITS}(?:{AND_FRACTION})?(?:{SCALE_GAP}{SCALE}(?:{_GAP}{_SCALE_WORD})?(?:{SMALLER_PART})?)?"
QUANTITY = rf"(?:{_DIGITS_START}{_SCALED}(?!\w)|{NUMBER_WORDS})"
"""A number in digits with or without a scale ("34,000", "1.2bn", "3.5 lakh crore"), or in words."""


@cache
def _written_number() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<digits>{DIGITS})(?P<fraction>{AND_FRACTION})?"
        rf"(?:{SCALE_GAP}(?P<scale>{SCALE})(?:{_GAP}(?P<scale_of_scale>{_SCALE_WORD}))?"
        rf"(?:(?P<and_part>{_AND_PART})|(?P<smaller>{SMALLER_PART}))?)?(?!\w)"
        rf"|(?P<words>{NUMBER_WORDS})",
        re.IGNORECASE,
    )


@cache
def _part() -> re.Pattern[str]:
    return re.compile(rf"{DIGITS}{SCALE_GAP}{SCALE}", re.IGNORECASE)


@cache
def _broken_scale() -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W\d_]){_SCALE_WORD}", re.IGNORECASE)


def _mended(words: str) -> str:
    """`words` with its broken scale words whole again."""
    if "\n" not in words:
        return words
    return _broken_scale().sub(lambda match: re.sub(_BREAK, "", match.group()), words)


@lru_cache(maxsize=1024)
def parse_number(words: str) -> Decimal | None:
    """The number that exactly these words write, or None. Never raises.

    Scale words count: "1.2bn", "34k", "half a million". White space around is ignored. A comma
    before one or two digits is a decimal comma ("1,8"), before three it groups ("1,800").

    >>> parse_number("two-and-a-half million")
    Decimal('2500000.0')
    """
    match = _written_number().fullmatch(_mended(words.strip()))
    if match is None:
        return None
    if match["words"] is not None:
        return _number_of_words(match["words"])
    number, unit = _number_of_digits(match["digits"]), Decimal(1)
    if match["fraction"] is not None:
        fraction = _number_of_words(match["fraction"])
        if fraction is None:
            return None
        number += fraction
    for scale in (match["scale"], match["scale_of_scale"]):
        if scale is not None:
            factor = SCALES.get(scale.lower())
            if factor is None:  # a letter such as "ſ" that the regular expression takes for "s"
                return None
            unit *= factor
    number *= unit
    if match["and_part"] is not None:
        number += unit * Decimal("0.5" if match["and_part"].lower().endswith("half") else "0.25")
    for part in _part().findall(match["smaller"] or ""):
        smaller = parse_number(part)
        if smaller is None:
            return None
        number += smaller
    return number


def _number_of_digits(digits: str) -> Decimal:
    number = Decimal(0)
    if digits[-1] in _FRACTION_SIGNS:
        number = _FRACTION_SIGNS[digits[-1]]
        digits = digits[:-1].rstrip()
        if not digits:
            return number
    return number + Decimal(_with_english_separators(digits))


def _with_english_separators(digits: str) -> str:
    """`digits` with a point before the decimals and nothing between the groups."""
    compact = re.sub(f"[{_GROUP_SPACE}]", "", digits).replace("·", ".")
    commas, points = compact.count(","), compact.count(".")
    if points > 1 or (points and compact.rfind(",") > compact.rfind(".")):  # 1.250.000 or 1.250,50
        return compact.replace(".", "").replace(",", ".")
    if commas == 1 and not points:
        decimals = len(compact) - compact.index(",") - 1
        grouped_otherwise = len(compact) != len(digits)  # 1 250,125
        if decimals != 3 or grouped_otherwise or compact.startswith("0,"):
            return compact.replace(",", ".")
    return compact.replace(",", "")


def _number_of_words(words: str) -> Decimal | None:
    """Sums up words that the regular expression found to be in a sound order."""
    total, current, added, last_scale = Decimal(0), Decimal(0), Decimal(0), 0
    decimal: Decimal | None = None  # what one digit behind "point" is worth
    for word in re.findall(r"[^\W\d_]+", words.lower()):
        if word in ("and", "a", "an", "of"):
            continue
        if word == "point":
            decimal = Decimal("0.1")
        elif decimal is not None and word in _DECIMALS:
            current += decimal * _SMALL.get(word, 0)
            decimal /= 10
        elif word in _SMALL:
            added = Decimal(_SMALL[word])
            current += added
        elif word in ("half", "quarter"):
            part = Decimal("0.5") if word == "half" else Decimal("0.25")
            if last_scale and not current:  # "a million and a half"
                total += part * last_scale
            else:
                current += part
        elif word == "quarters":  # "three quarters": the three is no whole number
            current -= added * Decimal("0.75")
        elif word in ("hundred", "dozen"):
            current = (current or 1) * Decimal(100 if word == "hundred" else 12)
        elif word in _SCALE_WORDS:
            factor, decimal = _SCALE_WORDS[word], None
            if last_scale and not current:  # "lakh crore"
                total *= factor
                last_scale *= factor
            elif last_scale and factor > last_scale:  # "two thousand five hundred crore"
                total = (total + current) * factor
                current, last_scale = Decimal(0), factor
            else:
                total += (current or 1) * factor
                current, last_scale = Decimal(0), factor
        else:
            return None
    return total + current
