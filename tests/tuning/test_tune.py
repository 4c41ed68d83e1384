"""From an order to an adapter: folders, terms, and a whole tuning of a tiny model."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from llm_extract.errors import EmbeddedModelError, ModelNameError, RunError, UsageError
from llm_extract.model.adapters import CARD, WEIGHTS, Adapter, Calibration, read_adapter
from llm_extract.model.types import Attention
from llm_extract.settings import load_settings
from llm_extract.task import Task, find_task, shipped_directory, task_for_schema
from llm_extract.tuning import card, choosing, tune, writing
from llm_extract.tuning.adapter_file import read_weights
from llm_extract.tuning.bases import KEPT_TOKENS, LICENCES, find_base, too_large
from llm_extract.tuning.choosing import Kept, best_of
from llm_extract.tuning.measuring import ask_all
from llm_extract.tuning.training import Check, Plan, Trainer
from llm_extract.tuning.tune import Order, Work, destination, held, prepare, train
from llm_extract.tuning.writing import finish, written
from tests.adapters import tuned, write_adapter
from tests.evaluation.deals import write_task
from tests.tuning.test_measuring import Unsure
from tests.tuning.tiny import write_base

PLAN = Plan(minutes=0.6 / 60, rank=2, alpha=4, lessons_a_step=2, checks=2)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    write_task(tmp_path)
    return find_task("deals", tmp_path)


@pytest.fixture
def work(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Work:
    """An order for a tiny model that stands in for the base."""
    pytest.importorskip("gguf")
    weights = write_base(tmp_path / "tiny.gguf")
    monkeypatch.setattr(tune, "model_file", lambda name, folder, tokens: weights)
    monkeypatch.chdir(tmp_path)
    order = Order(task, gold=tmp_path / "evals" / "deals", plan=PLAN, device="cpu", command="llm-extract tune deals")
    return prepare(order, load_settings(cache_dir=tmp_path / "cache"))


def test_the_working_folder_is_named_after_task_base_data_and_plan(work: Work, tmp_path: Path) -> None:
    assert work.folder.parent == tmp_path / "cache" / "tuning"
    assert work.folder.name.startswith(f"deals-gemma3-270m-{work.material.digest}-")
    other = Order(**{**vars(work.order), "plan": Plan(minutes=3)})
    settings = load_settings(cache_dir=tmp_path / "cache")
    assert prepare(other, settings).folder != work.folder
    # A category that no article has changes what is asked, but nothing that is learnt.
    schema = tmp_path / "schemas" / "deals.py"
    text = schema.read_text().replace('Literal["award", "ended"]', 'Literal["award", "ended", "paused"]')
    schema.write_text(text.replace('r"ended")}', 'r"ended"), "paused": (r"paused",)}'))
    os.utime(schema, ns=(1, 1))
    changed = prepare(replace(work.order, task=find_task("deals", tmp_path)), settings)
    assert changed.material.digest == work.material.digest
    assert changed.folder != work.folder
    assert work.out == tmp_path / "prompts" / "deals.adapter"


def test_a_folder_of_another_order_is_refused(work: Work) -> None:
    with held(work):
        assert json.loads((work.folder / "terms.json").read_text())["base"] == "gemma3-270m"
    with held(work):
        pass
    other = Work(**{**vars(work), "order": Order(**{**vars(work.order), "plan": Plan(minutes=3)})})
    with pytest.raises(RunError, match=r"other terms \(plan\)"), held(other):
        pass


def test_an_adapter_of_another_base_that_would_go_is_told_of(work: Work) -> None:
    settings = load_settings(cache_dir=work.folder.parents[1])
    write_adapter(work.out, work.task)
    assert f"the adapter in {work.out} will be replaced" in prepare(work.order, settings).notes
    write_adapter(work.out, work.task, base="smollm2")
    told = f"the adapter in {work.out}, which serves smollm2 and will no more, will be replaced"
    assert told in prepare(work.order, settings).notes


def test_a_folder_is_one_process_s_at_a_time(work: Work) -> None:
    with held(work), pytest.raises(RunError, match="in use"), held(work):
        pass


def test_a_folder_of_unknown_origin_is_refused(work: Work) -> None:
    work.folder.mkdir(parents=True)
    (work.folder / "checkpoint.pt").write_bytes(b"")
    with pytest.raises(RunError, match="nothing is known"), held(work):
        pass


def test_nothing_is_written_into_the_installed_package(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_extract.task._PACKAGE", tmp_path)
    with pytest.raises(UsageError, match="inside the installed package"):
        destination(task, tmp_path / "prompts" / "deals.adapter")
    out, (note,) = destination(task, None)
    assert out == Path("prompts/deals.adapter")
    assert "copy prompts/deals.md and schemas/deals.py" in note


def test_a_task_without_files_has_no_place_for_an_adapter(task: Task) -> None:
    with pytest.raises(UsageError, match="no place"):
        destination(task_for_schema(task.record), None)


def test_the_best_check_has_the_least_loss_and_of_equals_most_stated_lines_right() -> None:
    checks = (
        Kept(10, 1.0, Check(0.5, 0.9, 0.9)),
        Kept(20, 2.0, Check(0.3, 0.7, 0.4)),
        Kept(30, 3.0, Check(0.3, 0.6, 0.6)),
        Kept(40, 4.0, Check(0.4, 0.6, 0.8)),
    )
    assert best_of(checks).step == 30


def test_every_base_has_a_licence_and_others_are_no_bases() -> None:
    for name in LICENCES:
        assert find_base(f"embedded:{name}").name == name
    assert "Gemma Terms of Use found at ai.google.dev/gemma/terms" in LICENCES["gemma3-270m"].terms
    with pytest.raises(ModelNameError, match="there are gemma3-270m, smollm2"):
        find_base("gpt-5")


def test_what_a_base_s_licence_asks_for_goes_along_with_the_adapter_shipped() -> None:
    files = LICENCES["gemma3-270m"].files()
    assert set(files) == {"NOTICE", "gemma-terms.txt"}
    assert b"Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev" in files["NOTICE"]
    assert b"You must provide all third party recipients" in files["gemma-terms.txt"]
    shipped = shipped_directory() / "prompts" / "it_contracts.adapter"
    for name, content in files.items():
        assert (shipped / name).read_bytes() == content
    assert b"Apache License" in LICENCES["smollm2"].files()["apache-2.0.txt"]


def test_an_adapter_that_is_too_large_says_which_rank_is_not() -> None:
    assert too_large(20_000_000, 40) is None
    assert "a rank of 40 or less" in (too_large(40_000_000, 80) or "")


def test_a_description_reads_back() -> None:
    made = Adapter(base="b", base_sha256="1", weights_sha256="2", form="3", least_confidence=0.25)
    made = made.model_copy(
        update={"confidence": Calibration(own=0.5, entry=0.25, lines={"": 0.5, "deals[].value": -1.0})}
    )
    assert Adapter.model_validate_json(written(made)) == made


@pytest.mark.parametrize(
    ("gold", "elsewhere", "words"),
    [
        (None, False, ["--model embedded --split dev", "of all these articles:"]),
        ("my gold", False, ["--model embedded --gold 'my gold' --split dev"]),
        (None, True, ["once this folder lies beside the task's prompt as `deals.adapter`:"]),
    ],
)
def test_a_card_tells_how_to_get_its_figures_again(gold: str | None, elsewhere: bool, words: list[str]) -> None:
    material = SimpleNamespace(parted=False, split="dev")
    base = find_base("gemma3-270m")
    told: Any = SimpleNamespace(task="deals", base=base, material=material, gold=gold, elsewhere=elsewhere)
    text = "\n".join([card._again(told), *card._commands(told)])
    for each in words:
        assert each in text


@pytest.mark.filterwarnings("ignore")
def test_a_whole_tuning_leaves_an_adapter_that_holds_and_a_card(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("peft")

    async def asked(work: Work, settings: Any, file: str, adapter: Path | None, progress: Any) -> Any:
        model = tuned(Unsure(work.material.held_out), tmp_path / "stand-in")
        return await ask_all(model, work.material.held_out, settings.sampling(), work.folder / file, progress)

    monkeypatch.setattr(writing, "_ask", asked)
    monkeypatch.setattr(
        "llm_extract.tuning.training.shutil.which", lambda name: None
    )  # compiling takes longer than training
    said: list[str] = []
    settings = load_settings(cache=False, cache_dir=tmp_path / "cache")
    with held(work):
        stopped = train(work, said.append, lambda trainer: trainer.stop())
        assert stopped is None
        checks = choosing.all_checks
        with monkeypatch.context() as late:
            stoppable: list[Trainer] = []
            late.setattr(tune, "all_checks", lambda file, trainer: trainer.stop() or checks(file, trainer))
            assert train(work, said.append, stoppable.append) is None  # told to stop while it chooses
            assert stoppable[0].stopped
        trained = train(work, said.append)
        assert trained is not None
        again = train(work, said.append)
        assert again is not None
        assert again.best == trained.best
        assert again.steps == trained.steps
        done = finish(work, again, settings, said.append)
    assert done.folder == tmp_path / "prompts" / "deals.adapter"
    adapter = read_adapter(done.folder)
    assert adapter == done.adapter
    assert adapter.form == json.loads((work.folder / "terms.json").read_text())["form"]
    assert adapter.confidence is not None
    assert "" in adapter.confidence.lines
    text = (done.folder / "README.md").read_text("utf-8")
    for words in (
        "Gemma Terms of Use found at ai.google.dev/gemma/terms", adapter.weights_sha256, work.material.digest,
        "| item F1 |", "| `suppliers` |", "seed 0", "torch ", "llm-extract tune deals", "Brier score",
    ):  # fmt: skip
        assert words in text
    assert str(tmp_path) not in text
    assert any("check 2 of 2" in line for line in said)
    assert f"the adapter in {done.folder} will be replaced" in prepare(work.order, settings).notes
    with (done.folder / CARD).open("a") as notes:
        notes.write("\n## Notes\n\nTried on a Tuesday.\n")
    further = prepare(replace(work.order, start=done.folder), settings)
    assert further.folder != work.folder
    begun: dict[str, Any] = {}

    def begin(trainer: Trainer) -> None:
        begun.update({name: value.clone().numpy() for name, value in trainer.masters.items()})
        trainer.stop()

    with held(further):
        assert train(further, said.append, begin) is None
        again = train(further, said.append)
        assert again is not None
        more = finish(further, again, settings, said.append)
    given = read_weights(work.folder / "adapter" / WEIGHTS, begun, architecture="gemma3", heads=2, key_value_heads=1)
    assert all((begun[name] == given[name]).all() for name in given)
    assert any(value.any() for name, value in begun.items() if ".lora_B." in name)
    assert more.adapter.weights_sha256 != adapter.weights_sha256
    text = (more.folder / CARD).read_text("utf-8")
    assert f"It began with another adapter, SHA-256 `{adapter.weights_sha256}`" in text
    assert text.endswith("\n\n## Notes\n\nTried on a Tuesday.\n")
    assert text.count("Notes") == 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("attention", "kept"), [("causal", True), ("prefix", False)])
def test_only_a_start_that_reads_alike_is_kept_for_the_mean(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attention: Attention, kept: bool
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("peft")
    monkeypatch.setattr("llm_extract.tuning.training.shutil.which", lambda name: None)
    monkeypatch.setattr(tune, "read_weights", lambda file, masters, **layout: masters)
    start = write_adapter(tmp_path / "start", work.task, tokens=KEPT_TOKENS["gemma3-270m"])
    order = replace(work.order, start=start, plan=replace(PLAN, attention=attention))
    further = prepare(order, load_settings(cache_dir=tmp_path / "cache"))
    with held(further):
        assert train(further, lambda line: None, lambda trainer: trainer.stop()) is None
    assert (further.folder / "adapter-start.pt").is_file() is kept


def test_an_adapter_of_another_base_is_nothing_to_begin_with(work: Work, tmp_path: Path) -> None:
    settings = load_settings(cache_dir=tmp_path / "cache")
    folder = write_adapter(tmp_path / "other", work.task, base="smollm2")
    with pytest.raises(UsageError, match="fits smollm2, not gemma3-270m"):
        prepare(replace(work.order, start=folder), settings)
    with pytest.raises(EmbeddedModelError, match="cannot be read"):
        prepare(replace(work.order, start=tmp_path / "nothing"), settings)
