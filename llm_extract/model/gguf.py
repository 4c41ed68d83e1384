"""GGUF, the file format of llama.cpp's models: reading a header, and cutting a vocabulary.

A file is a header of key-value pairs, a list of tensors (name, shape, type, offset), and their data, each
padded to 32 bytes; all numbers are little-endian. The format is described in ggml's docs/gguf.md.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from llm_extract.errors import EmbeddedModelError

MAGIC = b"GGUF"
"""The first four bytes of a file."""

_LONGEST_STRING = 1 << 20


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a model file says of itself, as far as it is needed before loading it."""

    architecture: str
    context_length: int | None
    """Tokens that the model was trained for."""
    cache_bytes_per_token: int
    """Memory that one token of context takes in the attention cache, in 16-bit numbers."""
    chat: bool
    """Whether it brings a chat template."""


def read_header(file: Path) -> GgufHeader:
    """Read a GGUF file's metadata (about 0.2 s: a large vocabulary is passed over).

    Raises EmbeddedModelError if the file is no GGUF or its header is cut.
    """
    try:
        with file.open("rb") as stream:
            metadata = dict(_metadata(stream))
    except (
        OSError,
        struct.error,
        UnicodeDecodeError,
        KeyError,
        EOFError,
        OverflowError,
        MemoryError,
    ) as error:
        raise EmbeddedModelError(f"{file}: its header cannot be read ({error!r}); it is cut or damaged") from error

    architecture = str(metadata.get("general.architecture", ""))

    def number(key: str, default: int) -> int:
        value = metadata.get(f"{architecture}.{key}", default)
        return value if isinstance(value, int) else default

    layers, heads = number("block_count", 0), number("attention.head_count", 1)
    width = number("embedding_length", 0) // max(heads, 1)
    # A list here has one number a layer; not to underestimate, all are taken as absent: full heads.
    per_head = number("attention.key_length", width) + number("attention.value_length", width)
    return GgufHeader(
        architecture=architecture,
        context_length=number("context_length", 0) or None,
        cache_bytes_per_token=2 * layers * number("attention.head_count_kv", heads) * per_head,
        chat="tokenizer.chat_template" in metadata,
    )


# GGUF's types of values, by number; 8 is a string and 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


