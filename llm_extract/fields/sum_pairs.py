"""Two figures that are one sum: the ends of a range, a second currency, and the figure with VAT.

"£12m to £15m" is one sum up to fifteen million; "£3m (€3.4m)" is three million pounds; of "£12m with
VAT, £10m without" the second counts.
"""

from __future__ import annotations

import re
from functools import cache

from llm_extract.fields.sum_numbers import AFTER_CURRENCY, BEFORE_CURRENCY, ends_in_scale, read_amount
from llm_extract.fields.sum_words import WITH_VAT, WITHOUT_VAT, Sum

_ENDS = r"(?=\s?[().,;/]|\s?\Z)"
_VAT_STATED = rf"(?:(?P<without>{WITHOUT_VAT}|net{_ENDS})|(?P<with>{WITH_VAT}|gross{_ENDS}))"
_SOURCES = {
    "connector": r"\s{0,2}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–]|—(?!\s))\s{0,2}",
    "bare_high": rf"(?P<gap>\s{{0,2}}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–])\s{{0,2}}){AFTER_CURRENCY}",
    "bare_low": rf"{BEFORE_CURRENCY}(?:\s{{1,2}}(?:(?P<and>and)|(?P<to>to)|or)\s{{1,2}}|\s{{0,2}}[-–]\s{{0,2}})\Z",
    "between": r"(?<!\w)between\s{1,2}\Z",
    # "Up £5m to £12m" and "from £5m to £12m" are a change, and no range …
    "change": r"(?<!\w)(?:from|by|up|down|add(?:s|ed|ing)?|(?:increase|rise|uplift|jump|cut|fall|drop|reduction)\sof)"
    r"\s{1,2}(?:(?:up\sto|about|around|some|roughly|approximately|nearly|almost|just|well|over|under|more\sthan"
    r"|less\sthan|at\sleast|circa|c\.|an|estimated)\s{1,2}){0,3}\Z",
    # … but "worth from £5m to £12m" is one.
    "ranging": r"(?<!\w)(?:(?:rang(?:e[sd]?|ing)|var(?:y|ies|ied|ying))(?:\s[^\W\d_]{1,15}){0,3}"
    r"|(?:worth|valued\sat|valued|priced\sat|priced|costing|(?:to|will|would|could|may|might|can)\scost)"
    r"(?:\s(?:anything|anywhere))?|anything|anywhere|something|somewhere),?\s{1,2}\Z",
    "comparison": r"\s{1,2}(?:less|more|lower|higher|cheaper|dearer)\sthan(?!\w)",
    "people": r"\s{1,2}(?:users?|people|customers?|citizens?|residents?|patients|households|homes|members|workers"
    r"|staff|employees|pupils|students|passengers|subscribers|pensioners|claimants|taxpayers|children)(?!\w)",
    "time": r"[\s-]?(?:years?|months?|weeks?|days?|hours?|person|strong|point)(?!\w)",
    "bracket": r"\s{0,2}[(\[]\s?(?:(?:or|i\.e\.|equal to|equivalent to|the equivalent of)\s)?\s?",
    "bracket_end": r"[^()\[\]\n]{0,60}[)\]]",
    "vat_between": rf"\s?[(,]?\s?{_VAT_STATED}?[),]?\s?(?:[(,/;]|or(?!\w))?\s?",
    "bare_net": rf"\s?(?:gross|{WITH_VAT})\s?[(,]\s?{AFTER_CURRENCY}\s(?:net|{WITHOUT_VAT})(?!\w)\s?\)?",
    "vat_behind": rf"\s?[(,]?\s?{_VAT_STATED}?\)?",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    return re.compile(_SOURCES[name], re.IGNORECASE)


def with_ranges(text: str, sums: list[Sum]) -> list[Sum]:
    """Two ends become one sum: the top, as "up to"."""
    result: list[Sum] = []
    for position, high in enumerate(sums):
        floor = result[-1].end if result else 0
        if high.start < floor:
            continue
        low = result[-1] if result else None
        if low is not None and low.qualifier == "exact" and low.currency == high.currency:
            gap = _regex("connector").fullmatch(text, low.end, high.start)
            start = _range_start(text, low.start, result[-2].end if len(result) > 1 else 0, gap)
            spaced_dash = gap is not None and gap.group()[:1].isspace() and not (gap["and"] or gap["to"])
            if spaced_dash and _regex("comparison").match(text, high.end):  # "£3m - £9m less than the last"
                start = None
            if start is not None and low.amount <= high.amount:
                result[-1] = Sum(start, high.end, high.amount, True, low.number_first, low.currency, "up_to")
                continue
        ceiling = sums[position + 1].start if position + 1 < len(sums) else len(text)
        result.append(_with_bare_low(text, high, floor) or _with_bare_high(text, high, floor, ceiling) or high)
    return result


def _range_start(text: str, start: int, floor: int, gap: re.Match[str] | None) -> int | None:
    """Where a range begins whose low end begins at `start`; None if the two are no range."""
    if gap is None:
        return None
    if gap["and"]:
        between = _regex("between").search(text, max(floor, start - 12), start)
        return between.start() if between is not None else None
    if gap["to"]:
        change = _regex("change").search(text, max(floor, start - 60), start)
        if change is not None and change.group()[:4].lower() != "from":
            return None
        if change is not None and not _regex("ranging").search(text, max(floor, change.start() - 80), change.start()):
            return None
    return start


def _with_bare_low(text: str, high: Sum, floor: int) -> Sum | None:
    """12 to 15 million pounds."""
    if not high.number_first or text[max(floor, high.start - 4) : high.start].strip()[-1:] not in tuple("dor-–"):
        return None
    low = _regex("bare_low").search(text, max(floor, high.start - 50), high.start)
    start = _range_start(text, low.start(), floor, low) if low is not None else None
    amount = read_amount(low["number"]) if low is not None else None
    if start is None or amount is None or amount > high.amount or (high.scaled and 1000 <= amount < 10_000):
        return None  # 1000 to 9999 beside "million" is a year
    return Sum(start, high.end, high.amount, high.scaled, True, high.currency, "up_to")


def _with_bare_high(text: str, low: Sum, floor: int, ceiling: int) -> Sum | None:
    """£12-15m; £12m to 15m."""
    high = _regex("bare_high").match(text, low.end) if not low.number_first else None
    if high is None or high.end() > ceiling or _regex("people").match(text, high.end()):
        return None
    start = _range_start(text, low.start, floor, high)
    amount = read_amount(high["number"])
    if start is None or amount is None or amount < low.amount:
        return None
    scaled = ends_in_scale(high["number"])
    tight = len(high["gap"]) == 1 and not low.scaled and not _regex("time").match(text, high.end())
    if not (scaled or tight):
        return None
    return Sum(start, high.end(), amount, scaled, False, low.currency, "up_to")


def without_alternatives(text: str, sums: list[Sum]) -> list[Sum]:
    """Drops the same sum in another currency or once more, in brackets, and the one with VAT beside the one without."""
    result: list[Sum] = []
    for found in sums:
        last = result[-1] if result else None
        if last is None or (found.start >= last.end and not _absorbs(text, last, found)):
            result.append(found)
    return result


def take_net_of_tax(text: str, gross: Sum, ceiling: int) -> None:
    """31m zlotys gross (25m net): the sum becomes the one without tax."""
    net = _regex("bare_net").match(text, gross.end)
    amount = read_amount(net["number"]) if net is not None and net.end() <= ceiling else None
    if net is not None and amount is not None and gross.amount / 2 < amount < gross.amount:
        gross.amount, gross.end = amount, net.end()


def _absorbs(text: str, first: Sum, second: Sum) -> bool:
    """Whether `second` is `first` said otherwise; `first` then holds the one that counts, and the words of both."""
    other_currency = first.currency != second.currency
    in_brackets = _regex("bracket").fullmatch(text, first.end, second.start) is not None
    closing = _regex("bracket_end").match(text, second.end) if in_brackets else None
    if closing is not None and (other_currency or first.amount == second.amount):
        first.end = closing.end()  # £3m (€3.4m); one million pounds (£1,000,000)
        return True
    if other_currency:
        return False
    between = _regex("vat_between").fullmatch(text, first.end, second.start)
    behind = _regex("vat_behind").match(text, second.end)
    if between is None or behind is None:
        return False
    if behind["without"] or between["with"]:
        first.amount, first.qualifier, first.per_year = second.amount, second.qualifier, second.per_year
    elif not (behind["with"] or between["without"]):
        return False
    first.end = behind.end() if behind.group().strip() else second.end
    return True
