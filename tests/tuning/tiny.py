"""A Gemma 3 of a few thousand weights, drawn at random, as a GGUF file: training it takes milliseconds."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

WIDTH, HIDDEN, HEADS, KEY_VALUE_HEADS, HEAD, BLOCKS = 32, 64, 2, 1, 16, 2

_CONTROL, _BYTE, _NORMAL = 3, 6, 1


def write_base(file: Path, seed: int = 0) -> Path:
    """Write the model; its tokens are single characters and bytes."""
    import gguf
    import numpy as np

    chance = np.random.default_rng(seed)
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>"]
    kinds = [_CONTROL] * 4
    tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    kinds += [_BYTE] * 256
    characters = ["▁", "\n", *(c for c in string.printable if c.isprintable() and c != " "), "£", "’"]
    tokens += characters
    kinds += [_NORMAL] * len(characters)

    writer = gguf.GGUFWriter(file, "gemma3")
    writer.add_block_count(BLOCKS)
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_VALUE_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(512)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_pad_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)

    def matrix(rows: int, columns: int) -> Any:
        return chance.normal(0, 0.1, size=(rows, columns)).astype(np.float32)

    def norm(size: int) -> Any:
        return np.ones(size, dtype=np.float32)

    writer.add_tensor("token_embd.weight", matrix(len(tokens), WIDTH))
    writer.add_tensor("output_norm.weight", norm(WIDTH))
    for block in range(BLOCKS):
        shapes = {
            "attn_q": (HEADS * HEAD, WIDTH),
            "attn_k": (KEY_VALUE_HEADS * HEAD, WIDTH),
            "attn_v": (KEY_VALUE_HEADS * HEAD, WIDTH),
            "attn_output": (WIDTH, HEADS * HEAD),
            "ffn_gate": (HIDDEN, WIDTH),
            "ffn_up": (HIDDEN, WIDTH),
            "ffn_down": (WIDTH, HIDDEN),
        }
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{block}.{name}.weight", matrix(*shape))
        for name in ("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"):
            writer.add_tensor(f"blk.{block}.{name}.weight", norm(WIDTH))
        for name in ("attn_q_norm", "attn_k_norm"):
            writer.add_tensor(f"blk.{block}.{name}.weight", norm(HEAD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file
