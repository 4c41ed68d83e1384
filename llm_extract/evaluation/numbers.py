"""Figures as files hold them: JSON has no NaN."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BeforeValidator


def _no_nan(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


Number = Annotated[float | None, BeforeValidator(_no_nan)]
"""A figure; None where it is not defined."""
