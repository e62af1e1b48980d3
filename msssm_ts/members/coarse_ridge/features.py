"""Means of equal parts of all channels, and random Fourier features of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.kernels import parallel
from msssm_ts.kernels.linear import linear
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.series import Series
from msssm_ts.series.checks import filled
from msssm_ts.training.progress import Reporter

Floats = NDArray[np.float32]

# Parts that are tried, and widths of the kernel, in median distances of two series; the first is
# the limit of wide ones, the means as they are.
_PARTS = (2, 4, 8, 16, 32)
_WIDTHS = (np.inf, 1.3, 0.7, 0.4)
# On so many series, with so many waves.
N_TRIED, WAVES_TRIED = 400, 256
N_CHOICES = len(_PARTS) * len(_WIDTHS)
# Waves afterwards: fewer where each is of many means, so that all have 4 MB.
_MOST_WAVES, _FEWEST_WAVES, _MOST_FREQUENCIES = 2048, 512, 1 << 20
MOST_MEANS = 2048
# Series between two reports.
_REPORTED = 256


@dataclass(frozen=True)
class CoarseFeatures:
    """Means of equal parts of a series, of each channel, and waves over all of them.

    What channels have together (a slow drift that is stronger on one side of the head than on the
    other, the shape of a spectrum as it goes on) is in no single channel and in no short window,
    which is what other members read. Waves are random Fourier features of a Gaussian kernel
    (Rahimi, Recht, "Random Features for Large-Scale Kernel Machines", NeurIPS 2007, algorithm 1):
    cos(wᵀx + b), w normal, b uniform.

    Parameters
    ----------
    n_parts : int
        Of a series, in time.
    frequencies : array of shape (n_waves, n_channels * n_parts)
        No waves: the features are the means.
    phases : array of shape (n_waves,)
        In radians.
    """

    n_parts: int
    frequencies: Floats
    phases: Floats

    @classmethod
    def choose(cls, problem: Problem, seed: int, n_tried: int = N_TRIED) -> CoarseFeatures:
        """Choose parts and width by series left out, and draw the waves.

        Parameters
        ----------
        problem : Problem
            What is to be learned; some series of it are tried.
        seed : int
            Of the waves, and of which series are tried.
        n_tried : int
            At most.
        """
        some = problem.part(problem.drawn(n_tried, seed))
        parts = _parts_of(some)
        # Every series is read once.
        series = map(filled, some.values.series)
        every = [[means([one], n_parts) for n_parts in parts] for one in series]
        tried: list[tuple[Floats, int, float]] = []
        for n_parts, of_each in zip(parts, zip(*every, strict=True), strict=True):
            x = np.concatenate(of_each)
            unit = _median_distance(x)
            tried += [(x, n_parts, width * unit) for width in _WIDTHS]

        def loss(of: tuple[Floats, int, float]) -> float:
            x, n_parts, width = of
            drawn = cls.draw(n_parts, x.shape[1], width, WAVES_TRIED, seed)
            return _loss(drawn.of_means(x), some)

        # Of equals the first: the coarsest, the widest.
        best = int(np.argmin(parallel.each(loss, tried)))
        return cls._of(problem, *tried[best][1:], seed)

    @classmethod
    def largest(cls, problem: Problem) -> CoarseFeatures:
        """Return what takes the most time and memory of all that may be chosen."""
        return cls._of(problem, _parts_of(problem)[-1], 1.0, 0)

    @classmethod
    def _of(cls, problem: Problem, n_parts: int, width: float, seed: int) -> CoarseFeatures:
        n_means = problem.values.series[0].shape[0] * n_parts
        n_waves = min(max(_MOST_FREQUENCIES // n_means, _FEWEST_WAVES), _MOST_WAVES)
        return cls.draw(n_parts, n_means, width, n_waves, seed)

    @classmethod
    def draw(
        cls, n_parts: int, n_means: int, width: float, n_waves: int, seed: int
    ) -> CoarseFeatures:
        """Draw waves for a Gaussian kernel exp(-d² / (2 width²)); none where it is infinite.

        Examples
        --------
        >>> CoarseFeatures.draw(2, 6, np.inf, 8, 0).n_features
        6
        >>> features = CoarseFeatures.draw(2, 6, 1.0, 20_000, 0)
        >>> x = np.zeros((2, 6), np.float32)
        >>> x[1, 0] = 1.0
        >>> z = features.of_means(x)
        >>> bool(abs(2 * (z[0] * z[1]).mean() - np.exp(-0.5)) < 0.02)
        True
        """
        if np.isinf(width):
            return cls(n_parts, np.empty((0, n_means), np.float32), np.empty(0, np.float32))
        rng = np.random.default_rng(seed)
        frequencies = rng.standard_normal((n_waves, n_means), np.float32) / np.float32(width)
        phases = rng.uniform(0, 2 * np.pi, n_waves).astype(np.float32)
        return cls(n_parts, frequencies, phases)

    @property
    def n_features(self) -> int:
        """Numbers of a series."""
        n_waves, n_means = self.frequencies.shape
        return n_features_of(n_means, n_waves)

    def transform(self, series: Sequence[Series], reporter: Reporter | None = None) -> Floats:
        """Return features (n_series, n_features), not standardised."""
        out = np.empty((len(series), self.n_features), np.float32)
        for start in range(0, len(series), _REPORTED):
            rows = slice(start, min(start + _REPORTED, len(series)))
            out[rows] = self.of_means(means(series[rows], self.n_parts))
            if reporter is not None:
                reporter.done(rows.stop, len(series))
        return out

    def of_means(self, x: Floats) -> Floats:
        """Return features of means (n_series, n_channels * n_parts)."""
        if not len(self.phases):
            return x.copy()
        # Not NumPy's product: it would round by how many series there are.
        turns = linear(*map(torch.from_numpy, (x, self.frequencies, self.phases)))
        waves: Floats = np.cos(turns.numpy())
        return waves

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a file holds of it."""
        return {"frequencies": self.frequencies, "phases": self.phases}


