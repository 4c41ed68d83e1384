"""Dates that are counted from another date of the article, and what must stay unread."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.fields import Context, DateField
from llm_extract.fields.anchored_dates import find_passage, read_passage
from tests.linear import check_linear

PUBLISHED = date(2021, 6, 16)
FIELD = DateField()


def read(text: str, words: str, published: date | None = PUBLISHED) -> list[tuple[str, str]]:
    start = text.index(words)
    mentions = FIELD.read(text, start, start + len(words), Context(reference=published))
    return [(mention.words, mention.value) for mention in mentions]


@pytest.mark.parametrize(
    ("before", "words", "value"),
    [
        ("The old deal ended on 31 March 2019 and Orrel ", "started the next day", "2019-04-01"),
        ("Ayle signed on 9 June 2020. Brill ", "followed three days later", "2020-06-12"),
        ("Ayle signed on 3 February 2020; ", "a fortnight later came Brill", "2020-02-17"),
        ("Ayle signed on 3 March 2020, Brill ", "nineteen days later", "2020-03-22"),
        ("Ayle signed on 3 May. Brill ", "signed the day before", "2021-05-02"),
        ("Bids were opened on 24 October 2020 and the board ", "decided the same evening", "2020-10-24"),
        ("Work began on 1 April 2020 at Ayle, and ", "a month later at Brill", "2020-05-01"),
        ("It was chosen in March 2020 and ", "signed two months later", "2020-05"),
        ("In 1994 it lost the work, which it had ", "been given two years earlier", "1992"),
        ("It was signed in November 2011 and ", "began in the following January", "2012-01"),
        ("It was signed on 30 June 2019, to start on ", "the first of the following October", "2019-10-01"),
        ("The first went to Orrel in 2012, and ", "we signed that December", "2012-12"),
        ("In 2009 Ayle sold its hall and hired Orrel ", "from 1 July of that year", "2009-07-01"),
        ("In 2009 Ayle sold its hall, and Orrel left ", "on Dec. 8 the same year", "2009-12-08"),
        ("Ayle went out in 2017 and ", "signed in March the year after", "2018-03"),
        ("Ayle signed on 4 November 2020; Brill ", "signed on the 10th", "2020-11-10"),
        ("In March 2015 Ayle hired Orrel. ", "In the autumn of the same year it", "2015"),
    ],
)
def test_it_is_counted_from_the_nearest_date_before(before: str, words: str, value: str) -> None:
    found = read(f"{before}{words}, they say.", words)
    assert [each for _, each in found] == [value]
    assert found[0][0] in before + words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("Ayle is slow. Orrel ", "started the next day"),  # no date before it
        ("Ayle signed on 14 November 2020; Brill ", "signed on the 10th"),
        ("Ayle signed in 2020; Brill ", "signed on the 10th"),
        ("Ayle signed in May 2020. Brill ", "followed three days later"),  # a month, and days
        ("Ayle signed on 9 June 2020. Brill ", "followed a year later"),  # not to the day
        ("Ayle signed on 9 June 2020. Brill ", "followed some two weeks later"),
        ("Ayle signed on 9 June 2020. Brill ", "signs the same day as Corle"),
        ("Ayle signed on 9 June 2020. Brill left ", "the day before the vote"),
        ("It closes on 9 June 2020, ", "the night before the fair"),
        ("It was let in 2012. It ends ", "in the following July"),  # of 2012 or of 2013
        ("Ayle signed in May 2015 for the games of 2017. It left ", "on 8 December that year"),
        ("In 2009 it began. " + "Nothing was heard of it for long. " * 9, "It ended on 8 December that year"),
        ("It paid on 9 June 2020. Why? Nobody knew. Nobody asked. Brill ", "followed three days later"),
    ],
)
def test_what_is_not_fixed_stays_unread(before: str, words: str) -> None:
    assert read(f"{before}{words} and so on.", words) == []


def test_without_a_day_of_publication_a_date_without_a_year_is_no_anchor() -> None:
    text = "It was named in May 2019. Ayle signed on 3 June, Brill the day after."
    assert read(text, "Brill the day after", None) == []
    assert read(text, "Brill the day after") == [("3 June, Brill the day after", "2021-06-04")]


def test_a_number_that_counts_something_is_no_day() -> None:
    assert read("It was signed on 4 May 2020. Brill is on the 10th floor.", "on the 10th") == []


def test_a_passage_states_its_last_date_and_other_words_their_first() -> None:
    assert FIELD.parse("30 June 2019; the new one starts the day after") == "2019-07-01"
    assert FIELD.parse("signed on 3 May 2019 and live the next day") == "2019-05-03"


TEXTS = st.lists(
    st.sampled_from(
        [
            "3 May 2019",
            "in 2012",
            "June",
            "the next day",
            "three days later",
            "that year",
            "Friday",
            "the following May",
            "the same day",
            "1 July of that year",
            ",",
            ".",
            "\n\n",
            "as",
            "signed",
            "9999",
            "a year earlier",
        ]
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS | st.text(), st.none() | st.dates(), st.integers(0, 200), st.integers(0, 60))
def test_what_is_found_is_supported_by_its_words(text: str, published: date | None, start: int, length: int) -> None:
    passage = find_passage(text, min(start, len(text)), min(start + length, len(text)), published)
    if passage is not None:
        words = text[passage.start : passage.end]
        assert read_passage(words, published) == passage.value
        assert FIELD.support(words, passage.value, Context(reference=published))


@pytest.mark.parametrize("piece", ["a ", "3 May 2019 ", "the next day ", "three ", "the same year ", "1 July of "])
def test_time_grows_with_a_hostile_text_and_no_faster(piece: str) -> None:
    text = piece * (100_000 // len(piece))

    def read(text: str) -> None:
        FIELD.read(text, len(text) // 2, len(text) // 2 + 300, Context(reference=PUBLISHED))
        read_passage(text[:2000], PUBLISHED)

    check_linear(read, text)
