"""How the GPU kernels cut time; readable without triton, for graphs that are only traced."""

from __future__ import annotations

import torch
from torch import Tensor

# Steps between two states that the forward pass stores on the GPU.
CHUNK = 32


def state_dtype(x: Tensor) -> torch.dtype:
    """Type in which the GPU computes and keeps states."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def halo_steps(n_scales: int, n_taps: int) -> int:
    """Count the past steps that the coarsest band sees."""
    return ((1 << n_scales) - 1) * (n_taps - 1)


def segment_steps(n_scales: int, n_taps: int) -> int:
    """Count a segment's steps on the GPU: whole chunks, and as many as the filters reach back."""
    return CHUNK * max(1, -(-halo_steps(n_scales, n_taps) // CHUNK))
