"""One series to be drawn, and what in it speaks for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.network.view import View, view_series
from msssm_ts.analysis.vote.series_saliency import series_saliency
from msssm_ts.datasets import LabelledSeries
from msssm_ts.errors import InputError
from msssm_ts.fitted import FittedModel

# Points of a curve, of what speaks for the answer, and channels that are drawn.
_POINTS, _STRETCHES, _MOST_CHANNELS = 600, 150, 12


def inspected(model: FittedModel, data: LabelledSeries, index: int) -> dict[str, Any]:
    """Return a series to be drawn, and what speaks for the answer.

    Parameters
    ----------
    model : FittedModel
        The model.
    data : LabelledSeries
        On its terms.
    index : int
        The series' place.

    Returns
    -------
    dict
        ``n_steps`` and ``sampling_rate`` (in hertz or None); ``channels``: ``name``, ``unit``,
        ``low`` and ``high``, the least and the largest value of each stretch of steps, None where
        all are missing; ``n_channels``, of which the first are drawn; ``importance``: ``of``, the
        answer that it is about, ``begins`` and ``ends``, the part of the series (in steps) that the
        model looked at, and ``channels``: ``name``, None for all together, and ``values``, how much
        the answer's probability falls when that is hidden.

    Raises
    ------
    InputError
        If the model cannot use the series.
    """
    values = np.asarray(data.values[index])
    features = None if data.features is None else data.features.take(np.array([index]))
    times = None if data.times is None else data.times[index]
    try:
        view = view_series(model, values, data.sampling_rate, data.channel_names, features, times)
    except ValueError as error:
        raise InputError(f"{data.source}: {error}") from error
    falls = series_saliency(model, view, features)
    rate = data.sampling_rate or model.source.sampling_rate
    place, grid = _place(view, values.shape[1], rate), model.preparation.grid
    if grid is not None and times is not None:
        falls, place = _at_samples(falls, view.first, (times - times[0]) / grid)
    names = data.channel_names or tuple(str(i) for i in range(1, len(values) + 1))
    used = model.preparation.channels
    shown = [
        i for i, n in enumerate(names) if used is None or data.channel_names is None or n in used
    ]
    units = data.units or ("",) * len(names)
    return {
        "n_steps": values.shape[1],
        "sampling_rate": rate,
        "n_channels": len(shown),
        "channels": [
            {"name": names[i], "unit": units[i] or "", **_curve(values[i])}
            for i in shown[:_MOST_CHANNELS]
        ],
        "importance": {
            "of": str(view.prediction),
            **place,
            "channels": _rows(falls, view, [names[i] for i in shown]),
        },
    }


def _curve(channel: NDArray[Any]) -> dict[str, list[float | None]]:
    """Return the least and the largest values of stretches."""
    parts = np.array_split(channel, min(_POINTS, len(channel)))
    known = [part[np.isfinite(part)] for part in parts]
    return {
        "low": [_short(part.min()) if len(part) else None for part in known],
        "high": [_short(part.max()) if len(part) else None for part in known],
    }


def _short(value: Any) -> float:
    # As a picture needs it.
    return float(f"{value:.5g}")


def _place(view: View, n_steps: int, rate: float | None) -> dict[str, float]:
    """Return which steps of the series, as it came, the model looked at."""
    by = rate / view.rate if rate and view.rate else 1.0
    begins, ends = view.first * by, (view.first + view.values.shape[1]) * by
    return {"begins": min(begins, n_steps), "ends": min(ends, n_steps)}


def _at_samples(
    falls: NDArray[np.float64], first: int, places: NDArray[np.float64]
) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return falls (steps, channels) on a grid at the samples, by these' places on it."""
    steps = np.rint(places).astype(np.int64) - first
    within = np.flatnonzero((steps >= 0) & (steps < len(falls)))
    return falls[steps[within]], {"begins": float(within[0]), "ends": float(within[-1] + 1)}


def _rows(falls: NDArray[np.float64], view: View, shown: Sequence[str]) -> list[dict[str, Any]]:
    """Return what each channel has to say; or all, where the model sees others than are drawn."""
    places = {name: i for i, name in enumerate(view.channel_names)}
    columns: dict[str | None, NDArray[np.float64]] = {}
    if len(shown) == falls.shape[1]:
        # Channels without names are in the model's order.
        columns = {name: falls[:, places.get(name, i)] for i, name in enumerate(shown)}
    if len(columns) != falls.shape[1] or (falls == falls[:, :1]).all():
        columns = {None: falls.mean(1)}
    return [
        {"name": name, "values": [_short(part.mean()) for part in _stretches(column)]}
        for name, column in columns.items()
    ]


def _stretches(column: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return np.array_split(column, min(_STRETCHES, len(column)))
