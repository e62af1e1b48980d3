"""A tile of steps of one stream's states, in the fused MS-SSM layer core on the GPU (Triton)."""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import below_end, gpu_kernel, memory_rows
from msssm_ts.kernels.ms_scan.triton_pairs import move_pairs
from msssm_ts.kernels.selective_scan.triton import falling, scan_tile


@gpu_kernel
def per_step(
    table: tl.tensor, valid: tl.tensor, j: tl.tensor, like: tl.tensor, n: tl.constexpr,
    streams: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, REVERSE: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """T rows of a stream's B or C, states j (BN, 1), for every channel of ``like``."""
    at = memory_rows(T, REVERSE)[:, :, None] * (streams * n) + j[None, :, :]
    known = valid[:, :, None] & below_end(j, n, BN)[None, :, :]
    return tl.load(table + at, mask=known, other=0.0).to(like.dtype)


@gpu_kernel
def move_states(
    states: tl.tensor, moved: tl.tensor, kept: tl.tensor, keeping: tl.tensor, table: tl.tensor,
    B: tl.tensor, C: tl.tensor, stream_row: tl.tensor, dt: tl.tensor, u: tl.tensor,
    valid: tl.tensor, in_c: tl.tensor, streams: tl.constexpr, d: tl.constexpr, n: tl.constexpr,
    SELECTIVE: tl.constexpr, PAIRS: tl.constexpr, REVERSE: tl.constexpr, READ: tl.constexpr,
    KEEP: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Move a stream's states through a tile, from ``states`` to ``moved``, both (n, d).

    Returns what they put out (T, BD) if READ, or else zero. KEEP leaves the first ones in ``kept``
    where ``keeping``. ``table`` are the stream's parameters, ``stream_row`` the tile's first row
    of its B and C, ``u`` Δ times the input, or LTI the input alone.
    """
    if PAIRS:
        return move_pairs(
            states, moved, kept, keeping, table, u, valid, in_c, d, n, READ, KEEP, T, BN, BD
        )
    out = tl.zeros([T, BD], dtype=u.dtype)
    j, lane = falling(BN), tl.arange(0, BD)[None, :]
    for j0 in range(0, n, BN):
        mask = below_end(j0 + j, n, BN) & in_c
        at = j0 * d + (j * d + lane)
        a = tl.load(table + at, mask=mask, other=0.0)[None, :, :]
        if SELECTIVE:
            decay, maps = tl.exp2(a * dt[:, None, :]), stream_row * n
            b_in = per_step(B + maps, valid, j0 + j, decay, n, streams, T, BN, REVERSE)
            new = b_in * u[:, None, :]
        else:
            decay = tl.where(valid[:, :, None], a, 1.0)
            new, decay = tl.broadcast(u[:, None, :], decay)
        h = tl.load(states + at, mask=mask, other=0.0)
        if KEEP:
            tl.store(kept + at, h, mask=mask & keeping)
        _before, after, h = scan_tile(decay, new, h, T)
        if READ:
            if SELECTIVE:
                c_out = per_step(C + maps, valid, j0 + j, decay, n, streams, T, BN, REVERSE)
            else:
                c_out = tl.load(table + (n + 1) * d + at, mask=mask, other=0.0)[None, :, :]
            out += tl.sum(c_out * after, 1)
        tl.store(moved + at, h, mask=mask)
    return out
