"""A gate that can fail, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.comparison import Comparison, Row
from llm_extract.evaluation.gates import BaselineRule, Gate, check, read_gate

FIGURES = {"f1": 0.5, "invention": 0.1, "buyers.f1": float("nan")}


def row(name: str, delta: float, low: float, p: float, corrected: float | None = None) -> Row:
    return Row(
        name=name, a=0.5, b=0.5 + delta, delta=delta, low=low, high=0.1, p=p, p_corrected=corrected, detectable=0.03
    )


def comparison(delta: float, low: float, **fields: Row) -> Comparison:
    headline = {"f1": row("f1", delta, low, 0.2)}
    return Comparison(articles=9, differing=1, failed=0, headline=headline, fields=fields, regressions=[])


def failed(gate: Gate, errors: int = 0, verbatim: float | None = 1.0, against: Comparison | None = None) -> list[str]:
    checks = check(gate, FIGURES, articles=9, errors=errors, verbatim=verbatim, comparison=against)
    assert checks
    return [entry.rule for entry in checks if not entry.passed]


def test_what_always_holds_needs_no_gates_toml() -> None:
    assert failed(Gate()) == []
    assert failed(Gate(), errors=1) == ["failed articles at most 0"]
    assert failed(Gate(), verbatim=0.999) == ["verbatim quotes at least 1.000"]
    assert failed(Gate(errors=1, verbatim=0.9), errors=1, verbatim=0.95) == []


@pytest.mark.parametrize(
    ("gate", "rules"),
    [
        (Gate(at_least={"f1": 0.5}), []),
        (Gate(at_least={"f1": 0.501}), ["f1 at least 0.501"]),
        (Gate(at_most={"invention": 0.1}), []),
        (Gate(at_most={"invention": 0.09}), ["invention at most 0.090"]),
        (Gate(at_least={"buyers.f1": 0.1}), ["buyers.f1 at least 0.100"]),
        (Gate(at_most={"buyers.f1": 0.9}), ["buyers.f1 at most 0.900"]),
    ],
)
def test_floors_and_ceilings(gate: Gate, rules: list[str]) -> None:
    assert failed(gate) == rules


def test_a_run_may_not_fall_behind_the_baseline() -> None:
    gate = Gate(baseline=BaselineRule(margin=0.02, level=0.05))
    assert failed(gate, against=comparison(-0.005, -0.015)) == []
    (behind,) = failed(gate, against=comparison(-0.015, -0.025))
    assert behind == "F1 against the baseline: lower bound at least -2.0 points"
    exact = Gate(baseline=BaselineRule(margin=0.0))
    assert failed(exact, against=comparison(0.0, 0.0)) == []  # the very same predictions
    worse, better = row("value", -0.2, -0.3, 0.001, 0.01), row("sites", 0.2, 0.1, 0.001, 0.01)
    assert failed(gate, against=comparison(0.0, 0.0, value=worse, sites=better)) == [
        "no field significantly worse than the baseline"
    ]
    assert failed(gate, against=comparison(0.0, float("nan"))) == [behind]
    part = comparison(0.0, 0.0).model_copy(update={"articles": 8})
    assert failed(gate, against=part) == ["the baseline has every article"]
    unreadable = comparison(0.3, 0.2).model_copy(update={"failed": 1})
    assert failed(gate, against=unreadable) == ["failed articles of the baseline at most 0"]
    assert failed(gate.model_copy(update={"errors": 1}), against=unreadable) == []
    unsure = row("value", -0.2, -0.3, 0.02, 0.2)
    assert failed(gate, against=comparison(0.0, 0.0, value=unsure)) == []


def test_a_baseline_that_is_not_there_fails_and_says_what_to_do() -> None:
    checks = check(Gate(baseline=BaselineRule()), FIGURES, articles=9, errors=0, verbatim=1.0)
    (entry,) = [entry for entry in checks if not entry.passed]
    assert "llm-extract eval baseline RUN" in entry.found


def test_no_gate_is_none_and_a_wrong_one_names_its_file(tmp_path: Path) -> None:
    assert read_gate(tmp_path) is None
    (tmp_path / "gates.toml").write_text("[at_leest]\nf1 = 0.5\n")
    with pytest.raises(EvaluationError, match=r"gates\.toml: at_leest"):
        read_gate(tmp_path)
    (tmp_path / "gates.toml").write_text("f1 = = 2")
    with pytest.raises(EvaluationError, match=r"gates\.toml"):
        read_gate(tmp_path)
