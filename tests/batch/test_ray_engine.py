"""A run on Ray: two workers on this machine against a real server, some of them killed.

One Ray serves nearly all tests, in a process of its own; the tests' runs connect to it as to any cluster.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from llm_extract.batch.engine import Batch, BatchResult, Progress
from llm_extract.batch.records import Failure, Row, decode
from llm_extract.errors import AuthenticationFailed, RunError, SettingsError, UsageError
from llm_extract.testing import FakeModel, ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, error
from llm_extract.testing.server import answer as reply
from tests.batch.test_engine import archive, essence, numbered, records
from tests.evaluation.deals import SCHEMA, answering, number_in, said

KEY = "sk-very-secret"
RAY = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""A Ray for these tests alone, on loopback alone."""
HEAD = """
import logging, os, sys
import ray
ray.init(num_cpus=2, num_gpus=0, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
         object_store_memory=100 * 2**20, _node_ip_address="127.0.0.1", _temp_dir=sys.argv[1])
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


class Cluster(NamedTuple):
    address: str
    folder: Path
    """Where its logs are."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # a socket's path must be short
    head = subprocess.Popen(
        [sys.executable, "-c", HEAD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **RAY},
    )  # fmt: skip
    with head:
        assert head.stdout is not None
        yield Cluster(head.stdout.readline().strip(), folder)
        assert head.stdin is not None
        head.stdin.close()
    shutil.rmtree(folder)


@pytest.fixture
def folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in RAY.items():
        monkeypatch.setenv(name, value)
    return folder


class Told(NamedTuple):
    result: BatchResult
    messages: list[str]


def on_ray(source: Path, cluster: Cluster, out: str = "run", **options: Any) -> Told:
    messages: list[str] = []
    batch = Batch(
        [source], out, task="deals", engine="ray", address=cluster.address, workers=2, on_message=messages.append,
        **options,
    )  # fmt: skip
    return Told(batch.run(), messages)


