"""How much of a rate limit is used: `python -m tests.benchmarks.rates [--rpm N] [--seconds S] [--window S] [--learn]`.

A scripted server in another process answers after 200 ms and enforces a sliding window: with a limit of
3,000 requests a minute and a window of 1 s, the 51st request that comes within a second is answered 429
(with Retry-After), and not counted. A real minute as window is milder: it allows bursts. The client gets the
limit from its settings, or with `--learn` from the server's headers. The limit counts as used by answers other
than 429; the first and the last second of the run are left out. CPU is this process's, all threads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from llm_extract.model.models import resolve_model
from llm_extract.settings import load_settings
from tests.model.asking import SOUND, parse, request

SERVER = """
import json, sys
from collections import deque
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer, error
rpm, window, latency, sound, told = json.loads(sys.argv[1])
limit, within, accepted, refused = round(rpm * window / 60), deque(), [], []
def respond(request):
    now = request.arrived
    while within and within[0] <= now - window:
        within.popleft()
    left = limit - len(within)
    headers = {"x-ratelimit-limit-requests": str(rpm), "x-ratelimit-remaining-requests": str(max(0, left - 1)),
               "x-ratelimit-reset-requests": f"{round(window * 1000)}ms"} if told else {}
    if left < 1:
        refused.append(now)
        return error(429, "rate_limit_exceeded", headers={"Retry-After": str(within[0] + window - now), **headers})
    within.append(now)
    accepted.append(now)
    return answer(sound, delay=latency, headers=headers)
with ScriptedServer(respond=respond, record=False) as server:
    print(server.base_url, flush=True)
    sys.stdin.read()
print(json.dumps([accepted, refused]), flush=True)
"""


async def ask(base_url: str, folder: Path, seconds: float, workers: int, rpm: int | None) -> float:
    """Ask for so long, with so many articles under way. Gives CPU seconds a call."""
    settings = load_settings(base_url=base_url, api_key="sk-test", rpm=rpm, cache_dir=folder)
    model = resolve_model("openai/gpt-test", settings, settings.pool())
    await model.answer(request(), parse)
    asked = 0
    end = time.monotonic() + seconds
    started = time.process_time()

    async def work() -> None:
        nonlocal asked
        while time.monotonic() < end:
            asked += 1
            await model.answer(request(f"Article {asked}: " + "Rye port buys a crane. " * 120), parse)

    await asyncio.gather(*(work() for _ in range(workers)))
    spent = time.process_time() - started
    await model.aclose()
    return spent / asked


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpm", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--window", type=float, default=1.0, help="seconds of the sliding window")
    parser.add_argument("--workers", type=int, default=64, help="articles under way at once")
    parser.add_argument("--learn", action="store_true", help="the client has the limit from the server's headers")
    options = parser.parse_args()
    script: list[Any] = [options.rpm, options.window, 0.2, SOUND, options.learn]
    command = [sys.executable, "-c", SERVER, json.dumps(script)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        rpm = None if options.learn else options.rpm
        cpu = asyncio.run(ask(base_url, Path(folder), options.seconds, options.workers, rpm))
        server.stdin.close()
        accepted, refused = json.loads(server.stdout.readline())
    begin, end = accepted[1] + 1, accepted[1] + options.seconds - 1
    counted = sum(begin <= arrived < end for arrived in accepted)
    share = counted / (options.rpm / 60 * (end - begin))
    rejected = len(refused) / (len(accepted) + len(refused))
    first = sum(arrived < accepted[1] + 1 for arrived in accepted[1:])
    print(f"{share:.1%} of {options.rpm:,} requests a minute used (target at least 97 %)")
    print(f"{rejected:.2%} of {len(accepted) + len(refused)} calls answered 429 (target under 1 %)")
    print(f"{first} calls in the first second, of {options.rpm / 60:.0f} that are an even share")
    print(f"{cpu * 1e6:.0f} µs of CPU a call, transport included")


if __name__ == "__main__":
    main()
