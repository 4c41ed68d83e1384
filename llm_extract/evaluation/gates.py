"""The gate: what a run must reach, and what it may not lose.

``evals/TASK/gates.toml``::

    split = "test"             # the split that it judges

    [at_least]                 # floors of figures: f1, precision, main.f1, page_f1, a field's (buyers.f1), …; a wrong
                               # name is answered with all that there are
    f1 = 0.30

    [at_most]
    invention = 0.10

    [baseline]                 # against evals/TASK/baseline, made by `llm-extract eval baseline RUN`
    margin = 0.02              # the lower bound of the difference in F1 must not lie below -margin
    level = 0.05               # no field may be significantly worse at this level, Holm-corrected

An article that failed, or a quote that is not the article's, fails every gate, unless `errors` or `verbatim` say
otherwise.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.comparison import Comparison
from llm_extract.evaluation.gold import first_problem


class BaselineRule(BaseModel):
    """How far a run may fall behind the stored one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    margin: float = Field(default=0.02, ge=0, le=1)
    level: float = Field(default=0.05, gt=0, lt=1)


class Gate(BaseModel):
    """A gates.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str | None = None
    at_least: dict[str, float] = Field(default_factory=dict)
    at_most: dict[str, float] = Field(default_factory=dict)
    errors: int = Field(default=0, ge=0)
    """Articles that may fail."""
    verbatim: float = Field(default=1.0, ge=0, le=1)
    """The least share of quotes that are the article's words at their offsets."""
    baseline: BaselineRule | None = None

    @field_validator("split")
    @classmethod
    def _all_is_no_split(cls, split: str | None) -> str | None:
        return None if split == "all" else split


class Check(BaseModel):
    """One rule of a gate, held against a run."""

    model_config = ConfigDict(frozen=True)

    rule: str
    """`f1 at least 0.300`."""
    passed: bool
    found: str
    """What the run has."""


def read_gate(directory: Path) -> Gate | None:
    """The gate of `evals/TASK`; None if it has none.

    Raises:
        EvaluationError: gates.toml does not hold.
    """
    path = directory / "gates.toml"
    if not path.is_file():
        return None
    try:
        return Gate.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: {error}") from error
    except ValidationError as error:
        raise EvaluationError(f"{path}: {first_problem(error)}") from error


def check_names(gate: Gate, figures: Collection[str]) -> None:
    """Whether there is every figure that a gate has a rule for.

    Raises:
        EvaluationError: there is not, and what there is instead.
    """
    for name in (*gate.at_least, *gate.at_most):
        if name not in figures:
            raise EvaluationError(f"gates.toml: there is no figure {name!r}; there is {', '.join(sorted(figures))}")


def check(
    gate: Gate,
    figures: Mapping[str, float],
    *,
    articles: int,
    errors: int,
    verbatim: float | None,
    comparison: Comparison | None = None,
) -> list[Check]:
    """Hold a run against a gate.

    Args:
        gate: its rules.
        figures: the run's figures, by name; NaN where one is not defined.
        articles: how many articles the split has.
        errors: how many articles failed.
        verbatim: the share of verbatim quotes; None if there are no quotes.
        comparison: with the baseline (as run A), where the gate has such a rule; None if nothing is stored.

    Raises:
        EvaluationError: a rule names a figure that there is not.
    """
    check_names(gate, figures)
    checks = [Check(rule=f"failed articles at most {gate.errors}", passed=errors <= gate.errors, found=str(errors))]
    if verbatim is not None:
        rule = f"verbatim quotes at least {gate.verbatim:.3f}"
        checks.append(Check(rule=rule, passed=verbatim >= gate.verbatim, found=f"{verbatim:.4f}"))
    # A figure that is not defined keeps no promise: a model that says nothing invents nothing either.
    for name, floor in gate.at_least.items():
        checks.append(_check(f"{name} at least {floor:.3f}", figures[name], figures[name] >= floor))
    for name, ceiling in gate.at_most.items():
        checks.append(_check(f"{name} at most {ceiling:.3f}", figures[name], figures[name] <= ceiling))
    if gate.baseline is not None:
        if comparison is None:
            hint = "there is none: accept a run with `llm-extract eval baseline RUN`"
            return [*checks, Check(rule="F1 against the baseline", passed=False, found=hint)]
        checks += _against_baseline(gate, gate.baseline, comparison, articles)
    return checks


def _check(rule: str, found: float, passed: bool) -> Check:
    return Check(rule=rule, passed=passed, found="not defined" if math.isnan(found) else f"{found:.4f}")


def _against_baseline(gate: Gate, rule: BaselineRule, comparison: Comparison, articles: int) -> list[Check]:
    covers = Check(
        rule="the baseline has every article",
        passed=comparison.articles == articles,
        found=f"{comparison.articles} of {articles}"
        + ("" if comparison.articles == articles else ": accept a run of today's gold as the baseline"),
    )
    # One that scores nothing, since today's schema does not read it, is soon surpassed.
    readable = comparison.failed <= gate.errors
    reads = Check(
        rule=f"failed articles of the baseline at most {gate.errors}",
        passed=readable,
        found=str(comparison.failed)
        + ("" if readable else " (failed, or do not fit the schema as it is now): accept a new run as the baseline"),
    )
    headline = comparison.headline["f1"]
    kept = Check(
        rule=f"F1 against the baseline: lower bound at least {-100 * rule.margin:+.1f} points",
        passed=headline.low >= -rule.margin,
        found=f"{100 * headline.delta:+.1f} points [{100 * headline.low:+.1f}, {100 * headline.high:+.1f}]",
    )
    worse = [
        f"{row.name} {100 * row.delta:+.1f} points, p={row.p_corrected:.4f}"
        for row in comparison.fields.values()
        if row.delta < 0 and row.p_corrected is not None and row.p_corrected < rule.level
    ]
    none_worse = Check(
        rule="no field significantly worse than the baseline", passed=not worse, found=", ".join(worse) or "none"
    )
    return [covers, reads, kept, none_worse]
