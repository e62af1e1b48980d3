"""Whom fetching tells what it does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextvars import ContextVar


class Teller:
    """What is told of a copy while it is made; this one keeps silent.

    Override what is to be told.
    """

    def say(self, line: str) -> None:
        """Hear what is about to be done, or was."""

    def progress(self, url: str) -> contextlib.AbstractContextManager[Callable[[int, int], None]]:
        """Return what is called with the bytes that are there, and the bytes in all."""
        return contextlib.nullcontext(lambda done, total: None)


_SILENT = Teller()
teller: ContextVar[Teller] = ContextVar("teller", default=_SILENT)
