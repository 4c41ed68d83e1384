"""The client over a real server: answers, modes, the cache, usage, and where calls may go."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_extract import errors
from llm_extract.model.cache import Cache
from llm_extract.model.client import ModelClient, request_key
from llm_extract.model.limits import Limiter
from llm_extract.model.types import Answered, Capabilities, Model
from llm_extract.testing import ScriptedServer, forbid_live_calls
from llm_extract.testing.server import RecordedRequest, Reply, answer, error, raw
from tests.model.asking import KEY, QUICK, SOUND, Answer, endpoint, parse, request


@asynccontextmanager
async def client_of(server: ScriptedServer | str, **options: Any) -> AsyncIterator[ModelClient]:
    kept: dict[str, Any] = {"policy": QUICK}
    kept |= {name: options.pop(name) for name in ("cache", "policy", "limiter", "price") if name in options}
    client = ModelClient(endpoint(server, **options), **kept)
    try:
        yield client
    finally:
        await client.aclose()


async def test_an_answer_comes_with_how_it_came_and_what_it_cost(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(answer(SOUND, input_tokens=1000, output_tokens=50, cached_input_tokens=600))

    def price(model: str, tokens: int, cached: int, output: int) -> Decimal:
        assert model == "scripted-model"
        return Decimal(tokens - cached) + Decimal(cached) / 10 + 5 * Decimal(output)

    async with client_of(scripted_server, price=price) as client:
        typed: Model = client
        answered = await typed.answer(request(), parse)
    assert answered.answer == Answer.model_validate(SOUND)
    assert answered.completion.content == json.dumps(SOUND)
    assert answered.completion.finish_reason == "stop"
    assert answered.completion.request_id == "request-0"
    assert not answered.cached
    assert [(one.outcome, one.status) for one in answered.attempts] == [("ok", 200)]
    usage = answered.usage
    assert (usage.calls, usage.cached_calls, usage.input_tokens, usage.output_tokens) == (1, 0, 1000, 50)
    assert usage.cached_input_tokens == 600
    assert usage.cost_usd == 400 + 60 + 250
    assert usage.seconds > 0
    assert scripted_server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert scripted_server.requests[0].path == "/v1/chat/completions"


async def test_failed_attempts_are_paid_for_too(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(error(500), answer({"wrong": 1}), answer(SOUND, finish_reason="length"), answer(SOUND))
    async with client_of(scripted_server, price=lambda *tokens: Decimal("0.5")) as client:
        answered = await client.answer(request(), parse)
    assert [one.outcome for one in answered.attempts] == ["transient", "invalid_answer", "truncated", "ok"]
    assert (answered.usage.calls, answered.usage.input_tokens) == (4, 300)
    assert answered.usage.cost_usd == Decimal("1.5")


async def test_no_price_is_no_cost_of_zero_but_a_local_model_costs_nothing(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.default = answer(SOUND)
    async with client_of(scripted_server) as client:
        assert (await client.answer(request(), parse)).usage.cost_usd is None
    local = ModelClient(endpoint(scripted_server).model_copy(update={"local": True}))
    assert (await local.answer(request(), parse)).usage.cost_usd == 0
    await local.aclose()


# --- modes ----------------------------------------------------------------------------------------


def mode_of(asked: RecordedRequest) -> str:
    if "tools" in asked.body:
        return "tools"
    return str(asked.body["response_format"]["type"])


async def test_a_rejected_mode_is_stepped_down_from_and_not_tried_again(
    scripted_server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    def respond(asked: RecordedRequest) -> Reply:
        mode = mode_of(asked)
        if mode == "json_schema":
            return error(400, message="'response_format' of type 'json_schema' is not supported by this model")
        if mode == "tools":
            return error(400, message="this model does not support tools")
        return answer(SOUND)

    scripted_server.respond = respond
    async with client_of(scripted_server) as client:
        first = await client.answer(request(), parse)
        second = await client.answer(request("another"), parse)
    assert [one.outcome for one in first.attempts] == ["unsupported", "unsupported", "ok"]
    assert [one.outcome for one in second.attempts] == ["ok"]
    assert [mode_of(one) for one in scripted_server.requests] == [
        "json_schema",
        "tools",
        "json_object",
        "json_object",
    ]
    assert caplog.text.count("rejected a mode setting") == 2


async def test_an_endpoint_that_takes_no_grammar_is_asked_by_schema(scripted_server: ScriptedServer) -> None:
    def respond(asked: RecordedRequest) -> Reply:
        if "structured_outputs" in asked.body:
            return error(400, message="extra_forbidden: structured_outputs.grammar")
        return answer(SOUND)

    scripted_server.respond = respond
    async with client_of(scripted_server, grammar="vllm") as client:
        first = await client.answer(request(grammar="%llguidance {}\nstart: /x/"), parse)
        second = await client.answer(request("another", grammar="%llguidance {}\nstart: /y/"), parse)
    assert [one.outcome for one in (*first.attempts, *second.attempts)] == ["unsupported", "ok", "ok"]
    assert [mode_of(one) for one in scripted_server.requests[1:]] == ["json_schema", "json_schema"]


async def test_many_at_once_step_down_once(scripted_server: ScriptedServer) -> None:
    def respond(asked: RecordedRequest) -> Reply:
        if mode_of(asked) == "json_schema":
            return error(400, message="response_format is not supported", delay=0.05)
        return answer(SOUND)

    scripted_server.respond = respond
    async with client_of(scripted_server) as client:
        answered = await asyncio.gather(*[client.answer(request(f"article {n}"), parse) for n in range(8)])
    assert {tuple(one.outcome for one in each.attempts) for each in answered} == {("unsupported", "ok")}
    assert {mode_of(one) for one in scripted_server.requests} == {"json_schema", "tools"}


async def test_an_endpoint_that_rejects_every_mode_rejects_the_request(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.default = error(400, message="response_format is not supported")
    async with client_of(scripted_server) as client:
        with pytest.raises(errors.RequestRejected, match="capabilities") as caught:
            await client.answer(request(), parse)
    assert len(caught.value.attempts) == 3


async def test_an_answer_as_a_tool_call_is_the_same_answer(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(answer(SOUND))
    async with client_of(scripted_server, modes=("tools",)) as client:
        answered = await client.answer(request(), parse)
    assert answered.answer == Answer.model_validate(SOUND)
    assert answered.completion.finish_reason == "tool_calls"


async def test_two_tool_calls_are_two_answers_and_asked_again(scripted_server: ScriptedServer) -> None:
    call = {"type": "function", "function": {"name": "tiny", "arguments": json.dumps(SOUND)}}
    choice = {"finish_reason": "tool_calls", "message": {"tool_calls": [call, call]}}
    scripted_server.reply(raw(200, json.dumps({"choices": [choice]}).encode(), "application/json"), answer(SOUND))
    async with client_of(scripted_server, modes=("tools",)) as client:
        answered = await client.answer(request(), parse)
    assert [one.outcome for one in answered.attempts] == ["invalid_answer", "ok"]


@pytest.mark.parametrize(
    ("message", "param", "absent", "present"),
    [
        ("Unsupported value: 'temperature' does not support 0", "temperature", "temperature", "messages"),
        (
            "Unsupported parameter: 'max_completion_tokens' is not supported here",
            "max_completion_tokens",
            "max_completion_tokens",
            "max_tokens",
        ),
    ],
)
async def test_a_rejected_parameter_is_done_without_from_then_on(
    scripted_server: ScriptedServer, message: str, param: str, absent: str, present: str
) -> None:
    def respond(asked: RecordedRequest) -> Reply:
        if absent in asked.body:
            body = {"error": {"message": message, "param": param, "code": "unsupported"}}
            return raw(400, json.dumps(body).encode(), "application/json")
        return answer(SOUND)

    scripted_server.respond = respond
    async with client_of(scripted_server) as client:
        await client.answer(request(), parse)
        await client.answer(request("another"), parse)
    assert len(scripted_server.requests) == 3
    assert present in scripted_server.requests[-1].body


async def test_a_grammar_takes_the_place_of_the_schema_where_the_endpoint_takes_one(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.default = answer(SOUND)
    asked = request(grammar="start: /a/")
    async with client_of(scripted_server, grammar="llama_cpp") as client:
        await client.answer(asked, parse)
    async with client_of(scripted_server) as client:
        await client.answer(asked, parse)
    first, second = (one.body for one in scripted_server.requests)
    assert "grammar" in first
    assert "response_format" not in first
    assert "grammar" not in second
    assert "response_format" in second


async def test_a_prompt_is_a_plain_completion_and_its_words_go_to_parse_as_they_are(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.reply(answer("  twelve million  "))
    async with client_of(scripted_server) as client:
        answered = await client.answer(request(messages=(), prompt="Sum:", response_schema=None), str.upper)
    assert answered.answer == "  TWELVE MILLION  "
    assert scripted_server.requests[0].path == "/v1/completions"
    assert scripted_server.requests[0].body["prompt"] == "Sum:"


# --- the cache ------------------------------------------------------------------------------------


WITHOUT_PAIRS = json.dumps(
    {"content": "{}", "finish_reason": "stop", "model": "scripted-model", "input_tokens": 1, "output_tokens": 1,
     "tokens": [1]}
)  # fmt: skip


async def ask_once(server: ScriptedServer, cache: Cache, **options: Any) -> Answered:
    async with client_of(server, cache=cache, **options) as client:
        return await client.answer(request(), parse)


async def test_a_second_run_is_answered_from_the_cache_at_no_cost(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = answer(SOUND, model="scripted-model-2026-01-01")
    with Cache(tmp_path) as cache:
        first = await ask_once(scripted_server, cache)
        second = await ask_once(scripted_server, cache)
    assert len(scripted_server.requests) == 1
    assert second.cached
    assert (second.answer, second.completion) == (first.answer, first.completion)
    assert (second.usage.calls, second.usage.cached_calls) == (0, 1)
    assert second.usage.cost_usd == 0
    assert second.attempts == ()


async def test_what_is_not_to_be_replayed_is_asked_and_its_answer_kept(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    other = {"contracts": [{"buyer": "Port of Rye", "amount": 13}]}
    scripted_server.reply(answer(SOUND), answer(other))
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            await client.answer(request(), parse)
            asked = await client.answer(request()._replace(replay=False), parse)
            again = await client.answer(request(), parse)
    assert (asked.cached, again.cached, len(scripted_server.requests)) == (False, True, 2)
    assert again.answer == asked.answer
    assert again.answer.contracts[0].amount == 13


async def test_a_line_s_probabilities_are_kept_with_it(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    tokens = [{"token": " Port", "logprob": -0.25}, {"token": " of Rye", "logprob": -1.5}]
    tokens[0] |= {"top_logprobs": [{"token": " Port", "logprob": -0.25}, {"token": " none", "logprob": -2}]}
    choice = {"index": 0, "text": " Port of Rye", "finish_reason": "stop", "logprobs": {"content": tokens}}
    told = {"object": "text_completion", "model": "scripted-model", "choices": [choice]}
    scripted_server.default = raw(200, json.dumps(told).encode(), "application/json")
    line = request(messages=(), prompt="Buyer:", response_schema=None, logprobs=True)
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            first, second = [await client.answer(line, str.strip) for _ in range(2)]
            plain = await client.answer(line._replace(logprobs=False), str.strip)
    assert scripted_server.requests[0].body["logprobs"] == 10
    assert first.completion.tokens == ((" Port", -0.25), (" of Rye", -1.5))
    assert first.completion.beginnings == ((" Port", -0.25), (" none", -2.0))
    assert (second.cached, second.completion) == (True, first.completion)
    assert not plain.cached  # one that was asked without them has them not for certain


async def test_an_answer_that_was_kept_before_there_were_probabilities_is_still_one(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    older = {
        "content": json.dumps(SOUND), "finish_reason": "stop", "model": "scripted-model",
        "input_tokens": 9, "output_tokens": 5, "cached_input_tokens": 0, "request_id": None,
    }  # fmt: skip
    with Cache(tmp_path) as cache:
        cache.put(request_key(endpoint(scripted_server), request()), json.dumps(older))
        answered = await ask_once(scripted_server, cache)
    assert answered.cached
    assert answered.completion.tokens == ()
    assert not scripted_server.requests


async def test_a_raw_answer_is_stored_before_it_is_parsed(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = answer(SOUND)

    def dies(text: str) -> Answer:
        raise KeyboardInterrupt

    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            with pytest.raises(KeyboardInterrupt):
                await client.answer(request(), dies)
        again = await ask_once(scripted_server, cache)
    assert again.cached
    assert len(scripted_server.requests) == 1


async def test_a_stored_answer_that_no_longer_parses_is_asked_for_again(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.reply(answer({"old": "form"}), answer({"old": "form"}), answer({"old": "form"}), answer(SOUND))
    with Cache(tmp_path) as cache:
        with pytest.raises(errors.InvalidAnswer):
            await ask_once(scripted_server, cache)
        later = await ask_once(scripted_server, cache)
        assert not later.cached
        assert len(scripted_server.requests) == 4
        assert (await ask_once(scripted_server, cache)).cached


@pytest.mark.parametrize("stored", ["", "null", "[]", '{"content": "{}"}', '{"unknown": 1}', "\x00", WITHOUT_PAIRS])
async def test_a_stored_text_that_is_no_completion_is_a_miss(
    scripted_server: ScriptedServer, tmp_path: Path, stored: str
) -> None:
    scripted_server.default = answer(SOUND)
    with Cache(tmp_path) as cache:
        cache.put(request_key(endpoint(scripted_server), request()), stored)
        assert not (await ask_once(scripted_server, cache)).cached
        assert (await ask_once(scripted_server, cache)).cached


async def test_a_bug_in_parse_is_raised_and_nothing_is_asked_again(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = answer(SOUND)

    def buggy(text: str) -> Answer:
        raise TypeError("a bug")

    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            for _ in range(2):
                with pytest.raises(TypeError, match="a bug"):
                    await client.answer(request(), buggy)
    assert len(scripted_server.requests) == 1


async def test_equal_requests_at_the_same_time_are_asked_once(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = answer(SOUND, delay=0.05)
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            answered = await asyncio.gather(*[client.answer(request(), parse) for _ in range(5)])
    assert len(scripted_server.requests) == 1
    assert sorted(one.cached for one in answered) == [False, True, True, True, True]


async def test_if_the_first_of_equal_requests_fails_the_next_asks_itself(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.reply(error(400, message="no", delay=0.05), answer(SOUND))
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            tasks = [asyncio.create_task(client.answer(request(), parse)) for _ in range(2)]
            await asyncio.wait(tasks)
    assert isinstance(tasks[0].exception(), errors.RequestRejected)
    assert not tasks[1].result().cached


async def test_repeats_are_really_asked_again(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = answer(SOUND)
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            for repeat in (0, 1, 2, 0):
                await client.answer(request(repeat=repeat), parse)
    assert len(scripted_server.requests) == 3


# --- where calls go -------------------------------------------------------------------------------


async def test_sockets_stay_within_the_limiters_maximum(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND, delay=0.01)
    async with client_of(scripted_server, limiter=Limiter(3, 1, 3)) as client:
        await asyncio.gather(*[client.answer(request(f"article {n}"), parse) for n in range(30)])
    assert scripted_server.most_in_flight == 3
    assert scripted_server.most_connections <= 3


async def test_a_forbidden_live_call_opens_no_socket() -> None:
    # 192.0.2.0/24 is kept for documentation: a call there could only hang.
    async with client_of("http://192.0.2.1/v1") as client:
        with forbid_live_calls(), pytest.raises(errors.LiveCallForbidden, match=r"192\.0\.2\.1"):
            await asyncio.wait_for(client.answer(request(), parse), 2)


async def test_loopback_and_cached_answers_are_no_live_calls(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = answer(SOUND)
    away = "http://192.0.2.1/v1"
    with forbid_live_calls(), Cache(tmp_path) as cache:
        here = await ask_once(scripted_server, cache)
        cache.put(request_key(endpoint(away), request()), json.dumps(here.completion._asdict()))
        async with client_of(away, cache=cache) as client:
            assert (await client.answer(request(), parse)).cached


async def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    scripted_server.default = answer(SOUND)
    async with client_of(scripted_server) as client:
        assert (await client.answer(request(), parse)).usage.calls == 1


@pytest.mark.parametrize("wrong", ["", "api.example.org/v1", "ftp://example.org", "http://"])
def test_a_base_url_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(errors.SettingsError, match="https://host/v1"):
        ModelClient(endpoint(wrong))


def test_a_client_can_be_used_in_one_event_loop_after_another(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    client = ModelClient(endpoint(scripted_server), policy=QUICK)

    async def once() -> int:
        try:
            return (await client.answer(request(), parse)).usage.calls
        finally:
            await client.aclose()

    assert [asyncio.run(once()), asyncio.run(once())] == [1, 1]


def test_importing_the_client_imports_no_heavy_module() -> None:
    heavy = {"openai", "instructor", "tenacity", "diskcache", "httpx2", "aiohttp", "jinja2"}
    code = f"import sys, llm_extract.model.client; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_capabilities_of_the_endpoint_are_not_altered_by_what_it_rejects() -> None:
    place = endpoint("http://127.0.0.1:9/v1")
    assert ModelClient(place).endpoint.capabilities == Capabilities()


def test_a_call_without_a_schema_imports_neither_openai_nor_the_retry(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer("twelve")
    code = f"""
