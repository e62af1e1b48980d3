"""What there is to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.inputs import Prepared
from msssm_ts.lazy import lengths_of, take
from msssm_ts.targets import Targets


@dataclass(frozen=True)
class TrainingData:
    """What there is to learn from, one entry a series."""

    series: Sequence[Any]
    targets: Targets
    weights: NDArray[np.float64]
    groups: NDArray[Any] | None = None
    validation: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.series)

    def facts(self) -> dict[str, Any]:
        """Return what a model remembers of the series that it has learned from."""
        lengths = lengths_of(self.series)
        encoded = self.targets.encoded
        counts = (
            encoded.sum(0)
            if self.targets.multilabel
            else np.bincount(encoded, minlength=len(self.targets.classes))
        )
        facts: dict[str, Any] = {
            "n_series": len(self),
            "shortest": int(lengths.min()),
            "longest": int(lengths.max()),
            "counts": counts.astype(int).tolist(),
        }
        if self.groups is not None:
            facts["n_groups"] = len(np.unique(self.groups))
        return facts

    def take(self, index: NDArray[np.int64]) -> TrainingData:
        """Return some of the series with all that belongs to them."""
        return TrainingData(
            take(self.series, index),
            self.targets[index],
            self.weights[index],
            None if self.groups is None else self.groups[index],
            None if self.validation is None else self.validation[index],
        )


@dataclass(frozen=True)
class Examples:
    """Prepared series, or windows of them, each with what it teaches.

    Parameters
    ----------
    prepared : Prepared
        The series.
    targets : array of shape (n_examples,) or (n_examples, n_labels)
        Class indices, or 0 and 1.
    weights : array of shape (n_examples,), optional
        Of the examples.
    groups : array of shape (n_examples,), optional
        A patient, a speaker; windows of one series are a group, too.
    """

    prepared: Prepared
    targets: NDArray[Any]
    weights: NDArray[np.float64] | None
    groups: NDArray[Any] | None
