"""Scoring one article: every item of gold and prediction gets one of MUC's four verdicts.

COR: both are there and the same. INC: both are there and differ. MIS: only gold has it. SPU: only the prediction
has it. What both leave empty is no item and earns nothing. A prediction that is missing leaves all gold items MIS.
(N. Chinchor and B. Sundheim, "MUC-5 evaluation metrics", 1993.)

A score is a tally: whole numbers by name, so that articles add up, and so that every figure, its interval
and its test are made of the same sums (`metrics`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from llm_extract.evaluation.alignment import Likeness, align
from llm_extract.evaluation.items import EntryKind, Plan, ScoredField, Value, entries_of, values_at

Verdict = Literal["COR", "INC", "MIS", "SPU"]

Support = Callable[[ScoredField, Value], bool]
"""Whether a predicted value's own evidence stands in the article and carries it."""

Accepted = Mapping[str, Sequence[Any]]
"""Further values that are right as well, by the path of the gold value."""

_NONE_ACCEPTED: Accepted = {}


@dataclass(frozen=True, slots=True)
class Item:
    """One item and its verdict."""

    field: str
    on_page: bool
    """Whether it is one of the page's own fields, which are reported apart."""
    verdict: Verdict
    gold: Value | None
    predicted: Value | None
    close: bool = False
    """For INC: nearly right, as the field type says (an amount with another qualifier, a date less precise)."""
    grounded: bool | None = None
    """Whether the predicted value's evidence holds; None if that was not looked at."""
    aligned: bool = True
    """Whether its entry has a counterpart."""


@dataclass(frozen=True, slots=True)
class Score:
    """One article's items, the pairs of its entries, and the tally of both."""

    items: tuple[Item, ...]
    pairs: tuple[tuple[str | None, str | None], ...]
    """The paths of gold and predicted entries that belong together; None where there is no counterpart."""
    tally: Counter[str]


def score(
    plan: Plan,
    gold: BaseModel,
    predicted: BaseModel | None,
    *,
    accept: Accepted = _NONE_ACCEPTED,
    support: Support | None = None,
) -> Score:
    """Compare a predicted record with the gold one.

    Args:
        plan: what is scored in records of this schema.
        gold: the gold record.
        predicted: the predicted record; None if there is none: the article failed, or was left out.
        accept: further right values, by the path of the gold value.
        support: looks at the evidence of a predicted value; None if there is none to look at.
    """
    items: list[Item] = []
    pairs: list[tuple[str | None, str | None]] = []
    tally: Counter[str] = Counter()
    for field in plan.page:
        expected = values_at(gold, field.steps)
        said = [] if predicted is None else values_at(predicted, field.steps)
        items += _compare(field, expected, said, accept, support, on_page=True)
    for kind in plan.kinds:
        _score_entries(kind, gold, predicted, accept, support, items, pairs, tally)
    for item in items:
        group = f"page:{item.field}" if item.on_page else item.field
        tally[f"{group}/{item.verdict}"] += 1
        tally[f"{group}/CLOSE"] += item.close
        tally[f"{group}/GROUNDED"] += item.verdict == "COR" and bool(item.grounded)
    tally["articles"] = 1
    tally["articles/missing"] = int(predicted is None)
    if not tally["entries/gold"]:
        tally["articles/none"] = 1
        tally["articles/false_alarm"] = int(tally["entries/predicted"] > 0)
    return Score(tuple(items), tuple(pairs), tally)


def _score_entries(
    kind: EntryKind,
    gold: BaseModel,
    predicted: BaseModel | None,
    accept: Accepted,
    support: Support | None,
    items: list[Item],
    pairs: list[tuple[str | None, str | None]],
    tally: Counter[str],
) -> None:
    expected = [_Entry(kind, entry) for entry in entries_of(gold, kind)]
    said = [] if predicted is None else [_Entry(kind, entry) for entry in entries_of(predicted, kind)]
    if kind.is_whole_record:
        aligned = [(0, 0)] if expected and said else []
    else:
        likeness = [[_likeness(kind, a, b, accept) for b in said] for a in expected]
        aligned = align(likeness, [entry.content() for entry in expected], [entry.content() for entry in said])
    tally["entries/gold"] += len(expected)
    tally["entries/predicted"] += len(said)
    tally["entries/aligned"] += len(aligned)
    for g, p in aligned:
        a, b = expected[g], said[p]
        pairs.append((a.path, b.path))
        of_pair: list[Item] = []
        for field, wanted, given in zip(kind.fields, a.values, b.values, strict=True):
            found = _compare(field, wanted, given, accept, support)
            of_pair += found
            _count_slot(field, wanted, given, found, tally)
        items += of_pair
        _count_where(kind, a, of_pair, tally)
        tally["entries/exact"] += all(item.verdict == "COR" for item in of_pair)
        for flag, wanted, given in zip(kind.flags, a.flags, b.flags, strict=True):
            tally[f"flag:{flag.key}/seen"] += bool(wanted)
            tally[f"flag:{flag.key}/right"] += bool(wanted) and wanted == given
    for g in sorted(set(range(len(expected))) - {g for g, _ in aligned}):
        pairs.append((expected[g].path, None))
        missing: list[Item] = []
        for field, wanted in zip(kind.fields, expected[g].values, strict=True):
            missing += _compare(field, wanted, [], accept, support, aligned=False)
        items += missing
        _count_where(kind, expected[g], missing, tally)
    for p in sorted(set(range(len(said))) - {p for _, p in aligned}):
        pairs.append((None, said[p].path))
        spurious: list[Item] = []
        for field, given in zip(kind.fields, said[p].values, strict=True):
            spurious += _compare(field, [], given, accept, support, aligned=False)
        items += spurious
        _count_where(kind, said[p], spurious, tally)


