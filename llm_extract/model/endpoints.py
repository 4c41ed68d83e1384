"""From a model's name to its endpoint: address, key, and what the endpoint can do.

Names are `provider/model`, as in instructor: `openai/gpt-5-mini`, `ollama/qwen3:8b`. `embedded` is the
model in the box, `embedded:<name>` another of its weights, `embedded:/path/model.gguf` any GGUF file.
"""

from __future__ import annotations

import difflib
import ipaddress
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from llm_extract.errors import ModelNameError, SettingsError
from llm_extract.model.base_url import checked_base_url
from llm_extract.model.types import Capabilities, Endpoint

if TYPE_CHECKING:
    from llm_extract.settings import Settings

logger = logging.getLogger(__name__)

DEFAULT_MODEL = "openai/gpt-5-mini"
"""Where no model is named and OpenAI's key is set."""
EMBEDDED = "embedded"
EMBEDDED_MODELS = ("gemma3-270m", "smollm2")
"""The weights that come as packages; plain `embedded` is the first."""
EMBEDDED_CONTEXT_WINDOW = 8192
"""Tokens; what the server in the box is started with."""


class Provider(BaseModel):
    """An OpenAI-compatible service, hosted or on one's own machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    base_url: str | None = None
    """None: everyone has an address of their own, which the settings must give."""
    base_url_variable: str | None = None
    """The provider's own variable for the address, if it has one."""
    key_variable: str | None = None
    """None: no key is needed."""
    capabilities: Capabilities = Capabilities()
    self_hosted: bool = False
    """A server program that people run themselves, without a price."""
    other_names: tuple[str, ...] = ()


_SHORT = Capabilities(max_tokens_parameter="max_tokens")
_NO_SEED = Capabilities(max_tokens_parameter="max_tokens", sampling=False)
_JSON_OBJECT = Capabilities(modes=("tools", "json_object"), max_tokens_parameter="max_tokens")
_SCHEMA_ONLY = Capabilities(modes=("json_schema",), max_tokens_parameter="max_tokens")

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="openai",
        base_url="https://api.openai.com/v1",
        base_url_variable="OPENAI_BASE_URL",
        key_variable="OPENAI_API_KEY",
    ),
    Provider(
        name="azure",
        base_url_variable="AZURE_OPENAI_ENDPOINT",
        key_variable="AZURE_OPENAI_API_KEY",
        other_names=("azure_openai",),
    ),
    # Anthropic's OpenAI layer ignores response_format, and newer models take temperature or top_p, not both.
    Provider(
        name="anthropic",
        base_url="https://api.anthropic.com/v1",
        key_variable="ANTHROPIC_API_KEY",
        capabilities=Capabilities(modes=("tools",), max_tokens_parameter="max_tokens", sampling=False),
    ),
    Provider(
        name="gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_variable="GEMINI_API_KEY",
        capabilities=_SHORT,
        other_names=("google",),
    ),
    # Mistral calls the seed `random_seed` and rejects a request with a field that it does not know.
    Provider(
        name="mistral",
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        capabilities=_NO_SEED,
    ),
    Provider(
        name="deepseek",
        base_url="https://api.deepseek.com/v1",
        key_variable="DEEPSEEK_API_KEY",
        capabilities=_JSON_OBJECT,
    ),
    Provider(name="xai", base_url="https://api.x.ai/v1", key_variable="XAI_API_KEY", capabilities=_SHORT),
    Provider(name="groq", base_url="https://api.groq.com/openai/v1", key_variable="GROQ_API_KEY"),
    Provider(name="cerebras", base_url="https://api.cerebras.ai/v1", key_variable="CEREBRAS_API_KEY"),
    Provider(
        name="together",
        base_url="https://api.together.xyz/v1",
        key_variable="TOGETHER_API_KEY",
        capabilities=_SHORT,
    ),
    Provider(
        name="fireworks",
        base_url="https://api.fireworks.ai/inference/v1",
        key_variable="FIREWORKS_API_KEY",
        capabilities=_SHORT,
    ),
    Provider(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        capabilities=_SHORT,
    ),
    Provider(
        name="perplexity",
        base_url="https://api.perplexity.ai",
        key_variable="PERPLEXITY_API_KEY",
        capabilities=_SCHEMA_ONLY,
    ),
    Provider(
        name="deepinfra",
        base_url="https://api.deepinfra.com/v1/openai",
        key_variable="DEEPINFRA_API_KEY",
        capabilities=_SHORT,
    ),
    Provider(
        name="huggingface",
        base_url="https://router.huggingface.co/v1",
        key_variable="HF_TOKEN",
        capabilities=_SHORT,
    ),
    Provider(
        name="vllm",
        base_url="http://localhost:8000/v1",
        capabilities=Capabilities(grammar="vllm", max_tokens_parameter="max_tokens"),
        self_hosted=True,
    ),
    Provider(
        name="sglang",
        base_url="http://localhost:30000/v1",
        capabilities=Capabilities(grammar="sglang", max_tokens_parameter="max_tokens"),
        self_hosted=True,
    ),
    Provider(
        name="llama.cpp",
        base_url="http://localhost:8080/v1",
        capabilities=Capabilities(grammar="llama_cpp", max_tokens_parameter="max_tokens"),
        self_hosted=True,
        other_names=("llamacpp", "llama_cpp"),
    ),
    Provider(name="ollama", base_url="http://localhost:11434/v1", capabilities=_SHORT, self_hosted=True),
    # LM Studio answers json_object with an error.
    Provider(
        name="lmstudio",
        base_url="http://localhost:1234/v1",
        capabilities=Capabilities(modes=("json_schema", "tools"), max_tokens_parameter="max_tokens"),
        self_hosted=True,
    ),
)

