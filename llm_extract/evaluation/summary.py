"""The summary of a run: every figure with its interval, what it cost, and the gate's verdict. As JSON and Markdown."""

from __future__ import annotations

import math
import statistics as stdlib_statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

from pydantic import BaseModel, ConfigDict

from llm_extract.evaluation import statistics
from llm_extract.evaluation.comparison import Comparison
from llm_extract.evaluation.gates import Check
from llm_extract.evaluation.items import ScoredField, in_words
from llm_extract.evaluation.metrics import Table, headline, title
from llm_extract.evaluation.numbers import Number
from llm_extract.evaluation.results import ArticleResult, Results
from llm_extract.markdown import markdown_table

_FEWEST_OF_A_TAG = 5
"""A tag of fewer articles gets no figure of its own."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figure(_Frozen):
    """A figure with the bounds of its 95 % interval."""

    value: Number
    low: Number
    high: Number


class FieldSummary(_Frozen):
    """One field. Counts are means over the repeats."""

    key: str
    correct: float
    incorrect: float
    missing: float
    spurious: float
    close: float
    """Of the incorrect ones, those nearly right: an amount with another qualifier, a date less precise."""
    grounded: float
    """Of the correct ones, those whose evidence holds."""
    f1: Figure
    precision: Figure
    recall: Figure
    coverage: Number = None
    """The largest share of its values, the surest first, of which 95 % are right; None without confidences."""

    @property
    def gold(self) -> float:
        """Items in gold."""
        return self.correct + self.incorrect + self.missing

    @property
    def predicted(self) -> float:
        """Items predicted."""
        return self.correct + self.incorrect + self.spurious


class FailedArticle(_Frozen):
    """An article without a record, and why."""

    article: str
    repeat: int
    type: str
    message: str


class TagSummary(_Frozen):
    """The articles that share a tag."""

    tag: str
    articles: int
    f1: Figure


class Cost(_Frozen):
    """What it took. Tokens, calls and prices are of live calls only; what the cache gave cost nothing."""

    live_articles: int
    cached_articles: int
    calls_per_article: Number
    input_tokens_per_1000: Number
    output_tokens_per_1000: Number
    usd_per_1000: Number
    """None where the model has no known price, or nothing was called."""
    seconds_p50: Number
    seconds_p95: Number


class Summary(_Frozen):
    """Everything that a run says in figures: summary.json."""

    format: Literal[1] = 1
    task: str
    model: str
    answered_by: str | None
    split: str | None
    articles: int
    without_entries: int
    """Articles whose gold has no entry at all: false alarms are counted on these."""
    repeats: int
    missing: list[str]
    """Articles that lack a prediction; all their items count as missing."""
    errors: list[FailedArticle]
    verbatim: Number
    """The share of quotes that are the text at their offsets; None without quotes."""
    headline: dict[str, Figure]
    fields: list[FieldSummary]
    page: list[FieldSummary]
    confusion: dict[str, dict[str, dict[str, int]]]
    """For each choice: gold value, then predicted value, then how often; "–" where there is no counterpart."""
    tags: list[TagSummary]
    cost: Cost
    calibration: dict[str, float] | None
    repeat_f1: list[Number]
    """Item F1 of each repeat: how much the model itself varies."""
    draws: int
    seed: int
    gate: list[Check] | None = None
    """None if nothing was judged."""
    gate_is_own: bool = False
    """Whether gates.toml judges this split; else only what always holds was checked."""
    comparison: Comparison | None = None
    """With the stored baseline."""

    @property
    def passed(self) -> bool | None:
        """Whether every check passed and no prediction is missing; None if nothing was judged."""
        return None if self.gate is None else not self.missing and all(check.passed for check in self.gate)

    @property
    def verdict(self) -> str:
        """The outcome in words, in agreement with the exit code of `llm-extract eval`."""
        if self.missing:
            return "incomplete"
        if self.gate is None:
            return "not judged"
        if not self.passed:
            return "gate failed"
        return "gate passed" if self.gate_is_own else "nothing failed (gates.toml does not judge this split)"


def summarise(results: Results, *, model: str, split: str | None, draws: int = statistics.DRAWS) -> Summary:
    """Sum a set of results up; see `gates.check` for the gate, which is added afterwards."""
    table = results.table
    intervals = statistics.bootstrap(table.counts, results.figures, draws=draws)
    quotes = table.total("quotes")
    return Summary(
        task=results.gold.task.name,
        model=model,
        answered_by=_answered_by(results),
        split=split,
        articles=len(results.gold.items),
        without_entries=round(table.total("articles/none")),
        repeats=results.repeats,
        missing=results.missing,
        errors=[_failed(result) for result in results.errors],
        verbatim=table.total("quotes/verbatim") / quotes if quotes else None,
        headline={name: _figure(intervals[name]) for name in headline(results.plan, grounded=results.evidence_checked)},
        fields=[
            _field(field, table, intervals, "", "").model_copy(update={"coverage": _coverage(results, field.key)})
            for field in results.plan.fields
        ],
        page=[_field(field, table, intervals, "page.", "page:") for field in results.plan.page],
        confusion=_confusion(results),
        tags=_tags(results, draws),
        cost=_cost(results),
        calibration=_calibration(results),
        repeat_f1=_repeat_f1(results),
        draws=draws,
        seed=statistics.SEED,
    )


def figures_by_name(results: Results) -> dict[str, float]:
    """Every figure as a gate may name it: the headline's, `buyers.f1`, `page.article.published.recall`, …"""
    return {name: float(value) for name, value in results.figures(results.table.counts.sum(axis=0)).items()}


