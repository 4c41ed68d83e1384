"""Training: a tiny model, really trained, on one core, for a few steps."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("transformers")
pytest.importorskip("gguf")

from llm_extract.form import SILENT  # noqa: E402
from llm_extract.task import find_task  # noqa: E402
from llm_extract.tuning.adapter_file import read_rank, write_adapter  # noqa: E402
from llm_extract.tuning.choosing import (  # noqa: E402
    CHECKS,
    Kept,
    _mean,
    all_checks,
    file_of,
    forget_later_checks,
    note_check,
)
from llm_extract.tuning.data import gather  # noqa: E402
from llm_extract.tuning.lessons import Lesson  # noqa: E402
from llm_extract.tuning.readings import Encoded, encode  # noqa: E402
from llm_extract.tuning.training import Check, Plan, Trainer  # noqa: E402
from tests.evaluation.deals import write_task  # noqa: E402
from tests.tuning.tiny import HEADS, KEY_VALUE_HEADS, write_base  # noqa: E402

# What these packages say of each other is no matter of ours.
pytestmark = pytest.mark.filterwarnings("ignore")

SECONDS_A_STEP = 1.0
PLAN = Plan(minutes=8 / 60, rank=2, alpha=4, lessons_a_step=2, checkpoint_minutes=1.5 / 60, checks=2)
"""Eight steps, a checkpoint after every second one, two checks."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base") / "tiny.gguf")


@pytest.fixture(scope="module")
def lessons(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Lesson, ...], tuple[Lesson, ...]]:
    folder = tmp_path_factory.mktemp("deals")
    write_task(folder)
    found = gather(find_task("deals", folder), folder / "evals" / "deals")
    return found.lessons, found.held_out_lessons


class Clock:
    """A second a step; interrupts the step after `last`."""

    def __init__(self, last: int = 1000) -> None:
        self.calls, self._last = 0, last

    def __call__(self) -> float:
        self.calls += 1
        if self.calls > 2 * self._last:
            raise KeyboardInterrupt
        return self.calls * SECONDS_A_STEP


def trainer(folder: Path, base: Path, lessons: Any, *, plan: Plan = PLAN, clock: Clock | None = None) -> Trainer:
    learnt, held_out = lessons
    return Trainer(folder, base, learnt, held_out, plan, device="cpu", fuse=False, clock=clock or Clock())


def weights(made: Trainer) -> dict[str, Any]:
    return {name: value.clone() for name, value in made.masters.items()}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, base: Path, lessons: Any) -> Trainer:
    made = trainer(tmp_path_factory.mktemp("whole"), base, lessons)
    made.checks = list(made.run())  # type: ignore[attr-defined]
    return made


def test_a_training_changes_the_adapter_and_checks_on_the_way(undisturbed: Trainer) -> None:
    assert undisturbed.step == 8
    assert any(value.abs().max() > 0 for name, value in undisturbed.masters.items() if "lora_B" in name)
    checks = undisturbed.checks  # type: ignore[attr-defined]
    assert len(checks) == 2
    assert all(0 <= check.lines <= 1 and check.loss > 0 for check in checks)
    assert {path.name for path in undisturbed.folder.iterdir()} == {
        "checkpoint.pt", "adapter-000004.pt", "adapter-000008.pt",
    }  # fmt: skip


@pytest.mark.parametrize("last", [1, 5])
def test_a_killed_training_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, base: Path, lessons: Any, undisturbed: Trainer, last: int
) -> None:
    killed = trainer(tmp_path, base, lessons, clock=Clock(last))
    with pytest.raises(KeyboardInterrupt):
        list(killed.run())
    resumed = trainer(tmp_path, base, lessons)
    assert resumed.step == last - last % 2
    list(resumed.run())
    assert resumed.step == 8
    assert same(weights(resumed), weights(undisturbed))


