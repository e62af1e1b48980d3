"""What a member of the vote learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.strata import drawn_from, standing_for
from msssm_ts.series import Prepared, Series
from msssm_ts.workers import HERE, Workers


@dataclass(frozen=True)
class Problem:
    """Labelled series.

    Parameters
    ----------
    values : Prepared
        Standardised series, or windows of them; NaN is a missing value.
    targets : integer array of shape (n_series,), or array of shape (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.
    n_outputs : int
        Classes or labels.
    weights : array of shape (n_series,), optional
        Of the series.
    groups : array of shape (n_series,), optional
        A patient, a speaker; windows of one series are a group, too.
    positive_weights : array of shape (n_outputs,), optional
        With several labels at once: weight of each label's presence against its absence.
    validation : Problem, optional
        Series set aside, for members that learn by steps.
    asks_left_out : bool
        Whether members are to say what they answer of these series when they are left out.
    is_needed : bool
        Whether a member has to be fitted however little time there is: without it nothing votes.
    is_in_vain : callable, optional
        Given probabilities (n_series, n_outputs) of the series set aside, tells whether a member
        that answers so adds too little to be trained any further.
    workers : Workers
        Who computes what can be shared out: this process, or others.
    channel_names : tuple of str
        Of the recordings' channels, before spectra are made of them; empty where they have none.
    """

    values: Prepared
    targets: NDArray[Any]
    n_outputs: int
    weights: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None
    positive_weights: NDArray[np.float64] | None = None
    validation: Problem | None = None
    asks_left_out: bool = False
    is_needed: bool = False
    is_in_vain: Callable[[NDArray[np.float64]], bool] | None = None
    workers: Workers = HERE
    channel_names: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, series: Sequence[Series], targets: NDArray[Any], n_outputs: int, **more: Any
    ) -> Problem:
        """Take standardised series as they are.

        Examples
        --------
        >>> len(Problem.of([np.ones((1, 3))] * 2, np.array([0, 1]), 2))
        2
        """
        return cls(Prepared.of(series), targets, n_outputs, **more)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels at once."""
        return self.targets.ndim == 2

    @property
    def signs(self) -> NDArray[np.float64]:
        """1 where a series is of a class or has a label, else −1: (n_series, n_outputs)."""
        if self.multilabel:
            return np.where(self.targets > 0, 1.0, -1.0)
        return np.where(self.targets[:, None] == np.arange(self.n_outputs), 1.0, -1.0)

    @property
    def typical_length(self) -> int:
        """Median of the lengths."""
        return int(np.median(self.values.lengths))

    def drawn(self, n: int, seed: int) -> NDArray[np.int64]:
        """Return n series to learn from: all of rare classes, of others some, at random."""
        return drawn_from(self.targets, n, seed)

    def sampled(self, n: int, seed: int) -> NDArray[np.int64]:
        """Return n series to see what all are like: classes are about as frequent."""
        if len(self) <= n:
            return np.arange(len(self))
        return np.sort(np.random.default_rng(seed).choice(len(self), n, replace=False))

    def at_most(self, n: int, seed: int) -> Problem:
        """Return all series, or those of :meth:`sampled`, not decoded yet where they are lazy."""
        return self if len(self) <= n else self.take(self.sampled(n, seed))

    def part(self, index: NDArray[np.int64]) -> Problem:
        """Return some of the series, with weights by which they stand for all of their classes."""
        if len(index) == len(self):
            return self.take(index)
        weights = standing_for(index, self.targets, self.weights)
        return replace(self.take(index), weights=weights / weights.mean())

    def without_values(self) -> Problem:
        """Return what is known of the series without them, to be sent where they are."""
        return replace(
            self,
            values=Prepared.of([]),
            validation=None,
            is_in_vain=None,
            workers=HERE,
        )

    def take(self, index: NDArray[np.int64]) -> Problem:
        """Return some of the series."""
        return replace(
            self,
            values=self.values.take(index),
            targets=self.targets[index],
            weights=None if self.weights is None else self.weights[index],
            groups=None if self.groups is None else self.groups[index],
        )
