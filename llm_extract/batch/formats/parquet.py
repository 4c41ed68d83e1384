"""Parquet, one row group after the other, a few rows at a time, and only the columns of an article."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Any

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.formats.base import FREE_BYTES, MEBIBYTE, Part, missing_package
from llm_extract.batch.formats.records import Columns, no_text, read_record
from llm_extract.batch.formats.stream import Damaged
from llm_extract.batch.formats.zipfile import held

_MOST_ROWS = 256


def read_parquet(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    """The articles of a Parquet file, in the order of its rows, which are counted from 1.

    Its index is at its end: one inside an archive is held while it is read, as a zip is.

    Raises:
        Damaged: it is cut or damaged, or unpacks to more than the limits allow.
    """
    if part.file:
        yield from _rows(part, part.file, columns)
        return
    file, failure = held(part, "Parquet file")
    with file:
        if failure:
            raise failure
        yield from _rows(part, file, columns)


def _rows(part: Part, file: IO[bytes], columns: Columns) -> Iterator[Article | Unreadable]:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise missing_package("pyarrow", "Parquet") from None

    errors = (arrow.ArrowException, OSError, ValueError, NotImplementedError)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        schema = parquet.read_schema(file)
        names = tuple(schema.names)
        found = columns.of(names)
        if not found.text:
            yield part.unreadable(no_text(names, found))
            return
        wanted = [name for name in names if name in found.all]
        # Repeated values are held once: a page can say the same long text a million times.
        table = parquet.ParquetFile(
            file,
            read_dictionary=[name for name in found.text if _is_text(schema.field(name).type, arrow)],
            buffer_size=1024 * 1024,
            pre_buffer=False,
            thrift_string_size_limit=64 * 1024 * 1024,
            thrift_container_size_limit=1_000_000,
        )
    except errors as error:
        raise _damaged(error) from None
    number = 0
    with table:
        for group in range(table.num_row_groups):
            about = table.metadata.row_group(group)
            _refuse_bomb(int(about.total_byte_size), size, part)
            rows = _rows_at_a_time(about)
            batches = table.iter_batches(rows, row_groups=[group], columns=wanted, use_threads=False)
            while True:
                try:
                    batch = next(batches, None)
                except errors as error:
                    raise _damaged(error) from None
                if batch is None:
                    break
                for row in range(batch.num_rows):
                    number += 1
                    place = part.record(number)
                    try:
                        record = {name: _value(batch.column(i), row) for i, name in enumerate(batch.schema.names)}
                    except (*errors, OverflowError) as error:
                        yield Unreadable(place, f"is a row that cannot be read ({error})")
                        continue
                    yield read_record(record, place, columns, part.limits)
    if not number:
        yield part.unreadable("is a Parquet file without rows")


def _value(column: Any, row: int) -> Any:
    value = column[row].as_py()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _is_text(kind: Any, arrow: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_binary(kind))


def _rows_at_a_time(group: Any) -> int:
    """As many as are about 8 MiB."""
    return max(1, min(_MOST_ROWS, 8 * MEBIBYTE * int(group.num_rows) // max(int(group.total_byte_size), 1)))


def _damaged(error: Exception) -> Damaged:
    return Damaged(f"is cut or damaged: it cannot be read as Parquet ({str(error).splitlines()[0][:200]})")


def _refuse_bomb(unpacked: int, size: int, part: Part) -> None:
    # Not column by column: asking pyarrow for one ends the process where its statistics are damaged.
    if unpacked > FREE_BYTES and unpacked > part.limits.ratio * size:
        raise Damaged(f"has a row group that unpacks to more than {part.limits.ratio} times the file: a bomb")
    part.spent.count(max(unpacked, 0), part.limits)
