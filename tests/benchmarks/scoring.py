"""How long it takes to score 10,000 articles, intervals included.

    python -m tests.benchmarks.scoring [--articles 10000]

The articles are records of the gold set, again and again, with damage done to them by a seeded generator: values
dropped, taken from another record, contracts left out or added. What is timed is what `eval score` does after the
files are read: validation, alignment, counting, the check of every quote, and 10,000 bootstrap draws of all figures.
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import time
from dataclasses import replace
from typing import Any

from llm_extract.evaluation.gold import Gold, GoldSet, read_gold_set
from llm_extract.evaluation.predictions import Prediction, as_predictions
from llm_extract.evaluation.results import judge
from llm_extract.evaluation.summary import summarise


def main() -> None:
    """Print the seconds of each part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--articles", type=int, default=10_000)
    count = parser.parse_args().articles
    gold, predictions = generated(count)
    started = time.perf_counter()
    results = judge(gold, predictions)
    scored = time.perf_counter()
    summary = summarise(results, model="generated", split=None)
    done = time.perf_counter()
    items = len(results.items)
    sys.stdout.write(
        f"{count:,} articles, {sum(field.gold for field in summary.fields):,.0f} gold items, {items:,} verdicts, "
        f"item F1 {summary.headline['f1'].value:.3f}\n"
        f"scoring {scored - started:.1f} s, intervals and summary {done - scored:.1f} s, "
        f"together {done - started:.1f} s\n"
    )


def generated(count: int, seed: int = 1) -> tuple[GoldSet, list[Prediction]]:
    """A gold set of `count` articles, and damaged predictions of them."""
    real = read_gold_set("it_contracts")
    chance = random.Random(seed)
    originals = list(zip(real.items, as_predictions(real), strict=True))
    items: list[Gold] = []
    predictions: list[Prediction] = []
    for number in range(count):
        item, prediction = originals[number % len(originals)]
        name = f"{item.name}-{number}"
        items.append(replace(item, name=name))
        other = chance.choice(originals)[1].record or {}
        record = damaged(copy.deepcopy(prediction.record or {}), other, chance)
        predictions.append(prediction.model_copy(update={"article": name, "record": record}))
    return GoldSet(real.task, real.directory, tuple(items)), predictions


def damaged(record: dict[str, Any], other: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A record with some of its values lost, or taken from another one."""
    contracts = [contract for contract in record["contracts"] if chance.random() > 0.1]
    strangers = other["contracts"]
    for contract in contracts:
        stranger = chance.choice(strangers) if strangers else {}
        for key in [key for key in contract if key not in ("main", "stage", "buyers", "suppliers")]:
            if chance.random() < 0.15:
                del contract[key]
        for key in ("buyers", "suppliers", "value", "stage", "signed", "services"):
            if chance.random() < 0.1 and key in stranger:
                contract[key] = stranger[key]
    if strangers and chance.random() < 0.1:
        contracts.append(chance.choice(strangers))
    return {**record, "contracts": contracts}


if __name__ == "__main__":
    main()
