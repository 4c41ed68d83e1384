"""When a call is made again, and how long to wait before: the only place that decides it.

The transport makes no retries, and instructor none. The one `tenacity.AsyncRetrying` built here
decides by the course of each outcome (see `llm_extract.model.outcomes`), each with a budget of its own:

    wait       at most `attempts` calls that ended so, with full-jitter backoff
    reask      at most `reasks` times, at once
    grow       once, at once
    step_down  as long as there is something left to do without, at once
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.model.outcomes import Outcome
from llm_extract.model.types import Attempt, Usage

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState


SETTLED = ("deliver", "permanent", "fatal")
"""Courses after which nothing is asked again."""


class RetryPolicy(BaseModel):
    """How often and how long an answer is tried for. All times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=6, ge=1)
    """Calls that may fail for a passing reason (429, 5xx, no connection) before the answer fails."""
    reasks: int = Field(default=2, ge=0)
    """Further calls after an answer that broke the schema."""
    deadline_seconds: float = Field(default=300.0, gt=0)
    """For one answer: all its calls and backoffs. Waits that the endpoint ordered, and the wait for
    a free slot, do not count."""
    call_seconds: float = Field(default=150.0, gt=0)
    """For one call, from the first byte sent to the last one received."""
    max_wait_seconds: float = Field(default=120.0, ge=0)
    """The longest wait that an endpoint may order without `on_long_wait` coming into play."""
    on_long_wait: Literal["park", "fail"] = "park"
    """`park`: wait all the same, and log until when. `fail`: EndpointUnavailable at once."""
    on_model_mismatch: Literal["warn", "fail"] = "warn"
    """When another model answers than the one asked: log it once, or fail with ModelMismatch."""
    initial_backoff_seconds: float = Field(default=0.5, ge=0)
    """The first backoff lies between 0 and this; the bound doubles with each call."""
    max_backoff_seconds: float = Field(default=30.0, ge=0)


@dataclass
class Progress:
    """How one answer has gone so far."""

    policy: RetryPolicy
    max_output_tokens: int
    attempts: list[Attempt] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    passing: int = 0
    """Calls that failed for a passing reason."""
    invalid: int = 0
    """Answers that broke the schema."""
    cut: int = 0
    """Answers that were cut for length; after the first one there is twice the room."""
    complaint: str | None = None
    """What was wrong with the last answer, for the next prompt."""
    step_down: bool = False
    """Whether the feature that was rejected can be done without."""
    answer: Any = None
    """What `parse` made of a sound answer."""

    def record(self, outcome: Outcome) -> None:
        """Count a call against the budget of its course, and note what the next one must do differently."""
        match outcome.course:
            case "wait":
                self.passing += 1
            case "reask":
                self.invalid += 1
                self.complaint = outcome.message
            case "grow":
                self.cut += 1
                if self.cut == 1:
                    self.max_output_tokens *= 2

    def may_go_on(self, outcome: Outcome) -> bool:
        """Whether the budgets allow another call after this outcome."""
        match outcome.course:
            case "wait":
                failing = (
                    outcome.wait is not None
                    and outcome.wait > self.policy.max_wait_seconds
                    and self.policy.on_long_wait == "fail"
                )
                return self.passing < self.policy.attempts and not failing
            case "reask":
                return self.invalid <= self.policy.reasks
            case "grow":
                return self.cut <= 1
            case "step_down":
                return self.step_down
            case _:
                return False


async def until_settled(
    policy: RetryPolicy,
    call: Callable[[], Awaitable[Outcome]],
    progress: Progress,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Outcome:
    """Call until the outcome is sound, beyond repair, or the budgets are used up. Gives the last one.

    Nearly all calls are sound at once: then no retry is built at all.
    """
    first = await call()
    if first.course in SETTLED:
        return first
    made = [first]

    async def attempt(progress: Progress) -> Outcome:
        return made.pop() if made else await call()

    last: Outcome = await retrying(policy, sleep)(attempt, progress)
    return last


def retrying(policy: RetryPolicy, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> AsyncRetrying:
    """The retry of one answer: for a coroutine function `(progress, …) -> Outcome`.

    Gives the last outcome, whether sound or not. Not to be shared by answers that run at the same time.
    """
    from tenacity import AsyncRetrying, retry_if_result, wait_random_exponential

    backoff = wait_random_exponential(multiplier=policy.initial_backoff_seconds, max=policy.max_backoff_seconds)

    def stop(state: RetryCallState) -> bool:
        progress: Progress = state.args[0]
        return not progress.may_go_on(_outcome(state))

    def wait(state: RetryCallState) -> float:
        outcome = _outcome(state)
        # A wait that the endpoint ordered is kept at the gate, by the whole pool.
        return backoff(state) if outcome.course == "wait" and not outcome.wait else 0.0

    return AsyncRetrying(
        sleep=sleep,
        stop=stop,
        wait=wait,
        retry=retry_if_result(lambda outcome: outcome.course not in SETTLED),
        retry_error_callback=_outcome,
    )


def _outcome(state: RetryCallState) -> Outcome:
    assert state.outcome is not None  # noqa: S101 - tenacity calls these after an attempt only
    outcome: Outcome = state.outcome.result()
    return outcome
