"""Backward kernels of the fused MS-SSM layer core on the GPU (Triton).

As forward, a program holds the rows of a tile of steps in registers. It runs through its chunks
backwards: it repeats a chunk's forward pass from the state kept before it, for the states between
its tiles, then each tile's, the last one first, and the states within a tile stay in registers
until their gradients have been found.
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import (
    add_to,
    band_rows,
    below_end,
    gpu_kernel,
    memory_row,
    memory_rows,
)
from msssm_ts.kernels.ms_scan.triton_pairs import carry_pairs_back, pairs_gradients
from msssm_ts.kernels.ms_scan.triton_states import move_states, per_step
from msssm_ts.kernels.selective_scan.triton import (
    LN_2,
    decaying_exp,
    falling,
    scan_tile,
    scan_tile_back,
    sigmoid,
    step_rows,
)


@gpu_kernel
def gate_gradient(
    grad_y: tl.tensor, gate: tl.tensor, mixed: tl.tensor, lengths: tl.tensor,
    grad_mixed: tl.tensor, grad_gate: tl.tensor, length: tl.tensor, width: tl.tensor,
    tiles: tl.tensor, d: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Backward of the gate: gradients of the mixed streams (valid steps alone) and of itself."""
    b, t = tl.program_id(0) // tiles, tl.program_id(0) % tiles * TT
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    i = tl.arange(0, TT)[:, None]
    in_c = below_end(first + lane, d, BD)
    valid = (t + i < tl.load(lengths + b)) & in_c
    at = (tl.cast(b, tl.int64) * length + t) * d + first
    to = i * d + lane
    z = tl.load(gate + at + to, mask=valid, other=0.0).to(CT)
    grad = tl.load(grad_y + at + to, mask=valid, other=0.0).to(CT)
    sig = sigmoid(z, decaying_exp(z))
    tl.store(grad_mixed + at + to, grad * z * sig, mask=valid)
    grad *= tl.load(mixed + at + to, mask=valid, other=0.0)
    grad *= sig * (1.0 + z * (1.0 - sig))
    tl.store(grad_gate + at + to, grad, mask=(t + i < length) & in_c)


