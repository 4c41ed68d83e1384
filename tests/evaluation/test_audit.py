"""The audit finds what was planted, and nothing in gold that holds."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.audit import Audit, audit
from llm_extract.evaluation.gold import fixed, read_gold, written
from llm_extract.evaluation.items import make_plan
from llm_extract.task import find_task
from tests.evaluation.generated import Data, write_gold
from tests.support import ARTICLE, room

TASK = find_task("it_contracts")

RECORD: Data = {
    "article": {
        "headline": "Ellerby County Council signs £18.4m network deal with Tallis Communications",
        "author": "Owen Garrick",
        "published": "2023-09-14",
    },
    "contracts": [
        {
            "main": True,
            "stage": "award",
            "buyers": ["Ellerby County Council"],
            "suppliers": ["Tallis Communications"],
            "incumbents": ["Brandt Telecom"],
            "value": {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"},
            "duration_months": 60,
            "extension_months": 24,
            "signed": "2023-09-01",
            "start": "2023-10-01",
            "end": "2028-09-30",
            "services": ["network_and_telecoms"],
            "users": 6200,
        }
    ],
}
EVIDENCE: Data = {
    "article.published": "14 September 2023",
    "contracts[0].stage": "signed a contract",
    "contracts[0].value": "worth up to £18.4m",
    "contracts[0].duration_months": "five-year agreement",
    "contracts[0].extension_months": "the option of two further one-year extensions",
    "contracts[0].signed": ["1 September", "14 September 2023"],
    "contracts[0].start": "1 October 2023",
    "contracts[0].end": ["1 October 2023", "five-year agreement"],
    "contracts[0].services[0]": "network deal",
    "contracts[0].users": "About 6,200 staff",
}
"""By hand: quotes alone, and none for names."""

HARBOUR = """\
Port of Skarne keeps its desk with Nordlys

