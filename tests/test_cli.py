"""The command line as a user types it, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer as reply
from llm_extract.testing.server import error
from tests.support import ARTICLE, answer

RIGHT = answer({"buyers": ["Ellerby County Council"], "suppliers": ["Tallis Communications"], "value": "£18.4m"})

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(scripted_server: ScriptedServer, tmp_path: Path) -> Run:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("LLM_EXTRACT_", "OPENAI_"))},
        "LLM_EXTRACT_MODEL": "openai/gpt-test",
        "LLM_EXTRACT_BASE_URL": scripted_server.base_url,
        "LLM_EXTRACT_API_KEY": "sk-very-secret",
        "LLM_EXTRACT_CACHE_DIR": str(tmp_path / "cache"),
        "LLM_EXTRACT_ATTEMPTS": "1",
        "COLUMNS": "160",
    }

    def go(*words: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "llm_extract", *words],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**environment, **more},
            timeout=60,
        )

    return go


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The complaint: one line, and never a traceback."""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


def test_json_is_the_whole_result_a_line_an_article(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = reply(RIGHT)
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")
    (tmp_path / "b.html").write_text(f"<html><body><article><p>{ARTICLE}</p></article></body></html>", "utf-8")
    done = run("extract", "a.txt", "b.html")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["document"]["source"] for line in lines] == ["a.txt", "b.html"]
    assert lines[0]["record"]["contracts"][0]["value"]["amount"] == 18_400_000


def test_standard_input_and_yaml(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.default = reply(RIGHT)
    done = run("extract", "-", "--format", "yaml", stdin=ARTICLE)
    assert yaml.safe_load(done.stdout)["record"]["contracts"][0]["suppliers"] == ["Tallis Communications"]


def test_a_table_shows_values_with_their_words(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.default = reply(answer({"buyers": ["Ellerby County Council"], "suppliers": ["Globex"]}))
    done = run("extract", "-", "--format", "table", stdin=ARTICLE)
    assert "“Ellerby County Council” at 0" in done.stdout
    assert "not delivered: contracts[0].suppliers[0]: not_found" in done.stdout


def test_escape_sequences_of_an_article_do_not_reach_the_terminal(run: Run, scripted_server: ScriptedServer) -> None:
    """Row 44, for the terminal."""
    text = ARTICLE.replace("Brandt Telecom", "Brandt \x9b31mTelecom")
    scripted_server.default = reply(answer({"buyers": ["Globex \x1b]0;owned\x07"], "incumbents": ["Brandt"]}))
    done = run("extract", "-", "--format", "table", stdin=text)
    assert done.returncode == 0
    assert not any(mark in done.stdout for mark in ("\x1b", "\x9b", "\x07"))


def test_the_good_ones_are_delivered_and_the_others_reported(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.default = reply(RIGHT)
    (tmp_path / "a.txt").write_text(ARTICLE, "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    done = run("extract", "missing.txt", "a.txt", "empty.txt")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1
    assert "missing.txt" in done.stderr
    assert "empty.txt" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("extract", "missing.txt"), 2, "missing.txt"),
        (("extract", "-", "--task", "it_contract"), 2, "did you mean 'it_contracts'"),
        (("extract", "-", "--model", "opnai/gpt-5"), 2, "openai"),
        (("extract", "-", "--model", "embedded:/no/such.gguf"), 2, "/no/such.gguf"),
        (("tasks", "new", "Bad Name"), 2, "lower-case"),
    ],
)
def test_bad_input_gets_one_clear_line(run: Run, words: tuple[str, ...], code: int, says: str) -> None:
    done = run(*words, stdin=ARTICLE)
    assert says in one_line(done)
    assert done.returncode == code


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"  \n ", "empty"), (bytes(range(256)) * 40, "binary")],
)
def test_a_file_without_text_gets_one_clear_line(run: Run, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "odd.txt").write_bytes(content)
    done = run("extract", "odd.txt")
    line = one_line(done)
    assert "odd.txt" in line
    assert says in line
    assert done.returncode == 2


