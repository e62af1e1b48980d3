"""What is said while data of a store are fetched."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.teller import Teller, teller


class _Shown(Teller):
    """Says each line once: a command may look at its data several times."""

    def __init__(self, quiet: bool):
        self._quiet = quiet
        self._said: set[str] = set()

    def say(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            say(line, quiet=self._quiet)

    @contextmanager
    def progress(self, url: str) -> Iterator[Callable[[int, int], None]]:
        with Steps(self._quiet) as steps:
            yield steps.step(f"fetching {url}")


def shows_fetching(command: Callable[..., Any]) -> Callable[..., Any]:
    """Make a command say what it fetches from stores, and how far it is; not with ``quiet``."""

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        token = teller.set(_Shown(bool(given.get("quiet"))))
        try:
            return command(*args, **given)
        finally:
            teller.reset(token)

    return run
