"""`llm-extract tune` as a user types it: what it refuses, and how it is stopped. See tests/tuning for what it does."""

from __future__ import annotations

import signal
import weakref
from pathlib import Path
from typing import Any

import pytest

from llm_extract.cli.tune import _stoppable
from llm_extract.tuning import tune
from tests.command_line import Run
from tests.evaluation.deals import evidence, record, text
from tests.tuning.tiny import write_base


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were installed."""
    monkeypatch.setattr(tune, "PACKAGES", ())


@pytest.fixture
def tiny(tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model instead of the base."""
    pytest.importorskip("gguf")
    weights = write_base(tmp_path / "tiny.gguf")
    monkeypatch.setattr(tune, "model_file", lambda name, folder, tokens: weights)


def test_a_missing_package_says_how_to_get_it(command_line: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "PACKAGES", ("json", "torch_that_nobody_has"))
    done = command_line("tune", "deals")
    assert done.returncode == 2
    assert "tuning needs torch_that_nobody_has: pip install 'llm-extract[tune]'" in done.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nothing"], "no task 'nothing'"),
        (["deals", "--base", "gpt-5"], "there are gemma3-270m, smollm2"),
        (["deals", "--gold", "nowhere"], "nowhere"),
        (["deals", "--train", "nowhere"], "nowhere"),
        (["deals", "--data", "nowhere.jsonl"], "nowhere.jsonl"),
        (["deals", "--data", "leak.jsonl"], "leak.jsonl, line 1: its article is 'deal-005' of the split 'test'"),
        (["deals", "--minutes", "0"], "--minutes"),
        (["deals", "--minutes", "inf"], "--minutes"),
        (["deals", "--minutes", "nan"], "--minutes"),
        (["deals", "--seed", "100000000000000000000"], "--seed"),
        (["deals", "--rank", "0"], "--rank"),
        (["deals", "--device", "tpu"], "--device"),
        (["deals", "--attention", "backwards"], "--attention"),
    ],
)
def test_wrong_usage_is_exit_code_2(command_line: Run, folder: Path, words: list[str], complaint: str) -> None:
    import json

    (folder / "leak.jsonl").write_text(json.dumps({"text": text(5), "record": record(5), "evidence": evidence(5)}))
    done = command_line("tune", *words)
    assert done.returncode == 2, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("tiny")
def test_a_folder_of_another_order_is_refused(command_line: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "train", lambda *_: None)
    assert command_line("tune", "deals", "--folder", "work").returncode == 130
    done = command_line("tune", "deals", "--folder", "work", "--rank", "8")
    assert done.returncode == 2
    assert "work holds a training with other terms (plan)" in done.stderr


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_tuning_says_how_to_go_on(
    command_line: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "train", interrupted)
    done = command_line("tune", "deals", "--folder", "work")
    assert done.returncode == 130
    assert "all that was done is kept in work: the same command goes on" in done.stderr
    assert "2 articles to learn from, 2 that judge" in done.stderr


def test_a_first_signal_ends_the_step_and_a_second_one_interrupts(capsys: pytest.CaptureFixture[str]) -> None:
    class Training:
        stopped = False

        def stop(self) -> None:
            self.stopped = True

    before = signal.getsignal(signal.SIGINT)
    training = Training()
    with _stoppable() as started:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        started(training)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGTERM)
        assert training.stopped
        assert "once more stops at once" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    gone = weakref.ref(training)
    del training
    assert gone() is None  # its memory is wanted for what comes next
