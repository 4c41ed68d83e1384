"""Async code for sync callers: anywhere, interruptible, and gone without a sound."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from llm_extract.background import run
from llm_extract.errors import Refused, UsageError


async def double(number: int) -> int:
    await asyncio.sleep(0.001)
    return 2 * number


def python(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", *options, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_a_result_comes_back() -> None:
    assert run(double(21)) == 42


async def test_it_works_inside_a_running_loop_as_in_a_notebook() -> None:
    assert run(double(4)) == 8


def test_all_calls_share_one_loop() -> None:
    async def loop_and_thread() -> tuple[int, int]:
        return id(asyncio.get_running_loop()), threading.get_ident()

    with ThreadPoolExecutor(4) as pool:
        places = set(pool.map(lambda _: run(loop_and_thread()), range(20)))

    assert len(places) == 1
    assert threading.get_ident() not in {thread for _, thread in places}


def test_calls_from_several_threads_overlap() -> None:
    together = threading.Barrier(4, timeout=10)

    async def meet() -> int:
        return await asyncio.to_thread(together.wait)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: run(meet()), range(4))) == list(range(4))


def test_an_error_keeps_its_identity_and_its_traceback() -> None:
    error = Refused("the model declined: no contracts today")

    async def the_culprit() -> None:
        raise error

    with pytest.raises(Refused) as caught:
        run(the_culprit())

    assert caught.value is error
    assert "the_culprit" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]


def test_a_cancelled_coroutine_says_so_and_the_next_call_works() -> None:
    async def cancel_oneself() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    with pytest.raises(asyncio.CancelledError):
        run(cancel_oneself())
    assert run(double(1)) == 2


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_exit_raised_by_the_coroutine_reaches_its_caller_and_spares_the_others(
    kind: type[BaseException],
) -> None:
    async def leave() -> None:
        raise kind

    async def slow() -> str:
        await asyncio.sleep(0.2)
        return "still here"

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run, slow())
        with pytest.raises(kind):
            run(leave())
        assert other.result() == "still here"


def test_the_callers_context_is_seen() -> None:
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("the caller's")

    async def look() -> str:
        return variable.get()

    assert run(look()) == "the caller's"


def test_a_sync_call_on_the_loop_itself_is_refused_instead_of_waiting_for_ever() -> None:
    async def nested() -> int:
        return run(double(3))

    with pytest.raises(UsageError, match="await"):
        run(nested())


def test_an_interrupt_cancels_the_coroutine_lets_it_clean_up_and_is_raised() -> None:
    events: list[str] = []

    async def work() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            events.append("cancelled")
            await asyncio.sleep(0.02)
            events.append("cleaned up")
            raise

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(work())
    finally:
        signal.signal(signal.SIGALRM, previous)

    assert events == ["cancelled", "cleaned up"]
    assert run(double(5)) == 10


def test_a_second_interrupt_does_not_wait() -> None:
    async def stubborn() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.1)
        for _ in range(3):
            try:
                await asyncio.sleep(0.6)
            except asyncio.CancelledError:
                continue

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(stubborn())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)

    assert time.monotonic() - started < 0.5


def test_ctrl_c_in_a_program_ends_it_with_an_interrupt_and_no_warning() -> None:
    script = """
        import asyncio, os, signal, threading
        from llm_extract.background import run

        async def wait_long():
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(30)

        try:
            run(wait_long())
        except KeyboardInterrupt:
            print("interrupted")
    """
    result = python(script)

    assert (result.returncode, result.stdout, result.stderr) == (0, "interrupted\n", "")


def test_a_forked_child_has_a_loop_of_its_own_and_leaves_the_parents_alone() -> None:
    script = """
        import asyncio, os, sys
        from llm_extract.background import run

        async def where():
            await asyncio.sleep(0.01)
            return os.getpid()

        assert run(where()) == os.getpid()
        child = os.fork()
        if child == 0:
            assert run(where()) == os.getpid()
            sys.exit(7)
        for _ in range(20):
            assert run(where()) == os.getpid()
        _, status = os.waitpid(child, 0)
        assert run(where()) == os.getpid()
        print(os.waitstatus_to_exitcode(status))
    """
    # Python 3.12 and later warn of any fork beside a thread; that it works here is the point.
    result = python(script, "-W", "ignore::DeprecationWarning")

    assert (result.returncode, result.stdout, result.stderr) == (0, "7\n", "")


def test_a_fork_while_a_call_is_under_way_elsewhere() -> None:
    script = """
        import asyncio, os, sys, threading
        from llm_extract.background import run

        async def slow():
            await asyncio.sleep(0.3)
            return "done"

        results = []
        thread = threading.Thread(target=lambda: results.append(run(slow())))
        thread.start()
        child = os.fork()
        if child == 0:
            os._exit(0 if run(slow()) == "done" else 1)
        thread.join()
        _, status = os.waitpid(child, 0)
        print(results, os.waitstatus_to_exitcode(status))
    """
    result = python(script, "-W", "ignore::DeprecationWarning")

    assert (result.returncode, result.stdout, result.stderr) == (0, "['done'] 0\n", "")


@pytest.mark.parametrize("ending", ["pass", "sys.exit(0)", "raise SystemExit"])
def test_a_process_ends_without_a_sound_with_work_left_on_the_loop(ending: str) -> None:
    script = f"""
        import asyncio, sys, threading, time
        from llm_extract.background import run

        async def generator():
            try:
                while True:
                    yield 1
            finally:
                print("generator closed")

        async def leave_things_behind():
            global task, things
            task = asyncio.create_task(asyncio.sleep(60))
            things = generator()
            await anext(things)
            await asyncio.to_thread(time.sleep, 0.01)
            return "left"

        print(run(leave_things_behind()))
        {ending}
    """
    result = python(script)

    assert (result.returncode, result.stdout, result.stderr) == (0, "left\ngenerator closed\n", "")


def test_no_thread_is_started_before_the_first_call() -> None:
    result = python("import threading, llm_extract.background; print(threading.active_count())")

    assert result.stdout == "1\n"


def test_what_is_no_coroutine_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="coroutine"):
        run(asyncio.sleep)  # type: ignore[arg-type]


def test_many_short_calls_are_quick() -> None:
    async def nothing() -> None:
        pass

    started = time.process_time()
    for _ in range(500):
        run(nothing())

    assert (time.process_time() - started) / 500 < 0.005
