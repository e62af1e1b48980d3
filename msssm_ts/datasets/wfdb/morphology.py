"""What a beat looks like beside the other beats of its record, lead by lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.wfdb.context import Values, ratio

# Seconds around an annotation that are looked at, and points a second they are brought to.
_BEFORE, _AFTER, _POINTS = 0.28, 0.44, 125.0
_OFFSETS = np.arange(-round(_BEFORE * _POINTS), round(_AFTER * _POINTS) + 1) / _POINTS
# P wave, QRS complex and T wave, in seconds from the annotation.
_P = _OFFSETS <= -0.08
_QRS = np.abs(_OFFSETS) <= 0.12
_T = _OFFSETS >= 0.16
# Annotations lie on different parts of the QRS complex: points that it is moved to fit best.
_LAGS = range(-4, 5)
# Beats of the running mean; beats that a record's median is taken of at most; beats at once.
_LAST, _MOST, _BLOCK = 32, 2000, 2048
# Seconds of signal that are read at once.
_STRETCH = 600.0

Read = Callable[[int, int], NDArray[np.floating]]
Windows = NDArray[np.float32]


def windows_of(seconds: Values, rate: float, n_steps: int, n_leads: int, read: Read) -> Windows:
    """Return the signal around each beat at 125 points a second.

    Parameters
    ----------
    seconds : array of shape (n_beats,)
        When the beats are, rising.
    rate : float
        Steps a second of the record.
    n_steps, n_leads : int
        What there is of it.
    read : callable
        Returns the leads from a step to another, (n_leads, n_steps).

    Returns
    -------
    array of shape (n_leads, n_beats, n_points)
        NaN outside of the record and where it is missing.
    """
    found = np.full((n_leads, len(seconds), len(_OFFSETS)), np.nan, dtype=np.float32)
    for beats in _together(seconds):
        start = max(int((seconds[beats[0]] - _BEFORE) * rate) - 1, 0)
        stop = min(int((seconds[beats[-1]] + _AFTER) * rate) + 2, n_steps)
        if stop - start < 1:
            continue
        signal = read(start, stop)
        places = (seconds[beats, None] + _OFFSETS) * rate - start
        steps = np.arange(signal.shape[1])
        for lead, values in zip(found, signal, strict=True):
            lead[beats] = np.interp(places, steps, values, left=np.nan, right=np.nan)
    return found


def _together(seconds: Values) -> Iterator[NDArray[np.int64]]:
    """Yield beats whose signal is read at once."""
    if len(seconds):
        parts = np.floor((seconds - seconds[0]) / _STRETCH)
        yield from np.split(np.arange(len(seconds)), np.flatnonzero(np.diff(parts)) + 1)


def shape_features(windows: Windows) -> dict[str, Values]:
    """Return how the beats of a record differ from its usual beat, in one lead.

    Parameters
    ----------
    windows : array of shape (n_beats, n_points)
        The signal around each, as :func:`windows_of` returns it.

    Returns
    -------
    dict of str to array of shape (n_beats,)
        ``width_half`` and ``width_quarter``, how long the QRS complex is beyond a half and a
        quarter of its height, ``height``, signed, and ``area``, each over the median of the
        record's beats; ``qrs_likeness``, ``p_likeness`` and ``t_likeness``, correlations with the
        record's median beat, ``qrs_difference`` and ``p_difference``, root mean squares over the
        median height; ``likeness_32``, the correlation with the mean of the 32 beats before. NaN
        where the signal is missing or flat.
    """
    (found,) = shapes_of(lambda first, stop: windows[None, first:stop], len(windows), 1)
    return found


def shapes_of(block: Read, n_beats: int, n_leads: int) -> list[dict[str, Values]]:
    """Return :func:`shape_features` of every lead, with the signal of a few beats in memory.

    Parameters
    ----------
    block : callable
        Returns the signal around the beats from one to another, (n_leads, n, n_points); asked for
        all beats two or three times.
    n_beats, n_leads : int
        What there is of it.
    """
    usual = _usual_beats(block, n_beats, n_leads)
    parts: list[list[dict[str, Values]]] = [[] for _ in range(n_leads)]
    for first in range(0, n_beats, _BLOCK):
        lead_in = max(first - _LAST, 0)
        windows = block(lead_in, first + _BLOCK)
        for own, centred, beat in zip(parts, map(_centred, windows), usual, strict=True):
            beats = centred.astype(np.float64)
            found = _absolute(beats[first - lead_in :], beat)
            found["likeness_32"] = _likeness(beats, _running_mean(beats))[first - lead_in :]
            own.append(found)
    return [_compared(own) for own in parts]


def _usual_beats(block: Read, n_beats: int, n_leads: int) -> Windows:
    """Return the median beat of each lead, (n_leads, n_points): of some that are whole."""
    chosen = [_spread(np.arange(n_beats))] * n_leads
    some, whole = _gathered(block, n_beats, chosen)
    if not whole.all():
        chosen = [_spread(np.flatnonzero(w)) for w in whole]
        some, _ = _gathered(block, n_beats, chosen)
    return np.stack([np.median(s, axis=0) if len(s) else np.zeros(len(_OFFSETS)) for s in some])


def _spread(places: NDArray[np.int64]) -> NDArray[np.int64]:
    chosen = np.linspace(0, len(places) - 1, min(_MOST, len(places))).astype(int)
    some: NDArray[np.int64] = places[chosen]
    return some


def _gathered(
    block: Read, n_beats: int, chosen: list[NDArray[np.int64]]
) -> tuple[list[Windows], NDArray[np.bool_]]:
    """Return the chosen beats of each lead, centred, and which of all are whole."""
    whole = np.ones((len(chosen), n_beats), dtype=bool)
    some: list[list[Windows]] = [[np.empty((0, len(_OFFSETS)), np.float32)] for _ in chosen]
    for first in range(0, n_beats, _BLOCK):
        windows = block(first, first + _BLOCK)
        for lead, centred in enumerate(map(_centred, windows)):
            whole[lead, first : first + _BLOCK] = ~np.isnan(centred).any(1)
            low, high = np.searchsorted(chosen[lead], (first, first + _BLOCK))
            some[lead].append(centred[chosen[lead][low:high] - first])
    return [np.concatenate(own) for own in some], whole


def _centred(windows: NDArray[np.floating]) -> NDArray[np.floating]:
    return windows - _median(windows, axis=1)[:, None]


def _compared(parts: list[dict[str, Values]]) -> dict[str, Values]:
    """Join blocks, and compare with the record's median what is compared within the record."""
    joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]} if parts else {}
    typical = {k: _typical(np.abs(v)) for k, v in joined.items()}
    by = {k: k for k in ("width_half", "width_quarter", "height", "area")}
    by |= {"qrs_difference": "height", "p_difference": "height"}
    return {k: ratio(v, typical[by[k]]) if k in by else v for k, v in joined.items()}


