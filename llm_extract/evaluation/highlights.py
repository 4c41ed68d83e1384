"""An article's text with the evidence in it marked, for pages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from llm_extract.document import Document
from llm_extract.ranges import Range, merged
from llm_extract.result import Span

UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that a reader does not see, and that may hide a text or turn its direction."""
_HARMLESS = frozenset("\r\u200c\u200d\ufe0e\ufe0f")
"""Alone, these end a line or shape an emoji; in a run they may carry a text."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an article's text within which nothing begins or ends."""

    text: str
    gold: tuple[str, ...] = ()
    """Paths of the gold values whose evidence it belongs to."""
    predicted: tuple[str, ...] = ()
    furniture: bool = False
    hidden: bool = False

    @property
    def label(self) -> str:
        """What stands where the reader sees nothing: `U+202E`."""
        if not self.hidden:
            return ""
        return f"U+{ord(self.text):04X}" if len(self.text) == 1 else f"{len(self.text)} hidden characters"


def segments(
    document: Document, gold: Mapping[str, Sequence[Span]], predicted: Mapping[str, Sequence[Span]]
) -> list[Segment]:
    """A document's text, cut wherever a piece of evidence, page furniture or a hidden character begins or ends.

    The texts of all segments, put together, are the document's text. Spans may overlap in any way; what lies
    outside the text is left out.

    Args:
        document: the article.
        gold: spans by the path of the value; offsets are code points, half-open.
        predicted: the same of the prediction.
    """
    text = document.text
    unseen = merged([*document.hidden, *(Range(*found.span()) for found in UNSEEN.finditer(text))])
    unseen = tuple(place for place in unseen if text[slice(*place)] not in _HARMLESS)
    marks: list[tuple[str, str, int, int]] = [
        *(("gold", path, span.start, span.end) for path, spans in gold.items() for span in spans),
        *(("predicted", path, span.start, span.end) for path, spans in predicted.items() for span in spans),
        *(("furniture", "", start, end) for start, end in document.furniture),
        *(("hidden", "", start, end) for start, end in unseen),
    ]
    begins: dict[int, list[int]] = defaultdict(list)
    ends: dict[int, list[int]] = defaultdict(list)
    for index, (_, _, start, end) in enumerate(marks):
        start, end = max(0, start), min(len(text), end)
        if start < end:
            begins[start].append(index)
            ends[end].append(index)
    cuts = sorted({0, len(text), *begins, *ends})
    within: dict[int, None] = {}
    found = []
    for start, end in pairwise(cuts):
        for index in ends[start]:
            del within[index]
        within |= dict.fromkeys(begins[start])
        of: dict[str, dict[str, None]] = defaultdict(dict)
        for index in within:
            of[marks[index][0]][marks[index][1]] = None
        found.append(
            Segment(text[start:end], tuple(of["gold"]), tuple(of["predicted"]), "furniture" in of, "hidden" in of)
        )
    return found
