"""Figures as files hold them: JSON has no NaN."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator


def _no_nan(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


Number = Annotated[float | None, BeforeValidator(_no_nan)]
"""A figure; None where it is not defined."""


def _nan_of_null(value: object) -> object:
    return math.nan if value is None else value


Float = Annotated[float, BeforeValidator(_nan_of_null)]
"""A figure to reckon with: NaN where it is not defined, which JSON has as null."""
