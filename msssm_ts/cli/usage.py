"""What is said of words on the command line, and in the environment, that cannot be meant so."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

import typer
import typer.core

from msssm_ts.cli.shown.console import say
from msssm_ts.text import meant

# Of the environment, all that anything in the package looks at under such a name.
VARIABLES = tuple(
    f"MSSSM_TS_{name}" for name in ("BACKEND", "CACHE_DIR", "DATA_DIR", "PLUGINS", "TOKEN")
)

# As Typer words it, with what the library behind it puts before.
_CHOICE = re.compile(r"(?:Value error, )?('(?P<given>.*)' is not one of (?P<there>.*?))\.?")


class Suggesting(typer.core.TyperGroup):
    """Commands that name the choice that is nearest to what was typed for an option."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = suggesting(error.message)
            raise


class Command(typer.core.TyperCommand):
    """A command that takes no word in silence that does nothing, or other than what is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        # While a shell completes a word, nothing is refused.
        if not ctx.resilient_parsing:
            for spelt, takes_one, values in self._said(ctx, args):
                if takes_one and len(set(values)) > 1:
                    # The last would act.
                    said = " ".join(f"{spelt} {value}" for value in values)
                    ctx.fail(f"{said}: {spelt} takes one value; leave all but one of them out")
                for value in values:
                    if wrong := _not_meant(value):
                        ctx.fail(f"{spelt} {value!r}: {wrong}")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Do what was asked, and say which variables of the environment do nothing."""
        for line in unknown_variables(os.environ):
            say(line, quiet=ctx.params.get("quiet", False))
        return super().invoke(ctx)

    def _said(self, ctx: Any, args: list[str]) -> list[tuple[str, bool, list[str]]]:
        """Return options and arguments with the values that they were given."""
        parser, found = self.make_parser(ctx), {}
        for about in self.get_params(ctx):
            if isinstance(about, typer.core.TyperOption):
                if about.is_flag:
                    continue
                found[about.name] = about.opts[0], not about.multiple
                keeping = copy(about)
                keeping.multiple = True
                keeping.add_to_parser(parser, ctx)
            else:
                found[about.name] = str(about.metavar or about.name).upper(), False
        said = parser.parse_args(list(args))[0]
        return [
            (*about, [own] if isinstance(own, str) else list(own))
            for name, about in found.items()
            if (own := said.get(name)) is not None
        ]


def _not_meant(value: str) -> str:
    """Say why a value is hardly what was meant; nothing if it may be."""
    if not value.strip():
        return "is empty; is a variable of the shell not set?"
    if value.startswith("~/") and not Path("~").exists():
        return "the shell has left ~ as it is; write $HOME"
    return ""


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Say which variables look like this program's and are none.

    Examples
    --------
    >>> unknown_variables({"MSSSM_TS_PLUGIN": "core.py", "MSSSM_TS_TOKEN": "x", "HOME": "/"})
    ["MSSSM_TS_PLUGIN: no such variable, without effect; is 'MSSSM_TS_PLUGINS' meant?"]
    """
    return [
        f"{name}: no such variable, without effect{meant(name, VARIABLES, 0.5)}"
        for name in sorted(environment)
        if name.upper().startswith("MSSSM_TS_") and name not in VARIABLES
    ]


def suggesting(message: str) -> str:
    """Return a message with the nearest choice, where it is about choices.

    Examples
    --------
    >>> suggesting("Value error, 'sx' is not one of 's4d', 's6'.")
    "'sx' is not one of 's4d', 's6'; is 's6' meant?"
    """
    found = _CHOICE.fullmatch(message)
    if found is None:
        return message
    return found[1] + meant(found["given"], re.findall(r"'(.*?)'", found["there"]), 0.5)
