"""A SQLite database: typed tables with keys and indexes, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from llm_extract.errors import RunError
from llm_extract.export.cells import Cell, Row
from llm_extract.export.layout import Kind, Layout
from llm_extract.export.sql import create_indexes, create_table, quoted
from llm_extract.export.tables import Record, batches

TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "decimal": "NUMERIC",
    "number": "REAL",
    "flag": "INTEGER",
    "date": "TEXT",
    "time": "TEXT",
}
"""SQLite knows no days and no decimals: days are ISO 8601, sums are whole numbers or, with pence, floating."""


def write_sqlite(layout: Layout, records: Iterable[Record], path: Path, *, copies: bool = False) -> dict[str, int]:
    """Write all tables into a new database file.

    Returns:
        How many rows each table has.

    Raises:
        RunError: the database cannot be written, or two articles have one id.
    """
    counts = {table.name: 0 for table in layout.tables}
    inserts = {
        table.name: f"INSERT INTO {quoted(table.name)} VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608
        for table in layout.tables
    }
    plain = {
        table.name: not any(column.kind in ("decimal", "date", "time") for column in table.columns)
        for table in layout.tables
    }
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            # The file has another name until it is whole, so that nothing of it need survive a crash.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("PRAGMA cache_size = -32768")
            database.execute("BEGIN")
            for table in layout.tables:
                # Clustered by its key: what belongs to an article lies together.
                database.execute(f"{create_table(table, TYPES)} WITHOUT ROWID")
            for batch in batches(layout, records, copies):
                for name, rows in batch.items():
                    database.executemany(inserts[name], rows if plain[name] else map(_bound, rows))
                    counts[name] += len(rows)
            for table in layout.tables:
                for statement in create_indexes(table):
                    database.execute(statement)
            database.execute("COMMIT")
            database.execute("PRAGMA optimize")
    except sqlite3.Error as error:
        raise RunError(f"{path.name}: the database cannot be written: {error}") from error
    return counts


def _bound(row: Row) -> tuple[str | int | float | None, ...]:
    return tuple(map(_value, row))


def _value(cell: Cell) -> str | int | float | None:
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() else float(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    return cell.isoformat() if isinstance(cell, date) else cell
