"""A small model fills a form line by line, with nothing but words that the article offers."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from llm_extract import Document, Extraction, Extractor, extract
from llm_extract.errors import InvalidAnswer
from llm_extract.fields import FlagField, Name
from llm_extract.form import NONE
from llm_extract.grammar import choice_grammar
from llm_extract.model.types import Answered, Capabilities, Request, Sampling, Usage
from llm_extract.questions import ANSWER_TOKENS, LIST_TOKENS, MOST_ENTRIES, ask, context_of, prompt_start, solved_forms
from llm_extract.ranges import Range
from llm_extract.settings import load_settings
from llm_extract.task import find_task, task_for_schema
from llm_extract.testing import FakeModel
from tests.adapters import write_adapter
from tests.support import ARTICLE, check_sound

SMALL = Capabilities(decompose=True, grammar="llama_cpp")

RIGHT = {
    "Deal": "award = signed a contract",
    "Main": "yes",
    "Buyer": "Ellerby County Council",
    "Supplier": "Tallis Communications",
    "Value": "up to £18.4m",
    "Term": "five-year",
    "Start": "1 October 2023",
    "Replaces": "Brandt Telecom",
    "Service": "network and telecoms = network; security = network",
}
BEFORE = {"Deal": "award = earlier contract", "Main": "no", "Buyer": "ECC", "Value": "£21m"}


def label(request: Request) -> str:
    assert request.prompt is not None
    assert request.prompt.endswith(":")
    return request.prompt.rpartition("\n")[2].removesuffix(":")


def filled(*entries: dict[str, str], opens: str = "Deal") -> Callable[[Request], str]:
    """A model that writes these entries' lines, and `none` on others and after the last one."""
    number = -1

    def write(request: Request) -> str:
        nonlocal number
        asked = label(request)
        number += asked == opens
        entry = entries[number] if number < len(entries) else {}
        return f" {entry.get(asked, 'no' if asked == 'Main' else 'none')}"

    return write


def form(*entries: dict[str, str], opens: str = "Deal") -> FakeModel:
    return FakeModel(filled(*entries, opens=opens), capabilities=SMALL)


def asked(model: FakeModel) -> list[str]:
    return [label(request) for request in model.requests]


class Telling(FakeModel):
    """A model with an adapter that tells the probabilities of its tokens: `sure` of a line's label, else 0.95.

    And how probable it is that a line says something: `states` of its label, else it does not tell.
    """

    def __init__(
        self, answer: Any, adapter: Path, sure: dict[str, float] | None = None, states: dict[str, float] | None = None
    ) -> None:
        super().__init__(answer, capabilities=SMALL)
        self.endpoint = self.endpoint.model_copy(update={"adapter": adapter})
        self.sure, self.states = sure or {}, states or {}

    async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
        answered = await super().answer(request, parse)
        content = answered.completion.content
        sure = self.sure.get(label(request), 0.95)
        # As llama.cpp parts it: the first word, and each mark of its own.
        parts = [part for part in content.replace("; ", "\0; \0").replace(" = ", "\0 = \0").split("\0") if part]
        tokens = tuple(
            (part, math.log(sure) if not number or parts[number - 1] == "; " else 0.0)
            for number, part in enumerate(parts)
        )
        states = self.states.get(label(request))
        beginnings = () if states is None else ((" none", math.log(1 - states)), (parts[0], math.log(states)))
        return answered._replace(completion=answered.completion._replace(tokens=tokens, beginnings=beginnings))


def tuned(folder: Path, *entries: dict[str, str], opens: str = "Deal") -> Telling:
    """A model that was tuned for the form, and writes these entries."""
    return Telling(filled(*entries, opens=opens), write_adapter(folder))


# ---------------------------------------------------------------- filling the form


