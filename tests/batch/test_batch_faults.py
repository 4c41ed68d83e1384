"""The faults on the way to a model, to the disk and from the terminal, met by whole runs of the command line.

"row" is the fault's number in the list. What is counted is what arrived at the server; what is looked at is what the
user sees, and what is on disk afterwards.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from llm_extract.batch.engine import Batch, Progress
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Failure, Record, Row
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, cut, drip, error, hang, reset
from llm_extract.testing.server import answer as reply
from tests.command_line import Done, Run, environment
from tests.evaluation.deals import answering, number_in, said, text
from tests.support import room

KEY = "very-secret"
"""Of the key that the command line is given, what may be seen nowhere."""
ARTICLES = 24
DONE, STOPPED, USAGE, FAILURES = 0, 1, 2, 4

Set = Callable[..., None]


@pytest.fixture
def run(command_line: Run, tmp_path: Path) -> Run:
    """The command line, in a folder with an archive of 24 articles."""
    write_archive(tmp_path, ARTICLES)
    return command_line


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set settings by name."""

    def give(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"LLM_EXTRACT_{name.upper()}", str(value))

    return give


def write_archive(folder: Path, count: int, padding: int = 0) -> None:
    """Articles with so many words of their own beside the news."""
    texts = (text(number) + " ".join(f"w{number}x{word}" for word in range(padding)) for number in range(count))
    lines = (json.dumps({"id": f"a{number}", "text": text}) + "\n" for number, text in enumerate(texts))
    (folder / "news.jsonl").write_text("".join(lines), "utf-8")


WORDS = ("batch", "news.jsonl", "--out", "run", "--task", "deals")


def records(folder: Path) -> dict[str, Record]:
    return {record.id: record for record in Ledger.read(folder / "run")}


def calls(server: ScriptedServer) -> Counter[int]:
    """Calls that arrived, by article."""
    return Counter(map(number_in, server.requests))


def settled(done: Done, folder: Path, code: int, failures: dict[int, str] | None = None, count: int = ARTICLES) -> None:
    """Every article has its outcome, the exit code says so, and nobody has been told the key."""
    assert done.returncode == code, done.stderr + done.stdout
    failed = failures or {}
    counts = Ledger.survey(folder / "run")
    counts.check(count)
    assert (counts.rows, counts.failures, counts.waiting) == (count - len(failed), len(failed), 0)
    found = records(folder)
    assert {key: record.type for key, record in found.items() if isinstance(record, Failure)} == {
        f"a{number}": kind for number, kind in failed.items()
    }
    untold(done, folder)


def untold(done: Done, folder: Path) -> None:
    """The key is in no output and in no file."""
    assert KEY not in done.stdout + done.stderr
    files = [path for name in ("run", "cache") for path in (folder / name).rglob("*") if path.is_file()]
    assert len(files) > 3
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


class FirstCalls:
    """Answers the first calls of some articles with a fault, and all others soundly."""

    def __init__(self, fault: Callable[[], Reply], articles: range, times: int = 1, delay: float = 0.0) -> None:
        self.fault = fault
        self.articles = articles
        self.times = times
        self.delay = delay
        self.seen: Counter[int] = Counter()
        self.told: list[float] = []
        """When the faults were given."""

    def __call__(self, request: RecordedRequest) -> Reply:
        number = number_in(request)
        self.seen[number] += 1
        if number in self.articles and self.seen[number] <= self.times:
            self.told.append(request.arrived)
            return self.fault()
        return reply(said(number), delay=self.delay)


# --- rows 1 to 4: told to wait --------------------------------------------------------------------


