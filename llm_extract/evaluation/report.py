"""report.html: one page about a run, for people. It needs no network and no script, and holds everything it shows.

Texts, names, values, messages and quotes come from articles, models and other programs. The template escapes them
all; besides, whatever it prints goes through `inert`, so that characters which steer a terminal, turn the direction
of a line or hide in it are named instead of obeyed. An article's text alone is shown to the letter.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from llm_extract.evaluation.highlights import UNSEEN, Segment, segments
from llm_extract.evaluation.items import Plan, Value, entries_of, in_words, values_at
from llm_extract.evaluation.metrics import FEWEST_GOLD_ITEMS, LOWER_IS_BETTER, title
from llm_extract.evaluation.results import ArticleResult, Results
from llm_extract.evaluation.scoring import Item
from llm_extract.evaluation.summary import Summary
from llm_extract.result import Span

if TYPE_CHECKING:
    from jinja2 import Environment

IN_FULL = 12
"""How many of the worst articles are shown with their text and all their items."""
_LISTED = 400
"""How many more are listed with the items that went wrong; items.jsonl has them all."""
_ROWS = 200
"""The most items of one article that are shown."""
_LONGEST = 600
"""Code points of a note or message that are shown."""
_LONGEST_VALUE = 240
"""Code points of a value or quote that are shown: they stand in narrow columns."""
SIGNIFICANT = 0.05


def report(results: Results, summary: Summary) -> str:
    """The page, as HTML.

    Args:
        results: the scored articles.
        summary: what they were summed up to, with the gate's verdict and the comparison, where there are any.
    """
    worst = worst_articles(results)
    articles = [_article(result, results) for result in worst[: IN_FULL + _LISTED]]
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            summary=summary,
            verdict=_verdict(summary),
            headline=[(title(name), figure, name in LOWER_IS_BETTER) for name, figure in summary.headline.items()],
            title=title,
            few=FEWEST_GOLD_ITEMS,
            significant=SIGNIFICANT,
            lower=LOWER_IS_BETTER,
            confusions=[_matrix(name, summary, results.plan) for name in summary.confusion],
            lost=_lost_with(results),
            in_full=articles[:IN_FULL],
            listed=articles[IN_FULL:],
            left_out=len(worst) - len(articles),
            faultless=_faultless(results),
            evidence_checked=results.evidence_checked,
        )
    )


def worst_articles(results: Results, count: int | None = None) -> list[ArticleResult]:
    """The articles with something wrong, worst first: by F1, and of equal ones those with more wrong items.

    Each article once, with its worst repeat. Those that failed or are missing are left out: there's nothing to
    learn from their items.
    """

    def badness(result: ArticleResult) -> tuple[float, int]:
        return (1.0 if result.f1 is None else result.f1, -len(_wrong(result)))

    found: dict[str, ArticleResult] = {}
    for result in sorted(results.articles, key=badness):
        if result.outcome == "scored" and _wrong(result):
            found.setdefault(result.gold.name, result)
    return list(found.values())[:count]


def _wrong(result: ArticleResult) -> list[Item]:
    return [item for item in result.score.items if item.verdict != "COR"]


def _faultless(results: Results) -> list[str]:
    """The articles that every repeat has wholly right."""
    flawed = {result.gold.name for result in results.articles if result.outcome != "scored" or _wrong(result)}
    return [item.name for item in results.gold.items if item.name not in flawed]


def _lost_with(results: Results) -> dict[tuple[str, int], int]:
    """By article and repeat: how many gold items went with a failure or a missing prediction."""
    return {
        (result.gold.name, result.repeat): sum(not item.on_page for item in result.score.items)
        for result in results.articles
        if result.outcome != "scored"
    }


def _verdict(summary: Summary) -> tuple[str, str]:
    """The verdict as the exit code has it: a word for the style, and the sentence."""
    failed = [check for check in summary.gate or [] if not check.passed]
    if summary.missing:
        also = f", and {len(failed)} of {len(summary.gate or [])} checks of the gate failed" if failed else ""
        which = "1 article lacks" if len(summary.missing) == 1 else f"{len(summary.missing)} articles lack"
        return "incomplete", f"Incomplete: {which} a prediction{also}"
    if summary.gate is None:
        return "unjudged", "No gate judges this run"
    if failed:
        return "failed", f"Gate failed: {len(failed)} of {len(summary.gate)} checks"
    if not summary.gate_is_own:
        return "passed", "Nothing failed; gates.toml does not judge this split"
    return "passed", f"Gate passed: all {len(summary.gate)} checks"


# -- confusions of choices ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Matrix:
    """How often each value of a choice was taken for each other."""

    name: str
    values: tuple[str, ...]
    """The heads of rows (gold) and columns (predicted)."""
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]
    """For each gold value: its count, and that of each predicted value."""


def _matrix(name: str, summary: Summary, plan: Plan) -> Matrix:
    counts = summary.confusion[name]
    there = dict.fromkeys([*counts, *(said for row in counts.values() for said in row)])
    field = next(field for field in plan.fields if field.key == name)
    order = [value for value in getattr(field.leaf.field_type, "values", ()) if value in there]
    nowhere = [value for value in there if value == "–"]
    values = (*order, *(value for value in there if value not in order and value != "–"), *nowhere)
    rows = tuple(
        (value, sum(counts[value].values()), tuple(counts[value].get(said, 0) for said in values))
        for value in values
        if value in counts
    )
    return Matrix(name, values, rows)


# -- one article --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """What gold, or the prediction, has for an item."""

    value: str
    quotes: tuple[str, ...] = ()
    """Its evidence, where that is not the value's own words."""
    also_right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An item, or a flag, with both sides next to each other."""

    field: str
    verdict: Literal["COR", "INC", "MIS", "SPU", "same", "differs"]
    gold: Side | None
    predicted: Side | None
    close: bool = False
    unsupported: bool = False
    """Whether the predicted value's evidence does not hold."""


