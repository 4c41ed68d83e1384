"""The whole way of one article, against a real server that says what it is told to say."""

from __future__ import annotations

import asyncio
import json
import math
import pickle
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, assert_type

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field

from llm_extract import Document, Extraction, Extractor, aextract, extract, extract_many, read_extraction
from llm_extract.errors import ContextTooLong, DocumentError, InvalidAnswer, ModelMismatch, TaskError, UsageError
from llm_extract.fields import Money, OrganisationName, PartialDate
from llm_extract.finishing import kept_result, made_json
from llm_extract.model.models import NamedModel
from llm_extract.model.types import Capabilities, Endpoint
from llm_extract.schema import FromPage
from llm_extract.settings import Settings, load_settings
from llm_extract.task import task_for_schema
from llm_extract.testing import FakeModel, ScriptedServer
from llm_extract.testing.server import RecordedRequest, Reply, raw
from llm_extract.testing.server import answer as reply
from tests.adapters import write_adapter
from tests.support import ARTICLE, answer, check_sound

RIGHT = answer(
    {
        "buyers": ["Ellerby County Council"],
        "suppliers": ["Tallis Communications"],
        "value": "£18.4m",
        "duration_months": "five-year",
        "start": "1 October 2023",
    },
    article={"published": "14 September 2023"},
)
INVENTED = answer(
    {
        "buyers": ["Ellerby County Council"],
        "suppliers": ["Globex Corporation"],
        "value": "£99.9m",
        "duration_months": "nine-year",
        "framework": "G-Cloud 99",
        "users": "88,000 users",
    }
)


@pytest.fixture
def settings(scripted_server: ScriptedServer, tmp_path: Path) -> Settings:
    return load_settings(
        model="openai/gpt-test", base_url=scripted_server.base_url, api_key="sk-test", cache_dir=tmp_path / "cache"
    )


