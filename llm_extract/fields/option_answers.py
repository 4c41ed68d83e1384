"""Reads words that are said to be the optional extensions of a contract, where they show less than others must.

`llm_extract.fields.durations` finds extensions in any text, by words that make them optional. The words that
answer the question for them need not name an option themselves: "two further periods of a year", "once, by twelve
months", "then a year, and another, if the board likes it". What must stand there all the same:

- Either how often a term may be added ("twice for one year each"), or that it is a further one, and in the
  same sentence a word of choice: "may", "if", "up to", "at the client's choice".
- A number without a unit has that of the initial term before it, which is then part of the mention: "three
  years and, if they like it, another two". "May make it five" is two more than three, "a fourth" is one more, "two
  in reserve" two, "by the same again" as long as the initial term.
- Words that tell what has happened ("extended by", "exercised", "agreed") state no option.
"""

from __future__ import annotations

import re
from functools import cache

from llm_extract.fields import term_words
from llm_extract.fields.date_words import MONTH
from llm_extract.fields.numbers import NUMBER
from llm_extract.fields.term_readings import Span, Term, how_often, months_of, number_of, read_term, statements

_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh")
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)})(?![^\W_])"
_AHEAD = 25  # characters after a number in which another part of an extension may follow
_TIMES = r"(?:once|twice|thrice|(?:two|three|four|five|[2-5])\stimes)"
_MORE = (
    rf"\s(?:(?:more|further|extra|additional|optional)(?![^\W_]){term_words.NOT_COUNTING}"
    r"|on\stop(?![^\W_]|\sof)|in\sreserve(?![^\W_]))"
)
_CLOSE = (
    r"(?![^\W_])(?![-‐‑][^\W_])"
    r"(?=\s*(?:[,;:!?)|\n–—]|\.(?![0-9])|\Z)|\s(?:(?:(?:is|are|being|remains?)\s)?(?:optional|possible|available|at\s|in\s(?:its|their|our|the)\s(?:pocket|gift))|if|should|when|provided|unless|in\soption|at\s(?:the|its|their|our|his|her)\s))"
)
_FURTHER = r"(?:further|another|additional|extra|more|then|plus|second|possible|optional)"


@cache
def _choice() -> re.Pattern[str]:
    """A word that leaves a choice."""
    return re.compile(
        r"(?<![^\W_])(?:(?:may|can|could|might)(?!\snot(?![^\W_]))(?!['’]t)|if|should|unless|options?|optional(?:ly)?|possibl[ey]|possibility"
        r"|potential(?:ly)?|right|extend[ai]ble|renewable|choice|discretion|pleasure|wish(?:es)?|chance|liberty|gift|reserve|room|pocket|foreseen"
        r"|choosing|request"
        r"|lets|letting|allows|allowing|permits|permitting"
        r"|up\sto|at\smost|no\smore\sthan|available|provision|foreseen)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def _optional_or_more() -> re.Pattern[str]:
    return re.compile(
        r"\+|(?<![^\W_])(?:option|exten[ds]|renew|prolong|(?:further|another|additional|again|plus)(?![^\W_])"
        r"|more(?![^\W_]).{0,12}(?:year|month))",
        re.IGNORECASE,
    )


@cache
def _done() -> re.Pattern[str]:
    """Words that tell what has happened, or that nothing may."""
    return re.compile(
        r"(?<![^\W_])(?:exercis(?:es|ed|ing)|t(?:ook|aken|akes|aking)\sup|triggered|activated"
        r"|(?<!be\s)(?:extended|renewed|prolonged|lengthened|granted|agreed|added|used|continued|signed)"
        r"|(?:may|might|could|can)\s(?:take|need|last|end|expire)|adds|no(?!\s(?:duty|obligation|need|commitment|promise))|not(?!\sthe\s(?:duty|obligation))|cannot|(?:can|won|don|didn|shouldn|wouldn)['’]t|never|without|instead|ago|last|past|old|late|early|delays?)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def _again() -> re.Pattern[str]:
    """ "Another two, and then one", without a unit."""
    return re.compile(
        r",?\s(?:and\s(?:then\s)?|then\s|plus\s)(?:(?:by|for|an?|further|another|up\sto)\s){0,3}"
        rf"(?P<number>(?>{NUMBER}))(?:{_MORE}|{_CLOSE}|\safter\sthat(?![^\W_]))",
        re.IGNORECASE,
    )


@cache
def _often_more() -> re.Pattern[str]:
    """ "Two more, twice over"."""
    return re.compile(rf",?\s(?:up\sto\s)?(?P<times>{_TIMES})(?:\sover)?(?![^\W_])", re.IGNORECASE)


@cache
def _counted() -> re.Pattern[str]:
    """A number, or a word that tells that there is more than one of something."""
    return re.compile(
        rf"{NUMBER}|(?<![^\W_])(?:{_ORDINAL}|twice|thrice|another|again|each|apiece|(?:and|,)\sthen(?![^\W_]))",
        re.IGNORECASE,
    )


@cache
def _if_after() -> re.Pattern[str]:
    return re.compile(
        r",?\s(?:if|should|unless|in\sreserve|(?:is|are)\s(?:foreseen|possible|optional))(?![^\W_])", re.IGNORECASE
    )


@cache
def _beyond_after() -> re.Pattern[str]:
    """ "Two years beyond that"."""
    return re.compile(r"\s(?:beyond|after|on\stop\sof)\s(?:that|this|it|those)(?![^\W_])", re.IGNORECASE)


@cache
def _beside_the_count() -> re.Pattern[str]:
    """What may stand between a term and more of it and counts none: when it begins, what it costs, "year by year"."""
    day = r"(?:[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)?"
    return re.compile(
        rf"(?<![^\W_])(?:from|starting|beginning|commencing)\s(?:on\s|in\s)?(?:{day}\s)?{MONTH}(?:\s{day})?(?:,?\s(?:19|20)[0-9]{{2}})?"
        r"(?![^\W_])|[£$€]\s?[0-9]+(?:[.,][0-9]+)*\s?(?:k|m|bn|million|billion)?(?![^\W_])"
        r"|(?<![^\W_])again\s(?=with)|,\sthen\s(?:year\sby\syear|annually|yearly)(?![^\W_])"
        r"|\A,?\sand\sthen(?=,)",
        re.IGNORECASE,
    )


@cache
def _passed_before() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?:after|following)\s(?:(?:the|an?|all|both|another|further)\s){0,2}\Z", re.IGNORECASE
    )


