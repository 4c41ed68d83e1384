"""News articles into typed, verified records: every value carries the words that support it.

from llm_extract import extract

result = extract(text)
result.record.contracts[0].value.amount
result.evidence["contracts[0].value"].quote
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.batch.engine import Batch, BatchResult
    from llm_extract.batch.many import Outcome, aextract_many, extract_many
    from llm_extract.document import Document
    from llm_extract.errors import LlmExtractError
    from llm_extract.extraction import Extractor, aextract, extract, read_extraction
    from llm_extract.reading import read_document
    from llm_extract.result import Evidence, Extraction, Issue, Span

__all__ = [
    "Batch",
    "BatchResult",
    "Document",
    "Evidence",
    "Extraction",
    "Extractor",
    "Issue",
    "LlmExtractError",
    "Outcome",
    "Span",
    "__version__",
    "aextract",
    "aextract_many",
    "extract",
    "extract_many",
    "read_document",
    "read_extraction",
]

_HOMES = {
    "Batch": "batch.engine",
    "BatchResult": "batch.engine",
    "Document": "document",
    "Evidence": "result",
    "Extraction": "result",
    "Extractor": "extraction",
    "Issue": "result",
    "LlmExtractError": "errors",
    "Outcome": "batch.many",
    "Span": "result",
    "aextract": "extraction",
    "aextract_many": "batch.many",
    "extract": "extraction",
    "extract_many": "batch.many",
    "read_document": "reading",
    "read_extraction": "extraction",
}


def __getattr__(name: str) -> Any:
    # Loaded when used: pytest imports this package, for its plugin, in every project that has it installed.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
