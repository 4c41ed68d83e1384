"""Archives for the tests, with articles of our own."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import zstandard

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.sources import Columns, Limits, read_articles

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


def story(number: int) -> str:
    """A short article, another for each number."""
    return f"Depot {number} opens\n\nThe borough will pay Larkfield Works £{number + 2}m to run depot {number}."


def jsonl(count: int) -> bytes:
    return b"".join(json.dumps({"id": f"n{i}", "text": story(i)}).encode() + b"\n" for i in range(count))


def zipped(members: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes | str], dialect: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as archive:
        for name, data in members.items():
            content = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def http(body: bytes, media_type: str = "text/html; charset=utf-8", status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n{more}\r\n"
    return head.encode() + body


def warc(
    block: bytes,
    target: str = "http://herald.example/1",
    kind: str = "response",
    media_type: str = "application/http; msgtype=response",
) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {target}\r\nWARC-Date: 2019-05-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def page(number: int) -> bytes:
    """A web page with metadata."""
    return (
        f"<!doctype html><html><head><title>Depot {number} opens</title>"
        f'<meta name="author" content="Ada Wren"></head><body><article><h1>Depot {number} opens</h1>'
        f"<p>The borough will pay Larkfield Works £{number + 2}m to run depot {number}, it said on Monday.</p>"
        "</article></body></html>"
    ).encode()


def read(
    *sources: str | Path, limits: Limits | None = None, columns: Columns | None = None
) -> tuple[list[Article], list[Unreadable]]:
    """What sources give: the articles, and what is unreadable."""
    articles: list[Article] = []
    unreadable: list[Unreadable] = []
    for item in read_articles(sources, limits=limits or Limits(), columns=columns or Columns()):
        if isinstance(item, Article):
            articles.append(item)
        else:
            unreadable.append(item)
    return articles, unreadable


def file(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def reasons(unreadable: Iterable[Unreadable]) -> list[str]:
    return [item.reason for item in unreadable]


def members(items: Iterable[Article | Unreadable]) -> list[str]:
    return [item.place.member for item in items]
