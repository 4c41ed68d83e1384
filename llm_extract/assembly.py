"""Assembly: grounded values put together as the data of a record, and taken out again where they cannot stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from llm_extract.relations import Value, joined
from llm_extract.schema import Branch, Leaf


@dataclass(slots=True)
class Item:
    """One model of the record while it is being filled."""

    branch: Branch
    answer_path: str
    values: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, list[Value]] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=dict)


def delivered(item: Item, path: str, found: dict[str, Value]) -> dict[str, Any]:
    """The record's data, with each value and its words filed in `found` under the record's own paths."""
    data: dict[str, Any] = dict(item.flags)
    for name, value in item.values.items():
        data[name] = value.value
        found[joined(path, name)] = value
    for name, entries in item.lists.items():
        data[name] = [entry.value for entry in entries]
        for index, entry in enumerate(entries):
            found[f"{joined(path, name)}[{index}]"] = entry
    for child in item.branch.children:
        if isinstance(child, Leaf):
            continue
        here = joined(path, child.name)
        if child.many:
            data[child.name] = [
                delivered(entry, f"{here}[{index}]", found) for index, entry in enumerate(item.items[child.name])
            ]
        elif item.items[child.name]:
            data[child.name] = delivered(item.items[child.name][0], here, found)
        elif child.optional:
            data[child.name] = None
    for child in item.branch.children:
        if child.optional and child.many:
            data[child.name] = data.get(child.name) or None  # a list of nothing is missing, like any other value
        elif child.optional and isinstance(child, Leaf):
            data.setdefault(child.name, None)
    return data


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
