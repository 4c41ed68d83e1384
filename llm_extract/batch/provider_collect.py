"""The results of one part: judged as live answers are, put into the cache, and sorted into what comes next.

Works on the files that the provider gave (see `provider_journal` for their names), so it can be killed and done
again: the same answers go under the same keys.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from llm_extract.batch.provider_answers import (
    Failed,
    Tries,
    content_of,
    line_of,
    next_content,
    read_result,
    room_of,
)
from llm_extract.batch.provider_journal import Part, part_file
from llm_extract.errors import FatalError, RunError
from llm_extract.extraction import Extractor
from llm_extract.files import sync_directory
from llm_extract.model.cache import Cache
from llm_extract.model.outcomes import KINDS, Outcome, same_model
from llm_extract.model.prices import price
from llm_extract.model.retry import RetryPolicy
from llm_extract.model.types import Attempt, Completion, Usage
from llm_extract.model.wire import answer_text, short_complaint

PRICE_SHARE = Decimal("0.5")
"""Of the live price: what OpenAI and others ask for a request in a batch."""

logger = logging.getLogger(__name__)

_ANSWERED = Outcome("ok")


class Collected(NamedTuple):
    """What a part's results came to."""

    answered: int
    again: int
    failed: int
    duplicates: int
    strangers: int
    usage: Usage
    fatal: FatalError | None
    """Why sending again is no use before something is changed: the account's quota, the key."""


