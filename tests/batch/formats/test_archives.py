"""Archives of every kind: members as streams, names as labels, limits while they stream."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pyarrow as arrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from llm_extract.batch.formats.base import Limits, printable, suffix
from llm_extract.batch.formats.stream import CHUNK
from llm_extract.batch.formats.tarfile import is_tar
from llm_extract.errors import UsageError
from tests.batch.formats.making import (
    PACK,
    file,
    http,
    jsonl,
    members,
    page,
    read,
    reasons,
    story,
    tarred,
    warc,
    zipped,
)

ZEROS = bytes(64 * 1024 * 1024)


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


class TestKinds:
    @pytest.mark.parametrize("ending", PACK)
    def test_compressed(self, ending: str, tmp_path: Path) -> None:
        pack = PACK[ending]
        path = file(tmp_path, f"a.jsonl{ending}", pack(jsonl(2)) + pack(jsonl(3)))
        articles, faults = read(path)
        assert [found.place.record for found in articles] == [1, 2, 3, 4, 5]  # several streams are one
        assert not faults
        (found,), _ = read(file(tmp_path, f"b.html{ending}", pack(page(1))))
        assert found.document.media_type == "text/html"
        assert found.id == str(tmp_path / f"b.html{ending}")
        articles, faults = read(file(tmp_path, f"c.tar{ending}", pack(tarred({"a.txt": story(1)}))))
        assert members(articles) == ["a.txt"]

    def test_what_follows_compressed_data(self, tmp_path: Path) -> None:
        data = gzip.compress(jsonl(2))
        articles, faults = read(file(tmp_path, "a.jsonl.gz", data + bytes(1000)))
        assert (len(articles), faults) == (2, [])  # padding
        articles, faults = read(file(tmp_path, "b.jsonl.gz", data + b"something else"))
        assert len(articles) == 2
        assert reasons(faults) == ["has something after its gzip data that is none: that is not read"]

    def test_content_counts_before_the_name(self, tmp_path: Path) -> None:
        paths = [
            file(tmp_path, "a.txt", zipped({"x.txt": story(1)})),
            file(tmp_path, "b", gzip.compress(jsonl(1))),
            file(tmp_path, "c.zip", gzip.compress(tarred({"y.txt": story(2)}))),
            file(tmp_path, "d.gz", page(3)),
            file(tmp_path, "e.bin", warc(http(page(4)))),
        ]
        articles, faults = read(*paths)
        assert len(articles) == 5
        assert not faults

    def test_a_name_that_promises_another_type(self, tmp_path: Path) -> None:
        _, faults = read(file(tmp_path, "a.zip", "Work began."), file(tmp_path, "b.gz", b""))
        assert reasons(faults) == [
            "is called .zip but does not begin as zip data do: it is cut or of another type",
            "is empty: there is nothing in it",
        ]

    def test_zip_methods(self, tmp_path: Path) -> None:
        texts = {f"{i}.txt": story(i) for i in range(3)}
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
            articles, faults = read(file(tmp_path, "a.zip", zipped(texts, method)))
            assert [found.document.text for found in articles] == list(texts.values())
            assert not faults
        articles, faults = read(file(tmp_path, "b.zip", zipped(texts, zipfile.ZIP_LZMA)))
        assert not articles
        assert set(reasons(faults)) == {"is packed by a method that is not read (number 14): unpack it first"}

    def test_a_zip_with_something_before_it_and_a_comment(self, tmp_path: Path) -> None:
        buffer = io.BytesIO(zipped({"a.txt": story(1)}))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = b"made by hand"
            archive.writestr("b.txt", story(2))
        articles, faults = read(file(tmp_path, "a.zip", buffer.getvalue()))
        assert (members(articles), faults) == (["a.txt", "b.txt"], [])

    def test_a_zip64(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            with archive.open("a.txt", "w", force_zip64=True) as member:
                member.write(story(1).encode())
            archive.writestr("b.txt", story(2))
        assert b"PK\x06\x06" in (tmp_path / "a.zip").read_bytes()
        articles, faults = read(tmp_path / "a.zip")
        assert (members(articles), faults) == (["a.txt", "b.txt"], [])

    @pytest.mark.parametrize("dialect", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    def test_tar_dialects(self, dialect: int, tmp_path: Path) -> None:
        names = ["a.txt", "deep/" * 25 + "b.txt", "é – “c”.txt"]
        if dialect != tarfile.USTAR_FORMAT:
            names.append("long" * 100 + ".txt")
        articles, faults = read(
            file(tmp_path, "a.tar", tarred({name: story(i) for i, name in enumerate(names)}, dialect))
        )
        assert (members(articles), faults) == (names, [])

    def test_archives_in_archives(self, tmp_path: Path) -> None:
        inner = zipped({"c.txt": story(1), "d.jsonl.gz": gzip.compress(jsonl(2))})
        path = file(
            tmp_path, "a.zip", zipped({"b/i.tar.gz": gzip.compress(tarred({"in.zip": inner})), "e.txt": story(5)})
        )
        articles, faults = read(path)
        assert not faults
        assert [str(found.place) for found in articles] == [
            f"{path}!b/i.tar.gz!in.zip!c.txt",
            f"{path}!b/i.tar.gz!in.zip!d.jsonl.gz#1",
            f"{path}!b/i.tar.gz!in.zip!d.jsonl.gz#2",
            f"{path}!e.txt",
        ]
        assert [found.id for found in articles] == [str(articles[0].place), "n0", "n1", str(articles[3].place)]

    def test_what_is_not_read(self, tmp_path: Path) -> None:
        data = zipped(
            {
                "a.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
                "b.docx": zipped({"[Content_Types].xml": "<x/>"}),
                "c.txt": "",
                "d.txt": " \n",
                "e.css": "body { color: red }",
                "f.7z": b"7z\xbc\xaf\x27\x1c" + bytes(40),
                "g.bin": bytes(range(256)) * 20,
                "__MACOSX/._a.txt": "x",
                ".DS_Store": "x",
                "h.txt": story(1),
            }
        )
        articles, faults = read(file(tmp_path, "a.zip", data))
        assert members(articles) == ["h.txt"]
        assert {fault.place.member: fault.reason.split(",")[0] for fault in faults} == {
            "a.png": "looks like a PNG picture",
            "b.docx": "is an Office document",
            "c.txt": "is empty: there is nothing to extract from",
            "d.txt": "is empty: there is nothing to extract from",
            "e.css": "is a style sheet",
            "f.7z": "is a 7z archive",
            "g.bin": "is binary data",
        }

    def test_an_encrypted_member(self, tmp_path: Path) -> None:
        data = bytearray(zipped({"a.txt": story(1), "b.txt": story(2)}, zipfile.ZIP_STORED))
        data[6] |= 1  # in the local header, and in the table of contents
        data[data.index(b"PK\x01\x02") + 8] |= 1
        articles, faults = read(file(tmp_path, "a.zip", bytes(data)))
        assert members(articles) == ["b.txt"]
        assert members(faults) == ["a.txt"]
        assert reasons(faults) == ["is encrypted: unpack it with its password, and give the files"]


class TestNames:
    """Row 35: members are read as streams, never unpacked; a name is a label, not a path."""

    @pytest.mark.parametrize("name", ["../../escaped.txt", "/absolute.txt", "a\x1b[31m\nb.txt", "c:\\windows\\x.txt"])
    @pytest.mark.parametrize("make", [zipped, tarred])
    def test_are_labels(self, name: str, make: object, tmp_path: Path) -> None:
        path = file(tmp_path, "inside/a.archive", make({name: story(1)}))  # type: ignore[operator]
        before = listing(tmp_path)
        (found,), faults = read(path)
        assert not faults
        assert found.place.member == printable(name)
        assert found.place.member.isprintable()
        assert listing(tmp_path) == before
        assert not Path("/absolute.txt").exists()

    def test_names_that_are_no_utf8(self, tmp_path: Path) -> None:
        data = tarred({"caf\u00e9.txt": story(1)}, tarfile.GNU_FORMAT)
        data = data.replace("caf\u00e9.txt".encode(), b"caf\xe9.txt\0")
        header = bytearray(data[:512])
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        (found,), _ = read(file(tmp_path, "a.tar", bytes(header) + data[512:]))
        assert found.place.member == "caf\\udce9.txt"
        assert found.id.encode()

    def test_tars_one_after_the_other(self, tmp_path: Path) -> None:
        first, second = tarred({"a.txt": story(1)}), tarred({"b.txt": story(2)})
        for name, data in (("a.tar", first + second), ("b.tar.gz", gzip.compress(first) + gzip.compress(second))):
            articles, faults = read(file(tmp_path, name, data + bytes(700)))
            assert members(articles) == ["a.txt", "b.txt"]
            assert not faults

    @pytest.mark.parametrize("rest", [b"something else", b"x" * 2000, tarred({"b.txt": story(2)})[:300]])
    def test_what_follows_a_tar_and_is_none_is_listed(self, rest: bytes, tmp_path: Path) -> None:
        articles, (fault,) = read(file(tmp_path, "a.tar", tarred({"a.txt": story(1)}) + rest))
        assert members(articles) == ["a.txt"]
        assert fault.reason == "has something after its tar archive that is none: that is not read"

    def test_links_and_devices_in_a_tar(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for number, (name, kind) in enumerate(
                [
                    ("link.txt", tarfile.SYMTYPE),
                    ("hard.txt", tarfile.LNKTYPE),
                    ("char", tarfile.CHRTYPE),
                    ("block", tarfile.BLKTYPE),
                    ("pipe", tarfile.FIFOTYPE),
                    ("folder", tarfile.DIRTYPE),
                ]
            ):
                info = tarfile.TarInfo(name)
                info.type = kind
                info.linkname = "/etc/passwd" if number < 2 else ""
                archive.addfile(info)
            info = tarfile.TarInfo("a.txt")
            info.size = len(story(1).encode())
            archive.addfile(info, io.BytesIO(story(1).encode()))
        articles, faults = read(file(tmp_path, "a.tar", buffer.getvalue()))
        assert members(articles) == ["a.txt"]
        assert {fault.place.member: fault.reason for fault in faults} == {
            "link.txt": "is a symbolic link: not followed",
            "hard.txt": "is a hard link to another member: not followed",
            "char": "is a device, no file",
            "block": "is a device, no file",
            "pipe": "is a pipe, no file",
        }

    def test_a_link_in_a_zip(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            info = zipfile.ZipInfo("link.txt")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        articles, faults = read(tmp_path / "a.zip")
        assert not articles
        assert "symbolic link" in reasons(faults)[0]


class TestBombs:
    """Row 34: limits while streaming."""

    @pytest.mark.parametrize("name", ["a.jsonl.gz", "a.txt.bz2", "a.csv.zst", "a.txt.xz"])
    def test_a_ratio(self, name: str, tmp_path: Path) -> None:
        path = file(tmp_path, name, PACK[Path(name).suffix](ZEROS))
        tracemalloc.start()
        articles, faults = read(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert not articles
        assert reasons(faults) == ["unpacks to more than 200 times its size: a bomb, or no article"]
        assert peak < 45e6

    def test_a_bomb_leaves_the_rest_of_an_archive(self, tmp_path: Path) -> None:
        texts = {f"{i}.txt": story(i) + str(zlib.crc32(b"%d" % i)) * 2000 for i in range(9)}
        articles, faults = read(file(tmp_path, "a.zip", zipped({"a.txt": ZEROS, **texts})))
        assert members(faults) == ["a.txt"]
        assert len(articles) == 9

    def test_in_a_tar(self, tmp_path: Path) -> None:
        articles, faults = read(file(tmp_path, "a.tar.gz", gzip.compress(tarred({"a.txt": story(1), "b.txt": ZEROS}))))
        assert members(articles) == ["a.txt"]
        assert reasons(faults) == ["unpacks to more than 200 times its size: a bomb, or no article"]

    def test_bytes_of_a_member(self, tmp_path: Path) -> None:
        path = file(tmp_path, "a.zip", zipped({"a.txt": "x " * 100_000, "b.txt": story(1)}))
        articles, faults = read(path, file(tmp_path, "c.txt", "y " * 600), limits=Limits(member_bytes=1024))
        assert members(articles) == ["b.txt"]
        assert set(reasons(faults)) == {"is larger than 1,024 bytes: no article is; raise the limit or split it"}

    def test_depth(self, tmp_path: Path) -> None:
        data = zipped({"a.txt": story(1)})
        for _ in range(2):
            data = zipped({"in.zip": data})
        articles, faults = read(file(tmp_path, "a.zip", data))
        assert (len(articles), faults) == (1, [])
        articles, faults = read(file(tmp_path, "b.zip", zipped({"in.zip": data})))
        assert not articles
        assert reasons(faults) == ["is an archive nested more than 3 deep: not read"]

    def test_compressed_in_compressed(self, tmp_path: Path) -> None:
        data = story(1).encode()
        for _ in range(12):
            data = gzip.compress(data)
        articles, faults = read(file(tmp_path, "a.gz", data))
        assert not articles
        assert reasons(faults) == ["is an archive nested more than 3 deep: not read"]

    def test_many_small_bombs(self, tmp_path: Path) -> None:
        """Each stays below what a member may be; overlapping members are all the same bytes."""
        small = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(tmp_path / "a.zip", "w", small) as archive:
            archive.writestr("a.css", bytes(7 * 1024 * 1024))
            offset = archive.infolist()[0].header_offset
            for number in range(400):
                info = zipfile.ZipInfo(f"{number}.txt")
                first = archive.infolist()[0]
                info.compress_type, info.CRC = small, first.CRC
                info.compress_size, info.file_size = first.compress_size, first.file_size
                info.header_offset = offset
                archive.filelist.append(info)
                archive._didModify = True  # type: ignore[attr-defined]
        started = time.process_time()
        articles, faults = read(tmp_path / "a.zip")
        assert not articles
        assert reasons(faults)[-1] == "unpacks to more than 200 times its size in all: a bomb"
        assert len(faults) < 40
        assert time.process_time() - started < 5

    def test_members(self, tmp_path: Path) -> None:
        texts = {f"{i}.txt": story(i) for i in range(10)}
        for name, data in (("a.zip", zipped(texts)), ("a.tar", tarred(texts))):
            articles, faults = read(file(tmp_path, name, data), limits=Limits(members=7))
            assert len(articles) == 7
            assert reasons(faults) == ["has more than 7 members: the rest is not read"]

    @pytest.mark.parametrize("kind", ["zip", "tar"])
    def test_memory_does_not_grow_with_members(self, kind: str, tmp_path: Path) -> None:
        texts = dict.fromkeys((f"{i}.css" for i in range(5000)), "x")
        data = zipped(texts) if kind == "zip" else tarred(texts, tarfile.USTAR_FORMAT)
        # In a process of its own: beside the heap of all other tests garbage lives longer, and looks like growth.
        code = (
            "import sys, tracemalloc\n"
            "from llm_extract.batch.sources import read_articles\n"
            "tracemalloc.start()\n"
            "count = sum(1 for _ in read_articles([sys.argv[1]]))\n"
            "print(count, tracemalloc.get_traced_memory()[1])\n"
        )
        path = file(tmp_path, f"a.{kind}", data)
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
        count, peak = map(int, done.stdout.split())
        assert count == 5000
        assert peak < 1_000_000  # one object for each of them would be several times that

    def test_a_header_of_gigabytes_in_a_tar(self, tmp_path: Path) -> None:
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 * 1024**3
        _, faults = read(file(tmp_path, "a.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
        assert "header of unreasonable length" in reasons(faults)[0]

    def test_parquet(self, tmp_path: Path) -> None:
        table = arrow.table({"text": arrow.array(["x" * 20_000_000 + str(i) for i in range(3)])})
        parquet.write_table(table, tmp_path / "a.parquet", compression="zstd", use_dictionary=False)
        del table
        articles, faults = read(tmp_path / "a.parquet")
        assert not articles
        assert reasons(faults) == ["has a row group that unpacks to more than 200 times the file: a bomb"]

    def test_a_zip_and_a_parquet_file_inside_are_held_to_a_limit(self, tmp_path: Path) -> None:
        import random

        inner = zipped({"a.bin": random.Random(1).randbytes(5000), "b.txt": story(1)})
        path = file(tmp_path, "a.tar", tarred({"in.zip": inner, "c.txt": story(2)}))
        assert members(read(path)[0]) == ["in.zip!b.txt", "c.txt"]
        articles, faults = read(path, limits=Limits(member_bytes=1000))
        assert members(articles) == ["c.txt"]
        assert reasons(faults) == ["is a zip archive of more than 1,000 bytes inside another archive: unpack it first"]

    def test_html(self, tmp_path: Path) -> None:
        """Row 38: nested elements and entities."""
        deep = file(tmp_path, "a.html", "<html><body>" + "<div>" * 10_000 + "Work began.")
        entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))
        laugh = file(
            tmp_path, "b.html", f"<!DOCTYPE html [{entities}]><html><body><p>Work began. &e11;</p></body></html>"
        )
        articles, faults = read(deep, laugh)
        assert len(articles) == 1
        assert len(articles[0].document.text) < 100
        assert reasons(faults) == ["nests its elements thousands deep: no article does; give its text instead"]


class TestWarc:
    def test_pages_and_what_is_passed_over(self, tmp_path: Path) -> None:
        records = [
            warc(b"software: a crawler\r\n", kind="warcinfo", media_type="application/warc-fields"),
            warc(b"GET / HTTP/1.1\r\n\r\n", kind="request", media_type="application/http; msgtype=request"),
            warc(http(page(1)), "http://herald.example/1"),
            warc(http(page(2), status="404 Not Found"), "http://herald.example/2"),
            warc(http(b"\x89PNG\r\n" + bytes(99), "image/png"), "http://herald.example/3"),
            warc(http("Café 4 opened.".encode("cp1252"), "text/plain; charset=cp1252"), "http://herald.example/4"),
            warc(story(5).encode(), "http://herald.example/5", "conversion", "text/plain"),
            warc(page(6), "<http://herald.example/6>", "resource", "text/html"),
            warc(http(b"", "text/html"), "http://herald.example/7"),
            warc(http(page(8)), "http://herald.example/8", kind="revisit"),
        ]
        path = file(tmp_path, "a.warc.gz", b"".join(map(gzip.compress, records)))
        articles, faults = read(path)
        assert [found.id for found in articles] == [f"http://herald.example/{i}" for i in (1, 4, 5, 6)]
        assert [found.place.record for found in articles] == [3, 6, 7, 8]
        assert articles[0].document.text.startswith("Depot 1 opens\nAda Wren\n\n")
        assert articles[1].document.text == "Café 4 opened."
        assert [(fault.place.record, fault.reason) for fault in faults] == [
            (9, "is empty: there is nothing to extract from")
        ]

    def test_content_encodings_and_chunks(self, tmp_path: Path) -> None:
        packed = gzip.compress(page(1))
        chunked = b"".join(
            b"%x\r\n%s\r\n" % (len(packed[i : i + 50]), packed[i : i + 50]) for i in range(0, len(packed), 50)
        )
        more = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
        bad = "Content-Encoding: gzip\r\n"
        bomb = gzip.compress(ZEROS)
        data = (
            warc(http(chunked + b"0\r\n\r\n", more=more)) + warc(http(b"none", more=bad)) + warc(http(bomb, more=bad))
        )
        (found,), faults = read(file(tmp_path, "a.warc", data))
        assert "Larkfield Works £3m" in found.document.text
        assert [fault.reason.split(" (")[0] for fault in faults] == [
            "is damaged: its HTTP answer cannot be decoded",
            "is a page of more than 50 MiB: no article is",
        ]

    def test_only_pictures(self, tmp_path: Path) -> None:
        _, faults = read(file(tmp_path, "a.warc", warc(http(b"GIF8", "image/gif")) * 3))
        assert reasons(faults) == ["holds no page of HTML or plain text with status 200 in its 3 WARC records"]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"Content-Length: ", b"Content-Length: 99999999999"),
            (b"Content-Length: ", b"Content-Length: -"),
            (b"Content-Length: ", b"Content-Langth: "),
            (b"WARC/1.0", b"WORC/1.0"),
            (b"\r\n\r\n", b"\r\n" + b"x" * 300_000),
        ],
    )
    def test_a_bad_header(self, old: bytes, new: bytes, tmp_path: Path) -> None:
        first, second = warc(http(page(1)), "http://a.example/"), warc(http(page(2)))
        articles, faults = read(file(tmp_path, "a.warc", first + second.replace(old, new, 1)))
        assert [found.id for found in articles] == ["http://a.example/"]
        assert "WARC record" in faults[-1].reason


class TestPackages:
    @pytest.mark.parametrize(
        ("module", "name", "data"),
        [
            ("zstandard", "a.jsonl.zst", PACK[".zst"](jsonl(1))),
            ("fastwarc.warc", "a.warc", warc(http(page(1)))),
            ("pyarrow", "a.parquet", b"PAR1"),
        ],
    )
    def test_are_asked_for_when_they_are_needed(
        self, module: str, name: str, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, module, None)
        first = file(tmp_path, "a.txt", story(1))
        assert read(first)[0]
        with pytest.raises(UsageError, match=r"needs \w+: pip install 'llm-extract\[batch\]'"):
            read(first, file(tmp_path, name, data))


def test_a_zip_whose_table_of_contents_lies(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": story(1), "b.txt": story(2)}))
    entry = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, entry + 42, 5)
    articles, faults = read(file(tmp_path, "a.zip", bytes(data)))
    assert members(articles) == ["b.txt"]
    assert reasons(faults) == ["is damaged: it is not where the zip's table of contents says"]


class TestSmallMembers:
    """Most members of a zip are read at once."""

    @pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1])
    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_of_any_size(self, size: int, method: int, tmp_path: Path) -> None:
        text = ("Depot 7 opens. " * (size // 15 + 1))[:size]
        (found,), faults = read(file(tmp_path, "a.zip", zipped({"a.txt": text}, method)))
        assert not faults
        assert found.document.text == text

    def test_with_extra_fields_and_long_names(self, tmp_path: Path) -> None:
        info = zipfile.ZipInfo("é" * 200 + ".txt")
        info.extra = struct.pack("<HH", 0xCAFE, 500) + bytes(500)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(info, story(1))
        (found,), faults = read(file(tmp_path, "a.zip", buffer.getvalue()))
        assert not faults
        assert found.document.text == story(1)

    def test_that_are_damaged_are_told_as_others_are(self, tmp_path: Path) -> None:
        data = zipped({"a.txt": story(1), "b.txt": story(2)}, zipfile.ZIP_STORED)
        articles, faults = read(file(tmp_path, "a.zip", data.replace(b"Depot 1", b"Depot 8", 1)))
        assert members(articles) == ["b.txt"]
        assert reasons(faults) == ["is damaged: it is not what its checksum says"]


@given(st.text(st.sampled_from("aB.é/ ~"), max_size=12))
def test_an_extension_is_what_paths_call_so(name: str) -> None:
    assert suffix(name) == Path(name).suffix.lower()


def test_a_tar_header_may_hold_no_words() -> None:
    header = tarred({"a.txt": story(1)})[:512]
    assert is_tar(header)
    assert not is_tar(header[:511])
    assert not is_tar((story(1).encode() * 10)[:512])
