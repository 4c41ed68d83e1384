"""A copy is found, and no article that says something else is taken for one."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.batch.copies import SKETCH, folded, similarity_of_copy, sketch_of, words_of
from llm_extract.batch.duplicates import Clash, Copy, Duplicates
from tests.batch.wire import LOCAL, PARAGRAPHS, WIRE, article, notices

LOCAL_COLOUR = (
    "People on the quays welcomed the news. The fishermen have long shared their pier with visitors, and many of them "
    "remember the wooden hut in which tickets were sold by hand."
)
"""A paragraph that a newspaper added, and that names nobody."""

FORM = (
    "The authority ran an open procedure for the provision of a managed service to its schools and offices. Bids were "
    "judged on quality and price by a panel of officers and head teachers, who met over several weeks in the spring. "
    "All bidders are told the result within 30 days. The service covers a help desk, network support, on-site "
    "engineers and the replacement of ageing equipment. Staff who now work for the authority will transfer under "
    "existing terms. Councillors were told that the arrangement would save money and improve reliability for teachers "
    "and pupils alike. Further details are available from the procurement team at the town hall on weekdays."
)
"""What all reports of one authority say below their headlines."""


def second(text: str, first: str = WIRE) -> Copy | Clash | None:
    duplicates = Duplicates(None)
    assert duplicates.seen("first", first) is None
    return duplicates.seen("second", text)


# -- exact copies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: " ".join(text.split()),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("'", "’").replace(",", " –"),
        lambda text: text.replace("fi", "ﬁ").replace(" ", "\u00a0"),
        lambda text: text.replace("board", "bo\u00adard").replace("pier", "\u200bpier"),
    ],
    ids=["case", "flat", "line ends", "punctuation", "compatibility", "invisible"],
)
def test_the_same_words_are_the_same_text(change: Callable[[str], str]) -> None:
    """Row 31: the same text under two ids."""
    assert change(WIRE) != WIRE
    assert second(change(WIRE)) == Copy("first", "exact", 1.0)


def test_a_short_text_has_exact_copies_only() -> None:
    assert second("Board meets on Monday!", "Board meets on Monday") == Copy("first", "exact", 1.0)
    assert second("Board meets on Tuesday", "Board meets on Monday") is None


def test_texts_without_a_word_are_compared_as_they_are() -> None:
    assert second("…", "— —") is None
    assert second("…", "…") == Copy("first", "exact", 1.0)


def test_accents_and_scripts_count() -> None:
    assert second("Übergabe der Fähre", "ÜBERGABE DER FÄHRE") == Copy("first", "exact", 1.0)
    assert second("U\u0308bergabe", "Übergabe") == Copy("first", "exact", 1.0)
    assert second("Ubergabe", "Übergabe") is None
    assert second("契約が締結された", "契約は解除された") is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_a_copy_of_itself_and_no_text_stops_the_run(first: str, other: str) -> None:
    duplicates = Duplicates(None)
    assert duplicates.seen("a", first) is None
    assert duplicates.seen("b", first) == Copy("a", "exact", 1.0)
    assert duplicates.seen("c", other) in (None, Copy("a", "exact", 1.0))


# -- near copies -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "copy",
    [
        article(*PARAGRAPHS, headline="New machines for the ferry piers", byline="Tobias Fenn · 6 March 2019 14:30"),
        article(*PARAGRAPHS, byline="Tobias Fenn, Stennick Mail"),
        article(*PARAGRAPHS[:3]),
        article(*PARAGRAPHS[:2], *PARAGRAPHS[3:]),
        article(*PARAGRAPHS[:4], LOCAL_COLOUR),
        article(*PARAGRAPHS[:2], LOCAL_COLOUR, *PARAGRAPHS[2:]),
        article(*PARAGRAPHS[:4], LOCAL_COLOUR, headline="Ferries get new tickets", byline="From our correspondent"),
        "\n\n".join(PARAGRAPHS),
        article(*PARAGRAPHS, headline="Velloran wins €12.4 million ferry deal: what changes on Monday"),
        article(*PARAGRAPHS, byline="Tobias Fenn · Corley Gazette · 2019-03-06"),
        article(*PARAGRAPHS, byline="By TOBIAS FENN, Staff Reporter\nPublished: Wednesday 6 March 2019, 2:30pm"),
        article(*PARAGRAPHS, "(Reporting by Tobias Fenn; editing by Ada Wren)"),
        article(*PARAGRAPHS, "Reuters"),
        "STENNICK, March 4 (Reuters) - " + "\n\n".join(PARAGRAPHS),
        article("Sign up below for the weekly newsletter of this paper.", *PARAGRAPHS),
    ],
    ids=[
        "head",
        "byline",
        "cut",
        "paragraph left out",
        "local end",
        "local inside",
        "all of it",
        "no head",
        "known names and sum",
        "outlet",
        "byline and day",
        "credits",
        "agency",
        "dateline",
        "newsletter",
    ],
)
def test_a_wire_copy_is_found(copy: str) -> None:
    found = second(copy)
    assert isinstance(found, Copy)
    assert (found.of, found.match) == ("first", "near")
    assert 0.75 <= found.similarity <= 1


@pytest.mark.parametrize(
    "other",
    [
        WIRE.replace("12.4 million", "12.9 million"),
        WIRE.replace("five years", "six years"),
        WIRE.replace("begins in June", "begins in July"),
        WIRE.replace("has chosen Velloran", "has chosen Castrel").replace(
            "takes over from Castrel", "takes over from Tarn"
        ),
        WIRE.replace("Stennick Harbour Board", "Corley Harbour Board"),
        WIRE.replace("has chosen", "has not chosen"),
        WIRE.replace("price had not decided", "price had decided"),
        article(*PARAGRAPHS, "Apart from that the board has bought a dredger for 2.2 million euros."),
        article(
            "In other news, the board has dismissed its director.",
            PARAGRAPHS[0].replace("Velloran", "Osmer"),
            *PARAGRAPHS[1:],
        ),
        article(*PARAGRAPHS, headline="Castrel sues over ticketing for 900,000 euros"),
        article(*PARAGRAPHS[:4], LOCAL),
        article(*PARAGRAPHS, "Separately, the board has chosen Halden to run its cafés under a ten-year contract."),
        article(*PARAGRAPHS, "Apart from that the board has chosen a baker for its cafés under a ten-year contract."),
        article(*PARAGRAPHS, "Velloran also looks after the car parks of the airport."),
        article(*PARAGRAPHS[:2], "Halden is to run the cafés on the piers.", *PARAGRAPHS[2:]),
        article(*PARAGRAPHS, byline="Tobias Fenn · Halden Foods plc · 6 March 2019"),
    ],
    ids=[
        "sum",
        "term",
        "start",
        "supplier",
        "buyer",
        "not",
        "no not",
        "another deal",
        "another lead",
        "sum in headline",
        "another place",
        "another supplier",
        "another term",
        "known supplier",
        "supplier first",
        "body in byline",
    ],
)
def test_an_article_that_says_something_else_is_none(other: str) -> None:
    assert other != WIRE
    assert second(other) is None


HEADLINE_OF_FORM = "Northgate wins £45 million Leeds schools deal"


@pytest.mark.parametrize(
    ("first", "head"),
    [
        (HEADLINE_OF_FORM, "Halden wins £30 million Bradford schools deal"),
        (HEADLINE_OF_FORM, "Northgate wins £30 million Leeds schools deal"),
        (HEADLINE_OF_FORM, "Northgate wins £7 million Leeds schools deal"),
        (HEADLINE_OF_FORM, "Northgate wins £45 billion Leeds schools deal"),
        (HEADLINE_OF_FORM, "Northgate wins seven-year Leeds schools deal"),
        (HEADLINE_OF_FORM, "Halden is to run the schools"),
        (HEADLINE_OF_FORM, "halden picked for bradford schools"),
        (HEADLINE_OF_FORM, "Northgate wins £45 million Leeds libraries deal"),
        (HEADLINE_OF_FORM, "Contract award notice\nBuyer: Kirklees Council\nSupplier: Osmer plc\nValue: £12 million"),
        ("Award notice\nSupplier: Northgate Ltd\nBuyer: Leeds", "Award notice\nSupplier: Halden plc\nBuyer: Bradford"),
        ("Award notice\nLot: catering", "Award notice\nLot: cleaning"),
        ("Award notice\nStarts: 4 March 2019", "Award notice\nStarts: 6 April 2019"),
        ("Award notice\nNorthgate Catering Ltd", "Award notice\nHalden Foods plc"),
        ("Award notice\nNorthgate Foods\nLeeds", "Award notice\nHalden Foods\nBradford"),
        ("Award notice\nNorthgate Foods 4 March 2019", "Award notice\nHalden Foods 6 March 2019"),
        ("Award notice\nNorthgate, 4 March 2019", "Award notice\nHalden, 6 March 2019"),
        ("Award notice\nAwarded by Leeds on 4 March 2019", "Award notice\nAwarded by Bradford on 6 March 2019"),
    ],
)
def test_reports_that_differ_in_their_heads_alone_are_different_articles(first: str, head: str) -> None:
    """A form's entries stand above words that are the same for all: their headlines are all that tells."""
    assert second(f"{head}\n{FORM}", f"{first}\n{FORM}") is None


