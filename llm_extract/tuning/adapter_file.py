"""Adapters as GGUF files: what llama.cpp loads beside the base model.

The format is that of llama.cpp's `convert_lora_to_gguf.py`: metadata that says `adapter`, `lora`
and alpha, and two tensors for every weight, `blk.0.attn_q.weight.lora_a` (rank, in) and `….lora_b` (out, rank).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Hugging Face's names of a block's layers and those of GGUF."""

_PARAMETER = re.compile(r"layers\.(?P<block>\d+)\.(?P<layer>[\w.]+?)\.lora_(?P<side>[AB])\.")

_PERMUTED = frozenset({"llama"})
"""Architectures whose q and k GGUF stores with the halves of each head interleaved."""


def write_adapter(
    file: Path,
    parameters: Mapping[str, Any],
    *,
    architecture: str,
    alpha: float,
    heads: int,
    key_value_heads: int,
    description: str = "",
) -> None:
    """Write the tensors of a LoRA as 16-bit numbers.

    Args:
        file: written whole or not at all.
        parameters: peft's names and tensors (`….layers.0.self_attn.q_proj.lora_A.default.weight`).
        architecture: the base's, as its own GGUF file says.
        alpha: the scale of the adapter is alpha / rank.
        heads, key_value_heads: of the base's attention; for architectures that permute q and k.
        description: for a reader of the file.

    Raises:
        ValueError: a parameter of a layer that is not in `NAMES`.
    """
    import gguf
    import numpy as np

    partial = file.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(alpha))
    writer.add_string("general.description", description)
    for name in sorted(parameters):
        values = parameters[name].to("cpu").float().numpy()
        if permuted := _heads_permuted(name, architecture, heads, key_value_heads):
            values = _interleaved(values, permuted)
        writer.add_tensor(_tensor_name(name), values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(file)


def read_weights(
    file: Path, names: Iterable[str], *, architecture: str, heads: int, key_value_heads: int
) -> dict[str, Any]:
    """The tensors of an adapter file as `write_adapter` was given them, in 32 bits.

    Args:
        file: of a model with the same layers.
        names: peft's, of the parameters that are wanted.
        architecture, heads, key_value_heads: as of `write_adapter`.

    Raises:
        ValueError: it has no tensor for one of the names.
    """
    import gguf
    import numpy as np

    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    found = {}
    for name in names:
        if _tensor_name(name) not in tensors:
            raise ValueError(f"{file} has no {_tensor_name(name)}")
        values = np.array(tensors[_tensor_name(name)].data, dtype=np.float32)
        permuted = _heads_permuted(name, architecture, heads, key_value_heads)
        found[name] = _apart(values, permuted) if permuted else values
    return found


def read_rank(file: Path) -> int:
    """The rank of an adapter file.

    Raises:
        ValueError: it is no adapter's.
    """
    import gguf

    ranks = {int(tensor.data.shape[0]) for tensor in gguf.GGUFReader(file).tensors if tensor.name.endswith(".lora_a")}
    if len(ranks) != 1:
        raise ValueError(f"{file} is no adapter of one rank")
    return ranks.pop()


def _tensor_name(parameter: str) -> str:
    match = _PARAMETER.search(parameter)
    if match is None or match["layer"] not in NAMES:
        raise ValueError(f"{parameter}: no layer that an adapter file can name")
    return f"blk.{match['block']}.{NAMES[match['layer']]}.weight.lora_{match['side'].lower()}"


def _heads_permuted(parameter: str, architecture: str, heads: int, key_value_heads: int) -> int:
    """Of how many heads the rows are stored interleaved; 0: as they are."""
    if architecture not in _PERMUTED or ".lora_B." not in parameter:
        return 0
    return heads if "q_proj" in parameter else key_value_heads if "k_proj" in parameter else 0


def _interleaved(values: Any, heads: int) -> Any:
    """Rows from [first half | second half] of each head to alternating ones, as `convert_hf_to_gguf` does."""
    rows, columns = values.shape
    return values.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _apart(values: Any, heads: int) -> Any:
    """What `_interleaved` was given."""
    rows, columns = values.shape
    return values.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
