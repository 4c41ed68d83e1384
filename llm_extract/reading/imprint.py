"""Who wrote a plain text and who published it, as its imprint says.

An imprint is the few short lines above or below an article that state its outlet, its day and its author, in any order
and with any signs between them::

    The Burnaby Beacon • Published November 18, 2014        (Wisła Agency, 24 December 2023)
    Rosalind Akehurst                                       Words: Benedict Oatway

A line is cut into pieces, and each piece is told by its own words: a day, a byline, a role, a name with a noun that
outlets have ("Gazette"), with one that bodies have ("Council"), a name as people have, or another name. What a name of
the last two kinds is follows from its place and from what stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from llm_extract.ranges import Range
from llm_extract.reading.lines import DATE, MONTH, SHORT, TIME, WEEKDAY, Line
from llm_extract.reading.name_kinds import Kind, is_writer, kind_of

_HEAD_LINES = 7
_NAME_ALONE = 60
"""A line of more characters needs a year or a byline's cue to be an imprint's."""
_SENTENCE = 100
"""A line of more characters that ends in a full stop is a sentence."""
_MOST_OTHER_WORDS = 14
"""An imprint's line with more words that are no names, days or bylines is a sentence."""

_Kind = Kind | Literal["day", "author"]


class Imprint(NamedTuple):
    """What an imprint states, as ranges of the text."""

    author: Range | None = None
    publisher: Range | None = None
    lines: frozenset[int] = frozenset()
    """Places of the head's lines that state it: none of them is the headline."""


class _Piece(NamedTuple):
    kind: _Kind
    start: int
    words: str

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in its line."""
        return self.start, self.start + len(self.words)


class _Read(NamedTuple):
    """What one line states."""

    author: Range | None = None
    publisher: Range | None = None
    dateline: bool = False
    """It states it within a paragraph."""


_NOTHING = _Read()

_DAY = re.compile(
    rf"(?:{WEEKDAY}{DATE}{TIME}|(?:{MONTH}|Spring|Summer|Autumn|Winter|Fall)\s+(?:19|20)\d\d"
    r"|(?<!\d)(?:19|20)\d\d[./]\d\d[./]\d\d(?!\d)|(?<!\d)\d\d/\d\d/\d\d(?!\d))",
    re.IGNORECASE,
)
_WORD = r"(?:[^\W\d_a-z][\w'’-]*(?!\.?\w)|(?:[^\W\d_a-z]\.)+|(?:St|Md|Jr|Sr)\.)"
_NAME = rf"{_WORD}(?:[ \t]+(?:{_WORD}|\"{_WORD}\"|de|da|van|von|der|den|la|le|al-?|bin|ben|del|di|du|y|e)){{1,4}}"
_BYLINE = re.compile(
    rf"""
    (?:^|(?<=[\s(|·•,.:–—/-]))
    (?: (?:written|posted|published|filed|compiled|gathered|words|story|report(?:ing|ed)?|article|text|interview)
        (?:\s+(?:and|&)\s+(?:photos?|pictures?|photographs?))?(?:\s+by|\s*:)
      | (?<!photo\ )(?<!picture\ )(?<!photograph\ )by (?:\s+our\s+[\w ]{{2,40}}?,?)?
      | (?:author|reporter|analyst|correspondent)\s*:
      | from\s+our\s+[\w ]{{2,40}}?,?
    )
    [ \t]+(?:(?:Dr|Prof|Mr|Mrs|Ms|Rev)\.?[ \t]+)?(?P<name>(?!(?:our|the)\s)(?-i:{_NAME}))
    (?=$|\s*[,|·•/.;)–—]|\s+-\s|\s+(?:on|in|for|at|with)\s|\s+{WEEKDAY}{DATE})
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CUE = re.compile(
    r"\b(?:by|from our|words|text|story|author|report(?:er|ing)|analyst|correspondent|editor|interview|article|writer"
    r"|written|filed)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d\d/\d\d/\d\d")
