"""One article asked, and its outcome as the record that is written down."""

from __future__ import annotations

from typing import Any

from llm_extract.batch import records
from llm_extract.batch.articles import Article
from llm_extract.batch.relevance import Relevance
from llm_extract.errors import DocumentError, ExtractionError, FatalError, LlmExtractError
from llm_extract.extraction import Elsewhere, Extractor
from llm_extract.finishing import Finished
from llm_extract.model.types import Usage

NOTHING = Usage()

# Readers leave a document's id to be made of its text, so that it is `records.text_digest` of it.


async def outcome_of(
    article: Article,
    extractor: Extractor[Any],
    relevance: Relevance | None = None,
    *,
    key: str | None = None,
    elsewhere: Elsewhere | None = None,
) -> tuple[records.Record, Usage]:
    """What becomes of one article, and what it cost: the question of relevance, if the task has one, then the record.

    `key` is what `Extractor.kept_json` gave where it has been looked up already that no result is kept; `elsewhere` is
    as of `Extractor.aextract_json`.

    Raises:
        FatalError: nothing more can succeed; the article has no outcome.
        UsageError: settings that cannot work; the article has no outcome.
    """
    spent = NOTHING
    try:
        if relevance is not None and relevance.terms.question:
            answered = await relevance.ask(extractor.model, article.document, extractor.sampling)
            spent = answered.usage
            if not answered.answer:
                return irrelevant(article, f"the model said no to: {relevance.terms.question}", spent), spent
        finished = None
        if key is None:
            key, finished = extractor.kept_json(article.document)
        if finished is None:
            finished = await extractor.aextract_json(article.document, key, elsewhere)
    except FatalError as error:
        error.usage = spent + (error.usage or NOTHING)
        raise
    except (ExtractionError, DocumentError) as error:
        spent = spent + (getattr(error, "usage", None) or NOTHING)
        return failure_of(article, error, spent), spent
    if spent is not NOTHING:
        finished = finished._replace(usage=spent + finished.usage)
    return row_of(article, finished), finished.usage


def row_of(article: Article, finished: Finished) -> records.Row:
    """The record of an article that was extracted."""
    return records.Row(
        id=article.id,
        place=str(article.place),
        text=article.document.id,
        json=finished.json(),
        usage=finished.usage.model_dump(mode="json"),
    )


def irrelevant(article: Article, detail: str, usage: Usage) -> records.Skip:
    """The record of an article that is about something else, as the model says."""
    return records.Skip(
        id=article.id,
        place=str(article.place),
        text=article.document.id,
        reason="irrelevant",
        detail=detail,
        usage=usage.model_dump(mode="json"),
    )


def failure_of(article: Article, error: LlmExtractError, usage: Usage) -> records.Failure:
    """The record of an article that failed."""
    return records.Failure(
        id=article.id,
        place=str(article.place),
        text=article.document.id,
        type=type(error).__name__,
        message=str(error),
        usage=usage.model_dump(mode="json"),
    )
