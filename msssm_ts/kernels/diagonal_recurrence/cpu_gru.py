"""Diagonal GRUs on the CPU (numba): some vectors of channels through time, and back."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import fill_zero
from msssm_ts.kernels.diagonal_recurrence.chunks import (
    CHUNK,
    copy_in,
    copy_out,
    sigmoid_and_tanh,
)
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
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


@kernel
def gru_forward(
    x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, y: Any, kept: Any,
    keep: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill y (b, l, d), and kept (b, chunks, 1, n, d), for the items first..last-1."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    state, past = scratch(x, group * n * width), scratch(x, 4 * group * n * width)
    for item in range(first, last):
        b, c0 = item // groups, item % groups * group * width
        count = min(group, vectors - item % groups * group)
        fill_zero(state, 0, width, count * n)
        for t in range(lengths[b]):
            if keep and t % CHUNK == 0:
                copy_out(state, kept, (b * chunks + t // CHUNK) * size + c0, d, n, count)
            i = (b * rows + t) * d + c0
            _advance(x, i, w, a, bias, c0, d, n, count, state, past, 0)
            for v in range(count):
                p = c0 + v * width
                out = load(D, p) * load(x, i + v * width)
                for j in range(n):
                    out = out + load(C, p + j * d) * load(state, (v * n + j) * width)
                store(y, i + v * width, out)
        for v in range(count):
            i = (b * rows + lengths[b]) * d + c0 + v * width
            fill_zero(y, i, d, rows - lengths[b])


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


@kernel
def gru_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 3 + 2 + 1, n, d): of w, a, bias and C."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    most = group * n * width
    state, carry, total = scratch(x, most), scratch(x, most), scratch(x, 9 * most)
    past = scratch(x, 4 * CHUNK * most)
    for item in range(first, last):
        b, c0 = item // groups, item % groups * group * width
        count = min(group, vectors - item % groups * group)
        fill_zero(carry, 0, width, count * n)
        fill_zero(total, 0, width, 9 * count * n)
        for v in range(count):
            i = (b * rows + lengths[b]) * d + c0 + v * width
            fill_zero(grad_x, i, d, rows - lengths[b])
        for chunk in range((lengths[b] + CHUNK - 1) // CHUNK - 1, -1, -1):
            start = chunk * CHUNK
            stop = min(start + CHUNK, lengths[b])
            copy_in(kept, (b * chunks + chunk) * size + c0, d, n, count, state)
            for t in range(start, stop):
                i, at = (b * rows + t) * d + c0, 4 * (t - start) * most
                _advance(x, i, w, a, bias, c0, d, n, count, state, past, at)
            for v in range(count):
                i, own = (b * rows + start) * d + c0 + v * width, load(D, c0 + v * width)
                for k in range(i, i + (stop - start) * d, d):
                    store(grad_x, k, load(grad, k) * own)
                for j in range(n):
                    u = (v * n + j) * width
                    _return(
                        *(grad, x, w, a, C, i, c0 + v * width + j * d, d, size, stop - start),
                        *(past, 4 * u, 4 * most, carry, u, total, 9 * u, grad_x),
                    )
        copy_out(total, sums, 9 * b * size + c0, d, n, count, 9)
