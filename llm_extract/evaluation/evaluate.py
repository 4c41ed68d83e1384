"""From predictions to a verdict: score, sum up, hold against gate and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from llm_extract.errors import EvaluationError
from llm_extract.evaluation.comparison import Comparison, common, compare_results
from llm_extract.evaluation.gates import Gate, check, check_names, read_gate
from llm_extract.evaluation.gold import GoldSet
from llm_extract.evaluation.predictions import Prediction, enumerated_predictions
from llm_extract.evaluation.results import Results, judge
from llm_extract.evaluation.runs import read_meta
from llm_extract.evaluation.summary import Summary, figures_by_name, summarise
from llm_extract.files import write_text
from llm_extract.task import is_installed

_OF_A_BASELINE = {"article", "repeat", "record", "evidence", "error"}


def chosen_split(gold: GoldSet, named: str | None) -> str | None:
    """The split that is meant: the one named (None for `all`), else the one that the gate judges.

    Raises:
        EvaluationError: gates.toml does not hold.
    """
    if named is not None:
        return None if named == "all" else named
    gate = read_gate(gold.directory)
    return None if gate is None else gate.split


def gate_for(gold: GoldSet, split: str | None) -> Gate | None:
    """The gate that judges a split; None if gates.toml does not speak of it, or there is none.

    Raises:
        EvaluationError: gates.toml does not hold, or names a figure that there is not.
    """
    gate = read_gate(gold.directory)
    if gate is None or gate.split != split:
        return None
    check_names(gate, figures_by_name(judge(gold.split(split), ())))  # before anything is asked, and paid for
    return gate


def evaluated(
    gold: GoldSet,
    predictions: Sequence[Prediction],
    *,
    model: str,
    split: str | None,
    repeats: int | None = None,
    gate: Gate | None = None,
    judged: bool = True,
) -> tuple[Results, Summary]:
    """Score predictions of a gold set, and hold them against a gate.

    Args:
        gold: the gold set, or the split of it.
        predictions: named as in the gold set.
        model: what reports call the program that made them.
        split: the split's name, for reports.
        repeats: how often each article was to be predicted.
        gate: the gate of gates.toml; None where it does not speak of this split.
        judged: whether to hold them against the gate, or at least against what always holds: no article failed,
            every quote is the article's.

    Raises:
        EvaluationError: the gate names a figure that there is not, or the baseline cannot be read.
    """
    results = judge(gold, predictions, repeats=repeats)
    summary = summarise(results, model=model, split=split)
    if not judged:
        return results, summary
    comparison = None if gate is None or gate.baseline is None else with_baseline(results)
    checks = check(
        gate or Gate(),
        figures_by_name(results),
        articles=len(results.gold.items),
        errors=len(results.failed_articles),
        verbatim=summary.verbatim,
        comparison=comparison,
    )
    update = {"gate": checks, "gate_is_own": gate is not None, "comparison": comparison}
    return results, summary.model_copy(update=update)


def with_baseline(results: Results) -> Comparison | None:
    """The stored baseline (run A) against these results (run B), on the articles that both have.

    None if no baseline is stored, or it has none of these articles.

    Raises:
        EvaluationError: it cannot be read.
    """
    directory = results.gold.directory / "baseline"
    if not (directory / "predictions.jsonl").is_file():
        return None
    stored = [prediction for _, prediction in enumerated_predictions(directory)]
    gold = common(results.gold, {prediction.article for prediction in stored})
    if not gold.items:
        return None
    ours = [result.prediction for result in results.articles if result.prediction is not None]
    # A field that was renamed since is no field that the baseline lacked: its records do not fit the schema any more.
    return compare_results(judge(gold, stored, known_only=True), judge(gold, ours, repeats=results.repeats))


def store_baseline(run: Path, gold: GoldSet) -> Path:
    """Make a finished run the one to beat: its predictions, without what they cost, go to `evals/TASK/baseline`.

    Raises:
        EvaluationError: it is no run, is not finished, is of another task or split, more of its articles failed
            than the gate lets pass, or the gold is the installed package's.
    """
    directory = gold.directory / "baseline"
    if is_installed(directory):
        raise EvaluationError(
            f"{directory} is inside the installed package, which the next installation overwrites: copy "
            f"{gold.directory} to evals/{gold.task.name} here, or name it with --gold"
        )
    meta = read_meta(run)
    if meta.task != gold.task.name:
        raise EvaluationError(f"{run} is a run of {meta.task}, not of {gold.task.name}")
    # The later line of an article counts: what failed may have been tried again.
    kept = {(entry.article, entry.repeat): entry for _, entry in enumerated_predictions(run)}
    lacking = [name for name in meta.articles for repeat in range(meta.repeats) if (name, repeat) not in kept]
    if lacking or not (run / "summary.json").is_file():
        raise EvaluationError(
            f"{run} is not finished ({len(lacking)} predictions are lacking): run the same command again"
        )
    gate = read_gate(gold.directory)
    if gate is not None and gate.split != meta.split:
        raise EvaluationError(f"{run} is of the split {meta.split or 'all'}; the gate judges {gate.split or 'all'}")
    failed = len({entry.article for entry in kept.values() if entry.error is not None})
    if failed > (gate or Gate()).errors:
        raise EvaluationError(f"{failed} articles of {run} failed: nothing can be held against them; run it again")
    directory.mkdir(exist_ok=True)
    lines = [kept[key].model_dump_json(include=_OF_A_BASELINE, exclude_defaults=True) for key in sorted(kept)]
    write_text(directory / "predictions.jsonl", "".join(line + "\n" for line in lines))
    write_text(directory / "meta.json", meta.model_dump_json(indent=2) + "\n")
    return directory


def covered(run: Path, gold: GoldSet) -> tuple[GoldSet, list[Prediction], int]:
    """The part of a gold set that a run, or a file of predictions, is of; its predictions; and its repeats.

    Raises:
        EvaluationError: it cannot be read, or is of articles that have no gold any more.
    """
    from llm_extract.evaluation.predictions import read_predictions

    predictions = read_predictions(run, gold)
    repeats = 1 + max((prediction.repeat for prediction in predictions), default=0)
    names = {prediction.article for prediction in predictions}
    if run.is_dir() and (run / "meta.json").is_file():
        meta = read_meta(run)
        names, repeats = set(meta.articles), meta.repeats
    return common(gold, names), predictions, repeats
