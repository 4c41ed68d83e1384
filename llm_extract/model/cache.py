"""The cache of raw answers: it never lies, never forgets, and never stops a run.

Never lies: a value carries a checksum over its key and its text, and whatever fails it is removed
and counts as absent. Nothing is ever unpickled. Never forgets: no limit, no expiry, no eviction;
what `put` returned for survives a kill of the process, and a damaged database is set aside and
its sound answers are taken over into a fresh one. Never stops a run: a cache that cannot be
written is warned of once, and then behaves as if it were empty.

    directory/            mode 0700
      answers/cache.db    SQLite, kept by diskcache
      quarantine/         damaged databases, and single values that failed their checksum
      lock                held while a database is opened or set aside

Kept by diskcache, with its two dangers taken out: it unpickles rows, and it evicts silently.
A machine that loses power may forget the last moments; a killed process forgets nothing.
"""

from __future__ import annotations

import fcntl
import functools
import logging
import os
import shutil
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from llm_extract.errors import SettingsError

T = TypeVar("T")
logger = logging.getLogger(__name__)

BUSY_SECONDS = 10.0
"""How long a read or write waits for another process that is writing."""
LOCK_SECONDS = 60.0
"""How long an opening waits for another process that is opening or rebuilding."""
REST_SECONDS = 30.0
"""How long a cache that failed is left alone before it is tried again."""

_UNFINISHED = ".unfinished"
_CHECKSUM_BYTES = 32


class CacheStats(BaseModel):
    """What a cache holds."""

    model_config = ConfigDict(frozen=True)

    path: Path
    entries: int
    """Answers that are kept."""
    bytes: int
    """Bytes on disk, without the quarantine."""
    quarantined: int
    """Damaged databases and values that were set aside."""


