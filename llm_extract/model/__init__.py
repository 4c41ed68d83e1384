"""The model step: endpoints, calls, retries, limits, cache, prices, and the model in the box."""

from llm_extract.model.models import open_cache, resolve_model
from llm_extract.model.types import Model

__all__ = ["Model", "open_cache", "resolve_model"]
