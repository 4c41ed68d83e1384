"""Grammars for verbatim decoding: a name that is not in the article cannot come out.

The grammars are in llguidance's dialect of Lark, which llama.cpp, vLLM and SGLang decode under:
at every step the endpoint masks the tokens that would leave the grammar. An extractive answer
is a *run*: consecutive words of the article, cut between words and never inside a word or a number.

Three readings of the article, all of them so that a run stays sayable on one line:

- white space of any kind and length is read as one space, so a name that the article wraps
  over two lines comes out in one piece: an answer is a substring of ``" ".join(text.split())``;
- no run crosses a blank line, a control character or a lone surrogate;
- a number is one word with its currency sign, its decimals and its letters: "£12.4m" is
  never answered as "4m".

A grammar narrows what can be decoded; the answer is still validated and grounded afterwards.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm_extract.errors import DocumentError, TaskError

VERBATIM = "x-verbatim"
"""The JSON schema keyword of a string leaf that must be a run of the article's words."""

HEAD = "%llguidance {}"
"""The first line of every grammar: it tells llama.cpp and SGLang that this is no GBNF."""

_BREAK = "\n"
"""The chunk that stands where no run may cross; white space is collapsed, so no other chunk holds it."""

_BREAKS = re.compile(r"\n[^\S\n]*\n|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")

_CURRENCY = "$¢£¤¥֏؋৲৳৻૱௹฿៛₠-⃀꠸﷼﹩＄￠￡￥￦"
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

_CHUNK = re.compile(
    rf"""
      (?:\b[A-Z]{{1,3}})?[{_CURRENCY}]?\d+(?:[.,:/'’]\d+)*\w*   # 2023, £12.4m, US$1,200, 17/05/2023, 34th
    | [{_IDEOGRAPHS}]                                          # scripts without spaces: one at a time
    | (?:(?![{_IDEOGRAPHS}])[\w\u0300-\u036f])+                # a word, also with detached accents
    | .                                                        # a space, a punctuation mark, an emoji
    """,
    re.VERBOSE,
)

# A run starts with a letter, a digit, a currency sign or one of "#@&(", before which a full stop may stand
# (".NET"), and does not end with white space.
_FIRST = rf"\.?[\w{_CURRENCY}#@&\(]"
# The same to llguidance, whose own `\w` also holds marks, joiners and letters in circles.
_FIRST_IN_GRAMMARS = _FIRST.replace(r"\w", r"\p{L}\p{N}_")


def line_grammar(
    text: str,
    *,
    none: str | None,
    most: int = 1,
    leading: Sequence[str] = (),
    between: str = ";",
    longest: int = 160,
    stop: str = "\n",
    prefix: str = " ",
) -> str:
    """A grammar for one line: `none` (if given), or one to `most` runs of `text`, each after one of `leading`.

    Runs have at most `longest` characters and are parted by `between` and a space; where there may be several, they do
    not hold it. The line begins with `prefix` and ends with `stop`, or with
    the model's end-of-text token. Send `stop` as the request's stop string too, so that decoding ends there and the
    answer comes without it.

    Raises DocumentError if `text` has no words and `none` is None.
    """
    answers = [] if none is None else [_literal(none)]
    terminals = []
    chunks = _chunks(text)
    if not any(_can_start(chunk) for chunk in chunks):
        if none is None:
            raise DocumentError("the text has no words, so no answer can be copied from it")
    else:
        marks = between if most > 1 else ""
        item = "SPAN"
        if leading:
            item = f"({' | '.join(_literal(choice) for choice in dict.fromkeys(leading))}) {item}"
        more = f" ({_literal(between + ' ')} {item}){{0,{most - 1}}}" if most > 1 else ""
        answers.append(item + more)
        shape = _run_shape(longest) + (f" & /[^{re.escape(marks)}]*/" if marks else "")
        terminals = [_substring("RUN", chunks), f"SPAN: RUN & {shape}"]
    # The prefix is one terminal that all answers share. With " none" as another terminal, the lexer would stay in it
    # after " n" and never come back: no answer could begin with an n.
    begins = f"{_literal(prefix)} " if prefix else ""
    return "\n".join([HEAD, f"start: {begins}({' | '.join(answers)}){_end(stop)}", *terminals, ""])


def choice_grammar(options: Sequence[str], *, stop: str = "\n", prefix: str = " ") -> str:
    """A grammar for one answer out of `options`, word for word, each after `prefix`.

    The answer ends with `stop` or with the model's end-of-text token, as in `line_grammar`.
    Raises TaskError if there are no options or an option is empty.
    """
    if not options or not all(options):
        raise TaskError(f"a choice needs options that are not empty, not {list(options)!r}")
    answers = " | ".join(_literal(prefix + option) for option in dict.fromkeys(options))
    return "\n".join([HEAD, f"start: ({answers}){_end(stop)}", ""])


