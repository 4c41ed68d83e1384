"""What a field type is: the five abilities that everything else is built from.

A schema's leaf has a field type; the field type knows how to *find* mentions of its values in a
text, *parse* a mention into a value, say whether a quote *supports* a value, whether two values
are the *same*, and which *shape* of answer to ask a model for. Requests, grounding, metrics and
exports are made of these five and know no task by name.

All offsets are code points of the text that was given, half-open: ``text[start:end]``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field

T = TypeVar("T")

READ_MARGIN = 40
"""How many characters on each side of a quote `FieldType.read` looks at for the rest of a mention."""


def verbatim(max_length: int) -> Any:
    """The shape of an answer leaf that copies at most `max_length` characters of the article.

    The mark `x-verbatim` tells `llm_extract.grammar` which strings must be runs of its words; it is
    taken out of the schema that is sent.
    """
    return Annotated[str, Field(max_length=max_length, json_schema_extra={"x-verbatim": True})]


@dataclass(frozen=True, slots=True)
class Context:
    """What a mention may depend on outside its own words."""

    reference: date | None = None
    """The day the article was published; "Friday" and "last summer" are counted from it."""
    country: str | None = None
    """Where the article is at home, ISO 3166-1 alpha-2: a bare "$", "Rs", "kr" or "shillings" is that country's."""


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class Mention(Generic[T]):
    """One place of a text that states a value: ``text[start:end] == words``."""

    start: int
    end: int
    words: str
    value: T


def paragraph_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The paragraph of ``text[start:end]``: a blank line parts sentences; a line break alone need not."""
    before, after = text.rfind("\n\n", 0, start), text.find("\n\n", end)
    return 0 if before < 0 else before + 2, len(text) if after < 0 else after


def window_before(text: str, first: int, start: int, margin: int) -> int:
    """Where whole words begin that stand at least `margin` characters before `start`, and not before `first`."""
    left = max(first, start - margin)
    while left > first and not text[left - 1].isspace():
        left -= 1
    return left


def read_around(
    find: Callable[[str], list[Mention[T]]], text: str, start: int, end: int, margin: int = READ_MARGIN
) -> list[Mention[T]]:
    """What `find` finds in the words around ``text[start:end]``: each mention that shares a character with these.

    `margin`: so many characters before them are looked at, in whole words of the same paragraph, and `READ_MARGIN`
    behind them.
    """
    first, last = paragraph_of(text, start, end)
    left, right = window_before(text, first, start, margin), min(last, end + READ_MARGIN)
    while right < last and not text[right].isspace():
        right += 1
    return [
        Mention(mention.start + left, mention.end + left, mention.words, mention.value)
        for mention in find(text[left:right])
        if mention.start + left < end and mention.end + left > start
    ]


class FieldType(ABC, Generic[T]):
    """The five abilities. Instances are immutable and compare by their settings.

    Two laws hold for every field type and are tested by property:
    ``parse(m.words, context) == m.value`` for every mention ``m`` that ``find`` gives, and
    ``support(m.words, m.value, context)``.
    """

    name: ClassVar[str]
    """The word for this field type in documents, fingerprints and reports."""

    extractive: ClassVar[bool] = True
    """True: the model copies words of the article and code computes the value from them.
    False: the model chooses a value and copies the words that show it."""

    @abstractmethod
    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[T]]:
        """Every mention in `text`, in order, without overlaps. Never raises on any text."""

    @abstractmethod
    def parse(self, words: str, context: Context = NO_CONTEXT) -> T | None:
        """The one value that `words` state; None if they state none, or more than one."""

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[T]]:
        """What the words ``text[start:end]`` state where they stand.

        Each mention that shares a character with the range, whole: "£350m" inside "worth up to £350m"
        is read as the latter. Field types whose words mean the same alone override this.
        """
        return read_around(lambda words: self.find(words, context), text, start, end)

    def may_state(self, text: str, context: Context = NO_CONTEXT) -> bool:
        """Whether words of `text` may state a value at all: where none can, nobody needs to be asked for one.

        Field types that `read` more than they `find` override this.
        """
        return bool(self.find(text, context))

    def support(self, quote: str, value: T, context: Context = NO_CONTEXT) -> bool:
        """Whether a reader who sees only `quote` (and the context) would agree to `value`."""
        parsed = self.parse(quote, context)
        return parsed is not None and self.same(parsed, value) == 1.0

    def same(self, a: T, b: T) -> float:
        """1.0 when equal for scoring, 0.0 when different, between them when close.

        Symmetric. Only 1.0 counts as correct in a headline figure.
        """
        return 1.0 if a == b else 0.0

    @abstractmethod
    def shape(self) -> Any:
        """The annotation of one answer leaf, without ``| None``: what pydantic turns into JSON schema."""
