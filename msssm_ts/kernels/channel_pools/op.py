"""Pools of channels over time: choice of the implementation."""

from __future__ import annotations

import torch
from torch import Tensor

from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.channel_pools.reference import channel_pools_reference


def channel_pools(x: Tensor, counted: Tensor | None, n_pools: int) -> Tensor:
    """Pool channels over the steps that count.

    Mean, largest and deviation; with eleven pools also the least, the mean change from a step to
    the next, how often the channel lies above 0 and above .7, and the means of four quarters.

    Parameters
    ----------
    x : Tensor of shape (b, l, d)
        Normed over its channels.
    counted : boolean Tensor of shape (b, l), optional
        Steps that count, one at least; by default all.
    n_pools : {11, 3}
        How many.

    Returns
    -------
    Tensor of shape (b, n_pools · d)

    Examples
    --------
    >>> x = torch.tensor([0.0, 2.0, 0.0, 2.0]).view(1, 4, 1)
    >>> channel_pools(x, None, 11)[0].round(decimals=2).tolist()
    [1.0, 2.0, 1.0, 0.0, 2.0, 0.5, 0.5, 0.0, 2.0, 0.0, 2.0]
    """
    learned = torch.is_grad_enabled() and x.requires_grad
    traced = torch.compiler.is_compiling()
    if learned or traced or x.device.type != "cpu" or choose_backend(x.device)[0] == "reference":
        return channel_pools_reference(x, counted, n_pools)
    from msssm_ts.kernels.channel_pools.cpu import channel_pools_cpu

    return channel_pools_cpu(x, counted, n_pools)
