"""What llm_extract adds to a call: `python -m tests.benchmarks.overhead [--articles N] [--rounds N] [--workers N]`.

A lean server in another process (`tests.benchmarks.server`) answers at once. Each round times the same articles three
ways, in an order that changes: the bare client (`AsyncOpenAI.chat.completions.create` with the same messages and
response format), `aextract` against the server (cache written, answer validated and grounded), and `aextract`
from the cache, whose reading alone is timed beside it. Figures are CPU time of this process an article, all threads;
medians over rounds, and ratios within each round, since the machine is shared.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from llm_extract import Extractor
from llm_extract.settings import load_settings
from tests.benchmarks.server import serving
from tests.support import ARTICLE, answer

CONTRACT = {
    "buyers": ["Ellerby County Council"],
    "suppliers": ["Tallis Communications"],
    "incumbents": ["Brandt Telecom"],
    "value": "up to £18.4m",
    "duration_months": "five-year",
    "extension_months": "the option of two further one-year extensions",
    "signed": "1 September",
    "start": "1 October 2023",
    "users": "About 6,200 staff",
    "services": [{"value": "network_and_telecoms", "quote": "replace the network"}],
}
BACKGROUND = {"main": False, "buyers": ["ECC"], "suppliers": ["Brandt Telecom"], "value": "£21m"}
ANSWER = answer(CONTRACT, BACKGROUND, article={"published": "14 September 2023", "author": "Owen Garrick"})


def articles(count: int, round_: int) -> list[str]:
    """As many different articles of 3 kB: the same one with another last line."""
    padding = "The council said that residents would see little of the work, most of which happens at night.\n"
    body = ARTICLE + padding * ((3000 - len(ARTICLE)) // len(padding))
    return [f"{body}Reference {round_}-{number}.\n" for number in range(count)]


async def cpu(step: Callable[[str], Awaitable[Any]], texts: list[str], workers: int) -> float:
    """CPU seconds an article, with so many articles under way at once."""
    waiting = iter(texts)

    async def work() -> None:
        for text in waiting:
            await step(text)

    started = time.process_time()
    await asyncio.gather(*(work() for _ in range(workers)))
    return (time.process_time() - started) / len(texts)


async def measure(base_url: str, folder: Path, count: int, rounds: int, workers: int) -> dict[str, list[float]]:
    """CPU seconds an article, by way, a figure a round."""
    import openai

    settings = load_settings(model="openai/gpt-test", base_url=base_url, api_key="sk-test", cache_dir=folder)
    extractor: Extractor[Any] = Extractor(settings=settings)
    bare = openai.AsyncOpenAI(base_url=base_url, api_key="sk-test", max_retries=0)
    task = extractor.task
    response_format: Any = {
        "type": "json_schema",
        "json_schema": {"name": "record", "strict": True, "schema": task.schema.response_schema.schema},
    }

    async def call(text: str) -> Any:
        messages: Any = [{"role": m.role, "content": m.content} for m in task.prompt.messages(text)]
        return await bare.chat.completions.create(
            model="gpt-test", messages=messages, response_format=response_format, temperature=0, seed=0, max_tokens=4096
        )

    async def get(text: str) -> Any:
        assert extractor.cache is not None
        return extractor.cache.get(keys[text])

    result = await extractor.aextract(articles(1, -1)[0])
    assert len(result.evidence) >= 14, "the benchmark's own answer is not grounded"
    await call(articles(1, -2)[0])
    keys: dict[str, str] = {}
    figures: dict[str, list[float]] = {"bare": [], "extract": [], "cached": [], "read": []}
    for number in range(rounds):
        texts = articles(count, number)
        first, second = (("bare", call), ("extract", extractor.aextract))[:: 1 if number % 2 else -1]
        for name, step in (first, second):
            figures[name].append(await cpu(step, texts, workers))
        keys.update({text: extractor.result_key(text) for text in texts})
        figures["cached"].append(await cpu(extractor.aextract, texts, workers))
        figures["read"].append(await cpu(get, texts, workers))
    await bare.close()
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=8, help="articles under way at once")
    options = parser.parse_args()
    with serving(ANSWER) as server, tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(server.base_url, Path(folder), options.articles, options.rounds, options.workers))
    for name, values in figures.items():
        print(f"{name:8} {statistics.median(values) * 1e6:8.0f} µs of CPU an article (median of {len(values)} rounds)")
    ratios = [ours / theirs for ours, theirs in zip(figures["extract"], figures["bare"], strict=True)]
    beyond = [ours - theirs for ours, theirs in zip(figures["cached"], figures["read"], strict=True)]
    print(f"extract / bare call: {statistics.median(ratios):.2f} (target 1.10)")
    print(f"from the cache, beyond reading it: {statistics.median(beyond) * 1e6:.0f} µs (target 100)")


if __name__ == "__main__":
    main()
