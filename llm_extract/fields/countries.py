"""The country where an article is at home, which says whose "$", "Rs" or "kr" it means.

What decides it are the places, nationalities, forms of companies and plain currencies that an
article names: each speaks for one country, the first lines and a dateline speak louder, and the
country with the most is the article's own. "All amounts in Canadian dollars" outdoes them all.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from llm_extract.fields.country_names import COUNTRY_NAMES
from llm_extract.fields.home_currencies import homes_of_sums, marks_its_dollars
from llm_extract.word_lists import one_of

_HEAD = 300  # characters: headline and dateline
_MOST = 3  # an article that says one name often has no more evidence for it
_DECLARATION = 100  # votes


class Home(NamedTuple):
    """Where an article is at home, and the first words that say so: ``text[start:end]``."""

    country: str
    """ISO 3166-1 alpha-2."""
    start: int
    end: int


@cache
def _countries() -> dict[str, str]:
    result = {}
    for line in COUNTRY_NAMES.replace("|\n   ", "|").strip().splitlines():
        country, names = line.split(" ", 1)
        for name in names.split("|"):
            result[name] = country
            if len(name) > 4:
                result[name.upper()] = country  # as in a dateline
    return result


@cache
def _regex() -> re.Pattern[str]:
    names = set(_countries())
    after_comma = {name for name in names if _SHORT_STATE.fullmatch(name)}
    return re.compile(
        rf"(?<![^\W_])(?:{one_of(names - after_comma)})(?![^\W\d_])(?<!US(?=\$))"
        rf"|(?:(?<=,\s)|\A)(?:{one_of(after_comma)})(?!\w)"
        rf"|(?<![^\W_]){_MAORI}(?![^\W\d_])"
    )


# How places are named in Māori, and nowhere else: "Whakamaru", "Whangamōmona".
_MAORI = r"Wh[aā](?:ka|nga|re)[a-zāēīōū]{1,15}"

# "DULUTH, Minn.", but no man or miss at the end of a sentence.
_SHORT_STATE = re.compile(r"[A-Z][a-z]{1,4}\.")
_DECLARED = re.compile(
    r"(?<!\w)(?:amounts|figures|prices|values|sums|costs|dollars|rates)(?:\s[a-z]{2,10}){0,2}\sin\s\Z", re.IGNORECASE
)
_CURRENCY_BEHIND = re.compile(
    r"(?<=[A-Z]{3}|[A-Z]{2}\$)(?!\w)|(?<=[A-Z]\$)(?!\w)|\s(?:dollars|rupees|pesos|kroner|francs)(?!\w)"
)


_BEHIND_DATELINE = re.compile(r"(?:,[^\S\n]?[^\n]{0,40}?)?\s?(?:[—–|:]|-\s|\()")


def _is_dateline(text: str, start: int, end: int) -> bool:
    """Whether a name begins a line as "LAHORE —" or "Cairns, 3 May:" do."""
    return (start == 0 or text[start - 1] == "\n") and _BEHIND_DATELINE.match(text, end) is not None


def find_home(text: str, among: frozenset[str] | None = None) -> Home | None:
    """The country that most of an article's names speak for, of all or `among` some; None if in doubt.

    "All amounts in Canadian dollars" outdoes the names.
    """
    countries, seen, votes = _countries(), Counter[str](), Counter[str]()
    first: dict[str, tuple[int, int]] = {}
    for match in _regex().finditer(text.replace("\n", " ")):
        name = match.group()
        country = countries.get(name, "NZ")
        if among is not None and country not in among:
            continue
        first.setdefault(country, match.span())
        if seen[name] < _MOST:
            in_head = match.start() < _HEAD
            votes[country] += 1 + in_head + (in_head and _is_dateline(text, match.start(), match.end()))
        seen[name] += 1
        if _CURRENCY_BEHIND.match(text, match.end()) and _DECLARED.search(
            text, max(0, match.start() - 50), match.start()
        ):
            votes[country] += _DECLARATION
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    country = ranked[0][0]
    return Home(country, *first[country])


# A foreigner's names of a country: whoever is at home there says "Quebec" or "Perth" too.
_FROM_ABROAD = frozenset(
    ("Australia", "Australian", "Canada", "Canadian", "New Zealand", "Singapore", "Hong Kong", "Taiwan", "Jamaica")
)


def _named_in_passing(text: str, home: Home) -> bool:
    """Whether an article names the country as such, once, below its first lines, and nothing else of it."""
    if home.start < _HEAD or text[home.start : home.end] not in _FROM_ABROAD:
        return False
    countries = _countries()
    names = [match for match in _regex().finditer(text) if countries.get(match.group()) == home.country]
    return len(names) == 1


def home_of_sums(text: str) -> Home | None:
    """Where an article is at home, if it has a sum whose currency depends on that; None if not, or if in doubt.

    A sum in "Sh" or "Rs" is at home where these are written, whatever else the article names. Where an
    article says "NZ$" of its own dollars every time, its bare "$" is not one of them, and a "$" is not
    Canada's because somebody in the article is a Canadian.
    """
    homes = homes_of_sums(text)
    if homes is None:
        return None
    home = find_home(text)
    if home is not None and not homes.local:
        if marks_its_dollars(text, home.country) or _named_in_passing(text, home):
            return None
    if homes.local and (home is None or home.country not in homes.all):
        return find_home(text, homes.local)
    return home
