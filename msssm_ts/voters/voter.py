"""What every voter can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import Series, lengths_of, take

# Called with the number of series that are done, and of all.
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Problem:
    """Labelled series for a voter to learn from.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Standardised; NaN is a missing value.
    targets : integer array of shape (n_series,), or array of shape (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.
    n_outputs : int
        Classes or labels.
    weights : array of shape (n_series,), optional
        Of the series.
    groups : array of shape (n_series,), optional
        A patient, a speaker.
    """

    series: Sequence[Series]
    targets: NDArray[Any]
    n_outputs: int
    weights: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels at once."""
        return self.targets.ndim == 2

    @property
    def signs(self) -> NDArray[np.float64]:
        """1 where a series is of a class or has a label, else −1: (n_series, n_outputs)."""
        if self.multilabel:
            return np.where(self.targets > 0, 1.0, -1.0)
        return np.where(self.targets[:, None] == np.arange(self.n_outputs), 1.0, -1.0)

    @property
    def typical_length(self) -> int:
        """Median of the lengths."""
        return int(np.median(lengths_of(self.series)))

    def at_most(self, n: int, seed: int) -> Problem:
        """Return all series, or n of them at random, not decoded yet where they are lazy."""
        if len(self) <= n:
            return self
        index = np.sort(np.random.default_rng(seed).choice(len(self), n, replace=False))
        return Problem(
            take(self.series, index),
            self.targets[index],
            self.n_outputs,
            None if self.weights is None else self.weights[index],
            None if self.groups is None else self.groups[index],
        )


class Voter(Protocol):
    """A fitted classifier of standardised series."""

    kind: str

    def predict_proba(self, series: Sequence[Series]) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs)."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that a model file must hold."""
