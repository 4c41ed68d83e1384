"""The number of a sum of money: how it stands beside its currency, and what larger number it may be the end of."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from llm_extract.fields.numbers import (
    AND_FRACTION,
    DIGITS,
    NUMBER_WORDS,
    QUANTITY,
    SCALE,
    SCALE_GAP,
    SCALES,
    SMALLER_PART,
    parse_number,
)

# Beside a currency an ordinary space may group digits too: "R34 000", "PLN 34 000,00".
_SPACED = r"[0-9]{1,3}(?: [0-9]{3}){1,4}(?:[.,·][0-9]{1,2})?(?![0-9])(?![.,·][0-9])"
# A table's next row ("$900,000⏎B | Radios") and column ("$9,870,000  B") begin with a letter of their own.
_NO_LABEL = (
    r"(?!\n(?:[a-z]{1,3}\s?[|).:]|(?-i:[A-Z])[a-z]{0,2}(?!\w)))"
    r"(?!(?:(?<=,[0-9]{3},[0-9]{3})|(?<=,[0-9]{3}\.[0-9]{2}))\s{1,2}[kmb](?!\w))"
)
_SCALES = rf"(?:{_NO_LABEL}{SCALE_GAP}{SCALE}(?:[\s-](?:thousand|million|crores?)(?!\w))?(?:{SMALLER_PART})?)?(?!\w)"
_FRACTION = rf"(?:(?=[\s‐‑-]{{1,3}}and){AND_FRACTION}(?={SCALE_GAP}{SCALE}))"
AFTER_CURRENCY = rf"(?P<number>(?:{_SPACED}|{DIGITS}){_FRACTION}?{_SCALES}|{NUMBER_WORDS})"
BEFORE_CURRENCY = rf"(?P<number>(?<![\w.,·])(?<![0-9] ){_SPACED}{_SCALES}|{QUANTITY})"

_SOURCES = {
    "scale_at_end": rf"(?<![^\W\d_]){SCALE}\Z",
    # "Two-thirds of a million pounds"; but "the third quarter of 5 million pounds" is a time.
    "fraction_before": r"(?<!\w)(?:half|halves|quarters?|thirds?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?"
    r"|tenths?)\sof\s\Z",
    # "One million, two hundred thousand pounds"
    "scale_before": rf"(?<![^\W\d_])(?P<scale>{SCALE})(?:,\s{{0,2}}(?:and\s)?|\sand\s(?:an?\s)?|\s)\Z",
    # … but "of the one million, two hundred thousand pounds" are a share.
    "larger_part": rf"(?<!of\s)(?<!of\sthe\s)(?<!of\sits\s)(?P<number>{NUMBER_WORDS})(?:,\s(?:and\s)?|\sand\s)\Z",
}


@cache
def _regex(name: str) -> re.Pattern[str]:
    """Compiled when first used, so that importing this module costs nothing."""
    return re.compile(_SOURCES[name], re.IGNORECASE)


def read_amount(number: str) -> Decimal | None:
    """The amount of a number found by one of the two patterns; None if it is none after all."""
    return parse_number(re.sub(r"(?<=[0-9]) (?=[0-9])", "", number))


def ends_in_scale(number: str) -> bool:
    """Whether `number` is written with a scale word: "5m", "two million"."""
    return _regex("scale_at_end").search(number) is not None


def whole_number(text: str, start: int, words: str, floor: int) -> tuple[int, Decimal] | None:
    """The number that `words` at `start` are the last part of: where it begins, and its amount.

    "One million, two hundred thousand"; None where it cannot be told: "two-thirds of a million", "1bn, 200 million".
    """
    amount, in_words = read_amount(words), words[0].isalpha()
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
