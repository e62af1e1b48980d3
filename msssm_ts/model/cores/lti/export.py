"""The time-invariant core in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from msssm_ts.model.cores.core import FusedStep


class ScannedLTI(nn.Module):
    """The LTI cores of all directions, as torch's ``scan`` over the steps.

    Parameters
    ----------
    steps : sequence of FusedStep
        Of the cores of one block.
    """

    decay: Tensor
    drive: Tensor
    C: Tensor
    D: Tensor

    def __init__(self, steps: Sequence[FusedStep]):
        super().__init__()
        for name, field in (("decay", "A"), ("drive", "B"), ("C", "C")):
            # State before channels: sums over the state then run along contiguous channels.
            parts = torch.cat([getattr(step, field) for step in steps])
            self.register_buffer(name, parts.mT.detach().contiguous())
        self.register_buffer("D", torch.cat([step.D for step in steps]).detach())

    def forward(self, streams: Tensor, signals: Sequence[Tensor]) -> Tensor:
        """Return y (l, b, D·M, d) for streams (l, b, D·M, d); the signals are of no use."""
        decay, drive, C = self.decay, self.drive, self.C

        def step(h: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
            h = decay * h + x_t * drive
            return h, (h * C).sum(-2)

        start = streams.new_zeros(streams.shape[1], *decay.shape)
        y: Tensor = scan(step, start, streams.unsqueeze(-2))[1]
        return y + self.D * streams
