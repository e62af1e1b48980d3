"""Backward pass of the fused MS-SSM layer core on the CPU (numba)."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import (
    clear_past,
    copy_vectors,
    fill_zero,
    filter_bank,
    filter_bank_gradient,
    halo_rows,
    padding_rows,
    segment_rows,
)
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.ms_scan.cpu_forward import band_of, step_sizes
from msssm_ts.kernels.ms_scan.cpu_pairs import pairs_chunk, pairs_chunk_gradient
from msssm_ts.kernels.selective_scan.cpu_chunks import (
    CHUNK,
    lti_chunk,
    lti_chunk_gradient,
    selective_chunk,
    selective_chunk_gradient,
    sum_lanes,
)
from msssm_ts.kernels.simd import lanes_of, load, sigmoid, splat, spread, store


@inlined
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


@inlined
def _through_gate(
    grad_y: Any, at: Any, step: Any, gate: Any, gate_at: Any, gate_step: Any, steps: Any,
    grad_mix: Any, mix_at: Any,
) -> None:
    """grad_mix = silu(gate) · grad_y, the gradient of the mixed streams."""
    width = lanes_of(grad_mix)
    for i in range(steps):
        value = load(grad_y, at + i * step)
        if gate is not None:
            g = load(gate, gate_at + i * gate_step)
            value = value * (g * sigmoid(g))
        store(grad_mix, mix_at + i * width, value)


@inlined
def _gate_gradient(
    grad_y: Any, at: Any, step: Any, gate: Any, gate_at: Any, gate_step: Any, mix: Any,
    mix_at: Any, steps: Any, grad_gate: Any, out_at: Any, out_step: Any,
) -> None:
    """grad_gate = silu′(gate) · mix · grad_y."""
    width, one = lanes_of(mix), splat(mix.dtype.type(1))
    for i in range(steps):
        g = load(gate, gate_at + i * gate_step)
        sig = sigmoid(g)
        slope = sig * (one + g * (one - sig))
        value = load(grad_y, at + i * step) * load(mix, mix_at + i * width)
        store(grad_gate, out_at + i * out_step, value * slope)


@inlined
def _through_mixer_and_skip(
    E: Any, e_at: Any, e_step: Any, D: Any, d_at: Any, grad_D: Any, grad_at: Any, source: Any,
    at: Any, grad_mix: Any, mix_at: Any, steps: Any, gy: Any, y: Any, grad_in: Any,
) -> None:
    """Gy = E · grad_mix, a stream's output gradient, and the skip's share of what follows."""
    width = lanes_of(gy)
    skip, grad_skip = load(D, d_at), load(grad_D, grad_at)
    for i in range(steps):
        x_i = load(source, at + i * width)
        g_i = spread(E, e_at + i * e_step) * load(grad_mix, mix_at + i * width)
        store(gy, i * width, g_i)
        store(grad_in, i * width, skip * g_i)
        store(y, i * width, skip * x_i)
        grad_skip = grad_skip + g_i * x_i
    store(grad_D, grad_at, grad_skip)


@inlined
def _mixer_gradient(
    E: Any, e_at: Any, e_step: Any, y: Any, grad_mix: Any, mix: Any, mix_at: Any, steps: Any,
    lanes_E: Any,
) -> None:
    """Add the stream's output y to the mix, and its part of grad_E to the per-lane sums."""
    width = lanes_of(y)
    for i in range(steps):
        y_i, m = load(y, i * width), mix_at + i * width
        store(mix, m, load(mix, m) + spread(E, e_at + i * e_step) * y_i)
        store(lanes_E, i * width, load(lanes_E, i * width) + load(grad_mix, m) * y_i)


