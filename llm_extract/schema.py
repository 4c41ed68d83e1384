"""A record's schema, walked once: its leaves with their field types, and the answer to ask for.

The record holds values (150600000 GBP); the answer holds the article's words for them
("a £150.6m contract"). Both have the same form, so that one walk serves both: every leaf of the
record becomes, in the answer, the shape that its field type asks for.
"""

from __future__ import annotations

import datetime
import enum
import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, RootModel, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from llm_extract.errors import TaskError
from llm_extract.fields import (
    Category,
    CategoryField,
    DateField,
    DayField,
    DurationField,
    FieldType,
    FlagField,
    Money,
    MoneyField,
    NumberField,
    TextField,
    WholeNumberField,
)
from llm_extract.model.types import ResponseSchema

MAX_ENTRIES = 50
"""The most entries that one list of an answer may have; a longer one breaks the schema."""


@dataclass(frozen=True, slots=True)
class FromPage:
    """Mark of a leaf that the page itself may state in its head: it is read there first.

    The leaf marked ``FromPage("published")`` is also the day that relative dates are counted from.
    """

    key: Literal["headline", "publisher", "author", "published"]


@dataclass(frozen=True, slots=True)
class Identifies:
    """Mark of a leaf by which a reader tells which entry is meant: who bought, from whom.

    When two records are compared, their entries are paired by the number of values that they share, each
    counted with its `weight`; a leaf without this mark weighs 1, and cannot make a pair by itself.
    """

    weight: int


@dataclass(frozen=True, slots=True)
class Term:
    """Relation of three leaves of one model: a term runs from `start` for `months` until `end`.

    Declared as ``relations: ClassVar = (Term(...),)``. An `end` that the article leaves out is filled
    from the two others; a `start` stated without a year gets the one that `end` and `months` fix;
    `start` is never made from the two others alone. `near` names further dates of the same days.
    """

    start: str
    months: str
    end: str
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the record."""

    name: str
    field_type: FieldType[Any]
    many: bool = False
    optional: bool = False
    description: str = ""
    from_page: str | None = None
    identifies: int = 0
    """The weight of its `Identifies` mark; 0 without one."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A model of the record, its children in the order of the schema."""

    name: str
    model: type[BaseModel]
    children: tuple[Leaf | Branch, ...]
    many: bool = False
    optional: bool = False
    description: str = ""
    relations: tuple[Term, ...] = ()

    def leaves(self, path: str = "") -> Iterator[tuple[str, Leaf]]:
        """Every leaf below, with its path: `contracts[].value`."""
        for child in self.children:
            here = f"{path}{child.name}{'[]' if child.many else ''}"
            if isinstance(child, Leaf):
                yield here, child
            else:
                yield from child.leaves(f"{here}.")


def leaf_path(path: str) -> str:
    """The path of the leaf that a value's path is of: `contracts[0].buyers[1]` is of `contracts[].buyers[]`."""
    return re.sub(r"\[\d+\]", "[]", path)


def by_field_names(branch: Branch, data: Any) -> Any:
    """A record as JSON by the names of its fields: not by aliases, and without what is computed. Other keys stay."""
    if not (isinstance(data, Mapping) and _is_dumped_otherwise(branch)):
        return data
    model = branch.model
    names: dict[str, str] = {}
    for field_name, info in model.model_fields.items():
        names[info.serialization_alias or info.alias or field_name] = field_name
    computed = {*model.model_computed_fields, *(info.alias for info in model.model_computed_fields.values())}
    children = {child.name: child for child in branch.children if isinstance(child, Branch)}
    found = {}
    for key, value in data.items():
        name = str(key if key in model.model_fields else names.get(key, key))
        child = children.get(name)
        if child is not None and isinstance(value, list):
            found[name] = [by_field_names(child, entry) for entry in value]
        elif name not in model.model_fields and name in computed:
            continue
        else:
            found[name] = value if child is None else by_field_names(child, value)
    return found


