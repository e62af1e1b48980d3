"""What a training run reports while it goes on, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Progress:
    """State of a training run, given to callbacks after every step and every epoch.

    Parameters
    ----------
    epoch, max_epochs : int
        Current epoch, from 1, and the most there will be.
    step, max_steps : int
        Optimiser steps done, and the most there will be.
    train_loss, train_accuracy : float or None
        Means over the epoch so far.
    val_loss, val_accuracy : float or None
        On the validation split, at an epoch's end; None where there is no split.
    learning_rate : float
        Of the network's main parameters.
    seconds : float
        Since training began.
    is_epoch_end : bool
        Whether an epoch has just ended.
    best_epoch : int or None
        The epoch whose weights would be kept if training stopped now.
    """

    epoch: int
    max_epochs: int
    step: int
    max_steps: int
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float
    is_epoch_end: bool
    best_epoch: int | None


# One with a method ``stage(name, done, total)`` is also told how far the other voters are, one with
# ``say(line)`` what happens on the way.
# ``plan(lines)`` what is about to be done where it is long.
Callback = Callable[[Progress], object]


@dataclass(frozen=True)
class Reporter:
    """Tells callbacks how far a member of the vote is.

    Parameters
    ----------
    callbacks : sequence of callables
        Given a :class:`Progress`; those with a method ``stage`` are also told of other work.
    name : str
        Of the work.

    Examples
    --------
    >>> Reporter(name="trees").done(5, 10)
    """

    callbacks: Sequence[Callback] = ()
    name: str = ""

    def named(self, name: str) -> Reporter:
        """Return one for other work."""
        return replace(self, name=name)

    def plan(self, lines: Sequence[str]) -> None:
        """Say what is about to be done, to callbacks that have a method ``plan``."""
        for callback in self.callbacks:
            if hasattr(callback, "plan"):
                callback.plan(lines)

    def done(self, n_done: int, n_total: int) -> None:
        """Say how many series are done, and of how many."""
        for callback in self.callbacks:
            if hasattr(callback, "stage"):
                callback.stage(self.name, n_done, n_total)

    def say(self, line: str) -> None:
        """Say what happens on the way, in a line."""
        for callback in self.callbacks:
            if hasattr(callback, "say"):
                callback.say(line)


@dataclass
class History:
    """One entry per epoch in each column."""

    epoch: list[int] = field(default_factory=list)
    train_loss: list[float | None] = field(default_factory=list)
    train_accuracy: list[float | None] = field(default_factory=list)
    val_loss: list[float | None] = field(default_factory=list)
    val_accuracy: list[float | None] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def append(self, progress: Progress) -> None:
        """Add the epoch that has just ended."""
        for name, column in vars(self).items():
            column.append(getattr(progress, name))
