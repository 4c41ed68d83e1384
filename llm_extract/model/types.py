"""The values that pass between the pipeline and a model: requests, completions, attempts, usage."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Role = Literal["system", "user", "assistant"]


Mode = Literal["json_schema", "tools", "json_object"]
"""How an endpoint is made to keep to a schema, best first."""

GrammarDialect = Literal["llama_cpp", "vllm", "sglang"]
"""The request field in which an endpoint takes an llguidance grammar."""


Attention = Literal["causal", "prefix"]
"""What a model's tokens see of a prompt: what stands before them, or `prefix`: all that was given together."""


class Capabilities(BaseModel):
    """What an endpoint can do: from the table of known providers, corrected by trying."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    modes: tuple[Mode, ...] = ("json_schema", "tools", "json_object")
    """In the order in which they are tried; a mode that the endpoint rejects is not tried again."""
    grammar: GrammarDialect | None = None
    decompose: bool = False
    """A small model: short questions over a shared article prefix instead of one large answer."""
    max_tokens_parameter: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    sampling: bool = True
    """False: the endpoint refuses temperature, top_p and seed (reasoning models)."""


class Endpoint(BaseModel):
    """Where a model is reached, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """The name that the user gave: `openai/gpt-5-mini`, `embedded`."""
    provider: str
    model: str
    """The model's name as it is sent."""
    base_url: str
    api_key: SecretStr | None = None
    capabilities: Capabilities = Capabilities()
    context_window: int | None = None
    """In tokens, prompt and answer together; None where it is not known."""
    local: bool = False
    """A model on this machine: it has no price."""
    adapter: Path | None = None
    """What tunes the embedded model for one task: a folder that `llm_extract.model.adapters` reads."""


class Message(NamedTuple):
    """One chat message, in OpenAI's words."""

    role: Role
    content: str


class Sampling(BaseModel):
    """Every sampling parameter; nothing is left to the default of an endpoint that takes them.

    Of models that refuse `temperature`, `top_p` and `seed` (reasoning models) these are not sent; see
    `Capabilities.sampling`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=0.0, ge=0, le=2, description="None: not sent (some models refuse it)")
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    max_output_tokens: int = Field(default=4096, ge=1)


class ResponseSchema(NamedTuple):
    """The JSON schema that an answer must follow. Built once a task, shared by all its requests."""

    name: str
    schema: dict[str, Any]
    model: type[BaseModel]
    """The pydantic model that the schema was made from, for code that wants the model itself."""
    fingerprint: str
    """SHA-256 (hex) of name and schema, so that a cache key need not serialise the schema again."""


class Request(NamedTuple):
    """One question to a model: a chat (`messages`) or a plain completion (`prompt`), never both."""

    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    response_schema: ResponseSchema | None = None
    grammar: str | None = None
    """A Lark grammar in llguidance's dialect, for endpoints that decode under one."""
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    repeat: int = 0
    """The number of this repetition: part of the cache key, so that repeats are really asked again."""
    logprobs: bool = False
    """Whether the probabilities of a plain completion's tokens are asked for."""
    anew: bool = False
    """Whether all of the prompt is to be read, whatever the server still knows of one that began alike. With prefix
    attention what was kept of a beginning is right only for its continuations."""
    replay: bool = True
    """Whether an answer to it that is in the cache will do. Else it is asked in any case, and that answer is kept."""


class Completion(NamedTuple):
    """A sound, whole answer as the endpoint gave it."""

    content: str
    finish_reason: str
    model: str
    """The model that says it answered."""
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    request_id: str | None = None
    tokens: tuple[tuple[str, float], ...] = ()
    """The answer's tokens, each with the natural logarithm of its probability, where they were asked for and told."""
    beginnings: tuple[tuple[str, float], ...] = ()
    """The likeliest first tokens, the answer's own and others, told likewise: of the model alone, without a grammar."""


class Likelihood(NamedTuple):
    """How probable an answer was, as the model told while it was written."""

    own: float
    """The probability of its words (of a choice: of the choice)."""
    there: float | None = None
    """That its line states something, and goes on as far as this answer; None: not told."""
    entry: float | None = None
    """That there are as many entries as it needs; None: not told, or it is in none."""


class Attempt(BaseModel):
    """One call that was made, kept whether it succeeded or not."""

    model_config = ConfigDict(frozen=True)

    outcome: str
    """`ok`, or the kind of failure: `transient`, `invalid_answer`, `truncated`, `refused`, …"""
    message: str = ""
    status: int | None = None
    request_id: str | None = None
    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


class Usage(BaseModel):
    """What an article cost. Failed attempts are counted too; answers from the cache cost nothing."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    """Calls that left the process."""
    cached_calls: int = 0
    """Answers that the cache gave instead."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    """Of `input_tokens`, those that the provider billed as a cached prefix."""
    cost_usd: Decimal | None = Decimal(0)
    """US dollars by the offline price table; None where the model has no known price; 0 for local models."""
    seconds: float = 0.0
    """Wall time from the request to the delivered result, waits included."""

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            cached_calls=self.cached_calls + other.cached_calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
            cost_usd=None if self.cost_usd is None or other.cost_usd is None else self.cost_usd + other.cost_usd,
            seconds=self.seconds + other.seconds,
        )


class Answered(NamedTuple):
    """A validated answer, how it came, and what it cost."""

    answer: Any
    completion: Completion
    attempts: tuple[Attempt, ...]
    usage: Usage
    cached: bool


class Model(Protocol):
    """Anything that answers requests: a named model, or `llm_extract.testing.FakeModel`."""

    @property
    def endpoint(self) -> Endpoint:
        """Where the model is, and what it can do."""

    async def answer(self, request: Request, parse: Callable[[str], Any]) -> Answered:
        """A validated answer; see `ModelClient.answer`."""

    async def aclose(self) -> None:
        """Let go of connections."""
