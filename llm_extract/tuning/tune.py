"""From a task and its gold to an adapter: gather, train, choose, measure, calibrate, write.

Everything on the way is kept in a working folder, and the same order goes on from there after a kill::

    terms.json           what is trained on what; another order gets a folder of its own
    checkpoint.pt        the training's place
    adapter-NNNNNN.pt    the adapter at each check, and checks.jsonl how it did
    adapter-mean.pt      the mean of the last ones
    before.jsonl         what the base model said of the articles that judge
    after-NNNNNN.jsonl   what it said with the adapter that was chosen
    adapter/             the finished adapter, before it is copied to where the task looks for it
"""

from __future__ import annotations

import gc
import json
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llm_extract.errors import RunError, UsageError
from llm_extract.files import locked, write_text, write_whole
from llm_extract.form import make_form
from llm_extract.model.adapters import CARD, DESCRIPTION, WEIGHTS, Adapter
from llm_extract.model.gguf import read_header
from llm_extract.model.machine import usable_cores
from llm_extract.model.weights import EmbeddedModel, model_file
from llm_extract.task import Task, shipped_directory
from llm_extract.tuning.adapter_file import write_adapter
from llm_extract.tuning.bases import KEPT_TOKENS, LICENCES, find_base, too_large
from llm_extract.tuning.card import Card, write_card
from llm_extract.tuning.data import Material, gather
from llm_extract.tuning.measuring import Asked, ask_all, calibrate, median_seconds, results_of
from llm_extract.tuning.training import Check, Device, Plan, Trainer
from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.evaluation.summary import Summary
    from llm_extract.settings import Settings

PACKAGES = ("torch", "transformers", "peft", "gguf", "numpy", "scipy")

_PACKAGE = Path(__file__).parents[1]

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
    notes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """What is learnt."""
        return self.order.task


class Kept(NamedTuple):
    """A check, and the adapter that it was made of."""

    step: int
    minutes: float
    check: Check
    mean_of: int = 1
    """1: the adapter as it was after that step. Else the mean of so many, the last checked ones."""


class Trained(NamedTuple):
    """What came out of the training."""

    best: Kept
    checks: tuple[Kept, ...]
    weights: Path
    """`adapter.gguf`."""
    steps: int
    minutes: float
    machine: str


