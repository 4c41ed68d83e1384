"""Categories are shown by cues; a quote with other categories' cues only shows something else."""

from __future__ import annotations

import pickle
from typing import Annotated, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from llm_extract.errors import TaskError
from llm_extract.fields.categories import MAX_QUOTE_LENGTH, Category, CategoryField, FlagField, category

STAGE = category(
    {
        "tender": ("tenders?", "bids?", "on the hunt for"),
        "award": ("won", "has? chosen", "service desk award", r"award(?:s|ed)?"),
        "service_desk": ("service desk", "help desk"),
        "other": (),
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bids are due; Lyra won last time", [("Bids", "tender"), ("won", "award")]),
        ("the forbidden wonder", []),
        ("on the\n hunt for", [("on the\n hunt for", "tender")]),
        ("a service-desk deal", [("service-desk", "service_desk")]),
        ("the service desk award went on", [("service desk award", "award")]),
        ("HELP DESK", [("HELP DESK", "service_desk")]),
        ("", []),
    ],
)
def test_cues_are_found_as_whole_words(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(mention.words, mention.value) for mention in STAGE.find(text)] == expected


@pytest.mark.parametrize("words", ["helpdesk", "help desk", "help-desk"])
def test_a_space_in_a_cue_may_be_optional(words: str) -> None:
    desk = category({"desk": ("help ?desk",), "other": ("network",)})
    assert [mention.words for mention in desk.find(f"a new {words} for the network")] == [words, "network"]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("award", "award"),
        ("Service Desk", "service_desk"),
        ("service_desk", "service_desk"),
        ("service-desk", "service_desk"),
        ("other", "other"),
        ("Vega has chosen Lyra", "award"),
        ("Lyra won the tender", None),
        ("nothing of this", None),
        ("", None),
    ],
)
def test_words_state_a_category_if_they_show_only_one(words: str, value: str | None) -> None:
    assert STAGE.parse(words) == value


@pytest.mark.parametrize(
    ("quote", "value", "supported"),
    [
        ("Lyra won it", "award", True),
        ("Lyra won the tender", "award", True),
        ("Lyra won the tender", "tender", True),
        ("Lyra won it", "tender", False),
        ("pen was put to paper", "award", True),
        ("some other won", "other", True),
        ("Lyra won it", "other", False),
        ("  \n", "award", False),
        ("Lyra won it", "unknown", False),
    ],
)
def test_a_quote_supports_a_category_unless_it_shows_others_only(quote: str, value: str, supported: bool) -> None:
    assert STAGE.support(quote, value) is supported


def test_a_cue_of_two_categories_shows_both_and_is_a_mention_of_none() -> None:
    both = category({"a": ("cloud",), "b": ("cloud", "cloud desk")})
    assert both.find("cloud") == []
    assert both.parse("cloud") is None
    assert both.support("cloud", "a")
    assert both.support("cloud", "b")
    assert [mention.value for mention in both.find("the cloud desk")] == ["b"]