def test_a_filled_form_becomes_the_same_record_as_a_whole_answer(tmp_path: Path) -> None:
    result = extract(ARTICLE, model=tuned(tmp_path, RIGHT))
    (contract,) = result.record.contracts
    assert contract.suppliers == ["Tallis Communications"]
    assert contract.buyers == ["Ellerby County Council"]
    assert contract.value.amount == 18_400_000
    assert (contract.start, contract.end) == ("2023-10-01", "2028-09-30")
    assert (contract.stage, contract.main) == ("award", True)
    assert contract.services == ["network_and_telecoms"]
    assert {issue.path: issue.reason for issue in result.issues} == {"contracts[0].services[1]": "contradicted"}
    check_sound(ARTICLE, result.evidence)


def test_all_entries_are_asked_until_the_model_says_that_there_are_no_more(tmp_path: Path) -> None:
    model = tuned(tmp_path, RIGHT, BEFORE)
    result = extract(ARTICLE, model=model)
    assert [contract.main for contract in result.record.contracts] == [True, False]
    assert result.record.contracts[1].value.amount == 21_000_000
    assert asked(model).count("Deal") == 3
    assert asked(model)[-1] == "Deal"


def test_a_model_that_repeats_an_entry_is_not_asked_further(tmp_path: Path) -> None:
    model = tuned(tmp_path, *[RIGHT] * 5)
    result = extract(ARTICLE, model=model)
    assert len(result.record.contracts) == 1
    assert asked(model).count("Deal") == 2


def test_an_entry_that_states_nothing_new_is_one_told_again(tmp_path: Path) -> None:
    less = {"Deal": "award = contract", "Buyer": RIGHT["Buyer"], "Service": "security = network"}
    model = tuned(tmp_path, RIGHT, less, BEFORE)
    result = extract(ARTICLE, model=model)
    assert len(result.record.contracts) == 1
    assert asked(model).count("Deal") == 2


@pytest.mark.parametrize(
    "new", [{"Value": "£21m"}, {"Deal": "ended = contract"}, {"Service": "applications = network"}]
)
def test_an_entry_that_states_something_new_is_another(tmp_path: Path, new: dict[str, str]) -> None:
    less = {"Deal": "award = contract", "Buyer": RIGHT["Buyer"], **new}
    model = tuned(tmp_path, RIGHT, less)
    extract(ARTICLE, model=model)
    assert asked(model).count("Deal") == 3


def test_a_model_that_finds_no_end_is_stopped(tmp_path: Path) -> None:
    values = ["£18.4m", "up to £18.4m", "£21m", "none"]
    names = ["ECC", "Tallis", "Brandt Telecom", "Tallis; ECC"]
    entries = [{**BEFORE, "Value": value, "Buyer": name} for value, name in itertools.product(values, names)]
    model = tuned(tmp_path, *entries)
    extract(ARTICLE, model=model)
    assert len(entries) > MOST_ENTRIES
    assert asked(model).count("Deal") == MOST_ENTRIES
    assert asked(model)[-1] == "Site"


def test_every_prompt_of_an_article_continues_the_one_before(tmp_path: Path) -> None:
    """So that the model computes the article once."""
    model = tuned(tmp_path, RIGHT, BEFORE)
    extract(ARTICLE, model=model)
    prompts = [request.prompt or "" for request in model.requests]
    assert len(prompts) > 20
    for before, after in itertools.pairwise(prompts):
        assert after.startswith(before)
    block = prompts[-1].rpartition("\n\nForm:\n")[2]
    assert block.startswith("Deal: award = signed a contract\nMain: yes\nBuyer: Ellerby County Council\n")
    assert "Service: network and telecoms = network; security = network\n" in block


def test_every_line_is_short() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    assert {request.sampling.max_output_tokens for request in model.requests} == {ANSWER_TOKENS, LIST_TOKENS}
    assert {request.stop for request in model.requests} == {("\n",)}
    assert all(request.grammar for request in model.requests)
    assert not any(request.logprobs for request in model.requests)


