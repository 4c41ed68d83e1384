"""The client: a request in, a validated answer out, with every failure classed, retried or raised.

    client = ModelClient(endpoint, cache=cache)
    answered = await client.answer(request, parse)

An answer is looked up in the cache, else asked for over HTTP. A sound raw answer is in the cache before
`parse` sees it, so what was paid for once is never paid for again. What happens after a failure is
decided in `outcomes` (what it was), `retry` (whether to try again) and `limits` (when, with what `rates` allow).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from llm_extract.errors import (
    BudgetReached,
    EndpointDown,
    ExtractionError,
    FatalError,
    LiveCallForbidden,
    SettingsError,
)
from llm_extract.model.connection import Connection
from llm_extract.model.limits import Limiter, Signal, Ticket
from llm_extract.model.outcomes import KINDS, Outcome, same_model
from llm_extract.model.rates import Bill, Demand
from llm_extract.model.retry import Progress, RetryPolicy, until_settled
from llm_extract.model.types import Answered, Attempt, Completion, Endpoint, Mode, Request, Usage
from llm_extract.model.wire import Structure, answer_text, body, request_key, short_complaint, structure

if TYPE_CHECKING:
    from llm_extract.model.cache import Cache

__all__ = ["FORBID_LIVE_CALLS", "ModelClient", "Price", "answer_text", "request_key"]

T = TypeVar("T")
Price = Callable[[str, int, int, int], Decimal | None]
"""US dollars for (model, input tokens, cached among them, output tokens); None if the price is not known."""

FORBID_LIVE_CALLS = "LLM_EXTRACT_FORBID_LIVE_CALLS"
"""The environment variable that, set to 1, forbids every call that does not go to this machine."""

logger = logging.getLogger("llm_extract.model")


class ModelClient:
    """A model behind an OpenAI-compatible endpoint. To be used from one event loop at a time.

    `price` gives the cost of a call; a local endpoint costs nothing, and without a price the cost is
    None. `sleep` waits out backoffs, and is replaced in tests. Raises SettingsError for a base URL that
    is none and for a budget of money where the model has no price, AuthenticationFailed for a key that
    cannot be sent.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        cache: Cache | None = None,
        policy: RetryPolicy | None = None,
        limiter: Limiter | None = None,
        price: Price | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.cache = cache
        self.policy = policy or RetryPolicy()
        self.limiter = limiter or Limiter()
        self.price = price
        self._sleep = sleep
        self._connection = Connection(endpoint, most=self.limiter.concurrency.maximum, on_headers=self.limiter.learn)
        self._capabilities = endpoint.capabilities
        """Corrected by what the endpoint rejects."""
        self._structures: dict[tuple[str, Mode], Structure] = {}
        self._being_asked: dict[str, asyncio.Event] = {}
        self._warned: set[str] = set()
        self._waiting: set[asyncio.Task[Any]] = set()
        """Tasks that wait for a call to begin."""
        self._begins_no_more = False
        budget = self.limiter.pool.budget
        self._priced = budget is not None and budget.max_cost is not None and not endpoint.local
        if self._priced and (price is None or price(endpoint.model, 1, 0, 1) is None):
            raise SettingsError(
                f"the budget is in US dollars, and the price of {endpoint.name!r} is not known: "
                "give it in tokens (max_tokens) instead of money (max_cost)"
            )

    async def answer(self, request: Request, parse: Callable[[str], T]) -> Answered:
        """The answer to `request`, as `parse` makes it from the model's words.

        `parse` gets the JSON of the answer as text (all of its words if the request has no response
        schema) and raises ValueError, or pydantic's ValidationError, if it breaks the schema; the model
        is then asked again with the error. Identical requests at the same time are asked once if there
        is a cache. Raises an ExtractionError or a FatalError that keeps all attempts and what they
        cost, and LiveCallForbidden.
        """
        if self.cache is None:
            return await self._ask(request, parse, None)
        key = request_key(self.endpoint, request)
        while (other := self._being_asked.get(key)) is not None:
            await other.wait()
        answered = self._replay(self.cache, key, request, parse) if request.replay else None
        if answered is not None:
            return answered
        self._being_asked[key] = asyncio.Event()
        try:
            return await self._ask(request, parse, key)
        finally:
            self._being_asked.pop(key).set()

    def stop_waiting(self) -> None:
        """Begin no further call: tasks that wait for one are cancelled, calls under way are finished.

        Waiting is: for a free slot, for a pause (Retry-After), a rate, a budget or the circuit breaker, and in a
        backoff. The task that awaits `answer` is cancelled there, with no call made; so is every later one that
        needs a call, a second attempt included. Answers from the cache are still given. It holds until `aclose`. To be
        called in the event loop in which the client is used.
        """
        self._begins_no_more = True
        for task in self._waiting:
            task.cancel("no further call begins")

    async def aclose(self) -> None:
        """Close the connections. A later `answer` opens new ones."""
        self._begins_no_more = False
        await self._connection.aclose()

    # --- one answer -------------------------------------------------------------------------------

    def _replay(self, cache: Cache, key: str, request: Request, parse: Callable[[str], T]) -> Answered | None:
        """The answer from the cache; None if there is none, or none that `parse` still takes."""
        started = time.monotonic()
        stored = cache.get(key)
        if stored is None:
            return None
        try:
            completion = Completion(**json.loads(stored))
            completion = completion._replace(
                tokens=tuple((token, logprob) for token, logprob in completion.tokens),
                beginnings=tuple((token, logprob) for token, logprob in completion.beginnings),
            )
        except (ValueError, TypeError):
            return None
        if self.policy.on_model_mismatch == "fail" and not self._is_asked_model(completion):
            return None
        try:
            answer = parse(_words(request, completion))
        except ValueError:
            return None
        usage = Usage(cached_calls=1, seconds=time.monotonic() - started)
        return Answered(answer, completion, (), usage, cached=True)

    async def _ask(self, request: Request, parse: Callable[[str], T], key: str | None) -> Answered:
        if not self._connection.on_this_machine and os.environ.get(FORBID_LIVE_CALLS) == "1":
            raise LiveCallForbidden(
                f"a call to {self.endpoint.base_url} was made while live calls are forbidden "
                f"({FORBID_LIVE_CALLS}=1): use a scripted server, a fake model or a cached answer"
            )
        started = time.monotonic()
        progress = Progress(self.policy, request.sampling.max_output_tokens)
        deadline = asyncio.timeout(self.policy.deadline_seconds)
        try:
            async with deadline:
                outcome = await until_settled(
                    self.policy,
                    lambda: self._attempt(progress, request, parse, key, deadline),
                    progress,
                    self._back_off,
                )
        except (BudgetReached, EndpointDown) as stopped:
            # Said by the gate, which knows neither whom it keeps from being asked, nor what was paid before.
            usage = progress.usage.model_copy(update={"seconds": time.monotonic() - started})
            raise type(stopped)(f"{self.endpoint.name}: {stopped}", attempts=progress.attempts, usage=usage) from None
        except TimeoutError:
            if not deadline.expired():
                raise
            outcome = Outcome("transient", f"no answer within {self.policy.deadline_seconds:g} s")
        usage = progress.usage.model_copy(update={"seconds": time.monotonic() - started})
        if outcome.completion is not None and outcome.name == "ok":
            return Answered(progress.answer, outcome.completion, tuple(progress.attempts), usage, cached=False)
        # Raised outside of the except clause: what was raised may hold the request, and with it the key.
        raise self._failure(outcome, progress, usage)

    async def _attempt(
        self,
        progress: Progress,
        request: Request,
        parse: Callable[[str], T],
        key: str | None,
        deadline: asyncio.Timeout,
    ) -> Outcome:
        """One call, what it came to, and the preparation of the next one."""
        known = self._capabilities
        path, content, mode = self._prepare(request, progress)
        ticket = await self._pass_gate(deadline, self._demand(len(content), progress))
        started = time.monotonic()
        signal: Signal = "none"
        bill: Bill | None = None
        said = ""
        try:
            if self._capabilities is not known:  # something was rejected while this call waited
                path, content, mode = self._prepare(request, progress)
            outcome = await self._connection.call(path, content, seconds=self.policy.call_seconds)
            if outcome.wait:
                self._obey(outcome.wait)
            signal, bill, said = _signal(outcome), self._bill(outcome), outcome.message
        except asyncio.CancelledError:
            self._record(progress, Outcome("transient", "cancelled, or out of time"), started)
            raise
        finally:
            self.limiter.leave(ticket, signal, bill, said)

        if outcome.completion is not None:
            outcome = self._check(outcome, outcome.completion, request, parse, key, progress)
        self._record(progress, outcome, started)
        progress.record(outcome)
        if outcome.name == "unsupported":
            progress.step_down = self._do_without(outcome, mode, request)
        return outcome

    async def _pass_gate(self, deadline: asyncio.Timeout, demand: Demand) -> Ticket:
        """Wait until the call may begin, with the deadline put off as long."""
        self._check_begins()
        if (ticket := self.limiter.try_enter(demand)) is not None:
            return ticket
        due, began = deadline.when(), time.monotonic()
        deadline.reschedule(None)
        with self._noted_as_waiting():
            ticket = await self.limiter.enter(demand)
        if due is not None:
            deadline.reschedule(due + time.monotonic() - began)
        return ticket

    async def _back_off(self, seconds: float) -> None:
        self._check_begins()
        with self._noted_as_waiting():
            await self._sleep(seconds)

    def _check_begins(self) -> None:
        if self._begins_no_more:
            raise asyncio.CancelledError("no further call begins")

    @contextmanager
    def _noted_as_waiting(self) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)

    def _demand(self, size: int, progress: Progress) -> Demand:
        """The most that the next call can take: a tokenizer makes at most one token of a byte."""
        most = Decimal(0)
        if self._priced and self.price is not None:
            most = self.price(self.endpoint.model, size, 0, progress.max_output_tokens) or most
        return Demand(size, progress.max_output_tokens, most)

    def _check(
        self,
        outcome: Outcome,
        completion: Completion,
        request: Request,
        parse: Callable[[str], T],
        key: str | None,
        progress: Progress,
    ) -> Outcome:
        """Of a whole answer: is it the model's that was asked, and does it parse?"""
        if self.cache is not None and key is not None:
            # Also another model's: it is paid for, and `_replay` gives it only where other models are allowed.
            self.cache.put(key, json.dumps(completion._asdict()))
        if not self._is_asked_model(completion):
            told = f"{self.endpoint.model!r} was asked and {completion.model!r} answered"
            if self.policy.on_model_mismatch == "fail":
                return outcome._replace(name="model_mismatch", message=told)
            self._warn_once(told)
            outcome = outcome._replace(message=told)
        try:
            progress.answer = parse(_words(request, completion))
        except ValueError as error:
            return outcome._replace(name="invalid_answer", message=short_complaint(error))
        return outcome

    def _prepare(self, request: Request, progress: Progress) -> tuple[str, bytes, Mode | None]:
        """The path and body of the next call, and the mode in which it asks for the schema."""
        mode: Mode | None = None
        asked: Structure | None = None
        by_grammar = request.grammar is not None and self._capabilities.grammar is not None
        schema, modes = request.response_schema, self._capabilities.modes
        if schema is not None and modes and request.prompt is None and not by_grammar:
            mode = modes[0]
            asked = self._structures.get((schema.fingerprint, mode))
            if asked is None:
                asked = self._structures[schema.fingerprint, mode] = structure(schema, mode)
        content = body(
            self.endpoint,
            self._capabilities,
            request,
            asked,
            max_output_tokens=progress.max_output_tokens,
            complaint=progress.complaint,
            retried=progress.invalid,
        )
        return "/completions" if request.prompt is not None else "/chat/completions", content, mode

    def _do_without(self, outcome: Outcome, mode: Mode | None, request: Request) -> bool:
        """Remember what the endpoint rejected, for all further calls. False if nothing else can be tried."""
        known = self._capabilities
        if outcome.feature == "mode" and mode is not None:
            rest = tuple(other for other in known.modes if other != mode)
            if not rest:
                return False
            changed: dict[str, Any] = {"modes": rest}
        elif outcome.feature == "mode" and known.grammar is not None and request.response_schema is not None:
            changed = {"grammar": None}  # the schema is asked for in another mode, and words are checked afterwards
        elif outcome.feature == "sampling" and known.sampling:
            changed = {"sampling": False}
        elif outcome.feature == "max_tokens":
            other = "max_tokens" if known.max_tokens_parameter != "max_tokens" else "max_completion_tokens"
            if self.endpoint.capabilities.max_tokens_parameter == other:
                return False
            changed = {"max_tokens_parameter": other}
        else:
            return False
        self._warn_once(
            f"{self.endpoint.name} rejected a {outcome.feature} setting, going on without: {outcome.message}"
        )
        self._capabilities = known.model_copy(update=changed)
        return True

    # --- small parts ------------------------------------------------------------------------------

    def _obey(self, wait: float) -> None:
        """Let the whole pool wait, as the endpoint asked."""
        if wait > self.policy.max_wait_seconds:
            if self.policy.on_long_wait == "fail":
                return
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + wait))
            logger.warning("%s asks to wait %.0f s: parked until %s", self.endpoint.name, wait, until)
        self.limiter.pause(wait)

    def _record(self, progress: Progress, outcome: Outcome, started: float) -> None:
        attempt = Attempt(
            outcome=outcome.name,
            message=outcome.message,
            status=outcome.status,
            request_id=outcome.request_id,
            seconds=time.monotonic() - started,
            input_tokens=outcome.input_tokens,
            output_tokens=outcome.output_tokens,
        )
        used = Usage(
            calls=1,
            input_tokens=outcome.input_tokens,
            output_tokens=outcome.output_tokens,
            cached_input_tokens=outcome.cached_input_tokens,
            cost_usd=self._cost(outcome),
        )
        progress.usage = progress.usage + used if progress.attempts else used
        progress.attempts.append(attempt)
        if outcome.name != "ok":
            logger.debug("%s: %s: %s", self.endpoint.name, outcome.name, outcome.message)

    def _cost(self, outcome: Outcome) -> Decimal | None:
        if self.endpoint.local or not (outcome.input_tokens or outcome.output_tokens):
            return Decimal(0)
        if self.price is None:
            return None
        return self.price(self.endpoint.model, outcome.input_tokens, outcome.cached_input_tokens, outcome.output_tokens)

    def _bill(self, outcome: Outcome) -> Bill | None:
        """What a call came to, for the rates and the budget; None if it may have been billed unseen."""
        if not (outcome.input_tokens or outcome.output_tokens):
            return None if _may_be_billed(outcome) else _FREE
        cost = self._cost(outcome) if self._priced else None
        return Bill(outcome.input_tokens, outcome.output_tokens, cost or _FREE.cost)

    def _failure(self, outcome: Outcome, progress: Progress, usage: Usage) -> ExtractionError | FatalError:
        kind = KINDS[outcome.name]
        error, advice, message = kind.error, kind.advice, outcome.message
        if progress.cut and outcome.name in ("context_too_long", "request_rejected"):
            error, advice = KINDS["truncated"].error, KINDS["truncated"].advice
            message = f"the answer was cut, and there was no more room for it: {message}"
        calls = len(progress.attempts)
        told = f"{self.endpoint.name}: {message}"
        if calls > 1:
            told += f" (after {calls} calls)"
        if outcome.wait is not None and outcome.wait > self.policy.max_wait_seconds:
            most = self.policy.max_wait_seconds
            told += f"; it asks to wait {outcome.wait:.0f} s, longer than the {most:g} s allowed"
        if advice:
            told += f"; {advice}"
        return error(told, attempts=progress.attempts, usage=usage)

    def _is_asked_model(self, completion: Completion) -> bool:
        return same_model(self.endpoint.model, completion.model)

    def _warn_once(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)


def _words(request: Request, completion: Completion) -> str:
    return answer_text(completion.content) if request.response_schema is not None else completion.content


_FREE = Bill()


def _may_be_billed(outcome: Outcome) -> bool:
    """Whether a call that reports no tokens may have cost something: its answer was lost, or is silent on it."""
    if outcome.status is None:
        return outcome.reached
    return outcome.status == 200 and outcome.name not in ("transient", "bad_response")


def _signal(outcome: Outcome) -> Signal:
    """What a call says about the endpoint, to the limiter."""
    status = outcome.inner_status or outcome.status
    if status == 429:
        return "rate_limited"
    if outcome.name == "transient" and status != 409:
        return "down"
    if outcome.course == "wait":
        return "failed"
    return "ok" if status == 200 else "rejected"
