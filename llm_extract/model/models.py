"""Models by name: what the rest of the package calls a model, and how a name becomes one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from llm_extract.errors import EmbeddedModelError, EndpointUnavailable
from llm_extract.model.types import Answered, Endpoint, Model, Request

if TYPE_CHECKING:
    from llm_extract.model.cache import Cache
    from llm_extract.model.client import ModelClient
    from llm_extract.model.embedded import EmbeddedServer
    from llm_extract.model.limits import Limiter, Pool
    from llm_extract.model.rates import Budget
    from llm_extract.model.retry import RetryPolicy
    from llm_extract.settings import Settings
    from llm_extract.task import Task


class _Open(NamedTuple):
    """A client of one event loop, and the generator by which the loop closes it."""

    client: ModelClient
    keeper: AsyncGenerator[None, None]


class NamedModel:
    """A model behind an endpoint, for any number of event loops: each has its own client while it runs.

    All of them share `pool`: rates, circuit breaker and budget.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings, pool: Pool | None = None) -> None:
        self.endpoint = endpoint
        self.pool = pool if pool is not None else settings.pool()
        self.limiter: Callable[[], Limiter] | None = None
        """Makes what an event loop's calls pass, instead of a Limiter of its own: a worker of a cluster sets it."""
        self._settings = settings
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, _Open] = WeakKeyDictionary()
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
        """A sound answer, parsed; see `ModelClient.answer`."""
        return await (await self._client()).answer(request, parse)

    def for_task(self, task: Task) -> NamedModel:
        """The model as it serves a task: the embedded one with the task's adapter."""
        return self

    def stop_waiting(self) -> None:
        """Begin no further call in this event loop; see `ModelClient.stop_waiting`."""
        found = self._open.get(asyncio.get_running_loop())
        if found is not None:
            found.client.stop_waiting()

    async def aclose(self) -> None:
        """Close this event loop's connections. They are closed with the loop in any case."""
        found = self._open.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.keeper.aclose()

    async def _client(self) -> ModelClient:
        loop = asyncio.get_running_loop()
        # One after the other: a second client would take the first one's place and close it, while it is in use.
        async with self._opening.setdefault(loop, asyncio.Lock()):
            found = self._open.get(loop)
            return found.client if found is not None else await self._connect(self.endpoint)

    async def _connect(self, endpoint: Endpoint) -> ModelClient:
        from llm_extract.model.client import ModelClient
        from llm_extract.model.prices import price

        client = ModelClient(
            endpoint,
            cache=open_cache(self._settings),
            policy=self._policy(),
            limiter=self._limiter(),
            price=lambda model, read, cached, written: price(endpoint.provider, model, read, cached, written),
        )
        # One that was closed without that is known by its clients' references to it only. Looked at in a copy, since
        # loops in other threads open their clients meanwhile.
        for loop in [loop for seen in self._open.keyrefs() if (loop := seen()) is not None and loop.is_closed()]:
            if (left := self._open.pop(loop, None)) is not None:
                await left.client.aclose()
        # A loop that ends closes its asynchronous generators: so the client needs no one to close it.
        keeper = _kept_open(client)
        await anext(keeper)
        self._open[asyncio.get_running_loop()] = _Open(client, keeper)
        return client

    def _limiter(self) -> Limiter:
        from llm_extract.model.limits import Limiter, within_descriptors

        if self.limiter is not None:
            return self.limiter()
        return Limiter(*within_descriptors(*self._concurrency()), pool=self.pool)

    def _policy(self) -> RetryPolicy:
        return self._settings.retry_policy()

    def _concurrency(self) -> tuple[int, int, int]:
        return self._settings.concurrency()


