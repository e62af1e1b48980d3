"""Random multi-scale features in plain torch: the definition that the fast version must meet.

Symbols: b batch, l length, S scales, T taps, q thresholds, r rivals, g groups. A group is a
mixture of the channels; the r filters of a group compete with each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def bands_reference(x: Tensor, filters: Tensor) -> Tensor:
    """Detail bands dˢ = ψˢ ∗ aˢ⁻¹ of one series, with aˢ = [1 2 1]/4 ∗ aˢ⁻¹, all à trous.

    Parameters
    ----------
    x : Tensor of shape (l, g)
        a⁰.
    filters : Tensor of shape (S, 9, r, g)
        ψ, centred; outside the series is 0.

    Returns
    -------
    Tensor of shape (S, l, r, g)
    """
    l, _ = x.shape
    steps = torch.arange(l, device=x.device)
    out = []
    for s, psi in enumerate(filters):
        dilation, taps = 1 << s, psi.shape[0]
        if s:
            lag = dilation // 2
            before, behind = x[(steps - lag).clamp(min=0)], x[(steps + lag).clamp(max=l - 1)]
            x = 0.25 * (before + behind) + 0.5 * x
        reach = taps // 2 * dilation
        padded = functional.pad(x, (0, 0, reach, reach))
        p = [padded[k * dilation : k * dilation + l, None] * psi[k] for k in range(taps)]
        out.append(sum_of_taps(p))
    return torch.stack(out)


def sum_of_taps(p: Sequence[Tensor]) -> Tensor:
    """Add the nine products of a filter in the order that belongs to the definition.

    With filters of powers of two, whose products are exact, every implementation then gives the
    same bits.
    """
    return ((p[0] + p[1] + p[2]) + (p[3] + p[4] + p[5])) + (p[6] + p[7] + p[8])


def mixed_reference(x: Tensor, mix: Tensor) -> Tensor:
    """Mix the channels of a series (l, n_channels) into groups (l, g), one after the other."""
    out = x.new_zeros(len(x), mix.shape[1])
    for channel, weights in zip(x.T, mix, strict=True):
        out = out + channel[:, None] * weights
    return out


def series_features_reference(
    x: Tensor, filters: Tensor, thresholds: Tensor, span: float
) -> Tensor:
    """Pool the bands of one series; see :func:`msssm_ts.kernels.scale_features.scale_features`.

    Returns
    -------
    Tensor of shape (S, 5·q + 2, r, g)
    """
    l, _ = x.shape
    decay = float(torch.exp(torch.tensor(-1.0 / (span * l), dtype=torch.float64)))
    steps = torch.arange(l, dtype=x.dtype, device=x.device)
    # h_t = decay · h_{t−1} + (1 − decay) · u_t, written out as a sum over the past.
    lag = steps[:, None] - steps
    response = torch.where(lag >= 0, (1 - decay) * decay ** lag.clamp(min=0), 0.0)
    total = 1 - decay**l
    out = []
    for d, b in zip(bands_reference(x, filters), thresholds, strict=True):
        excess = d.unsqueeze(1) - b  # (l, q, r, g)
        u = (excess > 0).to(x.dtype)
        h = torch.einsum("ts,sqrg->tqrg", response, u)
        first = torch.einsum("s,sqrg->qrg", response[-1].flip(0), u)
        mean_excess = excess.clamp(min=0).sum(0) / u.sum(0).clamp(min=1)
        best, worst = d.amax(1, keepdim=True), d.amin(1, keepdim=True)
        won = torch.where(d == best, d, 0.0).mean(0)
        lost = torch.where(d == worst, -d, 0.0).mean(0)
        pooled = [u.mean(0), mean_excess, h.amax(0), h[-1] / total, first / total]
        out.append(torch.cat([*pooled, won[None], lost[None]]))
    return torch.stack(out)
