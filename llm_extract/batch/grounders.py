"""Grounding in processes of their own, for runs whose endpoint is faster than one core.

Of an article's time on the event loop about half goes into grounding its answer, which needs nothing but the article
and the answer. Each process works on one answer after another. One that ends, or has too much to do, costs nothing:
then the answer is grounded here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections import deque
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from llm_extract.batch import grounding_process
from llm_extract.document import Document
from llm_extract.finishing import Made
from llm_extract.model.machine import usable_cores
from llm_extract.result import Provenance
from llm_extract.task import Task

logger = logging.getLogger(__name__)

MOST = 3
"""Processes: one event loop hardly has answers for more."""
WINDOW = 200
FAST = 50.0
"""Answers a second: at fewer one core is enough."""
LONGEST_QUEUE = 128
"""Answers that wait for a process, at most."""
_LONGEST_LINE = 256 * 2**20
_CLOSING_SECONDS = 5.0


class Grounders:
    """Processes that ground answers of one task. To be used in one event loop, and closed.

    Args:
        task: what is grounded; one that is not in files has no processes.
        processes: how many. None: one for each core but one, at most `MOST`, once answers come faster than `FAST`.
    """

    def __init__(self, task: Task, processes: int | None = None) -> None:
        self._task = task
        if task.where is None:  # another process could not load it
            processes = 0
        self._processes = [_Process() for _ in range(min(usable_cores() - 1, MOST) if processes is None else processes)]
        self._started = not self._processes
        self._wait_for_haste = processes is None
        self._answers, self._since = 0, 0.0

    async def __call__(self, document: Document, answer: BaseModel, provenance: Provenance) -> Made | None:
        """The result's JSON; None if it is to be made by the caller."""
        if not self._started and self._is_time():
            self._started = True
            await asyncio.gather(*(process.start(self._task) for process in self._processes))
        ready = [process for process in self._processes if process.ready and len(process.waiting) < LONGEST_QUEUE]
        if not ready:
            return None
        try:
            line = (
                f'{{"document":{document.model_dump_json()},"answer":{json.dumps(answer.model_dump_json())},'
                f'"provenance":{provenance.model_dump_json()}}}\n'
            ).encode()
        except PydanticSerializationError:
            return None
        reply = await min(ready, key=lambda process: len(process.waiting)).ask(line)
        return None if reply[:1] not in (b"+", b"=") else Made(reply[1:].decode(), reply[:1] == b"+")

    def _is_time(self) -> bool:
        """Whether the last `WINDOW` answers came so fast that processes are worth their start."""
        if not self._wait_for_haste:
            return True
        now = time.monotonic()
        self._answers += 1
        if self._answers == 1:
            self._since = now
        elif self._answers == WINDOW:
            self._answers = 0
            return now - self._since < WINDOW / FAST
        return False

    async def aclose(self) -> None:
        """End the processes."""
        await asyncio.gather(*(process.aclose() for process in self._processes))


class _Process:
    """One process, and who waits for its replies, in order."""

    def __init__(self) -> None:
        self.ready = False
        self.waiting: deque[asyncio.Future[bytes]] = deque()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self, task: Task) -> None:
        # -P: the user's folder is not searched for modules.
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", grounding_process.__file__),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_LINE,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(_module_folders())},
                start_new_session=True,  # Ctrl-C is for the run, which ends its processes itself
            )
        except OSError as error:
            logger.warning("no process for grounding could be started: %s", error.strerror or error)
            return
        self._listening = asyncio.create_task(self._listen(self._process, task))

    async def ask(self, line: bytes) -> bytes:
        """The reply to a line; empty if the process has ended."""
        assert self._process is not None  # noqa: S101
        assert self._process.stdin is not None  # noqa: S101
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.waiting.append(reply)
        self._process.stdin.write(line)
        return await reply

    async def aclose(self) -> None:
        if self._process is None or self._listening is None:
            return
        self.ready = False
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._listening), _CLOSING_SECONDS)
        except TimeoutError:
            self._process.kill()
        await self._listening

    async def _listen(self, process: asyncio.subprocess.Process, task: Task) -> None:
        """Hand the replies to those who wait for them, until the process ends."""
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        assert task.where is not None  # noqa: S101 - a batch's task has a name
        try:
            process.stdin.write(json.dumps({"task": task.name, "where": str(task.where)}).encode() + b"\n")
            self.ready = (await process.stdout.readline()).strip() == task.fingerprint.encode()
            while self.ready and (line := await process.stdout.readline()).endswith(b"\n"):
                reply = self.waiting.popleft()
                if not reply.done():
                    reply.set_result(line[:-1])
        except (OSError, ValueError) as error:  # ValueError: a line longer than any result
            logger.warning("a process for grounding is left: %s", error)
            process.kill()
        finally:
            self.ready = False
            for reply in self.waiting:
                if not reply.done():
                    reply.set_result(b"")
            process.stdin.close()
            await process.wait()


def _module_folders() -> list[str]:
    """Where the process finds this package, and what this process finds."""
    here = str(Path(__file__).parents[2])
    return [here, *(folder for folder in sys.path if folder and folder != here and Path(folder).is_dir())]
