"""The data dictionary of an export: what lies beside it as README.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llm_extract.export.jsonl import KEYS
from llm_extract.export.layout import Column, Layout, Table
from llm_extract.export.sql import Query, example_queries

_OPENING = {
    "sqlite": "Open it with `sqlite3 {name}`. Days and times are ISO 8601 text, flags 0 and 1.",
    "duckdb": "Open it with `duckdb {name}`. `DESCRIBE` and `duckdb_columns()` show types and these descriptions.",
    "parquet": "One file a table. In DuckDB a table is `'{name}/articles.parquet'`; every column has its description "
    "as metadata.",
    "csv": "Text that a spreadsheet would take for a formula has an apostrophe in front: strip it when you read the "
    "file by a program. UTF-8, fields parted by commas, lines by CRLF, nothing for null.",
}

_JOINS = """\
Every table joins `articles` by `article_id`. What belongs to an entry joins it by `article_id` and `entry`, which
counts from 0. Offsets count code points of the article's text, half-open. Names that SQL uses for itself (`"end"`)
are written in double quotes. Amounts have at most 6 digits behind the point; a whole number that 64 bits do not
hold is null, its words are in `evidence`.
"""
_OCDS = """\
Releases of the Open Contracting Data Standard 1.1, valid against its release schema: one for each contract that an
article tells of. The process ids begin with the prefix given at export; `ocds-unregistered` is none that may be
published.

- A tender is a `tender`; a contract that was chosen is an `awards` entry; an extension or an ending is an `awards`
  entry with its suppliers and a `contracts` entry with an amendment, or the status `terminated`. What ended before
  it had a supplier is a `tender` with the status `cancelled`.
- Organisations are `parties`, their id is the normalised name; partners have the role `subcontractor`, those that
  are replaced `incumbent`.
- Dates are there where they are known to the day. A vaguer date, a sum a year, a qualifier (`up to`), an
  extension's sum, the users and the term in months are said in `description`.
- `documents` names the article: its id joins the other exports.
"""


def describe(layout: Layout, task: str, to: str, name: str) -> str:
    """Every table with its columns, how they join, and example queries.

    Args:
        layout: the tables.
        task: the task's name.
        to: the format: `sqlite`, `duckdb`, `parquet` or `csv`.
        name: of the file or folder.
    """
    parts = [_title(name, task), _OPENING[to].format(name=name) + "\n", _JOINS, *map(_table, layout.tables)]
    if to in ("sqlite", "duckdb"):
        parts.append("## Example queries\n")
        parts += [_query(query) for query in example_queries(layout)]
    return "\n".join(parts)


def describe_flat(columns: Sequence[Column], task: str, name: str) -> str:
    """The columns of the one flat file."""
    about = "One row an entry; articles without any have none: `--tables` gives every table.\n"
    return "\n".join([_title(name, task), about, _OPENING["csv"] + "\n", _columns(columns)])


def describe_jsonl(task: str, name: str) -> str:
    """The keys of a line."""
    about = "A JSON object a line, an article a line. Offsets count code points of the article's text, half-open.\n"
    keys = ["| key | what it holds |", "| --- | --- |", *(f"| `{key}` | {said} |" for key, said in KEYS.items())]
    return "\n".join([_title(name, task), about, *keys, ""])


def describe_ocds(task: str, name: str) -> str:
    """What is where in the releases."""
    return f"{_title(name, task)}\n{_OCDS}"


def _title(name: str, task: str) -> str:
    return f"# {name}\n\nWritten by `llm-extract export` from a run of the task `{task}`.\n"


def _table(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    parent = ""
    if table.parent is not None:
        parent = f"; joins `{table.parent.name}` by {', '.join(f'`{name}`' for name in table.parent.key)}"
    return f"## {table.name}\n\n{table.description or table.name}\n\nKey: {key}{parent}\n\n{_columns(table.columns)}"


def _columns(columns: Iterable[Column]) -> str:
    lines = ["| column | type | null | what it holds |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{column.name}` | {column.kind} | {'no' if column.required else 'yes'} | {_said(column)} |"
        for column in columns
    ]
    return "\n".join([*lines, ""])


def _said(column: Column) -> str:
    said = f"{column.description} (one of {', '.join(column.choices)})" if column.choices else column.description
    return " ".join(said.split()).replace("|", "\\|")


def _query(query: Query) -> str:
    return f"{query.question}\n\n```sql\n{query.sql};\n```\n"
