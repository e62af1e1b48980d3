"""What is known of each series beside it: an age, a sex, the interval before a beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SideFeatures:
    """Numbers and categories, a row a series.

    Parameters
    ----------
    names : tuple of str
        Of the columns, no two alike.
    columns : tuple of arrays of shape (n_series,)
        float64, NaN where a number is missing; or strings, "" where a category is.

    Raises
    ------
    ValueError
        If names and columns do not belong together, or a number is infinite.

    Examples
    --------
    >>> beside = SideFeatures(("age", "sex"), (np.array([61.0, np.nan]), np.array(["f", "m"])))
    >>> len(beside), beside.take(np.array([1])).columns
    (2, (array([nan]), array(['m'], dtype='<U1')))
    """

    names: tuple[str, ...]
    columns: tuple[NDArray[Any], ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.columns) or len(set(self.names)) < len(self.names):
            raise ValueError(f"features need a name each, no two alike, not {self.names}")
        for name, column in zip(self.names, self.columns, strict=True):
            if column.ndim != 1 or len(column) != len(self):
                raise ValueError(f"feature {name!r} must have one entry a series")
            if column.dtype.kind not in "fU":
                raise ValueError(f"feature {name!r} must be of numbers or of strings")
            if column.dtype.kind == "f" and np.isinf(column).any():
                raise ValueError(f"feature {name!r} has infinite values")

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def items(self) -> list[tuple[str, NDArray[Any]]]:
        """Return names and columns in pairs."""
        return list(zip(self.names, self.columns, strict=True))

    def take(self, index: NDArray[np.int64]) -> SideFeatures:
        """Return the rows of some series."""
        return SideFeatures(self.names, tuple(column[index] for column in self.columns))

    def giving_away(self, classes: NDArray[np.int64]) -> list[str]:
        """Return the names of columns with one value for each class, as the label has it.

        Parameters
        ----------
        classes : integer array of shape (n_series,)
            Of each series.

        Examples
        --------
        >>> sex = SideFeatures(("sex",), (np.array(["f", "m", "f", "m", "f"]),))
        >>> sex.giving_away(np.array([0, 1, 0, 1, 0])), sex.giving_away(np.array([0, 1, 1, 1, 0]))
        (['sex'], [])
        """
        found = []
        n_classes = len(np.unique(classes))
        for name, column in self.items():
            values, codes = np.unique(column, return_inverse=True)
            together = len(np.unique(codes * (int(classes.max()) + 1) + classes))
            if len(values) == together == n_classes < len(classes) / 2:
                found.append(name)
        return found

    def only(self, names: Sequence[str]) -> SideFeatures:
        """Return the named columns, in that order.

        Raises
        ------
        KeyError
            For a name that is not there.
        """
        found = dict(zip(self.names, self.columns, strict=True))
        return SideFeatures(tuple(names), tuple(found[name] for name in names))
