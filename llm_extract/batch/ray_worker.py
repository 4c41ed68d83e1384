"""A worker of the Ray engine, and what it is told: see `ray_engine`. Nothing here imports Ray."""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from llm_extract.batch import records
from llm_extract.batch.ray_gate import GatedLimiter
from llm_extract.errors import LlmExtractError, RunError, SettingsError
from llm_extract.model.adapters import DESCRIPTION, WEIGHTS
from llm_extract.model.models import NamedModel
from llm_extract.model.types import Endpoint, Usage

if TYPE_CHECKING:
    from llm_extract.batch.articles import Article
    from llm_extract.extraction import Extractor
    from llm_extract.settings import Settings


@dataclass(frozen=True)
class Job:
    """What a worker needs to be the driver's equal. It travels as a value, so that no key is in an environment,
    a command line or a log; its repr hides the key too."""

    task: str
    files: dict[str, bytes] = field(repr=False)
    """The task's prompt, schema and adapter by their relative paths: a node need not have them."""
    endpoint: Endpoint
    """With its key, which the worker's own environment need not hold."""
    settings: Settings
    terms: dict[str, Any] = field(repr=False)
    """What a record depends on; a worker that differs is refused."""
    live_calls: bool = True


def job_of(extractor: Extractor[Any], model: str | None) -> Job:
    """What workers need to be this extractor's equals; `model` is the name that it was given.

    Raises:
        SettingsError: the task is not in files, so no worker could load it.
    """
    from llm_extract.model.client import FORBID_LIVE_CALLS
    from llm_extract.model.endpoints import resolve_endpoint

    task, settings = extractor.task, extractor.settings
    if task.where is None:
        raise SettingsError(f"workers on Ray load a task from its files: write prompts/NAME.md for {task.name}")
    names = [f"prompts/{task.name}.md", f"schemas/{task.name}.py"]
    adapter = extractor.model.endpoint.adapter
    if adapter is not None:
        names += [(adapter / name).relative_to(task.where).as_posix() for name in (DESCRIPTION, WEIGHTS)]
    files = {name: (task.where / name).read_bytes() for name in names}
    # Resolved here: providers' keys and addresses are in this process's environment, not in a worker's.
    endpoint = resolve_endpoint(model, settings)
    if settings.cache_dir is not None:  # a worker's working directory is another one
        settings = settings.model_copy(update={"cache_dir": settings.cache_dir.absolute()})
    live_calls = os.environ.get(FORBID_LIVE_CALLS) != "1"
    return Job(task.name, files, endpoint, settings, extractor.terms(), live_calls)


class Ready(NamedTuple):
    """A worker that has loaded everything."""

    host: str
    pid: int
    terms: dict[str, Any]


class Worker:
    """The actor: one extractor in one process, for many articles at once.

    Errors are given back as values: what Ray raises is about Ray.
    """

    def __init__(self, name: str, job: Job, gate: Any) -> None:
        self._name, self._job, self._gate = name, job, gate
        self._extractor: Extractor[Any] | None = None
        self._stopping = False

    async def ready(self) -> Ready | LlmExtractError:
        """Load everything; what an article's record depends on, as it is here."""
        try:
            self._extractor = extractor = self._loaded()
            return Ready(platform.node(), os.getpid(), extractor.terms())
        except LlmExtractError as error:
            return error

    async def outcome_of(self, article: Article) -> tuple[records.Record, Usage] | LlmExtractError | Literal["stopped"]:
        """As `extracting.outcome_of`, its errors as values; `stopped` if work was stopped before its call began."""
        from llm_extract.batch.extracting import outcome_of
        from llm_extract.batch.relevance import Relevance

        assert self._extractor is not None  # noqa: S101 - `ready` comes first
        try:
            return await outcome_of(article, self._extractor, Relevance.of(self._extractor.task))
        except LlmExtractError as error:
            return error
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return "stopped"

    async def stop_waiting(self) -> None:
        """Begin no further call; see `ModelClient.stop_waiting`."""
        self._stopping = True
        if self._extractor is not None and isinstance(self._extractor.model, NamedModel):
            self._extractor.model.stop_waiting()

    async def flush(self) -> None:
        """Put what is left into the cache."""
        if self._extractor is not None and self._extractor.cache is not None:
            self._extractor.cache.flush()

    def _loaded(self) -> Extractor[Any]:
        from llm_extract.extraction import Extractor
        from llm_extract.model.client import FORBID_LIVE_CALLS
        from llm_extract.model.limits import within_descriptors
        from llm_extract.model.models import new_model
        from llm_extract.task import find_task

        job = self._job
        if not job.live_calls:
            os.environ[FORBID_LIVE_CALLS] = "1"
        bounds = within_descriptors(*job.settings.concurrency())
        pool = job.settings.pool()  # for what it allows; what it counts is counted by the gate
        model = new_model(job.endpoint, job.settings, pool)
        model.limiter = lambda: GatedLimiter(self._gate, self._name, bounds, pool)
        with _placed(job) as folder:
            return Extractor(find_task(job.task, folder), model=model, settings=job.settings)


@contextmanager
def _placed(job: Job) -> Iterator[Path]:
    """The job's files in a folder, which need only be there while they are loaded; but an adapter's weights stay.

    They are read when the model starts, and once more if it dies. They lie in the cache, under a name that tells their
    content, and all workers of a machine share them: a worker that is killed could not clear its own away.
    """
    from llm_extract.model.cache import default_cache_directory

    with tempfile.TemporaryDirectory(prefix="llm-extract-task-") as temporary:
        folder = Path(temporary)
        if any(name.endswith(WEIGHTS) for name in job.files):
            digest = sha256(b"".join(sha256(content).digest() for content in job.files.values())).hexdigest()[:16]
            folder = (job.settings.cache_dir or default_cache_directory()) / "tasks" / f"{job.task}-{digest}"
        try:
            for name, content in job.files.items():
                _place(folder / name, content)
        except OSError as error:
            raise RunError(f"{folder} cannot be written on {platform.node()}: {error.strerror or error}") from error
        yield folder


def _place(path: Path, content: bytes) -> None:
    """Write a file unless it is there, whole for every process that looks."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