def test_what_the_article_does_not_mention_is_not_asked(tmp_path: Path) -> None:
    model = tuned(tmp_path, {"Deal": "award = signed"})
    extract("Orla Bank has signed a contract with Venn Systems.", model=model)
    assert {"Deal", "Buyer", "Supplier", "Framework", "Site"} <= set(asked(model))
    assert not {"Value", "Term", "Option", "Signed", "Start", "End", "Users"} & set(asked(model))


@pytest.mark.parametrize(
    ("line", "written", "complaint"),
    [
        ("Supplier", "Globex Corporation", "Globex"),
        ("Deal", "sale = signed a contract", "'sale' is none of the choices"),
        ("Deal", "signed a contract", "none of the choices"),
        ("Main", "perhaps", "neither yes nor no"),
        ("Supplier", "; ".join(["Tallis"] * 60), "60 entries"),
        ("Users", " ".join(ARTICLE.split("\n\n")[2].split()[:60]), "more than 120 characters"),
    ],
)
def test_an_answer_past_its_grammar_is_refused(line: str, written: str, complaint: str) -> None:
    """An endpoint may ignore a grammar that it cannot compile."""
    with pytest.raises(InvalidAnswer, match=complaint):
        extract(ARTICLE, model=form({**RIGHT, line: written}))


def test_an_article_without_a_contract_gives_none(tmp_path: Path) -> None:
    model = tuned(tmp_path)
    result = extract("It rained in Orla on Tuesday.", model=model)
    assert result.record.contracts == []
    assert result.evidence == {}
    assert asked(model) == ["Deal"]


def test_a_hard_wrapped_article_offers_its_mentions_on_one_line(tmp_path: Path) -> None:
    text = "Orla Bank has signed a contract with Venn Systems. It is worth up\nto £3m, people said."
    entry = {"Deal": "award = signed", "Supplier": "Venn Systems", "Value": "up to £3m"}
    result = extract(text, model=tuned(tmp_path, entry))
    assert result.record.contracts[0].value.qualifier == "up_to"
    assert result.evidence["contracts[0].value"].quote == "up\nto £3m"


async def test_usage_is_that_of_all_lines() -> None:
    model = form(RIGHT)
    _, answered_by, usage = await ask(model, find_task("it_contracts"), Document.from_text(ARTICLE), Sampling())
    assert answered_by == "fake-model"
    assert usage.calls == len(model.requests)


# ---------------------------------------------------------------- any schema


class Guest(BaseModel):
    called: Name | None = None
    host: Annotated[bool, FlagField(quoted=False)]


class Toast(BaseModel):
    words: str | None = None
    speakers: list[Name] = []


class Meeting(BaseModel):
    """Who met where."""

    place: str | None = None
    guests: list[Guest] = []
    toasts: list[Toast] = []


class Bid(BaseModel):
    name: Name | None = None
    lot: int | None = None


class Auction(BaseModel):
    """What was auctioned."""

    lot: str | None = None
    bids: list[Bid] = []


SUPPER = "Ada Orme and Bo Lund came to the Corn Exchange. Bo Lund drank to old friends; to new ones, too."


def test_forms_work_for_any_schema(tmp_path: Path) -> None:
    class Supper(BaseModel):
        place: str | None = None
        guests: list[str] = []

    answers = {"Place": "the Corn Exchange", "Guests": "Ada Orme; Bo Lund"}
    model = tuned(tmp_path, answers, opens="Place")
    result = extract(SUPPER, schema=Supper, model=model)
    assert result.record == Supper(place="the Corn Exchange", guests=["Ada Orme", "Bo Lund"])
    assert asked(model) == ["Place", "Guests"]


