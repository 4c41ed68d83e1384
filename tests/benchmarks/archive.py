"""An archive through whole runs: `python -m tests.benchmarks.archive [--articles N …] [--at-once N …]`.

Articles of 2 to 4 kB in mixed containers (zip, JSONL.gz, CSV, tar.gz, Parquet), a tenth of them copies, go through
`Batch` against a server in another process that answers after 200 ms and gives so many per cent of mixed faults (429
with and without Retry-After, 500, reset, an answer that is no JSON). Then the same archive goes through a new run with
everything in the cache. Each pass is a process of its own; CPU is that process's, all threads, then with that of the
processes that ground for it (`--processes 0`: none); memory is its highest resident set.

The throughput is given as a share of `at once / latency` requests a second, which nothing can exceed. With several
sizes the growth of memory between them is what the last columns show.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import itertools
import json
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from llm_extract.batch.engine import Batch
from llm_extract.settings import load_settings
from tests.benchmarks.overhead import ANSWER
from tests.benchmarks.server import FAULTS, serving
from tests.support import ARTICLE

LATENCY = 0.2
WARM = 30


@cache
def vocabulary() -> tuple[list[str], list[float]]:
    """Eight thousand words that are none, and how often each is used (Zipf)."""
    chance = random.Random(7)
    syllables = [a + b for a in "bdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "ost", "und")]
    words = {"".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(9000)}
    ordered = sorted(words)[:8000]
    chance.shuffle(ordered)
    return ordered, list(itertools.accumulate(1 / rank for rank in range(1, len(ordered) + 1)))


def article(number: int) -> str:
    """An article: the same news in each, so that one answer fits all, between paragraphs of its own."""
    chance = random.Random(number)
    words, weights = vocabulary()
    news = ARTICLE.split("\n\n")
    length = chance.randint(2000, 4000) - len(ARTICLE)
    parts, own = [*news[:2]], 0
    while own < length:
        sentences = []
        for _ in range(chance.randint(2, 5)):
            sentence = " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(6, 22))).capitalize()
            sentences.append(sentence + ".")
        parts.append(" ".join(sentences))
        own += len(parts[-1])
    for paragraph in news[2:]:
        parts.insert(chance.randint(2, len(parts)), paragraph.strip())
    return "\n\n".join(parts) + "\n"


def texts(count: int) -> Iterator[str]:
    """So many articles; every tenth is a copy of the one before it."""
    for number in range(count):
        yield article(number - 1 if number % 10 == 9 else number)


def write_archive(folder: Path, count: int) -> None:
    """Five containers with a fifth of the articles each."""
    import pyarrow
    import pyarrow.parquet

    folder.mkdir()
    given = texts(count)
    share = -(-count // 5)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(itertools.islice(given, share)):
            archive.writestr(f"{number:07}.txt", text)
    with gzip.open(folder / "b.jsonl.gz", "wt") as lines:
        for number, text in enumerate(itertools.islice(given, share)):
            lines.write(json.dumps({"id": f"b{number}", "text": text}) + "\n")
    with (folder / "c.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(["id", "text"])
        rows.writerows([f"c{number}", text] for number, text in enumerate(itertools.islice(given, share)))
    with tarfile.open(folder / "d.tar.gz", "w:gz") as members:
        for number, text in enumerate(itertools.islice(given, share)):
            data = text.encode()
            member = tarfile.TarInfo(f"{number:07}.txt")
            member.size = len(data)
            members.addfile(member, io.BytesIO(data))
    schema = pyarrow.schema([("id", pyarrow.string()), ("text", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(folder / "e.parquet", schema) as writer:
        numbered = enumerate(given)
        while group := [{"id": f"e{number}", "text": text} for number, text in itertools.islice(numbered, 1000)]:
            writer.write_table(pyarrow.Table.from_pylist(group, schema=schema))


@dataclass
class Pass:
    """What one pass took."""

    articles: int
    rows: int
    failures: int
    copies: int
    asked: int
    """Articles that were not in the cache and no copies."""
    seconds: float
    cpu: float
    """Of this process."""
    children: float
    """CPU of the processes that it started."""
    memory: float
    """MiB."""


def run(source: str, out: Path, base_url: str, cache_dir: Path, at_once: int, processes: int | None = None) -> Pass:
    """One pass, in this process."""
    settings = load_settings(
        model="openai/gpt-test", base_url=base_url, api_key="sk-test", cache_dir=cache_dir,
        concurrency_start=at_once, concurrency_minimum=min(4, at_once), concurrency_maximum=at_once,
    )  # fmt: skip
    wall, cpu, children = time.perf_counter(), time.process_time(), children_cpu()
    result = Batch([source], out, settings=settings, processes=processes).run()
    wall, cpu, children = time.perf_counter() - wall, time.process_time() - cpu, children_cpu() - children
    counts, progress = result.counts, result.progress
    assert result.ended, result.stopped_by
    counts.check(progress.read)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    asked = progress.rows + progress.failures - progress.cached
    return Pass(counts.articles, counts.rows, counts.failures, counts.copies, asked, wall, cpu, children, memory)


def children_cpu() -> float:
    """CPU seconds of the processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_apart(*terms: Any) -> Pass:
    """One pass in a process of its own, warmed up by a run of a few articles."""
    command = [sys.executable, "-m", "tests.benchmarks.archive", "--pass", *map(str, terms)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Pass(**json.loads(done.stdout))


def run_warm(source: str, out: str, base_url: str, cache_dir: str, at_once: str, processes: str) -> None:
    """As `run`, after what is imported and compiled once."""
    with tempfile.TemporaryDirectory() as name, serving(ANSWER) as server:
        write_archive(Path(name) / "few", WARM)
        run(f"{name}/few", Path(name) / "run", server.base_url, Path(name) / "cache", 8)
    some = None if processes == "auto" else int(processes)
    print(json.dumps(asdict(run(source, Path(out), base_url, Path(cache_dir), int(at_once), some))))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[3000])
    parser.add_argument("--at-once", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--faults", type=float, default=10.0)
    parser.add_argument("--kinds", nargs="+", choices=FAULTS, default=list(FAULTS), help="which faults")
    parser.add_argument("--processes", default="auto", help="that ground beside the one that calls")
    parser.add_argument("--pass", nargs=6, dest="apart", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.apart:
        run_warm(*options.apart)
        return
    columns = ("articles", "at once", "rows", "failures", "copies", "requests")
    live_columns = ("articles/s", "of bound", "CPU ms", "in all")
    cached = ("cached/s", "CPU µs", "MiB", "cached")
    print(" ".join(f"{name:>10}" for name in columns + live_columns + cached))
    for count in options.articles:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_archive(folder / "archive", count)
            for at_once in options.at_once:
                kept = folder / f"cache-{at_once}"
                with serving(ANSWER, latency=LATENCY, faults=options.faults / 100, kinds=options.kinds) as server:
                    terms = (server.base_url, kept, at_once, options.processes)
                    live = run_apart(folder / "archive", folder / f"live-{at_once}", *terms)
                    again = run_apart(folder / "archive", folder / f"again-{at_once}", *terms)
                requests = server.counts.asked  # with those of the few that failed and were asked again
                share = requests * LATENCY / live.seconds / at_once
                figures = (
                    *(live.articles, at_once, live.rows, live.failures, live.copies, requests),
                    *(live.asked / live.seconds, share),
                    *(live.cpu / live.asked * 1e3, (live.cpu + live.children) / live.asked * 1e3),
                    *(again.articles / again.seconds, again.cpu / again.articles * 1e6, live.memory, again.memory),
                )
                print(" ".join(f"{x:10,}" if isinstance(x, int) else f"{x:10,.2f}" for x in figures), flush=True)


if __name__ == "__main__":
    main()
