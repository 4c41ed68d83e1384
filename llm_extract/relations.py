"""Relations: what the values of one model say about each other.

A term runs from a start, for a number of months, until an end (`schema.Term`). Two of them may give the
third, fix its year, or contradict it. A start "on signature" is the day of signature; one without a year is the first
after it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from llm_extract.fields import Context, DateField
from llm_extract.fields.dates import yearless
from llm_extract.fields.partial_dates import contains, iso, parts, term_end, term_end_year, term_start_year
from llm_extract.result import Evidence, Issue, Span
from llm_extract.schema import Term

_JOINT = 8
"""The most characters between two dates of one range: "1 April until 30 June 2023"."""


_SOON = 8
"""The most months from a signature to a start whose year it fixes."""

_SENTENCE = 40
"""The most characters between a start and the end that goes with it."""


class Value(NamedTuple):
    """A value with its words; `value` is None while a date still lacks its year."""

    value: Any
    evidence: Evidence
    said_at: str | None = None
    """Path in the answer of what it was read from, and has its confidence from; None without such a one."""


def relate_term(
    term: Term,
    values: dict[str, Value],
    said: Mapping[str, Any],
    path: str,
    context: Context,
    issues: list[Issue],
    confidence: Mapping[str, float] | None = None,
) -> list[Issue]:
    """Fill and check one term in `values`, in place.

    Args:
        term: the names of its parts.
        values: what is supported so far, by name.
        said: what the model answered for the parts, by name.
        path: the model's place in the answer, for issues.
        context: what relative dates are counted from.
        issues: what could not be delivered so far.
        confidence: how likely what was answered for the parts is right, by name, where the model tells.

    Returns:
        The issues, with those of the term added, explained or, where its value was found otherwise, gone.
    """
    issues = _start_with_signature(term, values, said, path, issues, confidence or {})
    _settle_counted_year(term, values)
    issues = _refuse_end_before_start(term, values, said, path, issues)
    _fix_years(term, values)
    start = values.get(term.start)
    if start is not None and start.value is None:
        after = _start_after(start.evidence, [values[name] for name in term.near if name in values])
        if after is not None:
            values[term.start] = after
            _fix_years(term, values)
    issues = _derive_end(term, values, said, path, context, issues)
    return _explain_inferred_start(term, values, path, context, issues)


def _start_with_signature(
    term: Term,
    values: dict[str, Value],
    said: Mapping[str, Any],
    path: str,
    issues: list[Issue],
    confidence: Mapping[str, float],
) -> list[Issue]:
    """A start "on signature" is the day of signature, where the model found that."""
    words = said[term.start]
    if term.start in values or not isinstance(words, str) or not _on_signature().search(words):
        return issues
    days = [values[name] for name in term.near if name in values and values[name].value is not None]
    if len(days) != 1:
        return issues
    day = derived_from(days[0].evidence)
    if term.start in confidence and day.confidence is not None:
        # It is as sure as the less sure of both: the day, and that the contract starts on it.
        day = day.model_copy(update={"confidence": min(confidence[term.start], day.confidence)})
    values[term.start] = Value(days[0].value, day)
    return [issue for issue in issues if issue.path != joined(path, term.start)]


@cache
def _on_signature() -> re.Pattern[str]:
    return re.compile(
        r"(?:\A|\s)(?:(?:date|day|time|moment)\sof\s(?:its\s|the\s)?(?:signature|signing)"
        r"|(?:on|upon|from|at)\s(?:its\s|the\s)?(?:signature|signing))\W*\Z",
        re.IGNORECASE,
    )


def _refuse_end_before_start(
    term: Term, values: dict[str, Value], said: Mapping[str, Any], path: str, issues: list[Issue]
) -> list[Issue]:
    start, end = values.get(term.start), values.get(term.end)
    if start is None or end is None or not start.value or not end.value or end.value > start.value:
        return issues
    same_day = start.value == end.value and len(start.value) == len("2021-12-31")
    if contains(start.value, end.value) and not same_day and start.evidence.start != end.evidence.start:
        return issues  # "from June 2021 … until the end of the year": not exact enough to tell
    del values[term.end]
    message = f"the term starts on {start.value}, which is not before it"
    issue = Issue(
        path=joined(path, term.end),
        reason="contradicted",
        message=message,
        answer=said[term.end],
        sources=(as_span(start.evidence),),
    )
    return [*issues, issue]


def _fix_years(term: Term, values: dict[str, Value]) -> None:
    """A start without a year gets the one that its range, or end and months, fix, and so do dates near it.

    An end without one gets the one that start and months fix, or the first one after a start right before it.
    """
    start, months, end = values.get(term.start), values.get(term.months), values.get(term.end)
    if start is not None and start.value is None and end is not None and end.value is not None:
        joined_year = _year_of_range(start.evidence, end)
        if joined_year is not None:
            values[term.start] = Value(joined_year, derived_from(start.evidence, end.evidence))
    if end is not None and end.value is None and months is None and start is not None:
        after = _year_after(start, end.evidence)
        if after is not None:
            values[term.end] = Value(after, derived_from(end.evidence, start.evidence))
    if months is None or end is None:
        return
    if end.value is None:
        stated = yearless(end.evidence.quote)
        if start is not None and start.value is not None and stated is not None:
            fixed = term_end_year(stated, start.value, months.value)
            if fixed is not None:
                values[term.end] = Value(fixed, derived_from(end.evidence, start.evidence, months.evidence))
        return
    for name in (term.start, *term.near):
        found = values.get(name)
        stated = yearless(found.evidence.quote) if found is not None and found.value is None else None
        fixed = term_start_year(stated, end.value, months.value) if stated is not None else None
        if found is not None and fixed is not None:
            values[name] = Value(fixed, derived_from(found.evidence, end.evidence, months.evidence))


def _start_after(start: Evidence, near: list[Value]) -> Value | None:
    """The start of "signed on 18 February 2020; the service starts on 1 May": the first one after the signature."""
    stated = yearless(start.quote)
    if stated is None or len(near) != 1 or near[0].value is None or len(near[0].value) < len("2020-02"):
        return None
    signed = near[0].value
    year, month, _ = parts(signed)
    fixed = iso(year, *stated)
    if fixed is not None and fixed < signed[: len(fixed)]:
        year, fixed = year + 1, iso(year + 1, *stated)
    if fixed is None or (year - parts(signed)[0]) * 12 + stated[0] - (month or 1) > _SOON:
        return None
    return Value(fixed, derived_from(start, near[0].evidence))


def _settle_counted_year(term: Term, values: dict[str, Value]) -> None:
    """Start and end that do not go together, where the term fixes the year of the one that is counted from another day.

    "From May 2019, for five years, and would have ended in April" ends in 2024, whenever the article was published.
    """
    start, months, end = values.get(term.start), values.get(term.months), values.get(term.end)
    if start is None or months is None or end is None or start.value is None or end.value is None:
        return
    first, last = (None if _states_year(part) else yearless(part.evidence.quote) for part in (start, end))
    if (first is None) == (last is None):
        return
    if last is not None:
        fixed = term_end_year(last, start.value, months.value)
        if fixed is not None and not contains(fixed, end.value):
            values[term.end] = Value(fixed, derived_from(end.evidence, start.evidence, months.evidence))
    elif first is not None:
        fixed = term_start_year(first, end.value, months.value)
        if fixed is not None and not contains(fixed, start.value):
            values[term.start] = Value(fixed, derived_from(start.evidence, end.evidence, months.evidence))


def _states_year(found: Value) -> bool:
    """Whether the words of a date state its year themselves."""
    return DateField().parse(found.evidence.quote) is not None


def _year_of_range(start: Evidence, end: Value) -> str | None:
    """The start of "1 April to 30 June 2023": the last one before the end."""
    stated = yearless(start.quote)
    if stated is None or len(end.value) == len("2023") or not 0 < end.evidence.start - start.end <= _JOINT:
        return None
    year = parts(end.value)[0]
    fixed = iso(year, *stated)
    return fixed if fixed is None or fixed < end.value else iso(year - 1, *stated)


def _year_after(start: Value, end: Evidence) -> str | None:
    """The end of "began on 8 January 2024 and is to end on 31 May": the first one after the start."""
    stated = yearless(end.quote)
    if stated is None or start.value is None or not 0 <= end.start - start.evidence.end <= _SENTENCE:
        return None
    year, month, _ = parts(start.value)
    fixed = iso(year, *stated)
    if month is None or fixed is None or contains(fixed, start.value):
        return None
    return fixed if fixed > start.value else iso(year + 1, *stated)


def _derive_end(
    term: Term,
    values: dict[str, Value],
    said: Mapping[str, Any],
    path: str,
    context: Context,
    issues: list[Issue],
) -> list[Issue]:
    """An end that the article leaves out follows from start and months."""
    start, months = values.get(term.start), values.get(term.months)
    if start is None or start.value is None or months is None or term.end in values:
        return issues
    end = term_end(start.value, months.value)
    if end is None:
        return issues
    values[term.end] = Value(end, derived_from(start.evidence, months.evidence))
    words = said[term.end]
    if isinstance(words, str) and DateField().parse(words, context) == end:
        # The model said in its own words what follows anyway: nothing is left out.
        return [issue for issue in issues if issue.path != joined(path, term.end)]
    return issues


def _explain_inferred_start(
    term: Term, values: Mapping[str, Value], path: str, context: Context, issues: list[Issue]
) -> list[Issue]:
    """A start that the model computed from end and months is `derived`, not `not_found`."""
    months, end = values.get(term.months), values.get(term.end)
    if months is None or end is None or end.value is None:
        return issues

    def explained(issue: Issue) -> Issue:
        if issue.path != joined(path, term.start) or not isinstance(issue.answer, str):
            return issue
        start = DateField().parse(issue.answer, context)
        follows = None if start is None else term_end(start, months.value)
        if follows is None or not contains(follows, end.value):
            return issue
        return issue.model_copy(
            update={
                "reason": "derived",
                "message": "follows from the end and the term; the article does not state it",
                "sources": (as_span(end.evidence), as_span(months.evidence)),
            }
        )

    return [explained(issue) for issue in issues]


def derived_from(words: Evidence, *sources: Evidence) -> Evidence:
    """The evidence of a value that these places give together, the first of them in front."""
    also = (*words.also, *(as_span(source) for source in sources))
    told = [place.confidence for place in (words, *sources) if place.confidence is not None]
    return words.model_copy(update={"match": "derived", "also": also, "confidence": min(told, default=None)})


def as_span(evidence: Evidence) -> Span:
    """The words of an evidence and their place."""
    return Span(quote=evidence.quote, start=evidence.start, end=evidence.end)


def joined(path: str, name: str) -> str:
    """The path of a child."""
    return f"{path}.{name}" if path else name
