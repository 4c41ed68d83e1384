"""Whole runs that are killed, resumed, and held against an undisturbed one.

    python -m tests.benchmarks.kills --kills 100 [--no-cache]    killed at random moments
    python -m tests.benchmarks.kills --sweep                     killed at every step of a small run

The command line itself runs, against a scripted server, in processes forked from one that has imported everything:
so each moment of a run is as likely to be struck as any other. A step is a write, fsync, rename, truncation or removal
of a file below the run's folder or the cache's: struck by strace as a system call (SQLite's too), and, where it goes
through `llm_extract.files`, inside the process, before, in the middle and after it.

After each kill the same command goes on to the end. Then the outcome must be the undisturbed run's (ids, kinds,
records, evidence, exit code), what was in the ledger must still stand there, and of the calls no more may be paid
again than may be under way.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Copy, Failure, Retried, Row, Skip
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, error
from llm_extract.testing.server import answer as reply
from tests.batch.test_crashes import AFTER, ALMOST, BEFORE, TORN
from tests.benchmarks.forks import Forks, strace_is_usable
from tests.command_line import environment
from tests.evaluation.deals import number_in, said, text, write_task

AT_ONCE = 4
"""Calls that a run may have under way."""
FAILING = 2
"""The article whose call the server rejects, so that there is a failure."""
CALLS = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink")


# --- runs and what they leave ---------------------------------------------------------------------


class Found(NamedTuple):
    """What a run left: everything that may not depend on how often it was interrupted."""

    status: int
    outcomes: dict[str, Any]
    counts: Any
    lines: dict[str, int]
    """How many records of the ledger each id has."""


def found(directory: Path, status: int) -> Found:
    outcomes: dict[str, Any] = {}
    for record in Ledger.read(directory):
        match record:
            case Row():
                kept: Any = {name: value for name, value in record.extraction.items() if name != "usage"}
            case Failure():
                kept = (record.type, record.message)
            case Skip():
                kept = (record.reason, record.detail)
            case Copy():
                kept = (record.of, record.match, record.similarity)
            case Retried():
                continue
        outcomes[record.id] = (record.kind, record.place, record.text, kept)
    written = (directory / "ledger.jsonl").read_bytes().splitlines()
    lines = Counter(json.loads(line[9:])["id"] for line in written)
    return Found(status, outcomes, Ledger.survey(directory), dict(lines))


@dataclass
class Site:
    """An archive, a task, and a server that answers; a context manager."""

    folder: Path
    articles: int
    latency: float
    """Seconds that the quickest answer takes; every fourth takes four times as long, so that they come apart."""
    cache: bool = True

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        write_task(self.folder)
        articles = [{"id": f"a{number}", "text": text(number)} for number in range(self.articles)]
        articles += [{"id": "copy", "text": text(1)}, {"id": "empty", "text": " "}]
        lines = "".join(json.dumps(article) + "\n" for article in articles)
        (self.folder / "news.jsonl").write_text(lines, "utf-8")
        self.server = self._stack.enter_context(ScriptedServer(respond=self._respond))
        self.settings = environment(self.server, self.folder) | {
            "LLM_EXTRACT_CACHE": str(self.cache),
            "LLM_EXTRACT_CONCURRENCY_START": str(AT_ONCE),
            "LLM_EXTRACT_CONCURRENCY_MAXIMUM": str(AT_ONCE),
        }
        try:
            self.forks = self._stack.enter_context(Forks(self.folder, self.settings))
            self.undisturbed, self.needed, self.seconds = self._undisturbed()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _respond(self, request: RecordedRequest) -> Reply:
        number = number_in(request)
        answer = error(400, message="no such article") if number == FAILING else reply(said(number))
        return replace(answer, delay=self._delay(request))

    def _delay(self, request: RecordedRequest) -> float:
        return self.latency * (1 + number_in(request) % 4)

    def _undisturbed(self) -> tuple[Found, int, float]:
        """What a run leaves that nobody kills, the calls that it needs, and its seconds."""
        self.forks.run("warm", "cache-warm")
        before = len(self.server.requests)
        ended = self.forks.run("whole", "cache-whole")
        assert ended.status == 4, f"the undisturbed run ended with {ended.status}: see {self.folder / 'log'}"
        left = found(self.folder / "whole", ended.status)
        assert len(left.outcomes) == self.articles + 2
        assert {kind for kind, *_ in left.outcomes.values()} == {"row", "failure", "copy", "skip"}
        assert set(left.lines.values()) == {1}
        needed = self._paid(before)
        assert needed == self.articles - 1
        return left, needed, ended.ended - ended.began

    def _paid(self, since: int) -> int:
        """Calls that cost something: a rejected one does not, and is kept in the ledger alone."""
        return sum(number_in(one) != FAILING for one in self.server.requests[since:])

    def clear(self) -> None:
        """Let the next run be a new one."""
        for left_over in ("run", "cache"):
            shutil.rmtree(self.folder / left_over, ignore_errors=True)
        (self.folder / "log").write_bytes(b"")

    def killed(self, name: str, **job: Any) -> Struck | None:
        """A run that is killed, resumed and checked; None if it ended before it was struck.

        Raises:
            AssertionError: what is there at the end is not what an undisturbed run leaves.
        """
        run = self.folder / "run"
        self.clear()
        before = len(self.server.requests)
        ended = self.forks.run("run", "cache", **job)
        asked = self.server.requests[before:]
        sure = _whole_lines(run / "ledger.jsonl")
        if ended.killed:
            resumed = self.forks.run("run", "cache")
            status = resumed.status
        else:
            status = ended.status
        said = (self.folder / "log").read_text("utf-8", "replace")
        assert status == self.undisturbed.status, f"{name}: ended with {status}: {said}"
        left = found(run, status)
        assert left.outcomes == self.undisturbed.outcomes, f"{name}: other outcomes"
        assert left == self.undisturbed, f"{name}: {left.counts}, {left.lines}"
        assert (run / "ledger.jsonl").read_bytes().startswith(sure), f"{name}: what was in the ledger is not there"
        assert not (run / "ledger.quarantine").exists(), f"{name}: damaged lines"
        repaid = self._paid(before) - self.needed
        most = AT_ONCE if self.cache else 2 * AT_ONCE  # without it, also those that wait for the ledger
        assert 0 <= repaid <= most, f"{name}: {repaid} calls were paid again"
        under_way = sum(one.arrived + self._delay(one) > ended.ended for one in asked)
        return Struck(repaid, under_way) if ended.killed else None


class Struck(NamedTuple):
    """What a kill cost."""

    repaid: int
    """Calls that were made again."""
    under_way: int
    """Calls that the server had not answered when the process died."""


def _whole_lines(ledger: Path) -> bytes:
    data = ledger.read_bytes() if ledger.exists() else b""
    return data[: data.rfind(b"\n") + 1]


# --- all steps ------------------------------------------------------------------------------------


def operations(site: Site) -> list[tuple[int, str]]:
    """Every step through `llm_extract.files`, with the ways to die at it."""
    notes = site.folder / "operations"
    site.forks.run("steps", "cache-steps", operation=(0, BEFORE), notes=str(notes))
    names = [line for line in notes.read_text().splitlines() if not line[0].isdigit()]
    return [
        (at, how)
        for at, name in enumerate(names, 1)
        for how in ((BEFORE, TORN, ALMOST) if name == "write" else (BEFORE,))
    ] + [(len(names), AFTER)]


@dataclass(frozen=True)
class Traced:
    """A run's system calls on its own files."""

    counts: dict[tuple[str, str], int]
    """How many there are, by thread and call."""
    paths: list[str]
    """Of the files."""

    def steps(self) -> list[tuple[str, str, int]]:
        """Every call: of which thread, which, and the how manieth of its kind in it."""
        return [(*key, number) for key, count in sorted(self.counts.items()) for number in range(1, count + 1)]


