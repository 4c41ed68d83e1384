"""The public names, and what an import costs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import llm_extract

HEAVY = ("openai", "instructor", "trafilatura", "lxml", "pypdfium2", "babel", "jinja2", "diskcache", "yaml", "rich")


def test_every_public_name_is_there() -> None:
    assert all(getattr(llm_extract, name) is not None for name in llm_extract.__all__)
    assert dir(llm_extract) == sorted(llm_extract.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'extarct'"):
        _ = llm_extract.extarct


def test_an_import_loads_nothing_heavy() -> None:
    """They are loaded by the first call that needs them."""
    code = f"import sys, llm_extract; llm_extract.extract; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_installed_copy_brings_its_tasks_and_types(tmp_path: Path) -> None:
    """The wheel works from any folder, without the repository."""
    root = Path(__file__).parents[1]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    assert (site / "llm_extract" / "py.typed").is_file()
    assert not (site / "tests").exists()
    (licences,) = site.glob("*.dist-info/licenses")
    assert {path.name for path in licences.rglob("*") if path.is_file()} == {"LICENSE", "NOTICE", "gemma-terms.txt"}
    done = subprocess.run(
        [sys.executable, "-c", "from llm_extract.task import find_task as f; print(f('it_contracts').where)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == site / "llm_extract" / "shipped"
