"""Adapters: the folder beside a prompt, when it holds, and what its probabilities are worth."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from llm_extract import Extractor
from llm_extract.cli.skeleton import write_task
from llm_extract.errors import EmbeddedModelError
from llm_extract.extraction import _extractor
from llm_extract.form import make_form
from llm_extract.model.adapters import (
    DESCRIPTION,
    HIGHEST,
    LOWEST,
    WEIGHTS,
    Calibration,
    adapter_folder,
    confidences,
    read_adapter,
    with_adapter,
)
from llm_extract.model.endpoints import resolve_endpoint
from llm_extract.model.models import EmbeddedModel, NamedModel, new_model
from llm_extract.model.types import Endpoint, Likelihood, Request, Sampling
from llm_extract.settings import Settings, load_settings
from llm_extract.task import Task, find_task, task_for_schema
from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import answer
from tests.adapters import LORA, write_adapter
from tests.model.asking import endpoint


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A task of its own folder, without an adapter."""
    write_task("moves", tmp_path)
    return find_task("moves", tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(model="embedded", cache_dir=tmp_path / "cache")


def given_adapter(task: Task, **others: Any) -> Path:
    """The task's adapter, as it would be there after training."""
    assert task.where is not None
    return write_adapter(task.where / "prompts" / f"{task.name}.adapter", task, **others)


def base(settings: Settings) -> Endpoint:
    return resolve_endpoint("embedded", settings)


# ---------------------------------------------------------------- the folder


def test_an_adapter_lies_beside_the_prompt(task: Task) -> None:
    assert adapter_folder(task) is None
    folder = given_adapter(task)
    assert adapter_folder(task) == folder
    (folder / DESCRIPTION).unlink()
    assert adapter_folder(task) is None


def test_a_schema_alone_has_no_adapter() -> None:
    class Meeting(BaseModel):
        place: str | None = None

    assert adapter_folder(task_for_schema(Meeting)) is None


def test_what_is_known_of_an_adapter_is_read(task: Task) -> None:
    folder = given_adapter(task, confidence={"own": 0.5, "lines": {"": 1.5}}, least_confidence=0.25)
    adapter = read_adapter(folder)
    assert adapter.form == make_form(task).fingerprint
    assert adapter.confidence == Calibration(own=0.5, entry=0.0, lines={"": 1.5})
    assert adapter.least_confidence == 0.25


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        (DESCRIPTION, None, "cannot be read"),
        (WEIGHTS, None, "cannot be read"),
        (DESCRIPTION, b"{", r"adapter\.json: Invalid JSON"),
        (DESCRIPTION, b"{}", r"adapter\.json: base: Field required"),
        (WEIGHTS, LORA[:-1], r"adapter\.gguf is not the file that adapter\.json describes.*llm-extract tune"),
        (WEIGHTS, LORA.upper(), "is not the file"),
    ],
)
def test_an_adapter_that_is_damaged_says_so(task: Task, name: str, content: bytes | None, complaint: str) -> None:
    folder = given_adapter(task)
    assert read_adapter(folder).base == "gemma3-270m"  # what was read once is not served for a changed file
    file = folder / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
        os.utime(file, ns=(1, 1))
    with pytest.raises(EmbeddedModelError, match=complaint):
        read_adapter(folder)


@pytest.mark.parametrize(
    ("others", "complaint"),
    [
        ({"format": 1}, "format"),
        ({"least_confidence": 1.5}, "least_confidence"),
        ({"colour": "red"}, "colour"),
        ({"attention": "backwards"}, "attention"),
        ({"confidence": {"own": -1}}, r"confidence\.own"),
    ],
)
def test_a_description_that_says_something_else_is_refused(task: Task, others: dict[str, Any], complaint: str) -> None:
    with pytest.raises(EmbeddedModelError, match=complaint):
        read_adapter(given_adapter(task, **others))


# ---------------------------------------------------------------- which endpoint gets it


def test_the_embedded_model_that_it_was_trained_on_gets_it(task: Task, settings: Settings) -> None:
    assert with_adapter(base(settings), task) == base(settings)
    folder = given_adapter(task)
    assert with_adapter(base(settings), task) == base(settings).model_copy(update={"adapter": folder})


def test_no_other_model_gets_it(task: Task, settings: Settings) -> None:
    given_adapter(task, base="another-270m")
    assert with_adapter(base(settings), task).adapter is None
    given_adapter(task)
    other = endpoint("http://127.0.0.1:9/v1", model="gemma3-270m")
    assert with_adapter(other, task) == other


