"""Generated records of it_contracts, perturbed copies of them, and gold files in a folder.

There are few values to draw from, so that records share many of them and alignment has to decide.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from llm_extract.task import find_task

Data = dict[str, Any]
"""A record, or a part of one, as JSON has it."""

NAMES = (
    "Tallis", "Tallis Ltd", "The Tallis", "TALLIS PLC", "Brandt & Rowe", "Brandt and Rowe GmbH", "Orbis", "Örbis",
    "Ellerby Council", "the Ellerby  Council", "Ellerby", "Harrow B.V.", "株式会社", "Ltd",
)  # fmt: skip
DATES = ("2023", "2023-09", "2023-09-01", "2023-09-14", "2024", "2024-02-29", "2028-09-30")
STAGES = ("tender", "award", "extension", "ended")
SERVICES = ("network_and_telecoms", "security", "hardware", "applications")
LISTS = ("buyers", "suppliers", "partners", "incumbents", "services", "sites")
NEW = "Quillon Nowhere"
"""A name that is equal to none of NAMES."""

names = st.sampled_from(NAMES)
name_lists = st.lists(names, max_size=3)
dates = st.sampled_from(DATES)
sums = st.fixed_dictionaries(
    {
        "amount": st.sampled_from([0, 1_000_000, 1_004_000, 1_100_000, 12.5]),
        "currency": st.sampled_from(["GBP", "EUR"]),
        "qualifier": st.sampled_from(["exact", "about", "up_to"]),
    },
    optional={"per_year": st.booleans()},
)
months = st.sampled_from([12, 24, 48, 60])

OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "partners": name_lists,
    "incumbents": name_lists,
    "value": sums,
    "duration_months": months,
    "extension_months": months,
    "signed": dates,
    "start": dates,
    "end": dates,
    "framework": names,
    "programme": names,
    "services": st.lists(st.sampled_from(SERVICES), max_size=3),
    "users": st.sampled_from([0, 40, 6200]),
    "sites": name_lists,
}
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "main": st.booleans(),
    "stage": st.sampled_from(STAGES),
    "buyers": name_lists,
    "suppliers": name_lists,
    **OPTIONAL,
}


@st.composite
def contracts(draw: st.DrawFn) -> Data:
    """A contract with a few of its optional fields, or with none."""
    filled = draw(st.lists(st.sampled_from(sorted(OPTIONAL)), max_size=5, unique=True))
    keys = ("main", "stage", "buyers", "suppliers", *filled)
    return {key: draw(FIELDS[key]) for key in keys}


pages = st.fixed_dictionaries(
    {},
    optional={
        "headline": st.sampled_from(["Ellerby picks Tallis", "ELLERBY picks  Tallis", "Deal ends"]),
        "publisher": names,
        "author": names,
        "published": dates,
    },
)
data = st.fixed_dictionaries({"article": pages, "contracts": st.lists(contracts(), max_size=5)})
"""A record as JSON; one in some has no contract, and one in some says nothing at all."""


@st.composite
def perturbed(draw: st.DrawFn, record: Data) -> Data:
    """A copy with a few mistakes: values changed, dropped, moved; contracts dropped, doubled, added, shuffled."""
    changed = copy.deepcopy(record)
    deals: list[Data] = changed["contracts"]
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["value", "value", "drop value", "page", "drop", "double", "add", "swap"]))
        if kind == "add":
            deals.append(draw(contracts()))
        elif kind == "page":
            changed["article"] = draw(pages)
        elif deals:
            at = draw(st.integers(0, len(deals) - 1))
            key = draw(st.sampled_from(sorted(FIELDS)))
            if kind == "value":
                deals[at][key] = draw(FIELDS[key])
            elif kind == "drop value" and key not in ("main", "stage"):
                deals[at][key] = [] if key in LISTS else None
            elif kind == "drop":
                del deals[at]
            elif kind == "double":
                deals.append(copy.deepcopy(deals[at]))
            elif kind == "swap":
                deals[0]["buyers"], deals[at]["buyers"] = deals[at]["buyers"], deals[0]["buyers"]
    return shuffled(changed, draw(st.randoms(use_true_random=False))) if draw(st.booleans()) else changed


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Data, Data]:
    """Gold and prediction: two records that have little to do with each other, or one with mistakes in it."""
    gold = draw(data)
    return gold, draw(perturbed(gold)) if draw(st.booleans()) else draw(data)


def shuffled(record: Data, random: Random) -> Data:
    """The same record with its contracts, and the entries of their lists, in another order."""
    changed = copy.deepcopy(record)
    random.shuffle(changed["contracts"])
    for deal in changed["contracts"]:
        for key in LISTS:
            random.shuffle(deal.get(key, []))
    return changed


def read(record: Data) -> BaseModel:
    """A record of it_contracts."""
    return find_task("it_contracts").record.model_validate(record)


def write_gold(directory: Path, name: str, text: str, record: Data, evidence: Mapping[str, Any], **more: Any) -> Path:
    """`gold/NAME.json` and `articles/NAME.txt` in a folder; the path of the former."""
    for folder in ("gold", "articles"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    (directory / "articles" / f"{name}.txt").write_text(text, "utf-8")
    path = directory / "gold" / f"{name}.json"
    content = {"article": f"articles/{name}.txt", "record": record, "evidence": dict(evidence), **more}
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return path
