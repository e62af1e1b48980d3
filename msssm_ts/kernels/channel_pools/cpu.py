"""Pools of channels on the CPU (numba): a vector of channels at a time, in two passes.

Per step and channel: 12 flops and no exponential; 1 float is read, nothing written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.channel_pools.reference import FEW_POOLS, LEAST_SPREAD, LEVELS, N_PARTS
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels
from msssm_ts.kernels.simd import (
    lanes_of,
    larger,
    load,
    magnitude,
    positive,
    smaller,
    splat,
    store,
)

# Steps that are summed up before they go into the whole sum, which then rounds less.
_TILE = 64
_LOW, _HIGH = LEVELS


@inlined
def _spread_about(x: Any, at: Any, d: Any, counted: Any, mask: Any, rows: Any, mean: Any) -> Any:
    """Σ (x − mean)² over the steps that count."""
    total, in_tile = mean - mean, mean - mean
    for begin in range(0, rows, _TILE):
        for t in range(begin, min(begin + _TILE, rows)):
            if counted[mask + t]:
                off = load(x, at + t * d) - mean
                in_tile = in_tile + off * off
        total, in_tile = total + in_tile, mean - mean
    return total


@kernel
def _pool(
    x: Any, counted: Any, n_steps: Any, out: Any, rows: Any, d: Any, n_pools: Any, first: Any,
    last: Any,
) -> None:
    """Fill out (b, n_pools, d) for the items first..last-1: series, vectors of channels."""
    width = lanes_of(x)
    vectors = d // width
    kind = x.dtype.type
    nothing, one = splat(kind(0)), splat(kind(1))
    low, high, endless = splat(kind(_LOW)), splat(kind(_HIGH)), splat(kind(np.inf))
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        at, to, mask, n = b * rows * d + c, b * n_pools * d + c, b * rows, n_steps[b]
        largest, least, before = nothing - endless, endless, nothing
        total, of_part, in_tile = nothing, nothing, nothing
        change, in_change, above, far_above = nothing, nothing, nothing, nothing
        seen, begin, part, pairs = 0, 0, 0, 0
        for k in range(7, n_pools):
            store(out, to + k * d, nothing)
        for t in range(rows):
            if not counted[mask + t]:
                continue
            v = load(x, at + t * d)
            if seen * N_PARTS // n > part:
                of_part = of_part + in_tile
                if n_pools > FEW_POOLS:
                    store(out, to + (7 + part) * d, of_part / splat(kind(max(seen - begin, 1))))
                total, of_part, in_tile = total + of_part, nothing, nothing
                begin, part = seen, seen * N_PARTS // n
            if seen % _TILE == 0:
                of_part, in_tile = of_part + in_tile, nothing
                change, in_change = change + in_change, nothing
            in_tile = in_tile + v
            if t > 0 and counted[mask + t - 1]:
                in_change = in_change + magnitude(v - before)
                pairs += 1
            largest, least = larger(v, largest), smaller(v, least)
            above, far_above = above + positive(v - low), far_above + positive(v - high)
            before = v
            seen += 1
        of_part = of_part + in_tile
        per_step = one / splat(kind(n))
        mean = (total + of_part) * per_step
        store(out, to, mean)
        store(out, to + d, largest)
        spread = _spread_about(x, at, d, counted, mask, rows, mean) * per_step
        store(out, to + 2 * d, spread)
        if n_pools > FEW_POOLS:
            store(out, to + (7 + part) * d, of_part / splat(kind(max(seen - begin, 1))))
            store(out, to + 3 * d, least)
            store(out, to + 4 * d, (change + in_change) / splat(kind(max(pairs, 1))))
            store(out, to + 5 * d, above * per_step)
            store(out, to + 6 * d, far_above * per_step)


def channel_pools_cpu(x: Tensor, counted: Tensor | None, n_pools: int) -> Tensor:
    """Fused version; parameters as in :func:`msssm_ts.kernels.channel_pools`. No gradient."""
    batch, rows, channels = x.shape
    d = padded_channels(channels, x.dtype)
    if counted is None:
        counted = torch.ones(batch, rows, dtype=torch.bool)
    n_steps = counted.sum(1).numpy()
    out = x.new_empty(batch, n_pools, d)
    args = (
        flat(pad_channels(x, d)), flat(counted.contiguous()), n_steps, flat(out), rows, d, n_pools,
    )
    per_series = d // padded_channels(1, x.dtype)
    parallel.run(
        lambda first, last: _pool(*args, first, last), np.full(batch * per_series, 12 * 16 * rows)
    )
    out[:, 2] = (out[:, 2] + LEAST_SPREAD).sqrt()
    return out[..., :channels].reshape(batch, -1)
