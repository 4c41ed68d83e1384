"""The gate that all calls of a cluster pass: one actor holds the run's limiter, and the workers ask it for tickets.

    worker: GatedLimiter ── enter ──▶ Gate: Limiter with the run's rates, breaker, budget and concurrency
                         ◀─ ticket ──
                         ── how calls went, pauses, headers ──▶   (with the next enter, or after a moment)

So 429, Retry-After, rates, budget and circuit breaker hold for the workers together. Nothing here imports Ray: the gate
is an ordinary class, which `ray_engine` makes an actor of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from llm_extract.errors import FatalError, RunError
from llm_extract.model.limits import NOTHING, Limiter, Pool, Signal, Ticket
from llm_extract.model.rates import Bill, Demand

if TYPE_CHECKING:
    from llm_extract.model.types import Usage
    from llm_extract.settings import Settings

LINGER_SECONDS = 0.01
"""How long a good call's end waits for a message that it can go with."""
_TOLD_BY = (b"retry-after", b"x-ratelimit-", b"anthropic-ratelimit-")
"""How the names of headers begin that say something about rates; see `llm_extract.model.rates`."""


class Left(NamedTuple):
    """A call ended; as `Limiter.leave`."""

    number: int
    signal: Signal
    bill: Bill | None
    said: str


class Withdrawn(NamedTuple):
    """A call that asked for a ticket no longer wants it."""

    number: int


class Paused(NamedTuple):
    """The endpoint asked all to wait."""

    seconds: float


class Heard(NamedTuple):
    """An answer's headers; as `Limiter.learn`."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]


Said: TypeAlias = Left | Withdrawn | Paused | Heard


class Gate:
    """The actor: the limiter of all workers together.

    Its calls are few microseconds each and none waits but `enter`. It outlives every worker; `forget` gives back what
    a lost worker held.
    """

    def __init__(self, settings: Settings, concurrency: tuple[int, int, int], spent: Usage | None) -> None:
        budget = None if spent is None else settings.budget(spent)
        self.limiter = Limiter(*concurrency, pool=settings.pool(budget))
        self._tickets: dict[str, dict[int, Ticket]] = {}
        self._withdrawn: set[tuple[str, int]] = set()
        self._forgotten: set[str] = set()

    async def enter(self, worker: str, number: int, demand: Demand, said: Sequence[Said]) -> FatalError | None:
        """Wait until the worker's call may begin: None, or why it must not. `number` is the worker's own."""
        await self.hear(worker, said)
        limiter = self.limiter
        try:
            ticket = limiter.try_enter(demand) or await limiter.enter(demand)
        except FatalError as error:
            return error
        if worker in self._forgotten or (worker, number) in self._withdrawn:
            self._withdrawn.discard((worker, number))
            limiter.leave(ticket, "none", _NOT_MADE)
        else:
            self._tickets.setdefault(worker, {})[number] = ticket
        return None

    async def hear(self, worker: str, said: Sequence[Said]) -> None:
        """Take note of what a worker says, in the order in which it happened."""
        limiter, tickets = self.limiter, self._tickets.get(worker, {})
        for entry in said:
            match entry:
                case Heard(status, headers):
                    limiter.learn(status, headers)
                case Paused(seconds):
                    limiter.pause(seconds)
                case Withdrawn(number):
                    if (ticket := tickets.pop(number, None)) is None:
                        self._withdrawn.add((worker, number))
                    else:
                        limiter.leave(ticket, "none", _NOT_MADE)
                case Left(number, signal, bill, message):
                    if (ticket := tickets.pop(number, None)) is not None:  # else it was thought lost
                        limiter.leave(ticket, signal, bill, message)

    async def forget(self, worker: str) -> int:
        """Give back the tickets of a worker that is lost: its calls may have been made, and are booked as paid.

        Gives how many.
        """
        self._forgotten.add(worker)
        self._withdrawn = {(name, number) for name, number in self._withdrawn if name != worker}
        lost = self._tickets.pop(worker, {})
        for ticket in lost.values():
            self.limiter.leave(ticket, "none", None)
        return len(lost)


class GatedLimiter(Limiter):
    """A worker's limiter: it has no say of its own, and asks the gate.

    `gate` is the actor's handle. What the endpoint says is told at once if it concerns the others, and else with the
    next call. Raises RunError when the gate is lost.
    """

    def __init__(self, gate: Any, worker: str, bounds: tuple[int, int, int], pool: Pool) -> None:
        super().__init__(*bounds, pool=pool)
        self._gate = gate
        self._worker = worker
        self._numbers = count()
        self._said: list[Said] = []
        self._timer: asyncio.TimerHandle | None = None

    def try_enter(self, demand: Demand = NOTHING) -> Ticket | None:
        """None: only the gate can tell."""
        return None

    async def enter(self, demand: Demand = NOTHING) -> Ticket:
        """As `Limiter.enter`, over all workers. The ticket's epoch is the call's number."""
        number = next(self._numbers)
        asking = self._gate.enter.remote(self._worker, number, demand, self._taken())
        try:
            refused = await asking
        except asyncio.CancelledError:
            self._say(Withdrawn(number))
            raise
        except Exception as error:
            raise RunError(
                "the cluster's gate, which counts calls and costs, is lost with its machine; the same command goes on"
            ) from error
        if refused is not None:
            raise refused
        return Ticket(number, demand, 0.0, probe=False)

    def leave(self, ticket: Ticket, signal: Signal, bill: Bill | None = None, said: str = "") -> None:
        """As `Limiter.leave`."""
        self._say(Left(ticket.epoch, signal, bill, said), at_once=signal != "ok")

    def learn(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """As `Limiter.learn`; the end of the same call takes it along."""
        telling = tuple((name, value) for name, value in headers if name.lower().startswith(_TOLD_BY))
        if telling:
            self._said.append(Heard(status, telling))

    def pause(self, seconds: float) -> None:
        """As `Limiter.pause`."""
        self._say(Paused(seconds))

    def _say(self, said: Said, *, at_once: bool = True) -> None:
        self._said.append(said)
        if at_once:
            self._tell()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._tell)

    def _tell(self) -> None:
        if said := self._taken():
            self._gate.hear.remote(self._worker, said)

    def _taken(self) -> list[Said]:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        said, self._said = self._said, []
        return said


_NOT_MADE = Bill()
