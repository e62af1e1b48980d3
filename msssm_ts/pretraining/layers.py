"""What every layer of a network says of a series, without its head."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.channel_pools import FEW_POOLS, channel_pools
from msssm_ts.model import MSSSMConfig, MSSSMNetwork


def count_codes(config: MSSSMConfig) -> int:
    """Count the numbers that :func:`codes` makes of a series.

    Examples
    --------
    >>> count_codes(MSSSMConfig(n_channels=2, n_outputs=1, d_model=16, n_layers=2))
    96
    """
    return FEW_POOLS * config.n_layers * config.d_model * config.n_variates


def codes(
    network: MSSSMNetwork,
    x: Tensor,
    lengths: Tensor | None = None,
    observed: Tensor | None = None,
    times: Tensor | None = None,
) -> Tensor:
    """Mean, largest value and deviation over the steps of each layer, normed.

    Parameters
    ----------
    network : MSSSMNetwork
        Its head is not asked.
    x, lengths, observed, times : as for a network
        Series.

    Returns
    -------
    Tensor of shape (b, n_codes)

    Examples
    --------
    >>> network = MSSSMNetwork(MSSSMConfig(n_channels=2, n_outputs=1, d_model=16, n_layers=2))
    >>> codes(network, torch.randn(5, 40, 2), torch.tensor([40, 3, 1, 17, 9])).shape
    torch.Size([5, 96])
    """
    levels = []
    for steps, counted in network.layers(x, lengths, observed, times):
        level = channel_pools(functional.layer_norm(steps, steps.shape[-1:]), counted, FEW_POOLS)
        levels.append(level if network.axis is None else network.axis.together(level))
    return torch.cat(levels, -1)


def last_steps(
    network: MSSSMNetwork, x: Tensor, lengths: Tensor | None, observed: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """Return what the last block makes of each step, normed, and which of the steps count."""
    *_, (steps, counted) = network.layers(x, lengths, observed)
    out: Tensor = network.norm(steps)
    return out, counted


@contextmanager
def changing_stem(network: MSSSMNetwork, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Change what a network's stem makes of the series, (b, l', d), as long as this lasts."""

    def changed(_: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> Tensor:
        return change(made)

    hook = network.stem.register_forward_hook(changed)
    try:
        yield
    finally:
        hook.remove()
