"""How sure a figure is: bootstrap intervals, a paired test, and what a gold set can see.

Articles are the unit: items of one article are right or wrong together, so that resampling items would
promise too much. Everything is drawn from a seeded generator and is the same each time.

- Bootstrap, percentile interval: B. Efron, "Bootstrap methods: another look at the jackknife" (1979).
- Approximate randomisation of two paired runs: E. Noreen, "Computer-Intensive Methods for Testing Hypotheses"
  (1989); A. Yeh, "More accurate tests for the statistical significance of result differences" (2000).
- Several fields at once: S. Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_extract.evaluation.metrics import Array

DRAWS = 10_000
SEED = 20_260
CONFIDENCE = 0.95
_CELLS = 4_000_000
"""Draws times articles that are held in memory at once."""

Figures = Callable[["Array"], Mapping[str, "Array"]]
"""From sums (with the counts in the last dimension) to figures."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two runs on the same articles: B less A."""

    a: float
    b: float
    delta: float
    low: float
    high: float
    p: float
    """Two-sided p of the paired test: how often runs that are interchangeable would differ at least as much."""
    detectable: float
    """The smallest difference that this gold set would have seen four times in five; NaN if nothing differs."""


def bootstrap(counts: Array, figures: Figures, *, draws: int = DRAWS, seed: int = SEED) -> dict[str, Interval]:
    """Every figure with the interval that holds 95 % of the bootstrap draws over articles.

    Args:
        counts: a row an article, a column a count.
        figures: makes figures of sums.
        draws: how often the articles are drawn anew, with replacement.
        seed: of the random numbers.
    """
    import numpy as np

    value = figures(counts.sum(axis=0))
    drawn = _collect(figures(weights @ counts) for weights in _resamples(len(counts), draws, seed))
    return {
        name: Interval(float(value[name]), *_bounds(values)) if not np.isnan(value[name]) else _UNDEFINED
        for name, values in drawn.items()
    }


