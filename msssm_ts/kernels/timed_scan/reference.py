"""Scans over uneven steps in plain torch: the definition that the fast version must meet."""

from __future__ import annotations

import torch
from torch import Tensor


def timed_scan_reference(
    x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None = None
) -> Tensor:
    """One step after the other; parameters as in :func:`msssm_ts.kernels.timed_scan`."""
    h = torch.zeros_like(log).expand(len(x), *log.shape)
    y = []
    for t in range(x.shape[1]):
        h = torch.exp(gaps[:, t, None, None] * log) * h + x[:, t].unsqueeze(-1)
        y.append((C * h).sum(-1).real)
    out = torch.stack(y, 1) if y else x.new_zeros(x.shape)
    if lengths is not None:
        valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        out = torch.where(valid.unsqueeze(-1), out, 0.0)
    return out
