"""What a plain text states about itself: headline, author, publisher and date of publication.

Only the first and the last lines are looked at, and only words that say plainly what they are: a byline,
a date on a line of its own, a dateline, a copyright line. Whatever is doubtful is left out.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from llm_extract.ranges import NO_METADATA, Metadata, Range

_HEAD_LINES = 10
_HEADLINE_LINES = 4
"""The headline is among so many lines, or nowhere."""
_HEAD_CHARACTERS = 3000
_TAIL_LINES = 5
_TAIL_CHARACTERS = 800
_HEADLINE_LIMIT = 160
_SHORT_LINE = 160


class _Line(NamedTuple):
    """A line without its surrounding white space; `start` is its place in the text."""

    start: int
    words: str

    def place(self, span: tuple[int, int]) -> Range:
        """A range of this line as a range of the text."""
        return Range(self.start + span[0], self.start + span[1])


class _Stated(NamedTuple):
    """What one line of the head states, as ranges of that line."""

    author: tuple[int, int] | None = None
    published: tuple[int, int] | None = None


_NOTHING_STATED = _Stated()

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d(?!\d)"
_DAY = r"(?<!\d)\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?:{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}"
    rf"|{_MONTH}\s+{_DAY},?\s+{_YEAR}"
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    rf"|(?<!\d)\d{{1,2}}[/.]\d{{1,2}}[/.]{_YEAR})"
)
"""A day with its year, as English texts write it. What it means is for the date field to say."""
_WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+)?"
_TIME = (
    r"(?:[,T\s]+(?:at\s+|@\s*)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:[A-Z]{2,4}|[+-]\d\d:?\d\d)?)?"
)

_NAME_WORD = r"(?:[^\W\d_a-z][\w.'’-]*|de|da|van|von|der|den|la|le|al|bin|ben|del|di|du)"
_NAME = rf"[^\W\d_a-z][\w.'’-]*(?:[ \t]+{_NAME_WORD}){{1,4}}"
# A comma alone may part the name from a role: "Ada Wren, Editor".
_NAMES = rf"(?-i:{_NAME}(?:(?:,[ \t]+{_NAME})*,?[ \t]+(?:and|&)[ \t]+{_NAME})?)"

_DATE_LINE = re.compile(rf"{_WEEKDAY}({DATE}){_TIME}", re.IGNORECASE)
_CUED_DATE = re.compile(
    rf"(?:^|[|·•–—]\s*)(?:(?:first\s+)?published|posted|written|(?:publication\s+)?date|released?|issued)"
    rf"(?:\s+on|\s+by\s+[^\n]{{2,60}}?\s+on)?\s*[:|-]?\s+{_WEEKDAY}({DATE})"
    # What follows may not be the rest of a sentence: "Published on 3 May 2021, the report says".
    rf"(?={_TIME}\s*(?:$|[|·•–—(-]|(?:by|in|last|updated|modified)\b))",
    re.IGNORECASE,
)
_CUE_INITIALS = "fFpPwWdDrRiIıİ"
_BYLINE = re.compile(
    rf"(?:(?:written|posted|published|words|story|report|article)\s+by|by|author):?[ \t]+(?P<author>{_NAMES})"
    rf"(?P<rest>$|\s+on\s+.*|\s*[,|·•–—(-].*|\s+{_WEEKDAY}{DATE}.*)",
    re.IGNORECASE,
)
_BYLINE_CUE = re.compile(r"by|author|written|posted|published|words|story|report|article", re.IGNORECASE)
_BYLINE_INITIALS = "bBaAwWpPsSſrR"
_BYLINE_DATE = re.compile(rf"(?:\s+on\s+|\s*[,|·•–—(-]+\s*|\s+){_WEEKDAY}({DATE})", re.IGNORECASE)
_DATELINE = re.compile(
    rf"(?-i:[A-Z][\w.'’-]*(?:[ ,/]+[A-Z][\w.'’-]*){{0,5}})(?:,\s+|\s+\(){_WEEKDAY}({DATE})\)?\s*"
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
_HAS_YEAR = re.compile(r"(?:19|20)\d\d")


def find_metadata(text: str, furniture: tuple[Range, ...] = ()) -> Metadata:
    """Where `text` states its headline, author, publisher and date of publication, each at most once.

    Ranges are code points of `text`; none lies within `furniture`. Never raises.
    """
    start = text[:_HEAD_CHARACTERS]
    head = _lines(start, 0, furniture, _HEAD_LINES)
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
    headline = _headline(start, head, stated)
    publisher = _publisher(_tail(text, furniture)) or _publisher(head)
    if headline is None and author is None and published is None and publisher is None:
        return NO_METADATA
    return Metadata(headline=headline, publisher=publisher, author=author, published=published)


def _lines(part: str, offset: int, furniture: tuple[Range, ...], limit: int) -> list[_Line]:
    """The first `limit` lines of `part` that are neither blank nor page furniture."""
    lines: list[_Line] = []
    position = offset
    for raw in part.split("\n"):
        words = raw and raw.strip()
        if words:
            start = position if words is raw else position + raw.index(words[0])
            if not furniture or not any(first <= start < last for first, last in furniture):
                lines.append(_Line(start, words))
                if len(lines) == limit:
                    break
        position += len(raw) + 1
    return lines


def _tail(text: str, furniture: tuple[Range, ...]) -> list[_Line]:
    """The last lines; none where nothing in them begins as a publisher's line does."""
    start = text.rfind("\n", 0, max(0, len(text) - _TAIL_CHARACTERS)) + 1
    part = text[start:]
    lower = part.lower()
    if not ("publ" in lower or "copyr" in lower or "©" in lower or "(c)" in lower):
        return []
    return _lines(part, start, furniture, _TAIL_CHARACTERS)[-_TAIL_LINES:]


def _is_blank_after(text: str, line: _Line) -> bool:
    """Whether the next line, furniture or not, is blank or missing."""
    end = text.find("\n", line.start)
    return end < 0 or not text[end + 1 :].partition("\n")[0].strip()


def _headline(text: str, head: list[_Line], stated: list[_Stated]) -> Range | None:
    """The first line that is neither a label, a date nor a byline, if it looks like a headline."""
    for number, line in enumerate(head[:_HEADLINE_LINES]):
        words = line.words
        if len(words) > _HEADLINE_LIMIT or number + 1 == len(head):
            return None
        if stated[number] != _NOTHING_STATED or words.count(" ") < 2:
            continue  # a byline, a date, a section's name, the site's
        if words[-1] in ".:;,…" or words[0] in "-*•>|©" or " > " in words:
            return None
        if not _is_blank_after(text, line) and stated[number + 1] == _NOTHING_STATED:
            following = len(head[number + 1].words)
            if following < 120 or following < len(words) + 20:
                return None
        return Range(line.start, line.start + len(words))
    return None


def _stated(words: str, *, first: bool) -> _Stated:
    """The author and the day of publication that a line gives, if giving them is what it is for."""
    start = words[:_SHORT_LINE]
    dated = ("20" in start or "19" in start) and _HAS_YEAR.search(start) is not None
    if len(words) > _SHORT_LINE:
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


def _publisher(lines: list[_Line]) -> Range | None:
    for line in lines:
        if len(line.words) > _SHORT_LINE or line.words[0] not in "©(cCpP":
            continue
        if not (match := _COPYRIGHT.fullmatch(line.words)):
            continue
        group = "dated" if match["dated"] else "cued"
        if not _PICTURE_AGENCY.search(match[group]):
            return Range(line.start + match.start(group), line.start + match.end(group))
    return None
