"""OCDS releases: valid against the standard's own schema, and nothing said that the record does not."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from pydantic import BaseModel, create_model

from llm_extract.errors import TaskError
from llm_extract.export.ocds import SCHEMA_FILE, release_schema, releases, write_ocds
from llm_extract.export.places import Places, places_of
from llm_extract.fields import Category, Money, Name, OrganisationName
from llm_extract.schema import compile_schema
from llm_extract.task import find_task
from tests.export.ledgers import Record, contract_row, gold_records, mixed


@lru_cache
def validator() -> Draft4Validator:
    """All its references are inside; the formats are checked by `moments`, for jsonschema checks none by itself."""
    Draft4Validator.check_schema(release_schema())
    return Draft4Validator(release_schema())


def check(release: dict[str, Any]) -> None:
    problems = [f"{list(error.path)}: {error.message}" for error in validator().iter_errors(release)]
    assert problems == []
    for key, value in leaves(release):
        if key in ("date", "startDate", "endDate", "maxExtentDate", "datePublished"):
            datetime.fromisoformat(value)
            assert value.endswith("Z")
        if key == "url":
            assert value.startswith("http")
        assert value not in (None, "", [], {})


def leaves(data: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(data, dict):
        return [leaf for name, value in data.items() for leaf in leaves(value, name)]
    if isinstance(data, list):
        return [leaf for value in data for leaf in leaves(value, key)]
    return [(key, data)]


def one(**fields: Any) -> dict[str, Any]:
    (release,) = releases(places_of(find_task("it_contracts").schema), "it_contracts", contract_row(**fields))
    check(release)
    return release


def test_the_standards_schema_is_shipped_with_its_notice() -> None:
    assert release_schema()["id"] == "https://standard.open-contracting.org/schema/1__1__5/release-schema.json"
    notice = SCHEMA_FILE.with_name("release-schema-1.1.5.NOTICE.txt").read_text()
    assert "Open Contracting Partnership" in notice
    assert "Apache License, Version 2.0" in notice


def test_every_release_of_the_gold_is_valid(tmp_path: Path) -> None:
    task = find_task("it_contracts")
    path = tmp_path / "package.json"
    write_ocds(task.schema, task.name, gold_records(), path, prefix="ocds-a1b2c3", publisher="The Alder Desk")
    package = json.loads(path.read_text())
    assert (package["version"], package["publisher"]) == ("1.1", {"name": "The Alder Desk"})
    assert package["uri"].startswith("urn:uuid:")
    datetime.fromisoformat(package["publishedDate"])
    assert len(package["releases"]) > 200
    for release in package["releases"]:
        check(release)
        assert release["ocid"].startswith("ocds-a1b2c3-")
    assert len({release["ocid"] for release in package["releases"]}) == len(package["releases"])


def test_releases_may_be_lines(tmp_path: Path) -> None:
    task = find_task("it_contracts")
    path = tmp_path / "releases.jsonl"
    assert write_ocds(task.schema, task.name, mixed(), path) == {"releases": 1}
    check(json.loads(path.read_text()))


def test_an_award_is_put_where_the_standard_wants_it() -> None:
    release = one(
        buyers=["Alder Council", "Elm Council"],
        partners=["Fir Ltd"],
        incumbents=["Birch Systems"],
        value={"amount": 2_500_000, "currency": "GBP"},
        signed="2016-02-10",
        start="2016-03-01",
        end="2020-02-29",
        duration_months=48,
        extension_months=24,
        framework="G-Net 4",
        programme="Pegasus",
        services=["security"],
        sites=["Elm House"],
        users=340,
    )
    assert release["tag"] == ["award"]
    assert release["buyer"] == {"id": "alder council", "name": "Alder Council"}
    assert {party["name"]: party["roles"] for party in release["parties"]} == {
        "Alder Council": ["buyer"],
        "Elm Council": ["buyer"],
        "Birch Systems": ["supplier", "incumbent"],
        "Fir Ltd": ["subcontractor"],
    }
    (award,) = release["awards"]
    assert award["value"] == {"amount": 2_500_000, "currency": "GBP"}
    assert award["date"] == "2016-02-10T00:00:00Z"
    assert award["suppliers"] == [{"id": "birch systems", "name": "Birch Systems"}]
    assert award["contractPeriod"] == {
        "startDate": "2016-03-01T00:00:00Z",
        "endDate": "2020-02-29T23:59:59Z",
        "maxExtentDate": "2022-02-28T23:59:59Z",
    }
    assert award["items"][0]["classification"] == {"scheme": "it_contracts", "id": "security"}
    assert award["items"][0]["deliveryAddresses"] == [{"description": "Elm House"}]
    assert "Users: 340." in award["description"]
    assert release["planning"] == {"budget": {"project": "Pegasus"}}
    assert release["relatedProcesses"][0]["title"] == "G-Net 4"
    assert "tender" not in release
    assert "contracts" not in release


def test_what_the_article_leaves_open_is_not_filled_in() -> None:
    release = one(
        value={"amount": 900, "currency": "GBP", "per_year": True}, signed="2016-04", start="2017", duration_months=36
    )
    award = release["awards"][0]
    assert "date" not in award
    assert "value" not in award
    assert "startDate" not in award["contractPeriod"]
    for words in ("GBP 900 a year", "2016-04", "Start: 2017", "36 months"):
        assert words in award["description"]


def test_a_qualifier_is_said_beside_the_value() -> None:
    award = one(value={"amount": 900, "currency": "EUR", "qualifier": "up_to"})["awards"][0]
    assert award["value"] == {"amount": 900, "currency": "EUR"}
    assert "up to EUR 900" in award["description"]


def test_tenders_extensions_and_endings_have_their_own_sections() -> None:
    value = {"amount": 5, "currency": "GBP"}
    tender = one(stage="tender", suppliers=[], value=value)
    assert tender["tag"] == ["tender"]
    assert tender["tender"]["value"] == value
    assert "awards" not in tender
    extended = one(stage="extension", signed="2020-01-02", value=value)
    (contract,) = extended["contracts"]
    assert extended["tag"] == ["contractAmendment"]
    assert contract["awardID"] == extended["awards"][0]["id"]
    assert contract["amendments"] == [{"id": "1", "date": "2020-01-02T00:00:00Z", "description": "GBP 5"}]
    assert "value" not in contract, "the sum may be what was added or the new total"
    ended = one(stage="ended")
    assert (ended["tag"], ended["contracts"][0]["status"]) == (["contractTermination"], "terminated")
    called_off = one(stage="ended", suppliers=[])
    assert (called_off["tag"], called_off["tender"]["status"]) == (["tenderCancellation"], "cancelled")


def test_the_article_is_the_releases_document() -> None:
    record = contract_row("https://news.invalid/a?b=1")
    record["extraction"]["record"]["article"] = {"headline": "Council picks Birch", "published": "2016-02-10"}
    (release,) = releases(places_of(find_task("it_contracts").schema), "it_contracts", record)
    check(release)
    assert release["awards"][0]["documents"] == [
        {
            "id": "https://news.invalid/a?b=1",
            "documentType": "pressArticle",
            "format": "text/plain",
            "title": "Council picks Birch",
            "datePublished": "2016-02-10T00:00:00Z",
            "url": "https://news.invalid/a?b=1",
        }
    ]


HARD = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(["tender", "award", "extension", "ended"]),
        "buyers": st.lists(st.sampled_from(["Elm", "ELM", "Fir Ltd", "=1"]), max_size=3),
        "suppliers": st.lists(st.sampled_from(["Oak", "oak", "Elm"]), max_size=3),
        "signed": st.sampled_from([None, "2016", "2016-04", "2016-04-30"]),
        "start": st.sampled_from([None, "2016", "2016-04", "2016-04-30", "9999-12-31"]),
        "end": st.sampled_from([None, "2018", "2018-04", "2018-04-30", "9999-12-31"]),
        "duration_months": st.sampled_from([None, 0, 1, 48, 1200]),
        "extension_months": st.sampled_from([None, 0, 24, 120_000]),
        "value": st.sampled_from([None, {"amount": 0, "currency": "GBP"}, {"amount": 1.5, "currency": "ZZZ"}]),
        "services": st.lists(st.sampled_from(["security", "hardware"]), max_size=2),
        "sites": st.lists(st.sampled_from(["Elm", "Fir"]), max_size=3),
    }
)


@given(HARD)
def test_any_contract_gives_a_valid_release(contract: dict[str, Any]) -> None:
    record: Record = contract_row()
    record["extraction"]["record"]["contracts"][0] |= contract
    (release,) = releases(places_of(find_task("it_contracts").schema), "it_contracts", record)
    check(release)


# -- other tasks ---------------------------------------------------------------------------------------


def test_a_task_that_is_not_of_contracts_is_refused_with_the_reason() -> None:
    with pytest.raises(TaskError, match=r"no record of contracts.*appointments has no field 'buyers'.*Places"):
        places_of(find_task("appointments").schema)


class Sale(BaseModel):
    ocds: ClassVar = Places(
        buyers="customers", suppliers="winners", stage="event", stages={"won": "award", "lost": "ended"}, value="price"
    )
    event: Annotated[Literal["won", "lost"], Category({"won": ("won",), "lost": ("lost",)})]
    customers: list[OrganisationName]
    winners: list[OrganisationName]
    price: Money | None = None


class Sales(BaseModel):
    sales: list[Sale]


def test_another_schema_declares_its_own_names() -> None:
    record = contract_row()
    sale = {"event": "won", "customers": ["Elm"], "winners": ["Fir"], "price": {"amount": 3, "currency": "EUR"}}
    record["extraction"]["record"] = {"sales": [sale]}
    (release,) = releases(places_of(compile_schema(Sales)), "sales", record)
    check(release)
    assert release["buyer"]["name"] == "Elm"
    assert release["awards"][0]["value"] == {"amount": 3, "currency": "EUR"}


class Misdeclared(BaseModel):
    ocds: ClassVar = Places(framework="vehicle")
    stage: Annotated[Literal["award"], Category({"award": ("won",)})]
    buyers: list[OrganisationName]
    suppliers: list[OrganisationName]
    sites: list[Name] = []


class MisdeclaredRecord(BaseModel):
    contracts: list[Misdeclared]


class UnknownStage(BaseModel):
    stage: Annotated[Literal["award", "rumour"], Category({"award": ("won",), "rumour": ("said",)})]
    buyers: list[OrganisationName]
    suppliers: list[OrganisationName]


class UnknownStageRecord(BaseModel):
    contracts: list[UnknownStage]


def test_a_mapping_that_does_not_hold_is_refused() -> None:
    with pytest.raises(TaskError, match="framework='vehicle' is no such field"):
        places_of(compile_schema(MisdeclaredRecord))
    with pytest.raises(TaskError, match="a stage 'rumour'"):
        places_of(compile_schema(UnknownStageRecord))


def test_fields_of_natural_types_have_their_places_and_a_stage_that_may_be_missing_has_none() -> None:
    class Contract(BaseModel):
        stage: Literal["award"]
        buyers: list[OrganisationName] = []
        suppliers: list[OrganisationName] = []
        signed: date | None = None
        duration_months: int | None = None
        users: int | None = None
        sites: list[str] = []

    class Open(Contract):
        stage: Literal["award"] | None = None  # type: ignore[assignment]

    natural = create_model("Natural", contracts=(list[Contract], []))
    assert set(places_of(compile_schema(natural)).fields) >= {"signed", "duration_months", "users", "sites"}
    with pytest.raises(TaskError, match="a field 'stage' that may be missing"):
        places_of(compile_schema(create_model("Opened", contracts=(list[Open], []))))
