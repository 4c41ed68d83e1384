"""The form that a small model fills: a record as short lines, one field each.

A model of a few hundred million parameters cannot write a record in one piece, but it can finish a
line. An entry of the record's list (a contract) is a block of lines in a fixed order; after the last
line of one block the first line of the next is asked, until the model says that there is no more::

    Deal: award = has awarded
    Main: yes
    Buyer: Lindhaven City Council
    Supplier: Corvane; Brightline Consulting
    Value: roughly 30 million euros
    Option: none
    …
    Deal: none

What stands after a label is words of the article (several of them parted by "; "), a choice and the
words that show it (parted by " = "), `yes` or `no`, or `none`. A choice comes before its words: so the model
weighs the few choices against each other and against `none`, not all the places where words begin. This
module says which lines there are and how an answer is written on one and read from it: `questions` asks
the lines of a model, `tuning` teaches them, and both use the same code, so that a model is asked exactly
what it was taught.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from llm_extract.errors import TaskError
from llm_extract.fields import CategoryField, Context, FieldType, FlagField, NameField, TextField
from llm_extract.fields.names import normalise_name
from llm_extract.grammar import choice_grammar, is_run, line_grammar
from llm_extract.model.types import Likelihood
from llm_extract.schema import Branch, Leaf

if TYPE_CHECKING:
    from llm_extract.task import Task

NONE = "none"
"""What a line says where the article says nothing."""

MOST_ITEMS = 16
"""The most entries of one line."""

MOST_OFFERS = 40
"""The most words that one line offers; a grammar of many strings is slow to compile."""

LONGEST = 160
"""The most characters of the words of one entry of a line."""

_WRITING = 2
"""Counts the ways in which answers have been written on lines: a model knows the one that it was taught."""

_YES, _NO = "yes", "no"
SILENT = (NONE, _YES, _NO)
"""Lines that hold no words of the article."""
_NEXT, _SHOWS = ";", " = "


@dataclass(frozen=True)
class Line:
    """One line of the form."""

    label: str
    path: str
    """From the entry down: `buyers[]`; lists that are inside an entry are asked for their first entry."""
    leaf: Leaf
    opens: bool = False
    """The first line of an entry of a list: `none` says that there are no more entries."""

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """How the values of a category are written, with what they stand for."""
        field_type = self.leaf.field_type
        if not isinstance(field_type, CategoryField):
            return {}
        return {value.replace("_", " "): value for value in field_type.values}

    def applies(self, text: str, context: Context) -> bool:
        """Whether an article can answer this line: one without any sum is not asked for a sum."""
        return _always_applies(self.leaf) or self.leaf.field_type.may_state(text, context)

    @property
    def longest(self) -> int:
        """The most characters of the words of one entry: no more than the schema's answer takes."""
        return _longest(self.leaf.field_type)

    def grammar(self, text: str, *, silent: bool = True) -> str:
        """What may be written on this line, as a grammar for `Request.grammar`; `silent`: also `none`.

        Raises:
            DocumentError: the text has no words, and `silent` is False.
        """
        if isinstance(self.leaf.field_type, FlagField):
            return choice_grammar((_YES, _NO))
        return line_grammar(
            text,
            none=NONE if silent else None,
            most=MOST_ITEMS if self.leaf.many else 1,
            leading=tuple(f"{choice}{_SHOWS}" for choice in self.choices),
            between=_NEXT,
            longest=self.longest,
        )

    def offers(self, text: str, context: Context, taken: Set[str]) -> list[str] | None:
        """What could be written on this line, as far as the field type finds it; None: any words.

        A model that was not tuned for the task chooses among these: it is better at choosing than at finding. A
        name that is `taken` (in normal form) is not offered again.
        """
        field_type = self.leaf.field_type
        if isinstance(field_type, TextField | FlagField) or (
            isinstance(field_type, CategoryField) and not field_type.cues
        ):
            return None
        found: dict[str, str] = {}
        for mention in field_type.find(text, context):
            words = " ".join(mention.words.split())
            key = mention.value if isinstance(field_type, CategoryField) else words
            if key in found or len(words) > self.longest or not self.writable(words, text):
                continue
            if isinstance(field_type, CategoryField):
                found[key] = self._write_one({"value": mention.value, "quote": words})
            elif not (isinstance(field_type, NameField) and normalise_name(words) in taken):
                found[key] = words
        return list(islice(found.values(), MOST_OFFERS))

    def read(self, written: str, text: str) -> Any:
        """The answer that a line states, in the shape that the schema's answer has.

        Raises:
            ValueError: it is nothing that the line's grammar lets pass. (An endpoint that cannot compile a
                grammar may ignore it without a word.)
        """
        written = written.strip()
        if isinstance(self.leaf.field_type, FlagField):
            if written not in (_YES, _NO):
                raise ValueError(f"{written!r} is neither {_YES} nor {_NO}")
            return written == _YES
        if written == NONE:
            return [] if self.leaf.many else None
        parts = written.split(_NEXT) if self.leaf.many else [written]
        if len(parts) > MOST_ITEMS:
            raise ValueError(f"{len(parts)} entries on one line, more than {MOST_ITEMS}")
        said = [self._read_one(part.strip(), text) for part in parts]
        return said if self.leaf.many else said[0]

    def _read_one(self, part: str, text: str) -> Any:
        choice, _, words = part.partition(_SHOWS) if self.choices else ("", "", part)
        if self.choices and choice not in self.choices:
            raise ValueError(f"{choice!r} is none of the choices of this line: {', '.join(self.choices)}")
        if not is_run(words, text):
            raise ValueError(f"{words!r} is not among the words that the article offers here")
        if len(words) > self.longest:
            raise ValueError(f"{words[: self.longest]!r}… goes on for more than {self.longest} characters")
        if not self.choices:
            return words
        return {"value": self.choices[choice], "quote": words}

    def write(self, said: Any) -> str:
        """The line that states an answer: what `read` reads back."""
        if isinstance(self.leaf.field_type, FlagField):
            return _YES if said else _NO
        if not said:
            return NONE
        entries = said if self.leaf.many else [said]
        return f"{_NEXT} ".join(self._write_one(entry) for entry in entries)

    def _write_one(self, entry: Any) -> str:
        if not self.choices:
            return " ".join(str(entry).split())
        words = " ".join(str(entry["quote"]).split())
        return f"{str(entry['value']).replace('_', ' ')}{_SHOWS}{words}"

    def likelihoods(
        self, tokens: Sequence[tuple[str, float]], states: float | None = None, entry: float | None = None
    ) -> list[Likelihood]:
        """How probable each answer on this line was, from its tokens and their log probabilities; none if not told.

        Of a choice it is that of the choice: which of the words that show it are copied matters less.

        Args:
            tokens: what was written on the line.
            states: how probable it was that the line states something; see `states`.
            entry: how probable its entry was.
        """
        if not tokens:
            return []
        sums, there = [0.0], [states]
        chosen = False
        for token, logprob in tokens:
            if self.leaf.many and _NEXT in token:
                sums.append(0.0)
                there.append(None if there[-1] is None else there[-1] * math.exp(min(logprob, 0.0)))
                chosen = False
                continue
            chosen = chosen or (bool(self.choices) and _SHOWS.strip() in token)
            if not chosen:
                sums[-1] += logprob
        owns = (math.exp(min(total, 0.0)) for total in sums)
        return [Likelihood(own, of_line, entry) for own, of_line in zip(owns, there, strict=True)]

    def states(self, beginnings: Sequence[tuple[str, float]]) -> float | None:
        """How probable it was that a line states something, from the likeliest tokens that it could begin with.

        None if these were not told, or it is a line that always does.
        """
        if not beginnings or isinstance(self.leaf.field_type, FlagField):
            return None
        return 1 - min(sum(math.exp(logprob) for token, logprob in beginnings if token.strip() == NONE), 1.0)

    def writable(self, words: str, text: str) -> bool:
        """Whether these words can stand on this line of an article's form."""
        words = " ".join(words.split())
        return (
            words != NONE
            and len(words) <= self.longest
            and is_run(words, text)
            and not (self.leaf.many and _NEXT in words)
        )


