"""Counts of people and seats; plain numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from llm_extract.fields.counts import CountField, NumberField, WholeNumberField
from tests.linear import check_linear

USERS = CountField(
    of=("user", "staff", "employee", "seat", "people", "person", "worker", "officer", "desk", "civil servant",
        "member of staff", "agency", "policeman")
)  # fmt: skip
ANY = CountField()
NUMBERS = NumberField()

ONE_COUNT = [
    ("34,000 users", 34000),
    ("1,000 DIUS users", 1000),
    ("2,000 Bromley staff", 2000),
    ("some 5,500 council employees", 5500),
    ("twelve thousand seats", 12000),
    ("3.2k users", 3200),
    ("1.2m users", 1200000),
    ("more than 900 staff", 900),
    ("a 5,000-seat service", 5000),
    ("the 34,000-user estate", 34000),
    ("3,000 West Yorkshire Police officers", 3000),
    ("4,000 civil servants", 4000),
    ("two dozen members of staff", 24),
    ("seven hundred and fifty people", 750),
    ("one person", 1),
    ("50 full-time equivalent staff", 50),
    ("a 2,000-strong staff", 2000),
    ("2,000 of its staff", 2000),
    ("3,000 of its 5,000 staff", 3000),
    ("One of its 5,000 staff", 5000),
    ("all 1,150 of us", 1150),
    ("400 field and office staff", 400),
    ("250 head-office and in-store staff", 250),
    ("12 offices and 400 staff", 400),
    ("900 Dunn & Hale employees", 900),
    ("340 3rd Avenue employees", 340),
    ('2,960 "named users"', 2960),
    ("three hundred (300) officers", 300),
    ("a 400 user licence", 400),
    ("Staff who will use the system: some 410.", 410),
    ("Number of users | 3,400 | in two towns", 3400),
    ("Users: 200 officers", 200),
    ("500-600 users", 600),
    ("34\u00a0000 users", 34000),
    ("34,000\nusers", 34000),
    ("2000 users", 2000),
    ("12 agencies", 12),
    ("300 policemen", 300),
    ("10 sites and 5,000 staff", 5000),
    ("about 1,200 desks in four buildings", 1200),
    ("1,20,000 users", 120000),
    ("serving 3 400 staff", 3400),
    ("11 000 council employees", 11000),
    ("1 200 300 users", 1200300),
    ("3 000-3 400 staff", 3400),
    ("In 2019 200 staff moved", 200),
    ("12 3400 users", 3400),
]


@pytest.mark.parametrize(("text", "value"), ONE_COUNT)
def test_finds_one_count(text: str, value: int) -> None:
    assert [mention.value for mention in USERS.find(text)] == [value]
    assert USERS.parse(text) == value
    assert USERS.support(text, value)


@pytest.mark.parametrize(
    "text",
    [
        "an area of 620 square miles, which its staff cover",
        "a population of 12 million",
        "12 million customers and 40,000 citizens",
        "£34,000 staff bonus",
        "five million pounds for staff",
        "10 per cent of staff",
        "10% of users",
        "the 2016 staff survey",
        "in 2012 users complained",
        "from 2000 staff were moved",
        "the 2015-16 staff survey",
        "12 May users met",
        "24/7 staff cover",
        "Windows 10 users",
        "Office 365 users",
        "1.5 users",
        "Phase 2 400 users",
        "half the staff",
        "one of the users",
        "25 years' staff experience",
        "thousands of users",
        "12 offices and staff",
        "640 automated officer tests",
        "from nine o'clock users waited",
        "Users: 10%, staff: 3.5",
        "Staff: 12 offices",
        "five offices and their staff",
        "users",
        "10 sites. Users said",
        "a total of 500\n\nStaff said",
        "34,000",
        "٣ users",
        "",
    ],
)
def test_what_counts_nothing_of_these_is_no_mention(text: str) -> None:
    assert USERS.find(text) == []
    assert USERS.parse(text) is None


def answered(text: str) -> list[int]:
    """What the words in brackets are read as, said to be a count of staff."""
    start, end = text.index("["), text.index("]") - 1
    text = text.replace("[", "").replace("]", "")
    mentions = USERS.read(text, start, end)
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.words
        assert USERS.support(mention.words, mention.value)
    return [mention.value for mention in mentions]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[Three hundred and twenty foresters] will carry it.", 320),
        ("It goes to [all 95 of our midwives].", 95),
        ("[Forty-two brewers and clerks] log in.", 42),
        ("for [86 registered dog catchers]", 86),
        ("[740 of the brewer's claims handlers]", 740),
        ("in [640 workplaces]", 640),
        ("Its midwives, [all 95 of them], agree.", 95),
        ("It has town clerks. [About 260 of them] will log in.", 260),
        ("The harbour's pilots, [all 48], use it.", 48),
        ("How many people will log in?\n[Around 75], at two sites.", 75),
        ("serving [410 of you]", 410),
        ("The staff [number about 3,100], here and there.", 3100),
        ("In the second stage [130 workers] follow.", 130),
    ],
)
def test_what_is_said_to_count_staff_may_name_any_occupation(text: str, value: int) -> None:
    assert answered(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "[2,000 customers] of the bank",
        "[4,000 borrowers] and 12 archers",
        "[12 million citizens]",
        "[900 account-holders]",
        "[400 printers] and 30 scanners",
        "[310 tablets] for foresters",
        "[1,100 foresters' tablets]",
        "[£400 foresters' bonus]",
        "[1,200 hours of foresters' time]",
        "over [three years] for foresters",
        "[2019 foresters]",
        "[10 per cent of the foresters]",
        "It has 340 shops, [260 of them] in Ayle.",
        "The foresters have tablets. [About 260 of them] broke.",
        "How many invoices are there?\n[Around 75].",
        "staff can ring [number 4000]",
        "[34,000]",
    ],
)
def test_what_plainly_counts_something_else_is_no_count_of_staff(text: str) -> None:
    assert answered(text) == []


def test_other_counts_name_only_their_own_nouns() -> None:
    assert CountField(of=("ship",)).parse("320 foresters") is None
    assert USERS.find("320 foresters and 12 of you") == []


def test_two_counts_are_two_mentions_and_no_single_value() -> None:
    text = "It moved 900 staff and then 1,100 users."
    assert [(mention.words, mention.value) for mention in USERS.find(text)] == [
        ("900 staff", 900),
        ("1,100 users", 1100),
    ]
    assert USERS.parse(text) is None
    assert USERS.support(text, 900)
    assert not USERS.support(text, 2000)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("34,000", [34000]),
        ("34,000 users at 45 sites", [34000, 45]),
        ("twelve", [12]),
        ("2016", []),
        ("£5m, $3 and sixty-five pounds", []),
        ("10%, 10 per cent, 4 pc", []),
        ("1.5", []),
    ],
)
def test_without_nouns_every_whole_number_counts(text: str, values: list[int]) -> None:
    assert [mention.value for mention in ANY.find(text)] == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10 per cent", [10.0]),
        ("10%", [10.0]),
        ("-5%", [-5.0]),
        ("between 1.5 and 2½", [1.5, 2.5]),
        ("1,8", [1.8]),
        ("2016", [2016.0]),
        ("none", []),
    ],
)
def test_number_field_takes_any_number(text: str, values: list[float]) -> None:
    assert [mention.value for mention in NUMBERS.find(text)] == values


def test_settings_make_field_types_equal() -> None:
    assert CountField(of=("user",)) == CountField(of=("user",)) != CountField()
    assert hash(CountField(of=("user",))) == hash(CountField(of=("user",)))


@pytest.mark.parametrize("field", [USERS, NUMBERS])
def test_the_shape_asks_for_the_articles_words(field: CountField | NumberField) -> None:
    schema = TypeAdapter(field.shape()).json_schema()
    assert schema["type"] == "string"
    assert schema["x-verbatim"] is True


@given(st.integers(0, 10**15 - 1).filter(lambda number: not 1950 <= number < 2050))
def test_a_written_count_comes_back(number: int) -> None:
    assert USERS.parse(f"{number:,} users") == number
    assert ANY.parse(f"{number:,}") == number


@given(st.decimals(-(10**9), 10**9, places=3))
def test_a_written_number_comes_back(number: object) -> None:
    assert NUMBERS.parse(f"{number:,}") == pytest.approx(float(f"{number}"))


FRAGMENTS = [
    "34,000", "5", "400", "2016", "one", "sixty", "-", "five", "k", "m", "users", "staff", "members of staff", "of its",
    "%", "£", " ", " ", " ", "\n", ",", ".", "the", "in", "²", "٣", "½", "/", "Windows", "IT", "and", "½", "–",
    "per cent", ":", "|", "some", "(", ")", "&", "of us", "seat",
]  # fmt: skip


@pytest.mark.parametrize("field", [USERS, ANY, NUMBERS])
@given(text=st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)))
def test_the_laws_hold_on_any_text(field: CountField | NumberField, text: str) -> None:
    end = 0
    for mention in field.find(text):
        assert text[mention.start : mention.end] == mention.words
        assert end <= mention.start < mention.end
        end = mention.end
        assert field.parse(mention.words) == mention.value
        assert field.support(mention.words, mention.value)  # type: ignore[arg-type]
        assert field.same(mention.value, mention.value) == 1.0  # type: ignore[arg-type]


@given(
    st.lists(st.sampled_from([*FRAGMENTS, "foresters", "of them", "all", "how many", "?", "of you"]), max_size=14).map(
        "".join
    ),
    st.integers(0, 40),
)
def test_any_words_may_be_said_to_count_staff(text: str, start: int) -> None:
    start = min(start, len(text))
    for mention in USERS.read(text, start, len(text)):
        assert text[mention.start : mention.end] == mention.words
        assert USERS.support(mention.words, mention.value)


@pytest.mark.parametrize("field", [USERS, ANY, NUMBERS])
@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "1 " * 50_000,
        "1 000 " * 16_000,
        "100 " * 25_000,
        "1 a b c d " * 10_000,
        "1-" * 50_000,
        "one hundred and " * 6_250,
        " " * 100_000,
        "users: " * 14_000,
        "users a b c d e f g h: 4 " * 4_000,
        "1 a and b and c " * 6_000,
    ],
)
def test_time_grows_with_a_hostile_text_and_no_faster(field: CountField | NumberField, text: str) -> None:
    check_linear(field.find, text)
    assert len(field.find(text)) <= 50_000


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("founded in 1998", 1998),
        ("thirty-two", 32),
        ("3.2 million", 3_200_000),
        ("2.5", None),
        ("2 of 3", None),
        ("9,007,199,254,740,993", 9_007_199_254_740_993),
    ],
)
def test_a_whole_number_may_be_a_year_but_has_no_fraction(words: str, value: int | None) -> None:
    assert WholeNumberField().parse(words) == value


@given(st.text(alphabet=st.sampled_from(list("0123456789.,-% abcdehinorstuwy£½")), max_size=60))
def test_the_laws_hold_for_whole_numbers(text: str) -> None:
    for mention in WholeNumberField().find(text):
        assert text[mention.start : mention.end] == mention.words
        assert WholeNumberField().parse(mention.words) == mention.value
