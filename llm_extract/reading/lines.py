"""Lines of a plain text with their places, and what its head and its end have in common: days."""

from __future__ import annotations

from typing import NamedTuple

from llm_extract.ranges import Range

MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d(?!\d)"
_DAY = r"(?<!\d)\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?:{_DAY}\s+(?:of\s+)?{MONTH},?\s+{_YEAR}"
    rf"|{MONTH}\s+{_DAY},?\s+{_YEAR}"
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"
    rf"|(?<!\d)\d{{1,2}}[/.]\d{{1,2}}[/.]{_YEAR})"
)
"""A day with its year, as English texts write it. What it means is for the date field to say."""
WEEKDAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\.?,?\s+)?"
TIME = (
    r"(?:[,T\s]+(?:at\s+|@\s*)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?"
    r"\s*(?:[A-Z]{2,4}|[+-]\d\d:?\d\d)?)?"
)

SHORT = 160
"""The most characters of a line that is no paragraph."""


class Line(NamedTuple):
    """A line without its surrounding white space; `start` is its place in the text."""

    start: int
    words: str

    def place(self, span: tuple[int, int]) -> Range:
        """A range of this line as a range of the text."""
        return Range(self.start + span[0], self.start + span[1])


def lines_of(part: str, offset: int, furniture: tuple[Range, ...], limit: int) -> list[Line]:
    """The first `limit` lines of `part`, which begins at `offset`, that are neither blank nor page furniture."""
    lines: list[Line] = []
    position = offset
    for raw in part.split("\n"):
        words = raw and raw.strip()
        if words:
            start = position if words is raw else position + raw.index(words[0])
            if not furniture or not any(first <= start < last for first, last in furniture):
                lines.append(Line(start, words))
                if len(lines) == limit:
                    break
        position += len(raw) + 1
    return lines
