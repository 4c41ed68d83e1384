"""For tests of programs that use llm_extract.

    ScriptedServer         a real HTTP server on loopback that says what it is told (see `.server`)
    FakeModel              a model that is a function, without HTTP
    forbid_live_calls()    no call leaves this machine

Installed copies bring the pytest fixtures `scripted_server`, `fake_model` and `forbid_live_calls`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_extract.testing.fake import FakeModel
    from llm_extract.testing.server import ScriptedServer

__all__ = ["FakeModel", "ScriptedServer", "forbid_live_calls"]


@contextmanager
def forbid_live_calls() -> Iterator[None]:
    """While on, a call to another machine raises LiveCallForbidden before a socket opens.

    Sets LLM_EXTRACT_FORBID_LIVE_CALLS=1, so that it holds for child processes too; set it in the
    environment to forbid live calls everywhere. Cached answers and servers on loopback still answer.
    """
    name = "LLM_EXTRACT_FORBID_LIVE_CALLS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def __getattr__(name: str) -> Any:
    # Loaded when used: pytest imports this package in every project that has llm_extract installed.
    if name == "FakeModel":
        from llm_extract.testing.fake import FakeModel

        return FakeModel
    if name == "ScriptedServer":
        from llm_extract.testing.server import ScriptedServer

        return ScriptedServer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
