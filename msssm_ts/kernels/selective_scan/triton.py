"""Device functions for diagonal scans on the GPU (Triton), for the fused layer.

A in units of ln 2, so that exp(ΔA) is one exp2.
"""

# No postponed annotations here: Triton reads them.

import triton.language as tl

from msssm_ts.kernels.decompose.triton import gpu_kernel, memory_rows

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
    low: tl.tensor, weights: tl.tensor, stream_row: tl.tensor, first: tl.tensor, valid: tl.tensor,
    in_c: tl.tensor, d: tl.constexpr, streams: tl.constexpr, rank: tl.constexpr,
    REVERSE: tl.constexpr, T: tl.constexpr, BD: tl.constexpr, CT: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Δ = softplus(low · weight + bias) of one stream, zero where not valid; and its slope.

    ``low`` (…, M, rank) has the factors, of which the tile's first are those of ``stream_row``;
    ``weights`` points to the bias of channel ``first``, which the factors' weights follow. Of rank
    0 it is Δ itself that ``low`` (…, M, d) has.
    """
    lane = tl.arange(0, BD)[None, :]
    if rank == 0:
        at = low + (stream_row * d + first) + (memory_rows(T, REVERSE) * (streams * d) + lane)
        given = tl.load(at, mask=valid & in_c, other=0.0).to(CT)
        return given, tl.where(valid, given * 0.0 + 1.0, 0.0)
    value = tl.zeros([T, BD], dtype=CT) + tl.load(weights + lane, mask=in_c, other=0.0)
    factors = low + stream_row * rank
    for r in tl.range(rank, loop_unroll_factor=4):
        rows = memory_rows(T, REVERSE) * (streams * rank)
        factor = tl.load(factors + r + rows, mask=valid, other=0.0).to(CT)
        value += factor * tl.load(weights + (r + 1) * d + lane, mask=in_c, other=0.0)
    u = decaying_exp(value)
    delta = tl.where(valid, softplus(value, u, CT), 0.0)
    return delta, tl.where(valid, sigmoid(value, u), 0.0)


@gpu_kernel
def falling(N: tl.constexpr) -> tl.tensor:
    """N − 1 … 0, as (N, 1): the states of a tile.

    Falling, since Triton would spread states that rise as they do in memory over the threads.
    """
    return N - 1 - tl.arange(0, N)[:, None]


@gpu_kernel
def row_bits(tile: tl.tensor) -> tl.tensor:
    """Read a tile's numbers as bits, for :func:`row_of`."""
    WHOLE: tl.constexpr = tl.int64 if tile.dtype == tl.float64 else tl.int32
    return tile.to(WHOLE, bitcast=True)


@gpu_kernel
def row_of(bits: tl.tensor, here: tl.tensor, CT: tl.constexpr) -> tl.tensor:
    """Take the one row of a tile (T, n, d) that ``here`` (T, 1, 1) marks.

    It costs nothing: a thread has all rows of its channel, the compiler knows which one it is,
    and nothing is left of a sum of whole numbers that are zero but for one. (Of floats it would
    keep the additions: −0.0 + 0.0 is 0.0.)
    """
    return tl.sum(tl.where(here, bits, 0), 0).to(CT, bitcast=True)


@gpu_kernel
def scan_tile(decay: tl.tensor, new: tl.tensor, h: tl.tensor, T: tl.constexpr) -> tl.tensor:
    """Run h ← decay·h + new through the steps of a tile (T, n, d).

    Returns the states before every step, those after it, and the last one (n, d).
    """
    i = tl.arange(0, T)[:, None, None]
    decays, news = row_bits(decay), row_bits(new)
    before, after = decay, decay
    for k in tl.static_range(T):
        before = tl.where(i == k, h[None, :, :], before)
        h = row_of(decays, i == k, h.dtype) * h + row_of(news, i == k, h.dtype)
        after = tl.where(i == k, h[None, :, :], after)
    return before, after, h


@gpu_kernel
def scan_tile_back(decay: tl.tensor, new: tl.tensor, grad: tl.tensor, T: tl.constexpr) -> tl.tensor:
    """Run the other way: the gradients of the states after every step, and of the first one.

    ``new`` (T, n, d) is what a state's gradient has from its own output, ``grad`` (n, d) what the
    last state's has from later steps.
    """
    i = tl.arange(0, T)[:, None, None]
    decays, news = row_bits(decay), row_bits(new)
    grads = decay
    for back in tl.static_range(T):
        here = i == T - 1 - back
        grad += row_of(news, here, grad.dtype)
        grads = tl.where(here, grad[None, :, :], grads)
        grad = row_of(decays, here, grad.dtype) * grad
    return grads, grad


@gpu_kernel
def power(base: tl.tensor, exponent: tl.tensor, bits: tl.tensor) -> tl.tensor:
    """Raise base to a whole exponent below 2 ** bits."""
    result = base * 0.0 + 1.0
    for _ in range(bits):
        result = tl.where((exponent & 1) == 1, result * base, result)
        base = base * base
        exponent = exponent >> 1
    return result


@gpu_kernel
def carry_states(
    states: tl.tensor, sums: tl.tensor, parameters: tl.tensor, lengths: tl.tensor,
    segments: tl.tensor, span: tl.tensor, width: tl.tensor, bits: tl.tensor,
    streams: tl.constexpr, d: tl.constexpr, n: tl.constexpr, PARAMS: tl.constexpr,
    SELECTIVE: tl.constexpr, BACKWARD: tl.constexpr, BN: tl.constexpr,
    BD: tl.constexpr,
) -> None:  # fmt: skip
    """Join the segments that were scanned from zero, one after the other.

    ``states`` (b, segments + 1, M, n, d): the state at the start in the first place (backward: the
    gradient of the last state in the last one), and what each segment adds to it in the place
    where the segment ends. ``sums`` (b, segments, M, d): ΣΔ of each. ``parameters`` (M, PARAMS, d)
    begins with A.
    """
    b, s = tl.program_id(0) // streams, tl.program_id(0) % streams
    c = tl.program_id(1) * width + tl.arange(0, BD)[None, :]
    j = tl.program_id(2) * BN + tl.arange(0, BN)[:, None]
    mask = (j < n) & (c < d)
    steps = tl.load(lengths + b)
    series = tl.cast(b, tl.int64)
    a = tl.load(parameters + (s * PARAMS + j) * d + c, mask=mask, other=0.0)
    at = (s * n + j) * d + c
    place = series * (segments + 1)
    if BACKWARD:
        place += segments
    h = tl.load(states + place * streams * n * d + at, mask=mask, other=0.0)
    for k in range(segments):
        segment = segments - 1 - k if BACKWARD else k
        if SELECTIVE:
            sum_at = ((series * segments + segment) * streams + s) * d + c
            decay = tl.exp2(a * tl.load(sums + sum_at, mask=c < d, other=0.0))
        else:
            decay = power(a, tl.minimum(tl.maximum(steps - segment * span, 0), span), bits)
        place = series * (segments + 1) + segment + (0 if BACKWARD else 1)
        at_place = states + place * streams * n * d + at
        h = decay * h + tl.load(at_place, mask=mask, other=0.0)
        tl.store(at_place, h, mask=mask)
