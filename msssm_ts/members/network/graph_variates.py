"""Channels that stay apart in operations that torch exports with batch and length left open."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.errors import InputError
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.variates import VariateAxis, VariateLayer
from msssm_ts.model.variates.across import Across


class DoubledAcross(nn.Module):
    """A scan over the variates in as many steps as doublings reach them all.

    ``h_v = λ_v h_{v−1} + u_v`` over one variate, over two, four, …: Hillis, Steele, "Data parallel
    algorithms", Communications of the ACM 1986. A loop over variates would be a graph of V times
    as many operations, and torch's ``scan`` beside one over time is traced for some lengths only.

    Parameters
    ----------
    across : Across
        The weights.

    Examples
    --------
    >>> across, x = Across(4, 5, reverse=True), torch.randn(2, 7, 5, 4)
    >>> bool(torch.allclose(DoubledAcross(across)(x)[0], across(x)[0], atol=1e-5))
    True
    """

    A: Tensor

    def __init__(self, across: Across):
        super().__init__()
        self.across = across
        # State before channels: sums over the state then run along contiguous channels.
        self.register_buffer("A", -across.A_log.exp().detach().mT.contiguous())

    def forward(self, x: Tensor, lengths: None = None, state: None = None) -> tuple[Tensor, None]:
        """Scan x (b, l, V, d); nothing is kept for other steps."""
        across = self.across
        if across.reverse:
            x = x.flip(2)
        delta, B, C = across.read(x)
        # (b, l, V, n, d)
        decay = torch.exp(delta.unsqueeze(3) * self.A)
        h = (delta * x).unsqueeze(3) * B.unsqueeze(4)
        reach = 1
        while reach < x.shape[2]:
            h = h + decay * _after(h, reach)
            decay = decay * _after(decay, reach)
            reach *= 2
        y = (h * C.unsqueeze(4)).sum(3) + across.D * x
        return (y.flip(2) if across.reverse else y), None


def make_traceable(axis: VariateAxis, config: MSSSMConfig) -> None:
    """Replace the scans of an axis of variates by what torch can trace.

    Raises
    ------
    InputError
        If they are coupled with time, or behind a stem that leaves out steps.
    """
    if config.variates == "coupled" or config.stride > 1:
        behind = ", behind a stem that leaves out steps," if config.stride > 1 else ""
        other = "mix" if config.stride > 1 else "scan"
        raise InputError(
            f"variates={config.variates!r}{behind} cannot be exported to ONNX or torch.export: "
            f"save the model itself (--format safetensors), or train with variates={other!r}"
        )
    for layer in cast("list[VariateLayer]", axis.layers):
        layer.scans = nn.ModuleList(DoubledAcross(cast(Across, scan)) for scan in layer.scans)


def _after(x: Tensor, variates: int) -> Tensor:
    """Move x (b, l, V, n, d) by so many variates, zeros before."""
    return functional.pad(x[:, :, :-variates], (0, 0, 0, 0, variates, 0))
