"""Random multi-scale features on the CPU (numba): all groups of a filter in one vector.

One series at a time, level after level, in tiles of a few steps: the bands of a tile lie in
scratch, and every pool of a threshold runs over them in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.simd import (
    equal,
    larger,
    load,
    positive,
    rectified,
    smaller,
    splat,
    spread,
    store,
)

# Groups, the lanes of a float32 vector; filters that compete in each; taps.
GROUPS, RIVALS, TAPS = 16, 8, 9
_TILE = 64


@inlined
def _tile_bands(a: Any, at: Any, rows: Any, lag: Any, psi: Any, w: Any, band: Any) -> None:
    """band[j, t] = Σₖ ψ[k, j] · a[t + (k − 4) · dilation]; ``at`` is the tile's first step."""
    for j in range(RIVALS):
        p = w + j * GROUPS
        step = RIVALS * GROUPS
        f0, f1, f2 = load(psi, p), load(psi, p + step), load(psi, p + 2 * step)
        f3, f4, f5 = load(psi, p + 3 * step), load(psi, p + 4 * step), load(psi, p + 5 * step)
        f6, f7, f8 = load(psi, p + 6 * step), load(psi, p + 7 * step), load(psi, p + 8 * step)
        for t in range(rows):
            i = at + t * GROUPS
            low = f0 * load(a, i - 4 * lag) + f1 * load(a, i - 3 * lag) + f2 * load(a, i - 2 * lag)
            mid = f3 * load(a, i - lag) + f4 * load(a, i) + f5 * load(a, i + lag)
            top = f6 * load(a, i + 2 * lag) + f7 * load(a, i + 3 * lag) + f8 * load(a, i + 4 * lag)
            store(band, (j * _TILE + t) * GROUPS, (low + mid) + top)


@inlined
def _tile_streams(
    band: Any, rows: Any, first: Any, decays: Any, decay: Any, thresholds: Any, at: Any, n: Any,
    state: Any,
) -> None:
    """Carry the n pools of thresholded bands over a tile; state is (5, n, GROUPS)."""
    keep, take = splat(decay), splat(np.float32(1.0) - decay)
    for i in range(n):
        b = load(thresholds, at + i * GROUPS)
        p, size = i * GROUPS, n * GROUPS
        count, total, peak = load(state, p), load(state, p + size), load(state, p + 2 * size)
        h, early = load(state, p + 3 * size), load(state, p + 4 * size)
        source = i % RIVALS * _TILE * GROUPS
        for t in range(rows):
            excess = load(band, source + t * GROUPS) - b
            u = positive(excess)
            count = count + u
            total = total + rectified(excess)
            h = keep * h + take * u
            peak = larger(h, peak)
            early = early + spread(decays, first + t) * u
        store(state, p, count)
        store(state, p + size, total)
        store(state, p + 2 * size, peak)
        store(state, p + 3 * size, h)
        store(state, p + 4 * size, early)


@inlined
def _tile_rivals(band: Any, rows: Any, state: Any) -> None:
    """Count wins over a tile; state is (2, RIVALS, GROUPS)."""
    for t in range(rows):
        i = t * GROUPS
        best = load(band, i)
        worst = best
        for j in range(1, RIVALS):
            v = load(band, j * _TILE * GROUPS + i)
            best = larger(v, best)
            worst = smaller(v, worst)
        for j in range(RIVALS):
            v = load(band, j * _TILE * GROUPS + i)
            p = j * GROUPS
            store(state, p, load(state, p) + equal(v, best) * v)
            q = (RIVALS + j) * GROUPS
            store(state, q, load(state, q) - equal(v, worst) * v)


@inlined
def _smooth(a: Any, at: Any, l: Any, lag: Any, out: Any) -> None:
    """Out = [1 2 1]/4 ∗ a with taps ``lag`` steps apart, the ends repeated."""
    quarter, half = splat(np.float32(0.25)), splat(np.float32(0.5))
    for t in range(l):
        before = load(a, at + max(t - lag, 0) * GROUPS)
        behind = load(a, at + min(t + lag, l - 1) * GROUPS)
        here = load(a, at + t * GROUPS)
        store(out, at + t * GROUPS, quarter * (before + behind) + half * here)


@inlined
def _load_series(x: Any, at: Any, l: Any, n_channels: Any, mix: Any, start: Any, a: Any) -> None:
    """Put mixtures of the channels into a[start:], and 0 around them."""
    zero = splat(np.float32(0.0))
    for i in range(0, a.size, GROUPS):
        store(a, i, zero)
    for t in range(l):
        v = zero
        for c in range(n_channels):
            v = v + spread(x, at + t * n_channels + c) * load(mix, c * GROUPS)
        store(a, start + t * GROUPS, v)


