"""From the records of a run's ledger to rows of tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import InvalidOperation
from functools import lru_cache
from typing import Any

from llm_extract.errors import TaskError
from llm_extract.export.cells import Cell, Row, clean, text_or_null
from llm_extract.export.layout import FieldPlace, Layout, Part
from llm_extract.fields.names import normalise_name
from llm_extract.schema import leaf_path

Record = Mapping[str, Any]
"""A record of a run's ledger."""


def with_originals(records: Iterable[Record], copies: bool) -> Iterator[tuple[Record, Record | None]]:
    """Every record, and for a copy, where it is wanted, the record of the article that it copies.

    Args:
        records: the ledger's records; read twice where `copies` is true, so that they must be no iterator then.
        copies: whether copies bring their original's result; they follow it then.

    Raises:
        TypeError: an iterator, where the records are read twice.
    """
    if not copies:
        yield from ((record, None) for record in records)
        return
    if isinstance(records, Iterator):
        raise TypeError("copies are joined to their originals in a second reading: give what can be read twice")
    waiting: dict[str, list[Record]] = {}
    for record in records:
        if record["kind"] == "copy":
            waiting.setdefault(record["of"], []).append(record)
    for record in records:
        if record["kind"] == "copy":
            continue
        yield record, None
        if record["kind"] == "row":
            yield from ((copy, record) for copy in waiting.pop(record["id"], ()))
    yield from ((copy, None) for left in waiting.values() for copy in left)


def rows(layout: Layout, record: Record, original: Record | None = None) -> Iterator[tuple[str, Row]]:
    """The rows that one record of the ledger gives, each with its table's name, parents before their children.

    Args:
        layout: the tables.
        record: the outcome of one article.
        original: of a copy, the record whose entries it shall have; their evidence is the original's alone, because
            its offsets hold in that text.

    Raises:
        TaskError: the record does not fit the schema.
    """
    extraction = record.get("extraction") or {}
    article = clean(record["id"])
    data = (extraction if original is None else original["extraction"]).get("record") or {}
    with fitting(record):
        yield "articles", article_row(layout, record, original)
        yield from _inside(layout.root, data, (article,))
    for path, evidence in (extraction.get("evidence") or {}).items():
        yield from _evidence_rows(layout, article, path, evidence)
    for position, issue in enumerate(extraction.get("issues") or ()):
        sources = json.dumps(issue["sources"], ensure_ascii=False) if issue.get("sources") else None
        yield (
            "issues",
            (
                article,
                position,
                clean(issue["path"]),
                issue["reason"],
                clean(issue["message"]),
                text_or_null(issue.get("answer")),
                text_or_null(sources),
            ),
        )
    if record["kind"] == "failure":
        yield "failures", (article, text_or_null(record["error"]["type"]), text_or_null(record["error"].get("message")))
    elif record["kind"] == "skip":
        yield "skips", (article, text_or_null(record["reason"]), text_or_null(record.get("detail")))


@contextmanager
def fitting(record: Record) -> Iterator[None]:
    """What goes wrong with a record inside is told as what it means."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation) as error:
        raise TaskError(
            f"article {clean(record['id'])}: its record does not fit the task's schema ({type(error).__name__}: "
            f"{error}); was the schema changed after the run?"
        ) from error


def article_row(layout: Layout, record: Record, original: Record | None = None) -> Row:
    """The row of `articles`. A copy has what its original says, but not what the original's page says of itself."""
    extraction = (record if original is None else original).get("extraction") or {}
    values = scalar_cells(layout.root, extraction.get("record") or {}, page=original is None)
    return (*_outcome_cells(record), *values)


