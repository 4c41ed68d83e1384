"""Models that are tuned: a folder as `llm-extract tune` writes it, without weights that mean anything."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from llm_extract.form import make_form
from llm_extract.model.adapters import DESCRIPTION, WEIGHTS
from llm_extract.model.weights import KNOWN_MODELS
from llm_extract.task import Task, find_task
from llm_extract.testing import FakeModel

LORA = b"low-rank weights"

Fake = TypeVar("Fake", bound=FakeModel)


def write_adapter(folder: Path, task: Task | None = None, **described: Any) -> Path:
    """A folder that passes for an adapter of a task (it_contracts), whose confidence is the raw probability."""
    content = {
        "base": "gemma3-270m",
        "base_sha256": KNOWN_MODELS["gemma3-270m"].sha256,
        "weights_sha256": sha256(LORA).hexdigest(),
        "form": make_form(task or find_task("it_contracts")).fingerprint,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(LORA)
    (folder / DESCRIPTION).write_text(json.dumps(content | described))
    return folder


def tuned(model: Fake, folder: Path) -> Fake:
    """The model as one that has an adapter."""
    model.endpoint = model.endpoint.model_copy(update={"adapter": write_adapter(folder)})
    return model
