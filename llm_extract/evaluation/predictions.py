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
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import GoldEvidence, GoldSet, first_problem
from llm_extract.model.types import Usage
from llm_extract.result import Issue


class PredictedEvidence(GoldEvidence):
    """The words that are said to support a value, as gold has them; further keys (`match`) are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Failure(BaseModel):
    """Why an article has no record."""

    model_config = ConfigDict(frozen=True)

    type: str
    message: str


class Prediction(BaseModel):
    """The outcome of one article: a record, or a failure."""

    model_config = ConfigDict(frozen=True)

    article: str
    repeat: int = Field(default=0, ge=0, lt=1000)
    record: dict[str, Any] | None = None
    evidence: dict[str, PredictedEvidence] | None = None
    """By the value's path; None if the program gives no evidence, which is not looked at then."""
    confidence: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
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
    names = _names(gold)
    found: dict[tuple[str, int], Prediction] = {}
    for number, prediction in enumerated_predictions(path):
        name = names.get(prediction.article) or names.get(Path(prediction.article).name)
        if name is None:
            raise EvaluationError(
                f"{path}, line {number}: no gold for the article {prediction.article!r} in {gold.directory}"
            )
        earlier = found.get((name, prediction.repeat))
        if earlier is not None and earlier.error is None:
            raise EvaluationError(f"{path}, line {number}: {name} occurs twice (repeat {prediction.repeat})")
        # A failure that was tried again has two lines: the later one counts.
        found[name, prediction.repeat] = prediction.model_copy(update={"article": name})
    return list(found.values())


def _names(gold: GoldSet) -> dict[str, str]:
    """What an article of the gold set may be called: its gold file, its own file with or without the ending."""
    called: dict[str, set[str]] = {}
    for item in gold.items:
        own = Path(item.file.article)
        for name in (own.as_posix(), own.name, own.stem):
            called.setdefault(name, set()).add(item.name)
    unique = {name: next(iter(items)) for name, items in called.items() if len(items) == 1}
    return unique | {item.name: item.name for item in gold.items}


def enumerated_predictions(path: Path) -> Iterator[tuple[int, Prediction]]:
    """Every prediction of a file with the number of its line.

    Raises:
        EvaluationError: the file cannot be read, or a line is no prediction.
    """
    file = path / "predictions.jsonl" if path.is_dir() else path
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{file}: {getattr(error, 'strerror', None) or error}") from error
    lines = text.split("\n")
    if path.is_dir():
        lines = lines[:-1]  # a line without an end is what a kill left of it; the run will ask again
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _prediction(line, f"{file}, line {number}")


def _prediction(line: str, where: str) -> Prediction:
    try:
        data = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{where}: no JSON: {error}") from error
    if "\\ud" in line.lower():
        data = _without_surrogates(data)
    if not isinstance(data, dict):
        raise EvaluationError(f"{where}: a prediction is a JSON object")
    if "article" not in data and isinstance(data.get("document"), dict):
        document, provenance = data["document"], data.get("provenance")
        provenance = provenance if isinstance(provenance, dict) else {}
        data = {key: data[key] for key in ("record", "evidence", "issues", "usage") if key in data}
        data |= {
            "article": document.get("source") or document.get("id"),
            "repeat": provenance.get("repeat", 0),
            "answered_by": provenance.get("answered_by"),
            "confidence": _confidence(data.get("evidence")),
        }
    try:
        prediction = Prediction.model_validate(data)
    except ValidationError as error:
        raise EvaluationError(f"{where}: {first_problem(error)}") from error
    if prediction.record is None and prediction.error is None:
        raise EvaluationError(f"{where}: has neither a record nor an error")
    return prediction


def _confidence(evidence: Any) -> dict[str, Any]:
    """What an extraction's evidence says of how sure the model was."""
    places = evidence.items() if isinstance(evidence, dict) else ()
    told = {path: place.get("confidence") for path, place in places if isinstance(place, dict)}
    return {path: confidence for path, confidence in told.items() if confidence is not None}


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_surrogates(data: Any) -> Any:
    """The same without lone surrogates, which JSON can spell and no file can hold."""
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_without_surrogates(entry) for entry in data]
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(value) for key, value in data.items()}
    return data


def as_predictions(gold: GoldSet) -> list[Prediction]:
    """A gold set as if it were predicted: what a second annotator says of the same articles."""
    return [
        Prediction(
            article=item.name,
            record=item.record.model_dump(mode="json", by_alias=False, round_trip=True),
            evidence={path: PredictedEvidence.model_validate(f.model_dump()) for path, f in item.evidence().items()},
        )
        for item in gold.items
    ]
