"""`llm-extract batch`: archives in, a run out."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from llm_extract.cli.groups import DefaultGroup
from llm_extract.cli.show import inert
from llm_extract.errors import BudgetReached, LlmExtractError, UsageError

if TYPE_CHECKING:
    from llm_extract.batch.display import Display
    from llm_extract.batch.engine import Batch, BatchResult
    from llm_extract.batch.tally import Counts

STOPPED, FAILURES, INTERRUPTED, TERMINATED = 1, 4, 130, 143
_TERM_SECONDS = 8.0
"""After SIGTERM, calls under way get so long; the process is gone within ten."""


@click.group("batch", cls=DefaultGroup, subcommand_metavar="ARCHIVE... --out FOLDER | COMMAND [OPTIONS]...")
def batch() -> None:
    """Extract whole archives into a run's folder; killed at any moment, it goes on where it stopped.

    Exit codes: 0 every article has a row or was skipped, 1 something fatal stopped it, 2 wrong usage, or the run's
    folder cannot be written, 4 done, but some articles failed or could not be read, 130 interrupted, 143 terminated.
    """


@batch.command("run")
@click.argument("archives", metavar="ARCHIVE...", nargs=-1)
@click.option("--out", metavar="FOLDER", type=click.Path(path_type=Path), help="The run's folder.")
@click.option(
    "--resume", metavar="FOLDER", type=click.Path(path_type=Path), help="Go on with this run, on its own archives."
)
@click.option("--task", metavar="NAME", help="What to extract.  [default: it_contracts]")
@click.option("--model", metavar="NAME", help="Who reads: openai/gpt-5-mini, embedded, …")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Read only the first N articles.")
@click.option("--where", metavar="EXPR", help="Only articles for which this is true: 'published >= \"2015\"'.")
@click.option("--no-near-duplicates", is_flag=True, help="Ask wire copies too; only equal texts are asked once.")
@click.option("--max-cost", metavar="USD", help="Stop before the run costs more.")
@click.option("--max-tokens", metavar="N", type=click.IntRange(min=1), help="Stop before the run takes more tokens.")
@click.option("--rpm", metavar="N", type=click.IntRange(min=1), help="Requests a minute.  [default: the server's own]")
@click.option("--tpm", metavar="N", type=click.IntRange(min=1), help="Tokens a minute.  [default: the server's own]")
@click.option("--concurrency", metavar="N|auto", default="auto", help="Calls at once.  [default: auto]")
@click.option("--provider-batch", is_flag=True, help="Ask through the provider's Batch API, at half its price.")
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(min=0),
    help="Processes that read answers beside this one.  [default: as many as pay]",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="Who works: this process, or workers on Ray.  [default: local]",
)
@click.option(
    "--address", metavar="HOST:PORT|auto", help="With --engine ray.  [default: $RAY_ADDRESS, or this machine]"
)
@click.option("--workers", metavar="N", type=click.IntRange(min=1), help="With --engine ray.  [default: one a CPU]")
@click.option(
    "--estimate", is_flag=True, help="Count articles, copies and tokens, and say a price range; call nothing."
)
@click.option("--log-json", is_flag=True, help="Progress as JSON lines on standard error.")
def run_batch(
    archives: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    task: str | None,
    model: str | None,
    limit: int | None,
    where: str | None,
    no_near_duplicates: bool,
    max_cost: str | None,
    max_tokens: int | None,
    rpm: int | None,
    tpm: int | None,
    concurrency: str,
    provider_batch: bool,
    processes: int | None,
    engine: Literal["local", "ray"],
    address: str | None,
    workers: int | None,
    estimate: bool,
    log_json: bool,
) -> int:
    """Extract every article of the archives: folders, text, HTML, PDF, JSON, CSV, Parquet, zip, tar, WARC, …

    The same command again goes on where it stopped, and pays for nothing twice.
    """
    from llm_extract.batch.display import choose_display
    from llm_extract.batch.engine import Batch
    from llm_extract.batch.keeping import kept_options
    from llm_extract.batch.manifest import read_manifest
    from llm_extract.settings import load_settings

    if resume is not None:
        if archives or out:
            raise UsageError("--resume goes on with a run on its own archives: give no others, and no --out")
        terms = read_manifest(resume).terms
        archives, out = tuple(terms["inputs"]), resume
        task, model, where = task or terms["task"], model or terms["model"], where or terms["where"]
        kept = kept_options(resume)
        limit, max_tokens = limit or kept.get("limit"), max_tokens or kept.get("max_tokens")
        max_cost = max_cost or kept.get("max_cost")
        no_near_duplicates = no_near_duplicates or not terms["near_duplicates"]
    if not archives:
        raise UsageError("no archive given")
    if out is None and not estimate:
        raise UsageError("no folder for the run given: --out FOLDER")
    limits = {"max_cost": max_cost, "max_tokens": max_tokens, "rpm": rpm, "tpm": tpm}
    if concurrency != "auto":
        fixed = _number(concurrency)
        limits |= {"concurrency_start": fixed, "concurrency_minimum": fixed, "concurrency_maximum": fixed}
    settings = load_settings(**{name: value for name, value in limits.items() if value is not None})
    made = Batch(
        archives,
        out or Path(os.devnull, "none"),  # an estimate keeps nothing, and reads nothing of the working directory's
        task=task,
        model=model,
        settings=settings,
        limit=limit,
        where=where,
        near_duplicates=not no_near_duplicates,
        provider_batch=provider_batch,
        processes=processes,
        engine=engine,
        address=address,
        workers=workers,
        on_progress=lambda progress: display.show(progress),
        on_message=lambda message: display.say(message),
    )
    if estimate:
        from llm_extract.batch.estimate import estimate as estimated

        click.echo(str(estimated(made)))
        return 0
    display = choose_display(as_json=log_json)
    try:
        code = _run(made, display)
    except LlmExtractError as error:
        if "-" not in archives:
            raise
        click.echo(f"llm-extract: {inert(' '.join(str(error).split()))}", err=True)
        code = error.exit_code if isinstance(error, UsageError) else STOPPED
    if "-" in archives and code:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End at once: a thread may still wait for its input, and nothing that counts is left to write."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(made: Batch, display: Display) -> int:
    """Run it, show where it is, and say how it ended."""
    result: BatchResult | None = None
    signals: list[signal.Signals] = []
    try:
        result = asyncio.run(_until_signalled(made, display, signals))
    except asyncio.CancelledError:
        if not signals:
            raise
    finally:
        display.close(result)
    if result is not None:
        click.echo(_summary(result))
    if signals:
        _leave(INTERRUPTED if signals[0] == signal.SIGINT else TERMINATED)
    if result is None:
        return STOPPED
    if result.stopped_by is not None:
        why = inert(" ".join(str(result.stopped_by).split()))
        then = "with a larger budget " if isinstance(result.stopped_by, BudgetReached) else ""
        click.echo(f"llm-extract: {why}; {then}the same command goes on", err=True)
        return STOPPED
    if result.not_given:
        click.echo(
            f"llm-extract: {result.not_given:,} articles wait for an outcome, but they, or what they are copies of, "
            "are no longer in these archives (or beyond --limit): bring them back, or begin anew with another --out; "
            "what was answered is in the cache",
            err=True,
        )
        return STOPPED
    if not result.ended:
        click.echo("llm-extract: not all articles have an outcome; the same command goes on", err=True)
        return STOPPED
    unread = result.counts.skips.get("unreadable", 0) + result.counts.skips.get("id_clash", 0)
    return FAILURES if result.counts.failures or unread else 0


@batch.command("status")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def status(run: Path, as_json: bool) -> int:
    """Say what became of every article of a run: rows, failures and skips add up to them."""
    import json
    from dataclasses import asdict

    from llm_extract.batch.ledger import Ledger

    counts = Ledger.survey(run)
    click.echo(json.dumps(asdict(counts)) if as_json else _counted(counts))
    return 0


@batch.command("failures")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
def failures(run: Path) -> int:
    """List the articles that failed, each with its place and its reason."""
    from llm_extract.batch.ledger import Ledger
    from llm_extract.batch.records import Failure, Skip
    from llm_extract.cli.show import inert

    for record in Ledger.read(run):
        if isinstance(record, Failure):
            click.echo(inert(f"{record.place}: {record.type}: {record.message}"))
        elif isinstance(record, Skip) and record.reason in ("unreadable", "id_clash"):
            click.echo(inert(f"{record.place}: {record.reason}: {record.detail}"))
    return 0


@batch.command("retry-failed")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
def retry_failed(run: Path) -> int:
    """Mark every failed article to be done again, by `llm-extract batch --resume RUN`."""
    from llm_extract.batch.keeping import next_provider_directory
    from llm_extract.batch.ledger import Ledger
    from llm_extract.batch.manifest import read_manifest
    from llm_extract.batch.records import Failure, Retried

    failed = [record.id for record in Ledger.read(run) if isinstance(record, Failure)]
    with Ledger.open(run, read_manifest(run).terms) as ledger:
        for identifier in failed:
            ledger.append(Retried(id=identifier))
    another = next_provider_directory(run) if failed else None
    if another is not None:
        another.mkdir()
    click.echo(f"{len(failed):,} articles will be done again: llm-extract batch --resume {run}")
    return 0


async def _until_signalled(made: Batch, display: Display, received: list[signal.Signals]) -> BatchResult:
    """Run to the end. A first Ctrl-C or SIGTERM lets calls under way finish, a second one cancels everything.

    Raises:
        asyncio.CancelledError: it was cancelled; the ledger holds what was done.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(made.arun())

    def handle(number: signal.Signals) -> None:
        received.append(number)
        if len(received) > 1:
            task.cancel()
            return
        display.say("finishing what is under way; once more stops at once")
        made.stop()
        if number == signal.SIGTERM:
            loop.call_later(_TERM_SECONDS, task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, handle, number)
    return await task


