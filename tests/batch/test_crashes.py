"""Kills at every write, fsync, rename and truncation of a small run, and what is there afterwards.

The run is made in processes of its own: `python -m tests.batch.test_crashes` is what they do.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Copy, Failure, Record, Retried, Row, Skip
from llm_extract.errors import RunError

ROOT = Path(__file__).parents[2]
TERMS = {"task": "appointments", "inputs": ["council.zip"]}
KILLED, REFUSED = 137, 3
"""How a child ended: struck down, or with a RunError."""
STRUCK = 40
"""Which call of a process strace strikes: more than a whole run makes."""

BEFORE, TORN, ALMOST, AFTER = "before", "torn", "almost", "after"
HOW = (BEFORE, TORN, ALMOST, AFTER)
"""Where in an operation the process dies; only a write has a middle."""


def row(name: str) -> Row:
    return Row(
        id=name, place=f"council.zip!{name}", text=None, json=b'{"record":"a chair for %b"}' % name.encode(), time=2.5
    )


FIRST: tuple[Record, ...] = (
    row("a"),
    row("b"),
    Copy(id="c", place="c", text=None, of="a", match="exact", similarity=1.0, time=2.5),
    Failure(id="d", place="d", text=None, type="Truncated", message="cut", time=2.5),
    row("e"),
    Skip(id="f", place="f", text=None, reason="unreadable", detail="empty", time=2.5),
    row("g"),
)
EXPECTED = {record.id: record for record in (*FIRST, row("d"))}


# What a run does


def run(directory: Path, acknowledge: Callable[[str], None] = lambda _: None) -> list[str]:
    """Do what the folder lacks: seven articles in groups, then the failed one again. Gives the ids that were done."""
    done: list[str] = []

    def write(ledger: Ledger, records: list[Record]) -> None:
        for record in records:
            ledger.append(record)
            done.append(record.id)
        ledger.flush()
        for record in records:
            acknowledge(f"{record.kind} {record.id}")

    with Ledger.open(directory, TERMS) as ledger:
        for start in range(0, len(FIRST), 3):
            write(ledger, [record for record in FIRST[start : start + 3] if not ledger.has(record.id)])
        failed = [record.id for record in Ledger.read(directory) if isinstance(record, Failure)]
        write(ledger, [Retried(id=name) for name in failed])
        write(ledger, [row(name) for name in failed])
    return done


def run_together(directory: Path, acknowledge: Callable[[str], None], articles: int) -> None:
    """The same with many articles in flight, and group commit."""

    async def work() -> None:
        with Ledger.open(directory, TERMS) as ledger:
            names = (name for name in map(str, range(articles)) if not ledger.has(name))

            async def worker() -> None:
                for name in names:
                    await ledger.committed(row(name))
                    acknowledge(f"row {name}")

            await asyncio.gather(*(worker() for _ in range(16)))

    asyncio.run(work())


class Side:
    """A file beside the run for what the test wants to know: survives kills, and is not struck itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._write = os.write

    def add(self, line: str) -> None:
        self._write(self._descriptor, f"{line}\n".encode())

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()


# The layer that dies


