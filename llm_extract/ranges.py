"""Ranges of a text, and the ranges in which a text states its own metadata."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Range(NamedTuple):
    """A half-open range of code points of a document's text."""

    start: int
    end: int


class Metadata(BaseModel):
    """Where the text states its own headline, publisher, author and date of publication.

    Ranges of `Document.text`, so that these values carry their words like all others. A page's
    metadata (title, byline, date tags) is written into the head of the text when it is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    headline: Range | None = None
    publisher: Range | None = None
    author: Range | None = None
    published: Range | None = None


NO_METADATA = Metadata()


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same code points in sorted ranges that neither overlap nor touch."""
    result: list[Range] = []
    for start, end in sorted(ranges):
        if result and start <= result[-1].end:
            result[-1] = Range(result[-1].start, max(end, result[-1].end))
        else:
            result.append(Range(start, end))
    return tuple(result)


def without(text: str, ranges: Iterable[Range]) -> str:
    """`text` without the code points of `ranges`, which may be unsorted and overlap."""
    parts = []
    position = 0
    for start, end in merged(ranges):
        parts.append(text[position:start])
        position = end
    parts.append(text[position:])
    return "".join(parts)
