"""Outputs that are there whole or not at all, and replace nothing unless that is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from llm_extract.errors import RunError


@contextmanager
def new_file(path: Path, *, force: bool = False, beside: str | None = None) -> Iterator[Path]:
    """A path to write at; what was written there becomes `path` when the block ends without an error.

    Args:
        path: the file that shall be.
        force: whether it may replace a file.
        beside: the text of a `PATH.README.md`, which comes with it.

    Raises:
        RunError: there is something at `path` already.
    """
    readme = readme_of(path)
    wanted = [path] if beside is None else [readme, path]
    refuse_existing(wanted, force)
    if path.is_dir():
        raise RunError(f"{path} is a folder; name a file")
    with _workplace(path) as place:
        draft = place / path.name
        yield draft
        if beside is not None:
            (place / readme.name).write_text(beside, "utf-8")
        refuse_existing(wanted, force)
        for target in wanted:
            _flushed(place / target.name)
            (place / target.name).replace(target)
        _flushed(path.parent)


@contextmanager
def new_folder(path: Path, names: Collection[str], *, force: bool = False) -> Iterator[Path]:
    """A folder to write into; it becomes `path` when the block ends without an error.

    Args:
        path: the folder that shall be.
        names: the files that will be in it. A folder with any other file is no export, and is never replaced.
        force: whether it may replace an older export.

    Raises:
        RunError: there is something at `path` already.
    """
    refuse_existing([path], force)
    _refuse_foreign(path, names)
    with _workplace(path) as place:
        draft = place / "new"
        draft.mkdir()
        yield draft
        for file in draft.iterdir():
            _flushed(file)
        _flushed(draft)
        refuse_existing([path], force)
        if os.path.lexists(path):
            _refuse_foreign(path, names)
            path.rename(place / "old")
        try:
            draft.rename(path)
        except OSError:
            if (place / "old").exists():
                (place / "old").rename(path)
            raise
        _flushed(path.parent)


def readme_of(path: Path) -> Path:
    """Where the description of an exported file lies."""
    return path.with_name(f"{path.name}.README.md")


def refuse_existing(paths: Collection[Path], force: bool) -> None:
    """Nothing is replaced unless that is wanted.

    Raises:
        RunError: one of the paths exists.
    """
    for path in paths:
        if not force and os.path.lexists(path):
            raise RunError(f"{path} exists; name another with --out, or replace it with --force")


def _refuse_foreign(path: Path, names: Collection[str]) -> None:
    if not os.path.lexists(path):
        return
    if path.is_symlink() or not path.is_dir():
        raise RunError(f"{path} is no folder; name another with --out")
    foreign = sorted(entry.name for entry in path.iterdir() if entry.name not in names)
    if foreign:
        raise RunError(f"{path} holds {foreign[0]!r}, which is no part of an export: it is not replaced")


@contextmanager
def _workplace(path: Path) -> Iterator[Path]:
    """A folder beside the target, on the same file system, that is gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = Path(mkdtemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _flushed(path: Path) -> None:
    """Write through to the disk, so that the name never shows half a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
