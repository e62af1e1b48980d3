"""The filter bank on the GPU (Triton), for the fused layer.

A level aˢ is a plane of ``rows`` × d per series, in the order of the scan, its history first: one
launch per level, each row read from the level below. Details are filtered from their level where
they are needed (:func:`band_rows`) and never stored. Backward, too, one launch per level.

A program has one warp, and each of its threads one channel: all rows of a tile are in the
thread's own registers, so no thread ever waits for another. Triton lays tiles out like that as
long as it does not know how channels are aligned: a program's first one, a multiple of ``width``,
stays unknown to it.

The sizes of a network (d, n, streams, rank) are known to the compiler: rows of a tile then lie at
fixed distances from its first one, and need no addresses of their own. What depends on the data
(lengths, batch) is passed at run time and never specialised: new lengths do not compile anew.
"""

# No postponed annotations here: Triton reads them.

import inspect
from typing import Any

import triton
import triton.language as tl

# Sizes that must not be baked into a kernel.
SIZES = (
    "batch", "length", "rows", "n_history", "lead", "taps", "scale", "width", "span", "segments",
    "chunks", "items", "per_slot", "blocks", "tiles", "bits",
)  # fmt: skip


def gpu_kernel(function: Any) -> Any:
    """Compile for the GPU at the first launch, once for all sizes; also for device functions."""
    given = inspect.signature(function).parameters
    return triton.jit(do_not_specialize=[name for name in SIZES if name in given])(function)


@gpu_kernel
def memory_row(t: tl.tensor, steps: tl.tensor, REVERSE: tl.constexpr) -> tl.tensor:
    """Where the valid step t of the scan lies in memory."""
    if REVERSE:
        t = steps - 1 - t
    return t


@gpu_kernel
def memory_rows(T: tl.constexpr, REVERSE: tl.constexpr) -> tl.tensor:
    """Where a tile's T steps lie in memory, from the first one (T, 1)."""
    i = tl.arange(0, T)[:, None]
    if REVERSE:
        i = -i
    return i


@gpu_kernel
def below_end(index: tl.tensor, END: tl.constexpr, BLOCK: tl.constexpr) -> tl.tensor:
    """Whether index < END, of indices in blocks; where all blocks are full, nothing is compared."""
    if END % BLOCK == 0:
        return index == index
    return index < END


@gpu_kernel
def add_to(out: tl.tensor, value: tl.tensor, mask: tl.tensor) -> None:
    """Add value to out, where no other program may write."""
    tl.store(out, tl.load(out, mask=mask, other=0.0) + value, mask=mask)