def test_row_1_retry_after_holds_the_whole_run(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    settings(attempts=2)
    faults = FirstCalls(lambda: error(429, headers={"Retry-After": "0.5"}), range(3), delay=0.01)
    scripted_server.respond = faults
    settled(run(*WORDS, "--concurrency", "4"), tmp_path, DONE)
    assert len(scripted_server.requests) == ARTICLES + 3
    # What was on its way when the word came is let be.
    assert not [one for one in scripted_server.requests if faults.told[-1] + 0.1 < one.arrived < faults.told[-1] + 0.5]


def test_row_2_a_long_wait_fails_the_article_where_that_is_wanted(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    settings(attempts=3, on_long_wait="fail")
    scripted_server.respond = FirstCalls(lambda: error(429, headers={"Retry-After": "600"}), range(2), times=9)
    settled(run(*WORDS), tmp_path, FAILURES, dict.fromkeys(range(2), "EndpointUnavailable"))
    assert len(scripted_server.requests) == ARTICLES
    assert "it asks to wait 600 s, longer than the 120 s allowed" in run("batch", "failures", "run").stdout


def test_row_2_a_long_wait_is_told_with_its_end_and_can_be_left(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    scripted_server.respond = FirstCalls(lambda: error(429, headers={"Retry-After": "600"}), range(5, 6))
    settings(attempts=2)
    with in_a_process(scripted_server, tmp_path, attempts=2, concurrency_start=1, concurrency_maximum=1) as process:
        assert process.stderr is not None
        told = ""
        while "parked until" not in told:
            told = process.stderr.readline()
            assert told
        assert "asks to wait 600 s: parked until " in told
        process.send_signal(signal.SIGINT)  # once: nothing is under way
        assert process.wait(timeout=5) == 130
    assert Ledger.survey(tmp_path / "run").rows == 5
    assert len(scripted_server.requests) == 6
    settled(run(*WORDS), tmp_path, DONE)
    assert calls(scripted_server) == Counter({number: 2 if number == 5 else 1 for number in range(ARTICLES)})


def test_row_3_without_retry_after_a_run_asks_less_at_once_and_loses_nothing(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    at_first = 20
    settings(attempts=4, concurrency_start=at_first)
    faults = FirstCalls(lambda: error(429, delay=0.1), range(at_first), delay=0.05)
    most: list[int] = []

    def respond(request: RecordedRequest) -> Reply:
        if len(faults.told) == at_first and request.arrived > faults.told[-1] + 0.15:  # all are answered
            most.append(scripted_server._in_flight)
        return faults(request)

    scripted_server.respond = respond
    write_archive(tmp_path, 60)
    settled(run(*WORDS), tmp_path, DONE, count=60)
    assert len(scripted_server.requests) == 60 + at_first
    assert scripted_server.most_in_flight == at_first
    assert 8 <= max(most) <= 17


def test_row_4_a_date_is_counted_from_the_server_s_own_clock(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    def an_hour_ago() -> Reply:
        now = int(time.time()) - 3600
        dates = {"Date": formatdate(now, usegmt=True), "Retry-After": formatdate(now + 1, usegmt=True)}
        return error(429, headers=dates)

    settings(attempts=2)
    faults = FirstCalls(an_hour_ago, range(1))
    scripted_server.respond = faults
    settled(run(*WORDS), tmp_path, DONE)
    assert len(scripted_server.requests) == ARTICLES + 1
    second = [one.arrived for one in scripted_server.requests if number_in(one) == 0][1]
    assert 1 <= second - faults.told[0] < 2


# --- rows 5 and 6: nothing can succeed ------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (error(429, "insufficient_quota", message=f"no money for sk-{KEY}"), "top up the account"),
        (error(401, "invalid_api_key", message=f"Incorrect API key provided: sk-{KEY}"), "check the key"),
        (error(403, message=f"sk-{KEY} may not use this model"), "check the key"),
        (error(404, "model_not_found", message=f"no such model for sk-{KEY}"), "check the model's name"),
    ],
    ids=["quota", "401", "403", "model"],
)
def test_row_5_what_no_repetition_mends_stops_the_run_after_one_call(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path, refusal: Reply, told: str
) -> None:
    settings(attempts=6)
    scripted_server.respond = lambda request: refusal
    done = run(*WORDS, "--concurrency", "1")
    assert done.returncode == STOPPED
    assert len(scripted_server.requests) == 1
    assert done.stderr.count("llm-extract: openai/gpt-test: ") == 1
    assert told in done.stderr
    assert "the same command goes on" in done.stderr
    assert Ledger.survey(tmp_path / "run").articles == 0
    untold(done, tmp_path)
    scripted_server.respond = answering(said)
    settled(run("batch", "--resume", "run"), tmp_path, DONE)
    assert len(scripted_server.requests) == 1 + ARTICLES


def test_row_5_articles_that_wait_for_their_turn_are_not_asked_any_more(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    settings(concurrency_start=8)
    write_archive(tmp_path, 100)
    scripted_server.respond = lambda request: error(401, delay=0.02)
    assert run(*WORDS).returncode == STOPPED
    assert len(scripted_server.requests) <= 8


@pytest.mark.parametrize("at_once", [1, 8])
@pytest.mark.parametrize("cache", [True, False])
def test_row_6_a_key_revoked_in_mid_run_pays_for_nothing_twice(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path, at_once: int, cache: bool
) -> None:
    settings(cache=cache)
    paid: Counter[int] = Counter()
    refused: list[int] = []

    def respond(request: RecordedRequest) -> Reply:
        number = number_in(request)
        if len(paid) >= 10 and request.headers["authorization"] == f"Bearer sk-{KEY}":
            refused.append(number)
            return error(401, "invalid_api_key", message=f"sk-{KEY} was revoked")
        paid[number] += 1
        return reply(said(number), delay=0.02)

    scripted_server.respond = respond
    done = run(*WORDS, "--concurrency", str(at_once))
    assert done.returncode == STOPPED
    assert 1 <= len(refused) <= at_once
    assert Ledger.survey(tmp_path / "run").rows == 10, "an answer that was paid for is not there"
    untold(done, tmp_path)
    settings(api_key=f"sk-new-{KEY}")
    settled(run(*WORDS, "--concurrency", str(at_once)), tmp_path, DONE)
    assert paid == Counter(range(ARTICLES))


# --- rows 7 to 10: the endpoint fails -------------------------------------------------------------


def test_row_7_calls_are_as_many_as_declared_and_the_rest_of_the_run_goes_on(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    statuses = iter([500, 502, 503, 529] * 9)
    settings(attempts=3)
    scripted_server.respond = FirstCalls(
        lambda: error(next(statuses), message=f"sorry, sk-{KEY}"), range(4, 7), times=99
    )
    done = run(*WORDS)
    settled(done, tmp_path, FAILURES, dict.fromkeys(range(4, 7), "EndpointUnavailable"))
    assert calls(scripted_server) == {number: 3 if 4 <= number < 7 else 1 for number in range(ARTICLES)}
    listed = run("batch", "failures", "run")
    assert listed.stdout.count("EndpointUnavailable") == listed.stdout.count("(after 3 calls)") == 3
    untold(listed, tmp_path)
    failure = records(tmp_path)["a4"]
    assert isinstance(failure, Failure)
    assert failure.usage is not None
    assert failure.usage["calls"] == 3


def test_row_8_a_context_too_long_costs_its_own_article_one_call_and_no_other_for_ever(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    settings(attempts=6)
    too_long = error(400, "context_length_exceeded", message="maximum context length is 8192 tokens")
    scripted_server.respond = FirstCalls(lambda: too_long, range(3), times=99)
    expected = dict.fromkeys(range(3), "ContextTooLong")
    settled(run(*WORDS), tmp_path, FAILURES, expected)
    settled(run(*WORDS), tmp_path, FAILURES, expected)
    assert len(scripted_server.requests) == ARTICLES
    assert "shorten the article or take a larger model" in run("batch", "failures", "run").stdout


@pytest.mark.parametrize("fault", [reset(), cut(40, reply(said(0)))], ids=["reset", "cut"])
def test_row_9_lost_connections_are_made_again(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path, fault: Reply
) -> None:
    settings(attempts=3)
    scripted_server.respond = FirstCalls(lambda: fault, range(0, ARTICLES, 4))
    settled(run(*WORDS), tmp_path, DONE)
    assert len(scripted_server.requests) == ARTICLES + ARTICLES // 4


def test_row_9_a_server_that_is_not_there_yet_costs_no_article(run: Run, settings: Set, tmp_path: Path) -> None:
    write_archive(tmp_path, 4)
    server = ScriptedServer(respond=answering(said))
    with server:
        settings(attempts=9, base_url=server.base_url)  # now it has an address, and nobody listens there
    later = threading.Timer(0.4, server.__enter__)
    later.start()
    try:
        settled(run(*WORDS), tmp_path, DONE, count=4)
    finally:
        later.join()
        server.__exit__(None, None, None)
    assert len(server.requests) == 4


@pytest.mark.parametrize("fault", [hang(20), drip(5, reply(said(0)))], ids=["hang", "drip"])
def test_row_10_an_answer_that_does_not_come_fails_in_time_and_the_rest_goes_on(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path, fault: Reply
) -> None:
    settings(attempts=9, timeout=0.5)
    scripted_server.respond = FirstCalls(lambda: fault, range(2), times=99)
    began = time.monotonic()
    settled(run(*WORDS), tmp_path, FAILURES, dict.fromkeys(range(2), "EndpointUnavailable"))
    assert time.monotonic() - began < 15
    assert "0.5 s" in run("batch", "failures", "run").stdout
    assert len(scripted_server.requests) <= ARTICLES + 2
    scripted_server.respond = answering(said)
    run("batch", "retry-failed", "run")
    settled(run("batch", "--resume", "run"), tmp_path, DONE)


# --- rows 21 to 26: signals, disks, two runs ------------------------------------------------------


@contextmanager
def in_a_process(
    server: ScriptedServer, folder: Path, before: Callable[[], object] | None = None, **settings: object
) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    given = {f"LLM_EXTRACT_{name.upper()}": str(value) for name, value in settings.items()}
    with subprocess.Popen(
        [sys.executable, "-m", "llm_extract", *WORDS], cwd=folder, env=environment(server, folder) | given,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def test_row_21_a_second_ctrl_c_stops_at_once_and_leaves_a_sound_run(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.respond = answering(lambda number: hang(30) if number >= 10 else said(number))
    with in_a_process(scripted_server, tmp_path) as process:
        deadline = time.monotonic() + 20
        while len(scripted_server.requests) < ARTICLES and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None, "what was under way was not waited for"
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert process.wait(timeout=10) == 130
        assert time.monotonic() - sent < 3
        assert process.stderr is not None
        said_to_user = process.stderr.read()
    assert "once more stops at once" in said_to_user
    assert "Traceback" not in said_to_user
    assert Ledger.survey(tmp_path / "run").rows == 10
    scripted_server.respond = answering(said)
    settled(run(*WORDS), tmp_path, DONE)
    assert all(calls(scripted_server)[number] == 1 for number in range(10))


async def test_row_21_a_run_that_is_told_to_stop_asks_about_no_article_that_waits(
    run: Run, scripted_server: ScriptedServer, settings: Set
) -> None:
    settings(concurrency_start=4, concurrency_maximum=4)
    scripted_server.respond = answering(lambda number: reply(said(number), delay=0.03))
    at_stop: list[int] = []

    def stop(progress: Progress) -> None:
        if progress.rows and not at_stop:
            at_stop.append(len(scripted_server.requests))
            batch.stop()

    batch = Batch(["news.jsonl"], "run", task="deals", at_once=ARTICLES, on_progress=stop)
    result = await batch.arun()
    assert (result.ended, result.stopped_by) == (False, None)
    assert result.counts.rows == len(scripted_server.requests) == at_stop[0] <= 12


def test_row_23_a_full_output_disk_stops_the_run_without_a_torn_line(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path
) -> None:
    settings(cache=False)
    write_archive(tmp_path, ARTICLES, padding=1000)
    scripted_server.respond = answering(lambda number: reply(said(number), delay=0.01 * (number % 8)))
    with room(100_000):  # the index of copies is smaller, the ledger larger
        done = run(*WORDS, "--concurrency", "2")
    assert done.returncode == USAGE
    assert "ledger.jsonl cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    ledger = tmp_path / "run" / "ledger.jsonl"
    assert ledger.read_bytes().endswith(b"\n")
    kept = Ledger.survey(tmp_path / "run")
    assert 0 < kept.rows < ARTICLES
    assert kept.damaged == 0
    asked = len(scripted_server.requests)
    assert asked - kept.rows <= 64, "the run went on paying for what it cannot keep"
    settled(run(*WORDS), tmp_path, DONE)
    assert len(scripted_server.requests) == asked + ARTICLES - kept.rows


def test_row_23_a_full_cache_disk_is_told_and_the_run_goes_on(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with room(120_000):  # ledger and index are smaller, the cache's log larger
        done = run(*WORDS)
    settled(done, tmp_path, DONE)
    assert caplog.text.count("The answer cache cannot be used") == 1
    assert len(scripted_server.requests) == ARTICLES


def test_row_24_records_whose_fsync_failed_are_done_again(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        of_ledger = Path(f"/proc/self/fd/{descriptor}").readlink().name == "ledger.jsonl"
        if of_ledger and os.fstat(descriptor).st_size > 4000 and not failed:
            failed.append(os.fstat(descriptor).st_size)
            raise OSError(5, os.strerror(5))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    scripted_server.respond = answering(lambda number: reply(said(number), delay=0.01 * (number % 8)))
    done = run(*WORDS, "--concurrency", "4")
    assert done.returncode == USAGE
    assert "Input/output error" in done.stderr
    assert (tmp_path / "run" / "ledger.jsonl").stat().st_size < failed[0]
    settled(run(*WORDS), tmp_path, DONE)
    assert set(calls(scripted_server).values()) == {1}, "the cache did not keep what was paid for"


@pytest.mark.parametrize("what", ["output", "cache"])
def test_row_25_what_cannot_be_written_is_told_before_the_first_call(
    run: Run,
    scripted_server: ScriptedServer,
    settings: Set,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    told_before: list[bool] = []

    def respond(request: RecordedRequest) -> Reply:
        told_before.append("cannot be used" in caplog.text)
        return reply(said(number_in(request)))

    scripted_server.respond = respond
    (tmp_path / "file").write_text("where a folder should be")
    if what == "output":
        done = run("batch", "news.jsonl", "--out", "file/run", "--task", "deals")
        assert done.returncode == USAGE
        assert "cannot be used for a run" in done.stderr
        assert scripted_server.requests == []
    else:
        settings(cache_dir="file/cache")
        assert run(*WORDS).returncode == DONE
        assert told_before == [True] * ARTICLES


def test_row_26_a_second_run_is_refused_and_told_who_holds_the_folder(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    with Ledger.open(tmp_path / "run", {"task": "another"}):
        done = run(*WORDS)
    assert done.returncode == USAGE
    assert f"is in use: process {os.getpid()} on {os.uname().nodename}, since 20" in done.stderr
    assert scripted_server.requests == []


# --- rows 29, 30 and 40: a damaged cache, other terms, few descriptors ----------------------------


@pytest.mark.parametrize("damage", ["garbage", "a flipped bit in each answer", "pickled"])
def test_row_29_a_damaged_cache_costs_calls_and_never_an_article(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path, damage: str
) -> None:
    settled(run(*WORDS), tmp_path, DONE)
    whole = {key: record.extraction["record"] for key, record in records(tmp_path).items() if isinstance(record, Row)}
    database = tmp_path / "cache" / "answers" / "cache.db"
    with_cache_closed(lambda: spoil(database, damage))
    (tmp_path / "run").rename(tmp_path / "before")
    settled(run(*WORDS), tmp_path, DONE)
    assert len(scripted_server.requests) == 2 * ARTICLES
    again = {key: record.extraction["record"] for key, record in records(tmp_path).items() if isinstance(record, Row)}
    assert again == whole
    assert not (tmp_path / "owned").exists()


def with_cache_closed(work: Callable[[], None]) -> None:
    """Do something to the cache's files while this process has them closed."""
    from llm_extract.model.models import _cache

    _cache.cache_clear()
    work()


class Planted:
    """What runs when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def spoil(database: Path, damage: str) -> None:
    import pickle

    if damage == "garbage":
        for path in database.parent.iterdir():
            path.write_bytes(os.urandom(20_000))
        return
    with sqlite3.connect(database) as rows:
        if damage == "pickled":
            planted = pickle.dumps(Planted(database.parents[2] / "owned"))
            rows.execute("update Cache set mode = 4, value = ?", (planted,))
        else:
            kept = rows.execute("select rowid, value from Cache").fetchall()
            assert len(kept) >= ARTICLES
            for row, value in kept:
                at = len(value) // 2
                spoilt = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
                rows.execute("update Cache set value = ? where rowid = ?", (spoilt, row))
    rows.close()


@pytest.mark.parametrize("changed", ["prompt", "schema", "model"])
def test_row_30_other_terms_are_refused_and_no_old_answer_is_served(
    run: Run, scripted_server: ScriptedServer, settings: Set, tmp_path: Path, changed: str
) -> None:
    settled(run(*WORDS), tmp_path, DONE)
    if changed == "model":
        settings(model="openai/gpt-other")
    else:
        file, old, new = {
            "prompt": ("prompts/deals.md", "Copy the article's words.", "Copy the words of the article."),
            "schema": ("schemas/deals.py", 'description="every deal"', 'description="each deal"'),
        }[changed]
        path = tmp_path / file
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    refused = run(*WORDS)
    assert refused.returncode == USAGE
    assert "holds a run with other terms" in refused.stderr
    assert {"prompt": "prompt", "schema": "schema", "model": "gpt-other"}[changed] in refused.stderr
    assert len(scripted_server.requests) == ARTICLES
    settled(run("batch", "news.jsonl", "--out", "other", "--task", "deals"), tmp_path, DONE)
    assert len(scripted_server.requests) == 2 * ARTICLES


def test_row_40_few_file_descriptors_bound_the_sockets(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    write_archive(tmp_path, 100)
    scripted_server.respond = answering(lambda number: reply(said(number), delay=0.05))

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with in_a_process(scripted_server, tmp_path, few, concurrency_start=64) as process:
        output, complaints = process.communicate(timeout=30)
    settled(Done(process.returncode, output, complaints), tmp_path, DONE, count=100)
    assert len(scripted_server.requests) == 100
    assert 4 < scripted_server.most_connections <= 64 - 40
    assert "see ulimit -n" in complaints


# --- row 44: hostile values -----------------------------------------------------------------------


def test_row_44_terminal_and_tables_of_a_run_are_inert(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    formula, escape = "=cmd|' /C calc'!A0", "\x1b]0;owned\x07\x1b[31m"
    deal = f"{formula} has signed a £2.5m contract with {escape}Oakline.\n"
    hostile = [
        {"id": "=1+1", "text": deal},
        {"id": f"b{escape}", "text": f"{escape} has failed here.\n"},
        {"id": f"c{escape}", "text": ""},
    ]
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(one) + "\n" for one in hostile), "utf-8")

    def respond(request: RecordedRequest) -> Reply:
        if "has failed" in json.dumps(request.body):
            return error(400, message=f"{escape}no{escape}")
        return reply(said(1, buyers=[formula], suppliers=["Oakline"], value="£2.5m"))

    scripted_server.respond = respond
    done = run(*WORDS)
    assert done.returncode == FAILURES
    shown = [done, run("batch", "failures", "run"), run("batch", "status", "run"), run("verify", "run")]
    assert shown[1].stdout.count("\n") == 2
    assert run("export", "run", "--to", "csv", "--out", "deals.csv").returncode == DONE
    for one in shown:
        assert not {"\x1b", "\x07", "\x9b"} & set(one.stdout + one.stderr)
    with (tmp_path / "deals.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert f"'{formula}" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r")]
    assert not [cell for cell in cells if "\x1b" in cell]


def test_row_44_an_endpoint_s_words_are_inert(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = lambda request: error(401, message="\x1b]0;owned\x07\x1b[31mred\x9b31m")
    done = run(*WORDS, "--concurrency", "1")
    assert done.returncode == STOPPED
    assert "red" in done.stderr
    assert not {"\x1b", "\x07", "\x9b"} & set(done.stdout + done.stderr)
