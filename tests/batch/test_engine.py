"""A run, from archives to the ledger, with a real server that answers."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import create_model

from llm_extract.batch.engine import Batch, BatchResult
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Copy, Failure, Record, Retried, Row
from llm_extract.errors import AuthenticationFailed, DocumentError, RunError, SettingsError, UsageError
from llm_extract.fields import Money
from llm_extract.task import task_for_schema
from llm_extract.testing import FakeModel, ScriptedServer
from llm_extract.testing.batch_server import BatchServer
from llm_extract.testing.server import answer as reply
from llm_extract.testing.server import error
from tests.command_line import environment
from tests.evaluation.deals import answering, names, said, text


def archive(folder: Path, articles: list[dict[str, Any]], name: str = "news.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(article) + "\n" for article in articles), "utf-8")
    return path


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"id": f"a{number}", "text": text(number)} for number in range(count)]


def run(source: Path, out: str = "run", **options: Any) -> BatchResult:
    return Batch([source], out, task="deals", **options).run()


def records(out: str = "run") -> dict[str, Record]:
    return {record.id: record for record in Ledger.read(out)}


def essence(found: dict[str, Record]) -> dict[str, Any]:
    """What must be equal however often a run was interrupted: everything but times and costs."""
    return {
        key: (record.kind, record.place, record.text, record.extraction["record"] if isinstance(record, Row) else None)
        for key, record in found.items()
        if not isinstance(record, Retried)
    }


def test_every_article_has_its_row(folder: Path, scripted_server: ScriptedServer) -> None:
    result = run(archive(folder, numbered(12)))
    assert result.ended
    assert (result.counts.articles, result.counts.rows) == (12, 12)
    assert len(scripted_server.requests) == 12
    row = records()["a1"]
    assert isinstance(row, Row)
    assert row.extraction["record"]["deals"][0]["value"]["amount"] == 2_500_000
    assert row.place.endswith("news.jsonl#2")


def test_the_same_batch_again_asks_nothing(folder: Path, scripted_server: ScriptedServer) -> None:
    source = archive(folder, numbered(8))
    run(source)
    before = (folder / "run" / "ledger.jsonl").read_bytes()
    result = run(source)
    assert result.ended
    assert (result.progress.done_before, result.progress.done) == (8, 0)
    assert len(scripted_server.requests) == 8
    assert (folder / "run" / "ledger.jsonl").read_bytes() == before


def test_copies_are_asked_once_and_linked(folder: Path, scripted_server: ScriptedServer) -> None:
    articles = [
        *numbered(3),
        {"id": "copy", "text": text(1).upper()},
        {"id": "a2", "text": text(2)},
        {"id": "a0", "text": text(5)},
    ]
    result = run(archive(folder, articles))
    assert result.ended
    assert len(scripted_server.requests) == 4
    found = records()
    assert isinstance(found["copy"], Copy)
    assert found["copy"].of == "a1"
    again, other = [record for key, record in found.items() if "news.jsonl" in key]
    assert isinstance(again, Copy)
    assert again.of == "a2"
    assert isinstance(other, Row)  # another text under a known id is an article all the same
    assert (other.id, other.extraction["record"]["deals"][0]["buyers"]) == (f"a0 ({other.place})", ["Fir Police 5"])
    assert (result.counts.articles, result.counts.rows) == (6, 6)
    assert run(folder / "news.jsonl").progress.done == 0


def test_what_fails_is_written_down_and_can_be_tried_again(folder: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = answering(lambda number: error(400) if number == 2 else said(number))
    source = archive(folder, numbered(4))
    result = run(source)
    assert result.ended
    assert (result.counts.rows, result.counts.failures) == (3, 1)
    failure = records()["a2"]
    assert isinstance(failure, Failure)
    assert failure.type == "RequestRejected"
    assert run(source).progress.done == 0  # a failure is an outcome


def test_what_is_fatal_stops_the_run_and_a_new_key_goes_on(folder: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = answering(lambda number: error(401) if number >= 3 else said(number))
    source = archive(folder, numbered(40))
    result = run(source, at_once=1)
    assert isinstance(result.stopped_by, AuthenticationFailed)
    assert not result.ended
    assert result.counts.rows == 3
    scripted_server.respond = answering(said)
    asked = len(scripted_server.requests)
    assert run(source).counts.rows == 40
    assert len(scripted_server.requests) == asked + 37


def test_other_terms_are_refused_with_the_difference(folder: Path) -> None:
    source = archive(folder, numbered(2))
    run(source)
    with pytest.raises(RunError, match="where"):
        run(source, where="words > 3")


def test_where_and_limit_choose(folder: Path) -> None:
    source = archive(folder, numbered(10))
    result = run(source, where="'Pellworth' in text or id == 'a0'", limit=8)
    assert result.counts.rows == 2
    assert result.counts.skips == {"irrelevant": 6}
    assert result.counts.articles == 8
    with pytest.raises(SettingsError, match="unexpected"):
        run(source, "other", where="words >")
    with pytest.raises(SettingsError, match="there is no 'wrds'"):
        run(source, "another", where="wrds > 3")


def test_what_cannot_be_read_is_listed(folder: Path) -> None:
    source = archive(folder, [*numbered(2), {"id": "empty", "text": "  "}])
    with source.open("a") as file:
        file.write("no json\n")
    result = run(source)
    assert result.counts.skips == {"unreadable": 2}
    assert result.ended


@pytest.mark.parametrize("order", ["readable first", "unreadable first"])
def test_a_member_that_is_there_twice_and_readable_once_is_asked_and_listed(folder: Path, order: str) -> None:
    members = [("a.txt", text(0).encode()), ("a.txt", b"")]
    with tarfile.open(folder / "twice.tar", "w") as tar:
        for name, content in members if order == "readable first" else members[::-1]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    for _ in range(2):
        result = Batch(["twice.tar"], "run", task="deals").run()
        assert result.ended
        assert (result.counts.rows, result.counts.skips) == (1, {"unreadable": 1})


def test_a_file_that_was_mended_is_read(folder: Path, scripted_server: ScriptedServer) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "a.txt").write_text(text(0))
    (folder / "d" / "b.txt").write_text("")
    assert Batch(["d"], "run", task="deals").run().counts.skips == {"unreadable": 1}
    (folder / "d" / "b.txt").write_text(text(1))
    result = Batch(["d"], "run", task="deals").run()
    assert (result.counts.articles, result.counts.rows, result.counts.skips) == (2, 2, {})
    assert result.ended
    assert len(scripted_server.requests) == 2


async def test_stopping_finishes_what_is_under_way(folder: Path, scripted_server: ScriptedServer) -> None:
    batch = Batch([archive(folder, numbered(60))], "run", task="deals", at_once=2)
    batch._on_progress = lambda progress: batch.stop() if progress.rows >= 5 else None
    result = await batch.arun()
    assert not result.ended
    assert result.stopped_by is None
    assert 5 <= result.counts.rows <= 10
    assert len(scripted_server.requests) == result.counts.rows


async def test_a_second_run_on_the_folder_is_refused(folder: Path, scripted_server: ScriptedServer) -> None:
    source = archive(folder, numbered(3))
    refused: list[RunError] = []

    def second(number: int) -> Any:
        try:  # while the first waits for this answer
            Ledger.open("run", batch.terms())
        except RunError as error:
            refused.append(error)
        return said(number)

    batch = Batch([source], "run", task="deals")
    scripted_server.respond = answering(second)
    assert (await batch.arun()).ended
    assert "in use" in str(refused[0])


# -- what a review found ---------------------------------------------------------------------------


def test_members_of_one_name_are_articles_of_their_own(folder: Path, scripted_server: ScriptedServer) -> None:
    with tarfile.open(folder / "a.tar", "w") as archive:
        for number in (0, 1, 2):
            data = text(number).encode()
            member = tarfile.TarInfo("a.txt")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert run(folder / "a.tar").counts.rows == 3
    before = (folder / "run" / "ledger.jsonl").read_bytes()
    assert run(folder / "a.tar").ended
    assert (folder / "run" / "ledger.jsonl").read_bytes() == before
    assert len(scripted_server.requests) == 3


def test_an_article_is_no_copy_of_one_that_was_left_out(folder: Path) -> None:
    articles = [{"id": "x1", "text": text(1)}, {"id": "x2", "text": text(1)}, {"id": "x1", "text": text(2)}]
    result = run(archive(folder, articles), where="id == 'x2'")
    found = records()
    assert isinstance(found["x2"], Row)
    assert result.counts.skips == {"irrelevant": 2}
    assert result.ended


def test_settings_that_cannot_work_are_no_failures_of_articles(
    folder: Path, monkeypatch: pytest.MonkeyPatch, scripted_server: ScriptedServer
) -> None:
    source = archive(folder, numbered(4))
    monkeypatch.setenv("LLM_EXTRACT_MAX_COST", "5")
    with pytest.raises(SettingsError, match="price"):
        run(source)
    assert records() == {}
    monkeypatch.delenv("LLM_EXTRACT_MAX_COST")
    assert run(source).counts.rows == 4


def test_a_source_that_breaks_loses_nothing_that_is_under_way(folder: Path, scripted_server: ScriptedServer) -> None:
    articles = [{"id": f"a{number}", "text": text(number)} for number in range(40)]
    with pytest.raises(SettingsError, match="division by zero"):
        run(archive(folder, articles), where="id != 'a39' or 1 / 0")
    assert len(records()) == len(scripted_server.requests) > 0


def test_a_smaller_archive_or_limit_is_told_and_no_error(folder: Path) -> None:
    source = archive(folder, numbered(6))
    said_to_user: list[str] = []
    assert run(source).counts.rows == 6
    result = run(source, limit=3, on_message=said_to_user.append)
    assert result.ended
    assert said_to_user == ["the ledger has 3 articles that the archives did not give this time"]


def test_a_copy_whose_original_was_taken_away_before_it_was_asked_is_told(
    folder: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.respond = answering(lambda _: error(401))
    source = archive(folder, [*numbered(2), {"id": "copy", "text": text(1).upper()}])
    assert run(source, at_once=1).not_given == 0  # stopped before its end: more may come
    scripted_server.respond = answering(said)
    archive(folder, [*numbered(1), {"id": "copy", "text": text(1).upper()}])
    result = run(source)
    assert (result.ended, result.not_given, result.counts.rows) == (False, 1, 1)
    archive(folder, [*numbered(2), {"id": "copy", "text": text(1).upper()}])
    result = run(source)
    assert (result.ended, result.not_given, result.counts.rows) == (True, 0, 3)


FRAGILE = """
from pydantic import BaseModel, model_validator

