"""Reading the sums of money out of a text.

A text is read in steps, each over the list of sums that the one before left: a currency with a
number beside it is a sum; two sums, or a sum and a bare number, may be a range; the words before
may qualify a sum; the words behind may qualify it, make it a sum per year, or show that it is a
price per piece, which is no value; a second currency in brackets and the figure with VAT give way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, cast

from llm_extract.fields.currencies import DOLLARS, FIRST_OF_TWO, NATIONAL, NOUNS, SIGNS, WORDS, Currency, Use
from llm_extract.fields.numbers import (
    DIGITS,
    NUMBER_ENDINGS,
    NUMBER_WORDS,
    QUANTITY,
    SCALE,
    SCALE_GAP,
    parse_number,
)

Qualifier = Literal["exact", "about", "up_to", "at_least"]

Before = Literal["about", "up_to", "at_least", "per_year", "filler"]


def _phrases(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split("|")]


_PHRASES_BEFORE: dict[Before, list[str]] = {
    "at_least": [
        *_phrases(
            "over | more than | in excess of | above | greater than | exceeding | exceeds | exceeded | at least | "
            "no less than | not less than | upwards of | upward of | north of | a minimum of | minimum of | minimum"
        ),
        *(
            f"{little} {word}"
            for little in ("just", "well", "slightly", "a little", "a bit", "far", "comfortably")
            for word in ("over", "more than", "above", "in excess of")
        ),
    ],
    "about": _phrases(
        "nearly | some | around | about | approximately | roughly | circa | approx | approx. | approximate | c | "
        "c. | ca | ca. | ~ | ≈ | almost | close to | nearing | approaching | something like | more or less | "
        "in the region of | in the order of | of the order of | an estimated | estimated | estimated at | "
        "the best part of | just under | just below | just short of | just shy of | just less than | "
        "a little under | a little less than | slightly under | slightly less than"
    ),
    "up_to": _phrases(
        "up to | as much as | as high as | at most | at the most | capped at | a maximum of | maximum of | maximum | "
        "max | max. | a ceiling of | ceiling of | ceiling | a cap of | cap of | a limit of | limit of | "
        "no more than | not more than | not exceeding | not to exceed | a not-to-exceed | not-to-exceed | less than | "
        "a potential | potential | potentially | under | below"
    ),
    "per_year": _phrases("annual | an annual | yearly | a yearly | annually"),
    # These say nothing, but may stand between the others and the sum.
    "filler": _phrases(
        "worth | to be worth | valued at | a total of | total of | total | a sum of | the sum of | value of | "
        "a value of | total value of | contract value of | overall value of | price of | cost of | fee of | "
        "budget of | spend of | payment of | payments of | the equivalent of | another | a further | an additional | "
        "an extra | additional | further"
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
_STRENGTH: dict[Qualifier, int] = {"exact": 0, "about": 1, "at_least": 2, "up_to": 3}

# Beside a currency an ordinary space may group digits too: "R34 000".
_SPACED = r"[0-9]{1,3}(?: [0-9]{3}){1,4}(?![0-9])(?![.,·][0-9])"
_SCALES = rf"(?:{SCALE_GAP}{SCALE}(?:[\s-](?:thousand|million|crores?)(?!\w))?)?(?!\w)"
_AFTER = rf"(?P<number>(?:{_SPACED}|{DIGITS}){_SCALES}|{NUMBER_WORDS})"
_BEFORE = rf"(?P<number>(?<![\w.,·])(?<![0-9] ){_SPACED}{_SCALES}|{QUANTITY})"

_VAT = r"(?:VAT|GST|sales tax|tax(?:es)?)(?!\w)"
_VAT_STATED = (
    rf"(?:(?P<without>(?:ex(?:cl(?:uding|usive of|\.)?|\.)?|without|before|net of|plus)\s?{_VAT})"
    rf"|(?P<with>(?:inc(?:l(?:uding|usive of|\.)?|\.)?|with)\s?{_VAT}))"
)
_EVERY = r"(?:-?(?:a|per|each|every)[\s-]|(?:for|in)\s(?:each|every)\s|/\s?)"
_OF_THE_YEARS = r"(?:(?:for|in)\s)?(?:each|every)\sof\s(?:the|its|those)\s(?:[\w-]{1,12}\s){0,2}years(?!\w)"
_YEAR = r"(?:(?:financial|fiscal|calendar|contract)[\s-])?(?:year|annum|yr)(?!\w)"
_PIECES = (
    r"(?:month|week|day|hour|minute|night|quarter|head|share|seat|user|person|employee|pupil|student|patient"
    r"|desktop|device|unit|licence|license|barrel|tonne)(?!\w)"
)

_SOURCES = {
    "token": r"[^\W\d_]+|[" + "".join(SIGNS) + "]",
    "after_sign": rf"\s{{0,2}}{_AFTER}",
    "after_code": rf"\s{{0,2}}(?:[£$€]\s?)?{_AFTER}",
    "after_word": rf"\.?\s{{0,2}}{_AFTER}",
    "before": rf"{_BEFORE}(?=(?:(?<=[^\W\d_])\.)?[\s\-‐‑]{{0,2}}\Z)",
    "scale_at_end": rf"(?<![^\W\d_]){SCALE}\Z",
    "cents_at_end": r"[.,][0-9]{2,6}\Z",
    "named_dollar": r"\s?(?P<code>[A-Z]{3})(?!\w)|\s(?:(?:New|Hong)\s)?(?P<nation>[A-Za-z]+)\sdollars?(?!\w)",
    "weight": r"\s+(?:of(?!\w)|in weight|heavy)",
    "connector": r"\s{0,2}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–]|—(?!\s))\s{0,2}",
    "bare_high": rf"(?P<gap>\s{{0,2}}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–])\s{{0,2}}){_AFTER}",
    "bare_low": rf"{_BEFORE}(?:\s{{1,2}}(?:(?P<and>and)|(?P<to>to)|or)\s{{1,2}}|\s{{0,2}}[-–]\s{{0,2}})\Z",
    "between": r"(?<!\w)between\s{1,2}\Z",
    # "Up £5m to £12m" and "from £5m to £12m" are a change, and no range …
    "change": r"(?<!\w)(?:from|by|up|down|add(?:s|ed|ing)?|(?:increase|rise|uplift|jump|cut|fall|drop|reduction)\sof)"
    r"\s{1,2}(?:(?:up\sto|about|around|some|roughly|approximately|nearly|almost|just|well|over|under|more\sthan"
    r"|less\sthan|at\sleast|circa|c\.|an|estimated)\s{1,2}){0,3}\Z",
    # … but "worth from £5m to £12m" is one.
    "ranging": r"(?<!\w)(?:(?:rang(?:e[sd]?|ing)|var(?:y|ies|ied|ying))(?:\s[^\W\d_]{1,15}){0,3}"
    r"|(?:worth|valued\sat|valued|priced\sat|priced|costing|(?:to|will|would|could|may|might|can)\scost)"
    r"(?:\s(?:anything|anywhere))?),?\s{1,2}\Z",
    "comparison": r"\s{1,2}(?:less|more|lower|higher|cheaper|dearer)\sthan(?!\w)",
    "people": r"\s{1,2}(?:users?|people|customers?|citizens?|residents?|patients|households|homes|members|workers"
    r"|staff|employees|pupils|students|passengers|subscribers|pensioners|claimants|taxpayers|children)(?!\w)",
    "set_off": r"(?:\((?P<bracketed>up to|at (?:the )?most|at least|about|around|approximately|roughly)\)\s{1,2}"
    r"|(?<!\w)(?P<parted>at (?:the )?most|at least|approximately|roughly),\s{1,2}"
    r"|(?P<joined>[<>≤≥]|(?<![\w-])sub-))\Z",
    "time": r"[\s-]?(?:years?|months?|weeks?|days?|hours?|person|strong|point)(?!\w)",
    "word": r"[^\s()\[\]\"“”‘’,;:!?—–/]+",
    "bracket": r"\s{0,2}[(\[]\s?(?:(?:or|i\.e\.|equal to|equivalent to|the equivalent of)\s)?\s?",
    "bracket_end": r"[^()\[\]\n]{0,60}[)\]]",
    "vat_between": rf"\s?[(,]?\s?{_VAT_STATED}?[),]?\s?(?:[(,/;]|or(?!\w))?\s?",
    "vat_behind": rf"\s?[(,]?\s?{_VAT_STATED}?\)?",
    # A line that begins with "A year …" goes on with no sum of the line above, unless in small letters.
    "behind": r"(?:[^\S\n]{0,2}|\n(?=(?-i:[a-z])))(?:"
    rf"(?P<per_year>{_EVERY}{_YEAR}(?!\s(?:ago|earlier|later|before|after)(?!\w))"
    rf"|{_OF_THE_YEARS}"
    r"|-?p\.?a(?:\.|(?!\w))|-?annual(?:ly)?(?!\w)|yearly(?!\w))"
    r"|(?P<at_least>(?<!\s)\+(?![\w£$€]|\s(?:VAT|GST|tax))|-plus(?!\w)"
    r"|plus(?=\s(?:deal|contract|agreement|programme|framework)|\s?[.,;)]|\Z)"
    r"|or\smore(?!\w|\sthan)|and\s(?:above|upwards|more)(?!\w|\sthan)|at\sleast(?!\w)|minimum(?!\w))"
    r"|(?P<up_to>max(?:imum)?(?!\w)|at\s(?:the\s)?most(?!\w)|(?:or|and)\s(?:less|under)(?!\w)"
    r"|(?:ceiling|cap)(?!\w)"
    r"|(?:,\s)?if\s(?:(?:all|every|the|its|both)\s){0,2}(?:option|extension)s?(?:\s(?:years?|periods?))?"
    r"\s(?:are|is|were|was)\s(?:all\s)?(?:exercised|taken(?:\sup)?|used)(?!\w)"
    r"|(?:,\s)?(?:including|inclusive\sof)\s(?:(?:all|the|its)\s){0,2}options(?!\w))"
    r"|(?P<about>or\sso(?!\w)|-?(?:odd|ish)(?!\w))"
    rf"|(?P<piece>apiece(?!\w)|each(?!\w)|(?:-?an?[\s-]|/\s?|each\s|every\s){_PIECES}"
    r"|-?per[\s-](?!the\s|its\s|their\s|cent)\w+))",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    case_matters = name in ("token", "named_dollar")
    return re.compile(_SOURCES[name], re.NOFLAG if case_matters else re.IGNORECASE)


_MONEY_WORDS = frozenset(
    word.lower() for word in (*SIGNS, *WORDS, *NOUNS, *NATIONAL, *(f"{noun}s" for noun in NATIONAL))
)
"""What stands beside a sum of money: all other words are passed over."""


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


def _sums(text: str) -> list[Sum]:
    """Every currency with a number beside it."""
    sums: list[Sum] = []
    before_last: re.Match[str] | None = None
    last: re.Match[str] | None = None
    floor = 0  # the end of the last sum: nothing is read twice
    for token in _regex("token").finditer(text):
        word = token.group()
        if word.lower() in _MONEY_WORDS and token.start() >= floor:
            found = None
            if word in SIGNS:
                found = _at_sign(text, token, last, floor)
            elif (currency := WORDS.get(word) or NOUNS.get(word.lower())) is not None:
                found = _at_word(text, token.start(), token.end(), currency, floor)
            if found is None and last is not None and word[-1] not in SIGNS:
                found = _at_national_noun(text, token, last, before_last, floor)
            if found is not None:
                sums.append(found)
                floor = found.end
        before_last, last = last, token
    return sums


def _at_sign(text: str, token: re.Match[str], last: re.Match[str] | None, floor: int) -> Sum | None:
    sign, start = token.group(), token.start()
    code, prefix_known = SIGNS[sign], True
    if last is not None and last.start() >= floor and last.group() not in SIGNS:
        letters, gap = last.group(), text[last.end() : start]
        if sign == "$" and letters in DOLLARS and (not gap or (gap == " " and len(letters) > 1)):
            code, start = DOLLARS[letters], last.start()
        elif sign == "¥" and not gap and letters in ("CN", "RMB", "JP"):
            code, start = ("JPY" if letters == "JP" else "CNY"), last.start()
        elif not gap and letters[-1].isupper():  # "Z$5m": somebody's dollar, but whose?
            prefix_known = False
    number = _regex("after_sign").match(text, token.end()) if prefix_known else None
    if number is None:
        return _before(text, token.start(), token.end(), Currency(code), floor) if sign != "$" else None
    end = number.end()
    if sign == "$" and start == token.start():
        named = _regex("named_dollar").match(text, end)
        if named is not None:
            whose = named["code"] if named["code"] in DOLLARS.values() else None
            whose = whose or NATIONAL["dollar"].get((named["nation"] or "").lower())
            if whose is not None:
                code, end = whose, named.end()
    return _sum(start, end, number["number"], Currency(code), "yes", number_first=False)


def _at_word(text: str, start: int, end: int, currency: Currency, floor: int) -> Sum | None:
    after = None
    if currency.before != "no":
        number = _regex("after_code" if end - start == 3 else "after_word").match(text, end)
        if number is not None:
            after = _sum(start, number.end(), number["number"], currency, currency.before, number_first=False)
    if after is not None and after.scaled:
        return after
    return _before(text, start, end, currency, floor) or after


def _at_national_noun(
    text: str, token: re.Match[str], last: re.Match[str], before_last: re.Match[str] | None, floor: int
) -> Sum | None:
    noun, nation = token.group().lower(), last.group().lower()
    nations = NATIONAL.get(noun) or NATIONAL.get(noun.removesuffix("s"))
    code = nations.get(nation) if nations is not None else None
    if code is None or text[last.end() : token.start()].strip(".") not in (" ", "-", "\u00a0", "\n"):
        return None
    start = last.start()
    if before_last is not None and before_last.group().lower() == FIRST_OF_TWO.get(nation):
        start = before_last.start()
    return _before(text, start, token.end(), Currency(code), floor)


def _before(text: str, start: int, end: int, currency: Currency, floor: int) -> Sum | None:
    """The sum whose number ends where the currency's words ``text[start:end]`` begin."""
    near = text[max(floor, start - 20) : start].replace("-", " ").rstrip(" .\u00a0\u202f\n‐‑")
    if currency.after == "no" or not near[-1:].isalnum():
        return None
    if near[-1].isalpha() and near.split()[-1].lstrip("0123456789.,'’½¼¾").lower() not in NUMBER_ENDINGS:
        if "\n" not in near:  # a line end may break a scale word
            return None  # most words stand before no number: a quick look saves the search
    number = _regex("before").search(text, max(floor, start - 60), start)
    if number is None:
        return None
    found = _sum(number.start(), end, number["number"], currency, currency.after, number_first=True)
    if currency.code == "GBP" and found is not None and not found.scaled and found.amount < 10_000:
        return None if _regex("weight").match(text, end) else found
    return found