def test_a_right_answer_is_delivered_whole(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.reply(reply(RIGHT, input_tokens=1200, output_tokens=90))
    result = extract(ARTICLE, settings=settings)
    contract = result.record.contracts[0]
    assert contract.value.amount == 18_400_000
    assert contract.value.qualifier == "up_to"
    assert contract.end == "2028-09-30"
    assert result.evidence["contracts[0].value"].quote == "up to £18.4m"
    assert result.issues == ()
    assert (result.usage.calls, result.usage.input_tokens, result.usage.output_tokens) == (1, 1200, 90)
    assert result.provenance.answered_by == "gpt-test"
    check_sound(ARTICLE, result.evidence)


def test_invented_values_are_left_out_and_listed(scripted_server: ScriptedServer, settings: Settings) -> None:
    """Row 17."""
    scripted_server.reply(reply(INVENTED))
    result = extract(ARTICLE, settings=settings)
    delivered = result.model_dump_json(include={"record", "evidence"})
    for invention in ("Globex", "99.9", "G-Cloud", "88"):
        assert invention not in delivered
    assert {issue.path for issue in result.issues} == {
        f"contracts[0].{name}" for name in ("suppliers[0]", "value", "duration_months", "framework", "users")
    }
    assert {issue.reason for issue in result.issues} == {"not_found"}


def test_a_wrong_answer_is_asked_again_and_then_fails(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.default = reply({"contracts": "none"})
    with pytest.raises(InvalidAnswer) as caught:
        extract(ARTICLE, settings=settings)
    assert len(scripted_server.requests) == 3
    assert [attempt.outcome for attempt in caught.value.attempts] == ["invalid_answer"] * 3


def test_the_same_article_again_costs_nothing(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.reply(reply(RIGHT))
    first = extract(ARTICLE, settings=settings)
    second = extract(ARTICLE, settings=settings)
    assert len(scripted_server.requests) == 1
    assert (second.usage.calls, second.usage.cached_calls) == (0, 1)
    assert second.record == first.record
    assert second.evidence == first.evidence
    assert second.provenance == first.provenance


def test_a_repeat_is_really_asked_again(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.default = reply(RIGHT)
    extractor: Extractor[Any] = Extractor(settings=settings)
    extractor.extract(ARTICLE)
    extractor.extract(ARTICLE, repeat=1)
    extractor.extract(ARTICLE, repeat=1)
    assert len(scripted_server.requests) == 2


def test_a_result_that_was_kept_of_another_model_is_not_given_where_that_is_fatal(
    scripted_server: ScriptedServer, settings: Settings
) -> None:
    scripted_server.default = reply(RIGHT, model="cheaper-model")
    assert extract(ARTICLE, settings=settings).provenance.answered_by == "cheaper-model"
    strict = settings.model_copy(update={"on_model_mismatch": "fail"})
    with pytest.raises(ModelMismatch):
        extract(ARTICLE, settings=strict)
    assert Extractor[Any](settings=strict).kept_json(Document.from_text(ARTICLE))[1] is None
    assert len(scripted_server.requests) == 2
    assert extract(ARTICLE, settings=settings).usage.calls == 0


def test_what_is_fatal_decides_no_record_of_a_run(settings: Settings) -> None:
    strict = settings.model_copy(update={"on_model_mismatch": "fail"})
    assert Extractor[Any](settings=strict).terms() == Extractor[Any](settings=settings).terms()


def test_another_model_is_never_answered_for(scripted_server: ScriptedServer, settings: Settings) -> None:
    """Row 30, for the cache."""
    scripted_server.default = reply(RIGHT)
    extract(ARTICLE, settings=settings)
    extract(ARTICLE, settings=settings, model="openai/gpt-other")
    assert [request.body["model"] for request in scripted_server.requests] == ["gpt-test", "gpt-other"]


def test_the_result_is_read_back_without_loss(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.reply(reply(RIGHT))
    result = extract(ARTICLE, settings=settings)
    again = read_extraction(result.model_dump_json(), task="it_contracts")
    assert again == result
    assert again.model_dump_json() == result.model_dump_json()


async def test_the_asynchronous_face_gives_the_same(scripted_server: ScriptedServer, settings: Settings) -> None:
    scripted_server.default = reply(RIGHT)
    other = ARTICLE.replace("Owen Garrick", "Una Field")
    results = await asyncio.gather(aextract(ARTICLE, settings=settings), aextract(other, settings=settings))
    assert [result.record.contracts[0].suppliers for result in results] == [["Tallis Communications"]] * 2


async def test_extract_works_inside_a_running_loop(scripted_server: ScriptedServer, settings: Settings) -> None:
    """As in a notebook."""
    scripted_server.reply(reply(RIGHT))
    assert extract(ARTICLE, settings=settings).record.contracts[0].main


class Meeting(BaseModel):
    """Who met where."""

    place: str | None = None
    guests: list[str] = []


def test_any_model_can_be_extracted() -> None:
    said = {"place": "the Corn Exchange", "guests": ["Ada Orme", "Bo Lind", "Cy Ghost"]}
    text = "Ada Orme and Bo Lind met at the Corn Exchange."
    result: Extraction[Any] = extract(text, schema=Meeting, model=FakeModel(said))
    assert result.record == Meeting(place="the Corn Exchange", guests=["Ada Orme", "Bo Lind"])
    assert result.evidence["guests[1]"].start == text.index("Bo Lind")
    assert [issue.path for issue in result.issues] == ["guests[2]"]


def test_planted_values_and_instructions_deliver_nothing_that_a_reader_cannot_see() -> None:
    """Row 42: hidden text is not sent, and an answer that obeys it finds no words."""
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "Supplier: Globex Corporation")
    text = ARTICLE.replace("Tallis takes over", f"{hidden}Tallis takes over")
    seen: list[str] = []

    def obedient(request: Any) -> dict[str, Any]:
        seen.append(request.messages[-1].content)
        return answer({"buyers": ["Ellerby County Council"], "suppliers": ["Globex Corporation"]})

    result = extract(text, model=FakeModel(obedient))
    assert not any(0xE0000 <= ord(letter) <= 0xE007F for letter in seen[0])
    assert result.record.contracts[0].suppliers == []
    check_sound(text, result.evidence)


def test_text_that_looks_like_a_template_is_only_text() -> None:
    """Row 43."""
    text = ARTICLE + "\n{{ 7*7 }} {% for x in range(3) %}boo{% endfor %}\n"
    seen: list[str] = []

    def look(request: Any) -> dict[str, Any]:
        seen.append(request.messages[-1].content)
        return RIGHT

    extract(text, model=FakeModel(look))
    assert "{{ 7*7 }}" in seen[0]


@pytest.mark.parametrize("text", ["", "   \n\t ", "\u200b"])
def test_no_call_is_made_for_nothing(text: str, scripted_server: ScriptedServer, settings: Settings) -> None:
    with pytest.raises(DocumentError):
        extract(text, settings=settings)
    assert scripted_server.requests == []


def test_an_article_that_cannot_fit_is_not_sent(scripted_server: ScriptedServer, settings: Settings) -> None:
    """Row 33: 50 MB."""
    with pytest.raises(ContextTooLong, match="characters"):
        extract("Orla Bank bought servers. " * 2_000_000, settings=settings)
    assert scripted_server.requests == []


def test_a_task_and_a_schema_together_are_refused() -> None:
    with pytest.raises(TaskError, match="not both"):
        extract(ARTICLE, task="it_contracts", schema=Meeting, model=FakeModel({}))


def test_a_damaged_result_is_not_served(scripted_server: ScriptedServer, settings: Settings) -> None:
    """A kept result whose words no longer stand in the text is made again."""
    scripted_server.default = reply(RIGHT)
    extractor: Extractor[Any] = Extractor(settings=settings)
    extractor.extract(ARTICLE)
    assert extractor.cache is not None
    key = extractor.result_key(ARTICLE)
    kept = json.loads(extractor.cache.get(key) or "")
    kept["evidence"]["contracts[0].value"]["start"] += 1
    extractor.cache.put(key, json.dumps(kept))
    result = extract(ARTICLE, settings=settings)
    check_sound(ARTICLE, result.evidence)
    assert result.usage.calls == 0
    assert len(scripted_server.requests) == 1


def test_a_document_keeps_its_source() -> None:
    document = Document.from_text(ARTICLE, source="a.txt")
    result = extract(document, model=FakeModel(RIGHT))
    assert result.document is document


def test_settings_are_read_again_when_they_change(
    scripted_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted_server.default = reply(RIGHT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_EXTRACT_MODEL", "openai/gpt-one")
    monkeypatch.setenv("LLM_EXTRACT_BASE_URL", scripted_server.base_url)
    monkeypatch.setenv("LLM_EXTRACT_API_KEY", "sk-test")
    extract(ARTICLE)
    monkeypatch.setenv("LLM_EXTRACT_MODEL", "openai/gpt-two")
    extract(ARTICLE)
    monkeypatch.delenv("LLM_EXTRACT_MODEL")
    (tmp_path / "llm-extract.toml").write_text('model = "openai/gpt-three"\n')
    extract(ARTICLE)
    assert [request.body["model"] for request in scripted_server.requests] == ["gpt-one", "gpt-two", "gpt-three"]


def test_a_name_cannot_leave_the_folder_of_tasks() -> None:
    with pytest.raises(TaskError, match="no task"):
        extract(ARTICLE, task="../prompts/it_contracts", model=FakeModel(RIGHT))


@pytest.mark.parametrize(("article", "published"), [(Path("a.txt"), None), (b"bytes", None), (ARTICLE, "2021-05-09")])
def test_what_is_no_article_or_no_day_is_said_before_a_call(article: Any, published: Any) -> None:
    model = FakeModel(RIGHT)
    with pytest.raises(UsageError):
        extract(article, model=model, published=published)
    assert model.requests == []


def test_a_moment_of_publication_counts_as_its_day() -> None:
    text = "Orla Bank signed a contract with Venn on 3 March."
    said = answer({"buyers": ["Orla Bank"], "signed": "3 March"})
    result = extract(text, model=FakeModel(said), published=datetime(2021, 5, 9, 10, 30))
    assert result.record.contracts[0].signed == "2021-03-03"


# --- a small model with an adapter, over HTTP -----------------------------------------------------

LINES = {
    "Deal": "award = signed a contract",
    "Main": "yes",
    "Buyer": "Ellerby County Council",
    "Value": "up to £18.4m",
    "Term": "five-year",
}


def fills(request: RecordedRequest) -> Reply:
    """One entry, and the probability of the first token of every line: 0.4 for the sum, else 0.9."""
    prompt = request.body["prompt"]
    label = prompt.rpartition("\n")[2].removesuffix(":")
    entry = prompt.rpartition("\n\nForm:\n")[2]
    said = "none" if label == "Deal" and "Deal: " in entry else LINES.get(label, "none")
    sure = math.log(0.4 if label == "Value" else 0.9)
    told: dict[str, Any] = {"index": 0, "text": f" {said}", "finish_reason": "stop"}
    if request.body.get("logprobs"):
        told["logprobs"] = {"content": [{"token": f" {said}", "logprob": sure, "top_logprobs": []}]}
    completion = {"object": "text_completion", "model": "small", "choices": [told], "usage": {"prompt_tokens": 9}}
    return raw(200, json.dumps(completion).encode(), "application/json")


def tuned(server: ScriptedServer, settings: Settings, folder: Path, **described: Any) -> NamedModel:
    """A small model behind the server with an adapter of it_contracts in this folder."""
    write_adapter(folder, base="small", **described)
    endpoint = Endpoint(
        name="small",
        provider="test",
        model="small",
        base_url=server.base_url,
        capabilities=Capabilities(decompose=True, grammar="llama_cpp"),
        adapter=folder,
    )
    return NamedModel(endpoint, settings)


def test_a_small_model_s_confidence_stands_beside_each_quote(
    scripted_server: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    scripted_server.respond = fills
    result = extract(ARTICLE, model=tuned(scripted_server, settings, tmp_path / "adapter"), settings=settings)
    told = json.loads(result.model_dump_json())["evidence"]
    assert told["contracts[0].value"]["confidence"] == pytest.approx(0.4)
    assert told["contracts[0].buyers[0]"]["confidence"] == pytest.approx(0.9)
    assert told["article.headline"]["confidence"] is None
    assert read_extraction(result.model_dump_json()).evidence == result.evidence


def test_an_answer_from_the_cache_is_as_sure_as_it_was(
    scripted_server: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    scripted_server.respond = fills
    model = tuned(scripted_server, settings, tmp_path / "adapter")
    first = extract(ARTICLE, model=model, settings=settings)
    asked = len(scripted_server.requests)
    kept = extract(ARTICLE, model=model, settings=settings)
    replayed = extract(ARTICLE + "\n", model=model, settings=settings)  # the same lines of another text
    assert len(scripted_server.requests) == asked
    assert (kept.usage.cached_calls, replayed.usage.cached_calls) == (1, asked)
    assert kept.evidence == replayed.evidence == first.evidence


def test_a_new_calibration_is_heeded_without_asking_again(
    scripted_server: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    """The weights stay, and with them the name of the model, and all answers."""
    scripted_server.respond = fills
    model = tuned(scripted_server, settings, tmp_path / "adapter")
    before = extract(ARTICLE, model=model, settings=settings)
    asked = len(scripted_server.requests)
    measured = {"lines": {"contracts[].value": -math.log(6)}}  # odds of 2 to 3 are worth 1 to 9
    again = tuned(scripted_server, settings, tmp_path / "adapter", confidence=measured, least_confidence=0.2)
    after = Extractor[Any](model=again, settings=settings).extract(ARTICLE)
    assert before.record.contracts[0].value is not None
    assert after.record.contracts[0].value is None
    assert [issue.message for issue in after.issues] == ["its confidence is 0.10, less than 0.20"]
    assert len(scripted_server.requests) == asked


def test_another_least_confidence_is_another_result(
    scripted_server: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    scripted_server.respond = fills
    model = tuned(scripted_server, settings, tmp_path / "adapter")
    strict = settings.model_copy(update={"min_confidence": 0.5})
    amounts = [extract(ARTICLE, model=model, settings=each).record.contracts[0].value for each in (settings, strict)]
    assert amounts[0].amount == 18_400_000
    assert amounts[1] is None


async def test_an_archive_s_results_are_as_sure(
    scripted_server: ScriptedServer, settings: Settings, tmp_path: Path
) -> None:
    """What grounds answers in other processes knows no confidence: these are grounded here."""
    scripted_server.respond = fills
    extractor: Extractor[Any] = Extractor(
        model=tuned(scripted_server, settings, tmp_path / "adapter"), settings=settings
    )

    async def elsewhere(*_: Any) -> None:
        pytest.fail("grounded elsewhere")

    document = Document.from_text(ARTICLE)
    key, kept = extractor.kept_json(document)
    assert kept is None
    finished = await extractor.aextract_json(document, key, elsewhere)
    assert json.loads(finished.kept)["evidence"]["contracts[0].value"]["confidence"] == pytest.approx(0.4)


# --- fields with aliases --------------------------------------------------------------------------


class Aliased(BaseModel):
    buyer: OrganisationName = Field(alias="buyerName")
    seller: OrganisationName | None = Field(default=None, alias="sellerName")


def test_fields_with_aliases_are_read_back_by_name_and_by_alias() -> None:
    said = {"buyer": "Halden Foods", "seller": "Vega Tools"}
    result = extract("Halden Foods bought it from Vega Tools.", schema=Aliased, model=FakeModel(said))
    for by_alias in (False, True):
        dumped = result.model_dump_json(by_alias=by_alias)
        assert read_extraction(dumped, schema=Aliased) == result


def test_results_with_aliases_are_kept() -> None:
    said = {"buyer": "Halden Foods", "seller": "Vega Tools"}
    result = extract("Halden Foods bought it from Vega Tools.", schema=Aliased, model=FakeModel(said))
    task = task_for_schema(Aliased)
    made = made_json(task, result)
    kept = kept_result(task, made.kept, 0.0)
    assert made.reads_back
    assert kept is not None
    assert kept.record == result.record


class Priced(BaseModel):
    """With fields that are computed, and none besides."""

    model_config = ConfigDict(extra="forbid")

    price: Money | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def large(self) -> bool:
        return self.price is not None and self.price.amount > 1_000_000


def test_a_result_with_computed_fields_is_read_back_and_kept() -> None:
    result = extract("Halden Foods paid £3m.", schema=Priced, model=FakeModel({"price": "£3m"}))
    assert json.loads(result.model_dump_json())["record"]["large"] is True
    assert read_extraction(result.model_dump_json(), schema=Priced) == result
    assert made_json(task_for_schema(Priced), result).reads_back


def test_a_result_can_be_pickled() -> None:
    result = extract("Halden Foods paid £3m.", schema=Priced, model=FakeModel({"price": "£3m"}))
    again = pickle.loads(pickle.dumps(result))
    assert again == result
    assert type(again) is type(result)


def test_a_result_of_a_task_in_files_can_be_unpickled_by_a_process_that_never_saw_it(tmp_path: Path) -> None:
    answer = {"article": dict.fromkeys(("headline", "publisher", "author", "published")), "contracts": []}
    result = extract("Nothing was bought today.", model=FakeModel(answer))
    (tmp_path / "result").write_bytes(pickle.dumps(result))
    program = "import pickle; print(pickle.load(open('result', 'rb')).record.contracts)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_type_of_a_result_follows_the_schema() -> None:
    """Checked by mypy, like all tests; run, it only shows that nothing fails."""
    model = FakeModel({"price": "£3m"})
    result = assert_type(extract("Halden Foods paid £3m.", schema=Priced, model=model), Extraction[Priced])
    assert_type(Extractor(schema=Priced, model=model), Extractor[Priced])
    for outcome in extract_many(["Halden Foods paid £3m."], schema=Priced, model=model):
        assert outcome.result is not None
        assert assert_type(outcome.result.record, Priced) == result.record
    untyped = Extractor(model=model)
    assert_type(untyped, Extractor[Any])


def test_a_schema_in_the_place_of_a_task_is_told() -> None:
    with pytest.raises(TaskError, match="a pydantic model goes as `schema=`"):
        extract("Halden Foods paid £3m.", task=Priced, model=FakeModel({}))  # type: ignore[arg-type]


class Dated(BaseModel):
    published: Annotated[date | None, FromPage("published")] = None
    signed: PartialDate | None = None


def test_a_day_of_publication_that_is_a_date_is_what_dates_are_counted_from() -> None:
    text = "Published: 14 September 2023\n\nHalden Foods signed on 17 May."
    result = extract(text, schema=Dated, model=FakeModel({"published": None, "signed": "17 May"}))
    assert (result.record.published, result.record.signed) == (date(2023, 9, 14), "2023-05-17")
    assert extract(text, schema=Dated, model=FakeModel({"published": "14 September 2023", "signed": None})).record == (
        Dated(published=date(2023, 9, 14))
    )
