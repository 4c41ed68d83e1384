"""Training data: what is learnt from, what judges, and what is left alone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract import extract
from llm_extract.errors import EvaluationError
from llm_extract.evaluation.gold import read_gold_set
from llm_extract.result import Issue
from llm_extract.task import Task, find_task
from llm_extract.testing import FakeModel
from llm_extract.tuning.data import gather, held_out_stories, verified
from llm_extract.tuning.lessons import Lesson, make_lesson
from tests.evaluation.deals import evidence, record, said, text, write_task
from tests.support import answer


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """`deals`, of whose eight articles four judge and four are left alone."""
    write_task(tmp_path)
    return find_task("deals", tmp_path)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return tmp_path / "evals" / "deals"


def write_articles(folder: Path, numbers: range) -> Path:
    """A folder to train on."""
    (folder / "gold").mkdir(parents=True)
    (folder / "articles").mkdir()
    for number in numbers:
        (folder / "articles" / f"{number}.txt").write_text(text(number))
        file = {"article": f"articles/{number}.txt", "record": record(number), "evidence": evidence(number)}
        (folder / "gold" / f"{number}.json").write_text(json.dumps(file))
    return folder


def line(number: int, **changes: Any) -> str:
    return json.dumps({"text": text(number), "record": record(number), "evidence": evidence(number), **changes}) + "\n"


def learnt(lesson: Lesson) -> str:
    return "".join(f"«{piece.strip()}»" if is_learnt else piece for piece, is_learnt in lesson.parts())


def test_dev_judges_test_is_left_alone_and_the_folder_beside_them_is_learnt(task: Task, gold: Path) -> None:
    write_articles(gold / "train", range(20, 25))
    found = gather(task, gold)
    assert [item.name for item in found.held_out.items] == ["deal-000", "deal-001", "deal-002", "deal-003"]
    assert (found.split, found.parted) == ("dev", False)
    assert [lesson.name for lesson in found.lessons] == ["20", "21", "22", "23", "24"]
    assert [(source.name, source.articles) for source in found.sources] == [("evals/deals/train", 5)]


def test_an_article_of_the_test_split_is_refused_whatever_its_white_space(
    task: Task, gold: Path, tmp_path: Path
) -> None:
    folder = write_articles(tmp_path / "more", range(20, 22))
    (folder / "articles" / "21.txt").write_text(text(6).replace("\n\n", "\n\n\n"))
    (folder / "gold" / "21.json").write_text(
        json.dumps({"article": "articles/21.txt", "record": record(6), "evidence": evidence(6)})
    )
    with pytest.raises(EvaluationError, match=r"21\.json: its article is 'deal-006' of the split 'test'"):
        gather(task, gold, [folder])
    (tmp_path / "more.jsonl").write_text(line(20) + line(7))
    with pytest.raises(EvaluationError, match=r"more\.jsonl, line 2.*'deal-007'"):
        gather(task, gold, data=[tmp_path / "more.jsonl"])


def test_an_article_that_judges_is_not_learnt_and_none_is_learnt_twice(task: Task, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text(line(20) + line(1) + line(20))
    found = gather(task, gold, data=[tmp_path / "more.jsonl"])
    assert [lesson.name for lesson in found.lessons] == ["more.jsonl:1"]
    assert any("because they judge" in note for note in found.notes)
    assert any("twice" in note for note in found.notes)


def test_gold_alone_is_parted_by_story(task: Task, gold: Path) -> None:
    found = gather(task, gold)
    judging = {item.name for item in found.held_out.items}
    learning = {lesson.name for lesson in found.lessons}
    assert len(judging) == 2
    assert judging | learning == {"deal-000", "deal-001", "deal-002", "deal-003"}
    assert not judging & learning
    assert found.parted
    assert any("nothing to learn from but the split 'dev'" in note for note in found.notes)


def test_gold_without_splits_is_parted_and_says_so(task: Task, gold: Path) -> None:
    for path in (gold / "gold").iterdir():
        file = json.loads(path.read_text())
        del file["split"]
        path.write_text(json.dumps(file))
    found = gather(task, gold)
    assert (len(found.held_out.items), len(found.lessons), found.split) == (2, 6, None)
    assert any("the gold has no splits: 2 of its 8 articles judge" in note for note in found.notes)


def test_gold_without_splits_judges_where_there_is_more_to_learn_from(task: Task, gold: Path, tmp_path: Path) -> None:
    for path in (gold / "gold").iterdir():
        file = json.loads(path.read_text())
        del file["split"]
        path.write_text(json.dumps(file))
    (tmp_path / "more.jsonl").write_text("".join(line(number) for number in range(20, 25)))
    found = gather(task, gold, data=[tmp_path / "more.jsonl"])
    assert (len(found.held_out.items), len(found.lessons), found.parted) == (8, 5, False)
    for path in sorted((gold / "gold").iterdir())[1:]:
        path.unlink()
    with pytest.raises(EvaluationError, match="1 article judges what is learnt, and 2 are needed: label another"):
        gather(task, gold, data=[tmp_path / "more.jsonl"])


def test_gold_with_quotes_alone_teaches_what_gold_with_places_does(task: Task, gold: Path, tmp_path: Path) -> None:
    placed = write_articles(tmp_path / "placed", range(20, 23))
    bare = write_articles(tmp_path / "bare", range(20, 23))
    for path in (bare / "gold").iterdir():
        file = json.loads(path.read_text())
        file["evidence"] = {
            at: found if isinstance(found, str) else found["quote"] for at, found in file["evidence"].items()
        }
        path.write_text(json.dumps(file))
    with_places, with_quotes = (gather(task, gold, [folder]).lessons for folder in (placed, bare))
    assert [learnt(lesson) for lesson in with_quotes] == [learnt(lesson) for lesson in with_places]
    assert "«£21.5m»" in learnt(with_quotes[0])


ALIASED = """
from typing import Annotated

