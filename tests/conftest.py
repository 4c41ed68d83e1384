"""No test depends on the settings of whoever runs it, and none leaves this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.command_line import command_line as command_line  # a fixture
from tests.command_line import folder as folder  # another one

# Machines are shared: how long an example takes says nothing. In CI the examples are the same each time, so that
# a change is judged by what it changed; elsewhere they are new each time.
settings.register_profile("shared", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shared")


@pytest.fixture(scope="session")
def _cache_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("default-cache")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, _cache_of_the_session: Path) -> None:
    for name in os.environ:
        if name.startswith(("LLM_EXTRACT_", "OPENAI_")) or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LLM_EXTRACT_CACHE_DIR", str(_cache_of_the_session))
    monkeypatch.setenv("LLM_EXTRACT_FORBID_LIVE_CALLS", "1")
