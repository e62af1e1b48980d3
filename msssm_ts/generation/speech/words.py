"""Words: sequences of vowels and consonants, each a few positions of a vocal tract.

Formants and noises lie where they do in human speech (Stevens, "Acoustic Phonetics", 1998), but
belong to no language.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Formants = tuple[float, float, float]


class Position(NamedTuple):
    """Where a vocal tract is for a while, of a speaker of middle size.

    Parameters
    ----------
    seconds : float
        How long.
    voice, breath, hiss : float
        Amplitudes of the glottis' pulses and its noise, and of noise in a narrow place.
    formants : (float, float, float)
        The three lowest, in hertz.
    centre, width : float
        Of the hiss, in hertz.
    glide : float
        Seconds that it takes to get there.
    """

    seconds: float
    voice: float
    breath: float
    hiss: float
    formants: Formants
    centre: float
    width: float
    glide: float


class Phone(NamedTuple):
    """A vowel or a consonant."""

    is_vowel: bool
    positions: tuple[Position, ...]


Word = tuple[Phone, ...]
# Seconds that formants take from one position to the next, and the hiss of who does not hiss.
_GLIDE, _HISS = 0.04, (4000.0, 1000.0)
# How often consonants are of a kind.
_KINDS = {"nasal": 0.15, "glide": 0.2, "voiced": 0.15, "voiceless": 0.25, "hissed": 0.25}


def draw_word(rng: np.random.Generator) -> Word:
    """Return a word of one to three syllables.

    Examples
    --------
    >>> word = draw_word(np.random.default_rng(0))
    >>> sum(phone.is_vowel for phone in word)
    2
    """
    word: list[Phone] = []
    for _ in range(rng.choice([1, 2, 3], p=[0.6, 0.33, 0.07])):
        if rng.uniform() < 0.85:
            word.append(_consonant(rng))
            if rng.uniform() < 0.2:
                word.append(_consonant(rng))
        word.append(_vowel(rng))
        if rng.uniform() < 0.45:
            word.append(_consonant(rng))
    return tuple(word)


def draw_words(rng: np.random.Generator, n: int) -> list[Word]:
    """Return n words: in three of ten cases each differs from another one in a single phone.

    Examples
    --------
    >>> len(draw_words(np.random.default_rng(0), 5))
    5
    """
    words = [draw_word(rng)]
    alike = rng.uniform() < 0.3
    while len(words) < n:
        words.append(_near(rng, words[rng.integers(len(words))]) if alike else draw_word(rng))
    return words


def _near(rng: np.random.Generator, word: Word) -> Word:
    k = int(rng.integers(len(word)))
    other = _vowel(rng) if word[k].is_vowel else _consonant(rng)
    return (*word[:k], other, *word[k + 1 :])


def _vowel(rng: np.random.Generator) -> Phone:
    """Return a vowel that moves a little, or one that ends in another one."""
    formants, seconds = _formants(rng), _between(rng, 0.07, 0.2)
    if rng.uniform() < 0.3:
        parts, behind, glides = (0.6, 0.6, 0.8), _formants(rng), (_GLIDE, 0.12)
    else:
        parts, glides = (0.5, 0.5, 0.9), (0.06, seconds)
        first, second, third = formants * np.exp(0.12 * rng.normal(size=3))
        behind = float(first), float(second), float(third)
    return Phone(
        True,
        (
            Position(parts[0] * seconds, 1.0, 0.0, 0.0, formants, *_HISS, glides[0]),
            Position(parts[1] * seconds, parts[2], 0.0, 0.0, behind, *_HISS, glides[1]),
        ),
    )


def _formants(rng: np.random.Generator) -> Formants:
    """Return three formants of a vowel: the more open, the less its place can move."""
    first = _between(rng, 260, 850)
    second = _between(rng, max(750, 1.25 * first), 2500 - 0.9 * (first - 260))
    third = max(1.15 * second, rng.uniform(2100, 3000))
    if rng.uniform() < 0.1:
        # As of an r.
        third = max(1.1 * second, 1650.0)
    return first, second, float(third)


def _consonant(rng: np.random.Generator) -> Phone:
    place, third = _between(rng, 700, 2300), 2500.0
    hiss = _between(rng, 1200, 8500), _between(rng, 300, 3000)
    kind = rng.choice(list(_KINDS), p=list(_KINDS.values()))
    u = rng.uniform
    positions: tuple[Position, ...]
    if kind == "nasal":
        formants = u(220, 330), place, u(2000, 2700)
        positions = (Position(u(0.05, 0.1), u(0.2, 0.5), 0.0, 0.0, formants, *hiss, 0.015),)
    elif kind == "glide":
        formants = u(260, 450), place, max(1.1 * place, u(1500, 2900))
        positions = (Position(u(0.04, 0.09), u(0.5, 0.9), 0.0, 0.0, formants, *hiss, 0.06),)
    elif kind == "voiced":
        closed, burst = (200.0, place, third), (300.0, place, third)
        positions = (
            Position(u(0.04, 0.08), 0.08, 0.0, 0.0, closed, *hiss, 0.02),
            Position(u(0.006, 0.015), 0.3, 0.2, u(0.2, 1.0), burst, *hiss, 0.005),
        )
    elif kind == "voiceless":
        positions = (
            Position(u(0.05, 0.1), 0.0, 0.0, 0.0, (250.0, place, third), *hiss, 0.01),
            Position(u(0.008, 0.025), 0.0, 0.3, u(0.3, 1.5), (300.0, place, third), *hiss, 0.004),
            Position(u(0.01, 0.06), 0.0, u(0.3, 1.0), 0.1, (450.0, place, third), *hiss, 0.02),
        )
    else:
        voice, loud = 0.3 * (u() < 0.45), _between(rng, 0.06, 1.0)
        formants = 300.0, place, third
        positions = (Position(u(0.07, 0.16), voice, 0.05, loud, formants, *hiss, 0.025),)
    return Phone(False, positions)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number, as often in one octave as in another."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
