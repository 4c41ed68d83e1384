"""What both databases share: how tables are declared, and example queries that both answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from llm_extract.export.layout import Column, Kind, Layout, Part, Table

_MONEY = ("amount", "currency", "qualifier", "per_year")


class Query(NamedTuple):
    """A question and the SQL that answers it."""

    question: str
    sql: str


def quoted(name: str) -> str:
    """A name as SQL writes it: some (`end`, `start`) are words of the language."""
    return '"' + name.replace('"', '""') + '"'


def create_table(table: Table, types: Mapping[Kind, str], *, keys: bool = True) -> str:
    """The statement that makes a table, with its primary and foreign keys unless these are not wanted."""
    lines = [_column(column, types) for column in table.columns]
    if keys:
        lines.append(f"PRIMARY KEY ({_listed(table.key)})")
    if keys and table.parent is not None:
        key = _listed(table.parent.key)
        lines.append(f"FOREIGN KEY ({key}) REFERENCES {quoted(table.parent.name)} ({key})")
    return f"CREATE TABLE {quoted(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def create_indexes(table: Table) -> Iterator[str]:
    """The statements that make a table's indexes."""
    for columns in table.indexes:
        name = quoted("_".join((table.name, *columns, "index")))
        yield f"CREATE INDEX {name} ON {quoted(table.name)} ({_listed(columns)})"


def _column(column: Column, types: Mapping[Kind, str]) -> str:
    flag = (
        f" CHECK ({quoted(column.name)} IN (0, 1))" if types[column.kind] == "INTEGER" and column.kind == "flag" else ""
    )
    return f"{quoted(column.name)} {types[column.kind]}{' NOT NULL' if column.required else ''}{flag}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(quoted(name) for name in names)


def example_queries(layout: Layout) -> list[Query]:
    """Questions that the tables answer, in SQL that SQLite and DuckDB both take."""
    queries = [
        Query(
            "What became of the articles?",
            "SELECT status, count(*) AS articles, sum(cost_usd) AS usd\nFROM articles\nGROUP BY status ORDER BY status",
        ),
        Query(
            "Why did articles fail?",
            "SELECT type, count(*) AS articles, min(message) AS example\nFROM failures\n"
            "GROUP BY type ORDER BY 2 DESC, 1",
        ),
    ]
    for _, part in layout.root.parts:
        queries += _entry_queries(part)
    queries.append(
        Query(
            "Which words of which article support a value?",
            'SELECT a.place, v.path, v.quote, v."start", v."end"\nFROM evidence v JOIN articles a USING (article_id)\n'
            "WHERE v.position = 0\nORDER BY a.place, v.path LIMIT 20",
        )
    )
    return queries


def _entry_queries(part: Part) -> Iterator[Query]:
    name = quoted(part.table.name)
    leading: dict[str, tuple[str, tuple[Column, ...]]] = {}
    for way, shape in part.scalars:
        kind = "choice" if shape.columns[0].choices else shape.columns[-1].kind
        leading.setdefault("money" if len(shape.columns) == len(_MONEY) else kind, (".".join(way), shape.columns))
    if "choice" in leading:
        choice = leading["choice"][1][0].name
        yield Query(
            f"How many {part.name}, by {choice}?",
            f"SELECT {quoted(choice)}, count(*) AS number\nFROM {name}\nGROUP BY 1 ORDER BY 2 DESC, 1",
        )
    if "money" in leading:
        field, columns = leading["money"]
        amount, currency, _, per_year = (quoted(column.name) for column in columns)
        yield Query(
            f"What are the {part.name} worth, by currency?",
            f"SELECT {currency}, count(*) AS number, sum({amount}) AS total\nFROM {name}\n"
            f"WHERE {amount} IS NOT NULL AND NOT {per_year}\nGROUP BY 1 ORDER BY 2 DESC, 1",
        )
        yield Query(
            f"The largest {part.name}, with the words for the sum",
            f"SELECT e.*, v.quote, a.place\nFROM {name} e\nJOIN articles a USING (article_id)\n"
            f"JOIN evidence v ON v.article_id = e.article_id AND v.entry = e.entry AND v.position = 0\n"
            f"  AND v.entries = '{part.table.name}' AND v.field = '{field}'\n"
            f"ORDER BY e.{amount} DESC LIMIT 10",
        )
    if "date" in leading:
        day = quoted(leading["date"][1][-1].name)
        yield Query(
            f"The {part.name} by date",
            f"SELECT e.*, a.place\nFROM {name} e JOIN articles a USING (article_id)\n"
            f"WHERE e.{day} >= '2015-01-01'\nORDER BY e.{day}, e.article_id, e.entry LIMIT 20",
        )
    for parties in {table.name: table for _, table, _ in part.parties}.values():
        yield Query(
            f"Who is named most in {part.name}, and as what?",
            f"SELECT role, min(name) AS name, count(DISTINCT article_id) AS articles\nFROM {quoted(parties.name)}\n"
            "GROUP BY role, normalised_name ORDER BY articles DESC, name, role LIMIT 20",
        )
