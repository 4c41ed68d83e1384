"""The pytest plugin: fixtures for tests of programs that use llm_extract.

    scripted_server      a running `ScriptedServer`, new for each test
    fake_model           makes a `FakeModel` of a function: fake_model(lambda request: {...})
    forbid_live_calls    no call leaves this machine during the test

Only the standard library and pytest are imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from llm_extract.model.types import Request
    from llm_extract.testing.fake import FakeModel
    from llm_extract.testing.server import ScriptedServer


@pytest.fixture
def scripted_server() -> Iterator[ScriptedServer]:
    """An OpenAI-compatible server on loopback that says what the test tells it to say."""
    from llm_extract.testing.server import ScriptedServer

    with ScriptedServer() as server:
        yield server


@pytest.fixture
def fake_model() -> Callable[[Callable[[Request], Any]], FakeModel]:
    """Makes a model of a function from requests to answers."""
    from llm_extract.testing.fake import FakeModel

    return FakeModel


@pytest.fixture
def forbid_live_calls() -> Iterator[None]:
    """Calls to other machines raise LiveCallForbidden."""
    from llm_extract.testing import forbid_live_calls as forbidden

    with forbidden():
        yield
