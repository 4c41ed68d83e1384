"""What an extraction gives back: the record, the words behind each value, and what was left out.

The JSON of an `Extraction` is what every other part of llm_extract consumes::

    {
      "format": 1,
      "document":   {"id", "text", "source", "media_type", "metadata", "furniture", "hidden"},
      "record":     the task's record,
      "evidence":   {"contracts[0].value": {"quote", "start", "end", "match", "also": [span, …], "confidence"}, …},
      "issues":     [{"path", "reason", "message", "answer", "sources": [span, …]}, …],
      "usage":      {"calls", "cached_calls", "input_tokens", "output_tokens", "cost_usd", "seconds", …},
      "provenance": {"task", "model", "answered_by", "prompt", "record_schema", "sampling", "versions", …}
    }

Offsets are code points of ``document.text``, half-open, so that ``text[start:end] == quote``.
"""

from __future__ import annotations

import copyreg
import pickle
import sys
from pathlib import Path
from typing import Any, Generic, Literal, SupportsIndex

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from llm_extract.document import Document
from llm_extract.model.types import Sampling, Usage

RecordT = TypeVar("RecordT", bound=BaseModel, default=Any)

Match = Literal["exact", "normalised", "fuzzy", "alias", "page", "derived"]
"""How a value and its words came together.

`exact`: the model's words stand in the text to the letter. `normalised`: they differ in
typography only (quotes, dashes, spaces, hyphenation, case). `fuzzy`: a long quote with small slips;
the text's own words are delivered. `alias`: the article names the same body more fully elsewhere;
both places are kept. `page`: read from the head of the page, not asked of the model. `derived`:
computed from the places listed.
"""

IssueReason = Literal["not_found", "not_supported", "contradicted", "derived", "uncertain"]
"""Why something that was answered is not in the record.

`not_found`: the words are not in the article. `not_supported`: they are, but do not carry such a
value. `contradicted`: the article says otherwise; where a category's words show another one, that one is
delivered. `derived`: the value follows from the places
listed, but the article does not state it and the task does not want it inferred. `uncertain`: the model was
less sure of it than is asked for.
"""


class Span(BaseModel):
    """Words of the article and where they stand: ``text[start:end] == quote``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quote: str
    start: int
    end: int


class Evidence(Span):
    """The words that support one value."""

    match: Match
    also: tuple[Span, ...] = ()
    """Further places that the value needs: its abbreviation, the date that fixes its year, its sources."""
    confidence: float | None = None
    """How likely the value is right, from 0 to 1, where the model tells: measured on development articles."""


class Issue(BaseModel):
    """Something that the model answered and that is not in the record, with the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    """Where in the model's answer: `contracts[1].value`. Indexes count the answer's entries."""
    reason: IssueReason
    message: str
    answer: Any = None
    """What the model said."""
    sources: tuple[Span, ...] = ()


class Provenance(BaseModel):
    """Everything that decided this result, apart from the article."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    model: str
    """The model that was asked, as the user named it."""
    answered_by: str
    """The model that says it answered."""
    base_url: str
    prompt: str
    """Name, version and fingerprint of the prompt: `it_contracts@1:0f3a…`."""
    record_schema: str
    """Fingerprint of the record's schema and field types."""
    sampling: Sampling
    repeat: int = 0
    published: str | None = None
    """The day of publication, where the caller gave it."""
    versions: dict[str, str] = Field(default_factory=dict)


class Extraction(BaseModel, Generic[RecordT]):
    """One article's record, with evidence for every value in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    document: Document
    record: RecordT
    evidence: dict[str, Evidence]
    issues: tuple[Issue, ...] = ()
    usage: Usage = Usage()
    provenance: Provenance

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        """For pickle, which does not find a class that was made for one record, nor a schema read from its file."""
        from llm_extract.task import SCHEMA_MODULE

        parameters = type(self).__pydantic_generic_metadata__["args"]
        if not parameters:
            return copyreg.__newobj__, (type(self),), self.__getstate__()  # type: ignore[attr-defined]
        (record,) = parameters
        module = sys.modules.get(getattr(record, "__module__", ""))
        file = getattr(module, "__file__", None) if module and module.__name__.startswith(SCHEMA_MODULE) else None
        return _unpickled, (file, pickle.dumps((record, self.__getstate__()), int(protocol)))


def _unpickled(file: str | None, content: bytes) -> Extraction[Any]:
    if file is not None:
        from llm_extract.task import schema_module

        schema_module(Path(file))
    record, state = pickle.loads(content)  # noqa: S301 - a part of what is being unpickled anyway
    kind: type[Extraction[Any]] = Extraction[record]  # type: ignore[valid-type]
    made = kind.__new__(kind)
    made.__setstate__(state)
    return made
