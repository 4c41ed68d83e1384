"""What a run's folder holds beside its predictions: items.jsonl, summary.json, summary.md, junit.xml, report.html.

Each is written whole or not at all. The summary comes last: a folder that has one is finished.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from llm_extract.evaluation.items import as_json
from llm_extract.evaluation.results import Results
from llm_extract.evaluation.summary import Summary, markdown
from llm_extract.files import write_text

# What XML 1.0 cannot hold at all, not even escaped.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_outputs(directory: Path, results: Results, summary: Summary) -> None:
    """Write every output of a scored run into its folder."""
    from llm_extract.evaluation.report import report

    directory.mkdir(parents=True, exist_ok=True)
    write_text(directory / "items.jsonl", "".join(line + "\n" for line in item_lines(results)))
    write_text(directory / "summary.md", markdown(summary))
    write_text(directory / "junit.xml", junit(results, summary))
    write_text(directory / "report.html", report(results, summary))
    write_text(directory / "summary.json", summary.model_dump_json(indent=2) + "\n")


def item_lines(results: Results) -> Iterator[str]:
    """One JSON object an item: where it is, its verdict, and both values."""
    for article, item in results.items:
        line = {
            "article": article.gold.name,
            "repeat": article.repeat,
            "field": item.field,
            "verdict": item.verdict,
            "gold": None if item.gold is None else as_json(item.gold.value),
            "predicted": None if item.predicted is None else as_json(item.predicted.value),
            "gold_path": item.gold.path if item.gold else None,
            "predicted_path": item.predicted.path if item.predicted else None,
            "close": item.close,
            "grounded": item.grounded,
            "on_page": item.on_page,
        }
        yield json.dumps(line, ensure_ascii=False)


def junit(results: Results, summary: Summary) -> str:
    """JUnit XML: one case an article, an error where it failed or is missing; one case a rule of the gate."""
    root = ElementTree.Element("testsuites", name=f"llm-extract eval {summary.task}")
    articles = ElementTree.SubElement(root, "testsuite", name="articles")
    for result in results.articles:
        name = result.gold.name if results.repeats == 1 else f"{result.gold.name} (repeat {result.repeat})"
        seconds = result.prediction.usage.seconds if result.prediction and result.prediction.usage else 0.0
        case = ElementTree.SubElement(
            articles, "testcase", classname=f"{summary.task}.articles", name=_xml(name), time=f"{seconds:.3f}"
        )
        if result.outcome != "scored":
            message = _xml(result.failure.message if result.failure else "there is no prediction")
            kind = result.failure.type if result.failure else "Missing"
            # A failure that no gate minds is told, but turns no job red: file and exit code agree.
            tag = "skipped" if result.failure and summary.passed is not False and not summary.missing else "error"
            ElementTree.SubElement(case, tag, type=_xml(kind), message=message)
    gate = ElementTree.SubElement(root, "testsuite", name="gate")
    for check in summary.gate or []:
        case = ElementTree.SubElement(gate, "testcase", classname=f"{summary.task}.gate", name=_xml(check.rule))
        ElementTree.SubElement(case, "system-out").text = _xml(check.found)
        if not check.passed:
            ElementTree.SubElement(case, "failure", type="gate", message=_xml(f"found {check.found}"))
    for suite in (articles, gate):
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("*/failure"))))
        suite.set("errors", str(len(suite.findall("*/error"))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
