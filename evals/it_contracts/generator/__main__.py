"""`python -m evals.it_contracts.generator --count 500 --seed 1 --out DIR`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from .articles import write


def main() -> None:
    """Write articles and their gold files."""
    parser = ArgumentParser(prog="python -m evals.it_contracts.generator", description="Synthetic training articles.")
    parser.add_argument("--count", type=int, default=500, help="how many articles")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same articles")
    parser.add_argument("--out", type=Path, required=True, help="folder for articles/ and gold/")
    options = parser.parse_args()
    write(options.out, options.count, options.seed)


if __name__ == "__main__":
    main()
