"""What a microphone hears: a room, the microphone's own colour, and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
# Hertz from which frequencies are heard as their logarithm.
_CORNER = 700.0


def heard(rng: np.random.Generator, sound: Numbers, rate: int) -> NDArray[np.float32]:
    """Return a sound as it is recorded.

    Parameters
    ----------
    rng : numpy.random.Generator
        What room, microphone and noise are drawn with.
    sound : array of shape (n,)
        Of any amplitude.
    rate : int
        In hertz.

    Returns
    -------
    array of shape (n,)
        Of amplitude 1 at most.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> recorded = heard(rng, rng.normal(size=800), 8000)
    >>> recorded.shape, bool(abs(recorded).max() <= 1)
    ((800,), True)
    """
    n = len(sound)
    spectrum = np.fft.rfft(sound, 2 * n) * _path(rng, np.fft.rfftfreq(2 * n, 1 / rate), rate, n)
    x = np.fft.irfft(spectrum, 2 * n)[:n]
    loud = np.sqrt((x**2).mean()) + 1e-12
    decibels = np.clip(rng.normal(32, 15), -3, 80)
    x = x + loud * 10 ** (-decibels / 20) * _noise(rng, n, rate)
    if rng.uniform() < 0.15:
        # A click, or something touched.
        begin, long = int(rng.integers(n)), int(rng.uniform(0.001, 0.025) * rate)
        fading = np.exp(-4 * np.arange(n - begin) / long)
        x[begin:] += 3 * loud * rng.normal() * fading * rng.normal(size=n - begin)
    x = x / (np.abs(x).max() + 1e-12)
    recorded: NDArray[np.float32] = (x * np.exp(rng.uniform(np.log(0.03), 0))).astype(np.float32)
    return recorded


def _path(
    rng: np.random.Generator, frequency: Numbers, rate: int, n: int
) -> NDArray[np.complexfloating[Any]]:
    """Return the response, at frequencies, of a microphone in a room."""
    mel = np.log1p(frequency / _CORNER) / np.log1p(rate / 2 / _CORNER)
    colour = 0.6 * rng.normal() * (mel - 0.5)
    for k in range(1, 6):
        colour = colour + 0.5 * rng.normal() / k**0.5 * np.cos(np.pi * k * mel)
    low = np.exp(rng.uniform(np.log(20), np.log(250)))
    path: Numbers = np.exp(colour) * (frequency / low) ** 2 / np.sqrt(1 + (frequency / low) ** 4)
    if rng.uniform() < 0.2:
        path = path / np.sqrt(1 + (frequency / (rng.uniform(0.38, 0.94) * rate / 2)) ** 16)
    if rng.uniform() < 0.5:
        fades = np.exp(rng.uniform(np.log(0.05), np.log(0.5)))
        time = np.arange(min(n, int(0.4 * rate))) / rate
        echo = rng.normal(size=len(time)) * np.exp(-6.9 * time / fades)
        echo *= rng.uniform(0.1, 0.8) / np.sqrt((echo**2).sum())
        echo[0] += 1.0
        echoing: NDArray[np.complexfloating[Any]] = path * np.fft.rfft(echo, 2 * n)
        return echoing
    dry: NDArray[np.complexfloating[Any]] = path.astype(np.complex128)
    return dry


def _noise(rng: np.random.Generator, n: int, rate: int) -> Numbers:
    """Return noise of mean power 1: coloured, sometimes with a hum, or louder and softer."""
    frequency = np.fft.rfftfreq(n, 1 / rate)
    spectrum = np.fft.rfft(rng.normal(size=n)) * (1 + frequency / 100) ** rng.uniform(-1, 0.3)
    if rng.uniform() < 0.3:
        centre = np.exp(rng.uniform(np.log(100), np.log(rate / 4)))
        spectrum *= 1 + 4 * np.exp(-0.5 * (np.log((frequency + 1) / centre) / 0.15) ** 2)
    noise = np.fft.irfft(spectrum, n)
    if rng.uniform() < 0.2:
        knots = rng.normal(size=12)
        noise = noise * np.exp(0.8 * np.interp(np.linspace(0, 11, n), np.arange(12), knots))
    alone: Numbers = noise / (np.sqrt((noise**2).mean()) + 1e-12)
    return alone
