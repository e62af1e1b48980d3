"""One module from the series to the probabilities."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.export.boundary import Boundary
from msssm_ts.export.forest import ForestVotes
from msssm_ts.export.preparing import InsidePreparation, filled
from msssm_ts.export.ridges import RidgeVotes
from msssm_ts.export.scan import ScannedCores
from msssm_ts.export.stem import GroupedFilterBank
from msssm_ts.fitted import FittedClassifier
from msssm_ts.model import MSSSM, MSSSMNetwork
from msssm_ts.model.stem import FilterBankStem
from msssm_ts.voters import QuantileTrees, ScanRidge


class SeriesToProbabilities(nn.Module):
    """Standardisation and vote.

    NaN is a step that is missing or lies behind a series' end: a batch of different lengths is
    padded with it. Where the model takes no missing values, a series with NaN before its end gets
    NaN for its probabilities, never a silent guess.

    Parameters
    ----------
    classifier : FittedClassifier
        Whose voters, standardisation and, as far as ``boundary`` says, preparation it does.
    boundary : Boundary
        What is done before, and what here.
    """

    def __init__(self, classifier: FittedClassifier, boundary: Boundary):
        super().__init__()
        committee = classifier.committee_
        share = classifier.network_share_ if committee else 1.0
        share *= bool(classifier.networks_)
        networks = classifier.networks_ if share else []
        self.stride = networks[0].config.stem_stride if networks else 1
        self.prepare = InsidePreparation(classifier, boundary, self.stride)
        self.networks = nn.ModuleList([_NetworkVote(n, classifier.multilabel_) for n in networks])
        voters: list[nn.Module] = []
        self.shares: list[float] = []
        if share < 1:
            ridges = [v for v in committee.voters if isinstance(v, ScanRidge)]
            forests = [v for v in committee.voters if isinstance(v, QuantileTrees)]
            n_channels = len(classifier.standardizer_.mean)
            if ridges:
                voters.append(RidgeVotes(ridges))
                self.shares.append((1 - share) * committee.shares[ScanRidge.kind])
            for forest in forests:
                voters.append(ForestVotes(forest, n_channels, classifier.multilabel_))
                part = committee.shares[QuantileTrees.kind] / len(forests)
                self.shares.append((1 - share) * part)
        self.voters = nn.ModuleList(voters)
        self.network_share = share
        masked = classifier.missing == "mask" and boundary.inside.features == "raw"
        self.takes_gaps = masked and boundary.outside.bandpass is None

    def forward(self, x: Tensor) -> Tensor:
        """Return probabilities (b, n_classes).

        Parameters
        ----------
        x : float32 Tensor of shape (b, n_channels, l)
            Series, as ``boundary`` says; NaN behind their ends.
        """
        x, known, within, seen, refused = self.prepare(x)
        votes = []
        if self.networks:
            if self.stride > 1:
                # A sum; torch traces pooling for one length only.
                ones = x.new_ones(1, 1, self.stride)
                seen = functional.conv1d(seen.float().unsqueeze(1), ones, stride=self.stride)[:, 0]
                seen = seen > 0
            share = self.network_share / len(self.networks)
            votes += [share * network(x.transpose(1, 2), seen) for network in self.networks]
        if self.voters:
            if self.takes_gaps:
                x = filled(x, known, within)
            # A series without any value has a step all the same: its answer is thrown away.
            length = within.sum(1).clamp(min=1)
            pairs = zip(self.voters, self.shares, strict=True)
            votes += [share * voter(x, length) for voter, share in pairs]
        proba = torch.stack(votes).sum(0)
        return proba if self.takes_gaps else torch.where(refused.unsqueeze(1), torch.nan, proba)


class _NetworkVote(nn.Module):
    """A network and its softmax, or sigmoid for several labels."""

    def __init__(self, network: MSSSMNetwork, multilabel: bool):
        super().__init__()
        self.network, self.multilabel = _exportable(network), multilabel

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        logits = self.network(x, None, seen)
        return torch.sigmoid(logits) if self.multilabel else torch.softmax(logits, -1)


def _exportable(network: MSSSMNetwork) -> MSSSMNetwork:
    """Return a copy whose parts can be traced; with a stride it wants ``observed`` behind it."""
    network = copy.deepcopy(network).float().cpu().eval().requires_grad_(False)
    for block in network.blocks:
        cores = cast("list[MSSSM]", block.cores)
        block.cores = nn.ModuleList([ScannedCores(cores, network.config.core)])
    if isinstance(network.stem, FilterBankStem):
        network.stem = GroupedFilterBank(network.stem)
        network.config = replace(network.config, stem_stride=1)
    return network
