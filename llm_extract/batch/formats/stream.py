"""Bytes that come one after the other, however many there are, and what to say when they break off."""

from __future__ import annotations

from collections.abc import Iterator

from llm_extract.errors import DocumentError

CHUNK = 128 * 1024
"""Bytes that are read at a time."""


class Damaged(DocumentError):
    """A stream cannot be read on: cut, damaged, or unpacking to more than the limits allow.

    `reason` follows a name: "is cut: …". `stream` is the one that failed, so that whoever reads it
    reports the damage, while the archives around it are read on.
    """

    def __init__(self, reason: str, stream: Stream | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stream = stream


class Stream:
    """Bytes from an iterator of chunks, which can be looked at before they are taken.

    What came before a damage is given out first: `Damaged` is raised by the read after it.
    """

    __slots__ = ("_buffer", "_chunks", "_error", "_start", "position")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._start = 0
        self._error: Damaged | None = None
        self.position = 0
        """How many bytes were taken."""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which stay; fewer at the end or before a damage."""
        held = len(self._buffer) - self._start
        if held < size:
            pieces = [self._buffer[self._start :]]
            while held < size and (chunk := self._next()):
                pieces.append(chunk)
                held += len(chunk)
            self._buffer, self._start = b"".join(pieces), 0
        return self._buffer[self._start : self._start + size]

    def chunk(self) -> bytes:
        """Some of the next bytes; none at the end."""
        if self._start < len(self._buffer):
            data = self._buffer[self._start :] if self._start else self._buffer
            self._buffer, self._start = b"", 0
        else:
            data = self._next()
            if not data and self._error:
                raise self._error
        self.position += len(data)
        return data

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end or before a damage."""
        data = self._buffer[self._start : self._start + size]
        if len(data) < size:
            data = self.peek(size)
            if not data and size and self._error:
                raise self._error
        self._start += len(data)
        self.position += len(data)
        return data

    def exactly(self, size: int, cut: str) -> bytes:
        """The next `size` bytes; raises `Damaged` with the reason `cut` where there are fewer."""
        data = self.read(size)
        if len(data) < size:
            raise self._error or Damaged(cut, self)
        return data

    def check(self) -> None:
        """Raises the damage that was come to, also where bytes before it were not taken yet."""
        if self._error:
            raise self._error

    def skip(self, size: int) -> int:
        """Leaves out `size` bytes; returns how many there were."""
        left = size
        while left > 0:
            held = len(self._buffer) - self._start
            if not held:
                self._buffer, self._start = self._next(), 0
                if not self._buffer:
                    if self._error:
                        raise self._error
                    break
                continue
            step = min(held, left)
            self._start += step
            self.position += step
            left -= step
        return size - left

    def whole(self, limit: int) -> bytes | None:
        """All bytes that are left; None where they are more than `limit`, which are not held.

        Raises:
            Damaged: they break off.
        """
        data = self.read(limit + 1)
        if len(data) > limit:
            return None
        self.check()
        return data

    def _next(self) -> bytes:
        if self._error:
            return b""
        try:
            for chunk in self._chunks:
                if chunk:
                    return chunk
        except Damaged as error:
            if error.stream is None:
                error.stream = self
            self._error = error
        return b""


def lines(stream: Stream, limit: int) -> Iterator[bytes | None]:
    """The lines of a stream without their line feed; None in place of one of more than `limit` bytes.

    Raises:
        Damaged: the stream breaks off; the unfinished line before that is not given.
    """
    pieces: list[bytes] = []
    held = 0
    lost = False  # in a line that is too long
    while chunk := stream.chunk():
        head, newline, tail = chunk.rpartition(b"\n")
        if newline:
            if lost:
                yield None
                lost = False
                _, newline, head = head.partition(b"\n")
            if newline:
                for line in b"".join([*pieces, head]).split(b"\n"):
                    yield line if len(line) <= limit else None
            pieces, held = [], 0
        if not lost:
            pieces.append(tail)
            held += len(tail)
            if held > limit:
                pieces, lost = [], True
    if lost:
        yield None
    elif last := b"".join(pieces):
        yield last


def as_utf8(stream: Stream) -> Stream:
    """The same text in UTF-8 where it is UTF-16 or UTF-32, and without a byte order mark."""
    start = stream.peek(4)
    if start.startswith(b"\xef\xbb\xbf"):
        stream.read(3)
    elif encoding := _wide(start):
        return Stream(_transcoded(stream, encoding))
    return stream


def _wide(start: bytes) -> str | None:
    """UTF-32 or UTF-16, told by the mark or by the zeros of two ASCII characters."""
    if start in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(start) == 4 and start[1] == start[3] == 0 != start[0] and start[2]:
        return "utf-16-le"
    if len(start) == 4 and start[0] == start[2] == 0 != start[1] and start[3]:
        return "utf-16-be"
    return None


def _transcoded(stream: Stream, encoding: str) -> Iterator[bytes]:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("replace")
    while chunk := stream.chunk():
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")
