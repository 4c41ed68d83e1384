"""The form of a task: which lines it has, and what is written on one is read back as it was meant."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, create_model

from llm_extract.cli.skeleton import write_task
from llm_extract.errors import TaskError
from llm_extract.fields import (
    Category,
    CountField,
    ExtensionMonths,
    FlagField,
    Money,
    Months,
    Name,
    OrganisationName,
    PartialDate,
)
from llm_extract.fields.base import NO_CONTEXT, Context
from llm_extract.form import LONGEST, MOST_ITEMS, MOST_OFFERS, Line, assemble, make_form, one_block, said_at
from llm_extract.schema import FromPage, compile_schema
from llm_extract.task import find_task, task_for_schema

Colour = Literal["deep_red", "blue"]
Judged = Annotated[bool, FlagField(quoted=False)]


class Kinds(BaseModel):
    """One leaf of every kind."""

    name: Name | None = None
    names: list[OrganisationName]
    words: str | None = None
    passages: list[str]
    sum: Money | None = None
    sums: list[Money]
    term: Months | None = None
    begun: PartialDate | None = None
    day: date | None = None
    number: int | None = None
    share: Decimal | None = None
    seats: Annotated[int, CountField(of=("seat",))] | None = None
    colour: Colour | None = None
    colours: list[Colour]
    judged: Judged


def lines_of(record: type[BaseModel]) -> dict[str, Line]:
    form = make_form(task_for_schema(record))
    return {line.path.removesuffix("[]"): line for line in (*form.lines, *form.entry)}


KINDS = lines_of(Kinds)
TEXT = "Orla Bank; Venn Systems = Tarn & Co. paid £3.4m for blue paint, deep red ink and none of it\n\nin March 2021"


# ---------------------------------------------------------------- writing and reading


@given(st.data())
def test_every_line_reads_back_what_was_written_on_it(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(list(KINDS.values())))
    text = data.draw(st.text(st.sampled_from("ab Z12;=£.,'é-\n\t none"), max_size=60))
    if isinstance(line.leaf.field_type, FlagField):
        said: Any = data.draw(st.booleans())
    else:
        words = text.split()
        begins = st.integers(0, max(len(words) - 1, 0))
        runs = begins.flatmap(lambda at: st.integers(at, len(words)).map(lambda end: " ".join(words[at:end])))
        entry = runs.filter(lambda run: line.writable(run, text))
        some = data.draw(st.lists(entry, max_size=3)) if any(line.writable(word, text) for word in words) else []
        said = some
        if line.choices:
            said = [{"value": data.draw(st.sampled_from(list(line.choices.values()))), "quote": run} for run in some]
        said = said if line.leaf.many else said[0] if said else None
    assert line.read(line.write(said), text) == said


@given(st.sampled_from(list(KINDS.values())), st.text(max_size=80), st.text(max_size=40))
def test_whatever_is_written_is_an_answer_of_the_schema_or_a_value_error(line: Line, written: str, text: str) -> None:
    """An endpoint may ignore a grammar that it cannot compile."""
    try:
        said = line.read(written, f"{text} {written}")
    except ValueError:
        return
    compile_schema(Kinds).answer.model_validate(assemble(task_for_schema(Kinds).schema.root, {line.path: said}))


@pytest.mark.parametrize(
    ("path", "written", "said"),
    [
        ("name", " Orla Bank", "Orla Bank"),
        ("name", " Orla Bank; Venn Systems", "Orla Bank; Venn Systems"),
        ("name", " none", None),
        ("names", " none", []),
        ("names", " Orla Bank; Tarn & Co", ["Orla Bank", "Tarn & Co"]),
        ("words", " Systems = Tarn", "Systems = Tarn"),
        ("colour", " blue = blue paint", {"value": "blue", "quote": "blue paint"}),
        ("colours", " deep red = deep red ink; blue = blue",
         [{"value": "deep_red", "quote": "deep red ink"}, {"value": "blue", "quote": "blue"}]),
        ("judged", " yes", True),
        ("judged", " no", False),
    ],
)  # fmt: skip
def test_what_lines_state(path: str, written: str, said: Any) -> None:
    assert KINDS[path].read(written, TEXT) == said
    assert KINDS[path].write(said) == written.strip()


@pytest.mark.parametrize(
    ("path", "written", "complaint"),
    [
        ("name", " Globex", "'Globex' is not among the words"),
        ("name", " Orla Ban", "not among"),
        ("name", "", "not among"),
        ("name", " of it in March", "not among"),  # across a blank line
        ("names", " Orla Bank; ", "not among"),
        ("names", " Orla Bank, Venn", "not among"),
        ("names", ";".join(["Orla"] * (MOST_ITEMS + 1)), f"17 entries on one line, more than {MOST_ITEMS}"),
        ("colour", " blue paint", "'blue paint' is none of the choices"),
        ("colour", " green = blue paint", "'green' is none of the choices of this line: deep red, blue"),
        ("colour", " blue=blue paint", "none of the choices"),
        ("colour", " blue = green paint", "'green paint' is not among the words"),
        ("judged", " none", "'none' is neither yes nor no"),
        ("judged", " Yes", "neither"),
    ],
)
def test_what_no_grammar_lets_pass_is_refused(path: str, written: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        KINDS[path].read(written, TEXT)


def test_words_that_the_answer_has_no_room_for_are_refused_before_it() -> None:
    assert KINDS["seats"].longest < KINDS["name"].longest == LONGEST
    for line in (KINDS["seats"], KINDS["name"], KINDS["colour"]):
        text = "seat " * 40
        written = ("blue = " if line.choices else "") + text[: line.longest + 4]
        with pytest.raises(ValueError, match=f"more than {line.longest} characters"):
            line.read(written, text)


@pytest.mark.parametrize(
    ("path", "words", "writable"),
    [
        ("name", "Orla Bank; Venn", True),
        ("names", "Orla Bank; Venn", False),
        ("name", "Systems = Tarn", True),
        ("colour", "Systems = Tarn", True),
        ("colour", "Bank; Venn", True),
        ("colours", "Bank; Venn", False),
        ("names", "Orla\n  Bank", True),
        ("names", "none", False),  # it would be read as silence
        ("names", "none of it", True),
        ("names", "Venn Sys", False),
        ("names", "", False),
        ("passages", "seat " * 40, False),  # more than the line takes
    ],
)
def test_which_words_can_stand_on_a_line(path: str, words: str, writable: bool) -> None:
    assert KINDS[path].writable(words, words if "seat" in words else TEXT) is writable


def test_the_grammar_of_a_line_offers_what_it_reads() -> None:
    assert '" yes" | " no"' in KINDS["judged"].grammar(TEXT)
    assert '"deep red = " | "blue = "' in KINDS["colour"].grammar(TEXT)
    assert "{0,15}" in KINDS["names"].grammar(TEXT)
    assert "{0,15}" not in KINDS["name"].grammar(TEXT)
    assert '("none" | ' in KINDS["name"].grammar(TEXT)
    assert '("none" | ' not in KINDS["name"].grammar(TEXT, silent=False)


def test_an_article_is_asked_only_for_what_it_can_state() -> None:
    text = "Orla Bank paid £3.4m."
    asked = {path for path, line in KINDS.items() if line.applies(text, NO_CONTEXT)}
    assert asked == {
        "name",
        "names",
        "words",
        "passages",
        "sum",
        "sums",
        "number",
        "share",
        "colour",
        "colours",
        "judged",
    }


# ---------------------------------------------------------------- what a line offers

Stage = Annotated[
    Literal["on_offer", "sold"], Category({"on_offer": ("for sale", "up;sale"), "sold": ("sold", "buys")})
]


class Cued(BaseModel):
    """Choices that the words of an article show, and terms that it may lack."""

    stage: Stage | None = None
    stages: list[Stage]
    longer: ExtensionMonths | None = None


CUED = lines_of(Cued)
SOLD = """\
Orla Bank; a five-year deal worth up
to £3.4m (£1m a year, or £1m) for 40 seats, sold to Venn Systems on 3 May 2021. It was for sale, and sold, at 12%.
Venn Systems paid on Friday."""


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("name", ["Orla Bank", "Venn Systems"]),
        ("names", ["Orla Bank", "Venn Systems"]),
        ("sum", ["up to £3.4m", "£1m a year", "£1m"]),
        ("sums", ["up to £3.4m", "£1m a year", "£1m"]),
        ("term", ["five-year"]),
        ("begun", ["3 May 2021", "Friday"]),
        ("day", ["3 May 2021", "Friday"]),
        # "3.4" is no word of "£3.4m".
        ("number", ["five", "40", "3", "2021", "12%"]),
        ("seats", ["40 seats"]),
        # One place a category, the first that shows it.
        ("stage", ["sold = sold", "on offer = for sale"]),
        ("stages", ["sold = sold", "on offer = for sale"]),
        # Nothing, which is not the same as anything.
        ("longer", []),
        ("colour", None),
        ("colours", None),
        ("words", None),
        ("passages", None),
        ("judged", None),
    ],
)
def test_a_line_offers_what_its_field_finds(path: str, offered: list[str] | None) -> None:
    context = Context(reference=date(2021, 5, 10))
    assert (KINDS | CUED)[path].offers(SOLD, context, frozenset()) == offered


def test_a_date_that_the_context_settles_is_offered_only_with_it() -> None:
    assert KINDS["day"].offers(SOLD, NO_CONTEXT, frozenset()) == ["3 May 2021"]


def test_words_that_a_line_gives_a_meaning_are_not_offered() -> None:
    text = "The mill is up;sale. The barn is for sale."
    assert CUED["stages"].offers(text, NO_CONTEXT, frozenset()) == ["on offer = for sale"]
    assert CUED["stage"].offers(text, NO_CONTEXT, frozenset()) == ["on offer = up;sale"]


def test_a_name_that_is_taken_is_not_offered_again_however_it_is_spelled() -> None:
    text = "ORLA BANK PLC, or the Orla Bank, and Tarn & Co met. Orla paid £3m."
    assert KINDS["name"].offers(text, NO_CONTEXT, frozenset()) == ["ORLA BANK PLC", "Orla Bank", "Tarn & Co", "Orla"]
    for path in ("name", "names"):
        assert KINDS[path].offers(text, NO_CONTEXT, {"orla bank"}) == ["Tarn & Co", "Orla"]
        assert KINDS[path].offers(text, NO_CONTEXT, {"orla bank", "tarn and co", "orla"}) == []
    # Nothing but names is.
    assert KINDS["sum"].offers(text, NO_CONTEXT, {"£3m", "3m"}) == ["£3m"]


def test_no_more_is_offered_than_a_grammar_can_hold() -> None:
    names = [f"Tarn{number} Bank" for number in range(MOST_OFFERS + 5)]
    offered = KINDS["name"].offers("\n\n".join(f"A deal with {name}." for name in names), NO_CONTEXT, frozenset())
    assert offered == names[:MOST_OFFERS]


@given(
    st.sampled_from(list((KINDS | CUED).values())),
    st.lists(
        st.sampled_from([
            "Orla Bank", "none", "None", "Venn; Systems", "£3m", "$ 4 bn", "3 May 2021", "40 seats", "sold", "for sale",
            "up;sale", "three years", "’s", "=", ";", "\n", "\n\n", "\u00a0", "(", "é", "\x1f", "A.B.", ", and", "the",
        ]),
        max_size=9,
    ).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda between: between.join(parts))),
)  # fmt: skip
def test_what_a_line_offers_it_reads_and_writes_the_same(line: Line, text: str) -> None:
    offered = line.offers(text, NO_CONTEXT, frozenset())
    assert (offered is None) == (line.leaf.name in {"words", "passages", "colour", "colours", "judged"})
    assert len(set(offered or [])) == len(offered or [])
    for words in offered or []:
        said = line.read(f" {words}", text)
        assert said
        assert line.write(said) == words


# ---------------------------------------------------------------- how sure


def tokens(*parts: tuple[str, float]) -> list[tuple[str, float]]:
    return [(token, math.log(probability)) for token, probability in parts]


@pytest.mark.parametrize(
    ("path", "parts", "expected"),
    [
        ("name", [(" Orla", 0.5), (" Bank", 0.8)], [0.4]),
        ("name", [(" Orla", 0.5), (";", 0.8)], [0.4]),
        ("names", [(" Orla", 0.5), (" Bank", 0.8), (";", 0.1), (" Venn", 0.9)], [0.4, 0.9]),
        ("colour", [(" deep", 0.5), (" red", 0.8), (" =", 0.9), (" deep", 0.1), (" red", 0.2)], [0.4]),
        ("colours", [(" blue", 0.5), (" =", 0.9), (" sky", 0.5), ("; ", 0.2), ("deep", 0.4), (" =", 1.0), ("b", 0.5)],
         [0.5, 0.4]),
        ("judged", [(" yes", 0.7)], [0.7]),
        ("name", [], []),
    ],
)  # fmt: skip
def test_how_probable_the_answers_of_a_line_are(
    path: str, parts: list[tuple[str, float]], expected: list[float]
) -> None:
    assert [seen.own for seen in KINDS[path].likelihoods(tokens(*parts))] == pytest.approx(expected)


@given(st.sampled_from(list(KINDS.values())), st.lists(st.tuples(st.text(max_size=4), st.floats(-50, 0.5))))
def test_a_probability_is_one(line: Line, parts: list[tuple[str, float]]) -> None:
    for seen in line.likelihoods(parts, line.states(parts), 1.0):
        assert all(probability is None or 0 <= probability <= 1 for probability in seen)


def test_a_list_s_answers_are_there_if_it_goes_on_as_far() -> None:
    said = tokens((" Orla", 0.5), (";", 0.6), (" Venn", 0.9), (";", 0.5), (" Tarn", 0.8))
    found = KINDS["names"].likelihoods(said, 0.9, 0.7)
    assert [seen.there for seen in found] == pytest.approx([0.9, 0.54, 0.27])
    assert {seen.entry for seen in found} == {0.7}
    assert {seen.there for seen in KINDS["names"].likelihoods(said)} == {None}


@pytest.mark.parametrize(
    ("path", "beginnings", "expected"),
    [
        ("name", [(" Orla", 0.5), (" none", 0.3), (" Or", 0.1)], 0.7),
        ("name", [(" Orla", 0.5), ("none", 0.1), (" none", 0.3)], 0.6),
        ("names", [(" none", 1.0)], 0.0),
        # One that is not among the likeliest is not likely.
        ("colour", [(" deep", 0.9), (" nonesuch", 0.05)], 1.0),
        # Not told, or never silent.
        ("name", [], None),
        ("judged", [(" yes", 0.9), (" none", 0.1)], None),
    ],
)
def test_how_probable_it_was_that_a_line_states_something(
    path: str, beginnings: list[tuple[str, float]], expected: float | None
) -> None:
    assert KINDS[path].states(tokens(*beginnings)) == (None if expected is None else pytest.approx(expected))


# ---------------------------------------------------------------- which lines there are


class Lot(BaseModel):
    title: Name | None = None
    bids: list[Name]


class Sale(BaseModel):
    kept: Judged
    on: PartialDate | None = None
    seller: Name | None = None
    price: Money | None = None
    sound: bool | None = None
    lots: list[Lot]


class Visit(BaseModel):
    guest: Name | None = None
    paid: Judged


class Place(BaseModel):
    town: Name | None = None


class Market(BaseModel):
    """What a market report says."""

    headline: Annotated[str | None, FromPage("headline")] = None
    weather: str | None = None
    place: Place | None = None
    sales: list[Sale]
    visits: list[Visit]


def test_the_first_list_is_asked_entry_for_entry_and_the_second_once() -> None:
    form = make_form(task_for_schema(Market))
    assert form.name == "sales"
    assert [line.path for line in form.lines] == ["weather", "place.town", "visits[].guest", "visits[].paid"]
    assert [line.path for line in form.entry] == ["seller", "kept", "on", "price", "lots[].title", "lots[].bids[]"]


def test_an_entry_begins_with_words_that_every_such_entry_has() -> None:
    """Neither a yes or no nor a date that may be missing can say that there are no more entries."""
    form = make_form(task_for_schema(Market))
    assert [line.path for line in form.entry if line.opens] == ["seller"]

    class Payment(BaseModel):
        on: PartialDate | None = None
        amount: Money
        to: Name | None = None

    class Payments(BaseModel):
        payments: list[Payment]

    assert [line.path for line in make_form(task_for_schema(Payments)).entry] == ["amount", "on", "to"]


def test_a_record_without_a_list_has_only_lines_of_its_own() -> None:
    form = make_form(task_for_schema(Visit))
    assert (form.name, form.entry, [line.label for line in form.lines]) == (None, (), ["Guest", "Paid"])
    assert not any(line.opens for line in form.lines)


def test_a_list_whose_entries_have_no_lines_is_not_asked() -> None:
    class Tick(BaseModel):
        sound: bool
        all: list[bool]

    class Ticks(BaseModel):
        ticks: list[Tick]

    form = make_form(task_for_schema(Ticks))
    assert (form.name, form.lines, form.entry) == (None, (), ())
    assert assemble(task_for_schema(Ticks).schema.root, {}) == {"ticks": []}


def test_labels_come_from_the_prompt_or_else_from_the_fields() -> None:
    class Person(BaseModel):
        first_name: str | None = None
        town: str | None = None

    class Pair(BaseModel):
        giver: Person
        taker: Person
        gift: str | None = None

    labels = [line.label for line in make_form(task_for_schema(Pair)).lines]
    assert labels == ["Giver first name", "Giver town", "Taker first name", "Taker town", "Gift"]


def test_lines_follow_the_order_of_the_prompt_s_questions_and_the_rest_comes_after(tmp_path: Path) -> None:
    _, prompt, *_ = write_task("moves", tmp_path)
    assert [line.label for line in make_form(find_task("moves", tmp_path)).entry] == ["Person", "Body", "Start"]
    head, _, tail = prompt.read_text().partition("questions:\n")
    body = tail.partition("---\n")[2]
    asked = "questions:\n  appointments[].organisation: Who appoints\n"
    (tmp_path / "two").mkdir()
    write_task("moves", tmp_path / "two")
    (tmp_path / "two/prompts/moves.md").write_text(f"{head}{asked}---\n{body}")
    form = make_form(find_task("moves", tmp_path / "two"))
    assert [line.label for line in form.entry] == ["Who appoints", "Person", "Start"]
    assert form.entry[0].opens
    assert form.fingerprint != make_form(find_task("moves", tmp_path)).fingerprint


@pytest.mark.parametrize("name", ["it_contracts", "appointments"])
def test_shipped_forms_have_short_labels_of_their_own_and_open_with_a_choice(name: str) -> None:
    form = make_form(find_task(name))
    labels = [line.label for line in (*form.lines, *form.entry)]
    assert len(set(labels)) == len(labels)
    assert not [label for label in labels if len(label.split()) > 1]
    assert form.entry[0].choices
    assert [line.opens for line in form.entry] == [True] + [False] * (len(form.entry) - 1)


def test_the_fingerprint_changes_with_what_is_asked() -> None:
    prints = {make_form(task_for_schema(record)).fingerprint for record in (Kinds, Market, Visit, Place, Lot)}
    assert len(prints) == 5
    again = make_form(task_for_schema(Market)).fingerprint
    assert again in prints
    assert len(again) == 16


def test_the_fingerprint_changes_with_the_kind_of_a_field_and_not_with_a_category_s_cues() -> None:
    kinds: list[Any] = [
        Judged, str | None, Name | None, OrganisationName | None, int | None, Months | None, ExtensionMonths | None,
        Annotated[int | None, CountField(of=("seat",))], Annotated[int | None, CountField(of=("user",))], Colour | None,
    ]  # fmt: skip
    records = [create_model("Lot", lots=(kind, ...)) for kind in kinds]
    assert len({make_form(task_for_schema(record)).fingerprint for record in records}) == len(kinds)
    cues: Any = Annotated[Colour | None, Category({"deep_red": ("ink",), "blue": ()})]
    cued = create_model("Lot", lots=(cues, ...))
    assert make_form(task_for_schema(cued)).fingerprint == make_form(task_for_schema(records[-1])).fingerprint


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (("advice; support", "x"), "cannot choose 'advice; support'"),
        (("a = b", "c"), "cannot choose 'a = b'"),
        (("deep_red", "deep red"), "which it would write as 'deep red', as 'deep_red' is"),
        (("none", "some"), "cannot choose 'none'"),
    ],
)
def test_choices_that_no_line_can_hold_are_refused(values: tuple[str, ...], complaint: str) -> None:
    kind: Any = Literal.__getitem__(values)
    record = create_model("Lot", kind=(kind | None, None))
    with pytest.raises(TaskError, match=complaint):
        make_form(task_for_schema(record))


# ---------------------------------------------------------------- putting answers together


def assembled(record: type[BaseModel], said: dict[str, Any]) -> dict[str, Any]:
    data = assemble(task_for_schema(record).schema.root, said)
    task_for_schema(record).schema.answer.model_validate(data)
    return data


def test_parts_of_which_nothing_was_said_are_left_out() -> None:
    assert assembled(Market, {"visits[].paid": True}) == {
        "headline": None, "weather": None, "place": None, "sales": [], "visits": [],
    }  # fmt: skip


def test_second_lists_and_inner_lists_have_the_entry_that_was_asked() -> None:
    root = task_for_schema(Market).schema.root
    said = {"weather": "fine", "visits[].guest": "Ada Orme", "visits[].paid": False, "place.town": "Rye"}
    data = assembled(Market, said)
    assert data["visits"] == [{"guest": "Ada Orme", "paid": False}]
    assert data["place"] == {"town": "Rye"}
    sale = next(child for child in root.children if child.name == "sales")
    said = {"seller": "Venn", "kept": False, "lots[].title": None, "lots[].bids[]": ["Orla", "Tarn"]}
    entry = assemble(sale, said)  # type: ignore[arg-type]
    assert entry["lots"] == [{"title": None, "bids": ["Orla", "Tarn"]}]
    assert (entry["kept"], entry["sound"], entry["on"]) == (False, None, None)


def test_what_the_head_of_the_page_states_keeps_its_place() -> None:
    class Page(BaseModel):
        headline: Annotated[str | None, FromPage("headline")] = None

    class Report(BaseModel):
        page: Page | None = None
        town: str | None = None

    assert assembled(Report, {"town": "Rye"}) == {"page": {"headline": None}, "town": "Rye"}


def test_a_flag_that_needs_words_is_not_asked_and_has_none() -> None:
    class Checked(BaseModel):
        sound: bool
        perhaps: bool | None = None

    assert make_form(task_for_schema(Checked)).lines == ()
    assert assembled(Checked, {}) == {"sound": {"value": True, "quote": ""}, "perhaps": None}


def test_the_answer_of_an_example_is_found_by_its_line_s_path() -> None:
    answer = {"place": {"town": "Rye"}, "lots": [{"title": "A", "lots": ["x", "y"]}, {"title": "B"}], "empty": []}
    assert said_at(answer, "place.town") == "Rye"
    assert said_at(answer, "lots[].title") == "A"
    assert said_at(answer, "lots[].lots[]") == ["x", "y"]
    assert said_at(answer, "empty[].title") is None
    assert said_at(answer, "place.town.name") is None
    assert said_at(None, "place") is None


@given(st.text())
def test_an_article_has_no_blank_lines_in_a_form(text: str) -> None:
    block = one_block(text)
    assert "\n\n" not in block
    assert block.split() == text.split()
