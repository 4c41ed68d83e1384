"""Where an article is at home."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.fields.countries import find_home, home_of_sums
from tests.linear import check_linear


def home_country(text: str) -> str | None:
    home = find_home(text)
    return None if home is None else home.country


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("AUCKLAND\n\nThe regional council will pay $4m, it said.", "NZ"),
        ("Auckland, 3 May. The regional council will pay $4m, it said in Wellington.", "NZ"),
        ("A Halifax hospital has bought $2m of software from Winnipeg, plus HST.", "CA"),
        ("Brightwater Pty Ltd won the $3m job of the New South\nWales rail agency.", "AU"),
        ("Ohio's tax office pays $3m. Its supplier has an office in Sydney, and one in Texas.", "US"),
        ("Kampala: the ministry signed for Shs 4 billion (US$1m).", "UG"),
        ("The bank signed for $4m.", None),
        ("Offices in Toronto and Perth.", None),
        ("Toronto Toronto Toronto Toronto Toronto, Sydney, Hobart, Brisbane, Cairns", "AU"),
        ("GIMLI, Man. — The town will pay $4m.", "CA"),
        ("He was a careful man on the Isle of Man. Regina knew him.", None),
        ("All figures in Canadian dollars. Perth, Hobart and Cairns bought some.", "CA"),
        ("Prices in Canada rose. Perth, Hobart and Cairns did not mind.", "AU"),
        ("Nairobi, Tuesday: a firm of Kampala won.", "KE"),
        ("Kampala — KENYANS win.", "UG"),
        ("Whakamaru and Whangamōmona pay.", "NZ"),
        ("Wharf and Whaling pay.", None),
        ("Nuku'alofa pays a firm of Suva.", None),
        ("The MRC de la Rivière-Noire pays $4m plus QST.", "CA"),
        ("", None),
    ],
)
def test_most_names_decide(text: str, country: str | None) -> None:
    assert home_country(text) == country


def test_the_first_lines_speak_louder() -> None:
    text = "Calgary, Edmonton.\n" + "It works. " * 40 + "It has offices in Sydney, Perth and Hobart."
    assert home_country(text) == "CA"


def test_a_name_is_a_whole_word() -> None:
    assert home_country("Indiana Jonesboro Canadarm Perthshire") == "US"


@given(st.text())
def test_never_raises(text: str) -> None:
    country = home_country(text)
    assert country is None or len(country) == 2


def test_time_grows_with_a_long_text_and_no_faster() -> None:
    assert home_country("New York New " * 20_000) == "US"
    check_linear(home_country, "New York New " * 20_000)


@given(st.lists(st.sampled_from(["Toronto ", "Perth, ", "x ", "\n", "Ottawa "])).map("".join))
def test_the_words_that_say_so_are_the_first_of_that_country(text: str) -> None:
    home = find_home(text)
    if home is not None:
        words = text[home.start : home.end]
        assert home_country(words) == home.country
        assert words not in text[: home.start]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Toronto, Montreal and Winnipeg: a Nairobi firm won it for Sh4 million.", "KE"),
        ("Its Indian partner in Nairobi asked for Sh4 million.", "KE"),
        ("Its Indian partner in Lahore asked for Rs. 4 million.", None),
        ("Colombo, Kandy, Mumbai: it costs Rs. 4 million.", "LK"),
        ("Toronto and Nairobi firms won it for $4 million; Nairobi was glad.", "KE"),
        ("Perth pays $4 million, or 200 million rupees.", "AU"),
        ("Lusaka pays K4.5 million.", "ZM"),
        ("Lusaka climbed K2 and a K9 unit barked.", None),
        ("Gaborone pays eight million pounds.", "BW"),
        ("Auckland pays £4 million.", None),
        ("The town pays $4 million. " * 20 + "A Canadian runs it.", None),
        ("The town pays $4 million. " * 20 + "A Canadian runs it, from Moose Jaw.", "CA"),
        ("It has F$4m.", None),
        ("Toronto pays C$4m, then C$5m, then C$6m; and $7m to a Texan.", None),
        ("Managua, Nicaragua: it pays C$4m.", "NI"),
        ("Bandar Seri Begawan pays B$4 million.", "BN"),
        ("Auckland pays NZ$4m, then NZ$5m, then NZ$6m; and $7m to a Texan.", None),
        ("Auckland pays NZ$4m, then NZ$5m, then NZ$6m; the $4m was late.", "NZ"),
        ("Auckland pays NZ$4m, and $5m later.", "NZ"),
    ],
)
def test_whose_sums_they_are(text: str, country: str | None) -> None:
    home = home_of_sums(text)
    assert (None if home is None else home.country) == country
