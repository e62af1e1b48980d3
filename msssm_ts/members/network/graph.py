"""Networks in operations that torch exports."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.members.graph import GraphInput
from msssm_ts.members.network.graph_scan import ScannedCores
from msssm_ts.members.network.graph_stem import GroupedFilterBank
from msssm_ts.members.network.graph_variates import make_traceable
from msssm_ts.model import MSSSM, MSSSMConfig, MSSSMNetwork
from msssm_ts.model.block import MSSSMBlock
from msssm_ts.model.cores.blocks import STEPS
from msssm_ts.model.exported import rest_of_blocks
from msssm_ts.model.stem import FilterBankStem


class NetworkVotes(nn.Module):
    """The weighted sum of networks' softmax, or sigmoid for several labels.

    Parameters
    ----------
    networks : sequence of MSSSMNetwork
        Of one model, with the same stride.
    shares : sequence of float
        Their parts of the vote.
    multilabel : bool
        Whether outputs are labels on their own.
    """

    def __init__(self, networks: Sequence[MSSSMNetwork], shares: Sequence[float], multilabel: bool):
        super().__init__()
        config = networks[0].config
        self.stride, self.whole = config.stride, WholeSteps(_whole(config))
        self.banks = nn.ModuleList([_bank(network) for network in networks])
        self.networks = nn.ModuleList([_exportable(network) for network in networks])
        self.shares, self.multilabel = list(shares), multilabel

    def forward(self, given: GraphInput) -> Tensor:
        """Return the weighted sum of probabilities, (b, n_outputs)."""
        votes = []
        seen = self.seen(given)
        for k, (network, share) in enumerate(zip(self.networks, self.shares, strict=True)):
            logits = network(self.taken(given, k), None, seen)
            proba = torch.sigmoid(logits) if self.multilabel else torch.softmax(logits, -1)
            votes.append(share * proba)
        return torch.stack(votes).sum(0)

    def seen(self, given: GraphInput) -> Tensor:
        """Return which steps count behind the stems, (b, l')."""
        seen = given.seen
        if self.stride > 1:
            # A sum; torch traces pooling for one length only.
            ones = given.x.new_ones(1, 1, self.stride)
            seen = functional.conv1d(seen.float().unsqueeze(1), ones, stride=self.stride)[:, 0] > 0
        whole: Tensor = self.whole(seen)
        return whole

    def taken(self, given: GraphInput, k: int) -> Tensor:
        """Return what network k is given, (b, l', channels)."""
        series, bank = given.x.transpose(1, 2), self.banks[k]
        return bank(series, given.length) if isinstance(bank, GroupedFilterBank) else series


def _exportable(network: MSSSMNetwork) -> MSSSMNetwork:
    """Return a copy whose parts can be traced; with a stride it wants ``observed`` behind it."""
    network = copy.deepcopy(network).float().cpu().eval().requires_grad_(False)
    for block in cast("list[MSSSMBlock]", network.blocks):
        cores = cast("list[MSSSM]", block.cores)
        scanned = ScannedCores(cores, block.split, network.config.core, block.diagonal)
        block.cores = nn.ModuleList([scanned])
        # It takes all channels itself, and the diagonal.
        block.split, block.diagonal = False, None
    if network.axis is not None:
        make_traceable(network.axis, network.config)
    if isinstance(network.stem, FilterBankStem):
        network.stem = nn.Identity()
    network.stem = nn.Sequential(network.stem, WholeSteps(_whole(network.config)))
    network.config = replace(network.config, stem_stride=1, stem_bands=0)
    return network


class WholeSteps(nn.Module):
    """Steps that nothing counts behind series, up to whole ones of a pyramid's last level.

    Of whole blocks there: torch cannot tell of steps halved and rounded what it has to of blocks.

    Parameters
    ----------
    whole : int
        Their number is a multiple of this; with 1 nothing is put behind.
    """

    def __init__(self, whole: int):
        super().__init__()
        self.whole = whole

    def forward(self, x: Tensor) -> Tensor:
        """Lengthen x (b, l, …)."""
        if self.whole == 1:
            return x
        behind = 0, rest_of_blocks(x.shape[1], self.whole)
        return functional.pad(x, (0, 0) * (x.ndim - 2) + behind)


def _whole(config: MSSSMConfig) -> int:
    last = config.layer_stride(config.n_layers - 1) // config.stride
    return STEPS * last if config.pyramid else 1


def _bank(network: MSSSMNetwork) -> nn.Module:
    """Return what is done before the network: nothing, where it has no filter bank."""
    if not isinstance(network.stem, FilterBankStem):
        return nn.Identity()
    stem = copy.deepcopy(network.stem).float().cpu().eval().requires_grad_(False)
    return GroupedFilterBank(stem)
