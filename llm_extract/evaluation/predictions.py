"""Predictions: what was delivered for each article of a gold set, by us or by any other program.

One JSON object a line::

    {"article": "NAME", "record": {...}}                       all that is needed
    {"article": "NAME", "repeat": 0, "record": {...}, "evidence": {"contracts[0].value": {"quote", "start", "end"}},
     "confidence": {"contracts[0].value": 0.93}, "usage": {...}}
    {"article": "NAME", "error": {"type": "Refused", "message": "…"}}

`article` is the gold file's name or its article's file name. The lines that ``llm-extract extract --format json``
prints are read too: their `document.source` names the article.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import GoldSet, first_problem
from llm_extract.model.types import Usage
from llm_extract.result import Issue, Span


class PredictedEvidence(Span):
    """The words that are said to support a value; further keys (`match`) are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    also: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of its places."""
        return (Span(quote=self.quote, start=self.start, end=self.end), *self.also)


class Failure(BaseModel):
    """Why an article has no record."""

    model_config = ConfigDict(frozen=True)

    type: str
    message: str


class Prediction(BaseModel):
    """The outcome of one article: a record, or a failure."""

    model_config = ConfigDict(frozen=True)

    article: str
    repeat: int = Field(default=0, ge=0)
    record: dict[str, Any] | None = None
    evidence: dict[str, PredictedEvidence] | None = None
    """By the value's path; None if the program gives no evidence, which is not looked at then."""
    confidence: dict[str, float] = Field(default_factory=dict)
    """How sure the program is of a value, from 0 to 1, by its path."""
    issues: tuple[Issue, ...] = ()
    usage: Usage | None = None
    answered_by: str | None = None
    error: Failure | None = None


def read_predictions(path: Path, gold: GoldSet) -> list[Prediction]:
    """The predictions in a file, named as in the gold set; those of other articles are an error.

    Args:
        path: a file of JSON lines, or a run's folder.
        gold: the gold set that they are for.

    Raises:
        EvaluationError: the file cannot be read, a line is no prediction, or an article occurs twice.
    """
    names = {Path(item.file.article).name: item.name for item in gold.items}
    names |= {Path(item.file.article).stem: item.name for item in gold.items}
    names |= {item.name: item.name for item in gold.items}
    found: dict[tuple[str, int], Prediction] = {}
    for number, prediction in enumerated_predictions(path):
        given = Path(prediction.article).name
        name = names.get(given) or names.get(Path(given).stem)
        if name is None:
            raise EvaluationError(
                f"{path}, line {number}: no gold for the article {prediction.article!r} in {gold.directory}"
            )
        if (name, prediction.repeat) in found:
            raise EvaluationError(f"{path}, line {number}: {name} occurs twice (repeat {prediction.repeat})")
        found[name, prediction.repeat] = prediction.model_copy(update={"article": name})
    return list(found.values())


def enumerated_predictions(path: Path) -> Iterator[tuple[int, Prediction]]:
    """Every prediction of a file with the number of its line.

    Raises:
        EvaluationError: the file cannot be read, or a line is no prediction.
    """
    file = path / "predictions.jsonl" if path.is_dir() else path
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _prediction(line, f"{file}, line {number}")


def _prediction(line: str, where: str) -> Prediction:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise EvaluationError(f"{where}: no JSON: {error}") from error
    if not isinstance(data, dict):
        raise EvaluationError(f"{where}: a prediction is a JSON object")
    if "article" not in data and isinstance(data.get("document"), dict):
        document, provenance = data["document"], data.get("provenance") or {}
        data = {key: data[key] for key in ("record", "evidence", "issues", "usage") if key in data}
        data |= {
            "article": document.get("source") or document.get("id"),
            "repeat": provenance.get("repeat", 0),
            "answered_by": provenance.get("answered_by"),
        }
    try:
        prediction = Prediction.model_validate(data)
    except ValidationError as error:
        raise EvaluationError(f"{where}: {first_problem(error)}") from error
    if prediction.record is None and prediction.error is None:
        raise EvaluationError(f"{where}: has neither a record nor an error")
    return prediction


def as_predictions(gold: GoldSet) -> list[Prediction]:
    """A gold set as if it were predicted: what a second annotator says of the same articles."""
    return [
        Prediction(
            article=item.name,
            record=item.file.record,
            evidence={path: PredictedEvidence.model_validate(f.model_dump()) for path, f in item.evidence().items()},
        )
        for item in gold.items
    ]
