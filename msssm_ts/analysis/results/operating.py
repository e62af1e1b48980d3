"""Sensitivity and specificity of one class against the rest: at a point, and what could be had."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.fitted.intervals import accuracy_with_interval


def rates(
    predictions: Predictions, positive: int, groups: NDArray[Any] | None = None
) -> dict[str, dict[str, Any] | None]:
    """Return sensitivity and specificity of what was predicted, with Wilson's intervals of 95 %.

    Parameters
    ----------
    predictions : Predictions
        Of one class a series.
    positive : int
        The class, by its column.
    groups : array of shape (n_series,), optional
        What each series belongs to: the intervals are as wide as for so many groups.

    Returns
    -------
    dict
        Of ``sensitivity`` and ``specificity`` the ``value``, ``low``, ``high`` and ``n_series``;
        None where no series tells.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> rates(predictions, 1)["sensitivity"]["value"]
    0.5
    """
    truth, claimed = predictions.truth[:, positive], predictions.predicted[:, positive]
    found: dict[str, dict[str, Any] | None] = {}
    for name, rows in (("sensitivity", truth), ("specificity", ~truth)):
        right = (claimed == truth)[rows].astype(float)
        own = accuracy_with_interval(right, groups=None if groups is None else groups[rows])
        found[name] = None if own is None else {"value": own.pop("accuracy"), **own}
    return found


def at_rate(
    truth: NDArray[np.bool_],
    scores: NDArray[np.floating[Any]],
    of: Literal["sensitivity", "specificity"],
    least: float,
) -> tuple[float, float] | None:
    """Return the highest other rate at which one is kept, and the threshold for that.

    It is a point of the ROC curve of these series: what they would have given, not what a
    threshold gives on new ones.

    Parameters
    ----------
    truth, scores : arrays of shape (n_series,)
        Which series are positive, and what they score.
    of : {"sensitivity", "specificity"}
        The rate that is to be kept.
    least : float
        How much of it.

    Returns
    -------
    rate, threshold : float, or None
        None where all series are positive, or none is.

    Examples
    --------
    >>> truth, scores = np.array([True, True, False]), np.array([0.9, 0.4, 0.6])
    >>> at_rate(truth, scores, "sensitivity", 0.9), at_rate(truth, scores, "specificity", 0.9)
    ((0.0, 0.4), (0.5, 0.9))
    """
    from sklearn.metrics import roc_curve

    if truth.all() or not truth.any():
        return None
    false, true, thresholds = roc_curve(truth, scores, drop_intermediate=False)
    kept, other = (true, 1 - false) if of == "sensitivity" else (1 - false, true)
    best = np.where(kept >= least - 1e-12, other, -1.0)
    # Of the highest, the one that keeps most.
    place = int(np.lexsort((kept, best))[-1])
    return float(other[place]), float(min(thresholds[place], 1.0))