def _answered_by(results: Results) -> str | None:
    names = Counter(r.prediction.answered_by for r in results.articles if r.prediction and r.prediction.answered_by)
    return ", ".join(name for name, _ in names.most_common()) or None


def _failed(result: ArticleResult) -> FailedArticle:
    failure = result.failure
    return FailedArticle(
        article=result.gold.name,
        repeat=result.repeat,
        type=failure.type if failure else "",
        message=failure.message if failure else "",
    )


def _figure(interval: statistics.Interval) -> Figure:
    return Figure(value=interval.value, low=interval.low, high=interval.high)


def _field(
    field: ScoredField, table: Table, intervals: Mapping[str, statistics.Interval], figure: str, count: str
) -> FieldSummary:
    def counted(what: str) -> float:
        return table.total(f"{count}{field.key}/{what}")

    return FieldSummary(
        key=field.key,
        correct=counted("COR"),
        incorrect=counted("INC"),
        missing=counted("MIS"),
        spurious=counted("SPU"),
        close=counted("CLOSE"),
        grounded=counted("GROUNDED"),
        f1=_figure(intervals[f"{figure}{field.key}.f1"]),
        precision=_figure(intervals[f"{figure}{field.key}.precision"]),
        recall=_figure(intervals[f"{figure}{field.key}.recall"]),
    )


def _confusion(results: Results) -> dict[str, dict[str, dict[str, int]]]:
    choices = [field.key for field in results.plan.fields if field.is_choice]
    counts: dict[str, dict[str, dict[str, int]]] = {key: {} for key in choices}
    for _, item in results.items:
        if item.field in counts and not item.on_page:
            gold = in_words(item.gold.value) if item.gold else "–"
            said = in_words(item.predicted.value) if item.predicted else "–"
            row = counts[item.field].setdefault(gold, {})
            row[said] = row.get(said, 0) + 1
    return counts


def _tags(results: Results, draws: int) -> list[TagSummary]:
    tags = Counter(tag for item in results.gold.items for tag in item.file.tags)
    found = []
    for tag, articles in tags.most_common():
        if articles < _FEWEST_OF_A_TAG:
            continue
        rows = [index for index, item in enumerate(results.gold.items) if tag in item.file.tags]
        interval = statistics.bootstrap(
            results.table.counts[rows], lambda sums: {"f1": results.figures(sums)["f1"]}, draws=min(draws, 2000)
        )
        found.append(TagSummary(tag=tag, articles=articles, f1=_figure(interval["f1"])))
    return found


def _cost(results: Results) -> Cost:
    usages = [result.prediction.usage for result in results.articles if result.prediction and result.prediction.usage]
    live = [usage for usage in usages if usage.calls or not usage.cached_calls]
    count = len(live)
    prices = [usage.cost_usd for usage in live]
    known = [float(price) for price in prices if price is not None]
    seconds = sorted(usage.seconds for usage in live)
    return Cost(
        live_articles=count,
        cached_articles=len(usages) - count,
        calls_per_article=sum(usage.calls for usage in live) / count if count else None,
        input_tokens_per_1000=1000 * sum(usage.input_tokens for usage in live) / count if count else None,
        output_tokens_per_1000=1000 * sum(usage.output_tokens for usage in live) / count if count else None,
        usd_per_1000=1000 * sum(known) / count if count and len(known) == count else None,
        seconds_p50=stdlib_statistics.median(seconds) if seconds else None,
        seconds_p95=seconds[min(count - 1, math.ceil(0.95 * count) - 1)] if seconds else None,
    )


def _calibration(results: Results) -> dict[str, float] | None:
    found = statistics.calibration(*_confidences(results))
    return None if found is None else asdict(found)


def _coverage(results: Results, field: str) -> Number:
    found = statistics.calibration(*_confidences(results, field))
    return None if found is None else found.coverage


def _confidences(results: Results, field: str | None = None) -> tuple[list[float], list[bool]]:
    """How sure the program was of its values (of one field), and whether each was right."""
    stated: list[float] = []
    right: list[bool] = []
    for result, item in results.items:
        if item.predicted is None or item.on_page or result.prediction is None or field not in (None, item.field):
            continue
        confidence = result.prediction.confidence.get(item.predicted.path)
        if confidence is not None:
            stated.append(confidence)
            right.append(item.verdict == "COR")
    return stated, right


