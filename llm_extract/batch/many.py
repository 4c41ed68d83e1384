"""Many articles at once: an iterable in, outcomes out as they finish, or in order.

    for outcome in extract_many(texts, model="openai/gpt-5-mini"):
        if outcome.result is not None:
            print(outcome.result.record)

An article that fails is an outcome with its error; what stops everything (a refused key, an empty account) is raised.
Nothing is read ahead of what is being asked, so that the iterable may be endless.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from concurrent.futures import Future
from contextlib import aclosing, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic
from weakref import WeakSet

from typing_extensions import TypeVar

from llm_extract.background import run
from llm_extract.document import Document
from llm_extract.errors import FatalError, LlmExtractError, UsageError
from llm_extract.extraction import Extractor
from llm_extract.result import Extraction, RecordT

if TYPE_CHECKING:
    from llm_extract.model import Model
    from llm_extract.settings import Settings
    from llm_extract.task import Task

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[RecordT]):
    """What became of one article: a result or an error."""

    index: int
    """Its number in the order given, from 0."""
    article: str | Document
    result: Extraction[RecordT] | None
    error: LlmExtractError | None


async def aextract_many(
    articles: Iterable[str | Document] | AsyncIterable[str | Document],
    *,
    task: str | Task | None = None,
    schema: type[RecordT] | None = None,
    model: str | Model | None = None,
    settings: Settings | None = None,
    in_order: bool = False,
    at_once: int | None = None,
) -> AsyncGenerator[Outcome[RecordT], None]:
    """Extract the records of many articles, several at once.

    Args:
        articles: strings or documents; read as fast as they are worked on. What is no list is read in one thread of its
            own, so that a slow one holds nothing up. A generator function that opens what it reads from (a database)
            opens it in that thread.
        task: as of `Extractor`, like `schema`, `model` and `settings`.
        schema: any pydantic model, instead of a task.
        model: a model's name, or any `llm_extract.model.Model`.
        settings: by default read from the environment and the working directory's files.
        in_order: outcomes in the order of the articles; else as they finish.
        at_once: how many are worked on at most; by default what the settings allow, one for a model in the box.

    Raises:
        FatalError: nothing more can succeed. What was under way is finished and kept in the cache first.
        UsageError: a single article was given.
        SettingsError, TaskError, ModelNameError: what was asked for does not hold.
    """
    _several(articles)
    extractor: Extractor[RecordT] = Extractor(task, schema=schema, model=model, settings=settings)
    async with aclosing(_outcomes(extractor, articles, in_order=in_order, at_once=at_once)) as found:
        async for outcome in found:
            yield outcome


def extract_many(
    articles: Iterable[str | Document],
    *,
    task: str | Task | None = None,
    schema: type[RecordT] | None = None,
    model: str | Model | None = None,
    settings: Settings | None = None,
    in_order: bool = False,
    at_once: int | None = None,
) -> Generator[Outcome[RecordT], None, None]:
    """As `aextract_many`, for callers without an event loop, and for notebooks that run one."""
    _several(articles)
    extractor: Extractor[RecordT] = Extractor(task, schema=schema, model=model, settings=settings)
    stream = _outcomes(extractor, articles, in_order=in_order, at_once=at_once)
    steps = _steps(stream)
    _unfinished.add(steps)
    return steps


def _several(articles: object) -> None:
    if isinstance(articles, str | bytes | Document):
        raise UsageError("one article where many are wanted: give a list of articles, or call extract()")


def places(extractor: Extractor[Any]) -> int:
    """How many articles are worked on at once: one for a model in the box; else twice as many as calls are allowed, so
    that articles whose answer is being read and written down keep no call from being made."""
    if extractor.model.endpoint.capabilities.decompose:
        return 1
    return 2 * extractor.settings.concurrency_maximum


async def _outcomes(
    extractor: Extractor[RecordT],
    articles: Iterable[str | Document] | AsyncIterable[str | Document],
    *,
    in_order: bool = False,
    at_once: int | None = None,
) -> AsyncGenerator[Outcome[RecordT], None]:
    """The outcomes of many articles, by one extractor."""

    async def work(numbered: tuple[int, str | Document]) -> Outcome[RecordT]:
        index, article = numbered
        try:
            return Outcome(index, article, await extractor.aextract(article), None)
        except LlmExtractError as error:
            return Outcome(index, article, None, error)

    fatal: FatalError | None = None
    pump = Pump(_numbered(stream(articles)), work, at_once or places(extractor), in_order=in_order)
    async with aclosing(pump.results()) as results:
        async for outcome in results:
            if isinstance(outcome.error, FatalError):
                fatal = fatal or outcome.error
                pump.stop()
            else:
                yield outcome
    if fatal is not None:
        raise fatal


class Pump(Generic[T, R]):
    """Work on many items at once: results as they finish, or in the order of the items.

    At most `most` items are under way or, in order, done and not yet taken; so neither a slow source nor a slow
    taker fills the memory. A source that waits holds up nobody: what is finished is given meanwhile.
    """

    def __init__(
        self, items: AsyncIterator[T], work: Callable[[T], Awaitable[R]], most: int, *, in_order: bool = False
    ) -> None:
        self._items = items
        self._work = work
        self._in_order = in_order
        self._slots = asyncio.Semaphore(most)
        self._finished: asyncio.Queue[tuple[int, R | BaseException] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._begun = 0
        self._stopped = False

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished and given. A source that waits is waited for no longer."""
        self._stopped = True
        self._finished.put_nowait(None)

    async def results(self) -> AsyncGenerator[R, None]:
        """The results. To be closed (`contextlib.aclosing`) by whoever leaves early."""
        feeder = asyncio.create_task(self._feed())
        waiting: dict[int, R] = {}
        given = following = 0
        total: int | None = None
        broken: BaseException | None = None
        try:
            while total is None or given + len(waiting) < total:
                finished = await self._finished.get()
                if finished is None:
                    total = self._begun
                    continue
                index, result = finished
                if isinstance(result, BaseException):
                    # What is under way is finished first: it may be paid for.
                    broken = broken or result
                    self.stop()
                    given += index >= 0
                    continue
                if not self._in_order:
                    self._slots.release()
                    given += 1
                    yield result
                    continue
                waiting[index] = result
                while following in waiting:
                    self._slots.release()
                    given += 1
                    yield waiting.pop(following)
                    following += 1
            if broken is not None:
                raise broken
        finally:
            feeder.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(feeder, *self._tasks, return_exceptions=True)
            if isinstance(self._items, AsyncGenerator):
                await self._items.aclose()

    async def _feed(self) -> None:
        try:
            while not self._stopped:
                await self._slots.acquire()
                item = await anext(self._items, _END)
                if item is _END or self._stopped:
                    break
                task = asyncio.create_task(self._one(self._begun, item))  # type: ignore[arg-type]
                self._begun += 1
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except BaseException as error:  # noqa: BLE001 - handed over, also an exit: the taker's side raises it
            self._finished.put_nowait((-1, error))
        self._finished.put_nowait(None)

    async def _one(self, index: int, item: T) -> None:
        try:
            self._finished.put_nowait((index, await self._work(item)))
        except BaseException as error:  # noqa: BLE001 - likewise
            self._finished.put_nowait((index, error))


