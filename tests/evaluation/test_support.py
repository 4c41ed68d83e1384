"""Whether words carry a value, by the scorer's own reading."""

from __future__ import annotations

import enum
from datetime import date
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel

from llm_extract.evaluation.items import ScoredField, make_plan
from llm_extract.evaluation.support import carries
from llm_extract.fields import DateField, Money, Months, PartialDate
from llm_extract.schema import Term, compile_schema
from llm_extract.task import find_task

PUBLISHED = date(2023, 9, 14)


def field(key: str) -> ScoredField:
    plan = make_plan(find_task("it_contracts").schema)
    (found,) = [field for field in (*plan.page, *plan.fields) if field.key == key]
    return found


def sound(key: str, value: Any, *quotes: str, published: date | None = PUBLISHED) -> bool:
    return carries(field(key), value, quotes, published)


SUM = Money(amount=18_400_000, currency="GBP", qualifier="up_to")


@pytest.mark.parametrize(
    ("key", "value", "quote"),
    [
        ("buyers", "Ellerby County Council", "the Ellerby County Council’s"),
        ("value", SUM, "worth up to £18.4m"),
        ("value", SUM, "up to £18.4m of the £90m budget"),
        ("duration_months", 60, "five-year agreement"),
        ("extension_months", 24, "two further one-year extensions"),
        ("users", 6200, "About 6,200 staff"),
        ("stage", "award", "has signed a contract"),
        ("services", "security", "a firewall"),
        ("end", "2023-09-30", "30 September 2023"),
        ("article.published", "2023-09-14", "14 September 2023"),
        ("article.headline", "Ellerby signs", "Ellerby signs"),
    ],
)
def test_words_that_state_a_value_carry_it(key: str, value: Any, quote: str) -> None:
    assert sound(key, value, quote)


@pytest.mark.parametrize(
    ("key", "value", "quotes"),
    [
        ("buyers", "Ellerby County Council", ["the council"]),
        ("buyers", "BT", ["Abbott"]),
        ("value", SUM, ["£18.4m"]),
        ("value", SUM, ["up to £18.5m"]),
        ("value", SUM, ["up to", "£18.4m"]),
        ("duration_months", 60, ["four-year agreement"]),
        ("users", 6200, ["6,200 laptops"]),
        ("stage", "award", ["invites bids"]),
        ("end", "2023-09-30", ["30 September 2024"]),
        ("end", "2023-09-30", ["September 2023"]),
        ("end", "2023-09-30", []),
        ("end", "2023-09-30", [""]),
    ],
)
def test_words_that_state_something_else_do_not(key: str, value: Any, quotes: list[str]) -> None:
    assert not sound(key, value, *quotes)


def test_any_of_several_places_may_carry_the_value() -> None:
    assert sound("buyers", "Ellerby County Council", "ECC", "Ellerby County Council")


def test_a_date_may_stand_among_others() -> None:
    words = "runs from 1 October 2023 to 30 September 2028"
    assert sound("start", "2023-10-01", words)
    assert sound("end", "2028-09-30", words)
    assert not sound("end", "2028-09-29", words)


def test_relative_dates_are_counted_from_the_day_of_publication() -> None:
    assert sound("signed", "2023-09-01", "signed on 1 September")
    assert not sound("signed", "2023-09-01", "signed on 1 September", published=None)
    assert not sound("signed", "2022-09-01", "signed on 1 September")


def test_the_day_of_publication_may_be_among_the_quotes() -> None:
    assert sound("signed", "2023-09-01", "1 September", "14 September 2023", published=None)
    assert sound("signed", "2023-08", "in August", "14 September 2023", published=None)


def test_day_and_year_may_stand_apart() -> None:
    assert sound("signed", "2019-05-17", "on 17 May", "in 2019", published=None)
    assert sound("signed", "2019-05", "in May", "17 June 2019", published=None)
    assert not sound("signed", "2019-05-18", "on 17 May", "in 2019", published=None)
    assert not sound("signed", "2018-05-17", "on 17 May", "in 2019", published=None)


@pytest.mark.parametrize(
    ("end", "start", "term"),
    [
        ("2020-10-31", "1 November 2015", "five years"),
        ("2022-04", "in April 2007", "15-year deal"),
        ("2010", "in 2008", "two-year deal"),
        ("2020-10", "1 November 2015", "five years"),
        ("2028-09-30", "1 October", "five-year agreement"),
    ],
)
def test_an_end_follows_from_start_and_term(end: str, start: str, term: str) -> None:
    assert sound("end", end, start, term)
    assert sound("end", end, f"a {term}, starting {start}")
    assert not sound("end", end, start)
    assert not sound("end", "2031-01-01", start, term)


def test_only_an_end_follows_from_start_and_term() -> None:
    quotes = ("1 November 2015", "five years")
    assert sound("end", "2020-10-31", *quotes)
    assert not sound("start", "2020-10-31", *quotes)
    assert not sound("signed", "2020-10-31", *quotes)
    assert not sound("article.published", "2020-10-31", *quotes)


def test_a_start_without_a_year_gets_it_from_end_and_term() -> None:
    quotes = ("17 May", "four-year", "16 May 2027")
    for key in ("start", "signed"):
        assert sound(key, "2023-05-17", *quotes, published=None)
        assert not sound(key, "2022-05-17", *quotes, published=None)
    assert not sound("article.published", "2023-05-17", *quotes, published=None)


def test_a_start_is_never_made_from_end_and_term_alone() -> None:
    assert not sound("start", "2023-05-17", "four-year", "16 May 2027")


class Result(enum.Enum):
    WON = "won"
    LOST = "lost"


class Match(BaseModel):
    relations: ClassVar = (Term(start="opens", months="months", end="closes"),)

    result: Result | None = None
    day: date | None = None
    opens: PartialDate | None = None
    months: Months | None = None
    closes: Annotated[str | None, DateField()] = None


def test_other_schemas_have_enumerations_days_and_dates_without_a_form() -> None:
    fields = {field.key: field for field in make_plan(compile_schema(Match)).fields}
    assert carries(fields["result"], Result.WON, ["the side won"])
    assert not carries(fields["result"], Result.WON, ["the side lost"])
    assert carries(fields["day"], date(2023, 9, 1), ["1 September"], PUBLISHED)
    assert carries(fields["day"], date(2019, 5, 17), ["17 May", "in 2019"])
    assert not carries(fields["day"], date(2023, 9, 2), ["1 September"], PUBLISHED)
    assert carries(fields["closes"], "2025", ["in 2023", "two-year deal"])
    assert not carries(fields["closes"], "soon", ["17 May", "in 2019"])
