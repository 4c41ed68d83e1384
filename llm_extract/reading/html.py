"""An HTML page as the parts of an article: body, headline, author, publisher, date.

What a reader of the page does not see is taken out first, so that a text planted in a hidden element
is neither sent to a model nor quoted. Metadata are the page's own statements (JSON-LD, meta tags, `time`);
none is inferred from addresses or from the text.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from llm_extract.document import has_words, one_line
from llm_extract.errors import DocumentError
from llm_extract.reading.lines import DATE

_MOST_ELEMENTS = 50_000
"""Beyond this a page is no article: it is read as plain text, which takes linear time."""
_SHORT_BODY = 250
_LONGEST_HEADLINE = 300
_LONGEST_NAME = 120
_LONGEST_SCRIPT = 1_000_000


class Page(NamedTuple):
    """What a page says; None for what it does not."""

    body: str
    headline: str | None = None
    author: str | None = None
    publisher: str | None = None
    published: str | None = None
    """A day in ISO 8601 where the page gives one, else the page's own words."""


def read_html(markup: str, label: str) -> Page:
    """The article of a page.

    Raises:
        DocumentError: the page has no text, or is nested more than about 2,000 levels deep.
    """
    tree = _tree(markup, label)
    stated = _Stated.of(tree)
    _remove_hidden(tree)
    body = _body(tree)
    if not has_words(body):
        raise DocumentError(f"{label} is an HTML page without visible text: there is nothing to extract from")
    publisher = _name(stated.publisher)
    return Page(
        body=body,
        headline=_headline(stated, tree, publisher),
        author=_name(stated.author),
        publisher=publisher,
        published=stated.published or _visible_date(tree),
    )


