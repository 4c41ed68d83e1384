"""Reading what an article comes as: text in any encoding, HTML, PDF, standard input."""

from llm_extract.reading.source import read_document

__all__ = ["read_document"]
