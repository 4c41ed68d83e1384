"""The articles to train on: they hold, and they have nothing of those that are measured with."""

from __future__ import annotations

import re
from pathlib import Path

from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.gold import GoldSet, read_gold_set
from llm_extract.task import find_task

GOLD = Path(__file__).parents[2] / "evals/it_contracts"


TASK = find_task("it_contracts")

LEGAL_FORMS = re.compile(
    r"( (ab|ag|as|asa|bhd|bv|co|company|corp|gmbh|group|holdings|inc|kk|limited|llc|llp|ltd"
    r"|nv|oy|oyj|plc|pte|pty|sa|sas|sdn|spa|srl))+$"
)


def sets() -> tuple[GoldSet, GoldSet]:
    return read_gold_set(TASK, GOLD / "train"), read_gold_set(TASK, GOLD)


def without_legal_form(name: str) -> str:
    """The words of a name as it is told from others: "Acme Pty Ltd" is "acme"."""
    return LEGAL_FORMS.sub("", " ".join(re.findall(r"\w+", name.casefold().replace(".", ""))))


def parties(gold: GoldSet) -> set[str]:
    roles = ("buyers", "suppliers", "partners", "incumbents")
    contracts = [contract for item in gold.items for contract in item.file.record["contracts"]]
    return {without_legal_form(name) for contract in contracts for role in roles for name in contract.get(role) or []}


def runs(gold: GoldSet) -> dict[str, set[tuple[str, ...]]]:
    """The runs of eight words of each article."""
    words = {item.name: re.findall(r"\w+", item.document.text.casefold()) for item in gold.items}
    return {name: {tuple(found[at : at + 8]) for at in range(len(found) - 7)} for name, found in words.items()}


def test_their_labels_hold() -> None:
    assert audit(TASK, GOLD / "train").errors == 0


def test_they_share_neither_parties_nor_sentences_with_the_gold() -> None:
    # Bare numbers are compared: what a failing assertion prints must not show the gold.
    train, gold = sets()
    articles = len(train.items)
    assert articles == 776
    shared_parties = len(parties(train) & parties(gold))
    assert shared_parties == 0
    measured = runs(gold).values()
    shared_sentences = sum(
        len(mine & theirs) > 3  # "an ordinary meeting of the council held in" is nobody's
        for mine in runs(train).values()
        for theirs in measured
    )
    assert shared_sentences == 0