def strike(at: int, how: str, operations: Side, synced: Side) -> None:
    """From now on, die at the `at`-th operation on a file; 0 for never.

    `operations` is told what was done, `synced` how many bytes of the ledger are surely on disk.
    """
    count = 0

    def struck(name: str) -> None:
        real = getattr(os, name)

        def operation(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            operations.add(name)
            if count == at and (how == BEFORE or (how != AFTER and name != "write")):
                os._exit(KILLED)
            if count == at and how in (TORN, ALMOST):
                descriptor, data = arguments
                real(descriptor, data[: len(data) // 2 if how == TORN else len(data) - 1])
                os._exit(KILLED)
            result = real(*arguments)
            if name == "fsync" and Path(f"/proc/self/fd/{arguments[0]}").readlink().name == "ledger.jsonl":
                synced.add(str(os.fstat(arguments[0]).st_size))
            if count == at:
                os._exit(KILLED)
            return result

        setattr(os, name, operation)

    for name in ("write", "fsync", "replace", "ftruncate"):
        struck(name)


def in_a_child(work: Callable[[], object]) -> int:
    """Do something in a forked process; its exit status."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            work()
            status = 0
        except RunError as error:
            print(error, file=sys.stderr, flush=True)
            status = REFUSED
        except BaseException:  # noqa: BLE001  # the parent sees the status
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sweep(scratch: Path, begin: Callable[[Path], object]) -> int:
    """Kill a run at every operation in every way, resume it, and check what is there. Gives the number of kills."""

    def killed(at: int, how: str) -> tuple[int, Path, Side, Side, Side]:
        directory = scratch / f"{at}-{how}"
        begin(directory)
        acknowledged, operations, synced = (Side(scratch / f"{at}-{how}.{name}") for name in ("acks", "done", "synced"))

        def work() -> None:
            strike(at, how, operations, synced)
            run(directory, acknowledged.add)

        return in_a_child(work), directory, acknowledged, operations, synced

    status, undisturbed, _, operations, _ = killed(0, "undisturbed")
    assert status == 0
    assert {record.id: record for record in Ledger.read(undisturbed)} == EXPECTED
    kills = 0
    for at, name in enumerate(operations.lines(), 1):
        for how in HOW if name == "write" else (BEFORE, AFTER):
            status, directory, acknowledged, _, synced = killed(at, how)
            assert status == KILLED, f"{name} {at} {how}: the run ended with {status}"
            for number, left in enumerate(power_cuts(directory / "ledger.jsonl", [0, *map(int, synced.lines())][-1])):
                after = scratch / f"{at}-{how}-{number}"
                shutil.copytree(directory, after)
                if left is not None:
                    (after / "ledger.jsonl").write_bytes(left)
                check_resumed(after, acknowledged.lines(), f"{name} {at} {how}, variant {number}")
            kills += 1
    return kills


def power_cuts(ledger: Path, synced: int) -> list[bytes | None]:
    """What a ledger may be after a kill (None: as it is), and after a power cut that takes what was not synced."""
    data = ledger.read_bytes() if ledger.exists() else b""
    sure, rest = data[:synced], data[synced:]
    if not rest:
        return [None]
    half = len(rest) // 2
    return [None, sure, sure + rest[:half], sure + bytes(len(rest)), sure + bytes(half) + rest[half:]]


# The kernel's own faults


def under_faults(scratch: Path, call: str, ends: int) -> int:
    """Let runs meet a fault at their first call, at their second, and so on. Gives the number of faults met.

    strace gives every process the fault at its `STRUCK`-th call, so each child makes some calls for nothing first.
    """
    for at in range(1, STRUCK):
        directory, acknowledged = scratch / "run", Side(scratch / f"{at}.acks")
        directory.mkdir()

        def work(at: int = at, directory: Path = directory, acknowledged: Side = acknowledged) -> None:
            with (directory / "manifest.json.new").open("wb", buffering=0) as file:
                for _ in range(STRUCK - at):
                    os.fsync(file.fileno()) if call == "fsync" else os.write(file.fileno(), b"")
            run(directory, acknowledged.add)

        def check(at: int = at, directory: Path = directory, acknowledged: Side = acknowledged) -> None:
            if ends == REFUSED and (directory / "manifest.json").exists():
                kept = {f"{record.kind} {record.id}" for record in Ledger.read(directory)}
                assert kept <= set(acknowledged.lines()), f"{call} {at}: a record that could not be written counts"
            check_resumed(directory, acknowledged.lines(), f"{call} {at}")

        status = in_a_child(work)
        assert in_a_child(check) == 0
        if status == 0:
            return at - 1
        assert status == ends, f"{call} {at}: the run ended with {status}"
        shutil.rmtree(directory)
    raise AssertionError("the run never came to its end")


# What has to hold


def check_resumed(directory: Path, acknowledged: list[str], where: str) -> None:
    """Nothing acknowledged is lost; after the run's end everything is there, once."""
    kept = {}
    if (directory / "manifest.json").exists():
        kept = {record.id: record.kind for record in Ledger.read(directory)}
    last = {name: kind for kind, name in map(str.split, acknowledged)}
    for name, kind in last.items():
        if name != "d":
            assert kept.get(name) == kind, f"{where}: {kind} {name} was on disk and is lost"
    if last.get("d") == "row":
        assert kept["d"] == "row", f"{where}: the second answer for d is lost"
    done = run(directory)
    assert not {name for name in done if name != "d"} & set(last), f"{where}: done twice: {done}"
    assert not (last.get("d") == "row" and "d" in done), f"{where}: d done three times"
    assert {record.id: record for record in Ledger.read(directory)} == EXPECTED, f"{where}: other records"
    written = Counter(
        line for line in (directory / "ledger.jsonl").read_bytes().splitlines() if b'"id":"d"' not in line
    )
    assert max(written.values()) == 1, f"{where}: a record stands there twice"
    assert Ledger.survey(directory).rows == 6, f"{where}: rows"
    Ledger.survey(directory).check(7)


def nothing(directory: Path) -> None:
    """A new run: the folder does not exist."""


def torn_and_damaged(directory: Path) -> None:
    """A run that was killed in a write, and whose second line is damaged."""
    with Ledger.open(directory, TERMS) as ledger:
        for record in FIRST[:3]:
            ledger.append(record)
    ledger_file = directory / "ledger.jsonl"
    ledger_file.write_bytes(ledger_file.read_bytes().replace(b'"b"', b'"?"') + b'0badf00d {"kind":"ro')


# The tests


def in_python(*arguments: object, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*prefix, sys.executable, "-m", "tests.batch.test_crashes", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("begin", ["nothing", "torn_and_damaged"])
def test_a_kill_or_power_cut_at_any_operation_loses_and_doubles_nothing(tmp_path: Path, begin: str) -> None:
    ended = in_python("sweep", tmp_path, begin)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["kills"] > 50


def test_kills_at_random_moments_with_many_in_flight(tmp_path: Path) -> None:
    directory, articles = tmp_path / "run", 600
    acknowledged = Side(tmp_path / "acks")
    kills = 0
    for delay in (0.01, 0.04, 0.002):
        command = [sys.executable, "-m", "tests.batch.test_crashes", "together", directory, acknowledged.path, articles]
        before = len(acknowledged.lines())
        with subprocess.Popen(list(map(str, command)), cwd=ROOT) as process:
            while len(acknowledged.lines()) == before and process.poll() is None:
                time.sleep(0.001)
            time.sleep(delay)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        kept = {record.id for record in Ledger.read(directory)}
        assert {line.split()[1] for line in acknowledged.lines()} <= kept
    assert kills >= 1
    run_together(directory, acknowledged.add, articles)
    assert Counter(record.id for record in Ledger.read(directory)) == Counter(map(str, range(articles)))
    assert max(Counter(acknowledged.lines()).values()) == 1
    assert len((directory / "ledger.jsonl").read_bytes().splitlines()) == articles


@pytest.fixture(scope="module")
def strace() -> str:
    found = shutil.which("strace")
    if not found:
        pytest.skip("strace is not installed")
    tried = subprocess.run([found, "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"], check=False)
    if tried.returncode:
        pytest.skip("strace may not trace here")
    return found


def traced(strace: str, call: str, fault: str, scratch: Path, ends: int) -> subprocess.CompletedProcess[str]:
    """Runs whose system calls on their own files meet a fault of the kernel's."""
    run_directory = scratch / "run"
    own = [run_directory, *(run_directory / name for name in ("ledger.jsonl", "manifest.json.new", "lock"))]
    paths = [part for path in own for part in ("-P", str(path))]
    inject = ("-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={STRUCK}")
    return in_python("faults", scratch, call, ends, prefix=(strace, "-f", "-qq", "-o", "/dev/null", *paths, *inject))


@pytest.mark.parametrize("call", ["fsync", "write"])
def test_killed_by_the_kernel_at_each_call(tmp_path: Path, strace: str, call: str) -> None:
    ended = traced(strace, call, "signal=KILL", tmp_path, -signal.SIGKILL)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["faults"] >= 7


@pytest.mark.parametrize(("call", "code"), [("fsync", errno.EIO), ("write", errno.ENOSPC)])
def test_a_disk_that_fails_costs_what_was_not_committed(tmp_path: Path, strace: str, call: str, code: int) -> None:
    ended = traced(strace, call, f"error={errno.errorcode[code]}", tmp_path, REFUSED)
    assert ended.returncode == 0, ended.stderr
    faults = json.loads(ended.stdout)["faults"]
    assert faults >= 7
    assert ended.stderr.count(os.strerror(code)) == faults  # each run said why it stopped


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["together", directory, acknowledged, articles]:
            run_together(Path(directory), Side(Path(acknowledged)).add, int(articles))
        case ["sweep", scratch, begin]:
            begins = {"nothing": nothing, "torn_and_damaged": torn_and_damaged}
            print(json.dumps({"kills": sweep(Path(scratch), begins[begin])}))
        case ["faults", scratch, call, ends]:
            print(json.dumps({"faults": under_faults(Path(scratch), call, int(ends))}))
