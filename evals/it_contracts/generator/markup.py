"""Marked text: words that carry a value are enclosed, together with the path of that value.

A mark is three private-use characters around the path and the words. Marks nest, survive every string operation
that keeps them whole, and are taken out at the end, when the offsets of what they enclosed are known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}|{CLOSE}")
_MARKS = f"(?:{OPEN}[^{MIDDLE}]*{MIDDLE}|{CLOSE})*"
_ARTICLE = re.compile(rf"\b([Aa]) ({_MARKS}[\"'“‘]?(?:[aeioAEIO]|u(?!ni|se|til|ser)|U(?![KS]|ni|ser))(?!ne[ -]|uro))")
_BEFORE_EIGHT = re.compile(rf"\b([Aa]) ({_MARKS}(?:[^\s\w{OPEN}{CLOSE}]{{0,2}})(?:8\d{{0,2}}(?:\D|,\d)|18\b|11\b))")
_FULL_STOPS = re.compile(rf"\.({_MARKS})\.(?!\.)")


class Place(NamedTuple):
    """Words of the text, half-open, in code points."""

    start: int
    end: int


def mark(path: str, words: str) -> str:
    """The words, marked as those that carry the value at `path`."""
    return f"{OPEN}{path}{MIDDLE}{words}{CLOSE}"


def plain(text: str) -> str:
    """The text without its marks."""
    return _MARK.sub("", text)


def capital(text: str) -> str:
    """The text with a capital in front, whatever marks and quotes it opens with."""
    return re.sub(rf"^({_MARKS}[\"“‘(]?{_MARKS})(\w)", lambda found: found[1] + found[2].upper(), text, count=1)


def polished(text: str) -> str:
    """`a` becomes `an` where it has to, and two full stops in a row become one."""
    text = _BEFORE_EIGHT.sub(r"\1n \2", _ARTICLE.sub(r"\1n \2", text))
    return _FULL_STOPS.sub(r".\1", text)


def unmarked(text: str) -> tuple[str, dict[str, list[Place]]]:
    """The text without its marks, and the places of what they enclosed, by path, in order."""
    pieces: list[str] = []
    places: dict[str, list[Place]] = defaultdict(list)
    opened: list[tuple[str, int]] = []
    length = last = 0
    for found in _MARK.finditer(text):
        pieces.append(text[last : found.start()])
        length += found.start() - last
        last = found.end()
        if found[1] is not None:
            opened.append((found[1], length))
        else:
            path, start = opened.pop()
            places[path].append(Place(start, length))
    pieces.append(text[last:])
    return "".join(pieces), {path: sorted(found) for path, found in places.items()}
