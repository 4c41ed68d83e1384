"""Archives as articles: folders, files of every kind, archives in archives, standard input.

Everything is streamed: nothing is unpacked to disk, and what is held at a time is one article, however
large an archive is. What gives no article is Unreadable, with its place and its reason; its reading goes
on after it wherever that can be.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

from llm_extract.batch.articles import Article, Place, Unreadable
from llm_extract.batch.formats.base import Limits, Part, Spent, printable
from llm_extract.batch.formats.compressed import MAGIC, decompress_part
from llm_extract.batch.formats.detect import kind_of
from llm_extract.batch.formats.jsonfile import read_json
from llm_extract.batch.formats.jsonlines import read_jsonl
from llm_extract.batch.formats.parquet import read_parquet
from llm_extract.batch.formats.records import Columns
from llm_extract.batch.formats.stream import CHUNK, Damaged, Stream
from llm_extract.batch.formats.table import read_table
from llm_extract.batch.formats.tarfile import tar_members
from llm_extract.batch.formats.warc import read_warc
from llm_extract.batch.formats.whole import read_whole
from llm_extract.batch.formats.zipfile import zip_members
from llm_extract.errors import DocumentError

__all__ = ["Columns", "Limits", "read_articles"]

_RECORDS: dict[str, Callable[[Part, Columns], Iterator[Article | Unreadable]]] = {
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_table,
    "parquet": read_parquet,
}
_ARCHIVES: dict[str, Callable[[Part], Iterator[Part | Unreadable]]] = {"tar": tar_members, "zip": zip_members}
_LIMITS = Limits()
_COLUMNS = Columns()


def read_articles(
    sources: Sequence[str | Path], *, limits: Limits = _LIMITS, columns: Columns = _COLUMNS
) -> Iterator[Article | Unreadable]:
    """The articles of folders, files, patterns (`dump/**/*.jsonl.gz`) and standard input (`-`).

    Always in the same order: that of the sources, in folders that of the names. In folders and patterns
    hidden files are left out, and symbolic links, pipes and devices are Unreadable; a link that is itself
    named as a source is followed. What a file is, is told by its content first, then by its name.

    Args:
        sources: paths, patterns or `-`.
        limits: how much an archive may become.
        columns: the names of columns and JSON keys that hold the parts of an article.

    Raises:
        DocumentError: at once, where a source does not exist, may not be read, or a pattern matches nothing.
        UsageError: when it is come to, a file of a kind whose package is not installed.
    """
    opened: dict[str, Callable[[], Iterator[Article | Unreadable]]] = {}
    for source in sources:
        name = os.fspath(source)
        if name not in opened:
            opened[name] = _checked(name, limits, columns)
    return (item for read in opened.values() for item in read())


def _checked(name: str, limits: Limits, columns: Columns) -> Callable[[], Iterator[Article | Unreadable]]:
    """What reads a source; raises at once where there is nothing to read."""
    label = printable(name)
    if name == "-":
        return lambda: _standard_input(limits, columns)
    if re.match(r"[a-z][a-z0-9+.-]+://", name, re.IGNORECASE):
        raise DocumentError(f"{label} is a web address: nothing is fetched; save it and give its file")
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116 - a Path would make `./a` and `a/` of it
    except FileNotFoundError:
        if glob.has_magic(name):
            return _pattern(name, label, limits, columns)
        raise DocumentError(f"there is no file or folder {label}: check the name") from None
    except ValueError:
        raise DocumentError(f"{label} is no file name: it contains a NUL character") from None
    except OSError as error:
        raise DocumentError(f"{label} could not be read: {error.strerror or error}") from None
    if stat.S_ISDIR(mode):
        if not os.access(name, os.R_OK | os.X_OK):
            raise DocumentError(f"{label} may not be read: permission denied; check its owner and mode")
        return lambda: _folder(name, limits, columns)
    if not stat.S_ISREG(mode):
        raise DocumentError(f"{label} is no regular file (a pipe, socket or device): only files are read, or `-`")
    if not os.access(name, os.R_OK):
        raise DocumentError(f"{label} may not be read: permission denied; check its owner and mode")
    return lambda: _file(name, limits, columns, follow=True)


# Folders and patterns


def _folder(top: str, limits: Limits, columns: Columns) -> Iterator[Article | Unreadable]:
    """The files below a folder, in the order of their names; nothing that is hidden or no regular file."""
    found = False
    for path in _below(top):
        found = True
        yield from path if isinstance(path, list) else _file(path, limits, columns)
    if not found:
        yield Unreadable(Place(printable(top)), "is a folder without files")


def _below(top: str) -> Iterator[str | list[Unreadable]]:
    """The paths below a folder that are not folders, and what could not be listed."""
    waiting = [top]
    while waiting:
        path = waiting.pop()
        if path is not top and not _is_folder(path):
            yield path
            continue
        try:
            names = _names(path)
        except OSError as error:
            yield [Unreadable(Place(printable(path)), f"could not be listed: {error.strerror or error}")]
            continue
        waiting += [os.path.join(path, name) for name in reversed(names)]  # noqa: PTH118


def _names(folder: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208


def _is_folder(path: str) -> bool:
    """Whether it is one itself, and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _pattern(
    pattern: str, label: str, limits: Limits, columns: Columns
) -> Callable[[], Iterator[Article | Unreadable]]:
    parts = list(Path(pattern).parts)
    top = parts.pop(0) if Path(pattern).is_absolute() else ""

    def read() -> Iterator[Article | Unreadable]:
        for path in _matching(top, parts):
            yield from (_folder if _is_folder(path) else _file)(path, limits, columns)

    if next(_matching(top, parts), None) is None:
        raise DocumentError(f"there is no file or folder that matches {label}: check the pattern and the folder")
    return read


