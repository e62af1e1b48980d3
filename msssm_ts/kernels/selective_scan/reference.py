"""Diagonal state-space scans in plain torch: the definition that the fast versions must meet."""

from __future__ import annotations

import torch
from torch import Tensor


def selective_scan_reference(
    x: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    initial_state: Tensor | None = None,
    lengths: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """One step after the other; parameters as in :func:`msssm_ts.kernels.selective_scan`.

    With ``delta`` (d,) and ``B``, ``C`` (d, n) the system is time-invariant (LTI).
    """
    batch, n_timepoints, d = x.shape
    invariant = delta.ndim == 1
    if invariant:
        C = C * (delta.unsqueeze(-1) * B)
        delta = delta.expand(batch, n_timepoints, d)
    h = x.new_zeros(batch, d, A.shape[1]) if initial_state is None else initial_state
    y = []
    for t in range(n_timepoints):
        dt = delta[:, t].unsqueeze(-1)
        new, C_t = x[:, t].unsqueeze(-1), C
        if not invariant:
            new, C_t = dt * B[:, t].unsqueeze(1) * new, C[:, t].unsqueeze(1)
        h_next = torch.exp(dt * A) * h + new
        y_t = (C_t * h_next).sum(-1)
        if lengths is not None:
            valid = (t < lengths)[:, None]
            h_next = torch.where(valid[..., None], h_next, h)
            y_t = torch.where(valid, y_t, 0.0)
        h = h_next
        y.append(y_t)
    out = torch.stack(y, 1) if y else x.new_zeros(x.shape)
    if D is not None:
        skip = D * x
        if lengths is not None:
            steps = torch.arange(n_timepoints, device=x.device)
            skip = torch.where((steps < lengths[:, None])[..., None], skip, 0.0)
        out = out + skip
    return out, h
