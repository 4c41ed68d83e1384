"""`llm-extract tune` and `llm-extract distil`: the model in the box, made good at a task."""

from __future__ import annotations

import math
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llm_extract.cli.batch import INTERRUPTED, STOPPED, run_batch
from llm_extract.errors import UsageError

if TYPE_CHECKING:
    from llm_extract.model.types import Attention
    from llm_extract.tuning.training import Device, Trainer
    from llm_extract.tuning.writing import Tuned

_folder = click.Path(path_type=Path, file_okay=False)
_file = click.Path(path_type=Path)


@click.command()
@click.argument("task", metavar="TASK")
@click.option("--gold", metavar="FOLDER", type=_folder, help="Holds gold/; `dev` judges.  [default: evals/TASK]")
@click.option(
    "--train", metavar="FOLDER", type=_folder, multiple=True, help="More articles with gold, beside the gold's train/."
)
@click.option(
    "--data",
    metavar="FILE",
    type=_file,
    multiple=True,
    help="JSON lines of extract or distil, or a batch run's folder.",
)
@click.option("--base", metavar="NAME", default="gemma3-270m", show_default=True, help="Or smollm2 (Apache-2.0).")
@click.option(
    "--minutes", metavar="N", type=click.FloatRange(min=0, max=100_000, min_open=True), default=60.0, show_default=True
)
@click.option(
    "--rank", metavar="N", type=click.IntRange(1, 256), help="Size of the adapter.  [default: --start's, or 16]"
)
@click.option("--start", metavar="FOLDER", type=_folder, help="An adapter to begin with, to teach it more.")
@click.option(
    "--attention",
    type=click.Choice(["causal", "prefix"]),
    help="prefix: an article is read both ways, which takes longer to learn.  [default: --start's, or causal]",
)
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--out", metavar="FOLDER", type=_folder, help="The adapter's.  [default: prompts/TASK.adapter]")
@click.option("--folder", metavar="FOLDER", type=_folder, help="To work in and go on from.  [default: in the cache]")
def tune(
    task: str,
    gold: Path | None,
    train: tuple[Path, ...],
    data: tuple[Path, ...],
    base: str,
    minutes: float,
    rank: int | None,
    start: Path | None,
    attention: Attention | None,
    seed: int,
    device: Device,
    out: Path | None,
    folder: Path | None,
) -> int:
    """Train an adapter that makes the model in the box good at a task.

    Learns from the articles beside the task's gold, chooses and calibrates on the split `dev`; `test` is left alone.
    Stopped or killed, the same command goes on. The adapter is then used wherever the task is by `--model embedded`,
    or, made for the base smollm2, by `--model embedded:smollm2`. A task has one adapter, of one base.
    """
    from llm_extract.model.adapters import WEIGHTS, read_adapter
    from llm_extract.settings import load_settings
    from llm_extract.task import find_task
    from llm_extract.tuning.adapter_file import read_rank
    from llm_extract.tuning.data import shown
    from llm_extract.tuning.training import GENTLE_RATE, Plan
    from llm_extract.tuning.tune import Order, check_packages, held, prepare
    from llm_extract.tuning.tune import train as train_adapter
    from llm_extract.tuning.writing import finish

    check_packages()
    if math.isnan(minutes):  # which is in no range, and out of none
        raise UsageError("--minutes is a number")
    known = read_adapter(start).attention if start else None
    reads = attention or known or Plan.attention
    if rank is None:
        rank = read_rank(start / WEIGHTS) if start else Plan.rank
    rate = GENTLE_RATE if reads == known else Plan.learning_rate
    plan = Plan(minutes=minutes, rank=rank, alpha=2 * rank, learning_rate=rate, seed=seed, attention=reads)
    given = {"base": base, "minutes": f"{minutes:g}", "rank": str(rank), "attention": reads, "seed": str(seed)}
    words = ["llm-extract", "tune", task, *(word for name, value in given.items() for word in (f"--{name}", value))]
    found = find_task(task)
    words += ["--start", shown(start, found)] if start else []
    words += ["--gold", shown(gold, found)] if gold else []
    words += [word for each in train for word in ("--train", shown(each, found))]
    words += [word for each in data for word in ("--data", shown(each, found))]
    order = Order(found, base, gold, train, data, plan, device, out, folder, start, shlex.join(words))
    # Nothing is cached: what a tuning asks is asked of weights that may never be used again.
    settings = load_settings(cache=False)
    work = prepare(order, settings)
    articles, judging = len(work.material.lessons), len(work.material.held_out.items)
    _say(f"{articles} articles to learn from, {judging} that judge; works in {work.folder}")
    for note in work.notes:
        _say(f"note: {note}")
    with held(work):
        try:
            with _stoppable() as on_start:
                trained = train_adapter(work, _say, on_start)
            tuned = None if trained is None else finish(work, trained, settings, _say)
        except KeyboardInterrupt:
            tuned = None
    if tuned is None:
        _say(f"stopped; all that was done is kept in {work.folder}: the same command goes on")
        return INTERRUPTED
    _show(tuned)
    return 0


