"""Progress of long work in named steps: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from msssm_ts.cli.shown.console import say
from msssm_ts.display import draws_bars, started_bar
from msssm_ts.text import visible

# Seconds between two lines off a terminal.
_INTERVAL = 15.0


class Steps:
    """Context manager that shows how far a step is, and the time left.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, quiet: bool = False):
        self._quiet = quiet
        self._bar: Any = None

    def __enter__(self) -> Steps:
        if not self._quiet and draws_bars():
            self._bar = started_bar("TaskProgressColumn", transient=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def step(self, name: str, unit: str = "") -> Callable[[float, float], None]:
        """Begin a step; return what is told how much of it is done, and of how much.

        With a unit, such as "files", it is counted, not only measured.
        """
        if self._bar is not None:
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            task = self._bar.add_task(visible(name), total=None)

            def move(done: float, total: float) -> None:
                text = f"{name}: {done:g} of {total:g} {unit}" if unit else name
                self._bar.update(task, completed=done, total=total, description=visible(text))

            return move
        began = last = time.monotonic()

        def tell(done: float, total: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= _INTERVAL and 0 < done < total:
                last = now
                left = (now - began) / done * (total - done)
                far = f"{done:g} of {total:g} {unit}" if unit else f"{done / total:.0%}"
                say(f"{name}: {far}, about {left:.0f} s left", quiet=self._quiet)

        return tell
