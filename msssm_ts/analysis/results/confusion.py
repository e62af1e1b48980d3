"""Which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions


@dataclass(frozen=True)
class Confusion:
    """Series of a class that were taken for another.

    Parameters
    ----------
    true, predicted : str
        The classes.
    count : int
        Series.
    share : float
        Of the series of the true class.
    """

    true: str
    predicted: str
    count: int
    share: float


def confusion_matrix(predictions: Predictions) -> NDArray[np.int64]:
    """Count series by true class (rows) and predicted class (columns)."""
    counts: NDArray[np.int64] = predictions.truth.T.astype(int) @ predictions.predicted.astype(int)
    return counts


def row_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each count's share of its row; 0 in an empty row."""
    total = counts.sum(1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(
        counts, total, out=np.zeros(counts.shape), where=total > 0
    )
    return shares


def largest_confusions(predictions: Predictions, most: int = 8) -> list[Confusion]:
    """Return the pairs of classes that are confused most often, the first the most frequent.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> largest_confusions(predictions)
    [Confusion(true='b', predicted='a', count=1, share=0.5)]
    """
    counts = confusion_matrix(predictions)
    shares = row_shares(counts)
    wrong = counts * ~np.eye(len(counts), dtype=bool)
    places = np.lexsort((-shares.ravel(), -wrong.ravel()))[:most]
    pairs = [(int(i), int(j)) for i, j in zip(*np.unravel_index(places, wrong.shape), strict=True)]
    names = predictions.names
    return [
        Confusion(names[i], names[j], int(wrong[i, j]), float(shares[i, j]))
        for i, j in pairs
        if wrong[i, j]
    ]
