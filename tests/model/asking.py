"""What the tests of the model layer ask: a tiny task, an endpoint on a scripted server, quick policies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from llm_extract.model.client import ModelClient
from llm_extract.model.retry import RetryPolicy
from llm_extract.model.types import Capabilities, Endpoint, Message, Request, ResponseSchema
from llm_extract.testing import ScriptedServer

KEY = "sk-test-0123456789abcdef"
SOUND: dict[str, Any] = {"contracts": [{"buyer": "Port of Rye", "amount": 12}]}

QUICK = RetryPolicy(attempts=3, initial_backoff_seconds=0.01, max_backoff_seconds=0.02)
"""Backoffs of at most 20 ms."""


class Contract(BaseModel):
    model_config = ConfigDict(extra="forbid")

    buyer: str
    amount: int


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contracts: list[Contract] = Field(max_length=40)


SCHEMA = ResponseSchema(
    name="tiny",
    schema={"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    model=Answer,
    fingerprint="0" * 64,
)


def endpoint(
    server: ScriptedServer | str, *, key: str | None = KEY, model: str = "scripted-model", **capabilities: Any
) -> Endpoint:
    """An endpoint at a scripted server, or at a base URL."""
    return Endpoint(
        name=f"test/{model}",
        provider="test",
        model=model,
        base_url=server if isinstance(server, str) else server.base_url,
        api_key=None if key is None else SecretStr(key),
        capabilities=Capabilities(**capabilities),
    )


def request(article: str = "Rye port buys a crane.", **fields: Any) -> Request:
    """A chat about one article."""
    messages = (Message("system", "List the contracts."), Message("user", article))
    return Request(**{"messages": messages, "response_schema": SCHEMA} | fields)


def parse(text: str) -> Answer:
    """What the pipeline does with an answer."""
    return Answer.model_validate_json(text)


@asynccontextmanager
async def client_of(server: ScriptedServer | str, **options: Any) -> AsyncIterator[ModelClient]:
    key = options.pop("key", KEY)
    client = ModelClient(endpoint(server, key=key), **{"policy": QUICK} | options)
    try:
        yield client
    finally:
        await client.aclose()
