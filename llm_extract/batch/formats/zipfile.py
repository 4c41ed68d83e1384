"""zip, by its table of contents; without one (cut) from front to back.

The standard library's reader holds the whole table in memory; here one entry is held at a time. A zip
inside an archive is kept while it is read, in memory and beyond 8 MiB in a temporary file without a name,
up to the limit of a member: a zip's table of contents is at its end.
"""

from __future__ import annotations

import os
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from llm_extract.batch.articles import Unreadable
from llm_extract.batch.formats.base import MEBIBYTE, Part, in_words, is_hidden
from llm_extract.batch.formats.compressed import PIECES, decompressed, decompressor
from llm_extract.batch.formats.stream import CHUNK, Damaged, Stream

_METHODS = {8: "deflate", 12: "bzip2", 93: "zstd"}
_LOCAL = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
_END = b"PK\x05\x06"
_UNKNOWN = 0xFFFFFFFF
_HEAD = struct.Struct("<8xHHLLLLHHHHHLL")
_LENGTHS = struct.Struct("<HH")
_SMALL_EXTRA = 64
"""Bytes of extra fields before a member's data, for which its table of contents need not speak."""
_CUT = "is cut: its zip archive has no table of contents"


class _Entry(NamedTuple):
    name: str
    flags: int
    method: int
    crc: int | None
    packed: int | None
    """None where it stands behind the data only."""
    size: int | None
    offset: int
    """Of the local header; of the data where there is no table of contents."""
    mode: int = 0


def zip_members(part: Part) -> Iterator[Part | Unreadable]:
    """The files in a zip, each to be read before the next; what cannot be unpacked is Unreadable.

    Raises:
        Damaged: the zip is cut or damaged, after the members before that.
    """
    if part.file:
        yield from _members(part, part.file, None)
        return
    file, failure = held(part, "zip archive")
    with file:
        yield from _members(part, file, failure)


def _members(part: Part, file: IO[bytes], failure: Damaged | None) -> Iterator[Part | Unreadable]:
    table = _table(file)
    if table is None:
        yield from _without_table(part, file, failure or Damaged(_CUT, part.stream))
        return
    for entry in _entries(file, *table, part):
        part.count_member()
        if _is_no_file(entry):
            continue
        reason = _not_read(entry)
        if not reason and (whole := _small(file, entry)) is not None:
            part.spent.count(len(whole), part.limits)
            yield part.member(entry.name, Stream(iter((whole,))))
            continue
        start = 0 if reason else _data(file, entry)
        if not reason and not start:
            reason = "is damaged: it is not where the zip's table of contents says"
        source = _range(file, start, entry.packed, _piece(entry))
        member = part.member(entry.name, Stream(_content(part, source, entry)))
        yield member.unreadable(reason) if reason else member


def _small(file: IO[bytes], entry: _Entry) -> bytes | None:
    """What a sound and small member unpacks to, as most articles are; None for every other one."""
    if entry.packed is None or entry.size is None or max(entry.packed, entry.size) > CHUNK or entry.offset < 0:
        return None
    file.seek(entry.offset)
    head = file.read(30 + len(entry.name) + _SMALL_EXTRA + entry.packed)
    if len(head) < 30 or not head.startswith(_LOCAL):
        return None
    name_length, extra_length = _LENGTHS.unpack_from(head, 26)
    start = 30 + name_length + extra_length
    data = head[start : start + entry.packed]
    if len(data) < entry.packed:
        return None
    if entry.method == 8:
        unpacker = zlib.decompressobj(-15)
        try:
            data = unpacker.decompress(data, entry.size + 1)
        except zlib.error:
            return None
        if not unpacker.eof or unpacker.unused_data:
            return None
    elif entry.method:
        return None
    return data if len(data) == entry.size and zlib.crc32(data) == entry.crc else None


def held(part: Part, what: str) -> tuple[IO[bytes], Damaged | None]:
    """A part's bytes as a file, and the damage that they end with; at most `member_bytes` of them."""
    file = tempfile.SpooledTemporaryFile(max_size=8 * MEBIBYTE)  # noqa: SIM115 - closed with its last reader
    left = part.limits.member_bytes
    damage = None
    while left >= 0:
        try:
            chunk = part.stream.chunk()
        except Damaged as error:
            damage, chunk = error, b""
        if not chunk:
            return file, damage
        left -= len(chunk)
        file.write(chunk)
    file.close()
    size = in_words(part.limits.member_bytes)
    raise Damaged(f"is a {what} of more than {size} inside another archive: unpack it first")


def _is_no_file(entry: _Entry) -> bool:
    """Whether it is a folder, or what systems add for themselves."""
    return entry.name.endswith("/") or is_hidden(entry.name)


def _not_read(entry: _Entry) -> str | None:
    """Why a member is not read."""
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG):
        return "is a symbolic link, a device or another thing that is no file: not followed"
    if entry.flags & 0x2041:  # encrypted, strongly encrypted, names encrypted
        return "is encrypted: unpack it with its password, and give the files"
    if entry.method and entry.method not in _METHODS:
        return f"is packed by a method that is not read (number {entry.method}): unpack it first"
    return None


# With a table of contents


def _table(file: IO[bytes]) -> tuple[int, int, int] | None:
    """Where the table of contents begins, its length, and how many bytes stand before the zip; None without one."""
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - 65557)
    file.seek(tail_start)
    tail = file.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        return None
    length, offset = struct.unpack("<LL", tail[place + 12 : place + 20])
    end = tail_start + place
    if place >= 20 and tail[place - 20 : place - 16] == b"PK\x06\x07":
        (wide,) = struct.unpack("<Q", tail[place - 12 : place - 4])
        for candidate in (wide, end - 20 - 56):
            if 0 <= candidate < size:
                file.seek(candidate)
                record = file.read(56)
                if len(record) == 56 and record.startswith(b"PK\x06\x06"):
                    length, offset = struct.unpack("<QQ", record[40:56])
                    end = candidate
                    break
    start = end - length
    return (start, length, start - offset) if start >= 0 and start >= offset else None


