"""CSV that a spreadsheet can open without running anything of it: one flat file, or a file a table."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from llm_extract.errors import TaskError
from llm_extract.export.cells import Cell, clean
from llm_extract.export.layout import ARTICLE_COLUMNS, Column, Layout, Names, Part, Shape
from llm_extract.export.tables import Record, article_row, at, fitting, rows, scalar_cells, with_originals

JOINT = "; "
"""Between the values of a list in one cell."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_LEFT_OUT = frozenset(
    ("text_id", "status", "copy_match", "copy_similarity", "calls", "input_tokens", "output_tokens", "seconds")
)
"""Columns of `articles` that a flat file does without."""


def inert_cell(text: str) -> str:
    """Text that neither a spreadsheet nor a terminal obeys.

    An apostrophe stands before what would begin a formula; control characters besides line ends and tabs are U+FFFD.

    >>> inert_cell("=HYPERLINK(0)"), inert_cell("A+B")
    ("'=HYPERLINK(0)", 'A+B')
    """
    if not text.isprintable():
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    return f"'{text}" if text and (text[0] in _FORMULA or text.lstrip()[:1] in _FORMULA) else text


def written_cell(cell: Cell) -> str | int | float:
    """A cell as it is written: numbers bare, text inert, nothing for null."""
    if isinstance(cell, str):
        return inert_cell(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    return cell.isoformat() if isinstance(cell, date) else cell


def write_csv_tables(
    layout: Layout, records: Iterable[Record], folder: Path, *, copies: bool = False
) -> dict[str, int]:
    """Write `TABLE.csv` for every table into a folder that is there.

    Returns:
        How many rows each table has.
    """
    counts = {table.name: 0 for table in layout.tables}
    with ExitStack() as stack:
        writers = {}
        for table in layout.tables:
            file = stack.enter_context((folder / f"{table.name}.csv").open("w", encoding="utf-8", newline=""))
            writers[table.name] = csv.writer(file, lineterminator="\r\n")
            writers[table.name].writerow([column.name for column in table.columns])
        for record, original in with_originals(records, copies):
            for name, row in rows(layout, record, original):
                writers[name].writerow(map(written_cell, row))
                counts[name] += 1
    return counts


def write_flat_csv(layout: Layout, records: Iterable[Record], path: Path, *, copies: bool = False) -> dict[str, int]:
    """Write one row an entry (a contract), with its article's columns; of a record without lists, one an article.

    Returns:
        How many rows there are.

    Raises:
        TaskError: the schema has several lists of models, or a record does not fit it.
    """
    flat = _Flat(layout)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([column.name for column in flat.columns])
        for record, original in with_originals(records, copies):
            for row in flat.rows(record, original):
                writer.writerow(row)
                count += 1
    return {"rows": count}


def flat_columns(layout: Layout) -> Sequence[Column]:
    """The columns of the flat file.

    Raises:
        TaskError: the schema has several lists of models.
    """
    return _Flat(layout).columns


class _Flat:
    """The one table that a flat file holds."""

    def __init__(self, layout: Layout) -> None:
        self.way: tuple[str, ...] | None
        parts = layout.root.parts
        if len(parts) > 1:
            listed = ", ".join(part.name for _, part in parts)
            raise TaskError(f"the task lists {listed}: these are no flat file; use --tables, or another format")
        self.layout = layout
        self.way, self.part = parts[0] if parts else (None, layout.root)
        self.joined = list(_lists(self.part, parts=True))
        self.of_article = list(_lists(layout.root, parts=False)) if parts else []
        articles = layout.root.table.columns
        self.kept = [number for number, column in enumerate(articles) if column.name not in _LEFT_OUT]
        every_task_s = [articles[number] for number in self.kept if number < len(ARTICLE_COLUMNS)]
        of_task = [articles[number] for number in self.kept if number >= len(ARTICLE_COLUMNS)]
        entry = [column for column in self.part.table.columns if column.name != "article_id"] if parts else []
        # What every task has keeps its name, an entry's fields come next, and the article's own give way.
        taken = Names(column.name for column in every_task_s)
        entry = [_renamed(column, taken, self.part.name) for column in entry]
        entry += [_joined(each, taken) for each in self.joined]
        of_task = [_renamed(column, taken, "article") for column in of_task]
        of_task += [_joined(each, taken) for each in self.of_article]
        self.columns = [*every_task_s, *of_task, *entry]

    def rows(self, record: Record, original: Record | None) -> Iterator[list[str | int | float]]:
        """The rows of one article: none if it gave no record."""
        source = original or record
        if source["kind"] != "row":
            return
        data = source["extraction"]["record"]
        with fitting(record):
            article = article_row(self.layout, record, original)
            front = [written_cell(article[number]) for number in self.kept]
            front += _cells(self.of_article, data)
            if self.way is None:
                yield [*front, *_cells(self.joined, data)]
                return
            for index, entry in enumerate(at(data, self.way) or ()):
                values = (index, *scalar_cells(self.part, entry))
                yield [*front, *map(written_cell, values), *_cells(self.joined, entry)]


class _List(NamedTuple):
    """A list that one cell holds."""

    way: tuple[str, ...]
    description: str
    words: Callable[[Any], str]
    """How one of its values is written there."""


def _lists(part: Part, *, parts: bool) -> Iterator[_List]:
    """The lists of a model; with `parts` those of models too."""
    for way, _, _ in part.parties:
        yield _List(way, "organisations", clean)
    for way, table, shape in part.lists:
        yield _List(way, table.description, partial(_in_words, shape))
    for way, inner in part.parts if parts else ():
        yield _List(way, f"{inner.table.description or inner.name}: JSON", _as_json)


def _renamed(column: Column, taken: Names, prefix: str) -> Column:
    return replace(column, name=taken.take(column.name, f"{prefix}_{column.name}"))


def _joined(each: _List, taken: Names) -> Column:
    name = "_".join(each.way)
    return Column(taken.take(name, f"{name}_list"), "text", f"{each.description}, joined by '{JOINT}'")


def _cells(lists: Iterable[_List], data: Any) -> Iterator[str]:
    """Each list in one cell; every value of it is inert by itself, wherever a spreadsheet may cut."""
    for each in lists:
        yield JOINT.join(inert_cell(each.words(value)) for value in at(data, each.way) or ())


def _in_words(shape: Shape, value: Any) -> str:
    cells = shape.cells(value)
    if shape.columns[0].kind != "decimal":
        return str(written_cell(cells[0])) if not isinstance(cells[0], str) else cells[0]
    amount, currency, qualifier, per_year = cells
    return " ".join([str(currency), f"{amount:f}", str(qualifier), *(["a year"] if per_year else [])])


def _as_json(value: Any) -> str:
    return clean(json.dumps(value, ensure_ascii=False))
