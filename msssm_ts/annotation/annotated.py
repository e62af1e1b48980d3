"""A recording's labelled beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.wfdb.beats import AAMI


@dataclass(frozen=True)
class AnnotatedBeats:
    """Beats of a recording, and what a model calls them.

    Parameters
    ----------
    name : str
        Of the recording.
    places : integer array of shape (n_beats,)
        Where they are, in steps, rising.
    rate : float
        Steps a second.
    n_steps : int
        Of the recording.
    stretches : list of pairs of int
        What was recorded without a break, in steps.
    labels : string array of shape (n_beats,)
        Empty where there is none, for the window of the beat leaves the record.
    classes : tuple of str
        Those of the model.
    proba : array of shape (n_beats, n_classes)
        NaN where there is no label.
    """

    name: str
    places: NDArray[np.int64]
    rate: float
    n_steps: int
    stretches: list[tuple[int, int]]
    labels: NDArray[np.str_]
    classes: tuple[str, ...]
    proba: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def seconds(self) -> NDArray[np.float64]:
        """When they are, from the recording's start."""
        return self.places / self.rate

    @property
    def duration(self) -> float:
        """Seconds of the recording, gaps counted."""
        return self.n_steps / self.rate

    @property
    def kinds(self) -> NDArray[np.str_]:
        """The class of EC57 of each label that is a symbol of WFDB; other labels as they are."""
        return np.array([AAMI.get(label, label) for label in self.labels.tolist()], dtype=np.str_)

    @property
    def intervals(self) -> NDArray[np.float64]:
        """Seconds from the beat before; NaN for the first of a stretch."""
        found = np.full(len(self), np.nan)
        found[1:] = np.diff(self.seconds)
        within = np.searchsorted([start for start, _ in self.stretches], self.places, "right")
        found[1:][np.diff(within) != 0] = np.nan
        return found
