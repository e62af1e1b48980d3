"""The products of all rows of a wide matrix with each other (numba)."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import flat, lanes, scratch
from msssm_ts.kernels.linear.cpu import ROWS
from msssm_ts.kernels.linear.tile import tile
from msssm_ts.kernels.simd import item, lanes_of, load, store

# Columns that are summed up before they go into the whole sum, which then rounds less; those of a
# panel of rows fit into the first-level cache.
CHUNK = 256

_add_8x2, _add_1x2 = tile(ROWS, 2), tile(1, 2)


@inlined
def _pack(z: Any, first: Any, rows: Any, k: Any, n_in: Any, count: Any, panel: Any) -> None:
    """Fill panel (count, two vectors) with columns k … of rows first …, 0 behind the last row."""
    width = 2 * lanes_of(z)
    for j in range(width):
        at = (first + j) * n_in + k
        for i in range(count):
            panel[i * width + j] = item(z, at + i) if j < rows else 0


@kernel
def _products(z: Any, y: Any, n: Any, n_in: Any, first: Any, last: Any) -> None:
    """Find the panels first..last-1 of y: two vectors of columns each, from the diagonal down."""
    vector = lanes_of(z)
    width = 2 * vector
    n_out = (n + width - 1) // width * width
    panel, part = scratch(z, CHUNK * width), scratch(z, ROWS * width)
    for p in range(first, last):
        c = p * width
        for r in range(n):
            y[r * n_out + c : r * n_out + c + width] = 0
        for k in range(0, n_in, CHUNK):
            count = min(CHUNK, n_in - k)
            _pack(z, c, min(width, n - c), k, n_in, count, panel)
            for begin in range(c, n, ROWS):
                rows = min(ROWS, n - begin)
                part[:] = 0
                if rows == ROWS:
                    _add_8x2(
                        z, begin * n_in + k, n_in, 1, panel, 0, width, part, 0, width, count
                    )
                else:
                    for r in range(rows):
                        at = (begin + r) * n_in + k
                        _add_1x2(
                            z, at, n_in, 1, panel, 0, width, part, r * width, width, count
                        )
                for r in range(rows):
                    for i in range(0, width, vector):
                        to, own = (begin + r) * n_out + c + i, r * width + i
                        store(y, to, load(y, to) + load(part, own))


def lower_gram(z: Tensor) -> Tensor:
    """Return z · zᵀ of rows z (n, K); above the diagonal only some of it, 0 elsewhere.

    Examples
    --------
    >>> import torch
    >>> z = torch.ones(70, 3)
    >>> float(lower_gram(z)[69, 0]), float(lower_gram(z)[0, 69])
    (3.0, 0.0)
    """
    n, n_in = z.shape
    width = 2 * lanes(z.dtype)
    panels = -(-n // width)
    y = z.new_empty(n, panels * width)
    args = flat(z.contiguous()), flat(y), n, n_in
    parallel.run(
        lambda first, last: _products(*args, first, last),
        (n - width * np.arange(panels)) * n_in * width // 16,
    )
    return y[:, :n]
