"""What this machine leaves for a model: processor cores and memory, as affinity and cgroups allow."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """The cores that this process may use: by affinity and by the cgroups' quota, at least 1."""
    cores = float(len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)
    for group in _own_cgroups():
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if quota.isdigit() and period.strip().isdigit():
            cores = min(cores, int(quota) / int(period))
    return max(1, int(cores))


def free_cores() -> int:
    """The usable cores less the present load, at least 1.

    The load is the whole machine's average over a minute; a moment's peak does not count.
    """
    try:
        load = os.getloadavg()[0]
    except OSError:
        load = 0.0
    return max(1, usable_cores() - int(load))


def available_memory() -> int | None:
    """Bytes that a new process can take without swapping, None where the system does not say.

    The least of what the machine has available and what each cgroup above this process still allows.
    """
    limits = [
        int(line.split()[1]) * 1024
        for line in _read(Path("/proc/meminfo")).splitlines()
        if line.startswith("MemAvailable:")
    ]
    for group in _own_cgroups():
        most, used = _read(group / "memory.max").strip(), _read(group / "memory.current").strip()
        if most.isdigit() and used.isdigit():
            limits.append(max(0, int(most) - int(used) + _reclaimable(group)))
    return min(limits, default=None)


def _own_cgroups() -> Iterator[Path]:
    """The folders of this process's cgroup (version 2) and of those above it."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::"):
            own = CGROUPS / line.removeprefix("0::").strip().lstrip("/")
            yield own
            yield from (parent for parent in own.parents if parent.is_relative_to(CGROUPS))


def _reclaimable(group: Path) -> int:
    """Bytes of files that the group only caches: the kernel gives them up when memory is short."""
    for line in _read(group / "memory.stat").splitlines():
        if line.startswith("inactive_file "):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    """The file's text; empty where this system has no such file or does not let it be read."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
