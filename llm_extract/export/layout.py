"""The tables of a task, derived from its schema, which know no task by name.

`articles` has a row for everything that was read. Every list of models is a table of its *entries* (`contracts`),
with a column for each of their values; a list of organisations is rows of `parties`; any other list of values is a
table of its own. `evidence`, `issues`, `failures` and `skips` say why. All join by `article_id`, and what belongs to an
entry by `entry` too, which counts from 0 as the paths of the evidence do (`contracts[0].value`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from llm_extract.errors import TaskError
from llm_extract.export.cells import (
    Row,
    day_cells,
    flag_cells,
    integer_cells,
    money_cells,
    number_cells,
    partial_date_cells,
    text_cells,
)
from llm_extract.fields import (
    CategoryField,
    CountField,
    DateField,
    DayField,
    DurationField,
    FlagField,
    MoneyField,
    NameField,
    NumberField,
    WholeNumberField,
)
from llm_extract.schema import Branch, CompiledSchema, Leaf

Kind = Literal["text", "integer", "decimal", "number", "flag", "date", "time"]
"""`integer` has 64 bits, `decimal` 18 digits before the point and 6 behind, `time` is UTC."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: Kind
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    """The values that it may have, where these are fixed."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, what identifies a row, and the table that its rows belong to."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    parent: Table | None = None
    """Its key's columns are columns of this table too, by the same names."""
    indexes: tuple[tuple[str, ...], ...] = ()


class Shape(NamedTuple):
    """How one value becomes cells."""

    columns: tuple[Column, ...]
    cells: Callable[[Any], Row]
    of_page: bool = False
    """Whether the page itself states it: true of this article, and not of its copies elsewhere."""


@dataclass(frozen=True, slots=True)
class Part:
    """A model of the record: which of its values go to which table. Ways are names, from this model on."""

    name: str
    """As in the record: `contracts`; empty for the record itself."""
    table: Table
    scalars: tuple[tuple[tuple[str, ...], Shape], ...]
    lists: tuple[tuple[tuple[str, ...], Table, Shape], ...]
    parties: tuple[tuple[tuple[str, ...], Table, str], ...]
    """Lists of organisations, with the role that their members have."""
    parts: tuple[tuple[tuple[str, ...], Part], ...]
    known: tuple[tuple[tuple[str, ...], frozenset[str]], ...]
    """The names that each model of it may have: another one means that the schema has changed."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All tables of a schema, parents before their children."""

    tables: tuple[Table, ...]
    root: Part
    fields: Mapping[str, FieldPlace]
    """Where the evidence of a path belongs; by the path without its numbers, `contracts[].buyers[]`."""
    depth: int
    """How deep lists of models are nested: how many key columns an entry has."""


class FieldPlace(NamedTuple):
    """What a path of the record means in tables."""

    entries: str | None
    """The table of its entry; None for what stands outside all lists of models."""
    field: str
    """Its name from there on."""
    many: bool


# -- from the schema to tables -------------------------------------------------------------------------


def make_layout(schema: CompiledSchema) -> Layout:
    """The tables of a schema."""
    return _Builder(schema.root).layout()


_ARTICLE = Column("article_id", "text", "the article's id", required=True)
ARTICLE_COLUMNS = (
    _ARTICLE,
    Column("place", "text", "where it was read: archive, member, record"),
    Column("text_id", "text", "first 16 hexadecimal digits of the SHA-256 of its text"),
    Column(
        "status",
        "text",
        "row: read, with or without entries; failure: see failures; skip: see skips; copy: see copy_of; pending: to be "
        "tried again",
        required=True,
    ),
    Column("copy_of", "text", "of a copy, the article_id of the article that was read for it"),
    Column("copy_match", "text", "exact or near"),
    Column("copy_similarity", "number", "from 0 to 1"),
    Column("finished", "time", "when its outcome was written (UTC)"),
    Column("model", "text", "the model that was asked"),
    Column("answered_by", "text", "the model that says it answered"),
    Column("prompt", "text", "name, version and fingerprint of the prompt"),
    Column("calls", "integer", "calls that were paid for it, failed ones included"),
    Column("input_tokens", "integer", "tokens sent"),
    Column("output_tokens", "integer", "tokens received"),
    Column("cost_usd", "number", "US dollars by the price table; null where no price is known"),
    Column("seconds", "number", "from the request to the result, waits included"),
)


