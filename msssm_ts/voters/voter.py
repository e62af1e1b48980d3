"""What every voter can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import Series

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
    """

    series: Sequence[Series]
    targets: NDArray[Any]
    n_outputs: int
    weights: NDArray[np.float64] | None = None

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels at once."""
        return self.targets.ndim == 2

    @property
    def signs(self) -> NDArray[np.float64]:
        """1 where a series is of a class or has a label, else −1: (n_series, n_outputs)."""
        present = self.targets > 0 if self.multilabel else self._one_hot
        return np.where(present, 1.0, -1.0)

    @property
    def _one_hot(self) -> NDArray[np.bool_]:
        one_hot: NDArray[np.bool_] = self.targets[:, None] == np.arange(self.n_outputs)
        return one_hot

    def take(self, index: NDArray[np.int64]) -> Problem:
        """Return some of the series with what belongs to them."""
        weights = None if self.weights is None else self.weights[index]
        series = [self.series[int(i)] for i in index]
        return Problem(series, self.targets[index], self.n_outputs, weights)


class Voter(Protocol):
    """A fitted classifier of standardised series."""

    kind: str

    def predict_proba(self, series: Sequence[Series]) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs)."""

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that a model file must hold."""
