"""Putting a record together, and leaving out of it what the schema's own rules refuse."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, field_validator

from llm_extract.assembly import Item, delivered, filed, give_up, missing, says_anything
from llm_extract.relations import Value
from llm_extract.result import Evidence
from llm_extract.schema import Branch, compile_schema


class Lot(BaseModel):
    title: str
    note: str | None = None


class Tender(BaseModel):
    lots: list[Lot]
    best: Lot | None = None
    keywords: list[str] = []


ROOT = compile_schema(Tender).root
LOT, BEST = (child for child in ROOT.children if isinstance(child, Branch))


def value(words: str) -> Value:
    return Value(words, Evidence(quote=words, start=0, end=len(words), match="exact"))


def lot(branch: Branch, path: str, **values: str) -> Item:
    return Item(branch, path, values={name: value(words) for name, words in values.items()})


def tender() -> Item:
    lots = [lot(LOT, "lots[0]", title="Cables", note="two lorries"), lot(LOT, "lots[2]", title="Masts")]
    items = {"lots": lots, "best": [lot(BEST, "best", title="Masts")]}
    return Item(ROOT, "", lists={"keywords": [value("radio"), value("sea")]}, items=items)


def test_evidence_is_filed_under_the_paths_of_the_record() -> None:
    assert delivered(tender()) == {
        "lots": [{"title": "Cables", "note": "two lorries"}, {"title": "Masts", "note": None}],
        "best": {"title": "Masts", "note": None},
        "keywords": ["radio", "sea"],
    }
    record = Tender.model_validate(delivered(tender()))
    assert {path: found.evidence.quote for path, found in filed(tender(), record).items()} == {
        "lots[0].title": "Cables",
        "lots[0].note": "two lorries",
        "lots[1].title": "Masts",
        "best.title": "Masts",
        "keywords[0]": "radio",
        "keywords[1]": "sea",
    }


def quotes(item: Item, record: BaseModel) -> dict[str, str]:
    return {path: found.evidence.quote for path, found in filed(item, record).items()}


def test_words_follow_their_values_where_a_validator_put_them() -> None:
    class Sorted(Tender):
        @field_validator("keywords")
        @classmethod
        def _in_order(cls, words: list[str]) -> list[str]:
            return sorted(words, reverse=True)

        @field_validator("lots")
        @classmethod
        def _last_only(cls, lots: list[Lot]) -> list[Lot]:
            return lots[1:]

        @field_validator("best")
        @classmethod
        def _none(cls, best: Lot) -> None:
            return None

    assert quotes(tender(), Sorted.model_validate(delivered(tender()))) == {
        "lots[0].title": "Masts",
        "keywords[0]": "sea",
        "keywords[1]": "radio",
    }


def test_values_changed_in_their_places_keep_their_words_and_others_cannot_be_told() -> None:
    class Loud(Tender):
        @field_validator("keywords")
        @classmethod
        def _upper(cls, words: list[str]) -> list[str]:
            return [word.upper() for word in words]

    class Joined(Tender):
        @field_validator("keywords")
        @classmethod
        def _together(cls, words: list[str]) -> list[str]:
            return [" ".join(words)]

    assert quotes(tender(), Loud.model_validate(delivered(tender())))["keywords[1]"] == "sea"
    with pytest.raises(ValueError, match="keywords: a validator of the schema changed how many"):
        filed(tender(), Joined.model_validate(delivered(tender())))


def test_the_smallest_part_that_may_be_missing_is_given_up() -> None:
    item = tender()
    assert give_up(item, ("keywords", 0)) == "keywords"
    assert give_up(item, ("lots", 0, "note")) == "lots.note"
    assert give_up(item, ("lots", 1, "title")) == "lots.title"
    assert give_up(item, ("best", "title")) == "best.title"
    assert delivered(item) == {
        "lots": [{"title": "Cables", "note": None}],
        "best": None,
        "keywords": ["sea"],
    }


class Meeting(BaseModel):
    guests: list[Lot] | None = Field(None, min_length=1)
    topics: list[str] | None = Field(None, max_length=2)
    rooms: list[str] | None = []
    days: list[str] | None


def test_a_list_that_may_be_missing_is_so_where_nothing_was_found() -> None:
    root = compile_schema(Meeting).root
    empty = Item(root, "", lists={"topics": [], "rooms": [], "days": []}, items={"guests": []})
    assert delivered(empty) == {"guests": None, "topics": None, "rooms": [], "days": None}


def test_a_list_that_is_refused_as_a_whole_loses_its_last_entries_first() -> None:
    item = tender()
    assert give_up(item, ("keywords",)) == "keywords"
    assert [found.value for found in item.lists["keywords"]] == ["radio"]
    assert give_up(item, ("lots",)) == "lots"
    assert [entry.values["title"].value for entry in item.items["lots"]] == ["Cables"]
    assert give_up(item, ("keywords",)) == "keywords"
    assert give_up(item, ("keywords",)) is None


def test_what_the_schema_requires_is_not_given_up() -> None:
    single = Item(LOT, "lots[0]", values={"title": value("Cables")})
    assert give_up(single, ("title",)) is None
    assert give_up(single, ()) is None
    assert delivered(single)["title"] == "Cables"


def test_an_entry_without_what_it_requires_is_told() -> None:
    empty = Item(LOT, "lots[0]", values={"note": value("two lorries")})
    assert missing(empty) == ["title"]
    assert missing(tender()) == []
    assert says_anything(empty)
    assert not says_anything(Item(LOT, "lots[0]"))
