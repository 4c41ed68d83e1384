"""Verbatim words: the field type of any string that a schema gives no other type."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, verbatim
from llm_extract.locate import INVISIBLE_CLASS, Locator

MAX_TEXT_LENGTH = 1000
"""Code points of the longest answer that is asked for."""

# The two joiners are kept: Persian, Indic scripts and emoji are written with them.
_INVISIBLE = re.compile(f"(?![\u200c\u200d])[{INVISIBLE_CLASS}]")
_BROKEN_WORD = re.compile(r"(?<=\w)(?:-|\xad-?|‐)[ \t]*(?:\r\n?|\n)[ \t]*(?=\w)")

EDGES = " \t\n\r\u00a0.,;:()[]\"'“”‘’"
"""What may stand around words that are read alone."""


def collapse(words: str) -> str:
    """`words` on one line: whitespace runs are one space, invisible characters are gone.

    A word that a hyphen and a line break part is put together; before a capital letter or a
    figure ("Rolls-⏎Royce") the hyphen stays.
    """
    if words.isascii() and words.isprintable():
        return words if "  " not in words and words.strip(" ") == words else " ".join(words.split())
    if "\n" in words or "\r" in words:
        words = _BROKEN_WORD.sub(_mended, words)
    return " ".join(_INVISIBLE.sub("", words).split())


def _mended(broken: re.Match[str]) -> str:
    return "" if broken.string[broken.end()].islower() else "-"


@dataclass(frozen=True, slots=True)
class TextField(FieldType[str]):
    """Words of the article as they stand there, on one line."""

    name: ClassVar[str] = "text"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """Nothing: any words could be meant."""
        return []

    def parse(self, words: str, context: Context = NO_CONTEXT) -> str | None:
        """The words on one line; None if nothing is left."""
        return collapse(words) or None

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """The range itself, if there are words in it: what stands around does not change it."""
        words = text[start:end]
        value = self.parse(words)
        return [] if value is None else [Mention(start, end, words, value)]

    def support(self, quote: str, value: str, context: Context = NO_CONTEXT) -> bool:
        """Whether the quote holds the value as whole words, apart from typography and case."""
        if not value or value.isspace():
            return False
        return self.same(quote, value) == 1.0 or bool(Locator(quote).find(value))

    def same(self, a: str, b: str) -> float:
        """1.0 when equal apart from compatibility forms, case and whitespace; else 0.0."""
        return 1.0 if a == b or _plain(a) == _plain(b) else 0.0

    def shape(self) -> Any:
        """A string that is marked as words to be copied."""
        return verbatim(MAX_TEXT_LENGTH)


def _plain(words: str) -> str:
    return unicodedata.normalize("NFKC", collapse(unicodedata.normalize("NFKC", words)).casefold())


Text = Annotated[str, Field(min_length=1), TextField()]
"""Any words of the article, as they stand there."""
