"""Command groups whose main command needs no name of its own."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """A group of which one command may be left out: `eval it_contracts` is `eval run it_contracts`."""

    def __init__(self, *arguments: Any, default: str = "run", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.default = default

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """Put the main command's name in front, unless another command's or a call for help is there."""
        help_options = context.help_option_names
        if arguments and arguments[0] not in self.commands and arguments[0] not in help_options:
            arguments = [self.default, *arguments]
        return super().parse_args(context, arguments)
