"""What makes a text a copy of another: its words, a sketch of them, and the comparison that decides.

**What a copy is.** *Exact*: the same words in the same order; case, white space, punctuation and Unicode's
compatibility forms do not count. *Near*: a wire copy, that is, an article that says nothing which its
original does not: another headline and byline, passages cut, a local paragraph added. A missed copy costs
a call; a false one loses an article. So outside headline and byline no word may stand in place of another, and
what was added is made of whole sentences without a name or a figure, even a known one: "Velloran also won" is news.
A headline may be another sentence, but has no name or figure that the original does not have. So two notices of one
council that differ in supplier and sum are two articles, and so is a report whose words were edited.

What is no name is known by its small letters: a word that the text writes with a capital wherever it has it counts
as one, the first of a sentence too, and every word of a line that has no capital at all.

**How near copies are found.** MinHash over a sample that the words themselves choose: of the hashes of all runs
that begin with a word in s, one word in fourteen of an English text, the smallest six are kept (a bottom-k sketch),
each a band of its own, so that two texts that share half of their runs meet with a probability of about 0.98. A text
that meets an earlier one is then compared with it word by word: nothing is decided by an estimate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import accumulate, count, groupby, pairwise
from typing import NamedTuple
from zlib import crc32

from llm_extract.fields.numbers import NUMBER_ENDINGS
from llm_extract.reading.lines import DATE, SHORT, TIME, WEEKDAY
from llm_extract.reading.name_kinds import kind_of

SHINGLE = 5
"""Words in a run that two texts can share."""
SKETCH = 6
"""Runs of a text that are indexed."""
LEAST_WORDS = 40
"""A shorter text has exact copies only: a few words in common mean little."""
LEAST_CONTAINED = 0.75
"""The share of a near copy's runs that its original must have."""
LEAST_JACCARD = 0.3
"""The share of all runs of both that both have: an item of a long digest is no copy of the digest."""
HEAD_WORDS = 30
"""The longest headline and byline together; they may be replaced by others."""
LEAST_PASSAGE = 8
"""A shorter piece that is put in or left out inside the text is a change to a sentence."""

# -- texts as words ----------------------------------------------------------------------------------

_ASCII = bytes(range(128))
_FOLDED = bytes(
    ord(chr(byte).lower()) if byte < 128 and chr(byte).isalnum() else byte if byte > 127 else 32 for byte in range(256)
)
_FOLDED_ASCII = bytes(byte if byte < 128 else 32 for byte in _FOLDED)
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{3})[.!?](?=[\"'”’)\]]*(?:\s|$))")
_SENTENCE_OR_LINE_END = re.compile(_SENTENCE_END.pattern + r"|\n")


def folded(text: str) -> bytes:
    """The words of a text as UTF-8, folded (NFKC, case, punctuation), with a space between two of them.

    What a reader does not see is left out.
    """
    # Signs became spaces, so that every second one stands beside another: parting there is cheaper than at each.
    return b" ".join(filter(None, map(bytes.strip, _spaced(text).split(b"  "))))


def words_of(text: str) -> list[bytes]:
    """The words of a text as UTF-8, folded."""
    return _spaced(text).split()


def _spaced(text: str) -> bytes:
    """The folded words of a text with one space or more between them."""
    if text.isascii():
        return text.encode().translate(_FOLDED)
    data = text.encode("utf-8", "surrogatepass")
    unusual = _unusual(data)
    if not all(map(_is_normal, unusual)):
        data = unicodedata.normalize("NFKC", text).encode("utf-8", "surrogatepass")
        unusual = _unusual(data)
    plain = {character: _plain(character) for character in sorted(unusual)}
    if all(sign == b" " for sign in plain.values()):  # quotes, dashes, the pound: as a rule there is nothing else
        return data.translate(_FOLDED_ASCII)
    for character, letters in plain.items():
        if letters is not None:
            data = data.replace(character.encode("utf-8", "surrogatepass"), letters)
    return data.translate(_FOLDED)


def _unusual(data: bytes) -> set[str]:
    """The characters outside ASCII."""
    return set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))


