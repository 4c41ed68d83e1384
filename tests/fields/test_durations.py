"""Terms in months: initial terms, optional extensions, and lengths of time that are neither."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from llm_extract.fields.durations import DurationField, ExtensionMonths, Months
from tests.linear import check_linear

INITIAL = DurationField()
EXTENSION = DurationField(part="extension")


def found(field: DurationField, text: str) -> list[tuple[str, int]]:
    return [(m.words, m.value) for m in field.find(text)]


# text | the words of the initial term | months | the words of the extension | months
TABLE = """
a four-year deal | four-year | 48
the decade-long arrangement | decade-long | 120
a deal for a decade | a decade | 120
costing £1m over a decade | a decade | 120
the 18‑month deal | 18‑month | 18
a 5yr deal | 5yr | 60
under a three-year agreement | three-year | 36
paid in 12-month instalments
a contract for 10 years | 10 years | 120
for two-and-a-half years | two-and-a-half years | 30
a two-and-a-half-year term | two-and-a-half-year | 30
for 2½ years | 2½ years | 30
for 1.5 years | 1.5 years | 18
for 18 months | 18 months | 18
an 18-month deal | 18-month | 18
lasting three years | three years | 36
a twelve-month contract | twelve-month | 12
for half a year | half a year | 6
for a year | a year | 12
a year-long contract | a year-long | 12
for one year | one year | 12
for another year | another year | 12
for a year and a half | a year and a half | 18
for two years and six months | two years and six months | 30
for 120 months | 120 months | 120
for 52 weeks | 52 weeks | 12
for 26 weeks | 26 weeks | 6
worth £50m over five years | five years | 60
for the next seven years | seven years | 84
at least three years | three years | 36
it has been extended by two years | two years | 24
they agreed a two-year extension | two-year | 24
three years with the option of two more | three years | 36 | three years with the option of two more | 24
with the option of two one-year extensions | | | option of two one-year extensions | 24
let for 2+1+1 years | 2+1+1 years | 24 | 2+1+1 years | 24
a 3+1+1-year deal | 3+1+1-year | 36 | 3+1+1-year | 24
a five-plus-two-year deal | five-plus-two-year | 60 | five-plus-two-year | 24
five years plus two years | five years | 60 | five years plus two years | 24
three years plus one plus one. | three years | 36 | three years plus one plus one | 24
4 years, with an option for a further 2+2 years | 4 years | 48 | option for a further 2+2 years | 48
4 years with the option of 1+1+1 years | 4 years | 48 | option of 1+1+1 years | 36
no option. It was let for 2+1 years | 2+1 years | 24 | 2+1 years | 12
extendable to 2+2 years
one base year and four option years | one base year | 12 | four option years | 48
two optional extension years | | | two optional extension years | 24
for four (4) years | four (4) years | 48
a four (4) year contract | four (4) year | 48
for four (5) years
three (3) to five (5) years
between three (3) and five (5) years
up to five (5) years
two (2) one-year options | | | two (2) one-year options | 24
5 (five) years with an option to renew for 2 (two) years | 5 (five) years | 60 | option to renew for 2 (two) years | 24
its first five-year contract | five-year | 60
in the first five years
with 2019 as a base year
extendable by up to two years | | | extendable by up to two years | 24
four years plus two optional years | four years | 48 | two optional years | 24
renewable for another year | | | renewable for another year | 12
four years, extendable to six | four years | 48 | four years, extendable to six | 24
four years, extendable to six years | four years | 48 | four years, extendable to six years | 24
it may be extended by two years | | | may be extended by two years | 24
an option for two further periods of 12 months | | | option for two further periods of 12 months | 24
with two optional one-year extensions | | | two optional one-year extensions | 24
two years, with two further one-year options | two years | 24 | two further one-year options | 24
a three-year deal with a two-year extension | three-year | 36 | with a two-year extension | 24
a two-year extension option | | | two-year extension option | 24
plus an optional year | | | an optional year | 12
an option, if all agree, to extend it by a year | | | option, if all agree, to extend it by a year | 12
an option to renew annually for up to three years | | | option to renew annually for up to three years | 36
three years, extensible twice by 12 months | three years | 36 | extensible twice by 12 months | 24
ten years with an option to extend up to two years | ten years | 120 | option to extend up to two years | 24
five years, extendable up to seven years | five years | 60
a five-year contract and an option on 200 seats | five-year | 60
extendable to six years
an option of one or two years
between three and five years
three to five years
a three-to-five-year term
3-5 years
3–5 years
three years to five years
up to five years
nearly ten years
more than two years
two years ago
for the past ten years
over the last five years
a 10-year-old system
in five years' time
in two years
within three years
three years later
£9m a year
£9m per year
£9m a month
every two years
after a two-year procurement
after three years
seven years' experience
for over a decade
a decade of cuts
20 weeks
100 days
six quarters
years of work
for 1.3 years
for 2019 years
4 years, and up to 24 months more | 4 years | 48 | 4 years, and up to 24 months more | 24
a 3+1+1 contract | 3+1+1 contract | 36 | 3+1+1 contract | 24
framed as 3+1+1, from May | 3+1+1 | 36 | 3+1+1 | 24
let on the 4+2 pattern | 4+2 pattern | 48 | 4+2 pattern | 24
it had 1+1+1=3 parts and 2+1+12 points
3 (+1+1) years | 3 (+1+1) years | 36 | 3 (+1+1) years | 24
a C++1 contract and 3+1 servers
may be prolonged twice, each time by 12 months | | | may be prolonged twice, each time by 12 months | 24
can be prolonged by the buyer three times, by a year | | | can be prolonged by the buyer three times, by a year | 36
it may be extended, at the Board's choice, by 18 months | | | may be extended, at the Board's choice, by 18 months | 18
Ayle may stretch the deal by not more than six (6) months | | | may stretch the deal by not more than six (6) months | 6
extendable by mutual consent for 12 months | | | extendable by mutual consent for 12 months | 12
free to go on for two more years | | | free to go on for two more years | 24
may add two further years | | | may add two further years | 24
it may ask for three years more | | | may ask for three years more | 36
it can tack on two lots of 24 months | | | can tack on two lots of 24 months | 48
the work could take two years | two years | 24
delays could add two years | two years | 24
an option of another two years | | | option of another two years | 24
an option that keeps it for a further three years | | | option that keeps it for a further three years | 36
a further year at the buyer's option | | | a further year at the buyer's option | 12
another six months can be had | | | another six months can be had | 6
if a further year is wanted | | | a further year is wanted | 12
Two further one-year periods were available | | | Two further one-year periods were available | 24
it was extended for two further one-year periods | one-year | 12
Four one-year renewals follow | | | Four one-year renewals | 48
after two one-year extensions
three one-year extensions have been used
two rights of renewal of two years each | | | two rights of renewal of two years | 48
three years, with two further periods of a year | three years | 36 | with two further periods of a year | 24
three years plus two options of a year | three years | 36 | two options of a year | 24
options 2 x 3 months | | | options 2 x 3 months | 6
Renewals: 2, of 12 months | | | Renewals: 2, of 12 months | 24
Possible extension: 2 years | | | Possible extension: 2 years | 24
renewals of a year, no more than three in number | | | renewals of a year, no more than three in number | 36
may be renewed by a year, twice | | | may be renewed by a year, twice | 24
extensions of twelve and then six months | | | extensions of twelve and then six months | 18
can be extended by two years and then by one. | | | can be extended by two years and then by one | 36
six years, to which it may add two. | six years | 72 | six years, to which it may add two | 24
six years, possibly extended two times two. | six years | 72 | six years, possibly extended two times two | 48
three years with two more optional | three years | 36 | three years with two more optional | 24
four years, with one more if both agree | four years | 48 | four years, with one more if | 12
4 years at £1.5m, can be renewed for two more. | 4 years | 48 | 4 years at £1.5m, can be renewed for two more | 24
2 years. If liked, it may run for two more. | 2 years | 24 | 2 years. If liked, it may run for two more | 24
it has exercised a two-year option | two-year | 24
it exercised an option of two years | two years | 24
it can exercise an option of two years | | | option of two years | 24
walked away from a seven-year contract | seven-year | 84
for five years after go-live | five years | 60
five years after its launch
it was to last eight years | eight years | 96
the last eight years
over the two added years | two added years | 24
with a base year | a base year | 12
three (3) calendar years | three (3) calendar years | 36
a single-year deal | single-year | 12
£2m for the first four years | four years | 48
paid for the first four years of the term
an extension of a year | a year | 12
for 18 months from cutover | 18 months | 18
18 months after cutover
three single-year options | | | three single-year options | 36
two (2) unconditional options of one (1) year each | | | two (2) unconditional options of one (1) year | 24
two options, each to lengthen the deal by six months | | | two options, each to lengthen the deal by six months | 12
should both of the two-year options be taken | | | both of the two-year options | 48
both of the two-year contracts | two-year | 24
an option open to Ayle for a further period of a year | | | option open to Ayle for a further period of a year | 12
provision for the deal to go on for a further year | | | provision for the deal to go on for a further year | 12
it can be continued by a year, twice | | | can be continued by a year, twice | 24
with the possibility of prolongation two times six months | | | possibility of prolongation two times six months | 12
Prolongation: once, by 12 months | | | Prolongation: once, by 12 months | 12
a one-year prolongation is foreseen | | | one-year prolongation is foreseen | 12
options for four years and then two. | | | options for four years and then two | 72
an option of a year, and then another. | | | option of a year, and then another | 24
an option of two years, and then another.
option of a year and, if used, a second of like length | | | option of a year and, if used, a second of like length | 24
two further terms of a year can be tacked on | | | two further terms of a year can be tacked on | 24
Two one-year renewals could follow | | | Two one-year renewals could follow | 24
four years; the port may add two. | four years | 48 | four years; the port may add two | 24
four years. It may stretch that by one. | four years | 48 | four years. It may stretch that by one | 12
four years. It may order two. | four years | 48
four years, with an option on two more lorries | four years | 48
two years. Ayle has an option over one more. | two years | 24 | two years. Ayle has an option over one more | 12
five years, with an extension of up to two. | five years | 60 | five years, with an extension of up to two | 24
5 years and can stay on for another two if liked | 5 years | 60 | 5 years and can stay on for another two if | 24
five years, plus two in option | five years | 60 | five years, plus two in option | 24
5 years, with a further two at its pleasure | 5 years | 60 | 5 years, with a further two at its pleasure | 24
three years; it may run for five. | three years | 36
a contract for the provision of IT services for five years | five years | 60
the provision of services over five years | five years | 60
provision of services was extended for two years | two years | 24
the scope of the two-year project | two-year | 24
with provision for two further years | | | provision for two further years | 24
with scope to extend it by two years | | | scope to extend it by two years | 24
a potential five-year contract | five-year | 60
a renewable three-year contract | three-year | 36
it may renew the five-year deal | five-year | 60
it may extend the five-year term | five-year | 60
an option to renew for a five-year term | | | option to renew for a five-year | 60
an optional two-year term | | | optional two-year | 24
an option of a two-year contract extension | | | option of a two-year | 24
an option for a five-year deal | | | option for a five-year | 60
option to extend the 3-year deal by 2 years | 3-year | 36 | option to extend the 3-year deal by 2 years | 24
option to extend the 3-year deal to 5 years | 3-year | 36 | option to extend the 3-year deal to 5 years | 24
for a term not exceeding five years
a maximum term of five years
a maximum five-year term
at most five years
five years at most
extendable by at most two years | | | extendable by at most two years | 24
with no option to extend for two years
five years without an option to renew by a year | five years | 60
two extension options of up to 24 months in total | | | two extension options of up to 24 months in total | 24
it lasts twice two years | twice two years | 48
for thrice twelve months | thrice twelve months | 36
three times twelve months, from May | three times twelve months | 36
extendable twice two years | | | extendable twice two years | 48
for twice a year
it failed four times a year
"""


def rows() -> list[tuple[str, list[tuple[str, int]], list[tuple[str, int]]]]:
    read = []
    for line in filter(None, TABLE.splitlines()):
        text, *cells = (cell.strip() for cell in line.split("|"))
        cells += [""] * (4 - len(cells))
        initial, extension = cells[:2], cells[2:]
        read.append(
            (
                text,
                [(initial[0], int(initial[1]))] if initial[0] else [],
                [(extension[0], int(extension[1]))] if extension[0] else [],
            )
        )
    return read


@pytest.mark.parametrize(("text", "initial", "extension"), rows())
def test_terms_and_extensions_are_found(
    text: str, initial: list[tuple[str, int]], extension: list[tuple[str, int]]
) -> None:
    assert found(INITIAL, text) == initial
    assert found(EXTENSION, text) == extension


@pytest.mark.parametrize(
    ("before", "words", "initial", "extension"),
    [
        ("an initial five-year term with an ", "option to extend for a further 24 months", 60, 24),
        ("five years (with ", "options to extend for up to three further years", 60, 36),
        ("six months; it ", "could be extended by a year and then for another two years", 6, 36),
        ("a year-long pilot, with the ", "possibility of a one-year extension", 12, 12),
    ],
)
def test_the_words_that_make_an_extension_optional_belong_to_it(
    before: str, words: str, initial: int, extension: int
) -> None:
    assert INITIAL.parse(f"{before}{words}.") == initial
    assert found(EXTENSION, f"{before}{words}.") == [(words, extension)]


def test_the_unit_of_an_extension_may_stand_farther_off_than_other_words() -> None:
    text = "The five-year deal, which is worth £64m to a firm from Ayle and began in May, can be renewed for two more."
    start = text.index("renewed for two")
    (mention,) = EXTENSION.read(text, start, len(text) - 1)
    assert mention.value == 24
    assert text[mention.start : mention.end] == mention.words
    assert mention.words.startswith("five-year deal")
    assert EXTENSION.read("Five-year plans.\n\nIt can be renewed for two more.", 25, 45) == []


def answered(text: str) -> list[int]:
    """What the words in brackets are read as, said to be the optional extensions."""
    start, end = text.index("["), text.index("]") - 1
    text = text.replace("[", "").replace("]", "")
    mentions = EXTENSION.read(text, start, end)
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.words
        assert mention.start < end
        assert mention.end > start
        assert EXTENSION.support(mention.words, mention.value)
    return [mention.value for mention in mentions]


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("It runs for four years, with [two further periods of a year].", 24),
        ("Can it be prolonged? [Once, by eighteen months].", 18),
        ("Three years. [Two periods of up to 24 months in total], if both agree.", 24),
        ("It may go on for [two further periods of 24 months in all].", 24),
        ("They say it ends in May or goes on [twice for one year each].", 24),
        ("Three years [plus one plus one], by the look of it.", 24),
        ("The term is two years, [with a third at the Mayor's pleasure].", 12),
        ("It runs two years, and there can be [a third and a fourth] if all is well.", 24),
        ("a 24-month deal with [up to 36 more]", 36),
        ("a five-year lease and, if the harbour agrees, [two more]", 24),
        ("It lasts three years. [Two more] if both like it.", 24),
        ("a term of three years, [then a year, and another, if the club likes].", 24),
        ("three years, which the harbour [may make five].", 24),
        ("one year and could be prolonged [twice by the same].", 24),
        ("at the guild's choice, [for up to two further years].", 24),
        ("It runs four years and, if they like it, [another two, twice].", 48),
        ("It runs four years and, if they like it, [two more, and then one].", 36),
        ("It runs four years and may be extended [twice by one].", 24),
        ("It runs four years and may run on [twice for one].", 24),
        ("It lasts six years. The guild can stop after that or [go on for up to four].", 48),
        ("It is for five years, with [the chance of two more].", 24),
        ("Term: 5 years, [then year by year up to three more], if the guild likes.", 36),
        ("It lasts three years and has [an optional fourth].", 12),
        ("Three years; [a fourth is optional].", 12),
        ("It lasts two years. [A third year is at the guild's discretion].", 12),
        ("seven years from 1 August 2026, with [up to three more at the harbour's option].", 36),
        ("for five years; a clause lets the guild [go two more].", 24),
        ("Three years, and [two on top] if they like it.", 24),
        ("It is for three years, [with two in reserve].", 24),
        ("The five-year lease has [another five in its pocket].", 60),
        ("It is for four years, and then, should the guild wish, [two more].", 24),
        ("The guild can keep Orrel [two years beyond that].", 24),
        ("There are [three more single years in it] if all are content.", 36),
        ("It has [a right, but no duty, to continue for a further twelve months].", 12),
        ("Unchanged: [two extensions, twelve months apiece].", 24),
        ("for four years, with liberty to the harbour master to [extend by one year].", 12),
        ("four (04) years, and [one (01) year at the option of the harbour].", 12),
        ("The term is four years, [and the option to go to six].", 24),
        ("It is for three years, [with two renewals of one].", 24),
        ("It may be prolonged [for periods of up to a year, to a maximum of three such periods].", 36),
        ("60 months; [the guild may prolong by 12 months, no more than twice].", 24),
        ("It lasts four years; the guild can stretch that by [two lots of two].", 48),
        ("It may be renewed on [up to two occasions of a year each].", 24),
        ("for three years. [A renewal of one year] is foreseen.", 12),
        ("It is [renewable for 24 months and then for a further 12].", 36),
        ("It can be prolonged by [one year plus one].", 24),
    ],
)
def test_what_is_said_to_be_an_option_needs_fewer_words(text: str, months: int) -> None:
    assert answered(text) == [months]


@pytest.mark.parametrize(
    "text",
    [
        "it may [renew the five-year deal]",
        "a [potential five-year contract]",
        "with [no option to extend for two years]",
        "It was prolonged for [two further periods of a year].",
        "The guild signed for three years, and they added [two more].",
        "[two further years] were agreed",
        "It has exercised [two more years].",
        "It may end after [another two years].",
        "after [two further periods of a year] it may end",
        "They have worked together for [two years].",
        "It lasts [three years], and may be halved.",
        "It lasts three years. Costs may fall [by a third].",
        "It lasts three years. It may save [a third of the cost].",
        "three years; it may go on [for two more days]",
        "three years, with an option on [two more ships]",
        "three years; if they like it, [for five].",
        "The term is three years. If it fails, [another two] bidders will be asked.",
        "The term is two years, with [a fourth] at the Mayor's pleasure.",
        "If they like it, [another two].",
        "with [two further years] or so",
        "It runs four years and, if they like it, [two more, and then another].",
        "It runs four years and, if they like it, [another two and another two after that].",
        "with [an option of a year and, if that goes well, another]",
        "It lasts three years; it can't [go two more].",
        "It lasts four years. The guild has [a fourth] supplier in mind.",
        "It lasts four years, [two of them optional].",
        "for three years. [A renewal of one year] was agreed.",
        "It lasted three years, and [two on top of the roof] may fall.",
        "four years, after which [two more] were agreed",
    ],
)
def test_what_plainly_says_something_else_is_no_option(text: str) -> None:
    assert answered(text) == []


def test_a_clause_is_read_to_its_end() -> None:
    text = "It runs for two years, there being as the board was told the chance that it can be extended by six months."
    start = text.index("two years")
    assert EXTENSION.read(text, start, start + len("two years")) == []


def test_two_terms_are_found_and_parse_to_none() -> None:
    text = "a three-year deal and a five-year deal"
    assert found(INITIAL, text) == [("three-year", 36), ("five-year", 60)]
    assert INITIAL.parse(text) is None
    assert INITIAL.parse("a three-year deal, 36 months") == 36


@pytest.mark.parametrize(
    ("words", "months"),
    [
        ("a year", 12),
        ("a decade", 120),
        ("(four years)", 48),
        ("up to four years", None),
        ("Duration in months: 60", 60),
        ("Term (months): 18", 18),
        ("Duration in months: 12-18", None),
        ("Option (months): 12", None),
        ("36 Gregorian months", 36),
        ("", None),
        ("soon", None),
    ],
)
def test_words_alone_are_taken_for_a_term(words: str, months: int | None) -> None:
    assert INITIAL.parse(words) == months


def test_an_extension_named_alone_is_one() -> None:
    assert EXTENSION.parse("two one-year extensions") == 24
    assert EXTENSION.parse("two years") is None


def test_several_options_in_one_breath_are_added_up() -> None:
    words = "an option to extend for two years and a further one year"
    assert EXTENSION.parse(words) == 36
    assert EXTENSION.parse("an option of one year. Another lot has an option of two years") is None


def test_terms_are_the_same_or_not() -> None:
    assert INITIAL.same(48, 48) == 1.0
    assert INITIAL.same(48, 47) == 0.0
    assert INITIAL.support("a four-year deal", 48)
    assert not INITIAL.support("a four-year deal", 36)
    assert not EXTENSION.support("a four-year deal", 48)


@pytest.mark.parametrize(
    ("text", "words", "months"),
    [
        ("It is for three years and, if they like it, another two.", "another two", 24),
        ("It runs for three years. At the council's choice it may go on by the same again.", "by the same again", 36),
        ("They may keep it twice more for a year each, or so they hope.", "twice more for a year each", 24),
    ],
)
def test_an_option_may_be_stated_that_only_an_answer_shows(text: str, words: str, months: int) -> None:
    start = text.index(words)
    assert EXTENSION.find(text) == []
    assert [mention.value for mention in EXTENSION.read(text, start, start + len(words))] == [months]
    assert EXTENSION.may_state(text)


def test_a_text_without_any_word_of_choice_or_more_states_no_option() -> None:
    text = "A four-year deal worth £3m; no moreover, no existence, no 18 months."
    assert not EXTENSION.may_state(text)
    assert INITIAL.may_state(text)
    assert not INITIAL.may_state("It is renewable, again and again.")


class Deal(BaseModel):
    duration_months: Months | None
    extension_months: ExtensionMonths | None


def test_a_schema_takes_months_from_one_up() -> None:
    assert Deal(duration_months=48, extension_months=None).duration_months == 48
    with pytest.raises(ValidationError):
        Deal(duration_months=0, extension_months=None)
    assert INITIAL in Months.__metadata__  # type: ignore[attr-defined]
    assert EXTENSION in ExtensionMonths.__metadata__  # type: ignore[attr-defined]


def test_the_setting_tells_two_fields_apart() -> None:
    assert DurationField() == DurationField(part="initial") != EXTENSION
    assert INITIAL.name == "duration"


def test_the_shape_asks_for_words_of_the_article() -> None:
    assert TypeAdapter(INITIAL.shape()).json_schema() == {
        "type": "string",
        "maxLength": 300,
        "x-verbatim": True,
    }


ONES = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12))
def test_every_spelling_of_a_term_is_read(years: int, more: int) -> None:
    plural = "s" if years > 1 else ""
    more_plural = "s" if more > 1 else ""
    spellings = [
        f"{years} year{plural}",
        f"{ONES[years]} year{plural}",
        f"{years}-year",
        f"{ONES[years]}-year",
        f"{12 * years} months",
        f"{12 * years}-month",
    ]
    for spelling in spellings:
        assert INITIAL.parse(spelling) == 12 * years
        assert found(INITIAL, f"It won a {spelling} contract.") == [(spelling, 12 * years)]
        assert found(EXTENSION, f"It won a {spelling} contract.") == []
        for option in (
            f"with an option to extend for a further {ONES[more]} year{more_plural}",
            f"extendable by up to {more} year{more_plural}",
            f"plus {ONES[more]} optional year{more_plural}",
            f"with an optional {more}-year extension",
            f"with the option of {ONES[more]} more",
        ):
            text = f"It won a {spelling} contract, {option}."
            assert INITIAL.parse(text) == 12 * years
            same_unit = "month" in spelling and option.endswith("more")
            assert EXTENSION.parse(text) == (more if same_unit else 12 * more)
    assert INITIAL.parse(f"{years}+{more} years") == 12 * years
    assert EXTENSION.parse(f"{years}+{more} years") == 12 * more


PIECES = """
one two three 2 12 24 2½ 1.5 half a an and or to of up by for with plus + ( ) , . - – year years year-long
decade month months weeks further another more option options optional extendable renewable extend extension
extensions may be extended total maximum over in past ago old 's ’ between initial deal contract periods
with-an-option (2) (two) base first twice then hundred dozen ſix yearſ KK
x each times once can could add keep lots Renewals: exercised exercise optional if wanted had used renewable right room
"""
PHRASES = [
    "may be extended",
    "at the buyer's option",
    "rights of renewal of",
    "can be had",
    "is wanted",
    "have been used",
    "at the buyer's pleasure",
    "may make it",
    "a third and fourth",
    "by the same",
    "another two",
    "in option",
]
JUMBLE = st.lists(
    st.tuples(st.sampled_from([*PIECES.split(), *PHRASES]), st.sampled_from([" ", " ", " ", "", "-", "\n"])),
    max_size=16,
).map(lambda pairs: "".join(piece + gap for piece, gap in pairs))


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(), JUMBLE), st.sampled_from([INITIAL, EXTENSION]))
def test_what_is_found_obeys_the_laws_of_field_types(text: str, field: DurationField) -> None:
    end = 0
    assert field.may_state(text) or not field.find(text)
    for mention in field.find(text):
        assert end <= mention.start < mention.end
        end = mention.end
        assert text[mention.start : mention.end] == mention.words
        assert field.parse(mention.words) == mention.value
        assert field.support(mention.words, mention.value)
        assert TypeAdapter(Months).validate_python(mention.value) == mention.value


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(), JUMBLE), st.integers(0, 80), st.integers(1, 80))
def test_any_words_may_be_said_to_be_an_option(text: str, start: int, length: int) -> None:
    start, end = min(start, len(text)), min(start + length, len(text))
    for mention in EXTENSION.read(text, start, end):
        assert mention.start < end
        assert mention.end > start
        assert text[mention.start : mention.end] == mention.words
        assert TypeAdapter(Months).validate_python(mention.value) == mention.value
    parsed = EXTENSION.parse(text)
    assert parsed is None or parsed >= 1


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "1",
            "1+",
            "1 (1)",
            "one (",
            "option of 1+1 years ",
            "1-",
            "two ",
            "two-",
            "a ",
            "two years ",
            "two years, ",
            "option ",
            "option of two years and ",
            "may add two years ",
            "may be extended by ",
            "two x ",
            "two years and then by one ",
            "if two further years ",
            "twice two years ",
            "option to extend the two-year deal by ",
            "in total ",
        ),
        *(
            "extend ",
            " ",
            "\n",
            "plus ",
            "year ",
            "two one ",
            "half a ",
            "(",
            "for ",
            "two further ",
            "1 to ",
        ),
    ],
)
def test_time_grows_with_a_hostile_text_and_no_faster(piece: str) -> None:
    check_linear(EXTENSION.find, "a year " + piece * (100_000 // len(piece)), " two years")
