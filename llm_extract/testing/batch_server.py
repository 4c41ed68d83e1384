"""A scripted server that also implements a Batch API of OpenAI's shape: files, batches, outputs and errors.

    with BatchServer(default=answer({"contracts": []})) as server:
        server.plan(Plan(outcome="expired", answered=3))       # for the next batch that is created; else Plan()
        ...                                                     # call it at server.base_url
        assert server.paid["request-1"] == 1

    POST   /v1/files                  multipart upload, at most 200 MB
    GET    /v1/files                  the files, newest first: `purpose`, `limit`, `after`
    GET    /v1/files/{id}/content
    DELETE /v1/files/{id}
    POST   /v1/batches                a file's lines are checked at the first look, and run at the last one
    GET    /v1/batches/{id}           each look brings the batch one status further
    POST   /v1/batches/{id}/cancel
    GET    /v1/batches                the batches, newest first: `limit`, `after`

A line of a batch is answered by `server.answer_line(line)`, else by `server.default`: a reply of status 200 goes to
the output file and is paid for, any other goes to the error file, and None gives no result at all. Live calls of
`/v1/chat/completions` work beside it. `server.intervene(request)` may give a reply in place of the one that is due,
before anything is done; `server.afterwards(request, reply)` may replace it when all is done: a response that is lost.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from llm_extract.testing.server import RecordedRequest, Reply, ScriptedServer, _asked, _completion, error, raw

MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Plan:
    """How one batch goes."""

    outcome: Literal["completed", "expired", "failed"] = "completed"
    looks: int = 2
    """Looks that it is in progress for; before them it is validating, after them finalizing, a look each."""
    answered: int | None = None
    """Lines that are run before it expires or is cancelled; None: all if it completes, else none."""
    errors: tuple[Mapping[str, Any], ...] = ()
    """Of `failed`: `{"code", "message", "param", "line"}` each."""
    reverse: bool = False
    """The output is in another order than the input."""
    repeat: int = 0
    """So many of the first lines come twice in the output, as if run twice."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch's file."""

    number: int
    """Counted from 0."""
    custom_id: str
    url: str
    body: Mapping[str, Any]
    batch: StoredBatch = field(repr=False)


