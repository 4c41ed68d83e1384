"""From a model's name to an address, a key and what can be asked of it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import LlmExtractError, ModelNameError, SettingsError
from llm_extract.model.base_url import checked_base_url
from llm_extract.model.endpoints import PROVIDERS, known_providers, resolve_endpoint
from llm_extract.model.types import Endpoint
from llm_extract.settings import Settings

KEY = "sk-very-secret-0123456789"
Resolve = Callable[..., Endpoint]


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no address and no file of the machine that runs the tests."""
    variables = {variable for provider in PROVIDERS for variable in (provider.key_variable, provider.base_url_variable)}
    for variable in list(os.environ):
        if variable in variables or variable.startswith("LLM_EXTRACT_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def resolve(name: str | None = None, **settings: object) -> Endpoint:
    return resolve_endpoint(name, Settings(**settings))


# Names


def test_a_hosted_model_gets_its_providers_address_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    endpoint = resolve("openai/gpt-4.1-mini")

    assert (endpoint.name, endpoint.provider, endpoint.model) == (
        "openai/gpt-4.1-mini",
        "openai",
        "gpt-4.1-mini",
    )
    assert endpoint.base_url == "https://api.openai.com/v1"
    assert endpoint.api_key is not None
    assert endpoint.api_key.get_secret_value() == KEY
    assert endpoint.capabilities.modes[0] == "json_schema"
    assert endpoint.capabilities.sampling
    assert endpoint.context_window == 1_000_000
    assert not endpoint.local
    assert KEY not in repr(endpoint) + str(endpoint.model_dump()) + endpoint.model_dump_json()


@pytest.mark.parametrize("provider", [provider for provider in PROVIDERS if provider.base_url], ids=lambda p: p.name)
def test_every_provider_can_be_named(provider: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from llm_extract.model.endpoints import Provider

    assert isinstance(provider, Provider)
    if provider.key_variable:
        monkeypatch.setenv(provider.key_variable, KEY)
    for alias in (provider.name, *provider.other_names, provider.name.upper()):
        endpoint = resolve(f"{alias}/some-model")

        assert endpoint.provider == provider.name
        assert endpoint.base_url == provider.base_url == checked_base_url(endpoint.base_url)
        assert (endpoint.api_key is not None) == (provider.key_variable is not None)
        assert endpoint.local == (provider.key_variable is None)
        assert endpoint.capabilities.modes


def test_names_of_providers_are_unique() -> None:
    names = [name for provider in known_providers() for name in (provider.name, *provider.other_names)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "grammar"),
    [
        ("vllm/m", "vllm"),
        ("sglang/m", "sglang"),
        ("llama.cpp/m", "llama_cpp"),
        ("llamacpp/m", "llama_cpp"),
        ("ollama/qwen3:8b", None),
        ("embedded", "llama_cpp"),
    ],
)
def test_servers_that_take_grammars_are_known(name: str, grammar: str | None) -> None:
    assert resolve(name).capabilities.grammar == grammar


def test_a_models_name_may_contain_slashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)

    assert resolve("openrouter/openai/gpt-5-mini").model == "openai/gpt-5-mini"


@pytest.mark.parametrize(
    ("model", "sampling"),
    [
        ("gpt-5", False),
        ("gpt-5-mini", False),
        ("gpt-5.1", False),
        ("gpt-5-mini-2025-08-07", False),
        ("gpt-6-luna", False),
        ("o1", False),
        ("o3-mini", False),
        ("o4-mini", False),
        ("openai/gpt-5-nano", False),
        ("gpt-5-chat-latest", True),
        ("gpt-5.2-chat", True),
        ("gpt-4o", True),
        ("gpt-4.1", True),
        ("gpt-35-turbo", True),
        ("gpt-oss-120b", True),
        ("olmo-2", True),
        ("o10n", True),
        ("mini-o3", True),
    ],
)
def test_reasoning_models_are_sent_no_sampling_parameters(
    model: str, sampling: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert resolve(f"openai/{model}").capabilities.sampling is sampling


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("opneai/gpt-5-mini", "'openai'"),
        ("olama/qwen3", "'ollama'"),
        ("vlm/x", "'vllm'"),
        ("embeded", "'embedded'"),
    ],
)
def test_an_unknown_provider_is_named_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ModelNameError) as caught:
        resolve(name)

    assert f"Did you mean {near}?" in str(caught.value)
    assert "cerebras" in str(caught.value)


@pytest.mark.parametrize("name", ["gpt-5-mini", "openai", "openai/", "openai/ ", "/gpt-5-mini", "ollama"])
def test_a_name_without_both_halves_says_how_to_write_it(name: str) -> None:
    with pytest.raises(ModelNameError, match=r"write (provider/model|\w+/MODEL)|unknown provider"):
        resolve(name)


@given(st.text(max_size=30))
def test_any_name_gives_an_endpoint_or_a_clear_error(name: str) -> None:
    try:
        outcome = resolve(name).model
    except LlmExtractError as error:
        outcome = str(error)

    assert outcome.strip()


# The model in the box


