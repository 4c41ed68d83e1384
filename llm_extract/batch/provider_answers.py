"""What a line of a provider's output or error file came to, and the request that is sent after it.

Pure functions, no I/O. An answer that came in a batch is judged by the same rules as a live one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic_core import from_json

from llm_extract.errors import ExtractionError, FatalError
from llm_extract.model.outcomes import KINDS, Outcome, OutcomeName, classify
from llm_extract.model.retry import Progress, RetryPolicy
from llm_extract.model.types import Attempt, Capabilities, Endpoint, Message, Mode, Request, ResponseSchema, Usage
from llm_extract.model.wire import Structure, body, structure

NO_RESULT = Outcome("transient", "the provider gave no result for it")

UNFINISHED = {
    "batch_expired": Outcome("transient", "the batch expired before it was run"),
    "batch_cancelled": Outcome("transient", "the batch was cancelled before it was run"),
}
"""Codes of requests that were never run, and are not paid for."""


class Tries(BaseModel):
    """How a request has gone so far, from part to part: what `Progress` is to a live answer."""

    model_config = ConfigDict(extra="forbid")

    key: str
    attempts: list[Attempt] = []
    usage: Usage = Usage()
    passing: int = 0
    invalid: int = 0
    cut: int = 0
    complaint: str | None = None

    def progress(self, policy: RetryPolicy, max_output_tokens: int) -> Progress:
        """The same as a live answer keeps it."""
        return Progress(
            policy,
            max_output_tokens,
            attempts=list(self.attempts),
            usage=self.usage,
            passing=self.passing,
            invalid=self.invalid,
            cut=self.cut,
            complaint=self.complaint,
        )


class Failed(BaseModel):
    """A request that failed for good."""

    model_config = ConfigDict(extra="forbid")

    key: str
    outcome: OutcomeName
    message: str
    attempts: list[Attempt]
    usage: Usage

    def error(self, endpoint: Endpoint) -> ExtractionError | FatalError:
        """What an ordinary extraction would have raised."""
        kind = KINDS[self.outcome]
        told = f"{endpoint.name}, in a batch: {self.message}"
        if len(self.attempts) > 1:
            told += f" (sent {len(self.attempts)} times)"
        if kind.advice:
            told += f"; {kind.advice}"
        return kind.error(told, attempts=self.attempts, usage=self.usage)


def line_of(key: str, path: str, content: bytes) -> bytes:
    """A request as a line of a part, its cache key as the id by which the result is known."""
    return b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n' % (key.encode(), path.encode(), content)


def content_of(line: bytes) -> tuple[str, bytes]:
    """The cache key and the body of such a line."""
    start = len(b'{"custom_id":"')
    content = line[line.index(b'"body":') + len(b'"body":') :].rstrip()
    return line[start : line.index(b'"', start)].decode("ascii"), content[:-1]


class Result(NamedTuple):
    """A line of an output or error file."""

    key: str
    outcome: Outcome


def read_result(line: bytes) -> Result | None:
    """What a line says; None if it is no result. Never raises, whatever the bytes."""
    try:
        said = from_json(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("custom_id"), str):
        return None
    key, response, error = said["custom_id"], said.get("response"), said.get("error")
    if isinstance(response, dict):
        status, request_id = response.get("status_code"), response.get("request_id")
        headers = {"x-request-id": request_id} if isinstance(request_id, str) else {}
        content = response.get("body")
        written = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        return Result(key, classify(status if isinstance(status, int) else 500, headers, written))
    if isinstance(error, dict):
        known = UNFINISHED.get(str(error.get("code")))
        # Without a status of its own it is an error of the provider's, unless its words say otherwise.
        return Result(key, known or classify(500, {}, json.dumps({"error": error}).encode()))
    return Result(key, NO_RESULT)


def next_content(
    content: bytes,
    outcome: Outcome,
    progress: Progress,
    *,
    complained: bool,
    endpoint: Endpoint,
    schema: ResponseSchema | None,
) -> bytes | None:
    """The body to send after `outcome`, made of the last one; None if nothing is left to do without.

    As a live client does it: the complaint in place of an earlier one, more room after a cut answer, and
    without what the endpoint rejected. `complained` says that the last message is a complaint already.
    """
    last = json.loads(content)
    mode = _mode(last)
    parameter: Any = "max_tokens" if "max_tokens" in last else "max_completion_tokens"
    with_sampling = "top_p" in last
    instruction = False
    if outcome.name == "unsupported":
        if outcome.feature == "sampling" and with_sampling:
            with_sampling = False
        elif outcome.feature == "max_tokens" and parameter == endpoint.capabilities.max_tokens_parameter:
            parameter = "max_tokens" if parameter == "max_completion_tokens" else "max_completion_tokens"
        elif outcome.feature == "mode" and (rest := _after(endpoint.capabilities.modes, mode)):
            mode, instruction = rest[0], True
        else:
            return None
    asked = None
    if schema is not None and mode is not None:
        asked = structure(schema, mode)
        if not instruction:  # it stands in the system message already
            asked = Structure(asked.fields)
    messages = last["messages"][:-1] if complained else last["messages"]
    sampling = {name: last[name] for name in ("temperature", "top_p", "seed") if name in last and with_sampling}
    request = Request(
        messages=tuple(Message(one["role"], one["content"]) for one in messages), stop=tuple(last.get("stop", ()))
    )
    made = json.loads(
        body(
            endpoint.model_copy(update={"model": last["model"]}),
            Capabilities(sampling=False, max_tokens_parameter=parameter),
            request,
            asked,
            max_output_tokens=progress.max_output_tokens,
            complaint=progress.complaint,
        )
    )
    return json.dumps({**made, **sampling}).encode("ascii")


def room_of(content: bytes) -> int:
    """The tokens of output that a body leaves room for."""
    asked = json.loads(content)
    return int(asked.get("max_completion_tokens") or asked.get("max_tokens") or 1)


def _mode(asked: dict[str, Any]) -> Mode | None:
    if "tools" in asked:
        return "tools"
    kind = (asked.get("response_format") or {}).get("type")
    return kind if kind in ("json_schema", "json_object") else None


def _after(modes: Sequence[Mode], mode: Mode | None) -> Sequence[Mode]:
    return modes[modes.index(mode) + 1 :] if mode in modes else ()
