"""A schema is walked once: its leaves get field types, and the answer model follows from them."""

from __future__ import annotations

import gc
import weakref
from datetime import date
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, create_model

from llm_extract.errors import TaskError
from llm_extract.fields import (
    Category,
    CategoryField,
    CountField,
    Money,
    MoneyField,
    Months,
    OrganisationName,
    PartialDate,
    TextField,
    WholeNumberField,
)
from llm_extract.schema import Branch, FromPage, Leaf, Term, compile_schema, leaf_path


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    name: OrganisationName
    price: Money | None = None


class Order(BaseModel):
    """An order."""

    title: str
    colour: Colour | None = None
    kind: Literal["new", "used"]
    placed: date | None = None
    number: int | None = None
    term: Months | None = None
    notes: list[str] = []
    parts: list[Part]


def leaf(schema: Any, path: str) -> Leaf:
    found: Leaf = dict(schema.root.leaves())[path]
    return found


def test_every_leaf_gets_the_field_type_of_its_annotation() -> None:
    schema = compile_schema(Order)
    assert isinstance(leaf(schema, "title").field_type, TextField)
    assert isinstance(leaf(schema, "number").field_type, WholeNumberField)
    assert isinstance(leaf(schema, "parts[].price").field_type, MoneyField)
    assert leaf(schema, "parts[].name").field_type.name == "name"
    assert leaf(schema, "term").field_type.name == "duration"
    colour = leaf(schema, "colour").field_type
    assert isinstance(colour, CategoryField)
    assert colour.values == ("red", "blue")


def test_lists_and_optional_leaves_are_told_apart() -> None:
    schema = compile_schema(Order)
    assert leaf(schema, "notes[]").many
    assert not leaf(schema, "title").optional
    assert leaf(schema, "placed").optional


def test_the_answer_holds_words_where_the_record_holds_values() -> None:
    answer = compile_schema(Order).answer
    said = answer.model_validate(
        {
            "title": "Chairs",
            "colour": {"value": "red", "quote": "scarlet"},
            "kind": None,
            "placed": "on 3 May 2020",
            "number": "forty",
            "term": None,
            "notes": [],
            "parts": [{"name": "Acme", "price": "£12"}],
        }
    )
    assert said.model_dump()["parts"] == [{"name": "Acme", "price": "£12"}]


@pytest.mark.parametrize("answer", [{}, {"title": "x"}, {"unknown": 1}])
def test_an_answer_that_leaves_keys_out_is_no_answer(answer: dict[str, Any]) -> None:
    """So that `{}` never counts as "the article says nothing"."""
    with pytest.raises(ValidationError):
        compile_schema(Order).answer.model_validate(answer)


def test_ten_thousand_entries_are_refused() -> None:
    answer: dict[str, Any] = {
        "title": None,
        "colour": None,
        "kind": None,
        "placed": None,
        "number": None,
        "term": None,
        "parts": [],
    }
    with pytest.raises(ValidationError, match="at most 50"):
        compile_schema(Order).answer.model_validate({**answer, "notes": ["x"] * 10_000})


