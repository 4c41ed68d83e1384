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
from decimal import Decimal
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
from llm_extract.fields.numbers import (
    AND_FRACTION,
    DIGITS,
    NUMBER_ENDINGS,
    NUMBER_WORDS,
    QUANTITY,
    SCALE,
    SCALE_GAP,
    SCALES,
    SMALLER_PART,
    parse_number,
)
from llm_extract.fields.sum_words import WITH_VAT, WITHOUT_VAT, Sum, read_words_before, read_words_behind

# Beside a currency an ordinary space may group digits too: "R34 000", "PLN 34 000,00".
_SPACED = r"[0-9]{1,3}(?: [0-9]{3}){1,4}(?:[.,·][0-9]{1,2})?(?![0-9])(?![.,·][0-9])"
# A table's next row ("$900,000⏎B | Radios") and column ("$9,870,000  B") begin with a letter of their own.
_NO_LABEL = (
    r"(?!\n(?:[a-z]{1,3}\s?[|).:]|(?-i:[A-Z])[a-z]{0,2}(?!\w)))"
    r"(?!(?:(?<=,[0-9]{3},[0-9]{3})|(?<=,[0-9]{3}\.[0-9]{2}))\s{1,2}[kmb](?!\w))"
)
_SCALES = rf"(?:{_NO_LABEL}{SCALE_GAP}{SCALE}(?:[\s-](?:thousand|million|crores?)(?!\w))?(?:{SMALLER_PART})?)?(?!\w)"
_FRACTION = rf"(?:(?=[\s‐‑-]{{1,3}}and){AND_FRACTION}(?={SCALE_GAP}{SCALE}))"
_AFTER = rf"(?P<number>(?:{_SPACED}|{DIGITS}){_FRACTION}?{_SCALES}|{NUMBER_WORDS})"
_BEFORE = rf"(?P<number>(?<![\w.,·])(?<![0-9] ){_SPACED}{_SCALES}|{QUANTITY})"