_END = object()


async def _numbered(articles: AsyncGenerator[T, None]) -> AsyncGenerator[tuple[int, T], None]:
    index = 0
    async with aclosing(articles):
        async for article in articles:
            yield index, article
            index += 1


async def stream(items: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T, None]:
    """Items one by one; what is no list is advanced in a thread, so that its reading holds up no call."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    if isinstance(items, list | tuple):
        for item in items:
            yield item
        return
    reader = _Reader(items)
    try:
        while (item := await reader.following()) is not _END:
            yield item
    finally:
        reader.close()


class _Reader:
    """An iterable that is advanced, when asked, in one thread of its own.

    One, since what it reads may be bound to a thread (a connection of SQLite's); and one that ends with the process,
    since a source may wait for ever.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self._wanted: SimpleQueue[Future[Any] | None] = SimpleQueue()
        threading.Thread(target=self._read, args=(items,), name="llm-extract-source", daemon=True).start()

    async def following(self) -> Any:
        """The next item; `_END` if there is none. Raises what the source raises."""
        wanted: Future[Any] = Future()
        self._wanted.put(wanted)
        return await asyncio.wrap_future(wanted)

    def close(self) -> None:
        """Ask for nothing more."""
        self._wanted.put(None)

    def _read(self, items: Iterable[Any]) -> None:
        iterator: Iterator[Any] | None = None
        while (wanted := self._wanted.get()) is not None:
            if not wanted.set_running_or_notify_cancel():
                continue
            try:
                iterator = iter(items) if iterator is None else iterator
                wanted.set_result(next(iterator, _END))
            except BaseException as error:  # noqa: BLE001 - handed over: it is raised where the item is wanted
                wanted.set_exception(error)


def _steps(stream: AsyncGenerator[Outcome[RecordT], None]) -> Generator[Outcome[RecordT], None, None]:
    """An asynchronous stream, read by ordinary code: one step on the background loop for each `next`."""
    turn = asyncio.Lock()
    try:
        while (outcome := run(_next(stream, turn))) is not None:
            yield outcome
    finally:
        run(_close(stream, turn))


async def _next(stream: AsyncGenerator[Outcome[RecordT], None], turn: asyncio.Lock) -> Outcome[RecordT] | None:
    async with turn:
        return await anext(stream, None)


async def _close(stream: AsyncGenerator[Any, None], turn: asyncio.Lock) -> None:
    """Close the stream, once a step that was interrupted has ended."""
    async with turn:
        await stream.aclose()


_unfinished: WeakSet[Generator[Any, None, None]] = WeakSet()


@atexit.register
def _close_unfinished() -> None:
    """At the end of the process, while the background loop still runs: later nobody would answer."""
    for steps in list(_unfinished):
        with suppress(ValueError):  # another thread is in the middle of a step
            steps.close()
