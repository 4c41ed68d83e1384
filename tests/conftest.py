"""No test depends on the settings of whoever runs it, and none leaves this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
