"""Device functions for the decomposition on the GPU (Triton), shared by the fused layer.

A program works on a *window* of one series: ``window`` rows of ``BD`` neighbouring channels, kept
as planes of ``window`` × ``width`` in a scratch buffer of its own, small enough to stay in cache.
A level is filtered from the plane below it, so S scales of K taps cost 2·S·K multiplications per
row and not the 2ˢ·K of the filters multiplied out.

``width`` equals ``BD``, yet is passed at run time and never specialised, and so is the size of a
program's buffer: a compiler that does not know how rows are aligned gives each thread single
elements, so that every tile here (and every state in the scans) has its channels across the
threads and its other axis within a thread, and none is ever rearranged.

Rows are written by one thread and read by another: a barrier stands between any two phases.
"""

# No postponed annotations here: Triton reads them.

import inspect
from typing import Any

import triton
import triton.language as tl

# Sizes that must not be baked into a kernel: new lengths must not compile anew.
SIZES = (
    "length", "rows", "d", "n", "rank", "width", "n_history", "segments", "items", "per_slot",
    "blocks", "stride", "batch", "scratch_size",
)  # fmt: skip


def gpu_kernel(function: Any) -> Any:
    """Compile for the GPU at the first launch, once for all sizes; also for device functions."""
    given = inspect.signature(function).parameters
    return triton.jit(do_not_specialize=[name for name in SIZES if name in given])(function)


@gpu_kernel
def memory_row(t: tl.tensor, steps: tl.tensor, REVERSE: tl.constexpr) -> tl.tensor:
    """Where step t of the scan lies in memory: reversed within the valid steps, if at all."""
    if REVERSE:
        t = tl.where(t < steps, steps - 1 - t, t)
    return t


@gpu_kernel
def load_window(
    x: tl.tensor, levels: tl.tensor, first: tl.tensor, steps: tl.tensor, window: tl.tensor,
    n_history: tl.tensor, d: tl.tensor, c: tl.tensor, width: tl.tensor, REVERSE: tl.constexpr,
    BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> None:  # fmt: skip
    """Copy steps ``first`` … of a series, its history included, to the first plane.

    Steps before the history and after the valid ones become zero.
    """
    lane = tl.arange(0, BD)[None, :]
    for r0 in range(0, window, TT):
        r = r0 + tl.arange(0, TT)[:, None]
        t = first + r
        known = (t >= -n_history) & (t < steps) & (r < window) & (c < d)
        row = n_history + memory_row(t, steps, REVERSE)
        value = tl.load(x + row * d + c, mask=known, other=0.0).to(CT)
        tl.store(levels + r * width + lane, value, mask=r < window)


@gpu_kernel
def filter_levels(
    levels: tl.tensor, phi: tl.tensor, window: tl.tensor, d: tl.tensor, c: tl.tensor,
    width: tl.tensor, S: tl.constexpr, K: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr,
    CT: tl.constexpr,
) -> None:  # fmt: skip
    """Fill planes 1 … S with a¹ … aˢ; plane 0 holds a⁰. Barriers before, between and after."""
    lane = tl.arange(0, BD)[None, :]
    for s in range(S):
        tl.debug_barrier()
        below = levels + s * window * width
        for r0 in range(0, window, TT):
            r = r0 + tl.arange(0, TT)[:, None]
            value = tl.zeros([TT, BD], dtype=CT)
            for k in tl.static_range(K):
                past = r - (k << s)
                tap = tl.load(phi + (s * K + k) * d + c, mask=c < d, other=0.0)
                inside = (past >= 0) & (r < window)
                value += tap * tl.load(below + past * width + lane, mask=inside, other=0.0)
            tl.store(below + (window + r) * width + lane, value, mask=r < window)
    tl.debug_barrier()


@gpu_kernel
def band_rows(
    levels: tl.tensor, psi: tl.tensor, s: tl.tensor, first: tl.tensor, r: tl.tensor,
    window: tl.tensor, d: tl.tensor, c: tl.tensor, width: tl.tensor, S: tl.constexpr,
    K: tl.constexpr, BD: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Rows ``first + r`` of stream s: the raw signal, a detail or the approximation."""
    lane = tl.arange(0, BD)[None, :]
    is_detail = (s > 0) & (s <= S)
    scale = tl.where(is_detail, s - 1, tl.where(s == 0, 0, S))
    source = levels + (scale * window + first) * width + lane
    value = tl.load(source + r * width)
    if is_detail:
        value = value * tl.load(psi + scale * K * d + c, mask=c < d, other=0.0)
        for k in tl.static_range(1, K):
            past = r - (k << scale)
            tap = tl.load(psi + (scale * K + k) * d + c, mask=c < d, other=0.0)
            value += tap * tl.load(source + past * width, mask=first + past >= 0, other=0.0)
    return value


@gpu_kernel
def filter_gradient(
    levels: tl.tensor, details: tl.tensor, phi: tl.tensor, psi: tl.tensor, grad_phi: tl.tensor,
    grad_psi: tl.tensor, window: tl.tensor, d: tl.tensor, c: tl.tensor, width: tl.tensor,
    S: tl.constexpr, K: tl.constexpr, BK: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr,
    CT: tl.constexpr,
) -> None:  # fmt: skip
    """Backward of the filter bank over a window, in place.

    On entry ``levels`` holds a⁰ … aˢ⁻¹ and the gradient of aˢ, ``details`` (S planes) those of
    d¹ … dˢ; on exit plane 0 holds the gradient of a⁰, and the taps' gradients (S, K, d) have been
    added to. Rows that the gradients cannot reach are zero, so a level that is wrong near the
    window's start, for want of older rows, does no harm.
    """
    lane = tl.arange(0, BD)[None, :]
    tap_of = tl.arange(0, BK)[:, None]
    for back in range(S):
        s = S - 1 - back
        tl.debug_barrier()
        below, above = levels + s * window * width, levels + (s + 1) * window * width
        detail = details + s * window * width
        sum_phi, sum_psi = tl.zeros([BK, BD], dtype=CT), tl.zeros([BK, BD], dtype=CT)
        for r0 in range(0, window, TT):
            r = r0 + tl.arange(0, TT)[:, None]
            inside = r < window
            a = tl.load(below + r * width + lane, mask=inside, other=0.0)
            value = tl.zeros([TT, BD], dtype=CT)
            for k in tl.static_range(K):
                ahead = r + (k << s)
                at = ahead * width + lane
                grad_a = tl.load(above + at, mask=ahead < window, other=0.0)
                grad_d = tl.load(detail + at, mask=ahead < window, other=0.0)
                tap = (s * K + k) * d + c
                value += tl.load(phi + tap, mask=c < d, other=0.0) * grad_a
                value += tl.load(psi + tap, mask=c < d, other=0.0) * grad_d
                here = tap_of == k
                sum_phi += tl.where(here, tl.sum(grad_a * a, 0, keep_dims=True), 0.0)
                sum_psi += tl.where(here, tl.sum(grad_d * a, 0, keep_dims=True), 0.0)
            # aˢ has been used for the last time, by the very threads that now write here
            tl.store(below + r * width + lane, value, mask=inside)
        at, mask = (s * K + tap_of) * d + c, (tap_of < K) & (c < d)
        tl.store(grad_phi + at, tl.load(grad_phi + at, mask=mask, other=0.0) + sum_phi, mask=mask)
        tl.store(grad_psi + at, tl.load(grad_psi + at, mask=mask, other=0.0) + sum_psi, mask=mask)
    tl.debug_barrier()
