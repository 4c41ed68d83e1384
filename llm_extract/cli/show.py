"""How results and lists look on a terminal. Nothing here knows a task by name."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from llm_extract.result import Extraction

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def show_result(result: Extraction[Any], form: str, *, titled: bool = False) -> str:
    """The result as one line of JSON, as YAML, or as a table for people."""
    if form == "json":
        return result.model_dump_json()
    if form == "yaml":
        import yaml

        dumped: str = yaml.safe_dump(
            json.loads(result.model_dump_json()), allow_unicode=True, sort_keys=False, explicit_start=titled
        )
        return dumped.rstrip("\n")
    return _table(result, titled)


def inert(text: str) -> str:
    """Text of an article made harmless for a terminal: no escape sequences, one line."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\n", " "))


def _table(result: Extraction[Any], titled: bool) -> str:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(inert(result.document.source or result.document.id)) if titled else None, title_justify="left"
    )
    table.add_column("field", no_wrap=True)
    table.add_column("value")
    table.add_column("words of the article", style="dim")
    record = json.loads(result.record.model_dump_json())
    for path, value in _leaves(record, result.evidence):
        evidence = result.evidence.get(path)
        words = "" if evidence is None else f"“{evidence.quote}” at {evidence.start}"
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        table.add_row(Text(path), Text(inert(shown)), Text(inert(words)))
    if not table.row_count:
        return "nothing found\n" + _issues(result)
    return rendered(table) + _issues(result)


def _issues(result: Extraction[Any]) -> str:
    lines = [
        f"not delivered: {issue.path}: {issue.reason}, {issue.message}: {json.dumps(issue.answer, ensure_ascii=False)}"
        for issue in result.issues
    ]
    return "".join(inert(line) + "\n" for line in lines)


def _leaves(data: Any, evidence: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    """Every delivered value with its path. What has evidence is one value, also when it is an object."""
    if data is None:
        return []
    if isinstance(data, list):
        return [leaf for index, entry in enumerate(data) for leaf in _leaves(entry, evidence, f"{path}[{index}]")]
    if isinstance(data, dict) and path not in evidence:
        return [
            leaf for key, entry in data.items() for leaf in _leaves(entry, evidence, f"{path}.{key}" if path else key)
        ]
    return [(path, data)]


def show_tasks() -> str:
    """The tasks, where they come from, and their fingerprints."""
    from rich.table import Table
    from rich.text import Text

    from llm_extract.errors import TaskError
    from llm_extract.task import find_task, shipped_directory, task_places

    table = Table("task", "version", "fingerprint", "from", "what it extracts")
    for name, place in task_places():
        origin = "shipped" if place == shipped_directory() else "here"
        try:
            task = find_task(name)
        except TaskError as error:
            table.add_row(name, "", "", origin, Text(f"does not load: {error}", style="red"))
            continue
        front = task.prompt.file.front
        table.add_row(name, str(front.version), task.fingerprint, origin, Text(front.description))
    return rendered(table)


def show_models() -> str:
    """The providers with the variable that holds their key, and the models in the box."""
    from rich.table import Table
    from rich.text import Text

    from llm_extract.model.endpoints import known_providers
    from llm_extract.model.weights import KNOWN_MODELS, is_installed

    box = Table("model in the box", "installed", "licence", "how to get it")
    for model in KNOWN_MODELS.values():
        here = "yes" if is_installed(model) else "no"
        box.add_row(f"embedded:{model.name}", here, model.licence, Text(model.install))
    remote = Table("prefix", "address", "key")
    for provider in known_providers():
        remote.add_row(f"{provider.name}/…", provider.base_url or "--", provider.key_variable or "none")
    return rendered(box) + rendered(remote) + "Any GGUF file: embedded:/path/model.gguf\n"


def rendered(table: Any) -> str:
    """A rich table as plain text of the terminal's width."""
    from rich.console import Console

    buffer = io.StringIO()
    console = Console(file=buffer, width=_width())
    console.print(table)
    return buffer.getvalue()


def _width() -> int:
    import shutil

    return max(80, shutil.get_terminal_size((120, 24)).columns)
