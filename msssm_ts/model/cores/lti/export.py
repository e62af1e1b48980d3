"""The time-invariant core in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from msssm_ts.model.cores.lti.core import LTI


class ScannedLTI(nn.Module):
    """The LTI cores of all directions, as torch's ``scan`` over the steps.

    Parameters
    ----------
    cores : sequence of LTI
        Of one block.
    """

    decay: Tensor
    drive: Tensor
    C: Tensor
    D: Tensor

    def __init__(self, cores: Sequence[LTI]):
        super().__init__()
        decays, drives = zip(*(core.discrete() for core in cores), strict=True)
        constants: dict[str, list[Tensor]] = {
            "decay": list(decays),
            "drive": list(drives),
            "C": [core.C for core in cores],
        }
        for name, parts in constants.items():
            # State before channels: sums over the state then run along contiguous channels.
            self.register_buffer(name, torch.cat(parts).mT.detach().contiguous())
        self.register_buffer("D", torch.cat([core.D for core in cores]).detach())

    def forward(self, streams: Tensor, signals: Sequence[Tensor]) -> Tensor:
        """Return y (l, b, D·M, d) for streams (l, b, D·M, d); the signals are of no use."""
        decay, drive, C = self.decay, self.drive, self.C

        def step(h: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
            h = decay * h + x_t * drive
            return h, (h * C).sum(-2)

        start = streams.new_zeros(streams.shape[1], *decay.shape)
        y: Tensor = scan(step, start, streams.unsqueeze(-2))[1]
        return y + self.D * streams
