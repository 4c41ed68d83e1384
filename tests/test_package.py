"""The public names, and what an import costs."""

from __future__ import annotations

import subprocess
import sys

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
