"""Beats found in a lead of any length, with a few minutes of it in memory.

The detectors are those of the ``wfdb`` package, a lead brought to a rate for each. XQRS
(``wfdb.processing.XQRS``) counts the width of its wavelet in samples, and that is the width of a
QRS complex at about 120 of them a second: at 360 it misses many that are wide. GQRS, a port of
PhysioNet's ``gqrs``, takes a time that grows with the samples.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.annotation.recording import Recording
from msssm_ts.datasets.units import unit_factor
from msssm_ts.errors import InputError
from msssm_ts.preparation.filters import resample

Values = NDArray[np.float64]
Places = NDArray[np.int64]

# Seconds after a beat in which a flatter wave is a T wave, as XQRS has it for who asks.
_T_WAVE = 0.36
# Seconds between a beat that a detector tells and its highest or lowest point; around it in which
# the level is taken that this is measured from.
_TO_PEAK, _AROUND = 0.075, 0.25
# Seconds of signal at once; before it for the detector to learn from, and behind it.
CHUNK, _BEFORE, _AFTER = 600.0, 30.0, 10.0
# Around a border in which two pieces are joined.
_SEAM = 2.0
# Less is too short to know a beat in; slower signals do not show one.
_SHORTEST, _SLOWEST = 2.0, 50.0
# Millivolts from the lowest to the highest point of two seconds, where no unit is known.
_USUAL_HEIGHT = 1.0
# Millivolts that GQRS can count in; no heart makes as many.
_LARGEST = 1e4

Progress = Callable[[float, float], None]


def detect_beats(
    lead: Recording,
    detector: str = "xqrs",
    progress: Progress | None = None,
    chunk: float = CHUNK,
) -> Values:
    """Find the beats of a recording in one lead.

    Pieces overlap; where two meet, the border is moved to the widest gap between the beats of
    both, so that none is found twice or lost at it.

    Parameters
    ----------
    lead : Recording
        Of one channel.
    detector : {"xqrs", "gqrs"}
        What finds them.
    progress : callable, optional
        Told the seconds that are done, and all.
    chunk : float
        Seconds that are looked at at once.

    Returns
    -------
    array of shape (n_beats,)
        Seconds from the start, rising, each at the highest or lowest point of a QRS complex.

    Raises
    ------
    InputError
        If the lead is too slow.
    """
    rate = lead.rate
    if rate < _SLOWEST:
        raise InputError(
            f"{lead.file}: {lead.channels[0]} has {rate:g} values a second, too few to find beats "
            "in; name annotated ones with --annotator"
        )
    unit = lead.units[0]
    scale = unit_factor(unit, "mV") if unit else None
    found = [np.empty(0, np.int64)]
    for first, last in lead.stretches:
        beats = np.empty(0, np.int64)
        for start, stop in _pieces(first, last, round(chunk * rate)):
            low = max(start - round(_BEFORE * rate), first)
            signal = lead.read(low, min(stop + round(_AFTER * rate), last))[0]
            own = low + _beats_in(signal.astype(np.float64), rate, scale, detector)
            beats = own if start == first else _joined(beats, own, start, round(_SEAM * rate))
            if progress is not None:
                progress(stop / rate, lead.seconds)
        found.append(beats)
    return np.concatenate(found) / rate


def _pieces(first: int, last: int, size: int) -> list[tuple[int, int]]:
    """Cut a stretch; what is left at the end belongs to the last piece, unless it is long."""
    n = max(round((last - first) / size), 1)
    borders = [first + i * size for i in range(n)] + [last]
    return list(pairwise(borders))


def _joined(before: Places, after: Places, border: int, around: int) -> Places:
    """Join beats of two pieces that overlap around a border.

    Examples
    --------
    >>> _joined(np.array([10, 95, 180]), np.array([12, 96, 181, 250]), 100, 50).tolist()
    [10, 95, 181, 250]
    """
    both = np.concatenate([before, after])
    near = np.sort(both[np.abs(both - border) < around])
    edges = np.concatenate([[border - around], near, [border + around]])
    widest = int(np.diff(edges).argmax())
    seam = (edges[widest] + edges[widest + 1]) / 2
    return np.concatenate([before[before < seam], after[after >= seam]])


def _beats_in(signal: Values, rate: float, scale: float | None, detector: str) -> Places:
    """Return where the beats of a piece are."""
    missing = np.isnan(signal)
    if len(signal) < _SHORTEST * rate or missing.all():
        return np.empty(0, np.int64)
    if missing.any():
        steps = np.arange(len(signal))
        signal = np.interp(steps, steps[~missing], signal[~missing])
    height = scale if scale is not None else _height_to_one(signal, rate)
    if np.ptp(signal) == 0 or not height:
        return np.empty(0, np.int64)
    find, own_rate = DETECTORS[detector]
    brought = resample(height * (signal - np.median(signal))[None], rate, own_rate)[0]
    # Detectors divide by the height of what is flat.
    with np.errstate(all="ignore"):
        places = np.round(find(brought, own_rate) * rate / own_rate).astype(np.int64)
    peaks = np.unique(_at_peak(signal, places.clip(0, len(signal) - 1), rate))
    return peaks[~missing[peaks]]


def _height_to_one(signal: Values, rate: float) -> float:
    """Return what brings a signal without unit to the usual height of a QRS complex."""
    size = round(_SHORTEST * rate)
    rows = signal[: len(signal) // size * size].reshape(-1, size)
    heights = np.ptp(rows, axis=1)
    usual = float(np.median(heights[heights > 0])) if (heights > 0).any() else 0.0
    return _USUAL_HEIGHT / usual if usual else 0.0


def _at_peak(signal: Values, places: Places, rate: float) -> Places:
    """Move beats to the point near them that is farthest from the level around."""
    if not len(places):
        return places
    reach, around = round(_TO_PEAK * rate), round(_AROUND * rate)
    padded = np.pad(signal, around, mode="edge")
    windows = padded[places[:, None] + np.arange(2 * around + 1)]
    level = np.median(windows, axis=1, keepdims=True)
    near = np.abs(windows - level)[:, around - reach : around + reach + 1]
    moved: Places = places + near.argmax(1) - reach
    return moved.clip(0, len(signal) - 1)


def _xqrs(signal: Values, rate: float) -> Places:
    from wfdb.processing import XQRS

    found = XQRS(signal, rate, XQRS.Conf(t_inspect_period=_T_WAVE))
    found.detect(verbose=False)
    return np.asarray(found.qrs_inds, dtype=np.int64)


def _gqrs(signal: Values, rate: float) -> Places:
    from wfdb.processing import gqrs_detect

    limited = signal.clip(-_LARGEST, _LARGEST)
    return np.asarray(gqrs_detect(limited, rate), dtype=np.int64)


class _Detector(NamedTuple):
    """From a signal in millivolts at a rate to the places of its beats."""

    find: Callable[[Values, float], Places]
    rate: float


DETECTORS = {"xqrs": _Detector(_xqrs, 120.0), "gqrs": _Detector(_gqrs, 250.0)}
