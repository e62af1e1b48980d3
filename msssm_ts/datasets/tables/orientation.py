"""Whether the rows of numbers without names are the steps of one series, or series each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of noise neighbours differ as much as any two values; of a signal less.
_SMOOTH, _LOOKED_AT = 0.8, 2000


def rows_are_steps(values: NDArray[np.float64]) -> bool:
    """Whether values go on from row to row rather than from column to column.

    Parameters
    ----------
    values : array of shape (n_rows, n_columns)
        NaN where one is missing.

    Examples
    --------
    >>> waves = np.sin(np.arange(200)[:, None] / 5 + np.arange(4))
    >>> rows_are_steps(waves), rows_are_steps(waves.T)
    (True, False)
    """
    larger = bool(values.shape[0] > values.shape[1])
    table = values[:_LOOKED_AT, :_LOOKED_AT]
    table = table[:, ~np.isnan(table).all(axis=0)]
    table = table - np.nanmean(table, axis=0)
    spread = np.nanstd(table, axis=0)
    table = np.nan_to_num(table[:, spread > 0] / spread[spread > 0])
    if min(table.shape, default=0) < 2:
        return larger
    down, along = _roughness(table), _roughness(table.T)
    if min(down, along) > _SMOOTH:
        # Noise either way: a series has more steps than channels.
        return larger
    return down < along


def _roughness(table: NDArray[np.float64]) -> float:
    """Mean square of the difference between neighbours, over that between any two values."""
    table = table - table.mean(axis=0)
    whole = 2 * table.var(axis=0).sum()
    return float(np.square(np.diff(table, axis=0)).mean(axis=0).sum() / whole) if whole else 1.0
