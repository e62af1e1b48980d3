"""Multi-scale decomposition on the CPU (numba), and the pieces that the fused layer reuses.

Everything works on one vector of channels and one segment of time at a time. The levels
a⁰ = x, a¹ … aˢ lie one after the other in scratch, each in a plane of its own with room before
its steps for the past that the taps reach, and behind them for the gradients that reach back: no
tap needs a bounds check, and scratch stays in the second-level cache however long the series.
Forward, a segment leaves its past to the next one. Backward, the segments come in reverse order,
each recomputes the past it needs from x and leaves its first gradients to the one before it.

Filters lie as (S, K, d), K padded with zeros to whole blocks of :data:`BLOCK` taps, which are
held in registers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import inlined, kernel, subroutine
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, scratch, valid_lengths
from msssm_ts.kernels.simd import lanes_of, load, splat, store

# Taps handled at once; the code below writes them out.
BLOCK = 4
# Steps of a segment, or a multiple where the filters reach back further.
SEGMENT = 256


@inlined
def padding_rows(n_scales: Any, n_taps: Any) -> Any:
    """Count the steps that the coarsest filter reads beyond either end of a level."""
    return ((n_taps - 1) << n_scales) >> 1


@inlined
def halo_rows(n_scales: Any, n_taps: Any) -> Any:
    """Count the past steps of x that the coarsest band sees."""
    return (n_taps - 1) * ((1 << n_scales) - 1)


@inlined
def segment_rows(n_scales: Any, n_taps: Any, n_rows: Any) -> Any:
    """Return a segment's steps: as many as the halo at least, the whole series at most."""
    whole = (halo_rows(n_scales, n_taps) + SEGMENT - 1) // SEGMENT * SEGMENT
    return min(max(SEGMENT, whole), (n_rows + SEGMENT - 1) // SEGMENT * SEGMENT)


@subroutine
def fill_zero(out: Any, at: Any, step: Any, count: Any) -> None:
    """Set count vectors, ``step`` apart, to zero."""
    zero = splat(out.dtype.type(0))
    for i in range(count):
        store(out, at + i * step, zero)


@subroutine
def copy_vectors(
    source: Any, source_at: Any, source_step: Any, out: Any, at: Any, step: Any, count: Any
) -> None:
    """Copy count vectors from one strided place to another, the first one first."""
    for j in range(count):
        store(out, at + j * step, load(source, source_at + j * source_step))


@inlined
def load_four(p: Any, at: Any, step: Any) -> Any:
    """Load four vectors, ``step`` apart."""
    return load(p, at), load(p, at + step), load(p, at + 2 * step), load(p, at + 3 * step)


@inlined
def store_four(p: Any, at: Any, step: Any, v_0: Any, v_1: Any, v_2: Any, v_3: Any) -> None:
    """Store four vectors, ``step`` apart."""
    store(p, at, v_0)
    store(p, at + step, v_1)
    store(p, at + 2 * step, v_2)
    store(p, at + 3 * step, v_3)


@inlined
def _filter_level(
    levels: Any, below: Any, here: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    phi: Any, psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """levels[here:] = φ ∗ levels[below:], details[detail:] = ψ ∗ levels[below:]."""
    width = lanes_of(levels)
    lag = dilation * width
    for k in range(0, n_taps, BLOCK):
        w = at + k * d
        f0, f1, f2, f3 = load_four(phi, w, d)
        g0, g1, g2, g3 = load_four(psi, w, d)
        for t in range(rows):
            i = t * width
            p = below + i - k * lag
            a0, a1 = load(levels, p), load(levels, p - lag)
            a2, a3 = load(levels, p - 2 * lag), load(levels, p - 3 * lag)
            low = (f0 * a0 + f1 * a1) + (f2 * a2 + f3 * a3)
            high = (g0 * a0 + g1 * a1) + (g2 * a2 + g3 * a3)
            if k:
                low = low + load(levels, here + i)
                high = high + load(details, detail + i)
            store(levels, here + i, low)
            store(details, detail + i, high)


@subroutine
def clear_past(levels: Any, plane: Any, start: Any, n_scales: Any, n_taps: Any) -> None:
    """Put zeros before ``start`` in the planes of a⁰ … aˢ⁻¹."""
    width = lanes_of(levels)
    for s in range(n_scales):
        reach = (n_taps - 1) << s
        fill_zero(levels, s * plane + start - reach * width, width, reach)


@subroutine
def keep_past(
    levels: Any, plane: Any, start: Any, rows: Any, n_scales: Any, n_taps: Any
) -> None:
    """Move the end of a⁰ … aˢ⁻¹ before ``start``, for the next segment."""
    width = lanes_of(levels)
    for s in range(n_scales):
        reach = (n_taps - 1) << s
        to = s * plane + start - reach * width
        copy_vectors(levels, to + rows * width, width, levels, to, width, reach)


@inlined
def filter_bank(
    levels: Any, details: Any, plane: Any, start: Any, rows: Any, phi: Any, psi: Any, c: Any,
    n_scales: Any, n_taps: Any, d: Any,
) -> None:
    """Fill a¹ … aˢ of ``levels`` (a⁰ is given) and d¹ … dˢ of ``details``.

    Step t of level s lies at ``s·plane + start + t·width``; the past lies before ``start``.
    """
    for s in range(n_scales):
        below = s * plane + start
        _filter_level(
            levels, below, below + plane, details, below, rows, 1 << s, phi, psi,
            s * n_taps * d + c, n_taps, d,
        )


@inlined
def _tap_gradients(
    levels: Any, here: Any, below: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    grad_phi: Any, grad_psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """Add to the taps' gradients: Σₜ gradient[t] · aˢ⁻¹[t − dilation·k]."""
    width = lanes_of(levels)
    lag = dilation * width
    for k in range(0, n_taps, BLOCK):
        w = at + k * d
        f0, f1, f2, f3 = load_four(grad_phi, w, d)
        g0, g1, g2, g3 = load_four(grad_psi, w, d)
        for t in range(rows):
            i = t * width
            p = below + i - k * lag
            low, high = load(levels, here + i), load(details, detail + i)
            a0, a1 = load(levels, p), load(levels, p - lag)
            a2, a3 = load(levels, p - 2 * lag), load(levels, p - 3 * lag)
            f0, f1, f2, f3 = f0 + low * a0, f1 + low * a1, f2 + low * a2, f3 + low * a3
            g0, g1, g2, g3 = g0 + high * a0, g1 + high * a1, g2 + high * a2, g3 + high * a3
        store_four(grad_phi, w, d, f0, f1, f2, f3)
        store_four(grad_psi, w, d, g0, g1, g2, g3)


@inlined
def _level_gradient(
    levels: Any, here: Any, below: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    phi: Any, psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """levels[below:] = Σₖ φ[k] · levels[here + dilation·k] + ψ[k] · details[… the same]."""
    width = lanes_of(levels)
    lag = dilation * width
    for k in range(0, n_taps, BLOCK):
        w = at + k * d
        f0, f1, f2, f3 = load_four(phi, w, d)
        g0, g1, g2, g3 = load_four(psi, w, d)
        for t in range(rows):
            i = t * width
            p, q = here + i + k * lag, detail + i + k * lag
            low = (f0 * load(levels, p) + f1 * load(levels, p + lag)) + (
                f2 * load(levels, p + 2 * lag) + f3 * load(levels, p + 3 * lag)
            )
            high = (g0 * load(details, q) + g1 * load(details, q + lag)) + (
                g2 * load(details, q + 2 * lag) + g3 * load(details, q + 3 * lag)
            )
            value = low + high
            if k:
                value = value + load(levels, below + i)
            store(levels, below + i, value)


@inlined
def filter_bank_gradient(
    levels: Any, details: Any, plane: Any, start: Any, rows: Any, tails: Any, tail: Any, phi: Any,
    psi: Any, grad_phi: Any, grad_psi: Any, at: Any, c: Any, n_scales: Any, n_taps: Any, d: Any,
) -> None:
    """Backward of :func:`filter_bank` over a segment, in place.

    On entry ``levels`` holds a⁰ … aˢ⁻¹ and the gradient of aˢ, ``details`` the gradients of
    d¹ … dˢ; on exit the first level holds the gradient of a⁰, and the taps' gradients are added
    to ``grad_phi[at:]``, ``grad_psi[at:]``. ``tails[tail:]`` hands gradients from a segment to
    the one before it, 2·:func:`halo_rows` vectors; zero at the end of the series.
    """
    width = lanes_of(levels)
    for s in range(n_scales - 1, -1, -1):
        below = s * plane + start
        here, reach = below + plane, (n_taps - 1) << s
        low = tail + 2 * halo_rows(s, n_taps) * width
        high = low + reach * width
        copy_vectors(tails, low, width, levels, here + rows * width, width, reach)
        copy_vectors(tails, high, width, details, below + rows * width, width, reach)
        copy_vectors(levels, here, width, tails, low, width, reach)
        copy_vectors(details, below, width, tails, high, width, reach)
        g_at = at + s * n_taps * d
        _tap_gradients(
            levels, here, below, details, below, rows, 1 << s, grad_phi, grad_psi, g_at, n_taps, d
        )
        # aˢ⁻¹ has been used for the last time: its gradient takes its place.
        _level_gradient(
            levels, here, below, details, below, rows, 1 << s, phi, psi, s * n_taps * d + c,
            n_taps, d,
        )


@kernel
def _forward(
    x: Any, phi: Any, psi: Any, lengths: Any, bands: Any, batch: Any, rows: Any, d: Any,
    n_scales: Any, n_taps: Any, n_history: Any, first: Any, last: Any,
) -> None:
    width = lanes_of(x)
    vectors = d // width
    start = padding_rows(n_scales, n_taps) * width
    segment = segment_rows(n_scales, n_taps, rows)
    plane = start + segment * width
    levels, details = scratch(x, (n_scales + 1) * plane), scratch(x, n_scales * plane)
    steps = rows - n_history
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        clear_past(levels, plane, start, n_scales, n_taps)
        for begin in range(0, n_rows, segment):
            count = min(segment, n_rows - begin)
            copy_vectors(x, (b * rows + begin) * d + c, d, levels, start, width, count)
            filter_bank(
                levels, details, plane, start, count, phi, psi, c, n_scales, n_taps, d
            )
            skip = min(max(n_history - begin, 0), count)
            for s in range(n_scales + 1):
                source = details if s < n_scales else levels
                out = ((s * batch + b) * steps + begin + skip - n_history) * d + c
                at = s * plane + start + skip * width
                copy_vectors(source, at, width, bands, out, d, count - skip)
            keep_past(levels, plane, start, count, n_scales, n_taps)
        for s in range(n_scales + 1):
            out = ((s * batch + b) * steps + lengths[b]) * d + c
            fill_zero(bands, out, d, steps - lengths[b])


@kernel
def _backward(
    grad: Any, x: Any, phi: Any, psi: Any, lengths: Any, grad_x: Any, grad_phi: Any,
    grad_psi: Any, batch: Any, rows: Any, d: Any, n_scales: Any, n_taps: Any, n_history: Any,
    first: Any, last: Any,
) -> None:
    width = lanes_of(x)
    vectors = d // width
    start = padding_rows(n_scales, n_taps) * width
    halo, segment = halo_rows(n_scales, n_taps), segment_rows(n_scales, n_taps, rows)
    plane = 2 * start + (halo + segment) * width
    levels, details = scratch(x, (n_scales + 1) * plane), scratch(x, n_scales * plane)
    tails = scratch(x, 2 * halo * width)
    steps = rows - n_history
    clear_past(levels, plane, start, n_scales, n_taps)
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        at = b * n_scales * n_taps * d + c
        fill_zero(grad_phi, at, d, n_scales * n_taps)
        fill_zero(grad_psi, at, d, n_scales * n_taps)
        fill_zero(tails, 0, width, 2 * halo)
        for k in range((n_rows + segment - 1) // segment - 1, -1, -1):
            begin = k * segment
            count, past = min(segment, n_rows - begin), min(halo, begin)
            row = b * rows + begin
            copy_vectors(x, (row - past) * d + c, d, levels, start, width, past + count)
            filter_bank(
                levels, details, plane, start, past + count, phi, psi, c, n_scales, n_taps, d
            )
            here = start + past * width
            skip = min(max(n_history - begin, 0), count)
            for s in range(n_scales + 1):
                target = details if s < n_scales else levels
                to = s * plane + here
                fill_zero(target, to, width, skip)
                source = ((s * batch + b) * steps + begin + skip - n_history) * d + c
                copy_vectors(grad, source, d, target, to + skip * width, width, count - skip)
            filter_bank_gradient(
                levels, details, plane, here, count, tails, 0, phi, psi, grad_phi, grad_psi, at,
                c, n_scales, n_taps, d,
            )
            copy_vectors(levels, here, width, grad_x, row * d + c, d, count)
        fill_zero(grad_x, (b * rows + n_rows) * d + c, d, rows - n_rows)


def padded_taps(filters: Tensor) -> int:
    """Taps of (S, d, K) filters, rounded up to whole blocks."""
    return -(-filters.shape[2] // BLOCK) * BLOCK


def taps_first(filters: Tensor, d: int) -> Tensor:
    """(S, d, K) filters as the kernels want them: (S, K, d), in whole blocks and vectors."""
    missing = padded_taps(filters) - filters.shape[2]
    return pad_channels(functional.pad(filters, (0, missing)).transpose(1, 2), d)


def taps_last(partial: Tensor, like: Tensor) -> Tensor:
    """Sum the (b, S, K, d) gradients over the batch and give them the filters' shape (S, d, K)."""
    _, d, n_taps = like.shape
    return partial.sum(0)[:, :n_taps, :d].transpose(1, 2).contiguous()


def decompose_cpu(
    x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> Tensor:
    """Fused forward; arguments as for the reference."""
    batch, rows, channels = x.shape
    n_scales, n_taps = phi.shape[0], padded_taps(phi)
    d = padded_channels(channels, x.dtype)
    length = valid_lengths(lengths, batch, rows - n_history)
    bands = x.new_empty(n_scales + 1, batch, rows - n_history, d)
    args = (flat(pad_channels(x, d)), flat(taps_first(phi, d)), flat(taps_first(psi, d)), length)
    sizes = (batch, rows, d, n_scales, n_taps, n_history)

    def work(first: int, last: int) -> None:
        _forward(*args, flat(bands), *sizes, first, last)

    parallel.run(work, _costs(length, n_history, d, x.dtype, n_scales * n_taps))
    return bands[..., :channels]


def decompose_backward_cpu(
    grad: Tensor, x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of x, φ and ψ; recomputes the approximations."""
    batch, rows, channels = x.shape
    n_scales, n_taps = phi.shape[0], padded_taps(phi)
    d = padded_channels(channels, x.dtype)
    length = valid_lengths(lengths, batch, rows - n_history)
    grad_x = x.new_empty(batch, rows, d)
    grad_phi = x.new_empty(batch, n_scales, n_taps, d)
    grad_psi = torch.empty_like(grad_phi)
    args = (
        flat(pad_channels(grad, d)), flat(pad_channels(x, d)),
        flat(taps_first(phi, d)), flat(taps_first(psi, d)), length,
    )
    outs = (flat(grad_x), flat(grad_phi), flat(grad_psi))
    sizes = (batch, rows, d, n_scales, n_taps, n_history)

    def work(first: int, last: int) -> None:
        _backward(*args, *outs, *sizes, first, last)

    parallel.run(work, _costs(length, n_history, d, x.dtype, 4 * n_scales * n_taps))
    return grad_x[..., :channels], taps_last(grad_phi, phi), taps_last(grad_psi, psi)


def _costs(length: Any, n_history: int, d: int, dtype: torch.dtype, per_step: int) -> Any:
    width = padded_channels(1, dtype)
    return ((length + n_history) * width * per_step).repeat(d // width)
