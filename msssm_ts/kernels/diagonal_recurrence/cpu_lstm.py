"""Diagonal LSTMs on the CPU (numba): some vectors of channels through time, and back."""

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
from msssm_ts.kernels.simd import lanes_of, load, splat, store


@inlined
def _advance(
    x: Any, i: Any, w: Any, a: Any, bias: Any, c0: Any, d: Any, n: Any, count: Any,
    state: Any, past: Any, at: Any,
) -> None:  # fmt: skip
    """Move the states of count vectors one step on.

    Left in past: h and c before it, f, g, o, and tanh of the new c. In two rounds over the units,
    each short: else few of them would be on the way at once.
    """
    width, size, one = lanes_of(x), n * d, splat(x.dtype.type(1))
    for v in range(count):
        now = load(x, i + v * width)
        for j in range(n):
            p, u = c0 + v * width + j * d, (v * n + j) * width
            q, s, here = p + size, p + 2 * size, at + 6 * u
            h, c = load(state, 2 * u), load(state, 2 * u + width)
            k = load(a, p) * h + load(a, p + 3 * size) * c
            k = k + (load(w, p) * now + load(bias, p))
            f, g = sigmoid_and_tanh(k, load(a, s) * h + load(w, s) * now, one)
            new = g + f * (c - g)
            k = load(a, q) * h + load(a, p + 4 * size) * new
            store(past, here, h)
            store(past, here + width, c)
            store(past, here + 2 * width, f)
            store(past, here + 3 * width, g)
            store(past, here + 4 * width, k + (load(w, q) * now + load(bias, q)))
            store(state, 2 * u + width, new)
    for k in range(count * n):
        u = k * width
        here = at + 6 * u
        o, seen = sigmoid_and_tanh(load(past, here + 4 * width), load(state, 2 * u + width), one)
        store(past, here + 4 * width, o)
        store(past, here + 5 * width, seen)
        store(state, 2 * u, o * seen)


@kernel
def lstm_forward(
    x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, y: Any, kept: Any,
    keep: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill y (b, l, d), and kept (b, chunks, 2, n, d), for the items first..last-1."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    state, past = scratch(x, 2 * group * n * width), scratch(x, 6 * group * n * width)
    for item in range(first, last):
        b, c0 = item // groups, item % groups * group * width
        count = min(group, vectors - item % groups * group)
        fill_zero(state, 0, width, 2 * count * n)
        for t in range(lengths[b]):
            if keep and t % CHUNK == 0:
                copy_out(state, kept, 2 * (b * chunks + t // CHUNK) * size + c0, d, n, count, 2)
            i = (b * rows + t) * d + c0
            _advance(x, i, w, a, bias, c0, d, n, count, state, past, 0)
            for v in range(count):
                p = c0 + v * width
                out = load(D, p) * load(x, i + v * width)
                for j in range(n):
                    out = out + load(C, p + j * d) * load(state, 2 * (v * n + j) * width)
                store(y, i + v * width, out)
        for v in range(count):
            i = (b * rows + lengths[b]) * d + c0 + v * width
            fill_zero(y, i, d, rows - lengths[b])


@kernel
def lstm_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 5 + 2 + 1, n, d): of w, a, bias and C."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    one, most = splat(x.dtype.type(1)), group * n * width
    state, carry, total = scratch(x, 2 * most), scratch(x, 2 * most), scratch(x, 11 * most)
    past = scratch(x, 6 * CHUNK * most)
    for item in range(first, last):
        b, c0 = item // groups, item % groups * group * width
        count = min(group, vectors - item % groups * group)
        fill_zero(carry, 0, width, 2 * count * n)
        fill_zero(total, 0, width, 11 * count * n)
        for v in range(count):
            i = (b * rows + lengths[b]) * d + c0 + v * width
            fill_zero(grad_x, i, d, rows - lengths[b])
        for chunk in range((lengths[b] + CHUNK - 1) // CHUNK - 1, -1, -1):
            start = chunk * CHUNK
            stop = min(start + CHUNK, lengths[b])
            copy_in(kept, 2 * (b * chunks + chunk) * size + c0, d, n, count, state, 2)
            for t in range(start, stop):
                i, at = (b * rows + t) * d + c0, 6 * (t - start) * most
                _advance(x, i, w, a, bias, c0, d, n, count, state, past, at)
            for t in range(stop - 1, start - 1, -1):
                for v in range(count):
                    i = (b * rows + t) * d + c0 + v * width
                    now, got = load(x, i), load(grad, i)
                    grad_now = got * load(D, c0 + v * width)
                    for j in range(n):
                        p, u = c0 + v * width + j * d, (v * n + j) * width
                        p1, p2, q = p + size, p + 2 * size, 6 * ((t - start) * most + u)
                        h, before = load(past, q), load(past, q + width)
                        f, g = load(past, q + 2 * width), load(past, q + 3 * width)
                        o, seen = load(past, q + 4 * width), load(past, q + 5 * width)
                        gh = load(carry, 2 * u) + got * load(C, p)
                        go = gh * seen * o * (one - o)
                        gs = load(carry, 2 * u + width) + gh * o * (one - seen * seen)
                        gs = gs + go * load(a, p + 4 * size)
                        gf = gs * (before - g) * f * (one - f)
                        gg = gs * (one - f) * (one - g * g)
                        back = gf * load(a, p) + go * load(a, p1) + gg * load(a, p2)
                        store(carry, 2 * u, back)
                        store(carry, 2 * u + width, gs * f + gf * load(a, p + 3 * size))
                        grad_now = grad_now + gf * load(w, p) + go * load(w, p1) + gg * load(w, p2)
                        s = 11 * u
                        add_to(total, s, gf * now)
                        add_to(total, s + width, go * now)
                        add_to(total, s + 2 * width, gg * now)
                        add_to(total, s + 3 * width, gf * h)
                        add_to(total, s + 4 * width, go * h)
                        add_to(total, s + 5 * width, gg * h)
                        add_to(total, s + 6 * width, gf * before)
                        add_to(total, s + 7 * width, go * (g + f * (before - g)))
                        add_to(total, s + 8 * width, gf)
                        add_to(total, s + 9 * width, go)
                        add_to(total, s + 10 * width, got * (o * seen))
                    store(grad_x, i, grad_now)
        copy_out(total, sums, 11 * b * size + c0, d, n, count, 11)
