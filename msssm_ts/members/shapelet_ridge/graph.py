"""Shapelets in operations that torch exports."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from msssm_ts.kernels.shapelets import TAPS
from msssm_ts.kernels.shapelets.cpu import FLOOR
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.scan_ridge.graph import difference
from msssm_ts.members.shapelet_ridge.features import LEAST_DISTANCE, ShapeletFeatures

# Groups of shapelets that are fitted at once: more are faster, and take more memory.
_AT_ONCE = 64


class ShapeletGraph(nn.Module):
    """Shapelets and their classifier.

    Parameters
    ----------
    features : ShapeletFeatures
        Shapelets and thresholds.
    scaling : Scaling
        Of the features.
    ridge : Ridge
        Classifier.
    """

    def __init__(self, features: ShapeletFeatures, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        n_groups = features.lags.shape[1]
        parts = [slice(i, i + _AT_ONCE) for i in range(0, n_groups, _AT_ONCE)]
        self.views = nn.ModuleList(
            nn.ModuleList(_Groups(features, view, part) for part in parts)
            for view in range(len(features.lags))
        )

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        x, length = given.filled, given.length
        # A single step has a difference of 0.
        views = [(x, length), (difference(x, length), (length - 1).clamp(min=1))]
        pools = [
            groups(*view)
            for view, parts in zip(views, self.views, strict=True)
            for groups in cast("nn.ModuleList", parts)
        ]
        proba: Tensor = self.classify(torch.cat(pools, 1).flatten(1))
        return proba


class _Groups(nn.Module):
    """Some groups of shapelets of one view."""

    mix: Tensor
    lags: Tensor
    scaled: Tensor
    shapelets: Tensor
    thresholds: Tensor
    squares: Tensor

    def __init__(self, features: ShapeletFeatures, view: int, part: slice):
        super().__init__()
        squares = features.squares.reshape(features.thresholds.shape)
        for name, values in (
            ("mix", features.mix),
            ("lags", features.lags),
            ("scaled", features.scaled[..., None, None]),
            ("shapelets", features.shapelets),
            ("thresholds", features.thresholds),
            ("squares", squares),
        ):
            self.register_buffer(name, torch.tensor(values[view, part]))

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Return pools (b, n_groups, 2, GROUP) of series x (b, c, l) of lengths (b,)."""
        y = self.mix @ x
        steps, length = torch.arange(x.shape[2], device=x.device), length.unsqueeze(1)
        places = steps.unsqueeze(1) + (self.lags.unsqueeze(1) * torch.arange(TAPS)).unsqueeze(1)
        # Behind its end a series goes on with its last value.
        index = torch.minimum(places, (length - 1).unsqueeze(2).unsqueeze(3))
        windows = y.unsqueeze(3).expand(-1, -1, -1, TAPS).gather(2, index)
        exact = windows.double()
        centred = exact - exact.mean(3, keepdim=True)
        factor = 1 / (centred.square().mean(3, keepdim=True) + FLOOR).sqrt()
        half = 0.5 * windows.square().sum(3, keepdim=True)
        fit = windows @ self.shapelets * torch.where(self.scaled, factor.float(), 1.0)
        fit = fit - torch.where(self.scaled, 0.0, half)
        count = (length - (TAPS - 1) * self.lags).clamp(min=1).unsqueeze(2)
        fit = torch.where((steps < count).unsqueeze(3), fit, -1e30)
        distance = (self.squares - 2 * fit.amax(2)).clamp(min=0) + LEAST_DISTANCE
        good = (fit > self.thresholds.unsqueeze(1)).float().sum(2) / count.float()
        return torch.stack([distance.sqrt(), good.sqrt()], 2)