def test_an_adapter_of_another_form_is_refused_with_what_to_do(task: Task, settings: Settings) -> None:
    given_adapter(task, form="0" * 16)
    with pytest.raises(EmbeddedModelError, match=r"another form of the task 'moves'.*tune moves.*LLM_EXTRACT_ADAPTER"):
        with_adapter(base(settings), task)


def test_an_adapter_of_other_weights_is_refused(task: Task, settings: Settings) -> None:
    given_adapter(task, base_sha256="0" * 64)
    with pytest.raises(EmbeddedModelError, match=r"other weights of gemma3-270m.*tune moves.*LLM_EXTRACT_ADAPTER"):
        with_adapter(base(settings), task)


def test_a_model_tuned_for_one_task_serves_another_as_it_is(task: Task, settings: Settings, tmp_path: Path) -> None:
    given_adapter(task)
    tuned = new_model(base(settings), settings).for_task(task)
    other = tmp_path / "other"
    write_task("others", other)
    plain = tuned.for_task(find_task("others", other))
    assert tuned.endpoint.adapter is not None
    assert plain.endpoint.adapter is None
    assert plain.endpoint.model == new_model(base(settings), settings).endpoint.model


def test_a_changed_label_makes_it_another_form(task: Task, settings: Settings) -> None:
    given_adapter(task)
    assert task.where is not None
    prompt = task.where / "prompts" / "moves.md"
    prompt.write_text(prompt.read_text().replace(": Person\n", ": Who\n"))
    os.utime(prompt, ns=(1, 1))
    with pytest.raises(EmbeddedModelError, match="another form"):
        with_adapter(base(settings), find_task("moves", task.where))


# ---------------------------------------------------------------- the model with it


def test_a_tuned_model_is_another_model_by_name(task: Task, settings: Settings) -> None:
    """So that no answer of the plain model is served for its own."""
    plain = EmbeddedModel(base(settings), settings)
    assert plain.for_task(task) is plain
    folder = given_adapter(task)
    tuned = plain.for_task(task)
    assert tuned.endpoint.adapter == folder
    assert tuned.endpoint.model == f"{plain.endpoint.model}+{sha256(LORA).hexdigest()[:12]}-q8_0"
    assert tuned.pool is plain.pool
    assert plain.for_task(task) is tuned
    assert tuned.for_task(task) is tuned


def test_the_same_weights_that_read_otherwise_are_another_model(task: Task, settings: Settings) -> None:
    given_adapter(task)
    causal = new_model(base(settings), settings).for_task(task)
    folder = given_adapter(task, attention="prefix")
    both = new_model(base(settings), settings).for_task(task)
    assert read_adapter(folder).attention == "prefix"
    assert both.endpoint.model == f"{causal.endpoint.model}-prefix"


def test_the_settings_can_do_without_it(task: Task, tmp_path: Path) -> None:
    given_adapter(task)
    without = load_settings(model="embedded", cache_dir=tmp_path / "cache", adapter=False)
    plain = EmbeddedModel(base(without), without)
    assert plain.for_task(task) is plain


def test_a_model_behind_an_endpoint_has_none(task: Task, settings: Settings) -> None:
    given_adapter(task)
    model = new_model(endpoint("http://127.0.0.1:9/v1"), settings)
    assert model.for_task(task) is model


def test_an_extractor_asks_the_tuned_model(task: Task, settings: Settings) -> None:
    folder = given_adapter(task)
    extractor: Extractor[Any] = Extractor(task, settings=settings)
    assert isinstance(extractor.model, NamedModel)
    assert extractor.model.endpoint.adapter == folder
    given_adapter(task, form="0" * 16)
    with pytest.raises(EmbeddedModelError, match="another form"):
        Extractor(task, settings=settings)


def test_other_calibrations_and_thresholds_are_other_terms_of_a_run(task: Task, settings: Settings) -> None:
    def terms(settings: Settings) -> dict[str, Any]:
        return Extractor(task, settings=settings).terms()

    def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
        return [name for name in one if one[name] != other[name]]

    plain = terms(settings)
    given_adapter(task)
    usual = terms(settings)
    assert differing(plain, usual) == ["model_id", "adapter"]
    assert differing(usual, terms(settings.model_copy(update={"min_confidence": 0.9}))) == ["min_confidence"]
    assert differing(plain, terms(settings.model_copy(update={"adapter": False}))) == []
    given_adapter(task, confidence={"own": 0.5})
    assert differing(usual, terms(settings)) == ["adapter"]


