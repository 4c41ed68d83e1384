"""What the provider's batches are said to be at: `Progress`, and what became of articles on their way: `Submitted`."""

from __future__ import annotations

from typing import NamedTuple

from llm_extract.model.types import Usage


class Progress(NamedTuple):
    """Where the batches stand."""

    parts: int
    open: int
    """Parts whose answers are not in yet."""
    requests: int
    """Requests in all parts; one that was sent twice counts twice."""
    completed: int
    """Those that the provider has run, by its own count."""
    answered: int
    """Sound answers that are in the cache by now."""
    again: int
    """Requests that wait to be sent again."""
    failed: int
    """Requests that failed for good; see `ProviderBatch.failure`."""
    usage: Usage
    """What was paid, failed requests included, at the batch price."""
    statuses: dict[str, int]
    """How many parts are at each step or status."""
    cancelled: bool = False
    problem: str = ""
    """Why the provider could not be asked, or what it waits for."""

    @property
    def done(self) -> bool:
        """Whether nothing more will come: all is answered or failed, or the run was cancelled."""
        return not self.open and (self.cancelled or not self.again)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items())) or "nothing sent"
        words = f"batches: {told}; {self.completed:,} of {self.requests:,} requests run, {self.answered:,} answered"
        for count, name in ((self.again, "to be sent again"), (self.failed, "failed")):
            words += f", {count:,} {name}" if count else ""
        return words + (f" ({self.problem})" if self.problem else "")


class Submitted(NamedTuple):
    """What became of the articles that were submitted."""

    sent: int = 0
    cached: int = 0
    """Their answers are in the cache already."""
    known: int = 0
    """They are in a part already, that of an article of the same text included."""
    unsendable: int = 0
    """Too long for the model or for a file: the ordinary extraction says why, without a call."""