def json_grammar(schema: Mapping[str, Any], text: str) -> str:
    """A grammar for a JSON answer that follows `schema` and copies its verbatim leaves from `text`.

    Takes the JSON schema that pydantic makes: objects, arrays, `anyOf`, `enum`, `const`, strings,
    booleans, numbers, null, and local `$ref`s, recursive ones too. Every key is written, in the
    schema's order, whether it is required or not. A string marked ``"x-verbatim": true`` is a run of
    `text`, escaped as JSON asks. `maxLength` bounds both kinds of string, `maxItems` lists. `pattern`,
    `format` and numeric bounds other than a minimum of zero are left to validation.

    Raises TaskError for a schema outside this, and DocumentError if a verbatim leaf is asked of a text
    without words.
    """
    rules = _JsonRules(definitions=schema.get("$defs", {}), chunks=_chunks(text))
    start = rules.value(schema, "the schema")
    return "\n".join([HEAD, f"start: {start}", *rules.lines(), ""])


def is_run(answer: str, text: str) -> bool:
    """Whether `answer` is a run of `text`, as the grammars here would have it.

    To be asked of every answer: an endpoint that cannot compile a grammar may ignore it without a word
    (llama.cpp answers 200, freely decoded). Spaces at the ends of `answer` are not counted.
    """
    words = answer.strip()
    return _begins_like_a_run(words) and any(
        _cut_between_chunks(words, line) for line in (" ".join(passage.split()) for passage in _BREAKS.split(text))
    )