def compare(a: Array, b: Array, figures: Figures, *, draws: int = DRAWS, seed: int = SEED) -> dict[str, Difference]:
    """Every figure of two runs on the same articles, with the paired test of their difference.

    Args:
        a: the counts of one run, a row an article.
        b: those of the other, the same articles and counts in the same order.
        figures: makes figures of sums.
        draws: of the bootstrap, and of the test.
        seed: of the random numbers.
    """
    import numpy as np

    in_a, in_b = figures(a.sum(axis=0)), figures(b.sum(axis=0))
    observed = {name: float(_difference(in_a[name], in_b[name])) for name in in_a}
    resampled = _collect(
        _differences(figures(weights @ a), figures(weights @ b)) for weights in _resamples(len(a), draws, seed)
    )
    swapped = _collect(
        _differences(figures(a.sum(axis=0) + moved), figures(b.sum(axis=0) - moved))
        for moved in _swaps(b - a, draws, seed + 1)
    )
    found = {}
    for name, delta in observed.items():
        low, high = _bounds(resampled[name])
        if math.isnan(delta):
            nothing = float("nan")
            found[name] = Difference(float(in_a[name]), float(in_b[name]), *[nothing] * 5)
            continue
        # A draw in which the figure is not defined differs by nothing.
        as_far = int(np.sum(np.nan_to_num(np.abs(swapped[name])) >= abs(delta) - 1e-12))
        spread = float(np.nanstd(resampled[name]))
        found[name] = Difference(
            a=float(in_a[name]),
            b=float(in_b[name]),
            delta=delta,
            low=low,
            high=high,
            p=(1 + as_far) / (1 + draws),
            detectable=_POWER * spread if spread else float("nan"),
        )
    return found


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """The p values of several tests at once, corrected so that one in twenty *families* errs, not one in twenty tests.

    A p that is not defined (NaN) is of no test, and does not belong among them.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    corrected: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: (p[name], name))):
        largest = max(largest, min(1.0, (len(p) - rank) * p[name]))
        corrected[name] = largest
    return {name: corrected[name] for name in p}


# Power of 80 % at a two-sided level of 5 %.
_POWER = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2) + NormalDist().inv_cdf(0.8)
_UNDEFINED = Interval(float("nan"), float("nan"), float("nan"))


def _resamples(articles: int, draws: int, seed: int) -> Iterator[Array]:
    """How often each article is drawn, a row a draw."""
    import numpy as np

    random = np.random.default_rng(seed)
    for size in _portions(articles, draws):
        drawn = random.integers(0, articles, size=(size, articles))
        drawn += np.arange(size)[:, None] * articles
        times = np.bincount(drawn.ravel(), minlength=size * articles)
        yield times.reshape(size, articles).astype(float)


def _swaps(change: Array, draws: int, seed: int) -> Iterator[Array]:
    """What moves from run A's sums to run B's when each article is swapped with a chance of one half."""
    import numpy as np

    random = np.random.default_rng(seed)
    for size in _portions(len(change), draws):
        yield random.integers(0, 2, size=(size, len(change))).astype(float) @ change


def _portions(articles: int, draws: int) -> Iterator[int]:
    """Draws in portions that fit in memory."""
    at_once = max(1, _CELLS // max(1, articles))
    for start in range(0, draws, at_once):
        yield min(at_once, draws - start)


def _collect(portions: Iterator[Mapping[str, Array]]) -> dict[str, Array]:
    import numpy as np

    collected: dict[str, list[Array]] = {}
    for portion in portions:
        for name, values in portion.items():
            collected.setdefault(name, []).append(np.atleast_1d(values))
    return {name: np.concatenate(values) for name, values in collected.items()}


def _differences(a: Mapping[str, Array], b: Mapping[str, Array]) -> dict[str, Array]:
    return {name: _difference(a[name], b[name]) for name in a}


def _difference(a: Array, b: Array) -> Array:
    """B less A; NaN where one of them is not defined."""
    import numpy as np

    return np.asarray(b - a, dtype=float)


def _bounds(values: Array) -> tuple[float, float]:
    import numpy as np

    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether confidences mean what they say."""

    values: int
    brier: float
    """Mean squared distance of confidence and outcome; 0 is best, 0.25 is a coin's."""
    expected_error: float
    """Mean distance of confidence and accuracy over ten bins of confidence (ECE), weighted by their size."""
    coverage: float
    """The largest share of values that can be kept, most confident first, with at least `precision` of them right."""
    precision: float


def calibration(
    confidences: Sequence[float], right: Sequence[bool], *, precision: float = 0.95, bins: int = 10
) -> Calibration | None:
    """How well confidences fit what was right; None if there are none.

    Args:
        confidences: between 0 and 1, one for each delivered value.
        right: whether that value was right.
        precision: what coverage is asked for.
        bins: of equal width, for the expected error.

    Brier (1950); Naeini, Cooper and Hauskrecht (2015) for the expected calibration error.
    """
    import numpy as np

    if not confidences:
        return None
    stated, outcome = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    bin_of = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [
        abs(stated[bin_of == index].mean() - outcome[bin_of == index].mean()) * (bin_of == index).mean()
        for index in range(bins)
        if (bin_of == index).any()
    ]
    order = np.argsort(-stated, kind="stable")
    kept = np.arange(1, len(order) + 1)
    good = np.cumsum(outcome[order]) / kept >= precision
    # Values of equal confidence are kept together or not at all.
    last_of_its_kind = np.append(stated[order][1:] != stated[order][:-1], True)
    allowed = kept[good & last_of_its_kind]
    return Calibration(
        values=len(order),
        brier=float(np.mean((stated - outcome) ** 2)),
        expected_error=float(sum(gaps)),
        coverage=float(allowed.max() / len(order)) if len(allowed) else 0.0,
        precision=precision,
    )
