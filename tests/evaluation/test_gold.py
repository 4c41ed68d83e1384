"""Gold files: read with their articles, refused with the place that is wrong, mended, and written back the same."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from llm_extract.document import Document
from llm_extract.errors import EvaluationError, TaskError
from llm_extract.evaluation.gold import (
    Gold,
    GoldEvidence,
    GoldFile,
    GoldSet,
    fixed,
    gold_directory,
    gold_paths,
    located,
    read_gold,
    read_gold_file,
    read_gold_set,
    written,
)
from llm_extract.evaluation.items import make_plan
from llm_extract.evaluation.predictions import as_predictions
from llm_extract.evaluation.results import judge
from llm_extract.evaluation.summary import figures_by_name
from llm_extract.fields import Money, Name
from llm_extract.result import Span
from llm_extract.schema import compile_schema
from llm_extract.task import find_task, task_for_schema
from tests.evaluation.generated import Data, write_gold
from tests.support import ARTICLE

SCHEMA = find_task("it_contracts").schema
DEAL: Data = {
    "main": True,
    "stage": "award",
    "buyers": ["Ellerby County Council"],
    "suppliers": ["Tallis Communications"],
    "value": {"amount": 18_400_000, "currency": "GBP", "qualifier": "up_to"},
}
RECORD: Data = {"article": {"published": "2023-09-14"}, "contracts": [DEAL]}


def gold(directory: Path, record: Data = RECORD, evidence: Data | None = None, **more: Any) -> Gold:
    return read_gold(write_gold(directory, "ellerby", ARTICLE, record, evidence or {}, **more), SCHEMA)


def complaint(directory: Path, record: Data = RECORD, evidence: Data | None = None, **more: Any) -> str:
    path = write_gold(directory, "ellerby", ARTICLE, record, evidence or {}, **more)
    with pytest.raises(EvaluationError) as caught:
        read_gold(path, SCHEMA)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


# -- reading ----------------------------------------------------------------------------------------------


def test_a_gold_file_is_read_with_its_article(tmp_path: Path) -> None:
    found = gold(tmp_path, split="dev", tags=["wire"], notes="first")
    assert found.name == "ellerby"
    assert found.document.text == ARTICLE
    assert found.record == SCHEMA.record.model_validate(RECORD)
    assert (found.file.split, found.file.tags, found.file.notes) == ("dev", ("wire",), "first")
    assert found.story == "ellerby"
    assert gold(tmp_path, story="networks").story == "networks"


def test_a_record_that_breaks_the_schema_is_named_with_its_place(tmp_path: Path) -> None:
    wrong = {**RECORD, "contracts": [DEAL, {**DEAL, "end": "2023-02-30"}]}
    message = complaint(tmp_path, wrong)
    assert message.startswith("its record does not fit the schema: contracts.1.end: ")
    assert "2023-02-30" in message
    assert "contracts.0.colour" in complaint(tmp_path, {**RECORD, "contracts": [{**DEAL, "colour": "red"}]})
    assert "contracts: Field required" in complaint(tmp_path, {"article": {}})


def test_a_key_that_gold_does_not_have_is_refused(tmp_path: Path) -> None:
    assert complaint(tmp_path, note="x") == "note: Extra inputs are not permitted"


def test_evidence_of_another_form_is_named_with_its_place(tmp_path: Path) -> None:
    assert "contracts[0].stage" in complaint(tmp_path, evidence={"contracts[0].stage": {"quote": "signed"}})
    assert "contracts[0].stage" in complaint(tmp_path, evidence={"contracts[0].stage": 5})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[]", b'{"article": 1, "record": {}}'])
def test_a_file_that_is_no_gold_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(EvaluationError, match=f"^{re.escape(str(path))}: .*(JSON|object|article)"):
        read_gold_file(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"none\.json: No such file"):
        read_gold_file(tmp_path / "none.json")
    with pytest.raises(EvaluationError, match="Is a directory"):
        read_gold_file(tmp_path)


def test_an_article_that_is_not_there_is_named(tmp_path: Path) -> None:
    message = complaint(tmp_path, article="articles/other.txt")
    assert message.startswith("its article: ")
    assert "articles/other.txt" in message
    assert "its article: " in complaint(tmp_path, article="articles")


def test_the_gold_of_a_task_is_read_in_order_of_names(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        write_gold(tmp_path, name, ARTICLE, RECORD, {}, split="test" if name == "c" else "dev")
    for directory in (tmp_path, tmp_path / "gold"):
        found = read_gold_set("it_contracts", directory)
        assert [item.name for item in found.items] == ["a", "b", "c"]
        assert found.directory == tmp_path
    assert [item.name for item in found.split("dev").items] == ["a", "b"]
    assert found.split(None) is found
    with pytest.raises(EvaluationError, match="no gold in the split 'tset'; there is dev, test"):
        found.split("tset")
    assert [field.key for field in found.plan.fields] == [field.key for field in make_plan(SCHEMA).fields]


def test_a_folder_without_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no gold here"):
        read_gold_set("it_contracts", tmp_path)
    with pytest.raises(EvaluationError, match="no gold here"):
        gold_paths(tmp_path / "nowhere")
    with pytest.raises(EvaluationError, match="no gold for the task 'unheard'"):
        gold_directory("unheard", tmp_path)
    with pytest.raises(TaskError):
        read_gold_set("unheard", tmp_path)


def test_the_gold_of_the_working_directory_comes_first(tmp_path: Path) -> None:
    place = tmp_path / "evals" / "it_contracts"
    write_gold(place, "a", ARTICLE, RECORD, {})
    assert gold_directory("it_contracts", tmp_path) == place


def test_a_digest_changes_with_article_and_label_only(tmp_path: Path) -> None:
    first = gold(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{16}", first.digest)
    assert gold(tmp_path, notes="why", tags=["x"], evidence={"contracts[0].stage": "signed"}).digest == first.digest
    assert gold(tmp_path, {**RECORD, "contracts": []}).digest != first.digest
    assert gold(tmp_path, accept={"contracts[0].stage": ["tender"]}).digest != first.digest
    set_before = read_gold_set("it_contracts", tmp_path).digest
    (tmp_path / "articles" / "ellerby.txt").write_text(ARTICLE + "More.\n", "utf-8")
    again = read_gold_set("it_contracts", tmp_path)
    assert again.items[0].digest != gold_digest_of(again.items[0], ARTICLE)
    assert again.digest != set_before


def gold_digest_of(item: Gold, text: str) -> str:
    """The digest of the same label for another text."""
    return Gold(item.name, item.path, item.file, Document.from_text(text), item.record).digest


# -- accepted alternates ----------------------------------------------------------------------------------


def test_accepted_alternates_have_the_type_of_their_value(tmp_path: Path) -> None:
    accept = {
        "contracts[0].value": [{"amount": 18.5e6, "currency": "GBP"}, {"amount": 20, "currency": "EUR"}],
        "contracts[0].buyers[0]": ["Ellerby CC"],
        "article.published": ["2023-09"],
    }
    assert gold(tmp_path, accept=accept).accept == {
        "contracts[0].value": (Money(amount=18_500_000, currency="GBP"), Money(amount=20, currency="EUR")),
        "contracts[0].buyers[0]": ("Ellerby CC",),
        "article.published": ("2023-09",),
    }


@pytest.mark.parametrize(
    ("where", "other", "says"),
    [
        ("contracts[1].stage", "award", "accept: the record has no value at contracts[1].stage"),
        ("contracts[0].framework", "G-Cloud", "accept: the record has no value at contracts[0].framework"),
        ("contracts[0].main", False, "accept: the record has no value at contracts[0].main"),
        ("contracts[0].nothing", 1, "accept: the record has no value at contracts[0].nothing"),
        ("contracts[0].stage", "won", "accept: contracts[0].stage: "),
        ("contracts[0].value", 5, "accept: contracts[0].value: "),
        ("contracts[0].value", None, "accept: contracts[0].value: None is no value"),
        ("contracts[0].buyers[0]", " ", "accept: contracts[0].buyers[0]: ' ' is no value"),
    ],
)
def test_an_alternate_that_does_not_hold_is_named(tmp_path: Path, where: str, other: Any, says: str) -> None:
    assert complaint(tmp_path, accept={where: [other]}).startswith(says)


class Post(BaseModel):
    since: date
    holder: Annotated[Name, Field(alias="heldBy")]


class Posts(BaseModel):
    posts: list[Post]


def test_alternates_of_other_schemas_are_typed_too(tmp_path: Path) -> None:
    text = "Ada Reed and Bo Lind hold their posts since 1 May 2020."
    posts = [{"since": "2020-05-01", "heldBy": "Bo Lind"}, {"since": "2020-05-01", "holder": "Ada Reed"}]
    accept = {"posts[1].since": ["2020-05-02"], "posts[0].holder": ["Bo"]}
    found = read_gold(write_gold(tmp_path, "posts", text, {"posts": posts}, {}, accept=accept), compile_schema(Posts))
    assert found.accept == {"posts[1].since": (date(2020, 5, 2),), "posts[0].holder": ("Bo",)}


def test_a_key_that_the_schema_does_not_have_is_refused(tmp_path: Path) -> None:
    posts = [{"since": "2020-05-01", "holder": "Ada Reed", "sinse": "2020-05-02"}]
    path = write_gold(tmp_path, "posts", "Ada Reed has been there since 1 May 2020.", {"posts": posts}, {})
    with pytest.raises(EvaluationError, match=r"posts\.0\.sinse"):
        read_gold(path, compile_schema(Posts))


def test_gold_by_aliases_agrees_with_itself(tmp_path: Path) -> None:
    text = "Bo Lind holds the post since 1 May 2020."
    record = {"posts": [{"since": "2020-05-01", "heldBy": "Bo Lind"}]}
    path = write_gold(tmp_path, "posts", text, record, {})
    task = task_for_schema(Posts)
    gold = GoldSet(task, tmp_path, (read_gold(path, task.schema),))
    assert figures_by_name(judge(gold, as_predictions(gold)))["f1"] == 1.0


# -- places of quotes ---------------------------------------------------------------------------------------


def at(text: str, quote: str, *also: str) -> GoldEvidence:
    def span(words: str) -> dict[str, Any]:
        start = text.index(words)
        return {"quote": words, "start": start, "end": start + len(words)}

    return GoldEvidence(**span(quote), also=tuple(Span(**span(words)) for words in also))


def test_quotes_get_their_places() -> None:
    document = Document.from_text(ARTICLE)
    assert located(document, "signed a contract") == at(ARTICLE, "signed a contract")
    assert located(document, ["1 October 2023", "five-year agreement"]) == at(
        ARTICLE, "1 October 2023", "five-year agreement"
    )


def test_a_quote_gets_the_words_of_the_article() -> None:
    document = Document.from_text("The Harbour Board’s deal – worth €2m –\nruns for two  years.")
    found = located(document, ["Harbour Board's deal - worth €2m", "runs for two years"])
    assert found is not None
    assert [span.quote for span in found.spans] == ["Harbour Board’s deal – worth €2m", "runs for two  years"]


@pytest.mark.parametrize("quote", ["no such words", "", " ", "Tallis Comm"])
def test_a_quote_that_stands_nowhere_has_no_place(quote: str) -> None:
    document = Document.from_text(ARTICLE)
    assert located(document, quote) is None
    assert located(document, ["signed a contract", quote]) is None
    assert located(document, GoldEvidence(quote=quote, start=3, end=3)) is None
    assert located(document, []) is None


def test_right_places_stay_and_wrong_ones_move_to_the_nearest() -> None:
    text = "Vega won. Later Vega lost, then Vega won."
    document = Document.from_text(text)
    right = GoldEvidence(quote="Vega", start=16, end=20)
    assert located(document, right) == right
    assert located(document, GoldEvidence(quote="Vega", start=30, end=34)) == GoldEvidence(
        quote="Vega", start=32, end=36
    )
    wrong_also = GoldEvidence(quote="Vega", start=16, end=20, also=(Span(quote="lost", start=0, end=4),))
    assert located(document, wrong_also) == at(text, "Vega", "lost").model_copy(update={"start": 16, "end": 20})


def test_places_counted_from_the_end_are_wrong() -> None:
    document = Document.from_text("Vega won it all")
    assert located(document, GoldEvidence(quote="it", start=-6, end=-4)) == GoldEvidence(quote="it", start=9, end=11)


def test_a_quote_is_looked_for_outside_page_furniture_first() -> None:
    text = (
        "We use cookies to improve Vega News. Accept all cookies\n\nVega signs a deal\n\n"
        "The harbour of Mull has chosen Vega for its network, the board said on Monday.\n"
    )
    document = Document.from_text(text)
    (banner,) = document.excluded
    assert text.index("Vega News") < banner.end
    found = located(document, "Vega")
    assert found is not None
    assert found.start == text.index("Vega signs")
    inside = located(document, "Vega News")  # only there: the audit notes it
    assert inside is not None
    assert inside.start == text.index("Vega News")


ODD = st.text(
    st.sampled_from("abAB12 .,'’“”\n\t-–—éÅ\u0301\u200b\xad\u2028\x85ﬁß株\U0001f600\"\\<&\r")
    | st.characters(codec="utf-8"),
    min_size=1,
    max_size=60,
)


@given(ODD, st.data())
@settings(max_examples=100)
def test_whole_words_of_any_text_are_found_in_their_place(text: str, choice: st.DataObject) -> None:
    document = Document.from_text("A " + text)
    words = [match.span() for match in re.finditer(r"\S+", document.text)]
    first = choice.draw(st.integers(0, len(words) - 1))
    start, end = words[first][0], words[choice.draw(st.integers(first, len(words) - 1))][1]
    quote = document.text[start:end]
    assume(any(character not in "\xad\u200b" and character.isprintable() for character in quote))
    right = GoldEvidence(quote=quote, start=start, end=end)
    assert located(document, right) == right
    for given_ in (quote, [quote], GoldEvidence(quote=quote, start=end, end=start)):
        found = located(document, given_)
        assert found is not None
        assert document.text[found.start : found.end] == found.quote == quote


def test_fixing_gives_names_and_bare_quotes_their_places(tmp_path: Path) -> None:
    evidence = {
        "contracts[0].value": "worth up to £18.4m",
        "contracts[0].stage": {"quote": "signed a contract", "start": 0, "end": 5},
        "contracts[0].end": "five-year",
    }
    before = gold(tmp_path, evidence=evidence)
    assert list(before.evidence()) == ["contracts[0].stage"]
    after = fixed(before, make_plan(SCHEMA)).evidence
    assert after == {
        "contracts[0].stage": at(ARTICLE, "signed a contract"),
        "contracts[0].buyers[0]": at(ARTICLE, "Ellerby County Council"),
        "contracts[0].suppliers[0]": at(ARTICLE, "Tallis Communications"),
        "contracts[0].value": at(ARTICLE, "worth up to £18.4m"),
        "contracts[0].end": "five-year",  # nothing that the record has: kept for its author to see
    }
    assert list(after)[-1] == "contracts[0].end"


def test_fixing_leaves_what_it_cannot_find(tmp_path: Path) -> None:
    record = {"article": {}, "contracts": [{**DEAL, "buyers": ["Harrow Borough"], "suppliers": []}]}
    evidence = {"contracts[0].stage": "hands the work"}
    assert fixed(gold(tmp_path, record, evidence), make_plan(SCHEMA)).evidence == evidence


def test_what_was_fixed_and_written_reads_back_with_right_places(tmp_path: Path) -> None:
    before = gold(tmp_path, evidence={"contracts[0].value": ["up to £18.4m", "Tallis"]}, tags=["wire"])
    mended = fixed(before, make_plan(SCHEMA))
    before.path.write_text(written(mended), "utf-8")
    after = read_gold(before.path, SCHEMA)
    assert after.file == mended
    assert after.record == before.record
    assert after.digest == before.digest
    assert after.evidence()
    for found in after.evidence().values():
        assert all(after.document.text[span.start : span.end] == span.quote for span in found.spans)
    assert written(fixed(after, make_plan(SCHEMA))) == written(mended)


# -- writing ------------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.just("evidence"), inner, max_size=3),
    max_leaves=6,
)
spans = st.builds(Span, quote=words, start=st.integers(0, 99), end=st.integers(0, 99))
evidence = st.one_of(
    words,
    st.lists(words, max_size=3),
    st.builds(
        GoldEvidence,
        quote=words,
        start=st.integers(0, 99),
        end=st.integers(0, 99),
        also=st.lists(spans, max_size=2).map(tuple),
    ),
)
files = st.builds(
    GoldFile,
    article=words,
    split=st.none() | words,
    story=st.none() | words,
    tags=st.lists(words, max_size=2).map(tuple),
    record=st.dictionaries(words | st.just("evidence"), values, max_size=3),
    evidence=st.dictionaries(words, evidence, max_size=3),
    accept=st.dictionaries(words, st.lists(values, max_size=2), max_size=2),
    notes=st.none() | words,
)


@given(files)
@settings(max_examples=150)
def test_a_written_file_reads_back_equal(file: GoldFile) -> None:
    text = written(file)
    again = GoldFile.model_validate_json(text)
    assert again == file
    assert again.model_dump_json() == file.model_dump_json()
    assert written(again) == text


def test_what_fits_in_a_line_of_a_written_file_stands_in_one() -> None:
    quote = "worth about £5m " * 5
    text = written(
        GoldFile(
            article="articles/a.txt",
            record={"contracts": [], "end": None},
            evidence={"a": GoldEvidence(quote="“£5m”", start=1, end=6), "b": ["x", quote], "c": [quote, quote]},
        )
    )
    lines = text.splitlines()
    assert '  "record": {"contracts": [], "end": null},' in lines
    assert '    "a": {"quote": "“£5m”", "start": 1, "end": 6},' in lines
    assert f'    "b": ["x", "{quote}"],' in lines
    assert f'      "{quote}"' in lines
    assert max(map(len, lines)) <= 120
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["article", "record", "evidence"]
    assert json.loads(text)["record"] == {"contracts": [], "end": None}
