"""A small task with gold in a folder of its own, and answers to its questions that can be spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from llm_extract.evaluation.gold import GoldSet, read_gold_set
from llm_extract.task import find_task
from llm_extract.testing.server import RecordedRequest, Reply
from llm_extract.testing.server import answer as reply

SCHEMA = '''\
"""The record of one article about deals."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from llm_extract.fields import Category, FlagField, Money, OrganisationName
from llm_extract.schema import Identifies

Stage = Annotated[
    Literal["award", "ended"], Category({"award": (r"signed", r"won"), "ended": (r"cancelled", r"ended")})
]


class Deal(BaseModel):
    main: Annotated[bool, FlagField(quoted=False)]
    stage: Stage
    buyers: Annotated[list[OrganisationName], Identifies(3)] = []
    suppliers: Annotated[list[OrganisationName], Identifies(3)] = []
    value: Annotated[Money | None, Identifies(2)] = None


class Deals(BaseModel):
    deals: list[Deal] = Field(description="every deal")
'''

PROMPT = """\
---
name: deals
version: 1
description: Who bought from whom
schema: Deals
---
# system
Copy the article's words.
# user
{{ article }}
"""

BUYERS = (
    "Alder Council",
    "Birch Water",
    "Cedar Bank",
    "Dunmore Trust",
    "Elm Rail",
    "Fir Police",
    "Gorse Homes",
    "Holm Energy",
)
SUPPLIERS = ("Northgate", "Oakline", "Pellworth", "Quarrel", "Ravensys", "Sandtech", "Tarn Group", "Umberlow")
PADDING = (
    "The committee heard that {buyer} had waited a long time for this, and members asked {supplier} many questions."
)


def write_task(folder: Path, articles: int = 8) -> None:
    """The task, and gold: every fourth article states no deal, the last half are in the split `test`."""
    for name, content in (("schemas/deals.py", SCHEMA), ("prompts/deals.md", PROMPT)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    gold = folder / "evals" / "deals" / "gold"
    texts = gold.parent / "articles"
    gold.mkdir(parents=True)
    texts.mkdir()
    for number in range(articles):
        name = f"deal-{number:03}"
        (texts / f"{name}.txt").write_text(text(number), "utf-8")
        split = "dev" if number < articles // 2 else "test"
        tags = ["odd" if number % 2 else "even"]
        file: dict[str, Any] = {"article": f"articles/{name}.txt", "split": split, "tags": tags}
        file |= {"record": record(number), "evidence": evidence(number)}
        (gold / f"{name}.json").write_text(json.dumps(file), "utf-8")


def names(number: int) -> tuple[str, str]:
    return f"{BUYERS[number % 8]} {number}", f"{SUPPLIERS[number % 8]} {number}"


def text(number: int) -> str:
    buyer, supplier = names(number)
    if number % 4 == 3:
        return f"Sales of {supplier} rose.\n\nThe firm, which once worked for {buyer}, said so in report {number}.\n"
    return (
        f"Deal number {number} is done.\n\n{buyer} has signed a £{number + 1}.5m contract with {supplier}.\n\n"
        + PADDING.format(buyer=buyer, supplier=supplier) + f" Paragraph {number} says no more.\n"
    )  # fmt: skip


def record(number: int) -> dict[str, Any]:
    if number % 4 == 3:
        return {"deals": []}
    buyer, supplier = names(number)
    value = {"amount": (number + 1) * 1_000_000 + 500_000, "currency": "GBP", "qualifier": "exact"}
    return {"deals": [{"main": True, "stage": "award", "buyers": [buyer], "suppliers": [supplier], "value": value}]}


def evidence(number: int) -> dict[str, Any]:
    if number % 4 == 3:
        return {}
    buyer, supplier = names(number)
    quotes = {
        "stage": "signed", "buyers[0]": buyer, "suppliers[0]": supplier, "value": f"£{number + 1}.5m",
    }  # fmt: skip
    article = text(number)
    return {
        f"deals[0].{path}": {"quote": quote, "start": article.index(quote), "end": article.index(quote) + len(quote)}
        for path, quote in quotes.items()
    }


def said(number: int, **changes: Any) -> dict[str, Any]:
    """What a model that is right says of an article, with changes to its deal."""
    if number % 4 == 3:
        return {"deals": []}
    buyer, supplier = names(number)
    deal = {
        "main": True,
        "stage": {"value": "award", "quote": "signed"},
        "buyers": [buyer],
        "suppliers": [supplier],
        "value": f"£{number + 1}.5m",
    }
    return {"deals": [{**deal, **changes}]}


def number_in(request: RecordedRequest) -> int:
    """Which article a request asks about."""
    asked = json.dumps(request.body)
    for number in range(1000):
        buyer, _ = names(number)
        if f"{buyer} has" in asked or f"{buyer}, said" in asked:
            return number
    raise AssertionError(f"no article in {asked}")


def answering(said_of: Callable[[int], Mapping[str, Any] | Reply]) -> Callable[[RecordedRequest], Reply]:
    """What a scripted server needs to answer every article with `said_of(number)`."""

    def respond(request: RecordedRequest) -> Reply:
        answer = said_of(number_in(request))
        return answer if isinstance(answer, Reply) else reply(answer)

    return respond


def gold_set(folder: Path, articles: int = 8) -> GoldSet:
    """The task's gold, read from a folder where it is written first."""
    if not (folder / "evals").exists():
        write_task(folder, articles)
    return read_gold_set(find_task("deals", folder), folder / "evals" / "deals")