@dataclass(frozen=True, slots=True)
class Group:
    """The items of a pair of entries, or those of the page."""

    name: str
    """The path of the entry; empty for the page's own fields, and for what is left out."""
    note: str
    rows: tuple[Row, ...]

    @property
    def wrong(self) -> tuple[Row, ...]:
        """Those that are not right."""
        return tuple(row for row in self.rows if row.verdict not in ("COR", "same"))


@dataclass(frozen=True, slots=True)
class Article:
    """An article as the page shows it."""

    result: ArticleResult
    counts: dict[str, int]
    f1: tuple[float | None, ...]
    """Of each repeat, in order."""
    groups: tuple[Group, ...]

    @property
    def segments(self) -> list[Segment]:
        """Its text, cut where evidence begins or ends."""
        prediction = self.result.prediction
        said = (prediction.evidence if prediction else None) or {}
        return segments(
            self.result.gold.document,
            {path: found.spans for path, found in self.result.gold.evidence().items()},
            {path: found.spans for path, found in said.items()},
        )


def _article(result: ArticleResult, results: Results) -> Article:
    counts = dict.fromkeys(("COR", "INC", "MIS", "SPU"), 0)
    for item in result.score.items:
        counts[item.verdict] += not item.on_page
    f1 = tuple(other.f1 for other in results.articles if other.gold is result.gold) if results.repeats > 1 else ()
    return Article(result, counts, f1, tuple(_groups(result, results.plan)))


def _groups(result: ArticleResult, plan: Plan) -> Iterable[Group]:
    """Gold's entries in order, each beside its counterpart; then the predicted ones without one; then the page."""
    rows: dict[tuple[str | None, str | None], list[Row]] = {pair: [] for pair in result.score.pairs}
    of_gold = {gold: (gold, said) for gold, said in rows if gold is not None}
    of_predicted = {said: (gold, said) for gold, said in rows if said is not None}
    page: list[Row] = []
    for item in result.score.items:
        if item.on_page:
            page.append(_row(item, result))
        elif item.gold is not None:
            rows[of_gold[_entry(item.gold.path, of_gold)]].append(_row(item, result))
        elif item.predicted is not None:
            rows[of_predicted[_entry(item.predicted.path, of_predicted)]].append(_row(item, result))
    for pair, flags in _flags(result, plan).items():
        rows[pair].extend(flags)
    left = _ROWS
    for (gold, said), items in rows.items():
        name = (gold if gold is not None else said) or "the record"
        note = "only in gold" if said is None else "only in the prediction" if gold is None else ""
        if gold and said and gold != said:
            note = f"in the prediction {said}"
        yield Group(name, note, tuple(items[: max(0, left)]))
        left -= len(items)
    if page:
        yield Group("", "the page's own fields", tuple(page))
    if left < 0:
        yield Group("", f"{-left} more items are in items.jsonl", ())


