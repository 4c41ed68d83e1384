"""One article asked of a small model: a form to fill in, one short line at a time.

A model of a few hundred million parameters cannot write a whole record, but it can finish a line. It
sees the article and the first label of an empty form; what it may write is limited by a grammar to
words that the article contains (or `none`), and each filled line becomes part of the prompt of the
next. All prompts of an article share their beginning, so that almost every token is computed once and
found in the model's KV cache afterwards. `llm_extract.form` says which lines there are.

The outcome is the same answer that a large model gives in one piece, and it takes the same way
through grounding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from llm_extract.document import Document, has_words
from llm_extract.fields import Context, NameField
from llm_extract.fields.countries import home_of_sums
from llm_extract.fields.datelines import find_dateline
from llm_extract.fields.dates import parse_reference
from llm_extract.fields.names import normalise_name
from llm_extract.form import NONE, Form, Line, assemble, make_form, one_block, said_at
from llm_extract.grammar import choice_grammar
from llm_extract.grounding import Said
from llm_extract.model.adapters import Adapter, confidences
from llm_extract.model.types import Completion, Likelihood, Request, Sampling, Usage

if TYPE_CHECKING:
    from llm_extract.model import Model
    from llm_extract.task import Task

ANSWER_TOKENS = 96
"""The longest answer to a line with one entry, in tokens."""

LIST_TOKENS = 4 * ANSWER_TOKENS
"""The longest answer to a line with several."""

MOST_ENTRIES = 12
"""The most entries that are asked of one article."""

SILENCE = 0.5
"""How probable `none` must be to be taken, where the model tells; if less, words are likelier, only which is open."""


def asked_text(document: Document) -> str:
    """An article's text as a small model is asked about it: without furniture, long lines unwrapped."""
    return _WRAP.sub(" ", document.sent_text)


_WRAP = re.compile(r"(?<=[^\n]{55})(?<![.!?:\"”])\n(?!\n)")
"""A line break that only wraps a long line: no sentence and no paragraph ends there."""


def context_of(document: Document, published: date | None = None) -> Context:
    """What readers may know beside the words that they read: when and where the article was published.

    `published` is the day where the caller knows it.
    """
    home = home_of_sums(document.text)
    return Context(reference=published or _stated_day(document), country=home and home.country)


def _stated_day(document: Document) -> date | None:
    place = document.metadata.published or find_dateline(document.text)
    return None if place is None else parse_reference(document.text[place.start : place.end])


def prompt_start(text: str) -> str:
    """What every question about an article begins with."""
    return f"Article:\n{one_block(text)}\n\nForm:\n"


def solved_forms(task: Task) -> str:
    """The prompt's examples as filled forms: what a model that was not tuned sees before the article.

    All articles of a task share this beginning. Of each example its first entry is shown, and none without one: a
    small model that has seen an empty form writes nothing else.
    """
    form = make_form(task)
    parts = [f"{task.prompt.file.front.description}. Copied from each article; {NONE} if it does not say.\n\n"]
    for example in task.prompt.file.front.examples:
        lines = [(line, said_at(example.answer, line.path)) for line in form.lines]
        entries = [] if form.name is None else example.answer.get(form.name)
        for entry in entries[:1] if isinstance(entries, list) else ():
            lines += [(line, said_at(entry, line.path)) for line in form.entry]
        if not any(said for _, said in lines):
            continue
        filled = "".join(f"{line.label}: {line.write(said)}\n" for line, said in lines)
        parts.append(f"{prompt_start(example.article)}{filled}\n")
    return "".join(parts)


async def ask(
    model: Model,
    task: Task,
    document: Document,
    sampling: Sampling,
    repeat: int = 0,
    published: date | None = None,
    *,
    adapter: Adapter | None = None,
) -> tuple[Said, str, Usage]:
    """Fill the form for one article.

    Args:
        model: a model that takes plain completions under a grammar.
        task: what to ask; its prompt's `questions` are the labels, in their order.
        document: the article.
        published: its day of publication, where the caller knows it.
        adapter: what is known of the adapter that the model is tuned with; None: it is not tuned.

    Returns:
        What the model said and how sure it was, which model it was, and what all lines together cost.

    Raises:
        ExtractionError, FatalError: as `Model.answer`.
    """
    start = "" if adapter is not None else solved_forms(task)
    context = context_of(document, published)
    filling = _Filling(model, adapter, start, asked_text(document), context, sampling, repeat)
    form = make_form(task)
    head = {line.path: await filling.line(line, "", "") for line in form.lines}
    answer = assemble(task.schema.root, head)
    if form.name is not None:
        branch = next(child for child in task.schema.root.children if child.name == form.name)
        answer[form.name] = [assemble(branch, entry) for entry in await _entries(filling, form)]  # type: ignore[arg-type]
    said = Said(task.schema.answer.model_validate(answer), likelihoods=filling.likelihoods)
    if adapter is not None:
        confidence = confidences(filling.likelihoods, adapter.confidence)
        said = said._replace(confidence=confidence, least_confidence=adapter.least_confidence)
    return said, filling.answered_by, filling.usage


async def _entries(filling: _Filling, form: Form) -> list[dict[str, Any]]:
    """The entries of the form's list, until the model says that there are no more, or begins to repeat itself.

    A model that was not tuned finds no end, and says that there is no entry where it is only unsure of the first
    line: it is asked for one entry, the article's main one.
    """
    entries: list[dict[str, Any]] = []
    while len(entries) < (MOST_ENTRIES if filling.tuned else 1):
        entry: dict[str, Any] = {}
        here, kind = f"{form.name}[{len(entries)}].", f"{form.name}[]."
        for line in form.entry:
            entry[line.path] = await filling.line(line, here, kind)
            if line.opens and not entry[line.path]:
                return entries
        if any(_says_no_more(entry, before) for before in entries):
            return entries
        entries.append(entry)
    return entries


