"""Gold: articles with the record that a careful reader would make of them.

``evals/TASK/gold/NAME.json``, one file an article::

    {
      "article":  "articles/NAME.txt",          beside the gold folder
      "split":    "dev" or "test"               to work with, or only for the gate
      "story":    "NAME",                       articles about one story share it, and are in one split
      "tags":     ["wire", "two-sums"],         F1 is also given for each that five articles have
      "record":   {...},                        what has a default in the schema may be left out
      "evidence": {"contracts[0].value": {"quote": "up to £41m", "start": 164, "end": 174, "also": [...]}},
      "accept":   {"contracts[0].framework": ["another form that is fully right"]},
      "notes":    "why a hard case was decided as it was"
    }

Offsets are code points of the article as `llm_extract.read_document` reads it, half-open. Whoever labels by hand
writes the quote alone (a string, or a list of them for a value put together from several places), and leaves out
that of a name which stands in the article as it is: `llm-extract eval audit --fix` fills in the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm_extract.document import Document
from llm_extract.errors import DocumentError, EvaluationError
from llm_extract.evaluation.items import Plan, every_value, make_plan
from llm_extract.fields import NameField, TextField
from llm_extract.locate import Locator
from llm_extract.result import Span
from llm_extract.schema import CompiledSchema
from llm_extract.task import Task, find_task, shipped_directory

_LINE = 120
"""Characters of a line of a gold file, its indent included."""


class GoldEvidence(Span):
    """The words that support a gold value, and further places that it needs."""

    also: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of its places, the first one in front."""
        return (Span(quote=self.quote, start=self.start, end=self.end), *self.also)


class GoldFile(BaseModel):
    """A gold file as it is written; `evidence` may hold bare quotes until it is fixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    article: str
    split: str | None = None
    story: str | None = None
    tags: tuple[str, ...] = ()
    record: dict[str, Any]
    evidence: dict[str, GoldEvidence | str | list[str]] = Field(default_factory=dict)
    accept: dict[str, list[Any]] = Field(default_factory=dict)
    notes: str | None = None


@dataclass(frozen=True)
class Gold:
    """One article with its gold record."""

    name: str
    """The file's name without its extension: the article's name in runs and reports."""
    path: Path
    file: GoldFile
    document: Document
    record: BaseModel
    accept: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """Further right values, typed as in the record, by path."""

    @property
    def story(self) -> str:
        """What it is about: by default a story of its own."""
        return self.file.story or self.name

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change with the article or its label."""
        content = self.file.model_dump_json(include={"record", "accept"}) + self.document.text
        return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def evidence(self) -> dict[str, GoldEvidence]:
        """The evidence that has its places."""
        return {path: found for path, found in self.file.evidence.items() if isinstance(found, GoldEvidence)}


@dataclass(frozen=True)
class GoldSet:
    """The gold of one task, and where it is."""

    task: Task
    directory: Path
    """`evals/TASK`: holds `gold/`, `articles/`, `gates.toml` and `baseline/`."""
    items: tuple[Gold, ...]

    @property
    def plan(self) -> Plan:
        """What is scored in its records."""
        return make_plan(self.task.schema)

    def split(self, name: str | None) -> GoldSet:
        """The part that belongs to a split; all of it for None.

        Raises:
            EvaluationError: no article is in that split.
        """
        if name is None:
            return self
        kept = tuple(item for item in self.items if item.file.split == name)
        if not kept:
            there = sorted({item.file.split for item in self.items if item.file.split})
            raise EvaluationError(
                f"{self.directory}: no gold in the split {name!r}; there is {', '.join(there) or 'none'}"
            )
        return GoldSet(self.task, self.directory, kept)

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that change with any article or label."""
        return sha256(" ".join(f"{item.name}:{item.digest}" for item in self.items).encode()).hexdigest()[:16]


def gold_directory(task: str, directory: Path | None = None) -> Path:
    """`evals/TASK` of the working directory, else the shipped one.

    Raises:
        EvaluationError: neither has a `gold` folder.
    """
    for place in (directory or Path.cwd(), shipped_directory()):
        if (place / "evals" / task / "gold").is_dir():
            return place / "evals" / task
    raise EvaluationError(f"no gold for the task {task!r}: there is no evals/{task}/gold here, and none is shipped")


def read_gold_set(task: str | Task, directory: Path | None = None) -> GoldSet:
    """All gold of a task, sorted by name.

    Args:
        task: its name, or the task itself.
        directory: the folder that holds `gold/`, or that folder itself; by default `gold_directory(task)`.

    Raises:
        TaskError: no such task.
        EvaluationError: no gold there, or a file of it does not hold.
    """
    task = task if isinstance(task, Task) else find_task(task)
    place = directory or gold_directory(task.name)
    place = place.parent if place.name == "gold" and place.is_dir() else place
    items = tuple(read_gold(path, task.schema) for path in gold_paths(place))
    return GoldSet(task, place, items)


def gold_paths(directory: Path) -> list[Path]:
    """The gold files of `evals/TASK`, sorted by name.

    Raises:
        EvaluationError: there is none.
    """
    paths = sorted((directory / "gold").glob("*.json"))
    if not paths:
        raise EvaluationError(f"{directory}: no gold here (gold/*.json)")
    return paths


def read_gold(path: Path, schema: CompiledSchema) -> Gold:
    """One gold file with its article.

    Raises:
        EvaluationError: what does not hold, and where.
    """
    file = read_gold_file(path)
    try:
        document = read_article(path, file)
        # A key that the schema does not have is a slip, and its label would never count.
        record = schema.record.model_validate(file.record, strict=False, by_alias=True, by_name=True, extra="forbid")
    except ValidationError as error:
        raise EvaluationError(f"{path}: its record does not fit the schema: {first_problem(error)}") from error
    accept = {
        where: tuple(_accepted(schema, record, path, where, other) for other in others)
        for where, others in file.accept.items()
    }
    return Gold(path.stem, path, file, document, record, accept)


def read_gold_file(path: Path) -> GoldFile:
    """What a gold file says, its article unread.

    Raises:
        EvaluationError: it is not there, no JSON, or has other keys.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror or error}") from error
    try:
        return GoldFile.model_validate_json(content)
    except ValidationError as error:
        raise EvaluationError(f"{path}: {first_problem(error)}") from error


