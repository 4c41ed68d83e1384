"""Ways to tune the model in the box, compared on the split `dev`: the same number of readings, everything else alike.

    python -m tests.benchmarks.tuning --folder DIR [--readings 256] [WAY ...]

Each way learns from `evals/it_contracts/train` (or what its name says) and is then asked about the articles of `dev` as
`llm-extract tune` would ask. Readings, not minutes, are the measure, and the learning rate follows them, so that a busy
machine changes nothing but the seconds that are told; about a quarter of an hour a way on two idle cores.
`DIR/ways.jsonl` gets a line a way; ways that are there are passed over, and the table is made of all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from llm_extract import form as forms
from llm_extract.errors import ExtractionError
from llm_extract.evaluation.gold import Gold, GoldSet, read_gold_set
from llm_extract.evaluation.predictions import Failure
from llm_extract.form import NONE, Form, Line, assemble, make_form
from llm_extract.grounding import Said
from llm_extract.markdown import markdown_table
from llm_extract.model import Model
from llm_extract.model.adapters import DESCRIPTION, WEIGHTS
from llm_extract.model.cache import default_cache_directory
from llm_extract.model.endpoints import resolve_endpoint
from llm_extract.model.gguf import read_header
from llm_extract.model.models import new_model
from llm_extract.model.types import Request
from llm_extract.model.weights import model_file
from llm_extract.questions import MOST_ENTRIES, asked_text, prompt_start
from llm_extract.settings import Settings, load_settings
from llm_extract.task import Task, find_task
from llm_extract.tuning.adapter_file import write_adapter
from llm_extract.tuning.bases import KEPT_TOKENS, find_base
from llm_extract.tuning.data import gather
from llm_extract.tuning.lessons import Lesson
from llm_extract.tuning.measuring import Asked, ask_all, median_seconds, results_of
from llm_extract.tuning.training import Plan, Trainer
from llm_extract.tuning.writing import described, written

TASK = "it_contracts"
_ONE_PASS_TOKENS = 1536

Choose = Callable[[Path, Sequence[Lesson]], Sequence[Lesson]]


@dataclass(frozen=True)
class OnePass(Lesson):
    """A lesson whose labels are learnt, too: the model writes the whole form in one piece, and where it ends."""

    def parts(self) -> Iterator[tuple[str, bool]]:
        """As `Lesson.parts`, all of the form learnt."""
        start, *rest = super().parts()
        yield start
        yield "".join(piece for piece, _ in rest) + "\n", True


@dataclass(frozen=True)
class Way:
    """One way to tune."""

    about: str
    base: str = "gemma3-270m"
    plan: dict[str, Any] = field(default_factory=dict)
    lessons: Choose = lambda folder, lessons: lessons
    whole: bool = False
    """Every weight of the blocks is trained instead of an adapter: too large to ship, so it is not asked."""
    one_pass: bool = False
    free: bool = False
    """Answers are decoded without a grammar."""


def _synthetic(folder: Path, count: int) -> list[Lesson]:
    from evals.it_contracts.generator.articles import write

    place = folder / f"synthetic-{count}"
    if not place.is_dir():
        write(place, count, 1)
    material = gather(find_task(TASK), read_gold_set(TASK).directory, [place])
    return list(material.lessons[-material.sources[-1].articles :])


def _mixed(folder: Path, lessons: Sequence[Lesson]) -> Sequence[Lesson]:
    return [*lessons, *_synthetic(folder, len(lessons))]


def _as_one_pass(folder: Path, lessons: Sequence[Lesson]) -> Sequence[Lesson]:
    return [OnePass(each.name, each.text, each.context, each.lines) for each in lessons]


WAYS = {
    "as shipped": Way("Gemma 3 270M, LoRA of rank 16, one question a line, verbatim decoding, all articles"),
    "rank 4": Way("LoRA of rank 4", plan={"rank": 4, "alpha": 8}),
    "rank 32": Way("LoRA of rank 32", plan={"rank": 32, "alpha": 64}),
    "whole": Way("all weights of the blocks trained, rate 5e-5", plan={"learning_rate": 5e-5}, whole=True),
    "SmolLM2": Way("SmolLM2-135M-Instruct as the base", base="smollm2"),
    "no changes": Way(
        "articles as they are, none with other names and numbers", plan={"swapped": 0.0, "thinned": 0.0, "blurred": 0.0}
    ),
    "a quarter": Way(
        "every fourth of the articles (of 256 readings none is of an article read before, with either)",
        lessons=lambda folder, lessons: lessons[::4],
    ),
    "synthetic": Way(
        "as many articles of the generator instead", lessons=lambda folder, lessons: _synthetic(folder, len(lessons))
    ),
    "mixed": Way("half articles of the generator", lessons=_mixed),
    "prefix": Way("an article read both ways (prefix attention)", plan={"attention": "prefix"}),
    "free": Way("as shipped, the answers without a grammar", free=True),
    "one pass": Way("the whole form in one piece, without a grammar", lessons=_as_one_pass, one_pass=True, free=True),
}


def main() -> None:
    """Train and ask what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"by default all: {', '.join(WAYS)}")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--readings", type=int, default=256)
    options = parser.parse_args()
    unknown = set(options.ways) - set(WAYS)
    if unknown:
        parser.error(f"no such way: {', '.join(sorted(unknown))}")
    options.folder.mkdir(parents=True, exist_ok=True)
    file = options.folder / "ways.jsonl"
    known = {line["way"] for line in _lines(file)}
    for name in options.ways or WAYS:
        if name not in known:
            measured = measure(name, WAYS[name], options.folder, options.readings)
            with file.open("a") as lines:
                lines.write(json.dumps({"way": name, "readings": options.readings, **measured}) + "\n")
    sys.stdout.write(table(_lines(file)))


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def table(lines: Sequence[dict[str, Any]]) -> str:
    """The ways as Markdown."""
    rows = [
        (
            WAYS[line["way"]].about,
            *(_figure(line.get(name)) for name in ("loss", "stated", "f1", "precision", "recall", "entry_f1")),
            "–" if "asked_seconds" not in line else f"{line['asked_seconds']:.1f}",
            f"{line['reading_seconds']:.2f}",
        )
        for line in lines
    ]
    head = ("way", "loss", "stated lines right", "item F1", "precision", "recall", "entries, F1", "s asked", "s read")
    return markdown_table(head, rows) + "\n"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def measure(name: str, way: Way, folder: Path, readings: int) -> dict[str, Any]:
    """Train one way and ask it: the figures of the table."""
    task, settings = find_task(TASK), load_settings(cache=False)
    gold = read_gold_set(task).split("dev")
    source = "as shipped" if way.free and not way.one_pass else name
    place = folder / source.replace(" ", "-")
    figures = place / "training.json"
    if not figures.is_file():
        figures.write_text(json.dumps(_trained(task, WAYS[source], place, folder, readings)))
    found: dict[str, Any] = json.loads(figures.read_text())
    if way.whole:
        return found
    asked = asyncio.run(_ask(task, gold, way, place, place / f"{name}.jsonl", settings))
    results = results_of(gold, asked)
    of_all = results.figures(results.table.counts.sum(axis=0))
    found |= {key: float(of_all[key]) for key in ("f1", "precision", "recall", "entry_f1", "invention")}
    return found | {"asked_seconds": median_seconds(asked, [item.name for item in gold.items])}


