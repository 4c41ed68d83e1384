"""Measuring: an embedded model, with or without an adapter, is asked about the articles that judge.

What it said is kept as it was said, and how likely it was to the model, a line an article, so that a measurement that
was killed goes on, and so that calibrations and thresholds are tried without asking again: grounding is done anew for
each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from llm_extract.errors import ExtractionError
from llm_extract.evaluation.gold import Gold, GoldSet
from llm_extract.evaluation.predictions import Failure, PredictedEvidence, Prediction
from llm_extract.evaluation.results import Results, judge
from llm_extract.grounding import Grounded, Said, ground
from llm_extract.model.adapters import Calibration, adapter_of, confidences
from llm_extract.model.types import Likelihood, Model, Sampling
from llm_extract.questions import ask
from llm_extract.schema import leaf_path
from llm_extract.task import Task
from llm_extract.tuning.calibration import Observation, best_threshold, fit, without_own_article


class Asked(NamedTuple):
    """What a model said of an article."""

    said: Said | None
    """Without confidence, which the calibration in question is to give it; None if the article failed."""
    failure: Failure | None
    seconds: float


async def ask_all(
    model: Model,
    gold: GoldSet,
    sampling: Sampling,
    file: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Asked]:
    """Ask about every article of a gold set that `file` does not have yet, or that failed.

    Args:
        model: a model that fills forms; its adapter, if it has one, without calibration.
        gold: the articles.
        sampling: as of a request.
        file: keeps what was said, a line an article.
        progress: called with the number of articles done and that of all.

    Raises:
        FatalError: nothing more can succeed; what was said is kept.
    """
    # What failed is asked again: it may have been the machine that was busy.
    found = {name: each for name, each in _kept(file, gold.task).items() if each.failure is None}
    with file.open("ab") as lines:
        for item in gold.items:
            if item.name not in found:
                started = time.perf_counter()
                said, failure = await _asked(model, gold.task, item, sampling)
                found[item.name] = Asked(said, failure, time.perf_counter() - started)
                lines.write(_line(item.name, found[item.name]))
                lines.flush()
            progress(sum(each.name in found for each in gold.items), len(gold.items))
    return found


async def _asked(model: Model, task: Task, item: Gold, sampling: Sampling) -> tuple[Said | None, Failure | None]:
    try:
        said, _, _ = await ask(model, task, item.document, sampling, adapter=adapter_of(model.endpoint))
    except ExtractionError as error:
        return None, Failure(type=type(error).__name__, message=str(error))
    return Said(said.answer, likelihoods=said.likelihoods), None


def _line(name: str, asked: Asked) -> bytes:
    data: dict[str, Any] = {"article": name, "seconds": asked.seconds}
    if asked.said is not None:
        data |= {"answer": asked.said.answer.model_dump(mode="json"), "likelihoods": dict(asked.said.likelihoods)}
    if asked.failure is not None:
        data["failure"] = asked.failure.model_dump()
    return json.dumps(data).encode() + b"\n"


def _kept(file: Path, task: Task) -> dict[str, Asked]:
    """What the file has; a torn last line, the mark of a kill, is cut off."""
    content = file.read_bytes() if file.is_file() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        file.write_bytes(whole)
    found = {}
    for line in whole.splitlines():
        data = json.loads(line)
        said = failure = None
        if "answer" in data:
            likelihoods = {path: Likelihood(*seen) for path, seen in data["likelihoods"].items()}
            said = Said(task.schema.answer.model_validate(data["answer"]), likelihoods=likelihoods)
        if "failure" in data:
            failure = Failure.model_validate(data["failure"])
        found[data["article"]] = Asked(said, failure, data["seconds"])
    return found


CalibrationOf = Callable[[str], Calibration | None]
"""What probabilities are worth in an article, by its name; None: what they say."""


def results_of(
    gold: GoldSet, asked: Mapping[str, Asked], worth: CalibrationOf = lambda name: None, least: float = 0.0
) -> Results:
    """What was said, grounded and judged: with probabilities for what they are worth, and none below `least`."""
    return judge(gold, predictions(gold, asked, worth, least), repeats=1)


def predictions(
    gold: GoldSet, asked: Mapping[str, Asked], worth: CalibrationOf = lambda name: None, least: float = 0.0
) -> list[Prediction]:
    """The record of every article, or why there is none."""
    return [
        _prediction(item, _grounded(gold.task, item, asked[item.name], worth(item.name), least)) for item in gold.items
    ]


def _prediction(item: Gold, grounded: Grounded | Failure | None) -> Prediction:
    if not isinstance(grounded, Grounded):
        return Prediction(article=item.name, error=grounded)
    return Prediction(
        article=item.name,
        record=json.loads(grounded.record.model_dump_json()),
        evidence={
            path: PredictedEvidence.model_validate(found.model_dump()) for path, found in grounded.evidence.items()
        },
        confidence={p: found.confidence for p, found in grounded.evidence.items() if found.confidence is not None},
        issues=grounded.issues,
    )


def _grounded(
    task: Task, item: Gold, asked: Asked, calibration: Calibration | None = None, least: float = 0.0
) -> Grounded | Failure | None:
    if asked.said is None:
        return asked.failure
    confidence = confidences(asked.said.likelihoods, calibration)
    try:
        return ground(item.document, task.schema, asked.said._replace(confidence=confidence, least_confidence=least))
    except ExtractionError as error:
        return Failure(type=type(error).__name__, message=str(error))


def observations(gold: GoldSet, asked: Mapping[str, Asked]) -> list[Observation]:
    """Every value that was read from one answer, with that answer's likelihood, and whether it was right.

    Entries are aligned as the evaluation aligns them. A value that follows from others has no answer of its own.
    """
    grounded = {item.name: _grounded(gold.task, item, asked[item.name]) for item in gold.items}
    results = judge(gold, [_prediction(item, grounded[item.name]) for item in gold.items], repeats=1)
    found = []
    for result, scored in results.items:
        article = result.gold.name
        said, delivered = asked[article].said, grounded[article]
        if said is None or scored.predicted is None or not isinstance(delivered, Grounded):
            continue
        path = delivered.said_at.get(scored.predicted.path)
        if path is not None:
            found.append(Observation(article, leaf_path(path), said.likelihoods[path], scored.verdict == "COR"))
    return found


class Calibrated(NamedTuple):
    """What held-out articles say of an adapter's probabilities."""

    confidence: Calibration | None
    observed: int
    """How many values it is made of."""
    least_confidence: float
    honest: Results
    """Each article judged with a calibration that was made without it, and with that threshold."""


def calibrate(gold: GoldSet, asked: Mapping[str, Asked]) -> Calibrated:
    """A calibration by everything that was said, and the least confidence that gives the highest item F1."""
    seen = observations(gold, asked)
    apart = without_own_article(seen, [item.name for item in gold.items])

    def figure(threshold: float) -> float:
        said = predictions(gold, asked, apart.__getitem__, threshold)
        # Without its evidence, whose check takes most of the time and does not change item F1.
        return item_f1(judge(gold, [each.model_copy(update={"evidence": None}) for each in said], repeats=1))

    least = best_threshold(figure) if seen else 0.0
    return Calibrated(fit(seen), len(seen), least, results_of(gold, asked, apart.__getitem__, least))


def item_f1(results: Results) -> float:
    """Item F1 over all articles; NaN without any item."""
    return float(results.figures(results.table.counts.sum(axis=0))["f1"])


def median_seconds(asked: Mapping[str, Asked], names: Sequence[str]) -> float:
    """Seconds of the article in the middle."""
    seconds = sorted(asked[name].seconds for name in names)
    return seconds[len(seconds) // 2]
