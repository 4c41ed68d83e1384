"""Where an article states its own date: its dateline, or a line of its head or foot."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from llm_extract.fields.base import Mention
from llm_extract.fields.dates import DateField

_HEAD_LINES: Final = 6
_FOOT_LINES: Final = 6
_LONGEST_LINE: Final = 400
_MOST_BESIDE: Final = 60
"""How many characters may stand beside the date in a line of the head or the foot."""


def find_dateline(text: str) -> Mention[str] | None:
    """The words that state an article's own date, to the day or the month; None if there are none.

    They stand in a line of its head or foot that says so ("Posted Nov. 5, 2021"), or that holds little besides
    ("Leeds, 11 August 2009", "The Ayle Times, June 2013"), or open its first sentence ("LEEDS, 11 August 2009 –
    The council …"). Words that say so win, then a day over a month, then the head over the foot.
    """
    lines = [(match.start(), match[0][:_LONGEST_LINE]) for match in re.finditer(r"[^\n]*\S[^\n]*", text)]
    foot = lines[max(_HEAD_LINES, len(lines) - _FOOT_LINES) :]
    best: tuple[int, Mention[str]] | None = None
    for at_foot, part in ((False, lines[:_HEAD_LINES]), (True, foot[::-1])):
        for start, line in part:
            for mention in DateField().find(line):
                rank = _rank(line, mention, at_foot)
                if rank is not None and (best is None or rank < best[0]):
                    best = (rank, Mention(mention.start + start, mention.end + start, mention.words, mention.value))
    return None if best is None else best[1]


def _rank(line: str, mention: Mention[str], at_foot: bool) -> int | None:
    """How likely a date is the article's own, the lower the likelier; None if it is not."""
    before, after = line[: mention.start], line[mention.end :].strip()
    if len(mention.value) == len("2021"):
        return None
    labelled = _published_before().search(before) is not None
    if not labelled and (_other_before().search(before) or not _stands_apart(before, after, mention.value, at_foot)):
        return None
    return 4 * (not labelled) + 2 * (len(mention.value) == len("2021-12")) + at_foot


def _stands_apart(before: str, after: str, value: str, at_foot: bool) -> bool:
    """Whether a date without a label has a line, a cell of one or a sentence to itself, or opens an article."""
    cell = re.split(r"[|•*]", before)[-1].strip()
    if len(cell) + len(re.split(r"[|•*]", after)[0]) <= _MOST_BESIDE:
        return True
    if after in ("", ".") and re.fullmatch(r"(?:.*[.!?]\s+)?(?:week\s(?:ending|to)\s+)?", before, re.IGNORECASE):
        return True
    if at_foot or len(cell) > _MOST_BESIDE or len(value) < len("2021-12-31"):
        return not at_foot and before.casefold().startswith("minutes of")
    opening = r"[().:–—-](?!\w)|\(" if len(cell) <= _MOST_BESIDE // 2 else r"(?:\)|\([^)]{1,60}\))\s*[-–—:]"
    return re.match(opening, after) is not None


@cache
def _published_before() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?<!be\s)(?:publish(?:ed)?|posted|filed|publication|dispatch(?:\sof\sthis\snotice)?|advertised"
        r"|issued|tabled|(?:on|to)\sthe\swebsite|updated|our\sissue|\A(?:this\s\w+\sis\s)?dated)(?![^\W_])"
        r"[^.;]{0,60}\Z",
        re.IGNORECASE,
    )


@cache
def _other_before() -> re.Pattern[str]:
    """What dates something else: a term, a deadline, a decision."""
    return re.compile(
        r"(?<![^\W_])(?:from|until|till|by|since|before|after|between|through|(?<!week\s)to|ends?|ended|closes"
        r"|closing\sdate|deadline|executed|approved(?:\s[^.;]{0,40})?|commencement|starts?|expires|due)"
        r"\W*(?:on\W+|(?:the\W+)?\w+day\W+)?\Z",
        re.IGNORECASE,
    )
