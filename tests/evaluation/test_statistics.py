"""Intervals and tests, against figures worked out another way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from llm_extract.evaluation.statistics import bootstrap, calibration, compare, holm

Array = npt.NDArray[np.float64]


def share(sums: Array) -> Mapping[str, Array]:
    """Column 0 over column 1."""
    with np.errstate(invalid="ignore"):
        return {"share": sums[..., 0] / sums[..., 1]}


def rows(*right: int) -> Array:
    return np.array([[value, 1.0] for value in right])


def test_an_interval_is_that_of_the_binomial_for_a_share() -> None:
    found = bootstrap(rows(*[1] * 60 + [0] * 40), share)["share"]
    assert found.value == 0.6
    assert found.low == pytest.approx(binom.ppf(0.025, 100, 0.6) / 100, abs=0.011)
    assert found.high == pytest.approx(binom.ppf(0.975, 100, 0.6) / 100, abs=0.011)


def test_the_same_seed_gives_the_same_interval_and_another_one_another() -> None:
    counts = rows(1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0)
    assert bootstrap(counts, share, draws=200) == bootstrap(counts, share, draws=200)
    assert bootstrap(counts, share, draws=200) != bootstrap(counts, share, draws=200, seed=1)


def test_what_is_undefined_has_no_interval() -> None:
    found = bootstrap(np.zeros((5, 2)), share, draws=50)["share"]
    assert math.isnan(found.value)
    assert math.isnan(found.low)


def test_articles_are_the_unit() -> None:
    """A hundred items in one article tell no more than that article does."""
    alone = bootstrap(np.array([[100.0, 100.0], [0.0, 100.0]] * 10), share)["share"]
    spread = bootstrap(rows(*[1, 0] * 1000), share)["share"]
    assert alone.high - alone.low > 5 * (spread.high - spread.low)


def test_runs_that_do_not_differ_have_p_1() -> None:
    found = compare(rows(1, 0, 1), rows(1, 0, 1), share)["share"]
    assert (found.delta, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_p_is_the_exact_one_of_a_sign_test_where_that_is_the_same() -> None:
    """Eight articles right in A only: of the 2**8 swaps, two give a difference as large."""
    found = compare(rows(*[1] * 8), rows(*[0] * 8), share, draws=40_000)["share"]
    assert found.delta == -1.0
    assert found.p == pytest.approx(2 / 2**8, rel=0.15)


def test_a_paired_test_sees_what_intervals_apart_do_not() -> None:
    a = rows(*[1] * 50 + [0] * 50)
    b = rows(*[1] * 60 + [0] * 40)
    found = compare(a, b, share)["share"]
    assert found.p < 0.01
    assert found.low > 0
    apart = bootstrap(a, share)["share"], bootstrap(b, share)["share"]
    assert apart[0].high > apart[1].low


def test_false_alarms_of_the_test_are_as_rare_as_its_level() -> None:
    """Runs that are interchangeable differ significantly one time in twenty, not more."""
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        a, b = rows(*random.integers(0, 2, 40)), rows(*random.integers(0, 2, 40))
        alarms += compare(a, b, share, draws=300)["share"].p < 0.05
    assert alarms <= 20  # binomial(200, 0.05) exceeds it once in 1,400 times


def test_the_difference_that_could_be_seen_shrinks_with_more_articles() -> None:
    few = compare(rows(*[1, 0] * 20), rows(*[1, 1, 0, 0] * 10), share)["share"].detectable
    many = compare(rows(*[1, 0] * 80), rows(*[1, 1, 0, 0] * 40), share)["share"].detectable
    assert many == pytest.approx(few / 2, rel=0.1)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.floats(0, 1), max_size=8))
def test_holm_is_at_least_p_at_most_bonferroni_and_keeps_the_order(p: dict[str, float]) -> None:
    corrected = holm(p)
    assert list(corrected) == list(p)
    for name, value in p.items():
        assert value <= corrected[name] <= min(1.0, len(p) * value) or corrected[name] == pytest.approx(value)
    ordered = sorted(p, key=lambda name: p[name])
    assert all(corrected[a] <= corrected[b] for a, b in pairwise(ordered))


def test_confidences_that_mean_what_they_say_have_no_expected_error() -> None:
    stated = [0.95] * 100 + [0.25] * 100
    right = [True] * 95 + [False] * 5 + [True] * 25 + [False] * 75
    found = calibration(stated, right)
    assert found is not None
    assert found.expected_error == pytest.approx(0.0)
    assert found.coverage == 0.5  # the confident half is 95 % right
    assert found.brier == pytest.approx((95 * 0.05**2 + 5 * 0.95**2 + 25 * 0.75**2 + 75 * 0.25**2) / 200)


def test_values_of_equal_confidence_are_kept_together() -> None:
    found = calibration([0.9] * 10, [True] * 9 + [False])
    assert found is not None
    assert found.coverage == 0.0
    assert calibration([], []) is None