def n_features_of(n_means: int, n_waves: int) -> int:
    """Return how many features there are."""
    return n_waves or n_means


def means(series: Sequence[Series], n_parts: int) -> Floats:
    """Return the means of equal parts of each channel, (n_series, n_channels * n_parts).

    Part i of a series of l steps begins at step ⌊i l / n_parts⌋; where there are more parts than
    steps, some are the same step.

    Examples
    --------
    >>> means([np.array([[1.0, 3.0, 5.0, np.nan]])], 2)
    array([[2., 5.]], dtype=float32)
    >>> means([np.array([[1.0, 3.0]])], 4)
    array([[1., 1., 3., 3.]], dtype=float32)
    """
    found = []
    for one in series:
        x = filled(one)
        starts = np.arange(n_parts) * x.shape[1] // n_parts
        counts = np.maximum(np.diff(starts, append=x.shape[1]), 1)
        # Of a part without a step of its own it takes the step where the part begins.
        sums = np.add.reduceat(x, starts, axis=1, dtype=np.float64)
        found.append((sums / counts).ravel())
    return np.array(found, np.float32)


def _parts_of(problem: Problem) -> list[int]:
    """Return into how many parts series may be cut: no finer than their steps, or than fits."""
    n_channels, longest = problem.values.series[0].shape[0], int(problem.values.lengths.max())
    able = [n for n in _PARTS if n_channels * n <= MOST_MEANS]
    finer = [n for n in able if n // 2 < longest]
    return finer or able[:1]


def _median_distance(x: Floats) -> float:
    """Return the median distance of two series that differ; 1 where none do."""
    from scipy.spatial.distance import pdist

    distances = pdist(x.astype(np.float64))
    distances = distances[distances > 0]
    return float(np.median(distances)) if len(distances) else 1.0


def _loss(z: Floats, problem: Problem) -> float:
    """Return how unlikely a ridge classifier finds the labels of series left out."""
    Scaling.fit(z, np.ones(z.shape[1], np.float32)).apply(z)
    signs = problem.signs
    ridge = Ridge.fit(z, signs, problem.weights, problem.multilabel, problem.groups)
    assert ridge.left_out is not None
    proba = np.clip(ridge.left_out, 1e-6, 1 - 1e-6)
    loss = -np.log(np.where(signs > 0, proba, 1 - proba if problem.multilabel else 1.0)).sum(1)
    return float(np.average(loss, weights=problem.weights))
