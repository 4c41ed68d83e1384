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

A machine that loses power may forget the last moments; a killed process forgets nothing.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from llm_extract.errors import SettingsError
from llm_extract.model.cache_store import (
    add_all,
    encode,
    exclusive,
    file_identity,
    first_cause,
    frame,
    is_damage,
    open_store,
    sound_rows,
    unframe,
)

T = TypeVar("T")
logger = logging.getLogger(__name__)

TOGETHER = 64
"""Values that `put_later` keeps back, at most."""
REST_SECONDS = 30.0
"""How long a cache that failed is left alone before it is tried again."""

_UNFINISHED = ".unfinished"


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
        self._later: dict[str, str] = {}
        _caches.add(self)

    @property
    def broken(self) -> str | None:
        """Why answers could not be kept when that was last tried; None while all is well."""
        return self._broken

    def get(self, key: str) -> str | None:
        """The text that was put under `key`, or None. A damaged value is removed and is None."""
        if (waiting := self._later.get(key)) is not None:
            return waiting
        name = encode(key)

        def read(store: Any) -> str | None:
            framed = store.get(name)
            if framed is None:
                return None
            text = unframe(name, framed)
            if text is None:
                self._remove_damaged(store, name)
            return text

        return self._use(read, None)

    def put(self, key: str, value: str) -> None:
        """Keep `value` under `key`, in place of what was there. On disk for every other process
        when this returns, unless `broken` says otherwise."""
        name = encode(key)
        framed = frame(name, encode(value))
        self._use(lambda store: store.set(name, framed), None, writes=True)

    def put_later(self, key: str, value: str) -> None:
        """Keep `value`, which can be made again at no cost, with the next `flush`; or sooner, with others.

        Many in one transaction take a fifth of the time. A killed process forgets what waits.
        """
        with self._lock:
            self._later[key] = value
            enough = len(self._later) >= TOGETHER
        if enough:
            self.flush()

    def flush(self) -> None:
        """Put what `put_later` left for later."""
        with self._lock:
            waiting, self._later = self._later, {}
        if waiting:
            named = [(encode(key), encode(value)) for key, value in waiting.items()]

            def write(store: Any) -> None:
                with store.transact():
                    for name, value in named:
                        store.set(name, frame(name, value))

            self._use(write, None, writes=True)

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
            with exclusive(self.directory / "lock"):
                if self._quarantine.exists():
                    shutil.rmtree(self._quarantine)
            return int(store.clear())

        return self._use(forget, 0, writes=True)

    def close(self) -> None:
        """Close the database. The next use opens it again."""
        self.flush()
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
                    cause = first_cause(error, outside)
                    damage = cause if is_damage(cause) else None
                    if damage is None:
                        self._rest(cause)
                        return default
            self._rest(damage or OSError(f"{self._database} is replaced again and again"))
            return default

    def _is_current(self) -> bool:
        """Whether the open database is still the one that others find at its path."""
        return self._identity is not None and file_identity(self._database) == self._identity

    def _open(self) -> None:
        self._close_store()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(self.directory / "lock"):
            self._answers.mkdir(mode=0o700, exist_ok=True)
            # SQLite gives its other files the mode of this one.
            os.close(os.open(self._database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._answers.chmod(0o700)
            self._database.chmod(0o600)
            self._identity = file_identity(self._database)
            self._store = open_store(self._answers)
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
        with exclusive(self.directory / "lock"):
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
        for row in sound_rows(folder / "cache.db"):
            batch.append(row)
            if len(batch) == 100:
                count += add_all(self._store, batch)
                batch.clear()
        count += add_all(self._store, batch)
        finished = folder.with_name(folder.name.removesuffix(_UNFINISHED))
        folder.rename(finished)
        logger.warning("%d answers of the damaged cache were taken over; the rest is lost to %s.", count, finished)

    def _remove_damaged(self, store: Any, name: bytes) -> None:
        with store.transact():
            framed = store.get(name)
            if framed is None or unframe(name, framed) is not None:
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
    Raises SettingsError where there is no home directory either, or not that of a `~user` chosen.
    """
    if chosen := os.environ.get("LLM_EXTRACT_CACHE_DIR"):
        try:
            return Path(chosen).expanduser()
        except RuntimeError as error:
            raise SettingsError(f"LLM_EXTRACT_CACHE_DIR is {chosen!r}, and there is no such user's home") from error
    base = os.environ.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():  # the XDG specification has relative ones ignored
        return Path(base) / "llm_extract"
    try:
        return Path.home() / ".cache" / "llm_extract"
    except RuntimeError as error:
        raise SettingsError("no home directory to keep the cache in: set LLM_EXTRACT_CACHE_DIR") from error


def _stamp() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"


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
