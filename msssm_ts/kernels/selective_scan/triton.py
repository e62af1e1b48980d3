"""Device functions for diagonal scans on the GPU (Triton), shared by the fused layer.

A in units of ln 2, so that exp(ΔA) is one exp2.
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import gpu_kernel, memory_row

LOG2_E = 1.4426950408889634
LN_2 = tl.constexpr(0.6931471805599453)
_LOG2_E = tl.constexpr(LOG2_E)


@gpu_kernel
def decaying_exp(v: tl.tensor) -> tl.tensor:
    """exp(−|v|): what softplus and sigmoid are made of, and never too large."""
    return tl.exp2(-tl.abs(v) * _LOG2_E)


@gpu_kernel
def softplus(v: tl.tensor, u: tl.tensor, CT: tl.constexpr) -> tl.tensor:
    """log(1 + exp(v)), given u = exp(−|v|).

    log(1 + u) = 2 artanh(z) with z = u / (2 + u) ≤ 1/3, as a series: small step sizes keep all
    their digits, where log(1 + u) itself would round them off.
    """
    z = u / (2.0 + u)
    square = z * z
    terms: tl.constexpr = 17 if CT == tl.float64 else 8  # noqa: SIM300
    series = square * 0.0
    for i in tl.static_range(terms):
        series = series * square + 2.0 / (2 * (terms - 1 - i) + 1)
    return tl.maximum(v, 0.0) + z * series


@gpu_kernel
def sigmoid(v: tl.tensor, u: tl.tensor) -> tl.tensor:
    """1 / (1 + exp(−v)), given u = exp(−|v|)."""
    return tl.where(v >= 0, 1.0, u) / (1.0 + u)


@gpu_kernel
def step_rows(
    low: tl.tensor, weight: tl.tensor, bias: tl.tensor, s: tl.tensor, t: tl.tensor,
    steps: tl.tensor, rank: tl.tensor, d: tl.tensor, c: tl.tensor, M: tl.constexpr,
    REVERSE: tl.constexpr, BD: tl.constexpr, TT: tl.constexpr, CT: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Δ = softplus(low · weight + bias) of stream s at steps t, zero after the valid ones.

    Returns Δ and its slope.
    """
    valid = t < steps
    row = memory_row(t, steps, REVERSE)
    value = tl.zeros([TT, BD], dtype=CT) + tl.load(bias + s * d + c, mask=c < d, other=0.0)
    for r in range(rank):
        factor = tl.load(low + (row * M + s) * rank + r, mask=valid, other=0.0).to(CT)
        value += factor * tl.load(weight + (s * rank + r) * d + c, mask=c < d, other=0.0)
    u = decaying_exp(value)
    delta = tl.where(valid, softplus(value, u, CT), 0.0)
    return delta, tl.where(valid, sigmoid(value, u), 0.0)


@gpu_kernel
def power(base: tl.tensor, exponent: tl.tensor, BITS: tl.constexpr) -> tl.tensor:
    """Raise base to a whole exponent below 2 ** BITS."""
    result = base * 0.0 + 1.0
    for _ in tl.static_range(BITS):
        result = tl.where((exponent & 1) == 1, result * base, result)
        base = base * base
        exponent = exponent >> 1
    return result


@gpu_kernel
def carry_states(
    states: tl.tensor, sums: tl.tensor, A: tl.tensor, lengths: tl.tensor, segments: tl.tensor,
    stride: tl.tensor, d: tl.tensor, n: tl.tensor, M: tl.constexpr, SEGMENT: tl.constexpr,
    BITS: tl.constexpr, SELECTIVE: tl.constexpr, BACKWARD: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr,
) -> None:  # fmt: skip
    """Join the segments that were scanned from zero, one after the other.

    ``states`` (b, segments · stride + 1, M, n, d): the state at the start in its first place
    (backward: the gradient of the last state in its last), and what each segment adds to it in
    the place where the segment ends. ``sums`` (b, segments, M, d): ΣΔ of each segment.
    """
    b, s = tl.program_id(0) // M, tl.program_id(0) % M
    c = tl.program_id(1) * BD + tl.arange(0, BD)[None, :]
    j = tl.arange(0, BN)[:, None]
    mask = (j < n) & (c < d)
    steps = tl.load(lengths + b)
    series = tl.cast(b, tl.int64)
    at = s * n * d + j * d + c
    a = tl.load(A + at, mask=mask, other=0.0)
    begin = states + series * (segments * stride + 1) * M * n * d + at
    h = tl.load(begin + (segments * stride * M * n * d if BACKWARD else 0), mask=mask, other=0.0)
    for k in range(segments):
        segment = segments - 1 - k if BACKWARD else k
        if SELECTIVE:
            total = tl.load(
                sums + ((series * segments + segment) * M + s) * d + c, mask=c < d, other=0.0
            )
            decay = tl.exp2(a * total)
        else:
            n_steps = tl.minimum(tl.maximum(steps - segment * SEGMENT, 0), SEGMENT)
            decay = power(a, n_steps, BITS)
        place = begin + tl.cast(segment if BACKWARD else segment + 1, tl.int64) * (
            stride * M * n * d
        )
        h = decay * h + tl.load(place, mask=mask, other=0.0)
        tl.store(place, h, mask=mask)
