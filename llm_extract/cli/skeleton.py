"""`llm-extract tasks new`: a working task to start from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from llm_extract.document import Document
from llm_extract.errors import UsageError
from llm_extract.grounding import ground
from llm_extract.prompt import DEFAULT_SYSTEM, completed
from llm_extract.task import find_task

SCHEMA = '''\
"""The record of one article of {name}."""

from pydantic import BaseModel, Field

from llm_extract.fields import Name, OrganisationName, PartialDate


class Appointment(BaseModel):
    """Replace these fields with your own; see the README for the field types there are."""

    person: Name | None = Field(default=None, description="who is appointed")
    organisation: OrganisationName | None = Field(default=None, description="by whom")
    start: PartialDate | None = Field(default=None, description="the first day in the new post")


class Record(BaseModel):
    """What is extracted from one article."""

    appointments: list[Appointment] = Field(description="every appointment that the article states")
'''

ARTICLE = """\
Marrow Bay Shipping names finance chief

Marrow Bay Shipping has appointed Ines Falk as chief financial officer. She joins on 1 September 2022.
"""

ANSWER = {"appointments": [{"person": "Ines Falk", "organisation": "Marrow Bay Shipping", "start": "1 September 2022"}]}

GOLD_ARTICLE = """\
New director for Quern Street Museum

Tobias Marek, who has run the city's archive for six years, will take charge of Quern Street Museum from 3 March 2025.
The museum's trustees chose him out of forty candidates.
"""

GOLD_ANSWER = {
    "appointments": [{"person": "Tobias Marek", "organisation": "Quern Street Museum", "start": "3 March 2025"}]
}
"""Gold is another article than the prompt's example: what was shown solved measures nothing."""

PROMPT = """\
---
name: {name}
version: 1
description: Say here in one line what is extracted
schema: Record
examples:
  - article: |-
{article}
    answer: {answer}
questions:
  appointments[].person: Person
  appointments[].organisation: Body
  appointments[].start: Start
---
# system
{system}
Solved examples:
{{% for example in examples %}}

{{{{ example.article }}}}
{{{{ example.answer }}}}
{{% endfor %}}
# user
{{{{ article }}}}
"""


def write_task(name: str, directory: Path) -> list[Path]:
    """Write schema, prompt, one article and its gold record; check that the task loads.

    Raises:
        UsageError: the name is no Python identifier in lower case, or a file is already there.
    """
    from llm_extract.cli.evaluate import evaluate

    if name in evaluate.commands:
        raise UsageError(f"{name!r} is a command of `llm-extract eval`: choose another name")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UsageError(f"a task's name is lower-case letters, digits and underscores, not {name!r}")
    schema, prompt = directory / "schemas" / f"{name}.py", directory / "prompts" / f"{name}.md"
    article = directory / "evals" / name / "articles" / "example.txt"
    gold = directory / "evals" / name / "gold" / "example.json"
    for path in (schema, prompt, article, gold):
        if path.exists():
            raise UsageError(f"{path} is already there; nothing was written")
    indented = "\n".join(f"      {line}".rstrip() for line in ARTICLE.strip().splitlines())
    files = {
        schema: SCHEMA.format(name=name),
        prompt: PROMPT.format(name=name, article=indented, answer=json.dumps(ANSWER), system=DEFAULT_SYSTEM),
        article: GOLD_ARTICLE,
    }
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    gold.parent.mkdir(parents=True, exist_ok=True)
    gold.write_text(_gold(name, directory), "utf-8")
    return [*files, gold]


def _gold(name: str, directory: Path) -> str:
    """The gold record of the example, with the words and offsets of every value."""
    task = find_task(name, directory)
    document = Document.from_text(GOLD_ARTICLE)
    answer = task.schema.answer.model_validate(completed(GOLD_ANSWER, task.schema.root))
    grounded = ground(document, task.schema, answer)
    gold = {
        "article": "articles/example.txt",
        "record": json.loads(grounded.record.model_dump_json()),
        "evidence": {
            path: {"quote": found.quote, "start": found.start, "end": found.end}
            for path, found in grounded.evidence.items()
        },
    }
    return json.dumps(gold, indent=2, ensure_ascii=False) + "\n"
