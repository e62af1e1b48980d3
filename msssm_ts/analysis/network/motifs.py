"""Which motif a network sees where along series, and for which class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.batches import Batch

Signal = NDArray[np.floating[Any]]
# Parts of a series' length that are looked at around a step.
_PARTS = 8


@dataclass(frozen=True)
class Motifs:
    """Motifs over several series.

    Parameters
    ----------
    classes : tuple of str
        Of the series.
    shares : array of shape (n_classes, S)
        Part of a class's steps that are of a motif; the rows add up to 1.
    shapes : array of shape (n_classes, S, width)
        Mean of the first channel around a motif's steps, each series' own mean taken off; NaN
        where a class has none.
    """

    classes: tuple[str, ...]
    shares: NDArray[np.float64]
    shapes: NDArray[np.float64]

    @property
    def telling(self) -> NDArray[np.int64]:
        """Motifs that there are, those first whose shares differ most between the classes."""
        total = self.shares.sum(0)
        order = np.argsort(-np.ptp(self.shares, axis=0) - 1e-6 * total, kind="stable")
        found: NDArray[np.int64] = order[total[order] > 0]
        return found


@torch.no_grad()
def motif_codes(network: MSSSMNetwork, series: Batch, n_timepoints: int) -> NDArray[np.int64]:
    """Return the motif of every step of one series, (n_timepoints,).

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode, with motifs.
    series : Batch
        One series, without padding.
    n_timepoints : int
        Its steps; one of the network's may stand for several.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, motifs=4)).eval()
    >>> motif_codes(network, Batch(torch.randn(1, 20, 1), None, None), 20).shape
    (20,)
    """
    layer = network.motifs
    assert layer is not None
    seen: list[torch.Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        network(*series)
    finally:
        hook.remove()
    codes = layer.assigned(seen[0])[0].cpu().numpy()
    return np.repeat(codes, network.config.layer_stride(network.config.n_layers - 1))[:n_timepoints]


def over_series(
    signals: Sequence[Signal], codes: Sequence[NDArray[np.int64]], labels: Sequence[str], n: int
) -> Motifs:
    """Count motifs class by class, and average what the series look like around them.

    Parameters
    ----------
    signals : sequence of arrays of shape (length,)
        One channel of each series; NaN is a missing value.
    codes : sequence of arrays of shape (length,)
        Motifs of their steps, :func:`motif_codes`.
    labels : sequence of str
        Their classes.
    n : int
        How many motifs there are.

    Examples
    --------
    >>> found = over_series([np.arange(6.0)], [np.array([0, 0, 1, 1, 1, 1])], ["a"], 2)
    >>> found.shares.round(2).tolist()
    [[0.33, 0.67]]
    """
    classes = tuple(sorted(set(labels)))
    shortest = min(len(signal) for signal in signals)
    half = max(2, min(32, shortest // _PARTS // 2))
    counts = np.zeros((len(classes), n))
    sums = np.zeros((len(classes), n, 2 * half + 1))
    held = np.zeros_like(sums)
    for signal, of, label in zip(signals, codes, labels, strict=True):
        row = classes.index(label)
        counts[row] += np.bincount(of, minlength=n)
        if np.isnan(signal).all():
            continue
        edged = np.pad(signal - np.nanmean(signal), half, constant_values=np.nan)
        around = np.lib.stride_tricks.sliding_window_view(edged, 2 * half + 1)
        there = ~np.isnan(around)
        np.add.at(sums[row], of, np.where(there, around, 0.0))
        np.add.at(held[row], of, there)
    shapes = np.divide(sums, held, out=np.full_like(sums, np.nan), where=held > 0)
    shares = counts / counts.sum(1, keepdims=True).clip(min=1)
    return Motifs(classes, shares, shapes)
