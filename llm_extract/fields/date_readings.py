"""How newspapers write dates, and what their words mean. The rules are told in `llm_extract.fields.dates`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from llm_extract.fields.date_cues import (
    ReferenceMonth,
    clause_end,
    cue_after,
    find_cue,
    lead_word,
    not_before,
    placed,
    resolve,
)
from llm_extract.fields.date_words import NTH, date_pattern, day_number, month_number, surroundings
from llm_extract.fields.numbers import parse_number
from llm_extract.fields.partial_dates import add_months, iso, parts, shared
from llm_extract.fields.text import EDGES
from llm_extract.word_lists import word_set

# --- what a match says -----------------------------------------------------------------------------

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST_MONTH: Final = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9}
_STEP: Final = {"last": -1, "past": -1, "this": 0, "next": 1, "coming": 1}


_IN: Final = word_set("in into since until till during before after circa dated year")
_BY: Final = word_set("by from for through throughout between")
_NO_WEEKDAY: Final = word_set("every each a any alternate most to black good cyber super ash sheffield easter palm")
_AROUND: Final = word_set("in from by since until till during over before after at around")
_LEAD: Final = 60
"""How far before a date the words may stand that count it from another one."""
_MOST_STEPS: Final = 100
"""How many years or weeks ago a date may be that is counted from the day of publication."""
_SHORT_UNITS: Final = word_set("week night morning afternoon evening")
_JOINTS: Final = word_set("- – — / to and or until till through")


class Reading(NamedTuple):
    """A match as understood: `value` is None where only a reference would tell the year."""

    start: int
    end: int
    value: str | None
    kind: str = ""
    yearless: tuple[int, int | None] | None = None
    ahead: str | None = None
    """A date without a year that lies in the future by the words of its clause: as if it had the year."""


def _plain(word: str | None) -> str:
    """Lower case, also for the few letters beyond ASCII that match "i", "s" and "k" without case."""
    return (word or "").casefold().replace("i̇", "i").replace("ı", "i")


def find_readings(text: str, reference: date | None) -> Iterator[Reading]:
    """Everything in `text` that is a date, in order."""
    if reference is not None and not 2 < reference.year < 9998:
        reference = None  # there is no room to count in
    first, final = len(text) - len(text.lstrip(EDGES)), len(text.rstrip(EDGES))
    last: Reading | None = None
    floor = 0
    for match in date_pattern().finditer(text):
        alone = match.start() <= first and match.end() >= final
        lead = text[max(floor, match.start() - _LEAD) : match.start()]
        if (match["near"] or match["which"]) and (ago := _find_ago(lead)) is not None:
            reading = _read_ago(match, ago, reference)
        elif match["month"]:
            reading = _read_month(match, reference, last, alone, floor)
        elif match["year"]:
            reading = _read_year(match, last, alone)
        elif match["weekday"]:
            reading = _read_weekday(match, reference, alone, floor)
        elif match["holiday"]:
            reading = _read_holiday(match, reference, alone, floor)
        elif match["the_season"]:
            reading = _read_season(match, reference, alone, floor)
        elif match["slash_year"]:
            reading = _read_month_number(match, alone)
        else:
            value = _read_number(match) or (reference and _read_counted(match, reference, alone))
            reading = Reading(*match.span(), value) if value else None
        floor = match.end()
        if reading is not None and not _is_of_elsewhere(match, reading, lead):
            last = reading
            yield reading


def _find_ago(lead: str) -> re.Match[str] | None:
    return surroundings().ago.search(lead) if "ago" in lead.casefold() else None


def _read_ago(match: re.Match[str], ago: re.Match[str], reference: date | None) -> Reading | None:
    """ "Three years ago this week"; None for what is less exact."""
    words = _plain(match["near"]) or f"{_plain(match['which'])} {_plain(match['unit'])}"
    if reference is None or words not in ("today", "this week", "this month") or ago["vague"] or not ago["count"]:
        return None
    count, unit = ago["count"], _plain(ago["unit"])
    number = 1 if _plain(count) in ("a", "an") else parse_number(count)
    if number is None or number != int(number) or number > _MOST_STEPS or reference.year <= _MOST_STEPS + 1:
        return None
    if unit in ("day", "week"):
        then = reference - timedelta(days=int(number) * (7 if unit == "week" else 1))
    else:
        shifted = add_months(reference.isoformat(), -int(number) * (12 if unit == "year" else 1))
        then = type(reference).fromisoformat(shifted or "")
    value = _read_counted(match, then, alone=True)
    return Reading(match.start() - len(ago[0]), match.end(), value) if value else None


def _is_of_elsewhere(match: re.Match[str], reading: Reading, lead: str) -> bool:
    """Whether the words right before it count from another date, or tell that another one is meant."""
    if len(reading.value or "") == len("2021-12-31") and surroundings().beside.search(lead):
        return True
    if not (reading.yearless or match["weekday"]):
        return False
    return surroundings().following.search(lead) is not None or _find_ago(lead) is not None


def _read_number(match: re.Match[str]) -> str | None:
    if match["iso_year"]:
        return iso(int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"]))
    if match["number_year"]:
        year, first, second = _full_year(match["number_year"]), int(match["first"]), int(match["second"])
        return iso(year, second, first) or iso(year, first, second)
    if match["pair_year"] and match["no_month"] is None:
        year, month = int(match["pair_year"]), int(match["pair_month"])
        return iso(year, month) if 1 <= month <= min(12, year % 100) else None
    return None


def _read_month_number(match: re.Match[str], alone: bool) -> Reading | None:
    """ "Until 08/2017". "Resolution 08/2017" has a number, and is no date."""
    word = lead_word(match.string, match.start())
    if not (alone or word in _IN or word in _BY or word in ("to", "after", "|", "(") or word.endswith("ed")):
        return None
    return Reading(*match.span(), iso(int(match["slash_year"]), int(match["slash_month"])))


def _full_year(digits: str) -> int:
    """1950 to 2049 for two digits."""
    return int(digits) if len(digits) == 4 else (int(digits) + 50) % 100 + 1950


def _read_year(match: re.Match[str], last: Reading | None, alone: bool) -> Reading | None:
    if not (alone or match["part"] or match["season"] or _year_stands(match, last)):
        return None
    return Reading(*match.span(), _part_of_year(match["part"], match["year"]), "year")


def _part_of_year(part: str | None, year: str) -> str:
    words = _plain(part)
    if words.endswith((" days of ", " weeks of ")):
        return f"{year}-01" if "first" in words or "opening" in words else f"{year}-12"
    if " day" in words:
        return f"{year}-01-01" if "first" in words else f"{year}-12-31"
    if "start" in words or "begin" in words:
        return f"{year}-01"
    return f"{year}-12" if "end" in words or "close" in words else year


def _year_stands(match: re.Match[str], last: Reading | None) -> bool:
    """Whether a year on its own is one: 2019 is as often a count or the name of a product."""
    text, (start, end), beside = match.string, match.span(), surroundings()
    lead = text[max(0, start - 40) : start]
    if beside.counted.match(text, end):
        return False
    if beside.to_year.match(text, end):
        return True
    if last is not None and last.kind == "year" and is_joined(text[last.end : start]):
        return True
    if (_plain(match[0]).startswith("the") and beside.deal.match(text, end)) or beside.deal_of.search(lead):
        return True
    word = lead_word(text, start)
    if lead.rstrip().endswith("|"):
        return text[end:].lstrip(" ").startswith("|")
    if lead.endswith(", of ") and text[end : end + 1] in (",", ")"):
        return True
    if word in "([" and word:
        return text[end : end + 1] in (")", "]", ",")
    if word in ("a", "the", "its", "their", "original"):
        return beside.deal.match(text, end) is not None
    leads = word in _BY or _follows_term(text, start) or beside.prolonged_to.search(lead) is not None
    return word in _IN or (leads and beside.clause.match(text, end) is not None)


def _follows_term(text: str, start: int) -> bool:
    return surroundings().term_to.search(text[max(0, start - 40) : start]) is not None


def is_joined(gap: str) -> bool:
    """Whether the words between two dates join them: a dash, "to", "and"."""
    return len(gap) < 12 and gap.strip().casefold() in _JOINTS


def _read_month(
    match: re.Match[str], reference: date | None, last: Reading | None, alone: bool, floor: int
) -> Reading | None:
    text, (start, end) = match.string, match.span()
    month = month_number(match["month"])
    day_digits, year_digits = match["day"] or match["day_after"], match["month_year"] or match["short_year"]
    if match["day_after"] and (
        match["day"] or (not (year_digits or match["month_which"]) and lead_word(text, start) == "in")
    ):  # "in May 17 councils": the number counts something
        day_digits, year_digits, end = match["day"], None, match.end("month")
    if match["apart"]:  # "the July meeting, on the 19th"; a day right beside the month is another one
        day_digits, end = day_digits or match["day_apart"], match.start("apart") if day_digits else end
    day = day_number(day_digits) if day_digits else None
    if match["from_day"] and day is not None and day_number(match["from_day"]) < day:
        day = None  # "Issue 27 – 3 July" is no range
    if match["to_day"]:
        day = None  # "May 3-4, 2022": the month is what they share
    if text[end - 1] == ".":
        end -= 1  # the sentence's as likely as the abbreviation's
    year = _full_year(year_digits) if year_digits else None
    if match["month_which"] and reference is not None:
        year = reference.year + _STEP[_plain(match["month_which"])]
    if match["nth"] and not day_digits:
        if text[end : end + 2] in ("'s", "’s"):
            return None
        day = NTH.index(_plain(match["nth"])) + 1
    if year is None and not match["from_month"] and (opening := _year_before(text, start, last)) is not None:
        start, year = opening
    if year is not None:
        value = iso(year) if match["from_month"] else _edge_day(match["part"], iso(year, month, day))
        return Reading(start, end, value, "month") if value else None
    if match["from_month"] or match["month_which"] or _year_unread(text, match.end()):
        return None
    if match["month_next"]:
        value = None if reference is None else resolve(month, day, reference, "future")
        return Reading(start, end, value, "yearless", (month, day), value)
    if not (alone or day or match["part"] or _month_stands(text, start, end, last)):
        return None
    if surroundings().other_year.match(text, end):
        return Reading(start, end, None, "yearless", (month, day))
    value = ahead = None
    if reference is not None:
        cue, cue_start = find_cue(text, start, floor)
        value = resolve(month, day, reference, cue)
        if cue == "plain" and (verb := cue_after(text, start, end)) is not None:
            later = resolve(month, day, reference, "future")
            if later != value and not date_pattern().search(text, end, verb):
                return Reading(start, verb, _edge_day(match["part"], later), "yearless", (month, day), later)
        before = last.ahead if last is not None and last.end == floor else None
        if cue == "future":
            ahead = value
        elif before and cue != "past" and not clause_end().search(text, floor, start):
            ahead = not_before(before, resolve(month, day, reference, "future"))
            if value != ahead:  # the words that decide stand before another date, and cannot be quoted
                return Reading(start, end, None, "yearless", (month, day), ahead)
        if cue != "plain" and value != resolve(month, day, reference, "plain"):
            start = cue_start  # the words that decide belong to the mention
        value = _edge_day(match["part"], value)
    return Reading(start, end, value, "yearless", (month, day), ahead)


def _year_unread(text: str, end: int) -> bool:
    """Whether a year is stated after a day or a month that is not read: no other may be filled in."""
    year = surroundings().unread_year.match(text, end)
    return year is not None and surroundings().counted.match(text, year.end()) is None


def _year_before(text: str, start: int, last: Reading | None) -> tuple[int, int] | None:
    """Where "In 2014, in the month of July" begins, and its year: a sentence opens with it, and the month follows."""
    if last is None or last.kind != "year" or last.value is None or len(last.value) != len("2014"):
        return None
    begin = last.start - len("In ")
    if text[begin : last.start] != "In " or re.search(r"[^\s.!?\"“‘]\s*\Z", text[max(0, begin - 3) : begin]):
        return None
    if not re.fullmatch(r",\s(?:in|on)\s(?:the\smonth\sof\s)?", text[last.end : start]):
        return None
    return begin, int(last.value)


def _edge_day(part: str | None, value: str | None) -> str | None:
    """The first or the last day of a month, where the words before it ask for that."""
    words = _plain(part)
    if value is None or " day of" not in words or len(value) != len("2021-12"):
        return value
    return f"{value}-01" if "first" in words else f"{value}-{monthrange(*map(int, value.split('-')))[1]}"


def _month_stands(text: str, start: int, end: int, last: Reading | None) -> bool:
    """Whether the name of a month on its own is one: it may be a verb or a person's name too."""
    if last is not None and last.kind == "yearless" and is_joined(text[last.end : start]):
        return True
    word = lead_word(text, start)
    early = surroundings().early_as.search(text[max(0, start - 16) : start])
    if early or word in ("in", "since", "until", "till", "during", "come", "ends", "expires", "starts", "begins"):
        return text[end : end + 2] not in ("'s", "’s")
    leads = word in ("by", "from", "of", "before", "after", "through", "between") or _follows_term(text, start)
    return leads and not ((end - start == 3 and text[start:end] != "May") or surroundings().name.match(text, end))


