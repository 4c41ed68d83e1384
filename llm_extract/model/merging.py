"""An adapter merged into its base: one file of weights instead of two.

llama.cpp can add an adapter while it computes, by two small products more for every matrix. Merged once, it costs
nothing, whatever its rank. The merged matrices have 8 bits a number (`Q8_0`): rounded to the base's four or five they
would lose part of what the adapter changes, and llama.cpp is faster with these than with `Q5_0`. Measured with Gemma 3
270M on two cores, adapter of rank 16: a prompt's token 1.5 instead of 2.1 ms, a line's few tokens 33 instead of 40 ms,
a decoded token 9.5 instead of 11.4 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from llm_extract.errors import EmbeddedModelError
from llm_extract.model.weights import DEFAULT_MODEL, KNOWN_MODELS

FORMAT = "q8_0"
"""How the merged matrices are written; part of the file's name, and of the model's."""

_LORA_A, _LORA_B = ".lora_a", ".lora_b"


def merge_adapter(base: Path, adapter: Path, target: Path) -> None:
    """Write a model with its adapter's low-rank products added to its matrices.

    Of an adapter with the matrices A (rank × inputs) and B (outputs × rank), (alpha ÷ rank) · B · A is added (LoRA:
    E. Hu and others, 2021). What the adapter does not change is copied.

    Raises:
        EmbeddedModelError: one of the files is no GGUF, or the adapter is not of this base; or `gguf` is not installed.
    """
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise EmbeddedModelError(
            f"an adapter cannot be used without the package gguf: {KNOWN_MODELS[DEFAULT_MODEL].install}"
        ) from error

    try:
        weights, low_rank = GGUFReader(base), GGUFReader(adapter)
        changes = _changes(low_rank)
        unknown = changes.keys() - {tensor.name for tensor in weights.tensors}
        if unknown:
            raise ValueError(f"there is no {min(unknown)} in {base.name}")  # noqa: TRY301 - told with the others
        _write(weights, changes, target)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise EmbeddedModelError(
            f"the adapter {adapter} cannot be merged into {base.name}: {error}; make it anew with `llm-extract tune`"
        ) from error


def _changes(low_rank: Any) -> dict[str, tuple[Any, Any]]:
    """Name of a matrix → the two whose product is added to it, the second with the scale."""
    from gguf import dequantize

    found = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in low_rank.tensors}
    alpha = float(low_rank.fields["adapter.lora.alpha"].contents())
    names = [name.removesuffix(_LORA_A) for name in found if name.endswith(_LORA_A)]
    return {
        name: (found[name + _LORA_B], found[name + _LORA_A] * (alpha / len(found[name + _LORA_A]))) for name in names
    }


def _write(weights: Any, changes: Mapping[str, tuple[Any, Any]], target: Path) -> None:
    from gguf import GGMLQuantizationType, GGUFValueType, GGUFWriter, dequantize, quantize

    eight_bits = GGMLQuantizationType[FORMAT.upper()]
    writer = GGUFWriter(target, weights.fields["general.architecture"].contents())
    for key, field in weights.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":  # the writer's own
            continue
        kind = field.types[0]
        writer.add_key_value(key, field.contents(), kind, field.types[-1] if kind == GGUFValueType.ARRAY else None)
    for tensor in weights.tensors:
        if tensor.name not in changes:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
            continue
        outputs, inputs = changes[tensor.name]
        # In 64 bits: in 32 the order in which a machine adds up would decide how a number is rounded to 8.
        merged = dequantize(tensor.data, tensor.tensor_type) + outputs.astype("float64") @ inputs.astype("float64")
        writer.add_tensor(tensor.name, quantize(merged.astype("float32"), eight_bits), raw_dtype=eight_bits)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
