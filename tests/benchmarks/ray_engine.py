"""The same archive here and on Ray: `python -m tests.benchmarks.ray_engine [--articles N] [--workers N] [--at-once N]`.

Articles of 3 kB in mixed containers, a tenth of them copies, go through `Batch` against a scripted server in another
process that answers after 200 ms: by the local engine, then by a Ray on this machine with so many workers, each with an
empty cache. Workers and server share this machine's cores: what Ray costs is seen here, not what a cluster gives.

Articles a second, and CPU an article, are those between the first outcome and the last: without Ray's start, which the
time of the whole run includes. CPU is that of all processes of a kind; `Ray's own` are its daemons.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from llm_extract.batch.engine import Batch, Progress
from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Row
from llm_extract.settings import load_settings
from tests.benchmarks.archive import LATENCY, write_archive
from tests.benchmarks.overhead import ANSWER
from tests.benchmarks.server import serving

TICKS = os.sysconf("SC_CLK_TCK")
LOOK_SECONDS = 0.1
KINDS = ("driver", "workers", "gate", "Ray's own")


class Measured(NamedTuple):
    asked: int
    seconds: float
    """From the first outcome to the last."""
    rate: float
    """Articles a second, in that time."""
    whole: float
    """Seconds, from the command to its end."""
    cpu: dict[str, float]
    """Seconds by kind of process, in the same time."""
    rows: dict[str, Any]


class Processes:
    """What the processes that belong to a run have used, looked up while they run: many end before it does."""

    def __init__(self) -> None:
        self._used: dict[int, float] = {}
        self._kinds: dict[int, str] = {}
        self._before = time.process_time()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def so_far(self) -> dict[str, float]:
        """Seconds by kind of process."""
        used = dict.fromkeys(KINDS, 0.0)
        used["driver"] = time.process_time() - self._before
        for pid, seconds in list(self._used.items()):
            used[self._kinds[pid]] += seconds
        return used

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        stats = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
                stats[int(path.parent.name)] = fields, (path.parent / "cmdline").read_bytes()
            except OSError:
                continue
        for pid, (fields, command) in stats.items():
            above, parent = pid, int(fields[1])
            while parent in stats and parent != os.getpid():
                above, parent = parent, int(stats[parent][0][1])
            if parent == os.getpid() and b"tests.benchmarks.server" not in stats[above][1]:
                # A process is given out before it is a worker by name, and has another name while it ends.
                named = "workers" if b"ray::Worker" in command else "gate" if b"ray::Gate" in command else None
                self._kinds[pid] = named or self._kinds.get(pid, "Ray's own")
                self._used[pid] = (int(fields[11]) + int(fields[12])) / TICKS


def measured(sources: list[str], out: Path, base_url: str, cache: Path, at_once: int, **engine: Any) -> Measured:
    """A run, and what it took."""
    settings = load_settings(
        model="openai/gpt-test", base_url=base_url, api_key="sk-test", cache_dir=cache,
        concurrency_start=at_once, concurrency_minimum=min(4, at_once), concurrency_maximum=at_once,
    )  # fmt: skip
    first = last = looked = 0.0
    done = 0
    before: dict[str, float] = {}
    after: dict[str, float] = {}

    def note(progress: Progress) -> None:
        nonlocal first, last, looked, done, before, after
        if progress.rows > done:
            done, last = progress.rows, time.perf_counter()
            if not first:
                first, before = last, used.so_far()
            if not progress.under_way or last - looked > LOOK_SECONDS:
                looked, after = last, used.so_far()

    used, began = Processes(), time.perf_counter()
    result = Batch(sources, out, settings=settings, on_progress=note, **engine).run()
    whole = time.perf_counter() - began
    used.close()
    cpu = {kind: after[kind] - before[kind] for kind in KINDS}
    assert result.ended
    assert not result.counts.failures
    rows = {record.id: record.extraction["record"] for record in Ledger.read(out) if isinstance(record, Row)}
    return Measured(done, last - first, done / (last - first), whole, cpu, rows)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    ray: dict[str, Any] = {"engine": "ray", "workers": options.workers}
    with serving(ANSWER, latency=LATENCY) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_archive(folder / "few", 20)
        write_archive(folder / "archive", options.articles)
        few, sources = [str(folder / "few")], [str(folder / "archive")]
        measured(few, folder / "warm", server.base_url, folder / "warm-cache", options.at_once)  # what is imported once
        runs = {}
        for label, cache, engine in (
            ("local", "here", {}),
            (f"ray, {options.workers} workers", "there", ray),
        ):
            out = folder / label
            runs[label] = measured(sources, out, server.base_url, folder / cache, options.at_once, **engine)
    print(f"{'':24}{'articles/s':>12}{'whole run':>12}" + "".join(f"{kind:>12}" for kind in KINDS) + f"{'all':>12}")
    print(f"{'':24}{'':>12}{'s':>12}" + f"{'ms of CPU an article':>60}")
    for label, run in runs.items():
        each = [run.cpu[kind] / run.asked * 1e3 for kind in KINDS]
        shown = "".join(f"{value:>12.2f}" for value in (*each, sum(each)))
        print(f"{label:24}{run.rate:>12.1f}{run.whole:>12.1f}{shown}")
    same = all(run.rows == runs["local"].rows for run in runs.values())
    print(f"{len(runs['local'].rows):,} rows each, {'all the same' if same else 'NOT THE SAME'}")


if __name__ == "__main__":
    main()