def _read_weekday(match: re.Match[str], reference: date | None, alone: bool, floor: int) -> Reading | None:
    text, (start, end) = match.string, match.span()
    if reference is None or isinstance(reference, ReferenceMonth):
        return None
    if not (alone or lead_word(text, start) not in _NO_WEEKDAY):
        return None
    if surroundings().no_weekday.match(text, end):
        return None
    weekday = _WEEKDAYS.index(_plain(match["weekday"])[:3])
    if (farther := surroundings().farther.match(text, end)) is not None:
        if not farther["next"]:
            return None
        days = (weekday - reference.weekday() - 1) % 7 + 1
        return Reading(start, farther.end(), (reference + timedelta(days=days)).isoformat())
    if match["of_week"]:
        days = weekday - reference.weekday() + 7 * _STEP[_plain(match["of_week"])]
        return Reading(start, end, (reference + timedelta(days=days)).isoformat())
    back = (reference.weekday() - weekday) % 7
    cue, cue_start = find_cue(text, start, floor)
    genitive = text[end : end + 2] in ("'s", "’s")  # "notes from Thursday's meeting" look back
    if back and (cue == "future" or (cue == "soon" and not genitive)):
        back, start = back - 7, cue_start
    return Reading(start, end, (reference - timedelta(days=back)).isoformat())


