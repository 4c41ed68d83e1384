"""Synthetic training articles: their labels hold, and nothing can be told from where it stands."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from evals.it_contracts.generator import words
from evals.it_contracts.generator.articles import Article, articles, write
from evals.it_contracts.generator.markup import capital, mark, polished, unmarked
from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.gold import read_gold_set
from llm_extract.fields import MoneyField
from llm_extract.task import find_task

TASK = find_task("it_contracts")
TRAIN = Path(__file__).parents[2] / "evals/it_contracts/train"
ROLES = ("buyers", "suppliers", "partners", "incumbents")


@pytest.fixture(scope="module")
def many() -> list[Article]:
    return list(articles(700, seed=7))


def contracts(made: list[Article]) -> list[dict[str, object]]:
    return [contract for one in made for contract in one.gold["record"]["contracts"]]


def test_a_seed_gives_the_same_articles(many: list[Article]) -> None:
    assert list(articles(20, seed=7)) == many[:20]
    assert next(articles(1, seed=8)).text != many[0].text


def test_their_labels_hold(tmp_path: Path) -> None:
    write(tmp_path, 150, seed=3)
    found = audit(TASK, tmp_path)
    assert found.articles == 150
    assert found.errors == 0
    assert len(found.findings) < 20  # notes: words that our reader reads otherwise


def test_quotes_stand_where_they_are_said_to(many: list[Article]) -> None:
    for one in many:
        for found in one.gold["evidence"].values():
            for span in (found, *found.get("also", [])):
                assert one.text[span["start"] : span["end"]] == span["quote"] != ""


def test_no_slot_and_no_mark_is_left_over(many: list[Article]) -> None:
    left = [
        one.name
        for one in many
        if re.search(r"[{}<>\ue000-\ue00f]|\s,|\.\.(?!\.)|\b(?:None|the the|a a|no the)\b", one.text)
    ]
    assert left == []


def test_a_layout_does_not_tell_whether_there_is_a_value(many: list[Article]) -> None:
    counts: dict[str, list[bool]] = defaultdict(list)
    for one in many:
        counts[one.layout] += ["value" in contract for contract in one.gold["record"]["contracts"]]
    shares = {layout: sum(found) / len(found) for layout, found in counts.items() if len(found) >= 15}
    assert len(shares) > 8
    assert {layout: share for layout, share in shares.items() if not 0.3 <= share <= 0.9} == {}


def test_the_first_sum_of_a_text_is_often_not_the_contracts(many: list[Article]) -> None:
    hits = []
    for one in many:
        sums = MoneyField().find(one.text)
        if sums and one.gold["record"]["contracts"]:
            values = [found for path, found in one.gold["evidence"].items() if path.endswith(".value")]
            hits.append(any(found["start"] <= sums[0].start < found["end"] for found in values))
    assert 0.3 < sum(hits) / len(hits) <= 0.7


def test_every_field_is_absent_from_many_contracts(many: list[Article]) -> None:
    found = contracts(many)
    stated = Counter(field for contract in found for field, value in contract.items() if value)
    shares = {field: stated[field] / len(found) for field in stated}
    fields = set(shares) - {"main", "stage", "buyers", "suppliers", "services"}
    assert {field: shares[field] for field in fields if not 0.04 < shares[field] < 0.7} == {}
    assert len(fields) == 12


def test_there_is_every_kind_of_contract_and_articles_without_any(many: list[Article]) -> None:
    found = contracts(many)
    without = sum(not one.gold["record"]["contracts"] for one in many)
    assert 0.1 < without / len(many) < 0.2
    assert set(Counter(contract["stage"] for contract in found)) == {"award", "tender", "extension", "ended"}
    services = {service for contract in found for service in contract.get("services", [])}  # type: ignore[attr-defined]
    assert len(services) == 15


def test_their_organisations_are_nobodys(many: list[Article]) -> None:
    names = {name.casefold() for contract in contracts(many) for role in ROLES for name in contract.get(role, [])}  # type: ignore[attr-defined]
    known = {
        name.casefold()
        for gold in read_gold_set(TASK, TRAIN).items
        for contract in gold.file.record["contracts"]
        for role in ROLES
        for name in contract.get(role) or []
    }
    assert len(names) > 1000
    assert names & known == set()
    assert {name for name in names if name.split()[0] in words.TAKEN} == set()


def test_marks_give_the_places_of_their_words() -> None:
    text, places = unmarked(
        capital(polished(f"{mark('0.value', 'a ' + mark('0.term', '8-year'))} deal with Ure Inc.."))
    )
    assert text == "An 8-year deal with Ure Inc."
    assert [text[one.start : one.end] for path in ("0.value", "0.term") for one in places[path]] == [
        "An 8-year",
        "8-year",
    ]
