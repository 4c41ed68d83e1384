"""Exports: readable by others, inert, and there whole or not at all."""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field

from llm_extract import extract
from llm_extract.errors import RunError, TaskError, UsageError
from llm_extract.export.arrow import need
from llm_extract.export.csv_files import inert_cell
from llm_extract.export.exporting import DEFAULT_NAMES, FORMATS, Exported, Format, Options, export_records
from llm_extract.export.layout import make_layout
from llm_extract.export.sql import example_queries
from llm_extract.export.tables import rows
from llm_extract.export.verify import verify
from llm_extract.fields import Name, OrganisationName
from llm_extract.task import Task, find_task, task_for_schema
from llm_extract.testing import FakeModel
from tests.export.ledgers import Record, contract_row, gold_records, head, mixed

DATABASES: tuple[Format, ...] = ("sqlite", "duckdb")
HOSTILE = (
    "=cmd|' /C calc'!A0 Ltd",
    '+HYPERLINK("http://x.invalid") Ltd',
    "-2+3 Ltd",
    "@SUM(A1:A9) Ltd",
    "\tTab Ltd",
    "\rReturn Ltd",
    "  =1+1 Ltd",
    "＝WIDE() Ltd",
    "<script>alert(1)</script> Ltd",
    "\x1b[31mRed\x9b0m Ltd",
    "Nul\x00Byte Ltd",
    "Lone\ud83dSurrogate Ltd",
    "\N{BUG}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} Ltd",
    "Quote \" and ' and ; and , Ltd",
    "Line\nbreak Ltd",
    "{{7*7}} ${7*7} %s Ltd",
    "'); DROP TABLE articles; -- Ltd",
    "x" * 100_000,
)


@pytest.fixture(scope="module")
def task() -> Task:
    return find_task("it_contracts")


@pytest.fixture(scope="module")
def hostile() -> list[Record]:
    """A record whose every text is hostile, put past the checks that would refuse it."""
    record = contract_row("=id()\x00\udc80")
    contract = record["extraction"]["record"]["contracts"][0]
    contract["buyers"] = list(HOSTILE)
    contract["framework"] = HOSTILE[0]
    contract["sites"] = list(HOSTILE)
    record["place"] = "@place\udcff"
    record["extraction"]["evidence"]["contracts[0].buyers[0]"]["quote"] = HOSTILE[0]
    record["extraction"]["issues"] = [
        {
            "path": "contracts[0].value",
            "reason": "not_found",
            "message": HOSTILE[9],
            "answer": HOSTILE[11],
            "sources": [],
        }
    ]
    failure = {**mixed()[3], "error": {"type": "Refused", "message": HOSTILE[10]}}
    return [record, failure]


def export(records: Any, task: Task, to: Format, tmp_path: Path, **options: Any) -> Exported:
    return export_records(records, task, to, tmp_path / DEFAULT_NAMES[to], Options(**options))


