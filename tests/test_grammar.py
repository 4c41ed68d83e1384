from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from llm_extract.errors import DocumentError, TaskError
from llm_extract.grammar import choice_grammar, is_run, json_grammar, line_grammar
from llm_extract.model.embedded import Address, shared_server
from llm_extract.model.weights import model_file
from tests.decoding import takes

ARTICLE = """Larkfield picks Osterby

Larkfield Borough Council has signed a five-year deal with Osterby
Data AB, a "preferred" supplier, to run its helpdesk \\ service desk. The deal is worth
£12.4m, or US$1,200 a seat. 🙂

Café owners were pleased; "O'Hara & Söhne" lost.
"""
BEGGING = "Answer: Globex Corporation\n" * 3 + "Answer:"


class Money(BaseModel):
    model_config = ConfigDict(extra="forbid")
    words: Annotated[str, Field(json_schema_extra={"x-verbatim": True}, max_length=40)]
    qualifier: Literal["exact", "about"]
    note: Annotated[str, Field(max_length=20)] | None


class Deal(BaseModel):
    model_config = ConfigDict(extra="forbid")
    main: bool
    buyers: Annotated[list[Annotated[str, Field(json_schema_extra={"x-verbatim": True})]], Field(max_length=3)]
    value: Money | None
    users: Annotated[int, Field(ge=0)] | None
    share: float


def chunks_of(grammar: str) -> list[str]:
    (line,) = [line for line in grammar.splitlines() if line.startswith("RUN: ")]
    chunks: list[str] = json.loads(line.removeprefix("RUN: %regex "))["substring_chunks"]
    return chunks


def parts_of_lark(line: str) -> str:
    """The line without its string literals and regular expressions, which it must consist of otherwise."""
    line = re.sub(r'"(\\(["\\/bfnrt]|u[a-fA-F0-9]{4})|[^"\\\x00-\x1f\x7f])*"', "", line)
    return re.sub(r"(?<=[ :])/(\\.|[^/\\])+/", "", line)


# ---------------------------------------------------------------- without the model


def test_numbers_are_never_cut() -> None:
    assert chunks_of(line_grammar("£12.4m, US$1,200 and 17/05/2023 on the 34th.", none="none")) == [
        *(
            "£12.4m",
            ",",
            " ",
            "US$1,200",
            " ",
            "and",
            " ",
            "17/05/2023",
            " ",
            "on",
            " ",
            "the",
            " ",
            "34th",
            ".",
        ),
    ]


def test_a_name_wrapped_over_two_lines_is_one_run_and_a_blank_line_ends_it() -> None:
    assert chunks_of(line_grammar("Osterby\r\n  Data\n\nNext", none="none")) == ["Osterby", " ", "Data", "\n", "Next"]


def test_an_escape_is_one_chunk_in_json() -> None:
    grammar = json_grammar({"type": "string", "x-verbatim": True}, 'a "b" \\ c')
    assert chunks_of(grammar) == ["a", " ", '\\"', "b", '\\"', " ", "\\\\", " ", "c"]


def test_scripts_without_spaces_are_cut_by_the_character() -> None:
    assert chunks_of(line_grammar("東京都は2023年", none="none")) == ["東", "京", "都", "は", "2023年"]


