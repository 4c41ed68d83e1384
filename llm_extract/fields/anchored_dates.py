"""Dates that are counted from another date of the article: "the next day", "three days later", "1 July of that year".

What they are counted from, their anchor, is the nearest date before them. Such a date is stated by a passage: from
the anchor to the words that count from it, "31 March 2019. Its place was taken by Orrel, which started the next day".

- Days and weeks are counted from a day, a month from a month or from its first day, years from a year or a month;
  what is less exact gives nothing.
- "on the 10th", with nothing beside it, is in the month of an anchor of the same month or day before it.
- "the following July" is the first one after an anchor that is a month or a day; "that December" and "the same
  year" are of the anchor's own year.
- "that year", "the year after" and the like need an anchor whose own words state the year.
- "Almost a month later" and "the same day as the others" give nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

from llm_extract.fields.date_readings import Reading, find_readings
from llm_extract.fields.date_words import DAY_TH, MONTH, NTH, SEASON, day_number, month_number
from llm_extract.fields.numbers import parse_number
from llm_extract.fields.partial_dates import add_months, iso, parts
from llm_extract.fields.text import EDGES

_FARTHEST: Final = 250
"""How many characters before the words their anchor may stand."""
_MOST_YEARS: Final = 50
_DAYS: Final = {"day": 1, "week": 7, "fortnight": 14}


class Passage(NamedTuple):
    """Where a passage stands, and the date that it states."""

    start: int
    end: int
    value: str


def find_passage(text: str, start: int, end: int, reference: date | None) -> Passage | None:
    """The passage that ends in ``text[start:end]``, if the words there count from a date before them.

    None if they do not, if no date stands near enough, or if it is not exact enough.
    """
    matches = list(_counting().finditer(text, start, end))
    if len(matches) != 1 or _vague().search(text, max(0, matches[0].start() - 16), matches[0].start()):
        return None
    (match,) = matches
    opening = max(0, match.start() - _FARTHEST)
    while 0 < opening < match.start() and not text[opening - 1].isspace():
        opening += 1
    anchor = _anchor(match, text[opening : match.start()], reference)
    if anchor is None:
        return None
    if match["bare_day"] and not _day_ends().match(text, match.end()):
        return None  # "on the 10th floor"
    if match["beside"] and _goes_on().match(text, match.end()):
        return None  # "the day before the vote"
    at = opening + anchor.start
    word = re.search(r"\w+\s\Z", text[opening:at])  # "in 2009": a year needs the word before it to be one
    for begin in (at, opening + word.start() if word else at):
        value = read_passage(text[begin : match.end()], reference)
        if value is not None and opening <= begin:
            return Passage(begin, match.end(), value)
    return None


def read_passage(words: str, reference: date | None) -> str | None:
    """The date that `words` state if they begin with a date, or with "in", and end with words that count from it."""
    whole = words.rstrip(EDGES)
    match = next((m for m in _counting().finditer(whole) if m.end() == len(whole)), None)
    if match is None or _vague().search(whole, max(0, match.start() - 16), match.start()):
        return None
    anchor = _anchor(match, whole[: match.start()], reference)
    if anchor is None or not re.fullmatch(
        r"\W*(?:(?:in|on|since|from|by|at)\s)?", whole[: anchor.start], re.IGNORECASE
    ):
        return None
    return _counted(match, anchor.value or "")


def _anchor(match: re.Match[str], before: str, reference: date | None) -> Reading | None:
    """The date that the words count from: the last one before them, and for a year the last that states it."""
    readings: Sequence[Reading] = list(find_readings(before, reference))
    if match["of_year"] or match["season"]:
        readings = [reading for reading in find_readings(before, None) if reading.value]
    if not readings or not readings[-1].value or _year().search(before, readings[-1].end):
        return None  # a year that is not read as a date may be the one that is meant
    gap = before[readings[-1].end :]
    if len(re.findall(r"[.!?]\W*\s", gap)) > 1 or (match["beside"] and not re.search(r"\w", gap)):
        return None
    return readings[-1]


def _counted(match: re.Match[str], anchor: str) -> str | None:
    """What the words make of their anchor."""
    year, month, day = parts(anchor)
    if match["of_year"] or match["season"]:
        which = match["of_year"] or match["of_season"]
        year += 1 if re.search("follow|next|after", which, re.I) else -1 if re.search("prev|before", which, re.I) else 0
        if match["season"]:
            return iso(year)
        return iso(
            year, month_number(match["year_month"]), _day_number(match["year_day"] or match["year_day_after"], None)
        )
    if match["bare_day"]:
        number = day_number(match["bare_day"])
        return iso(year, month, number) if month is not None and (day is None or day <= number) else None
    if match["later_month"]:
        later = month_number(match["later_month"])
        if month is None:
            return None
        return iso(year + (later <= month), later, _day_number(None, match["nth"]))
    if match["own_month"]:
        own = month_number(match["own_month"])
        return iso(year, own) if month is None or month <= own else None
    if match["unit"]:
        return _steps(match, year, month, day)
    if day is None:
        return None
    step = 0 if match["same"] else -1 if match["before"] else 1
    return _days_later(date(year, month or 1, day), step)


def _steps(match: re.Match[str], year: int, month: int | None, day: int | None) -> str | None:
    """ "Three days later", counted from the anchor's parts."""
    words = match["steps"].casefold()
    number = 1 if words in ("a", "an", "one") else parse_number(words)
    if number is None or number != int(number):
        return None
    steps = int(number) * (-1 if match["way"].casefold() == "earlier" else 1)
    unit = match["unit"].casefold()
    if unit in _DAYS:
        near = day is not None and abs(steps) * _DAYS[unit] <= 366
        return _days_later(date(year, month or 1, day), steps * _DAYS[unit]) if near and day else None
    if abs(steps) > _MOST_YEARS * 12 or (unit == "month" and month is None) or day not in (None, 1):
        return None
    if unit == "year" and day is not None:
        return None
    whole = iso(year, month, day)
    return add_months(whole, steps * (12 if unit == "year" else 1)) if whole else None


