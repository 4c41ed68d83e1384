"""What in a gold set does not hold.

*Errors* are facts: a record that breaks the schema, words that do not stand in the article, a value without words,
a story in two splits. *Notes* are for a second look: a value that our own field types read otherwise in the words
given, which is a slip of the annotator or a weakness of the reader.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import Gold, fixed, gold_paths, located, read_gold, written
from llm_extract.evaluation.items import Plan, entries_of, every_value, make_plan, reference_day
from llm_extract.evaluation.support import carries
from llm_extract.files import write_text
from llm_extract.task import Task, is_installed

SPLITS = ("dev", "test")
"""To work with, and only for the gate: an article in any other split would be measured by nobody."""
_WORD = re.compile(r"\w+")
SHINGLE = 5
"""Words in a run: two articles are compared by the runs that they share."""
ALIKE = 0.5
"""Share of the shorter article's runs that makes two articles copies of each other."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one gold file."""

    level: Literal["error", "note"]
    name: str
    path: str
    """The value's path; empty if it is about the whole file."""
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """All findings, and what was looked at."""

    findings: tuple[Finding, ...]
    articles: int
    splits: dict[str, int]
    entries: int
    values: int
    fixed: tuple[Path, ...] = ()
    """The files that were written anew."""

    @property
    def errors(self) -> int:
        """How many findings are facts that do not hold."""
        return sum(finding.level == "error" for finding in self.findings)


def audit(task: Task, directory: Path, *, fix: bool = False) -> Audit:
    """Look at every gold file of a folder.

    Args:
        task: the task whose gold it is.
        directory: `evals/TASK`, which holds `gold/`.
        fix: write the places of quotes where they are missing or wrong.

    Raises:
        EvaluationError: there is no gold at all, or what is to be mended is the installed package's.
    """
    if fix and is_installed(directory):
        raise EvaluationError(f"{directory} is inside the installed package: copy it to evals/{task.name} here")
    plan = make_plan(task.schema)
    findings: list[Finding] = []
    read: list[Gold] = []
    refused: list[str] = []
    changed: list[Path] = []
    for path in gold_paths(directory):
        try:
            gold = read_gold(path, task.schema)
            if fix:
                mended = fixed(gold, plan)
                if mended != gold.file:
                    _write(path, written(mended))
                    changed.append(path)
                    gold = read_gold(path, task.schema)
        except EvaluationError as error:
            findings.append(Finding("error", path.stem, "", str(error).removeprefix(f"{path}: ")))
            refused.append(path.stem)
            continue
        read.append(gold)
        findings += _evidence(gold, plan)
    findings += [*_splits(read), *_copies(read), *_examples(task, read), *_orphans(directory, read, refused)]
    return Audit(
        findings=tuple(findings),
        articles=len(read),
        splits=dict(Counter(gold.file.split or "none" for gold in read)),
        entries=sum(len(entries_of(gold.record, kind)) for gold in read for kind in plan.kinds),
        values=sum(len(every_value(gold.record, plan)) for gold in read),
        fixed=tuple(changed),
    )


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)  # whole or not at all: a label is somebody's work
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be written: {error.strerror or error}") from error


def _evidence(gold: Gold, plan: Plan) -> Iterator[Finding]:
    """Every value has words, they stand where they are said to stand, and they carry it."""
    published = reference_day(gold.record, plan)
    values = every_value(gold.record, plan)
    for field, (path, value) in values:
        given = gold.file.evidence.get(path)
        if given is None:
            yield Finding("error", gold.name, path, f"{value!r} has no evidence")
            continue
        found = located(gold.document, given)
        if found is None:
            yield Finding("error", gold.name, path, f"its words do not stand in the article: {_shown(given)}")
            continue
        if found != given:
            yield Finding("error", gold.name, path, "the places of its words are missing or wrong: run with --fix")
        if any(not _allowed(gold, span.start, span.end) for span in found.spans):
            yield Finding("note", gold.name, path, "its words stand in what is taken for page furniture")
        if not carries(field, value, [span.quote for span in found.spans], published):
            yield Finding("note", gold.name, path, f"{value!r} is not what our reader finds in {_shown(found)}")
    held = {value.path for _, value in values}
    for path in (path for path in gold.file.evidence if path not in held):
        yield Finding("error", gold.name, path, "evidence for a value that the record does not have")


