"""Sound: pulses through resonances, and tones that glide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def voices(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw overtones of a gliding tone, as loud as resonances make them, in syllables.

    Parameters
    ----------
    u : array of shape (11,)
        From 0 to 1: pitch, its glide, how fast overtones fade; place and width of two resonances,
        and where they move to; syllables and how they fade; noise.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> voices(rng.uniform(size=11), rng, 3, 50).shape
    (3, 50)
    """
    t = np.linspace(0.0, 1.0, length)
    # In cycles of the whole series; the highest one is a third of what the steps can show.
    pitch = np.exp(np.log(2.0) + u[0] * np.log(max(2.0, length / 12)))
    pitch = pitch * np.exp(0.1 * rng.normal(size=(n, 1)))
    glide = 1.2 * (u[1] - 0.5) * np.exp(0.2 * rng.normal(size=(n, 1)))
    now = pitch * np.exp(glide * (t - 0.5))
    phase = 2 * np.pi * np.cumsum(now, 1) / length + rng.uniform(0, 2 * np.pi, (n, 1))
    nyquist = length / 2
    out = np.zeros((n, length))
    for k in range(1, 9):
        frequency = k * now
        loud = np.zeros((n, length))
        for r in (0, 1):
            moved = u[3 + 2 * r] + 0.4 * (u[7] - 0.5) * t
            centre = nyquist * np.exp(-3 + 2.6 * np.clip(moved, 0, 1))
            width = centre * (0.1 + 0.5 * u[4 + 2 * r])
            loud = loud + 1 / (1 + ((frequency - centre) / width) ** 2)
        fading = k ** -(2 * u[2])
        out = out + np.where(frequency < 0.95 * nyquist, fading * loud * np.sin(k * phase), 0.0)
    rate = np.exp(u[8] * np.log(8))
    place = (t * rate + rng.uniform(0, 1, (n, 1))) % 1
    envelope = np.exp(-4 * u[9] * place) * np.minimum(1.0, 12 * place)
    hiss = 0.3 * max(0.0, u[10] - 0.4) * rng.normal(size=(n, length))
    sound: Numbers = envelope * (out / max(float(out.std()), 1e-9) + hiss)
    return sound
