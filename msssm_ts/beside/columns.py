"""Columns of features as numbers between 0 and 1, as a fit has seen them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures

# Values between which a number is placed, and categories of a column; rarer ones count as missing.
MOST_KNOTS, MOST_CATEGORIES = 257, 50


@dataclass(frozen=True)
class Column:
    """What a fit has seen of a feature.

    Parameters
    ----------
    name : str
        Of the feature.
    knots : float64 array, optional
        Of numbers: some of the values, rising. A number becomes its place among them, from 0 to
        1: what counts is its rank, not its unit.
    categories : tuple of str, optional
        Of categories: those that there are, the most frequent first.
    missing : bool
        Whether one was missing, which may tell something by itself.
    """

    name: str
    knots: NDArray[np.float64] | None
    categories: tuple[str, ...]
    missing: bool

    @classmethod
    def fit(cls, name: str, values: NDArray[Any]) -> Self:
        """Look at a column of float64 or of strings."""
        if values.dtype.kind == "f":
            known = values[~np.isnan(values)]
            places = np.linspace(0, 1, MOST_KNOTS)
            knots = np.unique(np.quantile(known, places, method="nearest")) if len(known) else known
            return cls(name, knots, (), len(known) < len(values))
        counts = Counter(values[values != ""].tolist())
        ordered = sorted(counts, key=lambda category: (-counts[category], category))
        categories = tuple(ordered[:MOST_CATEGORIES])
        return cls(name, None, categories, len(ordered) > len(categories) or "" in values)

    @property
    def is_number(self) -> bool:
        """Whether it is of numbers."""
        return self.knots is not None

    @property
    def width(self) -> int:
        """Columns that it becomes."""
        return (1 if self.is_number else len(self.categories)) + self.missing

    def encoded(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return (n_series, width): a number's place, or 1 for the category that it is.

        What is missing is in the middle, or none of the categories.

        Raises
        ------
        InputError
            If texts stand where numbers are wanted.

        Examples
        --------
        >>> Column.fit("age", np.array([3.0, 1.0, 5.0])).encoded(np.array([1.0, 4.0, np.nan]))
        array([[0.  ],
               [0.75],
               [0.5 ]], dtype=float32)
        """
        if self.knots is not None:
            numbers = self.numbers(values)
            there = ~np.isnan(numbers)
            places = np.full(len(numbers), 0.5)
            if len(self.knots) > 1:
                scale = np.linspace(0, 1, len(self.knots))
                places[there] = np.interp(numbers[there], self.knots, scale)
            parts = [places]
        else:
            texts = self.texts(values)
            there = np.isin(texts, self.categories)
            parts = [texts == category for category in self.categories]
        if self.missing:
            parts.append(~there)
        return np.array(parts, dtype=np.float32).reshape(len(parts), -1).T

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Return values of a column of numbers as such, NaN where they are missing.

        Raises
        ------
        InputError
            If texts stand there.
        """
        if values.dtype.kind == "f":
            return values
        numbers = np.full(len(values), np.nan)
        for i, text in enumerate(values.tolist()):
            try:
                numbers[i] = float(text) if text else np.nan
            except ValueError:
                numbers[i] = np.inf
            if np.isinf(numbers[i]):
                raise InputError(
                    f"feature {self.name!r} is of numbers in the model, but {text[:40]!r} is none"
                )
        return numbers

    def texts(self, values: NDArray[Any]) -> NDArray[np.str_]:
        """Return values of a column of categories as such, "" where they are missing."""
        if values.dtype.kind != "f":
            return values
        # A column of which only categories such as "12" are there looks like one of numbers.
        return np.array(["" if np.isnan(v) else f"{v:.15g}" for v in values.tolist()], np.str_)

    def unknown(self, values: NDArray[Any]) -> list[str]:
        """Return the categories among values that a fit has not seen, once for each value.

        Examples
        --------
        >>> Column.fit("sex", np.array(["f", "m"])).unknown(np.array(["M", "f", ""]))
        ['M']
        """
        if self.is_number:
            return []
        return [t for t in self.texts(values).tolist() if t and t not in self.categories]

    def facts(self) -> dict[str, Any]:
        """Return what JSON holds; the knots are an array."""
        kind = "number" if self.is_number else "category"
        said: dict[str, Any] = {"name": self.name, "kind": kind, "missing": self.missing}
        if self.knots is not None:
            return said | {"n_knots": len(self.knots)}
        return said | {"categories": list(self.categories)}

    @classmethod
    def of(cls, facts: Mapping[str, Any], knots: NDArray[np.float64]) -> Self:
        """Return what :meth:`facts` described."""
        is_number = facts["kind"] == "number"
        categories = tuple(facts.get("categories", ()))
        return cls(facts["name"], knots if is_number else None, categories, facts["missing"])


def encode(columns: tuple[Column, ...], features: SideFeatures) -> NDArray[np.float32]:
    """Return all columns (n_series, n_encoded), feature by feature in memory."""
    given = features.only([column.name for column in columns]).columns
    parts = [c.encoded(values) for c, values in zip(columns, given, strict=True)]
    table = np.concatenate(parts, axis=1)
    if not table.shape[1]:
        # Trees want something to ask for.
        table = np.zeros((len(features), 1), np.float32)
    return np.asfortranarray(table)


def places(columns: tuple[Column, ...]) -> NDArray[np.int64]:
    """Return to which feature each encoded column belongs."""
    return np.repeat(np.arange(len(columns)), [column.width for column in columns])
