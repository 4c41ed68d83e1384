"""Lessons: gold articles with their forms filled in, as training has a model read them.

A lesson is exactly what inference will ask: the same article text, the same lines in the same
order, the same ways to write an answer (`llm_extract.form`). The model learns what stands behind the
labels; article and labels are given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from llm_extract.document import Document
from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import Gold, GoldEvidence, located
from llm_extract.fields import CategoryField, Context, DateField, DurationField, FlagField, NameField, TextField
from llm_extract.fields.durations import Part
from llm_extract.form import MOST_ITEMS, Form, Line, make_form
from llm_extract.questions import asked_text, context_of, prompt_start
from llm_extract.task import Task


class FilledLine(NamedTuple):
    """A line with what an annotator said on it."""

    line: Line
    said: Any
    """In the shape of the schema's answer; `_UNSTATED` where its words cannot be written on the line: not asked."""


@dataclass(frozen=True)
class Lesson:
    """An article with its form."""

    name: str
    text: str
    """The article as a model is asked about it."""
    context: Context
    lines: tuple[FilledLine, ...]

    def parts(self) -> Iterator[tuple[str, bool]]:
        """The training text in pieces, each with whether it is to be learnt."""
        yield prompt_start(self.text), False
        for line, said in self.lines:
            if said is not _UNSTATED and line.applies(self.text, self.context):
                yield f"{line.label}:", False
                yield f" {line.write(said)}\n", True


_UNSTATED: Any = object()


def make_lesson(task: Task, gold: Gold) -> Lesson:
    """The lesson of one gold article.

    Raises:
        EvaluationError: a value has no words in its `evidence`, which may have them without their places.
    """
    record = json.loads(gold.record.model_dump_json(by_alias=False))
    places = {path: located(gold.document, found) for path, found in gold.file.evidence.items()}
    there = {path: place for path, place in places.items() if place is not None}
    try:
        return lesson_of(make_form(task), gold.name, gold.document, record, there)
    except WordlessError as error:
        raise EvaluationError(
            f"{gold.path}: {error}: llm-extract eval audit {task.name} names all of its kind"
        ) from error


class WordlessError(ValueError):
    """A value has no words that state it."""


def lesson_of(
    form: Form, name: str, document: Document, record: Mapping[str, Any], evidence: Mapping[str, GoldEvidence]
) -> Lesson:
    """The lesson of an article, from its record as JSON and the words behind it.

    A date that was put together from others (an end from start and term) is no answer of its own. A line
    whose words cannot be written, because the text cuts them or they are too many, is left out.

    Raises:
        WordlessError: a value that is no name or text has no evidence.
    """
    text, context = asked_text(document), context_of(document)
    said = _Said(document, text, context, evidence)
    filled = [FilledLine(line, said.at(line, record, "")) for line in form.lines]
    if form.name is not None:
        entries: Sequence[Mapping[str, Any]] = record.get(form.name) or []
        for index, entry in enumerate(entries):
            filled += [FilledLine(line, said.at(line, entry, f"{form.name}[{index}].")) for line in form.entry]
        opening = form.entry[0]
        filled.append(FilledLine(opening, [] if opening.leaf.many else None))
    return Lesson(name, text, context, tuple(filled))


class _Said:
    """What gold says on the lines of one article."""

    def __init__(self, document: Document, text: str, context: Context, evidence: Mapping[str, GoldEvidence]) -> None:
        self._document = document
        self._text = text
        self._evidence = evidence
        self._context = context

    def at(self, line: Line, entry: Mapping[str, Any], prefix: str) -> Any:
        found = _values(entry, line.path, prefix)
        if isinstance(line.leaf.field_type, FlagField):
            return bool(found and found[0][1])
        said = []
        for path, value in found:
            words = self._words(line, path, value)
            if words is None:
                continue
            if not line.writable(words, self._text):
                return _UNSTATED
            said.append({"value": value, "quote": words} if isinstance(line.leaf.field_type, CategoryField) else words)
        if line.leaf.many:
            return _UNSTATED if len(said) > MOST_ITEMS else said
        return said[0] if said else None

    def _words(self, line: Line, path: str, value: Any) -> str | None:
        """The words that state a value; None for a date that only other values give."""
        field_type = line.leaf.field_type
        found = self._evidence.get(path)
        if isinstance(field_type, NameField | TextField) and line.writable(str(value), self._text):
            return str(value)
        if found is None:
            if isinstance(field_type, NameField | TextField):
                return str(value)
            raise WordlessError(f"{path} has no words in `evidence`")
        if isinstance(field_type, DateField) and found.also and self._is_term(field_type, found):
            return None
        return found.quote

    def _is_term(self, field_type: DateField, found: GoldEvidence) -> bool:
        """Whether a date's first words are a term ("five-year"), from which it was reckoned."""
        dated = field_type.read(self._document.text, found.start, found.end, self._context)
        parts: tuple[Part, ...] = ("initial", "extension")
        return not dated and any(DurationField(part=part).find(found.quote) for part in parts)


def _values(entry: Mapping[str, Any], path: str, prefix: str) -> list[tuple[str, Any]]:
    """The values at a line's path, with their paths in the record."""
    here: list[tuple[str, Any]] = [(prefix, entry)]
    parts = path.split(".")
    for number, part in enumerate(parts):
        name, many = part.removesuffix("[]"), part.endswith("[]")
        last = number == len(parts) - 1
        following: list[tuple[str, Any]] = []
        for where, data in here:
            value = data.get(name) if isinstance(data, Mapping) else None
            if value is None:
                continue
            dot = "" if last else "."
            if many:
                values = list(value)[: None if last else 1]
                following += [(f"{where}{name}[{index}]{dot}", each) for index, each in enumerate(values)]
            else:
                following.append((f"{where}{name}{dot}", value))
        here = following
    return here


def changed(lesson: Lesson, text: str, change: Any) -> Lesson | None:
    """The lesson of a changed article: `change` is applied to the words of every answer.

    None if a changed answer does not stand in the changed text.
    """
    lines = []
    for line, said in lesson.lines:
        new = said if said is _UNSTATED else _changed(said, change)
        for words in words_of(new):
            if not line.writable(words, text):
                return None
        lines.append(FilledLine(line, new))
    return replace(lesson, text=text, lines=tuple(lines))


def _changed(said: Any, change: Any) -> Any:
    if isinstance(said, str):
        return change(said)
    if isinstance(said, Mapping):
        return {**said, "quote": change(said["quote"])}
    if isinstance(said, list):
        return [_changed(each, change) for each in said]
    return said


def words_of(said: Any) -> Iterator[str]:
    """The words of an answer on a line."""
    for each in said if isinstance(said, list) else [said]:
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            yield each["quote"]
