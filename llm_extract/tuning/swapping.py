"""Swapping: the same article about other bodies, other sums and other years.

A hand-written article teaches its way of telling; read twice, it also teaches its names by heart. So each
reading has other rare words (with the same first letter, so that abbreviations still fit), other
digits and other years, the same everywhere in the article and in its answers.
"""

from __future__ import annotations

import calendar
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from llm_extract.tuning.lessons import Lesson, changed, words_of

_WORD = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(
    r"(?P<word>[^\W\d_]+)|(?P<number>\d+(?:[.,\u202f\u00a0]\d+)*)",
)
_TERM_WORD = re.compile(r"\b(?:three|four|five|six|seven|eight|nine|ten)(?=[- ](?:year|month))", re.IGNORECASE)
_TERM_WORDS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten")

_SHORTEST_NAME = 4
_CALENDAR = frozenset(
    f"{' '.join(calendar.month_name)} {' '.join(calendar.day_name)} sept spring summer autumn winter".lower().split()
)
_WELL_KNOWN = 3
"""A capitalised word of this many articles is no name of one of them ("Council", "April", "Microsoft")."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of the articles that swapping draws on."""

    common: frozenset[str]
    """In lower case: words that are not swapped. Months and weekdays always are: a date has to stay one."""
    names: dict[str, tuple[str, ...]]
    """First letter → rare capitalised words."""


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """The vocabulary of a set of articles."""
    lower: set[str] = set()
    capitalised: Counter[str] = Counter()
    for text in texts:
        words = set(_WORD.findall(text))
        lower |= {word for word in words if word[0].islower()}
        capitalised.update({word.capitalize() for word in words if word[0].isupper()})
    common = lower | _CALENDAR | {word.lower() for word, count in capitalised.items() if count >= _WELL_KNOWN}
    names: dict[str, list[str]] = defaultdict(list)
    for word in sorted(capitalised):
        if word.lower() not in common and len(word) >= _SHORTEST_NAME:
            names[word[0]].append(word)
    return Vocabulary(frozenset(common), {letter: tuple(words) for letter, words in names.items()})


def swap(lesson: Lesson, known: Vocabulary, chance: random.Random) -> Lesson:
    """The lesson with other names, digits, years and terms; the lesson itself where that does not come out."""
    change = _change(lesson.text, known, chance)
    return changed(lesson, change(lesson.text), change) or lesson


def thin(lesson: Lesson, chance: random.Random) -> Lesson:
    """The lesson without some of the paragraphs in which no answer's words stand: what is told around a fact varies."""
    answers = {words for line, said in lesson.lines for words in words_of(said)}
    paragraphs = [paragraph for paragraph in lesson.text.split("\n\n") if paragraph.strip()]
    share = chance.random() / 2
    kept = [
        paragraph
        for paragraph in paragraphs
        if chance.random() >= share or any(words in " ".join(paragraph.split()) for words in answers)
    ]
    return changed(lesson, "\n\n".join(kept), lambda words: words) or lesson if kept else lesson


def _change(text: str, known: Vocabulary, chance: random.Random) -> Callable[[str], str]:
    there = {word.capitalize() for word in _WORD.findall(text)}
    words: dict[str, str] = {}
    taken: set[str] = set()
    for word in sorted(there):
        if len(word) < _SHORTEST_NAME or word.lower() in known.common:
            continue
        others = [other for other in known.names.get(word[0], ()) if other not in there and other not in taken]
        if others:
            words[word] = chance.choice(others)
            taken.add(words[word])  # two names stay two
    shift = chance.randint(-6, 6)
    digits: dict[str, str] = {}
    for number in sorted({match["number"] for match in _PARTS.finditer(text) if match["number"]}):
        digits[number] = _year(number, shift) or _other_digits(number, chance)
    turned = list(_TERM_WORDS)
    chance.shuffle(turned)
    terms = dict(zip(_TERM_WORDS, turned, strict=True))

    def part(match: re.Match[str]) -> str:
        number = match["number"]
        if number:
            return digits.get(number, number)
        word = match["word"]
        new = words.get(word.capitalize()) if word[0].isupper() else None
        if new is None:
            return word
        return new.upper() if word.isupper() else new

    def term(match: re.Match[str]) -> str:
        new = terms[match[0].lower()]
        return new.capitalize() if match[0][0].isupper() else new

    return lambda words_: _TERM_WORD.sub(term, _PARTS.sub(part, words_))


def _year(number: str, shift: int) -> str | None:
    if len(number) == 4 and number.isdigit() and 1980 <= int(number) <= 2040:
        return str(int(number) + shift)
    return None


def _other_digits(number: str, chance: random.Random) -> str:
    """Other digits in the same form; numbers up to 99 stay, they are days, versions and terms."""
    whole = re.split(r"[.,\u202f\u00a0]", number)
    if len(whole) == 1 and len(number) <= 2:
        return number
    tail = len(number) - len(number.rstrip("0"))
    new = []
    first = True
    for index, character in enumerate(number):
        if not character.isdigit() or index >= len(number) - tail:
            new.append(character)
        elif first:
            new.append(str(chance.randint(1, 9)))
            first = False
        else:
            new.append(str(chance.randint(0, 9)))
    return "".join(new)