@dataclass(frozen=True)
class Form:
    """The lines of a task: of the record itself, and of one entry of its list."""

    lines: tuple[Line, ...]
    """Asked once an article."""
    entry: tuple[Line, ...]
    """Asked for every entry of `name`."""
    name: str | None
    """The list's name in the record; None for a record without a list of entries."""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change when a model would be asked something else."""
        terms = [
            [line.path, line.label, line.leaf.many, _kind(line.leaf.field_type), list(line.choices)]
            for line in (*self.lines, *self.entry)
        ]
        return sha256(json.dumps([_WRITING, self.name, terms]).encode()).hexdigest()[:16]


def _kind(field_type: FieldType[Any]) -> str:
    """What decides how a field is asked for; the cues of a category do not, and its values are told beside."""
    return type(field_type).__name__ if isinstance(field_type, CategoryField) else repr(field_type)


def _check_choices(path: str, leaf: Leaf) -> None:
    """Values that a line could not tell from each other, or from its own signs."""
    if not isinstance(leaf.field_type, CategoryField):
        return
    written: dict[str, str] = {}
    for value in leaf.field_type.values:
        shown = value.replace("_", " ")
        if _NEXT in shown or _SHOWS in shown or shown in written or shown == NONE:
            other = f", as {written[shown]!r} is" if shown in written else ""
            raise TaskError(
                f"{path}: the model in the box cannot choose {value!r}, which it would write as {shown!r}{other}"
            )
        written[shown] = value


def make_form(task: Task) -> Form:
    """The form of a task: the prompt's `questions` in their order, then the schema's other leaves.

    The first list of entries of the schema is asked entry for entry, every other one for its first entry. An entry
    begins with the first line whose `none` can mean that there are no more.

    Raises:
        TaskError: a category has a value that no line can hold.
    """
    root, labels = task.schema.root, task.prompt.file.front.questions
    asked = {path: leaf for path, leaf in root.leaves() if leaf.from_page is None and not _no_line(leaf)}
    order = [path for path in labels if path in asked] + [path for path in asked if path not in labels]
    for path in order:
        _check_choices(path, asked[path])
    shared = Counter(asked[path].name for path in order)
    entries = next((child for child in root.children if isinstance(child, Branch) and child.many), None)
    start = "\0" if entries is None else f"{entries.name}[]."
    opening = _opening({path: asked[path] for path in order if path.startswith(start)})
    order.sort(key=lambda path: path != opening)
    lines: list[Line] = []
    entry: list[Line] = []
    for path in order:
        label = labels.get(path) or _label(path, shared[asked[path].name] > 1)
        if path.startswith(start):
            entry.append(Line(label, path.removeprefix(start), asked[path], opens=path == opening))
        else:
            lines.append(Line(label, path, asked[path]))
    return Form(tuple(lines), tuple(entry), entries.name if entries is not None and entry else None)


def assemble(branch: Branch, said: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The answers of an entry's lines, by path, as one answer of the schema.

    A part that may be missing is there if a line of it has words: a yes or no is not enough.
    """
    data: dict[str, Any] = {}
    for child in branch.children:
        here = f"{path}{child.name}{'[]' if child.many else ''}"
        if isinstance(child, Branch):
            filled = any(value and value is not True for key, value in said.items() if key.startswith(f"{here}."))
            # What the head of the page states is not asked, but it needs a place.
            always = not child.many and (not child.optional or any(leaf.from_page for _, leaf in child.leaves()))
            parts = [assemble(child, said, f"{here}.")] if filled or always else []
            data[child.name] = parts if child.many else parts[0] if parts else None
        elif isinstance(child.field_type, FlagField) and not child.many:
            # A flag that is not asked has no words, which grounding says of it.
            unasked = None if child.optional else {"value": True, "quote": ""}
            data[child.name] = unasked if child.field_type.quoted else said.get(here, True)
        else:
            data[child.name] = said.get(here) or ([] if child.many else None)
    return data