def select(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


# -- every format --------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", FORMATS)
def test_the_gold_goes_into_every_format(to: Format, task: Task, tmp_path: Path) -> None:
    done = export(gold_records(), task, to, tmp_path)
    contracts = sum(len(record["extraction"]["record"]["contracts"]) for record in gold_records())
    expected = {"jsonl": ("lines", len(gold_records())), "csv": ("rows", contracts), "ocds": ("releases", contracts)}
    name, count = expected.get(to, ("contracts", contracts))
    assert done.counts[name] == count
    readme = done.path / "README.md" if to == "parquet" else done.path.with_name(f"{done.path.name}.README.md")
    assert "it_contracts" in readme.read_text()
    assert not list(tmp_path.glob(".*")), "nothing is left beside"


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_overwritten_unless_forced(to: Format, task: Task, tmp_path: Path) -> None:
    first = export(gold_records()[:3], task, to, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RunError, match="--force"):
        export(gold_records()[:9], task, to, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    second = export(gold_records()[:9], task, to, tmp_path, force=True)
    assert sum(second.counts.values()) > sum(first.counts.values())


@pytest.mark.parametrize("to", FORMATS)
def test_what_breaks_off_leaves_nothing(to: Format, task: Task, tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from gold_records()[:3]
        raise RunError("the ledger is damaged")

    with pytest.raises(RunError, match="damaged"):
        export(broken(), task, to, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", FORMATS)
def test_what_breaks_off_leaves_the_older_export(to: Format, task: Task, tmp_path: Path) -> None:
    export(gold_records()[:3], task, to, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    bad = contract_row()
    bad["extraction"]["record"]["contracts"][0]["value"] = {"amount": "much", "currency": "GBP"}
    records = [*gold_records()[:3], bad, {"kind": "row"}]
    with pytest.raises((TaskError, KeyError)):
        export(records, task, to, tmp_path, force=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("to", FORMATS)
def test_hostile_values_are_only_text(to: Format, task: Task, hostile: list[Record], tmp_path: Path) -> None:
    done = export(hostile, task, to, tmp_path)
    files = [done.path] if done.path.is_file() else list(done.path.iterdir())
    for file in files:
        if file.suffix in (".jsonl", ".json", ".csv", ".md"):
            text = file.read_bytes().decode()  # UTF-8, without lone surrogates
            assert "\x00" not in text
            assert "\x1b" not in text
            assert "\x9b" not in text


def test_an_empty_run_gives_empty_tables(task: Task, tmp_path: Path) -> None:
    for to in FORMATS:
        assert not any(export([], task, to, tmp_path).counts.values())
    assert select(tmp_path / "export.sqlite", "SELECT count(*) FROM contracts") == [(0,)]
    assert json.loads((tmp_path / "export.ocds.json").read_text())["releases"] == []


def test_a_folder_of_somebodys_is_never_replaced(task: Task, tmp_path: Path) -> None:
    out = tmp_path / "home"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    for to, options in (("parquet", Options(force=True)), ("csv", Options(force=True, tables=True))):
        with pytest.raises(RunError, match=r"thesis\.txt"):
            export_records(mixed(), task, to, out, options)  # type: ignore[arg-type]
    for to in ("sqlite", "jsonl"):
        with pytest.raises(RunError, match="is a folder"):
            export_records(mixed(), task, to, out, Options(force=True))  # type: ignore[arg-type]
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_options_that_do_not_go_with_the_format_are_refused(task: Task, tmp_path: Path) -> None:
    for to, option in (
        ("sqlite", "tables"),
        ("csv", "text"),
        ("jsonl", "prefix"),
        ("csv", "publisher"),
        ("ocds", "copies"),
    ):
        with pytest.raises(UsageError, match=f"does not go with --to {to}"):
            export([], task, to, tmp_path, **{option: "x"})  # type: ignore[arg-type]


def test_a_missing_package_is_named_with_its_extra(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=r"duckdb.*llm-extract\[batch\]"):
        export([], task, "duckdb", tmp_path)


# -- JSON lines ----------------------------------------------------------------------------------------


def test_json_lines_hold_everything(task: Task, tmp_path: Path) -> None:
    done = export(mixed(), task, "jsonl", tmp_path)
    lines = {line["article"]: line for line in map(json.loads, done.path.read_text().splitlines())}
    assert lines["a1"]["record"]["contracts"][0]["value"]["amount"] == 2_500_000
    assert "contracts[0].buyers[0]" in lines["a1"]["evidence"]
    assert "document" not in lines["a1"]
    assert lines["f1"]["error"]["type"] == "Refused"
    assert (lines["c1"]["copy_of"], lines["s1"]["reason"], lines["r1"]["status"]) == ("a1", "irrelevant", "pending")
    assert "record" not in lines["c1"]


def test_json_lines_with_texts_and_copies(task: Task, tmp_path: Path) -> None:
    done = export(mixed(), task, "jsonl", tmp_path, text=True, copies=True)
    lines = {line["article"]: line for line in map(json.loads, done.path.read_text().splitlines())}
    evidence, text = lines["a1"]["evidence"]["contracts[0].value"], lines["a1"]["document"]["text"]
    assert text[evidence["start"] : evidence["end"]] == evidence["quote"]
    assert lines["c0"]["record"] == lines["a1"]["record"]


def test_json_lines_are_predictions_that_can_be_scored(task: Task, tmp_path: Path) -> None:
    from llm_extract.evaluation.predictions import enumerated_predictions

    done = export(gold_records()[:5], task, "jsonl", tmp_path)
    assert [prediction.article for _, prediction in enumerated_predictions(done.path)] == [
        record["id"] for record in gold_records()[:5]
    ]


# -- CSV -----------------------------------------------------------------------------------------------


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_flat_file_has_a_row_a_contract(task: Task, tmp_path: Path) -> None:
    record = contract_row(
        value={"amount": 2_500_000.75, "currency": "GBP"},
        services=["security", "hardware"],
        users=340,
        signed="2016-04",
        sites=["Elm; House", "Fir"],
    )
    record["extraction"]["record"]["article"]["published"] = "2016-05-01"
    (row,) = read_csv(export([record, *mixed()[2:]], task, "csv", tmp_path).path)
    assert (row["article_id"], row["place"], row["published"]) == ("a1", "news.zip!a1.txt", "2016-05-01")
    assert (row["value_amount"], row["value_currency"], row["value_per_year"]) == ("2500000.75", "GBP", "false")
    assert (row["buyers"], row["services"], row["users"]) == ("Alder Council", "security; hardware", "340")
    assert (row["signed"], row["signed_first_day"], row["end"]) == ("2016-04", "2016-04-01", "")
    assert row["sites"] == "Elm; House; Fir"


def test_copies_are_rows_of_the_flat_file_where_wanted(task: Task, tmp_path: Path) -> None:
    found = read_csv(export(mixed(), task, "csv", tmp_path, copies=True).path)
    assert [(row["article_id"], row["copy_of"]) for row in found] == [("a1", ""), ("c0", "a1"), ("c1", "a1")]


def test_no_cell_begins_a_formula(task: Task, hostile: list[Record], tmp_path: Path) -> None:
    """Flat or a file a table; numbers have no apostrophe."""
    flat = export(hostile, task, "csv", tmp_path).path
    folder = export_records(hostile, task, "csv", tmp_path / "tables", Options(tables=True)).path
    cells = []
    for path in (flat, *folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            cells += [cell for row in list(csv.reader(file))[1:] for cell in row]
    assert len(cells) > 100
    assert not [cell for cell in cells if cell.lstrip()[:1] in {*"=+-@＝＋－＠"} and cell.strip()]
    assert not [cell for cell in cells if cell[:1] in {*"\t\r\n"} and cell]
    assert "'=cmd|' /C calc'!A0 Ltd" in cells
    assert "1" in cells


def test_ordinary_cells_stay_as_they_are() -> None:
    assert [inert_cell(text) for text in ("A-B", "", "3i plc", "'tis", "É=1")] == ["A-B", "", "3i plc", "'tis", "É=1"]


def test_a_folder_of_csv_has_a_file_a_table(task: Task, tmp_path: Path) -> None:
    done = export_records(mixed(), task, "csv", tmp_path / "t", Options(tables=True))
    assert {path.stem for path in done.path.glob("*.csv")} == {t.name for t in make_layout(task.schema).tables}
    assert [row["status"] for row in read_csv(done.path / "articles.csv")] == [
        "copy", "row", "copy", "failure", "skip", "pending",
    ]  # fmt: skip


# -- databases and Parquet -----------------------------------------------------------------------------


def test_sqlite_keys_hold_and_values_are_typed(task: Task, tmp_path: Path) -> None:
    path = export([*gold_records(), *mixed()], task, "sqlite", tmp_path, copies=True).path
    assert select(path, "PRAGMA integrity_check") == [("ok",)]
    assert select(path, "PRAGMA foreign_key_check") == []
    assert select(path, "SELECT DISTINCT typeof(value_amount) FROM contracts ORDER BY 1") == [("integer",), ("null",)]
    assert select(
        path, "SELECT DISTINCT typeof(main), typeof(start_first_day) FROM contracts WHERE start NOT NULL"
    ) == [("integer", "text")]
    plan = select(path, "EXPLAIN QUERY PLAN SELECT * FROM parties WHERE normalised_name = 'elm'")
    assert "INDEX" in str(plan)


def test_sqlite_holds_hostile_values_as_they_are(task: Task, hostile: list[Record], tmp_path: Path) -> None:
    path = export(hostile, task, "sqlite", tmp_path).path
    names = [name for (name,) in select(path, "SELECT name FROM parties WHERE role = 'buyers' ORDER BY position")]
    assert names[0] == HOSTILE[0]
    assert names[10:12] == ["Nul\\x00Byte Ltd", "Lone\\ud83dSurrogate Ltd"]
    assert names[12:] == list(HOSTILE[12:])


def test_two_articles_of_one_id_are_an_error_and_no_database(task: Task, tmp_path: Path) -> None:
    for to in DATABASES:
        with pytest.raises(RunError, match="cannot be written"):
            export([contract_row(), contract_row()], task, to, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["it_contracts", "appointments"])
def test_the_example_queries_are_answered_by_both_databases(name: str, tmp_path: Path) -> None:
    import duckdb

    task = find_task(name)
    records = [*gold_records(name), *mixed()[3:]]
    lite, duck = (export(records, task, to, tmp_path).path for to in DATABASES)
    queries = example_queries(make_layout(task.schema))
    assert len(queries) > 3
    with closing(duckdb.connect(str(duck), read_only=True)) as database:
        for question, sql in queries:
            rows_of_lite, rows_of_duck = select(lite, sql), database.execute(sql).fetchall()
            assert len(rows_of_lite) == len(rows_of_duck) > 0, question
            assert rows_of_lite[0][0] == rows_of_duck[0][0], question
            assert sql in lite.with_name(f"{lite.name}.README.md").read_text()


def test_duckdb_and_parquet_are_typed_and_equal(task: Task, hostile: list[Record], tmp_path: Path) -> None:
    import duckdb

    records = [*gold_records(), *hostile]
    database_file = export(records, task, "duckdb", tmp_path).path
    folder = export(records, task, "parquet", tmp_path).path
    layout = make_layout(task.schema)
    with closing(duckdb.connect(str(database_file), read_only=True)) as database:
        types = dict(
            database.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'contracts'"
            ).fetchall()
        )
        assert types["value_amount"] == "DECIMAL(24,6)"
        assert (types["main"], types["start_first_day"], types["users"]) == ("BOOLEAN", "DATE", "BIGINT")
        (comment,) = database.execute(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'articles' AND column_name = 'article_id'"
        ).fetchall()[0]
        assert comment == "the article's id"
        for table in layout.tables:
            stored = need("pyarrow.parquet").read_table(folder / f"{table.name}.parquet")
            assert stored.num_rows == database.execute(f'SELECT count(*) FROM "{table.name}"').fetchall()[0][0]
            assert stored.schema.names == [column.name for column in table.columns]
        made = sum(1 for record in records for name, _ in rows(layout, record) if name == "evidence")
        assert database.execute("SELECT count(*) FROM evidence").fetchall() == [(made,)]
        (hostile_name,) = database.execute("SELECT name FROM parties WHERE name LIKE '%DROP TABLE%'").fetchall()[0]
        assert hostile_name == HOSTILE[16]
    metadata = need("pyarrow.parquet").read_schema(folder / "contracts.parquet").field("users").metadata
    assert b"people" in metadata[b"description"]


def test_parquet_is_written_in_row_groups(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_extract.export import parquet, tables

    monkeypatch.setattr(parquet, "batches", partial(tables.batches, size=500))
    folder = export(gold_records(), task, "parquet", tmp_path).path
    file = need("pyarrow.parquet").ParquetFile(folder / "evidence.parquet")
    assert file.num_row_groups > 3


class Lot(BaseModel):
    """Something that is sold."""

    article_id: Name | None = None
    place: Name | None = None
    price: Decimal | None = None
    bidders: list[OrganisationName] = []


class Sale(BaseModel):
    """An auction, with names that clash, aliases and a computed field."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    place: Name | None = None
    topics: list[str] = []
    regulators: list[OrganisationName] = []
    lots: list[Lot] = Field([], alias="allLots")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def count(self) -> int:
        return len(self.lots)


SALE = "Halden Foods bid 98,765,432,109,876.54 at the Corn Exchange for Lot Nine, watched by the Bureau of Sales: maps"


@pytest.fixture
def sale() -> tuple[Task, list[Record]]:
    task = task_for_schema(Sale)
    lot = {
        "article_id": "Lot Nine",
        "place": "Corn Exchange",
        "price": "98,765,432,109,876.54",
        "bidders": ["Halden Foods"],
    }
    said = {"place": "Corn Exchange", "topics": ["maps", "Lot"], "regulators": ["Bureau of Sales"], "lots": [lot]}
    result = extract(SALE, schema=Sale, model=FakeModel(said))
    assert not result.issues
    extraction = json.loads(result.model_dump_json())
    assert set(extraction["record"]) == {"place", "topics", "regulators", "allLots", "count"}
    return task, [{**head("row", "a", result.document), "usage": extraction["usage"], "extraction": extraction}]


def test_the_flat_file_has_every_field_under_a_name_of_its_own(sale: tuple[Task, list[Record]], tmp_path: Path) -> None:
    task, records = sale
    with export(records, task, "csv", tmp_path).path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["article_id"] == "a"
    assert row["place"] == "news.zip!a.txt"
    assert (row["place_2"], row["lots_place"], row["article_id_2"]) == ("Corn Exchange", "Corn Exchange", "Lot Nine")
    assert (row["topics"], row["regulators"], row["bidders"]) == ("maps; Lot", "Bureau of Sales", "Halden Foods")


def test_aliases_and_computed_fields_change_no_table(sale: tuple[Task, list[Record]], tmp_path: Path) -> None:
    task, records = sale
    path = export(records, task, "sqlite", tmp_path).path
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("select count(*) from lots").fetchone() == (1,)
        joined = database.execute(
            "select count(*) from evidence e join lots_parties p on p.role = e.field and p.entry = e.entry"
        )
        assert joined.fetchone() == (1,)
    assert verify(records, task.schema).problems == 0


def test_copies_of_records_by_aliases_need_what_can_be_read_twice_too(
    sale: tuple[Task, list[Record]], tmp_path: Path
) -> None:
    task, records = sale
    with pytest.raises(TypeError, match="can be read twice"):
        export_records(iter(records), task, "sqlite", tmp_path / "once.sqlite", Options(copies=True))
    assert export_records(records, task, "sqlite", tmp_path / "twice.sqlite", Options(copies=True)).counts["lots"] == 1


def test_a_decimal_is_delivered_to_its_last_digit(sale: tuple[Task, list[Record]]) -> None:
    (record,) = sale[1]
    assert record["extraction"]["record"]["allLots"][0]["price"] == "98765432109876.54"


def test_organisations_inside_a_single_model_join_their_evidence(tmp_path: Path) -> None:
    class Sides(BaseModel):
        buyers: list[OrganisationName] = []

    class Deal(BaseModel):
        sides: Sides | None = None

    class News(BaseModel):
        deals: list[Deal] = []

    said = {"deals": [{"sides": {"buyers": ["Halden Foods"]}}]}
    result = extract("Halden Foods bought it.", schema=News, model=FakeModel(said))
    extraction = json.loads(result.model_dump_json())
    record = {**head("row", "a", result.document), "usage": extraction["usage"], "extraction": extraction}
    with closing(sqlite3.connect(export([record], task_for_schema(News), "sqlite", tmp_path).path)) as database:
        found = database.execute("select p.name from evidence e join parties p on p.role = e.field").fetchall()
    assert found == [("Halden Foods",)]
