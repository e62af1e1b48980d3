"""What time stamps say of a set of series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Gaps that differ by less, as a part of the typical one, are a clock's rounding.
_EVEN = 0.01


def typical_gap(times: Sequence[NDArray[np.float64]]) -> float:
    """Return the typical gap between samples; 0 where all are at one time.

    It is the median of those that are not zero, series by series and then over them: long series
    do not count for more.

    Parameters
    ----------
    times : sequence of arrays of shape (length,)
        Stamps.

    Examples
    --------
    >>> typical_gap([np.array([0.0, 2.0, 4.0]), np.array([0.0, 2.0, 9.0, 11.0])])
    2.0
    """
    gaps = [np.diff(t) for t in times]
    typical = [np.median(g[g > 0]) for g in gaps if (g > 0).any()]
    return float(np.median(typical)) if typical else 0.0


def uneven_step(times: Sequence[NDArray[np.float64]]) -> float:
    """Return the typical gap where gaps differ; 0 where they are alike, or none.

    Parameters
    ----------
    times : sequence of arrays of shape (length,)
        Stamps.

    Examples
    --------
    >>> uneven_step([np.array([0.0, 2.0, 4.0]), np.array([0.0, 2.0, 9.0])])
    3.25
    >>> uneven_step([np.array([0.0, 2.0, 4.0]), np.array([1.0, 3.0])])
    0.0
    """
    unit = typical_gap(times)
    even = all(bool((np.abs(np.diff(t) - unit) <= _EVEN * unit).all()) for t in times)
    return 0.0 if even else unit
