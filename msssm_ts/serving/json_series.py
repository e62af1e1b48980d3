"""Series in a JSON request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import as_side_features
from msssm_ts.datasets import LabelledSeries
from msssm_ts.errors import InputError
from msssm_ts.serving.fields import check_names
from msssm_ts.text import counted

# What stands beside the series in a request.
KNOWN = ("series", "channel_names", "sampling_rate", "units", "ids", "times", "features")
SOURCE = "the request"


def series_of(given: Mapping[str, Any]) -> LabelledSeries:
    """Return the series of a request, as a reader returns those of a file.

    Parameters
    ----------
    given : mapping
        ``series``, a list of series, each of them a list of numbers (one channel), a list of
        channels, or an object of channels by their names, null a missing value; or one such series
        by itself, if it is a list of numbers or an object. ``channel_names``, ``sampling_rate`` in
        hertz, ``units`` a channel, ``ids`` a series, ``times`` a step of each series, ``features``
        by name with an entry a series.

    Raises
    ------
    InputError
        If that cannot be understood.

    Examples
    --------
    >>> series_of({"series": [{"x": [1, 2], "y": [3, None]}]}).summary()
    '1 series, 2 channels × 2 steps, no labels'
    """
    listed = _listed(given.get("series"))
    names = _texts(given, "channel_names")
    named = [isinstance(one, dict) for one in listed]
    if any(named):
        if names is not None:
            raise InputError(f"{SOURCE}: channels have names twice; leave channel_names out")
        if not all(named):
            raise InputError(f"{SOURCE}: channels have names in some series only; name them in all")
        names = list(listed[0])
    values = [_series(one, names, i) for i, one in enumerate(listed, 1)]
    n_channels = len(values[0])
    for i, one in enumerate(values, 1):
        if len(one) != n_channels:
            raise InputError(
                f"{SOURCE}: series {i} has {counted(len(one), 'channel')}, but series 1 has "
                f"{n_channels}"
            )
    for what, has in (("channel_names", names), ("units", _texts(given, "units"))):
        if has is not None and len(has) != n_channels:
            raise InputError(f"{SOURCE}: {len(has)} {what}, but {counted(n_channels, 'channel')}")
    units = _texts(given, "units")
    features = given.get("features")
    return LabelledSeries(
        values,
        channel_names=None if names is None else tuple(names),
        sampling_rate=_rate(given.get("sampling_rate")),
        units=None if units is None else tuple(units),
        ids=_ids(given.get("ids"), len(values)),
        times=_times(given.get("times"), values),
        features=None if features is None else _features(features, len(values)),
        source=SOURCE,
    )


def _listed(series: Any) -> Sequence[Any]:
    """Return a list of series: what is one by itself is a list of one."""
    if isinstance(series, dict):
        return [series]
    if not isinstance(series, list) or not series:
        raise InputError(f"{SOURCE}: series must be a list of series, and none is there")
    return series if isinstance(series[0], (list, dict)) else [series]


def _series(one: Any, names: Sequence[str] | None, number: int) -> NDArray[np.float64]:
    where = f"{SOURCE}: series {number}"
    if isinstance(one, dict):
        assert names is not None
        if set(one) != set(names):
            raise InputError(f"{where} has other channels than series 1; give all the same")
        channels = [one[name] for name in names]
    elif isinstance(one, list) and one and isinstance(one[0], list):
        channels = one
    else:
        channels = [one]
    rows = [numbers(channel, where) for channel in channels]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        raise InputError(f"{where} has channels of {lengths[0]} and of {lengths[-1]} steps")
    if not rows or not lengths[0]:
        raise InputError(f"{where} has no values")
    return np.stack(rows)


def numbers(given: Any, where: str) -> NDArray[np.float64]:
    """Return a list of numbers as an array, NaN for null.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> numbers([1, None, 2.5], "series 1")
    array([1. , nan, 2.5])
    """
    if not isinstance(given, list):
        raise InputError(f"{where}: {str(given)[:80]!r} where a list of numbers should be")
    kinds = set(map(type, given))
    if type(None) in kinds:
        given = [np.nan if value is None else value for value in given]
    odd = kinds - {int, float, type(None)}
    if odd:
        value = next(v for v in given if type(v) in odd)
        raise InputError(f"{where}: {str(value)[:80]!r} is no number; a missing value is null")
    try:
        return np.array(given, np.float64)
    except OverflowError:
        raise InputError(
            f"{where}: a number is larger than any that can be reckoned with"
        ) from None


def _texts(given: Mapping[str, Any], name: str) -> list[str] | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InputError(f"{SOURCE}: {name} must be a list of texts")
    return value


def _rate(given: Any) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < 1e300:
        raise InputError(f"{SOURCE}: sampling_rate {str(given)[:80]!r}: must be positive, in hertz")
    return float(given)


def _ids(given: Any, n_series: int) -> NDArray[Any] | None:
    if given is None:
        return None
    if not isinstance(given, list) or any(type(one) not in (str, int) for one in given):
        raise InputError(f"{SOURCE}: ids must be a list of texts or whole numbers")
    names = [str(one) for one in given]
    if len(names) != n_series or len(set(names)) < n_series:
        raise InputError(
            f"{SOURCE}: {len(names)} ids, {len(set(names))} different ones, for {n_series} series; "
            "give each its own"
        )
    return np.array(given if all(type(one) is int for one in given) else names)


def _times(given: Any, values: Sequence[NDArray[Any]]) -> list[NDArray[np.float64]] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not given:
        raise InputError(f"{SOURCE}: times must be a list of numbers for each series")
    of_each = given if isinstance(given[0], list) else [given]
    times = [numbers(one, f"{SOURCE}: times of series {i}") for i, one in enumerate(of_each, 1)]
    if [len(one) for one in times] != [one.shape[1] for one in values]:
        raise InputError(f"{SOURCE}: times must have an entry for each step of each series")
    return times


def _features(given: Any, n_series: int) -> Any:
    if not isinstance(given, dict):
        raise InputError(f"{SOURCE}: features must be an object, with a list for each name")
    columns = {
        name: column if isinstance(column, list) else [column] for name, column in given.items()
    }
    for name, column in columns.items():
        if any(isinstance(entry, (list, dict)) for entry in column):
            raise InputError(f"{SOURCE}: feature {name!r} must have a number or a text a series")
    try:
        return as_side_features(columns, n_series)
    except ValueError as error:
        raise InputError(f"{SOURCE}: {error}") from error


def check_known(given: Mapping[str, Any], others: Sequence[str]) -> None:
    """Refuse what a request says and nobody reads.

    Raises
    ------
    InputError
        With the first of it.
    """
    check_names(given, [*KNOWN, *others])
