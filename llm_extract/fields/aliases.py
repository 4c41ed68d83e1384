"""Short forms of names inside one article, and the fullest form that the article uses.

Only evidence in the article counts: a definition ("Norland Transport Authority (NTA)"), an
expansion with the right initials, or the same name with "Council", "Police" or the like behind
it. A unit or a parent ("Vega" and "Vega Global Services") is not a fuller form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from llm_extract.fields.name_places import SMALL_WORDS, is_no_name, name_places
from llm_extract.fields.names import abbreviates, normalise_name, parse_name
from llm_extract.fields.text import collapse
from llm_extract.locate import Locator


class Alias(NamedTuple):
    """`short` stands for `full`, which is at ``text[start:end]``, code points, half-open."""

    short: str
    full: str
    start: int
    end: int


_SHORT = r"[A-Z][\w&.’'-]{0,11}"
_QUOTE = r"[\"'‘’“”]?"
# "… (NTA)", "… (the “NTA”)", "… (NTA, or the Authority)"
_SHORT_IN_BRACKETS = re.compile(rf"\(\s*(?:the\s+|or\s+)?{_QUOTE}({_SHORT}?){_QUOTE}\s*[,;)]")
# "NTA (Norland Transport Authority)", in two halves, so that it is looked for where brackets are
_SHORT_BEFORE_BRACKET = re.compile(rf"(?<!\w)({_SHORT})\s\(\Z")
_FULL_IN_BRACKETS = re.compile(r"\s*(?:the\s+)?([^()\n]{5,150})\)")
# "…, or NTA," "…, known as the NTA,"
_KNOWN_AS = r"(?:(?:also |better |commonly )?known as|abbreviated (?:to|as)|a\.?k\.?a\.?)"
_SHORT_AFTER_OR = re.compile(
    # A set in front is what the regular expression engine searches for at once.
    rf"[,\s](?:(?<=,)\s(?:or|{_KNOWN_AS})|(?<=\s){_KNOWN_AS})\s"
    rf"(?:the\s+)?{_QUOTE}({_SHORT}?){_QUOTE}(?=[,.;:)\s]|$)"
)
# "the Nor, as it is affectionately known"
_AS_IT_IS_KNOWN = re.compile(
    rf"(?<!\w)({_SHORT}?){_QUOTE},? as (?:it|they|he|she) (?:is|are|was|were) (?:\w+ )?(?:known|called)"
)
_AFTER_OR = (", or", ",\u00a0or", "known as", "abbreviated", "a.k", "aka")
_AS_KNOWN = (" known", " called")
_AS_IT = (" as it ", " as they ", " as he ", " as she ")
_SENTENCE_BREAK = re.compile(r"[.!?;:]\s|\n\s*\n|\(")
_HEAD_BEFORE = re.compile(r"(?:\b[A-Z]\w+\s)+(?:for|of|de|du|des|für)\s(?:the\s)?$")
_LONGEST_FULL_FORM = 200

_PARTICLES = "of|for|and|the|in|on|&|de|du|des|del|la|le|et|für|und|der|die"
_GAP = rf",?\s+(?:(?:{_PARTICLES})\s+){{0,2}}"
_BEFORE_EXPANSION = re.compile(r"\w\s$|\w-$")
_WORD_BEFORE = re.compile(r"(?<![\w'’])(?P<word>[^\W\d_a-z][\w&'’-]*)[ \t\u00a0-]$")
_PLACE_BEFORE = re.compile(r"\b(?:UK|US|EU|British|Scottish|Welsh|Irish|English|French|German|The|the|and|or)\s$")

# Endings that make the full name of the same body, by kind: one kind only may be found for a name.
_ENDINGS = {
    "council": (
        "(?i:(?:City|County|County Borough|Borough|District|Metropolitan Borough|Town|Parish|Regional|Shire)"
        " Council|Council)"
    ),
    "police": "(?i:Police(?: Service| Force)?|Constabulary)",
    "university": "(?i:University)",
    "health": (
        "(?:(?:University )?(?:Teaching )?(?:Hospitals? )?NHS (?:Foundation )?Trust|(?:University )?Health Board)"
    ),
    "fire": "(?i:Fire (?:and|&) Rescue Service|Fire Service|Fire Brigade)",
    # In this case only: "Vega limited its losses".
    "company": ("(?:Ltd|Limited|plc|PLC|LLP|Inc|Incorporated|GmbH|S\\.?A|AG|N\\.?V|B\\.?V|Pty Ltd|Corporation|Corp)"),
}
_END_OF_NAME = r"(?!\w)(?!\s(?:of|for)\s)(?! [A-Z]\w)"
_BOROUGH_OF = re.compile(r"(?<![\w-])(?:London|Royal|Metropolitan)\sBorough\sof\s")
_BEGIN, _END = re.compile(r"(?<![\w-])"), re.compile(_END_OF_NAME)


def find_aliases(text: str) -> list[Alias]:
    """The short forms that `text` defines, in the order of their definitions.

    What a short form abbreviates is told by Schwartz and Hearst's algorithm (see
    `llm_extract.fields.names.abbreviates`).
    """
    found: list[tuple[int, Alias]] = []
    if "(" in text:
        for match in _SHORT_IN_BRACKETS.finditer(text):
            found += _defined(text, match.start(), match.start(1), match[1])
        for at in _occurrences("(", text):
            short = _SHORT_BEFORE_BRACKET.search(text, max(0, at - 13), at + 1)
            full = _FULL_IN_BRACKETS.match(text, at + 1) if short is not None else None
            if short is None or full is None:
                continue
            begin = abbreviates(short[1], full[1])
            if begin is None or not (begin == 0 or _HEAD_BEFORE.fullmatch(full[1], 0, begin)):
                continue
            if _is_full_form(short[1], full[1][begin:]):
                found.append((short.start(1), Alias(short[1], collapse(full[1]), *full.span(1))))
    # These two begin with what may stand anywhere: looked for only where their fixed words are.
    if any(words in text for words in _AFTER_OR):
        for match in _SHORT_AFTER_OR.finditer(text):
            found += _defined(text, match.start(), match.start(1), match[1])
    if any(words in text for words in _AS_KNOWN) and any(words in text for words in _AS_IT):
        for match in _AS_IT_IS_KNOWN.finditer(text):
            place = _begun_by(match[1], text)
            if place is not None:
                found.append((match.start(1), Alias(match[1], collapse(text[slice(*place)]), *place)))
    found.sort(key=lambda item: item[0])
    return [alias for _, alias in found]


def _defined(text: str, end: int, at: int, short: str) -> list[tuple[int, Alias]]:
    """The name that ends at `end` and that `short` (standing at `at`) abbreviates."""
    short = short.rstrip(".'’-")
    window = text[max(0, end - _LONGEST_FULL_FORM) : end]
    stripped = window.rstrip(" \t\u00a0,\"'”’")
    breaks = list(_SENTENCE_BREAK.finditer(stripped))
    low = end - len(window) + (breaks[-1].end() if breaks else 0)
    high = end - len(window) + len(stripped)
    begin = abbreviates(short, text[low:high])
    if begin is None:
        return []
    start = low + begin
    if not _is_full_form(short, text[start:high]):
        return []
    head = _HEAD_BEFORE.search(text, low, start)
    if head is not None:  # "Department for [Trade, Ports and Harbours] (TPH)"
        start = head.start()
    return [(at, Alias(short, collapse(text[start:high]), start, high))]


def _is_full_form(short: str, full: str) -> bool:
    """Whether `full` looks like a name, and `short` like an abbreviation made of its initials."""
    words = full.split()
    capitalised = [word for word in words if not word.islower()]
    unheard = sum(1 for word in capitalised if word[0].casefold() not in short.casefold())
    return (
        len(short) >= 2
        and words[0][:1].isupper()
        and 2 * len(capitalised) >= sum(1 for word in words if word not in SMALL_WORDS)
        and unheard <= (1 if len(words) > 3 else 0)
        and (len(words) > 1 or any(c.isupper() for c in full[1:]) or len(full) >= 2 * len(short) + 4)
        and short.casefold() not in full.casefold().split()
        and parse_name(full) is not None
    )


def _begun_by(short: str, text: str) -> tuple[int, int] | None:
    """The only name of several words in `text` of which a word begins with `short`."""
    places: dict[str, tuple[int, int]] = {}
    for start, end in name_places(text):
        words = text[start:end].split()
        if len(words) > 1 and any(len(word) > len(short) and word.startswith(short) for word in words):
            places.setdefault(normalise_name(text[start:end]), (start, end))
    return next(iter(places.values())) if len(places) == 1 else None


@lru_cache(maxsize=16)
def _aliases_of(text: str) -> tuple[Alias, ...]:
    return tuple(find_aliases(text))


def fullest_form(
    name: str, text: str, aliases: Sequence[Alias] | None = None, locator: Locator | None = None
) -> tuple[str, tuple[int, int]]:
    """The fullest form of `name` that `text` uses, and the first place where that stands.

    Without evidence for a fuller one: the name itself as it stands first; `(0, 0)` is the place
    of a name that `text` does not hold. `aliases` (by default those that the text defines) and
    `locator` (one of the same text, whose excluded ranges then hold no form) may be given when
    many names are asked for.
    """
    locator = locator or Locator(text)
    place = (
        _by_alias(name, text, aliases, locator) or _by_initials(name, text, locator) or _by_ending(name, text, locator)
    )
    if place is not None:
        return parse_name(text[slice(*place)]) or collapse(text[slice(*place)]), place
    for found in locator.find(name)[:1]:
        words = text[found.start : found.end]
        return (name if found.match == "exact" else parse_name(words) or name), (found.start, found.end)
    return name, (0, 0)


def _by_alias(name: str, text: str, aliases: Sequence[Alias] | None, locator: Locator) -> tuple[int, int] | None:
    """ "NTA" by its definition; "Nor Police" where "Nor" is the Norland Police Service."""
    if len(name) > 40 or name.count(" ") > 2:
        return None
    if aliases is None:
        aliases = _aliases_of(text)
    wanted = normalise_name(name)
    first, _, rest = wanted.partition(" ")
    for alias in aliases:
        short = normalise_name(alias.short)
        if short == wanted or (
            rest and short == first and set(rest.split()) <= set(normalise_name(alias.full).split())
        ):
            return _first_place(alias.full, (alias.start, alias.end), locator)
    return None


def _first_place(full: str, place: tuple[int, int], locator: Locator) -> tuple[int, int] | None:
    for found in locator.find(full):
        return found.start, found.end
    return place if locator.allows(*place) else None


def _by_initials(name: str, text: str, locator: Locator) -> tuple[int, int] | None:
    """The one expansion of an acronym that is never defined: "NTA" and "Norland Transport Authority"."""
    letters = name.replace(".", "").replace("&", "")
    if not (letters.isalpha() and letters.isascii() and _is_acronym(letters) and _may_expand(letters, text)):
        return None
    places: dict[str, tuple[int, int]] = {}
    for match in _expansion(letters).finditer(text):
        start, end = match.span()
        head = _HEAD_BEFORE.search(text, max(0, start - 60), start)
        before = text[max(0, start - 12) : start]
        if head is not None:
            start = head.start()
        elif _BEFORE_EXPANSION.search(before) and not _PLACE_BEFORE.search(before):
            word = re.search(r"(\w+)[\s-]$", before)
            if word is not None and not word[1].islower():
                continue  # the name begins earlier
        if locator.allows(start, end):
            places.setdefault(normalise_name(text[start:end]), (start, end))
    return next(iter(places.values())) if len(places) == 1 else None


def _is_acronym(letters: str) -> bool:
    if 2 * sum(1 for c in letters if c.isupper()) > len(letters):
        return 3 <= len(letters) <= 8
    return 4 <= len(letters) <= 6 and letters[0].isupper()  # "Defra", "Ofcom"


def _may_expand(letters: str, text: str) -> bool:
    """Whether words with these initials may stand in `text`: most names are told here to have no expansion.

    The first word may follow a bracket or a quotation mark, and the first words may be an acronym; the
    others follow white space.
    """
    rest = letters[-2:] if letters.isupper() else letters[1:]
    pairs = _pairs_of_initials(text)
    return all(rest[at : at + 2].upper() in pairs for at in range(len(rest) - 1))


@lru_cache(maxsize=16)
def _pairs_of_initials(text: str) -> frozenset[str]:
    """The first letters, in upper case, of any two words in a row, or with one or two small words between."""
    particles = frozenset(_PARTICLES.split("|"))
    pairs: set[str] = set()
    before: list[str] = []  # of the words that the next one may follow
    for word in text.split():
        initial = word[0].upper()
        for earlier in before:
            pairs.add(earlier + initial)
        before = [initial, *before[:2]] if word in particles else [initial]
    return frozenset(pairs)


@lru_cache(maxsize=512)
def _expansion(letters: str) -> re.Pattern[str]:
    """Capitalised words with these initials, in order; small words may stand between, or count."""
    forms = [_words_with_initials(letters)]
    if letters.isupper():  # "HMRC" is "HM Revenue and Customs": the first letters may be an acronym
        forms += [letters[:cut] + _GAP + _words_with_initials(letters[cut:]) for cut in range(2, len(letters) - 1)]
    not_longer = r"(?![\w-])(?![ \t\u00a0](?:(?:of|for|and|&)\s(?:the\s)?)?[A-Z])"
    return re.compile(rf"(?<![\w&-])(?:{'|'.join(forms)}){not_longer}")


def _words_with_initials(letters: str) -> str:
    words = []
    for position, letter in enumerate(letters):
        inner = r"(?:['’]\w+)?" if position < len(letters) - 1 else r"(?:['’](?!s\b)\w+)?"
        word = rf"{letter.upper()}\w*{inner}"
        if letter.islower() and position:  # the o of "MoD"
            word = rf"(?:{letter}\w{{1,2}}|{word})"
        words.append(word)
    return _GAP.join(words)


def _by_ending(name: str, text: str, locator: Locator) -> tuple[int, int] | None:
    """ "Norland" as "Norland County Council", if no other kind of body in the text is called Norland."""
    stem = collapse(name)
    if len(stem) < 2 or stem.count(" ") > 2 or stem.isupper() or any(c in stem for c in "()"):
        return None
    kinds: dict[str, list[tuple[int, int]]] = {}
    for kind, place in _with_endings(stem.split(), text):
        if locator.allows(*place) and not _is_tail(text, place[0]):
            kinds.setdefault(kind, []).append(place)
    if len(kinds) != 1:
        return None
    (places,) = kinds.values()
    fullest = max(places, key=lambda place: (len(text[slice(*place)].split()), _capitals(text[slice(*place)])))
    size = len(text[slice(*fullest)].split())
    forms_of_size = {normalise_name(text[slice(*p)]) for p in places if len(text[slice(*p)].split()) == size}
    return fullest if len(forms_of_size) == 1 else None


def _with_endings(words: list[str], text: str) -> list[tuple[str, tuple[int, int]]]:
    """Where `words` stand as part of a body's full name, in order: what kind of body, and the name's range."""
    found: list[tuple[str, tuple[int, int]]] = []
    for start in _occurrences(words[0], text):
        end = _end_of(words, text, start)
        ending = _ending().match(text, end) if end is not None and _BEGIN.match(text, start) else None
        if ending is not None and ending.lastgroup is not None:
            found.append((ending.lastgroup, (start, ending.end())))
    if "orough of" in text:
        for beginning in _BOROUGH_OF.finditer(text):
            end = _end_of(words, text, beginning.end())
            if end is not None and _END.match(text, end):
                found.append(("council", (beginning.start(), end)))
        found.sort(key=lambda item: item[1][0])
    return found


@cache
def _ending() -> re.Pattern[str]:
    """What stands behind a name, its kind the name of the group."""
    endings = "|".join(f"(?P<{kind}>{ending})" for kind, ending in _ENDINGS.items())
    return re.compile(rf"\s(?:{endings})".replace(" ", r"\s") + _END_OF_NAME)


def _end_of(words: list[str], text: str, start: int) -> int | None:
    """Where `words` end if they stand at `start`, one character of white space between two of them."""
    at = start
    for word in words:
        if at > start:
            if not text[at : at + 1].isspace():
                return None
            at += 1
        if not text.startswith(word, at):
            return None
        at += len(word)
    return at


def _is_tail(text: str, start: int) -> bool:
    """Whether a longer name goes on at `start`: "[West] Norland Council"."""
    before = _WORD_BEFORE.search(text, max(0, start - 40), start)
    if before is None:
        return False
    return not is_no_name(before["word"]) and before["word"].casefold() not in SMALL_WORDS


def _occurrences(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _capitals(words: str) -> int:
    return sum(1 for word in words.split() if word[:1].isupper())
