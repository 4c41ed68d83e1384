"""The records of a run's ledger, as exports and checks read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llm_extract.export.tables import Record


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
