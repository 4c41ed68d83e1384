"""Reading the sums of money out of a text.

A text is read in steps, each over the list of sums that the one before left: a currency with a
number beside it is a sum; two sums, or a sum and a bare number, may be a range; the words before
may qualify a sum; the words behind may qualify it, make it a sum per year, or show that it is a
price per piece, which is no value; a second currency in brackets and the figure with VAT give way.
Where bids are still to come, a sum that a tender is "put at" is an estimate (`competition`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import chain

from llm_extract.fields.competition import read_competition
from llm_extract.fields.currencies import (
    DOLLARS,
    FIRST_OF_TWO,
    NATIONAL,
    NEED_A_PREFIX,
    NOUNS,
    PREFIXED,
    SIGNED,
    SIGNS,
    WORDS,
    Currency,
    Gap,
    Use,
)
from llm_extract.fields.home_currencies import AT_HOME
from llm_extract.fields.numbers import NUMBER_ENDINGS, SCALES, parse_number
from llm_extract.fields.sum_numbers import AFTER_CURRENCY, BEFORE_CURRENCY, ends_in_scale, read_amount, whole_number
from llm_extract.fields.sum_pairs import take_net_of_tax, with_ranges, without_alternatives
from llm_extract.fields.sum_words import Sum, read_words_before, read_words_behind

_NO_ADJECTIVE = (
    r"(?=\s?(?:[().,;:!?\n–—]|\Z)|\s(?:for|over|in|to|from|on|by|at|with|a|an|per|each|every|annually|as|is|was|will"
    r"|would|of|under|after|through|until|plus|if|or\sso|or\smore|when|which|that|The|It|They)(?!\w))"
)
_SOURCES = {
    "token": r"[^\W\d_]+|[" + "".join(SIGNS) + "]",
    "after_sign": rf"\s{{0,2}}{AFTER_CURRENCY}",
    "after_code": rf"\s{{0,2}}(?:(?P<sign>[£$€])\s?)?{AFTER_CURRENCY}",
    "after_label": rf"\)\s?:\s{{0,2}}{AFTER_CURRENCY}",
    "after_word": rf"\.?\s{{0,2}}{AFTER_CURRENCY}",
    "after_letter": AFTER_CURRENCY,
    "after_soles": rf"/\.?\s{{0,2}}{AFTER_CURRENCY}",
    "before": rf"{BEFORE_CURRENCY}(?=(?:(?<=[^\W\d_])\.)?[\s\-‐‑]{{0,2}}\Z)",
    # 485,000 (four hundred and eighty-five thousand) tenge
    "before_repeated": rf"{BEFORE_CURRENCY}\s?\([^\W\d_][^()\n\d]{{5,150}}\)[\s]{{1,2}}\Z",
    "cents_at_end": r"[.,][0-9]{2,6}\Z",
    "named_dollar": r"\s?(?!CDN)(?P<code>[A-Z]{3})(?!\w)"
    r"|\s?\((?P<whose>[A-Z]{2,3}|[A-Z][a-z]{1,10}|U\.S\.)(?:\sdollars)?\)"
    r"|\s(?:(?:New|Hong)\s)?(?P<nation>[A-Za-z]+)\sdollars?(?!\w)"
    # "$25 million US contract" leaves open whether the contract is American.
    rf"|[^\S\n](?P<behind>US|U\.S\.|C(?:dn|DN)\.?|Canadian|Australian)(?!\w){_NO_ADJECTIVE}",
    "dollar_letters": r"(?:US|AU?|NZ|HK|C)(?=\s?[0-9])",
    "weight": r"\s+(?:of(?!\w)|in weight|heavy)",
}

_AFTER_GAP: dict[Gap, str] = {"none": "after_letter", "slash": "after_soles"}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    case_matters = name in ("token", "named_dollar")
    return re.compile(_SOURCES[name], re.NOFLAG if case_matters else re.IGNORECASE)


_MONEY_WORDS = frozenset(
    word.lower() for word in chain(SIGNS, WORDS, NOUNS, NATIONAL, (f"{noun}s" for noun in NATIONAL), *AT_HOME.values())
)
"""What stands beside a sum of money: all other words are passed over."""

_BEFORE_A_PART = frozenset((*SCALES, "of"))
_ABBREVIATED = frozenset(("Cdn", "Can", "Mex"))


def _sums(text: str, country: str | None) -> list[Sum]:
    """Every currency with a number beside it."""
    at_home = AT_HOME.get(country or "", {})
    sums: list[Sum] = []
    before_last: re.Match[str] | None = None
    last: re.Match[str] | None = None
    floor = 0  # the end of the last sum: nothing is read twice
    for token in _regex("token").finditer(text):
        word = token.group()
        if word.lower() in _MONEY_WORDS and token.start() >= floor:
            found = None
            if word in SIGNS:
                found = _at_sign(text, token, last, floor, at_home)
            elif (currency := _currency(word, at_home)) is not None:
                found = _at_word(text, token.start(), token.end(), currency, floor)
            if found is None and last is not None and word[-1] not in SIGNS:
                found = _at_national_noun(text, token, last, before_last, floor, at_home)
            if found is not None:
                sums.append(found)
                floor = found.end
        before_last, last = last, token
    return sums


def _currency(word: str, at_home: Mapping[str, Currency]) -> Currency | None:
    return at_home.get(word) or WORDS.get(word) or at_home.get(word.lower()) or NOUNS.get(word.lower())


def _at_sign(
    text: str, token: re.Match[str], last: re.Match[str] | None, floor: int, at_home: Mapping[str, Currency]
) -> Sum | None:
    sign, start = token.group(), token.start()
    code, prefix_known = at_home[sign].code if sign in at_home else SIGNS[sign], sign not in NEED_A_PREFIX
    if last is not None and last.start() >= floor and last.group() not in SIGNS:
        letters, gap = last.group(), text[last.end() : start]
        own = at_home.get(letters + sign)  # "B$", which several countries write
        prefixed = own.code if own is not None and not gap else PREFIXED.get(sign, {}).get(letters)
        spaced = (gap == " " and len(letters) > 1 and letters in DOLLARS) or (gap == ". " and letters in _ABBREVIATED)
        dotted = letters == "S" and sign == "$" and gap.strip() == "." and text[: last.start()].endswith(("U.", "U. "))
        if dotted:
            code, prefix_known = "USD", True
        elif prefixed is not None and (not gap or (spaced and sign == "$")):
            code, start, prefix_known = prefixed, last.start(), True
        elif not gap and (letters[-1].isupper() or letters == "k"):  # "Z$5m": somebody's dollar, but whose?
            prefix_known = False
    behind = None
    if sign == "$" and start == token.start() and text[token.end() : token.end() + 1].isupper():
        behind = _regex("dollar_letters").match(text, token.end())
    if behind is not None and prefix_known:  # $US25m
        number = _regex("after_sign").match(text, behind.end())
        use: Use = "yes" if len(behind.group()) > 1 else "large"  # "$A1" may be a cell of a table
        currency = Currency(DOLLARS[behind.group()])
        return _sum(start, number.end(), number["number"], currency, use, number_first=False) if number else None
    number = _regex("after_sign").match(text, token.end()) if prefix_known else None
    if number is None:
        bare = sign != "$" and sign not in NEED_A_PREFIX
        return _before(text, token.start(), token.end(), Currency(code), floor) if bare else None
    end = number.end()
    if sign == "$" and start == token.start():
        named = _regex("named_dollar").match(text, end)
        if named is not None:
            whose = named["code"] if named["code"] in DOLLARS.values() else None
            words = named["whose"] or named["behind"] or named["nation"] or ""
            whose = whose or DOLLARS.get(words.replace(".", "")) or NATIONAL["dollar"].get(words.lower())
            if whose is not None:
                code, end = whose, named.end()
    return _sum(start, end, number["number"], Currency(code), "yes", number_first=False)


def _at_word(text: str, start: int, end: int, currency: Currency, floor: int) -> Sum | None:
    after = None
    if text[max(floor, start - 1) : start] == "(" and _is_code(text[start:end]):
        number = _regex("after_label").match(text, end)  # Value (AUD): 2,314,400
        if number is not None:
            return _sum(start - 1, number.end(), number["number"], currency, "large", number_first=False)
    if currency.before != "no":
        kind = _AFTER_GAP.get(currency.gap) or ("after_code" if _is_code(text[start:end]) else "after_word")
        number = _regex(kind).match(text, end)
        if (
            number is not None
            and kind == "after_code"
            and number["sign"]
            and currency.code not in SIGNED[number["sign"]]
        ):
            number = None  # "SSP £5": what stands before the sign is no currency
        if number is not None and kind == "after_letter":  # "P123456" is a number of something
            number = None if number["number"].isdigit() or text[max(0, start - 1) : start].isalnum() else number
        if number is not None:
            after = _sum(start, number.end(), number["number"], currency, currency.before, number_first=False)
    if after is not None and after.scaled:
        return after
    found = _before(text, start, end, currency, floor) or after
    spoken = text[start].isupper() or text[start:end] == "rupees"
    if found is None and currency.before == "no" and currency.after == "yes" and spoken:
        number = _regex("after_word").match(text, end)  # "Rupees Five Crore", "rupees 5 crore", "Pounds 5m"
        if number is not None:
            found = _sum(start, number.end(), number["number"], currency, "large", number_first=False)
    return found


def _is_code(word: str) -> bool:
    """Whether no abbreviation's point may stand behind `word`: "EUR", but "Ksh."."""
    return len(word) == 3 and word.isupper()