def _matching(top: str, parts: list[str]) -> Iterator[str]:
    """The paths that match a pattern, in the order of their names. Unlike `glob`, follows no links."""
    part, *rest = parts
    if not glob.has_magic(part):
        path = os.path.join(top, part)  # noqa: PTH118
        if os.path.lexists(path):
            yield from _matching(path, rest) if rest else (path,)
        return
    while part == "**" and rest[:1] == ["**"]:
        rest.pop(0)
    if part == "**" and not rest:
        yield top or "."
        return
    if part == "**" and len(rest) > 1:
        yield from _matching(top, rest)
    try:
        names = _names(top or ".")
    except OSError:
        return
    for name in names:
        path = os.path.join(top, name)  # noqa: PTH118
        if part == "**":
            if len(rest) == 1 and fnmatchcase(name, rest[0]):
                yield path  # a folder as a whole, so it is not searched any more
            elif _is_folder(path):
                yield from _matching(path, ["**", *rest])
        elif fnmatchcase(name, part):
            if not rest:
                yield path
            elif _is_folder(path):
                yield from _matching(path, rest)


# Files


def _file(path: str, limits: Limits, columns: Columns, *, follow: bool = False) -> Iterator[Article | Unreadable]:
    place = Place(printable(path))
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        mode = os.stat(path, follow_symlinks=follow).st_mode  # noqa: PTH116
        if stat.S_ISLNK(mode):
            yield Unreadable(place, "is a symbolic link, which is not followed: name its target as a source")
            return
        if not stat.S_ISREG(mode):
            yield Unreadable(place, "is no regular file (a pipe, socket or device)")
            return
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        yield Unreadable(place, f"could not be read: {error.strerror or error}")
        return
    with file:
        size = os.fstat(file.fileno()).st_size
        stream = Stream(_chunks(file, min(size + 1, CHUNK)))
        spent = Spent(taken=size, stream=stream)
        part = Part(place, name=Path(path).name, stream=stream, limits=limits, spent=spent, file=file)
        yield from _read(part, columns)


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    position = 0
    while True:
        try:
            file.seek(position)
            chunk = file.read(size)
        except OSError as error:
            raise Damaged(f"could not be read on: {error.strerror or error}") from None
        if not chunk:
            return
        position += len(chunk)
        yield chunk


def _standard_input(limits: Limits, columns: Columns) -> Iterator[Article | Unreadable]:
    spent = Spent()

    def chunks() -> Iterator[bytes]:
        while True:
            try:
                chunk = sys.stdin.buffer.read(CHUNK)
            except OSError as error:
                raise Damaged(f"could not be read on: {error.strerror or error}") from None
            if not chunk:
                return
            spent.taken += len(chunk)
            yield chunk

    spent.stream = Stream(chunks())
    return _read(Part(Place("-"), name="-", stream=spent.stream, limits=limits, spent=spent), columns)


# Parts


def _read(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    """The articles of a part. Its damage is reported here, once; that of the archive around it goes on up."""
    try:
        yield from _articles(part, columns)
    except Damaged as error:
        if error.stream is not None and error.stream is not part.stream:
            raise
        yield part.unreadable(error.reason)


def _articles(part: Part, columns: Columns) -> Iterator[Article | Unreadable]:
    kind = kind_of(part)
    if part.depth > part.limits.depth or (part.depth == part.limits.depth and kind in _ARCHIVES):
        yield part.unreadable(f"is an archive nested more than {part.limits.depth} deep: not read")
    elif kind in MAGIC:
        yield from _read(decompress_part(part, kind), columns)
    elif kind in _ARCHIVES:
        for member in _ARCHIVES[kind](part):
            if isinstance(member, Part):
                yield from _read(member, columns)
            else:
                yield member
    elif kind in _RECORDS:
        yield from _RECORDS[kind](part, columns)
    elif kind == "warc":
        yield from read_warc(part)
    elif kind == "whole":
        yield read_whole(part)
    else:
        part.stream.check()  # what it is cannot be told if it is cut
        yield part.unreadable(kind)
