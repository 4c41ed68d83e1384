"""Settings: who wins, and what is said when one does not hold."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from llm_extract.errors import SettingsError
from llm_extract.model.retry import RetryPolicy
from llm_extract.model.types import Sampling
from llm_extract.settings import Settings, load_settings

KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no variable of ours."""
    for variable in list(os.environ):
        if variable.startswith("LLM_EXTRACT_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(**overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    message = str(caught.value)
    assert "\n" not in message
    assert "pydantic" not in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


# Who wins


def test_defaults_agree_with_the_parts_that_they_set() -> None:
    settings = load_settings()

    assert settings.sampling() == Sampling()
    assert settings.retry_policy() == RetryPolicy()
    assert settings.concurrency() == (20, 4, 100)
    assert (settings.cache, settings.cache_dir, settings.model, settings.api_key) == (True, None, None, None)
    assert (settings.adapter, settings.min_confidence) == (True, None)


def test_arguments_win_over_variables_over_files_over_defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyproject.toml").write_text(
        "[tool.llm-extract]\nseed = 1\nattempts = 1\nreasks = 1\ntop-p = 0.1\n[tool.other]\nanything = 1\n"
    )
    assert (load_settings().seed, load_settings().top_p) == (1, 0.1)

    (folder / "llm-extract.toml").write_text("seed = 2\nattempts = 2\nreasks = 2\n")
    assert load_settings().seed == 2

    monkeypatch.setenv("LLM_EXTRACT_SEED", "3")
    monkeypatch.setenv("LLM_EXTRACT_ATTEMPTS", "3")
    assert load_settings().seed == 3

    settings = load_settings(seed=4)
    assert (settings.seed, settings.attempts, settings.reasks, settings.top_p) == (4, 3, 2, 0.1)
    assert settings.max_output_tokens == Sampling().max_output_tokens


def test_an_override_of_none_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXTRACT_MODEL", "ollama/qwen3:8b")

    assert load_settings(model=None, temperature=None).model == "ollama/qwen3:8b"
    assert load_settings(temperature=None).temperature == 0.0


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXTRACT_MODEL", "")
    monkeypatch.setenv("LLM_EXTRACT_TEMPERATURE", "")
    monkeypatch.setenv("LLM_EXTRACT_API_KEY", "   ")

    settings = load_settings()
    assert (settings.model, settings.temperature, settings.api_key) == (None, 0.0, None)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("CACHE", "false", ("cache", False)),
        ("CACHE", "0", ("cache", False)),
        ("CACHE_DIR", "~/answers", ("cache_dir", Path.home() / "answers")),
        ("TEMPERATURE", "none", ("temperature", None)),
        ("TEMPERATURE", "0.7", ("temperature", 0.7)),
        ("TIMEOUT", "90", ("timeout", 90.0)),
        ("EMBEDDED_THREADS", "2", ("embedded_threads", 2)),
        ("ADAPTER", "false", ("adapter", False)),
        ("ADAPTER", "1", ("adapter", True)),
        ("MIN_CONFIDENCE", "0.75", ("min_confidence", 0.75)),
        ("ON_MODEL_MISMATCH", "fail", ("on_model_mismatch", "fail")),
        ("BASE_URL", " https://gateway.example/v1/ ", ("base_url", "https://gateway.example/v1")),
    ],
)
def test_variables_are_read_as_what_they_mean(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: tuple[str, object]
) -> None:
    monkeypatch.setenv(f"LLM_EXTRACT_{variable}", value)

    assert getattr(load_settings(), expected[0]) == expected[1]


