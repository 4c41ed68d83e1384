"""Records of a ledger, made from the shipped gold or from a few words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from llm_extract.document import Document
from llm_extract.evaluation.gold import read_gold_set
from llm_extract.model.types import Sampling, Usage
from llm_extract.result import Evidence, Extraction, Provenance, Span
from llm_extract.task import Task, find_task

Record = dict[str, Any]
TIME = 1_700_000_000.25


@lru_cache
def gold_records(task_name: str = "it_contracts") -> tuple[Record, ...]:
    """The task's gold, as if a model had answered it so."""
    gold_set = read_gold_set(task_name)
    made = []
    for gold in gold_set.items:
        evidence = {
            path: Evidence(quote=e.quote, start=e.start, end=e.end, match="exact", also=e.also)
            for path, e in gold.evidence().items()
        }
        made.append(row(gold.name, gold.document, gold.record.model_dump(mode="json"), evidence, gold_set.task))
    return tuple(made)


def row(name: str, document: Document, record: Any, evidence: Mapping[str, Evidence], task: Task) -> Record:
    """A row of the ledger."""
    extraction = Extraction[Any](
        document=document,
        record=task.record.model_validate(record),
        evidence=dict(evidence),
        usage=Usage(calls=1, input_tokens=900, output_tokens=120, seconds=1.5),
        provenance=Provenance(
            task=task.name,
            model="test/reader",
            answered_by="reader-1",
            base_url="http://localhost/v1",
            prompt=f"{task.name}@1:0123456789abcdef",
            record_schema=task.schema.fingerprint,
            sampling=Sampling(),
        ),
    )
    dumped = extraction.model_dump(mode="json")
    return {**head("row", name, document), "usage": dumped["usage"], "extraction": dumped}


def head(kind: str, name: str, document: Document | None = None) -> Record:
    """What every record has."""
    text = None if document is None else Document.from_text(document.text).id
    return {"kind": kind, "id": name, "place": f"news.zip!{name}.txt", "text": text, "time": TIME}


def words(text: str, quote: str, *also: str) -> Evidence:
    """Evidence at the first place where the words stand."""
    spans = [Span(quote=part, start=text.index(part), end=text.index(part) + len(part)) for part in (quote, *also)]
    first = spans[0]
    return Evidence(quote=first.quote, start=first.start, end=first.end, match="exact", also=tuple(spans[1:]))


def contract_row(name: str = "a1", *, text: str | None = None, **fields: Any) -> Record:
    """An article about one contract, whose values are given; all of them supported by the whole text."""
    text = text or "Alder Council picked Birch Systems for its network. The deal is worth £2.5m."
    contract = {"main": True, "stage": "award", "buyers": ["Alder Council"], "suppliers": ["Birch Systems"], **fields}
    document = Document.from_text(text)
    evidence = {}
    for field, value in contract.items():
        for path in [f"{field}[{n}]" for n in range(len(value))] if isinstance(value, list) else [field]:
            if field != "main" and value is not None:
                evidence[f"contracts[0].{path}"] = words(document.text, document.text)
    return row(name, document, {"article": {}, "contracts": [contract]}, evidence, find_task("it_contracts"))


def mixed() -> list[Record]:
    """One outcome of every kind: a row, its exact and its near copy, a failure, a skip, one to be tried again."""
    return [
        {**head("copy", "c0"), "of": "a1", "match": "exact", "similarity": 1.0},
        contract_row(value={"amount": 2_500_000, "currency": "GBP"}, services=["network_and_telecoms"]),
        {**head("copy", "c1"), "of": "a1", "match": "near", "similarity": 0.93},
        {
            **head("failure", "f1"),
            "error": {"type": "Refused", "message": "the model declined"},
            "usage": Usage(calls=2, input_tokens=50).model_dump(mode="json"),
        },
        {**head("skip", "s1"), "reason": "irrelevant", "detail": "no keyword"},
        {"kind": "retried", "id": "r1"},
    ]
