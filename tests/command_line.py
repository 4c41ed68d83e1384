"""The command line in this process, in a folder with the task `deals` and a server that answers its questions.

In this process, because importing everything anew takes longer than what is tested.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from llm_extract.cli.main import main
from llm_extract.testing import ScriptedServer
from tests.evaluation.deals import answering, said, write_task


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


def environment(server: ScriptedServer, folder: Path) -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("LLM_EXTRACT_", "OPENAI_"))},
        "LLM_EXTRACT_MODEL": "openai/gpt-test",
        "LLM_EXTRACT_BASE_URL": server.base_url,
        "LLM_EXTRACT_API_KEY": "sk-very-secret",
        "LLM_EXTRACT_CACHE_DIR": str(folder / "cache"),
        "LLM_EXTRACT_ATTEMPTS": "1",
        "COLUMNS": "160",
    }


@pytest.fixture
def folder(tmp_path: Path, scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the task `deals`, and settings that lead to a server which answers its questions."""
    write_task(tmp_path)
    scripted_server.respond = answering(said)
    monkeypatch.chdir(tmp_path)
    for name, value in environment(scripted_server, tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def go(*words: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(words)
        return Done(int(exit_.value.code or 0), *capsys.readouterr())

    return go
