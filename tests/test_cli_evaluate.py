"""`llm-extract eval` as a user types it, with a real server to answer.

In this process, because importing everything anew takes longer than what is tested; one test that kills a run needs a
process of its own.
"""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from llm_extract.testing import ScriptedServer
from llm_extract.testing.server import error
from tests.command_line import Run, environment
from tests.evaluation.deals import answering, record, said, write_task

ROOT = Path(__file__).parents[1]
BASELINE_GATE = 'split = "test"\n[at_least]\nf1 = 0.5\n[baseline]\nmargin = 0.02\n'


@pytest.fixture
def run(command_line: Run) -> Run:
    return partial(command_line, "eval")


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "runs").iterdir())


def test_a_run_is_scored_printed_and_kept(run: Run, tmp_path: Path) -> None:
    done = run("deals", "--split", "dev", "--junit", "junit.xml", "--markdown", "summary.md")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "item F1" in done.stdout
    assert "nothing failed (gates.toml does not judge this split)" in done.stdout
    (folder,) = runs(tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        "meta.json", "predictions.jsonl", "items.jsonl", "summary.json", "summary.md", "junit.xml", "report.html",
    }  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["headline"]["f1"]["value"] == 1.0
    assert summary["headline"]["grounded_f1"]["value"] == 1.0
    assert summary["articles"] == 4
    assert summary["without_entries"] == 1
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]
    assert len(items) == 12
    assert {item["verdict"] for item in items} == {"COR"}
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().find("testsuite").get("tests") == "4"  # type: ignore[union-attr]
    assert "nothing failed" in (tmp_path / "summary.md").read_text()
    assert "very-secret" not in "".join(path.read_text() for path in folder.iterdir())


def test_the_workflow_s_lines_work(run: Run, tmp_path: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/eval.yml").read_text("utf-8"))
    lines = [step["run"] for step in workflow["jobs"]["eval"]["steps"] if "run" in step]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("llm-extract eval")]
    assert len(commands) == 2
    for command in commands:
        stand_in = {"it_contracts": "deals", "embedded": "openai/gpt-test", "$GITHUB_STEP_SUMMARY": "summary.md"}
        assert run(*[stand_in.get(word, word) for word in command[1:]]).returncode == 0
    assert (tmp_path / "junit.xml").is_file()
    assert (tmp_path / "summary.md").is_file()


def test_without_a_split_the_gate_s_is_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text('split = "test"\n[at_least]\nf1 = 0.9\n')
    assert run("deals").returncode == 0
    assert json.loads((runs(tmp_path)[0] / "summary.json").read_text())["split"] == "test"