@lru_cache(maxsize=4096)
def _is_normal(character: str) -> bool:
    """Whether NFKC leaves a character alone, whatever stands before it: marks and Korean letters may be joined."""
    joins = unicodedata.category(character)[0] == "M" or "\u1100" <= character <= "\u11ff"
    return not joins and unicodedata.is_normalized("NFKC", character)


@lru_cache(maxsize=4096)
def _plain(character: str) -> bytes | None:
    """What stands for a character outside ASCII; None: itself."""
    category = unicodedata.category(character)
    if category == "Cf" or category[0] == "M":
        return b""  # zero-width characters, soft hyphens, accents that no letter took
    if not character.isalnum():
        return b" "
    folded = "".join(part for part in character.casefold() if part.isalnum())
    return None if folded == character else folded.encode()


def digest_of(words: bytes, text: str) -> bytes:
    """16 bytes that two texts have in common only if they have the same words, or no word and the same signs.

    Args:
        words: the text, `folded`.
        text: the text itself.
    """
    return sha256(words or text.encode("utf-8", "surrogatepass")).digest()[:16]


# -- near copies -------------------------------------------------------------------------------------


def sketch_of(words: bytes) -> list[int]:
    """The smallest hashes of the runs of a text: 32 bits each.

    Args:
        words: the text, `folded`.
    """
    runs = {crc32(run[:_RUN]) for run in (b" " + words).split(_FIRST)[1:] if len(run) >= _RUN}
    if len(runs) >= SKETCH:
        return sorted(runs)[:SKETCH]
    # A short text, or one in another script. Were all texts long, the other runs would be hashed for nothing.
    others = set(map(crc32, map(b" ".join, _runs(words.split()))))
    return [*sorted(runs), *sorted(others - runs)[: SKETCH - len(runs)]]


_FIRST = b" s"
"""What the runs of a sketch begin with. Another of them within `_RUN` bytes begins a run in its place."""
_RUN = 32
"""Bytes of such a run: about five words."""


def similarity_of_copy(original: bytes, copy: bytes, text: str) -> float | None:
    """The share of a text's runs that the original has, if the text is a near copy of it.

    Args:
        original: the original, `folded`; at least `LEAST_WORDS` words.
        copy: the text, `folded`; at least `LEAST_WORDS` words.
        text: the text itself.
    """
    sources, words = original.split(), copy.split()
    total = len(words) - SHINGLE + 1
    # Quickly found: two words that do not stand together in the original are in four runs that it does not have.
    pairs = set(pairwise(sources))
    lost = 4 * sum(pair not in pairs for pair in zip(words[4:-4:4], words[5:-3:4], strict=True))
    if total - lost < LEAST_CONTAINED * total:
        return None
    places = dict(zip(_runs(sources), count()))
    found = enumerate(map(places.get, _runs(words)))
    shared = [(number, place) for number, place in found if place is not None]
    together = len(sources) - SHINGLE + 1 + total - len(shared)
    if len(shared) < LEAST_CONTAINED * total or len(shared) < LEAST_JACCARD * together:
        return None
    head, copied = _head(text), _Copied(text)
    for difference in _differences(shared, len(words)):
        start, end, _, replaced = difference
        if end <= head:
            if start < end and not _is_other_head(sources, words, difference, head, copied):
                return None
            continue
        if end > start:
            if replaced > 0:
                return None  # other words
            if copied.sentence_starts.isdisjoint((start, start - 1, start - 2)):
                return None  # words in the middle of a sentence
        if start > 0 and end < len(words) and max(end - start, replaced) < LEAST_PASSAGE:
            return None
        for number, word in enumerate(words[start:end], start):
            if (_is_figure(word) or copied.may_name(word)) and number not in copied.credits:
                return None
    return len(shared) / total


