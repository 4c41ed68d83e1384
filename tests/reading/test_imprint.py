"""An imprint's lines say who wrote and who published; what could be either, or neither, is told by its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.reading.imprint import find_imprint
from llm_extract.reading.lines import lines_of
from tests.reading.test_metadata import stated as metadata_of

HEADLINE = "Millbrook picks Norwood for desks"
PARAGRAPH = (
    "Millbrook council has chosen Norwood Systems to look after its desktops, after a contest that drew five"
    " bids and lasted for most of a year, officers told the cabinet on the evening of its last meeting."
)


def stated(text: str) -> tuple[str | None, str | None]:
    """The author and the publisher."""
    found = metadata_of(text)
    return found.get("author"), found.get("publisher")


class TestBelowTheArticle:
    @pytest.mark.parametrize(
        ("lines", "author", "publisher"),
        [
            ("Millbrook Gazette, 3 May 2020", None, "Millbrook Gazette"),
            ("(Norrpressen, 28 November 2022. Corrections to desk@norrpressen.example)", None, "Norrpressen"),
            ("— Ada Wren, The Millbrook Plaindealer, May 9, 2019", "Ada Wren", "The Millbrook Plaindealer"),
            ("MILLBROOK SENTINEL / March 9, 2023 / Ada Wren", "Ada Wren", "MILLBROOK SENTINEL"),
            ("Northern Tide, 17 October 2024, words: Ada Wren-Hale", "Ada Wren-Hale", "Northern Tide"),
            ("Ada Wren\nMillbrook Post, 18 November 2018", "Ada Wren", "Millbrook Post"),
            ("The Millbrook Clarion\nOctober 22, 2019\nReporter: Ada Wren", "Ada Wren", "The Millbrook Clarion"),
            ("Ada Wren | 14 November 2021", "Ada Wren", None),
            ("Published on Thursday, 25 March 2010 in Desks & Chairs", None, "Desks & Chairs"),
            ("By Ada Wren for Council Matters, 2 May 2024", "Ada Wren", "Council Matters"),
        ],
    )
    def test_says_who_wrote_and_who_published(self, lines: str, author: str | None, publisher: str | None) -> None:
        assert stated(f"{HEADLINE}\n\n{PARAGRAPH}\n\n{lines}\n") == (author, publisher)

    def test_may_stand_behind_the_last_sentence(self) -> None:
        assert stated(f"{HEADLINE}\n\n{PARAGRAPH}\n\n{PARAGRAPH} – Millbrook Weekly, 2 February 2024") == (
            None,
            "Millbrook Weekly",
        )

    @pytest.mark.parametrize(
        "lines",
        [
            "Sigtown, 10 November 2020",
            "Yours faithfully,\nAda Wren\nCompany Secretary",
            "Next meeting: 8 April.",
            "The council meets again on 3 June 2021.",
            "Ada Wren",
            "Staff photo by Ada Wren",
        ],
    )
    def test_is_not_guessed(self, lines: str) -> None:
        assert stated(f"{HEADLINE}\n\n{PARAGRAPH}\n\n{lines}\n") == (None, None)

    def test_ends_where_another_paragraph_begins(self) -> None:
        assert stated(f"{HEADLINE}\n\n{PARAGRAPH}\n\nMillbrook Gazette, 3 May 2020\n\n{PARAGRAPH}") == (None, None)
        long = "\n\n".join([PARAGRAPH] * 12)
        assert stated(f"{HEADLINE}\n\n{long}\n\nMillbrook Gazette, 3 May 2020\n\n{PARAGRAPH}") == (None, None)


class TestAboveTheArticle:
    @pytest.mark.parametrize(
        ("lines", "author", "publisher"),
        [
            (f"Millbrook Borough Council\n{HEADLINE}", None, "Millbrook Borough Council"),
            (f"NORWOOD SYSTEMS PLC\n{HEADLINE}", None, "NORWOOD SYSTEMS PLC"),
            (f"Government of Nordland\nOffice of the Desk Auditor\n{HEADLINE}", None, "Office of the Desk Auditor"),
            (f"The Millbrook Ledger – weekly letter\n{HEADLINE}", None, "The Millbrook Ledger"),
            (
                f"{HEADLINE}\nAda Wren\nMillbrook Business Journal | Apr 22, 2013",
                "Ada Wren",
                "Millbrook Business Journal",
            ),
            (f"{HEADLINE}\nAda Wren | Desk IT Weekly (English edition) | 2018.01.15", "Ada Wren", "Desk IT Weekly"),
            (f"{HEADLINE}\nFrom our town hall correspondent, Ada Wren", "Ada Wren", None),
            (f"{HEADLINE}\nAda Wren, Senior Reporter", "Ada Wren", None),
            (f"{HEADLINE}\nBy Our Correspondent", None, None),
            (f"{HEADLINE}\nMillbrook, 3 May 2020", None, None),
            (f"{HEADLINE}\nWritten by Desks on 3 May 2020 in News", None, None),
        ],
    )
    def test_says_who_wrote_and_who_published(self, lines: str, author: str | None, publisher: str | None) -> None:
        assert stated(f"{lines}\n\n{PARAGRAPH}\n\n{PARAGRAPH}\n") == (author, publisher)

    @pytest.mark.parametrize("agency", ["Continental Wire", "Atlantic Telegraph Service"])
    def test_a_dateline_names_its_agency(self, agency: str) -> None:
        text = f"{HEADLINE}\n\nMILLBROOK, Oct. 4, 2011 ({agency}) - {PARAGRAPH}\n\n{PARAGRAPH}"
        assert stated(text) == (None, agency)

    def test_brackets_of_a_sentence_name_no_agency(self) -> None:
        text = f"{HEADLINE}\n\nMILLBROOK (Norwood Systems Ltd, of Leeds, apart) - {PARAGRAPH}\n\n{PARAGRAPH}"
        assert stated(text) == (None, None)


@given(st.lists(st.text("aA1 .,|–—-()[]:&\n\u00a0©", max_size=200), max_size=8))
def test_whatever_it_reads_lies_in_the_text(parts: list[str]) -> None:
    text = "\n".join(parts)
    lines = lines_of(text, 0, (), 20)
    found = find_imprint(lines[:10], lines[10:])
    for place in (found.author, found.publisher):
        assert place is None or (0 <= place.start < place.end <= len(text) and text[place.start : place.end].strip())
