"""Diagonal GRUs on the CPU (numba): some vectors of channels through time, and back."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import fill_zero
from msssm_ts.kernels.diagonal_recurrence.chunks import (
    CHUNK,
    add_to,
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


@kernel
def gru_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 3 + 2 + 1, n, d): of w, a, bias and C."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    one, most = splat(x.dtype.type(1)), group * n * width
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
            for t in range(stop - 1, start - 1, -1):
                for v in range(count):
                    i = (b * rows + t) * d + c0 + v * width
                    now, got = load(x, i), load(grad, i)
                    grad_now = got * load(D, c0 + v * width)
                    for j in range(n):
                        p, u = c0 + v * width + j * d, (v * n + j) * width
                        p1, p2, q = p + size, p + 2 * size, 4 * ((t - start) * most + u)
                        h, z = load(past, q), load(past, q + width)
                        r, c = load(past, q + 2 * width), load(past, q + 3 * width)
                        g = load(carry, u) + got * load(C, p)
                        gz = g * (c - h) * z * (one - z)
                        gc = g * z * (one - c * c)
                        gk = gc * load(a, p2)
                        gr = gk * h * r * (one - r)
                        back = g * (one - z) + gz * load(a, p) + gr * load(a, p1) + gk * r
                        store(carry, u, back)
                        grad_now = grad_now + gz * load(w, p) + gr * load(w, p1) + gc * load(w, p2)
                        s = 9 * u
                        add_to(total, s, gz * now)
                        add_to(total, s + width, gr * now)
                        add_to(total, s + 2 * width, gc * now)
                        add_to(total, s + 3 * width, gz * h)
                        add_to(total, s + 4 * width, gr * h)
                        add_to(total, s + 5 * width, gc * (r * h))
                        add_to(total, s + 6 * width, gz)
                        add_to(total, s + 7 * width, gr)
                        add_to(total, s + 8 * width, got * (h + z * (c - h)))
                    store(grad_x, i, grad_now)
        copy_out(total, sums, 9 * b * size + c0, d, n, count, 9)
