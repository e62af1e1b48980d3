"""Drawn networks in operations that torch exports with batch and length left open."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.threshold_pools.reference import pool_stream
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.model.drawn import DrawnNetwork
from msssm_ts.model.exported import export_form, rest_of_blocks, stacked_bands, stacked_filters


class DrawnGraph(nn.Module):
    """A drawn network and its classifier.

    Parameters
    ----------
    network : DrawnNetwork
        Layer and thresholds.
    scaling : Scaling
        Of its features.
    ridge : Ridge
        Classifier.
    """

    channels: Tensor
    weights: Tensor
    offset: Tensor
    gain: Tensor
    thresholds: Tensor
    deviation: Tensor
    filters: Tensor

    def __init__(self, network: DrawnNetwork, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        self.form = export_form([network.ssm], network.config.core)
        for name, values in (
            ("channels", network.channels),
            ("weights", network.weights),
            ("offset", network.offset),
            ("gain", network.gain),
            ("thresholds", network.thresholds),
            ("deviation", network.scale),
            ("filters", stacked_filters([network.decomposition])),
        ):
            self.register_buffer(name, values.detach().clone())

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        x, length = given.filled.transpose(1, 2), given.length
        steps = torch.arange(x.shape[1], device=x.device)
        counted = (steps < length.unsqueeze(1)).unsqueeze(-1)
        # Looked up, not cut off: a length of one less is a case of its own to torch's tracing.
        views = torch.cat([x, x - x[:, (steps - 1).clamp(min=0)]], -1)
        mixed = (views[..., self.channels] * self.weights).sum(-2)
        signal = torch.where(counted, (mixed - self.offset) * self.gain, 0.0)
        n_steps = length.unsqueeze(1).to(x.dtype)
        pools = [
            pool_stream(y, self.thresholds[s], self.deviation[s], counted, n_steps)
            for s, y in enumerate(self._streams(signal))
        ]
        proba: Tensor = self.classify(torch.stack(pools, 1).flatten(1))
        return proba

    def _streams(self, signal: Tensor) -> list[Tensor]:
        """Return what each stream makes of a signal (b, l, d), (b, l, d) each."""
        steps = getattr(self.form, "steps", None)
        if steps is None:
            streams = stacked_bands(signal, self.filters, 1).permute(4, 1, 2, 0, 3).flatten(2, 3)
            y = self.form(streams, [signal])
            return [part.transpose(0, 1) for part in y.unbind(2)]
        rest = rest_of_blocks(signal.shape[1], steps)
        whole = functional.pad(signal, (0, 0, 0, rest))
        streams = stacked_bands(whole, self.filters, 1).permute(2, 0, 3, 1, 4).flatten(0, 1)
        y = self.form(streams, [whole])
        return [functional.pad(part, (0, -rest)).permute(1, 2, 0) for part in y.unbind(0)]
