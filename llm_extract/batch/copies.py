"""What makes a text a copy of another: its words, a sketch of them, and the comparison that decides.

**What a copy is.** *Exact*: the same words in the same order; case, white space, punctuation and Unicode's
compatibility forms do not count. *Near*: a wire copy, that is, an article that says nothing which its
original does not: another headline and byline, passages cut, a local paragraph added. A missed copy costs
a call; a false one loses an article. So outside headline and byline no word may stand in place of another,
and what was added is made of whole sentences without a figure of their own: two notices of one council that
differ in supplier and sum are two articles, and so is a report whose words were edited.

**How near copies are found.** MinHash over a sample that the words themselves choose: of the hashes of all runs
that begin with a word in s, one word in fourteen of an English text, the smallest six are kept (a bottom-k sketch),
each a band of its own, so that two texts that share half of their runs meet with a probability of about 0.98. A text
that meets an earlier one is then compared with it word by word: nothing is decided by an estimate.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate, count, pairwise
from zlib import crc32

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
    head, vocabulary = _head(text), set(sources)
    starts: set[int] | None = None
    for start, end, replaced in _differences(shared, len(words)):
        in_head = end <= head
        if not in_head:
            if end > start:
                if replaced > 0:
                    return None  # other words
                starts = _sentence_starts(text) if starts is None else starts
                if starts.isdisjoint((start, start - 1, start - 2)):
                    return None  # words in the middle of a sentence
            if start > 0 and end < len(words) and max(end - start, replaced) < LEAST_PASSAGE:
                return None
        if any(words[number] not in vocabulary and _is_figure(words[number], in_head) for number in range(start, end)):
            return None
    return len(shared) / total


def _differences(shared: Sequence[tuple[int, int]], words: int) -> Iterator[tuple[int, int, int]]:
    """Where a copy differs: its words from start to end, and how many of its original's they replace.

    `shared` holds the places of each shared run in the copy and in the original. What the copy has at its
    end replaces nothing: the original's own end was cut.
    """
    first, first_place = shared[0]
    yield 0, first, first_place
    for (here, place), (there, next_place) in pairwise(shared):
        if there == here + 1 and next_place == place + 1:
            continue
        start, put_in, replaced = here + SHINGLE, there - here - SHINGLE, next_place - place - SHINGLE
        if next_place > place:
            # Where a cut reads alike on both sides, the runs overlap, and less than nothing seems to be there.
            overlap = min(put_in, replaced, 0)
            yield start, start + put_in - overlap, replaced - overlap
        elif put_in > 0:  # a passage was moved, and words put before it
            yield start, there, 0
    yield shared[-1][0] + SHINGLE, words, 0


def _sentence_starts(text: str) -> set[int]:
    """The numbers of the words with which sentences, or lines, begin."""
    return {0, *accumulate(len(words_of(piece)) for piece in _SENTENCE_OR_LINE_END.split(text))}


def _head(text: str) -> int:
    """How many words stand in headline and byline: first lines in which no sentence ends and that are not wrapped."""
    words = 0
    lines = text.lstrip().split("\n", 8)
    for line, following in pairwise(lines):
        words_here = len(words_of(line))
        if _SENTENCE_END.search(line) or following.lstrip()[:1].islower() or words + words_here > HEAD_WORDS:
            break
        words += words_here
    return words


def _runs(words: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    return zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)


def _is_figure(word: bytes, in_head: bool) -> bool:
    """Whether a word is a figure; in a head the parts of a date and a time are none."""
    if not any(character.isdigit() for character in word.decode("utf-8", "surrogatepass")):
        return False
    return not (in_head and word.isdigit() and (int(word) < 60 or 1900 <= int(word) < 2100))
