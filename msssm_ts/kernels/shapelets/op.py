"""Fits of dilated shapelets: choice of the implementation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.kernels import parallel
from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.layout import apart
from msssm_ts.kernels.shapelets import cpu
from msssm_ts.kernels.shapelets.reference import series_features_reference

Floats = NDArray[np.float32]
# Best fit, share of good fits.
N_POOLS = 2


def shapelet_features(
    series: Sequence[Floats],
    mix: Floats,
    lags: NDArray[np.int64],
    scaled: NDArray[np.bool_],
    shapelets: Floats,
    thresholds: Floats,
    out: Floats | None = None,
) -> Floats:
    """Fit dilated shapelets to series wherever they have room.

    The fit of a shapelet s to a window w of a series, its values ``lag`` steps apart, is
    Σₖ s[k] · w[k] / √(var w + 10⁻⁴) where windows are standardised: for s of mean 0 and mean
    square 1 that is TAPS times their correlation, but less where the window is nearly flat, and
    2 · (TAPS − fit) is the square of their distance. Elsewhere it is Σₖ s[k] · w[k] − ½ Σₖ w[k]²,
    and the square of the distance Σₖ s[k]² − 2 · fit. A series that is shorter than a window goes
    on with its last value.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        float32, without missing values, of one step at least.
    mix : array of shape (n_groups, n_channels)
        Mixture of the channels that a group of shapelets sees.
    lags : int64 array of shape (n_groups,)
        Steps between the values of a group's shapelets, 1 at least.
    scaled : bool array of shape (n_groups,)
        Whether a group compares standardised windows.
    shapelets : array of shape (n_groups, TAPS, GROUP)
        Their values; of mean 0 where windows are standardised.
    thresholds : array of shape (n_groups, GROUP)
        Beyond which a fit is good.
    out : float32 array, optional
        Where to write what is returned, a series' own next to each other.

    Returns
    -------
    float32 array of shape (n_series, n_groups, N_POOLS, GROUP)
        The best fit, and the share of good fits.

    References
    ----------
    Guillaume, Vrain, Elloumi, "Random Dilated Shapelet Transform", ICPRAI 2022.

    Examples
    --------
    >>> s = np.zeros((1, 11, 16), np.float32)
    >>> s[0, 5], s[0, 6] = 2.345, -2.345
    >>> x = np.zeros((1, 30), np.float32)
    >>> x[0, 12] = 1
    >>> one = np.ones((1, 1), np.float32)
    >>> group = one, np.array([1]), np.array([True]), s, np.ones((1, 16), np.float32)
    >>> fits = shapelet_features([x], *group)  # It fits well at one of 20 steps.
    >>> [round(float(v), 2) for v in fits[0, 0, :, 0]]
    [8.15, 0.05]
    """
    if out is None:
        out = np.empty((len(series), len(lags), N_POOLS, cpu.GROUP), np.float32)
    if choose_backend(torch.device("cpu"))[0] == "reference":
        fixed = [torch.from_numpy(a) for a in (mix, lags, scaled, shapelets, thresholds)]
        rows = [series_features_reference(torch.from_numpy(x), *fixed) for x in series]
        out[:] = torch.stack(rows).numpy()
        return out
    lengths = np.array([x.shape[1] for x in series])
    flat = np.concatenate([x.reshape(-1) for x in series])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) * mix.shape[1]
    weights, values, levels = (
        np.ascontiguousarray(a, np.float32).reshape(-1) for a in (mix, shapelets, thresholds)
    )
    turns = _turns(mix, lags, scaled)
    whole, step = apart(out)
    given = (flat, starts, lengths, mix.shape[1], weights, lags, scaled, values, levels, *turns)
    parallel.run(
        lambda first, last: cpu.features_of_batch(*given, whole, step, first, last),
        lengths * len(lags) * cpu.GROUP,
    )
    return out


def _turns(
    mix: Floats, lags: NDArray[np.int64], scaled: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return an order of groups in which the same windows come in turn, and where others begin.

    Examples
    --------
    >>> one = np.ones((3, 1), np.float32)
    >>> _turns(one, np.array([2, 1, 2]), np.ones(3, bool))
    (array([1, 0, 2]), array([ True,  True, False]))
    """
    windows = np.column_stack([lags, scaled, mix])
    order = np.lexsort(windows.T[::-1])
    is_new = np.ones(len(lags), np.bool_)
    is_new[1:] = (np.diff(windows[order], axis=0) != 0).any(1)
    return order, is_new
