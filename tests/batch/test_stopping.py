"""A run that is stopped, wherever it is: what it says, and what it has spent."""

from __future__ import annotations

import asyncio
import errno
import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from llm_extract.batch import keeping
from llm_extract.batch import ledger as ledgers
from llm_extract.batch.engine import Batch, BatchResult
from llm_extract.errors import RunError
from llm_extract.settings import load_settings
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, error
from llm_extract.testing.server import answer as reply
from tests.evaluation.deals import answering, said, text


def archive(folder: Path, count: int) -> Path:
    path = folder / "news.jsonl"
    path.write_text("".join(json.dumps({"id": f"a{n}", "text": text(n)}) + "\n" for n in range(count)), "utf-8")
    return path


async def stopped(batch: Batch, server: ScriptedServer, requests: int) -> BatchResult:
    running = asyncio.ensure_future(batch.arun())
    while not batch.progress.reading_ended or len(server.requests) < requests:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    batch.stop()
    return await running


async def test_a_run_stopped_after_all_is_read_can_go_on(folder: Path, scripted_server: ScriptedServer) -> None:
    answers = answering(said)
    scripted_server.respond = lambda request: replace(answers(request), delay=0.3)
    settings = load_settings(concurrency_start=4, concurrency_minimum=4, concurrency_maximum=4)
    batch = Batch([archive(folder, 12)], "run", task="deals", settings=settings, at_once=12)
    result = await stopped(batch, scripted_server, 4)
    assert not result.ended
    assert 4 <= result.counts.rows < 12
    assert (await Batch([folder / "news.jsonl"], "run", task="deals").arun()).counts.rows == 12


def test_a_run_can_be_stopped_from_another_thread(folder: Path, scripted_server: ScriptedServer) -> None:
    answers = answering(said)
    scripted_server.respond = lambda request: replace(answers(request), delay=0.3)
    settings = load_settings(concurrency_start=4, concurrency_minimum=4, concurrency_maximum=4)
    batch = Batch([archive(folder, 12)], "run", task="deals", settings=settings)

    def stop() -> None:
        while len(scripted_server.requests) < 4:
            time.sleep(0.01)
        batch.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    result = batch.run()
    stopper.join()
    assert not result.ended
    assert 4 <= result.counts.rows < 12


async def test_what_a_stopped_article_cost_is_noted(folder: Path, scripted_server: ScriptedServer) -> None:
    def paid_then_down(request: RecordedRequest) -> Reply:
        first = request.number < 3
        return reply("no JSON", input_tokens=1000, output_tokens=100) if first else error(500)

    scripted_server.respond = paid_then_down
    settings = load_settings(max_tokens=10_000_000, attempts=9)
    batch = Batch([archive(folder, 3)], "run", task="deals", settings=settings)
    await stopped(batch, scripted_server, 6)
    assert keeping.spent(folder / "run").tokens >= 3 * 1100


def test_what_the_calls_before_the_budgets_end_cost_is_noted(folder: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = lambda _: reply("no JSON", input_tokens=3000, output_tokens=100)
    batch = Batch([archive(folder, 30)], "run", task="deals", settings=load_settings(max_tokens=40_000))
    result = batch.run()
    assert result.stopped_by is not None
    assert keeping.spent(folder / "run").tokens == 3100 * len(scripted_server.requests)


def test_a_full_disk_is_told_once_and_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write_whole(path: Path, data: bytes) -> None:
        if path.name == "spent.json":
            full()
        path.write_bytes(data)

    monkeypatch.setattr(keeping, "write_whole", write_whole)
    monkeypatch.setattr(ledgers, "write_all", full)
    batch = Batch([archive(folder, 6)], "run", task="deals", settings=load_settings(max_tokens=10_000_000))
    with pytest.raises(RunError, match=r"ledger\.jsonl cannot be written"):
        batch.run()
