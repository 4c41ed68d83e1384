"""A worker of a cluster, without one: what it is told makes it the driver's equal."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_extract.batch.ray_worker import Job, Ready, Worker, job_of
from llm_extract.cli.skeleton import write_task
from llm_extract.errors import RunError
from llm_extract.extraction import Extractor
from llm_extract.model.adapters import WEIGHTS
from llm_extract.settings import load_settings
from llm_extract.task import find_task
from tests.adapters import LORA, write_adapter


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """What workers are told of a run with a tuned model, as it arrives."""
    write_task("moves", tmp_path / "here")
    task = find_task("moves", tmp_path / "here")
    write_adapter(tmp_path / "here/prompts/moves.adapter", task, least_confidence=0.25)
    settings = load_settings(model="embedded", cache_dir=tmp_path / "cache")
    extractor: Extractor[Any] = Extractor(task, settings=settings)
    sent: Job = pickle.loads(pickle.dumps(job_of(extractor, None)))
    return sent


async def test_a_worker_has_the_driver_s_adapter_and_keeps_it(job: Job, tmp_path: Path) -> None:
    (tmp_path / "here/prompts/moves.adapter" / WEIGHTS).unlink()  # a node of its own does not have it
    for name in ("first", "second"):
        worker = Worker(name, job, gate=None)
        ready = await worker.ready()
        assert isinstance(ready, Ready)
        assert ready.terms == job.terms
        assert worker._extractor is not None
        folder = worker._extractor.model.endpoint.adapter
        assert folder is not None
        assert (folder / WEIGHTS).read_bytes() == LORA
    (kept,) = (tmp_path / "cache/tasks").iterdir()  # both have the same
    assert not list(kept.rglob("tmp*"))


async def test_a_task_without_an_adapter_leaves_nothing_behind(job: Job, tmp_path: Path) -> None:
    plain = replace(job, files={name: content for name, content in job.files.items() if ".adapter/" not in name})
    ready = await Worker("w", plain, gate=None).ready()
    assert isinstance(ready, Ready)
    assert ready.terms != job.terms
    assert not (tmp_path / "cache/tasks").exists()


async def test_a_node_that_cannot_keep_an_adapter_says_so(job: Job, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder belongs")
    error = await Worker("w", job, gate=None).ready()
    assert isinstance(error, RunError)
    assert "cannot be written" in str(error)