# -- training --------------------------------------------------------------------------------------------------------


def _trained(task: Task, way: Way, place: Path, folder: Path, readings: int) -> dict[str, Any]:
    material = gather(task, read_gold_set(task).directory)
    steps = readings // Plan.lessons_a_step
    # A second of this clock is a step.
    plan = Plan(minutes=steps / 60, checks=1, checkpoint_minutes=steps, **way.plan)
    base = find_base(way.base)
    weights = model_file(base.name, default_cache_directory() / "models", KEPT_TOKENS.get(base.name))
    place.mkdir(parents=True, exist_ok=True)
    trainers: list[Trainer] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # between transformers and peft
        trainer = Trainer(
            place,
            weights,
            list(way.lessons(folder, material.lessons)),
            material.held_out_lessons,
            plan,
            partial(print, file=sys.stderr, flush=True),
            clock=lambda: float(trainers[0].step) if trainers else 0.0,
        )
    trainers.append(trainer)
    if way.whole:
        _train_everything(trainer)
    started = time.perf_counter()
    check, *_ = trainer.run()
    seconds = time.perf_counter() - started
    config = trainer.model.base_model.model.config
    if not way.whole:
        adapter = place / "adapter"
        adapter.mkdir(exist_ok=True)
        write_adapter(
            adapter / WEIGHTS,
            trainer.masters,
            architecture=read_header(weights).architecture,
            alpha=plan.alpha,
            heads=config.num_attention_heads,
            key_value_heads=config.num_key_value_heads,
        )
        found = described(task, base, adapter / WEIGHTS, plan.attention)
        (adapter / DESCRIPTION).write_text(written(found))
    return {"loss": check.loss, "lines": check.lines, "stated": check.stated, "reading_seconds": seconds / readings}