def read_article(path: Path, file: GoldFile) -> Document:
    """The article that a gold file is about.

    Raises:
        EvaluationError: it is not there or cannot be read.
    """
    from llm_extract.reading import read_document

    try:
        return read_document(path.parent.parent / file.article)
    except DocumentError as error:
        raise EvaluationError(f"{path}: its article: {error}") from error


def first_problem(error: ValidationError) -> str:
    """The first thing that pydantic minds, in one line."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _accepted(schema: CompiledSchema, record: BaseModel, file: Path, where: str, other: Any) -> Any:
    """An alternate value, typed: the record with that value in its place is read, and the value taken from it."""
    plan = make_plan(schema)
    if where not in {value.path for _, value in every_value(record, plan)}:
        raise EvaluationError(f"{file}: accept: the record has no value at {where}")
    changed = record.model_dump(mode="json", by_alias=False, round_trip=True)
    steps = [int(step) if step.isdigit() else step for step in where.replace("[", ".").replace("]", "").split(".")]
    part: Any = changed
    for step in steps[:-1]:
        part = part[step]
    part[steps[-1]] = other
    try:
        typed = schema.record.model_validate(changed, strict=False, by_alias=True, by_name=True)
    except ValidationError as error:
        raise EvaluationError(f"{file}: accept: {where}: {first_problem(error)}") from error
    values = [value.value for _, value in every_value(typed, plan) if value.path == where]
    if not values:
        raise EvaluationError(f"{file}: accept: {where}: {other!r} is no value; say what else is right, or nothing")
    return values[0]


# -- places of quotes ---------------------------------------------------------------------------------


def located(document: Document, evidence: GoldEvidence | str | Sequence[str]) -> GoldEvidence | None:
    """The evidence with its places: as they are if right, else where its quotes stand; None if one stands nowhere."""
    if isinstance(evidence, GoldEvidence):
        spans = [_placed(document, span.quote, span.start, span.end) for span in evidence.spans]
    else:
        quotes = [evidence] if isinstance(evidence, str) else list(evidence)
        spans = [_placed(document, quote, None, None) for quote in quotes]
    found = [span for span in spans if span is not None]
    if not found or len(found) < len(spans):
        return None
    return GoldEvidence(quote=found[0].quote, start=found[0].start, end=found[0].end, also=tuple(found[1:]))


def _placed(document: Document, quote: str, start: int | None, end: int | None) -> Span | None:
    text = document.text
    if not quote.strip():
        return None
    if start is not None and end is not None and start >= 0 and text[start:end] == quote:
        return Span(quote=quote, start=start, end=end)
    hits = Locator(text, document.excluded).find(quote) or Locator(text).find(quote)
    if not hits:
        return None
    hit = hits[0] if start is None else min(hits, key=lambda hit: abs(hit.start - start))
    return Span(quote=text[hit.start : hit.end], start=hit.start, end=hit.end)


def fixed(gold: Gold, plan: Plan) -> GoldFile:
    """The file with the places of all quotes, and with evidence for names that stand in the article as they are."""
    evidence: dict[str, GoldEvidence | str | list[str]] = {}
    for field_, (path, value) in every_value(gold.record, plan):
        given = gold.file.evidence.get(path)
        if given is None and isinstance(field_.leaf.field_type, NameField | TextField):
            given = str(value)
        found = None if given is None else located(gold.document, given)
        if found is not None or path in gold.file.evidence:
            evidence[path] = found or gold.file.evidence[path]
    stray = {path: found for path, found in gold.file.evidence.items() if path not in evidence}
    return gold.file.model_copy(update={"evidence": evidence | stray})


def written(file: GoldFile) -> str:
    """A gold file's text: JSON in which whatever fits in a line stands in one, without anything empty."""
    data = json.loads(file.model_dump_json(exclude_none=True))
    for found in data["evidence"].values():
        if isinstance(found, dict) and not found["also"]:
            del found["also"]
    kept = {key: value for key, value in data.items() if value not in ([], {}) or key in ("record", "evidence")}
    return _laid_out(kept, 0, 0) + "\n"


def _laid_out(data: Any, indent: int, before: int) -> str:
    """JSON, a line an entry where it does not fit in one; `before` characters stand on its first line already."""
    line = json.dumps(data, ensure_ascii=False)
    if not isinstance(data, dict | list) or (indent > 0 and indent + before + len(line) < _LINE):
        return line
    inner = " " * (indent + 2)
    if isinstance(data, dict):
        keys = [f"{json.dumps(key, ensure_ascii=False)}: " for key in data]
        entries = [key + _laid_out(value, indent + 2, len(key)) for key, value in zip(keys, data.values(), strict=True)]
    else:
        entries = [_laid_out(value, indent + 2, 0) for value in data]
    opening, closing = "{}" if isinstance(data, dict) else "[]"
    return opening + "\n" + ",\n".join(inner + entry for entry in entries) + "\n" + " " * indent + closing
