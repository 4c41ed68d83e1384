"""One article asked of a small model: a form to fill in, one short line at a time.

A model of a few hundred million parameters cannot write a whole record, but it can finish a line.
It sees solved forms, the article, and the first label of an empty form; what it may write is
limited by a grammar to words that the article contains (or `none`), and each filled line becomes
part of the prompt of the next. All prompts of an article share their beginning, and all articles
of a task the solved forms, so that almost every token is computed once and found in the model's
KV cache afterwards.

The outcome is the same answer that a large model gives in one piece, and it takes the same way
through grounding. Of a list of entries (`contracts`) one entry is asked: the article's main one.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Set
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel

from llm_extract.document import Document
from llm_extract.fields import CategoryField, Context, FlagField, NameField, TextField
from llm_extract.fields.dates import parse_reference
from llm_extract.fields.names import normalise_name
from llm_extract.grammar import choice_grammar, is_run, span_grammar
from llm_extract.model.types import Request, Sampling, Usage
from llm_extract.prompt import Question
from llm_extract.schema import Branch, Leaf

if TYPE_CHECKING:
    from llm_extract.model import Model
    from llm_extract.task import Task

NONE = "none"
"""What the form says where the article says nothing."""

MAX_CHOICES = 40
"""The most candidates that one line offers; a grammar of many strings is slow to compile."""

ANSWER_TOKENS = 48
"""The longest answer to one line, in tokens."""


async def ask(
    model: Model, task: Task, document: Document, sampling: Sampling, repeat: int = 0
) -> tuple[BaseModel, str, Usage]:
    """Fill the form for one article.

    Args:
        model: a model that takes plain completions under a grammar.
        task: what to ask; its prompt's `questions` are the labels, in their order, and its examples
            the solved forms.
        document: the article.

    Returns:
        The answer, the model that gave it, and what all lines together cost.

    Raises:
        ExtractionError, FatalError: as `Model.answer`.
    """
    text = _WRAP.sub(" ", document.sent_text)
    context = Context(reference=_published(document))
    short = sampling.model_copy(update={"max_output_tokens": ANSWER_TOKENS})
    prompt = solved_forms(task) + f"Article:\n{_one_block(text)}\n\nForm:\n"
    answers: dict[str, Any] = {}
    named: set[str] = set()
    usage, answered_by = Usage(), model.endpoint.model
    for line in _form(task):
        passage = _passage(line.question, text)
        options = _options(line.leaf, passage, context, document, named)
        if not (passage if options is None else options):
            continue  # the article states nothing of this kind: there is no question
        grammar = span_grammar(passage) if options is None else choice_grammar([*options, NONE])
        prompt += f"{line.question.label}:"
        request = Request(prompt=prompt, grammar=grammar, sampling=short, stop=("\n",), repeat=repeat)
        answered = await model.answer(request, _reader(passage, options))
        words = answered.answer
        usage, answered_by = usage + answered.usage, answered.completion.model
        prompt += f" {words}\n"
        if words != NONE:
            answers[line.path] = words if options is None else options[words]
            if isinstance(line.leaf.field_type, NameField):
                named.add(normalise_name(words))
    return task.schema.answer.model_validate(_assemble(task.schema.root, answers)), answered_by, usage


_WRAP = re.compile(r"(?<=[^\n]{55})(?<![.!?:\"”])\n(?!\n)")
"""A line break that only wraps a long line: no sentence and no paragraph ends there."""


class _Line(NamedTuple):
    """One line of the form."""

    question: Question
    path: str
    leaf: Leaf


def _form(task: Task) -> list[_Line]:
    """The lines of the form: those of the prompt's `questions` in their order, then what is left."""
    leaves = {path: leaf for path, leaf in task.schema.root.leaves() if not _skipped(leaf)}
    questions = task.prompt.file.front.questions
    order = [path for path in questions if path in leaves] + [path for path in leaves if path not in questions]
    names = Counter(leaf.name for leaf in leaves.values())
    return [
        _Line(questions.get(path) or Question(label=_label(path, names[leaves[path].name] > 1)), path, leaves[path])
        for path in order
    ]


def _passage(question: Question, text: str) -> str:
    """The sentences in which the answer is looked for, a line each."""
    if not question.near:
        return text
    near = _near(question.near)
    return "\n".join(sentence for sentence in _SENTENCE.split(text) if near.search(sentence))


@lru_cache(maxsize=256)
def _near(source: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{source})(?!\w)", re.IGNORECASE)


