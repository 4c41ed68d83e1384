"""Many articles at once: order, bounds, failures, loops."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic import BaseModel

from llm_extract.batch.many import Outcome, Pump, aextract_many, extract_many, stream
from llm_extract.document import Document
from llm_extract.errors import QuotaExhausted, Refused, UsageError
from llm_extract.model.types import Request
from llm_extract.testing import FakeModel


class Sale(BaseModel):
    price: str | None = None


def texts(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"Lot {number} was sold for the price of {number} shillings."


def number(request: Request) -> int:
    return int(str(request.messages[-1]).split("Lot ")[1].split()[0])


def answer(request: Request) -> dict[str, Any]:
    return {"price": f"{number(request)} shillings"}


def test_every_article_has_one_outcome() -> None:
    found = list(extract_many(texts(50), schema=Sale, model=FakeModel(answer)))
    assert sorted(outcome.index for outcome in found) == list(range(50))
    assert all(outcome.result.record.price == f"{outcome.index} shillings" for outcome in found if outcome.result)


def test_in_order_they_come_in_order() -> None:
    class Uneven(FakeModel):
        async def answer(self, request: Request, parse: Any) -> Any:
            await asyncio.sleep(0.002 * (7 - number(request) % 8))
            return await super().answer(request, parse)

    found = list(extract_many(texts(40), schema=Sale, model=Uneven(answer), in_order=True, at_once=8))
    assert [outcome.index for outcome in found] == list(range(40))


def test_an_article_that_fails_is_an_outcome() -> None:
    def some(request: Request) -> Any:
        if number(request) == 3:
            raise Refused("no")
        return answer(request)

    found = {outcome.index: outcome for outcome in extract_many(texts(6), schema=Sale, model=FakeModel(some))}
    assert isinstance(found[3].error, Refused)
    assert found[3].result is None
    assert sum(outcome.error is None for outcome in found.values()) == 5


def test_what_is_fatal_is_raised_after_what_was_under_way_is_given() -> None:
    def some(request: Request) -> Any:
        if number(request) == 5:
            raise QuotaExhausted("no money")
        return answer(request)

    given: list[Outcome] = []
    with pytest.raises(QuotaExhausted):
        given.extend(extract_many(texts(10**9), schema=Sale, model=FakeModel(some), at_once=4))
    assert all(outcome.error is None for outcome in given)


async def test_an_endless_source_is_read_no_further_than_needed() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for text in texts(10**9):
            taken += 1
            yield text

    seen = 0
    async for _ in aextract_many(endless(), schema=Sale, model=FakeModel(answer), at_once=5):
        seen += 1
        if seen == 20:
            break
    assert taken <= 40


async def test_an_asynchronous_source_and_a_slow_one_hold_nobody_up() -> None:
    arrived = asyncio.Event()

    async def slow() -> AsyncIterator[str]:
        yield from_first
        await arrived.wait()  # until the first outcome has been given
        yield next(later)

    later = texts(2)
    from_first = next(later)
    given = []
    async for outcome in aextract_many(slow(), schema=Sale, model=FakeModel(answer)):
        given.append(outcome.index)
        arrived.set()
    assert given == [0, 1]


async def test_no_more_are_under_way_than_allowed() -> None:
    now = most = 0

    async def work(item: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return item

    found = [item async for item in Pump(stream(range(100)), work, 7).results()]
    assert sorted(found) == list(range(100))
    assert most == 7


async def test_a_source_that_breaks_ends_the_stream_with_its_error() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    async def work(item: int) -> int:
        return item

    with pytest.raises(OSError, match="the disk is gone"):
        [item async for item in Pump(stream(broken()), work, 3).results()]


async def test_it_works_inside_a_running_loop_and_leaves_no_thread() -> None:
    assert len(list(extract_many(texts(3), schema=Sale, model=FakeModel(answer)))) == 3
    with closing(extract_many(texts(100), schema=Sale, model=FakeModel(answer))) as stopped:
        next(stopped)
    reading = [thread for thread in threading.enumerate() if thread.name == "llm-extract-source"]
    for thread in reading:
        thread.join(5)
    assert not any(thread.is_alive() for thread in reading)


class Exit(BaseException):
    """As `pytest.fail` and `sys.exit` raise it."""


@pytest.mark.parametrize("leaving", [Exit, SystemExit, KeyboardInterrupt, asyncio.CancelledError])
def test_an_exit_in_the_source_or_the_model_is_raised_and_not_waited_for(leaving: type[BaseException]) -> None:
    def source() -> Iterator[str]:
        yield from texts(2)
        raise leaving("no more")

    def model(request: Request) -> Any:
        raise leaving("not to be asked")

    with pytest.raises(leaving):
        list(extract_many(source(), schema=Sale, model=FakeModel(answer)))
    with pytest.raises(leaving):
        list(extract_many(texts(2), schema=Sale, model=FakeModel(model)))
    assert len(list(extract_many(texts(2), schema=Sale, model=FakeModel(answer)))) == 2


@pytest.mark.parametrize("article", ["Lot 1 was sold.", b"Lot 1", Document.from_text("Lot 1 was sold.")])
async def test_one_article_where_many_are_wanted_is_refused(article: Any) -> None:
    with pytest.raises(UsageError, match="give a list"):
        extract_many(article, schema=Sale, model=FakeModel(answer))
    with pytest.raises(UsageError, match="give a list"):
        await anext(aextract_many(article, schema=Sale, model=FakeModel(answer)))


def test_a_source_is_read_in_one_thread() -> None:
    """As SQLite's connections and other sessions want it."""

    def from_a_database() -> Iterator[str]:
        with sqlite3.connect(":memory:") as database:
            database.execute("create table article (text)")
            database.executemany("insert into article values (?)", [(text,) for text in texts(20)])
            for (text,) in database.execute("select text from article"):
                yield text
        database.close()

    assert len(list(extract_many(from_a_database(), schema=Sale, model=FakeModel(answer), at_once=2))) == 20


@pytest.mark.parametrize(
    "leaving",
    [
        "print(next(outcomes).error)",
        "print(next(outcomes).error); raise SystemExit",
        "for outcome in extract_many(waiting(), **terms): print(outcome.error); break",
    ],
)
def test_a_program_ends_though_a_stream_is_unfinished_or_its_source_waits(leaving: str) -> None:
    program = f"""
import time
from pydantic import BaseModel
from llm_extract import extract_many
from llm_extract.testing import FakeModel

class Sale(BaseModel):
    price: str | None = None

def waiting():
    yield "Lot 1 was sold."
    time.sleep(100)

terms = dict(schema=Sale, model=FakeModel({{"price": None}}))
outcomes = extract_many(["Lot 1 was sold."] * 1000, **terms)
{leaving}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")
