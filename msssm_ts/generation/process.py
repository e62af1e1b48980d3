"""What a made-up series is drawn from: a family, and numbers from 0 to 1 that say which of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.generation.autoregressive import autoregressive
from msssm_ts.generation.beats import beats
from msssm_ts.generation.outlines import outlines
from msssm_ts.generation.smooth import smooth
from msssm_ts.generation.steps import steps
from msssm_ts.generation.textures import textures
from msssm_ts.generation.voices import voices

Numbers = NDArray[np.float64]


class Family(NamedTuple):
    """Processes of one kind.

    Parameters
    ----------
    n_settings : int
        Numbers from 0 to 1 that tell one from another.
    draw : callable
        From these, random numbers, how many series and steps to series (n, length).
    """

    n_settings: int
    draw: Callable[[Numbers, np.random.Generator, int, int], Numbers]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "smooth": Family(13, smooth),
        "autoregressive": Family(7, autoregressive),
        "beats": Family(21, beats),
        "voices": Family(11, voices),
        "textures": Family(9, textures),
        "steps": Family(13, steps),
        "outlines": Family(21, outlines),
    }
)


@dataclass(frozen=True)
class Process:
    """What series of one kind are drawn from.

    Parameters
    ----------
    family : str
        One of :data:`FAMILIES`.
    settings : array
        Numbers from 0 to 1.
    shape : int, optional
        A seed: all series are then the same draw, each stretched otherwise. By default each is a
        draw of its own.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> process = draw_process(rng, "beats")
    >>> process.draw(rng, 4, 120).shape, process.near(rng, 0.1).family
    ((4, 120), 'beats')
    """

    family: str
    settings: Numbers
    shape: int | None = None

    def draw(self, rng: np.random.Generator, n: int, length: int) -> Numbers:
        """Draw series (n, length), finite, of any scale."""
        draw = FAMILIES[self.family].draw
        if self.shape is None:
            return draw(self.settings, rng, n, length)
        own = draw(self.settings, np.random.default_rng(self.shape), 1, length)[0]
        return np.stack([_stretched(own, rng) for _ in range(n)])

    def near(self, rng: np.random.Generator, distance: float) -> Process:
        """Return one whose settings are off by so much, about, one in two of them."""
        moved = rng.uniform(size=len(self.settings)) < 0.5
        settings = self.settings + distance * moved * rng.normal(size=len(self.settings))
        # Reflected at the ends: none of them becomes more frequent.
        settings = 1 - np.abs(1 - np.abs(settings) % 2)
        return replace(self, settings=settings)


def draw_process(rng: np.random.Generator, family: str | None = None) -> Process:
    """Return a process of a family, or of any."""
    chosen = str(rng.choice(list(FAMILIES))) if family is None else family
    settings = rng.uniform(size=FAMILIES[chosen].n_settings)
    shape = int(rng.integers(1 << 31)) if rng.uniform() < 0.4 else None
    return Process(chosen, settings, shape)


def _stretched(x: Numbers, rng: np.random.Generator) -> Numbers:
    """Return a series whose time runs a little faster here and slower there."""
    length, knots = len(x), 5
    speed = np.exp(0.12 * rng.normal(size=knots))
    pace = np.interp(np.linspace(0, knots - 1, length), np.arange(knots), speed)
    time = np.cumsum(pace)
    time = (time - time[0]) / max(time[-1] - time[0], 1e-9) * (length - 1)
    stretched: Numbers = np.interp(time, np.arange(length), x)
    return stretched
