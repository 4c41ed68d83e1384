"""The second shipped task is a schema, a prompt and gold; the package that serves it knows neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llm_extract import Extraction, extract
from llm_extract.evaluation.audit import audit
from llm_extract.evaluation.gold import gold_directory
from llm_extract.prompt import completed
from llm_extract.task import Task, find_task, shipped_directory
from llm_extract.testing import FakeModel


@pytest.fixture(scope="module")
def task() -> Task:
    return find_task("appointments")


def answered(task: Task, article: str, answer: dict[str, Any]) -> Extraction[Any]:
    """What is delivered when a model gives this answer, without the keys that stay empty."""
    return extract(article, task=task, model=FakeModel(completed(answer, task.schema.root)))


def appointed(task: Task, number: int) -> tuple[str, dict[str, Any]]:
    """An example of the prompt: its article, and a copy of its answer."""
    example = task.prompt.file.front.examples[number]
    return example.article, json.loads(json.dumps(example.answer))


def test_it_is_shipped_and_its_examples_hold(task: Task) -> None:
    assert task.where == shipped_directory()
    assert [len(example.answer["appointments"]) for example in task.prompt.file.front.examples] == [0, 4, 1]  # type: ignore[arg-type]


def test_an_entry_has_exactly_these_fields(task: Task) -> None:
    entry = {"event": "appointment", "person": "Grace Okello"}
    record = task.record.model_validate({"article": {}, "appointments": [entry]}).model_dump()
    assert list(record["appointments"][0]) == [
        "event", "person", "role", "organisation", "start", "term_months", "end", "predecessor", "previous_role",
        "previous_organisation",
    ]  # fmt: skip


def test_an_answer_becomes_a_record_with_words_for_each_value(task: Task) -> None:
    article, answer = appointed(task, 2)
    result = answered(task, article, answer)
    assert result.record.model_dump()["appointments"] == [
        {
            "event": "appointment",
            "person": "Grace Okello",
            "role": "chief financial officer",
            "organisation": "Fenwright Tools Inc",
            "start": "2022-07-01",
            "term_months": None,
            "end": None,
            "predecessor": "Tobias Krähe",
            "previous_role": "treasurer",
            "previous_organisation": "Sandhill Paper",
        }
    ]
    assert len(result.evidence) == 3 + 8
    assert all(result.document.text[found.start : found.end] == found.quote for found in result.evidence.values())
    assert not result.issues


def test_a_term_gives_the_last_day_of_an_interim(task: Task) -> None:
    article, answer = appointed(task, 1)
    departure, interim, *_ = answered(task, article, answer).record.model_dump()["appointments"]
    assert (departure["start"], departure["end"]) == ("2013-03-04", "2019-11-30")
    assert (interim["start"], interim["term_months"], interim["end"]) == ("2019-12-01", 6, "2020-05-31")


def test_a_wrong_answer_is_left_out(task: Task) -> None:
    article, answer = appointed(task, 2)
    answer["appointments"][0] |= {"predecessor": "Wilma Starck", "start": "8 August"}
    result = answered(task, article, answer)
    (entry,) = result.record.model_dump()["appointments"]
    assert (entry["person"], entry["predecessor"], entry["start"]) == ("Grace Okello", None, None)
    assert {(issue.path, issue.reason) for issue in result.issues} == {
        ("appointments[0].predecessor", "not_found"),
        ("appointments[0].start", "not_found"),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": "Wilma Starck"},
        {"event": {"value": "appointment", "quote": "has hired Grace Okello"}},
    ],
    ids=["nobody of that name", "words that are not there"],
)
def test_a_move_without_its_person_or_its_event_is_no_move(task: Task, wrong: dict[str, Any]) -> None:
    article, answer = appointed(task, 2)
    answer["appointments"][0] |= wrong
    result = answered(task, article, answer)
    assert result.record.model_dump()["appointments"] == []
    assert "appointments[0]" in {issue.path for issue in result.issues}


def test_a_move_is_the_event_that_its_words_show(task: Task) -> None:
    article, answer = appointed(task, 2)
    answer["appointments"][0] |= {"event": {"value": "departure", "quote": "has appointed Grace Okello"}}
    result = answered(task, article, answer)
    assert [entry["event"] for entry in result.record.model_dump()["appointments"]] == ["appointment"]
    assert ("appointments[0].event", "contradicted") in {(issue.path, issue.reason) for issue in result.issues}


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("was named managing director", "appointment"),
        ("has been appointed by the council as acting director", "interim"),
        ("takes charge of the choir until a successor is found", "interim"),
        ("stood down after the vote", "departure"),
        ("will not take the job", "departure"),
        ("was tipped for the post", None),
    ],
)
def test_cues_tell_the_events_apart(task: Task, words: str, event: str | None) -> None:
    field = dict(task.schema.root.leaves())["appointments[].event"].field_type
    assert [mention.value for mention in field.find(words)] == ([] if event is None else [event])


def test_its_gold_holds(task: Task) -> None:
    found = audit(task, gold_directory("appointments", shipped_directory()))
    assert [finding for finding in found.findings if finding.level == "error"] == []
    assert (found.articles, found.splits) == (12, {"dev": 4, "test": 8})
