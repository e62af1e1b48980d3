"""The standardisation of a ridge classifier's features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels import parallel

LARGEST_DEVIATION = 10.0
# Rows that are worked on at once: they stay in the cache, with what is made of them.
_ROWS = 8
# Of a feature, as part of its mean.
_LEAST_VARIATION = 1e-4


@dataclass(frozen=True)
class Scaling:
    """What is subtracted from features, then multiplied.

    Parameters
    ----------
    mean, scale : arrays of shape (n_features,)
        The scale is 0 for a feature that hardly varies.
    bent : bool
        Whether a standardised feature z is then bent to z / (1 + |z|), as suits counts and
        extremes (docs/tried/bent-features.md), and not limited to ten deviations, as suits values.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    bent: bool = False

    @classmethod
    def fit(cls, z: NDArray[np.float32], weights: NDArray[np.float32], bent: bool = False) -> Self:
        """Measure features (n_rows, n_features) that count as much as their weights say."""
        mean = z.mean(0, dtype=np.float64)
        deviation = _deviation(z, mean)
        # A feature that hardly varies says nothing; dividing would blow up how it was rounded.
        varies = deviation > np.maximum(1e-6, _LEAST_VARIATION * np.abs(mean))
        scale = np.where(varies, weights / np.where(varies, deviation, 1.0), 0.0)
        return cls(mean.astype(np.float32), scale.astype(np.float32), bent)

    def apply(self, z: NDArray[np.float32]) -> None:
        """Standardise features in place.

        Examples
        --------
        >>> z = np.array([[1.0], [9.0]], np.float32)
        >>> Scaling(np.array([2.0], np.float32), np.array([0.5], np.float32)).apply(z)
        >>> z.ravel().tolist()
        [-0.5, 3.5]
        """

        def work(first: int, last: int) -> None:
            for i in range(first, last, _ROWS):
                part = z[i : min(i + _ROWS, last)]
                part -= self.mean
                part *= self.scale
                if self.bent:
                    part /= 1 + np.abs(part)
                else:
                    np.clip(part, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=part)

        parallel.run(work, np.full(len(z), z.shape[1] // 8))


def _deviation(z: NDArray[np.float32], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deviation of the columns; NumPy's own makes a float64 copy of all of z."""
    total, square = np.zeros(z.shape[1]), np.empty(z.shape[1])
    for row in z:
        np.subtract(row, mean, out=square)
        np.square(square, out=square)
        total += square
    deviation: NDArray[np.float64] = np.sqrt(total / len(z))
    return deviation
