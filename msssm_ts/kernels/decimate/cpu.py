"""Decimation on the CPU (numba): a step's channels at a time, its neighbours from the cache.

Per step kept and channel:
    flops  forward 10, backward 10
    bytes  forward 3 floats, backward 3
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.decimate.reference import FACTOR, N_TAPS, REACH
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels
from msssm_ts.kernels.simd import lanes_of, load, splat, spread, store

# Steps kept of a work item: a function of the shape alone.
_ITEM = 512


@kernel
def _forward(
    x: Any, taps: Any, per_series: Any, y: Any, rows: Any, kept: Any, d: Any, items: Any,
    first: Any, last: Any,
) -> None:
    """Fill y (b, kept, d) for the items first..last-1: series, steps."""
    width = lanes_of(x)
    for item in range(first, last):
        b, begin = item // items, item % items * _ITEM
        for i in range(begin, min(begin + _ITEM, kept)):
            # Step t of the series meets tap t - start.
            start = FACTOR * i - REACH
            source, weights = (b * rows + start) * d, b * per_series + i * N_TAPS
            low, high = max(0, -start), min(N_TAPS, rows - start)
            for c in range(0, d, width):
                total = splat(x.dtype.type(0))
                for k in range(low, high):
                    total = total + spread(taps, weights + k) * load(x, source + k * d + c)
                store(y, (b * kept + i) * d + c, total)


@kernel
def _backward(
    grad: Any, taps: Any, per_series: Any, out: Any, rows: Any, kept: Any, d: Any, items: Any,
    first: Any, last: Any,
) -> None:
    """Fill out (b, rows, d) for the items first..last-1."""
    width = lanes_of(grad)
    for item in range(first, last):
        b, begin = item // items, item % items * _ITEM * FACTOR
        for t in range(begin, min(begin + _ITEM * FACTOR, rows)):
            # The steps i that have t among their neighbours.
            low = max(0, (t + REACH - N_TAPS + FACTOR) // FACTOR)
            high = min(kept, (t + REACH) // FACTOR + 1)
            weights = b * per_series + t + REACH
            for c in range(0, d, width):
                total = splat(grad.dtype.type(0))
                for i in range(low, high):
                    weight = spread(taps, weights + i * (N_TAPS - FACTOR))
                    total = total + weight * load(grad, (b * kept + i) * d + c)
                store(out, (b * rows + t) * d + c, total)


def decimate_cpu(x: Tensor, taps: Tensor) -> Tensor:
    """Fused forward; parameters as in :func:`msssm_ts.kernels.decimate`."""
    y = x.new_empty(len(x), taps.shape[1], padded_channels(x.shape[2], x.dtype))
    return _run(_forward, x, taps, y, x.shape[1])


def decimate_backward_cpu(grad: Tensor, taps: Tensor, n_timepoints: int) -> Tensor:
    """Gradient of x."""
    width = padded_channels(grad.shape[2], grad.dtype)
    out = grad.new_empty(len(grad), n_timepoints, width)
    return _run(_backward, grad, taps, out, n_timepoints)


def _run(function: Any, given: Tensor, taps: Tensor, out: Tensor, rows: int) -> Tensor:
    """Fill out from given, and return its first channels, as many as given's."""
    batch, _, d = out.shape
    kept = taps.shape[1]
    items = -(-kept // _ITEM)
    per_series = 0 if len(taps) == 1 else kept * N_TAPS
    args = (
        flat(pad_channels(given, d)), flat(taps.contiguous()), per_series, flat(out), rows, kept,
        d, items,
    )
    costs = np.full(batch * items, min(_ITEM, kept) * d)
    parallel.run(lambda first, last: function(*args, first, last), costs)
    return out[..., : given.shape[2]].contiguous()
