"""Every row of a run again, from its text and its offsets, without a model.

A row holds if its text is the one that was read, its record fits the schema, every quote stands where it is said
to stand, and every value has words in which its field type reads that value. A run holds if all its rows do, no line
of its ledger is lost, and every copy has its original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from llm_extract.batch.ids import Numbering, digest
from llm_extract.document import text_id
from llm_extract.evaluation.items import Plan, ScoredField, every_value, in_words, make_plan, reference_day
from llm_extract.evaluation.support import carries
from llm_extract.export.run_records import RunRecords, named
from llm_extract.export.tables import Record
from llm_extract.fields.text import collapse
from llm_extract.schema import CompiledSchema

_BREAK_AFTER_HYPHEN = re.compile(r"-[ \t]*\n[ \t]*")


class Problem(NamedTuple):
    """Something in a run that does not hold."""

    article: str
    """The article's id; of a damaged line the ledger's name."""
    path: str
    """The value's path in the record, or the number of the line; empty if it is about the whole record."""
    message: str


@dataclass(slots=True)
class Verified:
    """What was looked at."""

    records: int = 0
    rows: int = 0
    values: int = 0
    problems: int = 0
    """In rows and elsewhere."""
    bad_rows: int = 0


def verify(
    records: Iterable[Record], schema: CompiledSchema, report: Callable[[Problem], None] = lambda _: None
) -> Verified:
    """Check every row of a run, and that nothing is missing that its records speak of.

    Args:
        records: the ledger's records; of `RunRecords` the damaged lines are problems too.
        schema: the task's.
        report: is told of each problem as it is found.
    """
    done = Verified()
    known = Numbering()
    copies: list[tuple[str, str]] = []
    for record in records:
        done.records += 1
        known.add(digest(record["id"]))
        if record["kind"] == "copy":
            copies.append((record["id"], record["of"]))
        if record["kind"] != "row":
            continue
        done.rows += 1
        values, problems = check_row(named(record, schema.root), schema)
        done.values += values
        done.problems += len(problems)
        done.bad_rows += bool(problems)
        for problem in problems:
            report(problem)
    missing = [
        Problem(copy, "", f"is a copy of {original}, which has no outcome")
        for copy, original in copies
        if known.find(digest(original)) is None
    ]
    if isinstance(records, RunRecords):
        told = "is damaged and does not count; llm-extract batch --resume does its article again"
        missing += [Problem("ledger.jsonl", f"line {number}", told) for number in records.lost_lines()]
    for problem in missing:
        report(problem)
    done.problems += len(missing)
    return done


def check_row(record: Record, schema: CompiledSchema) -> tuple[int, list[Problem]]:
    """How many values a row has, and what of it does not hold."""
    article = record["id"]
    extraction = record.get("extraction")
    problems: list[Problem] = []

    def bad(path: str, message: str) -> None:
        problems.append(Problem(article, path, message))

    try:
        text: str = extraction["document"]["text"]  # type: ignore[index]
        evidence: Mapping[str, Any] = extraction["evidence"]  # type: ignore[index]
        data = extraction["record"]  # type: ignore[index]
    except (KeyError, TypeError) as error:
        bad("", f"the row is no extraction: {type(error).__name__}: {error}")
        return 0, problems
    if record.get("text") is not None and record["text"] != text_id(text):
        bad("", f"its text is another than the one that was read: {text_id(text)}, not {record['text']}")
    quotes: dict[str, list[str]] = {}
    for path, given in evidence.items():
        found = _quotes(text, given)
        if isinstance(found, str):
            bad(path, found)
        else:
            quotes[path] = found
    try:
        typed = schema.record.model_validate(data, strict=False, by_alias=False, by_name=True)
    except ValidationError as error:
        for first in error.errors(include_url=False):
            bad(".".join(str(part) for part in first["loc"]), f"does not fit the schema: {first['msg']}")
        return 0, problems
    plan = make_plan(schema)
    values = every_value(typed, plan)
    published = _published(typed, plan, extraction)
    paths = set()
    for field, (path, value) in values:
        paths.add(path)
        problem = _unsupported(field, value, path, evidence, quotes, published)
        if problem is not None:
            bad(path, problem)
    problems += [Problem(article, path, "words for a value that is not there") for path in evidence.keys() - paths]
    return len(values), problems


def _quotes(text: str, given: Any) -> list[str] | str:
    """The quotes of one value, its own first, or what is wrong with them."""
    try:
        spans = (given, *(given.get("also") or ()))
        for span in spans:
            start, end, quote = span["start"], span["end"], span["quote"]
            if not 0 <= start < end <= len(text):
                return f"no such place in the text: {start} to {end} of {len(text)}"
            if text[start:end] != quote:
                return f"the text says {text[start:end]!r} at {start}, not {quote!r}"
        return [span["quote"] for span in spans]
    except (KeyError, TypeError, AttributeError) as error:
        return f"is no evidence: {type(error).__name__}: {error}"


def _unsupported(
    field: ScoredField,
    value: Any,
    path: str,
    evidence: Mapping[str, Any],
    quotes: Mapping[str, list[str]],
    published: date | None,
) -> str | None:
    if path not in evidence:
        return f"{in_words(value)!r} has no words"
    if path not in quotes:  # its words stand nowhere, which has been said
        return None
    plain = value.value if isinstance(value, Enum) else value
    support = field.leaf.field_type.support
    # The words by themselves are nearly always enough, and read the fastest.
    if support(quotes[path][0], plain):
        return None
    said = [reading for quote in quotes[path] for reading in _readings(quote)]
    if carries(field, value, said, published):
        return None
    return f"the words {quotes[path][0]!r} do not carry {in_words(value)!r}"


def _readings(quote: str) -> tuple[str, ...]:
    """A quote as it stands and, where a line break may part a word of it, as it reads without."""
    if "\n" not in quote:
        return (quote,)
    return (quote, collapse(quote), " ".join(_BREAK_AFTER_HYPHEN.sub("-", quote).split()))


def _published(record: BaseModel, plan: Plan, extraction: Any) -> date | None:
    """The day that relative dates are counted from: as the caller gave it, else as the record states it."""
    given = (extraction.get("provenance") or {}).get("published")
    return date.fromisoformat(given) if given else reference_day(record, plan)
