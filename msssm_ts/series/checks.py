"""Checks on what users pass as X, and missing values."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series.lazy import LazySeries, Series, lengths_of
from msssm_ts.series.nested import unnested
from msssm_ts.text import counted

Missing = Literal["error", "mask", "interpolate"]
LARGEST = float(np.finfo(np.float32).max)


def as_series_list(X: Any, missing: Missing = "error", dtype: str = "float32") -> list[Series]:
    """Return X as a list of float arrays of shape (n_channels, length).

    All of one float type before anything is done to them: the same series gets the same answer
    whether it comes as float32 or as float64, from a table, Python or an exported file. Steps at
    a series' end at which every channel is NaN are padding and cut off, whatever ``missing`` is.

    Parameters
    ----------
    X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), or a \
sequence of arrays of shape (n_channels, length) or (length,)
        The series; numpy arrays, pandas or polars frames, torch tensors, nested lists, or frames
        and arrays of objects whose cells are series, a channel a column. What is
        masked in masked arrays is missing.
    missing : {"error", "mask", "interpolate"}
        What happens to NaN before the end: refused, left as it is, or interpolated along each
        channel.
    dtype : {"float32", "float64"}
        Of the arrays.

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
    [array([[1., 2., 3.]], dtype=float32)]
    >>> [s.shape for s in as_series_list([[1.0, 2.0, 3.0], [4.0, 5.0, np.nan]])]
    [(1, 3), (1, 2)]
    """
    _refuse(X)
    X = unnested(without_masks(without_torch(X)))
    series = _from_list(X) if isinstance(X, (list, tuple)) and _is_ragged(X) else _from_array(X)
    return [
        _without_missing(without_padding(s), f"series {i}", missing, dtype)
        for i, s in enumerate(series)
    ]


@dataclass(frozen=True)
class _CheckedRead:
    """Read a lazy series and check it as :func:`as_series_list` would."""

    read: Callable[[Any], Series]
    missing: Missing
    dtype: str

    def __call__(self, item: Any) -> Series:
        return _without_missing(self.read(item), f"series {item}", self.missing, self.dtype)


def checked(X: LazySeries, missing: Missing, dtype: str = "float32") -> LazySeries:
    """Return lazy series whose values are checked when they are read."""
    if not len(X):
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    return LazySeries(X.items, _CheckedRead(X.read, missing, dtype), X.lengths)


def check_series(X: Any, missing: Missing, dtype: str) -> Sequence[Series]:
    """Return X as :func:`as_series_list` does; lazy series stay so, and are checked when read."""
    if isinstance(X, LazySeries):
        return checked(X, missing, dtype)
    return as_series_list(X, missing, dtype)


def check_times(times: Any, series: Sequence[Series]) -> list[NDArray[np.float64]] | None:
    """Return time stamps as one float64 array a series.

    Parameters
    ----------
    times : sequence of arrays of shape (length,), or array of shape (n_samples, n_timepoints)
        A stamp a step, a number or a date, of which seconds since a series' first are taken; None
        stays None. As those of the series, NaN at their end is padding; so
        is, where all have as many stamps as the longest series steps, what is behind a series' end.
    series : sequence of arrays of shape (n_channels, length)
        What they belong to, without their padding.

    Raises
    ------
    ValueError
        If there is not one stamp a step, or the stamps are not finite or go back in time.

    Examples
    --------
    >>> check_times([[0, 1, 5]], [np.ones((1, 3))])
    [array([0., 1., 5.])]
    """
    if times is None:
        return None
    times = without_masks(times.to_numpy() if hasattr(times, "to_numpy") else times)
    if len(times) != len(series):
        raise ValueError(f"times are given for {len(times)} series, but X has {len(series)}")
    lengths = lengths_of(series).tolist()
    stamps = [_as_stamps(t, i) for i, t in enumerate(times)]
    if all(stamp.shape == (max(lengths),) for stamp in stamps):
        stamps = [stamp[:length] for stamp, length in zip(stamps, lengths, strict=True)]
    stamps = [without_padding(t[None])[0] if t.ndim == 1 and t.size else t for t in stamps]
    for i, (stamp, length) in enumerate(zip(stamps, lengths, strict=True)):
        if stamp.shape != (length,):
            raise ValueError(
                f"times of series {i} have shape {stamp.shape}, but it has "
                f"{counted(length, 'step')}"
            )
        wrong = ~np.isfinite(stamp)
        if wrong.any():
            raise ValueError(f"time stamp {int(wrong.argmax())} of series {i} is not finite")
        back = np.diff(stamp) < 0
        if back.any():
            raise ValueError(
                f"the times of series {i} go back after step {int(back.argmax())} (counted from "
                "0): sort its steps by time"
            )
    return stamps


def _as_stamps(times: Any, index: int) -> NDArray[np.float64]:
    """Return the stamps of one series as numbers: of dates, seconds since the first."""
    dates = np.asarray(times, "datetime64[ns]" if getattr(times, "tz", None) else None)
    if dates.dtype.kind in "mM":
        return np.asarray((dates - dates[:1]) / np.timedelta64(1, "s"), np.float64)
    try:
        return np.asarray(dates, np.float64)
    except (ValueError, TypeError) as error:
        raise ValueError(f"times of series {index} must be numbers or dates: {error}") from error


def refuse_masked(name: str, value: Any) -> None:
    """Refuse masked values where each is wanted.

    Examples
    --------
    >>> refuse_masked("groups", np.ma.array([1, 2], mask=[False, True]))
    Traceback (most recent call last):
    ...
    ValueError: groups has no value for series 1 (counted from 0), where it is masked
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        first = int(np.argwhere(np.ma.getmaskarray(value))[0][0])
        raise ValueError(
            f"{name} has no value for series {first} (counted from 0), where it is masked"
        )


