"""The index of duplicates: it knows every text of a run, and says which article is a copy of an earlier one.

What a copy is stands in `llm_extract.batch.copies`. Texts are listed under their sketches; one that meets an
earlier one is compared with it, on its stored words. Most texts meet none, and cost little more than one pass
over their characters.

The index is a SQLite file, an aid that can be lost: the ledger is the truth, and a run that asks again
in the same order builds the same index. About 4 kB on disk an article of 400 words; memory does not grow.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

from llm_extract.batch.copies import LEAST_WORDS, SKETCH, digest_of, folded, similarity_of_copy, sketch_of
from llm_extract.errors import RunError

_LISTED = 8
"""Texts listed under one run: a footer that ten thousand articles share is no sign of a copy."""
_MOST_RUNS = SKETCH * 2 // 3
"""Texts that meet in nothing but such a footer are compared only if they meet in so many runs."""
_COMPARED = 4
"""Earlier texts that one text is compared with."""
_PENDING = 1024
"""Articles that wait in memory, so that the index is written in its own order."""


@dataclass(frozen=True, slots=True)
class Copy:
    """An article that need not be asked: what `of` gets counts for it too."""

    of: str
    """The id of the original, which is no copy itself and came earlier."""
    match: Literal["exact", "near"]
    similarity: float
    """The share of the copy's five-word runs that its original has; 1.0 for an exact copy."""


@dataclass(frozen=True, slots=True)
class Clash:
    """An article whose id was already given to another text, which keeps it."""

    id: str


class _Known(NamedTuple):
    """An article of the index. `of` is None for an original; only originals keep their `words`, if they have many."""

    number: int
    id: str
    digest: bytes
    of: str | None
    match: Literal["exact", "near"]
    similarity: float
    words: bytes


