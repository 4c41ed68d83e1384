"""The commands, and the one place where errors become a line on standard error and an exit code."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from llm_extract.cli.batch import batch
from llm_extract.cli.evaluate import evaluate
from llm_extract.cli.export import export, verify
from llm_extract.cli.tune import distil, tune
from llm_extract.errors import DocumentError, FatalError, LlmExtractError, UsageError
from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.document import Document

FAILED, USAGE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        code = cli.main(args=arguments, standalone_mode=False)
    except SystemExit as leaving:
        # Click's own answer to a reader of our output that went away is 1, which of `eval` is a verdict.
        code = _failed(arguments) if leaving.code == FAILED else leaving.code
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain("interrupted")
        code = INTERRUPTED
    except LlmExtractError as error:
        _complain(str(error))
        code = error.exit_code if isinstance(error, UsageError) else _failed(arguments)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            _complain(f"{error.filename or 'output'}: {error.strerror or error}")
            sys.exit(_failed(arguments))
        # The reader of our output went away (`| head`): nothing to say, and nobody to say it to.
        sys.stderr.close()
        code = _failed(arguments)
    except Exception:
        # A bug. Its traceback is for us; but where exit code 1 says that a gate failed, it must not.
        if _failed(arguments) == FAILED:
            raise
        traceback.print_exc()
        code = _failed(arguments)
    sys.exit(code if isinstance(code, int) else 0)


def _failed(arguments: Sequence[str] | None) -> int:
    """The exit code of a failure that is no verdict: of `eval`, 1 is one."""
    words = sys.argv[1:] if arguments is None else arguments
    return USAGE if words and words[0] == "eval" else FAILED


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="llm-extract")
def cli() -> None:
    """Turn news articles into typed, verified records.

    Every value delivered carries the words of the article that support it.
    """


@cli.command()
@click.argument("sources", metavar="FILE...", nargs=-1, required=True)
@click.option("--task", metavar="NAME", help="What to extract; see `llm-extract tasks`.  [default: it_contracts]")
@click.option("--model", metavar="NAME", help="Who reads: openai/gpt-5-mini, ollama/qwen3, embedded, …")
@click.option(
    "--format",
    "output",
    type=click.Choice(["json", "yaml", "table"]),
    help="json: the whole result, a line an article.  [default: table on a terminal, else json]",
)
@click.option(
    "--published",
    metavar="YYYY-MM-DD",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of publication, for undated articles.",
)
@click.option("--no-cache", is_flag=True, help="Ask again, also what was asked before; keep nothing.")
@click.option("-v", "--verbose", count=True, help="Say what each article took; -vv shows the log.")
def extract(
    sources: tuple[str, ...],
    task: str | None,
    model: str | None,
    output: str | None,
    published: datetime | None,
    no_cache: bool,
    verbose: int,
) -> int:
    """Extract the record of each article: text, HTML or PDF files, or - for standard input."""
    from llm_extract.cli.show import show_result
    from llm_extract.extraction import Extractor
    from llm_extract.model.models import NamedModel
    from llm_extract.settings import load_settings

    _log(verbose)
    if sources.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    if sys.stdout is None:  # so Python says it
        raise UsageError("standard output is closed: there is nowhere to write results to")
    settings = load_settings(cache=False) if no_cache else load_settings()
    extractor: Extractor[Any] = Extractor(task, model=model, settings=settings)
    day = None if published is None else published.date()
    form = output or ("table" if sys.stdout.isatty() else "json")

    # Before the event loop begins: a thread that waits for more of standard input would outlast Ctrl-C.
    piped = {source: _read(source) for source in sources if source == "-"}
    fatal: list[FatalError] = []

    async def one(source: str) -> Any:
        """The result, or why there is none; None if nothing was tried."""
        try:
            article = piped[source] if source in piped else await asyncio.to_thread(_read, source)
            return article if isinstance(article, LlmExtractError) else await extractor.aextract(article, published=day)
        except FatalError as error:
            if fatal and not error.attempts:
                return None
            fatal.append(error)
            # No further call begins, and who waits for one is cancelled. What is under way or kept is delivered.
            if isinstance(extractor.model, NamedModel):
                extractor.model.stop_waiting()
            return error
        except LlmExtractError as error:
            return error

    async def every() -> list[LlmExtractError]:
        errors: list[LlmExtractError] = []
        untried: list[str] = []
        waiting = [asyncio.ensure_future(one(source)) for source in sources]
        try:
            for source, future in zip(sources, waiting, strict=True):
                await asyncio.wait([future])
                result = None if future.cancelled() else future.result()
                if result is None:
                    untried.append(source)
                    continue
                if isinstance(result, LlmExtractError):
                    errors.append(result)
                    message = str(result)
                    _complain(message if len(sources) == 1 or source in message else f"{source}: {message}")
                    continue
                click.echo(show_result(result, form, titled=len(sources) > 1), nl=form != "table")
                if verbose:
                    _complain(_account(source, result))
        finally:
            for future in waiting:
                future.cancel()
        if untried:
            _complain(f"not tried: {', '.join(untried)}")
        return errors

    errors = asyncio.run(every())
    if not errors:
        return 0
    return USAGE if len(errors) == len(sources) and all(isinstance(e, UsageError) for e in errors) else FAILED


@cli.group(invoke_without_command=True)
@click.pass_context
def tasks(context: click.Context) -> None:
    """List the tasks: those of the working directory, then the shipped ones."""
    if context.invoked_subcommand is None:
        from llm_extract.cli.show import show_tasks

        click.echo(show_tasks(), nl=False)


@tasks.command("new")
@click.argument("name")
def new_task(name: str) -> None:
    """Make a working task in this directory: a schema, a prompt and one gold file."""
    from llm_extract.cli.skeleton import write_task

    for path in write_task(name, Path.cwd()):
        click.echo(f"wrote {path}")
    click.echo(f"try it: llm-extract extract --task {name} evals/{name}/articles/example.txt")
    click.echo(f"measure it: llm-extract eval {name}")


@cli.command()
def models() -> None:
    """List what can answer: providers by their prefix, and the models in the box."""
    from llm_extract.cli.show import show_models

    click.echo(show_models(), nl=False)


@cli.group("cache")
def cache_group() -> None:
    """Look after the answers that were paid for."""


@cache_group.command("path")
def cache_path() -> None:
    """Say where they are."""
    click.echo(str(_cache_directory()))


@cache_group.command("stats")
def cache_stats() -> None:
    """Say how many there are."""
    with _open_cache() as cache:
        stats = cache.stats()
        _check_usable(cache)
    click.echo(f"path         {stats.path}")
    click.echo(f"entries      {stats.entries:,}")
    click.echo(f"size         {stats.bytes / 1e6:.1f} MB")
    click.echo(f"quarantined  {stats.quarantined:,}")


@cache_group.command("clear")
@click.confirmation_option(prompt="Answers that were paid for will be asked for again. Clear the cache?")
def cache_clear() -> None:
    """Forget them all."""
    with _open_cache() as cache:
        removed = cache.clear()
        _check_usable(cache)
    click.echo(f"removed {removed:,} entries")


def _check_usable(cache: Any) -> None:
    if cache.broken:
        raise UsageError(
            f"the cache cannot be used: {cache.broken}; set LLM_EXTRACT_CACHE_DIR to a folder that you may write to"
        )


@cli.command()
@click.option("--model", metavar="NAME", help="Look at this model instead of the default one.")
def doctor(model: str | None) -> int:
    """Say what is configured, which model would answer, whether it does, and what to do if not."""
    from llm_extract.cli.doctor import examine

    healthy = True
    for finding in examine(model):
        mark = {"ok": "ok  ", "warn": "note", "bad": "FAIL"}[finding.level]
        click.echo(f"{mark}  {finding.subject:<12} {finding.message}")
        healthy = healthy and finding.level != "bad"
    return 0 if healthy else FAILED


cli.add_command(evaluate)
cli.add_command(batch)
cli.add_command(export)
cli.add_command(verify)
cli.add_command(tune)
cli.add_command(distil)


def _cache_directory() -> Path:
    from llm_extract.model.cache import default_cache_directory
    from llm_extract.settings import load_settings

    return load_settings().cache_dir or default_cache_directory()


def _open_cache() -> Any:
    from llm_extract.model.cache import Cache

    return Cache(_cache_directory())


def _read(source: str) -> Document | DocumentError:
    from llm_extract.reading import read_document

    try:
        return read_document(source)
    except DocumentError as error:
        return error


def _account(source: str, result: Any) -> str:
    usage = result.usage
    cost = "no known price" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    calls = f"{usage.calls} calls" if usage.calls else "from the cache"
    return (
        f"{source}: {len(result.evidence)} values with evidence, {len(result.issues)} issues; {calls}, "
        f"{usage.input_tokens:,}+{usage.output_tokens:,} tokens, {cost}, {usage.seconds:.1f} s"
    )


def _log(verbose: int) -> None:
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("llm_extract").setLevel(level)


def _complain(message: str) -> None:
    """One line on standard error, without what a name or an endpoint's words may do to a terminal."""
    from llm_extract.cli.show import inert

    click.echo(f"llm-extract: {inert(' '.join(message.split()))}", err=True)
