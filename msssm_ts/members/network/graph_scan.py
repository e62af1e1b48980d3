"""The layers of a block in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.errors import InputError
from msssm_ts.model import MSSSM


class ScannedCores(nn.Module):
    """Both directions of a block at once, around what their cores export.

    Takes the place of the layers that it is made from and gives the same sum. The streams of all
    directions stand side by side, so that a step of a core's scan is a handful of operations
    whatever their number. ONNX has torch's ``scan`` as its operator ``Scan``.

    Parameters
    ----------
    cores : sequence of MSSSM
        Of one block.
    name : str
        What the cores are called, for the message.

    Raises
    ------
    InputError
        If they have no :meth:`~msssm_ts.model.Core.export_form`.
    """

    filters: Tensor

    def __init__(self, cores: Sequence[MSSSM], name: str):
        super().__init__()
        scanned = [core.ssm for core in cores]
        form = type(scanned[0]).export_form(scanned)
        if form is None:
            raise InputError(
                f"core {name!r} cannot be exported to ONNX or torch.export, as it has no export "
                "form: save the model itself (--format safetensors), or train with another core"
            )
        self.form = form
        self.mixers = nn.ModuleList(core.mixer for core in cores if core.mixer is not None)
        self.reverse = [core.reverse for core in cores]
        # Low-pass and high-pass next to each other for every channel, the oldest sample first.
        taps = [torch.stack([c.decomposition.phi, c.decomposition.psi], 2) for c in cores]
        filters = torch.cat(taps, 1).flip(-1).flatten(1, 2).unsqueeze(2)
        self.register_buffer("filters", filters.detach().contiguous())

    def forward(self, x: Tensor, gate: Tensor, lengths: None = None, times: None = None) -> Tensor:
        """Return the sum over the directions, (b, l, d).

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            As the layers take them, save that x is zero at steps that do not count.
        lengths, times : None
            Zeros in x serve; stamps do not go into a file.
        """
        turned = [x.flip(1) if reverse else x for reverse in self.reverse]
        y = self.form(self._streams(torch.cat(turned, -1)), turned)
        if self.mixers:
            E = [mixer(t) for mixer, t in zip(self.mixers, turned, strict=True)]
            y = y * torch.cat(E, -1).transpose(0, 1).unsqueeze(-1)
        total = torch.zeros_like(x)
        for reverse, part in zip(self.reverse, y.chunk(len(turned), 2), strict=True):
            summed = part.sum(2).transpose(0, 1)
            total = total + (summed.flip(1) if reverse else summed)
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
        stacked = torch.stack(bands).view(len(bands), b, len(self.reverse), -1, l)
        return stacked.permute(4, 1, 2, 0, 3).flatten(2, 3)
