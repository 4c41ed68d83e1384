"""Settings: explicit arguments, then the environment, then files of the working directory, then defaults.

    explicit argument  >  LLM_EXTRACT_<NAME>  >  llm-extract.toml  >  [tool.llm-extract] of pyproject.toml

Import this module where settings are loaded, not at the top of another: pydantic-settings takes
a third of a second to import.
"""

from __future__ import annotations

import difflib
import logging
import os
import tomllib
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from llm_extract.errors import SettingsError
from llm_extract.model.base_url import checked_base_url
from llm_extract.model.limits import Breaker, Pool
from llm_extract.model.rates import Budget, Rates
from llm_extract.model.retry import RetryPolicy
from llm_extract.model.types import Sampling, Usage

logger = logging.getLogger(__name__)

PREFIX = "LLM_EXTRACT_"
FILES = (("llm-extract.toml", ()), ("pyproject.toml", ("tool", "llm-extract")))
"""Files of the working directory and the table that is read of each; the first wins."""


def _none_in_words(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


NOTHING_SPENT = Usage()


class Settings(BaseSettings):
    """Everything that can be set. A field's description says what is allowed.

    Raises SettingsError, in one line that names the variable or file, for a value that is not.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    model: str | None = Field(default=None, description="a name such as openai/gpt-5-mini or embedded")
    """The model that answers where none is named; see `llm_extract.model.endpoints`."""
    base_url: str | None = Field(default=None, description="an address that begins with http:// or https://")
    """The address of any OpenAI-compatible endpoint, in place of the provider's own."""
    api_key: SecretStr | None = Field(default=None, description="a key")
    """The key that is sent, in place of the provider's own variable. Shown nowhere."""

    temperature: Annotated[float | None, BeforeValidator(_none_in_words)] = Field(
        default=0.0, ge=0, le=2, description='a number from 0 to 2, or "none" to send none'
    )
    top_p: float = Field(default=1.0, gt=0, le=1, description="a number above 0, up to 1")
    seed: int = Field(default=0, description="a whole number")
    max_output_tokens: int = Field(default=4096, ge=1, description="a whole number of tokens, 1 or more")

    cache: bool = Field(default=True, description="true or false")
    """Whether answers are kept on disk and given again to the same question."""
    cache_dir: Path | None = Field(default=None, description="a folder")
    """None: `llm_extract.model.cache.default_cache_directory`."""

    timeout: float = Field(default=300.0, gt=0, allow_inf_nan=False, description="seconds, above 0")
    """Seconds for one answer: all its calls and backoffs. One call may take half of them, or 150 where that is more."""
    attempts: int = Field(default=6, ge=1, description="a whole number, 1 or more")
    """Calls that may fail for a passing reason before an answer fails."""
    reasks: int = Field(default=2, ge=0, description="a whole number, 0 or more")
    """Further calls after an answer that broke the schema."""
    on_model_mismatch: Literal["warn", "fail"] = Field(default="warn", description='"warn" or "fail"')
    """What happens when another model answers than the one that was asked."""
    on_long_wait: Literal["wait", "fail"] = Field(default="wait", description='"wait" or "fail"')
    """What happens when an endpoint orders a wait of more than two minutes."""

    concurrency_start: int = Field(default=20, ge=1, le=1024, description="a whole number from 1 to 1024")
    """Calls that are under way at once to begin with; then their number follows what the endpoint bears."""
    concurrency_minimum: int = Field(default=4, ge=1, le=1024, description="a whole number from 1 to 1024")
    concurrency_maximum: int = Field(default=100, ge=1, le=1024, description="a whole number from 1 to 1024")
    rpm: int | None = Field(default=None, ge=1, description="a whole number of requests, 1 or more")
    """Requests a minute, evenly spread; None: as the endpoint's headers say, if they do."""
    tpm: int | None = Field(default=None, ge=1, description="a whole number of tokens, 1 or more")
    """Tokens a minute, in and out; None: as the endpoint's headers say, if they do."""
    outage: float = Field(default=300.0, ge=0, allow_inf_nan=False, description="seconds, 0 or more")
    """How long an endpoint may fail all calls until they end with EndpointDown; see `llm_extract.model.limits`."""

    max_cost: Decimal | None = Field(default=None, gt=0, allow_inf_nan=False, description="a sum of US dollars above 0")
    """What all answers of a run may cost together, failed calls included."""
    max_tokens: int | None = Field(default=None, ge=1, description="a whole number of tokens, 1 or more")
    """Tokens that all calls of a run may take together, in and out."""

    embedded_threads: int | None = Field(default=None, ge=1, description="a whole number, 1 or more")
    """Threads of the model in the box; None: as many as suit the machine."""
    adapter: bool = Field(default=True, description="true or false")
    """Whether the model in the box is tuned by the task's adapter, where it has one."""
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="a number from 0 to 1")
    """Values of which the model is less sure are left out; None: what the task's adapter says. Of models that do not
    tell how sure they are, nothing is left out."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # `from None`: the traceback of a validation error may show what was given, a key too.
            raise SettingsError("; ".join(_explained(error, values))) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, files: the first that has a value wins."""
        files = [_TableSource(settings_cls, name, header) for name, header in FILES]
        return (init_settings, env_settings, *files)

    @field_validator("model", "api_key", "base_url", mode="before")
    @classmethod
    def _trim(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        try:
            return value and checked_base_url(value)
        except SettingsError as error:
            raise ValueError(str(error)) from None

    @field_validator("cache_dir")
    @classmethod
    def _expand_home(cls, value: Path | None) -> Path | None:
        try:
            return value and value.expanduser()
        except RuntimeError as error:  # of a user that there is not
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _check_concurrency(self) -> Settings:
        start, minimum, maximum = self.concurrency()
        if not minimum <= start <= maximum:
            raise ValueError(
                "concurrency_minimum <= concurrency_start <= concurrency_maximum must hold, "
                f"not {minimum} <= {start} <= {maximum}"
            )
        return self

    def concurrency(self) -> tuple[int, int, int]:
        """Start, minimum and maximum; those that were not set give way to those that were."""
        names = ("concurrency_start", "concurrency_minimum", "concurrency_maximum")
        start, minimum, maximum = (getattr(self, name) for name in names)
        given = {name: getattr(self, name) for name in names if name in self.model_fields_set}
        if "concurrency_minimum" not in given:
            minimum = min(minimum, *given.values(), maximum)
        if "concurrency_maximum" not in given:
            maximum = max(maximum, *given.values(), minimum)
        if "concurrency_start" not in given:
            start = min(max(start, minimum), maximum)
        return start, minimum, maximum

    def sampling(self) -> Sampling:
        """The sampling parameters, as a request takes them."""
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            max_output_tokens=self.max_output_tokens,
        )

    def budget(self, spent: Usage = NOTHING_SPENT) -> Budget | None:
        """A new budget, of which so much is spent; None where there is no limit."""
        if self.max_cost is None and self.max_tokens is None:
            return None
        return Budget(
            self.max_cost, self.max_tokens, spent_cost=spent.cost_usd or Decimal(0), spent_tokens=spent.tokens
        )

    def pool(self, budget: Budget | None = None) -> Pool:
        """What the calls of one run share: rates, circuit breaker, and this budget or else a new one."""
        return Pool(
            rates=Rates(self.rpm, self.tpm),
            breaker=Breaker(outage=self.outage),
            budget=budget if budget is not None else self.budget(),
        )

    def retry_policy(self) -> RetryPolicy:
        """The limits of trying, as a client takes them."""
        # A call that hangs leaves room for another, and a slow model gets the time that was given for it.
        one_call = max(RetryPolicy().call_seconds, self.timeout / 2)
        return RetryPolicy(
            attempts=self.attempts,
            reasks=self.reasks,
            deadline_seconds=self.timeout,
            call_seconds=min(one_call, self.timeout),
            on_long_wait="park" if self.on_long_wait == "wait" else "fail",
            on_model_mismatch=self.on_model_mismatch,
        )


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process and working directory.

    Args:
        overrides: settings by name, which win over all others; None means: not given.

    Raises:
        SettingsError: a value, a name or a file that does not hold, in one line that says which.
    """
    for variable in os.environ:
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name not in Settings.model_fields and (near := _nearest(name)):
            logger.warning("%s is no setting; did you mean %s%s?", variable, PREFIX, near.upper())
    return Settings(**{name: value for name, value in overrides.items() if value is not None})


def current_settings(environment: tuple[tuple[str, str], ...]) -> Settings:
    """As `load_settings()`, read again only when the environment, the working directory or its files changed.

    `environment` is `tuple(os.environ.items())`, which takes a while to make: callers may need it too.

    Raises:
        SettingsError: as `load_settings`.
    """
    files = tuple(_changed(Path(name)) for name, _ in FILES)
    return _settings_of(Path.cwd(), environment, files)


@lru_cache(maxsize=8)
def _settings_of(_folder: Path, _environment: tuple[tuple[str, str], ...], _files: tuple[object, ...]) -> Settings:
    return load_settings()


def _changed(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class _TableSource(PydanticBaseSettingsSource):
    """One table of a TOML file of the working directory; hyphens and underscores are the same."""

    def __init__(self, settings_cls: type[BaseSettings], file: str, header: tuple[str, ...]) -> None:
        super().__init__(settings_cls)
        self.file = file
        self.header = header

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Part of the interface; `__call__` gives the whole table."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        table = _read_table(self.file, self.header)
        for name in table:
            if name not in Settings.model_fields:
                place = f"{self.file}, [{'.'.join(self.header)}]" if self.header else self.file
                raise SettingsError(f"{place}: {_unknown(name)}")
        return table


def _read_table(file: str, header: tuple[str, ...]) -> dict[str, Any]:
    try:
        with Path(file).open("rb") as stream:
            table: Any = tomllib.load(stream)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    for key in header:
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{file}: {'.'.join(header)} must be a table")
    return {name.replace("-", "_"): value for name, value in table.items()}


def _explained(error: ValidationError, given: dict[str, Any]) -> list[str]:
    """A sentence for each thing that is wrong: where it stands, what it is, what is allowed."""
    sentences = []
    for detail in error.errors(include_url=False, include_context=True):
        if not detail["loc"]:
            sentences.append(detail["msg"].removeprefix("Value error, "))
            continue
        name = str(detail["loc"][0])
        if detail["type"] == "extra_forbidden":
            sentences.append(_unknown(name))
        elif name == "base_url" and detail["type"] == "value_error":
            sentences.append(f"{_origin(name, given)}: {detail['msg'].removeprefix('Value error, ')}")
        else:
            shown = "" if name in ("api_key", "base_url") else f" {detail['input']!r:.80}"
            allowed = Settings.model_fields[name].description
            sentences.append(f"{_origin(name, given)}:{shown} is not allowed: must be {allowed}")
    return list(dict.fromkeys(sentences))


def _origin(name: str, given: dict[str, Any]) -> str:
    """Where the value of a setting comes from."""
    if name in given:
        return f"argument {name}"
    for variable in os.environ:
        if variable.upper() == f"{PREFIX}{name}".upper() and os.environ[variable]:
            return variable
    for file, header in FILES:
        if name in _read_table(file, header):
            return f"{file}, {'.'.join((*header, name))}"
    return name


def _unknown(name: str) -> str:
    near = _nearest(name)
    hint = f"did you mean {near!r}?" if near else f"known are {', '.join(Settings.model_fields)}"
    return f"unknown setting {name!r}: {hint}"


def _nearest(name: str) -> str | None:
    return next(iter(difflib.get_close_matches(name.lower(), Settings.model_fields, 1, 0.75)), None)
