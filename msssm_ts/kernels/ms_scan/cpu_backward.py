"""Backward pass of the fused MS-SSM layer core on the CPU (numba)."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import (
    fill_zero,
    filter_bank,
    filter_bank_gradient,
    load_rows,
    padding_rows,
)
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.ms_scan.cpu_forward import band_of, step_sizes
from msssm_ts.kernels.selective_scan.cpu import (
    CHUNK,
    copy_vectors,
    lti_chunk,
    lti_chunk_gradient,
    selective_chunk,
    selective_chunk_gradient,
    sum_lanes,
)
from msssm_ts.kernels.simd import lanes_of, load, sigmoid, splat, spread, store


@kernel
def _step_size_gradient(
    low: Any, low_at: Any, low_step: Any, rank: Any, weight: Any, w_at: Any, d: Any, steps: Any,
    grad_dt: Any, slope: Any, lanes_low: Any, grad_weight: Any, grad_w_at: Any, grad_bias: Any,
    grad_bias_at: Any,
) -> None:
    """Backward of :func:`step_sizes`: adds to the sums of low, weight and bias."""
    width = lanes_of(grad_dt)
    total = load(grad_bias, grad_bias_at)
    for i in range(steps):
        value = load(grad_dt, i * width) * load(slope, i * width)
        store(grad_dt, i * width, value)
        total = total + value
    store(grad_bias, grad_bias_at, total)
    for r in range(rank):
        w, total = load(weight, w_at + r * d), load(grad_weight, grad_w_at + r * d)
        for i in range(steps):
            value, to = load(grad_dt, i * width), (i * rank + r) * width
            store(lanes_low, to, load(lanes_low, to) + value * w)
            total = total + value * spread(low, low_at + i * low_step + r)
        store(grad_weight, grad_w_at + r * d, total)


@kernel
def backward(
    grad_y: Any, carry: Any, x: Any, gate: Any, phi: Any, psi: Any, A: Any, B: Any, C: Any,
    D: Any, E: Any, low: Any, weight: Any, bias: Any, lengths: Any, checkpoints: Any,
    grad_x: Any, grad_gate: Any, grad_phi: Any, grad_psi: Any, grad_A: Any, grad_B: Any,
    grad_C: Any, grad_D: Any, grad_E: Any, grad_low: Any, grad_weight: Any, grad_bias: Any,
    length: Any, d: Any, n_scales: Any, n_taps: Any, n: Any, rank: Any, n_history: Any,
    reverse: Any, groups: Any, first: Any, last: Any,
) -> None:
    """``carry`` (b, M, n, d): the gradient of the last state on entry, of the initial on exit.

    Gradients of parameters come per series, those of B, C, E and low per group of channels.
    """
    width = lanes_of(x)
    vectors, streams = d // width, n_scales + 2
    batch = lengths.size
    chunks = (length + CHUNK - 1) // CHUNK
    rows = n_history + length
    # Per vector of the group: S + 1 levels; S details and the raw stream's gradient.
    widest = (vectors + groups - 1) // groups
    pad = padding_rows(n_scales, n_taps)
    plane = (rows + 2 * pad) * width
    planes = (n_scales + 1) * plane
    levels, details = scratch(x, widest * planes), scratch(x, widest * planes)
    chunk = CHUNK * width
    grad_mix, mix = scratch(x, widest * chunk), scratch(x, widest * chunk)
    dt, slope, grad_dt = scratch(x, chunk), scratch(x, chunk), scratch(x, chunk)
    gy, y_chunk, grad_in = scratch(x, chunk), scratch(x, chunk), scratch(x, chunk)
    h, decays = scratch(x, (CHUNK + 1) * n * width), scratch(x, n * chunk)
    lanes_B, lanes_C = scratch(x, n * chunk), scratch(x, n * chunk)
    lanes_E, lanes_low = scratch(x, chunk), scratch(x, max(rank, 1) * chunk)
    sums = scratch(x, CHUNK * max(n, rank, 1))
    one = splat(x.dtype.type(1))
    for item in range(first, last):
        b, group = item // groups, item % groups
        v_first, v_last = vectors * group // groups, vectors * (group + 1) // groups
        steps_b = lengths[b]
        n_rows = n_history + steps_b
        direction = -1 if reverse else 1
        row_0 = steps_b - 1 if reverse else 0
        for v in range(v_first, v_last):
            c, base = v * width, (v - v_first) * planes
            source_at = (b * rows + row_0) * d + c
            load_rows(x, source_at, direction * d, levels, base + pad * width, n_rows)
            filter_bank(
                levels[base:], details[base:], plane, n_rows, phi, psi, c, n_scales, n_taps, d
            )
            fill_zero(grad_A, b * streams * n * d + c, d, streams * n)
            fill_zero(grad_D, b * streams * d + c, d, streams)
            if low is not None:
                fill_zero(grad_weight, b * streams * rank * d + c, d, streams * rank)
                fill_zero(grad_bias, b * streams * d + c, d, streams)
            else:
                fill_zero(grad_B, b * streams * n * d + c, d, streams * n)
                fill_zero(grad_C, b * streams * n * d + c, d, streams * n)
        for k in range((steps_b + CHUNK - 1) // CHUNK - 1, -1, -1):
            start = k * CHUNK
            steps = min(CHUNK, steps_b - start)
            row = b * length + row_0 + direction * start
            to_row = group * batch * length + row
            for v in range(v_first, v_last):
                at_v = (v - v_first) * chunk
                for i in range(steps):
                    at = (row + direction * i) * d + v * width
                    value = load(grad_y, at)
                    if gate is not None:
                        g = load(gate, at)
                        value = value * (g * sigmoid(g))
                    store(grad_mix, at_v + i * width, value)
                fill_zero(mix, at_v, width, steps)
            # Streams outside, vectors inside: the per-lane sums of one stream stay in cache.
            for s in range(streams):
                fill_zero(lanes_E, 0, width, steps)
                if low is not None:
                    fill_zero(lanes_B, 0, width, steps * n)
                    fill_zero(lanes_C, 0, width, steps * n)
                    fill_zero(lanes_low, 0, width, steps * rank)
                for v in range(v_first, v_last):
                    c, base, at_v = v * width, (v - v_first) * planes, (v - v_first) * chunk
                    source, at = band_of(levels, details, s, n_scales, plane)
                    at += base + (pad + n_history + start) * width
                    skip, s_at = load(D, s * d + c), (b * streams + s) * d + c
                    grad_skip = load(grad_D, s_at)
                    for i in range(steps):
                        e = spread(E, (row + direction * i) * streams + s)
                        x_i, g_i = load(source, at + i * width), load(grad_mix, at_v + i * width)
                        g_i = e * g_i
                        store(gy, i * width, g_i)
                        store(grad_in, i * width, skip * g_i)
                        store(y_chunk, i * width, skip * x_i)
                        grad_skip = grad_skip + g_i * x_i
                    store(grad_D, s_at, grad_skip)
                    a_at, state_at = s * n * d + c, (b * streams + s) * n * d + c
                    saved = ((b * chunks + k) * streams + s) * n * d + c
                    copy_vectors(checkpoints, saved, d, h, 0, width, n)
                    if low is not None:
                        low_at, low_step = (row * streams + s) * rank, direction * streams * rank
                        w_at, bc = s * rank * d + c, (row * streams + s) * n
                        bc_step = direction * streams * n
                        step_sizes(
                            low, low_at, low_step, rank, weight, w_at, bias, s * d + c, d,
                            steps, dt, slope,
                        )
                        selective_chunk(
                            source, at, dt, y_chunk, steps, h, 0, width, A, a_at, d, n, B, bc,
                            C, bc, bc_step, decays,
                        )
                        selective_chunk_gradient(
                            source, at, dt, gy, y_chunk, grad_in, grad_dt, steps, h, decays,
                            carry, state_at, A, grad_A, state_at, a_at, d, n, B, bc, C, bc,
                            bc_step, lanes_B, lanes_C,
                        )
                        _step_size_gradient(
                            low, low_at, low_step, rank, weight, w_at, d, steps, grad_dt, slope,
                            lanes_low, grad_weight, (b * streams + s) * rank * d + c,
                            grad_bias, s_at,
                        )
                    else:
                        lti_chunk(
                            source, at, y_chunk, steps, h, 0, width, A, B, C, a_at, d, n, decays
                        )
                        lti_chunk_gradient(
                            source, at, gy, y_chunk, grad_in, steps, h, carry, state_at, A, B, C,
                            a_at, d, n, grad_A, grad_B, grad_C, state_at,
                        )
                    for i in range(steps):
                        y_i, m = load(y_chunk, i * width), at_v + i * width
                        e = spread(E, (row + direction * i) * streams + s)
                        store(mix, m, load(mix, m) + e * y_i)
                        grad_e = load(lanes_E, i * width) + load(grad_mix, m) * y_i
                        store(lanes_E, i * width, grad_e)
                    # The gradient takes the band's place; a⁰ is still needed, so the raw
                    # stream's goes to a plane of its own.
                    if s == 0:
                        at = base + n_scales * plane + (pad + n_history + start) * width
                        copy_vectors(grad_in, 0, width, details, at, width, steps)
                    else:
                        copy_vectors(grad_in, 0, width, source, at, width, steps)
                at = to_row * streams + s
                sum_lanes(lanes_E, steps, 1, sums, grad_E, at, direction * streams)
                if low is not None:
                    step = direction * streams * n
                    sum_lanes(lanes_B, steps, n, sums, grad_B, at * n, step)
                    sum_lanes(lanes_C, steps, n, sums, grad_C, at * n, step)
                    step = direction * streams * rank
                    sum_lanes(lanes_low, steps, rank, sums, grad_low, at * rank, step)
            if gate is not None:
                for v in range(v_first, v_last):
                    for i in range(steps):
                        at = (row + direction * i) * d + v * width
                        g, m = load(gate, at), load(mix, ((v - v_first) * CHUNK + i) * width)
                        sig = sigmoid(g)
                        slope_i = sig * (one + g * (one - sig))
                        store(grad_gate, at, load(grad_y, at) * m * slope_i)
        rest = length - steps_b
        for v in range(v_first, v_last):
            c, base = v * width, (v - v_first) * planes
            # The history only feeds the filters: nothing comes back through its bands.
            for s in range(1, n_scales + 2):
                target, at = band_of(levels, details, s, n_scales, plane)
                fill_zero(target, base + at + pad * width, width, n_history)
            at = b * n_scales * n_taps * d + c
            filter_bank_gradient(
                levels[base:], details[base:], plane, n_rows, phi, psi, grad_phi, grad_psi, at, c,
                n_scales, n_taps, d,
            )
            for t in range(n_rows):
                at = base + (pad + t) * width
                value = load(levels, at)
                if t >= n_history:
                    value = value + load(details, at + n_scales * plane)
                store(grad_x, (b * rows + row_0 + direction * t) * d + c, value)
            fill_zero(grad_x, (b * rows + n_rows) * d + c, d, rest)
            if gate is not None:
                fill_zero(grad_gate, (b * length + steps_b) * d + c, d, rest)
        begin = (group * batch + b) * length
        grad_E[(begin + steps_b) * streams : (begin + length) * streams] = 0
        if low is not None:
            grad_B[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_C[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_low[(begin + steps_b) * streams * rank : (begin + length) * streams * rank] = 0
