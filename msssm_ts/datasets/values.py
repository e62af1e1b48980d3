"""Checks of the values that a reader found, and the cut of padding behind shorter series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.series import Series

Error = Callable[[int, str], InputError]


def without_padding(cube: NDArray[Any], error: Error) -> list[Series]:
    """Return the series of an array (n_series, n_channels, length), NaN behind them cut off.

    Parameters
    ----------
    cube : array of shape (n_series, n_channels, length)
        Their values; NaN before a series' last value is a missing value and stays.
    error : callable
        Makes the error for a series from its position and a text.

    Raises
    ------
    InputError
        If a series has no value, or a value is infinite.

    Examples
    --------
    >>> padded = np.array([[[1.0, np.nan, 3.0, np.nan]]])
    >>> without_padding(padded, lambda i, text: InputError(text))
    [array([[ 1., nan,  3.]])]
    """
    if np.isfinite(cube).all():
        return list(cube)
    known = ~np.isnan(cube)
    lengths = cube.shape[2] - np.argmax(known.any(axis=1)[:, ::-1], axis=1)
    series = [s[:, :length] for s, length in zip(cube, lengths, strict=True)]
    check_values(series, error)
    return series


def check_values(series: Sequence[Series], error: Error) -> None:
    """Refuse series without any value, and infinite values.

    Raises
    ------
    InputError
        Naming the first of them.
    """
    for i, s in enumerate(series):
        if np.isfinite(s).all() and s.size:
            continue
        if np.isinf(s).any():
            channel, step = np.argwhere(np.isinf(s))[0]
            raise error(
                i,
                f"the value of channel {channel + 1} at step {step + 1} is infinite; mend it, or "
                "leave it out as NaN",
            )
        if np.isnan(s).all():
            raise error(i, "the series has no value; remove it")
