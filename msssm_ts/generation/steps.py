"""Levels that are held: devices that are switched on and off, gestures, stages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_LEVELS = 4


def steps(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw levels that follow each other, each held for some time.

    Parameters
    ----------
    u : array of shape (13,)
        From 0 to 1: four levels, how long each is held, how regular; how fast one goes over into
        the next, overshoot; ripple and its frequency; noise.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> steps(rng.uniform(size=13), rng, 3, 50).shape
    (3, 50)
    """
    level = np.where(u[:_LEVELS] < 0.3, 0.0, u[:_LEVELS])
    hold = 0.03 + 0.4 * u[4:8] ** 2
    most = 40
    state = (np.arange(most) + rng.integers(_LEVELS, size=(n, 1))) % _LEVELS
    jitter = np.exp((0.05 + 0.8 * u[8]) * rng.normal(size=(n, most)))
    end = np.cumsum(hold[state] * jitter, 1) - hold[state[:, :1]] * rng.uniform(0, 1, (n, 1))
    t = np.linspace(0.0, 1.0, length)
    index = np.minimum((t[None, :, None] >= end[:, None, :]).sum(2), most - 1)
    held = level[np.take_along_axis(state, index, 1)]
    # What lags behind, and what is ahead of it.
    lag = int(1 + 0.08 * u[9] ** 2 * length)
    window = np.exp(-np.arange(3 * lag) / lag)
    padded = np.concatenate([np.repeat(held[:, :1], 3 * lag - 1, 1), held], 1)
    spectrum = np.fft.rfft(padded, axis=1) * np.fft.rfft(window / window.sum(), padded.shape[1])
    slow = np.fft.irfft(spectrum, padded.shape[1], axis=1)[:, 3 * lag - 1 :]
    over = max(0.0, 2 * u[10] - 1)
    ripple = 0.25 * max(0.0, u[11] - 0.5) * held
    wave = np.sin(2 * np.pi * (2 + 0.25 * length * u[12]) * t + rng.uniform(0, 7, (n, 1)))
    noise = 0.01 * rng.normal(size=(n, length))
    drawn: Numbers = slow + over * (held - slow) + ripple * wave + noise
    return drawn
