"""Who says a word: how high, how fast, how large, and how, this time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msssm_ts.generation.speech.tract import sound_of
from msssm_ts.generation.speech.words import Position, Word

Numbers = NDArray[np.float64]
# Frames of a vocal tract a second.
_FRAMES = 200
# Pitch of a speaker of middle size, in hertz.
_MIDDLE = 165.0
# The part of a clip that a word may fill.
_MOST = 0.85


def say(rng: np.random.Generator, word: Word, rate: int, seconds: float = 1.0) -> Numbers:
    """Return a word as somebody says it, somewhere in a clip.

    Parameters
    ----------
    rng : numpy.random.Generator
        What speaker, pitch, pace and place are drawn with.
    word : tuple of Phone
        What is said.
    rate : int
        In hertz.
    seconds : float
        Of the clip.

    Returns
    -------
    array of shape (round(seconds · rate),)

    Examples
    --------
    >>> from msssm_ts.generation.speech.words import draw_word
    >>> rng = np.random.default_rng(0)
    >>> say(rng, draw_word(rng), 16000).shape
    (16000,)
    """
    pitch = float(np.exp(rng.uniform(np.log(80), np.log(340))))
    # Who has a high voice is smaller, mostly, and formants lie higher.
    size = np.clip(np.exp(0.16 * np.log(pitch / _MIDDLE) + 0.05 * rng.normal()), 0.78, 1.35)
    positions = _as_spoken(rng, word, float(size))
    total = sum(p.seconds for p in positions)
    if total > _MOST * seconds:
        faster = _MOST * seconds / total
        positions = [p._replace(seconds=p.seconds * faster) for p in positions]
        total = _MOST * seconds
    hop = rate // _FRAMES
    time = np.arange(-(-round(seconds * rate) // hop) + 1) * hop / rate
    # Some begin before the clip does.
    begin = (seconds - total) * np.clip(rng.normal(0.5, 0.22), -0.05, 1.05)
    track = _track(positions, time, begin)
    place = np.clip((time - begin) / total, 0, 1)
    track[:, :3] *= np.exp(-0.8 * np.exp(0.5 * rng.normal()) * place**2)[:, None]
    track[:, 1] += max(0.0, 0.25 * rng.normal()) * track[:, 0]
    if rng.uniform() < 0.04:
        # Whispered.
        track[:, 1] += 0.8 * track[:, 0]
        track[:, 0] = 0.0
    melody = 0.25 * rng.normal() * (place - 0.5) - 0.1 * place
    melody += 0.12 * abs(rng.normal()) * np.exp(-(((place - rng.uniform(0.1, 0.6)) / 0.2) ** 2))
    melody += 0.003 * np.cumsum(rng.normal(size=len(time)))
    sound: Numbers = sound_of(
        track,
        pitch * np.exp(melody),
        float(size),
        rng.uniform(0.4, 0.8),
        rng.uniform(0.3, 0.93),
        float(np.exp(0.3 * rng.normal())),
        rng.normal(size=len(time) * hop),
        hop,
        float(rate),
    )
    return sound[: round(seconds * rate)]


def _as_spoken(rng: np.random.Generator, word: Word, size: float) -> list[Position]:
    """Return a word's positions, as this speaker takes them this time."""
    pace, habit = np.exp(0.2 * rng.normal()), np.exp(0.05 * rng.normal(size=3))
    positions = []
    for k, phone in enumerate(word):
        moved = size * habit * np.exp(0.08 * rng.normal(size=3))
        long, loud = pace * np.exp(0.3 * rng.normal()), np.exp(0.4 * rng.normal(size=3))
        if k == len(word) - 1:
            long *= np.exp(abs(0.2 * rng.normal()))
        hissed = np.exp(0.12 * rng.normal()) * size**0.7
        if rng.uniform() < 0.08:
            # Slurred.
            loud = loud * np.array([0.3, 1.0, 0.3])
        for p in phone.positions:
            voice, breath, hiss = (np.array([p.voice, p.breath, p.hiss]) * loud).tolist()
            first, second, third = (np.array(p.formants) * moved).tolist()
            formants, centre = (first, second, third), float(p.centre * hissed)
            seconds = float(p.seconds * long)
            positions.append(
                Position(seconds, voice, breath, hiss, formants, centre, p.width, p.glide)
            )
    return positions


def _track(positions: list[Position], time: Numbers, begin: float) -> Numbers:
    """Return amplitudes, formants and hiss at times (n,), one behind the other: (n, 8)."""
    values = np.array(
        [(p.voice, p.breath, p.hiss, *p.formants, p.centre, p.width) for p in positions]
    )
    # Silence before and behind; the tract is already there, and stays.
    values = np.concatenate([values[:1], values, values[-1:]])
    values[[0, -1], :3] = 0.0
    edges = begin + np.concatenate([[0.0], np.cumsum([p.seconds for p in positions])])
    glides = np.array([min(positions[0].glide, 0.03), *(p.glide for p in positions[1:]), 0.05])
    track = np.tile(values[0], (len(time), 1))
    for k, edge in enumerate(edges):
        change = values[k + 1] - values[k]
        # Between positions formants take their time, and amplitudes do not where one is silent.
        slow = max(glides[k], 0.04) if 0 < k < len(edges) - 1 else glides[k]
        quick = min(slow, 0.012) if min(values[k][0], values[k + 1][0]) < 0.1 else slow
        track[:, 3:] += _rising(time - edge, slow)[:, None] * change[3:]
        track[:, :3] += np.clip((time - edge) / quick + 0.5, 0, 1)[:, None] * change[:3]
    track[:, :3] = np.maximum(track[:, :3], 0.0)
    return track


def _rising(time: Numbers, width: float) -> Numbers:
    z = np.clip(time / width + 0.5, 0, 1)
    rising: Numbers = z * z * (3 - 2 * z)
    return rising
