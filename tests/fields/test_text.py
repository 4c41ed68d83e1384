"""Verbatim words keep what was written and nothing of how it was set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from llm_extract.fields.base import Mention
from llm_extract.fields.text import MAX_TEXT_LENGTH, TextField, collapse

FIELD = TextField()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a plain line", "a plain line"),
        ("  a \n b\t\tc ", "a b c"),
        ("one\u00a0two\u2003three", "one two three"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("red\x1b[31m", "red[31m"),
        ("in\U000e0068visible", "invisible"),
        ("procure-\nment", "procurement"),
        ("procure\u00ad\r\n  ment", "procurement"),
        ("Rolls-\nRoyce", "Rolls-Royce"),
        ("COVID-\n19", "COVID-19"),
        ("a dash -\nand more", "a dash - and more"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
        ("\n\u200b ", ""),
    ],
)
def test_words_come_on_one_line(words: str, expected: str) -> None:
    assert collapse(words) == expected
    assert FIELD.parse(words) == (expected or None)


@pytest.mark.parametrize(
    ("quote", "value", "supported"),
    [
        ("the “new” portal will open", "'new' portal", True),
        ("the new\nportal", "new portal", True),
        ("the NEW portal", "new portal", True),
        ("the newest portal", "new portal", False),
        ("the renewal", "new", False),
        ("", "new", False),
        ("anything", "", False),
    ],
)
def test_a_quote_supports_the_words_that_it_holds(quote: str, value: str, supported: bool) -> None:
    assert FIELD.support(quote, value) is supported


def test_values_are_the_same_apart_from_their_typography() -> None:
    assert FIELD.same("of\ufb01ce  Space", "office space") == 1.0
    assert FIELD.same("office space", "office spaces") == 0.0


def test_words_are_read_where_they_stand() -> None:
    text = "We chose the\nnew portal."
    assert FIELD.read(text, 9, 23) == [Mention(9, 23, "the\nnew portal", "the new portal")]
    assert FIELD.read(" \n ", 0, 3) == []
    assert FIELD.find(text) == []


def test_the_shape_is_a_bounded_string_marked_as_verbatim() -> None:
    adapter = TypeAdapter(FIELD.shape())
    schema = adapter.json_schema()
    assert schema == {"type": "string", "maxLength": MAX_TEXT_LENGTH, "x-verbatim": True}
    with pytest.raises(ValidationError):
        adapter.validate_python("x" * (MAX_TEXT_LENGTH + 1))


@given(st.text())
def test_parsing_twice_changes_nothing_and_words_support_themselves(words: str) -> None:
    value = FIELD.parse(words)
    if value is not None:
        assert FIELD.parse(value) == value
        assert FIELD.same(words, value) == 1.0
        assert FIELD.support(words, value)


@given(st.text(), st.text())
def test_any_two_strings_can_be_compared(a: str, b: str) -> None:
    assert FIELD.same(a, b) == FIELD.same(b, a)
    assert FIELD.same(a, a) == 1.0
    assert FIELD.support(a, b) in {True, False}
