"""What the tokens of a lesson see: the past, and with prefix attention their block."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.tuning.attention import blocks, prefix_masks
from llm_extract.tuning.readings import Encoded

LENGTH = 12
LEARNT = st.sets(st.integers(1, LENGTH - 1)).map(sorted)


def lesson(learnt: list[int]) -> Encoded:
    return Encoded(list(range(LENGTH)), learnt)


def test_article_and_first_label_are_one_block_and_each_label_goes_with_the_answer_s_last_token() -> None:
    #                     article, label, answer, label, answer, more that is not learnt
    assert blocks(Encoded([1, 2, 3, 4, 5, 6, 7, 8, 9], [4, 5, 7])) == [0, 0, 0, 0, 1, 2, 2, 3, 3]


def test_a_lesson_without_answers_is_one_block() -> None:
    assert blocks(Encoded([1, 2, 3], [])) == [0, 0, 0]


def seen(mask: Any) -> list[set[int]]:
    """The places that each token sees."""
    assert mask.shape[:2] == (1, 1)
    return [{place for place, cost in enumerate(row) if cost == 0} for row in mask[0, 0].tolist()]


@given(LEARNT)
def test_a_token_sees_the_past_and_its_block_and_nothing_of_what_it_is_to_write(learnt: list[int]) -> None:
    torch = pytest.importorskip("torch")
    encoded = lesson(learnt)
    found = seen(prefix_masks(encoded, SimpleNamespace(), torch.bfloat16, "cpu"))
    for place, others in enumerate(found):
        assert set(range(place + 1)) <= others
        assert not others & {answer for answer in learnt if answer > place}
        ahead = others - set(range(place + 1))
        following = [answer for answer in learnt if answer > place]
        assert ahead == set(range(place + 1, following[0] if following else LENGTH))


@given(LEARNT, st.integers(1, LENGTH))
def test_a_sliding_window_bounds_only_the_look_back(learnt: list[int], window: int) -> None:
    torch = pytest.importorskip("torch")
    config = SimpleNamespace(layer_types=["sliding_attention", "full_attention"], sliding_window=window)
    masks = prefix_masks(lesson(learnt), config, torch.float32, "cpu")
    assert set(masks) == {"sliding_attention", "full_attention"}
    whole = seen(masks["full_attention"])
    assert seen(masks["sliding_attention"]) == [
        {other for other in others if place - other < window} for place, others in enumerate(whole)
    ]