def _absolute(beats: Values, usual: Values) -> dict[str, Values]:
    """Return features of beats (n_beats, n_points) before they are compared with others'."""
    qrs = np.where(_QRS, np.nan_to_num(beats), 0.0)
    peak = np.abs(qrs).argmax(1)
    height = qrs[np.arange(len(beats)), peak]
    known = ~np.isnan(beats).any(1) & (height != 0)
    upright = np.nan_to_num(beats) * np.sign(height)[:, None]
    found = {
        "width_half": _width(upright, peak, 0.5),
        "width_quarter": _width(upright, peak, 0.25),
        "height": height,
        "area": np.abs(qrs).sum(1),
        "p_likeness": _likeness(beats[:, _P], usual[_P]),
        "t_likeness": _likeness(beats[:, _T], usual[_T]),
        "p_difference": _difference(beats[:, _P], usual[_P]),
    }
    places = np.flatnonzero(_QRS)
    moved = [beats[:, places + lag] for lag in _LAGS]
    found["qrs_likeness"] = np.max([_likeness(m, usual[_QRS]) for m in moved], axis=0)
    found["qrs_difference"] = np.min([_difference(m, usual[_QRS]) for m in moved], axis=0)
    return {name: np.where(known, values, np.nan) for name, values in found.items()}


def _width(upright: Values, peak: NDArray[np.int64], share: float) -> Values:
    """Seconds around the peak without a point below a share of it."""
    points = np.arange(upright.shape[1])
    below = upright < share * upright[np.arange(len(peak)), peak][:, None]
    left = np.where(below & (points < peak[:, None]), points, -1).max(1)
    right = np.where(below & (points > peak[:, None]), points, len(points)).min(1)
    width: Values = (right - left - 1) / _POINTS
    return width


def _likeness(beats: Values, others: Values) -> Values:
    """Correlation of each row with another; NaN where one does not vary."""
    a = beats - beats.mean(-1, keepdims=True)
    b = others - others.mean(-1, keepdims=True)
    return ratio((a * b).sum(-1), np.sqrt((a * a).sum(-1) * (b * b).sum(-1)))


def _difference(beats: Values, usual: Values) -> Values:
    difference: Values = np.sqrt(((beats - usual) ** 2).mean(1))
    return difference


def _running_mean(beats: Values) -> Values:
    """Mean of the last beats before each, of those without missing values; NaN without any."""
    known = np.isnan(beats).sum(1) == 0
    sums = np.zeros((len(beats) + 1, beats.shape[1]))
    np.cumsum(np.where(known[:, None], beats, 0.0), axis=0, out=sums[1:])
    counts = np.concatenate([[0], np.cumsum(known)])
    stop = np.arange(len(beats))
    start = np.maximum(stop - _LAST, 0)
    number = (counts[stop] - counts[start]).astype(np.float64)[:, None]
    return ratio(sums[stop] - sums[start], np.broadcast_to(number, beats.shape))


def _median(values: NDArray[np.floating], axis: int) -> NDArray[np.floating]:
    """Median, NaN where a value is missing, without numpy's warning."""
    with np.errstate(invalid="ignore"):
        middle: NDArray[np.floating] = np.median(values, axis=axis)
    return middle


def _typical(values: Values) -> Values:
    known = values[~np.isnan(values)]
    return np.full(len(values), np.median(known) if len(known) else np.nan)
