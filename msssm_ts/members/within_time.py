"""How many series a member in closed form has time for."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Room
from msssm_ts.series import Prepared

# Seconds of a ridge classifier, on a core of 2020: for an eigendecomposition by rows cubed, for
# a Gram matrix by its entries and what is summed in each, and for solving by features cubed.
_EIGH, _GRAM, _SOLVE = 4e-10, 2.5e-11, 1.5e-11
# Series whose features are timed, after one that is not: its kernel may have to be compiled.
_TIMED = 8
# However little time there is; a member that is not needed learns from a third at least.
_FEWEST, _LEAST_PART = 20, 1 / 3


class NoTimeError(Exception):
    """There is no time for a member that the vote can do without."""


def drawn_within(
    problem: Problem,
    room: Room,
    seed: int,
    seconds: float | None,
    n_features: int,
    transform: Callable[[Prepared], object],
) -> NDArray[np.int64]:
    """Return the series that a ridge classifier is fitted to: all, or as many as there is time for.

    Parameters
    ----------
    problem : Problem
        All series.
    room : Room
        What memory has room for.
    seed : int
        Of those that are drawn where not all are taken; of rare classes all are.
    seconds : float, optional
        For the features and the classifier.
    n_features : int
        Of a series.
    transform : callable
        Makes features of series.

    Raises
    ------
    NoTimeError
        Where there is time for less than a third of them, and the member is not needed.
    """
    index = np.arange(len(problem))
    if seconds is None:
        return index
    tried = problem.take(problem.sampled(_TIMED + 1, seed)).values
    alone = seconds_each(tried, transform)
    left = seconds - alone * (len(tried) + 1)
    each = alone / problem.workers.count

    def cost(n: int) -> float:
        return cost_of(n, each, n_features, room)

    low, high = min(_FEWEST, len(index)), len(index)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(middle) <= left else (low, middle - 1)
    too_few = low < _LEAST_PART * len(index) or cost(low) > left
    if too_few and not problem.is_needed:
        raise NoTimeError
    return problem.drawn(low, seed)


def seconds_each(values: Prepared, transform: Callable[[Prepared], object]) -> float:
    """Return how long the features of a series take, by those of some."""
    transform(values.take(np.arange(1)))
    began = time.perf_counter()
    transform(values)
    return (time.perf_counter() - began) / len(values)


def cost_of(n: int, each: float, n_features: int, room: Room) -> float:
    """Return how many seconds a ridge classifier takes, features and all.

    Parameters
    ----------
    n : int
        Series.
    each : float
        Seconds for the features of one.
    n_features : int
        Of each.
    room : Room
        What memory has room for.
    """
    chosen = n * each + _EIGH * min(n, room.judged) ** 3
    if room.holds(n, n_features):
        return chosen + _GRAM * n * n_features * min(n, n_features)
    used = min(n_features, room.products)
    return chosen + room.judged * each + _GRAM * n * used**2 + _SOLVE * used**3


def part_of(n: int, problem: Problem) -> str | None:
    """Say that a member has learned from some of the series only; None: it has from all.

    Examples
    --------
    >>> problem = Problem.of([np.ones((1, 3))] * 4, np.array([0, 1, 0, 1]), 2)
    >>> part_of(3, problem), part_of(4, problem)
    ('learned from 3 of 4 series, drawn evenly from the classes: there was no time for more', None)
    """
    if n == len(problem):
        return None
    what = "windows" if problem.values.is_cut else "series"
    of = f"{n} of {len(problem)} {what}"
    return f"learned from {of}, drawn evenly from the classes: there was no time for more"
