"""The shipped gold holds, and the scorer is right about it."""

from __future__ import annotations

import pytest

from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.gates import read_gate
from llm_extract.evaluation.gold import GoldSet, gold_directory, read_gold_set
from llm_extract.evaluation.predictions import as_predictions
from llm_extract.evaluation.results import judge
from llm_extract.task import find_task

TASKS = ("it_contracts", "appointments")


@pytest.fixture(scope="module", params=TASKS)
def gold(request: pytest.FixtureRequest) -> GoldSet:
    return read_gold_set(request.param)


@pytest.mark.parametrize("name", TASKS)
def test_the_audit_finds_no_error(name: str) -> None:
    found = audit(find_task(name), gold_directory(name))
    assert [finding for finding in found.findings if finding.level == "error"] == []
    assert set(found.splits) == {"dev", "test"}
    assert found.values > 50


def test_every_gold_file_scores_1_against_itself(gold: GoldSet) -> None:
    results = judge(gold, as_predictions(gold))
    assert {item.verdict for _, item in results.items} == {"COR"}
    assert {result.outcome for result in results.articles} == {"scored"}
    quotes, verbatim = results.table.total("quotes"), results.table.total("quotes/verbatim")
    assert quotes == verbatim > 50


def test_it_contracts_has_what_was_promised() -> None:
    items = read_gold_set("it_contracts").items
    words = [len(item.document.text.split()) for item in items]
    assert len(items) >= 120
    assert sum(not item.file.record["contracts"] for item in items) >= 20
    assert min(words) >= 180
    assert max(words) <= 600


def test_the_gate_judges_the_test_split() -> None:
    gate = read_gate(gold_directory("it_contracts"))
    assert gate is not None
    assert gate.split == "test"
    assert gate.baseline is not None
    stored = gold_directory("it_contracts") / "baseline" / "predictions.jsonl"
    named = {line.split('"article":"')[1].split('"')[0] for line in stored.read_text("utf-8").splitlines()}
    assert named == {item.name for item in read_gold_set("it_contracts").split("test").items}