def _entry(path: str, entries: Mapping[str, object]) -> str:
    """The entry that a value's path lies in."""
    places = [path[: dot.start()] for dot in re.finditer(r"\.", path)]
    return next((place for place in places if place in entries), "")


def _flags(result: ArticleResult, plan: Plan) -> dict[tuple[str | None, str | None], list[Row]]:
    """The judgements that are no items (`main`), for the pairs in which both sides have an entry."""
    rows: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
    if result.record is None:
        return rows
    for kind in plan.kinds:
        gold = {entry.path: entry.value for entry in entries_of(result.gold.record, kind)}
        said = {entry.path: entry.value for entry in entries_of(result.record, kind)}
        for pair in result.score.pairs:
            if pair[0] not in gold or pair[1] not in said:
                continue
            for flag in kind.flags:
                a, b = (
                    ", ".join(in_words(value) for _, value in values_at(entry, flag.steps))
                    for entry in (gold[pair[0]], said[pair[1]])
                )
                if a or b:
                    rows[pair].append(Row(flag.key, "same" if a == b else "differs", Side(a), Side(b)))
    return rows


def _row(item: Item, result: ArticleResult) -> Row:
    gold = said = None
    if item.gold is not None:
        found = result.gold.evidence().get(item.gold.path)
        also_right = tuple(in_words(value) for value in result.gold.accept.get(item.gold.path, ()))
        gold = _side(item.gold, found.spans if found else (), also_right)
    if item.predicted is not None and result.prediction is not None:
        given = (result.prediction.evidence or {}).get(item.predicted.path)
        said = _side(item.predicted, given.spans if given else ())
    return Row(item.field, item.verdict, gold, said, item.close, item.grounded is False)


def _side(value: Value, spans: Sequence[Span], also_right: tuple[str, ...] = ()) -> Side:
    shown = in_words(value.value)
    quotes = tuple(inert(span.quote, _LONGEST_VALUE) for span in spans if span.quote != shown)
    return Side(inert(shown, _LONGEST_VALUE), quotes, also_right)


# -- how things are written ---------------------------------------------------------------------------

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def inert(text: str, longest: int = _LONGEST) -> str:
    """Text from outside in which nothing acts and nothing hides, cut where it is very long."""
    shown = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[:longest])
    shown = UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", shown)
    return shown if len(text) <= longest else f"{shown}… ({len(text):,} characters)"


def _printed(value: Any) -> Any:
    """What every expression of the template goes through; markup that is already escaped stays."""
    return inert(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _verbatim(text: str) -> Any:
    """An article's text to the letter: an HTML parser would turn a carriage return into a line feed."""
    from markupsafe import Markup, escape

    return Markup("&#13;").join(escape(part) for part in text.split("\r"))


def _breakable(name: str) -> Any:
    """A name that may break behind an underscore or a point, where a letter follows."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[_.])(?=[^\W\d_])", inert(name)))


def _number(value: float | None, form: str = ".3f") -> str:
    return "–" if value is None or math.isnan(value) else format(value, form).replace("-", "−")


def _count(value: float) -> str:
    """A count; the mean of repeats may have a fraction."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _percent(value: float | None) -> str:
    """A share as a length of a bar."""
    return f"{100 * min(1.0, max(0.0, value or 0.0)):.4g}"


def _as_json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "counted": _count,
        "percent": _percent,
        "verbatim": _verbatim,
        "breakable": _breakable,
        "as_json": _as_json,
    }
    environment.tests["nan"] = math.isnan
    return environment
