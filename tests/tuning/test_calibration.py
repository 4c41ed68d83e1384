"""Calibration: surer is never worth less, nothing is certain, and what was seen is what is said."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy")

from llm_extract.model.adapters import ANY_LINE, HIGHEST, LOWEST, Calibration
from llm_extract.model.types import Likelihood
from llm_extract.tuning.calibration import FEWEST, Observation, best_threshold, fit, without_own_article

probabilities = st.floats(0, 1)
observed = st.lists(
    st.builds(
        Observation,
        article=st.sampled_from("abcdefg"),
        path=st.sampled_from(["deals[].buyers[]", "deals[].value", "title"]),
        seen=st.builds(Likelihood, probabilities, st.none() | probabilities, st.none() | probabilities),
        right=st.booleans(),
    ),
    min_size=1,
    max_size=100,
)


def made(seen: list[Observation]) -> Calibration:
    found = fit(seen)
    assert found is not None
    return found


@settings(max_examples=50, deadline=None)
@given(observed, st.lists(probabilities, min_size=2, max_size=20), st.none() | probabilities)
def test_what_is_surer_is_never_worth_less(seen: list[Observation], asked: list[float], other: float | None) -> None:
    calibration = made(seen)
    for path in ("deals[].buyers[]", "deals[].value", "unheard of"):
        of_words = [calibration.worth(path, Likelihood(probability, other, other)) for probability in sorted(asked)]
        of_lines = [calibration.worth(path, Likelihood(0.5, probability, other)) for probability in sorted(asked)]
        of_entries = [calibration.worth(path, Likelihood(0.5, other, probability)) for probability in sorted(asked)]
        for values in (of_words, of_lines, of_entries):
            assert all(before <= after + 1e-12 for before, after in itertools.pairwise(values))
            assert all(LOWEST <= value <= HIGHEST for value in values)


@settings(max_examples=50, deadline=None)
@given(observed)
def test_lines_with_few_observations_share_a_number(seen: list[Observation]) -> None:
    counts = {path: sum(each.path == path for each in seen) for path in {each.path for each in seen}}
    assert set(made(seen).lines) == {ANY_LINE} | {path for path, count in counts.items() if count >= FEWEST}


def test_of_nothing_no_calibration_is_made() -> None:
    assert fit([]) is None


def test_what_a_model_says_is_believed_until_it_is_seen() -> None:
    few = made([Observation("a", "x", Likelihood(0.7), right=True)])
    assert few.worth("x", Likelihood(0.7)) == pytest.approx(0.7, abs=0.1)


def test_a_calibration_finds_what_probabilities_are_worth() -> None:
    """Of a model whose log odds are twice too large, on entries that are there as often as it says."""
    chance = random.Random(1)
    seen = []
    for _ in range(4000):
        odds = chance.gauss(1, 2), chance.gauss(1, 2), chance.gauss(2, 2)
        share = 1 / (1 + math.exp(-(0.5 * odds[0] + 0.3 * odds[1] + 0.8 * odds[2] - 1)))
        likelihood = Likelihood(*(1 / (1 + math.exp(-each)) for each in odds))
        seen.append(Observation("a", "x", likelihood, right=chance.random() < share))
    calibration = made(seen)
    assert calibration.own == pytest.approx(0.5, abs=0.1)
    assert calibration.there == pytest.approx(0.3, abs=0.1)
    assert calibration.entry == pytest.approx(0.8, abs=0.1)
    assert calibration.lines["x"] == pytest.approx(-1, abs=0.2)


def test_lines_differ_where_they_were_seen_to() -> None:
    seen = [
        Observation("a", path, Likelihood(0.8), right)
        for path, right in [("x", True), ("y", False)]
        for _ in range(200)
    ]
    calibration = made(seen)
    assert calibration.worth("x", Likelihood(0.8)) > 0.85
    assert calibration.worth("y", Likelihood(0.8)) < 0.15
    assert 0.2 < calibration.worth("z", Likelihood(0.8)) < 0.8


def test_the_calibration_of_an_article_does_not_know_that_article() -> None:
    seen = [
        Observation(name, "x", Likelihood(0.9), right) for name, right in [("a", True), ("b", False)] for _ in range(99)
    ]
    apart = without_own_article(seen, ["a", "b"])
    assert apart["a"] is not None
    assert apart["b"] is not None
    assert apart["a"].worth("x", Likelihood(0.9)) < 0.2
    assert apart["b"].worth("x", Likelihood(0.9)) > 0.9


def test_the_lowest_of_the_best_thresholds_is_taken() -> None:
    assert best_threshold(lambda threshold: 0.5) == 0.0
    assert best_threshold(lambda threshold: 1 - abs(threshold - 0.3)) == 0.3
    assert best_threshold(lambda threshold: math.nan if threshold < 0.5 else 0.1) == 0.5
