"""What is compared: the fields of a record, and the items in them.

A record holds *entries* (the contracts of an article) and, beside them, what the *page* says of itself. An item
is one (entry, field, value); every entry of a list field is one item, and a sum with its currency is one item. All of
it follows from the schema: the outermost lists of models hold the entries; a record without such a list is one
entry itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel

from llm_extract.fields import FlagField, Money
from llm_extract.fields.dates import parse_reference
from llm_extract.schema import Branch, CompiledSchema, Leaf


class Step(NamedTuple):
    """One attribute on the way to a value, and whether it holds a list."""

    name: str
    many: bool


@dataclass(frozen=True, slots=True)
class ScoredField:
    """A leaf of the record, as it is scored."""

    key: str
    """What reports and gates call it: `buyers`, `article.published`."""
    leaf: Leaf
    steps: tuple[Step, ...]
    """The way from the entry (or, for the page, from the record) to the values."""
    in_term: bool = False
    """Whether a relation of its model may give its value."""
    ends_term: bool = False
    """Whether it is the relation's end, which follows from start and months; a start never follows."""

    @property
    def weight(self) -> int:
        """What one shared value counts when entries are aligned."""
        return self.leaf.identifies or 1

    @property
    def is_choice(self) -> bool:
        """Whether every entry has exactly one of a few values, so that confusions can be counted."""
        return not any(step.many for step in self.steps) and hasattr(self.leaf.field_type, "values")


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A list of models in the record, or the record itself."""

    name: str
    steps: tuple[Step, ...]
    fields: tuple[ScoredField, ...]
    flags: tuple[ScoredField, ...]
    """Judgements that need no words (`main`): no items; reported on their own, and they break ties."""

    @property
    def is_whole_record(self) -> bool:
        """Whether the record is the one entry there is."""
        return not self.steps


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything in records of one schema that is scored."""

    page: tuple[ScoredField, ...]
    kinds: tuple[EntryKind, ...]
    published: ScoredField | None = None
    """Where the record says from which day relative dates are counted."""

    @property
    def fields(self) -> tuple[ScoredField, ...]:
        """The fields whose items make the headline figure."""
        return tuple(field for kind in self.kinds for field in kind.fields)

    @property
    def flags(self) -> tuple[ScoredField, ...]:
        """The judgements of all kinds of entries."""
        return tuple(flag for kind in self.kinds for flag in kind.flags)


class Value(NamedTuple):
    """A value of a record and its path: `contracts[0].buyers[1]`, the key of its evidence."""

    path: str
    value: Any


@lru_cache(maxsize=64)
def make_plan(schema: CompiledSchema) -> Plan:
    """What is scored in records of this schema."""
    page: list[ScoredField] = []
    kinds: list[tuple[str, tuple[Step, ...], Branch]] = []
    _walk(schema.root, "", (), page, kinds)
    published = next((field for field in page if field.leaf.from_page == "published"), None)
    if not kinds:
        whole = _kind(schema.root.name, (), "", schema.root)
        return Plan(page=(), kinds=(whole,), published=published)
    alone = len(kinds) == 1
    made = tuple(_kind(name, steps, "" if alone else f"{name}.", branch) for name, steps, branch in kinds)
    return Plan(page=tuple(page), kinds=made, published=published)


def _walk(
    branch: Branch,
    prefix: str,
    steps: tuple[Step, ...],
    page: list[ScoredField],
    kinds: list[tuple[str, tuple[Step, ...], Branch]],
) -> None:
    """Collect what stands outside all lists of models, and the outermost of these."""
    for child in branch.children:
        here = (*steps, Step(child.name, child.many))
        if isinstance(child, Leaf):
            page.append(_scored(branch, child, prefix, here))
        elif child.many:
            kinds.append((prefix + child.name, here, child))
        else:
            _walk(child, f"{prefix}{child.name}.", here, page, kinds)


def _kind(name: str, steps: tuple[Step, ...], prefix: str, branch: Branch) -> EntryKind:
    found = list(_below(branch, prefix, ()))
    flags = tuple(field for field in found if _is_flag(field.leaf))
    return EntryKind(name, steps, tuple(field for field in found if not _is_flag(field.leaf)), flags)


def _below(branch: Branch, prefix: str, steps: tuple[Step, ...]) -> Iterator[ScoredField]:
    """Every leaf of an entry; what nested lists hold is compared as one list a field."""
    for child in branch.children:
        here = (*steps, Step(child.name, child.many))
        if isinstance(child, Leaf):
            yield _scored(branch, child, prefix, here)
        else:
            yield from _below(child, f"{prefix}{child.name}.", here)


def _scored(branch: Branch, leaf: Leaf, prefix: str, steps: tuple[Step, ...]) -> ScoredField:
    in_term = any(leaf.name in (term.start, term.end, *term.near) for term in branch.relations)
    ends_term = any(leaf.name == term.end for term in branch.relations)
    return ScoredField(prefix + leaf.name, leaf, steps, in_term, ends_term)


def _is_flag(leaf: Leaf) -> bool:
    return isinstance(leaf.field_type, FlagField) and not leaf.field_type.quoted


def values_at(part: BaseModel, steps: tuple[Step, ...], path: str = "") -> list[Value]:
    """The values that the steps lead to, without those that are null or have no character to read.

    Args:
        part: the record, or one of its entries.
        steps: the way to the values.
        path: the path of `part` in the record.
    """
    found: list[Value] = [Value(path, part)]
    for name, many in steps:
        below: list[Value] = []
        for where, value in found:
            child = getattr(value, name)
            if child is None:
                continue
            here = f"{where}.{name}" if where else name
            if many:
                below.extend(Value(f"{here}[{index}]", entry) for index, entry in enumerate(child))
            else:
                below.append(Value(here, child))
        found = [entry for entry in below if not _is_empty(entry.value)]
    return found


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def entries_of(record: BaseModel, kind: EntryKind) -> list[Value]:
    """The entries of one kind, each a model; one that says nothing is none."""
    return [
        entry
        for entry in values_at(record, kind.steps)
        if any(values_at(entry.value, field.steps) for field in kind.fields)
    ]


def every_value(record: BaseModel, plan: Plan) -> list[tuple[ScoredField, Value]]:
    """Every value that needs words, of page and entries, with its field."""
    found = [(field, value) for field in plan.page for value in values_at(record, field.steps)]
    for kind in plan.kinds:
        for path, entry in entries_of(record, kind):
            found += [(field, value) for field in kind.fields for value in values_at(entry, field.steps, path)]
    return [(field, value) for field, value in found if not _is_flag(field.leaf)]


def reference_day(record: BaseModel, plan: Plan) -> date | None:
    """The day of publication that the record states in full, from which relative dates are counted."""
    if plan.published is None:
        return None
    for _, value in values_at(record, plan.published.steps):
        if isinstance(value, date):
            return value
        return parse_reference(value) if isinstance(value, str) and len(value) == len("2016-02-10") else None
    return None


def as_json(value: Any) -> Any:
    """A value as plain JSON data."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | float | bool) else str(value)


_QUALIFIERS = {"exact": "", "about": "about ", "up_to": "up to ", "at_least": "at least "}


def in_words(value: Any) -> str:
    """A value as people write it, `up to GBP 1,250,000 a year`; of unknown models their JSON."""
    if isinstance(value, Money):
        a_year = " a year" if value.per_year else ""
        amount = f"{value.amount:,}" if isinstance(value.amount, int) else f"{value.amount:,f}"
        return f"{_QUALIFIERS[value.qualifier]}{value.currency} {amount}{a_year}"
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.value) if isinstance(value, Enum) else str(value)
