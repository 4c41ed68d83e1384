"""Calibration: what a small model's probabilities are worth.

A model that gives an answer with a probability of 0.9 need not be right nine times in ten. On articles that
were not learnt from, each delivered value has a probability and was right or not; a curve that never falls is put
through these (isotonic regression by pool adjacent violators: R. Barlow and others, "Statistical Inference under Order
Restrictions", 1972; B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate multiclass probability
estimates", 2002). `llm_extract.model.adapters.Adapter.calibrated` reads the curves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from llm_extract.model.adapters import ANY_LINE, Curve, read_curve

FEWEST = 30
"""A line with fewer observations has no curve of its own."""
MOST_POINTS = 12
LOWEST, HIGHEST = 0.01, 0.99
"""Nothing is certain after a few hundred observations."""
_PRIOR = 4.0
"""So many observations' weight pulls every point towards what is known without it: small bins say little."""
_DIGITS = 4


class Observation(NamedTuple):
    """One delivered value."""

    article: str
    path: str
    """Of its line: `contracts[].buyers[]`."""
    probability: float
    """As the model gave it, from 0 to 1."""
    right: bool


def curves(observations: Sequence[Observation]) -> dict[str, Curve]:
    """The curve of every line with enough observations, and under "" that of all others; nothing of nothing."""
    if not observations:
        return {}
    share = sum(each.right for each in observations) / len(observations)
    common = curve([(each.probability, each.right) for each in observations], lambda _: share)
    of_line: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for each in observations:
        of_line[each.path].append((each.probability, each.right))
    own = {
        path: curve(pairs, lambda probability: read_curve(common, probability))
        for path, pairs in sorted(of_line.items())
        if len(pairs) >= FEWEST
    }
    return {ANY_LINE: common, **own}


def curve(pairs: Sequence[tuple[float, bool]], prior: Callable[[float], float]) -> Curve:
    """A curve that never falls through pairs of a probability and whether it was right.

    Args:
        pairs: at least one, in any order.
        prior: what a probability is thought to be worth before these are looked at.

    Returns:
        At most `MOST_POINTS` points; probabilities rise from point to point, shares lie between `LOWEST` and `HIGHEST`.
    """
    from scipy.optimize import isotonic_regression

    bins = _bins(pairs)
    places = [sum(probability for probability, _ in entries) / len(entries) for entries in bins]
    shares = [
        (sum(right for _, right in entries) + _PRIOR * prior(place)) / (len(entries) + _PRIOR)
        for place, entries in zip(places, bins, strict=True)
    ]
    risen = isotonic_regression(shares, weights=[len(entries) + _PRIOR for entries in bins]).x
    clipped = [min(max(round(float(share), _DIGITS), LOWEST), HIGHEST) for share in risen]
    # Places that are the same once rounded are one point: the last of them is the highest.
    points = dict(zip((round(place, _DIGITS + 2) for place in places), clipped, strict=True))
    return tuple(sorted(points.items()))


def _bins(pairs: Sequence[tuple[float, bool]]) -> list[list[tuple[float, bool]]]:
    """The pairs by rising probability in at most `MOST_POINTS` parts of about the same size, ties together."""
    least = len(pairs) / MOST_POINTS
    bins: list[list[tuple[float, bool]]] = []
    for _, entries in groupby(sorted(pairs), key=lambda pair: pair[0]):
        if not bins or len(bins[-1]) >= least:
            bins.append([])
        bins[-1] += entries
    if len(bins) > 1 and len(bins[-1]) < least:
        rest = bins.pop()
        bins[-1] += rest
    return bins


def without_own_article(
    observations: Sequence[Observation], articles: Sequence[str], folds: int = 5
) -> dict[str, dict[str, Curve]]:
    """For every article the curves that were made without it and its fold.

    A curve looks better on what it was made of than it is: thresholds are chosen, and calibration is reported, with
    these.
    """
    fold_of = {article: number % folds for number, article in enumerate(articles)}
    made = {
        fold: curves([each for each in observations if fold_of[each.article] != fold])
        for fold in sorted(set(fold_of.values()))
    }
    return {article: made[fold] for article, fold in fold_of.items()}


def best_threshold(figure: Callable[[float], float], thresholds: Iterable[float] = ()) -> float:
    """The threshold with the highest figure; of equals the lowest. NaN counts as nothing."""
    candidates = sorted(thresholds) or THRESHOLDS
    found: Mapping[float, float] = {threshold: figure(threshold) for threshold in candidates}
    return max(candidates, key=lambda threshold: (found[threshold] if found[threshold] >= 0 else -1.0, -threshold))


THRESHOLDS = tuple(number / 20 for number in range(18))
"""From 0 to 0.85: more than that would leave out what is right nearly nine times in ten."""
