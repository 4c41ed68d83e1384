"""Partial dates: ISO 8601 with the precision that the words support, and no more.

"17 May 2023" is `2023-05-17`, "early May 2023" is `2023-05`, "mid-2019" is `2019`. Words that leave
something out ("on 17 May", "last summer", "Friday") are counted from the day of publication,
`Context.reference`; without it they state no date. The rules, all of them simple on purpose:

- 03/04/2023 is day first, as in Britain, unless only month first is possible (05/17/2023).
- "the start of" and "the end of" a year are its January and its December. Every other part of a
  year (early, mid, a half, a quarter, a season) leaves the year, every part of a month the month.
- Financial years and pairs of years ("2024/25", "2015-16", "FY24") are no dates: neither year is sure.
  "2016-04" is a month, because it cannot be such a pair.
- A year alone counts from 1950 to 2099, and in a text only after a word such as "in" or "since" or in
  brackets, so that "2,000 staff" and "2019 servers" are none. A month alone needs such a word too.
- A month without a year is the nearest one. A day and month without a year are looked for from 8 months
  before the reference to 4 months after it: news tells the past.
- "will", "due to" or "starts" before such a date ask for the next one, "was", "signed" or "since" for the
  latest one; "from", "by" and "until" for the next one, or one at most 3 months old. Where such a word
  decides, it is part of the mention.
- "last" is the latest one that is over, "next" the first one that has not begun; seasons are those of
  the northern hemisphere. A weekday alone is the latest one, the reference included.
- What may fall on several days ("this week", "17-19 May") has the precision that these days share.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Final, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention

# --- partial dates ---------------------------------------------------------------------------------


def _parts(value: str) -> tuple[int, int | None, int | None]:
    year, month, day = (*value.split("-"), None, None)[:3]
    return int(year or ""), int(month) if month else None, int(day) if day else None


def _iso(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """The partial date, or None where the calendar has no such day."""
    try:
        whole = date(year, 1 if month is None else month, 1 if day is None else day).isoformat()
    except ValueError:
        return None
    return whole[:4] if month is None else whole[:7] if day is None else whole


def _check(value: str) -> str:
    if _iso(*_parts(value)) != value:
        raise ValueError(f"the calendar has no {value}")  # pydantic makes a ValidationError of it
    return value


def _shared(first: date, last: date) -> str | None:
    """The most precise partial date that holds both days."""
    for length in (10, 7, 4):
        if first.isoformat()[:length] == last.isoformat()[:length]:
            return first.isoformat()[:length]
    return None


def add_months(date: str, months: int) -> str | None:
    """The partial date `months` later (earlier if negative), in the same precision.

    A day that the month does not have becomes its last one: a month after `2023-01-31` is `2023-02-28`.
    None where the precision does not allow an answer (`2019` and 18 months), or after the year 9999.
    Raises ValueError if `date` is no partial date.
    """
    year, month, day = _parts(date)
    if month is None:
        return None if months % 12 else _iso(year + months // 12)
    year, month = divmod(year * 12 + month - 1 + months, 12)
    month += 1
    if not 1 <= year <= 9999:
        return None
    return _iso(year, month, day and min(day, calendar.monthrange(year, month)[1]))


def term_end(start: str, months: int) -> str | None:
    """The last day of a term of `months` that begins on `start`, in the precision of `start`.

    `2015-11-01` and 60 give `2020-10-31`, `2007-04` and 180 give `2022-04`, `2007` and 180 give `2022`.
    None where `add_months` gives none. Raises ValueError if `start` is no partial date.
    """
    end = add_months(start, months)
    if end is None or len(end) < 10 or end[8:] != start[8:]:
        return end  # a shortened month ends with its own last day
    return (date.fromisoformat(end) - timedelta(days=1)).isoformat()


def term_start_year(start: tuple[int, int | None], end: str, months: int) -> str | None:
    """The start whose year was left out, fixed by the end and the length of the term.

    (5, 17), `2027-05-16` and 48 give `2023-05-17`. `end` is a partial date. The start whose `term_end`
    is `end` wins, then one whose term ends a day (or, for a month alone, a month) before `end` or after
    it. None if no start or more than one agrees. Raises ValueError if `end` is no partial date.
    """
    month, day = start
    year = _parts(end)[0] - months // 12
    starts = [s for s in (_iso(y, month, day) for y in range(year - 1, year + 2) if 1 <= y <= 9999) if s]
    for slack in (0, 1):
        agreeing = [s for s in starts if any(contains(e, end) for e in _ends(s, months, slack))]
        if agreeing:
            return agreeing[0] if len(agreeing) == 1 else None
    return None


def _ends(start: str, months: int, slack: int) -> Iterator[str]:
    end = term_end(start, months)
    if end is not None and not slack:
        yield end
    elif end is not None and len(end) == 7:
        yield from (near for near in (add_months(end, -1), add_months(end, 1)) if near)
    elif end is not None:
        whole = date.fromisoformat(end)
        yield from ((whole + timedelta(days=days)).isoformat() for days in (-1, 1))


def contains(a: str, b: str) -> bool:
    """Whether two partial dates agree as far as both go: one is the beginning of the other."""
    return a.startswith(b) or b.startswith(a)


# --- what dates look like --------------------------------------------------------------------------

_GAP = r"\s{1,2}(?<!\n\n)"
_YEAR = r"(?:19[5-9]|20[0-9])[0-9]"
_SHORT_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH = (
    r"(?-i:(?=[A-Z]))(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|Jun(?:e|\.)?|Jul(?:y|\.)?"
    r"|Aug(?:ust|\.)?|Sep(?:tember|t\.?|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)(?![^\W_])"
)
_WEEKDAY = r"(?-i:(?=[A-Z]))(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?![^\W_])"
_SHORT_WEEKDAY = r"(?-i:(?=[A-Z]))(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.?(?=,?\s)"
_DAY = r"(?:[12][0-9]|3[01]|0?[1-9])(?![0-9])(?:st|nd|rd|th)?(?![^\W_])"
_SPECIAL_YEAR = "(?:financial|fiscal|tax|academic|school)"
# Not the first half of a pair of years, unless the second number is a day: "2015-31 March 2020".
_PAIRED = rf"[-–/][0-9]{{2}}(?![0-9]|(?:st|nd|rd|th)?\s(?:{_SHORT_MONTHS}))"
_YEAR_END = rf"(?![^\W_])(?!{_PAIRED})(?!\s{_SPECIAL_YEAR}\s)"
_PART = (
    r"(?:the\s)?(?:very\s|back\s|latter\s)?(?:early|late|mid|start|beginning|(?:year[\s-])?end|close|middle|part"
    r"|(?:first|second|third|fourth|final|last|[1-4](?:st|nd|rd|th))[\s-](?:half|quarter)|H[12]|Q[1-4])"
    r"(?:\sof|\sin)?[\s-]"
)
_SEASON = "spring|summer|autumn|fall|winter"


@cache
def _pattern() -> re.Pattern[str]:
    numbers = (
        rf"(?<![-/.])(?:(?P<iso_year>{_YEAR})(?P<iso>[-/])(?P<iso_month>[0-9]{{2}})(?P=iso)(?P<iso_day>[0-9]{{2}})"
        r"|(?P<first>[0-9]{1,2})(?P<mark>[/.-])(?P<second>[0-9]{1,2})(?P=mark)"
        rf"(?P<number_year>{_YEAR}|(?<=/)[0-9]{{2}}))(?![0-9]|[-/.][0-9])"
    )
    # Taken whole, so that no half of a pair is read as a year.
    pairs = (
        rf"(?P<pair>(?P<pair_year>{_YEAR})(?:(?=-)|(?=[–/])(?P<no_month>)).(?P<pair_month>[0-9]{{2}})"
        rf"(?<={_YEAR}[-–/]..)(?![^\W_]|(?:st|nd|rd|th)?\s(?:{_SHORT_MONTHS}))|{_YEAR}/{_YEAR}(?![0-9])"
        rf"|(?:FY|{_SPECIAL_YEAR}(?:\syear)?\s)[\s-]?['’]?(?:{_YEAR}|[0-9]{{2}})(?:[-–/][0-9]{{2,4}})?(?![^\W_])"
        rf"|{_YEAR}\s{_SPECIAL_YEAR}\s)"
    )
    month = (
        rf"(?:(?:{_WEEKDAY}|{_SHORT_WEEKDAY}),?{_GAP})?"
        rf"(?:(?:the\s)?(?:(?P<from_day>{_DAY})\s?[-–/]\s?)?(?P<day>{_DAY})(?:{_GAP}(?:day\s)?(?:of\s)?|-))?"
        rf"(?:(?P<from_month>{_MONTH})(?:\s?[-–/]\s?|\sor\s))?(?P<month>{_MONTH})"
        rf"(?P<tail>{_GAP}(?:the\s)?(?P<day_after>{_DAY})(?![:.,]?[0-9])(?!\s?[ap]\.?m\b))?"
        rf"(?:(?:,?{_GAP}(?:of\s|in\s)?|,|-)(?P<month_year>{_YEAR}){_YEAR_END}"
        rf"|{_GAP}['’](?P<short_year>[0-9]{{2}})(?![0-9])"
        r"|,?\s(?:of\s|in\s)?(?P<month_which>last|this|next)\syear(?![^\W_]))?"
    )
    year = (
        rf"(?:(?:the\s)?(?P<season>{_SEASON})(?:\sof)?,?\s)?(?:the\s)?(?:(?:calendar\s)?year\s)?"
        rf"(?P<year>{_YEAR}){_YEAR_END}(?:\sQ[1-4](?![^\W_]))?"
    )
    counted = (
        rf"(?:(?:{_SEASON})\s)?(?:(?:earlier|later)\s)?(?P<which>last|this|next)\s"
        rf"(?:(?P<unit>year|month|week|{_SEASON}|night|morning|afternoon|evening)(?![^\W_])"
        rf"|(?P<unit_month>{_MONTH})|(?P<unit_day>{_WEEKDAY}))"
        r"|the\s(?P<current>year|month)(?![^\W_])"
    )
    return re.compile(
        # What a date can begin with; passing over all other words here halves the time.
        r"(?<![\w£$€#@&])(?<![0-9][.,])(?=[0-9]|(?-i:[ADFJMNOSTW])|the\s[a-z0-9]|early|late|mid|start|begin|end"
        r"|close|part|fi[rns]|second|third|fourth|[hq][1-4]|back|very|last|this|next|ye[as]|to[dmn]"
        rf"|{_SEASON}|{_SPECIAL_YEAR})"
        rf"(?:{numbers}|{pairs}|(?P<part>{_PART})?(?:{month}|{year}|{counted})"
        rf"|(?P<weekday>{_WEEKDAY})|(?P<near>yesterday|today|tomorrow|tonight|year[\s-]end)(?![^\W_]))",
        re.IGNORECASE,
    )


# --- what a match says -----------------------------------------------------------------------------

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_MONTH: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9}
_STEP: Final = {"last": -1, "this": 0, "next": 1}

_EDGES: Final = " \t\n\r\u00a0.,;:()[]\"'“”‘’"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IN: Final = _words("in since until till during before after circa dated year")
_BY: Final = _words("by from for through throughout between")
_NO_WEEKDAY: Final = _words("every each a any alternate most to black good cyber super ash sheffield")
_FUTURE: Final = _words(
    "will shall would must due plan plans planned planning expected expects scheduled intends aims hopes"
    " going starts begins commences expires ends starting beginning commencing expiring ending"
)
_PAST: Final = _words(
    "since was were had signed awarded won agreed announced began started commenced launched went took chose"
    " picked appointed selected published issued expired ended closed opened bought completed"
)
_SOON: Final = _words("from by until till")
_JOINTS: Final = _words("- – — / to and or until till through")
# The last month, counted from the reference's, that is too early for a month without a year, and the
# shift of the reference that is too early for a day: the twelve months after it hold every date once.
_WINDOWS: Final = {"plain": (-7, -8), "soon": (-4, -3), "future": (-1, 0), "past": (-12, -12)}


class _Reading(NamedTuple):
    """A match as understood: `value` is None where only a reference would tell the year."""

    start: int
    end: int
    value: str | None
    kind: str = ""
    yearless: tuple[int, int | None] | None = None


class _Beside(NamedTuple):
    """What is looked for right after a match that is a date only in some surroundings."""

    counted: re.Pattern[str]
    clause: re.Pattern[str]
    deal: re.Pattern[str]
    to_year: re.Pattern[str]
    name: re.Pattern[str]
    no_weekday: re.Pattern[str]


@cache
def _beside() -> _Beside:
    return _Beside(
        counted=re.compile(
            r"\s?%|\s?(?:per\s?cent|thousand|million|billion|[mb]n?|k|GMT|BST|UTC|hours|hrs|miles|staff|people"
            r"|personnel|users|employees|seats|servers|workers|jobs|devices|laptops|desktops|PCs|pounds|euros"
            r"|dollars|days|licen[cs]es|customers|items|schools|homes|sites|places|stores|shops|branches"
            r"|locations|offices|properties|cases|of\s(?:the|its|our|their|them))(?![^\W_])",
            re.IGNORECASE,
        ),
        clause=re.compile(
            rf"\s*(?:\Z|[.,;:)\]–—](?![0-9])|(?:and|or|to|until|till)\s(?:the\s)?(?:{_YEAR}(?![^\W_]|[,.][0-9])"
            r"|[^\W0-9])|(?:onwards?|when|which|with|for|in|as|at|by|but|after|before|the|an?|its?|is|was|were"
            r"|will|had|has|have|on|under|through|because|while|that|if|then)(?![^\W_]))",
            re.IGNORECASE,
        ),
        deal=re.compile(r"\s(?:deal|contract|agreement|award|framework|tender|procurement)(?![^\W_])"),
        to_year=re.compile(rf"\s?[-–—]\s?{_YEAR}(?![^\W_]|-)"),
        name=re.compile(r"['’]s|\s[A-Z]"),
        no_weekday=re.compile(
            rf"\s(?:Times|Telegraph|Mirror|Express|Herald|Post|Mail|World|Sport)|\s?(?:to|-|–)\s?{_WEEKDAY}"
        ),
    )


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def _plain(word: str | None) -> str:
    """Lower case, also for the few letters beyond ASCII that match "i", "s" and "k" without case."""
    return (word or "").casefold().replace("i̇", "i").replace("ı", "i")


def _readings(text: str, reference: date | None) -> Iterator[_Reading]:
    """Everything in `text` that is a date, in order."""
    if reference is not None and not 2 < reference.year < 9998:
        reference = None  # there is no room to count in
    first, final = len(text) - len(text.lstrip(_EDGES)), len(text.rstrip(_EDGES))
    last: _Reading | None = None
    floor = 0
    for match in _pattern().finditer(text):
        alone = match.start() <= first and match.end() >= final
        if match["month"]:
            reading = _read_month(match, reference, last, alone, floor)
        elif match["year"]:
            reading = _read_year(match, last, alone)
        elif match["weekday"]:
            reading = _read_weekday(match, reference, alone, floor)
        else:
            value = _read_number(match) or (reference and _read_counted(match, reference, alone))
            reading = _Reading(*match.span(), value) if value else None
        floor = match.end()
        if reading is not None:
            last = reading
            yield reading


def _read_number(match: re.Match[str]) -> str | None:
    if match["iso_year"]:
        return _iso(int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"]))
    if match["number_year"]:
        year, first, second = _full_year(match["number_year"]), int(match["first"]), int(match["second"])
        return _iso(year, second, first) or _iso(year, first, second)
    if match["pair_year"] and match["no_month"] is None:
        year, month = int(match["pair_year"]), int(match["pair_month"])
        return _iso(year, month) if 1 <= month <= min(12, year % 100) else None
    return None


def _full_year(digits: str) -> int:
    """1950 to 2049 for two digits."""
    return int(digits) if len(digits) == 4 else (int(digits) + 50) % 100 + 1950


def _read_year(match: re.Match[str], last: _Reading | None, alone: bool) -> _Reading | None:
    if not (alone or match["part"] or match["season"] or _year_stands(match, last)):
        return None
    return _Reading(*match.span(), _part_of_year(match["part"], match["year"]), "year")


def _part_of_year(part: str | None, year: str) -> str:
    words = _plain(part)
    if "start" in words or "begin" in words:
        return f"{year}-01"
    return f"{year}-12" if "end" in words or "close" in words else year


def _year_stands(match: re.Match[str], last: _Reading | None) -> bool:
    """Whether a year on its own is one: 2019 is as often a count or the name of a product."""
    text, (start, end), beside = match.string, match.span(), _beside()
    if beside.counted.match(text, end):
        return False
    if beside.to_year.match(text, end):
        return True
    if last is not None and last.kind == "year" and _joined(text[last.end : start]):
        return True
    word = _lead_word(text, start)
    if word in "([" and word:
        return text[end : end + 1] in (")", "]", ",")
    if word in ("a", "the", "its", "their", "original"):
        return beside.deal.match(text, end) is not None
    return word in _IN or (word in _BY and beside.clause.match(text, end) is not None)


def _joined(gap: str) -> bool:
    return len(gap) < 12 and gap.strip().casefold() in _JOINTS


def _lead_word(text: str, start: int) -> str:
    """The word before `start` and a space, in lower case; or the sign right before it."""
    before = text[max(0, start - 16) : start]
    words = before.split()
    if not words:
        return ""
    return words[-1].casefold() if before[-1].isspace() else before[-1]


def _read_month(
    match: re.Match[str], reference: date | None, last: _Reading | None, alone: bool, floor: int
) -> _Reading | None:
    text, (start, end) = match.string, match.span()
    month = _MONTHS.index(match["month"][:3].casefold()) + 1
    day_digits, year_digits = match["day"] or match["day_after"], match["month_year"] or match["short_year"]
    if match["day_after"] and (
        match["day"] or (not (year_digits or match["month_which"]) and _lead_word(text, start) == "in")
    ):  # "in May 17 councils": the number counts something
        day_digits, year_digits, end = match["day"], None, match.end("month")
    day = int(day_digits.rstrip("stndrhSTNDRH")) if day_digits and not match["from_day"] else None
    if text[end - 1] == ".":
        end -= 1  # the sentence's as likely as the abbreviation's
    year = _full_year(year_digits) if year_digits else None
    if match["month_which"] and reference is not None:
        year = reference.year + _STEP[_plain(match["month_which"])]
    if year is not None:
        value = _iso(year) if match["from_month"] else _iso(year, month, day)
        return _Reading(start, end, value, "month") if value else None
    if match["from_month"] or match["month_which"]:
        return None
    if not (alone or day_digits or match["part"] or _month_stands(text, start, end, last)):
        return None
    value = None
    if reference is not None:
        cue, cue_start = _cue(text, start, floor)
        value = _resolve(month, day, reference, cue)
        if value != _resolve(month, day, reference, "plain"):
            start = cue_start  # the words that decide belong to the mention
    return _Reading(start, end, value, "yearless", (month, day))


def _month_stands(text: str, start: int, end: int, last: _Reading | None) -> bool:
    """Whether the name of a month on its own is one: it may be a verb or a person's name too."""
    if last is not None and last.kind == "yearless" and _joined(text[last.end : start]):
        return True
    word = _lead_word(text, start)
    if word in ("in", "since", "until", "till", "during"):
        return text[end : end + 2] not in ("'s", "’s")
    return word in ("by", "from", "of", "before", "after", "through", "between") and not (
        (end - start == 3 and text[start:end] != "May") or _beside().name.match(text, end)
    )