_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
_PATH = re.compile(r'[<"](/[^<>"]*)[>"]')


def traced(site: Site) -> Traced:
    """Look at a run's system calls."""
    log, notes = site.folder / "strace", site.folder / "threads"
    site.clear()
    with site.forks.traced("-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}"):
        ended = site.forks.run("run", "cache", notes=str(notes))
    assert ended.status == 4
    threads = dict(line.split(" ", 1) for line in notes.read_text().splitlines())
    counts: Counter[tuple[str, str]] = Counter()
    paths: dict[str, None] = {}
    own = tuple(str(site.folder / name) for name in ("run", "cache"))
    for thread, call, arguments in _calls(log):
        files = [
            path for path in _PATH.findall(arguments) if path.startswith(own) and not path.startswith(own[1] + "-")
        ]
        if thread in threads and files:
            counts[threads[thread], call] += 1
            paths.update(dict.fromkeys(files))
    return Traced(dict(counts), list(paths))


def _calls(log: Path) -> Iterator[tuple[str, str, str]]:
    for line in log.read_text("utf-8", "replace").splitlines():
        if (match := _CALL.match(line)) is not None:
            yield match[1], match[2], match[3]


def sample(items: list[Any], most: int | None) -> list[Any]:
    """So many of them, evenly spaced; None: all."""
    if most is None or most >= len(items):
        return items
    return [items[index * len(items) // most] for index in range(most)]


def sweep_operations(site: Site, most: int | None = None) -> list[Struck]:
    """Kill runs at steps through `llm_extract.files`."""
    struck = []
    for at, how in sample(operations(site), most):
        one = site.killed(f"operation {at}, {how}", operation=(at, how))
        assert one is not None, f"operation {at}, {how}: the run was not struck"
        struck.append(one)
    return struck


def sweep_calls(site: Site, most: int | None = None) -> tuple[list[Struck], int]:
    """Kill runs at system calls. Gives what each cost, and how many runs ended before their call came."""
    seen = traced(site)
    at = max(seen.counts.values()) + 20  # a run whose answers come in another order makes some calls more
    own = [*seen.paths, str(site.folder / "spend"), str(site.folder / "spend/none")]
    calls = ",".join(sorted({call for _, call in seen.counts}))
    paths = [word for path in own for word in ("-P", path)]
    struck, missed = [], 0
    with site.forks.traced(
        *paths, "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:signal=KILL:when={at}"
    ):
        for thread, call, number in sample(seen.steps(), most):
            one = site.killed(f"{call} {number} of {thread}", call=(thread, call, at - number))
            if one is None:
                missed += 1
            else:
                struck.append(one)
    return struck, missed


# --- the command ----------------------------------------------------------------------------------


def _told(struck: list[Struck]) -> str:
    repaid, under_way = ([getattr(one, name) for one in struck] for name in ("repaid", "under_way"))
    return (
        f"{len(struck)} kills, each resumed to the undisturbed run's outcome; calls repaid: {sum(repaid)}, at most "
        f"{max(repaid)}, {statistics.mean(repaid):.2f} on average; under way at the kill: at most {max(under_way)}, "
        f"{statistics.mean(under_way):.2f} on average"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--articles", type=int, default=24)
    parser.add_argument("--no-cache", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.kills:
        chance = random.Random(options.seed)
        with (
            tempfile.TemporaryDirectory() as name,
            Site(Path(name).resolve(), options.articles, 0.03, not options.no_cache) as site,
        ):
            print(
                f"undisturbed: {options.articles} articles asked, {AT_ONCE} at once, {site.seconds:.2f} s", flush=True
            )
            struck: list[Struck] = []
            while len(struck) < options.kills:
                moment = chance.uniform(0, site.seconds)
                one = site.killed(f"after {moment:.3f} s", after=moment)
                struck += [one] if one is not None else []
        print(_told(struck))
    if options.sweep:
        with tempfile.TemporaryDirectory() as name, Site(Path(name).resolve(), 4, 0.01) as site:
            print(f"files' own steps: {_told(sweep_operations(site))}", flush=True)
            if strace_is_usable():
                struck, missed = sweep_calls(site)
                print(f"system calls: {_told(struck)}; {missed} runs ended before their call came")


if __name__ == "__main__":
    main()
