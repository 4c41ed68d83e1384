"""Classification: what endpoints are known to say, and anything else that a socket can bring."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.model.outcomes import KINDS, OutcomeName, classify, classify_exception, same_model
from llm_extract.model.types import Completion

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def shaped(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object that may lack any of its members, or anything else in its place."""
    return st.fixed_dictionaries({}, optional=members) | JSON


CALLS = st.lists(shaped(function=shaped(arguments=st.just("{}") | JSON)), max_size=2)
MESSAGES = shaped(content=st.just("{}") | JSON, refusal=JSON, tool_calls=CALLS | JSON)
FINISHED = st.sampled_from(["stop", "length", "content_filter", "tool_calls", "?"])
CHOICES = shaped(finish_reason=FINISHED | JSON, message=MESSAGES, text=JSON, error=JSON)
USAGE = shaped(prompt_tokens=JSON, completion_tokens=JSON, prompt_tokens_details=JSON)
ERRORS = shaped(message=JSON, code=st.integers(390, 610) | JSON, type=JSON, param=JSON)
BODIES = shaped(choices=st.lists(CHOICES, max_size=2) | JSON, usage=USAGE, error=ERRORS, model=JSON)


@given(st.sampled_from([200, 200, 200, 201, 302, 400, 404, 422, 429, 500]), BODIES)
def test_any_response_has_an_outcome_and_only_a_whole_completion_is_ok(status: int, body: Any) -> None:
    outcome = classify(status, {}, json.dumps(body).encode())
    assert outcome.status == status
    assert isinstance(outcome.message, str)
    assert outcome.name == "ok" or outcome.message
    assert (outcome.name == "ok") == (outcome.completion is not None)
    assert min(outcome.input_tokens, outcome.output_tokens, outcome.cached_input_tokens) >= 0
    if outcome.completion is not None:
        assert 200 <= status < 300
        assert outcome.completion.content.strip()
        assert body["choices"][0]["finish_reason"] in ("stop", "tool_calls")


@given(st.integers(100, 599), st.binary(max_size=60))
def test_bytes_that_are_no_json_are_never_ok(status: int, body: bytes) -> None:
    outcome = classify(status, {}, body)
    assert outcome.name != "ok"
    assert outcome.name in KINDS


def said(status: int, message: str = "", **fields: Any) -> OutcomeName:
    return classify(status, {}, json.dumps({"error": {"message": message, **fields}}).encode()).name


@pytest.mark.parametrize(
    ("status", "message", "fields", "expected"),
    [
        (429, "Rate limit reached", {"code": "rate_limit_exceeded"}, "transient"),
        (429, "You exceeded your current quota", {"code": "insufficient_quota"}, "quota_exhausted"),
        (
            429,
            "Request too large for m on tokens per min (TPM): Limit 1, Requested 2",
            {},
            "request_rejected",
        ),
        (400, "Invalid value for messages", {}, "request_rejected"),
        (413, "Payload too large", {}, "request_rejected"),
        (422, "n must be 1", {}, "request_rejected"),
        (400, "maximum context length is 8192 tokens", {}, "context_too_long"),
        (400, "", {"code": "context_length_exceeded"}, "context_too_long"),
        (400, "The model `x` does not exist", {}, "model_unavailable"),
        (404, "", {"code": "DeploymentNotFound"}, "model_unavailable"),
        (404, "No endpoints found that support tool use", {}, "unsupported"),
        (400, "response_format of type json_schema is not supported", {}, "unsupported"),
        (
            400,
            "Unsupported value: 'temperature' does not support 0.0",
            {"param": "temperature"},
            "unsupported",
        ),
        (400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'", {}, "unsupported"),
        (400, "max_tokens is too large: 99999. This model's context length is 8192", {}, "context_too_long"),
        (400, "blocked", {"innererror": {"code": "ResponsibleAIPolicyViolation"}}, "content_filtered"),
        (402, "", {}, "quota_exhausted"),
        (501, "not implemented", {}, "request_rejected"),
        (529, "Overloaded", {"type": "overloaded_error"}, "transient"),
    ],
)
def test_known_complaints(status: int, message: str, fields: dict[str, Any], expected: OutcomeName) -> None:
    assert said(status, message, **fields) == expected


@pytest.mark.parametrize(
    ("error", "inner", "expected"),
    [
        ({"code": 429}, 429, "transient"),
        ({"code": "429"}, 429, "transient"),
        ({"code": 429, "message": "insufficient_quota"}, 429, "quota_exhausted"),
        ({"code": 401}, 401, "authentication_failed"),
        ({"code": "400", "message": "n must be 1"}, 400, "request_rejected"),
        ({"code": 200}, 502, "transient"),
        ({"code": 4290}, 502, "transient"),
        ({"code": "rate"}, 502, "transient"),
        ({"code": True}, 502, "transient"),
        ("no provider is up", 502, "transient"),
    ],
)
@pytest.mark.parametrize("in_choice", [False, True])
def test_an_error_in_a_200_is_of_the_status_that_it_tells(
    error: Any, inner: int, expected: OutcomeName, in_choice: bool
) -> None:
    body = {"choices": [{"error": error}]} if in_choice else {"error": error}
    outcome = classify(200, {}, json.dumps(body).encode())
    assert (outcome.status, outcome.inner_status, outcome.name) == (200, inner, expected)
    assert classify(inner, {}, json.dumps(body).encode()).inner_status is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "told so"}}',
        b'{"error": "told so"}',
        b'{"message": "told so"}',
        b'{"detail": "told so"}',
        b'[{"error": {"message": "told so"}}]',
        b"told so",
    ],
)
def test_an_errors_words_are_found_in_whatever_form(body: bytes) -> None:
    assert classify(400, {}, body).message == "status 400: told so"


