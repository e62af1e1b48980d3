"""A command in several processes: the first does all that one would do, the others help it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from msssm_ts.cli.errors import BAD_INPUT, INTERRUPTED, said_of, tell
from msssm_ts.errors import InputError, ProcessLostError

# Seconds in which the first comes to the same end by itself, and says why.
_WAIT = 3.0


def _are_several() -> bool:
    return "RANK" in os.environ and os.environ.get("WORLD_SIZE", "1") != "1"


def sharing(help_with: Callable[..., None]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command that gets ``modelling`` the processes that ``torchrun`` has started.

    Parameters
    ----------
    help_with : callable
        What the others do, given the command's arguments.
    """

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**given: Any) -> Any:
            if not _are_several():
                return command(**given)
            from msssm_ts.training.joining import joined

            with joined(given["modelling"]["device"]) as processes:
                if processes.is_first:
                    return command(**given)
                try:
                    help_with(**given)
                except KeyboardInterrupt:
                    raise typer.Exit(INTERRUPTED) from None
                except Exception as error:
                    if given.get("debug"):
                        raise
                    raise typer.Exit(_told(processes, error)) from None

        return run

    return give


def _told(processes: Any, error: Exception) -> int:
    """Say what ended a helper, unless it ends the first one, too; return the exit code."""
    try:
        # What else ends a helper is its own: the first waits for it, and learns that it is gone.
        if isinstance(error, (InputError, ProcessLostError)) and processes.is_over(_WAIT):
            return 0
    except KeyboardInterrupt:
        # By that signal torchrun ends the others of one that has failed.
        return INTERRUPTED
    sentence, code = said_of(error)
    tell(f"process {processes.rank} (of {processes.count}, from 0): {sentence}")
    return code


def refuse_several(command: str | None, *able: str) -> None:
    """Refuse to do the same thing several times over."""
    if _are_several() and command not in able:
        if os.environ["RANK"] == "0":
            tell(
                f"{command} by {os.environ['WORLD_SIZE']} processes: only {', '.join(able)} shares "
                "its work; start it without torchrun"
            )
        sys.exit(BAD_INPUT)
