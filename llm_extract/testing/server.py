"""A real OpenAI-compatible HTTP server on loopback that says what a test tells it to say.

    with ScriptedServer() as server:                    # 127.0.0.1, a free port, a thread of its own
        server.reply(error(429, headers={"Retry-After": "1"}), answer({"contracts": []}))
        ...                                             # call it at server.base_url
        assert [r.body["model"] for r in server.requests] == ["m", "m"]

What it says to a request, first that applies:

1. the next of the replies queued with `server.reply(*replies)` (POST requests only);
2. what the function `server.respond(request)` returns, unless None (any method and path; it runs in
   the server's thread and must not block: use `delay` of a reply to be slow);
3. `server.default` for POST /v1/chat/completions and /v1/completions, the list of `server.models`
   for GET /v1/models, and 404 for everything else.

Replies are frozen values, made by: `answer`, `refusal`, `error`, `raw`, `hang`, `drip`, `reset`, `cut`.
An answer takes the form that its request asks for: a chat completion, a tool call where the request
forces a tool, or a text completion. `server.requests` holds every request in order of arrival.
`server.most_in_flight` and `server.most_connections` are the peaks of unanswered requests and open sockets.

For benchmarks, run it in another process with `ScriptedServer(record=False)`: `requests` then stays empty.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self

MAX_REQUEST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it arrived."""

    number: int
    """Counted from 0 in order of arrival."""
    method: str
    path: str
    """With the query string, if there was one."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    """The parsed JSON; None if the body was empty or no JSON."""
    content: bytes = field(repr=False)
    """The body as received."""
    arrived: float
    """`time.monotonic()` when the last byte was here, in seconds."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent for one request. Made by the functions below; change one with `dataclasses.replace`."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    content: str | None = None
    """The model's words, put into the form that the request asks for; None: `body` is sent as it is."""
    refusal: str | None = None
    model: str | None = None
    """The model that says it answered; None: the one that was asked."""
    finish_reason: str = "stop"
    input_tokens: int = 100
    output_tokens: int = 20
    cached_input_tokens: int = 0
    delay: float = 0.0
    """Seconds before the first byte is sent."""
    fault: Literal["hang", "drip", "reset", "cut"] | None = None
    amount: float = 0.0
    """Of the fault: bytes a second (drip), or bytes sent of the body (cut)."""


def answer(
    content: Any,
    *,
    model: str | None = None,
    finish_reason: str = "stop",
    input_tokens: int = 100,
    output_tokens: int = 20,
    cached_input_tokens: int = 0,
    headers: Mapping[str, str] | None = None,
    delay: float = 0.0,
) -> Reply:
    """A completion. `content` is sent as it is if it is a string, else as JSON; `delay` is in seconds."""
    return Reply(
        content=content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
        model=model,
        finish_reason=finish_reason,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cached_input_tokens=cached_input_tokens,
        headers=tuple((headers or {}).items()),
        delay=delay,
    )


def refusal(text: str) -> Reply:
    """A chat completion whose message is a refusal with this reason, and no content."""
    return Reply(content="", refusal=text)


def error(
    status: int,
    code: str | None = None,
    type: str | None = None,  # noqa: A002 - OpenAI's word for the field
    message: str = "scripted error",
    headers: Mapping[str, str] | None = None,
    delay: float = 0.0,
) -> Reply:
    """An error in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`."""
    body = {"error": {"message": message, "type": type, "param": None, "code": code}}
    return Reply(status=status, body=json.dumps(body).encode(), headers=tuple((headers or {}).items()), delay=delay)