def _tree(markup: str, label: str) -> Any:
    from lxml import etree  # type: ignore[import-untyped]
    from lxml import html as lxml_html

    # libxml2 stops at 256 levels and at texts of 10 MB unless told otherwise, and loses what comes after.
    # Entities that a page declares itself are never expanded in HTML.
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True
    )
    printable = _CONTROL.sub("\ufffd", _without_declarations(markup)).encode("utf-8", "replace")
    try:
        tree = lxml_html.document_fromstring(printable, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise DocumentError(f"{label} holds no HTML that can be read: give the page's text instead") from None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise DocumentError(f"{label} nests its elements thousands deep: no article does; give its text instead")
    return tree


def _without_declarations(markup: str) -> str:
    """A page without the entities that its DOCTYPE declares: HTML has none; libxml2 takes them for text."""
    if match := _DECLARATIONS.match(markup):
        end = markup.find("]", match.end())
        return markup[: match.end() - 1] + markup[end + 1 :] if end > 0 else markup
    return markup


_DECLARATIONS = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?<!doctype[^>\[]{0,500}\[", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


# What a reader does not see

_NEVER_SHOWN = (
    "script",
    "style",
    "template",
    "noscript",
    "noembed",
    "noframes",
    "object",
    "iframe",
    "svg",
    "math",
)
_HIDING = re.compile(
    r"(?:^|[;\s])(?:"
    r"display\s*:\s*none|(?:content-)?visibility\s*:\s*(?:hidden|collapse)"
    r"|(?:opacity|font-size)\s*:\s*(?:0+(?:\.0*)?|\.0+)(?:px|pt|em|rem|%)?\s*(?:[!;]|$)"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01]|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|transform\s*:\s*scale\(\s*0\s*\)|text-indent\s*:\s*-\d{3,}|(?:left|right|top)\s*:\s*-\d{4,}px"
    r"|color\s*:\s*(?:transparent|rgba\([^)]*,\s*0(?:\.0+)?\s*\))\s*(?:[!;]|$)"
    r")",
    re.IGNORECASE,
)
_NO_SIZE = re.compile(r"(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:[!;]|$)", re.IGNORECASE)
_CLIPPED = re.compile(r"overflow(?:-[xy])?\s*:\s*(?:hidden|clip)", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_LONGEST_STYLE = 5000
_SIMPLE_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*)?([.#])(-?[_a-z][\w-]*)", re.IGNORECASE)


def _hides(style: str) -> bool:
    """Whether CSS declarations make an element invisible."""
    style = style[:_LONGEST_STYLE]
    # As it stands, too: what looks like a comment may be in quotation marks.
    readings = (style, _CSS_COMMENT.sub(" ", style))
    return any(_HIDING.search(each) or (_NO_SIZE.search(each) and _CLIPPED.search(each)) for each in readings)


def _remove_hidden(tree: Any) -> None:
    """Takes out the elements that a style or an attribute hides, and those that are never shown.

    `aria-hidden` hides from screen readers only; it is left to the body's extraction. Of the page's style
    sheets only plain rules for one class or one id are followed; rules for a medium or a state are not.
    """
    classes, ids = _hidden_by_sheet(tree)
    for element in list(tree.iter()):
        if not isinstance(element.tag, str) or element.tag in ("html", "body"):
            continue
        attributes = element.attrib
        if (
            element.tag in _NEVER_SHOWN
            or "hidden" in attributes
            or (element.tag == "dialog" and "open" not in attributes)
            or (element.tag == "input" and attributes.get("type", "").lower() == "hidden")
            or ("style" in attributes and _hides(attributes["style"]))
            or (ids and attributes.get("id") in ids)
            or (classes and "class" in attributes and not classes.isdisjoint(attributes["class"].split()))
        ):
            element.clear(keep_tail=True)  # emptied, not removed: what follows it stays where it is
        elif len(style := attributes.get("style", "")) <= _LONGEST_STYLE and "\\" not in style:
            # The body's extraction drops what has "hidden" or "border" in its style: here it was read whole.
            attributes.pop("style", None)


def _hidden_by_sheet(tree: Any) -> tuple[set[str], set[str]]:
    """The classes and the ids that the page's own style sheets hide."""
    classes: set[str] = set()
    ids: set[str] = set()
    for element in tree.iter("style"):
        if (element.get("media") or "all").lower() not in ("all", "screen"):
            continue
        for selectors, declarations in _rules((element.text or "")[:_LONGEST_SCRIPT]):
            if not _hides(declarations):
                continue
            for selector in selectors.split(","):
                if match := _SIMPLE_SELECTOR.fullmatch(selector.strip()):
                    (classes if match[1] == "." else ids).add(match[2])
    return classes, ids


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """The outermost rules of a style sheet, without comments and at-rules, in linear time."""
    first, *commented = sheet.split("/*")
    sheet = first + "".join(part.partition("*/")[2] for part in commented)
    depth = position = 0
    selectors = ""
    for brace in re.finditer(r"[{}]", sheet):
        between = sheet[position : brace.start()]
        position = brace.end()
        if brace[0] == "{":
            if depth == 0:
                selectors = between.rpartition(";")[2].strip()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0 and not selectors.startswith("@"):
                yield selectors, between


# The body

_BLOCK = re.compile(
    r"address|article|aside|blockquote|body|br|caption|d[dlt]|details|div|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|html|li|main|nav|[ou]l|p|pre|section|summary|table|tbody|t[dhr]|tfoot|thead"
)
_NOT_TEXT = re.compile(r"head|title|select|button|textarea|nav|footer")


def _body(tree: Any) -> str:
    """The article's text as trafilatura finds it; the text of the whole page where it finds none."""
    if sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
        return _plain(tree)
    import trafilatura

    # It logs a warning for each page that it can make nothing of; without a handler that is printed.
    logger = logging.getLogger("trafilatura")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    body = ""
    for precise in (True, False):
        try:
            found = trafilatura.extract(
                tree, favor_precision=precise, include_comments=False, include_tables=True, deduplicate=False
            )
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
            found = None  # its trouble with an odd page; the page's plain text is left
        body = max(body, found or "", key=len)
        if len(body) >= _SHORT_BODY:
            break
    return body if has_words(body) else _plain(tree)


def _plain(tree: Any) -> str:
    """The visible text of a page, a line for each block."""
    from lxml import etree

    parts: list[str] = []
    skipped = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if _BLOCK.fullmatch(tag):
            parts.append("\0")
        left_out = _NOT_TEXT.fullmatch(tag) is not None
        skipped += left_out if event == "start" else -left_out
        words = element.text if event == "start" else element.tail
        if words and not skipped:
            parts.append(words)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\0"))
    return "\n".join(line for line in lines if line)


# What the page states about itself

_ARTICLE_TYPE = re.compile(r"(?:Article|Report|BlogPosting|WebPage)$")
_AUTHOR_TAG = re.compile(r"author|article:author|byl|dc(?:terms)?\.creator|parsely-author|sailthru\.author")
_PUBLISHER_TAG = re.compile(r"og:site_name|publisher|dc(?:terms)?\.publisher|application-name")
_DATE_TAG = re.compile(
    r"(?:article|og):published_time|datepublished|date|pubdate|publish-?date|(?:citation_)?publication_date"
    r"|dc\.date(?:\.issued)?|dcterms\.(?:date|issued|created)|parsely-pub-date|sailthru\.date"
    r"|cxenseparse:recs:publishtime"
)
_ISO_DAY = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")
_DATE_WORDS = re.compile(DATE, re.IGNORECASE)


class _Stated:
    """The first statement of each kind, JSON-LD before meta tags."""

    def __init__(self) -> None:
        self.headline: str | None = None
        self.title: str | None = None
        self.author: str | None = None
        self.publisher: str | None = None
        self.published: str | None = None

    @classmethod
    def of(cls, tree: Any) -> _Stated:
        stated = cls()
        for script in tree.iter("script"):
            if (script.get("type") or "").split(";")[0].strip().lower() == "application/ld+json":
                for thing in _things(script.text or ""):
                    stated._add_thing(thing)
        for meta in tree.iter("meta"):
            name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
            content = _words(meta.get("content"))
            if name and content:
                stated._add_meta(name, content)
        return stated

    def _add_thing(self, thing: dict[str, Any]) -> None:
        kinds = thing.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not any(isinstance(kind, str) and _ARTICLE_TYPE.search(kind) for kind in kinds):
            return
        self.headline = self.headline or _words(thing.get("headline"))
        self.author = self.author or _people(thing.get("author"))
        self.publisher = self.publisher or _people(thing.get("publisher"))
        self.published = self.published or _day(_words(thing.get("datePublished")))

    def _add_meta(self, name: str, content: str) -> None:
        if name == "og:title":
            self.title = self.title or content
        elif name == "headline":
            self.headline = self.headline or content
        elif _AUTHOR_TAG.fullmatch(name):
            self.author = self.author or _name(content)
        elif _PUBLISHER_TAG.fullmatch(name):
            self.publisher = self.publisher or _name(content)
        elif _DATE_TAG.fullmatch(name):
            self.published = self.published or _day(content)


def _things(source: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-LD script, also those in a list or an `@graph`."""
    if len(source) > _LONGEST_SCRIPT:
        return
    try:
        waiting: list[Any] = [json.loads(source, strict=False)]
    except (ValueError, RecursionError):
        return  # a broken script states nothing
    while waiting:
        thing = waiting.pop(0)
        if isinstance(thing, list):
            waiting.extend(thing[:100])
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(thing[key] for key in ("@graph", "mainEntity") if key in thing)


def _people(value: Any) -> str | None:
    """The names of the people or bodies that a JSON-LD value gives."""
    entries = value if isinstance(value, list) else [value]
    names = []
    for entry in entries[:5]:
        name = _name(_words(entry.get("name") if isinstance(entry, dict) else entry))
        if name and name not in names:
            names.append(name)
    return _name(", ".join(names))


def _words(value: Any) -> str | None:
    return one_line(html.unescape(value[:2000])) or None if isinstance(value, str) else None


def _name(value: str | None) -> str | None:
    """A value that can be a name: no address, no handle, not too long."""
    if not value or len(value) > _LONGEST_NAME or "://" in value or "@" in value or value.startswith("www."):
        return None
    return re.sub(r"^by\s+", "", value, flags=re.IGNORECASE) or None


def _day(value: str | None) -> str | None:
    if not value:
        return None
    if match := _ISO_DAY.match(value):
        return match[0]
    if len(value) <= 60 and (match := _DATE_WORDS.search(value)):
        return match[0]
    return None


def _visible_date(tree: Any) -> str | None:
    """The day of the page's `time` elements: of the one marked as publication, or if all give the same."""
    days: list[str] = []
    for element in tree.iter("time"):
        day = _day(_words(element.get("datetime"))) or _day(_words(element.text_content()))
        if day and ("pubdate" in element.attrib or (element.get("itemprop") or "").lower() == "datepublished"):
            return day
        if day:
            days.append(day)
    return days[0] if days and len(set(days)) == 1 else None


def _headline(stated: _Stated, tree: Any, publisher: str | None) -> str | None:
    headings = [words for element in tree.iter("h1") if (words := _words(element.text_content()))]
    title = tree.find(".//title")
    candidates = [
        stated.headline,
        _without_site(stated.title, publisher),
        headings[0] if len(headings) == 1 else None,
        _without_site(_words(title.text_content()) if title is not None else None, publisher),
    ]
    found = next((words for words in candidates if words and len(words) <= _LONGEST_HEADLINE), None)
    # The page's own heading wins where the tags only add to it or cut it.
    if found and len(headings) == 1 and (found.startswith(headings[0]) or headings[0].startswith(found)):
        return headings[0] if len(headings[0]) <= _LONGEST_HEADLINE else found
    return found


def _without_site(title: str | None, publisher: str | None) -> str | None:
    """A title without the site's name, which many pages put after it."""
    if not title or not publisher:
        return title
    parts = re.split(r"\s+[|·•–—-]\s+", title)
    if len(parts) > 1 and parts[-1].casefold() == publisher.casefold():
        return title[: title.rindex(parts[-1])].rstrip(" |·•–—-")
    return title