_PARTS = re.compile(
    r"\s*[|·•▪■◆●;]\s*|\s+[-–—/]+\s+|\s*//\s*|^\s*[-–—(\[]+\s*|\s*[)\]]+\s*$|,\s+|\.\s+(?=[A-Z])|\s+\(|\)\s+|:\s+"
    r"|\s{3,}|\.{3,}|\b(?:[Pp]ublished|[Aa]ppear(?:s|ed)|[Ff]iled|[Ww]riting)\s+(?:in|for|on)\s+(?:the\s+)?"
    r"|\b(?:[Ff]rom|[Ss]pecial to)\s+(?:the\s+)?"
)
_ABBREVIATED = re.compile(r"\b(?:Co|Inc|Ltd|Corp|Jr|Sr|[A-Z])\.$")
_LEADING = re.compile(r"(?:(?:in|for|on|at|of|with|the)\s+)+")
_AROUND = " ,;:|–—-()[]\"”“'’‘*_©"
_DATELINE = re.compile(r"\((?P<name>[^()\n]{3,60})\)\s*[-–—:.]")
_DATELINE_LIMIT = 90
_LAST_WORDS = re.compile(r"(?:\s[–—-]\s*|[(\[])(?=[^–—(\[]{4,80}$)")
_LAST_WORDS_LIMIT = 90
_MASTHEAD_LIMIT, _MASTHEAD_WORDS = 110, 6
_MASTHEAD_END = re.compile(r"\s+[-–—|·•■]\s|:\s|,\s|\s+No\.\s|\s*\(|\s{3,}|\.{3}")
_MORE_THAN_A_NAME = re.compile(r"[:|·–—]|,(?! (?:Inc|Ltd|LLC|S\.A)\b)")
_STATE = re.compile(
    r"(?:(?:federal |royal )?government|republic|state|kingdom|commonwealth|province|county) of [^:]+", re.IGNORECASE
)


def find_imprint(head: Sequence[Line], tail: Sequence[Line]) -> Imprint:
    """What the first and the last lines of a text state of its author and its publisher. Never raises.

    Args:
        head: its first lines that are neither blank nor furniture, as far as its first paragraph.
        tail: its last ones; of those of `head`, it may begin with the paragraph.
    """
    above = _read_all(head[:_HEAD_LINES], tail=False)
    below = _read_all(_from_last_paragraph(tail), tail=True)[::-1]
    masthead = _masthead(head)
    author = _first(line.author for line in [*above, *below])
    publisher = (
        _first(line.publisher for line in above if line.dateline)
        or _first(line.publisher for line in below)
        or (masthead[1] if masthead else None)
        or _first(line.publisher for line in above)
    )
    lines = {number for number, line in enumerate(above) if (line.author or line.publisher) and not line.dateline}
    lines |= {number for number, line in enumerate(head[:3]) if _is_body_line(line.words)}
    if masthead and ": " not in head[masthead[0]].words:  # "ALDGRAVE PLC: TRADING STATEMENT" is a headline, too
        lines.add(masthead[0])
    return Imprint(author, publisher, frozenset(lines))


def _first(places: Iterable[Range | None]) -> Range | None:
    return next((place for place in places if place is not None), None)


def _from_last_paragraph(lines: Sequence[Line]) -> Sequence[Line]:
    """The last line that is a paragraph, behind whose words an imprint may stand, and the short ones below it."""
    paragraphs = [
        number for number, line in enumerate(lines) if len(line.words) > (_SENTENCE if line.words[-1] == "." else SHORT)
    ]
    return lines[paragraphs[-1] if paragraphs else 0 :]


