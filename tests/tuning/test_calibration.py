"""Calibration: curves that rise, stay within bounds, and say what was seen."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.model.adapters import ANY_LINE, Adapter, read_curve
from llm_extract.tuning.calibration import (
    FEWEST,
    HIGHEST,
    LOWEST,
    MOST_POINTS,
    Observation,
    best_threshold,
    curve,
    curves,
    without_own_article,
)

probabilities = st.floats(0, 1)
pairs = st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=200)
observed = st.lists(
    st.builds(
        Observation,
        article=st.sampled_from("abcdefg"),
        path=st.sampled_from(["deals[].buyers[]", "deals[].value", "title"]),
        probability=probabilities,
        right=st.booleans(),
    ),
    max_size=200,
)


def adapter(**confidence: object) -> Adapter:
    return Adapter(base="", base_sha256="", weights_sha256="", form="", **confidence)


@given(pairs, st.floats(0, 1))
def test_a_curve_rises_within_bounds_and_is_short(seen: list[tuple[float, bool]], prior: float) -> None:
    points = curve(seen, lambda _: prior)
    assert 1 <= len(points) <= MOST_POINTS
    for (left, low), (right, high) in itertools.pairwise(points):
        assert left < right
        assert low <= high
    assert all(0 <= place <= 1 and LOWEST <= share <= HIGHEST for place, share in points)


@given(observed, st.lists(probabilities, min_size=2, max_size=20))
def test_an_adapter_reads_higher_probabilities_as_no_less(seen: list[Observation], asked: list[float]) -> None:
    made = adapter(confidence=curves(seen))
    for path in ("deals[].buyers[]", "deals[].value", "unheard of"):
        values = [made.calibrated(path, probability) for probability in sorted(asked)]
        assert all(before <= after + 1e-12 for before, after in itertools.pairwise(values))
        if seen:
            assert all(LOWEST <= value <= HIGHEST for value in values)


@given(pairs, probabilities)
def test_what_is_read_here_is_what_an_adapter_reads(seen: list[tuple[float, bool]], probability: float) -> None:
    points = curve(seen, lambda _: 0.5)
    assert read_curve(points, probability) == pytest.approx(
        adapter(confidence={"": points}).calibrated("x", probability)
    )


@given(observed)
def test_lines_with_few_observations_share_a_curve(seen: list[Observation]) -> None:
    made = curves(seen)
    counts = {path: sum(each.path == path for each in seen) for path in {each.path for each in seen}}
    assert set(made) == ({ANY_LINE} if seen else set()) | {path for path, count in counts.items() if count >= FEWEST}


def test_a_curve_finds_what_probabilities_are_worth() -> None:
    """Of a model that is right half as often as it says."""
    chance = random.Random(1)
    said = [chance.random() for _ in range(4000)]
    points = curve([(probability, chance.random() < probability / 2) for probability in said], lambda _: 0.5)
    for probability in (0.2, 0.5, 0.8):
        assert read_curve(points, probability) == pytest.approx(probability / 2, abs=0.06)


def test_a_curve_of_an_article_does_not_know_that_article() -> None:
    seen = [Observation(name, "x", 0.9, right) for name, right in [("a", True), ("b", False)] for _ in range(40)]
    apart = without_own_article(seen, ["a", "b"])
    assert read_curve(apart["a"][ANY_LINE], 0.9) < 0.1
    assert read_curve(apart["b"][ANY_LINE], 0.9) > 0.9


def test_the_lowest_of_the_best_thresholds_is_taken() -> None:
    assert best_threshold(lambda threshold: 0.5) == 0.0
    assert best_threshold(lambda threshold: 1 - abs(threshold - 0.3)) == 0.3
    assert best_threshold(lambda threshold: math.nan if threshold < 0.5 else 0.1) == 0.5