class Tuned(NamedTuple):
    """A finished adapter, and what it brought."""

    folder: Path
    before: Summary
    after: Summary
    adapter: Adapter


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
        ModelNameError, EmbeddedModelError: the base is not known, or not installed.
        UsageError: the adapter cannot be written where it is to go.
    """
    from llm_extract.model.cache import default_cache_directory

    base = find_base(order.base)
    material = gather(order.task, order.gold, order.train, order.data)
    cache = settings.cache_dir or default_cache_directory()
    weights = model_file(base.name, cache / "models", KEPT_TOKENS.get(base.name))
    out, notes = destination(order.task, order.out)
    plan = sha256(json.dumps(asdict(order.plan)).encode()).hexdigest()[:6]
    name = f"{order.task.name}-{base.name}-{material.digest}-{plan}"
    if (out / DESCRIPTION).is_file():
        notes = (*notes, f"the adapter in {out} will be replaced")
    return Work(order, base, weights, material, order.folder or cache / "tuning" / name, out, (*material.notes, *notes))


def destination(task: Task, out: Path | None) -> tuple[Path, tuple[str, ...]]:
    """The adapter's folder, and what the user should know about it.

    Raises:
        UsageError: it is inside the installed package, or the task has no file.
    """
    if task.where is None:
        raise UsageError("a task made from a schema alone has no place for an adapter: write prompts/NAME.md")
    place = Path("prompts") / f"{task.name}.adapter"
    if out is not None:
        if out.resolve().is_relative_to(_PACKAGE.resolve()):
            raise UsageError(f"{out} is inside the installed package, which the next installation overwrites")
        return out, ()
    if not task.where.resolve().is_relative_to(_PACKAGE.resolve()):
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


def terms(work: Work) -> dict[str, Any]:
    """Everything that decides what a training is."""
    return {
        "format": 1,
        "task": work.task.name,
        "form": make_form(work.task).fingerprint,
        "base": work.base.name,
        "base_sha256": work.base.sha256,
        "tokens": KEPT_TOKENS.get(work.base.name),
        "data": work.material.digest,
        "plan": asdict(work.order.plan),
    }


def _settle(work: Work) -> None:
    file = work.folder / "terms.json"
    wanted = json.loads(json.dumps(terms(work)))
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
        UsageError: no such device, the adapter would be too large, or every lesson is too long.
    """
    trainer = _trainer(work, say)
    on_start(trainer)
    file = work.folder / "checks.jsonl"
    for check in trainer.run():
        line = {"step": trainer.step, "minutes": round(trainer.elapsed / 60, 2), **check._asdict()}
        with file.open("a") as lines:
            lines.write(json.dumps(line) + "\n")
    if trainer.stopped:
        return None
    checks = read_checks(file, trainer)
    if not checks:  # all of a plan without checks, or of a folder that lost them
        trainer.save(trainer.adapter_file(trainer.step))
        checks = (Kept(trainer.step, round(trainer.elapsed / 60, 2), trainer.check()),)
    if len(checks) > 2:
        checks = (*checks, _mean(trainer, checks[-(len(checks) // 2) :]))
        say(f"the mean of the last {checks[-1].mean_of} checked adapters: lines right {checks[-1].check.lines:.3f}")
    best = best_of(checks)
    weights = work.folder / "adapter" / WEIGHTS
    weights.parent.mkdir(exist_ok=True)
    _convert(work, trainer, best, weights)
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
    if trainer.step:
        say(f"going on at step {trainer.step}, after {trainer.elapsed / 60:.1f} of {plan.minutes:g} min")
    return trainer


def read_checks(file: Path, trainer: Trainer) -> tuple[Kept, ...]:
    """The checks that were made, whose adapters are there; of two of one step the later. A torn line is passed over."""
    found: dict[int, Kept] = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if trainer.adapter_file(data["step"]).is_file():
            check = Check(data["loss"], data["lines"], data["stated"])
            found[data["step"]] = Kept(data["step"], data["minutes"], check)
    return tuple(found[step] for step in sorted(found))


def _mean(trainer: Trainer, last: tuple[Kept, ...]) -> Kept:
    """The mean of adapters of one training, and how it does: it often generalises better than each of them.

    After P. Izmailov and others, "Averaging Weights Leads to Wider Optima and Better Generalization", 2018.
    """
    trainer.take_mean([trainer.adapter_file(kept.step) for kept in last])
    trainer.save(_mean_file(trainer))
    return Kept(last[-1].step, last[-1].minutes, trainer.check(), len(last))


def _mean_file(trainer: Trainer) -> Path:
    return trainer.folder / "adapter-mean.pt"


def best_of(checks: tuple[Kept, ...]) -> Kept:
    """The check with most stated lines right; of equals that with the least loss."""
    return max(checks, key=lambda kept: (kept.check.stated, -kept.check.loss))


def _convert(work: Work, trainer: Trainer, best: Kept, weights: Path) -> None:
    import torch

    file = trainer.adapter_file(best.step) if best.mean_of == 1 else _mean_file(trainer)
    config = trainer.model.base_model.model.config
    write_adapter(
        weights,
        torch.load(file, map_location="cpu", weights_only=True)["adapter"],
        architecture=read_header(work.weights).architecture,
        alpha=work.order.plan.alpha,
        heads=config.num_attention_heads,
        key_value_heads=config.num_key_value_heads,
        description=f"{LICENCES[work.base.name].notice}; for llm_extract's task {work.task.name}",
    )


def machine(device: str) -> str:
    """What kind of machine this is, for the card."""
    cores = usable_cores()
    kind = f"{platform.machine()}, {cores} {'core' if cores == 1 else 'cores'}"
    if device == "cuda":
        import torch

        kind += f", {torch.cuda.get_device_name()}"
    return kind


# -- measuring and writing ----------------------------------------------------------------------------------------


def finish(work: Work, trained: Trained, settings: Settings, say: Say) -> Tuned:
    """Ask base and adapter about the articles that judge, calibrate, and write the adapter where the task looks for it.

    Raises:
        FatalError: the embedded model cannot be run.
    """
    from llm_extract.background import run
    from llm_extract.evaluation.summary import summarise

    gc.collect()  # the trained model's memory is wanted for the one that is asked
    gold, staging = work.material.held_out, trained.weights.parent
    raw = Adapter(
        base=work.base.name,
        base_sha256=work.base.sha256,
        tokens=KEPT_TOKENS.get(work.base.name),
        weights_sha256=sha256(trained.weights.read_bytes()).hexdigest(),
        form=make_form(work.task).fingerprint,
    )
    write_text(staging / DESCRIPTION, written(raw))
    before = run(_ask(work, settings, "before.jsonl", None, _said_of("the base model", say)))
    mean = f"-mean-{trained.best.mean_of}" if trained.best.mean_of > 1 else ""
    file = f"after-{trained.best.step:06d}{mean}.jsonl"
    after = run(_ask(work, settings, file, staging, _said_of("the tuned model", say)))
    found = calibrate(gold, after)
    adapter = raw.model_copy(update={"confidence": found.confidence, "least_confidence": found.least_confidence})
    split = work.material.split
    of_base = summarise(results_of(gold, before), model="base", split=split)
    of_adapter = summarise(found.honest, model="tuned", split=split)
    card = Card(
        task=work.task.name,
        base=work.base,
        adapter=adapter,
        material=work.material,
        plan=work.order.plan,
        trained=trained,
        before=of_base,
        after=of_adapter,
        seconds=median_seconds(after, [item.name for item in gold.items]),
        versions=_versions(),
        command=work.order.command,
    )
    write_text(staging / DESCRIPTION, written(adapter))
    write_text(staging / CARD, write_card(card))
    work.out.mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, DESCRIPTION, CARD):
        write_whole(work.out / name, (staging / name).read_bytes())
    return Tuned(work.out, of_base, of_adapter, adapter)


async def _ask(
    work: Work, settings: Settings, file: str, adapter: Path | None, progress: Callable[[int, int], None]
) -> dict[str, Asked]:
    from llm_extract.model.endpoints import resolve_endpoint
    from llm_extract.model.models import new_model

    endpoint = resolve_endpoint(f"embedded:{work.base.name}", settings)
    model = new_model(endpoint.model_copy(update={"adapter": adapter}), settings)
    try:
        return await ask_all(model, work.material.held_out, settings.sampling(), work.folder / file, progress)
    finally:
        await model.aclose()


def _said_of(name: str, say: Say) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done == total or done % 5 == 0:
            say(f"{name}: asked about {done} of {total} articles that judge")

    return progress


def written(adapter: Adapter) -> str:
    """An adapter's description as JSON, a line a curve."""
    data = adapter.model_dump(mode="json")
    curves = data.pop("confidence")
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in data.items()]
    inner = ",\n".join(f"    {json.dumps(path)}: {json.dumps(points)}" for path, points in curves.items())
    lines.append('  "confidence": {' + (f"\n{inner}\n  " if inner else "") + "}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _versions() -> dict[str, str]:
    found = {"llm_extract": __version__, "python": platform.python_version()}
    for package in ("torch", "transformers", "peft", "gguf", "xllamacpp"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
