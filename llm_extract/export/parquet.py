"""A folder of Parquet files, one a table, written a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from llm_extract.export.arrow import arrow_batch, arrow_schema, need
from llm_extract.export.layout import Layout
from llm_extract.export.tables import Record, batches


def write_parquet(layout: Layout, records: Iterable[Record], folder: Path, *, copies: bool = False) -> dict[str, int]:
    """Write `TABLE.parquet` for every table into a folder that is there.

    Returns:
        How many rows each table has.
    """
    parquet = need("pyarrow.parquet")
    schemas = {table.name: arrow_schema(table) for table in layout.tables}
    counts = dict.fromkeys(schemas, 0)
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(parquet.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd"))
            for name, schema in schemas.items()
        }
        for batch in batches(layout, records, copies):
            for name, rows in batch.items():
                if rows:
                    writers[name].write_table(arrow_batch(schemas[name], rows))
                    counts[name] += len(rows)
    return counts
