"""Sums of money as newspapers write them: "up to £1.2bn", "Rs 103 crore", "sixty million pounds a year"."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from llm_extract.fields.base import NO_CONTEXT, Context, FieldType, Mention, read_around, verbatim
from llm_extract.fields.sum_words import Qualifier
from llm_extract.fields.sums import read_sums

_LIMIT = 10**18
_CLOSE = Decimal("0.005")
_BEFORE = 240  # characters before a quote, where words that say how exact its sum is may stand


def _amount(value: Any) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("an amount is a number")  # noqa: TRY004 - pydantic collects ValueErrors only
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not (number.is_finite() and 0 <= number < _LIMIT):
        raise ValueError("an amount is not negative and below 10^18")
    if number == number.to_integral_value():
        return int(number)
    if round(number, 6) != number or Decimal(repr(float(number))) != number:
        raise ValueError("an amount has at most 15 digits, at most 6 of them behind the point")
    return number.normalize()


Amount = Annotated[
    int | Decimal,
    PlainValidator(_amount),
    PlainSerializer(lambda amount: amount if isinstance(amount, int) else float(amount), when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
"""Currency units: an int where the sum is whole, else a Decimal that a JSON number carries without loss."""


class Money(BaseModel):
    """A sum of money as it was stated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Amount = Field(description="in whole currency units: 150600000")
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")
    qualifier: Qualifier = "exact"
    per_year: bool = Field(default=False, description="a sum a year; it is not multiplied by the term")


@dataclass(frozen=True)
class MoneyField(FieldType[Money]):
    """Sums of money, with their qualifier and whether they are meant per year."""

    name: ClassVar[str] = "money"
    extractive: ClassVar[bool] = True

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[Money]]:
        """Every sum in `text`, with the words that qualify it; a range is one mention, its top `up_to`."""
        mentions = []
        for found in read_sums(text, context.country):
            try:
                value = Money(
                    amount=found.amount,
                    currency=found.currency,
                    qualifier=found.qualifier,
                    per_year=found.per_year,
                )
            except ValidationError:  # more digits than a sum of money has
                continue
            mentions.append(Mention(found.start, found.end, text[found.start : found.end], value))
        return mentions

    def parse(self, words: str, context: Context = NO_CONTEXT) -> Money | None:
        """The one sum that `words` state, among other words or alone."""
        values = {mention.value for mention in self.find(words, context)}
        return values.pop() if len(values) == 1 else None

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[Money]]:
        """Each sum that shares a character with ``text[start:end]``, with all the words that qualify it."""
        return read_around(lambda words: self.find(words, context), text, start, end, _BEFORE)

    def support(self, quote: str, value: Money, context: Context = NO_CONTEXT) -> bool:
        """Whether `quote` states this sum; it may state others beside it."""
        return any(mention.value == value for mention in self.find(quote, context))

    def same(self, a: Money, b: Money) -> float:
        """1.0 if all four parts are equal, 0.5 if currency and amount (within 0.5 %) are, else 0.0."""
        if a == b:
            return 1.0
        larger = max(a.amount, b.amount)
        close = abs(Decimal(a.amount) - Decimal(b.amount)) <= _CLOSE * Decimal(larger)
        return 0.5 if a.currency == b.currency and close else 0.0

    def shape(self) -> Any:
        """The article's own words for the sum."""
        return verbatim(300)


_FORMAT_SIGNS = {
    "GBP": "£",
    "EUR": "€",
    "USD": "$",
    "INR": "₹",
    "JPY": "¥",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
}
_FORMAT_QUALIFIERS = {"exact": "", "about": "about ", "up_to": "up to ", "at_least": "at least "}


def format_money(money: Money) -> str:
    """A sum in a newspaper's words, without loss: "up to £150.6m a year".

    `MoneyField.parse` reads it back to an equal value if it knows the currency's code.
    """
    amount = Decimal(money.amount)
    for factor, letters in ((10**9, "bn"), (10**6, "m")):
        if amount >= factor and amount % (factor // 1000) == 0:
            number = f"{amount / factor:f}{letters}"
            break
    else:
        number = f"{amount:,f}"
        if not isinstance(money.amount, int) or money.currency not in _FORMAT_SIGNS:
            whole, _, cents = number.partition(".")
            number = f"{whole}.{cents:0<2}"
    sign = _FORMAT_SIGNS.get(money.currency, money.currency + " ")
    return f"{_FORMAT_QUALIFIERS[money.qualifier]}{sign}{number}{' a year' if money.per_year else ''}"