from pydantic import BaseModel, Field

from llm_extract.fields import Name


class Post(BaseModel):
    holder: Annotated[Name | None, Field(alias="heldBy")] = None


class Record(BaseModel):
    posts: list[Post] = Field(alias="allPosts")
"""


def test_gold_by_aliases_teaches_its_values(tmp_path: Path) -> None:
    for folder in ("schemas", "prompts", "evals/posts/gold", "evals/posts/articles"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "schemas/posts.py").write_text(ALIASED)
    (tmp_path / "prompts/posts.md").write_text(
        "---\nname: posts\nversion: 1\ndescription: d\nschema: Record\n---\n# system\nFind.\n# user\n{{ article }}\n"
    )
    (tmp_path / "evals/posts/articles/a.txt").write_text("Bo Lind holds the post.")
    file = {"article": "articles/a.txt", "record": {"allPosts": [{"heldBy": "Bo Lind"}]}, "evidence": {}}
    (tmp_path / "evals/posts/gold/a.json").write_text(json.dumps(file))
    task = find_task("posts", tmp_path)
    (item,) = read_gold_set(task, tmp_path / "evals/posts").items
    assert "«Bo Lind»" in learnt(make_lesson(task, item))


@given(st.sets(st.text(), min_size=3, max_size=60), st.randoms())
def test_the_stories_that_judge_do_not_depend_on_order(stories: set[str], chance: random.Random) -> None:
    listed = sorted(stories)
    held = held_out_stories(listed)
    chance.shuffle(listed)
    assert held_out_stories(listed * 2) == held
    assert held < stories
    assert len(held) == max(2, len(stories) // 4)


def test_too_little_gold_says_what_to_give(task: Task, gold: Path) -> None:
    for number in (2, 3):
        (gold / "gold" / f"deal-00{number}.json").unlink()
    with pytest.raises(EvaluationError, match="--train FOLDER or --data"):
        gather(task, gold)


def test_lines_as_extract_writes_them_teach_what_gold_teaches(task: Task, gold: Path, tmp_path: Path) -> None:
    numbers = (20, 22, 23)
    lines = []
    for number in numbers:
        result = extract(text(number), task=task, model=FakeModel(said(number)))
        assert not result.issues
        lines.append(result.model_dump_json() + "\n")
    (tmp_path / "extracted.jsonl").write_text("".join(lines))
    write_articles(tmp_path / "same", range(20, 24))
    of_lines = gather(task, gold, data=[tmp_path / "extracted.jsonl"])
    of_gold = gather(task, gold, [tmp_path / "same"])
    assert [learnt(lesson) for lesson in of_lines.lessons] == [
        learnt(lesson) for lesson in of_gold.lessons if int(lesson.name) in numbers
    ]


def test_records_with_something_unverified_are_left_out(task: Task, gold: Path, tmp_path: Path) -> None:
    issue = {"path": "deals[0].value", "reason": "not_found", "message": "…"}
    harmless = {**issue, "reason": "derived"}
    (tmp_path / "more.jsonl").write_text(line(20, issues=[issue]) + line(21, issues=[harmless]) + line(22))
    found = gather(task, gold, data=[tmp_path / "more.jsonl"])
    assert [lesson.name for lesson in found.lessons] == ["more.jsonl:2", "more.jsonl:3"]
    assert any("1 records left out" in note for note in found.notes)


def test_what_the_page_says_better_leaves_a_record_sound() -> None:
    task = find_task("it_contracts")
    page = Issue(path="article.author", reason="contradicted", message="")
    value = Issue(path="contracts[0].value", reason="contradicted", message="")
    assert verified(task, [page])
    assert not verified(task, [page, value])
    assert verified(task, [])


def test_an_end_that_follows_from_start_and_term_is_taught_as_not_stated(tmp_path: Path) -> None:
    words = (
        "Orla Bank has signed a contract with Venn Systems.\n\nThe five-year contract starts on 1 October 2023. "
        "It was won in a close race.\n"
    )
    contract = {
        "stage": {"value": "award", "quote": "has signed a contract"},
        "buyers": ["Orla Bank"],
        "suppliers": ["Venn Systems"],
        "start": "1 October 2023",
        "duration_months": "five-year",
    }
    result = extract(words, task="it_contracts", model=FakeModel(answer(contract)))
    assert result.record.contracts[0].end == "2028-09-30"
    (tmp_path / "one.jsonl").write_text(result.model_dump_json() + "\n")
    found = gather(find_task("it_contracts"), data=[tmp_path / "one.jsonl"])
    lesson = next(lesson for lesson in found.lessons if lesson.name == "one.jsonl:1")
    stated = {line.path: said for line, said in lesson.lines[: len(lesson.lines) - 1] if line.path in ("start", "end")}
    assert stated == {"start": "1 October 2023", "end": None}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "line 1: no JSON"),
        ('{"text": "a", "record": {}, "issues": 5}', "line 1: Input should be a valid list"),
        ("[]\n", "line 1: needs `record`"),
        ('{"record": {}}\n', "line 1: needs `record`"),
        (line(20, record={"deals": [{"stage": "sold"}]}), "line 1: deals.0"),
        (line(20, record={"deals": 3}), "line 1: deals"),
        (line(20) + "\n" + line(21, evidence={"deals[0].value": "£9m"}), r"line 3: deals\[0\].value: its words"),
        (line(20, evidence=[]), r"line 1: deals\[0\].* has no words in `evidence`"),
        (line(20, evidence=["x"]), "evidence: an object"),
        (line(20, text=" "), "line 1"),
    ],
)
def test_a_line_that_does_not_hold_is_named(
    task: Task, gold: Path, tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / "more.jsonl").write_text(content)
    with pytest.raises(EvaluationError, match=rf"more\.jsonl, {complaint}" if "line" in complaint else complaint):
        gather(task, gold, data=[tmp_path / "more.jsonl"])


def test_the_digest_changes_with_any_record(task: Task, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "more.jsonl").write_text(line(20))
    one = gather(task, gold, data=[tmp_path / "more.jsonl"]).digest
    assert gather(task, gold, data=[tmp_path / "more.jsonl"]).digest == one
    (tmp_path / "more.jsonl").write_text(line(20, record={"deals": []}, evidence={}))
    assert gather(task, gold, data=[tmp_path / "more.jsonl"]).digest != one


def test_a_file_that_is_not_there_is_named(task: Task, gold: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"absent\.jsonl"):
        gather(task, gold, data=[tmp_path / "absent.jsonl"])
