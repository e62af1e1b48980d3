"""Checks on what users pass as X, and the standardisation kept with a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

Series = NDArray[np.floating[Any]]


def as_series_list(X: Any) -> list[Series]:
    """Return X as a list of float arrays of shape (n_channels, length).

    Parameters
    ----------
    X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), or a \
sequence of arrays of shape (n_channels, length) or (length,)
        The series.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, a series is empty, or the channels differ in number.
    TypeError
        If X is sparse.

    Examples
    --------
    >>> [s.shape for s in as_series_list([[1.0, 2.0], [3.0, 4.0]])]
    [(1, 2), (1, 2)]
    >>> [s.shape for s in as_series_list([np.ones((2, 5)), np.ones((2, 3))])]
    [(2, 5), (2, 3)]
    """
    if isinstance(X, (list, tuple)) and _is_ragged(X):
        series = [_check_one(np.asarray(x), i) for i, x in enumerate(X)]
        n_channels = {s.shape[0] for s in series}
        if len(n_channels) > 1:
            first = series[0].shape[0]
            odd = next(i for i, s in enumerate(series) if s.shape[0] != first)
            raise ValueError(
                f"X must have the same number of channels throughout: series 0 has {first}, "
                f"series {odd} has {series[odd].shape[0]}"
            )
        return series
    array = check_array(
        X, dtype=[np.float64, np.float32], allow_nd=True, ensure_min_features=1, input_name="X"
    )
    if array.ndim > 3:
        raise ValueError(
            f"Found array with dim {array.ndim}, while X must be (n_samples, n_timepoints) or "
            "(n_samples, n_channels, n_timepoints)"
        )
    if 0 in array.shape:
        raise ValueError(f"Found array with shape {array.shape}: every series needs a value")
    return list(array[:, None, :] if array.ndim == 2 else array)


def _is_ragged(X: Sequence[Any]) -> bool:
    """Whether X is a sequence of arrays rather than one table written as nested lists."""
    shapes = {np.shape(x) for x in X if isinstance(x, np.ndarray)}
    if any(len(shape) == 2 for shape in shapes):
        return True
    lengths = {len(x) for x in X if isinstance(x, (list, tuple, np.ndarray)) and np.ndim(x) == 1}
    return len(lengths) > 1


def _check_one(x: NDArray[Any], index: int) -> Series:
    series = np.atleast_2d(x)
    if series.ndim != 2 or series.size == 0:
        raise ValueError(
            f"series {index} of X must have shape (n_channels, length) with at least one value, "
            f"not {np.shape(x)}"
        )
    checked: Series = check_array(
        series, dtype=[np.float64, np.float32], input_name=f"series {index} of X"
    )
    return checked


@dataclass(frozen=True)
class Standardizer:
    """Per-channel mean and standard deviation of the training series.

    Parameters
    ----------
    mean, std : arrays of shape (n_channels,)
        In the units of the data; a constant channel has std 1.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @classmethod
    def fit(cls, series: Sequence[Series]) -> Standardizer:
        """Measure over all steps of all series."""
        count = sum(s.shape[1] for s in series)
        mean = sum(s.sum(1, dtype=np.float64) for s in series) / count
        centred = sum(((s - mean[:, None]) ** 2).sum(1, dtype=np.float64) for s in series)
        std = np.sqrt(centred / count)
        # Rounding alone makes a constant channel's deviation a little more than nothing.
        constant = std <= 1e-12 * np.maximum(1.0, np.abs(mean))
        return cls(np.asarray(mean), np.where(constant, 1.0, std))

    def apply(self, series: Sequence[Series]) -> list[Series]:
        """Return the series standardised, in float32."""
        mean, std = self.mean[:, None], self.std[:, None]
        return [((s - mean) / std).astype(np.float32) for s in series]
