"""What a run costs: nothing that was paid is forgotten, and nothing is told twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from llm_extract.batch import keeping
from llm_extract.batch.engine import Batch
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.manifest import read_manifest
from llm_extract.batch.provider_collect import PRICE_SHARE
from llm_extract.batch.records import Failure, Record, Retried, Row
from llm_extract.model.prices import price
from llm_extract.model.types import Usage
from llm_extract.settings import load_settings
from llm_extract.testing import ScriptedServer
from llm_extract.testing.batch_server import BatchServer, Line
from llm_extract.testing.server import Reply
from llm_extract.testing.server import answer as reply
from tests.evaluation.deals import text


def archive(folder: Path, count: int) -> Path:
    path = folder / "news.jsonl"
    path.write_text("".join(json.dumps({"id": f"a{n}", "text": text(n)}) + "\n" for n in range(count)), "utf-8")
    return path


def retry_failed(run: Path) -> None:
    failed = [record.id for record in Ledger.read(run) if isinstance(record, Failure)]
    with Ledger.open(run, read_manifest(run).terms) as ledger:
        for name in failed:
            ledger.append(Retried(id=name))


def test_a_budget_counts_what_is_done_again(folder: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = lambda _: reply("no JSON", input_tokens=1000, output_tokens=100)
    source, out = archive(folder, 12), folder / "run"
    assert Batch([source], out, task="deals").run().counts.failures == 12
    paid = 1100 * len(scripted_server.requests)
    retry_failed(out)
    assert keeping.spent(out).tokens == paid
    again = Batch([source], out, task="deals", settings=load_settings(max_tokens=paid + 500)).run()
    assert again.stopped_by is not None
    assert 1100 * len(scripted_server.requests) <= paid + 500


# Through the provider's Batch API

SOUND = reply({"deals": []}, input_tokens=1000, output_tokens=100)
UNSOUND = reply("no JSON", input_tokens=1000, output_tokens=100)
MODEL = "openai/gpt-4o-mini"


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[BatchServer]:
    monkeypatch.setattr("llm_extract.batch.provider.FIRST_PAUSE", 0.02)
    with BatchServer(default=SOUND) as server:
        monkeypatch.setenv("LLM_EXTRACT_BASE_URL", server.base_url)
        monkeypatch.setenv("LLM_EXTRACT_MODEL", MODEL)
        yield server


def kept(run: Path) -> dict[str, Record]:
    return {record.id: record for record in Ledger.read(run)}


def paid(calls: int) -> tuple[int, int, Decimal]:
    """Calls, tokens and dollars of so many requests."""
    full = price("openai", "gpt-4o-mini", 1000, 0, 100)
    assert full is not None
    return calls, 1100 * calls, full * PRICE_SHARE * calls


def told(usage: Usage) -> tuple[int, int, Decimal | None]:
    return usage.calls, usage.tokens, usage.cost_usd


def usage_of(record: Record) -> Usage:
    assert isinstance(record, Row | Failure)
    return Usage.model_validate(record.usage)


def test_a_request_of_a_batch_that_fails_is_told_once(folder: Path, batches: BatchServer) -> None:
    batches.answer_line = lambda _: UNSOUND
    result = Batch([archive(folder, 1)], folder / "run", task="deals", provider_batch=True).run()
    sent = sum(batches.paid.values())
    assert (result.counts.failures, sent > 1) == (1, True)
    assert told(result.progress.usage) == paid(sent)
    assert told(usage_of(kept(folder / "run")["a0"])) == paid(sent)


def test_a_session_that_pays_nothing_says_so(folder: Path, batches: BatchServer) -> None:
    source = archive(folder, 2)
    first = Batch([source], folder / "run", task="deals", provider_batch=True).run()
    assert told(first.progress.usage) == paid(2)
    again = Batch([source], folder / "run", task="deals").run()
    assert told(again.progress.usage) == paid(0)
    assert sum(batches.paid.values()) == 2


def test_a_row_has_what_its_batches_cost(folder: Path, batches: BatchServer) -> None:
    first: set[str] = set()

    def once_unsound(line: Line) -> Reply:
        if "Deal number 0 is" in json.dumps(line.body) and line.custom_id not in first:
            first.add(line.custom_id)
            return UNSOUND
        return SOUND

    batches.answer_line = once_unsound
    source, out = archive(folder, 3), folder / "run"
    result = Batch([source], out, task="deals", provider_batch=True).run()
    assert (result.counts.rows, sum(batches.paid.values())) == (3, 4)
    assert told(result.progress.usage) == paid(4)
    rows = kept(out)
    assert {name: told(usage_of(row)) for name, row in rows.items()} == {"a0": paid(2), "a1": paid(1), "a2": paid(1)}
    for row in rows.values():
        assert isinstance(row, Row)
        assert row.extraction["usage"] == row.usage
    (out / "ledger.jsonl").unlink()  # killed after the answers came, before a row was written
    again = Batch([source], out, task="deals").run()
    assert told(again.progress.usage) == paid(0)
    assert {name: told(usage_of(row)) for name, row in kept(out).items()} == {
        "a0": paid(2), "a1": paid(1), "a2": paid(1),
    }  # fmt: skip


def test_what_a_stopped_session_collected_is_told(folder: Path, batches: BatchServer) -> None:
    """One request is done, the other is being asked again when the session is stopped."""
    source = archive(folder, 2)
    messages: list[str] = []

    def stop(message: str) -> None:
        messages.append(message)
        if sum(batches.paid.values()) > 1:
            batch.stop()

    batches.answer_line = lambda line: UNSOUND if "Deal number 0 is" in json.dumps(line.body) else SOUND
    batch = Batch([source], folder / "run", task="deals", provider_batch=True, on_message=stop)
    stopped = batch.run()
    assert not stopped.ended
    again = Batch([source], folder / "run", task="deals").run()
    assert again.ended
    assert told(stopped.progress.usage + again.progress.usage) == paid(sum(batches.paid.values()))
    assert stopped.progress.usage.calls >= 2
