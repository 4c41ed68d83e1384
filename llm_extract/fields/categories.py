"""Categories and flags: values that a model chooses, with the words of the article that show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, ClassVar, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from llm_extract.errors import TaskError
from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, verbatim
from llm_extract.fields.name_places import is_no_name

MAX_QUOTE_LENGTH = 400
"""Code points of the longest quote that is asked for."""

Cues = tuple[tuple[str, tuple[str, ...]], ...]
"""Pairs of a category and its cues: hashable, in the order of the categories."""

_UNDONE = re.compile(
    r"\b(?:not|never|no longer|without|withdr\w+|revok\w+|refus\w+|reject\w+|los[et]\w*|fail\w*|halt\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_MAY_CAPTURE = re.compile(r"\((?!\?[:=!])|\\[0-9]")
_ESCAPE_CLASS_OR_SPACE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|( +)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CategoryField(FieldType[str]):
    """One of a few values, shown by words that need not contain it."""

    name: ClassVar[str] = "category"
    extractive: ClassVar[bool] = False

    values: tuple[str, ...]
    cues: Cues | Mapping[str, Sequence[str]] = ()
    """Words that show a category: regular expressions, matched as whole words in any case. A space
    stands for any whitespace or a hyphen. Given as a mapping, kept as pairs; may be empty."""

    def __post_init__(self) -> None:
        """Raises `TaskError` for values or cues that cannot work."""
        values = tuple(self.values)
        given = dict(self.cues)
        object.__setattr__(self, "values", values)
        if not values or len(set(values)) != len(values) or not all(value.strip() for value in values):
            raise TaskError(f"the categories {values!r} are empty, blank or repeated; name each of them once")
        unknown = sorted(set(given) - set(values))
        if unknown:
            raise TaskError(f"cues for {unknown}, which are no categories; the categories are {list(values)}")
        for value, sources in given.items():
            if isinstance(sources, str):
                raise TaskError(f"the cues of {value!r} are one string; give a tuple of strings")
        cues = tuple((value, tuple(given[value])) for value in values if given.get(value))
        object.__setattr__(self, "cues", cues)
        for value, sources in cues:
            for source in sources:
                _check_cue(value, source)

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """The cues in `text`; of overlapping ones the longest. A cue of two categories shows neither."""
        mentions = []
        for start, end, values in self._shown(text):
            words = text[start:end]
            (value, *others) = values
            # A cue may look at what stands around it: what its own words do not show is no mention.
            if not others and self.parse(words) == value:
                mentions.append(Mention(start, end, words, value))
        return mentions

    def parse(self, words: str, context: Context = NO_CONTEXT) -> str | None:
        """The value that is called so, or the only one whose cues are in `words`."""
        called = _called(self.values).get(_plain(words))
        if called is not None:
            return called
        shown = {value for cue in self._shown(words) for value in cue.values}
        return shown.pop() if len(shown) == 1 else None

    def support(self, quote: str, value: str, context: Context = NO_CONTEXT) -> bool:
        """Whether the quote shows the value, or at least shows no other.

        Cues are never complete, so a quote without any cue may support any value; one with cues
        or names of other values only does not.
        """
        if value not in self.values or not quote.strip():
            return False
        own = _any_cue(dict(cast(Cues, self.cues)).get(value, ()))
        if own is not None and own.search(quote):
            return True
        words = f" {_plain(quote)} "
        if f" {_plain(value)} " in words:
            return True
        if any(f" {_plain(other)} " in words for other in self.values) or not _says_something(quote):
            return False
        # "Will not be renewed" shows no renewal: under a negation the cues of other values say nothing.
        return not self._shows_any(quote) or _UNDONE.search(quote) is not None

    def shape(self) -> Any:
        """An object of the value and the words that show it."""
        return _choice(self.values)

    def _cues(self) -> Cues:
        # A value without a letter or digit ("?") has no words of its own: an empty cue would stand everywhere.
        called = ((value, re.escape(_plain(value))) for value in self.values)
        return cast(Cues, self.cues) or tuple((value, (words,)) for value, words in called if words)

    def _shows_any(self, text: str) -> bool:
        together = _together(self._cues())
        if together is not None:
            return together.search(text) is not None
        return any(pattern.search(text) for _, pattern in _patterns(self._cues()))

    def _shown(self, text: str) -> list[_Cue]:
        """The cues in `text`, in order; of overlapping ones the longest, then the first."""
        if not self._shows_any(text):
            return []
        found: dict[tuple[int, int], set[str]] = {}
        for value, pattern in _patterns(self._cues()):
            for match in pattern.finditer(text):
                found.setdefault(match.span(), set()).add(value)
        taken: list[_Cue] = []
        for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
            if all(end <= cue.start or cue.end <= start for cue in taken):
                taken.append(_Cue(start, end, tuple(sorted(found[start, end]))))
        return sorted(taken)


class _Cue(NamedTuple):
    start: int
    end: int
    values: tuple[str, ...]


def category(categories: Mapping[str, Sequence[str]] | Iterable[str]) -> CategoryField:
    """The field type of a schema's own categories: their names, or a mapping from names to cues.

    >>> from typing import Annotated, Literal
    >>> Stage = Annotated[Literal["tender", "award"], category({"tender": ("bids?",), "award": ("won",)})]
    """
    if isinstance(categories, Mapping):
        return CategoryField(tuple(categories), categories)
    return CategoryField(tuple(categories))


Category = category
"""`category`, for annotations, where capitals are usual."""


@dataclass(frozen=True, slots=True)
class FlagField(FieldType[bool]):
    """Yes or no."""

    name: ClassVar[str] = "flag"
    extractive: ClassVar[bool] = False

    quoted: bool = True
    """Whether the answer needs words of the article that show it."""

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[bool]]:
        """Nothing: a flag has no words of its own."""
        return []

    def parse(self, words: str, context: Context = NO_CONTEXT) -> bool | None:
        """None: only a reader can tell."""
        return None

    def support(self, quote: str, value: bool, context: Context = NO_CONTEXT) -> bool:
        """Whether there is a quote, if one is needed."""
        return not self.quoted or bool(quote.strip())

    def shape(self) -> Any:
        """A boolean, or an object of one and the words that show it."""
        return QuotedFlag if self.quoted else bool


class QuotedFlag(BaseModel):
    """An answer yes or no, with the words that show it."""

    model_config = ConfigDict(extra="forbid")

    value: bool
    quote: str = Field(max_length=MAX_QUOTE_LENGTH, json_schema_extra={"x-verbatim": True})


@lru_cache(maxsize=256)
def _choice(values: tuple[str, ...]) -> type[BaseModel]:
    """The answer model for these values; its name depends on nothing else, so schemas stay the same."""
    digest = sha256("\0".join(values).encode("utf-8", "surrogatepass")).hexdigest()
    name = f"Category_{digest[:8]}"
    choices: Any = Literal.__getitem__(values)
    return create_model(
        name,
        __config__=ConfigDict(extra="forbid"),
        __module__=__name__,
        value=(choices, ...),
        quote=(verbatim(MAX_QUOTE_LENGTH), ...),
    )


def _says_something(quote: str) -> bool:
    """Whether there is a word in the quote beside function words, dates and numbers."""
    return any(len(word) > 2 and not is_no_name(word) for word in re.findall(r"[^\W\d_]+", quote))


def _check_cue(value: str, source: str) -> None:
    try:
        matches_nothing = re.compile(_spaced(source)).fullmatch("") is not None
        _whole_words(source)
    except re.error as error:
        raise TaskError(f"the cue {source!r} of the category {value!r} is no regular expression: {error}") from error
    if matches_nothing or not source.strip():
        raise TaskError(f"the cue {source!r} of the category {value!r} matches the empty string")


@lru_cache(maxsize=256)
def _patterns(cues: Cues) -> tuple[tuple[str, re.Pattern[str]], ...]:
    # One pattern a cue, not one a category: the longest match is wanted, alternatives give the first.
    return tuple((value, _whole_words(source)) for value, sources in cues for source in sources)


@lru_cache(maxsize=256)
def _together(cues: Cues) -> re.Pattern[str] | None:
    """All cues in one pattern, a tenth of the work of one after the other; None if they may hold numbered groups."""
    sources = [source for _, sources in cues for source in sources]
    return None if any(_MAY_CAPTURE.search(source) for source in sources) else _any_cue(tuple(sources))


@lru_cache(maxsize=256)
def _any_cue(sources: tuple[str, ...]) -> re.Pattern[str] | None:
    return _whole_words("|".join(f"(?:{source})" for source in sources)) if sources else None


def _whole_words(source: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_spaced(source)})(?!\w)", re.IGNORECASE)


def _spaced(source: str) -> str:
    return _ESCAPE_CLASS_OR_SPACE.sub(lambda part: r"(?:[\s-]+)" if part[1] else part[0], source)


@lru_cache(maxsize=256)
def _called(values: tuple[str, ...]) -> dict[str, str]:
    return {_plain(value): value for value in reversed(values)}


def _plain(words: str) -> str:
    """Words in lower case, with one space for every run of anything else."""
    return " ".join(re.sub(r"[\W_]+", " ", words).casefold().split())
