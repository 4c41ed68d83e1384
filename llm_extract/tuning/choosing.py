"""Which adapter of a training is taken: what was checked on the way, the mean of the last ones, and the best of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_extract.files import write_text
from llm_extract.tuning.training import Check

if TYPE_CHECKING:
    from llm_extract.tuning.training import Trainer

CHECKS = "checks.jsonl"
"""The file of a training's folder that has a line a check."""


class Kept(NamedTuple):
    """A check, and the adapter that it was made of."""

    step: int
    minutes: float
    check: Check
    mean_of: int = 1
    """1: the adapter as it was after that step. Else the mean of so many, the last checked ones."""
    with_start: bool = False
    """Whether it is half that, and half the adapter that the training began with."""

    @property
    def named(self) -> str:
        """What a user is told that it is."""
        own = (
            f"adapter of step {self.step}" if self.mean_of == 1 else f"mean of the last {self.mean_of} checked adapters"
        )
        return f"mean of the start and the {own}" if self.with_start else own


def note_check(file: Path, trainer: Trainer, check: Check) -> None:
    """Add a check that was just made to a training's file of checks."""
    line = {"step": trainer.step, "minutes": round(trainer.elapsed / 60, 2), **check._asdict()}
    with file.open("a") as lines:
        lines.write(json.dumps(line) + "\n")


def forget_later_checks(file: Path, step: int) -> None:
    """Take out of a training's file of checks those of steps behind `step`, from where it goes on.

    A kill threw them away: their adapters are of no part of what follows. A torn line goes, too.
    """
    kept = [line for line in _lines(file) if line["step"] <= step]
    if file.is_file():
        write_text(file, "".join(json.dumps(line) + "\n" for line in kept))


def all_checks(file: Path, trainer: Trainer) -> tuple[Kept, ...]:
    """The checks of a training that has ended, and of three or more that of the mean of the last half.

    Of one that began with an adapter that reads alike also that of the mean of its end and its start: what is learnt
    anew costs some of what was known, and the mean has most of both (M. Wortsman and others, "Robust fine-tuning of
    zero-shot models", 2022).
    At least one: a plan without checks, or a folder that lost them, has the last adapter checked now.
    """
    checks = read_checks(file, trainer)
    if not checks:
        trainer.save(trainer.adapter_file(trainer.step))
        checks = (Kept(trainer.step, round(trainer.elapsed / 60, 2), trainer.check()),)
    if len(checks) > 2:
        checks = (*checks, _mean(trainer, checks[-(len(checks) // 2) :]))
    if trainer.start_file.is_file():
        checks = (*checks, _mean_with_start(trainer, checks[-1]))
    return checks


def read_checks(file: Path, trainer: Trainer) -> tuple[Kept, ...]:
    """The checks that were made, whose adapters are there; of two of one step the later. A torn line is passed over."""
    found: dict[int, Kept] = {}
    for data in _lines(file):
        if trainer.adapter_file(data["step"]).is_file():
            check = Check(data["loss"], data["lines"], data["stated"])
            found[data["step"]] = Kept(data["step"], data["minutes"], check)
    return tuple(found[step] for step in sorted(found))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _mean(trainer: Trainer, last: tuple[Kept, ...]) -> Kept:
    """The mean of adapters of one training, and how it does: it often generalises better than each of them.

    After P. Izmailov and others, "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.
    """
    trainer.take_mean([trainer.adapter_file(kept.step) for kept in last])
    trainer.save(trainer.folder / _MEAN)
    return Kept(last[-1].step, last[-1].minutes, trainer.check(), len(last))


def _mean_with_start(trainer: Trainer, end: Kept) -> Kept:
    trainer.take_mean([file_of(trainer, end), trainer.start_file])
    trainer.save(trainer.folder / _MEAN_WITH_START)
    return end._replace(check=trainer.check(), with_start=True)


_MEAN, _MEAN_WITH_START = "adapter-mean.pt", "adapter-mean-with-start.pt"


def file_of(trainer: Trainer, kept: Kept) -> Path:
    """Where the adapter of a check is."""
    if kept.with_start:
        return trainer.folder / _MEAN_WITH_START
    return trainer.adapter_file(kept.step) if kept.mean_of == 1 else trainer.folder / _MEAN


def best_of(checks: tuple[Kept, ...]) -> Kept:
    """The check with the least loss; of equals that with most stated lines right.

    Lines right are right word for word, given the right ones before. Twice a mean with the start had fewer of them and
    was the better one when asked; its loss was then the least, or as good as the least.
    """
    return min(checks, key=lambda kept: (kept.check.loss, -kept.check.stated))
