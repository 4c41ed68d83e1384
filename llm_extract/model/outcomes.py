"""What one call came to: every status, header and body, or failure to get one, put into a named outcome.

Pure functions, no I/O. An outcome's name decides by `KINDS` what is done about it:

    deliver    ok
    wait       transient, bad_response            the same call again, later
    reask      invalid_answer                     a fresh prompt with the error
    grow       truncated                          the same call with more room, once
    step_down  unsupported                        the same call without the feature that was rejected
    permanent  context_too_long, request_rejected, content_filtered, refused     this article fails
    fatal      authentication_failed, quota_exhausted, model_unavailable, model_mismatch     the run stops
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json

from llm_extract import errors
from llm_extract.model.types import Completion

OutcomeName = Literal[
    "ok",
    "transient",
    "bad_response",
    "invalid_answer",
    "truncated",
    "unsupported",
    "context_too_long",
    "request_rejected",
    "content_filtered",
    "refused",
    "authentication_failed",
    "quota_exhausted",
    "model_unavailable",
    "model_mismatch",
]
Course = Literal["deliver", "wait", "reask", "grow", "step_down", "permanent", "fatal"]
Feature = Literal["mode", "sampling", "max_tokens"]

LONGEST_WAIT = 86_400.0
"""Seconds: a Retry-After beyond a day is taken as a day."""
LONGEST_MESSAGE = 300
"""Characters of an endpoint's own words that are kept."""


class Kind(NamedTuple):
    """What an outcome's name stands for."""

    course: Course
    error: type[errors.ExtractionError] | type[errors.FatalError]
    """Raised if the answer ends with this outcome."""
    advice: str = ""
    """What the user can do about it."""


KINDS: Mapping[OutcomeName, Kind] = {
    "ok": Kind("deliver", errors.BadResponse),
    "transient": Kind("wait", errors.EndpointUnavailable),
    "bad_response": Kind("wait", errors.BadResponse, "check the base URL, and what stands before the endpoint"),
    "invalid_answer": Kind("reask", errors.InvalidAnswer),
    "truncated": Kind("grow", errors.Truncated, "raise max_output_tokens"),
    "unsupported": Kind("step_down", errors.RequestRejected, "the endpoint's capabilities can be set by hand"),
    "context_too_long": Kind("permanent", errors.ContextTooLong, "shorten the article or take a larger model"),
    "request_rejected": Kind("permanent", errors.RequestRejected),
    "content_filtered": Kind("permanent", errors.ContentFiltered),
    "refused": Kind("permanent", errors.Refused),
    "authentication_failed": Kind("fatal", errors.AuthenticationFailed, "check the key and what it may use"),
    "quota_exhausted": Kind("fatal", errors.QuotaExhausted, "top up the account or raise its limit"),
    "model_unavailable": Kind("fatal", errors.ModelUnavailable, "check the model's name and the base URL"),
    "model_mismatch": Kind("fatal", errors.ModelMismatch, 'or accept it: on_model_mismatch = "warn"'),
}


class Outcome(NamedTuple):
    """What one call came to."""

    name: OutcomeName
    message: str = ""
    status: int | None = None
    """Of the response."""
    request_id: str | None = None
    wait: float | None = None
    """Seconds that the endpoint asked to wait; None if it did not say."""
    feature: Feature | None = None
    """Of `unsupported`: what the endpoint rejected."""
    completion: Completion | None = None
    """Of `ok`: the whole answer."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reached: bool = True
    """Whether the request may have reached the endpoint, and may be billed without an answer."""
    inner_status: int | None = None
    """Of an error in the body of a 200: the status that it would have had."""

    @property
    def course(self) -> Course:
        """What is done about it."""
        return KINDS[self.name].course


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The outcome of an HTTP response of either completions endpoint.

    `headers` has lower-case names, or ignores case. Never raises, whatever the bytes.
    """
    request_id = headers.get("x-request-id")
    try:
        data = from_json(body)
    except ValueError:
        data = None
    if 200 <= status < 300:
        outcome = _completion(status, data, body, request_id)
    else:
        outcome = _error(status, _said(data, body))
        if 300 <= status < 400:
            outcome = outcome._replace(message=f"it redirects to {headers.get('location', 'another address')}")
    wait = asked_wait(headers) if outcome.course == "wait" else None
    return outcome._replace(status=status, request_id=request_id, wait=wait)


