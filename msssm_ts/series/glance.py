"""What a look at series tells of them: values that are missing, channels that never vary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Series
from msssm_ts.text import counted


def missing_values(series: Sequence[Series], of: str = "") -> str:
    """Say how many values are missing; nothing if none is.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Looked at.
    of : str
        What they are among, with the word before it.

    Examples
    --------
    >>> missing_values([np.array([[1.0, np.nan]]), np.ones((1, 2))], " of 2")
    '1 value is missing in 1 of 2 series'
    """
    gaps = [int(np.isnan(one).sum()) for one in series]
    if not any(gaps):
        return ""
    return (
        f"{counted(sum(gaps), 'value is', 'values are')} missing in {sum(g > 0 for g in gaps)}{of} "
        "series"
    )


def looked_at(n_looked_at: int, n_series: int) -> str:
    """Say that these are not all series; nothing if they are.

    Examples
    --------
    >>> looked_at(32, 100), looked_at(100, 100)
    (' looked at of 100', '')
    """
    return "" if n_looked_at == n_series else f" looked at of {n_series}"


def never_varying(series: Sequence[Series]) -> NDArray[np.bool_]:
    """Return which channels have one value in all series (n_channels,); none if all of them do.

    Examples
    --------
    >>> never_varying([np.array([[0.0, 1.0], [5.0, 5.0]]), np.array([[2.0, 2.0], [5.0, 5.0]])])
    array([False,  True])
    """
    low = np.fmin.reduce([np.fmin.reduce(one, axis=1) for one in series])
    high = np.fmax.reduce([np.fmax.reduce(one, axis=1) for one in series])
    still: NDArray[np.bool_] = ~(high > low)
    return still & ~still.all()
