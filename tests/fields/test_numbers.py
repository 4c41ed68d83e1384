"""Numbers in digits and in words."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.fields.numbers import NUMBER, NUMBER_ENDINGS, NUMBER_WORDS, QUANTITY, SCALES, parse_number
from tests.linear import check_linear

WRITTEN = [
    ("34,000", "34000"),
    ("1.2", "1.2"),
    ("1,250,000.50", "1250000.5"),
    ("1,20,000", "120000"),
    ("12,34,56,789", "123456789"),
    ("2½", "2.5"),
    ("2 ¾", "2.75"),
    ("½", "0.5"),
    ("1·2", "1.2"),
    ("1,8", "1.8"),
    ("1,80", "1.8"),
    ("0,125", "0.125"),
    ("1.250.000", "1250000"),
    ("1.250.000,50", "1250000.5"),
    ("1.234,56", "1234.56"),
    ("34\u00a0000", "34000"),
    ("34\u202f000", "34000"),
    ("1\u2009250\u2009000,5", "1250000.5"),
    ("1'200'000", "1200000"),
    ("1.2bn", "1200000000"),
    ("34k", "34000"),
    ("34K", "34000"),
    ("150.6m", "150600000"),
    ("1.2 million", "1200000"),
    ("40-million", "40000000"),
    ("3.5 lakh", "350000"),
    ("1.2 lakh crore", "1200000000000"),
    ("5 thousand crore", "50000000000"),
    ("1,8 Mrd", "1800000000"),
    ("1,5 million", "1500000"),
    ("2 and a half", "2.5"),
    ("2 and a half million", "2500000"),
    ("sixty", "60"),
    ("Twenty-five", "25"),
    ("twenty five", "25"),
    ("nineteen", "19"),
    ("one hundred and fifty", "150"),
    ("a hundred", "100"),
    ("eighteen hundred", "1800"),
    ("twelve thousand", "12000"),
    ("one hundred and fifty thousand", "150000"),
    ("two thousand and sixteen", "2016"),
    ("two million three hundred thousand", "2300000"),
    ("sixty million", "60000000"),
    ("SIXTY MILLION", "60000000"),
    ("one thousand million", "1000000000"),
    ("one thousand two hundred million", "1200000000"),
    ("two thousand five hundred crore", "25000000000"),
    ("two thousand five hundred and sixty crore", "25600000000"),
    ("two thousand and fifty crore", "20500000000"),
    ("2 crore 50 lakh", "25000000"),
    ("2 crores and 50 lakhs", "25000000"),
    ("1.5 lakh crore 20 lakh", "1500002000000"),
    ("1 crore 20 lakh 50 thousand", "12050000"),
    ("1 billion 200 million", "1200000000"),
    ("2 million and a half", "2500000"),
    ("half", "0.5"),
    ("half a million", "500000"),
    ("half-a-million", "500000"),
    ("a quarter of a million", "250000"),
    ("three quarters of a million", "750000"),
    ("three-quarters", "0.75"),
    ("two and three quarters", "2.75"),
    ("two-and-a-half", "2.5"),
    ("two-and-a-half million", "2500000"),
    ("four point eight million", "4800000"),
    ("thirty-one point seven million", "31700000"),
    ("two point zero five billion", "2050000000"),
    ("a million and a half", "1500000"),
    ("a dozen", "12"),
    ("two dozen", "24"),
    ("half a dozen", "6"),
    ("one crore", "10000000"),
    ("  34,000\n", "34000"),
    ("7 bil-\nlion", "7000000000"),
    ("7 mil-\nlion", "7000000"),
    ("3 lakh cro-\nre", "3000000000000"),
    ("sixty mil-\nlion", "60000000"),
    ("sixty-\nfive thou‐\nsand", "65000"),
]


@pytest.mark.parametrize(("words", "number"), WRITTEN)
def test_reads_what_newspapers_write(words: str, number: str) -> None:
    assert parse_number(words) == Decimal(number)


@pytest.mark.parametrize(
    "words",
    [
        "", "a", "and", "million", "hundred", "multi-million", "several million", "millions", "5 and", "1,2,3",
        "5 million 2 million", "5 lakh 2 crore",
        "12,3456", "1.2.3", "10th", "34 000", "-5", "5%", "five six", "one and two", "٣", "²", "①", "ſixty", "12:30",
    ],
)  # fmt: skip
def test_what_is_not_one_number_gives_none(words: str) -> None:
    assert parse_number(words) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("between one hundred and two hundred staff", ["one hundred", "two hundred"]),
        ("between five thousand and six thousand", ["five thousand", "six thousand"]),
        ("between one million and two million", ["one million", "two million"]),
        ("between fifty thousand and two million", ["fifty thousand", "two million"]),
        ("five to ten years, in three lots", ["five", "ten", "three"]),
        ("a two-and-a-half-year term", ["two-and-a-half"]),
        ("a 2½-year term for 34,000 people", ["2½", "34,000"]),
        ("the 10th item, v1.2.3, someone's weight, often, tense", []),
        ("a £34,000 deal, not 34k", ["34,000"]),
    ],
)
def test_number_is_bounded_by_words(text: str, numbers: list[str]) -> None:
    assert re.findall(NUMBER, text, re.IGNORECASE) == numbers


def test_quantity_takes_the_scale_with_it() -> None:
    text = "1.2bn here, 34k there, 3 lakh crore, sixty million, 7 others"
    assert re.findall(QUANTITY, text, re.IGNORECASE) == ["1.2bn", "34k", "3 lakh crore", "sixty million", "7"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2 crore 50 lakh rupees", ["2 crore 50 lakh"]),
        ("2 million and a half euros", ["2 million and a half"]),
        ("2 million and a half of the rest", ["2 million", "half"]),
        ("2 million and a quarter of a million", ["2 million", "a quarter of a million"]),
        ("1 billion, 200 million", ["1 billion", "200 million"]),
        ("5 million and 600 thousand", ["5 million", "600 thousand"]),
        ("5 million\n600 thousand", ["5 million", "600 thousand"]),
    ],
)
def test_quantity_takes_a_smaller_part_with_it(text: str, numbers: list[str]) -> None:
    assert re.findall(QUANTITY, text, re.IGNORECASE) == numbers


@pytest.mark.parametrize("source", [NUMBER, NUMBER_WORDS, QUANTITY])
def test_the_sources_have_no_capturing_groups(source: str) -> None:
    assert re.compile(source, re.IGNORECASE).groups == 0


@given(st.integers(0, 10**15 - 1))
def test_grouped_digits_come_back(number: int) -> None:
    assert parse_number(f"{number:,}") == number
    assert parse_number(str(number)) == number
    assert parse_number(f"{number:,}".replace(",", "\u202f")) == number


@given(st.decimals(0, 10**6, places=2), st.sampled_from(sorted(SCALES)))
def test_scales_multiply(number: Decimal, scale: str) -> None:
    assert parse_number(f"{number} {scale}") == number * SCALES[scale]


_BELOW_TWENTY = [
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(number: int) -> str:
    """British English, independent of the code under test."""
    for factor, word in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= factor:
            high, low = divmod(number, factor)
            joint = " and " if 0 < low < 100 else " "
            return f"{in_words(high)} {word}{joint if low else ''}{in_words(low) if low else ''}"
    if number < 20:
        return _BELOW_TWENTY[number - 1]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_BELOW_TWENTY[ones - 1]}" if ones else "")


@given(st.integers(1, 10**12 - 1))
def test_numbers_in_words_come_back(number: int) -> None:
    assert parse_number(in_words(number)) == number


@given(st.text())
def test_never_raises(text: str) -> None:
    number = parse_number(text)
    assert number is None or number >= 0


@given(st.text(alphabet="0123456789,. ½'\u00a0mkbn-"))
def test_number_like_text_never_raises(text: str) -> None:
    for match in re.finditer(QUANTITY, text, re.IGNORECASE):
        assert parse_number(match.group()) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("1" * 100_000, "1," * 50_000, "1,000" * 20_000, "one hundred and " * 6_250, "a million " * 10_000),
        *(" " * 100_000, "1 crore 2 lakh 3 thousand " * 4_000),
    ],
)
def test_time_grows_with_a_hostile_text_and_no_faster(text: str) -> None:
    pattern = re.compile(QUANTITY, re.IGNORECASE)
    check_linear(pattern.findall, text)
    assert len(pattern.findall(text)) <= len(text) // 2


@pytest.mark.parametrize("word", sorted(NUMBER_ENDINGS - set(SCALES) - {"quarter", "quarters", "dozen"}))
def test_every_number_word_is_found_in_a_text(word: str) -> None:
    for words in (word, word.upper()):
        found = re.search(QUANTITY, f"They have {words} of these.", re.IGNORECASE)
        assert found is not None
        assert found.group() == words


@pytest.mark.parametrize("words", ["a dozen", "an‐hundred", "a-million", "half a dozen", "a\nquarter of a million"])
def test_a_number_may_begin_with_an_article(words: str) -> None:
    found = re.search(NUMBER_WORDS, f"It has {words} at least.", re.IGNORECASE)
    assert found is not None
    assert found.group() == words
