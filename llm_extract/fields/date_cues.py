"""Dates that every year has: which one is meant, by the words around them and the day of publication.

"On 17 May", "in April" and "at Christmas" leave the year out. The words of their clause may ask for the next one
or the latest one; the rules are told in `llm_extract.fields.dates`.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import cache, lru_cache
from typing import Final

from llm_extract.fields.partial_dates import add_months, iso
from llm_extract.word_lists import word_set

_FUTURE: Final = word_set(
    "will shall would must due plan plans planned planning expect expected expects scheduled intends aims hopes"
    " going starts begins commences expires ends runs extends starting beginning commencing expiring ending"
    " lapses finishes terminates ceases takes opens moves passes happens comes goes ought should stops winds"
    " concludes closes retires dies come"
)
_PAST: Final = word_set(
    "since was were had signed awarded won agreed announced began started commenced launched went took chose"
    " picked appointed selected published issued expired ended closed opened bought completed handed transferred"
    " chosen sealed placed struck"
)
# The same, where nothing but "and" stands before: "will begin in June and end in December".
_FUTURE_VERBS: Final = word_set("end finish complete conclude expire lapse cease run")
_SOON: Final = word_set("from by before until till")
# "Took on the desk from 1 May", "began from 1 May" tell what is done; "signed from 1 May" need not.
_BEGIN: Final = word_set("begin start commence")
_DONE: Final = word_set("began started commenced launched ran")
# "Stretched by seven months, to the end of July" looks ahead.
_PROLONGED: Final = word_set(
    "extend extended extending prolong prolonged prolonging stretch stretched stretching"
    " lengthen lengthened renewed continued"
)
_NO_PLURAL: Final = word_set("its this his was is has does as us thus years months weeks days")
_TAKEN: Final = word_set("on over")
# What makes "let" an infinitive.
_BARE_AFTER: Final = word_set("to will shall would must should may might can could not and or")
_GERUNDS: Final = word_set("signing awarding agreeing winning choosing picking appointing announcing")
# The last month, counted from the reference's, that is too early for a month without a year, and the
# shift of the reference that is too early for a day: the twelve months after it hold every date once.
_WINDOWS: Final = {"plain": (-8, -8), "soon": (-3, -3), "future": (-1, 0), "past": (-12, -12)}


class ReferenceMonth(date):
    """A reference of which only the month is known. A day in the middle stands for it; no days are counted from it."""


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@cache
def clause_end() -> re.Pattern[str]:
    """Where a clause ends: a full stop in a number does not end one."""
    return re.compile(r"\.(?![0-9])|[;:!?()\n]")


@cache
def _label() -> re.Pattern[str]:
    """ "Start: 1 November" names the field of a notice."""
    return re.compile(
        r"(?<![^\W_])(?:start|end|commencement|completion|expiry|go-live|begins|commences|expires)(?:\sdate)?"
        r":\s{0,2}\Z",
        re.IGNORECASE,
    )


def find_cue(text: str, start: int, floor: int) -> tuple[str, int]:
    """What the words before `start` say of past and future, and where the word that says it stands.

    Those of its clause count, 70 characters at most. `floor` is the end of the match before: its words
    are not looked at.
    """
    opening = max(floor, start - 70)
    label = _label().search(text, opening, start)
    if label is not None:
        return "soon", label.start()
    clause = clause_end().split(text[opening:start])[-1]
    offset = start - len(clause)
    words = [(offset + m.start(), m[0].casefold()) for m in _word().finditer(clause)]
    if offset == opening > floor and words and opening == words[0][0]:
        del words[0]  # it may be the rest of a longer word
    found: tuple[str, int] = ("plain", start)
    if words and words[-1][1] == "to":
        prolonged = [place for place, word in words if word in _PROLONGED]
        if prolonged:
            return "soon", prolonged[-1]
        if len(words) > 3 and words[-4][1] == "by" and words[-2][1] in ("months", "years"):
            return "soon", words[-4][0]  # "by six months to December 31"
    for index in range(len(words) - 1, -1, -1):
        place, word = words[index]
        if word in ("is", "are") and words[index + 1 : index + 2] and words[index + 1][1] == "to":
            return "future", place
        if word == "is" and index >= len(words) - 2 and index > 1 and words[index - 1][1] == "day":
            if words[index - 2][1] in ("last", "final"):  # "the last day is June 30"
                return "future", words[index - 2][0]
        if (ahead := _begins(words, index)) is not None:
            return "future", ahead
        if word in _SOON and index == len(words) - 1:
            found = ("soon", place)
        elif (
            word in _FUTURE
            or word.endswith(("'ll", "’ll"))
            or (word in _BEGIN and index > 0 and words[index - 1][1] == "to" and not _was(words, index - 2))
            or (word in _FUTURE_VERBS and (index == 0 or words[index - 1][1] == "and"))
        ):
            return "future", place
        elif _was(words, index) and words[index + 1 : index + 2] and words[index + 1][1] == "to":
            return found  # "was to end on 30 June": nothing tells whether it has
        elif word == "agreed" and any(later == "to" for _, later in words[index + 1 : -1]):
            return found  # "agreed to bring forward to 31 December" may look ahead
        elif word in _GERUNDS and index > 0 and words[index - 1][1] == "after":
            return "past", words[index - 1][0]
        elif word == "let" and index >= max(1, len(words) - 2) and words[index - 1][1] not in _BARE_AFTER:
            return found if found[0] == "soon" else ("past", words[index - 1][0])
        elif word in _PAST and (index == 0 or words[index - 1][1] != "be"):
            following = words[index + 1][1] if index + 1 < len(words) else ""
            done = word in _DONE or (word == "took" and following in _TAKEN)
            return found if found[0] == "soon" and not done else ("past", place)
    return found


def _begins(words: list[tuple[int, str]], index: int) -> int | None:
    """Where the words begin that say "begin on" or "both contracts start in", right before a date."""
    word, before = words[index][1], words[index - 1][1] if index else ""
    if word not in ("begin", "commence", "start") or index < len(words) - 2:
        return None
    if index == len(words) - 2 and words[index + 1][1] not in ("on", "in", "from"):
        return None
    if word == "start":
        plural = before.endswith("s") and not before.endswith(("'s", "’s", "ss")) and before not in _NO_PLURAL
        return words[index - 1][0] if plural or before in ("both", "all", "they") else None
    return (
        None
        if before in _BARE_AFTER or before in ("did", "never") or before.endswith(("n't", "n’t"))
        else words[index][0]
    )


@cache
def _opens_clause() -> re.Pattern[str]:
    """ "On", where nothing of the clause stands before it."""
    return re.compile(r"(?:\A|\.\s|[;:!?()\n]\s?|[-–—]\s)[\s\"“‘]*(?:(?:on|in)\s)?(?:the\s)?\Z", re.IGNORECASE)


@cache
def _verb_after() -> re.Pattern[str]:
    return re.compile(
        r",?(?P<between>(?:\s[^\W\d_]{1,20}(?:['’]s)?){1,6}?)"
        r"\s(?:will|shall|expires|begins|starts|ends|lapses|terminates|(?:is|are)\s(?:due\s)?to|takes\sover|goes\slive)(?![^\W_])"
    )


def cue_after(text: str, start: int, end: int) -> int | None:
    """Where "on 31 December that contract expires" ends: a date that opens a clause whose verb looks ahead."""
    if _opens_clause().search(text[max(0, start - 12) : start] if start > 12 else text[:start]) is None:
        return None
    match = _verb_after().match(text, end)
    if match is None:
        return None
    between = match["between"].casefold().split()
    if any(
        word in _PAST or word in ("said", "told", "has", "have", "heard") or word.endswith("ed") for word in between
    ):
        return None
    return match.end()


def _was(words: list[tuple[int, str]], index: int) -> bool:
    return index >= 0 and words[index][1] in ("was", "were")


def lead_word(text: str, start: int) -> str:
    """The word before `start` and a space, in lower case; or the sign right before it."""
    before = text[max(0, start - 16) : start]
    words = before.split()
    if not words:
        return ""
    return words[-1].lstrip("\"'“‘").casefold() if before[-1].isspace() else before[-1]


def placed(text: str, start: int, floor: int, month: int, day: int | None, reference: date) -> tuple[int, str | None]:
    """Where the words begin that state a date of every year, and which one it is."""
    cue, cue_start = find_cue(text, start, floor)
    value = resolve(month, day, reference, cue)
    decides = cue != "plain" and value != resolve(month, day, reference, "plain")
    return (cue_start if decides else start), value


def resolve(month: int, day: int | None, reference: date, cue: str) -> str | None:
    """The year-less date in the twelve months that `cue` leaves open."""
    if isinstance(reference, ReferenceMonth) and cue in ("future", "past"):
        first, last = 1, monthrange(reference.year, reference.month)[1]
        reference = reference.replace(day=first if cue == "future" else last)
    if day is None:
        now = reference.year * 12 + reference.month - 1
        too_early = now + _WINDOWS[cue][0]
        year, index = divmod(too_early + 1 + (month - 2 - too_early) % 12, 12)
        return iso(year, index + 1)
    after, until = _window(reference, _WINDOWS[cue][1])
    inclusive = cue == "future"
    for year in range(reference.year - 1, reference.year + 2):
        value = iso(year, month, day)
        if value and (value > after or (inclusive and value == after)):
            return value if value <= until else None
    return None


@lru_cache(maxsize=64)
def _window(reference: date, shift: int) -> tuple[str, str]:
    """The day so many months from the reference, and the one a year later: a date is looked for between them."""
    after = add_months(reference.isoformat(), shift) or ""
    return after, (add_months(after, 12) if after else "") or ""


def not_before(earlier: str, value: str | None) -> str | None:
    """`value`, or a year later where it would be before `earlier`."""
    length = min(len(earlier), len(value or ""))
    return add_months(value, 12) if value and value[:length] < earlier[:length] else value
