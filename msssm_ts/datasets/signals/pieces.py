"""Pieces of recordings that carry a label each: rhythms, stages of sleep, other states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msssm_ts.datasets.account import Account


class State(NamedTuple):
    """What is annotated of a stretch of a recording.

    Parameters
    ----------
    start, stop : float
        In seconds.
    label : str
        Such as AFIB, or W.
    """

    start: float
    stop: float
    label: str


@dataclass
class Rest:
    """What of recordings becomes no piece, counted.

    Parameters
    ----------
    unlabelled, mixed : int
        Pieces that would lie where nothing is annotated, or several states at once.
    ends : int
        Ends of states that are shorter than a piece.
    skipped : Counter
        Annotations that are no state to learn, by text.
    """

    unlabelled: int = 0
    mixed: int = 0
    ends: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def account(self, seconds: float) -> Account:
        """Say it."""
        account = (
            Account()
            .without(self.unlabelled, "pieces", "nothing is annotated there")
            .without(self.mixed, "pieces", "several states at once")
            .without(self.ends, "ends", f"what a state lasts beyond pieces of {seconds:g} s")
        )
        return account.without(
            self.skipped.total(), "annotations", "no state to learn", list(self.skipped)
        )


def cut_states(
    states: Sequence[State],
    recorded: Sequence[tuple[int, int]],
    rate: float,
    seconds: float,
    rest: Rest,
) -> list[tuple[int, str]]:
    """Cut states into pieces of equal length; each lies within one state, from its onset on.

    Parameters
    ----------
    states : sequence of State
        In any order; equal ones that touch are one.
    recorded : sequence of pairs of int
        What was recorded, in steps.
    rate : float
        Steps a second.
    seconds : float
        Length of a piece.
    rest : Rest
        Gets what is left.

    Returns
    -------
    list of (int, str)
        First step and label of each piece.

    Examples
    --------
    >>> states = [State(0, 30, "W"), State(30, 60, "W"), State(60, 95, "N1")]
    >>> cut_states(states, [(0, 1200)], 10.0, 30.0, Rest())
    [(0, 'W'), (300, 'W'), (600, 'N1')]
    """
    size = max(round(seconds * rate), 1)
    pieces: list[tuple[int, str]] = []
    for begin, end in recorded:
        for start, stop, labels in _runs(states, begin, end, rate):
            n = (stop - start) // size
            if len(labels) != 1:
                rest.mixed += n if labels else 0
                rest.unlabelled += 0 if labels else n
                continue
            pieces += [(start + i * size, labels[0]) for i in range(n)]
            rest.ends += bool((stop - start) % size)
    return pieces


def _runs(
    states: Sequence[State], begin: int, end: int, rate: float
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Stretches of a recording with the labels that hold throughout each, in order."""
    changes: list[tuple[int, int, str]] = []
    for state in states:
        start, stop = (min(max(round(t * rate), begin), end) for t in (state.start, state.stop))
        if start < stop:
            changes += [(start, 1, state.label), (stop, -1, state.label)]
    runs: list[tuple[int, int, tuple[str, ...]]] = []
    active: Counter[str] = Counter()
    here = begin
    for step, change, label in [*sorted(changes), (end, 0, "")]:
        if step > here:
            labels = tuple(sorted(name for name, n in active.items() if n > 0))
            if runs and runs[-1][2] == labels:
                runs[-1] = (runs[-1][0], step, labels)
            else:
                runs.append((here, step, labels))
            here = step
        active[label] += change
    return runs
