"""Runs: a task asked on its gold, in a folder that says everything about it.

    runs/20260314-091500-1f0c9a2b/
      meta.json           what was asked, of whom, with which code, when
      predictions.jsonl   one line an article, written and flushed as it comes
      items.jsonl         one line an item, with its verdict
      summary.json        every figure (see `summary.Summary`), and summary.md for people
      junit.xml           one case an article and one a rule of the gate
      report.html         one page for people, which needs nothing else

The part after the time is the fingerprint of what was asked. A run that was killed has no summary; the same
command finds it by its fingerprint and goes on behind its last whole line.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from llm_extract.errors import DocumentError, EvaluationError, ExtractionError, LlmExtractError
from llm_extract.evaluation.gold import Gold, GoldSet, first_problem
from llm_extract.evaluation.predictions import Failure, PredictedEvidence, Prediction
from llm_extract.extraction import Extractor
from llm_extract.files import locked, write_text
from llm_extract.model.endpoints import EMBEDDED
from llm_extract.model.types import Sampling
from llm_extract.version import __version__


class Meta(BaseModel):
    """What a run is a run of."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    fingerprint: str
    """16 hexadecimal digits of all that decides the predictions: the articles' texts, and not their labels."""
    task: str
    task_fingerprint: str
    prompt: str
    gold: str
    """Digest of the articles and their labels."""
    split: str | None
    articles: tuple[str, ...]
    repeats: int
    model: str
    model_id: str = ""
    """The endpoint's name of it; of a model in the box the digests of its weights, too."""
    adapter: str | None = None
    """Digest of what is known of the model's adapter: its weights, their calibration and threshold."""
    min_confidence: float | None = None
    """As the settings say; None: the adapter's own."""
    base_url: str
    sampling: Sampling
    code: str
    """Digest of the code that turns answers into records."""
    version: str
    python: str
    machine: str
    started: datetime


class Run:
    """An open run folder: its meta, the predictions that it has, and room for more."""

    def __init__(self, directory: Path, meta: Meta, done: dict[tuple[str, int], Prediction], file: IO[bytes]) -> None:
        self.directory = directory
        self.meta = meta
        self.done = done
        self._file = file

    def add(self, prediction: Prediction) -> None:
        """Write a prediction; it is on disk when this returns."""
        line = prediction.model_dump_json(exclude_defaults=True) + "\n"
        self._file.write(line.encode("utf-8", "surrogatepass"))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done[prediction.article, prediction.repeat] = prediction


def describe(gold: GoldSet, extractor: Extractor[Any], *, split: str | None, repeats: int) -> Meta:
    """The meta of a run that begins now."""
    endpoint = extractor.model.endpoint
    terms = {
        **extractor.terms(),
        # Of a server on this machine, too: what answers there under one name may be another model at another port.
        "base_url": "" if endpoint.provider == EMBEDDED else endpoint.base_url,
        "split": split,
        "articles": [item.name for item in gold.items],
        "repeats": repeats,
    }
    texts = [sha256(item.document.text.encode("utf-8", "surrogatepass")).hexdigest() for item in gold.items]
    fingerprint = sha256(json.dumps([terms, texts], sort_keys=True).encode()).hexdigest()[:16]
    return Meta.model_validate(
        {
            **terms,
            "fingerprint": fingerprint,
            "gold": gold.digest,
            "version": __version__,
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            "started": datetime.now(UTC),
        }
    )


@contextmanager
def open_run(meta: Meta, out: Path, *, fresh: bool = False) -> Iterator[Run]:
    """The run folder to write to: the unfinished one of the same fingerprint if there is one, else a new one.

    Args:
        meta: what is to be run.
        out: the folder of all runs.
        fresh: begin anew, whatever is unfinished.

    Raises:
        EvaluationError: an unfinished run cannot be read.
    """
    for directory in [] if fresh else sorted(out.glob(f"*-{meta.fingerprint[:8]}*"), reverse=True):
        found = _unfinished(directory)
        if found is None or found.fingerprint != meta.fingerprint:
            continue
        with (directory / "predictions.jsonl").open("a+b") as file:
            if locked(file.fileno()):  # else another process is at it
                if found.gold != meta.gold:  # a label was changed since
                    found = found.model_copy(update={"gold": meta.gold})
                    write_text(directory / "meta.json", found.model_dump_json(indent=2) + "\n")
                yield Run(directory, found, _recovered(file, directory), file)
                return
    directory = _new_directory(meta, out)
    with (directory / "predictions.jsonl").open("a+b") as file:
        locked(file.fileno())  # before it is a run that another process could find
        write_text(directory / "meta.json", meta.model_dump_json(indent=2) + "\n")
        yield Run(directory, meta, {}, file)


