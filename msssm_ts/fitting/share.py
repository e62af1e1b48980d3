"""How much each side of a vote counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def best_share(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], targets: NDArray[Any]
) -> float:
    """Return the share of ``ours`` in the mean that makes labels most likely, in tenths.

    Parameters
    ----------
    ours, theirs : arrays of shape (n_series, n_outputs)
        Probabilities of series that neither has learned from.
    targets : integer array of shape (n_series,) or array of shape (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.

    Examples
    --------
    >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
    >>> best_share(sure, unsure, np.array([0])), best_share(sure, unsure, np.array([1]))
    (1.0, 0.0)
    """
    shares = np.linspace(0, 1, 11)
    likelihood = []
    for share in shares:
        proba = np.clip(share * ours + (1 - share) * theirs, 1e-6, 1 - 1e-6)
        if targets.ndim == 2:
            right = np.where(targets > 0, proba, 1 - proba)
        else:
            right = proba[np.arange(len(targets)), targets]
        likelihood.append(np.log(right).sum())
    return float(shares[int(np.argmax(likelihood))])