def _says_no_more(entry: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether all that an entry states is stated by one before it: then the model tells of the same again.

    Other words for the same choice state nothing new. Of 3,921 contracts of training articles 3 were such.
    """
    return all(_stated(said) <= _stated(before[path]) for path, said in entry.items())


def _stated(said: Any) -> set[str]:
    answers = said if isinstance(said, list) else [said]
    words = (answer["value"] if isinstance(answer, Mapping) else answer for answer in answers)
    return {word for word in words if isinstance(word, str)}


class _Filling:
    """The form of one article while it is being filled."""

    def __init__(
        self,
        model: Model,
        adapter: Adapter | None,
        start: str,
        text: str,
        context: Context,
        sampling: Sampling,
        repeat: int,
    ) -> None:
        self.usage, self.answered_by = Usage(), model.endpoint.model
        self.likelihoods: dict[str, Likelihood] = {}
        self._model = model
        self.tuned = adapter is not None
        """Whether the model was tuned for this form."""
        self._reads_both_ways = adapter is not None and adapter.attention == "prefix"
        self._text = text
        self._context = context
        self._sampling = {
            many: sampling.model_copy(update={"max_output_tokens": LIST_TOKENS if many else ANSWER_TOKENS})
            for many in (False, True)
        }
        self._repeat = repeat
        self._prompt = start + prompt_start(text)
        self._applies: dict[str, bool] = {}
        self._grammars: dict[tuple[str, bool], str] = {}
        self._named: set[str] = set()
        self._first: Request | None = None
        """Reads the article."""
        self._entry: float | None = 1.0
        """How probable it was that there are as many entries as were opened; None: not told."""

    async def line(self, line: Line, here: str, kind: str) -> Any:
        """What the model says on a line; nothing for a line that this article cannot answer.

        `here` is the entry's place in the answer (`contracts[0].`), `kind` that of all such entries (`contracts[].`).
        """
        asked = f"{kind}{line.path}"
        if asked not in self._applies:
            self._applies[asked] = line.applies(self._text, self._context)
        offers = None if self.tuned else line.offers(self._text, self._context, self._named)
        if not self._applies[asked] or offers == []:
            return [] if line.leaf.many else None
        self._prompt += f"{line.label}:"
        if offers is not None:
            said = await self._chosen(line, offers)
            self._prompt += f" {line.write(said)}\n"
            return said
        silent = self.tuned or not line.opens or not has_words(self._text)
        said, completion = await self._asked(line, asked, silent=silent)
        tokens, states = completion.tokens, line.states(completion.beginnings)
        unsure = not said and said is not False and tokens and math.exp(tokens[0][1]) < SILENCE
        if unsure and has_words(self._text):
            # Its first choice was silence, but all words together are likelier: it is not sure which words.
            said, completion = await self._asked(line, asked, silent=False)
            tokens = completion.tokens
        self._prompt += f" {line.write(said)}\n"
        if self.tuned:
            if line.opens:
                self._entry = None if self._entry is None or states is None else self._entry * states
            for number, seen in enumerate(line.likelihoods(tokens, states, self._entry if kind else None)):
                path = f"{here}{line.path}".replace("[].", "[0].").removesuffix("[]")
                path += f"[{number}]" if line.leaf.many else ""
                self.likelihoods[path] = seen
        return said

    async def _chosen(self, line: Line, offers: list[str]) -> Any:
        """What a model that was not tuned chooses on a line."""
        said, _ = await self._answered(line, choice_grammar(offers if line.opens else [*offers, NONE]))
        if isinstance(line.leaf.field_type, NameField):
            self._named.update(map(normalise_name, said if line.leaf.many else [said] if said else []))
        return said

    async def _asked(self, line: Line, path: str, *, silent: bool) -> tuple[Any, Completion]:
        """The answer on a line, read and as it came.

        `path` is the line's in the schema: `contracts[].value`; `silent`: whether it may say that the article does not
        tell.
        """
        key = path, silent
        if key not in self._grammars:
            self._grammars[key] = line.grammar(self._text, silent=silent)
        return await self._answered(line, self._grammars[key])

    async def _answered(self, line: Line, grammar: str) -> tuple[Any, Completion]:
        request = Request(
            prompt=self._prompt,
            grammar=grammar,
            sampling=self._sampling[line.leaf.many],
            stop=("\n",),
            repeat=self._repeat,
            logprobs=self.tuned,
            # What the server knows of another article that begins alike was read with that one's end in view.
            anew=self._reads_both_ways and self.usage.calls == 0,
        )
        read = partial(line.read, text=self._text)
        answered = await self._model.answer(request, read)
        self._first = self._first or request
        if request.anew and answered.usage.calls and request is not self._first:
            # The lines before were kept of a form that was broken off, so that the article was read together with them,
            # and with these in view. It is read as it was the first time, and the line asked behind it.
            first = await self._model.answer(self._first._replace(replay=False), str)
            self.usage += answered.usage + first.usage
            answered = await self._model.answer(request._replace(anew=False, replay=False), read)
        self.usage, self.answered_by = self.usage + answered.usage, answered.completion.model
        return answered.answer, answered.completion