def test_of_two_lists_the_first_is_asked_entry_for_entry_and_the_second_once(tmp_path: Path) -> None:
    once = {"Place": "the Corn Exchange", "Words": "old friends; to new ones", "Speakers": "Bo Lund"}
    guests = filled({"Called": "Ada Orme", "Host": "yes"}, {"Called": "Bo Lund", "Host": "no"}, opens="Called")
    model = Telling(
        lambda request: f" {once[label(request)]}" if label(request) in once else guests(request),
        write_adapter(tmp_path),
    )
    result = extract(SUPPER, schema=Meeting, model=model)
    assert result.record == Meeting(
        place="the Corn Exchange",
        guests=[Guest(called="Ada Orme", host=True), Guest(called="Bo Lund", host=False)],
        toasts=[Toast(words="old friends; to new ones", speakers=["Bo Lund"])],
    )
    assert asked(model) == ["Place", "Words", "Speakers", "Called", "Host", "Called", "Host", "Called"]
    assert not result.issues


def test_a_field_of_the_record_and_one_of_its_entries_may_be_called_the_same(tmp_path: Path) -> None:
    text = "For the old mill Ada Orme bid £300."
    once = {"Lot": "the old mill"}
    bids = filled({"Name": "Ada Orme", "Bids lot": "£300"}, opens="Name")

    def write(request: Request) -> str:
        return f" {once[label(request)]}" if label(request) in once else bids(request)

    model = Telling(write, write_adapter(tmp_path))
    result = extract(text, schema=Auction, model=model)
    assert result.record == Auction(lot="the old mill", bids=[Bid(name="Ada Orme", lot=300)])
    # An article without a number is asked for the one and not for the other.
    silent = Telling(lambda request: " Ada Orme", write_adapter(tmp_path))
    extract("Ada Orme bid for the old mill.", schema=Auction, model=silent)
    assert set(asked(silent)) == {"Lot", "Name"}


# ---------------------------------------------------------------- a model that was not tuned

DEAL = """\
Orla Bank has signed a five-year deal worth up
to £3.4m (£1m a year at first) with Venn Systems. The deal, for 40 seats, begins on 3 May 2021. Its tender was in March
2020, and Venn Systems Ltd. outbid Tarn & Co.
"""


def options(request: Request) -> list[str] | None:
    """What a request offers, word for word; None if any words of the article will do."""
    written = (request.grammar or "").splitlines()[1]
    offered = [str(json.loads(literal)) for literal in re.findall(r'"(?:[^"\\]|\\.)*"', written)]
    offered = [words.removeprefix(" ") for words in offered if words != "\n"]
    if "SPAN" in written:
        return None
    assert request.grammar == choice_grammar(offered)
    return offered


class Choosing(FakeModel):
    """A model that was not tuned and keeps to its grammar.

    It writes the words that it `prefers` on a line if they are offered, and else nothing, or what is offered first.
    """

    def __init__(self, **prefers: str) -> None:
        super().__init__(self._choose, capabilities=SMALL)
        self.prefers = prefers

    def _choose(self, request: Request) -> str:
        offered, preferred = options(request), self.prefers.get(label(request), NONE)
        if offered is None or preferred in offered:
            return f" {preferred}"
        return f" {NONE if NONE in offered else offered[0]}"

    def offered(self) -> dict[str, list[str] | None]:
        """What each line offered."""
        assert len(set(asked(self))) == len(self.requests)
        return {label(request): options(request) for request in self.requests}


def test_a_model_that_was_not_tuned_chooses_among_what_the_fields_find() -> None:
    model = Choosing(Deal="tender = tender", Value="£1m a year", Start="3 May 2021", Users="40 seats")
    (contract,) = extract(DEAL, model=model).record.contracts
    names, days = ["Orla Bank", "Venn Systems", "Venn Systems Ltd", "Tarn & Co", NONE], ["3 May 2021", "March 2020"]
    offered = model.offered()
    assert {line: offered[line] for line in ("Deal", "Main", "Buyer", "Site", "Value", "Term", "Start", "Users")} == {
        "Deal": ["award = signed", "tender = tender"],
        "Main": ["yes", "no"],
        "Buyer": names,
        "Site": names,
        "Value": ["up to £3.4m", "£1m a year", NONE],
        "Term": ["five-year", NONE],
        "Start": [*days, NONE],
        "Users": ["40 seats", NONE],
    }
    assert (contract.stage, contract.start, contract.buyers, contract.users) == ("tender", "2021-05-03", [], 40)
    assert contract.duration_months is None


