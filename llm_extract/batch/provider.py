"""The provider's Batch API: answers at half price within a day, put into the cache that live calls share.

    async with ProviderBatch(extractor, run / "provider") as batch:
        await batch.submit((article.id, article.document) for article in articles)
        await batch.finish(print)                     # hours: polls, collects, sends again what must be
        for article in articles:
            error = batch.failure(article.document)   # None: the cache has the answer
            ...                                       # await extractor.aextract(article.document)

Requests are those of an ordinary extraction, known by their cache keys; what the cache has is not sent. A killed
process goes on where it was: open the same folder, and submit the same articles again. No request is in two batches
at once, and none is sent again that was answered soundly.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from llm_extract.batch.provider_answers import Failed, Tries, line_of
from llm_extract.batch.provider_api import BatchApi
from llm_extract.batch.provider_collect import Collector, read_tries
from llm_extract.batch.provider_journal import Journal, Part, PartWriter, State, part_file, remove_unknown
from llm_extract.batch.provider_parts import LONGEST_PAUSE, MOST_BYTES, MOST_REQUESTS, PATH, Parts
from llm_extract.batch.provider_progress import Progress, Submitted
from llm_extract.document import Document
from llm_extract.errors import EndpointUnavailable, ExtractionError, FatalError, RunError, SettingsError
from llm_extract.extraction import LARGEST_CONTEXT, MOST_CHARACTERS_PER_TOKEN, Extractor, whole_request
from llm_extract.model.models import NamedModel, open_cache
from llm_extract.model.types import Request, Usage
from llm_extract.model.wire import Structure, body, request_key, structure

T = TypeVar("T")
R = TypeVar("R")

FIRST_PAUSE = 10.0
"""Seconds between two looks at the batches: they grow while nothing changes."""
PATIENCE = 6 * 3600.0
"""Seconds that the provider may be out of reach before `finish` gives up."""
_PORTION_SECONDS = 0.05
"""How long articles are read until they are handed over."""


class ProviderBatch:
    """One run's batches, in a folder of their own. To be used from one event loop, by one task.

    Args:
        extractor: with a hosted model by name, and with its cache.
        folder: made if need be; the same folder goes on with what was begun in it.
        rounds: how often one request is sent at most.
        part_requests, part_bytes: limits of one batch; smaller ones suit accounts with a small queue.
        sleep: waits between polls and retries; replaced in tests.

    Raises:
        SettingsError: the model has no Batch API, or the cache is switched off.
        RunError: the folder is in use, damaged, or belongs to another model or task.
    """

    def __init__(
        self,
        extractor: Extractor[Any],
        folder: Path,
        *,
        rounds: int = 4,
        part_requests: int = MOST_REQUESTS,
        part_bytes: int = MOST_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        endpoint = extractor.model.endpoint
        if not isinstance(extractor.model, NamedModel) or endpoint.capabilities.grammar or endpoint.local:
            raise SettingsError(f"{endpoint.name!r} has no Batch API: that takes a hosted model, such as OpenAI's")
        cache = open_cache(extractor.settings)
        if cache is None:
            raise SettingsError("a provider batch brings its answers through the cache: leave it switched on")
        self.extractor = extractor
        self.endpoint = endpoint
        self.folder = folder
        policy = extractor.settings.retry_policy()
        self._collector = Collector(extractor, cache, policy.model_copy(update={"attempts": rounds}), PATH)
        self.usage = Usage()
        """What the results cost that this process has collected; `state.usage` has those of all."""
        self._sleep = sleep
        self._api = BatchApi(endpoint, policy, sleep=sleep)
        self._asked: Structure | None = None
        self._problem = ""
        self._fatal: FatalError | None = None
        self._failures: dict[int, tuple[int, int]] = {}
        """Part and offset of what is known of a request that failed, by a number made of its key."""
        self._sent: set[int] = set()
        """Numbers of the keys of all parts: some 70 bytes of memory each."""
        self._before: dict[int, Usage] = {}
        """What sending a request cost before it was sent again, by the same number."""
        self._journal = Journal(folder)
        self._parts = Parts(
            self._journal,
            self._api,
            attempts=policy.attempts,
            most_requests=part_requests,
            most_bytes=part_bytes,
            sleep=sleep,
        )
        try:
            self._open()
        except BaseException:
            self._journal.close()
            raise

    # --- what the engine calls --------------------------------------------------------------------

    async def submit(self, requests: Iterable[tuple[str, Document]]) -> Submitted:
        """Send what is neither answered nor sent: `requests` are pairs of an article's id and its document.

        They are read in a thread of their own, and the event loop is free. May be called again with the same articles,
        after a kill too. Each part is on its way before the next one is written, so that memory holds no more than
        the articles of a moment and a few bytes for each.

        Raises:
            FatalError, EndpointUnavailable, RunError: what was sent is kept, and the same call goes on.
        """
        if self.state.cancelled:
            self._journal.append("reopened")
        await self._parts.push()
        counts = dict.fromkeys(Submitted._fields, 0)
        writer: PartWriter | None = None
        try:
            async with aclosing(_in_a_thread(requests, lambda request: self._line(request[1]))) as lines:
                async for key, line, found in lines:
                    counts[found] += 1
                    if found != "sent":
                        continue
                    if writer is not None and self._parts.is_full(writer, line):
                        await self._parts.post(writer)
                        writer = None
                    if writer is None:
                        writer = PartWriter(self.folder, self._parts.next_number())
                    writer.add(key, line)
            if writer is not None:
                await self._parts.post(writer)
        except BaseException:
            self._load()  # what was only half written is not sent
            raise
        finally:
            if writer is not None:
                writer.close()
        return Submitted(**counts)

    async def poll(self) -> Progress:
        """One look at every open batch. A provider out of reach is a `problem`, and nothing is lost by it.

        Raises:
            FatalError: the key, the quota or the model. RunError: a batch was refused as a whole, or is gone.
        """
        self._problem = ""
        try:
            ended = False
            for part in self._parts.open():
                if part.step == "created" and part.batch is not None:
                    ended = self._parts.look(part, await self._api.batch(part.batch)) or ended
            if not self.state.cancelled:
                await self._parts.push(waiting=ended or all(part.step != "created" for part in self._parts.open()))
        except EndpointUnavailable as error:
            self._problem = str(error)
        return self.progress()

    async def collect(self) -> Progress:
        """Take the answers of batches that have ended; once none is open, send again what must be.

        Raises:
            FatalError: what was answered is in the cache; the rest is sent again by a later process.
            EndpointUnavailable, RunError: nothing is lost, and the same call goes on.
        """
        for part in self.state.parts.values():
            if part.step == "ended":
                await self._collect(part)
            if part.step in ("collected", "split"):
                await self._parts.tidy(part)
        if not self._parts.open() and not self.state.cancelled:
            if self._fatal is not None:
                raise self._fatal
            await self._send_again()
        return self.progress()

    async def finish(self, report: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Poll and collect until all is answered or failed: hours, as a rule. `report` gets every change.

        Raises:
            FatalError, RunError: as `poll` and `collect`. EndpointUnavailable: out of reach for hours.
        """
        pause, last, reached = FIRST_PAUSE, None, time.monotonic()
        while True:
            progress = await self.poll()
            try:
                progress = await self.collect()
            except EndpointUnavailable as error:
                self._problem = str(error)
                progress = self.progress()
            if not progress.problem:
                reached = time.monotonic()
            elif time.monotonic() - reached > PATIENCE:
                raise EndpointUnavailable(f"{progress.problem}; the run goes on when it is started again")
            if progress != last:
                report(progress)
                pause, last = FIRST_PAUSE, progress
            if progress.done:
                return progress
            await self._sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)

    async def cancel(self) -> Progress:
        """Cancel every open batch. Answers that are there already still come: `finish` or `collect` takes them.

        A later `submit` of the same folder sends the rest.
        """
        open_parts = self._parts.open()
        self._journal.append("cancelled")
        for part in open_parts:
            if part.step == "creating":
                await self._parts.find_created(part)
            if part.step == "created" and part.batch is not None:
                await self._api.cancel(part.batch)
        return self.progress()

    def failure(self, document: Document) -> ExtractionError | FatalError | None:
        """Why the article's request failed for good; None if it did not. Each call makes a new error."""
        key = request_key(self.endpoint, self._request(document))
        place = self._failures.get(_number(key))
        if place is None:
            return None
        with part_file(self.folder, place[0], "failed.jsonl").open("rb") as file:
            file.seek(place[1])
            failed = Failed.model_validate_json(file.readline())
        return failed.error(self.endpoint) if failed.key == key else None

    def paid(self, document: Document) -> Usage | None:
        """What the answer to the article's request cost in these batches; None if it was not sent in them."""
        key = request_key(self.endpoint, self._request(document))
        number = _number(key)
        if number not in self._sent:
            return None
        return self._before.get(number, Usage()) + self._collector.paid(key)

    def progress(self) -> Progress:
        """Where the batches stand, without asking the provider."""
        statuses: dict[str, int] = {}
        parts = [part for part in self.state.parts.values() if not part.split]
        for part in parts:
            name = part.status if part.step in ("created", "ended") else part.step.replace("tidied", "collected")
            name = "waiting for the queue" if part.step == "uploaded" and part.status else name
            statuses[name] = statuses.get(name, 0) + 1
        return Progress(
            parts=len(parts),
            open=len(self._parts.open()),
            requests=sum(part.requests for part in parts),
            completed=sum(part.completed for part in parts),
            answered=sum(part.answered for part in parts),
            again=sum(part.again for part in parts if not part.sent_again),
            failed=sum(part.failed for part in parts),
            usage=self.state.usage,
            statuses=statuses,
            cancelled=self.state.cancelled,
            problem=self._problem,
        )

    @property
    def state(self) -> State:
        """What the journal adds up to; see `provider_journal.State`."""
        return self._journal.state

    async def aclose(self) -> None:
        """Close the connections and let go of the folder."""
        self._journal.close()
        await self._api.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # --- requests ---------------------------------------------------------------------------------

    def _request(self, document: Document) -> Request:
        extractor = self.extractor
        return whole_request(extractor.task, document.sent_text, self.endpoint, extractor.sampling)

    def _line(self, document: Document) -> tuple[str, bytes, Literal["sent", "cached", "known", "unsendable"]]:
        """An article's cache key, its line of a part, and what becomes of it. Called in the reading thread."""
        window = self.endpoint.context_window or LARGEST_CONTEXT
        if len(document.sent_text) > MOST_CHARACTERS_PER_TOKEN * window:
            return "", b"", "unsendable"
        request = self._request(document)
        key = request_key(self.endpoint, request)
        if _number(key) in self._sent:
            return key, b"", "known"
        if self._collector.is_answered(key):
            return key, b"", "cached"
        capabilities = self.endpoint.capabilities
        if self._asked is None and request.response_schema is not None and capabilities.modes:
            self._asked = structure(request.response_schema, capabilities.modes[0])
        most = request.sampling.max_output_tokens
        content = body(self.endpoint, capabilities, request, self._asked, max_output_tokens=most)
        line = line_of(key, PATH, content)
        if len(line) > self._parts.most_bytes:
            return key, b"", "unsendable"
        self._sent.add(_number(key))
        return key, line, "sent"

    # --- answers ----------------------------------------------------------------------------------

    async def _collect(self, part: Part) -> None:
        """Fetch a part's results and take them in. Killed half way, it is done again."""
        await self._parts.fetch(part)
        found = await asyncio.to_thread(self._collector.collect, self.folder, part)
        self._fatal = found.fatal or self._fatal
        self._journal.append(
            "collected",
            part=part.number,
            answered=found.answered,
            again=found.again,
            failed=found.failed,
            duplicates=found.duplicates,
            strangers=found.strangers,
            usage=found.usage.model_dump(mode="json"),
        )
        self.usage += found.usage
        self._note_failures(part)

    async def _send_again(self) -> None:
        """Put what is to be sent again into new parts, and send them."""
        sources = [part.number for part in self.state.parts.values() if part.again and not part.sent_again]
        if sources:
            self._parts.write(self._again_lines(sources), sources, self._parts.most_bytes)
        await self._parts.push()

    def _again_lines(self, numbers: list[int]) -> Iterator[tuple[bytes, bytes]]:
        for number in numbers:
            with part_file(self.folder, number, "again.jsonl").open("rb") as file:
                while line := file.readline():
                    tries = file.readline()
                    self._note_tries(tries)
                    yield line, tries

    # --- what is known ----------------------------------------------------------------------------

    def _open(self) -> None:
        """Begin a run, or go on with it."""
        task = self.extractor.task
        terms = {
            "model": self.endpoint.model,
            "base_url": self.endpoint.base_url,
            "task": f"{task.name} {task.fingerprint}",
            "sampling": self.extractor.sampling.model_dump(),
        }
        if not self.state.run:
            self._journal.append("opened", run=secrets.token_hex(8), terms=terms)
        elif self.state.terms != terms:
            differing = [
                f"{name}: {self.state.terms.get(name)} then, {value} now"
                for name, value in terms.items()
                if self.state.terms.get(name) != value
            ]
            raise RunError(f"{self.folder} was begun with other terms ({'; '.join(differing)}): take another folder")
        self._load()

    def _load(self) -> None:
        """Read from the parts' files which requests were made, and which have failed."""
        remove_unknown(self.folder, self.state.parts)
        self._sent = set()
        for part in self.state.parts.values():
            with suppress(FileNotFoundError), part_file(self.folder, part.number, "keys").open("r") as file:
                self._sent.update(_number(key) for key in file)
                for tries in read_tries(self.folder, part.number).values():
                    self._note_tries(tries)
            self._note_failures(part)

    def _note_tries(self, line: bytes) -> None:
        tries = Tries.model_validate_json(line)
        if tries.usage.calls:
            self._before[_number(tries.key)] = tries.usage

    def _note_failures(self, part: Part) -> None:
        if part.failed:
            with part_file(self.folder, part.number, "failed.jsonl").open("rb") as file:
                offset = 0
                for line in file:
                    self._failures[_number(line[8:])] = (part.number, offset)
                    offset += len(line)


async def _in_a_thread(source: Iterable[T], work: Callable[[T], R]) -> AsyncGenerator[R, None]:
    """What is made of a source's items, in one thread that does nothing else: the event loop is free meanwhile."""
    loop = asyncio.get_running_loop()
    items = map(work, source)
    with ThreadPoolExecutor(1, "submitting") as thread:
        try:
            while portion := await loop.run_in_executor(thread, _portion, items):
                for item in portion:
                    yield item
        finally:
            if isinstance(source, Generator):  # what it holds open may belong to its thread
                await loop.run_in_executor(thread, source.close)


def _portion(items: Iterator[T]) -> list[T]:
    """As many items as come in a moment, at least one. Empty at the end."""
    until = time.monotonic() + _PORTION_SECONDS
    portion: list[T] = []
    for item in items:
        portion.append(item)
        if time.monotonic() > until:
            break
    return portion


def _number(key: str | bytes) -> int:
    """A number that stands for a key: of a million keys, two share theirs in one of 30 million runs."""
    return int(key[:16], 16)
