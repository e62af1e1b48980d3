"""The coupled scan in plain torch: the definition that the fast version must meet."""

from __future__ import annotations

import torch
from torch import Tensor


def coupled_scan_reference(
    x: Tensor,
    delta: Tensor,
    A: Tensor,
    G: Tensor,
    B: Tensor,
    C: Tensor,
    initial_state: Tensor | None = None,
    lengths: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step and one variate after the other; see :func:`msssm_ts.kernels.coupled_scan`."""
    batch, n_timepoints, variates, d = x.shape
    zero = x.new_zeros(batch, d, A.shape[-1])
    if initial_state is None:
        initial_state = x.new_zeros(batch, variates, 2, d, A.shape[-1])
    decay = torch.exp(delta.unsqueeze(-1) * A)
    drive = B.unsqueeze(-2) * x[:, :, :, None, :, None]
    along, across = initial_state.unbind(2)
    y = []
    for t in range(n_timepoints):
        target = G[0] * across + drive[:, t, :, 0]
        next_along = target + decay[:, t, :, 0] * (along - target)
        column: list[Tensor] = []
        for v in range(variates):
            # Of the variate before: its state over time drives, its state over variates decays.
            pushed, state = (G[1] * next_along[:, v - 1], column[-1]) if v else (zero, zero)
            target = pushed + drive[:, t, v, 1]
            column.append(target + decay[:, t, v, 1] * (state - target))
        next_across = torch.stack(column, 1)
        out = (C[:, t, :, 0].unsqueeze(2) * next_along).sum(-1)
        out = out + (C[:, t, :, 1].unsqueeze(2) * next_across).sum(-1)
        if lengths is not None:
            valid = (t < lengths)[:, None, None]
            out = torch.where(valid, out, 0.0)
            next_along = torch.where(valid[..., None], next_along, along)
            next_across = torch.where(valid[..., None], next_across, across)
        along, across = next_along, next_across
        y.append(out)
    out = torch.stack(y, 1) if y else x.new_zeros(x.shape)
    return out, torch.stack([along, across], 2)