@dataclass(slots=True)
class StoredFile:
    """A file that was uploaded, or that a batch wrote."""

    id: str
    name: str
    purpose: str
    content: bytes = field(repr=False)
    created: int = field(default_factory=lambda: int(time.time()))

    def described(self) -> dict[str, Any]:
        """The file's object."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass(slots=True)
class StoredBatch:
    """A batch that was created."""

    id: str
    input_file: str
    endpoint: str
    metadata: Mapping[str, str] | None
    plan: Plan
    status: str = "validating"
    looks: int = 0
    output_file: str | None = None
    error_file: str | None = None
    errors: tuple[Mapping[str, Any], ...] = ()
    total: int = 0
    enqueued: int = 0
    """Tokens in the provider's queue, once the file was looked at."""
    completed: int = 0
    failed: int = 0
    created: int = field(default_factory=lambda: int(time.time()))

    def described(self) -> dict[str, Any]:
        """The batch's object."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "errors": {"object": "list", "data": [dict(one) for one in self.errors]} if self.errors else None,
            "input_file_id": self.input_file,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "created_at": self.created,
            "expires_at": self.created + 86_400,
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
            "metadata": self.metadata,
        }


class BatchServer(ScriptedServer):
    """The server; see the module's docstring."""

    def __init__(
        self,
        default: Reply | None = None,
        *,
        answer_line: Callable[[Line], Reply | None] | None = None,
        api_key: str | None = None,
        most_enqueued: int | None = None,
    ) -> None:
        super().__init__(default, respond=self._respond)
        self.answer_line = answer_line
        self.api_key = api_key
        """What a caller must bear; None: anything."""
        self.most_enqueued = most_enqueued
        """Tokens (a quarter of a file's bytes) that may be under way; a batch beyond them fails, as at OpenAI."""
        self.intervene: Callable[[RecordedRequest], Reply | None] | None = None
        self.afterwards: Callable[[RecordedRequest, Reply], Reply] | None = None
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, StoredBatch] = {}
        self.paid: Counter[str] = Counter()
        """How often each custom id was run with success, over all batches."""
        self.uploads = 0
        self._numbered = 0
        self._plans: deque[Plan] = deque()

    def plan(self, *plans: Plan) -> None:
        """Queue plans for the next batches that are created, one each, in order."""
        self._plans.extend(plans)

    # --- HTTP -------------------------------------------------------------------------------------

    def _respond(self, request: RecordedRequest) -> Reply | None:
        if self.intervene is not None and (reply := self.intervene(request)) is not None:
            return reply
        address = urlsplit(request.path)
        if not re.match(r"/v1/(files|batches)(/|$)", address.path):
            return None
        if self.api_key is not None and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return error(401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided")
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        reply = self._route(request, address.path.removeprefix("/v1/").split("/"), query)
        return reply if self.afterwards is None else self.afterwards(request, reply)

    def _route(self, request: RecordedRequest, path: list[str], query: Mapping[str, str]) -> Reply:
        match request.method, path:
            case "POST", ["files"]:
                return self._upload(request)
            case "GET", ["files"]:
                held = [one for one in self.files.values() if query.get("purpose", one.purpose) == one.purpose]
                return _page([one.described() for one in reversed(held)], query)
            case "GET", ["files", name, "content"] if name in self.files:
                return raw(200, self.files[name].content, "application/octet-stream")
            case "DELETE", ["files", name] if name in self.files:
                del self.files[name]
                return _json({"id": name, "object": "file", "deleted": True})
            case "POST", ["batches"]:
                return self._create(request.body)
            case "GET", ["batches"]:
                return _page([one.described() for one in reversed(self.batches.values())], query)
            case "GET", ["batches", name] if name in self.batches:
                self._look(self.batches[name])
                return _json(self.batches[name].described())
            case "POST", ["batches", name, "cancel"] if name in self.batches:
                batch = self.batches[name]
                if batch.status in ENDED:
                    told = f"Cannot cancel a batch with status '{batch.status}'."
                    return error(409, None, "invalid_request_error", told)
                batch.status = "cancelling"
                return _json(batch.described())
            case _:
                return error(404, None, "invalid_request_error", f"No such object: {path[-1]}")

    def _upload(self, request: RecordedRequest) -> Reply:
        fields = _form(request.headers.get("content-type", ""), request.content)
        if "file" not in fields or "purpose" not in fields:
            return error(400, None, "invalid_request_error", "'file' and 'purpose' are required")
        name, content = fields["file"]
        if len(content) > MOST_BYTES:
            return error(413, None, "invalid_request_error", "the file is larger than 200 MB")
        self.uploads += 1
        stored = self._store(name, fields["purpose"][1].decode(), content)
        return _json(stored.described())

    def _store(self, name: str, purpose: str, content: bytes) -> StoredFile:
        self._numbered += 1  # a deleted file's id is never given again
        stored = StoredFile(f"file-{self._numbered}", name, purpose, content)
        self.files[stored.id] = stored
        return stored

    def _create(self, asked: Any) -> Reply:
        if not isinstance(asked, dict) or asked.get("completion_window") != "24h":
            return error(400, None, "invalid_request_error", "completion_window must be 24h")
        if asked.get("input_file_id") not in self.files:
            return error(400, None, "invalid_request_error", f"Cannot find file {asked.get('input_file_id')}")
        plan = self._plans.popleft() if self._plans else Plan()
        name = f"batch_{len(self.batches) + 1}"
        metadata = asked.get("metadata")
        batch = StoredBatch(name, asked["input_file_id"], str(asked.get("endpoint")), metadata, plan)
        self.batches[name] = batch
        return _json(batch.described())

    # --- a batch's way ----------------------------------------------------------------------------

    def _look(self, batch: StoredBatch) -> None:
        """Bring the batch one status further."""
        if batch.status in ENDED:
            return
        if batch.status == "cancelling":
            self._end(batch, "cancelled")
        elif batch.status == "validating":
            if batch.looks:
                self._validate(batch)
            batch.looks += 1
        elif batch.status == "in_progress":
            batch.looks += 1
            if batch.looks - 2 >= batch.plan.looks:
                batch.status = "finalizing"
        else:
            self._end(batch, batch.plan.outcome)

    def _validate(self, batch: StoredBatch) -> None:
        problems = batch.plan.errors if batch.plan.outcome == "failed" else self._problems(batch)
        if problems:
            batch.status, batch.errors = "failed", problems
            return
        batch.total = len(self._lines(batch))
        batch.status = "in_progress"

    def _problems(self, batch: StoredBatch) -> tuple[Mapping[str, Any], ...]:
        """What OpenAI's validation finds wrong with the file."""

        def problem(code: str, message: str, line: int | None = None) -> tuple[Mapping[str, Any], ...]:
            return ({"code": code, "message": message, "param": None, "line": line},)

        if batch.input_file not in self.files:
            return problem("file_not_found", "The input file was deleted.")
        try:
            lines = self._lines(batch)
        except (ValueError, KeyError):
            return problem("invalid_json_line", "This line is not parseable as valid JSON.", 1)
        if not lines:
            return problem("empty_file", "The file is empty.")
        if len(lines) > MOST_REQUESTS:
            return problem("too_many_tasks", f"The batch input file contains too many requests: {len(lines)}.")
        seen: set[str] = set()
        for line in lines:
            if line.custom_id in seen:
                told = f"The custom_id for this request, {line.custom_id!r}, is a duplicate of another request."
                return problem("duplicate_custom_id", told, line.number + 1)
            seen.add(line.custom_id)
            if line.url != batch.endpoint:
                return problem("url_mismatch", "The URL does not match the batch's endpoint.", line.number + 1)
        if len({line.body.get("model") for line in lines}) > 1:
            return problem("model_mismatch", "All requests of a batch must have the same model.")
        under_way = sum(one.enqueued for one in self.batches.values() if one.status not in ENDED)
        batch.enqueued = len(self.files[batch.input_file].content) // 4
        if self.most_enqueued is not None and under_way + batch.enqueued > self.most_enqueued:
            told = (
                f"Enqueued token limit reached for {lines[0].body.get('model')} in organization org-test. "
                f"Limit: {self.most_enqueued:,} enqueued tokens. "
                "Please try again once some in_progress batches have been completed."
            )
            return problem("token_limit_exceeded", told)
        return ()

    def _lines(self, batch: StoredBatch) -> list[Line]:
        content = self.files[batch.input_file].content.decode()
        found = [json.loads(line) for line in content.splitlines() if line.strip()]
        return [Line(number, one["custom_id"], one["url"], one["body"], batch) for number, one in enumerate(found)]

    def _end(self, batch: StoredBatch, status: str) -> None:
        """Run the lines that are to be run, and write the two files."""
        lines = self._lines(batch)
        most = batch.plan.answered
        if most is None:
            most = len(lines) if status == "completed" else 0
        output, errors = [], []
        for line in [*lines[:most], *lines[: batch.plan.repeat]]:
            reply = self.answer_line(line) if self.answer_line is not None else self.default
            if reply is None:
                continue
            written = _result(line, reply, len(self.batches))
            if 200 <= reply.status < 300:
                self.paid[line.custom_id] += 1
                output.append(written)
            else:
                errors.append(written)
        batch.completed, batch.failed = len(output), len(errors)
        if status != "completed":
            code = "batch_expired" if status == "expired" else "batch_cancelled"
            told = "This request could not be executed before the completion window expired."
            errors += [
                {
                    "id": f"batch_req_{batch.id}_{line.number}",
                    "custom_id": line.custom_id,
                    "response": None,
                    "error": {"code": code, "message": told if status == "expired" else "The batch was cancelled."},
                }
                for line in lines[most:]
            ]
        if batch.plan.reverse:
            output.reverse()
        # As at OpenAI: a file that would be empty is not written.
        if output:
            batch.output_file = self._store(f"{batch.id}_output.jsonl", "batch_output", _jsonl(output)).id
        if errors:
            batch.error_file = self._store(f"{batch.id}_error.jsonl", "batch_output", _jsonl(errors)).id
        batch.status = status


def _result(line: Line, reply: Reply, number: int) -> dict[str, Any]:
    """One line of an output or error file."""
    body: Any
    if reply.content is not None:
        # The form of the answer depends on what was asked, as in a live call.
        asked = RecordedRequest(number, "POST", line.url, {}, dict(line.body), b"", 0.0)
        body = json.loads(_completion(reply, *_asked(asked)))
    else:
        try:
            body = json.loads(reply.body)
        except ValueError:
            body = reply.body.decode("utf-8", "replace")
    return {
        "id": f"batch_req_{line.batch.id}_{line.number}",
        "custom_id": line.custom_id,
        "response": {"status_code": reply.status, "request_id": f"req-{line.number}", "body": body},
        "error": None,
    }


def _jsonl(values: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def _json(value: Any) -> Reply:
    return raw(200, json.dumps(value).encode(), "application/json")


def _page(listed: list[dict[str, Any]], query: Mapping[str, str]) -> Reply:
    """One page of a list, behind the object named by `after`."""
    ids = [one["id"] for one in listed]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    end = start + int(query.get("limit", "20"))
    page = listed[start:end]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return _json({"object": "list", "data": page, **ends, "has_more": end < len(listed)})


def _form(content_type: str, content: bytes) -> dict[str, tuple[str, bytes]]:
    """The fields of a multipart form: file name (empty if it has none) and bytes, by field name."""
    found = re.search(r'boundary="?([^";]+)', content_type)
    if found is None:
        return {}
    fields = {}
    for piece in content.split(b"--" + found[1].encode())[1:-1]:
        head, _, value = piece[2:-2].partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        file = re.search(rb'filename="([^"]*)"', head)
        if name is not None:
            fields[name[1].decode()] = (file[1].decode() if file else "", value)
    return fields
