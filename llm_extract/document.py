"""A document: an article's text as it was read, which every offset refers to."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field


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


class Document(BaseModel):
    """An article as read. Immutable; equal texts have equal ids."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """The first 16 hexadecimal digits of the SHA-256 of the text's UTF-8, unless the reader gave another."""
    text: str
    """What every offset refers to. Never altered after reading."""
    source: str | None = None
    """A label that says where it came from: a file name, a member of an archive, `-`. Not a path to open."""
    media_type: str = "text/plain"
    metadata: Metadata = Metadata()
    furniture: tuple[Range, ...] = Field(
        default=(), description="page furniture: shown to no model, and quotes are not looked for there"
    )
    hidden: tuple[Range, ...] = Field(
        default=(), description="characters that a reader of the page does not see: sent to no model"
    )

    @classmethod
    def from_text(cls, text: str, *, source: str | None = None) -> Document:
        """A document from a string. See `llm_extract.reading` for files, pages and PDFs."""
        raise NotImplementedError


def text_id(text: str) -> str:
    """The id of a text: 16 hexadecimal digits of its SHA-256 (lone surrogates allowed)."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
