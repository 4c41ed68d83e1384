"""The faults on the way to the model, each injected by a real server; "row" is its number in the list."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from llm_extract import errors
from llm_extract.model.cache import Cache
from llm_extract.model.client import ModelClient
from llm_extract.model.limits import Limiter
from llm_extract.model.outcomes import LONGEST_WAIT, asked_wait
from llm_extract.model.retry import RetryPolicy
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import (
    RecordedRequest,
    Reply,
    answer,
    cut,
    drip,
    error,
    hang,
    raw,
    refusal,
    reset,
)
from tests.model.asking import KEY, QUICK, SOUND, Answer, client_of, endpoint, parse, request


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def limiter(self) -> Limiter:
        return Limiter(clock=self, sleep=self.sleep)


async def failure(server: ScriptedServer, **options: Any) -> errors.ExtractionError | errors.FatalError:
    """The error in which asking one request ends."""
    async with client_of(server, **options) as client:
        try:
            await client.answer(request(), parse)
        except (errors.ExtractionError, errors.FatalError) as error:
            return error
    raise AssertionError("the request was answered")


async def test_row_1_the_whole_pool_waits_as_long_as_retry_after_says(
    scripted_server: ScriptedServer,
) -> None:
    wait = 0.5
    refused_at: list[float] = []

    def respond(asked: RecordedRequest) -> Reply:
        if asked.number == 3:
            refused_at.append(time.monotonic())
            return error(429, "rate_limit_exceeded", headers={"Retry-After": str(wait)})
        return answer(SOUND, delay=0.1)

    scripted_server.respond = respond
    async with client_of(scripted_server, limiter=Limiter(start=4)) as client:
        answered = await asyncio.gather(*[client.answer(request(f"article {n}"), parse) for n in range(12)])

    assert len(answered) == 12
    assert sum(one.usage.calls for one in answered) == len(scripted_server.requests) == 13
    later = [one.arrived for one in scripted_server.requests[4:]]
    assert min(later) >= refused_at[0] + wait


async def test_row_2_a_long_wait_is_parked_with_its_end_logged(
    scripted_server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    scripted_server.reply(error(429, headers={"Retry-After": "600"}), answer(SOUND))
    async with client_of(scripted_server, limiter=clock.limiter()) as client:
        answered = await client.answer(request(), parse)
    assert sum(clock.slept) >= 600
    assert answered.usage.calls == 2
    assert "asks to wait 600 s: parked until" in caplog.text


async def test_row_2_a_long_wait_fails_at_once_by_option(scripted_server: ScriptedServer) -> None:
    clock = Clock()
    scripted_server.reply(error(429, headers={"Retry-After": "600"}))
    policy = QUICK.model_copy(update={"on_long_wait": "fail"})
    caught = await failure(scripted_server, limiter=clock.limiter(), policy=policy)
    assert type(caught) is errors.EndpointUnavailable
    assert "asks to wait 600 s" in str(caught)
    assert len(scripted_server.requests) == 1
    assert clock.slept == []


async def test_row_3_without_retry_after_calls_back_off_and_concurrency_falls(
    scripted_server: ScriptedServer,
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    limiter = Limiter(start=20)
    policy = RetryPolicy(attempts=6, initial_backoff_seconds=0.5, max_backoff_seconds=2.0)
    scripted_server.reply(*[error(429)] * 5, answer(SOUND))
    async with client_of(scripted_server, limiter=limiter, policy=policy, sleep=sleep) as client:
        await client.answer(request(), parse)
    assert len(slept) == 5
    assert all(0 <= wait <= bound for wait, bound in zip(slept, [0.5, 1, 2, 2, 2], strict=True))
    assert len(set(slept)) > 1
    assert limiter.concurrency.limit == pytest.approx(20 * 0.8)
    assert limiter.paused_until == 0.0


async def test_row_4_a_date_is_counted_from_the_servers_own_clock(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    an_hour_ago = time.time() - 3600
    headers = {
        "Date": formatdate(an_hour_ago, usegmt=True),
        "Retry-After": formatdate(an_hour_ago + 7, usegmt=True),
    }
    scripted_server.reply(error(503, headers=headers), answer(SOUND))
    async with client_of(scripted_server, limiter=clock.limiter()) as client:
        await client.answer(request(), parse)
    assert sum(clock.slept) == pytest.approx(7.0, abs=0.01)


def test_row_4_a_wait_is_never_negative_and_never_beyond_a_day() -> None:
    date = "Thu, 01 Oct 2026 12:00:00 GMT"
    assert asked_wait({"date": date, "retry-after": "Thu, 01 Oct 2026 11:00:00 GMT"}) == 0.0
    assert asked_wait({"date": date, "retry-after": "Fri, 01 Oct 2100 12:00:00 GMT"}) == LONGEST_WAIT
    assert asked_wait({"retry-after": "1e300"}) == LONGEST_WAIT
    assert asked_wait({"retry-after": "-5"}) == 0.0
    assert asked_wait({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    for nonsense in ("soon", "nan", "inf", "", "Thu, 99 Foo 2026"):
        assert asked_wait({"retry-after": nonsense}) is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (error(429, "insufficient_quota", message=f"no money left for {KEY}"), errors.QuotaExhausted),
        (error(402, message=f"Insufficient Balance of {KEY}"), errors.QuotaExhausted),
        (error(401, "invalid_api_key", message=f"Incorrect key: {KEY}"), errors.AuthenticationFailed),
        (error(403, message=f"{KEY} may not use this model"), errors.AuthenticationFailed),
        (error(404, "model_not_found", message=f"no such model for {KEY}"), errors.ModelUnavailable),
        (raw(404, b'{"error": "model \\"m\\" not found, try pulling it first"}'), errors.ModelUnavailable),
        (raw(301, b"", headers={"Location": "https://elsewhere.invalid/v1"}), errors.ModelUnavailable),
    ],
)
async def test_row_5_what_no_repetition_mends_is_fatal_after_one_call(
    scripted_server: ScriptedServer, reply: Reply, expected: type[errors.FatalError]
) -> None:
    scripted_server.reply(reply)
    caught = await failure(scripted_server)
    assert type(caught) is expected
    assert len(scripted_server.requests) == 1
    assert "test/scripted-model: " in str(caught)
    assert "check" in str(caught) or "top up" in str(caught)
    assert KEY not in repr(caught) + repr(caught.attempts)


async def test_row_6_a_revoked_key_stops_and_the_next_key_pays_for_nothing_twice(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    paid: list[str] = []

    def respond(asked: RecordedRequest) -> Reply:
        if asked.headers["authorization"] == "Bearer old-key-12345678" and len(paid) >= 3:
            return error(401, "invalid_api_key", message="revoked")
        paid.append(asked.body["messages"][-1]["content"])
        return answer(SOUND)

    scripted_server.respond = respond
    articles = [f"article {n}" for n in range(6)]
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache, key="old-key-12345678") as client:
            for article in articles[:3]:
                await client.answer(request(article), parse)
            with pytest.raises(errors.AuthenticationFailed, match="revoked"):
                await client.answer(request(articles[3]), parse)
        async with client_of(scripted_server, cache=cache, key="new-key-12345678") as client:
            answered = [await client.answer(request(article), parse) for article in articles]
    assert [one.cached for one in answered] == [True] * 3 + [False] * 3
    assert paid == articles


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 520, 529])
async def test_row_7_server_errors_are_tried_exactly_as_often_as_declared(
    scripted_server: ScriptedServer, status: int
) -> None:
    scripted_server.default = error(status, message="overloaded")
    limiter = Limiter()
    policy = QUICK.model_copy(update={"attempts": 4})
    caught = await failure(scripted_server, policy=policy, limiter=limiter)
    assert type(caught) is errors.EndpointUnavailable
    assert "overloaded" in str(caught)
    assert "after 4 calls" in str(caught)
    assert [one.status for one in caught.attempts] == [status] * 4
    assert len(scripted_server.requests) == 4
    assert limiter.concurrency.limit == 20.0


@pytest.mark.parametrize(
    "reply",
    [
        error(400, "context_length_exceeded", message="This model's maximum context length is 8192 tokens."),
        error(400, type="exceed_context_size_error", message="the request exceeds the available context size"),
        error(422, message="Prompt is too long: 9000 tokens"),
    ],
)
async def test_row_8_a_context_too_long_fails_this_article_after_one_call(
    scripted_server: ScriptedServer, reply: Reply
) -> None:
    scripted_server.reply(reply)
    caught = await failure(scripted_server)
    assert type(caught) is errors.ContextTooLong
    assert len(scripted_server.requests) == 1


@pytest.mark.parametrize("fault", [reset(), cut(0), cut(40), hang(0.0)])
async def test_row_9_a_lost_connection_is_tried_again(scripted_server: ScriptedServer, fault: Reply) -> None:
    scripted_server.reply(fault, answer(SOUND))
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), parse)
    assert answered.answer == Answer.model_validate(SOUND)
    assert [one.outcome for one in answered.attempts] == ["transient", "ok"]


async def test_row_9_a_refused_connection_is_tried_again() -> None:
    with ScriptedServer() as server:
        address = server.base_url
    async with client_of(address) as client:
        with pytest.raises(errors.EndpointUnavailable, match="no connection") as caught:
            await client.answer(request(), parse)
    assert len(caught.value.attempts) == 3


@pytest.mark.parametrize("fault", [hang(20), drip(30, answer(SOUND))])
async def test_row_10_a_call_has_a_deadline_in_all(scripted_server: ScriptedServer, fault: Reply) -> None:
    scripted_server.reply(fault, answer(SOUND))
    policy = QUICK.model_copy(update={"call_seconds": 0.3})
    began = time.monotonic()
    async with client_of(scripted_server, policy=policy) as client:
        answered = await client.answer(request(), parse)
    assert 0.3 <= time.monotonic() - began < 2
    assert "no whole response within 0.3 s" in answered.attempts[0].message


@pytest.mark.parametrize("fault", [hang(20), drip(30, answer(SOUND))])
async def test_row_10_an_answer_has_a_deadline_in_all(scripted_server: ScriptedServer, fault: Reply) -> None:
    scripted_server.default = fault
    policy = QUICK.model_copy(update={"attempts": 50, "call_seconds": 0.2, "deadline_seconds": 0.5})
    began = time.monotonic()
    caught = await failure(scripted_server, policy=policy)
    assert 0.5 <= time.monotonic() - began < 2
    assert type(caught) is errors.EndpointUnavailable
    assert "no answer within 0.5 s" in str(caught)
    assert len(caught.attempts) == len(scripted_server.requests) == 3
    assert caught.usage is not None
    assert caught.usage.calls == 3


async def test_row_10_a_wait_that_the_endpoint_ordered_does_not_use_up_the_deadline(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.reply(error(429, headers={"Retry-After": "0.6"}), answer(SOUND))
    policy = QUICK.model_copy(update={"deadline_seconds": 0.4})
    async with client_of(scripted_server, policy=policy) as client:
        answered = await client.answer(request(), parse)
    assert [one.status for one in answered.attempts] == [429, 200]
    assert answered.usage.seconds >= 0.6


NO_COMPLETIONS = [
    raw(200, b"<html><body>Gateway login</body></html>"),
    raw(200, b""),
    raw(200, b"null", "application/json"),
    raw(200, b'{"object": "chat.completion", "choices": []}', "application/json"),
    raw(200, b'{"choices": [{"finish_reason": "stop", "message": {"content": null}}]}', "application/json"),
    raw(200, b'{"choices": [{"finish_reason": "stop", "message": {"content": " "}}]}', "application/json"),
    raw(200, b'{"choices": [{"finish_reason": null, "message": {"content": "{}"}}]}', "application/json"),
]


@pytest.mark.parametrize("reply", NO_COMPLETIONS)
async def test_row_11_what_is_no_completion_is_an_error_and_never_an_empty_answer(
    scripted_server: ScriptedServer, reply: Reply, tmp_path: Path
) -> None:
    scripted_server.default = reply
    with Cache(tmp_path) as cache:
        caught = await failure(scripted_server, cache=cache)
        assert cache.stats().entries == 0
    assert type(caught) is errors.BadResponse
    assert [one.outcome for one in caught.attempts] == ["bad_response"] * 3


async def test_row_11_a_gateways_error_in_a_200_is_that_error(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(
        raw(200, b'{"error": {"code": 503, "message": "no provider is up"}}', "application/json"),
        answer(SOUND),
    )
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), parse)
    assert [one.outcome for one in answered.attempts] == ["transient", "ok"]


async def test_row_12_a_cut_answer_is_asked_for_once_with_twice_the_room(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.reply(answer(SOUND, finish_reason="length", output_tokens=4096), answer(SOUND))
    parsed: list[str] = []

    def remember(text: str) -> Answer:
        parsed.append(text)
        return parse(text)

    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), remember)
    assert [one.body["max_completion_tokens"] for one in scripted_server.requests] == [4096, 8192]
    assert len(parsed) == 1
    assert answered.usage.output_tokens == 4096 + 20


async def test_row_12_cut_twice_is_truncated_and_never_parsed_or_cached(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = answer(SOUND, finish_reason="length")

    def never(text: str) -> Any:
        raise AssertionError("a cut answer was parsed")

    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            with pytest.raises(errors.Truncated, match="max_output_tokens"):
                await client.answer(request(), never)
        assert cache.stats().entries == 0
    assert len(scripted_server.requests) == 2


async def test_row_12_no_room_to_grow_is_truncated(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(
        answer(SOUND, finish_reason="length"), error(400, "context_length_exceeded", message="too much")
    )
    assert type(await failure(scripted_server)) is errors.Truncated


@pytest.mark.parametrize(
    "reply",
    [
        answer(SOUND, finish_reason="content_filter"),
        error(400, "content_filter", message="The response was filtered by the content management policy."),
        error(403, message="Input was flagged by moderation"),
    ],
)
async def test_row_13_a_filtered_answer_is_not_taken_and_not_cached(
    scripted_server: ScriptedServer, reply: Reply, tmp_path: Path
) -> None:
    scripted_server.reply(reply)
    with Cache(tmp_path) as cache:
        caught = await failure(scripted_server, cache=cache)
        assert cache.stats().entries == 0
    assert type(caught) is errors.ContentFiltered
    assert len(scripted_server.requests) == 1


async def test_row_14_a_refusal_fails_after_one_call_and_keeps_its_reason(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.reply(refusal("I may not read about cranes."))
    with Cache(tmp_path) as cache:
        caught = await failure(scripted_server, cache=cache)
        assert cache.stats().entries == 0
    assert type(caught) is errors.Refused
    assert "I may not read about cranes." in str(caught)
    assert len(scripted_server.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        '```json\n{"contracts": []}\n```',
        '```\n{"contracts": []}\n```',
        'Here is what I found: {"contracts": []} I hope it helps.',
        '<think>a set {of} thoughts</think>\n{"contracts": []}',
    ],
)
async def test_row_15_an_unambiguous_wrapping_is_taken_off(scripted_server: ScriptedServer, content: str) -> None:
    scripted_server.reply(answer(content))
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), parse)
    assert answered.answer == Answer(contracts=[])
    assert answered.completion.content == content
    assert len(scripted_server.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        "There is no contract in this article.",
        '{"contracts": [',
        '{"contracts": []} {"contracts": []}',
        '```json\n{"contracts": []}\n```\nor\n```json\n{"contracts": []}\n```',
        '{"contracts": [{"buyer": "x", "amount": NaN}]}',
        '{"contracts": [{"buyer": "x", "amount": Infinity}]}',
        '{"contracts": [{"buyer": "x", "amount": 1e999}]}',
        '{"contracts": [], "contracts": []}',
        "[" * 100_000,
    ],
)
async def test_row_15_anything_else_is_asked_again_at_most_twice(scripted_server: ScriptedServer, content: str) -> None:
    scripted_server.default = answer(content)
    caught = await failure(scripted_server)
    assert type(caught) is errors.InvalidAnswer
    assert [one.outcome for one in caught.attempts] == ["invalid_answer"] * 3
    assert len(scripted_server.requests) == 3


@pytest.mark.parametrize(
    "content",
    [
        {"contracts": [{"buyer": "Port of Rye"}]},
        {"contracts": [], "comment": "none found"},
        {"contracts": [{"buyer": "Port of Rye", "amount": 1}] * 10_000},
        {"contracts": [{"buyer": 1, "price": 2}] * 10_000},
        [],
    ],
)
async def test_row_16_a_broken_schema_is_rejected_and_asked_again(
    scripted_server: ScriptedServer, content: Any
) -> None:
    scripted_server.reply(answer(content), answer(SOUND))
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), parse)
    assert [one.outcome for one in answered.attempts] == ["invalid_answer", "ok"]
    complaint = scripted_server.requests[1].body["messages"][-1]["content"]
    assert 20 < len(complaint) < 1600


async def test_row_17_an_answer_that_parse_finds_unsupported_is_asked_again_with_the_reason(
    scripted_server: ScriptedServer,
) -> None:
    def supported(text: str) -> Answer:
        given = parse(text)
        if given.contracts[0].amount != 12:
            raise ValueError("contracts.0.amount: the article does not contain 99")
        return given

    scripted_server.reply(answer({"contracts": [{"buyer": "Port of Rye", "amount": 99}]}), answer(SOUND))
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(), supported)
    assert answered.answer.contracts[0].amount == 12
    first, second = (one.body["messages"] for one in scripted_server.requests)
    assert second[:-1] == first
    assert second[-1]["role"] == "user"
    assert "the article does not contain 99" in second[-1]["content"]


async def test_row_18_another_model_is_warned_of_and_recorded(
    scripted_server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    scripted_server.default = answer(SOUND, model="cheaper-model")
    async with client_of(scripted_server) as client:
        first = await client.answer(request(), parse)
        await client.answer(request("another"), parse)
    assert first.completion.model == "cheaper-model"
    assert "'scripted-model' was asked and 'cheaper-model' answered" in first.attempts[0].message
    assert caplog.text.count("cheaper-model") == 1


async def test_row_18_another_model_is_fatal_by_setting(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    """Its answer is kept, since it was paid for: it is given where other models are allowed, and only there."""
    scripted_server.default = answer(SOUND, model="cheaper-model")
    policy = QUICK.model_copy(update={"on_model_mismatch": "fail"})
    with Cache(tmp_path) as cache:
        for calls in (1, 2):
            caught = await failure(scripted_server, policy=policy, cache=cache)
            assert type(caught) is errors.ModelMismatch
            assert len(caught.attempts) == 1
            assert len(scripted_server.requests) == calls
        async with client_of(scripted_server, cache=cache) as client:
            assert (await client.answer(request(), parse)).cached
        scripted_server.default = answer(SOUND)
        async with client_of(scripted_server, cache=cache, policy=policy) as client:
            assert [(await client.answer(request(), parse)).cached for _ in range(2)] == [False, True]
    assert len(scripted_server.requests) == 3


async def test_row_19_an_answer_that_never_validates_costs_three_calls_of_bounded_size(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.default = answer({"contracts": [{"wrong": "x" * 5000}] * 30})
    caught = await failure(scripted_server)
    assert type(caught) is errors.InvalidAnswer
    assert len(scripted_server.requests) == 3
    lengths = [len(one.body["messages"]) for one in scripted_server.requests]
    sizes = [len(one.content) for one in scripted_server.requests]
    assert lengths == [2, 3, 3]
    assert sizes[1] == sizes[2] < sizes[0] + 1600
    assert caught.usage is not None
    assert (caught.usage.calls, caught.usage.input_tokens) == (3, 300)


def everything_raised(error: BaseException) -> str:
    """The text of an exception, of all that it was raised from or during, and of what it holds."""
    told, seen = "", set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        told += "".join(traceback.format_exception(one)) + repr(one) + repr(vars(one))
        waiting += [one.__cause__, one.__context__]
    return told


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING])
async def test_row_45_the_key_is_in_no_log_exception_attempt_or_cache(
    scripted_server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    caplog.set_level(level)  # the root's: whatever is below logs through it too
    leaky = f"key {KEY} (Bearer {KEY}) is not good"
    told = ""
    with Cache(tmp_path) as cache:
        for reply in (
            error(401, message=leaky),
            error(400, message=leaky),
            error(500, message=leaky),
            raw(200, leaky.encode()),
            raw(400, leaky.encode()),
            reset(),
            cut(3),
            refusal(leaky),
            answer({"contracts": leaky}),
            answer(SOUND, model=f"model of {KEY}"),
        ):
            scripted_server.default = reply
            policy = QUICK.model_copy(update={"attempts": 2, "on_model_mismatch": "fail"})
            caught = await failure(scripted_server, cache=cache, policy=policy)
            told += everything_raised(caught)
        scripted_server.default = answer(SOUND)
        async with client_of(scripted_server, cache=cache) as client:
            told += repr(await client.answer(request("sound"), parse)) + repr(client.endpoint) + repr(vars(client))
    logged = "".join(record.getMessage() + str(record.exc_text) for record in caplog.records) + caplog.text
    assert "test/scripted-model" in told
    assert ("authentication_failed" in logged) is (level == logging.DEBUG)
    assert KEY not in told
    assert KEY not in logged
    kept = b"".join(path.read_bytes() for path in files_below(tmp_path))
    assert b"Port of Rye" in kept
    assert KEY.encode() not in kept


async def test_row_45_an_error_shows_no_key_that_a_header_repeats(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(raw(307, b"", headers={"Location": f"https://elsewhere.invalid/{KEY}"}))
    told = everything_raised(await failure(scripted_server))
    assert "it redirects to https://elsewhere.invalid/***" in told
    assert KEY not in told


@pytest.mark.parametrize("key", ["sk-first\nsk-second", "sk-with space", "sk-\u201cquoted\u201d", "sk-\x00"])
def test_row_45_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(errors.AuthenticationFailed) as caught:
        ModelClient(endpoint("http://127.0.0.1:9/v1", key=key))
    assert key not in everything_raised(caught.value)


async def test_row_45_the_environments_keys_go_to_no_other_endpoint(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, f"secret-of-{name}")
    scripted_server.reply(answer(SOUND))
    async with client_of(scripted_server, key=None) as client:
        await client.answer(request(), parse)
    sent = scripted_server.requests[0].headers
    assert "authorization" not in sent
    assert "secret-of" not in repr(sent)


async def test_an_answer_that_was_cancelled_frees_its_slot(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(hang(20), answer(SOUND))
    limiter = Limiter(start=1, minimum=1)
    async with client_of(scripted_server, limiter=limiter) as client:
        task = asyncio.create_task(client.answer(request(), parse))
        await until(lambda: bool(scripted_server.requests))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert limiter.in_flight == 0
        assert (await client.answer(request(), parse)).usage.calls == 1


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")
