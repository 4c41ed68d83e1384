"""The Ray engine: the same work on each article, done by workers on this machine or on a cluster.

    driver: archives → intake → RayWorkers ── article ──▶ Worker: outcome_of ──▶ endpoint
            ledger ◀──────────── record ◀────────────────   └── every call ──▶ Gate (`ray_gate`)

The driver alone reads, leaves copies out, and writes the ledger; workers give back records. Ray's actors and not
Ray Data: the articles are one stream whose intake depends on what came before (copies, the ledger), and each is
written down as it ends, which a dataset's stages do not fit.

A worker that is lost costs its calls under way: its articles are asked again by the others, and another worker is
started in its place. An article that was under way at two losses is tried alone, on a worker of its own; if that is
lost too, the article is a failure of type WorkerLost. Calls at the driver's end cost what they cost in any killed run.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_extract.batch import records
from llm_extract.batch.ray_connection import RayConnection, in_a_line, take_signal_back
from llm_extract.batch.ray_gate import Gate
from llm_extract.batch.ray_worker import Worker, job_of
from llm_extract.errors import LlmExtractError, RunError, SettingsError, UsageError
from llm_extract.model.machine import usable_cores
from llm_extract.model.types import Usage

if TYPE_CHECKING:
    from llm_extract.batch.articles import Article
    from llm_extract.extraction import Extractor

FAILED_STARTS = 3
"""So many workers in a row that are lost before they are ready, and the run gives up."""
LOSSES_IN_A_ROW = 10
"""So many workers lost with no article done between, and the run gives up."""
SHARED_LOSSES = 2
"""So many workers lost with an article under way, and it is tried alone."""
_WAITING_SECONDS = 15.0
_CLOSING_SECONDS = 5.0


@dataclass(eq=False)
class _Hired:
    """A worker, as the driver sees it."""

    name: str
    actor: Any
    under_way: int = 0
    lost: bool = False
    host: str = ""
    pid: int = 0


class RayWorkers:
    """The workers of a run, as its driver sees them: started by the first article.

    Args:
        extractor: the run's own; workers make their equals of it.
        model: the model's name, as the run was given it.
        address: of a cluster, `HOST:PORT` or `auto`; by default what RAY_ADDRESS says, else a Ray of our own on this
            machine, which listens on loopback only and ends with the run.
        workers: how many; by default one for each CPU.
        at_once: how many articles are given out at most.
        spent: what earlier sessions spent, if there is a budget.
        say: told what happens to workers.

    Raises:
        UsageError: Ray is not installed.
        SettingsError: what was asked for cannot work on Ray.
    """

    def __init__(
        self,
        extractor: Extractor[Any],
        model: Any,
        *,
        address: str | None = None,
        workers: int | None = None,
        at_once: int | None = None,
        spent: Usage | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise UsageError("the engine `ray` needs Ray: pip install 'llm-extract[ray]'")
        if model is not None and not isinstance(model, str):
            raise SettingsError("the engine `ray` needs a model's name: a model object cannot be sent to workers")
        if workers is not None and workers < 1:
            raise SettingsError(f"workers is a number of 1 or more, not {workers}")
        self.address = address or os.environ.get("RAY_ADDRESS") or None
        if self.address is not None and "://" in self.address:
            raise SettingsError(
                f"the address {self.address!r} is of a Ray client: start the run on a machine of the cluster, with "
                "`--address auto` or its HOST:PORT"
            )
        self._job = job_of(extractor, model)
        if self._job.endpoint.capabilities.decompose:
            if self.address is not None and workers is None:
                raise SettingsError("a model in the box answers one article a worker: say how many workers")
            workers = workers or usable_cores()
            self._concurrency, places = (workers, workers, workers), workers
        else:
            self._concurrency = extractor.settings.concurrency()
            # More than may call at once: while some are on their way, others call.
            places = extractor.settings.concurrency_maximum * 5 // 4
        self.at_once = at_once or places
        self._wanted = workers
        self._spent = spent
        self._say = say
        self._forget_all()

    def _forget_all(self) -> None:
        self._connection = RayConnection(self.address, self._wanted)
        self._gate: Any = None
        self._hired: list[_Hired] = []
        self._free = asyncio.Event()
        """There is a worker, or none will come."""
        self._alone = asyncio.Lock()
        self._starting: asyncio.Future[None] | None = None
        self._stopping = False
        self._hiring: set[asyncio.Task[None]] = set()
        self._broken: Exception | None = None
        self._names = 0
        self._failed_starts = self._losses = 0
        self._thread: ThreadPoolExecutor | None = None

    @property
    def under_way(self) -> dict[int, int]:
        """How many articles each worker has, by the number of its process."""
        return {worker.pid: worker.under_way for worker in self._hired}

    # -- one article -----------------------------------------------------------------------------

    async def outcome_of(self, article: Article) -> tuple[records.Record, Usage]:
        """As `extracting.outcome_of`, by a worker.

        Raises:
            FatalError: nothing more can succeed; the article has no outcome.
            UsageError: settings that cannot work, or workers that cannot be had; the article has no outcome.
            asyncio.CancelledError: work was stopped before its call began; the article has no outcome.
        """
        if self._stopping:
            raise asyncio.CancelledError
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
        await asyncio.shield(self._starting)
        for _ in range(SHARED_LOSSES):
            told = await self._asked(await self._least_loaded(), article)
            if told is not None:
                return told
        # Is it this article that ends workers, or was it there by chance? One that has nothing else to do tells.
        async with self._alone:
            worker = await self._hire_one(cpus=0)
            try:
                told = await self._asked(worker, article)
            finally:
                self._dismiss(worker)
        if told is not None:
            return told
        self._say(f"{article.id}: three workers were lost that had it, the last of them nothing else: it failed")
        return records.Failure(
            id=article.id,
            place=str(article.place),
            text=records.text_digest(article.document.text),
            type="WorkerLost",
            message="three workers ended while they had this article, the last of them had nothing else",
        ), Usage()

    async def _asked(self, worker: _Hired, article: Article) -> tuple[records.Record, Usage] | None:
        """What a worker says of an article; None if the worker was lost."""
        exceptions = self._connection.ray.exceptions
        worker.under_way += 1
        try:
            told = await worker.actor.outcome_of.remote(article)
        except exceptions.RayTaskError:
            raise  # a mistake of ours, with its traceback
        except exceptions.RayError as error:
            self._lost(worker, error)
            return None
        finally:
            worker.under_way -= 1
        if told == "stopped":
            raise asyncio.CancelledError
        self._losses = 0
        if isinstance(told, LlmExtractError):
            raise told
        return told  # type: ignore[no-any-return]

    async def _least_loaded(self) -> _Hired:
        while True:
            if self._broken is not None:
                raise self._broken
            if self._stopping:
                raise asyncio.CancelledError
            if self._hired:
                return min(self._hired, key=lambda worker: worker.under_way)
            await self._free.wait()

    def stop_waiting(self) -> None:
        """Let no further call begin: `outcome_of` is cancelled for the articles whose call has not."""
        self._stopping = True
        self._free.set()  # nobody waits for a worker that comes too late
        if self._starting is not None:
            self._starting.cancel()
        for worker in self._hired:
            worker.actor.stop_waiting.remote()

    # -- workers come and go ---------------------------------------------------------------------

    def _hire(self) -> None:
        """Start a worker; it is there when it is ready."""

        async def hire() -> None:
            try:
                self._hired.append(await self._hire_one())
            except Exception as error:  # noqa: BLE001 - handed over: who waits for a worker raises it
                self._give_up(error)
            self._free.set()

        task = asyncio.ensure_future(hire())
        self._hiring.add(task)
        task.add_done_callback(self._hiring.discard)

    async def _hire_one(self, cpus: int = 1) -> _Hired:
        """A worker that is ready.

        Raises:
            RunError: it is not, again and again.
            UsageError: as its settings or its task.
        """
        exceptions = self._connection.ray.exceptions
        while True:
            name = f"worker-{self._names}"
            self._names += 1
            made = self._connection.ray.remote(Worker).options(num_cpus=cpus, max_concurrency=self.at_once + 16)
            worker = _Hired(name, made.remote(name, self._job, self._gate))
            try:
                ready = await worker.actor.ready.remote()
            except exceptions.RayTaskError:
                raise  # a mistake of ours, with its traceback
            except exceptions.RayError as error:
                self._dismiss(worker)
                self._failed_starts += 1
                if self._failed_starts >= FAILED_STARTS:
                    raise RunError(
                        f"{FAILED_STARTS} workers in a row ended before they were ready; see that llm-extract and all "
                        f"it needs is installed on every machine of the cluster; the last: {in_a_line(error)}"
                    ) from error
                continue
            if isinstance(ready, LlmExtractError):
                raise ready
            differing = [key for key, value in self._job.terms.items() if ready.terms.get(key) != value]
            if differing:
                raise RunError(
                    f"a worker on {ready.host} would make other records than this machine ({', '.join(differing)} "
                    "differ): install the same llm-extract on every machine of the cluster"
                )
            worker.host, worker.pid = ready.host, ready.pid
            self._failed_starts = 0
            return worker

    def _lost(self, worker: _Hired, error: Exception) -> None:
        """Another one takes its place; its articles are asked again by whoever had them here."""
        if worker.lost:
            return
        self._dismiss(worker)
        self._losses += 1
        where = f"process {worker.pid} on {worker.host}"
        self._say(f"a worker was lost ({where}): its articles are asked again, and another worker is started")
        if self._losses >= LOSSES_IN_A_ROW:
            self._give_up(
                RunError(
                    f"{LOSSES_IN_A_ROW} workers in a row were lost with no article done; the last: {in_a_line(error)}"
                )
            )
        elif worker in self._hired:
            self._hired.remove(worker)
            self._hire()
        if not self._hired and self._broken is None:
            self._free.clear()

    def _dismiss(self, worker: _Hired) -> None:
        """End a worker, if it has not ended, and give back what it holds at the gate."""
        worker.lost = True
        self._connection.ray.kill(worker.actor)
        self._gate.forget.remote(worker.name)

    def _give_up(self, error: Exception) -> None:
        self._broken = self._broken or error
        self._free.set()

    # -- Ray itself ------------------------------------------------------------------------------

    async def _start(self) -> None:
        """Connect, start the gate here and the workers anywhere, and wait for the first of them.

        Raises:
            RunError: there is no such cluster, or Ray does not start.
        """
        # A thread that lives as long as Ray: its processes end with the thread that started them.
        self._thread = ThreadPoolExecutor(1, "ray")
        ray = await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.open)
        take_signal_back()
        wanted = self._wanted or max(1, int(ray.cluster_resources().get("CPU", 1)))
        wanted = min(wanted, self.at_once)
        nodes = importlib.import_module("ray.util.scheduling_strategies")
        here = nodes.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        # As many calls as articles may wait in it, and their ends must still get in.
        made = ray.remote(Gate).options(num_cpus=0, max_concurrency=2 * self.at_once + 1000, scheduling_strategy=here)
        self._gate = made.remote(self._job.settings, self._concurrency, self._spent)
        for _ in range(wanted):
            self._hire()
        while not self._free.is_set():
            try:
                await asyncio.wait_for(self._free.wait(), _WAITING_SECONDS)
            except TimeoutError:
                self._say(f"waiting for the cluster: it has no free CPU for any of {wanted} workers yet")
        if self._broken is None and not self._stopping:
            self._say(f"{wanted} workers on {self.address or 'this machine'}")

    async def aclose(self) -> None:
        """End the workers, and what else was started here. A cluster goes on."""
        if self._thread is None:
            return
        for task in (*self._hiring, *([self._starting] if self._starting else [])):
            task.cancel()
        flushing = asyncio.gather(*(worker.actor.flush.remote() for worker in self._hired), return_exceptions=True)
        await asyncio.wait([asyncio.gather(*self._hiring, flushing, return_exceptions=True)], timeout=_CLOSING_SECONDS)
        actors = [*(worker.actor for worker in self._hired), *([self._gate] if self._gate is not None else [])]
        closing = asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close, actors)
        await asyncio.wait([closing], timeout=_CLOSING_SECONDS)
        self._thread.shutdown(wait=False)
        self._connection.remove_folder()
        self._forget_all()
