"""`llm-extract eval`: run, score, compare, agree, audit, baseline."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_extract.cli.groups import DefaultGroup
from llm_extract.errors import EvaluationError, FatalError, UsageError

if TYPE_CHECKING:
    from llm_extract.evaluation.gold import GoldSet
    from llm_extract.evaluation.predictions import Prediction
    from llm_extract.evaluation.summary import Summary

GATE_FAILED, HARNESS_ERROR, INCOMPLETE = 1, 2, 3
_EVERY = 10
"""Where there is no terminal, a line of progress for so many articles."""


@click.group("eval", cls=DefaultGroup, subcommand_metavar="TASK | COMMAND [OPTIONS]...")
def evaluate() -> None:
    """Measure: run a task on its gold and score it; compare runs; look after gold.

    `llm-extract eval TASK` is `llm-extract eval run TASK`. Exit codes: 0 passed, 1 the gate failed, 2 wrong
    usage or an error of the harness, 3 predictions are missing.
    """
    for package in ("numpy", "scipy"):
        if find_spec(package) is None:
            raise UsageError(f"scoring needs {package}: pip install 'llm-extract[eval]'")


_gold_option = click.option(
    "--gold", metavar="FOLDER", type=click.Path(path_type=Path), help="Holds gold/.  [default: evals/TASK]"
)
_task_option = click.option("--task", metavar="NAME", help="The task.  [default: the gold folder's name]")
_junit_option = click.option(
    "--junit", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Copy junit.xml there."
)
_markdown_option = click.option(
    "--markdown",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Add the Markdown summary to this file.",
)


@evaluate.command("run")
@click.argument("task", required=False)
@click.option("--model", metavar="NAME", help="Who reads: openai/gpt-5-mini, embedded, …")
@click.option("--split", metavar="NAME", help="`dev`, `test`, `all`.  [default: the gate's]")
@click.option("--repeat", "repeats", metavar="N", type=click.IntRange(min=1), default=1, help="Ask N times.")
@_gold_option
@click.option("--out", metavar="FOLDER", type=click.Path(path_type=Path), default=Path("runs"), help="[default: runs]")
@click.option("--fresh", is_flag=True, help="Begin anew, also where an unfinished run of the same is there.")
@click.option("--no-cache", is_flag=True, help="Ask again, also what was asked before; keep nothing.")
@_junit_option
@_markdown_option
def run_task(
    task: str | None,
    model: str | None,
    split: str | None,
    repeats: int,
    gold: Path | None,
    out: Path,
    fresh: bool,
    no_cache: bool,
    junit: Path | None,
    markdown: Path | None,
) -> int:
    """Run a task on its gold, score it, and hold it against the gate.

    Writes runs/TIME-FINGERPRINT/ with report.html. A run that was killed goes on where it stopped when the same
    command is given again.
    """
    from llm_extract.background import run as run_coroutine
    from llm_extract.evaluation.evaluate import chosen_split, evaluated, gate_for
    from llm_extract.evaluation.outputs import write_outputs
    from llm_extract.evaluation.runs import describe, open_run, predict
    from llm_extract.extraction import Extractor
    from llm_extract.settings import load_settings

    _check_places(junit, markdown)
    whole = _gold_set(gold, task)
    split = chosen_split(whole, split)
    part = whole.split(split)
    gate = gate_for(whole, split)
    settings = load_settings(cache=False) if no_cache else load_settings()
    extractor: Extractor[Any] = Extractor(whole.task, model=model, settings=settings)
    meta = describe(part, extractor, split=split, repeats=repeats)
    total = len(part.items) * repeats
    with open_run(meta, out, fresh=fresh) as run:
        if run.done:
            _say(f"going on with {run.directory}: {len(run.done)} of {total} are there")

        def progress(_: Prediction) -> None:
            _show_progress(len(run.done), total, sum(entry.error is not None for entry in run.done.values()))

        try:
            run_coroutine(predict(run, part, extractor, progress))
        except FatalError as error:
            _say(f"{error}; {len(run.done)} of {total} are kept in {run.directory}: the same command goes on")
            return HARNESS_ERROR
        results, summary = evaluated(
            part,
            list(run.done.values()),
            model=extractor.model.endpoint.name,
            split=split,
            repeats=repeats,
            gate=gate,
        )
        write_outputs(run.directory, results, summary)
    _copy(run.directory, junit, markdown)
    _show(summary)
    click.echo(f"wrote {run.directory / 'report.html'}")
    return _exit_code(summary)


@evaluate.command("score")
@click.argument("predictions", type=click.Path(path_type=Path))
@_gold_option
@_task_option
@click.option("--split", metavar="NAME", help="Only this split; its missing articles count.")
@click.option("--model", metavar="NAME", default="", help="What the report calls the program that made them.")
@click.option("--gate", "gated", is_flag=True, help="Hold them against the gate of that split.")
@click.option("--out", metavar="FOLDER", type=click.Path(path_type=Path), help="Write report and summary there.")
@_junit_option
@_markdown_option
def score_predictions(
    predictions: Path,
    gold: Path | None,
    task: str | None,
    split: str | None,
    model: str,
    gated: bool,
    out: Path | None,
    junit: Path | None,
    markdown: Path | None,
) -> int:
    """Score records made elsewhere: a run's folder, or JSON lines {"article": NAME, "record": {...}}.

    Needs no model and no key. Articles of the gold set (or of the split) that have no prediction count with all
    their items as missing, and the exit code is 3.
    """
    import tempfile

    from llm_extract.evaluation.evaluate import chosen_split, evaluated, gate_for
    from llm_extract.evaluation.outputs import write_outputs
    from llm_extract.evaluation.predictions import read_predictions
    from llm_extract.evaluation.runs import read_meta

    _check_places(junit, markdown)
    if out is not None and out.resolve() == predictions.resolve():
        raise UsageError(f"{out} holds the predictions and a run's own report: choose another folder for --out")
    is_run = predictions.is_dir() and (predictions / "meta.json").is_file()
    meta = read_meta(predictions) if is_run else None
    whole = _gold_set(gold, task or (meta.task if meta else None))
    if split is None and meta is not None:
        split = meta.split
    elif split is not None or gated:
        split = chosen_split(whole, split)
    part = whole.split(split)
    gate = gate_for(whole, split) if gated else None
    if gated and gate is None:
        raise UsageError(
            f"{whole.directory}/gates.toml does not judge the split {split or 'all'}: nothing to hold against"
        )
    found = read_predictions(predictions, whole)
    results, summary = evaluated(
        part,
        found,
        model=model or (meta.model if meta else predictions.name),
        split=split,
        repeats=meta.repeats if meta else None,
        gate=gate,
        judged=gated,
    )
    _show(summary)
    if out is not None:
        write_outputs(out, results, summary)
        _copy(out, junit, markdown)
        click.echo(f"wrote {out / 'report.html'}")
    elif junit or markdown:
        with tempfile.TemporaryDirectory() as folder:
            write_outputs(Path(folder), results, summary)
            _copy(Path(folder), junit, markdown)
    return _exit_code(summary)


@evaluate.command("compare")
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@_gold_option
@_task_option
@click.option("--json", "as_json", is_flag=True, help="The whole comparison as JSON.")
def compare_runs(run_a: Path, run_b: Path, gold: Path | None, task: str | None, as_json: bool) -> int:
    """Compare two runs on the articles that both have: B less A, with the paired test of every field.

    Each is a run's folder or a file of predictions. Both are scored against the gold as it is now.
    """
    from llm_extract.evaluation.comparison import common, compare_results
    from llm_extract.evaluation.evaluate import covered
    from llm_extract.evaluation.results import judge
    from llm_extract.evaluation.runs import read_meta

    metas = [read_meta(run) for run in (run_a, run_b) if (run / "meta.json").is_file()]
    if len({meta.task for meta in metas}) > 1:
        raise EvaluationError(f"{run_a} is a run of {metas[0].task}, {run_b} of {metas[1].task}")
    whole = _gold_set(gold, task or (metas[0].task if metas else None))
    of_a, said_a, repeats_a = covered(run_a, whole)
    of_b, said_b, repeats_b = covered(run_b, whole)
    names_a, names_b = ({item.name for item in part.items} for part in (of_a, of_b))
    both = common(whole, names_a, names_b)
    if not both.items:
        raise EvaluationError("the two runs have no article in common")
    apart = len(names_a ^ names_b)
    if apart:
        _say(f"{apart} articles are in only one of the runs, and left out")
    a, b = judge(both, said_a, repeats=repeats_a), judge(both, said_b, repeats=repeats_b)
    for run, results in ((run_a, a), (run_b, b)):
        if results.missing:
            _say(f"{run} lacks predictions of {len(results.missing)} articles: all their items count as missing")
    found = compare_results(a, b)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return 0
    from llm_extract.cli.show_evaluation import show_comparison

    click.echo(show_comparison(found, str(run_a), str(run_b)), nl=False)
    return 0


@evaluate.command("agree")
@click.argument("gold_a", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("gold_b", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_task_option
@click.option("--list", "listed", is_flag=True, help="Every item on which they differ.")
def agree(gold_a: Path, gold_b: Path, task: str | None, listed: bool) -> int:
    """How far two annotators agree on the same articles: the ceiling of what can be asked of a program.

    The second folder is scored as if it were predicted, with the other forms that the first accepts.
    """
    from llm_extract.cli.show_evaluation import show_agreement
    from llm_extract.evaluation.comparison import common
    from llm_extract.evaluation.predictions import as_predictions
    from llm_extract.evaluation.results import judge
    from llm_extract.evaluation.summary import summarise

    one, other = _gold_set(gold_a, task), _gold_set(gold_b, task)
    both = common(one, {item.name for item in other.items})
    if not both.items:
        raise EvaluationError("the two folders have no article in common")
    results = judge(both, as_predictions(other), repeats=1)
    texts = {item.name: item.document.text for item in other.items}
    differing = [item.name for item in both.items if item.document.text != texts[item.name]]
    if differing:
        _say(f"the articles themselves differ in {', '.join(differing)}")
    summary = summarise(results, model=str(gold_b), split=None)
    click.echo(show_agreement(results, summary, listed=listed), nl=False)
    return 0


@evaluate.command("baseline")
@click.argument("run", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_gold_option
def store(run: Path, gold: Path | None) -> int:
    """Accept a finished run as the one to beat: copied to evals/TASK/baseline, to be committed."""
    from llm_extract.evaluation.evaluate import store_baseline
    from llm_extract.evaluation.runs import read_meta

    directory = store_baseline(run, _gold_set(gold, read_meta(run).task))
    click.echo(f"wrote {directory}: commit it")
    return 0


@evaluate.command("audit")
@click.argument("directory", metavar="[TASK|FOLDER]", required=False)
@_task_option
@click.option("--fix", is_flag=True, help="Write the places of quotes where they are missing or wrong.")
def audit_gold(directory: str | None, task: str | None, fix: bool) -> int:
    """Find what does not hold in gold files: schema, evidence, copies, splits.

    Exit code 1 if there is an error; notes are for a second look.
    """
    from llm_extract.cli.show import inert
    from llm_extract.evaluation.audit import audit
    from llm_extract.evaluation.gold import gold_directory
    from llm_extract.task import find_task

    folder = Path(directory or "")
    if directory is not None and folder.is_dir() and (folder.name == "gold" or (folder / "gold").is_dir()):
        folder = folder.parent if folder.name == "gold" else folder
        found = find_task(task or folder.resolve().name)
    elif directory is not None and task is not None:
        raise EvaluationError(f"{directory}: no such folder")
    else:
        found = find_task(directory or task or "it_contracts")
        folder = gold_directory(found.name)
    result = audit(found, folder, fix=fix)
    for finding in result.findings:
        place = f"{finding.name}: {finding.path}" if finding.path else finding.name
        click.echo(inert(f"{finding.level:<5}  {place}: {finding.message}"))
    for path in result.fixed:
        click.echo(f"fixed  {path}")
    splits = ", ".join(f"{count} {name}" for name, count in sorted(result.splits.items()))
    notes = len(result.findings) - result.errors
    click.echo(
        f"{result.articles} articles ({splits}), {result.entries} entries, {result.values} values: "
        f"{result.errors} errors, {notes} notes"
    )
    return GATE_FAILED if result.errors else 0


def _gold_set(folder: Path | None, task: str | None) -> GoldSet:
    """The gold of a folder or of a task; one of them tells the other."""
    from llm_extract.evaluation.gold import read_gold_set

    if folder is not None and not folder.is_dir():
        raise EvaluationError(f"{folder}: no such folder")
    if folder is not None and task is None:
        folder = folder.parent if folder.name == "gold" else folder
        task = folder.resolve().name
    return read_gold_set(task or "it_contracts", folder)


def _check_places(*files: Path | None) -> None:
    """Whether copies can be written, before anything is asked and paid for."""
    for file in files:
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise UsageError(f"{file}: not a file in a folder that is there")


def _exit_code(summary: Summary) -> int:
    if summary.missing:
        return INCOMPLETE
    return GATE_FAILED if summary.passed is False else 0


def _show(summary: Summary) -> None:
    from llm_extract.cli.show_evaluation import show_summary

    click.echo(show_summary(summary), nl=False)


def _copy(directory: Path, junit: Path | None, markdown: Path | None) -> None:
    if junit is not None:
        junit.write_text((directory / "junit.xml").read_text("utf-8"), "utf-8")
    if markdown is not None:
        # Added, because a job's summary page on GitHub is a file that several steps write to.
        with markdown.open("a", encoding="utf-8") as file:
            file.write((directory / "summary.md").read_text("utf-8"))


def _show_progress(done: int, total: int, failed: int) -> None:
    line = f"{done}/{total} articles" + (f", {failed} failed" if failed else "")
    if sys.stderr.isatty():
        click.echo(f"\r{line}", err=True, nl=done == total)
    elif done % _EVERY == 0 or done == total:
        click.echo(line, err=True)


def _say(message: str) -> None:
    click.echo(f"llm-extract: {' '.join(message.split())}", err=True)
