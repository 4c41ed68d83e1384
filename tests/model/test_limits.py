"""The limiter: a state machine tested by property, and the gate built on it."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import BudgetReached, EndpointDown, SettingsError
from llm_extract.model.limits import (
    NOTHING,
    Breaker,
    Concurrency,
    Limiter,
    Pool,
    Signal,
    Ticket,
    within_descriptors,
)
from llm_extract.model.rates import Bill, Budget, Demand, Rates

SIGNALS: list[Signal] = ["ok", "rate_limited", "failed", "down", "rejected", "none"]
TICKET = Ticket(0, NOTHING, 0.0, probe=False)


@given(st.lists(st.tuples(st.sampled_from(SIGNALS), st.integers(0, 3)), max_size=300))
def test_the_limit_stays_within_bounds_and_moves_by_the_rule(events: list[tuple[Signal, int]]) -> None:
    state = Concurrency()
    for signal, age in events:
        epoch = max(0, state.epoch - age)
        before, present, answers = state.limit, state.epoch, state.answers
        state.record(signal, epoch)
        assert 4 <= state.limit <= 100
        assert before * 0.5 <= state.limit <= before * 1.05 + 1e-9
        assert 0 <= state.alpha <= 1
        assert state.answers < max(state.allowed, int(before))
        if signal in ("none", "rejected") or (signal == "rate_limited" and epoch < present):
            assert (state.limit, state.answers) == (before, answers)
        if state.limit > before:
            assert signal in ("ok", "rate_limited", "failed", "down")
        assert state.epoch - present == (state.epoch > present)


@given(st.lists(st.sampled_from(["ok", "failed", "down", "rejected", "none"]), max_size=300))
def test_without_429s_the_limit_never_falls(signals: list[Signal]) -> None:
    state = Concurrency()
    limits = [state.limit]
    for signal in signals:
        state.record(signal, 0)
        limits.append(state.limit)
    assert limits == sorted(limits)
    assert state.epoch == 0


def test_a_clean_round_adds_five_per_cent() -> None:
    state = Concurrency()
    for _ in range(19):
        state.record("ok", 0)
    assert state.limit == 20.0
    state.record("ok", 0)
    assert state.limit == 21.0


def test_server_errors_in_more_than_a_tenth_of_a_round_stop_growth_and_lower_nothing() -> None:
    state = Concurrency()
    for signal in ["ok"] * 17 + ["failed", "down", "failed"]:
        state.record(signal, 0)  # type: ignore[arg-type]
    assert state.limit == 20.0
    for signal in ["ok"] * 18 + ["down"] * 2:
        state.record(signal, 0)  # type: ignore[arg-type]
    assert state.limit == 21.0


def test_a_burst_of_429_to_calls_of_one_epoch_is_one_fall() -> None:
    state = Concurrency()
    for _ in range(20):
        state.record("rate_limited", 0)
    assert state.limit == 16.0
    assert state.epoch == 1


def test_an_overload_brings_the_limit_down_ever_faster() -> None:
    state = Concurrency(100.0)
    limits = []
    for _ in range(7):
        under_way, epoch = state.allowed, state.epoch
        for _ in range(under_way):
            state.record("rate_limited", epoch)
        limits.append(round(state.limit, 1))
    assert limits == [80.0, 54.4, 33.1, 18.7, 10.1, 5.3, 4.0]


def test_a_lone_429_among_hundreds_costs_nothing() -> None:
    state = Concurrency(64.0, 4, 64)
    for number in range(2000):
        state.record("rate_limited" if number % 200 == 100 else "ok", state.epoch)
        assert state.limit == 64.0


def simulated(state: Concurrency, refuse: Callable[[int], bool], *, quick: float, answers: int) -> tuple[float, float]:
    """The mean limit and the share of 429s when more is asked than ever goes, without a clock.

    `refuse(n)` is asked when a call begins while n others are taken; `quick` is how long a 429 takes, a success
    taking about 1.
    """
    chance = random.Random(7)
    under_way: list[tuple[float, int, bool, int]] = []
    now, taken, refused, limits = 0.0, 0, 0, 0.0
    for number in range(answers):
        while len(under_way) < state.allowed:
            no = refuse(taken)
            taken += not no
            ends = now + (quick if no else 1) * chance.uniform(0.8, 1.2)
            heapq.heappush(under_way, (ends, number * 2000 + len(under_way), no, state.epoch))
        now, _, no, epoch = heapq.heappop(under_way)
        taken -= not no
        refused += no
        state.record("rate_limited" if no else "ok", epoch)
        limits += state.limit
    return limits / answers, refused / answers


@pytest.mark.parametrize("quick", [0.05, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_random_429s_of_a_few_per_cent_leave_the_limit_where_it_is(quick: float, seed: int) -> None:
    chance = random.Random(seed)
    state = Concurrency(64.0, 4, 64)
    mean, refused = simulated(state, lambda _: chance.random() < 0.025, quick=quick, answers=20_000)
    assert 0.02 < refused < 0.03
    assert mean >= 0.95 * 64
    assert state.limit >= 0.85 * 64


@pytest.mark.parametrize("quick", [0.05, 1.0])
@pytest.mark.parametrize("room", [20, 50, 200])
@pytest.mark.parametrize("start", [4.0, 400.0])
def test_the_limit_settles_near_what_the_endpoint_takes_at_once(start: float, room: int, quick: float) -> None:
    state = Concurrency(start, 4, 1000)
    simulated(state, lambda taken: taken >= room, quick=quick, answers=150 * room)
    mean, refused = simulated(state, lambda taken: taken >= room, quick=quick, answers=100 * room)
    assert 0.9 * room <= mean <= 1.1 * room
    assert refused < 0.08


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

    async def one(number: int) -> Ticket:
        ticket = await limiter.enter()
        inside.append(number)
        return ticket

    tasks = [asyncio.create_task(one(number)) for number in range(6)]
    await settle()
    assert inside == [0, 1]
    for entered in range(3, 7):
        limiter.leave(TICKET, "none")
        await settle()
        assert inside == list(range(entered))
    await asyncio.gather(*tasks)
    limiter.leave(TICKET, "none")
    limiter.leave(TICKET, "none")
    assert limiter.in_flight == 0


async def test_after_a_fall_no_new_call_begins_until_enough_have_left() -> None:
    limiter = Limiter(start=10, minimum=1)
    tickets = [await limiter.enter() for _ in range(10)]
    waiting = asyncio.create_task(limiter.enter())
    second = asyncio.create_task(limiter.enter())
    limiter.leave(tickets[0], "rate_limited")
    limiter.leave(tickets[1], "rate_limited")
    await settle()
    assert waiting.done()
    assert second.done()
    third = asyncio.create_task(limiter.enter())
    limiter.leave(tickets[2], "rate_limited")
    await settle()
    assert limiter.concurrency.allowed == 8
    assert limiter.in_flight == 9
    assert not third.done()
    limiter.leave(tickets[3], "none")
    await settle()
    assert not third.done()
    limiter.leave(tickets[4], "none")
    await settle()
    assert third.done()
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
    assert limiter.try_enter() is None
    await limiter.enter()
    assert slept == [5.0]
    assert limiter.try_enter() is not None


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
        tasks: list[asyncio.Task[Ticket]] = []
        left = 0
        for action in plan:
            entered = [task for task in tasks if task.done() and not task.cancelled()]
            if action == "enter":
                tasks.append(asyncio.create_task(limiter.enter()))
            elif action == "cancel" and tasks:
                tasks[data.draw(st.integers(0, len(tasks) - 1))].cancel()
            elif action == "leave" and len(entered) > left:
                left += 1
                limiter.leave(TICKET, "none")
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


# --- the circuit breaker --------------------------------------------------------------------------


def broken(now: float = 1000.0, **options: Any) -> Breaker:
    breaker = Breaker(**options)
    for _ in range(breaker.failures):
        assert breaker.rest(now) == 0
        breaker.record("down", breaker.begin(), now, "status 503: overloaded")
    return breaker


def probe_fails(breaker: Breaker, now: float) -> None:
    assert breaker.rest(now) <= 0
    assert breaker.begin()
    breaker.record("down", True, now, "status 503: overloaded")


@given(st.lists(st.sampled_from(SIGNALS), max_size=60))
def test_the_breaker_opens_on_ten_failures_in_a_row_and_on_nothing_less(signals: list[Signal]) -> None:
    breaker = Breaker()
    row = 0
    for signal in signals:
        breaker.record(signal, False, 1000.0)
        row = row + 1 if signal == "down" else row if signal == "none" else 0
        assert (breaker.opened is not None) == (row >= 10)


def test_cool_downs_double_to_a_bound_and_the_last_probe_is_when_the_outage_is_long_enough() -> None:
    breaker = broken()
    now, waits = 1000.0, []
    while not breaker.down:
        waits.append(breaker.next_probe - now)
        assert breaker.rest(now) == waits[-1]
        now = breaker.next_probe
        probe_fails(breaker, now)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 57]
    assert now == 1300.0


def test_there_is_one_probe_at_a_time() -> None:
    breaker = broken()
    assert breaker.rest(1001.0) == 0
    assert breaker.begin()
    assert breaker.rest(1001.0) > 0
    breaker.record("down", False, 1001.0)  # of a call that began before
    assert breaker.rest(1001.0) > 0
    assert breaker.wait == 1.0
    breaker.record("none", True, 1001.0)  # cancelled: the next may try
    assert breaker.rest(1001.0) == 0


@pytest.mark.parametrize("signal", ["ok", "rate_limited", "rejected", "failed"])
def test_any_answer_closes_the_breaker(signal: Signal) -> None:
    breaker = broken()
    breaker.record(signal, False, 1000.5)
    assert breaker.rest(1000.5) == 0
    assert not breaker.begin()
    assert breaker.row == 0


def test_when_it_was_open_for_too_long_calls_fail_at_once_but_for_a_probe_now_and_then() -> None:
    breaker = broken(outage=2.0)
    probe_fails(breaker, 1001.0)
    probe_fails(breaker, 1002.0)
    with pytest.raises(EndpointDown, match=r"failed for 2 s, 12 times in a row; last: status 503: overloaded"):
        breaker.rest(1002.0)
    assert breaker.rest(breaker.next_probe) == 0
    assert breaker.begin()
    with pytest.raises(EndpointDown):
        breaker.rest(breaker.next_probe)
    breaker.record("ok", True, 2000.0)
    assert breaker.rest(2000.0) == 0


# --- the gate with all of it ----------------------------------------------------------------------


async def test_calls_begin_in_the_order_in_which_they_came_whatever_they_wait_for() -> None:
    limiter = Limiter(3, 1, 3, pool=Pool(Rates(rpm=12_000)))
    limiter.pause(0.02)
    begun: list[int] = []

    async def one(number: int) -> None:
        ticket = await limiter.enter()
        begun.append(number)
        await asyncio.sleep(0.001)
        limiter.leave(ticket, "ok")

    tasks = [asyncio.create_task(one(number)) for number in range(40)]
    await asyncio.sleep(0.01)
    for number in (0, 7, 20):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert begun == [number for number in range(40) if number not in (0, 7, 20)]
    assert limiter.in_flight == 0


async def test_a_call_that_was_too_dear_begins_as_soon_as_another_turns_out_cheap() -> None:
    limiter = Limiter(pool=Pool(budget=Budget(max_tokens=1000)))
    demand = Demand(size=400, output=200)
    first = await limiter.enter(demand)
    second = asyncio.create_task(limiter.enter(demand))
    await settle()
    assert not second.done()
    limiter.leave(first, "ok", Bill(100, 20))
    await asyncio.wait_for(second, 1)
    third = asyncio.create_task(limiter.enter(demand))
    await settle()
    limiter.leave(second.result(), "ok")  # what it took is not known
    with pytest.raises(BudgetReached, match="720 tokens spent"):
        await third
    assert limiter.in_flight == 0


async def test_tokens_given_back_let_the_next_call_begin_sooner() -> None:
    limiter = Limiter(pool=Pool(Rates(tpm=6000)))
    demand = Demand(size=0, output=1000)
    first = await limiter.enter(demand)
    second = asyncio.create_task(limiter.enter(demand))
    await settle()
    limiter.leave(first, "ok", Bill(3, 4))
    await asyncio.wait_for(second, 1)


def test_a_limiter_can_wait_in_one_event_loop_after_another() -> None:
    limiter = Limiter(pool=Pool(Rates(rpm=6000)))

    async def some() -> int:
        tickets = await asyncio.gather(*[limiter.enter() for _ in range(4)])
        for ticket in tickets:
            limiter.leave(ticket, "ok")
        return len(tickets)

    assert [asyncio.run(some()), asyncio.run(some())] == [4, 4]


def test_a_thousand_calls_at_once_are_reached_and_not_passed() -> None:
    state = Concurrency(20.0, 4, 1024)
    for _ in range(60_000):
        state.record("ok", 0)
    assert state.limit == 1024


def test_concurrency_stays_within_the_file_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda which: (64, 64))
    assert within_descriptors(20, 4, 100) == (16, 4, 16)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (20, 20))
    assert within_descriptors(20, 4, 100) == (1, 1, 1)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert within_descriptors(20, 4, 1024) == (20, 4, 1024)
