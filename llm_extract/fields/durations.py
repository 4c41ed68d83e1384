"""Terms of contracts in months: the initial term, and the optional extensions of it.

"a four-year deal" has an initial term of 48 months; "three years with the option of two more" one of 36
and an extension of 24; "2+1+1 years" has 24 and 24. The rules:

- Only whole months count: 18 months, two and a half years, 26 weeks (a quarter is 13), no days.
- A range ("three to five years") states no value, nor does a bound or a guess ("up to five years", "nearly
  a decade"). "At least" and "a minimum of" state one.
- An extension needs words that make it optional, and they are part of its mention: "option", "optional",
  "extendable", "renewable", "may be extended", "possible", "with two one-year extensions", "may add two more
  years", "two further years at the buyer's choice". Without them ("extended by two years", "a two-year
  extension"), and where an option has been used ("exercised a one-year option"), it is a term like any other.
- Extensions that are named together are added up. "Extendable to six years" tells one only beside the
  initial term, which is then part of the mention; so does "can be renewed for five more", whose unit stands
  there. "An option of 2+1 years" is an extension of 36, "three times by a year" one of 36 too.
- What is no term is left out: "two years ago", "the past ten years", "10-year-old", "in five years' time",
  "£9m a year", "after a two-year review".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import Field

from llm_extract.fields import term_words
from llm_extract.fields.base import NO_CONTEXT, READ_MARGIN, Context, FieldType, Mention
from llm_extract.fields.numbers import NUMBER, parse_number

_EDGES: Final = " \t\n\r\u00a0.,;:()[]\"'“”‘’"
_MONTHS_IN: Final = {"y": Decimal(12), "m": Decimal(1), "d": Decimal(120)}
_LONGEST: Final = 1200  # a century; what is longer is no contract
_ELIDED_REACH: Final = 240  # how far before an extension without a unit the initial term may stand
_REACH: Final = 120  # how far before a term the words are looked for that make it optional

# --- what a match says -----------------------------------------------------------------------------

Part = Literal["initial", "extension"]
_OPTIONAL: Final = ("option", "optional", "extension", "possible", "potential")


class _Term(NamedTuple):
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


class _Span(NamedTuple):
    """`text[start:end]` states `months`; 0 for words about an extension that leave its length open."""

    start: int
    end: int
    months: int


def _number(words: str) -> Decimal | None:
    plain = words.casefold()
    if plain in ("a", "an", "another"):
        return Decimal(1)
    return Decimal("0.5") if plain in ("half a", "half an") else parse_number(words)


def _months(count: Decimal | None, unit: str) -> int:
    """Whole months, or 0."""
    if count is None:
        return 0
    letter = unit[0].casefold()
    months = count * 3 / 13 if letter == "w" else count * _MONTHS_IN[letter]
    return int(months) if months == int(months) and 1 <= months <= _LONGEST else 0


def _read_term(match: re.Match[str]) -> _Term:
    start, end = match.span()
    if match["long"]:
        return _Term(start, start, end, _months(Decimal(1), match["long"]), 1, match["long"], adjectival=True)
    count, unit = _number(match["count"]), match["unit"]
    if count is not None and match["half"]:
        count += Decimal("0.5")
    if match["again"] is not None and _number(match["again"].strip("( )")) != count:
        count = None
    months = _months(count, unit)
    if match["months"] is not None:
        rest = _months(_number(match["months"]), "months")
        months = months + rest if rest and unit[0] in "yY" else 0
    times, begin = _number(match["times"] or ""), match.start()
    if times is None:
        times, begin = Decimal(1), match.start("count")
    kinds = f"{match['times_kind'] or ''}{match['kind'] or ''}".casefold().split()
    base = "base" in kinds and match.string[max(0, match.start() - 3) : match.start()] != "as "
    kinds = [kind for kind in kinds if kind != "base"]  # "one base year" is the initial term
    options = term_words.plain_options().match(match["periods"] or "") is not None
    return _Term(
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
        several=times > 1 and bool(match["periods"] or match["by"] or match["of"]),
    )


def _statements(text: str) -> tuple[list[_Span], list[_Span]]:
    """The initial terms and the extensions that `text` states, each in order."""
    initials: list[_Span] = []
    extensions: list[_Span] = []
    if term_words.unit().search(text) is None:
        return initials, extensions
    matches = list(term_words.terms().finditer(text))
    first, final = len(text) - len(text.lstrip(_EDGES)), len(text.rstrip(_EDGES))
    floor = 0
    initial: _Term | None = None  # the one just before, in the same clause
    previous: _Span | None = None  # the extension just before, which another one may be added to
    for index, match in enumerate(matches):
        ahead = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        if match["range"] or match["added"]:
            if match["added"]:
                _read_added(match, text[max(floor, match.start() - _REACH) : match.start()], initials, extensions)
            initial, previous, floor = None, None, match.end()
            continue
        term = _read_term(match)
        opening = max(floor, term.begin - _REACH)
        *earlier, clause = re.split(r"[.;!?\n]", text[opening : term.begin])
        if earlier or opening > floor:
            initial, previous = None, None
        extension = _read_extension(text, term, clause, initial, previous) if term.months else None
        if extension is not None:
            again = term_words.again_after().match(text, extension.end) if extension.months else None
            if again is not None and again.end() <= ahead:
                more = _months(_number(again["number"]), term.unit)
                extension = _Span(extension.start, again.end(), extension.months + more if more else 0)
            if previous is not None and extension.start == previous.start:
                extensions.pop()
            if extension.months:
                extensions.append(extension)
            initial, previous, floor = None, extension if extension.months else None, extension.end
            continue
        initial, previous, floor = None, None, term.end
        tail = term_words.extension_after().match(text, term.end) if term.months else None
        if tail is not None and term.begin <= first and final <= tail.end():
            extensions.append(_Span(term.begin, tail.end(), term.months * term.times))
        if term.months and not (tail and term.times > 1):
            alone = term.begin <= first and final <= term.end
            if alone or _stands(text, term):
                initials.append(_Span(term.start, term.end, term.months))
                initial = None if term.article else term
        elided = _read_elided(text, initial) if initial is not None else None
        if elided is not None and elided.end <= ahead:
            initial, previous, floor = None, elided, elided.end
            extensions.append(elided)
    return initials, extensions


def _read_added(match: re.Match[str], before: str, initials: list[_Span], extensions: list[_Span]) -> None:
    """ "2+1+1 years": the first is the initial term, unless the words `before` make all of them optional."""
    unit = match["added_unit"] or "years"  # "a 3+1+1 contract"
    parts = re.findall(NUMBER, match["added"], re.IGNORECASE)
    months = [_months(_number(number), unit) for number in (match["first"], *parts)]
    clause = re.split(r"[.;!?\n]", before)[-1]
    cue = term_words.option_before().search(clause)
    if not all(months) or (cue and term_words.to_total().search(clause)):
        return
    if cue:
        extensions.append(_Span(match.start() - len(clause) + cue.start(), match.end(), sum(months)))
    else:
        initials.append(_Span(*match.span(), months[0]))
        extensions.append(_Span(*match.span(), sum(months[1:])))


def _read_extension(text: str, term: _Term, clause: str, initial: _Term | None, previous: _Span | None) -> _Span | None:
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
    times = (
        term.times if often is None or term.times > 1 else 2 if often["twice"] else int(_number(often["often"]) or 1)
    )
    months = term.months * times
    start = term.begin - len(clause)
    if previous is not None and link and (link["again"] or term.optional or term.further or tail):
        return _Span(previous.start, end, previous.months + months)
    if cue:
        start += cue.start()
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
            return _Span(initial.start, end, months - initial.months)
        if longer or total["unclear"] is None:
            return _Span(start, end, 0)
    return _Span(start, end, months)


def _read_elided(text: str, term: _Term) -> _Span | None:
    """The extension after `term` in the same unit, which is not repeated."""
    match = term_words.elided().match(text, term.end)
    if match is None:
        return None
    parts = re.findall(NUMBER, match["plus"] or match["number"] or match["further"] or match["chosen"], re.IGNORECASE)
    each = [_months(_number(part), term.unit) for part in parts]
    months = sum(each)
    if match["each"]:
        months = int(months * (_number(match["each"]) or 0))
    elif match["number"] and not match["more"] and (total := term_words.to_total().search(match["way"])):
        months = 0 if total["unclear"] else months - term.months
    return _Span(term.start, match.end(), months) if all(each) and months > 0 else None


def _stands(text: str, term: _Term) -> bool:
    """Whether `term` may be the term of a contract, and not an age, a rate or a time that has passed."""
    lead = text[max(0, term.start - 30) : term.start]
    if term_words.no_term_after().match(text, term.end) and not (
        lead.endswith("for ") and term_words.live_after().match(text, term.end)
    ):
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


# --- the field type --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DurationField(FieldType[int]):
    """The length of a contract's term in whole months. The module's docstring has the rules.

    `part` says which one: the initial term, or the optional extensions added up.
    """

    name: ClassVar[str] = "duration"

    part: Part = "initial"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """Every term in `text` that states `part`. "2+1+1 years" are the words of both parts."""
        spans = _statements(text)[self.part == "extension"]
        return [Mention(start, end, text[start:end], months) for start, end, months in spans]

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """As `FieldType.read`; an extension whose unit the initial term tells is looked for from farther off."""
        found = super().read(text, start, end, context)
        if found or self.part == "initial":
            return found
        before = text.rfind("\n\n", 0, start) + 1
        left = max(before, start - _ELIDED_REACH)
        while left > before and not text[left - 1].isspace():
            left -= 1
        after = text.find("\n\n", end)
        right = min(len(text) if after < 0 else after, end + READ_MARGIN)
        while right < len(text) and not text[right].isspace():
            right += 1
        return [
            Mention(mention.start + left, mention.end + left, mention.words, mention.value)
            for mention in self.find(text[left:right], context)
            if mention.start + left < end and mention.end + left > start
        ]

    def parse(self, words: str, context: Context = NO_CONTEXT) -> int | None:
        """The months that `words` state for `part`; None if they state none, or several that differ."""
        values = {span.months for span in _statements(words)[self.part == "extension"]}
        return values.pop() if len(values) == 1 else None

    def shape(self) -> Any:
        """Words of the article."""
        return Annotated[str, Field(max_length=300, json_schema_extra={"x-verbatim": True})]


Months = Annotated[int, Field(ge=1), DurationField()]
"""An initial term in a schema, in months."""

ExtensionMonths = Annotated[int, Field(ge=1), DurationField(part="extension")]
"""Optional extensions in a schema, in months, added up."""
