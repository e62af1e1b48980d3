"""The one container for labelled series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class LabelledSeries:
    """Series as a reader found them.

    Parameters
    ----------
    values : sequence of arrays of shape (n_channels, length)
        The series, each with as many channels.
    labels : array of shape (n_series,), optional
        Their labels, integers or strings; None where the source has none.
    channel_names : tuple of str, optional
        Names of the channels, where the source has them.
    sampling_rate : float, optional
        In hertz, where the source has it.
    groups : array of shape (n_series,), optional
        What each series belongs to: a patient, a speaker, a record.
    ids : array of shape (n_series,), optional
        Names of the series, where the source has them.
    source : str
        Where they come from, for messages.

    Examples
    --------
    >>> data = LabelledSeries([np.zeros((1, 5)), np.ones((1, 5))], np.array(["a", "b"]))
    >>> data.summary()
    '2 series, 1 channel × 5 steps, 2 classes: a b'
    """

    values: Sequence[Series]
    labels: NDArray[Any] | None = None
    channel_names: tuple[str, ...] | None = None
    sampling_rate: float | None = None
    groups: NDArray[Any] | None = None
    ids: NDArray[Any] | None = None
    source: str = ""

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.values)

    @property
    def n_channels(self) -> int:
        """Channels of every series."""
        return int(self.values[0].shape[0])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each series, shape (n_series,)."""
        return np.array([v.shape[1] for v in self.values])

    @property
    def classes(self) -> NDArray[Any] | None:
        """The different labels, sorted; None without labels."""
        return None if self.labels is None else np.unique(self.labels)

    def as_estimator_input(self) -> NDArray[Any] | list[Series]:
        """Array (n_series, n_channels, n_timepoints), or the list where lengths differ."""
        if len(np.unique(self.lengths)) == 1:
            return np.stack(self.values)
        return list(self.values)

    def summary(self) -> str:
        """Say in one line what was understood."""
        low, high = int(self.lengths.min()), int(self.lengths.max())
        steps = f"{high}" if low == high else f"{low}–{high}"
        parts = [
            f"{_spaced(self.n_series)} series",
            f"{_plural(self.n_channels, 'channel')} × {steps} steps"
            + (f" at {self.sampling_rate:g} Hz" if self.sampling_rate else ""),
        ]
        if self.classes is None:
            parts.append("no labels")
        else:
            shown = " ".join(str(c) for c in self.classes[:10])
            more = " …" if len(self.classes) > 10 else ""
            parts.append(f"{_plural(len(self.classes), 'class', 'classes')}: {shown}{more}")
        return ", ".join(parts)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{_spaced(count)} {one if count == 1 else many or one + 's'}"
