"""Argument checks shared by the operations."""

from __future__ import annotations

import torch
from torch import Tensor

FLOAT_TYPES = (torch.float32, torch.float64)
HALF_TYPES = (torch.bfloat16, torch.float16)


def check_shape(name: str, tensor: Tensor, shape: tuple[int, ...], symbols: str) -> None:
    """Raise ValueError unless tensor has the shape."""
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} must have shape {symbols} = {shape}, not {tuple(tensor.shape)}")


def check_lengths(lengths: Tensor | None, batch: int, n_timepoints: int) -> None:
    """Raise unless lengths is None or an integer tensor (b,) of values in 0..n_timepoints."""
    if lengths is None:
        return
    check_shape("lengths", lengths, (batch,), "(b,)")
    if lengths.dtype not in (torch.int32, torch.int64):
        raise TypeError(f"lengths must be an integer tensor, not {lengths.dtype}")
    # Values cannot be looked at while a graph is traced.
    if torch.compiler.is_compiling() or not batch:
        return
    low, high = int(lengths.min()), int(lengths.max())
    if low < 0 or high > n_timepoints:
        raise ValueError(f"lengths must lie in 0..{n_timepoints}, not {low}..{high}")


def check_float(name: str, tensor: Tensor, half: bool = False) -> None:
    """Raise TypeError unless tensor is float32 or float64, or ``half`` and of half precision."""
    if tensor.dtype not in FLOAT_TYPES and not (half and tensor.dtype in HALF_TYPES):
        allowed = "float32, float64, bfloat16 or float16" if half else "float32 or float64"
        raise TypeError(f"{name} must be {allowed}, not {tensor.dtype}")