def _count_slot(
    field: ScoredField, wanted: Sequence[Value], given: Sequence[Value], found: Sequence[Item], tally: Counter[str]
) -> None:
    """What an aligned pair adds to invention, omission and the accuracy of choices."""
    if wanted:
        tally[f"{field.key}/filled"] += 1
        tally[f"{field.key}/omitted"] += not given
        if field.is_choice:
            tally[f"choice:{field.key}/seen"] += 1
            tally[f"choice:{field.key}/right"] += found[0].verdict == "COR"
    else:
        tally[f"{field.key}/empty"] += 1
        tally[f"{field.key}/invented"] += bool(given)


def _count_where(kind: EntryKind, entry: _Entry, found: Sequence[Item], tally: Counter[str]) -> None:
    """Count an entry's items under each flag that it bears: as gold judges it, or the prediction if it is alone."""
    for flag, judged in zip(kind.flags, entry.flags, strict=True):
        if any(judged):
            tally.update(f"flag:{flag.key}/{item.verdict}" for item in found)


class _Entry:
    """One entry with the values of its fields, read once."""

    __slots__ = ("flags", "identified", "path", "values")

    def __init__(self, kind: EntryKind, entry: Value) -> None:
        self.path = entry.path
        self.values = [values_at(entry.value, field.steps, entry.path) for field in kind.fields]
        self.identified = any(
            field.leaf.identifies and values for field, values in zip(kind.fields, self.values, strict=True)
        )
        # Sorted, because those of nested lists come in any order.
        self.flags = [sorted(flag for _, flag in values_at(entry.value, field.steps)) for field in kind.flags]

    def content(self) -> str:
        """The same text for the same values, in whatever order their lists have them."""
        parts = [sorted(repr(value) for _, value in values) for values in self.values]
        return repr((parts, self.flags))


def _likeness(kind: EntryKind, a: _Entry, b: _Entry, accept: Accepted) -> Likeness:
    weighted = values = 0
    exact = True
    # Where neither says who or what it is ("a council has …"), any value that they share will do.
    identified = a.identified or b.identified
    admissible = False
    for field, wanted, given in zip(kind.fields, a.values, b.values, strict=True):
        shared = len(_matched(field, wanted, given, accept)) if wanted and given else 0
        weighted += shared * field.weight
        values += shared
        exact = exact and shared == len(wanted) == len(given)
        admissible = admissible or (shared > 0 and (not identified or field.leaf.identifies > 0))
    flags = sum(wanted == given for wanted, given in zip(a.flags, b.flags, strict=True))
    return Likeness(weighted if admissible else 0, flags, values, exact)


# -- values -------------------------------------------------------------------------------------------


def _compare(
    field: ScoredField,
    wanted: Sequence[Value],
    given: Sequence[Value],
    accept: Accepted,
    support: Support | None,
    *,
    on_page: bool = False,
    aligned: bool = True,
) -> list[Item]:
    """The items of one field of one pair: the same values first, then the others side by side."""
    if not wanted and not given:
        return []
    grounded = {said.path: support(field, said) for said in given} if support is not None else {}
    # Of two that say the same, the one whose words hold is taken, whatever their order.
    given = sorted(given, key=lambda said: not grounded.get(said.path))

    def item(verdict: Verdict, g: int | None, p: int | None, *, close: bool = False) -> Item:
        gold = None if g is None else wanted[g]
        if p is None:
            return Item(field.key, on_page, verdict, gold, None, close, None, aligned)
        return Item(field.key, on_page, verdict, gold, given[p], close, grounded.get(given[p].path), aligned)

    same = _matched(field, wanted, given, accept)
    left = [g for g in range(len(wanted)) if g not in {g for g, _ in same}]
    over = [p for p in range(len(given)) if p not in {p for _, p in same}]
    near = _matched(field, [wanted[g] for g in left], [given[p] for p in over], accept, nearly=True)
    close = [(left[g], over[p]) for g, p in near]
    left = [g for g in left if g not in {g for g, _ in close}]
    over = [p for p in over if p not in {p for _, p in close}]
    both = min(len(left), len(over))
    return [
        *(item("COR", g, p) for g, p in same),
        *(item("INC", g, p, close=True) for g, p in close),
        *(item("INC", g, p) for g, p in zip(left, over, strict=False)),
        *(item("MIS", g, None) for g in left[both:]),
        *(item("SPU", None, p) for p in over[both:]),
    ]


def _matched(
    field: ScoredField,
    wanted: Sequence[Value],
    given: Sequence[Value],
    accept: Accepted,
    *,
    nearly: bool = False,
) -> list[tuple[int, int]]:
    """As many pairs of the same (or nearly the same) value as there can be, each value used once.

    Kuhn's algorithm: with further forms accepted, one predicted value may fit several gold ones, and taking the
    first would cost the other its match.
    """
    if not wanted or not given:
        return []
    fits = [[p for p, said in enumerate(given) if _fits(field, gold, said, accept, nearly)] for gold in wanted]
    holder: dict[int, int] = {}

    def place(g: int, seen: set[int]) -> bool:
        for p in fits[g]:
            if p not in seen:
                seen.add(p)
                if p not in holder or place(holder[p], seen):
                    holder[p] = g
                    return True
        return False

    for g in range(len(wanted)):
        place(g, set())
    return sorted((g, p) for p, g in holder.items())


def _fits(field: ScoredField, gold: Value, said: Value, accept: Accepted, nearly: bool) -> bool:
    likeness = field.leaf.field_type.same
    for value in (gold.value, *accept.get(gold.path, ())):
        degree = likeness(value, said.value)
        if degree == 1.0 or (nearly and degree > 0.0):
            return True
    return False
