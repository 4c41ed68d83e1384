"""Swapping: the same article about others, the same everywhere in it."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from llm_extract.evaluation.gold import read_gold_set
from llm_extract.task import find_task
from llm_extract.tuning.lessons import make_lesson, words_of
from llm_extract.tuning.swapping import swap, thin, vocabulary

TASK = find_task("it_contracts")
LESSONS = [
    make_lesson(TASK, gold)
    for gold in read_gold_set(TASK, Path(__file__).parents[2] / "evals" / "it_contracts" / "train").items[::15]
]
KNOWN = vocabulary(lesson.text for lesson in LESSONS)

lessons = st.sampled_from(LESSONS)
seeds = st.integers(0, 10_000)


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+|\d+(?:[.,\u202f\u00a0]\d+)*", text)


@given(lessons, seeds)
def test_every_answer_stands_in_the_swapped_article(lesson, seed) -> None:  # type: ignore[no-untyped-def]
    other = swap(lesson, KNOWN, random.Random(seed))
    for line, said in other.lines:
        stated = said if isinstance(said, list) else [said]
        for each in stated:
            quote = each["quote"] if isinstance(each, dict) else each
            if isinstance(quote, str):
                assert line.writable(quote, other.text)


@given(lessons, seeds)
def test_a_word_becomes_the_same_word_everywhere(lesson, seed) -> None:  # type: ignore[no-untyped-def]
    other = swap(lesson, KNOWN, random.Random(seed))
    before, after = words(lesson.text), words(other.text)
    assert len(before) == len(after)
    became: dict[str, str] = {}
    for old, new in zip(before, after, strict=True):
        if old[0].isupper() and old.lower() not in KNOWN.common:
            assert became.setdefault(old.capitalize(), new.capitalize()) == new.capitalize()
            assert old[0] == new[0]
    assert len(set(became.values())) == len(became), "two names stay two"


@given(lessons, seeds)
def test_the_same_seed_gives_the_same_article(lesson, seed) -> None:  # type: ignore[no-untyped-def]
    assert swap(lesson, KNOWN, random.Random(seed)) == swap(lesson, KNOWN, random.Random(seed))


def test_most_articles_are_swapped_and_keep_their_lines() -> None:
    swapped = [swap(lesson, KNOWN, random.Random(7)) for lesson in LESSONS]
    changed = [other.text != lesson.text for lesson, other in zip(LESSONS, swapped, strict=True)]
    assert sum(changed) >= 0.9 * len(LESSONS)
    for lesson, other in zip(LESSONS, swapped, strict=True):
        assert [line.label for line, _ in lesson.lines] == [line.label for line, _ in other.lines]


def test_common_words_and_small_numbers_stay() -> None:
    lesson = LESSONS[0]
    other = swap(lesson, KNOWN, random.Random(3))
    for old, new in zip(words(lesson.text), words(other.text), strict=True):
        if old.islower() and old not in ("three", "four", "five", "six", "seven", "eight", "nine", "ten"):
            assert old == new
        if old.isdigit() and len(old) <= 2:
            assert old == new


@given(lessons, seeds)
def test_a_thinned_article_lacks_only_paragraphs_without_an_answer(lesson, seed) -> None:  # type: ignore[no-untyped-def]
    other = thin(lesson, random.Random(seed))
    kept, every = other.text.split("\n\n"), [part for part in lesson.text.split("\n\n") if part.strip()]
    left_out = list(every)
    for part in kept:
        left_out.remove(part)  # a paragraph may be there twice
    rest = iter(every)
    assert all(part in rest for part in kept), "in their order"
    answers = [words for _, said in lesson.lines for words in words_of(said)]
    assert not [words for words in answers for part in left_out if words in " ".join(part.split())]
    assert other.lines == lesson.lines


def test_many_articles_have_something_to_thin() -> None:
    thinned = [thin(lesson, random.Random(7)) for lesson in LESSONS]
    shorter = [len(other.text) < len(lesson.text) for lesson, other in zip(LESSONS, thinned, strict=True)]
    assert sum(shorter) >= 0.4 * len(LESSONS)


def test_in_a_small_task_names_stay_apart_and_dates_stay_dates() -> None:
    texts = [
        "Tallis and Tarn met in October.",
        "Tavish left.",
        "Tobel came.",
        "Osterby opened on Sunday.",
        "Orla Solberg",
    ]
    known = vocabulary(texts)
    lesson = replace(LESSONS[0], text=texts[0], lines=())
    for seed in range(50):
        one, _, other, *_, month = words(swap(lesson, known, random.Random(seed)).text)
        assert {one, other} == {"Tavish", "Tobel"}
        assert month == "October"
    assert "Sunday" not in known.names.get("S", ())
