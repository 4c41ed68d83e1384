"""Terms of contracts in months: the initial term, and the optional extensions of it.

"a four-year deal" has an initial term of 48 months; "three years with the option of two more" one of 36
and an extension of 24; "2+1+1 years" has 24 and 24. The rules:

- Only whole months count: 18 months, two and a half years, 26 weeks (a quarter is 13), no days.
- A range ("three to five years") states no value, nor does a bound or a guess ("up to five years", "nearly
  a decade"). "At least" and "a minimum of" state one.
- An extension needs words that make it optional, and they are part of its mention: "option", "optional",
  "extendable", "renewable", "may be extended", "possible", "with two one-year extensions". Without them
  ("extended by two years", "a two-year extension") it is a term like any other.
- Extensions that are named together are added up. "Extendable to six years" tells one only beside the
  initial term, which is then part of the mention. "An option of 2+1 years" is an extension of 36.
- What is no term is left out: "two years ago", "the past ten years", "10-year-old", "in five years' time",
  "£9m a year", "after a two-year review".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from pydantic import Field

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention
from llm_extract.fields.numbers import AFTER_ARTICLE, NUMBER, parse_number

_EDGES: Final = " \t\n\r\u00a0.,;:()[]\"'“”‘’"
_MONTHS_IN: Final = {"y": Decimal(12), "m": Decimal(1), "d": Decimal(120)}
_LONGEST: Final = 1200  # a century; what is longer is no contract
_REACH: Final = 120  # how far before a term the words are looked for that make it optional

# --- what terms look like --------------------------------------------------------------------------

_COUNT = rf"(?>{NUMBER})"  # atomic: no part of a number is tried again
_UNIT = r"(?:years?|yrs?|months?|weeks?|decades?)(?![^\W_])"
_AGAIN = rf"(?>\s?\((?:{NUMBER})\))"  # "four (4) years"
_ADJECTIVE = (
    "(?:further|more|additional|extra|optional|possible|potential|consecutive|successive|separate|subsequent"
    "|base|option|extension)"
)
_PERIODS = "(?:periods?|extensions?|terms?|options?|renewals?|increments?)"
# Words that may stand between "option" and the term.
_FILLER = (
    r"(?:of|to|for|by|up|an?|the|it|this|that|which|with|on|in|at|its|their|extend|extended|extending|extensions?"
    r"|renew|renewed|renewing|renewals?|prolong|continue|contract|agreement|deal|arrangement|framework|terms?"
    r"|periods?|further|another|additional|extra|more|least|most|maximum|minimum|total|possible|potential"
    r"|optional|options?|same|each|then|be|is|being|also|add|run|until|beyond|after|initial|again|services?|annually"
    r"|yearly|twice)"
)
_MODAL = r"(?:may|can|could|might)\s(?:then\s|also\s|later\s)?(?:be\s)?(?:extend|renew|prolong)(?:ed)?"
_CUE = (
    r"(?:(?:options?|right|possibility|scope|ability)(?![^\W_])[^.;:!?0-9]{0,60}?(?<![^\W_])(?:extend|renew|prolong)"
    r"(?:ing)?|options?|optional(?:ly)?|possibl[ey]|possibility|possibilities|potential(?:ly)?|right|scope|ability"
    rf"|provisions?|extend[ai]ble|extensible|renewable|{_MODAL})"
)
_FILLERS = rf"(?:[\s,(]{{1,3}}{_FILLER}(?![^\W_]))*[\s,(]*"
_PLUS = r"[\s,(]*(?:plus|\+|and\sthen|followed\sby)"


_FEW = r"(?:1[0-2]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?![^\W_])"


@cache
def _terms() -> re.Pattern[str]:
    ranges = (
        rf"(?P<range>(?P<between>between\s(?:an?\s)?)?{_COUNT}{_AGAIN}?(?:[-‐‑\s]{_UNIT})?"
        r"(?(between)\sand\s(?:an?\s)?|(?:\s?[-‐‑–—]\s?|[-‐‑\s]{1,2}(?:to|or)[-‐‑\s]))"
        rf"{_COUNT}{_AGAIN}?[-‐‑\s]{_UNIT})"
    )
    added = (
        rf"(?P<first>{_COUNT})(?P<added>(?:(?:\s?\+\s?\(?|[-‐‑\s]plus[-‐‑\s]){_COUNT}){{1,4}}+)\)?"
        rf"[-‐‑\s](?P<added_unit>{_UNIT})"
    )
    term = (
        rf"(?:(?P<times>{_FEW}){_AGAIN}?\s(?P<times_kind>(?:{_ADJECTIVE}\s){{0,2}})(?:{_PERIODS}\sof\s(?:up\sto\s)?)?)?"
        rf"(?P<count>{_COUNT}|[1-9][0-9]?(?=yr)|another|half\san?|an?)(?P<again>{_AGAIN})?(?:[-‐‑\s]|(?=yr)"
        rf"|\s(?P<kind>(?:{_ADJECTIVE}\s){{1,2}}))(?P<unit>{_UNIT})"
        rf"(?:(?P<lasting>-long)|\sand\sa\s(?P<half>half)(?![^\W_])"
        rf"|(?:,|\sand)?\s(?P<months>{_FEW})\smonths?(?![^\W_]))?"
        r"|(?P<long>year|decade)[-‐‑\s]long"
    )
    return re.compile(
        # What a term can begin with; passing over all other words here saves more than half of the time.
        r"(?<![^\W_])(?<![0-9][.,])(?=[0-9½¼¾]|one|two|t(?:en|hree|hirt|wel|wen)"
        r"|f(?:our|iv|if|ort)|s(?:ix|ev)|eigh|nine|elev"
        rf"|half|an?(?:{AFTER_ARTICLE}|[\s‐‑-](?:\(|year|yr|month|week|decade|{_ADJECTIVE}))|another|between"
        r"|(?:year|decade)[‐‑\s-]long)"
        rf"(?:{ranges}|{added}|{term})",
        re.IGNORECASE,
    )


@cache
def _unit() -> re.Pattern[str]:
    return re.compile(r"(?:year|yr|month|week|decade)", re.IGNORECASE)


@cache
def _option_before() -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){_CUE}(?![^\W_]){_FILLERS}\Z", re.IGNORECASE)


@cache
def _with_before() -> re.Pattern[str]:
    return re.compile(rf"(?:(?<![^\W_])(?:with|plus|including)(?![^\W_])|\+){_FILLERS}\Z", re.IGNORECASE)


@cache
def _plus_between() -> re.Pattern[str]:
    return re.compile(rf"{_PLUS}{_FILLERS}\Z", re.IGNORECASE)


@cache
def _and_between() -> re.Pattern[str]:
    """Between two extensions that are added up: "and", if the second says that it is one (group `again`)."""
    again = r"(?:another|further|additional|extra|more|second|then|plus|\+|followed\sby)(?![^\W_])"
    link = rf"(?:and|by|an?|the|of|{_PERIODS})(?![^\W_])[\s,(]*"
    return re.compile(
        rf"['’]?(?:\s{_PERIODS})?[\s,(]*(?:{link}){{0,4}}(?P<again>(?:{again}|{_CUE}(?![^\W_])){_FILLERS})?\Z",
        re.IGNORECASE,
    )


@cache
def _option_after() -> re.Pattern[str]:
    return re.compile(
        r"['’]?\s(?:(?:optional|possible|potential)(?:\s(?:extensions?|renewals?|terms?|periods?))?"
        r"|(?:(?:extension|renewal)\s)?options?|extensions?\s(?:(?:is|are)\s)?(?:possible|available|optional))"
        r"(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def _extension_after() -> re.Pattern[str]:
    return re.compile(rf"['’]?\s(?:{_ADJECTIVE}\s)?(?:extensions?|renewals?)(?![^\W_])", re.IGNORECASE)


@cache
def _elided() -> re.Pattern[str]:
    """The extension after a term, where its own unit is left out: "three years, extendable to five"."""
    more = r"\s(?:more|further|extra|additional|optional)(?![^\W_])"
    close = r"(?=\s*(?:[,;:!?)]|\.(?![0-9])|\Z))"
    return re.compile(
        rf"['’]?[^.;:!?0-9£$€]{{0,60}}?(?<![^\W_]){_CUE}(?![^\W_])(?P<way>{_FILLERS})(?P<number>{_COUNT})"
        rf"(?:(?P<more>{more})|{close})"
        rf"|['’]?(?P<plus>(?:[\s,(]*(?:plus|\+)\s?(?:an?\s)?(?:(?:further|optional|additional|extra)\s)?"
        rf"{_COUNT}(?:{more})?){{1,4}}){close}",
        re.IGNORECASE,
    )


@cache
def _to_total() -> re.Pattern[str]:
    return re.compile(
        r"(?P<unclear>(?<!by\s)(?<!of\s)(?<!for\s)(?<![^\W_])up\sto\s*\Z)"
        r"|(?<!up)(?:\A|\s)to\s*\Z|(?:total|maximum)\sof\s*\Z",
        re.IGNORECASE,
    )


@cache
def _no_term_before() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?<![^\W_])(?:past|last|previous|preceding|recent|final|remaining|within|every|each|per|than"
        r"|nearly|almost|aged|after|before|from|since|following|up\sto|(?:maximum|limit)\sof)(?:\s(?:an?|the|of))?"
        r"|(?<![^\W_])(?:under|about|around|roughly|approximately|some|(?:for|of|after|in|by|well|just)\sover)"
        r"|(?P<if_adjectival>(?<![^\W_])(?:in|(?:the\s)?first)))[\s(]*\Z",
        re.IGNORECASE,
    )


@cache
def _no_term_after() -> re.Pattern[str]:
    return re.compile(
        r"['’]?(?:-olds?|\s(?:old|ago|earlier|later|late|early|ahead|behind|previously|hence|apart|away|running|time"
        r"|notice|experience|in\s(?:a\srow|the\smaking|jail|prison)|of\s(?:experience|age|growth|cuts|austerity)"
        r"|on(?=[,.]|\sfrom)|or\s(?:two|so|more)|from\snow|before|after(?!\s(?:which|that))|since|worth|per"
        r"|increments?|instalments?|intervals?|procurement|process|review|delays?|search|battle|dispute"
        r"|history|veteran|career|relationship|anniversary|low|high|warranty"
        r"|guarantee|mortgage|investigation|inquiry|study|wait|gap|absence|break|plan|strategy|roadmap|vision"
        r"|forecast|transition|implementation|mobilisation|migration|rollout|roll-out|handover|standstill"
        r"|payback|sentence))(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def _for_before() -> re.Pattern[str]:
    return re.compile(r"(?<![^\W_])(?:for|lasting|lasts|last|by|spanning|least|(?P<over>over))[\s(]*\Z", re.IGNORECASE)


# --- what a match says -----------------------------------------------------------------------------

Part = Literal["initial", "extension"]


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
    kinds = [kind for kind in kinds if kind != "base"]  # "one base year" is the initial term
    return _Term(
        begin,
        match.start("count"),
        match.end(),
        months,
        int(times),
        unit,
        article=match["count"].casefold() in ("a", "an") and not kinds and not match["lasting"],
        adjectival=match.string[match.end("count")] in "-‐‑",
        optional=any(kind in ("option", "optional", "extension", "possible", "potential") for kind in kinds),
        further=bool(kinds),
    )


def _statements(text: str) -> tuple[list[_Span], list[_Span]]:
    """The initial terms and the extensions that `text` states, each in order."""
    initials: list[_Span] = []
    extensions: list[_Span] = []
    if _unit().search(text) is None:
        return initials, extensions
    matches = list(_terms().finditer(text))
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
            if previous is not None and extension.start == previous.start:
                extensions.pop()
            if extension.months:
                extensions.append(extension)
            initial, previous, floor = None, extension if extension.months else None, extension.end
            continue
        initial, previous, floor = None, None, term.end
        tail = _extension_after().match(text, term.end) if term.months else None
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
    unit = match["added_unit"]
    parts = re.findall(NUMBER, match["added"], re.IGNORECASE)
    months = [_months(_number(number), unit) for number in (match["first"], *parts)]
    clause = re.split(r"[.;!?\n]", before)[-1]
    cue = _option_before().search(clause)
    if not all(months) or (cue and _to_total().search(clause)):
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
    months = term.months * term.times
    tail = _option_after().match(text, term.end)
    named = _extension_after().match(text, term.end)
    end = tail.end() if tail else named.end() if named else term.end
    link = _and_between().match(clause) if previous is not None else None
    cue = _option_before().search(clause)
    if cue and "twice" in cue[0].casefold():
        months *= 2
    start = term.begin - len(clause)
    if previous is not None and link and (link["again"] or term.optional or term.further or tail):
        return _Span(previous.start, end, previous.months + months)
    if cue:
        start += cue.start()
    elif tail or term.optional:
        start = term.begin
    elif initial is not None and _plus_between().match(clause):
        start = initial.start
    else:
        cue = _with_before().search(clause)
        if not (cue and named):
            return None
        start += cue.start()
    total = None if term.further else _to_total().search(clause)
    if total is not None:
        longer = initial is not None and months > initial.months
        if initial is not None and longer and total["unclear"] is None:
            return _Span(initial.start, end, months - initial.months)
        if longer or total["unclear"] is None:
            return _Span(start, end, 0)
    return _Span(start, end, months)


def _read_elided(text: str, term: _Term) -> _Span | None:
    """The extension after `term` in the same unit, which is not repeated."""
    match = _elided().match(text, term.end)
    if match is None:
        return None
    parts = re.findall(NUMBER, match["plus"] or match["number"], re.IGNORECASE)
    each = [_months(_number(part), term.unit) for part in parts]
    months = sum(each)
    if not match["plus"] and not match["more"] and (total := _to_total().search(match["way"])):
        months = 0 if total["unclear"] else months - term.months
    return _Span(term.start, match.end(), months) if all(each) and months > 0 else None


def _stands(text: str, term: _Term) -> bool:
    """Whether `term` may be the term of a contract, and not an age, a rate or a time that has passed."""
    lead = text[max(0, term.start - 30) : term.start]
    if _no_term_after().match(text, term.end):
        return False
    refused = _no_term_before().search(lead)
    if refused is not None and not (refused["if_adjectival"] and term.adjectival):
        return False
    if not term.article:
        return True
    placed = _for_before().search(lead)
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