def _sum(start: int, end: int, number: str, currency: Currency, use: Use, *, number_first: bool) -> Sum | None:
    amount = parse_number(re.sub(r"(?<=[0-9]) (?=[0-9])", "", number))
    if amount is None:
        return None
    scaled = number[-1].isalpha() and _regex("scale_at_end").search(number) is not None
    if use == "large" and not (scaled or amount >= 10_000 or _regex("cents_at_end").search(number)):
        return None
    return Sum(start, end, amount * currency.factor, scaled, number_first, currency.code)


def _with_ranges(text: str, sums: list[Sum]) -> list[Sum]:
    """Two ends become one sum: the top, as "up to"."""
    result: list[Sum] = []
    for position, high in enumerate(sums):
        floor = result[-1].end if result else 0
        if high.start < floor:
            continue
        low = result[-1] if result else None
        if low is not None and low.qualifier == "exact" and low.currency == high.currency:
            gap = _regex("connector").fullmatch(text, low.end, high.start)
            start = _range_start(text, low.start, result[-2].end if len(result) > 1 else 0, gap)
            spaced_dash = gap is not None and gap.group()[:1].isspace() and not (gap["and"] or gap["to"])
            if spaced_dash and _regex("comparison").match(text, high.end):  # "£3m - £9m less than the last"
                start = None
            if start is not None and low.amount <= high.amount:
                result[-1] = Sum(start, high.end, high.amount, True, low.number_first, low.currency, "up_to")
                continue
        ceiling = sums[position + 1].start if position + 1 < len(sums) else len(text)
        result.append(_with_bare_low(text, high, floor) or _with_bare_high(text, high, floor, ceiling) or high)
    return result


