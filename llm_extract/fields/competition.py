"""A sum that a running competition tells of is its buyer's estimate, though only "put at" says so.

"The work is valued at £9m" is exact of a contract and an estimate of a tender: which it is, the words of
the same paragraph say, such as "tenders are invited". They become part of the sum's words.
"""

from __future__ import annotations

import re
from collections import deque
from functools import cache

from llm_extract.fields.sum_words import Sum

_MARGIN = 160  # characters
_CUE_ENDS = (" at", " of", " aside")

_BIDS = r"(?:tenders|bids|offers|proposals|quotations|quotes)"
_SOURCES = {
    "cue": r"(?<!\w)(?:valued\sat|puts?(?:\s[\w'’-]{1,20}){1,9}?\s(?:at|of)|(?:being|been|is|was|now)\sput\sat"
    r"|(?:a|the)\s(?:value|figure|price|sum)\sof|sets?\saside|setting\saside)\s{1,2}\Z",
    "open": rf"(?<!\w)(?:(?:invit(?:e|es|ed|ing)|seek(?:s|ing)?|want(?:s|ed|ing)?|ask(?:s|ed|ing)?\sfor"
    rf"|call(?:s|ed|ing)?\sfor|advertis(?:e|es|ed|ing)\sfor)\s(?:[^\W\d_]{{2,15}}\s){{0,2}}?{_BIDS}"
    rf"|{_BIDS}\s(?:(?:are|is|be|will\sbe|were|to\sbe)\s)?(?:invited|due|wanted|sought|close)"
    r"|looking\sfor\s(?:some(?:body|one)\sto|(?:a\s)?(?:firm|bidder|supplier|contractor|vendor)s?)"
    r"|go(?:es|ing)?\s(?:out\s)?to\stender|pre-bid|call\sfor\scandidates|competition\s(?:went|opens|closes)"
    r"|when\s(?:it|they)\sadvertised|cancelled\s(?:its|the|their)\s(?:\d{4}\s)?tender"
    r"|(?:prior\sinformation|tender|contract)\snotice"
    r"|(?<!award\s)notice\s(?=puts|gives|mentions|names|states)|tender\sshould\sthen)(?!\w)",
    "settled": r"(?<!\w)(?:won|wins?|winner|winning|award(?:s|ed|ing)?|signed|agreement|picked|chosen|chose|beat|struck"
    r"|got|successful|preferred|drew|hired|appointed|bought|paid|pays|deal)(?!\w)",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    return re.compile(_SOURCES[name], re.IGNORECASE)


def read_competition(text: str, found: Sum, floor: int, ceiling: int) -> None:
    """Makes an exact sum an estimate if ``text[floor:ceiling]`` tells of bids that are still to come."""
    if found.qualifier != "exact" or not text[max(floor, found.start - 7) : found.start].rstrip().endswith(_CUE_ENDS):
        return
    cue = _regex("cue").search(text, max(floor, found.start - 100), found.start)
    if cue is None:
        return
    left = max(floor, cue.start() - _MARGIN, text.rfind("\n\n", 0, cue.start()) + 1)
    end_of_paragraph = text.find("\n\n", found.end, ceiling)
    right = min(found.end + _MARGIN, ceiling if end_of_paragraph < 0 else end_of_paragraph)
    if _regex("settled").search(text, left, right) is not None:
        return
    before = deque(_regex("open").finditer(text, left, found.start), maxlen=1)
    behind = None if before else _regex("open").search(text, found.end, right)
    if before:
        found.start = min(before[0].start(), cue.start())
    elif behind is not None:
        found.start, found.end = cue.start(), behind.end()
    else:
        return
    found.qualify("about")
