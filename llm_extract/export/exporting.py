"""A run into a file or folder of one of the formats: whole or not at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llm_extract.errors import UsageError
from llm_extract.export.arrow import need
from llm_extract.export.dictionary import describe, describe_flat, describe_jsonl, describe_ocds
from llm_extract.export.files import new_file, new_folder
from llm_extract.export.layout import Layout, make_layout
from llm_extract.export.run_records import RunRecords, by_names
from llm_extract.export.tables import Record
from llm_extract.task import Task

logger = logging.getLogger(__name__)

Format = Literal["jsonl", "csv", "parquet", "duckdb", "sqlite", "ocds"]
FORMATS: tuple[Format, ...] = ("jsonl", "csv", "parquet", "duckdb", "sqlite", "ocds")
DEFAULT_NAMES: Mapping[Format, str] = {
    "jsonl": "export.jsonl",
    "csv": "export.csv",
    "parquet": "export-parquet",
    "duckdb": "export.duckdb",
    "sqlite": "export.sqlite",
    "ocds": "export.ocds.json",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What else may be asked for."""

    copies: bool = False
    """Whether copies bring the entries of the article that they copy."""
    tables: bool = False
    """CSV: a folder with a file for every table, in place of one flat file."""
    text: bool = False
    """JSONL: the articles too."""
    force: bool = False
    """Whether an older export is replaced."""
    prefix: str | None = None
    """OCDS: of the ids of processes."""
    publisher: str | None = None
    """OCDS: the name of who publishes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    counts: Mapping[str, int]
    """Rows by table; lines or releases."""


def export_records(
    records: Iterable[Record], task: Task, to: Format, out: Path, options: Options | None = None
) -> Exported:
    """Write the records of a run's ledger as `to`, with a description beside them.

    What damaged lines of the ledger held is missing, and a warning says so.

    Args:
        records: the records that count, one an article; read twice where copies are wanted.
        task: whose schema they follow.
        to: the format.
        out: the file, or for Parquet and CSV tables the folder, that shall be.
        options: what else is wanted.

    Raises:
        UsageError: a package is missing, or options contradict the format.
        TaskError: the task cannot be exported so, or a record does not fit its schema.
        RunError: something is there already, or it cannot be written.
    """
    options = options or Options()
    _check(to, options)
    if isinstance(records, RunRecords) and (lost := records.lost_lines()):
        logger.warning(
            "%s: the ledger has %d damaged lines, and what they held is not exported; to do it again: "
            "llm-extract batch --resume %s",
            records.directory,
            len(lost),
            records.directory,
        )
    if to == "jsonl":
        return _jsonl(records, task, out, options)
    records = by_names(records, task.schema)
    if to == "ocds":
        return _ocds(records, task, out, options)
    layout = make_layout(task.schema)
    if to == "csv" and not options.tables:
        return _flat(records, layout, task, out, options)
    if to in ("csv", "parquet"):
        return _folder(records, layout, task, to, out, options)
    return _database(records, layout, task, to, out, options)


def _check(to: Format, options: Options) -> None:
    wrong = [
        name
        for name, given, formats in (
            ("--tables", options.tables, ("csv",)),
            ("--text", options.text, ("jsonl",)),
            ("--ocid-prefix", options.prefix, ("ocds",)),
            ("--publisher", options.publisher, ("ocds",)),
            ("--copies", options.copies, tuple(name for name in FORMATS if name != "ocds")),
        )
        if given and to not in formats
    ]
    if wrong:
        raise UsageError(f"{wrong[0]} does not go with --to {to}")
    if to == "parquet":
        need("pyarrow")
    elif to == "duckdb":
        need("pyarrow")
        need("duckdb")


def _jsonl(records: Iterable[Record], task: Task, out: Path, options: Options) -> Exported:
    from llm_extract.export.jsonl import write_jsonl

    with new_file(out, force=options.force, beside=describe_jsonl(task.name, out.name)) as draft:
        return Exported(out, write_jsonl(records, draft, copies=options.copies, text=options.text))


def _ocds(records: Iterable[Record], task: Task, out: Path, options: Options) -> Exported:
    from llm_extract.export.ocds import UNREGISTERED, write_ocds
    from llm_extract.export.places import places_of

    places_of(task.schema)
    with new_file(out, force=options.force, beside=describe_ocds(task.name, out.name)) as draft:
        counts = write_ocds(
            task.schema,
            task.name,
            records,
            draft,
            prefix=options.prefix or UNREGISTERED,
            publisher=options.publisher or "unnamed",
        )
        return Exported(out, counts)


def _flat(records: Iterable[Record], layout: Layout, task: Task, out: Path, options: Options) -> Exported:
    from llm_extract.export.csv_files import flat_columns, write_flat_csv

    beside = describe_flat(flat_columns(layout), task.name, out.name)
    with new_file(out, force=options.force, beside=beside) as draft:
        return Exported(out, write_flat_csv(layout, records, draft, copies=options.copies))


def _folder(records: Iterable[Record], layout: Layout, task: Task, to: Format, out: Path, options: Options) -> Exported:
    from llm_extract.export.csv_files import write_csv_tables
    from llm_extract.export.parquet import write_parquet

    write: Callable[..., dict[str, int]] = write_parquet if to == "parquet" else write_csv_tables
    names = {"README.md", *(f"{table.name}.{to}" for table in layout.tables)}
    with new_folder(out, names, force=options.force) as draft:
        counts = write(layout, records, draft, copies=options.copies)
        (draft / "README.md").write_text(describe(layout, task.name, to, out.name), "utf-8")
        return Exported(out, counts)


def _database(
    records: Iterable[Record], layout: Layout, task: Task, to: Format, out: Path, options: Options
) -> Exported:
    from llm_extract.export.duckdb import write_duckdb
    from llm_extract.export.sqlite import write_sqlite

    write: Callable[..., dict[str, int]] = write_duckdb if to == "duckdb" else write_sqlite
    with new_file(out, force=options.force, beside=describe(layout, task.name, to, out.name)) as draft:
        return Exported(out, write(layout, records, draft, copies=options.copies))