def _range_start(text: str, start: int, floor: int, gap: re.Match[str] | None) -> int | None:
    """Where a range begins whose low end begins at `start`; None if the two are no range."""
    if gap is None:
        return None
    if gap["and"]:
        between = _regex("between").search(text, max(floor, start - 12), start)
        return between.start() if between is not None else None
    if gap["to"]:
        change = _regex("change").search(text, max(floor, start - 60), start)
        if change is not None and change.group()[:4].lower() != "from":
            return None
        if change is not None and not _regex("ranging").search(text, max(floor, change.start() - 80), change.start()):
            return None
    return start


def _with_bare_low(text: str, high: Sum, floor: int) -> Sum | None:
    """12 to 15 million pounds."""
    if not high.number_first or text[max(floor, high.start - 4) : high.start].strip()[-1:] not in tuple("dor-–"):
        return None
    low = _regex("bare_low").search(text, max(floor, high.start - 50), high.start)
    start = _range_start(text, low.start(), floor, low) if low is not None else None
    amount = parse_number(low["number"]) if low is not None else None
    if start is None or amount is None or amount > high.amount or (high.scaled and 1000 <= amount < 10_000):
        return None  # 1000 to 9999 beside "million" is a year
    return Sum(start, high.end, high.amount, high.scaled, True, high.currency, "up_to")


