"""`llm-extract doctor`: what is configured, which model would answer, whether it does."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

from llm_extract.errors import LlmExtractError
from llm_extract.version import __version__

PROBE = "Quillby Town Council has awarded a £2m desktop support contract to Tamsin Systems."


class Finding(NamedTuple):
    """One line of the examination."""

    level: Literal["ok", "warn", "bad"]
    subject: str
    message: str


def examine(model: str | None) -> Iterator[Finding]:
    """Look at versions, settings, cache, tasks and model, in this order; stop at what forbids the rest."""
    from llm_extract.extraction import Extractor
    from llm_extract.model import resolve_model
    from llm_extract.model.cache import default_cache_directory
    from llm_extract.settings import load_settings

    packages = ", ".join(f"{name} {version(name)}" for name in ("openai", "instructor", "pydantic"))
    yield Finding("ok", "versions", f"llm_extract {__version__}, Python {sys.version.split()[0]}, {packages}")
    try:
        settings = load_settings()
    except LlmExtractError as error:
        yield Finding("bad", "settings", str(error))
        return
    variables = sorted(key for key in os.environ if key.startswith("LLM_EXTRACT_"))
    yield Finding("ok", "settings", f"set by {', '.join(variables)}" if variables else "defaults, or files here")
    yield _cache(str(settings.cache_dir or default_cache_directory()), enabled=settings.cache)
    try:
        extractor: Extractor[Any] = Extractor(model=model, settings=settings.model_copy(update={"cache": False}))
    except LlmExtractError as error:
        yield Finding("bad", "model", str(error))
        return
    endpoint = resolve_model(model, settings).endpoint
    where = "on this machine" if endpoint.local else endpoint.base_url
    key = "" if endpoint.local else ", with a key" if endpoint.api_key else ", without a key"
    yield Finding("ok", "model", f"{endpoint.name} would answer, {where}{key}")
    started = time.perf_counter()
    try:
        result = asyncio.run(extractor.aextract(PROBE))
    except LlmExtractError as error:
        yield Finding("bad", "answer", str(error))
        return
    yield Finding(
        "ok",
        "answer",
        f"{result.provenance.answered_by} answered in {time.perf_counter() - started:.1f} s: "
        f"{len(result.evidence)} values with evidence, {len(result.issues)} issues",
    )


def _cache(directory: str, *, enabled: bool) -> Finding:
    from pathlib import Path

    from llm_extract.model.cache import Cache

    if not enabled:
        return Finding("warn", "cache", "switched off: every answer is paid for again")
    with Cache(Path(directory)) as cache:
        stats = cache.stats()
        broken = cache.broken
    if broken:
        return Finding("bad", "cache", f"{directory}: {broken}; set LLM_EXTRACT_CACHE_DIR to a folder you may write")
    return Finding("ok", "cache", f"{directory}: {stats.entries:,} entries, {stats.bytes / 1e6:.1f} MB")
