"""Which field of a contract stands for what in a release of the Open Contracting Data Standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from types import UnionType
from typing import Any, Literal

from llm_extract.errors import TaskError
from llm_extract.fields import (
    CategoryField,
    CountField,
    DateField,
    DayField,
    DurationField,
    FieldType,
    MoneyField,
    NameField,
    TextField,
    WholeNumberField,
)
from llm_extract.schema import Branch, CompiledSchema, Leaf

Stage = Literal["tender", "award", "extension", "ended"]
STAGES: tuple[Stage, ...] = ("tender", "award", "extension", "ended")


@dataclass(frozen=True, slots=True)
class Places:
    """Which field of an entry stands for what in a release. A field that the schema does not have is left out."""

    buyers: str = "buyers"
    """parties with the role `buyer`; the first is the release's `buyer`."""
    suppliers: str = "suppliers"
    """parties with the role `supplier`, and the award's `suppliers`."""
    stage: str = "stage"
    """A category, which decides what is released: a tender, an award, a contract amended or ended."""
    stages: Mapping[str, Stage] = field(default_factory=lambda: {stage: stage for stage in STAGES})
    """What each of its values means."""
    partners: str = "partners"
    """parties with the role `subcontractor`."""
    incumbents: str = "incumbents"
    """parties with the role `incumbent`."""
    value: str = "value"
    duration_months: str = "duration_months"
    extension_months: str = "extension_months"
    signed: str = "signed"
    """The award's, the amendment's or the ending's date."""
    start: str = "start"
    end: str = "end"
    framework: str = "framework"
    """A related process with the relationship `framework`."""
    programme: str = "programme"
    """`planning.budget.project`."""
    services: str = "services"
    """Items, with a classification of the task's own scheme."""
    users: str = "users"
    sites: str = "sites"
    """The items' delivery addresses."""


_REQUIRED = ("buyers", "suppliers", "stage")
_TYPES: dict[str, tuple[type[FieldType[Any]] | UnionType, bool]] = {
    "buyers": (NameField, True),
    "suppliers": (NameField, True),
    "stage": (CategoryField, False),
    "partners": (NameField | TextField, True),
    "incumbents": (NameField | TextField, True),
    "value": (MoneyField, False),
    "duration_months": (DurationField | WholeNumberField, False),
    "extension_months": (DurationField | WholeNumberField, False),
    "signed": (DateField | DayField, False),
    "start": (DateField | DayField, False),
    "end": (DateField | DayField, False),
    "framework": (NameField | TextField, False),
    "programme": (NameField | TextField, False),
    "services": (CategoryField, True),
    "users": (CountField | WholeNumberField, False),
    "sites": (NameField | TextField, True),
}
"""What each of the places needs: a field type, and whether it is a list."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A schema's mapping, checked: the way to its entries and the names of those of its fields that have a place."""

    way: tuple[str, ...]
    fields: Mapping[str, str]
    stages: Mapping[str, Stage]
    headline: tuple[str, ...] | None
    published: tuple[str, ...] | None


def places_of(schema: CompiledSchema) -> Mapped:
    """The mapping of a schema.

    Raises:
        TaskError: no list of models in it has buyers, suppliers and a stage, or a declared field is none.
    """
    reasons = []
    for way, branch in _lists_of_models(schema.root, ()):
        declared = getattr(branch.model, "ocds", None)
        if declared is not None and not isinstance(declared, Places):
            raise TaskError(f"{branch.model.__name__}.ocds is a Places(...), not {declared!r}")
        found = _mapped(branch, declared or Places(), strict=declared is not None)
        if isinstance(found, str):
            reasons.append(f"{'.'.join(way)} has {found}")
            continue
        fields, stages = found
        pages = {leaf.from_page: path for path, leaf in schema.root.leaves() if leaf.from_page and "[" not in path}
        headline, published = (
            tuple(pages[key].split(".")) if key in pages else None for key in ("headline", "published")
        )
        return Mapped(way, fields, stages, headline, published)
    why = "; ".join(reasons) or "its record has no list of models"
    raise TaskError(
        f"{schema.record.__name__} is no record of contracts, so there are no OCDS releases of it: {why}. Its entries "
        "need buyers, suppliers and a stage; other names are declared by `ocds: ClassVar = Places(...)` "
        "(llm_extract.export.places)"
    )


def _lists_of_models(branch: Branch, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Branch]]:
    for child in branch.children:
        if isinstance(child, Branch):
            here = (*way, child.name)
            if child.many:
                yield here, child
            else:
                yield from _lists_of_models(child, here)


def _mapped(branch: Branch, places: Places, *, strict: bool) -> tuple[dict[str, str], Mapping[str, Stage]] | str:
    """The fields that have a place, or what is missing."""
    leaves = {child.name: child for child in branch.children if isinstance(child, Leaf)}
    default = asdict(Places())
    fields = {}
    for place, (wanted, many) in _TYPES.items():
        name: str = getattr(places, place)
        leaf = leaves.get(name)
        fits = leaf is not None and leaf.many == many and isinstance(leaf.field_type, wanted)
        if fits:
            fields[place] = name
        elif strict and name != default[place]:
            raise TaskError(f"{branch.model.__name__}.ocds: {place}={name!r} is no such field of it")
        elif place in _REQUIRED:
            return f"no field {name!r} that is {'a list of names' if many else 'a category'}"
    if leaves[fields["stage"]].optional:
        return f"a field {fields['stage']!r} that may be missing"
    choices = leaves[fields["stage"]].field_type
    values = choices.values if isinstance(choices, CategoryField) else ()
    unknown = [value for value in values if places.stages.get(value) not in STAGES]
    if unknown:
        return f"a stage {unknown[0]!r}, of which nothing says which of {', '.join(STAGES)} it is"
    return fields, places.stages
