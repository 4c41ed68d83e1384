"""Tables: derived from any schema, typed, and joined by keys that hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from llm_extract.errors import TaskError
from llm_extract.evaluation.items import every_value, make_plan
from llm_extract.export.cells import clean
from llm_extract.export.layout import Layout, Part, make_layout
from llm_extract.export.tables import batches, rows, with_originals
from llm_extract.fields import Category, Money, Name, OrganisationName, PartialDate
from llm_extract.schema import compile_schema
from llm_extract.task import find_task
from tests.export.ledgers import Record, contract_row, gold_records, mixed


def as_dicts(layout: Layout, records: list[Record], *, copies: bool = False) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {table.name: [] for table in layout.tables}
    columns = {table.name: [column.name for column in table.columns] for table in layout.tables}
    for record, original in with_originals(records, copies):
        for name, row in rows(layout, record, original):
            tables[name].append(dict(zip(columns[name], row, strict=True)))
    return tables


@pytest.fixture(scope="module")
def layout() -> Layout:
    return make_layout(find_task("it_contracts").schema)


def test_contracts_become_typed_rows(layout: Layout) -> None:
    record = contract_row(
        value={"amount": 12.5, "currency": "GBP", "qualifier": "up_to", "per_year": True},
        signed="2016-04",
        start="2017-01-31",
        duration_months=48,
        services=["security", "hardware"],
        partners=["The Cedar Works Ltd"],
    )
    tables = as_dicts(layout, [record])
    (contract,) = tables["contracts"]
    assert contract["main"] is True
    assert (contract["value_amount"], contract["value_currency"]) == (Decimal("12.5"), "GBP")
    assert (contract["value_qualifier"], contract["value_per_year"]) == ("up_to", True)
    assert (contract["signed"], contract["signed_first_day"]) == ("2016-04", date(2016, 4, 1))
    assert (contract["start"], contract["start_first_day"]) == ("2017-01-31", date(2017, 1, 31))
    assert (contract["duration_months"], contract["framework"], contract["end_first_day"]) == (48, None, None)
    assert [(row["position"], row["value"]) for row in tables["services"]] == [(0, "security"), (1, "hardware")]
    assert {(row["role"], row["name"], row["normalised_name"]) for row in tables["parties"]} == {
        ("buyers", "Alder Council", "alder council"),
        ("suppliers", "Birch Systems", "birch systems"),
        ("partners", "The Cedar Works Ltd", "cedar works"),
    }


def test_every_outcome_is_an_article(layout: Layout) -> None:
    tables = as_dicts(layout, mixed())
    assert {row["article_id"]: row["status"] for row in tables["articles"]} == {
        "a1": "row", "c0": "copy", "c1": "copy", "f1": "failure", "s1": "skip", "r1": "pending",
    }  # fmt: skip
    by_id = {row["article_id"]: row for row in tables["articles"]}
    assert (by_id["c1"]["copy_of"], by_id["c1"]["copy_match"], by_id["c1"]["copy_similarity"]) == ("a1", "near", 0.93)
    assert (by_id["a1"]["model"], by_id["a1"]["calls"], by_id["f1"]["calls"]) == ("test/reader", 1, 2)
    assert tables["failures"] == [{"article_id": "f1", "type": "Refused", "message": "the model declined"}]
    assert tables["skips"] == [{"article_id": "s1", "reason": "irrelevant", "detail": "no keyword"}]
    assert {row["article_id"] for row in tables["contracts"]} == {"a1"}


def test_copies_bring_their_originals_entries_where_wanted(layout: Layout) -> None:
    """Wherever they stand in the ledger; without the words, whose offsets hold in the original alone."""
    tables = as_dicts(layout, mixed(), copies=True)
    assert Counter(row["article_id"] for row in tables["contracts"]) == {"a1": 1, "c0": 1, "c1": 1}
    assert Counter(row["article_id"] for row in tables["services"]) == {"a1": 1, "c0": 1, "c1": 1}
    assert {row["article_id"] for row in tables["evidence"]} == {"a1"}
    assert len(tables["articles"]) == 6


def test_a_copy_of_what_gave_no_row_is_still_an_article(layout: Layout) -> None:
    records = [record for record in mixed() if record["kind"] == "copy"]
    tables = as_dicts(layout, records, copies=True)
    assert [row["article_id"] for row in tables["articles"]] == ["c0", "c1"]
    assert tables["contracts"] == []


def test_copies_need_what_can_be_read_twice(layout: Layout) -> None:
    with pytest.raises(TypeError, match="read twice"):
        list(with_originals(iter(mixed()), True))


def cells(part: Part, path: str, tables: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[str, int]]:
    """How many cells the values of each path fill, judgements that need no words left out."""
    for way, shape in part.scalars:
        if shape.columns[0].kind != "flag":
            filled = sum(row[shape.columns[0].name] is not None for row in tables[part.table.name])
            yield path + ".".join(way), filled
    for way, table, _ in part.lists:
        yield f"{path}{'.'.join(way)}[]", len(tables[table.name])
    for way, table, role in part.parties:
        yield f"{path}{'.'.join(way)}[]", sum(row["role"] == role for row in tables[table.name])
    for way, inner in part.parts:
        yield from cells(inner, f"{path}{'.'.join(way)}[].", tables)


@pytest.mark.parametrize("task", ["it_contracts", "appointments"])
def test_no_value_of_the_gold_is_lost(task: str) -> None:
    """Every value of every record is a cell, every key is unique, and every row has its parent."""
    schema = find_task(task).schema
    layout = make_layout(schema)
    records = list(gold_records(task))
    tables = as_dicts(layout, records)
    plan = make_plan(schema)
    values = Counter(
        re.sub(r"\[\d+\]", "[]", path)
        for record in records
        for _, (path, _) in every_value(schema.record.model_validate(record["extraction"]["record"]), plan)
    )
    assert Counter(dict(cells(layout.root, "", tables))) == values
    keys = {}
    for table in layout.tables:
        keys[table.name] = {tuple(row[name] for name in table.key) for row in tables[table.name]}
        assert len(keys[table.name]) == len(tables[table.name])
        if table.parent is not None:
            parents = {tuple(row[name] for name in table.parent.key) for row in tables[table.name]}
            assert parents <= keys[table.parent.name]
        for column in table.columns:
            assert not column.required or all(row[column.name] is not None for row in tables[table.name])


def test_evidence_joins_its_values(layout: Layout) -> None:
    """By entry, field and item: the words of every party are found again."""
    records = list(gold_records())
    tables = as_dicts(layout, records)
    words = {
        (row["article_id"], row["entry"], row["field"], row["item"]): row["quote"]
        for row in tables["evidence"]
        if row["entries"] == "contracts" and row["position"] == 0
    }
    parties = tables["parties"]
    assert len(parties) > 300
    assert all((row["article_id"], row["entry"], row["role"], row["position"]) in words for row in parties)
    texts = {record["id"]: record["extraction"]["document"]["text"] for record in records}
    assert all(texts[row["article_id"]][row["start"] : row["end"]] == row["quote"] for row in tables["evidence"])
    assert any(row["position"] == 1 and row["match"] is None for row in tables["evidence"])
    assert {row["field"] for row in tables["evidence"] if row["entries"] is None} >= {"article.headline"}


# -- other schemas -------------------------------------------------------------------------------------


class Lot(BaseModel):
    title: Name
    bidders: list[OrganisationName] = []
    fees: list[Money] = []


class Sum(BaseModel):
    amount: Money | None = None
    value_amount: Name | None = None


class Deal(BaseModel):
    kind: Annotated[Literal["a", "b"], Category({"a": ("a",), "b": ("b",)})]
    value: Money | None = None
    value_amount: Name | None = None
    sum: Sum | None = None
    lots: list[Lot] = []
    bidders: list[OrganisationName] = []


class Odd(BaseModel):
    articles: list[Deal]
    evidence: list[Name] = []
    regulators: list[OrganisationName] = []
    status: Name | None = None
    day: PartialDate | None = None


def test_nested_lists_and_clashing_names_find_their_tables() -> None:
    layout = make_layout(compile_schema(Odd))
    names = [table.name for table in layout.tables]
    assert len({name.casefold() for name in names}) == len(names)
    for table in layout.tables:
        columns = [column.name.casefold() for column in table.columns]
        assert len(set(columns)) == len(columns), table.name
    record = contract_row()
    record["extraction"]["record"] = {
        "articles": [
            {
                "kind": "a",
                "value": {"amount": 1, "currency": "EUR"},
                "value_amount": "Elm",
                "sum": {"amount": {"amount": 2, "currency": "USD"}, "value_amount": None},
                "lots": [{"title": "One", "bidders": ["Fir"], "fees": [{"amount": 3, "currency": "GBP"}]}],
                "bidders": ["Oak"],
            }
        ],
        "evidence": ["Ash"],
        "regulators": ["Yew"],
        "status": "open",
        "day": "2008",
    }
    record["extraction"]["evidence"] = {
        "articles[0].lots[0].bidders[0]": {"quote": "x", "start": 0, "end": 1, "match": "exact"}
    }
    given = [cell for _, row in rows(layout, record) for cell in row]
    for value in ("Elm", "One", "Fir", "Oak", "Ash", "Yew", "open", "2008", Decimal(1), Decimal(2), Decimal(3)):
        assert value in given
    evidence = dict(zip((c.name for c in layout.tables[-4].columns), list(rows(layout, record))[-1][1], strict=True))
    assert (evidence["entry"], evidence["entry_2"], evidence["field"], evidence["item"]) == (0, 0, "bidders", 0)


class Flat(BaseModel):
    winner: OrganisationName | None = None
    price: int | None = None


def test_a_record_without_lists_is_a_row_of_articles() -> None:
    layout = make_layout(compile_schema(Flat))
    record = contract_row()
    record["extraction"]["record"] = {"winner": "Oak", "price": 10**30}
    record["extraction"]["evidence"] = {}
    tables = as_dicts(layout, [record])
    assert [table.name for table in layout.tables] == ["articles", "evidence", "issues", "failures", "skips"]
    assert (tables["articles"][0]["winner"], tables["articles"][0]["price"]) == ("Oak", None)  # more than 64 bits


def test_how_sure_the_model_was_stands_beside_the_words() -> None:
    layout = make_layout(compile_schema(Flat))
    record = contract_row()
    record["extraction"]["record"] = {"winner": "Oak", "price": 3}
    quote = {"quote": "Oak", "start": 0, "end": 3, "match": "exact"}
    record["extraction"]["evidence"] = {"winner": {**quote, "confidence": 0.75}, "price": quote}
    found = {row["path"]: row["confidence"] for row in as_dicts(layout, [record])["evidence"]}
    assert found == {"winner": 0.75, "price": None}


def test_a_record_of_another_schema_is_refused(layout: Layout) -> None:
    record = contract_row()
    record["extraction"]["record"]["contracts"][0]["colour"] = "red"
    with pytest.raises(TaskError, match=r"article a1.*no field 'colour'.*schema changed"):
        list(rows(layout, record))
    record = contract_row()
    record["extraction"]["record"]["contracts"][0]["duration_months"] = "four"
    with pytest.raises(TaskError, match="article a1"):
        list(rows(layout, record))


def test_batches_hold_no_more_than_they_should(layout: Layout) -> None:
    records = gold_records()[:20]
    sizes = [sum(map(len, batch.values())) for batch in batches(layout, records, size=100)]
    assert len(sizes) > 3
    assert max(sizes) < 300
    assert sum(sizes) == sum(1 for record in records for _ in rows(layout, record))


@given(st.text(st.characters(exclude_categories=())))
def test_clean_text_can_be_written_and_stays_apart(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    cleaned.encode()
    if cleaned.isprintable() and "\\" not in cleaned:
        assert cleaned == text
