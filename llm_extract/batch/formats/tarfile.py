"""tar, read once from front to back, also through a pipe: nothing is unpacked, and a name is a label.

The standard library's reader keeps every member in memory, and reads a name of any length: so this is our own.
"""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.batch.articles import Unreadable
from llm_extract.batch.formats.base import Part, is_hidden
from llm_extract.batch.formats.stream import CHUNK, Damaged, Stream

_BLOCK = 512
_LONGEST_NAME = 64 * 1024
"""Bytes of an extended header: names are at most a few thousand."""
_CUT = "is cut: its tar archive ends early"
_KINDS = {
    b"1": "is a hard link to another member: not followed",
    b"2": "is a symbolic link: not followed",
    b"3": "is a device, no file",
    b"4": "is a device, no file",
    b"6": "is a pipe, no file",
    b"S": "is a sparse file: not read",
    b"M": "is a part of a file in another volume: not read",
}


def is_tar(start: bytes) -> bool:
    """Whether these bytes are a tar header, of any dialect: its checksum holds."""
    if len(start) < _BLOCK or not start[0] or b"\0" not in start[:_BLOCK]:
        return False
    try:
        return _checksum_holds(start[:_BLOCK])
    except ValueError:
        return False


def tar_members(part: Part) -> Iterator[Part | Unreadable]:
    """The regular files in a tar, each to be read before the next; links and devices are Unreadable.

    Several tars one after the other are read as one.

    Raises:
        Damaged: it is cut or damaged, or something else follows it, after the members before that.
    """
    stream = part.stream
    name: str | None = None
    size: int | None = None
    sparse = False
    ended = False  # behind the zeros that end a tar
    while True:
        header = stream.read(_BLOCK) if ended else stream.exactly(_BLOCK, _CUT)
        if not header:
            return
        if not header.strip(b"\0"):
            name, size, sparse, ended = None, None, False, True
            continue
        if ended and not is_tar(header):
            raise Damaged("has something after its tar archive that is none: that is not read", stream)
        ended = False
        try:
            sound = _checksum_holds(header)
            length = _number(header[124:136])
        except ValueError:
            sound = False
        if not sound or length < 0:
            raise Damaged("is damaged: a header of its tar archive is not sound, and the rest is not read", stream)
        kind = header[156:157]
        end = stream.position + -(-length // _BLOCK) * _BLOCK
        if kind in b"xLgK" and kind:
            if length > _LONGEST_NAME:
                raise Damaged("has a header of unreasonable length in its tar archive: the rest is not read", stream)
            content = stream.exactly(length, _CUT)
            if kind == b"L":
                name = _name(content)
            elif kind == b"x":
                fields = _extended(content)
                name = _name(fields[b"path"]) if b"path" in fields else name
                size = int(fields[b"size"]) if fields.get(b"size", b"").isdigit() else size
                sparse = any(key.startswith(b"GNU.sparse") for key in fields)
        else:
            if size is not None:
                length = size
                end = stream.position + -(-length // _BLOCK) * _BLOCK
            name = _name(_joined(header)) if name is None else name
            part.count_member()
            if kind != b"5" and not is_hidden(name) and not (kind in b"\0" + b"07" and name.endswith("/")):
                member = part.member(name, Stream(_content(stream, length)))
                if kind in _KINDS or sparse:
                    yield member.unreadable(_KINDS.get(kind, _KINDS[b"S"]))
                elif kind in b"\0" + b"07":
                    yield member
                else:
                    yield member.unreadable("is of a kind that only this tar knows: not read")
            name, size, sparse = None, None, False
        missing = end - stream.position
        if stream.skip(missing) < missing:
            raise Damaged(_CUT, stream)


def _content(stream: Stream, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = stream.read(min(size, CHUNK))
        if not chunk:
            raise Damaged(_CUT, stream)
        size -= len(chunk)
        yield chunk


def _checksum_holds(header: bytes) -> bool:
    stated = _number(header[148:156])
    # Eight spaces stand for the checksum itself. Very old programs summed signed bytes.
    rest = header[:148] + b" " * 8 + header[156:]
    return stated == sum(rest) or stated == sum(byte - 256 if byte > 127 else byte for byte in rest)


def _number(data: bytes) -> int:
    """Octal digits, or a binary number where the first bit is set."""
    if data[0] & 0x80:
        return int.from_bytes(bytes([data[0] & 0x7F]) + data[1:], "big") if data[0] == 0x80 else -1
    return int(data.split(b"\0")[0].strip() or b"0", 8)


def _joined(header: bytes) -> bytes:
    name = header[:100].split(b"\0")[0]
    prefix = header[345:500].split(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _name(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "surrogateescape")


def _extended(data: bytes) -> dict[bytes, bytes]:
    """The fields of a pax header: `length key=value` and a line feed, one after the other."""
    fields = {}
    position = 0
    while position < len(data):
        digits = data[position : position + 10].split(b" ")[0]
        if not digits.isdigit() or int(digits) <= len(digits):
            break
        key, _, value = data[position + len(digits) + 1 : position + int(digits) - 1].partition(b"=")
        fields[key] = value
        position += int(digits)
    return fields