def _resolve(month: int, day: int | None, reference: date, cue: str) -> str | None:
    """The year-less date in the twelve months that `cue` leaves open."""
    months_before, shift = _WINDOWS[cue]
    if day is None:
        now = reference.year * 12 + reference.month - 1
        too_early = now + months_before
        year, index = divmod(too_early + 1 + (month - 2 - too_early) % 12, 12)
        return _iso(year, index + 1)
    after = add_months(reference.isoformat(), shift) or ""
    inclusive = cue == "future"
    for year in range(reference.year - 1, reference.year + 2):
        value = _iso(year, month, day)
        if value and (value > after or (inclusive and value == after)):
            return value if value <= (add_months(after, 12) or "") else None
    return None


def _cue(text: str, start: int, floor: int) -> tuple[str, int]:
    """What the six words before `start` say of past and future, and where the word that says it stands.

    `floor` is the end of the match before: its words are not looked at.
    """
    opening = max(floor, start - 70)
    clause = re.split(r"[.;:!?()\n]", text[opening:start])[-1]
    offset = start - len(clause)
    words = [(offset + m.start(), m[0].casefold()) for m in _word().finditer(clause)][-6:]
    if offset == opening > floor and words and opening == words[0][0]:
        del words[0]  # it may be the rest of a longer word
    found: tuple[str, int] = ("plain", start)
    for index in range(len(words) - 1, -1, -1):
        place, word = words[index]
        if word in _SOON and index == len(words) - 1:
            found = ("soon", place)
        elif word in _FUTURE or word.endswith(("'ll", "’ll")):
            return "future", place
        elif word in _PAST and (index == 0 or words[index - 1][1] != "be"):
            return found if found[0] == "soon" else ("past", place)
    return found


