"""The code keeps to its own rules: types, lint, format, and a lock that fits."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "command", [("mypy",), ("ruff", "check"), ("ruff", "format", "--check")], ids=lambda command: " ".join(command)
)
def test_the_checkers_are_content(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def locked() -> dict[str, Version]:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in pins if pin}


NOT_LOCKED = ("tune",)
"""Extras that neither the lock nor CI holds: torch takes gigabytes."""


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        entry for name, extra in project["optional-dependencies"].items() if name not in NOT_LOCKED for entry in extra
    ]
    return [Requirement(entry) for entry in [*project["dependencies"], *extras]]


def test_the_lock_holds_what_the_project_asks_for() -> None:
    pins = locked()
    for requirement in declared():
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in requirements.txt; see the README on making it anew"
        assert version in requirement.specifier, f"requirements.txt has {requirement.name} {version}, not {requirement}"


def test_the_lock_is_closed() -> None:
    """Whatever a locked package needs here is locked too."""
    pins = locked()
    for name in pins:
        try:
            needs = distribution(name).requires or []
        except ModuleNotFoundError:
            continue  # for another platform
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                version = pins.get(canonicalize_name(need.name))
                assert version is not None, f"{name} needs {need}, which requirements.txt does not hold"
                assert need.specifier.contains(version, prereleases=True), f"{name} needs {need}, not {version}"


def test_the_lock_names_no_address() -> None:
    content = (ROOT / "requirements.txt").read_text("utf-8")
    assert "://" not in content
    assert content.count("--hash=sha256:") > len(locked())


def test_the_readme_s_commands_are_the_ones_that_work() -> None:
    """CI runs the second of them; both set up the same way."""
    blocks = re.findall(r"^```sh\n(.*?)\n```$", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    first, second = blocks[:2]
    assert second.startswith(first.rpartition("&&")[0])
    article = first.split("llm-extract extract ")[1].split()[0]
    assert (ROOT / article).is_file()


def test_the_readme_names_every_setting() -> None:
    from llm_extract.settings import Settings

    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"`{name}`" not in readme]
    assert missing == []


def test_the_readme_names_every_field_of_the_record() -> None:
    from llm_extract.task import find_task

    readme = (ROOT / "README.md").read_text("utf-8")
    leaves = [path.rpartition(".")[2].removesuffix("[]") for path, _ in find_task("it_contracts").schema.root.leaves()]
    contract = [name for name in leaves if name not in ("headline", "publisher", "author", "published")]
    assert [name for name in contract if f"`{name}`" not in readme] == []


def test_the_readme_s_example_of_a_test_passes() -> None:
    blocks = re.findall(r"^```python\n(.*?)\n```$", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    (schema,) = [block for block in blocks if "class Acquisition" in block]
    (example,) = [block for block in blocks if "def test_my_program" in block]
    names: dict[str, Any] = {}
    for code in (schema.rpartition("\n\n")[0], example):  # without the call of a model that takes a key
        exec(compile(code, "README.md", "exec", dont_inherit=True), names)
    names["test_my_program"]()
    assert names["Acquisition"].__doc__ == "A company bought another."
