"""Pools of thresholded streams in plain torch: the truth for the fused version, and exported."""

from __future__ import annotations

import torch
from torch import Tensor

# Steps count as above a threshold gradually, over this part of the stream's deviation: pools then
# hardly depend on how sums are rounded.
RAMP = 0.1
# Of a threshold.
N_POOLS = 2


def threshold_pools_reference(
    y: Tensor, thresholds: Tensor, scale: Tensor, lengths: Tensor
) -> Tensor:
    """Pool streams; parameters as in :func:`msssm_ts.kernels.threshold_pools`."""
    counted = (torch.arange(y.shape[2], device=y.device) < lengths[:, None]).unsqueeze(-1)
    n_steps = lengths.unsqueeze(-1).to(y.dtype)
    pools = [
        pool_stream(*stream, counted, n_steps)
        for stream in zip(y, thresholds, scale, strict=True)
    ]
    return torch.stack(pools, 1)


def pool_stream(
    y: Tensor, thresholds: Tensor, scale: Tensor, counted: Tensor, n_steps: Tensor
) -> Tensor:
    """Pool one stream.

    Parameters
    ----------
    y : Tensor of shape (b, l, d)
        Stream.
    thresholds : Tensor of shape (d, q)
        Of each channel.
    scale : Tensor of shape (d,)
        Deviation of each channel.
    counted : bool Tensor of shape (b, l, 1)
        Steps that count.
    n_steps : Tensor of shape (b, 1)
        How many those are.

    Returns
    -------
    Tensor of shape (b, q, N_POOLS, d)
    """
    pools = []
    for threshold in thresholds.mT:
        excess = (y - threshold) / scale
        parts = (excess / RAMP + 0.5).clamp(0, 1), excess.clamp(min=0)
        means = [torch.where(counted, part, 0.0).sum(1) / n_steps for part in parts]
        pools.append(torch.stack(means, 1))
    return torch.stack(pools, 1)