def _read_all(lines: Sequence[Line], *, tail: bool) -> list[_Read]:
    """Each line by its words, a line of one name alone by its neighbours."""
    pieces = [_pieces(line.words) if _may_state(line.words) else [] for line in lines]
    read = []
    for number, line in enumerate(lines):
        here = pieces[number]
        if len(line.words) > SHORT:
            read.append(_of_last_words(line) if tail else _of_dateline(line))
        elif len(here) == 1 and (tail or number):
            above = pieces[number - 1] if number else []
            below = pieces[number + 1] if number + 1 < len(lines) else []
            read.append(_of_lone(line, here[0], above, below, tail=tail))
        else:
            read.append(_of_line(line, here, tail=tail, first=not tail and number == 0))
    return read


def _may_state(words: str) -> bool:
    """Whether a line is worth cutting up, told fast: most lines are sentences."""
    return len(words) <= _NAME_ALONE or (
        len(words) <= SHORT and ("20" in words or "19" in words or _CUE.search(words) is not None)
    )


def _of_dateline(line: Line) -> _Read:
    """The agency of "HALIFAX, Oct. 4, 2011 (Continental Wire) - …"."""
    match = _DATELINE.search(line.words, 0, SHORT)
    if match is None or match.start() > _DATELINE_LIMIT or not line.words[0].isupper():
        return _NOTHING
    name = match["name"]
    if " " not in name or _DAY.search(name) or kind_of(name) not in ("outlet", "body", "person", "name"):
        return _NOTHING
    return _Read(publisher=line.place(match.span("name")), dateline=True)


def _of_last_words(line: Line) -> _Read:
    """An imprint behind the last sentence of a paragraph."""
    match = _LAST_WORDS.search(line.words, len(line.words) - _LAST_WORDS_LIMIT)
    if match is None:
        return _NOTHING
    last = Line(line.start + match.end(), line.words[match.end() :])
    return _of_line(last, _pieces(last.words), tail=True, first=False)


def _of_lone(line: Line, piece: _Piece, above: Sequence[_Piece], below: Sequence[_Piece], *, tail: bool) -> _Read:
    """A line that is one name, between the pieces of the lines above and below it."""
    beside = {each.kind for each in (*above, *below)}
    if piece.kind == "author":
        return _Read(author=line.place(piece.span))
    if piece.kind == "outlet" and beside & {"day", "author", "person"}:
        return _Read(publisher=line.place(piece.span))
    if piece.kind != "person" or not beside & {"day", "author", "outlet", "role"}:
        return _NOTHING
    # "Yours faithfully, Ada Wren, Company Secretary" signs a letter; in capitals above the text stands a heading.
    signs = any(each.kind == "role" and not is_writer(each.words) for each in below)
    return _NOTHING if signs or (piece.words.isupper() and not tail) else _Read(author=line.place(piece.span))


