"""Files, bytes and standard input become documents, or an error that says in a line what is wrong."""

from __future__ import annotations

import io
import os
import socket
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_extract.document import Document, text_id
from llm_extract.errors import DocumentError
from llm_extract.reading.source import MAX_BYTES, read_document

ARTICLE = (
    "Harrow Vale picks Pinecrest for desks\n\n"
    "The council’s cabinet has chosen “Pinecrest Digital” – for £4.6m – to run its cafés and desks.\n"
)


def refusal(source: str | os.PathLike[str] | bytes, **options: object) -> str:
    with pytest.raises(DocumentError) as failure:
        read_document(source, **options)  # type: ignore[arg-type]
    message = str(failure.value)
    assert "\n" not in message
    assert message.isprintable()
    return message


class TestSources:
    def test_a_file_is_labelled_with_its_name(self, tmp_path: Path) -> None:
        path = tmp_path / "article.txt"
        path.write_text(ARTICLE, encoding="utf-8")
        document = read_document(path)
        assert (document.text, document.source, document.media_type) == (ARTICLE, "article.txt", "text/plain")
        assert document.id == text_id(ARTICLE)
        assert read_document(str(path), name="row 7").source == "row 7"

    def test_bytes(self) -> None:
        assert read_document(ARTICLE.encode()) == Document.from_text(ARTICLE)
        assert read_document(ARTICLE.encode(), name="member.txt").source == "member.txt"

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ARTICLE.encode("utf-16"))))
        document = read_document("-")
        assert (document.text, document.source) == (ARTICLE, "-")

    def test_standard_input_is_limited(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a" * 11)))
        assert refusal("-", max_bytes=10) == (
            "standard input is larger than 10 bytes: no article is; raise the limit or split it"
        )

    def test_standard_input_that_is_closed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", None)  # what Python makes of it
        assert refusal("-") == "standard input is closed: there is nothing to read"

    def test_a_name_that_is_no_utf_8_is_a_label_that_is(self, tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"caf\xe9.txt")
        path.write_text(ARTICLE, encoding="utf-8")
        document = read_document(path)
        assert document.source == "caf\\udce9.txt"
        assert Document.model_validate_json(document.model_dump_json()) == document
        assert read_document(b"News of today.", name="\udce9.txt").source == "\\udce9.txt"
        assert read_document(b"News of today.", name="café.txt").source == "café.txt"

    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert "there is no file" in refusal(tmp_path / "gone.txt")
        (tmp_path / "file").write_text("x")
        assert "no folder" in refusal(tmp_path / "file" / "gone.txt")

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "is a folder" in refusal(tmp_path)

    def test_a_web_address(self) -> None:
        assert "nothing is fetched" in refusal("https://example.org/a.html")

    def test_a_name_that_is_none(self) -> None:
        assert "NUL" in refusal("a\0b")
        assert "could not be read" in refusal("a" * 5000)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_without_permission(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.txt"
        path.write_text(ARTICLE)
        path.chmod(0)
        assert "permission denied" in refusal(path)

    def test_permission_is_named_also_for_root(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "secret.txt"
        path.write_text(ARTICLE)

        def denied(*arguments: object) -> int:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "open", denied)
        assert "permission denied" in refusal(path)

    def test_a_pipe_is_refused_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "pipe"
        os.mkfifo(path)
        messages: list[str] = []
        reader = threading.Thread(target=lambda: messages.append(refusal(path)), daemon=True)
        reader.start()
        reader.join(5)
        assert messages
        assert "no regular file" in messages[0]

    def test_devices_and_sockets_are_refused(self, tmp_path: Path) -> None:
        assert "no regular file" in refusal("/dev/zero")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(tmp_path / "s"))
            assert "no regular file" in refusal(tmp_path / "s")

    def test_a_link_loop_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        assert "could not be read" in refusal(tmp_path / "a")

    def test_a_name_cannot_send_escapes_to_the_terminal(self, tmp_path: Path) -> None:
        assert "\x1b" not in refusal(tmp_path / "\x1b[31mred.txt")
        assert "\x1b" not in refusal(b"", name="\x1b[31mred.txt")


class TestSizes:
    @pytest.mark.parametrize("data", [b"", b" \r\n\t", b"\0\0\0\0", b"\xef\xbb\xbf", b"\xff\xfe", "\u3000\n".encode()])
    def test_nothing_in_it(self, data: bytes, tmp_path: Path) -> None:
        path = tmp_path / "empty.txt"
        path.write_bytes(data)
        assert "nothing to extract from" in refusal(path)

    def test_fifty_megabytes_are_refused_before_they_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "large.txt"
        with path.open("wb") as file:
            file.truncate(50_000_000)
        assert "larger than 20 MiB" in refusal(path)
        assert "larger than 20 MiB" in refusal(b"a" * (MAX_BYTES + 1), name="large.txt")

    def test_the_limit_itself_is_read(self) -> None:
        assert read_document(b"abcd ", max_bytes=5).text == "abcd "

    def test_files_without_a_size_are_limited_too(self) -> None:
        assert "larger than" in refusal("/proc/self/maps", max_bytes=64)


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
    def test_are_found_out(self, encoding: str) -> None:
        assert read_document(ARTICLE.encode(encoding)).text == ARTICLE

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_wide_ones_are_found_with_and_without_a_mark(self, encoding: str, mark: str) -> None:
        assert read_document((mark + ARTICLE).encode(encoding)).text == ARTICLE

    def test_offsets_refer_to_the_text_after_decoding(self) -> None:
        data = b"\xef\xbb\xbf" + ARTICLE.replace("\n", "\r\n").encode()
        document = read_document(data)
        assert document.text == ARTICLE
        place = document.metadata.headline
        assert place is not None
        assert document.text[place.start : place.end] == "Harrow Vale picks Pinecrest for desks"
        assert document.hidden == ()

    def test_old_line_breaks(self) -> None:
        assert read_document(b"Norwood won.\rWork began.\r\nIt went well.\n").text == (
            "Norwood won.\nWork began.\nIt went well.\n"
        )

    def test_a_few_broken_bytes_do_not_change_the_encoding(self) -> None:
        data = ARTICLE.encode() + b"\xff tail \xe2\x80"
        assert read_document(data).text == ARTICLE + "\ufffd tail \ufffd"

    def test_bytes_that_cp1252_lacks(self) -> None:
        assert read_document(b"The caf\xe9 is \x93open\x94 \x81 today").text == "The café is “open” \ufffd today"

    def test_other_alphabets_are_guessed(self) -> None:
        text = "Городской совет выбрал новую компанию для обслуживания компьютеров на четыре года. " * 5
        assert read_document(text.encode("cp1251")).text == text

    def test_a_declared_charset_is_followed(self) -> None:
        data = "Zażółć gęślą jaźń".encode("iso-8859-2")
        assert read_document(data, media_type="text/plain; charset=ISO-8859-2").text == "Zażółć gęślą jaźń"

    @pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "rot13", "idna", "no-such", "undefined"])
    def test_charsets_in_which_text_can_hide_are_not(self, charset: str) -> None:
        data = b"Norwood won +AEEAQg- \\u0041 the work"
        assert read_document(data, media_type=f"text/plain; charset={charset}").text == data.decode()

    def test_utf8_wins_over_a_wrong_western_charset(self) -> None:
        assert read_document(ARTICLE.encode(), media_type="text/plain; charset=iso-8859-1").text == ARTICLE

    def test_nul_and_other_controls_become_replacement_characters(self) -> None:
        assert read_document(b"Norwood\0 won\x07 the work\x1b[0m").text == "Norwood\ufffd won\ufffd the work\ufffd[0m"

    def test_lone_surrogates_become_replacement_characters(self) -> None:
        utf8 = b"Norwood \xed\xa0\x80 won "
        for data in (
            utf8 + " “ok” “ok” “ok” “ok”".encode(),
            "Norwood \ud800 won".encode("utf-16-le", "surrogatepass"),
        ):
            text = read_document(data).text
            assert "\ufffd" in text
            assert not any("\ud800" <= c <= "\udfff" for c in text)

    def test_binary_data_are_refused(self) -> None:
        assert "binary data" in refusal(bytes(range(256)) * 20)
        assert "binary data" in refusal(b"\0\0\0\1\0\0\0\2abc" * 50)

    @settings(deadline=None, max_examples=50)  # the first page loads the HTML reader
    @given(st.binary(max_size=400))
    def test_any_bytes_give_a_sound_text_or_a_refusal(self, data: bytes) -> None:
        for name in (None, "a.html"):
            try:
                text = read_document(data, name=name).text
            except DocumentError:
                continue
            text.encode("utf-8")
            assert not any(c in text for c in "\0\r\x1b\ufeff\ud800") or "\ufeff" in text[1:]

    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
    def test_utf8_is_read_as_it_is(self, text: str) -> None:
        try:
            found = read_document(text.encode(), media_type="text/plain").text
        except DocumentError:
            return
        assert found == text.removeprefix("\ufeff").removeprefix("\ufeff")


