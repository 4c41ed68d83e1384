"""Reading a ledger's file: past damage, beside a writer, and without holding what it reads."""

from __future__ import annotations

import json
import os
import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from llm_extract.batch.records import Record, Retried, checked, decode, glance, pieces
from llm_extract.batch.tally import Tally
from llm_extract.errors import RunError
from llm_extract.files import write_all, write_whole

LEDGER = "ledger.jsonl"
QUARANTINE = "ledger.quarantine"

_ID = re.compile(rb'(?s:.{8}) \{"kind":"[a-z]+","id":("[^"\\]*(?:\\.[^"\\]*)*")')
"""At the front of a line, which is often whole though the line is damaged."""


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a ledger to read; a missing one is empty, for a run may be killed before it is made."""
    try:
        with path.open("rb", buffering=1 << 20) if path.exists() else BytesIO() as file:
            yield file
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise RunError(f"{path} was written by another version of llm_extract: {error}") from error


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes, bytes | None]]:
    """Every line: its offset, its bytes, and its JSON or None if it is damaged. A torn end is left out."""
    end = 0
    for line in file:
        start, end = end, end + len(line)
        whole = line.endswith(b"\n")
        if (body := checked(line)) is not None:
            yield start, line, body
        else:
            for piece in pieces(line):
                body = checked(piece)
                if body is not None or whole or start + len(piece) < end:
                    yield start, piece, body
                start += len(piece)
        if not whole:
            return  # a writer may be about to write the rest, which is no line of its own


def every_record(path: Path) -> Iterator[Record]:
    """All records, those that no longer count too: what they tell of was paid for."""
    with reading(path) as file:
        for _, _, body in lines(file):
            if body is not None:
                yield decode(body)


def lost_lines(path: Path) -> list[int]:
    """The numbers, from 1, of damaged lines that hold what is known nowhere else.

    Once the article has been done again its damaged line is no loss. A line that does not say its article stays one.
    """
    number, nameless = 1, []
    lost: dict[str, int] = {}
    with reading(path) as file:
        for _, line, body in lines(file):
            if body is None:
                identifier = _id_in(line)
                if identifier is None:
                    nameless.append(number)
                else:
                    lost[identifier] = number
            elif lost:
                lost.pop(glance(body)[0], None)
            number += line.endswith(b"\n")
    return sorted([*nameless, *lost.values()])


def _id_in(line: bytes) -> str | None:
    """The id that a damaged line seems to have."""
    found = _ID.match(line)
    try:
        return None if found is None else str(json.loads(found[1]))
    except ValueError:
        return None


def live_records(path: Path, *, retried: bool = False) -> Iterator[Record]:
    """The records that count: a pass that finds where the last record of each id is, then one that reads those.

    With `retried` also the records of articles that are to be done again.
    """
    tally, latest, offsets = Tally(), array("I"), array("Q")
    superseded = (1 << 64) - 1
    with reading(path) as file:
        for offset, _, body in lines(file):
            number = tally.take(body)
            if number is None:
                continue
            latest.extend([0] * (number + 1 - len(latest)))
            if latest[number]:
                offsets[latest[number] - 1] = superseded
            offsets.append(offset)
            latest[number] = len(offsets)
        for offset in offsets:
            if offset == superseded:
                continue
            file.seek(offset)
            line = file.readline()
            body = checked(line) or checked(next(pieces(line)))
            # None: a writer whose disk failed has cut it off since.
            if body is not None and (not isinstance(record := decode(body), Retried) or retried):
                yield record


def recover(directory: Path, descriptor: int, tally: Tally) -> int:
    """Read a ledger into a tally, mend its end, and lay copies of damaged lines aside.

    Args:
        directory: the run's folder.
        descriptor: of its ledger, open to append.
        tally: takes what is there.

    Returns:
        The size of the file, in bytes.

    Raises:
        OSError: the folder cannot be written.
        RunError: the ledger cannot be read.
    """
    damaged: list[bytes] = []
    size, line = 0, b"\n"
    with reading(directory / LEDGER) as file:
        for offset, line, body in lines(file):
            tally.take(body)
            size = offset + len(line)
            if body is None:
                damaged.append(line.rstrip(b"\n") + b"\n")
    if damaged:
        write_whole(directory / QUARANTINE, b"".join(damaged))
    if os.fstat(descriptor).st_size > size:
        os.ftruncate(descriptor, size)
    if not line.endswith(b"\n"):
        write_all(descriptor, b"\n")
        size += 1
    os.fsync(descriptor)  # what counts from here on must not be lost: a killed run may have left it unsynced
    return size
