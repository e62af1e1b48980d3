"""All of the preparation of one series, and of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.preparation.filters import bandpass, resample, resampled_length, take_out_hum
from msssm_ts.preparation.grid import grid_length, on_grid
from msssm_ts.preparation.settings import OWN_MEAN, Preparation
from msssm_ts.preparation.spectral import frame_sizes, log_mel, mfcc, n_frames
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.checks import LARGEST
from msssm_ts.series.outliers import limited
from msssm_ts.series.prepared import Times
from msssm_ts.series.standardizer import is_constant
from msssm_ts.text import counted, meant


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
        When called on a series that lacks a channel or is slower than what is asked of it, or that
        has missing values where there is to be filtered.

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
        return s.features != "raw" or s.filters or self.rate != self.sampling_rate

    def __call__(self, series: Series, times: Times | None = None) -> Series:
        """Prepare series (n_channels, length), with a grid by their time stamps (length,)."""
        settings = self.settings
        series = self.chosen_channels(series)
        if settings.limits:
            series = limited(series, settings.limits)
        if settings.grid is not None and times is not None:
            series = on_grid(series, times, settings.grid)
        if self.filters and np.isnan(series).any():
            raise ValueError(
                "a series with missing values cannot be resampled, filtered or turned into "
                "spectra; fill them with missing='interpolate' (--missing interpolate)"
            )
        if self.filters:
            # Room for what filters overshoot: nothing becomes infinite.
            series = np.clip(series, -LARGEST / 16, LARGEST / 16)
        rate = self.rate
        if rate is not None and self.sampling_rate is not None:
            series = resample(series, self.sampling_rate, rate)
        if settings.powerline is not None:
            series = take_out_hum(series, settings.powerline, self._known_rate("powerline"))
        if settings.bandpass is not None:
            series = bandpass(series, *settings.bandpass, self._known_rate("bandpass"))
        if settings.full_scale is not None and settings.features != "raw":
            series = series / series.dtype.type(settings.full_scale)
        frame = settings.frame_length, settings.frame_step
        if settings.features == "logmel":
            series = log_mel(series, self._known_rate("features"), settings.n_mels, *frame)
        elif settings.features == "mfcc":
            known = self._known_rate("features")
            series = mfcc(series, known, settings.n_mfcc, settings.n_mels, *frame)
        if settings.standardize == "series":
            return _standardized(series)
        part = OWN_MEAN.get(settings.standardize, 0.0)
        return _centred(series, part).astype(series.dtype) if part else series

    def length(self, n_timepoints: int, times: Times | None = None) -> int:
        """Count the steps of a prepared series, with a grid by its time stamps."""
        if self.settings.grid is not None and times is not None:
            n_timepoints = grid_length(times, self.settings.grid)
        if self.rate is not None and self.sampling_rate is not None:
            n_timepoints = resampled_length(n_timepoints, self.sampling_rate, self.rate)
        s = self.settings
        if s.features != "raw":
            rate = self._known_rate("features")
            n_timepoints = n_frames(n_timepoints, rate, s.frame_length, s.frame_step)
        return n_timepoints

    def output_channels(self, n_channels: int) -> tuple[str, ...]:
        """Name the channels of a prepared series, of one that comes with ``n_channels``.

        Examples
        --------
        >>> Preparer(Preparation(), 250.0, ("I", "II")).output_channels(2)
        ('I', 'II')
        >>> Preparer(Preparation(features="mfcc"), 8000.0, None).output_channels(1)[:3]
        ('mfcc00', 'mfcc01', 'mfcc02')
        """
        s = self.settings
        numbered = tuple(f"channel {i + 1}" for i in range(n_channels))
        names = s.channels or self.channel_names or numbered
        if s.features == "raw":
            return names
        kind, count = ("mel", s.n_mels) if s.features == "logmel" else ("mfcc", s.n_mfcc)
        rows = [f"{kind}{i:02d}" for i in range(count)]
        if len(names) == 1:
            return tuple(rows)
        return tuple(f"{name} {row}" for name in names for row in rows)

    def _known_rate(self, what: str) -> float:
        if self.rate is None:
            raise ValueError(f"{what} needs the sampling rate of the series, which is not known")
        return self.rate

    def chosen_channels(self, series: Series) -> Series:
        """Return the channels that are wanted, in their order."""
        wanted, present = self.settings.channels, self.channel_names
        # Without names they are taken in their order: then none may be missing, and none too many.
        expected = wanted if present is None else present
        if expected is not None and len(expected) != len(series):
            raise ValueError(
                f"a series has {counted(len(series), 'channel')}, where there are {len(expected)} "
                f"names: {', '.join(map(str, expected))}"
            )
        if wanted is None or present is None or wanted == present:
            return series
        for name in wanted:
            if name not in present:
                there = ", ".join(map(str, present))
                raise ValueError(
                    f"channel {name!r}, which is needed, is missing; there are {there}"
                    f"{meant(name, present)}"
                )
        return series[[present.index(name) for name in wanted]]


def _mean(series: Series) -> NDArray[np.float64]:
    known = ~np.isnan(series)
    total = np.where(known, series, 0).sum(1, keepdims=True, dtype=np.float64)
    mean: NDArray[np.float64] = total / np.maximum(1, known.sum(1, keepdims=True))
    return mean


def _centred(series: Series, part: float = 1.0) -> NDArray[np.float64]:
    """Subtract a part of each channel's mean; of a constant channel no rounding is left."""
    mean = _mean(series)
    centred = series - mean
    constant = is_constant(mean, np.sqrt(_mean(centred**2)))
    centred = np.where(constant & ~np.isnan(series), 0.0, centred)
    return centred if part == 1 else centred + (1 - part) * mean


