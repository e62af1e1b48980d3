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
    if delta.ndim == 1:
        delta = delta.expand(batch, n_timepoints, d)
        B_t, C_t = B.expand(n_timepoints, 1, *B.shape), C.expand(n_timepoints, 1, *C.shape)
    else:
        B_t, C_t = B.transpose(0, 1).unsqueeze(2), C.transpose(0, 1).unsqueeze(2)
    h = x.new_zeros(batch, d, A.shape[1]) if initial_state is None else initial_state
    y = []
    for t in range(n_timepoints):
        dt = delta[:, t].unsqueeze(-1)
        h_next = torch.exp(dt * A) * h + dt * B_t[t] * x[:, t].unsqueeze(-1)
        y_t = (C_t[t] * h_next).sum(-1)
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
