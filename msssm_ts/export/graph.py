"""One module from the series to the probabilities."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from msssm_ts.beside.graph import FeaturesJoined
from msssm_ts.export.boundary import Boundary
from msssm_ts.export.preparing import InsidePreparation, filled
from msssm_ts.fitted import FittedModel
from msssm_ts.members.graph import GraphInput


class SeriesToProbabilities(nn.Module):
    """Standardisation and vote; features beside the series, where there are.

    NaN is a step that is missing or lies behind a series' end: a batch of different lengths is
    padded with it. Where the model takes no missing values, a series with NaN before its end gets
    NaN for its probabilities, never a silent guess.

    Parameters
    ----------
    model : FittedModel
        Whose vote, standardisation and, as far as ``boundary`` says, preparation it does.
    boundary : Boundary
        What is done before, and what here.

    Raises
    ------
    ExportError
        If a member of the vote has no graph.
    """

    def __init__(self, model: FittedModel, boundary: Boundary):
        super().__init__()
        stride = math.lcm(*(member.stride for member in model.vote.members))
        self.prepare = InsidePreparation(model, boundary, stride)
        n_channels = len(model.standardizer.mean)
        self.votes = nn.ModuleList(
            type(members[0]).graph(members, weights, n_channels)
            for members, weights in model.vote.by_kind()
        )
        self.joined: FeaturesJoined | None = None
        if model.beside is not None and model.beside.member is not None:
            self.joined = FeaturesJoined(model.beside.member, model.beside.exponents)
        masked = model.missing == "mask" and boundary.inside.features == "raw"
        self.takes_gaps = masked and not boundary.outside.filters

    def forward(self, x: Tensor, features: Tensor | None = None) -> Tensor:
        """Return probabilities (b, n_classes).

        Parameters
        ----------
        x : float32 Tensor of shape (b, n_channels, l)
            Series, as ``boundary`` says; NaN behind their ends.
        features : float64 Tensor of shape (b, n_features), optional
            What is known beside them, where the model asks for it.
        """
        x, known, within, seen, refused = self.prepare(x)
        whole = filled(x, known, within) if self.takes_gaps else x
        # A series without any value has a step all the same: its answer is thrown away.
        given = GraphInput(x, whole, within.sum(1).clamp(min=1), seen)
        proba = torch.stack([vote(given) for vote in self.votes]).sum(0)
        if self.joined is not None:
            assert features is not None
            proba = self.joined(proba, features)
        return proba if self.takes_gaps else torch.where(refused.unsqueeze(1), torch.nan, proba)
