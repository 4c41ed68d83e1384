"""The index knows every text of a run, through a stop, a kill and damage."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.batch.duplicates import Clash, Copy, Duplicates
from llm_extract.errors import RunError
from tests.batch.wire import LOCAL, PARAGRAPHS, WIRE, article, notices


def test_near_copies_can_be_left_alone() -> None:
    duplicates = Duplicates(None, near=False)
    assert duplicates.seen("a", WIRE) is None
    assert duplicates.seen("b", article(*PARAGRAPHS[:3])) is None
    assert duplicates.seen("c", WIRE) == Copy("a", "exact", 1.0)


def test_every_copy_names_an_original() -> None:
    duplicates = Duplicates(None)
    shorter = article(*PARAGRAPHS[:3])
    assert duplicates.seen("a", WIRE) is None
    near = duplicates.seen("b", shorter)
    assert isinstance(near, Copy)
    assert duplicates.seen("c", shorter.upper()) == near
    assert near.of == "a"


def test_an_id_keeps_its_first_text() -> None:
    """Row 31: the same id twice."""
    duplicates = Duplicates(None)
    assert not duplicates.asked("a")
    assert duplicates.seen("a", WIRE) is None
    assert duplicates.asked("a")
    assert duplicates.seen("a", "Another text altogether.") == Clash("a")
    assert duplicates.seen("a", WIRE) is None
    assert duplicates.seen("b", "Another text altogether.") is None


def test_only_this_opening_counts_as_asked(tmp_path: Path) -> None:
    with Duplicates(tmp_path / "intake.sqlite") as duplicates:
        duplicates.seen("a", WIRE)
    with Duplicates(tmp_path / "intake.sqlite") as duplicates:
        assert not duplicates.asked("a")
        assert duplicates.seen("a", WIRE) is None
        assert duplicates.asked("a")


@pytest.mark.parametrize("id_", ["", "a\x00b", "{{ 7*7 }}", "'; DROP TABLE articles; --", "\udcff/x", "x" * 5000])
def test_an_id_is_data(tmp_path: Path, id_: str) -> None:
    with Duplicates(tmp_path / "intake.sqlite") as duplicates:
        assert duplicates.seen(id_, WIRE) is None
    with Duplicates(tmp_path / "intake.sqlite") as duplicates:
        assert duplicates.seen("other", WIRE) == Copy(id_, "exact", 1.0)


PIECES = [
    WIRE,
    article(*PARAGRAPHS[:3]),
    article(*PARAGRAPHS[:4], LOCAL),
    WIRE.upper(),
    WIRE.replace("12.4 million", "13 million"),
    "Short.",
    "SHORT",
    *notices(3),
]
STREAMS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(PIECES)), max_size=14)


@given(STREAMS, st.integers(0, 14))
def test_a_resumed_run_gets_the_same_answers(
    tmp_path_factory: pytest.TempPathFactory, stream: list[tuple[str, str]], stop: int
) -> None:
    """Stopped anywhere, resumed from the start, and then once more with an index that was deleted."""
    path = tmp_path_factory.mktemp("run") / "intake.sqlite"
    whole = Duplicates(None)
    undisturbed = [whole.seen(*each) for each in stream]
    with Duplicates(path) as duplicates:
        assert [duplicates.seen(*each) for each in stream[:stop]] == undisturbed[:stop]
    with Duplicates(path) as duplicates:
        assert [duplicates.seen(*each) for each in stream] == undisturbed
    path.unlink()
    with Duplicates(path) as duplicates:
        assert [duplicates.seen(*each) for each in stream] == undisturbed
    originals = {id_ for (id_, _), answer in zip(stream, undisturbed, strict=True) if answer is None}
    assert all(answer.of in originals for answer in undisturbed if isinstance(answer, Copy))


KILLED = """
import os, signal, sys
from pathlib import Path
from llm_extract.batch.duplicates import Duplicates
duplicates = Duplicates(Path(sys.argv[1]))
for number in range(300):
    duplicates.seen(str(number), f"text number {number}")
    if number == 150:
        duplicates.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_leaves_a_sound_index(tmp_path: Path) -> None:
    path = tmp_path / "intake.sqlite"
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    with Duplicates(path) as duplicates:
        assert duplicates.seen("late", "Text number 150") == Copy("150", "exact", 1.0)
        assert duplicates.seen("later", "Text number 299") is None  # it waited in memory: it is asked about again


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no database at all" * 1000),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 8192 + path.read_bytes()[12288:]),
        lambda path: sqlite3.connect(path).execute("DROP TABLE head").connection.close(),
        lambda path: (
            sqlite3.connect(path, isolation_level=None).execute("UPDATE head SET format = '0'").connection.close()
        ),
    ],
    ids=["other file", "empty", "cut", "overwritten", "no head", "other format"],
)
def test_a_damaged_index_is_begun_anew(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    path = tmp_path / "intake.sqlite"
    with Duplicates(path) as duplicates:
        for number in range(50):
            duplicates.seen(str(number), f"{WIRE} {number}")
    damage(path)
    with Duplicates(path) as duplicates:
        assert duplicates.seen("x", WIRE) is None
        assert duplicates.seen("y", WIRE) == Copy("x", "exact", 1.0)


def test_an_index_damaged_in_use_is_removed_and_the_user_told(tmp_path: Path) -> None:
    path = tmp_path / "intake.sqlite"
    with Duplicates(path) as duplicates:
        duplicates.seen("a", WIRE)
    with sqlite3.connect(path) as database:  # sound in form, but an article is gone
        database.execute("DELETE FROM articles")
    database.close()
    with Duplicates(path) as duplicates, pytest.raises(RunError, match="same command again"):
        duplicates.seen("b", WIRE)
    assert not path.exists()
    with Duplicates(path) as duplicates:
        assert duplicates.seen("a", WIRE) is None


def test_an_index_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"missing/intake\.sqlite"):
        Duplicates(tmp_path / "missing" / "intake.sqlite")


def test_more_articles_than_wait_in_memory(tmp_path: Path) -> None:
    with Duplicates(tmp_path / "intake.sqlite") as duplicates:
        for number in range(2500):
            assert duplicates.seen(f"n{number}", f"Item {number} of the list") is None
        found = [duplicates.seen(f"again{number}", f"item {number} OF the list") for number in range(0, 2500, 7)]
    assert found == [Copy(f"n{number}", "exact", 1.0) for number in range(0, 2500, 7)]
