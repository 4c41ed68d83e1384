"""WARC: the pages of a crawl.

The records are parted here and not by FastWARC, which ends without a word where a header is cut. FastWARC
then reads the HTTP answer in a record: its headers, chunks and content encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from llm_extract.batch.articles import Article, Place, Unreadable
from llm_extract.batch.formats.base import Part, in_words, missing_package
from llm_extract.batch.formats.records import own_id, reason_of
from llm_extract.batch.formats.stream import Damaged, Stream
from llm_extract.errors import DocumentError
from llm_extract.reading import read_document

_LONGEST_HEADER = 64 * 1024
_HTTP_HEADER = 64 * 1024
_FIELD = re.compile(rb"^([\w-]+)[ \t]*:[ \t]*([^\r\n]*)", re.MULTILINE)
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")


@dataclass(frozen=True, slots=True)
class _Header:
    raw: bytes
    kind: bytes
    length: int
    target: str
    media_type: str


def read_warc(part: Part) -> Iterator[Article | Unreadable]:
    """The articles of a WARC: answers of HTML or plain text with status 200, and such resources and conversions.

    An article's id is the address it was got from. Pictures, scripts, redirects, requests and the like are
    passed over; where there is nothing else, the archive is Unreadable.

    Raises:
        Damaged: it is cut or damaged, after the records before that.
    """
    stream = part.stream
    number = pages = 0
    while (header := _header(stream, number + 1)) is not None:
        number += 1
        end = stream.position + header.length
        if header.kind in (b"response", b"resource", b"conversion"):
            found = _record(part, header, number)
            if found is not None:
                pages += 1
                yield found
        missing = end - stream.position
        if stream.skip(missing) < missing:
            raise Damaged(f"is cut in WARC record {number}", stream)
    if not pages:
        yield part.unreadable(f"holds no page of HTML or plain text with status 200 in its {number} WARC records")


def _header(stream: Stream, number: int) -> _Header | None:
    """The next record's header; None at the end."""
    while (start := stream.peek(2)) and start[:1] in b"\r\n":
        stream.read(1)
    if not start:
        stream.read(1)  # raises where the stream is damaged
        return None
    size = 2048
    while True:
        head = stream.peek(size)
        if not head.startswith(b"WARC/"[: len(head)]):
            raise Damaged(f"is damaged: there is no WARC record where number {number} should begin", stream)
        if (end := head.find(b"\r\n\r\n")) >= 0:
            end += 4
            break
        if len(head) < size:
            stream.skip(size)  # raises where the stream is damaged
            raise Damaged(f"is cut in WARC record {number}", stream)
        if size > _LONGEST_HEADER:
            raise Damaged(f"is damaged: the header of WARC record {number} does not end", stream)
        size *= 4
    raw = stream.read(end)
    fields = {name.lower(): value.strip() for name, value in _FIELD.findall(raw)}
    length = fields.get(b"content-length", b"")
    if not length.isdigit() or len(length) > 18:
        raise Damaged(f"is damaged: WARC record {number} does not say how long it is", stream)
    return _Header(
        raw=raw,
        kind=fields.get(b"warc-type", b"").lower(),
        length=int(length),
        target=fields.get(b"warc-target-uri", b"").strip(b"<>").decode("utf-8", "replace"),
        media_type=fields.get(b"content-type", b"").decode("latin-1"),
    )


def _record(part: Part, header: _Header, number: int) -> Article | Unreadable | None:
    """A record as an article, or why it is none; None for what is no page."""
    place = part.record(number)
    limit = part.limits.member_bytes
    media_type = header.media_type
    is_http = media_type.lower().startswith("application/http")
    if is_http:
        if not _may_be_page(part.stream.peek(min(header.length, _HTTP_HEADER))):
            return None
    elif not _is_page(media_type):
        return None
    too_large = Unreadable(place, f"is a page of more than {in_words(limit)}: no article is")
    if header.length > limit + _HTTP_HEADER:
        return too_large
    data: bytes | None = part.stream.exactly(header.length, f"is cut in WARC record {number}")
    if is_http:
        try:
            data, media_type = _answer(header.raw, data or b"", limit)
        except DocumentError as error:
            return Unreadable(place, str(error))
    if data is None or len(data) > limit:
        return too_large
    return _article(data, media_type, place, header.target, limit)


def _article(data: bytes, media_type: str, place: Place, target: str, limit: int) -> Article | Unreadable:
    label = str(place)
    try:
        document = read_document(data, name=label, media_type=media_type, max_bytes=limit)
    except DocumentError as error:
        return Unreadable(place, reason_of(error, label))
    return Article(own_id(target) or label, place, document)


def _is_page(media_type: str) -> bool:
    return media_type.partition(";")[0].strip().lower() in _PAGES


def _may_be_page(answer: bytes) -> bool:
    """Whether an HTTP answer has status 200 and a media type of pages, or none; cheap."""
    head = answer[: end + 4] if (end := answer.find(b"\r\n\r\n")) >= 0 else answer
    if not re.match(rb"HTTP/[\d.]+ +200\b", head):
        return False
    types = [value for name, value in _FIELD.findall(head) if name.lower() == b"content-type"]
    return not types or _is_page(types[-1].decode("latin-1"))


def _answer(raw: bytes, block: bytes, limit: int) -> tuple[bytes | None, str]:
    """The decoded body of an HTTP answer (None: larger than `limit`) and its media type."""
    try:
        from fastwarc.warc import WarcRecord
    except ImportError:
        raise missing_package("fastwarc", "a WARC archive") from None

    try:
        record = WarcRecord.from_bytes(raw + block + b"\r\n\r\n")
        record.parse_http(auto_decode="all")
        if record.http_headers is None:
            raise DocumentError("is damaged: it holds no HTTP answer")
        media_type = record.http_headers.get("Content-Type") or ""
        body = _read(record.reader, limit)
    except (OSError, ValueError, RuntimeError) as error:
        raise DocumentError(f"is damaged: its HTTP answer cannot be decoded ({error})") from None
    return body, media_type


def _read(reader: object, limit: int) -> bytes | None:
    pieces = []
    held = 0
    while piece := reader.read(65536):  # type: ignore[attr-defined]
        pieces.append(piece)
        held += len(piece)
        if held > limit:
            return None
    return b"".join(pieces)
