"""What several test modules need: answers and documents without ceremony."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from llm_extract.document import Document
from llm_extract.grounding import Grounded, ground
from llm_extract.prompt import completed
from llm_extract.result import Evidence
from llm_extract.task import find_task

ARTICLE = """\
Ellerby County Council signs £18.4m network deal with Tallis Communications

By Owen Garrick, 14 September 2023

Ellerby County Council (ECC) has signed a contract worth up to £18.4m with Tallis Communications to replace the network
that links its offices. The five-year agreement was signed on 1 September, a notice says, and work begins on
1 October 2023, with the option of two further one-year extensions. About 6,200 staff will use the new service.

Tallis takes over from Brandt Telecom. ECC's earlier contract cost £21m.
"""


def answer(*contracts: dict[str, Any], article: dict[str, Any] | None = None) -> dict[str, Any]:
    """A whole answer of it_contracts: what is not given is null, `main` and `stage` have a default."""
    root = find_task("it_contracts").schema.root
    stage = {"value": "award", "quote": "signed a contract"}
    entries = [{"main": True, "stage": stage, **contract} for contract in contracts]
    filled: dict[str, Any] = completed({"article": article or {}, "contracts": entries}, root)
    return filled


def grounded(
    text: str, *contracts: dict[str, Any], article: dict[str, Any] | None = None, published: date | None = None
) -> Grounded:
    """Ground an answer of it_contracts in a text."""
    schema = find_task("it_contracts").schema
    said = schema.answer.model_validate(answer(*contracts, article=article))
    return ground(Document.from_text(text), schema, said, published=published)


def check_sound(text: str, evidence: dict[str, Evidence]) -> None:
    """The promise: every quote stands in the text at its offsets."""
    for found in evidence.values():
        for span in (found, *found.also):
            assert text[span.start : span.end] == span.quote
            assert span.quote.strip()


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes, as on a full disk; holds for root too."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
