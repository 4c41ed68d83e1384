"""Names: organisations, frameworks, programmes, sites, people.

A name is delivered as the article writes it; two names are the same when they are equal without
case, punctuation, a leading "the" and a trailing legal form, and never because they look alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import Field

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, verbatim
from llm_extract.fields.text import collapse

MAX_NAME_LENGTH = 200
"""Code points of the longest name; anything longer is a sentence."""


def _words(listing: str) -> frozenset[str]:
    return frozenset(listing.split())


LEGAL_FORMS = _words("ltd limited plc llp llc inc incorporated gmbh sa ag nv bv pty pvt")
"""As they are after normalising: "S.A." is "sa"."""

_PRONOUNS = _words("""
    i it its itself he him his she her hers they them their theirs we us our ours you your yours who whom
    whose which what that this these those one ones both each either neither none all some others another
""")
_DETERMINERS = _words("the a an this that these those its their his her our your my both each some any")
# What an organisation is called when it is not called by its name.
_GENERIC = _words("""
    agency authority bank board body borough business buyer city client college commission committee company
    consortium constabulary contractor corporation council county customer department district employer firm
    force giant government group hospital incumbent institution integrator maker minister ministry
    municipality office operator organisation organization outsourcer parent partner partnership police
    procurement programme program project provider purchaser regulator retailer school sector seller service
    specialist state supplier telco telecom trust university user utility vendor venture
    central chosen current end existing former ict it joint local national new private public regional
    successful tech undisclosed unnamed winning
""")
# Brands and places that end in an apostrophe and s of their own.
_OWN_POSSESSIVE = _words("""
    domino's guy's kellogg's king's levi's lloyd's macy's mcdonald's moody's morrison's queen's sainsbury's
    wendy's
""")

_OPENING, _CLOSING = "\"'`‘’‚‛“”„‟«»‹›", "\"'`´‘’‛“”‟«»‹›"
_LEADING_JUNK = re.compile(rf"^[\s{_OPENING}.,;:!?…·•*–—\-)\]}}]+")
_TRAILING_JUNK = re.compile(r"[\s.,;:!?…·•*–—\-(\[{]+$")
_TRAILING_QUOTES = re.compile(rf"[{_CLOSING}]+$")
_OPENED_INSIDE = re.compile(r"(?<=[\s(])[\"'‘“„«‹]\w")
_DOTTED_INITIALS = re.compile(r"(?:^|\s)(?:[^\W\d_]\.){2,}$")
_LEADING_THE = re.compile(r"^the\s+(?!hague\b)(?=\S)", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:^|(?P<before>\S+)\s)?(?P<word>[^\s]+)(?P<ending>['’]s)$")
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
        name = name[: len(name) - _possessive(name)]
    return name


def _possessive(name: str) -> int:
    """The length of a possessive ending that does not belong to the name; 0 if there is none."""
    found = _POSSESSIVE.search(name)
    if found is None:
        return 0
    word, before = found["word"].casefold(), (found["before"] or "").casefold().rstrip(".")
    if f"{word}'s" in _OWN_POSSESSIVE or before in {"st", "saint"}:
        return 0
    return len(found["ending"])


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


# --- names in running text -------------------------------------------------------------------

_SOFT = "\u00ad\u200b-\u200d\u2060\u0300-\u036f"  # may stand inside a word
_TOKEN = re.compile(rf"(?:[^\W\d_]\.){{2,}}|[\w{_SOFT}]+(?:['’&‐‑-][\w{_SOFT}]+|\.(?=[a-z])[\w{_SOFT}]+)*|&")
SMALL_WORDS = _words("""
    of and for the & de du des del della di da das do dos der die den van von und et y e la le les upon
""")
"""Words without a capital inside a name."""
_ALWAYS_JOIN = SMALL_WORDS - {"and", "for", "the", "e", "y"}
# "X for Y" is one name after these only: not in "Vega for Norland Council".
_HEADS = _words("""
    academy agency alliance association authority campaign center centre college commission committee council
    department directorate federation foundation institute minister ministry office organisation organization
    school secretary society
""")
# "A and B" is one name if B ends in one of these: "Health and Safety Executive".
_BODIES = _HEADS | _words("""
    administration affairs bank company constabulary councils culture customs executive group pensions police
    service skills sport technology trade trust university
