"""Counts of people, seats and the like ("some 5,500 council employees"), and plain numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, verbatim
from llm_extract.fields.currencies import NOUNS, SIGNS
from llm_extract.fields.numbers import NUMBER_START, QUANTITY, parse_number

_IRREGULAR_PLURALS = {
    "person": ("persons", "people"),
    **dict.fromkeys(("people", "staff", "personnel", "police", "workforce", "crew"), ()),
    "child": ("children",),
    "headquarters": (),
}
# Between a number and what it counts stand adjectives and names, and none of these words.
_NOT_BETWEEN = (
    "a|an|the|and|or|but|nor|as|than|that|which|who|whose|if|when|while|in|on|at|by|to|for|from|with|without|of|"
    "into|over|under|across|per|cent|percent|percentage|pc|points?|times|is|are|was|were|be|been|will|would|can|"
    "could|has|have|had|said|says|gives?|gave|helps?|lets?|"
    "years?|months?|weeks?|days?|hours?|minutes?|am|pm|miles?|km|kilometres?|metres?|square|"
    "january|february|march|april|may|june|july|august|september|october|november|december|" + "|".join(sorted(NOUNS))
)
# "Windows 10 users", "Lot 2 staff": the number is part of a name.
_NAMES_BEFORE = (
    r"\b(?:windows|office|microsoft|dynamics|exchange|server|ios|android|version|release|level|tier|"
    r"phase|lot|band|grade|act|model|top|article|section|schedule|route|zone|wave|group|type|class|category|"
    r"stage|year|number|no\.|room|floor|channel|bbc|itv|covid)[\s-]\Z"
)
_YEAR_BEFORE = (
    r"\b(?:in|since|by|until|till|during|from|of|the|before|after|year|early|late|mid|spring|summer|"
    r"autumn|winter|january|february|march|april|may|june|july|august|september|october|november|december|"
    r"20[0-9]{2})[\s-]\Z"
)
_MONEY_SIGNS = "".join(SIGNS)
_RANGE_LOW = r"(?:(?<![\w.,/:·])[0-9][0-9,]{0,11}\s?[-–]\s?)?"
_NUMBER = rf"(?P<low>{_RANGE_LOW})(?<![{_MONEY_SIGNS}/:])(?P<number>(?>{QUANTITY}))"
# Before a noun an ordinary space may group digits too: "3 400 staff", but "In 2019 200 staff".
_SPACED = r"(?<![\w.,·])(?<![0-9] )[0-9]{1,3}(?: [0-9]{3}){1,4}(?![\w%])(?![.,·][0-9])"
_SPACED_LOW = r"(?:(?<![\w.,/:·])(?<![0-9] )[0-9]{1,3}(?: [0-9]{3}){1,4}\s?[-–]\s?)"
_COUNTED = rf"(?P<low>{_SPACED_LOW}|{_RANGE_LOW})(?<![{_MONEY_SIGNS}/:])(?P<number>(?>{_SPACED}|{QUANTITY}))"
_GAP = r"(?:[^\S\n]{1,2}|[-‐‑]|[^\S\n]?\n)"


def _plurals(noun: str) -> tuple[str, ...]:
    """The singular and the plurals of a noun of one or more words: "member of staff", "civil servant"."""
    head, of, rest = noun.partition(" of ")
    before, space, last = head.rpartition(" ")
    plurals = _IRREGULAR_PLURALS.get(last)
    if plurals is None:
        if re.search(r"[^aeiou]y$", last):
            plurals = (last[:-1] + "ies",)
        elif last.endswith(("s", "x", "z", "ch", "sh")):
            plurals = (last + "es",)
        elif last.endswith("man"):
            plurals = (last[:-2] + "en",)
        else:
            plurals = (last + "s",)
    return tuple(f"{before}{space}{word}{of}{rest}" for word in (last, *plurals))


@cache
def _count_of(nouns: tuple[str, ...]) -> re.Pattern[str]:
    """A number, up to four adjectives or names, and one of the nouns."""
    words = {plural for noun in nouns for plural in _plurals(" ".join(noun.lower().split()))}
    listed = "|".join(re.escape(word).replace(r"\ ", r"\s") for word in sorted(words, key=len, reverse=True))
    return re.compile(
        rf"{NUMBER_START}{_COUNTED}{_GAP}(?:of\s(?:the|its|their|our|his|her|all)\s(?:own\s)?)?"
        rf"(?:(?!(?:{_NOT_BETWEEN})(?!\w))[^\W\d_][\w'’&/]*{_GAP}){{0,4}}?"
        rf"(?:{listed})(?!\w)",
        re.IGNORECASE,
    )


@cache
def _regex(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


def _any_count() -> re.Pattern[str]:
    money = "|".join(sorted(NOUNS))
    return _regex(rf"{NUMBER_START}{_NUMBER}(?!\s?[%‰{_MONEY_SIGNS}]|[\s-](?:per\s?cent|pc|{money})(?!\w)|[/:][0-9])")


def _looks_like_a_year(digits: str) -> bool:
    return len(digits) == 4 and digits.isdecimal() and 1950 <= int(digits) < 2050


@dataclass(frozen=True)
class CountField(FieldType[int]):
    """Whole numbers that count something.

    `of`: the nouns that are counted, in the singular ("user", "member of staff"); one of them must
    follow the number within a few words. With none, every whole number is a mention. A number that
    may be a year, a sum of money or a percentage is never a count; of a range the top counts.
    """

    of: tuple[str, ...] = ()

    name: ClassVar[str] = "count"
    extractive: ClassVar[bool] = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """Every count in `text`, from its number to the noun."""
        return list(self._mentions(text))

    def _mentions(self, text: str) -> Iterator[Mention[int]]:
        for match in (_count_of(self.of) if self.of else _any_count()).finditer(text):
            start, digits = match.start(), match["number"]
            number = parse_number(re.sub(r"(?<=[0-9]) (?=[0-9])", "", digits))
            if number is None or number != number.to_integral_value():
                continue
            if match["low"] and _looks_like_a_year(match["low"].rstrip(" -–")):  # "the 2015-16 staff survey"
                continue
            if _looks_like_a_year(digits):
                before = _regex(_YEAR_BEFORE).search(text, max(0, start - 12), start)
                if not self.of or before is not None or int(digits) % 50:
                    continue
            if (number < 1000 or " " in digits) and self.of:
                if digits.lower() == "one" and re.match(r"[\s-]of\s", text[match.end("number") :][:5]):
                    continue
                if _regex(_NAMES_BEFORE).search(text, max(0, start - 12), start):
                    continue
            yield Mention(start, match.end(), match.group(), int(number))

    def parse(self, words: str, context: Context = NO_CONTEXT) -> int | None:
        """The one count that `words` state."""
        values = {mention.value for mention in self._mentions(words)}
        return values.pop() if len(values) == 1 else None

    def support(self, quote: str, value: int, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states this count; it may state others beside it."""
        return any(mention.value == value for mention in self._mentions(quote))

    def shape(self) -> Any:
        """The article's own words, the noun included."""
        return verbatim(120)


