"""Whether words carry a value: the scorer's own check, made anew for every quote.

It trusts neither the extractor nor the annotator. A quote carries a value if the field type reads that value in it;
a date may also be put together from several places, as the record's rules allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import Enum

from llm_extract.evaluation.items import ScoredField
from llm_extract.fields import Context, DateField, DayField, DurationField
from llm_extract.fields.countries import find_home
from llm_extract.fields.dates import parse_reference, yearless
from llm_extract.fields.partial_dates import iso, parts, term_end, term_start_year


def carries(field: ScoredField, value: object, quotes: Sequence[str], published: date | None = None) -> bool:
    """Whether one of the quotes, or for a date all of them together, support the value.

    Args:
        field: the field of the value.
        value: as the record holds it.
        quotes: the words that are said to support it, the first of them in front.
        published: the day from which relative dates are counted.
    """
    field_type = field.leaf.field_type
    value = value.value if isinstance(value, Enum) else value
    contexts = [Context(reference=day) for day in dict.fromkeys((None, published, *map(parse_reference, quotes)))]
    contexts += [Context(country=home.country) for home in map(find_home, quotes[1:]) if home is not None]
    if any(field_type.support(quote, value, context) for quote in quotes for context in contexts):
        return True
    if not isinstance(field_type, DateField | DayField):
        return False
    wanted = value.isoformat() if isinstance(value, date) else str(value)
    stated = {mention.value for quote in quotes for context in contexts for mention in DateField().find(quote, context)}
    # "May 2001: ten years from 1 July of that year" states a date as a whole.
    stated |= {day for quote in quotes for context in contexts if (day := DateField().parse(quote, context))}
    yearless_days = {found for quote in quotes if (found := yearless(quote)) is not None}
    # "in May", said of a date that is known to the day elsewhere, gives the month and no more.
    together = {iso(parts(other)[0], month, day) for month, day in yearless_days for other in stated}
    return wanted in stated | together or (field.in_term and _follows(field, wanted, quotes, stated, yearless_days))


def _follows(
    field: ScoredField, wanted: str, quotes: Sequence[str], stated: set[str], yearless_days: set[tuple[int, int | None]]
) -> bool:
    """The year of a start follows from the end and the term; an end from a start and the term."""
    terms = {
        mention.value for quote in quotes for mention in DurationField().find(quote) if isinstance(mention.value, int)
    }
    with_year = {
        start for day in yearless_days for end in stated for months in terms
        if (start := term_start_year(day, end, months)) is not None
    }  # fmt: skip
    if not field.ends_term:
        return wanted in with_year
    ends = {end for start in stated | with_year for months in terms if (end := term_end(start, months)) is not None}
    return any(end.startswith(wanted) for end in ends)
