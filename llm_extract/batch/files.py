"""Writing that a kill, a full disk or a failing disk cannot leave half done.

Every byte of a run that matters goes through `os.write`, `os.fsync`, `os.replace` and `os.ftruncate`, so that tests can
strike at each of them.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


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
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(beside, path)  # noqa: PTH105  # the tests' seam, see above
    sync_directory(path.parent)


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
