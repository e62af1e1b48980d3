"""The whole causal network on the CPU (numba), step by step: stem, blocks, pooling, logits.

What a step leaves for later ones: per layer and scale the last 2ˢ⁻¹(K − 1) + 1 inputs of its
filters in a ring, the states of the scans, the running pooling. Time and memory do not depend on
how many steps there were.

Per step, d channels, L layers, M streams of n states, rank r:
    multiply-adds     L · d · (3d + M(2n + r + 1) + 2S·K + 3M·n), and M(2n + r) · d less for LTI
    exponentials, S6  L · d · (M·n + 2M + 1); LTI L · d
    bytes             every weight once: from the second-level cache
"""

from __future__ import annotations

import math
from typing import Any

from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.ms_scan.cpu_forward import step_sizes
from msssm_ts.kernels.ms_scan.cpu_pairs import pairs_chunk
from msssm_ts.kernels.selective_scan.cpu_chunks import lti_chunk, selective_chunk
from msssm_ts.kernels.simd import lanes_of, load, sigmoid, splat, spread, store

# How steps are pooled, as the kernel is told.
MEAN, MAX, MEAN_MAX, LAST = range(4)
POOLINGS = {"mean": MEAN, "max": MAX, "mean_max": MEAN_MAX, "last": LAST}


