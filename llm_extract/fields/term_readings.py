"""Reads the lengths of time in a text as initial terms and optional extensions, in months.

The rules are told in `llm_extract.fields.durations`, the words are in `llm_extract.fields.term_words`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NamedTuple

from llm_extract.fields import term_words
from llm_extract.fields.numbers import NUMBER, parse_number
from llm_extract.fields.text import EDGES

_MONTHS_IN: Final = {"y": Decimal(12), "m": Decimal(1), "d": Decimal(120)}
_LONGEST: Final = 1200  # a century; what is longer is no contract
_REACH: Final = 120  # how far before a term the words are looked for that make it optional
_OPTIONAL: Final = ("option", "optional", "extension", "possible", "potential")


class Term(NamedTuple):
    """A length of time in the text; `months` is for one of `times`, 0 if they are no whole number."""

    begin: int
    """Where it begins with `times`: at "two" of "two one-year extensions". `start` is at "one"."""
    start: int
    end: int
    months: int
    times: int
    unit: str
    article: bool = False
    """The count is only "a": "a year"."""
    adjectival: bool = False
    optional: bool = False
    further: bool = False
    marked: bool = False
    """Optional by a word between count and unit, as "two option years" is."""
    several: bool = False
    """Said to be one of some: "two periods of a year", "2 x 12 months", "Renewals: 2, of 12 months"."""


class Span(NamedTuple):
    """`text[start:end]` states `months`; 0 for words about an extension that leave its length open."""

    start: int
    end: int
    months: int


def how_often(match: re.Match[str]) -> int:
    """How many times `term_words.often` or `often_after` say."""
    named = match.groupdict()
    return 2 if match["twice"] else int(number_of(match["often"] or named.get("at_most") or "") or 1)


def number_of(words: str) -> Decimal | None:
    """The number that `words` write, an article and "both" among them."""
    plain = words.casefold()
    if plain in ("a", "an", "another", "single"):
        return Decimal(1)
    if plain == "both":
        return Decimal(2)
    return Decimal("0.5") if plain in ("half a", "half an") else parse_number(words)


def months_of(count: Decimal | None, unit: str) -> int:
    """Whole months, or 0."""
    if count is None:
        return 0
    letter = unit[0].casefold()
    months = count * 3 / 13 if letter == "w" else count * _MONTHS_IN[letter]
    return int(months) if months == int(months) and 1 <= months <= _LONGEST else 0


def read_term(match: re.Match[str]) -> Term:
    """What a match of `term_words.terms` says that is neither a range nor terms added up."""
    start, end = match.span()
    if match["long"]:
        return Term(start, start, end, months_of(Decimal(1), match["long"]), 1, match["long"], adjectival=True)
    count, unit = number_of(match["count"]), match["unit"]
    if count is not None and match["half"]:
        count += Decimal("0.5")
    if match["again"] is not None and number_of(match["again"].strip("( )").lstrip("0")) != count:
        count = None
    months = months_of(count, unit)
    if match["months"] is not None:
        rest = months_of(number_of(match["months"]), "months")
        months = months + rest if rest and unit[0] in "yY" else 0
    times, begin = number_of(match["times"] or ""), match.start()
    if times is None:
        times, begin = Decimal(1), match.start("count")
    kinds = f"{match['times_kind'] or ''}{match['kind'] or ''}".casefold().split()
    base = "base" in kinds and match.string[max(0, match.start() - 3) : match.start()] != "as "
    kinds = [kind for kind in kinds if kind != "base"]  # "one base year" is the initial term
    options = term_words.plain_options().match(match["periods"] or match["each"] or "") is not None
    return Term(
        begin,
        match.start("count"),
        match.end(),
        months,
        int(times),
        unit,
        article=match["count"].casefold() in ("a", "an") and not (kinds or base or match["lasting"] or match["more"]),
        adjectival=match.string[match.end("count")] in "-‐‑",
        optional=options or any(kind in _OPTIONAL for kind in kinds),
        further=bool(
            kinds or match["more"] or (match["of"] or "").strip(" ,of") or match["count"].casefold() == "another"
        ),
        marked=any(kind in _OPTIONAL for kind in (match["kind"] or "").casefold().split()),
        several=times > 1 and bool(match["periods"] or match["each"] or match["by"] or match["of"]),
    )


def statements(text: str) -> tuple[list[Span], list[Span]]:
    """The initial terms and the extensions that `text` states, each in order."""
    initials: list[Span] = []
    extensions: list[Span] = []
    if term_words.unit().search(text) is None:
        return initials, extensions
    for label in term_words.labelled().finditer(text):
        months = months_of(number_of(label["number"]), label["unit"])
        if months:
            (extensions if label["option"] else initials).append(Span(*label.span(), months))
    matches = list(term_words.terms().finditer(text))
    first, final = len(text) - len(text.lstrip(EDGES)), len(text.rstrip(EDGES))
    floor = 0
    initial: Term | None = None  # the one just before, in the same clause
    previous: Span | None = None  # the extension just before, which another one may be added to
    for index, match in enumerate(matches):
        ahead = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        if match["range"] or match["added"]:
            if match["added"]:
                _read_added(match, text[max(floor, match.start() - _REACH) : match.start()], initials, extensions)
            initial, previous, floor = None, None, match.end()
            continue
        term = read_term(match)
        opening = max(floor, term.begin - _REACH)
        *earlier, clause = re.split(r"[.;!?\n]", text[opening : term.begin])
        if earlier or opening > floor:
            initial, previous = None, None
        extension = _read_extension(text, term, clause, initial, previous) if term.months else None
        if extension is not None:
            again = term_words.again_after().match(text, extension.end) if extension.months else None
            if again is not None and again.end() <= ahead:
                # "A year, and then another" is one more; "two years, and then another" may be one or two.
                more = months_of(number_of(again["number"] or ""), term.unit) if again["number"] else term.months
                if again["another"] and term.months != months_of(Decimal(1), term.unit):
                    more = 0
                extension = Span(extension.start, again.end(), extension.months + more if more else 0)
            if previous is not None and extension.start == previous.start:
                extensions.pop()
            if extension.months:
                extensions.append(extension)
            initial, previous, floor = None, extension if extension.months else None, extension.end
            continue
        initial, previous, floor = None, None, term.end
        term = _repeated(term, text[opening : term.begin])
        tail = term_words.extension_after().match(text, term.end) if term.months else None
        if tail is not None and term.begin <= first and final <= tail.end():
            extensions.append(Span(term.begin, tail.end(), term.months * term.times))
        if term.months and not (tail and term.times > 1):
            alone = term.begin <= first and final <= term.end
            if alone or _stands(text, term):
                initials.append(Span(term.start, term.end, term.months))
                initial = None if term.article else term
        elided = _read_elided(text, initial) if initial is not None else None
        if elided is not None and elided.end <= ahead:
            initial, previous, floor = None, elided, elided.end
            extensions.append(elided)
    return sorted(initials), sorted(extensions)


def _read_added(match: re.Match[str], before: str, initials: list[Span], extensions: list[Span]) -> None:
    """ "2+1+1 years": the first is the initial term, unless the words `before` make all of them optional."""
    unit = match["added_unit"] or "years"  # "a 3+1+1 contract"
    parts = re.findall(NUMBER, match["added"], re.IGNORECASE)
    months = [months_of(number_of(number), unit) for number in (match["first"], *parts)]
    clause = re.split(r"[.;!?\n]", before)[-1]
    cue = term_words.option_before().search(clause)
    if not all(months) or (cue and term_words.to_total().search(clause)):
        return
    if cue:
        extensions.append(Span(match.start() - len(clause) + cue.start(), match.end(), sum(months)))
    else:
        initials.append(Span(*match.span(), months[0]))
        extensions.append(Span(*match.span(), sum(months[1:])))


def _read_extension(text: str, term: Term, clause: str, initial: Term | None, previous: Span | None) -> Span | None:
    """The extension that `term` is the length of, or None. `clause` is the text before it.

    It carries the words that make it one: before it, in it, after it, or its initial term.
    """
    word = term_words.further_word().search(clause)
    further = term.further or term.several or word is not None
    tail = term_words.option_after().match(text, term.end)
    named = term_words.extension_after().match(text, term.end)
    periods = term_words.periods_after().match(text, term.end) if term.times > 1 else None
    if periods is not None and periods["options"] is None and not term.further:
        periods = None
    if tail is None and (further or named or periods):
        tail = term_words.further_after().match(text, term.end)
    end = max((found.end() for found in (tail, named, periods) if found), default=term.end)
    link = term_words.and_between().match(clause) if previous is not None else None
    cue = term_words.option_before().search(clause) or term_words.gone_on_before().search(clause)
    if cue is None and further:
        cue = term_words.further_before().search(clause)
    if cue and term.adjectival and term.times == 1 and not (further or tail or named):
        own = term_words.own_after().match(text, term.end)
        named_so = own is not None and (own["term"] is None or clause.endswith("the "))
        if named_so and not term_words.of_option_before().search(clause):
            return None  # "may renew the five-year deal"
    renewed = None  # where the words begin that make an extension of the deal whose own term stands among them
    if cue is None and initial is not None and term_words.renewed_between().fullmatch(clause):
        before = re.split(r"[.;!?\n]", text[max(0, initial.begin - _REACH) : initial.begin])[-1]
        if (renewing := term_words.option_before().search(before)) is not None:
            renewed = initial.begin - len(before) + renewing.start()
    if not (cue or tail or named or periods or term.optional or term.several or initial or previous):
        return None
    used = term_words.used_after().match(text, end) or term_words.used_before().search(
        clause[: cue.start()] if cue else clause
    )
    if (used or (cue is None and term_words.done_before().search(clause))) and not term.marked:
        return None
    often = term_words.often().search(cue[0]) if cue else None
    if often is None and (often := term_words.often_after().match(text, end)):
        end = often.end()
    times = term.times if often is None or term.times > 1 else how_often(often)
    total_after = None if term.adjectival else term_words.in_total_after().match(text, term.end)
    if total_after is not None and times > 1:
        times, end = 1, max(end, total_after.end())
    months = term.months * times
    start = term.begin - len(clause)
    if previous is not None and link and (link["again"] or term.optional or term.further or tail):
        return Span(previous.start, end, previous.months + months)
    if cue:
        start += cue.start()
        if term_words.none_before().search(clause[: cue.start()]):
            return Span(start, end, 0)
    elif renewed is not None:
        start = renewed
    elif tail or term.optional or periods:
        start += word.start() if word else len(clause)
    elif initial is not None and (
        term_words.plus_between().match(clause) or (further and term_words.up_to_between().match(clause))
    ):
        start = initial.start
    else:
        cue = term_words.with_before().search(clause)
        if not (cue and (named or (term.further and term.several))):
            return None
        start += cue.start()
    total = None if term.further else term_words.to_total().search(clause)
    if total is not None:
        longer = initial is not None and months > initial.months
        if initial is not None and longer and total["unclear"] is None:
            return Span(min(start, initial.start), end, months - initial.months)
        if longer or total["unclear"] is None:
            return Span(start, end, 0)
    return Span(start, end, months)


def _repeated(term: Term, before: str) -> Term:
    """The term that "twice two years" are; no months for "twice a year", which is how often something happens."""
    match = term_words.repeated_before().search(before)
    if match is None or term.times > 1:
        return term
    times = 0 if term.article else 3 if match["thrice"] else how_often(match)
    start, months = term.begin - len(match[0]), term.months * times
    return term._replace(begin=start, start=start, months=months if months <= _LONGEST else 0)


def _read_elided(text: str, term: Term) -> Span | None:
    """The extension after `term` in the same unit, which is not repeated."""
    match = term_words.elided().match(text, term.end)
    if match is None:
        return None
    numbers = ("plus", "number", "further", "chosen", "chosen_bare")
    parts = re.findall(NUMBER, next(match[name] for name in numbers if match[name]), re.IGNORECASE)
    each = [months_of(number_of(part), term.unit) for part in parts]
    months = sum(each)
    lots = match["each"] or match["further_each"]
    if lots:
        months = int(months * (number_of(lots) or 0))
    elif (match["number"] and not match["more"]) or (match["further"] and not match["further_more"]):
        total = term_words.to_total().search(match["way"] or match["further_way"] or "")
        if total is not None:
            months = 0 if total["unclear"] else months - term.months
        elif match["further"] and (months > term.months or term_words.buys().search(match["go_on"] or "")):
            # "Three years; it may go on for five": in all, or more? "May order two": two of what?
            months = 0
    named = next((name for name in ("number", "further") if match[name]), None)
    if named and (several := term_words.renewals_before().search(text, term.end, match.start(named))) is not None:
        months *= int(number_of(several["times"]) or 1)
    end = match.end()
    if (match["number"] or match["further"]) and not lots:
        often = term_words.often().search(f"{match['go_on'] or ''}{match['way'] or match['further_way'] or ''}")
        if often is None and (often := term_words.often_after().match(text, end)) is not None:
            end = often.end()
        if often is not None:
            months *= how_often(often)
    return Span(term.start, end, months) if all(each) and months > 0 else None


def _stands(text: str, term: Term) -> bool:
    """Whether `term` may be the term of a contract, and not an age, a rate or a time that has passed."""
    lead = text[max(0, term.start - 30) : term.start]
    if term_words.no_term_after().match(text, term.end) and not (
        (lead.endswith("for ") or term_words.label_before().search(lead))
        and term_words.live_after().match(text, term.end)
    ):
        return False
    if lead.endswith("for the first ") and text.startswith(" of ", term.end):  # of a longer term
        return False
    refused = term_words.no_term_before().search(lead)
    if refused is not None and not (
        term.adjectival
        and (refused["if_adjectival"] or (refused["if_deal"] and term_words.deal_after().match(text, term.end)))
    ):
        return False
    if not term.article:
        return True
    placed = term_words.for_before().search(lead)
    return placed is not None and (placed["over"] is None or term.months == 120)
