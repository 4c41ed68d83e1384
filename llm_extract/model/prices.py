"""What a call costs, by genai-prices' table: offline, and as old as the installed package."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, TieredPrices

_IDS = {"gemini": "google", "xai": "x-ai"}
"""Providers that genai-prices has under another name than ours."""

# Prices are exact whatever the caller has set for decimals.
_EXACT = Context(prec=60)
_PER_TOKEN = Decimal("1e-6")
_PER_REQUEST = Decimal("1e-3")


def price(provider: str, model: str, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal | None:
    """US dollars for one call, exact; None where the model has no known price.

    `cached_input_tokens` are those of `input_tokens` that the provider billed as a cached prefix.
    """
    known = _model(provider, model)
    if known is None:
        return None
    rates = known.get_prices(datetime.now(UTC))
    if rates.input_mtok is None and rates.output_mtok is None and rates.requests_kcount is None:
        return None
    total = Decimal(0)
    cached_rate = rates.cache_read_mtok
    if cached_rate is None:
        cached_input_tokens = 0
    for rate, tokens in (
        (rates.input_mtok, input_tokens - cached_input_tokens),
        (cached_rate, cached_input_tokens),
        (rates.output_mtok, output_tokens),
    ):
        if rate is not None and tokens:
            cost = _EXACT.multiply(_rate_for(rate, input_tokens), tokens)
            total = _EXACT.fma(cost, _PER_TOKEN, total)
    if rates.requests_kcount is not None:
        total = _EXACT.fma(_rate_for(rates.requests_kcount, input_tokens), _PER_REQUEST, total)
    return total


def context_window(provider: str, model: str) -> int | None:
    """The model's context window in tokens, where the price table knows it."""
    known = _model(provider, model)
    return known.context_window if known is not None else None


def _rate_for(rate: Decimal | TieredPrices, input_tokens: int) -> Decimal:
    """The rate for a prompt of this length: some models cost more above a threshold."""
    if isinstance(rate, Decimal):
        return rate
    for tier in reversed(rate.tiers):
        if input_tokens > tier.start:
            return tier.price
    return rate.base


@lru_cache(maxsize=256)
def _model(provider: str, model: str) -> ModelInfo | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, known = get_snapshot().find_provider_model(model, None, _IDS.get(provider, provider), None)
    except LookupError:
        return None
    return known
