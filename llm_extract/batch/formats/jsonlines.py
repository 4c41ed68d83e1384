"""JSONL: one JSON object a line. A line that is none is reported, and the next one read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.formats.base import Part, in_words
from llm_extract.batch.formats.records import Columns, read_record
from llm_extract.batch.formats.stream import as_utf8, lines


def read_jsonl(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    """The articles of JSONL, in the order of its lines, which are their record numbers."""
    limit = part.limits.line_bytes
    for number, line in enumerate(lines(as_utf8(part.stream), limit), 1):
        place = part.record(number)
        if line is None:
            yield Unreadable(place, f"is a line of more than {in_words(limit)}: no article is")
            continue
        if not line or line.isspace():
            continue
        try:
            value = json.loads(as_text(line))
        except (ValueError, RecursionError) as error:
            yield Unreadable(place, not_json(error))
            continue
        if isinstance(value, dict):
            yield read_record(value, place, columns, part.limits)
        else:
            yield Unreadable(place, f"is {type_of(value)}, no JSON object")


def as_text(line: bytes) -> str:
    """UTF-8, or else cp1252."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def not_json(error: ValueError | RecursionError) -> str:
    """Why something is no JSON, for people."""
    if isinstance(error, json.JSONDecodeError):
        return f"is no JSON, or cut: {error.msg} at character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "is JSON nested too deep to be an article"
    return "is JSON with a number that is too long"


def type_of(value: object) -> str:
    """What a JSON value is, with its article."""
    names = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")
