"""Checks on what users pass as X, missing values, and the standardisation kept with a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import check_array

from msssm_ts.lazy import LazySeries, Series

Missing = Literal["error", "mask", "interpolate"]
LARGEST = float(np.finfo(np.float32).max)
# In standard deviations; the network has long saturated there.
LARGEST_DEVIATION = 1e12


def as_series_list(X: Any, missing: Missing = "error") -> list[Series]:
    """Return X as a list of float arrays of shape (n_channels, length).

    Parameters
    ----------
    X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), or a \
sequence of arrays of shape (n_channels, length) or (length,)
        The series; numpy arrays, pandas or polars frames, torch tensors, nested lists.
    missing : {"error", "mask", "interpolate"}
        What happens to NaN: refused, left as it is, or interpolated along each channel.

    Raises
    ------
    ValueError
        If a value is NaN (unless ``missing`` allows it) or infinite, a series is empty or has no
        value at all, or the channels differ in number.
    TypeError
        If X is sparse.

    Examples
    --------
    >>> [s.shape for s in as_series_list([[1.0, 2.0], [3.0, 4.0]])]
    [(1, 2), (1, 2)]
    >>> [s.shape for s in as_series_list([np.ones((2, 5)), np.ones((2, 3))])]
    [(2, 5), (2, 3)]
    >>> as_series_list([[1.0, np.nan, 3.0]], missing="interpolate")
    [array([[1., 2., 3.]])]
    """
    X = without_torch(X)
    series = _from_list(X) if isinstance(X, (list, tuple)) and _is_ragged(X) else _from_array(X)
    return [_without_missing(s, f"series {i}", missing) for i, s in enumerate(series)]


@dataclass(frozen=True)
class _CheckedRead:
    """Read a lazy series and check it as :func:`as_series_list` would."""

    read: Callable[[Any], Series]
    missing: Missing

    def __call__(self, item: Any) -> Series:
        return _without_missing(self.read(item), f"series {item}", self.missing)


def checked(X: LazySeries, missing: Missing) -> LazySeries:
    """Return lazy series whose values are checked when they are read."""
    if not len(X):
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    return LazySeries(X.items, _CheckedRead(X.read, missing), X.lengths)


def is_table(X: Any) -> bool:
    """Whether X, which :func:`as_series_list` has accepted, is one row of values a series."""
    if isinstance(X, (list, tuple)) and _is_ragged(X):
        return False
    return len(X.shape if hasattr(X, "shape") else np.asarray(X).shape) == 2


def without_torch(X: Any) -> Any:
    """Return torch tensors, alone or in a list, as numpy arrays; anything else unchanged."""
    if isinstance(X, (list, tuple)):
        return [without_torch(x) if hasattr(x, "detach") else x for x in X]
    return X.detach().cpu().numpy() if hasattr(X, "detach") else X


def _from_array(X: Any) -> list[Series]:
    array = _as_floats(X, "X")
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


def _from_list(X: Sequence[Any]) -> list[Series]:
    series = [_as_one(np.asarray(x), i) for i, x in enumerate(X)]
    first = series[0].shape[0]
    odd = next((i for i, s in enumerate(series) if s.shape[0] != first), None)
    if odd is not None:
        raise ValueError(
            f"X must have the same number of channels throughout: series 0 has {first}, "
            f"series {odd} has {series[odd].shape[0]}"
        )
    return series


def _as_one(x: NDArray[Any], index: int) -> Series:
    series = np.atleast_2d(x)
    if series.ndim != 2 or series.size == 0:
        raise ValueError(
            f"series {index} of X must have shape (n_channels, length) with at least one value, "
            f"not {np.shape(x)}"
        )
    return _as_floats(series, f"series {index} of X")


def _as_floats(X: Any, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = check_array(
            X,
            dtype=[np.float64, np.float32],
            allow_nd=True,
            ensure_all_finite=False,
            input_name=name,
        )
    except (ValueError, TypeError) as error:
        if "array" in str(error):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        # scikit-learn shows the whole array below its first line.
        first_line = str(error).partition("\n")[0]
        raise kind(f"{name} must hold numbers: {first_line}") from error
    return array


def _without_missing(series: Series, name: str, missing: Missing) -> Series:
    unknown = np.isnan(series)
    for kind, wrong in (("infinity", ~(np.abs(series) <= LARGEST) & ~unknown), ("NaN", unknown)):
        if not wrong.any() or (kind == "NaN" and missing != "error"):
            continue
        channel, step = np.argwhere(wrong)[0]
        if kind == "NaN":
            advice = "; missing='mask' or 'interpolate' accepts them"
        else:
            advice = "; numbers beyond 3.4e38, the largest of float32, count as infinite"
        raise ValueError(
            f"Input X contains {kind}: {wrong.sum()} in {name}, the first in channel "
            f"{channel} at step {step} (counted from 0){advice}"
        )
    if np.isnan(series).all():
        raise ValueError(f"{name} of X has no value at all: leave it out")
    return interpolated(series) if missing == "interpolate" else series


def interpolated(series: Series) -> Series:
    """Fill NaN linearly between neighbours and level at the ends; an empty channel stays NaN."""
    if not np.isnan(series).any():
        return series
    steps, filled = np.arange(series.shape[1]), series.copy()
    for channel in filled:
        known = ~np.isnan(channel)
        if known.any():
            channel[~known] = np.interp(steps[~known], steps[known], channel[known])
    return filled


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
        """Measure over all values of all series that are not missing, reading each once."""
        n_channels = series[0].shape[0]
        count, mean, squares = (np.zeros(n_channels) for _ in range(3))
        for s in series:
            known = (~np.isnan(s)).sum(1)
            here = np.nansum(s, 1, dtype=np.float64) / np.maximum(1, known)
            deviation = np.nansum((s - here[:, None]) ** 2, 1, dtype=np.float64)
            # Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm", 1979.
            total = np.maximum(1, count + known)
            shift = here - mean
            squares += deviation + shift**2 * count * known / total
            mean += shift * known / total
            count += known
        std = np.sqrt(squares / np.maximum(1, count))
        # Rounding alone makes a constant channel's deviation a little more than nothing.
        constant = std <= 1e-12 * np.maximum(1.0, np.abs(mean))
        return cls(mean, np.where(constant, 1.0, std))

    @classmethod
    def identity(cls, n_channels: int) -> Standardizer:
        """Return one that changes nothing."""
        return cls(np.zeros(n_channels), np.ones(n_channels))

    def apply(self, series: Sequence[Series], dtype: DTypeLike = np.float32) -> list[Series]:
        """Return the series standardised."""
        return [self.one(s, dtype) for s in series]

    def one(self, series: Series, dtype: DTypeLike = np.float32) -> Series:
        """Return one series standardised."""
        standardized = (series - self.mean[:, None]) / self.std[:, None]
        # Squares of what the network sums must stay within float32.
        np.clip(standardized, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=standardized)
        return standardized.astype(dtype, copy=False)
