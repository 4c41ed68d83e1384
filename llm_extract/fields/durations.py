"""Terms of contracts in months: the initial term, and the optional extensions of it.

"a four-year deal" has an initial term of 48 months; "three years with the option of two more" one of 36
and an extension of 24; "2+1+1 years" has 24 and 24. The rules:

- Only whole months count: 18 months, two and a half years, 26 weeks (a quarter is 13), no days.
- A range ("three to five years") states no value, nor does a bound or a guess ("up to five years", "at most five
  years", "nearly a decade"). "At least" and "a minimum of" state one. "Twice two years" are four.
- An extension needs words that make it optional, and they are part of its mention: "option", "optional",
  "extendable", "renewable", "may be extended", "possible", "with two one-year extensions", "may add two more
  years", "two further years at the buyer's choice". Without them ("extended by two years", "a two-year
  extension"), and where an option has been used ("exercised a one-year option"), it is a term like any other.
- Extensions that are named together are added up. "Extendable to six years" tells one only beside the
  initial term, which is then part of the mention; so does "can be renewed for five more", whose unit stands
  there. "An option of 2+1 years" is an extension of 36, "three times by a year" one of 36 too.
- The term of a deal is not that of its renewal: "may renew the five-year deal". "No option to extend for two years"
  states nothing.
- A number of "more" years has the unit of the initial term before it: "four years; the board may add two". It stays
  unread where it may as well be the total: "three years; it may run for five".
- "Duration in months: 60" and "Option (months): 12" are fields of a form.
- Words that are said to be an option (`DurationField.read` and `parse`) need fewer words that show one:
  `llm_extract.fields.option_answers`.
- What is no term is left out: "two years ago", "the past ten years", "10-year-old", "in five years' time",
  "£9m a year", "after a two-year review".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from llm_extract.fields.base import NO_CONTEXT, READ_MARGIN, Context, FieldType, Mention, paragraph_of, window_before
from llm_extract.fields.option_answers import may_be_option, read_option, says_more
from llm_extract.fields.term_readings import Span, statements

_ELIDED_REACH: Final = 240  # how far before an extension without a unit the initial term may stand
_CLAUSE_REACH: Final = 80  # how far behind the margin a clause may end

Part = Literal["initial", "extension"]


@dataclass(frozen=True)
class DurationField(FieldType[int]):
    """The length of a contract's term in whole months. The module's docstring has the rules.

    `part` says which one: the initial term, or the optional extensions added up.
    """

    name: ClassVar[str] = "duration"

    part: Part = "initial"

    def find(self, text: str, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """Every term in `text` that states `part`. "2+1+1 years" are the words of both parts."""
        return [_mention(text, span) for span in self._stated(text)]

    def read(self, text: str, start: int, end: int, context: Context = NO_CONTEXT) -> list[Mention[int]]:
        """As `FieldType.read`, with the words up to the end of the clause.

        An extension whose unit the initial term tells is looked for from farther off; and where the words
        are said to be an option, fewer words must show it (`llm_extract.fields.option_answers`).
        """
        first, last = paragraph_of(text, start, end)
        right = _clause_end(text, end, last)
        for margin in (READ_MARGIN, _ELIDED_REACH) if self.part == "extension" else (READ_MARGIN,):
            left = window_before(text, first, start, margin)
            window = text[left:right]
            found = [
                Mention(span.start + left, span.end + left, window[span.start : span.end], span.months)
                for span in self._stated(window)
                if span.start + left < end and span.end + left > start and (span.end < len(window) or right == last)
            ]
            if found and self.part == "extension" and says_more(text[found[-1].end : end]):
                return []
            if found:
                return found
        if self.part == "extension" and (option := read_option(window, start - left, end - left)) is not None:
            return [Mention(option.start + left, option.end + left, window[option.start : option.end], option.months)]
        return []

    def may_state(self, text: str, context: Context = NO_CONTEXT) -> bool:
        """As `FieldType.may_state`; of extensions also where only an answer would show what the words mean."""
        return (self.part == "extension" and may_be_option(text)) or super().may_state(text, context)

    def parse(self, words: str, context: Context = NO_CONTEXT) -> int | None:
        """The months that `words` state for `part`; None if they state none, or several that differ."""
        values = {span.months for span in self._stated(words)}
        if not values and self.part == "extension" and (option := read_option(words, 0, len(words))) is not None:
            return option.months
        return values.pop() if len(values) == 1 else None

    def _stated(self, text: str) -> list[Span]:
        return statements(text)[self.part == "extension"]

    def shape(self) -> Any:
        """Words of the article."""
        return Annotated[str, Field(max_length=300, json_schema_extra={"x-verbatim": True})]


def _mention(text: str, span: Span) -> Mention[int]:
    return Mention(span.start, span.end, text[span.start : span.end], span.months)


def _clause_end(text: str, end: int, last: int) -> int:
    """Where a clause ends that goes on for `READ_MARGIN` characters after `end`, or a word if it is a long one."""
    right = min(last, end + READ_MARGIN)
    while right < min(last, end + READ_MARGIN + _CLAUSE_REACH) and text[right - 1] not in ".,;:!?)\n":
        right += 1
    while right < last and not text[right].isspace():
        right += 1
    return right


Months = Annotated[int, Field(ge=1), DurationField()]
"""An initial term in a schema, in months."""

ExtensionMonths = Annotated[int, Field(ge=1), DurationField(part="extension")]
"""Optional extensions in a schema, in months, added up."""
