"""Random multi-scale features on the CPU (numba): all groups of a filter in one vector.

One series at a time, level after level, in tiles of a few steps: the bands of a tile lie in
scratch, and every pool of a threshold runs over them in registers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from msssm_ts.kernels.jit import inlined, kernel, subroutine
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.simd import (
    equal,
    fused,
    larger,
    load,
    positive,
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
def _load_pools(state: Any, p: Any, size: Any) -> Any:
    """Load the pools of one threshold from state[p::size], in the order of :func:`_advance`."""
    count, total, peak = load(state, p), load(state, p + size), load(state, p + 2 * size)
    return count, total, peak, load(state, p + 3 * size), load(state, p + 4 * size)


@inlined
def _store_pools(
    state: Any, p: Any, size: Any, count: Any, total: Any, peak: Any, h: Any, early: Any
) -> None:
    """Do the reverse."""
    store(state, p, count)
    store(state, p + size, total)
    store(state, p + 2 * size, peak)
    store(state, p + 3 * size, h)
    store(state, p + 4 * size, early)


@inlined
def _advance(
    excess: Any, keep: Any, take: Any, weight: Any, count: Any, total: Any, peak: Any, h: Any,
    early: Any,
) -> Any:
    """Carry the pools of one threshold over a step on which a band exceeds it by so much."""
    u = positive(excess)
    h = fused(keep, h, take * u)
    # u · excess, not the larger one of excess and 0: comparing has to wait for adding.
    return count + u, total + u * excess, larger(h, peak), h, early + weight * u


@subroutine
def _tile_streams(
    band: Any, rows: Any, first: Any, decays: Any, decay: Any, thresholds: Any, at: Any, n: Any,
    state: Any,
) -> None:
    """Carry the n pools of thresholded bands over a tile; state is (5, n, GROUPS).

    A call, so that its pointers have all of a processor's registers: products by 0 or 1 are exact
    and the rest is fused, nothing can round in two ways.
    """
    keep, take = splat(decay), splat(np.float32(1.0) - decay)
    size, lag = n * GROUPS, RIVALS * GROUPS
    for j in range(RIVALS):
        source = j * _TILE * GROUPS
        i = j
        # Three thresholds of a band take turns: a stream's steps wait for each other.
        while i + 2 * RIVALS < n:
            p = i * GROUPS
            q, r = p + lag, p + 2 * lag
            b_0, b_1 = load(thresholds, at + p), load(thresholds, at + q)
            b_2 = load(thresholds, at + r)
            count_0, total_0, peak_0, h_0, early_0 = _load_pools(state, p, size)
            count_1, total_1, peak_1, h_1, early_1 = _load_pools(state, q, size)
            count_2, total_2, peak_2, h_2, early_2 = _load_pools(state, r, size)
            for t in range(rows):
                v, weight = load(band, source + t * GROUPS), spread(decays, first + t)
                count_0, total_0, peak_0, h_0, early_0 = _advance(
                    v - b_0, keep, take, weight, count_0, total_0, peak_0, h_0, early_0
                )
                count_1, total_1, peak_1, h_1, early_1 = _advance(
                    v - b_1, keep, take, weight, count_1, total_1, peak_1, h_1, early_1
                )
                count_2, total_2, peak_2, h_2, early_2 = _advance(
                    v - b_2, keep, take, weight, count_2, total_2, peak_2, h_2, early_2
                )
            _store_pools(state, p, size, count_0, total_0, peak_0, h_0, early_0)
            _store_pools(state, q, size, count_1, total_1, peak_1, h_1, early_1)
            _store_pools(state, r, size, count_2, total_2, peak_2, h_2, early_2)
            i += 3 * RIVALS
        while i < n:
            p = i * GROUPS
            b = load(thresholds, at + p)
            count, total, peak, h, early = _load_pools(state, p, size)
            for t in range(rows):
                v, weight = load(band, source + t * GROUPS), spread(decays, first + t)
                count, total, peak, h, early = _advance(
                    v - b, keep, take, weight, count, total, peak, h, early
                )
            _store_pools(state, p, size, count, total, peak, h, early)
            i += RIVALS


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
    n_thresholds: Any, span: Any, decays: Any, out: Any, to: Any,
) -> None:
    """Fill out[to:], (S, 5·q + 2, RIVALS, GROUPS), with the pools of one series.

    ``decays``: what a step adds to the last state of the stream backward in time.
    """
    start = (TAPS // 2 << (n_scales - 1)) * GROUPS
    a = scratch(out, 2 * start + l * GROUPS)
    other = scratch(out, a.size)
    band = scratch(out, RIVALS * _TILE * GROUPS)
    n = n_thresholds * RIVALS
    streams = scratch(out, 5 * n * GROUPS)
    rivals = scratch(out, 2 * RIVALS * GROUPS)
    decay64 = np.exp(-1.0 / (span * l))
    decay = np.float32(decay64)
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
    n_scales: Any, n_thresholds: Any, span: Any, out: Any, step: Any, first: Any, last: Any,
) -> None:
    """Fill out[i · step:] for series first..last-1; series i lies at ``x[starts[i]:]``."""
    decays, shown = np.empty(0, out.dtype), -1
    for i in range(first, last):
        l = lengths[i]
        if l != shown:
            decay, shown = np.exp(-1.0 / (span * l)), l
            decays = np.empty(l, out.dtype)
            for t in range(l):
                decays[t] = (1.0 - decay) * decay**t
        features_of_series(
            x, starts[i], l, n_channels, mix, psi, thresholds, n_scales, n_thresholds, span,
            decays, out, i * step,
        )