class Names:
    """Names that are taken, apart from case, as SQL compares them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {name.casefold() for name in taken}

    def take(self, *wanted: str) -> str:
        """The first of the wanted names that is free, else the last with a number."""
        numbered = (f"{wanted[-1]}_{number}" for number in range(2, 1000))
        for name in (*wanted, *numbered):
            name = re.sub(r"\W", "_", name)
            if name.casefold() not in self.taken and not name.casefold().startswith("sqlite_"):
                self.taken.add(name.casefold())
                return name
        raise TaskError(f"{wanted[-1]}: more than 1,000 fields of this name")


class _Builder:
    """The state of walking one schema."""

    def __init__(self, root: Branch) -> None:
        self.root = root
        self.tables: list[Table] = []
        self.names = Names(("articles", "evidence", "issues", "failures", "skips"))
        self.fields: dict[str, FieldPlace] = {}
        self.depth = 0

    def layout(self) -> Layout:
        root = self.part(self.root, "articles", ARTICLE_COLUMNS, ("article_id",), None, "", 0)
        articles = root.table
        keys = _entry_columns(self.depth)
        described = {
            "evidence": Table(
                "evidence",
                "The words that support each value: text[start:end] == quote. Position 0 holds the value's own words; "
                "the others are further places that it needs.",
                (
                    _ARTICLE,
                    Column("path", "text", "the value's path in the record: contracts[0].value", required=True),
                    Column("position", "integer", "0 for the value's own words, then 1, 2, …", required=True),
                    Column("entries", "text", "the table of the entry that the value belongs to; null: the article's"),
                    *(Column(key.name, "integer", key.description) for key in keys),
                    Column("field", "text", "the field's name; of a list of organisations the role", required=True),
                    Column("item", "integer", "of a list, the position of the value in it"),
                    Column("quote", "text", "the article's words", required=True),
                    Column("start", "integer", "first code point in the article's text", required=True),
                    Column("end", "integer", "one behind the last code point", required=True),
                    Column("match", "text", "exact, normalised, fuzzy, alias, page or derived; null in other places"),
                    Column("confidence", "number", "how likely the value is right, from 0 to 1, where the model tells"),
                ),
                ("article_id", "path", "position"),
                articles,
                (("entries", "field"),),
            ),
            "issues": Table(
                "issues",
                "What the model answered and the article does not support: not in the record.",
                (
                    _ARTICLE,
                    Column("position", "integer", "from 0", required=True),
                    Column("path", "text", "the path in the model's answer", required=True),
                    Column(
                        "reason", "text", "not_found, not_supported, contradicted, derived or uncertain", required=True
                    ),
                    Column("message", "text", "in words"),
                    Column("answer", "text", "what the model said; JSON if it is no text"),
                    Column("sources", "text", "places of the article that it names, as JSON"),
                ),
                ("article_id", "position"),
                articles,
            ),
            "failures": Table(
                "failures",
                "Articles that gave no record.",
                (
                    _ARTICLE,
                    Column("type", "text", "the error's name", required=True),
                    Column("message", "text", "what was wrong"),
                ),
                ("article_id",),
                articles,
                (("type",),),
            ),
            "skips": Table(
                "skips",
                "Articles for which no model was asked.",
                (
                    _ARTICLE,
                    Column("reason", "text", "irrelevant, unreadable or id_clash", required=True),
                    Column("detail", "text", "in words"),
                ),
                ("article_id",),
                articles,
                (("reason",),),
            ),
        }
        return Layout((*self.tables, *described.values()), root, self.fields, self.depth)

    def part(
        self,
        branch: Branch,
        table_name: str,
        keys: tuple[Column, ...],
        key: tuple[str, ...],
        parent: Table | None,
        path: str,
        depth: int,
    ) -> Part:
        """The table of one list of models (or of the articles), and those of the lists in it."""
        self.depth = max(self.depth, depth)
        columns = list(keys)
        taken = Names(column.name for column in keys)
        scalars: list[tuple[tuple[str, ...], Shape]] = []
        known: list[tuple[tuple[str, ...], frozenset[str]]] = []
        lists: list[tuple[tuple[str, ...], Leaf]] = []
        below: list[tuple[tuple[str, ...], Branch]] = []
        for way, child in _children(branch, (), known):
            if isinstance(child, Branch):
                below.append((way, child))
                continue
            many = "[]" if child.many else ""
            field = "_".join(way) if child.many and _is_organisation(child) else ".".join(way)
            place = FieldPlace(table_name if depth else None, field, child.many)
            self.fields[f"{path}{'.'.join(way)}{many}"] = place
            if child.many:
                lists.append((way, child))
                continue
            wanted = ("_".join(way),) if depth or not child.from_page else (child.name, "_".join(way))
            shape = _shape(child, wanted, taken)._replace(of_page=child.from_page is not None)
            columns += shape.columns
            scalars.append((way, shape))
        indexes = tuple((column.name,) for column in columns[len(keys) :] if column.kind == "date")
        description = branch.description if depth else "Every article of the run, whatever became of it."
        indexes += (("status",), ("copy_of",), ("text_id",)) if not depth else ()
        table = Table(table_name, description, tuple(columns), key, parent, indexes)
        self.tables.append(table)
        kept_keys = tuple(column for column in columns if column.name in key)
        members, values = self.lists(lists, table, kept_keys)
        parts = []
        for way, child in below:
            name = self.names.take("_".join(way), f"{table_name}_{'_'.join(way)}")
            entry = _entry_columns(depth + 1)[-1]
            inner = self.part(
                child,
                name,
                (*kept_keys, entry),
                (*key, entry.name),
                table,
                f"{path}{'.'.join(way)}[].",
                depth + 1,
            )
            parts.append((way, inner))
        return Part(branch.name, table, tuple(scalars), values, members, tuple(parts), tuple(known))

    def lists(
        self, lists: list[tuple[tuple[str, ...], Leaf]], owner: Table, keys: tuple[Column, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The tables of an entry's lists of values: one for all organisations, one each for the others."""
        members: list[tuple[tuple[str, ...], Table, str]] = []
        values: list[tuple[tuple[str, ...], Table, Shape]] = []
        position = Column("position", "integer", "which of the list's values, from 0", required=True)
        own = tuple(key.name for key in keys)
        parties: Table | None = None
        roles = {"_".join(way): leaf for way, leaf in lists if _is_organisation(leaf)}
        for way, leaf in lists:
            if _is_organisation(leaf):
                if parties is None:
                    parties = Table(
                        self.names.take("parties", f"{owner.name}_parties"),
                        f"The organisations of {owner.name}, a row for each and role.",
                        (
                            *keys,
                            Column("role", "text", "; ".join(_roles(roles)), required=True),
                            position,
                            Column("name", "text", "as the article names it", required=True),
                            Column(
                                "normalised_name",
                                "text",
                                "for grouping: without case, punctuation, 'the' and legal form",
                                required=True,
                            ),
                        ),
                        (*own, "role", "position"),
                        owner,
                        (("normalised_name",), ("role",)),
                    )
                    self.tables.append(parties)
                members.append((way, parties, "_".join(way)))
                continue
            shape = _shape(leaf, ("value",), Names((*own, "position")))
            table = Table(
                self.names.take("_".join(way), f"{owner.name}_{'_'.join(way)}"),
                f"Of each row of {owner.name}: {leaf.description or leaf.name}",
                (*keys, position, *shape.columns),
                (*own, "position"),
                owner,
                ((shape.columns[0].name,),),
            )
            self.tables.append(table)
            values.append((way, table, shape))
        return tuple(members), tuple(values)


