"""What leaves a model is looked at: probabilities are finite, between 0 and 1, and add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError

# Rounding of a weighted sum, also of members outside the package that reckon in float32.
_TOLERANCE = 1e-4


def checked_proba(proba: NDArray[np.float64], multilabel: bool) -> NDArray[np.float64]:
    """Return probabilities (n_series, n_outputs), without what rounding puts beyond 0 and 1.

    Raises
    ------
    InputError
        If one is not finite or not between 0 and 1, or those of a series do not add up to 1 where
        it is of one class.

    Examples
    --------
    >>> checked_proba(np.array([[0.75, 0.25]]), multilabel=False)
    array([[0.75, 0.25]])
    >>> checked_proba(np.array([[1 + 1e-15, 0.0]]), multilabel=False).max() <= 1
    np.True_
    >>> checked_proba(np.array([[0.75, 0.75]]), multilabel=False)
    Traceback (most recent call last):
    ...
    msssm_ts.errors.InputError: the model answers what are no probabilities (a series' add up to...
    """
    checked_finite(proba, "probabilities")
    if not proba.size:
        return proba
    low, high = float(proba.min()), float(proba.max())
    if low < -_TOLERANCE or high > 1 + _TOLERANCE:
        raise _nonsense(f"they reach from {low:g} to {high:g}")
    if not multilabel:
        sums = proba.sum(1)
        worst = float(sums[np.abs(sums - 1).argmax()])
        if abs(worst - 1) > _TOLERANCE:
            raise _nonsense(f"a series' add up to {worst:g}")
    return np.clip(proba, 0, 1)


def checked_finite(values: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """Return numbers as they are.

    Raises
    ------
    InputError
        If one is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise InputError(
            f"the model answers with {what} that are NaN or infinite: its weights are of no use; "
            "train again, or fetch a fresh copy"
        )
    return values


def _nonsense(why: str) -> InputError:
    return InputError(
        f"the model answers what are no probabilities ({why}): its weights are of no use; train "
        "again, or fetch a fresh copy"
    )
