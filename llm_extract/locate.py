"""Where do these words stand in this text?

A model that copies from an article changes its typography: straight quotes for curly ones, a
plain hyphen for a dash, one space for a line break. So words that do not stand in a text
exactly are looked for in a *normalised view* of it, in which such differences are gone and
every character knows the place it came from. What is handed back is always a range of the
original text.

The view: compatibility characters taken apart (NFKD: ligatures, full-width forms, accents),
characters that nobody sees left out, all quotation marks and primes one mark, whitespace runs
one space, dashes without the space around them, and hyphens between two letters left out,
so that "procure-⏎ment" is "procurement" and "end-⏎user" is "end-user".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

MINIMUM_FUZZY_LENGTH = 20
"""Shorter words are never looked for loosely: one slip would be most of them."""

# Unicode's Default_Ignorable_Code_Point (soft hyphen, zero-width, bidi controls, variation
# selectors, tags …) and the control characters that are not whitespace.
INVISIBLE_CLASS = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""The characters that a reader does not see, as the inside of a regular expression's `[…]`."""

_INVISIBLE = re.compile(f"[{INVISIBLE_CLASS}]+")

# What is folded before NFKD, which would make two marks, or a space and an accent, of some of these.
_FOLDED = (
    dict.fromkeys('"`´‘’‚‛“”„‟′″‴‵‶«»‹›〝〞＂＇', "'")
    | dict.fromkeys("‐‑‒–−﹣－⁃", "-")  # hyphens, and the dashes that are set as hyphens
    | dict.fromkeys("—―⸺⸻﹘", "--")
    | dict.fromkeys("⁄∕", "/")
)
_NEEDS_FOLDING = re.compile(r"[^\t\n\r !#-_a-~]")
# Bounded: it is tried at every soft hyphen of a run.
_SOFT_HYPHEN_BREAK = re.compile("\xad[\xad\u200b-\u200d]{0,8}(?=[ \t]*[\r\n])")
# Linear on any text: no alternative can fail after it has consumed a run.
_SPACES_AND_DASHES = re.compile(r"[^\S ]\s*(?:-[-\s]*)?| \s+(?:-[-\s]*)?| ?-[-\s]*")
_MARK_RUNS = re.compile("[\u0300-\u036f\u0591-\u05bd\u064b-\u0655\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2,}")
_EDGES = " '.,;:!?-·•*"
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_WORD_EDGE = re.compile(r"\S+")


class Located(NamedTuple):
    """A place where words stand: ``text[start:end]``, code points, half-open."""

    start: int
    end: int
    match: Literal["exact", "normalised", "fuzzy"]


