"""A run: archives are read, copies and irrelevant articles left out, the rest extracted, everything written down.

    read_articles → where → relevance → duplicates → Extractor → ledger

Reading and intake go on in one thread, calls in the event loop, writing in the ledger's own thread. An answer that
was paid for is in the cache before it is parsed, and its record on disk before it is counted. The same batch again goes
on where it stopped: articles with an outcome in the ledger are read, and passed by.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from llm_extract.batch import records
from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.duplicates import Duplicates
from llm_extract.batch.extracting import failure_of, outcome_of, row_of
from llm_extract.batch.grounders import Grounders
from llm_extract.batch.keeping import keep_options, keep_spent, provider_directory, spent
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.many import Pump, places
from llm_extract.batch.progress import BatchResult, Progress
from llm_extract.batch.relevance import Relevance
from llm_extract.batch.selection import Where
from llm_extract.batch.sources import read_articles
from llm_extract.batch.taking_in import Intake
from llm_extract.batch.tally import Counts
from llm_extract.errors import FatalError, LlmExtractError, RunError, SettingsError, UsageError
from llm_extract.extraction import Extractor
from llm_extract.model.models import NamedModel, resolve_model
from llm_extract.model.types import Usage
from llm_extract.settings import Settings, load_settings
from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.batch import provider_progress
    from llm_extract.batch.provider import ProviderBatch
    from llm_extract.batch.ray_engine import RayWorkers
    from llm_extract.document import Document
    from llm_extract.model import Model
    from llm_extract.task import Task

__all__ = ["Batch", "BatchResult", "Progress"]

RecordT = TypeVar("RecordT", bound=records.Record)

INDEX = "intake.sqlite"
_CLOSING_SECONDS = 2.0
_UNWRITTEN = 500
"""Skips and copies that wait for the disk, at most: they cost nothing to find again."""
_PORTION = 32
"""Articles that the reading thread hands over at once, at most."""
_PORTION_SECONDS = 0.05


class _ToAsk(NamedTuple):
    """An article that costs a call."""

    article: Article
    key: str | None
    """Of its result, which is not kept; None if that has not been looked up."""


def _keep_apart(sources: Sequence[str], directory: Path) -> None:
    """A folder of archives may hold the run; but what is in the run's folder is the run's own, and never read."""
    for source in sources:
        if source != "-" and Path(source).resolve().is_relative_to(directory.resolve()):
            raise UsageError(f"{source} is in {directory}, the run's own folder: give the run another one (--out)")


class Batch:
    """A run over archives, kept in a folder.

    Args:
        sources: files, folders and archives, as `llm_extract.batch.sources.read_articles` takes them.
        out: the run's folder; the same batch on the same folder goes on where it stopped.
        task: as of `Extractor`, like `model` and `settings`.
        model: a model's name, or any `llm_extract.model.Model`.
        settings: by default read from the environment and the working directory's files.
        limit: read only so many articles.
        where: only articles for which this expression is true; see `llm_extract.batch.selection`.
        near_duplicates: whether wire copies are told apart from articles of their own.
        at_once: how many articles are worked on at most; by default what the settings allow.
        provider_batch: whether to ask through the provider's Batch API, at half the price and within a day.
        processes: how many processes ground answers beside this one; by default, once answers come fast, one for each
            core but one, three at most.
        engine: who works on articles: this process (`local`), or the workers of a Ray cluster (`ray`). A run's records
            do not depend on it: one that was begun here may go on there.
        address: of the cluster, `HOST:PORT` or `auto`; by default as `RAY_ADDRESS` says, or a Ray of its own on this
            machine.
        workers: how many workers; by default one for each CPU.
        on_progress: called with the state after every change, in the event loop.
        on_message: called with what else there is to say: where a provider's batch is.

    Raises:
        TaskError, ModelNameError, SettingsError, DocumentError: what was asked for does not hold.
        UsageError: Ray is not installed; or `sources` is no list.

    Example::

        result = Batch(["archive.zip"], "run").run()
        result.counts.rows, result.counts.failures
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        out: str | Path,
        *,
        task: str | Task | None = None,
        model: str | Model | None = None,
        settings: Settings | None = None,
        limit: int | None = None,
        where: str | None = None,
        near_duplicates: bool = True,
        at_once: int | None = None,
        provider_batch: bool = False,
        processes: int | None = None,
        engine: Literal["local", "ray"] = "local",
        address: str | None = None,
        workers: int | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_message: Callable[[str], None] = lambda _: None,
    ) -> None:
        if isinstance(sources, str | Path):
            raise UsageError(f"one source where several may be: give a list, [{str(sources)!r}]")
        self.sources = [str(source) for source in sources]
        self.out = Path(out)
        settings = settings or load_settings()
        limited = settings.max_cost is not None or settings.max_tokens is not None
        self._spent_before = spent(self.out) if limited else None
        self._budget = None if self._spent_before is None else settings.budget(self._spent_before)
        # A pool of its own: its rates, its circuit breaker and its budget are this run's.
        named = resolve_model(model, settings, settings.pool(self._budget))
        self.extractor: Extractor[Any] = Extractor(task, model=named, settings=settings)
        tuned = self.extractor.model
        self._own_model = tuned if named is not model and isinstance(tuned, NamedModel) else None
        self.limit = limit
        self.where = None if where is None else Where(where)
        self.near_duplicates = near_duplicates
        self.at_once = at_once or places(self.extractor)
        # A run whose batches are at the provider is not asked live: it would be paid twice.
        self.provider_batch = provider_batch or provider_directory(self.out).is_dir()
        self.processes = processes
        self.relevance = Relevance.of(self.extractor.task)
        if self.provider_batch and (
            limited or "-" in self.sources or (self.relevance and self.relevance.terms.question)
        ):
            raise SettingsError(
                "a provider's batch takes no budget, no standard input and no question of relevance: all of it is read "
                "twice, and sent at once"
            )
        self.workers = self._engine(engine, model, at_once, address, workers)
        if self.workers is not None:
            self.at_once = self.workers.at_once
        self.progress = Progress()
        self._on_progress = on_progress
        self._on_message = on_message
        self._provider: ProviderBatch | None = None
        self._broken: LlmExtractError | None = None
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """In which it runs; None: it does not."""
        self._left = False
        """Whether articles were begun that have no outcome."""
        self._stopped = False
        self._fatal: FatalError | None = None
        self._pump: Pump[_ToAsk, None] | None = None
        self._grounders: Grounders | None = None

    def _engine(
        self, engine: str, model: Any, at_once: int | None, address: str | None, workers: int | None
    ) -> RayWorkers | None:
        """The workers of the engine that was chosen; None: this process."""
        if engine not in ("local", "ray"):
            raise SettingsError(f"the engine is `local` or `ray`, not {engine!r}")
        if engine == "local":
            if address is not None or workers is not None:
                raise SettingsError("an address and a number of workers are for the engine `ray`: --engine ray")
            return None
        if self.provider_batch:
            raise SettingsError("a provider's batch is worked on by the provider: it takes no engine")
        if self.processes is not None:
            raise SettingsError("processes are of the engine `local`: with `ray` say how many workers")
        from llm_extract.batch.ray_engine import RayWorkers

        return RayWorkers(
            self.extractor,
            model,
            address=address,
            workers=workers,
            at_once=at_once,
            spent=self._spent_before,
            say=lambda message: self._on_message(message),
        )

    def terms(self) -> dict[str, Any]:
        """Everything that decides what the run's records are. A resumed run must have the same."""
        return {
            **self.extractor.terms(),
            "schema": self.extractor.task.schema.fingerprint,
            "version": __version__,
            "inputs": self.sources,
            "where": None if self.where is None else self.where.expression,
            "near_duplicates": self.near_duplicates,
        }

    def stop(self) -> None:
        """Begin nothing more. What is under way is finished and written down; the same batch again goes on.

        May be called from any thread.
        """
        self._stopped = True
        loop = self._loop
        if loop is None:
            return
        if loop is asyncio._get_running_loop():
            self._stop()
        else:
            with suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            return
        self._stopping.set()
        if isinstance(self._own_model, NamedModel):
            self._own_model.stop_waiting()
        if self.workers is not None:
            self.workers.stop_waiting()
        if self._pump is not None:
            self._pump.stop()

    def run(self) -> BatchResult:
        """As `arun`, for callers without an event loop, and for notebooks that run one."""
        from llm_extract.background import run

        return run(self.arun())

    async def arun(self) -> BatchResult:
        """Go through the archives to the end, or until something fatal stops it.

        Raises:
            RunError: the folder is in use, belongs to other terms, or cannot be written.
            DocumentError: a source that was named is not there.
        """
        started = time.monotonic()
        _keep_apart(self.sources, self.out)
        found = read_articles(self.sources)  # before a folder is made for archives that are not there
        self.progress, self._fatal, self._broken, self._left = Progress(), None, None, False
        self._stopping = stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._stopped:
            stop.set()
        reader = ThreadPoolExecutor(1, "reader")
        try:
            with Ledger.open(self.out, self.terms()) as ledger:
                try:
                    settings = self.extractor.settings
                    most = None if settings.max_cost is None else str(settings.max_cost)
                    keep_options(self.out, limit=self.limit, max_cost=most, max_tokens=settings.max_tokens)
                    if not self.provider_batch or await self._asked_in_batches(ledger, stop):
                        await self._extracted(found, ledger, reader, started)
                    await asyncio.to_thread(ledger.flush)
                    counts = ledger.counts()
                except BaseException:
                    with suppress(RunError):  # what stopped the run is what is said
                        self._keep_spent()
                    raise
                self._keep_spent()
        finally:
            self._loop = self._stopping = self._pump = None
            reader.shutdown(wait=False)
            if self._own_model is not None:
                await self._own_model.aclose()
        if self._broken is not None:
            raise self._broken
        self._note(seconds=time.monotonic() - started)
        all_tried = self.progress.reading_ended and self._fatal is None and not self._left
        if all_tried and not counts.waiting:
            self._account(counts)
        return BatchResult(
            self.out,
            self.progress,
            counts,
            stopped_by=self._fatal,
            ended=all_tried and not counts.waiting,
            not_given=counts.waiting if all_tried else 0,
        )

    def _keep_spent(self) -> None:
        if self._spent_before is not None and self._budget is not None:
            keep_spent(self.out, self._spent_before + self.progress.usage, self._budget)

    async def _extracted(
        self, articles: Iterator[Article | Unreadable], ledger: Ledger, reader: ThreadPoolExecutor, started: float
    ) -> None:
        """Everything that the archives give, read, asked and written down."""
        loop = asyncio.get_running_loop()
        duplicates = await loop.run_in_executor(reader, self._open_index)
        intake = self._intake(ledger, duplicates)
        found = intake.take(articles, self.limit)
        if self.workers is None:
            self._grounders = Grounders(self.extractor.task, self.processes)
        self._pump = pump = Pump(
            self._to_ask(found, reader, ledger), lambda entry: self._work(entry, ledger), self.at_once
        )
        if self._stopped:
            pump.stop()
        try:
            async with aclosing(pump.results()) as results:
                async for _ in results:
                    self._note(seconds=time.monotonic() - started)
        finally:
            if self.workers is not None:
                await self.workers.aclose()
            if self._grounders is not None:
                await self._grounders.aclose()
            # A reader that waits for its input cannot be waited for; the index can be made anew.
            closing = loop.run_in_executor(reader, duplicates.close)
            await asyncio.wait([closing], timeout=_CLOSING_SECONDS)
            if self.extractor.cache is not None:
                await asyncio.to_thread(self.extractor.cache.flush)
        if intake.clashes:
            self._on_message(f"{intake.clashes:,} articles have the id of another text; they are named ID (PLACE)")

    def _account(self, counts: Counts) -> None:
        """Hold the ledger against what was read.

        Raises:
            RunError: articles went in that have no outcome.
        """
        more = counts.told - self.progress.read
        if more > 0:
            self._on_message(f"the ledger has {more:,} articles that the archives did not give this time")
        else:
            counts.check(self.progress.read)

    # -- reading and intake, in a thread ---------------------------------------------------------

    def _open_index(self) -> Duplicates:
        return Duplicates(self.out / INDEX, near=self.near_duplicates)

    def _intake(self, ledger: Ledger, duplicates: Duplicates) -> Intake:
        return Intake(ledger, duplicates, where=self.where, relevance=self.relevance, run_directory=self.out)

    async def _to_ask(
        self, found: Iterator[Article | records.Record | None], reader: ThreadPoolExecutor, ledger: Ledger
    ) -> AsyncIterator[_ToAsk]:
        """The articles that cost a call; what needs none is written down on the way."""
        loop = asyncio.get_running_loop()
        unwritten = 0
        while portion := await loop.run_in_executor(reader, self._portion, found):
            met = Counter(map(type, portion))
            for entry in portion:
                if entry is not None and not isinstance(entry, _ToAsk):
                    ledger.append(entry)
                    unwritten += 1
            progress, kept = self.progress, met[records.Row]
            self._note(
                read=progress.read + len(portion),
                done_before=progress.done_before + met[type(None)],
                skips=progress.skips + met[records.Skip],
                copies=progress.copies + met[records.Copy],
                rows=progress.rows + kept,
                cached=progress.cached + kept,
                usage=progress.usage + Usage(cached_calls=kept) if kept else progress.usage,
            )
            if unwritten >= _UNWRITTEN:
                await loop.run_in_executor(reader, ledger.flush)
                unwritten = 0
            for entry in portion:
                if isinstance(entry, _ToAsk):
                    yield entry
            if self._stopped:
                return
        self._note(reading_ended=True)

    def _portion(self, found: Iterator[Article | records.Record | None]) -> list[_ToAsk | records.Record | None]:
        """The next articles: as many as come in a moment, at least one; rows of those whose result is kept.

        Empty at the end.
        """
        until = time.monotonic() + _PORTION_SECONDS
        portion: list[_ToAsk | records.Record | None] = []
        for entry in found:
            portion.append(self._looked_up(entry) if isinstance(entry, Article) else entry)
            if len(portion) >= _PORTION or time.monotonic() > until:
                break
        return portion

    def _looked_up(self, article: Article) -> _ToAsk | records.Row:
        if self.relevance is not None and self.relevance.terms.question:
            return _ToAsk(article, None)  # the question comes first
        key, kept = self.extractor.kept_json(article.document)
        if kept is None:
            return _ToAsk(article, key)
        return self._priced(row_of(article, kept), article)

    def _priced(self, record: RecordT, article: Article) -> RecordT:
        """An article's record with what its answer cost at the provider's, though it came from the cache."""
        paid = None if self._provider is None else self._provider.paid(article.document)
        if paid is None or not isinstance(record, records.Row | records.Failure):
            return record
        usage = (Usage.model_validate(record.usage) + paid).model_dump(mode="json")
        if isinstance(record, records.Failure):
            return replace(record, usage=usage)
        return replace(record, usage=usage, json=json.dumps({**record.extraction, "usage": usage}).encode())

    # -- asking, in the event loop ---------------------------------------------------------------

    async def _asked_in_batches(self, ledger: Ledger, stop: asyncio.Event) -> bool:
        """Ask everything through the provider's Batch API, its answers into the cache. False if it did not end."""
        from llm_extract.batch.provider import ProviderBatch

        def to_ask() -> Iterator[tuple[str, Document]]:
            with self._open_index() as duplicates:
                for entry in self._intake(ledger, duplicates).take(read_articles(self.sources), self.limit):
                    if isinstance(entry, Article):
                        yield entry.id, entry.document

        async def asked(provider: ProviderBatch) -> provider_progress.Progress:
            submitted = await provider.submit(to_ask())
            self._on_message(f"{submitted.sent:,} articles sent, {submitted.cached:,} in the cache already")
            return await provider.finish(lambda progress: self._on_message(str(progress)))

        stopping = asyncio.ensure_future(stop.wait())
        provider: ProviderBatch | None = None
        try:
            async with ProviderBatch(self.extractor, provider_directory(self.out)) as provider:
                asking = asyncio.ensure_future(asked(provider))
                await asyncio.wait([stopping, asking], return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():  # told to stop: the batches go on at the provider, and are found again
                    asking.cancel()
                    await asyncio.gather(asking, return_exceptions=True)
                    return False
                found = asking.result()
        except FatalError as error:
            self._fatal = error
            return False
        finally:
            stopping.cancel()
            if provider is not None:
                self._note(usage=self.progress.usage + provider.usage)
        self._provider = provider
        return not found.cancelled

    async def _work(self, entry: _ToAsk, ledger: Ledger) -> None:
        """One article: asked, and its outcome on disk."""
        article = entry.article
        self._note(under_way=self.progress.under_way + 1)
        try:
            refused = None if self._provider is None else self._provider.failure(article.document)
            if refused is None:
                if self.workers is None:
                    record, usage = await outcome_of(
                        article, self.extractor, self.relevance, key=entry.key, elsewhere=self._grounders
                    )
                    record = self._priced(record, article)
                else:
                    record, usage = await self.workers.outcome_of(article)
            elif isinstance(refused, FatalError):
                refused.usage = None  # told of with its batch
                raise refused
            else:
                usage = Usage()  # likewise
                record = failure_of(article, refused, getattr(refused, "usage", None) or usage)
        except FatalError as error:
            self._fatal = self._fatal or error
            if error.usage is not None:  # its calls are paid, and no record says so
                self._note(usage=self.progress.usage + error.usage)
            self.stop()
            return
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            self._left = True
            return  # it waited for its turn when the run was told to stop
        except LlmExtractError as error:
            # Wrong settings, not a wrong article: it has no outcome, and what is under way is kept.
            self._broken = self._broken or error
            self.stop()
            return
        finally:
            self._note(under_way=self.progress.under_way - 1)
        await ledger.committed(record)
        progress = self.progress
        self._note(
            rows=progress.rows + isinstance(record, records.Row),
            failures=progress.failures + isinstance(record, records.Failure),
            skips=progress.skips + isinstance(record, records.Skip),
            cached=progress.cached + (isinstance(record, records.Row) and not usage.calls),
            usage=progress.usage + usage,
        )

    def _note(self, **changes: Any) -> None:
        self.progress = replace(self.progress, **changes)
        self._on_progress(self.progress)
