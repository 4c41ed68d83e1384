"""A small model fills a form line by line, with nothing but words that the article offers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from llm_extract import Document, extract
from llm_extract.errors import InvalidAnswer
from llm_extract.model.types import Capabilities, Request, Sampling
from llm_extract.questions import ask, solved_forms
from llm_extract.task import find_task
from llm_extract.testing import FakeModel
from tests.support import ARTICLE, check_sound

SMALL = Capabilities(decompose=True, grammar="llama_cpp")

RIGHT = {
    "Supplier chosen": "Tallis Communications",
    "Buyer": "Ellerby County Council",
    "Stage": "award",
    "Contract value": "up to £18.4m",
    "Length": "five-year",
    "Starts on": "1 October 2023",
    "Replaces": "Brandt Telecom",
}


def label(request: Request) -> str:
    assert request.prompt is not None
    return request.prompt.rpartition("\n")[2].removesuffix(":")


def form(answers: dict[str, str]) -> FakeModel:
    """A model that writes these lines, and `none` on the others."""
    return FakeModel(lambda request: f" {answers.get(label(request), 'none')}", capabilities=SMALL)


def test_a_filled_form_becomes_the_same_record_as_a_whole_answer() -> None:
    result = extract(ARTICLE, model=form(RIGHT))
    contract = result.record.contracts[0]
    assert contract.suppliers == ["Tallis Communications"]
    assert contract.buyers == ["Ellerby County Council"]
    assert contract.value.amount == 18_400_000
    assert (contract.start, contract.end) == ("2023-10-01", "2028-09-30")
    assert contract.stage == "award"
    check_sound(ARTICLE, result.evidence)


def test_every_prompt_of_an_article_continues_the_one_before() -> None:
    """So that the model computes the article once."""
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    prompts = [request.prompt or "" for request in model.requests]
    assert len(prompts) > 6
    for before, after in itertools.pairwise(prompts):
        assert after.startswith(before)


def test_all_articles_share_the_solved_forms() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    task = find_task("it_contracts")
    assert (model.requests[0].prompt or "").startswith(solved_forms(task))
    assert "Supplier chosen: Wexley Health\n" in solved_forms(task)


def test_what_the_article_does_not_mention_is_not_asked() -> None:
    model = form({})
    extract("Orla Bank has signed a contract with Venn Systems.", model=model)
    asked = [label(request) for request in model.requests]
    assert "Supplier chosen" in asked
    assert not {"Contract value", "Length", "Starts on", "Framework", "Users"} & set(asked)


def test_lines_are_offered_only_sentences_that_speak_of_them() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    (replaces,) = [request for request in model.requests if label(request) == "Replaces"]
    assert "Brandt Telecom" in (replaces.grammar or "")
    assert "Owen Garrick" not in (replaces.grammar or "")


def test_a_body_is_not_offered_for_a_second_part() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    (buyer,) = [request for request in model.requests if label(request) == "Buyer"]
    assert "Tallis Communications" not in (buyer.grammar or "")


def test_the_day_of_publication_is_no_date_of_the_contract() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    for request in model.requests:
        assert "14 September 2023" not in (request.grammar or "")


def test_an_answer_past_its_grammar_is_refused() -> None:
    """An endpoint may ignore a grammar that it cannot compile."""
    with pytest.raises(InvalidAnswer, match="Globex"):
        extract(ARTICLE, model=form({"Supplier chosen": "Globex Corporation"}))


def test_an_article_without_a_contract_gives_none() -> None:
    result = extract("It rained in Orla on Tuesday.", model=form({}))
    assert result.record.contracts == []
    assert result.evidence == {}


def test_a_hard_wrapped_article_offers_its_mentions_on_one_line() -> None:
    text = "Orla Bank has signed a contract with Venn Systems. It is worth up\nto £3m, people said."
    model = form({"Supplier chosen": "Venn Systems", "Stage": "award", "Contract value": "up to £3m"})
    result = extract(text, model=model)
    assert result.record.contracts[0].value.qualifier == "up_to"
    assert result.evidence["contracts[0].value"].quote == "up\nto £3m"


async def test_usage_is_that_of_all_lines() -> None:
    model = form(RIGHT)
    _, answered_by, usage = await ask(model, find_task("it_contracts"), Document.from_text(ARTICLE), Sampling())
    assert answered_by == "fake-model"
    assert usage.calls == len(model.requests)


def test_forms_work_for_any_schema() -> None:
    from pydantic import BaseModel

    class Meeting(BaseModel):
        """Who met where."""

        place: str | None = None
        guests: list[str] = []

    answers: dict[str, Any] = {"Place": "the Corn Exchange", "Guests": "Ada Orme"}
    result = extract("Ada Orme came to the Corn Exchange.", schema=Meeting, model=form(answers))
    assert result.record == Meeting(place="the Corn Exchange", guests=["Ada Orme"])
