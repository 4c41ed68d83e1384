"""Tasks: a schema and a prompt, found by name.

A task `NAME` is `prompts/NAME.md` and `schemas/NAME.py` in the working directory, or else among the
shipped ones. Nothing registers it and nothing else names it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ValidationError

from llm_extract.document import Document
from llm_extract.errors import DocumentError, TaskError, Unsupported
from llm_extract.grounding import ground
from llm_extract.prompt import Prompt, PromptFile, completed, default_prompt, read_prompt
from llm_extract.schema import CompiledSchema, compile_schema

_PACKAGE = Path(__file__).parent

SCHEMA_MODULE = "llm_extract_schema_"
"""What the names of the modules begin with that tasks' schemas are read as."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A schema with its prompt, checked and ready."""

    name: str
    schema: CompiledSchema
    prompt: Prompt
    where: Path | None = None
    """The folder that holds its `prompts/` and `schemas/`; None for a task made from a schema alone."""
    code: str = ""
    """Digest of its schema's file: validators are part of what decides a record."""

    @property
    def record(self) -> type[BaseModel]:
        """The pydantic model of the task's record."""
        return self.schema.record

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change whenever the prompt or the schema does."""
        terms = f"{self.prompt.file.fingerprint} {self.schema.fingerprint} {self.code}"
        return sha256(terms.encode()).hexdigest()[:16]

    @property
    def prompt_label(self) -> str:
        """Name, version and fingerprint of the prompt: `it_contracts@1:0f3a…`."""
        return f"{self.name}@{self.prompt.file.front.version}:{self.prompt.file.fingerprint}"


def is_installed(place: Path) -> bool:
    """Whether a place is inside the installed package, where the next installation overwrites what is written."""
    return place.resolve().is_relative_to(_PACKAGE.resolve())


def shipped_directory() -> Path:
    """The folder that holds the shipped `prompts/` and `schemas/`."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent


def task_places(directory: Path | None = None) -> Iterator[tuple[str, Path]]:
    """Every task's name and the folder it is in; the working directory's hide shipped ones of that name."""
    seen = set()
    for place in (directory or Path.cwd(), shipped_directory()):
        for path in sorted((place / "prompts").glob("*.md")):
            if path.stem not in seen and (place / "schemas" / f"{path.stem}.py").is_file():
                seen.add(path.stem)
                yield path.stem, place


def find_task(name: str, directory: Path | None = None) -> Task:
    """The task of this name: from `directory` (by default the working directory), else the shipped one.

    Raises:
        TaskError: there is none, or its schema, prompt or examples do not hold.
    """
    for place in (directory or Path.cwd(), shipped_directory()):
        prompt, schema = place / "prompts" / f"{name}.md", place / "schemas" / f"{name}.py"
        if name.isidentifier() and prompt.is_file() and schema.is_file():
            return _load(name, place, prompt.stat().st_mtime_ns, schema.stat().st_mtime_ns)
    places = dict(task_places(directory))
    near = get_close_matches(name, places, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there is {', '.join(places) or 'none'}"
    raise TaskError(f"no task {name!r}: no prompts/{name}.md with schemas/{name}.py here, and none is shipped{hint}")


def task_for_schema(record: type[BaseModel]) -> Task:
    """A task for any pydantic model, with the default prompt.

    Raises:
        TaskError: the model has a leaf that no field type serves.
    """
    compile_schema(record)  # refuses what is no schema before it is looked up
    return _task_for_schema(record)


@lru_cache(maxsize=64)
def _task_for_schema(record: type[BaseModel]) -> Task:
    schema = compile_schema(record)
    return Task(record.__name__, schema, Prompt(default_prompt(record), schema))


@lru_cache(maxsize=64)
def _load(name: str, place: Path, _prompt_changed: int, _schema_changed: int) -> Task:
    file = read_prompt(place / "prompts" / f"{name}.md")
    path = place / "schemas" / f"{name}.py"
    record = getattr(schema_module(path), file.front.record_class, None)
    if record is None:
        raise TaskError(f"{path}: has no class {file.front.record_class}, which {file.where} names as its schema")
    try:
        schema = compile_schema(record)
    except TaskError as error:
        raise TaskError(f"{path}: {error}") from error
    _check_examples(file, schema)
    _check_questions(file, schema)
    return Task(name, schema, Prompt(file, schema), place, sha256(path.read_bytes()).hexdigest()[:16])


def schema_module(path: Path) -> object:
    """Run a schema's module. It is the user's own code, like a conftest: only run folders that you trust.

    Raises:
        TaskError: it does not load.
    """
    name = f"{SCHEMA_MODULE}{path.stem}_{sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TaskError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where pydantic looks annotations up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise TaskError(f"{path}{line}: does not load: {type(error).__name__}: {error}") from error
    return module


def _check_examples(file: PromptFile, schema: CompiledSchema) -> None:
    """An example that its own article does not support would teach a model to invent."""
    for number, example in enumerate(file.front.examples, 1):
        where = f"{file.where}: example {number}"
        try:
            answer = schema.answer.model_validate(completed(example.answer, schema.root))
            document = Document.from_text(example.article)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise TaskError(f"{where}: its answer does not fit the schema at {place}: {first['msg']}") from error
        except DocumentError as error:
            raise TaskError(f"{where}: {error}") from error
        try:
            issues = ground(document, schema, answer).issues
        except Unsupported as error:
            raise TaskError(f"{where}: {error}") from error
        if issues:
            raise TaskError(f"{where}: {issues[0].path}: {issues[0].message} ({issues[0].answer!r})")


def _check_questions(file: PromptFile, schema: CompiledSchema) -> None:
    paths = {path for path, _ in schema.root.leaves()}
    for path in file.front.questions:
        if path not in paths:
            raise TaskError(
                f"{file.where}: questions: the schema has no field {path!r}; it has {', '.join(sorted(paths))}"
            )
