"""The gate of a cluster, without one: its calls are made in this process."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Coroutine
from typing import Any

import pytest

from llm_extract import errors
from llm_extract.batch.ray_gate import Gate, GatedLimiter
from llm_extract.errors import BudgetReached, ExtractionError, FatalError, LlmExtractError, RunError
from llm_extract.model.limits import Limiter
from llm_extract.model.rates import Bill, Demand
from llm_extract.model.types import Attempt, Usage
from llm_extract.settings import Settings


class Handle:
    """What Ray gives for an actor: `handle.method.remote(…)` to be awaited or not."""

    def __init__(self, gate: Gate) -> None:
        self.messages = 0
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        handle = self

        class Method:
            def remote(self, *arguments: Any) -> asyncio.Task[Any]:
                handle.messages += 1
                made: Coroutine[Any, Any, Any] = getattr(handle._gate, name)(*pickle.loads(pickle.dumps(arguments)))
                return asyncio.ensure_future(made)

        return Method()


def cluster(
    most: int = 2, workers: int = 2, spent: Usage | None = None, **settings: Any
) -> tuple[Gate, list[GatedLimiter], Handle]:
    made = Settings(**settings)
    gate = Gate(made, (most, 1, most), spent)
    handle = Handle(gate)
    return gate, [GatedLimiter(handle, f"w{n}", (20, 4, 100), made.pool()) for n in range(workers)], handle


async def soon(limiter: Limiter, demand: Demand = Demand()) -> bool:  # noqa: B008
    """Whether a call may begin at once. If not, it no longer wants to."""
    try:
        await asyncio.wait_for(limiter.enter(demand), 0.05)
    except TimeoutError:
        return False
    return True


async def test_concurrency_is_that_of_all_workers_together() -> None:
    gate, (first, second), _ = cluster(most=2)
    one = await first.enter()
    await second.enter()
    assert gate.limiter.in_flight == 2
    assert not await soon(first)
    assert not await soon(second)
    first.leave(one, "ok")
    assert await soon(second)


async def test_a_lost_worker_gives_its_calls_back() -> None:
    gate, (first, second), _ = cluster(most=2)
    await first.enter()
    await first.enter()
    waiting = asyncio.create_task(first.enter())
    await asyncio.sleep(0)
    assert await gate.forget("w0") == 2
    await waiting
    assert gate.limiter.in_flight == 0  # what it waited for was given back too
    await second.enter()
    await second.enter()
    assert gate.limiter.in_flight == 2
    await gate.forget("w0")
    assert gate.limiter.in_flight == 2


async def test_a_call_that_no_longer_wants_to_begin_holds_nothing() -> None:
    gate, (first, second), _ = cluster(most=1)
    one = await first.enter()
    assert not await soon(second)
    first.leave(one, "ok")
    await asyncio.sleep(0.05)
    assert gate.limiter.in_flight == 0


async def test_a_wait_that_one_is_told_holds_for_all() -> None:
    _, (first, second), _ = cluster(most=4)
    one = await first.enter()
    first.pause(0.2)
    first.leave(one, "rate_limited")
    await asyncio.sleep(0.01)
    assert not await soon(second)
    await asyncio.sleep(0.2)
    assert await soon(second)


async def test_429s_of_one_lower_the_limit_of_all() -> None:
    gate, (first, _), _ = cluster(most=10)
    for ticket in [await first.enter() for _ in range(10)]:
        first.leave(ticket, "rate_limited")
    await asyncio.sleep(0.01)
    assert gate.limiter.concurrency.limit < 10
    assert gate.limiter.in_flight == 0


async def test_headers_that_one_hears_are_heard_by_the_gate() -> None:
    gate, (first, _), handle = cluster()
    one = await first.enter()
    first.learn(200, [(b"Date", b"today"), (b"X-RateLimit-Limit-Requests", b"600")])
    first.leave(one, "ok")
    await first.enter()
    assert gate.limiter.pool.rates.requests.per_minute == 600
    assert handle.messages == 2  # both went with the second call


async def test_a_good_end_does_not_wait_for_long() -> None:
    gate, (first, _), _ = cluster()
    first.leave(await first.enter(), "ok")
    await asyncio.sleep(0.05)
    assert gate.limiter.in_flight == 0


async def test_the_budget_is_that_of_all_workers_and_all_sessions() -> None:
    gate, (first, second), _ = cluster(most=4, max_tokens=100, spent=Usage(input_tokens=40))
    asked = Demand(size=10, output=10)
    one = await first.enter(asked)
    await second.enter(asked)
    first.leave(one, "ok", Bill(5, 5))
    await asyncio.sleep(0.05)
    await second.enter(asked)
    await gate.forget("w1")  # its two calls may have been paid: 40 tokens at most
    assert gate.limiter.pool.budget is not None
    assert gate.limiter.pool.budget.spent_tokens == 90
    with pytest.raises(BudgetReached, match="budget of 100 tokens"):
        await first.enter(asked)


async def test_a_lost_gate_is_said_in_words() -> None:
    class Lost:
        def remote(self, *_: Any) -> asyncio.Task[Any]:
            async def fail() -> None:
                raise OSError("no such actor")

            return asyncio.ensure_future(fail())

    class Handle:
        enter = Lost()

    limiter = GatedLimiter(Handle(), "w0", (1, 1, 1), Settings().pool())
    with pytest.raises(RunError, match="the same command goes on"):
        await limiter.enter()


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LlmExtractError)]
)
def test_every_error_survives_its_way_from_a_worker(kind: type[LlmExtractError]) -> None:
    error = kind("said so")
    if isinstance(error, ExtractionError | FatalError):
        error.attempts, error.usage = (Attempt(outcome="transient"),), Usage(calls=1)
    read = pickle.loads(pickle.dumps(error))
    assert type(read) is kind
    assert str(read) == "said so"
    assert vars(read) == vars(error)
