"""How the GPU kernels cut time; readable without triton, for graphs that are only traced."""

from __future__ import annotations

import torch
from torch import Tensor

# Steps between two states that the forward pass stores on the GPU.
CHUNK = 16


def state_dtype(x: Tensor) -> torch.dtype:
    """Type in which the GPU computes and keeps states."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def kept_size(batch: int, length: int, d: int, n_states: int, gated: bool, keep: bool) -> int:
    """Count what the forward pass keeps for the backward pass.

    Of each series the states before its chunks, and what goes into the gate.
    """
    chunks = (length + CHUNK - 1) // CHUNK
    return batch * d * (chunks * n_states + (length if gated else 0)) if keep else 0