def _train_everything(trainer: Trainer) -> None:
    """Let a trainer change the weights of the blocks themselves; their adapters stay empty."""
    import torch

    for parameter in trainer.model.parameters():
        parameter.requires_grad_(requires_grad=False)
    trainer.parameters = {
        name: value for name, value in trainer.model.named_parameters() if name.endswith(".base_layer.weight")
    }
    for value in trainer.parameters.values():
        value.requires_grad_(requires_grad=True)
    trainer.masters = {name: value.detach().float() for name, value in trainer.parameters.items()}
    plan = trainer.plan
    trainer.optimizer = torch.optim.AdamW(
        trainer.masters.values(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )


# -- asking ----------------------------------------------------------------------------------------------------------


async def _ask(task: Task, gold: GoldSet, way: Way, place: Path, file: Path, settings: Settings) -> dict[str, Asked]:
    endpoint = resolve_endpoint(f"embedded:{way.base}", settings)
    model = new_model(endpoint.model_copy(update={"adapter": place / "adapter"}), settings)
    try:
        if way.one_pass:
            return {item.name: await _ask_at_once(model, task, item) for item in gold.items}
        if not way.free:
            return await ask_all(model, gold, settings.sampling(), file, _said)
        # Any words up to the end of the line; grounding decides what they are worth.
        with (
            patch.object(Line, "grammar", lambda line, text, silent=True: None),
            patch.object(forms, "is_run", lambda words, text: bool(words)),
            patch.object(Line, "read", _lenient(Line.read)),
        ):
            return await ask_all(model, gold, settings.sampling(), file, _said)
    finally:
        await model.aclose()


def _said(done: int, total: int) -> None:
    if done % 10 == 0:
        sys.stderr.write(f"asked about {done} of {total}\n")


def _lenient(read: Callable[[Line, str, str], Any]) -> Callable[[Line, str, str], Any]:
    """What is no answer counts as none."""

    def lenient(line: Line, written: str, text: str) -> Any:
        try:
            return read(line, written, text)
        except ValueError:
            return [] if line.leaf.many else None

    return lenient


async def _ask_at_once(model: Model, task: Task, item: Gold) -> Asked:
    started = time.perf_counter()
    sampling = load_settings().sampling().model_copy(update={"max_output_tokens": _ONE_PASS_TOKENS})
    request = Request(prompt=prompt_start(asked_text(item.document)), sampling=sampling, stop=("\n\n",))
    try:
        answered = await model.answer(request, str)
        said = task.schema.answer.model_validate(_read_whole(task, make_form(task), answered.answer, item))
    except (ExtractionError, ValueError) as error:
        failure = Failure(type=type(error).__name__, message=str(error)[:200])
        return Asked(None, failure, time.perf_counter() - started)
    return Asked(Said(said, {}), None, time.perf_counter() - started)


def _read_whole(task: Task, form: Form, written: str, item: Gold) -> dict[str, Any]:
    """The answer that a whole form states; lines that state nothing readable are passed over."""
    text = asked_text(item.document)
    head: dict[str, Any] = {}
    entries: list[dict[str, Any]] = []
    of_head, of_entry = {line.label: line for line in form.lines}, {line.label: line for line in form.entry}
    with patch.object(forms, "is_run", lambda words, text: bool(words)):
        read = _lenient(Line.read)
        for each in written.splitlines():
            label, _, words = each.partition(":")
            line = of_entry.get(label) or of_head.get(label)
            if line is None:
                continue
            said = read(line, words.strip() or NONE, text)
            if line.opens:
                if not said or len(entries) == MOST_ENTRIES:
                    break
                entries.append({})
            if label in of_entry and entries:
                entries[-1].setdefault(line.path, said)
            elif label in of_head and not entries:
                head.setdefault(line.path, said)
    answer = assemble(task.schema.root, {line.path: head.get(line.path, _nothing(line)) for line in form.lines})
    branch = next(child for child in task.schema.root.children if child.name == form.name)
    answer[str(form.name)] = [
        assemble(branch, {line.path: entry.get(line.path, _nothing(line)) for line in form.entry})  # type: ignore[arg-type]
        for entry in entries
    ]
    return answer


def _nothing(line: Line) -> Any:
    return [] if line.leaf.many else None


if __name__ == "__main__":
    main()