@kernel
def bands_of_series(
    x: Any, at: Any, l: Any, n_channels: Any, mix: Any, psi: Any, n_scales: Any, out: Any
) -> None:
    """Fill out (S, l, RIVALS · GROUPS) with the bands of one series."""
    start = (TAPS // 2 << (n_scales - 1)) * GROUPS
    a = scratch(out, 2 * start + l * GROUPS)
    other = scratch(out, a.size)
    band = scratch(out, RIVALS * _TILE * GROUPS)
    _load_series(x, at, l, n_channels, mix, start, a)
    other[:] = a
    for s in range(n_scales):
        if s:
            _smooth(a, start, l, 1 << (s - 1), other)
            a, other = other, a
        for first in range(0, l, _TILE):
            rows = min(_TILE, l - first)
            w = s * TAPS * RIVALS * GROUPS
            _tile_bands(a, start + first * GROUPS, rows, GROUPS << s, psi, w, band)
            for t in range(rows):
                for j in range(RIVALS):
                    to = ((s * l + first + t) * RIVALS + j) * GROUPS
                    store(out, to, load(band, (j * _TILE + t) * GROUPS))


@kernel
def features_of_series(
    x: Any, at: Any, l: Any, n_channels: Any, mix: Any, psi: Any, thresholds: Any, n_scales: Any,
    n_thresholds: Any, span: Any, out: Any, to: Any,
) -> None:
    """Fill out[to:], (S, 5·q + 2, RIVALS, GROUPS), with the pools of one series."""
    start = (TAPS // 2 << (n_scales - 1)) * GROUPS
    a = scratch(out, 2 * start + l * GROUPS)
    other = scratch(out, a.size)
    band = scratch(out, RIVALS * _TILE * GROUPS)
    n = n_thresholds * RIVALS
    streams = scratch(out, 5 * n * GROUPS)
    rivals = scratch(out, 2 * RIVALS * GROUPS)
    decay64 = np.exp(-1.0 / (span * l))
    decay = np.float32(decay64)
    decays = np.empty(l, out.dtype)
    for t in range(l):
        decays[t] = (1.0 - decay64) * decay64**t
    one, per_step = splat(np.float32(1.0)), splat(np.float32(1.0 / l))
    per_total = splat(np.float32(1.0 / (1.0 - decay64**l)))
    _load_series(x, at, l, n_channels, mix, start, a)
    other[:] = a
    size = n * GROUPS
    for s in range(n_scales):
        if s:
            _smooth(a, start, l, 1 << (s - 1), other)
            a, other = other, a
        streams[:] = 0.0
        rivals[:] = 0.0
        for first in range(0, l, _TILE):
            rows = min(_TILE, l - first)
            w = s * TAPS * RIVALS * GROUPS
            _tile_bands(a, start + first * GROUPS, rows, GROUPS << s, psi, w, band)
            _tile_streams(
                band, rows, first, decays, decay, thresholds, s * size, n, streams
            )
            _tile_rivals(band, rows, rivals)
        here = to + s * (5 * n + 2 * RIVALS) * GROUPS
        for i in range(0, size, GROUPS):
            count = load(streams, i)
            store(out, here + i, count * per_step)
            store(out, here + size + i, load(streams, size + i) / larger(count, one))
            store(out, here + 2 * size + i, load(streams, 2 * size + i))
            store(out, here + 3 * size + i, load(streams, 3 * size + i) * per_total)
            store(out, here + 4 * size + i, load(streams, 4 * size + i) * per_total)
        for i in range(0, 2 * RIVALS * GROUPS, GROUPS):
            store(out, here + 5 * size + i, load(rivals, i) * per_step)


@kernel
def features_of_batch(
    x: Any, starts: Any, lengths: Any, n_channels: Any, mix: Any, psi: Any, thresholds: Any,
    n_scales: Any, n_thresholds: Any, span: Any, out: Any, first: Any, last: Any,
) -> None:
    """Fill the rows first..last-1 of out; series i lies at ``x[starts[i]:]``, steps first."""
    row = n_scales * (5 * n_thresholds + 2) * RIVALS * GROUPS
    for i in range(first, last):
        features_of_series(
            x, starts[i], lengths[i], n_channels, mix, psi, thresholds, n_scales, n_thresholds,
            span, out, i * row,
        )