""")
_NO_NAME = _words("""
    the a an this that these those it its he she they we i you his her their our my your there here who what
    when where why how which while whilst if as at by in on to from with without within under over into onto
    about after before since until during between among against through and or but so yet nor for of is are
    was were be has have had will would can could may might must shall should not no yes all both each every
    some any many more most other another such same also only even just then than now today yesterday
    tomorrow meanwhile however although though because despite following according last next first earlier
    later recently mr mrs ms dr sir ceo cio cto cfo coo ict it pm am vat gmt bst sme smes mp mps faq pdf
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
""")
_SENTENCE_END = re.compile(r"(?:^|[.!?:…\n\r][\"'‘’“”)\]]*|[\"'‘“]|^\W+)\s*$")


def name_places(text: str) -> list[tuple[int, int]]:
    """Ranges of `text` that look like names: capitalised words in a row, with small words inside."""
    tokens = [match.span() for match in _TOKEN.finditer(text)]
    words = [text[start:end] for start, end in tokens]
    lower = {word for word in words if word.islower()}
    places: list[tuple[int, int]] = []
    position = 0
    while position < len(tokens):
        if not _begins_name(text, tokens[position][0], words, position, lower):
            position += 1
            continue
        last = _end_of_run(text, tokens, words, position)
        start, end = tokens[position][0], tokens[last][1]
        end -= _possessive(text[start:end])
        if last > position or words[last].casefold() not in _NO_NAME:
            places.append((start, end))
        position = last + 1
    return places


def _begins_name(text: str, start: int, words: list[str], position: int, lower: set[str]) -> bool:
    word = words[position]
    if not _is_capitalised(word) or _is_no_name(word):
        return False
    if word[1:].islower() and word.lower() in lower and _SENTENCE_END.search(text, max(0, start - 4), start):
        # An ordinary word that a sentence begins with, unless a name goes on behind it.
        following = words[position + 1] if position + 1 < len(words) else ""
        return _is_capitalised(following) and text[start + len(word)] == " "
    return True


def _end_of_run(text: str, tokens: list[tuple[int, int]], words: list[str], first: int) -> int:
    """The index of the last token of the name that begins with token `first`."""
    last = position = first
    open_head = words[first].casefold() in _HEADS
    small: list[str] = []
    while not _is_owner(text, tokens, words, last) and position + 1 < len(tokens):
        gap = text[tokens[position][1] : tokens[position + 1][0]]
        position += 1
        word = words[position]
        folded = word.casefold()
        is_small = folded in SMALL_WORDS and not (word.isupper() and len(word) > 1)
        if not gap.isspace() or (len(gap) > 3 or (("\n" in gap or "\r" in gap) and not (is_small or small))):
            break
        if is_small:
            small.append(folded)
            if len(small) > 3:
                break
            continue
        if small and not _is_joined(small, words, first, position, open_head):
            break
        if not small and word.isdigit() and len(word) <= 3 and not _is_quantity(text, tokens[position][1]):
            last = position
            break  # a numbered framework: nothing goes on behind its number
        if not _is_capitalised(word) or _is_no_name(word):
            break
        last, small = position, []
        open_head = open_head or folded in _HEADS
    return last


def _is_joined(small: list[str], words: list[str], first: int, position: int, open_head: bool) -> bool:
    if small[0] in _ALWAYS_JOIN:
        return True
    if small[0] == "for":
        return open_head
    if small[0] != "and":
        return False
    before = {word.casefold() for word in words[first : position - len(small)]}
    if before & {"of", "for"}:
        return not words[position].isupper()
    following = words[position : position + 3]
    return any(word.casefold() in _BODIES for word in _capitalised_start(following))


def _capitalised_start(words: list[str]) -> Iterator[str]:
    for word in words:
        if not _is_capitalised(word):
            return
        yield word


def _is_owner(text: str, tokens: list[tuple[int, int]], words: list[str], position: int) -> bool:
    """Whether a name ends here with a possessive of its own: "London’s", not "St Mary’s"."""
    start = tokens[max(0, position - 1)][0]
    return words[position].endswith(("'s", "’s")) and _possessive(text[start : tokens[position][1]]) > 0


@lru_cache(maxsize=8192)
def _is_capitalised(word: str) -> bool:
    return any(c.isupper() or c.istitle() for c in word)


def _is_no_name(word: str) -> bool:
    if word in {"IT", "ICT"}:  # no name alone, but many begin with it
        return False
    return re.split("['’]", word, maxsplit=1)[0].casefold() in _NO_NAME


def _is_quantity(text: str, end: int) -> bool:
    following = text[end : end + 2]
    return following[:1] in {"%", "-"} or (following[:1] in {".", ","} and following[1:].isdigit())
