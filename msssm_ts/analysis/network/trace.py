"""What the cores of a network do while a series goes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from msssm_ts.analysis.network.weights import cores
from msssm_ts.model import MSSSM, MSSSMNetwork
from msssm_ts.training.batches import Batch


@dataclass(frozen=True)
class CoreTrace:
    """One core's inner signals for one series, streams fine to coarse.

    Parameters
    ----------
    layer : int
        From 1.
    direction : str
        "forward" or "backward" in time.
    mixer : Tensor of shape (l, M), optional
        The scale mixer's weights E_t; None with a single stream.
    step : Tensor of shape (l, M, d), optional
        Δ_t in steps; None where there is none that moves, as in LTI.
    bands : Tensor of shape (M, l, d)
        The streams' inputs: raw signal, details, approximation. Channels that stay apart stand
        side by side in d; the mixer is their mean.
    """

    layer: int
    direction: str
    mixer: Tensor | None
    step: Tensor | None
    bands: Tensor


@torch.no_grad()
def trace(network: MSSSMNetwork, series: Batch) -> list[CoreTrace]:
    """Send a series through, and keep what the cores saw and chose.

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode.
    series : Batch
        One series, (1, l, n_channels), without padding.

    Returns
    -------
    list of CoreTrace
        Layer by layer, forward before backward.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, n_scales=2, d_model=16, n_layers=1)).eval()
    >>> first = trace(network, Batch(torch.randn(1, 20, 1), None, None))[0]
    >>> first.mixer.shape, first.step.shape, first.bands.shape
    (torch.Size([20, 4]), torch.Size([20, 4, 8]), torch.Size([4, 20, 8]))
    """
    seen: dict[MSSSM, Tensor] = {}

    def keep(core: Any, given: tuple[Tensor, ...]) -> None:
        seen[core] = given[0]

    hooks = [core.register_forward_pre_hook(keep) for _, _, core in cores(network)]
    try:
        network(*series)
    finally:
        for hook in hooks:
            hook.remove()
    return [_core_trace(*of, seen[of[2]]) for of in cores(network)]


def _core_trace(layer: int, direction: str, core: MSSSM, x: Tensor) -> CoreTrace:
    steps = core.ssm.step_sizes(x)
    bands = core.decomposition.streams(x.flip(1) if core.reverse else x)
    return CoreTrace(
        layer,
        direction,
        mixer=None if core.mixer is None else core.mixer(x).mean(0).cpu(),
        step=None if steps is None else _side_by_side(steps).cpu(),
        bands=_side_by_side(bands.flip(2) if core.reverse else bands, 1).cpu(),
    )


def _side_by_side(x: Tensor, axis: int = 0) -> Tensor:
    """Put series, along an axis, next to each other in the last one."""
    return torch.cat(x.unbind(axis), -1)
