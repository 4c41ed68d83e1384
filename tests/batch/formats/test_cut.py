"""An archive that is cut anywhere gives its good part, once says what is missing, and never raises."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pyarrow as arrow
import pytest
from pyarrow import parquet

from tests.batch.formats.making import PACK, file, http, jsonl, read, story, tarred, warc, zipped

NAMES = [f"a{i}.txt" for i in range(6)]
STORIES = {name: story(i) for i, name in enumerate(NAMES)}


def piped_zip() -> bytes:
    """A zip written to a pipe: lengths and checksums stand behind the data."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in STORIES.items():
            archive.writestr(name, text)
    return bytes(pipe.data)


def table(rows: int) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(arrow.table({"text": [story(i) for i in range(rows)]}), buffer)
    return buffer.getvalue()


WARC = b"".join(warc(http(story(i).encode(), "text/plain"), f"http://herald.example/{i}") for i in range(4))
ARCHIVES = {
    "a.jsonl": jsonl(6),
    **{f"a.jsonl{ending}": pack(jsonl(6)) for ending, pack in PACK.items()},
    "a.json": json.dumps([{"text": story(i)} for i in range(6)], indent=1).encode(),
    "one.json": json.dumps({"text": story(1)}).encode(),
    "a.csv": b"id,text\n" + b"".join(b'%d,"%s"\n' % (i, story(i).encode()) for i in range(6)),
    "a.zip": zipped(STORIES),
    "stored.zip": zipped(STORIES, zipfile.ZIP_STORED),
    "piped.zip": piped_zip(),
    "a.tar": tarred(STORIES),
    "a.tar.gz": gzip.compress(tarred(STORIES)),
    "a.tar.zst": PACK[".zst"](tarred(STORIES)),
    "inner.tar": tarred({"a.zip": zipped(STORIES), "b.jsonl.gz": gzip.compress(jsonl(3)), "c.txt": story(9)}),
    "inner.zip": zipped({"a.tar.gz": gzip.compress(tarred(STORIES)), "b.jsonl": jsonl(3)}),
    "a.warc": WARC,
    "a.warc.gz": b"".join(
        gzip.compress(warc(http(story(i).encode(), "text/plain"), f"http://herald.example/{i}")) for i in range(4)
    ),
    "a.warc.zst": PACK[".zst"](WARC),
    "a.parquet": table(6),
    "a.txt.gz": gzip.compress(story(1).encode()),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_cut_anywhere(name: str, tmp_path: Path) -> None:
    data = ARCHIVES[name]
    whole, faults = read(file(tmp_path, name, data))
    assert whole
    assert not faults
    expected = [(article.id, article.document.text) for article in whole]
    most = 0
    for size in range(0, len(data), max(1, len(data) // 120)):
        articles, faults = read(file(tmp_path, name, data[:size]))
        found = [(article.id, article.document.text) for article in articles]
        assert found == expected[: len(found)], size
        assert len(faults) <= 1, (size, faults)
        # Lines and WARC records have no end mark: of a cut between two of them nothing can be said.
        ends = {
            "a.jsonl": (b"}",),
            "a.csv": (b'"',),
            "a.warc": tuple(b"depot %d." % i for i in range(4)),
            "a.warc.gz": (b"\0\0",),
        }
        between = data[:size].rstrip(b"\r\n").endswith(ends.get(name, ()))
        assert faults or found == expected or between, size
        assert all(fault.reason.startswith(("is ", "has ")) for fault in faults)
        most = max(most, len(found))
    if len(whole) > 1 and name not in (
        "a.parquet",
        "a.jsonl.bz2",
        "a.jsonl.xz",
        "a.jsonl.zst",
        "a.tar.zst",
        "a.warc.zst",
    ):
        assert most >= len(whole) // 2, "the good part is delivered"


@pytest.mark.parametrize(
    "name", ["a.jsonl.gz", "a.jsonl.zst", "a.zip", "a.tar.gz", "a.warc.gz", "a.parquet", "inner.tar"]
)
def test_a_changed_byte_anywhere(name: str, tmp_path: Path) -> None:
    """Whatever a damage makes of it, nothing is raised; packed formats with a checksum deliver no changed file."""
    data = ARCHIVES[name]
    for place in range(0, len(data), max(1, len(data) // 100)):
        changed = data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]
        articles, faults = read(file(tmp_path, name, changed))
        assert len(articles) + len(faults) > 0


def test_the_rest_of_a_cut_tar_is_reported_at_the_tar(tmp_path: Path) -> None:
    path = file(tmp_path, "a.tar.gz", gzip.compress(tarred(STORIES))[:-30])
    articles, (fault,) = read(path)
    assert 1 < len(articles) < 7
    assert str(fault.place) == str(path)
    assert fault.reason == "is cut: its gzip data end early"


def test_a_cut_member_leaves_the_rest_of_a_zip(tmp_path: Path) -> None:
    path = file(tmp_path, "a.zip", zipped({"a.jsonl.gz": gzip.compress(jsonl(300))[:-200], "b.txt": story(1)}))
    articles, (fault,) = read(path)
    assert len(articles) > 100
    assert articles[-1].place.member == "b.txt"
    assert (fault.place.member, fault.reason) == ("a.jsonl.gz", "is cut: its gzip data end early")


def test_a_wrong_checksum_in_a_zip(tmp_path: Path) -> None:
    data = zipped(STORIES, zipfile.ZIP_STORED).replace(b"run depot 2", b"ran depot 2", 1)
    articles, (fault,) = read(file(tmp_path, "a.zip", data))
    assert [article.place.member for article in articles] == [n for n in NAMES if n != "a2.txt"]
    assert (fault.place.member, fault.reason) == ("a2.txt", "is damaged: it is not what its checksum says")


def test_a_damaged_header_in_a_tar(tmp_path: Path) -> None:
    data = bytearray(tarred(STORIES, tarfile.USTAR_FORMAT))
    data[3 * 1024 + 5] ^= 1
    articles, (fault,) = read(file(tmp_path, "a.tar", bytes(data)))
    assert [article.place.member for article in articles] == NAMES[:3]
    assert "a header of its tar archive is not sound" in fault.reason