def test_what_took_an_adapter_s_place_is_not_served_under_its_name(task: Task, settings: Settings) -> None:
    given_adapter(task)
    model = new_model(base(settings), settings).for_task(task)
    folder = given_adapter(task, weights_sha256=sha256(LORA * 2).hexdigest())
    (folder / WEIGHTS).write_bytes(LORA * 2)
    with pytest.raises(EmbeddedModelError, match="was replaced meanwhile"):
        model.weights_file()  # type: ignore[attr-defined]


def test_extract_sees_an_adapter_that_came_or_changed(task: Task, settings: Settings) -> None:
    plain = _extractor(task, None, "embedded", settings)
    assert _extractor(task, None, "embedded", settings) is plain
    given_adapter(task)
    tuned = _extractor(task, None, "embedded", settings)
    assert tuned.model.endpoint.adapter is not None
    given_adapter(task, least_confidence=0.25)
    assert _extractor(task, None, "embedded", settings) is not tuned


class Server:
    """Stands in for the embedded server's start, which takes its time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.starts = 0

    def ensure_running(self) -> tuple[str, str]:
        self.starts += 1
        time.sleep(0.05)
        return self._address, "key"


async def test_first_questions_at_the_same_time_share_one_client(
    scripted_server: ScriptedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(scripted_server.base_url)
    monkeypatch.setattr(EmbeddedModel, "server", lambda self: server)
    scripted_server.respond = lambda request: answer("yes")
    model = new_model(base(settings), settings.model_copy(update={"cache": False}))
    asked = [Request(prompt=f"Is {number} a number?", sampling=Sampling()) for number in range(6)]
    answered = await asyncio.gather(*(model.answer(request, str) for request in asked))
    await model.aclose()
    assert [each.answer for each in answered] == ["yes"] * 6
    assert server.starts == 1


# ---------------------------------------------------------------- what a probability is worth

WEIGHT = st.floats(0, 5)


@given(WEIGHT, WEIGHT, WEIGHT, st.floats(-5, 5), st.lists(st.floats(0, 1), min_size=2), st.none() | st.floats(0, 1))
def test_a_surer_answer_is_never_worth_less(
    own: float, there: float, entry: float, added: float, asked: list[float], other: float | None
) -> None:
    calibration = Calibration(own=own, there=there, entry=entry, lines={"": added})
    asked.sort()
    for surer in (
        [Likelihood(each, other, other) for each in asked],
        [Likelihood(0.5, each, other) for each in asked],
        [Likelihood(0.5, other, each) for each in asked],
    ):
        worth = [calibration.worth("contracts[].value", seen) for seen in surer]
        assert all(earlier <= later + 1e-9 for earlier, later in itertools.pairwise(worth))
        assert all(LOWEST <= each <= HIGHEST for each in worth)


@pytest.mark.parametrize(
    ("path", "seen", "worth"),
    [
        ("a", Likelihood(0.5, 0.5, 0.5), 0.731),  # all at even odds: what is added alone, 1 / (1 + exp(-1))
        ("a", Likelihood(0.5), 0.731),  # as what was not told
        ("b", Likelihood(0.5, 0.5, 0.5), 0.5),  # no number of its own
        ("b", Likelihood(0.8), 0.667),  # log odds of 4 to 1, halved: 2 to 1
        ("b", Likelihood(0.8, None, 0.8), 0.889),  # and once those of the entry: 8 to 1
        ("b", Likelihood(0.8, 0.5**0.5 / (1 + 0.5**0.5), 0.8), 0.8),  # and twice those of 1 to the root of 2: 4 to 1
        ("b", Likelihood(1.0, 1.0, 1.0), 0.99),
        ("b", Likelihood(0.0, 0.0, 0.0), 0.01),
    ],
)
def test_log_odds_are_weighed_and_added(path: str, seen: Likelihood, worth: float) -> None:
    calibration = Calibration(own=0.5, there=2.0, entry=1.0, lines={"a": 1.0, "": 0.0})
    assert calibration.worth(path, seen) == pytest.approx(worth, abs=5e-4)


def test_the_confidence_of_a_value_is_what_its_likelihood_is_worth_on_its_line() -> None:
    seen = {"contracts[0].value": Likelihood(0.5), "contracts[1].buyers[2]": Likelihood(0.5)}
    calibration = Calibration(lines={"contracts[].buyers[]": 1.0, "": 0.0})
    found = confidences(seen, calibration)
    assert found == {"contracts[0].value": 0.5, "contracts[1].buyers[2]": pytest.approx(0.731, abs=5e-4)}


def test_without_measurements_a_probability_is_what_it_is() -> None:
    assert confidences({"contracts[0].value": Likelihood(0.37, 0.2, 0.1)}, None) == {"contracts[0].value": 0.37}
