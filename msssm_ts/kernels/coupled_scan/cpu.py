"""The coupled scan on the CPU (numba): forward and backward, one vector of channels at a time.

At a step the states over time are known from the step before; those over the variates follow, one
variate after the other. A step's states are V · 2 · n vectors, [v][h¹, h²][n]. The forward pass
keeps them at the start of each chunk of :data:`CHUNK` steps; the backward pass recomputes those
inside a chunk, from the last chunk to the first.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.decompose.cpu import copy_vectors, fill_zero
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import (
    flat,
    pad_channels,
    padded_channels,
    scratch,
    sum_groups,
    valid_lengths,
)
from msssm_ts.kernels.selective_scan.cpu import states_first, states_last
from msssm_ts.kernels.selective_scan.cpu_chunks import LOG2_E, sum_lanes
from msssm_ts.kernels.simd import exp2, lanes_of, load, splat, spread, store

# Steps between two stored states.
CHUNK = 16


@inlined
def _advance(
    x: Any, delta: Any, A: Any, G: Any, B: Any, C: Any, y: Any, h: Any, p: Any, q: Any,
    row: Any, variates: Any, n: Any, d: Any, c: Any,
) -> None:
    """From the states at ``h[p:]`` to those of the next step at ``h[q:]``; y may be None."""
    width = lanes_of(x)
    zero = splat(x.dtype.type(0))
    second, back = n * width, 2 * n * width
    for v in range(variates):
        at = row + v
        x_v = load(x, at * d + c)
        along, across = load(delta, 2 * at * d + c), load(delta, (2 * at + 1) * d + c)
        out = zero
        for j in range(n):
            one, two, m = j * d + c, (n + j) * d + c, 2 * at * n + j
            s = (2 * v * n + j) * width
            target = load(G, one) * load(h, p + s + second) + spread(B, m) * x_v
            h1 = target + exp2(along * load(A, one)) * (load(h, p + s) - target)
            target, state = spread(B, m + n) * x_v, zero
            if v:
                target = target + load(G, two) * load(h, q + s - back)
                state = load(h, q + s + second - back)
            h2 = target + exp2(across * load(A, two)) * (state - target)
            store(h, q + s, h1)
            store(h, q + s + second, h2)
            out = (out + spread(C, m) * h1) + spread(C, m + n) * h2
        if y is not None:
            store(y, at * d + c, out)


@kernel
def _forward(
    x: Any, delta: Any, A: Any, G: Any, B: Any, C: Any, state: Any, lengths: Any, y: Any,
    checkpoints: Any, keep: Any, rows: Any, variates: Any, n: Any, d: Any, first: Any, last: Any,
) -> None:
    """``state`` (b, V·2·n, d) holds the initial states on entry, the last ones on exit."""
    width = lanes_of(x)
    vectors, size = d // width, variates * 2 * n
    chunks = (rows + CHUNK - 1) // CHUNK
    h = scratch(x, 2 * size * width)
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        copy_vectors(state, b * size * d + c, d, h, 0, width, size)
        for t in range(rows):
            p, q = t % 2 * size * width, (t + 1) % 2 * size * width
            row = (b * rows + t) * variates
            if t >= lengths[b]:
                fill_zero(y, row * d + c, d, variates)
                continue
            if keep and t % CHUNK == 0:
                at = (b * chunks + t // CHUNK) * size * d + c
                copy_vectors(h, p, width, checkpoints, at, d, size)
            _advance(x, delta, A, G, B, C, y, h, p, q, row, variates, n, d, c)
        p = lengths[b] % 2 * size * width
        copy_vectors(h, p, width, state, b * size * d + c, d, size)


@inlined
def _retreat(
    x: Any, delta: Any, A: Any, G: Any, B: Any, C: Any, grad_y: Any, h: Any, p: Any, q: Any,
    carry: Any, grad_x: Any, grad_delta: Any, grad_A: Any, grad_G: Any, grad_B: Any, grad_C: Any,
    lanes_B: Any, lanes_C: Any, sums: Any, flow: Any, item_at: Any, group_at: Any,
    row: Any, variates: Any, n: Any, d: Any, c: Any,
) -> None:
    """Backward of :func:`_advance`, from the last variate to the first.

    ``carry`` has the gradient of the states at q that comes from later steps on entry, of those at
    p on exit; ``flow`` that of a variate's states that comes from the next one.
    """
    width = lanes_of(x)
    zero = splat(x.dtype.type(0))
    unit = splat(x.dtype.type(1))
    ln2 = splat(x.dtype.type(1.0 / LOG2_E))
    second, back = n * width, 2 * n * width
    fill_zero(flow, 0, width, 2 * n)
    for v in range(variates - 1, -1, -1):
        at = row + v
        x_v, g_y = load(x, at * d + c), load(grad_y, at * d + c)
        along, across = load(delta, 2 * at * d + c), load(delta, (2 * at + 1) * d + c)
        g_x, g_along, g_across = zero, zero, zero
        for j in range(n):
            one, two, m = j * d + c, (n + j) * d + c, 2 * at * n + j
            s = (2 * v * n + j) * width
            k = j * width
            h1, h2 = load(h, q + s), load(h, q + s + second)
            g1 = (load(carry, s) + load(flow, k)) + spread(C, m) * g_y
            g2 = (load(carry, s + second) + load(flow, k + second)) + spread(C, m + n) * g_y
            store(lanes_C, k, g_y * h1)
            store(lanes_C, k + second, g_y * h2)

            target, state, pushed = spread(B, m + n) * x_v, zero, zero
            if v:
                pushed = load(h, q + s - back)
                target = target + load(G, two) * pushed
                state = load(h, q + s + second - back)
            decay = exp2(across * load(A, two))
            g_log = g2 * (state - target) * decay
            g_target = (unit - decay) * g2
            g_across = g_across + g_log * load(A, two)
            store(grad_A, item_at + two, load(grad_A, item_at + two) + g_log * across)
            store(grad_G, item_at + two, load(grad_G, item_at + two) + g_target * pushed)
            store(lanes_B, k + second, g_target * x_v)
            g_x = g_x + g_target * spread(B, m + n)
            store(flow, k, g_target * load(G, two))
            store(flow, k + second, decay * g2)

            before = load(h, p + s + second)
            target = load(G, one) * before + spread(B, m) * x_v
            decay = exp2(along * load(A, one))
            g_log = g1 * (load(h, p + s) - target) * decay
            g_target = (unit - decay) * g1
            g_along = g_along + g_log * load(A, one)
            store(grad_A, item_at + one, load(grad_A, item_at + one) + g_log * along)
            store(grad_G, item_at + one, load(grad_G, item_at + one) + g_target * before)
            store(lanes_B, k, g_target * x_v)
            g_x = g_x + g_target * spread(B, m)
            store(carry, s, decay * g1)
            store(carry, s + second, g_target * load(G, one))
        store(grad_x, at * d + c, g_x)
        store(grad_delta, 2 * at * d + c, ln2 * g_along)
        store(grad_delta, (2 * at + 1) * d + c, ln2 * g_across)
        sum_lanes(lanes_B, 1, 2 * n, sums, grad_B, group_at + 2 * at * n, 0)
        sum_lanes(lanes_C, 1, 2 * n, sums, grad_C, group_at + 2 * at * n, 0)


@kernel
def _backward(
    grad_y: Any, grad_state: Any, x: Any, delta: Any, A: Any, G: Any, B: Any, C: Any,
    lengths: Any, checkpoints: Any, grad_x: Any, grad_delta: Any, grad_A: Any, grad_G: Any,
    grad_B: Any, grad_C: Any, rows: Any, variates: Any, n: Any, d: Any, first: Any, last: Any,
) -> None:
    """``grad_state`` (b, V·2·n, d): of the last states on entry, of the initial on exit.

    grad_A, grad_G are (b, 2, n, d), zero on entry; grad_B, grad_C (d / lanes, b, l, V, 2, n).
    """
    width = lanes_of(x)
    vectors, size = d // width, variates * 2 * n
    chunks, batch = (rows + CHUNK - 1) // CHUNK, lengths.size
    h = scratch(x, (CHUNK + 1) * size * width)
    carry, flow = scratch(x, size * width), scratch(x, 2 * n * width)
    # sum_lanes reads whole multiples of the lanes.
    summed = (2 * n + width - 1) // width * width
    lanes_B, lanes_C = scratch(x, summed * width), scratch(x, summed * width)
    sums = scratch(x, summed)
    fill_zero(lanes_B, 0, width, summed)
    fill_zero(lanes_C, 0, width, summed)
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        group_at = item % vectors * batch * rows * variates * 2 * n
        copy_vectors(grad_state, b * size * d + c, d, carry, 0, width, size)
        for t in range(lengths[b], rows):
            row = (b * rows + t) * variates
            fill_zero(grad_x, row * d + c, d, variates)
            fill_zero(grad_delta, 2 * row * d + c, d, 2 * variates)
            at = group_at + 2 * row * n
            grad_B[at : at + 2 * variates * n] = 0
            grad_C[at : at + 2 * variates * n] = 0
        for chunk in range((lengths[b] + CHUNK - 1) // CHUNK - 1, -1, -1):
            start = chunk * CHUNK
            steps = min(CHUNK, lengths[b] - start)
            at = (b * chunks + chunk) * size * d + c
            copy_vectors(checkpoints, at, d, h, 0, width, size)
            for i in range(steps):
                p = i * size * width
                row = (b * rows + start + i) * variates
                _advance(
                    x, delta, A, G, B, C, None, h, p, p + size * width, row, variates, n, d, c,
                )
            for i in range(steps - 1, -1, -1):
                p = i * size * width
                row = (b * rows + start + i) * variates
                _retreat(
                    x, delta, A, G, B, C, grad_y, h, p, p + size * width, carry, grad_x,
                    grad_delta, grad_A, grad_G, grad_B, grad_C, lanes_B, lanes_C, sums, flow,
                    b * 2 * n * d, group_at, row, variates, n, d, c,
                )
        copy_vectors(carry, 0, width, grad_state, b * size * d + c, d, size)


def coupled_scan_cpu(
    x: Tensor, delta: Tensor, A: Tensor, G: Tensor, B: Tensor, C: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Forward: y, the last state, and (if keep) the state before each chunk."""
    batch, rows, variates, channels = x.shape
    n, d = A.shape[2], padded_channels(channels, x.dtype)
    length = valid_lengths(lengths, batch, rows)
    y = x.new_empty(batch, rows, variates, d)
    state = states_first(initial_state, d).clone()
    checkpoints = x.new_empty(batch * -(-rows // CHUNK) * variates * 2 * n * d * keep)
    args = (
        *_coefficients(x, delta, A, G, B, C, d), flat(state), length, flat(y), flat(checkpoints),
        keep, rows, variates, n, d,
    )
    width = padded_channels(1, x.dtype)
    costs = (length * variates * 2 * n * width).repeat(d // width)
    parallel.run(lambda first, last: _forward(*args, first, last), costs)
    return y[..., :channels], states_last(state, channels), checkpoints


def coupled_scan_backward_cpu(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor, A: Tensor, G: Tensor,
    B: Tensor, C: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, ...]:
    """Gradients of x, Δ, A, G, B, C and the initial state."""
    batch, rows, variates, channels = x.shape
    n, d = A.shape[2], padded_channels(channels, x.dtype)
    vectors = d // padded_channels(1, x.dtype)
    length = valid_lengths(lengths, batch, rows)
    carry = states_first(grad_state, d).clone()
    grad_x = x.new_empty(batch, rows, variates, d)
    grad_delta = x.new_empty(batch, rows, variates, 2, d)
    grad_A, grad_G = (x.new_zeros(batch, 2, n, d) for _ in range(2))
    grad_B, grad_C = (x.new_empty(vectors, batch, rows, variates, 2, n) for _ in range(2))
    args = (
        flat(pad_channels(grad_y, d)), flat(carry), *_coefficients(x, delta, A, G, B, C, d),
        length, flat(checkpoints),
        *(flat(g) for g in (grad_x, grad_delta, grad_A, grad_G, grad_B, grad_C)),
        rows, variates, n, d,
    )
    costs = (length * variates * 6 * n * (d // vectors)).repeat(vectors)
    parallel.run(lambda first, last: _backward(*args, first, last), costs)
    return (
        grad_x[..., :channels], grad_delta[..., :channels],
        states_last(grad_A.sum(0), channels), states_last(grad_G.sum(0), channels),
        sum_groups(grad_B), sum_groups(grad_C), states_last(carry, channels),
    )


def _coefficients(
    x: Tensor, delta: Tensor, A: Tensor, G: Tensor, B: Tensor, C: Tensor, d: int
) -> tuple[Any, ...]:
    """(x, Δ, A, G, B, C) as the kernels want them, A in units of ln 2."""
    diagonals = (flat(states_first(p, d)) for p in (A * LOG2_E, G))
    series = (flat(pad_channels(t, d)) for t in (x, delta))
    return *series, *diagonals, flat(B.contiguous()), flat(C.contiguous())
