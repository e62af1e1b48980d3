"""Series in the cells of a frame or of an array of objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def unnested(X: Any) -> Any:
    """Return a frame or an array whose cells are series as a list of series; others unchanged.

    Columns are channels, as in sktime's nested frames.

    Raises
    ------
    TypeError
        If X is no container of series: a dict, an iterator, a lazy frame, records, dates.
    ValueError
        If the cells of a row differ in length.

    Examples
    --------
    >>> cells = np.array([None, None])
    >>> cells[:] = [np.ones(3), np.ones(2)]
    >>> [x.shape for x in unnested(cells)]
    [(3,), (2,)]
    """
    _refuse(X)
    rows = _rows(X)
    if rows is None:
        return X
    return [_joined(row, i) for i, row in enumerate(rows)]


def _refuse(X: Any) -> None:
    # scikit-learn's words say of sparse ones what to do; some are dicts.
    if isinstance(X, Mapping) and not hasattr(X, "toarray"):
        raise TypeError(
            "X must be series in an array or a list, not a dict: pass list(X.values()) of series "
            "by their names, np.stack(list(X.values()), axis=1) of channels by theirs"
        )
    if isinstance(X, Iterator):
        raise TypeError(
            f"X must be series in an array or a list, not a {type(X).__name__}: list(X)"
        )
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise TypeError("X must be series in an array or a list, not a lazy frame: X.collect()")
    names = getattr(getattr(X, "dtype", None), "names", None)
    if names:
        raise TypeError(
            f"X must hold numbers, not records of {len(names)} fields: pass "
            "numpy.lib.recfunctions.structured_to_unstructured(X)"
        )
    kinds: Any = getattr(X, "dtypes", None)
    if hasattr(X, "iloc") and hasattr(kinds, "items"):
        for name, kind in kinds.items():
            if getattr(kind, "kind", "") in tuple("mM"):
                raise TypeError(
                    f"X must hold numbers, not {kind} as in column {name!r}: drop it, or give it "
                    "as times"
                )


def _rows(X: Any) -> list[list[Any]] | None:
    """Return the cells row by row; None where they are no series."""
    if isinstance(X, np.ndarray):
        nested = X.dtype == object and X.ndim in (1, 2) and X.size and _is_series(X.flat[0])
        return [list(row) for row in X.reshape(len(X), -1)] if nested else None
    if hasattr(X, "iloc") and hasattr(X, "to_numpy"):
        if not X.size or not _is_series(X.iloc[(0,) * X.ndim]):
            return None
        return [list(np.atleast_1d(row)) if X.ndim == 2 else [row] for row in X.to_numpy(object)]
    if hasattr(X, "to_arrow") and len(X):
        kind = X.dtype if hasattr(X, "dtype") else X.dtypes[0]
        if not kind.is_nested():
            return None
        return [[cell] for cell in X.to_list()] if hasattr(X, "dtype") else [*map(list, X.rows())]
    return None


def _is_series(cell: Any) -> bool:
    return isinstance(cell, (list, tuple, np.ndarray)) or hasattr(cell, "to_numpy")


def _joined(row: list[Any], index: int) -> Any:
    cells = [np.asarray(cell) for cell in row]
    if len(cells) == 1:
        return cells[0]
    if len({cell.shape for cell in cells}) > 1:
        lengths = [cell.shape[-1] if cell.ndim else 1 for cell in cells]
        raise ValueError(
            f"the channels of series {index} of X differ in length ({lengths}): give each as many "
            "values"
        )
    return np.stack(cells)
