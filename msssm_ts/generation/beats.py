"""Hearts: waves that recur in a rhythm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
# Waves P, Q, R, S and T of a beat: where, how wide (of a beat's time) and how high, usually.
_PLACE = np.array([-0.18, -0.03, 0.0, 0.035, 0.28])
_WIDTH = np.array([0.028, 0.01, 0.011, 0.012, 0.055])
_HEIGHT = np.array([0.15, -0.12, 1.0, -0.22, 0.3])


def beats(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw beats, each a sum of five waves, as in an electrocardiogram.

    After McSharry et al., "A dynamical model for generating synthetic electrocardiogram signals",
    IEEE Trans. Biomed. Eng. 50, 2003: waves are Gaussian, intervals vary with breathing.

    Parameters
    ----------
    u : array of shape (21,)
        From 0 to 1: beats in the series, how much intervals vary with breathing and by chance, how
        many beats come early and wide, the wander of the base line; of every wave place, width and
        height; polarity.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> beats(rng.uniform(size=21), rng, 3, 50).shape
    (3, 50)
    """
    wanted = max(1.0, min(np.exp(u[0] * np.log(20)), length / 12))
    most = int(np.ceil(wanted * 1.8)) + 2
    interval = np.ones((n, most))
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    interval += 0.25 * u[1] ** 2 * np.sin(2 * np.pi * np.arange(most) / 4.5 + phase)
    interval *= np.exp(0.35 * max(0.0, 2 * u[2] - 1.2) * rng.normal(size=(n, most)))
    early = rng.uniform(size=(n, most)) < 0.6 * max(0.0, 2 * u[3] - 1)
    # An early one, and the pause behind it.
    interval = np.where(early, 0.65 * interval, interval)
    interval[:, 1:] = np.where(early[:, :-1], 1.35 * interval[:, 1:], interval[:, 1:])
    at = np.cumsum(interval, 1) - interval[:, :1] * rng.uniform(0.3, 1.3, (n, 1))
    place = _PLACE + 0.06 * (u[5:10] - 0.5)
    width = _WIDTH * np.exp(1.2 * (u[10:15] - 0.5))
    height = _HEIGHT * (0.2 + 1.8 * u[15:20]) + 0.12 * (u[15:20] - 0.5)
    t = np.arange(length) * wanted / length
    out = 0.4 * max(0.0, u[4] - 0.5) * np.sin(t / max(1.0, wanted / 2) * np.pi + phase)
    wide = np.where(early, 2.2, 1.0)
    for k in range(5):
        own = np.where(early & (k == 0), 0.0, height[k]) * np.exp(0.08 * rng.normal(size=(n, most)))
        far = (t[None, :, None] - at[:, None, :] - place[k]) / (width[k] * wide[:, None, :])
        out = out + (own[:, None, :] * np.exp(-0.5 * np.minimum(far**2, 80.0))).sum(2)
    drawn: Numbers = out if u[20] < 0.75 else -out
    return drawn
