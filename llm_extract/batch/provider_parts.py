"""The way of parts to the provider and back: each remote step is written down before it and after it.

What is not known after a kill or a broken connection, whether a file arrived or a batch was created, is asked of the
provider's lists: files are known again by their names, batches by the metadata that they carry.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

from llm_extract.batch.provider_answers import content_of
from llm_extract.batch.provider_api import BatchApi, NotThere, RemoteBatch, describe, problem_outcome
from llm_extract.batch.provider_collect import read_tries
from llm_extract.batch.provider_journal import Journal, Part, PartWriter, State, part_file
from llm_extract.errors import EndpointUnavailable, FatalError, RunError
from llm_extract.model.outcomes import KINDS

PATH = "/v1/chat/completions"
MOST_REQUESTS = 50_000
"""A batch: OpenAI's limit."""
MOST_BYTES = 190_000_000
"""A file: OpenAI's limit is 200 MB, whichever MB that is."""
SETTLE_SECONDS = 5.0
"""How long a batch that was just created may be absent from the provider's list."""
LONGEST_PAUSE = 300.0
"""Seconds between two attempts, or two looks."""
QUEUE_FULL = "token_limit_exceeded"
"""The code of a batch that was refused because too much is waiting at the provider already."""
_QUEUE_LIMIT = re.compile(r"Limit: ([\d,]+) enqueued tokens")
BYTES_PER_TOKEN = 4
"""A guess, and only used to tell a part that can never fit from one that must wait."""

logger = logging.getLogger(__name__)


