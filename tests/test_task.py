"""Tasks are found by name: here first, then the shipped ones; one that does not hold says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llm_extract.cli.skeleton import write_task
from llm_extract.errors import TaskError, UsageError
from llm_extract.task import find_task, shipped_directory, task_places


def test_the_shipped_task_loads_and_its_examples_hold() -> None:
    task = find_task("it_contracts")
    assert task.where == shipped_directory()
    assert len(task.prompt.file.front.examples) >= 3
    assert task.record.__name__ == "ArticleRecord"


def test_the_record_has_exactly_the_documented_keys() -> None:
    record = find_task("it_contracts").record
    empty = {"article": {}, "contracts": [{"main": True, "stage": "award", "buyers": [], "suppliers": []}]}
    dumped = record.model_validate(empty).model_dump()
    assert list(dumped) == ["article", "contracts"]
    assert list(dumped["article"]) == ["headline", "publisher", "author", "published"]
    assert list(dumped["contracts"][0]) == [
        "main", "stage", "buyers", "suppliers", "partners", "incumbents", "value", "duration_months",
        "extension_months", "signed", "start", "end", "framework", "programme", "services", "users", "sites",
    ]  # fmt: skip


def test_a_task_of_the_working_directory_hides_the_shipped_one(tmp_path: Path) -> None:
    for name in ("prompts/it_contracts.md", "schemas/it_contracts.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes((shipped_directory() / name).read_bytes())
    task = find_task("it_contracts", tmp_path)
    assert task.where == tmp_path
    assert dict(task_places(tmp_path))["it_contracts"] == tmp_path
    assert task.fingerprint == find_task("it_contracts").fingerprint


def test_a_new_task_works_at_once(tmp_path: Path) -> None:
    written = write_task("moves", tmp_path)
    assert all(path.is_file() for path in written)
    task = find_task("moves", tmp_path)
    assert "Ines Falk" in task.prompt.system
    assert '"start": "2025-03-03"' in (tmp_path / "evals/moves/gold/example.json").read_text()


def test_a_new_task_overwrites_nothing(tmp_path: Path) -> None:
    write_task("moves", tmp_path)
    with pytest.raises(UsageError, match="already there"):
        write_task("moves", tmp_path)
    with pytest.raises(UsageError, match="lower-case"):
        write_task("Über Task", tmp_path)


def test_a_changed_prompt_or_schema_is_another_task(tmp_path: Path) -> None:
    write_task("moves", tmp_path)
    before = find_task("moves", tmp_path).fingerprint
    schema = tmp_path / "schemas" / "moves.py"
    schema.write_text(schema.read_text().replace("who is appointed", "who takes the post"))
    os.utime(schema, ns=(1, 1))
    assert find_task("moves", tmp_path).fingerprint != before


def test_an_unknown_task_names_the_nearest() -> None:
    with pytest.raises(TaskError, match="did you mean 'it_contracts'"):
        find_task("it_contract")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("schemas", "class Record(BaseModel)", "class Record(BaseModel", r"broken\.py, line \d+: does not load"),
        ("schemas", "from pydantic import", "from pydantik import", "ModuleNotFoundError"),
        ("schemas", "class Record", "class Other", "has no class Record"),
        ("schemas", "list[Appointment]", "dict[str, Appointment]", r"broken\.py: Record\.appointments: no field type"),
        ("prompts", 'Ines Falk",', 'Ines Fawlty",', "example 1: .*not in the article"),
        ("prompts", '"person":', '"persona":', "example 1: its answer does not fit the schema"),
        (
            "schemas",
            "    appointments: list",
            "    place: str\n    appointments: list",
            "example 1: .* does not support",
        ),
        ("prompts", "appointments[].person:", "appointments[].persn:", "the schema has no field 'appointments"),
    ],
)
def test_a_task_that_does_not_hold_says_where(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    written = write_task("broken", tmp_path)
    path = next(path for path in written if path.parent.name == file)
    changed = path.read_text().replace(old, new)
    assert changed != path.read_text()
    path.write_text(changed)
    os.utime(path, ns=(1, 1))
    with pytest.raises(TaskError, match=words):
        find_task("broken", tmp_path)
