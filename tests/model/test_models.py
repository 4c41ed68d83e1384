"""Models by name: what they share, what of the environment makes another one, and that threads do not disturb them."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from llm_extract import extract
from llm_extract.errors import BudgetReached, SettingsError
from llm_extract.model.models import NamedModel, new_model, resolve_model
from llm_extract.model.rates import Budget
from llm_extract.settings import Settings, load_settings
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer
from tests.model.asking import KEY, SOUND, endpoint, parse, request


class Named(BaseModel):
    name: str | None = None


def settings_for(server: ScriptedServer, **chosen: Any) -> Settings:
    return load_settings(**{"base_url": server.base_url, "api_key": KEY, "cache": False} | chosen)


# --- the environment ------------------------------------------------------------------------------


def test_an_answer_is_kept_in_the_folder_that_the_environment_names_now(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted_server.default = answer({"name": None})
    monkeypatch.delenv("LLM_EXTRACT_CACHE_DIR")
    settings = settings_for(scripted_server, cache=True)
    for folder, asked in (("one", 1), ("two", 2), ("one", 2)):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / folder))
        extract("The same text.", schema=Named, model="openai/gpt-test", settings=settings)
        assert len(scripted_server.requests) == asked
        assert (tmp_path / folder / "llm_extract" / "answers").is_dir()


def test_a_model_keeps_the_folder_under_which_it_was_found(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted_server.default = answer(SOUND)
    monkeypatch.delenv("LLM_EXTRACT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "one"))
    model = resolve_model("openai/gpt-test", settings_for(scripted_server, cache=True))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "two"))
    asyncio.run(model.answer(request(), parse))
    assert [folder.name for folder in tmp_path.iterdir()] == ["one"]


def test_without_a_cache_no_folder_is_asked_for(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv("LLM_EXTRACT_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert resolve_model("openai/gpt-test", settings_for(scripted_server)).endpoint.model == "gpt-test"
    with pytest.raises(SettingsError, match="LLM_EXTRACT_CACHE_DIR"):
        resolve_model("openai/gpt-test", settings_for(scripted_server, cache=True))


@pytest.mark.parametrize(
    ("variable", "header"), [("OPENAI_ORG_ID", "openai-organization"), ("OPENAI_PROJECT_ID", "openai-project")]
)
def test_another_organization_or_project_is_sent_from_the_next_call_on(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, variable: str, header: str
) -> None:
    scripted_server.default = answer({"name": None})
    settings = settings_for(scripted_server)
    for value in ("a", "b", "a"):
        monkeypatch.setenv(variable, value)
        extract("Some text.", schema=Named, model="openai/gpt-test", settings=settings)
    monkeypatch.delenv(variable)
    extract("Some text.", schema=Named, model="openai/gpt-test", settings=settings)
    assert [one.headers.get(header) for one in scripted_server.requests] == ["a", "b", "a", None]


def test_the_same_terms_are_the_same_model_whatever_else_the_environment_says(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(scripted_server, cache=True)
    model = resolve_model("openai/gpt-test", settings)
    monkeypatch.setenv("UNHEARD_OF", "1")
    assert resolve_model("openai/gpt-test", settings) is model
    of_another = resolve_model("groq/llama", settings)
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    assert resolve_model("openai/gpt-test", settings) is not model
    assert resolve_model("groq/llama", settings) is of_another, "an organization is OpenAI's affair"


# --- the budget -----------------------------------------------------------------------------------


def ask_often(model: str, settings: Settings) -> None:
    for number in range(10):
        extract(f"Text {number}.", schema=Named, model=model, settings=settings)


def test_a_budget_holds_for_all_models_and_settings_together(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer({"name": None}, input_tokens=1000, output_tokens=3000)
    limited = settings_for(scripted_server, max_tokens=14_001)
    with pytest.raises(BudgetReached):
        ask_often("openai/a", limited)
    made = len(scripted_server.requests)
    assert 4000 < 4000 * made <= 14_001
    with pytest.raises(BudgetReached):
        ask_often("openai/b", limited)
    with pytest.raises(BudgetReached):
        ask_often("openai/a", settings_for(scripted_server, max_tokens=14_001, temperature=0.5))
    assert len(scripted_server.requests) == made

    with pytest.raises(BudgetReached):
        ask_often("openai/a", settings_for(scripted_server, max_tokens=14_002))
    assert len(scripted_server.requests) == 2 * made, "another budget is one of its own"


def test_a_budget_is_one_also_where_threads_begin_at_once(scripted_server: ScriptedServer) -> None:
    found: list[Budget | None] = []
    together = threading.Barrier(8)

    def resolve(number: int) -> None:
        settings = settings_for(scripted_server, max_cost="12.3456")
        together.wait()
        model = resolve_model(f"openai/gpt-{number % 2}", settings)
        assert isinstance(model, NamedModel)
        found.append(model.pool.budget)

    threads = [threading.Thread(target=resolve, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_a_pool_of_ones_own_has_a_budget_of_its_own(scripted_server: ScriptedServer) -> None:
    settings = settings_for(scripted_server, max_tokens=77_777)
    shared = resolve_model("openai/gpt-test", settings)
    own = resolve_model("openai/gpt-test", settings, settings.pool())
    assert isinstance(shared, NamedModel)
    assert isinstance(own, NamedModel)
    assert own.pool.budget is not None
    assert own.pool.budget is not shared.pool.budget
    without = resolve_model("openai/gpt-test", settings_for(scripted_server))
    assert isinstance(without, NamedModel)
    assert without.pool.budget is None


# --- event loops ----------------------------------------------------------------------------------


def test_a_loop_may_open_while_another_looks_for_closed_ones(scripted_server: ScriptedServer) -> None:
    scripted_server.default = answer(SOUND)
    model = new_model(endpoint(scripted_server), settings_for(scripted_server))
    meanwhile: list[threading.Thread] = []
    looked_at = threading.Event()

    class Looked(asyncio.SelectorEventLoop):
        def is_closed(self) -> bool:
            if looked_at.is_set() and not meanwhile:
                # Another thread's loop opens its client in the moment in which this one is looked at.
                meanwhile.append(threading.Thread(target=lambda: asyncio.run(model.answer(request(), parse))))
                meanwhile[0].start()
                meanwhile[0].join()
            return super().is_closed()

    loop = Looked()
    try:
        loop.run_until_complete(model.answer(request(), parse))
        looked_at.set()
        asyncio.run(model.answer(request(), parse))
        assert meanwhile
    finally:
        loop.run_until_complete(model.aclose())
        loop.close()
    assert len(scripted_server.requests) == 3