def _children(
    branch: Branch, way: tuple[str, ...], known: list[tuple[tuple[str, ...], frozenset[str]]]
) -> Iterator[tuple[tuple[str, ...], Leaf | Branch]]:
    """What a model holds, single models in it opened; lists of models are left closed."""
    known.append((way, frozenset(child.name for child in branch.children)))
    for child in branch.children:
        here = (*way, child.name)
        if isinstance(child, Branch) and not child.many:
            yield from _children(child, here, known)
        else:
            yield here, child


def _entry_columns(depth: int) -> tuple[Column, ...]:
    """The numbers that lead to an entry: `entry`; in nested lists `entry_2` and so on."""
    return tuple(
        Column(
            "entry" if level == 1 else f"entry_{level}",
            "integer",
            "which entry of the article, from 0" if level == 1 else "which entry inside that one, from 0",
            required=True,
        )
        for level in range(1, depth + 1)
    )


def _is_organisation(leaf: Leaf) -> bool:
    return isinstance(leaf.field_type, NameField) and leaf.field_type.resolve_aliases


def _roles(roles: Mapping[str, Leaf]) -> Iterator[str]:
    for role, leaf in roles.items():
        yield f"{role}: {leaf.description}" if leaf.description else role


def _shape(leaf: Leaf, wanted: tuple[str, ...], taken: Names) -> Shape:
    """The columns of a leaf, and how its values fill them."""
    said = leaf.description or leaf.name
    field = leaf.field_type
    if isinstance(field, MoneyField):
        amount, currency, qualifier, per_year = (
            taken.take(*(f"{name}_{part}" for name in wanted))
            for part in ("amount", "currency", "qualifier", "per_year")
        )
        columns = (
            Column(amount, "decimal", f"{said} (whole currency units)"),
            Column(currency, "text", "its ISO 4217 code"),
            Column(qualifier, "text", "exact, about, up_to or at_least"),
            Column(per_year, "flag", "whether it is a sum a year, which is not multiplied by the term"),
        )
        return Shape(columns, money_cells)
    name = taken.take(*wanted)
    if isinstance(field, DateField):
        day = taken.take(f"{name}_first_day")
        return Shape(
            (
                Column(name, "text", f"{said} (as precise as the article: 2023-05-17, 2016-04 or 2008)"),
                Column(day, "date", "the first day that this may be, for sorting and comparing"),
            ),
            partial_date_cells,
        )
    if isinstance(field, DayField):
        return Shape((Column(name, "date", said),), day_cells)
    if isinstance(field, FlagField):
        return Shape((Column(name, "flag", said),), flag_cells)
    if isinstance(field, CountField | DurationField | WholeNumberField):
        return Shape((Column(name, "integer", said),), integer_cells)
    if isinstance(field, NumberField):
        return Shape((Column(name, "number", said),), number_cells)
    if isinstance(field, CategoryField):
        return Shape((Column(name, "text", said, choices=field.values),), text_cells)
    return Shape((Column(name, "text", said),), text_cells)