def _entries(file: IO[bytes], start: int, length: int, before: int, part: Part) -> Iterator[_Entry]:
    damage = Damaged("is damaged: its zip archive's table of contents is not sound", part.stream)
    stream = Stream(_range(file, start, length))
    while stream.position < length:
        head = stream.read(46)
        if len(head) < 46 or not head.startswith(_ENTRY):
            raise damage
        flags, method, _, crc, packed, size, name_length, extra_length, comment_length, _, _, attributes, offset = (
            _HEAD.unpack(head)
        )
        rest = stream.read(name_length + extra_length + comment_length)
        if len(rest) < name_length + extra_length + comment_length:
            raise damage
        name = _decoded(rest[:name_length], flags)
        if extra_length:
            size, packed, offset = _wide(rest[name_length : name_length + extra_length], size, packed, offset)
        yield _Entry(name, flags, method, crc, packed, size, before + offset, attributes >> 16)


def _wide(extra: bytes, *values: int) -> list[int]:
    """Size, packed size and offset, from the zip64 field where they do not fit elsewhere."""
    result = list(values)
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 1:
            field = extra[4 : 4 + length]
            for number, value in enumerate(values):
                if value == _UNKNOWN and len(field) >= 8:
                    result[number] = int.from_bytes(field[:8], "little")
                    field = field[8:]
        extra = extra[4 + length :]
    return result


def _data(file: IO[bytes], entry: _Entry) -> int:
    """Where the data of an entry begin; 0 where there is no local header."""
    if entry.offset < 0:
        return 0
    file.seek(entry.offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(_LOCAL):
        return 0
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    return entry.offset + 30 + int(name_length) + int(extra_length)


# Without one


def _without_table(part: Part, file: IO[bytes], damage: Damaged) -> Iterator[Part | Unreadable]:
    """The members of a cut zip, by the header before each of them; raises `damage` at the end."""
    offset = 0
    while True:
        file.seek(offset)
        head = file.read(30)
        if len(head) < 30 or not head.startswith(_LOCAL):
            raise damage
        flags, method, crc, packed, size, name_length, extra_length = struct.unpack("<6xHH4xLLLHH", head)
        rest = file.read(name_length + extra_length)
        if len(rest) < name_length + extra_length:
            raise damage
        size, packed, _ = _wide(rest[name_length:], size, packed, 0)
        start = offset + len(head) + len(rest)
        name = _decoded(rest[:name_length], flags)
        if flags & 8:  # length and checksum stand behind the data
            entry = _Entry(name, flags, method, None, None, None, start)
        else:
            entry = _Entry(name, flags, method, crc, packed, size, start)
        part.count_member()
        reason = _not_read(entry)
        if entry.packed is None and (reason or not method):
            yield part.member(name, Stream(iter(()))).unreadable(reason or "has no length in a cut zip: not read")
            raise damage  # where the next one begins is not known
        source = _Counted(_range(file, start, entry.packed, _piece(entry), damage))
        content = Stream(_content(part, source, entry))
        if not _is_no_file(entry):
            member = part.member(name, content)
            yield member.unreadable(reason) if reason else member
        if entry.packed is not None:
            offset = start + entry.packed
            continue
        try:
            while content.chunk():
                pass
        except Damaged:
            raise damage from None
        offset = start + source.taken - source.unused
        file.seek(offset)
        behind = file.read(28)
        # The checksum and both lengths, of four or eight bytes, with a signature or without.
        step = next((step for step in (12, 16, 20, 24) if behind[step : step + 4] == _LOCAL), 0)
        if not step:
            raise damage
        offset += step


class _Counted:
    """An iterator of chunks that knows how many bytes it gave, and is told how many were not used."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0
        self.unused = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self.taken += len(chunk)
        return chunk


# The data


def _piece(entry: _Entry) -> int:
    return PIECES[_METHODS[entry.method]] if entry.method in _METHODS else CHUNK


def _range(
    file: IO[bytes], start: int, length: int | None, piece: int = CHUNK, damage: Damaged | None = None
) -> Iterator[bytes]:
    """A file's bytes from `start`, `piece` by `piece`; raises `damage` where they end before `length`."""
    position = start
    while length is None or position < start + length:
        file.seek(position)
        chunk = file.read(piece if length is None else min(piece, start + length - position))
        if not chunk:
            if damage:
                raise damage
            return
        position += len(chunk)
        yield chunk


def _content(part: Part, source: Iterator[bytes], entry: _Entry) -> Iterator[bytes]:
    """What a member unpacks to; raises `Damaged` at the end where that is not what the zip says."""
    crc = size = 0
    for chunk in _unpacked(part, source, entry):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
        yield chunk
    if (entry.size is not None and size != entry.size) or (entry.crc is not None and crc != entry.crc):
        raise Damaged("is damaged: it is not what its checksum says")


def _unpacked(part: Part, source: Iterator[bytes], entry: _Entry) -> Iterator[bytes]:
    if entry.method:
        kind = _METHODS[entry.method]
        unused = yield from decompressed(source, decompressor(kind), kind, part.limits, part.spent, one=True)
        if isinstance(source, _Counted):
            source.unused = unused
        return
    for chunk in source:
        part.spent.count(len(chunk), part.limits)  # members can overlap
        yield chunk


def _decoded(name: bytes, flags: int) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8", "surrogateescape") if flags & 0x800 else name.decode("cp437")
