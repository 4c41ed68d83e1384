"""What a provider batch has done so far: an append-only journal, and the state that it adds up to.

    provider/
      journal.jsonl       one step a line, its CRC-32 in front, on disk before the next step is taken
      part-0001.jsonl     the requests of a part, as they are uploaded; deleted when its answers are in
      part-0001.keys      their cache keys, one a line
      part-0001.tries.jsonl    of those that were sent before: how that went
      part-0001.output.jsonl, part-0001.errors.jsonl    what the provider gave
      part-0001.again.jsonl    requests to be sent again, as they will be sent
      part-0001.failed.jsonl   requests that failed for good, and why

A part goes written → uploading → uploaded → creating → created → ended → collected → tidied. `uploading` and
`creating` are written before the call, so that after a kill the provider is asked what became of it. A batch that is
`refused` as a whole, since the provider's queue is full, takes its part back to uploaded, or is split into smaller
parts; `unsent` begins again with the upload. The parts of one `written` record exist all or not at all: whatever else
lies in the folder is deleted.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_extract.batch.records import checked, framed
from llm_extract.errors import RunError
from llm_extract.files import locked, sync_directory, write_all
from llm_extract.model.types import Usage


@dataclass(slots=True)
class Part:
    """One file of requests and what became of it."""

    number: int
    requests: int
    bytes: int
    step: str = "written"
    since: float = 0.0
    """Unix seconds of the last step."""
    refusals: int = 0
    """How many batches of it were refused as a whole: part of what the next one is found again by."""
    file: str | None = None
    batch: str | None = None
    status: str = ""
    """The batch's last known status."""
    completed: int = 0
    """Requests that the provider has answered so far, by its own count; not kept in the journal."""
    output: str | None = None
    errors: str | None = None
    problems: tuple[dict[str, Any], ...] = ()
    answered: int = 0
    again: int = 0
    """Requests to be sent again, in another part."""
    failed: int = 0
    sent_again: bool = False
    split: bool = False
    """Its requests went into smaller parts, before any of them was run."""


class State:
    """What the journal adds up to."""

    def __init__(self) -> None:
        self.run = ""
        self.terms: dict[str, Any] = {}
        self.parts: dict[int, Part] = {}
        self.cancelled = False
        self.usage = Usage()
        self.duplicates = 0
        """Results that came twice; the usage counts them, since they were paid for."""
        self.strangers = 0
        """Results of requests that were never made."""

    def take(self, record: dict[str, Any]) -> None:
        """Take one record of the journal."""
        step = record["step"]
        if step == "opened":
            self.run, self.terms = record["run"], record["terms"]
        elif step == "written":
            for made in record["parts"]:
                self.parts[made["part"]] = Part(made["part"], made["requests"], made["bytes"], since=record["time"])
            for number in record["from"]:
                part = self.parts[number]
                part.sent_again = True
                if part.step not in ("collected", "tidied"):
                    part.step, part.split = "split", True
        elif step in ("cancelled", "reopened"):
            self.cancelled = step == "cancelled"
        else:
            self._take_step(self.parts[record["part"]], step, record)

    def _take_step(self, part: Part, step: str, record: dict[str, Any]) -> None:
        part.step, part.since = step, record["time"]
        if step == "uploaded":
            part.file = record["file"]
        elif step == "created":
            part.batch, part.status = record["batch"], "validating"
        elif step == "refused":
            part.step, part.batch, part.status = "uploaded", None, record["reason"]
            part.refusals += 1
        elif step == "ended":
            part.status, part.output, part.errors = record["status"], record["output"], record["errors"]
            part.problems = tuple(record["problems"])
        elif step == "collected":
            part.answered, part.again, part.failed = record["answered"], record["again"], record["failed"]
            self.duplicates += record["duplicates"]
            self.strangers += record["strangers"]
            self.usage += Usage.model_validate(record["usage"])


class Journal:
    """The journal of one folder, open and locked, and the state it adds up to.

    Raises RunError: another process holds the folder, it cannot be written, or a line in it is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "journal.jsonl"
        self.state = State()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunError(f"{folder} cannot be written: {error.strerror or error}") from error
        if not locked(self._file):
            os.close(self._file)
            raise RunError(f"{folder} is in use by another process: let it end, or stop it")
        try:
            self._recover()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, step: str, **fields: Any) -> None:
        """Write a step down and take it into the state; it is on disk when this returns.

        Raises:
            RunError: it could not be written; the state is as before.
        """
        record = {"step": step, "time": time.time(), **fields}
        content = json.dumps(record, separators=(",", ":")).encode("ascii")
        end = os.fstat(self._file).st_size
        try:
            write_all(self._file, framed(content))
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, end)  # what may not be on disk counts as not written
            raise RunError(f"{self.path} cannot be written: {error.strerror or error}") from error
        self.state.take(record)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._file)

    def _recover(self) -> None:
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:whole].splitlines(), 1):
            step = checked(line)
            if step is None:
                raise RunError(f"{self.path}, line {number}, is damaged: what was sent is no longer known for certain")
            self.state.take(json.loads(step))
        if whole < len(content):  # torn by a kill: the step was not taken yet
            os.ftruncate(self._file, whole)
            os.fsync(self._file)
        sync_directory(self.folder)


class PartWriter:
    """Writes the files of a part, line by line, to the disk rather than to memory.

    Raises RunError where they cannot be written.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.number = number
        self.requests = 0
        self.bytes = 0
        self._folder = folder
        with self._told():
            self._lines, self._keys, self._tries = (
                part_file(folder, number, ending).open("wb") for ending in ("jsonl", "keys", "tries.jsonl")
            )

    def add(self, key: str, line: bytes, tries: bytes = b"") -> None:
        """Add a request's line, newline included; `tries` is the line that says how it went before."""
        with self._told():
            self._lines.write(line)
            self._keys.write(key.encode("ascii") + b"\n")
            self._tries.write(tries)
        self.requests += 1
        self.bytes += len(line)

    def finish(self) -> dict[str, int]:
        """Bring the files to the disk; what the journal says of the part."""
        with self._told():
            for file in (self._lines, self._keys, self._tries):
                file.flush()
                os.fsync(file.fileno())
                file.close()
            sync_directory(self._folder)
        return {"part": self.number, "requests": self.requests, "bytes": self.bytes}

    def close(self) -> None:
        """Close the files, finished or not."""
        for file in (self._lines, self._keys, self._tries):
            with suppress(OSError):  # what could not be written was told of before
                file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(f"{self._folder} cannot be written: {error.strerror or error}") from error


def part_file(folder: Path, number: int, ending: str) -> Path:
    """The path of one of a part's files."""
    return folder / f"part-{number:04}.{ending}"


def remove_unknown(folder: Path, known: Iterable[int]) -> None:
    """Delete the files of parts that no record speaks of: they were being written when the process was killed."""
    numbers = set(known)
    for path in folder.glob("part-*"):
        number = path.name.removeprefix("part-").partition(".")[0]
        if not number.isdigit() or int(number) not in numbers:
            path.unlink()
