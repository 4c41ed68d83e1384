"""What each token of a lesson may look at: what stands before it, and with prefix attention its whole block.

A language model reads from left to right. What a name in an article's first line is, the buyer or the loser, it has to
guess there, though the rest of the article tells. With prefix attention it reads the article both ways (a prefix
language model: C. Raffel and others, "Exploring the Limits of Transfer Learning", 2020, section 3.2.1), and writes its
answers from left to right as before.

llama.cpp, once its attention is not causal, lets all tokens that it is given at once see each other: the article with
the form's first label, and for each further line the end of the answer before it with the next label. What it writes
comes token by token. These are the blocks here, so that training and inference see the same.
"""

from __future__ import annotations

from typing import Any

from llm_extract.tuning.readings import Encoded

Masks = Any
"""Of shape (1, 1, tokens, tokens), added to the scores of attention; or such masks by the kind of a layer."""


def blocks(encoded: Encoded) -> list[int]:
    """The number of each token's block: a learnt token begins one, and every other goes on with the one before it."""
    learnt = set(encoded.learnt)
    found, block = [], 0
    for place in range(len(encoded.tokens)):
        block += place in learnt
        found.append(block)
    return found


def prefix_masks(encoded: Encoded, config: Any, dtype: Any, device: str) -> Masks:
    """The masks of a lesson with prefix attention, for a model of transformers.

    Layers with a sliding window look back no farther than that, and ahead to the end of the block, as in llama.cpp.

    Args:
        encoded: the lesson as tokens.
        config: the model's; tells of sliding windows.
        dtype: the model's numbers.
        device: where it computes.
    """
    import torch

    places = torch.arange(len(encoded.tokens), device=device)
    block = torch.tensor(blocks(encoded), device=device)
    back = places[:, None] - places[None, :]
    seen = (back >= 0) | (block[:, None] == block[None, :])

    def mask(allowed: Any) -> Any:
        closed = torch.full(allowed.shape, torch.finfo(dtype).min, dtype=dtype, device=device)
        return closed.masked_fill(allowed, 0)[None, None]

    if "sliding_attention" not in (getattr(config, "layer_types", None) or ()):
        return mask(seen)
    return {"full_attention": mask(seen), "sliding_attention": mask(seen & (back < config.sliding_window))}
