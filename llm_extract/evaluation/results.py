"""Predictions held against gold: the scores of a whole set, ready for figures and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ValidationError

from llm_extract.evaluation.gold import Gold, GoldSet, first_problem
from llm_extract.evaluation.items import Plan, ScoredField, Value, reference_day
from llm_extract.evaluation.metrics import Table, figures, macro_fields
from llm_extract.evaluation.predictions import Failure, Prediction
from llm_extract.evaluation.scoring import Item, Score, score
from llm_extract.evaluation.support import carries
from llm_extract.schema import by_field_names

if TYPE_CHECKING:
    from llm_extract.evaluation.metrics import Array, Columns


@dataclass(frozen=True)
class ArticleResult:
    """One article, once predicted and scored."""

    gold: Gold
    repeat: int
    prediction: Prediction | None
    """None if it is missing."""
    record: BaseModel | None
    failure: Failure | None
    score: Score

    @property
    def outcome(self) -> str:
        """`scored`, `error` (it failed, or its record does not fit the schema), or `missing`."""
        return "missing" if self.prediction is None else "scored" if self.failure is None else "error"

    @property
    def f1(self) -> float | None:
        """Item F1 of this article alone; None where neither gold nor prediction has an item."""
        verdicts = Counter(item.verdict for item in self.score.items if not item.on_page)
        both = 2 * (verdicts["COR"] + verdicts["INC"]) + verdicts["MIS"] + verdicts["SPU"]
        return 2 * verdicts["COR"] / both if both else None


@dataclass(frozen=True)
class Results:
    """A gold set and what was predicted for it."""

    gold: GoldSet
    repeats: int
    articles: tuple[ArticleResult, ...]
    """Every article of the gold set as often as it was to be predicted, in the set's order."""
    evidence_checked: bool
    """Whether the predictions say where their values stand."""

    @property
    def plan(self) -> Plan:
        """What was scored."""
        return self.gold.plan

    @property
    def missing(self) -> list[str]:
        """The articles that lack a prediction."""
        return list(dict.fromkeys(result.gold.name for result in self.articles if result.outcome == "missing"))

    @property
    def failed_articles(self) -> list[str]:
        """The articles that failed, each once however often it was asked for."""
        return list(dict.fromkeys(result.gold.name for result in self.errors))

    @property
    def errors(self) -> list[ArticleResult]:
        """The articles that failed."""
        return [result for result in self.articles if result.outcome == "error"]

    @property
    def items(self) -> list[tuple[ArticleResult, Item]]:
        """Every item with its article."""
        return [(result, item) for result in self.articles for item in result.score.items]

    @cached_property
    def tallies(self) -> list[dict[str, float]]:
        """One tally an article, in the set's order: the mean of its repeats."""
        sums: dict[str, Counter[str]] = {item.name: Counter() for item in self.gold.items}
        for result in self.articles:
            sums[result.gold.name].update(result.score.tally)
        return [{name: count / self.repeats for name, count in tally.items()} for tally in sums.values()]

    def of_repeat(self, repeat: int) -> Table:
        """The tallies of one repeat."""
        return Table([result.score.tally for result in self.articles if result.repeat == repeat])

    @cached_property
    def table(self) -> Table:
        """All tallies."""
        return Table(self.tallies)

    def figures(self, sums: Array, table: Table | None = None) -> dict[str, Array]:
        """The figures of sums of this table (or of another with the same articles)."""
        return figures(self.plan, (table or self.table).column(sums), macro=self.macro)

    @cached_property
    def macro(self) -> list[str]:
        """The fields with enough gold items here for the macro average."""
        of: Columns = self.table.column(self.table.counts.sum(axis=0))
        return macro_fields(self.plan, of)


def judge(
    gold: GoldSet, predictions: Sequence[Prediction], *, repeats: int | None = None, known_only: bool = False
) -> Results:
    """Score predictions against their gold set; what is missing or failed stays in every denominator.

    Args:
        gold: the gold set, or a split of it.
        predictions: named as in the gold set (see `read_predictions`); those of other articles are left out.
        repeats: how often each article was to be predicted; by default as often as the predictions show.
        known_only: whether a record with a field that the schema does not have is refused; else that field is passed
            over.
    """
    repeats = repeats or 1 + max((prediction.repeat for prediction in predictions), default=0)
    by_article = {(prediction.article, prediction.repeat): prediction for prediction in predictions}
    results = tuple(
        _judged(gold, item, repeat, by_article.get((item.name, repeat)), known_only)
        for item in gold.items
        for repeat in range(repeats)
    )
    checked = any(result.prediction is not None and result.prediction.evidence is not None for result in results)
    return Results(gold, repeats, results, checked)


def _judged(gold: GoldSet, item: Gold, repeat: int, prediction: Prediction | None, known_only: bool) -> ArticleResult:
    record: BaseModel | None = None
    failure = None if prediction is None else prediction.error
    if prediction is not None and failure is None:
        try:
            said = by_field_names(gold.task.schema.root, prediction.record)
            extra: Literal["forbid"] | None = "forbid" if known_only else None
            record = gold.task.record.model_validate(said, strict=False, by_name=True, by_alias=False, extra=extra)
        except ValidationError as error:
            failure = Failure(type="InvalidRecord", message=f"it does not fit the schema: {first_problem(error)}")
    support = None
    if record is not None and prediction is not None and prediction.evidence is not None:
        day = reference_day(record, gold.plan) or reference_day(item.record, gold.plan)
        support = partial(_is_grounded, item.document.text, prediction.evidence, day)
    scored = score(gold.plan, item.record, record, accept=item.accept, support=support)
    if record is not None and prediction is not None and prediction.evidence is not None:
        spans = [span for found in prediction.evidence.values() for span in found.spans]
        scored.tally["quotes"] = len(spans)
        scored.tally["quotes/verbatim"] = sum(_stands(item.document.text, span) for span in spans)
    scored.tally["articles/error"] = int(failure is not None)
    return ArticleResult(item, repeat, prediction, record, failure, scored)


def _stands(text: str, span: Any) -> bool:
    return bool(span.quote) and span.start >= 0 and text[span.start : span.end] == span.quote


def _is_grounded(text: str, evidence: Any, published: Any, field: ScoredField, value: Value) -> bool:
    """Whether a value's evidence is the text at its offsets, and carries the value."""
    found = evidence.get(value.path)
    if found is None or not all(_stands(text, span) for span in found.spans):
        return False
    return carries(field, value.value, [span.quote for span in found.spans], published)
