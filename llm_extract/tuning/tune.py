"""From a task and its gold to an adapter: gather, train, choose; `llm_extract.tuning.writing` measures and writes it.

Everything on the way is kept in a working folder, and the same order goes on from there after a kill::

    terms.json           what is trained on what; another order gets a folder of its own
    checkpoint.pt        the training's place
    adapter-NNNNNN.pt    the adapter at each check, and checks.jsonl how it did
    adapter-mean.pt      the mean of the last ones
    adapter-start.pt     the adapter that it began with, and adapter-mean-with-start.pt the mean of that and its end
    before-….jsonl       what the base model said of the articles that judge
    after-NNNNNN-….jsonl what it said with the adapter that was chosen
    adapter/             the finished adapter, before it is copied to where the task looks for it
"""

from __future__ import annotations

import json
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_extract.errors import EmbeddedModelError, RunError, UsageError
from llm_extract.files import locked, write_text
from llm_extract.form import make_form
from llm_extract.model.adapters import DESCRIPTION, WEIGHTS, Adapter, read_adapter
from llm_extract.model.gguf import read_header
from llm_extract.model.machine import usable_cores
from llm_extract.model.weights import EmbeddedModel, model_file
from llm_extract.task import Task, is_installed, shipped_directory
from llm_extract.tuning.adapter_file import read_weights, write_adapter
from llm_extract.tuning.bases import KEPT_TOKENS, LICENCES, find_base, too_large
from llm_extract.tuning.choosing import CHECKS, Kept, all_checks, best_of, file_of, forget_later_checks, note_check
from llm_extract.tuning.data import Material, gather
from llm_extract.tuning.training import Device, Plan, Trainer

if TYPE_CHECKING:
    from llm_extract.settings import Settings

PACKAGES = ("torch", "transformers", "peft", "gguf", "numpy", "scipy", "xllamacpp")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be trained on what."""

    task: Task
    base: str = "gemma3-270m"
    gold: Path | None = None
    train: tuple[Path, ...] = ()
    data: tuple[Path, ...] = ()
    plan: Plan = field(default_factory=Plan)
    device: Device = "auto"
    out: Path | None = None
    folder: Path | None = None
    start: Path | None = None
    """The folder of an adapter that the training begins with; None: with one that changes nothing."""
    command: str = ""
    """As the user gave it, for the card."""


@dataclass(frozen=True)
class Work:
    """An order whose articles are read and whose folders are known."""

    order: Order
    base: EmbeddedModel
    weights: Path
    material: Material
    folder: Path
    out: Path
    start: Adapter | None
    """What is known of the adapter that the training begins with."""
    notes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.order.task


class Trained(NamedTuple):
    """What came out of the training."""

    best: Kept
    checks: tuple[Kept, ...]
    weights: Path
    """`adapter.gguf`."""
    steps: int
    minutes: float
    machine: str


def check_packages() -> None:
    """Whether everything is installed.

    Raises:
        UsageError: what is missing, and how to get it.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise UsageError(f"tuning needs {', '.join(missing)}: pip install 'llm-extract[tune]'")


def prepare(order: Order, settings: Settings) -> Work:
    """Read the articles, find the base's weights, and say where everything goes.

    Raises:
        EvaluationError, TaskError: the articles do not do.
        ModelNameError, EmbeddedModelError: the base is not known, or not installed; the adapter to begin with does not
            hold.
        UsageError: the adapter cannot be written where it is to go, or the one to begin with fits another base.
    """
    from llm_extract.model.cache import default_cache_directory

    base = find_base(order.base)
    start = None if order.start is None else _read_start(order.start, base)
    material = gather(order.task, order.gold, order.train, order.data)
    cache = settings.cache_dir or default_cache_directory()
    weights = model_file(base.name, cache / "models", KEPT_TOKENS.get(base.name))
    out, notes = destination(order.task, order.out)
    decided = terms(order, base, material, start)
    digest = sha256(json.dumps(decided).encode()).hexdigest()[:6]
    name = f"{order.task.name}-{base.name}-{decided['data']}-{digest}"
    folder = order.folder or cache / "tuning" / name
    if (out / DESCRIPTION).is_file():
        notes = (*notes, f"the adapter in {out}{_of_another_base(out, base)} will be replaced")
    return Work(order, base, weights, material, folder, out, start, (*material.notes, *notes))


def _of_another_base(folder: Path, base: EmbeddedModel) -> str:
    try:
        before = read_adapter(folder).base
    except EmbeddedModelError:
        return ""  # damaged: whatever it was, it serves nobody
    return "" if before == base.name else f", which serves {before} and will no more,"


def _read_start(folder: Path, base: EmbeddedModel) -> Adapter:
    start = read_adapter(folder)
    if (start.base, start.tokens) != (base.name, KEPT_TOKENS.get(base.name)):
        raise UsageError(f"the adapter {folder} fits {start.base}, not {base.name} as it is tuned now")
    return start


def destination(task: Task, out: Path | None) -> tuple[Path, tuple[str, ...]]:
    """The adapter's folder, and what the user should know about it.

    Raises:
        UsageError: it is inside the installed package, or the task has no file.
    """
    if task.where is None:
        raise UsageError("a task made from a schema alone has no place for an adapter: write prompts/NAME.md")
    place = Path("prompts") / f"{task.name}.adapter"
    if out is not None:
        if is_installed(out):
            raise UsageError(f"{out} is inside the installed package, which the next installation overwrites")
        return out, ()
    if not is_installed(task.where):
        return task.where / place, ()
    note = (
        f"{task.name} is part of the installed package, so its adapter goes to {place} here; it is used once the "
        f"task's files are beside it: copy prompts/{task.name}.md and schemas/{task.name}.py from {shipped_directory()}"
    )
    return place, (note,)


