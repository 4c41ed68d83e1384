"""Bodies, cache keys and the JSON of answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from llm_extract.model.types import Endpoint, Mode, Request, Sampling
from llm_extract.model.wire import answer_text, body, request_key, short_complaint, structure
from tests.model.asking import SCHEMA, endpoint, request

PLACE = endpoint("http://127.0.0.1:9/v1")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)
WORDS = st.text(st.characters(exclude_characters="{}[]`<>"), max_size=30)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 2]))
def test_a_json_object_comes_through_bare_and_fenced(value: dict[str, Any], ascii_only: bool, indent: int) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    for content in (
        text,
        f" \n{text}\n ",
        f"```json\n{text}\n```",
        f"```\n{text}\n```",
        f"<think>x{text}</think>{text}",
    ):
        if "```" not in text and "</think>" not in text:
            assert json.loads(answer_text(content)) == value


@given(WORDS, OBJECTS, WORDS)
def test_words_around_one_object_are_taken_off(before: str, value: dict[str, Any], after: str) -> None:
    text = json.dumps(value)
    assert answer_text(before + text + after) == text


@given(OBJECTS, WORDS, OBJECTS)
def test_two_objects_are_never_told_apart(first: dict[str, Any], between: str, second: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="more than one JSON object"):
        answer_text(json.dumps(first) + between + json.dumps(second))


@given(st.text())
def test_any_text_gives_sound_json_or_a_value_error(content: str) -> None:
    try:
        text = answer_text(content)
    except ValueError:
        return
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name)) is not None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("nothing here", "no JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "1e999 is too large"),
        ('{"a": 1, "a": 2}', "occurs twice"),
        ("{" + '"a": {' * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 10_000 + "}", "digits"),
        ("{" + " " * 2_000_000, "longer than"),
        ('{"a": 1}}', "exactly one"),
    ],
)
def test_what_is_wrong_is_said(content: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        answer_text(content)


def test_a_complaint_is_short_and_names_the_places() -> None:
    class Row(BaseModel):
        amount: int

    class Table(BaseModel):
        rows: list[Row]

    with pytest.raises(ValidationError) as caught:
        Table.model_validate({"rows": [{"amount": "many"}] * 500})
    lines = short_complaint(caught.value).splitlines()
    assert lines[0].startswith("rows.0.amount: Input should be a valid integer")
    assert lines[-1] == "and 494 more errors"
    assert len(lines) == 7
    assert len(short_complaint(ValueError("word " * 10_000))) == 200


# --- keys -----------------------------------------------------------------------------------------

DIFFERENT: list[tuple[Endpoint, Request]] = [
    (PLACE, request()),
    (PLACE, request("another article")),
    (PLACE, request(messages=request().messages[:1])),
    (PLACE, request(messages=())),
    (PLACE, request(messages=(), prompt="")),
    (PLACE, request(messages=(), prompt="List the contracts.")),
    (PLACE, request(response_schema=None)),
    (PLACE, request(response_schema=SCHEMA._replace(fingerprint="1" * 64))),
    (PLACE, request(grammar="start: /a/")),
    (PLACE, request(sampling=Sampling(temperature=0.5))),
    (PLACE, request(sampling=Sampling(temperature=None))),
    (PLACE, request(sampling=Sampling(top_p=0.5))),
    (PLACE, request(sampling=Sampling(seed=1))),
    (PLACE, request(sampling=Sampling(max_output_tokens=99))),
    (PLACE, request(stop=("\n",))),
    (PLACE, request(repeat=1)),
    (PLACE, request(logprobs=True)),
    (endpoint("http://127.0.0.1:9/v1", model="another"), request()),
    (endpoint("http://127.0.0.1:8/v1"), request()),
    (endpoint("http://127.0.0.1:9/v1", modes=("json_object",)), request()),
    (endpoint("http://127.0.0.1:9/v1", grammar="vllm"), request()),
    (endpoint("http://127.0.0.1:9/v1", sampling=False), request()),
]


def test_everything_that_changes_the_answer_changes_the_key() -> None:
    keys = [request_key(*one) for one in DIFFERENT]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 64 for key in keys)


def test_what_does_not_change_the_answer_does_not_change_the_key() -> None:
    key = request_key(PLACE, request())
    assert request_key(PLACE.model_copy(update={"name": "alias", "api_key": None}), request()) == key
    assert request_key(PLACE.model_copy(update={"base_url": PLACE.base_url + "/"}), request()) == key
    assert request_key(endpoint(PLACE.base_url, max_tokens_parameter="max_tokens"), request()) == key
    assert request_key(PLACE, request(logprobs=False)) == key


def test_a_key_is_the_same_in_every_process_and_release() -> None:
    # Changing this line means that all caches are void: raise FORMAT_VERSION with it.
    assert request_key(PLACE, request()).startswith("f2404cb3e88ab2af")


def test_lone_surrogates_have_a_key_and_a_body() -> None:
    odd = request("half a character: \ud83d")
    assert request_key(PLACE, odd) != request_key(PLACE, request("half a character: "))
    sent = json.loads(body(PLACE, PLACE.capabilities, odd, None, max_output_tokens=1))
    assert sent["messages"][1]["content"] == "half a character: \ud83d"


# --- bodies ---------------------------------------------------------------------------------------


def sent(place: Endpoint, asked: Request, mode: Mode | None = None, **options: Any) -> dict[str, Any]:
    fields = structure(SCHEMA, mode) if mode else None
    content = body(place, place.capabilities, asked, fields, **({"max_output_tokens": 4096} | options))
    told: dict[str, Any] = json.loads(content)
    return told


def test_a_strict_schema_goes_over_instructors() -> None:
    assert sent(PLACE, request(), "json_schema") == {
        "model": "scripted-model",
        "messages": [
            {"role": "system", "content": "List the contracts."},
            {"role": "user", "content": "Rye port buys a crane."},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "tiny", "strict": True, "schema": SCHEMA.schema},
        },
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 0,
        "max_completion_tokens": 4096,
    }


def test_a_tool_is_forced_by_name() -> None:
    told = sent(PLACE, request(), "tools")
    function = told["tools"][0]["function"]
    assert (function["name"], function["strict"], function["parameters"]) == ("tiny", True, SCHEMA.schema)
    assert told["tool_choice"] == {"type": "function", "function": {"name": "tiny"}}
    assert "response_format" not in told


def test_a_json_object_has_the_schema_in_the_system_message() -> None:
    told = sent(PLACE, request(), "json_object")
    assert told["response_format"] == {"type": "json_object"}
    assert told["messages"][0]["content"].startswith("List the contracts.\n\nAnswer with one JSON object")
    assert json.dumps(SCHEMA.schema) in told["messages"][0]["content"]
    alone = sent(PLACE, request(messages=request().messages[1:]), "json_object")
    assert [one["role"] for one in alone["messages"]] == ["system", "user"]


def test_structures_and_requests_are_not_altered_by_use() -> None:
    asked, fields = request(), structure(SCHEMA, "json_object")
    before = json.dumps([asked.messages, fields])
    for _ in range(2):
        body(PLACE, PLACE.capabilities, asked, fields, max_output_tokens=1, complaint="wrong")
    assert json.dumps([asked.messages, fields]) == before


def test_probabilities_are_asked_for_only_where_they_are_wanted() -> None:
    line = request(messages=(), prompt="Buyer:", response_schema=None)
    assert "logprobs" not in sent(PLACE, line)
    assert sent(PLACE, line._replace(logprobs=True)) == sent(PLACE, line) | {"logprobs": 10}


def test_a_prompt_to_be_read_anew_is_so_where_a_beginning_may_be_kept() -> None:
    line = request(messages=(), prompt="Buyer:", response_schema=None, anew=True)
    llama_cpp, vllm = (endpoint(PLACE.base_url, grammar=dialect) for dialect in ("llama_cpp", "vllm"))
    assert sent(llama_cpp, line) == sent(llama_cpp, line._replace(anew=False)) | {"cache_prompt": False}
    assert sent(vllm, line) == sent(vllm, line._replace(anew=False))
    assert request_key(llama_cpp, line) == request_key(llama_cpp, line._replace(anew=False))


def test_capabilities_decide_what_is_sent() -> None:
    plain = endpoint(PLACE.base_url, sampling=False, max_tokens_parameter="max_tokens")
    told = sent(plain, request(stop=("\n\n",)))
    assert set(told) == {"model", "messages", "max_tokens", "stop"}
    assert "temperature" not in sent(PLACE, request(sampling=Sampling(temperature=None)))


@pytest.mark.parametrize(
    ("dialect", "field", "value"),
    [
        ("llama_cpp", "grammar", "%llguidance {}\nstart: /a/"),
        ("vllm", "structured_outputs", {"grammar": "start: /a/"}),
        ("sglang", "ebnf", "start: /a/"),
    ],
)
def test_a_grammar_goes_into_each_dialects_own_field(dialect: str, field: str, value: Any) -> None:
    place = endpoint(PLACE.base_url, grammar=dialect)
    asked = request(grammar="start: /a/")
    assert sent(place, asked)[field] == value
    assert sent(place, asked._replace(messages=(), prompt="Go:"))[field] == value
    marked = request(grammar="%llguidance {}\nstart: /a/")
    assert json.dumps(sent(place, marked)).count("%llguidance") == 1


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("llama_cpp", {"json_schema": SCHEMA.schema}),
        ("vllm", {"structured_outputs": {"json": SCHEMA.schema}}),
        ("sglang", {"json_schema": json.dumps(SCHEMA.schema)}),
        (None, {}),
    ],
)
def test_a_plain_completion_asks_for_its_schema_in_the_dialects_way(
    dialect: str | None, fields: dict[str, Any]
) -> None:
    place = endpoint(PLACE.base_url, grammar=dialect)
    told = sent(place, request(messages=(), prompt="Go:"))
    common = {"model", "prompt", "temperature", "top_p", "seed", "max_tokens"}
    assert {name: value for name, value in told.items() if name not in common} == fields


def test_a_chat_is_told_what_was_wrong_and_a_plain_completion_gets_another_seed() -> None:
    told = sent(PLACE, request(), complaint="amount: not a number", retried=1)
    assert [one["role"] for one in told["messages"]] == ["system", "user", "user"]
    assert "amount: not a number" in told["messages"][2]["content"]
    plain = sent(PLACE, request(messages=(), prompt="Go:"), complaint="amount: not a number", retried=2)
    assert (plain["prompt"], plain["seed"], plain["temperature"]) == ("Go:", 2, 0.5)