class _Difference(NamedTuple):
    """Words of a copy, from start to end, that its original does not have there."""

    start: int
    end: int
    place: int
    """The first word of the original that they replace."""
    replaced: int
    """So many do they replace."""


def _differences(shared: Sequence[tuple[int, int]], words: int) -> Iterator[_Difference]:
    """Where a copy differs.

    `shared` holds the places of each shared run in the copy and in the original. What the copy has at its
    end replaces nothing: the original's own end was cut.
    """
    first, first_place = shared[0]
    yield _Difference(0, first, 0, first_place)
    for (here, place), (there, next_place) in pairwise(shared):
        if there == here + 1 and next_place == place + 1:
            continue
        start, put_in, replaced = here + SHINGLE, there - here - SHINGLE, next_place - place - SHINGLE
        if next_place > place:
            # Where a cut reads alike on both sides, the runs overlap, and less than nothing seems to be there.
            overlap = min(put_in, replaced, 0)
            yield _Difference(start, start + put_in - overlap, place + SHINGLE, replaced - overlap)
        elif put_in > 0:  # a passage was moved, and words put before it
            yield _Difference(start, there, place + SHINGLE, 0)
    last, last_place = shared[-1]
    yield _Difference(last + SHINGLE, words, last_place + SHINGLE, 0)


def _is_other_head(
    sources: Sequence[bytes], words: Sequence[bytes], difference: _Difference, head: int, copied: _Copied
) -> bool:
    """Whether what stands in a headline or byline is put in other words, and says nothing new."""
    start, end, place, replaced = difference
    # A byline is no news. Its words are blank here, since no word is.
    ours = [b"" if number in copied.credits else word for number, word in enumerate(words[:head])]
    known, own = set(sources), [word for word in ours[start:end] if word]
    if any(word not in known and copied.may_name(word) for word in own):
        return False
    if any(map(_is_figure, own)):
        figures = {run for _, run in _figures(sources)}
        if any(first < end and first + len(run) > start and run not in figures for first, run in _figures(ours)):
            return False
    # The same line but for a word is a form with another entry: "wins libraries deal", "wins schools deal".
    begun = start - max(number for number in copied.sentence_starts if number <= start)
    theirs = set(sources[max(0, place - begun) : place + replaced])
    line = list(filter(None, ours[start - begun : end]))
    return 2 * sum(word in theirs for word in line) <= len(line) or known.issuperset(own)


class _Copied:
    """What is asked of a text only where it differs from its original."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def sentence_starts(self) -> set[int]:
        """The numbers of the words with which sentences, or lines, begin."""
        return {0, *accumulate(len(words_of(piece)) for piece in _SENTENCE_OR_LINE_END.split(self._text))}

    @cached_property
    def credits(self) -> set[int]:
        """The numbers of the words that say who wrote, who published, when, and from where: bylines, datelines."""
        found: set[int] = set()
        position = 0
        for line in self._text.split("\n"):
            if dateline := _dateline(line):
                found.update(range(position, position + len(words_of(dateline))))
            words = len(words_of(line))
            if _is_byline(line):
                found.update(range(position, position + words))
            position += words
        return found

    def may_name(self, word: bytes) -> bool:
        """Whether a word may belong to a name."""
        return word not in _SMALL_WORDS and word not in self._written_small

    @cached_property
    def _written_small(self) -> set[bytes]:
        lines = (line.split() for line in self._text.split("\n") if line != line.lower())
        return set(words_of(" ".join(token for line in lines for token in line if token.islower())))


_SMALL_WORDS = frozenset(
    b"a about after all also an and as at before but by for from he here how if in it its many more most new no not of "
    b"on or our she so some that the their there these they this those to we what when where which who why with you "
    b"your follow read share sign subscribe".split()
)
"""Words that begin a headline or a sentence and no name."""


def _head(text: str) -> int:
    """How many words stand in headline, byline and dateline.

    They are the first lines in which no sentence ends, that are not wrapped, and that are no entries of a form.
    """
    words = 0
    lines = text.lstrip().split("\n", 8)
    for number, (line, following) in enumerate(pairwise(lines)):
        words_here = len(words_of(line))
        is_entry = number > 0 and _ENTRY.match(line) and not _CUE.match(line)
        is_wrapped = following.lstrip()[:1].islower()
        if _SENTENCE_END.search(line) or is_wrapped or is_entry or words + words_here > HEAD_WORDS:
            return words + len(words_of(_dateline(line)))
        words += words_here
    return words + len(words_of(_dateline(lines[-1])))


_ENTRY = re.compile(r"[^\w\n]*[^\W\d_][^\d\n:]{0,40}:")
"""The label of a form's line: "Supplier: Halden"."""