@dataclass
class _JsonRules:
    """The rules and terminals that one JSON grammar has needed so far."""

    definitions: Mapping[str, Any]
    chunks: list[str]
    rule_names: dict[str, str] = field(default_factory=dict)
    """Definition → name of its rule; entered before the rule is built, so that recursion ends."""
    rules: dict[str, str] = field(default_factory=dict)
    terminals: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The lines that follow the start rule."""
        lines = [f"{name}: {body}" for name, body in (self.rules | self.terminals).items()]
        if any("RUN &" in body for body in self.terminals.values()):
            lines.append(_substring("RUN", [_json_escaped(chunk) for chunk in self.chunks]))
        return lines

    def value(self, schema: Any, where: str) -> str:
        """The expression for one value of `schema`; `where` names it in errors."""
        if not isinstance(schema, Mapping):
            raise TaskError(f"{where}: {schema!r} is no schema that a grammar can be made from")
        if "const" in schema:
            return _literal(_json(schema["const"]))
        if "enum" in schema:
            if not schema["enum"]:
                raise TaskError(f"{where}: an enum without values")
            return _alternatives([_literal(_json(option)) for option in schema["enum"]])
        if "$ref" in schema:
            return self._reference(schema["$ref"], where)
        for keyword in ("anyOf", "oneOf", "allOf"):
            if keyword in schema:
                branches = schema[keyword]
                if not branches or (keyword == "allOf" and len(branches) > 1):
                    raise TaskError(f"{where}: a grammar cannot express this {keyword}")
                return _alternatives([self.value(branch, where) for branch in branches])
        kind = schema.get("type")
        if isinstance(kind, list):
            return _alternatives([self.value({**schema, "type": one}, where) for one in kind])
        match kind:
            case "object":
                return self._object(schema, where)
            case "array":
                return self._array(schema, where)
            case "string":
                return self._string(schema)
            case "boolean":
                return '("true" | "false")'
            case "null":
                return '"null"'
            case "integer" | "number":
                return self._number(kind, schema)
        raise TaskError(
            f"{where}: a grammar cannot be made for the type {kind!r}; use objects with named keys, lists, "
            "strings, numbers, booleans, enums and null"
        )

    def _reference(self, reference: str, where: str) -> str:
        name = reference.removeprefix("#/$defs/")
        if name not in self.definitions:
            raise TaskError(f"{where}: {reference!r} is not among the schema's $defs")
        if name not in self.rule_names:
            rule = f"definition_{len(self.rule_names) + 1}"
            self.rule_names[name] = rule
            self.rules[rule] = self.value(self.definitions[name], name)
        return self.rule_names[name]

    def _object(self, schema: Mapping[str, Any], where: str) -> str:
        if schema.get("additionalProperties") not in (None, False):
            raise TaskError(f"{where}: an object with free keys; name its keys")
        parts = [_literal("{")]
        for number, (key, value) in enumerate(schema.get("properties", {}).items()):
            separator = ", " if number else ""
            parts.append(_literal(f"{separator}{_json(key)}: "))
            parts.append(self.value(value, f"{where}.{key}"))
        parts.append(_literal("}"))
        return " ".join(parts)

    def _array(self, schema: Mapping[str, Any], where: str) -> str:
        if "items" not in schema:
            raise TaskError(f"{where}: a list must say what its items are")
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if most is not None and most < max(least, 0):
            raise TaskError(f"{where}: at least {least} and at most {most} items")
        if most == 0:
            return '"[]"'
        item = f"({self.value(schema['items'], f'{where}[]')})"
        more = f'(", " {item}){{{max(least - 1, 0)},{"" if most is None else most - 1}}}'
        filled = f'"[" {item} {more} "]"'
        return filled if least else f'("[]" | {filled})'

    def _string(self, schema: Mapping[str, Any]) -> str:
        longest = schema.get("maxLength")
        suffix = "" if longest is None else f"_{longest}"
        if schema.get(VERBATIM):
            if not any(_can_start(chunk) for chunk in self.chunks):
                raise DocumentError("the text has no words, so no answer can be copied from it")
            self.terminals[f"SPAN{suffix}"] = f"RUN & {_run_shape(longest)}"
            # Quotes and words are one terminal: the parser then never sees where they meet.
            self.terminals[f"QUOTED{suffix}"] = f'"\\"" SPAN{suffix} "\\""'
            return f"QUOTED{suffix}"
        # No \u escapes: they could spell a lone surrogate, and every character can be written itself.
        character = r'([^"\\\x00-\x1f\x7f]|\\["\\bfnrt])'
        times = "*" if longest is None else f"{{0,{longest}}}"
        self.terminals[f"STRING{suffix}"] = f'/"{character}{times}"/'
        return f"STRING{suffix}"

    def _number(self, kind: str, schema: Mapping[str, Any]) -> str:
        unsigned = schema.get("minimum", -1) >= 0 or schema.get("exclusiveMinimum", -1) >= 0
        name = ("UNSIGNED_" if unsigned else "") + kind.upper()
        # 15 digits is what a double holds exactly; a number that never ends would be cut anyway.
        digits = ("" if unsigned else "-?") + "(0|[1-9][0-9]{0,14})"
        self.terminals[name] = f"/{digits}/" if kind == "integer" else rf"/{digits}(\.[0-9]{{1,6}})?/"
        return name


def _chunks(text: str) -> list[str]:
    """The pieces that a run is made of, in order, with `_BREAK` where no run may cross."""
    chunks: list[str] = []
    for passage in _BREAKS.split(text):
        line = " ".join(passage.split())
        if line:
            chunks += [_BREAK, *_CHUNK.findall(line)] if chunks else _CHUNK.findall(line)
    return chunks


def _cut_between_chunks(words: str, line: str) -> bool:
    """Whether `words` occur in `line` somewhere where a chunk begins and a chunk ends."""
    start = line.find(words) if words else -1
    if start == -1:
        return False
    edges = {0, *(match.end() for match in _CHUNK.finditer(line))}
    while start != -1:
        if start in edges and start + len(words) in edges:
            return True
        start = line.find(words, start + 1)
    return False


def _can_start(words: str) -> bool:
    return re.match(_FIRST, words) is not None


def _begins_like_a_run(words: str) -> bool:
    # A letter that Unicode has got since this Python was made may be one to llguidance already.
    return _can_start(words) or (words != "" and unicodedata.category(words[0]) == "Cn")


def _substring(name: str, chunks: list[str]) -> str:
    return f"{name}: %regex {json.dumps({'substring_chunks': chunks})}"


def _run_shape(longest: int | None) -> str:
    r"""What every run looks like, as a regular expression; it leaves out `_BREAK` and the empty run."""
    if longest is None:
        return rf"/{_FIRST_IN_GRAMMARS}([^\n]*[^\s])?/"
    # Three less: the two characters that `_FIRST` may take, and the last one.
    return rf"/{_FIRST_IN_GRAMMARS}([^\n]{{0,{max(longest - 3, 0)}}}[^\s])?/"


def _alternatives(expressions: list[str]) -> str:
    return f"({' | '.join(dict.fromkeys(expressions))})"


def _end(stop: str) -> str:
    # Twice, because "\n\n" is often a token of its own and means the same.
    return f" ({_literal(stop)} {_literal(stop)}?)?" if stop else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json_escaped(chunk: str) -> str:
    """A chunk as it stands inside a JSON string; one chunk, so that no escape is ever cut."""
    return chunk if chunk == _BREAK else _json(chunk)[1:-1]


def _literal(words: str) -> str:
    """A Lark string literal: JSON's syntax in ASCII, with DEL escaped too, as llguidance's lexer asks."""
    if any("\ud800" <= character <= "\udfff" for character in words):
        raise TaskError(f"{words!r} holds half a surrogate pair, which no answer can hold")
    return json.dumps(words).replace("\x7f", "\\u007f")