# OpenAI's reasoning models refuse temperature, top_p and seed, also where another provider serves
# them. The chat variants are no reasoning models; "gpt-35" is how Azure writes GPT-3.5.
_REASONING = re.compile(r"(?:^|/)(?:o[1-9](?:-|$)|gpt-[5-9](?:[.-](?!.*chat)|$))")


def known_providers() -> tuple[Provider, ...]:
    """The providers whose names can stand before the slash."""
    return PROVIDERS


def resolve_endpoint(name: str | None, settings: Settings) -> Endpoint:
    """The endpoint of a model's name, or of the settings' model where `name` is None.

    An embedded model's endpoint has an empty `base_url`: its server gives it one when it is started.

    Raises:
        ModelNameError: the name is malformed, its provider is unknown, or its file is not there.
        SettingsError: an address or a key is missing, or an address is malformed.
    """
    chosen = (name or settings.model or _default_name(settings)).strip()
    if chosen == EMBEDDED or chosen.startswith(EMBEDDED + ":"):
        return _embedded(chosen)
    prefix, slash, model = chosen.partition("/")
    provider = find_provider(prefix, chosen)
    if not slash or not model.strip():
        raise ModelNameError(f"{chosen!r} names no model: write {provider.name}/MODEL")
    base_url, is_own_address = _address(provider, settings)
    host = urlsplit(base_url)
    key = _key(provider, settings, base_url, is_own_address=is_own_address)
    if key is not None and host.scheme == "http" and not _is_loopback(host):
        logger.warning("%s: the key is sent without encryption to %s; use https", chosen, host.hostname)
    capabilities = provider.capabilities
    if _REASONING.search(model):
        capabilities = capabilities.model_copy(update={"sampling": False})
    return Endpoint(
        name=chosen,
        provider=provider.name,
        model=model,
        base_url=base_url,
        api_key=key,
        capabilities=capabilities,
        context_window=None if provider.self_hosted else _context_window(provider, model),
        local=provider.self_hosted and _is_loopback(host),
    )


