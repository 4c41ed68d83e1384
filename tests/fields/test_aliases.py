"""Short forms are resolved by what the article itself says, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.fields.aliases import Alias, _expansion, _may_expand, find_aliases, fullest_form
from llm_extract.locate import Locator


@pytest.mark.parametrize(
    ("text", "short", "full"),
    [
        ("The Norland Transport Authority (NTA) said", "NTA", "Norland Transport Authority"),
        ("Norland’s Coastal Rescue Service (CRS) said", "CRS", "Coastal Rescue Service"),
        ("the Ministry of Works (“MoW”) said", "MoW", "Ministry of Works"),
        ("the Ministry of Works (the ‘MoW’) said", "MoW", "Ministry of Works"),
        ("the Ministry of Works (MoW, once Works) said", "MoW", "Ministry of Works"),
        ("NTA (Norland Transport Authority) said", "NTA", "Norland Transport Authority"),
        ("NTA (the Norland Transport Authority) said", "NTA", "Norland Transport Authority"),
        ("the Office for Rivers and Lakes, or ORL, said", "ORL", "Office for Rivers and Lakes"),
        ("the Office for Rivers and Lakes, known as the ORL, said", "ORL", "Office for Rivers and Lakes"),
        (
            "the Department for Trade, Ports and Harbours (TPH) said",
            "TPH",
            "Department for Trade, Ports and Harbours",
        ),
        (
            "the Department for Forests, Fens and Rural Areas (DEFFRA) said",
            "DEFFRA",
            "Department for Forests, Fens and Rural Areas",
        ),
        (
            "Deffra (Department for Forests, Fens and Rural Areas)",
            "Deffra",
            "Department for Forests, Fens and Rural Areas",
        ),
        ("Transport for Norland (TfN) said", "TfN", "Transport for Norland"),
        ("the Bundesamt für Küstenschutz (BfK) sagte", "BfK", "Bundesamt für Küstenschutz"),
        ("l’Agence de la Mer et du Littoral (AML)", "AML", "Agence de la Mer et du Littoral"),
        ("el Instituto Nacional de Puertos (INP) dijo", "INP", "Instituto Nacional de Puertos"),
        ("the Rijksdienst voor Water (RvW)", "RvW", "Rijksdienst voor Water"),
        ("the Department of Inland Waters (DIW) in Perth", "DIW", "Department of Inland Waters"),
        ("Bharat Coastal Bank Limited (BCBL)", "BCBL", "Bharat Coastal Bank Limited"),
        ("National Archives & Records (NA&R)", "NA&R", "National Archives & Records"),
        ("HarbourhouseCoopers (HhC) advised", "HhC", "HarbourhouseCoopers"),
        ("the Port\nAuthority of Lune (PAL)", "PAL", "Port Authority of Lune"),
    ],
)
def test_definitions_are_found_with_the_place_of_the_full_form(text: str, short: str, full: str) -> None:
    (alias,) = find_aliases(text)
    assert (alias.short, alias.full) == (short, full)
    assert " ".join(text[alias.start : alias.end].split()) == full


@pytest.mark.parametrize(
    "text",
    [
        "Vega (LON: VGA) fell",
        "Vega Systems (UK) won",
        "the deal (worth £9m) was signed",
        "Norland Council (Labour) chose",
        "Mara Quint (CEO) said",
        "the plan, or Lyra, wins",
        "we bought it (again)",
        "Lyra or Vega, they said",
        "the towers (TWR) stay",
        "()",
        "(",
        "X (Y)",
    ],
)
def test_other_brackets_define_nothing(text: str) -> None:
    assert find_aliases(text) == []


def test_a_colloquial_name_is_resolved_if_one_name_begins_so() -> None:
    known = "The Constabulary Service of Norland. The Const, as it is fondly known, waits."
    assert find_aliases(known) == [Alias("Const", "Constabulary Service of Norland", 4, 35)]
    assert find_aliases("The Const, as it is fondly known, waits.") == []
    two = "Constable Works beat the Constabulary Office. The Const, as it is known, waits."
    assert find_aliases(two) == []


@pytest.mark.parametrize(
    ("name", "text", "full"),
    [
        # by definition
        ("NTA", "NTA chose Vega. The Norland Transport Authority (NTA) said", "Norland Transport Authority"),
        ("nta", "The Norland Transport Authority (NTA) said", "Norland Transport Authority"),
        ("Const Service", "Constabulary Service; the Const, as it is known", "Constabulary Service"),
        # by initials alone
        ("NTA", "The Norland Transport Authority chose Vega. NTA said", "Norland Transport Authority"),
        ("MoW", "MoW hires. The Ministry of Works is glad", "Ministry of Works"),
        ("HMPR", "HM Ports and Rivers chose. HMPR said", "HM Ports and Rivers"),
        (
            "Minpar",
            "Minpar said. The Ministry of Inland Navigation, Ports and Rivers waits",
            "Ministry of Inland Navigation, Ports and Rivers",
        ),
        (
            "TPH",
            "TPH said; the Department for Trade, Ports and Harbours",
            "Department for Trade, Ports and Harbours",
        ),
        ("NTA", "NTA’s deal. Norland Transport Authority’s chief", "Norland Transport Authority"),
        # with the ending of the same body
        ("Lune", "Lune council picks Vega. Lune Council said", "Lune Council"),
        ("Lune", "Lune picks Vega. Lune City Council; Lune Council", "Lune City Council"),
        ("Lune", "Lune signs. The London Borough of Lune said", "London Borough of Lune"),
        ("Lune", "Lune Constabulary. Lune", "Lune Constabulary"),
        ("Lune", "Lune University NHS Foundation Trust. Lune", "Lune University NHS Foundation Trust"),
        ("Marsh and Fen", "Marsh and Fen District Council; Marsh and Fen", "Marsh and Fen District Council"),
        ("Vega", "Vega won. Vega plc said", "Vega plc"),
        ("Hafen", "Hafen gewinnt. Die Hafen GmbH", "Hafen GmbH"),
        # no evidence, or too much
        ("Vega", "Vega Global Services won; Vega said", "Vega"),
        ("BV", "BV won. BV Global Services helped", "BV"),
        ("Vega", "Vega limited its losses", "Vega"),
        ("Vega", "Vega Group and Vega UK", "Vega"),
        ("Lune", "Lune Police and Lune County Council share it", "Lune"),
        ("Lune", "Lune City Council and Lune County Council. Lune", "Lune"),
        ("Lune", "Lune Council of Trade Unions. Lune", "Lune"),
        ("NTA", "NTA said. Norland Transport Authority, Northern Trade Agency", "NTA"),
        ("NTA", "NTA said. The Norland Transport Authority Board met", "NTA"),
        ("NTA", "NTA said. Great Norland Transport Authority", "NTA"),
        ("NTA", "NTA said it", "NTA"),
        ("NT", "NT said. The Norland Trust met", "NT"),
        ("Norland Transport Authority", "Norland Transport Authority (NTA)", "Norland Transport Authority"),
        ("Norland Trust", "the NORLAND TRUST", "NORLAND TRUST"),
    ],
)
def test_a_name_becomes_the_fullest_form_of_the_article(name: str, text: str, full: str) -> None:
    found, (start, end) = fullest_form(name, text)
    assert found == full
    assert " ".join(text[start:end].split()) == full
    assert fullest_form(name, text, find_aliases(text), Locator(text)) == (found, (start, end))


def test_a_name_that_is_not_there_has_an_empty_place() -> None:
    assert fullest_form("Vega", "nothing of the kind") == ("Vega", (0, 0))


def test_no_form_is_taken_from_an_excluded_range() -> None:
    text = "NTA chose Vega. Related: Norland Transport Authority (NTA) in the news"
    locator = Locator(text, [(text.index("Related"), len(text))])
    assert fullest_form("NTA", text, None, locator) == ("NTA", (0, 3))


PIECES = st.sampled_from(
    [
        *(
            "Norland",
            "Transport",
            "Authority",
            "NTA",
            "(NTA)",
            "(the “NTA”)",
            "(Norland Transport Authority)",
            "or",
        ),
        *(
            "Lune",
            "Council",
            "City Council",
            "of",
            "for",
            "the",
            ", or NTA,",
            ", as it is known",
            "Nor",
            "’s",
            "MoW",
        ),
        *("Ministry of Works", "(", ")", ".", "\n", "\u00ad", "İ", "ß", "\ud800", "-", "&", "plc", "Met"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=16).map(" ".join), st.lists(PIECES, max_size=16).map("".join), st.text())


@given(TEXTS, st.one_of(PIECES, st.text(max_size=12)))
def test_any_text_gives_places_inside_it(text: str, name: str) -> None:
    for alias in find_aliases(text):
        assert 0 <= alias.start < alias.end <= len(text)
        assert alias.full
        assert alias.short in text
    full, (start, end) = fullest_form(name, text)
    assert 0 <= start <= end <= len(text)
    assert start < end or full == name


def test_a_text_full_of_brackets_is_read_quickly() -> None:
    assert find_aliases("(" * 20_000 + "A (" * 20_000) == []
    assert fullest_form("NTA", "N " * 50_000)[0] == "NTA"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Sussex", "West Sussex County Council chose Vega. Sussex is large."),
        ("Siemens", "Fujitsu Siemens AG replaces Siemens."),
        ("Steria", "Sopra Steria Ltd won; Steria is older."),
        ("Norland", "West Norland District Council and Norland"),
    ],
)
def test_the_tail_of_a_longer_name_is_another_body(name: str, text: str) -> None:
    assert fullest_form(name, text)[0] == name


LETTERS = st.text("nortaNORTA", min_size=3, max_size=6)
STARTS = {"N": ["Norland", "“Nor", "new", "N"], "O": ["Office", "of", "on,", "o"], "R": ["Rail", "Rivers’", "run"]}
STARTS |= {"T": ["Transport", "the", "Trade,", "(The"], "A": ["Authority", "and", "Agency's", "a"]}


@given(LETTERS, st.data())
def test_no_expansion_is_passed_over_before_it_is_looked_for(letters: str, data: st.DataObject) -> None:
    words = [letters[: data.draw(st.integers(0, 3))]]
    for letter in letters[data.draw(st.integers(0, 2)) :]:
        words += data.draw(st.lists(st.sampled_from(["of", "the", "and", "&"]), max_size=3))
        words.append(data.draw(st.sampled_from(STARTS[letter.upper()])))
    text = " ".join(words)
    if _expansion(letters).search(text) is not None:
        assert _may_expand(letters, text)


@pytest.mark.parametrize(
    "text", ["Nova\nLand County\nCouncil pays.", "Nova Land pays. It is the Royal Borough of Nova Land."]
)
def test_a_line_may_end_inside_the_fuller_form(text: str) -> None:
    assert fullest_form("Nova Land", text)[0] in ("Nova Land County Council", "Royal Borough of Nova Land")
