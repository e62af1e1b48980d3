"""Pools of channels in plain torch: the truth for the fused version, learned with and exported."""

from __future__ import annotations

import torch
from torch import Tensor

# All that are known, and those that encoders of one's own series have, and older ones.
MOST_POOLS, FEW_POOLS = 11, 3
# How often a normed channel lies above these is counted.
LEVELS = (0.0, 0.7)
N_PARTS = 4
# Of the variance, before its root is taken.
LEAST_SPREAD = 1e-6


def channel_pools_reference(x: Tensor, counted: Tensor | None, n_pools: int) -> Tensor:
    """Pool channels; parameters as in :func:`msssm_ts.kernels.channel_pools`."""
    pools = _few(x, counted)
    if n_pools > FEW_POOLS:
        if counted is None:
            counted = x.new_ones(x.shape[:2], dtype=torch.bool)
        pools += _more(x, counted)
    return torch.cat(pools, -1)


def _few(x: Tensor, counted: Tensor | None) -> list[Tensor]:
    if counted is None:
        mean = x.mean(1)
        spread = (x - mean.unsqueeze(1)).square().mean(1)
        return [mean, x.amax(1), (spread + LEAST_SPREAD).sqrt()]
    valid = counted.unsqueeze(-1)
    n = counted.sum(1, keepdim=True).to(x.dtype)
    mean = torch.where(valid, x, 0.0).sum(1) / n
    spread = torch.where(valid, x - mean.unsqueeze(1), 0.0).square().sum(1) / n
    largest = torch.where(valid, x, -torch.inf).amax(1)
    return [mean, largest, (spread + LEAST_SPREAD).sqrt()]


def _more(x: Tensor, counted: Tensor) -> list[Tensor]:
    valid = counted.unsqueeze(-1)
    n = counted.sum(1, keepdim=True)
    least = torch.where(valid, x, torch.inf).amin(1)
    both = valid[:, 1:] & valid[:, :-1]
    change = torch.where(both, (x[:, 1:] - x[:, :-1]).abs(), 0.0).sum(1)
    pools = [least, change / both.sum(1).clamp(min=1)]
    pools += [(valid & (x > level)).sum(1) / n.to(x.dtype) for level in LEVELS]
    # The first of those that count are the first quarter.
    quarter = (counted.long().cumsum(1) - 1) * N_PARTS // n
    for part in range(N_PARTS):
        own = (counted & (quarter == part)).unsqueeze(-1)
        pools.append(torch.where(own, x, 0.0).sum(1) / own.sum(1).clamp(min=1))
    return pools