import asyncio, sys
from llm_extract.model.client import ModelClient
from tests.model.asking import endpoint, request
async def once():
    client = ModelClient(endpoint({scripted_server.base_url!r}))
    answered = await client.answer(request(messages=(), prompt="Sum:", response_schema=None), str)
    await client.aclose()
    return answered.answer
print(asyncio.run(once()), sorted({{"openai", "httpx2", "tenacity", "instructor"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "twelve []"
    assert done.stderr == ""


# --- beginning no more ----------------------------------------------------------------------------


async def test_calls_that_wait_at_the_gate_are_cancelled_and_those_under_way_finish(
    scripted_server: ScriptedServer,
) -> None:
    scripted_server.default = answer(SOUND, delay=0.3)
    async with client_of(scripted_server, limiter=Limiter(3, 1, 3)) as client:
        tasks = [asyncio.create_task(client.answer(request(f"article {n}"), parse)) for n in range(8)]
        await asyncio.sleep(0.1)
        client.stop_waiting()
        done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert [isinstance(one, asyncio.CancelledError) for one in done] == [False] * 3 + [True] * 5
        assert all(isinstance(one, Answered) for one in done[:3])
        assert client.limiter.in_flight == 0
    assert len(scripted_server.requests) == 3


async def test_a_pause_that_the_endpoint_ordered_is_not_waited_out(scripted_server: ScriptedServer) -> None:
    scripted_server.default = error(429, headers={"Retry-After": "60"})
    async with client_of(scripted_server) as client:
        tasks = [asyncio.create_task(client.answer(request(f"article {n}"), parse)) for n in range(4)]
        await asyncio.sleep(0.2)
        assert client.limiter.paused_until
        client.stop_waiting()
        done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
        assert {type(one) for one in done} == {asyncio.CancelledError}
        assert client.limiter.in_flight == 0


async def test_a_backoff_is_cut_short_and_no_second_attempt_made(scripted_server: ScriptedServer) -> None:
    scripted_server.default = error(503, delay=0.1)
    # A backoff is drawn from nothing to this, so nearly none is short.
    policy = QUICK.model_copy(update={"initial_backoff_seconds": 1e7, "max_backoff_seconds": 1e7})
    async with client_of(scripted_server, policy=policy) as client:
        early = asyncio.create_task(client.answer(request("one"), parse))
        await asyncio.sleep(0.2)
        late = asyncio.create_task(client.answer(request("another"), parse))
        await asyncio.sleep(0.05)
        client.stop_waiting()
        done = await asyncio.wait_for(asyncio.gather(early, late, return_exceptions=True), 2)
    assert {type(one) for one in done} == {asyncio.CancelledError}
    assert len(scripted_server.requests) == 2


async def test_when_no_more_begins_cached_answers_are_given_and_closing_ends_it(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = answer(SOUND)
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            await client.answer(request("known"), parse)
            client.stop_waiting()
            assert (await client.answer(request("known"), parse)).cached
            task = asyncio.create_task(client.answer(request("new"), parse))
            await asyncio.wait([task])
            assert task.cancelled()
            await client.aclose()
            assert not (await client.answer(request("new"), parse)).cached
    assert len(scripted_server.requests) == 2


async def test_one_that_waits_for_an_equal_request_does_not_ask_in_its_place(
    scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = error(429, headers={"Retry-After": "60"})
    with Cache(tmp_path) as cache:
        async with client_of(scripted_server, cache=cache) as client:
            tasks = [asyncio.create_task(client.answer(request(), parse)) for _ in range(3)]
            await asyncio.sleep(0.2)
            assert client.limiter.paused_until
            client.stop_waiting()
            done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
    assert {type(one) for one in done} == {asyncio.CancelledError}
    assert len(scripted_server.requests) == 1
