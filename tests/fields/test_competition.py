"""Sums that are estimates because bids are still to come."""

from __future__ import annotations

import pytest

from llm_extract.fields.money import MoneyField
from tests.linear import check_linear

FIELD = MoneyField()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "It agreed that tenders be invited, the cost being put at £640,000.",
            "tenders be invited, the cost being put at £640,000",
        ),
        ("It put the lot at £640,000 when it advertised.", "put the lot at £640,000 when it advertised"),
        ("The competition went out today. It is valued at £9m.", "competition went out today. It is valued at £9m"),
        (
            "The port seeks bids for new ledgers and has put a figure of £9m on them.",
            "seeks bids for new ledgers and has put a figure of £9m",
        ),
        ("Bids are due in May. It has set aside £9m.", "Bids are due in May. It has set aside £9m"),
        ("The tender notice gives a value of £9m.", "tender notice gives a value of £9m"),
        ("It's going to tender in the spring; we put it at £9m.", "going to tender in the spring; we put it at £9m"),
        (
            "It cancelled its 2016 tender for phones, valued at £9m.",
            "cancelled its 2016 tender for phones, valued at £9m",
        ),
    ],
)
def test_a_running_competition_makes_an_estimate(text: str, words: str) -> None:
    (mention,) = FIELD.find(text)
    assert (mention.words, mention.value.qualifier) == (words, "about")
    assert FIELD.parse(mention.words) == mention.value


@pytest.mark.parametrize(
    "text",
    [
        "The contract is valued at £9m.",
        "Bids are due in May. The firm won the last contract, valued at £9m.",
        "Bids are due in May.\n\nThe other work is valued at £9m.",
        "After a competition the deal is put at £9m.",
        "The award notice gives a value of £9m.",
        "Bids were invited. The work cost £9m.",
        "The work, valued at £9m, went well.\n\nBids are due in May.",
        "Bids are due in May." + " It waits." * 30 + " It is valued at £9m.",
        "It drew three bids, and is put at £9m; offers are due for the next.",
    ],
)
def test_a_settled_sum_and_one_further_away_stay_exact(text: str) -> None:
    (mention,) = FIELD.find(text)
    assert (mention.words, mention.value.qualifier) == ("£9m", "exact")


def test_another_sum_between_them_keeps_them_apart() -> None:
    text = "Bids of £2m are due in May, others at £3m. It is valued at £9m."
    assert [mention.words for mention in FIELD.find(text)] == ["£2m", "£3m", "£9m"]


def test_a_short_quote_is_read_with_the_words_before_it() -> None:
    text = (
        "The council decided that tenders should be sought: tenders are invited for four years, and it is put at £9m."
    )
    start = text.index("£9m")
    (mention,) = FIELD.read(text, start, start + 3)
    assert mention.value.qualifier == "about"


@pytest.mark.parametrize(
    "text",
    ["bids are due, put at £5m. " * 3_000, "put a b c " * 9_000 + "at £5m", "invited bids " * 7_000 + "valued at £5m"],
)
def test_time_grows_with_a_hostile_text_and_no_faster(text: str) -> None:
    check_linear(FIELD.find, text)
    assert FIELD.find(text)
