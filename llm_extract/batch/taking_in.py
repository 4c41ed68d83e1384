"""What is done with an article before it costs anything: asked, left out, linked to the one it copies, or passed by.

Runs in the reading thread. Every article that the archives give gets a name that no other has in this run, so that
the ledger has one outcome for each; the same archives give the same names again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from llm_extract.batch import records
from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.duplicates import Clash, Copy, Duplicates
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.relevance import Relevance
from llm_extract.batch.selection import Where


class Intake:
    """One pass over the archives of a run.

    Args:
        ledger: what has an outcome already.
        duplicates: the index of what this run has seen.
        where: which articles are taken; None: all.
        relevance: the task's own filter; None: all.
        run_directory: files in it are the run's own, and no articles.
    """

    def __init__(
        self,
        ledger: Ledger,
        duplicates: Duplicates,
        *,
        where: Where | None,
        relevance: Relevance | None,
        run_directory: Path,
    ) -> None:
        self._ledger = ledger
        self._duplicates = duplicates
        self._where = where
        self._relevance = relevance
        self._own = run_directory.resolve()
        self._left_out: set[int] = set()
        """Hashes of ids that were left out before the index could know them."""
        self._repeated: Counter[str] = Counter()
        self.clashes = 0
        """Articles whose id belongs to another text: they go by their id and place."""

    def take(
        self, found: Iterable[Article | Unreadable], limit: int | None
    ) -> Iterator[Article | records.Record | None]:
        """What is to be asked, and what need not be; None for what has its outcome already."""
        number = 0
        for entry in found:
            if is_within(entry.place.archive, str(self._own)):
                continue
            number += 1
            if limit is not None and number > limit:
                return
            yield self._unreadable(entry) if isinstance(entry, Unreadable) else self._article(entry)

    def _unreadable(self, found: Unreadable) -> records.Record | None:
        place = str(found.place)
        # A member of an archive may be there twice, and readable once: each has a name.
        taken = hash(place) in self._left_out or self._duplicates.asked(place)
        name = self._name_of_its_own(f"{place} (unreadable)" if taken else place)
        self._left_out.add(hash(name))
        if self._ledger.has(name):
            return None
        return records.Skip(id=name, place=place, text=None, reason="unreadable", detail=found.reason)

    def _article(self, found: Article) -> Article | records.Record | None:
        if hash(found.id) in self._left_out:
            found = self._renamed(found)
        reason = self._irrelevant(found)
        if reason is not None:
            if self._duplicates.asked(found.id):
                found = self._renamed(found)
            self._left_out.add(hash(found.id))
            return self._skip(found, "irrelevant", reason)
        text = found.document.sent_text
        asked = self._duplicates.asked(found.id)
        known = self._duplicates.seen(found.id, text)
        if isinstance(known, Clash):
            self.clashes += 1
            found = self._renamed(found)
            known = self._duplicates.seen(found.id, text)
            if isinstance(known, Clash):  # the archive was changed since the run began
                return self._skip(
                    found, "id_clash", "another text stood at this place, under this id, when the run began"
                )
        elif asked:  # the same text under the same id once more
            known = Copy(known.of if known else found.id, "exact", 1.0)
            found = self._renamed(found)
        if self._is_done(found.id):
            return None
        if known is None:
            return found
        return records.Copy(
            id=found.id,
            place=str(found.place),
            text=records.text_digest(found.document.text),
            of=known.of,
            match=known.match,
            similarity=known.similarity,
        )

    def _skip(self, found: Article, reason: records.SkipReason, detail: str) -> records.Record | None:
        if self._is_done(found.id):
            return None
        digest = records.text_digest(found.document.text)
        return records.Skip(id=found.id, place=str(found.place), text=digest, reason=reason, detail=detail)

    def _is_done(self, name: str) -> bool:
        """Whether an article that can be read has its outcome; that it could not be read before is none."""
        return self._ledger.has(name) and not self._ledger.was_unreadable(name)

    def _renamed(self, found: Article) -> Article:
        """The article under a name of its own, since another has its id."""
        return replace(found, id=self._name_of_its_own(f"{found.id} ({found.place})"))

    def _irrelevant(self, found: Article) -> str | None:
        if self._where is not None and not self._where.holds(found):
            return f"--where {self._where.expression}"
        return None if self._relevance is None else self._relevance.passes(found.document)

    def _name_of_its_own(self, name: str) -> str:
        """The name, with a number from its second use on."""
        self._repeated[name] += 1
        times = self._repeated[name]
        return name if times == 1 else f"{name} [{times}]"


@lru_cache(maxsize=1024)
def is_within(archive: str, directory: str) -> bool:
    """Whether an archive is in a resolved folder: that of the run itself, whose files are no articles."""
    return archive != "-" and Path(archive).resolve().is_relative_to(directory)
