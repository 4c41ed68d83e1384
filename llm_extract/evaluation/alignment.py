"""Which predicted entry is meant by which gold entry.

The pairs that together share the most values, each value counted with its field's weight (`schema.Identifies`), found
by `scipy.optimize.linear_sum_assignment` (the Hungarian problem, solved by the algorithm of Crouse, 2016). A pair
is admissible if it shares at least one value of an identifying field, or any value where neither entry has an
identifying one. There is no threshold besides, and one entry on each side goes the same way as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

_DIGESTS = 2**20


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a gold and a predicted entry share."""

    weighted: int
    """Values shared, each with its field's weight; 0 if the pair is not admissible."""
    flags: int
    """Judgements that agree (`main`)."""
    values: int
    """Values shared."""
    exact: bool = False
    """Whether they share every value that either has."""


def align(
    likeness: Sequence[Sequence[Likeness]], gold: Sequence[str], predicted: Sequence[str]
) -> list[tuple[int, int]]:
    """The pairs of entries, as indexes of gold and predicted ones, in the order of gold.

    Ties of shared weight go to the judgements that agree, then to the number of values shared, of pairs and of
    exact pairs, so that a value that fits nothing raises none of these; then to the content of the entries, never
    to their order, so that permuting them changes nothing.

    Args:
        likeness: `likeness[g][p]` for every pair.
        gold: the content of each gold entry, in any form that is the same for the same content.
        predicted: the content of each predicted entry, in the same form.
    """
    if not gold or not predicted:
        return []
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    pairs = min(len(gold), len(predicted))
    flags = 1 + pairs * max(pair.flags for row in likeness for pair in row)
    values = 1 + pairs * max(pair.values for row in likeness for pair in row)
    # One number a pair, in which each count is worth more than all that come after it; floats hold it exactly (below
    # 2**53) for as many entries as an article has, and for far more all of it but the content's part.
    bases = (flags, values, 1 + pairs, 1 + pairs, _DIGESTS * pairs)
    worth = np.zeros((len(gold), len(predicted)))
    order = sorted(range(len(gold)), key=lambda index: gold[index])
    order_predicted = sorted(range(len(predicted)), key=lambda index: predicted[index])
    for row, g in enumerate(order):
        for column, p in enumerate(order_predicted):
            pair = likeness[g][p]
            if pair.weighted:
                number = pair.weighted
                digits = (pair.flags, pair.values, 1, int(pair.exact), _content(gold[g], predicted[p]) % _DIGESTS)
                for base, digit in zip(bases, digits, strict=True):
                    number = number * base + digit
                worth[row, column] = number
    rows, columns = linear_sum_assignment(worth, maximize=True)
    found = [(order[row], order_predicted[column]) for row, column in zip(rows, columns, strict=True)]
    return sorted((g, p) for g, p in found if likeness[g][p].weighted)


def _content(a: str, b: str) -> int:
    """A number that is the same whichever of the two is gold."""
    first, second = sorted((a, b))
    return int.from_bytes(sha256(f"{first}\0{second}".encode("utf-8", "surrogatepass")).digest()[:4], "big")
