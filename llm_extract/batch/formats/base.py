"""What every reader of a format is given: a part of an archive, and how much it may become."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from llm_extract.batch.articles import Place, Unreadable
from llm_extract.batch.formats.stream import Damaged, Stream
from llm_extract.errors import UsageError

MEBIBYTE = 1024 * 1024
FREE_BYTES = 8 * MEBIBYTE
"""Ratios are judged beyond this: small texts of one repeated line are packed very tightly."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an archive may become. What is beyond is stopped while it streams, and is Unreadable."""

    member_bytes: int = 50 * MEBIBYTE
    """Bytes of what is held whole: one article (text, page, PDF, JSON object, WARC record), and a zip or
    Parquet file inside an archive. A table or a dump of any size is streamed."""
    ratio: int = 200
    """Unpacked bytes for each packed one, counted beyond the first 8 MiB."""
    depth: int = 3
    """Archives inside archives; a compressed archive is one. `.tar.gz` in a zip holding `.jsonl.gz` is two."""
    members: int = 10_000_000
    """Members of all the archives in one file."""
    line_bytes: int = 50 * MEBIBYTE
    """Bytes of one line of JSONL, one row of CSV, one element of a JSON list."""


@dataclass(slots=True)
class Spent:
    """What the reading of one file has used up of its limits, all archives in it together."""

    taken: int = 0
    """Bytes of the file itself; of standard input those that were read so far."""
    unpacked: int = 0
    members: int = 0
    stream: Stream | None = None
    """The file's own, so that a bomb anywhere in it can stop it as a whole."""

    def count(self, size: int, limits: Limits) -> None:
        """Counts unpacked bytes; raises `Damaged` for the whole file where it becomes far more than it is."""
        self.unpacked += size
        if self.unpacked > 8 * FREE_BYTES and self.unpacked > self.taken * limits.ratio:
            raise Damaged(f"unpacks to more than {limits.ratio} times its size in all: a bomb", self.stream)


@dataclass(slots=True)  # frozen, each would take four times as long to make
class Part:
    """A file, or a member of an archive: its bytes as a stream, and what is known about it."""

    place: Place
    name: str
    """Tells what it is where the content does not. `a.csv` for what comes out of `a.csv.gz`."""
    stream: Stream
    limits: Limits
    spent: Spent = field(default_factory=Spent)
    depth: int = 0
    """How many archives it is in."""
    compressed: bool = False
    """Whether it just came out of gzip, bzip2, xz or zstd."""
    file: IO[bytes] | None = None
    """The same bytes as a file that can be read at any place, where there is one."""

    def member(self, name: str, stream: Stream) -> Part:
        """A part for a member of this archive. The name is a label, whatever is in it."""
        name = printable(name)
        inside = f"{self.place.member}!{name}" if self.place.member else name
        return Part(Place(self.place.archive, inside), name, stream, self.limits, self.spent, self.depth + 1)

    def record(self, number: int) -> Place:
        """The place of a record of this part."""
        return Place(self.place.archive, self.place.member, number)

    def count_member(self) -> None:
        """Raises `Damaged` where an archive has more members than the limits allow."""
        self.spent.members += 1
        if self.spent.members > self.limits.members:
            raise Damaged(f"has more than {self.limits.members:,} members: the rest is not read", self.stream)

    def unreadable(self, reason: str) -> Unreadable:
        """This part, which gave no article."""
        return Unreadable(self.place, reason)


def printable(name: str) -> str:
    """A name as it can stand in a terminal and in JSON: odd characters and bytes as escapes, one to one."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def is_hidden(name: str) -> bool:
    """Whether a member is one that systems add for themselves: `.DS_Store`, `__MACOSX/…`."""
    return _HIDDEN.search(name) is not None


_HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?(?:/|$))|__MACOSX/)")


def in_words(size: int) -> str:
    """A number of bytes for people."""
    return f"{size / MEBIBYTE:g} MiB" if size >= MEBIBYTE else f"{size:,} bytes"


def missing_package(package: str, what: str) -> UsageError:
    """The error where a format needs a package of the extra `batch` that is not installed."""
    return UsageError(f"reading {what} needs {package}: pip install 'llm-extract[batch]'")


def suffix(name: str) -> str:
    """The extension in lower case: `.gz`."""
    last = name.rpartition("/")[2]
    if last in ("", "."):
        last = Path(name).name
    stem, _, ending = last.rpartition(".")
    return f".{ending.lower()}" if stem and ending else ""
