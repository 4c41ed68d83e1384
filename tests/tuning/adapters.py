"""Models that are tuned: a folder as `llm-extract tune` writes it, without weights that mean anything."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from llm_extract.model.adapters import DESCRIPTION, WEIGHTS, Adapter
from llm_extract.model.types import Endpoint
from llm_extract.testing import FakeModel


def write_folder(folder: Path) -> Path:
    """An adapter whose confidence is the raw probability."""
    folder.mkdir(exist_ok=True)
    (folder / WEIGHTS).write_bytes(b"GGUF")
    made = Adapter(base="gemma3-270m", base_sha256="", weights_sha256=sha256(b"GGUF").hexdigest(), form="")
    (folder / DESCRIPTION).write_text(made.model_dump_json())
    return folder


def tuned(model: FakeModel, folder: Path) -> FakeModel:
    """The model as one that has an adapter."""
    endpoint: Endpoint = model.endpoint
    model.endpoint = endpoint.model_copy(update={"adapter": write_folder(folder)})
    return model
