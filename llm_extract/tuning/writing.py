"""What a training has brought, and the adapter's files: asked, calibrated, described, put where the task looks."""

from __future__ import annotations

import gc
import platform
from collections.abc import Callable
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from llm_extract.files import write_text, write_together
from llm_extract.form import make_form
from llm_extract.model.adapters import CARD, DESCRIPTION, WEIGHTS, Adapter
from llm_extract.tuning.bases import KEPT_TOKENS, LICENCES
from llm_extract.tuning.card import Card, notes_of, write_card
from llm_extract.tuning.data import shown
from llm_extract.tuning.measuring import Asked, ask_all, calibrate, median_seconds, results_of
from llm_extract.version import __version__

if TYPE_CHECKING:
    from llm_extract.evaluation.summary import Summary
    from llm_extract.model.types import Attention
    from llm_extract.model.weights import EmbeddedModel
    from llm_extract.settings import Settings
    from llm_extract.task import Task
    from llm_extract.tuning.tune import Say, Trained, Work


class Tuned(NamedTuple):
    """A finished adapter, and what it brought."""

    folder: Path
    before: Summary
    after: Summary
    adapter: Adapter


def finish(work: Work, trained: Trained, settings: Settings, say: Say) -> Tuned:
    """Ask base and adapter about the articles that judge, calibrate, and write the adapter where the task looks for it.

    Raises:
        FatalError: the embedded model cannot be run.
    """
    from llm_extract.background import run
    from llm_extract.evaluation.summary import summarise

    gc.collect()  # the trained model's memory is wanted for the one that is asked
    gold, staging = work.material.held_out, trained.weights.parent
    raw = described(work.task, work.base, trained.weights, work.order.plan.attention)
    write_text(staging / DESCRIPTION, written(raw))
    # A prompt's examples and a schema's cues change what is asked, and not what is learnt.
    asked = work.task.fingerprint[:8]
    before = run(_ask(work, settings, f"before-{asked}.jsonl", None, _said_of("the base model", say)))
    best = trained.best
    mean = f"-mean-{best.mean_of}" if best.mean_of > 1 else ""
    file = f"after-{best.step:06d}{mean}{'-with-start' if best.with_start else ''}-{asked}.jsonl"
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
        start=work.start,
        trained=trained,
        before=of_base,
        after=of_adapter,
        observed=found.observed,
        gold=None if work.order.gold is None else shown(work.order.gold, work.task),
        elsewhere=work.order.out is not None,
        seconds=median_seconds(after, [item.name for item in gold.items]),
        versions=_versions(),
        command=work.order.command,
    )
    write_text(staging / DESCRIPTION, written(adapter))
    replaced = work.out / CARD
    notes = notes_of(replaced.read_text("utf-8")) if replaced.is_file() else ""
    write_text(staging / CARD, write_card(card, notes))
    work.out.mkdir(parents=True, exist_ok=True)
    files = {name: (staging / name).read_bytes() for name in (WEIGHTS, DESCRIPTION, CARD)}
    files |= LICENCES[work.base.name].files()
    write_together({work.out / name: content for name, content in files.items()})
    return Tuned(work.out, of_base, of_adapter, adapter)


def described(task: Task, base: EmbeddedModel, weights: Path, attention: Attention) -> Adapter:
    """What is known of an adapter whose weights are written, before it is measured."""
    return Adapter(
        base=base.name,
        base_sha256=base.sha256,
        tokens=KEPT_TOKENS.get(base.name),
        weights_sha256=sha256(weights.read_bytes()).hexdigest(),
        form=make_form(task).fingerprint,
        attention=attention,
    )


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
    """An adapter's description as JSON."""
    return adapter.model_dump_json(indent=2) + "\n"


def _versions() -> dict[str, str]:
    found = {"llm_extract": __version__, "python": platform.python_version()}
    for package in ("torch", "transformers", "peft", "gguf", "xllamacpp"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found
