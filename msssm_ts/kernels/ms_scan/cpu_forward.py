"""Forward pass of the fused MS-SSM layer core on the CPU (numba)."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.decompose.cpu import (
    clear_past,
    copy_vectors,
    fill_zero,
    filter_bank,
    keep_past,
    padding_rows,
    segment_rows,
    store_four,
)
from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.ms_scan.cpu_pairs import pairs_chunk
from msssm_ts.kernels.selective_scan.cpu_chunks import (
    CHUNK,
    lti_chunk,
    selective_chunk,
)
from msssm_ts.kernels.simd import lanes_of, load, sigmoid, softplus_and_slope, spread, store


@inlined
def step_sizes(
    low: Any, low_at: Any, low_step: Any, rank: Any, weight: Any, w_at: Any, bias: Any,
    bias_at: Any, d: Any, steps: Any, dt: Any, slope: Any,
) -> None:
    """Δ = softplus(low · weight + bias), and its slope where that is not None.

    Four steps at once; ``dt`` and ``slope`` hold whole fours, of which those behind the last step
    are never read.
    """
    width = lanes_of(dt)
    offset, last = load(bias, bias_at), steps - 1
    for i in range(0, steps, 4):
        v_0, v_1, v_2, v_3 = offset, offset, offset, offset
        p_0, p_1 = low_at + i * low_step, low_at + min(i + 1, last) * low_step
        p_2, p_3 = low_at + min(i + 2, last) * low_step, low_at + min(i + 3, last) * low_step
        for r in range(rank):
            w = load(weight, w_at + r * d)
            v_0, v_1 = v_0 + spread(low, p_0 + r) * w, v_1 + spread(low, p_1 + r) * w
            v_2, v_3 = v_2 + spread(low, p_2 + r) * w, v_3 + spread(low, p_3 + r) * w
        v_0, v_1, v_2, v_3, s_0, s_1, s_2, s_3 = softplus_and_slope(v_0, v_1, v_2, v_3)
        at = i * width
        store_four(dt, at, width, v_0, v_1, v_2, v_3)
        if slope is not None:
            store_four(slope, at, width, s_0, s_1, s_2, s_3)


@inlined
def band_of(levels: Any, details: Any, s: Any, n_scales: Any, plane: Any) -> Any:
    """Which plane stream s reads: raw signal, details fine to coarse, approximation."""
    if s == 0:
        return levels, 0
    if s <= n_scales:
        return details, (s - 1) * plane
    return levels, n_scales * plane


@kernel
def forward(
    x: Any, gate: Any, phi: Any, psi: Any, A: Any, decay: Any, poles: Any, B: Any, C: Any, D: Any,
    E: Any, low: Any, weight: Any, bias: Any, state: Any, lengths: Any, y: Any, checkpoints: Any,
    keep: Any, length: Any, d: Any, x_stride: Any, gate_stride: Any, n_scales: Any, n_taps: Any,
    n: Any, rank: Any, n_history: Any, reverse: Any, first: Any, last: Any,
) -> None:
    """``state`` (b, M, n, d) holds the initial states on entry, the last ones on exit.

    Selective with ``low``, A and B; time-invariant with ``decay``, Ā; in pairs with ``poles``.
    """
    width = lanes_of(x)
    vectors, streams = d // width, n_scales + 2 if n_scales else 1
    chunks = (length + CHUNK - 1) // CHUNK
    rows = n_history + length
    start = padding_rows(n_scales, n_taps) * width
    segment = segment_rows(n_scales, n_taps, rows)
    plane = start + segment * width
    levels, details = scratch(x, (n_scales + 1) * plane), scratch(x, n_scales * plane)
    y_chunk, mix = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    dt = scratch(x, CHUNK * width)
    h = scratch(x, streams * n * width)
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        steps_b = lengths[b]
        direction = -1 if reverse else 1
        row_0 = steps_b - 1 if reverse else 0
        x_at, x_step = (b * rows + row_0) * x_stride + c, direction * x_stride
        clear_past(levels, plane, start, n_scales, n_taps)
        copy_vectors(state, b * streams * n * d + c, d, h, 0, width, streams * n)
        if keep:
            # The chunks in the padding are never read, but two runs must be equal throughout.
            for k in range((steps_b + CHUNK - 1) // CHUNK, chunks):
                at = (b * chunks + k) * streams * n * d + c
                fill_zero(checkpoints, at, d, streams * n)
        # Segments before the first step are the history's, which only feeds the filters.
        n_past = (n_history + segment - 1) // segment
        for q in range(-n_past, (steps_b + segment - 1) // segment):
            begin, end = max(q * segment, -n_history), min((q + 1) * segment, steps_b)
            count = end - begin
            at = x_at + (n_history + begin) * x_step
            copy_vectors(x, at, x_step, levels, start, width, count)
            filter_bank(levels, details, plane, start, count, phi, psi, c, n_scales, n_taps, d)
            for offset in range(0, count if q >= 0 else 0, CHUNK):
                steps = min(CHUNK, count - offset)
                row = b * length + row_0 + direction * (begin + offset)
                if keep:
                    at = (b * chunks + (begin + offset) // CHUNK) * streams * n * d + c
                    copy_vectors(h, 0, width, checkpoints, at, d, streams * n)
                fill_zero(mix, 0, width, steps)
                for s in range(streams):
                    source, at = band_of(levels, details, s, n_scales, plane)
                    at += start + offset * width
                    skip = load(D, s * d + c)
                    for i in range(steps):
                        store(y_chunk, i * width, skip * load(source, at + i * width))
                    a_at = s * n * d + c
                    if low is not None:
                        step_sizes(
                            low, (row * streams + s) * rank, direction * streams * rank, rank,
                            weight, s * rank * d + c, bias, s * d + c, d, steps, dt, None,
                        )
                        bc = (row * streams + s) * n
                        selective_chunk(
                            source, at, dt, y_chunk, steps, h, s * n * width, width, A, a_at, d,
                            n, B, bc, C, bc, direction * streams * n, None,
                        )
                    else:
                        # Not "else" again: numba leaves out what a None rules out, no more.
                        if poles is not None:
                            pairs_chunk(
                                source, at, y_chunk, steps, h, s * n * width, width, poles, C,
                                a_at, d, n, None,
                            )
                        if decay is not None:
                            lti_chunk(
                                source, at, y_chunk, steps, h, s * n * width, width, decay, C,
                                a_at, d, n, None,
                            )
                    for i in range(steps):
                        e = spread(E, (row + direction * i) * streams + s)
                        value = load(mix, i * width) + e * load(y_chunk, i * width)
                        store(mix, i * width, value)
                for i in range(steps):
                    value = load(mix, i * width)
                    if gate is not None:
                        g = load(gate, (row + direction * i) * gate_stride + c)
                        value = value * (g * sigmoid(g))
                    store(y, (row + direction * i) * d + c, value)
            keep_past(levels, plane, start, count, n_scales, n_taps)
        fill_zero(y, (b * length + steps_b) * d + c, d, length - steps_b)
        copy_vectors(h, 0, width, state, b * streams * n * d + c, d, streams * n)