def test_what_was_chosen_stands_in_the_prompt_of_the_next_line() -> None:
    model = Choosing(Deal="award = signed", Buyer="Orla Bank", Value="up to £3.4m")
    extract(DEAL, model=model)
    prompts = [request.prompt or "" for request in model.requests]
    assert all(after.startswith(before) for before, after in itertools.pairwise(prompts))
    block = prompts[-1].rpartition("\n\nForm:\n")[2]
    assert block.startswith("Deal: award = signed\nMain: yes\nBuyer: Orla Bank\nSupplier: none\nValue: up to £3.4m\n")


def test_only_the_opening_line_cannot_be_none() -> None:
    """A model that was not tuned says that there is no entry where it is only unsure of this line."""
    model = Choosing()
    extract(DEAL, model=model)
    offered = model.offered()
    assert [line for line, words in offered.items() if NONE not in (words or [])] == ["Deal", "Main"]
    assert (model.requests[1].prompt or "").endswith("Deal: award = signed\nMain:")


def test_a_model_that_was_not_tuned_is_asked_for_one_entry() -> None:
    model = form(RIGHT, BEFORE)
    result = extract(ARTICLE, model=model)
    assert [contract.main for contract in result.record.contracts] == [True]
    assert (asked(model).count("Deal"), asked(model)[-1]) == (1, "Site")


def test_a_line_for_which_the_article_has_no_words_is_not_asked() -> None:
    model = Choosing()
    extract("it signed a deal with a rival.", model=model)
    assert asked(model) == ["Deal", "Main"]
    model = Choosing(Value="£3m")
    (contract,) = extract("it signed a deal of £3m with a rival.", model=model).record.contracts
    assert asked(model) == ["Deal", "Main", "Value"]
    assert (contract.buyers, contract.framework, contract.value.amount) == ([], None, 3_000_000)


async def test_an_article_without_a_word_for_the_opening_line_costs_nothing() -> None:
    model = Choosing()
    document = Document.from_text("It rained on Orla Bank on 3 May 2021.")
    said, answered_by, usage = await ask(model, find_task("it_contracts"), document, Sampling())
    assert said.answer.contracts == []  # type: ignore[attr-defined]
    assert (model.requests, usage, answered_by) == ([], Usage(), "fake-model")


def test_a_body_that_is_named_on_one_line_is_not_offered_on_another() -> None:
    model = Choosing(Deal="award = signed", Buyer="Orla Bank", Supplier="Venn Systems", Replaces="Tarn & Co")
    (contract,) = extract(DEAL, model=model).record.contracts
    offered = model.offered()
    assert offered["Buyer"] == ["Orla Bank", "Venn Systems", "Venn Systems Ltd", "Tarn & Co", NONE]
    # Nor where it is spelled otherwise.
    assert offered["Supplier"] == ["Venn Systems", "Venn Systems Ltd", "Tarn & Co", NONE]
    assert offered["Replaces"] == ["Tarn & Co", NONE]
    assert not {"Partner", "Framework", "Programme", "Site"} & set(offered)
    assert (contract.buyers, contract.incumbents) == (["Orla Bank"], ["Tarn & Co"])


def test_names_are_taken_across_all_parts_of_a_form_and_any_words_are_chosen_freely() -> None:
    model = Choosing(Place="the Corn Exchange", Words="old friends; to new ones", Speakers="Bo Lund", Host="no")
    result = extract(SUPPER, schema=Meeting, model=model)
    offered = model.offered()
    assert [line for line, words in offered.items() if words is None] == ["Place", "Words"]
    assert offered["Speakers"] == ["Ada Orme", "Bo Lund", "Corn Exchange", NONE]
    assert offered["Called"] == ["Ada Orme", "Corn Exchange"]
    assert result.record == Meeting(
        place="the Corn Exchange",
        guests=[Guest(called="Ada Orme", host=False)],
        toasts=[Toast(words="old friends; to new ones", speakers=["Bo Lund"])],
    )