def here(source: Path, out: str, cache: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> BatchResult:
    """The same run by the local engine, with nothing in its cache."""
    monkeypatch.setenv("LLM_EXTRACT_CACHE_DIR", cache)
    return Batch([source], out, task="deals", **options).run()


def delayed(seconds: float) -> Any:
    """A server that answers so late."""
    return answering(lambda number: reply(said(number), delay=seconds))


def extractions(out: str) -> dict[str, Any]:
    """All of every row that does not depend on when it was made."""
    return {
        key: {name: value for name, value in record.extraction.items() if name != "usage"}
        for key, record in records(out).items()
        if isinstance(record, Row)
    }


def lines(out: str) -> Counter[str]:
    """How often each id is in the ledger's file."""
    return Counter(decode(line[9:]).id for line in (Path(out) / "ledger.jsonl").read_bytes().splitlines())


def test_a_lost_worker_costs_its_calls_under_way_and_no_more(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_server.respond = delayed(0.3)
    source = archive(folder, numbered(48))
    lost: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.rows >= 12 and not lost and batch.workers is not None and len(batch.workers.under_way) == 2:
            pid, under_way = max(batch.workers.under_way.items(), key=lambda worker: worker[1])
            lost.append(under_way)
            os.kill(pid, signal.SIGKILL)

    messages: list[str] = []
    batch = Batch(
        [source], "run", task="deals", engine="ray", address=cluster.address, workers=2, at_once=8,
        on_progress=kill, on_message=messages.append,
    )  # fmt: skip
    result = batch.run()
    assert result.ended
    assert (result.counts.rows, result.counts.failures) == (48, 0)
    assert lost
    assert 0 < lost[0] <= 8
    assert any("a worker was lost" in message for message in messages)
    assert len(scripted_server.requests) - 48 <= lost[0]
    assert set(lines("run").values()) == {1}
    here(source, "local", "other-cache", monkeypatch)
    assert essence(records("run")) == essence(records("local"))
    assert extractions("run") == extractions("local")
    check_logs(cluster.folder)


def check_logs(folder: Path) -> None:
    """The key is in none of Ray's files, a dead worker's included."""
    logs = [path for path in folder.rglob("*") if path.is_file()]
    assert any("worker" in path.name for path in logs)
    assert [path for path in logs if KEY.encode() in path.read_bytes()] == []


def test_an_order_to_wait_holds_for_both_workers(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_EXTRACT_ATTEMPTS", "6")
    told_at: list[float] = []

    def respond(request: RecordedRequest) -> Reply:
        if request.number == 12:
            told_at.append(time.monotonic())
            return error(429, headers={"Retry-After": "1"})
        return reply(said(number_in(request)), delay=0.1)

    scripted_server.respond = respond
    result, _ = on_ray(archive(folder, numbered(32)), cluster, at_once=8)
    assert result.counts.rows == 32
    after = [request.arrived - told_at[0] for request in scripted_server.requests]
    assert not [seconds for seconds in after if 0.1 < seconds < 0.9]
    assert sum(seconds >= 0.9 for seconds in after) >= 12


def test_a_run_that_is_told_to_stop_waits_for_no_turn(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_EXTRACT_ATTEMPTS", "6")

    def respond(request: RecordedRequest) -> Reply:
        if request.number >= 6:
            return error(429, headers={"Retry-After": "120"})
        return reply(said(number_in(request)), delay=0.1)

    def stop(progress: Progress) -> None:
        if progress.rows >= 6:
            batch.stop()

    scripted_server.respond = respond
    source = archive(folder, numbered(20))
    batch = Batch(
        [source], "run", task="deals", engine="ray", address=cluster.address, workers=2, at_once=8, on_progress=stop
    )
    started = time.monotonic()
    stopped = batch.run()
    assert time.monotonic() - started < 60
    assert not stopped.ended
    assert (stopped.counts.rows, stopped.counts.failures) == (6, 0)
    scripted_server.respond = answering(said)
    assert here(source, "run", "cache", monkeypatch).counts.rows == 20


def test_a_rate_limit_holds_for_the_sum_and_a_run_begun_here_goes_on_there(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = archive(folder, numbered(30))
    here(source, "run", "cache", monkeypatch, limit=6)
    before = len(scripted_server.requests)
    monkeypatch.setenv("LLM_EXTRACT_RPM", "900")
    result, _ = on_ray(source, cluster, at_once=8)
    assert result.ended
    assert (result.progress.done_before, result.progress.rows, result.counts.rows) == (6, 24, 30)
    arrived = [request.arrived for request in scripted_server.requests[before:]]
    assert len(arrived) == 24
    assert arrived[-1] - arrived[0] >= 23 * 60 / 900 - 0.1  # one worker for itself would take half as long


def test_a_refused_key_stops_the_run_and_is_said_once(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster
) -> None:
    scripted_server.respond = lambda _: error(401, "invalid_api_key", message="Incorrect API key provided")
    result, messages = on_ray(archive(folder, numbered(20)), cluster, at_once=4)
    assert isinstance(result.stopped_by, AuthenticationFailed)
    assert not result.ended
    assert result.counts.articles == 0
    assert len(scripted_server.requests) <= 4
    assert KEY not in str(result.stopped_by)
    assert len(messages) == 1  # where it works, and nothing of workers that were lost


def test_an_article_that_ends_its_workers_is_a_failure(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = SCHEMA.replace(
        "from pydantic import BaseModel, Field", "from pydantic import BaseModel, Field, field_validator"
    )
    ending += f"""
    @field_validator("deals", mode="after")
    @classmethod
    def _end(cls, deals: list[Deal]) -> list[Deal]:
        import os
        if os.getpid() != {os.getpid()} and "Birch Water 1" in str(deals):
            os._exit(1)
        return deals
"""
    (folder / "schemas" / "deals.py").write_text(ending)
    result, messages = on_ray(archive(folder, numbered(6)), cluster, at_once=2)
    assert result.ended
    assert (result.counts.rows, result.counts.failures) == (5, 1)
    failure = records()["a1"]
    assert isinstance(failure, Failure)
    assert failure.type == "WorkerLost"
    assert sum("a worker was lost" in message for message in messages) == 3
    assert set(lines("run").values()) == {1}


def test_a_driver_that_is_killed_leaves_nothing_running_and_the_run_goes_on(
    folder: Path, scripted_server: ScriptedServer, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_server.respond = delayed(0.2)
    source = archive(folder, numbered(40))
    short = Path(tempfile.mkdtemp(dir="/tmp"))
    command = [sys.executable, "-m", "llm_extract", "batch", str(source), "--out", "run", "--task", "deals"]
    command += ["--engine", "ray", "--workers", "2", "--concurrency", "6"]
    with (folder / "said").open("w") as stream:
        driver = subprocess.Popen(
            command, stdout=stream, stderr=stream, start_new_session=True,
            env={**os.environ, "TMPDIR": str(short), "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
    ledger = folder / "run" / "ledger.jsonl"
    while not ledger.exists() or ledger.read_bytes().count(b"\n") < 12:
        assert driver.poll() is None, (folder / "said").read_text()
        time.sleep(0.02)
    ours = descendants(driver.pid)
    assert len(ours) >= 4  # two workers, the gate, Ray's own
    driver.kill()
    driver.wait()
    patience = time.monotonic() + 15
    while any(running(pid) for pid in ours):
        assert time.monotonic() < patience, [name(pid) for pid in ours if running(pid)]
        time.sleep(0.05)
    asked = len(scripted_server.requests)
    written = len(records())
    assert asked - written <= 6 + 6  # under way, or done and on the way to the disk
    result = here(source, "run", str(folder / "cache"), monkeypatch)
    assert result.ended
    assert result.counts.rows == 40
    assert result.progress.done_before == written
    assert set(lines("run").values()) == {1}
    assert len(scripted_server.requests) - 40 <= 6
    check_logs(short)
    shutil.rmtree(short)


def test_what_cannot_work_on_ray_is_refused_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = archive(folder, numbered(1))
    with pytest.raises(SettingsError, match="a model object cannot be sent"):
        Batch([source], "run", task="deals", engine="ray", model=FakeModel({}))
    with pytest.raises(SettingsError, match="takes no engine"):
        Batch([source], "run", task="deals", engine="ray", provider_batch=True)
    with pytest.raises(SettingsError, match="are for the engine `ray`"):
        Batch([source], "run", task="deals", workers=2)
    with pytest.raises(SettingsError, match="`local` or `ray`, not 'dask'"):
        Batch([source], "run", task="deals", engine="dask")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="start the run on a machine of the cluster"):
        Batch([source], "run", task="deals", engine="ray", address="ray://head:10001")
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else real(name))
    with pytest.raises(UsageError, match=r"pip install 'llm-extract\[ray\]'"):
        Batch([source], "run", task="deals", engine="ray")
    assert not (folder / "run").exists()


def test_an_address_where_nobody_listens_is_told_at_once(folder: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(RunError, match=r"no Ray at 127.0.0.1:1: .*refused"):
        Batch([archive(folder, numbered(1))], "run", task="deals", engine="ray", address="127.0.0.1:1").run()


def descendants(pid: int) -> list[int]:
    """A process's children, their children, and so on, but for Ray's agents: those end after a minute."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child] * ("Agent" not in name(child)) + descendants(child)
    return found


def name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().strip("\0")
    except OSError:
        return ""


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
