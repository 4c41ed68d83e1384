"""How figures, comparisons and agreement look on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from llm_extract.cli.show import inert, rendered
from llm_extract.evaluation.comparison import Comparison, Row
from llm_extract.evaluation.items import in_words
from llm_extract.evaluation.metrics import title
from llm_extract.evaluation.results import Results
from llm_extract.evaluation.summary import FieldSummary, Figure, Summary, account

_MOST_FAILURES = 10


def show_summary(summary: Summary) -> str:
    """The figures, what failed, and the gate's verdict."""
    parts = [f"{inert(summary.task)} with {inert(summary.model)}\n", inert(account(summary)) + "\n"]
    headline = [(title(name), *_figure(figure)) for name, figure in summary.headline.items()]
    verbatim = "–" if summary.verbatim is None else f"{summary.verbatim:.3f}"
    parts.append(_table(("figure", "value", "95 %"), [*headline, ("verbatim quotes", verbatim, "")]))
    parts.append(_fields("field", summary.fields))
    if summary.calibration:
        told = summary.calibration
        parts.append(
            f"confidence of {told['values']:g} values: of the surest {100 * told['coverage']:.0f} % "
            f"{100 * told['precision']:.0f} % are right; Brier score {told['brier']:.3f}, expected calibration error "
            f"{told['expected_error']:.3f}\n"
        )
    cost = summary.cost
    if cost.live_articles:
        price = "no known price" if cost.usd_per_1000 is None else f"${cost.usd_per_1000:,.2f} per 1,000 articles"
        parts.append(
            f"{cost.live_articles} called for, {cost.cached_articles} from the cache; {cost.calls_per_article:.1f} "
            f"calls each, {price}; {cost.seconds_p50:.2f} s an article (median), {cost.seconds_p95:.2f} s (95 %)\n"
        )
    elif cost.cached_articles:
        parts.append(f"all {cost.cached_articles} from the cache\n")
    failed = [f"failed   {entry.article}: {entry.type}: {entry.message}" for entry in summary.errors]
    failed += [f"missing  {name}" for name in summary.missing]
    parts += [inert(line) + "\n" for line in failed[:_MOST_FAILURES]]
    if len(failed) > _MOST_FAILURES:
        parts.append(f"… and {len(failed) - _MOST_FAILURES} more\n")
    for check in summary.gate or []:
        parts.append(f"{'ok  ' if check.passed else 'FAIL'}  {check.rule}: {check.found}\n")
    if summary.missing or summary.gate is not None:
        parts.append(summary.verdict + "\n")
    return "".join(parts)


def show_comparison(found: Comparison, a: str, b: str) -> str:
    """Every figure of both runs, the test of each field, and the articles that got worse."""
    intro = (
        f"A  {inert(a)}\nB  {inert(b)}\n"
        f"{found.articles} articles, {found.differing} of them differ; {found.draws:,} draws, seed {found.seed}. "
        "p: paired approximate randomisation; of the fields Holm-corrected. seen: the least difference that these "
        "articles would have shown four times in five.\n"
    )
    parts = [intro]
    head = ("figure", "A", "B", "B - A", "95 %", "p", "seen")
    parts.append(_table(head, [_row(title(name), row) for name, row in found.headline.items()]))
    parts.append(_table(("field, F1", *head[1:]), [_row(row.name, row) for row in found.fields.values()]))
    if found.regressions:
        parts.append("where B does worse (items right less items wrong, and what was lost):\n")
        lines = [f"  {entry.article}  {entry.delta:+.3g}  {'; '.join(entry.lost)}" for entry in found.regressions]
        parts += [inert(line) + "\n" for line in lines]
    return "".join(parts)


def show_agreement(results: Results, summary: Summary, *, listed: bool) -> str:
    """How far two annotators agree."""
    f1, entries = (" ".join(_figure(summary.headline[name])) for name in ("f1", "entry_f1"))
    items = sum(field.gold for field in summary.fields), sum(field.predicted for field in summary.fields)
    parts = [
        f"{summary.articles} articles, {items[0]:g} and {items[1]:g} items\n",
        f"item F1 {f1}; entries found, F1 {entries}\n",
        _fields("field", summary.fields),
    ]
    differing = [(article, item) for article, item in results.items if item.verdict != "COR"]
    if not listed:
        return "".join([*parts, f"{len(differing)} differences; --list shows them\n"])
    for article, item in differing:
        one = "–" if item.gold is None else in_words(item.gold.value)
        other = "–" if item.predicted is None else in_words(item.predicted.value)
        path = (item.gold or item.predicted).path  # type: ignore[union-attr]
        parts.append(inert(f"{article.gold.name}: {path}: {one} | {other}") + "\n")
    return "".join(parts)


def _fields(head: str, fields: Iterable[FieldSummary]) -> str:
    rows = []
    for field in fields:
        counts = [f"{n:g}" for n in (field.gold, field.correct, field.incorrect, field.missing, field.spurious)]
        shares = ["–" if f.value is None else f"{f.value:.3f}" for f in (field.precision, field.recall)]
        rows.append((field.key, *counts, *shares, *_figure(field.f1)))
    return _table((head, "gold", "COR", "INC", "MIS", "SPU", "P", "R", "F1", "95 %"), rows)


def _figure(figure: Figure) -> tuple[str, str]:
    if figure.value is None:
        return "–", ""
    return f"{figure.value:.3f}", f"{figure.low or 0:.3f}–{figure.high or 0:.3f}"


def _row(name: str, row: Row) -> tuple[str, ...]:
    def shown(value: float, form: str) -> str:
        return "–" if math.isnan(value) else format(value, form)

    interval = "" if math.isnan(row.low) else f"{row.low:+.3f} to {row.high:+.3f}"
    p = row.p if row.p_corrected is None else row.p_corrected
    ends = (shown(p, ".4f"), shown(row.detectable, ".3f"))
    return (name, shown(row.a, ".3f"), shown(row.b, ".3f"), shown(row.delta, "+.3f"), interval, *ends)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table: Any = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(head):
        table.add_column(name, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(inert(cell)) for cell in row))
    return rendered(table)
