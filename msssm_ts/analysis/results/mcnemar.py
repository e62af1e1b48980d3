"""Whether two models differ by more than chance on the same series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class McNemar:
    """Outcome of the test.

    Parameters
    ----------
    only_first, only_second : int
        Series that only the one model, or only the other, got right.
    p : float
        Probability of a split at least as uneven if both were equally good.
    """

    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Compare two models by McNemar's exact test (two-sided).

    The series that only one of them gets right fall to either like the flips of a coin.

    Parameters
    ----------
    first, second : boolean arrays of shape (n_series,)
        Whether each model is right.

    References
    ----------
    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12, 1947.

    Examples
    --------
    >>> mcnemar(np.array([True, True, True, False]), np.array([True, False, False, False]))
    McNemar(only_first=2, only_second=0, p=0.5)
    """
    from scipy.stats import binomtest

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differ = only_first + only_second
    p = float(binomtest(only_first, differ).pvalue) if differ else 1.0
    return McNemar(only_first, only_second, p)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for their number.

    The chance of any false alarm among them stays below the level that each is held against.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    scaled = np.asarray(p)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(v) for v in corrected]
