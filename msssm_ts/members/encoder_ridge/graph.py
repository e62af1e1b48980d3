"""Pretrained encoders in operations that torch exports with batch and length left open."""

from __future__ import annotations

import copy
from typing import cast

import torch
from torch import Tensor, nn

from msssm_ts.members.encoder_ridge.views import Views, views_in_graph
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.network.graph import NetworkVotes
from msssm_ts.members.network.graph_scan import ScannedCores
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.model import MSSSM, MSSSMNetwork
from msssm_ts.model.block import MSSSMBlock
from msssm_ts.pretraining.encoder import Encoder
from msssm_ts.pretraining.layers import codes


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


class OwnEncoderGraph(nn.Module):
    """A network that has learned from the user's series, read out layer by layer.

    Parameters
    ----------
    network : MSSSMNetwork
        Its weights.
    scaling : Scaling
        Of its features.
    ridge : Ridge
        Classifier.
    """

    def __init__(self, network: MSSSMNetwork, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        self.votes = NetworkVotes([network], [1.0], False)

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        network = cast(MSSSMNetwork, self.votes.networks[0])
        taken, seen = self.votes.taken(given, 0), self.votes.seen(given)
        proba: Tensor = self.classify(codes(network, taken, None, seen))
        return proba
