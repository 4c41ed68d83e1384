"""JSON lines: every article with its record, the words behind each value, and what it cost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from llm_extract.export.tables import Record, with_originals

_CONTROL = re.compile("[\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")

KEYS = {
    "article": "the article's id",
    "place": "where it was read: archive, member, record",
    "text_id": "first 16 hexadecimal digits of the SHA-256 of its text",
    "status": "row, failure, skip, copy, or pending (to be tried again)",
    "record": "of a row: what the article says, by the task's schema; of a copy the original's, where asked for",
    "evidence": "of a row: by a value's path its quote, start, end, match and also (further places); text[start:end]",
    "issues": "of a row: what the model answered and the article does not support",
    "usage": "calls, tokens, US dollars and seconds",
    "provenance": "task, model, prompt, schema and settings that decided the result",
    "document": "of a row, where asked for: the text that the offsets refer to, its metadata and its furniture",
    "error": "of a failure: type and message",
    "reason": "of a skip: irrelevant, unreadable or id_clash; with detail",
    "copy_of": "of a copy: the article that was read for it; with match and similarity",
}
"""What a line may hold. Lines of rows and failures are also what `llm-extract eval score` reads."""


def write_jsonl(records: Iterable[Record], path: Path, *, copies: bool = False, text: bool = False) -> dict[str, int]:
    """Write one line an article.

    Args:
        records: the ledger's records; read twice where `copies` is true.
        path: the new file.
        copies: whether a copy's line brings its original's record.
        text: whether a row's line brings its article.

    Returns:
        How many lines there are.
    """
    count = 0
    with path.open("wb") as file:
        for record, original in with_originals(records, copies):
            file.write(json_line(_line(record, original, text)))
            count += 1
    return {"lines": count}


def json_line(data: Any) -> bytes:
    r"""A line of UTF-8 JSON that a terminal can show.

    Control characters are escaped as JSON allows; lone surrogates, which many readers refuse, become `\udc80` in
    letters.
    """
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if not line.isprintable():
        line = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
        line = _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", line)
    return line.encode() + b"\n"


def _line(record: Record, original: Record | None, text: bool) -> dict[str, Any]:
    kind = record["kind"]
    line = {
        "article": record["id"],
        "place": record.get("place"),
        "text_id": record.get("text"),
        "status": "pending" if kind == "retried" else kind,
    }
    if kind == "row":
        extraction = record["extraction"]
        kept = ("record", "evidence", "issues", "usage", "provenance", *(("document",) if text else ()))
        line |= {key: extraction[key] for key in kept if key in extraction}
    elif kind == "failure":
        line |= {key: record[key] for key in ("error", "usage") if key in record}
    elif kind == "skip":
        line |= {"reason": record["reason"], "detail": record.get("detail")}
        if record.get("usage"):  # a question of relevance costs something
            line["usage"] = record["usage"]
    elif kind == "copy":
        line |= {"copy_of": record["of"], "match": record.get("match"), "similarity": record.get("similarity")}
        if original is not None:
            line["record"] = original["extraction"]["record"]
    return line