def _with_bare_high(text: str, low: Sum, floor: int, ceiling: int) -> Sum | None:
    """£12-15m; £12m to 15m."""
    high = _regex("bare_high").match(text, low.end) if not low.number_first else None
    if high is None or high.end() > ceiling or _regex("people").match(text, high.end()):
        return None
    start = _range_start(text, low.start, floor, high)
    amount = parse_number(high["number"])
    if start is None or amount is None or amount < low.amount:
        return None
    scaled = _regex("scale_at_end").search(high["number"]) is not None
    tight = len(high["gap"]) == 1 and not low.scaled and not _regex("time").match(text, high.end())
    if not (scaled or tight):
        return None
    return Sum(start, high.end(), amount, scaled, False, low.currency, "up_to")


def _read_words_before(text: str, found: Sum, floor: int) -> None:
    """Takes in "up to an estimated", "a little over", "an annual value of", …"""
    if found.start > floor and text[max(floor, found.start - 2) : found.start].rstrip()[-1:] in tuple(",)<>≤≥-"):
        set_off = _regex("set_off").search(text, max(floor, found.start - 20), found.start)
        if set_off is not None:
            found.qualify(_SET_OFF[(set_off["bracketed"] or set_off["parted"] or set_off["joined"]).lower()])
            found.start = set_off.start()
    left = max(floor, found.start - 90, text.rfind("\n\n", 0, found.start) + 1)
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


