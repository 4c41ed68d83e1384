"""Rates and the budget: state machines tested by property, and what endpoints' headers say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import BudgetReached, SettingsError
from llm_extract.model.rates import CREDIT_SECONDS, SHARE, Bill, Bucket, Budget, Demand, Rates, reset_seconds

# --- rates ----------------------------------------------------------------------------------------


def begin(bucket: Bucket, arrivals: list[float], amount: float = 1) -> list[float]:
    """When calls begin that come after these pauses, each as soon as it may."""
    begun, now = [], 1000.0
    for pause in arrivals:
        now = max(now + pause, now + pause + bucket.rest(now + pause))
        bucket.take(amount, now)
        begun.append(now)
    return begun


@given(st.lists(st.sampled_from([0.0, 0.001, 0.02, 0.3, 5.0]), min_size=2, max_size=200))
def test_no_window_holds_more_than_its_share_and_the_credit(arrivals: list[float]) -> None:
    begun = begin(Bucket(3000), arrivals)
    spacing = 60 / (3000 * SHARE)
    for window in (0.1, 1.0, 60.0):
        for first, start in enumerate(begun):
            held = sum(start <= one < start + window for one in begun[first:])
            assert held <= (window + CREDIT_SECONDS) / spacing + 1


def test_all_the_time_is_used_when_calls_are_waiting() -> None:
    begun = begin(Bucket(3000), [0.0] * 500)
    assert begun[-1] - begun[0] == pytest.approx(500 * 60 / (3000 * SHARE), rel=0.01)


def test_there_is_no_burst_at_the_start_nor_after_a_rest() -> None:
    begun = begin(Bucket(600), [0.0] * 5 + [600.0] + [0.0] * 5)
    assert begun[4] - begun[0] > 4 * 0.1 - CREDIT_SECONDS
    assert begun[-1] - begun[5] > 5 * 0.1 - CREDIT_SECONDS


def test_without_a_limit_nothing_waits() -> None:
    rates = Rates()
    rates.take(Demand(10_000, 4096), 1000.0)
    assert rates.rest(1000.0) == 0


def test_tokens_are_expected_from_size_and_output_until_answers_tell() -> None:
    rates = Rates(tpm=60_000)
    demand = Demand(size=1000, output=500)
    assert rates.expected(demand) == 1000 * 0.3 + 500
    taken = rates.take(demand, 1000.0)
    rates.correct(demand, taken, Bill(200, 40))
    assert rates.expected(demand) == pytest.approx(200 + 40)
    assert rates.expected(Demand(size=2000, output=10)) == pytest.approx(400 + 10)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 900)), min_size=1, max_size=30))
def test_what_calls_really_took_is_what_counts_in_the_end(bills: list[tuple[int, int]]) -> None:
    rates = Rates(tpm=6000)
    demand = Demand(size=4000, output=1000)
    taken = [(rates.take(demand, 1000.0), bill) for bill in bills]
    for expected, (read, written) in taken:
        rates.correct(demand, expected, Bill(read, written))
    tokens = sum(read + written for read, written in bills)
    assert rates.rest(1000.0) == pytest.approx(max(0.0, tokens / (100 * SHARE) - CREDIT_SECONDS), abs=1e-6)


def test_the_slower_of_both_limits_holds() -> None:
    rates = Rates(rpm=6000, tpm=600)
    rates.take(Demand(size=0, output=10), 1000.0)
    assert rates.rest(1000.0) == pytest.approx(1 / SHARE - CREDIT_SECONDS)


# --- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("6m0s", 360),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("2m59.56s", 179.56),
        ("150us", 0.00015),
        ("59.7", 59.7),
        ("0", 0),
        ("1d", 86400),
        ("", None),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("1s2", None),
        ("nan", None),
        ("1e9", None),
    ],
)
def test_resets_are_read_in_the_forms_that_endpoints_use(text: str | None, seconds: float | None) -> None:
    assert reset_seconds(text) == (None if seconds is None else pytest.approx(seconds))


def test_a_reset_may_be_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert reset_seconds(soon.isoformat()) == pytest.approx(30, abs=1)
    assert reset_seconds("2020-01-01T00:00:00Z") == 0


@given(st.text(max_size=20))
def test_no_reset_is_too_odd_to_be_read(text: str) -> None:
    seconds = reset_seconds(text)
    assert seconds is None or seconds >= 0


def told(rates: Rates, headers: dict[str, str], status: int = 200) -> tuple[float | None, float | None]:
    rates.learn(status, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()], 1000.0)
    return rates.requests.per_minute, rates.tokens.per_minute


@pytest.mark.parametrize(
    "headers",
    [
        {
            "x-ratelimit-limit-requests": "3000",
            "x-ratelimit-limit-tokens": "250000",
            "x-ratelimit-remaining-requests": "2999",
            "x-ratelimit-reset-requests": "20ms",
            "x-ratelimit-reset-tokens": "6ms",
        },
        {"X-RateLimit-Limit-Requests": "3000", "X-RateLimit-Limit-Tokens": "250000"},
        {"x-ratelimit-limit-req-minute": "3000", "x-ratelimit-limit-tokens-minute": "250000"},
        {
            "anthropic-ratelimit-requests-limit": "3000",
            "anthropic-ratelimit-tokens-limit": "250000",
            "anthropic-ratelimit-tokens-reset": "2020-01-01T00:00:00Z",
        },
    ],
)
def test_limits_are_learned_from_the_common_spellings(headers: dict[str, str]) -> None:
    assert told(Rates(), headers) == (3000, 250_000)


@pytest.mark.parametrize("limit", ["", "0", "-1", "many", "3e3", "99.5", "²"])
def test_a_limit_that_is_none_is_not_learned(limit: str) -> None:
    assert told(Rates(), {"x-ratelimit-limit-requests": limit}) == (None, None)


def test_explicit_settings_win_over_headers() -> None:
    headers = {"x-ratelimit-limit-requests": "10", "x-ratelimit-limit-tokens": "10"}
    assert told(Rates(rpm=500), headers) == (500, 10)
    assert told(Rates(tpm=500), headers) == (10, 500)


def test_a_limit_of_a_day_is_not_taken_for_one_of_a_minute() -> None:
    headers = {"x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": "2m59.56s"}
    assert told(Rates(), headers) == (None, None)


def test_a_429_without_retry_after_is_waited_out_until_the_reset() -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "7s",
    }
    for status, more, rest in ((429, {}, 7.0), (200, {}, 0.0), (429, {"retry-after": "2"}, 0.0)):
        rates = Rates()
        told(rates, headers | more, status)
        assert max(0.0, rates.rest(1000.0)) == rest


# --- the budget -----------------------------------------------------------------------------------


@given(
    st.decimals("0.01", "3", places=2),
    st.lists(st.tuples(st.booleans(), st.integers(0, 90), st.integers(0, 100)), max_size=60),
)
def test_a_budget_is_never_passed(limit: Decimal, plan: list[tuple[bool, int, int]]) -> None:
    budget = Budget(limit, max_tokens=2000)
    open_: list[Demand] = []
    for begins, most, part in plan:
        if begins:
            demand = Demand(size=most, output=10, cost=Decimal(most) / 100)
            try:
                if budget.reserve(demand):
                    open_.append(demand)
                else:
                    assert open_, "a call that nothing is in the way of was told to wait"
            except BudgetReached:
                assert (
                    budget.spent_cost + demand.cost > limit
                    or budget.spent_tokens + demand.size + demand.output > 2000
                    or not open_
                )
        elif open_:
            demand = open_.pop(0)
            bill = None if part == 100 else Bill(demand.size * part // 100, part // 10, demand.cost * part / 100)
            budget.settle(demand, bill)
        assert budget.spent_cost <= limit
        assert budget.spent_tokens <= 2000


def test_the_most_is_reserved_before_and_the_truth_booked_after() -> None:
    budget = Budget("1.00")
    demand = Demand(size=100, output=10, cost=Decimal("0.60"))
    assert budget.reserve(demand)
    assert not budget.reserve(demand), "both together could pass it"
    budget.settle(demand, Bill(50, 5, Decimal("0.10")))
    assert budget.reserve(demand)
    assert (budget.spent_cost, budget.spent_tokens) == (Decimal("0.10"), 55)


def test_a_call_whose_cost_nobody_told_is_booked_at_its_most() -> None:
    budget = Budget(1.0)
    demand = Demand(size=100, output=10, cost=Decimal("0.60"))
    budget.reserve(demand)
    budget.settle(demand, None)
    assert (budget.spent_cost, budget.spent_tokens) == (Decimal("0.60"), 110)
    with pytest.raises(BudgetReached):
        budget.reserve(demand)


def test_the_end_is_told_in_money_and_tokens() -> None:
    budget = Budget(Decimal(20), 5000, spent_cost=Decimal("19.981"), spent_tokens=4000)
    with pytest.raises(BudgetReached) as caught:
        budget.reserve(Demand(size=900, output=50, cost=Decimal("0.0213")))
    assert str(caught.value) == (
        "the budget of $20.00 and 5,000 tokens is reached: $19.98 and 4,000 tokens spent; nothing more is asked "
        "(the next call could take up to $0.02 and 950 tokens)"
    )
    small = Budget("0.005")
    with pytest.raises(BudgetReached, match=r"budget of \$0\.0050 is reached: \$0\.00 spent"):
        small.reserve(Demand(cost=Decimal(1)))


@pytest.mark.parametrize("wrong", [0, -1, "nan", "inf", "much", "0.0"])
def test_a_budget_that_is_none_is_refused(wrong: float | str) -> None:
    with pytest.raises(SettingsError, match="above 0"):
        Budget(wrong)
    with pytest.raises(SettingsError, match="1 token"):
        Budget(max_tokens=0)
