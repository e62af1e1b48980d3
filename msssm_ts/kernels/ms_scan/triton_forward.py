"""Forward kernels of the fused MS-SSM layer core on the GPU (Triton)."""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import (
    band_rows,
    filter_levels,
    gpu_kernel,
    load_window,
    memory_row,
)
from msssm_ts.kernels.selective_scan.triton import decaying_exp, sigmoid, step_rows


@gpu_kernel
def local_states(
    x: tl.tensor, phi: tl.tensor, psi: tl.tensor, A: tl.tensor, B: tl.tensor, low: tl.tensor,
    weight: tl.tensor, bias: tl.tensor, lengths: tl.tensor, states: tl.tensor, sums: tl.tensor,
    scratch: tl.tensor, length: tl.tensor, n_history: tl.tensor, segments: tl.tensor,
    items: tl.tensor, per_slot: tl.tensor, stride: tl.tensor, d: tl.tensor, n: tl.tensor,
    rank: tl.tensor, width: tl.tensor, scratch_size: tl.tensor, S: tl.constexpr, K: tl.constexpr,
    SEGMENT: tl.constexpr, HALO: tl.constexpr, SELECTIVE: tl.constexpr, REVERSE: tl.constexpr,
    BN: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Scan every segment from a zero state: its end state and ΣΔ, for :func:`carry_states`."""
    M: tl.constexpr = S + 2 if S > 0 else 1
    window: tl.constexpr = SEGMENT + HALO
    slot = tl.program_id(1)
    lane, j = tl.arange(0, BD)[None, :], tl.arange(0, BN)[:, None]
    c = tl.program_id(0) * width + lane
    in_c, in_state = c < d, (j < n) & (c < d)
    program = tl.cast(slot * tl.num_programs(0) + tl.program_id(0), tl.int64)
    levels = scratch + program * scratch_size
    band = levels + (S + 1) * window * width
    delta = band + SEGMENT * width
    for item in range(slot * per_slot, tl.minimum((slot + 1) * per_slot, items)):
        b, segment = item // segments, item % segments
        series = tl.cast(b, tl.int64)
        start = segment * SEGMENT
        steps = tl.load(lengths + b)
        n_steps = tl.minimum(tl.maximum(steps - start, 0), SEGMENT)
        tl.debug_barrier()
        load_window(
            x + series * (n_history + length) * d, levels, start - HALO, steps, window,
            n_history, d, c, width, REVERSE, BD, TT, CT,
        )  # fmt: skip
        filter_levels(levels, phi, window, d, c, width, S, K, BD, TT, CT)
        for s in range(M):
            total = tl.zeros([1, BD], dtype=CT)
            for i0 in range(0, SEGMENT, TT):
                i = i0 + tl.arange(0, TT)[:, None]
                u = band_rows(levels, psi, s, HALO, i, window, d, c, width, S, K, BD)
                if SELECTIVE:
                    dt, _ = step_rows(
                        low + series * length * (M * rank), weight, bias, s, start + i, steps,
                        rank, d, c, M, REVERSE, BD, TT, CT,
                    )  # fmt: skip
                    tl.store(delta + i * width + lane, dt)
                    total += tl.sum(dt, 0, keep_dims=True)
                    u = u * dt
                tl.store(band + i * width + lane, u)
            tl.debug_barrier()
            at = s * n * d + j * d + c
            a = tl.load(A + at, mask=in_state, other=0.0)
            h = tl.zeros([BN, BD], dtype=CT)
            if SELECTIVE:
                for i in range(n_steps):
                    row = memory_row(start + i, steps, REVERSE)
                    map_at = series * length * (M * n) + (row * M + s) * n + j
                    b_i = tl.load(B + map_at, mask=j < n, other=0.0).to(CT)
                    dt = tl.load(delta + i * width + lane)
                    h = tl.exp2(a * dt) * h + b_i * tl.load(band + i * width + lane)
                sum_at = ((series * segments + segment) * M + s) * d + c
                tl.store(sums + sum_at, total, mask=in_c)
            else:
                b_in = tl.load(B + at, mask=in_state, other=0.0)
                for i in range(n_steps):
                    h = a * h + b_in * tl.load(band + i * width + lane)
            place = series * (segments * stride + 1) + (segment + 1) * stride
            tl.store(states + place * (M * n * d) + at, h, mask=in_state)
            tl.debug_barrier()


@gpu_kernel
def outputs(
    x: tl.tensor, gate: tl.tensor, phi: tl.tensor, psi: tl.tensor, A: tl.tensor, B: tl.tensor,
    C: tl.tensor, D: tl.tensor, E: tl.tensor, low: tl.tensor, weight: tl.tensor, bias: tl.tensor,
    lengths: tl.tensor, states: tl.tensor, y: tl.tensor, scratch: tl.tensor, length: tl.tensor,
    n_history: tl.tensor, segments: tl.tensor, items: tl.tensor, per_slot: tl.tensor,
    stride: tl.tensor, d: tl.tensor, n: tl.tensor, rank: tl.tensor, width: tl.tensor,
    scratch_size: tl.tensor, S: tl.constexpr, K: tl.constexpr, SEGMENT: tl.constexpr,
    HALO: tl.constexpr, CHUNK: tl.constexpr, SELECTIVE: tl.constexpr, GATED: tl.constexpr,
    REVERSE: tl.constexpr, KEEP: tl.constexpr, ONE_PASS: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Write the outputs of every segment, from the state at its start.

    ``states`` (b, segments · stride + 1, M, n, d), one place per chunk. With ONE_PASS a program
    runs through all segments of its series and leaves each one's end state for the next;
    otherwise the states at the segments' starts are there already. KEEP fills the rest.
    """
    M: tl.constexpr = S + 2 if S > 0 else 1
    window: tl.constexpr = SEGMENT + HALO
    slot = tl.program_id(1)
    lane, j = tl.arange(0, BD)[None, :], tl.arange(0, BN)[:, None]
    c = tl.program_id(0) * width + lane
    in_c, in_state = c < d, (j < n) & (c < d)
    program = tl.cast(slot * tl.num_programs(0) + tl.program_id(0), tl.int64)
    levels = scratch + program * scratch_size
    band = levels + (S + 1) * window * width
    delta = band + SEGMENT * width
    mixed = delta + SEGMENT * width
    for item in range(slot * per_slot, tl.minimum((slot + 1) * per_slot, items)):
        b, segment = item // segments, item % segments
        series = tl.cast(b, tl.int64)
        start = segment * SEGMENT
        steps = tl.load(lengths + b)
        n_steps = tl.minimum(tl.maximum(steps - start, 0), SEGMENT)
        tl.debug_barrier()
        load_window(
            x + series * (n_history + length) * d, levels, start - HALO, steps, window,
            n_history, d, c, width, REVERSE, BD, TT, CT,
        )  # fmt: skip
        filter_levels(levels, phi, window, d, c, width, S, K, BD, TT, CT)
        for s in range(M):
            for i0 in range(0, SEGMENT, TT):
                i = i0 + tl.arange(0, TT)[:, None]
                u = band_rows(levels, psi, s, HALO, i, window, d, c, width, S, K, BD)
                tl.store(band + i * width + lane, u)
                if SELECTIVE:
                    dt, _ = step_rows(
                        low + series * length * (M * rank), weight, bias, s, start + i, steps,
                        rank, d, c, M, REVERSE, BD, TT, CT,
                    )  # fmt: skip
                    tl.store(delta + i * width + lane, dt)
            tl.debug_barrier()
            at = s * n * d + j * d + c
            a = tl.load(A + at, mask=in_state, other=0.0)
            if not SELECTIVE:
                b_in = tl.load(B + at, mask=in_state, other=0.0)
                c_out = tl.load(C + at, mask=in_state, other=0.0)
            skip = tl.load(D + s * d + c, mask=in_c, other=0.0)
            place = series * (segments * stride + 1) + segment * stride
            h_at = states + place * (M * n * d) + at
            h = tl.load(h_at, mask=in_state, other=0.0)
            for chunk in range(SEGMENT // CHUNK):
                for i in range(chunk * CHUNK, tl.minimum((chunk + 1) * CHUNK, n_steps)):
                    row = memory_row(start + i, steps, REVERSE)
                    x_i = tl.load(band + i * width + lane)
                    if SELECTIVE:
                        map_at = series * length * (M * n) + (row * M + s) * n + j
                        b_i = tl.load(B + map_at, mask=j < n, other=0.0).to(CT)
                        c_i = tl.load(C + map_at, mask=j < n, other=0.0).to(CT)
                        dt = tl.load(delta + i * width + lane)
                        h = tl.exp2(a * dt) * h + b_i * (dt * x_i)
                        out = tl.sum(c_i * h, 0, keep_dims=True) + skip * x_i
                    else:
                        h = a * h + b_in * x_i
                        out = tl.sum(c_out * h, 0, keep_dims=True) + skip * x_i
                    e = tl.load(E + series * length * M + row * M + s).to(CT)
                    to = mixed + i * width + lane
                    tl.store(to, e * out + tl.load(to, mask=in_c & (s > 0), other=0.0))
                h_at += M * n * d
                # Unless in ONE_PASS the segment's end is the next one's start, and given.
                if ONE_PASS:
                    tl.store(h_at, h, mask=in_state)
                elif KEEP:
                    tl.store(h_at, h, mask=in_state & (chunk + 1 < SEGMENT // CHUNK))
            tl.debug_barrier()
        for i0 in range(0, SEGMENT, TT):
            t = start + i0 + tl.arange(0, TT)[:, None]
            valid = (t < steps) & in_c
            value = tl.load(mixed + (t - start) * width + lane, mask=valid, other=0.0)
            to = memory_row(t, steps, REVERSE) * d + c
            if GATED:
                g = tl.load(gate + series * length * d + to, mask=valid, other=0.0).to(CT)
                value *= g * sigmoid(g, decaying_exp(g))
            tl.store(y + series * length * d + to, value, mask=(t < length) & in_c)
