"""Pretrained encoders in operations that torch exports with batch and length left open."""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn

from msssm_ts.members.encoder_ridge.views import Views, views_in_graph
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.network.graph_scan import ScannedCores
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.model import MSSSM
from msssm_ts.model.block import MSSSMBlock
from msssm_ts.pretraining.encoder import Encoder


class EncoderGraph(nn.Module):
    """An encoder and its classifier.

    Parameters
    ----------
    encoder : Encoder
        Its weights.
    views : Views
        What it is shown.
    scaling : Scaling
        Of its features.
    ridge : Ridge
        Classifier.
    """

    mix: Tensor
    gain: Tensor

    def __init__(self, encoder: Encoder, views: Views, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        self.encoder = copy.deepcopy(encoder).requires_grad_(False)
        for block in cast("list[MSSSMBlock]", self.encoder.blocks):
            cores = cast("list[MSSSM]", block.cores)
            block.cores = nn.ModuleList([ScannedCores(cores, block.split, encoder.config.core)])
            # It takes all channels itself.
            block.split = False
        self.count = views.count
        self.register_buffer("mix", torch.tensor(views.mix))
        self.register_buffer("gain", torch.tensor(views.gain))

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        steps = torch.arange(given.filled.shape[2], device=given.filled.device)
        counted = steps < given.length.unsqueeze(1)
        shown = views_in_graph(given.filled, self.mix, self.gain, steps)
        shown = torch.where(counted.unsqueeze(1), shown, 0.0)
        # One view of all series after the other: flattened otherwise, torch's tracing takes the
        # number of series for one that hangs on their length.
        series = torch.cat(shown.unbind(1)).unsqueeze(-1)
        codes = self.encoder(series, None, torch.cat([counted] * self.count))
        apart = codes.reshape(self.count, given.filled.shape[0], codes.shape[1])
        proba: Tensor = self.classify(apart.transpose(0, 1).flatten(1))
        return proba
