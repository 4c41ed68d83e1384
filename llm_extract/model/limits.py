"""How many calls may be under way at once, and when they may begin: shared by all calls of a client.

Concurrency starts at 20 and stays from 4 to 100. It moves once a round, which is as many answers as calls are
allowed at once, by the share of them that were 429, as DCTCP moves a sender's window (RFC 8257):

    share = 429s / answers of this round
    alpha = 0.6 alpha + 0.4 share              what is to be expected of the next round
    limit = limit * (1 + 0.05 - share)         growth: where the share is below 0.05
    limit = limit * (1 - alpha / 2)            fall: where there was a 429

A clean round adds 5 %, and a lone 429 among a hundred answers costs nothing. Random 429s of 2 or 3 % leave the limit
where it is. Where they come of too many calls at once, it settles where 3 to 7 % are 429. When all are 429, the first
fall is a fifth, the next ones a third and more. They do not wait for the round's end: it ends as soon as an eighth of
the calls allowed (at least 3) were 429. After a fall by more than 5 %, 429s to calls that began before it say nothing
about the present limit and are not counted; so 20 answers of 429 at once are one fall. A 5xx lowers nothing; in
more than a tenth of a round's answers it stops growth.

A call that has a slot waits for its turn, first come, first served, until there is no pause
(Retry-After), the circuit breaker is closed, the budget has room, and the rates allow it.

The circuit breaker opens after 10 failures of the endpoint in a row (5xx, refused, reset, timed out; not
429, and nothing that an article is to blame for). Then one call at a time probes it, after a cool-down
of 1 s that doubles up to 60 s. An answer closes the breaker. A probe that fails when it has been open for
5 minutes ends the waiting: all calls raise EndpointDown, at once and without being made, but for a further
probe after each cool-down.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from llm_extract.errors import EndpointDown, SettingsError
from llm_extract.model.rates import Bill, Budget, Demand, Rates

Signal = Literal["ok", "rate_limited", "failed", "down", "rejected", "none"]
"""What a call says about the endpoint: `failed`: an answer, but no good one; `down`: it failed as an
endpoint; `rejected`: it is up, and would not take the request; `none`: nothing (cancelled)."""

logger = logging.getLogger(__name__)

GROWTH = 0.05
"""Of a round without any 429."""
NEW_WEIGHT = 0.4
"""Of the present round in the share of 429s that is to be expected."""
AT_ONCE = 1 / 8
"""Of the calls allowed: as many 429s end a round, if they are at least `AT_LEAST`."""
AT_LEAST = 3
LARGE_FALL = 0.95
"""A fall below this part of the limit makes the 429s of calls under way say nothing new."""
FAILING = 0.1
"""The share of failures in a round up to which it may grow."""
SPARE_DESCRIPTORS = 48
"""File descriptors that are left for all but sockets: files, databases, pipes."""
LOOK_AGAIN_SECONDS = 0.1
"""How soon a call looks again that waits for another one: for a probe's end, or for a budget's settling."""


@dataclass
class Concurrency:
    """The limit as a pure state machine: no clock, no I/O."""

    limit: float = 20.0
    minimum: int = 4
    maximum: int = 100
    epoch: int = 0
    """The number of large falls so far; a call carries the epoch in which it began."""
    alpha: float = 0.0
    """The share of 429s that is expected: an average of the rounds so far."""
    answers: int = 0
    """In this round."""
    refused: int = 0
    """Of these, by 429."""
    failed: int = 0
    """Of these, without a completion: failures of the endpoint, and what is none."""

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.limit <= self.maximum:
            raise SettingsError(
                f"concurrency must satisfy 1 <= minimum <= start <= maximum, "
                f"not {self.minimum}, {self.limit:g}, {self.maximum}"
            )

    @property
    def allowed(self) -> int:
        """Calls that may be under way at once."""
        return int(self.limit)

    def record(self, signal: Signal, epoch: int) -> None:
        """Take note of how a call went that began in `epoch`."""
        if signal in ("none", "rejected") or (signal == "rate_limited" and epoch != self.epoch):
            return
        self.answers += 1
        self.refused += signal == "rate_limited"
        self.failed += signal in ("failed", "down")
        if self.answers >= self.allowed or self.refused >= max(AT_LEAST, self.allowed * AT_ONCE):
            self._end_round()

    def _end_round(self) -> None:
        share = self.refused / self.answers
        self.alpha += NEW_WEIGHT * (share - self.alpha)
        factor = 1.0
        if self.failed <= FAILING * self.answers:
            factor += max(0.0, GROWTH - share)
        if self.refused:
            factor *= 1 - self.alpha / 2
        self.limit = min(max(self.limit * factor, float(self.minimum)), float(self.maximum))
        self.epoch += factor < LARGE_FALL
        self.answers = self.refused = self.failed = 0


def within_descriptors(start: int, minimum: int, maximum: int) -> tuple[int, int, int]:
    """The same bounds of concurrency, or as many calls as this process may open sockets for if that is less."""
    try:
        import resource
    except ImportError:  # Windows, where sockets are no file descriptors
        return start, minimum, maximum
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = maximum if soft == resource.RLIM_INFINITY else max(1, soft - SPARE_DESCRIPTORS)
    if most < maximum:
        logger.warning("at most %d calls at once, not %d: see ulimit -n", most, maximum)
    return min(start, most), min(minimum, most), min(maximum, most)


@dataclass
class Breaker:
    """The circuit breaker as a pure state machine. Times in seconds, on the caller's monotonic clock."""

    failures: int = 10
    """In a row, until it opens."""
    cool_down: float = 1.0
    """The first one; each probe that fails doubles it."""
    longest_cool_down: float = 60.0
    outage: float = 300.0
    """How long it may be open until calls fail."""
    row: int = 0
    """Failures in a row."""
    opened: float | None = None
    """When; None: it is closed."""
    down: bool = False
    """Whether it has been open for too long."""
    probing: bool = False
    next_probe: float = 0.0
    wait: float = 0.0
    """The present cool-down."""
    last: str = ""
    """What the endpoint said, or did not say, at its last failure."""

    def rest(self, now: float) -> float:
        """Seconds until a call may begin; 0 or less: now. Raises EndpointDown."""
        if self.opened is None:
            return 0.0
        rest = LOOK_AGAIN_SECONDS if self.probing else self.next_probe - now
        if self.down and rest > 0:
            raise EndpointDown(
                f"the endpoint has failed for {now - self.opened:.0f} s, {self.row} times in a row; last: {self.last}; "
                "see that it is up, then run the same again"
            )
        return rest

    def begin(self) -> bool:
        """Note that a call begins. Gives whether it is a probe."""
        self.probing = self.opened is not None
        return self.probing

    def record(self, signal: Signal, probe: bool, now: float, said: str = "") -> None:
        """Take note of how a call went."""
        if probe:
            self.probing = False
        if signal == "none":
            return
        if signal != "down":
            self.row, self.opened, self.down, self.probing = 0, None, False, False
            return
        self.row += 1
        self.last = said
        if self.opened is None:
            if self.row >= self.failures:
                self.opened, self.wait = now, self.cool_down
                self.next_probe = now + self.wait
        elif probe:
            open_for = now - self.opened
            self.down = self.down or open_for >= self.outage
            self.wait = min(2 * self.wait, self.longest_cool_down)
            if not self.down:
                # The last probe is due when the outage has lasted long enough, not a cool-down later.
                self.wait = min(self.wait, max(self.outage - open_for, self.cool_down))
            self.next_probe = now + self.wait


