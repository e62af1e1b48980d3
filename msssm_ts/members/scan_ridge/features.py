"""Random multi-scale state-space features of series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.scale_features import N_GROUPS, N_RIVALS, SPAN, TAPS, bands, scale_features
from msssm_ts.members.problem import Problem
from msssm_ts.members.read_ahead import read_ahead
from msssm_ts.series import Series
from msssm_ts.series.checks import filled
from msssm_ts.training.progress import Reporter

Floats = NDArray[np.float32]

# Thresholds are quantiles of the bands of that many training series, at that many steps of each.
_N_SERIES, _N_STEPS = 16, 1024
# No more levels than that: the coarsest band then sees 2 000 steps.
MAX_SCALES = 9
# Pools of a threshold, in the kernel's order, and how much their features weigh in the ridge.
_POOL_WEIGHTS = (1.0, 0.5, 1.0, 0.2, 0.2)
_N_POOLS = len(_POOL_WEIGHTS)
# Thresholds of a band where memory allows.
N_THRESHOLDS = 3
# Series go through the kernel until they are of so many values (4 MB), or so many.
_BATCH, _LARGEST_BATCH = 1 << 20, 256


@dataclass(frozen=True)
class ScanFeatures:
    """Fixed random filters and thresholds, for the series and for its first difference.

    The decomposition is that of the network, its filters drawn and not learned: nine taps, three
    of them 2 and six −1, as in MiniROCKET (Dempster et al., KDD 2021). Thresholds are quantiles
    of the training series' bands. See :func:`msssm_ts.kernels.scale_features.scale_features` for
    what is pooled.

    Parameters
    ----------
    mix : array of shape (2, n_channels, N_GROUPS)
        Mixtures of channels.
    filters : array of shape (2, n_scales, TAPS, N_RIVALS, N_GROUPS)
        Filters.
    thresholds : array of shape (2, n_scales, n_thresholds, N_RIVALS, N_GROUPS)
        Thresholds.
    span : float
        Memory of the state-space streams, as part of a series' length.
    """

    mix: Floats
    filters: Floats
    thresholds: Floats
    span: float = SPAN

    @classmethod
    def draw(cls, problem: Problem, seed: int, n_thresholds: int = N_THRESHOLDS) -> ScanFeatures:
        """Draw filters, and thresholds from the training series."""
        rng = np.random.default_rng(seed)
        sample = [filled(x) for x in problem.at_most(_N_SERIES, seed).values.series]
        n_channels = sample[0].shape[0]
        n_scales = scales_for(problem.typical_length)
        mix = np.stack([_draw_mixtures(rng, n_channels) for _ in range(2)])
        filters = np.stack([_draw_filters(rng, n_scales) for _ in range(2)])
        thresholds = np.stack(
            [
                _draw_thresholds(rng, [view(x) for x in sample], m, f, n_thresholds)
                for view, m, f in zip(VIEWS, mix, filters, strict=True)
            ]
        )
        return cls(mix, filters, thresholds)

    @property
    def n_features(self) -> int:
        """Features of a series."""
        return _n_features(*self.thresholds.shape[1:3])

    @property
    def weights(self) -> Floats:
        """How much each feature counts, (n_features,)."""
        views, n_scales, n_thresholds = self.thresholds.shape[:3]
        pools = np.sqrt([*np.repeat(_POOL_WEIGHTS, n_thresholds), 1.0, 1.0])
        every = np.tile(np.repeat(pools, N_RIVALS * N_GROUPS), views * n_scales)
        return every.astype(np.float32)

    def transform(self, series: Sequence[Series], reporter: Reporter | None = None) -> Floats:
        """Return features (n_series, n_features), not standardised.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            Standardised; missing values are interpolated.
        reporter : Reporter, optional
            Told the number of series done, and of all.
        """
        n_scales, n_thresholds = self.thresholds.shape[1:3]
        shape = (n_scales, _N_POOLS * n_thresholds + 2, N_RIVALS, N_GROUPS)
        out = np.empty((len(series), self.n_features), np.float32)
        first = 0
        for inputs in batches(series):
            n = len(inputs)
            rows = out[first : first + n].reshape(n, len(VIEWS), *shape)
            for v, view in enumerate(VIEWS):
                mix, filters, thresholds = self.mix[v], self.filters[v], self.thresholds[v]
                seen = [view(x) for x in inputs]
                scale_features(seen, mix, filters, thresholds, self.span, rows[:, v])
            # Sums over the steps that a filter wins: their root is nearer to normal.
            rows[..., -2:, :, :] = np.sqrt(np.maximum(rows[..., -2:, :, :], 0))
            first += n
            if reporter is not None:
                reporter.done(first, len(series))
        return out


def batches(series: Sequence[Series]) -> Iterator[list[Floats]]:
    """Yield series for the kernels, as many at once as take little memory.

    Those of files are read while the kernels are at those before.
    """
    return read_ahead(series, _batches(series))


def _batches(series: Sequence[Series]) -> Iterator[list[Floats]]:
    batch: list[Floats] = []
    size = 0
    for i in range(len(series)):
        batch.append(filled(series[i]))
        size += batch[-1].size
        if size >= _BATCH or len(batch) == _LARGEST_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def n_features_for(problem: Problem, n_thresholds: int = N_THRESHOLDS) -> int:
    """Return how many features there are with so many thresholds."""
    return _n_features(scales_for(problem.typical_length), n_thresholds)


def _n_features(n_scales: int, n_thresholds: int) -> int:
    return len(VIEWS) * n_scales * (_N_POOLS * n_thresholds + 2) * N_RIVALS * N_GROUPS


def _identity(x: Floats) -> Floats:
    return x


def difference(x: Floats) -> Floats:
    """Return the first difference of a series (n_channels, length); 0 for a single step."""
    return x[:, 1:] - x[:, :-1] if x.shape[1] > 1 else np.zeros_like(x)


VIEWS = (_identity, difference)


def scales_for(n_timepoints: int) -> int:
    """Return as many scales as have filters shorter than the series.

    Examples
    --------
    >>> [scales_for(n) for n in (1, 24, 150, 100_000)]
    [1, 2, 5, 9]
    """
    n_scales = 1
    while (TAPS - 1) << n_scales < n_timepoints and n_scales < MAX_SCALES:
        n_scales += 1
    return n_scales


def _draw_mixtures(rng: np.random.Generator, n_channels: int) -> Floats:
    """Return for each group the sum of a few channels, often of one."""
    mix = np.zeros((n_channels, N_GROUPS), np.float32)
    for group in range(N_GROUPS):
        mix[few_channels(rng, n_channels, TAPS), group] = 1
    return mix


def few_channels(rng: np.random.Generator, n_channels: int, most: int) -> NDArray[np.int64]:
    """Draw a few channels, often one, ``most`` at most."""
    k = int(2 ** rng.uniform(0, np.log2(min(n_channels, most) + 1)))
    return rng.choice(n_channels, min(k, n_channels), replace=False)


def _draw_filters(rng: np.random.Generator, n_scales: int) -> Floats:
    order = rng.random((n_scales, TAPS, N_RIVALS, N_GROUPS)).argsort(1)
    # Powers of two: bands are then the same bits on every machine and in every exported file.
    return np.where(order < 3, 2.0, -1.0).astype(np.float32)


def _draw_thresholds(
    rng: np.random.Generator, sample: list[Floats], mix: Floats, filters: Floats, n: int
) -> Floats:
    values = []
    for x in sample:
        steps = np.linspace(0, x.shape[1] - 1, min(x.shape[1], _N_STEPS)).astype(int)
        values.append(bands(x, mix, filters)[:, steps])
    ordered = np.sort(np.concatenate(values, 1), 1)
    n_scales, n_values = ordered.shape[:2]
    # Each filter's levels are spread over the whole range, no two filters' alike.
    offset = (rng.permutation(N_RIVALS * N_GROUPS) + 0.5) / (N_RIVALS * N_GROUPS)
    levels = 0.02 + 0.96 * (offset + np.arange(n)[:, None]) / n
    index = (levels * max(n_values - 2, 0)).astype(int).reshape(1, n, N_RIVALS, N_GROUPS)
    low = np.repeat(index, n_scales, 0)
    # Between two values, and never at one that many steps share (0 where a series is flat): what
    # is above must not hang on how a sum was rounded.
    between = (
        np.take_along_axis(ordered, low, 1)
        + np.take_along_axis(ordered, np.minimum(low + 1, n_values - 1), 1)
    ) / 2
    apart = 1e-5 * ordered.std(1, keepdims=True)
    thresholds: Floats = (between + apart).astype(np.float32)
    return thresholds
