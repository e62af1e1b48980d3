"""Windows of long series, and the vote of their predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import LazySeries, Series


def window_starts(n_timepoints: int, size: int, overlap: float) -> NDArray[np.int64]:
    """Where windows begin: all over the series, the last one at its end.

    Parameters
    ----------
    n_timepoints, size : int
        Steps of the series and of a window.
    overlap : float
        Part of a window that the next one shares, at least.

    Returns
    -------
    increasing integer array of shape (n_windows,)

    Examples
    --------
    >>> window_starts(10, 4, 0.5)
    array([0, 2, 4, 6])
    >>> window_starts(3, 4, 0.5)
    array([0])
    """
    last = max(0, n_timepoints - size)
    step = max(1, round(size * (1 - overlap)))
    # Evenly spread, so that the last two share no more than the others.
    count = -(-last // step) + 1
    return np.round(np.linspace(0, last, count)).astype(np.int64)


# Bytes of series that are kept for their other windows.
_KEPT = 64 * 2**20


@dataclass
class _WindowRead:
    """Read a window; keeps the series that the last ones came from."""

    read: Callable[[Any], Series]
    kept: dict[int, Series] = field(default_factory=dict, repr=False)

    def __call__(self, place: tuple[int, Any, int, int]) -> Series:
        index, item, begin, end = place
        # Another thread may drop the kept series at any moment: look at it once.
        series = self.kept.get(index)
        if series is None:
            series = self.read(item)
            # Replaced, not changed: a dict of its own for every thread that looks.
            kept = dict(self.kept)
            while kept and sum(s.nbytes for s in kept.values()) + series.nbytes > _KEPT:
                del kept[next(iter(kept))]
            self.kept = kept | {index: series}
        # A copy, or the window would keep the whole series in memory.
        return series[:, begin:end].copy()

    def __getstate__(self) -> dict[str, object]:
        # A worker process reads its own.
        return {"read": self.read, "kept": {}}


def cut(
    series: Sequence[Series], lengths: NDArray[np.int64], size: int, overlap: float
) -> tuple[Sequence[Series], NDArray[np.int64], NDArray[np.int64]]:
    """Cut series into windows.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    lengths : integer array of shape (n_series,)
        Their steps.
    size : int
        Steps of a window; a shorter series is a window of its own.
    overlap : float
        Part of a window that the next one shares.

    Returns
    -------
    windows : sequence of arrays of shape (n_channels, size)
        As lazy as the series.
    owner : integer array of shape (n_windows,)
        The series that each is from.
    starts : integer array of shape (n_windows,)
        The step of it that each begins with.

    Examples
    --------
    >>> windows, owner, starts = cut([np.ones((1, 6)), np.ones((1, 2))], np.array([6, 2]), 4, 0.5)
    >>> [w.shape for w in windows], owner, starts
    ([(1, 4), (1, 4), (1, 2)], array([0, 0, 1]), array([0, 2, 0]))
    """
    places = [
        (index, int(begin), int(min(begin + size, length)))
        for index, length in enumerate(lengths)
        for begin in window_starts(int(length), size, overlap)
    ]
    owner = np.array([p[0] for p in places], dtype=np.int64)
    starts = np.array([p[1] for p in places], dtype=np.int64)
    if isinstance(series, LazySeries):
        items = [(i, series.items[i], b, e) for i, b, e in places]
        windows = LazySeries(items, _WindowRead(series.read), [e - b for _, b, e in places])
        return windows, owner, starts
    return [series[i][:, b:e] for i, b, e in places], owner, starts


def vote(
    values: NDArray[np.float64], owner: NDArray[np.int64], n_series: int
) -> NDArray[np.float64]:
    """Return the mean over each series' windows.

    Parameters
    ----------
    values : array of shape (n_windows, ...)
        Such as probabilities (n_windows, n_classes).
    owner : integer array of shape (n_windows,)
        The series that each window is from; each series has one at least.
    n_series : int
        How many there are.

    Returns
    -------
    array of shape (n_series, ...)

    Examples
    --------
    >>> vote(np.array([[0.2], [0.4], [1.0]]), np.array([0, 0, 1]), 2)
    array([[0.3],
           [1. ]])
    """
    if np.array_equal(owner, np.arange(n_series)):
        return values
    total = np.zeros((n_series, *values.shape[1:]))
    np.add.at(total, owner, values)
    count = np.bincount(owner, minlength=n_series)
    mean: NDArray[np.float64] = total / count.reshape(-1, *[1] * (values.ndim - 1))
    return mean
