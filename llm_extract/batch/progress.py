"""Where a run is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from llm_extract.batch.tally import Counts
from llm_extract.errors import FatalError
from llm_extract.model.types import Usage


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. Counts of this session, except `done_before`."""

    read: int = 0
    """Articles that the archives gave, those done before included."""
    done_before: int = 0
    rows: int = 0
    failures: int = 0
    skips: int = 0
    copies: int = 0
    cached: int = 0
    """Rows that cost no call."""
    under_way: int = 0
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    reading_ended: bool = False

    @property
    def done(self) -> int:
        """Articles with an outcome, in this session."""
        return self.rows + self.failures + self.skips + self.copies


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a run ended."""

    directory: Path
    progress: Progress
    counts: Counts
    """What the ledger holds, earlier sessions included."""
    stopped_by: FatalError | None
    """What made the run stop before its end."""
    ended: bool
    """Whether every article has its outcome; else the same batch again goes on, unless there are `not_given`."""
    not_given: int = 0
    """Articles without an outcome that the archives, read to their end, no longer gave, and copies of such ones."""
