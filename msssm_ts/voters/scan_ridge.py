"""Random multi-scale state-space features into a ridge classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import Series, take
from msssm_ts.voters.ridge import Ridge
from msssm_ts.voters.scan_features import N_THRESHOLDS, ScanFeatures, n_features_for
from msssm_ts.voters.voter import Problem, Report

# Numbers that the features of all training series may be: 400 MB. Beyond, thresholds are saved
# first, then series.
_MOST_NUMBERS = 100_000_000
LARGEST_DEVIATION = 10.0
# Rows that are worked on at once: there may be no room for a second copy of all.
_ROWS = 256
# Of a feature, as part of its mean.
_LEAST_VARIATION = 1e-4


@dataclass(frozen=True)
class ScanRidge:
    """Fitted features, their standardisation and the ridge classifier.

    Parameters
    ----------
    features : ScanFeatures
        Filters and thresholds.
    mean, scale : arrays of shape (n_features,)
        Standardisation of the features: what is subtracted, then multiplied.
    ridge : Ridge
        Classifier.
    """

    features: ScanFeatures
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    ridge: Ridge

    kind = "scan_ridge"

    @classmethod
    def fit(cls, problem: Problem, seed: int, report: Report | None = None) -> ScanRidge:
        """Draw the features and fit the classifier.

        Parameters
        ----------
        problem : Problem
            What to learn.
        seed : int
            Of the random features.
        report : callable, optional
            Told the number of series done, and of all.
        """
        fits = len(problem) * n_features_for(problem) <= _MOST_NUMBERS
        features = ScanFeatures.draw(problem, seed, N_THRESHOLDS if fits else 1)
        problem = problem.at_most(max(1, _MOST_NUMBERS // features.n_features), seed)
        z = features.transform(problem.series, report)
        mean = z.mean(0, dtype=np.float64)
        deviation = _deviation(z, mean)
        # A feature that hardly varies says nothing; dividing would blow up how it was rounded.
        varies = deviation > np.maximum(1e-6, _LEAST_VARIATION * np.abs(mean))
        scale = np.where(varies, features.weights / np.where(varies, deviation, 1.0), 0.0)
        mean, scale = mean.astype(np.float32), scale.astype(np.float32)
        _standardize(z, mean, scale)
        ridge = Ridge.fit(z, problem.signs, problem.weights, problem.multilabel, problem.groups)
        return cls(features, mean, scale, ridge)

    def transform(self, series: Sequence[Series]) -> NDArray[np.float32]:
        """Return standardised features (n_series, n_features)."""
        z = self.features.transform(series)
        _standardize(z, self.mean, self.scale)
        return z

    def predict_proba(self, series: Sequence[Series]) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs)."""
        parts = [
            self.ridge.predict_proba(self.transform(take(series, np.array(part))))
            for part in self.features.chunks(len(series))
        ]
        return np.concatenate(parts)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that a model file must hold."""
        return {
            "mix": self.features.mix,
            "filters": self.features.filters,
            "thresholds": self.features.thresholds,
            "mean": self.mean,
            "scale": self.scale,
            "coefficients": self.ridge.coefficients,
            "intercept": self.ridge.intercept,
            "fit": np.array([self.ridge.temperature, self.ridge.left_out_accuracy]),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]], multilabel: bool) -> ScanRidge:
        """Return what :meth:`to_arrays` described."""
        fit = float(arrays["fit"][0]), float(arrays["fit"][1])
        return cls(
            ScanFeatures(arrays["mix"], arrays["filters"], arrays["thresholds"]),
            arrays["mean"],
            arrays["scale"],
            Ridge(arrays["coefficients"], arrays["intercept"], *fit, multilabel),
        )


def _deviation(z: NDArray[np.float32], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviation of the columns; NumPy's own makes a float64 copy of all of z."""
    total = np.zeros((1, z.shape[1]))
    for i in range(0, len(z), _ROWS):
        squares = np.square(z[i : i + _ROWS] - mean)
        # One row after the other, as over the whole array.
        total = np.concatenate([total, squares]).sum(0, keepdims=True)
    deviation: NDArray[np.float64] = np.sqrt(total[0] / len(z))
    return deviation


def _standardize(
    z: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32]
) -> None:
    """Standardise in place."""
    for i in range(0, len(z), _ROWS):
        part = z[i : i + _ROWS]
        part -= mean
        part *= scale
        np.clip(part, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=part)
