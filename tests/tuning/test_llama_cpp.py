"""An adapter does in llama.cpp what it does in training: the same tokens, and nearly the same probabilities.

Nearly, because llama.cpp computes with the quantised weights. Loads whole models: a quarter of a minute each.
"""

from __future__ import annotations

import http.client
import json
import math
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
pytest.importorskip("gguf")

from llm_extract.errors import EmbeddedModelError  # noqa: E402
from llm_extract.model.cache import default_cache_directory  # noqa: E402
from llm_extract.model.embedded import EmbeddedServer  # noqa: E402
from llm_extract.model.gguf import read_header  # noqa: E402
from llm_extract.model.merging import merge_adapter  # noqa: E402
from llm_extract.model.types import Attention  # noqa: E402
from llm_extract.model.weights import model_file  # noqa: E402
from llm_extract.tuning.adapter_file import write_adapter  # noqa: E402
from llm_extract.tuning.attention import prefix_masks  # noqa: E402
from llm_extract.tuning.bases import KEPT_TOKENS  # noqa: E402
from llm_extract.tuning.readings import Encoded  # noqa: E402
from llm_extract.tuning.training import MODULES, load_base  # noqa: E402

pytestmark = [pytest.mark.embedded, pytest.mark.filterwarnings("ignore")]

TEXT = "Article:\nOrla Bank has signed a contract with Venn Systems, worth £3m.\n\nForm:\nBuyer: Orla Bank\nSupplier:"
ALPHA, RANK = 16, 8


def ask(model: Path, attention: Attention) -> tuple[list[int], dict[int, float]]:
    """The tokens that llama.cpp reads, and the likeliest next ones with their log probabilities."""
    with EmbeddedServer(model, attention=attention) as server:
        address = server.start()
        connection = http.client.HTTPConnection(urlsplit(address.base_url).netloc)

        def post(path: str, **body: Any) -> Any:
            headers = {"Authorization": f"Bearer {address.api_key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            return json.loads(connection.getresponse().read())

        tokens = post("/tokenize", content=TEXT, add_special=True)["tokens"]
        said = post("/completion", prompt=TEXT, n_predict=1, temperature=0, n_probs=40)
        connection.close()
    return tokens, {each["id"]: each["logprob"] for each in said["completion_probabilities"][0]["top_logprobs"]}


def distance(found: dict[int, float], expected: Any) -> float:
    """Mean distance of log probabilities."""
    return sum(abs(logprob - float(expected[token])) for token, logprob in found.items()) / len(found)


@pytest.mark.parametrize(
    ("name", "strength", "attention"),
    [("gemma3-270m", 0.015, "causal"), ("smollm2", 0.05, "causal"), ("gemma3-270m", 0.015, "prefix")],
)
def test_llama_cpp_applies_an_adapter_as_training_does(
    name: str, strength: float, attention: Attention, tmp_path: Path
) -> None:
    try:
        base = model_file(name, default_cache_directory() / "models", KEPT_TOKENS.get(name))
    except EmbeddedModelError as error:
        pytest.skip(str(error))
    model, tokenizer = load_base(base)
    config = model.config
    lora = peft.LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=list(MODULES))
    torch.manual_seed(1)
    model = peft.get_peft_model(model.float(), lora).eval()
    with torch.no_grad():
        for parameter, value in model.named_parameters():
            if "lora_B" in parameter:  # where attention looks is what a wrong permutation spoils
                value.normal_(std=strength * (4 if "q_proj" in parameter or "k_proj" in parameter else 0.3))
        tokens = torch.tensor([tokenizer(TEXT)["input_ids"]])
        masks = None
        if attention == "prefix":
            masks = prefix_masks(Encoded(tokens[0].tolist(), []), config, torch.float32, "cpu")
        tuned = model(tokens, attention_mask=masks).logits[0, -1].log_softmax(-1)
        with model.disable_adapter():
            plain = model(tokens, attention_mask=masks).logits[0, -1].log_softmax(-1)
    write_adapter(
        tmp_path / "adapter.gguf",
        {parameter: value.detach() for parameter, value in model.named_parameters() if value.requires_grad},
        architecture=read_header(base).architecture,
        alpha=ALPHA,
        heads=config.num_attention_heads,
        key_value_heads=config.num_key_value_heads,
    )
    merge_adapter(base, tmp_path / "adapter.gguf", tmp_path / "merged.gguf")
    read, found = ask(tmp_path / "merged.gguf", attention)
    assert read == tokens[0].tolist()
    assert all(math.isfinite(logprob) for logprob in found.values())
    assert distance(found, tuned) < 0.3 * distance(found, plain)
    assert distance(found, tuned) < 0.2
