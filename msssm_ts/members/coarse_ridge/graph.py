"""Coarse features in operations that torch exports."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.members.coarse_ridge.features import CoarseFeatures
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling


class CoarseGraph(nn.Module):
    """Means of parts, waves over them, and their classifier.

    Parameters
    ----------
    features : CoarseFeatures
        Parts and waves.
    scaling : Scaling
        Of the features.
    ridge : Ridge
        Classifier.
    """

    parts: Tensor
    frequencies: Tensor
    phases: Tensor

    def __init__(self, features: CoarseFeatures, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        self.has_waves = len(features.phases) > 0
        self.register_buffer("parts", torch.arange(features.n_parts + 1))
        for name, values in features.arrays().items():
            self.register_buffer(name, torch.tensor(values))

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        edges = self.parts * given.length.unsqueeze(1) // (len(self.parts) - 1)
        start = edges[:, :-1]
        end = torch.maximum(edges[:, 1:], start + 1)
        steps = torch.arange(given.filled.shape[2], device=given.filled.device)
        within = (steps >= start.unsqueeze(2)) & (steps < end.unsqueeze(2))  # (b, n_parts, l)
        shares = within.float() / (end - start).unsqueeze(2).float()
        z = (given.filled @ shares.transpose(1, 2)).flatten(1)
        if self.has_waves:
            z = torch.cos(z @ self.frequencies.T + self.phases)
        proba: Tensor = self.classify(z)
        return proba