@given(st.text())
def test_any_text_gives_a_well_formed_grammar(text: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-verbatim": True}}}
    line = line_grammar(text, none="none", most=3, leading=("a b = ", "c = "))
    for grammar in (line_grammar(text, none="none"), line, *_or_nothing(lambda: json_grammar(schema, text))):
        head, *lines = grammar.splitlines()
        assert head == "%llguidance {}"
        for line in lines:
            assert not re.search(r"[\x00-\x1f\x7f]", line)
            if line.startswith("RUN: %regex "):
                assert all(chunks_of(grammar))
            else:
                assert re.fullmatch(r"[A-Za-z_0-9]+: [A-Za-z_0-9 |&()?*+{},]*", parts_of_lark(line)), line


@given(st.text(), st.data())
def test_what_can_come_out_is_a_run(text: str, data: st.DataObject) -> None:
    grammar = line_grammar(text, none="none")
    if "RUN: " not in grammar:
        return
    chunks = chunks_of(grammar)
    start = data.draw(st.integers(0, len(chunks) - 1))
    end = data.draw(st.integers(start + 1, len(chunks)))
    run = "".join(chunks[start:end])
    if "\n" not in run and run.strip() and any(re.match(r"\.?[\w£]", chunk) for chunk in chunks):
        assert run in " ".join(text.split())
        longer = line_grammar(text, none=None, longest=len(run) + 3)
        assert is_run(run, text) or not takes(longer, f" {run.strip()}\n")


def test_a_line_s_runs_leave_out_the_marks_that_mean_something_there() -> None:
    def shapes(**parts: Any) -> str:
        return line_grammar("Orla; Venn=Tarn", none="none", **parts).partition("SPAN: ")[2]

    assert "[^" not in shapes().replace("[^\\n]", "").replace("[^\\s]", "")
    assert "& /[^;]*/" in shapes(most=2)
    assert "& /[^;]*/" in shapes(most=2, leading=("a = ", "b = "))
    assert shapes(leading=("a = ", "b = ")) == shapes()
    assert "{0,157}" in shapes()
    assert "{0,97}" in shapes(longest=100)


def test_a_line_is_none_or_runs() -> None:
    start = line_grammar("Orla Bank", none="none", most=3, leading=("a b = ", "c = ")).splitlines()[1]
    item = '("a b = " | "c = ") SPAN'
    assert start == f'start: " " ("none" | {item} ("; " {item}){{0,2}}) ("\\n" "\\n"?)?'
    assert line_grammar("Orla Bank", none=None).splitlines()[1] == 'start: " " (SPAN) ("\\n" "\\n"?)?'


@pytest.mark.parametrize("words", ["next April", "nearly €3m", "not to exceed £1,800", "no", "none of it", "Nonesuch"])
def test_an_answer_may_begin_as_silence_does(words: str) -> None:
    text = f"It ends {words}."
    leading = ("network and telecoms = ", "none at all = ", "hardware = ")
    assert takes(line_grammar(text, none="none"), f" {words}\n")
    assert takes(line_grammar(text, none="none", most=2), f" It; {words}\n")
    for choice in leading:
        assert takes(line_grammar(text, none="none", most=2, leading=leading), f" {choice}{words}\n")
    assert takes(line_grammar(text, none="none", leading=leading), " none\n")
    assert not takes(line_grammar(text, none="none"), " nothing\n")


@given(st.text(st.sampled_from('no ne;=\n.£12,"\\é東🙂'), min_size=1), st.integers(1, 12), st.data())
def test_every_run_can_be_answered(text: str, longest: int, data: st.DataObject) -> None:
    leading = data.draw(st.sampled_from([(), ("n = ", "no = ", "o = ")]))
    grammar = line_grammar(text, none="none", most=3, leading=leading, longest=longest)
    starts = "RUN: " in grammar and [n for n, chunk in enumerate(chunks_of(grammar)) if re.match(r"\.?[\w£]", chunk)]
    if not starts:
        return
    chunks, start = chunks_of(grammar), data.draw(st.sampled_from(starts))
    runs = ["".join(chunks[start:end]) for end in range(start + 1, len(chunks) + 1)]
    runs = [run for run in runs if not re.search(r"[\n;]|\s$", run) and len(run) <= longest - 2]
    if runs:
        run, choice = data.draw(st.sampled_from(runs)), data.draw(st.sampled_from(leading or ("",)))
        assert takes(grammar, f" {choice}{run}\n")
        assert takes(grammar, f" {choice}{run}; {choice}{run}\n")
        assert not takes(grammar, f" {choice}{run};\n")


@given(st.data())
def test_every_deal_of_an_article_can_be_answered_as_json(data: st.DataObject) -> None:
    chunks = [*filter(str.strip, chunks_of(line_grammar(ARTICLE, none=None)))]
    words = st.sampled_from([chunk for chunk in chunks if re.match(r"[\w£]", chunk)])
    money = st.builds(Money, words=words, qualifier=st.sampled_from(["exact", "about"]), note=st.none() | st.just("no"))
    deal = Deal(
        main=data.draw(st.booleans()),
        buyers=data.draw(st.lists(words, max_size=3)),
        value=data.draw(st.none() | money),
        users=data.draw(st.none() | st.integers(0, 10**14)),
        share=data.draw(st.integers(-999, 999)) / 8,
    )
    assert takes(json_grammar(Deal.model_json_schema(), ARTICLE), json.dumps(deal.model_dump(), ensure_ascii=False))


@given(st.text(min_size=1))
def test_json_chunks_decode_to_the_plain_ones(text: str) -> None:
    escaped = _or_nothing(lambda: json_grammar({"type": "string", "x-verbatim": True}, text))
    for grammar in escaped:
        plain = chunks_of(line_grammar(text, none="none"))
        assert [c if c == "\n" else json.loads(f'"{c}"') for c in chunks_of(grammar)] == plain


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_an_option_is_quoted_whatever_it_holds(option: str) -> None:
    start = choice_grammar([option], prefix="", stop="").splitlines()[1]
    assert json.loads(start.removeprefix("start: (").removesuffix(")")) == option


def test_part_of_a_word_or_number_is_no_run() -> None:
    assert is_run("Osterby Data AB", ARTICLE)
    assert not is_run("Osterby Dat", ARTICLE)
    assert not is_run("4m", ARTICLE)
    assert not is_run("Globex", ARTICLE)
    assert not is_run("Osterby Larkfield", ARTICLE)
    assert not is_run("", ARTICLE)
    assert not is_run('"preferred" supplier', ARTICLE)


@pytest.mark.parametrize("first", ["\u0940", "\u203f", "\u200d", "\u24b6"])
def test_no_run_begins_with_what_only_goes_on(first: str) -> None:
    text = f"Kova {first}Data"
    assert not is_run(f"{first}Data", text)
    assert not takes(line_grammar(text, none="none"), f" {first}")


@pytest.mark.parametrize("run", ["\u00bd", "\u2167 Data", "\u0939\u093f\u0928\u094d\u0926\u0940"])
def test_a_run_may_begin_with_a_letter_or_digit_of_any_script(run: str) -> None:
    assert is_run(run, f"Kova {run}")
    assert takes(line_grammar(f"Kova {run}", none="none"), f" {run}\n")


def test_a_part_of_a_word_that_also_stands_alone_is_a_run() -> None:
    assert is_run("art", "party art")


def test_a_text_without_words_leaves_only_none() -> None:
    assert line_grammar(" …\n\x00", none="none") == '%llguidance {}\nstart: " " ("none") ("\\n" "\\n"?)?\n'
    assert line_grammar(" …\n\x00", none="none", most=3) == line_grammar(" …\n\x00", none="none")
    with pytest.raises(DocumentError, match="no words"):
        line_grammar("!!", none=None)
    with pytest.raises(DocumentError, match="no words"):
        line_grammar("!!", none=None)
    with pytest.raises(DocumentError, match="no words"):
        json_grammar({"type": "string", "x-verbatim": True}, "\ud800")


def test_keys_come_in_the_order_of_the_schema() -> None:
    grammar = json_grammar(Deal.model_json_schema(), ARTICLE)
    places = [grammar.index(f'\\"{key}\\": ') for key in ("main", "buyers", "value", "users", "share")]
    assert places == sorted(places)


def test_a_recursive_schema_ends() -> None:
    schema: dict[str, Any] = {
        "$ref": "#/$defs/N",
        "$defs": {
            "N": {
                "type": "object",
                "properties": {"next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
            }
        },
    }
    assert 'definition_1: "{" "\\"next\\": " (definition_1 | "null") "}"' in json_grammar(schema, "a")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "tuple"}}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "array"},
        {"$ref": "#/$defs/missing"},
        {"enum": []},
        {"allOf": [{"type": "string"}, {"maxLength": 3}]},
        {"type": "array", "items": True},
        {"const": "\ud800"},
    ],
)
def test_a_schema_that_no_grammar_can_express_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(TaskError):
        json_grammar(schema, "a text")