def _read_weekday(match: re.Match[str], reference: date | None, alone: bool, floor: int) -> _Reading | None:
    text, (start, end) = match.string, match.span()
    if reference is None or not (alone or _lead_word(text, start) not in _NO_WEEKDAY):
        return None
    if _beside().no_weekday.match(text, end):
        return None
    weekday = _WEEKDAYS.index(_plain(match["weekday"])[:3])
    back = (reference.weekday() - weekday) % 7
    cue, cue_start = _cue(text, start, floor)
    if back and cue in ("future", "soon"):
        back, start = back - 7, cue_start
    return _Reading(start, end, (reference - timedelta(days=back)).isoformat())


def _read_counted(match: re.Match[str], today: date, alone: bool) -> str | None:
    """Words that are counted from the day of publication."""
    near = _plain(match["near"])
    if near.startswith("year"):
        return f"{today.year:04}-12"
    if near:
        days = {"yesterday": -1, "tomorrow": 1}.get(near, 0)
        genitive = match.string[match.end() : match.end() + 2] in ("'s", "’s")
        return None if genitive else (today + timedelta(days=days)).isoformat()
    if match["current"]:
        edge = _part_of_year(match["part"], f"{today.year:04}")
        month = _plain(match["current"]) == "month"
        return None if len(edge) == 4 else today.isoformat()[:7] if month else edge
    if not match["which"] or (not alone and _lead_word(match.string, match.start()) == "the"):
        return None  # "over the last year" is a length of time
    step = _STEP[_plain(match["which"])]
    if match["unit_month"]:
        month_number = _MONTHS.index(match["unit_month"][:3].casefold()) + 1
        months = (month_number - today.month) if not step else (month_number - today.month) % (12 * step)
        return add_months(today.isoformat()[:7], months or 12 * step)
    monday = today - timedelta(days=today.weekday() - 7 * step)
    if match["unit_day"]:
        weekday = _WEEKDAYS.index(_plain(match["unit_day"])[:3])
        in_week = monday + timedelta(days=weekday)
        if step < 0:
            nearest = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
        else:
            nearest = today + timedelta(days=(weekday - today.weekday() - step) % 7 + step)
        return _shared(in_week, nearest)
    unit = _plain(match["unit"])
    if unit == "year":
        return _part_of_year(match["part"], f"{today.year + step:04}")
    if unit == "month":
        return add_months(today.isoformat()[:7], step)
    if unit == "week":
        return _shared(monday, monday + timedelta(days=6))
    if unit in _FIRST_MONTH:
        begins = _FIRST_MONTH[unit]
        year = today.year - (step < 0 and today.month < begins + 3) + (step > 0 and today.month >= begins)
        return f"{year:04}"
    if step == 0 and unit != "winter":
        return today.isoformat()
    return (today - timedelta(days=1)).isoformat() if step < 0 and unit in ("night", "evening") else None


