"""Diagonal LSTMs on the CPU (numba): some vectors of channels through time, and back."""

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


@inlined
def _return(
    grad: Any, x: Any, w: Any, a: Any, C: Any, i: Any, p: Any, d: Any, size: Any, steps: Any,
    past: Any, at: Any, stride: Any, carry: Any, u: Any, total: Any, s: Any, grad_x: Any,
) -> None:  # fmt: skip
    """Go back over some steps with a unit of a vector, whose sums stay in registers.

    What a step passes on is the gradients of h and of c times factors that do not hang on them, so
    that one step waits for another for three sums of a product only.
    """
    width, one = lanes_of(x), splat(x.dtype.type(1))
    wf, wo, wg = load(w, p), load(w, p + size), load(w, p + 2 * size)
    af, ao, ag = load(a, p), load(a, p + size), load(a, p + 2 * size)
    pf, po = load(a, p + 3 * size), load(a, p + 4 * size)
    read, gh, gs = load(C, p), load(carry, u), load(carry, u + width)
    wf_sum, wo_sum, wg_sum = load(total, s), load(total, s + width), load(total, s + 2 * width)
    af_sum, ao_sum = load(total, s + 3 * width), load(total, s + 4 * width)
    ag_sum, pf_sum = load(total, s + 5 * width), load(total, s + 6 * width)
    po_sum, bf_sum = load(total, s + 7 * width), load(total, s + 8 * width)
    bo_sum, read_sum = load(total, s + 9 * width), load(total, s + 10 * width)
    for t in range(steps - 1, -1, -1):
        k, q = i + t * d, at + t * stride
        now, got = load(x, k), load(grad, k)
        h, before = load(past, q), load(past, q + width)
        f, g = load(past, q + 2 * width), load(past, q + 3 * width)
        o, seen = load(past, q + 4 * width), load(past, q + 5 * width)
        ko, kc = seen * o * (one - o), o * (one - seen * seen)
        kf, kg = (before - g) * f * (one - f), (one - f) * (one - g * g)
        gh = gh + got * read
        gs = gs + gh * (kc + ko * po)
        go, gf, gg = gh * ko, gs * kf, gs * kg
        gh = gh * (ko * ao) + gs * (kf * af + kg * ag)
        gs = gs * (f + kf * pf)
        store(grad_x, k, load(grad_x, k) + gf * wf + go * wo + gg * wg)
        wf_sum, wo_sum, wg_sum = wf_sum + gf * now, wo_sum + go * now, wg_sum + gg * now
        af_sum, ao_sum, ag_sum = af_sum + gf * h, ao_sum + go * h, ag_sum + gg * h
        pf_sum, po_sum = pf_sum + gf * before, po_sum + go * (g + f * (before - g))
        bf_sum, bo_sum = bf_sum + gf, bo_sum + go
        read_sum = read_sum + got * (o * seen)
    store(carry, u, gh)
    store(carry, u + width, gs)
    store(total, s, wf_sum)
    store(total, s + width, wo_sum)
    store(total, s + 2 * width, wg_sum)
    store(total, s + 3 * width, af_sum)
    store(total, s + 4 * width, ao_sum)
    store(total, s + 5 * width, ag_sum)
    store(total, s + 6 * width, pf_sum)
    store(total, s + 7 * width, po_sum)
    store(total, s + 8 * width, bf_sum)
    store(total, s + 9 * width, bo_sum)
    store(total, s + 10 * width, read_sum)


@kernel
def lstm_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 5 + 2 + 1, n, d): of w, a, bias and C."""
    width = lanes_of(x)
    vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
    groups = (vectors + group - 1) // group
    most = group * n * width
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
            for v in range(count):
                i, own = (b * rows + start) * d + c0 + v * width, load(D, c0 + v * width)
                for k in range(i, i + (stop - start) * d, d):
                    store(grad_x, k, load(grad, k) * own)
                for j in range(n):
                    u = (v * n + j) * width
                    _return(
                        *(grad, x, w, a, C, i, c0 + v * width + j * d, d, size, stop - start),
                        *(past, 6 * u, 6 * most, carry, 2 * u, total, 11 * u, grad_x),
                    )
        copy_out(total, sums, 11 * b * size + c0, d, n, count, 11)
