"""The ledger of a run: everything that was done for its articles, on disk before it is used.

    RUN_DIR/
      manifest.json       what the run is a run of; other terms are refused
      lock                who is at it
      ledger.jsonl        one record a line with a checksum (see `records`), only ever appended to
      ledger.quarantine   lines that are damaged: they do not count, and their articles are done again

A killed run leaves at most a torn last line, which the next `Ledger.open` cuts off. Records go to disk in groups:
one write and one fsync for all that came in the meantime.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock as Mutex
from types import TracebackType
from typing import Any

from llm_extract.batch.ids import digest
from llm_extract.batch.manifest import (
    MANIFEST,
    Holder,
    Lock,
    Manifest,
    make_folder,
    read_manifest,
    settle,
    take_lock,
    writing,
)
from llm_extract.batch.records import Copy, Record, encode, outcome
from llm_extract.batch.scan import LEDGER, lines, live_records, reading, recover
from llm_extract.batch.tally import RETRIED, UNREADABLE, Counts, Tally
from llm_extract.errors import RunError
from llm_extract.files import locked, sync_directory, write_all

GROUP_SECONDS = 0.02
"""How long a record waits for company before its group goes to disk."""
GROUP_RECORDS = 64
"""A group of so many goes at once."""


class Ledger:
    """The ledger of one run, open and locked. A context manager.

    Every method may be called from any thread, `committed` from one event loop at a time.
    """

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        *,
        resumed: bool,
        lock: Lock,
        descriptor: int,
        size: int,
        tally: Tally,
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self.resumed = resumed
        """Whether the run was there before."""
        self.predecessor: Holder | None = lock.predecessor
        """The process that died at this run, if one did."""
        self._lock = lock
        self._descriptor = descriptor
        self._size = size  # bytes of the file that are surely on disk
        self._tally = tally  # of what is on disk
        self._buffer: list[_Entry] = []
        self._unwritten: dict[int, _Entry] = {}  # the last of each digest in the buffer
        self._state = Mutex()  # guards the four above, for moments
        self._disk = Mutex()  # one group at a time
        self._broken: str | None = None
        self._worker = ThreadPoolExecutor(1, "ledger")  # its thread starts with the first group
        self._group: _Group | None = None

    @classmethod
    def open(cls, directory: str | Path, terms: Mapping[str, Any]) -> Ledger:
        """The run in a folder, to go on with; or a new one.

        A torn last line is cut off. Damaged lines are copied to `ledger.quarantine`, and do not count.

        Args:
            directory: the run's folder; made if missing.
            terms: everything that decides the records, as JSON values.

        Raises:
            RunError: the folder cannot be written, is in use, or holds a run with other terms.
        """
        directory = Path(directory)
        make_folder(directory)
        lock = take_lock(directory)
        descriptor = -1
        try:
            _refuse_orphan(directory)
            manifest, resumed = settle(directory, terms)
            with writing(directory):
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
                descriptor = os.open(directory / LEDGER, flags, 0o666)
                _hold(directory, descriptor)
                tally = Tally()
                size = recover(directory, descriptor, tally)
                sync_directory(directory)
        except BaseException:
            if descriptor >= 0:
                os.close(descriptor)
            lock.release()
            raise
        return cls(directory, manifest, resumed=resumed, lock=lock, descriptor=descriptor, size=size, tally=tally)

    @staticmethod
    def read(directory: str | Path, *, retried: bool = False) -> Iterator[Record]:
        """The records that count, in the order in which they were written: the last of each id, unless it is `retried`.

        Takes no lock, changes nothing, and may run while another process writes: then it gives what was there when
        it began. Damaged lines are passed over. With `retried` those of articles that are to be done again come too.

        Raises:
            RunError: the folder holds no run, or the ledger is of another version.
        """
        directory = Path(directory)
        read_manifest(directory)
        return live_records(directory / LEDGER, retried=retried)

    @staticmethod
    def survey(directory: str | Path) -> Counts:
        """The counts of a run that this process does not hold. Takes no lock and changes nothing.

        Raises:
            RunError: the folder holds no run, or the ledger is of another version.
        """
        directory = Path(directory)
        read_manifest(directory)
        tally = Tally()
        with reading(directory / LEDGER) as file:
            for _, _, body in lines(file):
                tally.take(body)
        return tally.counts()

    def has(self, id: str) -> bool:  # noqa: A002  # the records' own word
        """Whether an id has an outcome that counts, on disk or appended: then nothing is to be done for it."""
        return self._outcome(id) > RETRIED

    def was_unreadable(self, id: str) -> bool:  # noqa: A002
        """Whether an id's outcome is that it gave no text: then it is read again, for it may have been mended."""
        return self._outcome(id) == UNREADABLE

    def _outcome(self, id: str) -> int:  # noqa: A002
        key = digest(id)
        with self._state:
            waiting = self._unwritten.get(key)
            return self._tally.outcome(key) if waiting is None else waiting.outcome

    def append(self, record: Record) -> None:
        """Add a record. It is on disk after the next `flush`, and not before.

        Raises:
            RunError: the ledger could not be written before, or is closed.
        """
        line = encode(record)
        original = digest(record.of) if isinstance(record, Copy) else None
        entry = _Entry(digest(record.id), outcome(record), original, line)
        with self._state:
            if self._broken:
                raise RunError(self._broken)
            self._buffer.append(entry)
            self._unwritten[entry.digest] = entry

    def flush(self) -> None:
        """Bring everything appended to disk, with one write and one fsync.

        Raises:
            RunError: the disk is full or fails. What was appended since the last flush counts as not written and is
                cut off again; nothing more can be written until the run is opened anew.
        """
        with self._disk:
            with self._state:
                if self._broken:
                    raise RunError(self._broken)
                group = self._buffer[:]
            if not group:
                return
            data = b"".join([entry.line for entry in group])
            try:
                write_all(self._descriptor, data)
                os.fsync(self._descriptor)
            except OSError as error:
                self._break(error)
                raise RunError(self._broken) from error
            except BaseException:  # Ctrl-C in between: the group waits for the next flush
                self._cut_back()
                raise
            with self._state:
                self._size += len(data)
                del self._buffer[: len(group)]
                for entry in group:
                    self._tally.add(entry.digest, entry.outcome, entry.original)
                    if self._unwritten[entry.digest] is entry:
                        del self._unwritten[entry.digest]

    async def committed(self, record: Record) -> None:
        """Add a record, and return when it is on disk.

        Records that come within `GROUP_SECONDS` share a write and an fsync, made in a thread. A caller that is
        cancelled leaves its record in the group.

        Raises:
            RunError: as for `append` and `flush`.
        """
        self.append(record)
        loop = asyncio.get_running_loop()
        group = self._group
        if group and group.loop is not loop:  # of a loop that has ended
            self._commit(group)
            group = None
        if group is None:
            group = self._group = _Group(loop)
            loop.call_later(GROUP_SECONDS, self._commit, group)
        group.size += 1
        if group.size >= GROUP_RECORDS:
            self._commit(group)
        await asyncio.shield(group.done)  # one caller's cancellation is not the others'

    def counts(self) -> Counts:
        """What became of the articles so far, as far as it is on disk."""
        with self._state:
            return self._tally.counts()

    def close(self) -> None:
        """Bring what is left to disk and let go of the folder. May be called again.

        Raises:
            RunError: as for `flush`; the folder is let go all the same.
        """
        if self._descriptor < 0:
            return
        try:
            if self._group:
                self._commit(self._group)
            self._worker.shutdown()
            self.flush()
        finally:
            self._release()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except RunError as again:
            if error is None or str(again) != str(error):  # else it is being said
                raise

    def _commit(self, group: _Group) -> None:
        """Send a group to disk, unless it has gone."""
        if self._group is group:
            self._group = None
            self._worker.submit(self.flush).add_done_callback(group.settle)

    def _break(self, error: OSError) -> None:
        """Count what is not surely on disk as not written, and take no more."""
        with self._state:
            lost = len(self._buffer)
            self._broken = (
                f"{self.directory / LEDGER} cannot be written: {error.strerror or error}. The last {lost} records are "
                "not kept, and their articles will be done again. Mend the disk or make room, then give the same "
                "command again"
            )
            self._buffer.clear()
            self._unwritten.clear()
        self._cut_back()

    def _cut_back(self) -> None:
        """Cut off what a write left that did not come to its end."""
        try:
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)
        except OSError as error:
            # Whole records that stay behind count when the run is opened again: nothing is done twice.
            also = f"{self.directory / LEDGER} cannot be cut back to what is sure: {error.strerror or error}"
            with self._state:
                self._broken = f"{self._broken} ({also})" if self._broken else also

    def _release(self) -> None:
        with self._disk, self._state:
            self._broken = self._broken or f"{self.directory}: the run is closed"
            os.close(self._descriptor)
            self._descriptor = -1
        self._lock.release()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record that is not on disk yet."""

    digest: int
    outcome: int
    original: int | None
    line: bytes


class _Group:
    """Records of one event loop that go to disk together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.done: asyncio.Future[None] = loop.create_future()
        self.size = 0

    def settle(self, flushed: Future[None]) -> None:
        """Tell the callers how it went; called in the thread that wrote."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._tell, flushed.exception())

    def _tell(self, error: BaseException | None) -> None:
        if self.done.done():
            return
        if error:
            self.done.set_exception(error)
            self.done.exception()  # if every caller was cancelled, `flush` and `close` still say it
        else:
            self.done.set_result(None)


def _refuse_orphan(directory: Path) -> None:
    ledger = directory / LEDGER
    if ledger.exists() and ledger.stat().st_size and not (directory / MANIFEST).exists():
        raise RunError(
            f"{directory}: {MANIFEST} is missing, so nobody knows what {LEDGER} is of. "
            "Bring it back, or give another folder"
        )


def _hold(directory: Path, descriptor: int) -> None:
    """Lock the ledger itself as well, for somebody may remove the lock of a run that goes on."""
    if not locked(descriptor):
        raise RunError(f"{directory} is in use by another process, whose lock was removed. Wait until it has ended")
