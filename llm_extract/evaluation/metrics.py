"""Figures made of tallies: precision, recall, F1 and the rates beside them.

Every figure is a ratio of sums over articles. `figures` takes the sums as arrays of any shape, so that the same
few lines give the figure itself, its 10,000 bootstrap draws and the draws of a paired test. What is undefined
(precision of nothing, F1 where gold and prediction are both empty) is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from llm_extract.evaluation.items import Plan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]
    Columns: TypeAlias = Callable[[str], Array]

FEWEST_GOLD_ITEMS = 10
"""A field with fewer gold items takes no part in the macro average: its F1 says nothing."""

VERDICTS = ("COR", "INC", "MIS", "SPU")

HEADLINE = {
    "f1": "item F1",
    "precision": "item precision",
    "recall": "item recall",
    "grounded_f1": "grounded F1",
    "lenient_f1": "F1, nearly right counted",
    "macro_f1": "macro F1 over fields",
    "entry_f1": "entries found, F1",
    "entry_precision": "entries found, precision",
    "entry_recall": "entries found, recall",
    "entry_exact": "entries wholly right",
    "invention": "invention rate",
    "omission": "omission rate",
    "false_alarms": "false alarms",
    "page_f1": "page's own fields, F1",
}
"""The figures over all fields, with what reports call them; see `headline` for those of flags and choices."""

LOWER_IS_BETTER = frozenset({"invention", "omission", "false_alarms"})


class Table:
    """Tallies of many articles as a matrix: a row an article, a column a count."""

    def __init__(self, tallies: Sequence[Mapping[str, float]]) -> None:
        import numpy as np

        names = sorted({name for tally in tallies for name in tally})
        self._column = {name: index for index, name in enumerate(names)}
        self.counts: Array = np.zeros((len(tallies), len(names) + 1))
        for row, tally in enumerate(tallies):
            for name, count in tally.items():
                self.counts[row, self._column[name]] = count

    def column(self, sums: Array) -> Columns:
        """Look sums up by name; what no article counted is 0. `sums` has the counts in its last dimension."""
        nothing = self.counts.shape[1] - 1  # the last column, always 0
        return lambda name: sums[..., self._column.get(name, nothing)]

    def total(self, name: str) -> float:
        """The sum of one count over all articles."""
        return float(self.column(self._sums)(name))

    @cached_property
    def _sums(self) -> Array:
        sums: Array = self.counts.sum(axis=0)
        return sums


def same_columns(*tables: Sequence[Mapping[str, float]]) -> list[Table]:
    """Tables of several runs whose matrices have the same columns in the same order."""
    names = {name: 0.0 for tallies in tables for tally in tallies for name in tally}
    return [Table([*({**names, **tally} for tally in tallies)]) for tallies in tables]


def figures(plan: Plan, of: Columns, *, macro: Sequence[str] | None = None) -> dict[str, Array]:
    """Every figure of a plan.

    Args:
        plan: which fields there are.
        of: the sum of a count, by its name.
        macro: the fields of the macro average; by default those with enough gold items in these sums.

    Returns:
        Those of `headline`, and for each field and flag `buyers.f1`, `buyers.precision`, `buyers.recall`; the page's
        fields as `page.article.author.f1`.
    """
    keys = [field.key for field in plan.fields]
    macro = macro_fields(plan, of) if macro is None else macro
    counts = [_sum(of, keys, verdict) for verdict in VERDICTS]
    found = _of_items("", counts)
    correct, incorrect, missing, spurious = counts
    both = 2 * (correct + incorrect) + missing + spurious
    found["grounded_f1"] = _ratio(2 * _sum(of, keys, "GROUNDED"), both)
    found["lenient_f1"] = _ratio(2 * (correct + _sum(of, keys, "CLOSE")), both)
    for key in keys:
        found |= _of_items(f"{key}.", [of(f"{key}/{verdict}") for verdict in VERDICTS])
    found["macro_f1"] = _mean([found[f"{key}.f1"] for key in macro], like=correct)
    aligned, gold, predicted = of("entries/aligned"), of("entries/gold"), of("entries/predicted")
    found["entry_precision"] = _ratio(aligned, predicted)
    found["entry_recall"] = _ratio(aligned, gold)
    found["entry_f1"] = _ratio(2 * aligned, gold + predicted)
    found["entry_exact"] = _ratio(of("entries/exact"), gold)
    found["invention"] = _ratio(_sum(of, keys, "invented"), _sum(of, keys, "empty"))
    found["omission"] = _ratio(_sum(of, keys, "omitted"), _sum(of, keys, "filled"))
    found["false_alarms"] = _ratio(of("articles/false_alarm"), of("articles/none"))
    for flag in plan.flags:
        found |= _of_items(f"{flag.key}.", [of(f"flag:{flag.key}/{verdict}") for verdict in VERDICTS])
    for name in accuracies(plan):
        group = "flag" if any(flag.key == name for flag in plan.flags) else "choice"
        found[f"{name}_accuracy"] = _ratio(of(f"{group}:{name}/right"), of(f"{group}:{name}/seen"))
    pages = [f"page:{field.key}" for field in plan.page]
    found["page_f1"] = _of_items("", [_sum(of, pages, verdict) for verdict in VERDICTS])["f1"]
    for field, page in zip(plan.page, pages, strict=True):
        found |= _of_items(f"page.{field.key}.", [of(f"{page}/{verdict}") for verdict in VERDICTS])
    return found


def headline(plan: Plan, *, grounded: bool = True) -> list[str]:
    """The figures that stand above those of single fields: HEADLINE, and those of the plan's flags and choices.

    `grounded`: whether evidence was checked; without, there is no grounded F1.

    `main.f1` is item F1 over the entries that are `main`: those that gold says are, whatever was found for them, and
    those without a counterpart of which the prediction says so.
    """
    general = [name for name in HEADLINE if grounded or name != "grounded_f1"]
    return [*general, *(f"{flag.key}.f1" for flag in plan.flags), *(f"{name}_accuracy" for name in accuracies(plan))]


def title(figure: str) -> str:
    """What reports call a figure of the headline."""
    if figure in HEADLINE:
        return HEADLINE[figure]
    return f"item F1 where {figure.removesuffix('.f1')}" if figure.endswith(".f1") else figure.replace("_", " ")


def accuracies(plan: Plan) -> list[str]:
    """The flags and choices whose accuracy over aligned entries is reported: `main`, `stage`."""
    return [flag.key for flag in plan.flags] + [field.key for field in plan.fields if field.is_choice]


def macro_fields(plan: Plan, of: Columns) -> list[str]:
    """The fields with enough gold items for the macro average."""
    gold = {field.key: _gold_items(of, field.key) for field in plan.fields}
    # Rounded: thirds, as three repeats have them, do not add up to ten exactly.
    return [key for key, items in gold.items() if round(float(items.max()), 6) >= FEWEST_GOLD_ITEMS]


def _gold_items(of: Columns, key: str) -> Array:
    return of(f"{key}/COR") + of(f"{key}/INC") + of(f"{key}/MIS")


def _sum(of: Columns, keys: Sequence[str], what: str) -> Array:
    total = of("no such count")
    for key in keys:
        total = total + of(f"{key}/{what}")
    return total


def _of_items(prefix: str, counts: Sequence[Array]) -> dict[str, Array]:
    correct, incorrect, missing, spurious = counts
    return {
        f"{prefix}precision": _ratio(correct, correct + incorrect + spurious),
        f"{prefix}recall": _ratio(correct, correct + incorrect + missing),
        f"{prefix}f1": _ratio(2 * correct, 2 * (correct + incorrect) + missing + spurious),
    }


def _ratio(part: Array, whole: Array) -> Array:
    import numpy as np

    result: Array = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def _mean(values: Sequence[Array], like: Array) -> Array:
    import numpy as np

    if not values:
        return np.full(np.shape(like), np.nan)
    # A field that a draw left without any item takes no part in that draw.
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    return _ratio(np.where(known, stacked, 0.0).sum(axis=0), known.sum(axis=0).astype(float))
