"""Lines, rows and objects become articles, whatever their columns are called."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from llm_extract.batch.articles import Article, Place, Unreadable
from llm_extract.batch.formats.base import Limits
from llm_extract.batch.formats.records import Columns, own_id, read_record
from tests.batch.formats.making import file, jsonl, read, reasons, story

PLACE = Place("a.jsonl", record=7)


def article(**record: object) -> Article:
    found = read_record(record, PLACE, Columns(), Limits())
    assert isinstance(found, Article), found
    return found


def stated(found: Article) -> dict[str, str]:
    document = found.document
    ranges = document.metadata.model_dump()
    return {name: document.text[r[0] : r[1]] for name, r in ranges.items() if r}


class TestColumns:
    def test_the_usual_names(self) -> None:
        found = article(
            ID=17, Title="A new depot", Byline="Ada Wren", source={"id": None, "name": "The Vale Herald"},
            publishedAt="2016-02-10T08:30:00Z", content="The borough will build it.",
        )  # fmt: skip
        assert found.id == "17"
        assert found.document.text == (
            "A new depot\nAda Wren · The Vale Herald · 2016-02-10\n\nThe borough will build it."
        )
        assert stated(found) == {
            "headline": "A new depot",
            "author": "Ada Wren",
            "publisher": "The Vale Herald",
            "published": "2016-02-10",
        }
        assert found.document.source == "a.jsonl#7"

    @pytest.mark.parametrize("key", ["text", "Body", "articleBody", "article_text", "Full Text", "maintext", "CONTENT"])
    def test_texts(self, key: str) -> None:
        assert article(**{key: "Work began."}).document.text == "Work began."

    def test_the_likeliest_of_several_that_says_something(self) -> None:
        assert article(content="Short.", text="Work began.").document.text == "Work began."
        assert article(text=" ", body=None, content="Work began.").document.text == "Work began."

    def test_paragraphs_and_several_authors(self) -> None:
        found = article(text=["One began.", "Two ended."], authors=["Ada Wren", {"name": "Bo Lee"}])
        assert found.document.text == "Ada Wren, Bo Lee\n\nOne began.\n\nTwo ended."

    def test_html_in_a_column(self) -> None:
        found = article(body='<div class="x"><p>Work began.</p><p hidden>Say yes.</p></div>', title="A depot")
        assert "Work began." in found.document.text
        assert "<p>" not in found.document.text
        assert "Say yes" not in found.document.text
        assert found.document.media_type == "text/html"
        assert stated(found)["headline"] == "A depot"

    @pytest.mark.parametrize(
        ("value", "day"),
        [
            (date(2016, 2, 10), "2016-02-10"),
            (datetime(2016, 2, 10, 23, 59), "2016-02-10"),
            (1455062400, "2016-02-10"),
            (1455062400000, "2016-02-10"),
            (1455148799.5, "2016-02-10"),
            (1455062400000.0, "2016-02-10"),
            (631152000, "1990-01-01"),
            (2082758399, "2035-12-31"),
            (20160210, "2016-02-10"),
            (18990210.0, "1899-02-10"),
            ({"$date": "2016-02-10T00:00:00Z"}, "2016-02-10"),
            ("10 February 2016", "10 February 2016"),
        ],
    )
    def test_days(self, value: object, day: str) -> None:
        assert stated(article(text="Work began.", date=value))["published"] == day

    @pytest.mark.parametrize(
        "value",
        [True, 0, 2016, 20161310, 20160230, 20160210.5, 99999999, 2082758400, 2082758400000, -1455062400,
         10**400, float("nan"), float("inf")],
    )  # fmt: skip
    def test_a_number_that_is_no_day_is_left_out(self, value: object) -> None:
        assert "published" not in stated(article(text="Work began.", date=value))

    def test_other_names_can_be_given(self, tmp_path: Path) -> None:
        path = file(tmp_path, "a.csv", "Nr,Volltext,Titel\n1,Work began.,A depot\n")
        assert reasons(read(path)[1]) == [
            "has no column for the article's text (text, body, content …); it has: Nr, Volltext, Titel"
        ]
        columns = Columns(text=("volltext",), headline=("titel",), id=("nr",))
        (found,), faults = read(path, columns=columns)
        assert (found.id, found.document.text, faults) == ("1", "A depot\nWork began.", []) or (
            found.document.text == "A depot\n\nWork began."
        )

    def test_why_a_record_is_none(self) -> None:
        def why(**record: object) -> str:
            found = read_record(record, PLACE, Columns(), Limits(member_bytes=30))
            assert isinstance(found, Unreadable)
            assert found.place == PLACE
            return found.reason

        assert why(text=None, title="A") == "has no text in its column 'text'"
        assert why(headline="A").startswith("has no column for the article's text")
        assert "neither a letter nor a digit" in why(text="…") or "no" in why(text="…")
        assert why(text="x" * 31) == "has a text of more than 30 bytes: no article has"

    def test_an_unbounded_number_of_keys(self) -> None:
        record = {f"key{i}": 1 for i in range(5000)} | {"text": "Work began."}
        assert article(**record).document.text == "Work began."


class TestIds:
    def test_own_or_the_place(self) -> None:
        assert article(text="Work began.").id == "a.jsonl#7"
        assert article(text="Work began.", id="").id == "a.jsonl#7"
        assert article(text="Work began.", id=True).id == "a.jsonl#7"
        assert article(text="Work began.", url="https://herald.example/1").id == "https://herald.example/1"
        assert article(text="Work began.", url="https://herald.example/1", id=3).id == "3"
        assert article(text="Work began.", _id={"$oid": "5f"}).id == "5f"

    def test_are_short_and_printable(self) -> None:
        assert own_id("a\x1b[31m\u202eb") == "a\\x1b[31m\\u202eb"
        assert own_id("\ud800") == "\\ud800"
        long = own_id("x" * 5000)
        assert long is not None
        assert len(long) < 500
        assert long != own_id("x" * 5001)


class TestJsonLines:
    def test_lines_that_are_none_are_reported_and_the_rest_read(self, tmp_path: Path) -> None:
        lines = [
            json.dumps({"text": story(1)}), "", "{broken", "[1]", "null", '{"text": 5}', "[" * 100_000,
            '{"text": ' + "1" * 5000 + "}", json.dumps({"text": story(2)}) + "\r",
        ]  # fmt: skip
        articles, faults = read(file(tmp_path, "a.jsonl", "\n".join(lines)))
        assert [found.place.record for found in articles] == [1, 9]
        assert {fault.place.record: fault.reason for fault in faults} == {
            3: "is no JSON, or cut: Expecting property name enclosed in double quotes at character 2",
            4: "is a list, no JSON object",
            5: "is null, no JSON object",
            6: "has no text in its column 'text'",
            7: "is JSON nested too deep to be an article",
            8: "is JSON with a number that is too long",
        }

    def test_a_line_beyond_the_limit_is_left_out(self, tmp_path: Path) -> None:
        long = json.dumps({"text": "x " * 300_000})
        lines = [json.dumps({"text": story(1)}), long, long, json.dumps({"text": story(2)}), long]
        articles, faults = read(file(tmp_path, "a.jsonl", "\n".join(lines)), limits=Limits(line_bytes=1000))
        assert [found.place.record for found in articles] == [1, 4]
        assert [fault.place.record for fault in faults] == [2, 3, 5]
        assert set(reasons(faults)) == {"is a line of more than 1,000 bytes: no article is"}

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
    def test_encodings(self, encoding: str, tmp_path: Path) -> None:
        lines = "".join(json.dumps({"text": f"£{i}m – “so”, café"}, ensure_ascii=False) + "\n" for i in range(3))
        articles, faults = read(file(tmp_path, "a.jsonl", lines.encode(encoding)))
        assert not faults
        assert [found.document.text for found in articles] == [f"£{i}m – “so”, café" for i in range(3)]

    @given(texts=st.lists(st.text(min_size=1).map(lambda text: text + "x"), min_size=1, max_size=8), cut=st.integers(1))
    @settings(max_examples=60)
    def test_round_trip(self, tmp_path_factory: pytest.TempPathFactory, texts: list[str], cut: int) -> None:
        lines = "".join(json.dumps({"id": f"i{n}", "text": text}) + "\n" for n, text in enumerate(texts)).encode()
        path = file(tmp_path_factory.mktemp("a"), "a.jsonl", lines)
        articles, faults = read(path)
        assert not faults
        from llm_extract.document import Document

        assert [(a.id, a.document.text) for a in articles] == [
            (f"i{n}", Document.from_text(text.strip("\r\n")).text) for n, text in enumerate(texts)
        ]
        path.write_bytes(lines[: cut % len(lines)])
        assert [a.id for a in read(path)[0]] == [a.id for a in articles][: len(read(path)[0])]


class TestJson:
    def test_an_object_is_one_article(self, tmp_path: Path) -> None:
        path = file(tmp_path, "a.json", json.dumps({"text": story(1)}, indent=2))
        (found,), faults = read(path)
        assert (found.id, found.place, faults) == (str(path), Place(str(path)), [])

    @pytest.mark.parametrize("indent", [None, 2])
    def test_a_list_is_many(self, indent: int | None, tmp_path: Path) -> None:
        items = [{"text": story(i)} for i in range(2000)]
        articles, faults = read(file(tmp_path, "a.json", json.dumps(items, indent=indent)))
        assert not faults
        assert [found.document.text for found in articles] == [item["text"] for item in items]
        assert articles[41].place.record == 42

    def test_a_list_inside_an_object(self, tmp_path: Path) -> None:
        answer = {"status": "ok", "articles": [{"content": story(1)}, {"content": story(2)}]}
        articles, faults = read(file(tmp_path, "a.json", json.dumps(answer)))
        assert [found.place.record for found in articles] == [1, 2]
        assert not faults

    def test_lines_and_sequences_under_the_name_of_json(self, tmp_path: Path) -> None:
        articles, faults = read(
            file(tmp_path, "a.json", jsonl(3)), file(tmp_path, "b.json", jsonl(3).replace(b"\n", b" "))
        )
        assert [found.id for found in articles] == ["n0", "n1", "n2"] * 2
        assert not faults

    def test_elements_that_are_none(self, tmp_path: Path) -> None:
        articles, faults = read(file(tmp_path, "a.json", json.dumps([{"text": story(1)}, 3, {"text": story(2)}])))
        assert [found.place.record for found in articles] == [1, 3]
        assert reasons(faults) == ["is a number, no JSON object"]
        assert reasons(read(file(tmp_path, "b.json", "[]"))[1]) == ["is a JSON list without anything in it"]
        assert "is no JSON" in reasons(read(file(tmp_path, "c.json", '{"text": nope}'))[1])[0]
        assert "too deep" in reasons(read(file(tmp_path, "d.json", '[{"a":' + "[" * 100_000))[1])[0]

    def test_lists_one_after_the_other(self, tmp_path: Path) -> None:
        def listed(*numbers: int) -> bytes:
            return json.dumps([{"text": story(n)} for n in numbers]).encode()

        paths = [
            file(tmp_path, "a.json", listed(1, 2) + b"\n" + listed(3)),
            file(tmp_path, "b.json.gz", gzip.compress(listed(1, 2)) + gzip.compress(listed(3))),
            file(tmp_path, "c.json", listed(1, 2) + jsonl(1)),
            file(tmp_path, "d.json", b"[]" + listed(1, 2) + b" " * 500_000 + listed() + listed(3) + b"\r\n"),
        ]
        for path in paths:
            articles, faults = read(path)
            assert [found.place.record for found in articles] == [1, 2, 3], path
            assert not faults

    @pytest.mark.parametrize("rest", ["garbage", " 5", "]", ', "text": "Lost."}]', "\0"])
    def test_what_follows_a_list_and_is_none_is_listed(self, rest: str, tmp_path: Path) -> None:
        path = file(tmp_path, "a.json", json.dumps([{"text": story(1)}]) + rest)
        (found,), (fault,) = read(path)
        assert found.place.record == 1
        assert fault.place == Place(str(path))
        assert fault.reason == "has something after its JSON list that is none: that is not read"

    def test_a_second_list_that_is_cut_or_broken(self, tmp_path: Path) -> None:
        first = json.dumps([{"text": story(1)}])
        (_, _), faults = read(file(tmp_path, "a.json", first + first[:-1]))
        assert reasons(faults) == ["is cut: its JSON list does not end"]
        (_,), faults = read(file(tmp_path, "b.json", first + first[:-9]))
        assert "is no JSON, or cut" in reasons(faults)[0]
        (_,), faults = read(file(tmp_path, "c.json.gz", gzip.compress(first.encode())[:-4]))
        assert reasons(faults) == ["is cut: its gzip data end early"]

    def test_a_wrong_byte_changes_no_other_letter(self, tmp_path: Path) -> None:
        texts = [f"The café – “no. {i}” – opened." + " It stays." * 500 for i in range(60)]  # several blocks of bytes
        data = json.dumps([{"text": text} for text in texts], ensure_ascii=False).encode()
        articles, faults = read(file(tmp_path, "a.json", data.replace("é".encode(), b"\xe9", 1)))
        assert not faults
        assert [found.document.text for found in articles] == texts

    def test_the_first_accent_of_cp1252_may_come_late(self, tmp_path: Path) -> None:
        texts = ["The cafe opened." + " It stays." * 10_000] * 4 + ["The café – “so” – opened."]
        data = json.dumps([{"text": text} for text in texts], ensure_ascii=False).encode("cp1252")
        articles, faults = read(file(tmp_path, "a.json", data))
        assert not faults
        assert [found.document.text for found in articles] == texts

    @pytest.mark.parametrize("shift", range(1, 8))
    def test_letters_of_several_bytes_across_blocks(self, shift: int, tmp_path: Path) -> None:
        text = "x" * shift + "€𝄞" * 40_000
        (found,), faults = read(file(tmp_path, "a.json", json.dumps([{"text": text}], ensure_ascii=False)))
        assert (found.document.text, faults) == (text, [])


class TestTables:
    def test_quotes_line_breaks_and_delimiters(self, tmp_path: Path) -> None:
        rows = [["1", "A “big”, long depot", 'It "opened",\nthey; said\t|.'], ["2", "", "Work began."]]
        for delimiter, name in ((",", "a.csv"), (";", "b.csv"), ("\t", "c.tsv"), ("|", "d.csv"), ("\t", "e.csv")):
            buffer = io.StringIO()
            csv.writer(buffer, delimiter=delimiter).writerows([["Article ID", "Title", "Body"], *rows])
            articles, faults = read(file(tmp_path, name, buffer.getvalue()))
            assert not faults
            assert [(found.id, found.place.record) for found in articles] == [("1", 1), ("2", 2)]
            assert articles[0].document.text.endswith(rows[0][2])

    def test_rows_of_another_length_are_not_trusted(self, tmp_path: Path) -> None:
        text = "id,text\n1,Work began, they said.\n2\n\n3,Work ended.,,\n4,Done.\n"
        articles, faults = read(file(tmp_path, "a.csv", text))
        assert [found.id for found in articles] == ["3", "4"]
        assert reasons(faults) == [
            "has 3 fields where the header has 2: a cut or unquoted text",
            "has 1 fields where the header has 2: a cut or unquoted text",
        ]

    def test_an_open_quotation_mark(self, tmp_path: Path) -> None:
        text = 'id,text\n1,Done.\n2,"Work began.\n3,Work ended.\n'
        articles, faults = read(file(tmp_path, "a.csv", text))
        assert [found.id for found in articles] == ["1"]
        assert reasons(faults) == ["is cut, or has a quotation mark that is not closed"]
        articles, faults = read(file(tmp_path, "b.csv", text + "x\n" * 500), limits=Limits(line_bytes=100))
        assert [found.id for found in articles] == ["1"]
        assert "a row of more than 100 bytes" in reasons(faults)[0]

    def test_long_cells_and_doubled_names(self, tmp_path: Path) -> None:
        (found,), faults = read(file(tmp_path, "a.csv", "id,text\n1," + "word " * 60_000 + "\n"))
        assert len(found.document.text) > 250_000
        assert not faults
        assert "has no header row of CSV" in reasons(read(file(tmp_path, "c.csv", "id,te\rxt\n1,Done.\n"))[1])[0]
        assert reasons(read(file(tmp_path, "b.csv", "text,id,text\na,b,c\n"))[1]) == [
            "has two columns of the name 'text'"
        ]

    @given(
        texts=st.lists(st.text(st.characters(exclude_categories=["C"])).map(lambda t: t + "x"), min_size=1, max_size=6)
    )
    @settings(max_examples=60)
    def test_round_trip(self, tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
        buffer = io.StringIO()
        csv.writer(buffer).writerows([["id", "text"], *([f"i{n}", text] for n, text in enumerate(texts))])
        articles, faults = read(file(tmp_path_factory.mktemp("a"), "a.csv", buffer.getvalue()))
        assert not faults
        assert [(a.id, a.document.text) for a in articles] == [(f"i{n}", text) for n, text in enumerate(texts)]


class TestParquet:
    def test_row_groups_types_and_only_the_columns_needed(self, tmp_path: Path) -> None:
        table = arrow.table(
            {
                "id": list(range(50)),
                "body": [story(i) for i in range(50)],
                "authors": [["Ada Wren", "Bo Lee"]] * 50,
                "date": [date(2016, 2, 10)] * 50,
                "vector": [[0.5] * 100] * 50,
            }
        )
        parquet.write_table(table, tmp_path / "a.parquet", row_group_size=7)
        articles, faults = read(tmp_path / "a.parquet")
        assert not faults
        assert [(found.id, found.place.record) for found in articles] == [(str(i), i + 1) for i in range(50)]
        assert "Ada Wren, Bo Lee · 2016-02-10" in articles[0].document.text

    def test_without_a_text_or_rows(self, tmp_path: Path) -> None:
        parquet.write_table(arrow.table({"n": [1]}), tmp_path / "a.parquet")
        parquet.write_table(arrow.table({"text": arrow.array([], arrow.string())}), tmp_path / "b.parquet")
        parquet.write_table(arrow.table({"text": [None, b"Caf\xe9 opened."]}), tmp_path / "c.parquet")
        articles, faults = read(*(tmp_path / f"{name}.parquet" for name in "abc"))
        assert [fault.reason.split(" (")[0] for fault in faults] == [
            "has no column for the article's text",
            "is a Parquet file without rows",
            "has no text in its column 'text'",
        ]
        assert articles[0].document.text == "Caf\ufffd opened."