_ENDS = r"(?=\s?[().,;/]|\s?\Z)"
_NO_ADJECTIVE = (
    r"(?=\s?(?:[().,;:!?\n–—]|\Z)|\s(?:for|over|in|to|from|on|by|at|with|a|an|per|each|every|annually|as|is|was|will"
    r"|would|of|under|after|through|until|plus|if|or\sso|or\smore|if|when|which|that|The|It|They)(?!\w))"
)
_VAT_STATED = rf"(?:(?P<without>{WITHOUT_VAT}|net{_ENDS})|(?P<with>{WITH_VAT}|gross{_ENDS}))"
_SOURCES = {
    "token": r"[^\W\d_]+|[" + "".join(SIGNS) + "]",
    "after_sign": rf"\s{{0,2}}{_AFTER}",
    "after_code": rf"\s{{0,2}}(?:(?P<sign>[£$€])\s?)?{_AFTER}",
    "after_label": rf"\)\s?:\s{{0,2}}{_AFTER}",
    "after_word": rf"\.?\s{{0,2}}{_AFTER}",
    "after_letter": _AFTER,
    "after_soles": rf"/\.?\s{{0,2}}{_AFTER}",
    "before": rf"{_BEFORE}(?=(?:(?<=[^\W\d_])\.)?[\s\-‐‑]{{0,2}}\Z)",
    # 485,000 (four hundred and eighty-five thousand) tenge
    "before_repeated": rf"{_BEFORE}\s?\([^\W\d_][^()\n\d]{{5,150}}\)[\s]{{1,2}}\Z",
    "scale_at_end": rf"(?<![^\W\d_]){SCALE}\Z",
    "cents_at_end": r"[.,][0-9]{2,6}\Z",
    # "Two-thirds of a million pounds"; but "the third quarter of 5 million pounds" is a time.
    "fraction_before": r"(?<!\w)(?:half|halves|quarters?|thirds?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?"
    r"|tenths?)\sof\s\Z",
    # "One million, two hundred thousand pounds"
    "scale_before": rf"(?<![^\W\d_])(?P<scale>{SCALE})(?:,\s{{0,2}}(?:and\s)?|\sand\s(?:an?\s)?|\s)\Z",
    # … but "of the one million, two hundred thousand pounds" are a share.
    "larger_part": rf"(?<!of\s)(?<!of\sthe\s)(?<!of\sits\s)(?P<number>{NUMBER_WORDS})(?:,\s(?:and\s)?|\sand\s)\Z",
    "named_dollar": r"\s?(?!CDN)(?P<code>[A-Z]{3})(?!\w)"
    r"|\s?\((?P<whose>[A-Z]{2,3}|[A-Z][a-z]{1,10}|U\.S\.)(?:\sdollars)?\)"
    r"|\s(?:(?:New|Hong)\s)?(?P<nation>[A-Za-z]+)\sdollars?(?!\w)"
    # "$25 million US contract" leaves open whether the contract is American.
    rf"|[^\S\n](?P<behind>US|U\.S\.|C(?:dn|DN)\.?|Canadian|Australian)(?!\w){_NO_ADJECTIVE}",
    "dollar_letters": r"(?:US|AU?|NZ|HK|C)(?=\s?[0-9])",
    "weight": r"\s+(?:of(?!\w)|in weight|heavy)",
    "connector": r"\s{0,2}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–]|—(?!\s))\s{0,2}",
    "bare_high": rf"(?P<gap>\s{{0,2}}(?:(?P<and>and)(?!\w)|(?P<to>to)(?!\w)|[-–])\s{{0,2}}){_AFTER}",
    "bare_low": rf"{_BEFORE}(?:\s{{1,2}}(?:(?P<and>and)|(?P<to>to)|or)\s{{1,2}}|\s{{0,2}}[-–]\s{{0,2}})\Z",
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
    "bare_net": rf"\s?(?:gross|{WITH_VAT})\s?[(,]\s?{_AFTER}\s(?:net|{WITHOUT_VAT})(?!\w)\s?\)?",
    "vat_behind": rf"\s?[(,]?\s?{_VAT_STATED}?\)?",
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
        whole = _whole(text, number.start(), number["number"], floor)
        if whole is None:
            return None
        found.start, found.amount = whole[0], whole[1] * currency.factor
    if currency.code == "GBP" and found is not None and not found.scaled and found.amount < 10_000:
        return None if _regex("weight").match(text, end) else found
    return found


def _amount(number: str) -> Decimal | None:
    return parse_number(re.sub(r"(?<=[0-9]) (?=[0-9])", "", number))


def _whole(text: str, start: int, words: str, floor: int) -> tuple[int, Decimal] | None:
    """The number that `words` at `start` are the last part of: where it begins, and its amount.

    "One million, two hundred thousand"; None where it cannot be told: "two-thirds of a million", "1bn, 200 million".
    """
    amount, in_words = _amount(words), words[0].isalpha()
    if amount is None or (in_words and _regex("fraction_before").search(text, max(floor, start - 12), start)):
        return None
    while (larger := _regex("scale_before").search(text, max(floor, start - 30), start)) is not None:
        scale = larger["scale"].lower()
        if amount >= SCALES.get(scale, 0):
            break
        if len(scale) < 5 and scale != "lakh" and not text[floor : larger.start()].rstrip()[-1:].isdigit():
            break  # "at the mill, 200,000 pounds"
        first = _regex("larger_part").search(text, max(floor, start - 60), start) if in_words else None
        part = parse_number(first["number"]) if first is not None else None
        if first is None or part is None:
            return None
        start, amount = first.start(), amount + part
    return start, amount


def _sum(start: int, end: int, number: str, currency: Currency, use: Use, *, number_first: bool) -> Sum | None:
    amount = _amount(number)
    if amount is None:
        return None
    scaled = number[-1].isalpha() and _regex("scale_at_end").search(number) is not None
    if use == "large" and not (scaled or amount >= 10_000 or _regex("cents_at_end").search(number)):
        return None
    return Sum(start, end, amount * currency.factor, scaled, number_first, currency.code)


def _with_ranges(text: str, sums: list[Sum]) -> list[Sum]:
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
    amount = parse_number(low["number"]) if low is not None else None
    if start is None or amount is None or amount > high.amount or (high.scaled and 1000 <= amount < 10_000):
        return None  # 1000 to 9999 beside "million" is a year
    return Sum(start, high.end, high.amount, high.scaled, True, high.currency, "up_to")


def _with_bare_high(text: str, low: Sum, floor: int, ceiling: int) -> Sum | None:
    """£12-15m; £12m to 15m."""
    high = _regex("bare_high").match(text, low.end) if not low.number_first else None
    if high is None or high.end() > ceiling or _regex("people").match(text, high.end()):
        return None
    start = _range_start(text, low.start, floor, high)
    amount = parse_number(high["number"])
    if start is None or amount is None or amount < low.amount:
        return None
    scaled = _regex("scale_at_end").search(high["number"]) is not None
    tight = len(high["gap"]) == 1 and not low.scaled and not _regex("time").match(text, high.end())
    if not (scaled or tight):
        return None
    return Sum(start, high.end(), amount, scaled, False, low.currency, "up_to")


def _without_alternatives(text: str, sums: list[Sum]) -> list[Sum]:
    """Drops the same sum in another currency or once more, in brackets, and the one with VAT beside the one without."""
    result: list[Sum] = []
    for found in sums:
        last = result[-1] if result else None
        if last is None or (found.start >= last.end and not _absorbs(text, last, found)):
            result.append(found)
    return result


def _net_of(text: str, gross: Sum, ceiling: int) -> None:
    """31m zlotys gross (25m net): the sum becomes the one without tax."""
    net = _regex("bare_net").match(text, gross.end)
    amount = parse_number(net["number"]) if net is not None and net.end() <= ceiling else None
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


def read_sums(text: str, country: str | None = None) -> list[Sum]:
    """Every sum that `text` states, in order, without overlaps.

    `country` (ISO 3166-1) is where "$", "Rs", "kr" and the like are the article's own currency.
    """
    sums = _sums(text, country)
    if not sums:
        return sums
    sums = _with_ranges(text, sums)
    for found, ceiling in zip(sums, [*(found.start for found in sums[1:]), len(text)], strict=True):
        _net_of(text, found, ceiling)
    floor = 0
    for found in sums:
        read_words_before(text, found, floor)
        floor = found.end
    for again in (False, True):  # "€9m ($10m) a year": once more after the bracket
        starts = [found.start for found in sums[1:]]
        for found, ceiling in zip(sums, [*starts, len(text)], strict=True):
            read_words_behind(text, found, ceiling)
        if not again and len(sums) > 1:
            sums = _without_alternatives(text, sums)
    floor = 0
    for found, ceiling in zip(sums, [*(found.start for found in sums[1:]), len(text)], strict=True):
        read_competition(text, found, floor, ceiling)
        floor = found.end
    return [found for found in sums if not found.per_piece]
