"""A DuckDB database: typed tables with keys, and descriptions as comments."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from llm_extract.errors import RunError
from llm_extract.export.arrow import BEHIND_POINT, DIGITS, arrow_batch, arrow_schema, need
from llm_extract.export.layout import Kind, Layout
from llm_extract.export.sql import create_table, quoted
from llm_extract.export.tables import Record, batches

TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": f"DECIMAL({DIGITS}, {BEHIND_POINT})",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
    "time": "TIMESTAMPTZ",
}

MEMORY = "256MB"
"""What DuckDB may hold while it writes."""


def write_duckdb(layout: Layout, records: Iterable[Record], path: Path, *, copies: bool = False) -> dict[str, int]:
    """Write all tables into a new database file; those that others refer to have their keys declared.

    Returns:
        How many rows each table has.

    Raises:
        RunError: the database cannot be written, or two articles have one id.
    """
    duckdb = need("duckdb")
    schemas = {table.name: arrow_schema(table) for table in layout.tables}
    counts = dict.fromkeys(schemas, 0)
    # An index for every key would make the file four times as large, and is held in memory while it is made.
    parents = {table.parent.name for table in layout.tables if table.parent is not None}
    try:
        with closing(duckdb.connect(str(path), config={"threads": 1, "memory_limit": MEMORY})) as database:
            database.execute("BEGIN")
            for table in layout.tables:
                database.execute(create_table(table, TYPES, keys=table.name in parents))
                database.execute(f"COMMENT ON TABLE {quoted(table.name)} IS {_literal(table.description)}")
                for column in table.columns:
                    where = f"{quoted(table.name)}.{quoted(column.name)}"
                    database.execute(f"COMMENT ON COLUMN {where} IS {_literal(column.description)}")
            database.execute("COMMIT")
            for batch in batches(layout, records, copies):
                for name, rows in batch.items():
                    if rows:
                        database.register("_batch", arrow_batch(schemas[name], rows))
                        database.execute(f"INSERT INTO {quoted(name)} SELECT * FROM _batch")  # noqa: S608
                        database.unregister("_batch")
                        counts[name] += len(rows)
    except duckdb.Error as error:
        raise RunError(f"{path.name}: the database cannot be written: {error}") from error
    return counts


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
