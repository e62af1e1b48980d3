"""Backward pass of the fused MS-SSM layer core on the CPU (numba)."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import filter_bank, filter_bank_gradient, load_rows
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.ms_scan.cpu_forward import band_of, step_sizes
from msssm_ts.kernels.selective_scan.cpu import (
    CHUNK,
    copy_vectors,
    fill_zero,
    lti_chunk,
    lti_chunk_gradient,
    selective_chunk,
    selective_chunk_gradient,
    sum_lanes,
)
from msssm_ts.kernels.simd import lanes_of, load, sigmoid, splat, store


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
    widest = (vectors + groups - 1) // groups
    # Per vector of the group: S + 1 levels, S details, the raw stream's gradient.
    plane = rows * width
    levels = scratch(x, widest * (n_scales + 1) * plane)
    details = scratch(x, widest * (n_scales + 1) * plane)
    dt, slope = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    gy, mix = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    grad_in, grad_dt = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    grad_mix, y_chunk = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    h = scratch(x, (CHUNK + 1) * n * width)
    decays = scratch(x, CHUNK * n * width)
    lanes_B = scratch(x, CHUNK * streams * n * width)
    lanes_C = scratch(x, CHUNK * streams * n * width)
    lanes_E = scratch(x, CHUNK * streams * width)
    lanes_low = scratch(x, CHUNK * streams * max(rank, 1) * width)
    one = splat(x.dtype.type(1))
    for item in range(first, last):
        b, group = item // groups, item % groups
        v_first, v_last = vectors * group // groups, vectors * (group + 1) // groups
        steps_b = lengths[b]
        n_rows = n_history + steps_b
        size = n_rows * width
        direction = -1 if reverse else 1
        row_0 = steps_b - 1 if reverse else 0
        for v in range(v_first, v_last):
            c = v * width
            base = (v - v_first) * (n_scales + 1) * plane
            source_at = (b * rows + row_0) * d + c
            load_rows(x, source_at, direction * d, levels[base:], 0, n_rows)
            filter_bank(levels[base:], details[base:], n_rows, phi, psi, c, n_scales, n_taps, d)
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
            fill_zero(lanes_E, 0, width, CHUNK * streams)
            if low is not None:
                fill_zero(lanes_B, 0, width, CHUNK * streams * n)
                fill_zero(lanes_C, 0, width, CHUNK * streams * n)
                fill_zero(lanes_low, 0, width, CHUNK * streams * rank)
            for v in range(v_first, v_last):
                c = v * width
                base = (v - v_first) * (n_scales + 1) * plane
                for i in range(steps):
                    at = (row + direction * i) * d + c
                    value = load(grad_y, at)
                    if gate is not None:
                        g = load(gate, at)
                        value = value * (g * sigmoid(g))
                    store(grad_mix, i * width, value)
                fill_zero(mix, 0, width, steps)
                for s in range(streams):
                    source, at = band_of(levels, details, s, n_scales, size)
                    at += base + (n_history + start) * width
                    skip, s_at = load(D, s * d + c), (b * streams + s) * d + c
                    grad_skip = load(grad_D, s_at)
                    for i in range(steps):
                        e = splat(E[(row + direction * i) * streams + s])
                        x_i, g_i = load(source, at + i * width), e * load(grad_mix, i * width)
                        store(gy, i * width, g_i)
                        store(grad_in, i * width, skip * g_i)
                        store(y_chunk, i * width, skip * x_i)
                        grad_skip = grad_skip + g_i * x_i
                    store(grad_D, s_at, grad_skip)
                    a_at = s * n * d + c
                    state_at = (b * streams + s) * n * d + c
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
                            bc_step, lanes_B, lanes_C, s * n, streams * n,
                        )
                        grad_offset = load(grad_bias, s_at)
                        for i in range(steps):
                            grad_pre = load(grad_dt, i * width) * load(slope, i * width)
                            grad_offset = grad_offset + grad_pre
                            for r in range(rank):
                                to = ((i * streams + s) * rank + r) * width
                                w = load(weight, w_at + r * d)
                                store(lanes_low, to, load(lanes_low, to) + grad_pre * w)
                                to = ((b * streams + s) * rank + r) * d + c
                                w = splat(low[low_at + i * low_step + r])
                                store(grad_weight, to, load(grad_weight, to) + grad_pre * w)
                        store(grad_bias, s_at, grad_offset)
                    else:
                        lti_chunk(
                            source, at, y_chunk, steps, h, 0, width, A, B, C, a_at, d, n, decays
                        )
                        lti_chunk_gradient(
                            source, at, gy, y_chunk, grad_in, steps, h, carry, state_at, A, B, C,
                            a_at, d, n, grad_A, grad_B, grad_C, state_at,
                        )
                    for i in range(steps):
                        y_i, to = load(y_chunk, i * width), (i * streams + s) * width
                        e = splat(E[(row + direction * i) * streams + s])
                        store(mix, i * width, load(mix, i * width) + e * y_i)
                        grad_e = load(grad_mix, i * width) * y_i
                        store(lanes_E, to, load(lanes_E, to) + grad_e)
                    # The gradient takes the band's place; a⁰ is still needed, so the raw
                    # stream's goes to a plane of its own.
                    if s == 0:
                        at = base + n_scales * size + (n_history + start) * width
                        copy_vectors(grad_in, 0, width, details, at, width, steps)
                    else:
                        copy_vectors(grad_in, 0, width, source, at, width, steps)
                if gate is not None:
                    for i in range(steps):
                        at = (row + direction * i) * d + c
                        g = load(gate, at)
                        sig = sigmoid(g)
                        slope_i = sig * (one + g * (one - sig))
                        store(
                            grad_gate, at, load(grad_y, at) * load(mix, i * width) * slope_i
                        )
            to = group * batch * length + row
            sum_lanes(lanes_E, steps, streams, grad_E, to * streams, direction * streams)
            if low is not None:
                bc, step = to * streams * n, direction * streams * n
                sum_lanes(lanes_B, steps, streams * n, grad_B, bc, step)
                sum_lanes(lanes_C, steps, streams * n, grad_C, bc, step)
                step = direction * streams * rank
                sum_lanes(lanes_low, steps, streams * rank, grad_low, to * streams * rank, step)
        for v in range(v_first, v_last):
            c = v * width
            base = (v - v_first) * (n_scales + 1) * plane
            for s in range(1, n_scales + 1):
                fill_zero(details, base + (s - 1) * size, width, n_history)
            fill_zero(levels, base + n_scales * size, width, n_history)
            at = b * n_scales * n_taps * d + c
            filter_bank_gradient(
                levels[base:], details[base:], n_rows, phi, psi, grad_phi, grad_psi, at, c,
                n_scales, n_taps, d,
            )
            raw = base + n_scales * size
            for t in range(n_rows):
                value = load(levels, base + t * width)
                if t >= n_history:
                    value = value + load(details, raw + t * width)
                store(grad_x, (b * rows + row_0 + direction * t) * d + c, value)
            rest = length - steps_b
            fill_zero(grad_x, (b * rows + n_rows) * d + c, d, rest)
            if gate is not None:
                fill_zero(grad_gate, (b * length + steps_b) * d + c, d, rest)
        begin = (group * batch + b) * length
        grad_E[(begin + steps_b) * streams : (begin + length) * streams] = 0
        if low is not None:
            grad_B[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_C[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_low[(begin + steps_b) * streams * rank : (begin + length) * streams * rank] = 0