@kernel
def backward(
    grad_y: Any, carry: Any, x: Any, gate: Any, phi: Any, psi: Any, A: Any, decay: Any,
    poles: Any, B: Any, C: Any, D: Any, E: Any, low: Any, weight: Any, bias: Any, lengths: Any,
    checkpoints: Any, grad_x: Any, grad_gate: Any, grad_phi: Any, grad_psi: Any, grad_A: Any,
    grad_B: Any, grad_C: Any, grad_D: Any, grad_E: Any, grad_low: Any, grad_weight: Any,
    grad_bias: Any, length: Any, d: Any, x_stride: Any, gate_stride: Any, n_scales: Any,
    n_taps: Any, n: Any, rank: Any, n_history: Any, reverse: Any, grad_stride: Any, groups: Any,
    first: Any, last: Any,
) -> None:
    """``carry`` (b, M, n, d): the gradient of the last state on entry, of the initial on exit.

    Gradients of parameters come per series, those of B, C, E and low per group of channels.
    """
    width = lanes_of(x)
    vectors, streams = d // width, n_scales + 2 if n_scales else 1
    batch = lengths.size
    chunks = (length + CHUNK - 1) // CHUNK
    rows = n_history + length
    # Per vector of the group: S + 1 levels; S details and the raw stream's gradient.
    widest = (vectors + groups - 1) // groups
    start = padding_rows(n_scales, n_taps) * width
    halo, segment = halo_rows(n_scales, n_taps), segment_rows(n_scales, n_taps, rows)
    plane = 2 * start + (halo + segment) * width
    planes = (n_scales + 1) * plane
    levels, details = scratch(x, widest * planes), scratch(x, widest * planes)
    tail = 2 * halo * width
    tails = scratch(x, widest * tail)
    for v in range(widest):
        clear_past(levels[v * planes :], plane, start, n_scales, n_taps)
    chunk = CHUNK * width
    grad_mix, mix = scratch(x, widest * chunk), scratch(x, widest * chunk)
    dt, slope, grad_dt = scratch(x, chunk), scratch(x, chunk), scratch(x, chunk)
    gy, y_chunk, grad_in = scratch(x, chunk), scratch(x, chunk), scratch(x, chunk)
    h, decays = scratch(x, (CHUNK + 1) * n * width), scratch(x, n * chunk)
    lanes_B, lanes_C = scratch(x, n * chunk), scratch(x, n * chunk)
    lanes_E, lanes_low = scratch(x, chunk), scratch(x, max(rank, 1) * chunk)
    sums = scratch(x, CHUNK * max(n, rank, 1))
    for item in range(first, last):
        b, group = item // groups, item % groups
        v_first, v_last = vectors * group // groups, vectors * (group + 1) // groups
        steps_b = lengths[b]
        direction = -1 if reverse else 1
        row_0 = steps_b - 1 if reverse else 0
        fill_zero(tails, 0, width, widest * 2 * halo)
        for v in range(v_first, v_last):
            c = v * width
            fill_zero(grad_phi, b * n_scales * n_taps * d + c, d, n_scales * n_taps)
            fill_zero(grad_psi, b * n_scales * n_taps * d + c, d, n_scales * n_taps)
            fill_zero(grad_A, b * streams * n * d + c, d, streams * n)
            fill_zero(grad_D, b * streams * d + c, d, streams)
            if low is not None:
                fill_zero(grad_weight, b * streams * rank * d + c, d, streams * rank)
                fill_zero(grad_bias, b * streams * d + c, d, streams)
            else:
                fill_zero(grad_C, b * streams * n * d + c, d, streams * n)
        # Segments before the first step are the history's.
        n_segments = (steps_b + segment - 1) // segment
        n_past = (n_history + segment - 1) // segment
        for q in range(n_segments - 1, -n_past - 1, -1):
            begin, end = max(q * segment, -n_history), min((q + 1) * segment, steps_b)
            count, past = end - begin, min(halo, n_history + begin)
            here = start + past * width
            x_row = b * rows + row_0 + direction * (n_history + begin)
            for v in range(v_first, v_last):
                c, base = v * width, (v - v_first) * planes
                at = (x_row - direction * past) * x_stride + c
                copy_vectors(x, at, direction * x_stride, levels, base + start, width, past + count)
                filter_bank(
                    levels[base:], details[base:], plane, start, past + count, phi, psi, c,
                    n_scales, n_taps, d,
                )
                if q < 0:
                    # The history only feeds the filters: nothing comes back through its bands.
                    for s in range(n_scales + 1):
                        fill_zero(details, base + s * plane + here, width, count)
                    fill_zero(levels, base + n_scales * plane + here, width, count)
            n_chunks = (count + CHUNK - 1) // CHUNK if q >= 0 else 0
            for k in range(n_chunks - 1, -1, -1):
                offset = k * CHUNK
                steps = min(CHUNK, count - offset)
                row = b * length + row_0 + direction * (begin + offset)
                to_row = group * batch * length + row
                for v in range(v_first, v_last):
                    c, at_v = v * width, (v - v_first) * chunk
                    _through_gate(
                        grad_y, row * grad_stride + c, direction * grad_stride, gate,
                        row * gate_stride + c, direction * gate_stride, steps, grad_mix, at_v,
                    )
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
                        at += base + here + offset * width
                        e_at, e_step = row * streams + s, direction * streams
                        s_at = (b * streams + s) * d + c
                        _through_mixer_and_skip(
                            E, e_at, e_step, D, s * d + c, grad_D, s_at, source, at, grad_mix,
                            at_v, steps, gy, y_chunk, grad_in,
                        )
                        a_at, state_at = s * n * d + c, (b * streams + s) * n * d + c
                        saved = (b * chunks + (begin + offset) // CHUNK) * streams + s
                        saved = saved * n * d + c
                        copy_vectors(checkpoints, saved, d, h, 0, width, n)
                        if low is not None:
                            low_at, low_step = e_at * rank, e_step * rank
                            w_at, bc, bc_step = s * rank * d + c, e_at * n, e_step * n
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
                                low, low_at, low_step, rank, weight, w_at, d, steps, grad_dt,
                                slope, lanes_low, grad_weight,
                                (b * streams + s) * rank * d + c, grad_bias, s_at,
                            )
                        else:
                            if poles is not None:
                                pairs_chunk(
                                    source, at, y_chunk, steps, h, 0, width, poles, C, a_at, d, n,
                                    decays,
                                )
                                pairs_chunk_gradient(
                                    gy, y_chunk, grad_in, steps, h, carry, state_at, poles, C,
                                    a_at, d, n, grad_A, grad_C, state_at,
                                )
                            if decay is not None:
                                lti_chunk(
                                    source, at, y_chunk, steps, h, 0, width, decay, C, a_at, d, n,
                                    decays,
                                )
                                lti_chunk_gradient(
                                    gy, y_chunk, grad_in, steps, h, carry, state_at, decay, C,
                                    a_at, d, n, grad_A, grad_C, state_at,
                                )
                        _mixer_gradient(
                            E, e_at, e_step, y_chunk, grad_mix, mix, at_v, steps, lanes_E
                        )
                        # The gradient takes the band's place; a⁰ is still needed, so the raw
                        # stream's goes to a plane of its own.
                        if s == 0:
                            at = base + n_scales * plane + here + offset * width
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
                        c, at_v = v * width, (v - v_first) * chunk
                        _gate_gradient(
                            grad_y, row * grad_stride + c, direction * grad_stride, gate,
                            row * gate_stride + c, direction * gate_stride, mix, at_v, steps,
                            grad_gate, row * d + c, direction * d,
                        )
            for v in range(v_first, v_last):
                c, base = v * width, (v - v_first) * planes
                filter_bank_gradient(
                    levels[base:], details[base:], plane, here, count, tails,
                    (v - v_first) * tail, phi, psi, grad_phi, grad_psi,
                    b * n_scales * n_taps * d + c, c, n_scales, n_taps, d,
                )
                for t in range(count):
                    at = base + here + t * width
                    value = load(details, at + n_scales * plane)
                    if n_scales:
                        value = value + load(levels, at)
                    store(grad_x, (x_row + direction * t) * d + c, value)
        rest = length - steps_b
        for v in range(v_first, v_last):
            c = v * width
            fill_zero(grad_x, (b * rows + n_history + steps_b) * d + c, d, rest)
            if gate is not None:
                fill_zero(grad_gate, (b * length + steps_b) * d + c, d, rest)
        begin = (group * batch + b) * length
        grad_E[(begin + steps_b) * streams : (begin + length) * streams] = 0
        if low is not None:
            grad_B[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_C[(begin + steps_b) * streams * n : (begin + length) * streams * n] = 0
            grad_low[(begin + steps_b) * streams * rank : (begin + length) * streams * rank] = 0
