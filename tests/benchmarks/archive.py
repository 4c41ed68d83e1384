"""An archive through a whole run: `python -m tests.benchmarks.archive [--articles N] [--at-once N] [--faults PERCENT]`.

Articles of 3 kB in mixed containers (zip, JSONL.gz, CSV, tar.gz), a tenth of them copies, go through `Batch` against a
scripted server in another process that answers after 200 ms and gives so many per cent of mixed faults (429 with
Retry-After, 500, reset, an answer that is no JSON). Then the same archive goes through a new run with everything in
the cache. CPU is this process's, all threads; memory is its highest resident set.

The throughput is given as a share of `at once / latency`, which nothing can exceed.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

from llm_extract.batch.engine import Batch, BatchResult
from llm_extract.settings import load_settings
from tests.benchmarks.overhead import ANSWER
from tests.support import ARTICLE

LATENCY = 0.2
SERVER = """
import json, random, sys
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer, error, raw, reset
sound, latency, share = json.loads(sys.stdin.readline())
chance, asked = random.Random(1), [0, 0]
def respond(request):
    asked[0] += 1
    if chance.random() >= share:
        asked[1] += 1
        return answer(sound, delay=latency)
    return chance.choice([error(429, headers={"Retry-After": "0.2"}), error(500), reset(), answer("no json")])
with ScriptedServer(respond=respond, record=False) as server:
    print(server.base_url, flush=True)
    sys.stdin.read()
print(json.dumps(asked), flush=True)
"""

WORDS = """
    amber birch cedar delta ember fjord grove heath inlet juniper kelp larch maple north oak pine quay reed slate
    thorn umber vale willow yarrow bridge council depot estate ferry garden harbour island junction kitchen library
""".split()  # noqa: SIM905 - a list of them would fill the page


def article(number: int) -> str:
    """An article of 3 kB: the same news at its head, so that one answer fits all, and a body of its own below."""
    chance = random.Random(number)
    parts = [ARTICLE]
    length = len(ARTICLE)
    while length < 3000:
        sentence = " ".join(chance.choices(WORDS, k=12)).capitalize() + ".\n"
        parts.append(sentence)
        length += len(sentence)
    return "".join(parts)


def write_archive(folder: Path, count: int) -> list[str]:
    """Four containers with a quarter of the articles each; every tenth article is a copy of the one before it."""
    folder.mkdir()
    texts = (article(number - 1 if number % 10 == 9 else number) for number in range(count))
    quarter = -(-count // 4)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(min(quarter, count)):
            archive.writestr(f"{number:07}.txt", next(texts))
    with gzip.open(folder / "b.jsonl.gz", "wt") as lines:
        for number in range(quarter, min(2 * quarter, count)):
            lines.write(json.dumps({"id": f"b{number}", "text": next(texts)}) + "\n")
    with (folder / "c.csv").open("w", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(["id", "text"])
        rows.writerows([f"c{number}", next(texts)] for number in range(2 * quarter, min(3 * quarter, count)))
    with tarfile.open(folder / "d.tar.gz", "w:gz") as members:
        for number in range(3 * quarter, count):
            data = next(texts).encode()
            member = tarfile.TarInfo(f"{number:07}.txt")
            member.size = len(data)
            members.addfile(member, io.BytesIO(data))
    return [str(folder)]


def timed(sources: list[str], out: Path, base_url: str, cache: Path, at_once: int) -> tuple[BatchResult, float, float]:
    """A run, its wall and its CPU seconds."""
    settings = load_settings(
        model="openai/gpt-test", base_url=base_url, api_key="sk-test", cache_dir=cache,
        concurrency_start=at_once, concurrency_minimum=min(4, at_once), concurrency_maximum=at_once,
    )  # fmt: skip
    wall, cpu = time.perf_counter(), time.process_time()
    result = Batch(sources, out, settings=settings).run()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--faults", type=float, default=10.0)
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert server.stdin is not None
    assert server.stdout is not None
    with server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server.stdin.write(json.dumps([ANSWER, LATENCY, options.faults / 100]) + "\n")
        server.stdin.flush()
        base_url = server.stdout.readline().strip()
        few = write_archive(folder / "few", 20)
        timed(few, folder / "warm", base_url, folder / "warm-cache", options.at_once)  # what is imported once
        sources = write_archive(folder / "archive", options.articles)
        live, wall, cpu = timed(sources, folder / "live", base_url, folder / "cache", options.at_once)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        again, wall_again, cpu_again = timed(sources, folder / "again", base_url, folder / "cache", options.at_once)
        server.stdin.close()
        asked, answered = (count - 18 for count in json.loads(server.stdout.readline()))
    counts, calls = live.counts, live.progress.rows + live.progress.failures
    bound = options.at_once / LATENCY
    rows = again.counts.articles
    lines = [
        f"{counts.articles:,} articles: {counts.rows:,} rows, {counts.failures:,} failures, {counts.copies:,} copies",
        f"live: {wall:.1f} s, {calls / wall:.1f} articles/s, {calls / wall / bound:.2f} of the bound",
        f"      {cpu / calls * 1e3:.2f} ms of CPU an article asked, {memory:.0f} MB at most",
        f"      {asked:,} requests, {answered:,} answered soundly, for {calls:,} articles asked",
        f"cached: {wall_again:.1f} s, {rows / wall_again:,.0f} articles/s, {cpu_again / rows * 1e6:.0f} µs of CPU each",
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
