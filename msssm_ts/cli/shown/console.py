"""Where output goes: results to stdout, messages to stderr."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from msssm_ts.display import stderr_console
from msssm_ts.errors import WritingError
from msssm_ts.text import visible

if TYPE_CHECKING:
    from rich.console import Console


def write_any_text() -> None:
    """See to it that a class name in any script is written, whatever the locale.

    Files and pipes get UTF-8, which every command reads back; a terminal that cannot show a letter
    gets its number. A full disk behind stdout is a :class:`ResultsError`; messages that cannot be
    written are lost, not the work that they are about.
    """
    # Python has none where the shell has closed it; what a caller has put there stays.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    elif type(sys.stdout) is io.TextIOWrapper:
        sys.stdout = _Results(sys.stdout.buffer, _encoding(sys.stdout), "backslashreplace")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    elif type(sys.stderr) is io.TextIOWrapper:
        sys.stderr = _Messages(
            sys.stderr.buffer, _encoding(sys.stderr), "backslashreplace", write_through=True
        )


def _encoding(stream: TextIO) -> str:
    return stream.encoding if stream.isatty() else "utf-8"


class ResultsError(WritingError):
    """Results that could not be written to stdout, all of them."""

    def __init__(self, error: OSError):
        super().__init__("stdout", error)

    def __str__(self) -> str:
        return f"stdout: cannot be written ({self.reason}); the results are cut off"


class _Results(io.TextIOWrapper):
    """Stdout, whose failures are told from those of other files."""

    def write(self, text: str) -> int:
        with _telling_results():
            return super().write(text)

    def flush(self) -> None:
        with _telling_results():
            super().flush()


@contextlib.contextmanager
def _telling_results() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # The reader (head, less) has had enough.
        raise
    except OSError as error:
        raise ResultsError(error) from error


class _Messages(io.TextIOWrapper):
    """Stderr, which may be a file on a full disk, or a pipe that nobody reads any more."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            super().flush()


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
    text = json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)
    # JSON has escaped what is below a blank; line ends that are left are its own.
    lines = text.split("\n")
    return "\n".join(visible(line, json=True) for line in lines)


def finite(value: Any) -> Any:
    """Return a value for JSON, which has no NaN and no infinity: null, where nothing is known.

    Examples
    --------
    >>> finite({"a": [1.5, float("nan")]})
    {'a': [1.5, None]}
    """
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
