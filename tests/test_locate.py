"""Words are found where they stand, whatever a model did to their typography."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llm_extract.locate import Located, Locator, normalise
from tests.linear import check_linear

ARTICLE = (
    "Norland Health Trust has signed a £150.6m deal – its largest – with Brightwater Systems.\n"
    "The trust’s “clinical platform” will serve 34,000 staff; procure-\nment took two years, and end-\n"
    "user training starts in May 2031. The Trust will pay £1,500 a seat, of\ufb01cials said."
)


@pytest.mark.parametrize(
    ("words", "stands_as", "match"),
    [
        ("Brightwater Systems", "Brightwater Systems", "exact"),
        ("  Brightwater Systems ", "Brightwater Systems", "exact"),
        ("£150.6m", "£150.6m", "exact"),
        ("150.6m", "150.6m", "exact"),
        ("The trust's", "The trust’s", "normalised"),
        ('"clinical platform"', "clinical platform", "normalised"),
        ("'clinical platform'", "clinical platform", "normalised"),
        ("deal - its largest - with", "deal – its largest – with", "normalised"),
        ("deal—its largest—with", "deal – its largest – with", "normalised"),
        ("Systems. The trust", "Systems.\nThe trust", "normalised"),
        ("procurement took", "procure-\nment took", "normalised"),
        ("end-user training", "end-\nuser training", "normalised"),
        ("officials said", "of\ufb01cials said", "normalised"),
        ("BRIGHTWATER SYSTEMS...", "Brightwater Systems", "normalised"),
        ("… serve 34,000 staff …", "serve 34,000 staff", "normalised"),
        ("two\u00a0years,", "two years", "normalised"),
        ("Bright\u00adwater\u200b Systems", "Brightwater Systems", "normalised"),
        ("\uff22\uff52ightwater", "Brightwater", "normalised"),
    ],
)
def test_words_are_found_as_they_stand(words: str, stands_as: str, match: str) -> None:
    (found, *_) = Locator(ARTICLE).find(words)
    assert ARTICLE[found.start : found.end] == stands_as
    assert found.match == match


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the Metropolitan line", "Met"),
        ("a £15m deal", "£1"),
        ("a £1.5m deal", "£1"),
        ("a £1,500 bill", "£1"),
        ("a £150.6m deal", "6m"),
        ("a £9m deal", "£9"),
        ("techUK said", "tech"),
        ("G4S said", "4"),
        ("Met\u00adropolitan", "Met"),
        ("cafe\u0301s", "cafe"),
        ("a \ufb01n", "i"),
        ("nothing here", "something"),
        ("anything", ""),
        ("anything", "   "),
        ("anything", "”…"),
        ("", "words"),
    ],
)
def test_parts_of_words_and_numbers_are_not_found(text: str, words: str) -> None:
    assert Locator(text).find(words) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the Met’s plan", "Met"),
        ("a £9m deal", "9m"),
        ("ends in 2031, 17 months on", "2031"),
        ("ends in 2031.", "2031"),
        ("15% more", "15"),
        ("IBM社が受注した", "IBM"),
        ("東京都は契約した", "東京都"),
        ("(DWP)", "DWP"),
    ],
)
def test_words_beside_other_signs_are_found(text: str, words: str) -> None:
    (found,) = Locator(text).find(words)
    assert text[found.start : found.end] == words


def test_all_places_are_given_in_order() -> None:
    text = "Acme won. Acmeville cheered. ‘Acme’ signed; ACME waits."
    assert [found.start for found in Locator(text).find("Acme")] == [0, 30]


def test_case_counts_as_long_as_a_place_in_the_right_case_exists() -> None:
    text = "it said IT\nspending; it said it\nspending"
    assert Locator(text).find("it spending") == [Located(29, 40, "normalised")]
    assert len(Locator(text).find("It Spending")) == 2


def test_excluded_ranges_hold_nothing() -> None:
    text = "Acme won the deal. Most read: Acme won\u00a0the prize"
    start = text.index("Most read")
    locator = Locator(text, [(start, len(text))])
    assert locator.find("Acme") == [Located(0, 4, "exact")]
    assert locator.find("acme won the") == [Located(0, 12, "normalised")]
    assert locator.find("won the prize") == []
    assert locator.find("deal. Most") == []
    assert not locator.allows(0, start + 1)
    assert locator.allows(0, start)


def test_an_invisible_excluded_range_does_not_part_a_quote() -> None:
    tags = "\U000e0049\U000e0067"
    text = f"Acme {tags}won it"
    start = text.index(tags)
    assert Locator(text, [(start, start + 2)]).find("Acme won") == [Located(0, start + 5, "normalised")]
    assert Locator(text, [(start, start + 3)]).find("Acme won") == []


def test_a_long_quote_with_slips_is_found_loosely() -> None:
    (start, end, match) = Locator(ARTICLE).find_fuzzy(
        "Norland Health Trusts has signed an £150.6m deal, its largest, with Brightwater System"
    ) or pytest.fail("not found")
    assert ARTICLE[start:end] == ARTICLE[: ARTICLE.index(".\n")]
    assert match == "fuzzy"


def test_a_loose_place_ends_with_whole_words() -> None:
    text = "Yesterday the committee approved the plan to replace every desktop in the county by spring."
    found = Locator(text).find_fuzzy("he commitee approved the plan to replace every desktop in the count")
    assert found is not None
    assert text[found.start : found.end] == ("the committee approved the plan to replace every desktop in the county")


@pytest.mark.parametrize(
    "words",
    [
        "a short slipp",
        "words that have nothing in common with anything that was written there",
        "Norland Health Trust has signed ... of\ufb01cials said",
        "",
    ],
)
def test_what_is_too_short_or_too_different_is_not_found_loosely(words: str) -> None:
    assert Locator(ARTICLE).find_fuzzy(words) is None


def test_nothing_is_found_loosely_in_an_excluded_range() -> None:
    slip = "procurement tooks two years, and end-user training"
    start = ARTICLE.index("procure")
    assert Locator(ARTICLE).find_fuzzy(slip) is not None
    assert Locator(ARTICLE, [(start, start + 30)]).find_fuzzy(slip) is None


# Characters that normalisation, boundaries or the map could trip over.
AWKWARD = st.sampled_from(
    [
        *"abAB1 2.,-–—'’“”\"£%()…ßİŉﬁ½\n\r\t\u00a0\u2028\u00ad\u200b\u202e\ufeff\ud800\x00",
        *("\u0301", "\u0323", "\u0344", "e\u0301", "가", "\u11a8", "\u1100", "¨", "ﷺ", "\U000e0041", "東"),
    ]
)
TEXTS = st.one_of(st.lists(AWKWARD, max_size=30).map("".join), st.text(max_size=30))


@given(TEXTS, TEXTS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=3))
def test_any_text_and_any_words_give_sound_places(text: str, words: str, excluded: list[tuple[int, int]]) -> None:
    locator = Locator(text, excluded)
    barred = {position for start, end in excluded for position in range(start, end)}
    last = 0
    for start, end, match in locator.find(words):
        assert last <= start < end <= len(text)
        last = end
        assert start not in barred
        assert end - 1 not in barred
        if match == "exact":
            assert text[start:end] == words.strip()
        assert normalise(text[start:end]) == normalise(words)


@given(TEXTS, st.data())
@example("a (-b) a", None)
def test_any_part_of_a_text_is_found_normalised_or_is_no_whole_word(text: str, data: st.DataObject | None) -> None:
    if data is None:
        words = text
    else:
        start = data.draw(st.integers(0, len(text)))
        words = text[start : data.draw(st.integers(start, len(text)))]
    for found in Locator(text).find(words.swapcase()):
        assert normalise(text[found.start : found.end]) == normalise(words.swapcase())


@given(TEXTS)
def test_normalising_twice_changes_nothing(words: str) -> None:
    once = normalise(words)
    assert normalise(once) == once


WORD = st.text("abcdefghijklmnopqrstuvwxyzé’ABC", min_size=2, max_size=9).filter(
    lambda word: word[0] != "’" and word[-1] != "’"
)


@given(st.lists(WORD, min_size=3, max_size=20), st.integers(0, 2**32))
def test_invisible_characters_and_line_breaks_lose_no_quote(sentence: list[str], seed: int) -> None:
    chance = random.Random(seed)
    quote = " ".join(sentence)

    def disturbed(word: str) -> str:
        at = chance.randrange(1, len(word))
        between = chance.choice(["", "\u00ad", "\u200b", "\u2060\u200d", "\U000e0061", "\ufe0f", "\u00ad\n"])
        if "\n" in between and not (word[at - 1].isalpha() and word[at].isalpha()):
            between = ""
        return word[:at] + between + word[at:]

    spaces = [" ", "\n", "\r\n", "  ", "\u00a0", " \u200b", "\t", "\u2028"]
    text = "Before it. " + "".join(disturbed(word) + chance.choice(spaces) for word in sentence) + "And after."
    assert Locator(text).find(quote), (quote, text)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@given(
    text=st.lists(st.sampled_from(["e", "a", "\u0301", "\u0323", "\u0308", "ộ", "ǟ", " ", "각"]), max_size=12).map(
        "".join
    )
)
def test_the_unicode_form_does_not_matter(form: str, text: str) -> None:
    assert normalise(unicodedata.normalize(form, text)) == normalise(text)  # type: ignore[arg-type]


@given(TEXTS, TEXTS)
def test_loose_search_never_fails_and_stays_inside_the_text(text: str, words: str) -> None:
    found = Locator(text * 4).find_fuzzy(words * 3, minimum=0.5)
    if found is not None:
        assert 0 <= found.start < found.end <= len(text) * 4


def test_a_long_run_of_spaces_or_dashes_is_read_in_linear_time() -> None:
    text = "Acme" + " " * 200_000 + "won" + "-" * 200_000 + "it"
    assert len(Locator(text).find("acme won-it")) == 0
    assert Locator(text).find("ACME WON") == [Located(0, 200_007, "normalised")]


@pytest.mark.parametrize("run", ["\xad", "\xad\u200b", "\u200b"])
def test_a_long_run_of_invisible_characters_is_read_in_linear_time(run: str) -> None:
    check_linear(lambda text: Locator(text).find("acme won"), "Acme" + run * 40_000, "\nwon")
    check_linear(lambda text: Locator(text).find("\u200b"), "Acme" + run * 40_000, "won")


def test_words_that_nobody_sees_stand_nowhere() -> None:
    assert Locator("Acme \u200b won").find("\u200b") == []
    assert Locator("Acme \u200bwon").find("\u200bwon") == [Located(5, 9, "exact")]


def test_what_was_found_is_the_callers_own() -> None:
    locator = Locator("Vega won. Vega paid.")
    locator.find("Vega").clear()
    assert [hit.start for hit in locator.find(" Vega ")] == [0, 10]
