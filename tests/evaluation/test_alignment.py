"""Alignment: the pairs with the most shared weight, whatever the order, as by trying all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.evaluation.alignment import Likeness, align

Matrix = list[list[Likeness]]

likenesses = st.builds(
    Likeness,
    weighted=st.sampled_from([0, 0, 1, 3, 6, 8]),
    flags=st.integers(0, 2),
    values=st.integers(0, 3),
    exact=st.booleans(),
)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return draw(
        st.lists(st.lists(likenesses, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )  # fmt: skip


def worth(likeness: Matrix, pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """What a set of pairs shares in all: weight, judgements that agree, values; its pairs, and the exact ones."""
    found = [likeness[g][p] for g, p in pairs if likeness[g][p].weighted]
    sums = [sum(getattr(a, count) for a in found) for count in ("weighted", "flags", "values", "exact")]
    return (*sums[:3], len(found), sums[3])


def best(likeness: Matrix) -> tuple[int, ...]:
    """The most that any assignment shares, by trying every one."""
    rows, columns = len(likeness), len(likeness[0])
    if rows <= columns:
        assignments = [list(enumerate(order)) for order in permutations(range(columns), rows)]
    else:
        assignments = [[(g, p) for p, g in enumerate(order)] for order in permutations(range(rows), columns)]
    return max(worth(likeness, pairs) for pairs in assignments)


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def aligned(likeness: Matrix) -> list[tuple[int, int]]:
    return align(likeness, names("gold", len(likeness)), names("predicted", len(likeness[0])))


@given(matrices())
@settings(max_examples=200)
def test_no_assignment_shares_more(likeness: Matrix) -> None:
    pairs = aligned(likeness)
    assert worth(likeness, pairs) == best(likeness)
    assert all(likeness[g][p].weighted for g, p in pairs)
    assert pairs == sorted(pairs)
    assert len({g for g, _ in pairs}) == len({p for _, p in pairs}) == len(pairs)


@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_no_pair(likeness: Matrix, random: Random) -> None:
    rows, columns = list(range(len(likeness))), list(range(len(likeness[0])))
    random.shuffle(rows)
    random.shuffle(columns)
    again = align(
        [[likeness[g][p] for p in columns] for g in rows],
        [f"gold{g}" for g in rows],
        [f"predicted{p}" for p in columns],
    )
    assert sorted((rows[g], columns[p]) for g, p in again) == aligned(likeness)


@given(matrices())
def test_gold_and_prediction_may_change_places(likeness: Matrix) -> None:
    turned = [list(column) for column in zip(*likeness, strict=True)]
    again = align(turned, names("predicted", len(turned)), names("gold", len(likeness)))
    assert sorted((g, p) for p, g in again) == aligned(likeness)


@given(matrices())
def test_an_entry_that_fits_nothing_changes_no_pair(likeness: Matrix) -> None:
    wider = [[*row, Likeness(0, 2, 0)] for row in likeness]
    assert aligned(wider) == aligned(likeness)


def test_equal_weight_goes_to_the_judgements_that_agree_then_to_the_values() -> None:
    plain, agreeing, fuller = Likeness(6, 0, 3), Likeness(6, 1, 2), Likeness(6, 1, 3)
    assert align([[plain, agreeing]], ["g"], ["a", "b"]) == [(0, 1)]
    assert align([[agreeing, plain]], ["g"], ["a", "b"]) == [(0, 0)]
    assert align([[agreeing, fuller]], ["g"], ["a", "b"]) == [(0, 1)]
    assert align([[fuller, Likeness(6, 1, 3, exact=True)]], ["g"], ["a", "b"]) == [(0, 1)]
    assert align([[Likeness(7, 0, 1), fuller]], ["g"], ["a", "b"]) == [(0, 0)]


def test_the_best_whole_beats_the_best_pair() -> None:
    likeness = [[Likeness(9, 1, 3), Likeness(8, 1, 3)], [Likeness(8, 1, 3), Likeness(0, 1, 0)]]
    assert aligned(likeness) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(("gold", "predicted"), [(0, 0), (0, 2), (2, 0)])
def test_nothing_is_paired_with_nothing(gold: int, predicted: int) -> None:
    assert align([[] for _ in range(gold)], names("g", gold), names("p", predicted)) == []


def test_what_is_not_admissible_is_no_pair_even_if_it_is_the_only_one() -> None:
    assert aligned([[Likeness(0, 2, 3)]]) == []
