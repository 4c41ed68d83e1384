"""The limiter: a state machine tested by property, and the gate built on it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import SettingsError
from llm_extract.model.limits import Concurrency, Limiter, Signal

SIGNALS: list[Signal] = ["ok", "rate_limited", "failed", "none"]


@given(st.lists(st.tuples(st.sampled_from(SIGNALS), st.integers(0, 3)), max_size=300))
def test_the_limit_stays_within_bounds_and_moves_by_the_rule(events: list[tuple[Signal, int]]) -> None:
    state = Concurrency()
    for signal, age in events:
        epoch = max(0, state.epoch - age)
        before, fell = state.limit, state.epoch
        state.record(signal, epoch)
        assert 4 <= state.limit <= 100
        if signal == "rate_limited" and epoch == fell:
            assert state.limit == max(4.0, before * 0.8)
            assert state.epoch == fell + 1
        elif signal == "ok" and epoch == fell:
            assert state.limit in (before, min(100.0, before * 1.05))
        else:
            assert state.limit == before


def test_a_clean_round_adds_five_per_cent() -> None:
    state = Concurrency()
    for _ in range(19):
        state.record("ok", 0)
    assert state.limit == 20.0
    state.record("ok", 0)
    assert state.limit == 21.0


def test_a_server_error_only_stops_growth() -> None:
    state = Concurrency()
    for _ in range(19):
        state.record("ok", 0)
    state.record("failed", 0)
    assert state.limit == 20.0
    for _ in range(19):
        state.record("ok", 0)
    assert state.limit == 20.0


def test_a_burst_of_429_to_calls_of_one_epoch_is_one_fall() -> None:
    state = Concurrency()
    for _ in range(20):
        state.record("rate_limited", 0)
    assert state.limit == 16.0


@pytest.mark.parametrize(("start", "minimum", "maximum"), [(3, 4, 100), (200, 4, 100), (1, 0, 1)])
def test_bounds_that_contradict_each_other_are_refused(start: int, minimum: int, maximum: int) -> None:
    with pytest.raises(SettingsError, match="minimum <= start <= maximum"):
        Limiter(start, minimum, maximum)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_enter_than_are_allowed_and_the_rest_in_order() -> None:
    limiter = Limiter(start=2, minimum=1)
    inside: list[int] = []

    async def one(number: int) -> int:
        ticket = await limiter.enter()
        inside.append(number)
        return ticket

    tasks = [asyncio.create_task(one(number)) for number in range(6)]
    await settle()
    assert inside == [0, 1]
    for entered in range(3, 7):
        limiter.leave(0, "none")
        await settle()
        assert inside == list(range(entered))
    await asyncio.gather(*tasks)
    limiter.leave(0, "none")
    limiter.leave(0, "none")
    assert limiter.in_flight == 0


async def test_after_a_fall_no_new_call_begins_until_enough_have_left() -> None:
    limiter = Limiter(start=10, minimum=1)
    tickets = [await limiter.enter() for _ in range(10)]
    waiting = asyncio.create_task(limiter.enter())
    limiter.leave(tickets[0], "rate_limited")
    await settle()
    assert limiter.concurrency.allowed == 8
    assert not waiting.done()
    limiter.leave(tickets[1], "none")
    await settle()
    assert not waiting.done()
    limiter.leave(tickets[2], "none")
    await settle()
    assert waiting.done()
    assert limiter.in_flight == 8


async def test_a_pause_holds_all_and_the_latest_end_counts() -> None:
    now = 50.0
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    limiter = Limiter(clock=lambda: now, sleep=sleep)
    limiter.pause(5)
    limiter.pause(2)
    assert limiter.paused_until == 55.0
    assert not limiter.free
    await limiter.enter()
    assert slept == [5.0]
    assert limiter.free


async def test_a_pause_that_is_prolonged_while_waiting_is_kept_to_its_new_end() -> None:
    limiter = Limiter()
    loop = asyncio.get_running_loop()
    began = loop.time()
    limiter.pause(0.05)
    loop.call_later(0.02, limiter.pause, 0.1)
    await limiter.enter()
    assert loop.time() - began >= 0.12


@given(st.data())
def test_cancelled_waits_leak_no_slot(data: Any) -> None:
    plan = data.draw(st.lists(st.sampled_from(["enter", "cancel", "leave", "turn"]), max_size=60))

    async def play() -> None:
        limiter = Limiter(start=2, minimum=1, maximum=3)
        tasks: list[asyncio.Task[int]] = []
        left = 0
        for action in plan:
            entered = [task for task in tasks if task.done() and not task.cancelled()]
            if action == "enter":
                tasks.append(asyncio.create_task(limiter.enter()))
            elif action == "cancel" and tasks:
                tasks[data.draw(st.integers(0, len(tasks) - 1))].cancel()
            elif action == "leave" and len(entered) > left:
                left += 1
                limiter.leave(0, "none")
            else:
                await asyncio.sleep(0)
            assert 0 <= limiter.in_flight <= limiter.concurrency.allowed
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        entered = [task for task in tasks if not task.cancelled()]
        assert limiter.in_flight == len(entered) - left

    asyncio.run(play())
