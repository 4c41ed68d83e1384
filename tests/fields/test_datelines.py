"""An article's own date is found in its head or foot, and no other date is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.fields import DateField
from llm_extract.fields.datelines import find_dateline
from tests.linear import check_linear

BODY = """
The council signed a contract with Harrow Lane Systems on 3 July 2015, as it had said it would in the spring.

It runs from 1 April 2016 until 31 March 2021, and bids had closed on 12 May 2015 after a long competition there.
"""


def dated(head: str = "", foot: str = "") -> str | None:
    found = find_dateline(f"New desktops for Ayle\n\n{head}\n{BODY}\n{foot}\n")
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("10 July 2015", "2015-07-10"),
        ("Leeds, 10 July 2015", "2015-07-10"),
        ("By Jo Marsh | Ayle Times | 2015.07.10", "2015-07-10"),
        ("Posted July 10, 2015, in Procurement | 14 comments | Share this with everybody whom you know", "2015-07-10"),
        ("The Ayle Newsletter, July 2015", "2015-07"),
        ("Date of dispatch of this notice: 10 July 2015", "2015-07-10"),
        ("This announcement is dated 10 July 2015.", "2015-07-10"),
        ("Compiled by all of our correspondents in the county and beyond it. Week ending 10 July 2015", "2015-07-10"),
        ("A column of 2015", None),
        ("Bids are invited until 10 July 2015", None),
        ("Closing date: 10 July 2015", None),
        (
            "Results will be published on 10 July 2015, which is a Friday, in the hall of the council's own offices",
            None,
        ),
    ],
)
def test_a_line_of_the_head_or_the_foot_states_the_date(line: str, value: str | None) -> None:
    assert dated(head=line) == value
    assert dated(foot=line) == value


@pytest.mark.parametrize(
    "opening",
    [
        "LEEDS, 10 July 2015 – ",
        "Leeds, 10 July 2015. ",
        "LEEDS (Ayle Financial and Procurement News, July 10, 2015) - ",
        "LEEDS, July 10, 2015 (Ayle News) - ",
        "Minutes of the meeting which was held in the council's chamber, Ayle Lane, on Friday 10 July 2015 at 9.30. ",
    ],
)
def test_the_first_sentence_may_open_with_it(opening: str) -> None:
    assert (
        dated(head=opening + "The council is to have new desktops, after four years in which it had none.")
        == "2015-07-10"
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Ayle & Brill Courier, 10 July 2015. Words: Jo Marsh. Picture: the hall under water.", "2015-07-10"),
        ('From "Drinks and Desks", July 2015. Words by Jo Marsh-Ashby, who is not paid by the word.', "2015-07"),
        ("She was head of desks at two councils and keeps bees. Public Desk Review, 10 July 2015", "2015-07-10"),
        ("With files from our reporters, whom we thank for their long patience. (July 10, 2015)", "2015-07-10"),
        ("Ayle is slow. The deal was signed in Leeds, 10 July 2015. Work begins at once in all of the halls.", None),
    ],
)
def test_a_line_of_the_foot_may_begin_with_the_papers_name(line: str, value: str | None) -> None:
    assert dated(foot=BODY * 2 + line) == value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (
            "Action log of the Digital Programme Board of the county for its meeting in public, 10 July 2015",
            "2015-07-10",
        ),
        (
            "Unrevised minutes of the eleventh meeting, held in the Harrow Memorial Room on Friday 10 July 2015",
            "2015-07-10",
        ),
        (
            "Jubail, Kingdom of Saudi Arabia, 10 July 2015: The council has signed for desktops with Orrel.",
            "2015-07-10",
        ),
        ("Ulaanbaatar, July 10, 2015 /AYLENEWS/. The council has signed for desktops with Orrel.", "2015-07-10"),
        (
            "Jo Marsh has run the desks of Ayle for two long years. Interview: Al Rudge, issue of 10 July 2015",
            "2015-07-10",
        ),
        ("The council has new desktops, thanks to a deal that it announced today (Friday 10 July 2015).", "2015-07-10"),
        ("Memo No. 12.09          Date: 10 July 2015", "2015-07-10"),
        ("This column appeared in the July 2015 number of the quarterly that all of us here still read.", "2015-07"),
        ("Regular meeting of the Board, held at Ayle Hall on July 10, 2015, 7:30 p.m.", "2015-07-10"),
        ("AYLE BOARD: decisions of the meeting of 10 July 2015, for all to read", "2015-07-10"),
        (
            "Extract from the minutes of the 14th ordinary meeting, held in the Hall on Friday 10 July 2015 at 10h00",
            "2015-07-10",
        ),
        ("What was bought, and what was sold for scrap. Issue 88, Friday 10 July 2015. By Jo Marsh", "2015-07-10"),
        ("Ayle, 10 July 2015, 07.30 CEST. This is news that Orrel has to make public by law.", "2015-07-10"),
        ("Summer 2015", "2015"),
        ("The Ayle Quarterly, summer 2015", "2015"),
        ("The desks arrived in summer 2015", None),
        ("Original notice: AYL/19 of 10 July 2015", None),
        ("This council refers to the notice published on 10 July 2015", None),
        ("The meeting on 10 July 2015 chose a man who has sold desks to the people of Ayle for forty years", None),
        ("New date of termination: 10 July 2015", None),
        ("Report of the earliest event reported: 10 July 2015", None),
        ("Signed in Leeds on 10 July 2015", None),
        ("1 | Desks | 3 years | Orrel | 10 July 2015 | £4m", None),
    ],
)
def test_a_line_of_the_head_may_say_so_in_other_ways(line: str, value: str | None) -> None:
    assert dated(head=line) == value


def test_a_label_alone_with_its_date_may_stand_further_down() -> None:
    head = "\n".join(["FORM 8-K", "Current report", "Orrel Inc.", "Delaware", "No. 5", "Leeds", "Filed: July 10, 2015"])
    assert dated(head=head) == "2015-07-10"
    assert dated(head=head.replace("Filed:", "Desks were advertised here on"), foot=BODY * 2) is None


def test_a_date_in_a_sentence_is_not_the_articles_own() -> None:
    assert dated() is None
    assert find_dateline("") is None


def test_words_that_say_so_win_over_the_head() -> None:
    assert dated(head="Meeting of 8 July 2015", foot="Published 10 July 2015") == "2015-07-10"
    assert dated(head="10 July 2015", foot="12 August 2015") == "2015-07-10"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["10 July 2015", "May 2016", "Posted", "|", "\n", "\n\n", ", ", "(", ")", "until", "a.", "Ayle "]
        ),
        max_size=30,
    ).map(" ".join)
    | st.text()
)
def test_what_is_found_stands_where_it_says_and_parses_alone(text: str) -> None:
    found = find_dateline(text)
    if found is not None:
        assert text[found.start : found.end] == found.words
        assert DateField().parse(found.words) == found.value


@pytest.mark.parametrize("piece", ["a", "10 July 2015 ", "Posted ", "\n", "(", "approved ", ". ", "|", " "])
def test_time_grows_with_a_hostile_text_and_no_faster(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    check_linear(find_dateline, text)
