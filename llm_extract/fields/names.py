"""Names: organisations, frameworks, programmes, sites, people.

A name is delivered as the article writes it; two names are the same when they are equal without
case, punctuation, a leading "the" and a trailing legal form, and never because they look alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import Field

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, verbatim
from llm_extract.fields.name_places import SMALL_WORDS, name_places, possessive_length
from llm_extract.fields.text import collapse
from llm_extract.word_lists import word_set

MAX_NAME_LENGTH = 200
"""Code points of the longest name; anything longer is a sentence."""


LEGAL_FORMS = word_set("ltd limited plc llp llc inc incorporated gmbh sa ag nv bv pty pvt")
"""As they are after normalising: "S.A." is "sa"."""

_PRONOUNS = word_set("""
    i it its itself he him his she her hers they them their theirs we us our ours you your yours who whom
    whose which what that this these those one ones both each either neither none all some others another
""")
_DETERMINERS = word_set("the a an this that these those its their his her our your my both each some any")
# What an organisation is called when it is not called by its name.
_GENERIC = word_set("""
    agency authority bank board body borough business buyer city client college commission committee company
    consortium constabulary contractor corporation council county customer department district employer firm
    force giant government group hospital incumbent institution integrator maker minister ministry
    municipality office operator organisation organization outsourcer parent partner partnership police
    procurement programme program project provider purchaser regulator retailer school sector seller service
    specialist state supplier telco telecom trust university user utility vendor venture
    central chosen current end existing former ict it joint local national new private public regional
    successful tech undisclosed unnamed winning
