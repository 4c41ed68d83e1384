"""The words around a sum of money that say how exact it is, or that it is meant per year.

They stand before it as a phrase ("up to an estimated £9m"), as a label ("Maximum annual value: £9m")
or as a clause ("the estimate for the first lot is £9m"), and behind it ("£9m or so a year").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, cast

Qualifier = Literal["exact", "about", "up_to", "at_least"]

Before = Literal["about", "up_to", "at_least", "per_year", "filler"]

_STRENGTH: dict[Qualifier, int] = {"exact": 0, "about": 1, "at_least": 2, "up_to": 3}


@dataclass(slots=True)
class Sum:
    """A sum while it is being read. Offsets into the text."""

    start: int
    end: int
    amount: Decimal
    scaled: bool  # written with a scale word
    number_first: bool  # "5m euros", not "€5m"
    currency: str
    qualifier: Qualifier = "exact"
    per_year: bool = False
    per_piece: bool = False

    def qualify(self, qualifier: Qualifier) -> None:
        """Keeps the stronger of two qualifiers: "up to an estimated £5m" is up to."""
        if _STRENGTH[qualifier] > _STRENGTH[self.qualifier]:
            self.qualifier = qualifier


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split("|")]


def _each(firsts: str, seconds: str) -> list[str]:
    return [f"{first} {second}" for first in _phrases(firsts) for second in _phrases(seconds)]


_LITTLE = "just | only just | slightly | a little | a bit | a shade | a touch | a fraction | a whisker | marginally"

_PHRASES_BEFORE: dict[Before, list[str]] = {
    "at_least": [
        *_phrases(
            "over | more than | in excess of | above | greater than | exceed | exceeding | exceeds | exceeded | "
            "at least | no less than | not less than | no fewer than | upwards of | upward of | north of | "
            "a minimum of | minimum of | minimum"
        ),
        *_each(
            f"{_LITTLE} | well | far | way | comfortably | considerably | substantially | significantly",
            "over | more than | above | in excess of | north of",
        ),
    ],
    "about": [
        *_phrases(
            "nearly | some | around | about | approximately | roughly | circa | approx | approx. | approximate | "
            "an approximate | c | c. | ca | ca. | ~ | ≈ | almost | close to | close on | nearing | approaching | "
            "something like | somewhere around | somewhere near | more or less | in the region of | in the order of | "
            "of the order of | in the neighbourhood of | in the neighborhood of | getting on for | the best part of | "
            "an estimated | estimated | estimated at | estimated as | an estimate of | estimate of | estimates of | "
            "an indicative | indicative | a rough | a ballpark | ballpark | ballpark figure of | not far off | "
            "not far short of | not far from"
        ),
        *_each(_LITTLE, "under | below | less than | short of | shy of"),
    ],
    "up_to": _phrases(
        "up to | upto | anything up to | as much as | as high as | at most | at the most | capped at | limited to | "
        "a maximum of | maximum of | maximum | max | max. | a ceiling of | ceiling of | ceiling | a cap of | cap of | "
        "a limit of | limit of | an upper limit of | upper limit of | no more than | not more than | no higher than | "
        "no greater than | not exceeding | not to exceed | not exceed | never exceed | without exceeding | "
        "a not-to-exceed | not-to-exceed | less than | a potential | potential | potentially | under | below"
    ),
    "per_year": _phrases("annual | an annual | yearly | a yearly | annually"),
    # These say nothing, but may stand between the others and the sum.
    "filler": _phrases(
        "worth | to be worth | be worth | to be | to cost | to total | valued at | a total of | total of | total | "
        "a sum of | the sum of | value of | a value of | total value of | contract value of | overall value of | "
        "amount of | an amount of | the amount of | price of | cost of | fee of | fees of | charge of | charges of | "
        "rent of | budget of | spend of | spending of | outlay of | expenditure of | payment of | payments of | "
        "the equivalent of | another | a further | an additional | an extra | additional | further"
    ),
}
_WORDS_BEFORE = {phrase: kind for kind, phrases in _PHRASES_BEFORE.items() for phrase in phrases}
_LAST_WORDS = frozenset(phrase.split()[-1] for phrase in _WORDS_BEFORE)
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _WORDS_BEFORE)

# "A row over £9m" and "handed over £9m" say nothing about how exact the sum is.
_PREPOSITIONS = frozenset(("over", "about", "around", "above", "under", "below"))
_WITH_A_PREPOSITION = frozenset(
    _phrases(
        "row | rows | dispute | disputes | question | questions | concern | concerns | anger | fury | battle | "
        "fight | clash | controversy | outcry | criticism | criticised | fears | inquiry | probe | investigation | "
        "fire | flak | attack | attacked | slammed | challenge | sue | sued | sues | suing | lawsuit | action | "
        "spat | talks | hand | hands | handed | handing | take | takes | took | taken | taking | turn | turned | "
        "complaints | complain | complained | claims | debate | worries | worried | review"
    )
)
# Those that a comma, a bracket or nothing at all sets off from the sum: "worth, at most, £9m", ">£9m".
_SET_OFF: dict[str, Qualifier] = {
    **dict.fromkeys(("up to", "at most", "at the most", "<", "≤", "sub-"), "up_to"),
    **dict.fromkeys(("at least", ">", "≥"), "at_least"),
    **dict.fromkeys(("about", "around", "approximately", "roughly"), "about"),
}

# What a notice or a table writes before the sum: "Estimated annual value (excl. VAT): £9m".
_LABEL_WORDS: dict[str, Before] = {
    **dict.fromkeys(_phrases("estimate | estimated | estimation | est | indicative | approx | approximate"), "about"),
    **dict.fromkeys(("maximum", "max", "ceiling", "cap", "limit", "upper"), "up_to"),
    **dict.fromkeys(("minimum", "min"), "at_least"),
    **dict.fromkeys(("annual", "yearly", "annum"), "per_year"),
}
# The last words before a clause's sum: most sums need no search for the rest of it.
_CLAUSE_ENDS = frozenset(_phrases("at | is | was | be | being | worth | of | cost | as | to | total | reach | amounts"))
_CLAUSE_CUES = ("estimat", "reckon", "puts ", "option", "guess")

_EVERY = r"(?:-?(?:a|per|each|every)[\s-]|(?:for|in)\s(?:each|every)\s|/\s?)"
_OF_THE_YEARS = r"(?:(?:for|in)\s)?(?:each|every)\sof\s(?:the|its|those)\s(?:[\w-]{1,12}\s){0,2}years(?!\w)"
_YEAR = r"(?:(?:financial|fiscal|calendar|contract)[\s-])?(?:year|annum|yr)(?!\w)"
_PIECES = (
    r"(?:month|week|day|hour|minute|night|quarter|head|share|seat|user|person|employee|pupil|student|patient"
    r"|desktop|device|unit|licence|license|barrel|tonne)(?!\w)"
)
# The words between a clause's cue and its sum: of one sentence, and without a number.
_WORD = r"[^\W\d_][^\W\d_'’\-]{0,20}(?:['’\-][^\W\d_]{1,20}){0,2}"
_BETWEEN = rf"(?:\s{_WORD}){{0,8}}?"
_OPTIONS = (
    r"(?:(?:all|every|any|both|the|its|their|each)\s){0,3}(?:(?:contract|renewal|extension)\s)?"
    r"(?:option|extension)s?(?:\s(?:years?|periods?))?"
)
_TAKEN = r"(?:are|is|were|was)\s(?:all\s)?(?:exercised|taken(?:\sup)?|used)"

_SOURCES = {
    "set_off": r"(?:\((?P<bracketed>up to|at (?:the )?most|at least|about|around|approximately|roughly)\)\s{1,2}"
    r"|(?<!\w)(?P<parted>at (?:the )?most|at least|approximately|roughly),\s{1,2}"
    r"|(?P<joined>[<>≤≥]|(?<![\w-])sub-))\Z",
    "word": r"[^\s()\[\]\"“”‘’,;:!?—–/]+",
    "label": rf"(?<![\w'’.-]){_WORD}(?:[\s/-]{_WORD}){{0,8}}(?:\s?\((?P<aside>[^\W\d_][^\d():\n]{{1,40}})\)?)?"
    r"\s?(?:[:|]|(?<=\))\s?\n)\s{0,2}\Z",
    "letters": r"[^\W\d_]+",
    "clause": rf"(?<!\w)(?:(?P<about>estimat(?:ed?|es|ing)|reckon(?:s|ed)|guess(?:es|ed)?"
    rf"|puts(?!{_BETWEEN}\s(?:price|value|sum|figure|cost|total|outlay)s?(?!\w))){_BETWEEN}"
    r"\s(?:at|is|was|to\sbe|be|being|of|(?:is|to\sbe|be|was)\sworth|(?:to|will|would|could|might)\scost)"
    rf"|(?P<up_to>(?:if\s{_OPTIONS}\s{_TAKEN}|(?:with|including)\s{_OPTIONS}),?{_BETWEEN}"
    r"\s(?:be|be\sworth|is|is\sworth|of|at|cost|total|reach|(?:rises?|comes?|runs?|amounts)\sto))"
    r")\s{1,2}\Z",
    # A line that begins with "A year …" goes on with no sum of the line above, unless in small letters.
    "behind": r"(?:[^\S\n]{0,2}|\n(?=(?-i:[a-z])))(?:"
    rf"(?P<per_year>{_EVERY}{_YEAR}(?!\s(?:ago|earlier|later|before|after)(?!\w))"
    rf"|{_OF_THE_YEARS}"
    r"|-?p\.?a(?:\.|(?!\w))|-?annual(?:ly)?(?!\w)|yearly(?!\w)"
    r"|\((?:annual(?:ly)?|yearly|(?:a|per)\s(?:year|annum)|p\.?a\.?)\))"
    r"|(?P<at_least>(?<!\s)\+(?![\w£$€]|\s(?:VAT|GST|tax))|-plus(?!\w)"
    r"|plus(?=\s(?:deal|contract|agreement|programme|framework)|\s?[.,;)]|\Z)"
    r"|or\smore(?!\w|\sthan)|and\s(?:above|upwards|more|counting)(?!\w|\sthan)|at\sleast(?!\w)"
    r"|\(?(?:minimum|min\.)\)|minimum(?!\w))"
    r"|(?P<up_to>\((?:max(?:imum|\.)?|ceiling|cap|up\sto)\)|max(?:imum)?(?!\w)|at\s(?:the\s)?most(?!\w)"
    r"|at\sthe\soutside(?!\w)|(?:or|and)\s(?:less|under)(?!\w)|(?:as\sa\s)?(?:ceiling|cap|maximum)(?!\w)"
    rf"|(?:,\s)?if\s{_OPTIONS}\s{_TAKEN}(?!\w)"
    r"|(?:,\s)?(?:including|inclusive\sof)\s(?:(?:all|any|both|the|its)\s){0,2}(?:optional\s)?"
    r"(?:options|extensions|(?:option|extension)\s(?:years|periods))(?!\w))"
    r"|(?P<about>or\s(?:so|thereabouts)(?!\w)|-?(?:odd|ish)(?!\w)|(?:,\s)?give\sor\stake(?!\w|\s(?:an?|[\d£$€]))"
    r"|(?:,\s)?at\sa\sguess(?!\w)|\((?:estimated?|est\.?|approx(?:\.|imate(?:ly)?)?|indicative|about)\)"
    rf"|(?:is|was)\s(?:(?:an?|the|its|their|our)\s)?(?:{_WORD}\s){{0,3}}(?:estimate|guess|reckoning)(?!\w))"
    rf"|(?P<piece>apiece(?!\w)|each(?!\w)|(?:-?an?[\s-]|/\s?|each\s|every\s){_PIECES}"
    r"|-?per[\s-](?!the\s|its\s|their\s|cent)\w+))",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    return re.compile(_SOURCES[name], re.IGNORECASE)


def read_words_before(text: str, found: Sum, floor: int) -> None:
    """Takes in what ``text[floor:]`` says before a sum: "up to an estimated", "Annual cost:", …"""
    if found.start > floor and text[max(floor, found.start - 2) : found.start].rstrip()[-1:] in tuple(",)<>≤≥-"):
        set_off = _regex("set_off").search(text, max(floor, found.start - 20), found.start)
        if set_off is not None:
            found.qualify(_SET_OFF[(set_off["bracketed"] or set_off["parted"] or set_off["joined"]).lower()])
            found.start = set_off.start()
    paragraph = text.rfind("\n\n", max(0, found.start - 120), found.start)
    floor = max(floor, paragraph + 1, found.start - 120)
    _read_phrases(text, found, floor)
    before = text[floor : found.start].rstrip()
    if before.endswith((":", "|", ")")):
        _read_label(text, found, floor)
    elif before[-7:].split()[-1:] and before[-7:].split()[-1].lower() in _CLAUSE_ENDS:
        _read_clause(text, found, floor)


def _read_phrases(text: str, found: Sum, floor: int) -> None:
    """Up to an estimated £9m; an annual value of around £9m."""
    left = max(floor, found.start - 90)
    near = text[left : found.start].split()
    if not near or near[-1].lower().lstrip("([\"“‘'’/—–") not in _LAST_WORDS:
        return
    matches = list(_regex("word").finditer(text, left, found.start))
    if matches and matches[0].start() == left > floor and not text[left - 1].isspace():
        del matches[0]  # cut in the middle
    words = [match.group().lower() for match in matches]
    end = found.start
    while words:
        length, kind = _phrase_at_end(words)
        start = matches[len(words) - length].start()
        if kind is None or not set(text[start:end]).isdisjoint('()[]"“”‘’,;:!?—–/'):
            return
        if length == 1 and words[-1] in _PREPOSITIONS and len(words) > 1 and words[-2] in _WITH_A_PREPOSITION:
            return
        if kind == "per_year":
            found.per_year = True
        elif kind != "filler":
            found.qualify(kind)
        if kind != "filler":
            found.start = start
        del words[-length:]
        end = start


def _phrase_at_end(words: list[str]) -> tuple[int, Before | None]:
    """The longest phrase that `words` end in: how many words it has, and its kind."""
    if words[-1] in _LAST_WORDS:
        for length in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
            kind = _WORDS_BEFORE.get(" ".join(words[-length:]))
            if kind is not None:
                return length, kind
    return 1, None


def _read_label(text: str, found: Sum, floor: int) -> None:
    """Estimated value: £9m; Annual cost (maximum): £9m."""
    label = _regex("label").search(text, floor, found.start)
    if label is None:
        return
    for word in _regex("letters").finditer(text, label.start(), found.start):
        kind = _LABEL_WORDS.get(word.group().lower())
        if kind is None or kind == "filler":
            continue
        if kind == "per_year":
            found.per_year = True
        else:
            found.qualify(kind)
        in_brackets = label["aside"] is not None and word.start() >= label.start("aside")
        found.start = min(found.start, label.start() if in_brackets else word.start())


def _read_clause(text: str, found: Sum, floor: int) -> None:
    """The estimate for the first lot is £9m; if all options are exercised, it will be worth £9m."""
    before = text[floor : found.start].lower()
    if not any(cue in before for cue in _CLAUSE_CUES):
        return
    clause = _regex("clause").search(text, floor, found.start)
    if clause is not None:
        found.qualify("about" if clause["about"] else "up_to")
        found.start = clause.start()


def read_words_behind(text: str, found: Sum, ceiling: int) -> None:
    """Takes in "a year", "or more", "-plus", …; notes a price per piece."""
    while (match := _regex("behind").match(text, found.end)) is not None and match.end() <= ceiling:
        kind = match.lastgroup
        if kind == "per_year":
            found.per_year = True
        elif kind == "piece":
            found.per_piece = True
        else:
            found.qualify(cast(Qualifier, kind))
        found.end = match.end()
