"""A lean endpoint for benchmarks, in a process of its own: `python -m tests.benchmarks.server`.

Standard input gives one line of JSON, `{"answer": ..., "latency": 0.2, "faults": 0.1, "at_most": 64}`; all but the
answer may be absent. The base URL is printed, and at the end of standard input `{"asked": N, "answered": N,
"refused": N, "most_in_flight": N}`: requests that came, those answered soundly, those answered 429, the peak of
unanswered ones.

It answers every request after `latency` seconds with one chat completion, whose content is `answer` (JSON, or a string
as it is). `faults` is the share of requests that get, each as often as the others, a 429 without Retry-After, a 429
with Retry-After 0.2, a 500, a reset, or an answer that is no JSON; `kinds` chooses among these by name (`FAULTS`).
With `at_most`, a request beyond so many unanswered ones is refused at once by a 429 without Retry-After.

The same can be had inside a benchmark: `with serving(answer, latency=0.2) as server: ...`, then `server.counts`.

Requests are not parsed: a call costs it some 30 µs, so that it is no bottleneck of what is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FAULTS = ("429", "429 wait", "500", "reset", "no json")
MODEL = "gpt-test"


@dataclass
class Script:
    """What is answered, and how."""

    answer: Any
    latency: float = 0.0
    """Seconds before each sound answer, and each fault of `faults`."""
    faults: float = 0.0
    kinds: tuple[str, ...] = FAULTS
    at_most: int | None = None
    seed: int = 1


@dataclass
class Counts:
    """What came and went."""

    asked: int = 0
    answered: int = 0
    """Soundly."""
    refused: int = 0
    """By 429."""
    most_in_flight: int = 0


class State:
    """What all sockets share."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.counts = Counts()
        self.in_flight = 0
        self.chance = random.Random(script.seed)
        self.sound = _response(200, _completion(script.answer))
        self.faults = {
            "429": _response(429, _error("rate_limit_exceeded")),
            "429 wait": _response(429, _error("rate_limit_exceeded"), "Retry-After: 0.2\r\n"),
            "500": _response(500, _error("server_error")),
            "reset": b"",
            "no json": _response(200, _completion("no json")),
        }

    def choose(self) -> tuple[str, bytes, float]:
        """The name of what is answered to the next request, its bytes, and after how many seconds."""
        script, counts = self.script, self.counts
        counts.asked += 1
        if script.at_most is not None and self.in_flight >= script.at_most:
            counts.refused += 1
            return "429", self.faults["429"], 0.0
        if script.faults and self.chance.random() < script.faults:
            kind = self.chance.choice(script.kinds)
            counts.refused += kind.startswith("429")
            return kind, self.faults[kind], script.latency
        counts.answered += 1
        return "sound", self.sound, script.latency


class Socket(asyncio.Protocol):
    """One socket: one request after another."""

    transport: asyncio.Transport

    def __init__(self, state: State, loop: asyncio.AbstractEventLoop) -> None:
        self.state = state
        self.loop = loop
        self.buffer = b""
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self._left()

    def data_received(self, data: bytes) -> None:
        self.buffer = self.buffer + data if self.buffer else data
        end = self.buffer.find(b"\r\n\r\n") + 4
        if end < 4 or self.timer is not None:
            return
        head = self.buffer[:end].lower()
        place = head.find(b"\r\ncontent-length:")
        length = int(head[place + 17 : head.find(b"\r\n", place + 2)]) if place >= 0 else 0
        if len(self.buffer) < end + length:
            return
        self.buffer = self.buffer[end + length :]
        state = self.state
        kind, response, seconds = state.choose()
        state.in_flight += 1
        state.counts.most_in_flight = max(state.counts.most_in_flight, state.in_flight)
        self.timer = self.loop.call_later(seconds, self._send, kind, response)

    def _send(self, kind: str, response: bytes) -> None:
        self._left()
        if kind == "reset":
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.write(response)

    def _left(self) -> None:
        self.timer = None
        self.state.in_flight -= 1


def _completion(content: Any) -> dict[str, Any]:
    words = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    message = {"role": "assistant", "content": words, "refusal": None}
    usage = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [choice],
        "usage": usage,
    }


def _error(code: str) -> dict[str, Any]:
    return {"error": {"message": "scripted error", "type": None, "param": None, "code": code}}


def _response(status: int, body: dict[str, Any], headers: str = "") -> bytes:
    content = json.dumps(body, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\nx-request-id: request-1\r\n{headers}"
    return f"{head}content-length: {len(content)}\r\n\r\n".encode() + content


# --- from inside a benchmark ----------------------------------------------------------------------


@dataclass
class Serving:
    """A server in another process."""

    base_url: str
    counts: Counts = field(default_factory=Counts)
    """Known once the `with` block has ended."""


@contextmanager
def serving(answer: Any, **script: Any) -> Iterator[Serving]:
    """A server of this script (see `Script`) in another process, as long as the `with` block runs."""
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"answer": answer, **script}) + "\n")
        server = Serving(process.stdout.readline().strip())
        try:
            yield server
        finally:
            process.stdin.close()
            server.counts = Counts(**json.loads(process.stdout.readline()))


async def serve() -> None:
    """Serve what standard input says until it ends."""
    loop = asyncio.get_running_loop()
    state = State(Script(**json.loads(sys.stdin.readline())))
    server = await loop.create_server(lambda: Socket(state, loop), "127.0.0.1", 0, backlog=4096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(vars(state.counts)), flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
