"""Diagonal GRUs on the CPU (numba): some vectors of channels through time, and back."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.diagonal_recurrence.through_time import (
    back_through_time,
    sigmoid_and_tanh,
    through_time,
)
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.simd import exp_minus, lanes_of, load, splat, store


@inlined
def _advance(
    x: Any, i: Any, w: Any, a: Any, bias: Any, c0: Any, d: Any, n: Any, count: Any,
    state: Any, past: Any, at: Any,
) -> None:  # fmt: skip
    """Move the states of count vectors one step on; leave h before it, z, r and c in past.

    In two rounds over the units, each short: else few of them would be on the way at once.
    """
    width, size, one = lanes_of(x), n * d, splat(x.dtype.type(1))
    for v in range(count):
        now = load(x, i + v * width)
        for j in range(n):
            p, u = c0 + v * width + j * d, (v * n + j) * width
            q, s, here = p + size, p + 2 * size, at + 4 * u
            h = load(state, u)
            r = load(a, q) * h + (load(w, q) * now + load(bias, q))
            r = one / (one + exp_minus(r))
            store(past, here, h)
            store(past, here + width, load(a, p) * h + (load(w, p) * now + load(bias, p)))
            store(past, here + 2 * width, r)
            store(past, here + 3 * width, load(a, s) * (r * h) + load(w, s) * now)
    for u in range(count * n):
        here = at + 4 * u * width
        h = load(past, here)
        z, c = sigmoid_and_tanh(load(past, here + width), load(past, here + 3 * width), one)
        store(past, here + width, z)
        store(past, here + 3 * width, c)
        store(state, u * width, h + z * (c - h))


@inlined
def _return(
    grad: Any, x: Any, w: Any, a: Any, C: Any, i: Any, p: Any, d: Any, size: Any, steps: Any,
    past: Any, at: Any, stride: Any, carry: Any, u: Any, total: Any, s: Any, grad_x: Any,
) -> None:  # fmt: skip
    """Go back over some steps with a unit of a vector, whose sums stay in registers.

    What a step passes on is its gradient times a factor that does not hang on it, so that one
    step waits for another for a sum and a product only.
    """
    width, one = lanes_of(x), splat(x.dtype.type(1))
    wz, wr, wc = load(w, p), load(w, p + size), load(w, p + 2 * size)
    az, ar, ac = load(a, p), load(a, p + size), load(a, p + 2 * size)
    read, g = load(C, p), load(carry, u)
    wz_sum, wr_sum, wc_sum = load(total, s), load(total, s + width), load(total, s + 2 * width)
    az_sum, ar_sum = load(total, s + 3 * width), load(total, s + 4 * width)
    ac_sum, bz_sum = load(total, s + 5 * width), load(total, s + 6 * width)
    br_sum, read_sum = load(total, s + 7 * width), load(total, s + 8 * width)
    for t in range(steps - 1, -1, -1):
        k, q = i + t * d, at + t * stride
        now, got = load(x, k), load(grad, k)
        h, z = load(past, q), load(past, q + width)
        r, c = load(past, q + 2 * width), load(past, q + 3 * width)
        kz, kc = (c - h) * z * (one - z), z * (one - c * c)
        kr = kc * ac * h * r * (one - r)
        g = g + got * read
        gz, gr, gc = g * kz, g * kr, g * kc
        g = g * ((one - z) + kz * az + kr * ar + kc * ac * r)
        store(grad_x, k, load(grad_x, k) + gz * wz + gr * wr + gc * wc)
        wz_sum, wr_sum, wc_sum = wz_sum + gz * now, wr_sum + gr * now, wc_sum + gc * now
        az_sum, ar_sum, ac_sum = az_sum + gz * h, ar_sum + gr * h, ac_sum + gc * (r * h)
        bz_sum, br_sum = bz_sum + gz, br_sum + gr
        read_sum = read_sum + got * (h + z * (c - h))
    store(carry, u, g)
    store(total, s, wz_sum)
    store(total, s + width, wr_sum)
    store(total, s + 2 * width, wc_sum)
    store(total, s + 3 * width, az_sum)
    store(total, s + 4 * width, ar_sum)
    store(total, s + 5 * width, ac_sum)
    store(total, s + 6 * width, bz_sum)
    store(total, s + 7 * width, br_sum)
    store(total, s + 8 * width, read_sum)


_forward = through_time(_advance, 1, 4)
_backward = back_through_time(_advance, _return, 1, 4, 9)


@kernel
def gru_forward(
    x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, y: Any, kept: Any,
    keep: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill y (b, l, d), and kept (b, chunks, 1, n, d), for the items first..last-1."""
    _forward(x, w, a, bias, C, D, lengths, y, kept, keep, rows, d, n, group, first, last)


@kernel
def gru_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 3 + 2 + 1, n, d): of w, a, bias and C."""
    _backward(
        *(grad, x, w, a, bias, C, D, lengths, kept, grad_x, sums, rows, d, n, group, first, last)
    )