def classify_exception(error: BaseException, *, connected: bool = True) -> Outcome:
    """The outcome of a call that got no response: refused, reset, cut or timed out. All are transient.

    `connected`: whether the request may have been sent.
    """
    cause = error.__cause__ or error
    words = f"{type(cause).__name__}: {cause}".rstrip(": ")
    return Outcome("transient", _short(f"no {'response' if connected else 'connection'} ({words})"), reached=connected)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that the headers ask to wait, from 0 to a day; None if they do not say.

    `Retry-After` as a date is counted from the response's own `Date`, so that neither clock matters.
    """
    milliseconds = headers.get("retry-after-ms")
    seconds = headers.get("retry-after")
    wait = _number(milliseconds)
    if wait is not None:
        wait /= 1000
    elif seconds is not None:
        wait = _number(seconds)
        if wait is None:
            until, now = _timestamp(seconds), _timestamp(headers.get("date"))
            if until is not None:
                wait = until - (time.time() if now is None else now)
    return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT)


def same_model(asked: str, answered: str) -> bool:
    """Whether `answered` is the model `asked` for: provider prefixes, file endings and aliases aside.

    A dated snapshot is its model ("gpt-5-mini-2025-08-07" for "gpt-5-mini"), but not another snapshot.
    An empty name says nothing, and is taken as the same.
    """
    if asked == answered or not answered or not asked:
        return True
    a, b = _plain_name(asked), _plain_name(answered)
    if a == b:
        return True
    base_a, base_b = _SNAPSHOT.sub("", a), _SNAPSHOT.sub("", b)
    return base_a == base_b and (a == base_a or b == base_b)


_SNAPSHOT = re.compile(r"[-@:](\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3}|\d{2}-\d{2})$")


def _plain_name(name: str) -> str:
    name = name.rstrip("/").rsplit("/", 1)[-1].lower()
    return name.removesuffix(".gguf").removesuffix("-latest").removesuffix(":latest")


# --- errors ---------------------------------------------------------------------------------------


class _Said(NamedTuple):
    """What an error's body says, whatever its form."""

    message: str
    labels: str
    """Code, type and further details, in lower case."""
    param: str


def _said(data: Any, body: bytes) -> _Said:
    if isinstance(data, list) and data:
        data = data[0]
    error = data.get("error", data) if isinstance(data, dict) else None
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or error.get("error") or ""
        labels = [error.get(name) for name in ("code", "type", "status", "metadata", "innererror")]
        return _Said(
            _short(message if isinstance(message, str) else json.dumps(message)),
            " ".join(str(label) for label in labels if label is not None).lower(),
            str(error.get("param") or ""),
        )
    text = error if isinstance(error, str) else body[:2000].decode("utf-8", "replace")
    return _Said(_short(text), "", "")


# What endpoints write; lower case. OpenAI, Azure, OpenRouter, vLLM, SGLang, llama.cpp, Ollama and others.
_QUOTA = re.compile(r"insufficient_quota|billing_hard_limit|insufficient (balance|credit|fund)|exceeded_current_quota")
_FILTER = re.compile(r"content_filter|content_policy|content management policy|responsibleai|flagged")
_CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|context (length|window|size)|prompt is too long"
    r"|input is too long|longer than the model|maximum input length|too many (input )?tokens"
)
_MODEL = re.compile(r"model_not_found|unknown_model|invalid_model|deploymentnotfound|model .{0,80}does not exist")
_TOO_LARGE = re.compile(r"request too large|larger than the (limit|quota)")
_MODE = re.compile(
    r"response_?format|json_?schema|json_object|json mode|structured.outputs?|guided|tool_choice|\btools?\b"
    r"|tool (use|calling)|function.call|\bgrammar\b|\bebnf\b"
)
_SAMPLING = re.compile(r"\b(temperature|top_p|seed)\b")
_MAX_TOKENS = re.compile(r"\bmax_(completion_)?tokens\b")
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|unrecognized|unknown|extra|not permitted|not allowed|does not support"
)


def _error(status: int, said: _Said) -> Outcome:
    """The outcome of a status that is no success."""
    text = f"{said.labels} {said.message.lower()}"
    name: OutcomeName = "request_rejected"
    feature: Feature | None = None
    if status == 402 or _QUOTA.search(text):
        name = "quota_exhausted"
    elif status == 401:
        name = "authentication_failed"
    elif status in (400, 403, 422) and _FILTER.search(text):
        name = "content_filtered"
    elif status == 403:
        name = "authentication_failed"
    elif status in (400, 413, 422, 500) and _CONTEXT.search(text):
        name = "context_too_long"
    elif status == 429 and _TOO_LARGE.search(text):
        name = "request_rejected"  # More tokens in one request than are allowed a minute: never fits.
    elif status in (408, 409, 429) or (status >= 500 and status not in (501, 505)):
        name = "transient"
    elif status in (400, 404, 422) and _MODEL.search(text):
        name = "model_unavailable"
    elif status in (400, 404, 422, 501):
        feature = _rejected_feature(said, text)
        if feature is not None:
            name = "unsupported"
        elif status == 404:
            name = "model_unavailable"
    elif 300 <= status < 400 or status == 405:
        name = "model_unavailable"
    return Outcome(name, f"status {status}: {said.message}".rstrip(": "), feature=feature)


