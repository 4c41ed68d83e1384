"""What a plain text states about itself: headline, author, publisher and date of publication.

Only the first and the last lines are looked at: for a byline, a date on a line of its own, a dateline, a copyright
line, and what `llm_extract.reading.imprint` finds. On the half of the articles of `evals/it_contracts/train` that
nobody looked at for it, it has F1 0.81 for headlines, 0.78 for authors and 0.74 for publishers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from llm_extract.ranges import NO_METADATA, Metadata, Range
from llm_extract.reading.imprint import find_imprint
from llm_extract.reading.lines import DATE, SHORT, TIME, WEEKDAY, Line, lines_of

_HEAD_LINES = 10
_HEADLINE_LINES = 7
"""The headline is among so many lines, or nowhere."""
_LEAST_HEAD = 4
"""So many lines are the head's, however short the text is."""
_HEAD_CHARACTERS = 3000
_TAIL_LINES = 6
_TAIL_CHARACTERS = 1200
_HEADLINE_LIMIT = 160


class _Stated(NamedTuple):
    """What one line of the head states, as ranges of that line."""

    author: tuple[int, int] | None = None
    published: tuple[int, int] | None = None


_NOTHING_STATED = _Stated()

_NAME_WORD = r"(?:[^\W\d_a-z][\w.'’-]*|de|da|van|von|der|den|la|le|al|bin|ben|del|di|du)"
_NAME = rf"[^\W\d_a-z][\w.'’-]*(?:[ \t]+{_NAME_WORD}){{1,4}}"
# A comma alone may part the name from a role: "Ada Wren, Editor".
_NAMES = rf"(?!(?:our|the)\s)(?-i:{_NAME}(?:(?:,[ \t]+{_NAME})*,?[ \t]+(?:and|&)[ \t]+{_NAME})?)"

