"""Readings come round without end, each a little different, and never so that an answer cannot be copied."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.tuning.lessons import words_of
from llm_extract.tuning.readings import Encoded, blur, chance_of, encode, reading
from llm_extract.tuning.swapping import vocabulary
from llm_extract.tuning.training import Plan
from tests.tuning.test_swapping import LESSONS

OTHERS = range(1000, 2000)


def article(length: int, answers: list[int]) -> Encoded:
    """Tokens 0 to 9 over and over, and behind them a label and answers."""
    tokens = [place % 10 for place in range(length)] + [500, 501, 502, 503, 504, 505, 506, 507]
    return Encoded(tokens + answers, list(range(len(tokens), len(tokens) + len(answers))))


@given(length=st.integers(20, 200), answers=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers())
def test_tokens_of_answers_and_all_that_is_no_article_stay(length: int, answers: list[int], seed: int) -> None:
    before = article(length, answers)
    after = blur(before, 1.0, OTHERS, random.Random(seed))
    assert after.learnt == before.learnt
    for place, (old, new) in enumerate(zip(before.tokens, after.tokens, strict=True)):
        stays = place < 8 or place >= length or old in answers
        assert (new == old) if stays else (new in OTHERS)


def test_the_share_is_kept_and_the_seed_decides() -> None:
    before = article(10_000, [3])
    after = blur(before, 0.1, OTHERS, chance_of("1"))
    changed = sum(old != new for old, new in zip(before.tokens, after.tokens, strict=True))
    assert changed == pytest.approx(900, abs=100), "of the tokens that are no answer's, nine in ten"
    assert blur(before, 0.1, OTHERS, chance_of("1")) == after
    assert blur(before, 0.1, OTHERS, chance_of("2")) != after


def test_what_an_answer_is_copied_from_stays_though_its_tokens_are_others() -> None:
    """A name at a line's beginning has other tokens than behind its label."""
    before = article(40, [3])._replace(copied=frozenset({20, 21}))
    after = blur(before, 1.0, OTHERS, random.Random(1))
    assert after.tokens[20:22] == before.tokens[20:22]
    assert after.tokens[19] in OTHERS


class Letters:
    """A tokenizer whose tokens are letters."""

    def __call__(self, text: str, *, return_offsets_mapping: bool) -> dict[str, Any]:
        return {
            "input_ids": [ord(letter) for letter in text],
            "offset_mapping": [(at, at + 1) for at in range(len(text))],
        }


def test_the_words_of_answers_are_found_in_the_article_across_lines() -> None:
    lesson = next(
        lesson for lesson in LESSONS if any(" " in words for _, said in lesson.lines for words in words_of(said))
    )
    words = next(words for _, said in lesson.lines for words in words_of(said) if " " in words)
    broken = replace(lesson, text=lesson.text.replace(words, words.replace(" ", "\n")))
    encoded = encode(broken, Letters(), to_blur=True)
    copied = "".join(chr(encoded.tokens[place]) for place in sorted(encoded.copied))
    assert words.replace(" ", "\n") in copied
    assert len(encoded.copied) < encoded.learnt[0] / 2
    assert max(encoded.copied) < encoded.learnt[0]


def test_a_lesson_without_answers_stays() -> None:
    assert blur(Encoded([1, 2, 3], []), 1.0, OTHERS, chance_of("1")) == Encoded([1, 2, 3], [])


def test_every_lesson_is_read_once_a_round_in_another_order() -> None:
    plan = Plan(swapped=0.0, thinned=0.0)
    known = vocabulary(lesson.text for lesson in LESSONS)
    rounds = [
        [reading(number, LESSONS, known, plan).name for number in range(start, start + len(LESSONS))]
        for start in range(0, 6 * len(LESSONS), len(LESSONS))
    ]
    assert all(sorted(each) == sorted(lesson.name for lesson in LESSONS) for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1
    assert reading(3, LESSONS, known, Plan()) == reading(3, LESSONS, known, Plan())
