"""`--where`: which articles of an archive are taken, by an expression over what is known of them.

    published >= "2015" and ("council" in headline|lower or words > 300)

An expression of Jinja2, in its sandbox. Names: `id`, `place`, `text`, `headline`, `publisher`, `author`, `published`
(as the page states them, "" where it does not; `published` as an ISO date where it can be read) and `words` (how many).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from llm_extract.batch.articles import Article
from llm_extract.errors import SettingsError
from llm_extract.fields import DateField
from llm_extract.ranges import Range

NAMES = ("id", "place", "text", "headline", "publisher", "author", "published", "words")


class Where:
    """A compiled expression.

    Raises:
        SettingsError: it is no expression, or uses an unknown name.
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression
        _ = self._compiled

    def holds(self, article: Article) -> bool:
        """Whether the article is taken.

        Raises:
            SettingsError: the expression fails on it: things that cannot be compared.
        """
        from jinja2 import TemplateError

        try:
            return bool(self._compiled(**_names(article)))
        except (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise SettingsError(f"--where {self.expression}: {error} (at {article.place})") from error

    @cached_property
    def _compiled(self) -> Callable[..., Any]:
        from jinja2 import StrictUndefined, TemplateSyntaxError, meta
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
        try:
            compiled: Callable[..., Any] = environment.compile_expression(self.expression, undefined_to_none=False)
            used = meta.find_undeclared_variables(environment.parse(f"{{{{ {self.expression} }}}}"))
        except TemplateSyntaxError as error:
            raise SettingsError(f"--where {self.expression}: {error.message}") from error
        if unknown := sorted(used - set(NAMES)):
            raise SettingsError(
                f"--where {self.expression}: there is no {', '.join(map(repr, unknown))}; there is {', '.join(NAMES)}"
            )
        return compiled


def _names(article: Article) -> dict[str, Any]:
    text, metadata = article.document.text, article.document.metadata

    def stated(place: Range | None) -> str:
        return "" if place is None else text[place.start : place.end]

    published = stated(metadata.published)
    return {
        "id": article.id,
        "place": str(article.place),
        "text": text,
        "headline": stated(metadata.headline),
        "publisher": stated(metadata.publisher),
        "author": stated(metadata.author),
        "published": DateField().parse(published) or published,
        "words": len(text.split()),
    }
