"""`python -m llm_extract`: the same as `llm-extract`."""

from llm_extract.cli import main

main()
