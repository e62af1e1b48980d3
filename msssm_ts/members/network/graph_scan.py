"""The layers of a block in operations that torch exports with batch and length left open."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model import MSSSM
from msssm_ts.model.exported import export_form, rest_of_blocks, stacked_bands, stacked_filters
from msssm_ts.model.quasiseparable import later


class ScannedCores(nn.Module):
    """Both directions of a block at once, around what their cores export.

    Takes the place of the layers that it is made from and gives the same. The streams of all
    directions stand side by side, so that a step of a core's scan is a handful of operations
    whatever their number. ONNX has torch's ``scan`` as its operator ``Scan``.

    Parameters
    ----------
    cores : sequence of MSSSM
        Of one block.
    split : bool
        Whether each direction has its part of the channels, or all of them and their sum counts.
    name : str
        What the cores are called, for the message.
    diagonal : Module, optional
        Of a quasiseparable mixer, which the directions are then.

    Raises
    ------
    InputError
        If they have no :meth:`~msssm_ts.model.Core.export_form`.
    """

    filters: Tensor

    def __init__(
        self, cores: Sequence[MSSSM], split: bool, name: str, diagonal: nn.Module | None = None
    ):
        super().__init__()
        self.form = export_form([core.ssm for core in cores], name)
        self.mixers = nn.ModuleList(core.mixer for core in cores if core.mixer is not None)
        self.reverse = [core.reverse for core in cores]
        self.split, self.diagonal = split, diagonal
        self.register_buffer("filters", stacked_filters([core.decomposition for core in cores]))

    def forward(self, x: Tensor, gate: Tensor, lengths: None = None, times: None = None) -> Tensor:
        """Return what the directions make together, (b, l, d).

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            As the layers take them, save that x is zero at steps that do not count.
        lengths, times : None
            Zeros in x serve; stamps do not go into a file.
        """
        n = len(self.reverse)
        signals = x.chunk(n, -1) if self.split else [x] * n
        turned = [s.flip(1) if r else s for s, r in zip(signals, self.reverse, strict=True)]
        steps = getattr(self.form, "steps", None)
        parts = self._by_steps(turned) if steps is None else self._by_blocks(turned, steps)
        back = [p.flip(1) if r else p for p, r in zip(parts, self.reverse, strict=True)]
        if self.diagonal is not None:
            moved = (later(p, -1 if r else 1) for p, r in zip(back, self.reverse, strict=True))
            return sum(moved, self.diagonal(x)) * functional.silu(gate)
        y = torch.cat(back, -1) if self.split else torch.stack(back).sum(0)
        return y * functional.silu(gate)

    def _by_steps(self, turned: Sequence[Tensor]) -> list[Tensor]:
        """Return each direction (b, l, d), by a form that wants the steps first."""
        # (l, b, D·M, d)
        streams = self._streams(torch.cat(list(turned), -1)).permute(4, 1, 2, 0, 3).flatten(2, 3)
        y = self.form(streams, turned)
        if self.mixers:
            y = y * self._mix(turned).transpose(0, 1).unsqueeze(-1)
        return [part.sum(2).transpose(0, 1) for part in y.chunk(len(turned), 2)]

    def _by_blocks(self, turned: Sequence[Tensor], steps: int) -> list[Tensor]:
        """Return the same by a form that wants the steps last, in whole blocks."""
        rest = rest_of_blocks(turned[0].shape[1], steps)
        whole = [functional.pad(x, (0, 0, 0, rest)) for x in turned]
        # (D·M, d, b, l)
        y = self.form(
            self._streams(torch.cat(whole, -1)).permute(2, 0, 3, 1, 4).flatten(0, 1), whole
        )
        if self.mixers:
            y = y * self._mix(whole).permute(2, 0, 1).unsqueeze(1)
        summed = (part.sum(0) for part in y.chunk(len(turned), 0))
        return [functional.pad(part, (0, -rest)).permute(1, 2, 0) for part in summed]

    def _mix(self, signals: Sequence[Tensor]) -> Tensor:
        """E of all directions, (b, l, D·M)."""
        mixed = [mixer(x) for mixer, x in zip(self.mixers, signals, strict=True)]
        return torch.cat(mixed, -1)

    def _streams(self, x: Tensor) -> Tensor:
        """Raw signal and bands of all directions: x (b, l, D·d) to (M, b, D, d, l)."""
        return stacked_bands(x, self.filters, len(self.reverse))
