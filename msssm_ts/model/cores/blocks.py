"""Time-invariant recurrences in blocks of steps, in operations that torch exports."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional

# Steps of a block. More are faster from some thousand steps on, and make files larger.
STEPS = 16


class Blocks(nn.Module):
    """h_t = Ā h_{t−1} + x̂_t, y_t = Re(C h_t) + D x̂_t of all directions, batch and length left open.

    Within a block it is a convolution, y_t = Σₛ k_{t−s} x̂ₛ with k_t = Re(C Āᵗ): a product with a
    triangular matrix. What came before a block is in its states; only they are scanned, once a
    block, and read out by another product.

    Parameters
    ----------
    log : Tensor of shape (D·M, d, n), real or complex
        log Ā, of the directions side by side.
    C : Tensor of shape (D·M, d, n)
        Output map, with the input map in it.
    D : Tensor of shape (D·M, d)
        Skip terms.
    """

    kernel: Tensor
    lags: Tensor
    drive: Tensor
    read: Tensor
    across: Tensor

    def __init__(self, log: Tensor, C: Tensor, D: Tensor, steps: int = STEPS):
        super().__init__()
        self.steps, self.oscillates = steps, log.is_complex()
        wide = torch.complex128 if self.oscillates else torch.float64
        log, C = (p.detach().flatten(0, 1).to(wide).unsqueeze(-1) for p in (log, C))
        # (channels, n, steps + 1)
        powers = torch.exp(log * torch.arange(steps + 1))
        kernel = (C * powers[..., :-1]).sum(1).real
        kernel[:, 0] += D.detach().flatten()
        drive, read, across = powers[..., :-1].flip(-1), C * powers[..., 1:], powers[..., -1:]
        if self.oscillates:
            drive, across = (torch.cat([p.real, p.imag], 1) for p in (drive, across))
            read = torch.cat([read.real, -read.imag], 1)
        # Behind zeros: the lags −steps + 1 … steps − 1.
        self._keep("kernel", functional.pad(kernel, (steps - 1, 0)), D)
        at = torch.arange(steps)
        self.register_buffer("lags", (at - at.unsqueeze(1) + steps - 1).flatten())
        self._keep("drive", drive.mT, D)
        self._keep("read", read, D)
        self._keep("across", across.unsqueeze(1).squeeze(-1), D)

    def _keep(self, name: str, values: Tensor, like: Tensor) -> None:
        self.register_buffer(name, values.to(like.dtype).contiguous())

    def forward(self, streams: Tensor, signals: list[Tensor]) -> Tensor:
        """Return y (D·M, d, b, l) for streams (D·M, d, b, l); the signals are of no use."""
        rows, d, b, _ = streams.shape
        # Channels, blocks of all series, steps.
        x = streams.reshape(rows * d, -1, self.steps)
        put = torch.unflatten(x @ self.drive, 1, (b, -1)).permute(2, 0, 1, 3)
        before = self._scan(put).permute(1, 2, 0, 3).flatten(1, 2)
        lags = self.kernel.index_select(1, self.lags)
        square = lags.view(rows * d, self.steps, self.steps)
        y: Tensor = x @ square + before @ self.read
        return y.view(streams.shape)

    def _scan(self, put: Tensor) -> Tensor:
        """Return the states before each block, for what the blocks put in: (blocks, d, b, n)."""
        across = self.across
        if self.oscillates:
            # Clones: a scan takes no two views of one tensor.
            a, b = (part.clone() for part in across.chunk(2, -1))

            def step(h: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
                re, im = h.chunk(2, -1)
                turned = torch.cat([a * re - b * im, a * im + b * re], -1)
                return turned + now, h.clone()
        else:

            def step(h: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
                return across * h + now, h.clone()

        before: Tensor = scan(step, torch.zeros_like(put[0]), put)[1]
        return before