def _days_later(day: date, step: int) -> str | None:
    try:
        return (day + timedelta(days=step)).isoformat()
    except OverflowError:
        return None


def _day_number(digits: str | None, nth: str | None) -> int | None:
    if digits:
        return day_number(digits)
    return NTH.index(nth.casefold()) + 1 if nth else None


@cache
def _goes_on() -> re.Pattern[str]:
    return re.compile(r"\s(?:the|an?|its?|their|his|her|our|they|he|she|we|this|that)(?![^\W_])|\s[A-Z]")


@cache
def _day_ends() -> re.Pattern[str]:
    """What may follow a day that stands without its month."""
    return re.compile(r"\s*(?:[,;:)]|\.(?:\s|\Z)|\Z)|\s(?:and|by|at|with|for|but|when)(?![^\W_])", re.IGNORECASE)


@cache
def _year() -> re.Pattern[str]:
    return re.compile(r"(?<![\w.,])(?:19|20)[0-9]{2}(?!\w)")


@cache
def _vague() -> re.Pattern[str]:
    """What makes a count less than exact, right before it."""
    return re.compile(
        r"(?<![^\W_])(?:about|some|around|almost|nearly|roughly|within|over|than|least|most|only|barely|up\sto|just)\s\Z",
        re.IGNORECASE,
    )


@cache
def _counting() -> re.Pattern[str]:
    """Words that count from another date."""
    other = r"(?:that|the\s(?:same|following|next|previous))\syear|the\syear\s(?:after|before)"
    small = "(?:twen|thir|for|fif)ty(?:-[a-z]+)?|(?:thir|four|fif|six|seven|eigh|nine)teen"
    number = f"[0-9]{{1,2}}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|{small}"
    return re.compile(
        rf"(?<![^\W_])(?:"
        rf"(?P<steps>{number})\s(?P<unit>day|week|fortnight|month|year)s?\s(?P<way>later|afterwards|earlier)"
        r"|the\s(?:next|following)\sday"
        r"|(?P<beside>the\sday\safter|the\smorning\safter|(?P<before>the\s(?:day|night|evening)\sbefore))"
        r"|(?P<same>(?:the\s(?:very\s)?same|that(?:\ssame)?)\s(?:day|morning|afternoon|evening|night))"
        rf"|(?:the\s(?P<nth>{'|'.join(NTH)})\s(?:day\s)?of\s)?the\s(?:following|next)\s(?P<later_month>{MONTH})"
        rf"|that\s(?P<own_month>{MONTH})"
        rf"|on\sthe\s(?P<bare_day>{DAY_TH})"
        rf"|(?:the\s)?(?P<season>{SEASON})\s(?:of\s)?(?P<of_season>{other})"
        rf"|(?:(?P<year_day>[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?\s(?:of\s)?)?(?P<year_month>{MONTH})"
        rf"(?:\s(?P<year_day_after>[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)?)?,?\s(?:of\s|in\s)?(?P<of_year>{other})"
        # "The same day as Beaver", "that day's price", "the next day or two" count from something else.
        r")(?![^\W_]|['’-]\w|\s(?:as|or\stwo|that|when|of)(?![^\W_]))",
        re.IGNORECASE,
    )
