"""Progress of a training run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msssm_ts.text import visible

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from msssm_ts.training import Callback, Progress, Reporter


# The bar that was started last: what is said while it moves goes above it, by its own console.
_bar: Any = None
# Columns from which on there is room for all that a bar says.
_WIDE = 110


def stderr_console() -> Console:
    """Return a console on stderr; plain off a terminal."""
    from rich.console import Console

    if _bar is not None and _bar.live.is_started:
        console: Console = _bar.console
        return console
    return Console(
        stderr=True,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=not sys.stderr.isatty(),
    )


def draws_bars() -> bool:
    """Whether a bar can move on stderr: on a terminal that knows how to go back (not TERM=dumb)."""
    console = stderr_console()
    return console.is_terminal and not console.is_dumb_terminal


def describe(progress: Progress) -> str:
    """Losses of the epoch in a few words."""
    text = f"loss {progress.train_loss:.3f}"
    if progress.val_loss is not None:
        text += f", validation {progress.val_loss:.3f} (accuracy {progress.val_accuracy:.3f})"
    return text


def started_bar(how_far: str, **settings: Any) -> Any:
    """Start a bar on stderr with the time left; ``how_far`` is the column of rich that counts."""
    from rich import progress
    from rich.table import Column
    from rich.text import Text

    class Description(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Text:
            return Text(task.description, no_wrap=True, overflow="ellipsis")

    global _bar
    console = stderr_console()
    is_wide = console.width >= _WIDE
    # Where there is too little room for all, the description is cut, not the numbers.
    numbers = [getattr(progress, how_far)(table_column=Column(no_wrap=True))]
    if is_wide:
        numbers.append(progress.TimeElapsedColumn(table_column=Column(no_wrap=True)))
    numbers.append(progress.TextColumn("ETA"))
    numbers.append(progress.TimeRemainingColumn(table_column=Column(no_wrap=True)))
    _bar = progress.Progress(
        Description(),
        progress.BarColumn(40 if is_wide else 12),
        *numbers,
        console=console,
        **settings,
    )
    _bar.start()
    return _bar


class TrainingDisplay:
    """Context manager whose instance is a training callback.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    interval : float
        Least seconds between two lines off a terminal; 0 is a line per epoch.
    name : str
        Of one training among several, put before what is shown of it; then off a terminal there
        is a line at the interval only.
    """

    def __init__(self, quiet: bool = False, interval: float = 0.0, name: str = ""):
        self._console = stderr_console()
        self._quiet = quiet
        self._interval = interval
        self._name = f"{name}: " if name else ""
        self._bar: Any = None
        self._task: Any = None
        # Of several trainings, soon done, not each has a line.
        self._last_line = time.monotonic() if name else 0.0
        self._first: Progress | None = None
        self._described = ""
        self._last_stage = ""

    def __enter__(self) -> TrainingDisplay:
        if not self._quiet and draws_bars():
            self._bar = started_bar("MofNCompleteColumn")
            self._task = self._bar.add_task(self._wait(), total=None)
        elif not self._quiet:
            if self._is_due() or not self._has_kernels():
                self._console.print(self._wait())
            self._last_line = time.monotonic()
        return self

    def _is_due(self) -> bool:
        """Whether a stage may have a line: of one training among several not at once."""
        return not self._name or time.monotonic() - self._last_line >= self._interval

    @staticmethod
    def _has_kernels() -> bool:
        from msssm_ts.kernels.compiled_cache import has_compiled_kernels

        return has_compiled_kernels()

    def _wait(self) -> str:
        """Say what the first step waits for."""
        if self._has_kernels():
            return f"{self._name}preparing"
        return f"{self._name}compiling the kernels for this machine (once, about 15 s)"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def plan(self, lines: Sequence[str]) -> None:
        """Show what is about to be done."""
        for line in () if self._quiet else lines:
            self._console.print(visible(self._name + line), soft_wrap=True)

    def stage(self, name: str, done: int, total: int) -> None:
        """Show how far something is that comes before training."""
        if self._quiet:
            return
        if self._bar is not None:
            text = visible(self._name + name)
            self._bar.update(self._task, total=total, completed=done, description=text)
        elif done == total and name != self._last_stage and self._is_due():
            self._last_stage = name
            self._console.print(visible(f"{self._name}{name}: {total} series"))

    def say(self, line: str) -> None:
        """Show a line; above the bar where there is one."""
        if not self._quiet:
            console = self._console if self._bar is None else self._bar.console
            console.print(visible(self._name + line))

    def __call__(self, progress: Progress) -> None:
        """Show a step or an epoch's end."""
        if self._quiet:
            return
        if self._first is None and self._bar is not None:
            # A stage may have come before: the time left counts from here.
            self._bar.reset(self._task)
        self._first = self._first or progress
        if self._bar is not None:
            if progress.is_epoch_end or not self._described:
                self._described = describe(progress)
            self._bar.update(
                self._task,
                total=progress.max_steps,
                completed=progress.step,
                description=f"{self._name}epoch {progress.epoch}/{progress.max_epochs} · "
                f"{self._described}",
            )
            return
        now = time.monotonic()
        last = progress.epoch == progress.max_epochs
        if progress.is_epoch_end and (last or now - self._last_line >= self._interval):
            self._last_line = now
            self._console.print(
                f"{self._name}epoch {progress.epoch}/{progress.max_epochs}: {describe(progress)}, "
                f"{progress.seconds:.0f} s{self._left(progress, self._first)}"
            )

    @staticmethod
    def _left(progress: Progress, first: Progress) -> str:
        """Estimate the time left, from the first step on: that one may have compiled kernels."""
        steps = progress.step - first.step
        if steps < 1:
            return ""
        left = (progress.seconds - first.seconds) / steps * (progress.max_steps - progress.step)
        return f", at most {left:.0f} s left"


@contextmanager
def reporting(verbose: int, callbacks: Sequence[Callback] | None) -> Iterator[Reporter]:
    """Give what tells an estimator's callbacks, and a terminal where it is ``verbose``."""
    from msssm_ts.training import Reporter

    with TrainingDisplay(quiet=not verbose) as shown:
        yield Reporter((*(callbacks or ()), shown))
