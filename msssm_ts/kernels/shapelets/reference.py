"""Dilated shapelets in plain torch: the definition that the fast version must meet."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.shapelets.cpu import FLOOR, TAPS


def series_features_reference(
    x: Tensor, mix: Tensor, lags: Tensor, scaled: Tensor, shapelets: Tensor, thresholds: Tensor
) -> Tensor:
    """Fit shapelets to one series.

    Parameters
    ----------
    x : Tensor of shape (n_channels, l)
        The series.
    mix : Tensor of shape (n_groups, n_channels)
        Mixture of the channels that a group of shapelets sees.
    lags : integer Tensor of shape (n_groups,)
        Steps between the values of a group's shapelets.
    scaled : bool Tensor of shape (n_groups,)
        Whether a group compares standardised windows.
    shapelets : Tensor of shape (n_groups, TAPS, GROUP)
        Their values; of mean 0 where windows are standardised.
    thresholds : Tensor of shape (n_groups, GROUP)
        Beyond which a fit counts.

    Returns
    -------
    Tensor of shape (n_groups, 2, GROUP)
        Best fit, share of fits above the threshold.
    """
    out = []
    for weights, lag, own, s, b in zip(
        mix, lags.tolist(), scaled.tolist(), shapelets, thresholds, strict=True
    ):
        y, span = weights @ x, (TAPS - 1) * lag
        y = functional.pad(y[None], (0, max(span + 1 - len(y), 0)), mode="replicate")[0]
        windows = torch.stack([y[k * lag : len(y) - span + k * lag] for k in range(TAPS)], 1)
        if own:
            deviation = (windows.double().var(1, correction=0) + FLOOR).sqrt().to(x.dtype)
            fit = windows @ s / deviation[:, None]
        else:
            fit = windows @ s - 0.5 * windows.square().sum(1, keepdim=True)
        out.append(torch.stack([fit.amax(0), (fit > b).to(x.dtype).mean(0)]))
    return torch.stack(out)
