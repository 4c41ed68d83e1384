"""Arithmetic of partial dates: `2023-05-17`, `2023-05` and `2023`."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, timedelta


def parts(value: str) -> tuple[int, int | None, int | None]:
    """Year, month and day. Raises ValueError if `value` is no partial date."""
    year, month, day = (*value.split("-"), None, None)[:3]
    return int(year or ""), int(month) if month else None, int(day) if day else None


def iso(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """The partial date, or None where the calendar has no such day."""
    try:
        whole = date(year, 1 if month is None else month, 1 if day is None else day).isoformat()
    except ValueError:
        return None
    return whole[:4] if month is None else whole[:7] if day is None else whole


def shared(first: date, last: date) -> str | None:
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
    year, month, day = parts(date)
    if month is None:
        return None if months % 12 else iso(year + months // 12)
    year, month = divmod(year * 12 + month - 1 + months, 12)
    month += 1
    if not 1 <= year <= 9999:
        return None
    return iso(year, month, day and min(day, calendar.monthrange(year, month)[1]))


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
    year = parts(end)[0] - months // 12
    starts = [s for s in (iso(y, month, day) for y in range(year - 1, year + 2) if 1 <= y <= 9999) if s]
    for slack in (0, 1):
        agreeing = [s for s in starts if any(contains(e, end) for e in _ends(s, months, slack))]
        if agreeing:
            return agreeing[0] if len(agreeing) == 1 else None
    return None


def term_end_year(end: tuple[int, int | None], start: str, months: int) -> str | None:
    """The end whose year was left out, fixed by the start and the length of the term.

    (10, 31), `2015-11-01` and 60 give `2020-10-31`. It may be a day (or, for a start that is a month, a month) off.
    None if it does not agree, or if `start` is a year alone. Raises ValueError if `start` is no partial date.
    """
    if parts(start)[1] is None:
        return None
    for slack in (0, 1):
        for near in _ends(start, months, slack):
            stated = iso(parts(near)[0], *end)
            if stated is not None and contains(stated, near):
                return stated
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
