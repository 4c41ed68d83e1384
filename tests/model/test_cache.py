"""The cache never lies, never forgets, and never stops a run."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_extract.errors import SettingsError
from llm_extract.model.cache import TOGETHER, Cache, default_cache_directory

VALUE = '{"contracts": [], "note": "an answer of some length"}' * 80


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(tmp_path / "cache") as opened:
        yield opened


def database(cache: Cache) -> Path:
    return cache.directory / "answers" / "cache.db"


def run_sql(cache: Cache, statement: str, *values: object) -> None:
    """Change the database as an intruder or a bad disk would, behind the cache's back."""
    with closing(sqlite3.connect(database(cache))) as connection, connection:
        connection.execute(statement, values)


def fill(cache: Cache, count: int) -> dict[str, str]:
    answers = {f"key-{number}": f"{number}:{VALUE}" for number in range(count)}
    for key, value in answers.items():
        cache.put(key, value)
    return answers


def python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class BitingPickle:
    """Unpickling this makes a folder."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.trace),))


# Round trips


ANY_TEXT = st.text(alphabet=st.characters(codec=None, categories=None, exclude_categories=()))


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cache]:
    with Cache(tmp_path_factory.mktemp("round") / "trips") as opened:
        yield opened


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=ANY_TEXT, value=ANY_TEXT)
def test_any_text_comes_back_as_it_was_put(shared_cache: Cache, key: str, value: str) -> None:
    shared_cache.put(key, value)

    assert shared_cache.get(key) == value


@pytest.mark.parametrize("text", ["", "\x00", "a\x00b", "\U0001f4b7", "\ud800", "\r\n", "\ufeff£12m", "x" * 300_000])
def test_awkward_texts_survive_a_reopening(cache: Cache, text: str) -> None:
    cache.put("k" + text[:9], text)
    cache.close()

    with Cache(cache.directory) as again:
        assert again.get("k" + text[:9]) == text


def test_what_was_never_put_is_none(cache: Cache) -> None:
    assert cache.get("nothing") is None


def test_a_later_value_takes_the_place_of_an_earlier_one(cache: Cache) -> None:
    cache.put("key", "first")
    cache.put("key", "second")

    assert cache.get("key") == "second"
    assert cache.stats().entries == 1


def test_nothing_is_evicted(cache: Cache) -> None:
    answers = fill(cache, 400)
    run_sql(cache, "UPDATE Settings SET value = 1 WHERE key = 'size_limit'")
    cache.close()
    answers |= {"one more": "x"}
    cache.put("one more", "x")

    assert {key: cache.get(key) for key in answers} == answers


def test_a_directory_is_made_at_the_first_use_and_not_before(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "later" / "cache")
    assert not (tmp_path / "later").exists()

    cache.put("key", "value")
    cache.close()
    assert (tmp_path / "later" / "cache").is_dir()


def test_what_is_put_later_is_there_at_once_and_on_disk_after_a_flush(cache: Cache) -> None:
    beside = Cache(cache.directory)
    cache.put_later("a", "alder")
    assert cache.get("a") == "alder"
    assert beside.get("a") is None
    cache.flush()
    assert (cache.get("a"), beside.get("a")) == ("alder", "alder")


def test_what_is_put_later_does_not_wait_for_ever(cache: Cache) -> None:
    beside = Cache(cache.directory)
    for number in range(TOGETHER):
        cache.put_later(f"k{number}", str(number))
    assert beside.get("k0") == "0"
    cache.put_later("last", "one")
    cache.close()
    assert beside.get("last") == "one"


def test_stats_and_clear(cache: Cache) -> None:
    assert cache.stats().entries == 0
    fill(cache, 250)

    stats = cache.stats()
    assert (stats.path, stats.entries, stats.quarantined) == (cache.directory, 250, 0)
    assert stats.bytes > 250 * len(VALUE)
    assert cache.clear() == 250
    assert cache.stats().entries == 0
    assert cache.get("key-1") is None


def test_others_on_the_machine_cannot_read_it(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with Cache(tmp_path / "cache") as cache:
            cache.put("key", VALUE)
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [cache.directory, *cache.directory.rglob("*")]}
    finally:
        os.umask(previous)

    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert len(modes) == 6  # two folders, the lock, the database, its log and its index


def test_an_older_cache_with_open_modes_is_closed_to_others(cache: Cache) -> None:
    cache.put("key", "value")
    cache.close()
    database(cache).chmod(0o644)
    database(cache).parent.chmod(0o755)

    assert cache.get("key") == "value"
    assert stat.S_IMODE(database(cache).stat().st_mode) == 0o600
    assert stat.S_IMODE(database(cache).parent.stat().st_mode) == 0o700


def test_a_copy_sent_to_another_process_is_the_same_cache(cache: Cache) -> None:
    cache.put("key", "value")

    with pickle.loads(pickle.dumps(cache)) as copy:
        assert copy.get("key") == "value"


def test_a_key_that_is_no_text_is_a_mistake_of_the_caller(cache: Cache) -> None:
    with pytest.raises(AttributeError):
        cache.put(b"bytes", "value")  # type: ignore[arg-type]


# Never lies


def test_a_pickled_value_is_a_miss_and_does_not_run(cache: Cache, tmp_path: Path) -> None:
    cache.put("key", "value")
    trace = tmp_path / "ran"
    run_sql(cache, "UPDATE Cache SET mode = 4, value = ?", pickle.dumps(BitingPickle(trace)))

    assert cache.get("key") is None
    assert not trace.exists()
    assert cache.stats().entries == 0


def test_a_pickled_value_file_is_a_miss_and_does_not_run(cache: Cache, tmp_path: Path) -> None:
    cache.put("key", "value")
    trace = tmp_path / "ran"
    (database(cache).parent / "planted.val").write_bytes(pickle.dumps(BitingPickle(trace)))
    run_sql(cache, "UPDATE Cache SET mode = 4, value = NULL, filename = 'planted.val'")

    assert cache.get("key") is None
    assert not trace.exists()


@pytest.mark.parametrize("mode", [1, 2, 3])
def test_a_row_that_points_to_a_file_neither_reads_nor_removes_it(cache: Cache, tmp_path: Path, mode: int) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not yours")
    for key in ("read", "overwritten", "cleared"):
        cache.put(key, "value")
    run_sql(cache, "UPDATE Cache SET mode = ?, value = NULL, filename = ?", mode, str(secret))

    assert cache.get("read") is None
    cache.put("overwritten", "again")
    assert cache.get("overwritten") == "again"
    cache.clear()
    assert secret.read_text() == "not yours"


def test_a_pickled_key_does_not_run(cache: Cache, tmp_path: Path) -> None:
    cache.put("key", "value")
    trace = tmp_path / "ran"
    payload = pickle.dumps(BitingPickle(trace))
    run_sql(cache, "INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 1, ?)", payload, b"x")
    cache.close()

    assert cache.get("key") == "value"
    assert cache.get(payload.decode("latin-1")) is None
    assert cache.clear() == 2
    assert not trace.exists()


def test_a_flipped_bit_in_a_value_is_a_miss_once_and_can_be_put_again(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.put("key", VALUE)
    cache.put("other", "untouched")
    with closing(sqlite3.connect(database(cache))) as connection:
        (kept,) = connection.execute("SELECT value FROM Cache WHERE rowid = 1").fetchone()
    for position in (0, 31, 32, len(kept) // 2, len(kept) - 1):
        flipped = bytearray(kept)
        flipped[position] ^= 0x10
        run_sql(cache, "UPDATE Cache SET value = ? WHERE key = ?", bytes(flipped), b"key")

        assert cache.get("key") is None
        cache.put("key", VALUE)
        assert cache.get("key") == VALUE

    assert cache.get("other") == "untouched"
    assert cache.stats().quarantined == 5
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 5
    assert cache.broken is None


@pytest.mark.parametrize("value", [b"", b"short", None, "text", 7, 1.5])
def test_a_cut_or_foreign_value_is_a_miss(cache: Cache, value: object) -> None:
    cache.put("key", VALUE)
    run_sql(cache, "UPDATE Cache SET value = ?", value)

    assert cache.get("key") is None
    assert cache.stats().entries == 0


def test_a_cut_value_is_a_miss_at_every_length(cache: Cache) -> None:
    cache.put("key", "amount: 12")
    with closing(sqlite3.connect(database(cache))) as connection:
        (kept,) = connection.execute("SELECT value FROM Cache").fetchone()
    for length in range(len(kept)):
        cache.put("key", "amount: 12")
        run_sql(cache, "UPDATE Cache SET value = ?", kept[:length])
        assert cache.get("key") is None


def test_a_value_under_another_key_is_a_miss(cache: Cache) -> None:
    cache.put("one", "first")
    run_sql(cache, "UPDATE Cache SET key = ?", b"two")

    assert cache.get("two") is None


# Damaged databases


@pytest.mark.parametrize("damage", ["garbage", "header", "cut", "settings"])
def test_a_damaged_database_is_set_aside_and_a_fresh_one_built(
    cache: Cache, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    fill(cache, 30)
    if damage == "settings":
        run_sql(cache, "INSERT INTO Settings VALUES ('disk_unknown', 'x')")
    cache.close()
    content = database(cache).read_bytes()
    if damage == "garbage":
        database(cache).write_bytes(b"this was never a database" * 1000)
    elif damage == "header":
        database(cache).write_bytes(b"\xff" * 100 + content[100:])
    elif damage == "cut":
        database(cache).write_bytes(content[:5000])

    found = {cache.get(f"key-{number}") for number in range(30)}
    assert found <= {None, *(f"{number}:{VALUE}" for number in range(30))}
    cache.put("new", "answer")
    assert cache.get("new") == "answer"
    assert cache.broken is None
    assert cache.stats().quarantined == 1
    assert "is damaged" in caplog.text
    assert str(cache.directory) in caplog.text


def test_planted_settings_do_not_replace_the_methods_of_the_cache(cache: Cache) -> None:
    cache.put("key", "value")
    for name in ("close", "connection", "get", "_txn_id", "_disk"):
        run_sql(cache, "INSERT INTO Settings VALUES (?, 'x')", name)
    cache.close()

    assert cache.get("key") == "value"
    assert cache.stats().quarantined == 0


def test_an_empty_database_file_is_a_fresh_one(cache: Cache) -> None:
    fill(cache, 3)
    cache.close()
    database(cache).write_bytes(b"")

    assert cache.get("key-1") is None
    cache.put("key-1", "again")
    assert cache.get("key-1") == "again"


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_page_costs_its_own_answers_and_no_others(cache: Cache, seed: int) -> None:
    chance = random.Random(seed)
    answers = fill(cache, 300)
    cache.close()
    pages = database(cache).stat().st_size // 4096
    with database(cache).open("r+b") as file:
        for _ in range(2):
            file.seek(4096 * chance.randrange(pages // 4, pages))
            file.write(chance.randbytes(4096))

    found = {key: cache.get(key) for key in answers}
    assert all(value in (None, answers[key]) for key, value in found.items())
    assert sum(value is not None for value in found.values()) >= 280
    for key, value in answers.items():
        cache.put(key, value)
    assert {key: cache.get(key) for key in answers} == answers
    assert cache.broken is None


def test_flipped_bits_anywhere_in_the_file_never_give_a_wrong_answer(cache: Cache) -> None:
    answers = fill(cache, 12)
    cache.close()
    sound = database(cache).read_bytes()
    chance = random.Random(7)
    for _ in range(40):
        damaged = bytearray(sound)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        database(cache).write_bytes(damaged)

        for key, value in answers.items():
            assert cache.get(key) in (None, value)
            cache.put(key, value)
            assert cache.get(key) == value
        cache.close()


def test_damage_while_the_database_is_open_is_survived(cache: Cache) -> None:
    answers = fill(cache, 300)
    run_sql(cache, "PRAGMA wal_checkpoint(TRUNCATE)")
    size = database(cache).stat().st_size
    with database(cache).open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(size - 8192))

    with Cache(cache.directory) as other:
        found = {key: other.get(key) for key in answers}
        assert all(value in (None, answers[key]) for key, value in found.items())
        for key, value in answers.items():
            cache.put(key, value)
        assert {key: other.get(key) for key in answers} == answers


def test_what_is_put_after_another_process_set_the_database_aside_is_found(cache: Cache) -> None:
    fill(cache, 50)
    with Cache(cache.directory) as other:
        assert other.get("key-1") is not None
        database(cache).parent.rename(cache.directory / "moved away")
        cache.put("after", "the move")

        assert other.get("after") == "the move"
        other.put("from the other", "side")
        other.close()  # SQLite must not take the new database's log for the old one's
        assert cache.get("from the other") == "side"
        assert cache.get("after") == "the move"


def test_a_rescue_that_was_killed_is_finished_at_the_next_opening(cache: Cache) -> None:
    answers = fill(cache, 50)
    cache.close()
    quarantine = cache.directory / "quarantine"
    quarantine.mkdir()
    database(cache).parent.rename(quarantine / "20260101T000000Z-00000000.unfinished")
    cache.put("key-7", "newer")

    assert {key: cache.get(key) for key in answers} == answers | {"key-7": "0" if False else answers["key-7"]} or (
        cache.get("key-7") == "newer"
    )
    assert [path.name for path in quarantine.iterdir()] == ["20260101T000000Z-00000000"]


def test_a_deleted_directory_is_built_again(cache: Cache) -> None:
    cache.put("key", "value")
    for path in sorted(cache.directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    cache.directory.rmdir()

    assert cache.get("key") is None
    cache.put("key", "again")
    assert cache.get("key") == "again"


# Never stops a run


def test_a_cache_that_cannot_be_made_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    with Cache(tmp_path / "file" / "cache") as cache:
        assert cache.broken is None
        for number in range(5):
            cache.put(f"key-{number}", "value")
            assert cache.get(f"key-{number}") is None
        assert cache.stats().entries == 0
        assert cache.clear() == 0

    assert cache.broken is not None
    assert "Not a directory" in cache.broken
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_cache_comes_back_when_it_can_be_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_extract.model.cache.REST_SECONDS", 0.0)
    obstacle = tmp_path / "file"
    obstacle.write_text("no folder")
    with Cache(obstacle / "cache") as cache:
        cache.put("key", "lost")
        assert cache.broken
        obstacle.unlink()
        cache.put("key", "kept")

        assert cache.broken is None
        assert cache.get("key") == "kept"


def test_a_full_disk_keeps_what_is_there_and_is_warned_of_once(tmp_path: Path) -> None:
    script = """
        import logging, resource, signal, sys
        from pathlib import Path
        from llm_extract.model.cache import Cache
        logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        with Cache(Path(sys.argv[1])) as cache:
            for number in range(400):
                cache.put(f"key-{number}", f"{number}" * 2000)
                kept = cache.get(f"key-{number}")
                assert kept in (None, f"{number}" * 2000)
            assert cache.broken, "the disk was not full"
            assert kept is None
            print("first", cache.get("key-0") == "0" * 2000)
    """
    result = python(script, str(tmp_path / "cache"))

    assert result.returncode == 0, result.stderr
    assert result.stdout.count("WARNING") == 1
    assert "first True" in result.stdout
    with Cache(tmp_path / "cache") as cache:
        assert cache.get("key-0") == "0" * 2000


def test_a_database_held_by_another_is_not_waited_for_without_end(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("llm_extract.model.cache_store.BUSY_SECONDS", 0.05)
    cache.put("key", "value")
    with closing(sqlite3.connect(database(cache), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        cache.put("other", "value")
        assert cache.broken is not None
        assert "locked" in cache.broken
        assert cache.get("key") == "value"
        holder.execute("ROLLBACK")

    assert len(caplog.records) == 1
    assert cache.stats().quarantined == 0


def test_an_error_that_the_caller_is_handling_is_not_taken_for_ours(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_extract.model.cache_store.BUSY_SECONDS", 0.05)
    fill(cache, 3)
    (tmp_path / "theirs.db").write_bytes(b"not a database at all" * 300)
    with (
        closing(sqlite3.connect(database(cache), isolation_level=None)) as holder,
        closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs,
    ):
        holder.execute("BEGIN IMMEDIATE")
        try:
            theirs.execute("SELECT * FROM anything")
        except sqlite3.DatabaseError:
            cache.put("key", "value")

    assert cache.stats().quarantined == 0
    assert cache.get("key-2") == f"2:{VALUE}"


# Threads, processes, kills


def test_many_threads_share_one_cache(cache: Cache) -> None:
    failures: list[str] = []

    def work(thread: int) -> None:
        for number in range(60):
            key = f"{thread}-{number}"
            cache.put(key, key * 500)
            cache.put("shared", VALUE)
            if cache.get(key) != key * 500 or cache.get("shared") != VALUE:
                failures.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert cache.stats().entries == 361


def write_and_check(directory: Path, process: int, count: int) -> None:
    with Cache(directory) as cache:
        for number in range(count):
            cache.put(f"{process}-{number}", f"{process}-{number}:{VALUE}")
            cache.put("shared", VALUE)
            assert cache.get(f"{process}-{number}") == f"{process}-{number}:{VALUE}"
            assert cache.get("shared") == VALUE
        assert cache.broken is None


def test_eight_processes_on_one_cache_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    directory = tmp_path / "cache"
    processes = [context.Process(target=write_and_check, args=(directory, number, 200)) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 8
    with Cache(directory) as cache:
        assert cache.stats().entries == 8 * 200 + 1
        for process_number in range(8):
            for number in range(200):
                key = f"{process_number}-{number}"
                assert cache.get(key) == f"{key}:{VALUE}"


def test_eight_processes_that_find_the_database_damaged_lose_nothing_new(tmp_path: Path) -> None:
    directory = tmp_path / "cache"
    with Cache(directory) as cache:
        fill(cache, 20)
    (directory / "answers" / "cache.db").write_bytes(b"\x00garbage" * 4000)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=write_and_check, args=(directory, number, 40)) for number in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 8
    with Cache(directory) as cache:
        assert cache.stats().entries == 8 * 40 + 1
        assert cache.stats().quarantined == 1


def test_a_forked_child_and_its_parent_both_go_on(cache: Cache) -> None:
    cache.put("before", "the fork")
    child = os.fork()
    if child == 0:
        cache.put("child", "was here")
        os._exit(0 if cache.get("before") == "the fork" else 1)
    cache.put("parent", "was here")
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert [cache.get(key) for key in ("before", "child", "parent")] == ["the fork", "was here", "was here"]


@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3])
def test_what_put_returned_for_survives_a_kill(tmp_path: Path, delay: float) -> None:
    script = """
        import sys
        from pathlib import Path
        from llm_extract.model.cache import Cache
        cache = Cache(Path(sys.argv[1]))
        for number in range(1_000_000):
            cache.put(f"key-{number}", f"{number}:" * 800)
            print(number, flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "cache")],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        threading.Timer(delay, process.send_signal, [signal.SIGKILL]).start()
        said = [int(first), *(int(line) for line in process.stdout if line.endswith("\n"))]

    assert process.returncode == -signal.SIGKILL
    with Cache(tmp_path / "cache") as cache:
        assert len(said) > 5
        for number in said:
            assert cache.get(f"key-{number}") == f"{number}:" * 800
        assert cache.broken is None
        assert cache.stats().quarantined == 0