def _numbers(text: str) -> Iterator[tuple[re.Match[str], Decimal]]:
    """Every number in `text` with its sign, and the words of it, percent sign included."""
    pattern = _regex(
        rf"(?P<minus>(?<![\w)\]])[-−](?=[0-9]))?(?P<number>{QUANTITY})"
        r"(?:\s?[%‰]|[\s-](?:per\s?cent|pc)(?!\w))?"
    )
    for match in pattern.finditer(text):
        number = parse_number(match["number"])
        if number is not None:
            yield match, -number if match["minus"] else number


@dataclass(frozen=True)
class NumberField(FieldType[float]):
    """Any number, with decimals or not; "10 per cent" is 10."""

    name: ClassVar[str] = "number"
    extractive: ClassVar[bool] = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[float]]:
        """Every number in `text`, with its sign and percent sign."""
        return list(self._mentions(text))

    def _mentions(self, text: str) -> Iterator[Mention[float]]:
        for match, number in _numbers(text):
            yield Mention(match.start(), match.end(), match.group(), float(number))

    def parse(self, words: str, context: Context = NO_CONTEXT) -> float | None:
        """The one number that `words` state."""
        values = {mention.value for mention in self._mentions(words)}
        return values.pop() if len(values) == 1 else None

    def support(self, quote: str, value: float, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states this number; it may state others beside it."""
        return any(self.same(mention.value, value) == 1.0 for mention in self._mentions(quote))

    def same(self, a: float, b: float) -> float:
        """1.0 if equal but for the rounding of floating point."""
        return 1.0 if math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) else 0.0

    def shape(self) -> Any:
        """The article's own words for the number."""
        return verbatim(120)


@dataclass(frozen=True)
class WholeNumberField(FieldType[int]):
    """Any whole number, years among them: what a plain `int` of a schema takes."""

    name: ClassVar[str] = "whole number"
    extractive: ClassVar[bool] = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """Every whole number in `text`, with its sign and percent sign."""
        return [
            Mention(match.start(), match.end(), match.group(), int(number))
            for match, number in _numbers(text)
            if number == number.to_integral_value()
        ]

    def parse(self, words: str, context: Context = NO_CONTEXT) -> int | None:
        """The one number that `words` state, if it is whole."""
        values = {number for _, number in _numbers(words)}
        value = values.pop() if len(values) == 1 else None
        return int(value) if value is not None and value == value.to_integral_value() else None

    def shape(self) -> Any:
        """The article's own words for the number."""
        return verbatim(120)
