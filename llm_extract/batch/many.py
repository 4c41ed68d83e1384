"""Many articles at once: an iterable in, outcomes out as they finish, or in order.

    for outcome in extract_many(texts, model="openai/gpt-5-mini"):
        if outcome.error is None:
            print(outcome.result.record)

An article that fails is an outcome with its error; what stops everything (a refused key, an empty account) is raised.
Nothing is read ahead of what is being asked, so that the iterable may be endless.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from llm_extract.document import Document
from llm_extract.errors import FatalError, LlmExtractError
from llm_extract.extraction import Extractor
from llm_extract.result import Extraction

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one article: a result or an error."""

    index: int
    """Its number in the order given, from 0."""
    article: str | Document
    result: Extraction[Any] | None
    error: LlmExtractError | None


async def aextract_many(
    articles: Iterable[str | Document] | AsyncIterable[str | Document],
    *,
    task: str | None = None,
    schema: type[BaseModel] | None = None,
    model: Any = None,
    settings: Any = None,
    in_order: bool = False,
    at_once: int | None = None,
) -> AsyncIterator[Outcome]:
    """Extract the records of many articles, several at once.

    Args:
        articles: strings or documents; read as fast as they are worked on. A synchronous iterable is read in a
            thread, so that a slow one holds nothing up.
        task: as of `Extractor`, like `schema`, `model` and `settings`.
        schema: any pydantic model, instead of a task.
        model: a model's name, or anything with an `answer` method.
        settings: by default read from the environment and the working directory's files.
        in_order: outcomes in the order of the articles; else as they finish.
        at_once: how many are worked on at most; by default what the settings allow, one for a model in the box.

    Raises:
        FatalError: nothing more can succeed. What was under way is finished and kept in the cache first.
        SettingsError, TaskError, ModelNameError: what was asked for does not hold.
    """
    extractor: Extractor[Any] = Extractor(task, schema=schema, model=model, settings=settings)
    async with aclosing(outcomes(extractor, articles, in_order=in_order, at_once=at_once)) as found:
        async for outcome in found:
            yield outcome


def extract_many(
    articles: Iterable[str | Document],
    *,
    task: str | None = None,
    schema: type[BaseModel] | None = None,
    model: Any = None,
    settings: Any = None,
    in_order: bool = False,
    at_once: int | None = None,
) -> Iterator[Outcome]:
    """As `aextract_many`, for callers without an event loop, and for notebooks that run one."""
    extractor: Extractor[Any] = Extractor(task, schema=schema, model=model, settings=settings)
    stream = outcomes(extractor, articles, in_order=in_order, at_once=at_once)
    return _from_a_loop_of_its_own(stream)


def places(extractor: Extractor[Any]) -> int:
    """How many articles are worked on at once: one for a model in the box; else twice as many as calls are allowed, so
    that articles whose answer is being read and written down keep no call from being made."""
    if extractor.model.endpoint.capabilities.decompose:
        return 1
    return 2 * extractor.settings.concurrency_maximum


async def outcomes(
    extractor: Extractor[Any],
    articles: Iterable[str | Document] | AsyncIterable[str | Document],
    *,
    in_order: bool = False,
    at_once: int | None = None,
) -> AsyncGenerator[Outcome, None]:
    """The outcomes of many articles, by one extractor."""

    async def work(numbered: tuple[int, str | Document]) -> Outcome:
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
        except Exception as error:  # noqa: BLE001 - handed over: the taker's side raises it
            self._finished.put_nowait((-1, error))
        self._finished.put_nowait(None)

    async def _one(self, index: int, item: T) -> None:
        try:
            self._finished.put_nowait((index, await self._work(item)))
        except Exception as error:  # noqa: BLE001 - handed over: the taker's side raises it
            self._finished.put_nowait((index, error))


_END = object()
_CLOSING_SECONDS = 5.0


async def _numbered(articles: AsyncIterator[T]) -> AsyncIterator[tuple[int, T]]:
    index = 0
    async for article in articles:
        yield index, article
        index += 1


async def stream(items: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    """Items one by one; a generator is advanced in a thread, so that its reading holds up no call."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    if isinstance(items, list | tuple):
        for item in items:
            yield item
        return
    iterator = iter(items)

    def following() -> Any:
        return next(iterator, _END)

    while (item := await asyncio.to_thread(following)) is not _END:
        yield item


def _from_a_loop_of_its_own(stream: AsyncIterator[Outcome]) -> Iterator[Outcome]:
    """An asynchronous stream, read by ordinary code: its loop runs in a thread, one step for each `next`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="llm-extract-many", daemon=True)
    thread.start()
    try:
        while True:
            step = asyncio.run_coroutine_threadsafe(_next(stream), loop)
            try:
                outcome = step.result()
            except BaseException:
                step.cancel()
                raise
            if outcome is None:
                return
            yield outcome
    finally:
        try:
            asyncio.run_coroutine_threadsafe(_close(stream), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _next(stream: AsyncIterator[Outcome]) -> Outcome | None:
    return await anext(stream, None)


async def _close(stream: Any) -> None:
    """Close the stream and the clients of this loop, once a step that was cancelled has ended."""
    steps = {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == _next.__name__}
    if steps:
        await asyncio.wait(steps, timeout=_CLOSING_SECONDS)
    await stream.aclose()
    await asyncio.get_running_loop().shutdown_asyncgens()
