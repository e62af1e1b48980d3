"""Resampling, band-pass filtering, and the hum of the mains."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Series
from msssm_ts.series.standardizer import ROUNDING

_ORDER = 3
# Of the notch: its frequency over the width that loses more than half of its power.
_QUALITY = 30
# Between two rates, and the largest denominator of their ratio.
_FARTHEST = 10_000


def rate_ratio(rate: float, wanted: float) -> Fraction:
    """Return the steps after resampling per step before, as a fraction of small numbers.

    Raises
    ------
    ValueError
        If the rates are more than ten thousand apart.

    Examples
    --------
    >>> rate_ratio(360.0, 250.0)
    Fraction(25, 36)
    """
    ratio = Fraction(wanted) / Fraction(rate)
    if not Fraction(1, _FARTHEST) <= ratio <= _FARTHEST:
        raise ValueError(
            f"cannot resample from {rate:g} Hz to {wanted:g} Hz: they are too far apart"
        )
    return ratio.limit_denominator(_FARTHEST)


def resampled_length(n_timepoints: int, rate: float, wanted: float) -> int:
    """Count the steps of a resampled series.

    Examples
    --------
    >>> resampled_length(361, 360.0, 250.0)
    251
    """
    ratio = rate_ratio(rate, wanted)
    return -(-n_timepoints * ratio.numerator // ratio.denominator)


def resample(series: Series, rate: float, wanted: float) -> Series:
    """Resample with a polyphase anti-aliasing filter.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        Without missing values. It is taken to go on along the line from its first value to its
        last, so that an offset makes no steps at the ends.
    rate, wanted : float
        In hertz.

    Returns
    -------
    array of shape (n_channels, :func:`resampled_length`)

    Examples
    --------
    >>> resample(np.ones((1, 100)), 100.0, 50.0).shape
    (1, 50)
    """
    ratio = rate_ratio(rate, wanted)
    if ratio == 1:
        return series
    if series.shape[1] == 1:
        # One value has no line through it.
        return np.repeat(series, resampled_length(1, rate, wanted), axis=1)
    from scipy.signal import resample_poly

    out: Series = resample_poly(
        series, ratio.numerator, ratio.denominator, axis=1, padtype="line"
    ).astype(series.dtype)
    return out


@lru_cache(maxsize=8)
def _sections(low: float, high: float, rate: float) -> NDArray[np.float64]:
    from scipy.signal import butter

    # Above the Nyquist frequency there is nothing to take away.
    if high >= rate / 2:
        sections = butter(_ORDER, low, "highpass", fs=rate, output="sos")
    else:
        sections = butter(_ORDER, (low, high), "bandpass", fs=rate, output="sos")
    return np.asarray(sections)


def bandpass(series: Series, low: float, high: float, rate: float) -> Series:
    """Keep the frequencies from low to high, without shifting them in time.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        Without missing values.
    low, high, rate : float
        In hertz. From half of ``rate`` on ``high`` takes nothing away.

    Returns
    -------
    array like ``series``

    Raises
    ------
    ValueError
        If the series has no frequencies as high as ``low``.

    Examples
    --------
    >>> t = np.arange(2000) / 250
    >>> wave = np.sin(2 * np.pi * 10 * t)[None]
    >>> bool(np.abs(bandpass(wave + 5, 0.5, 40.0, 250.0) - wave)[:, 500:-500].max() < 0.02)
    True
    """
    if low >= rate / 2:
        raise ValueError(
            f"bandpass begins at {low:g} Hz, but a signal of {rate:g} Hz ends at {rate / 2:g} Hz"
        )
    from scipy.signal import sosfiltfilt

    sections = _sections(low, high, rate)
    # Ends are mirrored over three periods of the slowest frequency, as far as there is signal.
    pad = min(series.shape[1] - 1, int(3 * rate / low))
    out = sosfiltfilt(sections, series, axis=1, padlen=max(pad, 0))
    # What is left of a constant channel is rounding, which a standardisation would blow up.
    largest = np.abs([series, out]).max(2, keepdims=True)
    filtered: Series = np.where(largest[1] <= ROUNDING * largest[0], 0.0, out).astype(series.dtype)
    return filtered


def take_out_hum(series: Series, frequency: float, rate: float) -> Series:
    """Take the hum of the mains out: a notch of quality 30, forward and backward.

    Beyond its ends a series is taken to go on with the hum that is nearest to them in the least
    squares, and otherwise mirrored: else the first and last half second would keep theirs.

    Parameters
    ----------
    series : array of shape (n_channels, length)
        Without missing values.
    frequency, rate : float
        In hertz.

    Returns
    -------
    array like ``series``

    Raises
    ------
    ValueError
        If the series has no frequencies as high as that.

    Examples
    --------
    >>> t = np.arange(1000) / 250
    >>> wave, hum = np.sin(2 * np.pi * 5 * t)[None], np.sin(2 * np.pi * 50 * t + 1)[None]
    >>> bool(np.abs(take_out_hum(wave + hum, 50.0, 250.0) - wave).max() < 0.03)
    True
    """
    if frequency >= rate / 2:
        raise ValueError(
            f"powerline is {frequency:g} Hz, but a signal of {rate:g} Hz ends at {rate / 2:g} Hz"
        )
    from scipy.signal import sosfiltfilt

    # Three times what the filter remembers, as far as there is signal.
    pad = min(series.shape[1] - 1, int(3 * _QUALITY / (np.pi * frequency) * rate))
    if pad < 1:
        return series
    wide = series.astype(np.float64)
    before = _going_on(wide[:, pad::-1], frequency, rate)[:, ::-1]
    behind = _going_on(wide[:, -pad - 1 :], frequency, rate)
    extended = np.concatenate([before, wide, behind], axis=1)
    out = sosfiltfilt(_notch_sections(frequency, rate), extended, axis=1, padlen=0)
    cleaned: Series = out[:, pad:-pad].astype(series.dtype)
    return cleaned


def _going_on(end: NDArray[np.float64], frequency: float, rate: float) -> NDArray[np.float64]:
    """Return what follows the last of some steps, one less than these are."""
    n = end.shape[1]
    steps = np.arange(2 * n - 1) - (n - 1)
    turns = 2 * np.pi * frequency / rate * steps
    hum = np.stack([np.cos(turns), np.sin(turns)])
    # Beside a line, so that an offset does not pass for a hum.
    known = np.stack([np.ones(n), steps[:n], *hum[:, :n]])
    parts = np.linalg.lstsq(known.T, end.T, rcond=None)[0]
    heard = parts[2:].T @ hum
    rest = end - heard[:, :n]
    mirrored: NDArray[np.float64] = 2 * rest[:, -1:] - rest[:, -2::-1] + heard[:, n:]
    return mirrored


@lru_cache(maxsize=8)
def _notch_sections(frequency: float, rate: float) -> NDArray[np.float64]:
    from scipy.signal import iirnotch, tf2sos

    return np.asarray(tf2sos(*iirnotch(frequency, _QUALITY, fs=rate)))
