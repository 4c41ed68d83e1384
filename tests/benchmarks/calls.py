"""What one call costs: `python -m tests.benchmarks.calls [--at-once N ...] [--calls N] [--latency S]`.

A lean server in another process answers after so long. The same articles of 3 kB are asked about in three ways: by the
bare openai client, by aiohttp alone, and by `ModelClient.answer` with its cache, retries and limits. CPU is this
process's, all threads; the throughput is a share of `at once / latency`, which nothing can exceed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import openai

from llm_extract.model.cache import Cache
from llm_extract.model.client import ModelClient
from llm_extract.model.limits import Limiter
from tests.benchmarks.server import MODEL, serving
from tests.model.asking import SOUND, endpoint, parse, request

ARTICLE = "Rye port buys a crane. " * 130


async def timed(step: Callable[[int], Awaitable[Any]], count: int, at_once: int) -> tuple[float, float]:
    """Wall and CPU seconds of so many steps."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await step(number)

    await step(-1)  # what is imported and opened once
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return time.perf_counter() - wall, time.process_time() - cpu


async def measure(base_url: str, folder: Path, count: int, at_once: int) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of so many calls, by way."""
    body: Any = {"model": MODEL, "messages": [{"role": "user", "content": ARTICLE}], "temperature": 0, "seed": 0}
    bare = openai.AsyncOpenAI(base_url=base_url, api_key="sk-test", max_retries=0)
    connector = aiohttp.TCPConnector(limit=at_once)
    client = ModelClient(
        endpoint(base_url, model=MODEL), cache=Cache(folder), limiter=Limiter(at_once, min(4, at_once), at_once)
    )
    async with bare, aiohttp.ClientSession(connector=connector) as session:

        async def post(number: int) -> None:
            async with session.post(f"{base_url}/chat/completions", data=json.dumps(body).encode()) as response:
                json.loads(await response.read())

        figures = {
            "openai": await timed(lambda number: bare.chat.completions.create(**body), count, at_once),
            "aiohttp": await timed(post, count, at_once),
            "answer": await timed(
                lambda number: client.answer(request(f"Article {number}: {ARTICLE}"), parse), count, at_once
            ),
        }
    await client.aclose()
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 64, 256])
    parser.add_argument("--calls", type=int, default=2560, help="a way; a hundred where they go one by one")
    parser.add_argument("--latency", type=float, default=0.2, help="of the server, in seconds")
    options = parser.parse_args()
    for at_once in options.at_once:
        count = options.calls if at_once > 1 else 100
        with serving(SOUND, latency=options.latency) as server, tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(measure(server.base_url, Path(folder), count, at_once))
        for name, (wall, cpu) in figures.items():
            share = count / wall * options.latency / at_once
            print(f"{at_once:4} at once, {name:8} {cpu / count * 1e6:6.0f} µs of CPU a call, {share:.3f} of the bound")


if __name__ == "__main__":
    main()
