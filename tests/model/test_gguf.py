"""GGUF files: what a cut vocabulary keeps."""

from __future__ import annotations

import io
import json
import struct
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import EmbeddedModelError
from llm_extract.model.embedded import EmbeddedServer
from llm_extract.model.gguf import cut_vocabulary, read_header
from llm_extract.model.weights import model_file

CONTROL, NORMAL, DEFINED = 3, 1, 4
TOKENS = [
    ("<pad>", CONTROL), ("<eos>", CONTROL), ("<bos>", CONTROL), ("▁a", NORMAL), ("ab", NORMAL), ("abc", NORMAL),
    ("<unused>", CONTROL), ("c", NORMAL), ("abcd", NORMAL), ("£", NORMAL), ("\t", DEFINED), ("▁", NORMAL),
    ("\x1c", CONTROL),
]  # fmt: skip
WIDTH = 32


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def array(kind: int, values: list[bytes]) -> bytes:
    return struct.pack("<IIQ", 9, kind, len(values)) + b"".join(values)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 32)


def build(tokens: list[int], *, tokenizer: str = "llama", eos: int = 1, table: int = 8, more: bytes = b"") -> bytes:
    """A model file with these of the tokens; a row of its table holds the token's number."""
    pairs = {
        "tokenizer.ggml.model": struct.pack("<I", 8) + text(tokenizer),
        "gemma3.block_count": struct.pack("<II", 4, 2),
        "tokenizer.ggml.tokens": array(8, [text(TOKENS[token][0]) for token in tokens]),
        "tokenizer.ggml.scores": array(6, [struct.pack("<f", -token) for token in tokens]),
        "tokenizer.ggml.token_type": array(5, [struct.pack("<i", TOKENS[token][1]) for token in tokens]),
        "tokenizer.ggml.eos_token_id": struct.pack("<II", 4, eos),
        "general.tags": array(8, [text("small")]),
    }
    row = {8: 34, 0: 4 * WIDTH}[table]
    tensors: list[tuple[str, tuple[int, ...], int, bytes]] = [
        ("norm", (3,), 0, struct.pack("<3f", 1, 2, 3)),
        ("token_embd.weight", (WIDTH, len(tokens)), table, b"".join(bytes([token]) * row for token in tokens)),
        ("last", (5,), 0, struct.pack("<5f", *range(5))),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    head += b"".join(text(key) + value for key, value in pairs.items())
    data = b""
    for name, shape, kind, content in tensors:
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(data))
        data += padded(content)
    return padded(head) + data + more


def cut(content: bytes, most: int) -> bytes:
    target = io.BytesIO()
    source = io.BytesIO(content)
    source.name = "tiny.gguf"
    cut_vocabulary(source, target, most)
    return target.getvalue()


@pytest.mark.parametrize("table", [8, 0])
@given(most=st.integers(2, len(TOKENS) + 3))
def test_the_first_tokens_stay_and_those_of_one_character(table: int, most: int) -> None:
    kept = [
        number for number, (token, kind) in enumerate(TOKENS) if number < most or (len(token) == 1 and kind != CONTROL)
    ]
    assert cut(build(list(range(len(TOKENS))), table=table), most) == build(kept, table=table)


def test_a_cut_vocabulary_is_not_cut_again() -> None:
    once = cut(build(list(range(len(TOKENS)))), 4)
    assert cut(once, 4) == once


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no GGUF"),
        (b"GGUF", "unpack requires"),
        (build(list(range(8)))[:150], "cannot be cut"),
        (build(list(range(8)), tokenizer="gpt2"), "a tokenizer of the kind b'gpt2'"),
        (build(list(range(8)), eos=6), "tokenizer.ggml.eos_token_id is not among the first 4 tokens"),
        (build(list(range(8)), table=8).replace(b"tokenizer.ggml.scores", b"tokenizer.ggml.snores"), "scores"),
    ],
)
def test_a_file_that_cannot_be_cut_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(EmbeddedModelError, match=r"the vocabulary of tiny\.gguf cannot be cut") as refused:
        cut(content, 4)
    assert complaint in str(refused.value)


@pytest.mark.embedded
def test_the_model_in_the_box_reads_and_writes_with_a_cut_vocabulary(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.getbasetemp() / "weights"
    whole, file = (model_file("gemma3-270m", directory, tokens) for tokens in (None, 65_536))
    assert file.stat().st_size < whole.stat().st_size * 0.55
    assert read_header(file) == read_header(whole)
    words = "Köhnlein & Søn's £12.4m \t contract (東京都), “précis” – 1\u00a0000 € \U0001f600\n"
    with EmbeddedServer(file, context=512) as server:
        tokens = post(server, "/tokenize", content=words)["tokens"]
        assert max(tokens) < 90_000
        assert post(server, "/detokenize", tokens=tokens)["content"] == words
        said = post(server, "/completion", prompt="One, two, three, four,", n_predict=3, temperature=0)["content"]
        assert said.strip().startswith("five")


def post(server: EmbeddedServer, path: str, **body: Any) -> Any:
    address = server.start()
    request = urllib.request.Request(
        address.base_url.removesuffix("/v1") + path,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {address.api_key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_a_made_file_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_extract.model import weights

    made: list[int] = []

    def counting(source: Any, target: Any, most: int) -> None:
        made.append(most)
        cut_vocabulary(source, target, most)

    content = build(list(range(len(TOKENS))))
    whole = tmp_path / "whole.gguf"
    whole.write_bytes(content)
    monkeypatch.setattr(weights, "cut_vocabulary", counting)
    monkeypatch.setattr(weights, "_whole_file", lambda model, directory: whole)
    files = [model_file("gemma3-270m", tmp_path, 5) for _ in range(3)]
    assert files[0].read_bytes() == cut(content, 5)
    assert made == [5]
    files[0].write_bytes(b"damaged")
    assert model_file("gemma3-270m", tmp_path, 5).read_bytes() == cut(content, 5)
    assert made == [5, 5]
    assert model_file("gemma3-270m", tmp_path, 6) != files[0]
