"""From training data to what members learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.split import Split
from msssm_ts.members.problem import Problem
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.apply import prepare_series, sample
from msssm_ts.preparation.prepare import Preparer, prepared
from msssm_ts.series import Prepared, Series, Standardizer, take
from msssm_ts.workers import HERE, Workers

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Problems:
    """Makes problems of parts of the training data.

    Parameters
    ----------
    data : TrainingData
        All of it.
    source : Source
        Where it comes from.
    preparation : Preparation
        What is done to series first.
    weights : array of shape (n_series,), optional
        Of the series in the loss, of mean 1.
    positive_weights : array of shape (n_labels,), optional
        With several labels at once: of each label's presence.
    dtype : str
        Of the standardised series.
    workers : Workers
        Who computes.
    ready : sequence of arrays of shape (n_channels, length), optional
        All series as they are once prepared, where they are kept so.
    """

    data: TrainingData
    source: Source
    preparation: Preparation
    weights: NDArray[np.float64] | None
    positive_weights: NDArray[np.float64] | None
    dtype: str
    workers: Workers = HERE
    ready: Sequence[Series] | None = None

    def one_by_one(self) -> Sequence[Series]:
        """Return all series prepared but not cut, lazy ones as lazy."""
        preparer = Preparer(self.preparation, self.source.sampling_rate, self.source.channel_names)
        return prepared(self.data.series, preparer, self.data.times)

    def prepared(self, index: Index) -> Problem:
        """Prepare some of the series, not standardised yet; a window learns what its series is."""
        data = self.data
        values = prepare_series(
            take(data.series, index),
            self.preparation,
            self.source.sampling_rate,
            self.source.channel_names,
            None if data.times is None else [data.times[i] for i in index],
            None if self.ready is None else take(self.ready, index),
        )
        if data.features is not None:
            values = values.with_features(data.features.take(index))
        origin = index[values.owner]
        return Problem(
            values,
            data.targets.encoded[origin],
            len(data.targets.classes),
            None if self.weights is None else self.weights[origin],
            self._groups(values, origin),
            self.positive_weights,
            workers=self.workers,
            channel_names=self.preparation.channels or (),
        )

    def _groups(self, values: Prepared, origin: Index) -> NDArray[Any] | None:
        groups = self.data.groups
        if groups is None and values.is_cut:
            # Windows of one series tell of each other.
            groups = np.arange(len(self.data))
        return None if groups is None else groups[origin]

    def standardized(self, problem: Problem, standardizer: Standardizer) -> Problem:
        """Standardise a problem's series."""
        return replace(problem, values=problem.values.standardized(standardizer, self.dtype))

    def divided(
        self, split: Split, previous: FittedModel | None
    ) -> tuple[Problem, Problem | None, Standardizer]:
        """Return the series to learn from and those set aside, standardised, and by what."""
        training = self.prepared(split.keep)
        standardizer = (
            standardizer_of(training.values.series, self.preparation)
            if previous is None
            else previous.standardizer
        )
        training = self.standardized(training, standardizer)
        if not len(split.held_out):
            return training, None, standardizer
        validation = self.standardized(self.prepared(split.held_out), standardizer)
        return training, validation, standardizer


def standardizer_of(series: Sequence[Series], preparation: Preparation) -> Standardizer:
    """Return the standardisation by all series, or one that changes nothing."""
    if preparation.standardize in ("series", "none"):
        return Standardizer.identity(series[0].shape[0])
    return Standardizer.fit(sample(series))
