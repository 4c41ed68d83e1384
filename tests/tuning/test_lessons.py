"""Lessons: what a model is taught is what it will be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_extract.evaluation.gold import Gold, read_gold_set
from llm_extract.model.adapters import adapter_of
from llm_extract.model.types import Capabilities, Request, Sampling
from llm_extract.questions import ask
from llm_extract.task import find_task
from llm_extract.testing import FakeModel
from llm_extract.tuning import lessons
from llm_extract.tuning.data import remove
from llm_extract.tuning.lessons import Lesson, make_lesson
from tests.adapters import tuned
from tests.decoding import takes

EVALS = Path(__file__).parents[2] / "evals"
TRAINING = read_gold_set("it_contracts", EVALS / "it_contracts" / "train").items[::20]
APPOINTMENTS = read_gold_set("appointments").split("dev").items
SMALL = Capabilities(decompose=True, grammar="llama_cpp")


def cases() -> list[tuple[str, Gold]]:
    return [("it_contracts", gold) for gold in TRAINING] + [("appointments", gold) for gold in APPOINTMENTS]


def is_whole(lesson: Lesson) -> bool:
    """Whether every line of it can be written: one that cannot is asked, and not taught."""
    return all(said is not lessons._UNSTATED for _, said in lesson.lines)


def repeats_itself(gold: Gold) -> bool:
    """Whether two entries of one of its lists are equal."""
    lists = [value for value in gold.file.record.values() if isinstance(value, list)]
    return any(entry in entries[:number] for entries in lists for number, entry in enumerate(entries))


def prompts_and_answers(lesson: Lesson) -> tuple[list[str], list[str]]:
    """Where a lesson has something to learn: all that stands before it, and what it is."""
    prompts, answers, text = [], [], ""
    for piece, learnt in lesson.parts():
        if learnt:
            prompts.append(text)
            answers.append(piece.removesuffix("\n"))
        text += piece
    return prompts, answers


@pytest.mark.parametrize(("task", "gold"), cases(), ids=lambda case: case.name if isinstance(case, Gold) else "")
async def test_a_lesson_is_what_is_asked_of_a_tuned_model_that_says_what_gold_says(
    task: str, gold: Gold, tmp_path: Path
) -> None:
    lesson = make_lesson(find_task(task), gold)
    if not is_whole(lesson):
        pytest.skip("a line of it cannot be written")
    if repeats_itself(gold):
        pytest.skip("two of its entries state the same: the second ends the asking")
    prompts, answers = prompts_and_answers(lesson)
    coming = iter(answers)
    model = tuned(FakeModel(lambda request: next(coming), capabilities=SMALL), tmp_path)
    await ask(model, find_task(task), gold.document, Sampling(), adapter=adapter_of(model.endpoint))
    assert [request.prompt for request in model.requests] == prompts
    assert next(coming, None) is None
    # Each answer can come out where it is asked for.
    grammars = [request.grammar or "" for request in model.requests]
    assert [
        answer for answer, grammar in zip(answers, grammars, strict=True) if not takes(grammar, f"{answer}\n")
    ] == []


def test_few_lessons_have_a_line_that_cannot_be_written() -> None:
    whole = [is_whole(make_lesson(find_task(task), gold)) for task, gold in cases()]
    assert sum(whole) >= 0.7 * len(whole)


async def test_a_model_that_learnt_an_article_by_heart_gives_its_record(tmp_path: Path) -> None:
    """So that what is taught is also what the record needs."""
    gold = next(item for item in TRAINING if len(item.file.record["contracts"]) == 1)
    prompts, answers = prompts_and_answers(make_lesson(find_task("it_contracts"), gold))
    learnt = dict(zip(prompts, answers, strict=True))

    def by_heart(request: Request) -> str:
        return learnt.get(request.prompt or "", " none")

    model = tuned(FakeModel(by_heart, capabilities=SMALL), tmp_path)
    task, adapter = find_task("it_contracts"), adapter_of(model.endpoint)
    said, _, _ = await ask(model, task, gold.document, Sampling(), adapter=adapter)
    (contract,) = said.answer.model_dump()["contracts"]
    wanted = gold.file.record["contracts"][0]
    assert contract["buyers"] == wanted.get("buyers", [])
    assert contract["suppliers"] == wanted.get("suppliers", [])
    assert contract["stage"]["value"] == wanted["stage"]


def test_an_article_without_an_entry_teaches_to_stop_at_once() -> None:
    task = find_task("it_contracts")
    gold = next(item for item in TRAINING if not item.file.record["contracts"])
    _, answers = prompts_and_answers(make_lesson(task, gold))
    assert answers[-1] == " none"


@pytest.mark.parametrize(
    ("name", "number", "label", "said"),
    [
        ("alapaha-water-bills", 1, "End", None),  # "for 18 months", from which it was reckoned
        ("alapaha-water-bills", 0, "End", "end its contract with Mizzenbrook Billing on June 30"),
        ("alapaha-water-bills", 0, "Term", "six-year deal"),
    ],
)
def test_a_term_is_no_answer_where_a_date_is_asked(name: str, number: int, label: str, said: str | None) -> None:
    training = read_gold_set("it_contracts", EVALS / "it_contracts" / "train")
    lesson = make_lesson(find_task("it_contracts"), next(item for item in training.items if item.name == name))
    assert [filled.said for filled in lesson.lines if filled.line.label == label][number] == said


def test_removing_a_value_leaves_the_rest() -> None:
    record = {"contracts": [{"end": "2020", "start": "2019"}, {"end": "2021"}]}
    remove(record, "contracts[0].end")
    remove(record, "contracts[7].end")
    remove(record, "nothing.there")
    assert record == {"contracts": [{"end": None, "start": "2019"}, {"end": "2021"}]}