The port of Skarne will go on with Nordlys Drift for its service desk. The four-year contract starts on 17 May and
ends on 16 May 2027, the harbour master said.
"""
HARBOUR_RECORD: Data = {
    "article": {},
    "contracts": [
        {
            "main": True,
            "stage": "extension",
            "buyers": ["port of Skarne"],
            "suppliers": ["Nordlys Drift"],
            "duration_months": 48,
            "start": "2023-05-17",
            "end": "2027-05-16",
            "services": ["service_desk"],
        }
    ],
}
HARBOUR_EVIDENCE: Data = {
    "contracts[0].stage": "will go on with Nordlys Drift",
    "contracts[0].duration_months": "four-year contract",
    "contracts[0].start": ["starts on 17 May", "four-year contract", "ends on 16 May 2027"],
    "contracts[0].end": "ends on 16 May 2027",
    "contracts[0].services[0]": "service desk",
}


def plant(
    directory: Path, name: str = "ellerby", text: str = ARTICLE, record: Data = RECORD, **more: Any
) -> Path:  # fmt: skip
    """A gold file with the places of all its quotes."""
    evidence = more.pop("evidence", EVIDENCE)
    path = write_gold(directory, name, text, record, evidence, **{"split": "dev", **more})
    path.write_text(written(fixed(read_gold(path, TASK.schema), make_plan(TASK.schema))), "utf-8")
    return path


def harbour(directory: Path, name: str = "harbour", **more: Any) -> Path:
    return plant(directory, name, **{"text": HARBOUR, "record": HARBOUR_RECORD, "evidence": HARBOUR_EVIDENCE, **more})


def edit(path: Path, **changes: Any) -> None:
    """Change a file as its annotator might, by hand."""
    content = json.loads(path.read_text("utf-8"))
    for key, change in changes.items():
        content[key] = {**content[key], **change} if isinstance(change, dict) else change
        if isinstance(change, dict):
            content[key] = {name: value for name, value in content[key].items() if value is not None}
    path.write_text(json.dumps(content), "utf-8")


def said(result: Audit) -> list[tuple[str, str, str, str]]:
    return [(finding.level, finding.name, finding.path, finding.message) for finding in result.findings]


def only(directory: Path) -> tuple[str, str, str, str]:
    """The one finding there is."""
    (finding,) = said(audit(TASK, directory))
    return finding


def test_gold_that_holds_has_no_finding(tmp_path: Path) -> None:
    plant(tmp_path)
    harbour(tmp_path, split="test")
    result = audit(TASK, tmp_path)
    assert said(result) == []
    assert result.errors == 0
    assert (result.articles, result.entries, result.values) == (2, 2, 15 + 7)
    assert result.splits == {"dev": 1, "test": 1}
    assert result.fixed == ()


def test_a_folder_without_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no gold here"):
        audit(TASK, tmp_path)


# -- schema ------------------------------------------------------------------------------------------------


def test_a_record_that_breaks_the_schema_is_an_error_and_the_others_are_looked_at(tmp_path: Path) -> None:
    harbour(tmp_path)
    path = plant(tmp_path)
    broken = copy.deepcopy(RECORD)
    broken["contracts"][0]["stage"] = "won"
    edit(path, record=broken)
    result = audit(TASK, tmp_path)
    assert result.articles == 1
    (finding,) = result.findings
    assert (finding.level, finding.name, finding.path) == ("error", "ellerby", "")
    assert finding.message.startswith("its record does not fit the schema: contracts.0.stage: ")
    assert str(tmp_path) not in finding.message


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = plant(tmp_path)
    path.write_text("{", "utf-8")
    level, name, place, message = only(tmp_path)
    assert (level, name, place) == ("error", "ellerby", "")
    assert "JSON" in message


# -- evidence ----------------------------------------------------------------------------------------------


def test_words_that_do_not_stand_in_the_article_are_an_error(tmp_path: Path) -> None:
    edit(plant(tmp_path), evidence={"contracts[0].value": {"quote": "up to £19.4m", "start": 3, "end": 15}})
    assert only(tmp_path) == (
        "error", "ellerby", "contracts[0].value", "its words do not stand in the article: 'up to £19.4m'",
    )  # fmt: skip


def test_a_second_place_that_does_not_stand_in_the_article_is_an_error(tmp_path: Path) -> None:
    edit(plant(tmp_path), evidence={"contracts[0].signed": ["1 September", "no such date"]})
    level, _, path, message = only(tmp_path)
    assert (level, path) == ("error", "contracts[0].signed")
    assert message == "its words do not stand in the article: '1 September' + 'no such date'"


def test_empty_words_are_an_error(tmp_path: Path) -> None:
    edit(plant(tmp_path), evidence={"contracts[0].value": {"quote": "", "start": 7, "end": 7}})
    level, _, path, message = only(tmp_path)
    assert (level, path) == ("error", "contracts[0].value")
    assert "do not stand in the article" in message


def test_a_value_without_evidence_is_an_error(tmp_path: Path) -> None:
    edit(plant(tmp_path), evidence={"contracts[0].users": None})
    assert only(tmp_path) == ("error", "ellerby", "contracts[0].users", "6200 has no evidence")


def test_main_needs_no_words(tmp_path: Path) -> None:
    content = json.loads(plant(tmp_path).read_text("utf-8"))
    assert "contracts[0].main" not in content["evidence"]
    assert audit(TASK, tmp_path).findings == ()


def test_evidence_without_a_value_is_an_error(tmp_path: Path) -> None:
    path = plant(tmp_path)
    edit(path, evidence={"contracts[0].framework": "Tallis", "contracts[1].stage": "signed a contract"})
    message = "evidence for a value that the record does not have"
    assert said(audit(TASK, tmp_path)) == [
        ("error", "ellerby", "contracts[0].framework", message),
        ("error", "ellerby", "contracts[1].stage", message),
    ]


def test_wrong_or_missing_places_are_errors_that_fixing_mends(tmp_path: Path) -> None:
    path = plant(tmp_path)
    right = path.read_text("utf-8")
    wrong = {"quote": "worth up to £18.4m", "start": 0, "end": 18}
    edit(path, evidence={"contracts[0].value": wrong, "contracts[0].stage": "signed a contract"})
    message = "the places of its words are missing or wrong: run with --fix"
    assert said(audit(TASK, tmp_path)) == [
        ("error", "ellerby", "contracts[0].stage", message),
        ("error", "ellerby", "contracts[0].value", message),
    ]
    mended = audit(TASK, tmp_path, fix=True)
    assert (said(mended), mended.fixed) == ([], (path,))
    assert path.read_text("utf-8") == right
    assert audit(TASK, tmp_path, fix=True).fixed == ()


def test_fixing_says_what_it_could_not_mend(tmp_path: Path) -> None:
    path = plant(tmp_path)
    edit(path, evidence={"contracts[0].value": "up to £19.4m", "contracts[0].stage": "signed a contract"})
    assert [finding.path for finding in audit(TASK, tmp_path, fix=True).findings] == ["contracts[0].value"]
    assert json.loads(path.read_text("utf-8"))["evidence"]["contracts[0].value"] == "up to £19.4m"


def test_a_file_that_cannot_be_written_is_an_error_and_stays_as_it_was(tmp_path: Path) -> None:
    path = plant(tmp_path)
    edit(path, evidence={"contracts[0].stage": "signed a contract"})
    before = path.read_bytes()
    with room(100):
        (finding,) = audit(TASK, tmp_path, fix=True).findings
    assert (finding.level, finding.name) == ("error", "ellerby")
    assert finding.message == "cannot be written: File too large"
    assert path.read_bytes() == before
    assert sorted(place.name for place in path.parent.iterdir()) == ["ellerby.json"]


def test_words_in_page_furniture_are_noted(tmp_path: Path) -> None:
    plant(tmp_path, text=ARTICLE + "\nWe use cookies to improve Brandt Telecom News. Accept all cookies\n")
    assert audit(TASK, tmp_path).findings == ()
    text = ARTICLE.replace("Tallis takes over from Brandt Telecom. ", "")
    plant(tmp_path, text=text + "\nWe use cookies to improve Brandt Telecom News. Accept all cookies\n")
    assert only(tmp_path) == (
        "note", "ellerby", "contracts[0].incumbents[0]", "its words stand in what is taken for page furniture",
    )  # fmt: skip


# -- support -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "quote"),
    [
        ("value", {"amount": 18_400_000, "currency": "GBP", "qualifier": "exact"}, "worth up to £18.4m"),
        ("value", {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"}, "cost £21m"),
        ("users", 6300, "About 6,200 staff"),
        ("signed", "2022-09-01", "1 September"),
        ("end", "2029-09-30", "1 October 2023"),
        ("duration_months", 48, "five-year agreement"),
        ("programme", "Tallis", "Brandt Telecom"),
        ("stage", "tender", "signed a contract"),
    ],
)
def test_a_value_that_the_reader_does_not_find_in_the_words_is_noted(
    tmp_path: Path, key: str, value: Any, quote: str
) -> None:
    record = copy.deepcopy(RECORD)
    record["contracts"][0][key] = value
    plant(tmp_path, record=record, evidence={**EVIDENCE, f"contracts[0].{key}": quote})
    level, _, path, message = only(tmp_path)
    assert (level, path) == ("note", f"contracts[0].{key}")
    assert message.endswith(f"is not what our reader finds in {quote!r}")


def test_a_start_that_the_article_does_not_state_is_noted(tmp_path: Path) -> None:
    evidence = {**HARBOUR_EVIDENCE, "contracts[0].start": ["four-year contract", "ends on 16 May 2027"]}
    harbour(tmp_path, evidence=evidence)
    level, _, path, _ = only(tmp_path)
    assert (level, path) == ("note", "contracts[0].start")


def test_dates_that_the_rules_put_together_are_not_noted(tmp_path: Path) -> None:
    # Here each by itself: a derived end, a year from the day of publication, and one from end and term.
    alone = {key: RECORD["contracts"][0][key] for key in ("main", "stage", "buyers", "suppliers")}
    for key, value, quotes in (
        ("end", "2028-09-30", ["1 October 2023", "five-year agreement"]),
        ("signed", "2023-09-01", "1 September"),
    ):
        record = {"article": {"published": "2023-09-14"}, "contracts": [{**alone, key: value}]}
        keep = ("article.published", "contracts[0].stage")
        plant(
            tmp_path,
            record=record,
            evidence={**{path: EVIDENCE[path] for path in keep}, f"contracts[0].{key}": quotes},
        )
        assert audit(TASK, tmp_path).findings == ()
    harbour(tmp_path)
    assert audit(TASK, tmp_path).findings == ()


def test_a_relative_date_needs_the_day_of_publication(tmp_path: Path) -> None:
    record = {**RECORD, "article": {}}
    plant(
        tmp_path, record=record, evidence={**EVIDENCE, "contracts[0].signed": "1 September"} | {"article.published": []}
    )
    notes = [finding for finding in audit(TASK, tmp_path).findings if finding.level == "note"]
    assert [finding.path for finding in notes] == ["contracts[0].signed"]


# -- the set as a whole ------------------------------------------------------------------------------------


def test_a_story_in_two_splits_is_an_error_of_each_of_its_articles(tmp_path: Path) -> None:
    plant(tmp_path, story="networks")
    harbour(tmp_path, story="networks", split="test")
    message = "its story 'networks' is in several splits: dev, test"
    assert said(audit(TASK, tmp_path)) == [
        ("error", "ellerby", "split", message),
        ("error", "harbour", "split", message),
    ]


def test_a_story_may_be_called_after_its_first_article(tmp_path: Path) -> None:
    plant(tmp_path)
    harbour(tmp_path, story="ellerby", split="test")
    assert [finding.name for finding in audit(TASK, tmp_path).findings] == ["ellerby", "harbour"]
    harbour(tmp_path, story="ellerby", split="dev")
    assert audit(TASK, tmp_path).findings == ()


def test_an_article_in_no_split_is_an_error_if_others_are_in_one(tmp_path: Path) -> None:
    plant(tmp_path)
    harbour(tmp_path, split=None)
    assert only(tmp_path) == ("error", "harbour", "split", "is in no split, others are")
    plant(tmp_path, split=None)
    result = audit(TASK, tmp_path)
    assert (said(result), result.splits) == ([], {"none": 2})


def test_an_article_in_an_unknown_split_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, split="tset")
    assert only(tmp_path) == ("error", "ellerby", "split", "'tset' is none of dev, test")


def test_a_near_copy_is_an_error(tmp_path: Path) -> None:
    plant(tmp_path, "a")
    evidence = {**EVIDENCE, "article.published": "15 September 2023"}
    evidence["contracts[0].signed"] = ["1 September", "15 September 2023"]
    record = {**RECORD, "article": {**RECORD["article"], "published": "2023-09-15"}}
    text = "Our region\n\n" + ARTICLE.replace("14 September", "15 September") + "\nMore follows.\n"
    plant(tmp_path, "b", text=text, record=record, evidence=evidence)
    (finding,) = audit(TASK, tmp_path).findings
    assert (finding.level, finding.name, finding.path) == ("error", "b", "")
    assert finding.message.endswith("% of its words in a row are those of a")


def test_two_accounts_of_one_story_are_no_copies(tmp_path: Path) -> None:
    plant(tmp_path)
    other = "Tallis Communications is to run the network of Ellerby County Council, which paid £18.4m for it."
    record: Data = {"article": {}, "contracts": []}
    plant(tmp_path, "other", text=other, record=record, evidence={}, story="ellerby")
    assert audit(TASK, tmp_path).findings == ()


def test_an_article_that_the_prompt_shows_solved_is_an_error(tmp_path: Path) -> None:
    for number, example in enumerate(TASK.prompt.file.front.examples, 1):
        text = example.article + "\n\nThis is one sentence more.\n"
        plant(tmp_path, text=text, record={"article": {}, "contracts": []}, evidence={})
        assert only(tmp_path) == ("error", "ellerby", "", f"the prompt shows this article as its example {number}")


def test_several_gold_files_for_an_article_are_errors(tmp_path: Path) -> None:
    plant(tmp_path)
    again = plant(tmp_path, "again")
    edit(again, article="./articles/ellerby.txt")
    (tmp_path / "articles" / "again.txt").unlink()
    found = [finding for finding in said(audit(TASK, tmp_path)) if finding[2] == "article"]
    assert found == [
        ("error", "again", "article", "./articles/ellerby.txt has several gold files"),
        ("error", "ellerby", "article", "articles/ellerby.txt has several gold files"),
    ]


def test_an_article_without_gold_is_noted(tmp_path: Path) -> None:
    plant(tmp_path)
    (tmp_path / "articles" / "more").mkdir()
    (tmp_path / "articles" / "more" / "spare.txt").write_text("Spare words.", "utf-8")
    (tmp_path / "articles" / ".hidden").write_text("", "utf-8")
    assert only(tmp_path) == ("note", "spare", "", "articles/more/spare.txt has no gold file")
    assert audit(TASK, tmp_path).errors == 0


# -- the command -------------------------------------------------------------------------------------------


def command(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "llm_extract", "eval", "audit", *words],
        capture_output=True,
        text=True,
        cwd=directory,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_the_command_mends_what_it_can_and_fails_on_errors(tmp_path: Path) -> None:
    place = tmp_path / "evals" / "it_contracts"
    path = plant(place)
    edit(path, evidence={"contracts[0].stage": "signed a contract"})
    failed = command(tmp_path)
    assert failed.returncode == 1, failed.stderr
    assert "error  ellerby: contracts[0].stage: the places of its words" in failed.stdout
    mended = command(tmp_path, str(place), "--fix")
    assert mended.returncode == 0, mended.stderr
    assert f"fixed  {place / 'gold' / 'ellerby.json'}" in mended.stdout
    assert mended.stdout.splitlines()[-1] == "1 articles (1 dev), 1 entries, 15 values: 0 errors, 0 notes"
