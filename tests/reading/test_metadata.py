"""A plain text's headline, author, publisher and date are found where plainly stated, else not at all."""

from __future__ import annotations

import pytest

from llm_extract.ranges import Metadata, Range
from llm_extract.reading.furniture import find_furniture
from llm_extract.reading.metadata import find_metadata

PARAGRAPH = (
    "Millbrook council has chosen Norwood Systems to look after its desktops, after a contest five"
    " bids and lasted most of a year, officers told the cabinet."
)


def stated(text: str) -> dict[str, str]:
    found = find_metadata(text, find_furniture(text))
    return {name: text[place.start : place.end] for name in Metadata.model_fields if (place := getattr(found, name))}


class TestHeadline:
    @pytest.mark.parametrize(
        "text",
        [
            f"Millbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"\n\n  Millbrook picks Norwood for desks \n{PARAGRAPH}",
            f"Technology\n\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"3 May 2020\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"Millbrook picks Norwood for desks\nBy Ada Wren\n{PARAGRAPH}",
            f"Millbrook picks Norwood for desks\nFive bids, one of them by post\n{PARAGRAPH}",
            f"Millbrook Borough Council\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"THE MILLBROOK POST\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"PRESS RELEASE – for immediate use\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"(Incorporated in England)\nOur ref: DESK/2020/17\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"Millbrook, 3 May 2020\nMillbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"From: the council\nSubject: Millbrook picks Norwood for desks\n\n{PARAGRAPH}",
            f"Share this page\nMillbrook picks Norwood for desks\r\n\r\n{PARAGRAPH}",
        ],
    )
    def test_is_the_first_short_line_before_the_article(self, text: str) -> None:
        assert stated(text)["headline"] == "Millbrook picks Norwood for desks"

    @pytest.mark.parametrize(
        "text",
        [
            PARAGRAPH,
            f"{PARAGRAPH}\n\n{PARAGRAPH}",
            f"Norwood has won the work.\n\n{PARAGRAPH}",
            "Millbrook picks Norwood for desks",
            f"Home > News > Millbrook picks Norwood\n\n{PARAGRAPH}",
            # A paragraph that was wrapped into lines of equal width.
            "Millbrook council has chosen Norwood Systems to look\nafter its desktops, after a contest",
            f"News\n\n{PARAGRAPH}",
        ],
    )
    def test_is_not_guessed(self, text: str) -> None:
        assert "headline" not in stated(text)

    def test_may_be_a_word_or_two(self) -> None:
        assert stated(f"Norwood wins\n\n{PARAGRAPH}")["headline"] == "Norwood wins"
        assert stated(f"Councils\nMillbrook picks Norwood\n\n{PARAGRAPH}")["headline"] == "Millbrook picks Norwood"

    def test_may_begin_like_a_byline(self) -> None:
        found = stated(f"By Royal Appointment, Norwood takes over\n\n{PARAGRAPH}")
        assert found == {"headline": "By Royal Appointment, Norwood takes over"}