@cache
def _often_before() -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?P<times>{_TIMES})[,:]?\s(?:(?:more\s)?(?:by|for|of)\s)?\Z", re.IGNORECASE)


@cache
def _another_after() -> re.Pattern[str]:
    """ "A year, and another"."""
    return re.compile(r",?\sand\s(?:then\s)?another(?=\s*(?:[,;:!?)]|\.|\Z)|\sif(?![^\W_]))", re.IGNORECASE)


@cache
def _further_before() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![^\W_])(?:{_FURTHER}|(?:renewal|extension|prolongation)\sof)\s(?:(?:an?|up\sto|period\sof|term\sof)\s){{0,2}}\Z",
        re.IGNORECASE,
    )


@cache
def _bare() -> re.Pattern[str]:
    """A number without a unit: of more years, of all of them, or the number of one of them."""
    number = rf"(?>{NUMBER})"
    return re.compile(
        rf"(?<![^\W_])(?:(?:make|making|makes)\s(?:it\s)?|(?:go|going)\s(?:on\s)?to\s)(?P<total>{number}){_CLOSE}"
        rf"|(?<![^\W_])(?:an?|the)\s(?:optional\s|possible\s)?(?P<ordinals>{_ORDINAL}(?:(?:,\s|,?\s(?:and|or)\s)(?:an?\s|the\s)?{_ORDINAL}){{0,4}})"
        rf"(?:\syears?)?{_CLOSE}"
        rf"|(?<![^\W_])(?:(?P<same_often>{_TIMES})\s)?(?:by|for)\s(?P<same>the\ssame(?:\s(?:again|period|term|time|length))?"
        rf"|as\s(?:long|much)\sagain|a\s(?:like|similar|further\slike)\s(?:term|period)){_CLOSE}"
        rf"|(?P<plus>(?:(?:(?<![^\W_])plus|\+)\s?{number}\s?){{1,4}}+){_CLOSE}"
        rf"|(?<![^\W_])(?:(?P<often>{_TIMES})\s)?(?:by|for|of|on|over|(?P<further>{_FURTHER}|adding|add)|up\sto|as\smany\sas|than)"
        rf"\s(?:an?\s)?(?P<number>{number})(?:\s(?P<each>each|twice|once|apiece)|(?P<more>{_MORE}))?(?:(?(more)|{_CLOSE}))"
        rf"|(?<![^\W_])(?P<alone>{number}){_MORE}",
        re.IGNORECASE,
    )


def read_option(text: str, start: int, end: int) -> Span | None:
    """The optional extension that ``text[start:end]`` is said to state, or None.

    The mention is part of `text` and may begin before `start`, with the initial term or the word of choice.
    """
    opening = max((text.rfind(mark, 0, start) for mark in (". ", "; ", "! ", "? ", ".\n", "\n\n")), default=-1) + 1
    # What goes before in the sentence tells whether it has happened; what follows rarely does.
    if _done().search(text, opening, end) or term_words.used_after().match(text, end):
        return None
    if end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        return None
    matches = list(term_words.terms().finditer(text, start, end))
    if any(match["range"] or match["added"] for match in matches):
        return None
    terms = [read_term(match) for match in matches]
    initials, _ = statements(text[:end])
    if len(terms) == 1 and (span := _with_unit(text, terms[0], opening, start, end)) is not None:
        return span
    return _without_unit(text, initials, start, end) if initials else None


def may_be_option(text: str) -> bool:
    """Whether words of `text` may be said to be an option: whether it tells of anything optional, or of more."""
    return _optional_or_more().search(text) is not None


