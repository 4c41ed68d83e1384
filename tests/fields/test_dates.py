"""Partial dates: what they are read from, what is refused, and the arithmetic of terms."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from llm_extract.fields.base import NO_CONTEXT, Context
from llm_extract.fields.date_cues import ReferenceMonth
from llm_extract.fields.dates import (
    DateField,
    DayField,
    PartialDate,
    parse_reference,
    yearless,
)
from tests.linear import check_linear

FIELD = DateField()
WEDNESDAY = Context(date(2023, 6, 14))


def found(text: str, context: Context = NO_CONTEXT) -> list[tuple[str, str]]:
    return [(m.words, m.value) for m in FIELD.find(text, context)]


# text | the words found in it | the value. No words: nothing may be found.
WITHOUT_REFERENCE = """
signed on 17 May 2023 in Leeds | 17 May 2023 | 2023-05-17
on the 17th of May, 2023 | the 17th of May, 2023 | 2023-05-17
on this 17th day of May 2023 | 17th day of May 2023 | 2023-05-17
On May 17, 2023, it began | May 17, 2023 | 2023-05-17
from May 17th 2023 | May 17th 2023 | 2023-05-17
LONDON, MAY 17, 2023 | MAY 17, 2023 | 2023-05-17
by Wednesday 17 May 2023 | Wednesday 17 May 2023 | 2023-05-17
Wed, 17 May 2023 09:30 | Wed, 17 May 2023 | 2023-05-17
on Wednesday, May 17, 2023 | Wednesday, May 17, 2023 | 2023-05-17
17 Sept. 2020 was the day | 17 Sept. 2020 | 2020-09-17
dated 17-May-2023 | 17-May-2023 | 2023-05-17
published 17/05/2023 | 17/05/2023 | 2023-05-17
published 05/17/2023 | 05/17/2023 | 2023-05-17
published 03/04/2023 | 03/04/2023 | 2023-04-03
published 17.05.2023 | 17.05.2023 | 2023-05-17
published 17/05/23 | 17/05/23 | 2023-05-17
published 2023-05-17T09:30:00Z | 2023-05-17 | 2023-05-17
on 17-19 May 2023 | 17-19 May 2023 | 2023-05
in May 2023 | May 2023 | 2023-05
In May of 2023 it | May of 2023 | 2023-05
since Feb 2016. | Feb 2016 | 2016-02
since May ’23 | May ’23 | 2023-05
in May-June 2023 | May-June 2023 | 2023
late March 2020 | late March 2020 | 2020-03
by the end of June 2019 | the end of June 2019 | 2019-06
a 2016-04 release | 2016-04 | 2016-04
early 2008 | early 2008 | 2008
Early in 2008 it | Early in 2008 | 2008
from mid-2019 on | mid-2019 | 2019
until the end of 2021 | the end of 2021 | 2021-12
before end-2021 | end-2021 | 2021-12
from the start of 2020 | the start of 2020 | 2020-01
at the very beginning of 2020 | the very beginning of 2020 | 2020-01
in spring 2020 | spring 2020 | 2020
in the summer of 2020 | the summer of 2020 | 2020
in Q3 2022 | Q3 2022 | 2022
in the third quarter of 2022 | the third quarter of 2022 | 2022
in the first half of 2022 | the first half of 2022 | 2022
in 2020 prices rose | 2020 | 2020
has run it since 2015. | 2015 | 2015
by 2025, at the latest | 2025 | 2025
a 2019 contract for | 2019 | 2019
The 2019 contract for | The 2019 | 2019
in the 2019 deal | the 2019 | 2019
a contract which will run to 2029. | 2029 | 2029
it was extended to 2029, at no cost | 2029 | 2029
until at least 2029 | 2029 | 2029
the contract expires 2029. | 2029 | 2029
it extends to March 2029 | March 2029 | 2029-03
the network was extended to 2019 users | |
extended to 2000 desks | |
at least 2019 | |
The 2019 staff | |
the pilot (2019) failed | 2019 | 2019
for the 2024/25 financial year | |
in FY2024/25 and FY24 | |
the 2015-16 budget | |
from the financial year 2022 | |
in winter 2020/21 | |
in Q3 of FY2022 | |
on 31 June 2023 | |
on 30/02/2023 or 00/00/2023 | |
its 2,000 staff | |
bought 2019 servers | |
for 2019 servers | |
in 2000 schools | |
Windows Server 2019 | |
the 2020 Olympics | |
worth £2,019 or $2020 | |
between 2000 and 2,500 staff | |
at 2030 GMT | |
in 1066 or 2150 | |
call 020 7946 2019 | |
on host 192.168.1.20 | |
version 10.1.12 | |
on 17 May | |
in April | |
last summer | |
on Friday | |
Theresa May said so | |
a letter by Theresa May | |
it may be extended | |
May I ask | |
They march. March on | |
May 2023's weather, June 31 | May 2023 | 2023-05
on 2018.01.15 it | 2018.01.15 | 2018-01-15
on 1-Apr-20 and | 1-Apr-20 | 2020-04-01
Apr-20 seats | |
in 3Q 2019 | 3Q 2019 | 2019
the first day of March 2024 | the first day of March 2024 | 2024-03-01
on the last day of February 2024 | the last day of February 2024 | 2024-02-29
on New Year's Day 2024 | New Year's Day 2024 | 2024-01-01
on New Year’s Eve 2024 | New Year’s Eve 2024 | 2024-12-31
before Christmas 2024 | Christmas 2024 | 2024-12
the contract of 2009 was | 2009 | 2009
out of 2009 seats | |
Its 2001 predecessor | 2001 | 2001
four years to 2027. | 2027 | 2027
from the first of May 2023 | the first of May 2023 | 2023-05-01
on the twenty-second of May 2023 | the twenty-second of May 2023 | 2023-05-22
the thirty-first of June 2023 | |
the first of May's fairs | |
on the last day of 2021 | the last day of 2021 | 2021-12-31
it stays into 2026 | 2026 | 2026
it dates back to 2002. | 2002 | 2002
its deal, of 1997, is | 1997 | 1997
a staff of 1997, it said | |
Ayle renews Brackwater to 2027 for £2m | 2027 | 2027
extends its reach to 2027 desks | |
from 1 April-31 March 2026 | 31 March 2026 | 2026-03-31
on 13-May-21 it | 13-May-21 | 2021-05-13
on May 3-4, 2022 | May 3-4, 2022 | 2022-05
on June 28 and 29, 2025 | June 28 and 29, 2025 | 2025-06
on Christmas Eve of 2026 | Christmas Eve of 2026 | 2026-12-24
five years ago on 3 May 2018 | 3 May 2018 | 2018-05-03
on 14 May 2021 School staff | 14 May 2021 | 2021-05-14
"""

# The same, published on Wednesday 14 June 2023.
WITH_REFERENCE = """
on 17 May | 17 May | 2023-05-17
on Wednesday 17 May | Wednesday 17 May | 2023-05-17
on 30 September | 30 September | 2023-09-30
on 20 October | 20 October | 2022-10-20
will begin on 20 October | will begin on 20 October | 2023-10-20
was begun on 1 October | was begun on 1 October | 2022-10-01
in November | November | 2022-11
in October | October | 2023-10
in December | December | 2022-12
it signed in October | signed in October | 2022-10
in April | April | 2023-04
it will start in April | will start in April | 2024-04
due to go live in April | due to go live in April | 2024-04
is due to be signed by February | due to be signed by February | 2024-02
running from February | from February | 2024-02
running from April | April | 2023-04
between April and June | April | 2023-04 | June | 2023-06
next April | next April | 2024-04
last October | last October | 2022-10
last June | last June | 2022-06
this April | this April | 2023-04
by April next year | April next year | 2024-04
on 17 May last year | 17 May last year | 2022-05-17
in early April | early April | 2023-04
on Friday | Friday | 2023-06-09
on Wednesday | Wednesday | 2023-06-14
it will meet on Friday | will meet on Friday | 2023-06-16
by Friday | by Friday | 2023-06-16
last Friday | last Friday | 2023-06-09
last Monday | last Monday | 2023-06
next Friday | next Friday | 2023-06
this Friday | this Friday | 2023-06-16
said yesterday | yesterday | 2023-06-13
signed today | today | 2023-06-14
this morning | this morning | 2023-06-14
this week | this week | 2023-06
last month | last month | 2023-05
at the end of this month | the end of this month | 2023-06
in the last year of school | |
over the last year | |
last year's deal | last year | 2022
later this year | later this year | 2023
late last year | late last year | 2022
by the end of next year | the end of next year | 2024-12
by the end of the year | the end of the year | 2023-12
from the start of next year | the start of next year | 2024-01
last summer | last summer | 2022
this autumn | this autumn | 2023
next spring | next spring | 2024
last winter | |
the year was good | |
every Friday, Monday to Thursday | |
the Sunday Times | |
on Black Friday | |
in today's world | |
in May 17 councils signed | May | 2023-05
from 1 April to 30 June 2022 | 30 June 2022 | 2022-06-30
it signed its £5.5m network deal with Axo on 3 July | signed its £5.5m network deal with Axo on 3 July | 2022-07-03
was signed by chief executive Jane Dorrit on 3 July | signed by chief executive Jane Dorrit on 3 July | 2022-07-03
it will transition services between July and December | July | 2023-07
it will transition services between July and September | July | 2023-07 | September | 2023-09
it will begin in July and end in December | July | 2023-07 | end in December | 2023-12
due to start on 1 July and complete by 30 April | 1 July | 2023-07-01 | complete by 30 April | 2024-04-30
it will take over in stages between 1 July and 31 December | 1 July | 2023-07-01
started on 1 December and runs to 30 November | 1 December | 2022-12-01 | runs to 30 November | 2023-11-30
it will open in July. In December it closed | July | 2023-07 | December | 2022-12
will end in July and was signed in December | July | 2023-07 | December | 2022-12
it came to an end in December | December | 2022-12
it extends to April | extends to April | 2024-04
it was extended to April Jones | |
it was handed over on 1 July | handed over on 1 July | 2022-07-01
it will, says the head of IT at Ayle, open on 1 May | will, says the head of IT at Ayle, open on 1 May | 2024-05-01
Signed in Sept. The council | Signed in Sept | 2022-09
the March award, by May Smith | |
by the end of March | by the end of March | 2024-03
it will stay through December | will stay through December | 2023-12
its contract lapses Dec. 31 | lapses Dec. 31 | 2023-12-31
it takes effect on 1 December | takes effect on 1 December | 2023-12-01
Start: November 1 | Start: November 1 | 2023-11-01
Commencement date: 1 May | 1 May | 2023-05-01
work from January | from January | 2024-01
expected before January | expected before January | 2024-01
on Monday of last week | Monday of last week | 2023-06-05
on Friday this week | Friday this week | 2023-06-16
on 31 December of that year | |
on Christmas Day | Christmas Day | 2022-12-25
just before Christmas | before Christmas | 2023-12
the Christmas party | |
on Valentine's Day | Valentine's Day | 2023-02-14
on Boxing Day | Boxing Day | 2022-12-26
in the summer | the summer | 2023
it begins in spring | begins in spring | 2024
since the autumn | since the autumn | 2022
in spring water | |
a hot summer | |
lapses on the last day of this month | the last day of this month | 2023-06-30
on Easter Sunday | |
on May 3-4 | May 3 | 2023-05-03
on 12 December 1949 | |
in December 1949 | |
born on Dec. 5, 1949 | |
until January 1, 2100 | |
on Christmas Eve 1949 | |
on May 3, 4 and 5, 2022 | |
in April 2015-16 | |
on 1 May 1700 staff moved | 1 May | 2023-05-01
signed three years ago this week | three years ago this week | 2020-06
a year ago today | a year ago today | 2022-06-14
two weeks ago today | two weeks ago today | 2023-05-31
two years ago this month | two years ago this month | 2021-06
nearly three years ago this week | |
three years ago last week | |
five years ago in May | |
three days ago, on Sunday | Sunday | 2023-06-11
it began the following Monday | |
following Monday's vote | Monday | 2023-06-12
on the following 3 May | |
the Monday after next | |
the Monday before last | |
on Monday week | |
on Monday next. | Monday next | 2023-06-19
on Monday last | Monday | 2023-06-12
the day after tomorrow | the day after tomorrow | 2023-06-16
signed the day before yesterday | the day before yesterday | 2023-06-12
on the day after 3 May | |
on the day before 12 June 2023 | |
"""


def rows(table: str) -> list[tuple[str, list[tuple[str, str]]]]:
    read = []
    for line in filter(None, table.splitlines()):
        text, *cells = (cell.strip() for cell in line.split("|"))
        pairs = zip(cells[::2], cells[1::2], strict=True)
        read.append((text, [pair for pair in pairs if pair != ("", "")]))
    return read


@pytest.mark.parametrize(("text", "expected"), rows(WITHOUT_REFERENCE))
def test_dates_are_found_without_a_reference(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(("text", "expected"), rows(WITH_REFERENCE))
def test_dates_are_counted_from_the_day_of_publication(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, WEDNESDAY) == expected


@pytest.mark.parametrize(("text", "expected"), rows(WITH_REFERENCE))
def test_without_a_reference_words_that_need_one_state_nothing(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == [pair for pair in expected if pair[1] == "2022-06-30"]


@pytest.mark.parametrize(
    ("published", "value"),
    [
        (date(2023, 6, 10), "2023-05-17"),
        (date(2023, 5, 10), "2023-05-17"),
        (date(2024, 1, 5), "2023-05-17"),
        (date(2024, 1, 18), "2024-05-17"),
    ],
)
def test_a_day_without_a_year_is_rather_past_than_future(published: date, value: str) -> None:
    assert FIELD.parse("on 17 May", Context(published)) == value


@pytest.mark.parametrize(
    ("published", "week"),
    [(date(2023, 6, 29), "2023"), (date(2023, 6, 14), "2023-06"), (date(2024, 1, 1), "2024-01")],
)
def test_a_week_has_the_precision_that_its_days_share(published: date, week: str) -> None:
    assert FIELD.parse("this week", Context(published)) == week


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from the first of August", [("the first of August", "2023-08-01")]),
        ("from the first of this month", [("the first of this month", "2023-06-01")]),
        ("on the first of next month", [("the first of next month", "2023-07-01")]),
        ("until the last day of this year", [("the last day of this year", "2023-12-31")]),
        ("ended last Nov. 18", [("last Nov. 18", "2022-11-18")]),
        ("counted from next February 1", [("next February 1", "2024-02-01")]),
        ("since this past January", [("this past January", "2023-01")]),
        ("this coming October", [("this coming October", "2023-10")]),
        ("on 30 November next.", [("30 November next", "2023-11-30")]),
        ("from the first of January following.", []),
        ("laptops come March", [("come March", "2024-03")]),
        ("As early as December, it", [("December", "2022-12")]),
        ("last month, on 1 May", [("1 May", "2023-05-01")]),
        ("this ends with September", [("September", "2023-09")]),
        ("half of the current calendar year", []),
        ("in the first half of the current year", [("the first half of the current year", "2023")]),
        ("It was to run out June 30", [("June 30", "2023-06-30")]),
        ("it winds down on 31 January", [("winds down on 31 January", "2024-01-31")]),
        ("it took over from 1 May", [("1 May", "2023-05-01")]),
        ("it took on the desk from 1 January", [("1 January", "2023-01-01")]),
        ("it will pay after signing on 26 May", [("26 May", "2023-05-26")]),
        ("one framework, let in August", [("framework, let in August", "2022-08")]),
        ("a van let in on 24 August", [("24 August", "2023-08-24")]),
        ("It won a deal to begin on 1 March", [("begin on 1 March", "2024-03-01")]),
        ('"From the autumn, we', [("From the autumn", "2023")]),
        ("in the autumn we gave it away", []),
        ("on the 2nd instant", [("the 2nd instant", "2023-06-02")]),
        ("on the 28th ult.", [("the 28th ult", "2023-05-28")]),
        ("by the 9th of next month", [("the 9th of next month", "2023-07-09")]),
        ("at its May sitting, on the 19th, they", [("May sitting, on the 19th", "2023-05-19")]),
        ("at its 3 May sitting, on the 19th, they", [("3 May", "2023-05-03")]),
        ("On 31 December that deal expires", [("31 December that deal expires", "2023-12-31")]),
        ("On 31 December the council said that it will", [("31 December", "2022-12-31")]),
        ("All three lots begin on 1 December.", [("begin on 1 December", "2023-12-01")]),
        ("Both contracts start on 1 December.", [("contracts start on 1 December", "2023-12-01")]),
        ("after a false start on 1 December", [("1 December", "2022-12-01")]),
        ("It did not begin on 1 December", [("1 December", "2022-12-01")]),
        ("The app is to be there by 1 May", [("is to be there by 1 May", "2024-05-01")]),
        ("Its last day is March 3.", [("last day is March 3", "2024-03-03")]),
        ("stretched by a month, to the end of March", [("stretched by a month, to the end of March", "2024-03")]),
        ("Two years. Ends January", [("Ends January", "2024-01")]),
        ("notes from Monday's meeting", [("Monday", "2023-06-12")]),
        ("It agreed to bring forward to 1 October the end", [("1 October", "2023-10-01")]),
        ("In 2014, in the month of July, it", [("In 2014, in the month of July", "2014-07")]),
        ("In 2014, on 3 July, it", [("In 2014, on 3 July", "2014-07-03")]),
        ("let in 2014, in July it was sold", [("2014", "2014"), ("July", "2023-07")]),
        ("in the first days of 2018", [("the first days of 2018", "2018-01")]),
        ("in the last weeks of 2018", [("the last weeks of 2018", "2018-12")]),
        ("Date: 9 / 2 / 2020", [("9 / 2 / 2020", "2020-02-09")]),
        ("terminated 08/2017 by vote", [("08/2017", "2017-08")]),
        ("by Resolution 08/2017 of the board", []),
    ],
)
def test_words_around_a_date_tell_which_one_is_meant(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, WEDNESDAY) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("its help desk ($2.2m, [signed 2017]) was slow", "2017"),
        ("they part in June, when [a deal from 2016] lapses", "2016"),
        ("the rosters stay with Orrel, [to 2011]. So", "2011"),
        ("they [supplied 2000] laptops", None),
        ("they went [to 2000] staff", None),
        ("it was [renewed 2016]-18", None),
    ],
)
def test_words_that_are_said_to_be_a_date_may_end_with_a_bare_year(text: str, value: str | None) -> None:
    start, end = text.index("["), text.index("]") - 1
    text = text.replace("[", "").replace("]", "")
    assert [mention.value for mention in FIELD.read(text, start, end)] == ([value] if value else [])
    assert value is None or FIELD.support(text[start:end], value)


def test_the_word_that_tells_which_date_is_meant_may_stand_far_before_it() -> None:
    text = "The council heard that Orrel will take over the wages of the Ayle Nursing Homes in March. It paid."
    start = text.index("in March")
    (mention,) = FIELD.read(text, start, start + len("in March"), WEDNESDAY)
    assert (mention.value, mention.words[:4]) == ("2024-03", "will")


def test_a_year_that_has_a_cell_to_itself_is_one() -> None:
    assert found("| Lines | 2005 | £420,000 |") == [("2005", "2005")]
    assert found("| Lines | 2005 seats | £420,000 |") == []


def test_a_number_before_a_dash_and_a_smaller_day_begins_no_range() -> None:
    assert FIELD.parse("Issue 27 – 3 July 2020") == "2020-07-03"
    assert FIELD.parse("3–27 July 2020") == "2020-07"


def test_a_week_over_new_year_states_nothing() -> None:
    assert FIELD.parse("this week", Context(date(2024, 12, 31))) is None


@pytest.mark.parametrize(
    ("published", "year"),
    [(date(2022, 2, 1), "2021"), (date(2022, 7, 1), "2021"), (date(2022, 9, 1), "2022")],
)
def test_last_summer_is_the_last_one_that_is_over(published: date, year: str) -> None:
    assert FIELD.parse("last summer", Context(published)) == year


def test_a_leap_day_is_only_resolved_to_a_leap_year() -> None:
    assert FIELD.parse("on 29 February", WEDNESDAY) is None
    assert FIELD.parse("on 29 February", Context(date(2024, 3, 4))) == "2024-02-29"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("2019", "2019"),
        ("(2019).", "2019"),
        ("1 April 2020 to 31 March 2025", None),
        ("2019-2023", None),
        ("17 May 2023 (2023-05-17)", "2023-05-17"),
        ("17 May 2023, in 2023", None),
        ("", None),
        ("soon", None),
    ],
)
def test_words_are_parsed_when_they_state_one_date(words: str, value: str | None) -> None:
    assert FIELD.parse(words) == value


def test_words_that_leave_the_year_of_a_second_date_open_state_no_date() -> None:
    assert FIELD.parse("will transition services between July and December", WEDNESDAY) is None
    assert FIELD.parse("will transition services in July", WEDNESDAY) == "2023-07"


def test_a_bare_month_is_parsed_though_it_is_not_found_in_a_text() -> None:
    assert FIELD.parse("May", WEDNESDAY) == "2023-05"
    assert FIELD.find("They said May would go", WEDNESDAY) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("17 May", (5, 17)),
        ("on May 17th", (5, 17)),
        ("in April", (4, None)),
        ("April", (4, None)),
        ("late March", (3, None)),
        ("from 17 May to 16 May 2027", (5, 17)),
        ("17 May 2023", None),
        ("1 April and 1 May", None),
        ("Friday", None),
        ("it may end", None),
    ],
)
def test_yearless_gives_month_and_day(words: str, expected: tuple[int, int | None] | None) -> None:
    assert yearless(words) == expected


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Published: Wed 10 Feb 2016 09:30", date(2016, 2, 10)),
        ("2016-02-10T09:30:00+00:00", date(2016, 2, 10)),
        ("February 2016", ReferenceMonth(2016, 2, 15)),
        ("Spring 2016", None),
        ("10 February", None),
        ("10 Feb 2016, updated 12 Feb 2016", None),
    ],
)
def test_a_reference_is_a_day_or_a_month(text: str, day: date | None) -> None:
    reference = parse_reference(text)
    assert reference == day
    assert type(reference) is type(day)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("signed on 28 May", "2023-05-28"),
        ("it starts on 3 June", "2023-06-03"),
        ("it was signed on 28 June", "2023-06-28"),
        ("in May", "2023-05"),
        ("last month", "2023-05"),
        ("from this autumn", "2023"),
        ("at the end of the year", "2023-12"),
        ("yesterday", None),
        ("on Monday", None),
        ("last Monday", None),
        ("this week", None),
        ("last night", None),
    ],
)
def test_no_days_are_counted_from_a_month_of_publication(text: str, value: str | None) -> None:
    assert FIELD.parse(text, Context(parse_reference("June 2023"))) == value


def test_a_partial_date_is_a_reference_as_it_is() -> None:
    assert parse_reference("2004-10") == ReferenceMonth(2004, 10, 15)
    assert parse_reference("2004-10-07") == date(2004, 10, 7)
    assert parse_reference("2004-13") is None
    assert parse_reference("2004") is None


def test_on_a_sunday_the_last_thursday_is_the_one_just_before() -> None:
    assert FIELD.parse("last Thursday", Context(date(2023, 6, 18))) == "2023-06-15"
    assert FIELD.parse("last Sunday", Context(date(2023, 6, 18))) == "2023-06-11"
    assert FIELD.parse("last Thursday", Context(date(2023, 6, 17))) == "2023-06"


def test_a_day_field_gives_whole_days_only() -> None:
    text = "signed on 17 May 2023 and starting in June 2023"
    assert [(m.words, m.value) for m in DayField().find(text)] == [("17 May 2023", date(2023, 5, 17))]
    assert DayField().parse("June 2023") is None
    assert DayField().support("17 May 2023", date(2023, 5, 17))
    assert not DayField().support("17 May 2023", date(2023, 5, 18))


def test_precision_counts_half_when_scored() -> None:
    assert FIELD.same("2023-05-17", "2023-05-17") == 1.0
    assert FIELD.same("2023-05-17", "2023") == FIELD.same("2023", "2023-05-17") == 0.5
    assert FIELD.same("2023-05-17", "2023-06") == 0.0


def test_a_quote_supports_the_date_in_it_and_no_other() -> None:
    assert FIELD.support("signed on 17 May 2023", "2023-05-17")
    assert not FIELD.support("signed on 17 May 2023", "2023-05")
    assert not FIELD.support("signed on 17 May", "2023-05-17")
    assert FIELD.support("signed on 17 May", "2023-05-17", WEDNESDAY)


class Deal(BaseModel):
    signed: PartialDate | None


@pytest.mark.parametrize("value", ["2023-05-17", "2024-02-29", "2016-04", "2008", None])
def test_a_schema_takes_partial_dates(value: str | None) -> None:
    assert Deal(signed=value).signed == value


@pytest.mark.parametrize(
    "value", ["2023-02-30", "2023-13", "2023-00", "2023-01-00", "2023-1-1", "23", "0000", "soon", "2023-05-17\n"]
)
def test_a_schema_refuses_what_is_no_date(value: str) -> None:
    with pytest.raises(ValidationError):
        Deal(signed=value)


def test_the_field_type_stands_in_the_annotation() -> None:
    assert FIELD in PartialDate.__metadata__  # type: ignore[attr-defined]
    assert DateField() == FIELD
    assert FIELD.name == "date"


def test_the_shape_asks_for_words_of_the_article() -> None:
    schema = TypeAdapter(FIELD.shape()).json_schema()
    assert schema == {"type": "string", "maxLength": 300, "x-verbatim": True}


DAYS = st.dates(date(1960, 1, 1), date(2090, 12, 31))
REFERENCES = st.one_of(
    st.none(), st.dates(), st.builds(ReferenceMonth, st.integers(1990, 2050), st.integers(1, 12), st.just(15))
)


def ordinal(day: int) -> str:
    suffix = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


@settings(deadline=None)
@given(DAYS)
def test_every_spelling_of_a_day_is_read(day: date) -> None:
    month, short = day.strftime("%B"), day.strftime("%b")
    spellings = [
        f"{day.day} {month} {day.year}",
        f"{ordinal(day.day)} of {month}, {day.year}",
        f"the {ordinal(day.day)} {short} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{short} {ordinal(day.day)} {day.year}",
        f"{day:%A} {day.day} {month} {day.year}",
        f"{day:%d/%m/%Y}",
        f"{day:%d.%m.%Y}",
        day.isoformat(),
    ]
    for spelling in spellings:
        text = f"It was agreed on {spelling}, they said."
        assert found(text) == [(spelling, day.isoformat())]
        assert FIELD.parse(spelling) == day.isoformat()
    for words in (f"{month} {day.year}", f"late {short} {day.year}", f"the end of {month} {day.year}"):
        assert FIELD.parse(words) == day.isoformat()[:7]


@settings(deadline=None)
@given(DAYS, DAYS)
def test_the_year_that_is_filled_in_keeps_day_and_month(day: date, published: date) -> None:
    words = f"{day.day} {day:%B}"
    value = FIELD.parse(words, Context(published))
    if value is None:
        assert (day.month, day.day) == (2, 29)
    else:
        assert value[5:] == day.isoformat()[5:]
        distance = date.fromisoformat(value) - published
        assert timedelta(days=-245) <= distance <= timedelta(days=125)


PIECES = """
17 3 31 17th 2019 2020 2019/20 2020-21 2016-04 May March Sept. Sep Wed Friday Sunday Times the of in on by
from to until since will was be due signed runs end complete
extended least expires early late mid- end start last next this year month week summer winter
Q3 first quarter half financial FY24 yesterday year-end - – / , . ' ’23 ( ) 17/05/2023 2023-05-17 staff £
ſept ınıt laſt Thıs FrİDAY K
lapses takes Start: spring summer autumn the-first-day that-year Christmas Eve Day before 1-Apr-20 2018.01.15 renews
"""
PHRASES = ["New Year's Day", "of that year", "of last week", "the last day of", "contract of 2009", "Boxing Day"]
JUMBLE = st.lists(
    st.tuples(st.sampled_from([*PIECES.split(), *PHRASES]), st.sampled_from([" ", " ", " ", "", "-", "\n"])),
    max_size=14,
).map(lambda pairs: "".join(piece + gap for piece, gap in pairs))


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(), JUMBLE), REFERENCES)
def test_what_is_found_obeys_the_laws_of_field_types(text: str, published: date | None) -> None:
    context = Context(published)
    end = 0
    for mention in FIELD.find(text, context):
        assert end <= mention.start < mention.end
        end = mention.end
        assert text[mention.start : mention.end] == mention.words
        assert FIELD.parse(mention.words, context) == mention.value
        assert FIELD.support(mention.words, mention.value, context)
        assert TypeAdapter(PartialDate).validate_python(mention.value) == mention.value
    yearless(text)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "1",
            "1-",
            "1/",
            "17 ",
            "17-18 ",
            "17/05/",
            "2019-",
            "2019/20",
            "the ",
            "the end of ",
            "first half of ",
        ),
        *(
            "May ",
            "May-",
            "May 17, ",
            "17 May ",
            "Friday, ",
            "Wed, 17 ",
            "last ",
            "will ",
            "will in May and ",
            "three years ago this week ",
            "May 3-",
            "May 3, 4, ",
            "extended to 2019 ",
            "renew it to 2019 ",
            "Start: ",
            "Christmas ",
            "the summer ",
            "Monday of last ",
            "in ",
            "(",
            " ",
            "\n",
        ),
    ],
)
def test_time_grows_with_a_hostile_text_and_no_faster(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    check_linear(lambda text: FIELD.find(text, WEDNESDAY), text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The deal is set to come to an end in 2021.", "2021"),
        ("It will end in March 2024.", "2024-03"),
        ("It runs to the end of 2021.", "2021-12"),
        ("It made a start in 2020.", "2020"),
        ("Work began at the start of 2020.", "2020-01"),
        ("It was signed early in 2008.", "2008"),
    ],
)
def test_an_end_in_a_year_is_not_the_end_of_it(text: str, value: str) -> None:
    assert [mention.value for mention in DateField().find(text)] == [value]


MONTH_NAMES = "January February March April May June July August September October November December".split()  # noqa: SIM905
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((f"It ended in {month} 2020.", f"2020-{number:02}") for number, month in enumerate(MONTH_NAMES, start=1)),
        *((f"It ended in {month[:3].upper()} 2020.", f"2020-{n:02}") for n, month in enumerate(MONTH_NAMES, start=1)),
        *((f"It ended on {day}, 3 June 2020.", "2020-06-03") for day in WEEKDAYS),
        ("It ended in the latter part of 2020.", "2020"),
        ("It ended in the calendar year 2020.", "2020"),
        ("It ended in the second half of 2020.", "2020"),
        ("The final quarter of 2020 was its last.", "2020"),
        ("The close of 2020 was its end.", "2020-12"),
    ],
)
def test_a_date_begins_with_any_of_its_words(text: str, value: str) -> None:
    (mention,) = DateField().find(text)
    assert mention.value == value
    assert mention.words.lower().startswith(text.split()[3 if text.startswith("It") else 0].lower())
