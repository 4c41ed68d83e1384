"""A PDF's text layer becomes a document; without one it is refused with what to do."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from llm_extract.document import Document
from llm_extract.errors import DocumentError
from llm_extract.reading import read_document


def pdf(*pages: list[str], title: str | None = None, encrypted: bool = False) -> bytes:
    """A small PDF, a line of text under the other, in Helvetica."""
    objects: list[bytes] = [b"", b""]
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects.append(font)
    kids = []
    for lines in pages:
        shown = b" ".join(
            b"(" + re.sub(rb"([()\\])", rb"\\\1", line.encode("cp1252")) + b") Tj 0 -14 Td" for line in lines
        )
        stream = b"BT /F1 11 Tf 50 780 Td " + shown + b" ET"
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    trailer = b"/Root 1 0 R"
    if title is not None:
        objects.append(b"<< /Title (%s) /Author (jdoe) /CreationDate (D:20010101) >>" % title.encode("cp1252"))
        trailer += b" /Info %d 0 R" % len(objects)
    if encrypted:
        secret = b"<" + b"ab" * 32 + b">"
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /O %s /U %s /P -4 >>" % (secret, secret))
        trailer += b" /Encrypt %d 0 R /ID [<00> <00>]" % len(objects)
    data = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        + table
        + b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(data))
    )


FIRST = [
    "Harrow Vale picks Pinecrest (again)",
    "The deal is worth £4.6m – over five years, to out-",
    "source the desks.",
]
SECOND = ["Work begins in May."]


def headline(document: Document) -> str | None:
    place = document.metadata.headline
    return document.text[place.start : place.end] if place else None


def test_the_text_of_all_pages_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notice.pdf"
    path.write_bytes(pdf(FIRST, SECOND))
    document = read_document(path)
    assert document.text == "\n".join(FIRST) + "\n\n" + "\n".join(SECOND)
    assert (document.media_type, document.source) == ("application/pdf", "notice.pdf")


def test_the_type_is_told_by_content() -> None:
    assert read_document(pdf(SECOND), name="notice.txt", media_type="text/html").media_type == "application/pdf"


def test_a_title_that_the_pages_lack_is_the_headline() -> None:
    document = read_document(pdf(SECOND, title="Pinecrest wins the Harrow Vale desks"))
    assert document.text == "Pinecrest wins the Harrow Vale desks\n\nWork begins in May."
    assert headline(document) == "Pinecrest wins the Harrow Vale desks"


@pytest.mark.parametrize("title", ["Microsoft Word - notice final v2.doc", "untitled", "notice", "Work begins in May"])
def test_other_titles_are_left_out(title: str) -> None:
    assert read_document(pdf(SECOND, title=title)).text == "Work begins in May."


def test_properties_of_the_file_are_no_metadata_of_the_article() -> None:
    document = read_document(pdf(SECOND, title="Pinecrest wins the Harrow Vale desks"))
    assert (document.metadata.author, document.metadata.published) == (None, None)
    assert "jdoe" not in document.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pdf([]), "run OCR first"),
        (pdf(SECOND, encrypted=True), "encrypted"),
        (pdf(FIRST)[:150], "damaged"),
        (b"%PDF-1.7\n" + b"\0garbage\n" * 50, "damaged"),
    ],
    ids=["scanned", "encrypted", "cut", "garbage"],
)
def test_a_pdf_without_readable_text_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words) as failure:
        read_document(data, name="notice.pdf")
    assert str(failure.value).startswith("notice.pdf ")
    assert "\n" not in str(failure.value)


def test_threads_may_read_at_once() -> None:
    data = pdf(FIRST, SECOND)
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(read_document(data).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(texts) == 8
    assert len(set(texts)) == 1
