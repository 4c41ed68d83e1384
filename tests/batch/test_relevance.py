"""A task's filter lets through what it asks for, and costs no call where words are enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from llm_extract.batch.relevance import Relevance
from llm_extract.document import Document
from llm_extract.errors import InvalidAnswer
from llm_extract.model.types import Capabilities
from llm_extract.prompt import RelevanceTerms
from llm_extract.task import find_task
from llm_extract.testing import FakeModel


def passes(text: str, **terms: object) -> str | None:
    return Relevance(RelevanceTerms.model_validate(terms)).passes(Document.from_text(text))


@pytest.mark.parametrize("text", ["The tender closed.", "TENDER!", "A (tender) notice", "It was put out to\n   tender"])
def test_a_keyword_is_a_whole_word_in_any_case(text: str) -> None:
    assert passes(text, keywords=["Tender"]) is None
    assert passes("Tenderness and tenders", keywords=["tender"]) == "the article has none of the keywords (tender)"


def test_a_phrase_may_be_wrapped_and_signs_are_taken_as_they_are() -> None:
    assert passes("a call\n off the list", keywords=["call off"]) is None
    assert passes("written in C++.", keywords=["c++"]) is None
    assert passes("written in C", keywords=["c++"]) is not None


def test_a_pattern_is_looked_for_anywhere() -> None:
    assert passes("They OUTSOURCED it", pattern="out-?sourc") is None
    assert passes("They outsourced it", pattern="(?i)(?-i:OUT)") == "the article has not the pattern '(?i)(?-i:OUT)'"


def test_one_of_keywords_and_pattern_is_enough() -> None:
    terms = {"keywords": ["deal"], "pattern": "contract(ed|or)"}
    assert passes("A deal", **terms) is None
    assert passes("A contractor", **terms) is None
    reason = passes("Rain", **terms)
    assert reason == "the article has none of the keywords (deal) and not the pattern 'contract(ed|or)'"


def test_a_question_alone_lets_every_article_through_to_the_model() -> None:
    assert passes("Rain", question="Is it about a contract?") is None


def test_hidden_words_do_not_make_an_article_relevant() -> None:
    document = Document.from_text("Ra\u200bin and ten\u200bder leaves")
    assert Relevance(RelevanceTerms(keywords=("tender",))).passes(document) is None
    assert Relevance(RelevanceTerms(keywords=("ra",))).passes(document) is not None


def test_a_filter_is_frozen_and_takes_no_unknown_key() -> None:
    terms = RelevanceTerms(keywords=("a",))
    with pytest.raises(ValidationError):
        terms.keywords = ("b",)  # type: ignore[misc]
    with pytest.raises(ValidationError, match="keyword"):
        RelevanceTerms.model_validate({"keyword": ["a"]})


def test_a_task_without_a_filter_has_none() -> None:
    assert Relevance.of(find_task("it_contracts")) is None


def test_a_task_declares_its_filter_in_its_prompt(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "schemas" / "moves.py").write_text(
        "from pydantic import BaseModel\n\n\nclass Record(BaseModel):\n    name: str | None = None\n", "utf-8"
    )
    (tmp_path / "prompts" / "moves.md").write_text(
        "---\nname: moves\nversion: 1\ndescription: Moves\nrelevance: {keywords: [moves], question: Who moves}\n---\n"
        "# system\n{{ fields }}\n# user\n{{ article }}\n",
        "utf-8",
    )
    relevance = Relevance.of(find_task("moves", tmp_path))
    assert relevance == Relevance(RelevanceTerms(keywords=("moves",), question="Who moves"))


QUESTION = Relevance(RelevanceTerms(question="Is the article about a ferry?"))
FERRY = Document.from_text("The ferry sailed.\n\nNobody was on board.")


@pytest.mark.parametrize("said", ["yes", "no"])
async def test_a_large_model_is_asked_in_a_chat_under_a_schema(said: str) -> None:
    model = FakeModel({"answer": said})
    assert await QUESTION.asks(model, FERRY) is (said == "yes")
    (request,) = model.requests
    assert request.response_schema is not None
    assert request.response_schema.schema["properties"]["answer"]["enum"] == ["yes", "no"]
    assert "Is the article about a ferry?" in request.messages[0].content
    assert "The ferry sailed." in request.messages[1].content
    assert "The ferry sailed." not in request.messages[0].content
    assert request.grammar is None


async def test_an_endpoint_with_grammars_gets_one() -> None:
    model = FakeModel({"answer": "yes"}, capabilities=Capabilities(grammar="vllm"))
    assert await QUESTION.asks(model, FERRY)
    assert model.requests[0].grammar is not None
    assert '"\\"yes\\"" | "\\"no\\""' in model.requests[0].grammar


async def test_a_small_model_finishes_a_line() -> None:
    model = FakeModel(" no\n", capabilities=Capabilities(grammar="llama_cpp", decompose=True))
    assert not await QUESTION.asks(model, FERRY)
    (request,) = model.requests
    assert request.prompt is not None
    assert request.prompt.endswith("Question: Is the article about a ferry?\nAnswer (yes or no):")
    assert request.grammar is not None
    assert '" yes" | " no"' in request.grammar
    assert request.sampling.max_output_tokens < 10


@pytest.mark.parametrize("capabilities", [Capabilities(), Capabilities(grammar="llama_cpp", decompose=True)])
async def test_an_answer_that_is_neither_is_no_answer(capabilities: Capabilities) -> None:
    with pytest.raises(InvalidAnswer):
        await QUESTION.asks(FakeModel("perhaps", capabilities=capabilities), FERRY)


async def test_without_a_question_no_call_is_made() -> None:
    model = FakeModel({"answer": "no"})
    assert await Relevance(RelevanceTerms(keywords=("ferry",))).asks(model, FERRY)
    assert model.requests == []


async def test_what_a_question_cost_can_be_had() -> None:
    answered = await QUESTION.ask(FakeModel({"answer": "yes"}), FERRY)
    assert answered.answer is True
    assert answered.usage.calls == 1


async def test_a_long_article_is_asked_about_by_its_beginning() -> None:
    model = FakeModel({"answer": "no"})
    await QUESTION.asks(model, Document.from_text("word " * 100_000))
    assert len(model.requests[0].messages[1].content) < 10_000
