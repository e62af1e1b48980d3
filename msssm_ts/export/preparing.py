"""What is done to series inside an exported file before anything votes on them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.export.boundary import Boundary
from msssm_ts.export.spectra import Spectra
from msssm_ts.fitted import FittedModel
from msssm_ts.preparation.settings import OWN_MEAN
from msssm_ts.series.outliers import limit_arrays
from msssm_ts.series.standardizer import LARGEST_DEVIATION, ROUNDING


class Standardized(NamedTuple):
    """A batch of prepared series.

    Parameters
    ----------
    x : float32 Tensor of shape (b, n_channels, l)
        Standardised; 0 where there is no value.
    known : bool Tensor of shape (b, n_channels, l)
        Where there is one.
    within : bool Tensor of shape (b, l)
        Steps before the series' ends.
    seen : bool Tensor of shape (b, l)
        Steps with a value in any channel.
    refused : bool Tensor of shape (b,)
        Series with a value missing before their end.
    """

    x: Tensor
    known: Tensor
    within: Tensor
    seen: Tensor
    refused: Tensor


class InsidePreparation(nn.Module):
    """The part of a model's preparation that its file does, and the standardisation.

    In float64 up to a rounding to float32 where the model rounds too, so that the voters'
    thresholds meet the same numbers.

    Parameters
    ----------
    model : FittedModel
        The model.
    boundary : Boundary
        What is done before, and what here.
    stride : int
        Steps of the series, or of its spectra, to a step of the network.
    """

    mean: Tensor
    std: Tensor
    limits: Tensor

    def __init__(self, model: FittedModel, boundary: Boundary, stride: int):
        super().__init__()
        inside = boundary.inside
        self.own = inside.standardize
        self.full_scale = inside.full_scale or 1.0
        self.spectra = Spectra(inside, boundary.known_rate) if inside.features != "raw" else None
        self.hop = stride * (self.spectra.step if self.spectra else 1)
        for name in ("mean", "std"):
            values = torch.from_numpy(getattr(model.standardizer, name))
            self.register_buffer(name, values.unsqueeze(1))
        self.limited = bool(inside.limits)
        if inside.limits:
            self.register_buffer("limits", torch.from_numpy(limit_arrays(inside.limits)).float())

    def forward(self, x: Tensor) -> Standardized:
        """Prepare series (b, n_channels, l), padded with NaN."""
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
        if self.limited:
            x = torch.minimum(torch.maximum(x, self.limits[0]), self.limits[1])
        x = torch.where(known, x, 0.0)
        if self.spectra is not None:
            x = self.spectra(x / self.full_scale)
            within = seen = within[:, :: self.spectra.step]
            known = seen.unsqueeze(1).expand(x.shape)
        standardized = torch.where(known, self._standardized(x, known), 0.0)
        return Standardized(standardized, known, within, seen, refused)

    def _standardized(self, x: Tensor, known: Tensor) -> Tensor:
        if self.own in OWN_MEAN:
            wide = x.double()
            mean = _mean(wide, known)
            x = wide - mean
            deviation = _mean(x.square(), known).sqrt()
            constant = deviation <= ROUNDING * mean.abs()
            x = torch.where(constant, 0.0, x) + (1 - OWN_MEAN[self.own]) * mean
            if self.own == "series":
                x = x / torch.where(constant, 1.0, deviation)
            x = x.float()
        x = (x.double() - self.mean) / self.std
        return x.clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION).float()


def _mean(x: Tensor, known: Tensor) -> Tensor:
    total = torch.where(known, x, 0.0).sum(2, keepdim=True)
    return total / known.sum(2, keepdim=True).clamp(min=1)


def filled(x: Tensor, known: Tensor, within: Tensor) -> Tensor:
    """Interpolate missing values linearly, level at the ends; an empty channel is 0.

    Parameters
    ----------
    x : Tensor of shape (b, c, l)
        Series, 0 where there is no value.
    known : bool Tensor of shape (b, c, l)
        Where there is one.
    within : bool Tensor of shape (b, l)
        Steps before the series' ends; 0 behind.

    Examples
    --------
    >>> x = torch.tensor([[[0.0, 2.0, 0.0, 4.0, 0.0]]])
    >>> filled(x, x > 0, torch.ones(1, 5, dtype=torch.bool))
    tensor([[[2., 2., 3., 4., 4.]]])
    """
    length = x.shape[2]
    steps = torch.arange(length, device=x.device).expand(x.shape)
    # Known steps first, in order; how many of them lie up to a step finds its neighbours.
    ordered = torch.where(known, steps, length).sort(-1).values
    count, total = known.to(torch.int64).cumsum(-1), known.sum(-1, keepdim=True)
    last = (total - 1).clamp(min=0)
    before = ordered.gather(2, (count - 1).clamp(min=0)).clamp(max=length - 1)
    behind = ordered.gather(2, torch.minimum(count, last)).clamp(max=length - 1)
    left, right = x.gather(2, before).double(), x.gather(2, behind).double()
    slope = (right - left) / (behind - before).clamp(min=1)
    # Before the first known step both neighbours are that step.
    between = left + slope * (steps - before)
    return torch.where(known, x, between.float()) * within.unsqueeze(1)
