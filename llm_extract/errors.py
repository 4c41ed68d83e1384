"""Every error that llm_extract raises on purpose.

    LlmExtractError
    ├── UsageError                what was asked for cannot be done as asked
    │   ├── SettingsError         a setting is missing, malformed or contradicts another
    │   ├── TaskError             a task, its schema or its prompt does not hold
    │   ├── ModelNameError        a model name that leads nowhere
    │   ├── DocumentError         a source that gives no text to read
    │   ├── RunError              a batch's folder: in use, of another task, not to be written, damaged
    │   ├── EvaluationError       a gold file, a run, predictions or a gate that does not hold
    │   └── LiveCallForbidden     a test made a call that its switch forbids
    ├── ExtractionError           this article failed; another may succeed
    │   ├── EndpointUnavailable   transient failures outlasted the attempts
    │   ├── BadResponse           the endpoint answered with something that is no completion
    │   ├── ContextTooLong        the article does not fit the model's context
    │   ├── Truncated             the answer was cut, also with more room
    │   ├── Refused               the model declined
    │   ├── ContentFiltered       the provider withheld or filtered the answer
    │   ├── InvalidAnswer         the answer broke the schema, also when asked again
    │   ├── Unsupported           the article does not support what the schema requires
    │   └── RequestRejected       the endpoint will not take this request
    └── FatalError                no article can succeed until something is changed
        ├── AuthenticationFailed  the key is missing, wrong or revoked
        ├── QuotaExhausted        no money or quota is left
        ├── ModelUnavailable      the endpoint does not have the model
        ├── ModelMismatch         another model answered than the one that was asked
        ├── BudgetReached         the next call could pass what the run may spend
        ├── EndpointDown          the endpoint has done nothing but fail for minutes
        └── EmbeddedModelError    the model in the box cannot start or keeps dying

Messages say what was wrong, where, and what to do. None contains a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from llm_extract.model.types import Attempt, Usage
    from llm_extract.result import Issue


class LlmExtractError(Exception):
    """The root of the tree; catch it to catch all of them."""

    exit_code: ClassVar[int] = 1


class UsageError(LlmExtractError):
    """What was asked for cannot be done as it was asked."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is missing, malformed, or contradicts another."""


class TaskError(UsageError):
    """A task is unknown, or its schema, prompt or examples do not hold."""


class ModelNameError(UsageError):
    """A model name whose provider or file is not known."""


class DocumentError(UsageError):
    """A source that cannot be read as text: missing, empty, binary, too large."""


class RunError(UsageError):
    """A batch run's folder is in use, belongs to other terms, cannot be written, or is damaged."""


class EvaluationError(UsageError):
    """A gold file, a run, predictions or a gate cannot be read, or do not belong together."""


class LiveCallForbidden(UsageError):
    """A call left the process while `llm_extract.testing` forbids live calls."""


class ExtractionError(LlmExtractError):
    """One article failed.

    `usage` says what its calls cost, and `attempts` holds them in order, unless all were sound and the article does
    not support what they gave.
    """

    def __init__(self, message: str, *, attempts: Sequence[Attempt] = (), usage: Usage | None = None) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)
        self.usage = usage


class EndpointUnavailable(ExtractionError):
    """Transient failures (429, 5xx, refused, reset, timed out) outlasted the attempts allowed."""


class BadResponse(ExtractionError):
    """The endpoint answered 200 with something that is no completion: HTML, no choices, no content."""


class ContextTooLong(ExtractionError):
    """Article and prompt do not fit the model's context window; the same call would fail again."""


class Truncated(ExtractionError):
    """The answer was cut for length, and cut again with more room. A cut answer is never parsed."""


class Refused(ExtractionError):
    """The model declined to answer; the message keeps its reason."""


class ContentFiltered(ExtractionError):
    """The provider's filter withheld or altered the answer; it is neither used nor cached."""


class InvalidAnswer(ExtractionError):
    """The answer was no JSON, or broke the schema, also after it was asked for again."""


class Unsupported(ExtractionError):
    """The schema requires a value for which the article has no words, or its own code fails on what there is.

    `issues` says what was answered.
    """

    def __init__(self, message: str, *, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class RequestRejected(ExtractionError):
    """The endpoint rejected this request (400, 413, 422) for a reason that repeating does not mend."""


class FatalError(LlmExtractError):
    """Nothing more can succeed until a key, a quota, a model or a machine is changed: a run stops."""

    def __init__(self, message: str, *, attempts: Sequence[Attempt] = (), usage: Usage | None = None) -> None:
        super().__init__(message)
        self.attempts = tuple(attempts)
        self.usage = usage


class AuthenticationFailed(FatalError):
    """401 or 403: the key is missing, wrong, revoked, or not allowed to use this model."""


class QuotaExhausted(FatalError):
    """The account has no quota or money left; waiting does not help."""


class ModelUnavailable(FatalError):
    """The endpoint does not know the model that was asked for."""


class ModelMismatch(FatalError):
    """Another model answered than the one asked for, and the settings say that this is fatal."""


class BudgetReached(FatalError):
    """The next call could pass the run's budget of money or tokens; it is not made."""


class EndpointDown(FatalError):
    """The endpoint has failed all calls (5xx, refused, timed out) for longer than an outage may last."""


class EmbeddedModelError(FatalError):
    """The model in the box is not installed, damaged, short of memory, or died twice."""
