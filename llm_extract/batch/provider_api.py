"""The endpoints of a provider's Batch API over HTTP, in OpenAI's shape: files and batches.

Plain HTTP rather than the openai client's objects: a body that is no JSON, a status that is no success and a
connection that breaks then become the same named outcomes as those of live calls (`llm_extract.model.outcomes`),
and files of 200 MB go both ways without being held in memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from pydantic_core import from_json

from llm_extract.errors import EndpointUnavailable, FatalError, LiveCallForbidden, RunError
from llm_extract.files import sync_directory
from llm_extract.model.client import FORBID_LIVE_CALLS
from llm_extract.model.connection import CONNECT_SECONDS, Connection, openai_headers, without_key
from llm_extract.model.outcomes import KINDS, Outcome, asked_wait, classify, classify_exception
from llm_extract.model.retry import RetryPolicy
from llm_extract.model.types import Endpoint

if TYPE_CHECKING:
    import httpx2

CALL_SECONDS = 60.0
"""For one exchange, the bytes of a file aside."""
SLOWEST = 20_000
"""Bytes a second: a file may take this much longer than `CALL_SECONDS`."""
PAGE = 100
"""Objects a page of a list: the most that OpenAI gives."""

logger = logging.getLogger(__name__)


class NotThere(RunError):
    """The provider does not know this file, this batch, or this path."""


class RemoteBatch(NamedTuple):
    """A batch as the provider describes it."""

    id: str
    status: str
    """`validating`, `in_progress`, `finalizing`, `completed`, `failed`, `expired`, `cancelling`, `cancelled`."""
    output: str | None
    """The id of the output file."""
    errors: str | None
    """The id of the error file."""
    problems: tuple[Mapping[str, Any], ...]
    """Of a batch that failed as a whole: `code`, `message` and `line` of each reason."""
    total: int
    completed: int
    failed: int
    metadata: Mapping[str, Any]
    created: float
    """Unix seconds by the provider's clock; 0 where it does not say."""


