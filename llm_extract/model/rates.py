"""What a pool of calls may use: requests a minute, tokens a minute, and a budget in all.

Rates are smooth: a limit of 3,000 requests a minute lets one call begin every 20 ms, and never a minute's
worth at the start. Of a limit 98.5 % are used; the rest is for what the network does to the spacing.
Limits come from the settings, or else from the endpoint's own headers:

    x-ratelimit-limit-requests, -remaining-requests, -reset-requests; -tokens    OpenAI, Azure, Groq, gateways
    x-ratelimit-limit-requests-minute, -req-minute; -tokens-minute               Cerebras, Mistral
    anthropic-ratelimit-requests-limit, -remaining, -reset; -tokens-             Anthropic

A limit whose reset lies more than a minute ahead is a day's or an hour's, and is not learned: the endpoint
keeps it itself, by 429 and Retry-After. What remains and the reset count where a 429 comes without
Retry-After: then nothing begins before the reset. They do not count before, since most endpoints
fill up their limits all the time: with nothing left, they have something again long before the reset.

No I/O here, and no waiting: times are seconds on the caller's monotonic clock.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from llm_extract.errors import BudgetReached, SettingsError

SHARE = 0.985
"""The part of a limit that is used."""
CREDIT_SECONDS = 0.02
"""By so much a call may begin late without the time being lost to those behind it."""
TOKENS_A_BYTE = 0.3
"""Input tokens a byte of a request's JSON, until answers have told."""
WEIGHT = 0.1
"""Of one answer in what is expected of the next."""
LONGEST_RESET = 61.0
"""Seconds: what is reset later than that is no limit a minute."""


class Demand(NamedTuple):
    """What a call asks for."""

    size: int = 0
    """Bytes of the body that is sent: no tokenizer makes more tokens of it."""
    output: int = 0
    """The most tokens that may be answered."""
    cost: Decimal = Decimal(0)
    """The most US dollars that it can cost."""


class Bill(NamedTuple):
    """What a call came to."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = Decimal(0)
    """US dollars."""


# --- rates ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Bucket:
    """A rate. Each call puts off the time at which the next may begin, by what it takes of a minute."""

    per_minute: float | None = None
    """None: no limit is known."""
    fixed: bool = False
    """Set by the user: what the endpoint says does not change it."""
    due: float = 0.0
    """When the next call may begin; may lie in the past."""

    def rest(self, now: float) -> float:
        """Seconds until a call may begin; 0 or less: now."""
        return 0.0 if self.per_minute is None else self.due - now

    def take(self, amount: float, now: float) -> None:
        """Count a call that begins now."""
        if self.per_minute is not None:
            self.due = max(self.due, now - CREDIT_SECONDS)
            self.correct(amount)

    def correct(self, amount: float) -> None:
        """Take so much more, or give it back if negative."""
        if self.per_minute is not None:
            self.due += amount * 60 / (self.per_minute * SHARE)

    def learn(self, limit: str | None, remaining: str | None, reset: str | None, now: float, *, refused: bool) -> None:
        """Take note of what an answer said about this rate; `refused`: a 429 that does not say when to come again."""
        if self.fixed:
            return
        seconds = reset_seconds(reset)
        if seconds is not None and seconds > LONGEST_RESET:
            self.per_minute = None
        elif limit is not None and limit.isdecimal() and int(limit) > 0:
            self.per_minute = float(limit)
        if refused and remaining == "0" and seconds is not None and seconds <= LONGEST_RESET:
            self.due = max(self.due, now + seconds)


class Rates:
    """Requests and tokens a minute, as the user set them or else as the endpoint's headers say.

    A call's tokens are expected before it begins, from its size and the most that may be answered, and
    corrected by the usage that comes back. So is what is expected of later calls.
    """

    def __init__(self, rpm: float | None = None, tpm: float | None = None) -> None:
        self.requests = Bucket(rpm, fixed=rpm is not None)
        self.tokens = Bucket(tpm, fixed=tpm is not None)
        self._tokens_a_byte: float | None = None
        self._output: float | None = None

    def rest(self, now: float) -> float:
        """Seconds until a call may begin; 0 or less: now."""
        return max(self.requests.rest(now), self.tokens.rest(now))

    def take(self, demand: Demand, now: float) -> float:
        """Count a call that begins now. Gives the tokens that are expected of it, for `correct`."""
        self.requests.take(1, now)
        if self.tokens.per_minute is None:
            return 0.0
        expected = self.expected(demand)
        self.tokens.take(expected, now)
        return expected

    def expected(self, demand: Demand) -> float:
        """The tokens that a call will likely take, in and out."""
        ratio = TOKENS_A_BYTE if self._tokens_a_byte is None else self._tokens_a_byte
        output = demand.output if self._output is None else min(self._output, demand.output)
        return demand.size * ratio + output

    def correct(self, demand: Demand, expected: float, bill: Bill) -> None:
        """Put what a call took in place of what was expected of it."""
        if not expected:
            return  # it began before there was a limit
        self.tokens.correct(bill.input_tokens + bill.output_tokens - expected)
        if bill.input_tokens and demand.size:
            self._tokens_a_byte = _moved(self._tokens_a_byte, bill.input_tokens / demand.size)
            self._output = _moved(self._output, bill.output_tokens)

    def learn(self, status: int, headers: Iterable[tuple[bytes, bytes]], now: float) -> None:
        """Take note of an answer's headers. Costs a microsecond or two where they say nothing."""
        found: dict[tuple[str, str], str] = {}
        for name, value in headers:
            known = _HEADERS.get(name.lower())
            if known is not None:
                found[known] = value.decode("latin-1").strip()
        if found:
            refused = status == 429 and ("wait", "") not in found
            for kind, bucket in (("requests", self.requests), ("tokens", self.tokens)):
                limit, remaining, reset = (found.get((kind, what)) for what in ("limit", "remaining", "reset"))
                bucket.learn(limit, remaining, reset, now, refused=refused)


