"""Pieces of a long recording, one behind the other, and what a model calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.annotation.batches import series_at
from msssm_ts.annotation.recording import Recording
from msssm_ts.datasets.container import LabelledSeries

Places = NDArray[np.int64]

# Seconds of the recording that are read at once, if a piece is not longer.
_TOGETHER = 600.0
# What a rhythm annotation says where there is no label.
_UNKNOWN = "?"


class Span(NamedTuple):
    """Pieces in a row with one label, in seconds; an empty label where there is none."""

    start: float
    stop: float
    label: str


@dataclass(frozen=True)
class AnnotatedPieces:
    """Pieces of a recording, and what a model calls them.

    Parameters
    ----------
    name : str
        Of the recording.
    starts : integer array of shape (n_pieces,)
        Where they begin, in steps, rising.
    size : int
        Steps of each.
    rate : float
        Steps a second.
    n_steps : int
        Of the recording.
    labels : string array of shape (n_pieces,)
        Empty where there is none, for values are missing.
    classes : tuple of str
        Those of the model.
    proba : array of shape (n_pieces, n_classes)
        NaN where there is no label.
    """

    name: str
    starts: Places
    size: int
    rate: float
    n_steps: int
    labels: NDArray[np.str_]
    classes: tuple[str, ...]
    proba: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def duration(self) -> float:
        """Seconds of the recording, gaps counted."""
        return self.n_steps / self.rate

    @property
    def spans(self) -> list[Span]:
        """Pieces in a row with one label, put together."""
        found: list[Span] = []
        stops = (self.starts + self.size).tolist()
        for first, last, label in zip(
            self.starts.tolist(), stops, self.labels.tolist(), strict=True
        ):
            start, stop = first / self.rate, last / self.rate
            if found and found[-1].label == label and found[-1].stop == start:
                found[-1] = found[-1]._replace(stop=stop)
            else:
                found.append(Span(start, stop, label))
        return found


def piece_starts(recording: Recording, size: int) -> Places:
    """Return where pieces of so many steps begin, none across a gap."""
    parts = [np.arange(a, b - size + 1, size) for a, b in recording.stretches]
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)


def piece_batches(
    recording: Recording, starts: Places, size: int
) -> Iterator[tuple[Places, LabelledSeries]]:
    """Yield which pieces they are, and their series, a few minutes of them at a time."""
    some = max(int(_TOGETHER * recording.rate / size), 1)
    for first in range(0, len(starts), some):
        own = np.arange(first, min(first + some, len(starts)))
        # Around a gap, pieces are far apart.
        for near in np.split(own, np.flatnonzero(np.diff(starts[own]) != size) + 1):
            yield near, series_at(recording, starts[near], starts[near] + size, None)


def rhythm_changes(pieces: AnnotatedPieces) -> tuple[list[int], list[str]]:
    """Return where the label changes, in steps, and WFDB's texts of it, such as ``(AFIB``."""
    places: list[int] = []
    texts: list[str] = []
    stop = 0.0
    for span in pieces.spans:
        if span.start > stop:
            places.append(round(stop * pieces.rate))
            texts.append(f"({_UNKNOWN}")
        places.append(round(span.start * pieces.rate))
        texts.append(f"({span.label or _UNKNOWN}")
        stop = span.stop
    if stop < pieces.duration:
        places.append(round(stop * pieces.rate))
        texts.append(f"({_UNKNOWN}")
    return places, texts


def piece_rows(pieces: AnnotatedPieces) -> list[dict[str, Any]]:
    """Return start, stop, label and probabilities of each piece, for a table."""
    return [
        {
            "start": round(start / pieces.rate, 6),
            "stop": round((start + pieces.size) / pieces.rate, 6),
            "label": label or None,
            **{
                f"p_{c}": None if p != p else round(p, 6)
                for c, p in zip(pieces.classes, row, strict=True)
            },
        }
        for start, label, row in zip(
            pieces.starts.tolist(), pieces.labels.tolist(), pieces.proba.tolist(), strict=True
        )
    ]


def summary_of_pieces(pieces: AnnotatedPieces) -> dict[str, Any]:
    """Return seconds of each label, and the spans, as JSON holds them."""
    seconds, spans = pieces.size / pieces.rate, pieces.spans
    return {
        "seconds": round(pieces.duration, 3),
        "pieces": len(pieces),
        "piece_seconds": round(seconds, 6),
        "labels": {c: round(seconds * int((pieces.labels == c).sum()), 3) for c in pieces.classes},
        "not_labelled": round(pieces.duration - seconds * int((pieces.labels != "").sum()), 3),
        "spans": [
            {"start": round(s.start, 3), "stop": round(s.stop, 3), "label": s.label or None}
            for s in spans
        ],
    }