def test_a_cache_that_nobody_closed_leaves_no_warning(tmp_path: Path) -> None:
    script = """
        import gc, sys, threading
        from pathlib import Path
        from llm_extract.model.cache import Cache
        cache = Cache(Path(sys.argv[1]))
        thread = threading.Thread(target=cache.put, args=("key", "value"))
        thread.start(); thread.join()
        assert cache.get("key") == "value"
        other = Cache(Path(sys.argv[1])); other.get("key"); del other; gc.collect()
    """
    result = python(script, str(tmp_path / "cache"))

    assert (result.returncode, result.stderr) == (0, "")


def test_importing_the_cache_does_not_import_diskcache() -> None:
    result = python("import sys, llm_extract.model.cache; print('diskcache' in sys.modules)")

    assert result.stdout == "False\n"


# Where it is


def test_the_default_directory_follows_the_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LLM_EXTRACT_CACHE_DIR", raising=False)
    assert default_cache_directory() == tmp_path / "home" / ".cache" / "llm_extract"

    monkeypatch.setenv("XDG_CACHE_HOME", "relative/ones/are/ignored")
    assert default_cache_directory() == tmp_path / "home" / ".cache" / "llm_extract"

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache_directory() == tmp_path / "xdg" / "llm_extract"

    monkeypatch.setenv("LLM_EXTRACT_CACHE_DIR", "~/mine")
    assert default_cache_directory() == tmp_path / "home" / "mine"


def test_without_a_home_the_variable_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LLM_EXTRACT_CACHE_DIR", raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(SettingsError, match="LLM_EXTRACT_CACHE_DIR"):
        default_cache_directory()


def test_the_home_of_a_user_that_there_is_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXTRACT_CACHE_DIR", "~nobody-of-this-name/answers")
    with pytest.raises(SettingsError, match="LLM_EXTRACT_CACHE_DIR is '~nobody-of-this-name/answers'"):
        default_cache_directory()
