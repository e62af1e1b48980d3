"""Multi-scale decomposition on the CPU (numba), and the pieces that the fused layer reuses.

Everything works on one vector of channels at a time. Its levels lie one after the other in a
scratch array, ``rows`` steps each: a⁰ = x, then a¹ … aˢ; so a level is read from cache.
Filters lie as (S, K, d): the taps of neighbouring channels side by side.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, scratch, valid_lengths
from msssm_ts.kernels.simd import lanes_of, load, splat, store


@kernel
def filter_steps(
    source: Any, source_at: Any, out: Any, out_at: Any, first: Any, last: Any,
    dilation: Any, taps: Any, taps_at: Any, n_taps: Any, d: Any,
) -> None:
    """out[t] = Σₖ taps[k] · source[t − dilation·k] for t in first..last−1, one vector wide."""
    width = lanes_of(source)
    for t in range(first, last):
        value = load(taps, taps_at) * load(source, source_at + t * width)
        for k in range(1, min(n_taps, t // dilation + 1)):
            past = source_at + (t - dilation * k) * width
            value = value + load(taps, taps_at + k * d) * load(source, past)
        store(out, out_at + t * width, value)


@kernel
def filter_bank(
    levels: Any, details: Any, rows: Any, phi: Any, psi: Any, c: Any, n_scales: Any, n_taps: Any,
    d: Any,
) -> None:
    """Fill a¹ … aˢ of ``levels`` (a⁰ is given) and d¹ … dˢ, where ``details`` is not None."""
    size = rows * lanes_of(levels)
    for s in range(n_scales):
        at = s * n_taps * d + c
        filter_steps(
            levels, s * size, levels, (s + 1) * size, 0, rows, 1 << s, phi, at, n_taps, d
        )
        if details is not None:
            filter_steps(levels, s * size, details, s * size, 0, rows, 1 << s, psi, at, n_taps, d)


@kernel
def _tap_gradients(
    grad: Any, grad_at: Any, source: Any, source_at: Any, rows: Any, dilation: Any,
    grad_taps: Any, taps_at: Any, n_taps: Any, d: Any,
) -> None:
    """grad_taps[k] = Σₜ grad[t] · source[t − dilation·k]."""
    width = lanes_of(grad)
    zero = splat(grad.dtype.type(0))
    for k in range(n_taps):
        # Two sums, so that one addition need not wait for the last.
        even, odd = zero, zero
        lag = dilation * k
        for t in range(lag, rows - 1, 2):
            g, a = grad_at + t * width, source_at + (t - lag) * width
            even = even + load(grad, g) * load(source, a)
            odd = odd + load(grad, g + width) * load(source, a + width)
        if lag < rows and (rows - lag) % 2:
            t = rows - 1
            even = even + load(grad, grad_at + t * width) * load(
                source, source_at + (t - lag) * width
            )
        store(grad_taps, taps_at + k * d, even + odd)


@kernel
def filter_bank_gradient(
    levels: Any, details: Any, rows: Any, phi: Any, psi: Any, grad_phi: Any, grad_psi: Any,
    at: Any, c: Any, n_scales: Any, n_taps: Any, d: Any,
) -> None:
    """Backward of :func:`filter_bank`, in place.

    On entry ``levels`` holds a⁰ … aˢ⁻¹ and the gradient of aˢ, ``details`` the gradients of
    d¹ … dˢ; on exit the first level holds the gradient of a⁰ and the taps' gradients are at
    ``grad_phi[at:]``, ``grad_psi[at:]``.
    """
    width = lanes_of(levels)
    size = rows * width
    for s in range(n_scales - 1, -1, -1):
        dilation = 1 << s
        below, here, detail = s * size, (s + 1) * size, s * size
        g_at = at + s * n_taps * d
        _tap_gradients(levels, here, levels, below, rows, dilation, grad_phi, g_at, n_taps, d)
        _tap_gradients(details, detail, levels, below, rows, dilation, grad_psi, g_at, n_taps, d)
        # aˢ⁻¹ has been used for the last time: its gradient takes its place.
        w_at = s * n_taps * d + c
        for t in range(rows):
            i = t * width
            value = load(phi, w_at) * load(levels, here + i) + load(psi, w_at) * load(
                details, detail + i
            )
            for k in range(1, min(n_taps, (rows - 1 - t) // dilation + 1)):
                i = (t + dilation * k) * width
                value = value + load(phi, w_at + k * d) * load(levels, here + i)
                value = value + load(psi, w_at + k * d) * load(details, detail + i)
            store(levels, below + t * width, value)


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
    levels = scratch(x, (n_scales + 1) * rows * width)
    details = scratch(x, (n_scales + 1) * rows * width)
    steps = rows - n_history
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        load_rows(x, b * rows * d + c, d, levels, 0, n_rows)
        filter_bank(levels, details, n_rows, phi, psi, c, n_scales, n_taps, d)
        size = n_rows * width
        for s in range(n_scales + 1):
            source, at = (details, s * size) if s < n_scales else (levels, s * size)
            out = (s * batch + b) * steps * d + c
            for t in range(lengths[b]):
                store(bands, out + t * d, load(source, at + (n_history + t) * width))
            zero = splat(x.dtype.type(0))
            for t in range(lengths[b], steps):
                store(bands, out + t * d, zero)


@kernel
def _backward(
    grad: Any, x: Any, phi: Any, psi: Any, lengths: Any, grad_x: Any, grad_phi: Any,
    grad_psi: Any, batch: Any, rows: Any, d: Any, n_scales: Any, n_taps: Any, n_history: Any,
    first: Any, last: Any,
) -> None:
    width = lanes_of(x)
    vectors = d // width
    levels = scratch(x, (n_scales + 1) * rows * width)
    details = scratch(x, (n_scales + 1) * rows * width)
    steps = rows - n_history
    zero = splat(x.dtype.type(0))
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        n_rows = n_history + lengths[b]
        size = n_rows * width
        load_rows(x, b * rows * d + c, d, levels, 0, n_rows)
        filter_bank(levels, None, n_rows, phi, psi, c, n_scales, n_taps, d)
        for s in range(n_scales + 1):
            target = details if s < n_scales else levels
            for t in range(n_history):
                store(target, s * size + t * width, zero)
            source = (s * batch + b) * steps * d + c
            load_rows(grad, source, d, target, s * size + n_history * width, lengths[b])
        at = b * n_scales * n_taps * d + c
        filter_bank_gradient(
            levels, details, n_rows, phi, psi, grad_phi, grad_psi, at, c, n_scales, n_taps, d
        )
        out = b * rows * d + c
        for t in range(n_rows):
            store(grad_x, out + t * d, load(levels, t * width))
        for t in range(n_rows, rows):
            store(grad_x, out + t * d, zero)


def taps_first(filters: Tensor, d: int) -> Tensor:
    """(S, d, K) filters as the kernels want them: (S, K, d), d padded to whole vectors."""
    return pad_channels(filters.transpose(1, 2), d)


def taps_last(partial: Tensor, d: int) -> Tensor:
    """Sum the (b, S, K, d) gradients over the batch and give them the filters' shape (S, d, K)."""
    return partial.sum(0)[..., :d].transpose(1, 2).contiguous()


def decompose_cpu(
    x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> Tensor:
    """Fused forward; arguments as for the reference."""
    batch, rows, channels = x.shape
    n_scales, _, n_taps = phi.shape
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
    n_scales, _, n_taps = phi.shape
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
    return grad_x[..., :channels], taps_last(grad_phi, channels), taps_last(grad_psi, channels)


def _costs(length: Any, n_history: int, d: int, dtype: torch.dtype, per_step: int) -> Any:
    width = padded_channels(1, dtype)
    return ((length + n_history) * width * per_step).repeat(d // width)
