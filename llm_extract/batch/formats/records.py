"""A row, a line or an object with named values as an article: which column is what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from llm_extract.batch.articles import Article, Place, Unreadable
from llm_extract.batch.formats.base import Limits, in_words, printable
from llm_extract.document import Document
from llm_extract.errors import DocumentError


@dataclass(frozen=True, slots=True)
class Columns:
    """The names under which tables and JSON keep the parts of an article, the likeliest first.

    Case, spaces and punctuation do not count: `Article Body`, `article_body` and `articleBody` are one.
    """

    text: tuple[str, ...] = (
        "text",
        "body",
        "content",
        "article_body",
        "article_text",
        "article_content",
        "full_text",
        "main_text",
        "article",
        "story",
        "body_text",
        "plain_text",
        "raw_text",
        "paragraphs",
        "html",
        "body_html",
        "content_html",
        "raw_html",
    )
    headline: tuple[str, ...] = ("headline", "title", "article_title", "heading")
    author: tuple[str, ...] = ("author", "authors", "byline", "by", "creator", "reporter", "journalist", "writer")
    publisher: tuple[str, ...] = (
        "publisher",
        "publication",
        "publication_name",
        "source",
        "source_name",
        "outlet",
        "newspaper",
        "site_name",
        "site",
    )
    published: tuple[str, ...] = (
        "published",
        "date_published",
        "published_at",
        "published_date",
        "published_on",
        "publication_date",
        "publish_date",
        "pub_date",
        "date_publish",
        "publish_time",
        "date",
        "article_date",
        "day",
    )
    id: tuple[str, ...] = ("id", "_id", "article_id", "doc_id", "guid", "uuid", "uri", "url", "link", "permalink")

    def of(self, keys: tuple[str, ...]) -> Found:
        """Which of these keys hold what."""
        if len(keys) > 100 or sum(map(len, keys)) > 4000:
            return _found.__wrapped__(self, keys)  # nothing to be remembered
        return _found(self, keys)


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of a record that hold the parts of an article, the likeliest first."""

    text: tuple[str, ...]
    headline: tuple[str, ...]
    author: tuple[str, ...]
    publisher: tuple[str, ...]
    published: tuple[str, ...]
    id: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Every key that is of use."""
        return self.text + self.headline + self.author + self.publisher + self.published + self.id


@lru_cache(maxsize=256)
def _found(columns: Columns, keys: tuple[str, ...]) -> Found:
    known = {_plain(key): key for key in reversed(keys)}
    parts = (
        columns.text,
        columns.headline,
        columns.author,
        columns.publisher,
        columns.published,
        columns.id,
    )
    return Found(*(tuple(dict.fromkeys(known[p] for n in names if (p := _plain(n)) in known)) for names in parts))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def read_record(record: Mapping[str, Any], place: Place, columns: Columns, limits: Limits) -> Article | Unreadable:
    """A record as an article; Unreadable where none of its columns holds a text."""
    keys = columns.of(tuple(record))
    body = _first(record, keys.text, _text)
    if not body:
        return Unreadable(place, no_text(tuple(record), keys))
    if len(body) > limits.member_bytes:
        return Unreadable(place, f"has a text of more than {in_words(limits.member_bytes)}: no article has")
    headline = _first(record, keys.headline, _words)
    author = _first(record, keys.author, _words)
    publisher = _first(record, keys.publisher, _words)
    published = _first(record, keys.published, _day)
    label = str(place)
    media_type = "text/plain"
    try:
        if _MARKUP.match(body):
            from llm_extract.reading.html import read_html

            page = read_html(body, label)
            media_type = "text/html"
            body = page.body
            headline, author = headline or page.headline, author or page.author
            publisher, published = publisher or page.publisher, published or page.published
        if headline or author or publisher or published:
            document = Document.from_parts(
                body,
                headline=headline,
                author=author,
                publisher=publisher,
                published=published,
                source=label,
                media_type=media_type,
            )
        else:
            document = Document.from_text(body.strip("\r\n"), source=label, media_type=media_type)
    except DocumentError as error:
        return Unreadable(place, reason_of(error, label))
    return Article(_first(record, keys.id, own_id) or label, place, document)


def no_text(keys: tuple[str, ...], found: Found) -> str:
    """Why a record with these keys is no article."""
    if found.text:
        return f"has no text in its column {found.text[0]!r}"
    names = ", ".join(printable(key[:40]) for key in keys[:12]) + (", …" if len(keys) > 12 else "")
    return f"has no column for the article's text (text, body, content …); it has: {names or 'none'}"


def reason_of(error: DocumentError, label: str) -> str:
    """An error's words without the name that they begin with, since an Unreadable has its place beside it."""
    return str(error).removeprefix(f"{label} ")


def own_id(value: Any) -> str | None:
    """An id as a short printable string; None where there is none."""
    if isinstance(value, dict):  # MongoDB's {"$oid": "…"}
        value = next(iter(value.values()), None) if len(value) == 1 else None
    if isinstance(value, bytes):
        value = value.hex()
    if isinstance(value, bool) or not isinstance(value, str | int) or not (name := printable(str(value).strip())):
        return None
    if len(name) > _LONGEST_ID:
        return f"{name[:_LONGEST_ID]}…{sha256(name.encode()).hexdigest()[:16]}"
    return name


_LONGEST_ID = 400
_MARKUP = re.compile(
    r"\s{0,1000}<(?:!doctype\s+html|html|head|body|article|section|main|div|p|h[1-6]|figure|table|[uo]l)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)


def _first(record: Mapping[str, Any], keys: tuple[str, ...], read: Any) -> str | None:
    for key in keys:
        if value := read(record[key]):
            return str(value)
    return None


def _text(value: Any) -> str | None:
    """A text, or paragraphs as one text."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n\n".join(value).strip() or None
    return None


def _words(value: Any) -> str | None:
    """A name; several of them with commas; the `name` of an object."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        return _words(value.get("name"))
    if isinstance(value, list):
        return ", ".join(name for part in value[:20] if not isinstance(part, list) and (name := _words(part))) or None
    return None


def _day(value: Any) -> str | None:
    """A day as the record gives it: ISO where it can be told, else its own words."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        value = value.strip()
        return value[:10] if _TIMESTAMP.match(value) else value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _day_of_number(value)
    if isinstance(value, dict) and len(value) == 1:  # MongoDB's {"$date": …}
        return _day(next(iter(value.values()))) if "$date" in value else None
    return None


def _day_of_number(value: float) -> str | None:
    """The day of 20160210, or of seconds or milliseconds since 1970; other numbers are none."""
    if 10**7 <= value < 10**8 and value == int(value):
        try:
            return date.fromisoformat(str(int(value))).isoformat()
        except ValueError:
            return None
    for unit in (1, 1000):
        if _EARLIEST * unit <= value < _LATEST * unit:
            return datetime.fromtimestamp(value / unit, UTC).date().isoformat()
    return None


_EARLIEST = 10**8  # March 1973
_LATEST = int(datetime(2036, 1, 1, tzinfo=UTC).timestamp())
"""Between these a number is taken for a time: before and after, more likely for something else."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d(?=[T ])")
