from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from llm_extract.errors import EmbeddedModelError
from llm_extract.model import weights
from llm_extract.model.embedded import EmbeddedServer
from llm_extract.model.merging import merge_adapter
from llm_extract.model.weights import KNOWN_MODELS, model_file

INPUTS, OUTPUTS, RANK, ALPHA = 64, 32, 2, 6.0
RANDOM = np.random.default_rng(5)
MATRIX, OTHER = RANDOM.normal(size=(2, OUTPUTS, INPUTS)).astype(np.float32)
NORM = RANDOM.normal(size=INPUTS).astype(np.float32)
A = RANDOM.normal(size=(RANK, INPUTS)).astype(np.float16)
B = RANDOM.normal(size=(OUTPUTS, RANK)).astype(np.float16)


def write(file: Path, tensors: dict[str, Any], fill: Callable[[Any], object] = lambda writer: None) -> Path:
    writer = gguf.GGUFWriter(file, "gemma3")
    fill(writer)
    for name, data in tensors.items():
        writer.add_tensor(name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def base(file: Path) -> Path:
    def fill(writer: Any) -> None:
        writer.add_name("Tiny")
        writer.add_context_length(512)
        writer.add_token_list(["<pad>", "é", "▁contract"])
        writer.add_token_scores([0.0, -1.5, -2.0])
        writer.add_token_types([3, 1, 1])

    return write(file, {"blk.0.ffn_up.weight": MATRIX, "blk.0.ffn_gate.weight": OTHER, "blk.0.norm.weight": NORM}, fill)


def adapter(file: Path, name: str = "blk.0.ffn_up.weight", a: Any = A, b: Any = B) -> Path:
    def fill(writer: Any) -> None:
        writer.add_type("adapter")
        writer.add_float32("adapter.lora.alpha", ALPHA)

    return write(file, {f"{name}.lora_a": a, f"{name}.lora_b": b}, fill)


def test_the_product_is_added_and_all_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "merged.gguf"
    merge_adapter(base(tmp_path / "base.gguf"), adapter(tmp_path / "adapter.gguf"), target)
    read = gguf.GGUFReader(target)
    found = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in read.tensors}
    expected = MATRIX + ALPHA / RANK * (B.astype(np.float32) @ A.astype(np.float32))
    # Q8_0 has 127 steps between zero and the largest of 32 numbers.
    assert np.abs(found["blk.0.ffn_up.weight"] - expected).max() <= np.abs(expected).max() / 127
    assert np.abs(found["blk.0.ffn_up.weight"] - MATRIX).max() > 1
    assert (found["blk.0.ffn_gate.weight"] == OTHER).all()
    assert (found["blk.0.norm.weight"] == NORM).all()


def test_what_the_base_says_of_itself_stays(tmp_path: Path) -> None:
    source, target = base(tmp_path / "base.gguf"), tmp_path / "merged.gguf"
    merge_adapter(source, adapter(tmp_path / "adapter.gguf"), target)
    before, after = (
        {key: (f.contents(), f.types) for key, f in gguf.GGUFReader(x).fields.items()} for x in (source, target)
    )
    assert after == before
    assert after["tokenizer.ggml.tokens"][0] == ["<pad>", "é", "▁contract"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": "blk.7.ffn_up.weight"}, r"there is no blk\.7\.ffn_up\.weight in base\.gguf"),
        ({"a": A[:, :32]}, r"base\.gguf: operands could not be broadcast"),
        ({"b": B[:, :1]}, "matmul"),
    ],
)
def test_an_adapter_of_another_base_is_refused(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    source, odd = base(tmp_path / "base.gguf"), adapter(tmp_path / "adapter.gguf", **change)
    with pytest.raises(EmbeddedModelError, match=rf"adapter\.gguf cannot be merged.*{complaint}.*llm-extract tune"):
        merge_adapter(source, odd, tmp_path / "merged.gguf")


@pytest.mark.parametrize("content", [b"", b"not an adapter, but longer than a header is", b"GGUF"])
def test_a_file_that_is_no_adapter_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "adapter.gguf").write_bytes(content)
    with pytest.raises(EmbeddedModelError, match=r"adapter\.gguf cannot be merged into base\.gguf"):
        merge_adapter(base(tmp_path / "base.gguf"), tmp_path / "adapter.gguf", tmp_path / "merged.gguf")