def test_a_wrong_key_fails_at_once_and_is_not_shown(run: Run, scripted_server: ScriptedServer) -> None:
    """Rows 5 and 45."""
    scripted_server.default = error(401, code="invalid_api_key", message="Incorrect API key: sk-very-secret")
    done = run("extract", "-", "-vv", stdin=ARTICLE)
    assert done.returncode == 1
    assert "sk-very-secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(scripted_server.requests) == 1


def test_an_article_longer_than_the_context_fails_with_that_reason(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.default = error(400, code="context_length_exceeded", message="maximum context length is 8192")
    done = run("extract", "-", stdin=ARTICLE * 50)
    assert "context" in one_line(done)
    assert done.returncode == 1
    assert len(scripted_server.requests) == 1


def test_tasks_lists_names_and_fingerprints(run: Run) -> None:
    from llm_extract.task import find_task

    done = run("tasks")
    assert "it_contracts" in done.stdout
    assert find_task("it_contracts").fingerprint in done.stdout


def test_a_new_task_is_listed_and_extracts(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    assert run("tasks", "new", "moves").returncode == 0
    assert "moves" in run("tasks").stdout
    said = {
        "appointments": [{"person": "Tobias Marek", "organisation": "Quern Street Museum", "start": "3 March 2025"}]
    }
    scripted_server.default = reply(said)
    done = run("extract", "--task", "moves", "evals/moves/articles/example.txt")
    gold = json.loads((tmp_path / "evals/moves/gold/example.json").read_text())
    assert json.loads(done.stdout)["record"] == gold["record"]


def test_models_names_the_box_with_its_licences(run: Run) -> None:
    done = run("models")
    assert "embedded:gemma3-270m" in done.stdout
    assert "Apache-2.0" in done.stdout
    assert "openai/…" in done.stdout


def test_the_cache_can_be_looked_after(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = reply(RIGHT)
    run("extract", "-", stdin=ARTICLE)
    assert run("cache", "path").stdout.strip() == str(tmp_path / "cache")
    assert "entries      2" in run("cache", "stats").stdout
    assert run("cache", "clear", "--yes").stdout.strip() == "removed 2 entries"
    assert "entries      0" in run("cache", "stats").stdout


def test_a_cache_that_cannot_be_used_is_not_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder belongs")
    for words in (("stats",), ("clear", "--yes")):
        done = run("cache", *words)
        assert done.returncode == 2
        assert "the cache cannot be used" in done.stderr
        assert "entries" not in done.stdout


def test_doctor_says_what_would_answer_and_whether_it_does(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.default = reply(answer())
    done = run("doctor")
    assert done.returncode == 0, done.stdout
    assert "openai/gpt-test would answer" in done.stdout
    scripted_server.default = error(401, code="invalid_api_key", message="no")
    sick = run("doctor")
    assert sick.returncode == 1
    assert "FAIL  answer" in sick.stdout
    assert "sk-very-secret" not in sick.stdout


def test_verbose_says_what_each_article_took(run: Run, scripted_server: ScriptedServer) -> None:
    scripted_server.default = reply(RIGHT)
    assert "1 calls" in run("extract", "-", "-v", stdin=ARTICLE).stderr
    assert "from the cache" in run("extract", "-", "-v", stdin=ARTICLE).stderr
    assert "1 calls" in run("extract", "-", "-v", "--no-cache", stdin=ARTICLE).stderr


def test_what_was_answered_is_delivered_although_the_key_was_revoked(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.txt").write_text(f"{ARTICLE}\nThis is number {name}.\n", "utf-8")
    revoked = error(401, code="invalid_api_key", message="no")
    scripted_server.respond = lambda asked: (
        revoked if b"number two" in asked.content else reply(RIGHT, delay=0.3 * (b"three" in asked.content))
    )
    done = run("extract", "one.txt", "two.txt", "three.txt")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert "two.txt" in done.stderr


def numbered(folder: Path, count: int) -> list[str]:
    """Articles in files of their own."""
    names = [f"a{number:02}.txt" for number in range(count)]
    for name in names:
        (folder / name).write_text(f"{ARTICLE}\nThis is in {name}.\n", "utf-8")
    return names


def test_after_a_fatal_error_nothing_more_is_asked(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    scripted_server.default = reply(RIGHT)
    names = numbered(tmp_path, 60)
    run("extract", names[-1])  # what is known needs no key
    scripted_server.requests.clear()
    scripted_server.default = error(401, code="invalid_api_key", message="no", delay=0.2)
    done = run("extract", *names, LLM_EXTRACT_CONCURRENCY_MAXIMUM="5")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    *failed, last = done.stderr.splitlines()
    assert len(failed) == len(scripted_server.requests) == 5
    told = {line.split(": ")[1] for line in failed}
    assert last == "llm-extract: not tried: " + ", ".join(name for name in names[:-1] if name not in told)
    assert [json.loads(line)["document"]["source"] for line in done.stdout.splitlines()] == [names[-1]]


def test_a_key_that_cannot_be_sent_is_told_of_once(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    names = numbered(tmp_path, 9)
    done = run("extract", *names, LLM_EXTRACT_API_KEY="sk very secret")
    assert done.returncode == 1
    (failed,) = (line.split(": ")[1] for line in done.stderr.splitlines() if "the key" in line)
    untried = ", ".join(name for name in names if name != failed)
    assert done.stderr.count("\n") == 2
    assert f"llm-extract: not tried: {untried}\n" in done.stderr
    assert scripted_server.requests == []


@pytest.mark.parametrize("form", ["json", "yaml", "table"])
def test_a_name_that_is_no_utf_8_costs_nobody_a_result(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path, form: str
) -> None:
    scripted_server.default = reply(RIGHT)
    name = os.fsdecode(b"caf\xe9.txt")
    for each in (name, "b.txt"):
        (tmp_path / each).write_text(ARTICLE, "utf-8")
    done = run("extract", name, "b.txt", "--format", form, "-v")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert done.stdout.count("Tallis Communications") >= 2
    assert "udce9.txt" in done.stdout


def test_one_interrupt_ends_the_wait_for_standard_input(tmp_path: Path) -> None:
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may have switched it off
        "from llm_extract.cli import main; main()"
    )
    environment = {**os.environ, "LLM_EXTRACT_MODEL": "ollama/m", "LLM_EXTRACT_CACHE_DIR": str(tmp_path / "cache")}
    words = [sys.executable, "-c", program, "extract", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment) as asked:
        assert asked.stdin is not None
        assert asked.stderr is not None
        try:
            asked.stdin.write(b"some words " * 50_000)  # more than a pipe holds: when this is done it is being read
            asked.stdin.flush()
            time.sleep(1)  # until there is nothing left to read
            asked.send_signal(signal.SIGINT)
            assert asked.wait(10) == 130
            assert asked.stderr.read().strip() == b"llm-extract: interrupted"
        finally:
            asked.kill()


@pytest.mark.parametrize(
    ("closed", "says"), [(">&-", "standard output is closed"), ("<&-", "standard input is closed")]
)
def test_a_closed_stream_gets_one_clear_line(
    scripted_server: ScriptedServer, tmp_path: Path, closed: str, says: str
) -> None:
    numbered(tmp_path, 1)
    shell = f'exec "$@" {closed}'
    words = [sys.executable, "-m", "llm_extract", "extract", "a00.txt" if closed == ">&-" else "-"]
    environment = {
        **os.environ,
        "LLM_EXTRACT_MODEL": "openai/gpt-test",
        "LLM_EXTRACT_BASE_URL": scripted_server.base_url,
        "LLM_EXTRACT_CACHE_DIR": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        ["bash", "-c", shell, "bash", *words], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60
    )
    assert says in one_line(done)
    assert done.returncode == 2
    assert scripted_server.requests == []


def test_a_file_where_a_folder_should_be_gets_one_line(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "schemas").write_text("not a folder")
    done = run("tasks", "new", "foo")
    assert done.returncode == 1
    assert "schemas" in one_line(done)
