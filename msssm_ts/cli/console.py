"""Where output goes: results to stdout, messages to stderr."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

from msssm_ts.display import stderr_console

if TYPE_CHECKING:
    from rich.console import Console


def write_any_text() -> None:
    """See to it that a class name in any script is written, whatever the locale.

    Files and pipes get UTF-8, which every command reads back; a terminal that cannot show a letter
    gets its number.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def results() -> Console:
    """Console on stdout; plain off a terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def say(text: str, *, quiet: bool = False) -> None:
    """Write a message to stderr, unless quiet."""
    if not quiet:
        stderr_console().print(text, markup=False)


def show_json(value: Any) -> None:
    """Write one JSON object to stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def show_pairs(pairs: dict[str, object]) -> None:
    """Write aligned names and values to stdout."""
    width = max(map(len, pairs))
    out = results()
    for name, value in pairs.items():
        out.print(f"{name:<{width}}  {value}", markup=False)
