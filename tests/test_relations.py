"""A start, a number of months and an end: two may give the third, fix its year, or contradict it."""

from __future__ import annotations

from typing import Any

import pytest

from llm_extract.fields import NO_CONTEXT
from llm_extract.relations import Value, relate_term
from llm_extract.result import Evidence, Issue
from llm_extract.schema import Term

TERM = Term(start="start", months="months", end="end", near=("signed",))


def related(
    values: dict[str, tuple[Any, str]], said: dict[str, str | None] | None = None, issues: tuple[Issue, ...] = ()
) -> tuple[dict[str, Any], dict[str, Value], list[Issue]]:
    held = {
        name: Value(value, Evidence(quote=words, start=number * 100, end=number * 100 + len(words), match="exact"))
        for number, (name, (value, words)) in enumerate(values.items())
    }
    answered = {"start": None, "months": None, "end": None, **(said or {})}
    left = relate_term(TERM, held, answered, "deal", NO_CONTEXT, list(issues))
    return {name: found.value for name, found in held.items()}, held, left


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [("2015-11-01", 60, "2020-10-31"), ("2007-04", 180, "2022-04"), ("2008", 24, "2010"), ("2008", 18, None)],
)
def test_an_end_follows_from_start_and_months(start: str, months: int, end: str | None) -> None:
    values, held, issues = related({"start": (start, start), "months": (months, "term")})
    assert values.get("end") == end
    assert issues == []
    if end is not None:
        assert held["end"].evidence.match == "derived"
        assert [span.quote for span in held["end"].evidence.also] == ["term"]


@pytest.mark.parametrize("words", ["as from the date of signature", "on signing", "from the day of its signature"])
def test_a_start_on_signature_is_the_day_of_signature(words: str) -> None:
    values, held, _ = related({"signed": ("2014-03-10", "10 March 2014"), "months": (24, "term")}, {"start": words})
    assert (values["start"], values["end"]) == ("2014-03-10", "2016-03-09")
    assert held["start"].evidence.quote == "10 March 2014"


@pytest.mark.parametrize("words", ["a month after signature", "on signature of the lease", "in stages", None])
def test_other_words_for_a_start_do_not_take_it(words: str | None) -> None:
    values, _, _ = related({"signed": ("2014-03-10", "10 March 2014"), "months": (24, "term")}, {"start": words})
    assert "start" not in values


@pytest.mark.parametrize(
    ("gap", "end", "value"),
    [(30, "31 May", "2024-05-31"), (30, "3 January", "2025-01-03"), (90, "31 May", None)],
)
def test_an_end_without_a_year_right_after_its_start_is_the_next_one(gap: int, end: str, value: str | None) -> None:
    start = Evidence(quote="8 January 2024", start=0, end=14, match="exact")
    held = {
        "start": Value("2024-01-08", start),
        "end": Value(None, Evidence(quote=end, start=14 + gap, end=14 + gap + len(end), match="exact")),
    }
    relate_term(TERM, held, {"start": None, "months": None, "end": None}, "deal", NO_CONTEXT, [])
    assert held["end"].value == value


def test_a_start_is_never_made_from_the_two_others_alone() -> None:
    values, _, _ = related({"months": (48, "four-year"), "end": ("2027-05-16", "16 May 2027")})
    assert "start" not in values


@pytest.mark.parametrize("name", ["start", "signed"])
def test_a_date_without_a_year_gets_the_one_that_fits(name: str) -> None:
    values, held, _ = related(
        {name: (None, "17 May"), "months": (48, "four-year"), "end": ("2027-05-16", "16 May 2027")}
    )
    assert values[name] == "2023-05-17"
    assert [span.quote for span in held[name].evidence.also] == ["16 May 2027", "four-year"]


def test_a_date_that_does_not_fit_keeps_lacking_its_year() -> None:
    values, _, _ = related(
        {"start": (None, "3 July"), "months": (48, "four-year"), "end": ("2027-05-16", "16 May 2027")}
    )
    assert values["start"] is None


