"""Readings: what a training has a model read of its lessons, a little different every time.

The lessons come round without end, in another order each time. A reading may lack some of the paragraphs in which
no answer stands, have other names and numbers, and have some of its tokens replaced by any others: what is left to
learn is the way of telling, and not the article. All of it follows from the seed and the reading's number.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_extract.tuning.lessons import Lesson, words_of
from llm_extract.tuning.swapping import Vocabulary, swap, thin

if TYPE_CHECKING:
    from llm_extract.tuning.training import Plan


class Encoded(NamedTuple):
    """A lesson as tokens."""

    tokens: list[int]
    learnt: list[int]
    """Positions of the tokens that are learnt."""
    copied: frozenset[int] = frozenset()
    """Positions in the article of the tokens from which answers are copied, where they were asked for."""


def encode(lesson: Lesson, tokenizer: Any, *, to_blur: bool = False) -> Encoded:
    """The tokens of a lesson and which of them are learnt; `to_blur`: also from which answers are copied."""
    text, spans = "", []
    for piece, learnt in lesson.parts():
        if learnt:
            spans.append((len(text), len(text) + len(piece)))
        text += piece
    encoded = tokenizer(text, return_offsets_mapping=True)
    tokens, offsets = encoded["input_ids"], encoded["offset_mapping"]
    places = []
    current = 0
    for position, (start, end) in enumerate(offsets):
        while current < len(spans) and spans[current][1] <= start:
            current += 1
        if current < len(spans) and start >= spans[current][0] and end > start:
            places.append(position)
    form = spans[0][0] if spans else len(text)
    copied = _copied(lesson, text[:form], offsets) if to_blur else frozenset()
    return Encoded(tokens, places, copied)


def _copied(lesson: Lesson, article: str, offsets: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The positions of the tokens in which an answer's words stand, as `Encoded.copied`."""
    answered = bytearray(len(article))
    for words in {words for _, said in lesson.lines for words in words_of(said)}:
        for match in re.finditer(r"\s+".join(map(re.escape, words.split())), article):
            answered[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    return frozenset(
        place for place, (start, end) in enumerate(offsets) if end <= len(article) and any(answered[start:end])
    )


def reading(number: int, lessons: Sequence[Lesson], known: Vocabulary, plan: Plan) -> Lesson:
    """The lesson that is read at a place of the endless stream of lessons, as that reading has it.

    Args:
        number: its place, from 0.
        lessons: what is learnt.
        known: their words.
        plan: how many readings are thinned and swapped, and the seed.
    """
    epoch, place = divmod(number, len(lessons))
    order = list(range(len(lessons)))
    chance_of(f"{plan.seed}:{epoch}").shuffle(order)
    lesson = lessons[order[place]]
    chance = chance_of(f"{plan.seed}:{number}")
    if chance.random() < plan.thinned:
        lesson = thin(lesson, chance)
    return swap(lesson, known, chance) if chance.random() < plan.swapped else lesson


def blur(encoded: Encoded, share: float, others: Sequence[int], chance: random.Random) -> Encoded:
    """The same lesson with a share of the tokens before its first answer replaced by any of `others`.

    What answers are made of stays wherever it stands, so that every answer can still be copied; so do the first and the
    last few, which tell article and form apart.
    """
    answers = {encoded.tokens[place] for place in encoded.learnt}
    end = encoded.learnt[0] - _FRAME if encoded.learnt else 0

    def may_go(place: int, token: int) -> bool:
        return _FRAME <= place < end and place not in encoded.copied and token not in answers

    tokens = [
        chance.choice(others) if may_go(place, token) and chance.random() < share else token
        for place, token in enumerate(encoded.tokens)
    ]
    return encoded._replace(tokens=tokens)


_FRAME = 8
"""Tokens of the words around an article, at most: "Article:" before it, "Form:" and the first label behind it."""


def chance_of(seed: str) -> random.Random:
    """A source of chances that is the same for the same seed."""
    return random.Random(seed)  # noqa: S311 - what is drawn must be the same again, not a secret
