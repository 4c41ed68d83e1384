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


_LITTLE = (
    "just | only just | slightly | a little | a bit | a shade | a touch | a fraction | a whisker | a hair | a tad | "
    "a sliver | marginally | fractionally | barely"
)
# "An estimated cost of", "its published budget of", "the likely price": of what is planned, not of what was agreed.
_PLANNED = _each(
    "estimated | likely | expected | anticipated | indicative | projected | budgeted | reference | guide | median",
    "cost | value | price | amount | sum | budget",
)

_PHRASES_BEFORE: dict[Before, list[str]] = {
    "at_least": [
        *_phrases(
            "over | more than | better than | in excess of | above | greater than | exceed | exceeding | "
            "exceeds | exceeded | "
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
            "nearly | perhaps | nigh on | around about | in the vicinity of | in the ballpark of | an anticipated | "
            "anticipated | anticipated at | a projected | projected | projected at | a forecast | forecast at | "
            "circa. | some | around | about | approximately | roughly | circa | approx | approx. | approximate | an "
            "approximate | c | c. | ca | ca. | ~ | ≈ | almost | close to | close on | nearing | approaching | "
            "something like | somewhere around | somewhere near | more or less | in the region of | in the order of "
            "| of the order of | in the neighbourhood of | in the neighborhood of | getting on for | the best part "
            "of | an estimated | estimated | estimated at | estimated as | an estimate of | estimate of | estimates "
            "of | an indicative | indicative | a rough | a ballpark | ballpark | ballpark figure of | not far off | "
            "not far short of | not far from | not quite | on the order of | little short of | little under | "
            "little less than | not much under | not much less than | not much short of | within a whisker of | "
            "well-nigh | going on | near | near to | bordering on | verging on | shy of | short of | maybe | pegged "
            "at | a tentative | a provisional | provisional | a notional | notional | likely to cost | likely to be "
            "worth | projected to cost | thought to be worth | believed to be worth | estimates | reckons | reckons "
            "on | guesses | budgeted at | budget of | a budget of | budgets of | expected to cost | expected to be "
            "worth | expects to pay | expect to pay | expects to spend | expect to spend | intends to spend | intend "
            "to spend | plans to spend | plan to spend | estimate | est | est. | budgeted | a matter of | figures on | "
            "pencilled in | pencilled in at | penciled in | penciled in at"
        ),
        *_PLANNED,
        *_each(" | ".join(_PLANNED), "of"),
        *_each(_LITTLE, "under | below | less than | short of | shy of"),
    ],
    "up_to": _phrases(
        "up to | upto | anything up to | as much as | as high as | at most | at the most | capped at | limited to | "
        "a maximum of | maximum of | maximum | max | max. | a ceiling of | ceiling of | ceiling | a cap of | cap of | "
        "a limit of | limit of | an upper limit of | upper limit of | no more than | not more than | no higher than | "
        "no greater than | not exceeding | not to exceed | not exceed | never exceed | without exceeding | "
        "a not-to-exceed | not-to-exceed | can reach | could reach | may reach | might reach | can rise to | "
        "could rise to | may rise to | might rise to | less than | a potential | potential | potentially | "
        "under | below"
    ),
    "per_year": _phrases("annual | an annual | yearly | a yearly | annually"),
    # These say nothing, but may stand between the others and the sum.
    "filler": _phrases(
        "worth | to be worth | be worth | to be | to cost | to total | valued at | a total of | total of | total | "
        "a sum of | the sum of | value of | a value of | total value of | contract value of | overall value of | "
        "amount of | an amount of | the amount of | price of | cost of | fee of | fees of | charge of | charges of | "
        "rent of | spend of | spending of | outlay of | expenditure of | payment of | payments of | bill of | "
        "bills of | subscription of | volume of | total value | contract value | cost | costs | value | price | fee | "
        "fees | charge | charges | bill | rent | "
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
    **dict.fromkeys(("about", "around", "approximately", "roughly", "estimate"), "about"),
    **dict.fromkeys(("ceiling", "cap"), "up_to"),
}

# "Shall in no event exceed", "isn't to spend over", "no bid may be above": what is denied is a ceiling …
_BEYOND = frozenset(("over", "above", "more", "than", "exceed", "exceeds", "exceeding", "excess"))
# … and a floor in "not below", "will not fall under".
_BENEATH = frozenset(("under", "below", "less than"))

# What a notice or a table writes before the sum: "Estimated annual value (excl. VAT): £9m".
_LABEL_WORDS: dict[str, Before] = {
    **dict.fromkeys(
        _phrases(
            "estimate | estimated | estimation | est | indicative | approx | approximate | budget | reference | "
            "anticipated | projected | forecast | likely | expected | rough | guide | ballpark | "
            "intends | intend | devote | allocate"
        ),
        "about",
    ),
    **dict.fromkeys(("maximum", "max", "ceiling", "cap", "limit", "upper", "exceed"), "up_to"),
    **dict.fromkeys(("minimum", "min"), "at_least"),
    **dict.fromkeys(("annual", "yearly", "annum"), "per_year"),
}
# The last words before a clause's sum: most sums need no search for the rest of it.
_CLAUSE_ENDS = frozenset(
    _phrases(
        "at | is | was | be | been | being | worth | of | cost | as | to | total | reach | amounts | remains | stays"
    )
)
_CLAUSE_CUES = (
    *("estimat", "reckon", "puts ", "option", "guess", "budget", "likely", "expected", "anticipated", "projected"),
    *("limit", "ceiling", "cap ", "top ", "maximum", "minimum", "annual", "yearly", "median", "reference"),
)

_VAT = r"(?:VAT|GST|HST|PST|sales tax|value[\s-]added tax|tax(?:es)?)(?!\w)"
WITHOUT_VAT = rf"(?:ex(?:cl(?:uding|usive of|\.)?|\.)?|without|before|net of|plus)\s?{_VAT}"
WITH_VAT = rf"(?:inc(?:l(?:uding|usive of|\.)?|\.)?|with)\s?{_VAT}"
"""Sources of regular expressions without capturing groups."""

# "Rs 45,00,000/- a year", "CHF 5.-", "Rs 5 cr. a year", "£5m plus VAT a year"
_PASSED = (
    r"(?:/[-=]|[.,][-–]{1,2}|(?<=[^\W\d_])\.(?=\s(?-i:[a-z])))?"
    rf"(?:\s?\((?:{WITHOUT_VAT}|{WITH_VAT})\)|,?\s(?:{WITHOUT_VAT}|{WITH_VAT})|,?\snet)?"
)
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
# "The ceiling for all lots has been set at £9m"; but "the budget committee heard of £9m" is another matter.
_OF_WHAT = (
    rf"(?:\s(?:for|on|of|across|in|under)(?:\s{_WORD}){{1,5}}?)?"
    r"(?:\s(?:has|had|been|is|was|stands|set|fixed|put)){0,3}?"
)
_OPTIONS = (
    r"(?:(?:all|every|any|both|the|its|their|each)\s){0,3}(?:(?:contract|renewal|extension)\s)?"
    r"(?:option|extension)s?(?:\s(?:years?|periods?))?"
)
_TAKEN = r"(?:are|is|were|was)\s(?:all\s)?(?:exercised|taken(?:\sup)?|used)"

_SOURCES = {
    "set_off": r"(?:\((?P<bracketed>up to|at (?:the )?most|at least|about|around|approximately|roughly)\)\s{1,2}"
    r"|(?<!\w)(?P<parted>at (?:the )?most|at least|approximately|roughly),\s{1,2}"
    r"|(?<!\w)(?:an?|the|its|their|his|her|same|official|upper)\s(?P<noun>estimate|ceiling|cap),\s{1,2}"
    r"|(?<!\w)(?:an?|the|its|their)\s(?P<planned>(?:estimated|likely|expected|indicative|projected)"
    r"\s(?:total\s)?(?:cost|price|value|amount|sum)),\s{1,2}"
    r"|(?:\A|(?<=[.;:!?]\s)|(?<=\n))(?P<opening>(?:(?:indicative|published|approved|total)\s)?(?:budget|estimate)[,.])\s{1,2}"
    r"|(?P<joined>[<>≤≥]|(?<![\w-])sub-))\Z",
    "quoted": r"[\"“‘'](?P<phrase>[^\"“”‘’\d\n]{2,30})[\"”’']\s\Z",
    "denied": r"(?<!\w)(?:not|nothing|never|no|cannot|nor|(?:[^\W\d_]{2,7})n['’]t)(?:\s(?:bids?|offers?|tenders?|price"
    r"|sum|total|cost|value|event|case|circumstances?|at|in|any|time|the|to|be|go|rise|run|fall|drop|dip|sink|come|back"
    r"|with|anything|get|spend|pay|cost|worth|may|can|shall|should|must|will|would|could|of|allowed)){0,6}\s\Z",
    "word": r"[^\s()\[\]\"“”‘’,;:!?—–/]+",
    "label": rf"(?<![\w'’.-]){_WORD}(?:[\s/-]{_WORD}){{0,8}}(?:\s?\((?P<aside>[^\W\d_][^\d():\n]{{1,40}})\)?)?"
    r"\s?(?:[:|]|(?<=\))\s?\n)\s{0,2}\Z",
    "letters": r"[^\W\d_]+",
    "clause": rf"(?<!\w)(?:(?P<about>(?:estimat(?:ed?|es|ing)|reckon(?:s|ed)|guess(?:es|ed)?"
    rf"|(?:likely|expected|anticipated|projected|median|reference|guide)\s(?:cost|price|value|sum|amount|bill)"
    rf"|puts(?!{_BETWEEN}\s(?:price|value|sum|figure|cost|total|outlay|amount|worth|bill)s?(?!\w))"
    rf"(?=\s(?:at|it|this|that|the|its|their|each|all|both)(?!\w))){_BETWEEN}"
    r"\s(?:at|as|is|was|to\sbe|be|being|of|remains|stays|(?:is|to\sbe|be|was)\sworth|(?:to|will|would|could|might)\scost)"
    rf"|budget{_OF_WHAT}\s(?:at|is|was|be|being|of|to|remains|stays))"
    rf"|(?P<per_year>(?:annual|yearly)\s(?:[^\W\d_]{{3,14}}\s)?(?:fee|charge|cost|price|rent|rental|payment|value|bill)s?"
    rf"(?:\s{_WORD}){{0,4}}?\s(?:at|is|was|to|be|been|of))"
    rf"|(?P<at_least>minimum(?:\s{_WORD}){{1,6}}?\s(?:of|is|at|be))"
    rf"|(?P<ceiling>(?:limit|ceiling|cap|maximum|top\s(?:price|value|sum|figure))"
    rf"{_OF_WHAT}(?:,(?:\s{_WORD}){{1,4}},)?\s(?:at|is|was|be|being|of|to)"
    r"|maximum\s(?:amount|value|volume|price|sum|spend)[\"”’']?\s(?:of|is|was))"
    rf"|(?P<up_to>(?:if\s{_OPTIONS}\s{_TAKEN}|(?:with|including)\s{_OPTIONS}),?{_BETWEEN}"
    r"\s(?:be|be\sworth|is|is\sworth|of|at|cost|total|reach|(?:rises?|comes?|runs?|amounts)\sto))"
    r")\s{1,2}\Z",
    # A line that begins with "A year …" goes on with no sum of the line above, unless in small letters.
    "behind": rf"{_PASSED}(?:[^\S\n]{{0,2}}|\n(?=(?-i:[a-z])))(?:"
    rf"(?P<per_year>(?:,?\s?(?:paid|payable|due|billed|charged)\s)?(?:{_EVERY}{_YEAR}(?!\s(?:ago|earlier|later|before|after)(?!\w))"
    rf"|{_OF_THE_YEARS}"
    r"|-?p\.?a(?:\.|(?!\w))|-?annual(?:ly)?(?!\w)|yearly(?!\w)"
    r"|annuali[sz]ed(?!\w)|(?:every|each)\stwelve\smonths(?!\w)"
    r"|\((?:annual(?:ly)?|yearly|(?:a|per)\s(?:year|annum)|p\.?a\.?)\)))"
    r"|(?P<at_least>(?<!\s)\+(?![\w£$€]|\s(?:VAT|GST|tax))|-plus(?!\w)"
    r"|plus(?=\s(?:deal|contract|agreement|programme|framework)|\s?[.,;)]|\Z)"
    r"|or\smore(?!\w|\sthan)|and\s(?:above|upwards|up|over|more|counting|change|then\ssome|a\s(?:bit|little))(?!\w|\sthan)"
    r"|at\sleast(?!\w)|or\sbetter(?!\w)|,?\s?if\snot\smore(?!\w|\sthan)"
    r"|\(?(?:minimum|min\.)\)|minimum(?!\w))"
    r"|(?P<up_to>\((?:max(?:imum|\.)?|ceiling|cap|up\sto)\)|max(?:imum)?(?!\w)|tops(?=\s?[.,;:)]|\Z)|at\s(?:the\s)?most(?!\w)"
    r"|at\sthe\soutside(?!\w)|(?:or|and)\s(?:less|under)(?!\w)|(?:as\sa\s)?(?:ceiling|cap|maximum)(?!\w)"
    rf"|(?:,\s)?if\s{_OPTIONS}\s{_TAKEN}(?!\w)"
    rf"|,\s(?:with\s)?(?:all|any|both|every)\s(?:the\s)?(?:option|extension)s?\s(?:exercised|taken(?:\sup)?|used|included)"
    r"(?!\w)"
    r"|(?:,\s)?(?:options|extensions|(?:option|extension)\s(?:years|periods))\sincluded(?!\w)"
    rf"|(?:,\s)?with\s(?:all|both|every)\s(?:(?:the|its|of)\s){{0,2}}(?:options?|extensions?)(?!\w)"
    r"|if\s(?:fully\s)?extended(?!\w)"
    r"|(?:,\s)?(?:including|inclusive\sof)\s(?:(?:all|any|both|the|its)\s){0,2}(?:optional\s)?"
    r"(?:options|extensions|(?:option|extension)\s(?:years|periods))(?!\w))"
    r"|(?P<about>or\sso(?!\w)|(?:,\s)?(?:or\s)?thereabouts(?!\w)|(?:has\sbeen\s|was\s|is\s)?pencill?ed\sin(?!\w)|-?(?:odd|ish)(?!\w)|(?:,\s)?give\sor\stake(?!\w|\s(?:an?|[\d£$€]))"
    r"|(?:,\s)?(?:approx(?:\.|imately)?|roughly|more\sor\sless|near\senough"
    r"|or\snear(?:\senough|\sit))(?=\s?[.,;:)]|\s(?:for|over|a|in)\s|\Z)"
    r"|approx(?:\.|imately)?(?!\w)|in\sround\s(?:figures|numbers|terms)(?!\w)|circa(?=\s?[.,;:)]|\Z)"
    r"|(?:,\s)?at\sa\sguess(?!\w)|\((?:estimated?|est\.?|approx(?:\.|imate(?:ly)?)?|indicative|about)\)"
    r"|(?:,\s)?estimated(?=\s?[.,;:)]|\s(?:for|over)\s|\Z)|(?:is|was|has\sbeen|had\sbeen)\sestimated(?!\w)"
    rf"|(?:is|was)\s(?:(?:an?|the|its|their|our)\s)?(?:{_WORD}\s){{0,3}}(?:estimate|guess|reckoning|budget)(?!\w))"
    rf"|(?P<piece>apiece(?!\w)|each(?!\w)|(?:-?an?[\s-]|/\s?|each\s|every\s){_PIECES}"
    r"|-?per[\s-](?!the\s|its\s|their\s|cent)\w+))",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    return re.compile(_SOURCES[name], re.IGNORECASE)


def read_words_before(text: str, found: Sum, floor: int) -> None:
    """Takes in what ``text[floor:]`` says before a sum: "up to an estimated", "Annual cost:", …"""
    if found.start > floor and text[max(floor, found.start - 2) : found.start].rstrip()[-1:] in tuple(",.)<>≤≥-"):
        set_off = _regex("set_off").search(text, max(floor, found.start - 40), found.start)
        if set_off is not None:
            word = set_off["bracketed"] or set_off["parted"] or set_off["noun"] or set_off["joined"] or "estimate"
            found.qualify(_SET_OFF[word.lower()])
            found.start = set_off.start()
    if text[max(floor, found.start - 2) : found.start - 1] in tuple("\"”’'"):
        quoted = _regex("quoted").search(text, max(floor, found.start - 36), found.start)
        kind = _WORDS_BEFORE.get(quoted["phrase"].lower()) if quoted is not None else None
        if quoted is not None and kind in ("about", "up_to", "at_least"):
            found.qualify(kind)
            found.start = quoted.start()
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
            if text[matches[len(words) - 2].end() : start].isspace():  # "if both are taken, about £9m" is no taking
                return
        beneath = " ".join(words[-length:]) in _BENEATH
        denied = None
        if beneath or (kind == "at_least" and not _BEYOND.isdisjoint(words[-length:])):
            denied = _regex("denied").search(text, max(floor, start - 70), start)
        if denied is not None:
            found.qualify("at_least" if beneath else "up_to")
            found.start = denied.start()
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
        kind = cast(str, clause.lastgroup)
        if kind == "per_year":
            found.per_year = True
        else:
            found.qualify("up_to" if kind == "ceiling" else cast(Qualifier, kind))
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
