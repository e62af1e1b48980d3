"""Diagonal scans of one chunk of steps, forward and backward: what all kernels with scans share.

A chunk's inputs and outputs lie in scratch buffers in the first-level cache. States that are
done together stay in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from msssm_ts.kernels.decompose.cpu import fill_zero, load_four, store_four
from msssm_ts.kernels.jit import inlined, subroutine
from msssm_ts.kernels.simd import (
    below,
    exp2,
    exp2_between,
    lanes_of,
    larger,
    load,
    magnitude,
    row_sums,
    splat,
    spread,
    store,
)

# Steps between two stored states: memory is n / CHUNK of the input's size.
CHUNK = 32
# Powers of two below this in size are normal numbers, of single precision, too.
MOST_EXPONENT = 126.0
LOG2_E = float(1.0 / np.log(2.0))


@inlined
def _four_states(
    x: Any, x_at: Any, dt: Any, y: Any, steps: Any, h: Any, h_at: Any, h_step: Any, A_0: Any,
    A_1: Any, A_2: Any, A_3: Any, j: Any, n: Any, B: Any, b_at: Any, C: Any, c_at: Any,
    bc_step: Any, decays: Any, bounded: Any,
) -> None:
    """Advance the states j to j + 3, which stay in registers; see :func:`selective_chunk`.

    ``bounded`` None: log₂-decays may lie anywhere. Otherwise all lie within
    :data:`MOST_EXPONENT`, and need not be limited to it, which costs as much as a third of the
    exponential; the results are the same.
    """
    width = lanes_of(x)
    q = h_at + j * h_step
    h_0, h_1, h_2, h_3 = load_four(h, q, h_step)
    for i in range(steps):
        dt_i = load(dt, i * width)
        u = dt_i * load(x, x_at + i * width)
        b, c = b_at + i * bc_step + j, c_at + i * bc_step + j
        if bounded is None:
            f_0, f_1 = exp2(dt_i * A_0), exp2(dt_i * A_1)
            f_2, f_3 = exp2(dt_i * A_2), exp2(dt_i * A_3)
        else:
            f_0, f_1 = exp2_between(dt_i * A_0), exp2_between(dt_i * A_1)
            f_2, f_3 = exp2_between(dt_i * A_2), exp2_between(dt_i * A_3)
        h_0, h_1 = f_0 * h_0 + spread(B, b) * u, f_1 * h_1 + spread(B, b + 1) * u
        h_2, h_3 = f_2 * h_2 + spread(B, b + 2) * u, f_3 * h_3 + spread(B, b + 3) * u
        if decays is None:
            out = spread(C, c) * h_0 + spread(C, c + 1) * h_1
            out = out + (spread(C, c + 2) * h_2 + spread(C, c + 3) * h_3)
            store(y, i * width, load(y, i * width) + out)
        else:
            at = (i * n + j) * width
            store_four(decays, at, width, f_0, f_1, f_2, f_3)
            store_four(h, h_at + at + n * width, width, h_0, h_1, h_2, h_3)
    if decays is None:
        store_four(h, q, h_step, h_0, h_1, h_2, h_3)


@inlined
def selective_chunk(
    x: Any, x_at: Any, dt: Any, y: Any, steps: Any, h: Any, h_at: Any, h_step: Any, A: Any,
    a_at: Any, d: Any, n: Any, B: Any, b_at: Any, C: Any, c_at: Any, bc_step: Any, decays: Any,
) -> None:
    """Advance the selective scan by one chunk.

    With ``decays`` None the state is kept in place at ``h[h_at + j·h_step]`` and the output is
    added to y. Otherwise h takes every step's state, the initial one first, n vectors a step,
    ``decays`` takes exp(ΔA), and y is left alone.
    """
    width = lanes_of(x)
    whole = n // 4 * 4
    longest = magnitude(load(dt, 0))
    for i in range(1, steps):
        longest = larger(longest, magnitude(load(dt, i * width)))
    limit = splat(x.dtype.type(MOST_EXPONENT))
    for j in range(0, whole, 4):
        A_0, A_1, A_2, A_3 = load_four(A, a_at + j * d, d)
        steepest = larger(
            larger(magnitude(A_0), magnitude(A_1)), larger(magnitude(A_2), magnitude(A_3))
        )
        # Not where one is NaN.
        if below(longest * steepest, limit):
            _four_states(
                x, x_at, dt, y, steps, h, h_at, h_step, A_0, A_1, A_2, A_3, j, n, B, b_at, C,
                c_at, bc_step, decays, True,
            )
        else:
            _four_states(
                x, x_at, dt, y, steps, h, h_at, h_step, A_0, A_1, A_2, A_3, j, n, B, b_at, C,
                c_at, bc_step, decays, None,
            )
    for j in range(whole, n):
        A_0, h_0 = load(A, a_at + j * d), load(h, h_at + j * h_step)
        for i in range(steps):
            dt_i = load(dt, i * width)
            u = dt_i * load(x, x_at + i * width)
            f_0 = exp2(dt_i * A_0)
            h_0 = f_0 * h_0 + spread(B, b_at + i * bc_step + j) * u
            if decays is None:
                out = spread(C, c_at + i * bc_step + j) * h_0
                store(y, i * width, load(y, i * width) + out)
            else:
                at = (i * n + j) * width
                store(decays, at, f_0)
                store(h, h_at + at + n * width, h_0)
        if decays is None:
            store(h, h_at + j * h_step, h_0)


@inlined
def _selective_state_gradient(
    carried: Any, state: Any, sum_A: Any, A_j: Any, dt_i: Any, u: Any, g_i: Any, h: Any,
    decays: Any, at: Any, B: Any, b: Any, C: Any, c: Any, grad_B: Any, grad_C: Any,
) -> Any:
    """One step back of one state.

    Returns the gradient carried on, the state before, the sum for A's gradient, and what the
    state adds to the gradients of Δx and of log₂-decays over Δ and to y.
    """
    grad_h = carried + spread(C, c) * g_i
    store(grad_C, at, load(grad_C, at) + g_i * state)
    store(grad_B, at, load(grad_B, at) + grad_h * u)
    back = grad_h * load(decays, at)
    before = load(h, at)
    # d exp(ΔA)/d(ΔA) · h_{t−1}
    w = back * before
    return back, before, sum_A + w * dt_i, spread(B, b) * grad_h, w * A_j, spread(C, c) * state


@inlined
def selective_chunk_gradient(
    x: Any, x_at: Any, dt: Any, grad_y: Any, y: Any, grad_x: Any, grad_dt: Any, steps: Any, h: Any,
    decays: Any, carry: Any, carry_at: Any, A: Any, grad_A: Any, grad_a_at: Any, a_at: Any,
    d: Any, n: Any, B: Any, b_at: Any, C: Any, c_at: Any, bc_step: Any,
    grad_B: Any, grad_C: Any,
) -> None:
    """Backward of :func:`selective_chunk` over its stored states, last step first.

    ``grad_x`` is added to, ``grad_dt`` written; y (without the skip) is added to where it is not
    None. ``grad_B`` and ``grad_C`` collect per-lane sums at ``[(i·n + j)·width]``.
    ``carry`` holds the gradient of the state that flows back in time. A is in units of ln 2,
    its gradient is of A itself.
    """
    width = lanes_of(x)
    whole = n // 4 * 4
    ln2 = splat(x.dtype.type(1.0 / LOG2_E))
    fill_zero(grad_dt, 0, width, steps)
    for j in range(0, whole, 4):
        q, r = grad_a_at + j * d, carry_at + j * d
        A_0, A_1, A_2, A_3 = load_four(A, a_at + j * d, d)
        sum_0, sum_1, sum_2, sum_3 = load_four(grad_A, q, d)
        back_0, back_1, back_2, back_3 = load_four(carry, r, d)
        h_0, h_1, h_2, h_3 = load_four(h, (steps * n + j) * width, width)
        for i in range(steps - 1, -1, -1):
            x_i, dt_i, g_i = load(x, x_at + i * width), load(dt, i * width), load(grad_y, i * width)
            u, at = dt_i * x_i, (i * n + j) * width
            b, c = b_at + i * bc_step + j, c_at + i * bc_step + j
            back_0, h_0, sum_0, u_0, log_0, y_0 = _selective_state_gradient(
                back_0, h_0, sum_0, A_0, dt_i, u, g_i, h, decays, at, B, b, C, c, grad_B, grad_C
            )
            back_1, h_1, sum_1, u_1, log_1, y_1 = _selective_state_gradient(
                back_1, h_1, sum_1, A_1, dt_i, u, g_i, h, decays, at + width, B, b + 1, C, c + 1,
                grad_B, grad_C,
            )
            back_2, h_2, sum_2, u_2, log_2, y_2 = _selective_state_gradient(
                back_2, h_2, sum_2, A_2, dt_i, u, g_i, h, decays, at + 2 * width, B, b + 2, C,
                c + 2, grad_B, grad_C,
            )
            back_3, h_3, sum_3, u_3, log_3, y_3 = _selective_state_gradient(
                back_3, h_3, sum_3, A_3, dt_i, u, g_i, h, decays, at + 3 * width, B, b + 3, C,
                c + 3, grad_B, grad_C,
            )
            grad_u = (u_0 + u_1) + (u_2 + u_3)
            store(grad_x, i * width, load(grad_x, i * width) + grad_u * dt_i)
            total = load(grad_dt, i * width) + grad_u * x_i
            store(grad_dt, i * width, total + ln2 * ((log_0 + log_1) + (log_2 + log_3)))
            if y is not None:
                store(y, i * width, load(y, i * width) + ((y_0 + y_1) + (y_2 + y_3)))
        store_four(carry, r, d, back_0, back_1, back_2, back_3)
        store_four(grad_A, q, d, sum_0, sum_1, sum_2, sum_3)
    for j in range(whole, n):
        A_0, sum_0 = load(A, a_at + j * d), load(grad_A, grad_a_at + j * d)
        back_0, h_0 = load(carry, carry_at + j * d), load(h, (steps * n + j) * width)
        for i in range(steps - 1, -1, -1):
            x_i, dt_i, g_i = load(x, x_at + i * width), load(dt, i * width), load(grad_y, i * width)
            b, c = b_at + i * bc_step + j, c_at + i * bc_step + j
            back_0, h_0, sum_0, u_0, log_0, y_0 = _selective_state_gradient(
                back_0, h_0, sum_0, A_0, dt_i, dt_i * x_i, g_i, h, decays, (i * n + j) * width, B,
                b, C, c, grad_B, grad_C,
            )
            store(grad_x, i * width, load(grad_x, i * width) + u_0 * dt_i)
            total = load(grad_dt, i * width) + u_0 * x_i
            store(grad_dt, i * width, total + ln2 * log_0)
            if y is not None:
                store(y, i * width, load(y, i * width) + y_0)
        store(carry, carry_at + j * d, back_0)
        store(grad_A, grad_a_at + j * d, sum_0)


@inlined
def lti_chunk(
    x: Any, x_at: Any, y: Any, steps: Any, h: Any, h_at: Any, h_step: Any, decay: Any, C: Any,
    at: Any, d: Any, n: Any, keep: Any,
) -> None:
    """Advance the time-invariant scan h = Ā h + x, y = C h by one chunk.

    ``keep`` None: the state in place, the output added to y; otherwise h takes every step's
    state, as in :func:`selective_chunk`.
    """
    width = lanes_of(x)
    whole = n // 4 * 4
    # A state and its coefficients stay in registers; four at a time, to hide the latency.
    for j in range(0, whole, 4):
        p, q = at + j * d, h_at + j * h_step
        a_0, a_1, a_2, a_3 = load_four(decay, p, d)
        C_0, C_1, C_2, C_3 = load_four(C, p, d)
        h_0, h_1, h_2, h_3 = load_four(h, q, h_step)
        for i in range(steps):
            x_i = load(x, x_at + i * width)
            h_0, h_1 = a_0 * h_0 + x_i, a_1 * h_1 + x_i
            h_2, h_3 = a_2 * h_2 + x_i, a_3 * h_3 + x_i
            if keep is None:
                out = (C_0 * h_0 + C_1 * h_1) + (C_2 * h_2 + C_3 * h_3)
                store(y, i * width, load(y, i * width) + out)
            else:
                store_four(h, h_at + ((i + 1) * n + j) * width, width, h_0, h_1, h_2, h_3)
        if keep is None:
            store_four(h, q, h_step, h_0, h_1, h_2, h_3)
    for j in range(whole, n):
        p, q = at + j * d, h_at + j * h_step
        a_0, C_0, h_0 = load(decay, p), load(C, p), load(h, q)
        for i in range(steps):
            h_0 = a_0 * h_0 + load(x, x_at + i * width)
            if keep is None:
                store(y, i * width, load(y, i * width) + C_0 * h_0)
            else:
                store(h, h_at + ((i + 1) * n + j) * width, h_0)
        if keep is None:
            store(h, q, h_0)


@inlined
def lti_chunk_gradient(
    grad_y: Any, y: Any, grad_x: Any, steps: Any, h: Any, carry: Any, carry_at: Any, decay: Any,
    C: Any, at: Any, d: Any, n: Any, grad_decay: Any, grad_C: Any, grad_at: Any,
) -> None:
    """Backward of :func:`lti_chunk` over its stored states, last step first.

    ``grad_x`` is added to; y (without the skip) as well, where it is not None.
    """
    width = lanes_of(grad_y)
    whole = n // 4 * 4
    # Four states at a time: a state's own steps wait for each other.
    for j in range(0, whole, 4):
        p, q, r = at + j * d, grad_at + j * d, carry_at + j * d
        a_0, a_1, a_2, a_3 = load_four(decay, p, d)
        C_0, C_1, C_2, C_3 = load_four(C, p, d)
        back_0, back_1, back_2, back_3 = load_four(carry, r, d)
        sum_a_0, sum_a_1, sum_a_2, sum_a_3 = load_four(grad_decay, q, d)
        sum_C_0, sum_C_1, sum_C_2, sum_C_3 = load_four(grad_C, q, d)
        h_0, h_1, h_2, h_3 = load_four(h, (steps * n + j) * width, width)
        for i in range(steps - 1, -1, -1):
            g_i = load(grad_y, i * width)
            grad_0, grad_1 = back_0 + C_0 * g_i, back_1 + C_1 * g_i
            grad_2, grad_3 = back_2 + C_2 * g_i, back_3 + C_3 * g_i
            sum_C_0, sum_C_1 = sum_C_0 + g_i * h_0, sum_C_1 + g_i * h_1
            sum_C_2, sum_C_3 = sum_C_2 + g_i * h_2, sum_C_3 + g_i * h_3
            total = (grad_0 + grad_1) + (grad_2 + grad_3)
            store(grad_x, i * width, load(grad_x, i * width) + total)
            if y is not None:
                out = (C_0 * h_0 + C_1 * h_1) + (C_2 * h_2 + C_3 * h_3)
                store(y, i * width, load(y, i * width) + out)
            h_0, h_1, h_2, h_3 = load_four(h, (i * n + j) * width, width)
            sum_a_0, sum_a_1 = sum_a_0 + grad_0 * h_0, sum_a_1 + grad_1 * h_1
            sum_a_2, sum_a_3 = sum_a_2 + grad_2 * h_2, sum_a_3 + grad_3 * h_3
            back_0, back_1 = grad_0 * a_0, grad_1 * a_1
            back_2, back_3 = grad_2 * a_2, grad_3 * a_3
        store_four(grad_decay, q, d, sum_a_0, sum_a_1, sum_a_2, sum_a_3)
        store_four(grad_C, q, d, sum_C_0, sum_C_1, sum_C_2, sum_C_3)
        store_four(carry, r, d, back_0, back_1, back_2, back_3)
    for j in range(whole, n):
        p, q, r = at + j * d, grad_at + j * d, carry_at + j * d
        a_0, C_0, back_0 = load(decay, p), load(C, p), load(carry, r)
        sum_a_0, sum_C_0 = load(grad_decay, q), load(grad_C, q)
        h_0 = load(h, (steps * n + j) * width)
        for i in range(steps - 1, -1, -1):
            g_i = load(grad_y, i * width)
            grad_0 = back_0 + C_0 * g_i
            sum_C_0 = sum_C_0 + g_i * h_0
            store(grad_x, i * width, load(grad_x, i * width) + grad_0)
            if y is not None:
                store(y, i * width, load(y, i * width) + C_0 * h_0)
            h_0 = load(h, (i * n + j) * width)
            sum_a_0 = sum_a_0 + grad_0 * h_0
            back_0 = grad_0 * a_0
        store(grad_decay, q, sum_a_0)
        store(grad_C, q, sum_C_0)
        store(carry, r, back_0)


@subroutine
def sum_lanes(
    vectors: Any, rows: Any, columns: Any, sums: Any, out: Any, at: Any, step: Any
) -> None:
    """out[at + i·step + j] = the sum over the lanes of ``vectors``' entry (i, j).

    ``vectors`` and ``sums`` (scratch, a number per entry) must reach to whole multiples of the
    lanes.
    """
    width = lanes_of(vectors)
    for i in range(0, rows * columns, width):
        store(sums, i, row_sums(vectors, i * width))
    for i in range(rows):
        for j in range(columns):
            out[at + i * step + j] = sums[i * columns + j]
