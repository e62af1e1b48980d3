"""One module from the series to the probabilities."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.export.boundary import Boundary
from msssm_ts.export.scan import ScannedCores
from msssm_ts.export.spectra import Spectra
from msssm_ts.export.stem import GroupedFilterBank
from msssm_ts.fitted import FittedClassifier
from msssm_ts.model import MSSSM, MSSSMNetwork
from msssm_ts.model.stem import FilterBankStem
from msssm_ts.series import LARGEST_DEVIATION


class SeriesToProbabilities(nn.Module):
    """Standardisation, network and softmax (sigmoid for several labels), in float32.

    NaN is a step that is missing or lies behind a series' end: a batch of different lengths is
    padded with it. Where the model takes no missing values, a series with NaN before its end gets
    NaN for its probabilities, never a silent guess.

    Parameters
    ----------
    classifier : FittedClassifier
        Whose network, standardisation and, as far as ``boundary`` says, preparation it does.
    boundary : Boundary
        What is done before, and what here.
    """

    center: Tensor
    rest: Tensor
    scale: Tensor

    def __init__(self, classifier: FittedClassifier, boundary: Boundary):
        super().__init__()
        inside = boundary.inside
        self.network = _exportable(classifier.network_)
        self.stride = classifier.network_.config.stem_stride
        self.multilabel, self.own = classifier.multilabel_, inside.standardize
        self.spectra = Spectra(inside, boundary.known_rate) if inside.features != "raw" else None
        # Steps of the series to a step of the network.
        self.hop = self.stride * (self.spectra.step if self.spectra else 1)
        self.gaps = classifier.missing == "mask" and self.spectra is None
        self.gaps &= boundary.outside.bandpass is None
        # Two float32 numbers hold a mean of float64: an offset far above the deviation is taken
        # away without loss.
        mean, std = classifier.standardizer_.mean, classifier.standardizer_.std
        center = mean.astype(np.float32)
        for name, values in (("center", center), ("rest", mean - center), ("scale", std)):
            column = torch.tensor(values, dtype=torch.float32).unsqueeze(1)
            self.register_buffer(name, column)

    def forward(self, x: Tensor) -> Tensor:
        """Return probabilities (b, n_classes).

        Parameters
        ----------
        x : float32 Tensor of shape (b, n_channels, l)
            Series, as ``boundary`` says; NaN behind their ends.
        """
        # Whole steps of the network, and one more behind every end: what is traced for parts of a
        # step, or for one alone, does not hold for every length.
        length = x.shape[2]
        whole = ((length + self.hop - 1) // self.hop + 1) * self.hop
        x = functional.pad(x, (0, whole - length), value=torch.nan)
        absent = x.isnan()
        seen = ~absent.all(1)
        # Up to the last step with a value.
        within = seen.flip(1).to(torch.int64).cumsum(1).flip(1) > 0
        refused = (absent & within.unsqueeze(1)).flatten(1).any(1)
        known = ~absent
        x = torch.where(known, x, 0.0)
        if self.spectra is not None:
            x = self.spectra(x)
            seen = within[:, :: self.spectra.step]
            known = seen.unsqueeze(1).expand(x.shape)
        x = torch.where(known, self._standardized(x, known), 0.0)
        if self.stride > 1:
            # A sum; torch traces pooling for one length only.
            ones = x.new_ones(1, 1, self.stride)
            seen = functional.conv1d(seen.float().unsqueeze(1), ones, stride=self.stride)[:, 0] > 0
        logits = self.network(x.transpose(1, 2), None, seen)
        proba = torch.sigmoid(logits) if self.multilabel else torch.softmax(logits, -1)
        return proba if self.gaps else torch.where(refused.unsqueeze(1), torch.nan, proba)

    def _standardized(self, x: Tensor, known: Tensor) -> Tensor:
        if self.own in ("centred", "series"):
            # Away from a value of their own first: float32 has no room for an offset.
            offset = torch.where(known, x, -torch.inf).amax(2, keepdim=True)
            x = _centred(torch.where(known, x - offset, 0.0), known)
        if self.own == "series":
            variance = x.square().sum(2, keepdim=True) / known.sum(2, keepdim=True).clamp(min=1)
            deviation = variance.sqrt()
            x = x / torch.where(deviation <= 1e-12, 1.0, deviation)
        x = (x - self.center - self.rest) / self.scale
        return x.clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION)


def _exportable(network: MSSSMNetwork) -> MSSSMNetwork:
    """Return a copy whose parts can be traced; with a stride it wants ``observed`` behind it."""
    network = copy.deepcopy(network).float().cpu().eval().requires_grad_(False)
    for block in network.blocks:
        block.cores = nn.ModuleList([ScannedCores(cast("list[MSSSM]", block.cores))])
    if isinstance(network.stem, FilterBankStem):
        network.stem = GroupedFilterBank(network.stem)
        network.config = replace(network.config, stem_stride=1)
    return network


def _centred(x: Tensor, known: Tensor) -> Tensor:
    mean = x.sum(2, keepdim=True) / known.sum(2, keepdim=True).clamp(min=1)
    return torch.where(known, x - mean, 0.0)
