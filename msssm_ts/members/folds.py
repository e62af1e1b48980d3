"""Training series that are left out together, to see what is said of them by the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.problem import Problem
from msssm_ts.members.strata import drawn_from

Rows = NDArray[np.int64]

# Series are left out in so many parts; in more where each takes much of what there is to learn.
N_FOLDS, _MANY_FOLDS, _FEW_SERIES = 5, 10, 100
# Answers about so many series, or groups, tell an accuracy to a hundredth.
ENOUGH = 1500


def folds_of(problem: Problem, enough: int = ENOUGH) -> list[Rows]:
    """Return the series of each fold: groups stay together, classes are dealt out evenly.

    Parameters
    ----------
    problem : Problem
        The series.
    enough : int
        No more folds than hold as many series, or groups.

    Examples
    --------
    >>> problem = Problem.of([np.ones((1, 3))] * 4, np.array([0, 1, 0, 1]), 2)
    >>> sorted(len(fold) for fold in folds_of(problem))
    [1, 1, 1, 1]
    """
    return dealt_out(problem.targets, problem.groups, enough)


def dealt_out(
    targets: NDArray[Any], groups: NDArray[Any] | None = None, enough: int | None = None
) -> list[Rows]:
    """Return the rows of each fold, see :func:`folds_of`.

    Parameters
    ----------
    targets : array of shape (n_rows,) or (n_rows, n_outputs)
        Class indices, or 0 and 1.
    groups : array of shape (n_rows,), optional
        What each belongs to.
    enough : int, optional
        No more folds than hold as many rows, or groups.
    """
    groups = np.arange(len(targets)) if groups is None else groups
    _, first, unit = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) < 2:
        return []
    n_folds = min(len(first), _MANY_FOLDS if len(first) < _FEW_SERIES else N_FOLDS)
    _, label = np.unique(targets[first], axis=0, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(first))
    order = order[np.argsort(label.reshape(-1)[order], kind="stable")]
    fold = np.empty(len(first), np.int64)
    fold[order] = np.arange(len(first)) % n_folds
    n_used = n_folds if enough is None else min(n_folds, -(-enough * n_folds // len(first)))
    return [np.flatnonzero(fold[unit] == k) for k in range(n_used)]


def left_out_by_folds(
    problem: Problem,
    index: Rows,
    answer: Callable[[Rows, Rows], NDArray[np.float64]],
    most: int | None = None,
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
    most : int, optional
        Series that are looked at, drawn where there are more: of rare classes all.
    """
    chosen = np.arange(len(index))
    if most is not None and len(index) > most:
        chosen = drawn_from(problem.targets[index], most, 0)
    answers = np.full((len(problem), problem.n_outputs), np.nan)
    for fold in folds_of(problem.take(index[chosen])):
        rest, left_out = np.delete(chosen, fold), chosen[fold]
        answers[index[left_out]] = answer(rest, left_out)
    return answers
