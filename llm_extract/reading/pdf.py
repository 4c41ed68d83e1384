"""The text of a PDF."""

from __future__ import annotations

import re
import threading
from typing import Any

from llm_extract.document import has_words, one_line
from llm_extract.errors import DocumentError

_MAX_PAGES = 2000
_PDFIUM = threading.Lock()
"""PDFium keeps global state and is not safe for threads."""
_NO_TITLE = re.compile(
    r"microsoft word|untitled|\.(?:docx?|indd|pdf|pptx?|rtf|txt|xlsx?|qxd|pages)\b|https?:|[\\/_]\S*[\\/_]",
    re.IGNORECASE,
)


def read_pdf(data: bytes, label: str) -> tuple[str, str | None]:
    """The text of a PDF's pages with an empty line between them, and its title if that says more.

    The author and the dates among the file's properties are those of whoever made the file, so
    they are not used. Hyphens at line ends stay as they are.

    Raises:
        DocumentError: the PDF is encrypted, damaged, scanned without a text layer, or very long.
    """
    text, title = _text_and_title(data, label)
    if not has_words(text):
        raise DocumentError(f"{label} is a PDF without a text layer (scanned pages): run OCR first")
    headline = one_line(title)
    if headline.count(" ") < 2 or len(headline) > 200 or _NO_TITLE.search(headline):
        return text, None
    if headline.casefold() in " ".join(text[:3000].split()).casefold():
        return text, None  # the pages say it themselves
    return text, headline


def _text_and_title(data: bytes, label: str) -> tuple[str, str]:
    """The text of all pages, an empty line between them, and the title in the file's properties."""
    import pypdfium2 as pdfium

    with _PDFIUM:
        try:
            file = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            if "password" in str(error).lower() or "security" in str(error).lower():
                raise DocumentError(f"{label} is an encrypted PDF: save a copy without a password") from None
            raise DocumentError(f"{label} is a damaged PDF: open it in a viewer and save it again") from None
        try:
            if len(file) > _MAX_PAGES:
                raise DocumentError(f"{label} has {len(file)} pages: more than {_MAX_PAGES} are not read; split it")
            title = str(file.get_metadata_value("Title"))
            pages = [_page_text(file, number) for number in range(len(file))]
        except pdfium.PdfiumError as error:
            raise DocumentError(f"{label} is a damaged PDF ({error}): save it again from a viewer") from None
        finally:
            file.close()
    text = "\n\n".join(page for page in pages if page)
    return text, title


def _page_text(file: Any, number: int) -> str:
    page = file[number]
    words = page.get_textpage()
    try:
        text = str(words.get_text_bounded())
    finally:
        words.close()
        page.close()
    # PDFium takes a hyphen at a line's end together with the line break, and puts a mark there.
    text = text.replace("\ufffe", "-\n").replace("\x02", "-\n")
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
