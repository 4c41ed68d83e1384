"""The sync face of async code: one event loop on one background thread, for the whole process.

A thread of its own, since a notebook's thread already runs a loop; one for the process, since
clients keep their connections with the loop that opened them.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from llm_extract.errors import UsageError

T = TypeVar("T")

CANCEL_SECONDS = 5.0
"""How long an interrupted caller, or the end of the process, waits for the coroutine's own clean-up."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` on the background loop and wait for its result.

    Works inside a running event loop (which it blocks, as any sync call does), from any thread, and
    after a fork. What the coroutine raises is raised here, the same object with its traceback. An
    interrupt (Ctrl-C) cancels the coroutine, lets it clean up, and is raised again; a second one
    does not wait.

    Raises:
        UsageError: called on the background loop itself, which would wait for itself without end.
    """
    if not asyncio.iscoroutine(coroutine):
        raise TypeError(f"a coroutine is needed, not {coroutine!r}")
    if threading.current_thread() is _thread:
        coroutine.close()
        raise UsageError("a sync call inside llm_extract's own event loop: await the async form instead")
    outcome: Future[T] = Future()
    tasks: list[asyncio.Task[T]] = []
    loop: asyncio.AbstractEventLoop | None = None

    def start() -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        tasks.append(task)
        task.add_done_callback(finish)

    def finish(task: asyncio.Task[T]) -> None:
        if task.cancelled():
            outcome.set_exception(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def cancel() -> None:
        if tasks:
            tasks[0].cancel()
        else:  # interrupted before it was handed over
            coroutine.close()
            outcome.cancel()

    try:
        with _lock:
            loop = _running_loop()
            loop.call_soon_threadsafe(start)
        return outcome.result()
    except BaseException:
        if not outcome.done():  # not the coroutine failed: its caller was interrupted
            if loop is None:
                coroutine.close()
            else:
                loop.call_soon_threadsafe(cancel)
                wait([outcome], CANCEL_SECONDS)
        raise


def _running_loop() -> asyncio.AbstractEventLoop:
    """The background loop, started if there is none. The caller holds the lock."""
    global _loop, _thread
    if _loop is None or _thread is None or not _thread.is_alive():
        _loop = asyncio.new_event_loop()
        _thread = threading.Thread(target=_serve, args=(_loop,), name="llm_extract", daemon=True)
        _thread.start()
    return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    while True:
        try:
            loop.run_forever()
            break
        except (KeyboardInterrupt, SystemExit):
            # Raised by a coroutine: its caller has it already, and the others' must go on.
            continue
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _stop() -> None:
    """End the loop with all that runs on it; the next call would start another."""
    global _loop, _thread
    with _lock:
        loop, thread, _loop, _thread = _loop, _thread, None, None
        if loop is not None and thread is not None and thread.is_alive():
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CANCEL_SECONDS)


def _forget() -> None:
    """In a forked child: the thread is not here, and the loop's sockets are the parent's."""
    global _lock, _loop, _thread, _parents_loop
    _parents_loop = (_parents_loop, _loop)
    _lock, _loop, _thread = threading.Lock(), None, None


# Never closed, since that would take the parent's wake-up socket off the poll that both share.
_parents_loop: Any = None

atexit.register(_stop)
os.register_at_fork(after_in_child=_forget)
