"""From the series a user gives to those the network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import LazySeries, Series, lengths_of
from msssm_ts.preparation import Preparation, Preparer, cut, prepared, prepared_rate

# Prepared series up to this size are decoded once and kept; more is decoded again in every epoch.
IN_MEMORY = 128 * 2**20
# Series that the standardisation of what does not fit is measured on.
N_SAMPLE = 256


@dataclass(frozen=True)
class Prepared:
    """Prepared series, or windows of them.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    owner : integer array of shape (len(series),)
        The series that each is, or is a window of.
    sampling_rate : float or None
        Of the prepared series, in hertz.
    """

    series: Sequence[Series]
    owner: NDArray[np.int64]
    sampling_rate: float | None

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each."""
        return lengths_of(self.series)

    def in_memory(self) -> Prepared:
        """Return the same, decoded where it is small enough to be kept."""
        if not isinstance(self.series, LazySeries):
            return self
        n_channels = self.series[0].shape[0]
        if int(self.lengths.sum()) * n_channels * 4 > IN_MEMORY:
            return self
        series = [np.asarray(s, dtype=np.float32) for s in self.series]
        return Prepared(series, self.owner, self.sampling_rate)


def sample(series: Sequence[Series]) -> Sequence[Series]:
    """Return all series in memory, of others N_SAMPLE from first to last."""
    if not isinstance(series, LazySeries) or len(series) <= N_SAMPLE:
        return series
    return series.take(np.linspace(0, len(series) - 1, N_SAMPLE).astype(np.int64))


@dataclass(frozen=True)
class StandardizedRead:
    """Read a lazy series standardised; pickles for worker processes."""

    series: LazySeries
    standardizer: Any
    dtype: str

    def __call__(self, index: int) -> Series:
        """Read one."""
        standardized: Series = self.standardizer.one(self.series[index], self.dtype)
        return standardized


def prepare_series(
    series: Sequence[Series],
    settings: Preparation,
    sampling_rate: float | None,
    channel_names: Sequence[str] | None,
) -> Prepared:
    """Prepare series and cut them into windows, as the settings say.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    settings : Preparation
        What to do.
    sampling_rate : float or None
        Of the series, in hertz.
    channel_names : sequence of str or None
        Of the series.

    Raises
    ------
    ValueError
        If that cannot be done to them.
    """
    names = None if channel_names is None else tuple(channel_names)
    prepare = Preparer(settings, sampling_rate, names)
    rate = prepared_rate(prepare)
    values = Prepared(prepared(series, prepare), np.arange(len(series)), rate)
    if settings.window is None:
        return values.in_memory()
    size = max(1, round(settings.window * (rate or 1.0)))
    windows, owner = cut(values.series, values.lengths, size, settings.overlap)
    return Prepared(windows, owner, rate).in_memory()