def objects(schema: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(schema, dict):
        if "properties" in schema:
            found.append(schema)
        for value in schema.values():
            found += objects(value)
    if isinstance(schema, list):
        for value in schema:
            found += objects(value)
    return found


def test_the_schema_that_is_sent_is_strict_everywhere() -> None:
    sent = compile_schema(Order).response_schema.schema
    assert objects(sent)
    for entry in objects(sent):
        assert entry["additionalProperties"] is False
        assert entry["required"] == list(entry["properties"])
    assert "x-verbatim" not in str(sent)
    assert "x-verbatim" in str(compile_schema(Order).verbatim_schema)


def test_a_field_called_like_a_keyword_is_sent() -> None:
    class Odd(BaseModel):
        title: str | None = None
        default: str | None = None

    assert list(compile_schema(Odd).response_schema.schema["properties"]) == ["title", "default"]


def test_the_fingerprint_follows_the_schema_and_its_field_types() -> None:
    def make(of: tuple[str, ...], about: str = "") -> str:
        class Same(BaseModel):
            staff: Annotated[int, CountField(of=of)] | None = None

        Same.__doc__ = about
        return compile_schema(Same).fingerprint

    assert make(("user",)) == make(("user",))
    assert make(("user",)) != make(("seat",))


def test_relations_and_page_marks_are_read() -> None:
    class Deal(BaseModel):
        relations: ClassVar = (Term(start="start", months="months", end="end"),)
        start: PartialDate | None = None
        months: Months | None = None
        end: PartialDate | None = None
        published: Annotated[str | None, FromPage("published")] = None

    root = compile_schema(Deal).root
    assert root.relations[0].months == "months"
    assert dict(root.leaves())["published"].from_page == "published"


class Tree(BaseModel):
    children: list[Tree] = []


class Empty(BaseModel):
    pass


class Odd(BaseModel):
    table: dict[str, int]


class Bare(BaseModel):
    items: list  # type: ignore[type-arg]


class Misnamed(BaseModel):
    relations: ClassVar = (Term(start="begin", months="months", end="end"),)
    months: Months


class Undated(BaseModel):
    relations: ClassVar = (Term(start="start", months="months", end="start"),)
    months: Months
    start: date


class Assuming(BaseModel):
    status: str = "active"


class Unschemed(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    thing: Path


class Defaulted(BaseModel):
    name: str = None  # type: ignore[assignment]


class Made(BaseModel):
    name: str | None = None
    slug: str | None = Field(default_factory=lambda data: data["name"])


class Numbers(Enum):
    ONE = auto()
    TWO = auto()


class Numbered(BaseModel):
    kind: Numbers | None = None


class Words(RootModel[list[str]]):
    pass


class Rooted(BaseModel):
    words: Words | None = None


class Narrow(BaseModel):
    result: Annotated[Literal["won", "lost", "drawn"], Category({"won": ("beat",), "lost": ("went down",)})]


class Bracketless(BaseModel):
    seats: Annotated[int | None, CountField] = None


class Uncalled(BaseModel):
    kind: Annotated[Literal["new", "used"], Category]


class Doubled(BaseModel):
    day: Annotated[str | None, PartialDate] = None


class PageList(BaseModel):
    authors: Annotated[list[str], FromPage("author")]


class Untupled(BaseModel):
    relations: ClassVar = Term(start="start", months="months", end="end")
    months: Months


class Unfinished(BaseModel):
    party: Missing  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Unfinished, "cannot be resolved"),
        (Tree, "contains itself"),
        (Empty, "has no fields"),
        (Odd, r"Odd\.table: no field type"),
        (Bare, "say what the list holds"),
        (Misnamed, "'begin'"),
        (Undated, "needs a PartialDate"),
        (Assuming, "without words of the article"),
        (Unschemed, "no field type"),
        (dict, "pydantic model class"),
        ({"type": "object"}, "pydantic model class"),
        (RootModel[list[str]], "pydantic model class"),
        (Defaulted, r"Defaulted\.name: has the default None, which its type does not have"),
        (Made, r"Made\.slug: its default is made from other fields"),
        (Numbered, r"Numbered\.kind: its choices \(1, 2\) .* have to be strings"),
        (Rooted, r"Rooted\.words: Words is a RootModel"),
        (Narrow, r"Narrow\.result: its type has the choices won, lost, drawn, its Category won, lost"),
        (Bracketless, r"Bracketless\.seats: CountField needs its brackets"),
        (Uncalled, "Category needs its categories"),
        (Doubled, "stands alone"),
        (PageList, "no mark of a list"),
        (Untupled, "relations are a tuple"),
    ],
)
def test_a_schema_that_cannot_work_says_where_and_why(model: Any, words: str) -> None:
    with pytest.raises(TaskError, match=words):
        compile_schema(model)


Payer = Annotated[str, Field(description="who pays, not who uses")]


def test_a_description_inside_annotated_is_shown_to_the_model() -> None:
    class Sale(BaseModel):
        buyer: Payer | None = None
        others: list[Payer] = Field([], description="whoever else")
        seller: Annotated[str | None, "a remark for other tools"] = None

    schema = compile_schema(Sale)
    told = [leaf(schema, path).description for path in ("buyer", "others[]", "seller")]
    assert told == ["who pays, not who uses", "whoever else", ""]


def test_what_else_a_class_has_is_no_schema_s_business() -> None:
    class Family(BaseModel):
        model_config = ConfigDict(json_schema_extra={"examples": [{"met": date(2024, 1, 1)}]})  # type: ignore[dict-item]
        name: str | None = None

        def relations(self) -> list[str]:
            return []

    assert compile_schema(Family).root.relations == ()


def test_schemas_made_on_the_fly_are_not_held_for_ever() -> None:
    made = [create_model(f"Sale{number}", price=(str | None, None)) for number in range(200)]
    held = [weakref.ref(compile_schema(model).record) for model in made]
    del made
    gc.collect()
    assert sum(reference() is not None for reference in held) < 150


def test_the_walk_keeps_the_order_of_the_schema() -> None:
    root = compile_schema(Order).root
    assert [child.name for child in root.children] == list(Order.model_fields)
    parts = root.children[-1]
    assert isinstance(parts, Branch)
    assert [child.name for child in parts.children] == ["name", "price"]


def test_the_name_that_is_sent_is_one_that_endpoints_take() -> None:
    class Grüße(BaseModel):
        name: str | None = None

    assert compile_schema(Grüße).response_schema.name == "Gr__e"


def test_a_value_s_path_tells_its_leaf() -> None:
    assert leaf_path("contracts[0].buyers[12]") == "contracts[].buyers[]"
    assert leaf_path("title") == "title"
