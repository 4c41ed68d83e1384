"""The embedded model: a llama.cpp server in a child process on loopback, started when it is first needed.

    server = shared_server(model_file("gemma3-270m", cache))
    base_url, api_key = server.ensure_running()

All functions here block (a start takes one to a few seconds); asynchronous callers use `asyncio.to_thread`.
"""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

from llm_extract.errors import EmbeddedModelError
from llm_extract.model import embedded_server
from llm_extract.model.gguf import read_header
from llm_extract.model.machine import available_memory, free_cores
from llm_extract.model.types import Attention
from llm_extract.model.weights import DEFAULT_MODEL, KNOWN_MODELS

_STOP_SECONDS = 5.0
_HEALTH_SECONDS = 5.0
_MEGABYTE = 1_000_000

_OVERHEAD_BYTES = 200 * _MEGABYTE
"""What the process takes beside weights and attention cache: Python, llama.cpp, the grammar's tables."""

_MOST_DECODE_THREADS = 4


class Address(NamedTuple):
    """Where a running server is reached."""

    base_url: str
    """With the `/v1` that the OpenAI client expects."""
    api_key: str


class EmbeddedServer:
    """One server of one model file. Safe to use from several threads; a forked process starts its own.

    `threads` are the cores that the model may use, by default those that are free; `context` is the
    window in tokens, prompt and answer together; `attention` is how the model reads; `alias` is the
    model's name in its answers. One request runs at a time, others wait: on a small machine batches
    bring nothing, and the prompt cache is one article's.
    """

    def __init__(
        self,
        model_file: Path,
        *,
        threads: int | None = None,
        context: int = 8192,
        attention: Attention = "causal",
        alias: str = "embedded",
        cache_ram_mib: int = 256,
        start_seconds: float = 120.0,
    ) -> None:
        self.model_file = model_file
        self._threads = threads
        self._context = context
        self._attention = attention
        self._alias = alias
        self._cache_ram_mib = cache_ram_mib
        self._start_seconds = start_seconds
        self._lock = threading.RLock()
        self._child: _Child | None = None
        self._key = secrets.token_hex(32)
        self._port = 0
        self._restarts = 0
        _servers.add(self)

    @property
    def pid(self) -> int | None:
        """The child's process id, None while none has been started."""
        return None if self._child is None else self._child.process.pid

    def start(self) -> Address:
        """Start the server unless it is running, and wait until it answers.

        Raises EmbeddedModelError if the runtime is not installed, memory is short, the model
        cannot be loaded, or the server does not answer in time; the end of its log is in the message.
        """
        with self._lock:
            if self._child is None:
                self._child = self._launch()
            return self._address()

    def ensure_running(self) -> Address:
        """The address of a server that is alive: started now if need be, restarted once if it died.

        Call it before the first request and after every failed one. The address stays the same over a restart
        where the port is still free. Raises EmbeddedModelError as `start` does, and when it died twice.
        """
        with self._lock:
            if self._child is None:
                return self.start()
            if self._answers(self._child):
                return self._address()
            self._child.stop()
            ending = self._child.ending()
            self._child.discard()
            if self._restarts:
                raise EmbeddedModelError(
                    f"the embedded model's process died again after it had been restarted ({ending}); "
                    "it may be short of memory: close other programs or choose another model"
                )
            self._child = None  # a start that fails, for want of memory now, may succeed later
            self._child = self._launch()
            self._restarts += 1
            return self._address()

    def stop(self) -> None:
        """End the server: SIGTERM, five seconds, SIGKILL. It may be started again. Never raises."""
        with self._lock:
            child, self._child = self._child, None
            self._restarts = 0
            if child is not None:
                child.stop()
                child.discard()

    def __enter__(self) -> EmbeddedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _address(self) -> Address:
        return Address(f"http://127.0.0.1:{self._port}/v1", self._key)

    def _launch(self) -> _Child:
        if find_spec("xllamacpp") is None:
            raise EmbeddedModelError(
                f"the embedded model's runtime is not installed (xllamacpp is missing): "
                f"{KNOWN_MODELS[DEFAULT_MODEL].install}"
            )
        if not self.model_file.is_file():
            raise EmbeddedModelError(f"the model file {self.model_file} is missing")
        self._check_memory()
        decode, prefill = thread_counts(self._threads)
        child = _Child(
            {
                "parent": os.getpid(),
                "model": str(self.model_file),
                "alias": self._alias,
                "port": self._port,
                "key": self._key,
                "context": self._context,
                "attention": self._attention,
                "decode_threads": decode,
                "prefill_threads": prefill,
                "cache_ram_mib": self._cache_ram_mib,
            }
        )
        deadline = time.monotonic() + self._start_seconds
        try:
            port = child.port(self._start_seconds)
            while not _healthy(port):
                if child.ended.is_set() or time.monotonic() > deadline:
                    raise EmbeddedModelError(f"it does not answer ({child.ending()})")  # noqa: TRY301
                time.sleep(0.05)
        except BaseException as error:
            child.stop()
            log = child.last_lines()
            child.discard()
            if isinstance(error, EmbeddedModelError):
                raise EmbeddedModelError(
                    f"the embedded model {self.model_file} did not start: {error}"
                    + (f"; the end of its log:\n{log}" if log else "")
                ) from error
            raise
        self._port = port
        return child

    def _check_memory(self) -> None:
        """Refuse to start what the kernel would kill; on a system that does not tell, start."""
        cache = self._context * read_header(self.model_file).cache_bytes_per_token
        needed = self.model_file.stat().st_size + cache + self._cache_ram_mib * (1 << 20) // 4 + _OVERHEAD_BYTES
        available = available_memory()
        if available is not None and available < needed:
            raise EmbeddedModelError(
                f"the embedded model {self.model_file.name} needs about {needed // _MEGABYTE} MB of memory "
                f"and {available // _MEGABYTE} MB are available: close other programs, or choose a smaller "
                f"context than {self._context} tokens or a smaller model"
            )

    def _answers(self, child: _Child) -> bool:
        """Whether the server takes connections; a process that is just dying is given time to end."""
        if not child.ended.is_set() and _healthy(self._port):
            return True
        # Killed a moment ago, its sockets are closed before its end is seen.
        child.ended.wait(_HEALTH_SECONDS)
        return False

    def _forget(self) -> None:
        """In a forked process: the server is the parent's; this copy starts its own when asked."""
        self._lock = threading.RLock()
        child, self._child = self._child, None
        self._key = secrets.token_hex(32)
        self._port = 0
        self._restarts = 0
        if child is not None:
            child.disown()


