"""Gated cores in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from msssm_ts.kernels.diagonal_recurrence import CELLS

if TYPE_CHECKING:
    from msssm_ts.model.cores.gated import GatedCore


class ScannedGates(nn.Module):
    """The gated cores of all directions, as torch's ``scan`` over the steps.

    Parameters
    ----------
    cores : sequence of GatedCore
        Of one block.
    """

    weight: Tensor
    recurrent: Tensor
    bias: Tensor
    C: Tensor
    D: Tensor

    def __init__(self, cores: Sequence[GatedCore]):
        super().__init__()
        self.cell = CELLS[cores[0].cell]
        parts = zip(*(core.weights() for core in cores), strict=True)
        for name, values in zip(("weight", "recurrent", "bias"), parts, strict=True):
            self.register_buffer(name, torch.cat(values, -1).detach())
        self.register_buffer("C", torch.cat([c.C.flatten(1) for c in cores], -1).detach())
        self.register_buffer("D", torch.cat([c.D for c in cores]).detach())

    def forward(self, streams: Tensor, signals: Sequence[Tensor]) -> Tensor:
        """Return y (l, b, D·M, d) for streams (l, b, D·M, d); the signals are of no use."""
        weight, recurrent, bias, C = self.weight, self.recurrent, self.bias, self.C

        def step(state: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
            state = self.cell.step(state, now, weight, recurrent, bias)
            return state, (C * state[:, 0]).sum(1)

        start = streams.new_zeros(streams.shape[1], self.cell.n_states, *C.shape)
        y: Tensor = scan(step, start, streams.flatten(2))[1]
        return y.view(streams.shape) + self.D * streams