class Locator:
    """Finds words in one text. Build it once a document: what was made and found for one question serves the next."""

    def __init__(self, text: str, excluded: Sequence[tuple[int, int]] = ()) -> None:
        """`excluded`: half-open ranges of `text` in which nothing is found (page furniture, hidden text)."""
        self.text = text
        self._excluded = _merged(excluded)
        self._found: dict[str, list[Located]] = {}
        self._view: _View | None = None
        self._folded: _View | None = None

    def allows(self, start: int, end: int) -> bool:
        """Whether ``text[start:end]`` is outside the excluded ranges.

        A range of invisible characters only does not part the words on its two sides.
        """
        ranges = self._excluded
        position = bisect_right(ranges, start, key=lambda r: r[1])
        while position < len(ranges) and ranges[position][0] < end:
            low, high = ranges[position]
            if low <= start or high >= end or not _INVISIBLE.fullmatch(self.text, low, high):
                return False
            position += 1
        return True

    def find(self, words: str) -> list[Located]:
        """Every place where `words` stand as whole words, in order; empty if there is none.

        Exact places if there are any; else places that differ in typography only; else those
        that differ in upper and lower case too (all of these "normalised"). Quotation marks and
        punctuation around `words` are then ignored.
        """
        words = words.strip()
        found = self._found.get(words)
        if found is None:
            seen = bool(words) and not _INVISIBLE.fullmatch(words)
            found = self._found[words] = (self._find_exact(words) or self._find_normalised(words)) if seen else []
        return found.copy()

    def find_fuzzy(self, words: str, minimum: float = 0.9) -> Located | None:
        """The passage most like `words`, at least `minimum` (0 to 1, rapidfuzz's ratio), in whole words.

        For quotes of at least 20 characters in which a model slipped; too loose for names, sums
        and dates. A quote that leaves out much of its middle ("A … B") is not found.
        """
        from rapidfuzz import fuzz

        wanted = normalise(words)
        if len(wanted) < MINIMUM_FUZZY_LENGTH:
            return None
        view = self._folded_view()
        best: tuple[float, int, int] | None = None
        for low, high in self._open_stretches(view):
            passage = view.text[low:high]
            cutoff = 100 * minimum if best is None else best[0]
            # The window is as long as `words` and may cut a word at either end: a little less is asked here.
            aligned = fuzz.partial_ratio_alignment(wanted, passage, score_cutoff=max(0.0, cutoff - 10))
            if aligned is None:
                continue
            for start, end in _whole_words(passage, aligned.dest_start, aligned.dest_end):
                score = fuzz.ratio(wanted, passage[start:end].strip(_EDGES))
                if score >= 100 * minimum and (best is None or score > best[0]):
                    best = (score, low + start, low + end)
        if best is None:
            return None
        start, end = view.trimmed(best[1], best[2])
        place = view.places[start], view.places[end - 1] + 1
        return Located(*place, "fuzzy") if self.allows(*place) else None

    def _find_exact(self, words: str) -> list[Located]:
        text, size = self.text, len(words)
        found: list[Located] = []
        start = text.find(words)
        while start >= 0:
            end = start + size
            if _bounded(text, start, end) and (not self._excluded or self.allows(start, end)):
                found.append(Located(start, end, "exact"))
            else:
                end = start + 1
            start = text.find(words, end)
        return found

    def _find_normalised(self, words: str) -> list[Located]:
        wanted = _trim(_View.of(words).text)
        if not wanted:
            return []
        if self._view is None:
            self._view = _View.of(self.text)
        found = list(self._places(self._view, wanted))
        return found or list(self._places(self._folded_view(), wanted.casefold()))

    def _folded_view(self) -> _View:
        if self._folded is None:
            if self._view is None:
                self._view = _View.of(self.text)
            self._folded = self._view.casefold()
        return self._folded

    def _places(self, view: _View, wanted: str) -> Iterator[Located]:
        places, last = view.places, len(view.places)
        start = view.text.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            place = places[start], places[end - 1] + 1
            whole = (start == 0 or places[start - 1] != places[start]) and (
                end == last or places[end] != places[end - 1]  # not a part of one character: "i" of "ﬁ"
            )
            if whole and _bounded(self.text, *place) and self.allows(*place):
                yield Located(*place, "normalised")
            else:
                end = start + 1
            start = view.text.find(wanted, end)

    def _open_stretches(self, view: _View) -> Iterator[tuple[int, int]]:
        """Ranges of the view between the excluded ranges."""
        low = 0
        for start, end in self._excluded:
            if _INVISIBLE.fullmatch(self.text, start, end):
                continue
            high = bisect_left(view.places, start)
            if low < high:
                yield low, high
            low = max(low, bisect_left(view.places, end))
        if low < len(view.places):
            yield low, len(view.places)


@lru_cache(maxsize=1024)
def normalise(words: str) -> str:
    """`words` as the view shows them, in lower case, without punctuation around them.

    Two quotes that differ in typography and case only have the same normalised form.
    """
    return _trim(_View.of(words).casefold().text)


class _View(NamedTuple):
    """A text made uniform; ``places[i]`` is where character i of it stands in the original."""

    text: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> _View:
        return _join(_fold(text))

    def casefold(self) -> _View:
        text = self.text.casefold()
        if len(text) == len(self.text):
            return _View(text, self.places)
        parts = [character.casefold() for character in self.text]
        places = [place for place, part in zip(self.places, parts, strict=True) for _ in part]
        return _View("".join(parts), places)

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.text[start] in _EDGES:
            start += 1
        while start < end and self.text[end - 1] in _EDGES:
            end -= 1
        return start, end


