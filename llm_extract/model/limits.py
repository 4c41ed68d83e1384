"""How many calls may be under way at once, and when: shared by all calls of a client.

Concurrency starts at 20 and stays from 4 to 100. A 429 multiplies it by 0.8; a clean round (as many
successes as calls are allowed at once, with no failure between) adds 5 %. A 5xx only spoils the round:
it stops growth and lowers nothing. Calls that began before the last fall neither lower it again nor
count for growth, since they say nothing about the present limit; so 20 answers of 429 at once are one fall.

A pause (Retry-After) holds every call that has not begun.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from llm_extract.errors import SettingsError

Signal = Literal["ok", "rate_limited", "failed", "none"]
"""What a call says about the endpoint's load; `none`: nothing (cancelled, or rejected as a request)."""

FALL = 0.8
GROWTH = 1.05


@dataclass
class Concurrency:
    """The limit as a pure state machine: no clock, no I/O."""

    limit: float = 20.0
    minimum: int = 4
    maximum: int = 100
    epoch: int = 0
    """The number of falls so far; a call carries the epoch in which it began."""
    clean: int = 0
    """Successes in this round."""

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
        if epoch != self.epoch or signal == "none":
            return
        if signal == "rate_limited":
            self.limit = max(float(self.minimum), self.limit * FALL)
            self.epoch += 1
            self.clean = 0
        elif signal == "failed":
            self.clean = 0
        else:
            self.clean += 1
            if self.clean >= self.allowed:
                self.limit = min(float(self.maximum), self.limit * GROWTH)
                self.clean = 0


class Limiter:
    """The gate that every call passes: first come, first served, in one event loop.

    `clock` and `sleep` are replaced in tests; the clock must be monotonic, in seconds.
    """

    def __init__(
        self,
        start: int = 20,
        minimum: int = 4,
        maximum: int = 100,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.concurrency = Concurrency(float(start), minimum, maximum)
        self.in_flight = 0
        self.paused_until = 0.0
        """On `clock`; past times mean no pause."""
        self._clock = clock
        self._sleep = sleep
        self._waiting: deque[asyncio.Future[None]] = deque()

    def pause(self, seconds: float) -> None:
        """Let no call begin for so many seconds. Pauses do not add up: the latest end counts."""
        self.paused_until = max(self.paused_until, self._clock() + seconds)

    @property
    def free(self) -> bool:
        """Whether `enter` would return without waiting."""
        return not self._waiting and self.in_flight < self.concurrency.allowed and self.paused_until <= self._clock()

    async def enter(self) -> int:
        """Wait for a slot and the end of any pause. Gives the ticket to hand to `leave`."""
        if not self._waiting and self.in_flight < self.concurrency.allowed:
            self.in_flight += 1
        else:
            await self._wait_for_slot()
        try:
            while (rest := self.paused_until - self._clock()) > 0:
                await self._sleep(rest)
        except BaseException:
            self._give_up_slot()
            raise
        return self.concurrency.epoch

    def leave(self, ticket: int, signal: Signal) -> None:
        """Give the slot back, and say how the call went."""
        self.concurrency.record(signal, ticket)
        self._give_up_slot()

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