def test_a_planted_regression_fails_the_gate(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text(BASELINE_GATE)
    first = run("deals")
    assert first.returncode == 1
    assert "accept a run with `llm-extract eval baseline RUN`" in first.stdout
    assert run("baseline", str(runs(tmp_path)[0])).returncode == 0
    assert run("deals", "--no-cache").returncode == 0

    scripted_server.respond = answering(lambda number: said(number, suppliers=[]) if number % 2 else said(number))
    worse = run("deals", "--no-cache", "--junit", "junit.xml")
    assert worse.returncode == 1, worse.stdout
    assert "FAIL  F1 against the baseline" in worse.stdout
    failures = ElementTree.parse(tmp_path / "junit.xml").getroot().findall(".//failure")
    assert len(failures) == 1


def test_a_baseline_of_a_part_of_the_split_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text(BASELINE_GATE)
    assert run("deals").returncode == 1
    run("baseline", str(runs(tmp_path)[0]))
    stored = tmp_path / "evals/deals/baseline/predictions.jsonl"
    stored.write_text(stored.read_text().splitlines()[0] + "\n")
    done = run("deals")
    assert done.returncode == 1
    assert "FAIL  the baseline has every article: 1 of 4: accept a run of today's gold" in done.stdout


def test_a_run_of_another_split_is_no_baseline(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text(BASELINE_GATE)
    run("deals", "--split", "dev")
    done = run("baseline", str(runs(tmp_path)[0]))
    assert done.returncode == 2
    assert "is of the split dev; the gate judges test" in done.stderr


def test_a_run_of_which_articles_failed_is_no_baseline(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.respond = answering(lambda number: error(400) if number == 4 else said(number))
    assert run("deals", "--split", "test").returncode == 1
    done = run("baseline", str(runs(tmp_path)[0]))
    assert done.returncode == 2
    assert "1 articles of" in done.stderr
    assert not (tmp_path / "evals/deals/baseline").exists()


def test_a_rule_about_no_figure_is_told_before_anything_is_asked(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text('split = "dev"\n[at_least]\n"price.f1" = 0.9\n')
    done = run("deals")
    assert done.returncode == 2
    assert "there is no figure 'price.f1'; there is buyers.f1" in done.stderr
    assert scripted_server.requests == []


def test_score_holds_against_the_gate_s_split_or_says_that_there_is_none(run: Run, tmp_path: Path) -> None:
    lines = [{"article": f"deal-{number:03}", "record": {"deals": []}} for number in range(8)]
    (tmp_path / "empty.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    none = run("score", "empty.jsonl", "--gold", "evals/deals", "--gate")
    assert none.returncode == 2
    assert "does not judge the split all" in none.stderr
    (tmp_path / "evals/deals/gates.toml").write_text('split = "test"\n[at_least]\nf1 = 0.5\n')
    done = run("score", "empty.jsonl", "--gold", "evals/deals", "--gate")
    assert done.returncode == 1
    assert "FAIL  f1 at least 0.500: 0.0000" in done.stdout


def test_a_floor_that_is_not_reached_fails_the_gate(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text('split = "dev"\n[at_least]\n"value.f1" = 0.9\n')
    scripted_server.respond = answering(lambda number: said(number, value=None))
    done = run("deals")
    assert done.returncode == 1
    assert "FAIL  value.f1 at least 0.900: 0.0000" in done.stdout
    assert "ok    verbatim quotes" in done.stdout


def test_an_article_that_fails_stays_in_the_denominator(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.respond = answering(lambda number: error(400) if number == 0 else said(number))
    done = run("deals", "--split", "dev")
    assert done.returncode == 1, done.stderr
    assert "failed   deal-000: RequestRejected" in done.stdout
    summary = json.loads((runs(tmp_path)[0] / "summary.json").read_text())
    assert summary["headline"]["recall"]["value"] == pytest.approx(8 / 12)
    assert summary["errors"][0]["article"] == "deal-000"


def test_a_key_that_is_refused_stops_the_run_and_it_can_go_on(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    scripted_server.respond = answering(lambda number: error(401))
    done = run("deals", "--split", "dev")
    assert done.returncode == 2
    assert "the same command goes on" in done.stderr
    assert "Traceback" not in done.stderr
    scripted_server.respond = answering(said)
    assert run("deals", "--split", "dev").returncode == 0
    assert len(runs(tmp_path)) == 1


def test_a_run_that_is_killed_goes_on_where_it_stopped(
    run: Run, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    def slow_after_two(number: int) -> object:
        if len(scripted_server.requests) > 2:
            time.sleep(0.5)
        return said(number)

    scripted_server.respond = answering(slow_after_two)  # type: ignore[arg-type]
    process = subprocess.Popen(
        [sys.executable, "-m", "llm_extract", "eval", "deals", "--split", "all"],
        cwd=tmp_path,
        env={**environment(scripted_server, tmp_path), "LLM_EXTRACT_CONCURRENCY_MAXIMUM": "4",
             "LLM_EXTRACT_CONCURRENCY_START": "4", "LLM_EXTRACT_CACHE": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(path.read_bytes().count(b"\n") for path in tmp_path.glob("runs/*/predictions.jsonl")):
        assert time.monotonic() < deadline, "the run never wrote a line"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (folder,) = runs(tmp_path)
    assert not (folder / "summary.json").exists()
    kept = (folder / "predictions.jsonl").read_bytes()
    with (folder / "predictions.jsonl").open("ab") as file:
        file.write(b'{"article": "deal-0')  # what a kill leaves of a line
    scripted_server.respond = answering(said)
    done = run("deals", "--split", "all")
    assert "going on with" in done.stderr
    assert done.returncode == 0
    assert runs(tmp_path) == [folder]
    lines = (folder / "predictions.jsonl").read_bytes()
    assert lines.startswith(kept)
    assert sorted(json.loads(line)["article"] for line in lines.splitlines()) == [f"deal-{n:03}" for n in range(8)]


def test_repeats_are_asked_anew(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    assert run("deals", "--split", "dev", "--repeat", "3").returncode == 0
    assert len(scripted_server.requests) == 12
    summary = json.loads((runs(tmp_path)[0] / "summary.json").read_text())
    assert summary["repeat_f1"] == [1.0, 1.0, 1.0]
    assert summary["fields"][0]["correct"] == 3


def test_records_made_elsewhere_are_scored(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    lines = [{"article": f"articles/deal-{number:03}.txt", "record": record(number)} for number in range(8)]
    (tmp_path / "theirs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = run("score", "theirs.jsonl", "--gold", "evals/deals")
    assert done.returncode == 0, done.stderr
    assert "grounded" not in done.stdout  # they bring no evidence
    assert scripted_server.requests == []

    (tmp_path / "fewer.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines[1:]))
    done = run("score", "fewer.jsonl", "--gold", "evals/deals/gold", "--out", "scored")
    assert done.returncode == 3
    assert "missing  deal-000" in done.stdout
    summary = json.loads((tmp_path / "scored/summary.json").read_text())
    assert summary["headline"]["recall"]["value"] == pytest.approx(20 / 24)


def test_the_lines_of_extract_are_scored(run: Run, command_line: Run, tmp_path: Path) -> None:
    texts = sorted(str(path) for path in (tmp_path / "evals/deals/articles").iterdir())
    extracted = command_line("extract", "--task", "deals", "--format", "json", *texts)
    (tmp_path / "extracted.jsonl").write_text(extracted.stdout)
    done = run("score", "extracted.jsonl", "--gold", "evals/deals")
    assert done.returncode == 0, done.stderr
    assert "grounded F1" in done.stdout


def test_two_runs_are_compared(run: Run, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    assert run("deals", "--split", "all", "--out", "a").returncode == 0
    scripted_server.respond = answering(lambda number: said(number, value=None))
    assert run("deals", "--split", "all", "--no-cache", "--out", "b").returncode == 0
    (a,), (b,) = (tmp_path / "a").iterdir(), (tmp_path / "b").iterdir()
    done = run("compare", str(a), str(b))
    assert done.returncode == 0, done.stderr
    assert "6 of them differ" in done.stdout
    assert "value: " in done.stdout
    found = json.loads(run("compare", str(a), str(b), "--json").stdout)
    assert found["fields"]["value"]["delta"] == -1.0
    assert found["fields"]["value"]["p_corrected"] > found["fields"]["value"]["p"]
    assert found["fields"]["buyers"]["p"] == 1.0


def test_two_annotators_are_compared(run: Run, tmp_path: Path) -> None:
    write_task(tmp_path / "second")
    path = tmp_path / "second/evals/deals/gold/deal-000.json"
    gold = json.loads(path.read_text())
    gold["record"]["deals"][0]["stage"] = "ended"
    path.write_text(json.dumps(gold))
    done = run("agree", "evals/deals", "second/evals/deals", "--list")
    assert done.returncode == 0, done.stderr
    assert "item F1 0.958" in done.stdout
    assert "deal-000: deals[0].stage: award | ended" in done.stdout


def test_audit_s_exit_code_tells(run: Run, tmp_path: Path) -> None:
    assert run("audit", "deals").returncode == 0
    path = tmp_path / "evals/deals/gold/deal-000.json"
    path.write_text(path.read_text().replace("signed", "sealed"))
    done = run("audit", "deals")
    assert done.returncode == 1
    assert "deal-000: deals[0].stage: its words do not stand in the article: 'sealed'" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nothing"], "no task 'nothing'"),
        (["audit", "nothing"], "no task 'nothing'"),
        (["audit", "nowhere", "--task", "deals"], "nowhere: no such folder"),
        (["deals", "--junit", "nowhere/junit.xml"], "nowhere/junit.xml: not a file in a folder that is there"),
        (["deals", "--out", "broken.jsonl"], "broken.jsonl"),
        (["deals", "--split", "nowhere"], "no gold in the split 'nowhere'; there is dev, test"),
        (["score", "absent.jsonl", "--gold", "evals/deals"], "absent.jsonl"),
        (["score", "broken.jsonl", "--gold", "evals/deals"], "broken.jsonl, line 2: no JSON"),
        (["score", "stranger.jsonl", "--gold", "evals/deals"], "no gold for the article 'elsewhere'"),
        (["compare", "evals", "evals", "--gold", "evals/deals"], "predictions.jsonl"),
        (["baseline", "evals"], "evals is no run"),
        (["score", "broken.jsonl", "--gold", "absent"], "absent: no such folder"),
        (["agree", "evals/deals", "empty", "--task", "deals"], "empty: no gold here"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(run: Run, tmp_path: Path, words: list[str], complaint: str) -> None:
    (tmp_path / "broken.jsonl").write_text(json.dumps({"article": "deal-000", "record": record(0)}) + "\nno json\n")
    (tmp_path / "stranger.jsonl").write_text(json.dumps({"article": "elsewhere", "record": {}}) + "\n")
    (tmp_path / "empty").mkdir()
    done = run(*words)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert complaint in line


def test_a_gate_that_names_no_figure_is_refused_with_the_names(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evals/deals/gates.toml").write_text('split = "dev"\n[at_least]\nf2 = 0.9\n')
    done = run("deals")
    assert done.returncode == 2
    assert "no figure 'f2'" in done.stderr
    assert "buyers.f1" in done.stderr
