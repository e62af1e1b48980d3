"""What a failed command says, and the exit code it leaves."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

from msssm_ts.cli.shown.console import ResultsError
from msssm_ts.errors import FetchError, InputError, ProcessLostError, WritingError
from msssm_ts.text import visible

F = TypeVar("F", bound=Callable[..., Any])

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def guarded(command: F) -> F:
    """Turn exceptions into one sentence on stderr and an exit code.

    2 for input that cannot be used, 1 for a failure at run time, a full disk among them, 130 for
    Ctrl-C. With ``--debug`` the exception goes on to the terminal.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            with warnings.catch_warnings():
                if not kwargs.get("debug") and not sys.warnoptions:
                    # What libraries tell programmers is of no use to a person.
                    warnings.simplefilter("ignore")
                return command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt as error:
            tell("; ".join(["interrupted", *map(str, error.args)]))
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _leave_stdout()
            raise typer.Exit(0) from None
        except Exception as error:
            if kwargs.get("debug") or isinstance(error, ResultsError):
                raise
            sentence, code = said_of(error)
            tell(sentence)
            raise typer.Exit(code) from None

    return run  # type: ignore[return-value]


def said_of(error: Exception) -> tuple[str, int]:
    """Return what is said of an exception, and the exit code."""
    if isinstance(error, InputError):
        return str(error), BAD_INPUT
    if isinstance(error, (FetchError, ProcessLostError, WritingError)):
        return str(error), FAILED
    kind = "" if isinstance(error, (OSError, RuntimeError)) else f"{type(error).__name__}: "
    return f"{kind}{_one_line(error)} (run again with --debug for the traceback)", FAILED


@contextmanager
def whole_results() -> Iterator[None]:
    """Around the whole command line: what went to stdout has come out, or the exit code is 1.

    Left to the interpreter's exit, a failure would be a traceback.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _leave_stdout()
    except ResultsError as error:
        _leave_stdout()
        tell(str(error))
        raise SystemExit(FAILED) from None


def _leave_stdout() -> None:
    """Let nothing more be written: the reader (head, less) has had enough, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def tell(sentence: str) -> None:
    """Write why a command ends to stderr."""
    sys.stderr.write(f"msssm-ts: {visible(sentence)}\n")