from llm_extract.fields import Money


class Sale(BaseModel):
    price: Money | None = None
    reserve: Money | None = None

    @model_validator(mode="after")
    def _above_reserve(self) -> "Sale":
        if self.price.amount < self.reserve.amount:
            raise ValueError("below its reserve")
        return self
"""


def test_an_article_on_which_the_schema_s_own_code_fails_is_a_failure(folder: Path, tmp_path: Path) -> None:
    (folder / "schemas" / "sales.py").write_text(FRAGILE)
    (folder / "prompts" / "sales.md").write_text(
        "---\nname: sales\nversion: 1\ndescription: d\nschema: Sale\n---\n# system\nFind.\n# user\n{{ article }}\n"
    )
    source = archive(folder, [{"id": "a", "text": "It was sold."}, {"id": "b", "text": "It went for £3m, above £2m."}])
    model = FakeModel(
        lambda request: (
            {"price": "£3m", "reserve": "£2m"} if "£3m" in str(request) else {"price": None, "reserve": None}
        )
    )
    result = Batch([source], "run", task="sales", model=model, at_once=1).run()
    assert (result.ended, result.counts.rows, result.counts.failures) == (True, 1, 1)
    failure = records()["a"]
    assert isinstance(failure, Failure)
    assert "the code of Sale failed on this article: AttributeError" in failure.message


def test_a_task_without_files_is_grounded_in_this_process(folder: Path) -> None:
    source = archive(folder, [{"id": "a", "text": "It went for £3m."}])
    task = task_for_schema(create_model("Price", price=(Money | None, None)))
    result = Batch([source], "run", task=task, model=FakeModel({"price": "£3m"}), processes=1).run()
    assert (result.ended, result.counts.rows) == (True, 1)
    with pytest.raises(SettingsError, match="load a task from its files"):
        Batch([source], "other", task=task, model="openai/gpt-test", engine="ray")


@pytest.mark.parametrize("sources", ["news.jsonl", Path("news.jsonl")])
def test_one_source_where_several_may_be_is_refused(sources: Any) -> None:
    with pytest.raises(UsageError, match="give a list"):
        Batch(sources, "run")


def test_the_same_file_twice_and_the_run_s_own_folder(folder: Path, scripted_server: ScriptedServer) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "a.txt").write_text(text(0))
    (folder / "d" / "bad.txt").write_bytes(b"\x00" * 50)
    for _ in range(2):
        result = Batch(["d/a.txt", "d", "d/*.txt"], "d/run", task="deals").run()
        assert result.ended
        assert (result.counts.rows, result.counts.copies, result.counts.skips) == (3, 2, {"unreadable": 2})
    assert len(scripted_server.requests) == 1


def test_an_archive_in_the_run_s_own_folder_is_refused(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "a.txt").write_text(text(0))
    for source in ("run/a.txt", "run", "run/*.txt"):
        with pytest.raises(UsageError, match="give the run another one"):
            Batch([source], "run", task="deals").run()
    assert [path.name for path in (folder / "run").iterdir()] == ["a.txt"]


def test_a_batch_object_can_be_run_again(folder: Path) -> None:
    batch = Batch([archive(folder, numbered(3))], "run", task="deals")
    assert batch.run().progress.rows == 3
    assert batch.run().progress.done_before == 3


def test_what_is_left_out_is_written_down_on_the_way(folder: Path) -> None:
    articles = [{"id": str(number), "text": f"Nothing of note happened on day {number}."} for number in range(1500)]
    source = archive(folder, articles)
    sizes: list[int] = []

    def look(_: object) -> None:
        sizes.append((folder / "run" / "ledger.jsonl").stat().st_size)

    assert run(source, where="false", on_progress=look).counts.skipped == 1500
    assert 0 < sizes[len(sizes) // 2] < sizes[-1]


def test_through_the_provider_s_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_extract.batch.provider.FIRST_PAUSE", 0.05)
    with BatchServer(answer_line=lambda line: reply(said(number_in_body(line.body)))) as server:
        monkeypatch.setenv("LLM_EXTRACT_BASE_URL", server.base_url)
        monkeypatch.setenv("LLM_EXTRACT_MODEL", "openai/gpt-4o-mini")
        told: list[str] = []
        result = run(archive(folder, numbered(6)), provider_batch=True, on_message=told.append)
        assert (result.counts.rows, result.ended) == (6, True)
        assert sum(server.paid.values()) == 6
        assert told[0] == "6 articles sent, 0 in the cache already"
        again = run(folder / "news.jsonl")  # the run knows that its batches were at the provider
        assert again.progress.done_before == 6
        assert sum(server.paid.values()) == 6
    with pytest.raises(SettingsError, match="standard input"):
        Batch(["-"], "other", task="deals", provider_batch=True)


def number_in_body(body: Any) -> int:
    asked = json.dumps(body)
    return next(number for number in range(100) if f"{names(number)[0]} has" in asked or f"report {number}." in asked)


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "llm_extract", "batch", *words]


@pytest.mark.parametrize("cache", ["true", "false"])
def test_kills_at_any_moment_change_nothing(folder: Path, scripted_server: ScriptedServer, cache: str) -> None:
    articles = [*numbered(24), {"id": "copy", "text": text(7)}]
    source = archive(folder, articles)
    undisturbed = run(source, "whole")
    assert undisturbed.ended
    asked = len(scripted_server.requests)
    chance = random.Random(5)
    settings = environment(scripted_server, folder) | {
        "LLM_EXTRACT_CACHE": cache,
        "LLM_EXTRACT_CACHE_DIR": str(folder / "another"),
        "LLM_EXTRACT_CONCURRENCY_START": "4",
        "LLM_EXTRACT_CONCURRENCY_MAXIMUM": "4",
    }
    slow = answering(lambda number: time.sleep(0.01) or said(number))  # type: ignore[func-returns-value]
    scripted_server.respond = slow
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(
            command(folder, str(source), "--out", "run", "--task", "deals"),
            env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        enough = len(scripted_server.requests) + chance.randint(2, 12)
        while process.poll() is None and len(scripted_server.requests) < enough:
            time.sleep(0.005)
        time.sleep(0.03 * chance.random())
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        assert process.returncode == 0
        break
    assert kills >= 1
    assert essence(records("run")) == essence(records("whole"))
    repaid = len(scripted_server.requests) - 2 * asked
    # With a cache what is paid twice is what was not answered; without one, what is not written down either.
    assert repaid <= (4 if cache == "true" else 8) * kills


def test_control_c_once_drains_and_exits_130(folder: Path, scripted_server: ScriptedServer) -> None:
    source = archive(folder, numbered(400))
    scripted_server.respond = answering(lambda number: time.sleep(0.02) or said(number))  # type: ignore[func-returns-value]
    settings = {**environment(scripted_server, folder), "LLM_EXTRACT_CACHE": "false"}
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = subprocess.Popen(
            command(folder, str(source), "--out", "run", "--task", "deals", "--log-json"),
            env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        before = len(scripted_server.requests)
        while len(scripted_server.requests) < before + 8:
            time.sleep(0.02)
        process.send_signal(number)
        output, complaints = process.communicate(timeout=20)
        assert process.returncode == code, complaints
        assert "stopped before its end" in output
        assert "Traceback" not in complaints
        assert '"event": "stopped"' in complaints
    rows = sum(isinstance(record, Row) for record in records().values())
    assert rows == len(scripted_server.requests)  # nothing that was answered is lost


def test_a_source_that_says_nothing_holds_up_no_signal(folder: Path, scripted_server: ScriptedServer) -> None:
    process = subprocess.Popen(
        command(folder, "-", "--out", "run", "--task", "deals"),
        env=environment(scripted_server, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (folder / "run" / "ledger.jsonl").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    sent = time.monotonic()
    assert process.wait(timeout=20) == 143
    assert time.monotonic() - sent < 10
    process.communicate()


def test_a_run_that_stops_does_not_wait_for_more_of_standard_input(
    folder: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.respond = answering(lambda _: error(401))
    # Enough that its kind can be told, and some are read.
    lines = (json.dumps({"id": f"a{number}", "text": text(number) + " And so on." * 1000}) for number in range(300))
    with subprocess.Popen(
        command(folder, "-", "--out", "run", "--task", "deals"),
        env=environment(scripted_server, folder), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):  # it has stopped before it read all
                process.stdin.write("\n".join(lines).encode())
                process.stdin.flush()  # and it stays open
            assert process.wait(60) == 1
        finally:
            process.kill()


def test_an_archive_that_is_not_there_leaves_no_folder(folder: Path) -> None:
    with pytest.raises(DocumentError, match="there is no file or folder"):
        run(folder / "nwes.jsonl")
    assert not (folder / "run").exists()
    assert run(archive(folder, numbered(2))).ended


def test_a_name_that_where_does_not_know_is_told_before_anything_is_made(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no 'headlines'; there is id, place, text, headline"):
        run(archive(folder, numbered(2)), where="'}}' in headlines")
    assert not (folder / "run").exists()
    assert run(archive(folder, numbered(2)), where="'}}' not in text and words > 3").counts.rows == 2