""")
_OPENING, _CLOSING = "\"'`‘’‚‛“”„‟«»‹›", "\"'`´‘’‛“”‟«»‹›"
_LEADING_JUNK = re.compile(rf"^[\s{_OPENING}.,;:!?…·•*–—\-)\]}}]+")
_TRAILING_JUNK = re.compile(r"[\s.,;:!?…·•*–—\-(\[{]+$")
_TRAILING_QUOTES = re.compile(rf"[{_CLOSING}]+$")
_OPENED_INSIDE = re.compile(r"(?<=[\s(])[\"'‘“„«‹]\w")
_DOTTED_INITIALS = re.compile(r"(?:^|\s)(?:[^\W\d_]\.){2,}$")
_LEADING_THE = re.compile(r"^the\s+(?!hague\b)(?=\S)", re.IGNORECASE)
_WITH_BRACKET = re.compile(r"^(?P<outer>[^()]+?)\s*\((?P<inner>[^()]+)\)$")


def normalise_name(name: str) -> str:
    """The form in which names are compared: equal forms, same name.

    NFKC, case folded, "&" as "and", punctuation removed, without a leading "the" and trailing
    legal forms (unless nothing else is left). Normalising twice changes nothing.

    >>> normalise_name("The Harbour & Rail Co-operative Ltd.")
    'harbour and rail cooperative'
    """
    return _normalised(name)


@lru_cache(maxsize=16384)
def _normalised(name: str) -> str:
    return _without_frame(_plain(name, ""))


def _plain(name: str, punctuation: str) -> str:
    """NFKC, case folded, "&" as "and", with `punctuation` for every punctuation mark."""
    if not name.isascii():
        # Repeated, because folding may undo composition and composition make room for folding.
        for _ in range(3):
            name = unicodedata.normalize("NFKC", _invisible_removed(name)).casefold()
    name = name.casefold().replace("&", " and ")
    if not name.replace(" ", "").isalnum():
        kept = "".join(punctuation if _is_punctuation(c) else c for c in name)
        name = kept if kept.strip() else name
    return " ".join(name.split())


def _invisible_removed(name: str) -> str:
    return "".join(c for c in name if c.isascii() or (c not in "™℠" and unicodedata.category(c) != "Cf"))


@lru_cache(maxsize=2048)
def _is_punctuation(character: str) -> bool:
    """Punctuation, and the signs ®, ©, ° and free-standing accents; not + or currency signs."""
    return unicodedata.category(character) in {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "So", "Sk", "Cf"}


def _without_frame(name: str) -> str:
    words = name.split()
    start, end = 0, len(words)
    while end - start > 1 and words[start] == "the":
        start += 1
    while end - start > 1 and words[end - 1] in LEGAL_FORMS:
        end -= 1
    return " ".join(words[start:end])


def abbreviates(short: str, full: str) -> int | None:
    """Where in `full` the name begins that `short` abbreviates; None if it abbreviates none.

    The algorithm of A. S. Schwartz and M. A. Hearst, "A simple algorithm for identifying
    abbreviation definitions in biomedical text" (PSB 2003): the letters of `short` are matched
    from right to left, and its first letter must begin a word; small words do not count towards
    the length of the name. `full` ends where the name ends.
    """
    letters = [c for c in short.casefold() if c.isalnum()]
    folded = full.casefold()
    if len(letters) < 2 or len(folded) != len(full):
        return None
    at = len(folded)
    for position in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and (folded[at] != letters[position] or (position == 0 and at > 0 and folded[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    words = full[at:].split()
    longest = min(len(letters) + 5, 2 * len(letters))
    if sum(1 for word in words if word not in SMALL_WORDS) > longest:
        return None
    if len(full) - at <= len(short) or short in words:
        return None
    return at


@lru_cache(maxsize=8192)
def parse_name(words: str) -> str | None:
    """The name that `words` are, as they write it; None if they are no name.

    Quotation marks, punctuation, a leading "the", a possessive "’s" and a bracketed abbreviation
    of the name itself are taken off. No name: nothing with a letter, more than 200 characters, a
    pronoun, or what anybody could be called ("the company", "local authorities").
    """
    if len(words) > 10 * MAX_NAME_LENGTH:
        return None
    name, before = collapse(words), ""
    while name != before:
        before = name
        name = _trimmed(name)
    if not name or len(name) > MAX_NAME_LENGTH or not any(c.isalpha() for c in name) or _is_generic(name):
        return None
    return name


def _trimmed(name: str) -> str:
    name = _LEADING_JUNK.sub("", name)
    if not _DOTTED_INITIALS.search(name):
        name = _TRAILING_JUNK.sub("", name)
    if name[-1:] in _CLOSING and not _OPENED_INSIDE.search(name):
        name = _TRAILING_QUOTES.sub("", name)
    name = _unbracketed(name)
    name = _LEADING_THE.sub("", name)
    if name.endswith(("'s", "’s")):
        name = name[: len(name) - possessive_length(name)]
    return name


def _unbracketed(name: str) -> str:
    if name[:1] in ("(", "[") and name[-1:] in (")", "]"):
        inner = name[1:-1]
        return inner if not any(c in inner for c in "()[]") else name
    if name.startswith(("(", "[")) and not any(c in name for c in ")]"):
        return name[1:]
    if name.endswith((")", "]")):
        if not any(c in name for c in "(["):
            return name[:-1]
        found = _WITH_BRACKET.match(name)
        if found is not None:
            outer, inner = found["outer"], found["inner"].strip(_OPENING + " ")
            if abbreviates(inner, outer) is not None:
                return outer
            if abbreviates(outer, inner) == 0:
                return inner
    return name


def _is_generic(name: str) -> bool:
    words = name.split()
    if len(words) == 1:
        word = words[0]
        if word.casefold() in _PRONOUNS:
            return len(word) == 1 or not word.isupper()  # "it", but the "WHO"
    determined = words[0].casefold() in _DETERMINERS and not (words[0].isupper() and len(words[0]) > 1)
    rest = words[1:] if determined else words
    if not rest or (name.islower() and determined):
        return True
    if name.islower() and len(words) > 1:  # "adidas" may be a name, "replace the network" is none
        return True
    if not name.islower():
        return not name.isupper() and all(_is_generic_noun(word) for word in rest)
    return _is_generic_noun(rest[-1]) and not any(c.isdigit() for c in name)


def _is_generic_noun(word: str) -> bool:
    word = word.casefold()
    return word in _GENERIC or (
        word.endswith("s") and (word[:-1] in _GENERIC or (word.endswith("ies") and word[:-3] + "y" in _GENERIC))
    )


@dataclass(frozen=True, slots=True)
class NameField(FieldType[str]):
    """A name, as the article writes it."""

    name: ClassVar[str] = "name"

    resolve_aliases: bool = True
    """Whether a short form becomes the fullest form that the article uses: for organisations."""

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """Runs of capitalised words that look like names. Finds more than names, and not every name."""
        mentions = []
        for start, end in name_places(text):
            words = text[start:end]
            value = parse_name(words)
            if value is not None and self.support(words, value):
                mentions.append(Mention(start, end, words, value))
        return mentions

    def parse(self, words: str, context: Context = NO_CONTEXT) -> str | None:
        """The name that `words` are, without quotation marks, "the", "’s" and its own abbreviation."""
        return parse_name(words)

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[str]]:
        """The range itself, if it is a name: what stands around does not change it."""
        words = text[start:end]
        value = self.parse(words)
        return [] if value is None else [Mention(start, end, words, value)]

    def support(self, quote: str, value: str, context: Context = NO_CONTEXT) -> bool:
        """Whether the quote holds the name as whole words, apart from case and punctuation."""
        return _names(quote, value)

    def same(self, a: str, b: str) -> float:
        """1.0 when the normalised names are equal, else 0.0: never a likeness."""
        return 1.0 if _normalised(a) == _normalised(b) else 0.0

    def shape(self) -> Any:
        """A string that is marked as words to be copied."""
        return verbatim(MAX_NAME_LENGTH)


Name = Annotated[str, Field(min_length=1), NameField(resolve_aliases=False)]
"""A framework, a programme, a place, a person: named as it stands."""

OrganisationName = Annotated[str, Field(min_length=1), NameField()]
"""An organisation: its short forms are resolved to the fullest form in the article."""


def _names(quote: str, value: str) -> bool:
    # Two readings of punctuation: "U.K." is "uk", and "Vega-led" begins with "Vega".
    quote = collapse(quote)
    for punctuation in ("", " "):
        wanted = _without_frame(_plain(value, punctuation))
        if wanted and f" {wanted} " in f" {_plain(quote, punctuation)} ":
            return True
    return False
