"""A file that is one article: plain text, HTML, PDF."""

from __future__ import annotations

from llm_extract.batch.articles import Article, Unreadable
from llm_extract.batch.formats.base import Part, in_words, suffix
from llm_extract.batch.formats.records import reason_of
from llm_extract.errors import DocumentError
from llm_extract.reading import read_document

_HTML_NAMES = (".html", ".htm", ".xhtml", ".xht", ".shtml")
_BESIDE_PAGES = {
    ".css": "a style sheet",
    ".js": "a script",
    ".mjs": "a script",
    ".map": "a script's source map",
}
"""What browsers and crawlers save beside a page, and what would be read as plain text."""


def read_whole(part: Part) -> Article | Unreadable:
    """The one article that a part is.

    Raises:
        Damaged: its bytes break off.
    """
    ending = suffix(part.name)
    if ending in _BESIDE_PAGES:
        return part.unreadable(f"is {_BESIDE_PAGES[ending]}, no article")
    limit = part.limits.member_bytes
    data = part.stream.whole(limit)
    if data is None:
        return part.unreadable(f"is larger than {in_words(limit)}: no article is; raise the limit or split it")
    label = str(part.place)
    try:
        document = read_document(
            data, name=label, media_type="text/html" if ending in _HTML_NAMES else None, max_bytes=limit
        )
    except DocumentError as error:
        return part.unreadable(reason_of(error, label))
    return Article(label, part.place, document)
