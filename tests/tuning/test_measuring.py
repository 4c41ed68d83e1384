"""Measuring: asked once, judged as often as calibrations and thresholds are tried."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_extract.evaluation.gold import GoldSet
from llm_extract.grounding import Said
from llm_extract.model.types import Answered, Capabilities, Likelihood, Request, Sampling
from llm_extract.testing import FakeModel
from llm_extract.tuning.lessons import make_lesson
from llm_extract.tuning.measuring import (
    Asked,
    ask_all,
    calibrate,
    item_f1,
    observations,
    predictions,
    results_of,
)
from tests.adapters import tuned
from tests.evaluation.deals import gold_set

ALWAYS_WRONG = 0.3


class Unsure(FakeModel):
    """Knows the gold by heart, but says of every fourth deal that its value is that of another, and is less sure of it.

    Its prompts are those of lessons; a value that the article does not state is not asked for.
    """

    def __init__(self, gold: GoldSet) -> None:
        super().__init__(self._said, capabilities=Capabilities(decompose=True, grammar="llama_cpp"))
        self._learnt: dict[str, str] = {}
        for item in gold.items:
            text = ""
            for piece, learnt in make_lesson(gold.task, item).parts():
                if learnt:
                    self._learnt[text] = piece.removesuffix("\n")
                text += piece

    def _said(self, request: Request) -> str:
        return self._learnt.get(request.prompt or "", " none")

    async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
        said = self._said(request)
        doubtful = said.startswith(" £") and int(said[2]) % 2 == 0
        if doubtful:  # another run of the article's words
            self._learnt[request.prompt or ""] = " none"
            parsed = parse(" no more")
        else:
            parsed = parse(said)
        answered = await super().answer(request, lambda _: parsed)
        sure = math.log(ALWAYS_WRONG if doubtful else 0.9)
        tokens = tuple((token, sure if number == 0 else 0.0) for number, token in enumerate(said.split(" ")[1:]))
        beginnings = ((" none", math.log(0.2)), ("other", math.log(0.1)))
        return answered._replace(completion=answered.completion._replace(tokens=tokens, beginnings=beginnings))


@pytest.fixture
def gold(tmp_path: Path) -> GoldSet:
    return gold_set(tmp_path, 16)


@pytest.fixture
def asked(gold: GoldSet, tmp_path: Path) -> dict[str, Asked]:
    model = tuned(Unsure(gold), tmp_path / "adapter")
    return asyncio.run(ask_all(model, gold, Sampling(), tmp_path / "asked.jsonl"))


def test_every_article_is_asked_once_and_a_torn_line_again(
    gold: GoldSet, asked: dict[str, Asked], tmp_path: Path
) -> None:
    file = tmp_path / "asked.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    assert len(lines) == 16
    file.write_bytes(b"".join(lines[:14]) + lines[14][:30])
    model = tuned(Unsure(gold), tmp_path / "adapter")
    seen: list[tuple[int, int]] = []
    again = asyncio.run(ask_all(model, gold, Sampling(), file, lambda done, total: seen.append((done, total))))
    texts = {gold.items[number].document.text.splitlines()[0] for number in (14, 15)}
    assert {(request.prompt or "").splitlines()[1] for request in model.requests} == texts
    assert seen[-1] == (16, 16)
    assert {name: each.said for name, each in again.items()} == {name: each.said for name, each in asked.items()}
    assert len(file.read_bytes().splitlines()) == 16


def test_delivered_values_are_observed_with_their_probability_and_whether_they_were_right(
    gold: GoldSet, asked: dict[str, Asked]
) -> None:
    seen = observations(gold, asked)
    assert {each.path for each in seen} == {"deals[].stage", "deals[].buyers[]", "deals[].suppliers[]", "deals[].value"}
    assert all(each.right for each in seen)
    assert {round(each.seen.own, 6) for each in seen} == {0.9}
    assert {each.seen.there and round(each.seen.there, 6) for each in seen} == {0.8}
    assert {each.seen.entry and round(each.seen.entry, 6) for each in seen} == {0.8}


def test_what_is_observed_is_the_answer_s_likelihood_and_not_that_of_its_neighbour(gold: GoldSet) -> None:
    (item, *_) = gold.items
    deal = {
        "main": True,
        "stage": {"value": "award", "quote": "signed"},
        "buyers": ["Nobody at all", *item.file.record["deals"][0]["buyers"]],
        "suppliers": [],
        "value": None,
    }
    told = {"deals[0].buyers[0]": Likelihood(0.1, None, None), "deals[0].buyers[1]": Likelihood(0.8, None, None)}
    answer = gold.task.schema.answer.model_validate({"deals": [deal]})
    one = GoldSet(gold.task, gold.directory, (item,))
    (seen,) = observations(one, {item.name: Asked(Said(answer, likelihoods=told), None, 1.0)})
    assert (seen.path, seen.seen.own, seen.right) == ("deals[].buyers[]", 0.8, True)


def test_a_threshold_leaves_out_what_is_below_it(gold: GoldSet, asked: dict[str, Asked]) -> None:
    whole, nothing = results_of(gold, asked), results_of(gold, asked, least=0.95)
    assert 0.8 < item_f1(whole) < 1.0
    assert item_f1(nothing) == 0.0
    issues = [issue for each in predictions(gold, asked, least=0.95) for issue in each.issues]
    assert "uncertain" in {issue.reason for issue in issues}


def test_calibration_is_of_lines_and_rates_what_was_right(gold: GoldSet, asked: dict[str, Asked]) -> None:
    found = calibrate(gold, asked)
    assert found.least_confidence == 0.0
    assert found.observed == len(observations(gold, asked))
    assert found.confidence is not None
    assert found.confidence.worth("deals[].value", Likelihood(0.9, 0.8, 0.8)) > 0.95
    assert item_f1(found.honest) == item_f1(results_of(gold, asked))


def test_an_article_that_fails_counts_with_all_its_items(gold: GoldSet, tmp_path: Path) -> None:
    def refuses(request: Request) -> str:
        return " Globex"  # not a run of any article

    model = tuned(FakeModel(refuses, capabilities=Capabilities(decompose=True)), tmp_path / "adapter")
    failed = asyncio.run(ask_all(model, gold, Sampling(), tmp_path / "failed.jsonl"))
    results = results_of(gold, failed)
    assert len(results.errors) == 16
    assert item_f1(results) == 0.0
    assert calibrate(gold, failed).confidence is None
    knows = tuned(Unsure(gold), tmp_path / "adapter")
    again = asyncio.run(ask_all(knows, gold, Sampling(), tmp_path / "failed.jsonl"))
    assert all(each.failure is None for each in again.values())
    assert not results_of(gold, again).errors
