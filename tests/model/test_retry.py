"""The retry policy, without HTTP: outcomes in, calls and waits out."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from llm_extract.model.outcomes import Outcome
from llm_extract.model.retry import Progress, RetryPolicy, retrying, until_settled

TRANSIENT = Outcome("transient")
ORDERED = Outcome("transient", wait=30.0)
INVALID = Outcome("invalid_answer")
TRUNCATED = Outcome("truncated")
UNSUPPORTED = Outcome("unsupported", feature="mode")
OK = Outcome("ok")


async def play(script: list[Outcome], policy: RetryPolicy | None = None) -> tuple[Outcome, int, list[float]]:
    """The last outcome, the number of calls, and the waits between them; the script's last line repeats."""
    policy = policy or RetryPolicy()
    progress = Progress(policy, 100, step_down=True)
    slept: list[float] = []
    calls = 0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def call(progress: Progress) -> Outcome:
        nonlocal calls
        outcome = script[min(calls, len(script) - 1)]
        calls += 1
        progress.record(outcome)
        return outcome

    last = await until_settled(policy, lambda: call(progress), progress, sleep)
    return last, calls, slept


@pytest.mark.parametrize(
    ("script", "calls", "last"),
    [
        ([OK], 1, "ok"),
        ([TRANSIENT], 6, "transient"),
        ([TRANSIENT] * 5 + [OK], 6, "ok"),
        ([INVALID], 3, "invalid_answer"),
        ([INVALID, INVALID, OK], 3, "ok"),
        ([TRUNCATED], 2, "truncated"),
        ([TRUNCATED, OK], 2, "ok"),
        ([UNSUPPORTED, UNSUPPORTED, OK], 3, "ok"),
        ([TRANSIENT, INVALID, TRANSIENT, INVALID, TRANSIENT, INVALID], 6, "invalid_answer"),
        ([Outcome("refused")], 1, "refused"),
        ([Outcome("context_too_long")], 1, "context_too_long"),
        ([Outcome("request_rejected")], 1, "request_rejected"),
        ([Outcome("content_filtered")], 1, "content_filtered"),
        ([Outcome("authentication_failed")], 1, "authentication_failed"),
        ([TRANSIENT, Outcome("quota_exhausted")], 2, "quota_exhausted"),
    ],
)
async def test_each_course_has_its_own_budget(script: list[Outcome], calls: int, last: str) -> None:
    outcome, made, _ = await play(script)
    assert (made, outcome.name) == (calls, last)


async def test_backoff_is_full_jitter_below_a_doubling_bound() -> None:
    policy = RetryPolicy(attempts=9, initial_backoff_seconds=0.5, max_backoff_seconds=30)
    seen = [(await play([TRANSIENT], policy))[2] for _ in range(40)]
    bounds = [0.5, 1, 2, 4, 8, 16, 30, 30]
    for number, bound in enumerate(bounds):
        waits = [waits[number] for waits in seen]
        assert all(0 <= wait <= bound for wait in waits)
        # 40 draws spread over the whole range: all in one half has a chance of 2 to the -39.
        assert min(waits) < bound / 2 < max(waits)


async def test_reasks_and_growth_do_not_wait_nor_does_what_the_gate_holds_back() -> None:
    assert (await play([INVALID, TRUNCATED, OK]))[2] == [0.0, 0.0]
    assert (await play([ORDERED, OK]))[2] == [0.0]


async def test_a_long_wait_goes_on_or_fails_by_option() -> None:
    long = Outcome("transient", wait=500.0)
    assert (await play([long, OK]))[0].name == "ok"
    assert (await play([long, OK], RetryPolicy(on_long_wait="fail")))[:2] == (long, 1)
    assert (await play([ORDERED, OK], RetryPolicy(on_long_wait="fail")))[0].name == "ok"


async def test_an_error_of_our_own_is_neither_retried_nor_wrapped() -> None:
    calls = 0

    async def call(progress: Progress) -> Outcome:
        nonlocal calls
        calls += 1
        raise ZeroDivisionError

    policy = RetryPolicy()
    with pytest.raises(ZeroDivisionError):
        await retrying(policy)(call, Progress(policy, 100))
    with pytest.raises(ZeroDivisionError):
        await until_settled(policy, lambda: call(Progress(policy, 100)), Progress(policy, 100))
    assert calls == 2


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"reasks": -1}, {"deadline_seconds": 0}, {"retries": 3}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RetryPolicy(**wrong)
