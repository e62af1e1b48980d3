"""Features beside the series in whatever form they are passed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.series.checks import without_masks
from msssm_ts.series.side_features import SideFeatures


def as_side_features(given: Any, n_series: int) -> SideFeatures:
    """Return features as named columns of numbers and categories.

    Parameters
    ----------
    given : SideFeatures, data frame of pandas or polars, mapping of columns, or array
        A row a series; the columns of an array without names are ``feature_1``, ``feature_2``, ...
        A column of numbers, or of true and false, is one of numbers, NaN and None missing; any
        other is of categories, of which None, NaN and "" are missing.
    n_series : int
        How many rows there have to be.

    Raises
    ------
    InputError
        If there is no column, one has another length, is infinite, or of dates or lists.

    Examples
    --------
    >>> found = as_side_features({"age": [61, None], "sex": ["f", ""]}, 2)
    >>> found.names, found.columns
    (('age', 'sex'), (array([61., nan]), array(['f', ''], dtype='<U1')))
    """
    found = given if isinstance(given, SideFeatures) else _columns(given)
    if not found.names:
        raise InputError("features have no columns; leave them out where there are none")
    if len(found) != n_series:
        raise InputError(f"features are given for {len(found)} series, but X has {n_series}")
    return found


def _columns(given: Any) -> SideFeatures:
    named: dict[str, Any]
    if isinstance(given, Mapping):
        named = {str(name): column for name, column in given.items()}
    elif hasattr(given, "columns") and hasattr(given, "__getitem__"):
        named = {str(name): given[name] for name in given.columns}
        if len(named) < len(given.columns):
            raise InputError("two columns of the features have the same name; rename one")
    elif getattr(given, "name", None) is not None and hasattr(given, "dtype"):
        named = {str(given.name): given}
    else:
        array = np.asarray(without_masks(given))
        if array.dtype.names is not None:
            named = {name: array[name] for name in array.dtype.names}
        elif array.ndim in (1, 2):
            table = array.reshape(len(array), -1)
            named = {f"feature_{k + 1}": table[:, k] for k in range(table.shape[1])}
        else:
            raise InputError(f"features must be a table with a row a series, not {array.shape}")
    columns = tuple(_column(name, column) for name, column in named.items())
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        shown = ", ".join(f"{name} {n}" for name, n in zip(named, lengths, strict=True))
        raise InputError(f"the columns of the features differ in length: {shown}")
    return SideFeatures(tuple(named), columns)


def _column(name: str, given: Any) -> NDArray[Any]:
    """Return float64 with NaN, or strings with "", for what is missing."""
    try:
        values = np.asarray(without_masks(given))
    except ValueError as error:
        raise InputError(f"feature {name!r} is no column: {error}") from error
    if values.ndim != 1:
        raise InputError(f"feature {name!r} must have one entry a series, not {values.shape}")
    if values.dtype.kind in "mM":
        raise InputError(
            f"feature {name!r} is of dates; give numbers, such as days since the first"
        )
    if values.dtype.kind in "biuf":
        column = values.astype(np.float64)
    else:
        column = column_of(name, values.tolist())
    if column.dtype.kind == "f" and np.isinf(column).any():
        raise InputError(f"feature {name!r} has infinite values; leave them out as NaN")
    return column


def column_of(name: str, values: Sequence[Any]) -> NDArray[Any]:
    """Return a column of Python values: numbers where all that are there are, else categories."""
    import pandas as pd

    if any(isinstance(value, (list, tuple, dict, set, np.ndarray, bytes)) for value in values):
        raise InputError(f"feature {name!r} must have a number or a category a series, not lists")
    there = [not pd.isna(value) and value != "" for value in values]
    known = [value for value, is_there in zip(values, there, strict=True) if is_there]
    if known and all(isinstance(value, (numbers.Number, np.bool_)) for value in known):
        return np.array(
            [float(v) if is_there else math.nan for v, is_there in zip(values, there, strict=True)]
        )
    texts = [str(v) if is_there else "" for v, is_there in zip(values, there, strict=True)]
    return np.array(texts, dtype=np.str_)
