"""What a person wants to know of a recording's beats: counts, rates, pauses, episodes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.annotation.annotated import AnnotatedBeats

# Beats in a row that make an episode: three, as for ventricular tachycardia.
_FEWEST = 3
# What a run of each class is called.
_RUNS = {"V": "ventricular run", "S": "supraventricular run"}
_BIGEMINY = "ventricular bigeminy"


@dataclass(frozen=True)
class Episode:
    """Beats in a row that mean something together.

    Parameters
    ----------
    kind : str
        What it is called.
    first, last : int
        Places of its beats among all.
    start, stop : float
        When they are, in seconds.
    """

    kind: str
    first: int
    last: int
    start: float
    stop: float

    @property
    def n_beats(self) -> int:
        """Count its beats."""
        return self.last - self.first + 1

    @property
    def rate(self) -> float:
        """Beats a minute."""
        return 60 * (self.n_beats - 1) / (self.stop - self.start)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "kind": self.kind,
            "start": round(self.start, 3),
            "stop": round(self.stop, 3),
            "beats": self.n_beats,
            "beats_per_minute": round(self.rate, 1),
        }


def episodes_of(beats: AnnotatedBeats) -> list[Episode]:
    """Return runs of three or more V, of S, and bigeminy, in order.

    Bigeminy is a V after every single beat that is none, three times or more. No episode spans a
    gap in the recording, or a beat without label.
    """
    kinds, gaps = beats.kinds, np.isnan(beats.intervals)
    found = [
        (name, first, last)
        for kind, name in _RUNS.items()
        for first, last in _runs(kinds == kind, gaps)
    ]
    # A beat goes on with the pattern where it is a V and the one before it is none, or reversed.
    early = kinds == "V"
    goes_on = np.zeros(len(beats), dtype=bool)
    known = kinds != ""
    goes_on[1:] = (early[1:] != early[:-1]) & known[1:] & known[:-1] & ~gaps[1:]
    for first, last in _runs(goes_on, gaps):
        # From the beat before the first V to the last V.
        first += bool(early[first - 1]) - 1
        last -= not early[last]
        if early[first : last + 1].sum() >= _FEWEST:
            found.append((_BIGEMINY, first, last))
    seconds = beats.seconds
    episodes = [Episode(k, a, b, float(seconds[a]), float(seconds[b])) for k, a, b in found]
    return sorted(episodes, key=lambda e: (e.start, e.kind))


def _runs(there: NDArray[np.bool_], gaps: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last places of runs of at least three; a gap before a beat ends one."""
    runs: list[tuple[int, int]] = []
    for place in np.flatnonzero(there).tolist():
        if runs and runs[-1][1] == place - 1 and not gaps[place]:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return [(a, b) for a, b in runs if b - a + 1 >= _FEWEST]


@dataclass(frozen=True)
class Minutes:
    """A recording minute by minute.

    Parameters
    ----------
    counts : integer array of shape (n_minutes, n_classes)
        Beats of each class.
    rates : array of shape (n_minutes,)
        Beats a minute: 60 over the median interval that ends in it; NaN where there is none.
    """

    counts: NDArray[np.int64]
    rates: NDArray[np.float64]


def by_minute(beats: AnnotatedBeats) -> Minutes:
    """Count the beats of each class in every minute that has begun."""
    n = max(int(np.ceil(beats.duration / 60)), 1)
    minute = np.minimum((beats.seconds // 60).astype(np.int64), n - 1)
    counts = np.stack(
        [np.bincount(minute[beats.labels == c], minlength=n) for c in beats.classes], axis=1
    )
    intervals = beats.intervals
    borders = np.searchsorted(minute, np.arange(n + 1))
    rates = np.full(n, np.nan)
    for i, (a, b) in enumerate(pairwise(borders.tolist())):
        own = intervals[a:b][~np.isnan(intervals[a:b])]
        if len(own):
            rates[i] = 60 / np.median(own)
    return Minutes(counts, rates)


def most_telling_minute(beats: AnnotatedBeats) -> float:
    """Return when the minute begins whose labels are the least to be expected of the record.

    A beat tells as much as its class is rare: the negative logarithm of its share. It begins where
    a minute of the recording does; the first of several alike.
    """
    names, place, counts = np.unique(beats.labels, return_inverse=True, return_counts=True)
    tells = -np.log(counts / max(len(beats), 1))
    tells[names == ""] = 0
    minute = (beats.seconds // 60).astype(np.int64)
    return 60.0 * float(np.bincount(minute, tells[place]).argmax()) if len(beats) else 0.0


def summary_of(beats: AnnotatedBeats) -> dict[str, Any]:
    """Return counts, rates, the longest pause and the episodes, as JSON holds them."""
    intervals, minutes = beats.intervals, by_minute(beats)
    known = intervals[~np.isnan(intervals)]
    rates = minutes.rates[~np.isnan(minutes.rates)]
    pause = None
    if len(known):
        place = int(np.nanargmax(intervals))
        pause = {
            "start": round(float(beats.seconds[place - 1]), 3),
            "stop": round(float(beats.seconds[place]), 3),
            "seconds": round(float(intervals[place]), 3),
        }
    return {
        "seconds": round(beats.duration, 3),
        "beats": len(beats),
        "labels": {c: int((beats.labels == c).sum()) for c in beats.classes},
        "not_labelled": int((beats.labels == "").sum()),
        "beats_per_minute": {
            "mean": round(60 / float(known.mean()), 1) if len(known) else None,
            "slowest_minute": round(float(rates.min()), 1) if len(rates) else None,
            "fastest_minute": round(float(rates.max()), 1) if len(rates) else None,
        },
        "longest_pause": pause,
        "episodes": [e.to_dict() for e in episodes_of(beats)],
    }