def find_provider(prefix: str, name: str) -> Provider:
    """The provider of this prefix. Raises ModelNameError, naming the nearest, for `name` if there is none."""
    by_name = {alias: provider for provider in PROVIDERS for alias in (provider.name, *provider.other_names)}
    provider = by_name.get(prefix.lower())
    if provider is not None:
        return provider
    known = ", ".join(provider.name for provider in PROVIDERS)
    near = difflib.get_close_matches(prefix.lower(), [*by_name, EMBEDDED], 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    if "/" not in name:
        raise ModelNameError(
            f"{name!r} has no provider: write provider/model, such as {DEFAULT_MODEL}, or {EMBEDDED}.{hint} "
            f"Providers: {known}"
        )
    raise ModelNameError(f"unknown provider {prefix!r} in {name!r}.{hint} Known are {known}, and {EMBEDDED}")


def _default_name(settings: Settings) -> str:
    if settings.base_url:
        raise SettingsError(
            f"a base URL is set ({settings.base_url}) and no model: set LLM_EXTRACT_MODEL to provider/MODEL, "
            "with openai as provider if it is none of the known"
        )
    if os.environ.get("OPENAI_API_KEY"):
        return DEFAULT_MODEL
    if settings.api_key:
        raise SettingsError(
            f"a key is set and no model: set LLM_EXTRACT_MODEL to the one it is for, such as {DEFAULT_MODEL}"
        )
    return EMBEDDED


def _embedded(name: str) -> Endpoint:
    model = name.removeprefix(EMBEDDED).removeprefix(":") or EMBEDDED_MODELS[0]
    if model not in EMBEDDED_MODELS:
        try:
            path = Path(model).expanduser()
        except RuntimeError:  # of a user that there is not: no such file either
            path = Path(model)
        if "/" not in model and not model.endswith(".gguf"):
            near = difflib.get_close_matches(model.lower(), EMBEDDED_MODELS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(f"{EMBEDDED}:{known}" for known in EMBEDDED_MODELS)
            raise ModelNameError(
                f"unknown embedded model {model!r}.{hint} Known are {known}, and {EMBEDDED}:/path/model.gguf"
            )
        if not path.is_file():
            raise ModelNameError(f"{name!r}: there is no file {path}")
        model = str(path.resolve())
    return Endpoint(
        name=name,
        provider=EMBEDDED,
        model=model,
        base_url="",
        capabilities=Capabilities(grammar="llama_cpp", decompose=True, max_tokens_parameter="max_tokens"),
        context_window=EMBEDDED_CONTEXT_WINDOW,
        local=True,
    )


def _address(provider: Provider, settings: Settings) -> tuple[str, bool]:
    """The address, and whether the provider's own key belongs there."""
    variable = provider.base_url_variable
    if settings.base_url:
        url = checked_base_url(settings.base_url)
        own = provider.base_url is None or _is_same_service(url, provider.base_url)
    elif variable and os.environ.get(variable):
        try:
            url = checked_base_url(os.environ[variable])
        except SettingsError as error:
            raise SettingsError(f"{variable}: {error}") from None
        own = True
    elif provider.base_url is not None:
        return provider.base_url, True
    else:
        either = f" or {variable}" if variable else ""
        raise SettingsError(f"{provider.name} needs an address: set LLM_EXTRACT_BASE_URL{either}")
    if provider.name == "azure" and not urlsplit(url).path:
        url += "/openai/v1"
    return url, own


def _key(provider: Provider, settings: Settings, base_url: str, *, is_own_address: bool) -> SecretStr | None:
    """The settings' key, else the provider's own, which is never sent to a stranger's address."""
    if settings.api_key is not None:
        return settings.api_key
    variable = provider.key_variable
    if variable is None:
        return None
    if not is_own_address:
        if os.environ.get(variable):
            logger.info("%s is not sent to %s; set LLM_EXTRACT_API_KEY if a key is needed", variable, base_url)
        return None
    if key := os.environ.get(variable, "").strip():
        return SecretStr(key)
    raise SettingsError(f"{provider.name} needs a key: set {variable} or LLM_EXTRACT_API_KEY")


def _is_same_service(url: str, own: str) -> bool:
    """Whether an address is the provider's own or a region of it: eu.api.openai.com."""
    host, own_host = urlsplit(url).hostname or "", urlsplit(own).hostname or ""
    return host == own_host or host.endswith("." + own_host)


def _is_loopback(address: SplitResult) -> bool:
    host = address.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _context_window(provider: Provider, model: str) -> int | None:
    from llm_extract.model.prices import context_window

    return context_window(provider.name, model)