class Collector:
    """The judge of one task's and model's results.

    `policy.attempts` is how often a request is sent at most; it also says how often an invalid answer is asked for
    again, and what happens when another model answers.
    """

    def __init__(self, extractor: Extractor[Any], cache: Cache, policy: RetryPolicy, path: str) -> None:
        self.endpoint = extractor.model.endpoint
        self._schema = extractor.task.schema.response_schema
        self._answer_type = extractor.task.schema.answer
        self._cache = cache
        self._policy = policy
        self._path = path
        self._warned = False

    def is_answered(self, key: str) -> bool:
        """Whether the cache has an answer that an ordinary extraction would take."""
        stored = self._cache.get(key)
        if stored is None:
            return False
        try:
            completion = Completion(**json.loads(stored))
        except (ValueError, TypeError):
            return False
        if self._policy.on_model_mismatch == "fail" and not same_model(self.endpoint.model, completion.model):
            return False
        return self._complaint(completion) is None

    def paid(self, key: str) -> Usage:
        """What the answer cost that the cache has from a batch; nothing if it has none."""
        stored = self._cache.get(key)
        try:
            completion = None if stored is None else Completion(**json.loads(stored))
        except (ValueError, TypeError):
            completion = None
        if completion is None:
            return Usage()
        return self._priced(1, completion.input_tokens, completion.cached_input_tokens, completion.output_tokens)

    def collect(self, folder: Path, part: Part) -> Collected:
        """Judge a part's output and error files; writes its `again` and `failed` files.

        Raises:
            RunError: an answer cannot be kept, or a file of the part is gone. Nothing is lost: collect again.
        """
        try:
            return self._collect(folder, part)
        except OSError as error:
            raise RunError(f"{folder}: part {part.number} cannot be collected: {error}") from error

    def _collect(self, folder: Path, part: Part) -> Collected:
        keys = part_file(folder, part.number, "keys").read_text("ascii").split()
        results: dict[str, Outcome | None] = dict.fromkeys(keys)
        usage, duplicates, strangers = Usage(), 0, 0
        for line in _lines(folder, part):
            result = read_result(line)
            if result is None or result.key not in results:
                strangers += 1
                continue
            before = results[result.key]
            duplicates += before is not None
            usage += self._usage(result.outcome)
            if before is None or before.name != "ok":
                outcome = self._judged(result.key, result.outcome)
                if before is None or outcome.name == "ok":
                    results[result.key] = _ANSWERED if outcome.name == "ok" else outcome
        if strangers:
            logger.warning("%s: %d results of requests that were never made, or unreadable", part.batch, strangers)
        for number, key in enumerate(keys, 1):
            if results[key] is None:
                results[key] = _without_result(part, number)
        again, failed, fatal = self._sort(folder, part, results)
        answered = len(results) - again - failed
        return Collected(answered, again, failed, duplicates, strangers, usage, fatal)

    # --- one result -------------------------------------------------------------------------------

    def _judged(self, key: str, outcome: Outcome) -> Outcome:
        """Of a whole answer: is it the model's that was asked, and does it parse? A raw answer is kept first."""
        completion = outcome.completion
        if completion is None:
            return outcome
        if not same_model(self.endpoint.model, completion.model):
            told = f"{self.endpoint.model!r} was asked and {completion.model!r} answered"
            if self._policy.on_model_mismatch == "fail":
                return outcome._replace(name="model_mismatch", message=told)
            if not self._warned:
                logger.warning("%s", told)
                self._warned = True
        self._cache.put(key, json.dumps(completion._asdict()))
        if self._cache.broken:
            raise RunError(
                f"answers that were paid for cannot be kept ({self._cache.broken}): make room for the cache and "
                "start again; the provider has them still"
            )
        complaint = self._complaint(completion)
        return outcome if complaint is None else outcome._replace(name="invalid_answer", message=complaint)

    def _complaint(self, completion: Completion) -> str | None:
        """Why an answer does not parse; None if it does."""
        try:
            self._answer_type.model_validate_json(answer_text(completion.content))
        except ValueError as error:
            return short_complaint(error)
        return None

    def _usage(self, outcome: Outcome) -> Usage:
        """What a request cost at the batch price. One that was never run cost nothing."""
        calls = int(outcome.status is not None)
        return self._priced(calls, outcome.input_tokens, outcome.cached_input_tokens, outcome.output_tokens)

    def _priced(self, calls: int, read: int, cached: int, written: int) -> Usage:
        cost: Decimal | None = Decimal(0)
        if read or written:
            full = price(self.endpoint.provider, self.endpoint.model, read, cached, written)
            cost = None if full is None else full * PRICE_SHARE
        return Usage(
            calls=calls,
            input_tokens=read,
            cached_input_tokens=cached,
            output_tokens=written,
            cost_usd=cost,
        )

    # --- what comes next --------------------------------------------------------------------------

    def _sort(self, folder: Path, part: Part, results: dict[str, Outcome | None]) -> tuple[int, int, FatalError | None]:
        """Write down what is sent again and what has failed; how many of each, and what is fatal."""
        again = failed = 0
        fatal: FatalError | None = None
        before = read_tries(folder, part.number)
        to_send, to_tell = (part_file(folder, part.number, ending) for ending in ("again.jsonl", "failed.jsonl"))
        with (
            part_file(folder, part.number, "jsonl").open("rb") as sent,
            to_send.with_name(to_send.name + ".new").open("wb") as sends,
            to_tell.with_name(to_tell.name + ".new").open("wb") as tells,
        ):
            for line in sent:
                key, content = content_of(line)
                outcome = results[key]
                if outcome is None or outcome.name == "ok":
                    continue
                tries = Tries.model_validate_json(before[key]) if key in before else Tries(key=key)
                if outcome.course == "fatal" and outcome.name != "model_mismatch":
                    kind = KINDS[outcome.name]
                    error = kind.error(f"{self.endpoint.name}, in a batch: {outcome.message}; {kind.advice}")
                    fatal = error if isinstance(error, FatalError) else fatal
                    after: bytes | None = content
                else:
                    after, tries = self._next(content, outcome, tries)
                if after is not None:
                    again += 1
                    sends.write(line_of(key, self._path, after) + tries.model_dump_json().encode() + b"\n")
                else:
                    failed += 1
                    told = Failed(
                        key=key,
                        outcome=outcome.name,
                        message=outcome.message,
                        attempts=tries.attempts,
                        usage=tries.usage,
                    )
                    tells.write(told.model_dump_json().encode("utf-8", "replace") + b"\n")
            for file in (sends, tells):
                file.flush()
                os.fsync(file.fileno())
        for path in (to_send, to_tell):
            path.with_name(path.name + ".new").replace(path)
        sync_directory(folder)
        return again, failed, fatal

    def _next(self, content: bytes, outcome: Outcome, tries: Tries) -> tuple[bytes | None, Tries]:
        """The body to send after `outcome`, None if the request has failed; and how it has gone so far."""
        progress = tries.progress(self._policy, room_of(content))
        attempt = Attempt(
            outcome=outcome.name,
            message=outcome.message,
            status=outcome.status,
            request_id=outcome.request_id,
            input_tokens=outcome.input_tokens,
            output_tokens=outcome.output_tokens,
        )
        progress.attempts.append(attempt)
        progress.usage += self._usage(outcome)
        progress.record(outcome)
        after: bytes | None = content
        if outcome.course in ("reask", "grow", "step_down"):
            complained = tries.complaint is not None
            after = next_content(
                content, outcome, progress, complained=complained, endpoint=self.endpoint, schema=self._schema
            )
        progress.step_down = after is not None
        if not progress.may_go_on(outcome) or len(progress.attempts) >= self._policy.attempts:
            after = None
        return after, Tries(
            key=tries.key,
            attempts=progress.attempts,
            usage=progress.usage,
            passing=progress.passing,
            invalid=progress.invalid,
            cut=progress.cut,
            complaint=progress.complaint,
        )


def read_tries(folder: Path, number: int) -> dict[str, bytes]:
    """Of a part's requests that were sent before: the line of each that says how it went, by key."""
    path = part_file(folder, number, "tries.jsonl")
    with path.open("rb") as file:
        return {json.loads(line)["key"]: line for line in file}


def _lines(folder: Path, part: Part) -> Iterator[bytes]:
    """The lines of a part's output and error files, those that there are."""
    for ending, name in (("output.jsonl", part.output), ("errors.jsonl", part.errors)):
        if name is not None:
            with part_file(folder, part.number, ending).open("rb") as file:
                yield from (line for line in file if line.strip())


def _without_result(part: Part, number: int) -> Outcome:
    """What a request came to that the provider says nothing of; `number` is its line, from 1."""
    if part.status != "failed":
        return Outcome("transient", f"the batch {part.batch} is {part.status} without a result for it")
    for problem in part.problems:
        if problem.get("line") == number:
            return Outcome("request_rejected", f"{problem.get('code')}: {problem.get('message')}"[:300])
    return Outcome("transient", f"the batch {part.batch} was refused for another request in it")