def test_an_endpoint_that_ignores_the_choice_may_still_find_no_entry() -> None:
    model = form()
    assert extract(ARTICLE, model=model).record.contracts == []
    assert asked(model) == ["Deal"]


def test_a_model_that_was_not_tuned_sees_the_first_entry_of_each_example() -> None:
    model = form(RIGHT)
    extract(ARTICLE, model=model)
    task = find_task("it_contracts")
    shown = solved_forms(task)
    assert (model.requests[0].prompt or "").startswith(f"{shown}Article:\nEllerby County Council signs")
    assert "Deal: tender = inviting bids\nMain: yes\nBuyer: Lindhaven City Council\nSupplier: none\n" in shown
    # The first of them has no contract, the last has two.
    empty, _, two = task.prompt.file.front.examples
    assert prompt_start(empty.article) not in shown
    assert shown.count("Article:\n") == shown.count("\nDeal: ") == 2
    assert shown.partition(prompt_start(two.article))[2].startswith("Deal: award = signed a deal\nMain: yes\n")
    assert "Supplier: Danter Networks" not in shown
    assert shown.endswith("\nSite: Ashdale; Kirkmoor\n\n")


def test_the_solved_forms_of_a_task_without_examples_say_what_it_is_about() -> None:
    shown = solved_forms(task_for_schema(Meeting))
    assert "Article:" not in shown
    assert shown.endswith("Copied from each article; none if it does not say.\n\n")


# ---------------------------------------------------------------- how sure


def confidences(result: Extraction[Any]) -> dict[str, float | None]:
    return {path: found.confidence for path, found in result.evidence.items()}


def test_evidence_says_how_sure_the_model_was(tmp_path: Path) -> None:
    sure = {"Buyer": 0.8, "Value": 0.6, "Term": 0.7, "Start": 0.9, "Service": 0.55}
    result = extract(ARTICLE, model=Telling(filled(RIGHT), write_adapter(tmp_path), sure))
    found = confidences(result)
    assert found["contracts[0].stage"] == pytest.approx(0.95)
    assert found["contracts[0].buyers[0]"] == pytest.approx(0.8)
    assert found["contracts[0].value"] == pytest.approx(0.6)
    assert found["contracts[0].services[0]"] == pytest.approx(0.55)
    # What follows from two values is no surer than either.
    assert found["contracts[0].end"] == pytest.approx(0.7)
    assert found["article.headline"] is None


def test_a_model_that_does_not_tell_is_not_taken_for_sure() -> None:
    assert set(confidences(extract(ARTICLE, model=form(RIGHT))).values()) == {None}


def test_probabilities_are_worth_what_the_adapter_measured(tmp_path: Path) -> None:
    measured = {"own": 0.5, "there": 2.0, "entry": 1.0, "lines": {"contracts[].value": -math.log(2), "": 0.0}}
    said, states = {"Deal": 0.8, "Value": 0.8, "Buyer": 0.5}, {"Deal": 0.75, "Value": 0.6}
    adapter = write_adapter(tmp_path, confidence=measured)
    found = confidences(extract(ARTICLE, model=Telling(filled(RIGHT), adapter, said, states)))
    # Odds of 4 to 1, their root, half of it; 9 to 4 for a sum that is there at odds of 3 to 2; and three times that:
    # that there is a contract at all has odds of 3 to 1.
    assert found["contracts[0].value"] == pytest.approx(27 / 31)
    # Whether there is a buyer was not told.
    assert found["contracts[0].buyers[0]"] == pytest.approx(3 / 4)
    assert found["contracts[0].stage"] == pytest.approx(54 / 55)