@gpu_kernel
def local_carries(
    grad_mixed: tl.tensor, parameters: tl.tensor, C: tl.tensor, E: tl.tensor, low: tl.tensor,
    lengths: tl.tensor, carries: tl.tensor, sums: tl.tensor, length: tl.tensor, width: tl.tensor,
    span: tl.tensor, segments: tl.tensor, streams: tl.constexpr, d: tl.constexpr, n: tl.constexpr,
    rank: tl.constexpr, PARAMS: tl.constexpr, SELECTIVE: tl.constexpr, PAIRS: tl.constexpr,
    REVERSE: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Find what every segment adds to the gradient of the state at its start, and its ΣΔ.

    For :func:`carry_states`; the gradients are zero before. Neither bands nor states are needed.
    """
    s = tl.program_id(2)
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    table = parameters + (s * PARAMS * d + first)
    b, segment = tl.program_id(0) // segments, tl.program_id(0) % segments
    series = tl.cast(b, tl.int64)
    start = segment * span
    steps = tl.load(lengths + b)
    tiles = (tl.minimum(tl.maximum(steps - start, 0), span) + T - 1) // T
    ahead = memory_rows(T, REVERSE)
    total = tl.zeros([1, BD], dtype=CT)
    for back in range(tiles):
        t = start + (tiles - 1 - back) * T
        valid = t + tl.arange(0, T)[:, None] < steps
        row = series * length + memory_row(t, steps, REVERSE)
        g = grad_mixed + (row * d + first) + (ahead * d + lane)
        g = tl.load(g, mask=valid & in_c, other=0.0).to(CT)
        g *= tl.load(E + (row * streams + s) + ahead * streams, mask=valid, other=0.0).to(CT)
        if SELECTIVE:
            dt, _slope = step_rows(
                low, table + (n + 1) * d, row * streams + s, first, valid, in_c, d, streams,
                rank, REVERSE, T, BD, CT,
            )  # fmt: skip
            total += tl.sum(dt, 0, keep_dims=True)
        place = (series * (segments + 1) + segment) * streams + s
        own = carries + (place * n * d + first)
        if PAIRS:
            carry_pairs_back(own, table, g, valid, in_c, d, n, T, BN, BD)
        else:
            for j0 in range(0, n, BN):
                j = falling(BN)
                in_state = below_end(j0 + j, n, BN) & in_c
                to = j * d + lane
                a = tl.load(table + j0 * d + to, mask=in_state, other=0.0)[None, :, :]
                if SELECTIVE:
                    decay = tl.exp2(a * dt[:, None, :])
                    maps = (row * streams + s) * n
                    c_out = per_step(C + maps, valid, j0 + j, decay, n, streams, T, BN, REVERSE)
                else:
                    decay = tl.where(valid[:, :, None], a, 1.0)
                    c_at = table + (n + 1 + j0) * d
                    c_out = tl.load(c_at + to, mask=in_state, other=0.0)[None, :, :]
                carry = own + j0 * d + to
                grad = tl.load(carry, mask=in_state, other=0.0)
                _grads, grad = scan_tile_back(decay, c_out * g[:, None, :], grad, T)
                tl.store(carry, grad, mask=in_state)
    if SELECTIVE:
        sum_at = ((series * segments + segment) * streams + s) * d + first
        tl.store(sums + sum_at + lane, total, mask=in_c)


@gpu_kernel
def states_between(
    signal: tl.tensor, levels: tl.tensor, psi: tl.tensor, table: tl.tensor, B: tl.tensor,
    low: tl.tensor, kept: tl.tensor, between: tl.tensor, s: tl.tensor, b: tl.tensor,
    t: tl.tensor, tiles: tl.tensor, steps: tl.tensor, batch: tl.tensor, length: tl.tensor,
    n_history: tl.tensor, taps: tl.tensor, first: tl.tensor, streams: tl.constexpr,
    d: tl.constexpr, n: tl.constexpr, rank: tl.constexpr, SELECTIVE: tl.constexpr,
    PAIRS: tl.constexpr, REVERSE: tl.constexpr, T: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr,
) -> None:  # fmt: skip
    """Fill ``between`` with the states before each tile of the chunk that begins at step t."""
    lane = tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    j = falling(BN)
    to = j * d + lane
    for j0 in range(0, n, BN):
        h = tl.load(kept + j0 * d + to, mask=below_end(j0 + j, n, BN) & in_c, other=0.0)
        tl.store(between + j0 * d + to, h, mask=below_end(j0 + j, n, BN) & in_c)
    for _ in range(tiles - 1):
        # All but the last tile are valid as a whole
        valid = tl.arange(0, T)[:, None] >= 0
        row = tl.cast(b, tl.int64) * length + memory_row(t, steps, REVERSE)
        u = band_rows(
            signal, levels, psi, s, b, t, steps, batch, n_history + length, n_history, taps, first,
            streams, d, T, BD,
        )  # fmt: skip
        dt = u
        if SELECTIVE:
            dt, _slope = step_rows(
                low, table + (n + 1) * d, row * streams + s, first, valid, in_c, d, streams,
                rank, REVERSE, T, BD, u.dtype,
            )  # fmt: skip
            u *= dt
        after = between + n * d
        move_states(
            between, after, after, False, table, B, B, row * streams + s, dt, u, valid, in_c,
            streams, d, n, SELECTIVE, PAIRS, REVERSE, False, False, T, BN, BD,
        )  # fmt: skip
        between += n * d
        t += T


@gpu_kernel
def gradients(
    grad_mixed: tl.tensor, signal: tl.tensor, levels: tl.tensor, psi: tl.tensor,
    parameters: tl.tensor, B: tl.tensor, C: tl.tensor, E: tl.tensor, low: tl.tensor,
    lengths: tl.tensor, kept: tl.tensor, between: tl.tensor, carries: tl.tensor,
    grad_bands: tl.tensor, grad_params: tl.tensor, grad_rows: tl.tensor, grad_steps: tl.tensor,
    batch: tl.tensor, length: tl.tensor, n_history: tl.tensor, taps: tl.tensor, width: tl.tensor,
    span: tl.tensor, segments: tl.tensor, chunks: tl.tensor, streams: tl.constexpr,
    d: tl.constexpr, n: tl.constexpr, rank: tl.constexpr, PARAMS: tl.constexpr,
    ROWS: tl.constexpr, SELECTIVE: tl.constexpr, PAIRS: tl.constexpr, REVERSE: tl.constexpr,
    CHUNK: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Find one stream's gradients, from the states kept and the gradient of each segment's last.

    ``kept`` (b, chunks, M, n, d) are the states before each chunk, ``between`` (b, segments, M,
    CHUNK / T, n, d) has room for those between a chunk's tiles; the thread that writes one reads
    it. ``carries`` (b, segments + 1, M, n, d) holds the gradients of the states between segments;
    a program moves that of its segment's last state on, back to the first one and in the same
    place. ``grad_bands`` (M, b, length, d) are the streams' inputs', in the order of the scan.
    Those of ``parameters`` are added to the segment's own part of ``grad_params`` (b, segments, M,
    PARAMS, d), those of B, C, low (selective) and E written to the channels' own part of
    ``grad_rows`` (blocks of channels, b, length, M, ROWS), those of a given Δ (rank 0) to
    ``grad_steps`` (b, length, M, d).
    """
    s = tl.program_id(2)
    b, segment = tl.program_id(0) // segments, tl.program_id(0) % segments
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    i = tl.arange(0, T)[:, None]
    j = falling(BN)
    ahead = memory_rows(T, REVERSE)
    series = tl.cast(b, tl.int64)
    start = segment * span
    steps = tl.load(lengths + b)
    n_chunks = (tl.minimum(tl.maximum(steps - start, 0), span) + CHUNK - 1) // CHUNK
    program = tl.cast(tl.program_id(0), tl.int64) * streams + s
    table = parameters + (s * PARAMS * d + first)
    grad_table = grad_params + (program * PARAMS * d + first)
    place = (series * (segments + 1) + segment + 1) * streams + s
    carry_at = carries + (place * n * d + first)
    tiled = between + (program * (CHUNK // T) * n * d + first)
    sum_skip, sum_bias = tl.zeros([1, BD], dtype=CT), tl.zeros([1, BD], dtype=CT)
    for back in range(n_chunks):
        chunk = start // CHUNK + n_chunks - 1 - back
        tiles = (tl.minimum(steps - chunk * CHUNK, CHUNK) + T - 1) // T
        place = (series * chunks + chunk) * streams + s
        states_between(
            signal, levels, psi, table, B, low, kept + (place * n * d + first), tiled, s,
            b, chunk * CHUNK, tiles, steps, batch, length, n_history, taps, first,
            streams, d, n, rank, SELECTIVE, PAIRS, REVERSE, T, BN, BD,
        )  # fmt: skip
        for tile_back in range(tiles):
            tile = tiles - 1 - tile_back
            t = chunk * CHUNK + tile * T
            valid = t + i < steps
            row = series * length + memory_row(t, steps, REVERSE)
            stream_row = row * streams + s
            own_row = tl.cast(tl.program_id(1), tl.int64) * batch * length * streams + stream_row
            own_row = grad_rows + own_row * ROWS + ahead * (streams * ROWS)
            u = band_rows(
                signal, levels, psi, s, b, t, steps, batch, n_history + length, n_history,
                taps, first, streams, d, T, BD,
            )  # fmt: skip
            mix_at = grad_mixed + (row * d + first) + (ahead * d + lane)
            grad_mix = tl.load(mix_at, mask=valid & in_c, other=0.0).to(CT)
            e = tl.load(E + stream_row + ahead * streams, mask=valid, other=0.0).to(CT)
            g = e * grad_mix
            skip = tl.load(table + n * d + lane, mask=in_c, other=0.0)
            sum_skip += tl.sum(g * u, 0, keep_dims=True)
            out, grad_in = skip * u, tl.zeros([T, BD], dtype=CT)
            u_in = u
            if SELECTIVE:
                dt, slope = step_rows(
                    low, table + (n + 1) * d, stream_row, first, valid, in_c, d, streams,
                    rank, REVERSE, T, BD, CT,
                )  # fmt: skip
                u_in = u * dt
                grad_dt = tl.zeros([T, BD], dtype=CT)
            if PAIRS:
                put_out, grad_in = pairs_gradients(
                    tiled + tile * n * d, carry_at, table, grad_table, u, g, valid, in_c, d, n, T,
                    BN, BD,
                )  # fmt: skip
                out += put_out
            else:
                for j0 in range(0, n, BN):
                    in_state = below_end(j0 + j, n, BN) & in_c
                    to = j * d + lane
                    a = tl.load(table + j0 * d + to, mask=in_state, other=0.0)[None, :, :]
                    if SELECTIVE:
                        decay = tl.exp2(a * dt[:, None, :])
                        b_at, c_at = B + stream_row * n, C + stream_row * n
                        b_in = per_step(b_at, valid, j0 + j, decay, n, streams, T, BN, REVERSE)
                        c_out = per_step(c_at, valid, j0 + j, decay, n, streams, T, BN, REVERSE)
                        new = b_in * u_in[:, None, :]
                    else:
                        decay = tl.where(valid[:, :, None], a, 1.0)
                        c_at = table + (n + 1 + j0) * d
                        c_out = tl.load(c_at + to, mask=in_state, other=0.0)[None, :, :]
                        new, decay = tl.broadcast(u[:, None, :], decay)
                    h_at = tiled + (tile * n + j0) * d
                    h = tl.load(h_at + to, mask=in_state, other=0.0)
                    before, after, h = scan_tile(decay, new, h, T)
                    carry = carry_at + j0 * d + to
                    grad = tl.load(carry, mask=in_state, other=0.0)
                    grads, grad = scan_tile_back(decay, c_out * g[:, None, :], grad, T)
                    tl.store(carry, grad, mask=in_state)
                    out += tl.sum(c_out * after, 1)
                    grad_c = after * g[:, None, :]
                    # Of the decay; d exp(ΔA) / d(ΔA) is exp(ΔA) itself
                    grad_a = grads * before
                    if SELECTIVE:
                        grad_in += tl.sum(b_in * grads, 1)
                        grad_b = grads * u_in[:, None, :]
                        grad_a *= decay
                        grad_dt += LN_2 * tl.sum(grad_a * a, 1)
                        grad_a *= dt[:, None, :]
                        known = valid & below_end(j0 + j.T, n, BN)
                        tl.store(own_row + j0 + j.T, tl.sum(grad_b, 2), mask=known)
                        tl.store(own_row + (n + j0) + j.T, tl.sum(grad_c, 2), mask=known)
                    else:
                        grad_in += tl.sum(grads, 1)
                        grad_a = tl.where(valid[:, :, None], grad_a, 0.0)
                        add_to(grad_table + (n + 1 + j0) * d + to, tl.sum(grad_c, 0), in_state)
                    add_to(grad_table + j0 * d + to, tl.sum(grad_a, 0), in_state)
            grad_e = tl.sum(grad_mix * out, 1, keep_dims=True)
            tl.store(own_row + (ROWS - 1), grad_e, mask=valid)
            grad_u = grad_in + skip * g
            if SELECTIVE:
                grad_u = grad_in * dt + skip * g
                pre = (grad_dt + grad_in * u) * slope
                if rank == 0:
                    step_at = (stream_row * d + first) + (ahead * (streams * d) + lane)
                    tl.store(grad_steps + step_at, pre, mask=valid & in_c)
                sum_bias += tl.sum(pre, 0, keep_dims=True)
                weights, grad_weights = table + (n + 2) * d, grad_table + (n + 2) * d
                for r in range(rank):
                    factor = low + stream_row * rank + r + ahead * (streams * rank)
                    value = pre * tl.load(factor, mask=valid, other=0.0).to(CT)
                    value = tl.sum(value, 0, keep_dims=True)
                    add_to(grad_weights + r * d + lane, value, in_c)
                    w = tl.load(weights + r * d + lane, mask=in_c, other=0.0)
                    grad_low = tl.sum(pre * w, 1, keep_dims=True)
                    tl.store(own_row + (2 * n + r), grad_low, mask=valid)
            band = ((tl.cast(s, tl.int64) * batch + b) * length + t) * d + first
            tl.store(grad_bands + band + (i * d + lane), grad_u, mask=valid & in_c)
    add_to(grad_table + n * d + lane, sum_skip, in_c)
    if SELECTIVE and rank > 0:
        add_to(grad_table + (n + 1) * d + lane, sum_bias, in_c)
