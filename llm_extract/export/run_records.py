"""The records of a run's ledger, as exports and checks read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from llm_extract.export.tables import Record
from llm_extract.schema import Branch, CompiledSchema, by_field_names


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
    if isinstance(records, Iterator):  # which can be read once, and is not to look as if it could be read twice
        return (named(record, schema.root) for record in records)
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
    if record["kind"] != "row" or not isinstance(extraction, Mapping):
        return record
    data = extraction.get("record")
    by_name = by_field_names(root, data)
    return record if by_name is data else {**record, "extraction": {**extraction, "record": by_name}}
