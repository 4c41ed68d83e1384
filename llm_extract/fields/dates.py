"""Partial dates: ISO 8601 with the precision that the words support, and no more.

"17 May 2023" is `2023-05-17`, "early May 2023" is `2023-05`, "mid-2019" is `2019`. Words that leave
something out ("on 17 May", "last summer", "Friday") are counted from the day of publication,
`Context.reference`; without it they state no date. The rules, all of them simple on purpose:

- 03/04/2023 is day first, as in Britain, unless only month first is possible (05/17/2023).
- "the start of" and "the end of" a year are its January and its December. Every other part of a
  year (early, mid, a half, a quarter, a season) leaves the year, every part of a month the month, except its
  first and last day.
- Financial years and pairs of years ("2024/25", "2015-16", "FY24") are no dates: neither year is sure.
  "2016-04" is a month, because it cannot be such a pair.
- A year alone counts from 1950 to 2099, and in a text only after a word such as "in" or "since", in
  brackets, or after words such as "runs to", so that "2,000 staff" and "2019 servers"
  are none. A month alone needs such a word too.
- "The 2nd instant" and "the 4th of this month" are of the month of publication, "ultimo" of the one before.
- A date in pieces is one: "the July meeting, on the 19th", "In 2014, in the month of July".
- A month without a year, or a day and month, is looked for from 7 months (a day: 8) before the reference to 4
  months after it: news tells the past.
- "will", "due to" or "starts" before such a date ask for the next one, "was", "signed" or "since" for the
  latest one; "from", "by", "before", "until" and "Start:" for the next one, or one at most 2 months (a day: 3)
  old. Where such a word
  decides, it is part of the mention. "will run from June to December" states no December: the word
  that decides stands before another date, so that no words could be quoted for it.
- "last" is the latest one that is over, "next" the first one that has not begun; seasons are those of
  the northern hemisphere. A weekday alone is the latest one, the reference included.
- "is to", "contracts begin on" and a verb right after a date that opens its clause ("On 31 December that contract
  expires") ask for the next one; "extended to the end of July" for the next one or one at most 2 months old.
- "was to end on 30 June" asks for neither. "After signing on 3 May" and "took over from 3 May" are past.
- "the first of August", "next February 1", "30 November next" and "the last day of this year" are days.
- "In the summer" is read where the words before it tell whether it is over, or where it is near.
- "Three years ago this week", "the day after tomorrow" and "Monday next" are counted from the day of publication.
  What lies beside another day ("the day after 3 May", "the following Monday", "Monday week") states nothing.
- A year that is stated but not read ("12 December 1949", "April 2015-16") leaves its day and month unread too.
- "31 December of that year", "the next day" and "three days later" are counted from another date: `anchored_dates`.
- Words that are said to be a date may end with a bare year ("signed 2017"): `year_answers`.
- "Approved 5-0" in minutes is of the day of the sitting: `sittings`.
- "31 December of that year" alone states no date: the year stands elsewhere. New Year's Day, Valentine's Day,
  Christmas and Boxing Day are dates; "before Christmas" is December.
- Where only the month of publication is known, no days are counted from it.
- What may fall on several days ("this week", "17-19 May", "May 3-4, 2022") has the precision that these days share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, StringConstraints

from llm_extract.fields.anchored_dates import find_passage, read_passage
from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, read_around
from llm_extract.fields.date_cues import ReferenceMonth
from llm_extract.fields.date_readings import Reading, find_readings, is_joined
from llm_extract.fields.partial_dates import contains, iso, parts
from llm_extract.fields.sittings import decision_start, sitting_day, tells_decision
from llm_extract.fields.year_answers import find_year

_CLAUSE: Final = 80
"""How far before a date the word may stand that tells which one it is: "will take over the wages of … in July"."""


@dataclass(frozen=True)
class DateField(FieldType[str]):
    """Partial dates: `2023-05-17`, `2023-05` or `2023`. The module's docstring has the rules."""

    name: ClassVar[str] = "date"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """Every date in `text`. "1 April" in "1 April to 30 June 2023" is none: its year stands elsewhere."""
        return [
            Mention(reading.start, reading.end, text[reading.start : reading.end], value)
            for reading, value in _stated(text, list(find_readings(text, context.reference)))
        ]

    def parse(self, words: str, context: Context = NO_CONTEXT) -> str | None:
        """The one date that `words` state; None if they state none, or several that differ."""
        passage = read_passage(words, context.reference)
        if passage is not None:
            return passage
        readings = list(find_readings(words, context.reference))
        values = {value for _, value in _stated(words, readings)}
        if not readings:
            return None if (year := find_year(words, 0, len(words))) is None else year[1]
        if len(values) != 1 or any(reading.ahead and not reading.value for reading in readings):
            return None
        return values.pop()

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """What the words ``text[start:end]`` state where they stand.

        Words that count from another date ("the next day") are read as the passage that begins with it, and a
        decision without a day ("Approved 5-0") is of the day of the sitting that the text is the record of.
        """
        passage = read_passage(text[start:end], context.reference)
        if passage is not None:
            return [Mention(start, end, text[start:end], passage)]
        found = read_around(lambda words: self.find(words, context), text, start, end, _CLAUSE)
        if found:
            return found
        if (year := find_year(text, start, end)) is not None:
            return [Mention(year[0], end, text[year[0] : end], year[1])]
        counted = find_passage(text, start, end, context.reference)
        if counted is None:
            start = decision_start(text, start, end)
            day = sitting_day(text, context.reference) if tells_decision(text[start:end]) else None
            return [Mention(start, end, text[start:end], day)] if day else []
        return [Mention(counted.start, counted.end, text[counted.start : counted.end], counted.value)]

    def support(self, quote: str, value: str, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states `value`; "Approved 5-0" does for the day that `context` gives."""
        if super().support(quote, value, context):
            return True
        reference = context.reference
        return reference is not None and value == reference.isoformat() and self._is_decision(quote, context)

    def _is_decision(self, quote: str, context: Context) -> bool:
        return tells_decision(quote) and not self.find(quote, context)

    def same(self, a: str, b: str) -> float:
        """1.0 when equal, 0.5 when one is the other with less precision, else 0.0."""
        return 1.0 if a == b else 0.5 if contains(a, b) else 0.0

    def shape(self) -> Any:
        """Words of the article."""
        return Annotated[str, Field(max_length=300, json_schema_extra={"x-verbatim": True})]


def _stated(text: str, readings: Sequence[Reading]) -> list[tuple[Reading, str]]:
    """The readings that have a value, with it, without those whose year the next one states."""
    stated: list[tuple[Reading, str]] = []
    previous: Reading | None = None
    for reading in readings:
        if previous is not None and previous.value is not None and _says_more(previous, reading, text):
            del stated[-1:]
        if reading.value is not None:
            stated.append((reading, reading.value))
        previous = reading
    return stated


def _says_more(before: Reading, reading: Reading, text: str) -> bool:
    """Whether a date states the year of the one before it, or as in "last month, on 1 October" its day."""
    if reading.start < before.end:
        return True  # "In 2014, in July" holds the year
    gap, value, less = text[before.end : reading.start], reading.value or "", before.value or ""
    if len(value) > len(less) and value.startswith(less) and re.fullmatch(r",\s(?:on\s)?(?:the\s)?", gap):
        return True
    return (before.kind, reading.kind) == ("yearless", "month") and is_joined(gap)


@dataclass(frozen=True)
class DayField(FieldType[date]):
    """Whole days as `datetime.date`: what `DateField` reads, where it is exact to the day."""

    name: ClassVar[str] = "day"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[date]]:
        """Every date in `text` that is exact to the day."""
        return [
            Mention(m.start, m.end, m.words, date.fromisoformat(m.value))
            for m in DateField().find(text, context)
            if len(m.value) == 10
        ]

    def parse(self, words: str, context: Context = NO_CONTEXT) -> date | None:
        """The one day that `words` state; None for a month, a year, or several dates that differ."""
        value = DateField().parse(words, context)
        return date.fromisoformat(value) if value and len(value) == 10 else None

    def shape(self) -> Any:
        """Words of the article."""
        return DateField().shape()


def _is_partial_date(text: str) -> bool:
    if re.fullmatch(r"[0-9]{4}(?:-[0-9]{2}){0,2}", text) is None:
        return False
    return iso(*parts(text)) == text


def _check(value: str) -> str:
    if not _is_partial_date(value):
        raise ValueError(f"the calendar has no {value}")  # pydantic makes a ValidationError of it
    return value


PartialDate = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"), AfterValidator(_check), DateField()
]
"""A partial date in a schema; 2023-02-30 and the like are refused."""


def parse_reference(text: str) -> date | None:
    """The day that `text` states in full, for `Context.reference`.

    A month is a `ReferenceMonth`, from which no days are counted; a year alone gives None. A partial date is
    taken as it is: "2004-10", which words would leave open, is October here.
    """
    value = text if _is_partial_date(text) else DateField().parse(text)
    if value is None or len(value) == len("2021"):
        return None
    year, month, day = parts(value)
    return date.fromisoformat(value) if day else ReferenceMonth(year, month or 1, 15)


def yearless(words: str) -> tuple[int, int | None] | None:
    """The (month, day) of words that leave the year out: (5, 17) for "on 17 May", (4, None) for "in April".

    None if they hold no such date, or several that differ.
    """
    found = {reading.yearless for reading in find_readings(words, None) if reading.yearless}
    return found.pop() if len(found) == 1 else None
