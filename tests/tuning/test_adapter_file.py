"""Adapter files: what llama.cpp finds in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
gguf = pytest.importorskip("gguf")

from llm_extract.tuning.adapter_file import NAMES, _interleaved, read_rank, read_weights, write_adapter  # noqa: E402


class Tensor:
    """As much of a tensor as a writer asks for."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def to(self, device: str) -> Tensor:
        assert device == "cpu"
        return self

    def float(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return self._values


def parameters(rank: int = 4, width: int = 8, blocks: int = 2) -> dict[str, Any]:
    chance = np.random.default_rng(0)
    found = {}
    for block in range(blocks):
        for layer in NAMES:
            start = f"base_model.model.model.layers.{block}.{layer}"
            for side, shape in (("A", (rank, width)), ("B", (width, rank))):
                found[f"{start}.lora_{side}.default.weight"] = chance.normal(size=shape).astype(np.float32)
    return found


def written(file: Path, architecture: str, values: dict[str, Any]) -> Any:
    tensors = {name: Tensor(each) for name, each in values.items()}
    write_adapter(
        file, tensors, architecture=architecture, alpha=8, heads=2, key_value_heads=1, description="of a test"
    )
    return gguf.GGUFReader(file)


def test_names_shapes_and_metadata_are_llama_cpp_s(tmp_path: Path) -> None:
    values = parameters()
    reader = written(tmp_path / "adapter.gguf", "gemma3", values)
    told = {key: reader.get_field(key).contents() for key in ("general.architecture", "general.type", "adapter.type")}
    assert told == {"general.architecture": "gemma3", "general.type": "adapter", "adapter.type": "lora"}
    assert reader.get_field("adapter.lora.alpha").contents() == 8.0
    assert reader.get_field("general.description").contents() == "of a test"
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    assert set(tensors) == {
        f"blk.{block}.{layer}.weight.lora_{side}" for block in (0, 1) for layer in NAMES.values() for side in "ab"
    }
    for name, value in values.items():
        block, layer = name.split(".")[4], ".".join(name.split(".")[5:7])
        side = "a" if "lora_A" in name else "b"
        found = tensors[f"blk.{block}.{NAMES[layer]}.weight.lora_{side}"]
        assert found.tensor_type == gguf.GGMLQuantizationType.F16
        assert found.data.shape == value.shape
        assert np.allclose(found.data, value, atol=1e-2)
    assert list(tmp_path.iterdir()) == [tmp_path / "adapter.gguf"]


def test_only_q_and_k_of_llama_are_permuted_and_only_their_outputs(tmp_path: Path) -> None:
    values = parameters()
    plain = {tensor.name: np.array(tensor.data) for tensor in written(tmp_path / "a.gguf", "gemma3", values).tensors}
    llama = {tensor.name: np.array(tensor.data) for tensor in written(tmp_path / "b.gguf", "llama", values).tensors}
    differing = {name for name in plain if not np.array_equal(plain[name], llama[name])}
    assert differing == {f"blk.{block}.attn_{which}.weight.lora_b" for block in (0, 1) for which in "qk"}


@pytest.mark.parametrize("architecture", ["gemma3", "llama"])
def test_what_was_written_is_read_back(tmp_path: Path, architecture: str) -> None:
    values = parameters()
    written(tmp_path / "a.gguf", architecture, values)
    found = read_weights(tmp_path / "a.gguf", values, architecture=architecture, heads=2, key_value_heads=1)
    assert set(found) == set(values)
    for name, value in values.items():
        assert np.array_equal(found[name], value.astype(np.float16).astype(np.float32))


def test_an_adapter_of_fewer_layers_is_not_read(tmp_path: Path) -> None:
    written(tmp_path / "a.gguf", "gemma3", parameters(blocks=1))
    with pytest.raises(ValueError, match=r"has no blk\.1\.attn_q\.weight\.lora_a"):
        read_weights(tmp_path / "a.gguf", parameters(blocks=2), architecture="gemma3", heads=2, key_value_heads=1)


def test_a_layer_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="embed_tokens"):
        written(tmp_path / "a.gguf", "gemma3", {"model.embed_tokens.lora_A.default.weight": np.zeros((2, 2))})


shapes = st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(1, 5))


@given(shapes)
def test_the_permutation_is_the_one_that_readers_of_gguf_undo(shape: tuple[int, int, int]) -> None:
    """As the reader in transformers undoes it: rows of each head in pairs, back into halves."""
    heads, half, columns = shape
    values = np.arange(heads * 2 * half * columns).reshape(heads * 2 * half, columns)
    there = _interleaved(values, heads)
    back = there.reshape(heads, half, 2, columns).swapaxes(2, 1).reshape(values.shape)
    assert np.array_equal(back, values)
    assert sorted(map(tuple, there)) == sorted(map(tuple, values))


@given(shapes)
def test_transformers_own_reader_undoes_it(shape: tuple[int, int, int]) -> None:
    pytest.importorskip("torch")
    reading = pytest.importorskip("transformers.modeling_gguf_pytorch_utils")
    heads, half, columns = shape
    values = np.arange(heads * 2 * half * columns).reshape(heads * 2 * half, columns)
    undo = reading.LlamaTensorProcessor({})._reverse_permute_weights
    assert np.array_equal(undo(_interleaved(values, heads), heads, heads), values)


def test_the_rank_of_a_file_is_read(tmp_path: Path) -> None:
    written(tmp_path / "adapter.gguf", "gemma3", parameters(rank=3))
    assert read_rank(tmp_path / "adapter.gguf") == 3
