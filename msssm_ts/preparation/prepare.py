"""All of the preparation of one series, and of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msssm_ts.lazy import LazySeries, Series
from msssm_ts.preparation.filters import bandpass, resample, resampled_length
from msssm_ts.preparation.settings import Preparation
from msssm_ts.preparation.spectral import FRAME_STEP, log_mel, mfcc, n_frames


@dataclass(frozen=True)
class Preparer:
    """Prepares one series; pickles for worker processes.

    Parameters
    ----------
    settings : Preparation
        What to do.
    sampling_rate : float or None
        Of the series as they come, in hertz.
    channel_names : tuple of str or None
        Of the series as they come.

    Raises
    ------
    ValueError
        When called on a series that lacks a channel, or has missing values where there is to be
        filtered.

    Examples
    --------
    >>> prepare = Preparer(Preparation(sampling_rate=50.0), 100.0, None)
    >>> prepare(np.ones((1, 30))).shape
    (1, 15)
    """

    settings: Preparation
    sampling_rate: float | None
    channel_names: tuple[str, ...] | None

    @property
    def rate(self) -> float | None:
        """Sampling rate after resampling."""
        return (self.sampling_rate and self.settings.sampling_rate) or self.sampling_rate

    @property
    def filters(self) -> bool:
        """Whether anything needs neighbouring steps."""
        s = self.settings
        return s.features != "raw" or s.bandpass is not None or self.rate != self.sampling_rate

    def __call__(self, series: Series) -> Series:
        """Prepare series (n_channels, length)."""
        settings = self.settings
        series = self._chosen_channels(series)
        if self.filters and np.isnan(series).any():
            raise ValueError(
                "a series with missing values cannot be resampled, filtered or turned into "
                "spectra; fill them with missing='interpolate'"
            )
        rate = self.rate
        if rate is not None and self.sampling_rate is not None:
            series = resample(series, self.sampling_rate, rate)
        if settings.bandpass is not None:
            series = bandpass(series, *settings.bandpass, self._known_rate("bandpass"))
        if settings.features == "logmel":
            series = log_mel(series, self._known_rate("features"), settings.n_mels)
        elif settings.features == "mfcc":
            known = self._known_rate("features")
            series = mfcc(series, known, settings.n_mfcc, settings.n_mels)
        if settings.standardize == "centred":
            series = series - _mean(series)
        return _standardized(series) if settings.standardize == "series" else series

    def length(self, n_timepoints: int) -> int:
        """Count the steps of a prepared series."""
        if self.rate is not None and self.sampling_rate is not None:
            n_timepoints = resampled_length(n_timepoints, self.sampling_rate, self.rate)
        if self.settings.features != "raw":
            n_timepoints = n_frames(n_timepoints, self._known_rate("features"))
        return n_timepoints

    def _known_rate(self, what: str) -> float:
        if self.rate is None:
            raise ValueError(f"{what} needs the sampling rate of the series, which is not known")
        return self.rate

    def _chosen_channels(self, series: Series) -> Series:
        wanted, present = self.settings.channels, self.channel_names
        if wanted is None or present is None or wanted == present:
            return series
        for name in wanted:
            if name not in present:
                raise ValueError(
                    f"channel {name!r}, which is needed, is missing; there are {', '.join(present)}"
                )
        return series[[present.index(name) for name in wanted]]


def _mean(series: Series) -> Series:
    known = ~np.isnan(series)
    total = np.where(known, series, 0).sum(1, keepdims=True)
    mean: Series = total / np.maximum(1, known.sum(1, keepdims=True))
    return mean.astype(series.dtype)


def _standardized(series: Series) -> Series:
    mean = _mean(series)
    deviation = np.sqrt(_mean((series - mean) ** 2))
    # Rounding alone makes a constant channel's deviation a little more than nothing.
    constant = deviation <= 1e-6 * np.maximum(1.0, np.abs(mean))
    return (series - mean) / np.where(constant, 1, deviation).astype(series.dtype)


@dataclass(frozen=True)
class _PreparedRead:
    series: LazySeries
    prepare: Preparer

    def __call__(self, index: int) -> Series:
        return self.prepare(self.series[index])


def prepared(series: Sequence[Series], prepare: Preparer) -> Sequence[Series]:
    """Prepare many series: a list at once, lazy ones when they are read.

    Examples
    --------
    >>> prepare = Preparer(Preparation(standardize="centred"), None, None)
    >>> prepared([np.array([[1.0, 3.0]])], prepare)
    [array([[-1.,  1.]])]
    """
    if isinstance(series, LazySeries):
        lengths = [prepare.length(int(n)) for n in series.lengths]
        return LazySeries(range(len(series)), _PreparedRead(series, prepare), lengths)
    return [prepare(s) for s in series]


def prepared_rate(prepare: Preparer) -> float | None:
    """Return the sampling rate of prepared series: frames per second for spectra."""
    return prepare.rate if prepare.settings.features == "raw" else 1 / FRAME_STEP
