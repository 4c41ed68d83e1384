"""The records of a run's ledger, as exports and checks read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from llm_extract.export.tables import Record
from llm_extract.schema import Branch, CompiledSchema


class RunRecords:
    """The records of a run that count, as JSON objects; read anew, a line at a time, at every pass."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __iter__(self) -> Iterator[Record]:
        """The records, one an article; `retried` for one that is to be done again.

        Raises:
            RunError: the folder holds no run.
        """
        from llm_extract.batch.ledger import Ledger
        from llm_extract.batch.records import as_json

        for record in Ledger.read(self.directory, retried=True):
            yield as_json(record)

    def lost_lines(self) -> list[int]:
        """The numbers of the ledger's damaged lines whose articles have not been done again."""
        from llm_extract.batch.scan import LEDGER, lost_lines

        return lost_lines(self.directory / LEDGER)


def by_names(records: Iterable[Record], schema: CompiledSchema) -> Iterable[Record]:
    """The records with their data by fields' names, whichever way aliases were dumped, and without computed fields."""
    if not _differs(schema.root):
        return records
    return _Named(records, schema.root)


class _Named:
    """Read anew at every pass, as what it reads."""

    def __init__(self, records: Iterable[Record], root: Branch) -> None:
        self._records, self._root = records, root

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            yield named(record, self._root)


def named(record: Record, root: Branch) -> Record:
    """One record of a ledger, its data by the names of fields."""
    extraction = record.get("extraction")
    if record["kind"] != "row" or not isinstance(extraction, Mapping) or not _differs(root):
        return record
    return {**record, "extraction": {**extraction, "record": _by_names(root, extraction.get("record"))}}


@lru_cache(maxsize=64)
def _differs(branch: Branch) -> bool:
    model = branch.model
    aliased = any(info.alias or info.serialization_alias for info in model.model_fields.values())
    below = (child for child in branch.children if isinstance(child, Branch))
    return bool(aliased or model.model_computed_fields) or any(map(_differs, below))


def _by_names(branch: Branch, data: Any) -> Any:
    if not isinstance(data, Mapping):
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
            found[name] = [_by_names(child, entry) for entry in value]
        elif name not in model.model_fields and name in computed:
            continue
        else:
            found[name] = value if child is None else _by_names(child, value)
    return found
