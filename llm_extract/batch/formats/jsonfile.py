"""JSON: objects, lists of them, one or several after the other. Only one object is held at a time."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.formats.base import Part, in_words
from llm_extract.batch.formats.jsonlines import not_json, type_of
from llm_extract.batch.formats.records import Columns, read_record
from llm_extract.batch.formats.stream import Damaged, Stream, as_utf8

_WRAPPERS = ("articles", "documents", "docs", "items", "results", "records", "data", "entries", "posts", "stories")
"""Keys of an object without a text of its own under which services put the list of their articles."""
_SPACE = re.compile(r"[ \t\r\n]*")
_SEPARATORS = re.compile(r"[ \t\r\n,]*")


def read_json(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    """The articles of a JSON file. One object is one article without a record number."""
    values = _values(as_utf8(part.stream), part.limits.line_bytes)
    inside = next(values)  # whether it is a list
    first = next(values, None)
    if first is None:
        yield part.unreadable("is a JSON list without anything in it")
        return
    try:
        second = next(values, None) if not inside else None
    except Damaged:
        yield _article(part, 1, first[0], columns)
        raise
    if not inside and second is None:
        yield from _lone_object(part, first[0], columns)
        return
    for number, item in enumerate(chain((first, second) if second else (first,), values), 1):
        yield _article(part, number, item[0], columns)


def _article(part: Part, number: int, value: Any, columns: Columns) -> Article | Unreadable:
    place = part.record(number)
    if isinstance(value, dict):
        return read_record(value, place, columns, part.limits)
    return Unreadable(place, f"is {type_of(value)}, no JSON object")


def _lone_object(part: Part, value: Any, columns: Columns) -> Iterator[Article | Unreadable]:
    if not isinstance(value, dict):
        yield part.unreadable(f"is {type_of(value)}, no JSON object")
        return
    if not columns.of(tuple(value)).text:
        for key in _WRAPPERS:
            inner = value.get(key)
            if isinstance(inner, list) and any(isinstance(item, dict) for item in inner):
                for number, item in enumerate(inner, 1):
                    yield _article(part, number, item, columns)
                return
    yield read_record(value, part.place, columns, part.limits)


def _values(stream: Stream, limit: int) -> Iterator[Any]:
    """First whether it begins with a list, then each value of its lists and beside them, as (value,).

    Files are put together from several: what stands behind a list is read on, too.

    Raises:
        Damaged: it is cut or no JSON, after the values before that.
    """
    chunks = _texts(stream)
    decoder = json.JSONDecoder()
    text = next(chunks, "")
    position = _SPACE.match(text).end()  # type: ignore[union-attr]
    yield text.startswith("[", position)
    inside = False  # a list
    behind = False  # the end of one
    ended = False
    number = 0
    while True:
        position = _SEPARATORS.match(text, position).end()  # type: ignore[union-attr]
        if position < len(text):
            mark = text[position]
            if mark == ("]" if inside else "["):
                inside, behind = not inside, inside
                position += 1
                continue
            if behind and mark != "{":
                raise Damaged("has something after its JSON list that is none: that is not read")
            try:
                value, end = decoder.raw_decode(text, position)
            except RecursionError as error:
                raise Damaged(not_json(error)) from None
            except json.JSONDecodeError as error:
                # Near the end of what was read it may be cut off there only.
                if ended or (error.pos < len(text) - 16 and not error.msg.startswith("Unterminated string")):
                    raise Damaged(f"{not_json(error)} of value {number + 1}: the rest is not read") from None
            except ValueError as error:
                raise Damaged(f"{not_json(error)}: the rest is not read") from None
            else:
                if end < len(text) or ended:
                    position = end
                    number += 1
                    yield (value,)
                    continue
        if ended:
            if inside:
                raise Damaged("is cut: its JSON list does not end")
            break
        held = len(text) - position
        if held > limit:
            raise Damaged(f"holds a JSON value of more than {in_words(limit)}: the rest is not read")
        pieces = [text[position:]]
        more = 0
        while more <= held:  # as much again: a long value is not tried at every chunk
            piece = next(chunks, None)
            if piece is None:
                ended = True
                break
            pieces.append(piece)
            more += len(piece)
        text, position = "".join(pieces), 0


def _texts(stream: Stream) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(_OR_CP1252)
    while chunk := stream.chunk():
        if text := decoder.decode(chunk):
            yield text
    yield decoder.decode(b"", True)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """The bytes that are no UTF-8, and where to read on: one of them decides nothing about the others."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_OR_CP1252 = "llm_extract.cp1252"
codecs.register_error(_OR_CP1252, _as_cp1252)
