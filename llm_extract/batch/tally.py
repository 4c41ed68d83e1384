"""What became of the articles of a run, kept small: the last outcome of each id."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import get_args

from llm_extract.batch.ids import Numbering, digest
from llm_extract.batch.records import OUTCOMES, SkipReason, glance
from llm_extract.errors import RunError

_NONE, RETRIED, _ROW, _FAILURE, _COPY, UNREADABLE = (
    OUTCOMES.index(name) for name in ("none", "retried", "row", "failure", "copy", "skip unreadable")
)
_SKIPS: dict[SkipReason, int] = {reason: OUTCOMES.index(f"skip {reason}") for reason in get_args(SkipReason)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the articles of a run so far. A copy counts as what its original is."""

    articles: int
    """Ids that the ledger knows: always `rows + failures + skipped + waiting`."""
    rows: int
    failures: int
    skips: dict[SkipReason, int]
    """By reason; reasons that did not occur are left out."""
    waiting: int
    """Without an outcome yet: to be done again, or copies of an article that has none. 0 at the end of a run."""
    copies: int
    """Of all these, those that are copies."""
    damaged: int
    """Lines of the ledger that are damaged and do not count."""

    @property
    def skipped(self) -> int:
        """Skips of every reason."""
        return sum(self.skips.values())

    @property
    def told(self) -> int:
        """Articles whose outcome is known."""
        return self.rows + self.failures + self.skipped

    def check(self, articles: int) -> None:
        """Hold the ledger against the number of articles that went in.

        Raises:
            RunError: they are not as many as rows, failures and skips.
        """
        if self.told != articles:
            raise RunError(
                f"{articles} articles went in, but the ledger has {self.told}: {self.rows} rows, "
                f"{self.failures} failures and {self.skipped} skips; {self.waiting} wait for an outcome"
            )


class Tally:
    """The last outcome of each id, in some 30 bytes each."""

    def __init__(self) -> None:
        self._ids = Numbering()
        self._outcomes = bytearray()
        self._originals = array("I")  # for copies: the number of the article that they copy
        self._totals = [0] * len(OUTCOMES)
        self._counts: Counts | None = None
        self.damaged = 0

    def outcome(self, key: int) -> int:
        """The outcome of an id's digest, as a place in `OUTCOMES`."""
        number = self._ids.find(key)
        return _NONE if number is None else self._outcomes[number]

    def add(self, key: int, outcome: int, original: int | None = None) -> int:
        """Note an id's outcome, and of a copy what it copies, all by digest. Gives the number of the id."""
        number = self._number(key)
        self._totals[self._outcomes[number]] -= 1
        self._totals[outcome] += 1
        self._outcomes[number] = outcome
        if original is not None:
            self._originals[number] = self._number(original)
        self._counts = None
        return number

    def take(self, body: bytes | None) -> int | None:
        """Note a line by its JSON, None if it is damaged. Gives the number of its id.

        Raises:
            ValueError: it is no record of this version.
        """
        if body is None:
            self.damaged += 1
            self._counts = None
            return None
        identifier, outcome, original = glance(body)
        return self.add(digest(identifier), outcome, None if original is None else digest(original))

    def counts(self) -> Counts:
        """What became of the articles so far. Quick: it is kept until something changes."""
        if self._counts is None:
            self._counts = self._counted()
        return self._counts

    def _number(self, key: int) -> int:
        number = self._ids.add(key)
        if number == len(self._outcomes):
            self._outcomes.append(_NONE)  # an original may come after its copies
            self._originals.append(0)
            self._totals[_NONE] += 1
        return number

    def _counted(self) -> Counts:
        totals = self._totals[:]
        copies, totals[_COPY] = totals[_COPY], 0
        number = self._outcomes.find(_COPY)
        while number >= 0:
            totals[self._resolved(number)] += 1
            number = self._outcomes.find(_COPY, number + 1)
        return Counts(
            articles=len(self._outcomes) - self._totals[_NONE],
            rows=totals[_ROW],
            failures=totals[_FAILURE],
            skips={reason: totals[code] for reason, code in _SKIPS.items() if totals[code]},
            waiting=totals[RETRIED] + totals[_COPY] + totals[_NONE] - self._totals[_NONE],
            copies=copies,
            damaged=self.damaged,
        )

    def _resolved(self, number: int) -> int:
        """What a copy counts as: the outcome at the end of the chain; `copy` if the chain is a ring."""
        for _ in range(100):
            number = self._originals[number]
            if self._outcomes[number] != _COPY:
                break
        return self._outcomes[number]
