"""Which bands the ridge classifiers of a vote listen to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msssm_ts.kernels.scale_features import N_GROUPS, N_RIVALS, TAPS
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge

VIEWS = ("series", "difference")
# What is pooled of a band, the pools of a threshold together with its stream.
POOLS = ("proportion", "excess", "peak", "last", "first", "competing")


@dataclass(frozen=True)
class BandInfluence:
    """How much the classifiers listen to one level of the decomposition.

    Parameters
    ----------
    view : str
        "series" or "difference".
    scale : int
        Level, from 1, fine to coarse.
    sees : int
        Steps that a band's value is made from.
    share : float
        Of the squared weights of all features, which are standardised; the sum over all is 1.
    pools : dict of str to float
        The same, pool by pool.
    """

    view: str
    scale: int
    sees: int
    share: float
    pools: dict[str, float]


def band_influences(ridges: Sequence[ScanRidge]) -> list[BandInfluence]:
    """Return the influence of every view and level, on average over ridge classifiers.

    Parameters
    ----------
    ridges : sequence of ScanRidge
        Of one model.

    Examples
    --------
    >>> from msssm_ts.members.problem import Problem
    >>> series = [np.sin(np.arange(40) * f)[None] for f in (0.2, 0.3, 1.0, 1.1)]
    >>> ridge = ScanRidge.fit(Problem.of(series, np.array([0, 0, 1, 1]), 2), seed=0)
    >>> found = band_influences([ridge])
    >>> len(found), round(sum(band.share for band in found), 6)
    (6, 1.0)
    """
    shares = np.mean([_pool_shares(ridge) for ridge in ridges], axis=0)
    return [
        BandInfluence(
            view,
            s + 1,
            # [1 2 1]/4 adds 2ˢ⁻¹ on either side at each level before, the filter four times 2ˢ.
            2 * (TAPS // 2 * 2**s + 2**s - 1) + 1 + v,
            float(shares[v, s].sum()),
            dict(zip(POOLS, shares[v, s].tolist(), strict=True)),
        )
        for v, view in enumerate(VIEWS)
        for s in range(shares.shape[1])
    ]


def _pool_shares(ridge: ScanRidge) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return shares (views, scales, pools)."""
    views, n_scales, n_thresholds = ridge.features.thresholds.shape[:3]
    # A feature's deviation is its weight, or 0 where it was left out.
    deviation = np.where(ridge.scaling.scale > 0, ridge.features.weights, 0.0).astype(np.float64)
    if ridge.scaling.bent:
        deviation /= 1 + deviation
    influence = np.square(ridge.ridge.coefficients).sum(1) * np.square(deviation)
    shape = (views, n_scales, -1, N_RIVALS * N_GROUPS)
    rows = influence.reshape(shape).sum(-1)
    streams = rows[..., :-2].reshape(views, n_scales, len(POOLS) - 1, n_thresholds).sum(-1)
    pools = np.concatenate([streams, rows[..., -2:].sum(-1, keepdims=True)], -1)
    return pools / (pools.sum() or 1.0)