def _is_dumped_otherwise(branch: Branch) -> bool:
    """Whether records of a model may be dumped with other keys than its fields' names: aliases, computed fields."""
    model = branch.model
    aliased = any(info.alias or info.serialization_alias for info in model.model_fields.values())
    below = (child for child in branch.children if isinstance(child, Branch))
    return bool(aliased or model.model_computed_fields) or any(map(_is_dumped_otherwise, below))


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A record's schema and everything that is made from it, once."""

    record: type[BaseModel]
    root: Branch
    answer: type[BaseModel]
    verbatim_schema: Mapping[str, Any] = field(hash=False)
    """JSON schema of the answer, with `x-verbatim` at the leaves that copy the article."""
    response_schema: ResponseSchema = field(hash=False)
    """The same as it is sent: strict, without our marks."""
    fingerprint: str
    published: tuple[tuple[str, Leaf], ...] = ()
    """The leaves marked ``FromPage("published")``, with their paths."""


def compile_schema(record: type[BaseModel]) -> CompiledSchema:
    """Walk a pydantic model and make its answer model and schemas.

    Raises:
        TaskError: a leaf of a type that no field type serves, a recursive model, or a default that would be
            delivered without words.
    """
    if not (isinstance(record, type) and issubclass(record, BaseModel)) or issubclass(record, RootModel):
        raise TaskError(f"a schema is a pydantic model class with fields, not {record!r}")
    try:
        return _compiled(record)
    except PydanticUserError as error:
        raise TaskError(f"{record.__name__}: {error.message.splitlines()[0]}") from error


@lru_cache(maxsize=64)
def _compiled(record: type[BaseModel]) -> CompiledSchema:
    if not record.__pydantic_complete__ and record.model_rebuild(raise_errors=False) is not True:
        raise TaskError(
            f"{record.__name__} has annotations that cannot be resolved; define or import every name they use, "
            f"then call {record.__name__}.model_rebuild()"
        )
    root = _branch("", record, record.__name__, ())
    answer = _answer_model(root, record.__name__)
    verbatim_schema = answer.model_json_schema()
    sent = _strict(verbatim_schema)
    digest = sha256(json.dumps([record.__name__, sent], sort_keys=True).encode()).hexdigest()
    leaves = list(root.leaves())
    settings = json.dumps([[path, repr(leaf)] for path, leaf in leaves])
    # A schema's own extras may hold anything: `json_schema_extra` with a date among its examples.
    record_schema = json.dumps(record.model_json_schema(), sort_keys=True, default=repr)
    return CompiledSchema(
        record=record,
        root=root,
        answer=answer,
        verbatim_schema=verbatim_schema,
        response_schema=ResponseSchema(_sendable(record.__name__), sent, answer, digest),
        fingerprint=sha256((record_schema + settings + repr(list(_relations(root)))).encode()).hexdigest()[:16],
        published=tuple((path, leaf) for path, leaf in leaves if leaf.from_page == "published"),
    )


