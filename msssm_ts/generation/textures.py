"""Noise in a band, that swells, and bursts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def textures(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw noise of a band whose strength comes and goes, and wavelets at random times.

    Parameters
    ----------
    u : array of shape (9,)
        From 0 to 1: middle and width of the band, how fast and how much it swells; bursts, how
        many, how long, of which frequency; how strong either is.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> textures(rng.uniform(size=9), rng, 3, 50).shape
    (3, 50)
    """
    f = np.fft.rfftfreq(length)
    middle, width = 0.5 * u[0] ** 2, 0.01 + 0.2 * u[1]
    band = np.exp(-0.5 * ((f - middle) / width) ** 2)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(size=(n, length))) * band, length)
    noise /= max(float(noise.std()), 1e-9)
    t = np.linspace(0.0, 1.0, length)
    swelling = 2 * np.pi * np.exp(u[2] * np.log(12)) * t + rng.uniform(0, 2 * np.pi, (n, 1))
    noise *= np.exp(1.5 * u[3] * np.sin(swelling))
    n_bursts = rng.poisson(0.5 + 8 * u[4] ** 2, n)
    most = int(n_bursts.max(initial=1)) or 1
    at = rng.uniform(0, 1, (n, most))
    there = (np.arange(most) < n_bursts[:, None]).astype(float)
    size = 0.01 + 0.12 * u[5] ** 2
    far = (t[None, :, None] - at[:, None, :]) / size
    shape = np.exp(-0.5 * np.minimum(far**2, 80.0)) * np.cos(np.pi * (0.2 + 2.5 * u[6]) * far)
    bursts = (there[:, None, :] * np.exp(0.2 * rng.normal(size=(n, 1, most))) * shape).sum(2)
    drawn: Numbers = u[7] * noise + 3 * u[8] * bursts + 0.02 * rng.normal(size=(n, length))
    return drawn
