"""Grounding: from what a model answered to what the article supports.

Every leaf of an answer is words, or a choice with words. The words are looked for in the article;
the field type reads the value that they state where they stand; value and words are delivered
together, or the answer becomes an issue with its reason. No value takes another way into a record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from llm_extract.assembly import Item, delivered, filed, give_up, missing, says_anything
from llm_extract.document import Document
from llm_extract.errors import Unsupported
from llm_extract.fields import CategoryField, Context, DateField, DayField, FieldType, FlagField, MoneyField, NameField
from llm_extract.fields.aliases import Alias, find_aliases, fullest_form
from llm_extract.fields.countries import home_of_sums
from llm_extract.fields.datelines import find_dateline
from llm_extract.fields.dates import parse_reference, yearless
from llm_extract.fields.text import collapse
from llm_extract.locate import Located, Locator
from llm_extract.model.types import Likelihood
from llm_extract.ranges import Range
from llm_extract.relations import Value, as_span, joined, relate_term
from llm_extract.result import Evidence, Issue, IssueReason, Span
from llm_extract.schema import Branch, CompiledSchema, Leaf

_BREAK_AFTER_HYPHEN = re.compile(r"-[ \t]*\n[ \t]*")

MOST_PLACES = 8
"""At how many of the places where words stand they are read."""


class Said(NamedTuple):
    """What a model said of an article."""

    answer: BaseModel
    """An instance of the schema's answer model: the article's words."""
    confidence: Mapping[str, float] = MappingProxyType({})
    """Path in the answer (`contracts[0].buyers[1]`) → how likely it is right, where the model tells."""
    least_confidence: float = 0.0
    """What is said with less is left out."""
    likelihoods: Mapping[str, Likelihood] = MappingProxyType({})
    """Path in the answer → what its confidence was reckoned from."""


class Grounded(NamedTuple):
    """A record with the words behind each value, and what had to be left out."""

    record: BaseModel
    evidence: dict[str, Evidence]
    issues: tuple[Issue, ...]
    said_at: dict[str, str]
    """Path in the record → path in the answer of what the value was read from, and has its confidence from.

    Values without confidence are not among them, nor are those that follow from others.
    """


def ground(
    document: Document, schema: CompiledSchema, said: BaseModel | Said, *, published: date | None = None
) -> Grounded:
    """Ground an answer in its article.

    Args:
        document: the article.
        schema: the schema whose answer model the answer is an instance of.
        said: the model's answer in the article's words, alone or with how sure it was.
        published: the day of publication where the caller knows it; dates are counted from it.

    Returns:
        The record, evidence for every value in it (keys such as `contracts[0].suppliers[1]` count
        the record's entries), and the issues (paths count the answer's entries).

    Raises:
        Unsupported: the schema requires a value for which this article has no words.
    """
    said = said if isinstance(said, Said) else Said(said)
    return _Grounding(document, said, published).run(schema, said.answer)


class _Grounding:
    """The state of grounding one answer."""

    def __init__(self, document: Document, said: Said, published: date | None) -> None:
        self.document = document
        self.said = said
        self.text = document.text
        self.locator = Locator(document.text, document.excluded)
        self.home = home_of_sums(document.text)
        self.context = Context(reference=published, country=self.home and self.home.country)
        self.context_span: Span | None = None
        self.issues: list[Issue] = []
        self._page: dict[str, Value | None] = {}
        self._aliases: list[Alias] | None = None
        self._fullest: dict[str, tuple[str, tuple[int, int]]] = {}

    def run(self, schema: CompiledSchema, answer: BaseModel) -> Grounded:
        self.read_page(schema, answer)
        item = self.item(schema.root, answer, "")
        while True:
            try:
                record = schema.record.model_validate(delivered(item), strict=False, by_name=True, by_alias=False)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                left_out = give_up(item, first["loc"])
                if left_out is None:
                    place = ".".join(str(part) for part in first["loc"])
                    raise Unsupported(
                        f"the article does not support what the schema requires: {schema.record.__name__}.{place}: "
                        f"{first['msg']}; what an article may leave out is optional in a schema (`| None`, or a list)",
                        issues=self.issues,
                    ) from error
                self.issue(left_out, "not_supported", f"left out, the schema refuses it: {first['msg']}", None)
            except Exception as error:
                # A validator is the schema's own code: what it cannot do with this article costs this article.
                raise Unsupported(
                    f"the code of {schema.record.__name__} failed on this article: {type(error).__name__}: {error}",
                    issues=self.issues,
                ) from error
            else:
                try:
                    found = filed(item, record)
                except ValueError as error:
                    raise Unsupported(
                        f"{schema.record.__name__}.{error}: no words can be told", issues=self.issues
                    ) from error
                evidence = {path: value.evidence for path, value in found.items()}
                said_at = {path: value.said_at for path, value in found.items() if value.said_at is not None}
                return Grounded(record, evidence, tuple(self.issues), said_at)

    # -- the page's own head -------------------------------------------------------------------

    def read_page(self, schema: CompiledSchema, answer: BaseModel) -> None:
        """Fix the day that relative dates are counted from, before any date is read."""
        for path, leaf in schema.published:
            if self.context.reference is not None:
                return
            found = self.from_page(leaf)
            if found is None and "[" not in path:
                words = _at(answer, path)
                if isinstance(words, str):
                    found = self.words(leaf.field_type, words, path, report=False)
            if found is not None and isinstance(found.value, str | date):
                self.count_from(found)
        if self.context.reference is None and schema.published:
            self.read_dateline(schema.published[0][1])

    def count_from(self, found: Value) -> None:
        """Relative dates are counted from this day."""
        day = found.value if isinstance(found.value, date) else parse_reference(found.value)
        self.context = replace(self.context, reference=day)
        self.context_span = as_span(found.evidence)

    def read_dateline(self, leaf: Leaf) -> None:
        """Where neither the head nor the answer gives the day: a dateline, or a line at the foot."""
        dateline = find_dateline(self.text)
        place = None if dateline is None else Range(dateline.start, dateline.end)
        found = self.head(leaf.field_type, place)
        if found is not None and isinstance(found.value, str | date):
            self._page["published"] = found
            self.count_from(found)

    def from_page(self, leaf: Leaf) -> Value | None:
        """What the head of the page states for this leaf."""
        if leaf.from_page is None:
            return None
        if leaf.from_page not in self._page:
            self._page[leaf.from_page] = self.head(leaf.field_type, getattr(self.document.metadata, leaf.from_page))
        return self._page[leaf.from_page]

    def head(self, field_type: FieldType[Any], place: Range | None) -> Value | None:
        if place is None:
            return None
        words = self.text[place.start : place.end]
        value = field_type.parse(words)
        if value is None:
            return None
        return Value(value, Evidence(quote=words, start=place.start, end=place.end, match="page"))

    # -- models ----------------------------------------------------------------------------------

    def item(self, branch: Branch, answer: BaseModel, path: str) -> Item:
        item = Item(branch, path)
        for child in branch.children:
            said = getattr(answer, child.name)
            here = joined(path, child.name)
            if isinstance(child, Branch):
                entries = (said if child.many else [said]) if said is not None else []
                item.items[child.name] = [
                    self.item(child, entry, f"{here}[{index}]" if child.many else here)
                    for index, entry in enumerate(entries)
                ]
            elif isinstance(child.field_type, FlagField) and not child.field_type.quoted:
                item.flags[child.name] = said
            elif child.many:
                item.lists[child.name] = self.entries(child, said, here) if said else []
            elif said is not None or child.from_page is not None:
                value = self.leaf(child, said, here)
                if value is not None:
                    item.values[child.name] = value
        for term in branch.relations:
            said = {name: getattr(answer, name) for name in (term.start, term.months, term.end)}
            told = {name: self.said.confidence.get(joined(path, name)) for name in said}
            sure = {name: confidence for name, confidence in told.items() if confidence is not None}
            for name, confidence in sure.items():
                if confidence < self.said.least_confidence:
                    said[name] = None  # as if it had not been said
            self.issues = relate_term(term, item.values, said, path, self.context, self.issues, sure)
        self.drop_unfinished(item)
        self.drop_empty(item)
        return item

    def drop_unfinished(self, item: Item) -> None:
        """A date whose year nothing fixed is no date."""
        for name, found in list(item.values.items()):
            if found.value is None:
                del item.values[name]
                self.issue(
                    joined(item.answer_path, name),
                    "not_supported",
                    "no year: the article gives neither one nor a date that fixes it",
                    found.evidence.quote,
                )

    def drop_empty(self, item: Item) -> None:
        """Parts that may be missing and lost what they require, or everything, are not delivered."""
        for child in item.branch.children:
            if not isinstance(child, Branch) or not (child.many or child.optional):
                continue
            kept = []
            for entry in item.items[child.name]:
                lacking = missing(entry)
                if lacking:
                    reason = f"left out: the article does not support its {' and '.join(lacking)}"
                elif not says_anything(entry):
                    reason = "left out: the article supports nothing of it"
                else:
                    kept.append(entry)
                    continue
                self.issue(entry.answer_path, "not_supported", reason, None)
            item.items[child.name] = kept

    # -- leaves ----------------------------------------------------------------------------------

    def leaf(self, leaf: Leaf, said: Any, path: str) -> Value | None:
        page = self.from_page(leaf)
        answered = None if said is None else self.answered(leaf.field_type, said, path, report=page is None)
        if page is None:
            return answered
        if answered is not None and leaf.field_type.same(page.value, answered.value) == 0.0:
            self.issue(path, "contradicted", f"the head of the page says {page.value}", said, as_span(page.evidence))
        return page

    def entries(self, leaf: Leaf, said: Sequence[Any], path: str) -> list[Value]:
        """The supported entries of a list, each value once."""
        kept: list[Value] = []
        for index, entry in enumerate(said):
            found = self.answered(leaf.field_type, entry, f"{path}[{index}]")
            if found is None or found.value is None:
                continue
            if not any(leaf.field_type.same(found.value, other.value) == 1.0 for other in kept):
                kept.append(found)
        return kept

    def answered(self, field_type: FieldType[Any], said: Any, path: str, *, report: bool = True) -> Value | None:
        if isinstance(said, str):
            found = self.words(field_type, said, path, report=report)
        else:
            found = self.choice(field_type, said.value, said.quote, path)
        sure = self.said.confidence.get(path)
        if found is None or sure is None:
            return found
        if sure < self.said.least_confidence:
            message = f"its confidence is {sure:.2f}, less than {self.said.least_confidence:.2f}"
            answer = said if isinstance(said, str) else {"value": said.value, "quote": said.quote}
            self.issue(path, "uncertain", message, answer, as_span(found.evidence))
            return None
        if not isinstance(said, str) and found.value != said.value:
            return found  # it was sure enough that there is something, and not of this
        return Value(found.value, found.evidence.model_copy(update={"confidence": sure}), path)

    def choice(self, field_type: FieldType[Any], value: Any, quote: str, path: str) -> Value | None:
        """A value that the model chose, with the words that show it."""
        hits = self.locator.find(quote)
        hit = hits[0] if hits else self.locator.find_fuzzy(quote)
        if hit is None:
            self.issue(path, "not_found", "the quoted words are not in the article", {"value": value, "quote": quote})
            return None
        evidence = self.evidence(hit)
        if field_type.support(evidence.quote, value, self.context):
            return Value(value, evidence)
        other = field_type.parse(evidence.quote, self.context)
        answer, place = {"value": value, "quote": quote}, as_span(evidence)
        if isinstance(field_type, CategoryField) and other is not None:
            # What words state is read by us, wherever we can read it: here they show one category alone.
            self.issue(path, "contradicted", f"these words show {other!r}, not {value!r}", answer, place)
            return Value(other, evidence)
        self.issue(path, "not_supported", "the words do not show it", answer, place)
        return None

    def words(self, field_type: FieldType[Any], words: str, path: str, *, report: bool = True) -> Value | None:
        """The value that copied words state, where they stand in the article."""
        hits = self.locator.find(words)
        problem: tuple[IssueReason, str] = ("not_found", "these words are not in the article")
        readings: list[Value] = []
        for hit in hits[:MOST_PLACES]:
            if isinstance(field_type, NameField):
                found = self.name(field_type, hit)
            else:
                found = self.reading(field_type, hit)
            if isinstance(found, str):
                problem = ("not_supported", found)
                continue
            readings.append(found)
            if isinstance(field_type, NameField) or found.value is None:
                break  # a name says the same everywhere
        if not readings:
            if report:
                self.issue(path, *problem, words)
            return None
        return self.fuller(field_type, readings)

    def fuller(self, field_type: FieldType[Any], readings: Sequence[Value]) -> Value:
        """The first place; but a headline's "£18.4m" gives way to "up to £18.4m", where the text agrees."""
        first, *others = readings
        headline = self.document.metadata.headline
        if not others or headline is None or not isinstance(field_type, MoneyField):
            return first
        if not headline.start <= first.evidence.start < headline.end:
            return first
        fuller = [
            found
            for found in others
            if found.value == first.value.model_copy(update={"qualifier": found.value.qualifier})
        ]
        agree = len(fuller) == len(others) and len({found.value.qualifier for found in fuller}) == 1
        return fuller[0] if agree else first

    def reading(self, field_type: FieldType[Any], hit: Located) -> Value | str:
        """The one value stated at a place, or why there is none."""
        mentions = field_type.read(self.text, hit.start, hit.end, self.context)
        if len(mentions) > 1 and len({repr(mention.value) for mention in mentions}) > 1:
            return "they state more than one: " + ", ".join(mention.words for mention in mentions)
        if mentions:
            mention = mentions[0]
            alone = field_type.support(mention.words, mention.value)
            if not alone and not field_type.support(mention.words, mention.value, self.context):
                return "the words do not carry the value"
            evidence = Evidence(quote=mention.words, start=mention.start, end=mention.end, match=hit.match)
            needed = None if alone else self.needed(field_type)
            if needed is not None:
                evidence = evidence.model_copy(update={"also": (needed,)})
            return Value(mention.value, evidence)
        words = self.text[hit.start : hit.end]
        if hit.match == "normalised":  # a line break may part a word: "three-⏎year", "bil-⏎lion"
            for whole in (collapse(words), " ".join(_BREAK_AFTER_HYPHEN.sub("-", words).split())):
                value = field_type.parse(whole, self.context)
                if value is not None and field_type.support(whole, value, self.context):
                    return Value(value, self.evidence(hit))
        if isinstance(field_type, DateField) and yearless(words) is not None:
            return Value(None, self.evidence(hit))
        if isinstance(field_type, DateField | DayField) and self.context.reference is None:
            if field_type.parse(words, Context(reference=date(2000, 7, 1))) is not None:
                return "it is counted from the day of publication, which is not known; give it as `published`"
        return f"they state no {field_type.name}"

    def needed(self, field_type: FieldType[Any]) -> Span | None:
        """What it takes beside its own words to read a value: whose "$" it is, or the day that dates count from."""
        if not isinstance(field_type, MoneyField):
            return self.context_span
        if self.home is None:
            return None
        return Span(quote=self.text[self.home.start : self.home.end], start=self.home.start, end=self.home.end)

    def name(self, field_type: NameField, hit: Located) -> Value | str:
        """A name, in the fullest form that the article uses for the same body."""
        value = field_type.parse(self.text[hit.start : hit.end])
        if value is None:
            return "they name nobody"
        used = self.evidence(hit)
        if not field_type.resolve_aliases:
            return Value(value, used)
        full, (start, end) = self.fullest(value)
        if full == value:
            return Value(value, used)
        fullest = Evidence(quote=self.text[start:end], start=start, end=end, match="alias", also=(as_span(used),))
        if not field_type.support(fullest.quote, full):
            return Value(value, used)
        return Value(full, fullest)

    def fullest(self, name: str) -> tuple[str, tuple[int, int]]:
        """The fullest form of a name and where it stands; the contracts of an article share their parties."""
        if self._aliases is None:
            self._aliases = find_aliases(self.text)
        if name not in self._fullest:
            self._fullest[name] = fullest_form(name, self.text, self._aliases, self.locator)
        return self._fullest[name]

    # -- small parts -----------------------------------------------------------------------------

    def evidence(self, hit: Located) -> Evidence:
        return Evidence(quote=self.text[hit.start : hit.end], start=hit.start, end=hit.end, match=hit.match)

    def issue(self, path: str, reason: IssueReason, message: str, answer: Any, *sources: Span) -> None:
        self.issues.append(Issue(path=path, reason=reason, message=message, answer=answer, sources=sources))


def _at(answer: BaseModel, path: str) -> Any:
    value: Any = answer
    for part in path.split("."):
        value = getattr(value, part, None)
    return value
