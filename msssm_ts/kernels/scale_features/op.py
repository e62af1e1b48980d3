"""Random multi-scale features of series: choice of the implementation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.kernels import parallel
from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.layout import apart
from msssm_ts.kernels.scale_features import cpu
from msssm_ts.kernels.scale_features.reference import (
    bands_reference,
    mixed_reference,
    series_features_reference,
)

N_GROUPS, N_RIVALS = cpu.GROUPS, cpu.RIVALS
# Memory of the streams, as part of the length.
SPAN = 1 / 16
Floats = NDArray[np.float32]


def scale_features(
    series: Sequence[Floats],
    mix: Floats,
    filters: Floats,
    thresholds: Floats,
    span: float = SPAN,
    out: Floats | None = None,
) -> Floats:
    """Pool the thresholded bands of series into features.

    With dˢ the detail bands of an à-trous decomposition, u_t = [dˢ_t > b] for each threshold b
    drives a stable time-invariant state-space stream h_t = γ h_{t−1} + (1 − γ) u_t,
    γ = exp(−1 / (span · l)). The pools of a threshold: mean of u (ROCKET's proportion of positive
    values), mean of dˢ − b where positive, largest h, last h, and last h of the stream backward in
    time. The streams' pools all lie between 0 and 1. The filters of a group also compete at every
    step: with how much each is the largest, and the smallest, on average over all steps.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        float32, without missing values.
    mix : array of shape (n_channels, N_GROUPS)
        The groups as mixtures of the channels.
    filters : array of shape (n_scales, TAPS, N_RIVALS, N_GROUPS)
        ψ of each level; the scaling filter is [1 2 1]/4.
    thresholds : array of shape (n_scales, n_thresholds, N_RIVALS, N_GROUPS)
        b.
    span : float
        Memory of the streams, as part of the length.
    out : float32 array, optional
        Where to write them, a series' own next to each other.

    Returns
    -------
    float32 array of shape (n_series, n_scales, 5 · n_thresholds + 2, N_RIVALS, N_GROUPS)
        ``out``, where it is given.

    References
    ----------
    Dempster, Schmidt, Webb, "MINIROCKET", KDD 2021; Dempster, Schmidt, Webb, "Hydra", Data Mining
    and Knowledge Discovery 37, 2023.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> filters = rng.normal(size=(2, 9, 8, 16)).astype(np.float32)
    >>> x = rng.normal(size=(1, 30)).astype(np.float32)
    >>> one = np.ones((1, 16), np.float32)
    >>> scale_features([x], one, filters, np.zeros((2, 1, 8, 16), np.float32)).shape
    (1, 2, 7, 8, 16)
    """
    n_scales, n_thresholds = thresholds.shape[:2]
    if out is None:
        shape = (len(series), n_scales, 5 * n_thresholds + 2, N_RIVALS, N_GROUPS)
        out = np.empty(shape, np.float32)
    if choose_backend(torch.device("cpu"))[0] == "reference":
        rows = [
            series_features_reference(
                mixed_reference(torch.from_numpy(x.T), torch.from_numpy(mix)),
                torch.from_numpy(filters),
                torch.from_numpy(thresholds),
                span,
            )
            for x in series
        ]
        out[:] = torch.stack(rows).numpy()
        return out
    lengths = np.array([x.shape[1] for x in series])
    flat = np.concatenate([x.T.reshape(-1) for x in series])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) * mix.shape[0]
    whole, step = apart(out)
    arrays = (np.ascontiguousarray(a, np.float32).reshape(-1) for a in (mix, filters, thresholds))
    fixed = (flat, starts, lengths, mix.shape[0], *arrays, n_scales, n_thresholds, float(span))
    parallel.run(
        lambda first, last: cpu.features_of_batch(*fixed, whole, step, first, last),
        lengths * n_scales * N_RIVALS * N_GROUPS,
    )
    return out


def bands(x: Floats, mix: Floats, filters: Floats) -> Floats:
    """Return the detail bands of one series, (n_scales, length, N_RIVALS, N_GROUPS).

    Parameters
    ----------
    x : array of shape (n_channels, length)
        The series.
    mix, filters : arrays
        As in :func:`scale_features`.
    """
    n_scales, l = len(filters), x.shape[1]
    if choose_backend(torch.device("cpu"))[0] == "reference":
        mixed = mixed_reference(torch.from_numpy(x.T), torch.from_numpy(mix))
        return bands_reference(mixed, torch.from_numpy(filters)).numpy()
    out = np.empty((n_scales, l, N_RIVALS, N_GROUPS), np.float32)
    arrays = (np.ascontiguousarray(a, np.float32).reshape(-1) for a in (x.T, mix, filters))
    source, weights, psi = arrays
    cpu.bands_of_series(source, 0, l, x.shape[0], weights, psi, n_scales, out.reshape(-1))
    return out
