"""A whole run, killed at steps spread over its length, ends as if nobody had touched it.

A sample; `python -m tests.benchmarks.kills --sweep` strikes at every step, and `--kills 100` at random moments.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.benchmarks.forks import strace_is_usable
from tests.benchmarks.kills import Site, sweep_calls, sweep_operations


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), articles=4, latency=0.01) as made:
        yield made


def test_a_run_killed_while_it_writes_a_file_ends_like_an_undisturbed_one(site: Site) -> None:
    assert len(sweep_operations(site, most=10)) == 10


def test_a_run_killed_in_a_system_call_ends_like_an_undisturbed_one(site: Site) -> None:
    if not strace_is_usable():
        pytest.skip("strace is not installed, or may not trace here")
    struck, missed = sweep_calls(site, most=10)
    assert len(struck) >= 7
    assert len(struck) + missed == 10


def test_a_run_killed_at_a_random_moment_ends_like_an_undisturbed_one(site: Site) -> None:
    struck = [site.killed(f"after {share} of its time", after=share * site.seconds) for share in (0.2, 0.4, 0.6, 0.8)]
    assert sum(one is not None for one in struck) >= 2
