"""The models that can be tuned, and what their licences ask of an adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llm_extract.errors import ModelNameError
from llm_extract.model.weights import KNOWN_MODELS, EmbeddedModel

LARGEST_ADAPTER = 20_000_000
"""Bytes: what a repository bears."""


@dataclass(frozen=True)
class Licence:
    """What a base's licence asks of those who pass on an adapter for it."""

    title: str
    notice: str
    """One line for the adapter's file."""
    terms: str
    """For the model card, in Markdown."""
    words: str
    """The file, beside this module, of the licence itself."""

    def files(self) -> dict[str, bytes]:
        """What is passed on with an adapter, by name: the notice, and a copy of the licence."""
        return {
            "NOTICE": f"{self.notice}.\n".encode(),
            self.words: (Path(__file__).parent / "licences" / self.words).read_bytes(),
        }


_GEMMA = Licence(
    title="Gemma 3 270M (Google)",
    notice=(
        "Modified: a low-rank adapter trained on Gemma 3 270M. Gemma is provided under and subject to the Gemma Terms "
        "of Use found at ai.google.dev/gemma/terms"
    ),
    terms="""\
The base is Gemma 3 270M by Google. This adapter is a Model Derivative in the words of its terms, and is passed on
under them:

- **Notice.** Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms.
- **Modified.** `adapter.gguf` is no file of Google's: it was trained as this card says and changes what the base model
  answers.
- **Use restrictions.** Whoever uses or passes on this adapter is bound by section 3.2 of those terms and by the Gemma
  Prohibited Use Policy (ai.google.dev/gemma/prohibited_use_policy), and must bind those who get it from them likewise.
- Whoever passes it on gives along the copy of the terms (`gemma-terms.txt`) and the notice (`NOTICE`) that lie beside
  this card. The licence of llm_extract's own code does not extend to the adapter.
""",
    words="gemma-terms.txt",
)
_SMOLLM2 = Licence(
    title="SmolLM2-135M-Instruct (Hugging Face)",
    notice="Modified: a low-rank adapter trained on SmolLM2-135M-Instruct (Apache-2.0), of which it is a derivative",
    terms="""\
The base is SmolLM2-135M-Instruct by Hugging Face, under the Apache License 2.0. This adapter is a derivative of it and
under the same licence: whoever passes it on gives along the copy of the licence (`apache-2.0.txt`) and the notice
(`NOTICE`) that lie beside this card, and says that the weights were changed. `adapter.gguf` is no file of Hugging
Face's: it was trained as this card says.
""",
    words="apache-2.0.txt",
)
KEPT_TOKENS = {"gemma3-270m": 65_536}
"""Base → how many tokens of its vocabulary its adapters are trained and served with; of the others all.

Of Gemma's 262,144: a decoded token takes about 12 ms instead of 19, an English article 5 % more tokens.
"""

LICENCES = {"gemma3-270m": _GEMMA, "smollm2": _SMOLLM2}


def find_base(name: str) -> EmbeddedModel:
    """The base of this name.

    Raises:
        ModelNameError: there is none that can be tuned.
    """
    name = name.removeprefix("embedded:")
    if name not in LICENCES:
        raise ModelNameError(f"{name!r} is no base that can be tuned; there are {', '.join(LICENCES)}")
    return KNOWN_MODELS[name]


def too_large(size: int, rank: int) -> str | None:
    """What is wrong with an adapter of so many bytes; None if it is not too large."""
    if size <= LARGEST_ADAPTER:
        return None
    return (
        f"an adapter of rank {rank} would take {size / 1e6:.1f} MB, and {LARGEST_ADAPTER // 1_000_000} MB is the most "
        f"that a repository should bear: give a rank of {LARGEST_ADAPTER * rank // size} or less"
    )