class Duplicates:
    """Which articles of a run are copies of earlier ones. One thread at a time.

    Args:
        path: the index file; its folder exists. A damaged index, or one of another format, is begun anew.
            None: in memory, about 4.5 kB an article.
        near: whether near copies are looked for too.

    Raises:
        RunError: the index cannot be opened or written, or turns out damaged while in use (it is then
            removed: the same command again builds another).

    >>> duplicates = Duplicates(None)
    >>> duplicates.seen("a", "The council chose a supplier.")
    >>> duplicates.seen("b", "THE COUNCIL  chose a supplier")
    Copy(of='a', match='exact', similarity=1.0)
    >>> duplicates.seen("a", "Another text.")
    Clash(id='a')
    """

    def __init__(self, path: Path | None, *, near: bool = True) -> None:
        self._path = path
        self._near = near
        self._new: dict[int, _Known] = {}
        self._new_keys: dict[int, list[int]] = {}
        self._asked = bytearray()
        self._latest: tuple[str | None, _Known | None] = (None, None)
        """The id that was looked for last, and what was found: it is asked about more than once."""
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def seen(self, id: str, text: str) -> Copy | Clash | None:  # noqa: A002 - the field's own name
        """What is known of this article. None: it is an original, and is remembered as one.

        An id that is known with the same words is answered as it was the first time, so that a resumed
        run can ask about every article again.

        Args:
            id: the article's id.
            text: what a model would see of it.
        """
        words = folded(text)
        digest = digest_of(words, text)
        try:
            known = self._by_id(id) or self._remember(id, text, words, digest)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error
        self._mark(known.number)
        if known.digest != digest:
            return Clash(id)
        return None if known.of is None else Copy(known.of, known.match, known.similarity)

    def asked(self, id: str) -> bool:  # noqa: A002
        """Whether `seen` was asked about this id since the index was opened: an archive has it twice."""
        try:
            known = self._by_id(id)
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error
        return known is not None and self._marked(known.number)

    def flush(self) -> None:
        """Write what waits in memory. Nothing is lost without it but the time to find it again."""
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Write what waits in memory, and let go of the file."""
        try:
            self.flush()
        finally:
            self._database.close()

    def __enter__(self) -> Duplicates:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _remember(self, id: str, text: str, words: bytes, digest: bytes) -> _Known:  # noqa: A002
        """Find out what a new article is, and enter it."""
        number = self._next
        same = _key(digest)
        exact = next((other for other in map(self._article, self._listed(same)) if other.digest == digest), None)
        keys = [_id_key(id)]
        if exact is not None:
            # A copy of a near copy is as near to the original as that one is.
            entry = _Known(number, id, digest, exact.of or exact.id, exact.match, exact.similarity, b"")
        else:
            sketch = sketch_of(words) if self._near and len(words.split(b" ", LEAST_WORDS)) >= LEAST_WORDS else []
            listed = {key: numbers for key in sketch if (numbers := self._listed(key))}
            found = self._nearest(text, words, listed) if listed else None
            if found is not None:
                entry = _Known(number, id, digest, found[0].id, "near", round(found[1], 4), b"")
                keys.append(same)
            else:
                entry = _Known(number, id, digest, None, "exact", 1.0, words if sketch else b"")
                keys += [same, *(key for key in sketch if len(listed.get(key, ())) < _LISTED)]
        self._next += 1
        self._new[number] = entry
        self._latest = (id, entry)
        for key in keys:
            self._new_keys.setdefault(key, []).append(number)
            self._filter[(key & _FILTER_MASK) >> 3] |= 1 << (key & 7)
        if len(self._new) >= _PENDING:
            self._write()
        return entry

    def _nearest(self, text: str, words: bytes, listed: Mapping[int, Sequence[int]]) -> tuple[_Known, float] | None:
        """The first original that this text is a near copy of, those that share most of its sketch first."""
        shared = Counter(number for numbers in listed.values() for number in numbers)
        telling = {number for numbers in listed.values() if len(numbers) < _LISTED for number in numbers}
        likely = [(-runs, number) for number, runs in shared.items() if number in telling or runs >= _MOST_RUNS]
        for _, number in sorted(likely)[:_COMPARED]:
            original = self._article(number)
            similarity = similarity_of_copy(original.words, words, text) if original.words else None
            if similarity is not None:
                return original, similarity
        return None

    # -- the index: keys (of ids, of whole texts, of runs) to numbers, numbers to articles -----------------

    def _open(self) -> None:
        check = f"{_FORMAT} {self._near}"
        if self._path is not None and self._path.exists() and not _is_sound(self._path, check):
            self._remove()
        self._database = _connect(self._path)
        with self._database:
            for statement in _TABLES:
                self._database.execute(statement)
            self._database.execute("INSERT INTO head SELECT ? WHERE NOT EXISTS (SELECT * FROM head)", (check,))
        self._next: int = self._database.execute("SELECT coalesce(max(number), 0) + 1 FROM articles").fetchone()[0]
        self._filter = bytearray((_FILTER_MASK + 1) // 8)
        for (key,) in self._database.execute("SELECT entry >> ? FROM keys", (_NUMBER_BITS,)):
            self._filter[(key & _FILTER_MASK) >> 3] |= 1 << (key & 7)

    def _remove(self) -> None:
        if self._path is not None:
            for suffix in ("", "-wal", "-shm", "-journal"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._new:
            return
        rows = (
            (number, _stored(id), digest, None if of is None else _stored(of), match, similarity, words)
            for number, id, digest, of, match, similarity, words in self._new.values()  # noqa: A001
        )
        entries = sorted(key << _NUMBER_BITS | number for key, numbers in self._new_keys.items() for number in numbers)
        with self._database:  # all or nothing
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._database.executemany("INSERT OR IGNORE INTO keys VALUES (?)", zip(entries))
        self._new.clear()
        self._new_keys.clear()

    def _by_id(self, id: str) -> _Known | None:  # noqa: A002
        if self._latest[0] != id:
            entries = map(self._article, self._listed(_id_key(id)))
            self._latest = (id, next((entry for entry in entries if entry.id == id), None))
        return self._latest[1]

    def _listed(self, key: int) -> list[int]:
        """The numbers under a key, in order."""
        if not self._filter[(key & _FILTER_MASK) >> 3] >> (key & 7) & 1:
            return []
        first = key << _NUMBER_BITS
        rows = self._database.execute(_LISTED_UNDER, (first, first | _MOST_NUMBER)).fetchall()
        return [entry & _MOST_NUMBER for (entry,) in rows] + self._new_keys.get(key, [])

    def _article(self, number: int) -> _Known:
        entry = self._new.get(number)
        if entry is None:
            row = self._database.execute("SELECT * FROM articles WHERE number = ?", (number,)).fetchone()
            if row is None:
                raise sqlite3.DatabaseError(f"article {number} is missing")
            number, id, digest, of, match, similarity, words = row  # noqa: A001
            of = None if of is None else _restored(of)
            entry = _Known(number, _restored(id), digest, of, match, similarity, words)
        return entry

    def _mark(self, number: int) -> None:
        place, bit = divmod(number, 8)
        if place >= len(self._asked):
            self._asked.extend(bytes(place + 1024 - len(self._asked)))
        self._asked[place] |= 1 << bit

    def _marked(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        return place < len(self._asked) and bool(self._asked[place] >> bit & 1)

    def _failure(self, error: sqlite3.DatabaseError) -> RunError:
        """SQLite's error in words for the user; a damaged index is removed."""
        if isinstance(error, sqlite3.OperationalError):
            return RunError(f"{self._path}: the index of duplicates cannot be read or written: {error}")
        self._database.close()
        self._new.clear()
        self._remove()
        return RunError(
            f"{self._path}: the index of duplicates was damaged ({error}) and has been removed; nothing is lost: "
            "give the same command again, which builds it anew"
        )


