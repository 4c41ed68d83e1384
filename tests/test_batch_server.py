"""The scripted Batch API, as the openai client sees it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from llm_extract.testing.batch_server import BatchServer, Line, Plan
from llm_extract.testing.server import RecordedRequest, Reply, answer, error, refusal, reset


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer(default=answer({"said": "yes"}, input_tokens=7, output_tokens=3)) as running:
        yield running


@pytest.fixture
def client(server: BatchServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.base_url, api_key="sk-test-key", max_retries=0) as opened:
        yield opened


def lines(*ids: str, url: str = "/v1/chat/completions", model: str = "m") -> bytes:
    made = [{"custom_id": one, "method": "POST", "url": url, "body": {"model": model, "messages": []}} for one in ids]
    return b"".join(json.dumps(one).encode() + b"\n" for one in made)


def create(client: openai.OpenAI, content: bytes, **metadata: str) -> str:
    file = client.files.create(file=("some.jsonl", io.BytesIO(content)), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata=metadata
    )
    return made.id


def ended(client: openai.OpenAI, batch: str) -> Any:
    for _ in range(20):
        found = client.batches.retrieve(batch)
        if found.status in ("completed", "failed", "expired", "cancelled"):
            return found
    raise AssertionError("it never ends")


def results(client: openai.OpenAI, file: str | None) -> list[Any]:
    return [json.loads(line) for line in client.files.content(file).text.splitlines()] if file else []


def test_a_batch_goes_through_its_statuses_and_gives_an_output(client: openai.OpenAI, server: BatchServer) -> None:
    batch = create(client, lines("a", "b"), run="1")
    seen = [client.batches.retrieve(batch).status for _ in range(6)]
    assert seen == ["validating", "in_progress", "in_progress", "finalizing", "completed", "completed"]
    found = client.batches.retrieve(batch)
    assert found.error_file_id is None
    assert found.request_counts is not None
    assert (found.request_counts.total, found.request_counts.completed) == (2, 2)
    assert found.metadata == {"run": "1"}
    first, second = results(client, found.output_file_id)
    assert (first["custom_id"], second["custom_id"]) == ("a", "b")
    assert first["response"]["status_code"] == 200
    assert first["response"]["body"]["choices"][0]["message"]["content"] == '{"said": "yes"}'
    assert first["response"]["body"]["usage"]["prompt_tokens"] == 7
    assert server.paid == {"a": 1, "b": 1}


def test_an_uploaded_file_comes_back_byte_for_byte(client: openai.OpenAI) -> None:
    content = lines("a") + b"\r\n--x\n"
    file = client.files.create(file=("some.jsonl", io.BytesIO(content)), purpose="batch")
    assert (file.bytes, file.filename, file.purpose) == (len(content), "some.jsonl", "batch")
    assert client.files.content(file.id).content == content
    assert [one.id for one in client.files.list(purpose="batch")] == [file.id]
    client.files.delete(file.id)
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)


def test_requests_that_fail_are_in_the_error_file(client: openai.OpenAI, server: BatchServer) -> None:
    said = {"a": error(429, "rate_limit_exceeded"), "b": refusal("no"), "c": None, "d": answer({})}
    server.answer_line = lambda line: said[line.custom_id]
    found = ended(client, create(client, lines(*said)))
    assert [one["custom_id"] for one in results(client, found.output_file_id)] == ["b", "d"]
    (failed,) = results(client, found.error_file_id)
    assert (failed["custom_id"], failed["error"], failed["response"]["status_code"]) == ("a", None, 429)
    assert failed["response"]["body"]["error"]["code"] == "rate_limit_exceeded"
    assert set(server.paid) == {"b", "d"}


def test_an_expired_batch_has_what_was_run_and_names_the_rest(client: openai.OpenAI, server: BatchServer) -> None:
    server.plan(Plan(outcome="expired", answered=1, looks=1))
    found = ended(client, create(client, lines("a", "b")))
    assert found.status == "expired"
    assert [one["custom_id"] for one in results(client, found.output_file_id)] == ["a"]
    (rest,) = results(client, found.error_file_id)
    assert (rest["custom_id"], rest["response"], rest["error"]["code"]) == ("b", None, "batch_expired")


def test_a_cancelled_batch_ends_with_what_was_run(client: openai.OpenAI, server: BatchServer) -> None:
    server.plan(Plan(answered=1, looks=9))
    batch = create(client, lines("a", "b"))
    client.batches.retrieve(batch)
    assert client.batches.cancel(batch).status == "cancelling"
    found = ended(client, batch)
    assert found.status == "cancelled"
    assert server.paid == {"a": 1}
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lines("a", "b", "a"), "duplicate_custom_id"),
        (lines("a", url="/v1/completions"), "url_mismatch"),
        (lines("a") + lines("b", model="n"), "model_mismatch"),
        (b"not JSON\n", "invalid_json_line"),
        (b"\n", "empty_file"),
    ],
)
def test_a_bad_file_fails_as_a_whole(client: openai.OpenAI, server: BatchServer, content: bytes, code: str) -> None:
    found = ended(client, create(client, content))
    assert found.status == "failed"
    assert found.errors.data[0].code == code
    assert found.output_file_id is None
    assert not server.paid


def test_the_queue_holds_only_so_much(client: openai.OpenAI, server: BatchServer) -> None:
    one = len(lines("a")) // 4
    server.most_enqueued = 3 * one
    first = create(client, lines("a", "b"))
    client.batches.retrieve(first)
    client.batches.retrieve(first)
    found = ended(client, create(client, lines("c", "d")))
    assert found.errors.data[0].code == "token_limit_exceeded"
    assert f"Limit: {3 * one} enqueued tokens" in found.errors.data[0].message
    assert ended(client, first).status == "completed"


def test_order_and_repetition_can_be_scripted(client: openai.OpenAI, server: BatchServer) -> None:
    server.plan(Plan(reverse=True, repeat=1))
    found = ended(client, create(client, lines("a", "b")))
    assert [one["custom_id"] for one in results(client, found.output_file_id)] == ["a", "b", "a"]
    assert server.paid["a"] == 2


def test_batches_are_listed_newest_first_page_by_page(client: openai.OpenAI) -> None:
    made = [create(client, lines("a")) for _ in range(5)]
    assert [one.id for one in client.batches.list(limit=2)] == made[::-1]


def test_a_wrong_key_is_refused(server: BatchServer, client: openai.OpenAI) -> None:
    server.api_key = "sk-another"
    with pytest.raises(openai.AuthenticationError):
        client.batches.list()


def test_a_test_may_step_in_before_and_after(server: BatchServer, client: openai.OpenAI) -> None:
    def lose(request: RecordedRequest, reply: Reply) -> Reply:
        return reset() if request.path == "/v1/batches" else reply

    server.afterwards = lose
    with pytest.raises(openai.APIConnectionError):
        create(client, lines("a"))
    assert len(server.batches) == 1
    server.intervene = lambda request: error(503)
    with pytest.raises(openai.InternalServerError):
        create(client, lines("a"))
    assert len(server.batches) == 1


def test_live_calls_work_beside_it(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
    assert said.choices[0].message.content == '{"said": "yes"}'


def test_a_line_knows_its_batch(client: openai.OpenAI, server: BatchServer) -> None:
    seen: list[Line] = []

    def note(line: Line) -> Reply:
        seen.append(line)
        return answer({})

    server.answer_line = note
    batch = create(client, lines("a", "b"))
    ended(client, batch)
    assert [(line.number, line.custom_id, line.batch.id) for line in seen] == [(0, "a", batch), (1, "b", batch)]
