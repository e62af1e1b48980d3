"""Where output goes: results to stdout, messages to stderr."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

from msssm_ts.display import stderr_console
from msssm_ts.text import visible

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
    """Console on stdout; plain off a terminal. What goes there is :func:`visible` before."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def say(text: str, *, quiet: bool = False) -> None:
    """Write a message, a line, to stderr, unless quiet."""
    if not quiet:
        stderr_console().print(_line(text))


def show(text: str = "") -> None:
    """Write a line of results for a person to stdout."""
    results().print(_line(text))


def show_json(value: Any, *, indent: int | None = 2) -> None:
    """Write one JSON value to stdout."""
    sys.stdout.write(as_json(value, indent=indent) + "\n")


def as_json(value: Any, *, indent: int | None = 2) -> str:
    r"""Return JSON that holds any text as it is, and acts on no terminal that it is shown on.

    Examples
    --------
    >>> as_json("\x9b31mé", indent=None)
    '"\\u009b31mé"'
    """
    # JSON has escaped what is below a blank; line ends that are left are its own.
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")
    return "\n".join(visible(line, json=True) for line in lines)


def show_pairs(pairs: dict[str, object]) -> None:
    """Write aligned names and values to stdout."""
    shown = [(visible(name), visible(value)) for name, value in pairs.items()]
    width = max(len(name) for name, _ in shown)
    out = results()
    for name, value in shown:
        out.print(f"{name:<{width}}  {value}")


def _line(text: str) -> str:
    """Make a line visible; empty ones before it stay."""
    line = text.lstrip("\n")
    return text[: len(text) - len(line)] + visible(line)