class TestTypes:
    def test_are_told_by_content_before_the_name(self) -> None:
        page = b"<!DOCTYPE html><html><body><p>Norwood won the work.</p></body></html>"
        assert read_document(page, name="page.txt").media_type == "text/html"
        assert read_document(page, name="page.txt", media_type="text/plain").media_type == "text/plain"
        assert read_document(b"Norwood won <b>the work</b>", name="a.htm").text == "Norwood won the work"
        assert read_document(b"A < B, and Norwood won", name="a.txt").text == "A < B, and Norwood won"

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"\x1f\x8b\x08" + b"\0" * 20, "gzip"),
            (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "PNG"),
            (b"\xff\xd8\xff\xe0" + b"\0" * 20, "JPEG"),
            (b"{\\rtf1 Norwood}", "RTF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 20, "Office"),
            (b"PAR1" + b"\0" * 20, "Parquet"),
            (b"WARC/1.0\r\n", "WARC"),
            (b"a/b.txt".ljust(257, b"\0") + b"ustar", "tar"),
            (b"SQLite format 3\0", "SQLite"),
            (b"<?xml version='1.0'?><rss><title>Norwood</title></rss>", "XML"),
        ],
    )
    def test_that_are_not_read_are_named(self, data: bytes, what: str) -> None:
        message = refusal(data, name="file.bin")
        assert message.startswith("file.bin looks like ")
        assert what in message

    @pytest.mark.parametrize(
        ("member", "what"),
        [("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("a.txt", "zip archive")],
    )
    def test_office_files_are_named(self, member: str, what: str) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(member, "Norwood won the work")
        assert what in refusal(buffer.getvalue(), name="contract.docx")

    def test_a_pdf_in_name_only(self) -> None:
        assert "does not begin as one" in refusal(b"Norwood won the work", name="a.pdf")