def _moved(average: float | None, value: float) -> float:
    return float(value) if average is None else average + WEIGHT * (value - average)


_HEADERS: dict[bytes, tuple[str, str]] = {}
"""Names in lower case, and what they stand for."""
_HEADERS |= dict.fromkeys((b"retry-after", b"retry-after-ms"), ("wait", ""))
for _what in ("limit", "remaining", "reset"):
    for _kind, _spellings in (
        ("requests", ("requests", "requests-minute", "req-minute")),
        ("tokens", ("tokens", "tokens-minute")),
    ):
        for _spelling in _spellings:
            _HEADERS[f"x-ratelimit-{_what}-{_spelling}".encode()] = (_kind, _what)
        _HEADERS[f"anthropic-ratelimit-{_kind}-{_what}".encode()] = (_kind, _what)

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


def reset_seconds(text: str | None) -> float | None:
    """The seconds of a reset: "1s", "6m0s", "20ms", "59.7" or a date of ISO 8601. None if it is none of these."""
    if not text:
        return None
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, datetime.fromisoformat(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


# --- the budget -----------------------------------------------------------------------------------


class Budget:
    """What a run may spend, in US dollars, in tokens (in and out), or both; shared by all its calls.

    Before a call the most that it can cost is reserved, and after it what it cost is booked; where
    the endpoint did not say, because its answer was lost, the most is booked. So the budget is never
    passed. A run that is taken up again starts with what it has spent. Safe to share between threads.

    Raises SettingsError for an amount that is none, or not above 0.
    """

    def __init__(
        self,
        max_cost: Decimal | float | str | None = None,
        max_tokens: int | None = None,
        *,
        spent_cost: Decimal = Decimal(0),
        spent_tokens: int = 0,
    ) -> None:
        self.max_cost = None if max_cost is None else _amount(max_cost)
        self.max_tokens = max_tokens
        if max_tokens is not None and max_tokens < 1:
            raise SettingsError(f"a budget must be at least 1 token, not {max_tokens}")
        self.spent_cost = spent_cost
        self.spent_tokens = spent_tokens
        self._reserved_cost = Decimal(0)
        self._reserved_tokens = 0
        self._open = 0
        self._lock = threading.Lock()

    def reserve(self, demand: Demand) -> bool:
        """Set aside the most that a call can cost. False: calls under way must be settled first.

        Raises BudgetReached if it could pass the budget whatever they cost.
        """
        tokens = demand.size + demand.output
        with self._lock:
            fits, could_fit = True, self._open > 0
            if self.max_cost is not None:
                fits = self.spent_cost + self._reserved_cost + demand.cost <= self.max_cost
                could_fit &= self.spent_cost + demand.cost <= self.max_cost
            if self.max_tokens is not None:
                fits &= self.spent_tokens + self._reserved_tokens + tokens <= self.max_tokens
                could_fit &= self.spent_tokens + tokens <= self.max_tokens
            if fits:
                self._reserved_cost += demand.cost
                self._reserved_tokens += tokens
                self._open += 1
                return True
            if could_fit:
                return False
            raise BudgetReached(self._told(demand))

    def settle(self, demand: Demand, bill: Bill | None) -> None:
        """Book what a call cost in place of what was reserved for it; None: not known, so the most."""
        tokens = demand.size + demand.output
        with self._lock:
            self._open -= 1
            self._reserved_cost -= demand.cost
            self._reserved_tokens -= tokens
            self.spent_cost += demand.cost if bill is None else bill.cost
            self.spent_tokens += tokens if bill is None else bill.input_tokens + bill.output_tokens

    def _told(self, demand: Demand) -> str:
        limits, spent, most = [], [], []
        if self.max_cost is not None:
            limits.append(_dollars(self.max_cost))
            spent.append(_dollars(self.spent_cost))
            most.append(_dollars(demand.cost))
        if self.max_tokens is not None:
            limits.append(f"{self.max_tokens:,} tokens")
            spent.append(f"{self.spent_tokens:,} tokens")
            most.append(f"{demand.size + demand.output:,} tokens")
        return (
            f"the budget of {' and '.join(limits)} is reached: {' and '.join(spent)} spent; nothing more is asked "
            f"(the next call could take up to {' and '.join(most)})"
        )


def _amount(value: Decimal | float | str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise SettingsError(f"a budget must be a sum of US dollars above 0, not {value!r}")
    return amount


def _dollars(amount: Decimal) -> str:
    """In cents, and below a cent in two digits that count."""
    if not amount or abs(amount) >= Decimal("0.01"):
        return f"${amount:,.2f}"
    return f"${amount:.{1 - amount.adjusted()}f}"
