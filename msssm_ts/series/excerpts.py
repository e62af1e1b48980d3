"""Small excerpts of series: as few points as a picture needs, a byte each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Points of a channel, and channels, at most.
POINTS, MOST_CHANNELS = 128, 12
_LEVELS = 254
Floats = NDArray[np.float64]


class Excerpts(NamedTuple):
    """What is kept of series.

    Parameters
    ----------
    codes : uint8 array of shape (n_series, n_channels, POINTS)
        Values between the ends of a channel's range, 1 to 255; 0 where there is none.
    ranges : float64 array of shape (n_series, n_channels, 2)
        Those ends.
    lengths : int64 array of shape (n_series,)
        Steps of the series.
    """

    codes: NDArray[np.uint8]
    ranges: Floats
    lengths: NDArray[np.int64]

    def of(self, i: int) -> tuple[Floats, Floats]:
        """Return steps (n_points,) and values (n_channels, n_points) of one; NaN is missing."""
        at = steps_of(int(self.lengths[i]))
        codes = self.codes[i, :, : len(at)].astype(np.float64)
        share = (codes - 1) / _LEVELS
        low, high = self.ranges[i, :, :1], self.ranges[i, :, 1:]
        return at, np.where(codes > 0, low * (1 - share) + high * share, np.nan)


def steps_of(length: int) -> Floats:
    """Return the steps, counted from 0, that an excerpt's points stand for."""
    if length <= POINTS:
        return np.arange(length, dtype=np.float64)
    return np.linspace(0, length, POINTS, endpoint=False)


def excerpts_of(series: Sequence[NDArray[np.floating[Any]]]) -> Excerpts:
    """Return excerpts of series (n_channels, length).

    A series of more than ``POINTS`` steps is cut into half as many pieces, of each of which the
    least and the largest value stay, in their order: a mean would not show what is short. Of many
    channels the first ones stay.

    Examples
    --------
    >>> long = np.zeros((1, 1000))
    >>> long[0, 500] = 7.0
    >>> steps, values = excerpts_of([long]).of(0)
    >>> values.shape, float(values.max())
    ((1, 128), 7.0)
    """
    n_channels = min(series[0].shape[0], MOST_CHANNELS)
    codes = np.zeros((len(series), n_channels, POINTS), np.uint8)
    ranges = np.zeros((len(series), n_channels, 2))
    for i, one in enumerate(series):
        for channel in range(n_channels):
            points = _points(np.asarray(one[channel], np.float64))
            there = ~np.isnan(points)
            if there.any():
                low, high = points[there].min(), points[there].max()
                ranges[i, channel] = low, high
                # Halves, so that the largest numbers there are do not overflow.
                span = (high / 2 - low / 2) or 1.0
                share = (points[there] / 2 - low / 2) / span
                codes[i, channel, np.flatnonzero(there)] = 1 + np.rint(_LEVELS * share)
    lengths = np.array([one.shape[1] for one in series], np.int64)
    return Excerpts(codes, ranges, lengths)


def _points(values: Floats) -> Floats:
    if len(values) <= POINTS:
        return values
    points = np.full(POINTS, np.nan)
    edges = np.linspace(0, len(values), POINTS // 2 + 1).astype(int)
    for piece, (first, last) in enumerate(pairwise(edges)):
        own = values[first:last]
        own = own[~np.isnan(own)]
        if len(own):
            ends = sorted((int(own.argmin()), int(own.argmax())))
            points[2 * piece : 2 * piece + 2] = own[ends]
    return points
