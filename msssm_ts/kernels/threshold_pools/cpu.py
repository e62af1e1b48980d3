"""Pools of thresholded streams on the CPU (numba): a vector of channels at a time.

Per step, channel and threshold: 9 flops and no exponential; 1 float is read, nothing written.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, valid_lengths
from msssm_ts.kernels.simd import lanes_of, load, rectified, smaller, splat, store
from msssm_ts.kernels.threshold_pools.reference import N_POOLS, RAMP

# Steps that are summed up before they go into the whole sum, which then rounds less.
_TILE = 64


@kernel
def _pool(
    y: Any, thresholds: Any, scale: Any, lengths: Any, ramp: Any, out: Any, rows: Any, d: Any,
    streams: Any, n: Any, first: Any, last: Any,
) -> None:
    """Fill out (b, M, n, 2, d) for the items first..last-1: series, vectors, streams."""
    width = lanes_of(y)
    vectors, batch = d // width, lengths.size
    kind = y.dtype.type
    nothing, one, half = splat(kind(0)), splat(kind(1)), splat(kind(0.5))
    steep = one / splat(kind(ramp))
    for item in range(first, last):
        b, c = item // (vectors * streams), item // streams % vectors * width
        s = item % streams
        here = (s * batch + b) * rows * d + c
        factor = one / load(scale, s * d + c)
        per_step = one / splat(kind(lengths[b]))
        for q in range(n):
            threshold = load(thresholds, (s * n + q) * d + c)
            above, excess = nothing, nothing
            for begin in range(0, lengths[b], _TILE):
                in_tile, beyond = nothing, nothing
                for t in range(begin, min(begin + _TILE, lengths[b])):
                    e = (load(y, here + t * d) - threshold) * factor
                    in_tile = in_tile + smaller(rectified(e * steep + half), one)
                    beyond = beyond + rectified(e)
                above, excess = above + in_tile, excess + beyond
            to = ((b * streams + s) * n + q) * 2 * d + c
            store(out, to, above * per_step)
            store(out, to + d, excess * per_step)


def threshold_pools_cpu(y: Tensor, thresholds: Tensor, scale: Tensor, lengths: Tensor) -> Tensor:
    """Fused version; parameters as in :func:`msssm_ts.kernels.threshold_pools`."""
    streams, batch, rows, channels = y.shape
    d, n = padded_channels(channels, y.dtype), thresholds.shape[2]
    missing = d - channels
    # Where channels are only there to fill a vector, nothing may be divided by 0.
    deviation = torch.nn.functional.pad(scale, (0, missing), value=1.0).contiguous()
    out = y.new_empty(batch, streams, n, N_POOLS, d)
    steps = valid_lengths(lengths, batch, rows)
    args = (
        flat(pad_channels(y, d)), flat(pad_channels(thresholds.mT, d)), flat(deviation), steps,
        RAMP, flat(out), rows, d, streams, n,
    )
    per_vector = streams * (d // padded_channels(1, y.dtype))
    parallel.run(lambda first, last: _pool(*args, first, last), (steps * 9 * n).repeat(per_vector))
    return out[..., :channels]