def _repeat_f1(results: Results) -> list[Number]:
    f1: list[Number] = []
    for repeat in range(results.repeats):
        table = results.of_repeat(repeat)
        value = float(results.figures(table.counts.sum(axis=0), table)["f1"])
        f1.append(None if math.isnan(value) else value)
    return f1


# -- in words -----------------------------------------------------------------------------------------


def markdown(summary: Summary) -> str:
    """The summary as GitHub-flavoured Markdown: for a job's summary page, and for reading."""
    verdict = summary.verdict if summary.passed is not False else f"**{summary.verdict}**"
    parts = [
        f"# {_inert(summary.task)} with {_inert(summary.model)}: {verdict}\n",
        _inert(account(summary)) + "\n",
    ]
    if summary.gate is not None:
        parts.append(
            markdown_table(
                ("gate", "found", ""),
                [(check.rule, check.found, "ok" if check.passed else "**failed**") for check in summary.gate],
            )
        )
    rows = [(title(name), *_shown(figure)) for name, figure in summary.headline.items()]
    rows.append(("verbatim quotes", _number(summary.verbatim), ""))
    parts.append(markdown_table(("figure", "value", "95 %"), rows))
    parts.append(_fields("field", summary.fields))
    if summary.page:
        parts.append(_fields("page's own field", summary.page))
    if summary.tags:
        tagged = [(entry.tag, f"{entry.articles}", *_shown(entry.f1)) for entry in summary.tags]
        parts.append(markdown_table(("tag", "articles", "F1", "95 %"), tagged))
    parts.append(markdown_table(("cost", ""), _costmarkdown_table(summary.cost)))
    if summary.calibration:
        parts.append(markdown_table(("confidence", ""), [(k, f"{v:.3f}") for k, v in summary.calibration.items()]))
        kept = [(field.key, f"{field.predicted:g}", _number(field.coverage)) for field in summary.fields]
        parts.append(markdown_table(("field", "values", "share that can be kept with 95 % right"), kept))
    failed = [f"- {_inert(entry.article)}: {_inert(entry.type)}: {_inert(entry.message)}" for entry in summary.errors]
    failed += [f"- {_inert(name)}: no prediction" for name in summary.missing]
    if failed:
        parts.append("Failed or missing, with all their items counted as missing:\n\n" + "\n".join(failed) + "\n")
    return "\n".join(parts)


def account(summary: Summary) -> str:
    """What was scored, in a sentence or two."""
    split = f", split {summary.split}" if summary.split else ""
    repeats = "" if summary.repeats == 1 else f", {summary.repeats} repeats"
    return (
        f"{summary.articles} articles ({summary.without_entries} without an entry){split}{repeats}, "
        f"{len(summary.errors)} failed, {len(summary.missing)} missing. Intervals hold 95 % of {summary.draws:,} "
        f"bootstrap draws over articles (seed {summary.seed})."
    )


def _fields(head: str, fields: Sequence[FieldSummary]) -> str:
    rows = [
        (
            field.key,
            f"{field.gold:g}",
            f"{field.correct:g}",
            f"{field.incorrect:g}",
            f"{field.missing:g}",
            f"{field.spurious:g}",
            _number(field.precision.value),
            _number(field.recall.value),
            *_shown(field.f1),
        )
        for field in fields
    ]
    return markdown_table((head, "gold", "COR", "INC", "MIS", "SPU", "P", "R", "F1", "95 %"), rows)


def _costmarkdown_table(cost: Cost) -> list[tuple[str, ...]]:
    def shown(value: float | None, form: str) -> str:
        return "–" if value is None else format(value, form)

    return [
        ("articles called for / from the cache", f"{cost.live_articles} / {cost.cached_articles}"),
        ("calls an article", shown(cost.calls_per_article, ".1f")),
        ("input tokens per 1,000 articles", shown(cost.input_tokens_per_1000, ",.0f")),
        ("output tokens per 1,000 articles", shown(cost.output_tokens_per_1000, ",.0f")),
        ("US dollars per 1,000 articles", shown(cost.usd_per_1000, ",.2f")),
        ("seconds an article, median", shown(cost.seconds_p50, ".2f")),
        ("seconds an article, 95th percentile", shown(cost.seconds_p95, ".2f")),
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _shown(figure: Figure) -> tuple[str, str]:
    if figure.value is None:
        return "–", ""
    return _number(figure.value), f"{_number(figure.low)} to {_number(figure.high)}"


_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "&\\`*_[]<>|!#~"}


def _inert(text: str | None) -> str:
    """Text from outside that neither Markdown nor HTML makes anything of."""
    return " ".join((text or "").split()).translate(_ENTITIES)
