"""From stamped series to an even grid of steps."""

from __future__ import annotations

import numpy as np

from msssm_ts.series import Series
from msssm_ts.series.prepared import Times

# Steps of a grid to a sample, where the grid has more than ``_SHORT``: it would be lines, mostly.
_MOST_A_SAMPLE = 100
_SHORT = 10_000
# Of the grid, by which a last sample may lie before it: clocks are rounded.
_NEAR = 1e-3


def grid_length(times: Times, step: float) -> int:
    """Count the steps of the grid that a series is put on, from its first stamp to its last.

    Parameters
    ----------
    times : array of shape (length,)
        Stamps that do not fall.
    step : float
        Of the grid, in their unit.

    Raises
    ------
    ValueError
        If they are too many: more than 10,000, and more than 100 a sample.

    Examples
    --------
    >>> grid_length(np.array([5.0, 6.0, 9.0]), 1.0)
    5
    """
    span = float(times[-1]) - float(times[0])
    wanted = span / step + _NEAR
    if not wanted < max(_SHORT, _MOST_A_SAMPLE * len(times)):
        raise ValueError(
            f"a series of {len(times)} samples whose time stamps span {span:.6g} "
            f"would have {wanted:,.0f} steps on a grid of {step:.6g}: cut it, or let a network "
            "count its gaps (stamps='use', --stamps use)"
        )
    return int(wanted) + 1


def on_grid(series: Series, times: Times, step: float) -> Series:
    """Put a series on an even grid, which begins with its first stamp.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        Samples; between those that are not missing, channel by channel, the values lie on lines.
        Of samples at the same time the mean counts.
    times : array of shape (length,)
        Their stamps, which do not fall.
    step : float
        Of the grid, in the stamps' unit.

    Returns
    -------
    array of shape (n_channels, :func:`grid_length`)
        A channel without a value stays missing.

    Raises
    ------
    ValueError
        If the grid would have too many steps.

    Examples
    --------
    >>> on_grid(np.array([[0.0, 1.0, 4.0]]), np.array([5.0, 6.0, 9.0]), 1.0)
    array([[0., 1., 2., 3., 4.]])
    """
    wanted = times[0] + step * np.arange(grid_length(times, step))
    rows = []
    for values in series:
        known = ~np.isnan(values)
        at, place = np.unique(times[known], return_inverse=True)
        if not len(at):
            rows.append(np.full(len(wanted), np.nan))
            continue
        mean = np.bincount(place, values[known]) / np.bincount(place)
        rows.append(np.interp(wanted, at, mean))
    gridded: Series = np.stack(rows).astype(series.dtype)
    return gridded
