"""No value is delivered without the words of the article that carry it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from llm_extract.document import Document
from llm_extract.errors import Unsupported
from llm_extract.fields import Name
from llm_extract.grounding import Grounded, Said, ground
from llm_extract.prompt import completed
from llm_extract.ranges import Metadata
from llm_extract.schema import compile_schema
from llm_extract.task import find_task
from tests.support import ARTICLE, answer, check_sound, grounded


def first(result: Grounded) -> Any:
    return result.record.contracts[0]  # type: ignore[attr-defined]


def reasons(result: Grounded) -> dict[str, str]:
    return {issue.path: issue.reason for issue in result.issues}


RIGHT: dict[str, Any] = {
    "buyers": ["ECC"],
    "suppliers": ["Tallis Communications"],
    "incumbents": ["Brandt Telecom"],
    "value": "£18.4m with",
    "duration_months": "five-year agreement",
    "extension_months": "the option of two further one-year extensions",
    "signed": "signed on 1 September",
    "start": "1 October 2023",
    "users": "About 6,200 staff",
    "services": [{"value": "network_and_telecoms", "quote": "replace the network"}],
}


def test_a_right_answer_becomes_a_record_with_evidence_for_every_value() -> None:
    result = grounded(ARTICLE, RIGHT)
    contract = first(result)
    assert contract.model_dump(exclude_defaults=True) == {
        "main": True,
        "stage": "award",
        "buyers": ["Ellerby County Council"],
        "suppliers": ["Tallis Communications"],
        "incumbents": ["Brandt Telecom"],
        "value": {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"},
        "duration_months": 60,
        "extension_months": 24,
        "signed": "2023-09-01",
        "start": "2023-10-01",
        "end": "2028-09-30",
        "users": 6200,
        "services": ["network_and_telecoms"],
    }
    assert result.record.article.published == "2023-09-14"  # type: ignore[attr-defined]
    assert result.issues == ()
    check_sound(ARTICLE, result.evidence)


def test_the_quote_is_widened_to_the_whole_mention() -> None:
    evidence = grounded(ARTICLE, RIGHT).evidence["contracts[0].value"]
    assert evidence.quote == "up to £18.4m"


def test_an_abbreviation_gives_the_fullest_form_and_keeps_both_places() -> None:
    evidence = grounded(ARTICLE, {"buyers": ["ECC"], "value": "£21m"}).evidence["contracts[0].buyers[0]"]
    assert (evidence.match, evidence.quote) == ("alias", "Ellerby County Council")
    assert [span.quote for span in evidence.also] == ["ECC"]


def test_a_date_without_a_year_carries_the_date_that_fixes_it() -> None:
    evidence = grounded(ARTICLE, RIGHT).evidence["contracts[0].signed"]
    assert "1 September" in evidence.quote
    assert [span.quote for span in evidence.also] == ["14 September 2023"]


def test_a_derived_end_carries_both_its_sources() -> None:
    evidence = grounded(ARTICLE, RIGHT).evidence["contracts[0].end"]
    assert evidence.match == "derived"
    assert [evidence.quote, *[span.quote for span in evidence.also]] == ["1 October 2023", "five-year"]


def test_an_end_and_a_term_fix_the_year_of_a_start() -> None:
    text = "Orla Bank signed a contract with Venn. It starts on 17 May and runs for four years until 16 May 2027."
    result = grounded(
        text,
        {"buyers": ["Orla Bank"], "start": "17 May", "duration_months": "four years", "end": "16 May 2027"},
    )
    assert first(result).start == "2023-05-17"
    evidence = result.evidence["contracts[0].start"]
    assert [span.quote for span in evidence.also] == ["16 May 2027", "four years"]
    check_sound(text, result.evidence)


def test_a_date_whose_year_nothing_fixes_is_not_delivered() -> None:
    result = grounded("Orla Bank signed a contract with Venn on 17 May.", {"buyers": ["Orla Bank"], "signed": "17 May"})
    assert first(result).signed is None
    assert reasons(result) == {"contracts[0].signed": "not_supported"}
    assert "year" in result.issues[0].message


def test_the_caller_may_know_the_day_of_publication() -> None:
    result = grounded(
        "Orla Bank signed a contract with Venn on 17 May.",
        {"buyers": ["Orla Bank"], "signed": "17 May"},
        published=date(2021, 6, 1),
    )
    assert first(result).signed == "2021-05-17"


@pytest.mark.parametrize(
    ("field", "said", "reason"),
    [
        ("buyers", ["Globex Corporation"], "not_found"),
        ("suppliers", ["the"], "not_supported"),
        ("value", "£999m", "not_found"),
        ("value", "replace the network", "not_supported"),
        ("value", "£18.4m with Tallis Communications to replace the network", None),
        ("duration_months", "ten-year", "not_found"),
        ("duration_months", "Tallis takes over", "not_supported"),
        ("start", "2 November 2031", "not_found"),
        ("users", "1 October", "not_supported"),
        ("framework", "G-Cloud 77", "not_found"),
        ("services", [{"value": "security", "quote": "guards the vault"}], "not_found"),
    ],
)
def test_what_the_article_does_not_carry_becomes_an_issue(field: str, said: Any, reason: str | None) -> None:
    result = grounded(ARTICLE, {"incumbents": ["Brandt Telecom"], field: said})
    path = f"contracts[0].{field}" + ("[0]" if isinstance(said, list) else "")
    assert reasons(result).get(path) == reason
    assert (path in result.evidence) == (reason is None)
    if reason is not None:
        assert not getattr(first(result), field)


def test_a_relative_date_without_a_day_of_publication_says_what_is_missing() -> None:
    text = "Orla Bank signed a contract with Venn last summer."
    result = grounded(text, {"buyers": ["Orla Bank"], "signed": "last summer"})
    assert "published" in result.issues[0].message
    dated = grounded(text, {"buyers": ["Orla Bank"], "signed": "last summer"}, published=date(2021, 2, 1))
    assert first(dated).signed == "2020"


def test_words_that_state_two_values_support_neither() -> None:
    text = "Orla Bank signed a contract worth £3m and another worth £5m with Venn."
    result = grounded(text, {"buyers": ["Orla Bank"], "value": "£3m and another worth £5m"})
    assert first(result).value is None
    assert "more than one" in result.issues[0].message


def test_a_start_that_was_computed_is_told_apart_from_one_that_was_made_up() -> None:
    text = "Orla Bank signed a contract with Venn. The four-year deal ends on 16 May 2027."
    common = {"buyers": ["Orla Bank"], "duration_months": "four-year", "end": "16 May 2027"}
    computed = grounded(text, {**common, "start": "17 May 2023"})
    assert first(computed).start is None
    assert reasons(computed) == {"contracts[0].start": "derived"}
    assert [span.quote for span in computed.issues[0].sources] == ["16 May 2027", "four-year"]
    invented = grounded(text, {**common, "start": "1 June 2019"})
    assert reasons(invented) == {"contracts[0].start": "not_found"}


def test_a_term_cannot_end_where_it_starts() -> None:
    result = grounded(ARTICLE, {**RIGHT, "end": "1 October 2023"})
    assert first(result).end == "2028-09-30"
    assert reasons(result) == {"contracts[0].end": "contradicted"}
    assert [span.quote for span in result.issues[0].sources] == ["1 October 2023"]


def test_the_head_of_the_page_outweighs_the_answer() -> None:
    result = grounded(ARTICLE, RIGHT, article={"published": "1 October 2023"})
    assert result.record.article.published == "2023-09-14"  # type: ignore[attr-defined]
    assert reasons(result) == {"article.published": "contradicted"}


def test_a_contract_without_a_supported_stage_is_left_out_whole() -> None:
    text = ARTICLE
    result = grounded(text, {"buyers": ["ECC"], "stage": {"value": "award", "quote": "was begging for it"}}, RIGHT)
    assert len(result.record.contracts) == 1  # type: ignore[attr-defined]
    assert reasons(result)["contracts[0].stage"] == "not_found"
    assert reasons(result)["contracts[0]"] == "not_supported"
    assert "contracts[0].value" in result.evidence
    assert not any(path.startswith("contracts[1]") for path in result.evidence)


def test_a_contract_of_which_nothing_is_supported_is_left_out() -> None:
    result = grounded(ARTICLE, {"buyers": ["Globex"], "value": "£1bn"})
    assert result.record.contracts == []  # type: ignore[attr-defined]
    assert reasons(result)["contracts[0]"] == "not_supported"


def test_a_name_given_twice_is_delivered_once() -> None:
    result = grounded(ARTICLE, {"buyers": ["ECC", "Ellerby County Council"], "value": "£21m"})
    assert first(result).buyers == ["Ellerby County Council"]


def test_words_of_page_furniture_support_nothing() -> None:
    text = ARTICLE + "\nShare this page\n\nRelated articles\n\nFenwick buys 3,000 tablets for £7m\n2 September 2023\n"
    result = grounded(text, {"buyers": ["Fenwick"], "value": "£7m"}, RIGHT)
    assert reasons(result)["contracts[0].value"] == "not_found"
    assert len(result.record.contracts) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Crédit Lyonnais d’Orla", "Crédit Lyonnais d'Orla"),
        ("Of\N{LATIN SMALL LIGATURE FI}ce of Rail", "Office of Rail"),
        ("Brad\u00adley Systems", "Bradley Systems"),
        ("North\nSea Bank", "North Sea Bank"),
        ("Zero\u200bWidth Group", "ZeroWidth Group"),
        ("Tall\u00a0Ships Ltd", "Tall Ships Ltd"),
        ("Smart \u2013 Hall", "Smart - Hall"),
    ],
)
def test_typography_does_not_lose_a_name(written: str, said: str) -> None:
    text = f"Yesterday {written} signed a contract for a new network."
    result = grounded(text, {"buyers": [said]})
    evidence = result.evidence["contracts[0].buyers[0]"]
    assert evidence.quote == written
    assert text[evidence.start : evidence.end] == written


def test_offsets_are_code_points() -> None:
    text = "\N{GRINNING FACE}\N{GRINNING FACE} Orla Bank signed a contract worth £3m."
    result = grounded(text, {"buyers": ["Orla Bank"], "value": "£3m"})
    check_sound(text, result.evidence)
    assert result.evidence["contracts[0].buyers[0]"].start == 3


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_answered_only_the_article_s_words_are_delivered(data: st.DataObject) -> None:
    words = ARTICLE.split()
    phrase = st.one_of(
        st.text(max_size=30),
        st.builds(
            lambda start, length: " ".join(words[start : start + length]),
            st.integers(0, len(words) - 1),
            st.integers(1, 6),
        ),
    )
    contract = {
        "buyers": data.draw(st.lists(phrase, max_size=3)),
        "suppliers": data.draw(st.lists(phrase, max_size=3)),
        **{
            key: data.draw(st.none() | phrase)
            for key in ("value", "duration_months", "extension_months", "signed", "start", "end", "framework", "users")
        },
    }
    result = grounded(ARTICLE, contract)
    check_sound(ARTICLE, result.evidence)
    delivered = [
        f"contracts[{number}].{key}"
        for number, entry in enumerate(result.record.contracts)  # type: ignore[attr-defined]
        for key, value in entry.model_dump(exclude={"main"}).items()
        if value not in (None, []) and not isinstance(value, list)
    ]
    assert set(delivered) <= set(result.evidence)


def value_of(text: str, said: str) -> dict[str, Any]:
    result = grounded(text, {"buyers": ["Orla Bank"], "value": said})
    dumped: dict[str, Any] = first(result).value.model_dump()
    return dumped


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("Bank signs £5m deal\n\nOrla Bank signed a contract worth up to £5m with Venn.", "up_to"),
        ("Orla Bank signed a contract worth £5m with Venn. It expects savings of more than £5m a year.", "exact"),
        ("Orla Bank signed a contract worth £5m. Brill signed a contract worth up to £5m.", "exact"),
        ("Bank signs £5m deal\n\nOrla Bank signed a contract of £5m. The rival bid was over £5m.", "exact"),
    ],
)
def test_a_sum_is_read_where_it_was_copied_and_fuller_only_than_its_headline(text: str, qualifier: str) -> None:
    assert value_of(text, "£5m") == {"amount": 5_000_000, "currency": "GBP", "qualifier": qualifier, "per_year": False}


def test_a_date_gets_no_precision_from_elsewhere() -> None:
    text = "Orla Bank signed a contract in 2017. Its chief executive, who joined on 3 May 2017, said so."
    assert first(grounded(text, {"buyers": ["Orla Bank"], "signed": "2017"})).signed == "2017"


@pytest.mark.parametrize("written", ["a three-\nyear deal", "a deal over thirty-\nsix months"])
def test_a_word_that_a_line_break_parts_is_read_whole(written: str) -> None:
    text = f"Orla Bank signed a contract with Venn, {written}."
    result = grounded(text, {"buyers": ["Orla Bank"], "duration_months": written.replace("-\n", "-")})
    assert first(result).duration_months == 36
    check_sound(text, result.evidence)


@pytest.mark.parametrize("quote", ["14 September 2023", "the", "of the"])
def test_words_that_show_nothing_show_no_category(quote: str) -> None:
    result = grounded(ARTICLE, {**RIGHT, "services": [{"value": "security", "quote": quote}]})
    assert first(result).services == []


def test_a_negation_undoes_what_its_verb_would_show() -> None:
    text = "Orla Bank said that its contract with Venn will not be renewed."
    stage = {"value": "ended", "quote": "will not be renewed"}
    result = grounded(text, {"buyers": ["Orla Bank"], "suppliers": ["Venn"], "stage": stage})
    assert first(result).stage == "ended"


class Paint(BaseModel):
    colour: Literal["red", "blue"] | None = None


class Guest(BaseModel):
    name: Name
    age: Annotated[int, Field(ge=18)] | None = None


class Party(BaseModel):
    host: Guest | None = None
    guests: list[Guest]


def extracted(schema: type[BaseModel], text: str, said: dict[str, Any]) -> Grounded:
    compiled = compile_schema(schema)
    answer = compiled.answer.model_validate(completed(said, compiled.root))
    return ground(Document.from_text(text), compiled, answer)


def test_words_that_show_one_category_alone_are_read_as_that_one() -> None:
    said = {"colour": {"value": "red", "quote": "a blue car"}}
    result = extracted(Paint, "They bought a blue car.", said)
    assert result.record == Paint(colour="blue")
    assert result.evidence["colour"].quote == "a blue car"
    (issue,) = result.issues
    assert (issue.path, issue.reason) == ("colour", "contradicted")
    assert issue.message == "these words show 'blue', not 'red'"


def test_a_model_s_confidence_is_that_of_its_own_choice() -> None:
    text = "They bought a blue car."
    for value, confidence in (("blue", 0.4), ("red", None)):
        answered = compile_schema(Paint).answer.model_validate({"colour": {"value": value, "quote": "a blue car"}})
        result = ground(Document.from_text(text), compile_schema(Paint), Said(answered, {"colour": 0.4}))
        assert result.evidence["colour"].confidence == confidence
        assert result.said_at == ({} if confidence is None else {"colour": "colour"})


def test_words_that_show_another_category_are_left_out_where_the_model_was_too_unsure() -> None:
    compiled = compile_schema(Paint)
    answered = compiled.answer.model_validate({"colour": {"value": "red", "quote": "a blue car"}})
    for least, colour in ((0.4, "blue"), (0.5, None)):
        result = ground(Document.from_text("They bought a blue car."), compiled, Said(answered, {"colour": 0.4}, least))
        assert result.record == Paint(colour=colour)


def test_one_category_of_a_list_is_delivered_once_however_it_was_chosen() -> None:
    said = [
        {"value": "security", "quote": "replace the network"},
        {"value": "network_and_telecoms", "quote": "network"},
    ]
    result = grounded(ARTICLE, {"incumbents": ["Brandt Telecom"], "services": said})
    assert first(result).services == ["network_and_telecoms"]
    assert reasons(result) == {"contracts[0].services[0]": "contradicted"}


def test_an_entry_with_nothing_but_its_name_is_delivered() -> None:
    result = extracted(Party, "Ann Lee and Bob Smith, 34, came.", {"guests": [{"name": "Ann Lee"}]})
    assert result.record == Party(guests=[Guest(name="Ann Lee")])


def test_what_the_schema_s_own_rules_refuse_is_left_out_alone() -> None:
    said = {"host": {"name": "Ann Lee", "age": "34"}, "guests": [{"name": "Bob Smith", "age": "12"}]}
    result = extracted(Party, "Ann Lee, 34, invited Bob Smith, 12.", said)
    assert result.record == Party(host=Guest(name="Ann Lee", age=34), guests=[Guest(name="Bob Smith")])
    assert "guests[0].age" not in result.evidence
    assert "greater than or equal to 18" in result.issues[0].message


class Fair(BaseModel):
    stands: list[Name] = Field(default=[], max_length=2)
    visitors: list[Guest] | None = Field(None, min_length=1)


def test_a_list_too_long_for_the_schema_is_shortened() -> None:
    said = {"stands": ["Vega Foods", "Norland Tools", "Halden Toys"], "visitors": [{"name": "Ann Lee"}]}
    result = extracted(Fair, "Ann Lee saw Vega Foods, Norland Tools and Halden Toys.", said)
    assert result.record == Fair(stands=["Vega Foods", "Norland Tools"], visitors=[Guest(name="Ann Lee")])
    assert "stands[2]" not in result.evidence
    (issue,) = result.issues
    assert (issue.path, issue.reason) == ("stands", "not_supported")
    assert "at most 2 items" in issue.message


def test_a_list_of_at_least_one_that_may_be_missing_is_missing_where_nothing_was_found() -> None:
    result = extracted(Fair, "Nobody came.", {"stands": [], "visitors": []})
    assert (result.record, result.issues) == (Fair(), ())
    unfounded = extracted(Fair, "Nobody came.", {"visitors": [{"name": "Cy Ghost"}]})
    assert unfounded.record == Fair()


class Team(BaseModel):
    name: Name
    members: list[Name] = Field(min_length=2)


class League(BaseModel):
    teams: list[Team]


def test_entries_of_which_the_schema_wants_more_cost_the_smallest_part_around_them() -> None:
    said = {
        "teams": [
            {"name": "Vega Foods", "members": ["Ann Lee", "Bob Smith"]},
            {"name": "Halden Toys", "members": ["Cy Orme"]},
        ]
    }
    result = extracted(League, "Ann Lee and Bob Smith for Vega Foods; Cy Orme for Halden Toys.", said)
    assert result.record == League(teams=[Team(name="Vega Foods", members=["Ann Lee", "Bob Smith"])])


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Car(BaseModel):
    model_config = ConfigDict(strict=True)

    colour: Colour | None = None
    weight: Decimal | None = None
    doors: Annotated[int, Field(strict=True)] | None = None
    owners: tuple[str, ...]


def test_a_strict_model_takes_what_was_read() -> None:
    said = {
        "colour": {"value": "blue", "quote": "blue"},
        "weight": "1.5",
        "doors": "4",
        "owners": ["Ann Lee", "Bob Smith"],
    }
    result = extracted(Car, "The blue car of Ann Lee and Bob Smith weighs 1.5 and has 4 doors.", said)
    assert result.record == Car(colour=Colour.BLUE, weight=Decimal("1.5"), doors=4, owners=("Ann Lee", "Bob Smith"))
    assert result.issues == ()


def test_an_optional_part_that_lacks_what_it_requires_is_left_out_alone() -> None:
    said = {"host": {"name": "Cy Ghost"}, "guests": [{"name": "Bob Smith"}]}
    result = extracted(Party, "Bob Smith came.", said)
    assert result.record == Party(guests=[Guest(name="Bob Smith")])
    assert reasons(result)["host"] == "not_supported"


class Aliased(BaseModel):
    buyer: Name | None = Field(default=None, alias="buyerName")


def test_fields_with_aliases_keep_their_values() -> None:
    result = extracted(Aliased, "Halden Foods bought it.", {"buyer": "Halden Foods"})
    assert result.record.model_dump() == {"buyer": "Halden Foods"}


class Person(BaseModel):
    name: str
    age: int | None = None


def test_a_required_value_without_support_is_an_error_that_says_so() -> None:
    schema = compile_schema(Person)
    document = Document.from_text("Somebody came by.")
    said = schema.answer.model_validate({"name": "Ada Orme", "age": None})
    with pytest.raises(Unsupported, match=r"Person\.name") as caught:
        ground(document, schema, said)
    assert caught.value.issues[0].reason == "not_found"


def test_every_reason_names_the_answer_it_is_about() -> None:
    result = grounded(ARTICLE, {"buyers": ["Globex"], "incumbents": ["Brandt Telecom"]})
    assert result.issues[0].answer == "Globex"
    assert find_task("it_contracts").name == "it_contracts"


# --- how sure the model was -----------------------------------------------------------------------


def surely(confidence: dict[str, float], least: float = 0.0, text: str = ARTICLE, **others: Any) -> Grounded:
    schema = find_task("it_contracts").schema
    said = schema.answer.model_validate(answer({**RIGHT, **others}))
    return ground(Document.from_text(text), schema, Said(said, confidence, least))


def test_evidence_carries_how_sure_the_model_was() -> None:
    result = surely({"contracts[0].value": 0.9, "contracts[0].buyers[0]": 0.4, "contracts[0].services[0]": 0.25})
    told = {path: found.confidence for path, found in result.evidence.items() if found.confidence is not None}
    assert told == {"contracts[0].value": 0.9, "contracts[0].buyers[0]": 0.4, "contracts[0].services[0]": 0.25}


def test_an_answer_alone_says_nothing_of_how_sure_it_is() -> None:
    schema = find_task("it_contracts").schema
    said = schema.answer.model_validate(answer(RIGHT))
    alone, wrapped = (ground(Document.from_text(ARTICLE), schema, each) for each in (said, Said(said)))
    assert alone == wrapped
    assert {found.confidence for found in alone.evidence.values()} == {None}


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        ({"start": 0.9, "duration_months": 0.6}, 0.6),
        ({"start": 0.5, "duration_months": 0.6}, 0.5),
        ({"start": 0.9}, 0.9),
        ({}, None),
    ],
)
def test_a_derived_end_is_no_surer_than_what_it_follows_from(
    confidence: dict[str, float], expected: float | None
) -> None:
    result = surely({f"contracts[0].{name}": sure for name, sure in confidence.items()})
    assert result.evidence["contracts[0].end"].match == "derived"
    assert result.evidence["contracts[0].end"].confidence == expected


def test_values_have_their_confidence_from_their_own_place_in_the_answer() -> None:
    told = {f"contracts[0].{name}": 0.5 + number / 100 for number, name in enumerate(
        ("suppliers[0]", "suppliers[1]", "suppliers[2]", "start", "duration_months", "end", "signed", "value")
    )}  # fmt: skip
    result = surely(told, suppliers=["Globex", "Brandt Telecom", "Tallis Communications"], end="Globex")
    assert result.said_at["contracts[0].suppliers[0]"] == "contracts[0].suppliers[1]"
    assert {path: result.evidence[path].confidence for path in result.said_at} == {
        path: told[at] for path, at in result.said_at.items()
    }
    assert "contracts[0].start" in result.said_at
    assert result.evidence["contracts[0].end"].match == "derived"
    assert "contracts[0].end" not in result.said_at


@pytest.mark.parametrize(
    ("told", "least", "start"),
    [({"signed": 0.9, "start": 0.4}, 0.0, 0.4), ({"signed": 0.3, "start": 0.4}, 0.0, 0.3), ({"signed": 0.9}, 0.5, 0.9)],
)
def test_a_start_on_signature_is_as_sure_as_that_it_starts_so(
    told: dict[str, float], least: float, start: float
) -> None:
    text = "Orla Bank signed a contract with Venn Systems on 3 May 2021. It starts on signature."
    said = {"signed": "3 May 2021", "start": "on signature", "duration_months": None, "value": None}
    schema = find_task("it_contracts").schema
    answered = schema.answer.model_validate(
        answer({"stage": {"value": "award", "quote": "signed"}, "buyers": ["Orla Bank"], **said})
    )
    confidence = {f"contracts[0].{name}": sure for name, sure in told.items()}
    result = ground(Document.from_text(text), schema, Said(answered, confidence, least))
    assert first(result).start == "2021-05-03"
    assert result.evidence["contracts[0].start"].confidence == start
    unsure = ground(Document.from_text(text), schema, Said(answered, confidence | {"contracts[0].start": 0.02}, 0.1))
    assert first(unsure).start is None


def test_what_the_model_is_too_unsure_of_is_left_out_and_nothing_else() -> None:
    whole = surely({})
    result = surely(
        {
            "contracts[0].value": 0.49,
            "contracts[0].users": 0.5,
            "contracts[0].services[0]": 0.1,
            "contracts[0].main": 0.0,
        },
        0.5,
    )
    issues = {issue.path: issue for issue in result.issues}
    assert {path: issue.reason for path, issue in issues.items()} == {
        "contracts[0].value": "uncertain",
        "contracts[0].services[0]": "uncertain",
    }
    assert issues["contracts[0].value"].answer == RIGHT["value"]
    assert issues["contracts[0].services[0]"].answer == RIGHT["services"][0]
    (place,) = issues["contracts[0].value"].sources
    assert place.quote == "up to £18.4m"
    assert ARTICLE[place.start : place.end] == place.quote
    kept = first(whole).model_dump() | {"value": None, "services": []}
    assert first(result).model_dump() == kept
    assert set(whole.evidence) - set(result.evidence) == {"contracts[0].value", "contracts[0].services[0]"}


def test_of_a_list_the_sure_ones_stay() -> None:
    result = surely(
        {"contracts[0].suppliers[0]": 0.1, "contracts[0].suppliers[1]": 0.9},
        0.5,
        suppliers=["Brandt Telecom", "Tallis Communications"],
    )
    assert first(result).suppliers == ["Tallis Communications"]
    assert result.evidence["contracts[0].suppliers[0]"].confidence == 0.9


def test_words_that_carry_nothing_are_not_uncertain_but_wrong() -> None:
    result = surely({"contracts[0].value": 0.1}, 0.5, value="£99m")
    assert reasons(result) == {"contracts[0].value": "not_found"}


def test_an_entry_that_loses_what_it_requires_is_left_out_whole() -> None:
    result = surely({"contracts[0].stage": 0.1}, 0.5)
    assert result.record.contracts == []  # type: ignore[attr-defined]
    assert reasons(result) == {"contracts[0].stage": "uncertain", "contracts[0]": "not_supported"}


@given(
    st.dictionaries(st.sampled_from(["value", "duration_months", "start", "buyers[0]", "users"]), st.floats(0, 1)),
    st.floats(0, 1),
)
def test_nothing_is_delivered_of_which_the_model_is_too_unsure(confidence: dict[str, float], least: float) -> None:
    result = surely({f"contracts[0].{name}": sure for name, sure in confidence.items()}, least)
    assert all(found.confidence is None or found.confidence >= least for found in result.evidence.values())
    check_sound(ARTICLE, result.evidence)
    assert {issue.reason for issue in result.issues} <= {"uncertain", "not_supported"}


# --- where and when the article appeared ----------------------------------------------------------


STAGE = {"value": "award", "quote": "signed"}
WIRE = "LEEDS, 14 September 2023 - It signed on 1 April. A note of 2 May 2021 says so."


def headless(text: str, said: str | None = None, published: date | None = None) -> Grounded:
    """Ground an answer in a document whose reader found no head."""
    schema = find_task("it_contracts").schema
    filled = answer({"signed": "1 April", "stage": STAGE}, article={"published": said})
    document = Document.from_text(text, metadata=Metadata())
    return ground(document, schema, schema.answer.model_validate(filled), published=published)


def test_a_dateline_gives_the_day_that_dates_are_counted_from() -> None:
    result = headless(WIRE)
    assert first(result).signed == "2023-04-01"
    assert [span.quote for span in result.evidence["contracts[0].signed"].also] == ["14 September 2023"]
    assert result.record.article.published == "2023-09-14"  # type: ignore[attr-defined]
    assert result.evidence["article.published"].match == "page"
    check_sound(WIRE, result.evidence)


def test_a_dateline_gives_way_to_whoever_knows_the_day() -> None:
    assert first(headless(WIRE, said="2 May 2021")).signed == "2021-04-01"
    assert first(headless(WIRE, published=date(2020, 6, 1))).signed == "2020-04-01"
    headed = "Orla Bank signs\n\nBy Owen Garrick, 3 May 2022\n\n" + WIRE
    assert first(grounded(headed, {"signed": "1 April", "stage": STAGE})).signed == "2022-04-01"


def test_without_a_dateline_a_date_without_a_year_stays_out() -> None:
    result = headless("It signed on 1 April.")
    assert result.record.contracts == []  # type: ignore[attr-defined]
    assert reasons(result)["contracts[0].signed"] == "not_supported"


AUSTRALIAN = "The Australian Taxation Office in Canberra has signed a $3m contract with Venn Systems of Sydney."


def test_a_sign_that_many_countries_share_is_read_by_the_article_s_own_and_says_so() -> None:
    result = grounded(AUSTRALIAN, {"suppliers": ["Venn Systems"], "value": "$3m", "stage": STAGE})
    assert first(result).value.currency == "AUD"
    evidence = result.evidence["contracts[0].value"]
    assert evidence.quote == "$3m"
    assert [span.quote for span in evidence.also] == ["Australian"]
    check_sound(AUSTRALIAN, result.evidence)


@pytest.mark.parametrize(("sum", "currency"), [("£3m", "GBP"), ("US$3m", "USD"), ("A$3m", "AUD")])
def test_a_sum_that_says_whose_money_it_is_needs_no_country(sum: str, currency: str) -> None:  # noqa: A002
    text = AUSTRALIAN.replace("$3m", sum) + " It costs $4 a seat."
    result = grounded(text, {"value": sum, "stage": STAGE})
    assert first(result).value.currency == currency
    assert result.evidence["contracts[0].value"].also == ()


def test_the_day_of_publication_is_no_source_of_a_sum() -> None:
    text = "Orla Bank signs\n\nBy Owen Garrick, 14 September 2023\n\nOrla Bank has signed a $3m contract."
    result = grounded(text, {"value": "$3m", "stage": STAGE})
    assert result.evidence["contracts[0].value"].also == ()
