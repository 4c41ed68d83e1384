"""What a run is a run of (`manifest.json`), and who is at it (`lock`)."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from llm_extract.errors import RunError
from llm_extract.files import locked, write_all, write_whole
from llm_extract.version import __version__

MANIFEST = "manifest.json"
LOCK = "lock"

_SHORT = 60
"""Characters of a term that are shown where two differ."""


class Manifest(BaseModel):
    """What a run is a run of, in `manifest.json`."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    fingerprint: str
    """16 hexadecimal digits of the terms."""
    terms: dict[str, Any]
    """Everything that decides the records: task, prompt, schema, model, sampling, code, inputs, options."""
    created: datetime
    version: str
    """The version of llm_extract that began it."""


class Holder(BaseModel):
    """The process that is at a run, in `lock`."""

    model_config = ConfigDict(frozen=True)

    pid: int
    host: str
    started: datetime

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.started:%Y-%m-%d %H:%M:%S} UTC"


class Lock:
    """A run's folder, held for this process until `release`."""

    def __init__(self, descriptor: int, predecessor: Holder | None) -> None:
        self._descriptor = descriptor
        self.predecessor = predecessor
        """The process that died while it held the folder, if one did."""

    def release(self) -> None:
        """Let others have the folder. May be called again."""
        if self._descriptor >= 0:
            # A lock with somebody in it is the mark of a crash. If it cannot be emptied, the next run says so.
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Turn what the system says about writing in a run's folder into a RunError."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        where = error.filename or directory
        raise RunError(f"{directory} cannot be used for a run: {where}: {what}. Give another folder") from error


def make_folder(directory: Path) -> None:
    """Make the run's folder if it is missing.

    Raises:
        RunError: it cannot be made, is none, or may not be written to.
    """
    with writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise RunError(f"{directory} cannot be used for a run: it may not be written to. Give another folder")


def take_lock(directory: Path) -> Lock:
    """Hold the folder for this process.

    The system lets go of a dead process's lock, so on the same host it is simply taken over. Another host's is not:
    shared file systems differ in whether they see locks of other hosts.

    Raises:
        RunError: another process holds it (the message says which), or the file cannot be written.
    """
    with writing(directory):
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            return Lock(descriptor, _claim(directory, descriptor))
        except BaseException:
            os.close(descriptor)
            raise


def _claim(directory: Path, descriptor: int) -> Holder | None:
    """Lock an open lock file and write this process into it; gives the process that died in it."""
    host = socket.gethostname()
    # `holder` has it for a moment, or a new holder has not written its name yet.
    free = locked(descriptor, patience=0.2)
    last = _holder_in(descriptor)
    if not free:
        who = last or "another process"
        raise RunError(f"{directory} is in use: {who}. Wait until it has ended, or give another folder")
    if last and last.host != host:
        raise RunError(
            f"{directory} was in use, and not closed: {last}. This is {host}, which cannot tell whether that process "
            f"still runs. If it does not, remove {directory / LOCK} and give the same command again"
        )
    me = Holder(pid=os.getpid(), host=host, started=datetime.now(UTC))
    os.ftruncate(descriptor, 0)
    write_all(descriptor, me.model_dump_json().encode() + b"\n")  # nothing was read: the position is 0
    return last


def holder(directory: Path) -> Holder | None:
    """The process that is at a run now; None if none is, or it cannot be told."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder_in(descriptor)
    except OSError:
        return None
    else:
        return None
    finally:
        os.close(descriptor)


def settle(directory: Path, terms: Mapping[str, Any]) -> tuple[Manifest, bool]:
    """The manifest of a new run, or of the run that is there; and whether it was there.

    Raises:
        RunError: the run that is there has other terms (each difference is shown), or its manifest is damaged.
    """
    wanted: dict[str, Any] = json.loads(json.dumps(terms))  # as it will be read back: tuples are lists
    if (directory / MANIFEST).exists():
        manifest = read_manifest(directory)
        if found := differences(manifest.terms, wanted):
            raise RunError(
                f"{directory} holds a run with other terms: {'; '.join(found)}. "
                "Its records and new ones would not belong together. Give another folder, or the run's own terms"
            )
        return manifest, True
    manifest = Manifest(fingerprint=fingerprint(wanted), terms=wanted, created=datetime.now(UTC), version=__version__)
    with writing(directory):
        write_whole(directory / MANIFEST, manifest.model_dump_json(indent=2).encode("utf-8") + b"\n")
    return manifest, False


def read_manifest(directory: Path) -> Manifest:
    """What the run in a folder is a run of.

    Raises:
        RunError: the folder holds no run, or its manifest is damaged or of another version.
    """
    path = directory / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{directory} holds no run: {path}: {error.strerror or error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise RunError(f"{path} is not a run's manifest, or is damaged: {where}: {problem['msg']}") from error
    if fingerprint(manifest.terms) != manifest.fingerprint:
        raise RunError(f"{path} is damaged or was edited: its terms do not give its fingerprint")
    return manifest


def fingerprint(terms: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that differ when the terms do."""
    return sha256(json.dumps(terms, sort_keys=True).encode("ascii")).hexdigest()[:16]


def differences(old: object, new: object, name: str = "") -> list[str]:
    """Each difference between two sets of terms, as a line for people: name, old value, new value."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        lines = []
        for key in dict.fromkeys([*old, *new]):
            inner = f"{name}.{key}" if name else str(key)
            if key not in new:
                lines.append(f"{inner}: {_shortened(old[key])} → not given")
            elif key not in old:
                lines.append(f"{inner}: not given → {_shortened(new[key])}")
            else:
                lines += differences(old[key], new[key], inner)
        return lines
    if isinstance(old, list) and isinstance(new, list):
        gone = [f"without {_shortened(item)}" for item in old if item not in new]
        come = [f"with {_shortened(item)}" for item in new if item not in old]
        if (gone or come) and len(gone) + len(come) <= 6:
            return [f"{name}: {', '.join([*gone, *come])}"]
    return [f"{name}: {_difference(_json(old), _json(new))}"]


def _difference(old: str, new: str) -> str:
    """Two values that differ; of long ones the part around the first difference."""
    pairs = zip(old, new, strict=False)
    common = next((place for place, (was, now) in enumerate(pairs) if was != now), min(len(old), len(new)))
    start = max(0, common - 10) if max(len(old), len(new)) > _SHORT else 0
    return " → ".join(("…" if start else "") + _cut(value[start:]) for value in (old, new))


def _shortened(value: object) -> str:
    return _cut(_json(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _holder_in(descriptor: int) -> Holder | None:
    """Who wrote a lock; None for nobody, or for a crash in the middle of writing it."""
    try:
        return Holder.model_validate_json(os.pread(descriptor, 4096, 0))
    except ValidationError:
        return None
