"""What can come out under a grammar: asked of the library that llama.cpp decodes with, without a model."""

from __future__ import annotations

import llguidance

_BYTES = llguidance.LLTokenizer("byte")


def takes(grammar: str, answer: str) -> bool:
    """Whether `answer`, whole or as a beginning, can come out under a grammar of `llm_extract.grammar`."""
    matcher = llguidance.LLMatcher(_BYTES, llguidance.LLMatcher.grammar_from_lark(grammar.partition("\n")[2]))
    assert not matcher.is_error(), matcher.get_error()
    tokens = _BYTES.tokenize_bytes(answer.encode())
    return matcher.validate_tokens(tokens) == len(tokens)
