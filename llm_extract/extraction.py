"""The way of one article: document → request → model → answer → grounded record.

`extract` and `aextract` are the front door; an `Extractor` keeps a task and a model at hand for many
articles. Each step is a function of another module; this one only joins them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from llm_extract.document import Document
from llm_extract.errors import ContextTooLong, DocumentError, SettingsError, TaskError
from llm_extract.finishing import Finished, Made, kept_result, made_json, result_of
from llm_extract.grounding import Said
from llm_extract.model.types import Endpoint, Request, Sampling, Usage
from llm_extract.result import Extraction, Provenance, RecordT
from llm_extract.task import Task, find_task, task_for_schema
from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.model import Model
    from llm_extract.model.adapters import Adapter
    from llm_extract.model.cache import Cache
    from llm_extract.settings import Settings

DEFAULT_TASK = "it_contracts"

LARGEST_CONTEXT = 2_000_000
"""Tokens: what no model exceeds, taken where the model's own limit is not known."""
MOST_CHARACTERS_PER_TOKEN = 10
"""An article of more characters than this times the context cannot fit: it is not sent to find that out."""

Elsewhere = Callable[[Document, BaseModel, Provenance], Awaitable[Made | None]]
"""Grounds an answer in its article, or gives None."""


class Extractor(Generic[RecordT]):
    """A task and a model, kept for many articles. Safe to share between threads and coroutines.

    Args:
        task: the name of a task (see `llm_extract.task.find_task`), or a `Task`.
        schema: instead of a task, any pydantic model; the default prompt asks for it.
        model: a model's name (`openai/gpt-5-mini`, `embedded`), or any `llm_extract.model.Model` (an `endpoint`, and
            methods `answer` and `aclose`; see `llm_extract.testing`); by default what the settings say.
        settings: by default read from the environment and the working directory's files.

    Raises:
        TaskError, ModelNameError, SettingsError: what was asked for does not hold.
        EmbeddedModelError: the task's adapter is damaged, or of another form.
    """

    def __init__(
        self,
        task: str | Task | None = None,
        *,
        schema: type[RecordT] | None = None,
        model: str | Model | None = None,
        settings: Settings | None = None,
    ) -> None:
        from llm_extract.model.models import NamedModel, open_cache, resolve_model
        from llm_extract.settings import load_settings

        self.task = _task(task, schema)
        self.settings = settings or load_settings()
        named = resolve_model(model, self.settings)
        self.model = named.for_task(self.task) if isinstance(named, NamedModel) else named
        self.sampling = self.settings.sampling()
        # Finished results are kept for tasks in files, whose code is part of their fingerprint, and named models.
        keep = isinstance(self.model, NamedModel) and self.task.where is not None
        self.cache: Cache | None = open_cache(self.settings) if keep else None
        endpoint = self.model.endpoint
        # As it is now: an extractor's results all come from one adapter, whatever takes its place meanwhile.
        self._adapter = _adapter_of(endpoint)
        described = "" if self._adapter is None else self._adapter.model_dump_json()
        self._adapter_digest = sha256(described.encode()).hexdigest()[:16] if described else None
        self._terms = repr(
            (
                *(self.task.fingerprint, self.sampling, endpoint.model, endpoint.base_url, endpoint.capabilities),
                # What makes confidences of probabilities may change where the weights stay.
                *(self.settings.min_confidence, described),
                # What another model answered is no result where that is fatal. It decides no record: not in `terms`.
                self.settings.on_model_mismatch,
            )
        )
        self._turn: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def extract(
        self, article: str | Document, *, published: date | None = None, repeat: int = 0
    ) -> Extraction[RecordT]:
        """As `aextract`, for callers without an event loop, and for notebooks that run one."""
        from llm_extract.background import run

        started = time.perf_counter()
        published = _checked(article, published)
        key = self._kept_key(article, published, repeat)
        return self._kept(key, started) or run(self._extracted(article, key, published, repeat, started))

    async def aextract(
        self, article: str | Document, *, published: date | None = None, repeat: int = 0
    ) -> Extraction[RecordT]:
        """Extract one article's record.

        Args:
            article: its text, or a `Document` (see `llm_extract.read_document` for files and pages).
            published: its day of publication, if known; an article without a date in its text needs
                one for "on Friday" and "17 May" to mean anything.
            repeat: the number of this repetition; another number asks the model again.

        Raises:
            DocumentError: no text.
            SettingsError: `published` is no date.
            ExtractionError: this article failed; `usage` says what was paid, and `attempts` what was tried, unless all
                calls were sound and the article does not support what they gave (Unsupported).
            FatalError: nothing will succeed until a key, a quota or a model is changed.
        """
        started = time.perf_counter()
        published = _checked(article, published)
        key = self._kept_key(article, published, repeat)
        return self._kept(key, started) or await self._extracted(article, key, published, repeat, started)

    # For archives, whose results are only written down: `kept_json` in the thread that reads, then, if the result is
    # not kept, `aextract_json`.

    def kept_json(self, document: Document) -> tuple[str, Finished | None]:
        """The key of an article's result, and the result if it is kept. The key is empty if results are not kept."""
        started = time.perf_counter()
        key = self._kept_key(document, None, 0)
        # Its words were checked when it was made, and the cache's checksum vouches for its bytes.
        kept = None if self.cache is None or key is None else self.cache.get(key)
        if kept is None:
            return key or "", None
        return key or "", Finished(kept, Usage(cached_calls=1, seconds=time.perf_counter() - started))

    async def aextract_json(self, document: Document, key: str, elsewhere: Elsewhere | None = None) -> Finished:
        """As `aextract` of an article whose result is not kept under `key`; from the next `cache.flush` on it is.

        `elsewhere` may ground the answer in another process; if it gives None, that is done here.
        """
        said, provenance, usage = await self._answered(document, None, 0, time.perf_counter())
        made = None if elsewhere is None or said.confidence else await elsewhere(document, said.answer, provenance)
        if made is None:
            made = made_json(self.task, result_of(self.task, document, said, provenance, usage))
        if self.cache is not None and key and made.reads_back:
            self.cache.put_later(key, made.kept)
        return Finished(made.kept, usage)

    async def _extracted(
        self, article: str | Document, key: str | None, published: date | None, repeat: int, started: float
    ) -> Extraction[RecordT]:
        """A result that is not kept yet, and is from now on."""
        document = article if isinstance(article, Document) else Document.from_text(article)
        said, provenance, usage = await self._answered(document, published, repeat, started)
        result = result_of(self.task, document, said, provenance, usage, published)
        if self.cache is not None and key is not None:
            made = made_json(self.task, result)
            if made.reads_back:
                self.cache.put(key, made.kept)
        return result

    async def _answered(
        self, document: Document, published: date | None, repeat: int, started: float
    ) -> tuple[Said, Provenance, Usage]:
        """What the model said, what decided it, and what it cost since `started`."""
        said, answered_by, usage = await self._ask(document, repeat, published)
        endpoint = self.model.endpoint
        provenance = Provenance(
            task=self.task.name,
            model=endpoint.name,
            answered_by=answered_by,
            base_url="" if endpoint.local else endpoint.base_url,
            prompt=self.task.prompt_label,
            record_schema=self.task.schema.fingerprint,
            sampling=self.sampling,
            repeat=repeat,
            published=None if published is None else published.isoformat(),
            versions=_versions(),
        )
        return said, provenance, usage.model_copy(update={"seconds": time.perf_counter() - started})

    async def _ask(self, document: Document, repeat: int, published: date | None) -> tuple[Said, str, Usage]:
        """What the model said, who said it, and what it cost."""
        text = document.sent_text
        window = self.model.endpoint.context_window or LARGEST_CONTEXT
        if len(text) > MOST_CHARACTERS_PER_TOKEN * window:
            raise ContextTooLong(
                f"the article has {len(text):,} characters; {self.model.endpoint.name} takes at most "
                f"{window:,} tokens, prompt and answer together: split the article or choose another model"
            )
        if self.model.endpoint.capabilities.decompose:
            from llm_extract.questions import ask

            # One article at a time: its lines share a prefix that another article would push out.
            async with self._turn.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
                said, answered_by, usage = await ask(
                    self.model, self.task, document, self.sampling, repeat, published, adapter=self._adapter
                )
            least = self.settings.min_confidence
            return (said if least is None else said._replace(least_confidence=least)), answered_by, usage
        answered = await self.model.answer(
            whole_request(self.task, text, self.model.endpoint, self.sampling, repeat), self._parse
        )
        return Said(answered.answer), answered.completion.model, answered.usage

    def _parse(self, content: str) -> BaseModel:
        return self.task.schema.answer.model_validate_json(content)

    # -- results kept ------------------------------------------------------------------------------
    # The model's raw answers are cached by the client, under what changes an answer. Beside them the
    # finished result is kept, under what changes a result: the answer's own terms and our code.

    def terms(self) -> dict[str, Any]:
        """What decides the records that this extractor makes, as JSON values: for the manifests of runs."""
        endpoint = self.model.endpoint
        return {
            "task": self.task.name,
            "task_fingerprint": self.task.fingerprint,
            "prompt": self.task.prompt_label,
            "model": endpoint.name,
            "model_id": endpoint.model,
            "adapter": self._adapter_digest,
            "min_confidence": self.settings.min_confidence,
            "base_url": "" if endpoint.local else endpoint.base_url,
            "sampling": self.sampling.model_dump(mode="json"),
            "code": code_fingerprint(),
        }

    def result_key(self, article: str | Document, published: date | None = None, repeat: int = 0) -> str:
        """The key under which a finished result is kept: SHA-256 of all that decides it."""
        text = article if isinstance(article, str) else article.text
        ranges = None if isinstance(article, str) else article.model_dump_json(exclude={"text"})
        terms = repr(("result", ranges, self._terms, repeat, published, code_fingerprint()))
        digest = sha256(terms.encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def _kept_key(self, article: str | Document, published: date | None, repeat: int) -> str | None:
        # Without a place to keep results there is no reason to digest article and code.
        return None if self.cache is None else self.result_key(article, published, repeat)

    def _kept(self, key: str | None, started: float) -> Extraction[RecordT] | None:
        text = None if self.cache is None or key is None else self.cache.get(key)
        return None if text is None else kept_result(self.task, text, started)


def _checked(article: object, published: object) -> date | None:
    """The day of publication, if article and day are what they should be."""
    if not isinstance(article, str | Document):
        raise DocumentError(
            f"an article is a string or a Document, not {type(article).__name__}: read files with read_document(path)"
        )
    if isinstance(published, datetime):
        return published.date()
    if published is None or isinstance(published, date):
        return published
    raise SettingsError(f"published is a datetime.date, not {published!r}")


def whole_request(task: Task, text: str, endpoint: Endpoint, sampling: Sampling, repeat: int = 0) -> Request:
    """The request that asks for a whole record in one answer."""
    from llm_extract.grammar import json_grammar

    grammar = None
    if endpoint.capabilities.grammar is not None:
        grammar = json_grammar(dict(task.schema.verbatim_schema), text)
    return Request(
        messages=task.prompt.messages(text),
        response_schema=task.schema.response_schema,
        grammar=grammar,
        sampling=sampling,
        repeat=repeat,
    )


def extract(
    article: str | Document,
    *,
    task: str | Task | None = None,
    schema: type[RecordT] | None = None,
    model: str | Model | None = None,
    published: date | None = None,
    settings: Settings | None = None,
) -> Extraction[RecordT]:
    """Extract the record of one article; every value in it carries the article's words.

    See `Extractor` for `task`, `schema`, `model` and `settings`, and `Extractor.aextract` for
    `published` and the errors raised. Works inside a running event loop, as in a notebook.

    Example:
        >>> from llm_extract import extract
        >>> from llm_extract.testing import FakeModel
        >>> model = FakeModel({"article": {"headline": None, "publisher": None, "author": None,
        ...                                "published": None}, "contracts": []})
        >>> extract("Nothing was bought today.", model=model).record.contracts
        []
    """
    return _extractor(task, schema, model, settings).extract(article, published=published)


async def aextract(
    article: str | Document,
    *,
    task: str | Task | None = None,
    schema: type[RecordT] | None = None,
    model: str | Model | None = None,
    published: date | None = None,
    settings: Settings | None = None,
) -> Extraction[RecordT]:
    """As `extract`, to be awaited."""
    return await _extractor(task, schema, model, settings).aextract(article, published=published)


def read_extraction(
    dumped: str | bytes, *, task: str | Task | None = None, schema: type[RecordT] | None = None
) -> Extraction[RecordT]:
    """Read back what `model_dump_json` of an extraction gave, as the record type of a task or a schema.

    Raises:
        pydantic.ValidationError: it is no such result.
        TaskError: no such task.
    """
    record = (task if isinstance(task, Task) else find_task(task or DEFAULT_TASK)).record if schema is None else schema
    # By both: a setting of the schema decides by which one an alias was dumped. Computed fields are dumped, too.
    read: Extraction[RecordT] = Extraction[record].model_validate_json(  # type: ignore[valid-type]
        dumped, by_name=True, by_alias=True, extra="ignore"
    )
    return read


def _extractor(
    task: str | Task | None,
    schema: type[BaseModel] | None,
    model: str | Model | None,
    settings: Settings | None,
) -> Extractor[Any]:
    """The extractor for these terms: the same one again as long as neither they nor what they stand for changed."""
    from llm_extract.settings import current_settings

    environment = tuple(os.environ.items())
    settings = settings or current_settings(environment)
    if model is not None and not isinstance(model, str):
        return Extractor(task, schema=schema, model=model, settings=settings)
    found = _task(task, schema)
    return _kept_extractor(found, model, settings, environment, _adapter_stamp(found))


@lru_cache(maxsize=32)
def _kept_extractor(
    task: Task,
    model: str | None,
    settings: Settings,
    _environment: tuple[tuple[str, str], ...],
    _adapter: tuple[int, int] | None,
) -> Extractor[Any]:
    # The environment is a term of its own: it holds the providers' keys and addresses.
    return Extractor(task, model=model, settings=settings)


def _adapter_of(endpoint: Endpoint) -> Adapter | None:
    if endpoint.adapter is None:
        return None
    from llm_extract.model.adapters import adapter_of  # the models in files have no use for it

    return adapter_of(endpoint)


def _adapter_stamp(task: Task) -> tuple[int, int] | None:
    """What tells that a task's adapter was replaced: when its description was written, and its size."""
    if task.where is None:
        return None
    try:
        seen = (task.where / "prompts" / f"{task.name}.adapter" / "adapter.json").stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size


def _task(task: str | Task | None, schema: type[BaseModel] | None) -> Task:
    if task is not None and schema is not None:
        raise TaskError("give a task or a schema, not both: a task has a schema of its own")
    if schema is not None:
        return task_for_schema(schema)
    if task is not None and not isinstance(task, str | Task):
        raise TaskError(f"a task is the name of one, or a Task, not {task!r}: a pydantic model goes as `schema=`")
    return task if isinstance(task, Task) else find_task(task or DEFAULT_TASK)


@cache
def _versions() -> dict[str, str]:
    found = {"llm_extract": __version__}
    for package in ("openai", "instructor", "pydantic"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@cache
def code_fingerprint() -> str:
    """A digest of the code that turns answers into records, so that a change of it is never served stale."""
    package = Path(__file__).parent
    digest = sha256(__version__.encode())
    files = [file for part in (".", "fields", "reading") for file in (package / part).glob("*.py")]
    for path in sorted([*files, package / "model" / "adapters.py"]):  # the last makes confidences of likelihoods
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
