"""Reading a file, bytes or standard input into a Document.

What a source is, is told by its content first, then by the media type that came with it, then by
its name. Nothing is fetched, unpacked or run, and no more than `max_bytes` is read.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from pathlib import Path

from llm_extract.document import Document, has_words
from llm_extract.errors import DocumentError
from llm_extract.reading.encoding import decode

MEBIBYTE = 1024 * 1024
MAX_BYTES = 20 * MEBIBYTE


def read_document(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    media_type: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> Document:
    """A document from a path, from bytes, or from standard input (`-`).

    Plain text, HTML and PDF are read. Encodings are found out, a byte order mark is dropped and line
    breaks become `\\n`; a document's offsets refer to the text after that.

    Args:
        source: a path, `-`, or the bytes themselves.
        name: the document's label in place of the file's own name; its extension helps to tell the type. What UTF-8
            cannot hold of either is written in letters: `caf\\udce9.txt`.
        media_type: as an HTTP header states it, with or without a charset: `text/html; charset=cp1252`.
        max_bytes: larger sources are refused before they are read.

    Raises:
        DocumentError: the source is missing, no regular file, not allowed to be read, empty, binary, too
            large, of a type that is not read, or has no text. One line that names the source.
    """
    if isinstance(source, bytes):
        label = name or "the bytes given"
        if len(source) > max_bytes:
            raise _too_large(label, max_bytes)
        data = source
    elif source == "-":
        name = name or "-"
        label = "standard input" if name == "-" else name
        data = _standard_input(label, max_bytes)
    else:
        path = os.fspath(source)
        name = name or Path(path).name
        label = _printable(path)
        data = _file(path, label, max_bytes)

    label = _printable(label)
    # A file's name is bytes, which need be no text; a result has to be written down.
    name = name and name.encode("utf-8", "backslashreplace").decode()
    if not data.strip(b"\0 \t\r\n\f\v"):
        raise DocumentError(f"{label} is empty: there is nothing to extract from")
    kind, charset = _kind(data, media_type, name, label)
    if kind == "application/pdf":
        from llm_extract.reading.pdf import read_pdf

        body, headline = read_pdf(data, label)
        return Document.from_parts(body, headline=headline, source=name, media_type=kind)
    text = decode(data, declared=charset, html=kind == "text/html", label=label)
    if kind == "text/html":
        from llm_extract.reading.html import read_html

        page = read_html(text, label)
        return Document.from_parts(
            page.body,
            headline=page.headline,
            author=page.author,
            publisher=page.publisher,
            published=page.published,
            source=name,
            media_type=kind,
        )
    if not has_words(text):
        raise DocumentError(f"{label} has neither a letter nor a digit: there is nothing to extract from")
    return Document.from_text(text, source=name)


def _file(path: str, label: str, max_bytes: int) -> bytes:
    """The bytes of a regular file; a FIFO or a device is never opened for reading."""
    if re.match(r"[a-z][a-z0-9+.-]+://", path, re.IGNORECASE):
        raise DocumentError(f"{label} is a web address: nothing is fetched; save the page and give its file")
    try:
        _require_regular(Path(path).stat().st_mode, label)
        # Not blocking, so that a FIFO put there since cannot hold the reader up.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _require_regular(status.st_mode, label)
            if status.st_size > max_bytes:
                raise _too_large(label, max_bytes)
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise DocumentError(f"there is no file {label}: check the name and the folder") from None
    except NotADirectoryError:
        raise DocumentError(f"there is no file {label}: a part of its path is no folder") from None
    except PermissionError:
        raise DocumentError(f"{label} may not be read: permission denied; check its owner and mode") from None
    except ValueError:
        raise DocumentError(f"{label} is no file name: it contains a NUL character") from None
    except OSError as error:
        raise DocumentError(f"{label} could not be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise _too_large(label, max_bytes)
    return data


def _require_regular(mode: int, label: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise DocumentError(f"{label} is a folder: give the files in it")
    raise DocumentError(f"{label} is no regular file (a pipe, socket or device): only files are read, or `-`")


def _standard_input(label: str, max_bytes: int) -> bytes:
    if sys.stdin is None:  # so Python says it
        raise DocumentError(f"{label} is closed: there is nothing to read")
    try:
        data = sys.stdin.buffer.read(max_bytes + 1)
    except OSError as error:
        raise DocumentError(f"{label} could not be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise _too_large(label, max_bytes)
    return data


def _too_large(label: str, max_bytes: int) -> DocumentError:
    limit = f"{max_bytes / MEBIBYTE:g} MiB" if max_bytes >= MEBIBYTE else f"{max_bytes} bytes"
    return DocumentError(f"{_printable(label)} is larger than {limit}: no article is; raise the limit or split it")


def _printable(label: str) -> str:
    """A label as it can stand in an error line, without escapes that a terminal would obey."""
    return label if label.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in label)


# Types

_HTML_NAMES = (".html", ".htm", ".xhtml", ".xht", ".shtml")
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:(?><!--.*?-->)\s*)*"
    rb"<(?:!doctype\s+html|html|head|body|meta|title|script|link|style|div|article|section|main|table|h1|p)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_XML_START = re.compile(rb"\s*<\?xml\s", re.IGNORECASE)
_SIGNATURES = (
    (0, b"\x1f\x8b", "gzip data", "unpack it first"),
    (0, b"BZh", "bzip2 data", "unpack it first"),
    (0, b"\xfd7zXZ\0", "xz data", "unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data", "unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (0, b"Rar!\x1a\x07", "a RAR archive", "unpack it first"),
    (257, b"ustar", "a tar archive", "unpack it first"),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Office file (doc, xls, ppt or msg)",
        "save it as text or PDF",
    ),
    (0, b"{\\rtf", "an RTF file", "save it as plain text or PDF"),
    (0, b"%!PS", "a PostScript file", "convert it to PDF"),
    (0, b"\x89PNG\r\n", "a PNG picture", "run OCR first"),
    (0, b"\xff\xd8\xff", "a JPEG picture", "run OCR first"),
    (0, b"GIF8", "a GIF picture", "run OCR first"),
    (0, b"II*\0", "a TIFF picture", "run OCR first"),
    (0, b"MM\0*", "a TIFF picture", "run OCR first"),
    (0, b"RIFF", "a RIFF file (WebP, WAV or AVI)", "give its text"),
    (4, b"ftyp", "a video or picture file", "give its text"),
    (0, b"ID3", "an MP3 file", "give its text"),
    (0, b"OggS", "an Ogg file", "give its text"),
    (0, b"PAR1", "a Parquet file", "take its articles out first"),
    (0, b"WARC/", "a WARC archive", "take its articles out first"),
    (0, b"SQLite format 3\0", "an SQLite database", "export its text"),
    (0, b"\x7fELF", "a program", "give a text"),
    (0, b"MZ\x90\0", "a program", "give a text"),
    (0, b"wOFF", "a font", "give a text"),
)
_SIGNED = re.compile(  # whether there is any of them
    b"|".join([b"PK", *(b"." * place + re.escape(signature) for place, signature, _, _ in _SIGNATURES)]), re.DOTALL
)
_ZIP_MEMBERS = (
    (b"word/", "a Word file (docx)", "save it as text or PDF"),
    (b"xl/", "an Excel file (xlsx)", "save it as text"),
    (b"ppt/", "a PowerPoint file (pptx)", "save it as text or PDF"),
    (b"opendocument", "an OpenDocument file", "save it as text or PDF"),
    (b"epub", "an EPUB book", "save it as text"),
)


def _kind(data: bytes, media_type: str | None, name: str | None, label: str) -> tuple[str, str | None]:
    """The media type to read `data` as, and the charset that was declared with it."""
    declared, charset = _declared(media_type) if media_type else ("", None)
    if b"%PDF-" in data[:1024]:
        return "application/pdf", None
    _refuse_other_formats(data, label)
    if declared in _HTML_TYPES:
        return "text/html", charset
    if declared == "text/plain":
        return "text/plain", charset
    start = b"" if data[:1].isalnum() else _ascii_start(data)  # a tag is not the first thing in most texts
    if _HTML_START.match(start):
        return "text/html", charset
    if declared == "application/pdf" or (name or "").lower().endswith(".pdf"):
        raise DocumentError(f"{label} is called a PDF but does not begin as one: it is damaged or of another type")
    if _XML_START.match(start):
        if b"<html" in start.lower():
            return "text/html", charset
        raise DocumentError(f"{label} looks like XML, which is not read: give plain text, HTML or PDF")
    if (name or "").lower().endswith(_HTML_NAMES):
        return "text/html", charset
    return "text/plain", charset


def _declared(media_type: str) -> tuple[str, str | None]:
    """A media type without its parameters, and its charset."""
    declared, _, parameters = media_type.partition(";")
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters, re.IGNORECASE)
    return declared.strip().lower(), found[1] if found else None


def _refuse_other_formats(data: bytes, label: str) -> None:
    if not _SIGNED.match(data):
        return
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        head = data[:4096] + data[-4096:]
        what, advice = next(
            ((what, advice) for part, what, advice in _ZIP_MEMBERS if part in head),
            ("a zip archive", "unpack it first"),
        )
        raise DocumentError(f"{label} looks like {what}, which is not read: {advice}")
    for offset, signature, what, advice in _SIGNATURES:
        if data.startswith(signature, offset):
            raise DocumentError(f"{label} looks like {what}, which is not read: {advice}")


def _ascii_start(data: bytes) -> bytes:
    """The first bytes, without a byte order mark and UTF-16's zero bytes: enough to see a tag."""
    start = data[:8192]
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"")
