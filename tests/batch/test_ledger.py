from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.batch import scan
from llm_extract.batch.ids import Numbering, digest
from llm_extract.batch.ledger import GROUP_RECORDS, Ledger
from llm_extract.batch.manifest import differences, holder, read_manifest
from llm_extract.batch.records import (
    Copy,
    Failure,
    Record,
    Retried,
    Row,
    Skip,
    checked,
    decode,
    encode,
    glance,
    text_digest,
)
from llm_extract.batch.tally import Tally
from llm_extract.errors import RunError
from tests.support import room

TERMS = {
    "task": "it_contracts",
    "model": "openai/gpt-5",
    "sampling": {"temperature": 0.0},
    "inputs": ["a.zip", "b.zip"],
}


def row(name: str, answer: object = "a bridge for £2m") -> Row:
    return Row(
        id=name,
        place=f"news.zip!{name}",
        text=text_digest(name),
        json=json.dumps({"record": answer}, separators=(",", ":")).encode(),
        time=1.5,
    )


def failure(name: str) -> Failure:
    return Failure(id=name, place=name, text=None, type="Refused", message="it declined", usage={"calls": 2}, time=1.5)


def skip(name: str) -> Skip:
    return Skip(id=name, place=name, text=None, reason="irrelevant", detail="no keyword", time=1.5)


def copy(name: str, of: str) -> Copy:
    return Copy(id=name, place=name, text=None, of=of, match="near", similarity=0.93, time=1.5)


def write(directory: Path, *records: Record) -> None:
    with Ledger.open(directory, TERMS) as ledger:
        for record in records:
            ledger.append(record)


def lines(directory: Path) -> list[bytes]:
    return (directory / "ledger.jsonl").read_bytes().splitlines(keepends=True)


# Records


names = st.text(st.characters(), min_size=1, max_size=20)  # half surrogate pairs, newlines and quotes included
records = st.one_of(
    st.builds(row, names, st.dictionaries(st.text(max_size=5), st.text(max_size=30), max_size=3)),
    st.builds(failure, names),
    st.builds(skip, names),
    st.builds(copy, names, names),
    st.builds(lambda name: Retried(id=name), names),
)


@given(records)
def test_a_record_is_one_line_and_comes_back(record: Record) -> None:
    line = encode(record)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    body = checked(line)
    assert body is not None
    assert decode(body) == record
    identifier, _, original = glance(body)
    assert identifier == record.id
    assert original == (record.of if isinstance(record, Copy) else None)


def test_the_line_is_as_documented() -> None:
    line = encode(failure("a.txt"))
    head, body = line[:8], json.loads(line[9:])
    assert head == b"%08x" % crc32(line[9:-1])
    assert body == {
        "kind": "failure",
        "id": "a.txt",
        "place": "a.txt",
        "text": None,
        "time": 1.5,
        "error": {"type": "Refused", "message": "it declined"},
        "usage": {"calls": 2},
    }
    assert json.loads(encode(Retried(id="a"))[9:]) == {"kind": "retried", "id": "a"}


# A new run, and the same run again


def test_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "new" / "run", TERMS) as ledger:
        assert not ledger.resumed
        ledger.append(row("a"))
        assert ledger.has("a")
    with Ledger.open(tmp_path / "new" / "run", TERMS) as ledger:
        assert ledger.resumed
        assert ledger.has("a")
        assert not ledger.has("b")
        ledger.append(skip("b"))
    assert list(Ledger.read(tmp_path / "new" / "run")) == [row("a"), skip("b")]


