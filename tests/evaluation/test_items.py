"""What is scored: read from the schema, for any form of record."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel

from llm_extract.evaluation.items import Plan, entries_of, every_value, make_plan, reference_day, values_at
from llm_extract.fields import FlagField, Months, Name, OrganisationName, PartialDate
from llm_extract.schema import FromPage, Identifies, Term, compile_schema
from llm_extract.task import find_task
from tests.evaluation.generated import read


class Lot(BaseModel):
    number: int
    winner: Annotated[OrganisationName | None, Identifies(3)] = None
    kind: Literal["open", "closed"] | None = None
    live: Annotated[bool, FlagField(quoted=False)]


class Tender(BaseModel):
    buyer: Annotated[OrganisationName, Identifies(2)]
    lots: list[Lot] = []
    kind: Literal["works", "services"] | None = None


class Page(BaseModel):
    title: str | None = None
    published: Annotated[date | None, FromPage("published")] = None


class Notices(BaseModel):
    page: Page
    tenders: list[Tender]


class Person(BaseModel):
    name: Annotated[Name, Identifies(3)]
    roles: list[str | None] = []


class Both(BaseModel):
    tenders: list[Tender]
    people: list[Person | None] | None = None


class Player(BaseModel):
    name: Name | None = None
    keeper: Annotated[bool | None, FlagField(quoted=False)] = None


class Team(BaseModel):
    people: list[Player]


class Move(BaseModel):
    relations: ClassVar = (Term(start="start", months="months", end="end", near=("announced",)),)

    person: Name | None = None
    past: Annotated[bool | None, FlagField(quoted=False)] = None
    start: PartialDate | None = None
    months: Months | None = None
    end: PartialDate | None = None
    announced: PartialDate | None = None


def plan_of(model: type[BaseModel]) -> Plan:
    return make_plan(compile_schema(model))


def paths(record: BaseModel) -> dict[str, Any]:
    return {value.path: value.value for _, value in every_value(record, plan_of(type(record)))}


def test_contracts_are_scored_apart_from_the_page_and_from_main() -> None:
    plan = make_plan(find_task("it_contracts").schema)
    assert [field.key for field in plan.page] == [
        "article.headline", "article.publisher", "article.author", "article.published",
    ]  # fmt: skip
    (kind,) = plan.kinds
    assert kind.name == "contracts"
    assert not kind.is_whole_record
    assert [flag.key for flag in plan.flags] == ["main"]
    weights = {field.key: field.weight for field in plan.fields}
    assert weights == {
        "stage": 1, "buyers": 3, "suppliers": 3, "partners": 1, "incumbents": 1, "value": 2, "duration_months": 1,
        "extension_months": 1, "signed": 1, "start": 1, "end": 1, "framework": 2, "programme": 2, "services": 1,
        "users": 1, "sites": 1,
    }  # fmt: skip
    assert [field.key for field in plan.fields if field.is_choice] == ["stage"]
    assert {field.key for field in plan.fields if field.in_term} == {"start", "end", "signed"}
    assert [field.key for field in plan.fields if field.ends_term] == ["end"]


def test_a_sum_is_one_item_and_every_entry_of_a_list_is_one() -> None:
    value = {"amount": 5, "currency": "GBP", "qualifier": "about", "per_year": True}
    deal = {"main": False, "stage": "award", "buyers": ["A", "B"], "suppliers": [], "value": value}
    record = read({"article": {"author": "C"}, "contracts": [deal]})
    found = {value.path for _, value in every_value(record, make_plan(find_task("it_contracts").schema))}
    assert found == {
        "article.author", "contracts[0].stage", "contracts[0].buyers[0]", "contracts[0].buyers[1]",
        "contracts[0].value",
    }  # fmt: skip


def test_a_flat_record_is_one_entry_if_it_says_something() -> None:
    plan = plan_of(Move)
    (kind,) = plan.kinds
    assert kind.is_whole_record
    assert plan.page == ()
    assert [field.key for field in kind.fields] == ["person", "start", "months", "end", "announced"]
    assert entries_of(Move(), kind) == []
    assert entries_of(Move(past=True), kind) == []
    assert [path for path, _ in entries_of(Move(person="Ada"), kind)] == [""]
    assert paths(Move(person="Ada", end="2024")) == {"person": "Ada", "end": "2024"}


def test_nested_lists_are_compared_as_one_list_a_field() -> None:
    plan = plan_of(Notices)
    (kind,) = plan.kinds
    assert [field.key for field in kind.fields] == ["buyer", "lots.number", "lots.winner", "lots.kind", "kind"]
    assert [flag.key for flag in kind.flags] == ["lots.live"]
    record = Notices(
        page=Page(title="T"),
        tenders=[
            Tender(buyer="A", lots=[Lot(number=1, live=True, winner="X"), Lot(number=2, live=False)]),
            Tender(buyer="B", kind="works"),
        ],
    )
    assert paths(record) == {
        "page.title": "T",
        "tenders[0].buyer": "A",
        "tenders[0].lots[0].number": 1,
        "tenders[0].lots[1].number": 2,
        "tenders[0].lots[0].winner": "X",
        "tenders[1].buyer": "B",
        "tenders[1].kind": "works",
    }


def test_only_a_category_that_an_entry_has_once_is_a_choice() -> None:
    assert [field.key for field in plan_of(Notices).fields if field.is_choice] == ["kind"]


def test_fields_of_two_kinds_of_entries_are_called_by_both_names() -> None:
    plan = plan_of(Both)
    assert [kind.name for kind in plan.kinds] == ["tenders", "people"]
    assert {field.key for field in plan.fields} == {
        "tenders.buyer", "tenders.lots.number", "tenders.lots.winner", "tenders.lots.kind", "tenders.kind",
        "people.name", "people.roles",
    }  # fmt: skip


def test_what_is_null_or_blank_is_no_item() -> None:
    record = Both(tenders=[], people=[None, Person(name="Ada", roles=[None, "", " ", "chair"])])
    assert paths(record) == {"people[1].name": "Ada", "people[1].roles[3]": "chair"}
    assert paths(Both(tenders=[])) == {}
    assert paths(Notices(page=Page(title=""), tenders=[])) == {}


@pytest.mark.parametrize(
    ("published", "day"), [("2016-02-10", date(2016, 2, 10)), ("2016-02", None), ("2016", None), (None, None)]
)
def test_relative_dates_are_counted_from_a_whole_day(published: str | None, day: date | None) -> None:
    plan = make_plan(find_task("it_contracts").schema)
    assert reference_day(read({"article": {"published": published}, "contracts": []}), plan) == day


def test_the_day_may_be_a_date_or_stand_nowhere() -> None:
    record = Notices(page=Page(published=date(2020, 1, 2)), tenders=[])
    assert reference_day(record, plan_of(Notices)) == date(2020, 1, 2)
    assert plan_of(Move).published is None
    assert reference_day(Move(), plan_of(Move)) is None


def test_an_entry_that_says_nothing_is_none() -> None:
    plan = plan_of(Team)
    record = Team(people=[Player(), Player(keeper=True), Player(name="Ada")])
    assert [path for path, _ in entries_of(record, plan.kinds[0])] == ["people[2]"]


def test_paths_lead_back_to_the_values() -> None:
    record = read({"article": {}, "contracts": [{"main": True, "stage": "award", "buyers": ["A"], "suppliers": []}]})
    plan = make_plan(find_task("it_contracts").schema)
    (entry,) = entries_of(record, plan.kinds[0])
    buyers = next(field for field in plan.fields if field.key == "buyers")
    assert values_at(entry.value, buyers.steps, entry.path) == [("contracts[0].buyers[0]", "A")]
    assert values_at(entry.value, buyers.steps) == [("buyers[0]", "A")]
