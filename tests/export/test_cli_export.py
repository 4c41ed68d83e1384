"""The commands, on a run that a ledger has written."""

from __future__ import annotations

import copy
import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from llm_extract.batch.ledger import Ledger
from llm_extract.batch.manifest import read_manifest
from llm_extract.batch.records import Copy, Failure, Retried, Row, Skip
from llm_extract.cli.export import export, verify
from llm_extract.errors import RunError
from llm_extract.task import find_task
from tests.export.ledgers import Record, contract_row, head, mixed


def write_run(directory: Path, records: Iterable[Record], **terms: str | None) -> Path:
    own = {"task": "it_contracts", "schema": find_task("it_contracts").schema.fingerprint}
    with Ledger.open(directory, own | terms) as ledger:
        for record in records:
            given = {key: value for key, value in record.items() if key not in ("kind", "error", "extraction")}
            if record["kind"] == "row":
                given["json"] = json.dumps(record["extraction"], separators=(",", ":")).encode()
            kinds = {"row": Row, "failure": Failure, "skip": Skip, "copy": Copy, "retried": Retried}
            ledger.append(kinds[record["kind"]](**given, **record.get("error", {})))
        ledger.flush()
    return directory


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", mixed()[:-1])


def invoke(command: click.Command, *arguments: str | Path) -> Result:
    # As `main` runs a command: its return value is the exit code, our errors are raised.
    outcome: list[int] = []

    @click.command(context_settings={"ignore_unknown_options": True})
    @click.argument("rest", nargs=-1, type=click.UNPROCESSED)
    def wrapped(rest: tuple[str, ...]) -> None:
        outcome.append(command.main(list(rest), standalone_mode=False) or 0)

    result = CliRunner().invoke(wrapped, ["--", *map(str, arguments)], catch_exceptions=False)
    if outcome:
        result.exit_code = outcome[0]
    return result


def test_a_run_is_exported_into_its_folder(run_dir: Path) -> None:
    done = invoke(export, run_dir, "--to", "sqlite", "--copies")
    assert f"wrote {run_dir / 'export.sqlite'}: 5 articles, 3 contracts" in done.output
    with closing(sqlite3.connect(run_dir / "export.sqlite")) as database:
        assert database.execute("SELECT type FROM failures").fetchall() == [("Refused",)]
        assert database.execute("SELECT count(*) FROM articles").fetchall() == [(5,)]
    with pytest.raises(RunError, match="--force"):
        invoke(export, run_dir, "--to", "sqlite")
    assert "wrote" in invoke(export, run_dir, "--to", "sqlite", "--force").output


