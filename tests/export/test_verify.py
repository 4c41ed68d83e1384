"""Verifying: what grounding delivered holds, and whatever was changed since is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from llm_extract.document import Document
from llm_extract.export.verify import Problem, check_row, verify
from llm_extract.fields import FlagField
from llm_extract.grounding import ground
from llm_extract.prompt import completed
from llm_extract.schema import Branch
from llm_extract.task import find_task
from tests.export.ledgers import Record, contract_row, gold_records, mixed, row

SCHEMA = find_task("it_contracts").schema


def sound() -> Record:
    text = "Alder Council picked Birch Systems for its network in a £2.5m deal, signed on 10 February 2016."
    return contract_row(
        text=text,
        value={"amount": 2_500_000, "currency": "GBP"},
        signed="2016-02-10",
        services=["network_and_telecoms"],
    )


def problems(record: Record) -> list[Problem]:
    return check_row(record, SCHEMA)[1]


def test_a_sound_row_holds() -> None:
    count, found = check_row(sound(), SCHEMA)
    assert (count, found) == (6, [])


def test_only_rows_are_checked() -> None:
    done = verify([sound(), *mixed()[2:]], SCHEMA)
    assert (done.records, done.rows, done.problems, done.bad_rows) == (5, 1, 0, 0)


def test_a_copy_holds_wherever_its_original_stands() -> None:
    copies = [record for record in mixed() if record["kind"] == "copy"]
    pending = {"kind": "retried", "id": "a1"}
    assert verify([copies[0], sound(), copies[1]], SCHEMA).problems == 0
    assert verify([*copies, pending], SCHEMA).problems == 0
    found: list[Problem] = []
    assert verify(copies, SCHEMA, found.append).problems == 2
    assert [problem.article for problem in found] == ["c0", "c1"]


def _contract(record: Record) -> Any:
    return record["extraction"]["record"]["contracts"][0]


def _words(record: Record) -> Any:
    return record["extraction"]["evidence"]["contracts[0].value"]


def _set(target: Callable[[Record], Any], key: str, value: Any) -> Callable[[Record], None]:
    def change(record: Record) -> None:
        target(record)[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (_set(_words, "quote", "a £3.5m deal"), "contracts[0].value", "the text says"),
        (_set(_words, "start", 1), "contracts[0].value", "the text says"),
        (_set(_words, "end", 10_000), "contracts[0].value", "no such place"),
        (_set(_words, "start", -5), "contracts[0].value", "no such place"),
        (_set(_words, "quote", None), "contracts[0].value", "the text says"),
        (_set(_words, "also", [{"quote": "x", "start": 0, "end": 1}]), "contracts[0].value", "the text says"),
        (_set(_words, "also", 7), "contracts[0].value", "is no evidence"),
        (lambda r: r["extraction"]["evidence"].pop("contracts[0].value"), "contracts[0].value", "has no words"),
        (_set(_contract, "value", {"amount": 9, "currency": "GBP"}), "contracts[0].value", "do not carry 'GBP 9'"),
        (_set(_contract, "buyers", ["Elm Bank"]), "contracts[0].buyers[0]", "do not carry 'Elm Bank'"),
        (_set(_contract, "signed", "2016-02-11"), "contracts[0].signed", "do not carry '2016-02-11'"),
        (_set(_contract, "services", ["hardware"]), "contracts[0].services[0]", "do not carry 'hardware'"),
        (_set(_contract, "value", None), "contracts[0].value", "a value that is not there"),
        (_set(_contract, "stage", "rumour"), "contracts.0.stage", "does not fit the schema"),
        (_set(_contract, "colour", "red"), "contracts.0.colour", "does not fit the schema"),
        (_set(lambda r: r["extraction"]["document"], "text", "Another text."), "", "another than the one"),
        (_set(lambda r: r, "extraction", {}), "", "no extraction"),
    ],
)
def test_what_was_changed_is_found(change: Callable[[Record], None], path: str, message: str) -> None:
    record = copy.deepcopy(sound())
    change(record)
    found = problems(record)
    assert any(problem.path == path and message in problem.message for problem in found), found
    assert all(problem.article == "a1" for problem in found)


def test_a_text_that_was_changed_elsewhere_is_found() -> None:
    """The offsets still hold, the text's digest does not."""
    record = copy.deepcopy(sound())
    record["extraction"]["document"]["text"] += " Not so."
    assert [problem.message[:8] for problem in problems(record)] == ["its text"]


def test_every_problem_is_counted() -> None:
    bad = copy.deepcopy(sound())
    _contract(bad)["value"] = {"amount": 9, "currency": "GBP"}
    _contract(bad)["buyers"] = ["Elm Bank"]
    told: list[Problem] = []
    done = verify([bad, sound(), bad], SCHEMA, told.append)
    assert (done.rows, done.problems, done.bad_rows) == (3, 4, 2)
    assert len(told) == 4


def test_a_date_of_the_callers_day_of_publication_holds() -> None:
    record = contract_row(text="Alder Council picked Birch Systems; both signed on Friday.", signed="2016-02-12")
    assert [problem.path for problem in problems(record)] == ["contracts[0].signed"]
    record["extraction"]["provenance"]["published"] = "2016-02-15"
    assert problems(record) == []


def answers(branch: Branch, data: Any, evidence: dict[str, Any], path: str = "") -> Any:
    """The answer a model might have given for a gold record: its quotes, with the values that are chosen."""
    said: dict[str, Any] = {}
    for child in branch.children:
        here = f"{path}.{child.name}" if path else child.name
        value = data.get(child.name)
        if isinstance(child, Branch):
            if child.many:
                said[child.name] = [
                    answers(child, entry, evidence, f"{here}[{n}]") for n, entry in enumerate(value or ())
                ]
            elif value is not None:
                said[child.name] = answers(child, value, evidence, here)
            continue
        if isinstance(child.field_type, FlagField):
            said[child.name] = value
            continue
        listed = value or [] if child.many else [] if value is None else [value]
        made = []
        for number, entry in enumerate(listed):
            words = evidence.get(f"{here}[{number}]" if child.many else here)
            if words is not None:
                made.append(
                    words["quote"] if child.field_type.extractive else {"value": entry, "quote": words["quote"]}
                )
        said[child.name] = made if child.many else (made[0] if made else None)
    return said


@pytest.mark.parametrize("name", ["it_contracts", "appointments"])
def test_whatever_grounding_delivers_holds(name: str) -> None:
    """Aliases, derived ends, mended words, borrowed years: the check without a model accepts them all."""
    task = find_task(name)
    values = 0
    for gold in gold_records(name):
        extraction = gold["extraction"]
        said = answers(task.schema.root, extraction["record"], extraction["evidence"])
        answer = task.schema.answer.model_validate(completed(said, task.schema.root))
        document = Document.model_validate(extraction["document"])
        found = ground(document, task.schema, answer)
        record = row(gold["id"], document, found.record.model_dump(mode="json"), found.evidence, task)
        count, wrong = check_row(record, task.schema)
        assert wrong == []
        values += count
    assert values > 200