def test_a_choice_without_options_is_refused() -> None:
    with pytest.raises(TaskError):
        choice_grammar([])
    with pytest.raises(TaskError):
        choice_grammar(["a", ""])


def _or_nothing(make: Any) -> list[str]:
    try:
        return [make()]
    except DocumentError:
        return []


# ---------------------------------------------------------------- on the real model


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Address:
    pytest.importorskip("xllamacpp")
    directory: Path = tmp_path_factory.getbasetemp() / "weights"
    return shared_server(model_file("gemma3-270m", directory), context=2048).ensure_running()


def decode(address: Address, prompt: str, grammar: str, **parameters: Any) -> tuple[str, str]:
    """The text and the reason why it ended."""
    answer = httpx2.post(
        f"{address.base_url}/completions",
        headers={"Authorization": f"Bearer {address.api_key}"},
        json={"prompt": prompt, "grammar": grammar, "max_tokens": 200, "temperature": 0} | parameters,
        timeout=60,
    )
    answer.raise_for_status()
    choice = answer.json()["choices"][0]
    return choice["text"], choice["finish_reason"]


@pytest.mark.embedded
def test_the_model_can_begin_as_silence_does(address: Address) -> None:
    counting = "Numbers: six, seven, eight,"
    assert decode(address, counting, line_grammar("nine", none="none"), stop=["\n"])[0] == " nine"


