"""Modes that oscillate, in the fused MS-SSM layer core on the GPU (Triton): a stream's tile.

What the kernels do in place of their loops over real states. ``table`` are a stream's parameters:
rows of Ā (n), D, C (n), of Ā, C and the states the real and the imaginary part of every mode next
to each other, ``n`` counting both. The input comes as it is, and the output is Re(C h).
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import add_to, below_end, gpu_kernel
from msssm_ts.kernels.selective_scan.triton import falling
from msssm_ts.kernels.selective_scan.triton_pairs import scan_tile_pairs, scan_tile_pairs_back


@gpu_kernel
def decays(
    table: tl.tensor, valid: tl.tensor, mask: tl.tensor, d: tl.constexpr
) -> tl.tensor:
    """Ā of every step (T, BN, BD), its real and its imaginary part; 1 where not valid."""
    a, b = tl.load(table, mask=mask, other=0.0), tl.load(table + d, mask=mask, other=0.0)
    held = valid[:, :, None]
    return tl.where(held, a[None, :, :], 1.0), tl.where(held, b[None, :, :], 0.0)


@gpu_kernel
def move_pairs(
    states: tl.tensor, moved: tl.tensor, kept: tl.tensor, keeping: tl.tensor, table: tl.tensor,
    u: tl.tensor, valid: tl.tensor, in_c: tl.tensor, d: tl.constexpr, n: tl.constexpr,
    READ: tl.constexpr, KEEP: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Move a stream's states through a tile, from ``states`` to ``moved``, both (n, d).

    Returns what they put out (T, BD) if READ, or else zero. KEEP leaves the first ones in ``kept``
    where ``keeping``.
    """
    out = tl.zeros([T, BD], dtype=u.dtype)
    j = falling(BN)
    for j0 in range(0, n // 2, BN):
        mask = below_end(j0 + j, n // 2, BN) & in_c
        at = 2 * j0 * d + (2 * j * d + tl.arange(0, BD)[None, :])
        a, b = decays(table + at, valid, mask, d)
        re = tl.load(states + at, mask=mask, other=0.0)
        im = tl.load(states + d + at, mask=mask, other=0.0)
        if KEEP:
            tl.store(kept + at, re, mask=mask & keeping)
            tl.store(kept + d + at, im, mask=mask & keeping)
        new, a = tl.broadcast(u[:, None, :], a)
        _re, _im, after_re, after_im, re, im = scan_tile_pairs(a, b, new, re, im, T)
        if READ:
            c_at = table + (n + 1) * d + at
            c_re = tl.load(c_at, mask=mask, other=0.0)[None, :, :]
            c_im = tl.load(c_at + d, mask=mask, other=0.0)[None, :, :]
            out += tl.sum(c_re * after_re - c_im * after_im, 1)
        tl.store(moved + at, re, mask=mask)
        tl.store(moved + d + at, im, mask=mask)
    return out


@gpu_kernel
def carry_pairs_back(
    carry: tl.tensor, table: tl.tensor, g: tl.tensor, valid: tl.tensor, in_c: tl.tensor,
    d: tl.constexpr, n: tl.constexpr, T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
) -> None:  # fmt: skip
    """Move the gradients of a stream's states, ``carry`` (n, d), back through a tile.

    ``g`` (T, BD) are those of its outputs.
    """
    j = falling(BN)
    for j0 in range(0, n // 2, BN):
        mask = below_end(j0 + j, n // 2, BN) & in_c
        at = 2 * j0 * d + (2 * j * d + tl.arange(0, BD)[None, :])
        a, b = decays(table + at, valid, mask, d)
        c_at = table + (n + 1) * d + at
        c_re = tl.load(c_at, mask=mask, other=0.0)[None, :, :]
        c_im = tl.load(c_at + d, mask=mask, other=0.0)[None, :, :]
        re = tl.load(carry + at, mask=mask, other=0.0)
        im = tl.load(carry + d + at, mask=mask, other=0.0)
        new_re, new_im = c_re * g[:, None, :], -c_im * g[:, None, :]
        _re, _im, re, im = scan_tile_pairs_back(a, b, new_re, new_im, re, im, T)
        tl.store(carry + at, re, mask=mask)
        tl.store(carry + d + at, im, mask=mask)


@gpu_kernel
def pairs_gradients(
    states: tl.tensor, carry: tl.tensor, table: tl.tensor, grad_table: tl.tensor, u: tl.tensor,
    g: tl.tensor, valid: tl.tensor, in_c: tl.tensor, d: tl.constexpr, n: tl.constexpr,
    T: tl.constexpr, BN: tl.constexpr, BD: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Backward of a stream's tile: what its states put out, and the gradient of their input.

    From the states before it, ``states`` (n, d), and ``g`` (T, BD), the gradients of the stream's
    outputs. ``carry`` (n, d) is moved on as by :func:`carry_pairs_back`; the gradients of Ā and C
    are added to ``grad_table``.
    """
    out, grad_u = tl.zeros([T, BD], dtype=u.dtype), tl.zeros([T, BD], dtype=u.dtype)
    held, j = valid[:, :, None], falling(BN)
    for j0 in range(0, n // 2, BN):
        mask = below_end(j0 + j, n // 2, BN) & in_c
        at = 2 * j0 * d + (2 * j * d + tl.arange(0, BD)[None, :])
        a, b = decays(table + at, valid, mask, d)
        c_at = table + (n + 1) * d + at
        c_re = tl.load(c_at, mask=mask, other=0.0)[None, :, :]
        c_im = tl.load(c_at + d, mask=mask, other=0.0)[None, :, :]
        re = tl.load(states + at, mask=mask, other=0.0)
        im = tl.load(states + d + at, mask=mask, other=0.0)
        new, a = tl.broadcast(u[:, None, :], a)
        before_re, before_im, after_re, after_im, _re, _im = scan_tile_pairs(a, b, new, re, im, T)
        re = tl.load(carry + at, mask=mask, other=0.0)
        im = tl.load(carry + d + at, mask=mask, other=0.0)
        new_re, new_im = c_re * g[:, None, :], -c_im * g[:, None, :]
        grad_re, grad_im, re, im = scan_tile_pairs_back(a, b, new_re, new_im, re, im, T)
        tl.store(carry + at, re, mask=mask)
        tl.store(carry + d + at, im, mask=mask)
        out += tl.sum(c_re * after_re - c_im * after_im, 1)
        grad_u += tl.sum(grad_re, 1)
        grad_a = tl.where(held, grad_re * before_re + grad_im * before_im, 0.0)
        grad_b = tl.where(held, grad_im * before_re - grad_re * before_im, 0.0)
        add_to(grad_table + at, tl.sum(grad_a, 0), mask)
        add_to(grad_table + d + at, tl.sum(grad_b, 0), mask)
        grad_c = grad_table + (n + 1) * d + at
        add_to(grad_c, tl.sum(after_re * g[:, None, :], 0), mask)
        add_to(grad_c + d, tl.sum(-after_im * g[:, None, :], 0), mask)
    return out, grad_u