def says_more(words: str) -> bool:
    """Whether words after an extension tell of another one: "and, if that goes well, another"."""
    return (
        re.search(r"(?<![^\W_])(?:another|again|second|third|twice|thrice)(?![^\W_])", words, re.IGNORECASE) is not None
    )


def _with_unit(text: str, term: Term, opening: int, start: int, end: int) -> Span | None:
    """ "Two further periods of a year", "once, by twelve months"."""
    before = text[start : term.begin]
    if not term.months or re.search(r"[0-9]", before) or re.search(r"[£$€]", text[term.end : end]):
        return None
    if _passed_before().search(text, opening, term.begin):
        return None
    first, last, times = start, max(end, term.end), term.times
    often = _often_before().search(before)
    after = term_words.often_after().match(text, term.end)
    if often is not None and times == 1:
        return Span(first, last, term.months * _times(often["times"]))
    if re.search(NUMBER, text[after.end() if after else term.end : end], re.IGNORECASE):
        return None
    if after is not None and times == 1:
        return Span(first, max(last, after.end()), term.months * how_often(after))
    if term.several and times > 1:
        total = term_words.in_total_after().match(text, term.end)
        return Span(first, last, term.months * (1 if total else times))
    beyond = _beyond_after().match(text, term.end)
    if not (term.further or term.optional or beyond or _further_before().search(before)):
        return None
    if beyond is not None:
        last = max(last, beyond.end())
    if (another := _another_after().match(text, term.end)) is not None:
        if term.months != months_of(number_of("one"), term.unit):
            return None
        times, last = 2, max(last, another.end())
    chosen = _choice().search(text, start, end)
    if chosen is None:
        if (follows := _if_after().match(text, last)) is not None:
            return Span(first, follows.end(), term.months * times)
        *_, chosen = [None, *_choice().finditer(text, opening, start)]
        if chosen is None or term_words.unit().search(text, chosen.end(), start):
            return None
        first = chosen.start()
    return Span(first, last, term.months * times)


def _without_unit(text: str, initials: list[Span], start: int, end: int) -> Span | None:
    """ "Another two, if they like it", "a fourth", "twice by the same"."""
    match = _bare().search(text, start)
    if match is None or match.start() >= end:
        return None
    initial = next((span for span in reversed(initials) if span.end <= match.start()), None)
    if initial is None:
        return None
    if _counted().search(text, start, max(start, initial.start)):
        return None
    last = max(end, match.end())
    if not (match["plus"] or _choice().search(text, initial.end, last)):
        if (follows := _if_after().match(text, last)) is None:
            return None
        last = follows.end()
    between = _beside_the_count().sub("", text[initial.end : match.start()])
    if len(between) > 200 or _done().search(between):
        return None
    stated = term_words.terms().search(text, initial.start, initial.end)
    unit = (stated and (stated["unit"] or stated["long"] or stated["added_unit"])) or "years"
    months = _bare_months(match, unit, initial.months)
    stop = match.end()
    if months and (match["number"] or match["alone"]):
        if (often := _often_more().match(text, stop)) is not None:
            months, stop = months * _times(often["times"]), often.end()
        while months and (again := _again().match(text, stop)) is not None:
            more = months_of(number_of(again["number"]), unit)
            months, stop = months + more if more else 0, again.end()
    # Numbers that are left over would be a part of it that is not read.
    if _counted().search(between) or _counted().search(text, stop, end):
        return None
    if _counted().search(re.split(r"[.;!?\n]", text[stop : stop + _AHEAD])[0]):
        return None
    return Span(initial.start, max(last, stop), months) if months else None


def _bare_months(match: re.Match[str], unit: str, initial: int) -> int:
    """The months that a number without a unit stands for; 0 if it is not clear."""
    if match["total"]:
        return max(0, months_of(number_of(match["total"]), unit) - initial)
    if match["ordinals"]:
        numbers = [
            _ORDINALS.index(word.casefold()) + 2 for word in re.findall(_ORDINAL, match["ordinals"], re.IGNORECASE)
        ]
        follows = [number * 12 for number in numbers] == [initial + 12 * (n + 1) for n in range(len(numbers))]
        return 12 * len(numbers) if follows else 0
    if match["same"]:
        return initial * _times(match["same_often"])
    if match["plus"]:
        parts = [months_of(number_of(part), unit) for part in re.findall(NUMBER, match["plus"], re.IGNORECASE)]
        return sum(parts) if all(parts) else 0
    months = months_of(number_of(match["number"] or match["alone"]), unit)
    if months > initial and not (
        match["further"] or match["more"] or match["alone"]
    ):  # "three years and, if they like it, five": in all, or more?
        return 0
    times = 2 if match["each"] and match["each"].casefold() == "twice" else _times(match["often"])
    return months * times


def _times(words: str | None) -> int:
    """How often: 1 for None and "once"."""
    if words is None:
        return 1
    plain = words.casefold()
    return {"once": 1, "twice": 2, "thrice": 3}.get(plain) or int(number_of(plain.split()[0]) or 1)
