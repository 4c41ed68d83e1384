"""Predictions against gold: evidence that is looked at again, denominators that nothing leaves."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field

import llm_extract
from llm_extract.document import Document
from llm_extract.errors import EvaluationError
from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.comparison import Comparison, common, compare_results
from llm_extract.evaluation.evaluate import evaluated, store_baseline, with_baseline
from llm_extract.evaluation.gates import BaselineRule, Gate
from llm_extract.evaluation.gold import Gold, GoldFile, GoldSet, read_gold_set
from llm_extract.evaluation.outputs import item_lines, junit
from llm_extract.evaluation.predictions import Failure, Prediction, as_predictions, read_predictions
from llm_extract.evaluation.results import Results, judge
from llm_extract.evaluation.summary import Summary, figures_by_name, markdown, summarise
from llm_extract.fields import Name
from llm_extract.model.types import Usage
from llm_extract.task import task_for_schema
from tests.evaluation.deals import evidence, gold_set, record


@pytest.fixture
def gold(tmp_path: Path) -> GoldSet:
    return gold_set(tmp_path)


def prediction(number: int, **changes: Any) -> Prediction:
    data = {"article": f"deal-{number:03}", "record": record(number), "evidence": evidence(number), **changes}
    return Prediction.model_validate(data)


def right(count: int = 8) -> list[Prediction]:
    return [prediction(number) for number in range(count)]


def figure(results: Results, name: str) -> float:
    return figures_by_name(results)[name]


def test_gold_as_its_own_prediction_is_right_everywhere(gold: GoldSet) -> None:
    results = judge(gold, as_predictions(gold))
    assert figure(results, "f1") == figure(results, "grounded_f1") == 1.0
    assert figure(results, "false_alarms") == 0.0
    assert results.missing == []


def test_a_missing_article_and_a_failed_one_count_with_all_their_items(gold: GoldSet) -> None:
    failed = prediction(1, record=None, evidence=None, error={"type": "Refused", "message": "no"})
    results = judge(gold, [prediction(0), failed, *right()[3:]])
    assert results.missing == ["deal-002"]
    assert [result.gold.name for result in results.errors] == ["deal-001"]
    assert figure(results, "recall") == pytest.approx(16 / 24)
    assert figure(results, "precision") == 1.0
    assert figure(results, "entry_recall") == pytest.approx(4 / 6)


def test_a_record_that_breaks_the_schema_is_a_failed_article(gold: GoldSet) -> None:
    results = judge(gold, [prediction(0, record={"deals": [{"main": "perhaps"}]}), *right()[1:]])
    (failed,) = results.errors
    assert failed.failure is not None
    assert failed.failure.type == "InvalidRecord"
    assert "deals.0" in failed.failure.message
    assert figure(results, "recall") == pytest.approx(20 / 24)


@pytest.mark.parametrize(
    ("path", "words", "verbatim"),
    [
        ("deals[0].value", {"quote": "£1.5m", "start": 0, "end": 5}, False),  # not what stands there
        ("deals[0].value", {"quote": "Deal", "start": 0, "end": 4}, True),  # stands there, says no sum
        ("deals[0].value", {"quote": "", "start": 3, "end": 3}, False),
        ("deals[0].value", {"quote": "£1.5m", "start": -5, "end": -1}, False),
    ],
)
def test_evidence_that_does_not_hold_is_not_grounded(
    gold: GoldSet, path: str, words: dict[str, Any], verbatim: bool
) -> None:
    results = judge(gold, [prediction(0, evidence={**evidence(0), path: words}), *right()[1:]])
    assert figure(results, "f1") == 1.0
    assert figure(results, "grounded_f1") == pytest.approx(23 / 24)
    summary = summarise(results, model="m", split=None, draws=20)
    assert summary.verbatim == (1.0 if verbatim else pytest.approx(23 / 24))


def test_a_value_without_evidence_is_not_grounded_and_without_any_nothing_is_said(gold: GoldSet) -> None:
    bare = {path: words for path, words in evidence(0).items() if path != "deals[0].value"}
    assert figure(judge(gold, [prediction(0, evidence=bare), *right()[1:]]), "grounded_f1") == pytest.approx(23 / 24)
    without = judge(gold, [prediction(number, evidence=None) for number in range(8)])
    assert "grounded_f1" not in summarise(without, model="m", split=None, draws=20).headline


def test_an_invented_entry_where_gold_has_none_is_a_false_alarm(gold: GoldSet) -> None:
    results = judge(gold, [*right()[:3], prediction(3, record=record(0)), *right()[4:]])
    assert figure(results, "false_alarms") == 0.5
    assert figure(results, "entry_precision") == pytest.approx(6 / 7)


def test_repeats_are_averaged_and_told_apart(gold: GoldSet) -> None:
    second = [prediction(number, repeat=1, record={"deals": []}, evidence={}) for number in range(8)]
    results = judge(gold, [*right(), *second])
    assert figure(results, "recall") == 0.5
    summary = summarise(results, model="m", split=None, draws=20)
    assert summary.repeat_f1 == [1.0, 0.0]
    assert summary.articles == 8
    assert results.table.total("articles") == 8


def test_cost_counts_live_calls_only(gold: GoldSet) -> None:
    live = Usage(calls=2, input_tokens=100, output_tokens=10, cost_usd="0.01", seconds=2.0)
    cached = Usage(cached_calls=1, seconds=0.001)
    said = [prediction(number, usage=live if number < 2 else cached) for number in range(8)]
    cost = summarise(judge(gold, said), model="m", split=None, draws=20).cost
    assert (cost.live_articles, cost.cached_articles, cost.calls_per_article) == (2, 6, 2.0)
    assert (cost.input_tokens_per_1000, cost.usd_per_1000, cost.seconds_p50) == (100_000, 10.0, 2.0)


def test_confidences_are_judged_where_there_are_any(gold: GoldSet) -> None:
    sure = [prediction(n, confidence=dict.fromkeys(evidence(n), 1.0)) for n in range(8)]
    summary = summarise(judge(gold, sure), model="m", split=None, draws=20)
    assert summary.calibration is not None
    assert summary.calibration["values"] == 24
    assert summary.calibration["expected_error"] == 0.0
    assert summarise(judge(gold, right()), model="m", split=None, draws=20).calibration is None


def test_choices_have_a_confusion(gold: GoldSet) -> None:
    changed = record(0)
    changed["deals"][0]["stage"] = "ended"
    found = summarise(judge(gold, [prediction(0, record=changed), *right()[2:]]), model="m", split=None, draws=20)
    assert found.confusion == {"stage": {"award": {"ended": 1, "award": 4, "–": 1}}}


def test_a_baseline_is_a_run_s_predictions_and_is_compared_with(gold: GoldSet, tmp_path: Path) -> None:
    assert with_baseline(judge(gold, right())) is None
    folder = gold.directory / "baseline"
    folder.mkdir()
    (folder / "predictions.jsonl").write_text("".join(entry.model_dump_json() + "\n" for entry in right()[:4]))
    worse = [prediction(0, record={"deals": []}, evidence={}), *right()[1:]]
    found = with_baseline(judge(gold, worse))
    assert found is not None
    assert found.articles == 4  # those that both have
    assert found.headline["recall"].delta == pytest.approx(-1 / 3)
    assert [entry.article for entry in found.regressions] == ["deal-000"]
    assert found.regressions[0].delta == -4
    with pytest.raises(EvaluationError, match="is no run"):
        store_baseline(tmp_path, gold)


def test_a_field_that_was_renamed_since_makes_a_baseline_unreadable(gold: GoldSet) -> None:
    folder = gold.directory / "baseline"
    folder.mkdir()
    renamed = [
        entry.model_copy(update={"record": {"deals": [{**deal, "seller": []} for deal in entry.record["deals"]]}})
        for entry in right()
        if entry.record is not None
    ]
    (folder / "predictions.jsonl").write_text("".join(entry.model_dump_json() + "\n" for entry in renamed))
    found = with_baseline(judge(gold, right()))
    assert found is not None
    assert found.failed == sum(bool(entry.record and entry.record["deals"]) for entry in renamed)
    assert judge(gold, renamed).errors == []  # of other programs' records what is more is passed over


def test_an_article_that_failed_counts_once_however_often_it_was_asked_for(gold: GoldSet) -> None:
    failure = Failure(type="Refused", message="no")
    entries = [prediction(0, repeat=repeat, record=None, evidence=None, error=failure) for repeat in range(3)] + [
        entry.model_copy(update={"repeat": repeat}) for entry in right()[1:] for repeat in range(3)
    ]
    results = judge(gold, entries)
    assert (len(results.errors), results.failed_articles) == (3, ["deal-000"])
    assert compare_results(results, results).failed == 1


def test_records_by_aliases_and_with_computed_fields_are_read(tmp_path: Path) -> None:
    class Post(BaseModel):
        model_config = ConfigDict(extra="forbid", serialize_by_alias=True)
        holder: Name | None = Field(None, alias="heldBy")

        @computed_field  # type: ignore[prop-decorator]
        @property
        def short(self) -> str:
            return (self.holder or "")[:3]

    document = Document.from_text("Bo Lind holds the post.")
    record = Post(heldBy="Bo Lind")
    item = Gold("a", tmp_path / "a.json", GoldFile(article="a.txt", record={}, evidence={}), document, record, {})
    gold = GoldSet(task_for_schema(Post), tmp_path, (item,))
    dumped = json.loads(record.model_dump_json())
    assert dumped == {"heldBy": "Bo Lind", "short": "Bo "}
    for entry in (Prediction(article="a", record=dumped), *as_predictions(gold)):
        (result,) = judge(gold, [entry]).articles
        assert [item.verdict for item in result.score.items] == ["COR"]


def test_a_baseline_is_not_written_into_the_installed_package(gold: GoldSet, tmp_path: Path) -> None:
    there = Path(llm_extract.__file__).parent / "shipped" / "evals" / "deals"
    with pytest.raises(EvaluationError, match=r"inside the installed package.*copy .* to evals/deals here"):
        store_baseline(tmp_path, replace(gold, directory=there))
    with pytest.raises(EvaluationError, match="inside the installed package"):
        audit(gold.task, there, fix=True)


def test_a_baseline_that_today_s_schema_does_not_read_is_no_rival(gold: GoldSet) -> None:
    folder = gold.directory / "baseline"
    folder.mkdir()
    stored = [prediction(0, record={"deals": [{"main": "perhaps"}]}), *right()[1:]]
    (folder / "predictions.jsonl").write_text("".join(entry.model_dump_json() + "\n" for entry in stored))
    rule = "failed articles of the baseline at most 0"
    for gate, passed in ((Gate(baseline=BaselineRule()), False), (Gate(errors=1, baseline=BaselineRule()), True)):
        _, summary = evaluated(gold, right(), model="m", split=None, gate=gate)
        assert summary.passed is passed
        assert [check.passed for check in summary.gate or [] if check.rule.startswith(rule[:-2])] == [passed]


def test_a_field_without_a_figure_hides_no_loss_of_another(gold: GoldSet) -> None:
    def deals(number: int, **changes: Any) -> dict[str, Any]:
        return {"deals": [{**deal, **changes} for deal in record(number)["deals"]]}

    for item in gold.items:
        data = json.loads(item.path.read_text())
        number = int(item.name[-3:])
        data["record"] = deals(number, value=None)
        data["evidence"].pop("deals[0].value", None)
        item.path.write_text(json.dumps(data))
    without_sums = read_gold_set(gold.task, gold.directory)
    a = [prediction(number, record=deals(number, value=None)) for number in range(8)]
    b = [prediction(number, record=deals(number, value=None, suppliers=[])) for number in range(8)]
    b[0] = prediction(0, record=deals(0, suppliers=[]))  # a sum where nobody has one
    found = compare_results(judge(without_sums, a), judge(without_sums, b)).fields
    assert math.isnan(found["value"].p)
    assert found["value"].p_corrected is None
    corrected = found["suppliers"].p_corrected
    assert corrected is not None
    assert corrected == pytest.approx(3 * found["suppliers"].p)
    assert corrected < 0.2


def test_runs_of_different_articles_are_not_compared(gold: GoldSet) -> None:
    part = common(gold, {"deal-000", "deal-001"})
    with pytest.raises(EvaluationError, match="not of the same articles"):
        compare_results(judge(gold, right()), judge(part, right()))


def test_outputs_say_what_happened_and_nothing_in_them_is_alive(gold: GoldSet) -> None:
    hostile = "<script>alert(1)</script> | `x` \x1b[31m \x00"
    failed = prediction(1, record=None, error={"type": "Refused", "message": hostile})
    results, summary = evaluated(gold, [prediction(0), failed], model=hostile, split="dev", gate=Gate())
    assert summary.passed is False
    suites = ElementTree.fromstring(junit(results, summary))
    assert len(suites.findall("testsuite/testcase")) == 8 + len(summary.gate or [])
    assert [case.get("name") for case in suites.iter("testcase") if case.find("failure") is not None] == [
        "failed articles at most 0"
    ]
    assert len(suites.findall(".//error")) == 7
    text = markdown(summary)
    assert "<script>" not in text
    assert "**incomplete**" in text
    assert "&#" in text
    assert "&&#" not in text
    assert "deal-002: no prediction" in text
    lines = [json.loads(line) for line in item_lines(results)]
    assert len(lines) == 24
    assert lines[0]["predicted_path"].startswith("deals[0].")
    again = Summary.model_validate_json(summary.model_dump_json())
    assert again.model_dump_json() == summary.model_dump_json()


def test_a_failure_that_the_gate_allows_turns_no_job_red(gold: GoldSet) -> None:
    failed = prediction(1, record=None, error={"type": "<img src=x>", "message": "no"})
    results, summary = evaluated(
        gold, [prediction(0), failed, *right()[2:]], model="m", split=None, gate=Gate(errors=1)
    )
    assert summary.passed
    suites = ElementTree.fromstring(junit(results, summary))
    assert not suites.findall(".//error")
    assert len(suites.findall(".//skipped")) == 1
    assert "<img" not in markdown(summary)
    results, summary = evaluated(gold, [prediction(0), failed, *right()[2:]], model="m", split=None, judged=False)
    assert summary.passed is None
    assert not ElementTree.fromstring(junit(results, summary)).findall(".//error")


def test_figures_that_are_not_defined_do_not_differ_and_survive_a_file(gold: GoldSet) -> None:
    nothing = [prediction(number, record={"deals": []}, evidence={}) for number in range(8)]
    found = compare_results(judge(gold, right()), judge(gold, nothing))
    assert math.isnan(found.headline["precision"].delta)
    assert found.headline["f1"].delta == -1.0
    again = Comparison.model_validate_json(found.model_dump_json())
    assert math.isnan(again.headline["precision"].delta)
    same = compare_results(judge(gold, right()), judge(gold, right()))
    assert math.isnan(same.headline["f1"].detectable)  # nothing is known of what could have been seen
    assert same.regressions == []


def test_an_article_that_gained_more_than_it_lost_is_no_regression(gold: GoldSet) -> None:
    lacking, other = record(0), record(0)
    lacking["deals"][0] |= {"suppliers": [], "value": None}
    other["deals"][0]["stage"] = "ended"
    before, after = [prediction(0, record=lacking), *right()[1:]], [prediction(0, record=other), *right()[1:]]
    assert compare_results(judge(gold, before), judge(gold, after)).regressions == []
    invented = record(0)
    invented["deals"] += record(1)["deals"]
    (found,) = compare_results(
        judge(gold, right()), judge(gold, [prediction(0, record=invented), *right()[1:]])
    ).regressions
    assert (found.article, found.delta, found.lost) == ("deal-000", -4, [])


def test_what_repeats_lose_is_a_mean_and_not_rounded(gold: GoldSet) -> None:
    def thrice(*first: Prediction) -> list[Prediction]:
        return [
            entry.model_copy(update={"repeat": repeat})
            for repeat in range(3)
            for entry in ([*first, *right()[len(first) :]] if repeat == 0 else right())
        ]

    invented = record(0)
    invented["deals"][0]["suppliers"] = [*invented["deals"][0]["suppliers"], "Nobody"]
    before, after = thrice(), thrice(prediction(0, record=invented))
    (found,) = compare_results(judge(gold, before), judge(gold, after)).regressions
    assert found.delta == pytest.approx(-1 / 3)
    assert found.lost == []


def test_predictions_are_read_by_the_article_s_name_in_any_form(gold: GoldSet, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    lines: list[dict[str, Any]] = [
        {"article": "deal-000", "record": record(0)},
        {"article": "articles/deal-001.txt", "record": record(1)},
        {"document": {"source": "deal-002.txt", "id": "x"}, "record": record(2), "evidence": {}},
    ]
    path.write_text("\ufeff" + "\r\n".join(json.dumps(line) for line in lines) + "\n\n")
    assert [entry.article for entry in read_predictions(path, gold)] == ["deal-000", "deal-001", "deal-002"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("[1]", "line 2: a prediction is a JSON object"),
        ('{"article": "deal-000"}', "line 2: has neither a record nor an error"),
        ('{"article": "deal-000", "record": {}}', "line 2: deal-000 occurs twice"),
        ('{"article": "deal-001", "record": {}, "repeat": -1}', "line 2: repeat"),
        ('{"record": {}}', "line 2: article"),
        ('{"article": "deal-001.v9", "record": {}}', "line 2: no gold for the article 'deal-001.v9'"),
        ('{"article": "deal-001", "record": {"deals": NaN}}', "line 2: no JSON: NaN is not JSON"),
        ('{"article": "deal-001", "record": {}, "confidence": {"a": 7}}', "line 2: confidence.a"),
        ('{"article": "deal-001", "record": {}, "repeat": 20000000}', "line 2: repeat"),
        ('{"article": ' + "[" * 100_000, "line 2: no JSON"),
        ('{"document": {"id": "x"}, "provenance": [1], "record": {}}', "line 2: no gold for the article 'x'"),
    ],
)
def test_a_wrong_line_is_named(gold: GoldSet, tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"article": "deal-000", "record": record(0)}) + "\n" + line + "\n")
    with pytest.raises(EvaluationError, match=complaint):
        read_predictions(path, gold)


def test_what_json_can_spell_and_no_file_can_hold_is_replaced(gold: GoldSet, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"article": "deal-000", "error": {"type": "X", "message": "a \\ud800 b"}}\n')
    (found,) = read_predictions(path, gold)
    assert found.error is not None
    assert found.error.message == "a \ufffd b"
