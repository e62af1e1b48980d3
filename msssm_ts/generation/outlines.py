"""Outlines of things: how far the edge is from the middle, once around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_HARMONICS = 8


def outlines(u: Numbers, rng: np.random.Generator, n: int, length: int) -> Numbers:
    """Draw closed curves around a middle by a few harmonics, with a notch, each a little other.

    Parameters
    ----------
    u : array of shape (21,)
        From 0 to 1: size and phase of eight harmonics, how fast they fade; a notch's place, depth
        and width; how much the curve is turned.
    rng, n, length
        As of :func:`~msssm_ts.generation.smooth.smooth`.

    Returns
    -------
    array of shape (n, length)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> outlines(rng.uniform(size=21), rng, 3, 50).shape
    (3, 50)
    """
    turned = 2 * np.pi * max(0.0, 2 * u[20] - 1) * rng.uniform(-0.5, 0.5, (n, 1))
    angle = np.linspace(0, 2 * np.pi, length, endpoint=False) + turned
    k = np.arange(1, _HARMONICS + 1)
    size = (u[:_HARMONICS] + 0.05 * rng.normal(size=(n, _HARMONICS))) * k ** -(0.5 + 1.5 * u[16])
    phase = 2 * np.pi * u[_HARMONICS : 2 * _HARMONICS] + 0.1 * rng.normal(size=(n, _HARMONICS))
    waves = np.cos(k[None, :, None] * angle[:, None, :] + phase[:, :, None])
    curve = (size[:, :, None] * waves).sum(1)
    place = 2 * np.pi * u[17] + 0.1 * rng.normal(size=(n, 1))
    far = np.angle(np.exp(1j * (angle - place))) / (0.03 + 0.2 * u[19])
    drawn: Numbers = curve - 1.5 * max(0.0, 2 * u[18] - 1) * np.exp(-np.abs(far))
    return drawn
