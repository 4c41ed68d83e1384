"""What an archive yields: articles, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from llm_extract.document import Document


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article is in an archive. A label for people, never a path that is opened or written."""

    archive: str
    """The file as it was named or found: `dump/2019.zip`; `-` for standard input."""
    member: str = ""
    """The path inside a zip or tar; of nested ones `inner.zip!a.txt`."""
    record: int | None = None
    """The number of the line, row or WARC record, from 1; None where a file is one article."""

    def __str__(self) -> str:
        label = f"{self.archive}!{self.member}" if self.member else self.archive
        return label if self.record is None else f"{label}#{self.record}"


@dataclass(frozen=True, slots=True)
class Article:
    """One article of an archive."""

    id: str
    """Its own id (a record's `id`, `url` or WARC target), else its place: the same at every reading."""
    place: Place
    document: Document


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in an archive that gave no article, and why."""

    place: Place
    reason: str
