"""Multi-scale decomposition in plain torch: the definition that the fast versions must meet."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def causal_filter(x: Tensor, taps: Tensor, dilation: int) -> Tensor:
    """Depthwise causal filter: y[t] = Σₖ taps[k] · x[t − dilation · k].

    Parameters
    ----------
    x : Tensor of shape (b, l, d)
        Series; zero before their first step.
    taps : Tensor of shape (d, K)
        One filter per channel.
    dilation : int
        Steps between taps.

    Returns
    -------
    Tensor of shape (b, l, d)
    """
    d, n_taps = taps.shape
    padded = functional.pad(x.transpose(1, 2), ((n_taps - 1) * dilation, 0))
    # conv1d correlates, so its last tap meets the newest sample
    filtered = functional.conv1d(padded, taps.flip(1).unsqueeze(1), dilation=dilation, groups=d)
    return filtered.transpose(1, 2)


def decompose_reference(
    x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None = None, n_history: int = 0
) -> Tensor:
    """Causal à-trous decomposition, level by level (Karami et al. 2025, eq. 2-3).

    Parameters and return value as in :func:`msssm_ts.kernels.decompose`, save that the first
    ``n_history`` steps of ``x`` are the history.
    """
    bands = []
    approximation = x
    for s in range(phi.shape[0]):
        bands.append(causal_filter(approximation, psi[s], 2**s))
        approximation = causal_filter(approximation, phi[s], 2**s)
    bands.append(approximation)
    stacked = torch.stack(bands)[:, :, n_history:]
    if lengths is None:
        return stacked
    steps = torch.arange(stacked.shape[2], device=x.device)
    valid = steps < lengths[:, None]
    return torch.where(valid[None, :, :, None], stacked, 0.0)