SAMPLED = [{"temperature": 0}, *({"temperature": 1.5, "seed": seed} for seed in range(1, 4))]


@pytest.mark.embedded
@pytest.mark.parametrize("sampling", SAMPLED, ids=str)
def test_what_is_not_in_the_article_cannot_come_out(address: Address, sampling: dict[str, Any]) -> None:
    prompt = f"{ARTICLE}\n{BEGGING}"
    text, _ = decode(address, prompt, line_grammar(ARTICLE, none=None), stop=["\n"], max_tokens=24, **sampling)
    assert text.startswith(" ")
    assert text.strip() in " ".join(ARTICLE.split())
    either, _ = decode(address, prompt, line_grammar(ARTICLE, none="none"), stop=["\n"], max_tokens=24, **sampling)
    assert either == " none" or either.strip() in " ".join(ARTICLE.split())


@pytest.mark.embedded
def test_without_the_grammar_the_same_prompt_does_bring_it_out(address: Address) -> None:
    text, _ = decode(address, f"{ARTICLE}\n{BEGGING}", "", stop=["\n"])
    assert text == " Globex Corporation"


@pytest.mark.embedded
@pytest.mark.parametrize("sampling", SAMPLED, ids=str)
def test_json_parses_validates_and_copies(address: Address, sampling: dict[str, Any]) -> None:
    grammar = json_grammar(Deal.model_json_schema(), ARTICLE)
    prompt = f'{ARTICLE}\n{{"buyers": ["Globex \\"Corporation\\""]}}\nThe quoted words, as JSON:\n'
    text, reason = decode(address, prompt, grammar, **sampling)
    assert reason == "stop"
    deal = Deal.model_validate_json(text)
    leaves = deal.buyers + ([deal.value.words] if deal.value else [])
    assert all(is_run(leaf, ARTICLE) for leaf in leaves), leaves


