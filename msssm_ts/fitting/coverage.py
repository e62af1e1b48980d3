"""What prediction sets are made from: answers of series that were left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.coverage import Coverage, Scores
from msssm_ts.fitting.targets import Targets
from msssm_ts.members.strata import standing_for

Array = NDArray[np.float64]

# Quantiles that are kept, of all series and of those of a class.
_OF_ALL, _OF_CLASS = 1000, 200
_DIGITS = 1e6


def calibrated(
    targets: Targets, left_out: Array | None, groups: NDArray[Any] | None
) -> Coverage | None:
    """Return what prediction sets of a vote are made from; None where too little is known.

    Where there are groups every group counts as one, however many series it has: a set is to hold
    the class of a series of another group (Dunn, Wasserman, Ramdas, "Distribution-free prediction
    sets for two-layer hierarchical models", 2023).

    Parameters
    ----------
    targets : Targets
        Of the training series.
    left_out : array of shape (n_series, n_classes), optional
        What the vote answers of them when they, or their groups, are left out; NaN where that is
        not known.
    groups : array of shape (n_series,), optional
        What each belongs to.
    """
    if targets.multilabel or left_out is None:
        return None
    known = np.flatnonzero(~np.isnan(left_out).any(axis=1))
    if not len(known):
        return None
    truth = targets.encoded[known]
    scores = np.clip(1 - left_out[known, truth], 0, 1)
    weights = standing_for(known, targets.encoded, np.ones(len(targets.encoded)))
    units = known if groups is None else np.unique(groups[known], return_inverse=True)[1]
    every = told(scores, weights, units, _OF_ALL)
    classes = [truth == k for k in range(len(targets.classes))]
    return Coverage(
        every, tuple(told(scores[of], weights[of], units[of], _OF_CLASS) for of in classes)
    )


def told(scores: Array, weights: Array, units: NDArray[Any], most: int) -> Scores:
    """Return quantiles of scores, every unit counting the same.

    Parameters
    ----------
    scores, weights : arrays of shape (n,)
        Between 0 and 1, and how many series each stands for.
    units : array of shape (n,)
        The group of each, or what else is one.
    most : int
        Quantiles to keep.

    Examples
    --------
    >>> told(np.array([0.5, 0.1, 0.2]), np.ones(3), np.array([7, 8, 8]), 10)
    Scores(count=2, quantiles=(0.2, 0.5, 0.5))
    """
    if not len(scores):
        return Scores(0, ())
    unit = np.unique(units, return_inverse=True)[1]
    count = int(unit.max()) + 1
    if count < len(scores):
        weights = weights / np.bincount(unit, weights)[unit]
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order]) / weights.sum()
    n = min(most, len(scores))
    place = np.searchsorted(below, np.arange(1, n + 1) / n - 1e-9)
    kept = np.ceil(scores[order][np.minimum(place, len(scores) - 1)] * _DIGITS - 1e-3) / _DIGITS
    return Scores(count, tuple(np.minimum(kept, 1.0).tolist()))
