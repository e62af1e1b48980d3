"""Which experts steps go through, and which steps the tokens of a workspace read."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.model import MSSSMNetwork
from msssm_ts.training.batches import Batch

Along = NDArray[np.floating[Any]]


@torch.no_grad()
def expert_gates(network: MSSSMNetwork, series: Batch, n_timepoints: int) -> Along:
    """Return the experts' weights at every step of one series, (n_timepoints, E).

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode, with experts.
    series : Batch
        One series, without padding.
    n_timepoints : int
        Its steps; one of the network's may stand for several.

    Returns
    -------
    array
        0 where a step is missing; of variates that stay apart their mean.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, experts=4)).eval()
    >>> (expert_gates(network, Batch(torch.randn(1, 20, 1), None, None), 20) > 0).sum(1).max()
    np.int64(2)
    """
    layer = network.experts
    assert layer is not None
    x, counted = _given_to(layer, network, series)
    gates = layer.route(layer.norm(x))[1]
    if counted is not None:
        gates = gates * counted.unsqueeze(-1)
    return _along(network, gates.mean(0), n_timepoints)


@torch.no_grad()
def token_shares(network: MSSSMNetwork, series: Batch, n_timepoints: int) -> Along:
    """Return which part of each token is of which step of one series, (n_timepoints, W).

    Parameters
    ----------
    network, series, n_timepoints : as for :func:`expert_gates`
        The network has a workspace.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, workspace=3)).eval()
    >>> shares = token_shares(network, Batch(torch.randn(1, 50, 1), None, None), 50)
    >>> shares.sum(0).round(3), int((shares > 0).sum(0).max())
    (array([1., 1., 1.], dtype=float32), 16)
    """
    layer = network.workspace
    assert layer is not None
    shares = layer.shares(*_given_to(layer, network, series)).mean(0).mT
    # A step that stands for several shares its part out to them.
    along = _along(network, shares, n_timepoints)
    found: Along = along / along.sum(0).clip(min=np.finfo(along.dtype).tiny)
    return found


def overlaps(shares: Along) -> NDArray[np.float64]:
    """Return how much tokens read the same, (W, W): 1 all, 0 nothing; of (l, W).

    Examples
    --------
    >>> overlaps(np.array([[1.0, 0.5], [0.0, 0.5]]))
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    found: NDArray[np.float64] = np.minimum(shares[:, :, None], shares[:, None]).sum(0)
    return found


def _given_to(
    layer: nn.Module, network: MSSSMNetwork, series: Batch
) -> tuple[Tensor, Tensor | None]:
    """Return what a layer is given as the network reads a series."""
    seen: list[tuple[Tensor, Tensor | None]] = []
    hook = layer.register_forward_pre_hook(lambda _, given: seen.append(given))
    try:
        network(*series)
    finally:
        hook.remove()
    return seen[0]


def _along(network: MSSSMNetwork, of_steps: Tensor, n_timepoints: int) -> Along:
    stride = network.config.layer_stride(network.config.n_layers - 1)
    found: Along = np.repeat(of_steps.cpu().numpy(), stride, axis=0)[:n_timepoints]
    return found
