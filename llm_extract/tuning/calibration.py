"""Calibration: what a small model's probabilities are worth.

A model that gives an answer with a probability of 0.9 need not be right nine times in ten. On articles that
were not learnt from, each delivered value has a likelihood and was right or not; a logistic curve is put through
these (J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999), of three log odds: of the answer's words,
of there being such an answer on its line, and of there being its entry. `llm_extract.model.adapters.Calibration`
reads it.

What tells most is how near a line was to saying nothing. Of 2,111 values of 150 articles, judged on each article by
what was made without it, 57 % can be kept with 95 % of them right; 35 % if only the probabilities of what was written
are known. That one value may be quoted in several ways was tried, as their sum, and brings nothing more.

Isotonic regression, a curve a line, was tried and left: of 700 values of 50 articles, judged on each article by what
was made without it, 10 % could be kept with 95 % of them right, and 27 % with this, with half the expected error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from llm_extract.model.adapters import ANY_LINE, Calibration, log_odds
from llm_extract.model.types import Likelihood

FEWEST = 10
"""A line with fewer observations has no number of its own."""
_PRIOR, _PRIOR_OF_LINES = 1.0, 10.0
"""How firmly weights are held to what is believed without observations: that a probability is worth what it says, and
that all lines are alike."""
_DIGITS = 4
_FOLDS = 5


class Observation(NamedTuple):
    """One delivered value."""

    article: str
    path: str
    """Of its line: `contracts[].buyers[]`."""
    seen: Likelihood
    right: bool


def fit(observations: Sequence[Observation]) -> Calibration | None:
    """The calibration that makes what was observed most likely, given what is believed before; None of nothing.

    Weights of log odds are never below 0: a surer answer is never worth less.
    """
    if not observations:
        return None
    import numpy as np
    from scipy.optimize import minimize

    counts = Counter(each.path for each in observations)
    lines = sorted(path for path, count in counts.items() if count >= FEWEST)
    features = np.array([_features(each, lines) for each in observations])
    right = np.array([each.right for each in observations], dtype=float)
    before = np.array([1.0, 0.0, 0.0, 0.0, *(0.0 for _ in lines)])
    firmly = np.array([_PRIOR] * 4 + [_PRIOR_OF_LINES] * len(lines))

    def improbability(weights: np.ndarray) -> tuple[float, np.ndarray]:
        totals = features @ weights
        away = weights - before
        value = np.logaddexp(0, totals).sum() - right @ totals + firmly @ away**2 / 2
        return float(value), features.T @ (1 / (1 + np.exp(-totals)) - right) + firmly * away

    bounds = [(0, None)] * 3 + [(None, None)] * (1 + len(lines))
    found = minimize(improbability, before, jac=True, bounds=bounds, method="L-BFGS-B").x
    own, there, entry, common, *of_lines = (round(float(weight), _DIGITS) for weight in found)
    added = {path: round(common + weight, _DIGITS) for path, weight in zip(lines, of_lines, strict=True)}
    return Calibration(own=own, there=there, entry=entry, lines={ANY_LINE: common, **added})


def _features(observed: Observation, lines: Sequence[str]) -> list[float]:
    return [*map(log_odds, observed.seen), 1.0, *(float(observed.path == path) for path in lines)]


def without_own_article(observations: Sequence[Observation], articles: Sequence[str]) -> dict[str, Calibration | None]:
    """For every article the calibration that was made without it and its fold.

    A calibration looks better on what it was made of than it is: thresholds are chosen, and it is reported, with these.
    """
    fold_of = {article: number % _FOLDS for number, article in enumerate(articles)}
    made = {
        fold: fit([each for each in observations if fold_of[each.article] != fold])
        for fold in sorted(set(fold_of.values()))
    }
    return {article: made[fold] for article, fold in fold_of.items()}


def best_threshold(figure: Callable[[float], float]) -> float:
    """The threshold with the highest figure; of equals the lowest. NaN counts as nothing."""
    found = {threshold: figure(threshold) for threshold in THRESHOLDS}
    return max(THRESHOLDS, key=lambda threshold: (found[threshold] if found[threshold] >= 0 else -1.0, -threshold))


THRESHOLDS = tuple(number / 20 for number in range(18))
"""From 0 to 0.85: more than that would leave out what is right nearly nine times in ten."""
