"""Linear layers on the CPU (numba): tiles of sums in registers, rows in blocks for the cache.

A general library's matrix product is made for large matrices, and may not use what the machine
has: on AMD processors the one that torch brings leaves half of AVX-512 unused. Here, all of the
weights stay in the first-level cache. A row's result does not depend on the rows beside it.

Per row, N outputs of K inputs:
    flops  forward 2N·K, backward 4N·K
    bytes  forward K + N floats, backward 2K + N
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, scratch
from msssm_ts.kernels.linear.tile import tile
from msssm_ts.kernels.simd import lanes_of, load, splat, store

# Rows of a tile: with two vectors of columns, 16 sums hide the latency of multiply-adds.
ROWS = 8
# Rows that are done at once: theirs and the weights' 64 columns fit into the first-level cache.
BLOCK = 64
# Inputs of a wide product that are summed up before they go into the whole sum, which then rounds
# less.
CHUNK = 512
# Work items of a batch: a function of the shape alone, so that results do not depend on threads.
ITEM = 10 * BLOCK

_add_8x2, _add_8x1 = tile(ROWS, 2), tile(ROWS, 1)
_add_1x2, _add_1x1 = tile(1, 2), tile(1, 1)


@inlined
def _add_product(
    p: Any, p_at: Any, p_row: Any, p_k: Any, q: Any, q_at: Any, q_k: Any, out: Any, out_at: Any,
    out_row: Any, rows: Any, vectors: Any, count: Any,
) -> None:
    """Add the product of p (rows, count) and q (count, vectors) to out; see :func:`tile`."""
    width = lanes_of(out)
    whole = rows // ROWS * ROWS
    for v in range(0, vectors - 1, 2):
        q_v, out_v = q_at + v * width, out_at + v * width
        for r in range(0, whole, ROWS):
            _add_8x2(
                p, p_at + r * p_row, p_row, p_k, q, q_v, q_k, out, out_v + r * out_row, out_row,
                count,
            )
        for r in range(whole, rows):
            _add_1x2(
                p, p_at + r * p_row, p_row, p_k, q, q_v, q_k, out, out_v + r * out_row, out_row,
                count,
            )
    if vectors % 2:
        q_v, out_v = q_at + (vectors - 1) * width, out_at + (vectors - 1) * width
        for r in range(0, whole, ROWS):
            _add_8x1(
                p, p_at + r * p_row, p_row, p_k, q, q_v, q_k, out, out_v + r * out_row, out_row,
                count,
            )
        for r in range(whole, rows):
            _add_1x1(
                p, p_at + r * p_row, p_row, p_k, q, q_v, q_k, out, out_v + r * out_row, out_row,
                count,
            )


@kernel
def _product(
    x: Any, x_row: Any, weight: Any, bias: Any, y: Any, rows: Any, n_in: Any, n_out: Any,
    first: Any, last: Any,
) -> None:
    """Find y = x · weight (n_in, n_out) + bias of the items' rows; n_out in whole vectors."""
    width = lanes_of(x)
    zero = splat(x.dtype.type(0))
    for begin in range(first * ITEM, min(last * ITEM, rows), BLOCK):
        count = min(BLOCK, rows - begin)
        for i in range(begin, begin + count):
            for c in range(0, n_out, width):
                if bias is not None:
                    store(y, i * n_out + c, load(bias, c))
                else:
                    store(y, i * n_out + c, zero)
        _add_product(
            x, begin * x_row, x_row, 1, weight, 0, n_out, y, begin * n_out, n_out, count,
            n_out // width, n_in,
        )


@kernel
def _wide_product(
    x: Any, weight: Any, y: Any, rows: Any, n_in: Any, n_out: Any, first: Any, last: Any
) -> None:
    """Find y = x · weight (n_in, n_out) of the blocks of rows first..last-1; n_out as above."""
    width = lanes_of(x)
    part = scratch(y, BLOCK * n_out)
    for begin in range(first * BLOCK, min(last * BLOCK, rows), BLOCK):
        count, at = min(BLOCK, rows - begin), begin * n_out
        y[at : at + count * n_out] = 0
        for k in range(0, n_in, CHUNK):
            part[:] = 0
            _add_product(
                x, begin * n_in + k, n_in, 1, weight, k * n_out, n_out, part, 0, n_out, count,
                n_out // width, min(CHUNK, n_in - k),
            )
            for i in range(0, count * n_out, width):
                store(y, at + i, load(y, at + i) + load(part, i))


@kernel
def _weight_gradient(
    grad: Any, grad_row: Any, x: Any, x_row: Any, out: Any, rows: Any, n_in: Any, n_out: Any,
    first: Any, last: Any,
) -> None:
    """Find out (items, n_out, n_in) = grad (rows, n_out)ᵀ · x (rows, n_in), by item."""
    size = n_out * n_in
    for item in range(first, last):
        out[item * size : (item + 1) * size] = 0
        for begin in range(item * ITEM, min((item + 1) * ITEM, rows), BLOCK):
            _add_product(
                grad, begin * grad_row, 1, grad_row, x, begin * x_row, x_row, out, item * size,
                n_in, n_out, n_in // lanes_of(x), min(BLOCK, rows - begin),
            )


def _rows(x: Tensor) -> tuple[Any, int]:
    """Return x (rows, n) as a flat array, and how far its rows lie apart."""
    return flat(x.contiguous()), x.shape[1]


def _costs(rows: int, n_in: int, n_out: int) -> Any:
    # Counted like states' updates, of four flops and more each.
    return np.full(-(-rows // ITEM), max(1, ITEM * n_in * n_out // 16))


def product_cpu(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x (rows, K) · weight (K, N) + bias (N), contiguous."""
    rows, (n_in, channels) = len(x), weight.shape
    n_out = padded_channels(channels, x.dtype)
    y = x.new_empty(rows, n_out)
    offset = None if bias is None else flat(pad_channels(bias, n_out))
    args = (*_rows(x), flat(pad_channels(weight, n_out)), offset, flat(y), rows, n_in, n_out)

    def work(first: int, last: int) -> None:
        _product(*args, first, last)

    parallel.run(work, _costs(rows, n_in, n_out))
    return y[:, :channels].contiguous()


def wide_product_cpu(x: Tensor, weight: Tensor) -> Tensor:
    """Return x (rows, K) · weight (K, N), of more inputs than sums should have in one go."""
    rows, (n_in, channels) = len(x), weight.shape
    n_out = padded_channels(channels, x.dtype)
    y = x.new_empty(rows, n_out)
    args = flat(x.contiguous()), flat(pad_channels(weight, n_out)), flat(y), rows, n_in, n_out
    parallel.run(
        lambda first, last: _wide_product(*args, first, last),
        np.full(-(-rows // BLOCK), BLOCK * n_in * n_out // 16),
    )
    return y[:, :channels].contiguous()


def weight_gradient_cpu(grad: Tensor, x: Tensor) -> Tensor:
    """Return grad (rows, N)ᵀ · x (rows, K)."""
    rows, n_out = grad.shape
    channels = x.shape[1]
    n_in = padded_channels(channels, x.dtype)
    costs = _costs(rows, n_in, n_out)
    out = x.new_empty(len(costs), n_out, n_in)
    args = (*_rows(grad), *_rows(pad_channels(x, n_in)), flat(out), rows, n_in, n_out)

    def work(first: int, last: int) -> None:
        _weight_gradient(*args, first, last)

    parallel.run(work, costs)
    return out.sum(0)[:, :channels].contiguous()
