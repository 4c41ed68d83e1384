"""`llm-extract export` and `llm-extract verify`: what a run holds, in other forms, and whether it holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_extract.errors import RunError

if TYPE_CHECKING:
    from llm_extract.task import Task

_FORMATS = ("jsonl", "csv", "parquet", "duckdb", "sqlite", "ocds")
_SHOWN = 100
"""How many problems are printed."""

_run_argument = click.argument(
    "run_dir", metavar="RUN_DIR", type=click.Path(path_type=Path, exists=True, file_okay=False)
)
_task_option = click.option("--task", metavar="NAME", help="The task.  [default: the run's own]")


@click.command("export")
@_run_argument
@click.option("--to", type=click.Choice(_FORMATS), required=True, help="The format.")
@click.option("--out", metavar="PATH", type=click.Path(path_type=Path), help="Where to.  [default: in RUN_DIR]")
@_task_option
@click.option("--copies", is_flag=True, help="Copies of an article get its entries too.")
@click.option("--tables", is_flag=True, help="CSV: a folder with a file a table, not one flat file.")
@click.option("--text", is_flag=True, help="JSONL: with the articles.")
@click.option("--ocid-prefix", "prefix", metavar="PREFIX", help="OCDS: your registered prefix, ocds-….")
@click.option("--publisher", metavar="NAME", help="OCDS: who publishes.")
@click.option("--force", is_flag=True, help="Replace an older export.")
def export(
    run_dir: Path,
    to: Any,
    out: Path | None,
    task: str | None,
    copies: bool,
    tables: bool,
    text: bool,
    prefix: str | None,
    publisher: str | None,
    force: bool,
) -> None:
    """Write what a run holds as tables, JSON lines, a database or OCDS releases, with a description beside.

    csv is one flat row a contract; --tables, parquet, duckdb and sqlite give tables that join: articles, entries
    (contracts), parties, evidence, issues, failures, skips. Ends with .jsonl, ocds writes a release a line.
    """
    from llm_extract.export.exporting import DEFAULT_NAMES, Options, export_records
    from llm_extract.export.run_records import RunRecords

    found = _task(run_dir, task)
    name = "export-csv" if to == "csv" and tables else DEFAULT_NAMES[to]
    options = Options(copies, tables, text, force, prefix, publisher)
    done = export_records(RunRecords(run_dir), found, to, out or run_dir / name, options)
    counted = ", ".join(f"{number:,} {name}" for name, number in done.counts.items() if number)
    click.echo(f"wrote {done.path}: {counted or 'nothing'}")


@click.command("verify")
@_run_argument
@_task_option
def verify(run_dir: Path, task: str | None) -> int:
    """Check a run without a model: every row again from its text and offsets, lost lines, copies without original.

    Exit codes: 0 all holds, 1 something does not.
    """
    from llm_extract.cli.show import inert
    from llm_extract.export.run_records import RunRecords
    from llm_extract.export.verify import Problem
    from llm_extract.export.verify import verify as verify_records

    found = _task(run_dir, task)
    shown = 0

    def report(problem: Problem) -> None:
        nonlocal shown
        shown += 1
        if shown <= _SHOWN:
            where = f"{problem.article}: {problem.path}" if problem.path else problem.article
            click.echo(inert(f"{where}: {problem.message}"))

    done = verify_records(RunRecords(run_dir), found.schema, report)
    if shown > _SHOWN:
        click.echo(f"… and {shown - _SHOWN:,} more")
    rows = f" in {done.bad_rows:,} rows" if done.bad_rows else ""
    click.echo(
        f"{done.rows:,} rows of {done.records:,} outcomes, {done.values:,} values: "
        + (f"{done.problems:,} problems{rows}" if done.problems else "all hold")
    )
    return 1 if done.problems else 0


def _task(run_dir: Path, name: str | None) -> Task:
    """The task that a run was made with, or the one that is named."""
    from llm_extract.batch.manifest import read_manifest
    from llm_extract.task import find_task

    terms = read_manifest(run_dir).terms
    own = terms.get("task")
    if name is None and not isinstance(own, str):
        raise RunError(f"{run_dir}: its manifest does not name the task; give it by --task")
    task = find_task(name or str(own))
    made_with = terms.get("schema")
    if made_with and made_with != task.schema.fingerprint:
        click.echo(
            f"llm-extract: note: the schema of {task.name} has changed since the run (then {made_with}, now "
            f"{task.schema.fingerprint})",
            err=True,
        )
    return task
