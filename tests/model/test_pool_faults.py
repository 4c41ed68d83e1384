"""The faults on the way to the model, for 32 articles at once; "row" is the fault's number in the list.

Each is injected by a real server. What is counted is what arrived there: no call more than the fault demands,
no article lost, and none overtaken by all the others.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from llm_extract import errors
from llm_extract.model.cache import Cache
from llm_extract.model.client import ModelClient
from llm_extract.model.limits import Breaker, Limiter, Pool
from llm_extract.model.models import NamedModel, resolve_model
from llm_extract.model.rates import Budget, Rates
from llm_extract.model.types import Answered, Sampling
from llm_extract.settings import load_settings
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, answer, cut, drip, error, hang, raw, reset
from tests.model.asking import KEY, QUICK, SOUND, client_of, endpoint, parse, request

POOL = 32
"""Articles that are asked about at once."""
SLOW = 0.05
"""Seconds that a sound answer takes."""


def quick_breaker(**options: Any) -> Pool:
    return Pool(breaker=Breaker(**{"cool_down": 0.02, "longest_cool_down": 0.04} | options))


def article_of(asked: RecordedRequest) -> int:
    return int(asked.body["messages"][1]["content"].split()[1])


async def ask_all(client: ModelClient | NamedModel, **fields: Any) -> list[Answered | BaseException]:
    """What came of all articles of the pool, asked at once."""
    asked = [client.answer(request(f"article {number}", **fields), parse) for number in range(POOL)]
    return await asyncio.gather(*asked, return_exceptions=True)


def calls_of(server: ScriptedServer) -> Counter[int]:
    """Calls that arrived, by article."""
    return Counter(map(article_of, server.requests))


def all_answered(results: list[Answered | BaseException]) -> int:
    """The calls that the answers account for, of which none may be lacking."""
    failed = [one for one in results if isinstance(one, BaseException)]
    assert failed == []
    assert len(results) == POOL
    return sum(one.usage.calls for one in results if isinstance(one, Answered))


def in_order(server: ScriptedServer, at_once: int) -> bool:
    """Whether no article was first asked about later than all that were under way at once allow for."""
    first = list(dict.fromkeys(map(article_of, server.requests)))
    return all(abs(place - number) <= at_once for place, number in enumerate(first))


class FirstCalls:
    """Answers the first calls of some articles with a fault, and all others soundly."""

    def __init__(self, fault: Callable[[int], Reply], articles: range, times: int = 1) -> None:
        self.fault = fault
        self.articles = articles
        self.times = times
        self.seen: Counter[int] = Counter()

    def __call__(self, asked: RecordedRequest) -> Reply:
        article = article_of(asked)
        self.seen[article] += 1
        if article in self.articles and self.seen[article] <= self.times:
            return self.fault(article)
        return answer(SOUND, delay=SLOW)


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


# --- rows 1 to 4: told to wait --------------------------------------------------------------------


@pytest.mark.parametrize("refused", [1, 8])
async def test_row_1_the_whole_pool_waits_as_long_as_retry_after_says(
    scripted_server: ScriptedServer, refused: int
) -> None:
    wait = 0.6
    told: list[float] = []

    def fault(article: int) -> Reply:
        told.append(time.monotonic())
        return error(429, headers={"Retry-After": str(wait)})

    scripted_server.respond = FirstCalls(fault, range(8, 8 + refused))
    async with client_of(scripted_server, limiter=Limiter(start=8)) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + refused
    # Those that were on their way when the word came are let be; a twentieth of a second is plenty for that.
    arrived = [one.arrived for one in scripted_server.requests]
    assert not [one for one in arrived if told[-1] + 0.05 < one < told[-1] + wait]
    assert in_order(scripted_server, 8 + refused)


async def test_row_2_a_long_wait_is_parked_by_all_or_fails_by_option(scripted_server: ScriptedServer) -> None:
    long = error(429, headers={"Retry-After": "600"})
    scripted_server.respond = FirstCalls(lambda article: long, range(5))
    clock = Clock()
    async with client_of(scripted_server, limiter=Limiter(clock=clock, sleep=clock.sleep)) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + 5
    assert clock.now >= 1600

    scripted_server.respond = FirstCalls(lambda article: long, range(5))
    async with client_of(scripted_server, policy=QUICK.model_copy(update={"on_long_wait": "fail"})) as client:
        results = await ask_all(client)
    assert [type(one) for one in results] == [errors.EndpointUnavailable] * 5 + [Answered] * (POOL - 5)
    assert len(scripted_server.requests) == POOL + 5 + POOL


async def test_row_3_without_retry_after_calls_back_off_and_concurrency_falls(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.respond = FirstCalls(lambda article: error(429), range(12), times=2)
    limiter = Limiter(start=20)
    async with client_of(scripted_server, limiter=limiter) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + 24
    assert limiter.concurrency.limit < 20
    assert limiter.concurrency.epoch >= 1
    assert limiter.in_flight == 0


@pytest.mark.parametrize("code", ["429", '"429"'])
async def test_row_3_a_429_in_a_200_lowers_concurrency_as_any_and_is_no_outage(
    scripted_server: ScriptedServer, code: str
) -> None:
    scripted_server.default = raw(200, f'{{"error": {{"code": {code}}}}}'.encode(), "application/json")
    limiter = Limiter(start=20, pool=quick_breaker(outage=0.3))
    policy = QUICK.model_copy(update={"attempts": 1})
    async with client_of(scripted_server, limiter=limiter, policy=policy) as client:
        results = await ask_all(client)
    assert [type(one) for one in results] == [errors.EndpointUnavailable] * POOL
    assert limiter.concurrency.limit < 20
    assert limiter.pool.breaker.opened is None


async def test_row_4_a_date_is_counted_from_the_servers_own_clock(scripted_server: ScriptedServer) -> None:
    an_hour_ago = time.time() - 3600
    headers = {"Date": formatdate(an_hour_ago, usegmt=True), "Retry-After": formatdate(an_hour_ago + 7, usegmt=True)}
    scripted_server.respond = FirstCalls(lambda article: error(429, headers=headers), range(3))
    clock = Clock()
    async with client_of(scripted_server, limiter=Limiter(clock=clock, sleep=clock.sleep)) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + 3
    assert 1007 <= clock.now < 1030


# --- rows 5 and 6: nothing can succeed ------------------------------------------------------------


async def until_fatal(client: ModelClient) -> list[errors.FatalError]:
    """Ask about all articles as a run does: the first fatal error stops the rest."""
    fatal: list[errors.FatalError] = []
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(POOL):
                group.create_task(client.answer(request(f"article {number}"), parse))
    except* errors.FatalError as caught:
        fatal = [one for one in caught.exceptions if isinstance(one, errors.FatalError)]
    return fatal


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(429, "insufficient_quota", message=f"no money left for {KEY}"), errors.QuotaExhausted),
        (error(401, "invalid_api_key", message=f"Incorrect key: {KEY}"), errors.AuthenticationFailed),
        (error(403, message=f"{KEY} may not use this model"), errors.AuthenticationFailed),
        (error(404, "model_not_found", message=f"no such model for {KEY}"), errors.ModelUnavailable),
    ],
)
async def test_row_5_what_no_repetition_mends_costs_each_article_in_flight_one_call(
    scripted_server: ScriptedServer, reply: Reply, expected: type[errors.FatalError]
) -> None:
    scripted_server.default = reply
    async with client_of(scripted_server, limiter=Limiter(4, 1, 4)) as client:
        fatal = await until_fatal(client)
    assert {type(one) for one in fatal} == {expected}
    assert all(len(one.attempts) == 1 for one in fatal)
    assert KEY not in repr(fatal)
    assert set(calls_of(scripted_server).values()) == {1}
    assert len(scripted_server.requests) <= 8, "calls went on after the first one had failed for good"


async def test_row_6_a_revoked_key_stops_the_pool_and_the_next_key_pays_for_nothing_twice(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    paid: list[int] = []

    def respond(asked: RecordedRequest) -> Reply:
        if asked.headers["authorization"] == "Bearer old-key-12345678" and len(paid) >= 10:
            return error(401, "invalid_api_key", message="revoked")
        paid.append(article_of(asked))
        return answer(SOUND)

    scripted_server.respond = respond
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, key="old-key-12345678", cache=cache, limiter=Limiter(4, 1, 4)) as client:
            assert {type(one) for one in await until_fatal(client)} == {errors.AuthenticationFailed}
        assert len(scripted_server.requests) <= 10 + 8
        async with client_of(scripted_server, key="new-key-12345678", cache=cache) as client:
            results = await ask_all(client)
    all_answered(results)
    # An answer that was on its way when the pool stopped may be paid for again; here they came at once.
    assert len(paid) <= POOL + 4
    assert set(paid) == set(range(POOL))


# --- rows 7 to 10: the endpoint fails -------------------------------------------------------------


async def test_row_7_server_errors_are_tried_exactly_as_often_as_declared(scripted_server: ScriptedServer) -> None:
    statuses = [500, 502, 503, 529]
    scripted_server.respond = FirstCalls(lambda article: error(statuses[article % 4]), range(POOL), times=2)
    limiter = Limiter(start=20, pool=quick_breaker())
    async with client_of(scripted_server, limiter=limiter) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == 3 * POOL
    assert set(calls_of(scripted_server).values()) == {3}
    assert limiter.pool.breaker.opened is None


async def test_row_7_articles_that_always_fail_harm_no_other(scripted_server: ScriptedServer) -> None:
    scripted_server.respond = FirstCalls(lambda article: error(503), range(10, 13), times=99)
    async with client_of(scripted_server, limiter=Limiter(start=8)) as client:
        results = await ask_all(client)
    expected: list[type] = [Answered] * POOL
    expected[10:13] = [errors.EndpointUnavailable] * 3
    assert [type(one) for one in results] == expected
    assert calls_of(scripted_server) == {number: 3 if 10 <= number < 13 else 1 for number in range(POOL)}


async def test_row_8_contexts_that_are_too_long_fail_their_own_articles_only(scripted_server: ScriptedServer) -> None:
    too_long = error(400, "context_length_exceeded", message="maximum context length is 8192 tokens")
    scripted_server.respond = FirstCalls(lambda article: too_long, range(16), times=99)
    async with client_of(scripted_server) as client:
        results = await ask_all(client)
    assert [type(one) for one in results] == [errors.ContextTooLong] * 16 + [Answered] * 16
    assert set(calls_of(scripted_server).values()) == {1}


@pytest.mark.parametrize("fault", [reset(), cut(40, answer(SOUND))], ids=["reset", "cut"])
async def test_row_9_lost_connections_are_made_again(scripted_server: ScriptedServer, fault: Reply) -> None:
    scripted_server.respond = FirstCalls(lambda article: fault, range(0, POOL, 2))
    async with client_of(scripted_server, limiter=Limiter(start=16, pool=quick_breaker())) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + POOL // 2


async def test_row_9_a_server_that_refuses_for_a_while_costs_no_article() -> None:
    server = ScriptedServer(answer(SOUND, delay=SLOW))
    with server:
        pass  # now it has an address, and nobody listens there
    pool = quick_breaker()
    policy = QUICK.model_copy(update={"attempts": 6})
    async with client_of(server, limiter=Limiter(start=16, pool=pool), policy=policy) as client:
        asking = asyncio.create_task(ask_all(client))
        await asyncio.sleep(0.5)
        assert pool.breaker.opened is not None
        with server:
            results = await asking
    assert all_answered(results) > POOL
    assert len(server.requests) == POOL
    assert server.most_in_flight > 1


@pytest.mark.parametrize("fault", [hang(20), drip(5, answer(SOUND))], ids=["hang", "drip"])
async def test_row_10_calls_that_hang_are_given_up_as_a_whole_and_made_again(
    scripted_server: ScriptedServer, fault: Reply
) -> None:
    scripted_server.respond = FirstCalls(lambda article: fault, range(4, 9))
    policy = QUICK.model_copy(update={"call_seconds": 0.5})
    began = time.monotonic()
    async with client_of(scripted_server, limiter=Limiter(start=8), policy=policy) as client:
        results = await ask_all(client)
    assert all_answered(results) == len(scripted_server.requests) == POOL + 5
    assert time.monotonic() - began < 5
    assert in_order(scripted_server, 8 + 5)


# --- the circuit breaker, the budget, the rates ---------------------------------------------------


async def test_an_outage_ends_the_pool_with_few_calls(scripted_server: ScriptedServer) -> None:
    scripted_server.default = error(503, message=f"down for maintenance, {KEY}")
    limiter = Limiter(start=8, pool=quick_breaker(outage=0.3))
    policy = QUICK.model_copy(update={"attempts": 6})
    async with client_of(scripted_server, limiter=limiter, policy=policy) as client:
        results = await ask_all(client)
        assert {type(one) for one in results} == {errors.EndpointDown}
        assert len(scripted_server.requests) < 8 + 10 + 0.3 / 0.02 + 2
        told = str(results[-1])
        assert told.startswith("test/scripted-model: the endpoint has failed for ")
        assert "down for maintenance" in told
        assert KEY not in told
        spent = sum(len(one.attempts) for one in results if isinstance(one, errors.EndpointDown))
        assert spent == len(scripted_server.requests)

        scripted_server.default = answer(SOUND)
        await asyncio.sleep(0.05)
        assert (await client.answer(request("article 0"), parse)).usage.calls == 1
        all_answered(await ask_all(client))


def price(model: str, tokens: int, cached: int, output: int) -> Decimal:
    """A dollar a thousand tokens."""
    return Decimal(tokens + output) / 1000


async def test_a_budget_of_money_is_used_and_never_passed(scripted_server: ScriptedServer) -> None:
    scripted_server.respond = FirstCalls(lambda article: error(500), range(0, POOL, 5))
    budget = Budget("2.40")
    async with client_of(scripted_server, limiter=Limiter(pool=Pool(budget=budget)), price=price) as client:
        results = await ask_all(client, sampling=Sampling(max_output_tokens=100))
    answered = [one for one in results if isinstance(one, Answered)]
    reached = [one for one in results if isinstance(one, errors.BudgetReached)]
    assert len(answered) + len(reached) == POOL
    assert sum((one.usage.cost_usd or Decimal(0)) for one in answered) == budget.spent_cost <= Decimal("2.40")
    # An answer costs $0.12, a call at most about $0.60: no more than that may be left.
    assert budget.spent_cost >= Decimal("2.40") - Decimal("0.70")
    assert f"the budget of $2.40 is reached: ${budget.spent_cost} spent; nothing more is asked" in str(reached[-1])


async def test_a_budget_of_tokens_counts_calls_whose_answer_was_lost(scripted_server: ScriptedServer) -> None:
    scripted_server.respond = FirstCalls(lambda article: reset(), range(1))
    budget = Budget(max_tokens=10**6)
    async with client_of(scripted_server, limiter=Limiter(pool=Pool(budget=budget))) as client:
        await client.answer(request("article 0"), parse)
        size = len(scripted_server.requests[0].content)
    assert budget.spent_tokens == (size + Sampling().max_output_tokens) + 120


async def test_a_budget_of_money_without_a_price_is_refused_before_the_first_call(
    scripted_server: ScriptedServer,
) -> None:
    limiter = Limiter(pool=Pool(budget=Budget(20)))
    for unknown in (None, lambda *tokens: None):
        with pytest.raises(errors.SettingsError, match="price of 'test/scripted-model' is not known"):
            ModelClient(endpoint(scripted_server), limiter=limiter, price=unknown)
    free = endpoint(scripted_server).model_copy(update={"local": True})
    assert ModelClient(free, limiter=limiter).limiter is limiter
    assert scripted_server.requests == []


async def test_settings_reach_the_pool_of_a_named_model(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    chosen = {"base_url": scripted_server.base_url, "api_key": KEY, "cache": False}
    settings = load_settings(**chosen, rpm=50_000, tpm=10**9, max_tokens=3 * 5000, outage=9)
    pool = settings.pool()
    assert (pool.rates.requests.per_minute, pool.rates.tokens.per_minute, pool.breaker.outage) == (50_000, 10**9, 9)
    model = resolve_model("openai/gpt-test", settings, pool)
    assert isinstance(model, NamedModel)
    results = await ask_all(model)
    await model.aclose()
    kinds = Counter(type(one) for one in results)
    assert set(kinds) <= {Answered, errors.BudgetReached}
    assert kinds[Answered] == len(scripted_server.requests) == POOL
    assert pool.budget is not None
    assert pool.budget.spent_tokens == 120 * len(scripted_server.requests) <= 15_000

    assert load_settings(**chosen).pool().budget is None
    with pytest.raises(errors.SettingsError, match="price of 'openai/no-such' is not known"):
        await resolve_model("openai/no-such", load_settings(**chosen, max_cost="0.5")).answer(request(), parse)


@pytest.mark.parametrize("learned", [False, True])
async def test_requests_are_spread_evenly_over_the_minute(scripted_server: ScriptedServer, learned: bool) -> None:
    headers = {"x-ratelimit-limit-requests": "1800", "x-ratelimit-remaining-requests": "0"} if learned else {}
    scripted_server.default = answer(SOUND, headers=headers)
    pool = Pool(Rates(rpm=None if learned else 1800))
    async with client_of(scripted_server, limiter=Limiter(pool=pool)) as client:
        await client.answer(request("article 0"), parse)
        results = await ask_all(client)
    all_answered(results)
    arrived = [one.arrived for one in scripted_server.requests[1:]]
    assert POOL * 0.9 / 30 <= arrived[-1] - arrived[0] <= POOL * 1.2 / 30
    assert max(sum(start <= one < start + 0.5 for one in arrived) for start in arrived) <= 15 + 3
    assert in_order(scripted_server, 3)


async def test_tokens_are_spread_evenly_and_the_estimate_learns(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND, input_tokens=400, output_tokens=100, delay=SLOW)
    pool = Pool(Rates(tpm=60_000 * 20))
    async with client_of(scripted_server, limiter=Limiter(pool=pool)) as client:
        await client.answer(request("article 0"), parse)
        results = await ask_all(client)
    all_answered(results)
    arrived = [one.arrived for one in scripted_server.requests[1:]]
    even = POOL * 500 / 20_000
    assert even * 0.8 <= arrived[-1] - arrived[0] <= even * 1.4


async def test_hundreds_of_calls_at_once_have_a_socket_each(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND, delay=1.0)
    start, minimum, maximum = load_settings(concurrency_start=256, concurrency_maximum=1024).concurrency()
    async with client_of(scripted_server, limiter=Limiter(start, minimum, maximum)) as client:
        asked = [client.answer(request(f"article {number}"), parse) for number in range(300)]
        assert len(await asyncio.gather(*asked)) == 300
    assert scripted_server.most_in_flight >= 256
    assert scripted_server.most_connections <= 1024
    with pytest.raises(errors.SettingsError, match="from 1 to 1024"):
        load_settings(concurrency_maximum=1025)