def _rejected_feature(said: _Said, text: str) -> Feature | None:
    param = said.param
    if param in ("temperature", "top_p", "seed") or (_SAMPLING.search(text) and _UNSUPPORTED.search(text)):
        return "sampling"
    if _MAX_TOKENS.search(f"{param} {text}") and _UNSUPPORTED.search(text):
        return "max_tokens"
    if _MODE.search(f"{param} {text}"):
        return "mode"
    return None


# --- completions ----------------------------------------------------------------------------------

# Lists, since an endpoint may put anything there, hashable or not.
_WHOLE = ["stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "eos", "eos_token"]
_CUT = ["length", "max_tokens", "model_length"]
_FILTERED = ["content_filter", "safety", "recitation", "prohibited_content"]
_ERROR_STATUS = re.compile(r"[45][0-9]{2}")


def _completion(status: int, data: Any, body: bytes, request_id: str | None) -> Outcome:
    """The outcome of a response with a status of success."""
    if not isinstance(data, dict):
        what = "an empty body" if not body.strip() else f"no JSON object: {_short(_said(None, body).message, 120)}"
        return Outcome("bad_response", f"status {status} with {what}")
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    for holder in (data, choice):
        # Gateways put an error that came after their headers into a 200.
        if isinstance(holder, dict) and holder.get("error"):
            error = holder["error"]
            code = str(error.get("code")) if isinstance(error, dict) else ""  # a number, or the same as a string
            inner = int(code) if _ERROR_STATUS.fullmatch(code) else 502
            return _error(inner, _said(holder, b""))._replace(inner_status=inner)
    if not isinstance(choice, dict):
        return Outcome("bad_response", "a completion without choices")

    finish = choice.get("finish_reason")
    content, refusal, several = _content(choice)
    usage = _dict(data.get("usage"))
    spent = Outcome(
        "ok",
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_input_tokens=_count(_dict(usage.get("prompt_tokens_details")).get("cached_tokens")),
    )
    if finish in _CUT:
        return spent._replace(name="truncated", message=f"cut after {spent.output_tokens} tokens")
    if finish in _FILTERED:
        return spent._replace(name="content_filtered", message=f"it ended with finish_reason {finish!r}")
    if refusal:
        return spent._replace(name="refused", message=f"the model declined: {_short(refusal)}")
    if several:
        return spent._replace(name="invalid_answer", message="more than one tool call: call the tool once")
    if not isinstance(content, str) or not content.strip():
        return spent._replace(name="bad_response", message="a completion without content")
    if finish not in _WHOLE:
        return spent._replace(name="bad_response", message=f"it ended with finish_reason {finish!r}")
    model = data.get("model")
    told = _list(_dict(choice.get("logprobs")).get("content"))
    completion = Completion(
        content=content,
        finish_reason=finish,
        model=model if isinstance(model, str) else "",
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cached_input_tokens=spent.cached_input_tokens,
        request_id=request_id,
        tokens=_tokens(told),
        beginnings=_tokens(_list(_dict(told[0]).get("top_logprobs"))) if told else (),
    )
    return spent._replace(completion=completion)


def _tokens(told: list[Any]) -> tuple[tuple[str, float], ...]:
    """Tokens with their log probabilities, as llama.cpp tells them; none if one of them is not told."""
    tokens = []
    for each in told:
        token, logprob = _dict(each).get("token"), _dict(each).get("logprob")
        if not isinstance(token, str) or not isinstance(logprob, int | float) or not math.isfinite(logprob):
            return ()
        tokens.append((token, float(logprob)))
    return tuple(tokens)


def _content(choice: dict[str, Any]) -> tuple[Any, str | None, bool]:
    """A choice's content, its refusal, and whether it holds several tool calls."""
    message = choice.get("message")
    if not isinstance(message, dict):
        return choice.get("text"), None, False
    refusal = message.get("refusal") if isinstance(message.get("refusal"), str) else None
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        function = calls[0].get("function") if isinstance(calls[0], dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        return arguments, refusal, len(calls) > 1
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    return content, refusal, False


# --- small parts ----------------------------------------------------------------------------------


_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What an endpoint's words could do to a terminal with."""


def _short(text: str, length: int = LONGEST_MESSAGE) -> str:
    words = " ".join(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text[: 4 * length]).split())
    return words if len(words) <= length else words[: length - 1] + "…"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _timestamp(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text is not None else None
    except (ValueError, OverflowError):
        return None
