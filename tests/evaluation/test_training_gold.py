"""The articles to train on: they hold, and they have nothing of those that are measured with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.gold import GoldSet, read_gold_set
from llm_extract.task import find_task

EVALS = Path(__file__).parents[2] / "evals"

ARTICLES = {"it_contracts": 6445, "appointments": 84}
NAMES = {
    "it_contracts": ("contracts", ("buyers", "suppliers", "partners", "incumbents")),
    "appointments": ("appointments", ("person", "organisation", "predecessor", "previous_organisation")),
}
"""The record's list, and the fields of names by which one story is told from another."""

LEGAL_FORMS = re.compile(
    r"( (ab|ag|as|asa|bhd|bv|co|company|corp|gmbh|group|holdings|inc|kk|limited|llc|llp|ltd"
    r"|nv|oy|oyj|plc|pte|pty|sa|sas|sdn|spa|srl))+$"
)


def sets(task: str) -> tuple[GoldSet, GoldSet]:
    found = find_task(task)
    return read_gold_set(found, EVALS / task / "train"), read_gold_set(found, EVALS / task)


def without_legal_form(name: str) -> str:
    """The words of a name as it is told from others: "Acme Pty Ltd" is "acme"."""
    return LEGAL_FORMS.sub("", " ".join(re.findall(r"\w+", name.casefold().replace(".", ""))))


def parties(gold: GoldSet) -> set[str]:
    entries, fields = NAMES[gold.task.name]
    said = [entry.get(field) or [] for item in gold.items for entry in item.file.record[entries] for field in fields]
    names = [name for each in said for name in (each if isinstance(each, list) else [each])]
    return {without_legal_form(name) for name in names}


def runs(gold: GoldSet) -> dict[str, set[tuple[str, ...]]]:
    """The runs of eight words of each article."""
    words = {item.name: re.findall(r"\w+", item.document.text.casefold()) for item in gold.items}
    return {name: {tuple(found[at : at + 8]) for at in range(len(found) - 7)} for name, found in words.items()}


@pytest.mark.parametrize("task", ARTICLES)
def test_their_labels_hold(task: str) -> None:
    assert audit(find_task(task), EVALS / task / "train").errors == 0


@pytest.mark.parametrize("task", ARTICLES)
def test_they_share_neither_parties_nor_sentences_with_the_gold(task: str) -> None:
    # Bare numbers are compared: what a failing assertion prints must not show the gold.
    train, gold = sets(task)
    articles = len(train.items)
    assert articles == ARTICLES[task]
    shared_parties = len(parties(train) & parties(gold))
    assert shared_parties == 0
    measured = runs(gold).values()
    shared_sentences = sum(
        len(mine & theirs) > 3  # "an ordinary meeting of the council held in" is nobody's
        for mine in runs(train).values()
        for theirs in measured
    )
    assert shared_sentences == 0
