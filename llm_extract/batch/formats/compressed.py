"""gzip, bzip2, xz and zstd: one stream in, one stream out, and no more than the limits allow.

Several of them one after the other are read as one, as `.warc.gz` files and parallel packers write them.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Protocol

from llm_extract.batch.formats.base import FREE_BYTES, Limits, Part, Spent, missing_package, suffix
from llm_extract.batch.formats.stream import CHUNK, Damaged, Stream

MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0", "zstd": b"\x28\xb5\x2f\xfd"}
NAMES = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".tgz": "gzip",
    ".bz2": "bzip2",
    ".tbz2": "bzip2",
    ".tbz": "bzip2",
    ".xz": "xz",
    ".txz": "xz",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".tzst": "zstd",
}
_TAR_NAMES = (".tgz", ".tbz2", ".tbz", ".txz", ".tzst")
_XZ_MEMORY = 128 * 1024 * 1024
_ZSTD_WINDOW = 128 * 1024 * 1024
PIECES = {"gzip": 32 * 1024, "deflate": 32 * 1024, "bzip2": 32 * 1024, "xz": 32 * 1024, "zstd": 512}
"""Bytes that are unpacked at a time. zstandard gives out all that they unpack to: at most 16 MiB for 512 bytes."""


class Decompressor(Protocol):
    """What the standard library's bz2 and lzma objects are."""

    @property
    def eof(self) -> bool:
        """Whether the end of the packed data was seen."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come without further data."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end of the packed data."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most `max_length` bytes more."""


def decompress_part(part: Part, kind: str) -> Part:
    """What comes out of a compressed part, under its own name without the suffix."""
    ending = suffix(part.name)
    name = part.name[: -len(ending)] if ending in NAMES else part.name
    if ending in _TAR_NAMES:
        name += ".tar"
    chunks = decompressed(_pieces(part.stream, kind), decompressor(kind), kind, part.limits, part.spent)
    depth = part.depth + 1 if part.compressed else part.depth
    return replace(part, name=name, stream=Stream(chunks), depth=depth, compressed=True, file=None)


def decompressor(kind: str) -> Callable[[], Decompressor]:
    """Makes objects that unpack one gzip member, bzip2 stream, xz stream, zstd frame or raw deflate stream."""
    if kind == "zstd":
        try:
            import zstandard
        except ImportError:
            raise missing_package("zstandard", "zstd data") from None
        whole = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        return lambda: _Zstd(whole.decompressobj())
    if kind == "bzip2":
        return bz2.BZ2Decompressor
    if kind == "xz":
        return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    return lambda: _Zlib(wbits=31 if kind == "gzip" else -15)


def decompressed(
    source: Iterator[bytes],
    new: Callable[[], Decompressor],
    kind: str,
    limits: Limits,
    spent: Spent,
    *,
    one: bool = False,
) -> Generator[bytes, None, int]:
    """Chunks of what `source` unpacks to; of its first stream only with `one`.

    Returns how many of the bytes taken from `source` come after that.

    Raises:
        Damaged: the data are cut or damaged, or unpack to more than the limits allow.
    """
    errors = _errors(kind)
    taken = given = 0
    data = next(source, b"")
    first = True
    while data or first:
        # gzip pads with zeros, xz with four of them at a time.
        if not first and not data.strip(b"\0"):
            data = next(source, b"")
            continue
        if not first and kind in MAGIC:
            data = data.lstrip(b"\0")
            while len(data) < 6 and (more := next(source, b"")):
                data += more
            if not _begins(data, kind):
                raise Damaged(f"has something after its {kind} data that is none: that is not read")
        decompressor = new()
        while not decompressor.eof:
            if decompressor.needs_input and not data:
                data = next(source, b"")
                if not data:
                    raise Damaged(f"is cut: its {kind} data end early")
            taken += len(data)
            try:
                out = decompressor.decompress(data, CHUNK)
            except errors as error:
                raise Damaged(f"is damaged: its {kind} data cannot be unpacked ({error})") from None
            data = b""
            given += len(out)
            if given > FREE_BYTES and given > taken * limits.ratio:
                raise Damaged(f"unpacks to more than {limits.ratio} times its size: a bomb, or no article")
            spent.count(len(out), limits)
            if out:
                yield out
        data = decompressor.unused_data
        taken -= len(data)
        first = False
        if one:
            break
        if not data:
            data = next(source, b"")
    return len(data)


def _pieces(stream: Stream, kind: str) -> Iterator[bytes]:
    size = PIECES[kind]
    while chunk := stream.chunk():
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def _begins(data: bytes, kind: str) -> bool:
    return data.startswith(MAGIC[kind]) or (kind == "zstd" and data[1:4] == b"\x2a\x4d\x18" and data[0] >> 4 == 5)


def _errors(kind: str) -> tuple[type[Exception], ...]:
    if kind == "zstd":
        import zstandard

        return (zstandard.ZstdError,)
    return {"bzip2": (OSError, ValueError), "xz": (lzma.LZMAError,)}.get(kind, (zlib.error,))


class _Zlib:
    """zlib's object in the manner of bz2's and lzma's."""

    def __init__(self, wbits: int) -> None:
        self._object = zlib.decompressobj(wbits)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        tail = self._object.unconsumed_tail
        out = self._object.decompress(tail + data if tail else data, max(max_length, 0))
        self._full = len(out) == max_length  # there may be more without further data
        return out


class _Zstd:
    """zstandard's object in the same manner; it takes no limit, so what it is given is kept small."""

    needs_input = True

    def __init__(self, unpacker: object) -> None:
        self._object = unpacker

    @property
    def eof(self) -> bool:
        return bool(self._object.eof)  # type: ignore[attr-defined]

    @property
    def unused_data(self) -> bytes:
        return bytes(self._object.unused_data)  # type: ignore[attr-defined]

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return bytes(self._object.decompress(data))  # type: ignore[attr-defined]