def test_every_option_reaches_its_format(run_dir: Path, tmp_path: Path) -> None:
    invoke(export, run_dir, "--to", "csv", "--tables")
    assert (run_dir / "export-csv" / "parties.csv").is_file()
    invoke(export, run_dir, "--to", "jsonl", "--text", "--out", tmp_path / "deep" / "a.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "deep" / "a.jsonl").read_text().splitlines()]
    assert any("document" in line for line in lines)
    invoke(export, run_dir, "--to", "ocds", "--ocid-prefix", "ocds-a1b2c3", "--publisher", "Desk")
    package = json.loads((run_dir / "export.ocds.json").read_text())
    assert package["publisher"] == {"name": "Desk"}
    assert package["releases"][0]["ocid"].startswith("ocds-a1b2c3-")


def test_a_run_that_holds_is_verified(run_dir: Path) -> None:
    done = invoke(verify, run_dir)
    assert (done.exit_code, done.output) == (0, "1 rows of 5 outcomes, 5 values: all hold\n")


def test_what_does_not_hold_is_said_and_is_inert(tmp_path: Path) -> None:
    bad = copy.deepcopy(contract_row())
    bad["extraction"]["record"]["contracts"][0]["buyers"] = ["\x1b[31mElm\x07"]
    run_dir = write_run(tmp_path / "run", [bad])
    done = invoke(verify, run_dir)
    assert done.exit_code == 1
    assert "a1: contracts[0].buyers[0]: the words" in done.output
    assert "1 problems in 1 rows" in done.output
    assert "\x1b" not in done.output


def damage(run_dir: Path, number: int, old: bytes, new: bytes) -> None:
    ledger = run_dir / "ledger.jsonl"
    lines = ledger.read_bytes().split(b"\n")
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    ledger.write_bytes(b"\n".join(lines))


def statuses(run_dir: Path) -> dict[str, str]:
    invoke(export, run_dir, "--to", "jsonl", "--force")
    lines = map(json.loads, (run_dir / "export.jsonl").read_text().splitlines())
    return {line["article"]: line["status"] for line in lines}


def test_an_article_that_is_to_be_done_again_is_pending(run_dir: Path) -> None:
    with Ledger.open(run_dir, read_manifest(run_dir).terms) as ledger:
        for name in ("a1", "f1"):
            ledger.append(Retried(id=name))
    assert statuses(run_dir) == {"a1": "pending", "f1": "pending", "c0": "copy", "c1": "copy", "s1": "skip"}
    invoke(export, run_dir, "--to", "csv", "--tables")
    assert "f1,,,pending," in (run_dir / "export-csv" / "articles.csv").read_text()
    assert invoke(verify, run_dir).exit_code == 0  # the copies' original is there


def test_a_damaged_line_is_no_run_that_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run_dir = write_run(tmp_path / "run", [contract_row(name) for name in ("a1", "a2", "a3")])
    assert statuses(run_dir).keys() == {"a1", "a2", "a3"}
    assert caplog.messages == []
    damage(run_dir, 2, b"Birch", b"Borch")
    done = invoke(verify, run_dir)
    assert done.exit_code == 1
    assert "ledger.jsonl: line 2: is damaged and does not count" in done.output
    assert "2 rows of 2 outcomes, 6 values: 1 problems" in done.output
    assert statuses(run_dir).keys() == {"a1", "a3"}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "1 damaged lines" in caplog.text
    assert "--resume" in caplog.text


def test_a_damaged_line_is_no_loss_once_its_article_was_done_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_dir = write_run(tmp_path / "run", [contract_row("a1"), contract_row("a2")])
    damage(run_dir, 2, b"Birch", b"Borch")
    write_run(run_dir, [contract_row("a2")])
    assert invoke(verify, run_dir).exit_code == 0
    assert statuses(run_dir).keys() == {"a1", "a2"}
    assert caplog.messages == []


def test_an_outcome_before_the_damage_does_not_make_it_good(tmp_path: Path) -> None:
    failed = {**head("failure", "a2"), "error": {"type": "Refused", "message": "no"}}
    run_dir = write_run(tmp_path / "run", [failed, {"kind": "retried", "id": "a2"}, contract_row("a2")])
    damage(run_dir, 3, b"Birch", b"Borch")
    assert "line 3: is damaged" in invoke(verify, run_dir).output


@pytest.mark.parametrize("kind", [b'{"kind":"row","id":"a1"', b'"id":"a1"'])
def test_damage_that_hides_its_article_stays_a_problem(tmp_path: Path, kind: bytes) -> None:
    run_dir = write_run(tmp_path / "run", [contract_row("a1")])
    damage(run_dir, 1, kind, b"\xff" * len(kind))
    write_run(run_dir, [contract_row("a1")])
    done = invoke(verify, run_dir)
    assert done.exit_code == 1
    assert "line 1: is damaged" in done.output


def test_a_copy_whose_original_is_lost_is_a_problem(run_dir: Path) -> None:
    damage(run_dir, 2, b"Birch", b"Borch")
    done = invoke(verify, run_dir)
    assert done.exit_code == 1
    for name in ("c0", "c1"):
        assert f"{name}: is a copy of a1, which has no outcome" in done.output
    assert "0 rows of 4 outcomes, 0 values: 3 problems" in done.output


def test_a_schema_that_changed_since_is_said(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path / "run", [contract_row()], schema="0" * 16)
    assert "has changed since the run" in invoke(verify, run_dir).stderr


def test_a_task_that_the_manifest_does_not_name_is_asked_for(tmp_path: Path) -> None:
    run_dir = write_run(tmp_path / "run", [contract_row()], task=None)
    with pytest.raises(RunError, match="--task"):
        invoke(verify, run_dir)
    assert invoke(verify, run_dir, "--task", "it_contracts").exit_code == 0


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError):
        invoke(export, tmp_path, "--to", "csv", "--task", "it_contracts")