_FORMAT = 2

# An entry of the index is one integer: 39 bits of a key's hash, then the number of an article.
_NUMBER_BITS = 24
_MOST_NUMBER = (1 << _NUMBER_BITS) - 1
_KEY_SHIFT = 25
_LISTED_UNDER = "SELECT entry FROM keys WHERE entry BETWEEN ? AND ? ORDER BY entry"

# 2 MiB: a bit for each key that is listed, so that most keys of a new text need not be looked up.
_FILTER_MASK = (1 << 24) - 1


_TABLES = (
    "CREATE TABLE IF NOT EXISTS head (format TEXT)",
    "CREATE TABLE IF NOT EXISTS keys (entry INTEGER PRIMARY KEY)",
    """CREATE TABLE IF NOT EXISTS articles
    (number INTEGER PRIMARY KEY, id BLOB, digest BLOB, of BLOB, match TEXT, similarity REAL, words BLOB)""",
)
_SETTINGS = (
    "locking_mode = EXCLUSIVE",
    "journal_mode = WAL",  # sound through a kill
    "synchronous = OFF",  # but not worth an fsync
    "cache_size = -2048",
    "wal_autocheckpoint = 8192",
)


def _connect(path: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1)
    try:
        for setting in _SETTINGS:
            database.execute(f"PRAGMA {setting}").fetchall()
    except sqlite3.Error:
        database.close()
        raise
    return database


def _is_sound(path: Path, check: str) -> bool:
    """Whether a file is an index of this format, without damage."""
    try:
        with closing(_connect(path)) as database:
            whole: bool = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            return whole and database.execute("SELECT format FROM head").fetchone() == (check,)
    except sqlite3.OperationalError as error:
        if "no such" in str(error):  # a database without our tables
            return False
        raise
    except sqlite3.DatabaseError:
        return False


def _key(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True) >> _KEY_SHIFT


def _id_key(id: str) -> int:  # noqa: A002
    return _key(sha256(b"id " + _stored(id)).digest())


def _stored(id: str) -> bytes:  # noqa: A002
    return id.encode("utf-8", "surrogatepass")  # an id may come from a file name that is no Unicode


def _restored(id: object) -> str:  # noqa: A002
    if not isinstance(id, bytes):
        raise sqlite3.DatabaseError("an id is missing")
    return id.decode("utf-8", "surrogatepass")
