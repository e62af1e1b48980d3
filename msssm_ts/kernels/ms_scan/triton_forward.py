"""Forward kernels of the fused MS-SSM layer core on the GPU (Triton).

A program scans one stream and takes T steps after the other: a tile of rows (T, BD) each of band,
Δ and output, then a tile (T, BN, BD) for every ``BN`` states. All of a tile lies in the registers
of its channels' threads; the states alone go through memory, from one tile to the next.
``parameters`` (M, PARAMS, d) has a stream's rows one after the other: A (n), D, then Δ's bias and
weights (rank), unless it is given, or, LTI, C (n).
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import (
    band_rows,
    below_end,
    gpu_kernel,
    memory_row,
    memory_rows,
)
from msssm_ts.kernels.ms_scan.triton_states import move_states
from msssm_ts.kernels.selective_scan.triton import decaying_exp, sigmoid, step_rows


@gpu_kernel
def local_states(
    signal: tl.tensor, levels: tl.tensor, psi: tl.tensor, parameters: tl.tensor, B: tl.tensor,
    low: tl.tensor, lengths: tl.tensor, states: tl.tensor, sums: tl.tensor, batch: tl.tensor,
    length: tl.tensor, n_history: tl.tensor, taps: tl.tensor, width: tl.tensor, span: tl.tensor,
    segments: tl.tensor, streams: tl.constexpr, d: tl.constexpr, n: tl.constexpr,
    rank: tl.constexpr, PARAMS: tl.constexpr, SELECTIVE: tl.constexpr, PAIRS: tl.constexpr,
    REVERSE: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Scan every segment from a zero state: its end state and ΣΔ, for :func:`carry_states`.

    The states are zero before.
    """
    s = tl.program_id(2)
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    b, segment = tl.program_id(0) // segments, tl.program_id(0) % segments
    series = tl.cast(b, tl.int64)
    start = segment * span
    steps = tl.load(lengths + b)
    n_steps = tl.minimum(tl.maximum(steps - start, 0), span)
    table = parameters + (s * PARAMS * d + first)
    own = states + (((series * (segments + 1) + segment + 1) * streams + s) * n * d + first)
    total = tl.zeros([1, BD], dtype=CT)
    for tile in range((n_steps + T - 1) // T):
        t = start + tile * T
        valid = t + tl.arange(0, T)[:, None] < steps
        row = series * length + memory_row(t, steps, REVERSE)
        u = band_rows(
            signal, levels, psi, s, b, t, steps, batch, n_history + length, n_history, taps,
            first, streams, d, T, BD,
        )  # fmt: skip
        dt = u
        if SELECTIVE:
            dt, _slope = step_rows(
                low, table + (n + 1) * d, row * streams + s, first, valid, in_c, d, streams,
                rank, REVERSE, T, BD, CT,
            )  # fmt: skip
            u *= dt
            total += tl.sum(dt, 0, keep_dims=True)
        move_states(
            own, own, own, False, table, B, B, row * streams + s, dt, u, valid, in_c, streams, d, n,
            SELECTIVE, PAIRS, REVERSE, False, False, T, BN, BD,
        )  # fmt: skip
    if SELECTIVE:
        sum_at = ((series * segments + segment) * streams + s) * d + first
        tl.store(sums + sum_at + lane, total, mask=in_c)


@gpu_kernel
def outputs(
    signal: tl.tensor, levels: tl.tensor, psi: tl.tensor, parameters: tl.tensor, B: tl.tensor,
    C: tl.tensor, E: tl.tensor, low: tl.tensor, lengths: tl.tensor, states: tl.tensor,
    kept: tl.tensor, shares: tl.tensor, batch: tl.tensor, length: tl.tensor, n_history: tl.tensor,
    taps: tl.tensor, width: tl.tensor, span: tl.tensor, segments: tl.tensor, chunks: tl.tensor,
    streams: tl.constexpr, d: tl.constexpr, n: tl.constexpr, rank: tl.constexpr,
    PARAMS: tl.constexpr, SELECTIVE: tl.constexpr, PAIRS: tl.constexpr, REVERSE: tl.constexpr,
    KEEP: tl.constexpr, CHUNK: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
    CT: tl.constexpr,
) -> None:  # fmt: skip
    """Write what one stream has in the outputs of every segment, from the state at its start.

    Segments have ``span`` steps. ``states`` (b, segments + 1, M, n, d): those at the segments'
    starts, which each segment moves on to its end, in the same place. KEEP leaves those before
    each chunk in ``kept`` (b, chunks, M, n, d). ``shares`` (M, b, length, d) are what
    :func:`mix` adds up, of valid steps alone.
    """
    s = tl.program_id(2)
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    b, segment = tl.program_id(0) // segments, tl.program_id(0) % segments
    series = tl.cast(b, tl.int64)
    start = segment * span
    steps = tl.load(lengths + b)
    n_steps = tl.minimum(tl.maximum(steps - start, 0), span)
    table = parameters + (s * PARAMS * d + first)
    own = states + (((series * (segments + 1) + segment) * streams + s) * n * d + first)
    share = shares + ((tl.cast(s, tl.int64) * batch + b) * length * d + first)
    i, ahead = tl.arange(0, T)[:, None], memory_rows(T, REVERSE)
    skip = tl.load(table + n * d + lane, mask=in_c, other=0.0)
    for tile in range((n_steps + T - 1) // T):
        t = start + tile * T
        valid = t + i < steps
        from_first = memory_row(t, steps, REVERSE)
        row = series * length + from_first
        u = band_rows(
            signal, levels, psi, s, b, t, steps, batch, n_history + length, n_history, taps,
            first, streams, d, T, BD,
        )  # fmt: skip
        out = skip * u
        dt = u
        if SELECTIVE:
            dt, _slope = step_rows(
                low, table + (n + 1) * d, row * streams + s, first, valid, in_c, d, streams,
                rank, REVERSE, T, BD, CT,
            )  # fmt: skip
            u *= dt
        chunk = (series * chunks + t // CHUNK) * streams + s
        kept_at, keeping = kept + (chunk * n * d + first), t % CHUNK == 0
        out += move_states(
            own, own, kept_at, keeping, table, B, C, row * streams + s, dt, u, valid, in_c, streams,
            d, n, SELECTIVE, PAIRS, REVERSE, True, KEEP, T, BN, BD,
        )  # fmt: skip
        mixer = tl.load(E + (row * streams + s) + ahead * streams, mask=valid, other=0.0).to(CT)
        to_share = share + from_first * d + (ahead * d + lane)
        tl.store(to_share, mixer * out, mask=valid & in_c)


@gpu_kernel
def mix(
    shares: tl.tensor, gate: tl.tensor, lengths: tl.tensor, mixes: tl.tensor, y: tl.tensor,
    batch: tl.tensor, length: tl.tensor, width: tl.tensor, tiles: tl.tensor,
    streams: tl.constexpr, d: tl.constexpr, GATED: tl.constexpr, KEEP: tl.constexpr,
    BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Add up the streams, in their order, and gate them; zero after the valid steps.

    KEEP leaves what goes into the gate in ``mixes`` (b, length, d).
    """
    b, t = tl.program_id(0) // tiles, tl.program_id(0) % tiles * TT
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    i = tl.arange(0, TT)[:, None]
    in_c = below_end(first + lane, d, BD)
    valid = (t + i < tl.load(lengths + b)) & in_c
    at = (tl.cast(b, tl.int64) * length + t) * d + first
    to = i * d + lane
    mixed = tl.zeros([TT, BD], dtype=CT)
    for s in tl.static_range(streams):
        share = shares + (tl.cast(s, tl.int64) * batch * length * d + at)
        mixed += tl.load(share + to, mask=valid, other=0.0)
    if GATED:
        if KEEP:
            tl.store(mixes + at + to, mixed, mask=valid)
        g = tl.load(gate + at + to, mask=valid, other=0.0).to(CT)
        mixed *= g * sigmoid(g, decaying_exp(g))
    tl.store(y + at + to, mixed, mask=(t + i < length) & in_c)