# --- the field types -------------------------------------------------------------------------------


@dataclass(frozen=True)
class DateField(FieldType[str]):
    """Partial dates: `2023-05-17`, `2023-05` or `2023`. The module's docstring has the rules."""

    name: ClassVar[str] = "date"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """Every date in `text`. "1 April" in "1 April to 30 June 2023" is none: its year stands elsewhere."""
        mentions: list[Mention[str]] = []
        previous: _Reading | None = None
        for reading in _readings(text, context.reference):
            if (
                previous is not None
                and previous.value is not None
                and (previous.kind, reading.kind) == ("yearless", "month")
                and _joined(text[previous.end : reading.start])
            ):
                del mentions[-1:]
            if reading.value is not None:
                words = text[reading.start : reading.end]
                mentions.append(Mention(reading.start, reading.end, words, reading.value))
            previous = reading
        return mentions

    def parse(self, words: str, context: Context = NO_CONTEXT) -> str | None:
        """The one date that `words` state; None if they state none, or several that differ."""
        values = {mention.value for mention in self.find(words, context)}
        return values.pop() if len(values) == 1 else None

    def same(self, a: str, b: str) -> float:
        """1.0 when equal, 0.5 when one is the other with less precision, else 0.0."""
        return 1.0 if a == b else 0.5 if contains(a, b) else 0.0

    def shape(self) -> Any:
        """Words of the article."""
        return Annotated[str, Field(max_length=300, json_schema_extra={"x-verbatim": True})]


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


PartialDate = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"), AfterValidator(_check), DateField()
]
"""A partial date in a schema; 2023-02-30 and the like are refused."""


def parse_reference(text: str) -> date | None:
    """The day that `text` states in full, for `Context.reference`; None for a month or a year alone."""
    return DayField().parse(text)


def yearless(words: str) -> tuple[int, int | None] | None:
    """The (month, day) of words that leave the year out: (5, 17) for "on 17 May", (4, None) for "in April".

    None if they hold no such date, or several that differ.
    """
    found = {reading.yearless for reading in _readings(words, None) if reading.yearless}
    return found.pop() if len(found) == 1 else None
