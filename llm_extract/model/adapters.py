"""Adapters: what tunes the embedded model for one task, kept beside the task's prompt.

``prompts/TASK.adapter/`` holds three files, written by `llm-extract tune`::

    adapter.gguf    the low-rank weights (LoRA) that llama.cpp adds to the base model's
    adapter.json    which base and which form they fit, and what their probabilities are worth (`Adapter`)
    README.md       the model card
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.errors import EmbeddedModelError
from llm_extract.form import make_form
from llm_extract.model.types import Attention, Endpoint, Likelihood
from llm_extract.model.weights import KNOWN_MODELS
from llm_extract.schema import leaf_path

if TYPE_CHECKING:
    from llm_extract.task import Task

DESCRIPTION = "adapter.json"
WEIGHTS = "adapter.gguf"
CARD = "README.md"

ANY_LINE = ""
"""The key of the calibration of lines that have none of their own."""

LOWEST, HIGHEST = 0.01, 0.99
"""Nothing is certain after a few hundred observations."""

_NEARLY_NEVER, _NEARLY_ALWAYS = 1e-4, 1 - 1e-5
"""Between them the log odds of a probability stay finite, and what a model overdoes at the ends counts no more."""


class Calibration(BaseModel):
    """What a model's probabilities are worth: a logistic curve of the log odds of a `Likelihood`.

    A value is right only if the article states it at all, and only if its entry is right: however sure the model is
    of the words of a sum, if it was not sure that there is a sum, or a contract, the sum is in doubt.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    own: float = Field(default=1.0, ge=0)
    """Weight of the log odds of `Likelihood.own`."""
    there: float = Field(default=0.0, ge=0)
    """Weight of those of `Likelihood.there`; what was not told counts nothing."""
    entry: float = Field(default=0.0, ge=0)
    """Weight of those of `Likelihood.entry`."""
    lines: dict[str, float] = Field(default_factory=dict)
    """Path of a line (`contracts[].value`, or "" for all others) → what is added."""

    def worth(self, path: str, seen: Likelihood) -> float:
        """How often such an answer is right, from `LOWEST` to `HIGHEST`."""
        total = self.lines.get(path, self.lines.get(ANY_LINE, 0.0))
        for weight, probability in zip((self.own, self.there, self.entry), seen, strict=True):
            total += weight * log_odds(probability)
        return min(max(1 / (1 + math.exp(-total)), LOWEST), HIGHEST)


def log_odds(probability: float | None) -> float:
    """The natural logarithm of the odds, of what is too near to 0 or 1 that of a bound; 0 of what was not told."""
    if probability is None:
        return 0.0
    bounded = min(max(probability, _NEARLY_NEVER), _NEARLY_ALWAYS)
    return math.log(bounded / (1 - bounded))


def confidences(likelihoods: Mapping[str, Likelihood], calibration: Calibration | None) -> dict[str, float]:
    """How likely each value is right, by its path: what its likelihood is worth, or without calibration, says."""
    return {
        path: seen.own if calibration is None else calibration.worth(leaf_path(path), seen)
        for path, seen in likelihoods.items()
    }


class Adapter(BaseModel):
    """What is known of an adapter: the content of its `adapter.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[3] = 3
    base: str
    """The embedded model that it was trained on, as in `embedded:NAME`."""
    base_sha256: str
    """Of the base's whole file."""
    tokens: int | None = Field(default=None, ge=1)
    """How many tokens of the base's vocabulary it was trained with, and is served with; None: all."""
    weights_sha256: str
    """Of `adapter.gguf`."""
    form: str
    """Fingerprint of the form that it was taught; see `llm_extract.form.Form.fingerprint`."""
    attention: Attention = "causal"
    """How it was trained to read, and has to be served."""
    confidence: Calibration | None = None
    """What a probability of the model is worth, measured on development articles; None: what it says."""
    least_confidence: float = Field(default=0.0, ge=0, le=1)
    """Values below it are left out unless the settings say otherwise."""


def adapter_folder(task: Task) -> Path | None:
    """Where a task's adapter lies; None for a task without one."""
    if task.where is None:
        return None
    folder = task.where / "prompts" / f"{task.name}.adapter"
    return folder if (folder / DESCRIPTION).is_file() else None


def read_adapter(folder: Path) -> Adapter:
    """What `adapter.json` says, its weights checked. They are read again only if a file has changed since.

    Raises:
        EmbeddedModelError: a file is missing, is no description of an adapter, or the weights are not those described.
    """
    try:
        seen = [(folder / name).stat() for name in (DESCRIPTION, WEIGHTS)]
    except OSError as error:
        raise EmbeddedModelError(f"the adapter {folder} cannot be read: {error.strerror or error}") from error
    return _read(folder, *((file.st_mtime_ns, file.st_size) for file in seen))


@lru_cache(maxsize=16)
def _read(folder: Path, _description: tuple[int, int], _weights: tuple[int, int]) -> Adapter:
    try:
        adapter = Adapter.model_validate_json((folder / DESCRIPTION).read_bytes())
        found = sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    except OSError as error:
        raise EmbeddedModelError(f"the adapter {folder} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise EmbeddedModelError(f"{folder / DESCRIPTION}: {where and f'{where}: '}{first['msg']}") from error
    if found != adapter.weights_sha256:
        raise EmbeddedModelError(
            f"{folder / WEIGHTS} is not the file that {DESCRIPTION} describes: it was changed or cut; "
            "make it anew with `llm-extract tune`"
        )
    return adapter


def adapter_of(endpoint: Endpoint) -> Adapter | None:
    """What is known of the adapter that an endpoint's model is tuned with; None if it is not tuned.

    Raises:
        EmbeddedModelError: as `read_adapter`.
    """
    return None if endpoint.adapter is None else read_adapter(endpoint.adapter)


def with_adapter(endpoint: Endpoint, task: Task) -> Endpoint:
    """The endpoint with the task's adapter, where it is an embedded model and the adapter was trained on it.

    Raises:
        EmbeddedModelError: the adapter does not hold.
    """
    folder = adapter_folder(task) if endpoint.provider == "embedded" else None
    adapter = None if folder is None else read_adapter(folder)
    if adapter is None or adapter.base != endpoint.model:
        return endpoint
    if adapter.base_sha256 != KNOWN_MODELS[adapter.base].sha256:
        raise EmbeddedModelError(
            f"the adapter {folder} was trained on other weights of {adapter.base} than those installed: train it anew "
            f"with `llm-extract tune {task.name}`, or do without it: LLM_EXTRACT_ADAPTER=false"
        )
    if adapter.form != make_form(task).fingerprint:
        raise EmbeddedModelError(
            f"the adapter {folder} was trained for another form of the task {task.name!r}: its schema or the questions "
            f"of its prompt have changed since. Train it anew with `llm-extract tune {task.name}`, or do without it: "
            "LLM_EXTRACT_ADAPTER=false"
        )
    return endpoint.model_copy(update={"adapter": folder})
