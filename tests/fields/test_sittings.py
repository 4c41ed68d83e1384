"""What minutes record as decided was decided on the day of the sitting; elsewhere such words state no date."""

from __future__ import annotations

from datetime import date

import pytest

from llm_extract.fields import Context, DateField
from llm_extract.fields.date_cues import ReferenceMonth
from llm_extract.fields.sittings import tells_decision

DAY = date(2019, 3, 21)
FIELD = DateField()


def read(head: str, words: str, day: date | None = DAY) -> list[str]:
    text = f"{head}\n\n4. Desks. Orrel offers them for three years. {words} The chair thanked Orrel.\n"
    start = text.index(words)
    return [mention.value for mention in FIELD.read(text, start, start + len(words), Context(reference=day))]


@pytest.mark.parametrize(
    "head",
    [
        "AYLE COUNCIL\nMinutes of the meeting held on Thursday 21 March 2019",
        "Ayle Water Board\nRegular session, March 21, 2019",
        "Ayle Hospitals\nBoard, meeting in public\nThursday 21 March 2019, Room 2",
        "Ayle College — Action Summary\nMarch 21, 2019",
    ],
)
def test_a_decision_is_of_the_day_of_the_sitting(head: str) -> None:
    assert read(head, "Approved 5-0.") == ["2019-03-21"]
    assert read(head, "RESOLVED: that Orrel be hired.") == ["2019-03-21"]
    assert read(head, "Moved by Cole to approve. Carried.") == ["2019-03-21"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("Ayle picks Orrel for desks\n21 March 2019", "Approved 5-0."),
        ("Uproar at council meeting\n21 March 2019", "Approved 5-0."),
        ("Two minutes that cost Ayle a million\n21 March 2019", "Approved 5-0."),
        ("Minutes of the meeting of 14 March 2019", "Approved 5-0."),
        ("Minutes of the meeting of 21 March 2019", "Not approved."),
        ("Minutes of the meeting of 21 March 2019", "Motion failed; not carried."),
        ("Minutes of the meeting of 21 March 2019", "Staff spoke."),
        ("Minutes of the meeting of 21 March 2019", "It had been approved earlier."),
    ],
)
def test_other_texts_and_other_words_state_no_date(head: str, words: str) -> None:
    assert read(head, words) == []


def test_what_was_resolved_is_of_the_day_as_well() -> None:
    head = "Minutes of the meeting of 21 March 2019\n\nRESOLVED: that the lease with"
    text = f"{head} Orrel be extended by a year. Desks would be bought."
    for words, days in (("be extended by a year", ["2019-03-21"]), ("would be bought", [])):
        start = text.index(words)
        mentions = FIELD.read(text, start, start + len(words), Context(reference=DAY))
        assert [mention.value for mention in mentions] == days
        assert all(mention.words.startswith("RESOLVED") for mention in mentions)


def test_a_date_of_its_own_wins_and_a_month_is_not_enough() -> None:
    head = "Minutes of the meeting of 21 March 2019"
    assert read(head, "Approved on 2 March 2019.") == ["2019-03-02"]
    assert read(head, "Approved 5-0.", ReferenceMonth(2019, 3, 15)) == []
    assert read(head, "Approved 5-0.", None) == []


def test_such_words_support_the_day_that_is_given_and_no_other() -> None:
    assert tells_decision("Approved 5-0")
    assert not tells_decision("Deferred")
    assert FIELD.support("Approved 5-0", "2019-03-21", Context(reference=DAY))
    assert not FIELD.support("Approved 5-0", "2019-03-22", Context(reference=DAY))
    assert not FIELD.support("Approved 5-0", "2019-03-21")
    assert FIELD.parse("Approved 5-0", Context(reference=DAY)) is None