# -- bylines and datelines ---------------------------------------------------------------------------

_CUE = re.compile(
    r"\W*\b(?:(?:(?:additional )?reporting|editing|posted|published|story|text|words|writing|written)(?: by\b|(?=:))"
    r"|by\b|(?:author|published|posted|updated|last updated)\b)(?: on\b)?:?\s+",
    re.IGNORECASE,
)
"""With what a byline begins."""
_DAY = re.compile(rf"{WEEKDAY}(?:{DATE}|\b20\d\d/\d\d/\d\d\b){TIME}Z?", re.IGNORECASE)
_PARTS = re.compile(r"[·•|;,()]+|\s[-–—]\s|\band\b")
_SIGN = re.compile("[·•|]")
_COMMA = re.compile("[,;()]")
_DATELINE = re.compile(r"\s*[A-Z][A-Z .'’-]{1,40}(?:,[^()\n]{1,30})?\s?\((?P<agency>[^()\n]{2,40})\)\s?[-–—]")
_AGENCIES = frozenset(("afp", "ap", "associated press", "dpa", "pa", "pa media", "press association", "reuters"))


def _dateline(line: str) -> str:
    """The "LEEDS, March 4 (Reuters) -" with which a line begins; empty if it does not."""
    match = _DATELINE.match(line)
    return match[0] if match and _kind(match["agency"]) in ("agency", "outlet") else ""


def _is_byline(line: str) -> bool:
    """Whether a line says who wrote, who published and when, and nothing else.

    Names are credits behind "by", or where a day stands beside them and a sign between, as `Document.from_parts`
    writes them ("Ada Wren · Leeds Post · 2019-03-04"). Bodies are none: they sign notices, and are named in them.
    """
    if len(line) > SHORT or not line.strip():
        return False
    cue = _CUE.match(line)
    undated, days = _DAY.subn(" ", line[cue.end() :] if cue else line)
    parts = _PARTS.split(_CUE.sub("·", undated) if cue else undated)
    kinds = {_kind(part) for part in map(str.strip, parts) if part}
    if cue or (days and _SIGN.search(line) and not _COMMA.search(undated)):
        return kinds <= {"agency", "outlet", "person", "role", "name"}
    return kinds in ({"agency"}, {"person", "outlet"}) or (days > 0 and not kinds)


def _kind(name: str) -> str:
    return "agency" if name.lower() in _AGENCIES else kind_of(name)


def _runs(words: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    return zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)


def _figures(words: Sequence[bytes]) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """The figures, each with the number of its first word: 12.4 million are three words in a row."""
    first = 0
    for is_figure, run in groupby(words, _is_figure):
        figure = tuple(run)
        if is_figure:
            yield first, figure
        first += len(figure)


@lru_cache(maxsize=8192)
def _is_figure(word: bytes) -> bool:
    return word in _NUMBERS or any(character.isdigit() for character in word.decode("utf-8", "surrogatepass"))


_NUMBERS = frozenset(word.encode() for word in NUMBER_ENDINGS)