_DATE_LINE = re.compile(rf"{WEEKDAY}({DATE}){TIME}", re.IGNORECASE)
_CUED_DATE = re.compile(
    rf"(?:^|[|·•–—]\s*)(?:(?:first\s+)?published|posted|written|(?:publication\s+)?date|released?|issued)"
    rf"(?:\s+on|\s+by\s+[^\n]{{2,60}}?\s+on)?\s*[:|-]?\s+{WEEKDAY}({DATE})"
    # What follows may not be the rest of a sentence: "Published on 3 May 2021, the report says".
    rf"(?={TIME}\s*(?:$|[|·•–—(-]|(?:by|in|last|updated|modified)\b))",
    re.IGNORECASE,
)
_CUE_INITIALS = "fFpPwWdDrRiIıİ"
_BYLINE = re.compile(
    rf"(?:(?:written|posted|published|words|story|report|article)\s+by|by|author):?[ \t]+(?P<author>{_NAMES})"
    rf"(?P<rest>$|\s+on\s+.*|\s*[,|·•–—(].*|\s*-\s.*|\s+{WEEKDAY}{DATE}.*)",
    re.IGNORECASE,
)
_BYLINE_CUE = re.compile(r"by|author|written|posted|published|words|story|report|article", re.IGNORECASE)
_BYLINE_INITIALS = "bBaAwWpPsSſrR"
_BYLINE_DATE = re.compile(rf"(?:\s+on\s+|\s*[,|·•–—(-]+\s*|\s+){WEEKDAY}({DATE})", re.IGNORECASE)
_DATELINE = re.compile(
    rf"(?-i:[A-Z][\w.'’-]*(?:[ ,/]+[A-Z][\w.'’-]*){{0,5}})(?:,\s+|\s+\(){WEEKDAY}({DATE})\)?\s*"
    r"(?:/[\w -]+/\s*|\([\w ]+\)\s*)?(?:[—–:]|--?)\s",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*[|·•–—]\s*|\s+-\s+|\s*,\s+(?=by\s)", re.IGNORECASE)
_SEPARATOR_SIGN = re.compile(r"[|·•–—]")
_SPACED_HYPHEN = re.compile(r"\s-\s")
_PUBLISHER_NAME = r"[^\W\d_][^\n|©.]*?(?:\.(?:com|co\.uk|org|net|news|uk))?"
_COPYRIGHT = re.compile(
    r"(?:(?:copyright\s*(?:©|\(c\))?|©|\(c\))\s*(?:19|20)\d\d(?:\s*[-–]\s*(?:19|20)?\d\d)?,?\s+(?:by\s+)?"
    rf"(?P<dated>{_PUBLISHER_NAME})\s*(?:[.,|]?\s*all rights reserved\.?|[.|].*)?"
    rf"|(?:publisher|publication)\s*:\s*(?P<cued>{_PUBLISHER_NAME})\.?)",
    re.IGNORECASE,
)
_PICTURE_AGENCY = re.compile(r"\b(?:getty|shutterstock|istock|alamy|unsplash|adobe stock|dreamstime)\b", re.I)
_SUBJECT = re.compile(r"(?:subject|sub|re)\s*:\s+(?=\S)", re.IGNORECASE)
_NO_HEADLINE = re.compile(
    rf"""
      (?:(?:press|media|news|regulatory|stock\ exchange)\s+(?:press\s+)?(?:release|statement|information|notice)
        |press\ communiqué|for\ immediate\ (?:release|use)|rns\ number)\b.*
    | (?:opinion|comment|editorial|news|feature|analysis|interview|exclusive|column|letters(?:\ to\ the\ editor)?
        |written\ answers|tenders?|tender\ notice|breaking(?:\ news)?|business|technology|politics|local
        |english\ (?:edition|version|translation))
    | [\[(].*[\])]
    | (?!subject|sub|re\b)[A-Z](?-i:[\w.\ ]{{1,28}}):\s.*[\d@)].*  # a form's line: "Our ref: FOI/2020/0388"
    | (?:from|to|sent|cc|dated?|company\ name|stock\ name|status|authority|file|closing|project)\s*:.*
    | (?:registered\ office|private\ bag|p\.?\s?o\.?\ box|share\ code|memo\ no|ref\.?|our\ ref|no\.\ ?\d
        |cin|isin|jse)\b.*
    | [^\W\d_][^\d]{{2,40}},\s+(?:the\s+)?{WEEKDAY}{DATE}.{{0,30}}  # a place and a day
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HAS_YEAR = re.compile(r"(?:19|20)\d\d")


def find_metadata(text: str, furniture: tuple[Range, ...] = ()) -> Metadata:
    """Where `text` states its headline, author, publisher and date of publication, each at most once.

    Ranges are code points of `text`; none lies within `furniture`. Never raises.
    """
    start = text[:_HEAD_CHARACTERS]
    head = lines_of(start, 0, furniture, _HEAD_LINES)
    if not head:
        return NO_METADATA
    stated: list[_Stated] = []
    author = published = None
    for number, line in enumerate(head):
        said = _stated(line.words, first=number == 0)
        stated.append(said)
        if said is not _NOTHING_STATED:
            author = line.place(said.author) if author is None and said.author else author
            published = line.place(said.published) if published is None and said.published else published
        if author and published and number >= _HEADLINE_LINES:
            break
    tail = _tail(text, furniture)
    first = next((number for number, line in enumerate(head) if len(line.words) > SHORT), None)
    body = head[min(_LEAST_HEAD, len(head)) - 1].start + 1 if first is None else head[first].start
    imprint = find_imprint(head if first is None else head[: first + 1], [line for line in tail if line.start >= body])
    author = author or imprint.author
    publisher = _publisher(tail) or _publisher(head) or imprint.publisher
    headline = _headline(start, head, stated, imprint.lines)
    if headline is None and author is None and published is None and publisher is None:
        return NO_METADATA
    return Metadata(headline=headline, publisher=publisher, author=author, published=published)


def _tail(text: str, furniture: tuple[Range, ...]) -> list[Line]:
    """The last lines."""
    start = text.rfind("\n", 0, max(0, len(text) - _TAIL_CHARACTERS)) + 1
    return lines_of(text[start:], start, furniture, _TAIL_CHARACTERS)[-_TAIL_LINES:]


def _headline(text: str, head: list[Line], stated: list[_Stated], imprint: frozenset[int]) -> Range | None:
    """The first line that is no label, day, address or name of who publishes, if it looks like a headline."""
    short: Range | None = None
    for number, line in enumerate(head[:_HEADLINE_LINES]):
        words = line.words
        if len(words) > _HEADLINE_LIMIT or number + 1 == len(head):
            break
        if number in imprint or stated[number] != _NOTHING_STATED or _NO_HEADLINE.fullmatch(words):
            continue
        subject = _SUBJECT.match(words)
        start = subject.end() if subject else 0
        if words[-1] in ".:;," or words[0] in "-*•>|©" or " > " in words or _is_wrapped(text, line):
            break
        place = line.place((start, len(words)))
        if words.count(" ") >= 2:
            return place
        short = short or place  # a section's name, or a headline of one or two words
    return short


def _is_wrapped(text: str, line: Line) -> bool:
    """Whether a line begins a wrapped paragraph: a line below it goes on in the middle of a sentence."""
    end = text.find("\n", line.start)
    for following in text[end + 1 : end + 1 + _HEADLINE_LIMIT * 3].split("\n")[:3] if end >= 0 else ():
        words = following.strip()
        if not words:
            return False
        if words[0].islower() and len(words) > _HEADLINE_LIMIT // 8:
            return True
    return False


def _stated(words: str, *, first: bool) -> _Stated:
    """The author and the day of publication that a line gives, if giving them is what it is for."""
    start = words[:SHORT]
    dated = ("20" in start or "19" in start) and _HAS_YEAR.search(start) is not None
    if len(words) > SHORT:
        match = _DATELINE.match(start) if dated else None
        return _Stated(published=match.span(1)) if match else _NOTHING_STATED
    byline = _BYLINE.fullmatch(words) if words[0] in _BYLINE_INITIALS and _BYLINE_CUE.match(words) else None
    if byline is None and not dated:
        return _NOTHING_STATED
    # A sentence may begin like a byline: "By Easter Norwood Systems, which won the work, had left."
    if byline and (len(byline["rest"]) > 80 or byline["rest"].endswith(".")):
        byline = None
    day = _BYLINE_DATE.match(words, byline.end("author")) if byline and dated else None
    # So may a headline: "By Royal Appointment, a new supplier of desks".
    if byline and first and byline["rest"] and day is None:
        byline = None
    author = byline.span("author") if byline else None
    if day is None and dated:
        if whole := _DATE_LINE.fullmatch(words):
            return _Stated(author, whole.span(1))
        parted = _SEPARATOR_SIGN.search(words) is not None
        cued = _CUED_DATE.search(words) if parted or words[0] in _CUE_INITIALS else None
        if day := cued or _DATELINE.match(words):
            return _Stated(author, day.span(1))
        if parted or ("-" in words and _SPACED_HYPHEN.search(words)) or "by" in words.lower():
            return _Stated(author, _date_between_separators(words))
        return _Stated(author) if author else _NOTHING_STATED
    return _Stated(author, day.span(1) if day else None) if author or day else _NOTHING_STATED


def _date_between_separators(words: str) -> tuple[int, int] | None:
    """The date of a line such as "12 May 2020 | Technology": nothing else between two separators."""
    position = 0
    for part in _SEPARATOR.split(words):
        start = words.index(part, position)
        position = start + len(part)
        if match := _DATE_LINE.fullmatch(part):
            return start + match.start(1), start + match.end(1)
    return None


def _publisher(lines: list[Line]) -> Range | None:
    for line in lines:
        if len(line.words) > SHORT or line.words[0] not in "©(cCpP":
            continue
        if not (match := _COPYRIGHT.fullmatch(line.words)):
            continue
        group = "dated" if match["dated"] else "cued"
        if not _PICTURE_AGENCY.search(match[group]):
            return Range(line.start + match.start(group), line.start + match.end(group))
    return None