@pytest.mark.parametrize(
    ("values", "cues", "message"),
    [
        ((), {}, "empty"),
        (("a", "a"), {}, "repeated"),
        (("a", " "), {}, "blank"),
        (("a",), {"b": ("x",)}, "no categories"),
        (("a",), {"a": "x"}, "one string"),
        (("a",), {"a": ("(",)}, "no regular expression"),
        (("a",), {"a": ("x?",)}, "empty string"),
        (("a",), {"a": ("",)}, "empty string"),
    ],
)
def test_categories_that_cannot_work_are_refused(
    values: tuple[str, ...], cues: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(TaskError, match=message):
        CategoryField(values, cues)


def test_a_field_type_is_immutable_hashable_and_can_be_sent() -> None:
    cues = {"a": ["x"], "b": ["y"]}
    field = CategoryField(("a", "b"), cues)
    cues["a"].append("z")
    assert field.parse("z") is None
    assert field == CategoryField(("a", "b"), {"b": ("y",), "a": ("x",)})
    assert hash(field) == hash(CategoryField(("a", "b"), (("a", ("x",)), ("b", ("y",)))))
    assert field != category(["a", "b"])
    assert pickle.loads(pickle.dumps(field)) == field
    with pytest.raises(AttributeError):
        field.values = ()  # type: ignore[misc]


def test_the_helper_stands_in_an_annotation() -> None:
    stage = Annotated[Literal["tender", "award"], Category({"tender": ("bids?",), "award": ("won",)})]
    field = get_args(stage)[1]
    assert isinstance(field, CategoryField)
    assert field.values == ("tender", "award")
    assert TypeAdapter(stage).validate_python("tender") == "tender"
    assert category(("x", "y")).cues == ()


def test_the_shape_is_one_closed_model_for_the_same_values() -> None:
    shape = STAGE.shape()
    assert issubclass(shape, BaseModel)
    assert shape is category(STAGE.values).shape()
    assert shape.__name__ != category(("x", "y")).shape().__name__
    schema = shape.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["value"]["enum"] == ["tender", "award", "service_desk", "other"]
    assert schema["properties"]["quote"]["maxLength"] == MAX_QUOTE_LENGTH
    assert schema["required"] == ["value", "quote"]
    answer = shape.model_validate({"value": "award", "quote": "won"})
    assert answer.model_dump() == {"value": "award", "quote": "won"}
    for wrong in (
        {"value": "lost", "quote": "q"},
        {"value": "award"},
        {"value": "award", "quote": "q", "x": 1},
    ):
        with pytest.raises(ValidationError):
            shape.model_validate(wrong)


def test_a_flag_is_asked_with_words_or_without() -> None:
    quoted, plain = FlagField(), FlagField(quoted=False)
    assert plain.shape() is bool
    assert quoted.shape().model_json_schema()["required"] == ["value", "quote"]
    assert quoted.find("yes") == []
    assert quoted.parse("yes") is None
    assert quoted.support("it is", True)
    assert not quoted.support(" ", True)
    assert plain.support("", False)
    assert quoted.same(True, False) == 0.0


PIECES = st.sampled_from(
    [
        "won",
        "bids",
        "tender",
        "service",
        "desk",
        "award",
        "has",
        "chosen",
        "on the hunt for",
        " ",
        "-",
        "\n",
        "ß",
        "İ",
        "_",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=15).map(" ".join), st.lists(PIECES, max_size=15).map("".join), st.text())
FIELDS = st.sampled_from(
    [
        STAGE,
        category(["won", "bids"]),
        category({"a": ("won(?= bids)", "desk"), "b": (r"\w+", "won bids"), "c": ("[a-z ]+desk", "bids")}),
    ]
)


@given(FIELDS, TEXTS)
def test_every_mention_keeps_the_laws_of_field_types(field: CategoryField, text: str) -> None:
    last = 0
    for mention in field.find(text):
        assert last <= mention.start < mention.end <= len(text)
        last = mention.end
        assert text[mention.start : mention.end] == mention.words
        assert field.parse(mention.words) == mention.value
        assert field.support(mention.words, mention.value)


@given(FIELDS, TEXTS)
def test_what_words_state_they_support(field: CategoryField, words: str) -> None:
    value = field.parse(words)
    if value is not None:
        assert value in field.values
        assert field.support(words, value)


def test_cues_may_have_groups_of_their_own() -> None:
    field = category(
        {"echo": (r"(ding|dong) \1",), "silence": ("no (?P<what>sound|word)",), "named": ("no (?P<what>bell)",)}
    )
    assert field.parse("It went dong dong at noon.") == "echo"
    assert field.parse("It went ding dong; no word was heard.") == "silence"
    assert not field.support("It went dong dong at noon.", "silence")
    assert field.support("It went ding dong at noon.", "silence")


def test_a_category_without_a_letter_stands_nowhere_by_itself() -> None:
    field = CategoryField(("high", "low", "?"))
    assert field.parse("prices, it said, soared") is None
    assert field.support("prices, it said, soared", "high")
    assert field.support("prices, it said, were low", "high") is False
