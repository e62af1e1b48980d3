"""Quantiles of series over intervals of halving length."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import Series
from msssm_ts.voters.scan_features import as_input

Floats = NDArray[np.float32]

# Series are brought to the training series' length, and to no more steps than that.
LONGEST = 2048
_DEPTH = 6
# One quantile for that many steps of an interval.
_STEPS_PER_QUANTILE = 4
# With many channels the finer intervals are left out, so that there are about so many features.
_MOST_FEATURES = 50_000


def quantile_features(series: Sequence[Series], n_timepoints: int) -> Floats:
    """Return quantiles over dyadic intervals of series, differences and spectrum.

    After Dempster, Schmidt, Webb, "QUANT", Data Mining and Knowledge Discovery 38, 2024: each of
    the series, its smoothed first and its second difference and its amplitude spectrum is cut
    into 1, 2, 4 … intervals, and as many again half an interval further; every other quantile is
    taken from the interval's mean.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Standardised; missing values are interpolated.
    n_timepoints : int
        Length to which each is brought by linear interpolation.

    Returns
    -------
    array of shape (n_series, n_features)

    Examples
    --------
    >>> quantile_features([np.ones((1, 30)), np.zeros((1, 20))], 30).shape[0]
    2
    """
    n_channels = series[0].shape[0]
    depth = _DEPTH
    while depth > 1 and n_channels * 8 * depth * n_timepoints / _STEPS_PER_QUANTILE > (
        _MOST_FEATURES
    ):
        depth -= 1
    values = np.stack([resized(as_input(s), n_timepoints) for s in series])
    features = [
        _interval_quantiles(view[:, c], depth) for view in _views(values) for c in range(n_channels)
    ]
    return np.concatenate(features, 1)


def resized(x: Floats, n_timepoints: int) -> Floats:
    """Bring a series (n_channels, length) to another length, linearly between its steps."""
    if x.shape[1] == n_timepoints:
        return x
    old, new = np.linspace(0, 1, x.shape[1]), np.linspace(0, 1, n_timepoints)
    return np.stack([np.interp(new, old, channel) for channel in x]).astype(np.float32)


def _views(x: Floats) -> list[Floats]:
    """Return the series (n, c, l) as QUANT sees it; none without steps."""
    views = [x]
    if x.shape[2] > 2:
        slope = np.diff(x, axis=2)
        if slope.shape[2] >= 5:
            ends = np.pad(slope, ((0, 0), (0, 0), (2, 2)), mode="edge")
            slope = np.lib.stride_tricks.sliding_window_view(ends, 5, axis=2).mean(-1)
        views += [slope, np.diff(x, 2, axis=2), np.abs(np.fft.rfft(x, axis=2))]
    return [v.astype(np.float32) for v in views]


def _intervals(length: int, depth: int) -> list[tuple[int, int]]:
    """Return first and one-after-last steps.

    Examples
    --------
    >>> _intervals(8, 2)
    [(0, 8), (0, 4), (4, 8), (2, 6)]
    """
    found: list[tuple[int, int]] = []
    for n in 2 ** np.arange(depth):
        if length < n:
            break
        edges = np.linspace(0, length, n + 1).astype(int).tolist()
        found += itertools.pairwise(edges)
        half = -(-length // (2 * int(n)))
        if n > 1 and half > 0:
            found += [(a + half, b + half) for a, b in itertools.pairwise(edges[:-1])]
    return list(dict.fromkeys((a, b) for a, b in found if b <= length))


def _interval_quantiles(x: Floats, depth: int) -> Floats:
    out = []
    for a, b in _intervals(x.shape[1], depth):
        part = np.sort(x[:, a:b], 1)
        n = 1 + (b - a - 1) // _STEPS_PER_QUANTILE
        place = np.linspace(0, 1, n) * (b - a - 1) if n > 1 else np.array([(b - a - 1) / 2])
        low = place.astype(int)
        high, share = np.minimum(low + 1, b - a - 1), (place - low).astype(np.float32)
        quantiles = part[:, low] * (1 - share) + part[:, high] * share
        if n > 1:
            quantiles[:, 1::2] -= part.mean(1, keepdims=True)
        out.append(quantiles)
    return np.concatenate(out, 1)
