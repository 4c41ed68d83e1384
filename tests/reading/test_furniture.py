"""Page furniture is dropped where it is certain; an article's own words never are."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.ranges import without
from llm_extract.reading.furniture import _FIRST_WORDS, _HEADINGS, _PHRASES, _kind, _suspects, find_furniture

LEAD = (
    "Harrow Vale council has handed its service desk to Pinecrest Digital, which will answer calls from about"
    " 3,100 staff in schools, depots and offices from the first week of September."
)
SECOND = "Officers told the cabinet that the agreement is worth £4.6m over five years and may be extended by two."
THIRD = "The incumbent, Lowfield IT, did not bid. “We wish the council well,” a spokesman said."
LONG = " ".join(
    ["The council’s finance chief told members that the switch would take nine months and cost little more."] * 4
)
BODY = f"{LEAD}\n\n{SECOND}\n\n{THIRD}"


def kept(text: str) -> str:
    return without(text, find_furniture(text))


class TestLines:
    @pytest.mark.parametrize(
        "line",
        [
            "Share this page",
            "SHARE THIS ARTICLE:",
            "Share on Facebook",
            "Share this on Twitter, Facebook or LinkedIn",
            "Leave a Reply",
            "Leave a Reply Cancel reply",
            "Your email address will not be published. Required fields are marked *",
            "Please login to post a comment or register for a free account",
            "Please log in or subscribe to read more",
            "You must be logged in to post a comment.",
            "Log in to comment",
            "Comments (14)",
            "3 comments",
            "No comments yet",
            "Subscribe to our newsletter",
            "Subscribe to our weekly newsletter for more stories like this",
            "Sign up",
            "Sign up to our free daily briefing",
            "Get the latest local news straight to your inbox",
            "Enter your email address",
            "We use cookies to make this site work. By clicking accept you agree to their use.",
            "This website uses cookies to improve your experience.",
            "By continuing to browse this site you agree to our use of cookies.",
            "Accept all cookies",
            "Advertisement",
            "- Advertisement -",
            "Article continues below advertisement",
            "Most read",
            "## Related articles",
            "More from Harrow Vale Gazette",
            "Picture credit: Ada Wren",
            "Image: Getty Images",
            "Photograph: Ada Wren/Vale Pictures",
            "Image source, Getty Images",
            "This article is more than 3 years old",
            "This article is more than one year old",
            "Read more",
            "Read more: Lowfield IT leaves the county",
            "See also: Pinecrest opens an office",
            "More about this story",
            "More about",
            "Send us news",
            "Got a story? Email the newsdesk",
            "Follow us on Twitter @harrowvale",
            "Skip to main content",
            "Back to top",
            "Privacy policy",
            "• Share via email",
            "Print this page →",
        ],
    )
    def test_that_are_a_known_phrase_are_dropped(self, line: str) -> None:
        assert kept(f"{LEAD}\n\n{line}\n\n{SECOND}\n\n{THIRD}") == BODY
        assert kept(f"{LEAD}\r\n{line}\r\n{SECOND}") == f"{LEAD}\r\n{SECOND}"
        assert kept(f"{line}\n{BODY}") == BODY
        assert kept(f"{BODY}\n\n{line}") == f"{BODY}\n\n"

    @pytest.mark.parametrize(
        "line",
        [
            "Residents were asked to share this page with their neighbours.",
            "Share prices rose by 4 per cent.",
            "Share of the market: 14 per cent",
            "Subscribe to the framework and suppliers must pay a levy, the notice says.",
            "Subscribers will move to the new platform in May.",
            "We use cookie-cutter processes, the auditor wrote.",
            "By using its own staff the council saved £2m on cookies and tea.",
            "By continuing the contract the council pays Lowfield IT £1m more.",
            "Most read the notice only after it had closed.",
            "Advertisement spending is not part of the deal.",
            "Related articles of the contract were struck out.",
            "More from the budget will go to Pinecrest than planned.",
            "More about the money came out on Friday.",
            "More than 3,100 staff will be served.",
            "Read more than one bid and the pattern is clear.",
            "Image: Pinecrest’s new data centre, which it will run for the council under a £4m deal.",
            "Image processing is part of the contract: Pinecrest will scan 2m pages.",
            "Picture archives will move to Pinecrest’s servers.",
            "Sign up for the framework closes on 3 May.",
            "Log in to any terminal and the new desktop appears.",
            "You must be registered to bid.",
            "Please register an interest by 3 May to be considered for the work.",
            "Follow us into the cloud, said the minister.",
            "3 comments were received during the consultation.",
            "Comments were mixed.",
            "This contract is more than 3 years old.",
            "Got a better price, the council signed.",
            "Recommended suppliers were Pinecrest and Lowfield.",
            "Latest from the inquiry: Lowfield was overpaid.",
            "Send us bills for what you did, the council told Lowfield.",
            "Save the date, bidders were told.",
            "Trending upwards, costs reached £3m.",
        ],
    )
    def test_that_only_mention_such_words_are_kept(self, line: str) -> None:
        text = f"{LEAD}\n\n{line}\n\n{SECOND}"
        assert find_furniture(text) == ()

    def test_are_told_in_any_case_and_with_spaces_around(self) -> None:
        text = f"{LEAD}\n   rEAD MORE...   \n\n\n{SECOND}"
        assert kept(text) == f"{LEAD}\n{SECOND}"

    def test_next_to_each_other_are_one_range(self) -> None:
        text = f"{LEAD}\n\nAdvertisement\n\nRead more\nShare\n{SECOND}"
        assert len(find_furniture(text)) == 1
        assert kept(text) == f"{LEAD}\n\n{SECOND}"


TEASER_LISTS = {
    "headlines": "Related articles\nLowfield IT leaves\nPinecrest opens\nTen desks, ten schools",
    "headlines with empty lines": "Related content\n\nLowfield IT leaves\n\nPinecrest opens\n",
    "one headline": "Related story\n\nLowfield IT leaves after £9m deal",
    "headlines with dates": (
        "Other stories you might like\n\nLowfield IT leaves\n3 March 2021\n\nPinecrest opens\n12 May 2020\n"
    ),
    "headlines with ages": "Most read\nLowfield IT leaves\n2 days ago\nPinecrest opens\n5 hours ago",
    "headlines with summaries": (
        "You may also like\n\nLowfield IT leaves\nThe supplier loses a £9m deal.\n\n"
        "Pinecrest opens\nForty people will work there.\n"
    ),
    "headlines with dates and summaries": (
        "More from Vale Gazette\n\nLowfield IT leaves\n3 March 2021\nThe supplier loses a £9m deal.\n\n"
        "Pinecrest opens\n12 May 2020\nForty people will work there.\n"
    ),
    "one headline with date and summary": (
        "Recommended\n\nLowfield IT leaves\n3 March 2021\nThe supplier loses a £9m deal.\n"
    ),
    "summaries cut off": "Read next\nLowfield leaves\nThe supplier loses a deal after a…\nPinecrest opens...",
    "questions": "Recommended for you\nIs the cloud worth £5m?\nWho runs the desks now?",
    "numbered": "Most popular\n1. Lowfield IT leaves\n2. Pinecrest opens\n3. Desks for schools",
    "bylines": (
        "Latest stories\n\nNews\nLowfield IT leaves\nAda Wren | 3 March 2021\n\n"
        "News\nPinecrest opens\nTom Hale | 12 May 2020\n"
    ),
    "several headings": "Related\nLowfield IT leaves\nMost read\nPinecrest opens\nSubscribe now",
    "comment prompts after": "Trending now\nLowfield leaves\nLeave a Reply\nLog in to comment",
    "quoted": "Similar articles\n‘We will not pay £9m twice’\n“A desk is a desk”\nPinecrest opens",
    "heading alone": "Related articles",
}


class TestTeaserLists:
    @pytest.mark.parametrize("block", TEASER_LISTS.values(), ids=TEASER_LISTS)
    def test_are_dropped_to_the_end_of_the_text(self, block: str) -> None:
        assert kept(f"{BODY}\n\n{block}") == f"{BODY}\n\n"

    @pytest.mark.parametrize("block", TEASER_LISTS.values(), ids=TEASER_LISTS)
    def test_in_the_middle_of_an_article_lose_no_paragraph_of_it(self, block: str) -> None:
        for rest in (LONG, f"{SECOND}\n\n{THIRD}", f"{SECOND}\n{THIRD}\n{SECOND}"):
            remains = kept(f"{LEAD}\n\n{block}\n\n{rest}")
            assert remains.startswith(f"{LEAD}\n\n")
            assert remains.endswith(rest)
            assert block.splitlines()[0] not in remains

    @pytest.mark.parametrize(
        "rest",
        [
            "It will be reviewed by the cabinet in 2025.",
            "Lowfield IT leaves the county\n\nThe council said it would review the deal in 2025.",
            "Lowfield IT leaves\nPinecrest opens\n\nThe council said it would review the deal.",
            # Wrapped lines
            "The council said that it would review the deal\nand that no further payment had been agreed",
        ],
    )
    def test_that_may_end_with_the_article_are_not_dropped(self, rest: str) -> None:
        assert kept(f"{BODY}\n\nRelated content\n\n{rest}") == f"{BODY}\n\n{rest}"

    def test_without_an_article_before_them_are_not_dropped(self) -> None:
        text = "Latest news\nPinecrest wins £4m desk deal\nLowfield leaves the county"
        assert kept(text) == "Pinecrest wins £4m desk deal\nLowfield leaves the county"

    def test_before_an_article_lose_only_their_heading(self) -> None:
        text = f"Most read\nPinecrest opens in Leeds\n\n{BODY}\n\n{LONG}"
        assert kept(text) == f"Pinecrest opens in Leeds\n\n{BODY}\n\n{LONG}"

    def test_longer_than_the_article_are_not_dropped_with_their_paragraphs(self) -> None:
        sections = "\n\n".join(
            f"Lot {n}\nPinecrest will supply the schools of ward {n} for £{n}m under a deal of four years."
            for n in range(1, 9)
        )
        assert kept(f"{BODY}\n\nRelated content\n\n{sections}") == f"{BODY}\n\n{sections}"

    def test_leave_the_copyright_line_under_them(self) -> None:
        text = f"{BODY}\n\nRelated articles\nLowfield leaves the county\n\n© 2021 Harrow Vale Gazette"
        assert kept(text) == f"{BODY}\n\n© 2021 Harrow Vale Gazette"


@given(st.lists(st.sampled_from([LEAD, SECOND, THIRD, LONG, ""]), min_size=1).map("\n".join))
def test_an_article_without_furniture_keeps_every_line(text: str) -> None:
    assert find_furniture(text) == ()


def test_a_very_long_page_takes_linear_time() -> None:
    page = f"{LEAD}\n" + "Related articles\nLowfield IT leaves\nRead more\n" * 30_000
    start = time.process_time()
    assert find_furniture(page)
    assert time.process_time() - start < 5


LINES = st.lists(
    st.one_of(
        st.sampled_from(sorted(_PHRASES | _HEADINGS)),
        st.sampled_from(
            [*sorted(_FIRST_WORDS), "12 comments", "Comments (3)", "“Share", "\u00a0Share", "MORE FROM", "Σhare"]
        ),
        st.sampled_from([*" :>»\t\u00a0*-(),.'", "this", "on", "Facebook", "credit:", "us", "the Harbour Times"]),
        st.text(max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@given(LINES, st.sampled_from([str, str.upper, str.title]), st.sampled_from(["", " "]))
def test_no_line_of_furniture_is_passed_over(parts: list[str], case: Callable[[str], str], between: str) -> None:
    """Its first word alone says of most lines that they are none."""
    line = case(between.join(parts)).replace("\n", " ")
    assert not _kind(line) or len(line) > 300 or _suspects([line]) == [line]