@contextmanager
def held(work: Work) -> Iterator[None]:
    """The working folder, for this process alone.

    Raises:
        RunError: it is in use, cannot be written, or belongs to another order.
    """
    try:
        work.folder.mkdir(parents=True, exist_ok=True)
        lock = (work.folder / "lock").open("ab")
    except OSError as error:
        raise RunError(f"{work.folder}: {error.strerror or error}") from error
    with lock:
        if not locked(lock.fileno()):
            raise RunError(f"{work.folder} is in use: another process trains there")
        _settle(work)
        yield


def terms(order: Order, base: EmbeddedModel, material: Material, start: Adapter | None) -> dict[str, Any]:
    """Everything that decides what a training is."""
    return {
        "format": 2,
        "task": order.task.name,
        "form": make_form(order.task).fingerprint,
        "base": base.name,
        "base_sha256": base.sha256,
        "tokens": KEPT_TOKENS.get(base.name),
        "data": material.digest,
        "start": start and start.weights_sha256,
        "plan": asdict(order.plan),
    }


def _settle(work: Work) -> None:
    file = work.folder / "terms.json"
    wanted = json.loads(json.dumps(terms(work.order, work.base, work.material, work.start)))
    if not file.is_file():
        if (work.folder / "checkpoint.pt").exists():
            raise RunError(f"{work.folder} holds a training of which nothing is known: choose another --folder")
        write_text(file, json.dumps(wanted, indent=2) + "\n")
        return
    found = json.loads(file.read_text("utf-8"))
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise RunError(
            f"{work.folder} holds a training with other terms ({', '.join(other)}): choose another --folder, or leave "
            "it out"
        )


# -- training --------------------------------------------------------------------------------------------------------


def train(work: Work, say: Say, on_start: Callable[[Trainer], None] = lambda trainer: None) -> Trained | None:
    """Train, or go on with it, and write the best adapter as GGUF. None if it was stopped before its end.

    Args:
        work: what `prepare` gave; its folder is `held`.
        say: called with lines of progress.
        on_start: is given the trainer before its first step, so that it can be stopped.

    Raises:
        UsageError: no such device, the adapter would be too large or the one to begin with is of another size, or
            every lesson is too long.
    """
    trainer = _trainer(work, say)
    on_start(trainer)
    file = work.folder / CHECKS
    forget_later_checks(file, trainer.step)
    for check in trainer.run():
        note_check(file, trainer, check)
    if trainer.stopped:
        return None
    checks = all_checks(file, trainer)
    for kept in checks:
        if kept.mean_of > 1 or kept.with_start:
            say(f"{kept.named}: loss {kept.check.loss:.3f}, stated lines right {kept.check.stated:.3f}")
    best = best_of(checks)
    weights = work.folder / "adapter" / WEIGHTS
    weights.parent.mkdir(exist_ok=True)
    _convert(work, trainer, best, weights)
    if trainer.stopped:  # meanwhile: what comes next is asking, and a new adapter in the task's place
        return None
    return Trained(best, checks, weights, trainer.step, trainer.elapsed / 60, machine(trainer.device))


def _trainer(work: Work, say: Say) -> Trainer:
    # Before torch is loaded: threads that wait without working make a shared machine ten times as fast.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    os.environ.setdefault("TQDM_DISABLE", "1")  # the bars of transformers, between our lines
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    plan = work.order.plan
    if work.order.device == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no GPU here; --device auto takes one where there is one")
    material = work.material
    say("reading the base model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # between transformers and peft
        trainer = Trainer(
            work.folder,
            work.weights,
            material.lessons,
            material.held_out_lessons,
            plan,
            say,
            device=work.order.device,
        )
    wrong = too_large(trainer.adapter_bytes, plan.rank)
    if wrong is not None:
        raise UsageError(wrong)
    if trainer.too_long:
        say(f"{trainer.too_long} lessons have more than {plan.longest} tokens and are passed over")
    if trainer.too_long == len(material.lessons):
        raise UsageError("every article is too long to learn from")
    if work.order.start is not None and not trainer.step:
        _begin_with(trainer, work, work.order.start)
    if trainer.step:
        say(f"going on at step {trainer.step}, after {trainer.elapsed / 60:.1f} of {plan.minutes:g} min")
    return trainer


def _begin_with(trainer: Trainer, work: Work, folder: Path) -> None:
    try:
        trainer.begin_with(read_weights(folder / WEIGHTS, trainer.masters, **_layout(work, trainer)))
    except ValueError as error:
        raise UsageError(f"{folder} is no adapter to begin with: {error}") from error
    # Of two that read otherwise there is no mean.
    if work.start is not None and work.start.attention == work.order.plan.attention:
        trainer.save(trainer.start_file)


def _layout(work: Work, trainer: Trainer) -> dict[str, Any]:
    config = trainer.model.base_model.model.config
    return {
        "architecture": read_header(work.weights).architecture,
        "heads": config.num_attention_heads,
        "key_value_heads": config.num_key_value_heads,
    }


def _convert(work: Work, trainer: Trainer, best: Kept, weights: Path) -> None:
    import torch

    write_adapter(
        weights,
        torch.load(file_of(trainer, best), map_location="cpu", weights_only=True)["adapter"],
        alpha=work.order.plan.alpha,
        description=f"{LICENCES[work.base.name].notice}; for llm_extract's task {work.task.name}",
        **_layout(work, trainer),
    )


def machine(device: str) -> str:
    """What kind of machine this is, for the card."""
    cores = usable_cores()
    kind = f"{platform.machine()}, {cores} {'core' if cores == 1 else 'cores'}"
    if device == "cuda":
        import torch

        kind += f", {torch.cuda.get_device_name()}"
    return kind
