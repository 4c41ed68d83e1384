"""Decisions that minutes record without their day: they were taken on the day of the sitting.

"Approved 5-0" in the minutes of 21 March 2019 states that day. It does so only in a text whose head says that it
is a record of a sitting on the very day that it is dated; in any other text these words state no date.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Final

from llm_extract.fields.date_cues import ReferenceMonth
from llm_extract.fields.date_readings import find_readings

_HEAD: Final = 600
"""In how many characters from the top a record says what it is."""


_RESOLUTION: Final = 200
"""How far before what was decided the word may stand that says so."""


def sitting_day(text: str, reference: date | None) -> str | None:
    """The day of the sitting that `text` is the record of; None if its head does not say that it is one.

    `reference` is the day that the text is dated.
    """
    if reference is None or isinstance(reference, ReferenceMonth):
        return None
    lines = [line for line in text[:_HEAD].split("\n") if line.strip()]
    for above, line in zip(["", *lines], lines, strict=False):
        days = {reading.value for reading in find_readings(line, None)}
        if reference.isoformat() in days and (_of_sitting().search(line) or _of_sitting().search(above)):
            return reference.isoformat()
    return None


def tells_decision(words: str) -> bool:
    """Whether `words` tell that something was decided, and not when."""
    return _decided().search(words) is not None and _undecided().search(words) is None


def decision_start(text: str, start: int, end: int) -> int:
    """Where "RESOLVED: that" stands, if ``text[start:end]`` is what it says was resolved; else `start`."""
    if tells_decision(text[start:end]):
        return start
    opening = max(0, start - _RESOLUTION)
    match = _resolved_that().search(text, opening, start)
    return start if match is None else match.start("decided")


@cache
def _resolved_that() -> re.Pattern[str]:
    """ "RESOLVED: that the agreement": a sentence opens with what was decided, and nothing ends it."""
    return re.compile(
        r"(?:\A|\n|[.:;]\s)\W*(?P<decided>(?:it\swas\s)?(?:resolved|agreed|ordered|decided)(?:\sunanimously)?[:,]?\s(?:that|to)(?![^\W_]))"
        r"[^.;:!?\n]*\Z",
        re.IGNORECASE,
    )


@cache
def _of_sitting() -> re.Pattern[str]:
    return re.compile(
        r"\A\W*(?:(?:draft|un\w+ed|confirmed|approved|meeting|council|board|committee)\s){0,2}minutes(?:\sof\b|[,:\s]*\Z)"
        r"|(?<!\w)(?-i:MINUTES)(?!\w)"
        r"|(?:\A\W*|,\s|[—–-]\s)(?:(?:held\sat\s)?(?:an?\s|the\s)?(?:regular|special|ordinary|annual|public)\s)?"
        r"(?:meeting|session|sitting|action\s(?:summary|log))(?:\sof\b|\sheld\b|\sin\spublic|\s?[,:—–-]|\s*\Z)",
        re.IGNORECASE,
    )


@cache
def _decided() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?:approved|adopted|authori[sz]ed|awarded|resolved|renewed|carried|accepted|ratified|passed"
        r"|declared|ordered|agreed|did\s(?:order|accept|approve|award)|effective\sat\sonce)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def _undecided() -> re.Pattern[str]:
    return re.compile(
        r"(?<![^\W_])(?:not|never|no|nor|if|unless|until|would|will|may|might|should|fail\w*|defer\w*|reject\w*|refus\w*"
        r"|declin\w*|lost|withdrawn|previous(?:ly)?|earlier|already|ago|last|next)(?![^\W_])",
        re.IGNORECASE,
    )
