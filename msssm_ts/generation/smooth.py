"""Draws from Gaussian processes whose kernel is a sum, before and behind a change point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_KERNELS = 2


def smooth(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw from a sum of kernels: a power law, or squared exponential, and one that is periodic.

    The spectral density is known of each, so that a draw is noise with that spectrum (Wood and
    Chan, "Simulation of Stationary Gaussian Processes in [0, 1]^d", J. Comput. Graph. Stat. 3,
    1994, without their embedding: twice as many steps are drawn as are kept).

    Parameters
    ----------
    u : array of shape (13,)
        From 0 to 1: of each of two kernels how long it remembers, how steep its spectrum falls,
        frequency, width and share of what is periodic; trend; where the one goes over into the
        other, and whether it does.
    rng : numpy.random.Generator
        What is drawn with.
    n, length : int
        Series and steps.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> smooth(rng.uniform(size=13), rng, 3, 50).shape
    (3, 50)
    """
    parts = [_stationary(u[5 * k : 5 * k + 5], rng, n, length) for k in range(_KERNELS)]
    t = np.linspace(-1.0, 1.0, length)
    trend = (2 * u[10] - 1) * rng.normal(1.0, 0.3, (n, 1)) * t
    if u[12] < 0.6:
        steady: Numbers = parts[0] + trend
        return steady
    place = (1.2 * u[11] - 0.6) + 0.1 * rng.normal(size=(n, 1))
    gone = 1 / (1 + np.exp(np.clip(-(t - place) * 20, -50, 50)))
    changed: Numbers = parts[0] * (1 - gone) + parts[1] * gone + trend
    return changed


def _stationary(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw noise of deviation 1 with a spectrum of two parts."""
    size = 2 * length
    f = np.fft.rfftfreq(size)[1:] * length
    corner = np.exp(np.log(0.5) + u[0] * np.log(60))
    if u[1] < 0.5:
        broad = np.exp(-0.5 * (f / corner) ** 2)
    else:
        broad = (1 + (f / corner) ** 2) ** -(0.6 + 2.4 * (2 * u[1] - 1))
    centre = np.exp(np.log(1.5) + u[2] * np.log(max(2.0, length / 8)))
    width = centre * (0.01 + 0.3 * u[3] ** 2) + 0.3
    narrow = np.exp(-0.5 * ((f - centre) / width) ** 2)
    share = max(0.0, 1.5 * u[4] - 0.5)
    density = (1 - share) * broad / broad.sum() + share * narrow / max(narrow.sum(), 1e-12)
    noise = rng.normal(size=(n, len(f), 2)) @ np.array([1.0, 1.0j])
    spectrum = np.concatenate([np.zeros((n, 1)), noise * np.sqrt(density / 2)], 1)
    drawn: Numbers = np.fft.irfft(spectrum, size)[:, :length] * size / 2**0.5
    return drawn