def said_at(answer: Any, path: str) -> Any:
    """What an answer says at a line's path, such as `buyers[]` or `price.amount`."""
    *above, last = path.split(".")
    for part in above:
        answer = answer.get(part.removesuffix("[]")) if isinstance(answer, Mapping) else None
        if part.endswith("[]"):
            answer = answer[0] if answer else None
    return answer.get(last.removesuffix("[]")) if isinstance(answer, Mapping) else None


@lru_cache(maxsize=256)
def _longest(field_type: FieldType[Any]) -> int:
    shape = TypeAdapter(field_type.shape()).json_schema()
    return min(LONGEST, int(shape.get("maxLength", LONGEST)))


def _always_applies(leaf: Leaf) -> bool:
    return isinstance(leaf.field_type, CategoryField | FlagField | NameField | TextField)


def _no_line(leaf: Leaf) -> bool:
    """Whether a form has no line for a leaf: for yes or no with words that show it, and for lists of yes and no."""
    return isinstance(leaf.field_type, FlagField) and (leaf.field_type.quoted or leaf.many)


def _opening(leaves: Mapping[str, Leaf]) -> str | None:
    """The path of the first line of an entry: the first with words that an article about such an entry has.

    A yes or no cannot say that there are no more entries, and one that may lack its date is not ruled out by an
    article without dates.
    """
    worded = [path for path, leaf in leaves.items() if not isinstance(leaf.field_type, FlagField)]
    stated = [
        path for path in worded if _always_applies(leaves[path]) or not (leaves[path].optional or leaves[path].many)
    ]
    return next(iter([*stated, *worded, *leaves]), None)


def _label(path: str, shared: bool) -> str:
    """A label from a field's name, with those above it where another field is called the same."""
    parts = path.replace("[]", "").split(".")
    return " ".join(parts if shared else parts[-1:]).replace("_", " ").capitalize()


def one_block(text: str) -> str:
    """An article without blank lines: they would end it, and cost tokens."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
