"""Autoregressive moving averages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def autoregressive(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw from a process with two pairs of poles and a pair of zeros, all within the circle.

    Parameters
    ----------
    u : array of shape (7,)
        From 0 to 1: how far the pairs are from the middle and at which angle; how heavy the tails
        of the noise are.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> autoregressive(rng.uniform(size=7), rng, 3, 50).shape
    (3, 50)
    """
    from scipy.signal import lfilter

    poles = [_pair(1 - 0.6 * u[2 * k] ** 2 - 0.01, np.pi * u[2 * k + 1] ** 2) for k in range(2)]
    zeros = _pair(0.95 * u[4], np.pi * u[5])
    # By then what it began with is forgotten.
    before = 200
    noise = rng.normal(size=(n, before + length))
    if u[6] > 0.7:
        noise = noise * np.exp(rng.normal(0, 2 * (u[6] - 0.7) / 0.3, noise.shape))
    drawn: Numbers = lfilter(zeros, np.convolve(poles[0], poles[1]), noise, axis=1)[:, before:]
    drawn /= max(float(drawn.std()), 1e-9)
    return drawn


def _pair(radius: float, angle: float) -> Numbers:
    """Return the polynomial whose roots are a conjugate pair."""
    return np.array([1.0, -2 * radius * np.cos(angle), radius**2])