def test_what_is_appended_counts_when_it_is_flushed(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:
        ledger.append(row("a"))
        assert ledger.counts().rows == 0
        assert list(Ledger.read(tmp_path)) == []
        ledger.flush()
        assert ledger.counts().rows == 1
        assert list(Ledger.read(tmp_path)) == [row("a")]


def test_the_manifest_says_what_the_run_is_of(tmp_path: Path) -> None:
    write(tmp_path)
    manifest = read_manifest(tmp_path)
    assert manifest.format == 1
    assert manifest.terms == TERMS
    assert len(manifest.fingerprint) == 16
    assert set(json.loads((tmp_path / "manifest.json").read_text())) == {
        "format",
        "fingerprint",
        "terms",
        "created",
        "version",
    }


def test_other_terms_are_refused_with_each_difference(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    other = {
        "task": "it_contracts",
        "model": "openai/gpt-5-mini",
        "sampling": {"temperature": 0.7},
        "inputs": ["b.zip", "c.zip"],
        "limit": 3,
    }
    with pytest.raises(RunError) as caught:
        Ledger.open(tmp_path, other)
    told = str(caught.value)
    assert 'model: "openai/gpt-5" → "openai/gpt-5-mini"' in told
    assert "sampling.temperature: 0.0 → 0.7" in told
    assert 'inputs: without "a.zip", with "c.zip"' in told
    assert "limit: not given → 3" in told
    assert "task" not in told
    assert "another folder" in told
    write(tmp_path)  # and the lock was let go


def test_of_long_terms_the_part_that_differs_is_shown() -> None:
    (line,) = differences({"prompt": "word " * 200 + "bridge"}, {"prompt": "word " * 200 + "tunnel"})
    assert "bridge" in line
    assert "tunnel" in line
    assert len(line) < 100


def test_tuples_and_lists_are_the_same_terms(tmp_path: Path) -> None:
    write(tmp_path)
    Ledger.open(tmp_path, {**TERMS, "inputs": ("a.zip", "b.zip")}).close()
    assert read_manifest(tmp_path).terms == TERMS


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_text("{}"), "not a run's manifest"),
        (lambda path: path.write_text(path.read_text().replace("gpt-5", "gpt-4")), "damaged or was edited"),
        (lambda path: path.unlink(), "manifest.json is missing"),
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, damage: Callable[[Path], Any], told: str) -> None:
    write(tmp_path, row("a"))
    damage(tmp_path / "manifest.json")
    with pytest.raises(RunError, match=told):
        Ledger.open(tmp_path, TERMS)


def test_no_run_is_read_from_a_folder_that_holds_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        Ledger.read(tmp_path)
    with pytest.raises(RunError, match="holds no run"):
        Ledger.survey(tmp_path / "missing")


# Counts