@inlined
def affine(
    weights: Any, at: Any, n_in: Any, vectors: Any, x: Any, x_at: Any, out: Any
) -> None:
    """Out = W x + b, a vector of outputs at a time.

    Each has n_in + 1 vectors from ``weights[at]`` on: its part of b, then of W's columns.
    """
    width = lanes_of(out)
    zero = splat(out.dtype.type(0))
    for v in range(vectors):
        # Four sums side by side: one would wait for its own last addition.
        s_0, s_1, s_2, s_3 = load(weights, at), zero, zero, zero
        at += width
        for j in range(0, n_in - 3, 4):
            s_0 = s_0 + spread(x, x_at + j) * load(weights, at)
            s_1 = s_1 + spread(x, x_at + j + 1) * load(weights, at + width)
            s_2 = s_2 + spread(x, x_at + j + 2) * load(weights, at + 2 * width)
            s_3 = s_3 + spread(x, x_at + j + 3) * load(weights, at + 3 * width)
            at += 4 * width
        for j in range(n_in // 4 * 4, n_in):
            s_0 = s_0 + spread(x, x_at + j) * load(weights, at)
            at += width
        store(out, v * width, (s_0 + s_1) + (s_2 + s_3))


@inlined
def layer_norm(x: Any, weights: Any, at: Any, d: Any, padded: Any, eps: Any, out: Any) -> None:
    """Normalise x over its d channels; ``weights[at]`` has the scales, then the offsets."""
    mean = 0.0
    for i in range(d):
        mean += x[i]
    mean /= d
    squares = 0.0
    for i in range(d):
        squares += (x[i] - mean) ** 2
    scale = 1.0 / math.sqrt(squares / d + eps)
    for i in range(d):
        out[i] = (x[i] - mean) * scale * weights[at + i] + weights[at + padded + i]


@inlined
def filter_step(
    value: Any, bands: Any, rings: Any, ring_at: Any, phi: Any, psi: Any, taps_at: Any, step: Any,
    padded: Any, n_scales: Any, n_taps: Any,
) -> None:
    """Put one vector of channels into its rings; ``bands`` gets the raw value, dˢ and aˢ."""
    width = lanes_of(bands)
    store(bands, 0, value)
    for s in range(n_scales):
        dilation = 1 << s
        rows = dilation * (n_taps - 1) + 1
        row = step % rows
        store(rings, ring_at + row * padded, value)
        low = high = splat(bands.dtype.type(0))
        for _ in range(n_taps):
            past = load(rings, ring_at + row * padded)
            low = low + load(phi, taps_at) * past
            high = high + load(psi, taps_at) * past
            taps_at += padded
            row -= dilation
            if row < 0:
                row += rows
        store(bands, (s + 1) * width, high)
        value = low
        ring_at += rows * padded
    store(bands, (n_scales + 1) * width, value)


@kernel
def run_steps(
    x: Any, stem: Any, norms: Any, project: Any, read: Any, phi: Any, psi: Any, A: Any,
    decay: Any, poles: Any, C: Any, D: Any, dt_weight: Any, dt_bias: Any, output: Any, head: Any,
    rings: Any, states: Any, totals: Any, kept: Any, counts: Any, logits: Any, n_layers: Any,
    d: Any, n_scales: Any, n_taps: Any, n: Any, rank: Any, pooling: Any, eps: Any,
) -> None:
    """Run the steps of x (t, n_channels), NaN where missing; ``logits`` (t, n_outputs).

    ``C`` is None for S6, ``dt_weight`` and ``dt_bias`` for LTI. Of A in units of ln 2 (S6), Ā as
    ``decay`` (LTI) and as ``poles`` (in pairs) there is one, and the others are None.
    ``rings``, ``states``, ``totals``, ``kept`` and ``counts`` (steps, observed steps) go from one
    call to the next. Logits are NaN before the first value.
    """
    width = lanes_of(rings)
    n_steps, n_channels = x.shape
    n_outputs = logits.shape[1]
    padded = (d + width - 1) // width * width
    vectors, streams = padded // width, n_scales + 2
    n_read = streams * (2 * n + rank + 1) if dt_weight is not None else streams
    read_vectors = (n_read + width - 1) // width
    ring_size = (((1 << n_scales) - 1) * (n_taps - 1) + n_scales) * padded
    # Where E stands behind B, C and Δ's factors.
    e_at = n_read - streams
    values, residual, normed = scratch(rings, n_channels), scratch(rings, padded), scratch(rings, d)
    both, reads = scratch(rings, 2 * padded), scratch(rings, read_vectors * width)
    bands, y = scratch(rings, streams * width), scratch(rings, width)
    # Sizes of four steps are computed together.
    dt = scratch(rings, 4 * width)
    gated, update = scratch(rings, padded), scratch(rings, padded)
    pooled, scores = scratch(rings, 2 * d), scratch(rings, n_outputs + width)
    zero = splat(rings.dtype.type(0))
    for t in range(n_steps):
        step = counts[0]
        counts[0] += 1
        observed = False
        for k in range(n_channels):
            missing = math.isnan(x[t, k])
            values[k] = 0 if missing else x[t, k]
            observed = observed or not missing
        affine(stem, 0, n_channels, vectors, values, 0, residual)
        for layer in range(n_layers):
            layer_norm(residual, norms, layer * 2 * padded, d, padded, eps, normed)
            affine(project, layer * 2 * padded * (d + 1), d, 2 * vectors, normed, 0, both)
            if not observed:
                for c in range(0, padded, width):
                    store(both, c, zero)
            affine(read, layer * read_vectors * width * (d + 1), d, read_vectors, both, 0, reads)
            for c in range(0, padded, width):
                filter_step(
                    load(both, c), bands, rings, layer * ring_size + c, phi, psi,
                    layer * n_scales * n_taps * padded + c, step, padded, n_scales, n_taps,
                )
                mixed = zero
                for s in range(streams):
                    row = layer * streams + s
                    at = row * n * padded + c
                    store(y, 0, load(D, row * padded + c) * load(bands, s * width))
                    if dt_weight is not None:
                        step_sizes(
                            reads, 2 * streams * n + s * rank, 0, rank, dt_weight,
                            row * rank * padded + c, dt_bias, row * padded + c, padded, 1, dt, None,
                        )
                        selective_chunk(
                            bands, s * width, dt, y, 1, states, at, padded, A, at, padded, n,
                            reads, s * n, reads, (streams + s) * n, 0, None,
                        )
                    # Not "else": numba leaves out what a None rules out, not what an array does.
                    if decay is not None:
                        lti_chunk(
                            bands, s * width, y, 1, states, at, padded, decay, C, at, padded, n,
                            None,
                        )
                    if poles is not None:
                        pairs_chunk(
                            bands, s * width, y, 1, states, at, padded, poles, C, at, padded, n,
                            None,
                        )
                    mixed = mixed + spread(reads, e_at + s) * load(y, 0)
                gate = load(both, padded + c)
                store(gated, c, mixed * (gate * sigmoid(gate)))
            affine(output, layer * padded * (d + 1), d, vectors, gated, 0, update)
            for c in range(0, padded, width):
                store(residual, c, load(residual, c) + load(update, c))
        if observed:
            counts[1] += 1
            layer_norm(residual, norms, n_layers * 2 * padded, d, padded, eps, normed)
            for i in range(d):
                totals[i] += normed[i]
                kept[i] = normed[i] if pooling == LAST else max(kept[i], normed[i])
        n_pooled = 2 * d if pooling == MEAN_MAX else d
        for i in range(d):
            if pooling in (MEAN, MEAN_MAX):
                # NaN before the first value.
                pooled[i] = totals[i] / counts[1]
            if pooling != MEAN:
                pooled[n_pooled - d + i] = kept[i]
        affine(head, 0, n_pooled, (n_outputs + width - 1) // width, pooled, 0, scores)
        for k in range(n_outputs):
            logits[t, k] = scores[k] if counts[1] else math.nan
