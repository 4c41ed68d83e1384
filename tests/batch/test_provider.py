"""The provider's Batch API, against a real server that implements it: nothing is lost, nothing is paid twice."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_extract import Document, Extractor
from llm_extract.batch.provider import ProviderBatch
from llm_extract.batch.provider_api import BatchApi
from llm_extract.batch.provider_journal import Journal
from llm_extract.batch.provider_progress import Progress
from llm_extract.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextTooLong,
    EndpointUnavailable,
    InvalidAnswer,
    LiveCallForbidden,
    ModelMismatch,
    QuotaExhausted,
    Refused,
    RequestRejected,
    RunError,
    SettingsError,
    Truncated,
)
from llm_extract.model.prices import price
from llm_extract.settings import load_settings
from llm_extract.testing import FakeModel
from llm_extract.testing.batch_server import BatchServer, Line, Plan
from llm_extract.testing.server import RecordedRequest, Reply, error, raw, refusal, reset
from llm_extract.testing.server import answer as reply
from tests.support import ARTICLE, answer

KEY = "sk-test-a-long-secret"
SOUND = reply(answer(), input_tokens=1000, output_tokens=100)
UNSOUND = reply({"contracts": "none"}, input_tokens=1000, output_tokens=100)


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer(default=SOUND, api_key=KEY) as running:
        yield running


@pytest.fixture
def extractor(server: BatchServer, tmp_path: Path) -> Extractor[Any]:
    return make(server, tmp_path)


def make(server: BatchServer, tmp_path: Path, **changed: Any) -> Extractor[Any]:
    terms = {"model": "openai/gpt-4o-mini", "api_key": KEY, "cache_dir": tmp_path / "cache", **changed}
    return Extractor(settings=load_settings(base_url=server.base_url, **terms))


def articles(count: int, start: int = 0) -> list[tuple[str, Document]]:
    return [(f"a{n}", Document.from_text(f"{ARTICLE}\nReference {n}.\n")) for n in range(start, start + count)]


class Waits:
    """A sleep that takes no time, and remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def opened(extractor: Extractor[Any], tmp_path: Path, **options: Any) -> ProviderBatch:
    return ProviderBatch(extractor, tmp_path / "provider", sleep=Waits(), **options)


async def calls_of(extractor: Extractor[Any], made: list[tuple[str, Document]]) -> list[int]:
    """How many calls each article takes in an ordinary extraction."""
    return [(await extractor.aextract(document)).usage.calls for _, document in made]


def asked_article(line: Line) -> int:
    return int(line.body["messages"][1]["content"].rpartition("Reference ")[2].partition(".")[0])


def by_article(said: dict[int, Reply | None]) -> Any:
    """Each article's reply in the first batch that it is in; SOUND later, and for others."""
    met: set[int] = set()

    def respond(line: Line) -> Reply | None:
        number = asked_article(line)
        if number in said and number not in met:
            met.add(number)
            return said[number]
        return SOUND

    return respond


