"""What a run writes down about an article: one record, one line of `ledger.jsonl`.

    3f2a9c01 {"kind":"row","id":"a.txt","place":"news.zip!a.txt","text":"9f86d081884c7d65","time":…,"extraction":{…}}

The eight digits are the CRC-32 of the bytes of the JSON. Of several records of an id the last one counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any, ClassVar, Literal, TypeAlias, get_args
from zlib import crc32

from pydantic_core import PydanticSerializationError, to_json

SkipReason = Literal["irrelevant", "unreadable", "id_clash"]
"""Why an article was not asked about.

`irrelevant`: the task's filter left it out. `unreadable`: it gave no text. `id_clash`: another article has its id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAnArticle:
    """What became of one article."""

    id: str
    place: str
    """Where it is in the archive, for people."""
    text: str | None
    """`text_digest` of the document's text."""
    time: float = field(default_factory=time)
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(_OfAnArticle):
    """The article was extracted."""

    kind: ClassVar[str] = "row"
    json: bytes
    """The Extraction's JSON, on one line, as `model_dump_json` gives it: it is written more often than read."""
    usage: Mapping[str, Any] | None = None
    """What it cost, `Usage.model_dump(mode="json")`."""

    @property
    def extraction(self) -> Mapping[str, Any]:
        """The JSON, read."""
        found: Mapping[str, Any] = json.loads(self.json)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(_OfAnArticle):
    """The article failed, and trying it again was no use."""

    kind: ClassVar[str] = "failure"
    type: str
    """The error's class."""
    message: str
    usage: Mapping[str, Any] | None = None
    """What its calls cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip(_OfAnArticle):
    """The article was not asked about."""

    kind: ClassVar[str] = "skip"
    reason: SkipReason
    detail: str = ""
    usage: Mapping[str, Any] | None = None
    """What the question cost that left it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(_OfAnArticle):
    """The article says what another one says: it counts as what that one is."""

    kind: ClassVar[str] = "copy"
    of: str
    """The id of the article that it copies."""
    match: Literal["exact", "near"]
    similarity: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What was recorded of this id no longer counts: it is to be done again."""

    kind: ClassVar[str] = "retried"
    id: str


Record: TypeAlias = Row | Failure | Skip | Copy | Retried

Outcome = Literal["none", "retried", "row", "failure", "copy", "skip irrelevant", "skip unreadable", "skip id_clash"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""What is known of an id, so that a byte can hold it: the number is the place in this tuple."""

# No record holds this inside: there are no spaces outside its strings, and the quotes inside them are escaped.
_HEAD = re.compile(rb'[0-9a-f]{8} \{"kind":"')
# Rows are long, and their id is all that is needed to know that they are there.
_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_LONG = re.compile(rb'\{"kind":"(row|failure)","id":(' + _STRING + rb")")
_BEFORE_EXTRACTION = re.compile(
    rb'\{"kind":"row"(?:,"(?:id|place|text)":(?:' + _STRING + rb"|null)){3}"
    rb',"time":[^,]+,"usage":(?:null|\{[^{}]*\}),"extraction":'
)


def text_digest(text: str) -> str:
    """16 hexadecimal digits of a text's SHA-256, as `Record.text` has them."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def outcome(record: Record) -> int:
    """The record's outcome as a place in `OUTCOMES`."""
    return OUTCOMES.index(f"skip {record.reason}" if isinstance(record, Skip) else record.kind)


def encode(record: Record) -> bytes:
    """The record as a line of the ledger, newline included."""
    body = _json(_fields(record))
    if isinstance(record, Row):
        body = b'%b,"extraction":%b}' % (body[:-1], record.json)
    return framed(body)


def decode(body: bytes) -> Record:
    """The record of a line's JSON.

    Raises:
        ValueError: it is no record of this version.
    """
    extraction = _BEFORE_EXTRACTION.match(body)
    fields = json.loads(body if extraction is None else extraction[0].removesuffix(b',"extraction":') + b"}")
    try:
        kind = fields.pop("kind")
        if extraction is not None:
            fields["json"] = body[extraction.end() : -1]
        if kind == "failure":
            fields |= {"type": fields["error"]["type"], "message": fields["error"]["message"]}
            del fields["error"]
        made: Record = _KINDS[kind](**fields)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no record of a kind that this version knows: {error}") from error
    return made


def as_json(record: Record) -> dict[str, Any]:
    """The record as the members of its JSON."""
    fields = _fields(record)
    return fields | {"extraction": record.extraction} if isinstance(record, Row) else fields


def framed(body: bytes) -> bytes:
    """JSON as a line with its checksum in front, newline included."""
    return b"%08x %b\n" % (crc32(body), body)


def checked(line: bytes) -> bytes | None:
    """The JSON of a line, with or without its newline; None if the line is damaged."""
    body = line[9:-1] if line.endswith(b"\n") else line[9:]
    return body if line[:9] == b"%08x " % crc32(body) and body else None


def pieces(line: bytes) -> Iterator[bytes]:
    """A damaged line, cut where records begin in it: a lost newline must not cost the record behind it."""
    starts = sorted({0, *(match.start() for match in _HEAD.finditer(line))})
    for start, end in zip(starts, [*starts[1:], len(line)], strict=True):
        yield line[start:end]


def glance(body: bytes) -> tuple[str, int, str | None]:
    """What counting needs of a line's JSON: its id, its outcome, and the id that it copies.

    Raises:
        ValueError: it is no record of this version.
    """
    if found := _LONG.match(body):
        return json.loads(found[2]), _ROW if found[1] == b"row" else _FAILURE, None
    record = decode(body)
    return record.id, outcome(record), record.of if isinstance(record, Copy) else None


_KINDS: dict[str, type[Record]] = {made.kind: made for made in (Row, Failure, Skip, Copy, Retried)}
_ROW, _FAILURE = OUTCOMES.index("row"), OUTCOMES.index("failure")


def _fields(record: Record) -> dict[str, Any]:
    """The JSON's members but a row's extraction, those that tell the records apart last: a glance is at the front."""
    if isinstance(record, Retried):
        return {"kind": record.kind, "id": record.id}
    fields: dict[str, Any] = {
        "kind": record.kind,
        "id": record.id,
        "place": record.place,
        "text": record.text,
        "time": record.time,
    }
    match record:
        case Row():
            fields["usage"] = record.usage
        case Failure():
            fields |= {"usage": record.usage, "error": {"type": record.type, "message": record.message}}
        case Skip():
            fields |= {"usage": record.usage, "reason": record.reason, "detail": record.detail}
        case Copy():
            fields |= {"of": record.of, "match": record.match, "similarity": record.similarity}
    return fields


def _json(fields: dict[str, Any]) -> bytes:
    try:
        return to_json(fields)
    except PydanticSerializationError:  # half a surrogate pair, which UTF-8 cannot hold: escaped
        return json.dumps(fields, separators=(",", ":")).encode("ascii")