@gpu_kernel
def scan_order(
    x: tl.tensor, out: tl.tensor, lengths: tl.tensor, rows: tl.tensor, n_history: tl.tensor,
    width: tl.tensor, tiles: tl.tensor, d: tl.constexpr, REVERSE: tl.constexpr, BD: tl.constexpr,
    TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Copy x (b, rows, d) to the order of the scan, in the type of the computation."""
    b, t = tl.program_id(0) // tiles, tl.program_id(0) % tiles * TT - n_history
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    base = (tl.cast(b, tl.int64) * rows + n_history) * d + first
    steps = tl.load(lengths + b)
    i = tl.arange(0, TT)[:, None]
    valid = (t + i < steps) & below_end(first + lane, d, BD)
    source = x + (base + memory_row(t, steps, REVERSE) * d)
    value = tl.load(source + (memory_rows(TT, REVERSE) * d + lane), mask=valid, other=0.0).to(CT)
    tl.store(out + (base + t * d) + (i * d + lane), value, mask=valid)


@gpu_kernel
def next_level(
    below: tl.tensor, above: tl.tensor, phi: tl.tensor, lengths: tl.tensor, rows: tl.tensor,
    n_history: tl.tensor, taps: tl.tensor, scale: tl.tensor, width: tl.tensor, tiles: tl.tensor,
    d: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Filter a level (b, rows, d) with the low-pass φ (K, d) of dilation 2 ** scale."""
    b, row = tl.program_id(0) // tiles, tl.program_id(0) % tiles * TT
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    i = tl.arange(0, TT)[:, None]
    in_c = below_end(first + lane, d, BD)
    valid = (row + i < n_history + tl.load(lengths + b)) & in_c
    at = (tl.cast(b, tl.int64) * rows + row) * d + first
    value = tl.zeros([TT, BD], dtype=CT)
    for k in range(taps):
        back = k << scale
        tap = tl.load(phi + (k * d + first) + lane, mask=in_c, other=0.0)
        known = valid & (row + i >= back)
        source = below + (at - tl.cast(back, tl.int64) * d)
        value += tap * tl.load(source + (i * d + lane), mask=known, other=0.0)
    tl.store(above + at + (i * d + lane), value, mask=valid)


@gpu_kernel
def band_rows(
    signal: tl.tensor, levels: tl.tensor, psi: tl.tensor, s: tl.tensor, b: tl.tensor, t: tl.tensor,
    steps: tl.tensor, batch: tl.tensor, rows: tl.tensor, n_history: tl.tensor, taps: tl.tensor,
    first: tl.tensor, streams: tl.constexpr, d: tl.constexpr, T: tl.constexpr, BD: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Find T steps of stream s from t on: the raw signal, a detail or the approximation.

    Zero if not valid. ``signal`` is a⁰ and ``levels`` a¹ …, (b, rows, d) each; ``first`` is the
    first channel.
    """
    source = signal
    if s > 1:
        source = levels + tl.cast(s - 2, tl.int64) * batch * rows * d
    source += (tl.cast(b, tl.int64) * rows + n_history + t) * d + first
    i, lane = tl.arange(0, T)[:, None], tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    valid = (t + i < steps) & in_c
    value = tl.load(source + (i * d + lane), mask=valid, other=0.0)
    if (s > 0) & (s < streams - 1):
        filters = psi + ((s - 1) * taps * d + first)
        value *= tl.load(filters + lane, mask=in_c, other=0.0)
        for k in tl.range(1, taps, loop_unroll_factor=4):
            filters += d
            back = k << (s - 1)
            known = valid & (n_history + t + i >= back)
            row = source - tl.cast(back, tl.int64) * d
            tap = tl.load(filters + lane, mask=in_c, other=0.0)
            value += tap * tl.load(row + (i * d + lane), mask=known, other=0.0)
    return value


@gpu_kernel
def level_gradient(
    grad_above: tl.tensor, grad_detail: tl.tensor, below: tl.tensor, phi: tl.tensor,
    psi: tl.tensor, grad_raw: tl.tensor, grad_below: tl.tensor, grad_phi: tl.tensor,
    grad_psi: tl.tensor, lengths: tl.tensor, length: tl.tensor, n_history: tl.tensor,
    lead: tl.tensor, taps: tl.tensor, scale: tl.tensor, width: tl.tensor, tiles: tl.tensor,
    items: tl.tensor, per_slot: tl.tensor, d: tl.constexpr, FIRST: tl.constexpr,
    REVERSE: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Backward of one level: from the gradients of aˢ⁺¹ and dˢ⁺¹ to those of aˢ, φ and ψ.

    ``grad_detail`` and ``grad_raw`` (b, length, d) begin at step 0, ``grad_above`` begins ``lead``
    steps earlier, ``below`` and ``grad_below`` with the history. The taps' gradients (slots, K, d)
    are added to. FIRST: aˢ is the raw signal, whose own stream's gradient joins in, and its
    gradient goes to where x has its steps in memory.
    """
    slot = tl.program_id(0)
    first, lane = tl.program_id(1) * width, tl.arange(0, BD)[None, :]
    in_c = below_end(first + lane, d, BD)
    i = tl.arange(0, TT)[:, None]
    to = i * d + lane
    for item in range(slot * per_slot, tl.minimum((slot + 1) * per_slot, items)):
        b, t = item // tiles, item % tiles * TT - n_history
        series = tl.cast(b, tl.int64)
        steps = tl.load(lengths + b)
        valid = (t + i < steps) & in_c
        above = grad_above + ((series * (length + lead) + lead + t) * d + first)
        detail = grad_detail + ((series * length + t) * d + first)
        here = (series * (length + n_history) + n_history) * d + first
        a = tl.load(below + (here + t * d) + to, mask=valid, other=0.0)
        value = tl.zeros([TT, BD], dtype=CT)
        if FIRST:
            raw = grad_raw + ((series * length + t) * d + first)
            value += tl.load(raw + to, mask=valid & (t + i >= 0), other=0.0)
        for k in range(taps):
            ahead = k << scale
            skip = tl.cast(ahead, tl.int64) * d
            step = t + ahead + i
            known = (step < steps) & in_c
            grad_a = tl.load(above + skip + to, mask=known & (step >= -lead), other=0.0)
            grad_d = tl.load(detail + skip + to, mask=known & (step >= 0), other=0.0)
            value += tl.load(phi + (k * d + first) + lane, mask=in_c, other=0.0) * grad_a
            value += tl.load(psi + (k * d + first) + lane, mask=in_c, other=0.0) * grad_d
            tap = (tl.cast(slot, tl.int64) * taps + k) * d + first
            add_to(grad_phi + tap + lane, tl.sum(grad_a * a, 0, keep_dims=True), in_c)
            add_to(grad_psi + tap + lane, tl.sum(grad_d * a, 0, keep_dims=True), in_c)
        if FIRST:
            # x has rows after the valid ones, too: there the gradient is zero
            row = tl.where(t + i < steps, memory_row(t + i, steps, REVERSE), t + i)
            tl.store(grad_below + here + (row * d + lane), value, mask=(t + i < length) & in_c)
        else:
            tl.store(grad_below + (here + t * d) + to, value, mask=valid)