@dataclass
class Pool:
    """What the calls of a run share, whatever their clients and event loops."""

    rates: Rates = field(default_factory=Rates)
    breaker: Breaker = field(default_factory=Breaker)
    budget: Budget | None = None
    """May be shared with other pools too: those of a run's other models."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held for each look at the rates and the breaker: event loops may run in several threads."""


class Ticket(NamedTuple):
    """What a call gets when it begins, and gives back."""

    epoch: int
    demand: Demand
    expected: float
    """Tokens that the rates expect of it."""
    probe: bool


NOTHING = Demand()


class Limiter:
    """The gate that every call passes: first come, first served, in one event loop at a time.

    `clock` must be monotonic, in seconds; it and `sleep` are replaced in tests.
    """

    def __init__(
        self,
        start: int = 20,
        minimum: int = 4,
        maximum: int = 100,
        *,
        pool: Pool | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.concurrency = Concurrency(float(start), minimum, maximum)
        self.pool = pool if pool is not None else Pool()
        self.in_flight = 0
        self.paused_until = 0.0
        """On `clock`; past times mean no pause."""
        self._clock = clock
        self._sleep = sleep if sleep is not None else self._nap
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turn = asyncio.Lock()
        self._in_line = 0
        """Calls that have a slot and wait for their turn."""
        self._bell: asyncio.Future[None] | None = None
        """Of the call whose turn it is, while it sleeps."""

    def pause(self, seconds: float) -> None:
        """Let no call begin for so many seconds. Pauses do not add up: the latest end counts."""
        self.paused_until = max(self.paused_until, self._clock() + seconds)

    def learn(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Take note of the rate limits in an answer's headers."""
        with self.pool.lock:
            self.pool.rates.learn(status, headers, self._clock())

    def try_enter(self, demand: Demand = NOTHING) -> Ticket | None:
        """The ticket to hand to `leave` if the call may begin now, else None.

        Raises EndpointDown and BudgetReached.
        """
        if self._waiting or self._in_line or self.in_flight >= self.concurrency.allowed:
            return None
        begun = self._begin(demand)
        if isinstance(begun, float):
            return None
        self.in_flight += 1
        return begun

    async def enter(self, demand: Demand = NOTHING) -> Ticket:
        """Wait until the call may begin. Gives the ticket to hand to `leave`.

        Raises EndpointDown and BudgetReached.
        """
        if not self._waiting and self.in_flight < self.concurrency.allowed:
            self.in_flight += 1
        else:
            await self._wait_for_slot()
        try:
            return await self._wait_for_turn(demand)
        except BaseException:
            self._give_up_slot()
            raise

    def leave(self, ticket: Ticket, signal: Signal, bill: Bill | None = None, said: str = "") -> None:
        """Give the slot back, and say how the call went, and what it cost; None: that is not known.

        `said` is what the endpoint said of its failure.
        """
        self.concurrency.record(signal, ticket.epoch)
        pool = self.pool
        with pool.lock:
            pool.breaker.record(signal, ticket.probe, self._clock(), said)
            if bill is not None:
                pool.rates.correct(ticket.demand, ticket.expected, bill)
        if pool.budget is not None:
            pool.budget.settle(ticket.demand, bill)
        self._give_up_slot()
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)  # the call whose turn it is looks again: it may have become earlier

    def _begin(self, demand: Demand) -> Ticket | float:
        """The ticket of a call that begins now, and is counted everywhere; else seconds to wait first."""
        pool, now = self.pool, self._clock()
        if (rest := self.paused_until - now) > 0:
            return rest
        with pool.lock:
            if (rest := pool.breaker.rest(now)) > 0 or (rest := pool.rates.rest(now)) > 0:
                return float(rest)
            if pool.budget is not None and not pool.budget.reserve(demand):
                return LOOK_AGAIN_SECONDS
            return Ticket(self.concurrency.epoch, demand, pool.rates.take(demand, now), pool.breaker.begin())

    async def _wait_for_turn(self, demand: Demand) -> Ticket:
        if not self._in_line:
            self._turn = asyncio.Lock()  # a lock belongs to the event loop in which it was waited for
        self._in_line += 1
        try:
            async with self._turn:
                while isinstance(begun := self._begin(demand), float):
                    await self._sleep(begun)
                return begun
        finally:
            self._in_line -= 1

    async def _nap(self, seconds: float) -> None:
        """Sleep so long, or until a call leaves."""
        loop = asyncio.get_running_loop()
        bell = self._bell = loop.create_future()
        timer = loop.call_later(seconds, _ring, bell)
        try:
            await bell
        finally:
            timer.cancel()
            self._bell = None

    async def _wait_for_slot(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            # The slot may have been handed over in the moment of the cancellation.
            if place.done() and not place.cancelled():
                self._give_up_slot()
            elif place in self._waiting:
                self._waiting.remove(place)
            raise

    def _give_up_slot(self) -> None:
        self.in_flight -= 1
        while self._waiting and self.in_flight < self.concurrency.allowed:
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)


def _ring(bell: asyncio.Future[None]) -> None:
    if not bell.done():
        bell.set_result(None)
