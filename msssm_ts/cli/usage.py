"""What is said of a word that an option does not take."""

from __future__ import annotations

import re
from typing import Any

import typer
import typer.core

from msssm_ts.text import meant

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
