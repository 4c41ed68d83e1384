"""Bytes as text: which encoding they are in, and whether they are text at all."""

from __future__ import annotations

import codecs
import re

from llm_extract.errors import DocumentError

_BYTE_ORDER_MARKS = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
# Only real charsets: Python also decodes utf-7, idna and unicode_escape, in which a text can hide another.
_CHARSETS = re.compile(
    r"utf-?8|utf-?16(?:[lb]e)?|(?:windows|cp)-?12[50]\d|iso-?8859-?\d{1,2}|latin-?[1-9]|us-ascii|ascii|koi8-[ru]"
    r"|shift[_-]?jis|sjis|windows-31j|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|gb2312|gbk|gb18030|big5(?:-hkscs)?|macintosh"
    r"|mac-?roman|tis-620|windows-874|cp874|ibm866|cp866",
    re.IGNORECASE,
)
_WESTERN = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"})
_CONTROL_BYTES = bytes([*range(0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20)])
_HIGH_BYTES = bytes(range(0x80, 0x100))


def decode(data: bytes, *, declared: str | None = None, html: bool = False, label: str = "the bytes") -> str:
    """Bytes as text with `\\n` as line break and without a byte order mark.

    In this order: a byte order mark; UTF-16 or UTF-32 by their zero bytes; the charset that was declared
    with the bytes, or in an HTML page's `meta`; UTF-8; a guess, which is cp1252 for Western texts.

    Raises:
        DocumentError: the bytes are no text.
    """
    text = _decoded(data, declared, html, label)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removeprefix("\ufeff")


def _decoded(data: bytes, declared: str | None, html: bool, label: str) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if b"\0" in data[:65536] and (wide := _without_mark(data)):
        return wide
    controls = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if controls > 8 and controls > len(data) * 0.02:
        raise DocumentError(f"{label} is binary data, not text: give plain text, HTML or PDF")
    if not declared and html and (found := _META_CHARSET.search(data[:4096])):
        declared = found[1].decode("ascii", "replace")
        if declared.lower().startswith("utf-16"):
            declared = "utf-8"  # it could not have been read here if it were true
    text = _try(data, "utf-8")
    if declared and _CHARSETS.fullmatch(declared):
        western = declared.lower() in _WESTERN
        if not (western and text is not None):
            stated = _try(data, "cp1252" if western else declared)
            if stated is not None:
                return stated
    if text is not None:
        return text
    return _guessed(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of its ASCII characters are."""
    sample = data[:65536]
    quarter, half = len(sample) // 4, len(sample) // 2
    zeros = [sample[place::4].count(0) for place in range(4)]
    encoding = None
    if quarter and zeros[1] + zeros[2] + zeros[3] > 2.7 * quarter and zeros[0] < 0.1 * quarter:
        encoding = "utf-32-le"
    elif quarter and zeros[0] + zeros[1] + zeros[2] > 2.7 * quarter and zeros[3] < 0.1 * quarter:
        encoding = "utf-32-be"
    elif half and zeros[1] + zeros[3] > 0.5 * half and zeros[0] + zeros[2] <= 0.05 * half + 1:
        encoding = "utf-16-le"
    elif half and zeros[0] + zeros[2] > 0.5 * half and zeros[1] + zeros[3] <= 0.05 * half + 1:
        encoding = "utf-16-be"
    if encoding is None:
        return None
    text = data.decode(encoding, "replace")
    odd = sum(not (c.isprintable() or c in "\r\n\t\f") for c in text[:10000])
    return text if odd <= 0.02 * min(len(text), 10000) + 1 else None


def _guessed(data: bytes) -> str:
    """Bytes that are not UTF-8 and say nothing about what they are."""
    damaged = data.decode("utf-8", "replace")
    lost = damaged.count("\ufffd")
    if lost <= sum(c > "\x7f" for c in damaged) - lost:
        return damaged  # UTF-8 with a few broken bytes: other encodings hardly ever look like it
    high = len(data) - len(data.translate(None, _HIGH_BYTES))
    if high * 5 > len(data):  # no Western text has so many
        from charset_normalizer import from_bytes

        best = from_bytes(data[: 256 * 1024]).best()
        if best is not None and (text := _try(data, best.encoding)) is not None:
            return text
    return data.decode("cp1252", "replace")