def test_a_headline_that_says_less_is_another_headline() -> None:
    assert isinstance(second(f"New supplier for schools\n{FORM}", f"{HEADLINE_OF_FORM}\n{FORM}"), Copy)


@pytest.mark.parametrize("alter", [str.lower, str.upper], ids=["lower", "upper"])
def test_where_capitals_tell_no_names_every_new_word_may_be_one(alter: Callable[[str], str]) -> None:
    assert second(alter(article(*PARAGRAPHS, LOCAL_COLOUR)), alter(WIRE)) is None
    assert isinstance(second(alter(article(*PARAGRAPHS[:4])), alter(WIRE)), Copy)


def test_the_longer_article_is_no_copy_of_the_shorter() -> None:
    """What was cut from the shorter may be what is wanted."""
    assert second(WIRE, article(*PARAGRAPHS[:2])) is None


def test_an_item_is_no_copy_of_the_digest_that_contains_it() -> None:
    digest = "\n\n".join([*(f"{LOCAL} {number * 'more '}words." for number in range(12)), *PARAGRAPHS[:2]])
    assert second(article(*PARAGRAPHS[:2]), digest) is None


def test_notices_of_one_template_are_different_articles() -> None:
    duplicates = Duplicates(None)
    texts = list(dict.fromkeys(notices(200)))
    assert [duplicates.seen(str(number), text) for number, text in enumerate(texts)] == [None] * len(texts)
    cut = texts[150].replace("the law on modern slavery", "the law on modern slavery and on slave labour")
    assert duplicates.seen("exact", texts[150]) == Copy("150", "exact", 1.0)
    assert duplicates.seen("edited", cut) is None


