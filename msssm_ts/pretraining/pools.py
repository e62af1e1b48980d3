"""What a layer says of a series: each of its channels, pooled over the steps."""

from __future__ import annotations

import torch
from torch import Tensor

# All that are known, and those that encoders of one's own series have, and older ones.
MOST_POOLS, FEW_POOLS = 11, 3
# How often a normed channel lies above these is counted.
_LEVELS = (0.0, 0.7)
_N_PARTS = 4


def pooled(x: Tensor, counted: Tensor | None, n_pools: int) -> Tensor:
    """Pool channels over the steps that count.

    Mean, largest and deviation; with eleven pools also the least, the mean change from a step to
    the next, how often the channel lies above 0 and above .7, and the means of four quarters.

    Parameters
    ----------
    x : Tensor of shape (b, l, d)
        Normed over its channels.
    counted : boolean Tensor of shape (b, l), optional
        Steps that count; by default all.
    n_pools : {11, 3}
        How many.

    Returns
    -------
    Tensor of shape (b, n_pools · d)

    Examples
    --------
    >>> x = torch.tensor([0.0, 2.0, 0.0, 2.0]).view(1, 4, 1)
    >>> pooled(x, None, 11)[0].round(decimals=2).tolist()
    [1.0, 2.0, 1.0, 0.0, 2.0, 0.5, 0.5, 0.0, 2.0, 0.0, 2.0]
    """
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
        return [mean, x.amax(1), (spread + 1e-6).sqrt()]
    valid = counted.unsqueeze(-1)
    n = counted.sum(1, keepdim=True).to(x.dtype)
    mean = torch.where(valid, x, 0.0).sum(1) / n
    spread = torch.where(valid, x - mean.unsqueeze(1), 0.0).square().sum(1) / n
    largest = torch.where(valid, x, -torch.inf).amax(1)
    return [mean, largest, (spread + 1e-6).sqrt()]


def _more(x: Tensor, counted: Tensor) -> list[Tensor]:
    valid = counted.unsqueeze(-1)
    n = counted.sum(1, keepdim=True)
    least = torch.where(valid, x, torch.inf).amin(1)
    both = valid[:, 1:] & valid[:, :-1]
    change = torch.where(both, (x[:, 1:] - x[:, :-1]).abs(), 0.0).sum(1)
    pools = [least, change / both.sum(1).clamp(min=1)]
    pools += [(valid & (x > level)).sum(1) / n for level in _LEVELS]
    # The first of those that count are the first quarter.
    quarter = (counted.long().cumsum(1) - 1) * _N_PARTS // n
    for part in range(_N_PARTS):
        own = (counted & (quarter == part)).unsqueeze(-1)
        pools.append(torch.where(own, x, 0.0).sum(1) / own.sum(1).clamp(min=1))
    return pools