class Parts:
    """The parts of one folder. `attempts` is how often a call may fail for a passing reason."""

    def __init__(
        self,
        journal: Journal,
        api: BatchApi,
        *,
        attempts: int,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.most_requests = min(most_requests, MOST_REQUESTS)
        self.most_bytes = min(most_bytes, MOST_BYTES)
        self.folder: Path = journal.folder
        self._journal = journal
        self._api = api
        self._attempts = attempts
        self._sleep = sleep

    @property
    def state(self) -> State:
        """What the journal adds up to."""
        return self._journal.state

    def open(self) -> list[Part]:
        """Parts whose results are not in yet, of a cancelled run those that have a batch."""
        parts = [part for part in self.state.parts.values() if part.step not in ("collected", "tidied", "split")]
        return [part for part in parts if part.step in ("created", "ended") or not self.state.cancelled]

    # --- writing ----------------------------------------------------------------------------------

    def is_full(self, writer: PartWriter, line: bytes) -> bool:
        """Whether a part has no room for this line."""
        return writer.requests >= self.most_requests or writer.bytes + len(line) > self.most_bytes

    def next_number(self) -> int:
        """The number of a new part."""
        return max(self.state.parts, default=0) + 1

    def write(self, lines: Iterable[tuple[bytes, bytes]], sources: list[int], most_bytes: int) -> None:
        """Write requests that were made before into new parts: all of them, or after a kill none."""
        written: list[dict[str, int]] = []
        writer: PartWriter | None = None
        for line, tries in lines:
            if writer is not None and (writer.requests >= self.most_requests or writer.bytes + len(line) > most_bytes):
                written.append(writer.finish())
                writer = None
            if writer is None:
                writer = PartWriter(self.folder, self.next_number() + len(written))
            writer.add(content_of(line)[0], line, tries)
        if writer is not None:
            written.append(writer.finish())
        self._journal.append("written", parts=written, **{"from": sources})

    def _sent_lines(self, part: Part) -> Iterator[tuple[bytes, bytes]]:
        before = read_tries(self.folder, part.number)
        with part_file(self.folder, part.number, "jsonl").open("rb") as file:
            for line in file:
                yield line, before.get(content_of(line)[0], b"")

    # --- a part's way to the provider -------------------------------------------------------------

    async def post(self, writer: PartWriter) -> None:
        """Finish a part and send it on its way."""
        written = await asyncio.to_thread(writer.finish)  # it may be hundreds of megabytes
        self._journal.append("written", parts=[written], **{"from": []})
        await self._advance(self.state.parts[writer.number])

    async def push(self, *, waiting: bool = False) -> None:
        """Bring every part that stands half way to its batch; with `waiting`, also those that the queue refused."""
        for part in self.open():
            if part.step not in ("created", "ended") and (waiting or not (part.step == "uploaded" and part.status)):
                await self._advance(part)
                if part.refusals:
                    return  # one at a time: the queue may be full again

    async def _advance(self, part: Part) -> None:
        """Upload a part and create its batch, wherever an earlier process has left off.

        Before a call is made the journal says so. Where it is not known whether one arrived, after a kill or a broken
        connection, the provider's lists are asked before it is made again.
        """
        if part.step in ("written", "uploading", "unsent"):
            known = part.step != "uploading"
            await self._surely(lambda: self._upload(part), lambda: self._find_uploaded(part), known)
        if part.step in ("uploaded", "creating"):
            known = part.step != "creating"
            await self._surely(lambda: self._create(part), lambda: self.find_created(part), known)

    async def _surely(
        self, do: Callable[[], Awaitable[None]], find: Callable[[], Awaitable[bool]], known: bool
    ) -> None:
        """Do something once: `known` says that it was not done yet, `find` finds out."""
        for attempt in range(1, self._attempts + 1):
            if not known and await find():
                return
            try:
                await do()
            except EndpointUnavailable:
                if attempt == self._attempts:
                    raise
                known = False
                await self._sleep(min(2.0**attempt, LONGEST_PAUSE))
            else:
                return

    async def _upload(self, part: Part) -> None:
        self._journal.append("uploading", part=part.number)
        path = part_file(self.folder, part.number, "jsonl")
        try:
            file = await self._api.upload(path, self._name(part))
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
        self._journal.append("uploaded", part=part.number, file=file)

    async def _find_uploaded(self, part: Part) -> bool:
        found = await self._api.find_file(self._name(part), part.bytes)
        if found is not None:
            self._journal.append("uploaded", part=part.number, file=found)
        return found is not None

    async def _create(self, part: Part) -> None:
        self._journal.append("creating", part=part.number)
        try:
            created = await self._api.create(str(part.file), PATH, self._metadata(part))
        except RunError:
            self._journal.append("unsent", part=part.number)  # the file is gone, perhaps
            raise
        self._journal.append("created", part=part.number, batch=created.id)

    async def find_created(self, part: Part) -> bool:
        """Whether a batch that was about to be created was created; it is then known again."""
        await self._sleep(max(0.0, min(SETTLE_SECONDS, part.since + SETTLE_SECONDS - time.time())))
        wanted = self._metadata(part).items()
        try:
            async for remote in self._api.batches():
                if 0 < remote.created < part.since - 86_400:  # older than any clock is wrong
                    break
                if wanted <= remote.metadata.items():
                    self._journal.append("created", part=part.number, batch=remote.id)
                    return True
        except NotThere as error:
            raise RunError(
                f"{self._api.endpoint.name} does not list its batches, so it is not known whether part {part.number} "
                f"of {self.folder} was created: look there by hand, and begin anew in another folder"
            ) from error
        return False

    def _name(self, part: Part) -> str:
        return f"llm-extract-{self.state.run}-{part.number:04}.jsonl"

    def _metadata(self, part: Part) -> dict[str, str]:
        """What a batch is found again by; strings, as the provider keeps them."""
        return {
            "llm_extract_run": self.state.run,
            "llm_extract_part": str(part.number),
            "llm_extract_try": str(part.refusals + 1),
        }

    # --- a part's way back ------------------------------------------------------------------------

    def look(self, part: Part, remote: RemoteBatch) -> bool:
        """Take note of a batch's status; whether it has ended."""
        part.completed = remote.completed
        if remote.status == "failed":
            self._refused(part, remote)
            return part.step == "ended"
        if remote.status not in ("completed", "expired", "cancelled"):
            part.status = remote.status or part.status
            return False
        if remote.status == "cancelled" and not self.state.cancelled:
            logger.warning("%s was cancelled elsewhere: nothing more is sent until the run is started again", remote.id)
            self._journal.append("cancelled")
        self._end(part, remote)
        return True

    def _end(self, part: Part, remote: RemoteBatch) -> None:
        self._journal.append(
            "ended",
            part=part.number,
            status=remote.status,
            output=remote.output,
            errors=remote.errors,
            problems=[{name: one.get(name) for name in ("code", "message", "line")} for one in remote.problems],
        )

    def _refused(self, part: Part, remote: RemoteBatch) -> None:
        """A batch failed as a whole, and nothing of it was run: for the queue, for some lines, or for good."""
        told = describe(remote.problems)
        if any(one.get("code") == QUEUE_FULL for one in remote.problems):
            self._journal.append("refused", part=part.number, reason=told)
            limit = _QUEUE_LIMIT.search(told)
            if (
                limit is not None
                and part.requests > 1
                and part.bytes / BYTES_PER_TOKEN > (room := int(limit[1].replace(",", "")))
            ):
                logger.info("part %d is larger than the provider's queue, and split: %s", part.number, told)
                self.write(self._sent_lines(part), [part.number], room * BYTES_PER_TOKEN // 2)
        elif remote.problems and all(isinstance(one.get("line"), int) for one in remote.problems):
            self._end(part, remote)
        else:
            self._journal.append("refused", part=part.number, reason="")
            outcome = problem_outcome(remote.problems)
            kind = KINDS[outcome.name]
            message = f"{self._api.endpoint.name}: the batch {remote.id} was refused: {told}"
            if issubclass(kind.error, FatalError):
                raise kind.error(f"{message}; {kind.advice}")
            raise RunError(f"{message}; nothing of it was run or paid for")

    async def fetch(self, part: Part) -> None:
        """Save the files that an ended batch gave, unless they are here.

        Raises:
            RunError: they cannot be saved, or the provider has them no longer.
        """
        try:
            for ending, file in (("output.jsonl", part.output), ("errors.jsonl", part.errors)):
                target = part_file(self.folder, part.number, ending)
                if file is not None and not target.exists():
                    await self._api.download(file, target)
        except OSError as error:
            raise RunError(f"{self.folder}: results cannot be saved: {error.strerror or error}") from error

    async def tidy(self, part: Part) -> None:
        """Delete what a collected part has left at the provider, and its requests here."""
        try:
            for file in (part.file, part.output, part.errors):
                if file is not None:
                    await self._api.delete(file)
        except (EndpointUnavailable, RunError) as error:
            logger.info("files of part %d stay at the provider: %s", part.number, error)
            return
        part_file(self.folder, part.number, "jsonl").unlink(missing_ok=True)
        self._journal.append("tidied", part=part.number)
