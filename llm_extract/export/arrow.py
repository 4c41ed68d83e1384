"""Tables as Arrow batches: what Parquet and DuckDB are written from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llm_extract.errors import UsageError
from llm_extract.export.cells import Row
from llm_extract.export.layout import Kind, Table

DIGITS, BEHIND_POINT = 24, 6
"""Of a decimal."""


def need(module: str) -> Any:
    """A package of the extra `batch`.

    Raises:
        UsageError: it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(f"this needs {error.name or module}: pip install 'llm-extract[batch]'") from error


def arrow_schema(table: Table) -> Any:
    """The columns of a table as a `pyarrow.Schema`, with their descriptions as metadata."""
    arrow = need("pyarrow")
    fields = [
        arrow.field(
            column.name,
            _type(arrow, column.kind),
            nullable=not column.required,
            metadata={"description": column.description},
        )
        for column in table.columns
    ]
    return arrow.schema(fields, metadata={"description": table.description})


def arrow_batch(schema: Any, rows: Sequence[Row]) -> Any:
    """Rows of a table as a `pyarrow.Table`."""
    arrow = need("pyarrow")
    columns = [
        arrow.array(cells, type=field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)
    ]
    return arrow.Table.from_arrays(columns, schema=schema)


def _type(arrow: Any, kind: Kind) -> Any:
    return {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "decimal": arrow.decimal128(DIGITS, BEHIND_POINT),
        "number": arrow.float64(),
        "flag": arrow.bool_(),
        "date": arrow.date32(),
        "time": arrow.timestamp("us", tz="UTC"),
    }[kind]
