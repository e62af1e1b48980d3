"""Pulses and noise through the resonances of a vocal tract that moves.

A cascade of formants for voice and breath, one resonance beside it for hiss, after Klatt, "Software
for a cascade/parallel formant synthesizer", JASA 67, 1980.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
# Formants above the third, of a tract of middle size: hertz and bandwidth.
_HIGH, _HIGH_WIDTH = (3500.0, 4500.0), (250.0, 350.0)
# What a step is less of the one before, as lips radiate it.
_RADIATED = 0.6


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def resonance(frequency: float, width: float, rate: float) -> tuple[float, float, float]:
    """Return a, b, c of y_t = a·x_t + b·y_{t−1} + c·y_{t−2}, of gain 1 at 0 Hz (Klatt, eq. 1-3)."""
    c = -math.exp(-2 * math.pi * width / rate)
    b = 2 * math.exp(-math.pi * width / rate) * math.cos(2 * math.pi * frequency / rate)
    return 1 - b - c, b, c


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def sound_of(
    track: Numbers,
    pitch: Numbers,
    size: float,
    open_part: float,
    dull: float,
    widths: float,
    noise: Numbers,
    hop: int,
    rate: float,
) -> Numbers:
    """Return the sound of a vocal tract that moves.

    Parameters
    ----------
    track : array of shape (n_frames, 8)
        Amplitudes of voice, breath and hiss; three formants; centre and width of the hiss, in
        hertz: a row every ``hop`` steps.
    pitch : array of shape (n_frames,)
        Pulses a second.
    size : float
        Factor of the formants above the third: above 1 for who is smaller than others.
    open_part : float
        Part of a pulse's period, while the glottis is open.
    dull : float
        How much of a pulse's upper overtones is lost, from 0 to 1.
    widths : float
        Factor of the formants' bandwidths.
    noise : array of shape (n_frames · hop,)
        Normally distributed.
    hop : int
        Steps of a frame.
    rate : float
        In hertz.

    Returns
    -------
    array of shape (n_frames · hop,)
    """
    n_frames, highest = len(track), 0.47 * rate
    out = np.zeros(n_frames * hop)
    a, b, c = np.zeros(5), np.zeros(5), np.zeros(5)
    near, far = np.zeros(6), np.zeros(6)
    hiss_a, hiss_b, hiss_c = 0.0, 0.0, 0.0
    phase, low, before, uneven, strong = 0.0, 0.0, 0.0, 1.0, 1.0
    for frame in range(n_frames):
        for k in range(3):
            f = min(track[frame, 3 + k], highest)
            width = widths * (50.0 + 0.06 * f * (0.5 + 0.5 * k))
            a[k], b[k], c[k] = resonance(f, width, rate)
        for k in range(2):
            f = min(_HIGH[k] * size, highest)
            a[3 + k], b[3 + k], c[3 + k] = resonance(f, widths * _HIGH_WIDTH[k], rate)
        hiss_width = track[frame, 7]
        _, hiss_b, hiss_c = resonance(min(track[frame, 6], highest), hiss_width, rate)
        # About as loud at any width.
        hiss_a = 1 - math.exp(-math.pi * hiss_width / rate)
        behind = min(frame + 1, n_frames - 1)
        for step in range(hop):
            i, part = frame * hop + step, step / hop
            voice = track[frame, 0] * (1 - part) + track[behind, 0] * part
            breath = track[frame, 1] * (1 - part) + track[behind, 1] * part
            hiss = track[frame, 2] * (1 - part) + track[behind, 2] * part
            phase += pitch[frame] * uneven / rate
            if phase >= 1.0:
                phase -= 1.0
                # No period is like the other.
                uneven = 1.0 + 0.01 * noise[i]
                strong = 1.0 + 0.05 * noise[(7 * i) % len(noise)]
            pulse = 0.0
            if phase < open_part:
                p = phase / open_part
                pulse = (2 * p - 3 * p * p) * strong
            low = (1 - dull) * 3.0 * pulse + dull * low
            blown = 1.0 if voice == 0.0 or phase < open_part else 0.3
            x = voice * low + 0.25 * breath * noise[i] * blown
            for k in range(5):
                y = a[k] * x + b[k] * near[k] + c[k] * far[k]
                far[k], near[k] = near[k], y
                x = y
            y = hiss_a * noise[i] + hiss_b * near[5] + hiss_c * far[5]
            far[5], near[5] = near[5], y
            out[i] = x - _RADIATED * before + 0.6 * hiss * y
            before = x
    return out
