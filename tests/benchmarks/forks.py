"""Runs of the command line in forks of a process that has imported everything: they begin in milliseconds.

A fork can be killed after some time, at an operation of `llm_extract.files`, or, under strace, in a system call.
`python -m tests.benchmarks.forks FOLDER` is the process that forks; it is told what to do by `Forks`.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.batch.test_crashes import Side, strike

ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    """How a process ended."""

    status: int
    """Its exit code, or the signal that killed it, negative."""
    began: float
    ended: float
    """`time.monotonic()`, in seconds."""

    @property
    def killed(self) -> bool:
        return self.status in (-signal.SIGKILL, 137)


class Forks:
    """A process that has done a run, and does others in forks of itself. A context manager."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.forks", str(folder)],
            cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, out: str, cache: str, **job: Any) -> Ended:
        """The command on `out`, with a cache of its own; what else there is in `job` see `_in_a_fork`."""
        words = ["batch", "news.jsonl", "--out", str(self._folder / out), "--task", "deals"]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"words": words, "cache": cache, **job}), file=self._process.stdin, flush=True)
        return Ended(*json.loads(self._process.stdout.readline()))

    @contextmanager
    def traced(self, *options: str) -> Iterator[None]:
        """With strace over all forks. It is attached now, for the imports would take seconds under it."""
        said = self._folder / "strace-says"
        with said.open("wb") as stream:
            words = ["strace", "-f", "-p", str(self._process.pid), *options]
            strace = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stream)
        try:
            while b"attached" not in said.read_bytes():
                assert strace.poll() is None, said.read_text()
                time.sleep(0.005)
            yield
        finally:
            strace.terminate()
            strace.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()


def strace_is_usable() -> bool:
    """Whether strace is there, and may trace."""
    if shutil.which("strace") is None:
        return False
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, preexec_fn=_let_others_trace) as child:
        words = ["timeout", "0.3", "strace", "-p", str(child.pid), "-o", "/dev/null"]
        tried = subprocess.run(words, capture_output=True, text=True, check=False)
        assert child.stdin is not None
        child.stdin.close()
    return "attached" in tried.stderr


# --- in the process that forks --------------------------------------------------------------------


def serve_forks(folder: Path) -> None:
    """Do runs as standard input says, a JSON object a line, and say of each how it ended."""
    _let_others_trace()
    answers = os.fdopen(os.dup(1), "w")
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder)
    for number, line in enumerate(sys.stdin):
        job = json.loads(line)
        os.environ["LLM_EXTRACT_CACHE_DIR"] = str(folder / job.pop("cache"))
        began = ended = time.monotonic()
        if number == 0:  # here: it brings all imports, and must leave nothing that a fork would carry along
            status = _command(job["words"])
            assert len(list(Path("/proc/self/task").iterdir())) == 1, threading.enumerate()
        else:
            status, ended = _in_a_fork(**job)
        print(json.dumps([status, began, ended]), file=answers, flush=True)


def _command(words: list[str]) -> int:
    from llm_extract.cli.main import main

    try:
        main(words)
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def _in_a_fork(
    words: list[str],
    after: float | None = None,
    operation: tuple[int, str] | None = None,
    call: tuple[str, str, int] | None = None,
    notes: str = "notes",
) -> tuple[int, float]:
    """The command in a fork of this process: its status, and when it ended or was killed, as `Ended` has them.

    Args:
        words: the command's.
        after: kill it after so many seconds.
        operation: let it die at this operation of `llm_extract.files`, in this way; see `test_crashes.strike`.
        call: before a thread of this name does anything, it makes this call so many times for nothing, so that
            strace strikes so much earlier.
        notes: a file that is told the names of threads, or the operations.
    """
    child = os.fork()
    if child == 0:
        status = 99
        try:
            side = Side(Path(notes))
            if operation is not None:
                strike(*operation, side, Side(Path("synced")))
            _announce_threads(side, call)
            status = _command(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)
    ended = 0.0
    if after is not None:
        process = os.pidfd_open(child)
        if not select.select([process], [], [], after)[0]:
            os.kill(child, signal.SIGKILL)
            ended = time.monotonic()  # it takes some milliseconds until it is gone
        os.close(process)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status, ended or time.monotonic()


def _announce_threads(side: Side, call: tuple[str, str, int] | None) -> None:
    """Let each thread say its number and name, and make the calls for nothing that are wanted of it."""
    real = threading.Thread.run

    def begin(thread: threading.Thread) -> None:
        name = thread.name.rpartition("_")[0] or thread.name
        side.add(f"{threading.get_native_id()} {name}")
        if call is not None and call[0] == name:
            _spend(call[1], call[2])

    def run(thread: threading.Thread) -> None:
        begin(thread)
        real(thread)

    threading.Thread.run = run  # type: ignore[method-assign, assignment]
    begin(threading.current_thread())


def _spend(call: str, times: int) -> None:
    """Make a system call so many times, without effect."""
    descriptor = os.open("spend", os.O_RDWR | os.O_CREAT)
    for _ in range(times):
        match call:
            case "write":
                os.write(descriptor, b"")
            case "pwrite64":
                os.pwrite(descriptor, b"", 0)
            case "fsync":
                os.fsync(descriptor)
            case "fdatasync":
                os.fdatasync(descriptor)
            case "ftruncate":
                os.ftruncate(descriptor, 0)
            case "rename":
                os.rename("spend", "spend")  # noqa: PTH104
            case "unlink":
                with open(os.devnull, "rb"):  # noqa: PTH123
                    try:
                        os.unlink("spend/none")  # noqa: PTH108
                    except OSError:
                        continue
    os.close(descriptor)


def _let_others_trace() -> None:
    """Let a process that is no ancestor of this one trace it, also where the kernel's Yama module is strict."""
    set_ptracer, anyone = 0x59616D61, -1
    ctypes.CDLL(None).prctl(set_ptracer, ctypes.c_ulong(anyone), 0, 0, 0)


if __name__ == "__main__":
    serve_forks(Path(sys.argv[1]))
