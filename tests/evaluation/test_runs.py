"""Run folders: found again, recovered, held by one process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from llm_extract.errors import EndpointUnavailable, EvaluationError, LiveCallForbidden, QuotaExhausted, Refused
from llm_extract.evaluation.gold import GoldSet
from llm_extract.evaluation.predictions import read_predictions
from llm_extract.evaluation.runs import Meta, describe, open_run, predict, read_meta
from llm_extract.extraction import Extractor
from llm_extract.model.types import Capabilities, Request
from llm_extract.settings import load_settings
from llm_extract.testing import FakeModel
from tests.evaluation.deals import gold_set, said


@pytest.fixture
def gold(tmp_path: Path) -> GoldSet:
    return gold_set(tmp_path)


def extractor(gold: GoldSet, answer: Any = None, **options: Any) -> Extractor[Any]:
    return Extractor(gold.task, model=FakeModel(answer or (lambda request: said(number(request))), **options))


def number(request: Request) -> int:
    text = str(request.messages[-1])
    return next(n for n in range(8) if f"number {n} is" in text or f"report {n}." in text)


def meta(gold: GoldSet, **changes: Any) -> Meta:
    return describe(gold, extractor(gold), split=None, repeats=1).model_copy(update=changes)


async def test_every_article_is_asked_once_and_kept(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path / "runs") as run:
        await predict(run, gold, extractor(gold))
        assert len(run.done) == 8
        assert len((run.directory / "predictions.jsonl").read_bytes().splitlines()) == 8


async def test_an_unfinished_run_is_found_again_and_a_finished_one_is_not(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path) as first:
        await predict(first, gold.split("dev"), extractor(gold))
    model = extractor(gold)
    with open_run(meta(gold), tmp_path) as again:
        assert again.directory == first.directory
        assert len(again.done) == 4
        await predict(again, gold, model)
    assert len(model.model.requests) == 4  # type: ignore[attr-defined]
    (first.directory / "summary.json").write_text("{}")
    with open_run(meta(gold), tmp_path) as new:
        assert new.directory != first.directory
        assert new.done == {}


def test_fresh_begins_anew(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path) as first:
        pass
    with open_run(meta(gold), tmp_path, fresh=True) as other:
        assert other.directory != first.directory


def test_what_decides_predictions_is_in_the_fingerprint(gold: GoldSet) -> None:
    usual = meta(gold).fingerprint
    assert meta(gold).fingerprint == usual
    assert describe(gold, extractor(gold), split=None, repeats=2).fingerprint != usual
    assert describe(gold.split("dev"), extractor(gold), split="dev", repeats=1).fingerprint != usual
    article = gold.items[0].path.parent.parent / gold.items[0].file.article
    article.write_text(article.read_text() + "\nMore.\n")
    changed = gold_set(gold.directory.parent.parent)
    assert describe(changed, extractor(changed), split=None, repeats=1).fingerprint != usual


async def test_a_corrected_label_costs_no_article(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path / "runs") as first:
        await predict(first, gold.split("dev"), extractor(gold))
    path = gold.items[0].path
    path.write_text(path.read_text().replace('"award"', '"ended"'))
    relabelled = gold_set(gold.directory.parent.parent)
    assert relabelled.digest != gold.digest
    with open_run(meta(relabelled), tmp_path / "runs") as again:
        assert (again.directory, len(again.done)) == (first.directory, 4)
    assert read_meta(first.directory).gold == relabelled.digest


def test_a_server_at_another_port_is_another_run(gold: GoldSet) -> None:
    at = [
        Extractor(gold.task, model="vllm/m", settings=load_settings(base_url=f"http://localhost:{port}/v1"))
        for port in (8000, 8001)
    ]
    one, other = (describe(gold, each, split=None, repeats=1) for each in at)
    assert one.fingerprint != other.fingerprint
    assert one.base_url == "http://localhost:8000/v1"


async def test_wrong_settings_are_no_failures_of_articles(gold: GoldSet, tmp_path: Path) -> None:
    def forbidden(request: Request) -> Any:
        raise LiveCallForbidden("not here")

    with open_run(meta(gold), tmp_path) as run:
        with pytest.raises(LiveCallForbidden):
            await predict(run, gold, extractor(gold, forbidden))
        assert run.done == {}


async def test_what_is_unforeseen_names_its_article_and_loses_nothing_under_way(gold: GoldSet, tmp_path: Path) -> None:
    class Broken(FakeModel):
        async def answer(self, request: Request, parse: Any) -> Any:
            await asyncio.sleep(0.01)
            if number(request) == 2:
                raise ZeroDivisionError("division by zero")
            await asyncio.sleep(0.05)
            return await super().answer(request, parse)

    model = Broken(lambda request: said(number(request)))
    with open_run(meta(gold), tmp_path) as run:
        with pytest.raises(EvaluationError, match="deal-002: ZeroDivisionError: division by zero"):
            await predict(run, gold, Extractor(gold.task, model=model))
        assert len(run.done) == 7  # all were under way at once


async def test_what_failed_is_asked_again_when_a_run_goes_on(gold: GoldSet, tmp_path: Path) -> None:
    def down(request: Request) -> Any:
        raise EndpointUnavailable("down")

    with open_run(meta(gold), tmp_path) as run:
        await predict(run, gold, extractor(gold, down))
    assert all(entry.error is not None for entry in run.done.values())
    with open_run(meta(gold), tmp_path) as again:
        await predict(again, gold, extractor(gold))
    assert again.directory == run.directory
    found = read_predictions(run.directory, gold)
    assert len(found) == 8
    assert all(entry.error is None for entry in found)


def test_a_run_that_was_killed_at_its_birth_is_in_nobody_s_way(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path) as first:
        (first.directory / "meta.json").write_text('{"format": 1, "fing')
    with open_run(meta(gold), tmp_path) as second:
        assert second.directory != first.directory


def test_two_processes_do_not_write_into_one_run(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path) as first, open_run(meta(gold), tmp_path) as second:
        assert first.directory != second.directory


@pytest.mark.parametrize("cut", [1, 17, -1])
async def test_a_torn_last_line_is_cut_off(gold: GoldSet, tmp_path: Path, cut: int) -> None:
    with open_run(meta(gold), tmp_path) as run:
        await predict(run, gold, extractor(gold))
    path = run.directory / "predictions.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
    with open_run(meta(gold), tmp_path) as again:
        assert len(again.done) == 7
        await predict(again, gold, extractor(gold))
    assert sorted(path.read_bytes().splitlines(keepends=True)) != []
    assert len(path.read_bytes().splitlines()) == 8


async def test_a_broken_line_in_the_middle_is_named(gold: GoldSet, tmp_path: Path) -> None:
    with open_run(meta(gold), tmp_path) as run:
        await predict(run, gold, extractor(gold))
    path = run.directory / "predictions.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"{}\n", *lines[2:]]))
    complaint = pytest.raises(EvaluationError, match=r"predictions\.jsonl, line 2: article")
    with complaint, open_run(meta(gold), tmp_path):
        pass


async def test_an_article_that_fails_has_its_reason_and_costs_no_other(gold: GoldSet, tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        if number(request) == 2:
            raise Refused("the model declined: not today")
        return said(number(request))

    with open_run(meta(gold), tmp_path) as run:
        await predict(run, gold, extractor(gold, answer))
    failed = run.done["deal-002", 0]
    assert failed.error is not None
    assert (failed.error.type, failed.error.message) == ("Refused", "the model declined: not today")
    assert sum(entry.error is None for entry in run.done.values()) == 7


async def test_what_is_fatal_stops_the_run_and_is_no_prediction(gold: GoldSet, tmp_path: Path) -> None:
    def answer(request: Request) -> Any:
        if number(request) == 4:
            raise QuotaExhausted("no money is left")
        return said(number(request))

    model = extractor(gold, answer)
    with open_run(meta(gold), tmp_path) as run, pytest.raises(QuotaExhausted):
        await predict(run, gold, model)
    assert ("deal-004", 0) not in run.done


async def test_a_model_that_fills_forms_is_asked_one_article_at_a_time(gold: GoldSet, tmp_path: Path) -> None:
    asked = most = 0

    class Counting(FakeModel):
        async def answer(self, request: Request, parse: Any) -> Any:
            nonlocal asked, most
            asked += 1
            most = max(most, asked)
            await asyncio.sleep(0)
            asked -= 1
            return await super().answer(request, parse)

    one_at_a_time: Extractor[Any] = Extractor(
        gold.task, model=Counting("none", capabilities=Capabilities(decompose=True))
    )
    with open_run(meta(gold), tmp_path) as run:
        await predict(run, gold, one_at_a_time)
    assert most == 1
