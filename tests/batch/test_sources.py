"""Folders, patterns and standard input: everything in them is delivered or reported, in the same order each time."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llm_extract.batch.articles import Article, Place
from llm_extract.batch.sources import Limits, read_articles
from llm_extract.errors import DocumentError
from tests.batch.formats.making import file, jsonl, page, read, reasons, story, tarred, zipped


def stdin(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


class TestFolders:
    def test_sorted_and_recursive_without_what_is_hidden(self, tmp_path: Path) -> None:
        for name in ("b.txt", "a/z.txt", "a/b/c.txt", "a.txt", "c.jsonl", ".hidden.txt", ".git/a.txt", "a/.DS_Store"):
            file(tmp_path, name, jsonl(2) if name == "c.jsonl" else story(1))
        articles, faults = read(tmp_path)
        assert not faults
        names = [str(found.place).removeprefix(f"{tmp_path}/") for found in articles]
        assert names == ["a/b/c.txt", "a/z.txt", "a.txt", "b.txt", "c.jsonl#1", "c.jsonl#2"]
        assert [found.id for found in read(tmp_path)[0]] == [found.id for found in articles]
        assert articles[0].id == articles[0].document.source == str(articles[0].place)

    def test_links_pipes_and_loops(self, tmp_path: Path) -> None:
        """Row 36."""
        archive = tmp_path / "archive"
        file(archive, "a.txt", story(1))
        outside = file(tmp_path, "outside/b.txt", story(2))
        (archive / "b.txt").symlink_to(outside)
        (archive / "c").symlink_to(outside.parent)
        (archive / "loop").symlink_to(archive)
        (archive / "broken").symlink_to(archive / "none")
        os.mkfifo(archive / "pipe")
        articles, faults = read(archive)
        assert [found.place for found in articles] == [Place(str(archive / "a.txt"))]
        link = "is a symbolic link, which is not followed: name its target as a source"
        assert {Path(fault.place.archive).name: fault.reason for fault in faults} == {
            **dict.fromkeys(["b.txt", "c", "loop", "broken"], link),
            "pipe": "is no regular file (a pipe, socket or device)",
        }
        assert len(read(archive / "b.txt", archive / "c")[0]) == 2  # named, so followed

    def test_odd_names(self, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text(story(1))
        (tmp_path / "a\x1b[31m\nb.txt").write_text(story(2))
        articles, faults = read(tmp_path)
        assert not faults
        assert [Path(found.id).name for found in articles] == ["a\\x1b[31m\\nb.txt", "caf\\udce9.txt"]
        assert all(found.id.encode() and found.id.isprintable() for found in articles)

    def test_deep_folders(self, tmp_path: Path) -> None:
        folders = [str(tmp_path / "d")]
        while len(folders) < 1200:
            folders.append(f"{folders[-1]}/d")
        for folder in folders:
            os.mkdir(folder)  # noqa: PTH102
        path = file(Path(folders[-1]), "a.txt", story(1))
        articles, faults = read(tmp_path)
        assert [found.place.archive for found in articles] == [str(path)]
        assert not faults
        path.unlink()
        for folder in reversed(folders):  # pytest's own clearing up is recursive
            os.rmdir(folder)  # noqa: PTH106

    def test_nothing_in_it(self, tmp_path: Path) -> None:
        assert [(str(f.place), f.reason) for f in read(tmp_path)[1]] == [(str(tmp_path), "is a folder without files")]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_what_may_not_be_read(self, tmp_path: Path) -> None:
        file(tmp_path, "a.txt", story(1)).chmod(0)
        assert reasons(read(tmp_path)[1]) == ["could not be read: Permission denied"]


class TestPatterns:
    def test_match_in_order(self, tmp_path: Path) -> None:
        for name in ("2019/a.txt", "2019/b.html", "2020/c.txt", "2020/x/d.txt", ".old/e.txt", "f.txt"):
            file(tmp_path, name, page(1) if name.endswith("html") else story(1))
        (tmp_path / "loop").symlink_to(tmp_path)

        def names(pattern: str) -> list[str]:
            return [str(found.place).removeprefix(f"{tmp_path}/") for found in read(f"{tmp_path}/{pattern}")[0]]

        assert names("*.txt") == ["f.txt"]
        assert names("20*/*.txt") == ["2019/a.txt", "2020/c.txt"]
        assert names("**/*.txt") == ["2019/a.txt", "2020/c.txt", "2020/x/d.txt", "f.txt"]
        assert names("2020/**") == ["2020/c.txt", "2020/x/d.txt"]
        assert names("20[12]9") == ["2019/a.txt", "2019/b.html"]
        assert names("**/*") == ["2019/a.txt", "2019/b.html", "2020/c.txt", "2020/x/d.txt", "f.txt"]

    def test_a_file_with_such_a_name(self, tmp_path: Path) -> None:
        assert len(read(file(tmp_path, "a[1]*.txt", story(1)))[0]) == 1

    def test_relative(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file(tmp_path, "in/a.txt", story(1))
        monkeypatch.chdir(tmp_path)
        assert [found.id for found in read("in/*.txt")[0]] == ["in/a.txt"]
        assert [found.id for found in read("**/*.txt")[0]] == ["in/a.txt"]


class TestSources:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("none.zip", "there is no file or folder none.zip: check the name"),
            ("none/*.zip", "there is no file or folder that matches none/*.zip: check the pattern and the folder"),
            ("https://herald.example/a", "https://herald.example/a is a web address: nothing is fetched"),
            ("a\0b", "a\\x00b is no file name: it contains a NUL character"),
            ("pipe", "pipe is no regular file (a pipe, socket or device): only files are read, or `-`"),
            ("a.txt/b", "a.txt/b could not be read: Not a directory"),
        ],
    )
    def test_what_is_missing_is_said_at_once(
        self, name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        file(tmp_path, "a.txt", story(1))
        os.mkfifo("pipe")
        with pytest.raises(DocumentError) as failure:
            read_articles(["a.txt", name])  # nothing is read yet
        assert str(failure.value).startswith(message)

    def test_the_same_source_twice_is_read_once(self, tmp_path: Path) -> None:
        path = file(tmp_path, "a.txt", story(1))
        assert len(read(path, str(path))[0]) == 1

    def test_a_file_that_goes_away_meanwhile(self, tmp_path: Path) -> None:
        paths = [file(tmp_path, f"{i}.txt", story(i)) for i in range(3)]
        items = read_articles(paths)
        next(items)
        paths[1].unlink()
        rest = list(items)
        assert [type(item).__name__ for item in rest] == ["Unreadable", "Article"]

    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (story(1).encode("utf-8-sig"), story(1)),
            (story(1).encode("utf-16"), story(1)),
            (story(1).encode("cp1252"), story(1)),
            (b"Work\0 began.", "Work\ufffd began."),
            (b"", "is empty: there is nothing to extract from"),
            (b" \r\n\t", "is empty: there is nothing to extract from"),
            (random.Random(1).randbytes(5000), "is binary data, not text: give plain text, HTML or PDF"),
            (b"x" * 3000, "is larger than 2,000 bytes: no article is; raise the limit or split it"),
        ],
    )
    def test_hostile_texts(self, data: bytes, text: str, tmp_path: Path) -> None:
        """Row 33."""
        articles, faults = read(
            file(tmp_path, "a.txt", data), limits=Limits(member_bytes=2000 if data[:1] == b"x" else 10**7)
        )
        assert [found.document.text for found in articles] + reasons(faults) == [text]

    def test_many_kinds_in_one_folder(self, tmp_path: Path) -> None:
        file(tmp_path, "a.zip", zipped({"a.txt": story(1), "b.html": page(2)}))
        file(tmp_path, "b.tar.gz", gzip.compress(tarred({"c.jsonl": jsonl(3)})))
        file(tmp_path, "c.csv", "text\nWork began.\n")
        articles, faults = read(tmp_path)
        assert (len(articles), faults) == (6, [])
        assert len({found.id for found in articles}) == 6


class TestStandardInput:
    @pytest.mark.parametrize(
        ("data", "ids"),
        [
            (jsonl(2), ["n0", "n1"]),
            (gzip.compress(jsonl(2)), ["n0", "n1"]),
            (story(1).encode(), ["-"]),
            (page(1), ["-"]),
            (b'{"text": "Work began."}', ["-"]),
            (b'{"text": "Work began."}\n', ["-"]),
            (tarred({"a.txt": story(1)}), ["-!a.txt"]),
            (zipped({"a.txt": story(1)}), ["-!a.txt"]),
        ],
    )
    def test_is_told_by_its_content(self, data: bytes, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        stdin(data, monkeypatch)
        articles, faults = read("-")
        assert ([found.id for found in articles], faults) == (ids, [])

    def test_lines_have_their_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stdin(jsonl(1) + b"broken\n" + jsonl(1), monkeypatch)
        articles, faults = read("-")
        assert [found.place for found in articles] == [Place("-", record=1), Place("-", record=3)]
        assert [str(fault.place) for fault in faults] == ["-#2"]

    def test_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stdin(b"", monkeypatch)
        assert reasons(read("-")[1]) == ["is empty: there is nothing to extract from"]


def test_is_lazy(tmp_path: Path) -> None:
    path = file(tmp_path, "a.jsonl", jsonl(20_000))
    started = time.process_time()
    first = next(read_articles([path]))
    assert isinstance(first, Article)
    assert time.process_time() - started < 0.2


MEASURE = """
import resource, sys
from llm_extract.batch.sources import read_articles

def grown(path):
    count = sum(1 for _ in read_articles([path]))
    return count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(grown(sys.argv[1]), grown(sys.argv[2]))
"""


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    words = random.Random(1)
    for name, count in (("small", 300), ("large", 12_000)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wb", compresslevel=1) as archive:
            for _ in range(count):
                text = words.randbytes(1500).hex(" ", 4)
                archive.write(b'{"text": "Work began. %s"}\n' % text.encode())
    command = [sys.executable, "-c", MEASURE, f"{tmp_path}/small.jsonl.gz", f"{tmp_path}/large.jsonl.gz"]
    out = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout
    small, before, large, after = (int(n) for n in out.replace("(", "").replace(")", "").replace(",", " ").split())
    assert (small, large) == (300, 12_000)  # 40 MB of text
    assert (after - before) * 1024 < 8e6
