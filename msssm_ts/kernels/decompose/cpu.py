"""Multi-scale decomposition on the CPU (numba), and the pieces that the fused layer reuses.

Everything works on one vector of channels at a time. Its levels a⁰ = x, a¹ … aˢ lie one after
the other in scratch, each in a plane of its own with room for zeros before and after its steps,
so that no tap needs a bounds check. Filters lie as (S, K, d), K padded with zeros to whole blocks
of :data:`BLOCK` taps, which are held in registers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, scratch, valid_lengths
from msssm_ts.kernels.simd import lanes_of, load, splat, store

# Taps handled at once; the code below writes them out.
BLOCK = 4


@kernel
def padding_rows(n_scales: Any, n_taps: Any) -> Any:
    """Zero steps that the coarsest filter reads beyond either end of a level."""
    return (n_taps - 1) << (n_scales - 1)


@kernel
def fill_zero(out: Any, at: Any, step: Any, count: Any) -> None:
    """Set count vectors, ``step`` apart, to zero."""
    zero = splat(out.dtype.type(0))
    for i in range(count):
        store(out, at + i * step, zero)


@kernel
def _filter_level(
    levels: Any, below: Any, here: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    phi: Any, psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """levels[here:] = φ ∗ levels[below:], details[detail:] = ψ ∗ levels[below:]."""
    width = lanes_of(levels)
    lag = dilation * width
    for k in range(0, n_taps, BLOCK):
        w = at + k * d
        f0, f1 = load(phi, w), load(phi, w + d)
        f2, f3 = load(phi, w + 2 * d), load(phi, w + 3 * d)
        g0, g1 = load(psi, w), load(psi, w + d)
        g2, g3 = load(psi, w + 2 * d), load(psi, w + 3 * d)
        for t in range(rows):
            i = t * width
            p = below + i - k * lag
            a0, a1 = load(levels, p), load(levels, p - lag)
            a2, a3 = load(levels, p - 2 * lag), load(levels, p - 3 * lag)
            low = (f0 * a0 + f1 * a1) + (f2 * a2 + f3 * a3)
            if k:
                low = low + load(levels, here + i)
            store(levels, here + i, low)
            if details is not None:
                high = (g0 * a0 + g1 * a1) + (g2 * a2 + g3 * a3)
                if k:
                    high = high + load(details, detail + i)
                store(details, detail + i, high)


@kernel
def filter_bank(
    levels: Any, details: Any, plane: Any, rows: Any, phi: Any, psi: Any, c: Any, n_scales: Any,
    n_taps: Any, d: Any,
) -> None:
    """Fill a¹ … aˢ of ``levels`` (a⁰ is given) and d¹ … dˢ, where ``details`` is not None.

    Step t of level s lies at ``s·plane + (padding_rows + t)·width``.
    """
    width = lanes_of(levels)
    start = padding_rows(n_scales, n_taps) * width
    for s in range(n_scales):
        below = s * plane + start
        reach = (n_taps - 1) << s
        fill_zero(levels, below - reach * width, width, reach)
        _filter_level(
            levels, below, below + plane, details, below, rows, 1 << s, phi, psi,
            s * n_taps * d + c, n_taps, d,
        )


@kernel
def _tap_gradients(
    levels: Any, here: Any, below: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    grad_phi: Any, grad_psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """Gradients of the taps: Σₜ gradient[t] · aˢ⁻¹[t − dilation·k]."""
    width = lanes_of(levels)
    lag = dilation * width
    zero = splat(levels.dtype.type(0))
    for k in range(0, n_taps, BLOCK):
        f0, f1, f2, f3, g0, g1, g2, g3 = zero, zero, zero, zero, zero, zero, zero, zero
        for t in range(rows):
            i = t * width
            p = below + i - k * lag
            low, high = load(levels, here + i), load(details, detail + i)
            a0, a1 = load(levels, p), load(levels, p - lag)
            a2, a3 = load(levels, p - 2 * lag), load(levels, p - 3 * lag)
            f0, f1, f2, f3 = f0 + low * a0, f1 + low * a1, f2 + low * a2, f3 + low * a3
            g0, g1, g2, g3 = g0 + high * a0, g1 + high * a1, g2 + high * a2, g3 + high * a3
        w = at + k * d
        store(grad_phi, w, f0)
        store(grad_phi, w + d, f1)
        store(grad_phi, w + 2 * d, f2)
        store(grad_phi, w + 3 * d, f3)
        store(grad_psi, w, g0)
        store(grad_psi, w + d, g1)
        store(grad_psi, w + 2 * d, g2)
        store(grad_psi, w + 3 * d, g3)


@kernel
def _level_gradient(
    levels: Any, here: Any, below: Any, details: Any, detail: Any, rows: Any, dilation: Any,
    phi: Any, psi: Any, at: Any, n_taps: Any, d: Any,
) -> None:
    """levels[below:] = Σₖ φ[k] · levels[here + dilation·k] + ψ[k] · details[… the same]."""
    width = lanes_of(levels)
    lag = dilation * width
    for k in range(0, n_taps, BLOCK):
        w = at + k * d
        f0, f1 = load(phi, w), load(phi, w + d)
        f2, f3 = load(phi, w + 2 * d), load(phi, w + 3 * d)
        g0, g1 = load(psi, w), load(psi, w + d)
        g2, g3 = load(psi, w + 2 * d), load(psi, w + 3 * d)
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


@kernel
def filter_bank_gradient(
    levels: Any, details: Any, plane: Any, rows: Any, phi: Any, psi: Any, grad_phi: Any,
    grad_psi: Any, at: Any, c: Any, n_scales: Any, n_taps: Any, d: Any,
) -> None:
    """Backward of :func:`filter_bank`, in place.

    On entry ``levels`` holds a⁰ … aˢ⁻¹ and the gradient of aˢ, ``details`` the gradients of
    d¹ … dˢ; on exit the first level holds the gradient of a⁰ and the taps' gradients are at
    ``grad_phi[at:]``, ``grad_psi[at:]``.
    """
    width = lanes_of(levels)
    start = padding_rows(n_scales, n_taps) * width
    for s in range(n_scales - 1, -1, -1):
        below = s * plane + start
        here, reach = below + plane, (n_taps - 1) << s
        fill_zero(levels, here + rows * width, width, reach)
        fill_zero(details, below + rows * width, width, reach)
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
def load_rows(
    source: Any, source_at: Any, d: Any, out: Any, out_at: Any, n_rows: Any
) -> None:
    """Copy one vector of channels of n_rows rows of a (l, d) array into scratch."""
    width = lanes_of(out)
    for t in range(n_rows):
        store(out, out_at + t * width, load(source, source_at + t * d))


@kernel
def _forward(
    x: Any, phi: Any, psi: Any, lengths: Any, bands: Any, batch: Any, rows: Any, d: Any,
    n_scales: Any, n_taps: Any, n_history: Any, first: Any, last: Any,
) -> None:
    width = lanes_of(x)
    vectors = d // width
    pad = padding_rows(n_scales, n_taps)
    plane = (rows + 2 * pad) * width
    start = pad * width
    levels, details = scratch(x, (n_scales + 1) * plane), scratch(x, n_scales * plane)
    steps = rows - n_history
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        load_rows(x, b * rows * d + c, d, levels, start, n_rows)
        filter_bank(levels, details, plane, n_rows, phi, psi, c, n_scales, n_taps, d)
        for s in range(n_scales + 1):
            source = details if s < n_scales else levels
            at = s * plane + start
            out = (s * batch + b) * steps * d + c
            for t in range(lengths[b]):
                store(bands, out + t * d, load(source, at + (n_history + t) * width))
            fill_zero(bands, out + lengths[b] * d, d, steps - lengths[b])


@kernel
def _backward(
    grad: Any, x: Any, phi: Any, psi: Any, lengths: Any, grad_x: Any, grad_phi: Any,
    grad_psi: Any, batch: Any, rows: Any, d: Any, n_scales: Any, n_taps: Any, n_history: Any,
    first: Any, last: Any,
) -> None:
    width = lanes_of(x)
    vectors = d // width
    pad = padding_rows(n_scales, n_taps)
    plane = (rows + 2 * pad) * width
    start = pad * width
    levels, details = scratch(x, (n_scales + 1) * plane), scratch(x, n_scales * plane)
    steps = rows - n_history
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        load_rows(x, b * rows * d + c, d, levels, start, n_rows)
        filter_bank(levels, None, plane, n_rows, phi, psi, c, n_scales, n_taps, d)
        for s in range(n_scales + 1):
            target = details if s < n_scales else levels
            to = s * plane + start
            fill_zero(target, to, width, n_history)
            source = (s * batch + b) * steps * d + c
            load_rows(grad, source, d, target, to + n_history * width, lengths[b])
        at = b * n_scales * n_taps * d + c
        filter_bank_gradient(
            levels, details, plane, n_rows, phi, psi, grad_phi, grad_psi, at, c, n_scales, n_taps,
            d,
        )
        out = b * rows * d + c
        for t in range(n_rows):
            store(grad_x, out + t * d, load(levels, start + t * width))
        fill_zero(grad_x, out + n_rows * d, d, rows - n_rows)


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