class Cache:
    """Texts by key, on disk, shared by any number of threads and processes.

    `directory` is made at the first use, not before. No method raises for a missing, damaged, full
    or unwritable disk: `broken` then says what is wrong.
    """

    _store: Any = None

    def __init__(self, directory: Path) -> None:
        self.directory = Path(directory)
        self._answers = self.directory / "answers"
        self._database = self._answers / "cache.db"
        self._quarantine = self.directory / "quarantine"
        self._lock = Lock()
        self._identity: tuple[int, int] | None = None
        self._broken: str | None = None
        self._resume_at = 0.0
        _caches.add(self)

    @property
    def broken(self) -> str | None:
        """Why answers could not be kept when that was last tried; None while all is well."""
        return self._broken

    def get(self, key: str) -> str | None:
        """The text that was put under `key`, or None. A damaged value is removed and is None."""
        name = _encode(key)

        def read(store: Any) -> str | None:
            framed = store.get(name)
            if framed is None:
                return None
            text = _unframe(name, framed)
            if text is None:
                self._remove_damaged(store, name)
            return text

        return self._use(read, None)

    def put(self, key: str, value: str) -> None:
        """Keep `value` under `key`, in place of what was there. On disk for every other process
        when this returns, unless `broken` says otherwise."""
        name = _encode(key)
        framed = _frame(name, _encode(value))
        self._use(lambda store: store.set(name, framed), None, writes=True)

    def stats(self) -> CacheStats:
        """Count what is kept and what was set aside."""
        entries = self._use(lambda store: int(store.reset("count")), 0)
        size = quarantined = 0
        try:
            size = sum(path.stat().st_size for path in self._answers.glob("cache.db*"))
            quarantined = sum(1 for _ in self._quarantine.iterdir())
        except OSError:  # the folder is not there, or a file went while it was counted
            logger.debug("not all of %s could be counted", self.directory, exc_info=True)
        return CacheStats(path=self.directory, entries=entries, bytes=size, quarantined=quarantined)

    def clear(self) -> int:
        """Forget every answer, those in quarantine too. Returns how many were kept before."""

        def forget(store: Any) -> int:
            with _exclusive(self.directory / "lock"):
                if self._quarantine.exists():
                    shutil.rmtree(self._quarantine)
            return int(store.clear())

        return self._use(forget, 0, writes=True)

    def close(self) -> None:
        """Close the database. The next use opens it again."""
        with self._lock:
            self._close_store()

    def __enter__(self) -> Cache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._close_store()

    def __reduce__(self) -> tuple[type[Cache], tuple[Path]]:
        return (Cache, (self.directory,))

    def _use(self, operation: Callable[[Any], T], default: T, *, writes: bool = False) -> T:
        """Run `operation` on the open database; set a damaged one aside and try again."""
        import diskcache

        outside = sys.exception()
        damage: BaseException | None = None
        with self._lock:
            if self._broken and (writes or self._store is None) and time.monotonic() < self._resume_at:
                return default
            for _ in range(3):
                try:
                    if damage is not None:
                        self._set_aside(damage)
                    if self._store is None or not self._is_current():
                        self._open()
                    result = operation(self._store)
                    if not writes:
                        return result
                    # Another process may have set the database aside while we wrote into it.
                    if self._is_current():
                        self._broken = None
                        return result
                except (sqlite3.Error, diskcache.Timeout, OSError) as error:
                    cause = _first_cause(error, outside)
                    damage = cause if _is_damage(cause) else None
                    if damage is None:
                        self._rest(cause)
                        return default
            self._rest(damage or OSError(f"{self._database} is replaced again and again"))
            return default

    def _is_current(self) -> bool:
        """Whether the open database is still the one that others find at its path."""
        return self._identity is not None and _identity(self._database) == self._identity

    def _open(self) -> None:
        self._close_store()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _exclusive(self.directory / "lock"):
            self._answers.mkdir(mode=0o700, exist_ok=True)
            # SQLite gives its other files the mode of this one.
            os.close(os.open(self._database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._answers.chmod(0o700)
            self._database.chmod(0o600)
            self._identity = _identity(self._database)
            self._store = _open_store(self._answers)
            if self._quarantine.exists():
                for folder in sorted(self._quarantine.glob("*" + _UNFINISHED)):
                    self._take_over(folder)

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _rest(self, cause: BaseException) -> None:
        """Leave the cache alone for a while; say why, once."""
        if self._store is not None and self._store.connection.in_transaction:
            self._close_store()
        reason = f"{self.directory}: {str(cause) or type(cause).__name__}"
        if self._broken is None:
            logger.warning("The answer cache cannot be used (%s): going on without keeping answers.", reason)
        self._broken = reason
        self._resume_at = time.monotonic() + REST_SECONDS

    def _set_aside(self, damage: BaseException) -> None:
        """Move the damaged database into quarantine, unless another process has done so already."""
        self._close_store()
        with _exclusive(self.directory / "lock"):
            if not self._is_current():
                return
            self._quarantine.mkdir(mode=0o700, exist_ok=True)
            target = self._quarantine / (_stamp() + _UNFINISHED)
            # One rename moves the database and its write-ahead log together.
            self._answers.rename(target)
        logger.warning("The answer cache %s is damaged (%s): set aside as %s.", self._database, damage, target.name)

    def _take_over(self, folder: Path) -> None:
        """Take the sound answers of a database that was set aside into the new one."""
        count = 0
        batch: list[tuple[bytes, bytes]] = []
        for row in _sound_rows(folder / "cache.db"):
            batch.append(row)
            if len(batch) == 100:
                count += _add_all(self._store, batch)
                batch.clear()
        count += _add_all(self._store, batch)
        finished = folder.with_name(folder.name.removesuffix(_UNFINISHED))
        folder.rename(finished)
        logger.warning("%d answers of the damaged cache were taken over; the rest is lost to %s.", count, finished)

    def _remove_damaged(self, store: Any, name: bytes) -> None:
        with store.transact():
            framed = store.get(name)
            if framed is None or _unframe(name, framed) is not None:
                return  # another process was here first
            store.delete(name)
        logger.warning("A damaged answer was removed from the cache %s.", self.directory)
        self._quarantine.mkdir(mode=0o700, exist_ok=True)
        target = self._quarantine / (_stamp() + ".value")
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(framed)


def default_cache_directory() -> Path:
    """Where answers are kept unless a setting says otherwise.

    `$LLM_EXTRACT_CACHE_DIR`, else `$XDG_CACHE_HOME/llm_extract`, else `~/.cache/llm_extract`.
    Raises SettingsError where there is no home directory either.
    """
    if chosen := os.environ.get("LLM_EXTRACT_CACHE_DIR"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():  # the XDG specification has relative ones ignored
        return Path(base) / "llm_extract"
    try:
        return Path.home() / ".cache" / "llm_extract"
    except RuntimeError as error:
        raise SettingsError("no home directory to keep the cache in: set LLM_EXTRACT_CACHE_DIR") from error


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _frame(name: bytes, text: bytes) -> bytes:
    return _checksum(name, text) + text


def _unframe(name: bytes, framed: bytes) -> str | None:
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


def _stamp() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - half the time of Path.stat, and called for every answer
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path` against other processes; a killed holder lets go of it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"another process holds {path}") from None
                time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def _first_cause(error: BaseException, outside: BaseException | None) -> BaseException:
    """The error that began it: a failed ROLLBACK and diskcache's Timeout hide the one before.

    `outside` is what the caller was handling already; it has nothing to do with us.
    """
    while isinstance(error.__context__, sqlite3.Error) and error.__context__ is not outside:
        error = error.__context__
    return error


def _is_damage(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return True
    return code == sqlite3.SQLITE_ERROR and str(error).startswith("no such ")


def _sound_rows(database: Path) -> Iterator[tuple[bytes, bytes]]:
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
                case (bytes(name), bytes(framed)) if _unframe(name, framed) is not None:
                    yield name, framed


def _add_all(store: Any, rows: list[tuple[bytes, bytes]]) -> int:
    """Add what is not there yet; what is there is newer."""
    with store.transact():
        return sum(bool(store.add(name, framed)) for name, framed in rows)


def _open_store(directory: Path) -> Any:
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


# SQLite must not be carried through a fork: every cache is closed before it, and both sides open
# their own at the next use. The locks are held meanwhile, so that no thread is inside an operation.
_caches: weakref.WeakSet[Cache] = weakref.WeakSet()
_held: list[Cache] = []


def _before_fork() -> None:
    for cache in list(_caches):
        cache._lock.acquire()
        _held.append(cache)
        cache._close_store()


def _after_fork() -> None:
    while _held:
        _held.pop()._lock.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