class EmbeddedModel(NamedModel):
    """The model in the box: its server is started by the first question, and once more if it dies.

    Raises EmbeddedModelError when it cannot be started, or dies twice.
    """

    def __init__(self, endpoint: Endpoint, settings: Settings, pool: Pool | None = None) -> None:
        from llm_extract.model.adapters import adapter_of
        from llm_extract.model.merging import FORMAT
        from llm_extract.model.weights import weights_identity

        self._named = endpoint
        self._tuned: dict[str, EmbeddedModel] = {}
        identity = weights_identity(endpoint.model)
        self._adapter = adapter = adapter_of(endpoint)
        if adapter is not None:
            identity += f"+{adapter.weights_sha256[:12]}" + (f"-{adapter.tokens}" if adapter.tokens else "")
            identity += f"-{FORMAT}" + ("" if adapter.attention == "causal" else f"-{adapter.attention}")
        # The weights are part of the model's name, so that an answer of others is never served for theirs.
        super().__init__(endpoint.model_copy(update={"model": identity}), settings, pool)

    def for_task(self, task: Task) -> NamedModel:
        """The model with the task's adapter, if it has one that was trained on this model and the settings allow it.

        Raises:
            EmbeddedModelError: the task's adapter is damaged, or was trained for another form of the task.
        """
        from llm_extract.model.adapters import with_adapter

        endpoint = self._named.model_copy(update={"adapter": None})
        if self._settings.adapter:
            endpoint = with_adapter(endpoint, task)
        if endpoint.adapter == self._named.adapter:
            return self
        tuned = EmbeddedModel(endpoint, self._settings, self.pool)
        return self._tuned.setdefault(tuned.endpoint.model, tuned)

    async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
        """A sound answer, parsed; see `ModelClient.answer`."""
        client = await self._client()
        try:
            return await client.answer(request, parse)
        except EndpointUnavailable:
            found = self._open.get(asyncio.get_running_loop())
            if found is not None and found.client is client:  # another question may have a new one already
                await self.aclose()
            return await super().answer(request, parse)

    def _policy(self) -> RetryPolicy:
        # A server of ours that does not answer is dead: it is started again rather than waited for.
        return super()._policy().model_copy(update={"attempts": 1})

    def _concurrency(self) -> tuple[int, int, int]:
        return 1, 1, 1  # it answers one request at a time

    async def _connect(self, endpoint: Endpoint) -> ModelClient:
        base_url, key = await asyncio.to_thread(lambda: self.server().ensure_running())
        return await super()._connect(endpoint.model_copy(update={"base_url": base_url, "api_key": SecretStr(key)}))

    def weights_file(self) -> Path:
        """The verified file of its weights, assembled if need be. Blocks.

        Raises:
            EmbeddedModelError: it cannot be made, or the adapter is not the one any more that this model was made with.
        """
        from llm_extract.model.adapters import WEIGHTS, read_adapter
        from llm_extract.model.weights import model_file

        folder, directory = self._named.adapter, _cache_directory(self._settings) / "models"
        if folder is None or self._adapter is None:
            return model_file(self._named.model, directory)
        if read_adapter(folder).weights_sha256 != self._adapter.weights_sha256:
            # Its answers would be kept under the name of those before.
            raise EmbeddedModelError(f"the adapter {folder} was replaced meanwhile: make a new Extractor to use it")
        return model_file(self._named.model, directory, self._adapter.tokens, folder / WEIGHTS)

    def server(self) -> EmbeddedServer:
        """Its server, which the first question starts. Blocks while its weights are put together."""
        from llm_extract.model.embedded import shared_server

        return shared_server(
            self.weights_file(),
            threads=self._settings.embedded_threads,
            context=self.endpoint.context_window or 8192,
            attention="causal" if self._adapter is None else self._adapter.attention,
            alias=self.endpoint.model,
        )


async def _kept_open(client: ModelClient) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        await client.aclose()


def resolve_model(model: str | Model | None, settings: Settings, pool: Pool | None = None) -> Model:
    """The model of this name, or the one given, or the one that the settings name.

    A run that counts what it spends gives its own `pool` (`settings.pool()`), and gets a model of its own with
    it. Else the model and its rates are shared by all in this process that have these settings, this cache folder and
    this organization; and the budget by all that have these limits of it, whatever their models. A model that is given
    as an object has its pool already.

    Raises:
        ModelNameError, SettingsError: the name leads nowhere, or its key is missing.
    """
    if model is not None and not isinstance(model, str):
        return model
    from llm_extract.model.endpoints import resolve_endpoint

    endpoint = resolve_endpoint(model, settings)
    if pool is not None:
        return new_model(endpoint, settings, pool)
    if settings.cache:  # where the environment names it, it may name another one later
        settings = settings.model_copy(update={"cache_dir": _cache_directory(settings)})
    return _named_model(endpoint, settings, _environment(endpoint))


def new_model(endpoint: Endpoint, settings: Settings, pool: Pool | None = None) -> NamedModel:
    """A model of its own behind an endpoint that is resolved already: its key need not be known here otherwise."""
    return (EmbeddedModel if endpoint.provider == "embedded" else NamedModel)(endpoint, settings, pool)


@lru_cache(maxsize=32)
def _named_model(endpoint: Endpoint, settings: Settings, _from_environment: tuple[tuple[str, str], ...]) -> NamedModel:
    return new_model(endpoint, settings, settings.pool(_shared_budget(settings)))


def _environment(endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    """What its calls say that stands in the environment alone."""
    if endpoint.provider != "openai":
        return ()
    from llm_extract.model.connection import openai_headers

    return tuple(openai_headers().items())


_budgets: dict[tuple[Decimal | None, int | None], Budget] = {}


def _shared_budget(settings: Settings) -> Budget | None:
    """The budget of this process that has these limits. Never forgotten: it would begin anew."""
    budget = settings.budget()
    # One step, so that threads which come at once get the same one.
    return None if budget is None else _budgets.setdefault((settings.max_cost, settings.max_tokens), budget)


def open_cache(settings: Settings) -> Cache | None:
    """The cache that the settings name, one object a directory; None where it is switched off."""
    return _cache(_cache_directory(settings)) if settings.cache else None


@lru_cache(maxsize=16)
def _cache(directory: Path) -> Cache:
    from llm_extract.model.cache import Cache

    return Cache(directory)


def _cache_directory(settings: Settings) -> Path:
    from llm_extract.model.cache import default_cache_directory

    return settings.cache_dir or default_cache_directory()