class BatchApi:
    """The Batch API of one endpoint. To be used from one event loop, one call at a time.

    All methods raise FatalError (key, quota, model), EndpointUnavailable when transient failures outlast the
    attempts of `policy`, NotThere, RunError for what the provider refuses, and LiveCallForbidden.
    """

    def __init__(
        self, endpoint: Endpoint, policy: RetryPolicy, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.endpoint = endpoint
        self._policy = policy
        self._sleep = sleep
        self._on_this_machine = Connection(endpoint, most=1).on_this_machine  # checks address and key, opens nothing
        self._key = endpoint.api_key.get_secret_value().strip() if endpoint.api_key is not None else ""
        self._http: httpx2.AsyncClient | None = None

    async def upload(self, path: Path, name: str) -> str:
        """Upload a file of requests, in one attempt; its id.

        Raises EndpointUnavailable where it is not known whether the file arrived.
        """
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            seconds = CALL_SECONDS + size / SLOWEST
            form = {"data": {"purpose": "batch"}, "files": {"file": (name, file, "application/jsonl")}}
            said = await self._json("POST", "/files", f"the upload of {name}", form, seconds, attempts=1)
        return _id(said, "file")

    async def find_file(self, name: str, size: int) -> str | None:
        """The id of an uploaded file of this name and so many bytes; None if there is none, or no list of files."""
        try:
            async for file in self._listed("/files", {"purpose": "batch"}):
                if file.get("filename") == name and file.get("bytes") == size:
                    return _id(file, "file")
        except NotThere:
            logger.info("%s does not list its files: %s is uploaded anew", self.endpoint.name, name)
        return None

    async def delete(self, file: str) -> None:
        """Delete a file; one that is not there is as good as deleted."""
        try:
            await self._json("DELETE", f"/files/{quote(file, safe='')}", f"the deletion of {file}")
        except NotThere:
            logger.debug("%s was gone already", file)

    async def create(self, file: str, path: str, metadata: Mapping[str, str]) -> RemoteBatch:
        """Create a batch from an uploaded file, in one attempt: a second one might be paid for twice.

        Raises EndpointUnavailable where it is not known whether the batch was created.
        """
        asked = {"input_file_id": file, "endpoint": path, "completion_window": "24h", "metadata": dict(metadata)}
        return _batch(await self._json("POST", "/batches", "the creation of a batch", {"json": asked}, attempts=1))

    async def batch(self, batch: str, *, attempts: int = 1) -> RemoteBatch:
        """A batch as it stands."""
        path = f"/batches/{quote(batch, safe='')}"
        return _batch(await self._json("GET", path, f"the status of {batch}", attempts=attempts))

    async def cancel(self, batch: str) -> None:
        """Ask for a batch to be cancelled. One that has ended already stays as it is."""
        path = f"/batches/{quote(batch, safe='')}/cancel"
        await self._json("POST", path, f"the cancellation of {batch}", {"json": {}})

    async def batches(self) -> AsyncIterator[RemoteBatch]:
        """All batches of this key's project, newest first."""
        async for one in self._listed("/batches", {}):
            yield _batch(one)

    async def download(self, file: str, target: Path) -> None:
        """Save a file's content: when this returns, all of it is on disk."""
        beside = target.with_name(target.name + ".new")

        async def save(response: httpx2.Response, deadline: asyncio.Timeout) -> None:
            with beside.open("wb") as saved:
                async for chunk in response.aiter_bytes(1 << 16):
                    saved.write(chunk)
                    if (due := deadline.when()) is not None:
                        deadline.reschedule(due + len(chunk) / SLOWEST)
                saved.flush()
                os.fsync(saved.fileno())

        await self._json("GET", f"/files/{quote(file, safe='')}/content", f"the download of {file}", save=save)
        beside.replace(target)
        sync_directory(target.parent)

    async def aclose(self) -> None:
        """Close the connections. A later call opens new ones."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    # --- one exchange -----------------------------------------------------------------------------

    async def _listed(self, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        after: dict[str, str] = {}
        while True:
            said = await self._json("GET", path, f"the list of {path}", {"params": {**query, "limit": PAGE, **after}})
            page = [one for one in said.get("data") or () if isinstance(one, dict)]
            for one in page:
                yield one
            if not said.get("has_more") or not page:
                return
            after = {"after": str(page[-1].get("id"))}

    async def _json(
        self,
        method: str,
        path: str,
        what: str,
        sent: dict[str, Any] | None = None,
        seconds: float = CALL_SECONDS,
        *,
        attempts: int | None = None,
        save: Callable[[httpx2.Response, asyncio.Timeout], Awaitable[None]] | None = None,
    ) -> dict[str, Any]:
        """The JSON object that the provider answers with; transient failures are waited out."""
        if not self._on_this_machine and os.environ.get(FORBID_LIVE_CALLS) == "1":
            raise LiveCallForbidden(
                f"{what} at {self.endpoint.base_url} was asked for while live calls are forbidden "
                f"({FORBID_LIVE_CALLS}=1): use llm_extract.testing.batch_server"
            )
        most = attempts or self._policy.attempts
        bound = self._policy.initial_backoff_seconds
        for attempt in range(1, most + 1):
            said = await self._exchange(method, path, sent or {}, seconds, save)
            if not isinstance(said, Outcome):
                return said
            if said.status == 409 and path.endswith("/cancel"):
                return {}
            if said.course != "wait" or attempt == most:
                raise self._error(said, what, attempt)
            wait = random.uniform(0, bound) if said.wait is None else said.wait  # noqa: S311 - no secret
            if wait > self._policy.max_wait_seconds:
                if self._policy.on_long_wait == "fail":
                    raise self._error(said, what, attempt)
                logger.warning("%s asks to wait %.0f s before %s", self.endpoint.name, wait, what)
            bound = min(2 * bound, self._policy.max_backoff_seconds)
            await self._sleep(wait)
        raise AssertionError("unreachable")

    async def _exchange(
        self,
        method: str,
        path: str,
        sent: dict[str, Any],
        seconds: float,
        save: Callable[[httpx2.Response, asyncio.Timeout], Awaitable[None]] | None,
    ) -> dict[str, Any] | Outcome:
        """One exchange: the JSON object of a success, else what it came to, without the key."""
        import httpx2

        deadline = asyncio.timeout(seconds)
        try:
            async with deadline, self._open().stream(method, path.removeprefix("/"), **sent) as response:
                if save is not None and 200 <= response.status_code < 300:
                    await save(response, deadline)
                    return {}
                body = await response.aread()
        except httpx2.HTTPError as error:
            return without_key(self._key, classify_exception(error))
        except TimeoutError:
            if not deadline.expired():
                raise
            return Outcome("transient", f"no whole response within {seconds:g} s")
        if 200 <= response.status_code < 300:
            try:
                said = from_json(body)
            except ValueError:
                said = None
            if isinstance(said, dict):
                return said
            wait = asked_wait(response.headers)
            return Outcome("bad_response", f"status {response.status_code} without a JSON object", 200, wait=wait)
        return without_key(self._key, classify(response.status_code, response.headers, body))

    def _error(self, outcome: Outcome, what: str, attempts: int) -> FatalError | EndpointUnavailable | RunError:
        told = f"{self.endpoint.name}: {what}: {outcome.message}"
        kind = KINDS[outcome.name]
        if outcome.status in (404, 405, 501):
            return NotThere(f"{told}; has this endpoint a Batch API, and does the key belong to the same project?")
        if outcome.course == "wait":
            return EndpointUnavailable(f"{told} (after {attempts} calls)" if attempts > 1 else told)
        if issubclass(kind.error, FatalError):
            return kind.error(f"{told}; {kind.advice}")
        return RunError(told)

    def _open(self) -> httpx2.AsyncClient:
        if self._http is not None:
            return self._http
        import httpx2

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        if self.endpoint.provider == "openai":
            headers |= openai_headers()  # as live calls send them: files and batches belong to a project
        self._http = httpx2.AsyncClient(
            base_url=self.endpoint.base_url.rstrip("/") + "/",
            headers=headers,
            # Every exchange is bounded as a whole.
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=not self._on_this_machine,
            verify=urlsplit(self.endpoint.base_url).scheme == "https",
        )
        return self._http


def describe(problems: tuple[Mapping[str, Any], ...]) -> str:
    """Why a batch failed as a whole, in one line."""
    told = [
        f"line {one['line']}: {one.get('message')}" if one.get("line") else str(one.get("message") or one.get("code"))
        for one in problems[:3]
    ]
    return "; ".join(told)[:500] or "no reason was given"


def problem_outcome(problems: tuple[Mapping[str, Any], ...]) -> Outcome:
    """The outcome that stands for a batch which failed as a whole."""
    first = problems[0] if problems else {}
    said = {"error": {"message": describe(problems), "code": first.get("code"), "param": first.get("param")}}
    return classify(400, {}, json.dumps(said).encode())


def _id(said: Mapping[str, Any], what: str) -> str:
    found = said.get("id")
    if not isinstance(found, str) or not found:
        raise EndpointUnavailable(f"the provider answered with a {what} that has no id")
    return found


def _batch(said: Mapping[str, Any]) -> RemoteBatch:
    def text(name: str) -> str | None:
        value = said.get(name)
        return value if isinstance(value, str) and value else None  # some write "" for: no file

    def members(value: Any) -> Mapping[str, Any]:
        return value if isinstance(value, dict) else {}

    def number(value: Any) -> int:
        return int(value) if isinstance(value, int | float) else 0

    counts, data = members(said.get("request_counts")), members(said.get("errors")).get("data")
    return RemoteBatch(
        id=_id(said, "batch"),
        status=text("status") or "",
        output=text("output_file_id"),
        errors=text("error_file_id"),
        problems=tuple(one for one in data if isinstance(one, dict)) if isinstance(data, list) else (),
        total=number(counts.get("total")),
        completed=number(counts.get("completed")),
        failed=number(counts.get("failed")),
        metadata=members(said.get("metadata")),
        created=number(said.get("created_at")),
    )