@contextmanager
def _stoppable() -> Iterator[Callable[[Trainer], None]]:
    """Gives what takes the trainer once there is one.

    A first Ctrl-C or SIGTERM then lets the step under way end and keeps it; one before, or a second one, interrupts.
    """
    started: list[Trainer] = []

    def stop(number: int, frame: object) -> None:
        if not started or started[0].stopped:
            raise KeyboardInterrupt
        started[0].stop()
        _say("finishing the step that is under way; once more stops at once")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield started.append
    finally:
        started.clear()  # its memory is wanted for the model that is asked next
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(tuned: Tuned) -> None:
    from llm_extract.evaluation.metrics import HEADLINE
    from llm_extract.model.weights import DEFAULT_MODEL

    for name in ("f1", "precision", "recall"):
        before, after = (summary.headline[name].value for summary in (tuned.before, tuned.after))
        click.echo(f"{HEADLINE[name]:<16} {_number(before)} before, {_number(after)} with the adapter")
    base = tuned.adapter.base
    model = "embedded" if base == DEFAULT_MODEL else f"embedded:{base}"
    click.echo(f"wrote {tuned.folder}; its README.md is the model card; it serves --model {model}")


def _number(value: float | None) -> str:
    return "    –" if value is None else f"{value:.3f}"


@click.command()
@click.argument("task", metavar="TASK")
@click.argument("archives", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option("--teacher", metavar="MODEL", required=True, help="Who reads: openai/gpt-5, …")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Read only the first N articles.")
@click.option("--max-cost", metavar="USD", help="Stop before the run costs more.")
def distil(
    task: str, archives: tuple[str, ...], teacher: str, out: Path, limit: int | None, max_cost: str | None
) -> int:
    """Have a large model read an archive, and keep what is verified throughout as training data.

    Kept are records of which nothing that the teacher answered had to be left out, but what follows from the rest or
    what the head of the page says better; articles of the task's gold are left out. The run is a batch in the folder
    FILE.run: the same command goes on where it stopped, and `llm-extract batch status` looks at it. Exit codes are
    those of `llm-extract batch`. `llm-extract tune TASK --data FILE` learns from it.
    """
    from llm_extract.batch.manifest import MANIFEST
    from llm_extract.task import find_task
    from llm_extract.tuning.distilling import distil as distilled
    from llm_extract.tuning.distilling import gold_of

    found = find_task(task)
    if not out.absolute().parent.is_dir():
        raise UsageError(f"{out}: not a file in a folder that is there")
    run = out.with_name(f"{out.name}.run")
    context = click.get_current_context()
    code: int = context.invoke(
        run_batch, archives=archives, out=run, task=task, model=teacher, limit=limit, max_cost=max_cost
    )
    if not (run / MANIFEST).is_file():
        return code or STOPPED
    counts = distilled(found, run, out, gold_of(found))
    click.echo(
        f"wrote {counts.written:,} records to {out}; left out: {counts.doubtful:,} with something unverified, "
        f"{counts.gold:,} of the gold"
    )
    return code


def _say(message: str) -> None:
    from llm_extract.cli.show import inert

    click.echo(inert(message), err=True)
    sys.stderr.flush()
