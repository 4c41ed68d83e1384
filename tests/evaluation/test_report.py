"""The report page: everything is there, nothing acts, and an article's text is shown to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from llm_extract.document import Document
from llm_extract.evaluation.comparison import compare_results
from llm_extract.evaluation.gates import Check
from llm_extract.evaluation.gold import Gold, GoldEvidence, GoldFile, GoldSet
from llm_extract.evaluation.highlights import segments
from llm_extract.evaluation.items import in_words
from llm_extract.evaluation.predictions import Failure, PredictedEvidence, Prediction
from llm_extract.evaluation.report import IN_FULL, inert, report, worst_articles
from llm_extract.evaluation.results import Results, judge
from llm_extract.evaluation.summary import Summary, summarise
from llm_extract.fields import FlagField, Money, Name
from llm_extract.model.types import Usage
from llm_extract.ranges import Range
from llm_extract.result import Issue, Span
from llm_extract.schema import Identifies
from llm_extract.task import task_for_schema

# -- a task of its own, so that nothing here can lean on a shipped one ---------------------------------


class Sale(BaseModel):
    chief: Annotated[bool, FlagField(quoted=False)]
    kind: Literal["sale", "lease"]
    owner: Annotated[Name | None, Identifies(3)] = None
    price: Money | None = None
    rooms: list[str] = []


class Listing(BaseModel):
    title: str | None = None
    sales: list[Sale]


class Notice(BaseModel):
    person: Annotated[Name | None, Identifies(3)] = None
    role: str | None = None


Spans = Mapping[str, Sequence[tuple[int, int]]]
TEXT = "Harbour house sold.\n\nOwner Ida Vik took £2m for the mill and its loft."


def gold(
    name: str, record: Mapping[str, Any], text: str = TEXT, evidence: Spans | None = None, **more: Any
) -> tuple[Gold, type[BaseModel]]:
    schema = Listing if "sales" in record else Notice
    document = more.pop("document", None) or Document.from_text(text)
    spans = {
        path: GoldEvidence(**placed(document, places[0]), also=tuple(Span(**placed(document, p)) for p in places[1:]))
        for path, places in (evidence or {}).items()
    }
    file = GoldFile(article=f"articles/{name}.txt", record=dict(record), evidence=dict(spans), **more)
    return Gold(name, Path(f"{name}.json"), file, document, schema.model_validate(record)), schema


def placed(document: Document, place: tuple[int, int]) -> dict[str, Any]:
    return {"quote": document.text[slice(*place)], "start": place[0], "end": place[1]}


def predicted(item: Gold, record: Mapping[str, Any], evidence: Spans | None = None, **more: Any) -> Prediction:
    found = {
        path: PredictedEvidence(
            **placed(item.document, places[0]), also=tuple(Span(**placed(item.document, p)) for p in places[1:])
        )
        for path, places in (evidence or {}).items()
    }
    return Prediction(article=item.name, record=dict(record), evidence=found, **more)


def judged(
    items: Sequence[tuple[Gold, type[BaseModel]]], predictions: Sequence[Prediction], repeats: int | None = None
) -> Results:
    task = task_for_schema(items[0][1])
    return judge(GoldSet(task, Path(), tuple(item for item, _ in items)), predictions, repeats=repeats)


def summed(results: Results, **more: Any) -> Summary:
    summary = summarise(results, model=more.pop("model", "a-model"), split=more.pop("split", "test"), draws=40)
    return summary.model_copy(update=more)


def page_of(items: Sequence[tuple[Gold, type[BaseModel]]], predictions: Sequence[Prediction], **more: Any) -> Element:
    results = judged(items, predictions, more.pop("repeats", None))
    return parsed(report(results, summed(results, **more)))


HOUSE = {
    "chief": False,
    "kind": "sale",
    "owner": "Ida Vik",
    "price": {"amount": 2_000_000, "currency": "GBP"},
    "rooms": ["loft"],
}
WRONG = {
    "chief": False,
    "kind": "lease",
    "owner": "Ida Vik",
    "price": {"amount": 3_000_000, "currency": "GBP"},
    "rooms": ["mill"],
}


# -- reading the page ---------------------------------------------------------------------------------


class Element:
    """An element with its attributes and what is in it."""

    def __init__(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.inside: list[Element | str] = []

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.inside)

    @property
    def words(self) -> str:
        """The text as it is read: folded white space, and some between cells and paragraphs."""
        return " ".join("".join(self.pieces()).split())

    def pieces(self) -> Iterator[str]:
        for part in self.inside:
            if isinstance(part, str):
                yield part
            else:
                yield from part.pieces()
                yield " " if part.tag in ("th", "td", "p", "h3", "dt", "div") else ""

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    def __iter__(self) -> Iterator[Element]:
        """This element and all below, in the order of the page."""
        yield self
        for part in self.inside:
            if isinstance(part, Element):
                yield from part

    def all(self, tag: str = "", *, style: str = "") -> list[Element]:
        return [e for e in self if (not tag or e.tag == tag) and (not style or style in e.classes)]

    def one(self, id: str) -> Element:  # noqa: A002 - as HTML calls it
        (found,) = [element for element in self if element.attributes.get("id") == id]
        return found

    def has(self, id: str) -> bool:  # noqa: A002
        return any(element.attributes.get("id") == id for element in self)

    def rows(self) -> list[list[str]]:
        return [[e.words for e in row.inside if isinstance(e, Element)] for row in self.all("tr")]


class Reader(HTMLParser):
    """Builds the tree; every element that has an end must be closed in order."""

    VOID = frozenset({"meta", "link", "wbr", "br", "img", "input"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def parsed(page: str) -> Element:
    reader = Reader()
    # As a browser does before it parses; a line's carriage return must have been written another way.
    reader.feed(page.replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    (root,) = reader.open
    return root


def text_block(page: Element) -> Element:
    (block,) = page.all("div", style="text")
    return block


# -- the parts ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run() -> tuple[Results, Summary]:
    """Two repeats of sixteen articles, with everything that a run can have."""
    items = [
        gold(
            f"house-{n:02}",
            {"title": "Harbour house sold", "sales": [HOUSE]},
            evidence={"sales[0].owner": [(27, 34)], "sales[0].price": [(40, 43)], "title": [(0, 18)]},
            tags=["coast", "mill"] if n % 2 else ["coast"],
            notes="The loft counts as a room.",
            accept={"sales[0].rooms[0]": ["the loft"]},
        )
        for n in range(16)
    ]
    items.append(gold("quiet", {"sales": []}))
    predictions = []
    for repeat in range(2):
        for n, (item, _) in enumerate(items[:14]):
            record = {"title": "Harbour house sold", "sales": [WRONG if n % 4 else HOUSE]}
            evidence: Spans = {"sales[0].owner": [(21, 34)], "sales[0].price": [(44, 47)]}
            issue = Issue(path="sales[0].rooms[1]", reason="not_found", message="no such words", answer={"a": 1})
            usage = Usage(calls=2, input_tokens=900, output_tokens=80, cost_usd=Decimal("0.002"), seconds=1.5)
            predictions.append(
                predicted(
                    item, record, evidence, repeat=repeat, issues=(issue,), usage=usage, answered_by="the-model-itself",
                    confidence={"sales[0].owner": 0.9, "sales[0].price": 0.7},
                )
            )  # fmt: skip
        refused = Failure(type="Refused", message="the model declined")
        predictions.append(Prediction(article="house-14", repeat=repeat, error=refused))
        predictions.append(predicted(items[16][0], {"sales": []}, repeat=repeat))
    results = judged(items, predictions, 2)
    better = [predicted(item, item.file.record) for item, _ in items]
    gate = [
        Check(rule="f1 at least 0.900", passed=False, found="0.5000"),
        Check(rule="failed articles at most 9", passed=True, found="2"),
    ]
    return results, summed(results, gate=gate, comparison=compare_results(judged(items, better), results))


@pytest.fixture(scope="module")
def page(run: tuple[Results, Summary]) -> Element:
    return parsed(report(*run))


def test_every_part_is_there(page: Element) -> None:
    parts = ["headline", "fields", "confusion", "comparison", "tags", "cost", "failed", "worst", "others"]
    assert [e.attributes["id"] for e in page.one("main").all("section")] == parts
    (nav,) = page.all("nav")
    assert [link.attributes["href"] for link in nav.all("a")] == [f"#{part}" for part in parts]
    assert [h.words for h in page.all("h1")] == ["Listing with a-model"]


def test_the_head_says_what_was_run(page: Element) -> None:
    (head,) = page.all("header")
    facts = {e.all("dt")[0].words: e.all("dd")[0].words for e in head.all("dl")[0].all("div")}
    assert facts == {
        "Answered by": "the-model-itself",
        "Split": "test",
        "Articles": "17 (1 without an entry)",
        "Repeats": "2",
        "Failed": "2",
        "Missing": "1",
    }
    checks = [row for row in head.all("table")[0].rows() if row[1] != "Rule"]
    assert checks == [
        ["✗ failed", "f1 at least 0.900", "0.5000"],
        ["✓ ok", "failed articles at most 9", "2"],
    ]


def test_figures_have_their_intervals(page: Element, run: tuple[Results, Summary]) -> None:
    f1 = run[1].headline["f1"]
    words = page.one("headline").words
    assert f"item F1 {f1.value:.3f} 95 %: {f1.low:.3f} to {f1.high:.3f}" in words
    assert "false alarms lower is better" in words
    assert "10,000" not in words
    assert "40 bootstrap draws" in words


def test_a_row_for_every_field_with_its_counts(page: Element, run: tuple[Results, Summary]) -> None:
    entries, own = page.one("fields").all("table")
    field = next(field for field in run[1].fields if field.key == "price")
    row = next(row for row in entries.rows() if row[0].startswith("price"))
    assert [row[0], row[2], *row[4:9]] == [
        "price", f"{field.f1.value:.3f}", "16", f"{field.correct:g}", f"{field.incorrect:g}", f"{field.missing:g}", "0",
    ]  # fmt: skip
    assert [row[0].split()[0] for row in entries.rows()[1:]] == ["kind", "owner", "price", "rooms"]
    assert [row[0].split()[0] for row in own.rows()[1:]] == ["title"]


def test_the_bar_is_as_long_as_the_figure_and_the_whisker_spans_the_interval(
    page: Element, run: tuple[Results, Summary]
) -> None:
    f1 = next(field for field in run[1].fields if field.key == "price").f1
    row = next(row for row in page.one("fields").all("tr") if row.words.startswith("price"))
    (fill,) = row.all("rect")
    (whisker,) = row.all("path", style="whisker")
    assert f1.value is not None
    assert float(fill.attributes["width"] or "") == pytest.approx(100 * f1.value, abs=0.01)
    low, high = re.findall(r"M([\d.]+) 5V15", whisker.attributes["d"] or "")
    assert [float(low), float(high)] == pytest.approx([100 * (f1.low or 0), 100 * (f1.high or 0)], abs=0.01)


def test_a_field_with_few_items_is_marked_in_words_and_by_its_bar() -> None:
    item = gold("one", {"sales": [HOUSE]})
    fields = page_of([item], [predicted(item[0], {"sales": [WRONG]})]).one("fields")
    row = next(row for row in fields.all("tr") if row.words.startswith("price"))
    assert "few" in row.classes
    assert "few" in row.all("svg")[0].classes
    assert row.rows()[0][0] == "price few"


def test_confusions_count_every_pair_of_values(page: Element) -> None:
    (matrix,) = page.one("confusion").all("table")
    assert matrix.rows() == [
        ["gold ↓ predicted →", "sale", "lease", "–", "all"],
        ["sale", "8", "20", "4", "32"],
    ]
    assert [cell.words for cell in matrix.all("td", style="same")] == ["8"]


def test_the_comparison_tells_what_changed_and_where_items_were_lost(
    page: Element, run: tuple[Results, Summary]
) -> None:
    part, found = page.one("comparison"), run[1].comparison
    assert found is not None
    row = found.headline["f1"]
    assert f"Item F1 −{abs(100 * row.delta):.1f} points (95 %: −" in part.words
    assert f"p = {row.p:.4f}" in part.words
    _, fields = part.all("table")
    price = next(row for row in fields.rows() if row[0] == "price")
    assert price[2] == f"−{abs(100 * found.fields['price'].delta):.1f}"
    assert price[7] == "▼ worse"
    assert {e.words for e in part.all("span", style="name")} == {entry.article for entry in found.regressions}
    assert found.regressions[0].lost[0] in [item.text for item in part.all("li")]


def test_tags_cost_calibration_and_repeats(page: Element) -> None:
    assert [row[0] for row in page.one("tags").all("table")[0].rows()[1:]] == ["coast", "mill"]
    numbers = {e.all("dt")[0].words: e.all("dd")[0].words for e in page.one("cost").all("div")}
    assert numbers["US dollars per 1,000 articles"] == "2.00"
    assert numbers["Seconds an article, 95th percentile"] == "1.50"
    assert numbers["Values with a confidence"] == "56"
    assert numbers["Repeat 2"] == numbers["Repeat 1"] != "–"


def test_what_failed_and_what_is_missing_is_listed_with_its_reason(page: Element) -> None:
    assert page.one("failed").all("table")[0].rows()[1:] == [
        ["house-14 repeat 1 4 items", "✗ Refused the model declined"],
        ["house-14 repeat 2 4 items", "✗ Refused the model declined"],
        ["house-15", "− missing no prediction"],
    ]
    worst = [e.words for e in page.one("worst").all("h3")]
    assert "house-14" not in worst
    assert "house-15" not in worst


def test_the_worst_articles_have_gold_and_prediction_side_by_side(page: Element) -> None:
    first = page.one("article-1")
    rows = {row[0]: row[1:] for row in first.all("table")[0].rows()}
    assert rows["kind ✗ incorrect"] == ["sale", "lease ! evidence does not hold"]
    assert rows["price ✗ incorrect"] == ["GBP 2,000,000 £2m", "GBP 3,000,000 for ! evidence does not hold"]
    assert rows["rooms ✗ incorrect"] == ["loft", "mill ! evidence does not hold"]
    assert rows["owner ✓ correct"] == ["Ida Vik", "Ida Vik Owner Ida Vik"]
    assert rows["chief ✓ same"] == ["no", "no"]
    assert rows["title ✓ correct"][0] == "Harbour house sold"
    assert "sales[0].rooms[1] not found no such words" in first.words
    assert "The loft counts as a room." in first.words
    assert "F1 0.25 (repeats 0.25, 0.25)" in first.words


def test_every_article_is_listed_once_and_the_faultless_apart() -> None:
    items = [gold(f"n{n:02}", {"sales": [HOUSE]}) for n in range(IN_FULL + 3)] + [gold("fine", {"sales": [HOUSE]})]
    said = [predicted(item, {"sales": [WRONG]}) for item, _ in items[:-1]] + [
        predicted(items[-1][0], {"sales": [HOUSE]})
    ]
    found = page_of(items, said)
    names = [e.words for e in found.one("worst").all("h3")] + [
        e.words for e in found.one("others").all("span", style="name")
    ]
    assert sorted(names) == [f"n{n:02}" for n in range(IN_FULL + 3)]
    assert found.one("others").words.endswith("Wholly right: 1 article fine")
    assert len(found.one("others").all("table")) == 3


def test_the_worst_repeat_of_an_article_stands_for_it() -> None:
    item = gold("one", {"sales": [HOUSE]})
    said = [predicted(item[0], {"sales": [HOUSE if r != 1 else WRONG]}, repeat=r) for r in range(3)]
    results = judged([item], said)
    assert [(r.gold.name, r.repeat) for r in worst_articles(results)] == [("one", 1)]
    assert "repeat 2 of 3" in parsed(report(results, summed(results))).one("article-1").words


def test_the_worst_come_first_and_of_equals_those_with_more_wrong() -> None:
    items = [gold(name, {"sales": [HOUSE] * n}) for name, n in (("small", 1), ("large", 3), ("half", 1))]
    nothing: dict[str, Any] = {"sales": []}
    said = [predicted(item, nothing) for item, _ in items[:2]] + [predicted(items[2][0], {"sales": [WRONG]})]
    found = worst_articles(judged(items, said))
    assert [result.gold.name for result in found] == ["large", "small", "half"]


def test_a_prediction_of_hundreds_of_items_is_cut() -> None:
    item = gold("one", {"sales": [HOUSE]})
    much = {"sales": [{**WRONG, "rooms": [f"room {n}" for n in range(150)]} for _ in range(4)]}
    found = page_of([item], [predicted(item[0], much)])
    assert len(found.one("article-1").all("tr")) < 230
    assert "more items are in items.jsonl" in found.one("article-1").words


def test_a_record_that_is_one_entry_itself() -> None:
    item = gold("one", {"person": "Ida Vik", "role": "chair"})
    found = page_of([item], [predicted(item[0], {"person": "Ida Vik", "role": "clerk"})])
    rows = {row[0]: row[1:] for row in found.one("article-1").all("table")[0].rows()}
    assert rows["role ✗ incorrect"][0] == "chair"
    assert rows["person ✓ correct"][0] == "Ida Vik"
    assert not found.has("confusion")


# -- the verdict --------------------------------------------------------------------------------------

OK, BAD = Check(rule="a", passed=True, found="1"), Check(rule="b", passed=False, found="0")


@pytest.mark.parametrize(
    ("gate", "missing", "verdict"),
    [
        (None, False, "No gate judges this run"),
        ([OK], False, "Nothing failed; gates.toml does not judge this split"),
        ([OK, BAD], False, "Gate failed: 1 of 2 checks"),
        ([OK], True, "Incomplete: 1 article lacks a prediction"),
        ([BAD], True, "Incomplete: 1 article lacks a prediction, and 1 of 1 checks of the gate failed"),
        (None, True, "Incomplete: 1 article lacks a prediction"),
    ],
)
def test_the_verdict_is_that_of_the_exit_code(gate: list[Check] | None, missing: bool, verdict: str) -> None:
    items = [gold("one", {"sales": [HOUSE]}), gold("two", {"sales": [HOUSE]})]
    said = [predicted(item, {"sales": [HOUSE]}) for item, _ in items]
    found = page_of(items, said[:1] if missing else said, gate=gate, repeats=1)
    assert found.one("gate").words.split(" ", 1)[1] == verdict


# -- what is not defined ------------------------------------------------------------------------------


def test_a_run_without_any_item_has_dashes_and_no_nan() -> None:
    item = gold("quiet", {"sales": []})
    results = judged([item], [Prediction(article="quiet", record={"sales": []})])
    compared = compare_results(results, results)
    found = parsed(report(results, summed(results, comparison=compared, split=None)))
    assert not re.search(r"\b(nan|none|undefined)\b", found.one("main").words, re.IGNORECASE)
    assert "item F1 – not defined here" in found.one("headline").words
    assert "The predictions name no evidence" in found.one("headline").words
    assert not found.has("worst")
    assert "Wholly right: 1 article" in found.one("others").words
    assert "do not say what they cost" in found.one("cost").words


def test_an_article_that_is_only_missing() -> None:
    found = page_of([gold("one", {"sales": [HOUSE]})], [])
    assert "one − missing no prediction" in found.one("failed").words
    assert not found.has("worst")
    assert not found.has("others")


def test_answers_from_the_cache_cost_nothing() -> None:
    item = gold("one", {"sales": [HOUSE]})
    found = page_of([item], [predicted(item[0], {"sales": [HOUSE]}, usage=Usage(cached_calls=1))])
    assert "All 1 answers came from the cache" in found.one("cost").words


# -- nothing acts -------------------------------------------------------------------------------------

HOSTILE = (
    "</td></table></details></main></body><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' style='position:fixed",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example>",
    "{{ 7*7 }}{% include 'report.css' %}{# gone #}",
    "&lt;b&gt;&#60;script&#62;",
    "]]><!--",
    "<base href='//evil.example'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "=cmd()|' /C calc'!A0",
)


def everywhere(write: Callable[[str], str]) -> str:
    """A run in which every text that comes from outside is made by `write`."""
    n = iter(range(10_000))

    def text() -> str:
        return write(str(next(n)))

    record = {
        "title": text(),
        "sales": [{"chief": False, "kind": "sale", "owner": "Ida Vik", "rooms": [text(), text()]}],
    }
    body = f"{TEXT}\n\n{text()}"
    item = gold(
        text(), record, evidence={"sales[0].owner": [(27, 34)]}, document=Document.from_text(body),
        tags=[text()] * 5, notes=text(),
    )  # fmt: skip
    others = [gold(text(), {"sales": [HOUSE]}, tags=item[0].file.tags) for _ in range(6)]
    said = {
        "title": text(),
        "sales": [{"chief": False, "kind": "lease", "owner": "Ida Vik", "rooms": [text(), text(), text()]}],
    }
    evidence = {
        "sales[0].owner": PredictedEvidence(quote=text(), start=3, end=9),
        text(): PredictedEvidence(quote=text(), start=5, end=40),
    }
    issue = Issue(path=text(), reason="not_found", message=text(), answer={text(): [text()]})
    predictions = [
        Prediction(article=item[0].name, record=said, evidence=evidence, issues=(issue,), answered_by=text()),
        Prediction(article=others[0][0].name, error=Failure(type=text(), message=text())),
        *(predicted(other, {"sales": [WRONG]}) for other, _ in others[2:]),
    ]
    items = [item, *others]
    results = judged(items, predictions)
    best = judged(items, [predicted(i, i.file.record) for i, _ in items])
    gate = [Check(rule=text(), passed=False, found=text())]
    summary = summed(results, model=text(), split=text(), gate=gate, comparison=compare_results(best, results))
    return report(results, summary.model_copy(update={"task": text()}))


def skeleton(page: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes; `wbr` only says where a name may break."""
    return [(e.tag, tuple(sorted(e.attributes))) for e in page if e.tag != "wbr"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_outside_makes_no_element_and_no_attribute(hostile: str) -> None:
    plain = parsed(everywhere(lambda number: f"text {number}"))
    found = parsed(everywhere(lambda number: f"{hostile} {number}"))
    assert skeleton(found) == skeleton(plain)
    assert hostile in found.text
    assert any(hostile in block.text for block in found.all("div", style="text"))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    source = everywhere(lambda number: f"{HOSTILE[int(number) % len(HOSTILE)]} {number}")
    found = parsed(source)
    (policy,) = [e for e in found.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert (policy.attributes["content"] or "").startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    assert not {"script", "img", "iframe", "object", "embed", "form", "base"} & {e.tag for e in found}
    for element in found:
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("href", "src", "action", "xlink:href"):
                assert (value or "").startswith("#") or value == "data:,"
    (style,) = found.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert "<" not in style.text


def test_what_steers_or_hides_is_named_outside_of_articles() -> None:
    page = parsed(everywhere(lambda number: f"\x1b[31mred\x1b[0m \u202egnp.exe\u202c\u200b\x00\ud800 {number}"))
    shown = "".join(e.text for e in page.all("th") + page.all("td") + page.all("li") + page.all("h1") + page.all("p"))
    assert "�[31mred�[0m ⟨U+202E⟩gnp.exe⟨U+202C⟩⟨U+200B⟩��" in shown
    everything = page.text + "".join(value or "" for e in page for value in e.attributes.values())
    outside = everything
    for block in page.all("div", style="text"):
        outside = outside.replace(block.text, "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\ud800-\udfff]", outside)


def test_what_turns_the_direction_of_a_line_acts_on_nothing_in_an_article() -> None:
    text = "Ida \u202eVik\u202c sold\u200b\u200b it 👩\u200d💻 ❤\ufe0f.\r\nDone."
    item = gold("one", {"sales": [HOUSE]}, text=text)
    block = text_block(page_of([item], [predicted(item[0], {"sales": []})]))
    hidden = block.all("span", style="hidden")
    assert [(e.text, e.attributes["data-hidden"]) for e in hidden] == [
        ("\u202e", "U+202E"),
        ("\u202c", "U+202C"),
        ("\u200b\u200b", "2 hidden characters"),
    ]
    assert block.text == text


def test_a_very_long_value_is_cut_and_says_how_long_it_is() -> None:
    item = gold("one", {"title": "x" * 5000, "sales": [HOUSE]})
    source = report(*(lambda r: (r, summed(r)))(judged([item], [predicted(item[0], {"sales": []})])))
    assert "x" * 240 + "… (5,000 characters)" in source
    assert "x" * 241 not in source


# -- readable by all ----------------------------------------------------------------------------------


def test_headings_come_in_order_and_tables_have_heads(page: Element) -> None:
    levels = [int(e.tag[1]) for e in page if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in page.all("table"):
        assert len(table.all("caption")) == 1
        assert all("scope" in head.attributes for head in table.all("th"))
    ids = [e.attributes["id"] for e in page if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    named = {e.attributes["aria-labelledby"] for e in page if "aria-labelledby" in e.attributes}
    assert named <= set(ids)
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    assert page.all("main")
    assert all(e.attributes.get("aria-hidden") == "true" for e in page.all("svg"))
    for box in page.all("div", style="scroll"):
        assert (box.attributes["role"], box.attributes["tabindex"]) == ("region", "0")


# -- marks --------------------------------------------------------------------------------------------


def marks(block: Element) -> list[tuple[str, str]]:
    """The text of every mark with its kind: g, p, or both."""
    return [(e.text, e.attributes["class"] or "") for e in block.all("mark")]


def test_overlapping_evidence_is_cut_at_every_boundary() -> None:
    item = gold("one", {"sales": [HOUSE]}, text="abcdefghij", evidence={"sales[0].owner": [(1, 5)]})
    said = predicted(item[0], {"sales": [WRONG]}, {"sales[0].owner": [(3, 8)], "sales[0].price": [(4, 6)]})
    block = text_block(page_of([item], [said]))
    assert marks(block) == [("bc", "g"), ("d", "g p"), ("e", "g p"), ("f", "p"), ("gh", "p")]
    title = block.all("mark")[2].attributes["title"]
    assert title == "gold: sales[0].owner; predicted: sales[0].owner, sales[0].price"


def test_offsets_are_code_points() -> None:
    text = "👩‍💻🇸🇪 İda e\u0301 sold 𝒜 mill"
    start = text.index("𝒜")
    item = gold("one", {"sales": [HOUSE]}, text=text, evidence={"sales[0].owner": [(start, start + 6)]})
    block = text_block(page_of([item], [predicted(item[0], {"sales": []})]))
    assert marks(block) == [("𝒜 mill", "g")]
    assert block.text == text


def test_all_places_of_a_value_are_marked() -> None:
    item = gold("one", {"sales": [HOUSE]}, text="abcdefghij", evidence={"sales[0].price": [(0, 2), (5, 7)]})
    said = predicted(item[0], {"sales": [WRONG]}, {"sales[0].price": [(8, 9), (6, 7)]})
    assert marks(text_block(page_of([item], [said]))) == [("ab", "g"), ("f", "g"), ("g", "g p"), ("i", "p")]


def test_page_furniture_is_dimmed() -> None:
    document = Document(id="1", text="News. Subscribe now", furniture=(Range(6, 19),))
    item = gold("one", {"sales": [HOUSE]}, document=document, evidence={"sales[0].owner": [(6, 9)]})
    block = text_block(page_of([item], [predicted(item[0], {"sales": []})]))
    assert [e.text for e in block.all(style="furniture")] == ["Sub", "scribe now"]
    assert marks(block) == [("Sub", "g furniture")]


def test_places_outside_of_the_text_break_nothing() -> None:
    document = Document.from_text("abc def")
    far = {
        "a": [Span(quote="?", start=-5, end=2)],
        "b": [Span(quote="?", start=6, end=10**12)],
        "c": [Span(quote="?", start=5, end=3)],
        "d": [Span(quote="", start=4, end=4)],
        "e": [Span(quote="?", start=90, end=95)],
    }
    found = segments(document, {}, far)
    assert [(part.text, part.predicted) for part in found] == [("ab", ("a",)), ("c def"[:4], ()), ("f", ("b",))]


odd = st.text(
    st.one_of(
        st.sampled_from("ab <>&\"'{}%#\n\t\r\u202e\u200b\u200d\ufe0f\u00ad\u0301é👩𝒜ש�\x1b\x00\x85\u2028\ufffe"),
        st.characters(exclude_categories=()),
    ),
    min_size=1,
    max_size=40,
)
places = st.lists(st.tuples(st.integers(-3, 50), st.integers(-3, 50)), max_size=6)


@given(odd, places, places, places)
def test_segments_put_together_are_the_text(
    text: str, one: list[tuple[int, int]], other: list[tuple[int, int]], furniture: list[tuple[int, int]]
) -> None:
    document = Document.from_text("x" + text)
    document = document.model_copy(update={"furniture": tuple(Range(max(0, a), b) for a, b in furniture if a < b)})
    wanted = {f"g{n}": [Span(quote="", start=a, end=b)] for n, (a, b) in enumerate(one)}
    said = {f"p{n}": [Span(quote="", start=a, end=b)] for n, (a, b) in enumerate(other)}
    at = 0
    for part in segments(document, wanted, said):
        assert part.text
        for path, (span,) in (wanted | said).items():
            within = span.start <= at < span.end
            assert (path in part.gold + part.predicted) == within
            assert within == (span.start < at + len(part.text) <= span.end)
        assert part.furniture == any(start <= at < end for start, end in document.furniture)
        at += len(part.text)
    assert "".join(part.text for part in segments(document, wanted, said)) == document.text


@settings(max_examples=40, deadline=None)
@given(odd, places, places)
def test_the_article_on_the_page_is_the_text_to_the_letter(
    text: str, one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    item = gold("one", {"sales": [HOUSE]}, text="x" + text + "x")
    item[0].file.evidence.update({f"g{n}": GoldEvidence(quote="", start=a, end=b) for n, (a, b) in enumerate(one)})
    evidence = {f"p{n}": PredictedEvidence(quote="", start=a, end=b) for n, (a, b) in enumerate(other)}
    block = text_block(page_of([item], [Prediction(article="one", record={"sales": []}, evidence=evidence)]))
    assert block.text == item[0].document.text
    assert {e.tag for e in block} <= {"div", "mark", "span"}
    marked = "".join(e.text for e in block.all("mark") if "g" in e.classes)
    length = len(block.text)
    covered = {at for a, b in one for at in range(max(0, a), min(b, length))}
    assert marked == "".join(block.text[at] for at in sorted(covered))


# -- how values are written ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Money(amount=1250000, currency="GBP", qualifier="up_to", per_year=True), "up to GBP 1,250,000 a year"),
        (Money(amount=0, currency="SEK"), "SEK 0"),
        (Money(amount=Decimal("12.5"), currency="EUR", qualifier="about"), "about EUR 12.5"),
        (Money(amount=Decimal("0.000001"), currency="EUR", qualifier="at_least"), "at least EUR 0.000001"),
        (Notice(person="Ida Vik"), '{"person":"Ida Vik","role":null}'),
        (True, "yes"),
        (34000, "34000"),
        ("2024-02", "2024-02"),
    ],
)
def test_values_in_words(value: object, words: str) -> None:
    assert in_words(value) == words


def test_inert_keeps_plain_text_and_joined_emoji() -> None:
    assert inert("Café\n\t👩‍💻 ❤️ עברית") == "Café\n\t👩‍💻 ❤️ עברית"
