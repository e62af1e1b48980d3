"""Progress of a training run: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.console import messages

if TYPE_CHECKING:
    from types import TracebackType

    from msssm_ts.training import Progress

# Seconds between two lines off a terminal.
_LINE_INTERVAL = 10.0


def describe(progress: Progress) -> str:
    """Losses of the epoch in a few words."""
    text = f"loss {progress.train_loss:.3f}"
    if progress.val_loss is not None:
        text += f", validation {progress.val_loss:.3f} (accuracy {progress.val_accuracy:.3f})"
    return text


class TrainingDisplay:
    """Context manager whose instance is a training callback.

    Parameters
    ----------
    quiet : bool
        Show nothing.
    """

    def __init__(self, quiet: bool):
        self._console = messages()
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._last_line = 0.0
        self._described = ""

    def __enter__(self) -> TrainingDisplay:
        if not self._quiet and self._console.is_terminal:
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeElapsedColumn(),
                progress.TextColumn("ETA"),
                progress.TimeRemainingColumn(),
                console=self._console,
            )
            self._bar.start()
            # No step has come yet: kernels may be compiling for the first time.
            self._task = self._bar.add_task("preparing (compiles kernels once)", total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show a step or an epoch's end."""
        if self._quiet:
            return
        if self._bar is not None:
            if progress.is_epoch_end or not self._described:
                self._described = describe(progress)
            self._bar.update(
                self._task,
                total=progress.max_steps,
                completed=progress.step,
                description=f"epoch {progress.epoch}/{progress.max_epochs} · {self._described}",
            )
            return
        now = time.monotonic()
        last = progress.epoch == progress.max_epochs
        if progress.is_epoch_end and (last or now - self._last_line >= _LINE_INTERVAL):
            self._last_line = now
            left = progress.seconds / progress.step * (progress.max_steps - progress.step)
            self._console.print(
                f"epoch {progress.epoch}/{progress.max_epochs}: {describe(progress)}, "
                f"{progress.seconds:.0f} s, at most {left:.0f} s left",
                markup=False,
            )
