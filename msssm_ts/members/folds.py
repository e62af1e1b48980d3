"""Training series that are left out together, to see what is said of them by the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.problem import Problem

Rows = NDArray[np.int64]

# Series are left out in so many parts; in more where each takes much of what there is to learn.
_N_FOLDS, _MANY_FOLDS, _FEW_SERIES = 5, 10, 100
# So many answers tell an accuracy to a hundredth.
ENOUGH = 1500


def folds_of(problem: Problem, enough: int = ENOUGH) -> list[Rows]:
    """Return the series of each fold: groups stay together, classes are dealt out evenly.

    Parameters
    ----------
    problem : Problem
        The series.
    enough : int
        No more folds than hold as many series.

    Examples
    --------
    >>> problem = Problem.of([np.ones((1, 3))] * 4, np.array([0, 1, 0, 1]), 2)
    >>> sorted(len(fold) for fold in folds_of(problem))
    [1, 1, 1, 1]
    """
    groups = np.arange(len(problem)) if problem.groups is None else problem.groups
    _, first, unit = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) < 2:
        return []
    n_folds = min(len(first), _MANY_FOLDS if len(first) < _FEW_SERIES else _N_FOLDS)
    _, label = np.unique(problem.targets[first], axis=0, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(first))
    order = order[np.argsort(label.reshape(-1)[order], kind="stable")]
    fold = np.empty(len(first), np.int64)
    fold[order] = np.arange(len(first)) % n_folds
    folds: list[Rows] = []
    while len(folds) < n_folds and sum(map(len, folds)) < enough:
        folds.append(np.flatnonzero(fold[unit] == len(folds)))
    return folds


def left_out_by_folds(
    problem: Problem, index: Rows, answer: Callable[[Rows, Rows], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return what is answered of series left out fold by fold, (n_series, n_outputs).

    Parameters
    ----------
    problem : Problem
        All series.
    index : integer array
        Those that there are features of.
    answer : callable
        From the places in ``index`` of series to learn from, and of those that are left out, to
        probabilities of the latter.
    """
    answers = np.full((len(problem), problem.n_outputs), np.nan)
    for fold in folds_of(problem.take(index)):
        rest = np.setdiff1d(np.arange(len(index)), fold)
        answers[index[fold]] = answer(rest, fold)
    return answers
