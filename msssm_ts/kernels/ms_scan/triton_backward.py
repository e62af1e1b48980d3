"""Backward kernels of the fused MS-SSM layer core on the GPU (Triton)."""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import (
    band_rows,
    filter_gradient,
    filter_levels,
    gpu_kernel,
    load_window,
    memory_row,
)
from msssm_ts.kernels.selective_scan.triton import LN_2, decaying_exp, sigmoid, step_rows


@gpu_kernel
def gated_rows(
    grad_y: tl.tensor, gate: tl.tensor, t: tl.tensor, steps: tl.tensor, d: tl.tensor, c: tl.tensor,
    GATED: tl.constexpr, REVERSE: tl.constexpr, CT: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Gradient of the mixed streams at steps t, zero after the valid ones."""
    valid = (t < steps) & (c < d)
    at = memory_row(t, steps, REVERSE) * d + c
    value = tl.load(grad_y + at, mask=valid, other=0.0).to(CT)
    if GATED:
        g = tl.load(gate + at, mask=valid, other=0.0).to(CT)
        value *= g * sigmoid(g, decaying_exp(g))
    return value


@gpu_kernel
def local_carries(
    grad_y: tl.tensor, gate: tl.tensor, A: tl.tensor, C: tl.tensor, E: tl.tensor, low: tl.tensor,
    weight: tl.tensor, bias: tl.tensor, lengths: tl.tensor, carries: tl.tensor, sums: tl.tensor,
    scratch: tl.tensor, length: tl.tensor, segments: tl.tensor, items: tl.tensor,
    per_slot: tl.tensor, d: tl.tensor, n: tl.tensor, rank: tl.tensor, width: tl.tensor,
    scratch_size: tl.tensor, M: tl.constexpr, SEGMENT: tl.constexpr, SELECTIVE: tl.constexpr,
    GATED: tl.constexpr, REVERSE: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
    TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Find what every segment adds to the gradient of the state at its start, and its ΣΔ.

    For :func:`carry_states`; neither bands nor states are needed here.
    """
    slot = tl.program_id(1)
    lane, j = tl.arange(0, BD)[None, :], tl.arange(0, BN)[:, None]
    c = tl.program_id(0) * width + lane
    in_c, in_state = c < d, (j < n) & (c < d)
    program = tl.cast(slot * tl.num_programs(0) + tl.program_id(0), tl.int64)
    grad_mixed = scratch + program * scratch_size
    delta = grad_mixed + SEGMENT * width
    for item in range(slot * per_slot, tl.minimum((slot + 1) * per_slot, items)):
        b, segment = item // segments, item % segments
        series = tl.cast(b, tl.int64)
        start = segment * SEGMENT
        steps = tl.load(lengths + b)
        n_steps = tl.minimum(tl.maximum(steps - start, 0), SEGMENT)
        y_at = series * length * d
        tl.debug_barrier()
        for i0 in range(0, SEGMENT, TT):
            i = i0 + tl.arange(0, TT)[:, None]
            gate_b = gate + y_at if GATED else gate
            value = gated_rows(grad_y + y_at, gate_b, start + i, steps, d, c, GATED, REVERSE, CT)
            tl.store(grad_mixed + i * width + lane, value)
        for s in range(M):
            if SELECTIVE:
                total = tl.zeros([1, BD], dtype=CT)
                for i0 in range(0, SEGMENT, TT):
                    i = i0 + tl.arange(0, TT)[:, None]
                    dt, _ = step_rows(
                        low + series * length * (M * rank), weight, bias, s, start + i, steps,
                        rank, d, c, M, REVERSE, BD, TT, CT,
                    )  # fmt: skip
                    tl.store(delta + i * width + lane, dt)
                    total += tl.sum(dt, 0, keep_dims=True)
                sum_at = ((series * segments + segment) * M + s) * d + c
                tl.store(sums + sum_at, total, mask=in_c)
            tl.debug_barrier()
            at = s * n * d + j * d + c
            a = tl.load(A + at, mask=in_state, other=0.0)
            if not SELECTIVE:
                c_out = tl.load(C + at, mask=in_state, other=0.0)
            grad_h = tl.zeros([BN, BD], dtype=CT)
            for back in range(n_steps):
                i = n_steps - 1 - back
                row = memory_row(start + i, steps, REVERSE)
                e = tl.load(E + series * length * M + row * M + s).to(CT)
                g = e * tl.load(grad_mixed + i * width + lane)
                if SELECTIVE:
                    map_at = series * length * (M * n) + (row * M + s) * n + j
                    c_i = tl.load(C + map_at, mask=j < n, other=0.0).to(CT)
                    dt = tl.load(delta + i * width + lane)
                    grad_h = tl.exp2(a * dt) * (grad_h + c_i * g)
                else:
                    grad_h = a * (grad_h + c_out * g)
            place = series * (segments + 1) + segment
            tl.store(carries + place * (M * n * d) + at, grad_h, mask=in_state)
            tl.debug_barrier()


@gpu_kernel
def gradients(
    grad_y: tl.tensor, x: tl.tensor, gate: tl.tensor, phi: tl.tensor, psi: tl.tensor, A: tl.tensor,
    B: tl.tensor, C: tl.tensor, D: tl.tensor, E: tl.tensor, low: tl.tensor, weight: tl.tensor,
    bias: tl.tensor, lengths: tl.tensor, states: tl.tensor, carries: tl.tensor, grad_x: tl.tensor,
    edge_own: tl.tensor, edge_next: tl.tensor, grad_gate: tl.tensor, grad_phi: tl.tensor,
    grad_psi: tl.tensor, grad_A: tl.tensor, grad_B: tl.tensor, grad_C: tl.tensor, grad_D: tl.tensor,
    grad_E: tl.tensor, grad_low: tl.tensor, grad_weight: tl.tensor, grad_bias: tl.tensor,
    scratch: tl.tensor, batch: tl.tensor, length: tl.tensor, n_history: tl.tensor,
    segments: tl.tensor, items: tl.tensor, per_slot: tl.tensor, blocks: tl.tensor,
    stride: tl.tensor, d: tl.tensor, n: tl.tensor, rank: tl.tensor, width: tl.tensor,
    scratch_size: tl.tensor, S: tl.constexpr, K: tl.constexpr, SEGMENT: tl.constexpr,
    HALO: tl.constexpr, CHUNK: tl.constexpr, SELECTIVE: tl.constexpr, GATED: tl.constexpr,
    REVERSE: tl.constexpr, ONE_PASS: tl.constexpr, BK: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """All gradients of every segment, from its first state and the gradient of its last one.

    ``carries`` (b, segments + 1, M, n, d) holds the gradients of the states between segments;
    with ONE_PASS a program runs through its series backwards and fills them in. A program owns
    ``blocks`` blocks of channels and adds what it finds for parameters to its slot's part of
    the buffers (slots, …), for B, C, E and low to its group's part (groups, b, l, …).
    """
    M: tl.constexpr = S + 2 if S > 0 else 1
    window: tl.constexpr = SEGMENT + HALO
    group, slot = tl.program_id(0), tl.program_id(1)
    lane, j = tl.arange(0, BD)[None, :], tl.arange(0, BN)[:, None]
    j_flat = tl.arange(0, BN)
    program = tl.cast(slot * tl.num_programs(0) + group, tl.int64)
    levels = scratch + program * scratch_size
    details = levels + (S + 1) * window * width  # gradients: raw signal, d¹ … dˢ
    band = details + (S + 1) * window * width
    delta = band + SEGMENT * width
    slope = delta + SEGMENT * width
    grad_mixed = slope + SEGMENT * width
    mixed = grad_mixed + SEGMENT * width
    kept = mixed + SEGMENT * width
    for item in range(slot * per_slot, tl.minimum((slot + 1) * per_slot, items)):
        b, segment = item // segments, segments - 1 - item % segments
        series = tl.cast(b, tl.int64)
        start = segment * SEGMENT
        steps = tl.load(lengths + b)
        n_steps = tl.minimum(tl.maximum(steps - start, 0), SEGMENT)
        y_at = series * length * d
        rows_at = (tl.cast(group, tl.int64) * batch + b) * length * M
        for block in range(blocks):
            c = (group * blocks + block) * width + lane
            in_c, in_state = c < d, (j < n) & (c < d)
            again = block > 0
            tl.debug_barrier()
            load_window(
                x + series * (n_history + length) * d, levels, start - HALO, steps, window,
                n_history, d, c, width, REVERSE, BD, TT, CT,
            )  # fmt: skip
            filter_levels(levels, phi, window, d, c, width, S, K, BD, TT, CT)
            for i0 in range(0, SEGMENT, TT):
                i = i0 + tl.arange(0, TT)[:, None]
                gate_b = gate + y_at if GATED else gate
                value = gated_rows(
                    grad_y + y_at, gate_b, start + i, steps, d, c, GATED, REVERSE, CT
                )
                tl.store(grad_mixed + i * width + lane, value)
            for s in range(M):
                # The approximation's gradient takes its band's place once that is copied.
                grad_band = levels + S * window * width
                if s <= S:
                    grad_band = details + s * window * width
                for i0 in range(0, SEGMENT, TT):
                    i = i0 + tl.arange(0, TT)[:, None]
                    u = band_rows(levels, psi, s, HALO, i, window, d, c, width, S, K, BD)
                    tl.store(band + i * width + lane, u)
                    if SELECTIVE:
                        dt, bend = step_rows(
                            low + series * length * (M * rank), weight, bias, s, start + i,
                            steps, rank, d, c, M, REVERSE, BD, TT, CT,
                        )  # fmt: skip
                        tl.store(delta + i * width + lane, dt)
                        tl.store(slope + i * width + lane, bend)
                tl.debug_barrier()
                for r0 in range(0, window, TT):
                    r = r0 + tl.arange(0, TT)[:, None]
                    unused = (r < HALO) | ((r >= HALO + n_steps) & (r < window))
                    zero = tl.zeros([TT, BD], dtype=CT)
                    tl.store(grad_band + r * width + lane, zero, mask=unused)
                at = s * n * d + j * d + c
                a = tl.load(A + at, mask=in_state, other=0.0)
                skip = tl.load(D + s * d + c, mask=in_c, other=0.0)
                sum_a, sum_skip = tl.zeros([BN, BD], dtype=CT), tl.zeros([1, BD], dtype=CT)
                if not SELECTIVE:
                    b_in = tl.load(B + at, mask=in_state, other=0.0)
                    c_out = tl.load(C + at, mask=in_state, other=0.0)
                    sum_b, sum_c = tl.zeros([BN, BD], dtype=CT), tl.zeros([BN, BD], dtype=CT)
                carry_at = carries + (series * (segments + 1) + segment) * (M * n * d) + at
                grad_h = tl.load(carry_at + M * n * d, mask=in_state, other=0.0)
                for chunk_back in range(SEGMENT // CHUNK):
                    chunk = SEGMENT // CHUNK - 1 - chunk_back
                    first = chunk * CHUNK
                    n_chunk = tl.minimum(tl.maximum(n_steps - first, 0), CHUNK)
                    # The chunk's states, the one before it first.
                    place = series * (segments * stride + 1) + segment * stride + chunk
                    h = tl.load(states + place * (M * n * d) + at, mask=in_state, other=0.0)
                    tl.store(kept + j * width + lane, h)
                    for i in range(n_chunk):
                        u = tl.load(band + (first + i) * width + lane)
                        if SELECTIVE:
                            row = memory_row(start + first + i, steps, REVERSE)
                            map_at = series * length * (M * n) + (row * M + s) * n + j
                            b_i = tl.load(B + map_at, mask=j < n, other=0.0).to(CT)
                            dt = tl.load(delta + (first + i) * width + lane)
                            h = tl.exp2(a * dt) * h + b_i * (dt * u)
                        else:
                            h = a * h + b_in * u
                        tl.store(kept + ((i + 1) * BN + j) * width + lane, h)
                    tl.debug_barrier()
                    for back in range(n_chunk):
                        i = n_chunk - 1 - back
                        here = (first + i) * width + lane
                        row = memory_row(start + first + i, steps, REVERSE)
                        h = tl.load(kept + ((i + 1) * BN + j) * width + lane)
                        h_before = tl.load(kept + (i * BN + j) * width + lane)
                        u = tl.load(band + here)
                        grad_mix = tl.load(grad_mixed + here)
                        e = tl.load(E + series * length * M + row * M + s).to(CT)
                        g = e * grad_mix
                        sum_skip += g * u
                        if SELECTIVE:
                            map_at = series * length * (M * n) + (row * M + s) * n + j
                            b_i = tl.load(B + map_at, mask=j < n, other=0.0).to(CT)
                            c_i = tl.load(C + map_at, mask=j < n, other=0.0).to(CT)
                            dt = tl.load(delta + here)
                            grad_h += c_i * g
                            out = tl.sum(c_i * h, 0, keep_dims=True) + skip * u
                            grad_u = tl.sum(b_i * grad_h, 0, keep_dims=True)
                            to = (rows_at + row * M + s) * n + j_flat
                            known = (j_flat < n) & again
                            value = tl.sum(grad_h * (dt * u), 1)
                            value += tl.load(grad_B + to, mask=known, other=0.0)
                            tl.store(grad_B + to, value, mask=j_flat < n)
                            value = tl.sum(g * h, 1) + tl.load(grad_C + to, mask=known, other=0.0)
                            tl.store(grad_C + to, value, mask=j_flat < n)
                            grad_h *= tl.exp2(a * dt)
                            # d exp(ΔA) / d(ΔA) · h before the step
                            w = grad_h * h_before
                            sum_a += w * dt
                            grad_dt = grad_u * u + LN_2 * tl.sum(w * a, 0, keep_dims=True)
                            grad_u = grad_u * dt
                            # Δ is used for the last time; the gradient before softplus follows it
                            tl.store(delta + here, grad_dt * tl.load(slope + here))
                        else:
                            grad_h += c_out * g
                            out = tl.sum(c_out * h, 0, keep_dims=True) + skip * u
                            grad_u = tl.sum(b_in * grad_h, 0, keep_dims=True)
                            sum_b += grad_h * u
                            sum_c += g * h
                            sum_a += grad_h * h_before
                            grad_h *= a
                        tl.store(grad_band + HALO * width + here, grad_u + skip * g)
                        mix = e * out + tl.load(mixed + here, mask=in_c & (s > 0), other=0.0)
                        tl.store(mixed + here, mix)
                        to = rows_at + row * M + s
                        value = tl.sum(tl.sum(grad_mix * out, 1), 0)
                        value += tl.load(grad_E + to, mask=again, other=0.0)
                        tl.store(grad_E + to, value)
                    tl.debug_barrier()
                if ONE_PASS:
                    tl.store(carry_at, grad_h, mask=in_state)
                part = tl.cast(slot, tl.int64) * (M * n * d) + at
                add_to(grad_A + part, sum_a, in_state)
                add_to(grad_D + tl.cast(slot, tl.int64) * (M * d) + s * d + c, sum_skip, in_c)
                if SELECTIVE:
                    step_gradients(
                        delta, low + series * length * (M * rank), weight,
                        grad_low + rows_at * rank,
                        grad_weight + tl.cast(slot, tl.int64) * (M * rank * d),
                        grad_bias + tl.cast(slot, tl.int64) * (M * d), s, start, steps, again,
                        rank, d, c, width, M, SEGMENT, REVERSE, BD, TT, CT,
                    )  # fmt: skip
                else:
                    add_to(grad_B + part, sum_b, in_state)
                    add_to(grad_C + part, sum_c, in_state)
            tl.debug_barrier()
            part = tl.cast(slot, tl.int64) * (S * K * d)
            filter_gradient(
                levels, details + window * width, phi, psi, grad_phi + part, grad_psi + part,
                window, d, c, width, S, K, BK, BD, TT, CT,
            )  # fmt: skip
            for r0 in range(0, window, TT):
                r = r0 + tl.arange(0, TT)[:, None]
                t = start + r - HALO
                inside = (r < window) & in_c
                value = tl.load(details + r * width + lane, mask=inside, other=0.0)
                if S > 0:
                    value += tl.load(levels + r * width + lane, mask=inside, other=0.0)
                # Rows that a neighbouring segment reaches too wait for join_edges.
                final = inside & (r >= HALO) & (r < SEGMENT) & (t < length)
                row = n_history + memory_row(t, steps, REVERSE)
                x_at = series * (n_history + length) * d
                tl.store(grad_x + x_at + row * d + c, value, mask=final)
                if HALO > 0:
                    edge = (series * segments + segment) * (HALO * d) + c
                    tl.store(edge_next + edge + r * d, value, mask=inside & (r < HALO))
                    own = inside & (r >= SEGMENT)
                    tl.store(edge_own + edge + (r - SEGMENT) * d, value, mask=own)
            if GATED:
                for i0 in range(0, SEGMENT, TT):
                    i = i0 + tl.arange(0, TT)[:, None]
                    t = start + i
                    valid = (t < steps) & in_c
                    to = y_at + memory_row(t, steps, REVERSE) * d + c
                    g = tl.load(gate + to, mask=valid, other=0.0).to(CT)
                    sig = sigmoid(g, decaying_exp(g))
                    value = tl.load(grad_y + to, mask=valid, other=0.0).to(CT)
                    value *= tl.load(mixed + i * width + lane, mask=valid, other=0.0)
                    value *= sig * (1.0 + g * (1.0 - sig))
                    tl.store(grad_gate + to, value, mask=(t < length) & in_c)


@gpu_kernel
def add_to(out: tl.tensor, value: tl.tensor, mask: tl.tensor) -> None:
    """Add value to out, where no other program may write."""
    tl.store(out, tl.load(out, mask=mask, other=0.0) + value, mask=mask)


@gpu_kernel
def step_gradients(
    grad_pre: tl.tensor, low: tl.tensor, weight: tl.tensor, grad_low: tl.tensor,
    grad_weight: tl.tensor, grad_bias: tl.tensor, s: tl.tensor, start: tl.tensor, steps: tl.tensor,
    again: tl.tensor, rank: tl.tensor, d: tl.tensor, c: tl.tensor, width: tl.tensor,
    M: tl.constexpr, SEGMENT: tl.constexpr, REVERSE: tl.constexpr, BD: tl.constexpr,
    TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """From the gradients before softplus to those of low, weight and bias."""
    lane = tl.arange(0, BD)[None, :]
    in_c = c < d
    sum_bias = tl.zeros([1, BD], dtype=CT)
    for i0 in range(0, SEGMENT, TT):
        i = i0 + tl.arange(0, TT)[:, None]
        valid = start + i < steps
        pre = tl.load(grad_pre + i * width + lane, mask=valid, other=0.0)
        sum_bias += tl.sum(pre, 0, keep_dims=True)
        row = memory_row(start + i, steps, REVERSE)
        for r in range(rank):
            at = (row * M + s) * rank + r
            factor = tl.load(low + at, mask=valid, other=0.0).to(CT)
            w_at = (s * rank + r) * d + c
            w = tl.load(weight + w_at, mask=in_c, other=0.0)
            value = tl.sum(pre * w, 1, keep_dims=True)
            value += tl.load(grad_low + at, mask=valid & again, other=0.0)
            tl.store(grad_low + at, value, mask=valid)
            add_to(grad_weight + w_at, tl.sum(pre * factor, 0, keep_dims=True), in_c)
    add_to(grad_bias + s * d + c, sum_bias, in_c)


@gpu_kernel
def join_edges(
    edge_own: tl.tensor, edge_next: tl.tensor, lengths: tl.tensor, grad_x: tl.tensor,
    length: tl.tensor, n_history: tl.tensor, segments: tl.tensor, d: tl.tensor,
    SEGMENT: tl.constexpr, HALO: tl.constexpr, REVERSE: tl.constexpr, BD: tl.constexpr,
    TT: tl.constexpr,
) -> None:  # fmt: skip
    """Gradients of the steps just before a segment: from their own segment and from the next.

    Program ``segment`` joins the steps before that segment; the first ones are history, and
    after the last segment comes none.
    """
    b, segment = tl.program_id(0) // (segments + 1), tl.program_id(0) % (segments + 1)
    c = tl.program_id(1) * BD + tl.arange(0, BD)[None, :]
    series = tl.cast(b, tl.int64)
    steps = tl.load(lengths + b)
    for r0 in range(0, HALO, TT):
        r = r0 + tl.arange(0, TT)[:, None]
        t = segment * SEGMENT - HALO + r
        inside = (r < HALO) & (c < d)
        at = (series * segments + segment) * (HALO * d) + r * d + c
        not_first, not_last = t >= SEGMENT - HALO, t < segments * SEGMENT - HALO
        value = tl.load(edge_own + at - HALO * d, mask=inside & not_first, other=0.0)
        value += tl.load(edge_next + at, mask=inside & not_last, other=0.0)
        row = n_history + memory_row(t, steps, REVERSE)
        known = inside & (t >= -n_history) & (t < length)
        x_at = series * (n_history + length) * d
        tl.store(grad_x + x_at + row * d + c, value, mask=known)