class _Child:
    """The child process, the thread that keeps it, and its log."""

    def __init__(self, parameters: dict[str, object]) -> None:
        self.ended = threading.Event()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in discard()
        self._reports: queue.SimpleQueue[bytes | OSError] = queue.SimpleQueue()
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        # The kernel's notice that a parent died goes by the thread that started the child, so the thread
        # that starts it stays as long as the child does.
        threading.Thread(
            target=self._keep, args=(parameters, started), name="llm-extract-embedded", daemon=True
        ).start()
        process = started.get()
        if isinstance(process, OSError):
            self._log.close()
            raise EmbeddedModelError(f"the embedded model's process cannot be started: {process.strerror}")
        self.process = process

    def _keep(
        self,
        parameters: dict[str, object],
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError],
    ) -> None:
        # -P: the user's folder is not searched for modules. Waiting threads spin for a moment only. Measured on two
        # cores, a line's few new tokens: 62 ms without spinning, 22 ms with 1,000 turns or more; on a machine busy with
        # two other processes 40 ms without, 85 ms with 1,000 turns, 990 ms with 20,000.
        environment = os.environ | {"GOMP_SPINCOUNT": "1000"}
        try:
            process = subprocess.Popen(  # noqa: S603 - our own file, by our own interpreter
                [sys.executable, "-P", embedded_server.__file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the user's program, which ends this one itself
            )
        except OSError as error:
            started.put(error)
            self.ended.set()
            return
        started.put(process)
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        with contextlib.suppress(OSError):  # it died at once: its end says so
            process.stdin.write(json.dumps(parameters).encode() + b"\n")
        with process.stdout:
            self._reports.put(process.stdout.readline())
        process.wait()
        self.ended.set()

    def port(self, seconds: float) -> int:
        """The port that the child reports. Raises EmbeddedModelError if it ends or the time is over."""
        try:
            report = self._reports.get(timeout=seconds)
        except queue.Empty:
            raise EmbeddedModelError(f"it was not ready after {seconds:.0f} s") from None
        if not report:
            self.ended.wait(_STOP_SECONDS)
            raise EmbeddedModelError(self.ending())
        return int(json.loads(report)["port"])  # type: ignore[arg-type]

    def ending(self) -> str:
        """How it ended, in words."""
        status = self.process.returncode
        if status is None:
            return "its process is running"
        return f"killed by signal {-status}" if status < 0 else f"its process ended with status {status}"

    def last_lines(self, count: int = 8) -> str:
        """The end of the log. Read at a place of its own: the child writes through the same open file."""
        descriptor = self._log.fileno()
        size = os.fstat(descriptor).st_size
        end = os.pread(descriptor, 8192, max(0, size - 8192))
        return "\n".join(end.decode("utf-8", "replace").splitlines()[-count:])

    def stop(self) -> None:
        """SIGTERM, five seconds, SIGKILL."""
        self.process.terminate()
        if not self.ended.wait(_STOP_SECONDS):
            self.process.kill()
            self.ended.wait(_STOP_SECONDS)

    def discard(self) -> None:
        """Close what is held open for the child; if it still runs, that ends it too."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self._log.close()

    def disown(self) -> None:
        """In a forked process: let go of the pipes (else they would keep the child alive) and of its end."""
        self.process.returncode = 0
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def thread_counts(threads: int | None = None) -> tuple[int, int]:
    """How many threads decode and how many read prompts, given the cores to use (None: the free ones).

    Measured on two cores with a 270M model: reading a prompt gains from every core, but a decoded token is
    so little work that waiting for each other costs more than it brings (1 thread 65 tokens/s, 2 threads 35).
    """
    prefill = max(1, threads or free_cores())
    return max(1, min(_MOST_DECODE_THREADS, prefill // 2)), prefill


_servers: weakref.WeakSet[EmbeddedServer] = weakref.WeakSet()
_shared: dict[tuple[Path, int | None, int, Attention, str], EmbeddedServer] = {}
_shared_lock = threading.Lock()


def shared_server(
    model_file: Path,
    *,
    threads: int | None = None,
    context: int = 8192,
    attention: Attention = "causal",
    alias: str = "embedded",
) -> EmbeddedServer:
    """This process's one server for a model file, threads, context, attention and alias. Not started yet.

    It ends with the process.
    """
    key = (model_file.resolve(), threads, context, attention, alias)
    with _shared_lock:
        if key not in _shared:
            _shared[key] = EmbeddedServer(
                model_file, threads=threads, context=context, attention=attention, alias=alias
            )
        return _shared[key]


def stop_all() -> None:
    """End every server of this process; also done when it exits."""
    for server in list(_servers):
        server.stop()


def _after_fork() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()
    _shared.clear()
    for server in list(_servers):
        server._forget()


def _healthy(port: int) -> bool:
    """Whether the server on `port` says that it is ready; one that is only slow to answer counts as ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HEALTH_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (ConnectionError, http.client.HTTPException):
        return False
    except OSError:  # slow, or no descriptor is left here: nothing that it can be blamed for
        return True
    finally:
        connection.close()


atexit.register(stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
