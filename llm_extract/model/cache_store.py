"""The database below the cache of answers: how it is opened, locked, checked and rescued.

Kept by diskcache, with its two dangers taken out: it unpickles rows, and it evicts silently. A value
is framed: a checksum over its key and its text stands before the text.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from llm_extract.files import locked

BUSY_SECONDS = 10.0
"""How long a read or write waits for another process that is writing."""
LOCK_SECONDS = 60.0
"""How long an opening waits for another process that is opening or rebuilding."""

_CHECKSUM_BYTES = 32


def open_store(directory: Path) -> Any:
    """The database of a folder, made if it is not there. Raises sqlite3.Error if it is damaged or cannot be used."""
    store = _store_class().__new__(_store_class())
    try:
        store.__init__(
            str(directory),
            timeout=BUSY_SECONDS,
            eviction_policy="none",
            cull_limit=0,
            size_limit=2**62,
            statistics=0,
            tag_index=0,
            sqlite_journal_mode="wal",
            sqlite_synchronous=1,
            sqlite_mmap_size=0,  # a mapped file that is cut short kills the process
        )
    except BaseException as error:
        store.close()
        if isinstance(error, TypeError | ValueError | AttributeError | KeyError):
            raise _not_a_cache(error) from error
        raise
    return store


def _not_a_cache(error: Exception) -> sqlite3.Error:
    damage = sqlite3.DatabaseError(f"its settings are damaged: {error}")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return damage


@functools.cache
def _store_class() -> Any:
    """diskcache's Cache, made safe. Built at the first use, so that importing this module is quick."""
    import diskcache

    class PlainDisk(diskcache.Disk):  # type: ignore[misc]
        """Keys and values are bytes in the database. Nothing is pickled, unpickled or put into a file."""

        def put(self, key: bytes) -> tuple[memoryview, bool]:
            return sqlite3.Binary(key), True

        def get(self, key: object, raw: bool) -> bytes:
            if not raw or not isinstance(key, bytes):
                raise ValueError("a key that is no plain bytes is never read")
            return key

        def store(self, value: bytes, read: bool, key: object = None) -> tuple[int, int, str | None, memoryview]:
            return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

        def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
            # Whatever a planted row says it is, its bytes stay bytes, and fail their checksum.
            plain = mode == diskcache.core.MODE_RAW and filename is None
            return value if plain and isinstance(value, bytes) else b""

        def remove(self, file_path: str) -> None:
            """Nothing: we keep no files, and a planted path may lead anywhere."""

    class Store(diskcache.Cache):  # type: ignore[misc]
        """One connection for all threads; the lock of our Cache keeps them apart.

        diskcache opens one a thread and can close only the calling thread's.
        """

        connection: sqlite3.Connection | None = None

        def __init__(self, directory: str, **settings: Any) -> None:
            super().__init__(directory, disk=PlainDisk, **settings)

        def reset(self, key: str, value: object = diskcache.core.ENOVAL, update: bool = True) -> Any:
            # diskcache turns every row of its settings table into an attribute: only those it knows.
            if key not in diskcache.core.DEFAULT_SETTINGS and key not in diskcache.core.METADATA:
                return None
            return super().reset(key, value, update)

        @property
        def _con(self) -> sqlite3.Connection:
            if self.connection is None:
                self.connection = sqlite3.connect(
                    Path(self._directory) / diskcache.core.DBNAME,
                    timeout=BUSY_SECONDS,
                    isolation_level=None,
                    check_same_thread=False,
                )
                self.connection.execute("PRAGMA synchronous = NORMAL")
                self.connection.execute("PRAGMA trusted_schema = OFF")
                self.connection.execute("PRAGMA cell_size_check = ON")
            return self.connection

        def close(self) -> None:
            connection, self.connection = self.connection, None
            if connection is not None:
                connection.close()

    return Store


def encode(text: str) -> bytes:
    """UTF-8, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def frame(name: bytes, text: bytes) -> bytes:
    """The value that is kept: a checksum over key and text, then the text."""
    return _checksum(name, text) + text


def unframe(name: bytes, framed: bytes) -> str | None:
    """The text, or None if the checksum does not fit this key and text."""
    text = framed[_CHECKSUM_BYTES:]
    if _checksum(name, text) != framed[:_CHECKSUM_BYTES]:
        return None
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _checksum(name: bytes, text: bytes) -> bytes:
    digest = sha256(b"%d:" % len(name))
    digest.update(name)
    digest.update(text)
    return digest.digest()


def sound_rows(database: Path) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of every row of a damaged database that can be read and passes its checksum."""
    with closing(sqlite3.connect(database)) as connection:
        rows: set[int] = set()
        # A scan stops at the damage; from the other end, or through an index, one sees behind it.
        for scan in (
            "NOT INDEXED ORDER BY rowid",
            "NOT INDEXED ORDER BY rowid DESC",
            "INDEXED BY Cache_expire_time",
            "INDEXED BY Cache_key_raw",
        ):
            with suppress(sqlite3.Error):
                rows.update(row for (row,) in connection.execute(f"SELECT rowid FROM Cache {scan}"))  # noqa: S608
        for row in sorted(rows):
            try:
                found = connection.execute("SELECT key, value FROM Cache WHERE rowid = ?", (row,)).fetchone()
            except sqlite3.Error:
                continue  # this row is what was damaged
            match found:
                case (bytes(name), bytes(framed)) if unframe(name, framed) is not None:
                    yield name, framed


def add_all(store: Any, rows: list[tuple[bytes, bytes]]) -> int:
    """Add what is not there yet; what is there is newer."""
    with store.transact():
        return sum(bool(store.add(name, framed)) for name, framed in rows)


def first_cause(error: BaseException, outside: BaseException | None) -> BaseException:
    """The error that began it: a failed ROLLBACK and diskcache's Timeout hide the one before.

    `outside` is what the caller was handling already; it has nothing to do with us.
    """
    while isinstance(error.__context__, sqlite3.Error) and error.__context__ is not outside:
        error = error.__context__
    return error


def is_damage(error: BaseException) -> bool:
    """Whether the database itself is damaged, and not just busy, full or forbidden."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return True
    return code == sqlite3.SQLITE_ERROR and str(error).startswith("no such ")


def file_identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of the same name: its device and inode; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - half the time of Path.stat, and called for every answer
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against other processes; a killed holder lets go of it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not locked(descriptor, patience=LOCK_SECONDS):
            raise TimeoutError(f"another process holds {path}")
        yield
    finally:
        os.close(descriptor)
