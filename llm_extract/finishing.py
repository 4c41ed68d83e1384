"""From an answer to a result, and from a result to the JSON that is kept of it, and back."""

from __future__ import annotations

import json
import time
from datetime import date
from functools import lru_cache
from typing import Any, Generic, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from llm_extract.document import Document
from llm_extract.errors import ExtractionError, Unsupported
from llm_extract.grounding import Said, ground
from llm_extract.model.types import Usage
from llm_extract.result import Evidence, Extraction, Issue, Provenance, RecordT
from llm_extract.task import Task


class _Kept(BaseModel, Generic[RecordT]):
    """What is kept of a result: all but the usage, which is new each time."""

    document: Document
    record: RecordT
    evidence: dict[str, Evidence]
    issues: tuple[Issue, ...]
    provenance: Provenance


class Made(NamedTuple):
    """A result as JSON, before anyone says what it cost."""

    kept: str
    """All but the usage."""
    reads_back: bool
    """Whether the record is the same after a dump: a schema's validators and serialisers may change it."""


class Finished(NamedTuple):
    """A result as JSON, and what it cost."""

    kept: str
    """All but the usage."""
    usage: Usage

    def json(self) -> bytes:
        """What `model_dump_json` of the Extraction gives, its keys in another order."""
        return f'{{"format":1,{self.kept[1:-1]},"usage":{self.usage.model_dump_json()}}}'.encode()


def result_of(
    task: Task,
    document: Document,
    said: Said,
    provenance: Provenance,
    usage: Usage,
    published: date | None = None,
) -> Extraction[Any]:
    """An answer, grounded in its article.

    Raises:
        ExtractionError: the article does not support what the schema requires.
    """
    try:
        grounded = ground(document, task.schema, said, published=published)
    except ExtractionError as error:
        error.usage = usage
        raise
    return _types(task.record).result(
        document=document,
        record=grounded.record,
        evidence=grounded.evidence,
        issues=grounded.issues,
        usage=usage,
        provenance=provenance,
    )


def made_json(task: Task, result: Extraction[Any]) -> Made:
    """What is kept of a result.

    Raises:
        Unsupported: the schema's own code (a serialiser, a computed field) failed on it.
    """
    kept = set(_Kept.model_fields)
    try:
        try:
            text = result.model_dump_json(include=kept)
        except PydanticSerializationError:  # half a surrogate pair in a file's name, which UTF-8 cannot hold: escaped
            text = json.dumps(result.model_dump(mode="json", include=kept), separators=(",", ":"))
    except Exception as error:
        failed = Unsupported(
            f"the code of {task.record.__name__} failed on this article's record: {type(error).__name__}: {error}",
            issues=result.issues,
        )
        failed.usage = result.usage
        raise failed from error
    try:
        dumped = result.record.model_dump_json()
        again = task.record.model_validate_json(dumped, by_name=True, by_alias=True, extra="ignore")
        reads_back: bool = again == result.record
    except ValidationError:
        reads_back = False
    return Made(text, reads_back)


def kept_result(task: Task, kept: str, started: float) -> Extraction[Any] | None:
    """The result of which this was kept; None if it is none, or its quotes are not the article's.

    Its usage says that no call was made, and the seconds since `started`, on `time.perf_counter`.
    """
    types = _types(task.record)
    try:
        read = types.kept.model_validate_json(kept, by_name=True, by_alias=True, extra="ignore")
    except ValidationError:
        return None
    words = read.document.text
    if any(words[found.start : found.end] != found.quote for found in read.evidence.values()):
        return None
    usage = Usage(cached_calls=1, seconds=time.perf_counter() - started)
    return types.result.model_construct(format=1, usage=usage, **dict(read))


class _Types(NamedTuple):
    kept: type[_Kept[Any]]
    result: type[Extraction[Any]]


@lru_cache(maxsize=32)
def _types(record: type[BaseModel]) -> _Types:
    return _Types(_Kept[record], Extraction[record])  # type: ignore[valid-type]
