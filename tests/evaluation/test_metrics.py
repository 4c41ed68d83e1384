"""Figures from counts, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from llm_extract.evaluation.items import Plan
from llm_extract.evaluation.metrics import (
    HEADLINE,
    Table,
    accuracies,
    figures,
    headline,
    macro_fields,
    same_columns,
    title,
)
from tests.evaluation.deals import gold_set


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder: Path = tmp_path_factory.mktemp("task")
    return gold_set(folder).plan


def of(plan: Plan, *tallies: dict[str, float]) -> dict[str, float]:
    table = Table(tallies)
    return {name: float(value) for name, value in figures(plan, table.column(table.counts.sum(axis=0))).items()}


def test_the_table_worked_out_by_hand(plan: Plan) -> None:
    """buyers: 6 right, 2 wrong, 1 missing, 1 spurious; value: 3 right (2 of them grounded), 1 wrong but close."""
    found = of(
        plan,
        {"buyers/COR": 6, "buyers/INC": 2, "buyers/MIS": 1, "buyers/SPU": 1, "buyers/GROUNDED": 6},
        {"value/COR": 3, "value/INC": 1, "value/CLOSE": 1, "value/GROUNDED": 2},
    )
    assert found["buyers.precision"] == pytest.approx(6 / 9)
    assert found["buyers.recall"] == pytest.approx(6 / 9)
    assert found["value.f1"] == pytest.approx(3 / 4)
    assert found["precision"] == found["recall"] == pytest.approx(9 / 13)
    assert found["grounded_f1"] == pytest.approx(8 / 13)
    assert found["lenient_f1"] == pytest.approx(10 / 13)
    assert np.isnan(found["suppliers.f1"])


def test_nothing_extracted_scores_0_and_not_1(plan: Plan) -> None:
    found = of(plan, {"buyers/MIS": 5, "entries/gold": 5, "articles/none": 3})
    assert found["f1"] == found["recall"] == found["entry_f1"] == 0.0
    assert np.isnan(found["precision"])
    assert found["false_alarms"] == 0.0


def test_rates_count_places_not_values(plan: Plan) -> None:
    found = of(
        plan,
        {"buyers/empty": 4, "buyers/invented": 1, "value/empty": 6, "value/filled": 5, "value/omitted": 2,
         "articles/none": 4, "articles/false_alarm": 1, "flag:main/seen": 8, "flag:main/right": 6,
         "choice:stage/seen": 8, "choice:stage/right": 2},
    )  # fmt: skip
    assert found["invention"] == pytest.approx(1 / 10)
    assert found["omission"] == pytest.approx(2 / 5)
    assert found["false_alarms"] == 0.25
    assert found["main_accuracy"] == 0.75
    assert found["stage_accuracy"] == 0.25
    assert accuracies(plan) == ["main", "stage"]


def test_the_headline_has_the_figures_of_flags_and_choices_with_titles(plan: Plan) -> None:
    assert headline(plan) == [*HEADLINE, "main.f1", "main_accuracy", "stage_accuracy"]
    assert [title(name) for name in headline(plan)[-3:]] == ["item F1 where main", "main accuracy", "stage accuracy"]
    assert set(headline(plan)) <= of(plan, {}).keys()
    assert [name for name in headline(plan) if name not in headline(plan, grounded=False)] == ["grounded_f1"]


def test_entries_that_bear_a_flag_have_figures_of_their_own(plan: Plan) -> None:
    tally = {"flag:main/COR": 6.0, "flag:main/INC": 1.0, "flag:main/MIS": 3.0, "flag:main/SPU": 1.0, "buyers/MIS": 9.0}
    found = of(plan, tally)
    assert (found["main.precision"], found["main.recall"]) == (0.75, 0.6)
    assert found["main.f1"] == pytest.approx(2 / 3)
    assert found["f1"] == 0.0


def test_thirds_that_add_up_to_ten_are_ten(plan: Plan) -> None:
    thirds = Table([{"buyers/COR": 2 / 3}] * 15 + [{"value/COR": 2 / 3}] * 14)  # 9.999999999999998
    assert macro_fields(plan, thirds.column(thirds.counts.sum(axis=0))) == ["buyers"]


def test_the_macro_average_is_over_fields_with_ten_gold_items(plan: Plan) -> None:
    tally = {"buyers/COR": 10.0, "value/COR": 5.0, "value/MIS": 5.0, "suppliers/MIS": 9.0}
    table = Table([tally])
    assert macro_fields(plan, table.column(table.counts.sum(axis=0))) == ["buyers", "value"]
    assert of(plan, tally)["macro_f1"] == pytest.approx((1.0 + 2 / 3) / 2)


def test_sums_of_any_shape_give_figures_of_that_shape(plan: Plan) -> None:
    table = Table([{"buyers/COR": 1}, {"buyers/MIS": 1}])
    weights = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]])
    assert list(figures(plan, table.column(weights @ table.counts))["f1"]) == pytest.approx([1.0, 0.0, 2 / 3])


def test_tables_of_two_runs_have_the_same_columns() -> None:
    one, other = same_columns([{"a": 1}], [{"b": 2}])
    assert one.counts.shape == other.counts.shape
    assert (one.total("a"), one.total("b"), other.total("a"), other.total("b")) == (1, 0, 0, 2)
