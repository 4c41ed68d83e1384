"""The test kit: the scripted server as other HTTP clients see it, the fake model, and the plugin."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_extract import errors, testing
from llm_extract.model.types import Model
from llm_extract.testing import FakeModel, ScriptedServer, forbid_live_calls
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
from tests.model.asking import SOUND, Answer, parse, request

CHAT = "/v1/chat/completions"


def connect(server: ScriptedServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)


def post(server: ScriptedServer, body: Any = None, path: str = CHAT) -> tuple[int, Any]:
    connection = connect(server)
    try:
        connection.request("POST", path, json.dumps(body if body is not None else {"model": "m"}))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_it_starts_quickly_and_leaves_no_thread() -> None:
    before = threading.active_count()
    began = time.perf_counter()
    with ScriptedServer() as server:
        assert time.perf_counter() - began < 0.5
        assert server.base_url == f"http://127.0.0.1:{server.port}/v1"
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        post(server)


def test_replies_come_in_the_order_they_were_queued_then_the_default(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(answer("one"), error(503, "busy", "server_error", "wait", {"Retry-After": "3"}))
    scripted_server.default = answer("default")
    first, second, third = post(scripted_server), post(scripted_server), post(scripted_server)
    assert first[1]["choices"][0]["message"]["content"] == "one"
    assert second == (
        503,
        {"error": {"message": "wait", "type": "server_error", "param": None, "code": "busy"}},
    )
    assert third[1]["choices"][0]["message"]["content"] == "default"


def test_an_answer_takes_the_form_that_was_asked_for(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND, input_tokens=7, output_tokens=3)
    tools: dict[str, Any] = {"model": "m", "tools": [{"type": "function", "function": {"name": "tiny"}}]}
    tools["tool_choice"] = {"type": "function", "function": {"name": "tiny"}}
    chat = post(scripted_server)[1]
    tool = post(scripted_server, tools)[1]
    plain = post(scripted_server, {"model": "m", "prompt": "x"}, "/v1/completions")[1]
    assert json.loads(chat["choices"][0]["message"]["content"]) == SOUND
    call = tool["choices"][0]["message"]["tool_calls"][0]["function"]
    assert (call["name"], json.loads(call["arguments"])) == ("tiny", SOUND)
    assert json.loads(plain["choices"][0]["text"]) == SOUND
    assert [one["model"] for one in (chat, tool, plain)] == ["m"] * 3
    assert chat["usage"]["total_tokens"] == 10


def test_requests_are_recorded_as_they_arrived(scripted_server: ScriptedServer) -> None:
    began = time.monotonic()
    post(scripted_server, {"model": "m", "messages": [{"role": "user", "content": "Rye – £12m"}]})
    [recorded] = scripted_server.requests
    assert (recorded.number, recorded.method, recorded.path) == (0, "POST", CHAT)
    assert recorded.body["messages"][0]["content"] == "Rye – £12m"
    assert recorded.headers["host"] == f"127.0.0.1:{scripted_server.port}"
    assert began <= recorded.arrived <= time.monotonic()


def test_a_function_may_answer_any_path(scripted_server: ScriptedServer) -> None:
    def respond(asked: RecordedRequest) -> Reply | None:
        return raw(200, b'{"id": "file-1"}', "application/json") if asked.path == "/v1/files" else None

    scripted_server.respond = respond
    assert post(scripted_server, path="/v1/files") == (200, {"id": "file-1"})
    assert post(scripted_server, path="/v1/elsewhere")[0] == 404
    assert post(scripted_server)[0] == 200


def test_models_are_listed() -> None:
    with ScriptedServer(models=("a", "b")) as server:
        connection = connect(server)
        connection.request("GET", "/v1/models")
        listed = json.loads(connection.getresponse().read())
        connection.close()
    assert [one["id"] for one in listed["data"]] == ["a", "b"]


def test_one_connection_serves_many_requests_and_a_benchmark_records_none() -> None:
    with ScriptedServer(record=False) as server:
        connection = connect(server)
        for _ in range(50):
            connection.request("POST", CHAT, b'{"model": "m"}')
            assert connection.getresponse().read()
        connection.close()
        assert server.most_connections == 1
        assert server.requests == []


def test_a_body_in_pieces_is_one_request(scripted_server: ScriptedServer) -> None:
    body = json.dumps({"model": "m", "padding": "x" * 300_000}).encode()
    connection = connect(scripted_server)
    connection.putrequest("POST", CHAT)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    for start in range(0, len(body), 50_000):
        connection.send(body[start : start + 50_000])
        time.sleep(0.002)
    assert connection.getresponse().status == 200
    connection.close()
    assert len(scripted_server.requests[0].body["padding"]) == 300_000


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (reset(), ConnectionResetError),
        (cut(5), http.client.IncompleteRead),
        (hang(0.05), http.client.RemoteDisconnected),
    ],
)
def test_connections_fail_as_told(scripted_server: ScriptedServer, reply: Reply, raised: type[Exception]) -> None:
    scripted_server.reply(reply)
    with pytest.raises(raised):
        post(scripted_server)
    assert post(scripted_server)[0] == 200


def test_a_drip_comes_at_its_rate(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(drip(200, raw(200, b'{"a": 1234567890123456}', "application/json")))
    began = time.monotonic()
    assert post(scripted_server) == (200, {"a": 1234567890123456})
    assert time.monotonic() - began >= 22 / 200 * 0.9


def test_a_refusal_has_its_reason_and_no_content(scripted_server: ScriptedServer) -> None:
    scripted_server.reply(refusal("not this one"))
    message = post(scripted_server)[1]["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == (None, "not this one")


# --- the fake model -------------------------------------------------------------------------------


async def test_a_fake_model_answers_by_a_function() -> None:
    fake = FakeModel(lambda asked: SOUND if "crane" in asked.messages[-1].content else {"contracts": []})
    model: Model = fake
    answered = await model.answer(request(), parse)
    empty = await model.answer(request("Nothing bought."), parse)
    assert answered.answer == Answer.model_validate(SOUND)
    assert empty.answer == Answer(contracts=[])
    assert [one.messages[-1].content for one in fake.requests] == [
        "Rye port buys a crane.",
        "Nothing bought.",
    ]
    assert (answered.cached, answered.usage.calls) == (False, 1)
    assert answered.usage.cost_usd == 0
    await model.aclose()


async def test_a_fake_model_fails_as_a_real_one() -> None:
    def refuses(asked: Any) -> Any:
        raise errors.Refused("not this one")

    with pytest.raises(errors.Refused):
        await FakeModel(refuses).answer(request(), parse)
    with pytest.raises(errors.InvalidAnswer, match="contracts") as caught:
        await FakeModel(lambda asked: {"wrong": 1}).answer(request(), parse)
    assert caught.value.attempts[0].outcome == "invalid_answer"


# --- the plugin and the switch --------------------------------------------------------------------


def test_the_fixtures_come_with_the_package(
    fake_model: Callable[..., FakeModel], scripted_server: ScriptedServer, forbid_live_calls: None
) -> None:
    assert isinstance(fake_model(lambda asked: {}), FakeModel)
    assert post(scripted_server)[0] == 200
    assert os.environ["LLM_EXTRACT_FORBID_LIVE_CALLS"] == "1"


def test_the_switch_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "LLM_EXTRACT_FORBID_LIVE_CALLS"
    monkeypatch.delenv(name, raising=False)
    with forbid_live_calls(), forbid_live_calls():
        assert os.environ[name] == "1"
    assert name not in os.environ
    monkeypatch.setenv(name, "0")
    with forbid_live_calls():
        assert os.environ[name] == "1"
    assert os.environ[name] == "0"


def test_collection_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, pytest, llm_extract.testing.plugin\n"
        "print(sorted({'openai', 'instructor', 'tenacity', 'httpx2', 'diskcache'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_names_what_it_has() -> None:
    assert {name: getattr(testing, name).__name__ for name in testing.__all__} == {
        "FakeModel": "FakeModel",
        "ScriptedServer": "ScriptedServer",
        "forbid_live_calls": "forbid_live_calls",
    }
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        testing.Nothing  # noqa: B018