def _outcome_cells(record: Record) -> Row:
    """The columns of `articles` that every task has."""
    extraction = record.get("extraction") or {}
    provenance = extraction.get("provenance") or {}
    usage = record.get("usage") or {}
    cost, time = usage.get("cost_usd"), record.get("time")
    return (
        clean(record["id"]),
        text_or_null(record.get("place")),
        text_or_null(record.get("text")),
        "pending" if record["kind"] == "retried" else record["kind"],
        text_or_null(record.get("of")),
        text_or_null(record.get("match")),
        record.get("similarity"),
        None if time is None else datetime.fromtimestamp(time, UTC),
        text_or_null(provenance.get("model")),
        text_or_null(provenance.get("answered_by")),
        text_or_null(provenance.get("prompt")),
        usage.get("calls"),
        usage.get("input_tokens"),
        usage.get("output_tokens"),
        None if cost is None else float(cost),
        usage.get("seconds"),
    )


def scalar_cells(part: Part, data: Mapping[str, Any], *, page: bool = True) -> list[Cell]:
    """The single values of one model, in the order of the columns; null what its page says, where not wanted."""
    for way, names in part.known:
        model = at(data, way)
        if model and not names.issuperset(model):
            raise ValueError(f"the schema has no field {sorted(set(model) - names)[0]!r}")
    return [
        cell
        for way, shape in part.scalars
        for cell in shape.cells(at(data, way) if page or not shape.of_page else None)
    ]


def _inside(part: Part, data: Mapping[str, Any], key: tuple[Cell, ...]) -> Iterator[tuple[str, Row]]:
    """The rows of everything that a model lists."""
    for way, table, role in part.parties:
        for position, name in enumerate(at(data, way) or ()):
            yield table.name, (*key, role, position, clean(name), clean(normalise_name(name)))
    for way, table, shape in part.lists:
        for position, value in enumerate(at(data, way) or ()):
            yield table.name, (*key, position, *shape.cells(value))
    for way, inner in part.parts:
        for index, entry in enumerate(at(data, way) or ()):
            here = (*key, index)
            yield inner.table.name, (*here, *scalar_cells(inner, entry))
            yield from _inside(inner, entry, here)


def at(data: Any, way: tuple[str, ...]) -> Any:
    """What stands at the end of a way; None where the way breaks off."""
    for name in way:
        if data is None:
            return None
        data = data.get(name)
    return data


_NUMBER = re.compile(r"\[(\d+)\]")


@lru_cache(maxsize=4096)
def _read_path(path: str) -> tuple[str, tuple[int, ...]]:
    """A path without its numbers, and these: `contracts[0].value` is `contracts[].value` and (0,)."""
    return leaf_path(path), tuple(int(number) for number in _NUMBER.findall(path))


def _evidence_rows(layout: Layout, article: str, path: str, evidence: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    pattern, numbers = _read_path(path)
    place = layout.fields.get(pattern) or FieldPlace(None, pattern, False)
    item = numbers[-1] if place.many and numbers else None
    above = numbers[:-1] if place.many else numbers
    entry = (*above[: layout.depth], *(None for _ in range(layout.depth - len(above))))
    start = (clean(article), clean(path))
    for position, span in enumerate((evidence, *(evidence.get("also") or ()))):
        yield (
            "evidence",
            (
                *start,
                position,
                place.entries,
                *entry,
                place.field,
                item,
                clean(span["quote"]),
                span["start"],
                span["end"],
                span.get("match"),
                span.get("confidence"),
            ),
        )


ROWS = 20_000
"""How many rows, of all tables together, the writers that like many at a time hold."""


def batches(
    layout: Layout, records: Iterable[Record], copies: bool = False, size: int = ROWS
) -> Iterator[dict[str, list[Row]]]:
    """The rows of a run by table, at most about `size` at a time; articles are never parted, parents come first."""
    held: dict[str, list[Row]] = {table.name: [] for table in layout.tables}
    count = 0
    for record, original in with_originals(records, copies):
        for name, row in rows(layout, record, original):
            held[name].append(row)
            count += 1
        if count >= size:
            yield held
            held = {table.name: [] for table in layout.tables}
            count = 0
    if count:
        yield held