def _of_line(line: Line, pieces: Sequence[_Piece], *, tail: bool, first: bool) -> _Read:
    """What a short line states, if it states a day, a byline, or who writes for whom."""
    kinds = {piece.kind for piece in pieces}
    others = sum(len(piece.words.split()) for piece in pieces if piece.kind == "other")
    if others > (_MOST_OTHER_WORDS // 3 if line.words[-1] == "." else _MOST_OTHER_WORDS):
        return _NOTHING
    writes = any(piece.kind == "role" and is_writer(piece.words) for piece in pieces)
    if not (kinds & {"day", "author"} or ("person" in kinds and (writes or "outlet" in kinds))):
        return _NOTHING
    if first and not kinds & {"outlet", "body"}:
        return _NOTHING
    author = next((piece for piece in pieces if piece.kind == "author"), None)
    people = [piece for piece in pieces if piece.kind == "person"]
    publisher = next((piece for kind in ("outlet", "body") for piece in pieces if piece.kind == kind), None)
    if publisher is None and tail:
        publisher = _unsaid_publisher(line.words, pieces, author, people)
    if author is None and (writes or "role" not in kinds):
        author = next((piece for piece in people if piece != publisher), None)
    return _Read(
        author=line.place(author.span) if author else None, publisher=line.place(publisher.span) if publisher else None
    )


def _unsaid_publisher(
    words: str, pieces: Sequence[_Piece], author: _Piece | None, people: Sequence[_Piece]
) -> _Piece | None:
    """Which of the names below an article is its outlet's, where none says that it is one.

    It is the one that no person has. Of names that persons could have, it is the one in brackets or beside the
    byline; of two, the second, or the first if the day stands between them: "Lombard Wire, 9 October, Ivo Fontana".
    """
    bracketed = words[0] in "(["
    # A word alone beside a day is a place as often as an outlet.
    alone = author is None and not people and words[0] not in "([-–—"
    unlike = [piece for piece in pieces if piece.kind == "name" and not (alone and " " not in piece.words)]
    if unlike:
        return unlike[0]
    if not people or not (bracketed or author or len(people) > 1):
        return None
    between = any(piece.kind == "day" and people[0].start < piece.start < people[-1].start for piece in pieces)
    return people[0] if bracketed or author or between else people[-1]


def _masthead(head: Sequence[Line]) -> tuple[int, Range] | None:
    """The name of an outlet or a body at the top of the page, with the place of its line."""
    for number, line in enumerate(head[: min(2, len(head) - 1)]):
        if len(line.words) > _MASTHEAD_LIMIT or line.words[-1] in ".?!" or _BYLINE.search(line.words):
            continue
        for name in _names_of_masthead(line.words):
            kind = kind_of(name)
            if kind != "body" and (kind != "outlet" or len(name.split()) > _MASTHEAD_WORDS):
                continue
            if number == 0 and _STATE.fullmatch(name) and _is_body_line(head[1].words):
                break  # "Government of Nepal", and below it the body itself
            start = line.words.index(name)
            return number, line.place((start, start + len(name)))
    return None


def _names_of_masthead(words: str) -> Iterator[str]:
    """A line's words, and those before the first sign or bracket."""
    whole = words.strip(_AROUND)
    if whole and not _MORE_THAN_A_NAME.search(whole) and not _DAY.search(whole):
        yield whole
    first = _MASTHEAD_END.split(words, 1)[0].strip(_AROUND)
    if first and first != whole:
        yield first


def _is_body_line(words: str) -> bool:
    """Whether a line is the name of a state, a body or a part of one, and nothing else."""
    name = words.strip(_AROUND)
    return _STATE.fullmatch(name) is not None or (" " in name and ":" not in name and kind_of(name) == "body")


def _pieces(words: str) -> list[_Piece]:
    """A line in pieces, in their order."""
    found: list[_Piece] = []
    taken: list[tuple[int, int]] = []
    for match in _BYLINE.finditer(words) if _CUE.search(words) else ():
        found.append(_Piece("author", match.start("name"), match["name"]))
        taken.append(match.span())
    for match in _DAY.finditer(words) if _YEAR.search(words) else ():
        if not any(start <= match.start() < end for start, end in taken):
            found.append(_Piece("day", match.start(), match[0]))
            taken.append(match.span())
    position = 0
    for start, end in [*sorted(taken), (len(words), len(words))]:
        found += _parts(words, position, start)
        position = max(position, end)
    return sorted(found, key=lambda piece: piece.start)


def _parts(words: str, start: int, end: int) -> Iterator[_Piece]:
    """What stands between days and bylines, cut at signs."""
    begin = start
    for cut in [*_PARTS.finditer(words, start, end), None]:
        part = words[begin : end if cut is None else cut.start()]
        name = part.strip(_AROUND)
        if leading := _LEADING.match(name):
            name = name[leading.end() :]
        if name.endswith(".") and not _ABBREVIATED.search(name):
            name = name[:-1]
        if name:
            yield _Piece(kind_of(name), begin + part.index(name), name)
        begin = end if cut is None else cut.end()