def test_without_the_package_that_merges_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(EmbeddedModelError, match=r"the package gguf: pip install 'llm-extract\[embedded\]'"):
        merge_adapter(tmp_path / "base.gguf", tmp_path / "adapter.gguf", tmp_path / "merged.gguf")


# ---------------------------------------------------------------- where merged files lie


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of made files, with a small model installed as Gemma."""
    whole = base(tmp_path / "whole.gguf")
    monkeypatch.setattr(weights, "_whole_file", lambda model, directory: whole)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def numbered(folder: Path, number: int) -> Path:
    return adapter(folder / f"adapter-{number}.gguf", a=A * np.float16(number))


def test_a_merged_file_is_made_once_for_each_adapter(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = merge_adapter
    monkeypatch.setattr("llm_extract.model.merging.merge_adapter", lambda *files: made.append(files[1]) or real(*files))  # type: ignore[func-returns-value]
    first, second = numbered(installed.parent, 1), numbered(installed.parent, 2)
    files = [model_file("gemma3-270m", installed, None, each) for each in (first, second, first)]
    assert files[0] == files[2] != files[1]
    assert made == [first, second]
    files[0].write_bytes(b"damaged")
    assert model_file("gemma3-270m", installed, None, first).read_bytes()[:4] == b"GGUF"
    assert made == [first, second, first]


def test_what_a_killed_merge_has_left_is_cleared_away_later(installed: Path) -> None:
    lora = numbered(installed.parent, 1)
    file = model_file("gemma3-270m", installed, None, lora)
    old, young = (file.with_name(f".{name}.gguf.x1") for name in ("old", "young"))
    for torn in (old, young):
        torn.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert model_file("gemma3-270m", installed, None, lora) == file
    assert (old.exists(), young.exists()) == (False, True)


def test_of_the_merged_files_the_last_used_stay(installed: Path) -> None:
    files = []
    for number in range(1, 5):
        files.append(model_file("gemma3-270m", installed, None, numbered(installed.parent, number)))
        os.utime(f"{files[-1]}.made", (number, number))
    model_file("gemma3-270m", installed, None, numbered(installed.parent, 1))  # used again
    newest = model_file("gemma3-270m", installed, None, numbered(installed.parent, 9))
    assert {file for file in installed.iterdir() if file.suffix == ".gguf"} == {files[0], files[2], files[3], newest}


def test_an_adapter_that_cannot_be_merged_leaves_nothing_behind(installed: Path) -> None:
    odd = adapter(installed.parent / "odd.gguf", name="blk.7.ffn_up.weight")
    with pytest.raises(EmbeddedModelError, match="cannot be merged"):
        model_file("gemma3-270m", installed, None, odd)
    with pytest.raises(EmbeddedModelError, match=r"gone\.gguf cannot be read: No such file"):
        model_file("gemma3-270m", installed, None, installed.parent / "gone.gguf")
    assert list(installed.iterdir()) == []


# ---------------------------------------------------------------- in llama.cpp


@pytest.mark.embedded
def test_a_merged_adapter_changes_what_the_model_thinks(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    from tests.model.test_gguf import post

    whole = model_file("gemma3-270m", tmp_path_factory.getbasetemp() / "weights")
    assert KNOWN_MODELS["gemma3-270m"].size == whole.stat().st_size
    a, b = RANDOM.normal(size=(1, 2048)).astype(np.float16), RANDOM.normal(size=(640, 1)).astype(np.float16)

    def likely(file: Path) -> float:
        with EmbeddedServer(file, context=512) as server:
            told = post(server, "/completion", prompt="The council has signed a contract with", n_predict=1, n_probs=1)
        return float(told["completion_probabilities"][0]["top_logprobs"][0]["logprob"])

    found = {}
    for scale in (0, 2):
        changed = adapter(tmp_path / f"{scale}.gguf", "blk.0.ffn_down.weight", a, b * np.float16(scale / ALPHA))
        merge_adapter(whole, changed, tmp_path / f"{scale}-merged.gguf")
        found[scale] = likely(tmp_path / f"{scale}-merged.gguf")
    plain = likely(whole)
    assert found[0] == pytest.approx(plain, abs=0.1)
    assert abs(found[2] - plain) > 0.3
