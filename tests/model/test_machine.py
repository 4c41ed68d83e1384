from __future__ import annotations

import os
from pathlib import Path

import pytest

from llm_extract.model import machine


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cgroup two levels below the root, which this process believes to be in."""
    own = tmp_path / "outer" / "inner"
    own.mkdir(parents=True)
    monkeypatch.setattr(machine, "CGROUPS", tmp_path)
    read = machine._read
    monkeypatch.setattr(
        machine,
        "_read",
        lambda path: "0::/outer/inner\n" if path == Path("/proc/self/cgroup") else read(path),
    )
    return own


def test_cores_follow_the_affinity() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert 1 <= machine.free_cores() <= machine.usable_cores() <= len(before)


def test_cores_follow_the_tightest_quota_and_are_at_least_one(cgroup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert machine.usable_cores() == 16
    (cgroup / "cpu.max").write_text("max 100000\n")
    assert machine.usable_cores() == 16
    (cgroup.parent / "cpu.max").write_text("350000 100000\n")
    assert machine.usable_cores() == 3
    (cgroup / "cpu.max").write_text("50000 100000\n")
    assert machine.usable_cores() == 1


def test_a_loaded_machine_leaves_fewer_cores(cgroup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    for load, cores in ((0.4, 8), (2.9, 6), (50.0, 1)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0, 0))
        assert machine.free_cores() == cores


def test_memory_follows_the_tightest_limit_and_counts_cached_files_as_free(cgroup: Path) -> None:
    whole = machine.available_memory()
    assert whole is None or whole > 1_000_000
    (cgroup.parent / "memory.max").write_text("500000\n")
    (cgroup.parent / "memory.current").write_text("400000\n")
    assert machine.available_memory() == 100_000
    (cgroup.parent / "memory.stat").write_text("anon 1\ninactive_file 50000\n")
    assert machine.available_memory() == 150_000
    (cgroup / "memory.max").write_text("max\n")
    (cgroup / "memory.current").write_text("1\n")
    assert machine.available_memory() == 150_000