def test_a_second_entry_is_no_surer_than_the_first(tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path, confidence={"own": 0.0, "entry": 1.0, "lines": {"": 0.0}})
    second = RIGHT | {"Supplier": "Brandt Telecom"}
    found = confidences(extract(ARTICLE, model=Telling(filled(RIGHT, second), adapter, states={"Deal": 0.75})))
    assert found["contracts[0].suppliers[0]"] == pytest.approx(0.75)
    assert found["contracts[1].suppliers[0]"] == pytest.approx(0.75**2)


def test_what_the_model_is_too_unsure_of_is_left_out_with_a_reason(tmp_path: Path) -> None:
    model = Telling(filled(RIGHT), write_adapter(tmp_path, least_confidence=0.5), {"Value": 0.3, "Replaces": 0.5001})
    result = extract(ARTICLE, model=model)
    assert result.record.contracts[0].value is None
    assert result.record.contracts[0].incumbents == ["Brandt Telecom"]
    (issue,) = [issue for issue in result.issues if issue.reason == "uncertain"]
    assert (issue.path, issue.answer) == ("contracts[0].value", "up to £18.4m")
    assert issue.message == "its confidence is 0.30, less than 0.50"


@pytest.mark.parametrize(("least", "kept"), [(None, False), (0.0, True), (0.9, False)])
def test_the_settings_decide_how_sure_is_sure_enough(tmp_path: Path, least: float | None, kept: bool) -> None:
    model = Telling(filled(RIGHT), write_adapter(tmp_path, least_confidence=0.5), {"Value": 0.3})
    result = extract(ARTICLE, model=model, settings=load_settings(min_confidence=least))
    assert (result.record.contracts[0].value is not None) is kept


def test_the_settings_leave_nothing_out_of_a_model_that_does_not_tell() -> None:
    result = extract(ARTICLE, model=form(RIGHT), settings=load_settings(min_confidence=1.0))
    assert result.record.contracts[0].value.amount == 18_400_000


def test_a_tuned_model_sees_the_article_alone_and_is_asked_for_probabilities(tmp_path: Path) -> None:
    model = Telling(filled(RIGHT), write_adapter(tmp_path))
    extract(ARTICLE, model=model)
    assert (model.requests[0].prompt or "").startswith("Article:\nEllerby County Council signs")
    assert all(request.logprobs for request in model.requests)


@pytest.mark.parametrize(("attention", "first"), [("causal", False), ("prefix", True)])
def test_only_what_reads_both_ways_reads_an_article_anew_and_once(tmp_path: Path, attention: str, first: bool) -> None:
    model = Telling(filled(RIGHT), write_adapter(tmp_path, attention=attention))
    extract(ARTICLE, model=model)
    assert [request.anew for request in model.requests] == [first] + [False] * 17


def test_an_article_whose_first_lines_are_in_the_cache_is_read_as_the_first_time(tmp_path: Path) -> None:
    def write(request: Request) -> str:
        number = (request.prompt or "").count("\nDeal:") - 1
        return f" {RIGHT.get(label(request), 'none')}" if number == 0 else " none"

    class Remembering(Telling):
        """Has the answers of the first three lines, unless it is told to ask."""

        async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
            answered = await super().answer(request, parse)
            live = len(self.requests) > 3 or not request.replay
            return answered if live else answered._replace(usage=Usage(cached_calls=1), cached=True)

    whole = Telling(write, write_adapter(tmp_path, attention="prefix"))
    undisturbed = extract(ARTICLE, model=whole)
    model = Remembering(write, write_adapter(tmp_path, attention="prefix"))
    result = extract(ARTICLE, model=model)
    # The fourth line shows that the form is gone on with: article and first line are read, then it is asked again.
    asked = [(label(request), request.anew, request.replay) for request in model.requests]
    first, fourth = asked[0][0], asked[3][0]
    assert asked[3:7] == [
        (fourth, True, True), (first, True, False), (fourth, False, False), (label(whole.requests[4]), False, True),
    ]  # fmt: skip
    assert model.requests[4].prompt == model.requests[0].prompt
    assert len(model.requests) == len(whole.requests) + 2
    assert result.record == undisturbed.record
    assert (result.usage.calls, result.usage.cached_calls) == (len(whole.requests) - 3 + 2, 3)