def _read_words_behind(text: str, found: Sum, ceiling: int) -> None:
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


def _without_alternatives(text: str, sums: list[Sum]) -> list[Sum]:
    """Drops the same sum in another currency, in brackets, and the one with VAT beside the one without."""
    result: list[Sum] = []
    for found in sums:
        last = result[-1] if result else None
        if last is None or (found.start >= last.end and not _absorbs(text, last, found)):
            result.append(found)
    return result


def _absorbs(text: str, first: Sum, second: Sum) -> bool:
    """Whether `second` is `first` said otherwise; `first` then holds the one that counts, and the words of both."""
    if first.currency != second.currency:
        if _regex("bracket").fullmatch(text, first.end, second.start) is None:
            return False
        closing = _regex("bracket_end").match(text, second.end)
        if closing is None:
            return False
        first.end = closing.end()
        return True
    between = _regex("vat_between").fullmatch(text, first.end, second.start)
    behind = _regex("vat_behind").match(text, second.end)
    if between is None or behind is None:
        return False
    if behind["without"] or between["with"]:
        first.amount, first.qualifier, first.per_year = second.amount, second.qualifier, second.per_year
    elif not (behind["with"] or between["without"]):
        return False
    first.end = behind.end()
    return True


def read_sums(text: str) -> list[Sum]:
    """Every sum that `text` states, in order, without overlaps."""
    sums = _sums(text)
    if not sums:
        return sums
    sums = _with_ranges(text, sums)
    floor = 0
    for found in sums:
        _read_words_before(text, found, floor)
        floor = found.end
    for again in (False, True):  # "€9m ($10m) a year": once more after the bracket
        starts = [found.start for found in sums[1:]]
        for found, ceiling in zip(sums, [*starts, len(text)], strict=True):
            _read_words_behind(text, found, ceiling)
        if not again and len(sums) > 1:
            sums = _without_alternatives(text, sums)
    return [found for found in sums if not found.per_piece]
