"""Diagonal LSTMs on the CPU (numba): some vectors of channels through time, and back."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.diagonal_recurrence.through_time import (
    back_through_time,
    sigmoid_and_tanh,
    through_time,
)
from msssm_ts.kernels.jit import inlined, kernel
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


_forward = through_time(_advance, 2, 6)
_backward = back_through_time(_advance, _return, 2, 6, 11)


@kernel
def lstm_forward(
    x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, y: Any, kept: Any,
    keep: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill y (b, l, d), and kept (b, chunks, 2, n, d), for the items first..last-1."""
    _forward(x, w, a, bias, C, D, lengths, y, kept, keep, rows, d, n, group, first, last)


@kernel
def lstm_backward(
    grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
    grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
) -> None:  # fmt: skip
    """Fill grad_x (b, l, d), and sums (b, 3 + 5 + 2 + 1, n, d): of w, a, bias and C."""
    _backward(
        *(grad, x, w, a, bias, C, D, lengths, kept, grad_x, sums, rows, d, n, group, first, last)
    )