def _number(concurrency: str) -> int:
    if not concurrency.isdecimal() or not int(concurrency):
        raise UsageError(f"--concurrency is a number or `auto`, not {concurrency!r}")
    return int(concurrency)


def _summary(result: BatchResult) -> str:
    progress, usage = result.progress, result.progress.usage
    price = "no known price" if usage.cost_usd is None else f"${usage.cost_usd:,.4f}"
    ended = "done" if result.ended else "stopped before its end"
    return (
        f"{ended}: {result.directory}\n{_counted(result.counts)}\n"
        f"this session: {progress.done:,} articles in {progress.seconds:,.1f} s, {usage.calls:,} calls, "
        f"{progress.cached:,} rows from the cache, {usage.input_tokens:,}+{usage.output_tokens:,} tokens, {price}"
    )


def _counted(counts: Counts) -> str:
    skips = ", ".join(f"{count:,} {reason}" for reason, count in counts.skips.items())
    lines = [
        f"articles  {counts.articles:,}",
        f"rows      {counts.rows:,}",
        f"failures  {counts.failures:,}",
        f"skipped   {counts.skipped:,}" + (f"  ({skips})" if skips else ""),
        f"copies    {counts.copies:,}  (counted above as what their original is)",
    ]
    if counts.waiting:
        lines.append(f"waiting   {counts.waiting:,}")
    if counts.damaged:
        lines.append(f"damaged   {counts.damaged:,} lines of the ledger; their articles are done again")
    return "\n".join(lines)