def test_a_copy_counts_as_what_its_original_is(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:
        for record in (
            row("a"),
            copy("b", "a"),
            copy("c", "b"),
            failure("d"),
            copy("e", "d"),
            skip("f"),
            copy("g", "f"),
        ):
            ledger.append(record)
        ledger.append(copy("h", "not yet"))
        ledger.append(copy("i", "i"))
        ledger.flush()
        counts = ledger.counts()
        assert (counts.rows, counts.failures, counts.skips, counts.waiting) == (3, 2, {"irrelevant": 2}, 2)
        assert (counts.articles, counts.copies) == (9, 6)
        ledger.append(Retried(id="d"))
        ledger.flush()
        assert not ledger.has("d")
        assert ledger.counts().waiting == 4
        ledger.append(row("d"))
        ledger.append(row("not yet"))
        ledger.append(row("i"))
        ledger.flush()
        counts = ledger.counts()
        assert (counts.rows, counts.failures, counts.skipped, counts.waiting) == (8, 0, 2, 0)
        counts.check(10)
        with pytest.raises(RunError, match="11 articles went in, but the ledger has 10: 8 rows"):
            counts.check(11)


steps = st.lists(
    st.one_of(
        st.builds(row, st.sampled_from("abcdef")),
        st.builds(failure, st.sampled_from("abcdef")),
        st.builds(skip, st.sampled_from("abcdef")),
        st.builds(copy, st.sampled_from("abcdef"), st.sampled_from("abcdef")),
        st.builds(lambda name: Retried(id=name), st.sampled_from("abcdef")),
        st.sampled_from(["flush", "reopen"]),
    ),
    max_size=30,
)


@given(steps)
def test_the_last_record_of_an_id_wins_and_everything_is_counted(story: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory, expected = Path(name), dict[str, Record]()
        ledger = Ledger.open(directory, TERMS)
        for step in story:
            if step == "flush":
                ledger.flush()
            elif step == "reopen":
                ledger.close()
                ledger = Ledger.open(directory, TERMS)
            else:
                ledger.append(step)
                expected[step.id] = step
            for one in "abcdef":
                assert ledger.has(one) == (one in expected and not isinstance(expected[one], Retried))
        ledger.flush()
        counts = ledger.counts()
        ledger.close()
        assert Ledger.survey(directory) == counts
        alive = {key: record for key, record in expected.items() if not isinstance(record, Retried)}
        assert {record.id: record for record in Ledger.read(directory)} == alive
        assert len(list(Ledger.read(directory))) == len(alive)

    def kind(name: str, depth: int = 0) -> str:
        record = expected.get(name)
        if isinstance(record, Copy):
            return kind(record.of, depth + 1) if depth < 10 else "waiting"
        return record.kind if record and not isinstance(record, Retried) else "waiting"

    kinds = [kind(name) for name in expected]
    assert counts.rows == kinds.count("row")
    assert counts.failures == kinds.count("failure")
    assert counts.skipped == kinds.count("skip")
    assert counts.waiting == kinds.count("waiting")
    assert counts.articles == len(expected) == counts.rows + counts.failures + counts.skipped + counts.waiting


# Group commit


@contextmanager
def counted_fsyncs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    real, calls = os.fsync, list[int]()

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield calls


async def test_records_that_come_together_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:

        async def one(name: str) -> None:
            await ledger.committed(row(name))
            assert encode(row(name)) in (tmp_path / "ledger.jsonl").read_bytes()

        with counted_fsyncs(monkeypatch) as calls:
            await asyncio.gather(*(one(str(number)) for number in range(4 * GROUP_RECORDS + 5)))
        assert 1 <= len(calls) <= 5
        assert ledger.counts().rows == 4 * GROUP_RECORDS + 5


async def test_a_record_alone_does_not_wait_long(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:
        async with asyncio.timeout(5):
            await ledger.committed(row("a"))
        assert ledger.counts().rows == 1


async def test_a_cancelled_caller_costs_neither_its_record_nor_the_others(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:
        first, second = (asyncio.create_task(ledger.committed(row(name))) for name in "ab")
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled() or first.cancelling()
        assert ledger.counts().rows == 2


async def test_closing_answers_those_who_wait(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, TERMS)
    waiting = asyncio.create_task(ledger.committed(row("a")))
    await asyncio.sleep(0)
    ledger.close()
    await waiting
    assert list(Ledger.read(tmp_path)) == [row("a")]
    await asyncio.sleep(0.03)  # the group's timer finds nothing to do
    with pytest.raises(RunError, match="closed"):
        await ledger.committed(row("b"))


def test_a_loop_that_ends_early_loses_nothing(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:

        async def cut_short(name: str) -> None:
            task = asyncio.create_task(ledger.committed(row(name)))
            await asyncio.sleep(0)
            task.cancel()

        asyncio.run(cut_short("a"))
        asyncio.run(ledger.committed(row("b")))
    assert [record.id for record in Ledger.read(tmp_path)] == ["a", "b"]


def test_threads_may_share_a_ledger(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS) as ledger:

        def work(part: int) -> None:
            for number in range(50):
                ledger.append(row(f"{part}-{number}"))
                assert ledger.has(f"{part}-{number}")
                if number % 7 == part:
                    ledger.flush()

        threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger.flush()
        assert ledger.counts().rows == 200
    assert len({record.id for record in Ledger.read(tmp_path)}) == 200


# Who may use the folder

HOLD = """
import sys
from llm_extract.batch.ledger import Ledger
ledger = Ledger.open(sys.argv[1], {"task": "t"})
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(directory: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "open\n"
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_holds_the_folder_and_a_dead_process_does_not(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        with pytest.raises(RunError, match=f"in use: process {process.pid} on {os.uname().nodename}, since 20"):
            Ledger.open(tmp_path, {"task": "t"})
        found = holder(tmp_path)
        assert found
        assert found.pid == process.pid
        (tmp_path / "lock").rename(tmp_path / "removed")
        with pytest.raises(RunError, match="in use by another process, whose lock was removed"):
            Ledger.open(tmp_path, {"task": "t"})
        (tmp_path / "removed").rename(tmp_path / "lock")
        process.kill()
        process.wait()
        with Ledger.open(tmp_path, {"task": "t"}) as ledger:
            assert ledger.predecessor
            assert ledger.predecessor.pid == process.pid
    assert holder(tmp_path) is None
    with Ledger.open(tmp_path, {"task": "t"}) as ledger:
        assert ledger.predecessor is None


def test_one_process_does_not_open_a_run_twice(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, TERMS), pytest.raises(RunError, match=f"in use: process {os.getpid()}"):
        Ledger.open(tmp_path, TERMS)


def test_the_lock_of_another_host_is_not_taken_over(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    left = {"pid": 17, "host": "elsewhere", "started": "2024-05-01T10:00:00Z"}
    (tmp_path / "lock").write_text(json.dumps(left))
    with pytest.raises(RunError, match=r"process 17 on elsewhere, since 2024-05-01 10:00:00 UTC.*remove .*lock"):
        Ledger.open(tmp_path, TERMS)
    (tmp_path / "lock").unlink()
    write(tmp_path, row("b"))
    assert len(list(Ledger.read(tmp_path))) == 2


@contextmanager
def without_rights() -> Iterator[None]:
    """As a user who is not root, for whom the rights on files hold."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_written_is_refused() -> None:
    directory = Path(tempfile.mkdtemp())
    try:
        directory.chmod(0o555)
        with without_rights():
            with pytest.raises(RunError, match=r"cannot be used for a run.*another folder"):
                Ledger.open(directory, TERMS)
            with pytest.raises(RunError, match=r"cannot be used for a run.*Permission denied"):
                Ledger.open(directory / "inner", TERMS)
        assert list(directory.iterdir()) == []
    finally:
        directory.chmod(0o755)
        shutil.rmtree(directory)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be used for a run"):
        Ledger.open(tmp_path / "file", TERMS)


# Disks that are full or fail


@pytest.mark.parametrize("spare", [0, 1, 50, 250])
def test_a_full_disk_leaves_no_torn_line(tmp_path: Path, spare: int) -> None:
    ledger = Ledger.open(tmp_path, TERMS)
    ledger.append(row("a"))
    ledger.flush()
    before = (tmp_path / "ledger.jsonl").read_bytes()
    for name in "bcd":
        ledger.append(row(name))
    with room(len(before) + spare), pytest.raises(RunError, match=r"File too large\. The last 3 records are not kept"):
        ledger.flush()
    assert (tmp_path / "ledger.jsonl").read_bytes() == before
    assert ledger.has("a")
    assert not ledger.has("b")
    assert ledger.counts().articles == 1
    with pytest.raises(RunError, match="File too large"):
        ledger.append(row("e"))
    with pytest.raises(RunError, match="File too large"):
        ledger.close()
    write(tmp_path, row("b"))
    assert [record.id for record in Ledger.read(tmp_path)] == ["a", "b"]


def test_a_disk_that_is_full_at_the_start_is_said_at_once(tmp_path: Path) -> None:
    with room(10), pytest.raises(RunError, match="cannot be used for a run"):
        Ledger.open(tmp_path, TERMS)
    write(tmp_path, row("a"))
    assert len(list(Ledger.read(tmp_path))) == 1


def fail(code: int) -> Callable[..., None]:
    def failing(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return failing


def test_records_whose_fsync_failed_count_as_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def used() -> None:
        with Ledger.open(tmp_path, TERMS) as ledger:
            ledger.append(row("a"))
            ledger.flush()
            ledger.append(row("b"))
            monkeypatch.setattr(os, "fsync", fail(errno.EIO))
            ledger.flush()

    with pytest.raises(RunError, match=r"Input/output error\. The last 1 records are not kept"):
        used()
    monkeypatch.undo()
    assert lines(tmp_path) == [encode(row("a"))]
    with Ledger.open(tmp_path, TERMS) as ledger:
        assert not ledger.has("b")


def test_what_can_not_even_be_cut_back_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open(tmp_path, TERMS)
    ledger.append(row("a"))
    monkeypatch.setattr(os, "fsync", fail(errno.EIO))
    monkeypatch.setattr(os, "ftruncate", fail(errno.EIO))
    with pytest.raises(RunError, match=r"cannot be written.*cannot be cut back"):
        ledger.flush()
    with pytest.raises(RunError, match="cannot be written"):
        ledger.close()
    monkeypatch.undo()
    with Ledger.open(tmp_path, TERMS) as again:
        assert again.has("a")  # a whole line: it need not be done again


async def test_everyone_in_a_group_hears_of_its_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open(tmp_path, TERMS)
    monkeypatch.setattr(os, "fsync", fail(errno.EIO))
    told = await asyncio.gather(*(ledger.committed(row(name)) for name in "abc"), return_exceptions=True)
    assert [type(error) for error in told] == [RunError] * 3
    monkeypatch.undo()
    with pytest.raises(RunError, match="Input/output error"):
        ledger.close()
    assert lines(tmp_path) == []


def test_ctrl_c_between_write_and_fsync_writes_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, struck = os.fsync, list[bool]()

    def fsync(descriptor: int) -> None:
        if not struck:
            struck.append(True)
            raise KeyboardInterrupt
        real(descriptor)

    with Ledger.open(tmp_path, TERMS) as ledger:
        ledger.append(row("a"))
        monkeypatch.setattr(os, "fsync", fsync)
        with pytest.raises(KeyboardInterrupt):
            ledger.flush()
        assert ledger.has("a")
    assert lines(tmp_path) == [encode(row("a"))]


# Damage


def test_a_torn_end_is_cut_off(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(encode(row("b"))[:-20])
    assert [record.id for record in Ledger.read(tmp_path)] == ["a"]
    assert Ledger.survey(tmp_path).damaged == 0
    write(tmp_path, row("c"))
    assert lines(tmp_path) == [encode(row("a")), encode(row("c"))]
    assert not (tmp_path / "ledger.quarantine").exists()


def test_a_whole_record_that_lacks_its_newline_counts(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(encode(row("b"))[:-1])
    assert [record.id for record in Ledger.read(tmp_path)] == ["a", "b"]
    write(tmp_path, row("c"))
    assert lines(tmp_path) == [encode(row(name)) for name in "abc"]


def test_a_lost_newline_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path, row("a"), row("b"), row("c"))
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b"}\n", b"}", 1))
    assert list(Ledger.read(tmp_path)) == [row(name) for name in "abc"]
    with Ledger.open(tmp_path, TERMS) as ledger:
        assert ledger.counts().rows == 3
        assert ledger.counts().damaged == 0


def test_a_damaged_line_is_laid_aside_and_its_article_done_again(tmp_path: Path) -> None:
    write(tmp_path, row("a"), row("b"), row("c"))
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"B"'))
    damaged = lines(tmp_path)[1]
    for _ in range(2):  # the same at every opening
        with Ledger.open(tmp_path, TERMS) as ledger:
            assert [ledger.has(name) for name in "abBc"] == [True, False, False, True]
            assert ledger.counts().damaged == 1
        assert (tmp_path / "ledger.quarantine").read_bytes() == damaged
    write(tmp_path, row("b"))
    assert [record.id for record in Ledger.read(tmp_path)] == ["a", "c", "b"]


def test_a_record_of_a_kind_that_is_not_known_stops_the_reading(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    body = b'{"kind":"dream","id":"b"}'
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b"%08x %b\n" % (crc32(body), body))
    for use in (Ledger.survey, lambda path: list(Ledger.read(path)), lambda path: Ledger.open(path, TERMS)):
        with pytest.raises(RunError, match="another version"):
            use(tmp_path)


RECORDS = [row(f"{number}.html", f"a lake of {number} £ and a “quote”") for number in range(6)]
LINES = [encode(record) for record in RECORDS]
SIZE = sum(map(len, LINES))


@st.composite
def damages(draw: st.DrawFn) -> tuple[bytes, set[str]]:
    """A ledger after some damage, and the ids of the records that it did not touch."""
    data, touched = b"".join(LINES), set[int]()
    place = draw(st.integers(0, SIZE - 1))
    what = draw(st.sampled_from(["flip", "remove", "insert", "zero"]))
    end = place + 1 if what == "flip" else min(SIZE, place + draw(st.integers(1, 2 * len(LINES[0]))))
    start = 0
    for number, line in enumerate(LINES):
        if what == "insert":
            if start < place < start + len(line):
                touched.add(number)
        elif start < end and place < start + len(line):
            touched.add(number)
        start += len(line)
    if what == "flip":
        data = data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[end:]
    elif what == "remove":
        data = data[:place] + data[end:]
    elif what == "zero":
        data = data[:place] + bytes(end - place) + data[end:]
    else:
        junk = st.one_of(st.binary(min_size=1, max_size=40), st.sampled_from([b"\n", b"\n\n", b"0", LINES[2][:30]]))
        data = data[:place] + draw(junk) + data[place:]
    return data, {record.id for number, record in enumerate(RECORDS) if number not in touched}


@given(damages())
def test_damage_costs_no_record_that_it_did_not_touch(damage: tuple[bytes, set[str]]) -> None:
    data, untouched = damage
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory)
        (directory / "ledger.jsonl").write_bytes(data)
        known = {record.id: record for record in RECORDS}
        read = list(Ledger.read(directory))
        assert all(record == known[record.id] for record in read)
        assert untouched <= {record.id for record in read}
        with Ledger.open(directory, TERMS) as ledger:
            assert {one for one in known if ledger.has(one)} == {record.id for record in read}
            damaged = ledger.counts().damaged
            for record in RECORDS:
                if not ledger.has(record.id):
                    ledger.append(record)
        after = list(Ledger.read(directory))
        assert len(after) == len(RECORDS)
        assert {record.id: record for record in after} == known
        assert Ledger.survey(directory).damaged == damaged
        assert (directory / "ledger.quarantine").exists() == (damaged > 0)


@given(st.integers(0, SIZE))
def test_a_ledger_cut_anywhere_keeps_what_is_before_the_cut(size: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory)
        (directory / "ledger.jsonl").write_bytes(b"".join(LINES)[:size])
        whole = sum(sum(map(len, LINES[: number + 1])) - 1 <= size for number in range(len(LINES)))
        assert list(Ledger.read(directory)) == RECORDS[:whole]
        with Ledger.open(directory, TERMS) as ledger:
            assert ledger.counts().rows == whole
            assert ledger.counts().damaged == 0
        assert lines(directory) == LINES[:whole]


# Reading beside a writer


def test_reading_goes_on_while_another_writes(tmp_path: Path) -> None:
    seen = list[int]()
    with Ledger.open(tmp_path, TERMS) as ledger:
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                found = [record.id for record in Ledger.read(tmp_path)]
                assert found == [str(number) for number in range(len(found))]
                seen.append(len(found))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(150):
            ledger.append(row(str(number)))
            ledger.flush()
        stop.set()
        reader.join()
    assert seen == sorted(seen)
    assert len(list(Ledger.read(tmp_path))) == 150


def test_a_line_that_is_being_written_is_not_read_in_halves(tmp_path: Path) -> None:
    write(tmp_path, row("a"))
    line = encode(row("b"))
    with (tmp_path / "ledger.jsonl").open("ab", buffering=0) as file:
        file.write(line[:40])
        reading = Ledger.read(tmp_path)
        assert next(reading) == row("a")
        file.write(line[40:])
        assert list(reading) == []
        assert list(Ledger.read(tmp_path)) == [row("a"), row("b")]


def test_the_rest_of_a_line_that_came_in_the_meantime_is_no_damaged_line() -> None:
    line, torn = encode(row("a")), encode(row("b"))
    grown = cast("BinaryIO", iter([line, torn[:40], torn[40:]]))  # as a file gives it that grows while it is read
    assert list(scan.lines(grown)) == [(0, line, line[9:-1])]


# Memory


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 20)))
def test_numbering_is_a_dictionary(keys: list[int]) -> None:
    numbering, expected = Numbering(), dict[int, int]()
    for key in keys:
        assert numbering.find(key) == expected.get(key)
        assert numbering.add(key) == expected.setdefault(key, len(expected))
    assert len(numbering) == len(expected)


def test_numbering_finds_what_it_has_after_growing() -> None:
    numbering = Numbering()
    keys = [digest(str(number)) for number in range(5000)]
    assert [numbering.add(key) for key in keys] == list(range(5000))
    assert [numbering.find(key) for key in keys] == list(range(5000))
    assert numbering.find(digest("absent")) is None


def test_a_hundred_thousand_ids_take_less_than_ten_megabytes() -> None:
    keys = [digest(str(number)) for number in range(100_000)]
    tracemalloc.start()
    try:
        tally = Tally()
        for key in keys:
            tally.add(key, 2)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert tally.counts().articles == 100_000
