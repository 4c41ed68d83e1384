"""Where an article states its own date: its dateline, or a line of its head or foot.

Three things tell it from the other dates of an article:

- words that say so ("Posted", "Issue of", "today (Friday 3 May 2019)");
- a line, a cell or a sentence that holds little besides ("Leeds, 11 August 2009");
- a name right before it, of a place or a paper, with a comma between ("The Ayle Times, 11 August 2009. Words by
  Jo Marsh."), or a line of the head that ends with it after a comma.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from llm_extract.fields.base import Mention
from llm_extract.fields.dates import DateField
from llm_extract.fields.text import word_set

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

# What may stand in the name of a paper, in lower case, or between it and the name of the one who wrote.
_SMALL_WORDS: Final = word_set(
    "a an and at by de der des di du for from in interview issue no number of on the to und van volume von with edition"
)


def find_dateline(text: str) -> Mention[str] | None:
    """The words that state an article's own date, to the day or the month; None if there are none.

    They stand in a line of its head or foot that says so ("Posted Nov. 5, 2021"), or that holds little besides
    ("Leeds, 11 August 2009", "The Ayle Times, June 2013"), or open its first sentence ("LEEDS, 11 August 2009 –
    The council …"). Words that say so win, then a day over a month, then the head over the foot.
    """
    lines = [(match.start(), match[0][:_LONGEST_LINE]) for match in re.finditer(r"[^\n]*\S[^\n]*", text)]
    foot = lines[max(_HEAD_LINES, len(lines) - _FOOT_LINES) :]
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
    if len(mention.value) == len("2021"):
        return None
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
    if _minutes().match(before):
        return True
    if len(cell) > _MOST_BESIDE or len(value) < len("2021-12-31"):
        return False
    short = len(cell) <= _MOST_BESIDE // 2 or _names_a_paper(cell)
    opening = r"[().:–—/-](?!\w)|[(/]" if short else r"(?:\)|\([^)]{1,60}\))\s*[-–—:]"
    return re.match(opening, after) is not None


def _names_a_paper(words: str) -> bool:
    """Whether words that end in a comma are names, of papers, writers and places: nothing is said of them."""
    name = words.strip(" –—-(")
    if not name.endswith(",") or len(name) > _LONGEST_NAME:
        return False
    return all(word in _SMALL_WORDS or not word[0].islower() for word in re.findall(r"[^\W_][\w'’.-]*", name))


@cache
def _minutes() -> re.Pattern[str]:
    return re.compile(r"(?:(?:draft|unrevised|unconfirmed|confirmed|approved)\s)?minutes\sof\b", re.IGNORECASE)


@cache
def _published_before() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?<!be\s)(?:publish(?:ed)?|posted|filed|publication|dispatch(?:\sof\sthis\snotice)?|advertised"
        r"|issued|tabled|(?:on|to)\sthe\swebsite|updated|our\sissue|\A(?:this\s\w+\sis\s)?dated)(?![^\W_])"
        r"[^.;]{0,60}\Z"
        # These stand right before it.
        r"|(?:(?<![^\W_])(?:(?:issue|edition)\sof|this\sone:|released:?|went\sout\son|today,?\s\(|ends/)"
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