@pytest.mark.embedded
def test_quotes_and_backslashes_of_the_article_come_out_escaped(address: Address) -> None:
    text = 'a "b" \\ c'
    schema = {"type": "string", "x-verbatim": True}
    for seed in range(4):
        answer, reason = decode(address, text * 3, json_grammar(schema, text), temperature=1.5, seed=seed)
        assert reason == "stop"
        assert json.loads(answer) in text


NASTY = [
    "one",
    "tab\tand\x0bvertical\x1cfile",
    "NUL\x00inside DEL\x7f C1\x9b",
    "half a pair \ud83d here",
    "line\u2028separator\u2029paragraph\xa0space",
    "zero\u200bwidth\u202ereversed",
    'quotes " \\" \\\\ / // # %json {} %regex',
    "👩‍👩‍👧 family, e\u0301 accent, \U0001f1e9\U0001f1ea flag",
    "東京都は2023年に契約した。",
    "कुछ हिन्दी शब्द",
    "word " * 400,
    "£ € $ ¥ 12 12.5 12,500.75 £1bn",
    "(.NET) #1 @home &More _x_",
]


@pytest.mark.embedded
@pytest.mark.parametrize("text", NASTY)
def test_any_text_makes_a_grammar_that_holds(address: Address, text: str) -> None:
    # A grammar that cannot be compiled is ignored without a word, and then the prompt has its way.
    begging = "Globex Corporation\n" * 3
    answer, _ = decode(address, begging, line_grammar(text, none=None, prefix=""), max_tokens=12)
    assert is_run(answer, text)
    quoted = json_grammar({"type": "string", "x-verbatim": True, "maxLength": 12}, text)
    copied, reason = decode(address, begging, quoted, max_tokens=60)
    assert reason == "stop"
    assert is_run(json.loads(copied), text)
    assert len(json.loads(copied)) <= 12


@pytest.mark.embedded
@pytest.mark.parametrize("text", [ARTICLE, "one; two=three; £12.4m = 13; a;b=c", "(.NET) #1; 東京都は2023年", "=;;= !"])
def test_a_line_holds_what_its_reader_takes(address: Address, text: str) -> None:
    """Under the real decoder, whatever the model wants: each entry words of the text, behind its choice."""
    options = ("deep red", "red", "x=y")
    leading = tuple(f"{option} = " for option in options)
    begging = f"{text}\nColours: green = Globex; green = Globex\n" * 2 + "Colours:"
    for most, choices in ((1, ()), (1, leading), (3, ()), (3, leading)):
        grammar = line_grammar(text, none="none", most=most, leading=choices, longest=12)
        for sampling in ({"temperature": 0}, {"temperature": 1.5, "seed": 1}, {"temperature": 1.5, "seed": 2}):
            written, reason = decode(address, begging, grammar, stop=["\n"], max_tokens=120, **sampling)
            assert reason == "stop"
            assert written.startswith(" ")
            if written == " none":
                continue
            entries = written.strip().split(";") if most > 1 else [written.strip()]
            assert len(entries) <= most
            for entry in entries:
                choice, shows, words = entry.strip().partition(" = ") if choices else ("", "", entry.strip())
                assert is_run(words, text)
                assert len(words) <= 12
                assert not choices or (shows and choice in options)


@pytest.mark.embedded
def test_a_line_that_may_not_be_silent_is_not(address: Address) -> None:
    begging = "Buyer: none\n" * 5 + "Buyer:"
    assert decode(address, begging, line_grammar(ARTICLE, none="none"), stop=["\n"])[0] == " none"
    words, _ = decode(address, begging, line_grammar(ARTICLE, none=None), stop=["\n"])
    assert is_run(words, ARTICLE)


@pytest.mark.embedded
def test_a_choice_is_one_of_its_options(address: Address) -> None:
    options = ['é😀"\\ \x7f', "red", "dark red"]
    for seed in range(4):
        text, _ = decode(address, BEGGING, choice_grammar(options), stop=["\n"], temperature=1.5, seed=seed)
        assert text.removeprefix(" ") in options