def _at_national_noun(
    text: str,
    token: re.Match[str],
    last: re.Match[str],
    before_last: re.Match[str] | None,
    floor: int,
    at_home: Mapping[str, Currency],
) -> Sum | None:
    noun, nation = token.group().lower(), last.group().lower()
    nations = NATIONAL.get(noun) or NATIONAL.get(noun.removesuffix("s"))
    code = nations.get(nation) if nations is not None else None
    if code is None or text[last.end() : token.start()].strip(".") not in (" ", "-", "\u00a0", "\n"):
        return None
    if nation == "cfa" and "CFA" in at_home:  # there are two of them
        code = at_home["CFA"].code
    start = last.start()
    if before_last is not None and before_last.group().lower() == FIRST_OF_TWO.get(nation):
        start = before_last.start()
    return _before(text, start, token.end(), Currency(code), floor)


def _before(text: str, start: int, end: int, currency: Currency, floor: int) -> Sum | None:
    """The sum whose number ends where the currency's words ``text[start:end]`` begin."""
    near = text[max(floor, start - 20) : start].replace("-", " ").rstrip(" .\u00a0\u202f\n‐‑")
    if near.endswith(")") and currency.after != "no":
        repeated = _regex("before_repeated").search(text, max(floor, start - 220), start)
        if repeated is None or parse_number(text[repeated.end("number") : start].strip(" ()\n")) is None:
            return None
        return _sum(repeated.start(), end, repeated["number"], currency, currency.after, number_first=True)
    if currency.after == "no" or not near[-1:].isalnum():
        return None
    if near[-1].isalpha() and near.split()[-1].lstrip("0123456789.,'’½¼¾").lower() not in NUMBER_ENDINGS:
        if "\n" not in near:  # a line end may break a scale word
            return None  # most words stand before no number: a quick look saves the search
    number = _regex("before").search(text, max(floor, start - 60), start)
    if number is None:
        return None
    found = _sum(number.start(), end, number["number"], currency, currency.after, number_first=True)
    last_words = text[max(floor, number.start() - 20) : number.start()].lower().replace(",", " ").split()[-3:]
    if found is not None and any(word.lstrip("0123456789.") in _BEFORE_A_PART for word in last_words):
        whole = whole_number(text, number.start(), number["number"], floor)
        if whole is None:
            return None
        found.start, found.amount = whole[0], whole[1] * currency.factor
    if currency.code == "GBP" and found is not None and not found.scaled and found.amount < 10_000:
        return None if _regex("weight").match(text, end) else found
    return found


