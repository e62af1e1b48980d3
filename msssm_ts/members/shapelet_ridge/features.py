"""Dilated shapelets: pieces of training series, and how well other series have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.shapelets import GROUP, N_POOLS, TAPS, shapelet_features
from msssm_ts.kernels.shapelets.cpu import FLOOR
from msssm_ts.members.problem import Problem
from msssm_ts.members.scan_ridge.features import VIEWS, batches, few_channels
from msssm_ts.series import Series
from msssm_ts.series.checks import filled
from msssm_ts.training.progress import Reporter

Floats = NDArray[np.float32]

# Groups of shapelets a view, and the part of them that compare windows as they are.
N_GROUPS = 128
_PLAIN = 0.2
# Windows reach over no more than 20 000 steps.
LONGEST_LAG = 2048
# Pieces are of that many series.
_N_SERIES = 1000
# A fit is good where it is among the best tenth to twentieth of another series of the class;
# no more windows of that are looked at.
_GOOD = (0.90, 0.95)
_N_WINDOWS = 1024
# Beyond a fit that many windows may share.
_APART = np.float32(1e-4)
# Beside the squared distance: the root of what is nearly 0 would show how it was rounded.
LEAST_DISTANCE = 0.01


@dataclass(frozen=True)
class ShapeletFeatures:
    """Shapelets of the series and of its first difference.

    After Guillaume, Vrain, Elloumi, "Random Dilated Shapelet Transform", ICPRAI 2022: eleven
    values of a training series that are up to l/10 steps apart, and from each series their least
    distance, and how often the distance is small. Small is what a twentieth to a tenth of the
    windows of another training series with the same label have. Four fifths of the shapelets and
    windows are standardised. Where the best window is, a third feature there, adds nothing here.

    Parameters
    ----------
    mix : array of shape (2, n_groups, n_channels)
        Mixtures of channels.
    lags : int64 array of shape (2, n_groups)
        Steps between the values of a shapelet.
    scaled : bool array of shape (2, n_groups)
        Whether shapelets and windows are standardised.
    shapelets : array of shape (2, n_groups, TAPS, GROUP)
        Their values.
    thresholds : array of shape (2, n_groups, GROUP)
        Fits that are good.
    """

    mix: Floats
    lags: NDArray[np.int64]
    scaled: NDArray[np.bool_]
    shapelets: Floats
    thresholds: Floats

    @classmethod
    def draw(
        cls, problem: Problem, seed: int, n_groups: int = N_GROUPS
    ) -> tuple[ShapeletFeatures, NDArray[np.int64]]:
        """Draw pieces of training series, and thresholds from others with the same label.

        Returns
        -------
        ShapeletFeatures
        integer array of shape (2, n_groups, 2, GROUP)
            The series that have lent each piece, and each threshold.
        """
        rng = np.random.default_rng(seed)
        index = problem.sampled(_N_SERIES, seed)
        sample = problem.take(index)
        series = [filled(x) for x in sample.values.series]
        most = min(max(1, (problem.typical_length - 1) // (TAPS - 1)), LONGEST_LAG)
        shape = (len(VIEWS), n_groups)
        mix = np.zeros((*shape, series[0].shape[0]), np.float32)
        lags = (2 ** rng.uniform(0, np.log2(most + 1), shape)).astype(np.int64)
        scaled = np.broadcast_to(np.arange(n_groups) >= n_groups * _PLAIN, shape).copy()
        shapelets = np.empty((*shape, TAPS, GROUP), np.float32)
        thresholds = np.empty((*shape, GROUP), np.float32)
        lenders = np.empty((*shape, 2, GROUP), np.int64)
        for v, view in enumerate(VIEWS):
            views = [view(x) for x in series]
            for g in range(n_groups):
                mix[v, g, few_channels(rng, mix.shape[2], TAPS)] = 1
                other, own = _of_one_label(rng, sample)
                s = np.stack([_piece(rng, mix[v, g] @ views[i], int(lags[v, g])) for i in own])
                windows = _windows(mix[v, g] @ views[other], int(lags[v, g]))
                if scaled[v, g]:
                    s, fits = _standardized(s), _standardized(windows) @ _standardized(s).T
                else:
                    fits = windows @ s.T - 0.5 * np.square(windows).sum(1, keepdims=True)
                lenders[v, g] = index[own], np.full(GROUP, index[other])
                shapelets[v, g] = s.T
                thresholds[v, g] = _levels(fits, rng.uniform(*_GOOD, GROUP))
        return cls(mix, lags, scaled, shapelets, thresholds), lenders

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def n_features(self) -> int:
        """Features of a series."""
        return n_features_of(self.lags.shape[1])

    @property
    def squares(self) -> Floats:
        """Sums of squares that distances are counted from, (2 · n_groups, GROUP)."""
        own: Floats = np.square(self.shapelets).sum(2)
        # Of windows that are standardised; shapelets of flat pieces have less.
        squares = np.where(self.scaled[:, :, None], np.float32(TAPS), own)
        return squares.reshape(-1, GROUP)

    def transform(self, series: Sequence[Series], reporter: Reporter | None = None) -> Floats:
        """Return features (n_series, n_features), not standardised.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            Standardised; missing values are interpolated.
        reporter : Reporter, optional
            Told the number of series done, and of all.
        """
        out = np.empty((len(series), self.n_features), np.float32)
        first = 0
        for inputs in batches(series):
            n = len(inputs)
            rows = out[first : first + n].reshape(n, len(VIEWS), -1, N_POOLS, GROUP)
            for v, view in enumerate(VIEWS):
                seen, own = [view(x) for x in inputs], (self.shapelets[v], self.thresholds[v])
                shapelet_features(seen, self.mix[v], self.lags[v], self.scaled[v], *own, rows[:, v])
            _take_roots(out[first : first + n], self.squares)
            first += n
            if reporter is not None:
                reporter.done(first, len(series))
        return out


def _take_roots(pools: Floats, squares: Floats) -> None:
    """Turn best fits into distances, and shares of good fits into their roots, in place.

    All of a row at once, though only half of it is fits: pieces of a group are too short for NumPy.
    """
    n = len(squares)
    slope, offset, least = (np.empty((n, N_POOLS, GROUP), np.float32) for _ in range(3))
    slope[:, 0], offset[:, 0], least[:, 0] = -2, squares, LEAST_DISTANCE
    slope[:, 1], offset[:, 1], least[:, 1] = 1, 0, 0
    pools *= slope.reshape(-1)
    pools += offset.reshape(-1)
    np.maximum(pools, 0, out=pools)
    pools += least.reshape(-1)
    np.sqrt(pools, out=pools)


def n_features_of(n_groups: int) -> int:
    """Return how many features there are with so many groups a view."""
    return len(VIEWS) * n_groups * N_POOLS * GROUP


def features_without(lenders: NDArray[np.int64], series: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which features come from shapelets that none of the series has lent anything.

    Parameters
    ----------
    lenders : integer array of shape (2, n_groups, 2, GROUP)
        From :meth:`ShapeletFeatures.draw`.
    series : integer array
        Numbers of series.

    Returns
    -------
    bool array of shape (n_features,)
    """
    free = ~np.isin(lenders, series).any(2, keepdims=True)
    return np.broadcast_to(free, (*lenders.shape[:2], N_POOLS, GROUP)).reshape(-1)


