"""Months are added to partial dates, and terms begin and end on the right day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.fields.partial_dates import add_months, contains, term_end, term_end_year, term_start_year

DAYS = st.dates(date(1960, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2015-11-01", 60, "2020-10-31"),
        ("2007-04", 180, "2022-04"),
        ("2007", 180, "2022"),
        ("2007", 18, None),
        ("2020-02-29", 12, "2021-02-28"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2023-12-15", 12, "2024-12-14"),
        ("9999-12", 1, None),
        ("9999-01-01", 12, None),
    ],
)
def test_a_term_ends_on_its_last_day(start: str, months: int, end: str | None) -> None:
    assert term_end(start, months) == end


@pytest.mark.parametrize(
    ("start", "end", "months", "expected"),
    [
        ((5, 17), "2027-05-16", 48, "2023-05-17"),
        ((5, 17), "2027-05-17", 48, "2023-05-17"),
        ((5, 17), "2027-05", 48, "2023-05-17"),
        ((5, 17), "2027", 48, "2023-05-17"),
        ((4, None), "2022-04", 180, "2007-04"),
        ((4, None), "2027-03-31", 60, "2022-04"),
        ((4, 1), "2027-03", 60, "2022-04-01"),
        ((5, 17), "2027-08-16", 48, None),
        ((5, 17), "2027-05-16", 42, None),
        ((2, 29), "2027-02-27", 48, None),
    ],
)
def test_an_end_and_a_term_fix_the_year_of_the_start(
    start: tuple[int, int | None], end: str, months: int, expected: str | None
) -> None:
    assert term_start_year(start, end, months) == expected


@pytest.mark.parametrize(
    ("end", "start", "months", "expected"),
    [
        ((10, 31), "2015-11-01", 60, "2020-10-31"),
        ((11, 1), "2015-11-01", 60, "2020-11-01"),
        ((10, None), "2015-11-01", 60, "2020-10"),
        ((3, 31), "2007-04", 60, "2012-03-31"),
        ((12, 31), "2015-11-01", 60, None),
        ((3, 31), "2007", 60, None),
        ((2, 30), "2007-02", 60, None),
    ],
)
def test_a_start_and_a_term_fix_the_year_of_the_end(
    end: tuple[int, int | None], start: str, months: int, expected: str | None
) -> None:
    assert term_end_year(end, start, months) == expected


@settings(deadline=None)
@given(DAYS, st.integers(1, 240))
def test_term_start_year_inverts_term_end(day: date, months: int) -> None:
    for start, part in ((day.isoformat(), day.day), (day.isoformat()[:7], None)):
        end = term_end(start, months)
        assert end is not None
        assert term_start_year((day.month, part), end, months) == start


@settings(deadline=None)
@given(DAYS, st.integers(-300, 300))
def test_months_are_added_and_taken_away(day: date, months: int) -> None:
    later = add_months(day.isoformat(), months)
    assert later is not None
    assert contains(add_months(day.isoformat()[:7], months) or "", later)
    back = add_months(later, -months)
    assert back == day.isoformat() or int(later[8:]) == monthrange(int(later[:4]), int(later[5:7]))[1]
