"""The selective core in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional

from msssm_ts.model.cores.diagonal import DiagonalCore


class ScannedS6(nn.Module):
    """The S6 cores of all directions, as torch's ``scan`` over the steps.

    Parameters
    ----------
    cores : sequence of DiagonalCore
        Of one block.
    """

    cores: Sequence[DiagonalCore]
    A: Tensor
    D: Tensor

    def __init__(self, cores: Sequence[DiagonalCore]):
        super().__init__()
        self.cores = nn.ModuleList(cores)  # type: ignore[assignment]
        # State before channels: sums over the state then run along contiguous channels.
        A = torch.cat([core.A for core in cores]).mT
        self.register_buffer("A", A.detach().contiguous())
        self.register_buffer("D", torch.cat([core.D for core in cores]).detach())

    def forward(self, streams: Tensor, signals: Sequence[Tensor]) -> Tensor:
        """Return y (l, b, D·M, d) for streams (l, b, D·M, d) and D signals (b, l, d)."""
        A = self.A
        maps = [_maps(core, x) for core, x in zip(self.cores, signals, strict=True)]
        delta, B, C = (torch.cat(parts, 2) for parts in zip(*maps, strict=True))

        def step(h: Tensor, now: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            delta_t, u_t, B_t, C_t = now
            h = torch.exp(delta_t * A) * h + u_t * B_t
            return h, (h * C_t).sum(-2)

        start = streams.new_zeros(streams.shape[1], *A.shape)
        along_state = (p.unsqueeze(-2) for p in (delta, delta * streams))
        inputs = (*along_state, *(p.unsqueeze(-1) for p in (B, C)))
        y: Tensor = scan(step, start, inputs)[1]
        return y + self.D * streams


def _maps(core: DiagonalCore, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Δ (l, b, M, d), B and C (l, b, M, n)."""
    b, l, _ = x.shape
    B, C, dt, weight = core.read(x)
    # A selective core has both.
    assert dt is not None
    assert weight is not None
    # As many matrix products as streams, not as steps.
    low = dt.permute(2, 1, 0, 3).reshape(len(weight), l * b, -1)
    delta = (low @ weight.mT).view(len(weight), l, b, -1).permute(1, 2, 0, 3)
    return functional.softplus(delta + core.dt_bias), B.transpose(0, 1), C.transpose(0, 1)
