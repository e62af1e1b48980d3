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

    cores: Sequence[MSSSM]
    filters: Tensor
    A: Tensor
    D: Tensor

    def __init__(self, cores: Sequence[MSSSM]):
        super().__init__()
        self.cores = nn.ModuleList(cores)  # type: ignore[assignment]
        # Low-pass and high-pass next to each other for every channel, the oldest sample first.
        taps = [torch.stack([c.decomposition.phi, c.decomposition.psi], 2) for c in cores]
        filters = torch.cat(taps, 1).flip(-1).flatten(1, 2).unsqueeze(2)
        # State before channels: sums over the state then run along contiguous channels.
        A = torch.cat([core.ssm.A for core in cores]).mT
        constants = {"filters": filters, "D": torch.cat([core.ssm.D for core in cores])}
        if cores[0].ssm.core == "s6":
            constants["A"] = A
        else:
            delta = torch.cat([core.ssm.initial_step for core in cores]).unsqueeze(1)
            B, C = (torch.cat([getattr(c.ssm, name) for c in cores]).mT for name in "BC")
            constants |= {"decay": torch.exp(delta * A), "drive": delta * B, "C": C}
        for name, values in constants.items():
            self.register_buffer(name, values.detach().contiguous())

    def forward(self, x: Tensor, gate: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the sum over the directions, (b, l, d).

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            As the cores take them, save that x is zero at steps that do not count.
        lengths : None
            Zeros in x serve.
        """
        turned = [x.flip(1) if core.reverse else x for core in self.cores]
        streams = self._streams(torch.cat(turned, -1))
        pairs = list(zip(self.cores, turned, strict=True))
        mixer = torch.cat([_mix(core, t) for core, t in pairs], -1)
        scanned = self._selective(pairs, streams) if hasattr(self, "A") else self._lti(streams)
        y = (scanned + self.D * streams) * mixer.transpose(0, 1).unsqueeze(-1)
        total = torch.zeros_like(x)
        for core, part in zip(self.cores, y.chunk(len(pairs), 2), strict=True):
            summed = part.sum(2).transpose(0, 1)
            total = total + (summed.flip(1) if core.reverse else summed)
        return total * functional.silu(gate)

    def _streams(self, x: Tensor) -> Tensor:
        """Raw signal and bands of all directions: x (b, l, D·d) to (l, b, D·M, d)."""
        b, l, channels = x.shape
        reach = self.filters.shape[-1] - 1
        approximation = x.transpose(1, 2)
        bands = [approximation]
        for level in range(len(self.filters)):
            padded = functional.pad(approximation, (reach * 2**level, 0))
            pairs = functional.conv1d(
                padded, self.filters[level], dilation=2**level, groups=channels
            )
            approximation = pairs[:, 0::2]
            bands.append(pairs[:, 1::2])
        if len(self.filters):
            bands.append(approximation)
        # (M, b, D, d, l) → (l, b, D, M, d)
        stacked = torch.stack(bands).view(len(bands), b, len(self.cores), -1, l)
        return stacked.permute(4, 1, 2, 0, 3).flatten(2, 3)

    def _selective(self, pairs: list[tuple[MSSSM, Tensor]], streams: Tensor) -> Tensor:
        """Σₙ C h of every stream and step, (l, b, D·M, d)."""
        A = self.A
        maps = zip(*(_maps(core, t) for core, t in pairs), strict=True)
        delta, B, C = (torch.cat(parts, 2) for parts in maps)

        def step(h: Tensor, now: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
            delta_t, u_t, B_t, C_t = now
            h = torch.exp(delta_t * A) * h + u_t * B_t
            return h, (h * C_t).sum(-2)

        start = streams.new_zeros(streams.shape[1], *A.shape)
        along_state = (p.unsqueeze(-2) for p in (delta, delta * streams))
        inputs = (*along_state, *(p.unsqueeze(-1) for p in (B, C)))
        y: Tensor = scan(step, start, inputs)[1]
        return y

    def _lti(self, streams: Tensor) -> Tensor:
        decay, drive, C = (self.get_buffer(name) for name in ("decay", "drive", "C"))

        def step(h: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
            h = decay * h + x_t * drive
            return h, (h * C).sum(-2)

        start = streams.new_zeros(streams.shape[1], *decay.shape)
        y: Tensor = scan(step, start, streams.unsqueeze(-2))[1]
        return y


def _mix(core: MSSSM, x: Tensor) -> Tensor:
    """Return E (b, l, M); ones where there is a single stream."""
    return x.new_ones(*x.shape[:2], 1) if core.mixer is None else core.mixer(x)


def _maps(core: MSSSM, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Δ (l, b, M, d), B and C (l, b, M, n) of a selective core."""
    b, l, _ = x.shape
    B, C, dt, weight = core.ssm(x)
    # As many matrix products as streams, not as steps.
    low = dt.permute(2, 1, 0, 3).reshape(len(weight), l * b, -1)
    delta = (low @ weight.mT).view(len(weight), l, b, -1).permute(1, 2, 0, 3)
    return functional.softplus(delta + core.ssm.dt_bias), B.transpose(0, 1), C.transpose(0, 1)