def _read_holiday(match: re.Match[str], reference: date | None, alone: bool, floor: int) -> Reading | None:
    """A day that is the same every year; Christmas without a day of it leaves the month."""
    text, (start, end), words = match.string, match.span(), _plain(match["holiday"])
    month, day = (1, 1) if words == "new year's day" or words == "new year’s day" else (12, 31)
    if words.startswith("valentine"):
        month, day = 2, 14
    elif not words.startswith("new"):
        day = 26 if words.startswith("boxing") else 24 if words.endswith("eve") else 25
    whole: int | None = day
    if words == "christmas":
        lead = lead_word(text, start) in _AROUND and surroundings().clause.match(text, end)
        if not (alone or match["holiday_year"] or lead):
            return None
        whole = None
    if not match["holiday_year"] and _year_unread(text, end):
        return None
    if match["holiday_year"]:
        return Reading(start, end, iso(int(match["holiday_year"]), month, whole))
    value = None
    if reference is not None:
        start, value = placed(text, start, floor, month, whole, reference)
    return Reading(start, end, value, yearless=(month, whole))


def _read_season(match: re.Match[str], reference: date | None, alone: bool, floor: int) -> Reading | None:
    """ "In the summer": its year."""
    text, (start, end) = match.string, match.span()
    stands = lead_word(text, start) in _AROUND and surroundings().clause.match(text, end)
    if reference is None or not (alone or stands):
        return None
    middle = _FIRST_MONTH[_plain(match["the_season"])] + 1
    begin, value = placed(text, start, floor, middle, None, reference)
    soon = add_months(reference.isoformat()[:7], 2)
    if value and soon and value > soon:
        cue, begin = find_cue(text, start, floor)
        if cue == "plain":
            return None  # "in the summer we gave it to Orrel": nothing before it tells that it is yet to come
    return Reading(begin, end, value and value[:4])


