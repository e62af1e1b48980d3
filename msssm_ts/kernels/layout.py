"""From torch tensors to what the CPU kernels take: flat arrays, channels in whole vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.jit import subroutine
from msssm_ts.kernels.vector import LANES

_NUMPY = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}

# Cap on the work items made from one batch when it is small, so that a batch of one
# still fills several cores. A function of the shape alone: results do not depend on the threads.
_WANTED_ITEMS = 8


def lanes(dtype: torch.dtype) -> int:
    """Channels per vector for a float type."""
    return LANES[_NUMPY[dtype]]


def padded_channels(n_channels: int, dtype: torch.dtype) -> int:
    """Round n_channels up to whole vectors."""
    width = lanes(dtype)
    return -(-n_channels // width) * width


def pad_channels(tensor: Tensor, n_channels: int) -> Tensor:
    """Return tensor (..., d) contiguous with its last axis padded by zeros to n_channels."""
    missing = n_channels - tensor.shape[-1]
    return functional.pad(tensor, (0, missing)) if missing else tensor.contiguous()


def flat(tensor: Tensor) -> NDArray[Any]:
    """Return a contiguous tensor's memory as a flat array (no copy)."""
    array: NDArray[Any] = tensor.detach().reshape(-1).numpy()
    return array


def rows_of(tensor: Tensor, n_channels: int) -> tuple[NDArray[Any], int]:
    """Return the rows of (b, l, d) as a flat array, and how far apart there they begin.

    Some of another tensor's channels, in whole vectors, are read where they lie; else as
    :func:`pad_channels` has them.

    Examples
    --------
    >>> halves = torch.zeros(2, 3, 32).chunk(2, -1)
    >>> [(len(rows), stride) for rows, stride in (rows_of(half, 16) for half in halves)]
    [(176, 32), (176, 32)]
    """
    batch, length, d = tensor.shape
    stride = tensor.stride(1)
    evenly = tensor.stride(2) == 1 and tensor.stride(0) == length * stride
    if not evenly or d < n_channels:
        return flat(pad_channels(tensor, n_channels)), n_channels
    size = (batch * length - 1) * stride + d
    return flat(tensor.detach().as_strided((size,), (1,))), stride


def apart(rows: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return the memory of rows that each lie in one piece as a flat array, and how far apart.

    Examples
    --------
    >>> [(len(flat), step) for flat, step in map(apart, np.split(np.zeros((3, 2, 4)), 2, 1))]
    [(20, 8), (20, 8)]
    """
    step, size = rows.strides[0] // rows.itemsize, rows[0].size
    return as_strided(rows, ((len(rows) - 1) * step + size,), (rows.itemsize,)), step


def valid_lengths(lengths: Tensor | None, batch: int, n_timepoints: int) -> NDArray[np.int64]:
    """Return lengths (b,) as an array, n_timepoints for each where none are given."""
    if lengths is None:
        return np.full(batch, n_timepoints, dtype=np.int64)
    array: NDArray[np.int64] = lengths.detach().to(torch.int64).contiguous().numpy()
    return array


def channel_groups(batch: int, n_channels: int, dtype: torch.dtype) -> int:
    """Parts into which the channels of one series are cut for parallel work."""
    vectors = n_channels // lanes(dtype)
    return max(1, min(vectors, _WANTED_ITEMS // max(batch, 1)))


def sum_groups(partial: Tensor) -> Tensor:
    """Sum over the first axis; no copy where there is only one group."""
    return partial.sum(0) if partial.shape[0] > 1 else partial[0]


@subroutine
def scratch(like: Any, size: int) -> Any:
    """Uninitialised flat array of like's type that starts on a cache line."""
    memory = np.empty(size + 64 // like.itemsize, like.dtype)
    start = (-memory.ctypes.data % 64) // like.itemsize
    return memory[start : start + size]
