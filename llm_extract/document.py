"""A document: an article's text as it was read, which every offset refers to."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache, cached_property
from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.errors import DocumentError
from llm_extract.ranges import NO_METADATA, Metadata, Range, merged, without


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
    metadata: Metadata = NO_METADATA
    furniture: tuple[Range, ...] = Field(
        default=(), description="page furniture: shown to no model, and quotes are not looked for there"
    )
    hidden: tuple[Range, ...] = Field(
        default=(), description="characters that a reader of the page does not see: sent to no model"
    )

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        source: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
        media_type: str = "text/plain",
        metadata: Metadata | None = None,
    ) -> Document:
        """A document from a string. See `llm_extract.reading` for files, pages and PDFs.

        Every character keeps its place, so that offsets hold in the string that was given too: a
        control character or a lone surrogate becomes U+FFFD, a lone carriage return or a form feed a
        line feed, and the carriage return before a line feed is listed as hidden.

        `metadata` is looked for in the first and last lines unless it is given.

        Raises:
            DocumentError: the text has no letter and no digit.

        >>> document = Document.from_text("Council picks supplier\\n\\nThe deal\\u200b is worth £2m.")
        >>> document.sent_text
        'Council picks supplier\\n\\nThe deal is worth £2m.'
        >>> document.metadata.headline
        Range(start=0, end=22)
        """
        text, data, suspect = _cleaned(text)
        if not _VISIBLE_WORD.search(text):
            raise DocumentError(_no_words(text, source))
        furniture = _furniture(text)
        return cls(
            id=sha256(data).hexdigest()[:16] if id is None else id,
            text=text,
            source=source,
            media_type=media_type,
            metadata=_finders().metadata(text, furniture) if metadata is None else metadata,
            furniture=furniture,
            hidden=_hidden(text) if suspect else (),
        )

    @classmethod
    def from_parts(
        cls,
        body: str,
        *,
        headline: str | None = None,
        author: str | None = None,
        publisher: str | None = None,
        published: date | str | None = None,
        source: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
        media_type: str = "text/plain",
    ) -> Document:
        """A document whose metadata came apart from its text: a page's tags, a table's columns.

        What is known is written before the body, so that it has offsets like everything else: the
        headline on a line, then author · publisher · date on another, then an empty line. A headline
        that the body begins with is not doubled. What is not given is looked for in the body.

        Raises:
            DocumentError: the body has no letter and no digit.

        >>> Document.from_parts("Work began.", headline="A new depot", published=date(2016, 2, 10)).text
        'A new depot\\n2016-02-10\\n\\nWork began.'
        """
        body = body.strip("\r\n")
        if not _VISIBLE_WORD.search(body):
            raise DocumentError(_no_words(body, source))
        day = published.isoformat() if isinstance(published, date) else published
        title = one_line(headline)
        rest = _after_headline(body, title) if title else body
        if not _VISIBLE_WORD.search(rest):
            rest, title = body, ""
        byline = [
            (name, words)
            for name, value in (("author", author), ("publisher", publisher), ("published", day))
            if (words := one_line(value))
        ]
        if not title and not byline:
            return cls.from_text(body, source=source, id=id, media_type=media_type)

        ranges: dict[str, Range] = {}
        head = ""
        if title:
            ranges["headline"] = Range(0, len(title))
            head = title + "\n"
        for number, (name, words) in enumerate(byline):
            head += " · " if number else ""
            ranges[name] = Range(len(head), len(head) + len(words))
            head += words
        head += "\n\n" if byline else "\n"
        text, data, suspect = _cleaned(head + rest)
        furniture = _furniture(text)
        if len(ranges) < len(Metadata.model_fields):
            rest = text[len(head) :]
            found = _finders().metadata(rest, _furniture(rest) if furniture else ())
            for name, place in found:
                if place is not None and name not in ranges:
                    ranges[name] = Range(place.start + len(head), place.end + len(head))
        return cls(
            id=sha256(data).hexdigest()[:16] if id is None else id,
            text=text,
            source=source,
            media_type=media_type,
            metadata=Metadata(**ranges),
            furniture=furniture,
            hidden=_hidden(text) if suspect else (),
        )

    @cached_property
    def excluded(self) -> tuple[Range, ...]:
        """Where quotes are not looked for: the page furniture, sorted, without overlaps."""
        return merged(self.furniture) if self.furniture else ()

    @cached_property
    def sent_text(self) -> str:
        """What a model sees: the text without hidden characters and page furniture."""
        if not self.furniture and not self.hidden:
            return self.text
        return without(self.text, self.furniture + self.hidden)


def text_id(text: str) -> str:
    """The id of a text: 16 hexadecimal digits of its SHA-256 (lone surrogates allowed)."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def without_hidden(text: str) -> str:
    """`text` without the characters that a reader does not see."""
    return _HIDDEN.sub("", text)


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in `text`."""
    return _WORD.search(text) is not None


def one_line(value: str | None) -> str:
    """A value as it can stand in one line: white space folded, invisible characters left out."""
    if not value:
        return ""
    if value.isascii() and value.isprintable():
        words = " ".join(value.split())
        return words if has_words(words) else ""
    visible = without_hidden(_cleaned(value)[0])
    words = " ".join(visible.split())
    return words if has_words(words) else ""


# Unicode's Default_Ignorable_Code_Point (zero-width characters, bidi controls, tags, variation
# selectors, soft hyphens, fillers) and the interlinear annotation marks: all can carry a text that
# no reader sees. The carriage return of a CRLF is no harm, but no model needs it either.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(rf"[{_IGNORABLE}]+|\r(?=\n)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SUSPECT = re.compile(rf"[\x00-\x1f\x7f-\x9f{_IGNORABLE}]")
_PLAIN_BYTES = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_LINE_BREAKS = "\r\x0b\x0c\x85"
_WORD = re.compile(r"[^\W_]")
_VISIBLE_WORD = re.compile(rf"[^\W_{_IGNORABLE}]")  # some fillers are letters


def _cleaned(text: str) -> tuple[str, bytes, bool]:
    """The text without control characters, its UTF-8, and whether it may hold hidden characters.

    On the path of every cached answer: the one pass that an ordinary text pays for drops its plain
    ASCII bytes, and only what is left (quotes, dashes, accents) is searched by a regular expression.
    """
    try:
        data = text.encode()
    except UnicodeEncodeError:
        text = _CONTROL.sub(_replacement, text)
        data = text.encode()
    unusual = data.translate(None, _PLAIN_BYTES)
    if not unusual or not _SUSPECT.search(unusual.decode()):
        return text, data, False
    text = _CONTROL.sub(_replacement, text)
    return text, text.encode(), True


class _Finders(NamedTuple):
    furniture: Callable[[str], tuple[Range, ...]]
    metadata: Callable[[str, tuple[Range, ...]], Metadata]


@cache
def _finders() -> _Finders:
    """Imported late because `llm_extract.reading` makes documents, and because its patterns take time to compile."""
    from llm_extract.reading.furniture import find_furniture
    from llm_extract.reading.metadata import find_metadata

    return _Finders(find_furniture, find_metadata)


def _furniture(text: str) -> tuple[Range, ...]:
    """The page furniture of a text; none where it is all that there is: no article whose furniture it could be."""
    found = _finders().furniture(text)
    return found if not found or _VISIBLE_WORD.search(without(text, found)) else ()


def _hidden(text: str) -> tuple[Range, ...]:
    return merged(Range(*match.span()) for match in _HIDDEN.finditer(text))


def _replacement(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\r" and match.string[match.end() : match.end() + 1] == "\n":
        return character
    return "\n" if character in _LINE_BREAKS else "\ufffd"


def _after_headline(body: str, title: str) -> str:
    """The body without the first line, if that is the headline."""
    first, _, rest = body.partition("\n")
    same = one_line(first.strip(" \t#*")).casefold() == title.casefold()
    return rest.lstrip("\r\n") if same else body


def _no_words(text: str, source: str | None) -> str:
    what = "empty" if not text.strip() else "without a letter or a digit"
    return f"{source or 'the text'} is {what}: there is nothing to extract from"