def _allowed(gold: Gold, start: int, end: int) -> bool:
    return not any(place.start < end and start < place.end for place in gold.document.excluded)


def _shown(evidence: object) -> str:
    spans = getattr(evidence, "spans", None)
    quotes = [span.quote for span in spans] if spans else [evidence] if isinstance(evidence, str) else evidence
    return " + ".join(repr(quote) for quote in quotes) if isinstance(quotes, list) else repr(quotes)


def _splits(read: Sequence[Gold]) -> Iterator[Finding]:
    """A story is in one split; if one article has a split, all have."""
    stories: dict[str, set[str | None]] = defaultdict(set)
    for gold in read:
        stories[gold.story].add(gold.file.split)
    any_split = any(gold.file.split for gold in read)
    for gold in read:
        if any_split and gold.file.split is None:
            yield Finding("error", gold.name, "split", "is in no split, others are")
        if gold.file.split not in (None, *SPLITS):
            yield Finding("error", gold.name, "split", f"{gold.file.split!r} is none of {', '.join(SPLITS)}")
        if len(stories[gold.story]) > 1:
            splits = ", ".join(sorted(str(split) for split in stories[gold.story]))
            yield Finding("error", gold.name, "split", f"its story {gold.story!r} is in several splits: {splits}")


def _shingles(text: str) -> set[int]:
    words = _WORD.findall(text.casefold())
    return {hash(tuple(words[at : at + SHINGLE])) for at in range(max(1, len(words) - SHINGLE + 1))}


def _copies(read: Sequence[Gold]) -> Iterator[Finding]:
    """No article is another one again."""
    shingles = [_shingles(gold.document.text) for gold in read]
    holders: dict[int, list[int]] = defaultdict(list)
    for index, found in enumerate(shingles):
        for shingle in found:
            holders[shingle].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for indexes in holders.values():
        if 1 < len(indexes) < 50:
            shared.update((a, b) for at, a in enumerate(indexes) for b in indexes[at + 1 :])
    for (a, b), count in sorted(shared.items()):
        share = count / min(len(shingles[a]), len(shingles[b]))
        if share >= ALIKE:
            yield Finding("error", read[b].name, "", f"{share:.0%} of its words in a row are those of {read[a].name}")


def _examples(task: Task, read: Sequence[Gold]) -> Iterator[Finding]:
    """What the prompt shows as solved cannot be asked."""
    for number, example in enumerate(task.prompt.file.front.examples, 1):
        shown = _shingles(example.article)
        for gold in read:
            asked = _shingles(gold.document.text)
            if len(shown & asked) / min(len(shown), len(asked)) >= ALIKE:
                yield Finding("error", gold.name, "", f"the prompt shows this article as its example {number}")


def _orphans(directory: Path, read: Sequence[Gold], refused: Sequence[str]) -> Iterator[Finding]:
    """Articles that have no gold, and gold files that share an article."""
    articles = [(directory / gold.file.article).resolve() for gold in read]
    used = Counter(articles)
    for gold, article in zip(read, articles, strict=True):
        if used[article] > 1:
            yield Finding("error", gold.name, "article", f"{gold.file.article} has several gold files")
    for path in sorted((directory / "articles").rglob("[!.]*")):
        # A gold file that could not be read is an error already: its article is not without gold.
        if path.is_file() and path.resolve() not in used and path.stem not in refused:
            yield Finding("note", path.stem, "", f"{path.relative_to(directory).as_posix()} has no gold file")
