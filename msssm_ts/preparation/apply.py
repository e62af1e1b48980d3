"""From the series a user gives to those that the members of a vote see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from msssm_ts.preparation.prepare import Preparer, prepared, prepared_rate
from msssm_ts.preparation.settings import Preparation
from msssm_ts.preparation.windows import cut
from msssm_ts.series import LazySeries, Prepared, Series
from msssm_ts.series.prepared import Times

# Prepared series up to this size are decoded once and kept; more is decoded again in every epoch.
IN_MEMORY = 128 * 2**20
# Series that the standardisation of what does not fit is measured on.
N_SAMPLE = 256


def sample(series: Sequence[Series]) -> Sequence[Series]:
    """Return all series in memory, of others N_SAMPLE from first to last."""
    if not isinstance(series, LazySeries) or len(series) <= N_SAMPLE:
        return series
    return series.take(np.linspace(0, len(series) - 1, N_SAMPLE).astype(np.int64))


def prepare_series(
    series: Sequence[Series],
    settings: Preparation,
    sampling_rate: float | None,
    channel_names: Sequence[str] | None,
    times: Sequence[Times] | None = None,
    ready: Sequence[Series] | None = None,
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
    times : sequence of arrays of shape (length,), optional
        Their time stamps.
    ready : sequence of arrays of shape (n_channels, length), optional
        The series as :func:`prepared` makes them, where that has been done.

    Raises
    ------
    ValueError
        If that cannot be done to them.
    """
    names = None if channel_names is None else tuple(channel_names)
    prepare = Preparer(settings, sampling_rate, names)
    rate = prepared_rate(prepare)
    spectra: dict[str, Any] = {
        "spectral": settings.features != "raw",
        "bands": settings.n_mels if settings.features == "logmel" else 0,
    }
    if times is not None:
        _refuse_times(settings, sampling_rate)
    ready = prepared(series, prepare, times) if ready is None else ready
    if settings.grid is not None:
        if times is None:
            raise ValueError(
                "a grid puts series on even steps by their time stamps, and these have none: give "
                "them (times), or leave the grid out"
            )
        times = None
    values = Prepared(ready, np.arange(len(series)), rate, times, **spectra)
    if settings.window is None:
        return _in_memory(values)
    size = settings.window_steps(rate)
    windows, owner, starts = cut(values.series, values.lengths, size, settings.overlap)
    if times is not None:
        rows, _, _ = cut([t[None] for t in times], values.lengths, size, settings.overlap)
        times = [row[0] for row in rows]
    return _in_memory(Prepared(windows, owner, rate, times, starts=starts, **spectra))


def _refuse_times(settings: Preparation, sampling_rate: float | None) -> None:
    """Refuse time stamps where what is done to the series takes their steps for even ones."""
    resampled = settings.sampling_rate not in (None, sampling_rate)
    in_seconds = settings.grid is not None and settings.window is not None and sampling_rate
    for asked, name in (
        (resampled, "resampling"),
        (settings.powerline is not None, "a notch filter"),
        (settings.bandpass is not None, "a band-pass filter"),
        (settings.features != "raw", f"{settings.features} features"),
        (in_seconds, "a window in seconds"),
    ):
        if asked:
            raise ValueError(
                f"{name} takes the steps of a series for evenly spaced, but times are given: "
                "leave one of them out"
            )


def _in_memory(values: Prepared) -> Prepared:
    """Return the same, decoded where it is small enough to be kept."""
    if not isinstance(values.series, LazySeries):
        return values
    n_channels = values.series[0].shape[0]
    if int(values.lengths.sum()) * n_channels * 4 > IN_MEMORY:
        return values
    return replace(values, series=[np.asarray(s) for s in values.series])