_SENTENCE = re.compile(r"(?<=[.!?][\s\"'’”])\s*(?=[A-Z\"'‘“£$€])|\n+")
"""Where one sentence ends and the next begins. "Corp. Bank" is cut too: a shorter passage does no harm."""


def _reader(text: str, options: Mapping[str, Any] | None) -> Callable[[str], str]:
    """What takes a line as answered, and refuses one that its grammar should not have let pass.

    An endpoint that cannot compile a grammar may ignore it without a word.
    """

    def read(line: str) -> str:
        words = line.strip()
        if words == NONE or (is_run(words, text) if options is None else words in options):
            return words
        raise ValueError(f"{words!r} is not among the words that the article offers here")

    return read


def _published(document: Document) -> date | None:
    place = document.metadata.published
    return None if place is None else parse_reference(document.text[place.start : place.end])


def solved_forms(task: Task) -> str:
    """The prompt's examples as solved forms: the beginning that all articles of a task share."""
    parts = [f"{task.prompt.file.front.description}. Copied from each article; {NONE} if it does not say.\n\n"]
    for example in task.prompt.file.front.examples:
        shown = {line.question.label: _shown(_first(example.answer, line.path)) for line in _form(task)}
        if set(shown.values()) == {NONE}:
            continue  # a small model that has seen an empty form writes nothing else
        lines = [f"{label}: {words}\n" for label, words in shown.items()]
        parts.append(f"Article:\n{_one_block(example.article)}\n\nForm:\n{''.join(lines)}\n")
    return "".join(parts)


def _options(
    leaf: Leaf, passage: str, context: Context, document: Document, named: Set[str]
) -> Mapping[str, Any] | None:
    """What may be written on this line, with the answer it stands for; None: any words of the passage.

    A body that is named on one line (as the supplier) is not offered on another (as the buyer).
    """
    field_type = leaf.field_type
    if isinstance(field_type, TextField):
        return None
    options: dict[str, Any] = {}
    for mention in field_type.find(passage, context):
        words = " ".join(mention.words.split())
        if isinstance(field_type, CategoryField):
            options.setdefault(mention.value, {"value": mention.value, "quote": words})
        elif isinstance(field_type, NameField):
            if normalise_name(words) not in named and field_type.parse(words) is not None:
                options.setdefault(words, words)
        elif not _is_dateline(words, document):
            options.setdefault(words, words)
    return dict(itertools.islice(options.items(), MAX_CHOICES))


def _is_dateline(words: str, document: Document) -> bool:
    """Whether the words are only the article's own date, which is no date of what it tells."""
    place = document.metadata.published
    return place is not None and words == document.text[place.start : place.end]


def _skipped(leaf: Leaf) -> bool:
    """Not asked: what the page's own head says, and judgements without words."""
    return leaf.from_page is not None or isinstance(leaf.field_type, FlagField)


def _assemble(branch: Branch, answers: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The flat lines as one answer: an entry for each list, if anything of it was answered."""
    data: dict[str, Any] = {}
    for child in branch.children:
        here = f"{path}{child.name}{'[]' if child.many else ''}"
        if isinstance(child, Branch):
            entry = _assemble(child, answers, f"{here}.")
            filled = any(key.startswith(f"{here}.") for key in answers)
            data[child.name] = ([entry] if filled else []) if child.many else entry
        elif isinstance(child.field_type, FlagField):
            data[child.name] = {"value": True, "quote": ""} if child.field_type.quoted else True
        else:
            said = answers.get(here)
            data[child.name] = ([] if said is None else [said]) if child.many else said
    return data


def _first(answer: Any, path: str) -> Any:
    """The first value at a path such as `contracts[].buyers[]` of an example's answer."""
    for part in path.split("."):
        if not isinstance(answer, Mapping):
            return None
        answer = answer.get(part.removesuffix("[]"))
        if part.endswith("[]"):
            answer = answer[0] if answer else None
    return answer


def _shown(said: Any) -> str:
    if said is None:
        return NONE
    return str(said["value"]) if isinstance(said, Mapping) else str(said)


def _label(path: str, shared: bool) -> str:
    """A label from a field's name, with those above it where another field is called the same."""
    parts = path.replace("[]", "").split(".")
    return " ".join(parts if shared else parts[-1:]).replace("_", " ").capitalize()


def _one_block(text: str) -> str:
    """The article without blank lines: they would end it, and cost tokens."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
