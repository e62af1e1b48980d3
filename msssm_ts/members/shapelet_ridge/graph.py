"""Shapelets in operations that torch exports."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from msssm_ts.kernels.shapelets import TAPS
from msssm_ts.kernels.shapelets.cpu import FLOOR
from msssm_ts.members.graph import ClosedForm, GraphInput
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.scan_ridge.graph import difference
from msssm_ts.members.shapelet_ridge.features import LEAST_DISTANCE, ShapeletFeatures


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

    order: Tensor

    def __init__(self, features: ShapeletFeatures, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.classify = ClosedForm(scaling, ridge)
        groups, self.views, order = [], [], []
        squares = features.squares.reshape(*features.thresholds.shape)
        for v, lags in enumerate(features.lags):
            for lag in np.unique(lags):
                for scaled in (False, True):
                    chosen = np.flatnonzero((lags == lag) & (features.scaled[v] == scaled))
                    if len(chosen):
                        groups.append(_Groups(features, squares, v, chosen))
                        self.views.append(v)
                        order.append(v * len(lags) + chosen)
        self.groups = nn.ModuleList(groups)
        # The model's order of the groups, whose shapelets come here by how far they reach.
        self.register_buffer("order", torch.from_numpy(np.argsort(np.concatenate(order))))

    def forward(self, given: GraphInput) -> Tensor:
        """Return probabilities (b, n_outputs)."""
        x, length = given.filled, given.length
        # A single step has a difference of 0.
        views = [(x, length), (difference(x, length), (length - 1).clamp(min=1))]
        pools = [
            group(*views[v]) for group, v in zip(self.groups, self.views, strict=True)
        ]  # of each (b, n_groups, 2, GROUP)
        proba: Tensor = self.classify(torch.cat(pools, 1)[:, self.order].flatten(1))
        return proba


class _Groups(nn.Module):
    """Shapelets of one view and lag that are all standardised, or all not."""

    mix: Tensor
    shapelets: Tensor
    thresholds: Tensor
    squares: Tensor

    def __init__(
        self,
        features: ShapeletFeatures,
        squares: np.ndarray,
        view: int,
        chosen: np.ndarray,
    ):
        super().__init__()
        self.lag = int(features.lags[view, chosen[0]])
        self.scaled = bool(features.scaled[view, chosen[0]])
        for name, values in (
            ("mix", features.mix),
            ("shapelets", features.shapelets),
            ("thresholds", features.thresholds),
            ("squares", squares),
        ):
            self.register_buffer(name, torch.tensor(values[view, chosen]))

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Return pools (b, n_groups, 2, GROUP) of series x (b, c, l) of lengths (b,)."""
        y = self.mix @ x
        steps, last = torch.arange(x.shape[2], device=x.device), length.unsqueeze(1) - 1
        # Behind its end a series goes on with its last value.
        index = [torch.minimum(steps + k * self.lag, last) for k in range(TAPS)]
        windows = torch.stack([y.gather(2, i.unsqueeze(1).expand_as(y)) for i in index], 3)
        fit = windows @ self.shapelets  # (b, n_groups, l, GROUP)
        if self.scaled:
            exact = windows.double()
            centred = exact - exact.mean(3, keepdim=True)
            variance = centred.square().mean(3, keepdim=True)
            fit = fit * (1 / (variance + FLOOR).sqrt()).float()
        else:
            fit = fit - 0.5 * windows.square().sum(3, keepdim=True)
        count = (length - (TAPS - 1) * self.lag).clamp(min=1)
        within = (steps < count.unsqueeze(1)).unsqueeze(1).unsqueeze(3)
        fit = torch.where(within, fit, -1e30)
        best = fit.amax(2)
        distance = (self.squares - 2 * best).clamp(min=0) + LEAST_DISTANCE
        count = count.float().view(-1, 1, 1)
        good = (fit > self.thresholds.unsqueeze(1)).float().sum(2) / count
        return torch.stack([distance.sqrt(), good.sqrt()], 2)