def test_an_end_without_a_year_gets_the_one_that_start_and_months_fix() -> None:
    start, months = ("2015-11-01", "1 November 2015"), (60, "five-year")
    values, held, _ = related({"start": start, "months": months, "end": (None, "31 October")})
    assert values["end"] == "2020-10-31"
    assert [span.quote for span in held["end"].evidence.also] == ["1 November 2015", "five-year"]
    values, _, _ = related({"start": start, "months": months, "end": (None, "31 March")})
    assert values["end"] is None


@pytest.mark.parametrize(
    ("text", "start", "end", "day", "expected"),
    [
        ("1 April to 30 June 2023", "1 April", "30 June 2023", "2023-06-30", "2023-04-01"),
        ("1 April – 31 March 2023", "1 April", "31 March 2023", "2023-03-31", "2022-04-01"),
        ("1 April, and it will end on 31 March 2023", "1 April", "31 March 2023", "2023-03-31", None),
        ("29 February to 31 May 2023", "29 February", "31 May 2023", "2023-05-31", None),
    ],
)
def test_a_range_fixes_the_year_of_its_start(text: str, start: str, end: str, day: str, expected: str | None) -> None:
    held = {
        name: Value(value, Evidence(quote=words, start=at, end=at + len(words), match="exact"))
        for name, value, words in (("start", None, start), ("end", day, end))
        for at in (text.index(words),)
    }
    relate_term(TERM, held, {"start": start, "months": None, "end": end}, "deal", NO_CONTEXT, [])
    assert held["start"].value == expected


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        ("2023-10-01", "2023-10-01", False),
        ("2023-10-01", "2022-01", False),
        ("2023-10-01", "2023", True),
        ("2023", "2023-12", True),
        ("2023-10-01", "2024", True),
    ],
)
def test_an_end_that_is_not_after_its_start_is_refused(start: str, end: str, kept: bool) -> None:
    values, _, issues = related({"start": (start, start), "end": (end, end)}, {"end": end})
    assert ("end" in values) == kept
    assert [issue.reason for issue in issues] == ([] if kept else ["contradicted"])


def test_an_end_that_the_model_computed_rightly_is_no_issue() -> None:
    complaint = Issue(path="deal.end", reason="not_found", message="", answer="30 September 2028")
    _, _, issues = related(
        {"start": ("2023-10-01", "1 October 2023"), "months": (60, "five-year")},
        {"end": "30 September 2028"},
        (complaint,),
    )
    assert issues == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (("2019-05", "May 2019"), ("2023-04", "in April"), ("2019-05", "2024-04")),
        (("2018-05", "in May"), ("2024-04", "April 2024"), ("2019-05", "2024-04")),
        (("2019-05", "May 2019"), ("2023-04", "April 2023"), ("2019-05", "2023-04")),
        (("2019-05", "May 2019"), ("2023-09", "in September"), ("2019-05", "2023-09")),
        (("2018-05", "in May"), ("2023-04", "in April"), ("2018-05", "2023-04")),
    ],
)
def test_a_term_corrects_a_year_that_was_only_counted(
    start: tuple[str, str], end: tuple[str, str], expected: tuple[str, str]
) -> None:
    values, _, _ = related({"start": start, "months": (60, "five-year"), "end": end})
    assert (values["start"], values["end"]) == expected


@pytest.mark.parametrize(
    ("signed", "start", "value"),
    [
        (("2020-02-18", "18 February 2020"), "1 May", "2020-05-01"),
        (("2020-12-18", "18 December 2020"), "1 March", "2021-03-01"),
        (("2020-02", "February 2020"), "June", "2020-06"),
        (("2020-02-18", "18 February 2020"), "1 January", None),
        (("2020", "2020"), "1 May", None),
    ],
)
def test_a_start_without_a_year_is_the_first_after_the_signature(
    signed: tuple[str, str], start: str, value: str | None
) -> None:
    values, held, _ = related({"signed": signed, "start": (None, start), "months": (12, "a year")})
    assert values["start"] == value
    if value is not None:
        assert held["start"].evidence.also[0].quote == signed[1]
        assert values["end"] is not None