def _sum(start: int, end: int, number: str, currency: Currency, use: Use, *, number_first: bool) -> Sum | None:
    amount = read_amount(number)
    if amount is None:
        return None
    scaled = number[-1].isalpha() and ends_in_scale(number)
    if use == "large" and not (scaled or amount >= 10_000 or _regex("cents_at_end").search(number)):
        return None
    return Sum(start, end, amount * currency.factor, scaled, number_first, currency.code)


def read_sums(text: str, country: str | None = None) -> list[Sum]:
    """Every sum that `text` states, in order, without overlaps.

    `country` (ISO 3166-1) is where "$", "Rs", "kr" and the like are the article's own currency.
    """
    sums = _sums(text, country)
    if not sums:
        return sums
    sums = with_ranges(text, sums)
    for found, ceiling in zip(sums, [*(found.start for found in sums[1:]), len(text)], strict=True):
        take_net_of_tax(text, found, ceiling)
    floor = 0
    for found in sums:
        read_words_before(text, found, floor)
        floor = found.end
    for again in (False, True):  # "€9m ($10m) a year": once more after the bracket
        starts = [found.start for found in sums[1:]]
        for found, ceiling in zip(sums, [*starts, len(text)], strict=True):
            read_words_behind(text, found, ceiling)
        if not again and len(sums) > 1:
            sums = without_alternatives(text, sums)
    floor = 0
    for found, ceiling in zip(sums, [*(found.start for found in sums[1:]), len(text)], strict=True):
        read_competition(text, found, floor, ceiling)
        floor = found.end
    return [found for found in sums if not found.per_piece]
