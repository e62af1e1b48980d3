"""Device functions for scans whose modes oscillate, on the GPU (Triton), for the fused layer.

A mode is a pair of real states, the real and the imaginary part of ``h = Ā h + x``, and its decay
a pair, a + ib. Of rows of states (n, d) the even ones are real parts, each with its imaginary part
after it; ``n`` counts both.
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import gpu_kernel
from msssm_ts.kernels.selective_scan.triton import row_bits, row_of


@gpu_kernel
def turned(a: tl.tensor, b: tl.tensor, re: tl.tensor, im: tl.tensor) -> tl.tensor:
    """Return (a + ib)(re + i·im), its real and its imaginary part."""
    return a * re - b * im, a * im + b * re


@gpu_kernel
def scan_tile_pairs(
    a: tl.tensor, b: tl.tensor, new: tl.tensor, re: tl.tensor, im: tl.tensor, T: tl.constexpr
) -> tl.tensor:
    """Run h ← (a + ib) h + new, ``new`` real, through the steps of a tile (T, n / 2, d).

    Returns the states before every step, those after it, and the last one (n / 2, d), of each the
    real and the imaginary part.
    """
    i = tl.arange(0, T)[:, None, None]
    every_a, every_b, news = row_bits(a), row_bits(b), row_bits(new)
    before_re, before_im, after_re, after_im = a, a, a, a
    for k in tl.static_range(T):
        here = i == k
        before_re = tl.where(here, re[None, :, :], before_re)
        before_im = tl.where(here, im[None, :, :], before_im)
        now_a, now_b = row_of(every_a, here, re.dtype), row_of(every_b, here, re.dtype)
        re, im = turned(now_a, now_b, re, im)
        re += row_of(news, here, re.dtype)
        after_re = tl.where(here, re[None, :, :], after_re)
        after_im = tl.where(here, im[None, :, :], after_im)
    return before_re, before_im, after_re, after_im, re, im


@gpu_kernel
def scan_tile_pairs_back(
    a: tl.tensor, b: tl.tensor, new_re: tl.tensor, new_im: tl.tensor, re: tl.tensor,
    im: tl.tensor, T: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Run the other way: the gradients of the states after every step, and of the first one.

    A state's two parts have a gradient each; they turn back, by a − ib. Parameters as of
    :func:`~msssm_ts.kernels.selective_scan.triton.scan_tile_back`.
    """
    i = tl.arange(0, T)[:, None, None]
    every_a, every_b = row_bits(a), row_bits(b)
    news_re, news_im = row_bits(new_re), row_bits(new_im)
    grads_re, grads_im = a, a
    for back in tl.static_range(T):
        here = i == T - 1 - back
        re += row_of(news_re, here, re.dtype)
        im += row_of(news_im, here, re.dtype)
        grads_re = tl.where(here, re[None, :, :], grads_re)
        grads_im = tl.where(here, im[None, :, :], grads_im)
        now_a, now_b = row_of(every_a, here, re.dtype), row_of(every_b, here, re.dtype)
        re, im = turned(now_a, -now_b, re, im)
    return grads_re, grads_im, re, im


@gpu_kernel
def power_pairs(a: tl.tensor, b: tl.tensor, exponent: tl.tensor, bits: tl.tensor) -> tl.tensor:
    """Raise a + ib to a whole exponent below 2 ** bits."""
    re, im = a * 0.0 + 1.0, b * 0.0
    for _ in range(bits):
        odd = (exponent & 1) == 1
        more_re, more_im = turned(a, b, re, im)
        re, im = tl.where(odd, more_re, re), tl.where(odd, more_im, im)
        a, b = turned(a, b, a, b)
        exponent = exponent >> 1
    return re, im


@gpu_kernel
def carry_pairs(
    states: tl.tensor, parameters: tl.tensor, lengths: tl.tensor, segments: tl.tensor,
    span: tl.tensor, width: tl.tensor, bits: tl.tensor, streams: tl.constexpr, d: tl.constexpr,
    n: tl.constexpr, PARAMS: tl.constexpr, BACKWARD: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr,
) -> None:  # fmt: skip
    """Join the segments that were scanned from zero, one after the other.

    As :func:`~msssm_ts.kernels.selective_scan.triton.carry_states`, ``BN`` pairs in a program.
    """
    b, s = tl.program_id(0) // streams, tl.program_id(0) % streams
    c = tl.program_id(1) * width + tl.arange(0, BD)[None, :]
    j = 2 * (tl.program_id(2) * BN + tl.arange(0, BN)[:, None])
    mask = (j < n) & (c < d)
    steps = tl.load(lengths + b)
    table = parameters + (s * PARAMS + j) * d + c
    a_re, a_im = tl.load(table, mask=mask, other=0.0), tl.load(table + d, mask=mask, other=0.0)
    place = tl.cast(b, tl.int64) * (segments + 1)
    if BACKWARD:
        a_im = -a_im
        place += segments
    at = states + place * streams * n * d + (s * n + j) * d + c
    re, im = tl.load(at, mask=mask, other=0.0), tl.load(at + d, mask=mask, other=0.0)
    for k in range(segments):
        segment = segments - 1 - k if BACKWARD else k
        n_steps = tl.minimum(tl.maximum(steps - segment * span, 0), span)
        by_re, by_im = power_pairs(a_re, a_im, n_steps, bits)
        re, im = turned(by_re, by_im, re, im)
        if BACKWARD:
            at -= streams * n * d
        else:
            at += streams * n * d
        re += tl.load(at, mask=mask, other=0.0)
        im += tl.load(at + d, mask=mask, other=0.0)
        tl.store(at, re, mask=mask)
        tl.store(at + d, im, mask=mask)
