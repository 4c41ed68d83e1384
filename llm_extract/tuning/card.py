"""The model card: what an adapter is for, what it was made of, how well it does, and what its base's licence asks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from llm_extract.markdown import markdown_table
from llm_extract.model.adapters import Adapter
from llm_extract.model.weights import DEFAULT_MODEL, EmbeddedModel
from llm_extract.tuning.bases import LICENCES
from llm_extract.tuning.data import Material
from llm_extract.tuning.training import MODULES, Plan

if TYPE_CHECKING:
    from llm_extract.evaluation.summary import FieldSummary, Figure, Summary
    from llm_extract.tuning.choosing import Kept
    from llm_extract.tuning.tune import Trained

_HEADLINE = ("f1", "precision", "recall", "entry_f1", "invention", "false_alarms", "grounded_f1")


@dataclass(frozen=True)
class Card:
    """Everything that a card says."""

    task: str
    base: EmbeddedModel
    adapter: Adapter
    material: Material
    plan: Plan
    start: Adapter | None
    """The adapter that the training began with."""
    trained: Trained
    before: Summary
    after: Summary
    observed: int
    """How many values the calibration is made of."""
    gold: str | None
    """The gold's folder as a user names it, where it is not the task's own."""
    elsewhere: bool
    """Whether the adapter was written where the task does not look for it."""
    seconds: float
    """For the article in the middle, with the adapter."""
    versions: Mapping[str, str]
    command: str


NOTES = "\n## Notes\n"
"""What stands below this heading was written by hand, and stays when the adapter is made anew."""


def notes_of(card: str) -> str:
    """The notes of a card that is there already, their heading included; nothing if it has none."""
    _, heading, notes = card.partition(NOTES)
    return heading + notes


def write_card(card: Card, notes: str = "") -> str:
    """The card as Markdown; `notes` are those of the card that it replaces."""
    licence = LICENCES[card.base.name]
    purpose = (
        f"It tunes the embedded model `{card.base.name}` for llm_extract's task `{card.task}` and for nothing else: "
        "without the task's form, and without the grammar that lets it write only words of the article, what it says "
        "means little. llm_extract loads it by itself where the task has it beside its prompt."
    )
    parts = [
        f"# Adapter of `{card.task}` for {licence.title}",
        "Written by `llm-extract tune`, all but the notes at its end, which stay when it is written anew.",
        f"## What it is for\n{purpose}",
        f"## Licence of the base, and what it asks\n{licence.terms.rstrip()}",
        f"## Held-out scores\n{_scores(card)}",
        f"## Confidence\n{_confidence(card)}",
        f"## Training data\n{_data(card)}",
        f"## Training\n{_training(card)}",
        f"## Limits\n{_limits(card)}",
    ]
    return "\n\n".join(parts) + "\n" + notes


def _scores(card: Card) -> str:
    from llm_extract.evaluation.metrics import title

    before, after = card.before, card.after
    of_flags = [name for name in after.headline if name.endswith(".f1")]
    rows = [
        (title(name), _figure(before.headline[name]), _figure(after.headline[name]))
        for name in (*_HEADLINE, *of_flags)
        if name in before.headline and name in after.headline
    ]
    fields = {summary.key: summary for summary in before.fields}
    of_field = [(f"`{each.key}`", f"{each.gold:g}", _f1(fields[each.key]), _f1(each)) for each in after.fields]
    about = (
        f"{_judged_by(card)} The base model, without the adapter, was shown the prompt's solved examples and answered "
        "the same questions under the same grammar. In brackets the 95 % interval over articles. The adapter is scored "
        "as delivered: with each article's confidence by a calibration that was made without it, and values below the "
        "least confidence left out."
    )
    if after.errors:
        about += f" {len(after.errors)} articles failed."
    return "\n\n".join(
        [
            about,
            markdown_table(("figure", "base", "with this adapter"), rows),
            markdown_table(("F1 of a field", "items in gold", "base", "with this adapter"), of_field),
            f"{card.seconds:.1f} s for the article in the middle, on the machine named below. {_again(card)}",
            "```\n" + "\n".join(_commands(card)) + "\n```",
        ]
    )


def _again(card: Card) -> str:
    if card.material.parted:
        return "The same again:"
    how = "The same again, but for the calibration, which is now the one made of all these articles"
    where = f", once this folder lies beside the task's prompt as `{card.task}.adapter`" if card.elsewhere else ""
    return f"{how}{where}:"


def _judged_by(card: Card) -> str:
    material = card.material
    articles = len(material.held_out.items)
    if not material.parted:
        return (
            f"On the {articles} articles of the split `{material.split}`, which were not learnt from, but chose the "
            "checkpoint, the calibration and the threshold: they flatter a little. The split `test` was not looked at."
        )
    names = ", ".join(f"`{item.name}`" for item in material.held_out.items)
    of = "the gold, which has no splits" if material.split is None else f"the split `{material.split}`"
    return (
        f"On {articles} articles of {of}, held out by a hash of their story ({names}); the others were learnt from. "
        "They chose the checkpoint, the calibration and the threshold, and are few: read the intervals."
    )


def _commands(card: Card) -> list[str]:
    if card.material.parted:
        return [card.command or f"llm-extract tune {card.task}"]
    model = "embedded" if card.base.name == DEFAULT_MODEL else f"embedded:{card.base.name}"
    gold = f" --gold {shlex.quote(card.gold)}" if card.gold else ""
    asked = f"llm-extract eval {card.task} --model {model}{gold} --split {card.material.split} --no-cache"
    return [f"LLM_EXTRACT_ADAPTER=false {asked}", asked]


def _confidence(card: Card) -> str:
    found, calibration = card.after.calibration, card.adapter.confidence
    if found is None or calibration is None:
        return "The held-out articles gave no value with a probability: confidence is the raw probability."
    return (
        f"A logistic curve (J. Platt, 1999) by {card.observed} values as they were said: the log odds of an answer's "
        f"words count {calibration.own:.2f}, those of there being such an answer {calibration.there:.2f}, those of "
        f"there being its entry {calibration.entry:.2f}, and a number a line is added. Judged on the "
        f"{found['values']:.0f} delivered, on each article by what was made without it: Brier score "
        f"{found['brier']:.3f}, expected calibration error {found['expected_error']:.3f}, and {found['coverage']:.0%} "
        f"of the values can be kept, most confident first, with {found['precision']:.0%} of them right. Values below "
        f"{card.adapter.least_confidence:g} are left out: the threshold with the best item F1."
    )


def _data(card: Card) -> str:
    rows = [(f"`{source.name}`", str(source.articles), f"`{source.digest}`") for source in card.material.sources]
    notes = "".join(f"\n- {note}" for note in card.material.notes)
    return (
        f"{len(card.material.lessons)} articles, digest of all of it `{card.material.digest}`:\n\n"
        + markdown_table(("from", "articles", "digest"), rows)
        + (f"\n{notes}" if notes else "")
    )


def _training(card: Card) -> str:
    trained, plan = card.trained, card.plan
    settings = ", ".join(
        f"{name.replace('_', ' ')} {value if isinstance(value, str) else f'{value:g}'}"
        for name, value in asdict(plan).items()
    )
    checks = [
        (
            str(kept.step) if kept.mean_of == 1 and not kept.with_start else kept.named,
            f"{kept.minutes:.1f}",
            _loss(card, kept),
            f"{kept.check.lines:.3f}",
            f"{kept.check.stated:.3f}",
        )
        for kept in trained.checks
    ]
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    how = (
        f"Low-rank adapters (LoRA) on {', '.join(MODULES)}; the base in 16 bits, unchanged; AdamW; only what stands "
        f"behind a label counts for the loss. Plan: {settings}."
    )
    if plan.attention == "prefix":
        how += (
            " Prefix attention: the tokens of an article see each other, those behind them too; the base model itself "
            "was trained to look back alone."
        )
    if card.start is not None:
        how += (
            f" It began with another adapter, SHA-256 `{card.start.weights_sha256}`, whose own training is not counted "
            "below."
        )
    what = (
        f"Steps: {trained.steps}, in {trained.minutes:.1f} minutes on {trained.machine}. The {trained.best.named} "
        "is this one: the least loss on the held-out articles. (Weights averaged: P. Izmailov and others, 2018; M. "
        "Wortsman and others, 2022.)"
    )
    names = (
        f"Base file SHA-256 `{card.adapter.base_sha256}`; adapter SHA-256 `{card.adapter.weights_sha256}`; form "
        f"`{card.adapter.form}`. Versions: {versions}."
    )
    command = f"```\n{card.command or f'llm-extract tune {card.task}'}\n```"
    table = markdown_table(("step", "minutes", "loss", "lines right", "stated lines right"), checks)
    return "\n\n".join([command, how, what, table, names])


def _loss(card: Card, kept: Kept) -> str:
    loss = f"{kept.check.loss:.3f}"
    return f"**{loss}**" if kept == card.trained.best else loss


def _limits(card: Card) -> str:
    known = [each for each in card.after.fields if each.gold >= 10]
    weak = sorted(known, key=lambda each: each.f1.value or 0.0)[:3]
    named = ", ".join(f"`{each.key}` ({each.f1.value or 0.0:.2f})" for each in weak)
    lines = [
        "- English news articles of the kinds that it learnt from; others were not measured.",
        "- Every value delivered is backed by words of the article, which does not make it the right value.",
        f"- Articles of more than {card.plan.longest} tokens were not learnt from.",
        "- It fits one form: once the task's schema or questions change, llm_extract refuses it.",
    ]
    return "\n".join(lines + ([f"- Weakest fields with at least ten items: {named}."] if named else []))


def _figure(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    return f"{figure.value:.3f}" + (
        "" if figure.low is None or figure.high is None else f" ({figure.low:.2f}–{figure.high:.2f})"
    )


def _f1(summary: FieldSummary) -> str:
    return _figure(summary.f1)
