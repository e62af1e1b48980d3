"""Quantiles of series over intervals of halving length."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels import parallel
from msssm_ts.members.closed_form import in_parts
from msssm_ts.series import Series
from msssm_ts.series.checks import filled

Floats = NDArray[np.float32]

# Series are brought to the training series' length, and to no more steps than that.
LONGEST = 2048
MOST_DEPTH = 6
_STEPS_PER_QUANTILE = 4
# Values that are sorted together, and stay in the processor's memory meanwhile.
_TOGETHER = 1 << 16
# Of a value, beside a scalar state update: it is sorted again at every halving.
_UPDATES = 20
# Of many channels, or long series, the finer intervals are left out, so that there are no more
# features than that.
_MOST_FEATURES = 10_000


@dataclass(frozen=True)
class Layout:
    """Which quantiles there are; trees are of no use with others.

    Parameters
    ----------
    depth : int
        How many times intervals are halved.
    steps_per_quantile : int
        One quantile for that many steps of an interval.
    """

    depth: int
    steps_per_quantile: int = _STEPS_PER_QUANTILE

    @classmethod
    def of(cls, n_channels: int, n_timepoints: int) -> Layout:
        """Leave the finer intervals out where there would be too many.

        Examples
        --------
        >>> Layout.of(1, 150).depth, Layout.of(40, 100).depth, Layout.of(1, 2000).depth
        (6, 2, 3)
        """
        for depth in range(MOST_DEPTH, 1, -1):
            layout = cls(depth)
            if n_quantile_features(n_channels, n_timepoints, layout) <= _MOST_FEATURES:
                return layout
        return cls(1)


def quantile_features(
    series: Sequence[Series], n_timepoints: int, layout: Layout | None = None
) -> Floats:
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
    layout : Layout, optional
        Which quantiles; by default as many as the number of channels leaves room for.

    Returns
    -------
    array of shape (n_series, n_features)

    Examples
    --------
    >>> quantile_features([np.ones((1, 30)), np.zeros((1, 20))], 30).shape[0]
    2
    """
    values = np.stack([resized(filled(s), n_timepoints) for s in series])
    n, n_channels, _ = values.shape
    layout = layout or Layout.of(n_channels, n_timepoints)
    groups = [interval_groups(length, layout) for length in view_lengths(n_timepoints)]
    sizes = [sum(group.columns.size for group in own) for own in groups]
    features = np.empty((n, n_channels * sum(sizes)), np.float32)

    def of_rows(first: int, last: int) -> None:
        for rows in in_parts(last - first, n_channels * n_timepoints, _TOGETHER):
            some, begin = first + rows, 0
            for view, own, size in zip(_views(values[some]), groups, sizes, strict=True):
                out = np.empty((len(some), n_channels, size), np.float32)
                for group in own:
                    out[:, :, group.columns] = _quantiles(view, group)
                end = begin + n_channels * size
                features[some, begin:end] = out.reshape(len(some), -1)
                begin = end

    parallel.run(of_rows, np.full(n, _UPDATES * n_channels * n_timepoints))
    return features


def n_quantile_features(n_channels: int, n_timepoints: int, layout: Layout) -> int:
    """Count the columns of :func:`quantile_features`.

    Examples
    --------
    >>> layout = Layout(3)
    >>> n_quantile_features(2, 9, layout), quantile_features([np.ones((2, 9))], 9, layout).shape[1]
    (92, 92)
    """
    return n_channels * sum(
        group.columns.size
        for length in view_lengths(n_timepoints)
        for group in interval_groups(length, layout)
    )


def view_lengths(n: int) -> tuple[int, ...]:
    """Return the steps of each view of series of n steps: itself, differences and spectrum."""
    return (n, n - 1, n - 2, n // 2 + 1) if n > 2 else (n,)


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
            slope = _smoothed(slope)
        # Other programs round their spectra otherwise: with float64 not where float32 shows it.
        spectrum = np.abs(np.fft.rfft(x.astype(np.float64), axis=2))
        views += [slope, np.diff(x, 2, axis=2), spectrum.astype(np.float32)]
    return views


def _smoothed(x: Floats) -> Floats:
    """Return the mean of five steps around each, the ends repeated."""
    ends = np.pad(x, ((0, 0), (0, 0), (2, 2)), mode="edge")
    a, b, c, d, e = (ends[:, :, k : k + x.shape[2]] for k in range(5))
    smoothed: Floats = (a + b + c + d + e) / np.float32(5)
    return smoothed


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


@dataclass(frozen=True)
class IntervalGroup:
    """Intervals of one length, their quantiles, and where those stand among a view's features.

    Parameters
    ----------
    steps : integer array of shape (n_intervals, width)
        Steps of the view.
    low, high : integer arrays of shape (n_quantiles,)
        The sorted values between which a quantile lies,
    share : float32 array of shape (n_quantiles,)
        and how far it is from the first to the second.
    columns : integer array of shape (n_intervals, n_quantiles)
        Features of the view.
    """

    steps: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    share: Floats
    columns: NDArray[np.int64]


def interval_groups(length: int, layout: Layout) -> list[IntervalGroup]:
    """Return the intervals of a view of ``length`` steps, those of one length together.

    Examples
    --------
    >>> [group.steps.shape for group in interval_groups(9, Layout(2))]
    [(1, 9), (2, 4), (1, 5)]
    """
    by_width = defaultdict(list)
    n_features = 0
    for first, end in _intervals(length, layout.depth):
        n = 1 + (end - first - 1) // layout.steps_per_quantile
        by_width[end - first].append((first, n_features + np.arange(n)))
        n_features += n
    groups = []
    for width, members in by_width.items():
        starts, columns = (np.stack(part) for part in zip(*members, strict=True))
        n, last = columns.shape[1], width - 1
        place = np.linspace(0, 1, n) * last if n > 1 else np.array([last / 2])
        low = place.astype(np.int64)
        share = (place - low).astype(np.float32)
        steps = starts[:, None] + np.arange(width)
        groups.append(IntervalGroup(steps, low, np.minimum(low + 1, last), share, columns))
    return groups


def _quantiles(x: Floats, group: IntervalGroup) -> Floats:
    """Return quantiles of a view (n, c, l): (n, c, n_intervals, n_quantiles)."""
    part = np.sort(x[:, :, group.steps], -1)
    low, high = part[..., group.low], part[..., group.high]
    quantiles: Floats = low * (1 - group.share) + high * group.share
    if len(group.low) > 1:
        mean = part.mean(-1, keepdims=True, dtype=np.float64)
        quantiles[..., 1::2] -= mean.astype(np.float32)
    return quantiles