class TestAuthorAndDate:
    @pytest.mark.parametrize(
        ("line", "author", "published"),
        [
            ("Written by Ada Wren on 10 February 2016", "Ada Wren", "10 February 2016"),
            ("By Ada Wren", "Ada Wren", None),
            ("by Ada Wren and Tom de Vries", "Ada Wren and Tom de Vries", None),
            ("By Ada Wren, Technology Editor", "Ada Wren", None),
            ("By Ada Wren, Tom Hale & Jo Lee", "Ada Wren, Tom Hale & Jo Lee", None),
            ("By Ada Wren | 3 March 2021 10:15 GMT", "Ada Wren", "3 March 2021"),
            ("By Ada Wren, 3rd March 2021", "Ada Wren", "3rd March 2021"),
            ("By Ada O’Neill-Wren March 3, 2021", "Ada O’Neill-Wren", "March 3, 2021"),
            ("Author: Ada Wren", "Ada Wren", None),
            ("Published 3 March 2021", None, "3 March 2021"),
            ("Published on Wednesday, 3 March 2021 at 09:30", None, "3 March 2021"),
            ("First published: 2021-03-03", None, "2021-03-03"),
            ("Posted on March 3, 2021 by admin", None, "March 3, 2021"),
            ("Published 3 March 2021 | Updated 5 March 2021", None, "3 March 2021"),
            ("Date: 03/03/2021", None, "03/03/2021"),
            ("12 May 2020 | Ada Wren", "Ada Wren", "12 May 2020"),
            ("Technology · Wed 3 Mar 2021", None, "3 Mar 2021"),
            ("Tuesday 3 March 2021", None, "3 March 2021"),
            ("2021-03-03", None, "2021-03-03"),
            (f"LONDON, March 3, 2021 — {PARAGRAPH}", None, "March 3, 2021"),
            (f"Millbrook, 3 March 2021 - {PARAGRAPH}", None, "3 March 2021"),
            (f"NEW YORK, N.Y., Sept. 3, 2021 /Wire/ -- {PARAGRAPH}", None, "Sept. 3, 2021"),
        ],
    )
    def test_are_found_in_the_lines_that_give_them(self, line: str, author: str | None, published: str | None) -> None:
        found = stated(f"Millbrook picks Norwood for desks\n\n{line}\n\n{PARAGRAPH}")
        assert (found.get("author"), found.get("published")) == (author, published)

    @pytest.mark.parametrize(
        "line",
        [
            "The council said on 3 March 2021 that the work would begin.",
            "Published on 3 March 2021, the tender calls for a new supplier.",
            "The tender was published on 3 March 2021.",
            "By 3 March 2021 the desks had moved.",
            "By Easter Norwood Systems, which had won the work, was gone.",
            "By then nobody knew.",
            "On 3 March 2021 - the day of the vote - the cabinet met.",
            "Updated 5 March 2021",
            "3 March",
            "May 2021",
            "Ada Wren",
            f"{PARAGRAPH} It was signed on 3 March 2021 in Millbrook.",
        ],
    )
    def test_are_not_taken_from_sentences(self, line: str) -> None:
        found = stated(f"Millbrook picks Norwood for desks\n\n{line}\n\n{PARAGRAPH}")
        assert set(found) == {"headline"}

    def test_are_not_looked_for_deep_in_the_text(self) -> None:
        text = "\n\n".join([PARAGRAPH] * 12 + ["3 March 2021", "By Ada Wren", PARAGRAPH])
        assert stated(text) == {}


class TestPublisher:
    @pytest.mark.parametrize(
        "line",
        [
            "© 2021 The Millbrook Post",
            "© 2019-2021 The Millbrook Post. All rights reserved.",
            "Copyright © 2021 The Millbrook Post",
            "(c) 2021 The Millbrook Post | Terms",
            "Copyright 2021, The Millbrook Post",
            "Publisher: The Millbrook Post",
        ],
    )
    def test_is_taken_from_a_line_that_states_it(self, line: str) -> None:
        assert stated(f"{PARAGRAPH}\n\n{line}\n")["publisher"] == "The Millbrook Post"

    @pytest.mark.parametrize(
        "line",
        [
            "© Ada Wren",
            "© 2021 Getty Images",
            "The Millbrook Post",
            "Copyright law changed in 2021, the court said.",
        ],
    )
    def test_is_not_guessed(self, line: str) -> None:
        assert "publisher" not in stated(f"{PARAGRAPH}\n\n{line}\n")


def test_nothing_is_taken_from_page_furniture() -> None:
    text = f"3 May 2020\n\n{PARAGRAPH}"
    assert find_metadata(text, (Range(0, 12),)).published is None


def test_a_text_that_states_nothing_gives_nothing() -> None:
    assert find_metadata("") == Metadata()
    assert find_metadata("\n \n") == Metadata()


def test_a_byline_of_one_word_still_dates_the_article() -> None:
    text = f"Millbrook picks Norwood for desks\n\nWritten by Newsdesk on 3 May 2020 in Councils\n\n{PARAGRAPH}"
    assert stated(text)["published"] == "3 May 2020"
    assert "author" not in stated(text)
