"""Counts of people, seats and the like ("some 5,500 council employees"), and plain numbers.

Words that are said to be a count of staff are read where they name another occupation than a schema lists ("three
hundred foresters"), or only stand for one: "its midwives, all 95 of them", "How many people use it? About 260".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, read_around, verbatim
from llm_extract.fields.currencies import NOUNS, SIGNS
from llm_extract.fields.numbers import NUMBER_START, QUANTITY, parse_number
from llm_extract.fields.people import NOT_STAFF, OCCUPATION

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
    "o['’]clock|its|their|our|his|her|my|your|these|those|other|others|more|"
    "january|february|march|april|may|june|july|august|september|october|november|december|" + "|".join(sorted(NOUNS))
)
# In "the first stage 130 staff" the number is no part of a name.
_WHICH = r"\b(?:first|second|third|fourth|final|last|next|each|this|that)\s\w+[\s-]\Z"
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
# What may stand before the number in a label: "Staff who will use it: some 410".
_SOME = (
    r"(?:about|around|some|approx\.?|approximately|roughly|circa|c\.|ca\.|up\sto|over|nearly|almost|estimated|"
    r"at\sleast|more\sthan)"
)
_ABOUT = rf"(?:{_SOME}\s?)?"
# … and behind it: no other noun.
_NO_NOUN = r"(?=\s?(?:[,;)|\n]|\.(?![0-9])|\Z)|\s(?:in|at|across|on|and|from|over)\s)"
_PLAIN = rf"(?>{_SPACED}|{QUANTITY})"
_LABELLED = rf"(?:(?-i:[:|])\s{{0,2}}{_ABOUT}|\s(?:number|total)(?:l?ed)?\s{_SOME}\s)"
_LABELLED += rf"(?P<low>){NUMBER_START}(?P<number>{_PLAIN}){_NO_NOUN}"
_ANSWER_REACH = 120  # characters before "all 95 of them" where those may stand
_STAFF = frozenset(("user", "staff", "employee", "worker", "people"))
_LONGEST_LABEL = 120  # characters from the noun to the colon
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


def _one_of(words: set[str]) -> str:
    """The words by first letter: one look at the text rules most of them out."""
    by_letter: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_letter.setdefault(word[:1], []).append(re.escape(word[1:]).replace(r"\ ", r"\s"))
    return "|".join(
        rf"(?-i:[{re.escape(first + first.upper())}])(?:{'|'.join(rest)})" for first, rest in by_letter.items() if first
    )


def _forms(nouns: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """The nouns in all their forms, and in the plural alone ("staff" is both)."""
    forms = [_plurals(" ".join(noun.lower().split())) for noun in nouns]
    return {word for words in forms for word in words}, {word for words in forms for word in words[1:] or words}


@cache
def _count_of(nouns: tuple[str, ...]) -> re.Pattern[str]:
    """A number, up to four adjectives or names, and one of the nouns."""
    every, plural = _forms(nouns)
    between = rf"(?:(?=(?:in|on)-[^\W\d_])|(?!(?:{_NOT_BETWEEN})(?!\w)))[^\W\d_][\w'’&/]*"
    # "340 3rd Coast staff", "900 Dunn & Hale staff", "400 field and office staff", but not "4 offices and staff".
    between = rf"(?:{between}(?:(?<!s)(?:\s(?:and|or)|,)(?=\s))?|&|[0-9]{{1,2}}(?:st|nd|rd|th)){_GAP}"
    return re.compile(
        rf"{NUMBER_START}(?!one\sof\s){_COUNTED}\)?{_GAP}(?:[“\"‘'](?=\w))?"
        rf"(?:of\sus(?!\w)|(?:of\s(?:the|its|their|our|his|her|all)\s(?:own\s)?(?:{NUMBER_START}{QUANTITY}{_GAP})?)?"
        # "A 400-user licence", but not "400 automated teller machines".
        rf"(?:(?:{_one_of(every)})(?!\w)|(?:{between}){{0,4}}?(?:{_one_of(plural)})(?!\w)))",
        re.IGNORECASE,
    )


@cache
def _answer_of(nouns: tuple[str, ...]) -> re.Pattern[str]:
    """A number and an occupation; one that stands for those named before it; one that answers "how many?"."""
    every, plural = _forms(nouns)
    between = rf"(?!(?:{_NOT_BETWEEN})(?!\w)|{NOT_STAFF})[^\W\d_][\w'’&/]*(?:(?<!s)(?:\s(?:and|or)|,)(?=\s))?{_GAP}"
    people = rf"(?:{OCCUPATION}|(?:{_one_of(plural)})(?!\w))(?!['’](?:s(?!\w))?\s[^\W\d_])"
    some = rf"(?:all\s(?:of\s)?)?{_ABOUT}"
    words = rf"(?:(?!{NOT_STAFF})[^.!?\n0-9£$€])"
    return re.compile(
        rf"{NUMBER_START}(?!one\sof\s){_COUNTED}{_GAP}(?:of\syou(?!\w)"
        rf"|(?:of\s(?:the|its|their|our|his|her|all)\s(?:own\s)?)?(?:{between}){{0,4}}?{people})"
        # "Its midwives, all 95 of them", "It has clerks. About 260 of them".
        rf"|(?<!\w){people}{words}{{0,80}}?(?:\.\s{words}{{0,20}}?)?(?<!\w){some}(?P<them>{_PLAIN})\sof\sthem(?!\w)"
        rf"|(?<!\w){people},\sall\s(?P<all>{_PLAIN}){_NO_NOUN}"
        rf"|(?<!\w)how\smany\s(?:of\s)?(?:[^\W\d_]+\s){{0,3}}?(?:{_one_of(every)})(?!\w)[^.!?\n0-9]{{0,60}}"
        rf"\?\s{{0,2}}(?:[-–—]\s)?{some}(?P<asked>{_PLAIN}){_NO_NOUN}",
        re.IGNORECASE,
    )


@cache
def _label_of(nouns: tuple[str, ...]) -> re.Pattern[str]:
    """One of the nouns and up to ten words, where a label ends."""
    return re.compile(
        rf"(?<!\w)(?:{_one_of(_forms(nouns)[0])})(?:\s[^\W\d_][^\W\d_'’-]{{0,20}}){{0,10}}\s?\Z", re.IGNORECASE
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
    follow the number within a few words, or stand in the label before it ("Number of users: 400").
    Of a part and its whole ("850 of its 4,700 staff") the part counts, of a range the top.
    With no nouns, every whole number is a mention. A number that may be a year, a sum of money or a
    percentage is never a count.
    """

    of: tuple[str, ...] = ()

    name: ClassVar[str] = "count"
    extractive: ClassVar[bool] = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """Every count in `text`, from its number to the noun, or from the noun of a label to its number."""
        found = list(self._counted(text))
        if self.of:
            taken = {offset for mention in found for offset in (mention.start, mention.end - 1)}
            found += [
                mention
                for mention in self._labelled(text)
                if not any(mention.start <= offset < mention.end for offset in taken)
            ]
            found.sort(key=lambda mention: mention.start)
        return found

    def _counted(self, text: str) -> Iterator[Mention[int]]:
        for match in (_count_of(self.of) if self.of else _any_count()).finditer(text):
            number = self._number(text, match["number"], match["low"], match.start())
            if number is not None:
                yield Mention(match.start(), match.end(), match.group(), number)

    def _labelled(self, text: str) -> Iterator[Mention[int]]:
        """Number of users: 3,400."""
        floor = 0
        for match in _regex(_LABELLED).finditer(text):
            label = _label_of(self.of).search(text, max(floor, match.start() - _LONGEST_LABEL), match.start())
            number = self._number(text, match["number"], "", label.start()) if label is not None else None
            if label is not None and number is not None:
                floor = match.end()
                yield Mention(label.start(), floor, text[label.start() : floor], number)

    def _answered(self, text: str) -> list[Mention[int]]:
        """What `text` counts if it is said to count staff, seats or whoever else `of` names."""
        found: list[Mention[int]] = []
        if not self._of_staff:
            return found
        for match in _answer_of(self.of).finditer(text):
            digits = next(match[name] for name in ("number", "them", "all", "asked") if match[name])
            number = self._number(text, digits, match["low"] or "", match.start())
            if number is not None:
                found.append(Mention(match.start(), match.end(), match.group(), number))
        return found

    @property
    def _of_staff(self) -> bool:
        return not _STAFF.isdisjoint(self.of)

    def _number(self, text: str, digits: str, low: str, start: int) -> int | None:
        """The count of a mention that begins at `start`; None if its number is of another kind."""
        number = parse_number(re.sub(r"(?<=[0-9]) (?=[0-9])", "", digits))
        if number is None or number != number.to_integral_value():
            return None
        if low and _looks_like_a_year(low.rstrip(" -–")):  # "the 2015-16 staff survey"
            return None
        if _looks_like_a_year(digits):
            before = _regex(_YEAR_BEFORE).search(text, max(0, start - 12), start)
            if not self.of or before is not None or int(digits) % 50:
                return None
        if (number < 1000 or " " in digits) and self.of:
            if _regex(_NAMES_BEFORE).search(text, max(0, start - 12), start) and not (
                _regex(_WHICH).search(text, max(0, start - 24), start)
            ):
                return None
        return int(number)

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """As `FieldType.read`; where the words hold none of the nouns, any occupation is one of them."""
        found = super().read(text, start, end, context)
        return found or read_around(self._answered, text, start, end, _ANSWER_REACH)

    def parse(self, words: str, context: Context = NO_CONTEXT) -> int | None:
        """The one count that `words` state."""
        values = {mention.value for mention in self.find(words) or self._answered(words)}
        return values.pop() if len(values) == 1 else None

    def support(self, quote: str, value: int, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states this count; it may state others beside it."""
        return any(mention.value == value for mention in (*self.find(quote), *self._answered(quote)))

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
class NumberField(FieldType[float | Decimal]):
    """Any number, with decimals or not; "10 per cent" is 10."""

    name: ClassVar[str] = "number"
    extractive: ClassVar[bool] = True

    exact: bool = False
    """Whether values are Decimals, to the last digit, and not floating-point numbers."""

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[float | Decimal]]:
        """Every number in `text`, with its sign and percent sign."""
        return list(self._mentions(text))

    def _mentions(self, text: str) -> Iterator[Mention[float | Decimal]]:
        for match, number in _numbers(text):
            yield Mention(match.start(), match.end(), match.group(), number if self.exact else float(number))

    def parse(self, words: str, context: Context = NO_CONTEXT) -> float | Decimal | None:
        """The one number that `words` state."""
        values = {mention.value for mention in self._mentions(words)}
        return values.pop() if len(values) == 1 else None

    def support(self, quote: str, value: float | Decimal, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states this number; it may state others beside it."""
        return any(self.same(mention.value, value) == 1.0 for mention in self._mentions(quote))

    def same(self, a: float | Decimal, b: float | Decimal) -> float:
        """1.0 if equal but for the rounding of floating point."""
        if self.exact and isinstance(a, Decimal) and isinstance(b, Decimal):
            return 1.0 if a == b else 0.0
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
