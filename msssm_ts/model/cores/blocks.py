"""Time-invariant recurrences in blocks of steps, in operations that torch exports."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from msssm_ts.kernels.ms_scan.blocks import coefficients, lags_of, triangle, turned

# Steps of a block. More are faster from some thousand steps on, and make files larger.
STEPS = 16


class Blocks(nn.Module):
    """h_t = Ā h_{t−1} + x̂_t, y_t = Re(C h_t) + D x̂_t of all directions, batch and length left open.

    Within a block by a product of matrices, from block to block by torch's ``scan``
    (:mod:`msssm_ts.kernels.ms_scan.blocks`).

    Parameters
    ----------
    log : Tensor of shape (D·M, d, n), real or complex
        log Ā, of the directions side by side.
    C : Tensor of shape (D·M, d, n)
        Output map, with the input map in it.
    D : Tensor of shape (D·M, d)
        Skip terms.
    steps : int
        Of a block.
    """

    kernel: Tensor
    drive: Tensor
    read: Tensor
    across: Tensor
    lags: Tensor

    def __init__(self, log: Tensor, C: Tensor, D: Tensor, steps: int = STEPS):
        super().__init__()
        self.steps, self.oscillates = steps, log.is_complex()
        wide = torch.complex128 if self.oscillates else torch.float64
        log, C, skips = (p.detach().flatten(0, 1) for p in (log, C, D))
        block = coefficients(log.to(wide), C.to(wide), skips, steps)
        for name, values in block._asdict().items():
            self.register_buffer(name, values.to(D.dtype).contiguous())
        self.register_buffer("lags", lags_of(steps))

    def forward(self, streams: Tensor, signals: Sequence[Tensor]) -> Tensor:
        """Return y (D·M, d, b, l) for streams (D·M, d, b, l); the signals are of no use."""
        rows, d, b, _ = streams.shape
        # Channels, blocks of all series, steps.
        x = streams.reshape(rows * d, -1, self.steps)
        put = torch.unflatten(x @ self.drive, 1, (b, -1)).permute(2, 0, 1, 3)
        before = self._scan(put).permute(1, 2, 0, 3).flatten(1, 2)
        y: Tensor = x @ triangle(self.kernel, self.lags) + before @ self.read
        return y.view(streams.shape)

    def _scan(self, put: Tensor) -> Tensor:
        """Return the states before each block, for what the blocks put in: (blocks, rows, b, n)."""
        across = self.across.unsqueeze(1)

        def real(h: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
            return across * h + now, h.clone()

        def pairs(h: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
            return turned(across, h) + now, h.clone()

        step = pairs if self.oscillates else real
        before: Tensor = scan(step, torch.zeros_like(put[0]), put)[1]
        return before