def _sendable(name: str) -> str:
    """A name that endpoints take for a schema: 64 letters, digits, underscores and hyphens at most."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64]


def _relations(branch: Branch) -> Iterator[tuple[str, Term]]:
    for term in branch.relations:
        yield branch.name, term
    for child in branch.children:
        if isinstance(child, Branch):
            yield from _relations(child)


def _branch(
    name: str, model: type[BaseModel], where: str, above: tuple[type[BaseModel], ...], **properties: Any
) -> Branch:
    if model in above:
        raise TaskError(f"{where}: {model.__name__} contains itself; a record has a fixed depth")
    if not model.model_fields:
        raise TaskError(f"{where}: {model.__name__} has no fields")
    children = tuple(_child(key, info, f"{where}.{key}", (*above, model)) for key, info in model.model_fields.items())
    declared = getattr(model, "relations", ())  # of this name there may be something else: a method, a property
    relations = tuple(declared) if isinstance(declared, tuple | list) else ()
    if isinstance(declared, Term):
        raise TaskError(f"{where}: relations are a tuple, also of one: relations: ClassVar = (Term(...),)")
    by_name = {child.name: child for child in children}
    for relation in relations:
        if not isinstance(relation, Term):
            raise TaskError(f"{where}: a relation is a Term(...), not {relation!r}")
        kinds = {"months": (relation.months,), "date": (relation.start, relation.end, *relation.near)}
        for kind, keys in kinds.items():
            for key in keys:
                child = by_name.get(key)
                if child is None:
                    raise TaskError(f"{where}: its relation names a field {key!r} that the model does not have")
                wanted = DurationField if kind == "months" else DateField
                if not isinstance(child, Leaf) or not isinstance(child.field_type, wanted):
                    raise TaskError(
                        f"{where}.{key}: its relation needs {'Months' if kind == 'months' else 'a PartialDate'} there"
                    )
    return Branch(name=name, model=model, children=children, relations=relations, **properties)


def _child(name: str, info: FieldInfo, where: str, above: tuple[type[BaseModel], ...]) -> Leaf | Branch:
    metadata = list(info.metadata)
    annotation, optional = _unwrap(info.annotation, metadata)
    many = annotation in (list, tuple) or get_origin(annotation) in (list, tuple)
    if many:
        entries = [entry for entry in get_args(annotation) if entry is not Ellipsis]
        if len(entries) != 1:
            raise TaskError(f"{where}: say what the list holds: list[str], list[Party], …")
        annotation, _ = _unwrap(entries[0], metadata)
    if info.default_factory_takes_validated_data:
        raise TaskError(f"{where}: its default is made from other fields, and would be delivered without words")
    default = info.get_default(call_default_factory=True)
    if default is not PydanticUndefined and default is not None and not (many and not default):
        raise TaskError(
            f"{where}: has the default {default!r}, which would be delivered without words of the article; "
            "make it `| None = None`, or leave the default out"
        )
    if default is None and not (optional or many):
        raise TaskError(f"{where}: has the default None, which its type does not have: make it `| None = None`")
    if many and default is not None and default is not PydanticUndefined:
        optional = False  # where nothing is found it is its default, the empty list, and not None
    described = (entry.description for entry in metadata if isinstance(entry, FieldInfo) and entry.description)
    description = info.description or next(described, "")
    properties: dict[str, Any] = {"many": many, "optional": optional, "description": description}
    for entry in metadata:
        _check_mark(entry, where)
    field_type = next((entry for entry in metadata if isinstance(entry, FieldType)), None)
    if field_type is None and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if issubclass(annotation, RootModel):
            raise TaskError(f"{where}: {annotation.__name__} is a RootModel: put the type that it holds in its place")
        if annotation is not Money:
            return _branch(name, annotation, where, above, **properties)
    choices = _choices(annotation, where)
    if isinstance(field_type, CategoryField) and choices is not None and set(choices) != set(field_type.values):
        raise TaskError(
            f"{where}: its type has the choices {', '.join(choices)}, its Category {', '.join(field_type.values)}: "
            "list the same in both, with () for one that has no cues"
        )
    field_type = field_type or _default_field_type(annotation, choices, where)
    page = next((entry.key for entry in metadata if isinstance(entry, FromPage)), None)
    if page is not None and many:
        raise TaskError(f"{where}: the head of a page states one value: FromPage is no mark of a list")
    weight = next((entry.weight for entry in metadata if isinstance(entry, Identifies)), 0)
    return Leaf(name=name, field_type=field_type, from_page=page, identifies=weight, **properties)


def _check_mark(entry: Any, where: str) -> None:
    """What stands in `Annotated[...]` as if it were a mark of ours, and would be passed over."""
    if isinstance(entry, type) and issubclass(entry, FieldType | FromPage | Identifies):
        raise TaskError(f"{where}: {entry.__name__} needs its brackets: {entry.__name__}(...)")
    if entry is Category:
        raise TaskError(f"{where}: Category needs its categories: Category({{...}})")
    if get_origin(entry) is Annotated:
        raise TaskError(f"{where}: a type of llm_extract.fields stands alone, and not in Annotated[...] behind another")


def _unwrap(annotation: Any, metadata: list[Any]) -> tuple[Any, bool]:
    """The annotation without `Annotated` and `| None` (whether there was one).

    What the `Annotated` hold is collected in `metadata`: of a `Field` what it holds itself, and it.
    """
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            for entry in more:
                metadata.extend([*entry.metadata, entry] if isinstance(entry, FieldInfo) else [entry])
        elif origin in (Union, types.UnionType):
            members = [member for member in get_args(annotation) if member is not type(None)]
            if len(members) != 1:
                return annotation, optional
            annotation, optional = members[0], True
        else:
            return annotation, optional


def _choices(annotation: Any, where: str) -> tuple[str, ...] | None:
    """The strings that a Literal or an Enum has; None for another type."""
    values: tuple[Any, ...]
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        values = tuple(member.value for member in annotation)
    else:
        return None
    if not all(isinstance(value, str) for value in values):
        raise TaskError(f"{where}: its choices {values!r} are what a model is shown: they have to be strings")
    return tuple(str(value.value) if isinstance(value, enum.Enum) else value for value in values)


def _default_field_type(annotation: Any, choices: tuple[str, ...] | None, where: str) -> FieldType[Any]:
    """The field type of a leaf that names none: by its Python type."""
    if choices is not None:
        return CategoryField(values=choices)
    if isinstance(annotation, type):
        defaults: dict[type, FieldType[Any]] = {
            Money: MoneyField(),
            bool: FlagField(),
            int: WholeNumberField(),
            float: NumberField(),
            Decimal: NumberField(exact=True),
            datetime.date: DayField(),
            str: TextField(),
        }
        if annotation in defaults:
            return defaults[annotation]
    raise TaskError(
        f"{where}: no field type for {annotation!r}; use str, int, float, bool, date, a Literal of strings, "
        "Money, PartialDate, another model, a list of these, or name a field type in Annotated[...]"
    )


def _answer_model(branch: Branch, name: str) -> type[BaseModel]:
    """The model of the answer: as the record, with every leaf in the shape its field type asks for."""
    fields: dict[str, Any] = {}
    for child in branch.children:
        shape: Any
        if isinstance(child, Leaf):
            shape = child.field_type.shape()
        else:
            shape = _answer_model(child, f"{name}_{child.name}")
        if child.many:
            shape = Annotated[list[shape], Field(max_length=MAX_ENTRIES)]
        elif not isinstance(child, Branch) and not isinstance(child.field_type, FlagField):
            # The model may always say that the article is silent, even where the record needs a value.
            shape = shape | None
        elif child.optional:
            shape = shape | None
        fields[child.name] = (shape, Field(description=child.description or None))
    model: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid", strict=True), **fields)
    return model


_NOT_SENT = frozenset({"title", "default", "x-verbatim", "maxLength", "minLength"})
"""Keywords that strict structured output does not take; the answer model checks lengths afterwards."""


def _strict(schema: Any, *, names: bool = False) -> Any:
    """The schema as OpenAI's strict structured output wants it: every key required, none besides."""
    if isinstance(schema, list):
        return [_strict(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if names:  # the keys of `properties` and `$defs` are names, not keywords
        return {key: _strict(value) for key, value in schema.items()}
    kept = {
        key: _strict(value, names=key in ("properties", "$defs"))
        for key, value in schema.items()
        if key not in _NOT_SENT
    }
    if "properties" in kept:
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    if "$ref" in kept:  # strict mode allows nothing beside a reference
        return {"$ref": kept["$ref"]}
    return kept
