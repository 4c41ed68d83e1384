"""What is sent for a request, the key that it is cached under, and the JSON in what comes back.

Pure functions. The part of a body that asks for a schema comes from instructor's mode handlers; it is
made once per schema and mode, and each call only puts its messages and parameters beside it.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn

from pydantic import ValidationError

from llm_extract.model.types import Capabilities, Endpoint, Message, Mode, Request, ResponseSchema

FORMAT_VERSION = 1
"""Part of every cache key: raise it when the same request no longer means the same call."""
LONGEST_ANSWER = 2_000_000
"""Characters; longer answers are invalid without being looked at."""
BEGINNINGS = 10
"""How many of the likeliest tokens are asked for at each token of an answer."""


def request_key(endpoint: Endpoint, request: Request) -> str:
    """The cache key of a request: SHA-256 (64 hexadecimal digits) of everything that changes the answer.

    That is the model and base URL, messages or prompt, schema or grammar and the ways they can be asked
    for, sampling, stop sequences, the number of the repetition, and the version of this format. The
    key that pays, the endpoint's name and the retry policy are not part of it.
    """
    capabilities, sampling = endpoint.capabilities, request.sampling
    parts = [
        FORMAT_VERSION,
        # The model in the box has another port each time; its weights are part of the model's name.
        "" if endpoint.provider == "embedded" else endpoint.base_url.rstrip("/"),
        endpoint.model,
        request.messages,
        request.prompt,
        request.response_schema and request.response_schema.fingerprint,
        request.grammar,
        capabilities.modes,
        capabilities.grammar,
        [sampling.temperature, sampling.top_p, sampling.seed] if capabilities.sampling else None,
        sampling.max_output_tokens,
        request.stop,
        request.repeat,
        *(["logprobs", BEGINNINGS] if request.logprobs else []),
    ]
    return sha256(json.dumps(parts).encode("ascii")).hexdigest()


class Structure(NamedTuple):
    """How one schema is asked for in one mode."""

    fields: dict[str, Any]
    """Top-level fields of the body: `response_format`, or `tools` and `tool_choice`."""
    instruction: str = ""
    """Added to the system message."""
    written: str = ""
    """The JSON of `fields` without its brackets; empty: not made yet."""


def structure(schema: ResponseSchema, mode: Mode) -> Structure:
    """The part of a chat body that asks for `schema`. Costs milliseconds: made once, then kept."""
    from instructor.v2.core.mode import Mode as InstructorMode
    from instructor.v2.core.providers import Provider
    from instructor.v2.core.registry import mode_registry

    instructor_mode = {
        "json_schema": InstructorMode.JSON_SCHEMA,
        "tools": InstructorMode.TOOLS,
        "json_object": InstructorMode.JSON,
    }[mode]
    handlers = mode_registry.get_handlers(Provider.OPENAI, instructor_mode)
    _, fields = handlers.request_handler(schema.model, {"messages": []})
    del fields["messages"]
    # instructor sends pydantic's schema as it is; ours is strict and closed, so it goes over it.
    if mode == "json_schema":
        fields["response_format"]["json_schema"] = {
            "name": schema.name,
            "strict": True,
            "schema": schema.schema,
        }
    elif mode == "tools":
        function = fields["tools"][0]["function"]
        function |= {"name": schema.name, "parameters": schema.schema, "strict": True}
        fields["tool_choice"]["function"]["name"] = schema.name
    else:
        written = json.dumps(schema.schema, ensure_ascii=False)
        told = f"Answer with one JSON object that follows this JSON schema:\n{written}"
        return Structure(fields, told, _members(fields))
    return Structure(fields, written=_members(fields))


def body(
    endpoint: Endpoint,
    capabilities: Capabilities,
    request: Request,
    asked: Structure | None,
    *,
    max_output_tokens: int,
    complaint: str | None = None,
    retried: int = 0,
) -> bytes:
    """The JSON of one call. `complaint` is what was wrong with the last answer, `retried` how often so far.

    A chat gets the complaint as one more user message after the original ones. A plain completion has
    no place for it: it is asked again with another seed and some temperature.
    """
    sampling = request.sampling
    temperature, seed = sampling.temperature, sampling.seed
    asks: dict[str, Any] = {"model": endpoint.model}
    if request.prompt is not None:
        asks["prompt"] = request.prompt
        if complaint is not None:
            seed += retried
            temperature = max(temperature or 0.0, 0.5)
    else:
        asks["messages"] = _messages(request.messages, asked.instruction if asked else "", complaint)
    sent: dict[str, Any] = {}
    if asked is None and capabilities.grammar is not None:
        sent.update(_decoding(capabilities.grammar, request))
    if capabilities.sampling:
        if temperature is not None:
            sent["temperature"] = temperature
        sent["top_p"] = sampling.top_p
        sent["seed"] = seed
    # The older endpoint never had the newer word.
    parameter = "max_tokens" if request.prompt is not None else capabilities.max_tokens_parameter
    sent[parameter] = max_output_tokens
    if request.stop:
        sent["stop"] = request.stop
    if request.logprobs:
        sent["logprobs"] = BEGINNINGS
    if request.anew and capabilities.grammar == "llama_cpp":
        sent["cache_prompt"] = False
    parts = [json.dumps(asks)[:-1], json.dumps(sent)[1:]]
    if asked is not None:
        # A schema may be longer than an article: it is not written anew for each.
        parts.insert(1, asked.written or _members(asked.fields))
    return ", ".join(parts).encode("ascii")


def _members(fields: dict[str, Any]) -> str:
    """The JSON of an object, without its brackets."""
    return json.dumps(fields)[1:-1]


def _messages(messages: tuple[Message, ...], instruction: str, complaint: str | None) -> list[dict[str, str]]:
    sent = [{"role": message.role, "content": message.content} for message in messages]
    if instruction:
        if sent and sent[0]["role"] == "system":
            sent[0]["content"] += f"\n\n{instruction}"
        else:
            sent.insert(0, {"role": "system", "content": instruction})
    if complaint is not None:
        sent.append(
            {
                "role": "user",
                "content": "An earlier answer to this was not accepted:\n"
                f"{complaint}\nAnswer again, in full, without these errors.",
            }
        )
    return sent


def _decoding(dialect: str, request: Request) -> dict[str, Any]:
    """The fields that put a grammar, or else a schema, on the decoding of servers beyond OpenAI's own API.

    llama.cpp reads an llguidance grammar only behind its marker, which the others take as well. SGLang
    must run with its llguidance grammar backend; vLLM turns to llguidance by itself.
    """
    if request.grammar is not None:
        grammar = request.grammar
        marked = grammar if grammar.startswith("%llguidance") else f"%llguidance {{}}\n{grammar}"
        by_dialect: dict[str, dict[str, Any]] = {
            "llama_cpp": {"grammar": marked},
            "vllm": {"structured_outputs": {"grammar": grammar}},
            "sglang": {"ebnf": grammar},
        }
    elif request.prompt is not None and request.response_schema is not None:
        schema = request.response_schema.schema
        by_dialect = {
            "llama_cpp": {"json_schema": schema},
            "vllm": {"structured_outputs": {"json": schema}},
            "sglang": {"json_schema": json.dumps(schema)},
        }
    else:
        return {}
    return by_dialect[dialect]


# --- the JSON of an answer ------------------------------------------------------------------------

_FENCE = re.compile(r"\A```[A-Za-z]*\s*\n(.*?)\n?```\Z", re.DOTALL)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def answer_text(content: str) -> str:
    """The one JSON value of an answer, as text.

    Strips a model's thoughts (`<think>`), one code fence, and words around exactly one JSON object;
    nothing else is repaired. Raises ValueError if there is no JSON, more than one object, a repeated
    key, NaN, Infinity, or a number too large for a double (1e999).
    """
    if len(content) > LONGEST_ANSWER:
        raise ValueError(f"the answer is longer than {LONGEST_ANSWER} characters")
    text = _THOUGHT.sub("", content, count=1).strip()
    fenced = _FENCE.match(text)
    if fenced and "```" not in fenced[1]:
        text = fenced[1].strip()
    if not text.startswith(("{", "[")):
        start = text.find("{")
        if start < 0:
            raise ValueError("the answer holds no JSON object")
        text = text[start:]
    try:
        _, end = _STRICT.raw_decode(text)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None
    if any(mark in text[end:] for mark in "{}["):
        raise ValueError("the answer holds more than one JSON object: give exactly one")
    return text[:end]


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {digits[:40]} is too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice in one JSON object")
    return members


_STRICT = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_no_repeats)


def short_complaint(error: ValueError, lines: int = 6, width: int = 200) -> str:
    """What was wrong with an answer, in a few lines that a model or a user can act on."""
    if not isinstance(error, ValidationError):
        return "\n".join(line[:width] for line in str(error).splitlines()[:lines]) or "it is invalid"
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}"[:width] for one in found[:lines]]
    if len(found) > lines:
        told.append(f"and {len(found) - lines} more errors")
    return "\n".join(told)
