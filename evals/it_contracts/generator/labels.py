"""From a marked text to the article and its gold file."""

# ruff: noqa: SIM905 - lists of words read best as one string
from __future__ import annotations

import re
from typing import Any, NamedTuple

from llm_extract.fields.partial_dates import term_end

from .facts import Deal
from .markup import Place, polished, unmarked

NAMES = ("buyers", "suppliers", "partners", "incumbents", "sites")
PLAIN = ("framework", "programme")
ORDER = (
    "main stage buyers suppliers partners incumbents value duration_months extension_months signed start end framework "
    "programme services users sites"
).split()


class Labelled(NamedTuple):
    """An article and what its gold file holds."""

    text: str
    record: dict[str, Any]
    evidence: dict[str, Any]


class Unsaid(ValueError):
    """A name of the record that the text does not have."""


def labelled(marked: str, deals: list[Deal], page: dict[str, Any], curly: bool) -> Labelled:
    """Read the label off a marked text.

    Args:
        marked: the text with its marks.
        deals: its contracts, with what was told of them.
        page: the article's own values, by field; those without a mark in the text are left out.
        curly: whether the text has typographic quotes.

    Raises:
        Unsaid: a buyer, a supplier or a stage was never written.
    """
    text, places = unmarked(_quotes(polished(marked), curly))
    evidence: dict[str, Any] = {}
    article = {}
    for name in ("headline", "publisher", "author", "published"):
        where = places.get(f"article.{name}")
        if where:
            first = where[0]
            article[name] = page[name] if name == "published" else text[first.start : first.end]
            evidence[f"article.{name}"] = _span(text, [first])
    dated = places.get("article.published", [])[:1]
    home = places.get("article.home", [])[:1]

    contracts = sorted(deals, key=lambda deal: _first(text, places, deal))
    record: list[dict[str, Any]] = []
    for index, deal in enumerate(contracts):
        label, found = _contract(text, places, deal, dated, home)
        record.append(label)
        evidence |= {f"contracts[{index}].{path}": spans for path, spans in found.items()}
    return Labelled(text, {"article": article, "contracts": record}, evidence)


def _contract(
    text: str, places: dict[str, list[Place]], deal: Deal, dated: list[Place], home: list[Place]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One contract's record, in the order of the schema, and its evidence by path."""
    label: dict[str, Any] = {"main": deal.main, "stage": deal.stage}
    found: dict[str, list[Place]] = {}

    def at(path: str) -> list[Place]:
        return places.get(f"{deal.key}.{path}", [])

    if not at("stage"):
        raise Unsaid("stage")
    found["stage"] = [at("stage")[0], *at("stage2")[:1]]
    names = {"buyers": deal.buyers, "suppliers": deal.suppliers}
    for field in NAMES:
        values = [one.full for one in names[field]] if field in names else deal.label.get(field, [])
        values = [re.sub("'", "’", value) if "’" in text and value not in text else value for value in values]
        where = [(_name_place(text, value), value) for value in values]
        if field in names or values:
            label[field] = values
        for index, (place, value) in enumerate(where):
            if place is None:
                raise Unsaid(value)
            found[f"{field}[{index}]"] = [place]
    for field in PLAIN:
        if field in deal.label:
            place = _name_place(text, deal.label[field])
            if place is None:
                raise Unsaid(deal.label[field])
            label[field], found[field] = deal.label[field], [place]
    for field in ("value", "duration_months", "extension_months", "users"):
        if field in deal.label and at(field):
            label[field], found[field] = deal.label[field], at(field)[:1]
            if field == "value" and home and text[found[field][0].start : found[field][0].end].strip().find("$") >= 0:
                found[field] = [*found[field], *home]
    for field in ("signed", "start", "end"):
        anchored = at(f"{field}@")
        if field in deal.label and (at(field) or anchored):
            label[field], found[field] = deal.label[field], at(field)[:1] or [*anchored[:1], *dated]
    if (
        "end" not in label
        and {"start", "duration_months"} <= set(label)
        and deal.stage in ("award", "tender", "extension", "ended")
    ):
        end = term_end(label["start"], label["duration_months"])
        if end is not None:
            label["end"], found["end"] = end, [*found["duration_months"], *found["start"]]
    services = sorted(
        (at(f"services.{category}")[0], category)
        for category in deal.label.get("services", [])
        if at(f"services.{category}")
    )
    if services:
        label["services"] = [category for _, category in services]
        found |= {f"services[{index}]": [place] for index, (place, _) in enumerate(services)}
    return {field: label[field] for field in ORDER if field in label}, {
        field: _span(text, spans) for field, spans in found.items()
    }


def _first(text: str, places: dict[str, list[Place]], deal: Deal) -> tuple[int, int]:
    """Where a contract is first spoken of."""
    own = [place[0].start for path, place in places.items() if path.startswith(f"{deal.key}.")]
    return (min(own, default=len(text)), int(deal.key))


def _name_place(text: str, name: str) -> Place | None:
    """The first place of a name that is no part of a longer word."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return None if found is None else Place(found.start(), found.end())


def _span(text: str, places: list[Place]) -> dict[str, Any]:
    first, *others = ({"quote": text[one.start : one.end], "start": one.start, "end": one.end} for one in places)
    return first | ({"also": others} if others else {})


def _quotes(text: str, curly: bool) -> str:
    """Typographic quotes and apostrophes, if the page has them."""
    if not curly:
        return text
    first, *parts = text.split('"')
    for number, part in enumerate(parts):
        first += ("“" if number % 2 == 0 else "”") + part
    return first.replace("'", "’")
