"""How sure a score is: the bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.scores import Scores, Weights, score

# Weights held at once, so that a large test set does not fill the memory.
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A score and its interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Bootstrap:
    """Scores with their intervals.

    Parameters
    ----------
    overall : dict of str to Estimate
        As in :class:`msssm_ts.analysis.results.scores.Scores`.
    per_class : dict of str to list of Estimate
        One a class.
    n_units : int
        Units that were resampled: groups, or series.
    by_group : bool
        Whether groups were.
    """

    overall: dict[str, Estimate]
    per_class: dict[str, list[Estimate]]
    n_units: int
    by_group: bool


def bootstrap(
    predictions: Predictions,
    groups: NDArray[Any] | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    scoring: Callable[[Predictions, Weights], Scores] = score,
) -> Bootstrap:
    """Score predictions with percentile intervals.

    Series of one patient resemble each other: where there are groups, whole groups are drawn. A
    single group has nothing to be drawn against; then series are.

    Parameters
    ----------
    predictions : Predictions
        To score.
    groups : array of shape (n_series,), optional
        What each series belongs to.
    n_resamples : int
        Draws with replacement.
    level : float
        Of the intervals.
    seed : int
        The same seed gives the same intervals.
    scoring : callable
        What is scored, by the weights with which series count: as
        :func:`msssm_ts.analysis.results.scores.score`. A score that a draw leaves undefined, NaN,
        is left out of its interval; a mean over classes is over those that occur in the draw.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> predictions = Predictions.of_one_label(["a", "b", "b"], proba, np.array(["a", "b"]))
    >>> bootstrap(predictions).overall["accuracy"]
    Estimate(value=0.666..., low=0.0, high=1.0)
    """
    units, by_group = np.arange(predictions.n_series), False
    if groups is not None:
        found, members = np.unique(groups, return_inverse=True)
        if len(found) > 1:
            units, by_group = members, True
    n_units = int(units.max()) + 1
    drawn = [
        scoring(predictions, counts[:, units])
        for counts in _draws(n_units, predictions.n_series, n_resamples, seed)
    ]
    once = scoring(predictions, np.ones((1, predictions.n_series)))
    overall, per_class = _joined(drawn)
    return Bootstrap(
        {name: _estimate(value[0], overall[name], level) for name, value in once.overall.items()},
        {
            name: [
                _estimate(value, drawn_values, level)
                for value, drawn_values in zip(values[0], per_class[name].T, strict=True)
            ]
            for name, values in once.per_class.items()
        },
        n_units,
        by_group,
    )


def _draws(
    n_units: int, n_series: int, n_resamples: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Yield how often each unit was drawn, blocks of shape (some resamples, n_units)."""
    rng = np.random.default_rng(seed)
    block = max(1, _AT_ONCE // n_series)
    for start in range(0, n_resamples, block):
        rows = min(block, n_resamples - start)
        drawn = rng.integers(n_units, size=(rows, n_units)) + n_units * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n_units)
        yield counts.reshape(rows, n_units).astype(float)


def _joined(
    parts: list[Scores],
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    return (
        {k: np.concatenate([p.overall[k] for p in parts]) for k in parts[0].overall},
        {k: np.concatenate([p.per_class[k] for p in parts]) for k in parts[0].per_class},
    )


def _estimate(value: float, drawn: NDArray[np.float64], level: float) -> Estimate:
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return Estimate(None if np.isnan(value) else float(value), None, None)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(value), float(low), float(high))
