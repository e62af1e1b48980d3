"""Clips of words, said by one speaker after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.generation.speech.room import heard
from msssm_ts.generation.speech.speaker import say
from msssm_ts.generation.speech.words import draw_words


class Clip(NamedTuple):
    """A second in which somebody says a word.

    Parameters
    ----------
    sound : float32 array of shape (rate,)
        Of amplitude 1 at most.
    word : int
        Which.
    """

    sound: NDArray[np.float32]
    word: int


def draw_clips(
    rng: np.random.Generator, n_words: int, n_each: int, rate: int = 16_000
) -> list[Clip]:
    """Return clips of words, each said by so many speakers, word by word.

    Parameters
    ----------
    rng : numpy.random.Generator
        What all is drawn with.
    n_words, n_each : int
        Words, and clips of each.
    rate : int
        In hertz.

    Examples
    --------
    >>> clips = draw_clips(np.random.default_rng(0), n_words=2, n_each=3)
    >>> [clip.word for clip in clips], clips[0].sound.shape
    ([0, 0, 0, 1, 1, 1], (16000,))
    """
    return [
        Clip(heard(rng, say(rng, word, rate), rate), k)
        for k, word in enumerate(draw_words(rng, n_words))
        for _ in range(n_each)
    ]
