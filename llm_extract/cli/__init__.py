"""The command line: `llm-extract`. The only part of the package that prints."""

from llm_extract.cli.main import main

__all__ = ["main"]
