"""Dilated shapelets on the CPU (numba): sixteen of one dilation in one vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.simd import item, larger, load, positive, splat, spread, store

# Shapelets of one dilation, the lanes of a float32 vector; values of each.
GROUP, TAPS = 16, 11
# Added to the variance of a window: what is flat is not blown up.
FLOOR = 1e-4
_LEAST = np.float32(-1e30)


@inlined
def _load_series(
    x: Any, at: Any, l: Any, n_channels: Any, mix: Any, to: Any, n: Any, y: Any
) -> None:
    """Put the mixture mix[to:] of the channels into y[:l], and its last value into y[l:n]."""
    y[:l] = 0.0
    for c in range(n_channels):
        weight = mix[to + c]
        if weight != 0.0:
            for t in range(l):
                y[t] += weight * x[at + c * l + t]
    for t in range(l, n):
        y[t] = y[l - 1]


@inlined
def _factors(y: Any, m: Any, lag: Any, factor: Any, half: Any) -> None:
    """Fill factor[:m] with 1 / √(variance + FLOOR) of the windows that start there, half with 0."""
    for t in range(m):
        total, square = 0.0, 0.0
        for k in range(TAPS):
            total += item(y, t + k * lag)
        mean = total / TAPS
        for k in range(TAPS):
            e = item(y, t + k * lag) - mean
            square += e * e
        factor[t] = np.float32(1.0 / np.sqrt(square / TAPS + FLOOR))
        half[t] = 0.0


@inlined
def _halves(y: Any, m: Any, lag: Any, factor: Any, half: Any) -> None:
    """Fill half[:m] with half the sum of squares of the windows that start there, factor with 1."""
    for t in range(m):
        square = 0.0
        for k in range(TAPS):
            e = np.float64(item(y, t + k * lag))
            square += e * e
        factor[t] = 1.0
        half[t] = np.float32(0.5 * square)


@inlined
def _fit_of_window(
    y: Any, t: Any, lag: Any, factor: Any, half: Any, s0: Any, s1: Any, s2: Any, s3: Any, s4: Any,
    s5: Any, s6: Any, s7: Any, s8: Any, s9: Any, s10: Any,
) -> Any:
    """Return the fits of the shapelets with the values s0, s1 … to the window that starts at t."""
    low = s0 * spread(y, t) + s1 * spread(y, t + lag) + s2 * spread(y, t + 2 * lag)
    low = low + s3 * spread(y, t + 3 * lag)
    mid = s4 * spread(y, t + 4 * lag) + s5 * spread(y, t + 5 * lag)
    mid = mid + s6 * spread(y, t + 6 * lag) + s7 * spread(y, t + 7 * lag)
    top = s8 * spread(y, t + 8 * lag) + s9 * spread(y, t + 9 * lag)
    top = top + s10 * spread(y, t + 10 * lag)
    return ((low + mid) + top) * spread(factor, t) - spread(half, t)


@inlined
def _fit(
    y: Any, m: Any, lag: Any, factor: Any, half: Any, shapelets: Any, w: Any, thresholds: Any,
    b: Any, out: Any, to: Any,
) -> None:
    """Fill out[to:], (2, GROUP): the best fit, and the share of fits above thresholds."""
    s0, s1, s2 = load(shapelets, w), load(shapelets, w + GROUP), load(shapelets, w + 2 * GROUP)
    s3, s4 = load(shapelets, w + 3 * GROUP), load(shapelets, w + 4 * GROUP)
    s5, s6 = load(shapelets, w + 5 * GROUP), load(shapelets, w + 6 * GROUP)
    s7, s8 = load(shapelets, w + 7 * GROUP), load(shapelets, w + 8 * GROUP)
    s9, s10 = load(shapelets, w + 9 * GROUP), load(shapelets, w + 10 * GROUP)
    threshold, best, count = load(thresholds, b), splat(_LEAST), splat(np.float32(0.0))
    # Two windows at a time share what is loaded of the shapelets: there are too few registers.
    for t in range(0, m - 1, 2):
        one = _fit_of_window(y, t, lag, factor, half, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10)
        two = _fit_of_window(
            y, t + 1, lag, factor, half, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10
        )
        best = larger(two, larger(one, best))
        count = count + positive(one - threshold) + positive(two - threshold)
    if m % 2 == 1:
        one = _fit_of_window(
            y, m - 1, lag, factor, half, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10
        )
        best = larger(one, best)
        count = count + positive(one - threshold)
    store(out, to, best)
    store(out, to + GROUP, count / splat(np.float32(m)))


@kernel
def features_of_batch(
    x: Any, starts: Any, lengths: Any, n_channels: Any, mix: Any, lags: Any, scaled: Any,
    shapelets: Any, thresholds: Any, order: Any, is_new: Any, out: Any, step: Any, first: Any,
    last: Any,
) -> None:
    """Fill out[i · step:], (n_groups, 2, GROUP), for series first..last-1; i lies at ``starts[i]``.

    Groups come in an order in which those with the same windows follow each other; ``is_new``
    tells where the windows are others than before.
    """
    n_groups = lags.size
    longest = 0
    for i in range(first, last):
        longest = max(longest, lengths[i])
    size = max(longest, (TAPS - 1) * lags.max() + 1)
    y, factor, half = scratch(out, size), scratch(out, size), scratch(out, size)
    for i in range(first, last):
        l = lengths[i]
        for k in range(n_groups):
            g = order[k]
            lag = lags[g]
            n = max(l, (TAPS - 1) * lag + 1)
            m = n - (TAPS - 1) * lag
            if is_new[k]:
                _load_series(x, starts[i], l, n_channels, mix, g * n_channels, n, y)
                if scaled[g]:
                    _factors(y, m, lag, factor, half)
                else:
                    _halves(y, m, lag, factor, half)
            _fit(
                y, m, lag, factor, half, shapelets, g * TAPS * GROUP, thresholds, g * GROUP,
                out, i * step + g * 2 * GROUP,
            )
