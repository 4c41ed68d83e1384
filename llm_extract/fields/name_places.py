"""Where a running text has names: capitalised words in a row, with small words inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from llm_extract.word_lists import word_set

_SOFT = "\u00ad\u200b-\u200d\u2060\u0300-\u036f"  # may stand inside a word
_TOKEN = re.compile(rf"(?:[^\W\d_]\.){{2,}}|[\w{_SOFT}]+(?:['’&‐‑-][\w{_SOFT}]+|\.(?=[a-z])[\w{_SOFT}]+)*|&")
SMALL_WORDS = word_set("""
    of and for the & de du des del della di da das do dos der die den van von und et y e la le les upon
""")
"""Words without a capital inside a name."""
_ALWAYS_JOIN = SMALL_WORDS - {"and", "for", "the", "e", "y"}
# "X for Y" is one name after these only: not in "Vega for Norland Council".
_HEADS = word_set("""
    academy agency alliance association authority campaign center centre college commission committee council
    department directorate federation foundation institute minister ministry office organisation organization
    school secretary society
""")
# "A and B" is one name if B ends in one of these: "Health and Safety Executive".
_BODIES = _HEADS | word_set("""
    administration affairs bank company constabulary councils culture customs executive group pensions police
    service skills sport technology trade trust university
""")
_NO_NAME = word_set("""
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
_POSSESSIVE = ("'s", "’s")
# Brands and places that end in an apostrophe and s of their own.
_OWN_POSSESSIVE = word_set("""
    domino's guy's kellogg's king's levi's lloyd's macy's mcdonald's moody's morrison's queen's sainsbury's
    wendy's
""")


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
        end -= possessive_length(text[start:end])
        if last > position or words[last].casefold() not in _NO_NAME:
            places.append((start, end))
        position = last + 1
    return places


def possessive_length(name: str) -> int:
    """The length of a possessive ending that does not belong to the name; 0 if there is none."""
    owner = name[:-2]
    if not name.endswith(_POSSESSIVE) or not owner or owner[-1].isspace():
        return 0
    *before, word = owner.casefold().rsplit(maxsplit=2)
    if f"{word}'s" in _OWN_POSSESSIVE or (before and before[-1].rstrip(".") in {"st", "saint"}):
        return 0
    return 2


def _begins_name(text: str, start: int, words: list[str], position: int, lower: set[str]) -> bool:
    word = words[position]
    if not _is_capitalised(word) or is_no_name(word):
        return False
    if word[1:].islower() and word.lower() in lower and _SENTENCE_END.search(text, max(0, start - 4), start):
        # An ordinary word that a sentence begins with, unless a name goes on behind it.
        following = words[position + 1] if position + 1 < len(words) else ""
        return _is_capitalised(following) and text[start + len(word)] == " "
    return True


def _end_of_run(text: str, tokens: list[tuple[int, int]], words: list[str], first: int) -> int:
    """The index of the last token of the name that begins with token `first`."""
    last = position = first
    open_head, has_of = words[first].casefold() in _HEADS, False
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
        if small and not _is_joined(small, words, position, open_head, has_of):
            break
        if not small and word.isdigit() and len(word) <= 3 and not _is_quantity(text, tokens[position][1]):
            last = position
            break  # a numbered framework: nothing goes on behind its number
        if not _is_capitalised(word) or is_no_name(word):
            break
        has_of = has_of or "of" in small or "for" in small
        last, small = position, []
        open_head = open_head or folded in _HEADS
    return last


def _is_joined(small: list[str], words: list[str], position: int, open_head: bool, has_of: bool) -> bool:
    if small[0] in _ALWAYS_JOIN:
        return True
    if small[0] == "for":
        return open_head
    if small[0] != "and":
        return False
    if has_of:
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
    return words[position].endswith(_POSSESSIVE) and possessive_length(text[start : tokens[position][1]]) > 0


@lru_cache(maxsize=8192)
def _is_capitalised(word: str) -> bool:
    return any(c.isupper() or c.istitle() for c in word)


def is_no_name(word: str) -> bool:
    """Whether a word is none of a name although a sentence may write it with a capital."""
    if word in {"IT", "ICT"}:  # no name alone, but many begin with it
        return False
    return re.split("['’]", word, maxsplit=1)[0].casefold() in _NO_NAME


def _is_quantity(text: str, end: int) -> bool:
    following = text[end : end + 2]
    return following[:1] in {"%", "-"} or (following[:1] in {".", ","} and following[1:].isdigit())
