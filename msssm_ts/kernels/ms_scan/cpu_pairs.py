"""Time-invariant scans whose modes oscillate, on the CPU: the pieces of one chunk.

A mode is a pair of real states, the real and the imaginary part of ``h = Ā h + x``, next to each
other like those of Ā and C; the output is ``y = Re(C h)``. What an input map would do is C's, so
that a pair costs no more operations than two real states of
:func:`~msssm_ts.kernels.selective_scan.cpu_chunks.lti_chunk`: 6 forward, 15 backward.
"""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import load_four, store_four
from msssm_ts.kernels.jit import inlined
from msssm_ts.kernels.simd import lanes_of, load, store


@inlined
def _turned(a: Any, b: Any, re: Any, im: Any, x: Any) -> Any:
    """Return (a + ib)(re + i·im) + x, its real and its imaginary part."""
    return a * re + (x - b * im), a * im + b * re


@inlined
def pairs_chunk(
    x: Any, x_at: Any, y: Any, steps: Any, h: Any, h_at: Any, h_step: Any, decay: Any, C: Any,
    at: Any, d: Any, n: Any, keep: Any,
) -> None:
    """Advance n / 2 pairs by one chunk.

    ``keep`` None: the state in place, the output added to y; otherwise h takes every step's
    state, as in :func:`~msssm_ts.kernels.selective_scan.cpu_chunks.selective_chunk`.
    """
    width = lanes_of(x)
    # A pair and its coefficients stay in registers; two at a time, to hide the latency.
    for j in range(0, n - 3, 4):
        p, to = at + j * d, h_at + j * h_step
        a_j, b_j, a_k, b_k = load_four(decay, p, d)
        C_j, E_j, C_k, E_k = load_four(C, p, d)
        re_j, im_j, re_k, im_k = load_four(h, to, h_step)
        for i in range(steps):
            x_i = load(x, x_at + i * width)
            re_j, im_j = _turned(a_j, b_j, re_j, im_j, x_i)
            re_k, im_k = _turned(a_k, b_k, re_k, im_k, x_i)
            if keep is None:
                out = (load(y, i * width) + C_j * re_j) - E_j * im_j
                store(y, i * width, (out + C_k * re_k) - E_k * im_k)
            else:
                store_four(h, h_at + ((i + 1) * n + j) * width, width, re_j, im_j, re_k, im_k)
        if keep is None:
            store_four(h, to, h_step, re_j, im_j, re_k, im_k)
    if n % 4:
        p, to = at + (n - 2) * d, h_at + (n - 2) * h_step
        a_j, b_j, C_j, E_j = load(decay, p), load(decay, p + d), load(C, p), load(C, p + d)
        re_j, im_j = load(h, to), load(h, to + h_step)
        for i in range(steps):
            re_j, im_j = _turned(a_j, b_j, re_j, im_j, load(x, x_at + i * width))
            if keep is None:
                store(y, i * width, (load(y, i * width) + C_j * re_j) - E_j * im_j)
            else:
                row = h_at + ((i + 1) * n + n - 2) * width
                store(h, row, re_j)
                store(h, row + width, im_j)
        if keep is None:
            store(h, to, re_j)
            store(h, to + h_step, im_j)


@inlined
def pairs_chunk_gradient(
    grad_y: Any, y: Any, grad_x: Any, steps: Any, h: Any, carry: Any, carry_at: Any, decay: Any,
    C: Any, at: Any, d: Any, n: Any, grad_decay: Any, grad_C: Any, grad_at: Any,
) -> None:
    """Backward of :func:`pairs_chunk` over its stored states, last step first; adds to y."""
    width = lanes_of(grad_y)
    for j in range(0, n, 2):
        p, q, c = at + j * d, grad_at + j * d, carry_at + j * d
        a, b, C_j, E_j = load(decay, p), load(decay, p + d), load(C, p), load(C, p + d)
        carried_re, carried_im = load(carry, c), load(carry, c + d)
        sum_a, sum_b = load(grad_decay, q), load(grad_decay, q + d)
        sum_C, sum_E = load(grad_C, q), load(grad_C, q + d)
        row = (steps * n + j) * width
        re, im = load(h, row), load(h, row + width)
        for i in range(steps - 1, -1, -1):
            g_i, row = load(grad_y, i * width), (i * n + j) * width
            re_before, im_before = load(h, row), load(h, row + width)
            # Of the state's two parts.
            g_re, g_im = carried_re + C_j * g_i, carried_im - E_j * g_i
            sum_C = sum_C + g_i * re
            sum_E = sum_E - g_i * im
            sum_a = (sum_a + g_re * re_before) + g_im * im_before
            sum_b = (sum_b + g_im * re_before) - g_re * im_before
            store(grad_x, i * width, load(grad_x, i * width) + g_re)
            store(y, i * width, (load(y, i * width) + C_j * re) - E_j * im)
            carried_re, carried_im = a * g_re + b * g_im, a * g_im - b * g_re
            re, im = re_before, im_before
        store(grad_decay, q, sum_a)
        store(grad_decay, q + d, sum_b)
        store(grad_C, q, sum_C)
        store(grad_C, q + d, sum_E)
        store(carry, c, carried_re)
        store(carry, c + d, carried_im)