def _metadata(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """The key-value pairs of a GGUF file's header; arrays are passed over and given as None."""
    if stream.read(4) != MAGIC:
        raise EOFError("no GGUF")
    _version, _tensors, pairs = _unpack(stream, "IQQ")
    for _ in range(pairs):
        key = _string(stream)
        (kind,) = _unpack(stream, "I")
        yield key, _value(stream, kind)


def _value(stream: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _string(stream)
    if kind != _ARRAY:
        return _unpack(stream, _SCALARS[kind])[0]
    kind, count = _unpack(stream, "IQ")
    if kind == _STRING:
        for _ in range(count):
            (length,) = _unpack(stream, "Q")
            stream.seek(length, os.SEEK_CUR)
    else:
        stream.seek(count * struct.calcsize("<" + _SCALARS[kind]), os.SEEK_CUR)
    return None


def _string(stream: BinaryIO) -> str:
    (length,) = _unpack(stream, "Q")
    if length > _LONGEST_STRING:
        raise EOFError("a text of impossible length")
    return stream.read(length).decode("utf-8")


def _unpack(stream: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack("<" + form, stream.read(struct.calcsize("<" + form)))


# -- cutting a vocabulary ------------------------------------------------------------------------------------------

_TOKENS, _SCORES, _TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"
_TABLES = ("token_embd.weight", "output.weight")
"""The tensors with a row a token: what a token means, and, where it is not the same table, how it is chosen."""

_BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 12: (256, 144),
           13: (256, 176), 14: (256, 210), 30: (1, 2)}  # fmt: skip
"""Type of a tensor → how many numbers stand in a block of it, and the block's bytes."""

_CONTROL, _ALIGNMENT = 3, 32


class _Tensor:
    """A tensor as the header lists it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.name = _string(stream)
        (dimensions,) = _unpack(stream, "I")
        self.shape: tuple[int, ...] = _unpack(stream, f"{dimensions}Q")
        self.kind, self.offset = _unpack(stream, "IQ")

    def packed(self, shape: Sequence[int], offset: int) -> bytes:
        name = self.name.encode()
        sizes = struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, self.kind, offset)
        return struct.pack("<Q", len(name)) + name + sizes

    @property
    def row_bytes(self) -> int:
        numbers, size = _BLOCKS[self.kind]
        return self.shape[0] // numbers * size


def cut_vocabulary(source: BinaryIO, target: BinaryIO, most: int) -> None:
    """Copy a model with the first `most` tokens of its vocabulary, and every token of a single character.

    Each decoded token is weighed against every token of the vocabulary, and of a small model for 140 languages
    that is most of the work. A SentencePiece vocabulary is in the order in which its tokens were merged, commonest
    first, so a text whose rare words lose their token is still written, in more and shorter pieces; one in a
    script with many characters in many more. All other weights stay as they are.

    Raises:
        EmbeddedModelError: the file is no whole model with such a vocabulary.
    """
    try:
        _cut(source, target, most)
    except (struct.error, UnicodeDecodeError, KeyError, EOFError, OverflowError, MemoryError, IndexError) as error:
        raise EmbeddedModelError(f"the vocabulary of {source.name} cannot be cut ({error!r})") from error


def _cut(source: BinaryIO, target: BinaryIO, most: int) -> None:
    if source.read(4) != MAGIC:
        raise EOFError("no GGUF")
    version, tensor_count, pair_count = _unpack(source, "IQQ")
    places: dict[str, tuple[int, int, int]] = {}
    """Key → where its pair begins, where its value begins, where that ends."""
    for _ in range(pair_count):
        start = source.tell()
        key = _string(source)
        (kind,) = _unpack(source, "I")
        begins = source.tell()
        _value(source, kind)
        places[key] = start, begins, source.tell()
    tensors = [_Tensor(source) for _ in range(tensor_count)]
    data = -(-source.tell() // _ALIGNMENT) * _ALIGNMENT
    ends = source.seek(0, os.SEEK_END)

    def raw(start: int, end: int) -> bytes:
        source.seek(start)
        return source.read(end - start)

    model = raw(*places["tokenizer.ggml.model"][1:])[8:]
    if model != b"llama" or "general.alignment" in places:
        raise EOFError(f"a tokenizer of the kind {model!r}")
    texts, scores = _array(source, places[_TOKENS]), _numbers(source, places[_SCORES], "f")
    kinds = _numbers(source, places[_TYPES], "i")
    kept = [
        token
        for token, text in enumerate(texts)
        if token < most or (kinds[token] != _CONTROL and len(text.decode("utf-8")) == 1)
    ]
    target.write(MAGIC + struct.pack("<IQQ", version, tensor_count, pair_count))
    for key, (start, begins, end) in places.items():
        if key.endswith("_token_id") and struct.unpack("<I", raw(begins, end))[0] >= most:
            raise EOFError(f"{key} is not among the first {most} tokens")
        if key == _TOKENS:
            packed = b"".join(struct.pack("<Q", len(texts[token])) + texts[token] for token in kept)
        elif key == _SCORES:
            packed = struct.pack(f"<{len(kept)}f", *(scores[token] for token in kept))
        elif key == _TYPES:
            packed = struct.pack(f"<{len(kept)}i", *(kinds[token] for token in kept))
        else:
            target.write(raw(start, end))
            continue
        target.write(raw(start, begins + 4) + struct.pack("<Q", len(kept)) + packed)
    sizes = _sizes(tensors, ends - data)
    offset = 0
    for tensor in tensors:
        is_table = tensor.name in _TABLES
        target.write(tensor.packed((tensor.shape[0], len(kept)) if is_table else tensor.shape, offset))
        size = tensor.row_bytes * len(kept) if is_table else sizes[tensor.name]
        offset += -(-size // _ALIGNMENT) * _ALIGNMENT
    _pad(target)
    for tensor in tensors:
        start = data + tensor.offset
        if tensor.name in _TABLES:
            width = tensor.row_bytes
            for first, last in _runs(kept):
                target.write(raw(start + first * width, start + last * width))
        else:
            target.write(raw(start, start + sizes[tensor.name]))
        _pad(target)


def _array(stream: BinaryIO, place: tuple[int, int, int]) -> list[bytes]:
    stream.seek(place[1])
    _kind, count = _unpack(stream, "IQ")
    return [stream.read(*_unpack(stream, "Q")) for _ in range(count)]


def _numbers(stream: BinaryIO, place: tuple[int, int, int], form: str) -> tuple[Any, ...]:
    stream.seek(place[1])
    _kind, count = _unpack(stream, "IQ")
    return _unpack(stream, f"{count}{form}")


def _sizes(tensors: Sequence[_Tensor], whole: int) -> dict[str, int]:
    """Name → bytes up to the next tensor, padding included."""
    ordered = sorted(tensors, key=lambda tensor: tensor.offset)
    ends = [*(after.offset for _, after in pairwise(ordered)), whole]
    return {tensor.name: end - tensor.offset for tensor, end in zip(ordered, ends, strict=True)}


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as half-open ranges."""
    first = numbers[0]
    for before, after in pairwise([*numbers, numbers[-1] + 2]):
        if after != before + 1:
            yield first, before + 1
            first = after


def _pad(target: BinaryIO) -> None:
    target.write(bytes(-target.tell() % _ALIGNMENT))
