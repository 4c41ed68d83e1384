"""Prices: exact, offline, and quick enough to ask for every call."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from decimal import Decimal, localcontext

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.model.prices import context_window, price

KNOWN = [
    (provider.id, model.id)
    for provider in get_snapshot().providers
    if provider.id in ("openai", "google", "deepseek", "mistral", "groq", "x-ai", "anthropic", "openrouter", "together")
    for model in provider.models
]


def test_input_cached_input_and_output_have_their_own_rates() -> None:
    # 0.25 $ a million in, 0.025 $ cached, 2 $ out.
    assert price("openai", "gpt-5-mini", 1_000_000, 0, 0) == Decimal("0.25")
    assert price("openai", "gpt-5-mini", 1_000_000, 1_000_000, 0) == Decimal("0.025")
    assert price("openai", "gpt-5-mini", 0, 0, 1_000_000) == Decimal(2)
    assert price("openai", "gpt-5-mini", 1000, 200, 300) == Decimal("0.000805")
    assert price("openai", "gpt-5-mini", 0, 0, 0) == 0


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "no-such-model"),
        ("no-such-provider", "gpt-5-mini"),
        ("vllm", "qwen"),
        ("embedded", "gemma3-270m"),
        ("azure", "my-deployment"),
        ("openai", ""),
    ],
)
def test_an_unknown_model_has_no_price(provider: str, model: str) -> None:
    assert price(provider, model, 1000, 0, 1000) is None
    assert context_window(provider, model) is None


def test_our_names_of_providers_lead_to_their_prices() -> None:
    for provider, model in [
        ("gemini", "gemini-2.5-flash"),
        ("xai", "grok-4"),
        ("azure", "gpt-4o"),
        ("deepseek", "deepseek-chat"),
        ("mistral", "mistral-small-latest"),
        ("openrouter", "openai/gpt-5-mini"),
        ("cerebras", "gpt-oss-120b"),
    ]:
        assert price(provider, model, 1000, 0, 100), (provider, model)


def test_a_dated_name_is_the_same_model() -> None:
    assert price("openai", "gpt-5-mini-2025-08-07", 10, 0, 10) == price("openai", "gpt-5-mini", 10, 0, 10)


@given(
    which=st.sampled_from(KNOWN),
    input_tokens=st.integers(0, 500_000),
    share=st.integers(0, 100),
    output_tokens=st.integers(0, 100_000),
)
def test_prices_are_those_of_the_library(
    which: tuple[str, str], input_tokens: int, share: int, output_tokens: int
) -> None:
    provider, model = which
    cached = input_tokens * share // 100
    ours = price(provider, model, input_tokens, cached, output_tokens)
    if ours is None:
        return
    usage = Usage(input_tokens=input_tokens, cache_read_tokens=cached, output_tokens=output_tokens)

    assert ours == calc_price(usage, model, provider_id=provider).total_price


def test_most_models_are_priced() -> None:
    assert sum(price(provider, model, 1000, 0, 100) is not None for provider, model in KNOWN) > 0.8 * len(KNOWN)


def test_a_callers_decimal_precision_does_not_round_prices() -> None:
    exact = price("openai", "gpt-5-mini", 123_457, 1, 98_765)
    with localcontext() as context:
        context.prec = 3
        assert price("openai", "gpt-5-mini", 123_457, 1, 98_765) == exact


def test_a_context_window_is_known_for_common_models() -> None:
    assert context_window("openai", "gpt-5-mini") == 400_000


def test_a_call_costs_microseconds() -> None:
    price("openai", "gpt-5-mini", 1, 0, 1)
    started = time.process_time()
    for _ in range(2000):
        price("openai", "gpt-5-mini", 1000, 200, 300)

    assert (time.process_time() - started) / 2000 < 50e-6


def test_nothing_is_fetched_and_no_thread_is_started() -> None:
    script = """
        import socket, threading
        def refuse(*arguments, **options):
            raise AssertionError("prices are offline")
        socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
        from llm_extract.model.prices import price
        assert price("openai", "gpt-5-mini", 1000, 0, 100)
        print(threading.active_count())
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )

    assert (result.stdout, result.stderr) == ("1\n", "")
