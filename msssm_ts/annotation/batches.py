"""Beats of a long recording as series, a few minutes of them at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.annotation.recording import Recording
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.wfdb.beat_features import beat_features
from msssm_ts.series.side_features import SideFeatures

Places = NDArray[np.int64]

# Seconds of the recording that are read at once.
_TOGETHER = 600.0


def features_of(
    recording: Recording, places: Places, names: Sequence[str], dropped: Sequence[str] = ()
) -> SideFeatures:
    """Return what is told beside each beat, as where annotated records are cut.

    Parameters
    ----------
    recording : Recording
        Of the model's channels.
    places : integer array of shape (n_beats,)
        Where all its beats are.
    names : sequence of str
        What is asked for; names of what there is not are left out.
    dropped : sequence of str
        Leads that are not looked at.
    """
    found = beat_features(recording.joined, recording.file, places.tolist(), dropped)
    known = tuple(name for name in names if name in found)
    return SideFeatures(known, tuple(found[name] for name in known))


def beat_batches(
    recording: Recording,
    places: Places,
    window: tuple[float, float],
    features: SideFeatures | None,
) -> Iterator[tuple[Places, LabelledSeries]]:
    """Yield which beats they are, and their series; beats whose window leaves it are left out.

    Parameters
    ----------
    recording : Recording
        Of the model's channels.
    places : integer array of shape (n_beats,)
        Where its beats are, rising.
    window : tuple of two floats
        Seconds before and after each.
    features : SideFeatures, optional
        Of all beats.
    """
    before, after = (round(s * recording.rate) for s in window)
    starts, stops = places - before, places + after
    inside = np.zeros(len(places), dtype=bool)
    for first, last in recording.stretches:
        inside |= (first <= starts) & (stops <= last)
    beats = np.flatnonzero(inside)
    parts = places[beats] // round(_TOGETHER * recording.rate)
    for some in np.split(beats, np.flatnonzero(np.diff(parts)) + 1) if len(beats) else ():
        own = None if features is None else features.take(some)
        yield some, series_at(recording, starts[some], stops[some], own)


def series_at(
    recording: Recording, starts: Places, stops: Places, features: SideFeatures | None
) -> LabelledSeries:
    """Read a recording from the first of the starts to the last of the stops, and cut it."""
    low = int(starts[0])
    signal = recording.read(low, int(stops[-1]))
    edges = zip(starts - low, stops - low, strict=True)
    named = any(not n.startswith("channel ") for n in recording.channels)
    return LabelledSeries(
        [signal[:, a:b] for a, b in edges],
        channel_names=recording.channels if named else None,
        sampling_rate=recording.rate,
        units=recording.units if any(recording.units) else None,
        features=features,
        source=str(recording.file),
    )
