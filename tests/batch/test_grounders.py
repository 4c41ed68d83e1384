"""Grounding in processes of their own: the same results, and nothing lost with a process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from llm_extract.batch import grounders as module
from llm_extract.batch.engine import Batch
from llm_extract.batch.grounders import Grounders
from llm_extract.document import Document
from llm_extract.finishing import made_json, result_of
from llm_extract.model.types import Sampling, Usage
from llm_extract.result import Provenance
from llm_extract.task import Task, find_task
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer as reply
from tests.batch.test_engine import archive, essence, numbered, records
from tests.command_line import environment
from tests.evaluation.deals import SCHEMA, answering, said, text, write_task

PROVENANCE = Provenance(
    task="deals", model="m", answered_by="m", base_url="", prompt="deals@1:0", record_schema="0", sampling=Sampling()
)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    write_task(tmp_path)
    return find_task("deals", tmp_path)


@pytest.fixture
async def grounders(task: Task) -> AsyncIterator[Grounders]:
    made = Grounders(task, 1)
    yield made
    await made.aclose()


def answer(task: Task, number: int) -> Any:
    return task.schema.answer.model_validate_json(json.dumps(said(number)))


async def when_ready(grounders: Grounders, task: Task) -> None:
    """Ask until a process answers; the first answers are left to the caller."""
    async with asyncio.timeout(30):
        while await grounders(Document.from_text(text(0)), answer(task, 0), PROVENANCE) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def pid(grounders: Grounders) -> int:
    process = grounders._processes[0]._process
    assert process is not None
    return process.pid


async def test_a_process_makes_what_would_be_made_here(grounders: Grounders, task: Task) -> None:
    await when_ready(grounders, task)
    documents = [Document.from_text(text(number), source="news – ünï.txt") for number in range(40)]
    made = await asyncio.gather(*(grounders(documents[n], answer(task, n), PROVENANCE) for n in range(32)))
    expected = [made_json(task, result_of(task, documents[n], answer(task, n), PROVENANCE, Usage())) for n in range(32)]
    assert made == expected


async def test_what_a_process_cannot_make_is_left_to_the_caller(grounders: Grounders, task: Task) -> None:
    await when_ready(grounders, task)
    surrogate = Document.from_text(text(1), source="\udce4.txt")  # no JSON of it can be sent
    assert await grounders(surrogate, answer(task, 1), PROVENANCE) is None
    assert await grounders(Document.from_text(text(1)), answer(task, 1), PROVENANCE) is not None


async def test_a_process_that_is_killed_costs_nothing(grounders: Grounders, task: Task) -> None:
    await when_ready(grounders, task)
    os.kill(pid(grounders), signal.SIGSTOP)  # so that all of these wait for it
    waiting = [
        asyncio.create_task(grounders(Document.from_text(text(n)), answer(task, n), PROVENANCE)) for n in range(140)
    ]
    await asyncio.sleep(0.1)
    assert sum(one.done() for one in waiting) == 140 - module.LONGEST_QUEUE  # the others found it busy
    os.kill(pid(grounders), signal.SIGKILL)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*waiting) == [None] * 140
        assert await grounders(Document.from_text(text(1)), answer(task, 1), PROVENANCE) is None


async def test_a_process_whose_task_is_another_takes_no_part(tmp_path: Path, task: Task) -> None:
    (tmp_path / "schemas/deals.py").write_text(SCHEMA.replace("every deal", "each deal"), "utf-8")
    grounders = Grounders(task, 1)
    assert await grounders(Document.from_text(text(0)), answer(task, 0), PROVENANCE) is None
    (process,) = grounders._processes
    assert process._listening is not None
    async with asyncio.timeout(30):
        await process._listening
    assert not process.ready
    await grounders.aclose()


async def test_slow_answers_start_no_process(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 2)
    monkeypatch.setattr(module, "WINDOW", 10)
    now = [0.0]
    monkeypatch.setattr("llm_extract.batch.grounders.time.monotonic", lambda: now[0])
    grounders = Grounders(task)
    for step, starts in ((1 / module.FAST * 1.2, False), (1 / module.FAST * 0.5, True)):
        for _ in range(10):
            now[0] += step
            await grounders(Document.from_text(text(0)), answer(task, 0), PROVENANCE)
        assert (grounders._processes[0]._process is not None) is starts
    monkeypatch.undo()
    await grounders.aclose()


def test_a_run_with_processes_has_the_same_rows(
    tmp_path: Path, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_task(tmp_path)
    scripted_server.respond = answering(lambda number: reply(said(number), delay=0.15))
    monkeypatch.chdir(tmp_path)
    for name, value in environment(scripted_server, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LLM_EXTRACT_CACHE", "false")
    elsewhere: list[bool] = []
    ask = Grounders.__call__

    async def counted(self: Grounders, *given: Any) -> Any:
        made = await ask(self, *given)
        elsewhere.append(made is not None)
        return made

    monkeypatch.setattr(Grounders, "__call__", counted)
    source = archive(tmp_path, numbered(100))
    assert Batch([source], "alone", task="deals", processes=0, at_once=4).run().ended
    assert elsewhere == [False] * 100
    elsewhere.clear()
    assert Batch([source], "run", task="deals", processes=1, at_once=4).run().ended
    assert sum(elsewhere) > 20
    assert essence(records("run")) == essence(records("alone"))


def test_a_process_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    write_task(tmp_path)
    program = """
import asyncio, sys
from pathlib import Path
from llm_extract.batch.grounders import Grounders
from llm_extract.task import find_task
async def main():
    grounders = Grounders(find_task("deals", Path(sys.argv[1])), 1)
    await grounders._processes[0].start(grounders._task)
    print(grounders._processes[0]._process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
