"""Where an article states its own date: its dateline, or a line of its head or foot.

Three things tell it from the other dates of an article:

- words that say so ("Posted", "Issue of", "today (Friday 3 May 2019)");
- a line, a cell or a sentence that holds little besides ("Leeds, 11 August 2009");
- a name right before it, of a place or a paper, with a comma between ("The Ayle Times, 11 August 2009. Words by
  Jo Marsh."), or a line of the head that ends with it after a comma.

The head of a record of a meeting says when it sat. A season ("Spring 2019") is taken where there is nothing else; the
date of an earlier notice, to which this one refers, never is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from llm_extract.fields.base import Mention
from llm_extract.fields.date_words import SEASON
from llm_extract.fields.dates import DateField
from llm_extract.word_lists import word_set

_HEAD_LINES: Final = 6
_FOOT_LINES: Final = 6
_LABELLED_LINES: Final = 12
"""In how many lines from the top a date may stand that has a line to itself with its label: "Filed: 3 May 2019"."""
_TITLE_LINES: Final = 3
_LONGEST_LINE: Final = 400
_LONGEST_TITLE: Final = 140
_LONGEST_NAME: Final = 80
_MOST_BESIDE: Final = 60
"""How many characters may stand beside the date in a line of the head or the foot."""
_MOST_CELLS: Final = 4
"""A line with more of them is a row of a table."""

_YEAR_RANK: Final = 8
"""A season is taken where nothing else is a dateline."""

# What may stand in the name of a paper, in lower case, or between it and the name of the one who wrote.
_SMALL_WORDS: Final = word_set(
    "a an and at by de der des di du for from in interview issue no number of on the to und van volume von with edition"
    " newsletter magazine weekly monthly"
)


def find_dateline(text: str) -> Mention[str] | None:
    """The words that state an article's own date, to the day or the month; None if there are none.

    They stand in a line of its head or foot that says so ("Posted Nov. 5, 2021"), or that holds little besides
    ("Leeds, 11 August 2009", "The Ayle Times, June 2013"), or open its first sentence ("LEEDS, 11 August 2009 –
    The council …"). Words that say so win, then a day over a month, then the head over the foot.
    """
    lines = [(match.start(), match[0]) for match in re.finditer(r"[^\n]+", text) if not match[0].isspace()]
    foot = lines[max(_HEAD_LINES, len(lines) - _FOOT_LINES) :]
    foot = [(start + max(0, len(line) - _LONGEST_LINE), line[-_LONGEST_LINE:]) for start, line in foot]
    lines = [(start, line[:_LONGEST_LINE]) for start, line in lines]
    best: tuple[int, Mention[str]] | None = None
    for at_foot, part in ((False, lines[:_LABELLED_LINES]), (True, foot[::-1])):
        for number, (start, line) in enumerate(part):
            for mention in DateField().find(line):
                rank = _rank(line, mention, None if at_foot else number)
                if rank is not None and (best is None or rank < best[0]):
                    best = (rank, Mention(mention.start + start, mention.end + start, mention.words, mention.value))
    return None if best is None else best[1]


def _rank(line: str, mention: Mention[str], number: int | None) -> int | None:
    """How likely a date is the article's own, the lower the likelier; None if it is not.

    `number` is the line's, counted from the top; None for a line of the foot.
    """
    before, after = line[: mention.start], line[mention.end :].strip()
    if _refers().search(before):
        return None
    if len(mention.value) == len("2021"):
        return _YEAR_RANK + (number is None) if _is_season(before, mention.words, after) else None
    labelled = _published_before().search(before) is not None or _published_after().match(after) is not None
    if number is not None and number >= _HEAD_LINES and not re.fullmatch(r"\W*\w+\W{1,3}", before):
        return None  # a label alone with its date
    if not labelled:
        if _other_before().search(before) or not _stands_apart(before, after, mention.value, number):
            return None
    return 4 * (not labelled) + 2 * (len(mention.value) == len("2021-12")) + (number is None)


def _stands_apart(before: str, after: str, value: str, number: int | None) -> bool:
    """Whether a date without a label has a line, a cell of one or a sentence to itself, or opens an article."""
    cells = re.split(r"[|•*]", before)
    cell = cells[-1].strip()
    if len(cell) + len(re.split(r"[|•*]", after)[0]) <= _MOST_BESIDE:
        return len(cells) + after.count("|") <= _MOST_CELLS
    if after in ("", ".") and re.fullmatch(r"(?:.*[.!?]\s+)?(?:week\s(?:ending|to)\s+)?", before, re.IGNORECASE):
        return True
    if after == ")" and re.search(r"[.!?]['\"”’]?\s+\(\Z", before):
        return True
    sentence = re.split(r"(?<=[\w)][.!?])['\"”’]?\s+", cell)[-1]
    if number is None or after in ("", "."):
        if _names_a_paper(sentence) and re.match(r"[).;]|\Z", after.lstrip("*")):
            return True
    if number is None:
        return False
    if number < _TITLE_LINES and not after and before.endswith(", ") and sentence == cell:
        return len(before) <= _LONGEST_TITLE
    if _minutes().match(before) or (len(after) <= _MOST_BESIDE and _of_meeting().fullmatch(before)):
        return True
    if len(cell) > _MOST_BESIDE or len(value) < len("2021-12-31"):
        return False
    short = len(cell) <= _MOST_BESIDE // 2 or _names_a_paper(cell)
    opening = (
        r"[().:–—/-](?!\w)|[(/]|,\s[0-2]?[0-9][.:][0-5][0-9](?![0-9])" if short else r"(?:\)|\([^)]{1,60}\))\s*[-–—:]"
    )
    return re.match(opening, after) is not None


def _names_a_paper(words: str) -> bool:
    """Whether words that end in a comma are names, of papers, writers and places: nothing is said of them."""
    name = words.strip(" –—-(")
    if not name.endswith(",") or len(name) > _LONGEST_NAME:
        return False
    return all(word in _SMALL_WORDS or not word[0].islower() for word in re.findall(r"[^\W_][\w'’.-]*", name))


@cache
def _minutes() -> re.Pattern[str]:
    return re.compile(
        r"(?:extracts?\sfrom\s(?:the\s)?)?(?:(?:draft|unrevised|unconfirmed|confirmed|approved)\s)?minutes\sof\b",
        re.IGNORECASE,
    )


@cache
def _of_meeting() -> re.Pattern[str]:
    """ "Regular meeting of the Town Board, held at Grange Hall on": the head of a record says when it sat."""
    return re.compile(
        r"(?:[^.;]{0,60}:\s)?(?:(?:decisions|notes|record|proceedings|report)\s(?:of|from)\s(?:the\s|an?\s)?)?"
        r"(?:(?:regular|ordinary|special|annual|extraordinary|public|monthly|council|board|committee|\w+['’]s)\s){0,3}"
        r"(?:meeting|sitting|session)(?![^\W_])[^.;:]{0,100}?(?:(?:\sof|\son|,|\sheld)\s)",
        re.IGNORECASE,
    )


@cache
def _refers() -> re.Pattern[str]:
    """What tells of an earlier notice, whose date follows: "Original notice: 12 of", "with reference to ours"."""
    return re.compile(
        r"(?<![^\W_])(?:original(?:ly)?(?=\s(?:notice|tender|advertisement|version|published|posted|issued))"
        r"|refer(?:s|ring)(?=\sto)|reference(?!\s?(?:no\b|number|[:#.|-]))|corrects|amends|supersedes|replaces)(?![^\W_])"
        r"[^.;|]*\Z",
        re.IGNORECASE,
    )


def _is_season(before: str, words: str, after: str) -> bool:
    """Whether a line is "Spring 2019", alone or after the name of a paper."""
    if re.match(SEASON, words, re.IGNORECASE) is None or after not in ("", "."):
        return False
    return not before.strip() or (len(before) <= _LONGEST_NAME and _names_a_paper(before))


@cache
def _published_before() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?<!be\s)(?:publish(?:ed)?|posted|filed|publication|dispatch(?:\sof\sthis\snotice)?|advertised"
        r"|issued|tabled|circulated|(?:announcement|publication|release)\sdate|date\sof\s(?:issue|publication|release)|(?:on|to)\sthe\swebsite|updated|our\sissue|\A(?:this\s\w+\sis\s)?dated)(?![^\W_])"
        r"[^.;]{0,60}\Z"
        # These stand right before it.
        r"|(?:(?<![^\W_])(?:(?:issue|edition)\sof|issue\s[0-9]{1,5},|this\sone:|released:?|went\sout\son|today,?\s\(|ends/)"
        r"|(?:\A|\s{2}|[|•]\s?)(?:date:|dated(?:\sthe)?))\s{0,2}(?:\w+day,?\s)?\Z",
        re.IGNORECASE,
    )


@cache
def _published_after() -> re.Pattern[str]:
    """ "This column appeared in the May 2007 number of …"."""
    return re.compile(r"(?:number|issue|edition)\sof(?![^\W_])", re.IGNORECASE)


@cache
def _other_before() -> re.Pattern[str]:
    """What dates something else: a term, a deadline, a decision."""
    return re.compile(
        r"(?<![^\W_])(?:from|until|till|by|since|before|after|between|through|(?<!week\s)to|ends?|ended|closes"
        r"|closing\sdate|deadline|executed|approved(?:\s[^.;]{0,40})?|commencement|starts?|expires|due"
        r"|termination|expiry|completion|event\sreported|signed(?:\s(?:in|at)\s[^.;]{0,40})?)"
        r"\W*(?:on\W+|(?:the\W+)?\w+day\W+)?\Z",
        re.IGNORECASE,
    )