def _unfinished(directory: Path) -> Meta | None:
    """What an unfinished run is a run of; None for a finished one, and for a folder that was killed at its birth."""
    if (directory / "summary.json").exists():
        return None
    try:
        return read_meta(directory)
    except EvaluationError:
        return None


def read_meta(directory: Path) -> Meta:
    """What a run's folder is a run of.

    Raises:
        EvaluationError: it has no meta.json that can be read.
    """
    path = directory / "meta.json"
    try:
        return Meta.model_validate_json(path.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{directory} is no run: {path}: {error.strerror or error}") from error
    except ValidationError as error:
        raise EvaluationError(f"{path}: {first_problem(error)}") from error


async def predict(
    run: Run, gold: GoldSet, extractor: Extractor[Any], progress: Callable[[Prediction], None] = lambda _: None
) -> None:
    """Ask for every article that the run does not have yet.

    A model in the box is asked one article at a time, so that its seconds are its own; others as many at once as
    the settings allow.

    Raises:
        FatalError: nothing more can succeed; what was predicted is kept, and the same command goes on.
        UsageError: what was asked for does not hold: wrong settings, not a wrong article.
        EvaluationError: something unforeseen, and at which article; what was under way is kept.
    """
    waiting = [
        (item, repeat)
        for repeat in range(run.meta.repeats)
        for item in gold.items
        if (item.name, repeat) not in run.done
    ]
    queue = iter(waiting)
    fatal: list[LlmExtractError] = []

    async def worker() -> None:
        for item, repeat in queue:
            if fatal:
                return
            try:
                prediction = await _predicted(item, repeat, extractor)
            except LlmExtractError as error:
                fatal.append(error)
                return
            except Exception as error:  # noqa: BLE001 - told below, with its cause
                # Of a model that is the user's own, or a mistake of ours: what the others have is still written down.
                unforeseen = EvaluationError(f"{item.name}: {type(error).__name__}: {error}")
                unforeseen.__cause__ = error
                fatal.append(unforeseen)
                return
            run.add(prediction)
            progress(prediction)

    one_at_a_time = extractor.model.endpoint.capabilities.decompose
    workers = 1 if one_at_a_time else extractor.settings.concurrency_maximum
    await asyncio.gather(*(worker() for _ in range(min(workers, max(1, len(waiting))))))
    if fatal:
        raise fatal[0]


async def _predicted(item: Gold, repeat: int, extractor: Extractor[Any]) -> Prediction:
    try:
        result = await extractor.aextract(item.document, repeat=repeat)
    except (ExtractionError, DocumentError) as error:
        failure = Failure(type=type(error).__name__, message=str(error))
        return Prediction(article=item.name, repeat=repeat, error=failure, usage=getattr(error, "usage", None))
    evidence = {path: PredictedEvidence.model_validate(found.model_dump()) for path, found in result.evidence.items()}
    return Prediction(
        article=item.name,
        repeat=repeat,
        record=result.record.model_dump(mode="json", by_alias=False, round_trip=True),
        evidence=evidence,
        confidence={path: each.confidence for path, each in result.evidence.items() if each.confidence is not None},
        issues=result.issues,
        usage=result.usage,
        answered_by=result.provenance.answered_by,
    )


def _new_directory(meta: Meta, out: Path) -> Path:
    stem = f"{meta.started:%Y%m%d-%H%M%S}-{meta.fingerprint[:8]}"
    for suffix in ("", *(f"-{number}" for number in range(2, 100))):
        directory = out / f"{stem}{suffix}"
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            continue
        return directory
    raise EvaluationError(f"{out / stem}: a hundred runs of the same began in this second")


def _recovered(file: IO[bytes], directory: Path) -> dict[tuple[str, int], Prediction]:
    """The articles that a run has; a torn line at the end, the mark of a kill, is cut off.

    What failed is not among them: whoever goes on with a run wants it tried again.
    """
    file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        file.truncate(len(whole))
    done: dict[tuple[str, int], Prediction] = {}
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            prediction = Prediction.model_validate_json(line)
        except ValidationError as error:
            where = f"{directory / 'predictions.jsonl'}, line {number}"
            raise EvaluationError(f"{where}: {first_problem(error)}: remove the line, or the run") from error
        if prediction.error is None:
            done[prediction.article, prediction.repeat] = prediction
    return done
