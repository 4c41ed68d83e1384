"""Training data: what is learnt from, what only judges, and what is never learnt from.

Beside its gold a task may have a folder `train/` with more of the same; further folders and files of JSON lines are
given by name. Of the gold the split `dev` judges and the split `test` is left alone: its texts are only compared, so
that none of them is learnt from by accident. Gold without splits judges, all of it. Where there is nothing else to
learn from, what judges is parted here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from llm_extract.document import Document
from llm_extract.errors import DocumentError, EvaluationError
from llm_extract.evaluation.gold import Gold, GoldEvidence, GoldSet, first_problem, located, read_gold_set
from llm_extract.evaluation.predictions import PredictedEvidence
from llm_extract.form import Form, make_form
from llm_extract.result import Issue
from llm_extract.schema import leaf_path
from llm_extract.task import Task
from llm_extract.tuning.lessons import Lesson, WordlessError, lesson_of, make_lesson

HELD_OUT_SPLIT, LEFT_ALONE = "dev", "test"

_PART = 4
_FEWEST_HELD_OUT = 2


class Source(NamedTuple):
    """Where lessons come from."""

    name: str
    articles: int
    digest: str
    """12 hexadecimal digits that change with any article or record."""


@dataclass(frozen=True)
class Material:
    """What a training works with."""

    lessons: tuple[Lesson, ...]
    held_out: GoldSet
    """The articles that choose and calibrate."""
    split: str | None
    """The split that they are of; None where the gold has none."""
    parted: bool
    """Whether the rest of that split (of the gold, if it has none) is learnt from."""
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    """What the user should know about what was left out."""

    @property
    def held_out_lessons(self) -> tuple[Lesson, ...]:
        """The articles that judge, as lessons."""
        return tuple(make_lesson(self.held_out.task, gold) for gold in self.held_out.items)

    @property
    def digest(self) -> str:
        """12 hexadecimal digits that change with anything that is learnt or judged."""
        lessons = (*self.lessons, *self.held_out_lessons)
        return _digest(piece for lesson in lessons for piece, _ in lesson.parts())


class _Candidate(NamedTuple):
    name: str
    where: str
    text: str
    lesson: Lesson


def gather(task: Task, gold: Path | None = None, train: Sequence[Path] = (), data: Sequence[Path] = ()) -> Material:
    """Everything that a training needs, read and checked.

    Args:
        task: the task to be learnt.
        gold: the folder that holds the task's `gold/`; by default `evals/TASK`.
        train: further folders with `articles/` and `gold/`, all of which is learnt from.
        data: files of JSON lines, each an `Extraction`, or an object of `text`, `record` and `evidence`; or folders of
            batch runs.

    Raises:
        EvaluationError: no gold, too little of it, a line that does not hold, or an article of the split `test` among
            those to be learnt from.
    """
    whole = read_gold_set(task, gold)
    form = make_form(task)
    notes = []
    folders = [whole.directory / "train"] if (whole.directory / "train" / "gold").is_dir() else []
    parts = [(shown(folder, task), _of_gold(task, read_gold_set(task, folder).items)) for folder in (*folders, *train)]
    for file in data:
        lines, left_out = _of_data(task, form, file)
        parts.append((shown(file, task), lines))
        if left_out:
            notes.append(
                f"{shown(file, task)}: {left_out} records left out: something that was answered is not verified"
            )
    split = HELD_OUT_SPLIT if any(item.file.split for item in whole.items) else None
    judging = whole.split(split)
    own = [item for item in whole.items if split and item.file.split not in (HELD_OUT_SPLIT, LEFT_ALONE)]
    parted = not (own or any(candidates for _, candidates in parts))
    held_out = judging
    if not parted and len(judging.items) < _FEWEST_HELD_OUT:
        raise EvaluationError(
            f"{len(judging.items)} article judges what is learnt, and {_FEWEST_HELD_OUT} are needed: label another in "
            f"{shown(whole.directory / 'gold', task)}"
        )
    if parted:
        stories = held_out_stories(item.story for item in judging.items)
        kept = tuple(item for item in judging.items if item.story in stories)
        held_out = GoldSet(task, whole.directory, kept)
        own += [item for item in judging.items if item.story not in stories]
        why = "the gold has no splits" if split is None else f"there is nothing to learn from but the split {split!r}"
        names = ", ".join(item.name for item in kept)
        notes.append(f"{why}: {len(kept)} of its {len(judging.items)} articles judge ({names}), the others are learnt")
    parts.insert(0, (shown(whole.directory, task), _of_gold(task, own)))
    lessons, sources, more = _admitted(whole, held_out, parts)
    if not lessons:
        raise EvaluationError("nothing to learn from: give articles with --train FOLDER or --data FILE.jsonl")
    return Material(lessons, held_out, split, parted, sources, (*notes, *more))


def shown(path: Path, task: Task) -> str:
    """A path as a card may name it: below the working directory or the task's folder, else its last part alone."""
    for start in (Path.cwd(), task.where):
        if start is not None and path.resolve().is_relative_to(start.resolve()):
            return path.resolve().relative_to(start.resolve()).as_posix()
    return path.name