def test_a_check_that_a_kill_ended_is_made_again(
    tmp_path: Path, base: Path, lessons: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = trainer(tmp_path, base, lessons)
    with monkeypatch.context() as dying:
        dying.setattr(killed, "check", lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            list(killed.run())
    assert len(list(trainer(tmp_path, base, lessons).run())) == 2


def test_a_stopped_training_keeps_the_step_under_way(
    tmp_path: Path, base: Path, lessons: Any, undisturbed: Trainer
) -> None:
    made = trainer(tmp_path, base, lessons)
    for _ in made.run():
        made.stop()
    assert (made.step, made.stopped) == (4, True)
    resumed = trainer(tmp_path, base, lessons)
    assert resumed.step == 4
    list(resumed.run())
    assert same(weights(resumed), weights(undisturbed))


def test_another_seed_gives_other_weights(tmp_path: Path, base: Path, lessons: Any, undisturbed: Trainer) -> None:
    other = trainer(tmp_path, base, lessons, plan=Plan(**{**vars(PLAN), "seed": 1}))
    list(other.run())
    assert not same(weights(other), weights(undisturbed))


def test_learning_the_same_again_and_again_lowers_the_loss(tmp_path: Path, base: Path, lessons: Any) -> None:
    same_again: dict[str, Any] = {"swapped": 0.0, "thinned": 0.0, "blurred": 0.0, "dropout": 0.0}
    plan = Plan(**{**vars(PLAN), **same_again, "minutes": 60.0, "learning_rate": 0.02, "warmup": 0.0})
    made = trainer(tmp_path, base, lessons, plan=plan)
    losses = [made.one_step() for _ in range(30)]
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_the_mean_of_saved_adapters_is_that_of_each_number(tmp_path: Path, base: Path, lessons: Any) -> None:
    made = trainer(tmp_path, base, lessons)
    list(made.run())
    files = [made.adapter_file(4), made.adapter_file(8)]
    first, last = (torch.load(file, weights_only=True)["adapter"] for file in files)
    made.take_mean(files)
    for name, value in made.masters.items():
        assert torch.allclose(value, (first[name] + last[name]) / 2)
        assert torch.equal(made.parameters[name], value.to(made.parameters[name].dtype))
    none = Check(1.0, 0.0, 0.0)
    mean = _mean(made, (Kept(4, 0.1, none), Kept(8, 0.2, none)))
    assert mean == Kept(8, 0.2, made.check(), 2)
    kept = torch.load(tmp_path / "adapter-mean.pt", weights_only=True)["adapter"]
    assert same(kept, weights(made))
    # A training that is gone on with knows nothing of it.
    assert same(weights(trainer(tmp_path, base, lessons)), last)


def test_a_training_that_began_with_an_adapter_is_tried_half_way_back_to_it(
    tmp_path: Path, base: Path, lessons: Any
) -> None:
    made = trainer(tmp_path, base, lessons)
    made.begin_with({name: torch.full_like(value, 0.125).numpy() for name, value in made.masters.items()})
    made.save(made.start_file)
    list(made.run())
    own, mean = all_checks(tmp_path / "none.jsonl", made)
    assert (own.step, own.with_start, file_of(made, own)) == (8, False, made.adapter_file(8))
    assert mean == Kept(8, own.minutes, made.check(), with_start=True)
    assert (own.named, mean.named) == ("adapter of step 8", "mean of the start and the adapter of step 8")
    end, half = (torch.load(file_of(made, kept), weights_only=True)["adapter"] for kept in (own, mean))
    assert all(torch.allclose(half[name], (value + 0.125) / 2) for name, value in end.items())


def test_a_token_that_no_lesson_has_is_learnt_as_itself(tmp_path: Path, base: Path, lessons: Any) -> None:
    made = trainer(tmp_path, base, lessons)
    encoded = encode(lessons[0][0], made.tokenizer)
    logits, targets = made._scores(encoded)
    expected = torch.nn.functional.cross_entropy(logits, targets)
    known = made.vocabulary
    made.vocabulary = known[~torch.isin(known, torch.tensor(encoded.tokens))]
    logits, targets = made._scores(encoded)
    ids = torch.cat([made.vocabulary, torch.tensor([encoded.tokens[place] for place in encoded.learnt])]).unique()
    assert [int(ids[target]) for target in targets] == [encoded.tokens[place] for place in encoded.learnt]
    # Fewer tokens to choose from, none of them another one's.
    assert torch.nn.functional.cross_entropy(logits, targets) <= expected


@pytest.mark.parametrize(("attention", "sees"), [("causal", False), ("prefix", True)])
def test_with_prefix_attention_the_beginning_of_an_article_sees_its_end(
    tmp_path: Path, base: Path, lessons: Any, attention: str, sees: bool
) -> None:
    made = trainer(tmp_path, base, lessons, plan=Plan(**{**vars(PLAN), "attention": attention}))
    inner = made.model.base_model.model.model
    encoded = encode(lessons[0][0], made.tokenizer)
    end = encoded.learnt[0] - 2
    states = []
    inner.register_forward_hook(lambda module, given, said: states.append(said.last_hidden_state[0].detach().clone()))
    made._scores(encoded)
    for place in (end, encoded.learnt[-1]):
        tokens = list(encoded.tokens)
        tokens[place] += 1
        made._scores(encoded._replace(tokens=tokens))
    plain, other_end, other_answer = states
    assert torch.equal(plain[0], other_end[0]) is not sees
    # What is to be written is seen by nothing before it.
    assert torch.equal(plain[: encoded.learnt[-1]], other_answer[: encoded.learnt[-1]])
    assert not torch.equal(plain[encoded.learnt[-1]], other_answer[encoded.learnt[-1]])


def test_what_drops_out_in_a_step_is_back_after_it(tmp_path: Path, base: Path, lessons: Any) -> None:
    made = trainer(tmp_path / "half", base, lessons, plan=Plan(**{**vars(PLAN), "dropout": 0.5}))
    whole = trainer(tmp_path / "whole", base, lessons, plan=Plan(**{**vars(PLAN), "dropout": 0.0}))
    for each in (made, whole):
        for _ in range(3):
            each.one_step()
    assert not same(weights(made), weights(whole))
    for name, parameter in made.parameters.items():
        assert torch.equal(parameter, made.masters[name].to(parameter.dtype))


def test_lessons_that_are_too_long_are_counted_and_cost_a_step_but_no_crash(
    tmp_path: Path, base: Path, lessons: Any
) -> None:
    made = trainer(tmp_path, base, lessons, plan=Plan(**{**vars(PLAN), "longest": 10}))
    assert made.too_long == len(lessons[0])
    list(made.run())
    assert made.step == 8
    assert all(value.abs().max() == 0 for name, value in made.masters.items() if "lora_B" in name)


def test_only_what_stands_behind_a_label_is_learnt(base: Path, lessons: Any, undisturbed: Trainer) -> None:
    lesson = lessons[0][0]
    encoded = encode(lesson, undisturbed.tokenizer)
    learnt = undisturbed.tokenizer.convert_ids_to_tokens([encoded.tokens[place] for place in encoded.learnt])
    assert "".join(learnt).replace("▁", " ") == "".join(piece for piece, is_learnt in lesson.parts() if is_learnt)


def test_the_size_of_the_file_is_known_before(tmp_path: Path, undisturbed: Trainer) -> None:
    file = tmp_path / "adapter.gguf"
    write_adapter(
        file, undisturbed.masters, architecture="gemma3", alpha=4, heads=HEADS, key_value_heads=KEY_VALUE_HEADS
    )
    names = 100 * len(undisturbed.masters)  # and how each tensor is shaped
    assert undisturbed.adapter_bytes < file.stat().st_size < undisturbed.adapter_bytes + names + 1000
    assert read_rank(file) == PLAN.rank


def test_a_held_out_article_that_can_answer_no_line_is_passed_over(
    tmp_path: Path, base: Path, lessons: Any, undisturbed: Trainer
) -> None:
    learnt, held_out = lessons
    silent = replace(held_out[0], lines=())
    made = trainer(tmp_path, base, (learnt, [*held_out, silent]))
    assert made.check() == trainer(tmp_path / "without", base, lessons).check()


def test_lines_that_state_nothing_are_told_by_what_they_say(
    tmp_path: Path, base: Path, lessons: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt, held_out = lessons

    def stated(silent: bool) -> Check:
        lines = [(line, said) for line, said in held_out[0].lines if (line.write(said) in SILENT) is silent]
        made = trainer(tmp_path / str(silent), base, (learnt, [replace(held_out[0], lines=tuple(lines))]))

        def all_right(encoded: Encoded) -> tuple[Any, Any]:
            return 10 * torch.eye(len(encoded.learnt)), torch.arange(len(encoded.learnt))

        monkeypatch.setattr(made, "_scores", all_right)
        return made.check()

    assert stated(silent=True)[1:] == (1.0, 0.0)
    assert stated(silent=False)[1:] == (1.0, 1.0)


def test_checks_behind_the_place_where_a_killed_training_goes_on_are_forgotten(
    tmp_path: Path, undisturbed: Trainer
) -> None:
    file = tmp_path / CHECKS
    forget_later_checks(file, 4)
    assert not file.exists()
    for step in (4, 6, 8):
        undisturbed.step = step
        note_check(file, undisturbed, Check(0.5, 0.5, 0.5))
    with file.open("a") as lines:
        lines.write('{"step": 9, "min')
    forget_later_checks(file, 6)
    undisturbed.step = 8
    note_check(file, undisturbed, Check(0.4, 0.5, 0.5))
    assert [json.loads(line)["step"] for line in file.read_text().splitlines()] == [4, 6, 8]


def test_a_training_begins_with_the_weights_that_it_is_given(tmp_path: Path, base: Path, lessons: Any) -> None:
    given = {name: torch.full_like(value, 0.25) for name, value in trainer(tmp_path, base, lessons).masters.items()}
    made = trainer(tmp_path, base, lessons)
    made.begin_with({name: value.numpy() for name, value in given.items()})
    assert same(weights(made), given)
    assert all(torch.all(value == 0.25) for value in made.parameters.values())


def test_an_adapter_of_a_smaller_rank_is_widened_and_says_the_same(tmp_path: Path, base: Path, lessons: Any) -> None:
    wider = Plan(**{**vars(PLAN), "rank": 3, "alpha": 3 * PLAN.alpha // PLAN.rank})
    smaller, larger = trainer(tmp_path / "2", base, lessons), trainer(tmp_path / "3", base, lessons, plan=wider)
    random = torch.Generator().manual_seed(1)
    given = {name: torch.randn(value.shape, generator=random) for name, value in smaller.masters.items()}
    smaller.begin_with(given)
    larger.begin_with(given)
    assert larger.check().loss == pytest.approx(smaller.check().loss, abs=1e-3)
    assert any(value.shape[0] == 3 and value[2].abs().max() > 0 for value in larger.masters.values())
    with pytest.raises(ValueError, match="give its --rank"):
        smaller.begin_with(larger.masters)
