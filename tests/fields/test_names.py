"""Names are delivered as written and compared without case, punctuation, "the" and legal forms."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from llm_extract.fields.name_places import name_places, possessive_length
from llm_extract.fields.names import (
    MAX_NAME_LENGTH,
    Name,
    NameField,
    OrganisationName,
    abbreviates,
    normalise_name,
    parse_name,
)
from tests.linear import check_linear

FIELD = NameField()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Harbour Systems", "harbour systems"),
        ("HARBOUR SYSTEMS", "harbour systems"),
        ("Harbour  Systems\n", "harbour systems"),
        ("Harbour\u00a0Systems", "harbour systems"),
        ("Harbour\u00adSystems", "harboursystems"),
        ("The Harbour Board", "harbour board"),
        ("the harbour board", "harbour board"),
        ("Theatre Royal", "theatre royal"),
        ("Bread & Roses", "bread and roses"),
        ("Bread&Roses", "bread and roses"),
        ("Bread and Roses", "bread and roses"),
        ("Bread ＆ Roses", "bread and roses"),
        ("Harbour Ltd", "harbour"),
        ("Harbour Ltd.", "harbour"),
        ("Harbour Limited", "harbour"),
        ("Harbour plc", "harbour"),
        ("Harbour PLC", "harbour"),
        ("Harbour LLP", "harbour"),
        ("Harbour, Inc.", "harbour"),
        ("Hafen GmbH", "hafen"),
        ("Puerto S.A.", "puerto"),
        ("Hafen AG", "hafen"),
        ("Haven N.V.", "haven"),
        ("Haven B.V.", "haven"),
        ("Outback Pty Ltd", "outback"),
        ("Outback Pty. Ltd.", "outback"),
        ("Sagar Pvt. Limited", "sagar"),
        ("Saga", "saga"),
        ("SA Water", "sa water"),
        ("Ltd", "ltd"),
        ("The", "the"),
        ("The Limited", "limited"),
        ("U.K. Research", "uk research"),
        ("St. Anne’s", "st annes"),
        ("St Anne's", "st annes"),
        ("Smith-Jones", "smithjones"),
        ("Straße GmbH", "strasse"),
        ("CAFÉ", "café"),
        ("Cafe\u0301", "café"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "full width"),
        ("Harbour®", "harbour"),
        ("Harbour™ Cloud", "harbour cloud"),
        ("“Harbour”", "harbour"),
        ("Harbour (Wales)", "harbour wales"),
        ("Canal+", "canal+"),
        ("Łódź Sp.", "łódź sp"),
        ("Δήμος ΑΘΗΝΑΊΩΝ", "δήμοσ αθηναίων"),
        ("東京都", "東京都"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_names_are_normalised(name: str, expected: str) -> None:
    assert normalise_name(name) == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("The Norland Trust", "norland trust", 1.0),
        ("Vega Group plc", "Vega Group", 1.0),
        ("Vega", "Vega Group", 0.0),
        ("Vega", "Vegas", 0.0),
        ("Norland Council", "Northland Council", 0.0),
    ],
)
def test_names_are_the_same_or_they_are_not(a: str, b: str, same: float) -> None:
    assert FIELD.same(a, b) == FIELD.same(b, a) == same


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Vega Systems", "Vega Systems"),
        ("the Norland Trust", "Norland Trust"),
        ("The Norland Trust,", "Norland Trust"),
        ("The Hague", "The Hague"),
        ("“Vega Systems”", "Vega Systems"),
        ("'Vega'", "Vega"),
        ("(Vega)", "Vega"),
        ("Vega)", "Vega"),
        ("Vega’s", "Vega"),
        ("Vega's", "Vega"),
        ("Vegas’ ", "Vegas"),
        ("Sainsbury’s", "Sainsbury’s"),
        ("St Mary’s", "St Mary’s"),
        ("St. Mary's", "St. Mary's"),
        ("Guy’s and St Thomas’", "Guy’s and St Thomas"),
        ("Norland\n  Trust", "Norland Trust"),
        ("Nor\u00adland", "Norland"),
        ("Nor-\nland", "Norland"),
        ("Smith-\nJones", "Smith-Jones"),
        ("Norland Transport Authority (NTA)", "Norland Transport Authority"),
        ("NTA (Norland Transport Authority)", "Norland Transport Authority"),
        ("Norland Bank (Wales)", "Norland Bank (Wales)"),
        ("City ‘Flex’", "City ‘Flex’"),
        ("U.S. Navy", "U.S. Navy"),
        ("U.S.", "U.S."),
        ("techNor", "techNor"),
        ("iomart", "iomart"),
        ("G-Cloud 13", "G-Cloud 13"),
        ("O2", "O2"),
        ("WHO", "WHO"),
        ("who", None),
        ("it", None),
        ("They", None),
        ("its", None),
        ("the company", None),
        ("The Department", None),
        ("the Council", None),
        ("ministry", None),
        ("supplier", None),
        ("local authorities", None),
        ("a leading telecoms firm", None),
        ("the recently formed agency", None),
        ("the telco", None),
        ("City Council", None),
        ("365", None),
        ("£15", None),
        ("…", None),
        ("", None),
        ("The", None),
        ("A" * (MAX_NAME_LENGTH + 1), None),
        ("A" * 100_000, None),
    ],
)
def test_a_name_is_freed_from_what_is_around_it(words: str, expected: str | None) -> None:
    assert FIELD.parse(words) == expected


@pytest.mark.parametrize(
    ("quote", "value", "supported"),
    [
        ("Vega’s deal", "Vega", True),
        ("the Vega-led group", "Vega", True),
        ("VEGA SYSTEMS LTD won", "Vega Systems", True),
        ("Vega Systems won", "Vega Systems Ltd", True),
        ("Vega/Lyra won", "Lyra", True),
        ("Bread and Roses", "Bread & Roses", True),
        ("the U.K. Space Office", "UK Space Office", True),
        ("Smith Jones", "Smith-Jones", True),
        ("Vegas won", "Vega", False),
        ("the company won", "Vega", False),
        ("Vega won", "Vega Systems", False),
        ("", "Vega", False),
        ("Vega", "", False),
    ],
)
def test_a_quote_supports_the_names_that_it_names(quote: str, value: str, supported: bool) -> None:
    assert FIELD.support(quote, value) is supported


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vega has won work at the Ministry of Works.", ["Vega", "Ministry of Works"]),
        ("Norland’s Port Authority chose Vega’s rival Lyra.", ["Norland", "Port Authority", "Vega", "Lyra"]),
        ("The Health and Safety Executive and Lyra agreed.", ["Health and Safety Executive", "Lyra"]),
        ("Vega and Lyra built it for Norland Council.", ["Vega", "Lyra", "Norland Council"]),
        ("On Monday, 3 May, HMNC bought techNor licences.", ["HMNC", "techNor"]),
        ("It uses G-Cloud 13 and the IT Works framework.", ["G-Cloud 13", "IT Works"]),
        ("Die Stadt Köln und Hafen AG.", ["Die Stadt Köln und Hafen AG"]),
        ("A deal with Ville de Québec in 2031.", ["Ville de Québec"]),
        ("Savings matter. We count savings.", []),
        ("nothing here 123", []),
        ("St Mary’s Hospital opened.", ["St Mary’s Hospital"]),
        ("Marsh & Fen won 30 million.", ["Marsh & Fen"]),
        ("They met Department of\nWorks staff.", ["Department of\nWorks"]),
        ("Port News\nVega wins", ["Port News", "Vega"]),
    ],
)
def test_names_are_found_in_running_text(text: str, expected: list[str]) -> None:
    assert [mention.words for mention in FIELD.find(text)] == expected


@pytest.mark.parametrize(
    ("short", "full", "begins"),
    [
        ("NTA", "Norland Transport Authority", "Norland Transport Authority"),
        ("NTA", "said the Norland Transport Authority", "Norland Transport Authority"),
        ("MoW", "the Ministry of Works", "Ministry of Works"),
        ("HaPol", "die Hafenpolizei", "Hafenpolizei"),
        ("XYZ", "Norland Transport Authority", None),
        ("N", "Norland", None),
        ("", "Norland", None),
    ],
)
def test_abbreviations_are_recognised(short: str, full: str, begins: str | None) -> None:
    at = abbreviates(short, full)
    assert (None if at is None else full[at:]) == begins


def test_organisations_and_other_names_differ_in_their_setting_only() -> None:
    assert NameField() == NameField(resolve_aliases=True)
    assert NameField() != NameField(resolve_aliases=False)
    assert hash(NameField()) == hash(NameField())
    for annotation in (Name, OrganisationName):
        assert TypeAdapter(annotation).json_schema() == {"type": "string", "minLength": 1}
    assert TypeAdapter(FIELD.shape()).json_schema() == {
        "type": "string",
        "maxLength": MAX_NAME_LENGTH,
        "x-verbatim": True,
    }


def test_a_name_is_read_from_its_own_words_only() -> None:
    text = "the Norland Trust won"
    (mention,) = FIELD.read(text, 0, 17)
    assert (mention.words, mention.value) == ("the Norland Trust", "Norland Trust")
    assert FIELD.read(text, 18, 21)[0].value == "won"
    assert FIELD.read("it won", 0, 2) == []


PIECES = st.sampled_from(
    [
        *(
            "Vega",
            "the",
            "The",
            "of",
            "and",
            "&",
            "for",
            "Norland",
            "Council",
            "NTA",
            "(NTA)",
            "(",
            ")",
            "’s",
            "'s",
        ),
        *(
            "U.S.",
            "Ltd",
            "S.A.",
            "plc",
            "13",
            "“",
            "”",
            ".",
            ",",
            "-",
            "\n",
            "\u00ad",
            "\u200b",
            "it",
            "St",
            "iX",
        ),
        *("e\u0301", "É", "ß", "İ", "ǅ", "ͅ", "東京", "🦊", "\ud800", "\x00", "company", "A", "Department"),
    ]
)
TEXTS = st.one_of(
    st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " "])).map("".join), max_size=20).map("".join),
    st.text(max_size=60),
)


@given(TEXTS)
@example("the the Ltd Ltd")
@example("\u1e9e\u0345 Ltd")
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once
    assert FIELD.same(name, once) == 1.0
    assert FIELD.same(name, name.upper()) == FIELD.same(name.upper(), name)


@given(TEXTS)
def test_parsing_twice_changes_nothing(words: str) -> None:
    value = parse_name(words)
    if value is not None:
        assert parse_name(value) == value
        assert len(value) <= MAX_NAME_LENGTH
        assert any(character.isalpha() for character in value)


@given(TEXTS)
def test_every_mention_keeps_the_laws_of_field_types(text: str) -> None:
    last = 0
    for mention in FIELD.find(text):
        assert last <= mention.start < mention.end <= len(text)
        last = mention.end
        assert text[mention.start : mention.end] == mention.words
        assert FIELD.parse(mention.words) == mention.value
        assert FIELD.support(mention.words, mention.value)


@given(TEXTS, TEXTS)
def test_any_text_can_be_asked(quote: str, value: str) -> None:
    assert FIELD.support(quote, value) in {True, False}
    assert all(0 <= start < end <= len(quote) for start, end in name_places(quote))
    at = abbreviates(value, quote)
    assert at is None or 0 <= at < len(quote)


@pytest.mark.parametrize("piece", ["A", "A-", "A.", "Bank and ", "Bank of ", "Aaa "])
@pytest.mark.parametrize("end", ["", " Bbb Vega's"])
def test_names_are_found_in_linear_time(piece: str, end: str) -> None:
    check_linear(FIELD.find, piece * 40_000, end)


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("London's", 2),
        ("Greater London’s", 2),
        ("The Greater London’s", 2),
        ("London", 0),
        ("'s", 0),
        ("London 's", 0),
        ("Sainsbury’s", 0),
        ("the Sainsbury's", 0),
        ("St Mary's", 0),
        ("St. Mary’s", 0),
        ("The Saint\nMary's", 0),
        ("St George London's", 2),
    ],
)
def test_a_possessive_ending_belongs_to_no_name_but_a_few(name: str, length: int) -> None:
    assert possessive_length(name) == length


@pytest.mark.parametrize("words", ["replace the network", "pan-regional agreement", "said on the day"])
def test_several_words_without_a_capital_are_no_name(words: str) -> None:
    assert NameField().parse(words) is None