def raw(
    status: int,
    body: bytes,
    content_type: str = "text/html",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Any bytes with any status."""
    return Reply(status=status, body=body, content_type=content_type, headers=tuple((headers or {}).items()))


def hang(seconds: float) -> Reply:
    """Not a byte for so many seconds; then the connection is closed without an answer."""
    return Reply(fault="hang", delay=seconds)


def drip(bytes_per_second: float, reply: Reply | None = None) -> Reply:
    """`reply` (else an empty object as answer) with its body a byte at a time at this rate."""
    return replace(reply or answer({}), fault="drip", amount=bytes_per_second)


def reset() -> Reply:
    """The connection is reset (TCP RST) instead of an answer."""
    return Reply(fault="reset")


def cut(after_bytes: int, reply: Reply | None = None) -> Reply:
    """`reply` (else an empty object as answer) closed after so many bytes of the body that it announced."""
    return replace(reply or answer({}), fault="cut", amount=after_bytes)


class ScriptedServer:
    """The server; see the module's docstring. A context manager: it listens from `with` to its end."""

    def __init__(
        self,
        default: Reply | None = None,
        *,
        respond: Callable[[RecordedRequest], Reply | None] | None = None,
        models: tuple[str, ...] = ("scripted-model",),
        record: bool = True,
    ) -> None:
        self.default = default if default is not None else answer({})
        self.respond = respond
        self.models = models
        self.requests: list[RecordedRequest] = []
        self.port = 0
        self.most_in_flight = 0
        self.most_connections = 0
        self._record = record
        self._number = 0
        self._in_flight = 0
        self._queue: deque[Reply] = deque()
        self._connections: set[_Connection] = set()

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as base URL: `http://127.0.0.1:PORT/v1`."""
        return f"http://127.0.0.1:{self.port}/v1"

    def reply(self, *replies: Reply) -> None:
        """Queue replies for the next POST requests, one each, in order."""
        self._queue.extend(replies)

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(listener, ready), name="scripted-server", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(loop.create_server(lambda: _Connection(self, loop), sock=listener))
        ready.set()
        loop.run_forever()
        server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        # One more turn, in which the transports close their sockets.
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        asyncio.set_event_loop(None)
        loop.close()

    def _choose(self, request: RecordedRequest) -> Reply:
        if request.method == "POST" and self._queue:
            return self._queue.popleft()
        if self.respond is not None:
            chosen = self.respond(request)
            if chosen is not None:
                return chosen
        path = request.path.partition("?")[0]
        if request.method == "POST" and path in ("/v1/chat/completions", "/v1/completions"):
            return self.default
        if request.method == "GET" and path == "/v1/models":
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.models]
            return raw(200, json.dumps({"object": "list", "data": listed}).encode(), "application/json")
        return error(404, "not_found", message=f"no such path: {request.method} {path}")


class _Connection(asyncio.Protocol):
    """One socket: requests are read and answered in order."""

    transport: asyncio.Transport

    def __init__(self, server: ScriptedServer, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.loop = loop
        self.buffer = bytearray()
        self.busy = False
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self.transport = transport
        server = self.server
        server._connections.add(self)
        server.most_connections = max(server.most_connections, len(server._connections))

    def connection_lost(self, error: Exception | None) -> None:
        self.server._connections.discard(self)
        if self.timer is not None:
            self.timer.cancel()
        self._done()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._read()

    def _read(self) -> None:
        """Take one whole request from the buffer, unless one is still being answered."""
        if self.busy:
            return
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if length > MAX_REQUEST_BYTES or "transfer-encoding" in headers:
            self.transport.abort()
            return
        if len(self.buffer) < end + 4 + length:
            return
        content = bytes(self.buffer[end + 4 : end + 4 + length])
        del self.buffer[: end + 4 + length]
        method, path, _ = first.split(" ", 2)
        server = self.server
        request = RecordedRequest(server._number, method, path, headers, _parsed(content), content, time.monotonic())
        server._number += 1
        if server._record:
            server.requests.append(request)
        self.busy = True
        server._in_flight += 1
        server.most_in_flight = max(server.most_in_flight, server._in_flight)
        reply = server._choose(request)
        if reply.delay > 0:
            self.timer = self.loop.call_later(reply.delay, self._send, reply, request)
        else:
            self._send(reply, request)

    def _send(self, reply: Reply, request: RecordedRequest) -> None:
        if reply.fault == "hang":
            self.transport.close()
            return
        if reply.fault == "reset":
            # A linger time of 0 makes the kernel send RST instead of FIN.
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            return
        body = reply.body if reply.content is None else _completion(reply, *_asked(request))
        head = _head(reply, len(body), request.number)
        if reply.fault == "cut":
            self.transport.write(head + body[: int(reply.amount)])
            self.transport.close()
        elif reply.fault == "drip":
            self.transport.write(head)
            self._drip(body, 0, 1 / reply.amount)
        else:
            # First the bookkeeping: once the bytes are out, the test may look at it.
            self._done()
            self.transport.write(head + body)
            if self.buffer:
                self._read()

    def _drip(self, body: bytes, sent: int, pause: float) -> None:
        self.transport.write(body[sent : sent + 1])
        if sent + 1 < len(body):
            self.timer = self.loop.call_later(pause, self._drip, body, sent + 1, pause)
        else:
            self._done()

    def _done(self) -> None:
        if self.busy:
            self.busy = False
            self.server._in_flight -= 1


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None


def _head(reply: Reply, length: int, number: int) -> bytes:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Scripted"
    headers = {
        "date": formatdate(usegmt=True),
        "content-type": reply.content_type,
        "x-request-id": f"request-{number}",
        **{name.lower(): value for name, value in reply.headers},
        "content-length": str(length),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} {phrase}\r\n{lines}\r\n".encode("latin-1")


def _asked(request: RecordedRequest) -> tuple[str, str, str | None]:
    """What the form of an answer depends on: kind of completion, model, and the tool that is forced."""
    body = request.body if isinstance(request.body, dict) else {}
    if not request.path.partition("?")[0].endswith("/chat/completions"):
        return "text_completion", str(body.get("model", "")), None
    choice = body.get("tool_choice")
    tool = None
    if isinstance(choice, dict):
        tool = choice.get("function", {}).get("name")
    elif choice == "required" and body.get("tools"):
        tool = body["tools"][0].get("function", {}).get("name")
    return "chat.completion", str(body.get("model", "")), tool


@lru_cache(maxsize=256)
def _completion(reply: Reply, kind: str, model: str, tool: str | None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason, "logprobs": None}
    if kind == "text_completion":
        choice["text"] = reply.content
    else:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": reply.content if reply.refusal is None else None,
            "refusal": reply.refusal,
        }
        if tool is not None and reply.refusal is None:
            call = {
                "id": "call-1",
                "type": "function",
                "function": {"name": tool, "arguments": reply.content},
            }
            message |= {"content": None, "tool_calls": [call]}
            if reply.finish_reason == "stop":
                # OpenAI says "stop" where a tool was forced by name, others "tool_calls": the harder one.
                choice["finish_reason"] = "tool_calls"
        choice["message"] = message
    body = {
        "id": "completion-1",
        "object": kind,
        "created": 0,
        "model": reply.model or model,
        "choices": [choice],
        "usage": {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": reply.output_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens,
            "prompt_tokens_details": {"cached_tokens": reply.cached_input_tokens},
        },
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
