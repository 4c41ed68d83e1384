"""Lists of words, as sets and as regular expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable


def word_set(listing: str) -> frozenset[str]:
    """The words of a listing, which may run over several lines."""
    return frozenset(listing.split())


def one_of(words: Iterable[str]) -> str:
    """A regular expression of any of these words, the longest that fits first.

    They are parted by their first letters, so that many of them are refused at once.
    """
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        by_first.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
