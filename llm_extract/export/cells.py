"""From values of a record to cells of a table."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from decimal import Decimal
from typing import Any

Cell = str | int | float | Decimal | date | None
Row = tuple[Cell, ...]

_LONGEST = 2**63
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Text that every format can hold: NUL and lone surrogates become `\x00`, `\udc80` in letters."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNFIT.sub(lambda found: "\\x00" if found[0] == "\x00" else f"\\u{ord(found[0]):04x}", text)


def text_or_null(value: Any) -> str | None:
    """A value as text, JSON if it is none."""
    if value is None:
        return None
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def integer_cells(value: Any) -> Row:
    """A whole number, or null where 64 bits do not hold it: its words are still in `evidence`."""
    if value is None:
        return (None,)
    whole = int(value)
    return (whole if -_LONGEST <= whole < _LONGEST else None,)


def number_cells(value: Any) -> Row:
    """A number; null where it is not finite."""
    number = None if value is None else float(value)
    return (number if number is not None and math.isfinite(number) else None,)


def _decimal(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def money_cells(value: Any) -> Row:
    """Amount, currency, qualifier, and whether it is a sum a year."""
    if value is None:
        return (None, None, None, None)
    return (
        _decimal(value["amount"]),
        text_or_null(value["currency"]),
        text_or_null(value.get("qualifier", "exact")),
        bool(value.get("per_year", False)),
    )


def partial_date_cells(value: Any) -> Row:
    """The date as precise as it is, and the first day that it may be."""
    if value is None:
        return (None, None)
    return (text_or_null(value), date.fromisoformat(f"{value}-01-01"[:10] if len(value) == 4 else f"{value}-01"[:10]))


def text_cells(value: Any) -> Row:
    """Text, or the JSON of anything else."""
    return (text_or_null(value),)


def flag_cells(value: Any) -> Row:
    """Yes, no, or null."""
    return (None if value is None else bool(value),)


def day_cells(value: Any) -> Row:
    """A day."""
    return (None if value is None else date.fromisoformat(value),)