def line(logprobs: Any) -> Completion:
    """What is read of a completion with such `logprobs`."""
    choice = {"text": " Orla Bank", "finish_reason": "stop", "logprobs": logprobs}
    completion = classify(200, {}, json.dumps({"choices": [choice]}).encode()).completion
    assert completion is not None
    assert completion.content == " Orla Bank"
    return completion


def test_the_tokens_of_an_answer_are_read_with_their_probabilities() -> None:
    told = [{"id": 1, "token": " Orla", "logprob": -0.5, "top_logprobs": []}, {"token": " Bank", "logprob": 0}]
    assert line({"content": told}).tokens == ((" Orla", -0.5), (" Bank", 0.0))
    assert line({"content": told}).beginnings == ()


def test_what_an_answer_could_have_begun_with_is_read_of_its_first_token() -> None:
    first = [{"token": " none", "logprob": -0.4, "bytes": [32]}, {"token": " Orla", "logprob": -1}]
    then = [{"token": " Bank", "logprob": 0}]
    told = [{"token": " Orla", "logprob": -1, "top_logprobs": first}]
    told += [{"token": " Bank", "logprob": 0, "top_logprobs": then}]
    assert line({"content": told}).beginnings == ((" none", -0.4), (" Orla", -1.0))


@pytest.mark.parametrize("torn", [None, {}, [None], [{"token": " Orla"}], [{"token": " Or", "logprob": float("-inf")}]])
def test_torn_beginnings_are_none(torn: Any) -> None:
    read = line({"content": [{"token": " Orla", "logprob": -1, "top_logprobs": torn}]})
    assert read.beginnings == ()
    assert read.tokens == ((" Orla", -1.0),)


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {},
        [],
        {"content": None},
        {"content": []},
        {"tokens": [" Orla", " Bank"], "token_logprobs": [-0.5, 0.0]},
        {"content": [{"token": " Orla", "logprob": -0.5}, {"token": " Bank"}]},
        {"content": [{"token": " Orla", "logprob": None}]},
        {"content": [{"token": None, "logprob": -0.5}]},
        {"content": [{"token": " Orla", "logprob": float("-inf")}]},
        {"content": [{"token": " Orla", "logprob": float("nan")}]},
        {"content": ["Orla"]},
    ],
)
def test_an_answer_whose_probabilities_are_not_all_told_has_none(logprobs: Any) -> None:
    assert line(logprobs).tokens == ()


@given(JSON)
def test_any_probabilities_leave_the_answer_sound(logprobs: Any) -> None:
    read = line(logprobs)
    assert all(math.isfinite(logprob) for _, logprob in (*read.tokens, *read.beginnings))


def test_long_words_are_cut() -> None:
    assert len(classify(400, {}, b"word " * 100_000).message) < 320


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5-mini", "gpt-5-mini-2025-08-07"),
        ("openai/gpt-5-mini", "gpt-5-mini-2025-08-07"),
        ("gpt-4", "gpt-4-0613"),
        ("mistral-large-latest", "mistral-large-2411"),
        ("claude-sonnet-4", "claude-sonnet-4-20250514"),
        ("gemini-2.0-flash", "models/gemini-2.0-flash-001"),
        ("llama3.2", "llama3.2:latest"),
        ("Qwen/Qwen3-8B", "qwen3-8b"),
        ("smol", "/srv/models/smol.gguf"),
        ("m", ""),
    ],
)
def test_names_of_one_model(asked: str, answered: str) -> None:
    assert same_model(asked, answered)
    assert same_model(answered, asked)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-5", "gpt-5-mini"),
        ("gpt-5-mini", "gpt-5-mini-high"),
        ("gpt-5-mini-2025-08-07", "gpt-5-mini-2025-11-01"),
        ("llama-3-8b", "llama-3-70b"),
        ("gpt-4", "gpt-4-32k"),
    ],
)
def test_names_of_two_models(asked: str, answered: str) -> None:
    assert not same_model(asked, answered)
    assert not same_model(answered, asked)


def test_a_lost_connection_says_what_was_lost() -> None:
    outer = RuntimeError("Connection error.")
    outer.__cause__ = ConnectionResetError("reset by peer")
    outcome = classify_exception(outer)
    assert outcome.name == "transient"
    assert outcome.message == "no response (ConnectionResetError: reset by peer)"
