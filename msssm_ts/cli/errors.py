"""What a failed command says, and the exit code it leaves."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from msssm_ts.errors import InputError
from msssm_ts.text import visible

F = TypeVar("F", bound=Callable[..., Any])

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


def guarded(command: F) -> F:
    """Turn exceptions into one sentence on stderr and an exit code.

    2 for input that cannot be used, 1 for a failure at run time, 130 for Ctrl-C. With
    ``--debug`` the exception goes on to the terminal.
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
        except KeyboardInterrupt:
            _tell("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader (head, less) has had enough; keep the interpreter's exit quiet too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            if kwargs.get("debug"):
                raise
            if isinstance(error, InputError):
                _tell(str(error))
                raise typer.Exit(BAD_INPUT) from None
            kind = "" if isinstance(error, (OSError, RuntimeError)) else f"{type(error).__name__}: "
            _tell(f"{kind}{_one_line(error)} (run again with --debug for the traceback)")
            raise typer.Exit(FAILED) from None

    return run  # type: ignore[return-value]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _tell(sentence: str) -> None:
    sys.stderr.write(f"msssm-ts: {visible(sentence)}\n")