async def test_25_requests_in_3_parts_are_answered_and_cost_half(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made, reports = articles(25), list[Progress]()
    server.plan(Plan(reverse=True), Plan(looks=0), Plan(looks=9))
    async with opened(extractor, tmp_path, part_requests=10) as batch:
        assert await batch.submit(made) == (25, 0, 0, 0)
        assert len(server.batches) == 3
        progress = await batch.finish(reports.append)
        assert all(batch.failure(document) is None for _, document in made)
    assert progress.done
    assert (progress.parts, progress.answered, progress.again, progress.failed) == (3, 25, 0, 0)
    full = price("openai", "gpt-4o-mini", 25 * 1000, 0, 25 * 100)
    assert full
    assert progress.usage.cost_usd == full / 2
    assert (progress.usage.calls, progress.usage.input_tokens) == (25, 25_000)
    assert "25 of 25 requests run, 25 answered" in str(reports[-1])
    assert await calls_of(extractor, made) == [0] * 25
    assert set(server.paid.values()) == {1}
    assert not server.files  # nothing of the articles stays there
    assert not any(request.path == "/v1/chat/completions" for request in server.requests)


async def test_a_part_is_what_a_live_call_sends(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    made = articles(1)
    lines: list[Any] = []

    def note(line: Line) -> Reply:
        lines.append(line.body)
        return SOUND

    server.answer_line = note
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        await batch.finish()
    await make(server, tmp_path, cache_dir=tmp_path / "other").aextract(made[0][1])
    (live,) = [request.body for request in server.requests if request.path == "/v1/chat/completions"]
    assert lines == [live]


async def test_cached_answers_are_not_sent_and_the_same_text_is_sent_once(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(4)
    for _, document in made[:2]:
        await extractor.aextract(document)
    async with opened(extractor, tmp_path) as batch:
        submitted = await batch.submit([*made, ("copy", made[3][1])])
        assert (submitted.sent, submitted.cached, submitted.known) == (2, 2, 1)
        await batch.finish()
        assert (await batch.submit(made)).sent == 0
    assert sorted(server.paid.values()) == [1, 1]


async def test_an_article_too_long_is_left_to_the_ordinary_extraction(
    server: BatchServer, extractor: Extractor[Any], tmp_path: Path
) -> None:
    long = Document.from_text("word " * 300_000)
    async with opened(extractor, tmp_path) as batch:
        assert (await batch.submit([("long", long)])).unsendable == 1
        assert (await batch.finish()).done
    with pytest.raises(ContextTooLong):
        await extractor.aextract(long)
    assert not server.requests


async def test_parts_keep_to_the_limit_of_bytes(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    async with opened(extractor, tmp_path, part_bytes=40_000) as batch:
        await batch.submit(articles(12))
        sizes = [len(file.content) for file in server.files.values()]
        assert max(sizes) <= 40_000
        assert len(sizes) > 1
        assert (await batch.finish()).answered == 12


async def test_only_what_expired_is_sent_again(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    made = articles(6)
    server.plan(Plan(outcome="expired", answered=4))
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
    assert [one.total for one in server.batches.values()] == [6, 2]
    assert (progress.answered, progress.failed) == (6, 0)
    assert await calls_of(extractor, made) == [0] * 6
    assert set(server.paid.values()) == {1}


async def test_what_expires_each_time_fails_after_the_rounds(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(2)
    server.plan(*[Plan(outcome="expired", answered=0)] * 9)
    async with opened(extractor, tmp_path, rounds=3) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        found = batch.failure(made[0][1])
    assert len(server.batches) == 3
    assert (progress.answered, progress.failed, progress.usage.cost_usd) == (0, 2, Decimal(0))
    assert isinstance(found, EndpointUnavailable)
    assert "expired" in str(found)
    assert len(found.attempts) == 3


async def test_each_failure_takes_its_course(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    made = articles(12)
    server.answer_line = by_article(
        {
            0: error(429, "rate_limit_exceeded"),
            1: error(500),
            2: error(400, "context_length_exceeded", message="maximum context length is 8192 tokens"),
            3: error(400, "content_filter", message="content management policy"),
            4: None,
            5: refusal("I would rather not."),
            6: reply(answer(), finish_reason="length", input_tokens=9, output_tokens=4096),
            7: UNSOUND,
            8: reply(answer(), finish_reason="content_filter"),
            9: raw(200, b"<html>busy</html>"),
            10: error(400, message="messages[0] is not to our taste"),
        }
    )
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        errors = [batch.failure(document) for _, document in made]
    found = {number: type(one) for number, one in enumerate(errors) if one is not None}
    assert found == {2: ContextTooLong, 3: ContentFiltered, 5: Refused, 8: ContentFiltered, 10: RequestRejected}
    assert "I would rather not." in str(errors[5])
    assert [one.total for one in server.batches.values()] == [12, 6]
    assert (progress.answered, progress.failed) == (7, 5)
    answered = [pair for number, pair in enumerate(made) if number not in found]
    assert await calls_of(extractor, answered) == [0] * 7


async def test_an_unsound_answer_is_asked_for_again_with_what_was_wrong(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made, bodies = articles(1), list[Any]()

    def always_unsound(line: Line) -> Reply:
        bodies.append(line.body)
        return UNSOUND

    server.answer_line = always_unsound
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        found = batch.failure(made[0][1])
    assert isinstance(found, InvalidAnswer)
    assert [len(body["messages"]) for body in bodies] == [2, 3, 3]
    assert "contracts" in bodies[1]["messages"][2]["content"]
    assert bodies[1]["response_format"] == bodies[0]["response_format"]
    assert {name for name in bodies[0] if bodies[0][name] != bodies[1][name]} == {"messages"}
    # Three calls were made and paid for, at half price.
    full = price("openai", "gpt-4o-mini", 3000, 0, 300)
    assert full
    assert found.usage is not None
    assert found.usage.cost_usd == progress.usage.cost_usd == full / 2


async def test_a_cut_answer_gets_twice_the_room_once(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made, room = articles(1), list[int]()

    def always_cut(line: Line) -> Reply:
        room.append(line.body["max_completion_tokens"])
        return reply(answer(), finish_reason="length")

    server.answer_line = always_cut
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        await batch.finish()
        assert isinstance(batch.failure(made[0][1]), Truncated)
    assert room == [4096, 8192]


async def test_what_the_model_does_not_take_is_left_out(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(2)

    def picky(line: Line) -> Reply:
        if "temperature" in line.body:
            return error(400, "unsupported_value", message="'temperature' is not supported with this model")
        if "response_format" in line.body:
            return error(400, message="response_format of type json_schema is not supported")
        return SOUND

    server.answer_line = picky
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        assert (await batch.finish()).answered == 2
    assert await calls_of(extractor, made) == [0, 0]


async def test_no_quota_stops_the_run_and_the_next_one_sends_only_the_rest(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(5)
    server.answer_line = by_article({n: error(429, "insufficient_quota", message="top up") for n in (3, 4)})
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        with pytest.raises(QuotaExhausted, match="top up"):
            await batch.finish()
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
    assert (progress.answered, progress.failed) == (5, 0)
    assert [one.total for one in server.batches.values()] == [5, 2]


@pytest.mark.parametrize("policy", ["warn", "fail"])
async def test_another_model_is_warned_of_or_fails(policy: str, server: BatchServer, tmp_path: Path) -> None:
    extractor = make(server, tmp_path, on_model_mismatch=policy)
    made = articles(2)
    server.default = reply(answer(), model="gpt-nano")
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        found = batch.failure(made[0][1])
    assert len(server.batches) == 1
    if policy == "fail":
        assert isinstance(found, ModelMismatch)
        assert progress.failed == 2
    else:
        assert found is None
        assert (await extractor.aextract(made[0][1])).provenance.answered_by == "gpt-nano"


async def test_results_that_come_twice_or_from_nowhere_are_counted_not_taken(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(3)
    server.plan(Plan(repeat=2))

    def add_noise(request: RecordedRequest, due: Reply) -> Reply:
        if request.path.endswith("/content"):
            stranger = json.loads(due.body.splitlines()[0]) | {"custom_id": "f" * 64}
            return raw(200, due.body + json.dumps(stranger).encode() + b"\n\n{torn\n", "application/octet-stream")
        return due

    server.afterwards = add_noise
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        assert (batch.state.duplicates, batch.state.strangers) == (2, 2)
    assert (progress.answered, progress.usage.calls) == (3, 5)  # it was run five times, and is billed so


# --- batches that are refused as a whole ----------------------------------------------------------


async def test_a_refused_line_fails_alone(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    made = articles(3)
    problem = {"code": "invalid_request", "message": "too odd", "param": None, "line": 2}
    server.plan(Plan(outcome="failed", errors=(problem,)))
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish()
        assert "too odd" in str(batch.failure(made[1][1]))
    assert (progress.answered, progress.failed) == (2, 1)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("billing_hard_limit_reached", "Billing hard limit has been reached", QuotaExhausted),
        ("empty_file", "The file is empty", RunError),
    ],
)
async def test_a_batch_refused_for_good_stops_the_run_and_goes_on_later(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path, code: str, message: str, expected: type[Exception]
) -> None:
    made = articles(2)
    server.plan(Plan(outcome="failed", errors=({"code": code, "message": message, "param": None, "line": None},)))
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        with pytest.raises(expected, match=message):
            await batch.finish()
    async with opened(extractor, tmp_path) as batch:
        assert (await batch.finish()).answered == 2
    assert server.uploads == 1


async def test_a_full_queue_is_waited_for(extractor: Extractor[Any], server: BatchServer, tmp_path: Path) -> None:
    made = articles(6)
    async with opened(extractor, tmp_path, part_requests=2) as batch:
        await batch.submit(made[:2])
        server.most_enqueued = len(next(iter(server.files.values())).content) // 4 + 100
        await batch.submit(made)
        progress = await batch.finish()
    assert (progress.answered, progress.parts) == (6, 3)
    assert {one.status for one in server.batches.values()} == {"completed", "failed"}
    assert set(server.paid.values()) == {1}
    assert server.uploads == 3


async def test_a_part_larger_than_the_queue_is_split(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(8)
    server.most_enqueued = 6_000
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        assert len(next(iter(server.files.values())).content) / 4 > server.most_enqueued
        progress = await batch.finish()
    assert (progress.answered, progress.requests) == (8, 8)
    assert progress.parts > 1
    assert set(server.paid.values()) == {1}
    assert not server.files


# --- a provider in trouble ------------------------------------------------------------------------


async def test_a_provider_that_is_down_is_waited_for(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made, looks = articles(2), 0

    def down(request: RecordedRequest) -> Reply | None:
        nonlocal looks
        if request.method == "GET" and request.path.startswith("/v1/batches/"):
            looks += 1
            return [error(503), reset(), raw(200, b"<html>")][looks % 3] if looks < 7 else None
        return None

    server.intervene = down
    reports: list[Progress] = []
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        progress = await batch.finish(reports.append)
    assert progress.answered == 2
    assert any("503" in one.problem for one in reports)
    assert not progress.problem


async def test_a_lost_response_makes_no_second_file_and_no_second_batch(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    lost: set[str] = set()

    def lose(request: RecordedRequest, due: Reply) -> Reply:
        if request.method == "POST" and request.path not in lost:
            lost.add(request.path)
            return reset()
        return due

    server.afterwards = lose
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(articles(2))
        progress = await batch.finish()
    assert (server.uploads, len(server.batches), progress.answered) == (1, 1, 2)


async def test_batches_that_cannot_be_listed_are_not_created_twice(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    server.afterwards = lambda request, due: reset() if request.path == "/v1/batches" else due
    server.intervene = lambda request: error(404) if request.path.startswith("/v1/batches?") else None
    async with opened(extractor, tmp_path) as batch:
        with pytest.raises(RunError, match="does not list its batches"):
            await batch.submit(articles(2))
    assert len(server.batches) == 1


async def test_a_download_that_is_cut_is_fetched_again(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    from llm_extract.testing.server import cut

    cuts = 0

    def once(request: RecordedRequest, due: Reply) -> Reply:
        nonlocal cuts
        if request.path.endswith("/content") and not cuts:
            cuts += 1
            return cut(100, due)
        return due

    server.afterwards = once
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(articles(3))
        assert (await batch.finish()).answered == 3
    assert cuts == 1


async def test_a_wrong_key_stops_at_once_and_is_in_no_message(server: BatchServer, tmp_path: Path) -> None:
    extractor = make(server, tmp_path, api_key="sk-revoked-secret")
    server.intervene = lambda request: error(
        401, "invalid_api_key", message=f"wrong: {request.headers['authorization']}"
    )
    async with opened(extractor, tmp_path) as batch:
        with pytest.raises(AuthenticationFailed) as caught:
            await batch.submit(articles(2))
    assert "sk-revoked-secret" not in str(caught.value)
    assert len(server.requests) == 1
    assert all(b"secret" not in path.read_bytes() for path in (tmp_path / "provider").iterdir())


async def test_an_endpoint_without_a_batch_api_says_so(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    server.intervene = lambda request: error(404, message="no such path")
    async with opened(extractor, tmp_path) as batch:
        with pytest.raises(RunError, match="has this endpoint a Batch API"):
            await batch.submit(articles(1))


async def test_an_unwritable_cache_loses_no_answer(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(3)
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
        batch._collector._cache.close()
        (tmp_path / "cache").rename(tmp_path / "aside")
        (tmp_path / "cache").write_text("in the way")
        with pytest.raises(RunError, match="cannot be kept"):
            await batch.finish()
    (tmp_path / "cache").unlink()
    batch._collector._cache._resume_at = 0.0
    async with opened(extractor, tmp_path) as batch:
        assert (await batch.finish()).answered == 3
    assert await calls_of(extractor, made) == [0] * 3
    assert set(server.paid.values()) == {1}


# --- cancelling -----------------------------------------------------------------------------------


async def test_cancelling_keeps_what_was_run_and_a_later_run_sends_the_rest(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    made = articles(6)
    server.plan(Plan(answered=2, looks=9), Plan(answered=1, looks=9))
    async with opened(extractor, tmp_path, part_requests=3) as batch:
        await batch.submit(made)
        await batch.poll()
        await batch.cancel()
        progress = await batch.finish()
        assert progress.done
        assert (progress.answered, progress.again, progress.cancelled) == (3, 3, True)
    assert {one.status for one in server.batches.values()} == {"cancelled"}
    async with opened(extractor, tmp_path) as batch:
        assert (await batch.submit(made)).sent == 0
        progress = await batch.finish()
    assert (progress.answered, progress.again) == (6, 0)
    assert await calls_of(extractor, made) == [0] * 6
    assert set(server.paid.values()) == {1}


async def test_a_batch_cancelled_by_someone_else_is_not_sent_again_unasked(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(articles(2))
        next(iter(server.batches.values())).status = "cancelling"
        progress = await batch.finish()
    assert progress.done
    assert (progress.cancelled, progress.again, len(server.batches)) == (True, 2, 1)


# --- being killed ---------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill: nothing in the package catches it."""


class Killer:
    """Strikes before and after each line of the journal and each exchange over HTTP: once, at a chosen one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0
        self.strike_at = -1
        append, exchange = Journal.append, BatchApi._exchange

        def append_or_die(journal: Journal, step: str, **fields: Any) -> None:
            self.point()
            append(journal, step, **fields)
            self.point()

        async def exchange_or_die(api: BatchApi, *given: Any) -> Any:
            self.point()
            said = await exchange(api, *given)
            self.point()
            return said

        monkeypatch.setattr(Journal, "append", append_or_die)
        monkeypatch.setattr(BatchApi, "_exchange", exchange_or_die)

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.strike_at:
            raise Killed


async def _whole_run(
    extractor: Extractor[Any], server: BatchServer, folder: Path, killer: Killer, strike_at: int
) -> int:
    """A run of two parts and a second round, killed at a point, and gone on with; the points it passed."""
    made = articles(3, start=1000 * (strike_at + 1))
    first = 1000 * (strike_at + 1)
    server.answer_line = by_article({first: error(500), first + 2: None})
    server.plan(*[Plan(looks=0)] * 3)
    for seen in (server.files, server.batches, server.paid):
        seen.clear()
    server.uploads = 0
    killer.passed, killer.strike_at = 0, strike_at
    deaths = 0
    while True:
        batch: ProviderBatch | None = None
        try:
            batch = ProviderBatch(extractor, folder, sleep=Waits(), part_requests=2)
            await batch.submit(made)
            progress = await batch.finish()
            break
        except Killed:
            deaths += 1
        finally:
            if batch is not None:
                await batch.aclose()
    assert deaths == (strike_at > 0)
    assert (progress.answered, progress.failed, progress.again) == (3, 0, 0)
    assert sorted(server.paid.values()) == [1, 1, 1], f"paid twice when killed at {strike_at}"
    assert (server.uploads, len(server.batches), server.files) == (3, 3, {})
    assert progress.usage.calls == 4
    killer.strike_at = -1
    assert await calls_of(extractor, made) == [0] * 3
    return killer.passed


async def test_a_kill_at_any_step_loses_nothing_and_pays_nothing_twice(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(monkeypatch)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a killed process's writes stay; this saves seconds
    points = await _whole_run(extractor, server, tmp_path / "undisturbed", killer, 0)
    assert points > 100
    for point in range(1, points + 1):
        await _whole_run(extractor, server, tmp_path / f"killed-{point}", killer, point)


async def test_a_torn_journal_line_is_cut_off_and_a_damaged_one_refused(
    extractor: Extractor[Any], tmp_path: Path
) -> None:
    made = articles(2)
    async with opened(extractor, tmp_path) as batch:
        await batch.submit(made)
    path = tmp_path / "provider" / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'12345678 {"step":"crea')
    async with opened(extractor, tmp_path) as batch:
        assert (await batch.finish()).answered == 2
    path.write_bytes(whole.replace(b'"uploaded"', b'"uploadee"', 1))
    with pytest.raises(RunError, match=r"line 4, is damaged"):
        opened(extractor, tmp_path)


async def test_a_disk_that_fails_stops_the_run_and_loses_nothing(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, sync, calls = articles(3), os.fsync, 0
    async with opened(extractor, tmp_path, part_requests=2) as batch:
        for strike_at in range(1, 40):

            def fail_once(descriptor: int, strike_at: int = strike_at) -> None:
                nonlocal calls
                calls += 1
                if calls == strike_at:
                    raise OSError(errno.ENOSPC, "No space left on device")
                sync(descriptor)

            calls = 0
            monkeypatch.setattr(os, "fsync", fail_once)
            try:
                await batch.submit(made)
                progress = await batch.finish()
            except RunError as error:
                assert "No space left on device" in str(error)  # noqa: PT017 - each strike may meet another step
    monkeypatch.undo()
    assert (progress.answered, progress.failed) == (3, 0)
    assert set(server.paid.values()) == {1}
    assert await calls_of(extractor, made) == [0] * 3


async def test_two_processes_do_not_share_a_folder(extractor: Extractor[Any], tmp_path: Path) -> None:
    async with opened(extractor, tmp_path):
        with pytest.raises(RunError, match="in use"):
            opened(extractor, tmp_path)
    async with opened(extractor, tmp_path):
        pass


async def test_other_terms_are_refused_with_the_difference(server: BatchServer, tmp_path: Path) -> None:
    async with opened(make(server, tmp_path), tmp_path):
        pass
    with pytest.raises(RunError, match=r"model: gpt-4o-mini then, gpt-4o now"):
        opened(make(server, tmp_path, model="openai/gpt-4o"), tmp_path)


# --- what it is not for ---------------------------------------------------------------------------


def test_only_hosted_models_with_a_cache_have_batches(server: BatchServer, tmp_path: Path) -> None:
    for extractor in (
        Extractor(model=FakeModel({})),
        make(server, tmp_path, model="vllm/some"),
        make(server, tmp_path, model="embedded"),
        make(server, tmp_path, cache=False),
    ):
        with pytest.raises(SettingsError):
            opened(extractor, tmp_path)


async def test_live_calls_can_be_forbidden(tmp_path: Path) -> None:
    settings = load_settings(model="openai/gpt-4o-mini", api_key=KEY, cache_dir=tmp_path / "cache")
    async with opened(Extractor(settings=settings), tmp_path) as batch:
        with pytest.raises(LiveCallForbidden):
            await batch.submit(articles(1))


def test_half_of_a_price_is_exact() -> None:
    from llm_extract.batch.provider_collect import PRICE_SHARE

    full = price("openai", "gpt-4o-mini", 1, 0, 1)
    assert full
    assert full * PRICE_SHARE == Decimal("3.75e-7")


# --- reading --------------------------------------------------------------------------------------


async def test_a_slow_archive_leaves_the_event_loop_free(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    def slow() -> Iterator[tuple[str, Document]]:
        for article in articles(4):
            time.sleep(0.1)
            yield article

    async with opened(extractor, tmp_path) as batch:
        submitting = asyncio.create_task(batch.submit(slow()))
        turns = 0
        while not submitting.done():
            await asyncio.sleep(0.01)
            turns += 1
    assert (await submitting).sent == 4
    assert turns > 15


async def test_a_submission_that_is_cancelled_closes_its_source_where_it_was_read(
    extractor: Extractor[Any], server: BatchServer, tmp_path: Path
) -> None:
    threads: list[int] = []

    def endless() -> Iterator[tuple[str, Document]]:
        threads.append(threading.get_ident())
        try:
            for number in itertools.count():
                time.sleep(0.001)
                yield articles(1, number)[0]
        finally:
            threads.append(threading.get_ident())

    async with opened(extractor, tmp_path) as batch:
        submitting = asyncio.create_task(batch.submit(endless()))
        await asyncio.sleep(0.2)
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await submitting
        assert len(threads) == 2
        assert threads[0] == threads[1] != threading.get_ident()
        assert (await batch.submit(articles(2))).sent == 2  # nothing of what was half written is known