def _standardized(series: Series) -> Series:
    centred = _centred(series)
    deviation = np.sqrt(_mean(centred**2))
    standardized: Series = (centred / np.where(deviation == 0, 1, deviation)).astype(series.dtype)
    return standardized


@dataclass(frozen=True)
class _PreparedRead:
    read: Callable[[Any], Series]
    prepare: Preparer

    def __call__(self, item: Any) -> Series:
        return self.prepare(self.read(item))


@dataclass(frozen=True)
class _StampedRead:
    read: Callable[[Any], Series]
    prepare: Preparer

    def __call__(self, item: Any) -> Series:
        held, times = item
        return self.prepare(self.read(held), times)


def prepared(
    series: Sequence[Series], prepare: Preparer, times: Sequence[Times] | None = None
) -> Sequence[Series]:
    """Prepare many series: a list at once, lazy ones when they are read.

    Examples
    --------
    >>> prepare = Preparer(Preparation(standardize="centred"), None, None)
    >>> prepared([np.array([[1.0, 3.0]])], prepare)
    [array([[-1.,  1.]])]
    """
    if times is not None and prepare.settings.grid is not None:
        if not isinstance(series, LazySeries):
            return [prepare(s, t) for s, t in zip(series, times, strict=True)]
        lengths = [prepare.length(len(t), t) for t in times]
        pairs = list(zip(series.items, times, strict=True))
        return LazySeries(pairs, _StampedRead(series.read, prepare), lengths)
    if isinstance(series, LazySeries):
        lengths = [prepare.length(int(n)) for n in series.lengths]
        return LazySeries(series.items, _PreparedRead(series.read, prepare), lengths)
    return [prepare(s) for s in series]


def prepared_rate(prepare: Preparer) -> float | None:
    """Return the sampling rate of prepared series: frames per second for spectra.

    Raises
    ------
    ValueError
        If spectra are asked for, and the rate is not known or too low.

    Examples
    --------
    >>> prepared_rate(Preparer(Preparation(features="logmel"), 16000.0, None))
    100.0
    """
    s = prepare.settings
    if s.features == "raw":
        return prepare.rate
    rate = prepare._known_rate("features")
    # A step is a whole number of samples: at 22 050 Hz, 220 for the 220.5 of 10 ms.
    return rate / frame_sizes(rate, s.frame_length, s.frame_step)[1]
