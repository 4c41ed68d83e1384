"""Writing that a kill, a full disk or a failing disk cannot leave half done, and locks that die with their holder.

Every byte of a run that matters goes through `os.write`, `os.fsync`, `os.replace` and `os.ftruncate`, so that tests can
strike at each of them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path

_POLL_SECONDS = 0.005


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however little the system takes at once.

    Raises:
        OSError: it could not; a part may be written.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_whole(path: Path, data: bytes) -> None:
    """Give a file new content: after a crash it has all of the old or all of the new.

    Raises:
        OSError: it could not be written; the old content stands.
    """
    write_together({path: data})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Give files new content: none before all of it is on disk, so that they differ in age for a moment only.

    Raises:
        OSError: they could not be written; the old contents stand.
    """
    written: list[Path] = []
    try:
        for path, data in files.items():
            written.append(path.with_name(f"{path.name}.new"))
            _write_synced(written[-1], data)
    except OSError:
        for beside in written:
            beside.unlink(missing_ok=True)
        raise
    for path, beside in zip(files, written, strict=True):
        os.replace(beside, path)  # noqa: PTH105  # the tests' seam, see above
    for directory in {path.parent for path in files}:
        sync_directory(directory)


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """As `write_whole`, in UTF-8; lone surrogates are written as they are."""
    write_whole(path, text.encode("utf-8", "surrogatepass"))


def sync_directory(directory: Path) -> None:
    """Make the names in a directory outlast a power cut.

    Raises:
        OSError: the disk fails.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems sync no directories
            raise
    finally:
        os.close(descriptor)


def locked(descriptor: int, *, patience: float = 0.0) -> bool:
    """Try to lock an open file for this process alone, for `patience` seconds at most.

    Raises:
        OSError: the file system has no locks.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True