def test_a_project_file_without_our_table_is_nothing_to_us(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "theirs"\n[tool.ruff]\nline-length = 88\n')

    assert load_settings() == Settings()


def test_the_retry_policy_follows_the_settings() -> None:
    policy = load_settings(timeout=60, attempts=2, reasks=0, on_long_wait="fail").retry_policy()

    assert (policy.deadline_seconds, policy.call_seconds) == (60, 60)
    assert (policy.attempts, policy.reasks, policy.on_long_wait) == (2, 0, "fail")
    assert load_settings(on_long_wait="wait").retry_policy().on_long_wait == "park"


@pytest.mark.parametrize(("timeout", "one_call"), [(60, 60), (200, 150), (300, 150), (1800, 900)])
def test_a_longer_timeout_is_a_longer_call(timeout: float, one_call: float) -> None:
    """Half of it, so that a call that hangs leaves room for another; what was always enough, where half is less."""
    policy = load_settings(timeout=timeout).retry_policy()

    assert (policy.deadline_seconds, policy.call_seconds) == (timeout, one_call)


@given(
    start=st.none() | st.integers(1, 200),
    minimum=st.none() | st.integers(1, 200),
    maximum=st.none() | st.integers(1, 200),
)
def test_bounds_that_were_not_set_give_way_to_those_that_were(
    start: int | None, minimum: int | None, maximum: int | None
) -> None:
    given_ = {"concurrency_start": start, "concurrency_minimum": minimum, "concurrency_maximum": maximum}
    set_ = [value for value in (minimum, start, maximum) if value is not None]
    if set_ != sorted(set_):
        assert "<=" in complaint(**given_)
        return
    got = load_settings(**given_).concurrency()

    assert got[1] <= got[0] <= got[2]
    assert all(wanted in (None, value) for wanted, value in zip((start, minimum, maximum), got, strict=True))


# What is said


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("TEMPERATURE", "hot", "0 to 2"),
        ("TEMPERATURE", "3", "0 to 2"),
        ("TEMPERATURE", "nan", "0 to 2"),
        ("TOP_P", "0", "above 0"),
        ("SEED", "1.5", "whole number"),
        ("MAX_OUTPUT_TOKENS", "0", "1 or more"),
        ("CACHE", "perhaps", "true or false"),
        ("ADAPTER", "prompts/deals.adapter", "true or false"),
        ("MIN_CONFIDENCE", "1.1", "from 0 to 1"),
        ("MIN_CONFIDENCE", "high", "from 0 to 1"),
        ("TIMEOUT", "inf", "above 0"),
        ("TIMEOUT", "-1", "above 0"),
        ("ATTEMPTS", "many", "whole number"),
        ("ON_MODEL_MISMATCH", "shout", '"warn" or "fail"'),
        ("ON_LONG_WAIT", "", None),
        ("ON_LONG_WAIT", "park", '"wait" or "fail"'),
        ("BASE_URL", "localhost:8000", "https://host/v1"),
        ("CACHE_DIR", "~no-such-user/answers", "a folder"),
    ],
)
def test_a_bad_variable_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str | None
) -> None:
    monkeypatch.setenv(f"LLM_EXTRACT_{variable}", value)
    if allowed is None:
        assert load_settings() == Settings()
        return

    message = complaint()
    assert f"LLM_EXTRACT_{variable}" in message
    assert value in message
    assert allowed in message


def test_the_place_of_a_bad_value_is_the_one_that_won(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pyproject.toml").write_text("[tool.llm-extract]\nmax-output-tokens = 'lots'\n")
    assert complaint() == (
        "pyproject.toml, tool.llm-extract.max_output_tokens: 'lots' is not allowed: "
        "must be a whole number of tokens, 1 or more"
    )

    (folder / "llm-extract.toml").write_text("max_output_tokens = []\n")
    assert complaint().startswith("llm-extract.toml, max_output_tokens: [] is not allowed")

    monkeypatch.setenv("LLM_EXTRACT_MAX_OUTPUT_TOKENS", "-5")
    assert complaint().startswith("LLM_EXTRACT_MAX_OUTPUT_TOKENS: '-5' is not allowed")
    assert complaint(max_output_tokens="x").startswith("argument max_output_tokens: 'x' is not allowed")


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = complaint(seed="x", attempts=0)

    assert "argument seed" in message
    assert "argument attempts" in message


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("llm-extract.toml", "temprature = 0.5\n"),
        ("llm-extract.toml", "[temprature]\nx = 1\n"),
        ("pyproject.toml", "[tool.llm-extract]\ntemprature = 0.5\n"),
    ],
)
def test_an_unknown_key_of_a_file_is_named_with_the_nearest(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)

    message = complaint()
    assert file in message
    assert "unknown setting 'temprature': did you mean 'temperature'?" in message