def _read_counted(match: re.Match[str], today: date, alone: bool) -> str | None:
    """Words that are counted from the day of publication."""
    near, roughly = _plain(match["near"]), isinstance(today, ReferenceMonth)
    if match["of_month_day"]:
        step = (
            {"i": 0, "u": -1, "p": 1}[_plain(match["old_style"])[0]]
            if match["old_style"]
            else _STEP[_plain(match["of_month"])]
        )
        whole = add_months(today.isoformat()[:7], step)
        return whole and iso(*parts(whole)[:2], day_number(match["of_month_day"]))
    if near.startswith("year"):
        return f"{today.year:04}-12"
    if roughly and (near or match["unit_day"] or _plain(match["unit"]) in _SHORT_UNITS):
        return None
    if near:
        days = {"yesterday": -1, "tomorrow": 1}.get(near.split()[-1], 0) * (2 if " " in near else 1)
        genitive = match.string[match.end() : match.end() + 2] in ("'s", "’s")
        return None if genitive else (today + timedelta(days=days)).isoformat()
    if match["current"]:
        edge = _part_of_year(match["part"], f"{today.year:04}")
        in_month = _plain(match["current"]) == "month"
        if match["now"] and len(edge) == len("2021"):
            return edge if match["part"] or alone else None
        return None if len(edge) == 4 else today.isoformat()[:7] if in_month else edge
    if not match["which"] or (not alone and lead_word(match.string, match.start()) == "the"):
        return None  # "over the last year" is a length of time
    step = _STEP[_plain(match["which"]).removeprefix("this ") if " " in match["which"] else _plain(match["which"])]
    if match["unit_month"]:
        month = month_number(match["unit_month"])
        if match["unit_month_day"]:
            day = day_number(match["unit_month_day"])
            return resolve(month, day, today, "past" if step < 0 else "future") if step else iso(today.year, month, day)
        months = (month - today.month) if not step else (month - today.month) % (12 * step)
        return add_months(today.isoformat()[:7], months or 12 * step)
    monday = today - timedelta(days=today.weekday() - 7 * step)
    if match["unit_day"]:
        weekday = _WEEKDAYS.index(_plain(match["unit_day"])[:3])
        in_week = monday + timedelta(days=weekday)
        if step < 0 and today.weekday() == 6:  # nobody means the week before the last on a Sunday
            return (today - timedelta(days=(5 - weekday) % 7 + 1)).isoformat()
        if step < 0:
            nearest = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
        else:
            nearest = today + timedelta(days=(weekday - today.weekday() - step) % 7 + step)
        return shared(in_week, nearest)
    unit = _plain(match["unit"])
    if unit == "year":
        return _part_of_year(match["part"], f"{today.year + step:04}")
    if unit == "month":
        whole = add_months(today.isoformat()[:7], step)
        if match["nth"] and whole:
            return iso(*parts(whole)[:2], NTH.index(_plain(match["nth"])) + 1)
        return _edge_day(match["part"], whole)
    if unit == "week":
        return shared(monday, monday + timedelta(days=6))
    if unit in _FIRST_MONTH:
        begins = _FIRST_MONTH[unit]
        year = today.year - (step < 0 and today.month < begins + 3) + (step > 0 and today.month >= begins)
        return f"{year:04}"
    if step == 0 and unit != "winter":
        return today.isoformat()
    return (today - timedelta(days=1)).isoformat() if step < 0 and unit in ("night", "evening") else None
