"""Assembly: grounded values put together as the data of a record, and taken out again where they cannot stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from functools import partial
from itertools import zip_longest
from typing import Any, TypeVar

from pydantic import BaseModel

from llm_extract.relations import Value, joined
from llm_extract.schema import Branch, Leaf

T = TypeVar("T")


@dataclass(slots=True)
class Item:
    """One model of the record while it is being filled."""

    branch: Branch
    answer_path: str
    values: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, list[Value]] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=dict)


def delivered(item: Item) -> dict[str, Any]:
    """The record's data, to be validated by its schema."""
    data: dict[str, Any] = dict(item.flags)
    for name, value in item.values.items():
        data[name] = value.value
    for name, entries in item.lists.items():
        data[name] = [entry.value for entry in entries]
    for child in item.branch.children:
        if isinstance(child, Leaf):
            continue
        if child.many:
            data[child.name] = [delivered(entry) for entry in item.items[child.name]]
        elif item.items[child.name]:
            data[child.name] = delivered(item.items[child.name][0])
        elif child.optional:
            data[child.name] = None
    for child in item.branch.children:
        if child.optional and child.many:
            data[child.name] = data.get(child.name) or None  # a list of nothing is missing, like any other value
        elif child.optional and isinstance(child, Leaf):
            data.setdefault(child.name, None)
    return data


def filed(item: Item, model: BaseModel, path: str = "") -> dict[str, Value]:
    """The values of a validated record and their words, under the record's own paths.

    A schema's validators may have put a list into another order, or taken entries out of it.

    Raises:
        ValueError: they made of a list one whose entries cannot be told to be which.
    """
    found: dict[str, Value] = {}
    for child in item.branch.children:
        here, held = joined(path, child.name), getattr(model, child.name, None)
        entries = held if isinstance(held, list | tuple) else ()
        if isinstance(child, Leaf) and child.many:
            for index, value in enumerate(_told_apart(item.lists.get(child.name, []), entries, _is_value, here)):
                found[f"{here}[{index}]"] = value
        elif isinstance(child, Leaf):
            if child.name in item.values and held is not None:
                found[here] = item.values[child.name]
        elif child.many:
            for index, part in enumerate(_told_apart(item.items[child.name], entries, _is_item, here)):
                found |= filed(part, entries[index], f"{here}[{index}]")
        elif item.items[child.name] and isinstance(held, BaseModel):
            found |= filed(item.items[child.name][0], held, here)
    return found


def _told_apart(given: Sequence[T], held: Sequence[Any], same: Callable[[T, Any], bool], path: str) -> list[T]:
    """Of what was given for a list, that which each of its entries is now."""
    if len(given) == len(held) and all(map(same, given, held)):
        return list(given)
    left, told = list(given), []
    for entry in held:
        which = next((index for index, one in enumerate(left) if same(one, entry)), None)
        if which is not None:
            told.append(left.pop(which))
    if len(told) == len(held):
        return told
    if len(given) == len(held):
        return list(given)  # each was changed in its place
    raise ValueError(f"{path}: a validator of the schema changed how many there are, and what they are")


def _is_value(value: Value, held: Any) -> bool:
    return _equal(value.value, held)


def _equal(given: Any, held: Any) -> bool:
    """Whether a model holds what it was given, as its type has it: a choice as an Enum, a number as a Decimal."""
    held = held.value if isinstance(held, Enum) else held
    return bool(given == (float(held) if isinstance(held, Decimal) and isinstance(given, float) else held))


def _is_item(item: Item, model: Any) -> bool:
    """Whether a model holds just what the item gave."""
    if not isinstance(model, BaseModel):
        return False
    for child in item.branch.children:
        held = getattr(model, child.name, None)
        if isinstance(child, Leaf) and not child.many:
            value = item.values.get(child.name)
            if not _equal(item.flags.get(child.name) if value is None else value.value, held):
                return False
            continue
        given: Sequence[Any] = item.lists.get(child.name, []) if isinstance(child, Leaf) else item.items[child.name]
        same: Callable[[Any, Any], bool] = _is_value if isinstance(child, Leaf) else _is_item
        entries = held if isinstance(held, list | tuple) else [held] if held is not None else []
        if len(given) != len(entries) or not all(map(same, given, entries)):
            return False
    return True


def missing(item: Item) -> list[str]:
    """What an item's model requires and the article does not support."""
    return [
        child.name
        for child in item.branch.children
        if not child.many
        and not child.optional
        and (
            (child.name not in item.values and child.name not in item.flags)
            if isinstance(child, Leaf)
            else any(missing(part) for part in item.items[child.name])
        )
    ]


def says_anything(item: Item) -> bool:
    """Whether an item states more than the choices that its model requires of every entry."""
    for child in item.branch.children:
        if isinstance(child, Branch):
            if any(says_anything(part) for part in item.items[child.name]):
                return True
        elif item.lists.get(child.name) or (
            child.name in item.values and (child.optional or child.field_type.extractive)
        ):
            return True
    leaves = [child for child in item.branch.children if isinstance(child, Leaf)]
    return len(leaves) == len(item.branch.children) and all(
        not (leaf.optional or leaf.many or leaf.field_type.extractive) for leaf in leaves
    )


def give_up(item: Item, place: Sequence[int | str]) -> str | None:
    """Leave out the smallest optional part around a value that the schema's own rules refuse.

    `place` is where in the record it stands, as pydantic tells it. Returns the path, None if nothing of it may be
    left out.
    """
    droppable: list[Callable[[], object]] = []
    path = ""
    for name, index in zip_longest(place, place[1:]):
        child = next((child for child in item.branch.children if child.name == name), None)
        if child is None:
            continue
        path = joined(path, str(name))
        entries: list[Any] = item.lists.get(child.name, []) if isinstance(child, Leaf) else item.items[child.name]
        if child.many and isinstance(index, int) and index < len(entries):
            droppable.append(partial(entries.pop, index))
        elif child.many and entries:
            droppable.append(entries.pop)  # the list itself is refused: a shorter one may not be
        elif child.optional and isinstance(child, Leaf) and child.name in item.values:
            droppable.append(partial(item.values.pop, child.name))
        elif child.optional and entries:
            droppable.append(entries.clear)
        if isinstance(child, Leaf) or not entries:
            break
        item = entries[index if child.many and isinstance(index, int) else 0]
    if not droppable:
        return None
    droppable[-1]()
    return path
