"""Reads words that are said to be a date and end with a bare year: "signed 2017", "to 2011", "a deal from 2016".

`llm_extract.fields.dates` finds years in any text, where the words before them show that they are none of the many
other numbers. The words that answer the question for a date need show less; they still may not count anything.
"""

from __future__ import annotations

import re
from functools import cache

from llm_extract.fields.date_words import surroundings
from llm_extract.fields.text import EDGES


def find_year(text: str, start: int, end: int) -> tuple[int, str] | None:
    """The year that ``text[start:end]`` ends with where these words are said to be a date: "signed 2017", "to 2011".

    Where the word before it begins, and the year; None where it may as well be a count ("supplied 2000 laptops").
    """
    words = text[start:end]
    match = _year_said().search(words.rstrip(EDGES))
    if match is None or len(re.findall(r"[0-9]+", words)) != 1:
        return None
    stop, beside = start + match.end(), surroundings()
    if beside.counted.match(text, stop) or re.match(r"[-–/][0-9]", text[stop : stop + 2]):
        return None
    if match["verb"] and not beside.clause.match(text, stop):
        return None
    return start + match.start(), match["year"]


@cache
def _year_said() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?:(?P<verb>[^\W\d_]+ed|let|won|bought|struck|begun)|to|through|from)\s(?P<year>(?:19[5-9]|20[0-9])[0-9])\Z",
        re.IGNORECASE,
    )
