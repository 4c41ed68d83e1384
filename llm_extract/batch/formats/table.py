"""CSV and TSV with a header row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.formats.base import Part, in_words, suffix
from llm_extract.batch.formats.jsonlines import as_text
from llm_extract.batch.formats.records import Columns, no_text, read_record
from llm_extract.batch.formats.stream import Damaged, Stream, as_utf8, lines


def read_table(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    """The articles of a table, in the order of its rows; the first row after the header is record 1.

    A row whose number of fields is not the header's is Unreadable: a text with an unquoted comma in it
    would be cut there.
    """
    limit = part.limits.line_bytes
    if csv.field_size_limit() < limit:
        csv.field_size_limit(limit)  # of the whole process; the module's own is 128 KiB
    source = _Lines(as_utf8(part.stream), limit)
    header_line = next(source.texts, "")
    rows = csv.reader(chain((header_line,), source.texts), delimiter=_delimiter(header_line, part.name, columns))
    try:
        header = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        yield part.unreadable(f"has no header row of CSV: {error}")
        return
    found = columns.of(tuple(header))
    if not found.text:
        yield part.unreadable(no_text(tuple(header), found))
        return
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        yield part.unreadable(f"has two columns of the name {twice!r}")
        return
    number = 0
    while True:
        source.held = 0
        number += 1
        place = part.record(number)
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Unreadable(place, f"is no row of CSV: {error}")
            continue
        if row is None:
            return
        if not row:
            number -= 1
            continue
        if source.ended:
            yield Unreadable(place, "is cut, or has a quotation mark that is not closed")
            return
        if len(row) > len(header) and not any(row[len(header) :]):
            row = row[: len(header)]
        if len(row) != len(header):
            yield Unreadable(place, f"has {len(row)} fields where the header has {len(header)}: a cut or unquoted text")
            continue
        yield read_record(dict(zip(header, row, strict=True)), place, columns, part.limits)


class _Lines:
    """The lines of a table for `csv.reader`, which takes one after the other until a row is whole.

    `ended` says that a row was still open when there were no more.
    """

    def __init__(self, stream: Stream, limit: int) -> None:
        self.held = 0
        """Bytes of the row so far."""
        self.ended = False
        self.texts = self._texts(stream, limit)

    def _texts(self, stream: Stream, limit: int) -> Iterator[str]:
        for line in lines(stream, limit):
            self.held += len(line or b"")
            if line is None or self.held > limit:
                raise Damaged(
                    f"has a row of more than {in_words(limit)}, or a quotation mark that is not closed: "
                    "the rest is not read"
                )
            yield as_text(line.removesuffix(b"\r")) + "\n"
        self.ended = True


def _delimiter(header: str, name: str, columns: Columns) -> str:
    """What parts the columns: the one that gives the most names, known ones first."""
    if suffix(name) in (".tsv", ".tab"):
        return "\t"

    def names(mark: str) -> tuple[int, int]:
        row = next(csv.reader([header], delimiter=mark), [])
        return len(columns.of(tuple(row)).all), len(row)

    try:
        return max(",;\t|", key=names)
    except csv.Error:
        return ","
