"""The standardisation that is kept with a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from msssm_ts.series.lazy import Series

# In standard deviations; the network has long saturated there.
LARGEST_DEVIATION = 1e12
# Deviation of a channel, as part of its mean, that is nothing but rounding.
ROUNDING = 1e-12


def moments(series: Sequence[Series]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and deviation of each channel over all known values, reading each series once.

    Examples
    --------
    >>> mean, deviation = moments([np.array([[1.0, np.nan]]), np.array([[3.0]])])
    >>> mean.tolist(), deviation.tolist()
    ([2.0], [1.0])
    """
    n_channels = series[0].shape[0]
    count, mean, squares = (np.zeros(n_channels) for _ in range(3))
    for s in series:
        known = (~np.isnan(s)).sum(1)
        here = np.nansum(s, 1, dtype=np.float64) / np.maximum(1, known)
        deviation = np.nansum((s - here[:, None]) ** 2, 1, dtype=np.float64)
        # Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm", 1979.
        total = np.maximum(1, count + known)
        shift = here - mean
        squares += deviation + shift**2 * count * known / total
        mean += shift * known / total
        count += known
    return mean, np.sqrt(squares / np.maximum(1, count))


def is_constant(mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which channels do not vary, whatever the unit.

    Examples
    --------
    >>> is_constant(np.array([5.0, 0.0, 0.0]), np.array([1e-15, 0.0, 1e-15]))
    array([ True,  True, False])
    """
    # Rounding alone makes a constant channel's deviation a little more than nothing.
    constant: NDArray[np.bool_] = deviation <= ROUNDING * np.abs(mean)
    return constant


@dataclass(frozen=True)
class Standardizer:
    """Per-channel mean and standard deviation of the training series.

    Parameters
    ----------
    mean, std : arrays of shape (n_channels,)
        In the units of the data; a constant channel has its own size for std, or 1 where it is 0.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @classmethod
    def fit(cls, series: Sequence[Series]) -> Standardizer:
        """Measure over all values of all series that are not missing, reading each once."""
        mean, std = moments(series)
        # A constant channel has no unit but its own value: one that comes alive is measured by it.
        own = np.where(mean == 0, 1.0, np.abs(mean))
        return cls(mean, np.where(is_constant(mean, std), own, std))

    @classmethod
    def identity(cls, n_channels: int) -> Standardizer:
        """Return one that changes nothing."""
        return cls(np.zeros(n_channels), np.ones(n_channels))

    def apply(self, series: Sequence[Series], dtype: DTypeLike = np.float32) -> list[Series]:
        """Return the series standardised."""
        return [self.one(s, dtype) for s in series]

    def one(self, series: Series, dtype: DTypeLike = np.float32) -> Series:
        """Return one series standardised."""
        standardized = (series - self.mean[:, None]) / self.std[:, None]
        # Squares of what the network sums must stay within float32.
        np.clip(standardized, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=standardized)
        return standardized.astype(dtype, copy=False)
