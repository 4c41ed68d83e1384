"""Two runs on the same articles: what differs, how surely, and where it got worse."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, ConfigDict

from llm_extract.errors import EvaluationError
from llm_extract.evaluation import statistics
from llm_extract.evaluation.gold import GoldSet
from llm_extract.evaluation.items import in_words
from llm_extract.evaluation.metrics import headline, same_columns
from llm_extract.evaluation.numbers import Float
from llm_extract.evaluation.results import Results
from llm_extract.evaluation.scoring import Item


class Row(BaseModel):
    """One figure of both runs: B less A."""

    model_config = ConfigDict(frozen=True)

    name: str
    a: Float
    b: Float
    delta: Float
    """NaN where the figure is not defined in both."""
    low: Float
    high: Float
    p: Float
    p_corrected: float | None = None
    """Holm-corrected over the fields; None for the figures over all fields, which are not a family, and for a field
    whose F1 is not defined in both."""
    detectable: Float
    """The smallest difference that one test at the 5 % level would have seen four times in five, at this spread;
    NaN where the runs do not differ, and nothing is known of the spread."""


class Regression(BaseModel):
    """An article on which B does worse."""

    model_config = ConfigDict(frozen=True)

    article: str
    delta: float
    """Items right less items wrong or spurious, in B less in A (the mean of repeats)."""
    lost: list[str]
    """The items that A had right and B has not: `buyers: Ellerby County Council`."""


class Comparison(BaseModel):
    """Everything that is to say of two runs."""

    model_config = ConfigDict(frozen=True)

    articles: int
    differing: int
    """Articles whose tallies differ at all."""
    failed: int = 0
    """Articles that failed in A, or whose record does not fit the schema as it is now."""
    headline: dict[str, Row]
    fields: dict[str, Row]
    regressions: list[Regression]
    draws: int = statistics.DRAWS
    seed: int = statistics.SEED


def compare_results(a: Results, b: Results, *, worst: int = 10) -> Comparison:
    """Compare two runs, article by article.

    Args:
        a: the run to compare with.
        b: the run in question.
        worst: how many of the articles on which B does worse are listed.

    Raises:
        EvaluationError: they are not of the same articles.
    """
    names = [item.name for item in a.gold.items]
    if names != [item.name for item in b.gold.items] or not names:
        raise EvaluationError("the two runs are not of the same articles")
    one, other = same_columns(a.tallies, b.tallies)
    rows = statistics.compare(one.counts, other.counts, lambda sums: a.figures(sums, one))
    keys = [field.key for field in a.plan.fields if _has_items(field.key, one.total, other.total)]
    tests = {key: rows[f"{key}.f1"].p for key in keys}
    corrected = statistics.holm({key: p for key, p in tests.items() if not math.isnan(p)})
    figures = headline(a.plan, grounded=a.evidence_checked and b.evidence_checked)
    return Comparison(
        articles=len(names),
        differing=int((one.counts != other.counts).any(axis=1).sum()),
        failed=len(a.failed_articles),
        headline={name: _row(name, rows[name]) for name in figures},
        fields={key: _row(key, rows[f"{key}.f1"], corrected.get(key)) for key in keys},
        regressions=_regressions(a, b)[:worst],
    )


def common(gold: GoldSet, *covered: set[str]) -> GoldSet:
    """The part of a gold set that all of these cover."""
    kept = tuple(item for item in gold.items if all(item.name in names for names in covered))
    return GoldSet(gold.task, gold.directory, kept)


def _has_items(key: str, *totals: object) -> bool:
    return any(total(f"{key}/{verdict}") for total in totals for verdict in ("COR", "INC", "MIS", "SPU"))  # type: ignore[operator]


def _row(name: str, found: statistics.Difference, corrected: float | None = None) -> Row:
    return Row(name=name, p_corrected=corrected, **asdict(found))


def _regressions(a: Results, b: Results) -> list[Regression]:
    """The articles on which B does worse, the worst first."""
    right_a, right_b = _right(a), _right(b)
    net_a, net_b = _net(a), _net(b)
    found = []
    for name, had in right_a.items():
        delta = round(net_b[name] - net_a[name], 9)  # thirds of repeats do not add up to whole numbers exactly
        if delta < 0:
            lost = sorted(item for item in had if not right_b[name][item])
            found.append(Regression(article=name, delta=delta, lost=lost))
    return sorted(found, key=lambda entry: (entry.delta, entry.article))


def _net(results: Results) -> Mapping[str, float]:
    """Items right less items wrong or spurious, by article; the mean of the repeats."""
    net = dict.fromkeys((item.name for item in results.gold.items), 0.0)
    for article, item in results.items:
        if not item.on_page and item.verdict != "MIS":
            net[article.gold.name] += (1 if item.verdict == "COR" else -1) / results.repeats
    return net


def _right(results: Results) -> Mapping[str, Counter[str]]:
    right: dict[str, Counter[str]] = {item.name: Counter() for item in results.gold.items}
    for article, item in results.items:
        if item.verdict == "COR" and not item.on_page:
            right[article.gold.name][_shown(item)] += 1
    return right


def _shown(item: Item) -> str:
    if item.gold is None:
        return item.field
    entry = item.gold.path.partition(".")[0]
    return f"{entry} {item.field}: {in_words(item.gold.value)}"