def test_lists_inside_an_entry_and_second_lists_carry_their_confidence(tmp_path: Path) -> None:
    class Course(BaseModel):
        dish: Name | None = None
        cooks: list[Name] = []

    class Table(BaseModel):
        host: Name | None = None
        courses: list[Course] = []

    class Feast(BaseModel):
        tables: list[Table] = []
        toasts: list[Toast] = []

    text = "Bo Lund had the pike that Ada Orme and Ines Falk cooked. He drank to old friends."
    once = {"Words": "old friends", "Speakers": "Bo Lund"}
    rest = filled({"Host": "Bo Lund", "Dish": "pike", "Cooks": "Ada Orme; Ines Falk"}, opens="Host")
    model = Telling(
        lambda request: f" {once[label(request)]}" if label(request) in once else rest(request),
        write_adapter(tmp_path),
        {"Dish": 0.7, "Cooks": 0.6, "Words": 0.9, "Speakers": 0.8},
    )
    found = confidences(extract(text, schema=Feast, model=model))
    assert found == {
        "tables[0].host": pytest.approx(0.95),
        "tables[0].courses[0].dish": pytest.approx(0.7),
        "tables[0].courses[0].cooks[0]": pytest.approx(0.6),
        "tables[0].courses[0].cooks[1]": pytest.approx(0.6),
        "toasts[0].words": pytest.approx(0.9),
        "toasts[0].speakers[0]": pytest.approx(0.8),
    }


def test_a_silence_that_is_less_likely_than_words_is_asked_again_without_it(tmp_path: Path) -> None:
    """Each of several words may be less likely than silence, and all of them together likelier."""

    def suppliers(sure: float) -> tuple[list[str], int]:
        write = filled({**RIGHT, "Supplier": "none"})

        def hesitant(request: Request) -> str:
            silent = '("none" | ' in (request.grammar or "")
            return " Tallis Communications" if label(request) == "Supplier" and not silent else write(request)

        model = Telling(hesitant, write_adapter(tmp_path), {"Supplier": sure})
        return extract(ARTICLE, model=model).record.contracts[0].suppliers, asked(model).count("Supplier")

    assert suppliers(0.4) == (["Tallis Communications"], 2)
    assert suppliers(0.6) == ([], 1)


def test_an_article_without_words_has_no_others_to_be_asked_for(tmp_path: Path) -> None:
    model = Telling(filled(), write_adapter(tmp_path), {"Deal": 0.1})
    furniture = Document.from_text("Read more.").model_copy(update={"furniture": (Range(0, 9),)})
    assert furniture.sent_text == "."
    assert extract(furniture, model=model).record.contracts == []
    assert asked(model) == ["Deal"]


# ---------------------------------------------------------------- what is known beside the words


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Orla Bank signs\n\nBy Owen Garrick, 14 September 2023\n\nOrla Bank signed on Friday.", "2023-09-14"),
        ("OSLO, 14 September 2023 - Orla Bank signed a contract on Friday.", "2023-09-14"),
        ("Orla Bank signed a contract on Friday.", None),
    ],
    ids=["a head", "a dateline", "neither"],
)
def test_dates_are_counted_from_the_head_or_the_dateline(text: str, day: str | None) -> None:
    reference = context_of(Document.from_text(text)).reference
    assert (reference and reference.isoformat()) == day


def test_a_sign_that_many_countries_share_is_read_by_the_article_s_own() -> None:
    there = Document.from_text("The Australian government in Canberra has signed a $3m deal with Venn Systems.")
    assert context_of(there).country == "AU"
    assert context_of(Document.from_text("The Australian government has signed a £3m deal.")).country is None


def test_an_extractor_without_an_adapter_s_folder_asks_as_before() -> None:
    model = form(RIGHT)
    assert Extractor(model=model).model is model