def _of_one_label(rng: np.random.Generator, problem: Problem) -> tuple[int, NDArray[np.int64]]:
    """Draw a series, and GROUP others that have a label in common with it where there are any."""
    signs = problem.signs > 0
    one = int(rng.integers(len(signs)))
    labels = np.flatnonzero(signs[one])
    same = np.flatnonzero(signs[:, rng.choice(labels)]) if len(labels) else np.array([one])
    others = same[same != one] if len(same) > 1 else same
    return one, rng.choice(others, GROUP)


def _piece(rng: np.random.Generator, y: Floats, lag: int) -> Floats:
    """Draw a window of a series, which goes on with its last value if it is too short."""
    last = len(y) - 1
    steps = lag * np.arange(TAPS)
    first = rng.integers(max(len(y) - int(steps[-1]), 1))
    piece: Floats = y[np.minimum(first + steps, last)]
    return piece


def _windows(y: Floats, lag: int) -> Floats:
    """Return windows of a series, (n_windows, TAPS): all, or as many as there is time for."""
    last = len(y) - 1
    steps = lag * np.arange(TAPS)
    n = max(len(y) - int(steps[-1]), 1)
    first = np.linspace(0, n - 1, min(n, _N_WINDOWS)).astype(int)
    windows: Floats = y[np.minimum(first[:, None] + steps, last)]
    return windows


def _levels(fits: Floats, shares: NDArray[np.float64]) -> Floats:
    """Return quantiles of the columns of fits (n_windows, GROUP), between two and never at one.

    What is good must not hang on how a sum was rounded, nor where many windows are the same.
    """
    ordered, columns = np.sort(fits, 0), np.arange(GROUP)
    low = ((len(fits) - 1) * shares).astype(int)
    between = ordered[low, columns] + ordered[np.minimum(low + 1, len(fits) - 1), columns]
    levels: Floats = between / 2 + _APART * (1 + np.abs(between))
    return levels


def _standardized(windows: Floats) -> Floats:
    """Return windows (..., TAPS) of mean 0 and mean square 1, less where they are flat."""
    centred = windows - windows.mean(-1, keepdims=True, dtype=np.float64)
    scaled: Floats = centred / np.sqrt(np.square(centred).mean(-1, keepdims=True) + FLOOR)
    return scaled.astype(np.float32)
