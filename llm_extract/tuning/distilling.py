"""Distilling: what a large model says of an archive, as far as it is verified, becomes training data.

The teacher reads the archive as any batch does (`llm_extract.batch`), with its ledger, cache, budget and resumption;
this module only picks from the run what may be learnt from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from llm_extract.batch.ledger import Ledger
from llm_extract.batch.records import Row
from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import gold_paths, read_article, read_gold_file
from llm_extract.files import write_whole
from llm_extract.result import Issue
from llm_extract.task import Task
from llm_extract.tuning.data import same_text, verified


class Distilled(NamedTuple):
    """How many records of a run were written, and why the others were not."""

    written: int
    doubtful: int
    """Something that the teacher answered is not in the record, so that the article may say more."""
    gold: int
    """The article is one of the task's gold."""


def distil(task: Task, run: Path, out: Path, gold: Path | None = None) -> Distilled:
    """Write the records of a run that are verified throughout, an Extraction a line: what `tune --data` reads.

    Copies have no record of their own, so every text occurs once.

    Args:
        task: whose records they are.
        run: the folder of a batch run, finished or not.
        out: the file of JSON lines; after a crash it is all of the old or all of the new.
        gold: the folder that holds the task's `gold/`, whose articles are left out; None if there is none.

    Raises:
        RunError: the folder holds no run.
        EvaluationError: the gold does not hold.
    """
    measured = set() if gold is None else texts_of(gold)
    lines: list[bytes] = []
    doubtful = of_gold = 0
    for record in Ledger.read(run):
        if not isinstance(record, Row):
            continue
        extraction: Any = record.extraction
        if not verified(task, [Issue.model_validate(issue) for issue in extraction["issues"]]):
            doubtful += 1
        elif same_text(extraction["document"]["text"]) in measured:
            of_gold += 1
        else:
            lines.append(record.json + b"\n")
    write_whole(out, b"".join(lines))
    return Distilled(len(lines), doubtful, of_gold)


def texts_of(gold: Path) -> set[str]:
    """Digests of the articles of a gold folder, whatever their split.

    Raises:
        EvaluationError: a file of it does not hold.
    """
    return {same_text(read_article(path, read_gold_file(path)).text) for path in gold_paths(gold)}


def gold_of(task: Task) -> Path | None:
    """The task's gold; None if it has none."""
    from llm_extract.evaluation.gold import gold_directory

    try:
        return gold_directory(task.name)
    except EvaluationError:
        return None
