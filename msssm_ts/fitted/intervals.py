"""A share of what is right, and how far it may be off."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of the normal distribution, for 95 %.
_NORMAL = 1.959964


def accuracy_with_interval(
    right: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    groups: NDArray[Any] | None = None,
) -> dict[str, float] | None:
    """Return the accuracy of answers, and how far it may be off, by Wilson's interval of 95 %.

    Series of one group resemble each other, and weights may lie on few: the interval is that of
    as many series as would tell no more than these (Kish, "Survey Sampling", 1965; Wilson,
    "Probable inference", JASA 22, 1927).

    Parameters
    ----------
    right : array of shape (n_series,)
        1 where an answer is right, 0 where it is not, or a part; NaN is not counted.
    weights : array of shape (n_series,), optional
        Of the series.
    groups : array of shape (n_series,), optional
        What each belongs to.

    Returns
    -------
    dict, or None
        ``accuracy``, ``low``, ``high``, ``n_series``; None where nothing is told.

    Examples
    --------
    >>> found = accuracy_with_interval(np.array([1.0] * 9 + [0.0]))
    >>> [round(found[name], 2) for name in ("accuracy", "low", "high")]
    [0.9, 0.6, 0.98]
    """
    told = ~np.isnan(right)
    w = np.ones(len(right)) if weights is None else np.asarray(weights, float)
    right, w = right[told], w[told]
    if not w.sum() > 0:
        return None
    p = float(w @ right / w.sum())
    w = w / w.sum()
    _, unit = np.unique(np.arange(len(w)) if groups is None else groups[told], return_inverse=True)
    shares = np.bincount(unit, w)
    least = 1 / np.square(shares).sum()
    # Squared error of a weighted mean over groups, were each drawn anew.
    off = np.square(np.bincount(unit, w * (right - p))).sum()
    n = float(np.clip(p * (1 - p) / off if off > 0 else least, least, len(w)))
    z = _NORMAL**2 / n
    middle, half = p + z / 2, np.sqrt(z * p * (1 - p) + z**2 / 4)
    return {
        "accuracy": p,
        "low": max(0.0, float((middle - half) / (1 + z))),
        "high": min(1.0, float((middle + half) / (1 + z))),
        "n_series": int(told.sum()),
    }