def test_an_unknown_key_without_a_near_one_brings_the_list(folder: Path) -> None:
    (folder / "llm-extract.toml").write_text("colour = 'red'\n")

    assert "known are model, base_url, " in complaint()


def test_an_unknown_argument_is_named() -> None:
    assert complaint(modle="openai/gpt-5-mini") == "unknown setting 'modle': did you mean 'model'?"


@pytest.mark.parametrize("content", [b"seed = \n", b"seed = 1\nseed = 2\n", b"\xff\xfe", b"[tool\n"])
def test_a_file_that_is_no_toml_is_named(folder: Path, content: bytes) -> None:
    (folder / "llm-extract.toml").write_bytes(content)

    assert complaint().startswith("llm-extract.toml: not valid TOML")


def test_a_table_that_is_no_table_is_named(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool]\nllm-extract = "yes"\n')

    assert complaint() == "pyproject.toml: tool.llm-extract must be a table"


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "llm-extract.toml").mkdir()

    with pytest.raises(SettingsError, match=r"llm-extract\.toml: cannot be read"):
        load_settings()


def test_a_misspelt_variable_is_warned_of(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("LLM_EXTRACT_TEMPRATURE", "0.5")
    monkeypatch.setenv("LLM_EXTRACT_FORBID_LIVE_CALLS", "1")
    load_settings()

    assert [record.getMessage() for record in caplog.records] == [
        "LLM_EXTRACT_TEMPRATURE is no setting; did you mean LLM_EXTRACT_TEMPERATURE?"
    ]


# The key


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("LLM_EXTRACT_API_KEY", f" {KEY}\n")
    settings = load_settings()

    assert settings.api_key == SecretStr(KEY)
    shown = [
        repr(settings),
        str(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        caplog.text,
    ]
    assert not any(KEY in text for text in shown)


@pytest.mark.parametrize("wrong", [{"seed": "x"}, {"concurrency_minimum": 50, "concurrency_maximum": 2}, {"nokey": 1}])
def test_the_key_is_in_no_complaint(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]) -> None:
    monkeypatch.setenv("LLM_EXTRACT_API_KEY", KEY)

    assert KEY not in complaint(**wrong)


def test_a_malformed_key_is_not_shown(folder: Path) -> None:
    (folder / "llm-extract.toml").write_text(f'api_key = ["{KEY}"]\n')

    message = complaint()
    assert message == "llm-extract.toml, api_key: is not allowed: must be a key"


@pytest.mark.parametrize("scheme", ["https://", ""])
def test_a_password_in_an_address_is_not_shown(scheme: str) -> None:
    message = complaint(base_url=f"{scheme}user:{KEY}@gateway.example/v1")

    assert KEY not in message
    assert "LLM_EXTRACT_API_KEY" in message


def test_settings_do_not_change_once_read() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 5  # type: ignore[misc]


def test_the_rest_of_the_package_does_not_load_settings_at_import() -> None:
    names = "llm_extract, llm_extract.model.endpoints, llm_extract.model.prices, llm_extract.model.cache"
    heavy = {"pydantic_settings", "genai_prices", "diskcache"}
    script = f"import sys, {names}, llm_extract.background; print(sorted({heavy} & sys.modules.keys()))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"


def test_equal_settings_are_one_key_of_a_table() -> None:
    assert {load_settings(api_key=KEY): "kept"}[load_settings(api_key=KEY)] == "kept"
    assert load_settings(api_key=KEY) != load_settings(api_key="sk-another")
