"""Whether a model is right as often as its probabilities say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions


@dataclass(frozen=True)
class Calibration:
    """Stated probability beside observed frequency, in bins of equal width.

    Parameters
    ----------
    edges : array of shape (n_bins + 1,)
        From 0 to 1; a bin holds its upper edge.
    counts : array of shape (n_bins,)
        Answers in each.
    stated, observed : arrays of shape (n_bins,)
        Mean probability, and share that came true; NaN in an empty bin.
    error : float
        Expected calibration error (ECE): |observed − stated|, averaged over the answers.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    stated: NDArray[np.float64]
    observed: NDArray[np.float64]
    error: float


def calibration(
    stated: NDArray[np.floating[Any]], true: NDArray[np.bool_], n_bins: int = 10
) -> Calibration:
    """Compare probabilities with what came true.

    Parameters
    ----------
    stated : array of shape (n,)
        Probabilities.
    true : boolean array of shape (n,)
        Whether it was so.
    n_bins : int
        Of equal width.

    Examples
    --------
    >>> found = calibration(np.array([0.9, 0.9, 0.6]), np.array([True, False, True]), n_bins=2)
    >>> found.observed.round(3), round(found.error, 3)
    (array([  nan, 0.667]), 0.133)
    """
    edges = np.linspace(0, 1, n_bins + 1)
    place = np.digitize(stated, edges[1:-1], right=True)
    counts = np.bincount(place, minlength=n_bins)
    sums = [np.bincount(place, values.astype(float), n_bins) for values in (stated, true)]
    filled = counts > 0
    means = [np.divide(s, counts, out=np.full(n_bins, np.nan), where=filled) for s in sums]
    gap = np.abs(sums[1] - sums[0]).sum() / max(len(stated), 1)
    return Calibration(edges, counts, means[0], means[1], float(gap))


def calibration_of(predictions: Predictions) -> Calibration:
    """Judge the predicted class's probability; of several labels, every label's."""
    if predictions.multilabel:
        return calibration(predictions.proba.ravel(), predictions.truth.ravel())
    return calibration(predictions.proba.max(1), predictions.right)


def axis_names(multilabel: bool) -> tuple[str, str, str]:
    """Return what is stated, what is observed, and what is counted."""
    if multilabel:
        return "stated probability of a label", "share that has the label", "answers"
    return "stated probability of the predicted class", "share that is right", "series"