def test_plain_embedded_is_the_first_of_its_weights() -> None:
    endpoint = resolve("embedded")

    assert (endpoint.provider, endpoint.model, endpoint.base_url) == ("embedded", "gemma3-270m", "")
    assert (endpoint.local, endpoint.context_window, endpoint.api_key) == (True, 8192, None)
    assert endpoint.capabilities.decompose
    assert resolve("embedded:smollm2").model == "smollm2"
    assert resolve("embedded:gemma3-270m").model == "gemma3-270m"


def test_any_gguf_file_can_be_the_model(tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")

    assert resolve(f"embedded:{tmp_path}/mine.gguf").model == str(tmp_path / "mine.gguf")
    assert resolve("embedded:mine.gguf").model == str(tmp_path / "mine.gguf")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNameError, match=f"there is no file {tmp_path}/gone.gguf"):
        resolve(f"embedded:{tmp_path}/gone.gguf")
    with pytest.raises(ModelNameError, match=r"there is no file ~no-such-user/mine\.gguf"):
        resolve("embedded:~no-such-user/mine.gguf")


def test_unknown_weights_are_named_with_the_nearest() -> None:
    with pytest.raises(ModelNameError, match="Did you mean 'smollm2'"):
        resolve("embedded:smolm")


def test_an_address_for_other_models_does_not_touch_the_one_in_the_box() -> None:
    assert resolve("embedded", base_url="https://gateway.example/v1", api_key=KEY).base_url == ""


# When no model is named


def test_the_settings_model_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert resolve(model="ollama/qwen3:8b").name == "ollama/qwen3:8b"
    assert resolve("vllm/x", model="ollama/qwen3:8b").name == "vllm/x"


def test_openai_is_asked_where_its_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert resolve().name == "openai/gpt-5-mini"


def test_the_model_in_the_box_answers_where_nothing_is_set() -> None:
    assert resolve().name == "embedded"


def test_an_address_without_a_model_is_half_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(SettingsError, match="LLM_EXTRACT_MODEL"):
        resolve(base_url="http://localhost:9000/v1")


def test_a_key_without_a_model_is_half_a_setting() -> None:
    with pytest.raises(SettingsError, match="LLM_EXTRACT_MODEL") as caught:
        resolve(api_key=KEY)
    assert KEY not in str(caught.value)


# Keys and addresses


def test_a_missing_key_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="groq needs a key: set GROQ_API_KEY or LLM_EXTRACT_API_KEY"):
        resolve("groq/llama-3.3-70b-versatile")


def test_the_settings_key_wins_over_the_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    endpoint = resolve("openai/gpt-4o", api_key=KEY)

    assert endpoint.api_key is not None
    assert endpoint.api_key.get_secret_value() == KEY


def test_a_providers_key_is_not_sent_to_a_strangers_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    for address in (
        "https://gateway.example/v1",
        "https://api.openai.com.evil.example/v1",
        "http://127.0.0.1:9/v1",
    ):
        endpoint = resolve("openai/any", base_url=address)
        assert (endpoint.base_url, endpoint.api_key) == (address, None)
    assert "LLM_EXTRACT_API_KEY" in caplog.text
    assert KEY not in caplog.text


def test_a_region_of_the_provider_gets_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert resolve("openai/gpt-4o", base_url="https://eu.api.openai.com/v1").api_key is not None


def test_openais_own_variable_for_the_address_goes_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example/v1/")
    endpoint = resolve("openai/gpt-4o")

    assert endpoint.base_url == "https://proxy.example/v1"
    assert endpoint.api_key is not None


def test_azure_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    with pytest.raises(SettingsError, match="LLM_EXTRACT_BASE_URL or AZURE_OPENAI_ENDPOINT"):
        resolve("azure/my-deployment")

    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com/")
    endpoint = resolve("azure/my-deployment")
    assert endpoint.base_url == "https://mine.openai.azure.com/openai/v1"
    assert endpoint.api_key is not None
    other = resolve("azure/my-deployment", base_url="https://other.openai.azure.com/openai/v1/")
    assert other.base_url == "https://other.openai.azure.com/openai/v1"


def test_a_bad_address_in_a_providers_variable_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "mine.openai.azure.com")
    with pytest.raises(SettingsError, match="AZURE_OPENAI_ENDPOINT: "):
        resolve("azure/my-deployment")


def test_a_server_of_ones_own_elsewhere_is_not_local() -> None:
    assert resolve("vllm/qwen").local
    assert not resolve("vllm/qwen", base_url="https://gpu.example/v1").local
    assert not resolve("openai/proxy", base_url="http://localhost:4000/v1").local


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("http://gpu.example/v1", True),
        ("http://192.168.1.9:8000/v1", True),
        ("https://gpu.example/v1", False),
        ("http://localhost:8000/v1", False),
        ("http://127.0.0.2/v1", False),
        ("http://[::1]:8000/v1", False),
    ],
)
def test_a_key_over_plain_http_is_warned_of(address: str, warned: bool, caplog: pytest.LogCaptureFixture) -> None:
    resolve("vllm/qwen", base_url=address, api_key=KEY)
    assert ("without encryption" in caplog.text) is warned
    assert KEY not in caplog.text

    caplog.clear()
    resolve("vllm/qwen", base_url=address)
    assert caplog.text == ""
