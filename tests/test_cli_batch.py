"""`llm-extract batch`, `export` and `verify` as a user types them, with a real server to answer."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import error
from tests.command_line import Run
from tests.evaluation.deals import answering, said, text


@pytest.fixture
def run(command_line: Run) -> Run:
    return command_line


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with a zip, a compressed JSONL and a text file: ten articles, one of them a copy."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as file:
        for number in range(4):
            file.writestr(f"articles/{number}.txt", text(number))
    lines = [{"id": f"j{number}", "text": text(number)} for number in (4, 5, 6, 1)]
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    (folder / "c.txt").write_text(text(7))
    (folder / "d.txt").write_text(text(8))
    return folder


def test_an_archive_becomes_a_run_a_database_and_a_proof(run: Run, archive: Path, tmp_path: Path) -> None:
    done = run("batch", "archive", "--out", "run", "--task", "deals")
    assert done.returncode == 0, done.stderr
    assert "rows      10" in done.stdout
    assert "copies    1 " in done.stdout
    again = run("batch", "archive", "--out", "run", "--task", "deals")
    assert again.returncode == 0
    assert "this session: 0 articles" in again.stdout
    assert "articles  10" in run("batch", "status", "run").stdout
    assert json.loads(run("batch", "status", "run", "--json").stdout)["rows"] == 10

    verified = run("verify", "run")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    exported = run("export", "run", "--to", "sqlite", "--out", "deals.sqlite")
    assert exported.returncode == 0, exported.stderr
    with sqlite3.connect(tmp_path / "deals.sqlite") as database:
        (amount,) = database.execute(
            "select value_amount from deals join articles using (article_id) where place like '%a.zip!articles/0.txt'"
        ).fetchone()
    database.close()
    assert float(amount) == 1_500_000


def test_what_failed_is_listed_and_done_again(run: Run, archive: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = answering(lambda number: error(400) if number == 5 else said(number))
    assert run("batch", "archive", "--out", "run", "--task", "deals").returncode == 4
    listed = run("batch", "failures", "run").stdout
    assert "b.jsonl.gz#2: RequestRejected" in listed
    assert run("batch", "--resume", "run").returncode == 4  # a failure is an outcome
    assert "1 articles will be done again" in run("batch", "retry-failed", "run").stdout
    scripted_server.respond = answering(said)
    done = run("batch", "--resume", "run")
    assert done.returncode == 0, done.stderr
    assert "failures  0" in done.stdout


def test_a_refused_key_stops_with_1_and_says_that_it_can_go_on(
    run: Run, archive: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.default = error(401)
    scripted_server.respond = None
    done = run("batch", "archive", "--out", "run", "--task", "deals")
    assert done.returncode == 1
    assert "the same command goes on" in done.stderr
    assert "very-secret" not in done.stderr + done.stdout
    scripted_server.respond = answering(said)
    assert run("batch", "--resume", "run").returncode == 0


def test_a_budget_is_kept_by_a_resumed_run(run: Run, archive: Path, scripted_server: ScriptedServer) -> None:
    done = run("batch", "archive", "--out", "run", "--task", "deals", "--max-tokens", "5200")
    assert done.returncode == 1
    assert "with a larger budget the same command goes on" in done.stderr
    asked = len(scripted_server.requests)
    assert run("batch", "--resume", "run").returncode == 1
    assert len(scripted_server.requests) == asked
    assert run("batch", "--resume", "run", "--max-tokens", "10000000").returncode == 0


def test_an_estimate_calls_nothing(run: Run, archive: Path, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    done = run("batch", "archive", "--task", "deals", "--model", "openai/gpt-4o-mini", "--estimate")
    assert done.returncode == 0, done.stderr
    assert "to be asked 9, by openai/gpt-4o-mini" in done.stdout
    assert "copies      1" in done.stdout
    assert "price       $" in done.stdout
    assert scripted_server.requests == []
    assert not (tmp_path / "run").exists()


def test_an_estimate_is_not_changed_by_what_stands_in_the_working_directory(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "provider").mkdir()  # as in the folder of a run that goes through a provider's batches
    done = run("batch", "archive", "--task", "deals", "--model", "openai/gpt-4o-mini", "--estimate", "--max-cost", "1")
    assert done.returncode == 0, done.stderr
    assert "articles    10" in done.stdout


def test_an_estimate_leaves_the_run_s_own_files_out(run: Run, archive: Path, tmp_path: Path) -> None:
    assert run("batch", "archive", "--out", "archive/run", "--task", "deals").returncode == 0
    done = run("batch", "archive", "--out", "archive/run", "--task", "deals", "--estimate")
    assert "articles    10" in done.stdout


def test_articles_that_wait_for_what_is_gone_are_told(run: Run, archive: Path, scripted_server: ScriptedServer) -> None:
    scripted_server.respond = answering(lambda number: error(401) if number == 1 else said(number))
    run("batch", "archive", "--out", "run", "--task", "deals", "--concurrency", "1")
    (archive / "a.zip").unlink()
    scripted_server.respond = answering(said)
    done = run("batch", "--resume", "run")
    assert done.returncode == 1
    assert "1 articles wait for an outcome" in done.stderr
    assert "bring them back, or begin anew with another --out" in done.stderr


def test_progress_as_json_lines(run: Run, archive: Path) -> None:
    done = run("batch", "archive", "--out", "run", "--task", "deals", "--log-json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert events[-1]["event"] == "ended"
    assert (events[-1]["rows"], events[-1]["copies"]) == (9, 1)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["batch", "--out", "run"], "no archive given"),
        (["batch", "archive"], "--out FOLDER"),
        (["batch", "nowhere.zip", "--out", "run"], "nowhere.zip"),
        (["batch", "archive", "--out", "run", "--where", "words >", "--task", "deals"], "--where words >"),
        (["batch", "archive", "--out", "run", "--concurrency", "many"], "--concurrency is a number"),
        (["batch", "--resume", "absent"], "absent"),
        (["batch", "archive", "--resume", "run"], "give no others"),
        (["batch", "status", "absent"], "absent"),
        (["batch", "archive", "--out", "run", "--max-cost", "much"], "max_cost"),
        (["export", "absent", "--to", "csv"], "absent"),
        (["verify", "absent"], "absent"),
    ],
)
def test_wrong_usage_is_exit_code_2_without_a_traceback(
    run: Run, archive: Path, words: list[str], complaint: str
) -> None:
    done = run(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_read_makes_exit_code_4(run: Run, archive: Path, tmp_path: Path) -> None:
    whole = (archive / "a.zip").read_bytes()
    (archive / "a.zip").write_bytes(whole[: len(whole) // 2])
    done = run("batch", "archive", "--out", "run", "--task", "deals")
    assert done.returncode == 4
    assert "unreadable" in done.stdout
    assert "a.zip" in run("batch", "failures", "run").stdout


def test_resuming_keeps_the_limit(run: Run, archive: Path, scripted_server: ScriptedServer) -> None:
    assert run("batch", "archive", "--out", "run", "--task", "deals", "--limit", "3").returncode == 0
    assert run("batch", "--resume", "run").returncode == 0
    assert len(scripted_server.requests) == 3
    assert run("batch", "--resume", "run", "--limit", "5").returncode == 0
    assert len(scripted_server.requests) == 5
