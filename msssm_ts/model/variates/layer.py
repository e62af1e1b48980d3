"""A layer over variates: norm, projections, scans in both directions, gate, residual."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.variates.across import Across, Coupled


class VariateLayer(nn.Module):
    """Let each variate know of the others, before a block goes through time.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes: V variates with ``d_model`` channels each.
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        d = config.d_model
        self.variates = config.n_variates
        self.norm = nn.LayerNorm(d)
        self.input = nn.Linear(d, d)
        self.gate = nn.Linear(d, d)
        # As in a block, each direction has half of the channels where they can be halved.
        self.split = d % 2 == 0
        kind = Coupled if config.variates == "coupled" else Across
        own = d // 2 if self.split else d
        # A causal one reads both of them forward in time.
        self.scans = nn.ModuleList(
            kind(own, self.variates, reverse, reverse and config.bidirectional)
            for reverse in (False, True)
        )
        self.output = nn.Linear(d, d)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        states: tuple[Tensor | None, ...] = (None, None),
    ) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        """Run the layer.

        Parameters
        ----------
        x : Tensor of shape (V · b, l, d)
            Residual stream, one variate of all series after the other.
        lengths : integer Tensor of shape (V · b,), optional
            Valid steps of each.
        observed : Tensor of shape (V · b, l, 1), optional
            0 at steps that put nothing into the scans, else 1.
        states : tuple of Tensor or None
            Of the scans, from earlier steps.

        Returns
        -------
        x : Tensor of shape (V · b, l, d)
        states : tuple of Tensor or None
            For the steps that follow.
        """
        normed = self.norm(x)
        signal = self.input(normed)
        if observed is not None:
            signal = signal * observed
        of_series = lengths if lengths is None else lengths[: len(lengths) // self.variates]
        # (b, l, V, d)
        signal = torch.stack(signal.unflatten(0, (self.variates, -1)).unbind(), 2)
        parts = signal.chunk(2, -1) if self.split else (signal, signal)
        done = [
            cast(Across, scan)(part, of_series, state)
            for scan, part, state in zip(self.scans, parts, states, strict=True)
        ]
        ways = [y for y, _ in done]
        y = torch.cat(ways, -1) if self.split else ways[0] + ways[1]
        y = torch.cat(y.unbind(2)) * functional.silu(self.gate(normed))
        return x + self.output(y), tuple(state for _, state in done)