def _fold(text: str) -> _View:
    """Character by character: invisible ones out, quotes and dashes folded, the rest taken apart."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in _NEEDS_FOLDING.finditer(text):
        start = match.start()
        if done < start:
            parts.append(text[done:start])
            places.extend(range(done, start))
        folded = _fold_character(text[start])
        if text[start] == "\xad" and _SOFT_HYPHEN_BREAK.match(text, start):
            folded = "-"  # printed as a hyphen at the end of the line
        if folded:
            parts.append(folded)
            places.extend([start] * len(folded))
        done = start + 1
    if not parts:
        return _View(text[done:], range(done, len(text)))
    parts.append(text[done:])
    places.extend(range(done, len(text)))
    return _View(_ordered("".join(parts)), places)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if _INVISIBLE.match(character):
        return ""
    if character in _FOLDED:
        return _FOLDED[character]
    return "".join(_FOLDED.get(part, part) for part in unicodedata.normalize("NFKD", character))


def _ordered(text: str) -> str:
    """Accents in canonical order. Only accents of one letter change places, so the map stays right."""
    if text.isascii():
        return text
    return _MARK_RUNS.sub(lambda run: "".join(sorted(run[0], key=unicodedata.combining)), text)


def _join(view: _View) -> _View:
    """Whitespace runs to one space, dashes without their spaces, words parted by a hyphen together."""
    text, places = view
    parts: list[str] = []
    joined: list[int] = []
    done = 0
    for match in _SPACES_AND_DASHES.finditer(text):
        start, end = match.span()
        parts.append(text[done:start])
        joined.extend(places[done:start])
        done = end
        run = match[0]
        dash = run.find("-")
        if dash < 0:
            parts.append(" ")
            joined.append(places[start])
            continue
        gap = run[dash + 1 :]
        hyphen = dash == 0 and "-" not in gap and (not gap or "\n" in gap or "\r" in gap)
        between_letters = start > 0 and end < len(text) and _is_letter(text[start - 1]) and text[end].isalpha()
        if not between_letters:
            parts.append("-")
            joined.append(places[start + dash])
        elif not hyphen:
            parts.append("--")
            joined += [places[start + dash]] * 2
    parts.append(text[done:])
    joined.extend(places[done:])
    return _View("".join(parts), joined)


def _is_letter(character: str) -> bool:
    return character.isalpha() or unicodedata.combining(character) != 0


def _trim(words: str) -> str:
    """Without the punctuation around it; a bracket goes only where its partner is missing or goes too."""
    while True:
        words = words.strip(_EDGES)
        if not words:
            return words
        first, last = words[0], words[-1]
        closing = _BRACKETS.get(first)
        if closing is not None and (last == closing or closing not in words):
            words = words[1:]
        elif (last == ")" and "(" not in words) or (last == "]" and "[" not in words) or last in "([{":
            words = words[:-1]
        elif first in ")]}":
            words = words[1:]
        else:
            return words


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` are whole words and numbers: "Met" in "the Met’s", not in "Metro"."""
    # Nearly always there is a space: told without a call, unless the words begin with an accent of their own.
    if start and not (text[start - 1] in " \n" and text[start] <= "~") and _connected(text, start):
        return False
    return end >= len(text) or text[end] in " \n" or not _connected(text, end)


def _connected(text: str, at: int) -> bool:
    """Whether the characters on the two sides of a position belong to one word or number."""
    right = text[at]
    if right <= "~":
        if right == " " or right == "\n":
            return False
    elif _INVISIBLE.match(right):
        while at < len(text) and _INVISIBLE.match(text[at]):
            at += 1
        if at == len(text):
            return False
        right = text[at]
    before = at - 1
    left = text[before]
    if left > "~" and _INVISIBLE.match(left):
        while before >= 0 and _INVISIBLE.match(text[before]):
            before -= 1
        if before < 0:
            return False
        left = text[before]
    if right.isalnum():
        if left.isalnum():
            return not (_is_unspaced(left) or _is_unspaced(right))
        if left in ".," and right.isdigit():  # "6m" is not in "£150.6m"
            return before > 0 and text[before - 1].isdigit()
        return right > "~" and unicodedata.category(left)[0] == "M"
    if right in ".,":  # "£1" is not in "£1.5m", nor in "£1,500"
        return left.isdigit() and at + 1 < len(text) and text[at + 1].isdigit()
    return right > "~" and unicodedata.category(right)[0] == "M"


def _is_unspaced(character: str) -> bool:
    """Scripts that put no space between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters."""
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or "\u1780" <= character <= "\u17ff"
        or "\u3040" <= character <= "\u30ff"
        or "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def _whole_words(passage: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges of whole words whose ends are near `start` and `end`."""
    words = [match.span() for match in _WORD_EDGE.finditer(passage, *_around(passage, start, end))]
    starts = sorted((low for low, _ in words), key=lambda low: abs(low - start))[:3]
    ends = sorted((high for _, high in words), key=lambda high: abs(high - end))[:3]
    return ((low, high) for low in starts for high in ends if low < high)


def _around(passage: str, start: int, end: int) -> tuple[int, int]:
    """A range that holds at least one more word on both sides, cut at spaces."""
    low = passage.rfind(" ", 0, max(0, start - 1)) + 1
    low = passage.rfind(" ", 0, max(0, low - 1)) + 1
    high = passage.find(" ", end + 1)
    high = len(passage) if high < 0 else high
    further = passage.find(" ", high + 1)
    return low, len(passage) if further < 0 else further


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(tuple(r) for r in ranges):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