def is_table(X: Any) -> bool:
    """Whether X, which :func:`as_series_list` has accepted, is one row of values a series."""
    if isinstance(X, (list, tuple)) and _is_ragged(X):
        return False
    return len(X.shape if hasattr(X, "shape") else np.asarray(X).shape) == 2


def is_float32(X: Any) -> bool:
    """Whether X, an array or a list of arrays, holds float32 as it comes.

    Examples
    --------
    >>> is_float32(np.ones((2, 3), np.float32)), is_float32([[1.0, 2.0]])
    (True, False)
    """
    parts = X if isinstance(X, (list, tuple)) else [X]
    return all(str(getattr(part, "dtype", "")).endswith("float32") for part in parts)


def without_torch(X: Any) -> Any:
    """Return torch tensors, alone or in a list, as numpy arrays; anything else unchanged."""
    if isinstance(X, (list, tuple)):
        return [without_torch(x) if hasattr(x, "detach") else x for x in X]
    if not hasattr(X, "detach"):
        return X
    held = X.detach().cpu()
    # NumPy has no such type.
    return (held.float() if str(held.dtype) == "torch.bfloat16" else held).numpy()


def without_masks(X: Any) -> Any:
    """Return masked arrays, alone or in a list, with NaN for what is masked; others unchanged.

    Examples
    --------
    >>> without_masks(np.ma.array([1, 2], mask=[False, True]))
    array([ 1., nan])
    """
    if isinstance(X, (list, tuple)):
        return [without_masks(x) if isinstance(x, np.ma.MaskedArray) else x for x in X]
    if not isinstance(X, np.ma.MaskedArray):
        return X
    return np.where(np.ma.getmaskarray(X), np.nan, np.ma.getdata(X))


def _refuse(X: Any) -> None:
    """Refuse what is no array, and the frames of sktime."""
    if hasattr(X, "toarray"):
        # scikit-learn refuses sparse ones.
        return
    holds = any(hasattr(X, name) for name in ("__len__", "__array__", "__iter__", "collect"))
    if not holds or isinstance(X, (str, bytes, Set)):
        file = "; msssm_ts.datasets.load reads files" if isinstance(X, str) else ""
        raise TypeError(
            f"X must hold numbers: an array, or a list of arrays, not {type(X).__name__}{file}"
        )
    if getattr(getattr(X, "index", None), "nlevels", 1) > 1:
        raise ValueError(
            "X has an index of several levels, as sktime's frames have: "
            "msssm_ts.sktime.MSSSMClassifier takes them"
        )


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
        turned = len({s.shape[1] for s in series}) == 1
        remedy = "; if they are (length, n_channels), pass [x.T for x in X]" if turned else ""
        raise ValueError(
            f"X must have the same number of channels throughout: series 0 has {first}, "
            f"series {odd} has {series[odd].shape[0]}{remedy}"
        )
    return series


def _as_one(x: NDArray[Any], index: int) -> Series:
    series = np.atleast_2d(x)
    if series.ndim != 2 or series.size == 0:
        raise ValueError(
            f"series {index} of X must have shape (n_channels, length) with at least one value, "
            f"not {np.shape(x)}"
        )
    # Nothing is left to check, which takes longer than to classify a short series.
    if type(series) is np.ndarray and series.dtype in (np.float64, np.float32):
        return series
    return _as_floats(series, f"series {index} of X")


def _as_floats(X: Any, name: str) -> NDArray[Any]:
    # It takes a second to import, which who reads files need not wait for.
    from sklearn.utils import check_array

    if getattr(getattr(X, "dtype", None), "kind", "") in tuple("mM"):
        raise TypeError(
            f"{name} must hold numbers, not {X.dtype}: give values, and stamps as times"
        )
    try:
        array: NDArray[Any] = check_array(
            X,
            dtype=[np.float64, np.float32],
            allow_nd=True,
            ensure_all_finite=False,
            input_name=name,
        )
    except (ValueError, TypeError) as error:
        if "sequence" in str(error):
            raise ValueError(
                f"{name} has cells that hold series: pass a list of arrays (n_channels, length), "
                "or sktime's frames to msssm_ts.sktime.MSSSMClassifier"
            ) from error
        if "array" in str(error):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        # scikit-learn shows the whole array below its first line.
        first_line = str(error).partition("\n")[0]
        raise kind(f"{name} must hold numbers: {first_line}") from error
    return array


def _without_missing(series: Series, name: str, missing: Missing, dtype: str) -> Series:
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
    if unknown.all():
        raise ValueError(f"{name} of X has no value at all: leave it out")
    series = series.astype(dtype, copy=False)
    return interpolated(series) if missing == "interpolate" else series


def without_padding(series: Series) -> Series:
    """Cut the steps behind the last value of any channel; of a series without values, nothing.

    Examples
    --------
    >>> without_padding(np.array([[1.0, np.nan, np.nan], [2.0, 3.0, np.nan]]))
    array([[ 1., nan],
           [ 2.,  3.]])
    """
    if not np.isnan(series[:, -1]).all():
        return series
    seen = np.flatnonzero(~np.isnan(series).all(0))
    return series[:, : seen[-1] + 1] if len(seen) else series


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


def filled(series: Series) -> NDArray[np.float32]:
    """Return a series as float32 without missing values: interpolated, an empty channel 0.

    Examples
    --------
    >>> filled(np.array([[1.0, np.nan, 3.0], [np.nan] * 3]))
    array([[1., 2., 3.],
           [0., 0., 0.]], dtype=float32)
    """
    if not np.isfinite(series).all():
        series = np.nan_to_num(interpolated(series), copy=False)
    return np.ascontiguousarray(series, dtype=np.float32)
