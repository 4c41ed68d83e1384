"""What a run keeps beside its ledger: its limits, what it has spent, and where the provider's batches are noted."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from llm_extract.batch.manifest import MANIFEST, writing
from llm_extract.batch.scan import LEDGER, every_record
from llm_extract.files import write_whole
from llm_extract.model.rates import Budget
from llm_extract.model.types import Usage

OPTIONS, SPENT = "options.json", "spent.json"


def kept_options(directory: Path) -> dict[str, Any]:
    """What a run was begun with beside its terms: `limit`, `max_cost` (a string) and `max_tokens`."""
    path = directory / OPTIONS
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def keep_options(directory: Path, **options: Any) -> None:
    """Note them for `kept_options`.

    Raises:
        RunError: the folder cannot be written.
    """
    with writing(directory):
        write_whole(directory / OPTIONS, json.dumps(options).encode())


def spent(directory: Path) -> Usage:
    """What earlier sessions of a run spent: as they noted it, or at least what its records say.

    Records that were to be done again count here: a session without a budget, or one that was killed, noted nothing.
    """
    if not (directory / MANIFEST).is_file():
        return Usage()
    total = Usage()
    for record in every_record(directory / LEDGER):
        usage = getattr(record, "usage", None)
        if usage:
            total = total + Usage.model_validate(usage)
    path = directory / SPENT
    noted = Usage.model_validate_json(path.read_bytes()) if path.is_file() else Usage()
    return max(total, noted, key=lambda usage: usage.tokens)


def keep_spent(directory: Path, told: Usage, budget: Budget) -> None:
    """Note what all sessions have spent: what was told of articles, and at least what the budget has booked.

    It books calls that no record tells of as well: those of articles that a stop left without an outcome.

    Raises:
        RunError: the folder cannot be written.
    """
    untold = max(0, budget.spent_tokens - told.tokens)
    unpaid = max(Decimal(0), budget.spent_cost - (told.cost_usd or Decimal(0)))
    total = told + Usage(input_tokens=untold, cost_usd=unpaid)
    if directory.is_dir():
        with writing(directory):
            write_whole(directory / SPENT, total.model_dump_json().encode())


def provider_directory(directory: Path) -> Path:
    """Where the provider's batches of a run are noted: the latest of `provider`, `provider-2`, …

    A folder never sends again what failed for good; `retry-failed` begins another.
    """
    numbered = [int(path.name.removeprefix("provider-")) for path in directory.glob("provider-[0-9]*")]
    return directory / (f"provider-{max(numbered)}" if numbered else "provider")


def next_provider_directory(directory: Path) -> Path | None:
    """A new folder for the provider's batches; None if the run has none yet."""
    latest = provider_directory(directory)
    if not latest.is_dir():
        return None
    number = int(latest.name.removeprefix("provider-")) if "-" in latest.name else 1
    return directory / f"provider-{number + 1}"
