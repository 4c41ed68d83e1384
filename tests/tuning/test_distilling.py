"""Distilling: a teacher's records of an archive, as far as they are verified, are what a tuning reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llm_extract.errors import EvaluationError
from llm_extract.task import find_task
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import error
from llm_extract.tuning.data import gather
from tests.command_line import Run
from tests.evaluation.deals import answering, said, text

DISTIL = ("distil", "deals", "--teacher", "openai/gpt-test", "archive", "--out", "teacher.jsonl")


@pytest.fixture
def archive(folder: Path) -> Path:
    """Six articles, one of them a copy, one an article of the gold."""
    made = folder / "archive"
    made.mkdir()
    for number in (20, 21, 22, 23, 6):
        (made / f"{number}.txt").write_text(text(number))
    (made / "copy.txt").write_text(text(20))
    return made


def texts(file: Path) -> set[str]:
    return {json.loads(line)["document"]["text"] for line in file.read_text("utf-8").splitlines()}


def test_verified_records_become_lessons(command_line: Run, archive: Path, folder: Path) -> None:
    done = command_line(*DISTIL)
    assert done.returncode == 0, done.stderr
    assert "wrote 4 records to teacher.jsonl; left out: 0 with something unverified, 1 of the gold" in done.stdout
    assert texts(folder / "teacher.jsonl") == {text(number) for number in (20, 21, 22, 23)}
    found = gather(find_task("deals", folder), data=[folder / "teacher.jsonl"])
    assert len(found.lessons) == 4
    assert any(("Suppliers:", False) in lesson.parts() for lesson in found.lessons)


def test_a_run_can_be_learnt_from_itself_as_long_as_it_has_nothing_of_the_test_split(
    command_line: Run, archive: Path, folder: Path
) -> None:
    task = find_task("deals", folder)
    assert command_line(*DISTIL).returncode == 0
    with pytest.raises(EvaluationError, match="'deal-006' of the split 'test'"):
        gather(task, data=[folder / "teacher.jsonl.run"])
    (archive / "6.txt").unlink()
    assert command_line(*DISTIL, "--out", "other.jsonl").returncode == 0
    assert len(gather(task, data=[folder / "other.jsonl.run"]).lessons) == 4


def test_a_record_with_anything_unverified_is_left_out(
    command_line: Run, archive: Path, folder: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.respond = answering(lambda number: said(number, **({"value": "£99m"} if number == 21 else {})))
    done = command_line(*DISTIL)
    assert "wrote 3 records" in done.stdout
    assert "1 with something unverified" in done.stdout
    assert text(21) not in texts(folder / "teacher.jsonl")


def test_the_same_command_goes_on_and_pays_for_nothing_twice(
    command_line: Run, archive: Path, folder: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.respond = answering(lambda number: error(401) if number == 22 else said(number))
    assert command_line(*DISTIL).returncode == 1
    assert text(22) not in texts(folder / "teacher.jsonl")
    scripted_server.respond = answering(said)
    asked = len(scripted_server.requests)
    assert command_line(*DISTIL).returncode == 0
    assert text(22) in texts(folder / "teacher.jsonl")
    whole = len(scripted_server.requests)
    assert 0 < whole - asked <= 5
    assert command_line(*DISTIL).returncode == 0
    assert len(scripted_server.requests) == whole


def test_what_failed_is_said_and_the_rest_written(
    command_line: Run, archive: Path, folder: Path, scripted_server: ScriptedServer
) -> None:
    scripted_server.respond = answering(lambda number: error(400) if number == 22 else said(number))
    done = command_line(*DISTIL)
    assert done.returncode == 4
    assert "wrote 3 records" in done.stdout


def test_a_limit_is_kept(command_line: Run, archive: Path) -> None:
    done = command_line(*DISTIL, "--limit", "2")
    assert done.returncode == 0
    assert "wrote 2 records" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["distil", "deals", "--teacher", "openai/x", "archive"], "--out"),
        (["distil", "deals", "--out", "a.jsonl", "archive"], "--teacher"),
        (["distil", "deals", "--teacher", "openai/x", "--out", "a.jsonl"], "ARCHIVE"),
        (["distil", "nothing", "--teacher", "openai/x", "--out", "a.jsonl", "archive"], "no task 'nothing'"),
        (["distil", "deals", "--teacher", "nobody/x", "--out", "a.jsonl", "archive"], "nobody"),
        (["distil", "deals", "--teacher", "openai/x", "--out", "no/where.jsonl", "archive"], "no/where.jsonl"),
        (["distil", "deals", "--teacher", "openai/x", "--out", "a.jsonl", "absent.zip"], "absent.zip"),
    ],
)
def test_wrong_usage_is_exit_code_2(command_line: Run, archive: Path, words: list[str], complaint: str) -> None:
    done = command_line(*words)
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
