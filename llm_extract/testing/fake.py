"""A model that is a function: for unit tests that need no HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from llm_extract.errors import InvalidAnswer
from llm_extract.model.types import Answered, Attempt, Capabilities, Completion, Endpoint, Request, Usage
from llm_extract.model.wire import answer_text

T = TypeVar("T")


class FakeModel:
    """Goes wherever a `ModelClient` goes, and answers with what `answer(request)` returns, or with `answer`.

        model = FakeModel(lambda request: {"price": "£3m"})
        model = FakeModel({"price": "£3m"})         # the same to every request

    A string is the model's words; anything else is turned into JSON. A function may raise an error of
    `llm_extract.errors` to fail as a real model would. `requests` holds every request in order. An
    answer that `parse` rejects raises InvalidAnswer at once: a fake model is not asked again.
    """

    def __init__(self, answer: Callable[[Request], Any] | Any, *, capabilities: Capabilities | None = None) -> None:
        self._answer = answer
        self.requests: list[Request] = []
        self.endpoint = Endpoint(
            name="fake",
            provider="fake",
            model="fake-model",
            base_url="http://127.0.0.1:9/v1",
            capabilities=capabilities or Capabilities(),
            local=True,
        )

    async def answer(self, request: Request, parse: Callable[[str], T]) -> Answered:
        """The function's answer, parsed. It costs one call and no tokens."""
        self.requests.append(request)
        said = self._answer(request) if callable(self._answer) else self._answer
        content = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        usage = Usage(calls=1)
        try:
            answer = parse(answer_text(content) if request.response_schema is not None else content)
        except ValueError as error:
            attempt = Attempt(outcome="invalid_answer", message=str(error))
            raise InvalidAnswer(
                f"the fake model's answer is invalid: {error}", attempts=[attempt], usage=usage
            ) from error
        completion = Completion(content, "stop", self.endpoint.model, 0, 0)
        return Answered(answer, completion, (Attempt(outcome="ok"),), usage, cached=False)

    async def aclose(self) -> None:
        """Nothing to close."""
