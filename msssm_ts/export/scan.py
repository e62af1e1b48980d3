"""The core of a block in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional

from msssm_ts.model import MSSSM


class ScannedCores(nn.Module):
    """The cores of a block, both directions at once, as torch's ``scan`` over the steps.

    Takes the place of the cores that it is made from and gives the same sum. The streams of all
    directions stand side by side, so that a step of the scan is a handful of operations whatever
    their number. ONNX has the same operator, ``Scan``.

    Parameters
    ----------
    cores : sequence of MSSSM
        Of one block.
    """

    A: Tensor
    D: Tensor

    def __init__(self, cores: Sequence[MSSSM]):
        super().__init__()
        self.cores = nn.ModuleList(cores)
        self.reverse = [core.reverse for core in cores]
        self.selective = cores[0].ssm.core == "s6"
        # Low-pass and high-pass next to each other for every channel, the oldest sample first.
        taps = [torch.stack([c.decomposition.phi, c.decomposition.psi], 2) for c in cores]
        filters = torch.cat(taps, 1).detach().flip(-1)
        self.register_buffer("filters", filters.flatten(1, 2).unsqueeze(2))
        # State before channels: sums over the state then run along contiguous channels.
        self.register_buffer("A", torch.cat([c.ssm.A for c in cores]).detach().mT.contiguous())
        self.register_buffer("D", torch.cat([c.ssm.D for c in cores]).detach())

    def forward(self, x: Tensor, gate: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the sum over the directions, (b, l, d).

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            As the cores take them, save that x is zero at steps that do not count.
        lengths : None
            Zeros in x serve.
        """
        turned = [x.flip(1) if reverse else x for reverse in self.reverse]
        streams = self._streams(torch.cat(turned, -1))
        mixers = [core.mixer(t) for core, t in zip(self.cores, turned, strict=True)]
        y = self._scanned(turned, streams) + self.D * streams
        y = y * torch.cat(mixers, -1).transpose(0, 1).unsqueeze(-1)
        parts = [p.sum(2).transpose(0, 1) for p in y.chunk(len(self.reverse), 2)]
        total = torch.zeros_like(x)
        for part, reverse in zip(parts, self.reverse, strict=True):
            total = total + (part.flip(1) if reverse else part)
        return total * functional.silu(gate)

    def _streams(self, x: Tensor) -> Tensor:
        """Raw signal and bands of every direction: x (b, l, D·d) to (l, b, D·M, d)."""
        n_taps, channels = self.filters.shape[-1], x.shape[-1]
        approximation = x.transpose(1, 2)
        bands = [approximation]
        for level, filters in enumerate(self.filters):
            padded = functional.pad(approximation, ((n_taps - 1) * 2**level, 0))
            pairs = functional.conv1d(padded, filters, dilation=2**level, groups=channels)
            approximation, detail = pairs.unflatten(1, (-1, 2)).unbind(2)
            bands.append(detail)
        bands.append(approximation)
        # (M, b, D·d, l) → (l, b, D, M, d)
        stacked = torch.stack(bands).unflatten(2, (len(self.reverse), -1))
        return stacked.permute(4, 1, 2, 0, 3).flatten(2, 3)

    def _scanned(self, turned: list[Tensor], streams: Tensor) -> Tensor:
        """Σₙ C h of every stream and step, (l, b, D·M, d)."""
        A = self.A
        h = streams.new_zeros(streams.shape[1], *A.shape)
        if self.selective:
            maps = [self._maps(core, t) for core, t in zip(self.cores, turned, strict=True)]
            delta, B, C = (torch.cat(parts, 2) for parts in zip(*maps, strict=True))

            def step(h: Tensor, now: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
                delta_t, u_t, B_t, C_t = now
                h = torch.exp(delta_t * A) * h + u_t * B_t
                return h, (h * C_t).sum(-2)

            inputs = (
                delta.unsqueeze(-2),
                (delta * streams).unsqueeze(-2),
                B.unsqueeze(-1),
                C.unsqueeze(-1),
            )
            return scan(step, h, inputs)[1]
        delta = torch.cat([core.ssm.initial_step for core in self.cores]).unsqueeze(1)
        B, C = (torch.cat([p(core) for core in self.cores]).mT for p in (_input, _output))
        decay, drive, C = torch.exp(delta * A), (delta * B).contiguous(), C.contiguous()

        def constant_step(h: Tensor, u_t: Tensor) -> tuple[Tensor, Tensor]:
            h = decay * h + u_t * drive
            return h, (h * C).sum(-2)

        return scan(constant_step, h, streams.unsqueeze(-2))[1]

    @staticmethod
    def _maps(core: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Δ (l, b, M, d), B and C (l, b, M, n) of one direction."""
        B, C, dt, weight = core.ssm(x)
        delta = (dt.permute(2, 1, 0, 3).flatten(1, 2) @ weight.mT).unflatten(1, (x.shape[1], -1))
        delta = functional.softplus(delta.permute(1, 2, 0, 3) + core.ssm.dt_bias)
        return delta, B.transpose(0, 1), C.transpose(0, 1)


def _input(core: nn.Module) -> Tensor:
    B: Tensor = core.ssm.B
    return B


def _output(core: nn.Module) -> Tensor:
    C: Tensor = core.ssm.C
    return C