def held_out_stories(stories: Iterable[str]) -> set[str]:
    """A quarter of the stories, at least two: always the same, whatever their order.

    Raises:
        EvaluationError: fewer than three stories.
    """
    by_hash = sorted(set(stories), key=lambda story: sha256(story.encode("utf-8", "surrogatepass")).digest())
    if len(by_hash) <= _FEWEST_HELD_OUT:
        raise EvaluationError(
            f"there are {len(by_hash)} stories to judge and to learn from: two are needed to judge, and one to learn "
            "from; give more with --train FOLDER or --data FILE.jsonl"
        )
    return set(by_hash[: max(_FEWEST_HELD_OUT, len(by_hash) // _PART)])


def _admitted(
    whole: GoldSet, held_out: GoldSet, parts: Sequence[tuple[str, Sequence[_Candidate]]]
) -> tuple[tuple[Lesson, ...], tuple[Source, ...], list[str]]:
    """The lessons that may be learnt from, each text once."""
    left_alone = {same_text(item.document.text): item.name for item in whole.items if item.file.split == LEFT_ALONE}
    judging = {same_text(item.document.text) for item in held_out.items}
    lessons: list[Lesson] = []
    sources: list[Source] = []
    seen: set[str] = set()
    twice = judges = 0
    for name, candidates in parts:
        kept = []
        for candidate in candidates:
            text = same_text(candidate.text)
            if text in left_alone:
                raise EvaluationError(
                    f"{candidate.where}: its article is {left_alone[text]!r} of the split {LEFT_ALONE!r}, which is "
                    "never learnt from: take it out"
                )
            if text in judging:
                judges += 1
            elif text in seen:
                twice += 1
            else:
                seen.add(text)
                kept.append(candidate.lesson)
        lessons += kept
        digest = _digest(piece for lesson in kept for piece, _ in lesson.parts())
        if candidates:
            sources.append(Source(name, len(kept), digest))
    notes = [f"{judges} articles are not learnt from, because they judge"] if judges else []
    notes += [f"{twice} articles are there twice, and learnt from once"] if twice else []
    return tuple(lessons), tuple(sources), notes


def same_text(text: str) -> str:
    """A digest that is the same for texts that differ in white space and case only."""
    return sha256(" ".join(text.split()).casefold().encode("utf-8", "surrogatepass")).hexdigest()


def _digest(pieces: Iterable[str]) -> str:
    found = sha256()
    for piece in pieces:
        found.update(piece.encode("utf-8", "surrogatepass") + b"\0")
    return found.hexdigest()[:12]


def _of_gold(task: Task, items: Iterable[Gold]) -> list[_Candidate]:
    return [_Candidate(item.name, str(item.path), item.document.text, make_lesson(task, item)) for item in items]


# -- records as JSON lines -----------------------------------------------------------------------------------------


def _of_data(task: Task, form: Form, file: Path) -> tuple[list[_Candidate], int]:
    """The records of a file or of a run, and how many were left out because something in them is in doubt."""
    found = []
    left_out = 0
    for number, line in _lines(file):
        where = f"{file}, line {number}"
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EvaluationError(f"{where}: no JSON: {error}") from error
        if not isinstance(data, dict) or "record" not in data or not data.keys() & {"document", "text"}:
            raise EvaluationError(f"{where}: needs `record`, `evidence`, and `document` (of an extraction) or `text`")
        try:
            issues = _ISSUES.validate_python(data.get("issues") or [])
            if not verified(task, issues):
                left_out += 1
                continue
            found.append(_candidate(task, form, f"{file.name}:{number}", where, data))
        except ValidationError as error:
            raise EvaluationError(f"{where}: {first_problem(error)}") from error
        except DocumentError as error:
            raise EvaluationError(f"{where}: {error}") from error
    return found, left_out


_ISSUES = TypeAdapter(list[Issue])


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    if file.is_dir():
        from llm_extract.batch.ledger import Ledger
        from llm_extract.batch.records import Row

        for number, record in enumerate(Ledger.read(file), 1):
            if isinstance(record, Row):
                yield number, record.json
        return
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{file}: {error.strerror or error}") from error
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, line


def _candidate(task: Task, form: Form, name: str, where: str, data: Mapping[str, Any]) -> _Candidate:
    if "document" in data:
        document = Document.model_validate(data["document"])
    else:
        document = Document.from_text(str(data["text"]))
    read = task.record.model_validate(data["record"], strict=False, by_alias=True, by_name=True)
    record = json.loads(read.model_dump_json(by_alias=False))
    evidence = data.get("evidence") or {}
    if not isinstance(evidence, Mapping):
        raise EvaluationError(f"{where}: evidence: an object with a path for each value")
    for path in derived(evidence):
        remove(record, path)
    places = {path: _place(document, found, f"{where}: {path}") for path, found in evidence.items()}
    try:
        return _Candidate(name, where, document.text, lesson_of(form, name, document, record, places))
    except WordlessError as error:
        raise EvaluationError(f"{where}: {error}") from error


def _place(document: Document, found: Any, where: str) -> GoldEvidence:
    if isinstance(found, Mapping):
        found = GoldEvidence.model_validate(PredictedEvidence.model_validate(found).model_dump())
    place = located(document, found) if isinstance(found, GoldEvidence | str | list) else None
    if place is None:
        raise EvaluationError(f"{where}: its words are not in the article")
    return place


def verified(task: Task, issues: Sequence[Issue]) -> bool:
    """Whether a record is right as it stands, although something that was answered is not in it.

    It is if that only follows from what is in it (`derived`), or if the head of the page said it better. Any other
    issue leaves a gap where the article may say something, and a lesson would teach that it says nothing.
    """
    leaves = dict(task.schema.root.leaves())

    def of_page(path: str) -> bool:
        leaf = leaves.get(leaf_path(path))
        return leaf is not None and leaf.from_page is not None

    return all(issue.reason == "derived" or of_page(issue.path) for issue in issues)


def derived(evidence: Mapping[str, Any]) -> list[str]:
    """The paths of values that other values give, so that no words of their own state them."""
    places = Counter(_entry_and_place(path, found) for path, found in evidence.items())
    return [
        path
        for path, found in evidence.items()
        if isinstance(found, Mapping) and found.get("match") == "derived" and places[_entry_and_place(path, found)] > 1
    ]


def _entry_and_place(path: str, found: Any) -> tuple[str, Any, Any]:
    place = found if isinstance(found, Mapping) else {}
    return path.rpartition(".")[0], place.get("start"), place.get("end")


def remove(record: dict[str, Any], path: str) -> None:
    """Make the value at a path null; a path that leads nowhere changes nothing."""
    part: Any = record
    *before, last = path.replace("[", ".").replace("]", "").split(".")
    try:
        for step in before:
            part = part[int(step)] if step.isdigit() else part[step]
    except (KeyError, IndexError, TypeError):
        return
    if isinstance(part, dict) and last in part:
        part[last] = None