@pytest.mark.parametrize("task", ["it_contracts", "appointments"])
def test_no_two_gold_articles_are_copies(task: str) -> None:
    """Articles about one story, or of one form, are not one article."""
    folder = Path(__file__).parents[2] / "evals" / task / "articles"
    duplicates = Duplicates(None)
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}
    assert len(texts) > 10
    assert {name: found for name, text in texts.items() if (found := duplicates.seen(name, text))} == {}


# -- folding and sketching ---------------------------------------------------------------------------

SIGNS = "aSs é\u0301ﬁİßµΣ½’“–£\u200b\u00ad\u1100\u1161각ａ１契 .,\n\r\t-_9"


@given(st.text(st.one_of(st.sampled_from(SIGNS), st.characters())))
def test_folding_takes_no_short_cut_that_shows(text: str) -> None:
    """Texts without letters beyond ASCII are not normalised, and signs are taken out all at once."""
    words = words_of(text)
    assert folded(text) == b" ".join(words)
    assert words == words_of(unicodedata.normalize("NFKC", text))
    signs = "".join(c if c.isascii() else " " if words_of(f"a{c}a") == [b"a", b"a"] else c for c in text)
    assert words == words_of(signs)


VOCABULARY = [f"{first}{rest}" for first in "abcdefghijklmnoprstuvw" for rest in ("a", "en", "oril", "urtasi", "elbo")]


@pytest.mark.parametrize("alphabet", ["latin", "greek"])
def test_texts_that_share_most_runs_meet(alphabet: str) -> None:
    """Half of a long text cut away, 200 times: the probability is above 0.95 where it should be 0.98."""
    chance = random.Random(1)
    met = 0
    for _ in range(200):
        words = chance.choices(VOCABULARY, k=400)
        if alphabet == "greek":
            words = [word.translate({code: code + 0x350 for code in range(97, 123)}) for word in words]
        start = chance.randrange(200)
        whole, half = sketch_of(folded(" ".join(words))), sketch_of(folded(" ".join(words[start : start + 200])))
        assert len(whole) == SKETCH
        met += not set(whole).isdisjoint(half)
    assert met > 190


@given(st.lists(st.sampled_from("abcde"), min_size=40, max_size=90), st.data())
def test_what_is_found_quickly_is_true(letters: list[str], data: st.DataObject) -> None:
    """Where nearly all words are the same, only whole runs tell."""
    place, length = data.draw(st.tuples(st.integers(0, len(letters)), st.integers(0, 20)))
    text = " ".join(letters[:place] + letters[place + length :])
    original, copy = folded(" ".join(letters)), folded(text)
    runs, theirs = (
        [tuple(words[i : i + 5]) for i in range(len(words) - 4)] for words in (copy.split(), original.split())
    )
    found = similarity_of_copy(original, copy, text)
    share = sum(run in theirs for run in runs) / len(runs) if runs else 0
    assert found in (None, share)
    if (
        length >= 8
        and place + length + 5 <= len(letters)
        and place >= 5
        and len(set(theirs)) == len(theirs)
        and not any(run in theirs for run in runs[place - 4 : place])
        and share >= 0.75
    ):
        assert found == share  # a passage was cut, and nothing else done; no run over the cut stands elsewhere


def test_a_footer_that_all_articles_share_hides_no_copy() -> None:
    chance = random.Random(2)
    footer = " ".join(chance.choices(VOCABULARY, k=150)).capitalize() + "."
    texts = [" ".join(chance.choices(VOCABULARY, k=300)).capitalize() + ".\n\n" + footer for _ in range(40)]
    duplicates = Duplicates(None)
    assert [duplicates.seen(str(number), text) for number, text in enumerate(texts)] == [None] * 40
    found = [duplicates.seen(f"copy {number}", f"A headline of our own\n\n{text}") for number, text in enumerate(texts)]
    assert [copy.of for copy in found if isinstance(copy, Copy)] == [str(number) for number in range(40)]
