"""What a part of an archive is: by its content first, then by its name."""

from __future__ import annotations

import json
import re

from llm_extract.batch.formats.base import Part, suffix
from llm_extract.batch.formats.compressed import MAGIC, NAMES
from llm_extract.batch.formats.tarfile import is_tar

_HEAD = 4096
_LONGEST_FIRST_LINE = 1024 * 1024
_SIGNED = {
    **NAMES,
    ".zip": "zip",
    ".tar": "tar",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".warc": "warc",
    ".wet": "warc",
}
"""Names of what has a signature: what lacks it is cut or something else."""
_TEXTUAL = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jl": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
}
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_JSON = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[{\]])")
_OFFICE = re.compile(rb"\[Content_Types\]\.xml|mimetypeapplication/|META-INF/|_rels/\.rels|AndroidManifest\.xml")
_OTHERS = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x04\x22\x4d\x18", "lz4 data"),
)

_SIGNATURE_STARTS = {
    start[:1] for start in (*MAGIC.values(), b"PK", b"PAR1", b"WARC/", *(magic for magic, _ in _OTHERS))
}
_SIGNATURE_STARTS |= {bytes([0x50 + number]) for number in range(16)}  # zstd's skippable frames


def kind_of(part: Part) -> str:
    """One of gzip, bzip2, xz, zstd, zip, tar, warc, parquet, jsonl, json, csv, whole.

    Anything else is a reason why it is not read, which begins with "is ".
    """
    head = part.stream.peek(_HEAD)
    ending = suffix(part.name)
    if kind := _by_signature(head):
        return kind
    words = head[:1].isalnum()  # as texts begin, and neither pages nor JSON
    page, record = not words and _PAGE.match(head), not words and _looks_like_json(head)
    if ending in _SIGNED and not (page or record or head.startswith(b"%PDF-")):
        if not head:
            return "is empty: there is nothing in it"
        return f"is called {ending} but does not begin as {_SIGNED[ending]} data do: it is cut or of another type"
    if page:
        return "whole"
    if _TEXTUAL.get(ending) == "jsonl":
        return "jsonl" if head else "is empty: there is nothing in it"
    if record or ending == ".json":
        return ("jsonl" if _is_jsonl(part) else "json") if head.strip() else "is empty: there is nothing in it"
    if ending in _TEXTUAL:
        return _TEXTUAL[ending] if head.strip() else "is empty: there is nothing in it"
    return "whole"


def _by_signature(head: bytes) -> str | None:
    if head[:1] not in _SIGNATURE_STARTS:
        return "tar" if is_tar(head) else None
    for kind, magic in MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5:
        return "zstd"  # a skippable frame
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if _OFFICE.search(head[:200]):
            return "is an Office document, an e-book or a program, which is not read: save it as text or PDF"
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"WARC/"):
        return "warc"
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return f"is {what}, which is not read: unpack it first"
    if is_tar(head):
        return "tar"
    return None


def _looks_like_json(head: bytes) -> bool:
    start = head[:64].removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return _JSON.match(start.replace(b"\0", b"")) is not None


def _is_jsonl(part: Part) -> bool:
    """Whether the first line is a JSON object, and there are others."""
    start = part.stream.peek(_LONGEST_FIRST_LINE)
    first, newline, rest = start.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    if not newline or not rest.strip():
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
